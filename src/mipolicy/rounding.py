"""Exact division: rounding half up, products over a divisor without overflow, shares that sum to the whole.

Ints are exact at any size.  Columns are int64, one dimension, all of one length; nothing wraps: what cannot be held or
proven in int64 is refused with AmountError, as is any float, bool or other type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, overload

import numpy as np

from mipolicy.errors import AmountError
from mipolicy.money import Column
from mipolicy.traced import Traced, recorded

__all__ = [
    "INT63",
    "any_columns",
    "bounds_of",
    "half_up",
    "half_up_by",
    "half_up_int",
    "least_of",
    "mul_div",
    "mul_div_by",
    "reach_of",
    "split",
    "uniform",
]

INT63: Final = 2**63
_INT64: Final = np.dtype(np.int64)


def any_columns(*values: object) -> bool:
    """Whether any value is a column; refuses whatever is neither an int nor an int64 column, and unequal lengths."""
    rows, beyond = -1, None
    for value in values:
        kind = type(value)
        if kind is np.ndarray:
            rows = _rows(value, rows)
        elif kind is int or kind is Traced:
            if not -INT63 <= value < INT63:  # type: ignore[operator]  # it is an int
                beyond = value
        else:
            raise AmountError(f"an amount must be int or an int64 column, got {kind.__name__} {value!r}")
    if rows >= 0 and beyond is not None:
        raise AmountError(f"{beyond} is beyond int64 and cannot be used with a column")
    return rows >= 0


def _rows(column: Any, rows: int) -> int:
    if column.dtype is not _INT64 and column.dtype != _INT64:
        raise AmountError(f"a column must be int64, got {column.dtype}")
    if column.ndim != 1:
        raise AmountError(f"a column has one dimension, got shape {column.shape}")
    if rows not in (-1, column.size):
        raise AmountError(f"columns must be of one length, got {rows} and {column.size} rows")
    return int(column.size)


@overload
def half_up(numerator: int, denominator: int) -> int: ...
@overload
def half_up(numerator: Column, denominator: int | Column) -> Column: ...
@overload
def half_up(numerator: int, denominator: Column) -> Column: ...
def half_up(numerator: Any, denominator: Any) -> Any:
    """The quotient rounded half up, ties away from zero.

    Raises AmountError for a denominator of 0, and for the one quotient of int64 columns that int64 cannot hold, 2**63.

    >>> half_up(5, 2), half_up(-5, 2)
    (3, -3)
    """
    if not any_columns(numerator, denominator):
        return recorded("half_up", half_up_int(int(numerator), int(denominator)), numerator, denominator)
    (size, signed), (least, largest) = reach_of(numerator), bounds_of(denominator)
    _refuse_zero("half_up", denominator, least, largest)
    if isinstance(denominator, int) and least > 0 and size < INT63 - denominator:
        return half_up_by(numerator, int(denominator), signed=signed)
    return _half_up_each(numerator, denominator, signed=signed or least < 0)


def _refuse_zero(word: str, divisor: Any, least: int, largest: int) -> None:
    """Refuse a divisor of 0; least, largest: its bounds, which leave little to look for."""
    if least <= 0 <= largest and (not isinstance(divisor, np.ndarray) or (divisor == 0).any()):
        raise AmountError(f"{word}: division by zero")


def half_up_int(numerator: int, denominator: int, word: str = "half_up") -> int:
    """The quotient of ints rounded half up; word: who asks, for the error of a denominator of 0."""
    if denominator == 0:
        raise AmountError(f"{word}: division by zero")
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def half_up_by(numerator: Column, denominator: int, *, signed: bool, own: bool = False) -> Column:
    """A column over a positive constant, by unsigned division: the fastest exact one.

    The size of the largest numerator and the denominator must sum to less than 2**63; signed: whether any is negative;
    own: whether the numerator is the caller's alone and may be worked on in place.
    """
    half = np.uint64(denominator // 2)  # with an odd denominator no tie exists, and half // 1 rounds the same way
    size = (np.abs(numerator) if signed else numerator).view(np.uint64)
    raised = np.add(size, half, out=size) if own or signed else size + half
    quotient = np.floor_divide(raised, np.uint64(denominator), out=raised).view(np.int64)
    return _with_sign(quotient, numerator < 0) if signed else quotient


def _with_sign(size: Column, negative: Any) -> Column:
    """The figures, those below 0 where it says so; by arithmetic, for a choice row by row costs many times as much."""
    signs: Column = 1 - 2 * negative.astype(np.int64)
    signs *= size
    return signs


def _half_up_each(numerator: Any, denominator: Any, *, signed: bool = True) -> Column:
    """Any int64 figures: unsigned quotient and remainder, which cannot wrap."""
    size, divisor = (_magnitude(value, signed) for value in (numerator, denominator))
    quotient = size // divisor
    rest = quotient * divisor
    rest = np.subtract(size, rest, out=rest)
    quotient += rest >= divisor - rest
    result: Column = quotient.view(np.int64)
    if not signed:
        return result
    negative = (numerator < 0) ^ (denominator < 0)
    if ((result < 0) & ~negative).any():
        raise AmountError("half_up: a quotient of 2**63 cannot be held in int64")
    return _with_sign(result, negative)


def _magnitude(value: Any, signed: bool = True) -> Any:
    """The absolute value as uint64, which holds that of -2**63 too; signed: whether a figure is negative."""
    if isinstance(value, np.ndarray):
        return (np.abs(value) if signed else value).view(np.uint64)
    return np.uint64(abs(int(value)))


def bounds_of(value: Any) -> tuple[int, int]:
    """The least and the largest of a column, or an int twice; 0 of an empty column."""
    if not isinstance(value, np.ndarray):
        return int(value), int(value)
    if not value.size:
        return 0, 0
    if value.strides[0] == 0:
        return (only := int(value[0])), only
    return int(np.minimum.reduce(value)), int(np.maximum.reduce(value))


def least_of(value: Any) -> int:
    """The least of a column, or an int; 0 of an empty column."""
    if isinstance(value, np.ndarray) and value.size and value.strides[0]:
        return int(np.minimum.reduce(value))
    return bounds_of(value)[0]


def reach_of(value: Any) -> tuple[int, bool]:
    """The largest size of a column or an int, and whether a figure is negative; one pass where none is."""
    if isinstance(value, np.ndarray) and value.size and value.strides[0]:
        largest = int(np.maximum.reduce(value.view(np.uint64)))  # a negative figure, seen as unsigned, is a large one
        if largest < INT63:
            return largest, False
    low, high = bounds_of(value)
    return max(-low, high), low < 0


def uniform(value: int, rows: int) -> Column:
    """A column of one figure, read-only, which takes the memory of one row."""
    return np.ndarray((rows,), np.int64, np.int64(value), strides=(0,))


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

    Columns: where the largest product fits int64 it is divided as it is.  Else the quotient is estimated in float64 and
    corrected by the exact remainder modulo 2**64.
    Raises AmountError for c = 0 and, where the product of columns does not fit, for a divisor of 2**60 or more or a
    quotient of 2**50 or more: it refuses what it cannot prove.

    >>> mul_div(10**15, 10**15, 10**16)
    100000000000000
    """
    if not any_columns(a, b, c):
        return recorded("mul_div", half_up_int(int(a) * int(b), int(c), "mul_div"), a, b, c)
    least, largest = bounds_of(c)
    _refuse_zero("mul_div", c, least, largest)
    (one, first), (other, second) = reach_of(a), reach_of(b)
    return _mul_div_within(a, b, c, (one, other, max(-least, largest)), signed=first or second or least < 0)


