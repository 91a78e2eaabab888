"""Settle a table of bills: prepare, match reversals, split stays, carry the totals, collect what is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.carry import Rows, carry
from mipolicy.batch.columns import Table
from mipolicy.batch.dated import Gaps
from mipolicy.batch.ledger import Ledger
from mipolicy.batch.numbers import Numbers
from mipolicy.batch.parts import rows_of
from mipolicy.batch.pool import mapped
from mipolicy.batch.prepare import BLOCK_ROWS, Prepared, is_uniform
from mipolicy.batch.result import MOVED, OUTPUTS, Rejects, TableResult, TotalsTable, not_kept
from mipolicy.batch.reversals import match_reversals
from mipolicy.batch.route import prepare
from mipolicy.benefits.totals import Totals
from mipolicy.errors import InputError, TableError
from mipolicy.money import Column
from mipolicy.policy import Policy
from mipolicy.texts import Coded

__all__ = ["Difference", "resettle", "settle_table"]

_LABELS: Final = ("setl_id", "mdtrt_id", "psn_no", "section", "version", "year", "after_reject")
"""Columns that say which row it is and where it was settled, beside the numbers."""


def settle_table(
    policy: Policy,
    table: Table,
    *,
    lines: Table | None = None,
    totals: Mapping[str, Totals] | None = None,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> TableResult:
    """Settle a table of bills, each person's in order of time, ties by `setl_id`.

    table: columns named as the fields of `Bill`; lines: columns named as those of `Line`, joined by `mdtrt_id`;
    totals: what persons have used before; columns: which of the labels and `OUTPUTS` to keep (all);
    gaps: "raise" before row 1, or "reject" the rows that meet one;
    threads: one per core by default; block_rows: rows settled at a time.
    Raises TableError, BatchGap, RepealedPolicy.  Bad rows go to the rejects with their reason.
    """
    kept = (*_LABELS, *OUTPUTS) if columns is None else tuple(columns)
    unknown = [name for name in kept if name not in OUTPUTS and name not in _LABELS]
    if unknown:
        raise not_kept(unknown, (*_LABELS, *OUTPUTS))
    if block_rows < 1 or (threads is not None and threads < 1):
        raise TableError("block_rows and threads must be at least 1")
    if gaps not in ("raise", "reject"):
        raise TableError(f"gaps takes 'raise' or 'reject', not {gaps!r}")
    column = next(iter(table.values()), ())
    workers = _threads(threads, len(column) if hasattr(column, "__len__") else 0)
    prepared = prepare(policy, table, lines, gaps, workers)
    prepared.dated.warn(stacklevel=4)
    rows = rows_of(prepared, match_reversals(prepared))
    years = _years(rows)
    rows = attrs.evolve(rows, year=_places(years, rows.year))
    ledger = Ledger.opened(prepared.person.positions, years, totals or {})
    working = {name: np.zeros(len(rows.run), np.int64) for name in kept if name in OUTPUTS}
    ids = prepared.read.columns["setl_id"]

    def tie(row: int) -> tuple[str, int]:
        return (_text(ids, rows.source(row)), row)

    carry(rows, ledger, working, tie=tie, threads=workers, block_rows=block_rows)
    return _result(prepared, rows, kept, working, ledger, workers)


def _years(rows: Rows) -> tuple[int, ...]:
    """The years of the rows that are settled."""
    if is_uniform(rows.year) and rows.year.size:
        return (int(rows.year[0]),) if len(rows.active) else ()
    first = int(rows.year.min()) if len(rows.year) else 0
    return tuple((np.flatnonzero(np.bincount(rows.year[rows.active] - first)) + first).tolist())


def _places(years: tuple[int, ...], year: Column) -> Any:
    """The place of each row's year among the years that occur."""
    if len(years) == 1:
        return np.broadcast_to(np.int64(0), year.shape)
    return np.searchsorted(np.array(years, np.int64), year)


