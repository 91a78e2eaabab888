"""Suggested prices and revisions: against the oracle; ranks, trims and limits; summaries that merge."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.errors import CodeError, InputError, MipolicyError, TableError
from mipolicy.payment.disease_price import (
    METHODS,
    RANK_RULES,
    PriceEvaluationTerms,
    PriceRevisionTerms,
    percentile,
    revise,
    suggest,
)
from mipolicy.payment.price_history import CostHistory, DiseaseCosts, cost_history, root_text
from mipolicy.payment.sides import ABOVE
from tests.oracles import disease_price as oracle
from tests.payment.shared import check_refused
from tests.strategies import MILLION, flags, rates

many = settings(max_examples=100, deadline=None)
NAMES = ("A", "B", "C")

MEAN = PriceEvaluationTerms(
    method="mean",
    low_percentile=0,
    high_percentile=MILLION,
    rank_rule="nearest_rank",
    limits_kept=1,
    trim_cases=1,
    least_cases=1,
    cv_divisor="cases",
    price_index=10_000,
    round_to=1,
)
REVISION = PriceRevisionTerms(
    up_limit=100_000,
    down_limit=150_000,
    limits_side="above",
    least_cases=2,
    part_of_gap=MILLION,
    most_change=MILLION,
    rises_capped=0,
    round_to=1,
)


def history(*costs: int, code: str = "A") -> CostHistory:
    return cost_history(np.zeros(len(costs), np.int64), np.array(costs, np.int64), (code,))


@st.composite
def evaluations(draw: DrawFn) -> PriceEvaluationTerms:
    low = draw(st.sampled_from((0, 25_000, 100_000, 250_000)))
    return PriceEvaluationTerms(
        method=draw(st.sampled_from(METHODS)),
        low_percentile=low,
        high_percentile=draw(st.sampled_from((750_000, 900_000, 975_000, MILLION))),
        rank_rule=draw(st.sampled_from(RANK_RULES)),
        limits_kept=1,
        trim_cases=draw(st.sampled_from((8, 12))),
        least_cases=draw(st.integers(2, 4)),
        cv_divisor="cases",
        price_index=draw(st.sampled_from((10_000, 10_250, 9_999))),
        round_to=draw(st.sampled_from((1, 100, 10_00))),
    )


costs_of_cases = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60)), min_size=1, max_size=40)


def columns(cases: list[tuple[int, int]]) -> tuple[Any, Any]:
    return np.array([code for code, _ in cases], np.int64), np.array([cost for _, cost in cases], np.int64)


@many
@given(evaluations(), costs_of_cases)
def test_p04_the_suggestion_is_the_oracle_s(terms: PriceEvaluationTerms, cases: list[tuple[int, int]]) -> None:
    words = attrs.asdict(terms)
    words |= {name: Fraction(words[name], MILLION) for name in ("low_percentile", "high_percentile")}
    words["price_index"] = Fraction(terms.price_index, 10_000)
    found = {each.dise_codg: each for each in suggest(terms, cost_history(*columns(cases), NAMES))}
    assert set(found) == {NAMES[code] for code, _ in cases}
    for at, name in enumerate(NAMES):
        costs = [cost for code, cost in cases if code == at]
        if costs:
            expected = oracle.suggest(words, costs)
            one = found[name]
            assert one.cases == len(costs)
            if expected is None:
                assert (one.suggested, one.middle, one.cv_squared) == (None, None, None)
            else:
                assert {key: getattr(one, key) for key in expected} == expected


@many
@given(costs_of_cases, st.integers(0, 40), st.randoms())
def test_a_history_read_in_parts_in_any_order_is_the_same(cases: list[tuple[int, int]], cut: int, random: Any) -> None:
    whole = cost_history(*columns(cases), NAMES)
    shuffled = random.sample(cases, len(cases))
    one, other = (cost_history(*columns(part), NAMES) for part in (shuffled[:cut], shuffled[cut:]))
    assert one + other == other + one == whole
    for each in whole.diseases:
        own = [cost for code, cost in cases if NAMES[code] == each.dise_codg]
        assert (each.cases, each.total, each.moments.squares) == (len(own), sum(own), sum(cost * cost for cost in own))


def test_p04_mean_median_and_trimmed_mean_of_eleven_cases() -> None:
    """Costs 1,000 to 10,000 and one of 100,000: the mean is pulled up, the median is not, the trimmed mean little."""
    given_costs = history(*(each * 1_000_00 for each in range(1, 11)), 100_000_00)
    trimmed = attrs.evolve(MEAN, method="trimmed_mean", low_percentile=100_000, high_percentile=900_000)
    found = [suggest(terms, given_costs)[0] for terms in (MEAN, attrs.evolve(MEAN, method="median"), trimmed)]
    assert [each.suggested for each in found] == [14_090_91, 6_000_00, 6_000_00]
    # nearest rank: 10% of 11 is the 2nd case, 90% the 10th; the edges stay
    assert (found[2].low, found[2].high, found[2].kept) == (Fraction(2_000_00), Fraction(10_000_00), 9)
    bare = suggest(attrs.evolve(trimmed, limits_kept=0), given_costs)[0]
    assert (bare.kept, bare.suggested) == (7, 6_000_00)


def test_p04_few_cases_are_not_trimmed() -> None:
    terms = attrs.evolve(MEAN, method="trimmed_mean", low_percentile=100_000, high_percentile=750_000)
    for trim_cases, kept, suggested in ((5, 4, 250), (4, 3, 200)):
        (one,) = suggest(attrs.evolve(terms, trim_cases=trim_cases), history(100, 200, 300, 400))
        assert (one.kept, one.suggested) == (kept, suggested)


def test_p04_percentiles_by_each_rank_rule() -> None:
    four = DiseaseCosts("A", (10, 20, 30, 40), (1, 1, 1, 1))
    assert [percentile("nearest_rank", four, share) for share in (0, 250_000, 250_001, MILLION)] == [10, 10, 20, 40]
    at = [percentile("interpolated", four, share) for share in (0, 250_000, 500_000, MILLION)]
    assert at == [10, Fraction(35, 2), 25, 40]


def test_p04_the_spread_is_exact_and_its_root_rounds_half_up() -> None:
    """Costs 1 and 3: mean 2, variance 1 (or 2 of a sample): CV 0.5, or the root of a half."""
    population = suggest(MEAN, history(1, 3))[0].cv_squared
    sample = suggest(attrs.evolve(MEAN, cv_divisor="cases_less_one", least_cases=2), history(1, 3))[0].cv_squared
    assert (population, sample) == (Fraction(1, 4), Fraction(1, 2))
    assert [root_text(square) for square in (Fraction(1, 4), Fraction(1, 2), Fraction(0), Fraction(9))] == [
        "0.5",
        "0.7071",
        "0",
        "3",
    ]
    # 0.00005 is half a step: up; a little less: down
    assert root_text(Fraction(25, 10**10)) == "0.0001"
    assert root_text(Fraction(25, 10**10) - Fraction(1, 10**30)) == "0"


def test_p04_index_and_step_round_once() -> None:
    """Mean 1,004.95, x 1.01 = 1,014.9995: to whole yuan 1,015; rounded to fen first it were the same, to ten 1,010."""
    terms = attrs.evolve(MEAN, price_index=10_100, round_to=100)
    assert suggest(terms, history(1_004_95))[0].suggested == 1_015_00
    assert suggest(attrs.evolve(terms, round_to=10_00), history(1_004_95))[0].suggested == 1_010_00
    # 4.95 x 1.01 = 4.9995 yuan, in steps of ten: 0, though 5.00 would go up
    assert suggest(attrs.evolve(terms, round_to=10_00), history(4_95))[0].suggested == 0


def test_too_few_cases_give_no_price() -> None:
    (one,) = suggest(attrs.evolve(MEAN, least_cases=3), history(1, 2))
    assert (one.cases, one.kept, one.suggested) == (2, 0, None)


# ---- revisions -------------------------------------------------------------------------------------------------------


@many
@given(
    st.builds(
        PriceRevisionTerms,
        up_limit=st.sampled_from((0, 100_000, 250_000)),
        down_limit=st.sampled_from((0, 100_000, 500_000)),
        limits_side=st.sampled_from(("above", "at_or_above")),
        least_cases=st.integers(1, 3),
        part_of_gap=st.one_of(st.sampled_from((0, 500_000, MILLION)), rates),
        most_change=st.sampled_from((0, 50_000, MILLION)),
        rises_capped=flags,
        round_to=st.sampled_from((1, 100)),
    ),
    st.integers(1, 100),
    st.lists(st.integers(0, 200), min_size=1, max_size=5),
)
def test_p05_the_revision_is_the_oracle_s(terms: PriceRevisionTerms, price: int, costs: list[int]) -> None:
    words = attrs.asdict(terms)
    for name in ("up_limit", "down_limit", "part_of_gap", "most_change"):
        words[name] = Fraction(words[name], MILLION)
    (one,) = revise(terms, {"A": price}, history(*costs))
    expected = oracle.revise(words, price, costs)
    assert {key: getattr(one, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("cost", "included", "direction", "adjust"),
    [
        (1_100_00, 0, 1, 0),
        (1_100_00, 1, 1, 1),
        (1_100_01, 0, 1, 1),
        (1_099_99, 1, 1, 0),
        (850_00, 0, -1, 0),
        (850_00, 1, -1, 1),
        (849_99, 0, -1, 1),
        (850_01, 1, -1, 0),
        (1_000_00, 1, 0, 0),
    ],
)
def test_p05_a56_separate_limits_up_and_down_a_fen_either_side(
    cost: int, included: int, direction: int, adjust: int
) -> None:
    """Price 1,000; 10% up, 15% down."""
    (one,) = revise(attrs.evolve(REVISION, limits_side=ABOVE[included]), {"A": 1_000_00}, history(cost, cost))
    assert (one.direction, one.adjust) == (direction, adjust)
    assert one.proposed == (cost if adjust else 1_000_00)


@pytest.mark.parametrize(
    ("changes", "proposed"),
    [
        ({}, 1_500_00),  # to the mean
        ({"part_of_gap": 500_000}, 1_250_00),  # half way
        ({"most_change": 200_000, "rises_capped": 1}, 1_200_00),  # capped
        ({"most_change": 200_000, "rises_capped": 0}, 1_500_00),
        ({"least_cases": 3}, 1_000_00),
    ],
)
def test_p05_the_new_price_by_the_rule_of_the_place(changes: dict[str, Any], proposed: int) -> None:
    (one,) = revise(attrs.evolve(REVISION, **changes), {"A": 1_000_00}, history(1_400_00, 1_600_00))
    assert (one.deviation, one.proposed) == (Fraction(1, 2), proposed)


def test_p05_a_disease_without_a_case_keeps_its_price() -> None:
    found = revise(REVISION, {"B": 500, "A": 1_000_00}, history(1_000_00))
    assert [(each.dise_codg, each.cases, each.deviation, each.proposed) for each in found] == [
        ("A", 1, 0, 1_000_00),
        ("B", 0, None, 500),
    ]


# ---- bad input -------------------------------------------------------------------------------------------------------


def evaluation(**changes: Any) -> PriceEvaluationTerms:
    return attrs.evolve(MEAN, **changes)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: evaluation(low_percentile=MILLION),
            InputError,
            "low_percentile must lie below high_percentile",
        ),
        (
            lambda: evaluation(least_cases=1, cv_divisor="cases_less_one"),
            InputError,
            "least_cases is at least 1, and at least 2 where squares are divided by cases_less_one",
        ),
        (lambda: evaluation(price_index=0), InputError, "price_index must be above 0; 1 leaves costs as they were"),
        (
            lambda: evaluation(round_to=0),
            InputError,
            "round_to is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: attrs.evolve(REVISION, least_cases=0),
            InputError,
            "least_cases is at least 1: no case has no mean",
        ),
        (
            lambda: suggest(MEAN, history(0, 0)),
            InputError,
            "disease A: 2 cases that cost 0 fen in all have no coefficient of variation",
        ),
        (
            lambda: suggest(evaluation(method="trimmed_mean", limits_kept=0), history(5, 5)),
            InputError,
            "disease A: trimming leaves 0 of 2 cases, too few for a price; raise trim_cases, or keep the edges",
        ),
        (
            lambda: history(1).of("A").at_rank(2),
            InputError,
            "disease A: rank 2 is outside 1 to 1, its cases",
        ),
        (lambda: history(1).of("B"), CodeError, "disease 'B' has no case in this history; it holds A"),
        (
            lambda: history(1, -1),
            InputError,
            "cost history: row 1: medfee_sumamt is -1, allowed is 0 to 1000000000000; "
            "correct it, and leave reversals out with their cases",
        ),
        (
            lambda: cost_history(np.array([0, 1]), np.array([1, 1]), ("A",)),
            CodeError,
            "cost history: row 1: disease is 1, allowed is 0 to 0; it numbers the names given",
        ),
        (
            lambda: cost_history(np.array([0]), np.array([1]), ("A", "A")),
            TableError,
            "cost history: a name stands twice in A, A",
        ),
        (
            lambda: revise(REVISION, {}, history(1)),
            InputError,
            "no price for disease A; leave out cases that are not paid by disease",
        ),
        (
            lambda: revise(REVISION, {"A": 0}, history(1)),
            InputError,
            "the price of disease A is 0.00; a price is above 0",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
