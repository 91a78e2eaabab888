"""The end of the year: bands of R/Q with a fen either side; who pays what; a reserve that is short; messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.errors import CodeError, InputError, MipolicyError
from mipolicy.payment.year_end import SHARING_BAND, Shared, SharingTerms, YearAmounts, share_one, share_year
from tests.oracles import month_and_year as oracle
from tests.payment.shared import check_refused
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
ONE = 10_000

# A city that retains all from 85% on and shares overruns up to 110% at 60%.
FIRST = SharingTerms(
    low_limit=8_500,
    low_side="below",
    retained_share=1_000_000,
    high_limit=11_000,
    high_side="above",
    overrun_share=600_000,
)
# A city that retains 70% of a surplus from above 80% on and shares overruns up to 120% half and half.
SECOND = SharingTerms(
    low_limit=8_000,
    low_side="at_or_below",
    retained_share=700_000,
    high_limit=12_000,
    high_side="at_or_above",
    overrun_share=500_000,
)
Q = 1_000_000_00


def year(r: int, q: int = Q) -> YearAmounts[int]:
    return YearAmounts(by_item_amt=r, points_amt=q)


@st.composite
def sharing_terms(draw: DrawFn) -> SharingTerms:
    rate = st.sampled_from((0, 1, 333_333, 500_000, 600_000, MILLION))
    return SharingTerms(
        low_limit=draw(st.sampled_from((0, 8_000, 8_500, 9_999, 10_000))),
        low_side=draw(st.sampled_from(("below", "at_or_below"))),
        retained_share=draw(rate),
        high_limit=draw(st.sampled_from((10_000, 10_001, 11_000, 12_000, 15_000))),
        high_side=draw(st.sampled_from(("above", "at_or_above"))),
        overrun_share=draw(rate),
    )


@st.composite
def years(draw: DrawFn, terms: SharingTerms) -> YearAmounts[int]:
    q = draw(st.one_of(st.integers(1, 10**5), st.integers(10**8, 10**11)))
    near = [q * limit // ONE + step for limit in (terms.low_limit, ONE, terms.high_limit) for step in (-1, 0, 1)]
    return year(max(0, draw(st.one_of(st.sampled_from(near), st.integers(0, 2 * q)))), q)


def words_of(terms: SharingTerms) -> dict[str, Any]:
    return {
        "low": Fraction(terms.low_limit, ONE),
        "low_side": terms.low_side,
        "retained": Fraction(terms.retained_share, MILLION),
        "high": Fraction(terms.high_limit, ONE),
        "high_side": terms.high_side,
        "overrun": Fraction(terms.overrun_share, MILLION),
    }


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(sharing_terms())
    rows = data.draw(st.lists(years(terms), min_size=1, max_size=6))
    for row, found in zip(rows, as_rows(share_one(terms, as_columns(rows))), strict=True):
        one = share_one(terms, row)
        assert attrs.asdict(one) == found
        assert share_one(terms, as_traced(row)) == one
        wanted = oracle.share_year(words_of(terms), row.by_item_amt, row.points_amt)
        assert (SHARING_BAND.members[one.band], one.from_points, one.due) == wanted


@many
@given(st.data())
def test_who_pays_what_closes_to_the_fen(data: st.DataObject) -> None:
    terms = data.draw(sharing_terms())
    rows = data.draw(st.lists(years(terms), min_size=1, max_size=6))
    reserve = data.draw(st.one_of(st.integers(0, 100), st.integers(0, 10**11)))
    found = share_year(terms, "employee", {f"H{at}": row for at, row in enumerate(rows)}, reserve)
    for line in found.lines:
        assert line.paid == line.from_points + line.from_reserve == line.points_amt + line.sharing
        assert line.points_amt == line.from_points + line.left_in_fund
        assert line.by_item_amt + line.kept == line.paid + line.borne
        assert 0 <= line.from_reserve <= line.due
        assert min(line.borne, line.kept, line.left_in_fund) >= 0
    totals = found.totals
    assert totals["from_reserve"] == min(reserve, totals["due"])
    assert found.reserve_left == reserve - totals["from_reserve"]
    assert totals["paid"] + totals["left_in_fund"] == totals["points_amt"] + totals["from_reserve"]


@many
@given(st.data(), st.integers(0, 10**9))
def test_a_dearer_year_is_never_paid_less_where_all_of_a_surplus_is_retained(data: st.DataObject, more: int) -> None:
    terms = attrs.evolve(data.draw(sharing_terms()), low_limit=0, low_side="below", retained_share=MILLION)
    row = data.draw(years(terms))
    before, after = share_one(terms, row), share_one(terms, year(row.by_item_amt + more, row.points_amt))
    assert before.from_points + before.due <= after.from_points + after.due


@pytest.mark.parametrize(
    ("terms", "r", "band", "paid"),
    [
        (FIRST, 849_999_99, "by_item", 849_999_99),
        (FIRST, 850_000_00, "retained", 1_000_000_00),
        (FIRST, 850_000_01, "retained", 1_000_000_00),
        (FIRST, 1_000_000_00, "retained", 1_000_000_00),
        (FIRST, 1_000_000_01, "shared", 1_000_000_01),  # 0.6 fen
        (FIRST, 1_050_000_00, "shared", 1_030_000_00),  # 60% of 50,000
        (FIRST, 1_100_000_00, "shared", 1_060_000_00),
        (FIRST, 1_100_000_01, "capped", 1_060_000_00),
        (FIRST, 2_000_000_00, "capped", 1_060_000_00),
        (SECOND, 799_999_99, "by_item", 799_999_99),
        (SECOND, 800_000_00, "by_item", 800_000_00),
        (SECOND, 800_000_01, "retained", 940_000_00),  # 800,000.01 and 70% of 199,999.99
        (SECOND, 1_199_999_99, "shared", 1_100_000_00),
        (SECOND, 1_200_000_00, "capped", 1_100_000_00),
        (SECOND, 1_200_000_01, "capped", 1_100_000_00),
    ],
)
def test_each_limit_and_one_fen_either_side(terms: SharingTerms, r: int, band: str, paid: int) -> None:
    found = share_one(terms, year(r))
    assert (SHARING_BAND.members[found.band], found.from_points + found.due) == (band, paid)


def test_every_step_of_an_overrun() -> None:
    expected = Shared(band=2, kept=0, overrun=50_000_00, from_points=1_000_000_00, due=30_000_00)
    assert share_one(FIRST, year(1_050_000_00)) == expected


def test_a_short_reserve_is_prorated_and_ties_go_by_code() -> None:
    """Three ask for 30,000 each and 100.00 is there: 33.34, 33.33, 33.33."""
    amounts = {code: year(1_050_000_00) for code in ("H3", "H1", "H2")}
    found = share_year(FIRST, "resident", {**amounts, "H4": year(900_000_00)}, 100_00)
    assert [(line.fixmedins_code, line.from_reserve) for line in found.lines] == [
        ("H1", 33_34),
        ("H2", 33_33),
        ("H3", 33_33),
        ("H4", 0),
    ]
    assert (found.totals["due"], found.totals["from_reserve"], found.reserve_left) == (90_000_00, 100_00, 0)
    first = found.lines[0]
    assert (first.borne, first.sharing, first.left_in_fund) == (49_966_66, 33_34, 0)
    last = found.lines[3]
    assert (last.kept, last.borne, last.left_in_fund, last.paid) == (100_000_00, 0, 0, 1_000_000_00)


def test_what_stays_in_the_fund_where_the_surplus_is_not_retained() -> None:
    found = share_year(FIRST, "employee", {"H1": year(500_000_00)}, 7)
    line = found.lines[0]
    assert (line.paid, line.left_in_fund, line.sharing, found.reserve_left) == (500_000_00, 500_000_00, -500_000_00, 7)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: share_one(FIRST, year(1, 0)),
            InputError,
            "points_amt is 0; R/Q needs a points amount above 0",
        ),
        (
            lambda: share_one(FIRST, as_columns([year(1), year(1, 0)])),
            InputError,
            "row 1: points_amt is 0; R/Q needs a points amount above 0",
        ),
        (
            lambda: share_year(FIRST, "employee", {"H1": year(-1)}, 0),
            InputError,
            "H1: YearAmounts.by_item_amt: -1 is outside 0 to 1000000000000; the field is fund amount item by item (R), "
            "in fen",
        ),
        (
            lambda: share_year(FIRST, "employee", {}, -1),
            InputError,
            "the reserve is -1; an amount from 0 to 1000000000000 fen is due",
        ),
        (
            lambda: share_year(FIRST, "city", {}, 0),
            CodeError,
            "unknown pool 'city'; allowed: employee, resident",
        ),
        (
            lambda: attrs.evolve(FIRST, low_limit=10_001),
            InputError,
            "low_limit must not exceed 1: above it there is no surplus",
        ),
        (
            lambda: attrs.evolve(FIRST, high_limit=9_999),
            InputError,
            "high_limit must be at least 1: below it there is no overrun",
        ),
        (
            lambda: attrs.evolve(FIRST, high_limit=100_001),
            InputError,
            "high_limit must not exceed 10: no overrun is shared so far",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


@pytest.mark.parametrize(("pool", "terms"), [("employee", FIRST), ("resident", SECOND)])
def test_the_assumed_pack_shares_each_pool_its_own_way(pool: str, terms: SharingTerms) -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions[f"year_end.{pool}"]
    assert policy.build(f"year_end.{pool}", version) == terms
