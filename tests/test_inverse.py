"""The inverse of `share` and `banded`: ints, columns and a literal search agree; what no amount reaches; errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.benefits.axes import HARDSHIP
from mipolicy.errors import AmountError
from mipolicy.inverse import least_banded, least_share
from mipolicy.money import MAX_FEN, NO_LIMIT
from mipolicy.tables import Bands, Table
from mipolicy.traced import Leaf, Traced
from mipolicy.vocabulary import banded, share
from tests.oracles.ladder import least, least_by_search
from tests.strategies import COMMON_RATES, amounts, rates

many = settings(max_examples=100, deadline=None)
UNREACHED = int(NO_LIMIT)
tied: st.SearchStrategy[int] = st.sampled_from((0, 1, 100_000, 125_000, 250_000, 333_333, 500_000, 750_000, 1_000_000))
"""Rates at which many small amounts end on half a fen."""


@st.composite
def bands(draw: st.DrawFn) -> Bands:
    """Bands with edges a few fen apart."""
    edges = (0, *sorted(draw(st.sets(st.integers(1, 60), max_size=3))))
    return Bands(edges, tuple(Table((), (draw(tied),)) for _ in edges))


def column(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, np.int64)


# -------------------------------------------------------------------------------------------------------------- share


@pytest.mark.parametrize(
    ("pay", "rate", "expected"),
    [
        (0, 0, 0),
        (0, 500_000, 0),
        (-5, 500_000, 0),
        (1, 0, UNREACHED),
        (1, 1_000_000, 1),
        (1, 500_000, 1),  # half a fen goes up
        (51, 500_000, 101),
        (2, 100_000, 15),
        (1, 1, 500_000),
        (270_000_00, 600_000, 450_000_00),  # a fen less is 269,999.994: down
        (int(MAX_FEN), 1_000_000, int(MAX_FEN)),
        (int(MAX_FEN), 999_999, UNREACHED),
    ],
)
def test_the_least_amount_of_a_share(pay: int, rate: int, expected: int) -> None:
    assert least_share(pay, rate) == expected
    assert least_share(column(pay), rate).tolist() == [expected]
    assert least_share(pay, column(rate, rate)).tolist() == [expected, expected]


@many
@given(st.integers(0, 80), st.one_of(tied, rates))
def test_a_share_by_literal_search(pay: int, rate: int) -> None:
    most = 2_000
    found = least_by_search(lambda amount: share(amount, rate), pay, most)
    got = least_share(pay, rate)
    assert got == found if found is not None else got > most
    assert least_share(column(pay, pay), column(rate, rate)).tolist() == [got, got]


@many
@given(amounts, rates)
def test_a_share_of_any_size(pay: int, rate: int) -> None:
    found = least(lambda amount: share(amount, rate), pay, UNREACHED)
    assert least_share(pay, rate) == (UNREACHED if found is None else found)
    assert least_share(column(pay), column(rate)).tolist() == [least_share(pay, rate)]


# -------------------------------------------------------------------------------------------------------------- bands


@pytest.mark.parametrize(
    ("pay", "start", "addition", "expected"),
    [
        (80_000, 0, 0, 150_000),  # 50% of 1,000 and 60% of 500
        (50_000, 0, 0, 99_999),  # 49,999.5 goes up
        (50_001, 0, 0, 100_001),  # 50,000.6 goes up
        (30_000, 100_000, 0, 50_000),  # 60% of 49,999 is 29,999.4, which goes down
        (40_000, 50_000, 0, 75_000),  # 25,000 up to the edge, 60% of 25,000 above it
        (60_000, 0, 100_000, 100_000),
        (60_000, 0, 2_000_000, 60_000),  # past the whole: all of it
        (1, 0, -1_000_000, UNREACHED),
        (0, 7, 0, 0),
        (-1, 0, 0, 0),
        (int(MAX_FEN), 0, 0, UNREACHED),  # only an amount beyond the largest would come to it
    ],
)
def test_the_least_amount_of_bands(pay: int, start: int, addition: int, expected: int) -> None:
    two = Bands.flat(((0, 500_000), (100_000, 600_000)))
    assert least_banded(pay, two, start=start, addition=addition) == expected
    assert least_banded(column(pay), two, start=start, addition=addition).tolist() == [expected]
    assert least_banded(column(pay), two, start=column(start), addition=column(addition)).tolist() == [expected]


@many
@given(st.integers(0, 90), bands(), st.integers(0, 80), st.sampled_from((0, 0, 1, 50_000, 500_000, -250_000, -(10**6))))
def test_bands_by_literal_search(pay: int, of: Bands, start: int, addition: int) -> None:
    most = 600
    found = least_by_search(lambda amount: banded(amount, of, start=start, addition=addition), pay, most)
    got = least_banded(pay, of, start=start, addition=addition)
    assert got == found if found is not None else got > most
    rows = least_banded(column(pay, pay), of, start=column(start, start), addition=column(addition, addition))
    assert rows.tolist() == [got, got]


@many
@given(
    amounts,
    st.sets(amounts, max_size=3),
    st.lists(rates, min_size=4, max_size=4),
    amounts,
    st.sampled_from((0, 0, 1, 50_000, 333_333, 10**6, 2 * 10**6)),
)
def test_bands_of_any_size(pay: int, upper: set[int], found: list[int], start: int, addition: int) -> None:
    edges = (0, *sorted(upper - {0}))
    of = Bands(edges, tuple(Table((), (rate,)) for rate in found[: len(edges)]))
    expected = least(lambda amount: banded(amount, of, start=start, addition=addition), pay, UNREACHED)
    got = least_banded(pay, of, start=start, addition=addition)
    assert got == (UNREACHED if expected is None else expected)
    assert least_banded(column(pay), of, start=start, addition=column(addition)).tolist() == [got]


def test_bands_by_code_each_row_by_its_own() -> None:
    of = Bands((0, 100), (Table((HARDSHIP,), (500_000, *[1_000_000] * 5)), Table.same(250_000, HARDSHIP)))
    assert [least_banded(60, of, code) for code in (0, 1)] == [138, 60]
    assert least_banded(column(60, 60), of, column(0, 1)).tolist() == [138, 60]
    assert least_banded(column(60, 0), of, 0).tolist() == [138, 0]


def test_the_same_rate_in_one_band_is_a_share() -> None:
    for rate in COMMON_RATES:
        for pay in (0, 1, 7, 99_999):
            assert least_banded(pay, Bands.flat(((0, rate),))) == least_share(pay, rate)


def test_empty_columns_and_traces() -> None:
    two = Bands.flat(((0, 500_000), (100_000, 600_000)))
    none = column()
    assert least_share(none, 5).tolist() == []
    assert least_banded(none, two).tolist() == []
    pay = Traced(80_000, leaf=Leaf("input", "pay", "", "", "fen"))
    for word, found in (("least_share", least_share(pay, 500_000)), ("least_banded", least_banded(pay, two))):
        assert isinstance(found, Traced)
        assert found.word == word
        assert found.args[0] is pay
    assert least_banded(pay, two) == 150_000


FLAT = Bands.flat(((0, 500_000),))
TOO_MUCH = int(MAX_FEN) + 1


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: least_share(TOO_MUCH, 1), f"pay {TOO_MUCH} is outside -{MAX_FEN} to {MAX_FEN}"),
        (lambda: least_share(-TOO_MUCH, 1), f"pay -{TOO_MUCH} is outside -{MAX_FEN} to {MAX_FEN}"),
        (lambda: least_share(column(1, TOO_MUCH), 1), f"pay {TOO_MUCH} is outside -{MAX_FEN} to {MAX_FEN}"),
        (lambda: least_share(1, 1_000_001), "rate 1000001 is outside 0 to 1000000"),
        (lambda: least_share(1, -1), "rate -1 is outside 0 to 1000000"),
        (lambda: least_share(1, column(5, -1)), "rate -1 is outside 0 to 1000000"),
        (lambda: least_banded(TOO_MUCH, FLAT), f"pay {TOO_MUCH} is outside -{MAX_FEN} to {MAX_FEN}"),
        (lambda: least_banded(1, FLAT, start=-1), f"start -1 is outside 0 to {MAX_FEN}"),
        (lambda: least_banded(column(1), FLAT, start=column(TOO_MUCH)), f"start {TOO_MUCH} is outside 0 to {MAX_FEN}"),
        (
            lambda: least_banded(1, FLAT, addition=TOO_MUCH),
            f"addition {TOO_MUCH} is outside -{MAX_FEN} to {MAX_FEN}",
        ),
        (lambda: least_share(0.5, 1), "an amount must be int or an int64 column, got float 0.5"),  # type: ignore[call-overload]
        (lambda: least_share(column(1, 2), column(1, 2, 3)), "columns must be of one length, got 2 and 3 rows"),
        (lambda: least_banded(column(1, 2), FLAT, start=column(1)), "columns must be of one length, got 2 and 1 rows"),
        (
            lambda: least_banded(1, Bands((0,), (Table.same(1, HARDSHIP),)), 6),
            "lookup: code 6 is outside hardship (0 to 5)",
        ),
        (
            lambda: least_banded(1, Bands((0,), (Table.same(1, HARDSHIP),))),
            "lookup: the table has 1 axes, got 0 codes",
        ),
    ],
)
def test_messages(act: Callable[[], object], message: str) -> None:
    with pytest.raises(AmountError) as caught:
        act()
    assert str(caught.value) == message
