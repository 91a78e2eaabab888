"""Cases far from the mean of their group (费用极低、极高病例): limits by band and level, and who is paid by item.

formulas.md section 3.  A limit is a multiple of the reference mean; bands run over weights or base points, both per ten
thousand.  Amounts in fen.
"""

from __future__ import annotations

from typing import Final, Generic, Protocol

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.axes import LEVEL
from mipolicy.checked import check_columns, for_each
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, RATE_ONE, A, Column
from mipolicy.payment.sides import is_past
from mipolicy.policy.kinds import CodesKind, FigureKind, TextKind, terms_field
from mipolicy.sums import starts_of
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, is_over, lookup, none_of, pick

__all__ = [
    "MOST_MEAN",
    "MOST_MEANS",
    "Costs",
    "LimitTables",
    "Limits",
    "Measured",
    "OutlierBand",
    "OutlierTerms",
    "check_bands",
    "chosen_by_item",
    "excess_of",
    "is_high",
    "is_low",
    "limits_of",
    "measured",
    "within_quota",
]

MOST_MEAN: Final = 10**10
"""A hundred million yuan: no mean cost comes near it, and what is divided by a mean stays inside int64."""
MOST_MEANS: Final = dict.fromkeys(("group_mean", "level_mean", "mean_of_all"), MOST_MEAN)
_MOST_PARTS: Final = 100


@frozen
class OutlierBand:
    """The limits of the groups from an edge up to the next one, at the levels named.

    The low limit is `low` / `low_of`, so that a third can be said exactly: "1" of 3.  A low limit of 0 is none.
    """

    name: str = terms_field(TextKind(), "档次", "name of the band")
    edge: int = terms_field(FigureKind("points"), "权重(基准点数)下限", "lower edge, in weight or base points")
    levels: tuple[str, ...] = terms_field(CodesKind(LEVEL.members), "适用医院等级", "levels")
    low: int = terms_field(FigureKind("factor"), "低倍率界值", "low limit, in multiples of the mean")
    high: int = terms_field(FigureKind("factor"), "高倍率界值", "high limit, in multiples of the mean")
    low_of: int = terms_field(FigureKind("count"), "低倍率界值除数", "divisor of the low limit", default=1)

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if not self.levels:
            raise InputError(
                f"band {self.name!r} names no level; name those that it is for: {', '.join(LEVEL.members)}"
            )
        if not 1 <= self.low_of <= _MOST_PARTS:
            raise InputError(f"band {self.name!r}: low_of is {self.low_of}, allowed is 1 to {_MOST_PARTS}")
        if self.high * self.low_of <= self.low:
            raise InputError(f"band {self.name!r}: the high limit must lie above the low one")
        if self.high > 100 * FACTOR_ONE:
            raise InputError(f"band {self.name!r}: a high limit of more than 100 times the mean cannot be meant")


@frozen
class Limits(Generic[A]):
    """The limits that apply to a case: low is `low` / `low_of`."""

    edges_passed: A = labelled("count", "所过档次界点", "edges of bands passed")
    low: A = labelled("factor", "低倍率界值", "low limit")
    low_of: A = labelled("count", "低倍率界值除数", "divisor of the low limit")
    high: A = labelled("factor", "高倍率界值", "high limit")


def check_bands(bands: tuple[OutlierBand, ...]) -> None:
    """Refuse bands that leave a level without limits, or give it two from one edge.

    Raises InputError naming the level and the band.
    """
    for level in LEVEL.members:
        of_level = [band for band in bands if level in band.levels]
        if not any(band.edge == 0 for band in of_level):
            raise InputError(f"bands: level {level} has no band from 0; every level needs limits from 0 on")
        edges = [band.edge for band in of_level]
        for band in of_level:
            if edges.count(band.edge) > 1:
                raise InputError(f"bands: level {level} has two bands from one edge, {band.name!r} among them")


@frozen
class LimitTables:
    """Bands as tables: limits by level and by how many of the edges a measure has passed."""

    edges: tuple[int, ...]
    low: Table
    low_of: Table
    high: Table

    @classmethod
    def of(cls, bands: tuple[OutlierBand, ...]) -> LimitTables:
        """The tables of bands that `check_bands` has passed."""
        edges = tuple(sorted({int(band.edge): band.edge for band in bands}.values()))
        names = tuple(map(str, map(int, edges)))
        axes = (LEVEL, Axis("edges passed", names, names, names))
        in_force = [
            max((band for band in bands if level in band.levels and band.edge <= edge), key=lambda band: band.edge)
            for level in LEVEL.members
            for edge in edges
        ]
        low, low_of, high = (
            Table(axes, tuple(getattr(band, name) for band in in_force)) for name in ("low", "low_of", "high")
        )
        return cls(edges[1:], low, low_of, high)


def limits_of(tables: LimitTables, band_side: str, measure: A, level: A) -> Limits[A]:
    """The limits of a group at a level.

    band_side: a word of `sides.ABOVE`; measure: the group's weight or base points, per ten thousand; level: code of
    LEVEL.

    Source: formulas.md section 3, "Limits vary by weight band and level".
    """
    passed = for_each(0, measure)
    for edge in tables.edges:
        passed = passed + is_past(band_side, measure, edge)
    return Limits(passed, *(lookup(table, level, passed) for table in (tables.low, tables.low_of, tables.high)))


