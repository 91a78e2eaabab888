"""Working days of the mainland from the library chinesecalendar (extra ``calendar``), as `WorkingDays`."""

from __future__ import annotations

import datetime
from importlib import import_module
from typing import Any

from attrs import field, frozen

from mipolicy.errors import InputError

__all__ = ["ChineseWorkingDays"]


def _library() -> Any:
    try:
        return import_module("chinese_calendar")
    except ImportError:
        raise InputError("working days need chinesecalendar: pip install 'mipolicy[calendar]'") from None


@frozen
class ChineseWorkingDays:
    """Holidays and days that make up as the State Council announced them, for the years that the library holds.

    Raises InputError without the library.
    """

    _held: Any = field(factory=_library, init=False, repr=False, eq=False)

    def is_working_day(self, day: datetime.date) -> bool:
        """Whether the day is a working day; raises InputError for a year that the library does not hold."""
        try:
            return bool(self._held.is_workday(day))
        except NotImplementedError:
            raise InputError(
                f"chinesecalendar does not know {day.year} yet; upgrade it, or state the days with StatedDays"
            ) from None
