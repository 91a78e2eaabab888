"""Indicators and rates: ratios of sums, four states, changes, and the tables that are no single ratio."""

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
from mipolicy.calendar import NO_DAY
from mipolicy.errors import AmountError, InputError, MipolicyError, PolicyError
from mipolicy.indicators.measure import MeasureKind, measure, root_shown, shown
from mipolicy.indicators.quantity import Quantities, Reported
from mipolicy.indicators.rates import Indicator, IndicatorTerms, change, completion, evaluate, evaluate_each, gap
from mipolicy.indicators.spread import Dispersion, Durations, Saving, density, dispersion, durations, savings
from tests.payment.shared import check_refused

DAYS = {
    "changde-2023": datetime.date(2023, 5, 18),
    "tianjin-2021": datetime.date(2021, 6, 1),
    "taizhou-2024": datetime.date(2024, 1, 26),
    "assumed": datetime.date(2024, 6, 1),
}


def indicators(pack: str) -> dict[str, Indicator]:
    terms = packs.load(pack).terms(IndicatorTerms, on=DAYS[pack], section="indicators")
    return {each.id: each for each in terms.indicators}


CHANGDE, TIANJIN, ARTICLE = (indicators(name) for name in ("changde-2023", "tianjin-2021", "taizhou-2024"))
DIRECT = CHANGDE["cross_province_inpatient_direct_rate"]


def rate_of(indicator: Indicator, *figures: Reported, scope: tuple[str, ...] = ()) -> Any:
    """The rate of an indicator from its quantities in their order."""
    named = {(name, scope): figure for name, figure in zip(indicator.quantities, figures, strict=True)}
    by = tuple(f"f{at}" for at in range(len(scope)))
    return evaluate(indicator, Quantities(by, named), scope)


@pytest.mark.parametrize(
    ("rule", "indicator", "figures", "value", "text"),
    [
        ("B05", CHANGDE["outpatient_visit_share"], (900, 100), Fraction(9, 10), "90.00%"),
        ("B05", CHANGDE["outpatient_fund_share"], (100, 200), Fraction(1, 3), "33.33%"),
        ("B05", CHANGDE["admissions_per_1000"], (181, 1000), Fraction(181), "181.00"),
        ("S37", ARTICLE["regions_cleared_rate"], (390, 395), Fraction(390, 395), "98.73%"),
        ("S37", ARTICLE["regions_paid_rate"], (395, 395), Fraction(1), "100.00%"),
        ("K35", TIANJIN["handling_time_reduction"], (100, 13), Fraction(87, 100), "87%"),
        ("K53", ARTICLE["list_upload_rate"], (8659, 10000), Fraction(8659, 10000), "86.59%"),
        ("K54", ARTICLE["list_pass_rate"], (97, 100), Fraction(97, 100), "97.00%"),
        ("K54", ARTICLE["list_on_time_rate"], (2, 3), Fraction(2, 3), "66.67%"),
        ("K59", TIANJIN["satisfaction_rate"], (85, 100), Fraction(85, 100), "85.00%"),
        ("K61", TIANJIN["good_review_rate"], (98, 100), Fraction(98, 100), "98.00%"),
        ("K61", TIANJIN["bad_review_reply_rate"], (1, 2), Fraction(1, 2), "50.00%"),
        ("K63", CHANGDE["prescription_outflow_rate"], (1, 8), Fraction(1, 8), "12.50%"),
        ("K64", TIANJIN["online_handling_rate"], (3, 7), Fraction(3, 7), "42.86%"),
        ("K65", TIANJIN["catalogue_landing_rate"], (30, 120), Fraction(1, 4), "25.00%"),
        ("K67", TIANJIN["private_designated_share"], (1, 3), Fraction(1, 3), "33.33%"),
        ("K68", TIANJIN["generic_share"], (11, 20), Fraction(11, 20), "55.00%"),
        ("K70", CHANGDE["e_certificate_rate"], (5, 6), Fraction(5, 6), "83.33%"),
        ("K12", TIANJIN["employee_reserve_months"], (102, 120), Fraction(102, 10), "10.20"),
        ("K01", DIRECT, (65, 35), Fraction(65, 100), "65.00%"),
    ],
)
def test_rates_of_the_packs(
    rule: str, indicator: Indicator, figures: tuple[int, ...], value: Fraction, text: str
) -> None:
    found = rate_of(indicator, *figures)
    assert found.state == "value", rule
    assert (found.value, found.shown) == (value, text)


