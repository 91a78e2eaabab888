"""What people call: load a policy, settle a bill or a table of bills, reverse, replay, explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload

from mipolicy import batch, packs
from mipolicy.batch import Difference, Gaps, TableResult
from mipolicy.batch.columns import Table
from mipolicy.batch.prepare import BLOCK_ROWS
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.benefits.settlement import Settlement, reverse, settle_bill
from mipolicy.benefits.totals import Totals
from mipolicy.errors import InputError, TableError
from mipolicy.explain import Explanation, explain_settlement
from mipolicy.policy import Mode, Policy
from mipolicy.policy import loads as _loads
from mipolicy.rooms import SECTIONS

if TYPE_CHECKING:
    from mipolicy.annual.result import ClearedYear
    from mipolicy.areas.rates import AreaRates
    from mipolicy.cases.result import PaidTable

__all__ = [
    "AnyTable",
    "clear",
    "explain",
    "explain_case",
    "explain_clearing",
    "explain_rate",
    "explain_settlement",
    "load",
    "loads",
    "pay",
    "rates",
    "resettle",
    "reverse",
    "settle",
]

load = packs.load


class ArrowStream(Protocol):
    """What has the Arrow PyCapsule interface: tables of pyarrow and polars, of pandas, results of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows, in pieces."""


AnyTable: TypeAlias = Table | ArrowStream
"""A mapping of columns, or a table of another library."""
_ARROW = ("__arrow_c_stream__", "__arrow_c_array__")


def _is_plain(table: Any) -> bool:
    """Whether a table is a mapping whose columns `read_table` takes as they are."""
    return isinstance(table, Mapping) and not any(hasattr(each, name) for each in table.values() for name in _ARROW)


def _is_foreign(table: Any) -> bool:
    """Whether a table, or a column of it, is another library's, also where it has no columns to read yet."""
    kept = isinstance(table, Mapping) or any(hasattr(table, name) for name in (*_ARROW, "iloc", "collect"))
    return kept and not _is_plain(table)


def _read(given: Mapping[str, tuple[Any, type[Any]]], names: Mapping[str, str] | None) -> dict[str, Any]:
    """The tables as mappings of what the library reads; those that are so already stay as they are.

    The first table is needed; of the others, those that are None are left out.
    """
    if next(iter(given.values()))[0] is None:
        raise TableError("a Bill or a mapping of columns is due, not NoneType")
    if not names and all(table is None or _is_plain(table) for table, _ in given.values()):
        return {what: table for what, (table, _) in given.items() if table is not None}
    return import_module("mipolicy.interop.frames").tables(given, names)  # type: ignore[no-any-return]


def loads(
    text: str | bytes,
    *,
    base: Policy | None = None,
    name: str = "policy",
    mode: Mode = "strict",
    allow_repealed: bool = False,
) -> Policy:
    """A policy from TOML text, with the sections of this version.

    base: the policy that it `extends`; a bundled pack is found by its id when `base` is left out;
    mode, allow_repealed: see `Policy`.  Raises DocumentError with every mistake and its path.
    """
    policy = _loads(text, SECTIONS, base=base, name=name, find=packs.load)
    return policy.using(mode=mode, allow_repealed=allow_repealed)


