"""Exact figures: money in fen, rates per million, factors and points per ten thousand.

Money is an integer number of fen; a column of money is an int64 array.  Nothing here takes a float: binary fractions
cannot hold 0.1 yuan.  Amounts are limited to ten billion yuan (`MAX_FEN`), so that amount x rate stays inside int64.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NewType, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mipolicy.errors import AmountError

__all__ = [
    "COUNT_ONE",
    "FACTOR_ONE",
    "MAX_FEN",
    "NO_LIMIT",
    "NO_PRICE_LIMIT",
    "PRICE_ONE",
    "RATE_ONE",
    "A",
    "Column",
    "Factor",
    "Fen",
    "Points",
    "Rate",
    "exact",
    "factor",
    "factor_text",
    "fen_column",
    "plain_text",
    "points",
    "quantity",
    "rate",
    "rate_text",
    "unit_price",
    "yuan",
    "yuan_column",
    "yuan_text",
]

Column: TypeAlias = NDArray[np.int64]
"""A column of integers: fen, rates, codes or flags, one per row."""

A = TypeVar("A", int, NDArray[np.int64])
"""One amount or a column of amounts: a rule is written once for both."""

Fen = NewType("Fen", int)
Rate = NewType("Rate", int)
Factor = NewType("Factor", int)
Points = NewType("Points", int)

RATE_ONE = Rate(1_000_000)
FACTOR_ONE = Factor(10_000)
POINTS_ONE = 10_000
PRICE_ONE = 1_000_000
NO_PRICE_LIMIT = 10**18
"""A ceiling of unit prices or point values that a document says does not exist, in millionths of a yuan."""
COUNT_ONE = 10_000
MAX_FEN = Fen(10**12)
NO_LIMIT = MAX_FEN
"""A ceiling that a document says does not exist: no amount the library takes can exceed it."""

_FIGURE = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DIGITS = 100
"""More digits than any figure needs; what is longer is refused unread."""
_YUAN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2})0{0,60})?")


def exact(value: object, one: int, what: str) -> int:
    """The figure in units of 1/one, refusing anything that is not exactly that.

    value: text, Decimal, Fraction or whole int.
    one: units per whole, a power of ten (100 fen per yuan, 1,000,000 per rate of 1).
    what: the name used in errors.
    Raises AmountError for float, bool, NaN, infinity, other types, figures with more places than `one` holds, and
    figures of more than a hundred digits.
    """
    if isinstance(value, bool) or not isinstance(value, (str, Decimal, int, Fraction)):
        hint = f": write it as text, '{value}'" if isinstance(value, float) and math.isfinite(value) else ""
        raise AmountError(f"{what} takes text, Decimal or a whole int, not {type(value).__name__} {value!r}{hint}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise AmountError(f"{what} takes a finite figure, not {value}")
    if _is_long(value):
        raise AmountError(f"{what} takes a figure of at most {_DIGITS} digits")
    if isinstance(value, str) and not _FIGURE.fullmatch(value):
        raise AmountError(f"{what} takes a plain decimal figure such as '12.30', not {value!r}")
    units = Fraction(value) * one
    if units.denominator != 1:
        raise AmountError(
            f"{what} {value} has more decimals than can be kept: the smallest step is {plain_text(1, one)}"
        )
    return int(units)


def _is_long(value: str | Decimal | int | Fraction) -> bool:
    if isinstance(value, str):
        return len(value) > _DIGITS
    if isinstance(value, Decimal):
        return bool(value) and abs(value.adjusted()) > _DIGITS
    return max(value.numerator.bit_length(), value.denominator.bit_length()) > 4 * _DIGITS


def yuan(value: str | Decimal | int) -> Fen:
    """Yuan to fen, exactly.

    value: text such as "12.30", Decimal, or a whole number of yuan.
    Raises AmountError for float, bool, NaN, a fraction of a fen, and more than ten billion yuan either way.

    >>> yuan("12.30")
    1230
    >>> yuan("-0.01")
    -1
    """
    fen = exact(value, 100, "yuan")
    if not -MAX_FEN <= fen <= MAX_FEN:
        raise AmountError(f"yuan {value} is beyond ten billion yuan, the largest amount that stays exact downstream")
    return Fen(fen)


def rate(value: str | Decimal | int) -> Rate:
    """A share of money, from 0 to 1, to units per million; text may end in %.

    Raises AmountError outside [0, 1] or with more than six decimals.

    >>> rate("0.55"), rate("55%")
    (550000, 550000)
    """
    if isinstance(value, str) and value.endswith("%"):
        units = exact(value[:-1], 10_000, "rate in percent")
    else:
        units = exact(value, 1_000_000, "rate")
    if not 0 <= units <= RATE_ONE:
        raise AmountError(f"rate {value} is outside [0, 1]")
    return Rate(units)


def factor(value: str | Decimal | int) -> Factor:
    """A factor or weight, not negative, to units per ten thousand.

    >>> factor("1.03")
    10300
    """
    return Factor(_not_negative(exact(value, FACTOR_ONE, "factor"), "factor", value))


def points(value: str | Decimal | int) -> Points:
    """Points (分值, 点数) to units per ten thousand; deductions are signed, so points may be negative.

    >>> points("123.4567")
    1234567
    """
    units = exact(value, POINTS_ONE, "points")
    if abs(units) > MAX_FEN:
        raise AmountError(f"points {value} are beyond what stays exact downstream ({MAX_FEN} units of 0.0001)")
    return Points(units)


def unit_price(value: str) -> int:
    """A unit price in yuan, up to six decimals, to millionths of a yuan; not negative.

    >>> unit_price("12.345678")
    12345678
    """
    price = exact(value, PRICE_ONE, "unit price")
    if not 0 <= price <= 10**13:
        raise AmountError(f"unit price {value} is outside 0 to 10,000,000 yuan")
    return price


def quantity(value: str) -> int:
    """A count, up to four decimals, per ten thousand; negative on refund lines.

    >>> quantity("-0.5")
    -5000
    """
    count = exact(value, COUNT_ONE, "count")
    if abs(count) > 10**12:
        raise AmountError(f"count {value} is beyond 100,000,000")
    return count


def _not_negative(units: int, what: str, value: object) -> int:
    if units < 0:
        raise AmountError(f"{what} {value} is negative")
    if units > MAX_FEN:
        raise AmountError(f"{what} {value} is beyond what stays exact downstream")
    return units


def yuan_text(fen: int) -> str:
    """Fen as yuan with two decimals.

    >>> yuan_text(-123005)
    '-1230.05'
    """
    whole, part = divmod(abs(_whole(fen)), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{part:02d}"


def rate_text(units: int) -> str:
    """A rate as a percentage, without trailing zeros.

    >>> rate_text(550000), rate_text(125000)
    ('55%', '12.5%')
    """
    return f"{plain_text(units, RATE_ONE // 100)}%"


def factor_text(units: int) -> str:
    """A factor or points figure as a plain decimal.

    >>> factor_text(10300)
    '1.03'
    """
    return plain_text(units, FACTOR_ONE)


def plain_text(units: int, one: int) -> str:
    """units / one as a plain decimal without trailing zeros; one: a power of ten.

    >>> plain_text(12_500_000, 1_000_000)
    '12.5'
    """
    whole, part = divmod(abs(_whole(units)), one)
    decimals = f"{part + one}"[1:].rstrip("0")
    return f"{'-' if units < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def _whole(units: object) -> int:
    """The int, from an int of numpy too; nothing is cut off."""
    try:
        return operator.index(units)  # type: ignore[arg-type]  # index itself says what it does not take
    except TypeError:
        raise AmountError(f"a whole number of units is needed, not {type(units).__name__} {units!r}") from None


def fen_column(values: object, name: str) -> Column:
    """An int64 column of fen, checked once: integers only, none beyond `MAX_FEN` either way.

    values: an integer array, or a sequence of ints; uint and narrower ints are widened.
    Raises AmountError naming the column and the first bad row, and for a masked array: its gaps are no amounts.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise AmountError(f"column {name}: a masked array has gaps, which are no amounts")
    if isinstance(values, Sequence) and not hasattr(values, "__array__"):
        # numpy would take True among ints for 1, and ints beyond int64 for floats
        for row, value in enumerate(values):
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
                raise AmountError(
                    f"column {name}, row {row}: fen must be integers, got {type(value).__name__} {value!r}; "
                    "yuan text goes through yuan_column"
                )
            if not -MAX_FEN <= value <= MAX_FEN:
                raise AmountError(f"column {name}, row {row}: {value} fen is beyond ten billion yuan")
    column = np.asarray(values)
    if column.ndim != 1:
        raise AmountError(f"column {name}: one dimension is needed, got shape {column.shape}")
    if column.size == 0 and column.dtype.kind == "f":
        return np.empty(0, np.int64)
    if column.dtype.kind not in "iu":
        raise AmountError(
            f"column {name}: fen must be integers, got {column.dtype}; yuan text goes through yuan_column"
        )
    bad = np.flatnonzero((column > MAX_FEN) | ((column < -MAX_FEN) if column.dtype.kind == "i" else False))
    if bad.size:
        raise AmountError(f"column {name}, row {bad[0]}: {column[bad[0]]} fen is beyond ten billion yuan")
    return column.astype(np.int64, copy=False)