def _mul_div_within(a: Any, b: Any, c: Any, sizes: tuple[int, int, int], *, signed: bool) -> Column:
    """The same of columns whose largest sizes are known, and whether a figure is negative; no divisor is 0."""
    one, other, divisor = sizes
    if one * other < INT63:
        product = a * b
        if isinstance(c, int) and c > 0 and one * other < INT63 - c:
            return half_up_by(product, int(c), signed=signed, own=True)
        return _half_up_each(product, c, signed=signed)
    if divisor >= 2**60:
        raise AmountError("mul_div: a divisor of 2**60 or more cannot be proven exact")
    x, y, z = (np.atleast_1d(_magnitude(value, signed)) for value in (a, b, c))
    # Five roundings put the estimate within 5/8 of a quotient below 2**50, so the nearest integer to the estimate is
    # at most one away from the answer, and its remainder is less than twice the divisor: it fits int64.
    estimate = x.astype(np.float64) * y.astype(np.float64) / z.astype(np.float64)
    if estimate.size and float(estimate.max()) >= 2.0**50:
        raise AmountError("mul_div: a quotient of 2**50 or more cannot be proven exact")
    quotient = (estimate + 0.5).astype(np.int64)
    twice = 2 * (x * y - quotient.view(np.uint64) * z).view(np.int64)
    whole = z.view(np.int64)
    quotient += twice >= whole
    quotient -= twice < -whole
    return _with_sign(quotient, np.asarray((a < 0) ^ (b < 0) ^ (c < 0))) if signed else quotient


