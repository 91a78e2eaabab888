"""The words of policy: each serves one amount and a column, and records itself on traced amounts.

A rule is written once in these words.  Given ints they compute with Python ints; given int64 columns they compute
column-wise; given `Traced` ints they keep the expression.  Multiply first, divide last, round half up once, ties away
from zero.

Ints are exact at any size.  Columns are int64, one dimension, all of one length; a word never wraps: what it cannot
hold or prove in int64 is refused with AmountError, as is any float, bool or other type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from mipolicy.columnar import combined, difference, lighter, most_of, picked, within
from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN, NO_LIMIT, RATE_ONE, Column
from mipolicy.rounding import (
    INT63,
    any_columns,
    bounds_of,
    half_up,
    half_up_by,
    half_up_int,
    mul_div,
    reach_of,
    split,
    uniform,
)
from mipolicy.tables import Axis, Bands, Table
from mipolicy.traced import Traced, recorded

__all__ = [
    "all_of",
    "any_of",
    "banded",
    "beyond",
    "capped",
    "half_up",
    "is_over",
    "is_same",
    "lookup",
    "mul_div",
    "none_of",
    "pick",
    "remaining",
    "share",
    "split",
]


@overload
def share(amount: int, rate: int) -> int: ...
@overload
def share(amount: Column, rate: int | Column) -> Column: ...
@overload
def share(amount: int, rate: Column) -> Column: ...
def share(amount: Any, rate: Any) -> Any:
    """amount x rate, half up to the fen; amount in fen, rate per million.

    Raises AmountError for columns whose largest product could pass int64: never for amounts up to `MAX_FEN` at rates
    up to 100%.

    >>> share(1230, 550_000)
    677
    """
    if type(amount) is type(rate) is int:
        return half_up_int(amount * rate, RATE_ONE)
    if not any_columns(amount, rate):
        whole = type(rate) is int and rate == RATE_ONE
        return amount if whole else recorded("share", half_up_int(int(amount) * int(rate), RATE_ONE), amount, rate)
    if type(rate) is int and rate == RATE_ONE:
        return amount
    (size, below), (slope, falling) = reach_of(amount), reach_of(rate)
    if size * slope >= INT63 - RATE_ONE:
        raise AmountError(f"share: amounts up to {size} at rates up to {slope} cannot be multiplied exactly in int64")
    return half_up_by(amount * rate, RATE_ONE, signed=below or falling, own=True)


@overload
def beyond(amount: int, threshold: int) -> int: ...
@overload
def beyond(amount: Column, threshold: int | Column) -> Column: ...
@overload
def beyond(amount: int, threshold: Column) -> Column: ...
def beyond(amount: Any, threshold: Any) -> Any:
    """What exceeds the threshold, at least 0.

    Raises AmountError where the difference of columns passes int64.

    >>> beyond(1000, 800), beyond(500, 800)
    (200, 0)
    """
    if type(amount) is type(threshold) is int:
        return amount - threshold if amount > threshold else 0
    if not any_columns(amount, threshold):
        nothing = type(threshold) is int and threshold == 0 <= amount
        return amount if nothing else recorded("beyond", max(0, int(amount) - int(threshold)), amount, threshold)
    if type(threshold) is int and threshold == 0 and amount.size and int(amount.min()) >= 0:
        return amount
    return difference("beyond", amount, threshold)


@overload
def remaining(limit: int, used: int) -> int: ...
@overload
def remaining(limit: Column, used: int | Column) -> Column: ...
@overload
def remaining(limit: int, used: Column) -> Column: ...
def remaining(limit: Any, used: Any) -> Any:
    """What is left of a limit after what has been used, at least 0; of `NO_LIMIT` it is no limit still.

    Raises AmountError where the difference of columns passes int64.

    >>> remaining(75_000, 80_000)
    0
    """
    if type(limit) is type(used) is int:
        return limit if limit == NO_LIMIT else limit - used if limit > used else 0
    if not any_columns(limit, used):
        left = int(limit) if limit == NO_LIMIT else max(0, int(limit) - int(used))
        return recorded("remaining", left, limit, used)
    limit = lighter(limit, used)
    over: Column = difference("remaining", limit, used)
    if isinstance(limit, int):
        return uniform(int(limit), over.size) if limit == NO_LIMIT else over
    unlimited = limit == NO_LIMIT
    return np.where(unlimited, limit, over) if unlimited.any() else over


@overload
def capped(amount: int, limit: int) -> int: ...
@overload
def capped(amount: Column, limit: int | Column) -> Column: ...
@overload
def capped(amount: int, limit: Column) -> Column: ...
def capped(amount: Any, limit: Any) -> Any:
    """The amount, but not more than the limit.

    >>> capped(900, 800)
    800
    """
    if type(amount) is type(limit) is int:
        return amount if amount < limit else limit
    if not any_columns(amount, limit):
        return recorded("capped", min(int(amount), int(limit)), amount, limit)
    limit = lighter(limit, amount)
    if isinstance(limit, int) and most_of(amount) <= limit:
        return amount
    return np.minimum(amount, limit)


@overload
def pick(condition: int, yes: int, no: int) -> int: ...
@overload
def pick(condition: Column, yes: int | Column, no: int | Column) -> Column: ...
@overload
def pick(condition: int, yes: Column, no: int | Column) -> Column: ...
@overload
def pick(condition: int, yes: int, no: Column) -> Column: ...
def pick(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds (is not 0), else `no`.

    >>> pick(1, 800, 0)
    800
    """
    if type(condition) is type(yes) is type(no) is int:
        return yes if condition else no
    if not any_columns(condition, yes, no):
        return recorded("pick", int(yes if condition else no), condition, yes, no)
    if isinstance(condition, np.ndarray) and condition.strides[0] == 0 and condition.size:
        rows, condition = condition.size, int(condition[0])
        chosen = yes if condition else no
        return chosen if isinstance(chosen, np.ndarray) else uniform(int(chosen), rows)
    if isinstance(condition, np.ndarray):
        return picked(condition, yes, no)
    chosen, other = (yes, no) if condition else (no, yes)
    return chosen if isinstance(chosen, np.ndarray) else uniform(int(chosen), other.size)


