"""What is said of several cases together: returns in their three ways, and the share of high outliers paid by cost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.batch.dated import Faults
from mipolicy.cases.quotas import rank_of
from mipolicy.cases.result import PaidTable
from mipolicy.cases.several import Returns, with_factor
from mipolicy.money import FACTOR_ONE
from tests.cases import Row, case, figures, pay, policy, reasons, reversal

ONE = int(FACTOR_ONE)


def ways_of_return(way: str, extra: str = "") -> mipolicy.Policy:
    return policy(
        f"""
        [[sections.readmission]]
        version = "2024"
        source = {{ document = "change", clause = "returns" }}
        way = "{way}"
        """
        + extra
    )


def stay(setl_id: str, first: str, last: str, cost: int = 8_000, **changes: Any) -> Row:
    """A stay of one person in R1 at the DRG hospital: 800 points."""
    row = case(setl_id, cost, fixmedins_code="D0001", group_code="R1", psn_no="P1", adm_time=first, dscg_time=last)
    return {**row, **changes}


FIRST = stay("A", "2025-03-01", "2025-03-08")
AGAIN = stay("B", "2025-03-23", "2025-03-30")  # 15 days after the discharge: the last day that counts
LATER = stay("C", "2025-04-15", "2025-04-20")  # 16 days after it


def points(rows: list[Row], way: str, **options: Any) -> dict[str, int]:
    return figures(pay(rows, ways_of_return(way), **options), "points")


def test_the_earlier_stay_counts_half_or_not_at_all() -> None:
    assert points([FIRST, AGAIN, LATER], "halve_earlier") == {"A": 4_000_000, "B": 8_000_000, "C": 8_000_000}
    assert points([FIRST, AGAIN, LATER], "void_earlier") == {"A": 0, "B": 8_000_000, "C": 8_000_000}


def test_merged_stays_are_one_case_in_the_last_row() -> None:
    """16,000.00 over a mean of 8,000.00 with all payers of both; two deductibles of 300.00, the second returned."""
    rows = [{**row, "act_pay_dedc": 30_000} for row in (FIRST, AGAIN, LATER)]
    paid = pay(rows, ways_of_return("merge"))
    assert figures(paid, "points") == {"A": 0, "B": 8_000_000, "C": 8_000_000}
    found = figures(paid, "payment")
    assert found["A"] == 0
    standard = figures(paid, "standard")
    assert standard["B"] - found["B"] == 2 * 320_000 - 30_000
    assert standard["C"] - found["C"] == 320_000
    totals = paid.pools["employee"].totals
    assert (totals.psn_part_amt, totals.hifp_pay) == (3 * 320_000 - 30_000, 3 * 480_000 + 30_000)
    assert totals.medfee_sumamt == 3 * 800_000


def test_merged_stays_bring_their_carve_outs() -> None:
    """2,000.00 of each stay are carved out: the merged case is measured by 12,000.00, and 4,000.00 are paid beside."""
    rows = [{**row, "carve_out_amt": 200_000, "unreasonable_amt": 10_000} for row in (FIRST, AGAIN)]
    paid = pay(rows, ways_of_return("merge"))
    assert not len(paid.rejects)
    assert figures(paid, "carved_out") == {"A": 0, "B": 400_000}
    by_share = ways_of_return(
        "merge",
        """
        [[sections.point_value.employee]]
        version = "2024"
        source = { document = "change", clause = "value" }
        basis = "fund"
        netting = "none"
        """,
    )
    assert figures(pay(rows, by_share), "carved_out") == {"A": 0, "B": 240_000}


def test_whichever_of_the_merged_stays_is_rejected() -> None:
    """Rows 0 and 1 are carried by 2: that 0 is rejected rejects all three, and not row 3."""
    prepared: Any = SimpleNamespace(faults=Faults(np.array([True, False, False, False])))
    Returns(np.full(4, ONE), np.array([2, 2, 2, 3])).reject_together(prepared)
    assert prepared.faults.bad.tolist() == [True, True, True, False]
    assert {row: fault.reason for row, fault in prepared.faults.why.items()} == {1: "merged", 2: "merged"}


def test_stays_merged_with_a_rejected_one_are_rejected_with_it() -> None:
    """Together they cost more than an amount may be: what the last stay carries is paid to nobody, and nobody is 0."""
    dear = {"medfee_sumamt": 600_000_000_000, "hifp_pay": 600_000_000_000 - 320_000}
    paid = pay([{**FIRST, **dear}, {**AGAIN, **dear}, LATER], ways_of_return("merge"))
    assert figures(paid, "points") == {"C": 8_000_000}
    found = reasons(paid)
    assert found["A"] == (
        "merged",
        "a stay that is merged with it, of the same person and group, is rejected; correct that one",
    )
    assert found["B"][0] != "merged"


@pytest.mark.parametrize(
    "changes",
    [
        {"planned_flag": "1"},
        {"group_code": "R2"},
        {"fixmedins_code": "T0001", "group_code": "R1"},
        {"psn_no": "P2"},
    ],
)
def test_another_stay_is_no_return(changes: Row) -> None:
    paid = pay([FIRST, {**AGAIN, **changes}], ways_of_return("void_earlier"))
    assert figures(paid, "points")["A"] == 8_000_000


def test_a_stay_that_was_taken_back_is_no_return() -> None:
    """The bill of a return is reversed and reported anew: neither the first stay nor the new bill meets the old one."""
    anew = {**AGAIN, "setl_id": "D"}
    rows = [FIRST, AGAIN, reversal(AGAIN, "E")]
    for way in ("halve_earlier", "void_earlier", "merge"):
        found = points(rows, way)
        assert (found["A"], found["B"]) == (8_000_000, 8_000_000)
    assert points([*rows, anew], "halve_earlier")["A"] == 4_000_000
    merged = pay([*rows, anew], ways_of_return("merge"))
    assert not len(merged.rejects)
    assert figures(merged, "points")["D"] == 8_000_000


def test_stays_that_overlap_are_rejected_and_the_first_is_paid() -> None:
    within = stay("B", "2025-03-05", "2025-03-12")
    paid = pay([FIRST, within], ways_of_return("halve_earlier"))
    message = "the stay begins before the person's stay before it in the group has ended; correct its days"
    assert reasons(paid) == {"B": ("overlap", message)}
    assert figures(paid, "points") == {"A": 8_000_000}


@pytest.mark.parametrize(("way", "part"), [("halve_earlier", 2), ("void_earlier", 0)])
def test_by_weight_the_earlier_stay_is_owed_half_or_nothing(way: str, part: int) -> None:
    """0.8 x 13,500.00 less the person's 3,200.00 are 7,600.00 for each stay."""
    rows = [{**row, "fixmedins_code": "D0004"} for row in (FIRST, AGAIN)]
    found = pay(rows, ways_of_return(way))
    assert figures(found, "payment") == {"A": 760_000 // part if part else 0, "B": 760_000}
    assert found.pools["employee"].closing.other_methods == sum(figures(found, "payment").values())


def test_by_weight_merged_stays_are_owed_once() -> None:
    rows = [{**row, "fixmedins_code": "D0004"} for row in (FIRST, AGAIN)]
    found = figures(pay(rows, ways_of_return("merge")), "payment")
    assert found == {"A": 0, "B": 1_080_000 - 640_000}


# ---- high outliers by cost -------------------------------------------------------------------------------------------

BY_ITEM = """
    [[sections.drg_points]]
    version = "2024"
    source = { document = "change", clause = "quota" }
    high_way = "by_item"
    by_item_share = "20%"
    """


def outliers(*costs: int) -> list[Row]:
    at_hospital = {"fixmedins_code": "D0001", "group_code": "R1"}
    return [case(f"H{at:02d}", cost, **at_hospital) for at, cost in enumerate((*costs, 8_000, 8_000, 8_000))]


def scored_by_cost(paid: PaidTable) -> list[str]:
    """Those whose points are those of their cost."""
    costs = figures(paid, "medfee_sumamt")
    found = figures(paid, "points")
    return [each for each in costs if found[each] == (costs[each] * 10_000_000 * 2 + 900_000) // 1_800_000]


def test_a_fifth_of_the_discharges_may_be_scored_by_their_cost() -> None:
    """Of ten, two: those that cost most beyond their standard; of four, none."""
    paid = pay(outliers(90_000, 60_000, 70_000, 50_000, 40_000, 80_000, 30_000), policy(BY_ITEM))
    assert scored_by_cost(paid) == ["H00", "H05"]
    assert scored_by_cost(pay(outliers(90_000), policy(BY_ITEM))) == []


def test_ties_go_by_the_id_and_not_by_the_row() -> None:
    rows = outliers(60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000)
    for order in (rows, rows[::-1]):
        assert sorted(scored_by_cost(pay(order, policy(BY_ITEM)))) == ["H00", "H01"]


def test_a_case_that_was_taken_back_takes_no_place() -> None:
    rows = outliers(90_000, 60_000, 70_000, 50_000, 40_000, 80_000, 30_000)
    back = [*rows, reversal(rows[0], "R")]
    assert scored_by_cost(pay(back, policy(BY_ITEM))) == ["H05"]


# ---- the small words -------------------------------------------------------------------------------------------------


def test_ids_rank_in_the_order_of_their_texts() -> None:
    assert rank_of(["B", "A", "C"]).tolist() == [1, 0, 2]
    assert rank_of(["10", "9", "1"]).tolist() == [1, 2, 0]


def test_a_factor_is_half_up() -> None:

    found = with_factor(np.array([3, -3, 4]), np.array([5_000, 5_000, ONE]))
    assert found.tolist() == [2, -2, 4]
