"""Settling coded rows in blocks, each person's rows in order of time, persons in parallel.

A person's rows go in rounds: the first row of everybody, then the second, and so on, so that the rows of a block are of
different persons and one body settles them as columns.  Persons are dealt out to threads; rows of a person never meet
another thread, so any number of threads and any block size give the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.ledger import Ledger, UsedBy
from mipolicy.batch.prepare import Prepared
from mipolicy.batch.result import OUTPUTS
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.bill import Figures
from mipolicy.benefits.claim import Claim, Codes, Texts, claim_of, settle_claim
from mipolicy.benefits.statement import Parts
from mipolicy.benefits.totals import STAY_FIGURES, Posting
from mipolicy.money import Column

__all__ = ["Journal", "Order", "Rows", "carry", "order_of"]

_SIGNED = ("fen",)
"""Units whose figures a reversal takes back; other steps of the original are repeated as they are."""


@frozen
class Rows:
    """The rows to settle, each part of a split stay a row of its own.

    source: the row of the table; part: 0, 1, ... within it; person, scheme, stream, run, year: where it is settled;
    original: the row that a reversal takes back, -1 for bills.
    """

    source: Column
    person: Column
    scheme: Column
    run: Column
    year: Column
    original: Column
    figures: Figures[Column]
    parts: Parts[Column]
    codes: Codes[Column]
    texts: Texts

    def claim(self, at: Column) -> Claim[Column]:
        """The claims of some rows."""
        figures: Figures[Column] = Figures(**_taken(self.figures, at))
        texts = Texts(**{each.name: getattr(self.texts, each.name).take(at) for each in attrs.fields(Texts)})
        return claim_of(figures, Parts(**_taken(self.parts, at)), Codes(**_taken(self.codes, at)), texts)


def _taken(of: Any, at: Column) -> dict[str, Column]:
    return {each.name: getattr(of, each.name)[at] for each in attrs.fields(type(of))}


@frozen
class Order:
    """Rows in the order they are settled: by round, and within a round in the order of the table."""

    rows: Column
    starts: Column


def order_of(person: Column, when: Any, tie: Callable[[int], Any]) -> Order:
    """The rounds of the rows given.

    when: the time of each row; tie: what decides between rows of one person at one time.
    """
    count = len(person)
    order = np.arange(count) if (when[1:] >= when[:-1]).all() else np.argsort(when, kind="stable")
    order = order[np.argsort(person[order], kind="stable")]
    person, when = person[order], when[order]
    same = person[1:] == person[:-1]
    tied = np.flatnonzero(same & (when[1:] == when[:-1]))
    if tied.size:
        _break_ties(order, tied, tie)
    first = np.concatenate([[True], ~same]) if count else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    rank = np.arange(count) - np.repeat(starts, np.diff(np.append(starts, count)))
    by_round = np.argsort(rank * np.int64(count) + order) if count else order
    bounds = np.searchsorted(rank[by_round], np.arange(int(rank.max()) + 2 if count else 1))
    return Order(order[by_round], bounds)


def _break_ties(order: Column, tied: Column, tie: Callable[[int], Any]) -> None:
    """Put rows of one person at one time into the order of their ids."""
    breaks = np.flatnonzero(np.diff(tied) > 1)
    for start, stop in zip(np.r_[tied[0], tied[breaks + 1]], np.r_[tied[breaks], tied[-1]] + 2, strict=True):
        order[start:stop] = sorted(order[start:stop].tolist(), key=tie)


@frozen
class Journal:
    """What the bills that are reversed later in the table posted, and the latest stay before and after them."""

    wanted: Any
    entries: dict[int, tuple[int, int, tuple[tuple[str, int | None, int], ...], dict[str, int], dict[str, int]]]

    def note(self, rows: Column, cells: Column, persons: Column, posting: Posting[Column], ledger: Ledger) -> None:
        """Keep the postings of wanted rows, before they are posted."""
        for place in np.flatnonzero(self.wanted[rows]).tolist():
            year = tuple(
                (name, None if at is None else int(at[place]), int(amount[place])) for name, at, amount in posting.year
            )
            person = int(persons[place])
            before = {name: int(ledger.stay_figures[name][person]) for name in STAY_FIGURES}
            after = {**before, **{name: int(value[place]) for name, value in posting.stay.items()}}
            self.entries[int(rows[place])] = (int(cells[place]), person, year, before, after)

    def take_back(self, row: int, ledger: Ledger) -> None:
        """Take a bill's postings off the totals; the latest stay goes back only if this bill left it as it stands."""
        cell, person, year, before, after = self.entries[row]
        for name, at, amount in year:
            if at is None:
                ledger.year_figures[name][cell] -= amount
            else:
                ledger.year_figures[name][cell, at] -= amount
        now = {name: int(ledger.stay_figures[name][person]) for name in STAY_FIGURES}
        if now == after != before:
            for name, value in before.items():
                ledger.stay_figures[name][person] = value


