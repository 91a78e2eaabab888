"""One row of a table as a settlement of its own: the person's earlier rows first, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.reversals import match_reversals
from mipolicy.batch.route import prepare
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.benefits.settlement import Settlement, reverse, settle_bill
from mipolicy.benefits.totals import Totals
from mipolicy.calendar import NO_DAY, as_date
from mipolicy.policy import Policy
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["settlement_of"]


def settlement_of(
    policy: Policy, table: Table, row: int, *, lines: Table | None = None, totals: Mapping[str, Totals] | None = None
) -> Settlement:
    """The settlement of one row, as the table form gives it.

    Raises InputError for a row that is not there or that the table rejects, with the reason.
    """
    prepared = prepare(policy, table, lines, "reject")
    original = match_reversals(prepared)
    prepared.faults.refuse(row)
    person = int(prepared.person.codes[row])
    psn_no = prepared.person.values[person]
    mine = np.flatnonzero((prepared.person.codes == person) & ~prepared.faults.bad)
    ids, when = prepared.read.columns["setl_id"], prepared.read.columns["setl_time"].astype(np.int64)
    order = sorted(mine.tolist(), key=lambda at: (when[at], _at(ids, at)))
    of_lines = _lines(lines, {str(_at(prepared.read.columns["mdtrt_id"], at)) for at in order})
    now = (totals or {}).get(psn_no, Totals(psn_no))
    done: dict[int, Settlement] = {}
    for at in order:
        if original[at] >= 0:
            done[at] = reverse(done[int(original[at])], totals=now)
        else:
            bill = _bill(prepared.read, at)
            done[at] = settle_bill(policy, bill, lines=of_lines.get(bill.mdtrt_id, ()), totals=now)
        now = done[at].totals
        if at == row:
            break
    return done[row]


def _at(column: Any, row: int) -> Any:
    return column.values[column.codes[row]] if isinstance(column, Coded) else column[row]


def _bill(read: ReadTable, row: int) -> Bill:
    values: dict[str, Any] = {}
    for each in attrs.fields(Bill):
        value = _at(read.columns[each.name], row)
        kind = each.metadata["kind"]
        if kind == "fen":
            values[each.name] = None if int(value) == NO_AMOUNT else int(value)
        elif kind == "date":
            values[each.name] = None if int(value) == NO_DAY else as_date(int(value))
        elif kind == "time":
            values[each.name] = value.item()
        else:
            values[each.name] = str(value)
    return Bill(**values)


def _lines(lines: Table | None, wanted: set[str]) -> dict[str, list[Line]]:
    """The fee lines of the encounters wanted."""
    if lines is None:
        return {}
    read = read_table(lines, Line, "lines")
    found: dict[str, list[Line]] = {}
    encounters = Coded.of(read.columns["mdtrt_id"])
    rows = np.flatnonzero(encounters.figures(lambda text: int(text in wanted)))
    for row in rows.tolist():
        values: dict[str, Any] = {}
        for each in attrs.fields(Line):
            value = _at(read.columns[each.name], row)
            kind = each.metadata["kind"]
            if kind == "date":
                values[each.name] = None if int(value) == NO_DAY else as_date(int(value))
            else:
                values[each.name] = int(value) if kind in ("fen", "price", "quantity", "rate") else str(value)
        found.setdefault(values["mdtrt_id"], []).append(Line(**values))
    return found
