"""The words of policy: each serves one amount and a column, and records itself on traced amounts.

A rule is written once in these words.  Given ints they compute with Python ints; given int64 columns they compute
column-wise; given `Traced` ints they keep the expression.  Multiply first, divide last, round half up once, ties away
from zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN, RATE_ONE, Column
from mipolicy.tables import Bands, Table
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

_INT63 = 2**63


def _columns(*values: object) -> bool:
    """Whether any value is a column; refuses whatever is neither an int nor an int64 column."""
    found = False
    for value in values:
        kind = type(value)
        if kind is int or kind is Traced:
            continue
        if kind is np.ndarray:
            if value.dtype != np.int64:  # type: ignore[attr-defined]  # kind says that it is an array
                raise AmountError(f"a column must be int64, got {value.dtype}")  # type: ignore[attr-defined]
            found = True
        else:
            raise AmountError(f"an amount must be int or an int64 column, got {kind.__name__} {value!r}")
    return found


@overload
def half_up(numerator: int, denominator: int) -> int: ...
@overload
def half_up(numerator: Column, denominator: int | Column) -> Column: ...
@overload
def half_up(numerator: int, denominator: Column) -> Column: ...
def half_up(numerator: Any, denominator: Any) -> Any:
    """The quotient rounded half up, ties away from zero.

    >>> half_up(5, 2), half_up(-5, 2)
    (3, -3)
    """
    if not _columns(numerator, denominator):
        return recorded("half_up", _half_up_int(int(numerator), int(denominator)), numerator, denominator)
    if type(denominator) is int:
        return _half_up_by(numerator, denominator)
    return mul_div(numerator, 1, denominator)


def _half_up_int(numerator: int, denominator: int) -> int:
    if denominator == 0:
        raise AmountError("division by zero: the denominator of half_up must not be 0")
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def _half_up_by(numerator: Column, denominator: int) -> Column:
    """Column over a positive constant: unsigned division, the fastest exact one."""
    if denominator <= 0:
        raise AmountError(f"a column is divided by a positive constant, got {denominator}")
    half = denominator // 2  # with an odd denominator no tie exists, and half // 1 rounds the same way
    low, high = _bounds(numerator)
    if high >= _INT63 - denominator or low <= denominator - _INT63:
        raise AmountError(f"half_up: {high if high > -low else low} is too large to round exactly in int64")
    if low >= 0:
        return ((numerator.view(np.uint64) + np.uint64(half)) // np.uint64(denominator)).view(np.int64)
    size = (np.abs(numerator).view(np.uint64) + np.uint64(half)) // np.uint64(denominator)
    return np.where(numerator < 0, -size.view(np.int64), size.view(np.int64))


def _bounds(column: Column) -> tuple[int, int]:
    return (int(column.min()), int(column.max())) if column.size else (0, 0)


def _bounded(value: Any, limit: int, what: str) -> None:
    low, high = _bounds(value) if isinstance(value, np.ndarray) else (value, value)
    if low < -limit or high > limit:
        raise AmountError(f"{what} {high if high > limit else low} is beyond {limit}, the largest that stays exact")


@overload
def share(amount: int, rate: int) -> int: ...
@overload
def share(amount: Column, rate: int | Column) -> Column: ...
@overload
def share(amount: int, rate: Column) -> Column: ...
def share(amount: Any, rate: Any) -> Any:
    """amount x rate, half up to the fen; amount in fen, rate per million.

    >>> share(1230, 550_000)
    677
    """
    if not _columns(amount, rate):
        return recorded("share", _half_up_int(int(amount) * int(rate), RATE_ONE), amount, rate)
    _bounded(amount, MAX_FEN, "share: amount")
    _bounded(rate, RATE_ONE, "share: rate")
    return _half_up_by(amount * rate, RATE_ONE)


@overload
def beyond(amount: int, threshold: int) -> int: ...
@overload
def beyond(amount: Column, threshold: int | Column) -> Column: ...
@overload
def beyond(amount: int, threshold: Column) -> Column: ...
def beyond(amount: Any, threshold: Any) -> Any:
    """What exceeds the threshold, at least 0.

    >>> beyond(1000, 800), beyond(500, 800)
    (200, 0)
    """
    if not _columns(amount, threshold):
        return recorded("beyond", max(0, int(amount) - int(threshold)), amount, threshold)
    return np.maximum(amount - threshold, 0)


@overload
def remaining(limit: int, used: int) -> int: ...
@overload
def remaining(limit: Column, used: int | Column) -> Column: ...
@overload
def remaining(limit: int, used: Column) -> Column: ...
def remaining(limit: Any, used: Any) -> Any:
    """What is left of a limit after what has been used, at least 0.

    >>> remaining(75_000, 80_000)
    0
    """
    if not _columns(limit, used):
        return recorded("remaining", max(0, int(limit) - int(used)), limit, used)
    return np.maximum(limit - used, 0)


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
    if not _columns(amount, limit):
        return recorded("capped", min(int(amount), int(limit)), amount, limit)
    return np.minimum(amount, limit)


@overload
def pick(condition: int, yes: int, no: int) -> int: ...
@overload
def pick(condition: Column, yes: int | Column, no: int | Column) -> Column: ...
@overload
def pick(condition: int, yes: Column, no: Column) -> Column: ...
def pick(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds (is not 0), else `no`.

    >>> pick(1, 800, 0)
    800
    """
    if not _columns(condition, yes, no):
        return recorded("pick", int(yes if condition else no), condition, yes, no)
    return np.where(np.asarray(condition) != 0, yes, no)


