"""The words of policy: one amount, a column and exact fractions must agree, and what cannot be proven is refused.

The oracle is `Fraction`, rounded by `nearest` as the word is defined: to the nearest whole number, ties away from zero.
"""

from __future__ import annotations

import doctest
import math
import random
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mipolicy import vocabulary
from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN, RATE_ONE
from mipolicy.rounding import least_of, reach_of, uniform
from mipolicy.tables import Axis, Bands, Table
from mipolicy.traced import Leaf, Traced
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

INT64 = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([-(2**63), -(2**63) + 1, 2**63 - 1, -(2**62), 2**62, -1, 0, 1, 2**53, 2**53 + 1, -(2**53) - 1]),
)
SMALL = st.integers(-20, 20)
FEN = st.one_of(
    st.integers(-(10**12), 10**12),
    st.sampled_from([0, 1, -1, 10**12, -(10**12), 10**12 - 1, 1 - 10**12]),
    SMALL,
)
AMOUNT = FEN.map(abs)
RATES = st.one_of(
    st.integers(0, 10**6),
    st.sampled_from([0, 1, 500_000, 10**6, 10**6 - 1, 250_000, 125_000, 5, 50, 550_000, 333_333]),
)
FLAGS = st.sampled_from([0, 1, 0, 1, 2, -1])

LEVEL = Axis("level", ("a", "b", "c"), ("甲", "乙", "丙"), ("a", "b", "c"))
STATUS = Axis("status", ("x", "y"), ("子", "丑"), ("x", "y"))
BY_PLACE = Table((LEVEL, STATUS), (10, 11, 20, 21, 30, 31))
SAME = Table.same(5, LEVEL, STATUS)
FLAT = Bands.flat(((0, 500_000), (1_000, 600_000), (50_001, 750_000)))
BANDS = Bands(
    (0, 333, 10_000),
    tuple(Table((LEVEL, STATUS), tuple(base + 10_000 * at for at in range(6))) for base in (100_000, 333_333, 949_999)),
)
EDGES = (0, 333, 10_000)


def column(*values: int) -> Any:
    return np.array(values, np.int64)


def nearest(value: Fraction) -> int:
    """To the nearest whole number, ties away from zero."""
    size = math.floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(AmountError) as caught:
        call()
    return str(caught.value)


def outcome(call: Callable[..., Any], *args: Any) -> Any:
    """The ints that a word gives, or None where it refuses."""
    try:
        found = call(*args)
    except AmountError:
        return None
    if isinstance(found, np.ndarray):
        assert type(found) is np.ndarray
        assert found.dtype == np.int64
        return found.tolist()
    assert type(found) is int
    return found


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(vocabulary).failed == 0


def test_every_word_is_public_and_tested_here() -> None:
    assert set(vocabulary.__all__) == {*WORDS, "lookup", "banded", "split", "all_of", "any_of", "none_of"}


# ------------------------------------------------------------------------- the words of two and three figures

WORDS: dict[str, tuple[Callable[..., Any], Callable[..., int]]] = {
    "half_up": (half_up, lambda n, d: nearest(Fraction(n, d))),
    "share": (share, lambda amount, rate: nearest(Fraction(amount * rate, 10**6))),
    "beyond": (beyond, lambda amount, threshold: amount - threshold if amount > threshold else 0),
    "remaining": (remaining, lambda limit, used: limit if limit == 10**12 else max(0, limit - used)),
    "capped": (capped, lambda amount, limit: limit if amount > limit else amount),
    "pick": (pick, lambda condition, yes, no: no if condition == 0 else yes),
    "is_over": (is_over, lambda left, right: 1 if left > right else 0),
    "is_same": (is_same, lambda left, right: 1 if left == right else 0),
    "mul_div": (mul_div, lambda a, b, c: nearest(Fraction(a * b, c))),
}
FIGURES: dict[str, tuple[st.SearchStrategy[int], ...]] = {
    "half_up": (st.one_of(FEN, INT64), st.one_of(SMALL, st.sampled_from([100, -100, 10**6, 7, 10**12]))),
    "share": (FEN, RATES),
    "beyond": (FEN, FEN),
    "remaining": (FEN, FEN),
    "capped": (INT64, INT64),
    "pick": (FLAGS, INT64, INT64),
    "is_over": (INT64, INT64),
    "is_same": (st.one_of(SMALL, INT64), st.one_of(SMALL, INT64)),
    "mul_div": (FEN, st.one_of(SMALL, st.integers(-9 * 10**6, 9 * 10**6)), st.one_of(SMALL, st.integers(1, 10**9))),
}
DIVIDES = {"half_up", "mul_div"}


@pytest.mark.parametrize("name", WORDS)
@given(data=st.data())
def test_one_amount_a_column_and_the_fraction_agree(name: str, data: st.DataObject) -> None:
    word, oracle = WORDS[name]
    rows = data.draw(st.lists(st.tuples(*FIGURES[name]), max_size=12))
    if name in DIVIDES:
        rows = [row for row in rows if row[-1] != 0]
    expected = [oracle(*row) for row in rows]
    assert [outcome(word, *row) for row in rows] == expected
    columns = [column(*values) for values in zip(*rows, strict=True)] or [column() for _ in FIGURES[name]]
    kept = [each.copy() for each in columns]
    if all(-(2**63) <= figure < 2**63 for figure in expected):
        assert outcome(word, *columns) == expected
    else:
        assert outcome(word, *columns) is None
    assert all((each == before).all() for each, before in zip(columns, kept, strict=True))