@overload
def mul_div_by(a: int, b: int, c: int, unit: int) -> int: ...
@overload
def mul_div_by(a: Column, b: Column, c: Column, unit: int) -> Column: ...
def mul_div_by(a: Any, b: Any, c: Any, unit: int) -> Any:
    """a x b / (c x unit) rounded half up, where c x unit may pass what `mul_div` can prove; nothing below 0.

    unit: a whole number above 0.  With an even n, half up of the whole part of x / m over n is half up of x over m x n,
    so that powers of ten in the unit are divided off the whole part, as many as have to be.  Columns that cannot be
    proven exact even so are worked out with Python ints, slowly.
    Raises AmountError for c = 0, and for columns with a figure below 0 or a quotient that int64 cannot hold.

    >>> mul_div_by(10**9, 10**9, 10**10, 10**6)
    100
    """
    if not any_columns(a, b, c):
        return mul_div(a, b, c * unit)
    (one, first), (other, second), (lowest, largest) = reach_of(a), reach_of(b), bounds_of(c)
    if first or second or (lowest <= 0 and c.size):
        raise AmountError("mul_div_by: columns must not hold figures below 0, nor a divisor of 0")
    fine = 1
    while largest * unit >= fine * 2**60 and unit % (10 * fine) == 0:
        fine *= 10
    part = unit // fine
    if largest * part >= 2**60:
        return _mul_div_each(a, b, c, unit)
    divisor = c * part
    try:
        quotient = _mul_div_within(a, b, divisor, (one, other, largest * part), signed=False)
    except AmountError:
        return _mul_div_each(a, b, c, unit)
    if fine == 1:
        return quotient
    # The remainder is at most half the divisor either way, so its sign survives arithmetic modulo 2**64.
    whole = quotient - ((a * b - quotient * divisor) < 0)
    return half_up_by(whole, fine, signed=False)


def _mul_div_each(a: Column, b: Column, c: Column, unit: int) -> Column:
    rows = zip(a.tolist(), b.tolist(), c.tolist(), strict=True)
    quotients = [half_up_int(x * y, z * unit) for x, y, z in rows]
    if max(quotients) >= INT63:
        raise AmountError(f"mul_div_by: {max(quotients)} cannot be held in int64")
    return np.array(quotients, np.int64)


def split(total: int, weights: Sequence[int] | Column, codes: Sequence[str] | None = None) -> list[int]:
    """The total split in proportion to the weights by largest remainder: the parts sum to the total.

    weights: not negative, at least one positive unless the total is 0.
    codes: break ties among equal remainders in ascending order; without them, position does.
    Raises AmountError for negative or all-zero weights, and for anything that is no whole number.

    >>> split(100, [1, 1, 1])
    [34, 33, 33]
    """
    given = weights.tolist() if isinstance(weights, np.ndarray) else list(weights)
    for figure in (total, *given):
        if not isinstance(figure, int) or isinstance(figure, bool):
            raise AmountError(f"split: an amount must be int, got {type(figure).__name__} {figure!r}")
    shares = [int(weight) for weight in given]
    if any(weight < 0 for weight in shares):
        raise AmountError(f"split: weights must not be negative, got {min(shares)}")
    if codes is not None and len(codes) != len(shares):
        raise AmountError(f"split: {len(shares)} weights but {len(codes)} codes")
    whole = sum(shares)
    if whole == 0:
        if total == 0:
            return [0] * len(shares)
        raise AmountError(f"split: {total} cannot be shared out over weights that are all 0")
    sign, size = (-1, -int(total)) if total < 0 else (1, int(total))
    parts = [size * weight // whole for weight in shares]
    order = sorted(
        range(len(shares)),
        key=lambda at: (-(size * shares[at] % whole), codes[at] if codes is not None else "", at),
    )
    for at in order[: size - sum(parts)]:
        parts[at] += 1
    return [recorded("split", sign * part, total, weight, whole) for part, weight in zip(parts, given, strict=True)]
