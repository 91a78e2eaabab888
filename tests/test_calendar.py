"""Days as integers: one day and a column of them, against the calendar of the standard library."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.calendar import NO_DAY, as_date, day_number, days_of, month_of, months_later, year_of
from mipolicy.errors import InputError

ANY_DAY = st.dates()
EDGES = (
    datetime.date(1, 1, 1),
    datetime.date(1969, 12, 31),
    datetime.date(1970, 1, 1),
    datetime.date(1999, 12, 31),
    datetime.date(2000, 1, 1),
    datetime.date(2023, 12, 31),
    datetime.date(2024, 1, 1),
    datetime.date(2024, 2, 29),
    datetime.date(2024, 12, 31),
    datetime.date(2025, 1, 1),
    datetime.date(9999, 12, 31),
)


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ((1970, 1, 1), 0),
        ((1970, 1, 2), 1),
        ((1969, 12, 31), -1),
        ((2000, 3, 1), 11_017),
        ((2024, 1, 1), 19_723),
        ((2025, 1, 1), 20_089),
    ],
)
def test_the_number_of_a_day(day: tuple[int, int, int], number: int) -> None:
    assert day_number(datetime.date(*day)) == number
    assert as_date(number) == datetime.date(*day)


def test_a_day_that_is_not_stated_is_before_every_day_of_a_bill() -> None:
    assert day_number(None) == NO_DAY
    assert day_number(datetime.date(100, 1, 1)) > NO_DAY


@given(ANY_DAY)
def test_there_and_back(day: datetime.date) -> None:
    number = day_number(day)
    assert as_date(number) == day
    assert number == (day - datetime.date(1970, 1, 1)).days
    assert int(np.datetime64(day, "D").astype(np.int64)) == number


@given(st.lists(ANY_DAY))
def test_year_and_month_of_one_day_and_of_a_column(days: list[datetime.date]) -> None:
    numbers = [day_number(day) for day in days]
    column = np.array(numbers, np.int64)
    assert [year_of(number) for number in numbers] == [day.year for day in days]
    assert [month_of(number) for number in numbers] == [day.month - 1 for day in days]
    assert year_of(column).tolist() == [day.year for day in days]
    assert month_of(column).tolist() == [day.month - 1 for day in days]
    assert year_of(column).dtype == month_of(column).dtype == np.int64


def test_the_edges_of_years_and_months() -> None:
    column = np.array([day_number(day) for day in EDGES], np.int64)
    assert year_of(column).tolist() == [1, 1969, 1970, 1999, 2000, 2023, 2024, 2024, 2024, 2025, 9999]
    assert month_of(column).tolist() == [0, 11, 0, 11, 0, 11, 0, 1, 11, 0, 11]


def test_no_day_has_the_same_year_and_month_in_both_forms() -> None:
    column = np.array([NO_DAY], np.int64)
    assert (year_of(column)[0], month_of(column)[0]) == (year_of(NO_DAY), month_of(NO_DAY))
    assert year_of(NO_DAY) < 100


@given(st.integers(0, 10_000), st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_days_that_lie_close_together(first: int, steps: list[int]) -> None:
    column = np.array([first + step for step in steps], np.int64)
    days = [as_date(number) for number in column.tolist()]
    assert year_of(column).tolist() == [day.year for day in days]
    assert month_of(column).tolist() == [day.month - 1 for day in days]


@given(st.lists(st.datetimes(min_value=datetime.datetime(1, 1, 2))))
def test_the_days_of_times(times: list[datetime.datetime]) -> None:
    column = np.array(times, "datetime64[s]")
    assert days_of(column).tolist() == [day_number(time.date()) for time in times]


def test_midnight_begins_a_day() -> None:
    times = ["1969-12-31T23:59:59", "1970-01-01T00:00:00", "2025-03-01T00:00:00", "2025-03-01T23:59:59"]
    assert days_of(np.array(times[1:], "datetime64[s]")).tolist() == [0, 20_148, 20_148]
    assert days_of(np.array(times, "datetime64[s]")).tolist() == [-1, 0, 20_148, 20_148]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (datetime.date(2024, 1, 31), 1, datetime.date(2024, 2, 29)),
        (datetime.date(2023, 1, 31), 1, datetime.date(2023, 2, 28)),
        (datetime.date(2024, 12, 15), 1, datetime.date(2025, 1, 15)),
        (datetime.date(2024, 3, 31), 0, datetime.date(2024, 3, 31)),
        (datetime.date(2024, 3, 31), -1, datetime.date(2024, 2, 29)),
        (datetime.date(2024, 1, 1), 25, datetime.date(2026, 2, 1)),
    ],
)
def test_the_same_day_of_a_later_month(day: datetime.date, months: int, expected: datetime.date) -> None:
    assert months_later(day, months) == expected


def test_a_month_that_no_calendar_has() -> None:
    with pytest.raises(InputError) as caught:
        months_later(datetime.date(9999, 12, 1), 1)
    assert str(caught.value) == "1 months from 9999-12-01 leave the years 1 to 9999"
