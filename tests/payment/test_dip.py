"""DIP scores: against the oracle; every limit with a fen either side; variants of several cities; messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.money import NO_LIMIT
from mipolicy.payment import dip
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.dip import BAND, DipCase, DipScore, DipTerms, costs_alike, score
from mipolicy.rounding import mul_div_by
from tests.oracles import dip as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import as_columns, as_rows, as_traced, flags

many = settings(max_examples=100, deadline=None)
ONE = 10_000

# 广州 style: 0.5 and 2, offset 1, the factor multiplies throughout, review beyond 5.
GUANGZHOU = DipTerms(
    reference_mean="level",
    institution_factor_cap=15_000,
    basic_groups="factor_off",
    tcm_groups="as_others",
    tcm_factor=10_300,
    tcm_factor_at="all_institutions",
    auxiliary=1,
    low_limit=5_000,
    low_side="below",
    factor_in_low=1,
    high_limit=20_000,
    high_side="above",
    high_offset="one",
    factor_in_high=1,
    extreme_limit=50_000,
    extreme_side="above",
    extreme_points="as_high",
    ungrouped="factor",
    ungrouped_factor=9_000,
    factor_in_ungrouped=0,
    mean_points=1000 * ONE,
    round_at="once",
    decimals=4,
)
# A city with 0.4 and 2.5 on the area's mean, where the factor is an addend above the high limit; no review, by item.
OTHER = attrs.evolve(
    GUANGZHOU,
    reference_mean="area",
    institution_factor_cap=int(NO_LIMIT),
    auxiliary=0,
    low_limit=4_000,
    low_side="at_or_below",
    factor_in_low=0,
    high_limit=25_000,
    high_side="at_or_above",
    high_offset="institution_factor",
    factor_in_high=0,
    extreme_limit=int(NO_LIMIT),
    ungrouped="by_item",
    round_at="each",
    decimals=2,
)
# 淮安 style: 0.3 and 3, scores without decimals, cases of no group are refused, TCM at pilots only.
HUAIAN = attrs.evolve(
    GUANGZHOU,
    reference_mean="area",
    tcm_factor_at="pilot_institutions",
    low_limit=3_000,
    high_limit=30_000,
    high_offset="high_limit",
    extreme_points="at_limit",
    ungrouped="reject",
    round_at="before_tcm",
    decimals=0,
)

PLAIN: DipCase[int] = DipCase(
    medfee_sumamt=10_000_00,
    carve_out_amt=0,
    grouped=1,
    base_points=800 * ONE,
    group_mean=9_000_00,
    level_mean=10_000_00,
    mean_of_all=12_000_00,
    institution_factor=10_500,
    auxiliary_factor=12_000,
    basic_group=0,
    tcm_group=0,
    pilot_tcm=0,
    review=0,
    review_points=0,
)


def case(**changes: int) -> DipCase[int]:
    return attrs.evolve(PLAIN, **changes)


def terms_with(**changes: Any) -> DipTerms:
    return attrs.evolve(GUANGZHOU, **changes)


def points_of(terms: DipTerms, **changes: int) -> Fraction:
    return Fraction(score(terms, case(**changes)).points, ONE)


SIDES = {"low_side": ("below", "at_or_below"), "high_side": ("above", "at_or_above")}


@st.composite
def dip_terms(draw: DrawFn) -> DipTerms:
    high = draw(st.sampled_from((15_000, 18_000, 20_000, 25_000, 23_333, int(NO_LIMIT))))
    offset = draw(st.sampled_from(("one", "institution_factor", "high_limit")))
    words = st.sampled_from(("as_others", "factor_off", "fixed_score"))
    return DipTerms(
        reference_mean=draw(st.sampled_from(("level", "area"))),
        institution_factor_cap=draw(st.sampled_from((10_000, 12_345, 100_000, int(NO_LIMIT)))),
        basic_groups=draw(words),
        tcm_groups=draw(words),
        tcm_factor=draw(st.sampled_from((10_000, 10_300, 10_333, 9_000))),
        tcm_factor_at=draw(st.sampled_from(("all_institutions", "pilot_institutions"))),
        auxiliary=draw(flags),
        low_limit=draw(st.sampled_from((0, 3_000, 4_000, 5_000, 10_000))),
        low_side=draw(st.sampled_from(SIDES["low_side"])),
        factor_in_low=draw(flags),
        high_limit=high,
        high_side=draw(st.sampled_from(SIDES["high_side"])),
        high_offset=offset,
        factor_in_high=0 if offset == "institution_factor" else draw(flags),
        extreme_limit=int(NO_LIMIT) if high == NO_LIMIT else draw(st.sampled_from((30_000, 50_000, int(NO_LIMIT)))),
        extreme_side=draw(st.sampled_from(SIDES["high_side"])),
        extreme_points=draw(st.sampled_from(("as_high", "at_limit", "score", "nothing"))),
        ungrouped=draw(st.sampled_from(("factor", "by_item"))),
        ungrouped_factor=draw(st.sampled_from((10_000, 9_000, 8_765))),
        factor_in_ungrouped=draw(flags),
        mean_points=draw(st.sampled_from((100 * ONE, 1000 * ONE))),
        round_at=draw(st.sampled_from(("once", "before_tcm", "each"))),
        decimals=draw(st.integers(0, 4)),
    )


@st.composite
def dip_cases(draw: DrawFn, terms: DipTerms) -> DipCase[int]:
    mean = draw(st.one_of(st.integers(1, 10**4), st.integers(10**4, 10**7), st.just(10**9)))
    limits = [limit for limit in (terms.low_limit, terms.high_limit, terms.extreme_limit) if limit < NO_LIMIT]
    near = [max(0, mean * limit // ONE + step) for limit in limits for step in (-1, 0, 1)]
    carved = draw(st.sampled_from((0, 0, 1, 50_000)))
    factor = st.sampled_from((1, 8_000, 9_999, 10_000, 10_500, 13_333, 20_000))
    return DipCase(
        medfee_sumamt=carved + draw(st.one_of(st.sampled_from(near), st.integers(0, 6 * mean))),
        carve_out_amt=carved,
        grouped=draw(st.sampled_from((1, 1, 1, 0))),
        base_points=draw(st.one_of(st.integers(1, 2_000 * ONE), st.just(10_000 * ONE))),
        group_mean=mean if terms.reference_mean == "area" else 0,
        level_mean=mean if terms.reference_mean == "level" else 0,
        mean_of_all=draw(st.one_of(st.integers(mean // 1000 + 1, 10**7), st.integers(mean // 10 + 1, 10 * mean))),
        institution_factor=draw(factor),
        auxiliary_factor=draw(factor),
        basic_group=draw(flags),
        tcm_group=draw(flags),
        pilot_tcm=draw(flags),
        review=draw(st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5))),
        review_points=draw(st.integers(1, 10**8)),
    )


def words_of(terms: DipTerms) -> dict[str, Any]:
    found = attrs.asdict(terms)
    for name in ("tcm_factor", "low_limit", "ungrouped_factor", "mean_points"):
        found[name] = Fraction(found[name], ONE)
    for name in ("institution_factor_cap", "high_limit", "extreme_limit"):
        found[name] = None if found[name] == NO_LIMIT else Fraction(found[name], ONE)
    return found


def case_in_words(one: DipCase[int]) -> dict[str, Any]:
    found = attrs.asdict(one)
    for name in ("base_points", "institution_factor", "auxiliary_factor", "review_points"):
        found[name] = Fraction(found[name], ONE)
    return {**found, "review": REVIEW.members[one.review]}


def in_words(found: dict[str, Any]) -> dict[str, Any]:
    """An outcome in the oracle's words; the mean and the group's score are inputs handed on."""
    factors = ("institution_factor", "auxiliary_factor", "tcm_factor", "points")
    return {
        "cost_tested": found["cost_tested"],
        **{name: Fraction(found[name], ONE) for name in factors[:3]},
        "band": BAND.members[found["band"]],
        "paid_by_item": bool(found["paid_by_item"]),
        "expert_review": bool(found["expert_review"]),
        "points": Fraction(found["points"], ONE),
    }


# ---- one body: ints, columns, traces, oracle -------------------------------------------------------------------------


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(dip_terms().filter(lambda each: each.low_limit != each.high_limit))
    rows = data.draw(st.lists(dip_cases(terms), min_size=1, max_size=8))
    batch = as_rows(score(terms, as_columns(rows)))
    for row, found in zip(rows, batch, strict=True):
        one = score(terms, row)
        assert attrs.asdict(one) == found
        assert score(terms, as_traced(row)) == one
        assert in_words(found) == oracle.score(words_of(terms), case_in_words(row))
        assert found["group_score"] == (row.base_points if row.grouped else terms.mean_points)
        own = row.level_mean if terms.reference_mean == "level" else row.group_mean
        assert found["reference_mean"] == (own if row.grouped else row.mean_of_all)


@many
@given(st.data())
def test_the_short_way_of_ordinary_cases_changes_nothing(data: st.DataObject) -> None:
    terms = data.draw(dip_terms())
    row = data.draw(dip_cases(terms))
    assert score(terms, row) == dip._in_full(terms, row)


@pytest.mark.parametrize("terms", [GUANGZHOU, OTHER, HUAIAN])
def test_a_large_table_row_by_row(terms: DipTerms) -> None:
    random = np.random.default_rng(5)
    rows = 4_000

    def between(low: int, high: int) -> Any:
        return random.integers(low, high, rows)

    mean = between(1_000_00, 100_000_00)
    table = DipCase(
        medfee_sumamt=mean * between(0, 700) // 100 + 200,
        carve_out_amt=between(0, 200),
        grouped=np.ones(rows, np.int64) if terms.ungrouped == "reject" else between(0, 2),
        base_points=between(1, 10_000 * ONE),
        group_mean=mean,
        level_mean=mean,
        mean_of_all=between(1, 12_000_00),
        institution_factor=between(1, 20_000),
        auxiliary_factor=between(5_000, 30_000),
        basic_group=between(0, 2),
        tcm_group=between(0, 2),
        pilot_tcm=between(0, 2),
        review=between(0, 5),
        review_points=between(1, 10**7),
    )
    words = words_of(terms)
    for row, found in zip(as_rows(table), as_rows(score(terms, table)), strict=True):
        assert in_words(found) == oracle.score(words, case_in_words(DipCase(**row)))


# ---- the limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "cost", "band"),
    [
        (GUANGZHOU, 5_000_00 - 1, "low"),  # below 0.5
        (GUANGZHOU, 5_000_00, "between"),
        (GUANGZHOU, 5_000_00 + 1, "between"),
        (GUANGZHOU, 20_000_00 - 1, "between"),
        (GUANGZHOU, 20_000_00, "between"),  # above 2
        (GUANGZHOU, 20_000_00 + 1, "high"),
        (GUANGZHOU, 50_000_00, "high"),
        (GUANGZHOU, 50_000_00 + 1, "extreme"),  # above 5
        (terms_with(extreme_side="at_or_above"), 50_000_00 - 1, "high"),
        (terms_with(extreme_side="at_or_above"), 50_000_00, "extreme"),
        (OTHER, 3_600_00 - 1, "low"),  # 0.4 of 9,000 or below
        (OTHER, 3_600_00, "low"),
        (OTHER, 3_600_00 + 1, "between"),
        (OTHER, 22_500_00 - 1, "between"),
        (OTHER, 22_500_00, "high"),  # 2.5 of 9,000 or above
        (OTHER, 22_500_00 + 1, "high"),
        (OTHER, 900_000_00, "high"),  # no review
        (HUAIAN, 2_700_00 - 1, "low"),
        (HUAIAN, 2_700_00, "between"),
        (HUAIAN, 27_000_00, "between"),
        (HUAIAN, 27_000_00 + 1, "high"),
    ],
)
def test_each_limit_and_one_fen_either_side(terms: DipTerms, cost: int, band: str) -> None:
    for found in (score(terms, case(medfee_sumamt=cost)), score(terms, as_columns([case(medfee_sumamt=cost)]))):
        assert BAND.members[int(np.atleast_1d(found.band)[0])] == band


@many
@given(st.data())
def test_within_a_band_a_dearer_case_never_scores_less(data: st.DataObject) -> None:
    terms = data.draw(dip_terms())
    row = data.draw(dip_cases(terms))
    dearer = attrs.evolve(row, medfee_sumamt=row.medfee_sumamt + data.draw(st.integers(0, 10**7)))
    before, after = score(terms, row), score(terms, dearer)
    if before.band == after.band:
        assert before.points <= after.points


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_every_step_of_an_ordinary_case() -> None:
    """800 x 1.05 x 1.2 = 1,008."""
    assert score(GUANGZHOU, PLAIN) == DipScore(
        cost_tested=10_000_00,
        reference_mean=10_000_00,
        group_score=800 * ONE,
        institution_factor=10_500,
        auxiliary_factor=12_000,
        tcm_factor=10_000,
        band=0,
        paid_by_item=0,
        expert_review=0,
        points=1_008 * ONE,
    )


@pytest.mark.parametrize(
    ("terms", "cost", "points"),
    [
        (GUANGZHOU, 4_000_00, "403.2"),  # 1,008 x 0.4
        (GUANGZHOU, 30_000_00, "2016"),  # 1,008 x (3 - 2 + 1)
        (terms_with(factor_in_low=0), 4_000_00, "384"),  # 800 x 1.2 x 0.4
        (terms_with(factor_in_high=0), 30_000_00, "1920"),  # 800 x 1.2 x 2
        (OTHER, 1_800_00, "160"),  # 800 x 0.2
        (OTHER, 27_000_00, "1240"),  # 800 x (3 - 2.5 + 1.05)
        (OTHER, 9_000_00, "840"),  # 800 x 1.05, no auxiliary catalogue
        (HUAIAN, 1_800_00, "202"),  # 1,008 x 0.2 = 201.6, no decimals
        (HUAIAN, 36_000_00, "4032"),  # 1,008 x 4: the limit is added back
        (HUAIAN, 90_000_00, "5040"),  # beyond 5: as at 5, until it is reviewed
        (terms_with(extreme_points="as_high"), 60_000_00, "5040"),  # 1,008 x (6 - 2 + 1)
        (terms_with(extreme_points="at_limit"), 60_000_00, "4032"),  # 1,008 x (5 - 2 + 1)
        (terms_with(extreme_points="score"), 60_000_00, "1008"),
        (terms_with(extreme_points="nothing"), 60_000_00, "0"),
        (terms_with(low_limit=0), 1, "1008"),  # no low limit
        (terms_with(high_limit=int(NO_LIMIT), extreme_limit=int(NO_LIMIT)), 60_000_00, "1008"),
    ],
)
def test_what_each_city_makes_of_a_cost(terms: DipTerms, cost: int, points: str) -> None:
    assert points_of(terms, medfee_sumamt=cost) == Fraction(points)


def test_the_benchmark_s_formula_is_the_same_thing() -> None:
    """total > 2 ref -> base x coefficient x (total - ref) / ref."""
    terms = terms_with(auxiliary=0, round_at="before_tcm")
    total, mean = 23_456_78, 10_000_01
    expected = round(Fraction(800 * 10_500, 10_000) * (total - mean) / mean * ONE)
    assert score(terms, case(medfee_sumamt=total, level_mean=mean)).points == expected


@pytest.mark.parametrize(("rule", "points"), [("as_others", "1008"), ("factor_off", "960"), ("fixed_score", "800")])
def test_p01_a_basic_group_scores_the_same_at_every_level(rule: str, points: str) -> None:
    """Reading A19: the institution factor is off, by list; a fixed score leaves the auxiliary factor out as well."""
    assert points_of(terms_with(basic_groups=rule), basic_group=1) == Fraction(points)
    if rule != "as_others":
        assert points_of(terms_with(basic_groups=rule), basic_group=1, institution_factor=7_000) == Fraction(points)
    assert points_of(terms_with(basic_groups=rule), basic_group=0) == 1_008


@pytest.mark.parametrize(("factor", "points"), [(8_000, "672"), (10_000, "840"), (15_000, "1260")])
def test_p03_the_auxiliary_factor_multiplies_the_score(factor: int, points: str) -> None:
    assert points_of(GUANGZHOU, auxiliary_factor=factor) == Fraction(points)
    assert points_of(terms_with(auxiliary=0), auxiliary_factor=factor) == 840


@pytest.mark.parametrize(
    ("terms", "pilot", "points"),
    [
        (GUANGZHOU, 0, "1038.24"),  # 1,008 x 1.03
        (terms_with(tcm_factor_at="pilot_institutions"), 0, "1008"),
        (terms_with(tcm_factor_at="pilot_institutions"), 1, "1038.24"),
        (terms_with(round_at="before_tcm", decimals=0), 0, "1038"),
        (terms_with(tcm_factor=10_000), 1, "1008"),
    ],
)
def test_p20_the_tcm_factor_on_a_flagged_case(terms: DipTerms, pilot: int, points: str) -> None:
    assert points_of(terms, tcm_group=1, pilot_tcm=pilot) == Fraction(points)
    assert points_of(terms, tcm_group=0, pilot_tcm=1) == 1_008


@pytest.mark.parametrize(("rule", "points"), [("factor_off", "988.8"), ("fixed_score", "824")])
def test_p28_a_tcm_group_without_the_institution_factor_or_with_a_fixed_score(rule: str, points: str) -> None:
    """960 or 800, x 1.03; a fixed score does not follow the cost."""
    terms = terms_with(tcm_groups=rule)
    assert points_of(terms, tcm_group=1) == Fraction(points)
    cheap = points_of(terms, tcm_group=1, medfee_sumamt=1_000_00)
    assert cheap == (Fraction(points) if rule == "fixed_score" else Fraction(points) / 10)


@pytest.mark.parametrize(
    ("round_at", "decimals", "points"),
    [
        ("once", 0, "10"),  # 7.3 x 1.111 x 1.22 x 1.03 = 10.19...
        ("once", 2, "10.19"),
        ("before_tcm", 1, "10.2"),  # 9.9, 10.197
        ("each", 1, "10.2"),  # 8.1, 9.9, 9.9, 10.2
        ("before_tcm", 0, "10"),
        ("each", 0, "10"),  # 8, 10, 10, 10
        ("each", 4, "10.1914"),  # 8.1103, 9.8946, 10.1914
    ],
)
def test_where_points_are_rounded(round_at: str, decimals: int, points: str) -> None:
    terms = terms_with(round_at=round_at, decimals=decimals)
    found = points_of(terms, base_points=73_000, institution_factor=11_110, auxiliary_factor=12_200, tcm_group=1)
    assert found == Fraction(points)


def test_ties_go_up_at_each_number_of_decimals() -> None:
    for decimals in range(5):
        half = 5 * 10 ** (3 - decimals) if decimals < 4 else 1
        terms = terms_with(auxiliary=0, decimals=decimals)
        factor = 10_000 if decimals < 4 else 5_000
        found = score(terms, case(base_points=half, institution_factor=factor)).points
        assert found == 10 ** (4 - decimals)


def test_the_institution_factor_is_capped() -> None:
    assert points_of(GUANGZHOU, institution_factor=20_000) == 1_440  # 800 x 1.5 x 1.2
    assert points_of(terms_with(institution_factor_cap=int(NO_LIMIT)), institution_factor=20_000) == 1_920


@pytest.mark.parametrize(
    ("terms", "points", "by_item"),
    [
        (GUANGZHOU, "750", 0),  # 10,000 / 12,000 x 1,000 x 0.9
        (terms_with(factor_in_ungrouped=1), "787.5", 0),
        (terms_with(ungrouped="by_item"), "0", 1),
    ],
)
def test_a_case_of_no_group(terms: DipTerms, points: str, by_item: int) -> None:
    found = score(terms, case(grouped=0, base_points=0, level_mean=0, group_mean=0))
    assert (Fraction(found.points, ONE), found.paid_by_item) == (Fraction(points), by_item)


def test_carved_out_cost_leaves_before_the_deviation_test() -> None:
    """20,000.01 is high, 20,000.01 with 0.01 carved out is not."""
    assert score(GUANGZHOU, case(medfee_sumamt=20_000_01)).band == 2
    assert score(GUANGZHOU, case(medfee_sumamt=20_000_01, carve_out_amt=1)).band == 0


@pytest.mark.parametrize(
    ("state", "cost", "points", "by_item", "review"),
    [
        ("none", 60_000_00, "5040", 0, 1),
        ("applied", 60_000_00, "5040", 0, 1),
        ("refused", 60_000_00, "5040", 0, 0),
        ("granted_item", 60_000_00, "0", 1, 0),
        ("granted_points", 60_000_00, "4321", 0, 0),
        ("granted_points", 1_000_00, "4321", 0, 0),  # outside the deviation rule
        ("granted_item", 10_000_00, "0", 1, 0),
    ],
)
def test_the_special_review(state: str, cost: int, points: str, by_item: int, review: int) -> None:
    changes = {"medfee_sumamt": cost, "review": REVIEW.position(state), "review_points": 4_321 * ONE}
    found = score(GUANGZHOU, case(**changes))
    assert (found.points, found.paid_by_item, found.expert_review) == (int(points) * ONE, by_item, review)


def test_a_review_that_is_refused_is_scored_as_any_high_case() -> None:
    terms = terms_with(extreme_points="nothing")
    assert points_of(terms, medfee_sumamt=60_000_00) == 0
    for state in ("refused", "beyond_quota"):
        assert points_of(terms, medfee_sumamt=60_000_00, review=REVIEW.position(state)) == 5_040


def test_the_largest_figures_are_exact_or_refused() -> None:
    big = case(medfee_sumamt=9 * 10**10, level_mean=9 * 10**8, base_points=10_000 * ONE, institution_factor=15_000)
    terms = terms_with(decimals=2)
    assert score(terms, big).points == score(terms, as_columns([big])).points[0] == 10_000 * 15 * 12 * 99 * 100
    dear = attrs.evolve(big, medfee_sumamt=10**12 - 1, tcm_group=1)
    uplift = terms_with(tcm_factor=10_333, high_limit=23_333)
    with pytest.raises(AmountError, match="cannot be multiplied exactly in int64"):
        score(uplift, as_columns([dear]))
    exact = oracle.score(words_of(uplift), case_in_words(dear))["points"]
    assert Fraction(score(uplift, dear).points, ONE) == exact  # ints are exact at any size


# ---- exact words beneath ---------------------------------------------------------------------------------------------


@many
@given(
    st.lists(st.tuples(st.integers(0, 10**15), st.integers(0, 10**9), st.integers(1, 10**12)), min_size=1, max_size=6),
    st.integers(0, 12),
)
def test_a_product_over_a_long_divisor_is_exact(rows: list[tuple[int, int, int]], power: int) -> None:
    a, b, c = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    expected = [mul_div_by(*row, 10**power) for row in rows]
    assume(max(expected) < 2**63)
    assert expected == [round_half_up(Fraction(x * y, z * 10**power)) for x, y, z in rows]
    assert mul_div_by(a, b, c, 10**power).tolist() == expected


NO_MEAN = "the reference mean of the group has to be above 0"


def round_half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@pytest.mark.parametrize("power", [6, 8, 10, 12])
def test_ties_over_a_long_divisor(power: int) -> None:
    c = np.array([10**10 + 1, 10**10 + 2], np.int64)
    half = 10**power // 2
    a, b = np.array([half, half - 1], np.int64), c.copy()
    assert mul_div_by(a, b, c, 10**power).tolist() == [1, 0]


def test_what_cannot_be_multiplied_is_refused() -> None:
    with pytest.raises(AmountError) as error:
        mul_div_by(np.array([-1]), np.array([1]), np.array([1]), 10)
    assert str(error.value) == "mul_div_by: columns must not hold figures below 0, nor a divisor of 0"
    huge = np.array([2**62])
    with pytest.raises(AmountError) as error:
        mul_div_by(huge, huge, np.array([1]), 10)
    assert str(error.value) == f"mul_div_by: {(2**124 + 5) // 10} cannot be held in int64"


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "changes", "error", "message"),
    [
        (GUANGZHOU, {"level_mean": 0}, InputError, f"level_mean is 0; {NO_MEAN}"),
        (OTHER, {"group_mean": 0}, InputError, f"group_mean is 0; {NO_MEAN}"),
        (
            GUANGZHOU,
            {"grouped": 0, "mean_of_all": 0},
            InputError,
            "mean_of_all is 0; a case of no group is compared with the mean of all cases, which has to be above 0",
        ),
        (GUANGZHOU, {"base_points": 0}, InputError, "base_points is 0; a group has a score above 0"),
        (
            GUANGZHOU,
            {"institution_factor": 0},
            InputError,
            "institution_factor is 0; a factor is above 0, and 1 where it changes nothing",
        ),
        (
            GUANGZHOU,
            {"auxiliary_factor": 0},
            InputError,
            "auxiliary_factor is 0; a factor is above 0, and 1 where it changes nothing",
        ),
        (
            GUANGZHOU,
            {"carve_out_amt": 10_000_01},
            InputError,
            "carve_out_amt is 1000001 fen, more than the total cost; correct whichever is wrong",
        ),
        (
            GUANGZHOU,
            {"review": 3},
            InputError,
            "review is granted_points, but review_points is 0; the experts' points are due",
        ),
        (
            HUAIAN,
            {"grouped": 0},
            InputError,
            "the case belongs to no group, and the terms reject such cases; group it first",
        ),
    ],
)
def test_what_cannot_be_scored(
    terms: DipTerms, changes: dict[str, int], error: type[MipolicyError], message: str
) -> None:
    check_refused(lambda: score(terms, case(**changes)), error, message)
    table = as_columns([PLAIN, PLAIN, case(**changes)])
    check_refused(lambda: score(terms, table), error, f"row 2: {message}")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: score(GUANGZHOU, case(medfee_sumamt=-1)),
            InputError,
            "DipCase.medfee_sumamt: -1 is outside 0 to 1000000000000; the field is total cost, in fen",
        ),
        (
            lambda: score(GUANGZHOU, as_columns([PLAIN, case(base_points=900_000_001)])),
            InputError,
            "DipCase.base_points: row 1: 900000001 is outside 0 to 900000000; the field is score of the group, "
            "in points per ten thousand",
        ),
        (
            lambda: score(GUANGZHOU, case(institution_factor=100_001)),
            InputError,
            "DipCase.institution_factor: 100001 is outside 0 to 100000; the field is institution factor, "
            "in factors per ten thousand",
        ),
        (
            lambda: score(GUANGZHOU, case(review=6)),
            CodeError,
            "DipCase.review: 6 is outside 0 to 5; codes of review: none, applied, granted_item, granted_points, "
            "refused, beyond_quota, in this order from 0",
        ),
        (
            lambda: score(GUANGZHOU, case(medfee_sumamt=1.5)),  # type: ignore[arg-type]
            AmountError,
            "DipCase.medfee_sumamt: an amount must be int or an int64 column, got float 1.5",
        ),
    ],
)
def test_inputs_out_of_range(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low_limit": 10_001}, "low_limit must not exceed 1: the mean itself is no low cost"),
        ({"high_limit": 9_999}, "high_limit must be at least 1: the mean itself is no high cost"),
        (
            {"low_limit": 10_000, "high_limit": 10_000},
            "low_limit and high_limit must differ: a cost at both would be low and high",
        ),
        (
            {"extreme_limit": 20_000},
            'extreme_limit must exceed high_limit; "none" where cases are not sent for review',
        ),
        (
            {"high_limit": int(NO_LIMIT)},
            'extreme_limit must exceed high_limit; "none" where cases are not sent for review',
        ),
        ({"extreme_limit": 1_000_001}, 'extreme_limit is more than 100; "none" where there is no such limit'),
        (
            {"high_offset": "institution_factor"},
            "high_offset institution_factor already carries the factor: factor_in_high must be false",
        ),
        ({"decimals": 5}, "decimals must be 0 to 4: points are kept to the ten-thousandth"),
        ({"tcm_factor": 0}, "tcm_factor must be above 0; 1 changes nothing"),
        ({"institution_factor_cap": 0}, "institution_factor_cap must be above 0; 1 changes nothing"),
        ({"mean_points": 0}, "mean_points must be above 0 where cases of no group are scored by a factor"),
        ({"ungrouped_factor": 0}, "ungrouped_factor must be above 0 where cases of no group are scored by a factor"),
    ],
)
def test_terms_that_no_document_can_mean(changes: dict[str, Any], message: str) -> None:
    check_refused(lambda: terms_with(**changes), InputError, message)


def test_the_assumed_pack_scores_a_case() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["dip"]
    terms = policy.build("dip", version)
    assert terms == terms_with(round_at="before_tcm", extreme_points="at_limit")
    traced = policy.traced("dip", version)
    found = score(traced, as_traced(case(medfee_sumamt=30_000_00, tcm_group=1)))
    assert found == score(terms, case(medfee_sumamt=30_000_00, tcm_group=1))
    assert Fraction(found.points, ONE) == Fraction("2076.48")


def test_labels() -> None:
    check_labels(DipTerms, DipCase, DipScore)


@pytest.mark.parametrize("terms", [GUANGZHOU, OTHER, HUAIAN])
@pytest.mark.parametrize("changes", [{}, {"basic_groups": "fixed_score"}, {"tcm_groups": "fixed_score"}])
@pytest.mark.parametrize("flag", [{}, {"basic_group": 1}, {"tcm_group": 1, "pilot_tcm": 1}])
@pytest.mark.parametrize("mean", [1, 7, 9_000_01])
def test_between_the_costs_that_are_alike_points_are_the_same_and_beyond_them_not_between(
    terms: DipTerms, changes: dict[str, str], flag: dict[str, int], mean: int
) -> None:
    terms = DipTerms(**{**attrs.asdict(terms, recurse=False), **changes})
    of = case(group_mean=mean, level_mean=mean, auxiliary_factor=ONE, **flag)
    least, most = costs_alike(terms, of)

    def scored(cost: int) -> DipScore[int]:
        return score(terms, attrs.evolve(of, medfee_sumamt=cost))

    inside = {cost for cost in (least, least + 1, mean, most - 1, most) if max(least, 1) <= cost <= most}
    assert len({scored(cost).points for cost in inside}) == 1
    if any(f"{name}s" in changes for name in flag):
        assert (least, most) == (0, 10**12)
    else:
        assert BAND.members[scored(most + 1).band] in ("high", "extreme")
        assert least == 0 or BAND.members[scored(least - 1).band] == "low"
