"""DRG points: against the oracle; limits and their sides; two places' ways; review, carve-out, messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyGap
from mipolicy.payment.drg_points import DrgPoints, DrgPointsCase, DrgPointsTerms, costs_alike, pay
from tests.oracles import drg as oracle
from tests.payment.drg_cases import (
    LEVELS,
    ONE,
    PROVINCE,
    THIRD,
    bands,
    case_in_words,
    in_plain_words,
    near_limits,
    review,
)
from tests.payment.shared import check_labels, check_refused, cited
from tests.strategies import as_columns, as_rows, as_traced, flags

many = settings(max_examples=100, deadline=None)

# Jinhua's way: 100 points for the mean, extra points on the base, low outliers without the factor, never above the base
JINHUA = DrgPointsTerms(
    scale=100 * ONE,
    decimals=4,
    bands=PROVINCE,
    band_side="above",
    low_side="below",
    high_side="above",
    reference_mean="group_mean",
    test_cost="cost",
    incomplete_as_low=1,
    low_takes_factor=0,
    low_cap="base",
    high_way="extra_points",
    extra_takes_factor=0,
    by_item_share=0,
    ungrouped="by_cost",
    ungrouped_factor=8_000,
)
# another: 1,000 points at two decimals, a third, the level's mean, the factor everywhere, high outliers by their cost
THOUSAND = attrs.evolve(
    JINHUA,
    scale=1000 * ONE,
    decimals=2,
    bands=THIRD,
    band_side="at_or_above",
    low_side="at_or_below",
    high_side="at_or_above",
    reference_mean="level_mean",
    test_cost="less_unreasonable",
    incomplete_as_low=0,
    low_takes_factor=1,
    low_cap="standard",
    high_way="by_item",
    by_item_share=50_000,
    ungrouped="nothing",
)
PLAIN: DrgPointsCase[int] = DrgPointsCase(
    medfee_sumamt=12_000_00,
    carve_out_amt=0,
    unreasonable_amt=0,
    level=0,
    incomplete=0,
    review=0,
    review_points=0,
    by_item=0,
    grouped=1,
    new_group=0,
    base_points=80 * ONE,
    difference_factor=11_000,
    group_mean=12_000_00,
    level_mean=10_000_00,
    mean_of_all=15_000_00,
)


def case(**changes: int) -> DrgPointsCase[int]:
    return attrs.evolve(PLAIN, **changes)


def points(terms: DrgPointsTerms, **changes: int) -> str:
    """Points of the plain case so changed, as printed."""
    found = pay(terms, case(**changes)).points
    return f"{found / ONE:.4f}"


@st.composite
def points_terms(draw: DrawFn) -> DrgPointsTerms:
    high_way = draw(st.sampled_from(("extra_points", "by_item", "standard")))
    return DrgPointsTerms(
        scale=draw(st.sampled_from((100 * ONE, 1000 * ONE))),
        decimals=draw(st.integers(0, 4)),
        bands=draw(bands((80 * ONE, 100 * ONE, 200 * ONE))),
        band_side=draw(st.sampled_from(("at_or_above", "above"))),
        low_side=draw(st.sampled_from(("below", "at_or_below"))),
        high_side=draw(st.sampled_from(("above", "at_or_above"))),
        reference_mean=draw(st.sampled_from(("group_mean", "level_mean"))),
        test_cost=draw(st.sampled_from(("cost", "less_unreasonable"))),
        incomplete_as_low=draw(flags),
        low_takes_factor=draw(flags),
        low_cap=draw(st.sampled_from(("base", "standard"))),
        high_way=high_way,
        extra_takes_factor=draw(flags),
        by_item_share=50_000,
        ungrouped=draw(st.sampled_from(("nothing", "by_cost"))),
        ungrouped_factor=draw(st.sampled_from((0, 8_000, ONE))),
    )


means = st.one_of(st.sampled_from((1, 3, 300, 1_000_000, 1_200_001)), st.integers(1, 5_000_000))


@st.composite
def cases(draw: DrawFn) -> DrgPointsCase[int]:
    group_mean, level_mean = draw(means), draw(means)
    beside = st.sampled_from(sorted({*near_limits(group_mean), *near_limits(level_mean)}))
    rest = draw(st.one_of(beside, st.integers(0, 20_000_000)))
    carved = draw(st.sampled_from((0, 0, 1, 50_000)))
    return DrgPointsCase(
        medfee_sumamt=rest + carved,
        carve_out_amt=carved,
        unreasonable_amt=min(rest, draw(st.sampled_from((0, 0, 1, 10_000)))),
        level=draw(st.integers(0, 4)),
        incomplete=draw(flags),
        review=draw(st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5))),
        review_points=draw(st.integers(0, 10_000_000)),
        by_item=draw(flags),
        grouped=draw(st.sampled_from((1, 1, 1, 0))),
        new_group=draw(st.sampled_from((0, 0, 1))),
        base_points=draw(
            st.one_of(st.sampled_from((1, 800_000, 1_000_000, 1_000_001, 2_000_000)), st.integers(1, 10_000_000))
        ),
        difference_factor=draw(st.one_of(st.sampled_from((ONE, 9_999, 11_000)), st.integers(1, 30_000))),
        group_mean=group_mean,
        level_mean=level_mean,
        mean_of_all=draw(means),
    )


@many
@given(points_terms(), st.lists(cases(), min_size=1, max_size=5))
def test_ints_columns_traces_and_the_oracle_agree(terms: DrgPointsTerms, rows: list[DrgPointsCase[int]]) -> None:
    batch = pay(terms, as_columns(rows))
    words = in_plain_words(terms)
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        for name, value in oracle.points_of(words, case_in_words(row)).items():
            unit = attrs.fields_dict(DrgPoints)[name].metadata["unit"]
            assert found[name] == value * (ONE if unit == "points" else 1), name


@many
@given(points_terms(), cases(), st.integers(0, 5_000_000))
def test_more_cost_never_gives_fewer_points_within_a_kind(
    terms: DrgPointsTerms, one: DrgPointsCase[int], more: int
) -> None:
    before = pay(terms, one)
    after = pay(terms, attrs.evolve(one, medfee_sumamt=one.medfee_sumamt + more))
    if (before.low, before.high) == (after.low, after.high):
        assert after.points >= before.points
    assert after.low <= before.low or one.incomplete
    assert after.high >= before.high
    if before.low:
        most = one.base_points if terms.low_cap == "base" else before.standard_points
        assert before.low_points <= most


# ---- worked by hand --------------------------------------------------------------------------------------------------


def test_p11_every_step_of_an_ordinary_case() -> None:
    """80 points x 1.1 = 88, whatever it cost between the limits."""
    assert pay(JINHUA, PLAIN) == DrgPoints(
        group_cost=12_000_00,
        reasonable_cost=12_000_00,
        reference_mean=12_000_00,
        factor=11_000,
        standard_points=880_000,
        edges_passed=0,
        low_limit=4_000,
        low_limit_of=1,
        high_limit=30_000,
        low=0,
        high=0,
        low_points=0,
        extra_points=0,
        cost_points=800_000,
        group_points=880_000,
        scored_by_cost=0,
        carve_out_amt=0,
        points=880_000,
    )


@pytest.mark.parametrize(
    ("cost", "low_side", "expected"),
    [
        (4_799_99, "below", "31.9999"),  # 80 x 4,799.99 / 12,000 = 31.99993
        (4_800_00, "below", "88.0000"),
        (4_800_00, "at_or_below", "32.0000"),
        (4_800_01, "at_or_below", "88.0000"),
    ],
)
def test_the_low_limit_and_a_fen_either_side(cost: int, low_side: str, expected: str) -> None:
    assert points(attrs.evolve(JINHUA, low_side=low_side), medfee_sumamt=cost) == expected


@pytest.mark.parametrize(
    ("cost", "high_side", "expected"),
    [
        (36_000_00, "above", "88.0000"),
        (36_001_50, "above", "88.0100"),  # 1.50 / 12,000 x 80 = 0.01
        (36_000_00, "at_or_above", "88.0000"),
        (48_000_00, "above", "168.0000"),  # one multiple in excess: 80 more
    ],
)
def test_the_high_limit_and_beyond(cost: int, high_side: str, expected: str) -> None:
    assert points(attrs.evolve(JINHUA, high_side=high_side), medfee_sumamt=cost) == expected


@pytest.mark.parametrize(("boundary", "high"), [("above", 0), ("at_or_above", 1)])
def test_on_the_high_limit(boundary: str, high: int) -> None:
    at = case(medfee_sumamt=36_000_00)
    terms = attrs.evolve(JINHUA, high_side=boundary)
    assert pay(terms, at).high == high
    assert pay(terms, case(medfee_sumamt=36_000_01)).high == 1
    assert pay(terms, case(medfee_sumamt=35_999_99)).high == 0


@pytest.mark.parametrize(("base", "extra"), [(100, 100), (101, 202), (201, 502.5)])
def test_a_case_of_four_times_the_mean_by_band_of_base_points(base: int, extra: float) -> None:
    """3, 2 and 1.5 times: 1, 2 and 2.5 multiples in excess."""
    found = pay(JINHUA, case(medfee_sumamt=48_000_00, base_points=base * ONE))
    assert found.extra_points == int(extra * ONE)


def test_two_ways_of_the_same_high_outlier() -> None:
    """Four times the mean: extra on the base, with the factor, by cost, or none."""
    cost = {"medfee_sumamt": 48_000_00, "by_item": 1}
    assert points(JINHUA, **cost) == "168.0000"
    assert points(attrs.evolve(JINHUA, extra_takes_factor=1), **cost) == "176.0000"
    assert points(attrs.evolve(JINHUA, high_way="by_item", by_item_share=50_000), **cost) == "320.0000"
    assert points(attrs.evolve(JINHUA, high_way="standard"), **cost) == "88.0000"
    assert points(attrs.evolve(JINHUA, high_way="by_item", by_item_share=50_000), medfee_sumamt=48_000_00) == "88.0000"


def test_unreasonable_cost_earns_no_extra_points() -> None:
    """(48,000 - 6,000) / 12,000 - 3 = 0.5: 40 points; the test itself is on the cost, or on what is reasonable."""
    cost = {"medfee_sumamt": 48_000_00, "unreasonable_amt": 6_000_00}
    assert points(JINHUA, **cost) == "128.0000"
    assert pay(JINHUA, case(medfee_sumamt=40_000_00, unreasonable_amt=6_000_00)).high == 1
    assert points(JINHUA, medfee_sumamt=40_000_00, unreasonable_amt=6_000_00) == "88.0000"
    held = attrs.evolve(JINHUA, test_cost="less_unreasonable")
    assert pay(held, case(medfee_sumamt=40_000_00, unreasonable_amt=6_000_00)).high == 0


def test_an_incomplete_stay_is_scored_by_its_cost_and_never_above_the_base() -> None:
    assert points(JINHUA, incomplete=1, medfee_sumamt=9_000_00) == "60.0000"
    assert points(JINHUA, incomplete=1, medfee_sumamt=20_000_00) == "80.0000"
    assert points(attrs.evolve(JINHUA, low_cap="standard"), incomplete=1, medfee_sumamt=20_000_00) == "88.0000"
    assert points(attrs.evolve(JINHUA, low_takes_factor=1), incomplete=1, medfee_sumamt=9_000_00) == "66.0000"
    assert points(attrs.evolve(JINHUA, incomplete_as_low=0), incomplete=1, medfee_sumamt=9_000_00) == "88.0000"


def test_a_place_of_a_thousand_points_at_two_decimals() -> None:
    """800.00 x 1.1; a third of the level's 10,000; 20,000 and more by cost, within the share."""
    base = {"base_points": 800 * ONE}
    assert points(THOUSAND, **base) == "880.0000"
    assert points(THOUSAND, **base, medfee_sumamt=3_333_33) == "293.3300"  # 880 x 0.333333
    assert points(THOUSAND, **base, medfee_sumamt=3_333_34) == "880.0000"
    assert points(THOUSAND, **base, medfee_sumamt=20_000_00, by_item=1) == "1333.3300"
    assert points(THOUSAND, **base, medfee_sumamt=19_999_99, by_item=1) == "880.0000"


