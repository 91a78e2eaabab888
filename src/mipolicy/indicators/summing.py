"""Named quantities of a table of settlements, summed in one pass: exact, in blocks and threads, whatever their number.

Rows that meet the same conditions in the same scope are one cell; rows are counted and each field is summed by cell,
once, and a quantity is the sum of its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.errors import TableError
from mipolicy.indicators.quantity import Condition, Quantities, Quantity
from mipolicy.money import Column
from mipolicy.rounding import INT63, bounds_of
from mipolicy.texts import Coded

__all__ = ["sum_table"]

_BLOCK: Final = 1 << 17
_MOST_CELLS: Final = 1 << 22
_MOST_COMBINATIONS: Final = 1 << 16
_HALF: Final = 32


@frozen(eq=False)
class _Field:
    """A column of codes: a code per row, and what stands for each code."""

    codes: Any
    values: Sequence[Any]

    def __len__(self) -> int:
        return len(self.codes)


@frozen(eq=False)
class _Plan:
    """Which cell each row is of.

    of_scope, of_conditions: columns of codes, each with the number that each code adds; classes: what the sum over the
    conditions comes to, as the place of a class; taken: by quantity, the classes it takes, and whether it is counted
    by sign; width, size: classes, and cells in all.
    """

    of_scope: tuple[tuple[Any, Column], ...]
    of_conditions: tuple[tuple[Any, Column], ...]
    classes: Column
    taken: NDArray[np.bool_]
    width: int
    size: int

    def cells(self, part: slice) -> Column:
        """The cell of each row of a block."""
        held = np.zeros(part.stop - part.start, np.int64)
        for codes, adds in self.of_conditions:
            held += adds.take(codes[part])
        cell = self.classes.take(held)
        for codes, adds in self.of_scope:
            cell += adds.take(codes[part])
        return cell


def sum_table(
    quantities: Sequence[Quantity],
    table: Mapping[str, Any],
    by: Sequence[str] = (),
    block: int = _BLOCK,
    threads: int = 1,
    *,
    reversals: Coded | None = None,
    left_out: NDArray[np.bool_] | None = None,
    rows: int | None = None,
) -> Quantities:
    """Sum a table of settlements with national field names, block by block.

    quantities: what to sum; table: name -> column, text (`Coded` or texts) for codes, int64 for amounts in fen and for
    flags; by: fields of text that tell scopes apart; block, threads: rows that are looked at together, and at once,
    which change no figure; reversals: "1" for a row that takes another back and counts as one less; its amounts carry
    their sign; left_out: rows that are not summed; rows: how many there are, where no column says it.
    Every scope in the table has each quantity, 0 where no row meets the conditions.
    Raises TableError for a column that is not there, of the wrong type or length, and for more scopes than fit.
    """
    conditions = {each.id: each.conditions() for each in quantities}
    held = tuple(dict.fromkeys(condition for each in conditions.values() for condition in each))
    codes = {name: _codes(table, name) for name in dict.fromkeys((*(each.field for each in held), *by))}
    amounts = {each.sum_of: _amounts(table, each.sum_of) for each in quantities if each.sum_of}
    lengths = {name: len(column) for name, column in codes.items()}
    lengths |= {name: len(column) for name, column in amounts.items()}
    if not lengths and rows is None:
        raise TableError("the quantities use no column, so nothing says how many rows there are; name one in `by`")
    if len(set(lengths.values())) > 1:
        raise TableError(f"columns must be of one length, got {lengths}")
    rows = next(iter(lengths.values()), rows or 0)
    axes = [_texts(codes, name) for name in by]
    plan, axes = _planned(quantities, conditions, held, codes, axes)
    parts = {name: _halves(column) for name, column in amounts.items()}
    spans = _spans(rows, block, threads)

    def one(span: Sequence[slice]) -> tuple[Column, Column, dict[str, list[Column]]]:
        return _summed(plan, span, parts, reversals, left_out)

    done = _each(one, spans)
    seen = sum((each[0] for each in done), np.zeros(plan.size, np.int64))
    net = seen if reversals is None else sum((each[1] for each in done), np.zeros(plan.size, np.int64))
    sums = {
        name: [sum((each[2][name][at] for each in done), np.zeros(plan.size, np.int64)) for at in range(len(halves))]
        for name, halves in parts.items()
    }
    return _quantities(quantities, tuple(by), axes, plan, seen, net, sums)


def _each(work: Callable[[Any], Any], spans: list[list[slice]]) -> list[Any]:
    if len(spans) == 1:
        return [work(spans[0])]
    with ThreadPoolExecutor(len(spans)) as pool:
        return list(pool.map(work, spans))


def _spans(rows: int, block: int, threads: int) -> list[list[slice]]:
    """The blocks of each thread."""
    if block < 1:
        raise TableError(f"a block has at least one row, not {block}")
    if threads < 1:
        raise TableError("threads must be at least 1")
    blocks = [slice(start, min(start + block, rows)) for start in range(0, rows, block)]
    return [blocks[at::threads] for at in range(min(threads, max(len(blocks), 1)))]


def _summed(
    plan: _Plan,
    span: Iterable[slice],
    parts: Mapping[str, list[Column]],
    reversals: Coded | None,
    left_out: NDArray[np.bool_] | None,
) -> tuple[Column, Column, dict[str, list[Column]]]:
    """By cell: rows, rows less reversals, and the sum of each half of each field."""
    seen, net = np.zeros(plan.size, np.int64), np.zeros(plan.size, np.int64)
    sums = {name: [np.zeros(plan.size, np.int64) for _ in halves] for name, halves in parts.items()}
    signs = None if reversals is None else reversals.figures(lambda flag: -1 if flag == "1" else 1)
    for part in span:
        cell = plan.cells(part)
        kept = None if left_out is None or not left_out[part].any() else ~left_out[part]
        if kept is not None:
            cell = cell[kept]
        np.add.at(seen, cell, 1)
        if signs is not None:
            np.add.at(net, cell, signs[part] if kept is None else signs[part][kept])
        for name, halves in parts.items():
            for into, column in zip(sums[name], halves, strict=True):
                np.add.at(into, cell, column[part] if kept is None else column[part][kept])
    return seen, net, sums


def _halves(column: Column) -> list[Column]:
    """The column, or where int64 could not hold its sum the lower and the upper half of each figure."""
    low, high = bounds_of(column)
    if max(-low, high) * max(len(column), 1) < INT63:
        return [column]
    return [column & ((1 << _HALF) - 1), column >> _HALF]


# ---- the plan --------------------------------------------------------------------------------------------------------


def _planned(
    quantities: Sequence[Quantity],
    conditions: Mapping[str, Sequence[Condition]],
    held: Sequence[Condition],
    codes: Mapping[str, _Field],
    axes: Sequence[_Field],
) -> tuple[_Plan, list[_Field]]:
    fields = dict.fromkeys(condition.field for condition in held)
    of_field = {name: _signatures([each for each in held if each.field == name], codes[name]) for name in fields}
    combinations = 1
    for signatures, _ in of_field.values():
        combinations *= len(signatures)
    if combinations > _MOST_COMBINATIONS:
        what = f"the conditions tell {combinations} kinds of rows apart, more than {_MOST_COMBINATIONS}"
        raise TableError(f"{what}; sum fewer quantities at once")
    of_conditions, step = [], combinations
    for name, (signatures, place) in of_field.items():
        step //= max(len(signatures), 1)
        of_conditions.append((codes[name].codes, place * step))
    classes: dict[tuple[bool, ...], int] = {}
    of_combination = np.zeros(max(combinations, 1), np.int64)
    for at, together in enumerate(product(*(signatures for signatures, _ in of_field.values()))):
        met = {condition: holds for each in together for condition, holds in each.items()}
        taken = tuple(all(met[condition] for condition in conditions[each.id]) for each in quantities)
        of_combination[at] = classes.setdefault(taken, len(classes))
    width = max(len(classes), 1)
    axes = _folded(axes, width)
    places = 1
    for axis in axes:
        places *= len(axis.values)
    of_scope, step = [], places * width
    for axis in axes:
        step //= max(len(axis.values), 1)
        of_scope.append((axis.codes, np.arange(len(axis.values), dtype=np.int64) * step))
    matrix = np.array(list(classes), np.bool_).reshape(len(classes), len(quantities)).T
    plan = _Plan(tuple(of_scope), tuple(of_conditions), of_combination, matrix, width, places * width)
    return plan, axes


def _folded(axes: Sequence[_Field], width: int) -> list[_Field]:
    """The axes, or where their codes make too many scopes one axis of the scopes that the table has."""
    places = 1
    for axis in axes:
        places *= len(axis.values)
    if places * width <= _MOST_CELLS:
        return list(axes)
    whole = axes[0]
    for axis in axes[1:]:
        together = whole.codes.astype(np.int64) * len(axis.values) + axis.codes
        known, codes = np.unique(together, return_inverse=True)
        pairs = (divmod(at, len(axis.values)) for at in known.tolist())
        whole = _Field(codes, [(*whole.values[one], *axis.values[other]) for one, other in pairs])
    if len(whole.values) * width > _MOST_CELLS:
        most = _MOST_CELLS // width
        raise TableError(f"{len(whole.values)} scopes are more than {most}; sum by fewer fields and roll up")
    return [whole]


def _signatures(conditions: Sequence[Condition], field: _Field) -> tuple[list[dict[Condition, bool]], Column]:
    """Which conditions of a field can hold together, and which of these each code of the column has."""
    found: dict[tuple[bool, ...], int] = {}
    listed = {condition: _listed(condition, field) for condition in conditions}
    place = [
        found.setdefault(tuple((value in listed[each]) == each.among for each in conditions), len(found))
        for value in field.values
    ]
    return [dict(zip(conditions, holds, strict=True)) for holds in found], np.array(place, np.int64)


def _listed(condition: Condition, field: _Field) -> Any:
    if not field.values or isinstance(field.values[0], str):
        return frozenset(condition.codes)
    try:
        return frozenset(int(code) for code in condition.codes)
    except ValueError:
        raise TableError(
            f"{condition.field}: an int64 column holds none of the codes {', '.join(condition.codes)}; give texts"
        ) from None


def _codes(table: Mapping[str, Any], name: str) -> _Field:
    column = _column(table, name)
    if isinstance(column, np.ndarray) and column.dtype == np.int64 and column.ndim == 1:
        values, codes = np.unique(column, return_inverse=True)
        return _Field(codes, values.tolist())
    coded = Coded.of(column)
    return _Field(coded.codes, coded.values)


def _amounts(table: Mapping[str, Any], name: str) -> Column:
    column = _column(table, name)
    if not isinstance(column, np.ndarray) or column.dtype != np.int64 or column.ndim != 1:
        kind = column.dtype if isinstance(column, np.ndarray) else type(column).__name__
        raise TableError(f"{name}: an int64 column is due to be summed (fen for money), not {kind}")
    return column


def _column(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise TableError(f"the table has no column {name}; it has {', '.join(table)}")
    return table[name]


def _texts(codes: Mapping[str, _Field], name: str) -> _Field:
    field = codes[name]
    if field.values and not isinstance(field.values[0], str):
        raise TableError(f"{name}: scopes are told apart by text, not by int64")
    return _Field(field.codes, [(value,) for value in field.values])


# ---- from cells to quantities ----------------------------------------------------------------------------------------


def _quantities(
    quantities: Sequence[Quantity],
    by: tuple[str, ...],
    axes: Sequence[_Field],
    plan: _Plan,
    seen: Column,
    net: Column,
    sums: Mapping[str, list[Column]],
) -> Quantities:
    """The sums over the cells of each quantity, in the scopes that have a row."""
    places = seen.reshape(-1, plan.width).any(axis=1) if axes else np.ones(1, np.bool_)
    known = np.flatnonzero(places)
    scopes = _scopes(axes, known)
    figures: dict[tuple[str, tuple[str, ...]], Any] = {}
    for at, each in enumerate(quantities):
        wanted = plan.taken[at] if len(plan.taken[at]) else np.zeros(plan.width, np.bool_)
        halves = [
            column.reshape(-1, plan.width)[known][:, wanted].sum(axis=1).tolist()
            for column in (sums[each.sum_of] if each.sum_of else [net])
        ]
        whole = halves[0] if len(halves) == 1 else [low + (high << _HALF) for low, high in zip(*halves, strict=True)]
        figures.update(zip(((each.id, scope) for scope in scopes), whole, strict=True))
    return Quantities(by, figures)


def _scopes(axes: Sequence[_Field], places: Column) -> list[tuple[str, ...]]:
    """The codes of each place, one for each field."""
    step = 1
    for axis in axes:
        step *= len(axis.values)
    found: list[tuple[str, ...]] = [()] * len(places)
    for axis in axes:
        step //= max(len(axis.values), 1)
        at = places // max(step, 1) % max(len(axis.values), 1)
        found = [(*scope, *axis.values[code]) for scope, code in zip(found, at.tolist(), strict=True)]
    return found
