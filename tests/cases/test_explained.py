"""One case of a paid table explained: the rerun gives the table's figures, every figure of the terms its clause."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

import mipolicy
from mipolicy.cases.explained import explain_case
from mipolicy.cases.pay import pay_table
from mipolicy.cases.result import PaidTable
from mipolicy.demo.region import region_year
from mipolicy.errors import IdentityError, InputError
from mipolicy.explain.render import Explanation
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import REASON
from tests.cases import case, figures, pay, policy, reversal
from tests.cases.test_several import AGAIN, FIRST, ways_of_return

YEAR = region_year(6_000, seed=11)


def paid_year(**options: Any) -> PaidTable:
    tables: dict[str, Any] = {name: table for name, table in YEAR.tables().items() if name != "cases"}
    return pay_table(mipolicy.load("assumed"), YEAR.cases, **tables, year=2025, **options)


PAID = paid_year()


def last_payment(told: Explanation) -> int:
    return next(step.value for group in told.groups[::-1] for step in group.steps[::-1] if step.name == "payment")


def one_of_each(paid: PaidTable) -> list[int]:
    """A place among the paid rows for every method, reason and pool that occurs, reversals and returns apart."""
    columns = paid.columns
    reversed_rows = paid.prepared.reversal[paid.row]
    returned = paid.factor[paid.row] != 10_000
    key = np.stack([columns["method"], columns["reason"], columns["pool"], reversed_rows, returned.astype(np.int64)])
    _, at = np.unique(key, axis=1, return_index=True)
    return [int(each) for each in at]


@pytest.mark.parametrize("options", [{}, {"at": "budget"}])
def test_every_method_and_reason_is_explained_as_the_table_has_it(options: dict[str, Any]) -> None:
    paid = paid_year(**options)
    places = one_of_each(paid)
    assert {METHOD.members[int(paid.columns["method"][at])] for at in places} >= {
        "dip",
        "drg_points",
        "drg_weight",
        "bed_day_points",
        "single_disease",
        "day_surgery",
        "per_diem",
        "capitation",
        "by_item",
    }
    for at in places:
        told = explain_case(paid, int(paid.row[at]))
        assert last_payment(told) == int(paid.columns["payment"][at])
        routed = {step.name: step.value for step in told.groups[0].steps}
        assert (routed["method"], routed["reason"]) == (paid.columns["method"][at], paid.columns["reason"][at]) or (
            REASON.members[int(paid.columns["reason"][at])] == "by_method"
        )
        for group in told.groups[:2]:
            for step in group.steps:
                for figure in step.figures:
                    assert figure.clause
                    assert figure.version
        assert "payment-2024" in told.text("en")


def test_a_case_of_dip_shows_its_factors_with_their_clauses() -> None:
    told = explain_case(pay([case("A", 9_000)], at="budget"), 0)
    text = told.text("en")
    for line in (
        "method = DIP",
        "points of the case = 1320",
        "institution factor that applies = 1.1",
        "budget value 12",
        "= points of the case 1320 × budget value 12",
        "after what others pay = 12240.00",
        "[payment-2024 第五条 病例分值]",
    ):
        assert line in text, line
    chinese = told.text("zh")
    assert "病例 A: changed, 2025-03-08, 按病种分值付费" in chinese
    assert "病例分值 = 1320" in chinese


def test_a_settlement_shows_the_way_from_the_budget_to_the_payment() -> None:
    text = explain_case(pay([case("A", 9_000), case("B")]), 0).text("en")
    for line in ("distributable fund", "budget of the year 1000000.00", "patients' parts", "all points"):
        assert line in text, line


def test_a_reversal_shows_its_case_and_takes_it_back() -> None:
    row = case("A", 9_000)
    paid = pay([row, reversal(row, "B"), case("C")])
    told = explain_case(paid, 1)
    assert told.groups[-1].en == "reversal"
    assert last_payment(told) == figures(paid, "payment")["B"] == -figures(paid, "payment")["A"]
    assert [group.en for group in told.groups[:-1]] == [group.en for group in explain_case(paid, 0).groups]


@pytest.mark.parametrize("way", ["halve_earlier", "void_earlier", "merge"])
@pytest.mark.parametrize("code", ["D0001", "D0004"])
def test_a_return_shows_its_factor(way: str, code: str) -> None:
    paid = pay([{**row, "fixmedins_code": code} for row in (FIRST, AGAIN)], ways_of_return(way))
    told = explain_case(paid, 0)
    assert last_payment(told) == figures(paid, "payment")["A"]
    (group,) = [each for each in told.groups if each.en == "return to the same group"]
    assert group.steps[1].value == (5_000 if way == "halve_earlier" else 0)
    assert last_payment(explain_case(paid, 1)) == figures(paid, "payment")["B"]


def test_a_case_paid_by_item_after_all_is_explained() -> None:
    text = """
        [[sections.dip]]
        version = "2024"
        source = { document = "change", clause = "no group" }
        ungrouped = "by_item"
        """
    paid = pay([case("A", group_code=""), case("B")], policy(text))
    assert REASON.members[int(paid.columns["reason"][0])] == "by_method"
    told = explain_case(paid, 0)
    assert last_payment(told) == 300_000
    rule = told.groups[1]
    assert rule.en == "dip (2024)"
    assert {step.name: step.value for step in rule.steps}["paid_by_item"] == 1
    assert told.groups[2].en == "as the bill was settled"


def test_a_case_by_the_head_says_that_its_contract_pays() -> None:
    row = case("A", fixmedins_code="P0001", med_type="14", dise_codg="E11.900", group_code="")
    contract = {"fixmedins_code": ["P0001"], "pool": ["employee"], "condition": ["diabetes"], "enrolled": ["3"]}
    told = explain_case(pay([row, case("B")], contracts=contract), 0)
    assert [group.en for group in told.groups] == [
        "way of paying (2024)",
        "paid in the contract by the head, nothing for the case beside it",
    ]
    assert last_payment(told) == 0


# ---- refused ---------------------------------------------------------------------------------------------------------


def test_rows_that_are_not_there_or_were_rejected_say_so() -> None:
    paid = pay([case("A"), case("B", fixmedins_code="X9")])
    for row in (-1, 2):
        with pytest.raises(InputError) as told:
            explain_case(paid, row)
        assert str(told.value) == f"row {row} is not in the table, which has rows 0 to 1"
    with pytest.raises(InputError) as told:
        explain_case(paid, 1)
    assert str(told.value) == (
        "row 1 is rejected: fixmedins_code X9: the region's tables have no such institution [institution]"
    )


def test_a_rerun_that_does_not_give_the_tables_figure_is_a_defect() -> None:
    paid = pay([case("A"), case("B", 8_000, fixmedins_code="D0004", group_code="R1")])
    payment = paid.scores.payment + 1
    broken = attrs.evolve(paid, scores=attrs.evolve(paid.scores, payment=payment))
    with pytest.raises(IdentityError, match=r"^point_value: the traced payment \d+ is not the paid one$"):
        explain_case(broken, 0)
    with pytest.raises(IdentityError, match=r"^drg_weight: the traced payment \d+ is not the paid \d+$"):
        explain_case(broken, 1)
    points = attrs.evolve(paid, scores=attrs.evolve(paid.scores, points=paid.scores.points + 1))
    with pytest.raises(IdentityError, match=r"^dip: the traced points \d+ is not the paid \d+$"):
        explain_case(points, 0)