@overload
def is_over(left: int, right: int) -> int: ...
@overload
def is_over(left: Column, right: int | Column) -> Column: ...
@overload
def is_over(left: int, right: Column) -> Column: ...
def is_over(left: Any, right: Any) -> Any:
    """1 where left exceeds right, else 0."""
    if type(left) is type(right) is int:
        return int(left > right)
    if not any_columns(left, right):
        return recorded("is_over", int(int(left) > int(right)), left, right)
    return (left > right).astype(np.int64)


@overload
def is_same(left: int, right: int) -> int: ...
@overload
def is_same(left: Column, right: int | Column) -> Column: ...
@overload
def is_same(left: int, right: Column) -> Column: ...
def is_same(left: Any, right: Any) -> Any:
    """1 where both are the same, else 0."""
    if type(left) is type(right) is int:
        return int(left == right)
    if not any_columns(left, right):
        return recorded("is_same", int(int(left) == int(right)), left, right)
    return (left == right).astype(np.int64)


@overload
def all_of(*flags: int) -> int: ...
@overload
def all_of(*flags: Column) -> Column: ...
@overload
def all_of(*flags: int | Column) -> Any: ...
def all_of(*flags: Any) -> Any:
    """1 where every flag is set, else 0."""
    if not any_columns(*flags):
        return recorded("all_of", int(all(flags)), *flags)
    return combined(flags, np.logical_and)


@overload
def any_of(*flags: int) -> int: ...
@overload
def any_of(*flags: Column) -> Column: ...
@overload
def any_of(*flags: int | Column) -> Any: ...
def any_of(*flags: Any) -> Any:
    """1 where at least one flag is set, else 0."""
    if not any_columns(*flags):
        return recorded("any_of", int(any(flags)), *flags)
    return combined(flags, np.logical_or)


@overload
def none_of(flag: int) -> int: ...
@overload
def none_of(flag: Column) -> Column: ...
def none_of(flag: Any) -> Any:
    """1 where the flag is not set, else 0."""
    if type(flag) is int:
        return int(not flag)
    if not any_columns(flag):
        return recorded("none_of", int(not flag), flag)
    return (flag == 0).astype(np.int64)


@overload
def lookup(table: Table, *codes: int) -> int: ...
@overload
def lookup(table: Table, *codes: Column) -> Column: ...
@overload
def lookup(table: Table, *codes: int | Column) -> Any: ...
def lookup(table: Table, *codes: Any) -> Any:
    """The table's figure for the codes, one per axis, in the axes' order; a traced table gives the traced figure.

    Raises AmountError for a code outside its axis: codes are checked where they are read, never clipped.
    """
    if len(codes) == len(table.sizes):
        position = 0
        for code, size in zip(codes, table.sizes, strict=True):
            if type(code) is not int or not 0 <= code < size:
                break
            position = position * size + code
        else:
            return table.values[position]
    if not any_columns(*codes):
        return table.values[_position(table.axes, codes)]
    return _taken(table, _position(table.axes, codes))


def _position(axes: Sequence[Axis], codes: Sequence[Any]) -> Any:
    """Where the figure for the codes stands in a table over the axes; every code is checked against its axis."""
    if len(codes) != len(axes):
        raise AmountError(f"lookup: the table has {len(axes)} axes, got {len(codes)} codes")
    position: Any = 0
    for at, (code, axis) in enumerate(zip(codes, axes, strict=True)):
        size = len(axis.members)
        if isinstance(code, np.ndarray):  # seen as unsigned, a negative code is a large one
            if code.size and int(np.maximum.reduce(code.view(np.uint64))) >= size:
                row = int(np.flatnonzero((code < 0) | (code >= size))[0])
                raise AmountError(f"lookup: row {row}: code {code[row]} is outside {axis.name} (0 to {size - 1})")
        elif not 0 <= code < size:
            raise AmountError(f"lookup: code {int(code)} is outside {axis.name} (0 to {size - 1})")
        if not at or (type(position) is int and position == 0):
            position = code
        else:
            position = position * size  # a column of its own, so that it may be worked on in place
            position += code
    return position


