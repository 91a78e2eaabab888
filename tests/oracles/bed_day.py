"""Bed-day points read literally, day by day: formulas.md section 3, bed-day."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

__all__ = ["points"]


def day_points(standard: int, scale: Fraction, mean_of_all: int) -> Fraction:
    exact = Fraction(standard) / mean_of_all * scale * 10_000
    ratio = Decimal(exact.numerator) / Decimal(exact.denominator)
    return Fraction(ratio.quantize(Decimal(1), ROUND_HALF_UP)) / 10_000


def points(terms: Mapping[str, Any], case: Mapping[str, Any]) -> Fraction:
    """Points of a stay: every day, the first of a stay of the same day included, looked up in its phase."""
    phases = [
        each
        for each in terms["standards"]
        if each["bed_day_list"] == case["bed_day_list"] and case["level"] in each["levels"]
    ]
    days = max(1, case["days"])
    found = []
    for day in range(1, days + 1):
        phase = max((each for each in phases if each["from_day"] <= day), key=lambda each: int(each["from_day"]))
        found.append(day_points(phase["standard"], terms["scale"], case["mean_of_all"]))
    return sum(found, Fraction(0)) if terms["phase_scope"] == "each_day" else found[-1] * days
