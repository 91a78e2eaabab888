"""The yearly path from a baseline to a target, linear or compound, and whether a value is on it (rule K36).

A point of a compound path is a root; a value is compared with it by powers, so that nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.indicators.measure import root_shown, shown
from mipolicy.indicators.targets import Target, interval

__all__ = ["SHAPES", "Point", "yearly_growth", "yearly_path"]

SHAPES: Final = ("linear", "compound")
_LIMITS: Final = ("at_least", "at_most", "range")


@frozen
class Point:
    """What the path asks of one year.

    The point is power ** (1 / degree), exact: degree is 1 of a linear path and of a year that the plan sets itself.
    low, high: the values that are on track beside the point: from the point on towards the target and through it.
    slack: the width of a target that is about a value.
    """

    year: int
    power: Fraction
    degree: int
    upward: bool
    limit: Fraction | None
    slack: Fraction

    def shown(self, unit: str = "count", places: int = 3) -> str:
        """The point as people read it, rounded half up once."""
        if self.degree == 1:
            return shown(self.power, unit, places)
        return root_shown(self.power, self.degree, unit, places)

    def on_track(self, value: Fraction) -> bool:
        """Whether a value of the year is at the point or nearer the target, and not past what the target allows."""
        if self.upward:
            return self._compared(value + self.slack) >= 0 and (self.limit is None or value <= self.limit)
        return self._compared(value - self.slack) <= 0 and (self.limit is None or value >= self.limit)

    def _compared(self, value: Fraction) -> int:
        """Below, at or above the point: -1, 0, 1."""
        if self.degree > 1 and value < 0:
            return -1
        power = value**self.degree
        return (power > self.power) - (power < self.power)


def yearly_path(
    target: Target,
    first: int,
    last: int,
    shape: str = "linear",
    baseline: Fraction | None = None,
    overrides: Mapping[int, Fraction] | None = None,
) -> tuple[Point, ...]:
    """What each year after the baseline's has to reach; the last is the target itself (reading A35).

    first: year of the baseline; last: year of the target; overrides: years that the plan sets itself, taken first.
    A range is approached at its nearest bound, about at its value, stable at the baseline.  A baseline that meets a
    limit or a range already leaves that bound to every year.
    Raises InputError without a baseline, for a target without limits or with open figures, for years out of order, an
    unknown shape, a year outside the path, and for a compound path from or to what is not above 0.

    >>> from mipolicy.indicators.measure import measure
    >>> insured = Target("insured", "insured", "at_least", "binding", "二(三)", low=measure(1184))
    >>> [point.shown() for point in yearly_path(insured, 2020, 2025, baseline=measure("1164.11"))]
    ['1168.088', '1172.066', '1176.044', '1180.022', '1184.000']
    """
    start = target.baseline if baseline is None else baseline
    if start is None:
        raise InputError(f"{target.id} has no baseline, so there is no path to it; only its distance can be said")
    if shape not in SHAPES:
        raise InputError(f"a path is one of {', '.join(SHAPES)}, not {shape!r}")
    if last <= first:
        raise InputError(f"{target.id}: the target's year {last} is not after the baseline's {first}")
    outside = [year for year in overrides or {} if not first < year <= last]
    if outside:
        raise InputError(f"{target.id}: {outside} lies outside {first + 1} to {last}")
    low, high = interval(target, start)
    end = _end(target, start, low, high)
    if end == start and target.kind in _LIMITS:
        start = end = _nearest(start, low, high)
    if shape == "compound" and min(start, end) <= 0:
        raise InputError(f"{target.id}: a compound path runs between figures above 0, not {start} and {end}")
    upward = end > start or (end == start and low is not None and end != high)
    slack = (target.tolerance or Fraction(0)) if target.kind in ("about", "stable") else Fraction(0)
    limit = high if upward else low
    points = []
    for year in range(first + 1, last + 1):
        gone, whole = year - first, last - first
        if overrides and year in overrides:
            power, degree = overrides[year], 1
        elif shape == "linear" or gone == whole:
            power, degree = start + (end - start) * Fraction(gone, whole), 1
        else:
            power, degree = start ** (whole - gone) * end**gone, whole
        points.append(Point(year, power, degree, upward, limit, slack))
    return tuple(points)


def _end(target: Target, start: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """Where the path leads: the value that is aimed at, else the value nearest the baseline that meets the target."""
    if target.kind == "about":
        assert target.value is not None
        return target.value
    if low is not None and start < low:
        return low
    return high if high is not None and start > high else start


def _nearest(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """The bound of a target that a value which meets it lies nearest to, the lower one of two as near."""
    bounds = [bound for bound in (low, high) if bound is not None]
    return min(bounds, key=lambda bound: abs(value - bound))


def yearly_growth(start: Fraction, end: Fraction, years: int, places: int = 4) -> str:
    """The growth each year that leads from one figure to another, as a percentage, rounded half up once.

    Raises InputError for figures that are not above 0 and for less than one year.

    >>> yearly_growth(Fraction(116411, 100), Fraction(1184), 5)
    '0.3394%'
    """
    if min(start, end) <= 0 or years < 1:
        raise InputError(f"growth runs between figures above 0 over a year or more, not {start}, {end}, {years}")
    return root_shown(end / start, years, "percent", places, less=1)
