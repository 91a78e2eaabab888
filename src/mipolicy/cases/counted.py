"""Rows counted: equal rows of a table once, with how many there are and what they sum to; parts of a table merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.money import Column
from mipolicy.sums import starts_of
from mipolicy.texts import Coded

__all__ = ["Counted", "ordered"]


@frozen(eq=False)
class Counted:
    """Distinct rows in the order of their keys; `a + b` gives what one pass over both tables gives.

    keys: int64 columns that tell rows apart, none below 0; values: for keys of text the distinct texts, in order; sums:
    what the rows of the table come to.
    """

    keys: Mapping[str, Column]
    values: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, Column]

    @classmethod
    def of(cls, keys: Mapping[str, Coded | Column], sums: Mapping[str, Column]) -> Counted:
        """Count a table; keys: the first tells rows apart first; sums: figures that are added up."""
        texts = {name: _canonical(column) for name, column in keys.items() if isinstance(column, Coded)}
        columns = {
            name: column if not isinstance(column, Coded) else texts[name].codes.astype(np.int64)
            for name, column in keys.items()
        }
        return _counted(columns, {name: coded.values for name, coded in texts.items()}, sums)

    def __len__(self) -> int:
        return int(next(iter(self.keys.values())).size)

    def __add__(self, other: Counted) -> Counted:
        """Both together; the two have the same keys and sums."""
        values = {name: tuple(sorted({*mine, *other.values[name]})) for name, mine in self.values.items()}
        keys = {}
        for name in self.keys:
            pair = [self.keys[name], other.keys[name]]
            if name in values:
                places = {text: at for at, text in enumerate(values[name])}
                for at, part in enumerate((self, other)):
                    moved = np.array([places[text] for text in part.values[name]] or [0], np.int64)
                    pair[at] = moved.take(pair[at])
            keys[name] = np.concatenate(pair)
        sums = {name: np.concatenate((column, other.sums[name])) for name, column in self.sums.items()}
        return _counted(keys, values, sums)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counted):
            return NotImplemented
        mine, theirs = {**self.keys, **self.sums}, {**other.keys, **other.sums}
        same = self.values == other.values and list(mine) == list(theirs)
        return same and all(np.array_equal(column, theirs[name]) for name, column in mine.items())

    __hash__ = None  # type: ignore[assignment]

    def by(self, *names: str) -> Counted:
        """The same rows told apart by some keys only, in the order named."""
        keys = {name: self.keys[name] for name in names}
        values = {name: self.values[name] for name in names if name in self.values}
        return _counted(keys, values, self.sums)


def _canonical(column: Coded) -> Coded:
    """The texts that occur, in order."""
    held = np.flatnonzero(np.bincount(column.codes, minlength=1))
    texts = [column.values[at] for at in held.tolist()] if len(column) else []
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.zeros(max(len(column.values), 1), np.int32)
    place[held[order] if order else []] = np.arange(len(order))
    return Coded(place.take(column.codes), tuple(texts[at] for at in order))


def ordered(columns: list[Column]) -> Column:
    """The order of rows by columns that are not negative, the first one first; equal rows as they stand."""
    bits = [int(column.max()).bit_length() if column.size else 0 for column in columns]
    if sum(bits) > 63:
        return np.lexsort(columns[::-1])
    packed: Any = np.zeros(columns[0].size, np.int64)
    for column, width in zip(columns, bits, strict=True):
        packed <<= width
        packed |= column
    return np.argsort(packed, kind="stable")


def _counted(keys: Mapping[str, Column], values: Mapping[str, tuple[str, ...]], sums: Mapping[str, Column]) -> Counted:
    order = ordered(list(keys.values()))
    in_order = {name: column.take(order) for name, column in keys.items()}
    starts = starts_of(*in_order.values())
    return Counted(
        {name: column[starts] for name, column in in_order.items()},
        values,
        {name: np.add.reduceat(column.take(order), starts) for name, column in sums.items()},
    )
