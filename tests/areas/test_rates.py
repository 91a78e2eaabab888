"""Rates of an area: against a literal reading of each row, merging, groups, targets on a day, what is refused."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy.areas.rates import AreaRates
from mipolicy.areas.words import limit_text
from mipolicy.errors import InputError, MipolicyError, NotInForce, PolicyError, TableError
from mipolicy.indicators.targets import Target
from mipolicy.policy import Policy
from tests.oracles.area_rates import rates_of
from tests.payment.shared import check_refused

from .made import AMOUNTS, row, rows, table

ASSUMED = mipolicy.load("assumed")
ON = datetime.date(2025, 12, 31)
TIANJIN = mipolicy.load("tianjin-2021", mode="carry_forward")
CHANGDE = mipolicy.load("changde-2023")
GROUPS = st.sampled_from([(), ("hosp_lv",), ("fixmedins_code", "hosp_lv", "month"), ("quarter",), ("year", "insutype")])


def values(found: AreaRates, *, whole: bool = True) -> dict[tuple[str, tuple[str, ...]], Fraction | None]:
    listed = found.whole_rates if whole else found.rates
    return {(rate.indicator.id, rate.scope): rate.value for rate in listed}


def rates(given_rows: list[dict[str, Any]], policy: Policy = ASSUMED, **options: Any) -> AreaRates:
    return mipolicy.rates(policy, table(given_rows), **{"on": ON, **options})


# ---- settlements -----------------------------------------------------------------------------------------------------


def group_of(one: dict[str, Any], name: str) -> str:
    year, month = one["setl_time"][:4], int(one["setl_time"][5:7])
    parts = {"year": year, "month": f"{year}-{month:02d}", "quarter": f"{year}Q{(month - 1) // 3 + 1}"}
    return parts.get(name) or str(one[name])


@given(rows(), GROUPS, st.integers(1, 40), st.integers(1, 3))
def test_rates_are_those_of_a_literal_reading_whatever_the_blocks_and_threads(
    given_rows: list[dict[str, Any]], by: tuple[str, ...], block: int, threads: int
) -> None:
    found = rates(given_rows, by=by, block_rows=block, threads=threads)
    assert (found.rows_in, len(found.rejects)) == (len(given_rows), 0)
    whole = values(found)
    for name, value in rates_of(given_rows).items():
        assert whole[name, ()] == value
    if by:
        by_group: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for one in given_rows:
            by_group.setdefault(tuple(group_of(one, name) for name in by), []).append(one)
        grouped = values(found, whole=False)
        assert {scope for _, scope in grouped} == set(by_group)
        for scope, of_group in by_group.items():
            for name, value in rates_of(of_group).items():
                assert grouped[name, scope] == value


@given(rows(), st.integers(0, 40), st.sampled_from([(), ("fixmedins_code", "month")]))
def test_parts_of_a_table_merge_to_what_the_whole_gives(
    given_rows: list[dict[str, Any]], cut: int, by: tuple[str, ...]
) -> None:
    """Wherever it is cut, between a settlement and what takes it back as well."""
    first, second = (rates(part, by=by, targets=True) for part in (given_rows[:cut], given_rows[cut:]))
    together = rates(given_rows, by=by, targets=True)
    for merged in (first + second, second + first):
        assert merged.quantities == together.quantities
        assert merged.whole == together.whole
        assert set(merged.rates) == set(together.rates)
        assert merged.completion == together.completion
        assert merged.rows_in == together.rows_in


@given(st.data(), rows())
def test_a_verdict_does_not_depend_on_the_order_of_rows(data: st.DataObject, given_rows: list[dict[str, Any]]) -> None:
    moved = data.draw(st.permutations(given_rows))
    assert rates(given_rows, targets=True).completion == rates(moved, targets=True).completion


@given(rows(), st.sampled_from(["low", "high"]), st.integers(1, 40))
def test_tightening_a_target_never_turns_not_met_into_met(
    given_rows: list[dict[str, Any]], side: str, percent: int
) -> None:
    found = attrs.evolve(rates(given_rows, targets=True), on=datetime.date(2029, 1, 1))
    step = Fraction(percent, 100) * (1 if side == "low" else -1)
    tightened = [
        attrs.evolve(each, **{side: min(getattr(each, side) + step, Fraction(1))})
        if getattr(each, side) is not None and each.kind in ("at_least", "at_most")
        else each
        for each in found.targets
    ]
    before = {each.target.id: each.verdict.state for each in found.completion}
    after = {each.target.id: each.verdict.state for each in attrs.evolve(found, targets=tuple(tightened)).completion}
    assert not [name for name, state in before.items() if state == "not_met" and after[name] == "met"]


def test_a_reversal_takes_its_settlement_back() -> None:
    taken_back = row(setl_id="S2", refd_setl_flag="1", **{name: -row()[name] for name in AMOUNTS})
    found = rates([row(), row(direct_flag="0"), taken_back])
    (rate,) = (each for each in found.rates if each.indicator.id == "cross_province_inpatient_direct_rate")
    assert (rate.numerator, rate.denominator) == (0, 1)
    (share,) = (each for each in found.rates if each.indicator.id == "primary_fund_share")
    assert (share.numerator, share.denominator) == (6_000, 6_000)


def test_a_month_in_which_more_is_taken_back_than_settled_is_undefined() -> None:
    minus = {name: -row()[name] for name in AMOUNTS}
    later = row(setl_id="S2", setl_time="2025-04-01 00:00:00", refd_setl_flag="1", **minus)
    march, april = rates([row(), row(setl_id="S3")], by=("month",)), rates([later], by=("month",))
    texts = (march + april).texts()
    at = [
        month == "2025-04" and name == "primary_fund_share"
        for month, name in zip(texts["month"], texts["indicator"], strict=True)
    ].index(True)
    assert [texts[name][at] for name in ("numerator", "denominator", "value", "state")] == [
        "-60.00",
        "-60.00",
        "",
        "undefined",
    ]
    assert values(march + april)["primary_fund_share", ()] == 1
    assert values(march + april) == values(rates([row(), row(setl_id="S3"), later]))


def test_amounts_are_yuan_as_text_and_fen_as_integers() -> None:
    columns = table([row(), row(insutype="390")])
    written = {
        **columns,
        **{name: [f"{fen // 100}.{fen % 100:02d}" for fen in columns[name].tolist()] for name in AMOUNTS},
    }
    first, second = (mipolicy.rates(ASSUMED, each, on=ON).texts() for each in (columns, written))
    assert first == second
    assert first["numerator"][first["indicator"].index("primary_fund_share")] == "120.00"


def test_the_terms_are_those_of_the_last_day_settled() -> None:
    found = mipolicy.rates(ASSUMED, table([row(setl_time="2025-05-01 00:00:00"), row(setl_time="2025-02-01 00:00:00")]))
    assert found.on == datetime.date(2025, 5, 1)
    later = mipolicy.rates(ASSUMED, table([row(setl_time="2025-06-01 00:00:00")]))
    assert (found + later).on == (later + found).on == datetime.date(2025, 6, 1)


def test_groups_by_another_day_and_by_a_column_that_is_called_month() -> None:
    given_rows = table([row(), row()])
    dated = {**given_rows, "dscg_time": ["2024-12-31", "2025-02-01"]}
    found = mipolicy.rates(ASSUMED, dated, by=("month:dscg_time",), on=ON)
    assert (found.by, found.quantities.scopes()) == (("month",), (("2024-12",), ("2025-02",)))
    own = mipolicy.rates(ASSUMED, {**given_rows, "month": ["a", "b"]}, by=("month",), on=ON)
    assert own.quantities.scopes() == (("a",), ("b",))


def test_named_indicators_need_their_columns_only() -> None:
    columns = {name: table([row(), row(hosp_lv="01")])[name] for name in ("hosp_lv", "fund_pay_sumamt")}
    found = mipolicy.rates(ASSUMED, columns, on=ON, indicators=["primary_fund_share"], targets=True)
    assert found.texts()["value"] == ["50.00%"]
    assert [each.target.id for each in found.completion] == ["primary_fund_share"]


def test_a_row_is_rejected_whichever_indicators_are_asked_for() -> None:
    given_rows = [row(), row(med_type="", hosp_lv="01"), row(insutype="777"), row(medfee_sumamt=-5)]
    every, one = rates(given_rows), rates(given_rows, indicators=["primary_fund_share"])
    assert one.rejects.row.tolist() == every.rejects.row.tolist() == [1, 2, 3]
    assert one.rejects.message == every.rejects.message
    assert values(one)["primary_fund_share", ()] == values(every)["primary_fund_share", ()] == 1


def test_what_is_stated_of_other_indicators_is_no_fault() -> None:
    totals = {"quantity": ["surplus", "fund_spending"], "value": ["800.00", "5.00"]}
    observed = {"indicator": ["reserve_months", "primary_fund_share"], "value": ["8", "15%"], "period": ["", "2024"]}
    found = rates([row()], indicators=["primary_fund_share"], totals=totals, observed=observed, targets=True)
    assert list(found.total_rejects.setl_id) == ["fund_spending"]
    assert len(found.observed_rejects) == 0
    assert [rate.indicator.id for rate in found.whole_rates] == ["primary_fund_share"]


# ---- totals and observed ---------------------------------------------------------------------------------------------


def test_totals_stand_beside_settlements() -> None:
    totals = {"quantity": ["surplus", "spending_12_months"], "value": ["800.00", "1200.00"]}
    found = rates([row()], by=("hosp_lv",), totals=totals, targets=True)
    assert "reserve_months" not in {rate.indicator.id for rate in found.rates}
    (rate,) = (each for each in found.whole_rates if each.indicator.id == "reserve_months")
    assert (rate.numerator, rate.denominator, rate.value) == (960_000, 120_000, Fraction(8))
    (judged,) = (each for each in found.completion if each.target.id == "reserve_months")
    assert (judged.verdict.state, judged.verdict.meets, judged.verdict.distance) == ("not_due", True, Fraction(0))


def test_totals_by_group_add_up_and_a_group_that_is_silent_makes_the_whole_missing() -> None:
    totals = {
        "area": ["A", "A", "B", "B"],
        "quantity": ["cross_province_inpatient_direct", "cross_province_inpatient_by_hand"] * 2,
        "value": ["65", "35", "10", "0"],
    }
    found = mipolicy.rates(CHANGDE, totals=totals, by=("area",), on=datetime.date(2023, 5, 18), targets=True)
    name = "cross_province_inpatient_direct_rate"
    assert values(found, whole=False)[name, ("A",)] == Fraction(65, 100)
    assert values(found)[name, ()] == Fraction(75, 110)
    silent = {key: cells[:3] for key, cells in totals.items()}
    found = mipolicy.rates(CHANGDE, totals=silent, by=("area",), on=datetime.date(2023, 5, 18))
    states = {rate.scope: rate.state for rate in (*found.rates, *found.whole_rates) if rate.indicator.id == name}
    assert states == {("A",): "value", ("B",): "missing", (): "missing"}


def test_the_three_states_are_words_and_never_0() -> None:
    totals = {
        "quantity": [
            "cross_province_inpatient_direct",
            "cross_province_inpatient_by_hand",
            "in_province_inpatient_direct",
            "in_province_inpatient_by_hand",
        ],
        "value": ["0", "0", "not_applicable", "5"],
    }
    found = mipolicy.rates(CHANGDE, totals=totals, on=datetime.date(2023, 5, 18), targets=True)
    for language, words in (
        ("en", ("undefined", "not applicable", "missing")),
        ("zh", ("无意义(分母不大于0)", "不适用", "缺报")),
    ):
        texts = found.target_texts(language)
        rows_of = {name: at for at, name in enumerate(texts["target"])}
        for name, word in zip(
            (
                "cross_province_inpatient_direct_rate",
                "in_province_inpatient_direct_rate",
                "in_province_outpatient_direct_rate",
            ),
            words,
            strict=True,
        ):
            assert (texts["value"][rows_of[name]], texts["verdict"][rows_of[name]]) == (word, word)
            assert texts["distance"][rows_of[name]] == ""


def test_the_table_of_tianjin_prints_whole_binding_first() -> None:
    observed = {
        "indicator": [
            "insured",
            "employee_reserve_months",
            "primary_fund_share",
            "primary_fund_share",
            "window_item_rate",
        ],
        "value": ["11900000", "8.5", "12%", "11.8%", "99%"],
        "period": ["2025", "2025", "2025", "2024", "2025"],
    }
    found = mipolicy.rates(TIANJIN, observed=observed, on=ON, targets=True)
    texts = found.target_texts()
    assert texts["attribute"] == ["binding"] * 4 + ["expected"] * 16 + ["unstated"] * 11
    shown = {
        name: (value, verdict, distance)
        for name, value, verdict, distance in zip(
            texts["target"], texts["value"], texts["verdict"], texts["distance"], strict=True
        )
    }
    assert texts["target"][0] == "window_item_rate"  # the binding one that is not met
    assert shown["window_item_rate"] == ("99.00%", "not met", "-1.00%")
    assert shown["insured"] == ("11900000", "met", "60000")
    assert shown["employee_reserve_months"] == ("8.50", "met", "0.00")
    assert shown["primary_fund_share"] == ("12.00%", "met", "0.20%")
    assert shown["employee_in_scope_rate"] == ("missing", "open: no tolerance stated", "")
    fell = {
        key: [*cells[:3], *cells[4:], extra]
        for (key, cells), extra in zip(observed.items(), ("primary_fund_share", "12.5%", "2023"), strict=True)
    }
    (judged,) = (
        each
        for each in mipolicy.rates(TIANJIN, observed=fell, on=ON, targets=True).completion
        if each.target.id == "primary_fund_share"
    )
    assert (judged.verdict.state, judged.verdict.distance) == ("not_met", Fraction(-5, 1000))


def test_an_observed_value_has_no_numerator() -> None:
    found = mipolicy.rates(TIANJIN, observed={"indicator": ["duplicate_rate"], "value": ["0.25"]}, on=ON)
    texts = found.texts()
    at = texts["indicator"].index("duplicate_rate")
    assert [texts[name][at] for name in ("numerator", "denominator", "value", "state")] == ["", "", "25.00%", "value"]


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "month"}, TableError, "by takes the names of the groups one by one, by=('month',)"),
        ({"by": ("month", "month:dscg_time")}, TableError, "by names month twice"),
        ({"by": ("", "")}, TableError, "by has an empty name; name a column for each group, or leave by out"),
        (
            {"by": ("week:setl_time",)},
            TableError,
            "by takes year, quarter, month of a column with days, not 'week:setl_time'",
        ),
        ({"threads": 0}, TableError, "threads and block_rows must be at least 1"),
        ({"block_rows": 0}, TableError, "threads and block_rows must be at least 1"),
        (
            {"on": datetime.date(2020, 1, 1)},
            NotInForce,
            "assumed: section indicators is first in force on 2024-01-01, not on 2020-01-01",
        ),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], error: type[MipolicyError], message: str) -> None:
    check_refused(lambda: rates([row()], **options), error, message)


def test_what_says_nothing() -> None:
    message = "rates come from settlements, totals or observed values; give one of them"
    check_refused(lambda: mipolicy.rates(ASSUMED), TableError, message)
    lone = {"quantity": ["surplus"], "value": ["1"]}
    message = "nothing in setl_time says of what day the rates are; state it: on="
    check_refused(lambda: mipolicy.rates(ASSUMED, totals=lone), TableError, message)
    with pytest.raises(
        InputError, match=r"^assumed has no indicator reserve, did you mean reserve_months\?; indicators: "
    ):
        rates([row()], indicators=["reserve"])


def test_a_policy_without_quantities_takes_totals_only() -> None:
    message = (
        "changde-2023 does not say which fields and codes of settlements its quantities are: give totals of them "
        "instead (totals=, a table of quantity and value), or add the section quantities by an overlay"
    )
    day = datetime.date(2023, 5, 18)
    check_refused(lambda: rates([row()], CHANGDE, on=day), PolicyError, message)


OVERLAY = """
format = 1
id = "wrong"
title = "A percentage written as a plain number"
region = "990000"
schemes = ["310", "390"]
extends = "assumed"

