"""From paid cases to the accounts of the year: per head, months, sharing at the year's end, clearing."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table, read_table
from mipolicy.calendar import month_of
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.region import Region
from mipolicy.cases.route import Routes
from mipolicy.cases.score import Scores
from mipolicy.cases.year import PoolTerms, PoolYear
from mipolicy.errors import CodeError, Fault, InputError, TableError
from mipolicy.money import Column
from mipolicy.payment.account import ContractRecord, YearAccount
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.payment.capitation import Capitation, Contract, condition_of
from mipolicy.payment.capitation import pay as pay_heads
from mipolicy.payment.clearing import Account, Clearing, clear_year
from mipolicy.payment.monthly import MonthlyTerms, MonthPosting, MonthTotals, pay_month, post
from mipolicy.payment.points import published_value
from mipolicy.payment.year_end import YearAmounts, YearEnd, share_year
from mipolicy.policy import Policy
from mipolicy.records import NO_AMOUNT
from mipolicy.rounding import mul_div
from mipolicy.sums import merged, sums_by

__all__ = [
    "PaidContract",
    "YearSums",
    "clear_accounts",
    "months_paid",
    "own_costs",
    "pay_contracts",
    "read_accounts",
    "read_contracts",
    "share_pools",
    "sum_year",
]

Key: TypeAlias = tuple[str, str]
"""An institution and a pool."""


@frozen
class PaidContract:
    """A contract by the head with what it comes to."""

    fixmedins_code: str
    pool: str
    condition: str
    paid: Capitation[int]


@frozen
class YearSums:
    """What the paid cases of a year come to for the accounts; `a + b` is what one pass over both gives.

    months: the cases that points pay, by institution, pool and month of posting; owed: what local funds owe for cases
    apart from their points, by institution and pool, in fen; refused: what review refused of them.
    """

    months: MonthTotals
    owed: Mapping[Key, int]
    refused: Mapping[Key, int]

    def __add__(self, other: YearSums) -> YearSums:
        return YearSums(self.months + other.months, merged(self.owed, other.owed), merged(self.refused, other.refused))


def last_day(year: int) -> datetime.date:
    """The last day of a year."""
    return datetime.date(year, 12, 31)


def read_records(
    table: Table, record: type[Any], what: str, region: Region, key: tuple[str, ...]
) -> list[dict[str, Any]]:
    """A small table of the region's books, row by row; key: the fields that tell one row from another.

    Raises TableError for rows that cannot be read, institutions that are not in the region, pools that are none, and
    rows that stand twice.
    """
    read = read_table(table, record, what)
    problems = [f"row {row}: {fault.message}" for row, fault in sorted(read.faults.items())]
    columns = {name: np.asarray(column).tolist() for name, column in read.columns.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    seen: set[tuple[str, ...]] = set()
    for at, row in enumerate(rows):
        if row["fixmedins_code"] not in region.institutions:
            problems.append(f"row {at}: fixmedins_code {row['fixmedins_code']!r} is not among the institutions")
        if row["pool"] not in POOL.members:
            problems.append(f"row {at}: pool {row['pool']!r} is none of {', '.join(POOL.members)}")
        this = tuple(row[name] for name in key)
        if this in seen:
            problems.append(f"row {at}: {', '.join(this)} stands twice; {' and '.join(key)} have one row together")
        seen.add(this)
    if problems:
        raise TableError(f"{what}: {'; '.join(problems[:5])}")
    return rows


def read_contracts(contracts: Table | None, region: Region) -> list[dict[str, Any]]:
    """The contracts by the head, row by row.

    Raises TableError.
    """
    return [] if contracts is None else read_records(contracts, ContractRecord, "contracts", region, _CONTRACT)


def pay_contracts(
    policy: Policy, year: int, rows: Sequence[Mapping[str, Any]], own: Mapping[tuple[str, ...], int]
) -> tuple[PaidContract, ...]:
    """Pay contracts by the head, under the terms of the last day of the year.

    rows: the contracts; own: what `own_costs` says of the cases that they pay.
    Raises InputError; CodeError for a condition that the terms do not list.
    """
    if not rows and not own:
        return ()
    terms = policy.build("capitation", policy.version("capitation", last_day(year)))
    paid = []
    for row in rows:
        if row["condition"] not in terms.condition.members:
            listed = ", ".join(terms.condition.members)
            raise CodeError(f"contracts: condition {row['condition']!r} is not paid by the head; conditions: {listed}")
        key = (row["fixmedins_code"], row["pool"], row["condition"])
        stated = row["own_amt"]
        given = Contract(
            condition=terms.condition.position(row["condition"]),
            enrolled=row["enrolled"],
            risk_factor=row["risk_factor"],
            months=row["months"],
            own_amt=own.get(key, 0) if stated == NO_AMOUNT else stated,
            outside_amt=row["outside_amt"],
        )
        try:
            paid.append(PaidContract(*key, pay_heads(terms, given)))
        except InputError as error:
            raise InputError(f"contracts: {', '.join(key)}: {error}") from None
    return tuple(paid)


_CONTRACT: Final = ("fixmedins_code", "pool", "condition")


def own_costs(
    prepared: PreparedCases, routes: Routes, contracts: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, ...], int]:
    """The fund's share of the cases paid by the head, by institution, pool and condition; reversed ones are none.

    A case of theirs is paid by its contract: one whose institution, pool and condition have none is marked.
    """
    cases = np.flatnonzero(prepared.payable() & (routes.method == METHOD.position("capitation")))
    if not cases.size:
        return {}
    policy = prepared.dated.policy
    terms = policy.build("capitation", policy.version("capitation", last_day(prepared.year)))
    contracted = {tuple(row[name] for name in _CONTRACT) for row in contracts}
    return _own_costs(prepared, terms, cases, contracted)


def _own_costs(
    prepared: PreparedCases, terms: Any, cases: Column, contracted: Collection[tuple[str, ...]]
) -> dict[tuple[str, ...], int]:
    """The fund's share of the cases paid by the head, by institution, pool and condition; reversed ones are none.

    Cases without a contract are marked: nothing would pay them.
    """
    names, wide = list(prepared.region.institutions), len(terms.condition.members) + 1

    def place(code: str) -> int:
        at = condition_of(terms, code)
        return wide - 1 if at is None else at

    condition = prepared.facts.coded("dise_codg", cases, place)
    key = (prepared.facts.institution.take(cases) * len(POOL.members) + prepared.pool.take(cases)) * wide + condition
    counted = cases[~prepared.cancelled()[cases]]
    size = len(names) * len(POOL.members) * wide
    sums = sums_by(key[~prepared.cancelled()[cases]], prepared.facts.columns["hifp_pay"].take(counted), size)
    found: dict[tuple[str, ...], int] = {}
    for at in np.unique(key).tolist():
        of_pool, of_condition = divmod(at, wide)
        institution, pool = divmod(of_pool, len(POOL.members))
        named = (*terms.condition.members, "of no condition in force at the end of the year")[of_condition]
        of_contract = (names[institution], POOL.members[pool], named)
        found[of_contract] = sums[at]
        if of_contract not in contracted:
            message = f"the case is paid by the head, and no contract is given for {', '.join(of_contract)}"
            prepared.faults.mark(cases[key == at], Fault("contract", message))
    return found


def sum_year(prepared: PreparedCases, routes: Routes, scores: Scores, terms: Mapping[str, PoolTerms]) -> YearSums:
    """What the cases come to for the accounts, once they are paid and reversed; terms: of each pool that pays."""
    by_points = np.isin(routes.method, [METHOD.position(name) for name in POINT_METHODS])
    local = np.flatnonzero(prepared.payable() & ~prepared.cancelled() & ~prepared.outside())
    owed = np.where(by_points, scores.carved_out, scores.payment)
    return YearSums(
        _post_months(prepared, np.flatnonzero(~prepared.faults.bad & by_points & ~prepared.outside()), scores, terms),
        _by_institution(prepared, local, owed),
        _by_institution(prepared, local, prepared.facts.columns["refused_amt"]),
    )


def _post_months(prepared: PreparedCases, rows: Column, scores: Scores, terms: Mapping[str, PoolTerms]) -> MonthTotals:
    """The cases that points pay, reversals with their sign, summed by institution, pool and month of posting."""
    facts = prepared.facts
    month = month_of(prepared.posted.take(rows))
    sign = 1 - 2 * prepared.reversal.take(rows).astype(np.int64)
    columns: dict[str, Column] = {
        "institution": facts.institution,
        "pool": prepared.pool,
        "points": np.abs(scores.points),
        "declared_fund": np.abs(_fund_without_carve_outs(prepared)),
        "patient_part": np.abs(facts.columns["psn_part_amt"] + facts.columns["other_pay"]) * _netted(prepared, terms),
    }
    names = list(prepared.region.institutions)
    totals = MonthTotals()
    for at in range(12):
        here = np.flatnonzero(month == at)
        if here.size:
            of_month = {name: np.array(column.take(rows[here]), np.int64) for name, column in columns.items()}
            totals = totals + post(names, at + 1, sign=sign[here], **of_month)
    return totals


def _fund_without_carve_outs(prepared: PreparedCases) -> Column:
    """The fund's share item by item of what points pay for: what is carved out is paid beside them."""
    columns = prepared.facts.columns
    fund, carved = columns["hifp_pay"], columns["carve_out_amt"]
    rows = np.flatnonzero((carved != 0) & ~prepared.faults.bad)
    declared = np.array(fund)
    declared[rows] -= mul_div(carved[rows], fund[rows], columns["medfee_sumamt"][rows])
    return declared


