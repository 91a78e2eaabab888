"""What people call: load a policy, settle a bill or a table of bills, reverse, replay, explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

from mipolicy import batch, packs
from mipolicy.batch import Gaps, TableResult
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
resettle = batch.resettle


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
    bill: Table,
    *,
    lines: Table | None = None,
    totals: Mapping[str, Totals] | None = None,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> TableResult: ...
def settle(policy: Policy, bill: Any, *, lines: Any = None, totals: Any = None, **options: Any) -> Any:
    """Settle one bill, or a table of bills, under the policy in force on each date.

    bill: a `Bill`, or a mapping of columns named as its fields; lines: its fee lines, or a table of them;
    totals: what the person, or each person, has used before; options: see `mipolicy.batch.settle_table`.
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
    if not isinstance(bill, Mapping):
        raise TableError(f"a Bill or a mapping of columns is due, not {type(bill).__name__}")
    return batch.settle_table(policy, bill, lines=lines, totals=totals, **options)


def pay(policy: Policy, cases: Table, **options: Any) -> PaidTable:
    """Pay a table of cases of a region's year, each by one method, and close the year of each pool.

    cases: a mapping of columns named as the fields of `Case`; options: institutions and groups, and what else
    `mipolicy.cases.pay.pay_table` takes.  Raises what it raises; bad rows are rejects.
    """
    return import_module("mipolicy.cases.pay").pay_table(policy, cases, **options)  # type: ignore[no-any-return]


def explain_case(paid: PaidTable, row: int) -> Explanation:
    """Why one case of a paid table is paid as it is: every step with its formula and clauses.

    row: the row of the table that was given, from 0.  Raises InputError for a row that was rejected, with the reason.
    """
    return import_module("mipolicy.cases.explained").explain_case(paid, row)  # type: ignore[no-any-return]


def clear(policy: Policy, institutions: Table, *, year: int, **options: Any) -> ClearedYear:
    """Clear the budget's year of an area's institutions: who bears what of it, and what is still due to each.

    institutions: a mapping of columns named as the fields of `InstitutionYear`; options: results, months, increments,
    and what else `mipolicy.annual.clear.clear_table` takes.  Raises what it raises; bad rows are rejects.
    """
    clear_table = import_module("mipolicy.annual.clear").clear_table
    return clear_table(policy, institutions, year=year, **options)  # type: ignore[no-any-return]


def explain_clearing(cleared: ClearedYear, row: int) -> Explanation:
    """Why one institution of a cleared table is cleared as it is: every step with its formula and clauses.

    row: the row of the table that was given, from 0.  Raises InputError for a row that was rejected, with the reason.
    """
    return import_module("mipolicy.annual.explained").explain_clearing(cleared, row)  # type: ignore[no-any-return]


def rates(policy: Policy, settlements: Table | None = None, **options: Any) -> AreaRates:
    """The rates of an area from a table of settlements, from totals of named quantities, or both; targets on a day.

    settlements: a mapping of columns with national field names; options: by, totals, observed, on, targets, and what
    else `mipolicy.areas.rates.make_rates` takes.  Raises what it raises; bad rows are rejects, and results add.
    """
    return import_module("mipolicy.areas.rates").make_rates(policy, settlements, **options)  # type: ignore[no-any-return]


def explain_rate(found: AreaRates, row: int | str) -> Explanation:
    """Why one rate is what it is: its quantities with their conditions, numerator, denominator, clauses, targets.

    row: a row of `found.rates`, from 0, or the id of an indicator, of the whole area.  Raises InputError.
    """
    return import_module("mipolicy.areas.explained").explain_rate(found, row)  # type: ignore[no-any-return]


def explain(
    policy: Policy,
    bill: Bill | Table,
    *,
    row: int | None = None,
    lines: Any = None,
    totals: Any = None,
) -> Explanation:
    """Why a bill, or one row of a table, is settled as it is: every step with its formula and clauses.

    row: the row of a table, from 0; the person's earlier rows are settled first, so that the totals are those the row
    met.  Raises what `settle` raises for one bill; InputError for a row that the table rejects.
    """
    if isinstance(bill, Bill):
        return explain_settlement(settle_bill(policy, bill, lines=lines or (), totals=totals))
    if row is None:
        raise InputError("say which row of the table to explain: row=0 is the first")
    return explain_settlement(batch.settlement_of(policy, bill, row, lines=lines, totals=totals))