def _taken(table: Table, position: Column) -> Column:
    if table.constant is not None:
        return uniform(table.constant, position.size)
    return table.array.take(position, mode="clip")  # every code is checked: nothing is clipped


@overload
def banded(amount: int, bands: Bands, *codes: int, start: int = 0, addition: int = 0) -> int: ...
@overload
def banded(
    amount: Column, bands: Bands, *codes: Column, start: int | Column = 0, addition: int | Column = 0
) -> Column: ...
def banded(amount: Any, bands: Bands, *codes: Any, start: Any = 0, addition: Any = 0) -> Any:
    """The sum of each band's part x its rate, rounded half up once.

    amount: fen to be banded, up to `MAX_FEN`; its first fen stands at `start`, from 0 to `MAX_FEN`, on the scale of the
    bands; a negative amount takes back what lies below `start`.
    codes: which rate of each band applies, one per axis of the bands' tables; bands that do not differ need none.
    addition: added to every band's rate, which stays between 0 and 100% (rule B07).
    Raises AmountError for an amount that leaves the scale at either end.

    >>> from mipolicy.tables import Bands
    >>> banded(1_500_00, Bands.flat(((0, 500_000), (1_000_00, 600_000))))
    80000
    """
    if any_columns(amount, start, addition, *codes):
        return _banded_columns(amount, bands, codes, start, addition)
    if type(addition) is not int or addition != 0 or not (0 <= amount <= MAX_FEN and 0 <= start <= MAX_FEN):
        _check_scale(amount, start, addition)
    end = start + amount
    numerator: Any = 0
    parts: list[Any] = []
    for lower, upper, rate in banded_parts(bands, codes, addition):
        inside = _clip(end, lower, upper) - _clip(start, lower, upper)
        numerator = numerator + inside * rate
        if inside:
            parts.append((int(lower), None if upper >= MAX_FEN else int(upper), int(inside), rate))
    result = half_up_int(int(numerator), RATE_ONE)
    if type(numerator) is Traced:
        return Traced(result, "banded", (amount, start), parts=tuple(parts))
    return recorded("banded", result, amount, start, parts=tuple(parts))


def _check_scale(amount: Any, start: Any, addition: Any) -> tuple[bool, Any]:
    """Whether any amount is negative, and the addition, as one figure where it is the same for every row."""
    (size, signed), (furthest, behind) = reach_of(amount), reach_of(start)
    if max(size, furthest) > MAX_FEN or behind:
        within(amount, -MAX_FEN, MAX_FEN, "banded: amount")
        within(start, 0, MAX_FEN, "banded: start")
    low, high = within(addition, -MAX_FEN, MAX_FEN, "banded: addition")
    if signed:
        within(start + amount, 0, 2 * MAX_FEN, "banded: start + amount")
    return signed, low if low == high and isinstance(addition, np.ndarray) else addition


def _banded_columns(amount: Any, bands: Bands, codes: Sequence[Any], start: Any, addition: Any) -> Column:
    """The same where a figure is a column.

    What lies below each upper edge, of the end and of the start: a band's part is the difference between two edges.
    """
    rows = next(value.size for value in (amount, start, addition, *codes) if isinstance(value, np.ndarray))
    signed, addition = _check_scale(amount, start, addition)
    end = start + amount if isinstance(start, np.ndarray) or start else amount
    numerator, below = None, 0
    for _, upper, rate in banded_parts(bands, codes, addition):
        reached = (end, start) if upper >= NO_LIMIT else (_at_most(end, upper), _at_most(start, upper))
        upto = reached[0] - reached[1] if isinstance(reached[1], np.ndarray) or reached[1] else reached[0]
        inside = upto - below if isinstance(below, np.ndarray) or below else upto
        part = inside * rate
        numerator, below = part if numerator is None else numerator + part, upto
    if not isinstance(numerator, np.ndarray):
        numerator = np.full(rows, numerator, np.int64)
    return half_up_by(numerator, RATE_ONE, signed=signed, own=True)


def _at_most(value: Any, limit: int) -> Any:
    return np.minimum(value, limit) if isinstance(value, np.ndarray) else min(value, limit)


def banded_parts(bands: Bands, codes: Sequence[Any], addition: Any) -> Iterator[tuple[int, int, Any]]:
    """Lower edge, upper edge and rate of each band for the codes, the addition made: between 0 and 100%."""
    axes = bands.rates[0].axes
    position = _position(axes, codes) if axes else 0
    raised = type(addition) is not int or addition != 0
    lowered = raised and bounds_of(addition)[0] < 0
    for lower, upper, table in bands.parts():
        rate = _taken(table, position) if isinstance(position, np.ndarray) else table.values[position]
        if raised:
            rate = capped(rate + addition, int(RATE_ONE))
        if lowered:
            rate = beyond(rate, 0)
        yield lower, upper, rate


def _clip(value: Any, low: int, high: int) -> Any:
    if isinstance(value, np.ndarray):
        return np.clip(value, low, high)
    return min(max(int(value), int(low)), int(high))