@overload
def is_over(left: int, right: int) -> int: ...
@overload
def is_over(left: Column, right: int | Column) -> Column: ...
@overload
def is_over(left: int, right: Column) -> Column: ...
def is_over(left: Any, right: Any) -> Any:
    """1 where left exceeds right, else 0."""
    if not _columns(left, right):
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
    if not _columns(left, right):
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
    if not _columns(*flags):
        return recorded("all_of", int(all(flags)), *flags)
    result: Any = 1
    for flag in flags:
        result = result & (np.asarray(flag) != 0)
    return result.astype(np.int64)


@overload
def any_of(*flags: int) -> int: ...
@overload
def any_of(*flags: Column) -> Column: ...
@overload
def any_of(*flags: int | Column) -> Any: ...
def any_of(*flags: Any) -> Any:
    """1 where at least one flag is set, else 0."""
    if not _columns(*flags):
        return recorded("any_of", int(any(flags)), *flags)
    result: Any = 0
    for flag in flags:
        result = result | (np.asarray(flag) != 0)
    return result.astype(np.int64)


@overload
def none_of(flag: int) -> int: ...
@overload
def none_of(flag: Column) -> Column: ...
def none_of(flag: Any) -> Any:
    """1 where the flag is not set, else 0."""
    if not _columns(flag):
        return recorded("none_of", int(not flag), flag)
    return (flag == 0).astype(np.int64)


@overload
def lookup(table: Table, *codes: int) -> int: ...
@overload
def lookup(table: Table, *codes: Column) -> Column: ...
def lookup(table: Table, *codes: Any) -> Any:
    """The table's figure for the codes, one per axis, in the axes' order.

    Raises AmountError for a code outside its axis: codes are checked where they are read, never clipped.
    """
    if len(codes) != len(table.axes):
        raise AmountError(f"lookup: the table has {len(table.axes)} axes, got {len(codes)} codes")
    if not _columns(*codes):
        position = 0
        for code, axis in zip(codes, table.axes, strict=True):
            if not 0 <= code < len(axis.members):
                raise AmountError(f"lookup: code {int(code)} is outside {axis.name} (0 to {len(axis.members) - 1})")
            position = position * len(axis.members) + int(code)
        return table.values[position]
    if table.constant is not None:
        return np.full(codes[0].shape, table.constant, np.int64)
    index: Any = 0
    for code, axis in zip(codes, table.axes, strict=True):
        low, high = _bounds(code)
        if low < 0 or high >= len(axis.members):
            raise AmountError(
                f"lookup: a code from {low} to {high} is outside {axis.name} (0 to {len(axis.members) - 1})"
            )
        index = index * len(axis.members) + code
    return np.take(table.array, index)


