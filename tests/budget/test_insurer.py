"""Insurers that run major-illness cover: score, claims ratio, profit kept up to its limit, losses shared."""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.budget.insurer import (
    InsurerSettled,
    InsurerTerms,
    InsurerYear,
    ScoreWeight,
    insurer_score,
    settle_insurer,
)
from mipolicy.errors import CodeError, InputError
from tests.oracles import half_up
from tests.payment.shared import check_labels, check_refused
from tests.strategies import as_columns, as_rows, as_traced

TERMS = InsurerTerms(
    scores=(ScoreWeight("service", 400_000), ScoreWeight("speed", 600_000)),
    profit_limit=30_000,
    loss_fund_share=500_000,
    loss_limit=20_000,
)


def test_o20_a_weighted_score() -> None:
    assert insurer_score(TERMS, {"service": 900_000, "speed": 800_000}) == 840_000
    assert insurer_score(TERMS, {"service": 1, "speed": 0}) == 0
    assert insurer_score(TERMS, {"service": 0, "speed": 1}) == 1


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        ((1000, 900, 50), (900_000, 50, 30, 20, 0, 0, 0)),
        ((1000, 900, 70), (900_000, 30, 30, 0, 0, 0, 0)),
        ((1000, 950, 50), (950_000, 0, 0, 0, 0, 0, 0)),
        ((1000, 980, 50), (980_000, 0, 0, 0, 30, 15, 15)),
        ((1000, 1100, 50), (1_100_000, 0, 0, 0, 150, 20, 130)),
    ],
)
def test_o20_profit_is_kept_up_to_its_limit_and_a_loss_is_shared(
    year: tuple[int, int, int], expected: tuple[int, ...]
) -> None:
    assert settle_insurer(TERMS, InsurerYear(*year)) == InsurerSettled(*expected)


fen = st.integers(0, 10**12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.builds(InsurerYear, st.integers(1, 10**12), fen, fen), min_size=1, max_size=5))
def test_o20_columns_agree_and_the_parts_sum_to_the_result(years: list[InsurerYear[int]]) -> None:
    for year, row in zip(years, as_rows(settle_insurer(TERMS, as_columns(years))), strict=True):
        assert row == attrs.asdict(settle_insurer(TERMS, year))
        assert row["kept"] + row["to_fund"] - row["loss_kept"] - row["from_fund"] == (
            year.premium - year.claims - year.costs
        )
        assert row["kept"] == min(row["profit"], half_up(Fraction(3 * year.premium, 100)))
        assert row["from_fund"] == min(half_up(Fraction(row["loss"], 2)), half_up(Fraction(year.premium, 50)))
        assert row == {name: int(each) for name, each in attrs.asdict(settle_insurer(TERMS, as_traced(year))).items()}


def test_o20_no_claims_ratio_without_a_premium() -> None:
    message = "premium is 0 fen; a claims ratio is measured against a premium, state it"
    check_refused(lambda: settle_insurer(TERMS, InsurerYear(0, 10, 0)), InputError, message)
    with pytest.raises(InputError, match=r"^row 1: premium is 0 fen"):
        settle_insurer(TERMS, as_columns([InsurerYear(5, 1, 1), InsurerYear(0, 1, 1)]))


def test_what_is_refused() -> None:
    check_refused(
        lambda: insurer_score(TERMS, {"service": 1, "speed": 1, "smile": 1}),
        CodeError,
        "unknown score 'smile'; the terms list: service, speed",
    )
    check_refused(
        lambda: insurer_score(TERMS, {"service": 1}),
        InputError,
        "the mark of speed is None; 0 to 1000000 per ten thousand of a mark is due",
    )
    check_refused(
        lambda: attrs.evolve(TERMS, scores=(ScoreWeight("service", 400_000),)),
        InputError,
        "the weights of scores sum to 400000 per million; they must sum to 100%",
    )
    with pytest.raises(InputError, match=r"InsurerYear\.claims: -1 is outside"):
        settle_insurer(TERMS, InsurerYear(1, -1, 0))


def test_labels() -> None:
    check_labels(InsurerTerms, ScoreWeight, InsurerYear, InsurerSettled)
