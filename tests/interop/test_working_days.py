"""The calendar of chinesecalendar behind the protocol, with the library and with a stand-in for it."""

from __future__ import annotations

import sys
from datetime import date
from types import ModuleType

import pytest

from mipolicy.calendar import WorkingDays, working_day
from mipolicy.errors import InputError
from mipolicy.interop.working_days import ChineseWorkingDays
from tests.payment.shared import check_refused


def test_the_announced_days_of_october_2024() -> None:
    calendar: WorkingDays = ChineseWorkingDays()
    assert calendar.is_working_day(date(2024, 10, 12))
    assert not calendar.is_working_day(date(2024, 10, 7))
    assert working_day(calendar, 2024, 10, 5) == date(2024, 10, 12)
    with pytest.raises(InputError, match="does not know 1990 yet"):
        calendar.is_working_day(date(1990, 1, 1))


def test_a_year_that_the_library_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_workday(day: date) -> bool:
        if day.year > 2026:
            raise NotImplementedError
        return day.weekday() < 5

    library = ModuleType("chinese_calendar")
    library.is_workday = is_workday  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "chinese_calendar", library)
    assert ChineseWorkingDays().is_working_day(date(2026, 10, 9)) is True
    check_refused(
        lambda: ChineseWorkingDays().is_working_day(date(2027, 1, 4)),
        InputError,
        "chinesecalendar does not know 2027 yet; upgrade it, or state the days with StatedDays",
    )


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    check_refused(ChineseWorkingDays, InputError, "working days need chinesecalendar: pip install 'mipolicy[calendar]'")
