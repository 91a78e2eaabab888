"""Columns of text as dictionary codes: each distinct text is looked at once, rows are small integers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from mipolicy.errors import TableError
from mipolicy.money import Column

__all__ = ["Coded", "Text", "among", "figured", "hashed", "same_text"]


@frozen(slots=False, eq=False)
class Coded:
    """A column of text: an int32 code per row into the distinct values, as an Arrow dictionary column has it."""

    codes: NDArray[np.int32] = field()
    values: tuple[str, ...] = field()

    def __attrs_post_init__(self) -> None:
        if self.codes.ndim != 1 or self.codes.dtype.kind not in "iu":
            raise TableError(f"codes must be one column of integers, got {self.codes.dtype} {self.codes.shape}")
        if self.codes.size and not 0 <= int(self.codes.min()) <= int(self.codes.max()) < len(self.values):
            raise TableError(f"codes must lie in 0 to {len(self.values) - 1}, one for each of the distinct values")

    @classmethod
    def of(cls, texts: Iterable[object] | Coded) -> Coded:
        """Code a column of text; text arrays of numpy are coded by hash, without a Python loop.

        Raises TableError, naming the row, for anything that is not text.
        """
        if isinstance(texts, Coded):
            return texts
        array = texts if isinstance(texts, np.ndarray) else _objects(texts)
        if array.ndim != 1 or isinstance(array, np.ma.MaskedArray):
            raise TableError(f"one column of text without gaps is due, not {type(array).__name__} {array.shape}")
        if array.dtype.kind == "U":
            return cls._of_array(array)
        places: dict[str, int] = {}
        codes = np.empty(len(array), np.int32)
        for row, text in enumerate(array.tolist()):
            if not isinstance(text, str):
                raise TableError(f"row {row}: a code string is due, not {type(text).__name__} {text!r}")
            codes[row] = places.setdefault(text, len(places))
        return cls(codes, tuple(places))

    @classmethod
    def _of_array(cls, array: NDArray[np.str_]) -> Coded:
        if not array.size:
            return cls(np.zeros(0, np.int32), ())
        keys = hashed(array)
        order = np.argsort(keys)
        fresh = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
        codes = np.empty(len(array), np.int32)
        codes[order] = np.cumsum(fresh) - 1
        values = array[order[fresh]]
        if not (values[codes] == array).all():  # two texts with one hash: sort the texts themselves
            values, inverse = np.unique(array, return_inverse=True)
            codes = inverse.astype(np.int32)
        return cls(codes, tuple(values.tolist()))

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Any) -> Coded:
        """The rows asked for, by place, slice or mask, over the same distinct values."""
        if isinstance(rows, np.ndarray) and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        taken = object.__new__(Coded)  # its codes are in range because these are
        object.__setattr__(taken, "codes", self.codes[rows] if isinstance(rows, slice) else self.codes.take(rows))
        object.__setattr__(taken, "values", self.values)
        taken.__dict__["positions"] = self.positions
        return taken

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.texts() if dtype is None else self.texts().astype(dtype)

    def texts(self) -> NDArray[np.str_]:
        """The column as a text array."""
        return np.array(self.values or ("",), dtype=np.str_).take(self.codes)

    def figures(self, figure: Callable[[str], int]) -> Column:
        """A number per row, from a number per distinct value."""
        numbers = np.array([figure(value) for value in self.values] or [0], np.int64)
        return numbers.take(self.codes) if len(numbers) > 1 else np.broadcast_to(numbers[0], len(self))

    @cached_property
    def positions(self) -> dict[str, int]:
        """Value -> code."""
        return {value: at for at, value in enumerate(self.values)}


def _objects(texts: Iterable[object]) -> NDArray[Any]:
    """The cells as they are: numpy would write the integer 11 beside a text as the text '11'."""
    cells = list(texts)
    return np.fromiter(cells, object, len(cells))


def hashed(array: NDArray[np.str_]) -> NDArray[np.uint64]:
    """A 64-bit hash of each text (FNV-1a over its letters); equal texts have equal hashes."""
    width = array.dtype.itemsize // 4
    letters = np.ascontiguousarray(array).view(np.uint32).reshape(len(array), width) if width else None
    keys = np.full(len(array), 14695981039346656037, np.uint64)
    for at in range(width if letters is not None else 0):
        assert letters is not None
        keys ^= letters[:, at]
        keys *= np.uint64(1099511628211)
    return keys


Text: TypeAlias = str | Coded
"""One text or a column of them, as amounts are int or Column."""


def among(text: Text, listed: Collection[str]) -> Any:
    """1 where the text is in the list, else 0; an int where it is the same for every row."""
    if not isinstance(text, Coded):
        return int(text in listed)
    places = [text.positions[each] for each in listed if each in text.positions]
    if not places:
        return 0
    found = np.zeros(len(text.values), np.int64)
    found[places] = 1
    return found.take(text.codes)


def figured(text: Text, figure: Callable[[str], int]) -> Any:
    """The number that stands for the text, for one text or a column."""
    return text.figures(figure) if isinstance(text, Coded) else figure(text)


def same_text(left: Text, right: Text) -> Any:
    """1 where both texts are the same and not empty, else 0."""
    if isinstance(left, Coded) and isinstance(right, Coded):
        places = left.positions
        other = right.figures(lambda value: places.get(value, -1) if value else -1)
        return (left.codes == other).astype(np.int64)
    if isinstance(left, Coded) or isinstance(right, Coded):
        column, text = (left, right) if isinstance(left, Coded) else (right, left)
        return among(column, (str(text),) if text else ())
    return int(left == right and left != "")
