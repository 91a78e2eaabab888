"""What the words of the vocabulary do with columns: differences, choices, flags, bounds.

Columns are int64 of one length; a column of one figure (`rounding.uniform`) is taken as that figure where it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mipolicy.errors import AmountError
from mipolicy.money import Column
from mipolicy.rounding import INT63, bounds_of, uniform

__all__ = ["combined", "difference", "lighter", "most_of", "picked", "within"]


def within(value: Any, low: int, high: int, what: str) -> tuple[int, int]:
    """The bounds of a value that must stay within others."""
    bounds = bounds_of(value)
    for bound in bounds:
        if not low <= bound <= high:
            raise AmountError(f"{what} {bound} is outside {low} to {high}")
    return bounds


def most_of(column: Column) -> int:
    """The largest of a column; 0 of an empty one."""
    if column.size and column.strides[0]:
        return int(np.maximum.reduce(column))
    return bounds_of(column)[1]


def lighter(value: Any, beside: Any) -> Any:
    """One figure in place of a column that holds no other, beside a column that keeps the rows."""
    if isinstance(value, np.ndarray) and value.strides[0] == 0 and value.size and isinstance(beside, np.ndarray):
        return int(value[0])
    return value


def difference(word: str, left: Any, right: Any) -> Column:
    """The larger of left - right and 0.  Either it fits, or the difference wraps to a negative one and is refused."""
    larger = np.maximum(left, right)
    result: Column = np.subtract(larger, right, out=larger)
    if result.size and int(np.minimum.reduce(result)) < 0:
        raise AmountError(f"{word}: a difference of 2**63 or more cannot be held in int64")
    return result


def picked(condition: Column, yes: Any, no: Any) -> Column:
    """Arithmetic in place of a choice row by row, which costs ten times as much where both occur; it may wrap twice."""
    is_flag = condition.size == 0 or int(np.maximum.reduce(condition.view(np.uint64))) <= 1
    flag: Any = condition if is_flag else (condition != 0).astype(np.int64)
    if type(no) is int and no == 0:
        return flag * yes  # type: ignore[no-any-return]
    if type(yes) is type(no) is int and not -INT63 <= yes - no < INT63:
        return np.where(flag != 0, yes, no)
    chosen: Column = flag * (yes - no)
    chosen += no
    return chosen


def combined(given: Sequence[Any], word: Any) -> Column:
    """Flags put together by `word`, at least one of them a column."""
    rows = next(flag.size for flag in given if isinstance(flag, np.ndarray))
    varied = [flag for flag in given if isinstance(flag, np.ndarray) and flag.strides[0]]
    same = [bool(bounds_of(flag)[0]) for flag in given if not isinstance(flag, np.ndarray) or not flag.strides[0]]
    decisive = word is np.logical_or  # one true decides any_of, one false all_of
    if decisive in same or not varied:
        return uniform(int(decisive == (decisive in same)), rows)
    result: Any = varied[0] != 0
    for flag in varied[1:]:
        result = word(result, flag)
    decided: Column = result.astype(np.int64)
    return decided