@pytest.mark.parametrize("name", WORDS)
@given(data=st.data())
def test_ints_and_columns_mix_in_every_place(name: str, data: st.DataObject) -> None:
    word, oracle = WORDS[name]
    figures = FIGURES[name]
    single = [data.draw(each) for each in figures]
    rows = data.draw(st.integers(0, 5))
    many = [data.draw(st.lists(each, min_size=rows, max_size=rows)) for each in figures]
    if name in DIVIDES:
        assume(single[-1] != 0 and 0 not in many[-1])
    for mixed in product((False, True), repeat=len(figures)):
        if not any(mixed):
            continue
        args = [column(*many[at]) if is_column else single[at] for at, is_column in enumerate(mixed)]
        each_row = [
            [many[at][row] if is_column else single[at] for at, is_column in enumerate(mixed)] for row in range(rows)
        ]
        expected = [oracle(*row) for row in each_row]
        if all(-(2**63) <= figure < 2**63 for figure in expected):
            assert outcome(word, *args) == expected
        else:
            assert outcome(word, *args) is None


@pytest.mark.parametrize("name", WORDS)
@given(data=st.data())
def test_over_all_of_int64_a_column_is_exact_or_refused_and_never_wraps(name: str, data: st.DataObject) -> None:
    word, oracle = WORDS[name]
    rows = data.draw(st.lists(st.tuples(*(INT64 for _ in FIGURES[name])), min_size=1, max_size=4))
    if name in DIVIDES:
        assume(all(row[-1] != 0 for row in rows))
    expected = [oracle(*row) for row in rows]
    assert [outcome(word, *row) for row in rows] == expected
    found = outcome(word, *(column(*values) for values in zip(*rows, strict=True)))
    assert found in (None, expected)
    if name not in ("share", "mul_div"):  # these two also refuse what they cannot prove
        assert (found is None) == (not all(-(2**63) <= figure < 2**63 for figure in expected))


@pytest.mark.parametrize("name", WORDS)
def test_empty_columns(name: str) -> None:
    word, _ = WORDS[name]
    assert outcome(word, *(column() for _ in FIGURES[name])) == []


@pytest.mark.parametrize("name", WORDS)
def test_columns_may_be_views_and_read_only(name: str) -> None:
    word, oracle = WORDS[name]
    wide = [np.arange(start, start + 8, dtype=np.int64) for start in range(1, len(FIGURES[name]) + 1)]
    for each in wide:
        each.flags.writeable = False
    args = [each[::-2] for each in wide]
    assert outcome(word, *args) == [oracle(*map(int, row)) for row in zip(*args, strict=True)]


ALL_WORDS: dict[str, tuple[Callable[..., Any], int]] = {
    **{name: (word, len(FIGURES[name])) for name, (word, _) in WORDS.items()},
    "all_of": (all_of, 2),
    "any_of": (any_of, 2),
    "none_of": (none_of, 1),
    "lookup": (lambda *codes: lookup(BY_PLACE, *codes), 2),
    "banded": (lambda amount, place: banded(amount, BANDS, place, place), 2),
    "banded start": (lambda amount, start: banded(amount, FLAT, start=start), 2),
    "banded addition": (lambda amount, addition: banded(amount, FLAT, addition=addition), 2),
}
MASKED: Any = np.ma.masked_array(np.array([1]), mask=True)
NO_AMOUNT = "an amount must be int or an int64 column, got "


@pytest.mark.parametrize("name", ALL_WORDS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (1.0, NO_AMOUNT + "float 1.0"),
        (float("nan"), NO_AMOUNT + "float nan"),
        (True, NO_AMOUNT + "bool True"),
        (None, NO_AMOUNT + "NoneType None"),
        ("1", NO_AMOUNT + "str '1'"),
        (Decimal(1), NO_AMOUNT + "Decimal Decimal('1')"),
        (Fraction(1), NO_AMOUNT + "Fraction Fraction(1, 1)"),
        (np.int64(1), NO_AMOUNT + "int64 np.int64(1)"),
        ([1], NO_AMOUNT + "list [1]"),
        (MASKED, NO_AMOUNT + f"MaskedArray {MASKED!r}"),
        (np.array([1.0]), "a column must be int64, got float64"),
        (np.array([True]), "a column must be int64, got bool"),
        (np.array([1], np.int32), "a column must be int64, got int32"),
        (np.array([1], np.uint64), "a column must be int64, got uint64"),
        (np.array([1], ">i8"), "a column must be int64, got >i8"),
        (np.array([1], object), "a column must be int64, got object"),
        (np.array([1], "m8[s]"), "a column must be int64, got timedelta64[s]"),
        (np.array([[1]]), "a column has one dimension, got shape (1, 1)"),
        (np.array(1), "a column has one dimension, got shape ()"),
    ],
)
def test_every_word_refuses_what_is_no_amount(name: str, wrong: Any, message: str) -> None:
    word, arity = ALL_WORDS[name]
    for at in range(arity):
        for other in (1, column(1)):
            args = [wrong if place == at else other for place in range(arity)]
            assert refusal(lambda args=args: word(*args)) == message  # type: ignore[misc]


@pytest.mark.parametrize("name", [name for name, (_, arity) in ALL_WORDS.items() if arity > 1])
def test_columns_of_different_lengths_are_refused_and_never_stretched(name: str) -> None:
    word, arity = ALL_WORDS[name]
    for at in range(1, arity):
        args = [column(1) if place == at else column(1, 1, 1) for place in range(arity)]
        assert refusal(lambda args=args: word(*args)) == "columns must be of one length, got 3 and 1 rows"  # type: ignore[misc]


@pytest.mark.parametrize("name", [name for name, (_, arity) in ALL_WORDS.items() if arity > 1])
@pytest.mark.parametrize("wide", [2**63, -(2**63) - 1, 10**30])
def test_an_int_that_no_column_could_hold_is_refused_beside_one(name: str, wide: int) -> None:
    word, arity = ALL_WORDS[name]
    for at in range(arity):
        args = [wide if place == at else column(1) for place in range(arity)]
        assert refusal(lambda args=args: word(*args)) == f"{wide} is beyond int64 and cannot be used with a column"  # type: ignore[misc]


