"""Special cases and carve-outs: who may apply, the quota a case either side, grants, and what reviews came to."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.errors import CodeError, InputError, MipolicyError, TableError
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.payment.sides import ABOVE
from mipolicy.payment.special_case import (
    CRITERIA,
    GROUPED,
    Application,
    CarveOut,
    Eligibility,
    Grant,
    ReviewedCase,
    SpecialCaseTerms,
    TechnologyCase,
    carve_out,
    eligible,
    grant,
)
from mipolicy.payment.special_quota import Discharges, Quota, quota_of, rank, review_counts
from mipolicy.payment.tally import Tally, tally
from mipolicy.tables import Table
from tests.oracles import special_case as oracle
from tests.payment.shared import check_labels
from tests.strategies import MILLION, as_columns, as_rows, as_traced, flags

many = settings(max_examples=100, deadline=None)
NONE, APPLIED, ITEM, POINTS, REFUSED = range(5)

TERMS = SpecialCaseTerms(
    criteria=CRITERIA,
    cost_multiple=30_000,
    cost_base="standard",
    stay_multiple=25_000,
    intensive_days=7,
    limits_side="above",
    quota=Table((GROUPED,), (5_000, 50_000, 50_000)),
    quota_rounding="down",
    technology_route="carve_out",
    carve_out_rate=700_000,
)


def terms_with(**changes: Any) -> SpecialCaseTerms:
    return attrs.evolve(TERMS, **changes)


def application(**changes: int) -> Application[int]:
    plain: Application[int] = Application(
        medfee_sumamt=10_000_00, standard=10_000_00, group_mean=9_000_00, days=8, mean_days=8_0000
    )
    return attrs.evolve(plain, **changes)


all_terms = st.builds(
    SpecialCaseTerms,
    criteria=st.lists(st.sampled_from(CRITERIA), min_size=1, unique=True).map(tuple),
    cost_multiple=st.sampled_from((10_000, 20_000, 33_333)),
    cost_base=st.sampled_from(("standard", "group_mean")),
    stay_multiple=st.sampled_from((10_000, 25_000)),
    intensive_days=st.integers(0, 3),
    limits_side=st.sampled_from(("above", "at_or_above")),
    quota=st.just(TERMS.quota),
    quota_rounding=st.sampled_from(("down", "half_up")),
    technology_route=st.just("review"),
    carve_out_rate=st.just(0),
)
applications: st.SearchStrategy[Application[int]] = st.builds(
    Application,
    medfee_sumamt=st.integers(0, 12),
    standard=st.integers(1, 4),
    group_mean=st.integers(1, 4),
    days=st.integers(0, 10),
    mean_days=st.sampled_from((1_0000, 2_0000, 3_5000)),
    intensive_days=st.integers(0, 4),
    new_technology=flags,
)


@many
@given(all_terms, st.lists(applications, min_size=1, max_size=5))
def test_p02_ints_columns_traces_and_the_oracle_agree(terms: SpecialCaseTerms, rows: list[Application[int]]) -> None:
    words = {
        **attrs.asdict(terms, recurse=False),
        "cost_multiple": Fraction(terms.cost_multiple, 10_000),
        "stay_multiple": Fraction(terms.stay_multiple, 10_000),
    }
    for row, found in zip(rows, as_rows(eligible(terms, as_columns(rows))), strict=True):
        one = eligible(terms, row)
        assert attrs.asdict(one) == found
        assert eligible(terms, as_traced(row)) == one
        case = {**attrs.asdict(row), "mean_days": Fraction(row.mean_days, 10_000)}
        assert list(found.values()) == [int(flag) for flag in oracle.eligible(words, case).values()]


@pytest.mark.parametrize(
    ("changes", "included", "which"),
    [
        ({"medfee_sumamt": 30_000_00}, 0, None),
        ({"medfee_sumamt": 30_000_00}, 1, "by_cost"),
        ({"medfee_sumamt": 30_000_01}, 0, "by_cost"),
        ({"medfee_sumamt": 29_999_99}, 1, None),
        ({"days": 20}, 0, None),
        ({"days": 20}, 1, "by_stay"),
        ({"days": 21}, 0, "by_stay"),
        ({"intensive_days": 7}, 0, None),
        ({"intensive_days": 7}, 1, "by_intensive_care"),
        ({"intensive_days": 8}, 0, "by_intensive_care"),
        ({"new_technology": 1}, 0, "by_new_technology"),
    ],
)
def test_p02_who_may_apply_with_each_limit_on_either_side(
    changes: dict[str, int], included: int, which: str | None
) -> None:
    found = eligible(terms_with(limits_side=ABOVE[included]), application(**changes))
    flags_of = attrs.asdict(found)
    assert [name for name, flag in flags_of.items() if flag] == ([which, "may_apply"] if which else [])


def test_p02_a_place_that_compares_with_the_group_s_mean_and_asks_for_nothing_else() -> None:
    terms = terms_with(criteria=("cost",), cost_base="group_mean", cost_multiple=20_000)
    assert eligible(terms, application(medfee_sumamt=18_000_01)).may_apply == 1
    assert eligible(terms, application(medfee_sumamt=18_000_00, days=99, new_technology=1, mean_days=0)).may_apply == 0


# ---- quota and ranking -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "rounding", "discharges", "places"),
    [
        ("dip", "down", 199, 0),
        ("dip", "down", 200, 1),
        ("dip", "half_up", 99, 0),
        ("dip", "half_up", 100, 1),
        ("drg_points", "down", 39, 1),
        ("drg_points", "down", 40, 2),
        ("drg_weight", "half_up", 30, 2),
        ("dip", "down", 0, 0),
    ],
)
def test_p02_five_per_mille_of_dip_and_five_percent_of_drg(
    method: str, rounding: str, discharges: int, places: int
) -> None:
    assert quota_of(terms_with(quota_rounding=rounding), method, discharges) == places


def test_the_methods_are_coded_as_those_of_payment() -> None:
    assert GROUPED.members == METHOD.members[:3]


def discharges(cases: list[dict[str, Any]]) -> Discharges:
    def column(name: str) -> Any:
        return np.array([case[name] for case in cases], np.int64)

    return Discharges(
        [case["setl_id"] for case in cases],
        column("fixmedins_code"),
        column("method"),
        np.array([REVIEW.position(case["review"]) for case in cases], np.int64),
        column("may_apply"),
        column("medfee_sumamt"),
        column("standard"),
    )


case_rows = st.lists(
    st.fixed_dictionaries(
        {
            "fixmedins_code": flags,
            "method": st.integers(0, 2),
            "review": st.sampled_from(REVIEW.members),
            "may_apply": st.just(1),
            "medfee_sumamt": st.integers(0, 3),
            "standard": st.integers(0, 3),
        }
    ),
    max_size=30,
)


@many
@given(case_rows, st.randoms(), st.sampled_from(("down", "half_up")))
def test_p02_ranked_within_the_quota_in_whatever_order(cases: list[dict[str, Any]], random: Any, rounding: str) -> None:
    terms = terms_with(quota_rounding=rounding, quota=Table((GROUPED,), (100_000, 250_000, 500_000)))
    for at, case in enumerate(cases):
        case["setl_id"] = f"S{at:03}"
    random.shuffle(cases)
    found = rank(terms, discharges(cases), ("H1", "H2"))
    inside = {case["setl_id"] for case, flag in zip(cases, found.admitted.tolist(), strict=True) if flag}
    expected: set[str] = set()
    for record in found.quotas:
        own = [
            case
            for case in cases
            if ("H1", "H2")[case["fixmedins_code"]] == record.fixmedins_code
            and GROUPED.members[case["method"]] == record.method
        ]
        rate = Fraction(terms.quota.values[GROUPED.position(record.method)], MILLION)
        places = oracle.quota(rate, rounding, len(own))
        chosen = oracle.within(own, places)
        expected |= set(chosen)
        applied = sum(case["review"] != "none" for case in own)
        assert record == Quota(record.fixmedins_code, record.method, len(own), places, applied, len(chosen))
    assert inside == expected
    assert sum(record.discharges for record in found.quotas) == len(cases)


def test_p02_ties_go_by_id_and_refused_cases_keep_no_place() -> None:
    plain = {"fixmedins_code": 0, "method": 1, "may_apply": 1, "standard": 100}
    cases = [{**plain, "setl_id": f"N{at}", "review": "none", "medfee_sumamt": 100} for at in range(16)]
    cases += [
        {**plain, "setl_id": "B", "review": "applied", "medfee_sumamt": 300},
        {**plain, "setl_id": "A", "review": "granted_item", "medfee_sumamt": 300},
        {**plain, "setl_id": "C", "review": "refused", "medfee_sumamt": 900},
        {**plain, "setl_id": "D", "review": "granted_points", "medfee_sumamt": 250},
    ]
    found = rank(TERMS, discharges(cases), ("H1",))
    assert found.rank.tolist()[16:] == [2, 1, 0, 3]
    assert found.admitted.tolist()[16:] == [0, 1, 0, 0]  # 5% of 20 is one
    assert found.quotas == (Quota("H1", "drg_points", 20, 1, 4, 1),)


# ---- grants and carve-outs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("review", "admitted", "expected"),
    [
        (ITEM, 1, Grant(1, 0, 1, 0, 45_000_00, 30_000_00)),
        (POINTS, 1, Grant(0, 1, 1, 2_345_6000, 0, 0)),
        (ITEM, 0, Grant(0, 0, 0, 0, 0, 0)),
        (POINTS, 0, Grant(0, 0, 0, 0, 0, 0)),
        (APPLIED, 1, Grant(0, 0, 0, 0, 0, 0)),
        (REFUSED, 1, Grant(0, 0, 0, 0, 0, 0)),
        (NONE, 1, Grant(0, 0, 0, 0, 0, 0)),
    ],
)
def test_p02_granted_by_item_or_by_the_experts_points(review: int, admitted: int, expected: Grant[int]) -> None:
    """Cost 50,000 of which 5,000 unreasonable; by item the fund would owe 35,000."""
    one = ReviewedCase(review, 2_345_6000, 50_000_00, 35_000_00, 5_000_00)
    assert grant(one, admitted) == expected
    batch = grant(as_columns([one, one]), np.array([admitted, 0]))
    assert as_rows(batch) == [attrs.asdict(expected), attrs.asdict(grant(one, 0))]
    assert grant(as_traced(one), admitted) == expected


def test_p02_more_unreasonable_cost_than_the_fund_s_share_is_not_taken_back() -> None:
    assert grant(ReviewedCase(ITEM, 0, 50_00, 30_00, 40_00), 1).payment == 0


def test_p27_a_new_drug_is_carved_out_or_reviewed() -> None:
    """Cost 30,000 of which 12,000 is a listed drug, of which the fund pays 70%."""
    one = TechnologyCase(1, 30_000_00, 12_000_00)
    assert carve_out(TERMS, one) == CarveOut(2, 12_000_00, 18_000_00, 12_000_00, 8_400_00)
    assert carve_out(terms_with(technology_route="review"), one) == CarveOut(1, 0, 30_000_00, 0, 0)
    assert carve_out(TERMS, TechnologyCase(0, 30_000_00, 0)) == CarveOut(0, 0, 30_000_00, 0, 0)
    batch = carve_out(TERMS, as_columns([one, TechnologyCase(0, 1, 0)]))
    assert (batch.route.tolist(), batch.payment.tolist()) == ([2, 0], [8_400_00, 0])


# ---- what reviews came to --------------------------------------------------------------------------------------------


def test_p12_counts_rates_and_amounts_outside_the_group_price() -> None:
    codes, review = np.array([0, 0, 0, 0, 1, 1]), np.array([NONE, APPLIED, ITEM, REFUSED, NONE, NONE])
    found = review_counts(
        codes, review, np.array([1, 2, 500, 4, 5, 6]), np.array([0, 0, 30, 0, 7, 0]), ("H1", "H2", "H3")
    )
    assert dict(zip(found.figures, found.rows["H1"], strict=True)) == {
        "cases": 4,
        "applied": 3,
        "approved": 1,
        "refused": 1,
        "carved_out": 1,
        "review_payment": 500,
        "carve_out_payment": 30,
        "outside_payment": 530,
    }
    assert found.ratio("H1", "approved", "applied") == Fraction(1, 3)
    assert found.ratio("H2", "approved", "applied") is None  # nobody applied: undefined, not 0
    assert found.of("H2", "outside_payment") == 7
    assert set(found.rows) == {"H1", "H2"}


@many
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-(2**62), 2**62)), max_size=20), st.integers(0, 20))
def test_tallies_read_in_parts_are_the_same_past_int64_too(rows: list[tuple[int, int]], cut: int) -> None:
    names = ("H1", "H2", "H3")

    def of(part: list[tuple[int, int]]) -> Tally:
        codes, figures = np.array([code for code, _ in part], np.int64), np.array([each for _, each in part], np.int64)
        return tally(codes, names, {"sum": figures})

    assert of(rows[:cut]) + of(rows[cut:]) == of(rows[cut:]) + of(rows[:cut]) == of(rows)
    for name, (total,) in of(rows).rows.items():
        assert total == sum(each for code, each in rows if names[code] == name)


# ---- bad input -------------------------------------------------------------------------------------------------------

ROW = {"setl_id": "A", "fixmedins_code": 0, "method": 0, "review": "applied", "may_apply": 1}
ROW |= {"medfee_sumamt": 2, "standard": 1}
ONE = np.zeros(1, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: terms_with(criteria=()), InputError, None),
        (lambda: terms_with(cost_multiple=0), InputError, "cost_multiple is above 0 and at most 100 times, got 0"),
        (
            lambda: terms_with(stay_multiple=1_000_001),
            InputError,
            "stay_multiple is above 0 and at most 100 times, got 100.0001",
        ),
        (
            lambda: eligible(TERMS, as_columns([application(), application(standard=0)])),
            InputError,
            "row 1: standard is 0, so that no multiple of it can be taken; complete the record",
        ),
        (
            lambda: eligible(TERMS, application(mean_days=0)),
            InputError,
            "mean_days is 0, so that no multiple of it can be taken; complete the record",
        ),
        (
            lambda: carve_out(TERMS, as_columns([TechnologyCase(1, 5, 5), TechnologyCase(1, 5, 6)])),
            InputError,
            "row 1: carve_out_amt is 6 fen, more than what the case has of listed new drugs or technology; "
            "correct whichever is wrong",
        ),
        (
            lambda: carve_out(TERMS, TechnologyCase(0, 5, 1)),
            InputError,
            "carve_out_amt is 1 fen, more than what the case has of listed new drugs or technology; "
            "correct whichever is wrong",
        ),
        (
            lambda: grant(ReviewedCase(6, 0, 0, 0), 1),
            CodeError,
            "ReviewedCase.review: 6 is outside 0 to 5; codes of review: none, applied, granted_item, granted_points, "
            "refused, beyond_quota, in this order from 0",
        ),
        (lambda: quota_of(TERMS, "dip", -1), InputError, "discharges is -1; a count is not negative"),
        (
            lambda: quota_of(TERMS, "per_diem", 1),
            CodeError,
            "unknown method 'per_diem'; allowed: dip, drg_points, drg_weight",
        ),
        (
            lambda: rank(TERMS, discharges([ROW, ROW]), ("H1",)),
            TableError,
            "case A stands twice; ids break ties, so each is there once",
        ),
        (
            lambda: rank(TERMS, attrs.evolve(discharges([ROW]), setl_id=[]), ("H1",)),
            TableError,
            "columns must be of one length, got 0 ids and 1 rows",
        ),
        (
            lambda: rank(TERMS, discharges([{**ROW, "may_apply": 0}]), ("H1",)),
            InputError,
            "row 0: case A has applied but meets no criterion; set its review to none",
        ),
        (
            lambda: rank(TERMS, discharges([{**ROW, "method": 3}]), ("H1",)),
            CodeError,
            "discharges: row 0: method is 3, allowed is 0 to 2; codes of method: dip, drg_points, drg_weight, "
            "in this order from 0",
        ),
        (
            lambda: rank(TERMS, discharges([{**ROW, "fixmedins_code": 1}]), ("H1",)),
            CodeError,
            "discharges: row 0: fixmedins_code is 1, allowed is 0 to 0; it numbers the names given",
        ),
        (
            lambda: review_counts(ONE, ONE + 6, ONE, ONE, ("H1",)),
            CodeError,
            "review counts: row 0: review is 6, allowed is 0 to 5; codes of review: none, applied, granted_item, "
            "granted_points, refused, beyond_quota, in this order from 0",
        ),
        (
            lambda: Tally(("a",), {}) + Tally(("b",), {}),
            TableError,
            "a tally of a cannot take one of b",
        ),
        (lambda: Tally(("a",), {}).of("H1", "a"), CodeError, "'H1' has no case in this tally; it holds none"),
        (lambda: Tally(("a",), {"H1": (1,)}).of("H1", "b"), CodeError, "unknown figure 'b'; summed: a"),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str | None) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == (message or "criteria is empty; a review that no case may apply for does not exist")
    assert type(caught.value) is error


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["special_case"]
    terms: SpecialCaseTerms = policy.build("special_case", version)
    assert [quota_of(terms, method, 1_100) for method in GROUPED.members] == [6, 55, 55]


def test_labels() -> None:
    check_labels(SpecialCaseTerms, Application, Eligibility, ReviewedCase, Grant, TechnologyCase, CarveOut)
