"""Days as integers: days since 1970-01-01, for one day and for a column; years and months of them; working days."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.money import A, Column

__all__ = [
    "NO_DAY",
    "StatedDays",
    "WorkingDays",
    "as_date",
    "day_number",
    "days_of",
    "month_of",
    "months_later",
    "working_day",
    "year_of",
]

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


class WorkingDays(Protocol):
    """A calendar of working days, which the caller passes: none is guessed from weekdays (reading A15)."""

    def is_working_day(self, day: datetime.date) -> bool:
        """Whether the day is one; raises InputError for a day that the calendar does not know."""
        ...


_SATURDAY: Final = 5


@frozen
class StatedDays:
    """Working days as the yearly notice states them: weekdays but for the holidays, and the days that make up.

    first, last: the span that the lists are complete for.
    """

    first: datetime.date
    last: datetime.date
    holidays: frozenset[datetime.date]
    make_up_days: frozenset[datetime.date]

    def __attrs_post_init__(self) -> None:
        """Refuse a day outside the span, one that is both, and a day that makes up on a weekday."""
        for day in sorted(self.holidays | self.make_up_days):
            if not self.first <= day <= self.last:
                raise InputError(f"{day} lies outside {self.first} to {self.last}, which the lists are for")
        for day in sorted(self.make_up_days):
            if day in self.holidays:
                raise InputError(f"{day} is both a holiday and a day that makes up; it is one of them")
            if day.weekday() < _SATURDAY:
                raise InputError(f"{day} is no weekend; only a Saturday or Sunday makes up")

    def is_working_day(self, day: datetime.date) -> bool:
        """See `WorkingDays`."""
        if not self.first <= day <= self.last:
            raise InputError(f"working days are known from {self.first} to {self.last}, not on {day}")
        return day in self.make_up_days or (day.weekday() < _SATURDAY and day not in self.holidays)


def working_day(calendar: WorkingDays, year: int, month: int, ordinal: int) -> datetime.date:
    """The first, second, … working day of a month.

    Raises InputError for an ordinal below 1 or beyond the month's working days, and for a month that is none.

    >>> new_year = datetime.date(2024, 1, 1)
    >>> year = StatedDays(new_year, datetime.date(2024, 12, 31), frozenset({new_year}), frozenset())
    >>> working_day(year, 2024, 1, 5)
    datetime.date(2024, 1, 8)
    """
    if type(ordinal) is not int or ordinal < 1:
        raise InputError(f"the working day is {ordinal!r}; they count from 1")
    try:
        day = datetime.date(year, month, 1)
    except (TypeError, ValueError):
        raise InputError(f"{year!r}-{month!r} is no month of a year") from None
    found = 0
    while day.month == month:
        found += bool(calendar.is_working_day(day))
        if found == ordinal:
            return day
        day += datetime.timedelta(days=1)
    raise InputError(f"{year}-{month:02} has {found} working days; there is no day {ordinal}")
