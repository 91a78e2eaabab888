"""Pay a table of cases: prepare, route, score, close the pools, share, clear; or pay at the budget value beforehand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from attrs import field, frozen

from mipolicy.batch.columns import Table
from mipolicy.batch.dated import BatchGap, Gaps
from mipolicy.batch.prepare import BLOCK_ROWS
from mipolicy.batch.result import Rejects
from mipolicy.batch.work import Work
from mipolicy.cases.accounts import (
    PaidContract,
    by_institution,
    clear_accounts,
    last_day,
    months_paid,
    pay_contracts,
    post_months,
    share_pools,
)
from mipolicy.cases.prepare import PreparedCases, prepare_cases
from mipolicy.cases.region import read_region
from mipolicy.cases.result import CASE_OUTPUTS, PaidTable
from mipolicy.cases.route import Routes, route_cases
from mipolicy.cases.score import Scores, score_cases, versions_of
from mipolicy.cases.several import join_returns, with_factor
from mipolicy.cases.ways import WAYS
from mipolicy.cases.year import (
    PoolYear,
    close_pool,
    outsiders_by_item,
    pay_at_budget_value,
    pool_terms,
)
from mipolicy.errors import Fault, InputError, TableError
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.payment.clearing import Clearing
from mipolicy.payment.monthly import MonthPosting
from mipolicy.payment.points import PaymentYearTerms
from mipolicy.payment.year_end import YearEnd
from mipolicy.policy import Policy
from mipolicy.sums import sums_by

__all__ = ["At", "pay_table", "route_and_score"]

At: TypeAlias = Literal["settlement", "budget"]


def pay_table(
    policy: Policy,
    cases: Table,
    *,
    institutions: Table,
    groups: Table,
    differences: Table | None = None,
    auxiliaries: Table | None = None,
    contracts: Table | None = None,
    accounts: Table | None = None,
    year: int | None = None,
    at: At = "settlement",
    gaps: Gaps = "raise",
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> PaidTable:
    """Pay a table of cases of a region's year, each by exactly one method, and close the year of each pool.

    cases: columns named as the fields of `Case`; institutions, groups, differences, auxiliaries: the region's tables,
    named as `Institution`, `Group`, `DifferenceFactor`, `AuxiliaryFactor`; contracts: paid by the head, as
    `ContractRecord`; accounts: the agency's books, as `YearAccount`: with them the year is cleared; year: the year that
    is closed, the only one of the table by default; at: the settlement value, or the budget value published before the
    year, without closing it; gaps: "raise" before any case is paid, or "reject" those that meet one; threads,
    block_rows: how many rows are worked on at once, and in how many threads, which changes no figure.
    Raises TableError, BatchGap, PolicyGap, RepealedPolicy, InputError.  Bad rows go to the rejects with their reason.
    """
    _check_options(at, gaps, threads, block_rows)
    region = read_region(institutions, groups, differences, auxiliaries)
    work = Work(threads or min(os.cpu_count() or 1, 2), block_rows)
    prepared = prepare_cases(policy, cases, region, year, work.threads)
    present = [POOL.members[at] for at in np.unique(prepared.pool[prepared.payable()]).tolist()]
    terms = {pool: pool_terms(prepared, pool) for pool in present}
    outsiders = outsiders_by_item(prepared, {pool: of for pool, (of, _) in terms.items()})
    routes, scores, factor = route_and_score(prepared, outsiders, gaps, work)
    _refuse_totals_below_0(prepared, routes, scores)
    contracts_paid = pay_contracts(prepared, routes, contracts)
    pools: dict[str, PoolYear] = {}
    values: dict[str, int] = {}
    for pool, of in terms.items():
        if at == "budget":
            values[pool] = pay_at_budget_value(prepared, routes, scores, pool, of, work=work)
        else:
            beside = sum(each.paid.payment for each in contracts_paid if each.pool == pool)
            pools[pool] = close_pool(prepared, routes, scores, pool, of, beside=beside, work=work)
    _reverse(prepared, routes, scores)
    prepared.dated.warn(stacklevel=3)
    of_year = _year_end(prepared, routes, scores, pools, contracts_paid, accounts) if pools else YearOfAccounts()
    return _result(prepared, routes, scores, factor, pools, values, contracts_paid, of_year)


@frozen(eq=False)
class YearOfAccounts:
    """What follows the closing of the pools: sharing by pool, what was posted by institution, the books cleared."""

    shared: Mapping[str, YearEnd] = field(factory=dict)
    posted: Mapping[str, Mapping[str, MonthPosting]] = field(factory=dict)
    clearing: Clearing | None = None


def _check_options(at: str, gaps: str, threads: int | None, block_rows: int) -> None:
    if at not in ("settlement", "budget"):
        raise TableError(f"at takes 'settlement' or 'budget', not {at!r}")
    if gaps not in ("raise", "reject"):
        raise TableError(f"gaps takes 'raise' or 'reject', not {gaps!r}")
    if threads is not None and threads < 1:
        raise TableError("threads must be at least 1")
    if block_rows < 1:
        raise TableError("block_rows must be at least 1")


def route_and_score(
    prepared: PreparedCases, outsiders: Column, gaps: Gaps, work: Work
) -> tuple[Routes, Scores, Column]:
    """Every case with its method and its points or price.

    Raises BatchGap where the policy leaves open what some case needs, and gaps are not rejected.
    """
    _state_year(prepared)
    routes = route_cases(prepared, outsiders, work)
    returns = join_returns(prepared, routes)
    scores = score_cases(prepared, routes, work)
    returns.reject_together(prepared)
    if prepared.dated.gaps and gaps == "raise":
        raise BatchGap(tuple(prepared.dated.gaps))
    returned = np.flatnonzero(returns.factor != FACTOR_ONE)
    for column in (scores.points, scores.standard, scores.payment):
        column[returned] = with_factor(column[returned], returns.factor[returned])
    return routes, scores, returns.factor


def _state_year(prepared: PreparedCases) -> None:
    """What is published for the year, as facts of every case."""
    policy, last = prepared.dated.policy, last_day(prepared)
    terms: PaymentYearTerms = policy.build("payment_year", policy.version("payment_year", last))
    prepared.facts.set("mean_of_all", np.broadcast_to(np.int64(terms.mean_of_all), prepared.read.rows))
    if prepared.region.auxiliaries:
        prepared.facts.auxiliary_terms = policy.build("dip_auxiliary", policy.version("dip_auxiliary", last))


def _refuse_totals_below_0(prepared: PreparedCases, routes: Routes, scores: Scores) -> None:
    """Terms that floor an institution's total at 0, and not its cases, ask for an amount that belongs to no case."""
    sound = prepared.payable() & ~prepared.cancelled()
    by_weight = np.flatnonzero(sound & (routes.method == METHOD.position("drg_weight")))
    for terms, rows in versions_of(prepared, WAYS["drg_weight"], by_weight):
        owed = sums_by(prepared.facts.institution.take(rows), scores.payment[rows], len(prepared.region.institutions))
        below = [code for code, amount in zip(prepared.region.institutions, owed, strict=True) if amount < 0]
        if terms.floor == "total" and below:
            raise InputError(
                f"the cases of {', '.join(below[:_SHOWN])} paid by weight and rate come to less than 0, and floor = "
                "'total' makes the total 0: no case carries that; floor = 'case' is allowed, and total_owed of the "
                "drg_weight room for such a total on its own"
            )


