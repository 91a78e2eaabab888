"""Inputs of the payment rooms: every field is checked by its unit; products that cannot wrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

import attrs
import numpy as np

from mipolicy.errors import AmountError, CodeError, InputError
from mipolicy.money import MAX_FEN, A, Column
from mipolicy.rounding import INT63, any_columns, bounds_of
from mipolicy.tables import Axis

__all__ = ["MOST_FACTOR", "MOST_POINTS", "check_input", "least", "only_where", "refuse_rows", "times"]

MOST_POINTS: Final = 900_000_000
"""90,000 points: more than any group or case has."""
MOST_FACTOR: Final = 100_000
"""A factor of 10: more than any institution or class has.  Points times two factors stay inside int64."""
_MOST: Final = {
    "fen": int(MAX_FEN),
    "flag": 1,
    "count": 1_000_000,
    "days": 1_000_000,
    "points": MOST_POINTS,
    "factor": MOST_FACTOR,
}
T = TypeVar("T")
U = TypeVar("U")
_UNITS: Final = {"points": "points per ten thousand", "factor": "factors per ten thousand"}


def check_input(record: Any) -> None:
    """Check each field of a coded input, one record or columns, against what its unit can be.

    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    a figure out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = attrs.fields(type(record))
    any_columns(*(getattr(record, each.name) for each in fields))
    for each in fields:
        unit = each.metadata["unit"]
        most = len(unit.members) - 1 if isinstance(unit, Axis) else _MOST[unit]
        found = getattr(record, each.name)
        if isinstance(found, np.ndarray):  # seen as unsigned, a negative figure is a large one
            if found.size and int(found.view(np.uint64).max()) > most:
                _refuse(record, each, found, most)
        elif not 0 <= found <= most:
            _refuse(record, each, found, most)


def _refuse(record: Any, field: Any, found: Any, most: int) -> None:
    name, figure = f"{type(record).__name__}.{field.name}", found
    if isinstance(found, np.ndarray):
        row = int(np.flatnonzero((found < 0) | (found > most))[0])
        name, figure = f"{name}: row {row}", found[row]
    unit, what = field.metadata["unit"], f"{name}: {int(figure)} is outside 0 to {most}"
    if isinstance(unit, Axis):
        raise CodeError(f"{what}; codes of {unit.name}: {', '.join(unit.members)}, in this order from 0")
    raise InputError(f"{what}; the field is {field.metadata['en']}, in {_UNITS.get(unit, unit)}")


def refuse_rows(condition: Any, message: str) -> None:
    """Refuse the first row where the condition holds, or the one case: InputError with the message.

    >>> refuse_rows(0, "the mean is 0")
    """
    column = np.atleast_1d(np.asarray(condition))
    rows = np.flatnonzero(column)
    if rows.size:
        raise InputError(f"row {rows[0]}: {message}" if isinstance(condition, np.ndarray) else message)


def least(value: Any) -> int:
    """The least of a column, or the int itself; 1 of an empty column, which nothing is wrong with."""
    if isinstance(value, np.ndarray):
        return int(value.min()) if value.size else 1
    return int(value)


def only_where(condition: A, rule: Callable[[T], U], otherwise: U, record: T) -> U:
    """What the rule gives where the condition is not 0, else `otherwise`; the rule sees only the rows that need it.

    condition: an int or a column; record: an input whose fields are ints or columns; otherwise: an outcome likewise.
    """
    if not isinstance(condition, np.ndarray):
        return rule(record) if condition else otherwise
    rows = np.flatnonzero(condition)
    if not rows.size:
        return otherwise
    needed = rule(type(record)(**{name: _rows(column, rows) for name, column in _columns(record).items()}))
    result = _columns(otherwise)
    for name, column in result.items():
        figures = getattr(needed, name)
        whole = np.broadcast_to(np.int64(column), condition.shape)
        if not np.array_equal(whole[rows], np.broadcast_to(figures, rows.shape)):  # a copy costs more than a look
            result[name] = whole.copy()
            result[name][rows] = figures
    return type(otherwise)(**result)


def _rows(column: Any, rows: Column) -> Any:
    return column[rows] if isinstance(column, np.ndarray) else column


def _columns(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in attrs.fields(type(record))}


@overload
def times(one: int, other: int) -> int: ...
@overload
def times(one: Column, other: int | Column) -> Column: ...
@overload
def times(one: int, other: Column) -> Column: ...
def times(one: Any, other: Any) -> Any:
    """The product, exact: ints at any size, columns where the largest product fits int64.

    Raises AmountError for columns whose product could wrap.

    >>> times(10_500, 12_000)
    126000000
    """
    if any_columns(one, other):
        sizes = [max(-low, high) for low, high in (bounds_of(one), bounds_of(other))]
        if sizes[0] * sizes[1] >= INT63:
            raise AmountError(f"figures up to {sizes[0]} and {sizes[1]} cannot be multiplied exactly in int64")
    return one * other
