"""A table of fee lines joined to its bills by `mdtrt_id`: orphans and faulty lines set apart, parts summed by bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table, read_table
from mipolicy.benefits.fee_lines import Line, LineTable, SplitLines, split_lines
from mipolicy.benefits.settlement import catalogue_terms, parts_of_lines
from mipolicy.benefits.statement import Parts
from mipolicy.calendar import as_date
from mipolicy.errors import Fault, NotInForce, PolicyGap
from mipolicy.money import Column
from mipolicy.policy import Policy
from mipolicy.texts import Coded

if TYPE_CHECKING:
    from mipolicy.batch.prepare import Faults

__all__ = ["LineParts", "split_table_lines"]


@frozen
class LineParts:
    """What the lines say of each bill.

    has_lines: whether a bill has any; parts: summed by bill; split: the lines themselves; faults: line row -> why.
    """

    has_lines: Any
    parts: Parts[Column]
    split: SplitLines
    faults: dict[int, Fault]
    ids: tuple[str, ...]


def split_table_lines(
    policy: Policy,
    lines: Table,
    bills: ReadTable,
    reversal: Column,
    on: Column,
    faults: Faults,
    gaps: list[tuple[PolicyGap, int]],
) -> LineParts:
    """Split a table of fee lines and sum them by bill.

    bills: the bills read; reversal: bills that take no lines; on: the day that chooses each bill's terms;
    faults: of the bills, to which a faulty line is added.  gaps: to which what the catalogue leaves open is added.
    Raises TableError.
    """
    read = read_table(lines, Line, "lines")
    texts = {"mdtrt_id", "feedetl_sn", "med_list_codg"}
    columns: dict[str, Any] = {
        name: Coded.of(column) if name in texts else column for name, column in read.columns.items()
    }
    table = LineTable(**columns)
    line_faults = dict(read.faults)
    bill = _bill_of(table, bills, reversal, faults)
    for row in np.flatnonzero(bill < 0):
        missing = table.mdtrt_id.values[table.mdtrt_id.codes[row]]
        line_faults.setdefault(int(row), Fault("orphan", f"no bill has mdtrt_id {missing}"))
    _pass_on(line_faults, bill, faults)
    has_lines = np.zeros(bills.rows, bool)
    has_lines[bill[bill >= 0]] = True
    kept = np.flatnonzero((bill >= 0) & ~faults.bad[bill])
    some = table.take(kept)
    needs_items = bool((some.chrgitm_lv.figures(lambda text: int(text == ""))).any())
    version, terms = _catalogues(policy, np.unique(bill[kept]), on, faults, gaps, needs_items, bills.rows)
    still = kept[~faults.bad[bill[kept]]]
    split = split_lines(table.take(still), bill[still], terms, version, policy.header.region)
    found = {int(still[row]): fault for row, fault in split.faults.items()}
    _pass_on(found, bill, faults)
    return LineParts(
        has_lines,
        parts_of_lines(split, bills.rows),
        split,
        {**line_faults, **found},
        _ids(table, {**line_faults, **found}),
    )


def _ids(table: LineTable, faults: dict[int, Fault]) -> tuple[str, ...]:
    return tuple(table.feedetl_sn.values[table.feedetl_sn.codes[row]] for row in faults)


def _bill_of(table: LineTable, bills: ReadTable, reversal: Column, faults: Faults) -> Column:
    """The bill row of each line, -1 for orphans; two bills that share an encounter cannot share its lines."""
    ids = Coded.of(bills.columns["mdtrt_id"])
    places = np.full(len(ids.values), -1, np.int64)
    takes = np.flatnonzero(reversal == 0)
    places[ids.codes[takes][::-1]] = takes[::-1]
    bill = places[np.array([ids.positions.get(text, -1) for text in table.mdtrt_id.values] or [-1], np.int64)]
    bill[[text not in ids.positions for text in table.mdtrt_id.values] or [True]] = -1
    counts = np.bincount(ids.codes[takes], minlength=len(ids.values))
    named = np.zeros(len(ids.values), bool)
    named[[ids.positions[text] for text in table.mdtrt_id.values if text in ids.positions]] = True
    shared = takes[(counts[ids.codes[takes]] > 1) & named[ids.codes[takes]]]
    message = "two bills share this mdtrt_id, so its lines cannot be told apart"
    faults.mark(shared, Fault("lines", message))
    return bill[table.mdtrt_id.codes]


def _pass_on(line_faults: dict[int, Fault], bill: Column, faults: Faults) -> None:
    for row, fault in line_faults.items():
        if bill[row] >= 0:
            faults.mark(bill[row : row + 1], fault)


def _catalogues(
    policy: Policy,
    bills: Column,
    on: Column,
    faults: Faults,
    gaps: list[tuple[PolicyGap, int]],
    needs_items: bool,
    rows: int,
) -> tuple[Column, list[Any]]:
    """The catalogue terms that occur, and which of them each bill has."""
    version = np.zeros(rows, np.int64)
    terms: list[Any] = []
    places: dict[tuple[int, int], int] = {}
    open_: dict[str, list[Any]] = {}
    distinct, at = np.unique(on[bills], return_inverse=True)
    for day in range(len(distinct)):
        of_day = bills[at == day]
        try:
            found = catalogue_terms(policy, as_date(int(distinct[day])), needs_items)
        except NotInForce as error:
            faults.mark(of_day, Fault("not_in_force", str(error)))
            continue
        except PolicyGap as gap:
            of_gap = open_.setdefault(str(gap), [gap, 0])
            of_gap[1] += len(of_day)
            faults.mark(of_day, Fault("gap", str(gap).splitlines()[0].rstrip(":")))
            continue
        key = (id(found[0]), id(found[1]))
        if key not in places:
            places[key] = len(terms)
            terms.append(found)
        version[of_day] = places[key]
    gaps += [(gap, count) for gap, count in open_.values()]
    return version, terms
