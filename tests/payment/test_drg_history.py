"""Base points and difference factors from history: the oracle, merging, two places' ways, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.case import DifferenceFactor
from mipolicy.payment.drg_history import BasePointsTerms, History, difference_factors, groups
from tests.oracles import drg_history as oracle
from tests.payment.drg_cases import ONE, in_plain_words
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)

JINHUA = BasePointsTerms(
    scale=100 * ONE,
    decimals=4,
    least_cases=5,
    cv_limit=ONE,
    cv_side="above",
    cv_divisor="cases_less_one",
    unstable_by="median",
    institution_weight=1_000_000,
    least_institution_cases=2,
    few_cases="level",
    least_factor=0,
    most_factor=10**6,
)
BLEND = attrs.evolve(
    JINHUA,
    scale=1000 * ONE,
    decimals=2,
    cv_side="at_or_above",
    cv_divisor="cases",
    institution_weight=600_000,
    few_cases="one",
    least_factor=8_000,
    most_factor=12_000,
)
GROUPS = ("AA19", "BB11", "CC15")
INSTITUTIONS = ("H1", "H2", "H3", "H4")

rows_of = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(0, 1),
        st.one_of(st.sampled_from((1, 100, 1_000_00)), st.integers(1, 2_000_000)),
    ),
    min_size=1,
    max_size=25,
)


def history(rows: Sequence[tuple[int, int, int, int]]) -> History:
    group, institution, level, cost = (np.array([row[at] for row in rows], np.int64) for at in range(4))
    return History.of(group=group, institution=institution, level=level, cost=cost)


@many
@given(
    rows_of,
    st.sampled_from((JINHUA, BLEND)),
    st.sampled_from((0, 2, 5)),
    st.sampled_from((0, 2_000, ONE)),
    st.sampled_from((0, 600_000, 1_000_000)),
    st.sampled_from(((), ("BB11",))),
)
def test_points_and_factors_are_the_oracle_s(
    rows: list[tuple[int, int, int, int]],
    place: BasePointsTerms,
    least: int,
    cv: int,
    weight: int,
    new: tuple[str, ...],
) -> None:
    terms = attrs.evolve(place, least_cases=least, cv_limit=cv, institution_weight=weight)
    words = in_plain_words(terms)
    made = groups(terms, history(rows), GROUPS)
    present = sorted({row[0] for row in rows})
    assert [each.group_code for each in made] == [GROUPS[group] for group in present]
    for each, group in zip(made, present, strict=True):
        assert Fraction(each.base_points, ONE) == oracle.base_points(words, rows, group)
        costs = [row[3] for row in rows if row[0] == group]
        assert abs(each.group_mean - Fraction(sum(costs), len(costs))) <= Fraction(1, 2)
    factors = difference_factors(terms, history(rows), GROUPS, INSTITUTIONS, new)
    keys = sorted({row[:2] for row in rows})
    assert [(each.group_code, each.fixmedins_code) for each in factors] == [
        (GROUPS[group], INSTITUTIONS[institution]) for group, institution in keys
    ]
    for factor, (group, institution) in zip(factors, keys, strict=True):
        expected = oracle.difference_factor(words, rows, group, institution, GROUPS[group] in new)
        assert Fraction(factor.difference_factor, ONE) == expected


@many
@given(rows_of, rows_of, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_one_pass(
    one: list[tuple[int, int, int, int]], other: list[tuple[int, int, int, int]], random: object
) -> None:
    whole = [*one, *other]
    shuffled = list(whole)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert history(one) + history(other) == history(other) + history(one) == history(shuffled)
    assert int(history(whole).count.sum()) == len(whole)
    empty = history([])
    assert history(one) + empty == history(one) == empty + history(one)


# ---- worked by hand --------------------------------------------------------------------------------------------------

SMALL = [
    (0, 0, 0, 9_000_00),
    (0, 0, 0, 11_000_00),
    (0, 1, 1, 5_000_00),
    (0, 1, 1, 7_000_00),
    (1, 0, 0, 2_000_00),
    (1, 1, 1, 2_000_00),
    (1, 2, 1, 20_000_00),
]
"""Mean of all 56,000 / 7 = 8,000; group 0 mean 8,000; group 1 mean 8,000, median 2,000."""


def test_p11_base_points_on_the_mean_or_on_the_median() -> None:
    terms = attrs.evolve(JINHUA, least_cases=4)
    stable, few = groups(terms, history(SMALL), GROUPS)
    assert (stable.base_points, stable.weight, stable.group_mean) == (100 * ONE, ONE, 8_000_00)
    assert (few.base_points, few.weight, few.group_mean) == (25 * ONE, 2_500, 8_000_00)
    assert (stable.mean_tertiary, stable.mean_secondary, stable.mean_level_1) == (10_000_00, 6_000_00, None)
    on_mean = groups(attrs.evolve(terms, unstable_by="mean"), history(SMALL), GROUPS)
    assert on_mean[1].base_points == 100 * ONE
    assert groups(attrs.evolve(BLEND, least_cases=4), history(SMALL), GROUPS)[1].base_points == 250 * ONE


@pytest.mark.parametrize(
    ("divisor", "boundary", "limit", "points"),
    [
        # costs 2, 2, 20 thousand: population CV squared 72 / 64 = 1.125, sample 108 / 64 = 1.6875
        ("cases", "above", 10_606, 25),
        ("cases", "above", 10_607, 100),
        ("cases_less_one", "above", 12_990, 25),
        ("cases_less_one", "above", 12_991, 100),
    ],
)
def test_the_coefficient_of_variation_by_its_divisor(divisor: str, boundary: str, limit: int, points: int) -> None:
    terms = attrs.evolve(JINHUA, least_cases=0, cv_divisor=divisor, cv_side=boundary, cv_limit=limit)
    assert groups(terms, history(SMALL), GROUPS)[1].base_points == points * ONE


@pytest.mark.parametrize(("boundary", "points"), [("above", 100), ("at_or_above", 0)])
def test_on_the_limit_of_the_coefficient_of_variation(boundary: str, points: int) -> None:
    """Costs 0, 0, 0, 0, 5: mean 1, deviation 2, so that the coefficient is exactly 2; the median is 0."""
    rows = [(0, 0, 0, 0)] * 4 + [(0, 0, 0, 500)] + [(1, 0, 0, 100)] * 5
    terms = attrs.evolve(JINHUA, cv_divisor="cases", cv_limit=2 * ONE, cv_side=boundary)
    assert groups(terms, history(rows), GROUPS)[0].base_points == points * ONE


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(1_000_000, (12_500, 7_500)), (0, (12_500, 7_500)), (600_000, (12_500, 7_500))],
)
def test_where_a_level_is_one_institution_every_blend_is_the_same(weight: int, expected: tuple[int, int]) -> None:
    terms = attrs.evolve(JINHUA, institution_weight=weight)
    found = difference_factors(terms, history(SMALL[:4]), GROUPS, INSTITUTIONS)
    assert found == tuple(
        DifferenceFactor(fixmedins_code=code, group_code="AA19", difference_factor=factor)
        for code, factor in zip(("H1", "H2"), expected, strict=True)
    )


def test_a_blend_of_institution_and_level_and_its_limits() -> None:
    """H2 6,000, H3 3,000 at level 2: level 4,500; area 6,333.33; H2 0.6 x 0.9474 + 0.4 x 0.7105 = 0.8526."""
    rows = [*SMALL[:4], (0, 2, 1, 3_000_00), (0, 2, 1, 3_000_00)]
    found = difference_factors(
        attrs.evolve(BLEND, least_factor=0, most_factor=ONE * 2), history(rows), GROUPS, INSTITUTIONS
    )
    assert [each.difference_factor for each in found] == [15_789, 8_526, 5_684]
    kept = difference_factors(BLEND, history(rows), GROUPS, INSTITUTIONS)
    assert [each.difference_factor for each in kept] == [12_000, 8_526, 8_000]


@pytest.mark.parametrize(("few", "expected"), [("level", [2_500, 13_750, 13_750]), ("one", [ONE, ONE, ONE])])
def test_too_few_cases_take_the_level_or_one(few: str, expected: list[int]) -> None:
    terms = attrs.evolve(JINHUA, few_cases=few)
    found = difference_factors(terms, history(SMALL), GROUPS, INSTITUTIONS)
    assert [each.difference_factor for each in found if each.group_code == "BB11"] == expected


def test_a_new_group_has_a_factor_of_one() -> None:
    found = difference_factors(JINHUA, history(SMALL), GROUPS, INSTITUTIONS, ["AA19"])
    assert [each.difference_factor for each in found if each.group_code == "AA19"] == [ONE, ONE]


def test_carved_out_cost_leaves_both_sides() -> None:
    zeros = np.zeros(2, np.int64)
    found = History.of(
        group=np.array([0, 1]), institution=zeros, level=zeros, cost=np.array([900, 300]), carve_out=np.array([600, 0])
    )
    assert [each.base_points for each in groups(JINHUA, found, GROUPS)] == [100 * ONE, 100 * ONE]


ZEROS = np.zeros(1, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: groups(JINHUA, history([]), GROUPS), InputError,
         "the mean of all cases is 0; state the costs of at least one case"),
        (lambda: groups(JINHUA, history([(3, 0, 0, 1)]), GROUPS), InputError,
         "group_codes holds 3 codes, but history uses position 3"),
        (lambda: difference_factors(JINHUA, history([(0, 4, 0, 1)]), GROUPS, INSTITUTIONS), InputError,
         "institution_codes holds 4 codes, but history uses position 4"),
        (lambda: difference_factors(JINHUA, history([(0, 0, 0, 0)]), GROUPS, INSTITUTIONS), InputError,
         "group AA19: its mean cost is 0; no factor can be formed over it"),
        (lambda: history([(0, 0, 5, 1)]), CodeError,
         "history: row 0: level is 5, allowed is 0 to 4; codes of level: tertiary, secondary, level_1, primary, "
         "ungraded, in this order from 0"),
        (lambda: history([(0, 0, 0, 1), (0, 0, 0, -1)]), InputError,
         "history: row 1: cost is -1, allowed is 0 to 1000000000000; correct it, and leave reversals out with their "
         "cases"),
        (lambda: History.of(group=ZEROS, institution=ZEROS, level=ZEROS, cost=ZEROS, carve_out=ZEROS + 1), InputError,
         "row 0: carve_out is 1 fen, more than the cost; correct whichever is wrong"),
        (lambda: History.of(group=ZEROS, institution=ZEROS, level=ZEROS, cost=ZEROS, carve_out=np.zeros(2, np.int64)),
         AmountError, "columns must be of one length, got 2 and 1 rows"),
        (lambda: attrs.evolve(JINHUA, scale=0), InputError,
         "scale is 0; a group that costs the mean of all has points"),
        (lambda: attrs.evolve(JINHUA, decimals=5), InputError,
         "decimals is 5, allowed is 0 to 4: points are kept at four"),
        (lambda: attrs.evolve(JINHUA, institution_weight=1_000_001), InputError,
         "institution_weight must lie between 0 and 100%; the level has the rest"),
        (lambda: attrs.evolve(JINHUA, least_factor=2, most_factor=1), InputError,
         "least_factor must not exceed most_factor, which must be above 0"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