@given(st.integers(), st.integers())
def test_ints_are_exact_at_any_size(a: int, b: int) -> None:
    a, b = a * 10**30 + 1, b * 10**30
    assert capped(a, b) == min(a, b)
    assert beyond(a, b) == remaining(a, b) == max(Fraction(a) - b, 0)
    assert share(a, 500_000) == nearest(Fraction(a, 2))
    assert mul_div(a, a, 10**30) == nearest(Fraction(a * a, 10**30))


# ------------------------------------------------------------------------------------------ worked by hand


def test_half_up_by_hand() -> None:
    cases = [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (4, 2, 2), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0)]
    cases += [(1, 2, 1), (-1, 2, -1), (14, 10, 1), (15, 10, 2), (149, 100, 1), (7, 1, 7), (25, 10, 3), (35, 10, 4)]
    for numerator, denominator, expected in cases:
        assert half_up(numerator, denominator) == expected
        assert half_up(column(numerator), denominator).tolist() == [expected]
        assert half_up(numerator, column(denominator)).tolist() == [expected]


def test_half_up_at_the_ends_of_int64() -> None:
    ends = column(-(2**63), -(2**63) + 1, 2**63 - 1)
    assert half_up(ends, 1).tolist() == ends.tolist()
    assert half_up(ends, 2).tolist() == [-(2**62), -(2**62), 2**62]
    assert half_up(ends, 10**6).tolist() == [-9223372036855, -9223372036855, 9223372036855]
    assert half_up(ends, ends).tolist() == [1, 1, 1]
    assert half_up(ends[1:], -1).tolist() == [2**63 - 1, -(2**63) + 1]
    for minus_one in (-1, column(-1)):
        assert refusal(lambda by=minus_one: half_up(column(-(2**63)), by)) == (  # type: ignore[misc]
            "half_up: a quotient of 2**63 cannot be held in int64"
        )
    assert half_up(-(2**63), -1) == 2**63


@pytest.mark.parametrize("numerator", [5, column(5, 6)])
@pytest.mark.parametrize("denominator", [0, column(1, 0)])
def test_division_by_zero(numerator: Any, denominator: Any) -> None:
    assert refusal(lambda: half_up(numerator, denominator)) == "half_up: division by zero"
    assert refusal(lambda: mul_div(numerator, 2, denominator)) == "mul_div: division by zero"
    assert refusal(lambda: mul_div(2, numerator, denominator)) == "mul_div: division by zero"


def test_share_by_hand() -> None:
    amounts = column(1230, 1, 3, -1, -3, 0, 10**12, -(10**12))
    assert share(amounts, 500_000).tolist() == [615, 1, 2, -1, -2, 0, 5 * 10**11, -5 * 10**11]
    assert share(amounts, 550_000).tolist() == [677, 1, 2, -1, -2, 0, 55 * 10**10, -55 * 10**10]
    assert share(10**12, column(0, 10**6, 1)).tolist() == [0, 10**12, 10**6]


