"""Limits of outliers by band and level, their boundary sides, and who is paid by item."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import AmountError, InputError, MipolicyError
from mipolicy.money import Column
from mipolicy.payment.outliers import (
    Limits,
    LimitTables,
    OutlierBand,
    check_bands,
    chosen_by_item,
    excess_of,
    is_high,
    is_low,
    limits_of,
)
from tests.oracles import drg as oracle
from tests.payment.drg_cases import LEVELS, ONE, PROVINCE, THIRD, bands, bands_in_words
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("points", "side", "high"),
    [
        (0, "above", 30_000),
        (100 * ONE, "above", 30_000),
        (100 * ONE + 1, "above", 20_000),
        (100 * ONE - 1, "at_or_above", 30_000),
        (100 * ONE, "at_or_above", 20_000),
        (200 * ONE, "above", 20_000),
        (200 * ONE, "at_or_above", 15_000),
        (10**9, "above", 15_000),
    ],
)
def test_three_two_and_one_and_a_half_times_by_base_points(points: int, side: str, high: int) -> None:
    for code in range(len(LEVELS)):
        found = limits_of(LimitTables.of(PROVINCE), side, points, code)
        assert (found.low, found.low_of, found.high) == (4_000, 1, high)


def test_limits_differ_by_level() -> None:
    found = (
        OutlierBand("三级", 0, ("tertiary",), 4_000, 30_000),
        OutlierBand("其他", 0, LEVELS[1:], 10_000, 20_000, low_of=3),
    )
    check_bands(found)
    assert limits_of(LimitTables.of(found), "at_or_above", 5, 0) == Limits(0, 4_000, 1, 30_000)
    assert limits_of(LimitTables.of(found), "at_or_above", 5, 4) == Limits(0, 10_000, 3, 20_000)


@many
@given(bands((ONE, 2 * ONE)), st.sampled_from(("at_or_above", "above")), st.data())
def test_limits_on_ints_columns_and_as_read(found: tuple[OutlierBand, ...], side: str, data: st.DataObject) -> None:
    check_bands(found)
    near = st.sampled_from([edge + step for edge in (0, ONE, 2 * ONE) for step in (-1, 0, 1) if edge + step >= 0])
    rows = data.draw(st.lists(st.tuples(near, st.integers(0, 4)), min_size=1, max_size=8))
    measures, levels = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    columns = limits_of(LimitTables.of(found), side, measures, levels)
    words = {"bands": bands_in_words(found), "band_side": side}
    for at, (measure, level) in enumerate(rows):
        one = limits_of(LimitTables.of(found), side, measure, level)
        assert (one.low, one.low_of, one.high) == tuple(c[at] for c in (columns.low, columns.low_of, columns.high))
        low, high = oracle.limits(words, Fraction(measure, ONE), LEVELS[level])
        assert (Fraction(one.low, one.low_of * ONE), Fraction(one.high, ONE)) == (low, high)


@pytest.mark.parametrize(
    ("boundary", "cost", "expected"),
    [("below", 99, 1), ("below", 100, 0), ("below", 101, 0), ("at_or_below", 100, 1), ("at_or_below", 101, 0)],
)
def test_a_third_of_the_mean_is_exact(boundary: str, cost: int, expected: int) -> None:
    """A mean of 3.00 yuan: 1.00 is a third, which 0.3333 would miss."""
    limits = limits_of(LimitTables.of(THIRD), "at_or_above", ONE, 0)
    assert is_low(limits, boundary, cost, 300) == expected
    column = is_low(
        Limits(*(np.array([x]) for x in (limits.edges_passed, limits.low, limits.low_of, limits.high))),
        boundary,
        np.array([cost]),
        np.array([300]),
    )
    assert column.tolist() == [expected]


@pytest.mark.parametrize(
    ("boundary", "cost", "expected"),
    [("above", 899, 0), ("above", 900, 0), ("above", 901, 1), ("at_or_above", 899, 0), ("at_or_above", 900, 1)],
)
def test_three_times_the_mean_and_a_fen_either_side(boundary: str, cost: int, expected: int) -> None:
    limits = limits_of(LimitTables.of(THIRD), "at_or_above", ONE, 0)
    assert is_high(limits, boundary, cost, 300) == expected
    assert excess_of(limits, cost, 300) == max(0, cost - 900) * ONE


@many
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-3, 3)),
        min_size=0,
        max_size=30,
    ),
    st.sampled_from((0, 50_000, 200_000, 333_333, 500_000, 1_000_000)),
    st.randoms(use_true_random=False),
)
def test_who_is_paid_by_item(found: list[tuple[int, int, int]], share: int, random: object) -> None:
    ranks = list(range(len(found)))
    random.shuffle(ranks)  # type: ignore[attr-defined]
    rows = [(*row, rank) for row, rank in zip(found, ranks, strict=True)]
    columns = [np.array([row[at] for row in rows], np.int64) for at in range(4)]

    def chosen(order: Column) -> list[int]:
        institution, eligible, excess, case = (column[order] for column in columns)
        found: list[int] = chosen_by_item(
            share, institution=institution, eligible=eligible, excess=excess, case=case
        ).tolist()
        return found

    expected = oracle.by_item(Fraction(share, 1_000_000), rows)
    assert chosen(np.arange(len(rows))) == expected
    backwards = np.arange(len(rows))[::-1]
    assert chosen(backwards) == expected[::-1]  # the order of rows changes nothing


def test_five_percent_of_forty_discharges_are_two_and_ties_go_by_case() -> None:
    eligible = np.array([1, 1, 1] + [0] * 37)
    found = chosen_by_item(
        50_000,
        institution=np.zeros(40, np.int64),
        eligible=eligible,
        excess=np.array([500, 900, 500] + [0] * 37),
        case=np.array([2, 1, 0, *range(3, 40)]),
    )
    assert found.tolist() == [0, 1, 1] + [0] * 37
    assert found[:39].sum() == 2  # of 39 it would be one: 1.95 is rounded down
    fewer = chosen_by_item(
        50_000,
        institution=np.zeros(39, np.int64),
        eligible=eligible[:39],
        excess=np.array([500, 900, 500] + [0] * 36),
        case=np.arange(39),
    )
    assert fewer.tolist() == [0, 1] + [0] * 37


ZEROS = np.zeros(2, np.int64)
PAIR = np.arange(2)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: OutlierBand("x", 0, (), 0, ONE), InputError,
         "band 'x' names no level; name those that it is for: tertiary, secondary, level_1, primary, ungraded"),
        (lambda: OutlierBand("x", 0, LEVELS, 1, ONE, 0), InputError, "band 'x': low_of is 0, allowed is 1 to 100"),
        (lambda: OutlierBand("x", 0, LEVELS, 3 * ONE, ONE, 3), InputError,
         "band 'x': the high limit must lie above the low one"),
        (lambda: OutlierBand("x", 0, LEVELS, 0, 100 * ONE + 1), InputError,
         "band 'x': a high limit of more than 100 times the mean cannot be meant"),
        (lambda: check_bands(PROVINCE[1:]), InputError,
         "bands: level tertiary has no band from 0; every level needs limits from 0 on"),
        (lambda: check_bands((*PROVINCE, PROVINCE[2])), InputError,
         "bands: level tertiary has two bands from one edge, '高' among them"),
        (lambda: chosen_by_item(-1, institution=ZEROS, eligible=ZEROS, excess=ZEROS, case=PAIR), InputError,
         "most_share is -1, allowed is 0 to 1000000 per million"),
        (lambda: chosen_by_item(1, institution=ZEROS, eligible=ZEROS, excess=ZEROS, case=ZEROS), InputError,
         "a case stands twice; ranks of case ids must differ, or ties cannot be broken"),
        (lambda: chosen_by_item(1, institution=ZEROS, eligible=ZEROS + 2, excess=ZEROS, case=PAIR), InputError,
         "high outliers: row 0: eligible is 2, allowed is 0 to 1; correct it, and leave reversals out with their "
         "cases"),
        (lambda: chosen_by_item(1, institution=PAIR - 1, eligible=ZEROS, excess=ZEROS, case=PAIR), InputError,
         "high outliers: row 0: institution is -1, allowed is 0 to 1000000000000; correct it, and leave reversals "
         "out with their cases"),
        (lambda: chosen_by_item(1, institution=ZEROS[:1], eligible=ZEROS, excess=ZEROS, case=PAIR), AmountError,
         "columns must be of one length, got 1 and 2 rows"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
