"""Sides of a limit: a figure below, at and above it, as ints, columns and traces."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mipolicy.payment.sides import ABOVE, BELOW, is_past, lies_past, nearest
from mipolicy.traced import Leaf, Traced

NEAR = (4, 5, 6)


@pytest.mark.parametrize(
    ("side", "expected"),
    [("below", [1, 0, 0]), ("at_or_below", [1, 1, 0]), ("above", [0, 0, 1]), ("at_or_above", [0, 1, 1])],
)
def test_a_figure_below_at_and_above_its_limit(side: str, expected: list[int]) -> None:
    assert side in (*BELOW, *ABOVE)
    assert [is_past(side, figure, 5) for figure in NEAR] == expected
    assert is_past(side, np.array(NEAR), 5).tolist() == expected
    assert is_past(side, np.array(NEAR), np.array([5, 5, 5])).tolist() == expected
    assert [int(is_past(side, Traced(figure, leaf=LEAF), 5)) for figure in NEAR] == expected
    assert [lies_past(side, Fraction(figure, 3), Fraction(5, 3)) for figure in NEAR] == list(map(bool, expected))
    assert lies_past(side, np.array(NEAR, object), np.array([5, 5, 5], object)).tolist() == list(map(bool, expected))


LEAF = Leaf("input", "figure", "count", "", "")


@pytest.mark.parametrize("side", [*BELOW, *ABOVE])
@pytest.mark.parametrize("divisor", [1, 3, 10])
def test_the_figure_next_to_a_limit_does_not_count_and_the_one_beyond_it_does(side: str, divisor: int) -> None:
    beyond = -1 if side in BELOW else 1
    limits = np.arange(60)
    column = nearest(side, limits, divisor)
    for limit, found in zip(limits.tolist(), column.tolist(), strict=True):
        assert found == nearest(side, limit, divisor)
        assert not lies_past(side, found, Fraction(limit, divisor))
        assert lies_past(side, found + beyond, Fraction(limit, divisor))