def test_share_refuses_columns_whose_product_could_pass_int64() -> None:
    assert refusal(lambda: share(column(5, -(10**13)), RATE_ONE - 1)) == (
        "share: amounts up to 10000000000000 at rates up to 999999 cannot be multiplied exactly in int64"
    )
    assert share(column(5, -(10**13)), RATE_ONE).tolist() == [5, -(10**13)]  # the whole of it needs no product
    assert refusal(lambda: share(column(2**62), column(3))) == (
        f"share: amounts up to {2**62} at rates up to 3 cannot be multiplied exactly in int64"
    )
    assert share(column(2**62 // 10**6), 10**6).tolist() == [2**62 // 10**6]
    assert share(column(10**12), 1_500_000).tolist() == [15 * 10**11]
    assert share(10**13, RATE_ONE) == 10**13


def test_beyond_and_remaining_refuse_a_difference_that_int64_cannot_hold() -> None:
    for word, name in ((beyond, "beyond"), (remaining, "remaining")):
        message = f"{name}: a difference of 2**63 or more cannot be held in int64"
        assert refusal(lambda word=word: word(column(0, 2**62), column(0, -(2**62)))) == message  # type: ignore[misc]
        assert refusal(lambda word=word: word(column(2**63 - 1), -1)) == message  # type: ignore[misc]
        assert word(column(2**62 - 1), -(2**62)).tolist() == [2**63 - 1]
        assert word(column(-(2**63)), 2**63 - 1).tolist() == [0]
        assert word(-(2**63), column(2**63 - 1)).tolist() == [0]


def test_no_limit_remains_no_limit_whatever_has_been_used() -> None:
    used = (0, 1, 5, 10**12, 2 * 10**12, -3)
    assert [remaining(MAX_FEN, each) for each in used] == [MAX_FEN] * 6
    assert remaining(MAX_FEN, column(*used)).tolist() == [MAX_FEN] * 6
    assert remaining(column(*(MAX_FEN for _ in used)), column(*used)).tolist() == [MAX_FEN] * 6
    assert remaining(column(MAX_FEN, MAX_FEN - 1, 5), 5).tolist() == [MAX_FEN, MAX_FEN - 6, 0]
    assert [remaining(MAX_FEN - 1, each) for each in used[:3]] == [MAX_FEN - 1, MAX_FEN - 2, MAX_FEN - 6]
    left = remaining(traced(MAX_FEN), 5)
    assert isinstance(left, Traced)
    assert left == int(MAX_FEN)
    assert left.word == "remaining"
    assert beyond(MAX_FEN, 5) == MAX_FEN - 5


def test_capped_and_pick_at_the_ends_of_int64() -> None:
    ends = column(-(2**63), 2**63 - 1)
    assert capped(ends, 2**63 - 1).tolist() == ends.tolist()
    assert capped(ends, -(2**63)).tolist() == [-(2**63)] * 2
    assert pick(column(1, 0), 2**63 - 1, -(2**63)).tolist() == [2**63 - 1, -(2**63)]
    assert pick(1, ends, 0).tolist() == ends.tolist()
    assert pick(0, ends, 7).tolist() == [7, 7]


# ---------------------------------------------------------------------------------------------------- flags


@given(st.lists(st.lists(FLAGS, min_size=3, max_size=3), max_size=8))
def test_flags(rows: list[list[int]]) -> None:
    every = [int(all(flag != 0 for flag in row)) for row in rows]
    some = [int(any(flag != 0 for flag in row)) for row in rows]
    assert [all_of(*row) for row in rows] == every
    assert [any_of(*row) for row in rows] == some
    columns = [column(*(row[at] for row in rows)) for at in range(3)]
    assert all_of(*columns).tolist() == every
    assert any_of(*columns).tolist() == some
    assert none_of(columns[0]).tolist() == [none_of(row[0]) for row in rows] == [int(row[0] == 0) for row in rows]
    for flag in (0, 1):
        assert all_of(flag, *columns).tolist() == [flag * each for each in every]
        assert any_of(columns[0], flag, columns[1], columns[2]).tolist() == [max(flag, each) for each in some]
    assert all_of(columns[0]).dtype == any_of(columns[0]).dtype == none_of(columns[0]).dtype == np.int64


def test_flags_of_nothing() -> None:
    assert (all_of(), any_of()) == (1, 0)


# --------------------------------------------------------------------------------------------------- lookup


def test_lookup_by_hand() -> None:
    levels, statuses = column(0, 0, 1, 1, 2, 2), column(0, 1, 0, 1, 0, 1)
    assert lookup(BY_PLACE, levels, statuses).tolist() == [10, 11, 20, 21, 30, 31]
    assert [lookup(BY_PLACE, level, status) for level, status in product(range(3), range(2))] == [
        10,
        11,
        20,
        21,
        30,
        31,
    ]
    assert lookup(BY_PLACE, levels, 1).tolist() == [11, 11, 21, 21, 31, 31]
    assert lookup(BY_PLACE, 2, statuses).tolist() == [30, 31] * 3
    assert lookup(SAME, levels, statuses).tolist() == [5] * 6
    assert lookup(SAME, 2, statuses).tolist() == [5] * 6
    assert lookup(BY_PLACE, column(), column()).tolist() == []
    assert lookup(Table((), (7,))) == 7


@pytest.mark.parametrize("table", [BY_PLACE, SAME])
@pytest.mark.parametrize("code", [-1, 3, 2**62, -(2**63), 2**63 - 1])
def test_a_code_outside_its_axis_is_refused_in_both_forms(table: Table, code: int) -> None:
    outside = f"code {code} is outside level (0 to 2)"
    assert refusal(lambda: lookup(table, code, 0)) == f"lookup: {outside}"
    assert refusal(lambda: lookup(table, column(0, code, code), column(0, 0, 0))) == f"lookup: row 1: {outside}"
    assert refusal(lambda: lookup(table, column(0, code), 1)) == f"lookup: row 1: {outside}"
    assert refusal(lambda: lookup(table, code, column(0, 1))) == f"lookup: {outside}"


def test_the_second_code_is_checked_too() -> None:
    assert refusal(lambda: lookup(BY_PLACE, 0, 2)) == "lookup: code 2 is outside status (0 to 1)"
    assert refusal(lambda: lookup(BY_PLACE, column(0), column(2))) == "lookup: row 0: code 2 is outside status (0 to 1)"


def test_lookup_needs_one_code_per_axis() -> None:
    assert refusal(lambda: lookup(BY_PLACE, 0)) == "lookup: the table has 2 axes, got 1 codes"
    assert refusal(lambda: lookup(BY_PLACE, column(0))) == "lookup: the table has 2 axes, got 1 codes"
    assert refusal(lambda: lookup(BY_PLACE, 0, 0, 0)) == "lookup: the table has 2 axes, got 3 codes"


# --------------------------------------------------------------------------------------------------- banded


def by_bands(amount: int, edges: Sequence[int], rates: Sequence[int], start: int = 0, addition: int = 0) -> int:
    """Each band's stretch of [start, start + amount] at its rate, the rate between 0 and 100%; rounded once."""
    low, high = sorted((start, start + amount))
    total = Fraction(0)
    for lower, upper, rate in zip(edges, (*edges[1:], math.inf), rates, strict=True):
        stretch = max(0, min(high, upper) - max(low, lower))
        total += int(stretch) * Fraction(min(10**6, max(0, rate + addition)), 10**6)
    return nearest(total if amount >= 0 else -total)


def rates_of(level: int, status: int) -> list[int]:
    return [base + 10_000 * (level * 2 + status) for base in (100_000, 333_333, 949_999)]


def test_banded_by_hand() -> None:
    bands = Bands.flat(((0, 500_000), (100_000, 600_000), (300_000, 700_000)))
    # 1,000.00 at 50% + 2,000.00 at 60% + 1,000.01 at 70% = 500 + 1,200 + 700.007
    assert banded(400_001, bands) == 240_001
    assert banded(column(400_001, 100_000, 0), bands).tolist() == [240_001, 50_000, 0]
    # from 2,500.00 on: 500.00 at 60% + 500.00 at 70%
    assert banded(100_000, bands, start=250_000) == 65_000
    # five points more in every band, never more than all
    assert banded(100_000, bands, start=250_000, addition=50_000) == 70_000
    assert banded(100_000, bands, start=250_000, addition=400_000) == 100_000
    # taking back the last 500.00 of 3,200.00: 200.00 at 70% and 300.00 at 60%
    assert banded(-50_000, bands, start=320_000) == -32_000


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_every_boundary_and_one_fen_beside_it(edge: int, beside: int) -> None:
    amount = edge + beside
    for level, status in product(range(3), range(2)):
        expected = by_bands(amount, EDGES, rates_of(level, status))
        if amount < 0:
            message = "banded: start + amount -1 is outside 0 to 2000000000000"
            assert refusal(lambda place=(level, status): banded(amount, BANDS, *place)) == message  # type: ignore[misc]
            continue
        assert banded(amount, BANDS, level, status) == expected
        assert banded(column(amount), BANDS, column(level), column(status)).tolist() == [expected]
        for start in (*range(332, 335), *range(9_999, 10_002)):
            expected = by_bands(amount, EDGES, rates_of(level, status), start)
            assert banded(amount, BANDS, level, status, start=start) == expected
            assert banded(column(amount), BANDS, column(level), column(status), start=start).tolist() == [expected]


BANDED = st.tuples(
    st.one_of(AMOUNT, st.sampled_from([0, 1, 332, 333, 334, 9_999, 10_000, 10_001]), FEN),
    st.integers(0, 2),
    st.integers(0, 1),
    st.one_of(st.just(0), AMOUNT, st.sampled_from([1, 332, 333, 334, 9_999, 10_000, 10_001])),
    st.one_of(
        st.just(0), st.sampled_from([50_000, 1, -1, -50_000, -(10**6), 10**6, 10**12]), st.integers(-(10**7), 10**7)
    ),
)


@given(st.lists(BANDED.filter(lambda row: row[0] + row[3] >= 0), max_size=8))
def test_banded_agrees_with_the_fraction_in_every_form(rows: list[tuple[int, int, int, int, int]]) -> None:
    expected = [
        by_bands(amount, EDGES, rates_of(level, status), start, more) for amount, level, status, start, more in rows
    ]
    found = [
        banded(amount, BANDS, level, status, start=start, addition=more) for amount, level, status, start, more in rows
    ]
    assert found == expected
    amounts, levels, statuses, starts, additions = (column(*(row[at] for row in rows)) for at in range(5))
    assert banded(amounts, BANDS, levels, statuses, start=starts, addition=additions).tolist() == expected


@given(BANDED, st.lists(st.booleans(), min_size=5, max_size=5))
def test_banded_mixes_ints_and_columns(row: tuple[int, int, int, int, int], mixed: list[bool]) -> None:
    assume(row[0] + row[3] >= 0 and any(mixed))
    amount, level, status, start, addition = row
    args: list[Any] = [
        column(figure, figure) if is_column else figure for figure, is_column in zip(row, mixed, strict=True)
    ]
    found: Any = banded(args[0], BANDS, args[1], args[2], start=args[3], addition=args[4])
    assert found.tolist() == [by_bands(amount, EDGES, rates_of(level, status), start, addition)] * 2


@given(AMOUNT, AMOUNT, st.integers(0, 2))
def test_bands_taken_in_two_parts_differ_by_no_more_than_their_roundings(first: int, second: int, level: int) -> None:
    assume(first + second <= MAX_FEN)
    whole = banded(first + second, BANDS, level, 0)
    parts = banded(first, BANDS, level, 0) + banded(second, BANDS, level, 0, start=first)
    assert abs(whole - parts) <= 1
    assert banded(-second, BANDS, level, 0, start=first + second) == -banded(second, BANDS, level, 0, start=first)


def test_bands_that_do_not_differ_by_code_need_no_codes_and_ignore_them() -> None:
    amounts = column(999, 1_000, 1_001, 50_001, 50_002)
    expected = [by_bands(int(amount), FLAT.edges, (500_000, 600_000, 750_000)) for amount in amounts]
    assert banded(amounts, FLAT).tolist() == expected
    assert banded(amounts, FLAT, column(0, 1, 2, 3, 4)).tolist() == expected
    found: Any = banded(1_001, FLAT, column(0, 1))
    assert found.tolist() == [expected[2]] * 2


def test_the_largest_amounts_on_the_scale() -> None:
    whole = by_bands(MAX_FEN, EDGES, rates_of(2, 1))
    assert banded(MAX_FEN, BANDS, 2, 1) == whole
    assert banded(column(MAX_FEN), BANDS, column(2), column(1)).tolist() == [whole]
    beyond_it = by_bands(MAX_FEN, EDGES, rates_of(2, 1), MAX_FEN)
    assert banded(MAX_FEN, BANDS, 2, 1, start=MAX_FEN) == beyond_it == nearest(Fraction(MAX_FEN * 999_999, 10**6))
    assert banded(column(MAX_FEN), BANDS, column(2), column(1), start=MAX_FEN).tolist() == [beyond_it]


@pytest.mark.parametrize(
    ("amount", "start", "addition", "message"),
    [
        (MAX_FEN + 1, 0, 0, f"banded: amount {10**12 + 1} is outside {-(10**12)} to {10**12}"),
        (-(2**63), 0, 0, f"banded: amount {-(2**63)} is outside {-(10**12)} to {10**12}"),
        (2**63 - 1, 0, 0, f"banded: amount {2**63 - 1} is outside {-(10**12)} to {10**12}"),
        (1, -1, 0, f"banded: start -1 is outside 0 to {10**12}"),
        (1, MAX_FEN + 1, 0, f"banded: start {10**12 + 1} is outside 0 to {10**12}"),
        (1, 2**63 - 1, 0, f"banded: start {2**63 - 1} is outside 0 to {10**12}"),
        (1, 0, 10**12 + 1, f"banded: addition {10**12 + 1} is outside {-(10**12)} to {10**12}"),
        (1, 0, -(2**63), f"banded: addition {-(2**63)} is outside {-(10**12)} to {10**12}"),
        (-1, 0, 0, f"banded: start + amount -1 is outside 0 to {2 * 10**12}"),
        (-6, 5, 0, f"banded: start + amount -1 is outside 0 to {2 * 10**12}"),
    ],
)
def test_an_amount_that_leaves_the_scale_is_refused_in_both_forms(
    amount: int, start: int, addition: int, message: str
) -> None:
    assert refusal(lambda: banded(amount, FLAT, start=start, addition=addition)) == message
    columns = [column(0, figure) for figure in (amount, addition)]
    starts = column(max(0, min(start, 9)), start)
    assert refusal(lambda: banded(columns[0], FLAT, start=starts, addition=columns[1])) == message
    assert refusal(lambda: banded(column(amount), FLAT, start=start, addition=addition)) == message


def test_banded_checks_codes_like_lookup() -> None:
    assert refusal(lambda: banded(5, BANDS, 3, 0)) == "lookup: code 3 is outside level (0 to 2)"
    assert refusal(lambda: banded(column(5), BANDS, column(0), column(-1))) == (
        "lookup: row 0: code -1 is outside status (0 to 1)"
    )
    assert refusal(lambda: banded(5, BANDS, 0)) == "lookup: the table has 2 axes, got 1 codes"
    one_rate = Bands((0,), (Table.same(500_000, LEVEL),))
    assert refusal(lambda: banded(column(5), one_rate, column(7))) == "lookup: row 0: code 7 is outside level (0 to 2)"


# -------------------------------------------------------------------------------------------------- mul_div


def rounded(numerator: int, denominator: int) -> int:
    """Half up, ties away from zero, with Python's own floor division of magnitudes."""
    size = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return -size if (numerator < 0) != (denominator < 0) else size


def test_the_integer_oracle_is_the_fraction_oracle() -> None:
    for numerator in range(-50, 51):
        for denominator in (*range(-9, 0), *range(1, 10)):
            assert rounded(numerator, denominator) == nearest(Fraction(numerator, denominator))


def hard_cases(rng: random.Random, count: int) -> Iterable[tuple[int, int, int]]:
    """a x b / c at an exact half, one unit beside it, at whole numbers, and anywhere; mostly beyond int64."""
    for at in range(count):
        d = rng.getrandbits(rng.randint(1, 58)) | 1
        m = rng.getrandbits(rng.randint(1, 20)) | 1
        a = rng.getrandbits(rng.randint(1, 29)) | 1
        b, c = d * m, 2 * d
        if b >= 2**63:
            b = d
        kind = at % 6
        if kind == 1:
            c = max(1, c + rng.choice((-1, 1)))
        elif kind == 2:
            b = min(b + 1, 2**63 - 1)
        elif kind == 3:
            a += rng.choice((-1, 1))
        elif kind == 4:
            a, b, c = rng.getrandbits(49), rng.getrandbits(59) + 1, rng.getrandbits(59) + 2**58
        elif kind == 5:
            a, b, c = rng.getrandbits(63), rng.getrandbits(40), rng.getrandbits(54) + 2**58
        if abs(a * b) >= c * 2**49:
            a = max(1, c * 2**49 // b // 2)
        yield rng.choice((-1, 1)) * a, rng.choice((-1, 1)) * b, rng.choice((-1, 1)) * c


@pytest.mark.parametrize("seed", range(4))
def test_mul_div_in_hundreds_of_thousands_of_ties_and_near_ties(seed: int) -> None:
    rows = list(hard_cases(random.Random(seed), 120_000))
    a, b, c = (column(*(row[at] for row in rows)) for at in range(3))
    expected = [rounded(left * right, divisor) for left, right, divisor in rows]
    assert sum(left * right * 2 % divisor == 0 for left, right, divisor in rows) > 15_000
    assert sum(abs(left * right) >= 2**63 for left, right, _ in rows) > 30_000
    assert mul_div(a, b, c).tolist() == expected


@given(st.integers(0, 2**49), st.integers(1, 2**59), st.sampled_from([-1, 0, 1]), st.sampled_from([1, -1]))
@example(2**49, 2**59, 0, -1)
def test_mul_div_at_and_beside_an_exact_half(whole: int, half: int, beside: int, sign: int) -> None:
    """(whole + 1/2) x 2 half / (2 half), moved by one unit of the divisor."""
    divisor = 2 * half - 1 if half == 2**59 else 2 * half
    a, b, c = sign * (2 * whole + 1), half, divisor + (beside if divisor > 1 else 0)
    expected = nearest(Fraction(a * b, c))
    assert mul_div(a, b, c) == expected
    found = outcome(mul_div, column(a), column(b), column(c))
    assert found == [expected] if c < 2**60 and abs(expected) < 2**50 - 1 else found in (None, [expected])


def test_mul_div_at_the_ends_of_int64() -> None:
    low, high = -(2**63), 2**63 - 1
    assert mul_div(column(low, low, high), column(1, 3, 5), column(2**58, 2**59, 2**58)).tolist() == [-32, -48, 160]
    assert mul_div(column(low), 1, column(2**59)).tolist() == [-16]
    assert mul_div(column(2**40), column(low), column(-(2**59))).tolist() == [2**44]
    assert mul_div(column(high), 0, column(low)).tolist() == [0]


@pytest.mark.parametrize(
    ("a", "b", "c", "message"),
    [
        (2**40, 2**40, 2**60, "mul_div: a divisor of 2**60 or more cannot be proven exact"),
        (2**40, 2**40, -(2**63), "mul_div: a divisor of 2**60 or more cannot be proven exact"),
        (2**40, 2**40, 2**30, "mul_div: a quotient of 2**50 or more cannot be proven exact"),
        (-(2**63), -(2**63), 1, "mul_div: a quotient of 2**50 or more cannot be proven exact"),
        (-(2**63), 1, 1, "mul_div: a quotient of 2**50 or more cannot be proven exact"),
    ],
)
def test_mul_div_refuses_what_it_cannot_prove(a: int, b: int, c: int, message: str) -> None:
    assert refusal(lambda: mul_div(column(1, a), column(1, b), column(1, c))) == message
    assert mul_div(a, b, c) == nearest(Fraction(a * b, c))


def test_mul_div_divides_a_product_that_fits_whatever_its_quotient() -> None:
    assert mul_div(column(2**62, 2**50), 1, 1).tolist() == [2**62, 2**50]
    assert mul_div(column(2**31), 2**30, column(2**61)).tolist() == [1]
    assert mul_div(3, 5, column(2, -2, 4)).tolist() == [8, -8, 4]
    assert mul_div(10**10, 10**10, column(10**15)).tolist() == [10**5]


@given(INT64, INT64, INT64.filter(bool))
def test_mul_div_does_not_mind_the_order_of_the_factors(a: int, b: int, c: int) -> None:
    args = column(a), column(b), column(c)
    assert outcome(mul_div, *args) == outcome(mul_div, args[1], args[0], args[2])


# ---------------------------------------------------------------------------------------------------- split


def by_largest_remainder(total: int, weights: Sequence[int], codes: Sequence[str]) -> list[int]:
    """Whole parts first, then one more to each of the largest remainders, equal ones in the order of their codes."""
    sign = -1 if total < 0 else 1
    exact_parts = [Fraction(abs(total) * weight, sum(weights)) for weight in weights]
    parts = [math.floor(part) for part in exact_parts]
    left = abs(total) - sum(parts)
    by_rest = sorted(range(len(weights)), key=lambda at: (parts[at] - exact_parts[at], codes[at], at))
    for at in by_rest[:left]:
        parts[at] += 1
    return [sign * part for part in parts]


WEIGHTS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 10**15)), min_size=1, max_size=8).filter(any)


