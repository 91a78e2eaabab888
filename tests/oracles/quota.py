"""Totals, blocks and outside quotas read literally."""

from __future__ import annotations

from fractions import Fraction

from tests.oracles import half_up


def city_total(growth: Fraction, top_up: Fraction, actual: int, proposed: int, collected: int) -> tuple[int, int, int]:
    """Total, what the treasury adds, surplus of premiums."""
    total = min(proposed, actual + half_up(actual * growth))
    return total, half_up(max(0, total - collected) * top_up), max(0, collected - total)


def by_largest_remainder(total: int, weights: dict[str, int]) -> dict[str, int]:
    """Parts in proportion to the weights; what is left goes one each to the largest remainders, ties by name."""
    exact = {name: Fraction(total * weight, sum(weights.values())) for name, weight in weights.items()}
    parts = {name: int(part) for name, part in exact.items()}
    order = sorted(parts, key=lambda name: (parts[name] - exact[name], name))
    for name in order[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def plan(growth: Fraction, surplus: Fraction, base: int, income: int) -> int:
    """The budget: base and growth, within what income leaves."""
    return min(base + half_up(base * growth), income - half_up(income * surplus))