def _netted(prepared: PreparedCases, terms: Mapping[str, PoolTerms]) -> Column:
    """1 for cases of pools where what others pay comes off the points' money, as at the clearing."""
    parts = [int(pool in terms and terms[pool][0].netting == "parts") for pool in POOL.members]
    found: Column = np.array(parts, np.int64).take(prepared.pool)
    return found


def months_paid(policy: Policy, year: int, totals: MonthTotals, pools: Mapping[str, PoolYear]) -> dict[Key, int]:
    """What the terms for the month come to over the year, by institution and pool.

    Raises InputError, naming pool and month, for a month that has no value.
    """
    found: dict[Key, int] = {}
    last = last_day(year)
    for pool, of in pools.items():
        section = f"monthly_payment.{pool}"
        terms: MonthlyTerms = policy.build(section, policy.version(section, last))
        for month in range(1, 13):
            if not totals.month(pool, month):
                continue
            options: dict[str, int] = {}
            if terms.variant == "month_value":
                options["year_budget"] = of.value.whole if of.terms.netting == "parts" else of.distributable.fund
            elif terms.variant == "budget_value":
                budget = policy.build(f"pool_budget.{pool}", policy.version(f"pool_budget.{pool}", last))
                value = published_value(attrs.evolve(of.terms, decimals=terms.value_decimals), budget)
                options["point_value"] = value // 10 ** (6 - int(terms.value_decimals))
            try:
                of_month = pay_month(terms, totals, pool, month, **options)
            except InputError as error:
                raise InputError(
                    f"monthly_payment.{pool}, month {month}: {error}; state months_paid in all accounts of the pool, "
                    "and no month is worked out"
                ) from None
            for code, paid in of_month.paid.items():
                found[code, pool] = found.get((code, pool), 0) + paid.payment
    return found


