"""What a rule is given, checked where it comes in: fields by their unit, columns of a table, rows that are refused.

Figures are ints or int64 columns; a negative figure of a column, seen as unsigned, is a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias, TypeVar, overload

import attrs
import numpy as np

from mipolicy.errors import AmountError, CodeError, InputError, TableError
from mipolicy.money import FACTOR_ONE, MAX_FEN, NO_LIMIT, POINTS_ONE, RATE_ONE, A, Column
from mipolicy.rounding import INT63, any_columns, bounds_of
from mipolicy.tables import Axis

__all__ = [
    "MOST",
    "Within",
    "check_columns",
    "check_input",
    "for_each",
    "only_where",
    "refuse",
    "refuse_more_than",
    "refuse_no_limit",
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
T = TypeVar("T")
U = TypeVar("U")


def check_input(record: Any, signed: Collection[str] = (), most: Mapping[str, int] = _NOTHING) -> None:
    """Check each field of a coded input, one record or columns, against what its unit can be.

    signed: fields that may be below 0; most: limits of single fields in place of those of `MOST`.  Fields without a
    unit, and codes of person classes, which depend on the scheme, are left to the rule.
    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    a figure out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = [each for each in attrs.fields(type(record)) if each.metadata.get("unit", "") != ""]
    try:
        any_columns(*(getattr(record, each.name) for each in fields))
    except AmountError:
        _refuse_types(record, fields)
        raise
    for each in fields:
        unit, found = each.metadata["unit"], getattr(record, each.name)
        if isinstance(unit, Axis):
            if not unit.members:
                continue
            high = len(unit.members) - 1
        else:
            high = most.get(each.name) or MOST[unit]
        low = -high if each.name in signed else 0
        if _is_outside(found, low, high):
            _refuse_field(record, each, found, low, high)


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
    if low:
        least, largest = bounds_of(found)
        return least < low or largest > high
    return bool(found.size) and int(found.view(np.uint64).max()) > high


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


def refuse_more_than(value: Any, most: Any, name: str, limit: str) -> None:
    """Refuse an amount that exceeds another of the same case; name, limit: what they are.

    Raises InputError, naming the row of a column.
    """
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
        return np.full(like.shape, int(figure), np.int64)
    return figure


def only_where(condition: A, rule: Callable[[T], U], otherwise: U, record: T) -> U:
    """What the rule gives where the condition is not 0, else `otherwise`; the rule sees only the rows that need it.

    condition: an int or a column; record: an input whose fields are ints or columns; otherwise: an outcome likewise.
    """
    if not isinstance(condition, np.ndarray):
        return rule(record) if condition else otherwise
    rows = np.flatnonzero(condition)
    if not rows.size:
        return otherwise
    needed = rule(type(record)(**{name: _taken(column, rows) for name, column in _fields(record).items()}))
    result = _fields(otherwise)
    for name, column in result.items():
        figures = getattr(needed, name)
        whole = np.broadcast_to(np.int64(column), condition.shape)
        if not np.array_equal(whole[rows], np.broadcast_to(figures, rows.shape)):  # a copy costs more than a look
            result[name] = whole.copy()
            result[name][rows] = figures
    return type(otherwise)(**result)


def _taken(column: Any, rows: Column) -> Any:
    return column[rows] if isinstance(column, np.ndarray) else column


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
