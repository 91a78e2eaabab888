"""Public records (bills, fee lines, cases): what a field holds, and how it is read from text."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs
from attrs import field

from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import InputError, MipolicyError
from mipolicy.money import MAX_FEN, exact, factor, points, quantity, rate, unit_price, yuan

__all__ = ["NO_AMOUNT", "READ", "read_record", "record_field"]

T = TypeVar("T", bound=attrs.AttrsInstance)
NO_AMOUNT: Final = -(2**62)
"""Stands for a part of the bill that is not stated, because its lines say it."""


def record_field(kind: str, zh: str, en: str, default: Any = attrs.NOTHING) -> Any:
    """A field of a public record: how it is read, and its labels."""
    return field(default=default, metadata={"kind": kind, "zh": zh, "en": en})


def read_record(cls: type[T], record: Mapping[str, Any], what: str) -> T:
    """A public record from a record of texts; see `Bill.from_record`."""
    known = attrs.fields_dict(cls)
    unknown = sorted(set(record) - set(known))
    if unknown:
        raise InputError(f"a {what} has no field {', '.join(unknown)}; fields: {', '.join(known)}")
    values: dict[str, Any] = {}
    for name, each in known.items():
        value = record.get(name)
        if value is None or value == "":
            if each.default is attrs.NOTHING:
                raise InputError(f"a {what} needs {name} ({each.metadata['zh']})")
            continue
        values[name] = READ[each.metadata["kind"]](name, value)
    return cls(**values)


def _read_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: a code string is due, not {type(value).__name__} {value!r}")
    return value


def _read_with(read: Callable[[Any], int]) -> Callable[[str, Any], int]:
    def reader(name: str, value: Any) -> int:
        try:
            return read(value)
        except MipolicyError as error:
            raise InputError(f"{name}: {error}") from None

    return reader


def _read_day(name: str, value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return _possible(name, value)
    return _read_time(name, value).date()


def _read_time(name: str, value: Any) -> datetime.datetime:
    try:
        time = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(f"{name}: a date such as 2025-03-01 or 2025-03-01 09:30:00 is due, not {value!r}") from None
    if time.tzinfo is not None:
        raise InputError(f"{name}: the local clock time is due, without a zone, not {value!r}")
    _possible(name, time)
    return time


def _possible(name: str, day: datetime.date) -> datetime.date:
    if day_number(day) <= NO_DAY:
        raise InputError(f"{name}: {day} is no day that a bill can have")
    return day


def _count(value: Any) -> int:
    number = exact(value, 1, "a whole number")
    if abs(number) > MAX_FEN:
        raise InputError(f"{value} is beyond what stays exact downstream")
    return number


READ: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "id": _read_text,
    "code": _read_text,
    "text": _read_text,
    "flag": _read_text,
    "fen": _read_with(yuan),
    "date": _read_day,
    "time": _read_time,
    "rate": _read_with(rate),
    "price": _read_with(unit_price),
    "quantity": _read_with(quantity),
    "factor": _read_with(factor),
    "points": _read_with(points),
    "count": _read_with(_count),
}
"""How a text is read, by kind of field."""
