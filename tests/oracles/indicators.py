"""Oracle for indicators: each row read alone, each decision by the words of the clause, in fractions."""

from __future__ import annotations

from fractions import Fraction


def row_sums(
    rows: list[dict[str, object]], conditions: list[tuple[str, set[str], bool]], sum_of: str, by: tuple[str, ...]
) -> dict[tuple[str, ...], int]:
    """Sum or count of the rows that meet the conditions, by scope; every scope in the table has a figure."""
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        scope = tuple(str(row[name]) for name in by)
        found.setdefault(scope, 0)
        if all((str(row[name]) in codes) is among for name, codes, among in conditions):
            amount = row[sum_of] if sum_of else 1
            assert isinstance(amount, int)
            found[scope] += amount
    return found


def met(kind: str, value: Fraction, low: Fraction, high: Fraction) -> bool:
    """By the meaning of 以上, 以下 and 至: each includes its number."""
    return {"at_least": not value < low, "at_most": not value > high, "range": not (value < low or value > high)}[kind]
