"""Months: three variants against the oracle; postings that merge; closed months; messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.monthly import (
    MONTH,
    MonthlyTerms,
    MonthPayment,
    MonthPosting,
    MonthTotals,
    PostedMonth,
    month_value,
    pay,
    pay_month,
    post,
)
from mipolicy.tables import Table
from tests.oracles import month_and_year as oracle
from tests.payment.shared import check_refused
from tests.strategies import MILLION, as_columns, as_rows, as_traced, flags

many = settings(max_examples=100, deadline=None)
ONE = 10_000
NONE = Table.same(0, MONTH)
EVEN = Table((MONTH,), (80_000,) * 8 + (90_000,) * 4)

SHARE = MonthlyTerms(variant="share", share=950_000, month_weights=NONE, value_decimals=4, floor_at_zero=0)
BUDGET = MonthlyTerms(variant="budget_value", share=0, month_weights=NONE, value_decimals=2, floor_at_zero=1)
VALUE = MonthlyTerms(variant="month_value", share=0, month_weights=EVEN, value_decimals=4, floor_at_zero=0)

signed = st.one_of(st.integers(-(10**9), 10**9), st.integers(-100, 100))
months = st.builds(PostedMonth, points=signed, declared_fund=signed, patient_part=signed)


def words_of(terms: MonthlyTerms) -> dict[str, Any]:
    return {**attrs.asdict(terms), "share": Fraction(terms.share, MILLION)}


@many
@given(st.lists(months, min_size=1, max_size=6), st.integers(1, 10**8), flags)
def test_ints_columns_traces_and_the_oracle_agree(rows: list[PostedMonth[int]], value: int, floor: int) -> None:
    for terms, each in ((SHARE, 0), (BUDGET, value), (VALUE, value)):
        floored = attrs.evolve(terms, floor_at_zero=floor)
        batch = as_rows(pay(floored, as_columns(rows), each))
        price = Fraction(each, 10**terms.value_decimals)
        for row, found in zip(rows, batch, strict=True):
            assert attrs.asdict(pay(floored, row, each)) == found
            assert pay(floored, as_traced(row), each) == pay(floored, row, each)
            named = {**attrs.asdict(row), "points": Fraction(row.points, ONE)}
            assert found["payment"] == oracle.pay_month(words_of(floored), named, price)


@many
@given(st.integers(1, 10**14), st.integers(1, 12), st.integers(1, 10**13), st.integers(0, 6))
def test_the_value_of_a_month_against_the_oracle(budget: int, month: int, points: int, decimals: int) -> None:
    terms = attrs.evolve(VALUE, value_decimals=decimals)
    found = Fraction(month_value(terms, budget, month, points), 10**decimals)
    weight = Fraction(EVEN.values[month - 1], MILLION)
    assert found == oracle.month_value(budget, weight, Fraction(points, ONE), decimals)


# ---- worked examples: three cities -----------------------------------------------------------------------------------


def test_every_step_of_each_variant() -> None:
    month = PostedMonth(points=1_000 * ONE, declared_fund=90_000_00, patient_part=20_000_00)
    assert pay(SHARE, month, 0) == MonthPayment(90_000_00, 85_500_00, 85_500_00)  # 95%
    assert pay(attrs.evolve(SHARE, share=850_000), month, 0).payment == 76_500_00  # 85%
    assert pay(BUDGET, month, 105_50) == MonthPayment(105_500_00, 85_500_00, 85_500_00)  # 105.50 a point
    assert month_value(VALUE, 120_000_000_00, 1, 96_000 * ONE) == 100 * ONE  # 120 million x 8% / 96,000
    assert pay(VALUE, month, 100 * ONE) == MonthPayment(100_000_00, 80_000_00, 80_000_00)


def test_a_month_of_reversals_is_taken_back_unless_it_is_floored() -> None:
    month = PostedMonth(points=-10 * ONE, declared_fund=-1_000_00, patient_part=-200_00)
    assert pay(SHARE, month, 0).payment == -950_00
    assert pay(attrs.evolve(BUDGET, floor_at_zero=0), month, 100_00).payment == -800_00
    assert pay(BUDGET, month, 100_00) == MonthPayment(-1_000_00, -800_00, 0)


# ---- postings --------------------------------------------------------------------------------------------------------

CODES = ["H1", "H2", "H3"]


def column(*values: int) -> Any:
    return np.array(values, np.int64)


def posted(rows: list[tuple[int, int, int, int, int, int]], month: int) -> MonthTotals:
    names = ("institution", "pool", "sign", "points", "declared_fund", "patient_part")
    columns = np.array(rows, np.int64).reshape(-1, 6).T.copy()
    return post(CODES, month, **dict(zip(names, columns, strict=True)))


case_rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 1),
        st.sampled_from((1, 1, 1, -1)),
        st.integers(0, 10**8),
        st.integers(0, 10**12),
        st.integers(-(10**12), 10**12),
    ),
    max_size=12,
)


@many
@given(case_rows, case_rows, case_rows, st.integers(0, 12))
def test_splitting_a_month_changes_no_year(a: Any, b: Any, c: Any, cut: int) -> None:
    """Merged in any order, split anywhere: the same year, which is what Python's own sums give."""
    whole = posted(a, 1) + posted(b, 1) + posted(c, 2)
    parts = posted(c[cut:], 2) + (posted(b + a[:cut], 1) + posted(c[:cut], 2)) + posted(a[cut:], 1)
    assert whole == parts
    for at, pool in enumerate(("employee", "resident")):
        year = whole.year(pool)
        rows = [row for row in a + b + c if row[1] == at]
        assert sorted(year) == sorted({CODES[row[0]] for row in rows})
        for code, found in year.items():
            own = [row for row in rows if CODES[row[0]] == code]
            assert found.cases == sum(row[2] for row in own)
            assert found.points == sum(row[2] * row[3] for row in own)
            assert found.declared_fund == sum(row[2] * row[4] for row in own)
            assert found.patient_part == sum(row[2] * row[5] for row in own)


