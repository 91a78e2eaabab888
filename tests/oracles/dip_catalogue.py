"""The DIP catalogue read literally: formulas.md section 2, first four bullets, case by case, in fractions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["Case", "catalogue", "cv_of", "grouped", "limits", "trimmed"]

Case = tuple[str, str, int, int, "int | None"]
"""Diagnosis and procedures of the group as one text, treatment, year (0 to 2), cost, level."""


def limits(costs: Sequence[int], terms: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    """The costs on the two percentiles; interpolated ones need not be any case's cost."""
    ordered, n = sorted(costs), len(costs)

    def at(share: Fraction) -> Fraction:
        if terms["rank_rule"] == "nearest_rank":
            return Fraction(ordered[max(1, math.ceil(share * n)) - 1])
        if terms["rank_rule"] == "lower_rank":
            return Fraction(ordered[max(1, math.floor(share * n)) - 1])
        position = share * (n - 1)
        below = math.floor(position)
        above = min(below + 1, n - 1)
        return ordered[below] + (position - below) * (ordered[above] - ordered[below])

    return at(terms["trim_low"]), at(terms["trim_high"])


def trimmed(cases: Sequence[Case], terms: Mapping[str, Any]) -> list[Case]:
    """The cases of a group that the percentiles leave."""
    blocks: dict[Any, list[Case]] = {}
    for case in cases:
        blocks.setdefault(case[2] if terms["trim_by"] == "year" else None, []).append(case)
    found: list[Case] = []
    for block in blocks.values():
        if len(block) < terms["trim_minimum"]:
            found += block
            continue
        low, high = limits([case[3] for case in block], terms)
        if terms["limits_kept"]:
            found += [case for case in block if low <= case[3] <= high]
        else:
            found += [case for case in block if low < case[3] < high]
    return found


def _mean(cases: Sequence[Case], terms: Mapping[str, Any]) -> Fraction:
    by_year = {year: [case[3] for case in cases if case[2] == year] for year in range(3)}
    held = {year: costs for year, costs in by_year.items() if costs and terms["year_weights"][year]}
    weights = {year: Fraction(terms["year_weights"][year]) for year in held}
    if terms["weight_on"] == "means":
        means = {year: Fraction(sum(costs), len(costs)) for year, costs in held.items()}
        return sum((weights[year] * means[year] for year in held), start=Fraction(0)) / sum(weights.values())
    total = sum((weights[year] * sum(costs) for year, costs in held.items()), start=Fraction(0))
    return total / sum((weights[year] * len(costs) for year, costs in held.items()), start=Fraction(0))


def cv_of(costs: Sequence[int], divisor: str) -> int:
    """CV per ten thousand, by decimals of a hundred digits."""
    n = len(costs)
    mean = Fraction(sum(costs), n)
    spread = sum(((cost - mean) ** 2 for cost in costs), start=Fraction(0))
    variance = spread / (n if divisor == "cases" or n == 1 else n - 1)
    with localcontext() as context:
        context.prec = 100
        ratio = variance / mean**2
        root = (Decimal(ratio.numerator) / Decimal(ratio.denominator)).sqrt() * 10_000
        return int(root.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def grouped(cases: Sequence[Case], terms: Mapping[str, Any]) -> dict[str, list[Case]]:
    """Cases by the group that they end in."""
    by_key: dict[str, list[Case]] = {}
    for case in cases:
        by_key.setdefault(case[0], []).append(case)
    found: dict[str, list[Case]] = {}
    for key, held in by_key.items():
        counting = [case for case in held if terms["cases_counted"] == "all_years" or case[2] == 2]
        if len(counting) >= terms["minimum_cases"]:
            found[key] = held
            continue
        for case in held:
            three = key[:3]
            if terms["fold_level"] == "chapter_range":
                three = next(each for each in terms["fold_ranges"] if each[:3] <= three <= each[-3:])
            found.setdefault(f"{three}:{case[1]}", []).append(case)
    return found


def catalogue(cases: Sequence[Case], terms: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every group: its mean (exact), weight, points, CV and cases; and under "" the mean of all."""
    groups = grouped(cases, terms)
    kept = {key: trimmed(held, terms) for key, held in groups.items()}
    everything = [case for held in (kept if terms["overall_mean"] == "trimmed" else groups).values() for case in held]
    overall = _mean(everything, terms)
    means = {key: _mean(held, terms) for key, held in kept.items()}
    found: dict[str, dict[str, Any]] = {"": {"mean": overall}}
    for key, mean in means.items():
        if terms["weight_method"] == "mean_ratio":
            points = terms["scale"] * mean / overall
        elif terms["weight_method"] == "benchmark_disease":
            points = mean / means[terms["benchmark_group"]] * terms["benchmark_points"]
        else:
            points = mean / terms["amount_per_point"]
        step = Fraction(1, 10 ** terms["point_decimals"])
        costs = [case[3] for case in kept[key]]
        level_means = []
        for level in range(5):
            there = [case for case in kept[key] if case[4] == level]
            if terms["level_means"] == "latest_year":
                latest = [case[3] for case in there if case[2] == 2]
                level_means.append(half_up(Fraction(sum(latest), len(latest))) if latest else None)
            else:
                counts = [case for case in there if terms["year_weights"][case[2]]]
                level_means.append(half_up(_mean(counts, terms)) if counts else None)
        found[key] = {
            "mean": mean,
            "group_mean": half_up(mean),
            "weight": half_up(mean / overall * 10_000),
            "base_points": half_up(points / step) * step * 10_000,
            "cases": tuple(sum(case[2] == year for case in groups[key]) for year in range(3)),
            "kept_cases": tuple(sum(case[2] == year for case in kept[key]) for year in range(3)),
            "cv": cv_of(costs, terms["cv_divisor"]),
            "level_means": tuple(level_means),
        }
    return found
