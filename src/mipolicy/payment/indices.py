"""Case-mix, cost and time indices of institutions (CMI、费用消耗指数、时间消耗指数), out of mergeable totals.

formulas.md section 3.  Weights per ten thousand, amounts in fen; fractions stay exact and are shown at four decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from attrs import field, frozen

from mipolicy.checked import check_columns
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, Column
from mipolicy.rounding import half_up_int
from mipolicy.sums import starts_of, sums_of_runs

__all__ = ["GroupTotals", "IndexTotals", "Indices", "indices", "shown"]


@frozen
class GroupTotals:
    """Cases, cost and days of an institution in a group; Python ints, so that no sum is too large."""

    cases: int
    cost: int
    days: int

    def __add__(self, other: GroupTotals) -> GroupTotals:
        return GroupTotals(self.cases + other.cases, self.cost + other.cost, self.days + other.days)


def _read_only(found: Mapping[tuple[int, int], GroupTotals]) -> Mapping[tuple[int, int], GroupTotals]:
    return MappingProxyType(dict(found))


@frozen
class IndexTotals:
    """Totals by (institution, group); `a + b` is what one pass over both gives, whatever the order."""

    by_key: Mapping[tuple[int, int], GroupTotals] = field(converter=_read_only)

    @classmethod
    def of(cls, *, institution: Column, group: Column, cost: Column, days: Column) -> IndexTotals:
        """The totals of a table of cases that belong to a group.

        institution, group: codes from 0; cost in fen; days of the stay.
        Raises AmountError for columns of another type or length, InputError naming the row for a figure out of range.
        """
        columns = {"institution": institution, "group": group, "cost": cost, "days": days}
        check_columns("index totals", **{name: (column, int(MAX_FEN)) for name, column in columns.items()})
        order = np.lexsort((group, institution))
        one, other = institution[order], group[order]
        starts = starts_of(one, other)
        counts = np.diff(np.append(starts, order.size)).tolist()
        keys = zip(one[starts].tolist(), other[starts].tolist(), strict=True)
        totals = zip(counts, sums_of_runs(cost[order], starts), sums_of_runs(days[order], starts), strict=True)
        return cls({key: GroupTotals(*each) for key, each in zip(keys, totals, strict=True)})

    def __add__(self, other: IndexTotals) -> IndexTotals:
        found = dict(self.by_key)
        for key, each in other.by_key.items():
            found[key] = found[key] + each if key in found else each
        return IndexTotals(found)


@frozen
class Indices:
    """The indices of one institution: exact; `shown` gives what is printed."""

    institution: int
    cases: int
    total_weight: int
    cmi: Fraction
    cost_index: Fraction
    time_index: Fraction


def shown(value: Fraction) -> int:
    """The fraction at four decimals, half up: an int per ten thousand, as factors are.

    >>> shown(Fraction(2, 3))
    6667
    """
    return half_up_int(value.numerator * FACTOR_ONE, value.denominator)


def indices(totals: IndexTotals, weights: Sequence[int]) -> tuple[Indices, ...]:
    """The indices of each institution, in the order of their codes.

    CMI is the total weight over the cases; the cost index is the sum of k x n over the sum of n, k the institution's
    mean in a group over the area's, the area being all of the totals; the time index is the same with days.
    weights: of each group, by its code, per ten thousand.
    Raises InputError for a group without a weight, and for a group whose cost or days come to 0 in the whole area.

    Source: formulas.md section 3.
    """
    area: dict[int, GroupTotals] = {}
    for (_, group), each in totals.by_key.items():
        area[group] = area[group] + each if group in area else each
    for group, each in sorted(area.items()):
        if group >= len(weights):
            raise InputError(f"group {group} has no weight; {len(weights)} weights are given")
        for what, figure in (("cost", each.cost), ("days", each.days)):
            if figure == 0:
                raise InputError(f"group {group}: its {what} come to 0 in the area; no index can be formed over it")
    own: dict[int, dict[int, GroupTotals]] = {}
    for (institution, group), each in totals.by_key.items():
        own.setdefault(institution, {})[group] = each
    return tuple(_of_one(institution, found, area, weights) for institution, found in sorted(own.items()))


def _of_one(
    institution: int, own: Mapping[int, GroupTotals], area: Mapping[int, GroupTotals], weights: Sequence[int]
) -> Indices:
    cases = sum(each.cases for each in own.values())
    total = sum(each.cases * weights[group] for group, each in own.items())

    def index(of: Callable[[GroupTotals], int]) -> Fraction:
        # k x n is the institution's total over the area's mean
        parts = (Fraction(of(each) * area[group].cases, of(area[group])) for group, each in own.items())
        return sum(parts, Fraction(0)) / cases

    return Indices(
        institution=institution,
        cases=cases,
        total_weight=total,
        cmi=Fraction(total, cases * int(FACTOR_ONE)),
        cost_index=index(lambda each: each.cost),
        time_index=index(lambda each: each.days),
    )