@given(st.one_of(SMALL, FEN, st.integers()), WEIGHTS, st.data())
def test_split_by_largest_remainder(total: int, weights: list[int], data: st.DataObject) -> None:
    codes = data.draw(
        st.lists(st.sampled_from(["A", "B", "C", "a", "é", "甲"]), min_size=len(weights), max_size=len(weights))
    )
    parts = split(total, weights, codes)
    assert parts == by_largest_remainder(total, weights, codes)
    assert sum(parts) == total
    assert all(
        abs(part - Fraction(total * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )
    assert split(total, weights) == by_largest_remainder(total, weights, [""] * len(weights))
    assert split(-total, weights, codes) == [-part for part in parts]


@given(st.integers(0, 50), st.lists(st.integers(0, 3), min_size=1, max_size=5).filter(any))
def test_with_distinct_codes_the_order_of_rows_does_not_matter(total: int, weights: list[int]) -> None:
    codes = [chr(ord("a") + at) for at in range(len(weights))]
    part_of = dict(zip(codes, split(total, weights, codes), strict=True))
    for order in permutations(range(len(weights))):
        parts = split(total, [weights[at] for at in order], [codes[at] for at in order])
        assert parts == [part_of[codes[at]] for at in order]


def test_split_by_hand() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(100, [1, 1, 1], ["c", "a", "b"]) == [33, 34, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(10, column(1, 2, 4)) == [1, 3, 6]
    assert split(0, [0, 0]) == [0, 0]
    assert split(0, []) == []
    assert split(5, [0, 1]) == [0, 5]


@pytest.mark.parametrize(
    ("total", "weights", "codes", "message"),
    [
        (5, [1, -1], None, "split: weights must not be negative, got -1"),
        (5, [0, 0], None, "split: 5 cannot be shared out over weights that are all 0"),
        (5, [], None, "split: 5 cannot be shared out over weights that are all 0"),
        (5, [1, 2], ["a"], "split: 2 weights but 1 codes"),
        (5, [0.5, 0.5], None, "split: an amount must be int, got float 0.5"),
        (5.0, [1], None, "split: an amount must be int, got float 5.0"),
        (True, [1], None, "split: an amount must be int, got bool True"),
        (5, [True], None, "split: an amount must be int, got bool True"),
        (5, np.array([0.5, 1.5]), None, "split: an amount must be int, got float 0.5"),
        (5, [None], None, "split: an amount must be int, got NoneType None"),
    ],
)
def test_what_split_refuses(total: Any, weights: Any, codes: list[str] | None, message: str) -> None:
    assert refusal(lambda: split(total, weights, codes)) == message


# --------------------------------------------------------------------------------------------------- traced


def traced(value: int, name: str = "x") -> Traced:
    return Traced(value, leaf=Leaf("input", name, "", "", "fen"))


@pytest.mark.parametrize(
    ("name", "word", "args"),
    [
        ("half_up", half_up, (5, 2)),
        ("share", share, (1230, 550_000)),
        ("beyond", beyond, (5, 9)),
        ("remaining", remaining, (9, 5)),
        ("capped", capped, (9, 5)),
        ("pick", pick, (1, 5, 9)),
        ("is_over", is_over, (9, 5)),
        ("is_same", is_same, (9, 9)),
        ("mul_div", mul_div, (10**20, 10**20, 3)),
        ("all_of", all_of, (1, 0, 1)),
        ("any_of", any_of, (0, 1)),
        ("none_of", none_of, (0,)),
    ],
)
def test_a_word_on_traced_amounts_gives_the_same_and_records_itself(
    name: str, word: Callable[..., int], args: tuple[int, ...]
) -> None:
    plain = word(*args)
    assert type(plain) is int
    for mask in product((False, True), repeat=len(args)):
        given_args = tuple(traced(arg) if is_traced else arg for arg, is_traced in zip(args, mask, strict=True))
        found = word(*given_args)
        assert found == plain
        if any(mask):
            assert isinstance(found, Traced)
            assert (found.word, found.args, found.leaf) == (name, given_args, None)
            assert all(kept is arg for kept, arg in zip(found.args, given_args, strict=True))
        else:
            assert type(found) is int


def test_a_traced_table_gives_the_figure_with_its_leaf() -> None:
    figures = tuple(traced(value, f"f{value}") for value in BY_PLACE.values)
    table = Table(BY_PLACE.axes, figures)
    assert table == BY_PLACE
    found = lookup(table, traced(1), 1)
    assert found is figures[3]
    assert lookup(table, column(1, 2), column(1, 0)).tolist() == [21, 30]
    assert type(lookup(BY_PLACE, traced(1), 1)) is int


def test_banded_on_traced_amounts_records_each_part() -> None:
    rates = tuple(traced(rate, f"r{rate}") for rate in (500_000, 600_000, 750_000))
    bands = Bands((0, 1_000, 50_001), tuple(Table((), (rate,)) for rate in rates))
    amount, start = traced(60_000), traced(500)
    found = banded(amount, bands, start=start)
    assert found == banded(60_000, FLAT, start=500) == by_bands(60_000, FLAT.edges, (500_000, 600_000, 750_000), 500)
    assert isinstance(found, Traced)
    assert (found.word, found.args) == ("banded", (amount, start))
    assert found.parts == ((0, 1_000, 500, 500_000), (1_000, 50_001, 49_001, 600_000), (50_001, None, 10_499, 750_000))
    assert [part[3] is rate for part, rate in zip(found.parts, rates, strict=True)] == [True] * 3


def test_banded_leaves_out_the_bands_it_does_not_reach_and_shows_the_rate_applied() -> None:
    addition = traced(50_000)
    found = banded(10, FLAT, start=995, addition=addition)
    assert found == by_bands(10, FLAT.edges, (500_000, 600_000, 750_000), 995, 50_000)
    assert isinstance(found, Traced)
    assert found.parts == ((0, 1_000, 5, 550_000), (1_000, 50_001, 5, 650_000))
    rate: Any = found.parts[0][3]
    assert (rate.word, rate.args[1]) == ("capped", 1_000_000)
    assert rate.args[0].word == "+"
    assert rate.args[0].args[1] is addition
    nothing = banded(traced(0), FLAT)
    assert isinstance(nothing, Traced)
    assert (nothing, nothing.parts) == (0, ())


def test_banded_of_a_traced_rate_alone_is_traced() -> None:
    bands = Bands((0,), (Table((), (traced(500_000),)),))
    assert isinstance(banded(5, bands), Traced)
    assert banded(5, bands) == 3


def test_split_of_a_traced_total_records_each_part() -> None:
    total = traced(100)
    parts = split(total, [1, 2])
    assert parts == [33, 67]
    assert all(isinstance(part, Traced) for part in parts)
    assert [(part.word, part.args) for part in parts if isinstance(part, Traced)] == [
        ("split", (total, 1, 3)),
        ("split", (total, 2, 3)),
    ]
    assert [type(part) for part in split(100, [1, 2])] == [int, int]


@given(AMOUNT, AMOUNT, AMOUNT, RATES, st.integers(0, 2), st.integers(0, 1), FLAGS)
def test_a_rule_body_gives_the_same_for_ints_columns_and_traced_amounts(
    amount: int, used: int, limit: int, rate: int, level: int, status: int, flag: int
) -> None:
    def rule(amount: Any, used: Any, limit: Any, rate: Any, level: Any, status: Any, flag: Any) -> Any:
        due = remaining(lookup(BY_PLACE, level, status), used)
        taken = capped(due, amount)
        payable = amount - taken
        flat = share(payable, rate)
        stepped = banded(payable, BANDS, level, status, addition=pick(flag, rate, 0))
        larger = pick(all_of(is_over(flat, stepped), none_of(flag)), flat, stepped)
        return capped(larger, remaining(limit, used)) + half_up(taken, 3)

    inputs = (amount, used, limit, rate, level, status, flag)
    plain = rule(*inputs)
    assert rule(*(traced(value) for value in inputs)) == plain
    assert rule(*(column(value, value) for value in inputs)).tolist() == [plain, plain]


# --------------------------------------------------------------------------------------------- columns of one figure

SMALL = st.integers(-5, 5)
TWO: list[Any] = [share, beyond, remaining, capped, is_over, is_same, all_of, any_of]


@given(st.sampled_from(TWO), SMALL, st.lists(SMALL, min_size=1, max_size=5), st.booleans(), st.booleans())
def test_a_column_of_one_figure_is_as_good_as_any(
    word: Any, one: int, others: list[int], first: bool, both: bool
) -> None:
    same, rest = uniform(one, len(others)), uniform(others[0], len(others)) if both else column(*others)
    left, right = (same, rest) if first else (rest, same)
    found = word(left, right)
    assert found.tolist() == [word(*map(int, pair)) for pair in zip(left, right, strict=True)]
    assert found.dtype == np.int64


@given(
    st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1, max_size=5), st.lists(st.booleans(), min_size=3, max_size=3)
)
def test_choices_among_columns_of_one_figure(rows: list[tuple[int, int, int]], one: list[bool]) -> None:
    columns = [
        uniform(rows[0][at], len(rows)) if is_one else column(*(row[at] for row in rows))
        for at, is_one in enumerate(one)
    ]
    by_row = zip(*(each.tolist() for each in columns), strict=True)
    assert pick(*columns).tolist() == [pick(*row) for row in by_row]
    assert none_of(columns[0]).tolist() == [none_of(flag) for flag in columns[0].tolist()]


@given(st.lists(st.tuples(FLAGS, INT64, INT64), min_size=1, max_size=5), INT64, INT64)
def test_a_choice_is_exact_at_any_size(rows: list[tuple[int, int, int]], yes: int, no: int) -> None:
    flags, first, other = (column(*(row[at] for row in rows)) for at in range(3))
    assert pick(flags, first, other).tolist() == [one if flag else two for flag, one, two in rows]
    assert pick(flags, yes, other).tolist() == [yes if flag else two for flag, _, two in rows]
    assert pick(flags, first, no).tolist() == [one if flag else no for flag, one, _ in rows]
    assert pick(flags, yes, no).tolist() == [yes if flag else no for flag, _, _ in rows]


def test_bounds_of_every_form() -> None:
    for value, least, reach in (
        (column(-5, 3), -5, (5, True)),
        (column(3, 7), 3, (7, False)),
        (column(-(2**63), 1), -(2**63), (2**63, True)),
        (column(), 0, (0, False)),
        (uniform(-4, 3), -4, (4, True)),
        (uniform(4, 0), 0, (0, False)),
        (-6, -6, (6, True)),
        (6, 6, (6, False)),
    ):
        assert (least_of(value), reach_of(value)) == (least, reach)
    assert uniform(7, 3).tolist() == [7, 7, 7]
    assert not uniform(7, 3).flags.writeable
