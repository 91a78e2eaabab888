"""Sums by code over the rows of a table: each thread adds up its own, and what they come to is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import numpy as np
from attrs import field, frozen

from mipolicy.errors import CodeError, TableError
from mipolicy.money import Column
from mipolicy.rounding import INT63, reach_of, uniform
from mipolicy.sums import sums_by

__all__ = ["CodeSums", "Tally"]

_MOST_CODES: Final = 2**24
"""Codes number a short list; what is larger is an identifier, and would take memory for every number below it."""


@frozen
class CodeSums:
    """Sums of columns by code, whole numbers of any size; `a + b` is what one pass over both tables gives.

    of: by column, the sum of each code from 0 to the largest that occurs.

    >>> (CodeSums({"payment": (5, 7)}) + CodeSums({"payment": (1, 0, 2)}))["payment"]
    (6, 7, 2)
    """

    of: Mapping[str, tuple[int, ...]] = field()

    def __getitem__(self, name: str) -> tuple[int, ...]:
        return self.of[name]

    def __add__(self, other: CodeSums) -> CodeSums:
        if list(self.of) != list(other.of):
            raise TableError(f"sums of {', '.join(self.of)} and of {', '.join(other.of)} cannot be added up")
        return CodeSums(
            {
                name: tuple(one + two for one, two in zip_longest(sums, other.of[name], fillvalue=0))
                for name, sums in self.of.items()
            }
        )


class Tally:
    """Sums by code that one thread adds up, block after block; what int64 could not hold is moved to Python ints."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._codes = 0
        self._sums: dict[str, Column] = {name: np.zeros(0, np.int64) for name in names}
        self._size: dict[str, int] = dict.fromkeys(names, 0)
        self._large: dict[str, list[int]] = {name: [] for name in names}

    def add(self, by: str, code: Column, columns: Mapping[str, Any], first: int = 0) -> None:
        """Add a block; by: the name of the codes, for errors; columns: int64 columns, or ints that stand for every row.

        first: the row of the table at which the block begins.
        Raises CodeError for a code that numbers no list, naming the row of the table.
        """
        if not code.size:
            return
        most = int(code.view(np.uint64).max())
        if most >= _MOST_CODES:
            row = int(np.flatnonzero((code < 0) | (code >= _MOST_CODES))[0])
            raise CodeError(
                f"row {first + row}: {by} is {code[row]}; codes to sum by number a list, from 0 to {_MOST_CODES - 1}"
            )
        self._codes = max(self._codes, most + 1)
        for name in self._names:
            figures = columns[name]
            self._add(name, code, figures if isinstance(figures, np.ndarray) else uniform(int(figures), code.size))

    def _add(self, name: str, code: Column, column: Column) -> None:
        most = reach_of(column)[0] * column.size
        if self._size[name] + most >= INT63:
            self._move(name)
        if most >= INT63:
            self._large[name] = _added(self._large[name], sums_by(code, column, self._codes))
            return
        if self._sums[name].size < self._codes:
            self._sums[name] = np.concatenate(
                [self._sums[name], np.zeros(self._codes - self._sums[name].size, np.int64)]
            )
        self._size[name] += most
        np.add.at(self._sums[name], code, column)

    def _move(self, name: str) -> None:
        self._large[name] = _added(self._large[name], self._sums[name].tolist())
        self._sums[name], self._size[name] = np.zeros(0, np.int64), 0

    def sums(self) -> CodeSums:
        """What was added up so far."""
        nothing = [0] * self._codes
        return CodeSums(
            {name: tuple(_added(nothing, _added(self._large[name], self._sums[name].tolist()))) for name in self._names}
        )


def _added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [first + second for first, second in zip_longest(one, other, fillvalue=0)]
