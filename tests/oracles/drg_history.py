"""Base points and difference factors out of a list of cases, read literally: formulas.md section 3, points method."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["base_points", "difference_factor"]

Row = tuple[int, int, int, int]
"""Group, institution, level, cost in fen."""


def mean(costs: Sequence[int]) -> Fraction:
    return Fraction(sum(costs), len(costs))


def is_unstable(terms: Mapping[str, Any], costs: Sequence[int]) -> bool:
    if len(costs) < terms["least_cases"]:
        return True
    exact = [Fraction(cost) for cost in costs]
    if terms["cv_divisor"] == "cases_less_one":
        if len(costs) == 1:
            return False
        variance = statistics.variance(exact)
    else:
        variance = statistics.pvariance(exact)
    limit = (terms["cv_limit"] * mean(costs)) ** 2
    if terms["cv_side"] == "above":
        return bool(variance > limit)
    return bool(variance >= limit and len(costs) > 1)


def base_points(terms: Mapping[str, Any], rows: Sequence[Row], group: int) -> Fraction:
    """Base points of a group, at the decimals of the terms."""
    costs = [row[3] for row in rows if row[0] == group]
    of_group = mean(costs)
    if terms["unstable_by"] == "median" and is_unstable(terms, costs):
        of_group = statistics.median([Fraction(cost) for cost in costs])
    points = of_group / mean([row[3] for row in rows]) * terms["scale"]
    return Fraction(half_up(points * 10 ** terms["decimals"]), 10 ** terms["decimals"])


def difference_factor(
    terms: Mapping[str, Any], rows: Sequence[Row], group: int, institution: int, new: bool
) -> Fraction:
    """The factor of an institution in a group, at four decimals."""
    own = [row[3] for row in rows if row[:2] == (group, institution)]
    level = max(row[2] for row in rows if row[:2] == (group, institution))
    area = mean([row[3] for row in rows if row[0] == group])
    of_level = mean([row[3] for row in rows if (row[0], row[2]) == (group, level)]) / area
    if new:
        factor = Fraction(1)
    elif len(own) < terms["least_institution_cases"]:
        factor = Fraction(1) if terms["few_cases"] == "one" else of_level
    else:
        share = terms["institution_weight"]
        factor = share * mean(own) / area + (1 - share) * of_level
    rounded = Fraction(half_up(factor * 10_000), 10_000)
    least, most = Fraction(terms["least_factor"]), Fraction(terms["most_factor"])
    return min(max(rounded, least), most)
