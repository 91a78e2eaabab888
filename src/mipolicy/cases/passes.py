"""Paying a year's cases in two passes, a whole table or piece after piece: sums of all, then each case by what follows.

`begin` routes and scores cases, `sum_cases` says what they come to, `value_points` what a point is worth, `pay_cases`
pays them, `close_year` closes the pools and the accounts.  The sums merge, and what is paid does not depend on pieces.
A piece has to hold all cases of its persons, and reversals beside their cases; ids that stand twice, too.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import evolve, field, frozen

from mipolicy.batch.columns import Table
from mipolicy.batch.dated import BatchGap, Dated, Gaps
from mipolicy.calendar import day_number
from mipolicy.cases.accounts import (
    Key,
    PaidContract,
    YearSums,
    clear_accounts,
    last_day,
    months_paid,
    own_costs,
    pay_contracts,
    share_pools,
    sum_year,
)
from mipolicy.cases.prepare import PreparedCases, prepare_cases
from mipolicy.cases.region import Region
from mipolicy.cases.route import Routes, route_cases
from mipolicy.cases.score import Scores, score_cases
from mipolicy.cases.several import Outliers, Piece, join_returns, with_factor
from mipolicy.cases.ways import WAYS
from mipolicy.cases.work import Work
from mipolicy.cases.year import (
    At,
    PoolPaid,
    PoolSums,
    PoolTerms,
    PoolValue,
    PoolYear,
    close_pool,
    outsiders_by_item,
    pay_pool,
    pool_sections,
    pool_terms,
    pool_value,
    sum_pool,
)
from mipolicy.errors import Fault, InputError, PolicyGap
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.clearing import Clearing
from mipolicy.payment.monthly import MonthPosting
from mipolicy.payment.points import PaymentYearTerms
from mipolicy.payment.year_end import YearEnd
from mipolicy.policy import Policy
from mipolicy.sums import merged, sums_by

__all__ = [
    "Books",
    "CaseSums",
    "Closed",
    "PaidSums",
    "Scored",
    "YearValues",
    "begin",
    "close_year",
    "pay_cases",
    "route_and_score",
    "sum_cases",
    "use_pools",
    "value_points",
]

_SHOWN: Final = 5


@frozen(eq=False)
class Scored:
    """Cases with their methods and points; terms: of each pool that has a case; factor: what returns make of points."""

    prepared: PreparedCases
    routes: Routes
    scores: Scores
    factor: Column
    terms: Mapping[str, PoolTerms]
    piece: Piece | None = None


@frozen(eq=False)
class Books:
    """What is stated of the year beside its cases: contracts by the head, the agency's accounts, None without them."""

    contracts: Sequence[Mapping[str, Any]] = ()
    accounts: Sequence[Mapping[str, Any]] | None = None


@frozen(eq=False)
class CaseSums:
    """What scored cases come to before points pay them; `a + b` is what one pass over both gives.

    years: how many rows are posted in each; coded: how many rows each pool has; pools: of those with a sound case;
    floored: by version of the terms and institution, what cases paid by weight come to where the total is floored;
    own: what is paid by the head; scales, outliers: what `Piece` says; gaps, unverified: what `Dated` says.
    """

    years: Mapping[int, int]
    coded: Mapping[str, int]
    pools: Mapping[str, PoolSums]
    floored: Mapping[tuple[str, str], int]
    own: Mapping[tuple[str, ...], int]
    scales: Mapping[str, Mapping[int, frozenset[str]]] = field(factory=dict)
    outliers: Mapping[str, Outliers] = field(factory=dict)
    gaps: Mapping[str, tuple[PolicyGap, int]] = field(factory=dict)
    unverified: Mapping[tuple[str, str], tuple[int, int, int]] = field(factory=dict)

    def __add__(self, other: CaseSums) -> CaseSums:
        scales = {
            pool: {
                scale: self.scales.get(pool, {}).get(scale, frozenset())
                | other.scales.get(pool, {}).get(scale, frozenset())
                for scale in {**self.scales.get(pool, {}), **other.scales.get(pool, {})}
            }
            for pool in POOL.members
        }
        gaps, unverified = dict(self.gaps), dict(self.unverified)
        for text, (gap, count) in other.gaps.items():
            gaps[text] = (gap, gaps.get(text, (gap, 0))[1] + count)
        for name, (since, until, count) in other.unverified.items():
            before = unverified.get(name, (since, until, 0))
            unverified[name] = (min(since, before[0]), max(until, before[1]), count + before[2])
        return CaseSums(
            merged(self.years, other.years),
            merged(self.coded, other.coded),
            merged(self.pools, other.pools),
            merged(self.floored, other.floored),
            merged(self.own, other.own),
            scales,
            merged(self.outliers, other.outliers),
            gaps,
            unverified,
        )


