"""Pools of different terms side by side: people insured elsewhere, carve-outs, bounds, fund rates, scales, gaps."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import mipolicy
from mipolicy.batch.dated import BatchGap
from mipolicy.cases.explained import explain_case
from mipolicy.errors import NotInForce, PolicyError
from mipolicy.policy import UnverifiedWarning
from tests.batch import overlay
from tests.cases import BUDGETS, Row, case, figures, pay, policy, reasons, reversal, ways

SHARED = """
    [[sections.point_value.employee]]
    version = "2024"
    source = { document = "change", clause = "value" }
    """


def value_policy(text: str) -> mipolicy.Policy:
    return policy(SHARED + text)


AWAY: Row = {"insuplc_admdvs": "990100"}


# ---- people insured elsewhere ----------------------------------------------------------------------------------------


def test_who_is_insured_elsewhere_may_share_the_points() -> None:
    """Two equal cases have half the fund each; the half of one is owed by the fund of its own place."""
    paid = pay([case("A"), case("B", **AWAY)])
    of = paid.pools["employee"]
    assert of.totals.cases == 2
    each = figures(paid, "payment")
    assert each["A"] == each["B"] == of.distributable.fund // 2
    assert of.elsewhere == {"990100": each["B"]}
    assert (of.closing.by_fund, of.closing.by_other_funds) == (each["A"], each["B"])


def test_who_is_insured_elsewhere_may_take_the_value_only() -> None:
    terms = value_policy('outsiders = "value_only"')
    paid, alone = pay([case("A"), case("B", **AWAY)], terms), pay([case("A")], terms)
    of = paid.pools["employee"]
    assert of.closing == alone.pools["employee"].closing
    assert figures(paid, "payment")["A"] == figures(alone, "payment")["A"] == figures(paid, "payment")["B"]
    assert (of.totals.cases, of.closing.by_other_funds) == (1, 0)
    assert of.elsewhere == {"990100": figures(paid, "payment")["B"]}


def test_who_is_insured_elsewhere_may_be_paid_by_item() -> None:
    paid = pay([case("A"), case("B", **AWAY)], value_policy('outsiders = "by_item"'))
    assert ways(paid)["B"] == ("by_item", "outsider")
    assert figures(paid, "payment")["B"] == 300_000
    of = paid.pools["employee"]
    assert (of.elsewhere, of.closing.other_methods) == ({"990100": 300_000}, 0)


# ---- carve-outs ------------------------------------------------------------------------------------------------------


def test_what_is_carved_out_is_paid_beside_the_points() -> None:
    """In full where what others pay comes off; at the fund's share of the bill, three fifths, where it does not."""
    row = case("A", 9_000, carve_out_amt=100_000)
    paid = pay([row])
    assert figures(paid, "carved_out") == {"A": 100_000}
    assert paid.pools["employee"].closing.other_methods == 100_000
    terms = value_policy('basis = "fund"\n netting = "none"\n payment_from = "value"')
    assert figures(pay([row], terms), "carved_out") == {"A": 60_000}


# ---- two pools -------------------------------------------------------------------------------------------------------

RATES = """
    [[sections.point_value.{pool}]]
    version = "2024"
    source = {{ document = "change", clause = "rates" }}
    basis = "total_by_share"
    share_source = "computed"
    netting = "fund_rate"
    rate_of = "{of}"
    payment_from = "value"
    outsiders = "in_point_pool"
    floor_at_zero = false
    """


def costing(setl_id: str, fund: int, **changes: Any) -> Row:
    """A case of 9,000.00 yuan of which the fund pays so much."""
    return case(setl_id, 9_000, hifp_pay=fund, psn_part_amt=900_000 - fund, **changes)


@pytest.mark.parametrize(
    ("first", "second", "employee", "resident"),
    [
        ("institution", "case", (500_000, 500_000), (100_000, 300_000)),
        ("case", "institution", (400_000, 600_000), (200_000, 200_000)),
        ("institution", "group", (500_000, 500_000), (200_000, 200_000)),
    ],
)
def test_each_pool_nets_by_its_own_fund_rate(
    first: str, second: str, employee: tuple[int, int], resident: tuple[int, int]
) -> None:
    """Two cases of one institution and group in each pool: rates of their own, or one of both."""
    terms = policy(RATES.format(pool="employee", of=first) + RATES.format(pool="resident", of=second))
    rows = [costing("A", 400_000), costing("B", 600_000)]
    rows += [costing("C", 100_000, insutype="390"), costing("D", 300_000, insutype="390")]
    paid = pay(rows, terms)
    standard, payment = figures(paid, "standard"), figures(paid, "payment")
    for names, funds in (("AB", employee), ("CD", resident)):
        for setl_id, fund in zip(names, funds, strict=True):
            rate = (fund * 2_000_000 + 900_000) // 1_800_000  # per million, half up
            assert payment[setl_id] == (standard[setl_id] * rate * 2 + 1_000_000) // 2_000_000
    for row in range(4):
        assert explain_case(paid, row).groups  # the rerun is held equal to the table


