"""The year of each pool: fund, point value, case payments, and the closing statement."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.calendar import day_number
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
from mipolicy.rounding import mul_div
from mipolicy.sums import sums_by, total

__all__ = ["PoolYear", "close_pool", "outsiders_by_item", "pay_at_budget_value", "pool_terms"]

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


def pool_terms(prepared: PreparedCases, pool: str) -> tuple[PointValueTerms, PoolBudgetTerms]:
    """The terms of a pool's point value and budget on the last day of the year.

    Raises PolicyGap, NotInForce.
    """
    last = datetime.date(prepared.year, 12, 31)
    found: list[Any] = []
    for section in (f"point_value.{pool}", f"pool_budget.{pool}"):
        found.append(prepared.dated.policy.build(section, prepared.dated.policy.version(section, last)))
        prepared.dated.use(section, day_number(last), int((prepared.pool == POOL.position(pool)).sum()))
    return found[0], found[1]


def outsiders_by_item(prepared: PreparedCases, terms: Mapping[str, PointValueTerms]) -> Column:
    """1 for people insured elsewhere whose pool pays them by item."""
    by_item = [int(pool in terms and terms[pool].outsiders == "by_item") for pool in POOL.members]
    found: Column = np.array(by_item, np.int8).take(prepared.pool) * prepared.outside()
    return found


def close_pool(
    prepared: PreparedCases,
    routes: Routes,
    scores: Scores,
    pool: str,
    of: tuple[PointValueTerms, PoolBudgetTerms],
    *,
    beside: int,
    work: Work,
) -> PoolYear:
    """Pay the cases of a pool that points pay, into `scores`, and close its year.

    beside: what this pool owes institutions apart from cases (capitation), in fen.
    Raises InputError where the points come to nothing, or more is set aside than the budget holds.
    """
    terms, budget = of
    outside, counted = prepared.outside(), ~prepared.cancelled()
    mine = prepared.payable() & (prepared.pool == POOL.position(pool))
    by_points = mine & np.isin(routes.method, _POINTS)
    rows = np.flatnonzero(by_points)
    _carve_out(prepared, scores, terms, rows)
    owed_here = np.flatnonzero(mine & ~outside & counted)
    fund = distributable(budget, total((scores.payment + scores.carved_out)[owed_here]) + beside)
    sharing = np.flatnonzero(by_points & counted & (~outside | (terms.outsiders == "in_point_pool")))
    _set_fund_rate(prepared, terms, rows, sharing)
    value, totals, published = no_points(fund.fund), PointTotals(), published_value(terms, budget)
    if (by_points & counted).any():
        totals = _totals(prepared, scores, sharing)
        value = point_value(terms, fund.fund, totals, published)
    done = _pay(prepared, scores, terms, value, rows, work)
    institutions = _institutions(prepared, scores, done, np.isin(rows, sharing), rows, outside)
    closing = close(terms, pool, fund, value, institutions)
    return PoolYear(
        pool,
        terms,
        fund,
        totals,
        published,
        value,
        closing,
        _elsewhere(prepared, scores, np.flatnonzero(mine & outside & counted)),
    )


def pay_at_budget_value(
    prepared: PreparedCases,
    routes: Routes,
    scores: Scores,
    pool: str,
    of: tuple[PointValueTerms, PoolBudgetTerms],
    *,
    work: Work,
) -> int:
    """Pay the cases of a pool by the value published at the start of the year, into `scores`; gives that value.

    Raises InputError where none is published.
    """
    terms, budget = of
    value = published_value(terms, budget)
    rows = np.flatnonzero(prepared.payable() & (prepared.pool == POOL.position(pool)) & np.isin(routes.method, _POINTS))
    if not value:
        raise InputError(
            f"pool_budget.{pool} publishes no budget value for {prepared.year}: cases are paid at the clearing"
        )
    _carve_out(prepared, scores, terms, rows)
    _set_fund_rate(prepared, terms, rows, rows)
    _pay(prepared, scores, terms, no_points(0, value), rows, work)
    return value


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


def _set_fund_rate(prepared: PreparedCases, terms: PointValueTerms, rows: Column, sharing: Column) -> None:
    """The fund's share of cost, item by item, of the institution or group, where the terms take it from there.

    rows: the pool's cases that points pay; sharing: those over which the shares are taken.  Other pools keep theirs.
    """
    if terms.rate_of not in ("institution", "group"):
        return
    facts = prepared.facts
    place = facts.institution if terms.rate_of == "institution" else facts.group + 1
    size = int(place.max()) + 1 if place.size else 0
    paid, cost = (
        sums_by(place.take(sharing), facts.columns[name].take(sharing), size) for name in ("hifp_pay", "medfee_sumamt")
    )
    rates = [mul_div(one, int(RATE_ONE), other) if other else 0 for one, other in zip(paid, cost, strict=True)]
    of_rows = np.array(facts.of("fund_rate", np.arange(prepared.read.rows)), np.int64)
    of_rows[rows] = np.array(rates, np.int64).take(place.take(rows))
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
) -> list[tuple[str, InstitutionPoints]]:
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
    return [(name, InstitutionPoints(*figures)) for name, *figures in zip(names, *columns, strict=True) if figures[0]]


def _elsewhere(prepared: PreparedCases, scores: Scores, rows: Column) -> dict[str, int]:
    """What the funds of other places owe, by insured place."""
    places = prepared.facts.texts["insuplc_admdvs"].take(rows)
    sums = sums_by(
        places.codes.astype(np.int64), (scores.payment + scores.carved_out)[rows], max(1, len(places.values))
    )
    return {name: amount for name, amount in sorted(zip(places.values, sums, strict=False)) if name and amount}
