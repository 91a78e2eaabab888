"""Sums of whole numbers by place, exact whatever their size."""

from __future__ import annotations

from typing import Final

import numpy as np

from mipolicy.money import Column

__all__ = ["sums_by", "total"]

_EXACT: Final = 2**53
"""Up to here a double holds every whole number."""
_ROWS: Final = 4_000_000
"""So many figures below 2**40 sum to less than 2**62."""


def total(column: Column) -> int:
    """The sum of a column as a Python int."""
    if not column.size:
        return 0
    if max(-int(column.min()), int(column.max())) < 2**40:
        return sum(int(column[begin : begin + _ROWS].sum()) for begin in range(0, len(column), _ROWS))
    return sum(column.tolist())


def sums_by(place: Column, column: Column, size: int) -> list[int]:
    """The sum of the figures of each place, as Python ints; place: from 0 up to size - 1."""
    if total(np.abs(column)) < _EXACT:
        return [int(figure) for figure in np.bincount(place, column, size).tolist()]
    result = [0] * size
    for at, figure in zip(place.tolist(), column.tolist(), strict=True):
        result[at] += figure
    return result
