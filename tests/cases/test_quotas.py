"""Reviews beyond the quota of their institution: paid by their group, shown as such; rankings merge."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.cases.explained import explain_case
from mipolicy.cases.quotas import Ranking, known_of, settled
from mipolicy.payment.axes import REVIEW
from mipolicy.reports.clearing_page import clearing_pages
from tests.cases import ACCOUNTS, Row, case, figures, pay, policy, reversal, ways
from tests.cases.test_several import BY_ITEM

QUOTA = """
    [[sections.special_case]]
    version = "2024"
    source = { document = "change", clause = "quota" }
    quota = { dip = "20%", drg_points = "20%", drg_weight = "20%" }
    quota_rounding = "down"
    """


def granted(setl_id: str, cost: int, **changes: object) -> Row:
    return case(setl_id, cost, review_state="granted_item", **changes)


def table(*reviews: Row, others: int = 10) -> list[Row]:
    """Reviews among other stays of the hospital, in all as many as said."""
    return [*reviews, *(case(f"O{at:02d}", 12_000) for at in range(others - len(reviews)))]


def by_item(rows: list[Row], text: str = QUOTA) -> list[str]:
    found = pay(rows, policy(text))
    assert not len(found.rejects)
    return [setl_id for setl_id, (method, _) in ways(found).items() if method == "by_item"]


def test_within_the_quota_are_those_that_cost_most_beyond_their_group() -> None:
    """Two of ten: 50,000 over a mean of 12,000, and 35,000 over 5,000 before 40,000 over 12,000."""
    rows = table(granted("A", 35_000, group_code="G1"), granted("B", 50_000), granted("C", 40_000))
    assert by_item(rows) == ["A", "B"]
    assert by_item(rows[:9]) == ["B"]  # a fifth of nine is one
    assert by_item(table(*rows[:3], others=4)) == []
    assert by_item([*rows, *(case(f"P{at}", 12_000, insutype="390") for at in range(5))]) == ["A", "B", "C"]


def test_what_is_carved_out_is_no_cost_of_the_group() -> None:
    """60,000 less 25,000 are 35,000, less than 40,000; one of five."""
    rows = table(granted("A", 60_000, carve_out_amt=2_500_000), granted("B", 40_000), others=5)
    assert by_item(rows) == ["B"]


def test_a_case_of_no_group_is_held_against_the_mean_of_all() -> None:
    """40,000 over 9,000 is more than 42,000 over 12,000."""
    assert by_item(table(granted("A", 42_000), granted("B", 40_000, group_code=""), others=5)) == ["B"]


def test_ties_go_by_id_whatever_the_order_of_the_rows() -> None:
    rows = table(granted("C", 40_000), granted("B", 40_000), granted("A", 40_000))
    assert sorted(by_item(rows)) == sorted(by_item(rows[::-1])) == ["A", "B"]


def test_half_up_and_at_other_institutions() -> None:
    """Half up a fifth of eight is two; another hospital's cases are another quota."""
    rows = table(granted("A", 30_000), granted("B", 50_000), others=8)
    assert by_item(rows, QUOTA.replace('"down"', '"half_up"')) == ["A", "B"]
    assert by_item(rows) == ["B"]
    assert by_item([*rows, *(granted(f"S{at}", 90_000, fixmedins_code="S0001") for at in range(4))]) == ["B"]


def test_a_case_taken_back_holds_no_place() -> None:
    rows = table(granted("A", 90_000), granted("B", 50_000), granted("C", 40_000), others=11)
    taken_back = [*rows, reversal(rows[0], "R")]
    assert by_item(rows) == ["A", "B"]
    assert set(by_item(taken_back)) == {"A", "R", "B", "C"}  # the two rows of A come to nothing together


def test_the_experts_points_count_in_the_same_quota_and_the_group_pays_beyond_it() -> None:
    """Beyond it a stay of 40,000 over 12,000 has 1,200 points x 1.1 and what a high outlier adds."""
    by_points = {"review_state": "granted_points", "review_points": 70_000_000}
    rows = table(case("A", 40_000, **by_points), case("B", 50_000, **by_points), others=5)
    plain = [{**row, "review_state": "none", "review_points": 0} for row in rows]
    found, as_group = (figures(pay(each, policy(QUOTA)), "points") for each in (rows, plain))
    assert found["B"] == 70_000_000
    assert found["A"] == as_group["A"]


def test_the_page_and_the_explanation_say_that_it_is_beyond_the_quota() -> None:
    paid = pay(table(granted("A", 30_000), granted("B", 50_000), others=5), policy(QUOTA), accounts=ACCOUNTS)
    (page,) = [each for each in clearing_pages(paid) if each.cases]
    assert [(REVIEW.members[each.review], each.cases) for each in page.reviews] == [
        ("granted_item", 1),
        ("beyond_quota", 1),
    ]
    at = paid.columns["setl_id"].tolist().index("A")
    told = explain_case(paid, int(paid.row[at]))
    assert "beyond the quota" in told.text("en")
    assert "超出名额" in told.text("zh")


def test_without_reviews_no_terms_of_them_are_needed() -> None:
    open_quota = """
        [[sections.special_case]]
        version = "2024"
        source = { document = "change", clause = "quota" }
        until = 2024-12-31
        until_source = { document = "change", clause = "quota" }
        """
    assert by_item(table(), open_quota) == []


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-9, 9)), max_size=12),
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
    st.sampled_from((0, 200_000, 333_333, 500_000, 1_000_000)),
    st.sampled_from(("down", "half_up")),
    st.integers(0, 12),
)
def test_rankings_merge_wherever_they_are_cut(
    cases: list[tuple[int, int]], discharges: list[int], share: int, rounding: str, cut: int
) -> None:
    def ranking(rows: slice, counts: list[int]) -> Ranking:
        place, excess = ([each[of] for each in cases[rows]] for of in (0, 1))
        ids = np.array([f"C{at:02d}" for at in range(len(cases))][rows], np.str_)
        return Ranking(
            share, np.array(counts), np.array(place, np.int64), np.array(excess, np.int64), ids, rounding, True
        )

    all_counts = [discharges[at] + discharges[at + 3] for at in range(3)]
    first = ranking(slice(cut), discharges[:3])
    rest = ranking(slice(cut, None), discharges[3:])
    whole = ranking(slice(None), all_counts)
    chosen = set(known_of({"q": first + rest})["q"].tolist())
    wanted = set()
    for at, count in enumerate(all_counts):
        exact = Fraction(count) * share / 1_000_000
        quota = int(exact) if rounding == "down" else int(exact + Fraction(1, 2))
        ranked = sorted((-excess, f"C{row:02d}") for row, (place, excess) in enumerate(cases) if place == at)
        wanted |= {setl_id for _, setl_id in ranked[:quota]}
    assert chosen == set(known_of({"q": whole})["q"].tolist()) == wanted
    assert settled({"q": whole}, {"q": np.array(sorted(wanted), np.str_)})
    assert settled({"q": whole}, {}) == (len(wanted) == len(cases))


@pytest.mark.parametrize("text", [QUOTA, QUOTA + BY_ITEM])
def test_a_place_lost_makes_a_high_outlier(text: str) -> None:
    """Beyond the quota, a DRG case is scored as any other: among the high outliers where these have a quota too."""
    drg = {"fixmedins_code": "D0001", "group_code": "R1"}
    rows = [granted(f"A{at}", 60_000 + at, **drg) for at in range(3)]
    rows += [case(f"O{at:02d}", 8_000, **drg) for at in range(7)]
    assert by_item(rows, text) == ["A1", "A2"]