@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_a_rate_is_exact_and_shown_half_up(direct: int, by_hand: int) -> None:
    found = rate_of(DIRECT, direct, by_hand)
    assert (found.numerator, found.denominator) == (direct, direct + by_hand)
    units = Fraction(direct, direct + by_hand) * 10_000
    whole = units.numerator * 2 // units.denominator
    assert found.shown == f"{(whole + 1) // 2 // 100}.{(whole + 1) // 2 % 100:02}%"


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        ((0, 0), "undefined"),
        (("missing", 3), "missing"),
        ((3, "not_applicable"), "not_applicable"),
        (("missing", "not_applicable"), "missing"),
        ((0, 3), "value"),
    ],
)
def test_a63_states_that_are_never_0(figures: tuple[Reported, ...], state: str) -> None:
    found = rate_of(DIRECT, *figures)
    assert found.state == state
    assert found.value == (Fraction(0) if state == "value" else None)
    assert found.shown == ("0.00%" if state == "value" else "")


def test_a_quantity_nobody_gave_is_missing() -> None:
    assert evaluate(DIRECT, Quantities.of(cross_province_inpatient_direct=3)).state == "missing"


def test_a27_person_times_by_default_and_money_under_its_own_label() -> None:
    by_money = CHANGDE["cross_province_inpatient_direct_rate_by_money"]
    assert rate_of(DIRECT, 1, 1).label == "住院费用跨省异地直接结算率(按人次)"
    assert rate_of(by_money, 1, 1).label == "住院费用跨省异地直接结算率(按金额)"
    assert not set(by_money.quantities) & set(DIRECT.quantities)


def test_a_rate_of_all_areas_is_the_ratio_of_sums_not_the_mean_of_rates() -> None:
    direct, by_hand = DIRECT.quantities
    by_area = Quantities(
        ("area",), {(direct, ("A",)): 1, (by_hand, ("A",)): 0, (direct, ("B",)): 0, (by_hand, ("B",)): 3}
    )
    assert [rate.value for rate in evaluate_each([DIRECT], by_area)] == [1, 0]
    assert evaluate(DIRECT, by_area.rolled_up()).value == Fraction(1, 4)


@pytest.mark.parametrize("pack", list(DAYS))
def test_ids_labels_and_sources_stand_in_every_record(pack: str) -> None:
    for each in indicators(pack).values():
        assert each.zh
        assert each.en
        assert each.source
        assert each.quantities


def test_k53_upload_rates_and_their_changes_are_computed() -> None:
    upload = ARTICLE["list_upload_rate"]
    found = change(rate_of(upload, 8659, 10_000), rate_of(upload, 60, 100))
    assert found.difference == Fraction(2659, 10_000)
    assert found.growth == Fraction(2659, 6000)
    assert change(rate_of(upload, 1, 0), rate_of(upload, 1, 2)).state == "undefined"
    assert change(rate_of(upload, 1, 2), rate_of(upload, "missing", 2)).state == "missing"
    assert change(rate_of(upload, 1, 2), rate_of(upload, 0, 2)).growth is None
    message = "list_upload_rate and list_pass_rate are two indicators; compare one with itself"
    other = rate_of(ARTICLE["list_pass_rate"], 1, 2)
    check_refused(lambda: change(rate_of(upload, 1, 2), other), InputError, message)


def test_b47_the_gap_of_15_6_points_and_whether_it_narrows() -> None:
    employee, resident = TIANJIN["employee_in_scope_rate"], TIANJIN["resident_in_scope_rate"]
    before = rate_of(employee, 837, 1000), rate_of(resident, 681, 1000)
    now = rate_of(employee, 837, 1000), rate_of(resident, 70, 100)
    found = gap(now, before)
    assert (found.now, found.before, found.narrowing) == (Fraction(137, 1000), Fraction(156, 1000), True)
    assert gap(before, before).narrowing is False
    assert gap(now, (rate_of(employee, 1, 0), before[1])).narrowing is None
    months = rate_of(TIANJIN["employee_reserve_months"], 1, 1)
    check_refused(lambda: gap((now[0], months), before), InputError, "a gap is between rates of one unit")


def test_a32_effective_rates_of_2020() -> None:
    one, two = (1 - measure("22.6%")) * measure("83.7%"), (1 - measure("22.1%")) * measure("68.1%")
    assert (shown(one, "percent", 2), shown(two, "percent", 2)) == ("64.78%", "53.05%")


def test_k32_completion_of_a_task() -> None:
    done = completion(1164, 1109)
    assert done is not None
    assert shown(done, "percent", 2) == "104.96%"
    assert completion(5, 0) is None
    message = "a task and what is done of it are 0 or more, not -1 and 5"
    check_refused(lambda: completion(5, -1), InputError, message)


def test_more_taken_back_than_settled_is_undefined_with_its_figures() -> None:
    rate = rate_of(DIRECT, 1, -3)
    assert (rate.numerator, rate.denominator, rate.state, rate.value, rate.shown) == (1, -2, "undefined", None, "")


