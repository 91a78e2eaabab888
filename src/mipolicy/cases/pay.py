"""Pay a table of cases: prepare, route, score, close the pools, share, clear; or pay at the budget value beforehand."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from mipolicy.batch.columns import Table
from mipolicy.batch.dated import Gaps
from mipolicy.batch.prepare import BLOCK_ROWS
from mipolicy.batch.result import Rejects
from mipolicy.cases.accounts import read_accounts, read_contracts
from mipolicy.cases.passes import (
    Books,
    Closed,
    Scored,
    YearValues,
    begin,
    close_year,
    pay_cases,
    route_and_score,
    sum_cases,
    value_points,
)
from mipolicy.cases.region import read_region
from mipolicy.cases.result import CASE_OUTPUTS, PaidTable
from mipolicy.cases.work import Work
from mipolicy.cases.year import At
from mipolicy.errors import TableError
from mipolicy.money import Column
from mipolicy.policy import Policy

__all__ = ["At", "check_options", "paid_columns", "pay_table", "route_and_score"]


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
    check_options(at, gaps, threads, block_rows)
    region = read_region(institutions, groups, differences, auxiliaries)
    work = Work(threads or min(os.cpu_count() or 1, 2), block_rows)
    scored = begin(policy, cases, region, year, gaps, work)
    closed_year, dated = scored.prepared.year, scored.prepared.dated
    books = Books(read_contracts(contracts, region), None if accounts is None else read_accounts(accounts, region))
    sums = sum_cases(scored, books, at)
    values = value_points(dated.policy, closed_year, sums, books, at)
    paid = pay_cases(scored, values, work)
    dated.warn(stacklevel=3)
    closed = close_year(dated.policy, closed_year, values, paid, books, list(region.institutions))
    return _result(scored, values, closed)


def check_options(at: str, gaps: str, threads: int | None, block_rows: int) -> None:
    """Raise TableError for options of paying that are none."""
    if at not in ("settlement", "budget"):
        raise TableError(f"at takes 'settlement' or 'budget', not {at!r}")
    if gaps not in ("raise", "reject"):
        raise TableError(f"gaps takes 'raise' or 'reject', not {gaps!r}")
    if threads is not None and threads < 1:
        raise TableError("threads must be at least 1")
    if block_rows < 1:
        raise TableError("block_rows must be at least 1")


def _result(scored: Scored, values: YearValues, closed: Closed) -> PaidTable:
    prepared = scored.prepared
    row, columns, rejects = paid_columns(scored)
    return PaidTable(
        rows_in=prepared.read.rows,
        year=prepared.year,
        row=row,
        columns=columns,
        rejects=rejects,
        pools=closed.pools,
        contracts=values.contracts,
        shared=closed.shared,
        posted=closed.posted,
        clearing=closed.clearing,
        budget_values=values.budget_values(),
        prepared=prepared,
        routes=scored.routes,
        scores=scored.scores,
        factor=scored.factor,
    )


def paid_columns(scored: Scored) -> tuple[Column, dict[str, Any], Rejects]:
    """Of cases that are paid: the rows of those paid, their columns by `CASE_OUTPUTS`, and the rejects."""
    prepared, routes, scores = scored.prepared, scored.routes, scored.scores
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
    columns = {name: (held[name] if name in held else read.columns[name]).take(good) for name in CASE_OUTPUTS}
    rejects = Rejects(bad, ids, tuple(each.reason for each in faults), tuple(each.message for each in faults))
    return good, columns, rejects
