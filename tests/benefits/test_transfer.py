"""Moving insurance between areas (rule F23): combined months, gaps, overlaps, the balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.axes import SCHEMES
from mipolicy.benefits.transfer import InsuredMonths, PlaceRecord, Transfer, TransferTerms, transfer
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN
from tests.oracles import account as oracle

TERMS = TransferTerms(("employee",), "new_place", "moves")


def span(first: str, last: str, scheme: str = "employee") -> InsuredMonths:
    return InsuredMonths(scheme, date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-28"))


OLD = PlaceRecord("changde", (span("2020-01", "2020-12"), span("2021-04", "2021-09")), 1_234_56)
NEW = PlaceRecord("tianjin", (span("2021-08", "2021-12"), span("2022-03", "2022-04")), 50_00)


def test_f23_months_and_balance_of_two_places() -> None:
    """天津 2021 三(七) 「做好各类人群参保和医保关系跨地区转移」.

    By hand: 18 months there, 7 here, August and September 2021 in both; January to March 2021 and January and February
    2022 in neither.
    """
    assert transfer(TERMS, OLD, NEW) == Transfer(
        old_months=18,
        new_months=7,
        overlap_months=2,
        gap_months=5,
        counted_old=16,
        counted_new=7,
        combined_months=23,
        moved_balance=1_234_56,
        paid_out=0,
        balance_after=1_284_56,
        overlaps=("2021-08", "2021-09"),
        gaps=("2021-01", "2021-02", "2021-03", "2022-01", "2022-02"),
    )


@pytest.mark.parametrize(
    ("overlap", "counted"), [("old_place", (18, 5, 23)), ("new_place", (16, 7, 23)), ("neither", (16, 5, 21))]
)
def test_f23_where_an_overlap_counts_is_data(overlap: str, counted: tuple[int, int, int]) -> None:
    found = transfer(attrs.evolve(TERMS, overlap_counts=overlap), OLD, NEW)
    assert (found.counted_old, found.counted_new, found.combined_months) == counted


def test_a_balance_that_does_not_move_is_paid_out() -> None:
    found = transfer(attrs.evolve(TERMS, balance="paid_out"), OLD, NEW)
    assert (found.moved_balance, found.paid_out, found.balance_after) == (0, 1_234_56, 50_00)


def test_months_of_a_scheme_that_is_not_counted_fill_gaps_only() -> None:
    resident = PlaceRecord("changde", (span("2021-01", "2021-12", "resident"),), 0)
    worker = PlaceRecord("tianjin", (span("2021-11", "2022-02"),), 0)
    found = transfer(TERMS, resident, worker)
    assert (found.old_months, found.counted_old, found.counted_new, found.combined_months) == (12, 0, 4, 4)
    assert (found.overlaps, found.gaps) == (("2021-11", "2021-12"), ())
    both = transfer(attrs.evolve(TERMS, counted_schemes=SCHEMES), resident, worker)
    assert (both.counted_old, both.counted_new, both.combined_months) == (10, 4, 14)


def test_records_without_months() -> None:
    nobody = PlaceRecord("changde", (), 7)
    found = transfer(TERMS, nobody, PlaceRecord("tianjin", (), 0))
    assert (found.combined_months, found.gap_months, found.balance_after) == (0, 0, 7)
    assert transfer(TERMS, nobody, NEW).gap_months == 2


@st.composite
def records(draw: DrawFn, place: str) -> PlaceRecord:
    found = []
    for scheme in SCHEMES:
        at = 2020 * 12 + draw(st.integers(0, 24))
        for _ in range(draw(st.integers(0, 3))):
            last = at + draw(st.integers(0, 14))
            day = draw(st.integers(1, 28))
            found.append(InsuredMonths(scheme, date(at // 12, at % 12 + 1, day), date(last // 12, last % 12 + 1, 1)))
            at = last + 1 + draw(st.integers(0, 8))
    return PlaceRecord(place, tuple(draw(st.permutations(found))), draw(st.integers(0, 10**7)))


@given(
    records("A"),
    records("B"),
    st.sampled_from((("employee",), ("resident",), SCHEMES)),
    st.sampled_from(("old_place", "new_place", "neither")),
    st.sampled_from(("moves", "paid_out")),
)
def test_months_against_the_oracle_month_by_month(
    old: PlaceRecord, new: PlaceRecord, counted: tuple[str, ...], overlap: str, balance: str
) -> None:
    found = transfer(TransferTerms(counted, overlap, balance), old, new)
    words = [
        [(each.scheme, (each.first.year, each.first.month), (each.last.year, each.last.month)) for each in of.insured]
        for of in (old, new)
    ]
    expected = oracle.transfer(counted, overlap, *words)
    assert (found.old_months, found.new_months) == (expected["old"], expected["new"])
    assert (found.overlap_months, found.gap_months) == (expected["overlap"], expected["gap"])
    assert (len(found.overlaps), len(found.gaps)) == (found.overlap_months, found.gap_months)
    assert (found.counted_old, found.counted_new) == (expected["counted_old"], expected["counted_new"])
    assert found.combined_months == found.counted_old + found.counted_new
    assert found.combined_months <= found.old_months + found.new_months - found.overlap_months  # none twice
    assert found.moved_balance + found.paid_out == old.balc
    assert found.balance_after == new.balc + found.moved_balance


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: transfer(TERMS, OLD, attrs.evolve(NEW, place="changde")),
            InputError,
            "both records are of changde: a transfer has two places",
        ),
        (
            lambda: transfer(TERMS, OLD, attrs.evolve(NEW, balc=int(MAX_FEN))),
            InputError,
            "the balances come to 10000001234.56, allowed is up to 10000000000.00",
        ),
        (
            lambda: span("2021-05", "2021-04"),
            InputError,
            "insured months end in 2021-04, before 2021-05",
        ),
        (
            lambda: span("2021-04", "2021-05", "310"),
            CodeError,
            "unknown scheme '310'; allowed: employee, resident",
        ),
        (
            lambda: PlaceRecord("changde", (span("2021-01", "2021-06"), span("2021-06", "2021-07")), 0),
            InputError,
            "changde: 2021-06 is recorded twice in the employee scheme; join or correct the spans",
        ),
        (
            lambda: PlaceRecord("changde", (), -1),
            InputError,
            "balc is -1 fen, allowed is 0 to 1000000000000; an account is never overdrawn: settle what it owes first",
        ),
        (
            lambda: TransferTerms((), "new_place", "moves"),
            InputError,
            "counted_schemes names no scheme; allowed: employee, resident",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message


def test_two_schemes_of_one_place_may_hold_the_same_month() -> None:
    """A double enrolment is counted once, and does not stop a transfer."""
    twice = PlaceRecord("changde", (span("2021-01", "2021-06"), span("2021-06", "2021-07", "resident")), 0)
    assert transfer(attrs.evolve(TERMS, counted_schemes=SCHEMES), twice, NEW).old_months == 7