def test_late_lists_and_reversals_post_in_the_month_of_posting() -> None:
    books = posted([(0, 0, 1, 100, 500, 50)], 1).close(1)
    late = posted([(0, 0, 1, 30, 90, 9), (0, 0, -1, 100, 500, 50)], 2)
    after = books.posted(late)
    assert after.month("employee", 1) == {"H1": MonthPosting(1, 100, 500, 50)}
    assert after.month("employee", 2) == {"H1": MonthPosting(0, -70, -410, -41)}
    assert after.year("employee") == {"H1": MonthPosting(1, 30, 90, 9)}
    assert after.closed == 1


def test_sums_pass_int64_without_wrapping() -> None:
    rows = 20
    huge = np.full(rows, 2**62, np.int64)
    none, ones = np.zeros(rows, np.int64), np.ones(rows, np.int64)
    amounts = {"points": huge, "declared_fund": -huge, "patient_part": none}
    found = post(CODES, 1, institution=none, pool=none, sign=ones, **amounts)
    assert found.year("employee")["H1"] == MonthPosting(rows, rows * 2**62, -rows * 2**62, 0)


def test_a_month_of_a_pool_by_its_own_value() -> None:
    totals = posted([(0, 0, 1, 600 * ONE, 0, 100_00), (1, 0, 1, 100 * ONE, 0, 0), (2, 1, 1, 5 * ONE, 0, 0)], 3)
    month = pay_month(VALUE, totals, "employee", 3, year_budget=1_000_000_00)
    assert month.point_value == 114_2857  # 80,000 / 700
    assert {code: each.payment for code, each in month.paid.items()} == {"H1": 68_571_42 - 100_00, "H2": 11_428_57}
    assert month.total == MonthPayment(79_999_99, 79_899_99, 79_899_99)
    assert month.residue == 1
    assert month.total.standard + month.residue == 80_000_00


def test_a_month_by_share_and_by_budget_value() -> None:
    totals = posted([(0, 0, 1, 600 * ONE, 1_000_00, 100_00), (1, 0, -1, 100 * ONE, 300_00, 20_00)], 3)
    by_share = pay_month(SHARE, totals, "employee", 3)
    assert {code: each.payment for code, each in by_share.paid.items()} == {"H1": 950_00, "H2": -285_00}
    assert (by_share.total.payment, by_share.residue, by_share.point_value) == (665_00, 0, 0)
    by_value = pay_month(BUDGET, totals, "employee", 3, point_value=2_00)
    assert {code: each.payment for code, each in by_value.paid.items()} == {"H1": 1_100_00, "H2": 0}


