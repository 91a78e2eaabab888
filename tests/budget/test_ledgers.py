"""Months against one another: paid in full, reconciled, ledgers that differ, refused cost by reason."""

from __future__ import annotations

from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.budget.ledgers import (
    DueMonth,
    FullPayment,
    FullPaymentYear,
    Ledger,
    LedgerDifference,
    ReconciledMonth,
    full_payment,
    full_payment_years,
    ledger_differences,
    reconcile,
    refused_by_reason,
)
from mipolicy.errors import CodeError, InputError
from mipolicy.payment.monthly import MONTH, MonthlyTerms, PostedMonth
from mipolicy.tables import Table
from tests.budget.test_clearing import TERMS
from tests.payment.shared import check_labels
from tests.strategies import as_columns, as_rows

CODES = ["H1", "H2"]


def column(*figures: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(figures, np.int64)


# ---- paid in full ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "in_time", "late", "expected"),
    [
        (100, 100, 0, (1, 0, 0)),
        (100, 99, 0, (0, 1, 1)),
        (100, 99, 1, (0, 1, 0)),
        (100, 101, 0, (1, 0, 0)),
        (100, 0, 150, (0, 100, 0)),
        (0, 0, 0, (1, 0, 0)),
    ],
)
def test_s22_a_month_is_paid_in_full_or_in_arrears(
    due: int, in_time: int, late: int, expected: tuple[int, int, int]
) -> None:
    assert full_payment(DueMonth(due, in_time, late)) == FullPayment(*expected)


def test_s22_the_full_payment_rate_and_arrears_by_institution() -> None:
    months = DueMonth(column(100, 50, 0, 80), column(100, 40, 0, 90), column(0, 5, 0, 0))
    found = full_payment_years(CODES, column(0, 0, 0, 1), months)
    assert found == (FullPaymentYear("H1", 2, 1, 150, 140, 5), FullPaymentYear("H2", 1, 1, 80, 80, 0))
    assert (found[0].rate, found[0].money_rate) == (Fraction(1, 2), Fraction(14, 15))
    (nothing,) = full_payment_years(["H3"], column(0), DueMonth(column(0), column(0), column(0)))
    assert (nothing.rate, nothing.money_rate) == (None, None)


def test_s22_a_position_that_is_no_institution() -> None:
    with pytest.raises(CodeError, match="months: row 0: institution is 2, allowed is 0 to 1"):
        full_payment_years(CODES, column(2), DueMonth(column(1), column(1), column(0)))


# ---- reconciled ------------------------------------------------------------------------------------------------------


def monthly() -> MonthlyTerms:
    return MonthlyTerms("budget_value", 0, Table.same(0, MONTH), 2, 0)


POSTED = [PostedMonth(100_0000, 0, 300_00), PostedMonth(-10_0000, 0, -50_00), PostedMonth(0, 0, 0)]


def test_s36_months_are_pre_settled_and_reconciled_with_the_final_value() -> None:
    """100 points at 12 yuan less 300, 10 points taken back; at the end a point is worth 12.50."""
    found = reconcile(monthly(), POSTED, 1200, 1250)
    assert found == (
        ReconciledMonth(900_00, 950_00, 50_00, 900_00, 50_00),
        ReconciledMonth(-70_00, -75_00, -5_00, 830_00, 45_00),
        ReconciledMonth(0, 0, 0, 830_00, 45_00),
    )
    assert reconcile(monthly(), [], 1200, 1250) == ()


def test_s36_columns_are_the_same() -> None:
    columns = [as_columns([month, POSTED[0]]) for month in POSTED]
    found = reconcile(monthly(), columns, 1200, 1250)
    for each, plain in zip(found, reconcile(monthly(), POSTED, 1200, 1250), strict=True):
        assert as_rows(each)[0] == attrs.asdict(plain)


# ---- ledgers ---------------------------------------------------------------------------------------------------------


def ledger(*rows: tuple[int, int, int]) -> Ledger:
    return (
        Ledger(*(column(*each) for each in zip(*rows, strict=True))) if rows else Ledger(column(), column(), column())
    )


def test_s38_ledgers_that_differ_by_institution_and_month() -> None:
    same = [(1, 12, 500_00), (0, 3, 60_00)]
    claims = ledger((0, 1, 400_00), (0, 1, 600_00), (0, 2, 1_000_00), *same)
    payments = ledger((0, 1, 900_00), (0, 2, 899_99), *same)
    data = ledger((0, 1, 1_000_00), (0, 2, 1_000_00), same[1])
    assert ledger_differences(TERMS, CODES, claims, payments, data) == (
        LedgerDifference("H1", 1, 1_000_00, 900_00, 1_000_00, 100_00, False),  # on the tolerance
        LedgerDifference("H1", 2, 1_000_00, 899_99, 1_000_00, 100_01, True),
        LedgerDifference("H2", 12, 500_00, 500_00, None, 0, True),  # missing is not 0
    )
    assert ledger_differences(TERMS, CODES, ledger(), ledger(), ledger()) == ()


def test_s38_a_row_of_no_month_is_an_error() -> None:
    for month in (0, 13):
        with pytest.raises(InputError, match="ledger payments: row 0: month is"):
            ledger_differences(TERMS, CODES, ledger(), ledger((0, month, 1)), ledger())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 12), st.integers(0, 99)), max_size=20))
def test_s38_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, int]]) -> None:
    shuffled = sorted(rows)
    one = ledger_differences(TERMS, CODES, ledger(*rows), ledger((0, 1, 5)), ledger())
    assert one == ledger_differences(TERMS, CODES, ledger(*shuffled), ledger((0, 1, 5)), ledger())


# ---- refused ---------------------------------------------------------------------------------------------------------


def test_s39_refused_cost_by_institution_and_reason() -> None:
    found = refused_by_reason(
        CODES, ["overcharge", "no indication", "other"], column(0, 1, 0, 0), column(0, 0, 1, 0), column(5, 7, 11, 13)
    )
    assert found.total == 36
    assert found.by_institution == {"H1": 29, "H2": 7}
    assert found.by_reason == {"overcharge": 25, "no indication": 11, "other": 0}
    assert found.by_both == {("H1", "overcharge"): 18, ("H2", "overcharge"): 7, ("H1", "no indication"): 11}
    with pytest.raises(InputError, match="refused: row 0: amount is -1"):
        refused_by_reason(CODES, ["x"], column(0), column(0), column(-1))


def test_labels() -> None:
    check_labels(DueMonth, FullPayment, ReconciledMonth)