def is_low(limits: Limits[A], side: str, cost: A, mean: A) -> A:
    """1 where the cost is below the low limit x mean, or on it where the side is `at_or_below`."""
    return is_past(side, cost * limits.low_of * FACTOR_ONE, limits.low * mean)


def is_high(limits: Limits[A], side: str, cost: A, mean: A) -> A:
    """1 where the cost is above the high limit x mean, or on it where the side is `at_or_above`."""
    return is_past(side, cost * FACTOR_ONE, limits.high * mean)


class OutlierTerms(Protocol):
    """What both ways of paying by DRG say of outliers."""

    @property
    def limit_tables(self) -> LimitTables:
        """The limits, as tables."""

    @property
    def band_side(self) -> str:
        """Where a group on the edge of a band belongs: a word of `sides.ABOVE`."""

    @property
    def low_side(self) -> str:
        """A word of `sides.BELOW`."""

    @property
    def high_side(self) -> str:
        """A word of `sides.ABOVE`."""

    @property
    def test_cost(self) -> str:
        """The cost, or what of it is reasonable."""

    @property
    def incomplete_as_low(self) -> int:
        """Whether incomplete stays count as low outliers."""


@frozen
class Costs(Generic[A]):
    """What a case is measured by: its cost, what of it is reasonable, the reference mean, what holds of it."""

    cost: A
    reasonable: A
    mean: A
    incomplete: A
    grouped: A


@frozen
class Measured(Generic[A]):
    """A case against its limits: low or high at most one of them, and how far beyond the high limit."""

    limits: Limits[A]
    low: A
    high: A
    excess: A


def measured(terms: OutlierTerms, measure: A, level: A, costs: Costs[A]) -> Measured[A]:
    """Hold cases against the limits of their group and level; a case of no group is neither low nor high.

    measure: the group's weight or base points; level: code of LEVEL; the mean is at least 1.
    """
    limits = limits_of(terms.limit_tables, terms.band_side, measure, level)
    tested = costs.reasonable if terms.test_cost == "less_unreasonable" else costs.cost
    below = is_low(limits, terms.low_side, tested, costs.mean)
    low = all_of(any_of(below, costs.incomplete) if terms.incomplete_as_low else below, costs.grouped)
    high = all_of(is_high(limits, terms.high_side, tested, costs.mean), none_of(low), costs.grouped)
    return Measured(limits, low, high, excess_of(limits, costs.reasonable, costs.mean))


def excess_of(limits: Limits[A], cost: A, mean: A) -> A:
    """(cost / mean - high limit) x mean x 10,000, at least 0: divided by mean x 10,000 it is the multiple in excess."""
    of_cost, of_limit = cost * FACTOR_ONE, limits.high * mean
    return pick(is_over(of_cost, of_limit), of_cost - of_limit, 0)


def chosen_by_item(most_share: int, *, institution: Column, eligible: Column, excess: Column, case: Column) -> Column:
    """Which high outliers are paid by item: 1, or 0 for those that stay at the standard.

    At each institution at most `most_share` (per million) of its discharges, all rows of it, rounded down; those with
    the highest excess first, ties in ascending order of the case.
    institution: codes; eligible: 1 for a high outlier; excess: cost less standard, in fen, of any sign; case: the rank
    of the case id, each once.
    Raises AmountError for columns of another type or length; InputError for codes out of range, a share outside 0 to
    100% and a case that stands twice.

    Source: formulas.md section 3, high outlier (b).
    """
    check_columns(
        "high outliers",
        institution=(institution, int(MAX_FEN)),
        case=(case, int(MAX_FEN)),
        eligible=(eligible, 1),
        excess=(np.abs(excess), 2 * int(MAX_FEN)),
    )
    if not 0 <= most_share <= RATE_ONE:
        raise InputError(f"most_share is {most_share}, allowed is 0 to {RATE_ONE} per million")
    if np.unique(case).size != case.size:
        raise InputError("a case stands twice; ranks of case ids must differ, or ties cannot be broken")
    chosen = np.zeros(institution.size, np.int64)
    codes, place = np.unique(institution, return_inverse=True)
    high = np.flatnonzero(eligible)
    chosen[high] = within_quota(
        np.bincount(place, minlength=codes.size) * int(most_share) // int(RATE_ONE),
        institution=place[high],
        excess=excess[high],
        case=case[high],
    )
    return chosen


def within_quota(quota: Column, *, institution: Column, excess: Column, case: Column) -> NDArray[np.bool_]:
    """Which cases are within the quotas: those of highest excess, ties by case; quota: how many, by institution."""
    order = np.lexsort((case, -excess, institution))
    in_order = institution[order]
    starts = starts_of(in_order)
    sizes = np.diff(np.append(starts, in_order.size))
    place = np.arange(in_order.size) - np.repeat(starts, sizes)
    chosen = np.zeros(institution.size, bool)
    chosen[order] = place < quota.take(in_order)
    return chosen