[documents.wrong]
title = "made up"
issuer = "nobody"
status = "assumed"
verified_on = 2026-12-31

[[sections.targets]]
version = "2024"
effective = 2024-01-01
source = { document = "wrong", clause = "1" }
targets = [
  { id = "primary", indicator = "primary_fund_share", kind = "at_least", attribute = "binding", source = "1" LOW },
  { id = "scope", indicator = "resident_in_scope_rate", kind = "about", attribute = "expected", source = "1" ABOUT },
  { id = "own", indicator = "employee_self_paid_share", kind = "at_most", attribute = "unstated", source = "1" },
]

[[sections.target_figures]]
version = "2024"
effective = 2024-01-01
source = { document = "wrong", clause = "2" }
figures = [{ target = "own", source = "2", high = "40%" }]
"""


def overlay(low: str = 'low = "65%"', about: str = 'value = "70%", tolerance = "1%"') -> Policy:
    """The assumed pack with targets of its own, of which a test changes one."""
    return mipolicy.loads(OVERLAY.replace("LOW", f", {low}" * bool(low)).replace("ABOUT", f", {about}"))


@pytest.mark.parametrize(
    ("low", "about", "message"),
    [
        ('low = "65"', 'value = "70%"', 'target primary: low is 65 where a part of 1 is due; write "65%"'),
        (
            'baseline = "12.5"',
            'value = "70%"',
            'target primary: baseline is 12.5 where a part of 1 is due; write "12.5%"',
        ),
        ("", 'value = "70"', 'target scope: value is 70 where a part of 1 is due; write "70%"'),
        ("", 'tolerance = "1"', 'target scope: tolerance is 1 where a part of 1 is due; write "1%"'),
    ],
)
def test_65_where_65_percent_is_due_in_a_policy(low: str, about: str, message: str) -> None:
    policy = overlay(low or 'low = "65%"', about)
    check_refused(lambda: rates([row()], policy, targets=True), PolicyError, f"wrong: {message}")


def test_a_part_of_a_whole_is_asked_for_no_more_than_100_percent() -> None:
    text = OVERLAY.replace("primary_fund_share", "cross_province_inpatient_direct_rate").replace("ABOUT", "")
    message = 'wrong: target primary: low is 1.5 where a part of 1 is due; write "1.5%"'
    policy = mipolicy.loads(text.replace("LOW", ', low = "1.5"'))
    check_refused(lambda: rates([row()], policy, targets=True), PolicyError, message)
    assert judged(mipolicy.loads(text.replace("LOW", ', low = "1"')))["primary"] == ("met", "0.00%")


def judged(policy: Policy, language: str = "en", **options: Any) -> dict[str, tuple[str, str]]:
    texts = rates([row()], policy, targets=True, **options).target_texts(language)
    return dict(zip(texts["target"], zip(texts["verdict"], texts["distance"], strict=True), strict=True))


def test_0_65_and_65_percent_are_one_limit() -> None:
    assert judged(overlay('low = "0.65"')) == judged(overlay('low = "65%"')) == {
        "primary": ("met", "35.00%"),
        "scope": ("undefined", ""),
        "own": ("met", "-30.00%"),
    }  # fmt: skip


def test_a_width_that_nobody_states_leaves_the_verdict_open_and_says_so() -> None:
    bare = overlay(about='value = "70%"')
    assert judged(bare)["scope"] == ("open: no tolerance stated", "")
    assert judged(bare, "zh")["scope"] == ("未定(未给出容差)", "")
    assert judged(overlay(low=""), "zh")["primary"] == ("未定(未给出下限)", "")


def test_rising_without_a_baseline_says_so() -> None:
    policy = mipolicy.loads(OVERLAY.replace("at_least", "rising").replace("LOW", "").replace("ABOUT", ""))
    assert judged(policy)["primary"] == ("no baseline", "")
    assert judged(policy, "zh")["primary"] == ("无基期值", "")


def test_a_baseline_after_the_deadline_is_refused() -> None:
    days = 'low = "65%", baseline = "60%", baseline_on = 2026-01-01, deadline = 2025-12-31'
    with pytest.raises(PolicyError, match=r"primary: the baseline of 2026-01-01 is not before 2025-12-31"):
        judged(overlay(days))


def test_years_that_reports_state_beside_parts_are_kept_of_both() -> None:
    def part(name: str, value: str, year: str) -> AreaRates:
        cells = {"indicator": ["primary_fund_share"], "value": [value], "period": [year]}
        return rates([row(setl_id=name)], observed=cells, targets=True)

    one, other = part("S1", "15%", "2023"), part("S2", "90%", "2024")
    for merged in (one + other, other + one):
        assert merged.earlier == {"primary_fund_share": {2023: Fraction(15, 100), 2024: Fraction(9, 10)}}
        assert list(merged.earlier["primary_fund_share"]) == [2023, 2024]
    message = "both parts state primary_fund_share of 2024; give it to one of them"
    check_refused(lambda: other + part("S3", "80%", "2024"), InputError, message)


def test_a_value_stated_beside_quantities_of_the_other_part_is_refused() -> None:
    cells = {"indicator": ["primary_fund_share"], "value": ["15%"]}
    stated = mipolicy.rates(ASSUMED, observed=cells, on=ON)
    summed = rates([row()])
    message = "primary_fund_share is computed from quantities and stated too; leave one of them out"
    check_refused(lambda: stated + summed, InputError, message)
    check_refused(lambda: summed + stated, InputError, message)


def test_parts_that_do_not_add() -> None:
    by_level, whole = rates([row()], by=("hosp_lv",)), rates([row()])
    message = "rates of assumed and assumed differ in by; they do not add"
    check_refused(lambda: by_level + whole, InputError, message)
    stated = rates([row()], observed={"indicator": ["reserve_months"], "value": ["8"]})
    message = "both parts state observed values of reserve_months; give them to one of them"
    check_refused(lambda: stated + stated, InputError, message)
    assert (stated + whole).whole_rates[-1].value == 8
    bad = rates([row(), row(med_type="")], totals={"quantity": ["x"], "value": ["1"]})
    assert (bad + bad).rejects.row.tolist() == [1, 3]
    assert (bad + bad).total_rejects.row.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("kind", "figures", "english", "chinese"),
    [
        ("at_least", {"low": "0.65"}, "≥ 65.00%", "≥ 65.00%"),
        ("at_most", {"high": "0.2"}, "≤ 20.00%", "≤ 20.00%"),
        ("range", {"low": "0.06", "high": "0.09"}, "6.00% to 9.00%", "6.00% 至 9.00%"),
        ("about", {"value": "0.7", "tolerance": "0.02"}, "≈ 70.00% ± 2.00%", "≈ 70.00% ± 2.00%"),
        ("equal", {"value": "1"}, "= 100.00%", "= 100.00%"),
        ("stable", {}, "stable", "保持稳定"),
        ("rising", {}, "rising", "逐年上升"),
        ("none", {}, "", ""),
        ("at_least", {}, "open", "未定"),
    ],
)
def test_limits_in_words(kind: str, figures: dict[str, str], english: str, chinese: str) -> None:
    target = Target("t", "i", kind, "binding", "1", **{name: Fraction(text) for name, text in figures.items()})  # type: ignore[arg-type]
    assert limit_text(target, ("percent", 2)) == english
    assert limit_text(target, ("percent", 2), "zh") == chinese


# ---- near a limit ----------------------------------------------------------------------------------------------------

CHANGDE = mipolicy.load("changde-2023", mode="carry_forward")
K01 = "cross_province_inpatient_direct_rate"


@pytest.mark.parametrize(
    ("value", "shown", "verdict", "distance"),
    [
        ("64.99996%", "64.99996%", "not met", "-0.00004%"),
        ("0.6499999", "64.99999%", "not met", "-0.00001%"),
        ("65%", "65.00%", "met", "0.00%"),
        ("65.0000001%", "65.0000001%", "met", "0.0000001%"),
        ("66.7%", "66.70%", "met", "1.70%"),
    ],
)
def test_a_stated_value_that_just_misses_is_not_shown_as_the_limit(
    value: str, shown: str, verdict: str, distance: str
) -> None:
    found = mipolicy.rates(
        CHANGDE, observed={"indicator": [K01], "value": [value]}, on=ON, targets=True, indicators=[K01]
    )
    texts = found.target_texts()
    assert [texts[name] for name in ("value", "verdict", "distance")] == [[shown], [verdict], [distance]]
    assert found.texts()["value"] == [shown]
    assert f"  distance = {distance}\n" in mipolicy.explain_rate(found, K01).text()


def test_a_computed_value_that_just_misses_is_not_shown_as_the_limit() -> None:
    """649999 of 1000000 is 64.9999%, which two decimals round to the limit."""
    totals = {
        "quantity": ["cross_province_inpatient_direct", "cross_province_inpatient_by_hand"],
        "value": ["649999", "350001"],
    }
    found = mipolicy.rates(CHANGDE, totals=totals, on=ON, targets=True, indicators=[K01])
    texts = found.target_texts()
    assert [texts[name] for name in ("limit", "value", "distance")] == [["≥ 65.00%"], ["64.9999%"], ["-0.0001%"]]
    assert found.texts()["value"] == ["65.00%"]


def test_a_limit_is_shown_as_the_document_states_it() -> None:
    policy = overlay('low = "12.345%", baseline = "1.0005%"', 'value = "70%", tolerance = "0.125%"')
    texts = rates([row()], policy, targets=True).target_texts()
    assert texts["limit"] == ["≥ 12.345%", "≈ 70.00% ± 0.125%", "≤ 40.00%"]
    assert texts["baseline"] == ["1.0005%", "", ""]
