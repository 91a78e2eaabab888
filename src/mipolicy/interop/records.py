"""Tables of public records as files: whole units written as people write them, so that they are read as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import TableError
from mipolicy.interop.files import FilePath, write
from mipolicy.money import COUNT_ONE, PRICE_ONE, factor_text, plain_text, rate_text, yuan_text
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["record_texts", "write_records"]

_TEXT_OF: Final[Mapping[str, Callable[[Any], str]]] = {
    "fen": yuan_text,
    "factor": factor_text,
    "points": factor_text,
    "quantity": lambda count: plain_text(count, COUNT_ONE),
    "price": lambda price: plain_text(price, PRICE_ONE),
    "rate": rate_text,
}
"""By kind of field: whole units as people write them."""


def write_records(path: FilePath, columns: Mapping[str, Any], record: type[Any]) -> None:
    """Write a table of a public record as it is read: yuan, factors and points as people write them, dates in ISO form.

    columns: whole units, days and text, by the names of the record's fields, None where a cell is absent; path: ends in
    .csv or .parquet.
    Raises TableError for a column that is no field of the record; OSError.
    """
    write(path, record_texts(columns, record))


def record_texts(columns: Mapping[str, Any], record: type[Any]) -> dict[str, Any]:
    """A table of a public record as text, as `write_records` writes it; what is absent is empty.

    Raises TableError for a column that is no field of the record.
    """
    fields = attrs.fields_dict(record)
    unknown = [name for name in columns if name not in fields]
    if unknown:
        raise TableError(f"{', '.join(unknown)}: no column of {record.__name__}, which has {', '.join(fields)}")
    return {name: _written(column, fields[name].metadata["kind"]) for name, column in columns.items()}


def _written(column: Any, kind: str) -> Any:
    """A column of whole units as text; what is absent is empty."""
    if isinstance(column, Coded):
        return column
    text = _TEXT_OF.get(kind, str)
    cells = (_cell(cell) for cell in _days(column))
    return np.array([cell if isinstance(cell, str) else text(cell) for cell in cells], np.str_)


def _days(column: Any) -> Any:
    """The cells of a column; days of numpy as text, and none of them as empty text."""
    array = np.asarray(column)
    if array.dtype.kind == "M":
        return np.where(np.isnat(array), "", array.astype(np.str_)).tolist()
    return array.tolist()


def _cell(cell: Any) -> Any:
    return "" if cell is None or cell == NO_AMOUNT else cell