_SHOWN: Final = 5


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


def _year_end(
    prepared: PreparedCases,
    routes: Routes,
    scores: Scores,
    pools: Mapping[str, PoolYear],
    contracts: tuple[PaidContract, ...],
    accounts: Table | None,
) -> YearOfAccounts:
    """Sharing at the year's end, and the year cleared where the books are given."""
    months = post_months(prepared, routes, scores, pools)
    posted = {pool: months.year(pool) for pool in pools}
    shared = {pool: share_pools(prepared, posted[pool], of) for pool, of in pools.items()}
    if accounts is None:
        return YearOfAccounts(shared, posted)
    entitled = _entitlements(prepared, routes, scores, pools, contracts)
    sharing = {(line.fixmedins_code, pool): line.sharing for pool, of in shared.items() for line in of.lines}
    paid = months_paid(prepared, months, pools)
    return YearOfAccounts(shared, posted, clear_accounts(prepared, accounts, entitled, sharing, paid))


def _entitlements(
    prepared: PreparedCases,
    routes: Routes,
    scores: Scores,
    pools: Mapping[str, PoolYear],
    contracts: tuple[PaidContract, ...],
) -> dict[tuple[str, str], int]:
    """What the local fund owes by institution and pool: for points, for cases paid otherwise, by the head."""
    by_points = np.isin(routes.method, [METHOD.position(name) for name in POINT_METHODS])
    local = prepared.payable() & ~prepared.cancelled() & ~prepared.outside()
    owed = np.where(by_points, scores.carved_out, scores.payment)
    found = by_institution(prepared, np.flatnonzero(local), owed)
    for pool, of in pools.items():
        for each in of.closing.institutions:
            key = (each.fixmedins_code, pool)
            found[key] = found.get(key, 0) + each.by_fund
    for contract in contracts:
        key = (contract.fixmedins_code, contract.pool)
        found[key] = found.get(key, 0) + contract.paid.payment
    return found


def _result(
    prepared: PreparedCases,
    routes: Routes,
    scores: Scores,
    factor: Column,
    pools: Mapping[str, PoolYear],
    values: Mapping[str, int],
    contracts: tuple[PaidContract, ...],
    of_year: YearOfAccounts,
) -> PaidTable:
    good, read = prepared.faults.good(), prepared.read
    held: dict[str, Any] = {
        "level": prepared.region.level.take(prepared.facts.institution),
        "pool": prepared.pool,
        "method": routes.method,
        "reason": routes.reason,
        "points": scores.points,
        "standard": scores.standard,
        "payment": scores.payment,
        "carved_out": scores.carved_out,
    }
    why = prepared.faults.why
    bad = np.array(sorted(why), np.int64)
    ids = tuple(prepared.text("setl_id", row) for row in bad.tolist())
    faults = [why[row] for row in bad.tolist()]
    return PaidTable(
        rows_in=read.rows,
        year=prepared.year,
        row=good,
        columns={name: held.get(name, read.columns.get(name)).take(good) for name in CASE_OUTPUTS},  # type: ignore[union-attr]  # every output is one or the other
        rejects=Rejects(bad, ids, tuple(each.reason for each in faults), tuple(each.message for each in faults)),
        pools=pools,
        contracts=contracts,
        shared=of_year.shared,
        posted=of_year.posted,
        clearing=of_year.clearing,
        budget_values=values,
        prepared=prepared,
        routes=routes,
        scores=scores,
        factor=factor,
    )
