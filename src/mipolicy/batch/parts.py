"""The rows that are settled: those of the table, and the later parts of stays that are split at the year's end."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from mipolicy.batch.carry import Rows
from mipolicy.batch.prepare import Prepared
from mipolicy.benefits.claim import Texts
from mipolicy.benefits.fee_lines import SplitLines
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
        when=prepared.read.columns["setl_time"].view(np.int64),
        run=prepared.run,
        year=prepared.year,
        original=original,
        days=prepared.figures.days,
        parts=prepared.parts,
        codes=prepared.codes,
        texts=prepared.texts,
        balc=prepared.figures.balc,
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
    parts_of: dict[int, tuple[int, ...]] = {row: (row,) for row in split.tolist()}
    for (row, _), place in zip(extra, places.tolist(), strict=True):
        parts_of[row] += (place,)
    longer = attrs.evolve(
        rows,
        active=np.concatenate([rows.active, places]),
        year=_extended(rows.year, sources),
        original=np.concatenate([rows.original, np.full(len(extra), -1, np.int64)]),
        days=_extended_all(rows.days, sources),
        parts=_extended_all(rows.parts, sources),
        codes=_extended_all(rows.codes, sources),
        texts=Texts(**{each.name: _extended(getattr(rows.texts, each.name), sources) for each in attrs.fields(Texts)}),
        **{name: _extended(getattr(rows, name), sources) for name in ("person", "when", "run", "balc")},
        sources=sources,
        parts_of=parts_of,
    )
    sums = parts_of_lines(_moved(lines, first, parts_of), len(longer.run), np.flatnonzero(np.isin(lines.bill, split)))
    every = [at for at_rows in parts_of.values() for at in at_rows]
    for each in attrs.fields(Parts):
        getattr(longer.parts, each.name)[every] = getattr(sums, each.name)[every]
    once = [conduct.deductible_on_split == "once" for conduct in prepared.conducts]
    for row, at_rows in parts_of.items():
        for year, at in zip(range(int(first[row]), int(last[row]) + 1), at_rows, strict=True):
            longer.days.adm_day[at] = max(int(rows.days.adm_day[row]), day_number(datetime.date(year, 1, 1)))
            longer.days.dscg_day[at] = min(int(rows.days.dscg_day[row]), day_number(datetime.date(year, 12, 31)))
            longer.year[at] = year
            if at != row:
                longer.codes.referral[at] = 0
            if year < int(last[row]):
                longer.codes.interim[at] = int(once[prepared.conduct[row]])
    return longer


def _moved(lines: SplitLines, first: Column, parts_of: Mapping[int, tuple[int, ...]]) -> SplitLines:
    """The lines, those of a split stay given to the part of their year."""
    places = {(row, int(first[row]) + step): at for row, parts in parts_of.items() for step, at in enumerate(parts)}
    bill, years = lines.bill.tolist(), year_of(lines.day).tolist()
    return attrs.evolve(
        lines, bill=np.array([places.get(key, key[0]) for key in zip(bill, years, strict=True)], np.int64)
    )


def _extended_all(of: Any, sources: Column) -> Any:
    return type(of)(**{each.name: _extended(getattr(of, each.name), sources) for each in attrs.fields(type(of))})


def _extended(column: Any, sources: Column) -> Any:
    """A column, copied, with some of its rows repeated behind it."""
    if isinstance(column, Coded):
        return Coded(np.concatenate([column.codes, column.codes[sources]]), column.values)
    return np.concatenate([column, column[sources]])
