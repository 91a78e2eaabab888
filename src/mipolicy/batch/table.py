"""Settle a table of bills: prepare, match reversals, split stays, carry the totals, collect what is kept."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.carry import Rows, carry
from mipolicy.batch.columns import Table
from mipolicy.batch.ledger import Ledger
from mipolicy.batch.prepare import Gaps, Prepared, prepare
from mipolicy.batch.result import OUTPUTS, Rejects, TableResult, TotalsTable
from mipolicy.benefits.bill import AMOUNTS, NO_AMOUNT
from mipolicy.benefits.claim import Texts
from mipolicy.benefits.settlement import parts_of_lines
from mipolicy.benefits.statement import Parts
from mipolicy.benefits.totals import Totals
from mipolicy.calendar import day_number
from mipolicy.errors import Fault, InputError, TableError
from mipolicy.money import Column
from mipolicy.policy import Policy
from mipolicy.texts import Coded

__all__ = ["Difference", "resettle", "settle_table"]

BLOCK_ROWS: Final = 65_536
_IDS: Final = ("setl_id", "mdtrt_id", "psn_no")


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
    totals: what persons have used before; columns: which of `OUTPUTS` to keep (all); gaps: "raise" before row 1, or
    "reject" the rows that meet one; threads: one per core by default; block_rows: rows settled at a time.
    Raises TableError, BatchGap, RepealedPolicy.  Bad rows go to the rejects with their reason.
    """
    kept = tuple(OUTPUTS) if columns is None else tuple(columns)
    unknown = [name for name in kept if name not in OUTPUTS]
    if unknown:
        raise TableError(f"columns: {', '.join(unknown)} cannot be kept; what can: {', '.join(OUTPUTS)}")
    if block_rows < 1 or (threads is not None and threads < 1):
        raise TableError("block_rows and threads must be at least 1")
    prepared = prepare(policy, table, lines, gaps)
    original = match_reversals(prepared)
    rows, places = _rows(prepared, original)
    years = tuple(np.unique(rows.year).tolist())
    persons = prepared.person.positions
    ledger = Ledger.opened(persons, years, totals or {})
    rows = attrs.evolve(rows, year=np.searchsorted(np.array(years, np.int64), rows.year))
    working = {name: np.zeros(len(rows.source), np.int64) for name in kept}
    ids = prepared.read.columns["setl_id"]

    def tie(row: int) -> tuple[str, int]:
        source = int(rows.source[row])
        return (ids.values[ids.codes[source]] if isinstance(ids, Coded) else str(ids[source]), row)

    carry(
        prepared,
        rows,
        ledger,
        working,
        tie=tie,
        threads=_threads(threads, len(rows.source)),
        block_rows=block_rows,
    )
    return _result(prepared, places, working, ledger)


