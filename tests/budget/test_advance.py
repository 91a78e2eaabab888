"""Advances: three rules of a month, the year's balance, DIP advances with their day, working capital; messages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.budget.advance import (
    AdvanceTerms,
    Balance,
    BalancedYear,
    Capital,
    CapitalMonths,
    DipAdvance,
    DipAdvanceTerms,
    DipMonth,
    Eligibility,
    MonthAdvance,
    MonthOfYear,
    Recovery,
    RecoveryYear,
    WorkingCapitalTerms,
    advance_dip,
    advance_month,
    balance,
    due_on,
    eligibility_of,
    per_institution,
    recover,
    working_capital,
)
from mipolicy.calendar import StatedDays, working_day
from mipolicy.errors import CodeError, InputError
from tests.oracles import advance as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
MIN, CUMULATIVE = AdvanceTerms("min", 0), AdvanceTerms("cumulative_min", 0)
WEIGHTED = AdvanceTerms("weighted", 700_000)


def month(at: int, actual: int, so_far: int, before: int, quota: int = 1200_00) -> MonthOfYear[int]:
    return MonthOfYear(at, quota, actual, so_far, before)


@pytest.mark.parametrize(("actual", "advance", "over"), [(99_99, 99_99, 0), (100_00, 100_00, 0), (100_01, 100_00, 1)])
def test_s11_a16_the_lower_of_the_month_s_quota_and_its_cost(actual: int, advance: int, over: int) -> None:
    found = advance_month(MIN, month(3, actual, 500_00, 150_00))
    assert (found.month_quota, found.advance, found.over_quota) == (100_00, advance, over)
    assert found.advanced == 150_00 + advance


def test_s11_a16_a_cheap_month_leaves_room_for_a_dear_one_where_it_counts_so_far() -> None:
    assert advance_month(CUMULATIVE, month(2, 140_00, 200_00, 60_00)).advance == 140_00
    assert advance_month(CUMULATIVE, month(2, 141_00, 201_00, 60_00)).advance == 140_00
    assert advance_month(CUMULATIVE, month(2, 0, 60_00, 60_00)).advance == 0
    assert advance_month(CUMULATIVE, month(2, 0, 60_00, 70_00)).advance == 0
    assert advance_month(MIN, month(2, 140_00, 200_00, 60_00)).advance == 100_00


def test_s11_a16_weights() -> None:
    assert advance_month(WEIGHTED, month(1, 200_00, 200_00, 0)).advance == 130_00
    assert advance_month(WEIGHTED, month(1, 1, 1, 0, quota=0)).advance == 0  # 0.3 of a fen
    assert advance_month(AdvanceTerms("weighted", 500_000), month(1, 1, 1, 0, quota=0)).advance == 1


@many
@given(st.integers(0, 10**12))
def test_the_quotas_of_twelve_months_sum_to_the_year_s(quota: int) -> None:
    found = [advance_month(MIN, month(at, 0, 0, 0, quota)) for at in range(1, 13)]
    assert sum(each.month_quota for each in found) == found[-1].quota_so_far == quota
    assert max(each.month_quota for each in found) - min(each.month_quota for each in found) <= 1


@st.composite
def months(draw: DrawFn) -> MonthOfYear[int]:
    size = draw(st.sampled_from((20, 10**6, 10**11)))
    amount = st.integers(0, size)
    actual = draw(amount)
    return MonthOfYear(draw(st.integers(1, 12)), draw(amount), actual, actual + draw(amount), draw(amount))


@many
@given(
    st.one_of(
        st.sampled_from((MIN, CUMULATIVE)),
        st.builds(AdvanceTerms, st.just("weighted"), st.sampled_from((0, 1, 333_333, 500_000, MILLION))),
    ),
    st.lists(months(), min_size=1, max_size=5),
)
def test_ints_columns_traces_and_the_oracle_agree(terms: AdvanceTerms, rows: list[MonthOfYear[int]]) -> None:
    for row, found in zip(rows, as_rows(advance_month(terms, as_columns(rows))), strict=True):
        one = advance_month(terms, row)
        assert attrs.asdict(one) == found
        assert advance_month(terms, as_traced(row)) == one
        weight = Fraction(terms.quota_weight, MILLION)
        assert one.advance == oracle.month(
            terms.rule, weight, row.month, row.quota, row.actual, row.actual_so_far, row.advanced_before
        )
        if terms.rule == "min":
            assert one.advance <= min(one.month_quota, row.actual)


@many
@given(
    st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=12, max_size=12), st.sampled_from((MIN, CUMULATIVE))
)
def test_a_year_of_advances_never_exceeds_quota_or_cost(quota: int, costs: list[int], terms: AdvanceTerms) -> None:
    advanced = 0
    for at in range(1, 13):
        so_far = sum(costs[:at])
        advanced = advance_month(terms, MonthOfYear(at, quota, costs[at - 1], so_far, advanced)).advanced
        assert advanced <= min(so_far, quota)
    if terms is CUMULATIVE:
        assert advanced <= min(sum(costs), quota)
    found = balance(BalancedYear(min(sum(costs), quota), advanced))
    assert found.to_recover == 0


@many
@given(st.lists(st.builds(BalancedYear[int], *[st.integers(0, 10**12)] * 2), min_size=1, max_size=5))
def test_s11_the_balance_of_a_year_closes(rows: list[BalancedYear[int]]) -> None:
    for row, found in zip(rows, as_rows(balance(as_columns(rows))), strict=True):
        assert attrs.asdict(balance(row)) == found
        assert row.entitled == row.advanced + found["to_pay"] - found["to_recover"]
        assert min(found.values()) == 0


# ---- DIP -------------------------------------------------------------------------------------------------------------

FOUR = ("管理规范", "经营正常", "具备债务偿还能力", "积极支持医保支付方式改革")
OWED = DipAdvanceTerms("fund_payable", 800_000, 5, FOUR)
COST = DipAdvanceTerms("total_cost", 500_000, 10, ())


def test_s20_a14_a_share_of_what_the_fund_owes_or_of_the_total_cost() -> None:
    last = DipMonth(1, 1, 700_00, 1000_00)
    assert advance_dip(OWED, last) == DipAdvance(700_00, 1, 560_00)
    assert advance_dip(COST, last) == DipAdvance(1000_00, 1, 500_00)


@pytest.mark.parametrize(("is_dip", "eligible"), [(0, 1), (1, 0), (0, 0)])
def test_s20_others_are_advanced_nothing(is_dip: int, eligible: int) -> None:
    assert advance_dip(OWED, DipMonth(is_dip, eligible, 700_00, 1000_00)) == DipAdvance(700_00, 0, 0)


@many
@given(
    st.sampled_from((OWED, COST)),
    st.lists(
        st.builds(
            lambda dip, eligible, fund, more: DipMonth(dip, eligible, fund, fund + more),
            *[st.integers(0, 1)] * 2,
            *[st.integers(0, 10**11)] * 2,
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_dip_advances_of_ints_columns_and_traces_agree(terms: DipAdvanceTerms, rows: list[DipMonth[int]]) -> None:
    for row, found in zip(rows, as_rows(advance_dip(terms, as_columns(rows))), strict=True):
        one = advance_dip(terms, row)
        assert attrs.asdict(one) == found
        assert advance_dip(terms, as_traced(row)) == one
        exact = Fraction(one.base * terms.rate, MILLION) if row.is_dip and row.eligible else Fraction(0)
        assert abs(one.advance - exact) <= Fraction(1, 2)


def test_s21_four_conditions_and_the_failed_ones() -> None:
    met: dict[str, int | None] = dict.fromkeys(FOUR, 1)
    assert eligibility_of(OWED, met) == Eligibility(1, ())
    found = eligibility_of(OWED, {**met, "积极支持医保支付方式改革": 0, "经营正常": 0})
    assert found == Eligibility(0, ("经营正常", "积极支持医保支付方式改革"))
    assert eligibility_of(COST, {}) == Eligibility(1, ())


# October 2024 in the mainland: 1-7 are holidays, Saturday the 12th makes up, as Sunday 29 September does.
YEAR = StatedDays(
    date(2024, 1, 1),
    date(2024, 12, 31),
    frozenset(date(2024, 10, day) for day in range(1, 8)),
    frozenset({date(2024, 9, 29), date(2024, 10, 12)}),
)


def test_s20_a15_the_fifth_working_day_counts_days_that_make_up() -> None:
    assert due_on(OWED, 2024, 10, YEAR) == date(2024, 10, 12)
    assert due_on(OWED, 2024, 11, YEAR) == date(2024, 11, 7)
    assert due_on(COST, 2024, 9, YEAR) == date(2024, 9, 13)


@many
@given(st.integers(1, 12), st.integers(1, 15))
def test_a_working_day_is_one_and_so_many_precede_it(at: int, ordinal: int) -> None:
    found = working_day(YEAR, 2024, at, ordinal)
    days = [date(2024, at, day) for day in range(1, found.day + 1)]
    assert YEAR.is_working_day(found)
    assert sum(YEAR.is_working_day(day) for day in days) == ordinal


# ---- working capital -------------------------------------------------------------------------------------------------

ONE_MONTH = WorkingCapitalTerms(12, 10_000, "recovered")
MONTH_AND_A_HALF = WorkingCapitalTerms(3, 15_000, "kept")


@pytest.mark.parametrize(
    ("terms", "held", "expected"),
    [
        (ONE_MONTH, 0, Capital(100_00, 100_00, 0)),
        (ONE_MONTH, 130_00, Capital(100_00, 0, 30_00)),
        (MONTH_AND_A_HALF, 600_00, Capital(600_00, 0, 0)),
    ],
)
def test_s32_working_capital_from_recent_months(terms: WorkingCapitalTerms, held: int, expected: Capital[int]) -> None:
    assert working_capital(terms, CapitalMonths(1200_00, held)) == expected


@pytest.mark.parametrize(
    ("terms", "payable", "expected"),
    [
        (ONE_MONTH, 250_00, Recovery(100_00, 0, 150_00)),
        (ONE_MONTH, 100_00, Recovery(100_00, 0, 0)),
        (ONE_MONTH, 99_99, Recovery(99_99, 1, 0)),
        (MONTH_AND_A_HALF, 250_00, Recovery(0, 100_00, 250_00)),
    ],
)
def test_s32_it_is_recovered_at_the_end_of_the_year_from_what_is_owed(
    terms: WorkingCapitalTerms, payable: int, expected: Recovery[int]
) -> None:
    assert recover(terms, RecoveryYear(100_00, payable)) == expected


@many
@given(
    st.integers(1, 12),
    st.sampled_from((0, 1, 5_000, 12_345)),
    st.lists(st.builds(CapitalMonths[int], *[st.integers(0, 10**11)] * 2), min_size=1, max_size=5),
)
def test_working_capital_of_ints_columns_traces_and_the_oracle_agree(
    average: int, held: int, rows: list[CapitalMonths[int]]
) -> None:
    terms = WorkingCapitalTerms(average, held, "recovered")
    for row, found in zip(rows, as_rows(working_capital(terms, as_columns(rows))), strict=True):
        one = working_capital(terms, row)
        assert attrs.asdict(one) == found
        assert working_capital(terms, as_traced(row)) == one
        assert one.due == oracle.capital(row.months_amt, average, Fraction(held, 10_000))
        assert row.held + one.to_pay - one.to_recover == one.due
    years = [RecoveryYear(row.held, row.months_amt) for row in rows]
    for each, found in zip(years, as_rows(recover(terms, as_columns(years))), strict=True):
        assert attrs.asdict(recover(terms, each)) == found
        assert (found["recovered"] + found["left"], found["recovered"] + found["paid_out"]) == (each.held, each.payable)


def test_s33_what_institutions_held_on_average_in_the_epidemic() -> None:
    assert per_institution(128_000_000_00, 78) == 1_641_025_64
    assert per_institution(1_530_000_000_00, 418) == 3_660_287_08


# ---- messages --------------------------------------------------------------------------------------------------------

REFUSED: list[tuple[Any, Any, str]] = [
    (lambda: AdvanceTerms("min", 1), InputError, "quota_weight is stated, but the rule min uses none; state 0"),
    (lambda: advance_month(MIN, month(0, 0, 0, 0)), InputError, "month is 0; months are 1 to 12"),
    (
        lambda: advance_month(MIN, as_columns([month(12, 0, 0, 0), month(13, 0, 0, 0)])),
        InputError,
        "row 1: month is 13; months are 1 to 12",
    ),
    (
        lambda: advance_month(MIN, month(1, 2, 1, 0)),
        InputError,
        "the month cost 2 fen, more than the year so far; correct one",
    ),
    (
        lambda: balance(BalancedYear(-1, 0)),
        InputError,
        "BalancedYear.entitled: -1 is outside 0 to 1000000000000; the field is owed for the year, in fen",
    ),
    (
        lambda: DipAdvanceTerms("total_cost", 0, 0, ()),
        InputError,
        "due_working_day is from 1 to 15, got 0",
    ),
    (
        lambda: advance_dip(OWED, DipMonth(1, 1, 6, 5)),
        InputError,
        "fund_payable is 6 fen, more than total_cost; correct one",
    ),
    (
        lambda: eligibility_of(COST, {"x": 1}),
        CodeError,
        "unknown condition 'x'; the terms list: ",
    ),
    (
        lambda: eligibility_of(OWED, {}),
        InputError,
        "condition 管理规范 is None; state 1 (met) or 0 (not met)",
    ),
    (
        lambda: due_on(OWED, 2025, 1, YEAR),
        InputError,
        "working days are known from 2024-01-01 to 2024-12-31, not on 2025-01-01",
    ),
    (lambda: due_on(OWED, 2024, 13, YEAR), InputError, "2024-13 is no month of a year"),
    (lambda: working_day(YEAR, 2024, 1, 0), InputError, "the working day is 0; they count from 1"),
    (lambda: working_day(YEAR, 2024, 2, 22), InputError, "2024-02 has 21 working days; there is no day 22"),
    (
        lambda: attrs.evolve(YEAR, last=date(2024, 10, 11)),
        InputError,
        "2024-10-12 lies outside 2024-01-01 to 2024-10-11, which the lists are for",
    ),
    (
        lambda: attrs.evolve(YEAR, holidays=frozenset({date(2024, 10, 12)})),
        InputError,
        "2024-10-12 is both a holiday and a day that makes up; it is one of them",
    ),
    (
        lambda: attrs.evolve(YEAR, make_up_days=frozenset({date(2024, 10, 11)})),
        InputError,
        "2024-10-11 is no weekend; only a Saturday or Sunday makes up",
    ),
    (lambda: WorkingCapitalTerms(0, 1, "kept"), InputError, "average_months is from 1 to 12, got 0"),
    (lambda: per_institution(5, 0), InputError, "institutions is 0; a mean is over at least one"),
    (
        lambda: per_institution(-5, 1),
        InputError,
        "amount is -5; an amount from 0 to 1000000000000 fen is due",
    ),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSED)
def test_what_is_refused(act: Any, error: Any, message: str) -> None:
    check_refused(act, error, message)


def test_every_field_has_its_labels() -> None:
    check_labels(AdvanceTerms, MonthOfYear, MonthAdvance, BalancedYear, Balance, DipAdvanceTerms, DipMonth, DipAdvance)
    check_labels(WorkingCapitalTerms, CapitalMonths, Capital, RecoveryYear, Recovery)
