"""Indicators that are no single ratio: days that steps take, regions side by side, density against a plan, savings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from attrs import field, frozen

from mipolicy.calendar import NO_DAY
from mipolicy.checked import check_columns
from mipolicy.errors import InputError
from mipolicy.indicators.measure import root_shown
from mipolicy.indicators.rates import Rate
from mipolicy.money import Column

__all__ = ["Dispersion", "Durations", "Saving", "density", "dispersion", "durations", "savings"]


@frozen
class Durations:
    """How many cases took how many days; `a + b` is what one pass over both tables gives (rules S24, O04).

    days: days -> cases; unfinished: cases whose step has no last day yet.
    """

    days: Mapping[int, int] = field(factory=dict)
    unfinished: int = 0

    def __add__(self, other: Durations) -> Durations:
        keys = sorted({*self.days, *other.days})
        days = {key: self.days.get(key, 0) + other.days.get(key, 0) for key in keys}
        return Durations(days, self.unfinished + other.unfinished)

    @property
    def cases(self) -> int:
        """Cases that are finished."""
        return sum(self.days.values())

    @property
    def mean(self) -> Fraction | None:
        """The exact mean in days, None without a case."""
        return Fraction(sum(day * cases for day, cases in self.days.items()), self.cases) if self.cases else None

    @property
    def median(self) -> Fraction | None:
        """The middle case, or the mean of the two in the middle; None without a case."""
        if not self.cases:
            return None
        return Fraction(self._at((self.cases + 1) // 2) + self._at(self.cases // 2 + 1), 2)

    def percentile(self, percent: int) -> int | None:
        """The least number of days within which that part of the cases was finished; None without a case.

        Raises InputError outside 1 to 100.
        """
        if not 1 <= percent <= 100:
            raise InputError(f"a percentile is from 1 to 100, not {percent}")
        return self._at(-(-self.cases * percent // 100)) if self.cases else None

    def overdue(self, limit: int) -> int:
        """Finished cases that took more days than the limit, which is included (reading A44)."""
        return sum(cases for day, cases in self.days.items() if day > limit)

    def _at(self, place: int) -> int:
        for day in sorted(self.days):
            place -= self.days[day]
            if place <= 0:
                return day
        raise AssertionError("a place beyond the cases")


def durations(begun: Column, ended: Column) -> Durations:
    """The days from one step to the next (rules S24, O04).

    begun, ended: days since 1970, one a case; `calendar.NO_DAY` in `ended`: not finished.
    Raises AmountError for what is no int64 column or of another length; InputError, naming the row, for a case that
    ends before it begins or has no first day.
    """
    check_columns("steps", begun=(begun, None), ended=(ended, None))
    done = ended != NO_DAY
    bad = (begun == NO_DAY) | (done & (ended < begun))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"row {row}: the step begins on {begun[row]} and ends on {ended[row]}; correct the days")
    values, counts = np.unique((ended - begun)[done], return_counts=True)
    return Durations(dict(zip(values.tolist(), counts.tolist(), strict=True)), int((~done).sum()))


@frozen
class Dispersion:
    """How far regions lie apart (rule K69).

    spread: highest less lowest; variance: of the regions, each counting alike, over their number; laggards: regions
    below the mean less the margin (or above it, where lower is better), the worst first; without_value: the rest.
    """

    spread: Fraction
    mean: Fraction
    variance: Fraction
    laggards: tuple[tuple[str, ...], ...]
    without_value: tuple[tuple[str, ...], ...]

    def cv_shown(self, places: int = 4) -> str:
        """The coefficient of variation, rounded half up once; "" where the mean is 0."""
        return root_shown(self.variance / self.mean**2, 2, "count", places) if self.mean else ""


def dispersion(rates: Sequence[Rate], margin: Fraction) -> Dispersion | None:
    """How far the rates of several scopes lie apart; None where none has a value.

    margin: how far from the mean a region may lie before it lags behind, stated by who asks.
    Raises InputError for rates of several indicators, one scope twice or a margin below 0.
    """
    if len({rate.indicator.id for rate in rates}) > 1 or len({rate.scope for rate in rates}) < len(rates):
        raise InputError("a dispersion is of one indicator, each scope once")
    if margin < 0:
        raise InputError(f"a margin is 0 or more, not {margin}")
    known = {rate.scope: rate.value for rate in rates if rate.value is not None}
    if not known:
        return None
    mean = sum(known.values(), Fraction(0)) / len(known)
    variance = sum(((value - mean) ** 2 for value in known.values()), Fraction(0)) / len(known)
    sign = -1 if rates[0].indicator.direction == "lower" else 1
    behind = sorted((sign * (value - mean), scope) for scope, value in known.items() if sign * (value - mean) < -margin)
    spread = max(known.values()) - min(known.values())
    without = tuple(sorted(rate.scope for rate in rates if rate.value is None))
    return Dispersion(spread, mean, variance, tuple(scope for _, scope in behind), without)


def density(institutions: int, population: int, planned: int) -> tuple[Fraction | None, int]:
    """Institutions per 10,000 people, None without people, and how many the plan still lacks (rule O18).

    A gap below 0 says that there are more than planned.
    Raises InputError for a figure below 0.

    >>> density(418, 13_866_000, 430)[1]
    12
    """
    if min(institutions, population, planned) < 0:
        raise InputError(f"counts are 0 or more, not {institutions}, {population}, {planned}")
    return (Fraction(institutions * 10_000, population) if population else None), planned - institutions


@frozen
class Saving:
    """What signing online saves: people's time and money by kind (rule K71)."""

    staff: int
    time: int
    printing: int


def savings(online: int, on_paper: Saving, by_network: Saving) -> Saving:
    """What agreements signed online save, by kind: staff cost and printing in fen, time in minutes (rule K71).

    online: agreements signed online; on_paper, by_network: what one agreement takes.
    Below 0: it costs more.
    Raises InputError for a figure below 0.
    """
    figures = [
        online,
        *(getattr(each, name) for each in (on_paper, by_network) for name in ("staff", "time", "printing")),
    ]
    if min(figures) < 0:
        raise InputError(f"counts and unit costs are 0 or more, not {min(figures)}")
    return Saving(
        online * (on_paper.staff - by_network.staff),
        online * (on_paper.time - by_network.time),
        online * (on_paper.printing - by_network.printing),
    )