def _threads(asked: int | None, rows: int) -> int:
    if asked is not None:
        return asked
    return min(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count() or 1, 1 + rows // 20_000)


def match_reversals(prepared: Prepared) -> Column:
    """The row that each reversal takes back; one without its bill, or not its mirror, is a fault."""
    figures, faults, read = prepared.figures, prepared.faults, prepared.read
    original = np.full(read.rows, -1, np.int64)
    taking_back = np.flatnonzero((figures.reversal == 1) & ~faults.bad)
    if not taking_back.size:
        return original
    ids, names = Coded.of(read.columns["setl_id"]), read.columns["init_setl_id"]
    wanted = {names.values[code] for code in names.codes[taking_back]}
    candidates = np.flatnonzero((ids.figures(lambda text: int(text in wanted)) == 1) & (figures.reversal == 0))
    bills = {ids.values[ids.codes[row]]: row for row in candidates.tolist()}
    when = read.columns["setl_time"].astype(np.int64)
    taken: set[int] = set()
    for row in sorted(taking_back.tolist(), key=lambda row: (when[row], ids.values[ids.codes[row]])):
        name = names.values[names.codes[row]]
        at = bills.get(name)
        why = _mismatch(prepared, row, at, name, taken, when)
        if why:
            faults.mark(np.array([row]), Fault("reversal", why))
        elif at is not None:
            taken.add(at)
            original[row] = at
            prepared.run[row], prepared.year[row] = prepared.run[at], prepared.year[at]
    return original


def _mismatch(prepared: Prepared, row: int, at: int | None, name: str, taken: set[int], when: Column) -> str:
    if at is None:
        return f"no bill {name} to reverse in this table"
    if prepared.faults.bad[at]:
        return f"bill {name} was rejected itself"
    if at in taken:
        return f"bill {name} is reversed already"
    if prepared.person.codes[at] != prepared.person.codes[row]:
        return f"bill {name} is another person's"
    ids = Coded.of(prepared.read.columns["setl_id"])
    if (when[row], ids.values[ids.codes[row]]) < (when[at], name):
        return f"the reversal comes before bill {name}"
    for amount in AMOUNTS:
        stated = int(getattr(prepared.figures, amount)[row])
        if stated not in (NO_AMOUNT, -int(getattr(prepared.parts, amount)[at])):
            return f"{amount} is not that of bill {name} with the opposite sign"
    return ""


def _rows(prepared: Prepared, original: Column) -> tuple[Rows, Column]:
    """The rows to settle, and for each the place among the settled rows of the table."""
    _check_split(prepared)
    good = prepared.faults.good()
    split = np.intersect1d(prepared.split_rows, good)
    whole = Rows(
        source=good,
        person=prepared.person.codes[good].astype(np.int64),
        scheme=prepared.scheme[good],
        run=prepared.run[good],
        year=prepared.year[good],
        original=original[good],
        figures=_pick(prepared.figures, good),
        parts=_pick(prepared.parts, good),
        codes=_pick(prepared.codes, good),
        texts=Texts(*(getattr(prepared.texts, each.name).take(good) for each in attrs.fields(Texts))),
    )
    place_of = np.full(prepared.read.rows, -1, np.int64)
    place_of[good] = np.arange(len(good))
    reversed_ = whole.original >= 0
    whole = attrs.evolve(whole, original=np.where(reversed_, place_of[whole.original], -1))
    if not split.size:
        return whole, np.arange(len(good))
    return _with_parts(prepared, whole, place_of[split])


def _pick(of: Any, rows: Column) -> Any:
    return type(of)(**{each.name: getattr(of, each.name)[rows] for each in attrs.fields(type(of))})


def _check_split(prepared: Prepared) -> None:
    """A stay over the year's end is split by its lines, each on a day within the stay."""
    faults, split = prepared.faults, prepared.split_rows[~prepared.faults.bad[prepared.split_rows]]
    if not split.size:
        return
    lines = prepared.line_parts
    if lines is None:
        faults.mark(split, Fault("lines", "a stay over the year's end is split by its lines, and it has none"))
        return
    faults.mark(
        split[~lines.has_lines[split]],
        Fault("lines", "a stay over the year's end is split by its lines, and it has none"),
    )
    bill, day = lines.split.bill, lines.split.day
    outside = (day < prepared.figures.adm_day[bill]) | (day > prepared.figures.dscg_day[bill])
    loose = np.intersect1d(split, bill[outside])
    faults.mark(loose, Fault("lines", "every line needs a fee_ocur_time within the stay to split it"))


def _with_parts(prepared: Prepared, whole: Rows, split: Column) -> tuple[Rows, Column]:
    """Rows with each split stay in parts, one a year, in the place of the stay."""
    assert prepared.line_parts is not None
    lines = prepared.line_parts.split
    years: list[tuple[int, int]] = []
    first_year = _year_column(whole.figures.adm_day)
    last_year = _year_column(whole.figures.dscg_day)
    for place in range(len(whole.source)):
        if place in set(split.tolist()):
            years += [(place, year) for year in range(int(first_year[place]), int(last_year[place]) + 1)]
        else:
            years.append((place, int(whole.year[place])))
    places = np.array([place for place, _ in years], np.int64)
    rows: Rows = attrs.evolve(
        whole,
        **{name: getattr(whole, name)[places] for name in ("source", "person", "scheme", "run", "original")},
        year=np.array([year for _, year in years], np.int64),
        figures=_pick(whole.figures, places),
        parts=_pick(whole.parts, places),
        codes=_pick(whole.codes, places),
        texts=Texts(*(getattr(whole.texts, each.name).take(places) for each in attrs.fields(Texts))),
    )
    first_part = np.searchsorted(places, np.arange(len(whole.source)))
    rows = attrs.evolve(rows, original=np.where(rows.original >= 0, first_part[rows.original], -1))
    once = np.array([conduct.deductible_on_split == "once" for conduct in prepared.conducts], bool)
    for at in np.flatnonzero(np.isin(places, split)).tolist():
        year, source = int(rows.year[at]), int(rows.source[at])
        begins = max(int(rows.figures.adm_day[at]), day_number(datetime.date(year, 1, 1)))
        ends = min(int(rows.figures.dscg_day[at]), day_number(datetime.date(year, 12, 31)))
        here = np.flatnonzero((lines.bill == source) & (lines.day >= begins) & (lines.day <= ends))
        sums = parts_of_lines(lines, prepared.read.rows, here)
        for each in attrs.fields(Parts):
            getattr(rows.parts, each.name)[at] = getattr(sums, each.name)[source]
        if year > int(first_year[places[at]]):
            rows.codes.referral[at] = 0
        if year < int(last_year[places[at]]):
            rows.codes.interim[at] = int(once[prepared.conduct[source]])
        rows.figures.adm_day[at], rows.figures.dscg_day[at] = begins, ends
    return rows, places


def _year_column(days: Column) -> Column:
    years: Column = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _result(prepared: Prepared, places: Column, working: Mapping[str, Column], ledger: Ledger) -> TableResult:
    good = prepared.faults.good()
    columns: dict[str, Any] = {name: _text_column(prepared.read.columns[name], good) for name in _IDS}
    runs = [f"{run.section}@{run.version.name}" for run in prepared.runs]
    columns["section"] = np.array([name.split("@")[0] for name in runs] or [""], np.str_)[prepared.run[good]]
    columns["version"] = np.array([name.split("@")[1] for name in runs] or [""], np.str_)[prepared.run[good]]
    columns["year"] = prepared.year[good]
    columns["after_reject"] = _after_reject(prepared)[good]
    for name, column in working.items():
        columns[name] = column if len(places) == len(good) else _folded(name, column, places, len(good))
    bad = np.array(sorted(prepared.faults.why), np.int64)
    faults = [prepared.faults.why[int(row)] for row in bad]
    rejects = Rejects(
        bad,
        tuple(_text_column(prepared.read.columns["setl_id"], bad).tolist()),
        tuple(fault.reason for fault in faults),
        tuple(fault.message for fault in faults),
    )
    return TableResult(prepared.read.rows, good, columns, rejects, _line_rejects(prepared), TotalsTable(ledger))


def _text_column(column: Any, rows: Column) -> Any:
    return column.take(rows).texts() if isinstance(column, Coded) else column[rows]


def _folded(name: str, column: Column, places: Column, count: int) -> Column:
    """Parts of split stays put together: amounts are summed, other steps are those of the last part."""
    folded = np.zeros(count, np.int64)
    if OUTPUTS[name] == "fen":
        np.add.at(folded, places, column)
    else:
        folded[places] = column
    return folded


def _after_reject(prepared: Prepared) -> Column:
    """1 for rows of a person that come after one that was rejected."""
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
    return flags


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
    Raises InputError where the table holds no such bill with its reversal.
    """
    ids = np.asarray(table["setl_id"], np.str_) if not isinstance(table["setl_id"], Coded) else table["setl_id"].texts()
    named = table.get("init_setl_id", np.full(len(ids), ""))
    names = named.texts() if isinstance(named, Coded) else np.asarray(named, np.str_)
    gone = (ids == from_) | (names == from_)
    if not (ids == from_).any() or not (names == from_).any():
        raise InputError(f"the table holds no bill {from_} together with its reversal")
    recorded = settle_table(policy, table, lines=lines, **options)
    kept = {
        name: column.take(~gone) if isinstance(column, Coded) else np.asarray(column)[~gone]
        for name, column in table.items()
    }
    replayed = settle_table(policy, kept, lines=_without(lines, table, gone), **options)
    return _differences(recorded, replayed)


def _without(lines: Table | None, table: Table, gone: Any) -> Table | None:
    if lines is None:
        return None
    encounters = table["mdtrt_id"].texts() if isinstance(table["mdtrt_id"], Coded) else np.asarray(table["mdtrt_id"])
    of_line = lines["mdtrt_id"].texts() if isinstance(lines["mdtrt_id"], Coded) else np.asarray(lines["mdtrt_id"])
    keep = ~np.isin(of_line, encounters[gone])
    return {
        name: column.take(keep) if isinstance(column, Coded) else np.asarray(column)[keep]
        for name, column in lines.items()
    }


def _differences(recorded: TableResult, replayed: TableResult) -> list[Difference]:
    before = {setl_id: row for row, setl_id in enumerate(recorded.columns["setl_id"].tolist())}
    found = []
    for name in recorded.columns:
        if OUTPUTS.get(name) != "fen":
            continue
        for row, setl_id in enumerate(replayed.columns["setl_id"].tolist()):
            old, new = int(recorded.columns[name][before[setl_id]]), int(replayed.columns[name][row])
            if old != new:
                found.append(Difference(setl_id, name, old, new))
    return sorted(found, key=lambda difference: before[difference.setl_id])