def carry(
    prepared: Prepared,
    rows: Rows,
    ledger: Ledger,
    outputs: Mapping[str, Column],
    *,
    tie: Callable[[int], Any],
    threads: int,
    block_rows: int,
) -> None:
    """Settle all rows into the output columns, carrying the totals."""
    when = prepared.read.columns["setl_time"].astype(np.int64)[rows.source]
    wanted = np.zeros(len(rows.source), bool)
    wanted[np.isin(rows.source, rows.source[rows.original[rows.original >= 0]])] = True

    def work(share: int) -> None:
        mine = np.flatnonzero(rows.person % threads == share) if threads > 1 else np.arange(len(rows.person))
        order = order_of(rows.person[mine], when[mine], lambda at: tie(int(mine[at])))
        journal = Journal(wanted, {})
        for start, stop in zip(order.starts, order.starts[1:], strict=False):
            for begin in range(start, stop, block_rows):
                block = mine[order.rows[begin : min(begin + block_rows, stop)]]
                _settle_block(prepared, rows, block, ledger, journal, outputs)

    if threads == 1:
        work(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, share) for share in range(threads)]:
            done.result()


def _settle_block(
    prepared: Prepared, rows: Rows, block: Column, ledger: Ledger, journal: Journal, outputs: Mapping[str, Column]
) -> None:
    """Settle rows of different persons: by section and version, so that a rule always sees one Terms."""
    run = rows.run[block]
    for at in np.unique(run) if len(prepared.runs) > 1 else (0,) if len(block) else ():
        here = block[run == at] if len(prepared.runs) > 1 else block
        taking_back = rows.original[here] >= 0
        if taking_back.any():
            for row in here[taking_back].tolist():
                _reverse(row, rows, ledger, journal, outputs)
            here = here[~taking_back]
            if not here.size:
                continue
        where = prepared.runs[int(at)]
        persons = rows.person[here]
        cells = ledger.cell(persons, where.scheme, rows.year[here])
        settled = settle_claim(where.terms, STREAMS[where.stream], rows.claim(here), UsedBy(ledger, cells, persons))
        for name, column in outputs.items():
            source = settled.setlinfo if hasattr(settled.setlinfo, name) else settled.outcome
            if hasattr(source, name):
                column[here] = getattr(source, name)
        if journal.wanted.any():
            journal.note(here, cells, persons, settled.posting, ledger)
        ledger.post(cells, persons, settled.posting)


def _reverse(row: int, rows: Rows, ledger: Ledger, journal: Journal, outputs: Mapping[str, Column]) -> None:
    """Take back a bill, every part of it, the last first."""
    first = int(rows.original[row])
    last = int(np.searchsorted(rows.source, rows.source[first], side="right"))  # sources ascend, parts side by side
    parts = list(range(first, last))
    for at in reversed(parts):
        journal.take_back(at, ledger)
    for name, column in outputs.items():
        column[row] = -column[parts].sum() if OUTPUTS[name] in _SIGNED else column[parts[-1]]