def yuan_column(values: Iterable[object]) -> tuple[Column, dict[int, str]]:
    """A column of yuan figures to fen, with the rows that could not be taken.

    values: text, Decimal or whole int per row; text may carry spaces around it.
    Returns the column (0 in bad rows) and a mapping of row -> reason.
    Raises AmountError for a single text, whose characters would be taken for rows.
    """
    if isinstance(values, (str, bytes)):
        raise AmountError(f"yuan_column takes a column of figures, not one {type(values).__name__} {values!r}")
    amounts: list[int] = []
    faults: dict[int, str] = {}
    for row, value in enumerate(values):
        text = value.strip() if isinstance(value, str) else value
        match = _YUAN.fullmatch(text) if isinstance(text, str) else None
        if match and match[3] is None:
            amounts.append(int(match[1] + match[2]) * 100)
        elif match:
            amounts.append(int(match[1] + match[2] + match[3].ljust(2, "0")))
        else:
            amounts.append(0)
        if match and -MAX_FEN <= amounts[-1] <= MAX_FEN:
            continue
        try:
            amounts[-1] = yuan(text)  # type: ignore[arg-type]  # yuan itself says what it does not take
        except AmountError as error:
            amounts[-1] = 0
            faults[row] = str(error)
    return np.array(amounts, np.int64), faults
