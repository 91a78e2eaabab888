"""The inverse of `share` and `banded`: the least amount that comes to a payment.

Where a ceiling is in fund money, the cost above it is what exceeds the least amount whose payment reaches the ceiling
(formulas.md section 1).  Exact for ints and columns; a payment that no amount comes to gives `NO_LIMIT`.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN, NO_LIMIT, RATE_ONE, Column
from mipolicy.rounding import any_columns, bounds_of
from mipolicy.tables import Bands
from mipolicy.traced import recorded
from mipolicy.vocabulary import banded_parts

__all__ = ["least_banded", "least_share"]


@overload
def least_share(pay: int, rate: int) -> int: ...
@overload
def least_share(pay: Column, rate: int | Column) -> Column: ...
@overload
def least_share(pay: int, rate: Column) -> Column: ...
def least_share(pay: Any, rate: Any) -> Any:
    """The least amount, from 0, whose `share` at the rate is at least `pay`.

    pay: fen, at most `MAX_FEN`; rate: per million, 0 to 100%.  Raises AmountError for what is outside.

    >>> least_share(51, 500_000), least_share(0, 0), least_share(1, 0) == NO_LIMIT
    (101, 0, True)
    """
    column = any_columns(pay, rate)
    _within("pay", pay, -int(MAX_FEN), int(MAX_FEN))
    _within("rate", rate, 0, int(RATE_ONE))
    if type(rate) is int and rate == RATE_ONE and bounds_of(pay)[0] >= 0:
        return pay
    if column:
        rows = (pay if isinstance(pay, np.ndarray) else rate).shape
        return _least(_twice(pay), np.broadcast_to(rate, rows), int(NO_LIMIT))
    return recorded("least_share", _least_int(_twice_int(int(pay)), int(rate), int(NO_LIMIT)), pay, rate)


@overload
def least_banded(pay: int, bands: Bands, *codes: int, start: int = 0, addition: int = 0) -> int: ...
@overload
def least_banded(
    pay: Column, bands: Bands, *codes: int | Column, start: int | Column = 0, addition: int | Column = 0
) -> Column: ...
def least_banded(pay: Any, bands: Bands, *codes: Any, start: Any = 0, addition: Any = 0) -> Any:
    """The least amount, from 0, that `banded` with the same bands, codes, start and addition turns into `pay` or more.

    pay: fen, at most `MAX_FEN`; start, addition: as `banded` takes them.  Raises AmountError for what is outside.

    >>> least_banded(80_000, Bands.flat(((0, 500_000), (1_000_00, 600_000))))
    150000
    """
    column = any_columns(pay, start, addition, *codes)
    _within("pay", pay, -int(MAX_FEN), int(MAX_FEN))
    _within("start", start, 0, int(MAX_FEN))
    _within("addition", addition, -int(MAX_FEN), int(MAX_FEN))
    wanted: Any = _twice(pay) if column else _twice_int(int(pay))
    found: Any = 0
    for lower, upper, rate in banded_parts(bands, codes, addition):
        begins = np.maximum(start, lower) if isinstance(start, np.ndarray) else max(int(start), int(lower))
        room = np.maximum(upper - begins, 0) if isinstance(begins, np.ndarray) else max(upper - begins, 0)
        if column:
            here = _least(wanted, rate, room)
            gained = here * rate
            wanted = np.maximum(wanted - 2 * np.minimum(gained, wanted), 0)
        else:
            here = _least_int(wanted, int(rate), room)
            wanted = max(wanted - 2 * here * int(rate), 0)
        found = found + here
    if column:
        return np.where(wanted > 0, int(NO_LIMIT), np.minimum(found, int(NO_LIMIT)))
    return recorded("least_banded", int(NO_LIMIT) if wanted > 0 else min(found, int(NO_LIMIT)), pay, start, addition)


def _within(what: str, value: Any, least: int, most: int) -> None:
    low, high = bounds_of(value)
    if low < least or high > most:
        raise AmountError(f"{what} {low if low < least else high} is outside {least} to {most}")


def _twice_int(pay: int) -> int:
    """Twice the least numerator over a million that rounds half up to the payment."""
    return max((2 * pay - 1) * RATE_ONE, 0)


def _twice(pay: Any) -> Any:
    return np.maximum((2 * np.asarray(pay, np.int64) - 1) * int(RATE_ONE), 0)


def _least_int(twice: int, rate: int, most: int) -> int:
    if twice <= 0:
        return 0
    return most if rate == 0 else min(-(-twice // (2 * rate)), most)


def _least(twice: Any, rate: Any, most: Any) -> Any:
    divisor = 2 * np.maximum(rate, 1)
    whole = -(-twice // divisor)
    return np.where(twice <= 0, 0, np.where(rate == 0, most, np.minimum(whole, most)))
