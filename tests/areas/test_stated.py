"""Totals and observed values as they are read: units, words, periods, and rows that are refused."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.areas.stated import figure_text
from mipolicy.errors import TableError
from mipolicy.texts import Coded
from tests.payment.shared import check_refused

from .made import row, table

ASSUMED = mipolicy.load("assumed")
TIANJIN = mipolicy.load("tianjin-2021", mode="carry_forward")
ON = datetime.date(2025, 12, 31)


def totals(*cells: tuple[str, Any], **options: Any) -> Any:
    columns = {"quantity": [name for name, _ in cells], "value": [value for _, value in cells]}
    return mipolicy.rates(ASSUMED, totals=columns, **{"on": ON, **options})


def observed(*cells: tuple[Any, ...], on: datetime.date = ON, **options: Any) -> Any:
    columns: dict[str, Any] = {"indicator": [each[0] for each in cells], "value": [each[1] for each in cells]}
    if any(len(each) > 2 for each in cells):
        columns["period"] = [each[2] for each in cells]
    return mipolicy.rates(TIANJIN, observed=columns, on=on, **options)


# ---- totals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1200.50", Decimal("1200.5"), 120050, np.int64(120050)])
def test_money_is_yuan_as_text_and_fen_as_integers(value: Any) -> None:
    assert totals(("surplus", value)).whole.get("surplus") == 120050


def test_units_without_a_list_of_quantities_are_those_of_the_indicators() -> None:
    cells = {
        "quantity": ["insured", "employee_surplus", "platform_drug_quantity", "old_days"],
        "value": ["11640000", "12.30", "0.5", "30"],
    }
    found = mipolicy.rates(TIANJIN, totals=cells, on=ON)
    figures = [found.whole.get(name) for name in cells["quantity"]]
    assert figures == [11_640_000, 1_230, 5_000, 30]
    assert [
        figure_text(figure, found.units()[name]) for name, figure in zip(cells["quantity"], figures, strict=True)
    ] == [
        "11640000",
        "12.30",
        "0.5",
        "30",
    ]
    assert figure_text("missing", "fen") == "missing"


@pytest.mark.parametrize(
    ("value", "state"),
    [("missing", "missing"), ("", "missing"), (None, "missing"), ("not_applicable", "not_applicable")],
)
def test_words_of_totals(value: Any, state: str) -> None:
    found = totals(("surplus", value), ("spending_12_months", "5"))
    assert (found.whole_rates[-1].state, len(found.total_rejects)) == (state, 0)


@pytest.mark.parametrize(
    ("cells", "reason", "message"),
    [
        ((("surplsu", "5"),), "quantity", "'surplsu' is no quantity of the policy, did you mean surplus?"),
        (
            (("surplus", "65%"),),
            "value",
            "value: 65% is a rate; a quantity is what is counted or summed, and rates go with the observed",
        ),
        (
            (("surplus", 0.5),),
            "value",
            "value: yuan takes text, Decimal or a whole int, not float 0.5: write it as text, '0.5'",
        ),
        ((("settlements", "1.5"),), "value", "value: count "),
        ((("surplus", "x"),), "value", "value: yuan "),
    ],
)
def test_totals_that_are_refused_row_by_row(cells: Any, reason: str, message: str) -> None:
    found = totals(*cells, ("spending_12_months", "5"))
    (reject,) = found.total_rejects.records()
    assert (reject["row"], reject["reason"]) == ("0", reason)
    assert reject["message"].startswith(message)
    assert found.whole_rates[-1].state == "missing"
    assert found.total_rows == 2


def test_what_stands_twice_is_refused_in_every_row_and_missing() -> None:
    found = totals(("surplus", "5"), ("surplus", "6"), ("spending_12_months", "5"))
    assert [each["message"] for each in found.total_rejects.records()] == [
        "surplus stands in 2 rows; state it once"
    ] * 2
    assert found.whole_rates[-1].state == "missing"


def test_what_the_settlements_say_is_not_stated_beside_them() -> None:
    cells = {"quantity": ["fund_spending"], "value": ["5"]}
    found = mipolicy.rates(ASSUMED, table([row()]), totals=cells, on=ON)
    assert [each["message"] for each in found.total_rejects.records()] == [
        "fund_spending is summed from the settlements and stated too; leave one of them out"
    ]
    assert found.whole.get("fund_spending") == 6_000


def test_totals_by_group_and_of_the_whole() -> None:
    cells = {
        "quantity": ["surplus", "surplus", "surplus", "spending_12_months", "settlements"],
        "value": ["5", "6", "11", "3", "1"],
        "insutype": ["310", "390", "", "", "310"],
        "hosp_lv": ["a", "a", "", "", ""],
    }
    found = mipolicy.rates(ASSUMED, totals=cells, by=("insutype", "hosp_lv"), on=ON)
    assert [(each["row"], each["message"]) for each in found.total_rejects.records()] == [
        ("2", "surplus is stated for the whole and by insutype, hosp_lv; state one of the two"),
        ("4", "hosp_lv is empty; a total states every group, or none for the whole"),
    ]
    assert found.whole_rates[-1].value == Fraction(11 * 12, 3)
    again = {**cells, "insutype": ["310", "310", "", "", "310"]}
    found = mipolicy.rates(ASSUMED, totals=again, by=("insutype", "hosp_lv"), on=ON)
    assert found.total_rejects.message[0] == "surplus stands in 2 rows of one group; state it once"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"quantity": ["a"]}, "totals: missing value"),
        ({"quantity": ["a"], "value": ["1"], "area": ["x"]}, "totals: unknown column area; columns: quantity, value"),
        ({"quantity": ["a"], "value": ["1", "2"]}, "totals: columns of unequal length: quantity 1, value 2"),
        ([1], "totals are a mapping of columns, not list"),
    ],
)
def test_totals_of_the_wrong_shape(columns: Any, message: str) -> None:
    check_refused(lambda: mipolicy.rates(ASSUMED, totals=columns, on=ON), TableError, message)


def test_columns_of_any_kind() -> None:
    cells = {"quantity": Coded.of(["surplus", "spending_12_months"]), "value": np.array(["5", "6"])}
    assert mipolicy.rates(ASSUMED, totals=cells, on=ON).whole_rates[-1].value == 10


# ---- observed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("65%", Fraction(65, 100)),
        ("0.65", Fraction(65, 100)),
        ("1", Fraction(1)),
        ("100%", Fraction(1)),
        (1, Fraction(1)),
    ],
)
def test_percentages_are_written_with_their_sign_or_as_a_part_of_one(cell: Any, value: Fraction) -> None:
    found = observed(("activation_rate", cell))
    assert found.observed["activation_rate"].value == value


@pytest.mark.parametrize(
    ("cells", "reason", "message"),
    [
        (("activation_rate", "65"), "value", "value: 65 would be 6500%; write 65% or its hundredth part"),
        (
            ("cross_province_inpatient_direct_rate", "165%"),
            "value",
            "value: 165% is outside 0% to 100%, and cross_province_inpatient_direct_rate is a part of a whole",
        ),
        (
            ("cross_province_inpatient_direct_rate", "-1%"),
            "value",
            "value: -1% is outside 0% to 100%, and cross_province_inpatient_direct_rate is a part of a whole",
        ),
        (("insured", "65%"), "value", "value: 65% is a percentage, and insured is in count; write a plain figure"),
        (("insured", "many"), "value", "value: figure "),
        (("insured", "-5"), "value", "value: -5 is below 0, and insured is counted; write 0 or more"),
        (("insurde", "5"), "indicator", "'insurde' is no indicator of the policy, did you mean insured?"),
        (("insured", "5", "2025-13"), "period", "period '2025-13' is none; write 2025, 2025-06 or 2025Q2"),
        (("insured", "5", "0000"), "period", "period '0000' is none; write 2025, 2025-06 or 2025Q2"),
        (("insured", "5", "2026"), "period", "period 2026 begins after 2025-12-31, the day asked for"),
    ],
)
def test_observed_values_that_are_refused(cells: tuple[str, ...], reason: str, message: str) -> None:
    found = observed(cells, targets=True)
    (reject,) = found.observed_rejects.records()
    assert reject["reason"] == reason
    assert reject["message"].startswith(message)
    assert all(rate.state == "missing" for rate in found.whole_rates)


def test_above_100_percent_is_a_completion() -> None:
    found = observed(("enrolment_completion", "104.96%"))
    assert found.observed["enrolment_completion"].shown == "104.96%"
    deficit = observed(("employee_reserve_months", "-0.5"))
    assert deficit.observed["employee_reserve_months"].value == Fraction(-1, 2)
    fell = observed(("handling_time_reduction", "-5%"))
    assert fell.observed["handling_time_reduction"].value == Fraction(-5, 100)


@pytest.mark.parametrize(
    ("cell", "state"),
    [("", "missing"), (None, "missing"), ("missing", "missing"), ("not_applicable", "not_applicable")],
)
def test_words_of_observed_values(cell: Any, state: str) -> None:
    found = observed(("insured", cell))
    assert (found.whole_rates[0].state, len(found.observed_rejects)) == (state, 0)


def test_the_latest_period_is_the_value_and_years_before_it_the_history() -> None:
    found = observed(
        ("primary_fund_share", "12%", "2023"),
        ("primary_fund_share", "13%", "2025Q2"),
        ("primary_fund_share", "12.5%", "2025-03"),
        ("primary_fund_share", "11.9%", "2022"),
        ("primary_fund_share", "not_applicable", "2021"),
    )
    assert found.observed["primary_fund_share"].value == Fraction(13, 100)
    assert found.earlier["primary_fund_share"] == {2022: Fraction(119, 1000), 2023: Fraction(12, 100)}
    assert len(found.observed_rejects) == 0


def test_two_values_of_one_period_are_refused() -> None:
    found = observed(("insured", "5", "2024"), ("insured", "6", "2024"), targets=True)
    assert found.observed_rejects.message == ("insured stands in 2 rows of one period; state it once",) * 2
    assert found.observed["insured"].state == "missing"
    found = observed(("insured", "5", "2025"), ("insured", "6", "2025Q4"), ("insured", "7", ""))
    assert found.observed_rejects.message == ("insured is stated for 2025-12-31 and 2025 and 2025Q4; state one",) * 3
    assert found.observed["insured"].state == "missing"


def test_what_is_computed_is_observed_for_earlier_years_only() -> None:
    cells = {"indicator": ["primary_fund_share"] * 2, "value": ["13%", "12.5%"], "period": ["2025", "2024"]}
    found = mipolicy.rates(ASSUMED, table([row()]), observed=cells, on=ON, targets=True)
    assert found.observed_rejects.message == (
        "primary_fund_share is computed from quantities and stated too; leave one of them out",
    )
    assert found.earlier["primary_fund_share"] == {2024: Fraction(125, 1000)}
    (judged,) = (each for each in found.completion if each.target.id == "primary_fund_share")
    assert (judged.verdict.meets, judged.verdict.distance) == (True, Fraction(875, 1000))