def share_pools(policy: Policy, year: int, totals: Mapping[str, MonthPosting], of: PoolYear) -> YearEnd:
    """Share surplus and overrun of a pool at the year's end, out of what raising has left of the reserve.

    Institutions whose points come to nothing are left as they are.
    """
    section = f"year_end.{of.pool}"
    terms = policy.build(section, policy.version(section, last_day(year)))
    amounts = {
        each.fixmedins_code: YearAmounts(totals[each.fixmedins_code].declared_fund, each.by_fund)
        for each in of.closing.institutions
        if each.by_fund > 0 and each.fixmedins_code in totals
    }
    reserve = max(0, of.closing.adjustment_reserve - of.closing.raised_from_reserve)
    return share_year(terms, of.pool, amounts, reserve)


def clear_accounts(
    policy: Policy,
    year: int,
    accounts: Sequence[Mapping[str, Any]],
    entitlements: Mapping[Key, int],
    sharing: Mapping[Key, int],
    paid: Mapping[Key, int],
    refused: Mapping[Key, int],
) -> Clearing:
    """Clear the year's accounts, under the terms of the last day of the year.

    accounts: as `read_accounts` gives them; the others: fen by institution and pool.
    Raises TableError for an institution and pool that is owed money and has no account.
    """
    terms = policy.build("payment_clearing", policy.version("payment_clearing", last_day(year)))
    rows = {(row["fixmedins_code"], row["pool"]): row for row in accounts}
    missing = sorted(set(entitlements) - set(rows))
    if missing:
        shown = "; ".join(f"{code}, {pool}" for code, pool in missing[:5])
        raise TableError(f"accounts: {len(missing)} institution(s) and pool(s) have cases but no account: {shown}")
    given = []
    for key, row in rows.items():
        stated = row["months_paid"]
        given.append(
            Account(
                fixmedins_code=key[0],
                pool=key[1],
                entitlement=entitlements.get(key, 0),
                sharing=sharing.get(key, 0),
                refused=refused.get(key, 0),
                months_paid=paid.get(key, 0) if stated == NO_AMOUNT else stated,
                prepayment_left=row["prepayment_left"],
                carried_in=row["carried_in"],
                assessment=row["assessment"],
            )
        )
    return clear_year(terms, given)


def read_accounts(accounts: Table, region: Region) -> list[dict[str, Any]]:
    """The agency's books, row by row.

    Raises TableError.
    """
    return read_records(accounts, YearAccount, "accounts", region, ("fixmedins_code", "pool"))


def _by_institution(prepared: PreparedCases, rows: Column, column: Column) -> dict[Key, int]:
    """Sums of the rows by institution and pool, those with any row."""
    names, pools = list(prepared.region.institutions), len(POOL.members)
    key = prepared.facts.institution.take(rows) * pools + prepared.pool.take(rows)
    held = np.bincount(key, minlength=len(names) * pools)
    sums = sums_by(key, column.take(rows), len(names) * pools)
    return {(names[at // pools], POOL.members[at % pools]): sums[at] for at in np.flatnonzero(held).tolist()}
