"""Candidates for special review: the criteria met, the rank, and the places that are left of the quota."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from mipolicy.errors import CodeError
from mipolicy.reports.review_candidates import CandidateLine, Candidates, candidates_sheet, review_candidates

from .region import COSTS, POINTS, TABLES, YUAN, made_up, pay, rows, small


def column(found: Candidates, name: str) -> list[Any]:
    return list(np.asarray(found.columns[name]).tolist())


def test_p02_candidates_ranked_by_cost_less_standard() -> None:
    """Over 1.3 of the standard at 6 yuan a point; granted and refused cases are no candidates.

    H0001: C03 6,750 above, C01 3,000, C06 2,000, C02 1,200; H0002: C07 2,800, C10 by its stay of 19 days over 2 x 6.
    """
    found = review_candidates(small("budget"))
    assert column(found, "setl_id") == ["C03", "C01", "C06", "C02", "C07", "C10"]
    assert column(found, "rank") == [1, 2, 3, 4, 1, 2]
    assert column(found, "by_cost") == [1, 1, 1, 1, 1, 0]
    assert column(found, "by_stay") == [0, 0, 0, 0, 0, 1]
    assert column(found, "excess")[:5] == [6750_00, 3000_00, 2000_00, 1200_00, 2800_00]
    assert column(found, "cost")[5] == (COSTS["C10"] - 900) * YUAN
    assert column(found, "standard")[0] == POINTS["C03"] * 600


def test_p02_granted_cases_keep_their_place_in_the_quota() -> None:
    """60% of 6 discharges are 3.6, so 4, of which 2 are granted; 60% of 3 are 1.8, so 2."""
    found = review_candidates(small("budget"))
    assert found.lines == (
        CandidateLine("H0001", 0, discharges=6, quota=4, granted=2, left=2, candidates=4, within=2),
        CandidateLine("H0002", 0, discharges=3, quota=2, granted=0, left=2, candidates=2, within=2),
    )
    assert column(found, "within") == [1, 1, 0, 0, 1, 1]


def test_more_granted_than_the_quota_leaves_nothing() -> None:
    """Of four granted, one is beyond the three places: its group pays it, and it is no candidate again."""
    states = {"C04": "granted_item", "C05": "granted_item", "C03": "granted_item", "C02": "granted_item"}
    given = [
        {**row, "review_state": states.get(row["setl_id"], row["review_state"]), "review_points": 0}
        for row in rows()
        if row["setl_id"] not in ("C01",)
    ]
    found = review_candidates(pay(given, at="budget"), "H0001")
    assert found.lines == (CandidateLine("H0001", 0, 5, 3, 3, 0, 1, 0),)
    assert column(found, "within") == [0]


def test_a_case_that_has_applied_stays_a_candidate() -> None:
    given = [{**row, "review_state": "applied"} if row["setl_id"] == "C01" else row for row in rows()]
    assert column(review_candidates(pay(given, at="budget")), "setl_id")[1] == "C01"


def test_what_the_table_does_not_hold_is_stated_beside_it() -> None:
    paid = small("budget")
    # the terms of the small region name neither criterion: it changes nothing, but has to be of the table
    found = review_candidates(paid, intensive_days={"C09": 30}, new_technology=["C10"])
    assert column(found, "setl_id") == column(review_candidates(paid), "setl_id")
    for stated in ({"intensive_days": {"C99": 1}}, {"new_technology": ["C99"]}):
        with pytest.raises(CodeError, match="holds no case 'C99'"):
            review_candidates(paid, **stated)


def test_intensive_care_and_new_technology_where_the_terms_name_them() -> None:
    paid = made_up(at="budget")
    plain = review_candidates(paid, "H0001")
    taken = set(column(plain, "setl_id"))
    ids, review = np.asarray(paid.columns["setl_id"]).tolist(), paid.prepared.facts.columns["review"].take(paid.row)
    method, points = paid.columns["method"], paid.columns["points"]
    here = np.asarray(paid.columns["fixmedins_code"]) == "H0001"
    new = [
        ids[at]
        for at in np.flatnonzero(here & (review == 0) & (method == 0) & (points > 0)).tolist()
        if ids[at] not in taken
    ][:2]
    more = review_candidates(paid, "H0001", intensive_days={new[0]: 8}, new_technology=new[1:])
    added = {
        (name, intensive, technology)
        for name, intensive, technology in zip(
            *(column(more, key) for key in ("setl_id", "by_intensive_care", "by_new_technology")), strict=True
        )
        if name not in taken
    }
    assert added == {(new[0], 1, 0), (new[1], 0, 1)}
    at_limit = review_candidates(paid, "H0001", intensive_days={new[0]: 7})  # 7 days are the limit, and not over it
    assert len(at_limit) == len(plain)


def test_a_group_without_mean_days_lets_nobody_apply_by_the_stay() -> None:
    tables = {**TABLES, "groups": {**TABLES["groups"], "mean_days": [0, 0]}}
    import mipolicy
    from mipolicy.cases.pay import pay_table

    from .region import OVERLAY, table

    paid = pay_table(mipolicy.loads(OVERLAY), table(rows()), **tables, year=2025, at="budget")
    assert column(review_candidates(paid), "setl_id") == ["C03", "C01", "C06", "C02", "C07"]


def test_a_case_of_no_group_is_no_candidate() -> None:
    given = [{**row, "group_code": ""} if row["setl_id"] == "C03" else row for row in rows()]
    found = review_candidates(pay(given, at="budget"))
    assert "C03" not in column(found, "setl_id")
    assert found.lines[0].discharges == 6


def test_one_institution() -> None:
    found = review_candidates(small("budget"), "H0002")
    assert column(found, "setl_id") == ["C07", "C10"]
    assert [line.fixmedins_code for line in found.lines] == ["H0002"]
    with pytest.raises(CodeError, match="'H9' is not among"):
        review_candidates(small("budget"), "H9")


def test_the_made_up_region_keeps_to_its_quotas() -> None:
    found = review_candidates(made_up(at="budget"))
    assert sum(line.within for line in found.lines) == sum(column(found, "within"))
    assert all(line.within == min(line.left, line.candidates) for line in found.lines)
    assert sum(line.candidates for line in found.lines) == len(found)
    criteria = ("by_cost", "by_stay", "by_intensive_care", "by_new_technology")
    assert all(any(met) for met in zip(*(column(found, name) for name in criteria), strict=True))
    assert {line.method for line in found.lines} == {0, 1, 2}


def test_the_page_leaves_out_criteria_that_no_document_names() -> None:
    sheet = candidates_sheet(review_candidates(small("budget"), "H0001"))
    assert (sheet.name, sheet.en) == ("candidates-H0001", "candidates for special review, 2025: H0001")
    quotas, cases = sheet.blocks
    assert quotas.rows("en") == [("H0001", "DIP", "6", "4", "2", "2", "4", "2")]
    assert cases.title("zh") == "候选病例"
    assert cases.rows("en")[0] == (
        *("H0001", "DIP", "1", "yes", "C03", "D1", "X2", "G2", "none", "11250.00", "4500.00", "6750.00", "yes", "no"),
    )
    more = attrs.evolve(review_candidates(small("budget")), criteria=("cost", "new_technology"))
    heads = candidates_sheet(more).blocks[1].rows("zh")
    assert len(heads[0]) == 14
    assert candidates_sheet(more).name == "candidates-all"


def test_an_institution_without_cases() -> None:
    paid = pay([row for row in rows() if row["fixmedins_code"] == "H0001"], at="budget")
    found = review_candidates(paid, "H0002")
    assert (len(found), found.lines) == (0, ())
