"""Exact sums of costs and what is made of them: variance, coefficient of variation (CV), the share of it explained.

formulas.md section 2.  Totals are Python ints, so they merge in any order and nothing wraps or is rounded before the
last step.  Amounts in fen, CV per ten thousand, shares per million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Final

import numpy as np
from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, Column
from mipolicy.rounding import INT63, half_up
from mipolicy.sums import sums_of_runs

__all__ = ["DIVISORS", "Moments", "as_rate", "block_sums", "explained", "root", "sum_of_ratios"]

DIVISORS: Final = ("cases", "cases_less_one")
"""What the sum of squared deviations is divided by: the cases (of a population), or one less (of a sample)."""

_ROWS: Final = 1 << 15


@frozen
class Moments:
    """Cases, total and sum of squares of some costs; `a + b` is what one pass over both gives."""

    cases: int
    total: int
    squares: int

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.cases + other.cases, self.total + other.total, self.squares + other.squares)

    @property
    def variance_numerator(self) -> int:
        """cases x squares - total², which is the variance x cases².

        >>> Moments.of([1, 2, 3]).variance_numerator
        6
        """
        return self.cases * self.squares - self.total * self.total

    @classmethod
    def of(cls, costs: Iterable[int]) -> Moments:
        """The moments of single costs."""
        return cls.of_runs((cost, 1) for cost in costs)

    @classmethod
    def of_runs(cls, runs: Iterable[tuple[int, int]]) -> Moments:
        """The moments of costs that are counted: each with how many cases had it."""
        listed = [(int(cost), int(count)) for cost, count in runs]
        total = sum(cost * count for cost, count in listed)
        return cls(sum(count for _, count in listed), total, sum(cost * cost * count for cost, count in listed))

    def squared_cv(self, divisor: str) -> tuple[int, int]:
        """The square of the coefficient of variation, as numerator and denominator.

        divisor: a word of `DIVISORS`; one case deviates by nothing under either.
        Raises InputError without cases, or where they cost nothing: then there is no CV.
        """
        if self.total <= 0:
            raise InputError(f"{self.cases} cases that cost {self.total} fen in all have no coefficient of variation")
        if divisor == "cases" or self.cases == 1:
            return self.variance_numerator, self.total * self.total
        return self.variance_numerator * self.cases, self.total * self.total * (self.cases - 1)

    def cv(self, divisor: str) -> int:
        """The coefficient of variation per ten thousand, rounded half up from the exact root.

        >>> Moments.of([1, 3]).cv("cases"), Moments.of([1, 3]).cv("cases_less_one")
        (5000, 7071)
        """
        return root(*self.squared_cv(divisor))

    def cv_against(self, limit: int, divisor: str) -> int:
        """-1, 0 or 1: the exact CV lies below the limit (per ten thousand), on it, or above it."""
        numerator, denominator = self.squared_cv(divisor)
        left, right = numerator * int(FACTOR_ONE) ** 2, limit * limit * denominator
        return (left > right) - (left < right)


def root(numerator: int, denominator: int) -> int:
    """The square root of a ratio per ten thousand, rounded half up from the exact root.

    >>> root(2, 1), root(1, 4)
    (14142, 5000)
    """
    return (isqrt(4 * int(FACTOR_ONE) ** 2 * numerator // denominator) + 1) // 2


def block_sums(cost: Column, cases: Column, starts: Column) -> tuple[list[int], list[int], list[int]]:
    """Cases, totals and sums of squares of rows (cost, cases) over blocks, as Python ints; nothing wraps.

    Rows are taken some ten thousand at a time, which stay in the cache.
    """
    sums: tuple[list[int], list[int], list[int]] = ([], [], [])
    ends = np.append(starts[1:], cost.size)
    first = 0
    while first < starts.size:
        last = max(int(np.searchsorted(ends, starts[first] + _ROWS)), first + 1)
        low, high = int(starts[first]), int(ends[last - 1])
        found = _sums_at_once(cost[low:high], cases[low:high], starts[first:last] - low)
        for whole, part in zip(sums, found, strict=True):
            whole.extend(part)
        first = last
    return sums


def _sums_at_once(cost: Column, cases: Column, starts: Column) -> tuple[list[int], list[int], list[int]]:
    """The same, all at once.  Costs are cut into two words, whose squares stay inside int64, and put together."""
    counted = sums_of_runs(cases, starts)
    most, dearest = max(counted), int(cost.max())
    if dearest * dearest * most < INT63:
        weighed = cost * cases
        squares = np.add.reduceat(weighed * cost, starts)
        return counted, np.add.reduceat(weighed, starts).tolist(), squares.tolist()
    word = (dearest.bit_length() + 1) // 2
    if 2 ** (2 * word) * most >= INT63:
        return counted, *_by_python(cost, cases, starts)
    high, low = cost >> word, cost & ((1 << word) - 1)
    weighed_high, weighed_low = high * cases, low * cases
    tops, cross, lows, highs, rests = (
        np.add.reduceat(each, starts).astype(object)
        for each in (weighed_high * high, weighed_high * low, weighed_low * low, weighed_high, weighed_low)
    )
    squares = (tops << 2 * word) + (cross << word + 1) + lows
    return counted, ((highs << word) + rests).tolist(), squares.tolist()


def _by_python(cost: Column, cases: Column, starts: Column) -> tuple[list[int], list[int]]:
    ends = [*starts[1:].tolist(), cost.size]
    totals, squares = [], []
    for low, high in zip(starts.tolist(), ends, strict=True):
        rows = list(zip(cost[low:high].tolist(), cases[low:high].tolist(), strict=True))
        totals.append(sum(each * count for each, count in rows))
        squares.append(sum(each * each * count for each, count in rows))
    return totals, squares


def sum_of_ratios(numerators: Sequence[int], denominators: Sequence[int]) -> Fraction:
    """The exact sum of many ratios: by denominator first, then pairwise, and reduced once."""
    by_denominator: dict[int, int] = {}
    for numerator, denominator in zip(numerators, denominators, strict=True):
        by_denominator[denominator] = by_denominator.get(denominator, 0) + numerator
    level = [(numerator, denominator) for denominator, numerator in by_denominator.items()] or [(0, 1)]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [(a * d + c * b, b * d) for (a, b), (c, d) in pairs] + level[len(level) - len(level) % 2 :]
    return Fraction(*level[0])


def explained(groups: Sequence[Moments]) -> Fraction:
    """The share of the variance of cost that groups explain (RIV): 1 - within / total, an exact fraction.

    Raises InputError without cases, or where every case costs the same.

    >>> explained([Moments.of([1, 2]), Moments.of([9, 10])])
    Fraction(64, 65)
    """
    whole = sum(groups, start=Moments(0, 0, 0))
    if whole.variance_numerator <= 0:
        raise InputError(f"{whole.cases} cases without any variance of cost: no share of it can be explained")
    held = [group for group in groups if group.cases]
    between = sum_of_ratios([group.total**2 for group in held], [group.cases for group in held])
    spread = Fraction(whole.variance_numerator, whole.cases)
    return (between - Fraction(whole.total**2, whole.cases)) / spread


def as_rate(share: Fraction) -> int:
    """A share per million, rounded half up."""
    return half_up(share.numerator * int(RATE_ONE), share.denominator)