# ---- messages --------------------------------------------------------------------------------------------------------

BOOKS = posted([(0, 0, 1, 100, 500, 50)], 1)
GOOD = {
    "institution": column(0),
    "pool": column(0),
    "sign": column(1),
    "points": column(1),
    "declared_fund": column(1),
    "patient_part": column(1),
}


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: BOOKS.close(1).posted(BOOKS),
            InputError,
            "H1, employee: month 1 is closed (up to 1); post to month 2",
        ),
        (
            lambda: BOOKS.close(1) + BOOKS,
            InputError,
            "totals closed to month 1 and to month 0 cannot be merged",
        ),
        (
            lambda: BOOKS.close(2),
            InputError,
            "month 2 cannot be closed: months up to 0 are, the next comes first",
        ),
        (lambda: BOOKS.close(13), InputError, "a month is 1 to 12, got 13"),
        (lambda: post(CODES, 0, **GOOD), InputError, "a month is 1 to 12, got 0"),
        (
            lambda: post(CODES, 1, **{**GOOD, "sign": column(0)}),
            InputError,
            "row 0: sign is 0; 1 for a case, -1 for a reversal",
        ),
        (
            lambda: post(CODES, 1, **{**GOOD, "institution": column(3)}),
            CodeError,
            "post: row 0: institution is 3, allowed is 0 to 2; it numbers the names given",
        ),
        (
            lambda: post(CODES, 1, **{**GOOD, "pool": column(-1)}),
            CodeError,
            "post: row 0: pool is -1, allowed is 0 to 1; codes of pool: employee, resident, in this order from 0",
        ),
        (
            lambda: post(CODES, 1, **{**GOOD, "points": [1]}),
            AmountError,
            "post: points must be an int64 column, got list",
        ),
        (
            lambda: pay_month(SHARE, BOOKS.close(1), "employee", 1),
            InputError,
            "month 1 is closed: what was paid for it stays",
        ),
        (
            lambda: pay_month(SHARE, BOOKS, "resident", 1),
            InputError,
            "month 1 has no postings for the pool resident",
        ),
        (
            lambda: pay_month(SHARE, BOOKS, "nobody", 1),
            CodeError,
            "unknown pool 'nobody'; allowed: employee, resident",
        ),
        (
            lambda: pay_month(VALUE, BOOKS, "employee", 1),
            InputError,
            "the variant month_value takes a year budget, nothing else",
        ),
        (
            lambda: pay_month(SHARE, BOOKS, "employee", 1, year_budget=1),
            InputError,
            "the variant share takes no year budget",
        ),
        (
            lambda: pay_month(SHARE, BOOKS, "employee", 1, point_value=1),
            InputError,
            "the variant share takes no point value: give 0, got 1",
        ),
        (
            lambda: pay_month(BUDGET, BOOKS, "employee", 1),
            InputError,
            "the variant budget_value needs a point value above 0, got 0",
        ),
        (
            lambda: month_value(VALUE, 100, 1, 0),
            InputError,
            "a month's value needs a budget and scores above 0, got 100 fen, 0 points",
        ),
        (lambda: month_value(SHARE, 100, 1, 1), InputError, "the variant share has no value of the month"),
        (
            lambda: attrs.evolve(SHARE, share=0),
            InputError,
            "share must be above 0 for the variant share, and 0% for the others, which do not use it",
        ),
        (
            lambda: attrs.evolve(BUDGET, share=1),
            InputError,
            "share must be above 0 for the variant share, and 0% for the others, which do not use it",
        ),
        (
            lambda: attrs.evolve(VALUE, month_weights=NONE),
            InputError,
            "month_weights must sum to 100% for the variant month_value, and be 0% for the others",
        ),
        (
            lambda: attrs.evolve(SHARE, month_weights=EVEN),
            InputError,
            "month_weights must sum to 100% for the variant month_value, and be 0% for the others",
        ),
        (lambda: attrs.evolve(SHARE, value_decimals=7), InputError, "value_decimals must be 0 to 6"),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


@pytest.mark.parametrize(("pool", "variant"), [("employee", "month_value"), ("resident", "share")])
def test_the_assumed_pack_pays_each_pool_its_own_way(pool: str, variant: str) -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions[f"monthly_payment.{pool}"]
    assert policy.build(f"monthly_payment.{pool}", version).variant == variant
