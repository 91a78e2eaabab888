"""Same city, same disease, same price: which institutions were paid another price than the listed one (rule P09, A60).

Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from attrs import field, frozen

from mipolicy.checked import check_columns
from mipolicy.errors import InputError
from mipolicy.money import Column

__all__ = ["Dispersion", "PriceRange", "PricesPaid", "dispersion", "prices_paid"]


@frozen
class PriceRange:
    """The prices of some cases: how many, the lowest and the highest."""

    cases: int
    lowest: int
    highest: int

    def __add__(self, other: PriceRange) -> PriceRange:
        """The prices of both."""
        return PriceRange(self.cases + other.cases, min(self.lowest, other.lowest), max(self.highest, other.highest))


def _in_order(ranges: Mapping[tuple[str, str], PriceRange]) -> Mapping[tuple[str, str], PriceRange]:
    return MappingProxyType(dict(sorted(ranges.items())))


@frozen
class PricesPaid:
    """Prices by operation and institution; `a + b` gives what one pass over both tables gives."""

    ranges: Mapping[tuple[str, str], PriceRange] = field(converter=_in_order)

    def __add__(self, other: PricesPaid) -> PricesPaid:
        """Both together."""
        found = dict(self.ranges)
        for key, each in other.ranges.items():
            found[key] = found[key] + each if key in found else each
        return PricesPaid(found)


@frozen
class Dispersion:
    """The prices of one operation over the institutions of the city.

    listed: the price of the list; gap: highest less lowest; off: institutions with any other price than the listed one.
    """

    oprn_oprt_code: str
    listed: int
    institutions: int
    cases: int
    lowest: int
    highest: int
    gap: int
    off: tuple[str, ...]


def prices_paid(
    operation: Column,
    institution: Column,
    standard: Column,
    operations: Sequence[str],
    institutions: Sequence[str],
) -> PricesPaid:
    """The prices of a table of cases by operation and institution.

    operation, institution: int64 codes, positions in `operations` and `institutions`; standard: the price, fen.
    Raises AmountError, TableError or CodeError for what is no column of codes.
    """
    check_columns(
        "prices paid",
        operation=(operation, operations),
        institution=(institution, institutions),
        standard=(standard, None),
    )
    if not operation.size:
        return PricesPaid({})
    pair = operation * len(institutions) + institution
    order = np.argsort(pair, kind="stable")
    codes, starts, counts = np.unique(pair[order], return_index=True, return_counts=True)
    lowest = np.minimum.reduceat(standard[order], starts)
    highest = np.maximum.reduceat(standard[order], starts)
    found = {}
    for code, count, low, high in zip(codes, counts, lowest, highest, strict=True):
        at, where = divmod(int(code), len(institutions))
        found[operations[at], institutions[where]] = PriceRange(int(count), int(low), int(high))
    return PricesPaid(found)


def dispersion(paid: PricesPaid, listed: Mapping[str, int]) -> tuple[Dispersion, ...]:
    """The spread of each operation's prices over the institutions, against the listed price (rule P09, reading A60).

    listed: fen, by operation.
    Raises InputError for an operation that was paid without being listed.
    Source: 常德 2023 三(十) 同城同病同价.
    """
    by_operation: dict[str, dict[str, PriceRange]] = {}
    for (operation, institution), each in paid.ranges.items():
        by_operation.setdefault(operation, {})[institution] = each
    unlisted = sorted(set(by_operation) - set(listed))
    if unlisted:
        raise InputError(f"operation {', '.join(unlisted)} was paid but is not listed; listed: {', '.join(listed)}")
    found = []
    for operation, ranges in by_operation.items():
        lowest = min(each.lowest for each in ranges.values())
        highest = max(each.highest for each in ranges.values())
        price = listed[operation]
        found.append(
            Dispersion(
                oprn_oprt_code=operation,
                listed=price,
                institutions=len(ranges),
                cases=sum(each.cases for each in ranges.values()),
                lowest=lowest,
                highest=highest,
                gap=highest - lowest,
                off=tuple(name for name, each in ranges.items() if not each.lowest == each.highest == price),
            )
        )
    return tuple(found)
