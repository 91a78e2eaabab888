"""The assistance rate of key recipients as a statistic: exact, mergeable, undefined without a base."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.benefits.assistance_rate import AssistanceRate, assistance_rate, merged
from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN

FIELDS = ("key_recipient", "inscp_scp_amt", "hifp_pay", "hifmi_pay", "hifob_pay", "maf_pay")
figures = st.integers(-int(MAX_FEN), int(MAX_FEN))
bills: st.SearchStrategy[list[tuple[int, ...]]] = st.lists(
    st.tuples(st.sampled_from((0, 1)), figures, figures, figures, figures, figures), max_size=30
)


def of_rows(rows: list[tuple[int, ...]]) -> AssistanceRate:
    columns = np.array(rows, np.int64).reshape(len(rows), len(FIELDS)).T
    return assistance_rate(**{name: np.ascontiguousarray(columns[at]) for at, name in enumerate(FIELDS)})


def test_a11_one_bill() -> None:
    """In scope 10,000, the fund 6,000, major illness 1,000: 3,000 left, of which 2,100 are assistance: 70%."""
    found = assistance_rate(
        key_recipient=1,
        inscp_scp_amt=10_000_00,
        hifp_pay=6_000_00,
        hifmi_pay=1_000_00,
        hifob_pay=0,
        maf_pay=2_100_00,
    )
    assert found == AssistanceRate(2_100_00, 3_000_00)
    assert found.rate == Fraction(7, 10)


def test_k18_a_ratio_of_sums_over_key_recipients_only() -> None:
    """天津 2021 二(三) 8: 70 of 100 and 0 of 300 make 70 / 400; the third row is no key recipient's."""
    found = of_rows([(1, 100, 0, 0, 0, 70), (1, 500, 150, 0, 50, 0), (0, 1_000, 0, 0, 0, 900)])
    assert found == AssistanceRate(70, 400)
    assert found.rate == Fraction(7, 40)


@settings(max_examples=100, deadline=None)
@given(bills, st.integers(0, 30))
def test_columns_rows_and_parts_give_the_same_sums(rows: list[tuple[int, ...]], cut: int) -> None:
    counted = [row for row in rows if row[0]]
    expected = AssistanceRate(sum(row[5] for row in counted), sum(row[1] - row[2] - row[3] - row[4] for row in counted))
    one_by_one = [assistance_rate(**dict(zip(FIELDS, row, strict=True))) for row in rows]
    assert of_rows(rows) == merged(one_by_one) == merged(reversed(one_by_one)) == expected
    assert of_rows(rows[:cut]) + of_rows(rows[cut:]) == expected
    if expected.base > 0:
        assert expected.rate == Fraction(expected.maf_pay, expected.base)


def test_sums_past_int64_are_exact() -> None:
    found = of_rows([(1, 2**62, 0, 0, 0, 2**62 - 1)] * 5)
    assert found == AssistanceRate(5 * (2**62 - 1), 5 * 2**62)
    assert found.base > 2**63


@pytest.mark.parametrize("nothing", [AssistanceRate(0, 0), merged([]), of_rows([]), of_rows([(0, 9, 0, 0, 0, 9)])])
def test_without_a_base_the_rate_is_undefined_not_0(nothing: AssistanceRate) -> None:
    assert nothing == AssistanceRate(0, 0)
    assert nothing.rate is None


def test_a_reversal_takes_its_bill_out() -> None:
    bill = (1, 10_000, 4_000, 0, 0, 3_000)
    found = of_rows([bill, (1, *(-figure for figure in bill[1:])), (1, 200, 0, 0, 0, 100)])
    assert found.rate == Fraction(1, 2)


def test_messages() -> None:
    with pytest.raises(AmountError) as caught:
        _ = AssistanceRate(-70, -100).rate
    assert str(caught.value) == (
        "the base of the assistance rate is -100 fen: reversals outweigh bills; merge them first"
    )
    bad: Any = dict.fromkeys(FIELDS, 1)
    with pytest.raises(AmountError, match=r"an amount must be int or an int64 column, got float 0\.7"):
        assistance_rate(**{**bad, "maf_pay": 0.7})
    with pytest.raises(AmountError, match="columns must be of one length, got 2 and 3 rows"):
        assistance_rate(**{**bad, "hifp_pay": np.zeros(2, np.int64), "maf_pay": np.zeros(3, np.int64)})
