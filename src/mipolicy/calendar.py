"""Days as integers: days since 1970-01-01, for one day and for a column; years and months of them."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from mipolicy.errors import InputError
from mipolicy.money import A, Column

__all__ = ["NO_DAY", "as_date", "day_number", "days_of", "month_of", "months_later", "year_of"]

NO_DAY: Final = -700_000
"""Stands for a day that is not stated; before every day that a bill can have."""
_SECONDS: Final = 86_400
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()


def day_number(day: datetime.date | None) -> int:
    """The integer of a day.

    >>> day_number(datetime.date(1970, 1, 2)), day_number(None) == NO_DAY
    (1, True)
    """
    return NO_DAY if day is None else day.toordinal() - _EPOCH


def as_date(day: int) -> datetime.date:
    """The day of an integer."""
    return datetime.date.fromordinal(int(day) + _EPOCH)


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day of a later month, or the last day of that month where it is shorter (reading A41).

    Raises InputError for a month that no calendar has.

    >>> months_later(datetime.date(2024, 11, 30), 3)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise InputError(f"{months} months from {day} leave the years {datetime.MINYEAR} to {datetime.MAXYEAR}")
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def days_of(times: Any) -> Column:
    """The days of a column of datetime64[s]."""
    seconds: Column = times.view(np.int64)
    if seconds.size and int(seconds.min()) < 0:
        return np.floor_divide(seconds, _SECONDS)
    return (seconds.view(np.uint64) // np.uint64(_SECONDS)).view(np.int64)


def year_of(day: A) -> A:
    """The calendar year."""
    if isinstance(day, np.ndarray):
        years: Any = _by_day(day, lambda days: days.astype("datetime64[Y]").astype(np.int64) + 1970)
        return years  # type: ignore[no-any-return]  # a column for a column
    return as_date(day).year


def month_of(day: A) -> A:
    """The month of the year, from 0."""
    if isinstance(day, np.ndarray):
        months: Any = _by_day(day, lambda days: days.astype("datetime64[M]").astype(np.int64) % 12)
        return months  # type: ignore[no-any-return]  # a column for a column
    return as_date(day).month - 1


def _by_day(day: Column, figure: Callable[[Any], Any]) -> Any:
    """A figure of each day; the days of a table lie close together, so each day is looked at once."""
    first, last = (int(day.min()), int(day.max())) if day.size else (0, 0)
    if last - first > day.size:
        return figure(day.astype("datetime64[D]"))
    return figure(np.arange(first, last + 1).astype("datetime64[D]")).take(day - first)