def test_a_new_group_has_a_factor_of_one() -> None:
    assert points(JINHUA, new_group=1) == "80.0000"


def test_p12_special_review_stands_outside_the_outlier_rule() -> None:
    """(48,000 - 3,000) / 15,000 x 100 = 300; the experts' 210; applied or refused: as without a review."""
    cost = {"medfee_sumamt": 48_000_00, "unreasonable_amt": 3_000_00}
    assert points(JINHUA, **cost, review=review("granted_item")) == "300.0000"
    assert points(JINHUA, **cost, review=review("granted_points"), review_points=210 * ONE) == "210.0000"
    assert points(JINHUA, **cost, review=review("applied")) == points(JINHUA, **cost) == "148.0000"
    assert points(JINHUA, **cost, review=review("refused")) == "148.0000"


def test_p12_carved_out_money_leaves_before_the_outlier_test() -> None:
    """42,000 with 8,000 carved out is no outlier at 3 x 12,000; the 8,000 stand beside the points."""
    found = pay(JINHUA, case(medfee_sumamt=42_000_00, carve_out_amt=8_000_00))
    assert (found.high, found.points, found.carve_out_amt) == (0, 880_000, 8_000_00)
    assert pay(JINHUA, case(medfee_sumamt=42_000_00)).high == 1
    low = pay(JINHUA, case(medfee_sumamt=12_000_00, carve_out_amt=8_000_00))
    assert (low.low, low.points) == (1, 266_667)  # 80 x 4,000 / 12,000


