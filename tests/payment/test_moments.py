"""Exact sums over blocks, and what is made of them: against plain Python, on every path and across pieces."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import InputError
from mipolicy.payment import moments
from mipolicy.payment.moments import Moments, as_rate, block_sums, explained, root, sum_of_ratios

many = settings(max_examples=100, deadline=None)

rows = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.integers(0, 1_000), st.integers(10**11, 10**12)),
        st.one_of(st.integers(0, 3), st.just(10**8)),
    ),
    min_size=1,
    max_size=30,
)


@many
@given(rows, st.sampled_from((1, 3, 1 << 15)))
def test_sums_over_blocks_are_those_of_python(cases: list[tuple[int, int, int]], piece: int) -> None:
    """Small costs, dear ones, and so many cases of dear ones that no word holds their squares."""
    cases = sorted(cases)
    block, cost, count = (np.array(each, np.int64) for each in zip(*cases, strict=True))
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "_ROWS", piece)
        found = block_sums(cost, count, starts)
    held = [[case for case in cases if case[0] == each] for each in sorted({case[0] for case in cases})]
    assert found[0] == [sum(n for _, _, n in each) for each in held]
    assert found[1] == [sum(c * n for _, c, n in each) for each in held]
    assert found[2] == [sum(c * c * n for _, c, n in each) for each in held]
    assert all(type(figure) is int for each in found for figure in each)


def test_sums_of_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert block_sums(none, none, none) == ([], [], [])


@many
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(1, 50)), max_size=20))
def test_a_sum_of_ratios_is_exact(ratios: list[tuple[int, int]]) -> None:
    expected = sum((Fraction(*each) for each in ratios), start=Fraction(0))
    assert sum_of_ratios([top for top, _ in ratios], [bottom for _, bottom in ratios]) == expected


@many
@given(st.integers(0, 10**30), st.integers(1, 10**20))
def test_a_root_is_rounded_half_up(numerator: int, denominator: int) -> None:
    """The root r of 10^8 x the ratio: (2r - 1)² <= 4 x 10^8 x ratio < (2r + 1)²."""
    found = root(numerator, denominator)
    scaled = Fraction(4 * 10**8 * numerator, denominator)
    assert (2 * found + 1) ** 2 > scaled
    assert found == 0 or (2 * found - 1) ** 2 <= scaled
    assert root(found**2, 10**8) == found == isqrt(found**2)


@many
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=10), st.lists(st.integers(0, 10**12), max_size=10))
def test_moments_merge(one: list[int], two: list[int]) -> None:
    assert Moments.of(one) + Moments.of(two) == Moments.of(one + two)


@pytest.mark.parametrize(("limit", "side"), [(4_999, 1), (5_000, 0), (5_001, -1)])
def test_the_exact_cv_against_a_limit(limit: int, side: int) -> None:
    assert Moments.of([1, 3]).cv_against(limit, "cases") == side


def test_a_cv_that_rounds_onto_the_limit_does_not_lie_on_it() -> None:
    """Costs 1 and 2 about 1.5: a third, 3,333.33 per ten thousand."""
    found = Moments.of([1, 2])
    assert found.cv("cases") == 3_333
    assert found.cv_against(3_333, "cases") == 1


def test_groups_that_are_alike_explain_nothing_and_single_cases_all() -> None:
    assert explained([Moments.of([1, 2]), Moments.of([1, 2])]) == 0
    assert explained([Moments.of([1]), Moments.of([2]), Moments(0, 0, 0)]) == 1
    assert as_rate(Fraction(2, 3)) == 666_667


def test_messages() -> None:
    with pytest.raises(InputError) as caught:
        Moments(0, 0, 0).cv("cases")
    assert str(caught.value) == "0 cases that cost 0 fen in all have no coefficient of variation"
    with pytest.raises(InputError) as caught:
        explained([])
    assert str(caught.value) == "0 cases without any variance of cost: no share of it can be explained"
