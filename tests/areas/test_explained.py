"""Why a rate is what it is: quantities, conditions, exact parts, clauses, targets."""

from __future__ import annotations

import datetime

import attrs
import pytest

import mipolicy
from mipolicy.errors import IdentityError, InputError
from mipolicy.indicators.quantity import Quantities
from tests.payment.shared import check_refused

from .made import row, table

ASSUMED = mipolicy.load("assumed")
TIANJIN = mipolicy.load("tianjin-2021", mode="carry_forward")
ON = datetime.date(2025, 12, 31)
ROWS = [row(), row(direct_flag="0"), row(direct_flag="0", hosp_lv="01")]


def test_a_rate_of_a_group_step_by_step() -> None:
    found = mipolicy.rates(ASSUMED, table(ROWS), by=("hosp_lv", "month"), on=ON)
    at = next(at for at, rate in enumerate(found.rates) if rate.scope == ("11", "2025-03"))
    assert mipolicy.explain_rate(found, at).text() == (
        "cross-province inpatient direct settlement rate, by person_times: assumed, 11 · 2025-03, 2025-12-31\n"
        "\n"
        "quantities\n"
        "  cross-province stays, direct = 1\n"
        "      = settlements where med_type in 21 2101 2102; care_place in cross_province; direct_flag in 1\n"
        "      [假医保〔2023〕15号 第三十条 指标]\n"
        "  cross-province stays, by_hand = 1\n"
        "      = settlements where med_type in 21 2101 2102; care_place in cross_province; direct_flag in 0\n"
        "      [假医保〔2023〕15号 第三十条 指标]\n"
        "\n"
        "indicator (2024)\n"
        "  numerator = 1\n"
        "      = cross_province_inpatient_direct\n"
        "      [假医保〔2023〕15号 第三十条 指标]\n"
        "  denominator = 2\n"
        "      = cross_province_inpatient_direct + cross_province_inpatient_by_hand\n"
        "      [假医保〔2023〕15号 第三十条 指标]\n"
        "  cross-province inpatient direct settlement rate (by person_times, reading A27) = 50.00%\n"
        "      = numerator / denominator = 1 / 2\n"
        "      [假医保〔2023〕15号 第三十条 指标]"
    )


def test_a_rate_of_the_whole_with_its_target() -> None:
    totals = {"quantity": ["surplus", "spending_12_months"], "value": ["800.00", "missing"]}
    found = mipolicy.rates(ASSUMED, table(ROWS), totals=totals, on=ON, targets=True)
    text = mipolicy.explain_rate(found, "primary_fund_share").text("zh")
    for line in (
        "基金基层支出占比(按金额): 假想市医疗保险待遇政策(示例,全部数字为假设), 全域, 2025-12-31",
        "  分子 = 120.00",
        "  分母 = 180.00",
        "      = 分子 / 分母 = 120.00 / 180.00",
        "目标 primary_fund_share (预期性)",
        "  基期值 = 12.00%",
        "  距离 = 54.67%",
        "  结论 = 未到期",
    ):
        assert line in text.splitlines()
    missing = mipolicy.explain_rate(found, "reserve_months").text()
    assert "  spending_12_months = missing\n      = as stated" in missing
    assert "  reserve months (by months) = missing\n" in missing
    assert "  distance = none\n" in missing
    assert "numerator" not in missing


def test_a_stated_value_has_no_quantities() -> None:
    found = mipolicy.rates(TIANJIN, observed={"indicator": ["insured"], "value": ["11900000"]}, on=ON)
    explained = mipolicy.explain_rate(found, "insured")
    assert [group.en for group in explained.groups] == ["indicator (plan)"]
    assert "  insured persons (by persons) = 11900000\n      = as a report states it" in explained.text()


def test_what_is_taken_off_stands_with_its_sign() -> None:
    totals = {"quantity": ["old_days", "new_days"], "value": ["30", "4"]}
    found = mipolicy.rates(TIANJIN, totals=totals, on=ON)
    text = mipolicy.explain_rate(found, "handling_time_reduction").text()
    assert "  numerator = 26\n      = old_days - new_days\n" in text
    assert " = 87%\n      = numerator / denominator = 26 / 30\n" in text


def test_rows_and_indicators_that_are_not_there() -> None:
    found = mipolicy.rates(ASSUMED, table(ROWS), on=ON, indicators=["primary_fund_share"])
    message = "row 1 is not among the rates, which have rows 0 to 0"
    check_refused(lambda: mipolicy.explain_rate(found, 1), InputError, message)
    message = "no indicator 'reserve_months'; indicators: primary_fund_share"
    check_refused(lambda: mipolicy.explain_rate(found, "reserve_months"), InputError, message)


def test_a_rate_that_is_another_when_evaluated_again_is_a_defect() -> None:
    found = mipolicy.rates(ASSUMED, table(ROWS), on=ON, indicators=["primary_fund_share"])
    spoilt = attrs.evolve(found, whole=Quantities.of(primary_fund=1, fund_spending=2))
    spoilt.__dict__["whole_rates"] = found.whole_rates
    with pytest.raises(IdentityError, match=r"^primary_fund_share: the rate evaluated again is "):
        mipolicy.explain_rate(spoilt, "primary_fund_share")


def test_a_rising_target_shows_the_years_that_it_is_held_against() -> None:
    share = "primary_fund_share"
    cells = [(share, "11%", "2020"), (share, "12.5%", "2023"), (share, "14%", "2024"), (share, "13%", "2025")]
    names = ("indicator", "value", "period")
    observed = {name: [cell[at] for cell in cells] for at, name in enumerate(names)}
    found = mipolicy.rates(TIANJIN, observed=observed, on=ON, targets=True)
    text = mipolicy.explain_rate(found, share).text()
    assert (
        "  baseline = 11.50%\n"
        "      = 2020-12-31\n"
        "  years between = 2023 12.50%, 2024 14.00%\n"
        "      = as reports state them\n"
        "  distance = -1.00%\n"
        "      = value - the highest of the baseline and the years between\n"
        "  verdict = not met"
    ) in text
    assert "  其间各年 = 2023 12.50%, 2024 14.00%\n" in mipolicy.explain_rate(found, share).text("zh")
    alone = mipolicy.rates(TIANJIN, observed={"indicator": [share], "value": ["13%"]}, on=ON, targets=True)
    assert "  years between = none\n  distance = 1.50%\n" in mipolicy.explain_rate(alone, share).text()
