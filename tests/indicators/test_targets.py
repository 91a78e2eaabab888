"""Targets: verdicts on exact fractions, distances, yearly paths, the completion table, and the tables of the packs."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import InputError, MipolicyError, PolicyError, PolicyGap
from mipolicy.indicators.measure import measure, shown
from mipolicy.indicators.path import yearly_growth, yearly_path
from mipolicy.indicators.rates import Rate
from mipolicy.indicators.targets import (
    ObservationTerms,
    Target,
    TargetFigure,
    TargetFigureTerms,
    TargetTerms,
    completion_table,
    interval,
    overdue,
    verdict,
    with_figures,
)
from tests.indicators.test_rates import ARTICLE, CHANGDE, DAYS, TIANJIN, rate_of
from tests.oracles.indicators import met
from tests.payment.shared import check_refused

ONE = Fraction(1, 10**9)
LATE = datetime.date(2025, 12, 31)


def targets(pack: str) -> dict[str, Target]:
    terms = packs.load(pack).terms(TargetTerms, on=DAYS[pack], section="targets")
    return {each.id: each for each in terms.targets}


C, T, A = (targets(name) for name in ("changde-2023", "tianjin-2021", "taizhou-2024"))
INDICATORS = {**ARTICLE, **TIANJIN, **CHANGDE}


def judged(target: Target, value: Fraction, on: datetime.date = LATE, **more: Any) -> Any:
    indicator = INDICATORS[target.indicator]
    return verdict(target, Rate(indicator, (), value.numerator, value.denominator, "value"), on, **more)


@pytest.mark.parametrize(
    ("rule", "target", "limit", "good"),
    [
        ("K01", C["cross_province_inpatient_direct_rate"], "65%", 1),
        ("K02", C["in_province_inpatient_direct_rate"], "90%", 1),
        ("K03", C["cross_county_inpatient_direct_rate"], "95%", 1),
        ("K04", C["in_province_outpatient_direct_rate"], "90%", 1),
        ("K05", C["in_province_special_direct_rate"], "80%", 1),
        ("K06", C["outpatient_coverage_level_2"], "100%", 0),
        ("K07", C["special_review_opened"], "100%", 1),
        ("K07", C["dual_channel_review_opened"], "100%", 1),
        ("K08", C["tertiary_mobile_rate"], "40%", 1),
        ("K09", C["online_agreement_rate"], "100%", 1),
        ("K11", T["insured"], "11840000", 1),
        ("K16", T["employee_self_paid_share"], "20%", -1),
        ("K17", T["resident_self_paid_share"], "20%", -1),
        ("K18", T["assistance_rate"], "70%", 1),
        ("K20", T["disease_payment_share"], "70%", 1),
        ("K21", T["platform_drug_share"], "90%", 1),
        ("K22", T["platform_consumable_share"], "80%", 1),
        ("K23", T["drug_varieties"], "500", 1),
        ("K24", T["consumable_classes"], "5", 1),
        ("K27", T["activation_rate"], "90%", 1),
        ("K28", T["satisfaction_rate"], "85%", 1),
        ("K29", T["online_item_rate"], "80%", 1),
        ("K30", T["window_item_rate"], "100%", 0),
        ("K31", T["qr_settlement_coverage"], "100%", 1),
        ("K39", T["recognition_rate"], "100%", 1),
        ("O13", T["recognition_rate"], "100%", 1),
        ("P17", T["disease_payment_institutions"], "100%", 1),
        ("K55", A["trained_province"], "100", 1),
        ("K55", A["trained_city"], "1000", 1),
        ("K55", A["trained_institution"], "10000", 1),
        ("K66", T["network_city"], "100%", 1),
        ("K66", T["network_district"], "100%", 1),
        ("K66", T["network_township"], "100%", 1),
        ("K66", T["network_village"], "100%", 1),
        ("K72", A["training_coverage"], "100%", 1),
    ],
)
def test_targets_of_the_packs_at_their_limit_and_one_in_a_thousand_million_beside_it(
    rule: str, target: Target, limit: str, good: int
) -> None:
    at = measure(limit)
    assert judged(target, at).state == "met", rule
    assert judged(target, at - ONE).state == ("met" if good < 0 else "not_met")
    assert judged(target, at + ONE).state == ("met" if good > 0 else "not_met")
    assert judged(target, at + ONE).distance == ONE
    assert judged(target, at - ONE).distance == -ONE


def test_k01_64_99996_percent_is_not_65() -> None:
    rate = rate_of(CHANGDE["cross_province_inpatient_direct_rate"], 6_499_996, 3_500_004)
    found = verdict(C["cross_province_inpatient_direct_rate"], rate, LATE)
    assert rate.shown == "65.00%"
    assert (found.state, found.distance) == ("not_met", Fraction(-4, 10**7))


def test_k10_the_ideal_is_watched_without_a_target() -> None:
    assert judged(C["all_direct_rate"], Fraction(1, 2)).state == "none"


def test_k12_employee_months_in_a_closed_range() -> None:
    target = T["employee_reserve_months"]
    for value, distance in (("6", "0"), ("9", "0"), ("10.2", "1.2"), ("5.5", "-0.5")):
        found = judged(target, measure(value))
        assert (found.state, found.distance) == ("not_met" if measure(distance) else "met", measure(distance))


WIDTHS = [
    ("K13", "resident_reserve_months", "0.5", "8.5", "9.5", False),
    ("K14", "employee_in_scope_rate", "1%", "82.7%", "84.7%", False),
    ("K15", "resident_in_scope_rate", "2%", "68%", "72%", True),
    ("K19", "commercial_share", "1%", "4%", "6%", True),
    ("K25", "cross_province_inpatient_direct_rate", "2%", "68%", "72%", True),
]


@pytest.mark.parametrize(("rule", "name", "width", "low", "high", "more_is_good"), WIDTHS)
def test_a33_about_and_stable_need_a_width_which_nobody_defaults(
    rule: str, name: str, width: str, low: str, high: str, more_is_good: bool
) -> None:
    bare = T[name]
    assert bare.lacking == ("tolerance",), rule
    assert judged(bare, measure(low)).state == "open"
    (target,) = with_figures([bare], [TargetFigure(name, "x", tolerance=measure(width))])
    for edge in (low, high):
        assert judged(target, measure(edge)).state == "met"
    assert judged(target, measure(low) - ONE).state == "not_met"
    past = judged(target, measure(high) + ONE)
    assert (past.state, past.above) == (("met", True) if more_is_good else ("not_met", False))
    assert judged(target, measure(high)).above is False


def test_k26_rising_each_year_and_above_the_baseline() -> None:
    target = T["primary_fund_share"]
    years = [measure(text) for text in ("11.6%", "11.6%", "12%")]
    assert judged(target, measure("12%"), earlier=years).state == "met"
    assert judged(target, measure("12%") - ONE, earlier=years).state == "not_met"
    assert judged(target, measure("11.5%")).state == "not_met"
    assert judged(target, measure("11.5%") + ONE).state == "met"
    assert judged(C["outpatient_coverage_primary"], Fraction(1)).state == "no_baseline"


@pytest.mark.parametrize(
    ("rule", "name", "figure", "value"),
    [
        ("B28", "recipient_self_pay_ratio", {"high": Fraction(1, 10)}, Fraction(1, 10)),
        ("K38", "enrolment_completion", {"low": Fraction(1)}, Fraction(1)),
        ("K38", "duplicate_rate", {"high": Fraction(1, 100)}, Fraction(1, 100)),
    ],
)
def test_limits_that_the_plan_leaves_open_come_from_the_area(
    rule: str, name: str, figure: dict[str, Fraction], value: Fraction
) -> None:
    assert judged(T[name], value).state == "open", rule
    (target,) = with_figures([T[name]], [TargetFigure(name, "x", **figure)])
    worse = ONE if "high" in figure else -ONE
    assert judged(target, value).state == "met"
    assert judged(target, value + worse).state == "not_met"


def test_a28_not_due_before_its_day() -> None:
    target = C["in_province_inpatient_direct_rate"]
    day = datetime.date(2023, 5, 18)
    assert judged(target, Fraction(1), day - datetime.timedelta(1)).state == "not_due"
    assert judged(target, Fraction(1), day).state == "met"
    early = judged(T["activation_rate"], Fraction(1, 2), LATE - datetime.timedelta(1))
    assert (early.state, early.meets, early.distance) == ("not_due", False, Fraction(-2, 5))


@pytest.mark.parametrize("state", ["undefined", "missing", "not_applicable"])
def test_a63_a_rate_without_a_value_is_not_judged(state: Any) -> None:
    target = T["activation_rate"]
    found = verdict(target, Rate(INDICATORS[target.indicator], (), 0, 0, state), LATE)
    assert (found.state, found.meets, found.distance) == (state, None, None)


@given(
    st.sampled_from(["at_least", "at_most", "range"]),
    st.fractions(-10, 10),
    st.fractions(0, 10),
    st.fractions(-30, 30),
)
def test_verdicts_are_those_of_the_oracle(kind: str, low: Fraction, width: Fraction, value: Fraction) -> None:
    high = low + width
    limits: dict[str, Any] = {"at_least": {"low": low}, "at_most": {"high": high}, "range": {"low": low, "high": high}}[
        kind
    ]
    target = Target("t", "employee_reserve_months", kind, "expected", "x", **limits)
    found = judged(target, value)
    assert (found.state == "met") == met(kind, value, low, high)
    assert interval(target) == (limits.get("low"), limits.get("high"))


# ---- the packs ------------------------------------------------------------------------------------------------------


def test_the_table_of_tianjin_has_18_rows_and_20_indicators() -> None:
    table = [each for each in T.values() if each.source.startswith("二(三) 指标表")]
    assert len(table) == 20
    assert [int(each.source.split()[-1]) for each in table] == [*range(1, 12), 11, 12, 12, *range(13, 19)]
    binding = [int(each.source.split()[-1]) for each in table if each.attribute == "binding"]
    assert binding == [1, 4, 5, 18]
    assert all(each.deadline == LATE for each in table)
    without = [each.id for each in table if each.baseline is None]
    assert without == [
        "commercial_share", "disease_payment_share", "platform_consumable_share", "activation_rate",
        "satisfaction_rate", "online_item_rate", "window_item_rate",
    ]  # fmt: skip


def test_a64_one_rate_in_two_places_has_two_targets() -> None:
    name = "cross_province_inpatient_direct_rate"
    assert (C[name].kind, C[name].low) == ("at_least", measure("65%"))
    assert (T[name].kind, T[name].value) == ("about", measure("70%"))


def observed(pack: str) -> dict[str, tuple[Any, str]]:
    terms = packs.load(pack).terms(ObservationTerms, on=DAYS[pack], section="observations")
    return {each.id: (each.value, each.precision) for each in terms.observations}


def test_k33_k34_a47_the_table_goes_before_the_rounded_text() -> None:
    found = observed("tianjin-2021")
    assert found["employee_reserve_2015"] == (1, "rounded")
    assert found["employee_reserve_2020"] == (measure("10.2"), "stated")
    assert found["resident_reserve_2015"] == (13, "rounded")
    assert found["resident_reserve_2020"] == (measure("26.6"), "stated")
    assert found["hospitals_2020"] == (62, "stated")


def test_k53_a48_only_what_is_printed_is_stored() -> None:
    found = observed("taizhou-2024")
    assert found == {
        "list_upload_2022_10": (measure("60%"), "rounded"),
        "list_upload_2023_q3": (measure("86.59%"), "stated"),
    }


def test_the_widths_of_tianjin_are_a_gap_and_those_of_the_assumed_pack_are_not() -> None:
    with pytest.raises(PolicyGap, match="figures: needs a list of records with target, source and tolerance or limit"):
        packs.load("tianjin-2021").terms(TargetFigureTerms, on=DAYS["tianjin-2021"], section="target_figures")
    assumed = packs.load("assumed").terms(TargetFigureTerms, on=DAYS["assumed"], section="target_figures")
    filled = with_figures(list(targets("assumed").values()), assumed.figures)
    assert [each.id for each in filled if each.lacking] == []
    assert {each.kind for each in filled} == {"at_least", "at_most", "range", "about", "stable", "rising", "none"}


@pytest.mark.parametrize("pack", list(DAYS))
def test_every_target_is_of_an_indicator_of_its_pack(pack: str) -> None:
    known = packs.load(pack).terms(TargetTerms, on=DAYS[pack], section="targets").targets
    from_pack = {"changde-2023": CHANGDE, "tianjin-2021": TIANJIN, "taizhou-2024": ARTICLE}.get(pack)
    assert all(each.source for each in known)
    assert from_pack is None or {each.indicator for each in known} <= set(from_pack)


# ---- paths and tables -----------------------------------------------------------------------------------------------


def test_k36_the_linear_path_of_enrolment() -> None:
    path = yearly_path(T["insured"], 2020, 2025)
    assert [shown(point.power / 10_000, "count", 3) for point in path] == [
        "1168.088", "1172.066", "1176.044", "1180.022", "1184.000",
    ]  # fmt: skip
    assert all(point.on_track(point.power) and not point.on_track(point.power - ONE) for point in path)
    assert yearly_growth(measure("1164.11"), measure("1184"), 5) == "0.3394%"
    assert shown(measure("1184") / measure("1164.11") - 1, "percent", 4) == "1.7086%"


EIGHTHS = st.integers(0, 16).map(lambda eighths: Fraction(eighths, 8))


@given(st.sampled_from(["at_least", "at_most", "range", "about", "stable"]), *[EIGHTHS] * 4)
def test_tightening_never_turns_not_met_into_met(
    kind: str, value: Fraction, at: Fraction, width: Fraction, by: Fraction
) -> None:
    """Whatever the kind: a limit moves inwards, a width gets narrower."""
    loose: dict[str, Any] = {
        "at_least": {"low": at},
        "at_most": {"high": at},
        "range": {"low": at, "high": at + width},
        "about": {"value": at, "tolerance": width},
        "stable": {"tolerance": width, "baseline": at},
    }[kind]
    less = min(by, width)
    tight: dict[str, Any] = {
        "at_least": {"low": at + by},
        "at_most": {"high": at - by},
        "range": {"low": at + less / 3, "high": at + width - less / 2},
        "about": {"value": at, "tolerance": width - less},
        "stable": {"tolerance": width - less, "baseline": at},
    }[kind]
    name = "employee_reserve_months"
    states = [judged(Target("t", name, kind, "expected", "x", **each), value).state for each in (loose, tight)]
    assert set(states) <= {"met", "not_met"}
    assert states != ["not_met", "met"]


@given(st.fractions(Fraction(1, 100), 100), st.fractions(Fraction(1, 100), 100), st.fractions(0, 200))
def test_k36_a_compound_path_is_compared_by_powers(start: Fraction, end: Fraction, value: Fraction) -> None:
    kind: dict[str, Any] = {"low": end} if end >= start else {"high": end}
    target = Target("t", "t", "at_least" if end >= start else "at_most", "expected", "x", baseline=start, **kind)
    path = yearly_path(target, 2020, 2024, "compound")
    for point in path:
        gone = point.year - 2020
        reached = value**4 - start ** (4 - gone) * end**gone
        assert point.on_track(value) == (reached >= 0 if end >= start else reached <= 0)
    assert path[-1].power == end


@pytest.mark.parametrize(
    ("limits", "point", "on_track"),
    [
        ({"kind": "range", "low": Fraction(6), "high": Fraction(9)}, 9, [6, 7, 8, 9]),
        ({"kind": "range", "low": Fraction(7), "high": Fraction(10)}, 7, [7, 8, 9, 10]),
        ({"kind": "at_least", "low": Fraction(6)}, 6, [6, 7, 8, 9, 10, 11]),
        ({"kind": "at_most", "high": Fraction(9)}, 9, [5, 6, 7, 8, 9]),
        ({"kind": "equal", "value": Fraction(8)}, 8, [8]),
    ],
)
def test_a_baseline_that_meets_its_target_leaves_every_year_what_meets_it(
    limits: Any, point: int, on_track: list[int]
) -> None:
    target = Target("t", "employee_reserve_months", attribute="expected", source="x", **limits)
    for each in yearly_path(target, 2020, 2022, baseline=Fraction(8)):
        assert each.power == point
        assert [value for value in range(5, 12) if each.on_track(Fraction(value))] == on_track
        met_in_all = [value for value in range(5, 12) if judged(target, Fraction(value)).state == "met"]
        assert met_in_all == on_track


def test_k36_ranges_are_approached_at_their_nearest_bound_and_the_plan_s_own_years_go_first() -> None:
    path = yearly_path(T["employee_reserve_months"], 2020, 2025, overrides={2022: Fraction(9)})
    assert [point.power for point in path] == [measure("9.96"), 9, measure("9.48"), measure("9.24"), 9]
    assert [path[-1].on_track(Fraction(months)) for months in (5, 6, 9, 10)] == [False, True, True, False]
    (about,) = with_figures(
        [T["resident_reserve_months"]], [TargetFigure("resident_reserve_months", "x", tolerance=ONE)]
    )
    last = yearly_path(about, 2020, 2025)[-1]
    assert [last.on_track(9 + step * ONE) for step in (-2, -1, 0, 1, 2)] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: yearly_path(T["activation_rate"], 2020, 2025),
            "activation_rate has no baseline, so there is no path to it; only its distance can be said",
        ),
        (lambda: yearly_path(T["insured"], 2020, 2025, "s"), "a path is one of linear, compound, not 's'"),
        (
            lambda: yearly_path(T["insured"], 2025, 2025),
            "insured: the target's year 2025 is not after the baseline's 2025",
        ),
        (
            lambda: yearly_path(T["insured"], 2020, 2025, overrides={2020: Fraction(1)}),
            "insured: [2020] lies outside 2021 to 2025",
        ),
        (
            lambda: yearly_path(T["insured"], 2020, 2025, "compound", Fraction(0)),
            "insured: a compound path runs between figures above 0, not 0 and 11840000",
        ),
        (
            lambda: yearly_path(T["commercial_share"], 2020, 2025, baseline=Fraction(1)),
            "commercial_share: tolerance is open; state it in target_figures",
        ),
        (
            lambda: yearly_path(T["primary_fund_share"], 2020, 2025),
            "primary_fund_share: rising has no limits without a baseline",
        ),
        (
            lambda: yearly_growth(Fraction(0), Fraction(1), 1),
            "growth runs between figures above 0 over a year or more, not 0, 1, 1",
        ),
    ],
)
def test_paths_that_cannot_be(act: Any, message: str) -> None:
    check_refused(act, InputError, message)


def rate(name: str, value: str) -> Rate:
    exact = measure(value)
    return Rate(INDICATORS[name], (), exact.numerator, exact.denominator, "value")


def test_k37_a61_the_completion_table_has_binding_targets_first_and_no_overall_percentage() -> None:
    chosen = [T[name] for name in ("activation_rate", "insured", "resident_in_scope_rate", "window_item_rate")]
    rates = [rate("activation_rate", "80%"), rate("insured", "11840000"), rate("window_item_rate", "99%")]
    rows = completion_table(chosen, rates, LATE)
    assert [(row.target.id, row.verdict.state) for row in rows] == [
        ("window_item_rate", "not_met"),
        ("insured", "met"),
        ("resident_in_scope_rate", "open"),
        ("activation_rate", "not_met"),
    ]
    assert [row.verdict.state for row in completion_table(chosen[:1], [], LATE)] == ["missing"]
    twice = [rate("insured", "1"), rate("insured", "2")]
    message = "two rates of one indicator; a completion table is of one scope"
    check_refused(lambda: completion_table(chosen, twice, LATE), InputError, message)
    stray = [rate("satisfaction_rate", "1")]
    message = "no target is of satisfaction_rate; leave these rates out"
    check_refused(lambda: completion_table(chosen, stray, LATE), InputError, message)


def test_p17_who_is_overdue() -> None:
    deadline = datetime.date(2021, 12, 31)
    last = day_number(deadline)
    started = np.array([last, last + 1, NO_DAY, NO_DAY, last + 5])
    qualifies = np.array([1, 1, 1, 0, 1])
    assert overdue(qualifies, started, deadline, deadline).tolist() == []
    assert overdue(qualifies, started, deadline, datetime.date(2022, 1, 1)).tolist() == [2, 4]


WHOLE = Target("t", "t", "range", "expected", "x", low=Fraction(1), high=Fraction(2))


def evolved(name: str, **changes: Any) -> Target:
    return attrs.evolve(T[name], **changes)


def changed(**changes: Any) -> Any:
    return lambda: attrs.evolve(WHOLE, **changes)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (changed(value=Fraction(1)), PolicyError, "t: range takes no value"),
        (changed(low=Fraction(3)), PolicyError, "t: low is above high"),
        (changed(side="below"), PolicyError, "t: only about says which side fails"),
        (
            changed(since=datetime.date(2026, 1, 1), deadline=LATE),
            PolicyError,
            "t: it is compared from 2026-01-01, after its deadline 2025-12-31",
        ),
        (
            changed(baseline_on=LATE, deadline=LATE),
            PolicyError,
            "t: the baseline of 2025-12-31 is not before 2025-12-31",
        ),
        (
            changed(kind="about", low=None, high=None, tolerance=Fraction(-1)),
            PolicyError,
            "t: a tolerance is 0 or more",
        ),
        (lambda: with_figures([WHOLE], [TargetFigure("u", "x")]), PolicyError, "no target u; targets: t"),
        (
            lambda: with_figures([WHOLE], [TargetFigure("t", "x", low=Fraction(1))]),
            PolicyError,
            "t: x states low itself; nothing replaces it",
        ),
        (
            lambda: verdict(WHOLE, rate("insured", "1"), LATE),
            InputError,
            "t is of t, not of insured",
        ),
        (changed(low=0.65), PolicyError, "t: low is 0.65; an exact figure is due, such as measure('0.65')"),
        (changed(baseline=True), PolicyError, "t: baseline is True; an exact figure is due, such as measure('0.65')"),
        (
            lambda: judged(evolved("activation_rate", low=Fraction(65)), Fraction(1, 2)),
            PolicyError,
            'target activation_rate: low is 65 where a part of 1 is due; write "65%"',
        ),
        (
            lambda: judged(evolved("resident_in_scope_rate", tolerance=Fraction(1)), Fraction(1, 2)),
            PolicyError,
            'target resident_in_scope_rate: tolerance is 1 where a part of 1 is due; write "1%"',
        ),
    ],
)
def test_targets_that_cannot_be(build: Any, error: type[MipolicyError], message: str) -> None:
    check_refused(build, error, message)
