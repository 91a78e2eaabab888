"""Rates of an area from a file larger than memory: pieces are summed one after another, and their sums add.

Where nobody says of what day the rates are, the days are read first: the terms of the last one hold for every row.
"""

from __future__ import annotations

import csv
import datetime
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from attrs import evolve, frozen

from mipolicy.areas.rates import AreaRates, columns_used, make_rates
from mipolicy.areas.settlements import SETTLED, last_day, record_of
from mipolicy.batch.columns import Table
from mipolicy.batch.result import Rejects
from mipolicy.interop import frames
from mipolicy.interop.ahead import ahead
from mipolicy.interop.arrow import TEXTS, pyarrow
from mipolicy.interop.files import (
    FilePath,
    check_target,
    check_types,
    csv_pieces,
    names_in,
    not_a_folder,
    parquet_file,
    parquet_writer,
    suffix_of,
)
from mipolicy.interop.parts import Step, count_of
from mipolicy.policy import Policy

__all__ = ["PIECE_ROWS", "SHOWN_REJECTS", "RatedFile", "rate_files"]

PIECE_ROWS: Final = 262_144
"""So many rows of a Parquet file are summed at a time."""
SHOWN_REJECTS: Final = 20
"""Rejects that are kept in memory to be shown."""
_NO_REJECTS: Final = Rejects(np.empty(0, np.int64), (), (), ())


@frozen(eq=False)
class RatedFile:
    """What the settlements of a file came to; rows in = rows summed + rows rejected.

    rates: of all rows, without the rejects among these; rejected: how many rows each reason stopped; first_rejects:
    the first of them.
    """

    rates: AreaRates
    rejected: Mapping[str, int]
    first_rejects: Rejects

    @classmethod
    def of(cls, found: AreaRates) -> RatedFile:
        """What a table in memory came to."""
        return cls(found, found.rejects.counts(), found.rejects)


def rate_files(
    policy: Policy,
    settlements: FilePath,
    *,
    by: Sequence[str] = (),
    totals: Table | None = None,
    observed: Table | None = None,
    indicators: Sequence[str] | None = None,
    on: datetime.date | None = None,
    targets: bool = False,
    threads: int | None = None,
    rejects: FilePath | None = None,
    always: bool = False,
    piece_rows: int = PIECE_ROWS,
    step: Step | None = None,
) -> RatedFile:
    """The rates of a file of settlements, piece by piece, with the figures of `mipolicy.rates`.

    settlements: .csv or .parquet; rejects: where rejected rows go, whole or not at all, by their rows in the file, only
    where there are any, where a file of that name is there, or with `always`; piece_rows: rows of a Parquet file that
    are summed at a time; step: is told of progress; the others: as for `mipolicy.rates`.
    Memory grows with the groups, not with the rows.  Without `on` the days are read before the rows.
    Raises what reading a file and `mipolicy.rates` raise.
    """
    told = step or _silent
    read = _Reader(Path(settlements), piece_rows)
    workers = threads or min(os.cpu_count() or 1, 2)
    given: dict[str, Any] = {"by": by, "indicators": indicators, "targets": targets, "threads": threads}
    day = _the_day(read, workers, told) if on is None else on
    if day is None:  # which is refused for the reason that a table without rows is
        make_rates(policy, read.empty({}), **given)
    assert day is not None
    given["on"] = day
    kinds = columns_used(policy, read.names, by, indicators, day)
    first = make_rates(policy, read.empty(kinds), totals=totals, observed=observed, **given)
    with _rejecting(rejects, always) as refused:

        def parts() -> Iterator[AreaRates]:
            yield first
            rows = 0
            for piece in ahead(read.pieces(kinds)):
                found = make_rates(policy, piece, **given)
                refused.add(found.rejects, rows)
                rows += found.rows_in
                told("summing", rows, max(read.count, rows))
                yield evolve(found, rejects=_NO_REJECTS)

        rates = _summed(parts())
    return RatedFile(rates, refused.reasons, refused.first)


def _silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def _the_day(read: _Reader, threads: int, told: Step) -> datetime.date | None:
    """The last day settled."""
    if SETTLED not in read.names:
        return None
    last, rows = None, 0
    for piece in ahead(read.pieces({SETTLED: "time"})):
        found = last_day(piece, threads)
        last = found if last is None or (found is not None and found > last) else last
        rows += len(piece[SETTLED])
        told("finding the last day", rows, max(read.count, rows))
    return last


