"""The auxiliary catalogue of DIP read literally: formulas.md section 2, "Auxiliary catalogue", in fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["case_factor", "explained", "lines"]


def _squared_cv(deviations: Fraction, costs: Sequence[int], mean: Fraction, sample: bool) -> Fraction:
    n = len(costs)
    return deviations / (n - 1 if sample and n > 1 else n) / mean**2


def _deviations(costs: Sequence[int]) -> Fraction:
    mean = Fraction(sum(costs), len(costs))
    return sum(((cost - mean) ** 2 for cost in costs), start=Fraction(0))


def lines(terms: Mapping[str, Any], classes: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The factor of each class of one group along one dimension; classes: the costs of their cases."""
    held = {name: costs for name, costs in classes.items() if costs}
    costs = [cost for each in held.values() for cost in each]
    mean = Fraction(sum(costs), len(costs))
    sample = terms["cv_divisor"] == "cases_less_one"
    square = _squared_cv(_deviations(costs), costs, mean, sample)
    limit = terms["cv_minimum"] ** 2
    if square < limit or (square == limit and terms["cv_side"] == "above"):
        return {}
    if terms["fall_of"] == "pooled":
        inside = sum((_deviations(each) for each in held.values()), start=Fraction(0))
        after = [_squared_cv(inside, costs, mean, sample)]
    else:
        after = [_squared_cv(_deviations(c), c, Fraction(sum(c), len(c)), sample) for c in held.values()]
    allowed = (1 - terms["fall_minimum"]) ** 2 * square
    if any(each > allowed or (each == allowed and terms["fall_side"] == "above") for each in after):
        return {}
    return {
        name: half_up(Fraction(sum(each), len(each)) / mean * 10_000)
        for name, each in held.items()
        if len(each) >= terms["class_minimum"]
    }


def case_factor(several: str, factors: Sequence[int]) -> int:
    """One factor per ten thousand out of several, 0 for none; products are rounded one by one."""
    there = [factor for factor in factors if factor]
    if not there:
        return 10_000
    if several == "highest":
        return max(there)
    found = there[0]
    for each in there[1:]:
        found = half_up(Fraction(found * each, 10_000))
    return found


def explained(costs: Sequence[int], paid: Sequence[int]) -> Fraction:
    """1 - squared gaps over squared deviations."""
    return 1 - sum(((c - p) ** 2 for c, p in zip(costs, paid, strict=True)), start=Fraction(0)) / _deviations(costs)
