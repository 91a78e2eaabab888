"""What a rule is given, checked where it comes in: fields by their unit, columns of a table, rows that are refused.

Figures are ints or int64 columns; a negative figure of a column, seen as unsigned, is a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias, TypeVar, overload

import attrs
import numpy as np

from mipolicy.errors import AmountError, CodeError, InputError, TableError
from mipolicy.money import FACTOR_ONE, MAX_FEN, NO_LIMIT, POINTS_ONE, RATE_ONE, A, Column
from mipolicy.rounding import INT63, any_columns, bounds_of, least_of, uniform
from mipolicy.tables import Axis

__all__ = [
    "MOST",
    "Within",
    "check_columns",
    "check_input",
    "for_each",
    "holds_nowhere",
    "only_where",
    "refuse",
    "refuse_more_than",
    "refuse_no_limit",
    "refuse_zero",
    "times",
]

MOST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "fen": int(MAX_FEN),
        "flag": 1,
        "count": 1_000_000,
        "days": 1_000_000,
        "rate": int(RATE_ONE),
        "factor": 1_000 * int(FACTOR_ONE),
        "points": 10_000_000 * int(POINTS_ONE),
        "quantity": 10_000 * int(FACTOR_ONE),
    }
)
"""Most that an input can be, by unit: more than any record has; an amount times a count or a factor stays in int64."""
Within: TypeAlias = "int | Axis | Sequence[str] | None"
"""What a column may hold, from 0: figures up to an int, or positions in a list; None: any whole number."""

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
_PARTS: Final = {
    "rate": "rates per million",
    "factor": "factors per ten thousand",
    "points": "points per ten thousand",
    "quantity": "quantities per ten thousand",
}
_FEW: Final = 64
"""Rows of which most columns that differ are told."""
T = TypeVar("T")
U = TypeVar("U")


def check_input(record: Any, signed: Collection[str] = (), most: Mapping[str, int] = _NOTHING) -> None:
    """Check each field of a coded input, one record or columns, against what its unit can be.

    signed: fields that may be below 0; most: limits of single fields in place of those of `MOST`.  Fields without a
    unit, and codes of person classes, which depend on the scheme, are left to the rule.
    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    a figure out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = _fields_to_check(type(record))  # type: ignore[arg-type]  # a class is hashable
    given = [getattr(record, name) for name, _, _ in fields]
    if set(map(type, given)) != {int}:
        try:
            any_columns(*given)
        except AmountError:
            _refuse_types(record, [each for _, _, each in fields])
            raise
    for found, (name, high, each) in zip(given, fields, strict=True):
        if high < 0:
            continue
        limit = most.get(name) or high
        low = -limit if name in signed else 0
        if type(found) is int:
            if not low <= found <= limit:
                _refuse_field(record, each, found, low, limit)
        elif _is_outside(found, low, limit):
            _refuse_field(record, each, found, low, limit)


@cache
def _fields_to_check(kind: type[Any]) -> tuple[tuple[str, int, Any], ...]:
    """Name, most and attrs field of what a kind of input holds with a unit; -1 of codes that depend on the scheme."""
    found = []
    for each in attrs.fields(kind):
        unit = each.metadata.get("unit", "")
        if unit != "":
            found.append((each.name, len(unit.members) - 1 if isinstance(unit, Axis) else MOST[unit], each))
    return tuple(found)


def _refuse_types(record: Any, fields: list[Any]) -> None:
    """Name the field that is neither an int nor an int64 column, if it is not the lengths that differ."""
    for each in fields:
        try:
            any_columns(getattr(record, each.name))
        except AmountError as error:
            raise AmountError(f"{type(record).__name__}.{each.name}: {error}") from None


def _is_outside(found: Any, low: int, high: int) -> bool:
    if not isinstance(found, np.ndarray):
        return not low <= found <= high
    if low or not found.strides[0]:
        least, largest = bounds_of(found)
        return bool(found.size) and (least < low or largest > high)
    return bool(found.size) and int(np.maximum.reduce(found.view(np.uint64))) > high


def _refuse_field(record: Any, field: Any, found: Any, low: int, high: int) -> NoReturn:
    name, unit = f"{type(record).__name__}.{field.name}", field.metadata["unit"]
    if isinstance(found, np.ndarray):
        row = _first(found, low, high)
        name, found = f"{name}: row {row}", found[row]
    what = f"{name}: {int(found)} is outside {low} to {high}"
    if isinstance(unit, Axis):
        raise CodeError(f"{what}; {_codes(unit)}")
    raise InputError(f"{what}; the field is {field.metadata['en']}, in {_PARTS.get(unit, unit)}")


def _first(column: Column, low: int, high: int) -> int:
    return int(np.flatnonzero((column < low) | (column > high))[0])


def _codes(axis: Axis) -> str:
    return f"codes of {axis.name}: {', '.join(axis.members)}, in this order from 0"


