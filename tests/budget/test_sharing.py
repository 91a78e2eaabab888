"""Savings and overruns: the repealed opinion by eye, a fen either side of the cap, netting, other cities, messages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.budget.axes import PLACE, STATE
from mipolicy.budget.sharing import (
    Assessment,
    BudgetSharing,
    BudgetSharingTerms,
    YearOfBudget,
    assessment_of,
    share_budget,
    state,
)
from mipolicy.errors import AmountError, CodeError, InputError
from mipolicy.money import NO_LIMIT
from mipolicy.tables import Bands, Table
from tests.oracles import budget_sharing as oracle
from tests.payment.shared import check_labels, check_refused, cited
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
ALL, SOME, NONE = range(3)
YUAN = 100

SHANGYU = packs.load("shangyu-2013", allow_repealed=True)


def bands(*steps: tuple[int, int], axes: tuple[Any, ...] = (STATE,)) -> Bands:
    return Bands(tuple(edge for edge, _ in steps), tuple(Table.same(rate, *axes) for _, rate in steps))


SHANGYU_TERMS = BudgetSharingTerms(
    basis="quota",
    overrun_split="by_quota",
    indicators=("药品收入占医药总收入的比例", "平均住院床日", "病床使用率"),
    saving_bands=bands((0, 300_000)),
    saving_way="whole",
    saving_limit=NO_LIMIT,
    saving_payer="treasury",
    overrun_bands=Bands((0,), (Table((STATE, PLACE), (0, 0, 300_000, 100_000, MILLION, MILLION)),)),
    overrun_way="whole",
    overrun_limit=NO_LIMIT,
    overrun_payer="fund",
    edge_side="above",
    factor_on="nothing",
)
# The fund bears 60% of the first 5%, half of the next 5%, nothing above; savings are kept up to 3% of the quota.
BANDED = attrs.evolve(
    SHANGYU_TERMS,
    saving_limit=300,
    saving_payer="fund",
    overrun_bands=bands((0, 400_000), (50_000, 500_000), (100_000, MILLION), axes=(STATE, PLACE)),
    overrun_way="marginal",
)
# Half and half up to 20% of the points amount, nothing above; the ratio picks one rate for the whole overrun.
WHOLE = attrs.evolve(
    SHANGYU_TERMS,
    basis="points_amount",
    saving_bands=bands((0, MILLION), (100_000, 500_000), (200_000, 0)),
    saving_payer="fund",
    overrun_bands=bands((0, 500_000), (200_000, MILLION), axes=(STATE, PLACE)),
    factor_on="both",
)


def year(quota: tuple[int, int], actual: tuple[int, int], of: int = SOME, **more: int) -> YearOfBudget[int]:
    """In yuan."""
    (quota_local, quota_out), (actual_local, actual_out) = quota, actual
    return YearOfBudget(
        quota_local * YUAN,
        quota_out * YUAN,
        actual_local * YUAN,
        actual_out * YUAN,
        of,
        **more,
    )


def who(found: BudgetSharing[int]) -> tuple[int, int, int]:
    return found.overrun_institution, found.overrun_treasury, found.overrun_fund


# ---- the repealed opinion --------------------------------------------------------------------------------------------


def test_the_pack_states_the_opinion_s_rule_exactly() -> None:
    (version,) = SHANGYU.versions["budget_sharing"]  # its first day is open, nothing else
    assert [gap.path for gap in SHANGYU.gaps("budget_sharing", version)] == ["effective"]
    terms = SHANGYU.build("budget_sharing", attrs.evolve(version, effective=date(2013, 1, 1)))
    assert attrs.evolve(terms, indicators=()) == attrs.evolve(SHANGYU_TERMS, indicators=())
    assert len(terms.indicators) == 12


@pytest.mark.parametrize(
    ("of", "institution", "fund"), [(ALL, 0, 90), (SOME, 21, 69), (NONE, 90, 0)], ids=STATE.members
)
def test_s14_to_s17_the_worked_example(of: int, institution: int, fund: int) -> None:
    found = share_budget(SHANGYU_TERMS, year((900, 100), (960, 130), of))
    assert (found.overrun, found.overrun_local, found.overrun_out) == (90_00, 60_00, 30_00)
    assert who(found) == (institution * YUAN, 0, fund * YUAN)
    assert (found.amount, found.institution, found.treasury) == (1090_00, institution * YUAN, 0)
    assert found.fund == (1000 + fund) * YUAN


def test_s14_the_fund_covers_all_where_all_indicators_are_met() -> None:
    assert who(share_budget(SHANGYU_TERMS, year((900, 100), (1000, 100), ALL))) == (0, 0, 100_00)


def test_s15_care_in_the_city_is_shared_30_to_70() -> None:
    assert who(share_budget(SHANGYU_TERMS, year((900, 100), (1000, 100)))) == (30_00, 0, 70_00)


def test_s16_care_out_of_the_city_is_shared_10_to_90() -> None:
    assert who(share_budget(SHANGYU_TERMS, year((900, 100), (900, 200)))) == (10_00, 0, 90_00)


def test_s17_the_institution_bears_all_where_no_indicator_is_met() -> None:
    assert who(share_budget(SHANGYU_TERMS, year((900, 100), (1000, 200), NONE))) == (200_00, 0, 0)


def test_a13_a_block_that_is_not_exceeded_nets_against_the_other() -> None:
    found = share_budget(SHANGYU_TERMS, year((900, 100), (960, 90)))
    assert (found.overrun_local, found.overrun_out, *who(found)) == (50_00, 0, 15_00, 0, 35_00)
    other = share_budget(SHANGYU_TERMS, year((900, 100), (880, 170)))
    assert (other.overrun_local, other.overrun_out, *who(other)) == (0, 50_00, 5_00, 0, 45_00)


def test_a13_a_block_over_its_quota_within_the_total_is_no_overrun() -> None:
    found = share_budget(SHANGYU_TERMS, year((900, 100), (850, 120)))
    assert (found.overrun, found.saving, found.reward_treasury) == (0, 30_00, 9_00)


@pytest.mark.parametrize("of", range(3), ids=STATE.members)
def test_s13_30_percent_of_a_saving_is_paid_by_the_treasury_whatever_the_state(of: int) -> None:
    found = share_budget(SHANGYU_TERMS, year((900, 100), (850, 100), of))
    assert (found.saving, found.reward, found.reward_treasury, found.reward_fund) == (50_00, 15_00, 15_00, 0)
    assert (found.fund, found.treasury, found.left_in_fund) == (950_00, 15_00, 50_00)


def test_s01_a17_a_fen_either_side_of_the_cap() -> None:
    on_cap = year((900, 100), (900, 100), NONE)
    found = [
        share_budget(SHANGYU_TERMS, attrs.evolve(on_cap, actual_local=on_cap.actual_local + step))
        for step in (-2, 0, 1)
    ]
    assert [(each.saving, each.reward, each.overrun, each.institution) for each in found] == [
        (2, 1, 0, 0),
        (0, 0, 0, 0),
        (0, 0, 1, 1),
    ]


# ---- the state -------------------------------------------------------------------------------------------------------

RESULTS: dict[str, int | None] = dict.fromkeys(SHANGYU_TERMS.indicators, 1)


@pytest.mark.parametrize(("met", "expected"), [(3, "all_met"), (2, "some_met"), (1, "some_met"), (0, "none_met")])
def test_s18_the_state_from_the_results(met: int, expected: str) -> None:
    results = {name: int(at < met) for at, name in enumerate(SHANGYU_TERMS.indicators)}
    assert STATE.members[state(assessment_of(SHANGYU_TERMS, results))] == expected


def test_a12_with_one_indicator_nothing_lies_between() -> None:
    column = state(Assessment(np.array([1, 1, 5]), np.array([0, 1, 4])))
    assert column.tolist() == [NONE, ALL, SOME]


@pytest.mark.parametrize(
    ("results", "error", "message"),
    [
        (
            {**RESULTS, "病床使用率": None},
            InputError,
            "no result of 病床使用率; a missing result is not a failed one: state 1 (met) or 0 (not met)",
        ),
        (
            {"病床使用率": 1, "平均住院床日": 1},
            InputError,
            "no result of 药品收入占医药总收入的比例; "
            "a missing result is not a failed one: state 1 (met) or 0 (not met)",
        ),
        (
            {**RESULTS, "满意度": 1},
            CodeError,
            "unknown indicator '满意度'; the terms list: 药品收入占医药总收入的比例, 平均住院床日, 病床使用率",
        ),
        ({**RESULTS, "病床使用率": 2}, InputError, "the result of 病床使用率 is 2; state 1 (met) or 0 (not met)"),
        ({**RESULTS, "病床使用率": True}, InputError, "the result of 病床使用率 is True; state 1 (met) or 0 (not met)"),
    ],
)
def test_a12_results_that_are_refused(results: Any, error: Any, message: str) -> None:
    check_refused(lambda: assessment_of(SHANGYU_TERMS, results), error, message)


def test_a12_no_indicator_at_all_is_refused() -> None:
    none = attrs.evolve(SHANGYU_TERMS, indicators=())
    message = "no indicator was assessed; a state needs at least one"
    check_refused(lambda: assessment_of(none, {}), InputError, message)
    check_refused(lambda: state(Assessment(np.array([1, 0]), np.array([1, 0]))), InputError, f"row 1: {message}")
    check_refused(
        lambda: state(Assessment(2, 3)), InputError, "3 indicators met of 2 assessed; correct whichever is wrong"
    )


# ---- other cities ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actual", "institution"), [(1040, 16), (1050, 20), (1080, 35), (1100, 45), (1150, 95)])
def test_s35_marginal_bands_of_an_overrun(actual: int, institution: int) -> None:
    """Fund 60% up to 5% of the quota, half up to 10%, nothing above."""
    found = share_budget(BANDED, year((1000, 0), (actual, 0)))
    assert found.institution == institution * YUAN
    assert found.fund == (actual - institution) * YUAN


@pytest.mark.parametrize(("actual", "reward"), [(950, 15), (900, 30), (899, 30), (700, 30)])
def test_s35_a_saving_is_rewarded_up_to_a_share_of_the_quota(actual: int, reward: int) -> None:
    found = share_budget(BANDED, year((1000, 0), (actual, 0)))
    assert (found.reward, found.reward_fund, found.reward_treasury) == (reward * YUAN, reward * YUAN, 0)
    assert found.left_in_fund == (1000 - actual - reward) * YUAN


@pytest.mark.parametrize(
    ("side", "over", "institution"),
    [
        ("above", 199_99, 100_00),
        ("above", 200_00, 100_00),
        ("above", 200_01, 200_01),
        ("at_or_above", 199_99, 100_00),
        ("at_or_above", 200_00, 200_00),
        ("at_or_above", 200_01, 200_01),
    ],
)
def test_s35_one_rate_for_the_whole_a_fen_either_side_of_the_edge(side: str, over: int, institution: int) -> None:
    terms = attrs.evolve(WHOLE, edge_side=side)
    found = share_budget(terms, YearOfBudget(0, 0, 1000_00 + over, 0, SOME, points_amt=1000_00))
    assert found.institution == institution
    assert found.amount == found.institution + found.fund


@pytest.mark.parametrize(("factor", "reward", "fund"), [(10_000, 50_00, 25_00), (8_000, 40_00, 20_00), (0, 0, 0)])
def test_s35_a22_an_assessment_factor(factor: int, reward: int, fund: int) -> None:
    saved = share_budget(WHOLE, YearOfBudget(0, 0, 950_00, 0, SOME, points_amt=1000_00, assessment_factor=factor))
    assert (saved.reward, saved.left_in_fund) == (reward, 50_00 - reward)
    spent = share_budget(WHOLE, YearOfBudget(0, 0, 1050_00, 0, SOME, points_amt=1000_00, assessment_factor=factor))
    assert (spent.overrun_fund, spent.institution) == (fund, 50_00 - fund)


def test_a_factor_above_1_pays_no_more_than_there_is() -> None:
    saved = share_budget(WHOLE, YearOfBudget(0, 0, 950_00, 0, SOME, points_amt=1000_00, assessment_factor=30_000))
    assert (saved.reward, saved.left_in_fund) == (50_00, 0)
    spent = share_budget(WHOLE, YearOfBudget(0, 0, 1050_00, 0, SOME, points_amt=1000_00, assessment_factor=30_000))
    assert (spent.overrun_fund, spent.institution) == (50_00, 0)


def test_an_overrun_is_made_good_up_to_a_share_of_the_budget_by_whoever_pays() -> None:
    terms = attrs.evolve(SHANGYU_TERMS, overrun_limit=200, overrun_payer="treasury")
    found = share_budget(terms, year((1000, 0), (1090, 0)))
    assert who(found) == (70_00, 20_00, 0)
    assert (found.fund, found.treasury, found.institution) == (1000_00, 20_00, 70_00)


def test_a13_a_stated_split_and_an_estimate() -> None:
    stated = attrs.evolve(SHANGYU_TERMS, overrun_split="stated")
    found = share_budget(stated, year((1000, 0), (960, 130), stated_out=30_00))
    assert (found.overrun_local, found.overrun_out, found.estimated, found.institution) == (60_00, 30_00, 0, 21_00)
    estimate = attrs.evolve(SHANGYU_TERMS, overrun_split="by_actual")
    found = share_budget(estimate, year((1000, 0), (981, 109)))
    assert (found.overrun_local, found.overrun_out, found.estimated) == (81_00, 9_00, 1)
    assert share_budget(estimate, year((1000, 0), (900, 0))).estimated == 0


# ---- laws ------------------------------------------------------------------------------------------------------------

RATES = st.sampled_from((0, 1, 100_000, 300_000, 333_333, 500_000, MILLION))


@st.composite
def band_lists(draw: DrawFn, *axes: Any) -> Bands:
    edges = (0, *sorted(draw(st.sets(st.sampled_from((1, 20_000, 50_000, 100_000, 200_000, MILLION)), max_size=3))))
    size = Table.same(0, *axes).values
    return Bands(edges, tuple(Table(axes, tuple(draw(RATES) for _ in size)) for _ in edges))


@st.composite
def sharing_terms(draw: DrawFn) -> BudgetSharingTerms:
    basis = draw(st.sampled_from(("quota", "points_amount")))
    limit = st.sampled_from((NO_LIMIT, 0, 300, 10_000))
    way, payer = st.sampled_from(("marginal", "whole")), st.sampled_from(("fund", "treasury"))
    split = st.sampled_from(("by_quota", "stated", "by_actual")) if basis == "quota" else st.just("by_quota")
    return BudgetSharingTerms(
        basis=basis,
        overrun_split=draw(split),
        indicators=("a",),
        saving_bands=draw(band_lists(STATE)),
        saving_way=draw(way),
        saving_limit=draw(limit),
        saving_payer=draw(payer),
        overrun_bands=draw(band_lists(STATE, PLACE)),
        overrun_way=draw(way),
        overrun_limit=draw(limit),
        overrun_payer=draw(payer),
        edge_side=draw(st.sampled_from(("above", "at_or_above"))),
        factor_on=draw(st.sampled_from(("nothing", "saving", "overrun", "both"))),
    )


@st.composite
def years(draw: DrawFn, terms: BudgetSharingTerms) -> YearOfBudget[int]:
    size = draw(st.sampled_from((10, 10**4, 10**11)))
    amount = st.integers(1, size)
    quota = (draw(amount), draw(st.one_of(st.just(0), amount)))
    whole = sum(quota) if terms.basis == "quota" else quota[0]
    near = st.sampled_from(
        [max(0, whole + whole * part // 100 + step) for part in (0, 2, 5, 10, 20) for step in (-1, 0, 1)]
    )
    actual = draw(st.one_of(near, st.integers(0, 3 * whole)))
    out = draw(st.integers(0, actual)) if terms.basis == "quota" else 0
    over = max(0, actual - whole)
    return YearOfBudget(
        quota_local=quota[0] if terms.basis == "quota" else 0,
        quota_out=quota[1] if terms.basis == "quota" else 0,
        actual_local=actual - out,
        actual_out=out,
        state=draw(st.integers(0, 2)),
        points_amt=0 if terms.basis == "quota" else whole,
        stated_out=draw(st.integers(0, over)) if terms.overrun_split == "stated" else 0,
        assessment_factor=10_000 if terms.factor_on == "nothing" else draw(st.integers(0, 15_000)),
    )


def words_of(terms: BudgetSharingTerms) -> dict[str, Any]:
    def steps(of: Bands, *codes: int) -> list[tuple[Fraction, Fraction]]:
        at = codes[0] * (2 if len(codes) == 2 else 1) + (codes[1] if len(codes) == 2 else 0)
        return [
            (Fraction(edge, MILLION), Fraction(table.values[at], MILLION))
            for edge, table in zip(of.edges, of.rates, strict=True)
        ]

    def limit(of: int) -> Fraction | None:
        return None if of >= NO_LIMIT else Fraction(of, 10_000)

    return {
        "basis": terms.basis,
        "split": terms.overrun_split,
        "side": terms.edge_side,
        "saving": [steps(terms.saving_bands, of) for of in range(3)],
        "saving_way": terms.saving_way,
        "saving_limit": limit(terms.saving_limit),
        "saving_payer": terms.saving_payer,
        "overrun": [[steps(terms.overrun_bands, of, place) for place in (0, 1)] for of in range(3)],
        "overrun_way": terms.overrun_way,
        "overrun_limit": limit(terms.overrun_limit),
        "overrun_payer": terms.overrun_payer,
        "factor_on": terms.factor_on,
    }


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(sharing_terms())
    rows = data.draw(st.lists(years(terms), min_size=1, max_size=5))
    for row, found in zip(rows, as_rows(share_budget(terms, as_columns(rows))), strict=True):
        one = share_budget(terms, row)
        assert attrs.asdict(one) == found
        assert share_budget(terms, as_traced(row)) == one
        wanted = oracle.share_budget(
            words_of(terms),
            {
                "quota": (row.quota_local, row.quota_out),
                "actual": (row.actual_local, row.actual_out),
                "points": row.points_amt,
                "state": row.state,
                "stated_out": row.stated_out,
                "factor": Fraction(row.assessment_factor, 10_000),
            },
        )
        assert {name: getattr(one, name) for name in wanted} == wanted


@many
@given(st.data())
def test_every_fen_has_one_payer(data: st.DataObject) -> None:
    terms = data.draw(sharing_terms())
    found = share_budget(terms, data.draw(years(terms)))
    assert found.amount == found.actual + found.reward == found.institution + found.treasury + found.fund
    assert found.overrun == found.overrun_local + found.overrun_out == sum(who(found))
    assert found.saving == found.left_in_fund + found.reward_fund
    assert found.actual - found.budget == found.overrun - found.saving
    assert min(attrs.astuple(found)) >= 0
    assert found.saving == 0 or found.overrun == 0


@many
@given(st.data(), st.integers(0, 10**9))
def test_netting_keeps_the_total_and_moving_care_between_exceeded_blocks_moves_its_part(
    data: st.DataObject, moved: int
) -> None:
    quota_local, quota_out = data.draw(st.tuples(*[st.integers(1, 10**9)] * 2))
    over_local, over_out = data.draw(st.tuples(*[st.integers(0, 10**9)] * 2))
    row = YearOfBudget(quota_local, quota_out, quota_local + over_local, quota_out + over_out, SOME)
    found = share_budget(SHANGYU_TERMS, row)
    assert (found.overrun_local, found.overrun_out) == (over_local, over_out)
    moved = min(moved, row.actual_out)
    other = share_budget(
        SHANGYU_TERMS, attrs.evolve(row, actual_local=row.actual_local + moved, actual_out=row.actual_out - moved)
    )
    assert other.overrun == found.overrun
    assert other.overrun_local == min(found.overrun, over_local + moved)
    assert other.institution >= found.institution


@many
@given(st.data(), st.integers(0, 10**9))
def test_a_dearer_year_is_never_borne_less_by_the_institution(data: st.DataObject, more: int) -> None:
    rising = attrs.evolve(BANDED, overrun_way=data.draw(st.sampled_from(("marginal", "whole"))))
    row = YearOfBudget(data.draw(st.integers(1, 10**10)), 0, data.draw(st.integers(0, 10**10)), 0, SOME)
    before, after = (
        share_budget(rising, attrs.evolve(row, actual_local=row.actual_local + each)) for each in (0, more)
    )
    assert before.institution <= after.institution


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "row", "message"),
    [
        (
            SHANGYU_TERMS,
            YearOfBudget(0, 0, 5, 0, ALL),
            "the budget is 0; a saving or an overrun is measured against one above 0",
        ),
        (
            WHOLE,
            YearOfBudget(0, 7, 5, 0, ALL, points_amt=5),
            "quota_out is stated beside a points amount, which pays care at the institution itself only; leave it 0",
        ),
        (
            SHANGYU_TERMS,
            YearOfBudget(5, 0, 5, 0, ALL, points_amt=5),
            "points_amt is stated, but the budget of these terms is a quota; leave it 0",
        ),
        (
            SHANGYU_TERMS,
            YearOfBudget(5, 0, 7, 0, ALL, stated_out=1),
            "stated_out is given, but these terms do not take it; leave it 0",
        ),
        (
            SHANGYU_TERMS,
            YearOfBudget(5, 0, 7, 0, ALL, assessment_factor=9_999),
            "assessment_factor is not 1, but these terms use none; leave it 1",
        ),
        (
            attrs.evolve(SHANGYU_TERMS, overrun_split="stated"),
            YearOfBudget(5, 0, 7, 0, ALL, stated_out=3),
            "stated_out is more than the overrun of 2 fen; correct one",
        ),
        (
            SHANGYU_TERMS,
            YearOfBudget(5, 0, -1, 0, ALL),
            "YearOfBudget.actual_local: -1 is outside 0 to 1000000000000; the field is actual cost in the city, in fen",
        ),
    ],
)
def test_years_that_are_refused(terms: BudgetSharingTerms, row: YearOfBudget[int], message: str) -> None:
    check_refused(lambda: share_budget(terms, row), InputError, message)


def test_an_unknown_state_and_a_float_are_refused() -> None:
    with pytest.raises(CodeError, match="codes of assessment state: all_met, some_met, none_met"):
        share_budget(SHANGYU_TERMS, year((900, 100), (960, 130), 3))
    with pytest.raises(AmountError):
        share_budget(SHANGYU_TERMS, year((900, 100), (960, 130), 1.0))  # type: ignore[arg-type]


def test_a_points_amount_has_one_block() -> None:
    check_refused(
        lambda: attrs.evolve(WHOLE, overrun_split="stated"),
        InputError,
        'overrun_split must be "by_quota" where the budget is a points amount: it has one block',
    )


def test_every_field_has_its_labels() -> None:
    check_labels(BudgetSharingTerms, Assessment, YearOfBudget, BudgetSharing)


def test_steps_name_the_figures_and_the_clause_of_the_pack() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["budget_sharing"]
    terms, traced = policy.build("budget_sharing", version), policy.traced("budget_sharing", version)
    row = year((900, 100), (980, 130))
    found = share_budget(traced, as_traced(row))
    assert found == share_budget(terms, row)
    # in the city 50 x 40% + 30 x 50%, out of it 20 x 40% + 10 x 100%
    assert (found.overrun, found.overrun_institution, found.overrun_fund) == (110_00, 53_00, 57_00)
    assert set(cited(found, "overrun_fund").values()) == {"budget-2024 第八条 结余留用与超支分担"}
