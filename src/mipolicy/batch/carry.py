"""Settling coded rows in blocks, each person's rows in order of time, persons in parallel.

Rows are taken in order of time, some blocks together.  Among those a person's rows go in rounds: the first row of
everybody, then the second, and so on, so that the rows of a block are of different persons and one body settles them as
columns.  Each thread has a range of persons; rows of a person never meet another thread, so any number of threads and
any block size give the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.ledger import Ledger, UsedBy
from mipolicy.batch.pool import mapped
from mipolicy.batch.prepare import Run, taken_rows
from mipolicy.batch.result import MOVED
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.bill import Days
from mipolicy.benefits.claim import Claim, Codes, Texts, settle_claim
from mipolicy.benefits.statement import Parts
from mipolicy.benefits.totals import STAY_FIGURES, YEAR_FIGURES, Posting
from mipolicy.money import Column
from mipolicy.texts import Coded, Text

__all__ = ["Journal", "Rows", "carry", "rounds_of"]

_CHUNK: Final = 16
"""Blocks whose rounds are made together: near in time, rows lie near in memory."""
_LOW: Final = 0xFFFFFFFF


@frozen
class Rows:
    """The rows to settle: those of the table, and behind them the later parts of stays that are split.

    active: which of them are settled; run: place in `runs`; year: place among the ledger's years; original: the row
    that a reversal takes back, -1 for bills; sources: the table's row of each row behind; parts_of: a split stay's row
    -> the rows of its parts, itself first.
    """

    active: Column
    person: Any
    when: Column
    run: Column
    year: Column
    original: Column
    days: Days[Column]
    parts: Parts[Column]
    codes: Codes[Column]
    texts: Texts
    balc: Column
    runs: tuple[Run, ...]
    sources: Column
    parts_of: Mapping[int, tuple[int, ...]]

    def source(self, row: int) -> int:
        """The row of the table that a row stands for."""
        behind = row - (len(self.run) - len(self.sources))
        return row if behind < 0 else int(self.sources[behind])

    def claim(self, at: Column) -> Claim[Column]:
        """The claims of some rows; what is the same for every row of the table stands as one value."""
        taken: Any = [_Taken(of, at) for of in (self.days, self.parts, self.codes, self.texts)]
        days, parts, codes, texts = taken
        return Claim(days, parts, codes, texts, taken_rows(self.balc, at))


class _Taken:
    """Some rows of a record of columns, each column taken when it is first asked for; rules differ in what they ask."""

    def __init__(self, of: Any, at: Column) -> None:
        self._of, self._at = of, at

    def __getattr__(self, name: str) -> Any:
        column = getattr(self._of, name)
        taken = _text_rows(column, self._at) if isinstance(column, (str, Coded)) else taken_rows(column, self._at)
        setattr(self, name, taken)
        return taken


def _text_rows(text: Text, at: Column) -> Text:
    if isinstance(text, str):
        return text
    return text.values[0] if len(text.values) == 1 else text.take(at)


def _in_time(rows: Rows, tie: Callable[[int], Any]) -> Column:
    """The active rows in order of time, those of one time in the order of their ids."""
    active, when = rows.active, rows.when.take(rows.active)
    if (when[1:] < when[:-1]).any():
        order = np.argsort(when, kind="stable")
        active, when = active[order], when[order]
    equal = np.flatnonzero(when[1:] == when[:-1])
    if not equal.size:
        return active
    marked = np.zeros(len(when), bool)
    marked[equal] = marked[equal + 1] = True
    tied = np.flatnonzero(marked)
    times = when.take(tied)
    group = np.cumsum(np.concatenate([[0], times[1:] != times[:-1]]))
    keys = (group << 32) | rows.person.take(active.take(tied))  # only one person's order matters
    keys.sort()
    firsts = times[np.flatnonzero(np.concatenate([[True], times[1:] != times[:-1]]))]
    again = firsts[np.unique(keys[1:][keys[1:] == keys[:-1]] >> 32)]
    if not again.size:
        return active
    active = active.copy()
    starts, stops = np.searchsorted(when, again), np.searchsorted(when, again, side="right")
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        active[start:stop] = sorted(active[start:stop].tolist(), key=tie)
    return active


def rounds_of(person: Any) -> Iterator[Column]:
    """The places of rows in order of time, by round: each person's first, then each one's second, and so on.

    person: a small integer per row; within a round places are in the order of persons, as their totals lie in memory.
    """
    count = len(person)
    keys = (person.astype(np.int64) << 32) | np.arange(count)
    keys.sort()
    owner, place = keys >> 32, keys & _LOW
    after = np.append(np.flatnonzero(owner[1:] != owner[:-1]) + 1, count)
    at = np.concatenate([[0], after[:-1]])
    while len(at) and count:
        yield place.take(at)
        at = at + 1
        more = np.flatnonzero(at < after)
        at, after = at.take(more), after.take(more)


@frozen
class Journal:
    """What the bills that are reversed later in the table posted, and the latest stay before and after them."""

    wanted: Any
    entries: dict[int, tuple[int, int, tuple[tuple[str, int | None, int], ...], dict[str, int], dict[str, int]]]

    def note(self, rows: Column, cells: Column, persons: Column, posting: Posting[Column], ledger: Ledger) -> None:
        """Keep the postings of wanted rows, before they are posted."""
        count = len(rows)
        for place in np.flatnonzero(self.wanted[rows]).tolist():
            year = tuple(
                (name, None if at is None else _one(at, place, count), _one(amount, place, count))
                for name, at, amount in posting.year
            )
            person = int(persons[place])
            before = {name: int(ledger.stay_figures[name][person]) for name in STAY_FIGURES}
            after = {**before, **{name: _one(value, place, count) for name, value in posting.stay.items()}}
            self.entries[int(rows[place])] = (int(cells[place]), person, year, before, after)

    def take_back(self, row: int, ledger: Ledger) -> None:
        """Take a bill's postings off the totals; the latest stay goes back only if this bill left it as it stands."""
        cell, person, year, before, after = self.entries[row]
        for name, at, amount in year:
            ledger.year_figures[name][cell if at is None else cell * YEAR_FIGURES[name] + at] -= amount
        now = {name: int(ledger.stay_figures[name][person]) for name in STAY_FIGURES}
        if now == after != before:
            for name, value in before.items():
                ledger.stay_figures[name][person] = value