def _summed(parts: Iterable[AreaRates]) -> AreaRates:
    """The sum of parts in their order; those of equal size first, so that no group is added often."""
    held: list[tuple[int, AreaRates]] = []
    for part in parts:
        held.append((1, part))
        while len(held) > 1 and held[-2][0] == held[-1][0]:
            (size, above), (_, below) = held[-2:]
            held[-2:] = [(2 * size, above + below)]
    whole = held.pop()[1]
    while held:
        whole = held.pop()[1] + whole
    return whole


# ---- reading ---------------------------------------------------------------------------------------------------------


class _Reader:
    """A file of settlements in pieces; count: its rows, of a CSV rather too many."""

    def __init__(self, file: Path, rows: int) -> None:
        not_a_folder(file)
        self._file, self._rows, self._csv = file, rows, suffix_of(file) == ".csv"
        if not self._csv:
            pyarrow(file, "pyarrow.parquet")
        self.count = count_of(file)
        self.names = names_in(file)

    def empty(self, kinds: Mapping[str, str]) -> Table:
        """The columns without rows."""
        if self._csv:
            return dict.fromkeys(self.names, np.empty(0, np.str_))
        with parquet_file(self._file) as source:
            check_types(self._file, source.schema_arrow, record_of(kinds))
            return frames.settlements(source.schema_arrow.empty_table())

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[Table]:
        """The rows, with columns of these kinds only."""
        wanted = [name for name in self.names if name in kinds]
        if self._csv:
            yield from islice(csv_pieces(self._file, wanted), 1, None)
            return
        table = pyarrow(self._file).Table
        codes = [name for name in wanted if kinds[name] in TEXTS and kinds[name] != "id"]
        with parquet_file(self._file, codes) as source:
            check_types(self._file, source.schema_arrow, record_of(kinds))
            for batch in source.iter_batches(batch_size=self._rows, columns=wanted):
                yield frames.settlements(table.from_batches([batch]))


# ---- rejects ---------------------------------------------------------------------------------------------------------


class _Refused:
    """Rejects as they come: counted, the first kept, all of them written where somebody wants them."""

    def __init__(self, write: Callable[[Rejects], None] | None) -> None:
        self._write = write
        self.reasons: Counter[str] = Counter()
        self.first = _NO_REJECTS

    def add(self, rejects: Rejects, before: int) -> None:
        """Take the rejects of a piece; before: how many rows stand before it."""
        if not len(rejects):
            return
        moved = rejects.behind(before)
        self.reasons.update(moved.reason)
        left = SHOWN_REJECTS - len(self.first)
        if left > 0:
            shown = Rejects(moved.row[:left], moved.setl_id[:left], moved.reason[:left], moved.message[:left])
            self.first = self.first + shown
        if self._write is not None:
            self._write(moved)


@contextmanager
def _rejecting(path: FilePath | None, always: bool) -> Iterator[_Refused]:
    """Rejects that are written beside their name, which they take once all are there."""
    if path is None:
        yield _Refused(None)
        return
    check_target(path)
    final = Path(os.path.realpath(path))
    with TemporaryDirectory(prefix=f".{final.name}.", dir=final.parent) as folder:
        temporary = Path(folder) / final.name
        with ExitStack() as opened:
            writer = _csv_writer if suffix_of(path) == ".csv" else _parquet_writer
            refused = _Refused(writer(temporary, opened))
            yield refused
        if refused.reasons or always or final.exists():
            os.replace(temporary, final)


def _csv_writer(path: Path, opened: ExitStack) -> Callable[[Rejects], None]:
    file = opened.enter_context(path.open("x", encoding="utf-8", newline=""))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("row", "setl_id", "reason", "message"))

    def write(rejects: Rejects) -> None:
        writer.writerows(zip(rejects.row.tolist(), rejects.setl_id, rejects.reason, rejects.message, strict=True))

    return write


def _parquet_writer(path: Path, opened: ExitStack) -> Callable[[Rejects], None]:
    arrow = pyarrow(path, "pyarrow.parquet")
    text = arrow.string()
    schema = arrow.schema({"row": arrow.int64(), "setl_id": text, "reason": text, "message": text})
    file = opened.enter_context(path.open("xb"))
    writer = opened.enter_context(parquet_writer(file, schema))

    def write(rejects: Rejects) -> None:
        columns = (rejects.row, rejects.setl_id, rejects.reason, rejects.message)
        cells = [arrow.array(column, of) for column, of in zip(columns, schema.types, strict=True)]
        writer.write_table(arrow.table(cells, schema=schema))

    return write