def _threads(asked: int | None, rows: int) -> int:
    if asked is not None:
        return asked
    return min(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count() or 1, 1 + rows // 20_000)


def _result(
    prepared: Prepared, rows: Rows, kept: Sequence[str], working: Mapping[str, Column], ledger: Ledger, threads: int
) -> TableResult:
    read, why = prepared.read, prepared.faults.why
    good = prepared.faults.good()
    whole = slice(None) if len(good) == read.rows else good

    def column(name: str) -> Any:
        if name not in working:
            return _taken(_label(prepared, rows, name), whole)
        _fold(name, working[name], rows.parts_of)
        return _taken(working[name][: read.rows], whole)

    def rejected() -> Rejects:
        bad = np.array(sorted(why), np.int64)
        ids = np.asarray(_taken(read.columns["setl_id"], bad)).tolist()
        faults = [why[row] for row in bad.tolist()]
        return Rejects(
            bad, tuple(ids), tuple(fault.reason for fault in faults), tuple(fault.message for fault in faults)
        )

    tasks: list[Callable[[], Any]] = [rejected, *(partial(column, name) for name in kept)]
    rejects, *columns_kept = mapped(lambda task: task(), tasks, threads)
    columns = dict(zip(kept, columns_kept, strict=True))
    return TableResult(read.rows, good, columns, rejects, _line_rejects(prepared), TotalsTable(ledger))


def _label(prepared: Prepared, rows: Rows, name: str) -> Any:
    run = rows.run[: prepared.read.rows]
    if name == "section":
        return Coded(np.maximum(run, 0).astype(np.int32), tuple(each.section for each in prepared.runs) or ("",))
    if name == "version":
        return Coded(np.maximum(run, 0).astype(np.int32), tuple(each.version.name for each in prepared.runs) or ("",))
    if name == "year":
        return prepared.year
    return _after_reject(prepared) if name == "after_reject" else prepared.read.columns[name]


def _taken(column: Any, rows: Any) -> Any:
    return column[rows] if isinstance(column, np.ndarray) and isinstance(rows, slice) else column.take(rows)


def _fold(name: str, column: Column, parts_of: Mapping[int, tuple[int, ...]]) -> None:
    """Put the parts of split stays together in the stay's row: what moves adds up, other steps are the last part's."""
    for row, parts in parts_of.items():
        column[row] = column[list(parts)].sum() if name in MOVED else column[parts[-1]]


def _after_reject(prepared: Prepared) -> Column:
    """1 for rows of a person that come after one that was rejected; a rejected row without a time comes before all."""
    flags = np.zeros(prepared.read.rows, np.int64)
    bad = np.flatnonzero(prepared.faults.bad)
    if not bad.size:
        return flags
    when = prepared.read.columns["setl_time"].astype(np.int64)
    person = prepared.person.codes
    earliest = np.full(len(prepared.person.values), np.iinfo(np.int64).max)
    np.minimum.at(earliest, person[bad], when[bad])
    nobody = prepared.person.positions.get("")
    if nobody is not None:
        earliest[nobody] = np.iinfo(np.int64).max
    flags[when > earliest[person]] = 1
    ids = prepared.read.columns["setl_id"]
    tied = np.flatnonzero(when == earliest[person]).tolist()
    first: dict[int, str] = {}
    for row in tied:
        if prepared.faults.bad[row]:
            first[int(person[row])] = min(_text(ids, row), first.get(int(person[row]), _text(ids, row)))
    for row in tied:
        flags[row] = _text(ids, row) > first[int(person[row])]
    return flags


def _text(ids: Any, row: int) -> str:
    return ids.values[ids.codes[row]] if isinstance(ids, Coded) else str(ids[row])


def _line_rejects(prepared: Prepared) -> Rejects:
    lines = prepared.line_parts
    if lines is None:
        return Rejects(np.empty(0, np.int64), (), (), ())
    faults = list(lines.faults.values())
    return Rejects(
        np.array(list(lines.faults), np.int64),
        lines.ids,
        tuple(fault.reason for fault in faults),
        tuple(fault.message for fault in faults),
    )


@frozen
class Difference:
    """What a replay changes in one bill: field, recorded and replayed amount in fen."""

    setl_id: str
    field: str
    recorded: int
    replayed: int


def resettle(
    policy: Policy, table: Table, *, from_: str, lines: Table | None = None, **options: Any
) -> list[Difference]:
    """Replay a person's later bills as if a reversed bill had never been, and list what differs.

    from_: the `setl_id` of the bill that a row of the table reverses; options: as for `settle_table`.
    Raises InputError where the table holds no such bill with its reversal, or rejects one of them.
    """
    options["columns"] = ("setl_id", *(name for name in options.get("columns") or OUTPUTS if name in OUTPUTS))
    recorded = settle_table(policy, table, lines=lines, **options)
    ids, named = _cells_of(table, "setl_id"), _cells_of(table, "init_setl_id")
    pair = np.array([from_ in (own, other) for own, other in zip(ids, named, strict=True)], bool)
    if from_ not in ids or from_ not in named:
        raise InputError(f"the table holds no bill {from_} together with its reversal")
    settled = np.zeros(len(ids), bool)
    settled[recorded.row] = True
    if settled[pair].sum() < 2:
        why = [reject["message"] for reject in recorded.rejects.records() if pair[int(reject["row"])]]
        raise InputError(f"bill {from_} or its reversal is rejected: {'; '.join(why)}")
    encounters = {text for text, gone in zip(_cells_of(table, "mdtrt_id"), pair, strict=True) if gone}
    left = None
    if lines is not None:
        left = _kept(lines, np.array([text not in encounters for text in _cells_of(lines, "mdtrt_id")], bool))
    return _differences(recorded, settle_table(policy, _kept(table, ~pair), lines=left, **options))


def _cells_of(table: Table, name: str) -> list[Any]:
    column = table[name] if name in table else [""] * len(table["setl_id"])
    return column.texts().tolist() if isinstance(column, Coded) else list(column)


def _kept(table: Table, keep: Any) -> Table:
    """Some rows of a table, each cell as it was."""
    rows = np.flatnonzero(keep)
    return {
        name: column.take(rows)
        if isinstance(column, (Coded, Numbers, np.ndarray))
        else [column[row] for row in rows.tolist()]
        for name, column in table.items()
    }


def _differences(recorded: TableResult, replayed: TableResult) -> list[Difference]:
    before = {setl_id: row for row, setl_id in enumerate(np.asarray(recorded.columns["setl_id"]).tolist())}
    ids = np.asarray(replayed.columns["setl_id"]).tolist()
    places = np.array([before[setl_id] for setl_id in ids], np.int64)
    found = []
    for name in recorded.columns:
        if OUTPUTS.get(name) == "fen":
            old, new = recorded.columns[name][places], replayed.columns[name]
            changed = np.flatnonzero(old != new).tolist()
            found += [Difference(ids[row], name, int(old[row]), int(new[row])) for row in changed]
    return sorted(found, key=lambda difference: before[difference.setl_id])
