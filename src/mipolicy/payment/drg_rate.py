"""Weights and rates of the weight method: rates out of budgets, weights renormalised after negotiation.

formulas.md section 3.  Weights per ten thousand, amounts in fen; exact fractions are kept beside what is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE
from mipolicy.rounding import half_up_int

__all__ = ["MadeRate", "RateBudget", "Renormalised", "make_rates", "renormalised", "total_weight"]

_AREA: Final = "area"


@frozen
class RateBudget:
    """What is set aside for the DRG cases of one level, and what they are expected to weigh.

    level: a member of LEVEL; fund: fen; paid, cost: last year's fund payment and total cost, whose ratio is the actual
    reimbursement ratio (a ratio stated as 65.7% is 657 and 1000); predicted: expected weights summed, per ten thousand.
    """

    level: str
    fund: int
    paid: int
    cost: int
    predicted: int

    def __attrs_post_init__(self) -> None:
        for name in ("fund", "paid", "cost", "predicted"):
            value = getattr(self, name)
            least = 0 if name == "fund" else 1
            if type(value) is not int or value < least:
                due = "above 0" if least else "from 0 on"
                raise InputError(f"budget of {self.level}: {name} is {value!r}; a whole number {due} is due")

    @property
    def total_cost(self) -> Fraction:
        """The cost that the fund's money stands for at last year's ratio."""
        return Fraction(self.fund * self.cost, self.paid)


@frozen
class MadeRate:
    """A rate: exact, rounded half up to the fen for a weight of 1, and what the rounding leaves of the total cost."""

    level: str
    exact: Fraction
    rate: int
    residue: Fraction


def make_rates(rate_by: str, budgets: Sequence[RateBudget]) -> tuple[MadeRate, ...]:
    """One rate for the area, or one for each level: (fund / last year's ratio) / sum of predicted weights.

    rate_by: "area" or "level", as the terms say; budgets: one a level, or one for all.
    Raises InputError for no budgets, a level that stands twice, and for another word.

    Source: formulas.md section 3, weight method.

    >>> make_rates("area", [RateBudget("tertiary", 600_00, 60, 100, 10_000)])[0].rate
    100000
    """
    if rate_by not in ("area", "level"):
        raise InputError(f"rate_by is {rate_by!r}, allowed: area, level")
    names = [budget.level for budget in budgets]
    if not names:
        raise InputError("no budgets; a rate needs the fund of at least one level")
    if len(set(names)) != len(names):
        raise InputError(f"a level stands twice among {', '.join(names)}")
    if rate_by == "level":
        return tuple(_made(each.level, each.total_cost, each.predicted) for each in budgets)
    total = sum((each.total_cost for each in budgets), Fraction(0))
    return (_made(_AREA, total, sum(each.predicted for each in budgets)),)


def _made(level: str, total_cost: Fraction, predicted: int) -> MadeRate:
    weights = Fraction(predicted, FACTOR_ONE)
    exact = total_cost / weights
    rate = half_up_int(exact.numerator, exact.denominator)
    return MadeRate(level, exact, rate, total_cost - rate * weights)


@frozen
class Renormalised:
    """Weights brought back to the total before negotiation: exact, rounded, and what rounding leaves of it."""

    exact: tuple[Fraction, ...]
    weights: tuple[int, ...]
    residue: int


def total_weight(cases: Sequence[int], weights: Sequence[int]) -> int:
    """Cases x weight over all groups, per ten thousand."""
    return sum(count * weight for count, weight in zip(cases, weights, strict=True))


def renormalised(cases: Sequence[int], before: Sequence[int], negotiated: Sequence[int]) -> Renormalised:
    """Negotiated weights x total weight before / total weight after: the exact ones close on the total before.

    cases, before, negotiated: one figure a group, in the same order; weights per ten thousand.
    Raises InputError for lists of unequal length, negative figures, and a negotiated total of 0.

    Source: formulas.md section 3, weight method.

    >>> renormalised([10, 10], [10_000, 10_000], [15_000, 10_000]).weights
    (12000, 8000)
    """
    if not len(cases) == len(before) == len(negotiated):
        raise InputError(
            f"{len(cases)} counts, {len(before)} weights and {len(negotiated)} negotiated; one a group is due"
        )
    if any(figure < 0 for figure in (*cases, *before, *negotiated)):
        raise InputError("counts and weights must not be negative")
    total, changed = total_weight(cases, before), total_weight(cases, negotiated)
    if changed == 0:
        raise InputError("the negotiated weights come to 0 in total; nothing can be brought back to the total before")
    exact = tuple(Fraction(weight * total, changed) for weight in negotiated)
    weights = tuple(half_up_int(each.numerator, each.denominator) for each in exact)
    return Renormalised(tuple(each / FACTOR_ONE for each in exact), weights, total - total_weight(cases, weights))