def test_bounds_leave_a_residue_that_is_told() -> None:
    """The value would be far above 1.1 x 12 yuan; 1,320 points at 13.2 yuan, 17,424.00, are paid of the fund."""
    terms = value_policy(
        'bounds = "around_budget_value"\n floor_factor = "0.9"\n ceiling_factor = "1.1"\n basis = "fund"\n'
        ' netting = "none"'
    )
    of = pay([case("A", 9_000)], terms).pools["employee"]
    assert (of.value.value, of.closing.by_fund) == (13_200_000, 1_742_400)
    assert of.closing.residue_value == of.distributable.fund - 1_742_400


def test_a_pool_may_hold_nothing_but_a_case_that_was_taken_back() -> None:
    row = case("A")
    paid = pay([row, reversal(row, "B"), case("C", insutype="390")])
    assert figures(paid, "payment")["A"] == -figures(paid, "payment")["B"]
    assert explain_case(paid, 0).groups
    of = paid.pools["employee"]
    assert of.closing.residue_value == of.distributable.fund


# ---- one scale a pool ------------------------------------------------------------------------------------------------


def test_points_of_two_scales_cannot_share_a_value() -> None:
    text = """
        [[sections.dip]]
        version = "2024"
        source = { document = "change", clause = "scale" }
        mean_points = "100"
        """
    rows = [case("A"), case("B", fixmedins_code="D0001", group_code="R1")]
    with pytest.raises(PolicyError) as told:
        pay(rows, policy(text))
    assert str(told.value) == (
        "the employee pool has one point value, but points of 2 scales: 100 in dip.mean_points; "
        "1000 in drg_points.scale"
    )
    apart = [rows[0], {**rows[1], "insutype": "390"}]
    assert set(pay(apart, policy(text)).pools) == {"employee", "resident"}
    assert set(pay(rows, policy(text.replace('"100"', '"1000"'))).pools) == {"employee"}
    unscaled = text.replace('mean_points = "100"', 'mean_points = "0"\n ungrouped = "by_item"')
    assert set(pay(rows, policy(unscaled)).pools) == {"employee"}


# ---- what is open, what is past its span -----------------------------------------------------------------------------

OPEN = """
    [[sections.drg_points]]
    version = "2026"
    effective = 2025-07-01
    source = { document = "change", clause = "二(四)" }
    open.scale = "points, as text"
    open.bands = "a list of records"
    """


def open_policy() -> mipolicy.Policy:
    """DRG points whose version of July states nothing."""
    text = BUDGETS + OPEN
    until = '[[sections.drg_points]]\nversion = "2024"\nuntil = 2025-06-30\n'
    until += 'until_source = { document = "change", clause = "二(四)" }\n'
    until += 'source = { document = "change", clause = "x" }\n'
    return overlay(text + until)


LATE: Row = {"adm_time": "2025-08-01", "dscg_time": "2025-08-08"}
DRG: Row = {"fixmedins_code": "D0001", "group_code": "R1"}


def test_a_gap_is_told_before_any_case_is_paid() -> None:
    rows = [case("A"), case("B", **DRG), case("C", **DRG, **LATE), case("D", **DRG, **LATE)]
    with pytest.raises(BatchGap) as told:
        pay(rows, open_policy())
    (gap, count), *others = told.value.gaps
    assert (count, others) == (2, [])
    assert {"scale", "bands"} <= {each.path for each in gap.fields}
    assert str(told.value).startswith("2 row(s) need what is open")


def test_a_gap_may_reject_the_rows_that_meet_it() -> None:
    rows = [case("A"), case("B", **DRG), case("C", **DRG, **LATE), case("D", **LATE)]
    paid = pay(rows, open_policy(), gaps="reject")
    assert list(ways(paid)) == ["A", "B", "D"]
    reason, message = reasons(paid)["C"]
    assert reason == "gap"
    assert "scale" in message
    rest = [rows[0], rows[1], rows[3]]
    assert figures(paid, "payment") == figures(pay(rest, open_policy()), "payment")


def test_a_pack_that_pays_nobody_says_what_it_lacks() -> None:
    with pytest.raises(PolicyError, match=r"payment_year|point_value"):
        pay([case("A")], mipolicy.load("taizhou-2024", mode="carry_forward"))


PAST: Row = {"adm_time": "2027-03-01", "dscg_time": "2027-03-08"}


def test_past_the_verified_span_cases_are_paid_as_the_mode_says() -> None:
    rows = [case("A", **PAST)]
    with pytest.raises(NotInForce):
        pay(rows)
    carried = policy().using(mode="carry_forward")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent = pay(rows, carried)
    with pytest.warns(UnverifiedWarning) as told:
        warned = pay(rows, policy().using(mode="warn"))
    assert figures(silent, "payment") == figures(warned, "payment")
    messages = {str(each.message) for each in told}
    assert (
        "changed: section dip, version 2024, is past its verified span for 1 row(s) from 2027-03-08 to 2027-03-08"
        in messages
    )
    assert any("section point_value.employee" in message for message in messages)
