"""Prices from past cases, read literally from lists of costs: formulas.md sections 2 and 4; P04, P05."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["percentile", "revise", "suggest"]


def percentile(rule: str, costs: Sequence[int], share: Fraction) -> Fraction:
    """The cost at a percentile of a sorted list."""
    if rule == "nearest_rank":
        return Fraction(costs[max(1, math.ceil(share * len(costs))) - 1])
    place = share * (len(costs) - 1)
    below = math.floor(place)
    above = min(below + 1, len(costs) - 1)
    return costs[below] + (place - below) * (costs[above] - costs[below])


def suggest(terms: Mapping[str, Any], given: Sequence[int]) -> dict[str, Any] | None:
    """Cases kept, their middle, the square of their coefficient of variation, and the price; None with too few."""
    costs = sorted(given)
    if len(costs) < terms["least_cases"]:
        return None
    if terms["method"] == "trimmed_mean" and len(costs) >= terms["trim_cases"]:
        low = percentile(terms["rank_rule"], costs, terms["low_percentile"])
        high = percentile(terms["rank_rule"], costs, terms["high_percentile"])
        if terms["limits_kept"]:
            costs = [cost for cost in costs if low <= cost <= high]
        else:
            costs = [cost for cost in costs if low < cost < high]
    count = len(costs)
    mean = Fraction(sum(costs), count)
    middle = mean
    if terms["method"] == "median":
        middle = Fraction(costs[(count - 1) // 2] + costs[count // 2], 2)
    variance = sum((cost - mean) ** 2 for cost in costs) / (
        count - (1 if terms["cv_divisor"] == "cases_less_one" else 0)
    )
    step = terms["round_to"]
    return {
        "kept": count,
        "total": sum(costs),
        "cv_squared": variance / mean**2,
        "middle": middle,
        "suggested": half_up(middle * terms["price_index"] / step) * step,
    }


def revise(terms: Mapping[str, Any], price: int, costs: Sequence[int]) -> dict[str, Any]:
    """Whether a price is revised, and to what."""
    mean = Fraction(sum(costs), len(costs))
    deviation = (mean - price) / price
    limit = terms["up_limit"] if deviation > 0 else terms["down_limit"]
    far = abs(deviation) > limit or (
        terms["limits_side"] == "at_or_above" and abs(deviation) == limit and deviation != 0
    )
    adjust = far and len(costs) >= terms["least_cases"]
    proposed = price
    if adjust:
        move = (mean - price) * terms["part_of_gap"]
        most = price * terms["most_change"]
        if move < 0:
            move = max(move, -most)
        elif terms["rises_capped"]:
            move = min(move, most)
        proposed = half_up((price + move) / terms["round_to"]) * terms["round_to"]
    direction = 0 if deviation == 0 else 1 if deviation > 0 else -1
    return {"deviation": deviation, "direction": direction, "adjust": int(adjust), "proposed": proposed}
