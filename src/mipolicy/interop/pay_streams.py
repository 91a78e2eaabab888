"""Cases of a region's year paid from files larger than memory: the same figures as of one table, whole or not at all.

The file is laid out on disk by person.  A first pass over the parts routes and scores, and sums what the cases share;
a second pays each case by the point values that follow.  Where terms rank the high outliers of an institution, the
first pass is made twice: who is within the quota is known only when all are ranked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import evolve, frozen

from mipolicy.batch import Gaps
from mipolicy.batch.columns import Table
from mipolicy.batch.prepare import BLOCK_ROWS
from mipolicy.batch.work import Work as Blocks
from mipolicy.cases.accounts import PaidContract, read_accounts, read_contracts
from mipolicy.cases.passes import (
    Books,
    CaseSums,
    Closed,
    PaidSums,
    Scored,
    YearValues,
    begin,
    close_year,
    pay_cases,
    sum_cases,
    value_points,
)
from mipolicy.cases.pay import At, check_options, paid_columns
from mipolicy.cases.pieces import policy_met, sum_pieces
from mipolicy.cases.prepare import prepare_cases, the_year
from mipolicy.cases.quotas import Piece
from mipolicy.cases.region import Region, read_region
from mipolicy.cases.result import MethodSums, PaidTable, case_texts, sums_by_method
from mipolicy.cases.year import PoolYear
from mipolicy.interop import frames
from mipolicy.interop.ahead import ahead
from mipolicy.interop.arrow import pyarrow, written
from mipolicy.interop.files import FilePath, suffix_of
from mipolicy.interop.parts import (
    Step,
    Work,
    count_of,
    empty_table,
    lay_out,
    reject_table,
    rows_of,
    tables,
    working,
    write_rows,
)
from mipolicy.interop.region import write_clearing
from mipolicy.interop.spool import ROW
from mipolicy.payment.case import Case
from mipolicy.payment.clearing import Clearing
from mipolicy.payment.monthly import MonthPosting
from mipolicy.payment.year_end import YearEnd
from mipolicy.policy import Policy
from mipolicy.sums import merged

__all__ = ["PaidFile", "pay_files"]

PART_ROWS: Final = 250_000
"""So many cases are paid at a time."""


@frozen(eq=False)
class PaidFile:
    """What paying a file came to; rows in = rows paid + rows rejected.

    paid: how many rows; rejected: how many rows each reason stopped; methods: what the paid cases come to by way of
    paying; the rest is as in `PaidTable`.
    """

    rows_in: int
    paid: int
    rejected: Mapping[str, int]
    year: int
    methods: Mapping[str, MethodSums]
    pools: Mapping[str, PoolYear]
    contracts: tuple[PaidContract, ...]
    shared: Mapping[str, YearEnd]
    posted: Mapping[str, Mapping[str, MonthPosting]]
    clearing: Clearing | None
    budget_values: Mapping[str, int]

    @classmethod
    def of(cls, paid: PaidTable) -> PaidFile:
        """What a table that was paid in memory came to."""
        same = {each.name: getattr(paid, each.name) for each in attrs.fields(cls) if each.name in _OF_TABLE}
        return cls(paid=len(paid), rejected=paid.rejects.counts(), methods=paid.by_method(), **same)


_OF_TABLE: Final = {each.name for each in attrs.fields(PaidTable)}


@frozen(eq=False)
class _Job:
    """What is the same for every part."""

    policy: Policy
    region: Region
    books: Books
    at: At
    gaps: Gaps
    blocks: Blocks

    def begin(self, table: Any, year: int, known: Mapping[str, Any]) -> tuple[Scored, CaseSums]:
        """Route and score the cases of a part."""
        scored = begin(self.policy, _columns(table), self.region, year, "reject", self.blocks, Piece(known))
        return scored, sum_cases(scored, self.books, self.at)


def pay_files(
    policy: Policy,
    cases: FilePath,
    out: FilePath,
    *,
    rejects: FilePath,
    clearing: FilePath,
    institutions: Table,
    groups: Table,
    differences: Table | None = None,
    auxiliaries: Table | None = None,
    contracts: Table | None = None,
    accounts: Table | None = None,
    year: int | None = None,
    at: At = "settlement",
    gaps: Gaps = "raise",
    always: bool = False,
    threads: int | None = None,
    part_rows: int = PART_ROWS,
    step: Step | None = None,
) -> PaidFile:
    """Pay a file of cases part by part, with the figures and in the order of `mipolicy.pay`.

    cases: .csv or .parquet; out, rejects, clearing: where paid and rejected rows and the clearing go, each file whole
    or not at all, the rejects only where there are any, where a file of that name is there, or with `always`, the
    clearing where there is one, or where such a file is there; part_rows: cases that are paid at a time; step: is told
    of progress; the others: as for `mipolicy.pay`.
    The folder of `out` needs room for the input and the output beside them.
    Raises what reading a file and paying a table raise.
    """
    pyarrow(out, "pyarrow.parquet")
    check_options(at, gaps, threads, BLOCK_ROWS)
    region = read_region(institutions, groups, differences, auxiliaries)
    books = Books(read_contracts(contracts, region), None if accounts is None else read_accounts(accounts, region))
    job = _Job(policy, region, books, at, gaps, Blocks(threads or min(os.cpu_count() or 1, 2)))
    prepare_cases(policy, empty_table(cases, Case), region, year or 1)  # whose shape is then known good
    with working(out, step, count_of(cases) // part_rows + 1) as work:
        lay_out(work, cases, Case, "cases", ("setl_id",))
        work.part = None
        closed_year = _a_year(job, work) if year is None else year
        sums, known = sum_pieces(partial(_one_pass, job, work, closed_year, year))
        dated = policy_met(policy, sums, closed_year, gaps)
        values = value_points(dated.policy, closed_year, sums, books, at)
        paid, methods = _pay_parts(job, work, closed_year, (values, known), suffix_of(out) == ".csv")
        dated.warn(stacklevel=2)
        closed = close_year(dated.policy, closed_year, values, paid, books, list(region.institutions))
        if work.reasons or always or Path(rejects).exists():
            write_rows(work, rejects, "rejects", work.rows)
        if closed.clearing is not None or Path(clearing).exists():
            write_clearing(clearing, closed.clearing)
        write_rows(work, out, "paid", work.rows)
    return _result(work, closed_year, methods, values, closed)


def _columns(table: Any) -> dict[str, Any]:
    return frames.columns(table.drop_columns([ROW]), Case)


def _parts(work: Work, what: str) -> Iterator[tuple[int, Any]]:
    """The parts with rows, and the first in any case: it says which columns come out."""
    for at, table in ahead(tables(work, "cases")):
        work.step(what, at, work.parts)
        if table is not None or at == 0:
            yield at, work.empty if table is None else table


def _a_year(job: _Job, work: Work) -> int:
    """A year in which a case is posted; that it is the only one is seen when all parts are read."""
    for _, table in _parts(work, "finding the year"):
        years = prepare_cases(job.policy, _columns(table), job.region, 1).years
        if years:
            return max(years, key=lambda year: years[year])
    return the_year({})


def _one_pass(job: _Job, work: Work, year: int, stated: int | None, known: Mapping[str, Any]) -> CaseSums:
    """What the cases come to; stated: the year, where it is not to be the only one of the cases."""
    sums: CaseSums | None = None
    for _, table in _parts(work, "scoring within quotas" if known else "scoring"):
        found = job.begin(table, year, known)[1]
        sums = found if sums is None else sums + found
    assert sums is not None
    if stated is None:
        the_year(sums.years)
    return sums


def _pay_parts(
    job: _Job, work: Work, year: int, by: tuple[YearValues, Mapping[str, Any]], as_text: bool
) -> tuple[PaidSums, dict[str, MethodSums]]:
    """Pay part after part by the points' values and who is within quotas; what the cases come to, and by method."""
    values, known = by
    sums, methods = PaidSums({}, None), dict[str, MethodSums]()
    for at, table in _parts(work, "paying"):
        scored, _ = job.begin(table, year, known)
        sums = sums + pay_cases(scored, values, job.blocks)
        row, columns, rejects = paid_columns(scored)
        methods = merged(methods, sums_by_method(columns))
        places = rows_of(table)
        if row.size or at == 0:
            _spool_paid(work, at, columns, places[row], as_text)
        renamed = evolve(rejects, row=places[rejects.row])
        work.spool("rejects").write(at, reject_table(renamed, "setl_id"))
        work.reasons.update(renamed.reason)
    for name in ("paid", "rejects"):
        work.spool(name).close()
    return sums, methods


def _spool_paid(work: Work, at: int, columns: Mapping[str, Any], rows: Any, as_text: bool) -> None:
    arrow = import_module("pyarrow")
    cells = (
        {name: arrow.array(column, arrow.string()) for name, column in case_texts(columns).items()}
        if as_text
        else {name: written(column) for name, column in frames.paid_columns(columns).items()}
    )
    work.spool("paid").write(at, arrow.table({**cells, ROW: rows}))


def _result(work: Work, year: int, methods: Mapping[str, MethodSums], values: YearValues, closed: Closed) -> PaidFile:
    return PaidFile(
        rows_in=work.rows,
        paid=work.rows - sum(work.reasons.values()),
        rejected=work.reasons,
        year=year,
        methods=methods,
        pools=closed.pools,
        contracts=values.contracts,
        shared=closed.shared,
        posted=closed.posted,
        clearing=closed.clearing,
        budget_values=values.budget_values(),
    )
