"""DRG by weight and rate: against the oracle; two places' ways; fund formulas; review, carve-out, messages."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.errors import InputError, MipolicyError
from mipolicy.payment.drg_weight import DEDUCTED, DrgCase, DrgPaid, DrgWeightTerms, pay, total_owed
from mipolicy.tables import Table
from tests.oracles import drg as oracle
from tests.payment.drg_cases import ONE, THIRD, bands, case_in_words, in_plain_words, near_limits, review
from tests.payment.shared import check_labels, check_refused, cited
from tests.strategies import as_columns, as_rows, as_traced, flags, rates, tables

many = settings(max_examples=100, deadline=None)

# Beijing's way: a rate a level, limits against the standard, outliers by item, the fund pays what others leave
BEIJING = DrgWeightTerms(
    rate_by="level",
    rate=Table((LEVEL,), (15_000_00, 12_000_00, 9_000_00, 8_000_00, 8_000_00)),
    adjusted_by="nothing",
    level_factor=Table.same(ONE, LEVEL),
    bands=THIRD,
    band_side="at_or_above",
    low_side="below",
    high_side="above",
    reference_mean="standard",
    test_cost="cost",
    incomplete_as_low=0,
    low_way="by_item",
    high_way="by_item",
    by_item_share=50_000,
    ungrouped="by_item",
    fund_way="residual",
    deducted=(),
    fund_share=Table.same(1_000_000, LEVEL),
    floor="none",
)
# another place: one rate with a factor of the level, proportional below, extra above, a share after deductions
SHARE = attrs.evolve(
    BEIJING,
    rate_by="area",
    rate=Table.same(10_000_00, LEVEL),
    adjusted_by="level_factor",
    level_factor=Table((LEVEL,), (11_000, ONE, 9_000, 8_000, 8_000)),
    reference_mean="group_mean",
    low_side="at_or_below",
    high_side="at_or_above",
    low_way="proportional",
    high_way="extra",
    by_item_share=0,
    ungrouped="nothing",
    fund_way="item",
    deducted=DEDUCTED,
    fund_share=Table((LEVEL,), (700_000, 800_000, 900_000, 900_000, 900_000)),
    floor="case",
)
PLAIN: DrgCase[int] = DrgCase(
    medfee_sumamt=18_000_00,
    hifp_pay=11_000_00,
    psn_part_amt=6_500_00,
    other_pay=500_00,
    fulamt_ownpay_amt=1_000_00,
    overlmt_selfpay=200_00,
    preselfpay_amt=800_00,
    act_pay_dedc=1_000_00,
    carve_out_amt=0,
    unreasonable_amt=0,
    level=0,
    incomplete=0,
    review=0,
    review_points=0,
    by_item=0,
    grouped=1,
    weight=12_000,
    institution_factor=10_500,
    group_mean=12_000_00,
    level_mean=13_000_00,
)


def case(**changes: int) -> DrgCase[int]:
    return attrs.evolve(PLAIN, **changes)


def paid(terms: DrgWeightTerms, **changes: int) -> tuple[int, int]:
    found = pay(terms, case(**changes))
    return found.standard, found.payment


@st.composite
def weight_terms(draw: DrawFn) -> DrgWeightTerms:
    some = st.sampled_from((1, 100_00, 9_000_00, 15_000_00, 12_345_67))
    return DrgWeightTerms(
        rate_by="level",
        rate=draw(tables((LEVEL,), some)),
        adjusted_by=draw(st.sampled_from(("nothing", "institution_factor", "level_factor"))),
        level_factor=draw(tables((LEVEL,), st.sampled_from((ONE, 8_000, 12_345)))),
        bands=draw(bands((5_000, ONE, 2 * ONE))),
        band_side=draw(st.sampled_from(("at_or_above", "above"))),
        low_side=draw(st.sampled_from(("below", "at_or_below"))),
        high_side=draw(st.sampled_from(("above", "at_or_above"))),
        reference_mean=draw(st.sampled_from(("group_mean", "level_mean", "standard"))),
        test_cost=draw(st.sampled_from(("cost", "less_unreasonable"))),
        incomplete_as_low=draw(flags),
        low_way=draw(st.sampled_from(("by_item", "proportional", "standard"))),
        high_way=draw(st.sampled_from(("by_item", "extra", "standard"))),
        by_item_share=50_000,
        ungrouped=draw(st.sampled_from(("by_item", "nothing"))),
        fund_way=draw(st.sampled_from(("item", "residual"))),
        deducted=tuple(draw(st.lists(st.sampled_from(DEDUCTED), unique=True))),
        fund_share=draw(tables((LEVEL,), rates)),
        floor=draw(st.sampled_from(("case", "total", "none"))),
    )


@st.composite
def cases(draw: DrawFn, terms: DrgWeightTerms) -> DrgCase[int]:
    amounts = st.one_of(st.sampled_from((0, 1, 1_000_00)), st.integers(0, 20_000_00))
    blank = case(
        weight=draw(st.one_of(st.sampled_from((5_000, ONE, 2 * ONE, 2 * ONE - 1)), st.integers(5_000, 60_000))),
        level=draw(st.integers(0, 4)),
        institution_factor=draw(st.sampled_from((ONE, 9_999, 12_345))),
        group_mean=draw(st.integers(1, 30_000_00)),
        level_mean=draw(st.integers(1, 30_000_00)),
        incomplete=draw(flags),
        review=draw(st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5))),
        review_points=draw(st.integers(0, 100_000)),
        by_item=draw(flags),
        grouped=draw(st.sampled_from((1, 1, 1, 0))),
        **{name: draw(amounts) for name in ("hifp_pay", "psn_part_amt", "other_pay", *DEDUCTED)},
    )
    standard = pay(attrs.evolve(terms, reference_mean="group_mean"), blank).group_standard
    mean = {"group_mean": blank.group_mean, "level_mean": blank.level_mean, "standard": standard}[terms.reference_mean]
    rest = draw(st.one_of(st.sampled_from(near_limits(mean)), amounts))
    carved = draw(st.sampled_from((0, 0, 1, 5_000_00)))
    return attrs.evolve(
        blank,
        medfee_sumamt=rest + carved,
        carve_out_amt=carved,
        unreasonable_amt=min(rest, draw(st.sampled_from((0, 0, 1, 100_00)))),
        grouped=blank.grouped if standard else 0,
    )


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(weight_terms())
    rows = data.draw(st.lists(cases(terms), min_size=1, max_size=5))
    batch = pay(terms, as_columns(rows))
    words = in_plain_words(terms)
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        expected = oracle.weight_of(words, case_in_words(row))
        assert {name: found[name] for name in expected} == expected


@many
@given(st.data(), st.integers(0, 50_000_00))
def test_more_cost_never_lowers_the_standard_within_a_kind(data: st.DataObject, more: int) -> None:
    terms = data.draw(weight_terms())
    one = data.draw(cases(terms))
    before = pay(terms, one)
    after = pay(terms, attrs.evolve(one, medfee_sumamt=one.medfee_sumamt + more))
    if (before.low, before.high) == (after.low, after.high):
        assert after.standard >= before.standard
    assert after.high >= before.high
    if terms.fund_way == "residual" and terms.floor != "case" and not before.paid_by_item and before.standard:
        # what fund, person and other funds pay is the standard, to the fen
        assert before.payment + one.psn_part_amt + one.other_pay == before.standard


# ---- worked by hand --------------------------------------------------------------------------------------------------


def test_every_step_of_a_case_paid_by_weight() -> None:
    """1.2 x 15,000 = 18,000; less 6,500 of the person and 500 of other funds."""
    assert pay(BEIJING, PLAIN) == DrgPaid(
        group_cost=18_000_00,
        reasonable_cost=18_000_00,
        rate=15_000_00,
        factor=ONE,
        group_standard=18_000_00,
        reference_mean=18_000_00,
        edges_passed=0,
        low_limit=ONE,
        low_limit_of=3,
        high_limit=3 * ONE,
        low=0,
        high=0,
        extra=0,
        paid_by_item=0,
        carve_out_amt=0,
        standard=18_000_00,
        deducted=7_000_00,
        fund_part=11_000_00,
        payment=11_000_00,
    )


@pytest.mark.parametrize(
    ("level", "standard"), [(0, 18_000_00), (1, 14_400_00), (2, 10_800_00), (3, 9_600_00), (4, 9_600_00)]
)
def test_a_rate_of_each_level(level: int, standard: int) -> None:
    assert pay(BEIJING, case(level=level)).standard == standard


@pytest.mark.parametrize(
    ("way", "standard"), [("nothing", 12_000_00), ("institution_factor", 12_600_00), ("level_factor", 13_200_00)]
)
def test_one_rate_with_a_factor(way: str, standard: int) -> None:
    assert pay(attrs.evolve(SHARE, adjusted_by=way), PLAIN).standard == standard


def test_the_residual_way_may_be_negative_and_the_item_way_is_floored() -> None:
    assert paid(BEIJING, weight=4_000, medfee_sumamt=10_000_00, psn_part_amt=6_500_00) == (6_000_00, -1_000_00)
    assert paid(SHARE) == (13_200_00, 7_140_00)  # (13,200 - 1,000 - 200 - 800 - 1,000) x 70%
    low = {"weight": 2_000, "medfee_sumamt": 12_000_00}
    assert paid(SHARE, **low) == (2_200_00, 0)  # 2,200 less 3,000
    assert paid(attrs.evolve(SHARE, floor="none"), **low) == (2_200_00, -560_00)


def test_what_is_deducted_is_data() -> None:
    some = attrs.evolve(SHARE, deducted=("fulamt_ownpay_amt", "act_pay_dedc"))
    assert pay(some, PLAIN).deducted == 2_000_00
    assert pay(some, PLAIN).payment == 7_840_00  # (13,200 - 2,000) x 70%


@pytest.mark.parametrize(
    ("floor", "payments", "owed"),
    [("total", [-5, 3], 0), ("total", [-5, 8], 3), ("none", [-5, 3], -2), ("case", [0, 3], 3), ("total", [], 0)],
)
def test_the_floor_of_a_total(floor: str, payments: list[int], owed: int) -> None:
    assert total_owed(attrs.evolve(SHARE, floor=floor), np.array(payments, np.int64)) == owed


def test_low_outliers_by_item_in_proportion_or_at_the_standard() -> None:
    """A third of 18,000 is 6,000; of the mean of 12,000, 4,000."""
    assert paid(BEIJING, medfee_sumamt=5_999_99, hifp_pay=3_000_00) == (5_999_99, 3_000_00)
    assert paid(BEIJING, medfee_sumamt=6_000_00, hifp_pay=3_000_00) == (18_000_00, 11_000_00)
    assert paid(SHARE, medfee_sumamt=4_000_00) == (4_400_00, 980_00)  # 13,200 x 1/3; (4,400 - 3,000) x 70%
    assert paid(SHARE, medfee_sumamt=4_000_01) == (13_200_00, 7_140_00)
    assert paid(attrs.evolve(SHARE, low_way="standard"), medfee_sumamt=1_000_00) == (13_200_00, 7_140_00)


def test_high_outliers_by_item_within_the_share_or_with_an_extra() -> None:
    """54,000 is three times 18,000; 36,000 three times the mean of 12,000."""
    cost = {"medfee_sumamt": 54_000_01, "hifp_pay": 40_000_00}
    assert paid(BEIJING, **cost, by_item=1) == (54_000_01, 40_000_00)
    assert paid(BEIJING, **cost) == (18_000_00, 11_000_00)
    assert paid(BEIJING, medfee_sumamt=54_000_00, by_item=1) == (18_000_00, 11_000_00)
    assert paid(SHARE, medfee_sumamt=42_000_00) == (19_800_00, 11_760_00)  # half a multiple more
    assert pay(SHARE, case(medfee_sumamt=42_000_00, unreasonable_amt=6_000_00)).extra == 0
    assert pay(SHARE, case(medfee_sumamt=36_000_00)).high == 1
    assert pay(SHARE, case(medfee_sumamt=35_999_99)).high == 0


def test_a_weight_of_two_and_more_is_high_from_twice_the_standard() -> None:
    cost = {"medfee_sumamt": 70_000_00, "by_item": 1, "hifp_pay": 1}
    assert pay(BEIJING, case(weight=2 * ONE, **cost)).paid_by_item == 1
    assert pay(BEIJING, case(weight=2 * ONE - 1, **cost)).paid_by_item == 0


def test_p12_special_review_by_item_less_what_is_unreasonable_or_at_the_experts_weight() -> None:
    cost = {"medfee_sumamt": 60_000_00, "hifp_pay": 40_000_00, "unreasonable_amt": 3_000_00}
    assert paid(BEIJING, **cost, review=review("granted_item")) == (57_000_00, 37_000_00)
    assert paid(BEIJING, **cost, review=review("granted_points"), review_points=30_000, by_item=1) == (
        45_000_00,
        38_000_00,
    )
    assert paid(BEIJING, **cost, review=review("refused")) == (18_000_00, 11_000_00)


def test_p12_carved_out_money_is_added_to_the_standard() -> None:
    """20,000 of 66,000 carved out: 46,000 is below 54,000; 18,000 + 20,000 less 7,000."""
    assert paid(BEIJING, medfee_sumamt=66_000_00, carve_out_amt=20_000_00, by_item=1) == (38_000_00, 31_000_00)
    assert pay(BEIJING, case(medfee_sumamt=66_000_00, by_item=1)).paid_by_item == 1


def test_a_case_of_no_group() -> None:
    none = {"grouped": 0, "weight": 0, "group_mean": 0, "level_mean": 0}
    assert paid(BEIJING, **none) == (18_000_00, 11_000_00)
    assert pay(BEIJING, case(**none)).paid_by_item == 1
    assert paid(SHARE, **none) == (0, 0)
    assert paid(SHARE, **none, review=review("granted_points"), review_points=ONE) == (11_000_00, 5_600_00)


def test_an_incomplete_stay_is_paid_as_a_low_outlier_where_the_terms_say_so() -> None:
    terms = attrs.evolve(SHARE, incomplete_as_low=1)
    assert pay(terms, case(medfee_sumamt=6_000_00, incomplete=1)).standard == 6_600_00
    assert pay(terms, case(medfee_sumamt=15_000_00, incomplete=1)).standard == 13_200_00
    assert pay(SHARE, case(medfee_sumamt=6_000_00, incomplete=1)).standard == 13_200_00


def test_a_tie_goes_up_at_the_standard() -> None:
    terms = attrs.evolve(BEIJING, rate_by="area", rate=Table.same(1, LEVEL))
    assert pay(terms, case(weight=5_000, medfee_sumamt=1)).group_standard == 1


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: pay(BEIJING, case(weight=10**7 + 1)), InputError,
         "DrgCase.weight: 10000001 is outside 0 to 10000000; the field is weight of the group, in factors per ten "
         "thousand"),
        (lambda: pay(SHARE, as_columns([PLAIN, case(group_mean=0)])), InputError,
         "row 1: group_mean is 0; a case of a group needs what it is measured against"),
        (lambda: pay(SHARE, as_columns([PLAIN, case(weight=0)])), InputError,
         "row 1: weight is 0; a group has a weight above 0"),
        (lambda: pay(attrs.evolve(SHARE, adjusted_by="institution_factor"), case(institution_factor=0)), InputError,
         "institution_factor is 0; a factor is above 0, and 1 where it changes nothing"),
        (lambda: pay(attrs.evolve(BEIJING, rate=Table.same(1, LEVEL)), case(weight=1)), InputError,
         "standard is 0; a case of a group needs what it is measured against"),
        (lambda: pay(attrs.evolve(BEIJING, rate=Table.same(10**11, LEVEL)), case()), InputError,
         "the standard is 120000000000 fen, more than the 10000000000 that stay exact; check the rate"),
        (lambda: pay(BEIJING, case(carve_out_amt=18_000_01)), InputError,
         "carve_out_amt is 1800001 fen, more than the total cost; correct whichever is wrong"),
        (lambda: pay(BEIJING, case(unreasonable_amt=18_000_01)), InputError,
         "unreasonable_amt is 1800001 fen, more than the cost without what is carved out; correct whichever is wrong"),
        (lambda: attrs.evolve(BEIJING, rate_by="area"), InputError,
         "rate_by is area, but the levels have different rates; one rate is due"),
        (lambda: attrs.evolve(SHARE, rate=Table.same(0, LEVEL)), InputError, "rate must be above 0 at every level"),
        (lambda: attrs.evolve(SHARE, level_factor=Table.same(0, LEVEL)), InputError,
         "level_factor must be above 0, at most 100, at every level"),
        (lambda: attrs.evolve(BEIJING, by_item_share=0), InputError,
         "high_way is by_item but by_item_share is 0; no case could be paid so"),
        (lambda: attrs.evolve(BEIJING, bands=()), InputError,
         "bands: level tertiary has no band from 0; every level needs limits from 0 on"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_a_traced_run_cites_its_clause() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["drg_weight.resident"]
    found = pay(policy.traced("drg_weight.resident", version), as_traced(PLAIN))
    figures = cited(found, "rate", "factor", "fund_part", "payment")
    assert set(figures) == {f"drg_weight.resident.{name}.tertiary" for name in ("rate", "level_factor", "fund_share")}
    assert set(figures.values()) == {"payment-2024 第二十五条 居民DRG权重费率"}


def test_labels() -> None:
    check_labels(DrgWeightTerms, DrgCase, DrgPaid)