def _one(column: Any, place: int, count: int) -> int:
    return int(np.broadcast_to(column, count)[place])


def carry(
    rows: Rows,
    ledger: Ledger,
    outputs: Mapping[str, Column],
    *,
    tie: Callable[[int], Any],
    threads: int,
    block_rows: int,
) -> None:
    """Settle the active rows into the output columns, carrying the totals."""
    wanted = np.zeros(len(rows.run), bool)
    for original in rows.original[rows.original >= 0].tolist():
        wanted[list(rows.parts_of.get(original, (original,)))] = True
    journaled = bool(wanted.any())

    in_order = _in_time(rows, tie)

    owner = rows.person.take(in_order) if threads > 1 else in_order
    bounds = _shares(owner, threads) if threads > 1 else []

    def work(share: int) -> None:
        mine = in_order
        if threads > 1:
            mine = in_order.take(np.flatnonzero((owner >= bounds[share]) & (owner < bounds[share + 1])))
        journal = Journal(wanted, {}) if journaled else None
        for first in range(0, len(mine), _CHUNK * block_rows):
            chunk = mine[first : first + _CHUNK * block_rows]
            for places in rounds_of(rows.person.take(chunk)):
                for begin in range(0, len(places), block_rows):
                    block = chunk.take(places[begin : begin + block_rows])
                    _settle_block(rows, block, ledger, journal, outputs)

    mapped(work, range(threads), threads)


def _shares(owner: Any, threads: int) -> list[int]:
    """Where each thread's persons begin, and the end: as many rows for each, and totals that lie apart in memory."""
    rows = np.cumsum(np.bincount(owner)) if len(owner) else np.zeros(1, np.int64)
    inner = np.searchsorted(rows, np.arange(1, threads) * int(rows[-1]) // threads)
    return [0, *inner.tolist(), len(rows)]


def _settle_block(
    rows: Rows, block: Column, ledger: Ledger, journal: Journal | None, outputs: Mapping[str, Column]
) -> None:
    """Settle rows of different persons: by section and version, so that a rule always sees one Terms."""
    run = rows.run.take(block)
    found = np.flatnonzero(np.bincount(run, minlength=len(rows.runs))).tolist()
    for at in found:
        here = block if len(found) == 1 else block.take(np.flatnonzero(run == at))
        if journal is not None:
            taking_back = rows.original[here] >= 0
            for row in here[taking_back].tolist():
                _reverse(row, rows, ledger, journal, outputs)
            here = here[~taking_back]
            if not here.size:
                continue
        where = rows.runs[at]
        persons = rows.person.take(here).astype(np.int64)
        cells = ledger.cell(persons, where.scheme, taken_rows(rows.year, here))
        used = UsedBy(ledger, cells, persons)
        settled = settle_claim(where.rules, STREAMS[where.stream], rows.claim(here), used)
        for name, column in outputs.items():
            for source in (settled.setlinfo, settled.paid.apart, settled.outcome):
                if hasattr(source, name):
                    column[here] = getattr(source, name)
                    break
        if journal is not None:
            journal.note(here, cells, persons, settled.posting, ledger)
        used.post(settled.posting)


def _reverse(row: int, rows: Rows, ledger: Ledger, journal: Journal, outputs: Mapping[str, Column]) -> None:
    """Take back a bill, every part of it, the last first; steps that say how it stood are repeated as they are."""
    first = int(rows.original[row])
    parts = list(rows.parts_of.get(first, (first,)))
    for at in reversed(parts):
        journal.take_back(at, ledger)
    for name, column in outputs.items():
        column[row] = -column[parts].sum() if name in MOVED else column[parts[-1]]
