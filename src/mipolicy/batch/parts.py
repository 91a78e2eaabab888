"""The rows that are settled: those of the table, and the later parts of stays that are split at the year's end."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import numpy as np

from mipolicy.batch.carry import Rows
from mipolicy.batch.prepare import Prepared
from mipolicy.benefits.claim import Texts
from mipolicy.benefits.settlement import parts_of_lines
from mipolicy.benefits.statement import Parts
from mipolicy.calendar import day_number, year_of
from mipolicy.money import Column
from mipolicy.texts import Coded

__all__ = ["rows_of"]


def rows_of(prepared: Prepared, original: Column) -> Rows:
    """The rows to settle.

    original: the row that each reversal takes back, -1 for bills.
    """
    rows = Rows(
        active=prepared.faults.good(),
        person=prepared.person.codes,
        when=prepared.read.columns["setl_time"].astype(np.int64),
        run=prepared.run,
        year=prepared.year,
        original=original,
        days=prepared.figures.days,
        parts=prepared.parts,
        codes=prepared.codes,
        texts=prepared.texts,
        runs=tuple(prepared.runs),
        sources=np.empty(0, np.int64),
        parts_of={},
    )
    split = prepared.split_rows[~prepared.faults.bad[prepared.split_rows]]
    return _with_parts(prepared, rows, split) if split.size else rows


def _with_parts(prepared: Prepared, rows: Rows, split: Column) -> Rows:
    """The rows with the parts of split stays, one a year: the first in the stay's own row, the others behind."""
    assert prepared.line_parts is not None
    lines, count = prepared.line_parts.split, prepared.read.rows
    first, last = year_of(rows.days.adm_day), year_of(rows.days.dscg_day)
    extra = [(row, year) for row in split.tolist() for year in range(int(first[row]) + 1, int(last[row]) + 1)]
    sources = np.array([row for row, _ in extra], np.int64)
    places = np.arange(count, count + len(extra))
    parts_of = {row: (row, *places[sources == row].tolist()) for row in split.tolist()}
    longer = attrs.evolve(
        rows,
        active=np.concatenate([rows.active, places]),
        year=_extended(rows.year, sources),
        original=np.concatenate([rows.original, np.full(len(extra), -1, np.int64)]),
        days=_extended_all(rows.days, sources),
        parts=_extended_all(rows.parts, sources),
        codes=_extended_all(rows.codes, sources),
        texts=Texts(**{each.name: _extended(getattr(rows.texts, each.name), sources) for each in attrs.fields(Texts)}),
        **{name: _extended(getattr(rows, name), sources) for name in ("person", "when", "run")},
        sources=sources,
        parts_of=parts_of,
    )
    once = [conduct.deductible_on_split == "once" for conduct in prepared.conducts]
    for row, at_rows in parts_of.items():
        for year, at in zip(range(int(first[row]), int(last[row]) + 1), at_rows, strict=True):
            begins = max(int(rows.days.adm_day[row]), day_number(datetime.date(year, 1, 1)))
            ends = min(int(rows.days.dscg_day[row]), day_number(datetime.date(year, 12, 31)))
            here = np.flatnonzero((lines.bill == row) & (lines.day >= begins) & (lines.day <= ends))
            sums = parts_of_lines(lines, count, here)
            for each in attrs.fields(Parts):
                getattr(longer.parts, each.name)[at] = getattr(sums, each.name)[row]
            longer.days.adm_day[at], longer.days.dscg_day[at], longer.year[at] = begins, ends, year
            if at != row:
                longer.codes.referral[at] = 0
            if year < int(last[row]):
                longer.codes.interim[at] = int(once[prepared.conduct[row]])
    return longer


def _extended_all(of: Any, sources: Column) -> Any:
    return type(of)(**{each.name: _extended(getattr(of, each.name), sources) for each in attrs.fields(type(of))})


def _extended(column: Any, sources: Column) -> Any:
    """A column, copied, with some of its rows repeated behind it."""
    if isinstance(column, Coded):
        return Coded(np.concatenate([column.codes, column.codes[sources]]), column.values)
    return np.concatenate([column, column[sources]])
