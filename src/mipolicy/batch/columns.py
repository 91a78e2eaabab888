"""Tables at the edge: which columns are there, of what type, and every problem of them reported together.

A table is a mapping of column name -> numpy array, list of texts or `Coded`.  Amounts are fen where the column holds
integers and yuan where it holds text or Decimal; days are datetime64, dates or ISO text; codes are text.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs
import numpy as np
from attrs import frozen

from mipolicy.benefits.bill import NO_AMOUNT, READ
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import AmountError, Fault, InputError, MipolicyError, TableError
from mipolicy.money import Column, fen_column, yuan_column
from mipolicy.texts import Coded

__all__ = ["ReadTable", "Table", "read_table"]

Table: TypeAlias = Mapping[str, Any]
_ABSENT: Final[Mapping[str, int]] = {"fen": NO_AMOUNT, "date": NO_DAY, "price": -1, "rate": -1}


@frozen
class ReadTable:
    """A table's columns in the library's own form, and the rows that cannot be read.

    columns: text as `Coded`, ids as text arrays or `Coded`, amounts and days as int64, times as datetime64[s].
    """

    rows: int
    columns: Mapping[str, Any]
    faults: Mapping[int, Fault]
    given: frozenset[str]


def read_table(table: Table, record: type[Any], what: str) -> ReadTable:
    """Read a table whose columns are named as the fields of a public record.

    Raises TableError with every problem: missing, unknown or misnamed columns, wrong types, unequal lengths.
    """
    fields = attrs.fields_dict(record)
    problems = _name_problems(table, fields, what)
    lengths = {name: len(column) for name, column in table.items() if name in fields}
    rows = next(iter(lengths.values()), 0)
    if len(set(lengths.values())) > 1:
        problems.append("columns of unequal length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    columns: dict[str, Any] = {}
    faults: dict[int, Fault] = {}
    if not problems:
        for name, each in fields.items():
            try:
                kind = each.metadata["kind"]
                if name in table:
                    columns[name] = _READERS[kind](name, table[name], faults, each)
                else:
                    columns[name] = _constant(kind, each.default, rows)
            except MipolicyError as error:
                problems.append(str(error) if str(error).startswith("column ") else f"column {name}: {error}")
    if problems:
        raise TableError(f"{what}: " + "; ".join(problems))
    return ReadTable(rows, columns, faults, frozenset(table))


def _name_problems(table: Table, fields: Mapping[str, Any], what: str) -> list[str]:
    problems = []
    if not table:
        return [f"the table has no columns; {what} need {', '.join(_required(fields))}"]
    missing = [name for name in _required(fields) if name not in table]
    unknown = [name for name in table if name not in fields]
    if missing:
        problems.append("missing " + ", ".join(missing))
    for name in unknown:
        near = difflib.get_close_matches(name, list(fields), 1)
        hint = f", did you mean {near[0]}?" if near else f"; columns: {', '.join(fields)}"
        problems.append(f"unknown column {name}{hint}")
    return problems


def _required(fields: Mapping[str, Any]) -> list[str]:
    return [name for name, each in fields.items() if each.default is attrs.NOTHING]


def _constant(kind: str, default: Any, rows: int) -> Any:
    if kind in ("code", "text", "flag", "id"):
        return Coded(np.broadcast_to(np.int32(0), rows), (default,))
    value = _ABSENT[kind] if default is None else default
    return np.broadcast_to(np.int64(value), rows)


def _ids(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Any:
    if isinstance(column, Coded):
        return column
    array = np.asarray(column)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind != "O" and array.size:
        raise TableError(f"column {name}: ids are text, got {array.dtype}; convert them with their leading zeros")
    texts = array.tolist()
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            faults.setdefault(row, Fault("id", f"{name}: text is due, not {type(text).__name__} {text!r}"))
            texts[row] = ""
    return np.array(texts, dtype=np.str_)


def _texts(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Coded:
    if isinstance(column, Coded):
        return column
    array = np.asarray(column)
    if array.dtype.kind not in "OU" and array.size:
        example = array[0]
        raise TableError(
            f"column {name}: codes are text and keep their leading zeros, got {array.dtype} such as {example!r}"
        )
    texts = array.tolist()
    if array.dtype.kind == "O":
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                faults.setdefault(row, Fault("code", f"{name}: a code string is due, not {text!r}"))
                texts[row] = ""
        array = np.array(texts, dtype=np.str_)
    coded = Coded.of(array)
    if each.default is not attrs.NOTHING and each.default:
        return Coded(coded.codes, tuple(value or each.default for value in coded.values))
    return coded


def _amounts(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
    array = np.asarray(column)
    if array.dtype.kind in "iu":
        return fen_column(array, name)
    if array.dtype.kind not in "OU" and array.size:
        fen_column(array, name)
    absent = NO_AMOUNT if each.default is None else None
    texts = array.tolist()
    empty = [row for row, value in enumerate(texts) if value in ("", None)]
    for row in empty:
        texts[row] = "0"
    amounts, bad = yuan_column(texts)
    for row, reason in bad.items():
        faults.setdefault(row, Fault("amount", f"{name}: {reason}"))
    for row in empty:
        if absent is None:
            faults.setdefault(row, Fault("amount", f"{name} is empty"))
        else:
            amounts[row] = absent
    return amounts


def _days(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
    array = np.asarray(column)
    if array.dtype.kind == "M":
        days = array.astype("datetime64[D]").astype(np.int64)
        return np.where(np.isnat(array), NO_DAY, days)
    cache: dict[Any, int] = {"": NO_DAY, None: NO_DAY}
    days = np.empty(len(array), np.int64)
    for row, value in enumerate(array.tolist()):
        if value not in cache:
            try:
                cache[value] = day_number(READ["date"](name, value))
            except InputError as error:
                faults.setdefault(row, Fault("date", str(error)))
                days[row] = NO_DAY
                continue
        days[row] = cache[value]
    return days


def _times(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Any:
    array = np.asarray(column)
    if array.dtype.kind == "M":
        return array.astype("datetime64[s]")
    times = np.zeros(len(array), "datetime64[s]")
    for row, value in enumerate(array.tolist()):
        try:
            when: datetime.datetime = READ["time"](name, value)
            times[row] = np.datetime64(when.replace(tzinfo=None), "s")
        except InputError as error:
            faults.setdefault(row, Fault("date", str(error)))
    return times


def _exact(kind: str) -> Callable[[str, Any, dict[int, Fault], Any], Column]:
    def reader(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
        array = np.asarray(column)
        if array.dtype.kind in "iu":
            return array.astype(np.int64)
        if array.dtype.kind not in "OU" and array.size:
            raise AmountError(f"column {name}: text or integers are due, got {array.dtype}")
        absent = each.default if each.default is not attrs.NOTHING else _ABSENT.get(kind, 0)
        cache: dict[Any, int] = {"": absent, None: absent}
        numbers = np.zeros(len(array), np.int64)
        for row, value in enumerate(array.tolist()):
            if value not in cache:
                try:
                    cache[value] = READ[kind](name, value)
                except InputError as error:
                    faults.setdefault(row, Fault("amount", str(error)))
                    continue
            numbers[row] = cache[value]
        return numbers

    return reader


_READERS: Final[Mapping[str, Callable[[str, Any, dict[int, Fault], Any], Any]]] = {
    "id": _ids,
    "code": _texts,
    "text": _texts,
    "flag": _texts,
    "fen": _amounts,
    "date": _days,
    "time": _times,
    "rate": _exact("rate"),
    "price": _exact("price"),
    "quantity": _exact("quantity"),
}
