"""Monthly advances and working capital read literally."""

from __future__ import annotations

from fractions import Fraction

from tests.oracles import half_up


def month(rule: str, weight: Fraction, at: int, quota: int, actual: int, so_far: int, before: int) -> int:
    """The advance of a month from 1 to 12."""
    quota_so_far = half_up(Fraction(quota * at, 12))
    quota_before = half_up(Fraction(quota * (at - 1), 12))
    if rule == "min":
        return min(quota_so_far - quota_before, actual)
    if rule == "cumulative_min":
        return max(0, min(quota_so_far, so_far) - before)
    return half_up((quota_so_far - quota_before) * weight + actual * (1 - weight))


def capital(spent: int, months: int, held_months: Fraction) -> int:
    """Working capital due from the spending of some months."""
    return half_up(Fraction(spent, months) * held_months)
