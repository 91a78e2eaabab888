"""The difference statement of two clearings: steps, point values, and the cases that changed."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from mipolicy.errors import InputError
from mipolicy.payment.axes import METHOD
from mipolicy.payment.clearing import Change, difference
from mipolicy.reports.clearing_changes import (
    STEP,
    WHY,
    ClearingChanges,
    InstitutionChange,
    ValueChange,
    case_grid,
    changes_sheet,
    clearing_changes,
)
from mipolicy.reports.sheet import Grid

from .region import POINT, case, made_up, pay, payment, rows, small, standard


def appealed() -> list[dict[str, Any]]:
    """After appeals: C04 is scored by its group, C09 is granted by item, C10 is gone, C11 is late."""
    given = [row for row in rows() if row["setl_id"] != "C10"]
    for row in given:
        if row["setl_id"] == "C04":
            row.update(review_state="refused", review_points=0)
        if row["setl_id"] == "C09":
            row.update(review_state="granted_item")
    return [*given, case("C07", setl_id="C11")]


def changes() -> ClearingChanges:
    return clearing_changes(small(), pay(appealed()))


def column(found: ClearingChanges, name: str) -> list[Any]:
    return list(np.asarray(found.cases[name]).tolist())


def test_two_clearings_of_the_same_table_do_not_differ() -> None:
    found = clearing_changes(small(), pay())
    assert (found.steps, found.institutions, len(found)) == ((), (), 0)
    assert found.values == (ValueChange(0, 10_845_500, 10_845_500),)
    assert all(len(block) == 0 for block in changes_sheet(found).blocks[1:] if isinstance(block, Grid))


def test_the_cases_that_changed_with_what_changed_of_them() -> None:
    found = changes()
    why = dict(zip(column(found, "setl_id"), [WHY.members[at] for at in column(found, "why")], strict=True))
    assert why == {
        "C01": "value",
        "C02": "value",
        "C03": "value",
        "C04": "points",
        "C06": "value",
        "C07": "value",
        "C08": "value",
        "R08": "value",
        "C09": "method",
        "C10": "only_before",
        "C11": "only_after",
    }
    assert list(why) == ["C01", "C02", "C03", "C04", "C06", "C07", "C08", "C09", "C10", "C11", "R08"]


def test_points_and_payments_before_and_after() -> None:
    """C04 had 600 points by experts, and 500 by its group; C09 had 600, and none by item."""
    found = changes()
    at = column(found, "setl_id").index
    before, after = column(found, "points_before"), column(found, "points_after")
    assert (before[at("C04")], after[at("C04")]) == (600 * POINT, 500 * POINT)
    assert (before[at("C09")], after[at("C09")]) == (600 * POINT, 0)
    paid_before, paid_after = column(found, "payment_before"), column(found, "payment_after")
    assert (paid_before[at("C09")], paid_after[at("C09")]) == (payment("C09"), 360_000)
    assert column(found, "standard_before")[at("C09")] == standard("C09")
    assert column(found, "method_after")[at("C09")] == METHOD.position("by_item")
    assert column(found, "payment_change")[at("C10")] == -payment("C10") - 90_000
    assert column(found, "in_before")[at("C11")] is False
    assert column(found, "in_after")[at("C10")] is False


def test_institutions_sum_their_cases() -> None:
    found = changes()
    of_case = dict(zip(column(found, "setl_id"), column(found, "payment_change"), strict=True))
    first, second = found.institutions
    assert first == InstitutionChange(
        fixmedins_code="H0001",
        pool=0,
        cases=5,
        by_value=4,
        by_points=1,
        by_method=0,
        only_before=0,
        only_after=0,
        points=-100 * POINT,
        payment=sum(of_case[name] for name in ("C01", "C02", "C03", "C04", "C06")),
    )
    assert (second.cases, second.by_value, second.by_method) == (6, 3, 1)
    assert (second.only_before, second.only_after) == (1, 1)
    assert second.points == (-600 - 600 + 1200) * POINT
    assert of_case["C08"] + of_case["R08"] == 0


def test_steps_are_those_of_the_clearings() -> None:
    before, after = small(), pay(appealed())
    assert before.clearing is not None
    assert after.clearing is not None
    found = clearing_changes(before, after)
    assert found.steps == difference(before.clearing, after.clearing)
    assert {each.step for each in found.steps} >= {"entitlement", "clearing"}
    assert found.values == (ValueChange(0, 10_845_500, after.pools["employee"].value.value),)


def test_an_institution_that_has_no_line_in_one_of_them() -> None:
    before = small()
    assert before.clearing is not None
    one_line = attrs.evolve(before, clearing=attrs.evolve(before.clearing, lines=before.clearing.lines[:1]))
    grid = changes_sheet(clearing_changes(before, one_line)).blocks[1]
    assert isinstance(grid, Grid)
    assert grid.rows("en")[0] == ("H0002", "employees", "entitlement of the year", "18369.27", "", "-18369.27")
    other = changes_sheet(clearing_changes(one_line, before)).blocks[1]
    assert other.rows("zh")[0] == ("H0002", "职工", "全年应付", "", "18369.27", "18369.27")


def test_a_case_that_moves_to_another_institution_leaves_the_one() -> None:
    moved = [case("C01", fixmedins_code="H0002"), *rows()[1:]]
    found = clearing_changes(small(), pay(moved))
    pairs = list(zip(column(found, "fixmedins_code"), column(found, "setl_id"), column(found, "why"), strict=True))
    assert ("H0001", "C01", WHY.position("only_before")) in pairs
    assert ("H0002", "C01", WHY.position("only_after")) in pairs


def test_clearings_of_two_years_or_none() -> None:
    with pytest.raises(InputError, match="clearings of 2025 and 2024: a re-run is of the same year"):
        clearing_changes(small(), attrs.evolve(small(), year=2024))
    with pytest.raises(InputError, match="without a clearing"):
        clearing_changes(small(), pay(cleared=False))


def test_steps_have_the_labels_of_the_line() -> None:
    step = Change("H1", "employee", "redistributed", 1, 2, 1)
    assert STEP.zh[STEP.position(step.step)] == "再分配保证金"


def test_cases_as_a_table_are_empty_where_one_clearing_lacks_them() -> None:
    grid = case_grid(changes().cases)
    heads = grid.heads("en")
    of = {row[0]: dict(zip(heads, row, strict=True)) for row in grid.rows("en")}
    assert (of["C11"]["points before"], of["C11"]["points after"]) == ("", "1200")
    assert (of["C10"]["method before"], of["C10"]["method after"]) == ("DIP", "")
    assert of["C10"]["owed by the fund after"] == ""
    assert of["C09"]["what changed"] == "method"


def test_the_made_up_region_against_itself() -> None:
    assert len(clearing_changes(made_up(), made_up())) == 0
