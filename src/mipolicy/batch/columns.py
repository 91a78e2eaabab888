"""Tables at the edge: which columns are there, of what type, and every problem of them reported together.

A table is a mapping of column name -> numpy array, list, `Coded` or `Numbers`.  Amounts are fen where the column holds
integers and yuan where it holds text, Decimal or float64, prices, counts and rates likewise, but never in floats; days
are datetime64, dates or ISO text; codes are text.  Empty text and None are absent.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.numbers import Numbers, Refused, in_units
from mipolicy.batch.pool import mapped
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import Fault, InputError, MipolicyError, TableError
from mipolicy.money import MAX_FEN, Column, fen_column, yuan_column
from mipolicy.records import NO_AMOUNT, READ
from mipolicy.texts import Coded

__all__ = ["ReadTable", "Table", "read_table"]

Table: TypeAlias = Mapping[str, Any]
_LAST_DAY: Final = day_number(datetime.date.max)
_SECONDS: Final = ((NO_DAY + 1) * 86_400, (_LAST_DAY + 1) * 86_400 - 1)


@frozen
class ReadTable:
    """A table's columns in the library's own form, and the rows that cannot be read.

    columns: text as `Coded`, ids as text arrays or `Coded`, amounts and days as int64, times as datetime64[s].
    """

    rows: int
    columns: Mapping[str, Any]
    faults: Mapping[int, Fault]
    given: frozenset[str]


def read_table(table: Table, record: type[Any], what: str, threads: int = 1) -> ReadTable:
    """Read a table whose columns are named as the fields of a public record, columns in parallel.

    Raises TableError with every problem: missing, unknown or misnamed columns, wrong types, unequal lengths.
    """
    if not isinstance(table, Mapping):
        raise TableError(f"{what}: a mapping of columns is due, not {type(table).__name__}")
    fields = attrs.fields_dict(record)
    problems = _name_problems(table, fields, what)
    columns: dict[str, Any] = {}
    faults: dict[int, Fault] = {}

    def one(name: str) -> tuple[Any, dict[int, Fault], str]:
        found: dict[int, Fault] = {}
        try:
            return _READERS[fields[name].metadata["kind"]](name, _cells(table[name]), found, fields[name]), found, ""
        except MipolicyError as error:
            return None, found, str(error) if str(error).startswith("column ") else f"column {name}: {error}"

    names = [name for name in fields if name in table]
    for name, (column, found, problem) in zip(names, mapped(one, names, threads), strict=True):
        faults = {**found, **faults}  # the first column's reason stands
        if problem:
            problems.append(problem)
        else:
            columns[name] = column
    lengths = {name: len(column) for name, column in columns.items()}
    rows = next(iter(lengths.values()), 0)
    if len(set(lengths.values())) > 1:
        problems.append("columns of unequal length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    if problems:
        raise TableError(f"{what}: " + "; ".join(problems))
    given = frozenset(columns)
    for name, each in fields.items():
        if name not in given:
            columns[name] = _constant(each.metadata["kind"], each.default, rows)
    return ReadTable(rows, columns, faults, given)


def _name_problems(table: Table, fields: Mapping[str, Any], what: str) -> list[str]:
    from difflib import get_close_matches  # only a message needs it

    problems = []
    if not table:
        return [f"the table has no columns; {what} need {', '.join(_required(fields))}"]
    missing = [name for name in _required(fields) if name not in table]
    unknown = [name for name in table if name not in fields]
    if missing:
        problems.append("missing " + ", ".join(missing))
    labels = {each.metadata["zh"]: name for name, each in fields.items()}
    strange = []
    for name in unknown:
        if isinstance(table[name], Refused):
            problems.append(table[name].why)
            continue
        if str(name) in labels:
            problems.append(f"unknown column {name}; if it is {labels[name]}, say names={{{name!r}: {labels[name]!r}}}")
            continue
        near = get_close_matches(str(name), list(fields), 1)
        if near:
            problems.append(f"unknown column {name}, did you mean {near[0]}?")
        else:
            strange.append(str(name))
    if strange:
        problems.append(f"unknown column {', '.join(strange)}; columns: {', '.join(fields)}")
    return problems


def _required(fields: Mapping[str, Any]) -> list[str]:
    return [name for name, each in fields.items() if each.default is attrs.NOTHING]


def _constant(kind: str, default: Any, rows: int) -> Any:
    if kind in ("code", "text", "flag", "id"):
        return Coded(np.broadcast_to(np.int32(0), rows), (default,))
    value = (NO_DAY if kind == "date" else NO_AMOUNT) if default is None else default
    return np.broadcast_to(np.int64(value), rows)


def _cells(column: Any) -> Any:
    """A column as `Coded` or as an array of one dimension; the cells of a list stay what they are."""
    if isinstance(column, Refused):
        raise TableError(column.why)
    if isinstance(column, Numbers):
        return column
    if isinstance(column, Coded):
        return _distinct(column)
    if isinstance(column, np.ma.MaskedArray):
        raise TableError("a masked array has gaps; write what is absent as empty text or None")
    if isinstance(column, (str, bytes, Mapping)) or not hasattr(column, "__len__"):
        raise TableError(f"an array, a list or Coded is due, not {type(column).__name__}")
    array = _listed(column) if isinstance(column, (list, tuple)) else np.asarray(column)
    if array.ndim != 1:
        raise TableError(f"one dimension is due, not shape {array.shape}")
    return array.astype(object) if array.dtype.kind == "T" else array


def _distinct(column: Coded) -> Coded:
    """A dictionary column whose values are text, each once."""
    try:
        "".join(column.values)
    except TypeError:
        strange = next(value for value in column.values if not isinstance(value, str))
        message = f"codes are text and keep their leading zeros, got {type(strange).__name__} {strange!r}"
        raise TableError(message) from None
    if len(column.positions) == len(column.values):
        return column
    places: dict[str, int] = {}
    moved = np.array([places.setdefault(value, len(places)) for value in column.values], np.int32)
    return Coded(moved[column.codes], tuple(places))


def _listed(cells: Sequence[Any]) -> Any:
    """A list as an array; numpy would turn an integer or a float beside a text into text."""
    kinds = set(map(type, cells))
    if kinds <= {str} or kinds == {float} or kinds == {bool}:
        return np.array(cells)
    if kinds == {int} and max(map(abs, cells)) < 2**63:
        return np.array(cells, np.int64)
    return np.fromiter(cells, object, len(cells))


def _ids(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Any:
    return column if isinstance(column, Coded) else _checked_texts(name, column, faults, None, "id")


def _texts(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Coded:
    absent = None if each.default is attrs.NOTHING else each.default
    coded = column if isinstance(column, Coded) else Coded.of(_checked_texts(name, column, faults, absent, "code"))
    if absent and "" in coded.values:
        return _distinct(Coded(coded.codes, tuple(value or absent for value in coded.values)))
    return coded


def _checked_texts(name: str, array: Any, faults: dict[int, Fault], absent: str | None, reason: str) -> Any:
    """A column of text; None is the absent text where there is one, any other cell is a fault of its row."""
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind != "O" and array.size:
        example = f"{array.dtype} such as {array.tolist()[0]!r}"
        raise TableError(f"column {name}: codes are text and keep their leading zeros, got {example}")
    texts = array.tolist()
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            texts[row] = absent or ""
            if text is not None or absent is None:
                what = "is empty" if text is None else f"takes text, not {type(text).__name__} {text!r}"
                faults.setdefault(row, Fault(reason, f"{name} {what}"))
    return np.array(texts, dtype=np.str_)


def _is_absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and value == "")


def _is_integer(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _inside(array: Any, least: int, most: int) -> bool:
    if array.dtype == np.int64 and array.size and int(array.view(np.uint64).max()) <= most:
        return True  # seen as unsigned, a negative one would be large
    return not array.size or (int(array.min()) >= least and int(array.max()) <= most)


def _units(name: str, array: Any, faults: dict[int, Fault], most: int) -> tuple[Column, list[int]] | None:
    """A column of integers, which are units already, and the rows that hold none; None for a column of another kind.

    An integer beside texts could be either, and one that is too large is no figure: both are faults of their rows.
    """
    if array.dtype.kind in "iu":
        beyond = [] if _inside(array, -most, most) else np.flatnonzero((array > most) | (array < -most)).tolist()
        numbers = array.astype(np.int64, copy=bool(beyond))
        empty: list[int] = []
    elif array.dtype.kind == "O":
        cells = array.tolist()
        whole = [row for row, value in enumerate(cells) if _is_integer(value)]
        empty = [row for row, value in enumerate(cells) if _is_absent(value)]
        if not whole or len(whole) + len(empty) < len(cells):
            for row in whole:
                faults.setdefault(row, Fault("amount", f"{name}: the integer {cells[row]} among texts has no unit"))
            return None
        beyond = [row for row in whole if abs(cells[row]) > most]
        none = {*empty, *beyond}
        numbers = np.array([0 if row in none else cell for row, cell in enumerate(cells)], np.int64)
    else:
        return None
    for row in beyond:
        faults.setdefault(row, Fault("amount", f"{name}: {array[row]} is too large"))
        numbers[row] = 0
    return numbers, empty


def _numbers(kind: str, name: str, column: Any, faults: dict[int, Fault], most: int) -> tuple[Column, list[int]] | None:
    """See `_units`; a column of `Numbers`, or of floats, too."""
    if not isinstance(column, Numbers):
        if column.dtype.kind != "f" or not column.size:
            return _units(name, column, faults, most)
        column = Numbers(column)
    if column.places is not None or column.cells.dtype.kind == "f":
        return in_units(kind, name, column, faults), column.empty()
    found = _units(name, column.cells, faults, most)
    assert found is not None  # integers are
    return found[0], column.empty()


def _amounts(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
    array = column.texts() if isinstance(column, Coded) else column
    found = _numbers("fen", name, array, faults, int(MAX_FEN))
    if found is None:
        if array.dtype.kind not in "OU" and array.size:
            fen_column(array, name)  # which says what it does not take
        texts = array.tolist()
        empty = [row for row, value in enumerate(texts) if _is_absent(value)]
        for row in empty:
            texts[row] = "0"
        amounts, bad = yuan_column(texts)
        for row, reason in bad.items():
            faults.setdefault(row, Fault("amount", f"{name}: {reason}"))
    else:
        amounts, empty = found
    return _filled(name, amounts, empty, faults, each)


def _filled(name: str, numbers: Column, empty: list[int], faults: dict[int, Fault], each: Any) -> Column:
    """The column with what the field's default says in the rows that state nothing; a fault where it must be stated."""
    if each.default is attrs.NOTHING:
        for row in empty:
            faults.setdefault(row, Fault("amount", f"{name} is empty"))
    elif empty:
        numbers = numbers.copy()  # the cells may be another library's
        numbers[empty] = NO_AMOUNT if each.default is None else each.default
    return numbers


