"""Which method pays the rows of a table: lists are of stays; a case on two lists is paid by one method or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases import case, figures, pay, policy, reasons, ways

PREFERRED = """
    [[sections.payment_router]]
    version = "2024"
    source = {{ document = "change", clause = "lists" }}
    two_lists = "{}"
    """
TWO_LISTS: dict[str, Any] = {"dise_codg": "C34.900", "bilg_dept_codg": "A15"}
"""A single disease, in a department of psychiatry."""


@pytest.mark.parametrize(
    ("on_list", "method", "standard"),
    [
        ({"dise_codg": "C34.900"}, "single_disease", 1_350_000),
        ({"dise_codg": "13.4100"}, "day_surgery", 450_000),
        ({"bilg_dept_codg": "A15"}, "per_diem", 7 * 38_000),
    ],
)
def test_a_listed_price_is_that_of_a_stay_and_not_of_a_visit(
    on_list: dict[str, Any], method: str, standard: int
) -> None:
    visit = {"adm_time": "2025-03-08", "group_code": ""}
    rows = [
        case("A", **on_list),
        case("B", 300, med_type="11", **on_list, **visit),
        case("C", 300, med_type="14", **on_list, **visit),
    ]
    paid = pay(rows)
    assert ways(paid) == {"A": (method, method), "B": ("by_item", "outpatient"), "C": ("by_item", "outpatient")}
    assert figures(paid, "standard") == {"A": standard, "B": 300_00, "C": 300_00}
    assert figures(paid, "payment")["B"] == 180_00


def test_whoever_leaves_two_lists_is_paid_by_one_method() -> None:
    rows = [
        case("A", **TWO_LISTS),
        case("B", pathway_exit_flag="1", **TWO_LISTS),
        case("C", review_state="granted_item", **TWO_LISTS),
        case("D", med_type="11", adm_time="2025-03-08", **TWO_LISTS),
    ]
    paid = pay(rows)
    assert ways(paid) == {"B": ("dip", "pathway_exit"), "C": ("by_item", "review"), "D": ("by_item", "outpatient")}
    assert reasons(paid)["A"][0] == "two_lists"


def test_a_preference_decides_only_between_the_list_that_it_names_and_another() -> None:
    """Single disease and per diem are both met; day surgery, which the terms prefer, is not."""
    row = case("A", **TWO_LISTS)
    message = "dise_codg C34.900 is on the lists of single_disease, per_diem: one of them pays"
    assert reasons(pay([row], policy(PREFERRED.format("day_surgery"))))["A"] == ("two_lists", message)
    for word in ("single_disease", "per_diem"):
        assert ways(pay([row], policy(PREFERRED.format(word)))) == {"A": (word, word)}


def test_a_long_stay_is_paid_by_the_day_where_a_list_of_bed_days_holds_it() -> None:
    """61 days: 30 x 55.5556 + 31 x 42.2222 points; a stay of 60 days keeps its group; one on no list says so."""
    long: dict[str, Any] = {
        "fixmedins_code": "D0001",
        "group_code": "R1",
        "adm_time": "2025-01-01",
        "dscg_time": "2025-03-03",
    }
    rows = [
        case("A", **long, dise_codg="Z50.100"),
        case("B", **{**long, "dscg_time": "2025-03-02"}, dise_codg="Z50.100"),
        case("C", **long),
    ]
    paid = pay(rows)
    assert ways(paid) == {"A": ("bed_day_points", "long_stay"), "B": ("drg_points", "institution")}
    assert figures(paid, "points")["A"] == 30 * 555_556 + 31 * 422_222
    message = "no list of bed-days holds the disease or the group of the case; add it to one, or pay it otherwise"
    assert reasons(paid) == {"C": ("case", message)}