@overload
def settle(policy: Policy, bill: Bill, *, lines: Sequence[Line] = (), totals: Totals | None = None) -> Settlement: ...
@overload
def settle(
    policy: Policy,
    bill: AnyTable,
    *,
    lines: AnyTable | None = None,
    names: Mapping[str, str] | None = None,
    totals: Mapping[str, Totals] | None = None,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> TableResult: ...
def settle(policy: Policy, bill: Any, *, lines: Any = None, totals: Any = None, **options: Any) -> Any:
    """Settle one bill, or a table of bills, under the policy in force on each date.

    bill: a `Bill`, or a table whose columns are named as its fields: a mapping of arrays, or a table of pyarrow,
    polars, pandas or DuckDB; lines: its fee lines, or a table of them; totals: what the person, or each person, has
    used before; options: ``names``, column of a table -> field where it is called otherwise, and what
    `mipolicy.batch.settle_table` takes.
    One bill raises InputError, CodeError, PolicyGap, NotInForce or RepealedPolicy; in a table, bad rows are rejects.

    >>> import mipolicy
    >>> policy = mipolicy.load("assumed")
    >>> bill = mipolicy.Bill.from_record({
    ...     "setl_id": "S1", "mdtrt_id": "M1", "psn_no": "P1", "insutype": "310", "psn_type": "11", "med_type": "11",
    ...     "hosp_lv": "05", "medins_kind": "hospital", "medins_ownership": "public", "fixmedins_code": "H1",
    ...     "setl_time": "2025-03-01 09:30:00", "medfee_sumamt": "1000.00", "fulamt_ownpay_amt": "0.00",
    ...     "overlmt_selfpay": "0.00", "preselfpay_amt": "0.00", "inscp_scp_amt": "1000.00"})
    >>> settled = mipolicy.settle(policy, bill)
    >>> settled.setlinfo.fund_pay_sumamt + settled.setlinfo.psn_part_amt
    100000
    """
    if isinstance(bill, Bill):
        if options:
            raise TypeError(f"one bill takes lines and totals only, not {', '.join(options)}")
        return settle_bill(policy, bill, lines=lines or (), totals=totals)
    read = _read({"bills": (bill, Bill), "lines": (lines, Line)}, options.pop("names", None))
    return batch.settle_table(policy, read["bills"], lines=read.get("lines"), totals=totals, **options)


def resettle(
    policy: Policy,
    table: AnyTable,
    *,
    from_: str,
    lines: AnyTable | None = None,
    names: Mapping[str, str] | None = None,
    **options: Any,
) -> list[Difference]:
    """Replay a person's later bills as if a reversed bill had never been, and list what differs.

    table, lines, names: as for `settle`; from_: the `setl_id` of the bill that a row of the table reverses; options: as
    for `mipolicy.batch.settle_table`.
    Raises InputError where the table holds no such bill with its reversal, or rejects one of them.
    """
    read = _read({"bills": (table, Bill), "lines": (lines, Line)}, names)
    return batch.resettle(policy, read["bills"], from_=from_, lines=read.get("lines"), **options)


def pay(policy: Policy, cases: AnyTable, *, names: Mapping[str, str] | None = None, **options: Any) -> PaidTable:
    """Pay a table of cases of a region's year, each by one method, and close the year of each pool.

    cases: a table whose columns are named as the fields of `Case`, of any kind that `settle` takes; names: column of a
    table -> field where it is called otherwise; options: institutions and groups, tables too, and what else
    `mipolicy.cases.pay.pay_table` takes.  Raises what it raises; bad rows are rejects.
    """
    records = import_module("mipolicy.interop.region").RECORDS
    given = {"cases": (cases, import_module("mipolicy.payment.case").Case)}
    read = _read({**given, **{name: (options[name], records[name]) for name in records if name in options}}, names)
    return import_module("mipolicy.cases.pay").pay_table(policy, read.pop("cases"), **{**options, **read})  # type: ignore[no-any-return]


def explain_case(paid: PaidTable, row: int) -> Explanation:
    """Why one case of a paid table is paid as it is: every step with its formula and clauses.

    row: the row of the table that was given, from 0.  Raises InputError for a row that was rejected, with the reason.
    """
    return import_module("mipolicy.cases.explained").explain_case(paid, row)  # type: ignore[no-any-return]


def clear(
    policy: Policy, institutions: AnyTable, *, year: int, names: Mapping[str, str] | None = None, **options: Any
) -> ClearedYear:
    """Clear the budget's year of an area's institutions: who bears what of it, and what is still due to each.

    institutions: a table whose columns are named as the fields of `InstitutionYear`, of any kind that `settle` takes;
    names: column of a table -> field where it is called otherwise; options: results, months, increments, refused,
    tables too, and what else `mipolicy.annual.clear.clear_table` takes.  Raises what it raises; bad rows are rejects.
    """
    records = import_module("mipolicy.annual.records")
    given = {"institutions": (institutions, records.InstitutionYear)}
    beside = {name: (options[name], of) for name, of in records.INSTITUTION_TABLES.items() if name in options}
    read = _read({**given, **beside}, names)
    clear_table = import_module("mipolicy.annual.clear").clear_table
    return clear_table(policy, read.pop("institutions"), year=year, **{**options, **read})  # type: ignore[no-any-return]


def explain_clearing(cleared: ClearedYear, row: int) -> Explanation:
    """Why one institution of a cleared table is cleared as it is: every step with its formula and clauses.

    row: the row of the table that was given, from 0.  Raises InputError for a row that was rejected, with the reason.
    """
    return import_module("mipolicy.annual.explained").explain_clearing(cleared, row)  # type: ignore[no-any-return]


def rates(
    policy: Policy, settlements: AnyTable | None = None, *, names: Mapping[str, str] | None = None, **options: Any
) -> AreaRates:
    """The rates of an area from a table of settlements, from totals of named quantities, or both; targets on a day.

    settlements: a table with national field names, of any kind that `settle` takes; names: its column -> the name by
    which the policy knows it, where it is called otherwise; options: by, totals, observed (tables too), on, targets,
    and what else `mipolicy.areas.rates.make_rates` takes.  Raises what it raises; bad rows are rejects, results add.
    """
    if names or _is_foreign(settlements):
        settlements = import_module("mipolicy.interop.frames").settlements(settlements, names)
    for what in ("totals", "observed"):
        if _is_foreign(options.get(what)):
            options[what] = import_module("mipolicy.interop.frames").listed(options[what], what)
    return import_module("mipolicy.areas.rates").make_rates(policy, settlements, **options)  # type: ignore[no-any-return]


def explain_rate(found: AreaRates, row: int | str) -> Explanation:
    """Why one rate is what it is: its quantities with their conditions, numerator, denominator, clauses, targets.

    row: a row of `found.rates`, from 0, or the id of an indicator, of the whole area.  Raises InputError.
    """
    return import_module("mipolicy.areas.explained").explain_rate(found, row)  # type: ignore[no-any-return]


def explain(
    policy: Policy,
    bill: Bill | AnyTable,
    *,
    row: int | None = None,
    lines: Any = None,
    totals: Any = None,
    names: Mapping[str, str] | None = None,
) -> Explanation:
    """Why a bill, or one row of a table, is settled as it is: every step with its formula and clauses.

    bill, lines, names: as for `settle`; row: the row of a table, from 0; the earlier rows of its person are settled
    first, so that the totals are those the row met.
    Raises what `settle` raises for one bill; InputError for a row that the table rejects.
    """
    if isinstance(bill, Bill):
        return explain_settlement(settle_bill(policy, bill, lines=lines or (), totals=totals))
    if row is None:
        raise InputError("say which row of the table to explain: row=0 is the first")
    read = _read({"bills": (bill, Bill), "lines": (lines, Line)}, names)
    return explain_settlement(batch.settlement_of(policy, read["bills"], row, lines=read.get("lines"), totals=totals))
