"""Rates out of budgets and weights after negotiation: what closes, what rounding leaves, messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import InputError
from mipolicy.payment.drg_rate import RateBudget, make_rates, renormalised, total_weight
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)

THREE = RateBudget("tertiary", fund=650_000_00, paid=65, cost=100, predicted=80 * 10_000)
TWO = RateBudget("secondary", fund=300_000_00, paid=75, cost=100, predicted=40 * 10_000)


def test_one_rate_of_the_area_or_one_a_level() -> None:
    """1,000,000 and 400,000 of cost over 80 and 40: 12,500 and 10,000; together 1,400,000 / 120 = 11,666.67."""
    assert [(each.level, each.rate, each.residue) for each in make_rates("level", [THREE, TWO])] == [
        ("tertiary", 12_500_00, Fraction(0)),
        ("secondary", 10_000_00, Fraction(0)),
    ]
    (area,) = make_rates("area", [THREE, TWO])
    assert (area.level, area.exact, area.rate) == ("area", Fraction(3_500_000, 3), 11_666_67)
    assert area.residue == Fraction(-40)  # 1,400,000.40 would be spent


@many
@given(
    st.lists(
        st.tuples(st.integers(0, 10**13), st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(("area", "level")),
)
def test_the_exact_rate_spends_the_budget_and_the_residue_is_what_rounding_leaves(
    figures: list[tuple[int, int, int, int]], rate_by: str
) -> None:
    budgets = [RateBudget(f"{at}", *each) for at, each in enumerate(figures)]
    made = make_rates(rate_by, budgets)
    per_level = [Fraction(fund) / Fraction(paid, cost) for fund, paid, cost, _ in figures]
    weights = [Fraction(each[3], 10_000) for each in figures]
    if rate_by == "area":
        per_level, weights = [sum(per_level, Fraction(0))], [sum(weights, Fraction(0))]
    for each, cost, weight in zip(made, per_level, weights, strict=True):
        assert each.exact * weight == cost
        assert each.rate * weight + each.residue == cost
        assert abs(each.rate - each.exact) <= Fraction(1, 2)


def test_renormalised_by_hand() -> None:
    """10 x 1 + 5 x 2 = 20; negotiated 10 x 1.5 + 5 x 2 = 25: every weight x 0.8."""
    found = renormalised([10, 5], [10_000, 20_000], [15_000, 20_000])
    assert (found.weights, found.residue) == ((12_000, 16_000), 0)
    assert found.exact == (Fraction(6, 5), Fraction(8, 5))


figures = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 200_000), st.integers(0, 200_000)), min_size=1, max_size=8
)


@many
@given(figures)
def test_exact_weights_close_and_the_residue_is_stated(rows: list[tuple[int, int, int]]) -> None:
    cases, before, negotiated = ([row[at] for row in rows] for at in range(3))
    if total_weight(cases, negotiated) == 0:
        return
    found = renormalised(cases, before, negotiated)
    total = total_weight(cases, before)
    assert sum(n * weight for n, weight in zip(cases, found.exact, strict=True)) == Fraction(total, 10_000)
    assert total_weight(cases, found.weights) + found.residue == total
    assert abs(found.residue) * 2 <= sum(cases)
    unchanged = renormalised(cases, before, before) if total else None
    assert unchanged is None or unchanged.weights == tuple(before)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: make_rates("city", [THREE]), "rate_by is 'city', allowed: area, level"),
        (lambda: make_rates("area", []), "no budgets; a rate needs the fund of at least one level"),
        (lambda: make_rates("level", [THREE, THREE]), "a level stands twice among tertiary, tertiary"),
        (lambda: attrs.evolve(THREE, paid=0), "budget of tertiary: paid is 0; a whole number above 0 is due"),
        (lambda: attrs.evolve(THREE, predicted=0), "budget of tertiary: predicted is 0; a whole number above 0 is due"),
        (lambda: attrs.evolve(THREE, fund=-1), "budget of tertiary: fund is -1; a whole number from 0 on is due"),
        (lambda: attrs.evolve(THREE, cost=True), "budget of tertiary: cost is True; a whole number above 0 is due"),
        (lambda: renormalised([1], [1, 2], [1]), "1 counts, 2 weights and 1 negotiated; one a group is due"),
        (lambda: renormalised([-1], [1], [1]), "counts and weights must not be negative"),
        (
            lambda: renormalised([1], [1], [0]),
            "the negotiated weights come to 0 in total; nothing can be brought back to the total before",
        ),
    ],
)
def test_messages(act: Callable[[], object], message: str) -> None:
    check_refused(act, InputError, message)