@frozen(eq=False)
class YearValues:
    """What pays a year's cases: how each pool pays a point, in the order of `POOL`, and the contracts by the head."""

    at: At
    pools: Mapping[str, PoolValue]
    contracts: tuple[PaidContract, ...]

    def budget_values(self) -> dict[str, int]:
        """What a point is worth by pool where cases are paid at the budget value."""
        return {pool: of.published for pool, of in self.pools.items()} if self.at == "budget" else {}


@frozen(eq=False)
class PaidSums:
    """What the paid cases come to, by pool and for the accounts; `a + b` is what one pass over both gives."""

    pools: Mapping[str, PoolPaid]
    year: YearSums | None

    def __add__(self, other: PaidSums) -> PaidSums:
        year = self.year + other.year if self.year and other.year else self.year or other.year
        return PaidSums(merged(self.pools, other.pools), year)


@frozen(eq=False)
class Closed:
    """A year that is closed: its pools, sharing by pool, what was posted by institution, the books cleared."""

    pools: Mapping[str, PoolYear] = field(factory=dict)
    shared: Mapping[str, YearEnd] = field(factory=dict)
    posted: Mapping[str, Mapping[str, MonthPosting]] = field(factory=dict)
    clearing: Clearing | None = None


# ---- the first pass --------------------------------------------------------------------------------------------------


def begin(
    policy: Policy, cases: Table, region: Region, year: int | None, gaps: Gaps, work: Work, piece: Piece | None = None
) -> Scored:
    """Read, route and score cases; piece: what is known of the other cases where these are not all.

    Raises what `pay_table` raises of cases.
    """
    prepared = prepare_cases(policy, cases, region, year, work.threads)
    present = [POOL.members[at] for at in np.unique(prepared.pool[prepared.payable()]).tolist()]
    terms = {pool: pool_terms(prepared.dated.policy, pool, prepared.year) for pool in present}
    if piece is None:
        use_pools(prepared.dated, _coded(prepared), present, prepared.year)
    outsiders = outsiders_by_item(prepared, terms)
    return Scored(prepared, *route_and_score(prepared, outsiders, gaps, work, piece), terms, piece)


def _coded(prepared: PreparedCases) -> dict[str, int]:
    counts = np.bincount(prepared.pool, minlength=len(POOL.members)).tolist()
    return dict(zip(POOL.members, counts, strict=True))


def use_pools(dated: Dated, coded: Mapping[str, int], present: Sequence[str], year: int) -> None:
    """Note that the pools' terms are used, where the policy warns of what is past its verified span."""
    last = day_number(datetime.date(year, 12, 31))
    for pool in present:
        for section in pool_sections(pool):
            dated.use(section, last, coded[pool])


def route_and_score(
    prepared: PreparedCases, outsiders: Column, gaps: Gaps, work: Work, piece: Piece | None = None
) -> tuple[Routes, Scores, Column]:
    """Every case with its method and its points or price.

    Raises BatchGap where the policy leaves open what some case needs, and gaps are not rejected.
    """
    _state_year(prepared)
    routes = route_cases(prepared, outsiders, work)
    returns = join_returns(prepared, routes)
    scores = score_cases(prepared, routes, work, piece)
    returns.reject_together(prepared)
    if prepared.dated.gaps and gaps == "raise":
        raise BatchGap(tuple(prepared.dated.gaps))
    returned = np.flatnonzero(returns.factor != FACTOR_ONE)
    for column in (scores.points, scores.standard, scores.payment):
        column[returned] = with_factor(column[returned], returns.factor[returned])
    return routes, scores, returns.factor


def _state_year(prepared: PreparedCases) -> None:
    """What is published for the year, as facts of every case."""
    policy, last = prepared.dated.policy, last_day(prepared.year)
    terms: PaymentYearTerms = policy.build("payment_year", policy.version("payment_year", last))
    prepared.facts.set("mean_of_all", np.broadcast_to(np.int64(terms.mean_of_all), prepared.read.rows))
    if prepared.region.auxiliaries:
        prepared.facts.auxiliary_terms = policy.build("dip_auxiliary", policy.version("dip_auxiliary", last))


def sum_cases(scored: Scored, books: Books, at: At) -> CaseSums:
    """What scored cases come to; those paid by the head without a contract are marked.

    Raises InputError.
    """
    prepared, routes, scores = scored.prepared, scored.routes, scored.scores
    floored = _floored(scored)
    own = own_costs(prepared, routes, books.contracts)
    sums = CaseSums(
        prepared.years,
        _coded(prepared),
        {pool: sum_pool(prepared, routes, scores, pool, of, at) for pool, (of, _) in scored.terms.items()},
        floored,
        own,
    )
    if scored.piece is None:
        return sums
    gaps = {str(gap): (gap, count) for gap, count in prepared.dated.gaps}
    return evolve(
        sums,
        scales=scored.piece.scales,
        outliers=scored.piece.outliers,
        gaps=gaps,
        unverified=prepared.dated.unverified,
    )


