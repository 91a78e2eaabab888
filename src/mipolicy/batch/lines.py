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
from mipolicy.texts import Coded

if TYPE_CHECKING:
    from mipolicy.batch.dated import Faults
    from mipolicy.batch.prepare import Prepared

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


def split_table_lines(prepared: Prepared, lines: Table) -> LineParts:
    """Split a table of fee lines and sum them by bill; a faulty line is a fault of its bill, and names itself.

    Raises TableError.
    """
    read = read_table(lines, Line, "lines")
    texts = {"mdtrt_id", "feedetl_sn", "med_list_codg"}
    columns: dict[str, Any] = {
        name: Coded.of(column) if name in texts else column for name, column in read.columns.items()
    }
    table = LineTable(**columns)
    faults, count = prepared.faults, prepared.read.rows
    line_faults = {
        row: Fault(fault.reason, f"line {_name(table, row)}: {fault.message}") for row, fault in read.faults.items()
    }
    bill = _bill_of(table, prepared)
    for row in np.flatnonzero(bill < 0):
        missing = table.mdtrt_id.values[table.mdtrt_id.codes[row]]
        line_faults.setdefault(int(row), Fault("orphan", f"no bill has mdtrt_id {missing}"))
    _pass_on(line_faults, bill, faults)
    has_lines = np.zeros(count, bool)
    has_lines[bill[bill >= 0]] = True
    routable = prepared.routable()
    kept = np.flatnonzero(bill >= 0)
    kept = kept[routable[bill[kept]]]
    unstated = table.chrgitm_lv.take(kept).figures(lambda text: int(text == "")) == 1
    version, terms = _catalogues(prepared, np.unique(bill[kept]), np.unique(bill[kept[unstated]]))
    still = kept[~faults.bad[bill[kept]]]
    split = split_lines(table.take(still), bill[still], terms, version, prepared.dated.policy.header.region)
    found = {int(still[row]): fault for row, fault in split.faults.items()}
    _pass_on(found, bill, faults)
    every = dict(sorted({**line_faults, **found}.items()))
    ids = tuple(table.feedetl_sn.values[table.feedetl_sn.codes[row]] for row in every)
    return LineParts(has_lines, parts_of_lines(split, count), split, every, ids)


def _name(table: LineTable, row: int) -> str:
    """The id of a line, or its row where it has none."""
    return table.feedetl_sn.values[table.feedetl_sn.codes[row]] or f"in row {row}"


def _bill_of(table: LineTable, prepared: Prepared) -> Column:
    """The bill row of each line, -1 for orphans; two bills that share an encounter cannot share its lines."""
    ids = Coded.of(prepared.read.columns["mdtrt_id"])
    takes = np.flatnonzero(prepared.figures.reversal == 0)
    first = dict(zip(ids.codes[takes][::-1].tolist(), takes[::-1].tolist(), strict=True))
    counts = np.bincount(ids.codes[takes], minlength=len(ids.values))
    bill = table.mdtrt_id.figures(lambda text: first.get(ids.positions.get(text, -1), -1))
    named = bill[bill >= 0]
    shared = np.unique(ids.codes[named[counts[ids.codes[named]] > 1]])
    message = "two bills share this mdtrt_id, so its lines cannot be told apart"
    prepared.faults.mark(takes[np.isin(ids.codes[takes], shared)], Fault("lines", message))
    return bill


def _pass_on(line_faults: dict[int, Fault], bill: Column, faults: Faults) -> None:
    for row in sorted(line_faults):
        if bill[row] >= 0:
            faults.mark(bill[row : row + 1], line_faults[row])


def _catalogues(prepared: Prepared, bills: Column, need_items: Column) -> tuple[Column, list[Any]]:
    """The catalogue terms that occur, and which of them each bill has; need_items: bills with a line that they tell."""
    version = np.zeros(prepared.read.rows, np.int64)
    terms: list[Any] = []
    places: dict[tuple[int, int], int] = {}
    # bills of one day and one need are looked at together
    distinct, at = np.unique(2 * prepared.on[bills] + np.isin(bills, need_items), return_inverse=True)
    for place, key in enumerate(distinct.tolist()):
        day, needed = divmod(key, 2)
        here = bills[at == place]
        try:
            found = catalogue_terms(prepared.dated.policy, as_date(day), bool(needed))
        except NotInForce as error:
            prepared.faults.mark(here, Fault("not_in_force", str(error)))
            continue
        except PolicyGap as gap:
            prepared.dated.meets(gap, here)
            continue
        prepared.dated.use("catalogue", day, len(here))
        if found[1] is not None:
            prepared.dated.use("catalogue_items", day, len(here))
        which = (id(found[0]), id(found[1]))
        if which not in places:
            places[which] = len(terms)
            terms.append(found)
        version[here] = places[which]
    return version, terms