def test_a_case_of_no_group() -> None:
    ungrouped = {"grouped": 0, "base_points": 0, "group_mean": 0, "level_mean": 0}
    assert points(JINHUA, **ungrouped) == "64.0000"  # 12,000 / 15,000 x 100 x 0.8
    assert points(THOUSAND, **ungrouped) == "0.0000"
    assert points(THOUSAND, **ungrouped, review=review("granted_item")) == "800.0000"


@pytest.mark.parametrize(("decimals", "expected"), [(4, 266_667), (2, 266_700), (0, 270_000)])
def test_where_points_are_rounded(decimals: int, expected: int) -> None:
    terms = attrs.evolve(JINHUA, decimals=decimals)
    assert pay(terms, case(medfee_sumamt=4_000_00)).points == expected


# ---- messages, traces, packs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: pay(JINHUA, case(medfee_sumamt=-1)), InputError,
         "DrgPointsCase.medfee_sumamt: -1 is outside 0 to 1000000000000; the field is total cost, in fen"),
        (lambda: pay(JINHUA, as_columns([PLAIN, case(incomplete=2)])), InputError,
         "DrgPointsCase.incomplete: row 1: 2 is outside 0 to 1; the field is the stay is incomplete, in flag"),
        (lambda: pay(JINHUA, case(review=6)), CodeError,
         "DrgPointsCase.review: 6 is outside 0 to 5; codes of review: none, applied, granted_item, granted_points, "
         "refused, beyond_quota, in this order from 0"),
        (lambda: pay(JINHUA, case(group_mean=10**10 + 1)), InputError,
         "DrgPointsCase.group_mean: 10000000001 is outside 0 to 10000000000; the field is mean cost of the group, "
         "in fen"),
        (lambda: pay(JINHUA, as_columns([PLAIN, case(group_mean=0)])), InputError,
         "row 1: group_mean is 0; a case of a group needs the mean it is measured against"),
        (lambda: pay(THOUSAND, case(level_mean=0)), InputError,
         "level_mean is 0; a case of a group needs the mean it is measured against"),
        (lambda: pay(JINHUA, case(mean_of_all=0)), InputError,
         "mean_of_all is 0; state the mean cost of all cases of the year"),
        (lambda: pay(JINHUA, as_columns([PLAIN, case(base_points=0)])), InputError,
         "row 1: base_points is 0; a group has base points above 0"),
        (lambda: pay(JINHUA, case(difference_factor=0)), InputError,
         "difference_factor is 0; a factor is above 0, and 1 where it changes nothing"),
        (lambda: pay(JINHUA, case(carve_out_amt=12_000_01)), InputError,
         "carve_out_amt is 1200001 fen, more than the total cost; correct whichever is wrong"),
        (lambda: pay(JINHUA, as_columns([PLAIN, case(carve_out_amt=1, unreasonable_amt=12_000_00)])), InputError,
         "row 1: unreasonable_amt is 1200000 fen, more than the cost without what is carved out; correct whichever "
         "is wrong"),
        (lambda: pay(JINHUA, attrs.evolve(as_columns([PLAIN]), level=np.zeros(2, np.int64))), AmountError,
         "columns must be of one length, got 1 and 2 rows"),
        (lambda: attrs.evolve(JINHUA, scale=0), InputError, "scale is 0; a case that costs the mean of all has points"),
        (lambda: attrs.evolve(JINHUA, decimals=5), InputError,
         "decimals is 5, allowed is 0 to 4: points are kept at four"),
        (lambda: attrs.evolve(JINHUA, high_way="by_item"), InputError,
         "high_way is by_item but by_item_share is 0; no case could be scored so"),
        (lambda: attrs.evolve(JINHUA, ungrouped_factor=1_000_001), InputError,
         "ungrouped_factor is more than 100; no document can mean that"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_nothing_wraps_at_the_largest_figures() -> None:
    large = case(medfee_sumamt=10**12, base_points=10**11, difference_factor=10**7, group_mean=10**10)
    row = as_columns([attrs.evolve(large, base_points=10**9, difference_factor=ONE)])
    exact = pay(JINHUA, attrs.evolve(large, base_points=10**9, difference_factor=ONE))
    assert as_rows(pay(JINHUA, row)) == [attrs.asdict(exact)]
    assert exact.extra_points == Fraction(10**9) * (100 - Fraction(3, 2))
    with pytest.raises(AmountError, match="a quotient of 2\\*\\*50 or more cannot be proven exact"):
        pay(JINHUA, as_columns([attrs.evolve(large, group_mean=1)]))


def test_a_traced_run_cites_its_clause() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["drg_points"]
    terms = policy.traced("drg_points", version)
    found = pay(terms, as_traced(case(review=review("granted_item"))))
    assert cited(found, "points", "cost_points", "group_points") == {
        f"drg_points.{path}": "payment-2024 第二十一条 DRG点数" for path in ("scale", "ungrouped_factor")
    }
    limits = cited(found, "edges_passed", "low_limit", "low_limit_of", "high_limit")
    held = {path.removeprefix("drg_points.") for path in limits}
    of_band = next(path.partition(".")[0] for path in held if path.endswith(".high"))
    assert {path for path in held if not path.endswith(".edge")} == {
        f"{of_band}.{name}" for name in ("low", "low_of", "high")
    }
    assert sum(path.endswith(".edge") for path in held) == 2
    assert set(limits.values()) == {"payment-2024 第二十二条 费用异常病例"}


def test_p11_taizhou_names_base_points_and_factor_without_figures() -> None:
    with pytest.raises(PolicyGap) as gap:
        packs.load("taizhou-2024").terms(DrgPointsTerms, on=date(2024, 7, 10), section="drg_points")
    found = {field.path: field.clause for field in gap.value.fields}
    assert set(found) == {"effective", *(each.name for each in attrs.fields(DrgPointsTerms))}
    assert set(found.values()) == {"notice-2024 二(四) 问题反馈"}


def test_labels() -> None:
    check_labels(DrgPointsTerms, DrgPointsCase, DrgPoints)


@many
@given(points_terms(), st.integers(0, len(LEVELS) - 1), st.sampled_from((1, 100, 150, 250)), st.integers(3, 10**7))
def test_between_the_costs_that_are_alike_the_points_are_the_standard(
    terms: DrgPointsTerms, level: int, base: int, mean: int
) -> None:
    of = case(level=level, base_points=base * ONE, group_mean=mean, level_mean=mean)
    least, most = costs_alike(terms, of)

    def scored(cost: int) -> DrgPoints[int]:
        return pay(terms, attrs.evolve(of, medfee_sumamt=cost))

    for cost in {least, (least + most) // 2, most}:
        if least <= cost <= most:
            assert (scored(cost).low, scored(cost).high, scored(cost).points) == (0, 0, scored(cost).standard_points)
    assert (scored(most + 1).low, scored(most + 1).high) != (0, 0)
    assert least == 0 or scored(least - 1).low == 1