# ---- days, regions, density, savings --------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 100), st.integers(0, 60))
def test_s24_days_of_the_payment_cycle(days: list[int], percent: int, cut: int) -> None:
    begun, ended = np.zeros(len(days), np.int64), np.array(days, np.int64)
    found = durations(begun, ended)
    ordered = sorted(days)
    assert found.mean == Fraction(sum(days), len(days))
    assert found.median == Fraction(ordered[(len(days) - 1) // 2] + ordered[len(days) // 2], 2)
    least = next(day for day in ordered if sum(each <= day for each in days) * 100 >= percent * len(days))
    assert found.percentile(percent) == least
    assert durations(begun[:cut], ended[:cut]) + durations(begun[cut:], ended[cut:]) == found


def test_o04_steps_of_a_claim_and_what_is_overdue() -> None:
    found = durations(np.array([10, 10, 10, 12]), np.array([40, 41, NO_DAY, 12]))
    assert (found.overdue(30), found.overdue(31), found.unfinished, found.cases) == (1, 0, 1, 3)
    assert Durations().mean is None
    assert Durations().median is None
    assert Durations().percentile(90) is None


def test_days_that_cannot_be() -> None:
    check_refused(
        lambda: durations(np.array([1, 5]), np.array([1, 4])),
        InputError,
        "row 1: the step begins on 5 and ends on 4; correct the days",
    )
    check_refused(lambda: Durations({1: 1}).percentile(0), InputError, "a percentile is from 1 to 100, not 0")


def test_k69_regions_side_by_side() -> None:
    rates = [rate_of(DIRECT, *figures, scope=(name,)) for name, figures in REGIONS.items()]
    found = dispersion(rates, Fraction(1, 10))
    assert found == Dispersion(Fraction(1, 2), Fraction(1, 2), Fraction(1, 24), (("C",),), (("D",),))
    assert found is not None
    assert found.cv_shown() == "0.4082"
    lower = attrs.evolve(DIRECT, direction="lower")
    turned = dispersion([attrs.evolve(rate, indicator=lower) for rate in rates], Fraction(0))
    assert turned is not None
    assert turned.laggards == (("A",),)
    assert dispersion(rates[3:], Fraction(0)) is None
    check_refused(lambda: dispersion(rates * 2, Fraction(0)), InputError, ONE_EACH)
    check_refused(lambda: dispersion(rates, Fraction(-1)), InputError, "a margin is 0 or more, not -1")


REGIONS: dict[str, tuple[Reported, Reported]] = {"A": (3, 1), "B": (1, 1), "C": (1, 3), "D": (0, 0)}
ONE_EACH = "a dispersion is of one indicator, each scope once"


def test_o18_density_and_gap_to_the_plan() -> None:
    assert density(50, 200_000, 60) == (Fraction(5, 2), 10)
    assert density(50, 0, 40) == (None, -10)
    check_refused(lambda: density(-1, 1, 1), InputError, "counts are 0 or more, not -1, 1, 1")


def test_k71_savings_by_kind() -> None:
    assert savings(100, Saving(5000, 90, 1200), Saving(1000, 10, 0)) == Saving(400_000, 8000, 120_000)
    message = "counts and unit costs are 0 or more, not -1"
    check_refused(lambda: savings(-1, Saving(0, 0, 0), Saving(0, 0, 0)), InputError, message)


# ---- figures and bad input ------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 7), st.integers(0, 4))
def test_a_root_is_rounded_half_up(numerator: int, denominator: int, degree: int, places: int) -> None:
    power = Fraction(numerator, denominator)
    units = Fraction(root_shown(power, degree, "count", places)) * 10**places
    half = Fraction(1, 2)
    scaled = power * 10 ** (places * degree)
    assert scaled < (units + half) ** degree
    assert units == 0 or scaled >= (units - half) ** degree


@given(st.integers(-(10**20), 10**20))
def test_a_figure_is_written_and_read_again(units: int) -> None:
    value = Fraction(units, 10**9)
    assert MeasureKind().value(MeasureKind().text(value)) == value


def replaced(**changes: Any) -> Any:
    return lambda: attrs.evolve(DIRECT, **changes)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (replaced(numerator=()), PolicyError, f"{DIRECT.id}: an indicator needs a numerator"),
        (replaced(denominator=()), PolicyError, f"{DIRECT.id}: a percentage needs a denominator"),
        (replaced(times=0), PolicyError, f"{DIRECT.id}: times is 1 or more"),
        (replaced(places=10), PolicyError, f"{DIRECT.id}: at most 9 decimals are shown"),
        (
            lambda: measure(0.5),
            AmountError,
            "figure takes text, Decimal or a whole int, not float 0.5: write it as text, '0.5'",
        ),
        (
            lambda: root_shown(Fraction(-1), 2, "count", 0),
            AmountError,
            "no root of degree 2 is taken of -1; state a figure of 0 or more",
        ),
    ],
)
def test_what_no_indicator_can_be(build: Any, error: type[MipolicyError], message: str) -> None:
    check_refused(build, error, message)
