"""What a type checker sees: int for int and Column for columns, in the words and in a body written once for both.

`mypy --strict` reads this file: each `assert_type` must hold, and each ``type: ignore`` must be needed, so a word that
began to take floats would fail the check.  The tests run the same lines.
"""

from __future__ import annotations

from typing import Generic, assert_type

import numpy as np
import pytest
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.errors import AmountError
from mipolicy.money import A, Column, Factor, Fen, Points, Rate, factor, fen_column, points, rate, yuan
from mipolicy.tables import Axis, Bands, Table
from mipolicy.vocabulary import (
    all_of,
    any_of,
    banded,
    beyond,
    capped,
    half_up,
    is_over,
    is_same,
    lookup,
    mul_div,
    none_of,
    pick,
    remaining,
    share,
    split,
)

LEVEL = Axis("level", ("high", "low"), ("高", "低"), ("high", "low"))
DEDUCTIBLE = Table((LEVEL,), (80_000, 30_000))
BANDS = Bands((0, 100_000), (Table((LEVEL,), (500_000, 600_000)), Table((LEVEL,), (700_000, 800_000))))


@frozen
class Visit(Generic[A]):
    amount: A
    level: A
    used: A


@frozen
class Outcome(Generic[A]):
    taken: A
    payable: A
    flat: A
    stepped: A
    large: A
    paid: A


def settle(visit: Visit[A]) -> Outcome[A]:
    """Every word once, over the constrained variable: checked for both forms."""
    due = remaining(lookup(DEDUCTIBLE, visit.level), visit.used)
    taken = capped(due, visit.amount)
    payable = visit.amount - taken
    flat = share(payable, 550_000)
    stepped = banded(payable, BANDS, visit.level, start=visit.used, addition=50_000)
    large = all_of(is_over(payable, 100_000), any_of(none_of(taken), is_same(visit.level, 0)))
    paid = pick(large, stepped, flat) + half_up(beyond(payable, 200_000), 100) + mul_div(payable, 3, 1_000)
    return Outcome(taken, payable, flat, stepped, large, paid)


def column(*values: int) -> Column:
    return fen_column(list(values), "values")


def test_a_body_over_the_variable_gives_int_for_int_and_column_for_columns() -> None:
    one = settle(Visit(150_000, 0, 20_000))
    assert_type(one, Outcome[int])
    assert_type(one.paid, int)
    many = settle(Visit(column(150_000, 150_000), column(0, 0), column(20_000, 20_000)))
    assert_type(many, Outcome[Column])
    assert_type(many.paid, Column)
    # due 80,000 - 20,000 = 60,000; payable 90,000; 80,000 at 55% and 10,000 at 75%; 3 per mille of 90,000
    assert (one.taken, one.payable, one.flat, one.stepped) == (60_000, 90_000, 49_500, 51_500)
    assert (one.large, one.paid) == (0, 49_500 + 270)
    assert many.paid.tolist() == [one.paid, one.paid]


def test_the_words_in_every_form() -> None:
    some = column(1, 2)
    assert_type(half_up(5, 2), int)
    assert_type(half_up(some, 2), Column)
    assert_type(half_up(5, some), Column)
    assert_type(share(5, 2), int)
    assert_type(share(some, some), Column)
    assert_type(share(5, some), Column)
    assert_type(beyond(5, 2), int)
    assert_type(beyond(some, 2), Column)
    assert_type(beyond(5, some), Column)
    assert_type(remaining(5, 2), int)
    assert_type(remaining(some, 2), Column)
    assert_type(remaining(5, some), Column)
    assert_type(capped(5, 2), int)
    assert_type(capped(some, 2), Column)
    assert_type(capped(5, some), Column)
    assert_type(is_over(5, 2), int)
    assert_type(is_over(5, some), Column)
    assert_type(is_same(5, 2), int)
    assert_type(is_same(some, 5), Column)
    assert_type(pick(1, 2, 3), int)
    assert_type(pick(some, 2, 3), Column)
    assert_type(pick(some, some, 3), Column)
    assert_type(pick(1, some, 3), Column)
    assert_type(pick(1, 2, some), Column)
    assert_type(all_of(1, 0), int)
    assert_type(all_of(some, some), Column)
    assert_type(any_of(1, 0), int)
    assert_type(any_of(some, some), Column)
    assert_type(none_of(1), int)
    assert_type(none_of(some), Column)
    assert_type(lookup(DEDUCTIBLE, 1), int)
    assert_type(lookup(DEDUCTIBLE, column(0, 1)), Column)
    assert_type(banded(5, BANDS, 1), int)
    assert_type(banded(some, BANDS, column(0, 1), start=some, addition=7), Column)
    assert_type(mul_div(5, 2, 3), int)
    assert_type(mul_div(some, 2, 3), Column)
    assert_type(mul_div(5, some, 3), Column)
    assert_type(mul_div(5, 2, some), Column)
    assert_type(split(5, [1, 2]), list[int])
    assert_type(split(5, some), list[int])


def test_money_rates_factors_and_points_are_types_of_their_own() -> None:
    assert_type(yuan("1.23"), Fen)
    assert_type(rate("55%"), Rate)
    assert_type(factor("1.03"), Factor)
    assert_type(points("1.5"), Points)
    assert_type(fen_column([1], "a"), Column)
    wrong: Rate = yuan("1")  # type: ignore[assignment]  # money is no rate
    assert wrong == 100


def test_a_checker_refuses_floats_text_and_mixtures_before_they_run() -> None:
    floats: NDArray[np.float64] = np.array([0.5])
    with pytest.raises(AmountError):
        share(12.5, 550_000)  # type: ignore[call-overload]
    with pytest.raises(AmountError):
        share(floats, 550_000)  # type: ignore[arg-type]
    with pytest.raises(AmountError):
        capped("5", 3)  # type: ignore[call-overload]
    with pytest.raises(AmountError):
        mul_div(5, 2, 0.5)  # type: ignore[call-overload]
    with pytest.raises(AmountError):
        lookup(DEDUCTIBLE, 1.0)  # type: ignore[call-overload]
    with pytest.raises(AmountError):
        split(5.0, [1])  # type: ignore[arg-type]
    with pytest.raises(AmountError):
        yuan(0.1)  # type: ignore[arg-type]
    mixed = Visit(column(5), 1, 0)  # type: ignore[type-var]  # one visit is all ints or all columns
    assert mixed.level == 1
