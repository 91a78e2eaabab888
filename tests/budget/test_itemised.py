"""A year's budget within its income, how far income came from it, and five views of one total."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.budget.itemised import (
    BudgetPlan,
    BudgetPlanTerms,
    Deviation,
    PlannedYear,
    View,
    deviation,
    itemise,
    plan,
)
from mipolicy.errors import CodeError, InputError
from tests.oracles import quota as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
VIEWS = (
    View("care", ("inpatient", "outpatient")),
    View("item", ("drug", "service")),
    View("method", ("drg", "head", "item")),
    View("procurement", ("centralised", "other")),
    View("supplier", ("direct", "through")),
)
# Grows by 6% as far as income less 2% allows.
CAPPED = BudgetPlanTerms(60_000, 20_000, "capped", 50_000, VIEWS)
# Grows by 3%; a budget beyond the income is sent back.
REFUSED = attrs.evolve(CAPPED, growth=30_000, surplus_rate=0, beyond_income="refused", accuracy=0)


def test_s29_the_base_grows() -> None:
    assert plan(CAPPED, PlannedYear(2000_00, 1000_00)) == BudgetPlan(1060_00, 40_00, 1960_00, 0, 1060_00, 940_00)


@pytest.mark.parametrize(("base", "total", "over"), [(924_52, 979_99, 0), (924_53, 980_00, 0), (924_54, 980_00, 1)])
def test_s30_spending_stays_within_income_less_the_surplus(base: int, total: int, over: int) -> None:
    found = plan(CAPPED, PlannedYear(1000_00, base))
    assert (found.spendable, found.total, found.over_income) == (980_00, total, over)
    assert found.surplus == 1000_00 - total


def test_s30_a_city_that_sends_the_budget_back() -> None:
    assert plan(REFUSED, PlannedYear(1030_00, 1000_00)).total == 1030_00
    check_refused(
        lambda: plan(REFUSED, PlannedYear(1029_99, 1000_00)),
        InputError,
        "the budget exceeds what income allows by 1 fen; lower the growth or the base",
    )


@many
@given(
    st.sampled_from((0, 1, 60_000, 333_333)),
    st.sampled_from((0, 20_000, 999_999)),
    st.lists(st.builds(PlannedYear[int], *[st.integers(0, 10**11)] * 2), min_size=1, max_size=5),
)
def test_ints_columns_traces_and_the_oracle_agree(growth: int, surplus: int, rows: list[PlannedYear[int]]) -> None:
    terms = attrs.evolve(CAPPED, growth=growth, surplus_rate=surplus)
    for row, found in zip(rows, as_rows(plan(terms, as_columns(rows))), strict=True):
        one = plan(terms, row)
        assert attrs.asdict(one) == found
        assert plan(terms, as_traced(row)) == one
        wanted = oracle.plan(Fraction(growth, MILLION), Fraction(surplus, MILLION), row.base, row.income)
        assert one.total == wanted <= row.income - one.reserve
        assert one.total + one.surplus == row.income


@pytest.mark.parametrize(
    ("actual", "rate", "outside"),
    [(1050_00, 50_000, 0), (1050_01, 50_010, 1), (950_00, -50_000, 0), (949_99, -50_010, 1), (1000_00, 0, 0)],
)
def test_s29_how_far_income_came_from_its_budget(actual: int, rate: int, outside: int) -> None:
    assert deviation(CAPPED, 1000_00, actual) == Deviation(actual - 1000_00, rate, outside)
    column = deviation(CAPPED, np.array([1000_00]), np.array([actual]))
    assert (column.rate.tolist(), column.outside.tolist()) == ([rate], [outside])


def test_s29_exact_amounts_decide_not_the_rounded_rate() -> None:
    found = deviation(REFUSED, 10**11, 10**11 + 1)
    assert (found.rate, found.outside) == (0, 1)


SHARES = {
    "care": {"inpatient": 600_000, "outpatient": 400_000},
    "item": {"drug": 333_333, "service": 666_667},
    "method": {"drg": 500_000, "head": 250_000, "item": 250_000},
    "procurement": {"centralised": 0, "other": MILLION},
    "supplier": {"direct": 1, "through": 999_999},
}


def test_s31_a26_five_views_each_sum_to_the_total_by_itself() -> None:
    found = itemise(CAPPED, 1000_01, SHARES)
    assert found["care"] == {"inpatient": 600_01, "outpatient": 400_00}
    assert found["method"] == {"drg": 500_01, "head": 250_00, "item": 250_00}
    assert {view: sum(items.values()) for view, items in found.items()} == dict.fromkeys(SHARES, 1000_01)


@many
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=2, max_size=2))
def test_any_view_closes_to_the_fen(total: int, cuts: list[int]) -> None:
    low, high = sorted(cuts)
    shares = {**SHARES, "method": {"drg": low, "head": high - low, "item": MILLION - high}}
    found = itemise(CAPPED, total, shares)
    assert found["method"] == oracle.by_largest_remainder(total, shares["method"])
    assert all(sum(items.values()) == total for items in found.values())


BAD: list[tuple[Any, Any, str]] = [
    (lambda: View("x", ("a",)), InputError, "view x has 1 item(s); a view divides the total in two or more"),
    (
        lambda: deviation(CAPPED, np.array([5, 0]), np.array([5, 5])),
        InputError,
        "row 1: the income budget is 0; a deviation is a share of one above 0",
    ),
    (
        lambda: deviation(CAPPED, 5, -1),
        InputError,
        "actual is -1; an amount from 0 to 1000000000000 is due",
    ),
    (
        lambda: itemise(CAPPED, 5, {**SHARES, "x": {}}),
        CodeError,
        "unknown view 'x'; allowed: care, item, method, procurement, supplier",
    ),
    (
        lambda: itemise(CAPPED, 5, {**SHARES, "care": {"inpatient": MILLION}}),
        InputError,
        "no share of item of care outpatient; state 0 where it has none",
    ),
    (
        lambda: itemise(CAPPED, 5, {**SHARES, "care": {"inpatient": 600_000, "outpatient": 399_999}}),
        InputError,
        "care: shares sum to 999999 per million; a view sums to 1000000",
    ),
    (
        lambda: itemise(CAPPED, 5, {**SHARES, "care": {"inpatient": MILLION + 1, "outpatient": -1}}),
        InputError,
        "care: the share of outpatient is -1; a rate per million from 0 is due",
    ),
    (
        lambda: itemise(CAPPED, -5, SHARES),
        InputError,
        "total is -5; an amount from 0 to 1000000000000 fen is due",
    ),
]


@pytest.mark.parametrize(("act", "error", "message"), BAD)
def test_what_is_refused(act: Any, error: Any, message: str) -> None:
    check_refused(act, error, message)


def test_every_field_has_its_labels() -> None:
    check_labels(BudgetPlanTerms, View, PlannedYear, BudgetPlan, Deviation)
