"""The year of each pool: fund, point value, case payments, and the closing statement.

Two passes over the cases: `sum_pool` sums what they share, `pay_pool` pays them by the value that follows.  Both give
sums that merge, so a table may be paid in pieces.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.blocks import run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.score import Scores
from mipolicy.cases.ways import Way
from mipolicy.errors import InputError
from mipolicy.money import RATE_ONE, Column
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.payment.closing import InstitutionPoints, PoolClosing, close
from mipolicy.payment.points import (
    Distributable,
    PointCase,
    PointPaid,
    PointTotals,
    PointValue,
    PointValueTerms,
    PoolBudgetTerms,
    distributable,
    no_points,
    pay,
    point_value,
    published_value,
)
from mipolicy.policy import Policy
from mipolicy.rounding import mul_div
from mipolicy.sums import merged, sums_by, total

__all__ = [
    "At",
    "PoolPaid",
    "PoolSums",
    "PoolTerms",
    "PoolValue",
    "PoolYear",
    "close_pool",
    "outsiders_by_item",
    "pay_pool",
    "pool_terms",
    "pool_value",
    "sum_pool",
]

At: TypeAlias = Literal["settlement", "budget"]
PoolTerms: TypeAlias = tuple[PointValueTerms, PoolBudgetTerms]
_POINTS: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_STEPS: Final = ("standard", "before_floor", "raised", "payment")


@frozen(eq=False)
class PoolYear:
    """One pool's year: what was divided, the point value, where the budget went.

    totals: over the cases that share the points; published: the budget value, 0 where none is;
    elsewhere: what the funds of people insured elsewhere owe for cases of this pool, by insured place, in fen.
    """

    pool: str
    terms: PointValueTerms
    distributable: Distributable
    totals: PointTotals
    published: int
    value: PointValue
    closing: PoolClosing
    elsewhere: Mapping[str, int]


@frozen
class PoolSums:
    """What the cases of a pool come to before points pay them; `a + b` is what one pass over both gives.

    beside: what the pool's own fund owes for cases apart from their points, in fen; by_points: how many cases points
    pay; totals: over the cases that share the points; fund, cost: the fund's share and the cost of these by institution
    or group, where the terms take the fund's rate from there.
    """

    beside: int
    by_points: int
    totals: PointTotals
    fund: tuple[int, ...]
    cost: tuple[int, ...]

    def __add__(self, other: PoolSums) -> PoolSums:
        return PoolSums(
            self.beside + other.beside,
            self.by_points + other.by_points,
            self.totals + other.totals,
            tuple(map(int.__add__, self.fund, other.fund)),
            tuple(map(int.__add__, self.cost, other.cost)),
        )


@frozen(eq=False)
class PoolValue:
    """How a pool pays a point, and out of what.

    fund: what is divided, None at the budget value; rates: the fund's rate by institution or group, where the terms
    take it from there.
    """

    pool: str
    terms: PointValueTerms
    fund: Distributable | None
    totals: PointTotals
    published: int
    value: PointValue
    rates: tuple[int, ...]


@frozen
class PoolPaid:
    """What the paid cases of a pool come to; `a + b` is what one pass over both gives.

    institutions: sums over the cases that share the points; elsewhere: fen by insured place.
    """

    institutions: Mapping[str, InstitutionPoints]
    elsewhere: Mapping[str, int]

    def __add__(self, other: PoolPaid) -> PoolPaid:
        return PoolPaid(merged(self.institutions, other.institutions), merged(self.elsewhere, other.elsewhere))


def pool_terms(policy: Policy, pool: str, year: int) -> PoolTerms:
    """The terms of a pool's point value and budget on the last day of the year.

    Raises PolicyGap, NotInForce.
    """
    last = datetime.date(year, 12, 31)
    found: list[Any] = [policy.build(section, policy.version(section, last)) for section in pool_sections(pool)]
    return found[0], found[1]


def pool_sections(pool: str) -> tuple[str, str]:
    """The sections that say how a pool pays."""
    return f"point_value.{pool}", f"pool_budget.{pool}"


def outsiders_by_item(prepared: PreparedCases, terms: Mapping[str, PoolTerms]) -> Column:
    """1 for people insured elsewhere whose pool pays them by item."""
    by_item = [int(pool in terms and terms[pool][0].outsiders == "by_item") for pool in POOL.members]
    found: Column = np.array(by_item, np.int8).take(prepared.pool) * prepared.outside()
    return found


def sum_pool(
    prepared: PreparedCases, routes: Routes, scores: Scores, pool: str, terms: PointValueTerms, at: At
) -> PoolSums:
    """What the cases of a pool come to before points pay them; what is carved out of them goes into `scores`."""
    outside, counted = prepared.outside(), ~prepared.cancelled()
    mine = prepared.payable() & (prepared.pool == POOL.position(pool))
    by_points = mine & np.isin(routes.method, _POINTS)
    rows = np.flatnonzero(by_points)
    _carve_out(prepared, scores, terms, rows)
    owed_here = np.flatnonzero(mine & ~outside & counted)
    sharing = rows if at == "budget" else np.flatnonzero(by_points & counted & _sharing(terms, outside))
    return PoolSums(
        total((scores.payment + scores.carved_out)[owed_here]),
        int((by_points & counted).sum()),
        _totals(prepared, scores, sharing),
        *_sums_of_place(prepared, terms, sharing),
    )


def _sharing(terms: PointValueTerms, outside: Any) -> Any:
    """Who shares the points of the pool."""
    return ~outside | (terms.outsiders == "in_point_pool")


def pool_value(pool: str, of: PoolTerms, sums: PoolSums, beside: int, at: At, year: int) -> PoolValue:
    """What a point is worth.

    beside: what this pool owes institutions apart from cases (capitation), in fen.
    Raises InputError where the points come to nothing, or more is set aside than the budget holds, or no budget value
    is published.
    """
    terms, budget = of
    published = published_value(terms, budget)
    rates = tuple(
        mul_div(one, int(RATE_ONE), other) if other else 0 for one, other in zip(sums.fund, sums.cost, strict=True)
    )
    if at == "budget":
        if not published:
            raise InputError(f"pool_budget.{pool} publishes no budget value for {year}: cases are paid at the clearing")
        return PoolValue(pool, terms, None, PointTotals(), published, no_points(0, published), rates)
    fund = distributable(budget, sums.beside + beside)
    value = point_value(terms, fund.fund, sums.totals, published) if sums.by_points else no_points(fund.fund)
    return PoolValue(pool, terms, fund, sums.totals, published, value, rates)


def pay_pool(prepared: PreparedCases, routes: Routes, scores: Scores, of: PoolValue, work: Work) -> PoolPaid:
    """Pay the cases of a pool that points pay, into `scores`.

    Raises InputError.
    """
    outside, counted = prepared.outside(), ~prepared.cancelled()
    mine = prepared.payable() & (prepared.pool == POOL.position(of.pool))
    rows = np.flatnonzero(mine & np.isin(routes.method, _POINTS))
    _set_fund_rate(prepared, of, rows)
    done = _pay(prepared, scores, of.terms, of.value, rows, work)
    shares = (counted & _sharing(of.terms, outside)).take(rows)
    return PoolPaid(
        _institutions(prepared, scores, done, shares, rows, outside),
        _elsewhere(prepared, scores, np.flatnonzero(mine & outside & counted)),
    )


def close_pool(of: PoolValue, paid: PoolPaid, institutions: Collection[str]) -> PoolYear:
    """Close the year of a pool whose cases are paid; institutions: the region's, in their order."""
    assert of.fund is not None
    figures = [(name, paid.institutions[name]) for name in institutions if name in paid.institutions]
    closing = close(of.terms, of.pool, of.fund, of.value, figures)
    elsewhere = {name: amount for name, amount in sorted(paid.elsewhere.items()) if name and amount}
    return PoolYear(of.pool, of.terms, of.fund, of.totals, of.published, of.value, closing, elsewhere)


