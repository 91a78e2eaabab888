"""A rule of one's own over the rows of a table: block by block, in threads, with the ordinary rooms inside."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, overload

import attrs
import numpy as np
from attrs import field, frozen

from mipolicy.batch.prepare import BLOCK_ROWS
from mipolicy.batch.tally import CodeSums, Tally
from mipolicy.batch.work import Work
from mipolicy.errors import AmountError, CodeError, MipolicyError, TableError
from mipolicy.money import Column
from mipolicy.rounding import INT63

__all__ = ["BlockResult", "by_part", "gather", "in_blocks"]

_ROW: Final = re.compile(r"\brow 0\b")
_KEPT_FREE: Final = 2**22 - 2**12
"""Figures of an array of just under 32 MiB, the most from which the C library learns to keep freed memory."""
_ENOUGH_ROWS: Final = 20_000
"""Rows that are worth a thread of their own."""


@frozen(eq=False)
class BlockResult:
    """What a rule gave over a table.

    rows: how many rows there were; columns: those kept, one figure a row; sums: by code column, the sums by code.
    """

    rows: int
    columns: Mapping[str, Column] = field()
    sums: Mapping[str, CodeSums] = field()


def in_blocks(
    rule: Callable[[Any], Any],
    columns: Any,
    *,
    keep: Sequence[str] = (),
    sums: Mapping[str, Sequence[str]] | None = None,
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
    out: Mapping[str, Column] | None = None,
) -> BlockResult:
    """Run a rule over columns of coded numbers, block by block, in threads that share the columns.

    rule: a function of one block of the columns, in the form in which they are given; it calls rooms and gives a
    mapping or a record of columns, where a plain int stands for every row.  It sees some rows at a time and must not
    count on which.  columns: a mapping, or an attrs record such as a room's input, of integer columns of one length;
    narrower ones are widened block by block, and a plain int is handed on as it is.
    keep: which figures of the outcome to keep, one a row.  sums: by code column, of the input or the outcome, which
    figures to sum by its codes, exact at any size.  threads: one per core by default; block_rows: rows at a time.
    out: int64 arrays to fill for figures that are kept, in place of new ones; after an error they hold anything.

    Neither threads nor block_rows change a figure.  What a rule refuses is asked again in smaller blocks, so that a
    refusal is of one row, which the error names as the table counts it, and bounds that only a block passes are none.
    Beside input and output it takes the memory of one block a thread.
    Raises TableError for columns and names that do not fit, AmountError for columns that are no integers, CodeError for
    codes to sum by that number no list, and what the rule raises, of the first row that it refuses.

    >>> from mipolicy.vocabulary import share
    >>> paid = in_blocks(
    ...     lambda bill: {"fund": share(bill["cost"], 800_000)},
    ...     {"cost": np.array([100_01, 50_00]), "hospital": np.array([1, 0])},
    ...     keep=["fund"],
    ...     sums={"hospital": ["fund"]},
    ... )
    >>> paid.columns["fund"].tolist(), paid.sums["hospital"]["fund"]
    ([8001, 4000], (4000, 8001))
    """
    given = _Given(columns)
    for names in (keep, *(sums or {}).values()):
        if isinstance(names, str):
            raise TableError(f"names of figures stand in a list, such as [{names!r}], not in one text")
    asked = _Asked(tuple(keep), {by: tuple(names) for by, names in (sums or {}).items()})
    _check_options(threads, block_rows, asked)
    kept = _outputs(asked.keep, given, out or {})
    _learn_to_keep_memory()
    tallies: dict[int, dict[str, Tally]] = {}

    def block(span: slice) -> None:
        mine = tallies.setdefault(threading.get_ident(), {by: Tally(names) for by, names in asked.sums.items()})
        _run(rule, given, asked, span, kept, mine)

    cores = os.cpu_count() or 1
    work = Work(threads or max(1, min(cores, given.rows // _ENOUGH_ROWS)), block_rows)
    try:
        work.each(block, work.spans(given.rows))
    finally:
        work.end()
    added = {by: CodeSums(dict.fromkeys(names, ())) for by, names in asked.sums.items()}
    for tally in tallies.values():
        added = {by: sums_by + tally[by].sums() for by, sums_by in added.items()}
    return BlockResult(given.rows, kept, added)


@overload
def gather(figures: Column, place: Column, what: str) -> Column: ...
@overload
def gather(figures: Sequence[Column], place: Column, what: str) -> list[Column]: ...
def gather(figures: Any, place: Column, what: str) -> Any:
    """The figure of a list that each row points to, such as the mean cost of its group; or of several such lists.

    figures: a column of one figure for each that is numbered, or several of one length; place: from 0 to the last of
    them; what: what it numbers, for errors.
    Raises CodeError naming the row that points outside, a negative place does not count from the end, and AmountError
    for what is no column of integers.

    >>> gather(np.array([5, 7]), np.array([1, 1, 0]), "group").tolist()
    [7, 7, 5]
    """
    lists = [figures] if isinstance(figures, np.ndarray) else list(figures)
    for each in (*lists, place):
        _size(what, each)
    place = place if place.dtype == np.int64 else _widened(what, place)
    size = min(each.size for each in lists)
    if place.size and int(place.view(np.uint64).max()) >= size:
        row = int(np.flatnonzero((place < 0) | (place >= size))[0])
        allowed = f"allowed is 0 to {size - 1}" if size else "and none is listed"
        raise CodeError(f"row {row}: {what} is {place[row]}, {allowed}")
    found = [each.take(place, mode="clip") for each in lists]
    return found[0] if isinstance(figures, np.ndarray) else found


def by_part(
    part: Column, rules: Sequence[Callable[[Any], Any]], block: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Column]:
    """A block whose rows meet different rules, such as versions of the terms: each part through its own, put together.

    part: the place of each row's rule among the rules; names: the figures of their outcomes to give.
    Raises CodeError for a part that has no rule, TableError for a name that a rule does not give, and what rules raise.

    >>> double, treble = (lambda of: {"paid": of["cost"] * 2}), (lambda of: {"paid": of["cost"] * 3})
    >>> by_part(np.array([0, 1, 0]), [double, treble], {"cost": np.array([10, 20, 30])}, ["paid"])["paid"].tolist()
    [20, 60, 60]
    """
    gather(np.zeros(len(rules), np.int64), part, "part")
    of_each = [np.flatnonzero(part == at) for at in range(len(rules))]
    met = [(rule, rows) for rule, rows in zip(rules, of_each, strict=True) if rows.size]
    if len(met) == 1:
        outcome = met[0][0](block)
        return {name: np.full(part.size, _figure(name, outcome, part.size), np.int64) for name in names}
    outcomes = [(rule(_RowsOf(block, rows)), rows.size) for rule, rows in met]
    place = np.empty(part.size, np.int64)
    place[np.concatenate([rows for _, rows in met] or [place])] = np.arange(part.size)
    found = {}
    for name in names:
        behind = [np.broadcast_to(_figure(name, outcome, rows), rows) for outcome, rows in outcomes]
        found[name] = np.concatenate(behind or [place]).take(place, mode="clip")
    return found


class _RowsOf(Mapping[str, Any]):
    """Some rows of a block, each column taken when it is first asked for."""

    def __init__(self, block: Mapping[str, Any], rows: Column) -> None:
        self._block, self._rows = block, rows
        self._taken: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._taken:
            column = self._block[name]
            self._taken[name] = column if _is_int(column) else column.take(self._rows, mode="clip")
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._block)

    def __len__(self) -> int:
        return len(self._block)


@frozen
class _Asked:
    keep: tuple[str, ...]
    sums: Mapping[str, tuple[str, ...]]

    def names(self) -> Iterable[str]:
        return dict.fromkeys((*self.keep, *(name for names in self.sums.values() for name in names)))


class _Given:
    """The columns of a table, checked, and blocks of them in the form in which they were given."""

    def __init__(self, columns: Any) -> None:
        self.record = attrs.has(type(columns))
        if self.record:
            self.columns = {each.name: getattr(columns, each.name) for each in attrs.fields(type(columns))}
        elif isinstance(columns, Mapping):
            self.columns = dict(columns)
        else:
            raise TableError(f"columns are a mapping or an attrs record of columns, not {type(columns).__name__}")
        self.kind = type(columns)
        sizes = {name: _size(name, column) for name, column in self.columns.items() if not _is_int(column)}
        if len(set(sizes.values())) != 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items()) or "none"
            raise TableError(f"columns must be of one length, at least one of them a column; rows of each: {told}")
        self.rows = next(iter(sizes.values()))

    def block(self, span: slice) -> Any:
        """Some rows, every column int64."""
        taken = {
            name: column if _is_int(column) else _widened(name, column[span]) for name, column in self.columns.items()
        }
        return self.kind(**{each.alias: taken[each.name] for each in attrs.fields(self.kind)}) if self.record else taken


def _is_int(column: Any) -> bool:
    return isinstance(column, int) and not isinstance(column, bool)


def _size(name: str, column: Any) -> int:
    if not isinstance(column, np.ndarray) or isinstance(column, np.ma.MaskedArray):
        raise AmountError(f"column {name}: an integer array without gaps is due, not {type(column).__name__}")
    if column.dtype.kind not in "iu" or not column.dtype.isnative:
        raise AmountError(f"column {name}: integers are due, such as fen and codes from 0, not {column.dtype}")
    if column.ndim != 1:
        raise AmountError(f"column {name}: one dimension is due, not shape {column.shape}")
    return int(column.size)


def _widened(name: str, column: Any) -> Column:
    if column.dtype == np.int64:
        same: Column = column if column.flags.c_contiguous else column.copy()
        return same
    if column.dtype == np.uint64 and (column >= 2**63).any():
        row = int(np.flatnonzero(column >= 2**63)[0])
        raise AmountError(f"row {row}: {name} is {column[row]}, which int64 does not hold")
    widened: Column = column.astype(np.int64)
    return widened


def _check_options(threads: int | None, block_rows: int, asked: _Asked) -> None:
    if block_rows < 1 or (threads is not None and threads < 1):
        raise TableError("block_rows and threads must be at least 1")
    for name in asked.keep:
        if asked.keep.count(name) > 1:
            raise TableError(f"keep names {name} twice")
    if not asked.keep and not asked.sums:
        raise TableError("nothing would be left: name figures to keep, or to sum by a code")


def _outputs(keep: Sequence[str], given: _Given, out: Mapping[str, Any]) -> dict[str, Column]:
    """The arrays to fill, those that were passed and new ones."""
    unknown = [name for name in out if name not in keep]
    if unknown:
        raise TableError(f"out holds {', '.join(unknown)}, which keep does not name")
    inputs = {name: column for name, column in given.columns.items() if not _is_int(column)}
    for name, array in out.items():
        if not isinstance(array, np.ndarray) or array.dtype != np.int64 or array.shape != (given.rows,):
            found = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TableError(f"out of {name}: an int64 array of {given.rows} rows is due, not {found}")
        if not array.flags.writeable:
            raise TableError(f"out of {name}: the array is read-only")
        others = {**inputs, **{other: each for other, each in out.items() if other != name}}
        for other, column in others.items():
            if np.shares_memory(array, column):
                raise TableError(f"out of {name} shares its memory with {other}: blocks would read what others wrote")
    return {name: out[name] if name in out else np.empty(given.rows, np.int64) for name in keep}


def _run(
    rule: Callable[[Any], Any],
    given: _Given,
    asked: _Asked,
    span: slice,
    kept: Mapping[str, Column],
    tallies: Mapping[str, Tally],
) -> None:
    """Some rows through the rule; what it refuses is asked again by halves, down to the row that is to blame."""
    rows = span.stop - span.start
    refused: MipolicyError | None = None
    try:
        part = given.block(span)
        found = rule(part)
    except MipolicyError as error:
        refused = error
    except Exception as error:
        error.add_note(f"in rows {span.start} to {span.stop - 1} of the table")
        raise
    if refused is not None:
        if rows == 1:
            raise _of_row(refused, span.start) from refused
        middle = span.start + rows // 2
        for half in (slice(span.start, middle), slice(middle, span.stop)):
            _run(rule, given, asked, half, kept, tallies)
        return
    figures = {name: _figure(name, found, rows) for name in asked.names()}
    for by, tally in tallies.items():
        tally.add(by, _code(by, part, found, rows), figures, first=span.start)
    for name, column in kept.items():
        column[span] = figures[name]


def _of_row(error: MipolicyError, row: int) -> MipolicyError:
    """The error with the row of the table; errors that are more than a sentence say it themselves or not at all."""
    if len(error.args) != 1 or not isinstance(error.args[0], str):
        return error
    message, found = _ROW.subn(f"row {row}", error.args[0], count=1)
    return type(error)(message if found else f"row {row}: {message}")


def _figure(name: str, found: Any, rows: int) -> Any:
    figure: Any
    if isinstance(found, Mapping):
        names, figure = list(found), found.get(name)
    elif attrs.has(type(found)):
        names, figure = [each.name for each in attrs.fields(type(found))], getattr(found, name, None)
    else:
        raise TableError(f"the rule gives a {type(found).__name__}; a mapping or an attrs record of columns is due")
    if name not in names:
        import difflib

        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?  " if near else ""
        raise TableError(f"the rule gives no {name}; {hint}It gives: {', '.join(names)}")
    if _is_int(figure) and -INT63 <= figure < INT63:
        return figure
    if not isinstance(figure, np.ndarray) or figure.dtype != np.int64 or figure.shape != (rows,):
        told = f"{figure.dtype} of shape {figure.shape}" if isinstance(figure, np.ndarray) else repr(figure)
        raise TableError(f"the rule's {name} for {rows} rows is {told}; an int64 column of as many rows is due")
    return figure


def _code(by: str, part: Any, found: Any, rows: int) -> Column:
    given = part.get(by) if isinstance(part, Mapping) else getattr(part, by, None)
    code = _figure(by, found, rows) if given is None else given
    return np.full(rows, code, np.int64) if _is_int(code) else code


def _learn_to_keep_memory() -> None:
    """Have blocks reuse memory: glibc hands what is freed back to the system until it has seen a larger array go.

    Without it each block's columns come as fresh pages, which takes half of the time again.  No page is touched here.
    """
    np.empty(_KEPT_FREE, np.int64)
