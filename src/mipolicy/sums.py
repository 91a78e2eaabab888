"""Sums of whole numbers, exact whatever their size: of a column, by place, and over runs of rows.

Where int64 could not hold a sum, the upper and the lower half of each figure are summed apart, and Python ints join
them; that is exact for up to 2**31 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from mipolicy.money import Column
from mipolicy.rounding import INT63, bounds_of

__all__ = ["merged", "starts_of", "sums_by", "sums_of_runs", "total"]

_HALF: Final = 32


class _Adds(Protocol):
    def __add__(self, other: Any, /) -> Any: ...


K = TypeVar("K")
V = TypeVar("V", bound=_Adds)


def merged(one: Mapping[K, V], other: Mapping[K, V]) -> dict[K, V]:
    """Sums by key, of both; what each key has must add to another.

    >>> merged({"a": 1, "b": 2}, {"b": 3})
    {'a': 1, 'b': 5}
    """
    both = dict(one)
    for key, figure in other.items():
        both[key] = both[key] + figure if key in both else figure
    return both


def total(column: Column) -> int:
    """The sum of a column as a Python int.

    >>> total(np.array([2**62, 2**62, -1]))
    9223372036854775807
    """
    return _summed(column, column.size, lambda figures: figures.sum(keepdims=True))[0]


def sums_by(place: Column, column: Column, size: int) -> list[int]:
    """The sum of the figures of each place, as Python ints; place: from 0 up to size - 1.

    >>> sums_by(np.array([2, 0, 2]), np.array([5, 7, -9]), 3)
    [7, 0, -4]
    """

    def by_place(figures: Column) -> Column:
        sums = np.zeros(size, np.int64)
        np.add.at(sums, place, figures)
        return sums

    return _summed(column, column.size, by_place)


def sums_of_runs(column: Column, starts: Column) -> list[int]:
    """The sums over runs of rows that begin at `starts`, each with at least one row, as Python ints.

    >>> sums_of_runs(np.array([1, 2, 3]), np.array([0, 2]))
    [3, 3]
    """
    if not starts.size:
        return []
    longest = int(np.diff(starts, append=column.size).max())
    return _summed(column, longest, lambda figures: np.add.reduceat(figures, starts))


def _summed(column: Column, rows: int, way: Callable[[Column], Column]) -> list[int]:
    """The sums that a way of summing gives; rows: how many figures at most one sum is of."""
    low, high = bounds_of(column)
    if max(-low, high) * rows < INT63:
        sums: list[int] = way(column).tolist()
        return sums
    upper, lower = way(column >> _HALF).tolist(), way(column & ((1 << _HALF) - 1)).tolist()
    return [(one << _HALF) + other for one, other in zip(upper, lower, strict=True)]


def starts_of(*columns: Column) -> Column:
    """Where a new combination of sorted columns begins.

    >>> starts_of(np.array([1, 1, 2]), np.array([5, 6, 6])).tolist()
    [0, 1, 2]
    """
    changed = np.ones(columns[0].size, np.bool_)
    np.not_equal(columns[0][1:], columns[0][:-1], out=changed[1:])
    for column in columns[1:]:
        changed[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changed)