@overload
def banded(amount: int, bands: Bands, *codes: int, start: int = 0, addition: int = 0) -> int: ...
@overload
def banded(
    amount: Column, bands: Bands, *codes: Column, start: int | Column = 0, addition: int | Column = 0
) -> Column: ...
def banded(amount: Any, bands: Bands, *codes: Any, start: Any = 0, addition: Any = 0) -> Any:
    """The sum of each band's part x its rate, rounded half up once.

    amount: fen to be banded, not negative; the first fen stands at `start` on the scale of the bands.
    codes: which rate of each band applies, one per axis of the bands' tables.
    addition: added to every band's rate, capped at 100% (rule B07).

    >>> from mipolicy.tables import Bands
    >>> banded(1_500_00, Bands.flat(((0, 500_000), (1_000_00, 600_000))))
    80000
    """
    column = _columns(amount, start, addition, *codes)
    if column:
        _bounded(amount, MAX_FEN, "banded: amount")
    numerator: Any = 0
    parts: list[Any] = []
    for lower, upper, table in bands.parts():
        width = upper - lower
        inside = _clip(start + amount - lower, width) - _clip(start - lower, width)
        rate = lookup(table, *codes) if table.axes else table.values[0]
        if column or type(addition) is not int or addition != 0:
            rate = capped(rate + addition, int(RATE_ONE))
        numerator = numerator + inside * rate
        if not column and inside:
            parts.append((int(lower), None if upper >= MAX_FEN else int(upper), int(inside), rate))
    if column:
        return _half_up_by(numerator, RATE_ONE)
    return recorded("banded", _half_up_int(int(numerator), RATE_ONE), amount, start, parts=tuple(parts))


def _clip(value: Any, width: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.clip(value, 0, width)
    return min(max(int(value), 0), int(width))


@overload
def mul_div(a: int, b: int, c: int) -> int: ...
@overload
def mul_div(a: Column, b: int | Column, c: int | Column) -> Column: ...
@overload
def mul_div(a: int, b: Column, c: int | Column) -> Column: ...
@overload
def mul_div(a: int, b: int, c: Column) -> Column: ...
def mul_div(a: Any, b: Any, c: Any) -> Any:
    """a x b / c rounded half up, ties away from zero, without overflow.

    Columns: the quotient is estimated in float64 and corrected by the exact remainder modulo 2**64.
    Raises AmountError for c = 0, a divisor of 2**60 or more, or a quotient of 2**50 or more: it refuses what it cannot
    prove.

    >>> mul_div(10**15, 10**15, 10**16)
    100000000000000
    """
    if not _columns(a, b, c):
        return recorded("mul_div", _half_up_int(int(a) * int(b), int(c)), a, b, c)
    left, right, divisor = (np.atleast_1d(np.asarray(value, np.int64)) for value in (a, b, c))
    if (divisor == 0).any():
        raise AmountError("mul_div: division by zero")
    negative = (left < 0) ^ (right < 0) ^ (divisor < 0)
    x, y, z = (np.abs(value).view(np.uint64) for value in (left, right, divisor))
    if (z >= np.uint64(2**60)).any():
        raise AmountError("mul_div: a divisor of 2**60 or more cannot be proven exact")
    estimate = np.floor(x.astype(np.float64) * y.astype(np.float64) / z.astype(np.float64))
    if (estimate >= 2.0**50).any():
        raise AmountError("mul_div: a quotient of 2**50 or more cannot be proven exact")
    quotient = estimate.astype(np.int64)
    rest = (x * y - quotient.view(np.uint64) * z).view(np.int64)
    signed = z.view(np.int64)
    step: Column = np.floor_divide(rest, signed)
    quotient, rest = quotient + step, rest - step * signed
    quotient += 2 * rest >= signed
    return np.where(negative, -quotient, quotient)


def split(total: int, weights: Sequence[int] | Column, codes: Sequence[str] | None = None) -> list[int]:
    """The total split in proportion to the weights by largest remainder: the parts sum to the total.

    weights: not negative, at least one positive unless the total is 0.
    codes: break ties among equal remainders in ascending order; without them, position does.
    Raises AmountError for negative or all-zero weights.

    >>> split(100, [1, 1, 1])
    [34, 33, 33]
    """
    shares = [int(weight) for weight in weights]
    if any(weight < 0 for weight in shares):
        raise AmountError(f"split: weights must not be negative, got {min(shares)}")
    if codes is not None and len(codes) != len(shares):
        raise AmountError(f"split: {len(shares)} weights but {len(codes)} codes")
    whole = sum(shares)
    if whole == 0:
        if total == 0:
            return [0] * len(shares)
        raise AmountError(f"split: {total} cannot be shared out over weights that are all 0")
    sign, size = (-1, -total) if total < 0 else (1, total)
    parts = [size * weight // whole for weight in shares]
    order = sorted(
        range(len(shares)),
        key=lambda at: (-(size * shares[at] % whole), codes[at] if codes is not None else "", at),
    )
    for at in order[: size - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]