def _days(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
    array = column.texts() if isinstance(column, Coded) else column
    if array.dtype.kind == "M":
        days = array.astype("datetime64[D]").astype(np.int64)
        no_days = _no_days(name, array, days, faults, needed=False)
        return np.where(no_days, NO_DAY, days) if no_days.any() else days
    days = np.full(len(array), NO_DAY, np.int64)
    _read_each("date", name, array, faults, days, day_number)
    return days


def _times(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Any:
    array = column.texts() if isinstance(column, Coded) else column
    if array.dtype == "datetime64[s]" and _inside(array.view(np.int64), *_SECONDS):
        return array
    if array.dtype.kind == "M":
        no_days = _no_days(name, array, array.astype("datetime64[D]").astype(np.int64), faults, needed=True)
        times = array.astype("datetime64[s]")
        times[no_days] = np.datetime64(0, "s")
        return times
    times = np.zeros(len(array), "datetime64[s]")
    _read_each("time", name, array, faults, times, lambda when: np.datetime64(when, "s"))
    return times


def _no_days(name: str, array: Any, days: Column, faults: dict[int, Fault], *, needed: bool) -> Any:
    """Which rows of a datetime64 column hold no day that a bill can have."""
    missing = np.isnat(array)
    no_days = missing | (days <= NO_DAY) | (days > _LAST_DAY)
    for row in np.flatnonzero(no_days).tolist():
        if not missing[row]:
            faults.setdefault(row, Fault("date", f"{name}: {array[row]} is no day that a bill can have"))
        elif needed:
            faults.setdefault(row, Fault("date", f"{name} is empty"))
    return no_days


def _read_each(
    kind: str, name: str, array: Any, faults: dict[int, Fault], into: Any, stored: Callable[[Any], Any]
) -> None:
    """Read texts cell by cell, equal ones once; what is absent leaves its place as it is."""
    reason = "date" if kind in ("date", "time") else "amount"
    if array.dtype.kind not in "OU" and array.size:
        raise TableError(f"column {name}: text is due, or the type of numpy that says what it is, got {array.dtype}")
    cache: dict[Any, Any] = {}
    for row, value in enumerate(array.tolist()):
        if _is_absent(value) and kind != "time":
            continue
        try:
            key = (type(value), value)
            if key not in cache:
                cache[key] = stored(READ[kind](name, value))
            into[row] = cache[key]
        except InputError as error:
            faults.setdefault(row, Fault(reason, str(error)))
        except TypeError:
            faults.setdefault(row, Fault(reason, f"{name}: text is due, not {type(value).__name__} {value!r}"))


def _exact(kind: str) -> Callable[[str, Any, dict[int, Fault], Any], Column]:
    def reader(name: str, column: Any, faults: dict[int, Fault], each: Any) -> Column:
        array = column.texts() if isinstance(column, Coded) else column
        found = _numbers(kind, name, array, faults, 2**62)
        if found is None:
            empty = [row for row, value in enumerate(array.tolist()) if _is_absent(value)]
            numbers = np.zeros(len(array), np.int64)
            _read_each(kind, name, array, faults, numbers, int)
        else:
            numbers, empty = found
        return _filled(name, numbers, empty, faults, each)

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
    "factor": _exact("factor"),
    "points": _exact("points"),
    "count": _exact("count"),
}
