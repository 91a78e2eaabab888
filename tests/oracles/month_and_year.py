"""Months, year end and clearing, read literally: formulas.md section 2.  Amounts in whole fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["clear", "month_value", "pay_month", "share_year"]


def month_value(budget: int, weight: Fraction, points: Fraction, decimals: int) -> Fraction:
    """Yuan a point: the year's budget x the month's weight / the month's scores."""
    return Fraction(half_up(Fraction(budget, 100) * weight / points * 10**decimals), 10**decimals)


def pay_month(terms: Mapping[str, Any], month: Mapping[str, Any], value: Fraction) -> int:
    """What a month is paid, in fen."""
    if terms["variant"] == "share":
        due = half_up(month["declared_fund"] * terms["share"])
    else:
        due = half_up(month["points"] * value * 100) - month["patient_part"]
    return max(0, due) if terms["floor_at_zero"] else due


def share_year(terms: Mapping[str, Any], r: int, q: int) -> tuple[str, int, int]:
    """Band, what the points amount pays, what is asked of the reserve."""
    ratio = Fraction(r, q)
    low = ratio < terms["low"] if terms["low_side"] == "below" else ratio <= terms["low"]
    high = ratio > terms["high"] if terms["high_side"] == "above" else ratio >= terms["high"]
    if low:
        return "by_item", r, 0
    if ratio <= 1:
        return "retained", r + half_up((q - r) * terms["retained"]), 0
    if high:
        return "capped", q, half_up(terms["overrun"] * (terms["high"] - 1) * q)
    return "shared", q, half_up(terms["overrun"] * (r - q))


def _returned(terms: Mapping[str, Any], mark: Fraction) -> Fraction:
    if terms["linear"] is not None:
        full, lost = terms["linear"]
        share = max(Fraction(0), 1 - max(Fraction(0), full - mark) * lost)
        return 1 - Fraction(half_up((1 - share) * 10**6), 10**6)  # kept to the millionth
    found = terms["bands"][0][1]
    for start, share in terms["bands"]:
        if mark > start or (mark == start and terms["band_side"] == "at_or_above"):
            found = share
    return Fraction(found)


def clear(terms: Mapping[str, Any], accounts: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Every account of one pool, in the order of their codes."""
    rows = []
    for account in sorted(accounts, key=lambda each: str(each["code"])):
        base = max(0, account[terms["deposit_base"]])
        deposit = half_up(base * terms["deposit_rate"])
        returned = _returned(terms, account["mark"])
        rows.append({**account, "deposit": deposit, "full": returned == 1})
        rows[-1]["forfeited"] = half_up(deposit * (1 - returned))
        rows[-1]["redistributed"] = 0
    full = [row for row in rows if row["full"] and row["deposit"] > 0]
    if terms["redistributed"] and full:
        pot, weight = sum(row["forfeited"] for row in rows), sum(row["deposit"] for row in full)
        for row in full:
            row["redistributed"] = pot * row["deposit"] // weight
        by_rest = sorted(full, key=lambda row: (-(pot * row["deposit"] % weight), row["code"]))
        for row in by_rest[: pot - sum(row["redistributed"] for row in full)]:
            row["redistributed"] += 1
    found = []
    for row in rows:
        clearing = row["entitlement"] + row["sharing"] - row["refused"] - row["months_paid"] - row["prepayment_left"]
        clearing += row["redistributed"] - row["carried_in"] - row["forfeited"]
        found.append({"deposit": row["deposit"], "forfeited": row["forfeited"], "clearing": clearing})
    return found
