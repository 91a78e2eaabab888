"""Columns of Arrow as the library takes them, and the library's columns as Arrow has them.

In: text as dictionary codes, decimals as the integers they are kept in, whole units in the memory that holds them.
Out: amounts, rates and points as decimals, coded text as dictionaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np

from mipolicy.batch.numbers import Numbers, Refused
from mipolicy.errors import TableError
from mipolicy.money import NO_LIMIT, Column
from mipolicy.texts import Coded

__all__ = ["DAYS", "TEXTS", "coded", "decimals", "is_text", "pyarrow", "taken", "written"]

TEXTS: Final = ("id", "code", "text", "flag")
DAYS: Final = ("date", "time")
"""Kinds of fields that hold text, and days."""
_NUMBERS: Final = ("fen", "rate", "price", "quantity", "factor", "points", "count")


def pyarrow(what: object, *modules: str) -> Any:
    """The package, with some of its modules; raises TableError, with the extra that brings it, where it is missing."""
    try:
        for name in ("pyarrow", *modules):
            import_module(name)
    except ImportError:
        needs = "Parquet" if "pyarrow.parquet" in modules else "it"
        raise TableError(f"{what}: {needs} needs pyarrow: pip install 'mipolicy[parquet]'") from None
    return import_module("pyarrow")


# ---- in --------------------------------------------------------------------------------------------------------------


def taken(column: Any, kind: str) -> Any:
    """A column of Arrow, in chunks, as `read_table` takes it for a field of this kind; `Refused` where it cannot be.

    column: a pyarrow.ChunkedArray.  Integers without nulls that lie in one piece are not copied.
    """
    arrow, of = import_module("pyarrow"), column.type
    types = arrow.types
    if types.is_dictionary(of):
        if is_text(types, of.value_type) and kind in TEXTS:
            return coded(column.chunks)
        of = of.value_type
        column = column.cast(of)
    if types.is_null(of) or (not len(column) and types.is_floating(of)):  # pandas makes floats of an empty list
        return np.full(len(column), "", np.str_)
    if types.is_timestamp(of) and of.tz is not None:
        return Refused(f"times of the zone {of.tz}; give the local clock time, without a zone")
    if is_text(types, of):
        return _texts(arrow, column, kind)
    if kind in TEXTS:
        return Refused(f"codes are text and keep their leading zeros, got {of}")
    if kind in DAYS:
        if types.is_date(of) or types.is_timestamp(of):
            return _days(arrow, column, kind)
        return Refused(f"text, dates or timestamps are due, got {of}")
    return _numbers(arrow, column, of)


def is_text(types: Any, of: Any) -> bool:
    """Whether a type of Arrow is text."""
    return bool(types.is_string(of) or types.is_large_string(of) or types.is_string_view(of))


def _texts(arrow: Any, column: Any, kind: str) -> Any:
    """Codes as dictionary codes, since they repeat; ids and figures as text arrays, nulls as empty text."""
    column = column.cast(arrow.large_string())
    if kind in TEXTS and kind != "id":
        return coded(column.dictionary_encode().chunks)
    parts = [_letters(chunk) for chunk in column.fill_null("").chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.empty(0, np.str_)


def _letters(chunk: Any) -> Any:
    """A chunk of large_string as an array of text; letters below 128 are one byte each and need no decoding."""
    _, ends, data = chunk.buffers()
    offsets = np.frombuffer(ends, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    letters = np.frombuffer(data or b"", np.uint8)[offsets[0] : offsets[-1]]
    lengths = np.diff(offsets)
    width = int(lengths.max())
    if not width or int(letters.max()) > 127:
        return np.array(chunk.to_pylist(), np.str_)
    table = np.zeros((len(chunk), width), np.uint32)
    if int(lengths.min()) == width:
        table[:] = letters.reshape(len(chunk), width)
    else:
        table[np.arange(width) < lengths[:, None]] = letters
    return table.view(f"U{width}").ravel()


def coded(chunks: Sequence[Any]) -> Coded:
    """Chunks of a dictionary column as one; equal values share a code, and a null is empty text.

    Codes are taken as they are where the column is in one chunk without nulls and without equal values.
    """
    places: dict[str, int] = {}
    parts: list[Any] = []
    for chunk in chunks:
        values = [value or "" for value in chunk.dictionary.to_pylist()]
        at = chunk.indices.cast("int32")
        if at.null_count:
            at = at.fill_null(len(values))
            values.append("")
        moved = np.array([places.setdefault(value, len(places)) for value in values], np.int32)
        codes = at.to_numpy() if len(at) else np.empty(0, np.int32)
        same = len(moved) == 0 or (int(moved[-1]) == len(moved) - 1 and (np.diff(moved) == 1).all())
        parts.append(codes if same else moved[codes])
    found = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int32), *parts])
    return Coded(found, tuple(places))


def _days(arrow: Any, column: Any, kind: str) -> Any:
    """Days, or seconds where the field holds times; a null is no day."""
    if kind == "date" and arrow.types.is_date(column.type):
        return column.cast(arrow.date32()).to_numpy()
    return column.cast(arrow.timestamp("s"), safe=False).to_numpy()


def _numbers(arrow: Any, column: Any, of: Any) -> Any:
    types, gaps = arrow.types, _gaps(column)
    if types.is_integer(of):
        return column.to_numpy() if gaps is None else Numbers(column.fill_null(0).to_numpy(), None, gaps)
    if types.is_floating(of):
        return Numbers(column.to_numpy() if gaps is None else column.fill_null(0.0).to_numpy(), None, gaps)
    if types.is_decimal(of):
        return _scaled(arrow, column, gaps)
    return Refused(f"figures are integers, decimals or text, got {of}")


def _gaps(column: Any) -> Any:
    return column.is_null().to_numpy() if column.null_count else None


def _scaled(arrow: Any, column: Any, gaps: Any) -> Any:
    """Decimals as the integers in which they are kept; those that no int64 holds as cells of Decimal."""
    of = column.type
    if of.scale < 0 or of.bit_width > 128:
        return np.array([*column.to_pylist(), None], object)[:-1]
    if of.bit_width < 128:
        column = column.cast(arrow.decimal128(of.precision, of.scale))
    parts = [np.empty((0, 2), "<i8")]
    for chunk in column.chunks:
        words = np.frombuffer(chunk.buffers()[1] or b"", "<i8").reshape(-1, 2)
        parts.append(words[chunk.offset : chunk.offset + len(chunk)])
    words = parts[1] if len(parts) == 2 else np.concatenate(parts)
    low, wide = words[:, 0], words[:, 1] != words[:, 0] >> 63
    if gaps is not None:
        low, wide = np.where(gaps, 0, low), wide & ~gaps
    if wide.any():
        return np.array([*column.to_pylist(), None], object)[:-1]
    return Numbers(low, of.scale, gaps)


# ---- out -------------------------------------------------------------------------------------------------------------


def decimals(units: Column, places: int = 2) -> Any:
    """Whole units as decimal(18, places): the same integers, sixteen bytes each; no limit is null."""
    arrow = import_module("pyarrow")
    words = np.empty((len(units), 2), "<i8")
    words[:, 0], words[:, 1] = units, np.asarray(units) >> 63
    kind = arrow.decimal128(18, places)
    amounts = arrow.Array.from_buffers(kind, len(words), [None, arrow.py_buffer(words)])
    unlimited = np.asarray(units) == NO_LIMIT
    if not unlimited.any():
        return amounts
    return import_module("pyarrow.compute").if_else(arrow.array(unlimited), arrow.scalar(None, kind), amounts)


def written(column: Any) -> Any:
    """A column of text, `Coded` or integers as an array of Arrow; one of Arrow stays as it is."""
    arrow = import_module("pyarrow")
    if isinstance(column, Coded):
        places: dict[str, int] = {}
        moved = np.array([places.setdefault(value, len(places)) for value in column.values], np.int32)
        codes = column.codes if len(places) == len(moved) else moved[column.codes]
        return arrow.DictionaryArray.from_arrays(codes, arrow.array(list(places), arrow.string()))
    return column if isinstance(column, arrow.Array) else arrow.array(column)
