"""Settling and paying on any engine: which rows go together, what is asked of each part, what the parts come to.

An engine says how it hands all rows of a part to one call, and how it brings small tables home (`Engine`).
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from importlib import import_module
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from mipolicy.batch import Gaps, settle_table
from mipolicy.batch.columns import Table
from mipolicy.batch.work import Work
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.totals import Totals
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
from mipolicy.cases.pay import check_options, paid_columns
from mipolicy.cases.pieces import policy_met, sum_pieces
from mipolicy.cases.quotas import Piece
from mipolicy.cases.region import Region, read_region
from mipolicy.cases.result import CASE_OUTPUTS
from mipolicy.cases.year import At
from mipolicy.errors import MipolicyError
from mipolicy.interop import frames
from mipolicy.interop.arrow import pyarrow, written
from mipolicy.interop.engines.batches import (
    IDS,
    REJECT,
    check_names,
    ids_of,
    persons_who_meet,
    settle_arrow,
    settled_schema,
    with_rejects,
)
from mipolicy.interop.region import RECORDS
from mipolicy.payment.case import Case
from mipolicy.policy import Policy
from mipolicy.tables import Axis

__all__ = ["Engine", "PaidYear", "paid_schema", "pay", "settle"]

_PLACES: Final = {"fen": 2, "points": 4}
_SUMS: Final = "sums"


class Engine(Protocol):
    """What shares out a table."""

    def names(self, table: Any) -> Sequence[str]:
        """The columns of a table."""

    def mapped(self, table: Any, names: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        """What `work` makes of any piece of some columns of a table, lazily; work: as for `each`."""

    def each(self, table: Any, by: str, together: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        """What `work` makes of each part of a table, lazily, as a table of the engine.

        by: the column whose equal values are in one part; together: values of it that are in one part too; work: takes
        and gives a pyarrow.Table, of `schema`.
        """

    def home(self, table: Any, schema: Any) -> Any:
        """A small table of the engine as a pyarrow.Table; schema: of it, for one without rows."""


# ---- who goes together -----------------------------------------------------------------------------------------------


def _together(engine: Engine, table: Any, of: str) -> list[str]:
    """The persons who share an id with another, in one sweep over the ids."""
    arrow, names = import_module("pyarrow"), engine.names(table)
    needed = ["psn_no", *(name for kind in IDS[of] for name in kind if name in names)]
    person = ("psn_no", arrow.string())
    ids = engine.mapped(table, needed, partial(ids_of, of=of), arrow.schema([("id", arrow.int64()), person]))
    schema = arrow.schema([person])
    met = engine.each(ids, "id", (), persons_who_meet, schema)
    return sorted(set(engine.home(met, schema).column("psn_no").to_pylist()))


# ---- settling --------------------------------------------------------------------------------------------------------


def settle(
    engine: Engine,
    policy: Policy,
    bills: Any,
    *,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    totals: Mapping[str, Totals] | None = None,
    ids_apart: bool = False,
) -> Any:
    """Settle a table of an engine, each person's bills in one part, into one of `settled_schema`.

    columns, gaps, totals: as for `mipolicy.settle`; ids_apart: it is known that no two persons have a settlement or
    an encounter in common, which saves the search for them.
    Raises TableError for columns that are missing, unknown or cannot be kept; what is wrong with cells, and a BatchGap,
    comes out when the engine works.
    """
    schema = settled_schema(columns)
    settle_table(policy, check_names(engine.names(bills), Bill), columns=columns, gaps=gaps)
    together = [] if ids_apart else _together(engine, bills, "bills")
    work = partial(_settle, policy=policy, columns=columns, gaps=gaps, totals=totals)
    return engine.each(bills, "psn_no", together, work, schema)


def _settle(bills: Any, policy: Policy, **options: Any) -> Any:
    return settle_arrow(policy, bills, threads=1, **options)


# ---- paying ----------------------------------------------------------------------------------------------------------


def paid_schema() -> Any:
    """The pyarrow.Schema of paid cases: the columns of `CASE_OUTPUTS`, then those of `REJECT`.

    Raises TableError without pyarrow.
    """
    arrow = pyarrow("paying in batches")
    fields = []
    for name, unit in CASE_OUTPUTS.items():
        figures = not isinstance(unit, Axis) and unit in _PLACES
        fields.append((name, arrow.decimal128(18, _PLACES[unit]) if figures else arrow.string()))  # type: ignore[index]
    return arrow.schema([*fields, *((name, arrow.string()) for name in REJECT)])


@frozen(eq=False)
class _Job:
    """What every part is paid by."""

    policy: Policy
    region: Region
    books: Books
    year: int
    at: At
    known: Mapping[str, Any]

    def scored(self, cases: Table) -> tuple[Scored, CaseSums]:
        """The cases of a part with their points, and what they come to."""
        scored = begin(self.policy, cases, self.region, self.year, "reject", Work(), Piece(self.known))
        return scored, sum_cases(scored, self.books, self.at)

    def sums(self, cases: Any) -> Any:
        """What the cases of a part come to, or the error that stops it."""
        try:
            return _packed(self.scored(frames.columns(cases, Case))[1])
        except MipolicyError as error:
            return _packed(error)

    def paid_sums(self, cases: Any, values: YearValues) -> Any:
        """What the paid cases of a part come to."""
        scored, _ = self.scored(frames.columns(cases, Case))
        return _packed(pay_cases(scored, values, Work()))

    def paid(self, cases: Any, values: YearValues) -> Any:
        """The cases of a part, paid or rejected, in their order."""
        scored, _ = self.scored(frames.columns(cases, Case))
        pay_cases(scored, values, Work())
        row, columns, rejects = paid_columns(scored)
        typed = {name: written(column) for name, column in frames.paid_columns(columns).items()}
        table = import_module("pyarrow").table(typed)
        return with_rejects(paid_schema(), table, row, rejects, cases)


@frozen(eq=False)
class PaidYear:
    """A region's year paid on an engine.

    cases: a table of the engine, of `paid_schema`, worked out when it is asked for; values: what each pool pays for a
    point.
    """

    cases: Any
    values: YearValues
    _close: Callable[[], Closed]

    @property
    def budget_values(self) -> Mapping[str, int]:
        """What a point is worth where cases are paid at the budget value, in millionths of a yuan."""
        return self.values.budget_values()

    @property
    def contracts(self) -> tuple[PaidContract, ...]:
        """The contracts by the head, with what they come to."""
        return self.values.contracts

    def close(self) -> Closed:
        """Close the pools, and the accounts where they are given; this pays every case once more.

        Raises TableError, InputError, PolicyGap.
        """
        return self._close()


def pay(
    engine: Engine,
    policy: Policy,
    cases: Any,
    *,
    year: int,
    at: At = "settlement",
    gaps: Gaps = "raise",
    ids_apart: bool = False,
    **tables: Any,
) -> PaidYear:
    """Pay a table of an engine in two passes: what all cases come to, then each case by what follows of that.

    year: the year that is closed; tables: institutions and groups, and what else `mipolicy.pay` takes of the region, of
    any kind that it takes; at, gaps: as there; ids_apart: it is known that no two persons have a settlement in common,
    which saves the search for them.
    The first pass is made at once, and again where reviews or high outliers are ranked within a quota.
    Raises what `mipolicy.pay` raises.
    """
    check_options(at, gaps, None, 1)
    job = _job(policy, tables, year, at)
    _, none = job.scored(check_names(engine.names(cases), Case))
    together = [] if ids_apart else _together(engine, cases, "cases")
    by_person = partial(engine.each, cases, "psn_no", together)

    def run(work: Callable[[Any], Any]) -> list[Any]:
        schema = import_module("pyarrow").schema([(_SUMS, "binary")])
        return _unpacked(engine.home(by_person(work, schema), schema))

    def sums_with(known: Mapping[str, Any]) -> CaseSums:
        return reduce(CaseSums.__add__, run(evolve(job, known=known).sums), none)

    sums, known = sum_pieces(sums_with)
    job = evolve(job, known=known)
    dated = policy_met(policy, sums, year, gaps)
    dated.warn(stacklevel=3)
    used = dated.policy
    values = value_points(used, year, sums, job.books, at)

    def close() -> Closed:
        paid = reduce(PaidSums.__add__, run(partial(job.paid_sums, values=values)), PaidSums({}, None))
        return close_year(used, year, values, paid, job.books, list(job.region.institutions))

    return PaidYear(by_person(partial(job.paid, values=values), paid_schema()), values, close)


def _job(policy: Policy, tables: Mapping[str, Any], year: int, at: At) -> _Job:
    """What parts are paid by, out of the region's tables.

    Raises TypeError, TableError.
    """
    if unknown := ", ".join(name for name in tables if name not in RECORDS):
        raise TypeError(f"pay takes the tables {', '.join(RECORDS)}, not {unknown}")
    read = frames.tables({name: (tables[name], record) for name, record in RECORDS.items() if name in tables})
    contracts, accounts = read.pop("contracts", None), read.pop("accounts", None)
    region = read_region(**read)
    books = Books(read_contracts(contracts, region), None if accounts is None else read_accounts(accounts, region))
    return _Job(policy, region, books, year, at, {})


def _packed(sums: CaseSums | PaidSums | MipolicyError) -> Any:
    arrow = import_module("pyarrow")
    return arrow.table({_SUMS: arrow.array([pickle.dumps(sums)], arrow.binary())})


def _unpacked(table: Any) -> list[Any]:
    """The sums of every part; raises the first error, in the order of their texts, so that parts do not matter."""
    found = [pickle.loads(bytes(each)) for each in table.column(_SUMS).to_pylist()]  # written by the parts themselves
    errors = sorted((each for each in found if isinstance(each, MipolicyError)), key=str)
    if errors:
        raise errors[0]
    return found