def _floored(scored: Scored) -> dict[tuple[str, str], int]:
    """What cases paid by weight come to, by version and institution, where terms floor the institution's total."""
    prepared, routes, scores = scored.prepared, scored.routes, scored.scores
    way, found = WAYS["drg_weight"], {}
    counted = prepared.payable() & ~prepared.cancelled() & (routes.method == METHOD.position("drg_weight"))
    for section, pool in way.sections():
        here = counted & (prepared.pool == pool)
        for version, terms, within in prepared.named_versions(section, here) if here.any() else ():
            if terms.floor == "total":
                rows = np.flatnonzero(within)
                place = prepared.facts.institution.take(rows)
                sums = sums_by(place, scores.payment[rows], len(prepared.region.institutions))
                for code, amount in zip(prepared.region.institutions, sums, strict=True):
                    found[f"{section} {version}", code] = amount
    return found


# ---- between the passes ----------------------------------------------------------------------------------------------


def value_points(policy: Policy, year: int, sums: CaseSums, books: Books, at: At) -> YearValues:
    """What pays the cases, out of the sums of all of them.

    Raises InputError, PolicyGap, NotInForce; CodeError for a contract's condition.
    """
    _refuse_totals_below_0(sums.floored)
    contracts = pay_contracts(policy, year, books.contracts, sums.own)
    pools = {}
    for pool in POOL.members:
        if pool in sums.pools:
            beside = sum(each.paid.payment for each in contracts if each.pool == pool)
            of = pool_terms(policy, pool, year)
            pools[pool] = pool_value(pool, of, sums.pools[pool], beside, at, year)
    return YearValues(at, pools, contracts)


def _refuse_totals_below_0(floored: Mapping[tuple[str, str], int]) -> None:
    """Terms that floor an institution's total at 0, and not its cases, ask for an amount that belongs to no case."""
    below = [(version, code) for (version, code), amount in floored.items() if amount < 0]
    if below:
        shown = [code for version, code in below if version == below[0][0]][:_SHOWN]
        raise InputError(
            f"the cases of {', '.join(shown)} paid by weight and rate come to less than 0, and floor = "
            "'total' makes the total 0: no case carries that; floor = 'case' is allowed, and total_owed of the "
            "drg_weight room for such a total on its own"
        )


# ---- the second pass -------------------------------------------------------------------------------------------------


def pay_cases(scored: Scored, values: YearValues, work: Work) -> PaidSums:
    """Pay scored cases, into their scores, and give each reversal what its case has.

    Raises InputError.
    """
    prepared, routes, scores = scored.prepared, scored.routes, scored.scores
    pools = {pool: pay_pool(prepared, routes, scores, values.pools[pool], work) for pool in scored.terms}
    _reverse(prepared, routes, scores)
    if values.at == "budget":
        return PaidSums({}, None)
    return PaidSums(pools, sum_year(prepared, routes, scores, scored.terms))


def _reverse(prepared: PreparedCases, routes: Routes, scores: Scores) -> None:
    """Give each reversal what its case has, with the opposite sign."""
    rows = np.flatnonzero(prepared.original >= 0)
    cases = prepared.original[rows]
    for column in (routes.method, routes.reason, routes.original):
        column[rows] = column[cases]
    for column in (scores.points, scores.standard, scores.payment, scores.carved_out):
        column[rows] = -column[cases]
    lost = rows[prepared.faults.bad[cases]]
    prepared.faults.mark(lost, Fault("reversal", "the case that it reverses is rejected"))


# ---- the year --------------------------------------------------------------------------------------------------------


def close_year(
    policy: Policy, year: int, values: YearValues, paid: PaidSums, books: Books, institutions: Sequence[str]
) -> Closed:
    """Close the pools, share at the year's end, and clear the year where the books are given.

    institutions: the region's, in their order.  Raises TableError, InputError, PolicyGap.
    """
    if paid.year is None or not values.pools:
        return Closed()
    pools = {pool: close_pool(of, paid.pools[pool], institutions) for pool, of in values.pools.items()}
    months = paid.year.months
    posted = {pool: months.year(pool) for pool in pools}
    shared = {pool: share_pools(policy, year, posted[pool], of) for pool, of in pools.items()}
    if books.accounts is None:
        return Closed(pools, shared, posted)
    sharing = {(line.fixmedins_code, pool): line.sharing for pool, of in shared.items() for line in of.lines}
    owed = _entitlements(paid.year.owed, pools, values.contracts)
    of_months = months_paid(policy, year, months, pools)
    clearing = clear_accounts(policy, year, books.accounts, owed, sharing, of_months, paid.year.refused)
    return Closed(pools, shared, posted, clearing)


def _entitlements(
    owed: Mapping[Key, int], pools: Mapping[str, PoolYear], contracts: Sequence[PaidContract]
) -> dict[Key, int]:
    """What the local fund owes by institution and pool: for points, for cases paid otherwise, by the head."""
    found = Counter(owed)
    for pool, of in pools.items():
        for each in of.closing.institutions:
            found[each.fixmedins_code, pool] += each.by_fund
    for contract in contracts:
        found[contract.fixmedins_code, contract.pool] += contract.paid.payment
    return dict(found)