def check_columns(what: str, /, **columns: tuple[Column, Within]) -> None:
    """Check the columns of a table, each from 0 to the last that it may hold: an int, or the last position in a list.

    what: which table, for errors; columns: by name, each with what it may hold.
    Raises AmountError for what is no int64 column or not of one length; TableError for names that repeat; InputError
    for a figure and CodeError for a position out of range, naming column and row.
    """
    for name, (column, _) in columns.items():
        if not isinstance(column, np.ndarray):
            raise AmountError(f"{what}: {name} must be an int64 column, got {type(column).__name__}")
    any_columns(*(column for column, _ in columns.values()))
    for name, (column, within) in columns.items():
        if within is None:
            continue
        high = within if isinstance(within, int) else _last(what, within)
        if not _is_outside(column, 0, high):
            continue
        row = _first(column, 0, high)
        wrong = f"{what}: row {row}: {name} is {column[row]}, allowed is 0 to {high}"
        if isinstance(within, int):
            raise InputError(f"{wrong}; correct it, and leave reversals out with their cases")
        raise CodeError(f"{wrong}; {_codes(within) if isinstance(within, Axis) else 'it numbers the names given'}")


def _last(what: str, within: Axis | Sequence[str]) -> int:
    """The last position in a list, which is -1 of an empty one; names must differ, or sums would be lost."""
    names = within.members if isinstance(within, Axis) else within
    if len(set(names)) != len(names):
        raise TableError(f"{what}: a name stands twice in {', '.join(names)}")
    return len(names) - 1


def refuse(bad: Any, message: str, *figures: Any) -> None:
    """Refuse the first row that is bad, or the one case.

    bad: a flag or a column of flags; message: what is wrong and how to mend it, with {} for each of the figures,
    which are of the case or one a row.
    Raises InputError, naming the row of a column.

    >>> refuse(0, "group_mean is {}; state it", 0)
    """
    if not isinstance(bad, np.ndarray):
        if bad:
            raise InputError(message.format(*figures))
    elif bad.any():
        row = int(np.flatnonzero(bad)[0])
        held = (figure[row] if isinstance(figure, np.ndarray) else figure for figure in figures)
        raise InputError(f"row {row}: {message.format(*held)}")


def refuse_zero(figure: Any, message: str, where: Any = 1) -> None:
    """Refuse a figure of 0, of one that is checked not to be below it; where: the rows of which it must not be.

    message: what is wrong and how to mend it.  Raises InputError, naming the row of a column.

    >>> refuse_zero(0, "group_mean is 0; state it", where=0)
    """
    if (figure if type(figure) is int else least_of(figure)) <= 0:
        refuse((figure == 0) & (where != 0), message)


def refuse_more_than(value: Any, most: Any, name: str, limit: str) -> None:
    """Refuse an amount that exceeds another of the same case; name, limit: what they are.

    Raises InputError, naming the row of a column.
    """
    if type(value) is int and isinstance(most, np.ndarray) and value <= least_of(most):
        return
    refuse(value > most, f"{name} is {{}} fen, more than {limit}; correct whichever is wrong", value)


def refuse_no_limit(**amounts: int | None) -> None:
    """Refuse amounts of terms that are 0 or "none": a price or a standard is an amount above 0.

    Raises InputError naming the field.
    """
    for name, amount in amounts.items():
        if amount is not None and not 0 < amount < NO_LIMIT:
            raise InputError(f"{name} is an amount in yuan above 0; it is neither 0 nor none")


def for_each(figure: int, like: A) -> A:
    """A figure of the terms as the input has it: itself beside an int, once a row beside a column.

    >>> for_each(5, np.array([1, 2])).tolist()
    [5, 5]
    """
    if isinstance(like, np.ndarray):
        return uniform(int(figure), like.size)
    return figure


def holds_nowhere(condition: Any) -> bool:
    """Whether a condition is a plain 0, or a column of 0: what depends on it need not be worked out.

    Of a traced one it is not said, so that an explanation tells what was looked at.
    """
    if isinstance(condition, np.ndarray):
        return bounds_of(condition) == (0, 0)
    return type(condition) is int and condition == 0


def only_where(condition: A, rule: Callable[[T], U], otherwise: U, record: T) -> U:
    """What the rule gives where the condition is not 0, else `otherwise`; the rule sees only the rows that need it.

    condition: an int or a column; record: an input whose fields are ints or columns; otherwise: an outcome likewise.
    """
    if not isinstance(condition, np.ndarray):
        return rule(record) if condition else otherwise
    rows = np.flatnonzero(condition)
    if not rows.size:
        return otherwise
    columns = _fields(record)
    taken = {name: _taken(column, rows) for name, column in columns.items()}
    needed = rule(type(record)(**taken))
    same = {id(column): taken[name] for name, column in columns.items()}
    result = _fields(otherwise)
    for name, column in result.items():
        figures = getattr(needed, name)
        if figures is not same.get(id(column)) and _differ(column, rows, figures):
            whole = np.full(condition.shape, column, np.int64) if _is_one(column) else column.copy()
            whole[rows] = figures
            result[name] = whole
    return type(otherwise)(**result)


def _differ(column: Any, rows: Column, figures: Any) -> bool:
    """Whether some rows have other figures; a look costs less than a copy."""
    if _is_one(column) and _is_one(figures):
        return bounds_of(column) != bounds_of(figures)
    few = slice(_FEW)
    if not _is_one(column) and not _is_one(figures) and (_taken(column, rows[few]) != figures[few]).any():
        return True
    return bool(np.any(_taken(column, rows) != figures))


def _is_one(figures: Any) -> bool:
    return not isinstance(figures, np.ndarray) or not figures.strides[0]


def _taken(column: Any, rows: Column) -> Any:
    if not isinstance(column, np.ndarray):
        return column
    return column.take(rows, mode="clip") if column.strides[0] else column[: rows.size]  # rows are known to exist


def _fields(record: Any) -> dict[str, Any]:
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