def _carve_out(prepared: PreparedCases, scores: Scores, terms: PointValueTerms, rows: Column) -> None:
    """What is carved out of cases that points pay, paid beside them.

    In full where what others pay comes off the points, else at the fund's share of the bill.
    """
    amount = np.asarray(prepared.facts.of("carve_out_amt", rows))
    if not amount.any():
        return
    if terms.netting != "parts":
        cost = np.asarray(prepared.facts.of("medfee_sumamt", rows))
        amount = mul_div(amount, prepared.facts.of("hifp_pay", rows), np.where(cost == 0, 1, cost))
    scores.carved_out[rows] = amount


def _place_of(prepared: PreparedCases, terms: PointValueTerms) -> tuple[Column, int]:
    """What the fund's rate is taken of, by row, and how many there are."""
    facts, region = prepared.facts, prepared.region
    if terms.rate_of == "institution":
        return facts.institution, len(region.institutions)
    return facts.group + 1, len(region.groups) + 1


def _sums_of_place(
    prepared: PreparedCases, terms: PointValueTerms, sharing: Column
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The fund's share item by item, and cost, of each institution or group, where the terms take the rate from there.

    sharing: the cases over which it is taken.
    """
    if terms.rate_of not in ("institution", "group"):
        return (), ()
    place, size = _place_of(prepared, terms)
    fund, cost = (
        tuple(sums_by(place.take(sharing), prepared.facts.columns[name].take(sharing), size))
        for name in ("hifp_pay", "medfee_sumamt")
    )
    return fund, cost


def _set_fund_rate(prepared: PreparedCases, of: PoolValue, rows: Column) -> None:
    """The fund's share of cost where it is that of the institution or group; rows: the pool's that points pay.

    Other pools keep theirs.
    """
    if not of.rates:
        return
    facts, (place, _) = prepared.facts, _place_of(prepared, of.terms)
    of_rows = np.array(facts.of("fund_rate", np.arange(prepared.read.rows)), np.int64)
    of_rows[rows] = np.array(of.rates, np.int64).take(place.take(rows))
    facts.set("fund_rate", of_rows)


def _totals(prepared: PreparedCases, scores: Scores, rows: Column) -> PointTotals:
    facts = prepared.facts
    sums = {
        name: total(np.broadcast_to(np.int64(facts.of(name, rows)), len(rows)))
        for name in ("medfee_sumamt", "hifp_pay", "psn_part_amt", "other_pay")
    }
    return PointTotals(cases=len(rows), points=total(scores.points[rows]), **sums)


def _pay(
    prepared: PreparedCases, scores: Scores, terms: PointValueTerms, value: PointValue, rows: Column, work: Work
) -> dict[str, Column]:
    prepared.facts.set("points", scores.points)
    way = Way("point_value", PointCase, partial(_paid, value), points=True)
    done, refused = run(way, terms, prepared.facts, rows, _STEPS, work)
    for row, fault in refused.items():  # no case is refused at the clearing: its points were sound
        raise InputError(f"case {prepared.text('setl_id', row)}: {fault.message}")
    scores.standard[rows], scores.payment[rows] = done["standard"], done["payment"]
    return done


POINTS: Final = Way("point_value", PointCase, lambda _terms, case: case, points=True)


def _paid(value: PointValue, terms: PointValueTerms, case: PointCase[Any]) -> PointPaid[Any]:
    return pay(terms, value, case)


def _institutions(
    prepared: PreparedCases, scores: Scores, done: Mapping[str, Column], shares: Any, rows: Column, outside: Any
) -> dict[str, InstitutionPoints]:
    """Sums over the cases that share the pool's points, by institution."""
    names = list(prepared.region.institutions)
    size, place = len(names), prepared.facts.institution.take(rows)[shares]

    def sums(column: Column) -> list[int]:
        return sums_by(place, column[shares], size)

    columns = (
        sums(np.ones(len(rows), np.int64)),
        sums(scores.points[rows]),
        sums(done["standard"]),
        sums(done["before_floor"]),
        sums(done["raised"]),
        sums(done["payment"] * outside[rows]),
    )
    return {name: InstitutionPoints(*figures) for name, *figures in zip(names, *columns, strict=True) if figures[0]}


def _elsewhere(prepared: PreparedCases, scores: Scores, rows: Column) -> dict[str, int]:
    """What the funds of other places owe, by insured place."""
    places = prepared.facts.texts["insuplc_admdvs"].take(rows)
    sums = sums_by(
        places.codes.astype(np.int64), (scores.payment + scores.carved_out)[rows], max(1, len(places.values))
    )
    return dict(zip(places.values, sums, strict=False))
