"""What cannot be paid is rejected with its reason, or stops the run with a clear error: never a silent 0."""

from __future__ import annotations

from typing import Any

import pytest

from mipolicy.errors import InputError, TableError
from tests.cases import GROUPS, INSTITUTIONS, POLICY, Row, case, figures, pay, policy, reasons, reversal, ways

GOOD = case("A")


def rejected(row: Row, **options: Any) -> tuple[str, str]:
    """The reason of one bad row; the good one beside it is paid as if it stood alone."""
    paid = pay([GOOD, row], **options)
    assert figures(paid, "payment") == figures(pay([GOOD]), "payment")
    return reasons(paid)[row["setl_id"]]


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"psn_no": ""}, "id", "psn_no is empty"),
        ({"setl_id": ""}, "id", "setl_id is empty"),
        (
            {"fixmedins_code": "X9"},
            "institution",
            "fixmedins_code X9: the region's tables have no such institution",
        ),
        ({"group_code": "G9"}, "group", "group_code G9: the region's tables have no such group"),
        ({"dscg_time": "2025-02-28"}, "date", "dscg_time is before adm_time"),
        ({"act_ipt_days": -1}, "date", "act_ipt_days is negative"),
        ({"act_ipt_days": 9}, "date", "act_ipt_days is more than there are from adm_time to dscg_time, both counted"),
        ({"hifp_pay": 0}, "identity", "medfee_sumamt is not hifp_pay + other_pay + psn_part_amt + hosp_part_amt"),
        ({"inscp_scp_amt": 500_001}, "identity", "medfee_sumamt is not fulamt_ownpay_amt"),
        ({"act_pay_dedc": 500_001}, "identity", "act_pay_dedc is above inscp_scp_amt"),
        ({"psn_part_amt": -1, "other_pay": 200_001}, "amount", "an amount is negative and the case is no reversal"),
        ({"carve_out_amt": 500_001}, "amount", "unreasonable_amt and carve_out_amt are above medfee_sumamt"),
        ({"medfee_sumamt": 0, "carve_out_amt": 100}, "amount", "medfee_sumamt is not above 0"),
        ({"drug_amt": 500_001}, "amount", "drug_amt is above medfee_sumamt"),
        ({"refd_setl_flag": "2"}, "code", "refd_setl_flag takes '0' or '1', not '2'"),
        ({"review_state": "maybe"}, "code", "unknown review 'maybe'; allowed: none, applied, granted_item"),
        ({"insutype": "999"}, "code", "insutype has no code '999'"),
        ({"insutype": "320"}, "code", "insutype 320: the policy has no pool for it; it covers 310, 390"),
        ({"med_type": "99999"}, "code", "med_type has no code '99999'"),
        (
            {"review_state": "granted_points"},
            "review",
            "points granted by the experts (granted_points) go with review_points above 0",
        ),
        (
            {"review_points": 10_000},
            "review",
            "points granted by the experts (granted_points) go with review_points above 0",
        ),
        ({"setl_time": "2026-01-05"}, "year", "posted on 2026-01-05, outside 2025"),
        ({"setl_time": "2024-12-31"}, "year", "posted on 2024-12-31, outside 2025"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(changes: Row, reason: str, message: str) -> None:
    found = rejected(case("B", **changes) if "setl_id" not in changes else {**case("B"), **changes}, year=2025)
    assert found[0] == reason
    assert found[1].startswith(message)


def test_a_cost_of_nothing_is_rejected() -> None:
    assert rejected(case("B", 0)) == ("amount", "medfee_sumamt is not above 0")


def test_a_duplicate_id_rejects_both_rows() -> None:
    paid = pay([GOOD, case("B"), case("B", 7_000)])
    assert paid.rejects.reason == ("duplicate", "duplicate")
    assert paid.rejects.message == ("setl_id B stands twice",) * 2
    assert ways(paid) == {"A": ("dip", "level")}


def test_days_of_the_same_day_are_no_fault() -> None:
    paid = pay([case("A", dscg_time="2025-03-01"), case("B", act_ipt_days=0), case("C", act_ipt_days=8)])
    assert not len(paid.rejects)


def test_an_institution_of_dip_without_a_factor_is_rejected() -> None:
    found = rejected(case("B", fixmedins_code="N0001"))
    message = "the institutions' table states no institution_factor of N0001, by which its method multiplies"
    assert found == ("institution_factor", message)


def test_an_institution_without_a_line_of_difference_factors_is_rejected() -> None:
    """By points: 800 x 1.05; the other institution has no factor, which is not a factor of 1."""
    institutions = {**INSTITUTIONS, "method": ["", "drg_points", "", "", "", ""]}
    differences = {"fixmedins_code": ["D0001"], "group_code": ["R1"], "difference_factor": ["1.05"]}
    cost = {"medfee_sumamt": 800_000, "inscp_scp_amt": 800_000, "hifp_pay": 480_000, "psn_part_amt": 320_000}
    rows = [
        {**case("A", fixmedins_code="D0001", group_code="R1"), **cost},
        {**case("B", fixmedins_code="S0001", group_code="R1"), **cost},
        {**case("C", fixmedins_code="S0001", group_code=""), **cost},
        {**case("D", fixmedins_code="S0001", group_code="R2"), **cost, "medfee_sumamt": 2_400_000},
    ]
    rows[3] |= {"inscp_scp_amt": 2_400_000, "hifp_pay": 2_080_000}
    groups = {**GROUPS, "new_flag": ["0", "0", "0", "1"]}
    paid = pay(rows, institutions=institutions, groups=groups, differences=differences)
    points = figures(paid, "points")
    assert (points["A"], points["D"]) == (8_400_000, 24_000_000)
    assert sorted(points) == ["A", "C", "D"]
    message = "the table of difference factors has no line of S0001; state one, 1 or other"
    assert reasons(paid) == {"B": ("difference_factor", message)}
    many = [{**rows[at % 2], "setl_id": f"M{at}", "psn_no": f"M{at}"} for at in range(200)]  # enough to be alike
    again = pay(many, institutions=institutions, groups=groups, differences=differences)
    assert set(figures(again, "points").values()) == {8_400_000}
    assert len(again.rejects) == 100
    assert figures(pay(rows, institutions=institutions, groups=groups), "points")["B"] == 8_000_000


@pytest.mark.parametrize(
    ("institution", "column", "message"),
    [
        ("D0001", "base_points", "base_points is 0; a group has base points above 0"),
        ("D0004", "weight", "weight is 0; a group has a weight above 0"),
    ],
)
def test_a_drg_without_its_figure_rejects_its_cases(institution: str, column: str, message: str) -> None:
    row = case("B", 9_000, fixmedins_code=institution, group_code="R1")
    groups = {**GROUPS, column: [*GROUPS[column][:2], "", "2.4"]}
    assert reasons(pay([GOOD, row], groups=groups)) == {"B": ("case", message)}


def test_a_method_that_does_not_multiply_by_the_factor_needs_none() -> None:
    """By weight and rate employees have no adjustment; residents go by the level.  By item needs none either."""
    paid = pay(
        [
            case("A", fixmedins_code="D0004", group_code="R1"),
            case("B", fixmedins_code="D0004", group_code="R1", insutype="390"),
            case("C", fixmedins_code="N0001", review_state="granted_item"),
        ]
    )
    assert [each[0] for each in ways(paid).values()] == ["drg_weight", "drg_weight", "by_item"]


def test_a_factor_by_which_weights_are_multiplied_has_to_be_stated() -> None:
    text = """
        [[sections.drg_weight.employee]]
        version = "2024"
        source = { document = "change", clause = "factor" }
        adjusted_by = "institution_factor"
        """
    row = case("B", 9_000, fixmedins_code="D0004", group_code="R1")
    assert reasons(pay([row], policy(text)))["B"][0] == "institution_factor"
    stated = {**INSTITUTIONS, "institution_factor": ["1.1", "0.95", "1.2", "1.5", "0.8", ""]}
    paid = pay([row], policy(text), institutions=stated)
    assert figures(paid, "standard") == {"B": 1_620_000}  # 0.8 x 1.5 x 13,500.00


def test_a_total_that_is_floored_and_below_0_stops_the_run() -> None:
    """0.8 x 13,500 = 10,800.00 less the patient's 12,000.00 is -1,200.00, which no case can make up for."""
    text = """
        [[sections.drg_weight.employee]]
        version = "2024"
        source = { document = "change", clause = "floor" }
        floor = "total"
        """
    below = {**case("B", fixmedins_code="D0004", group_code="R1"), "medfee_sumamt": 1_300_000}
    below |= {"inscp_scp_amt": 1_300_000, "psn_part_amt": 1_200_000, "hifp_pay": 100_000}
    with pytest.raises(InputError, match=r"^the cases of D0004 paid by weight and rate come to less than 0, and floor"):
        pay([below], policy(text))
    assert figures(pay([below]), "payment") == {"B": -120_000}
    above = {**below, "setl_id": "C", "psn_no": "another", "psn_part_amt": 900_000, "hifp_pay": 400_000}
    assert figures(pay([below, above], policy(text)), "payment") == {"B": -120_000, "C": 180_000}


def test_a_case_on_two_lists_is_rejected() -> None:
    text = """
        [[sections.day_surgery]]
        version = "2024"
        source = { document = "change", clause = "lists" }
        operations = [{ oprn_oprt_code = "K35.800", price = "4500" }]
        """
    row = case("B", dise_codg="K35.800")
    found = reasons(pay([row], policy(text)))["B"]
    assert found == ("two_lists", "dise_codg K35.800 is on the lists of single_disease, day_surgery: one of them pays")
    preferred = policy(
        text
        + """
        [[sections.payment_router]]
        version = "2024"
        source = { document = "change", clause = "lists" }
        two_lists = "day_surgery"
        """
    )
    assert ways(pay([row], preferred)) == {"B": ("day_surgery", "day_surgery")}


def test_a_case_paid_by_the_head_needs_a_contract() -> None:
    row = case("B", fixmedins_code="P0001", med_type="14", dise_codg="E11.900", group_code="")
    message = "the case is paid by the head, and no contract is given for P0001, employee, diabetes"
    assert rejected(row) == ("contract", message)
    contract = {"fixmedins_code": ["P0001"], "pool": ["employee"], "condition": ["dialysis"], "enrolled": ["3"]}
    assert reasons(pay([GOOD, row], contracts=contract))["B"] == ("contract", message)
    paid = pay([GOOD, row], contracts={**contract, "condition": ["diabetes"]})
    assert ways(paid)["B"] == ("capitation", "capitation")
    assert paid.contracts[0].condition == "diabetes"
    of_outside = pay([GOOD, {**row, "insuplc_admdvs": "990100"}])
    assert ways(of_outside)["B"] == ("by_item", "outpatient")
    assert of_outside.pools["employee"].elsewhere == {"990100": row["hifp_pay"]}


def test_a_group_of_no_mean_stops_the_run() -> None:
    for name in ("group_mean", "mean_tertiary"):
        groups = {**GROUPS, name: ["0", *GROUPS[name][1:]]}
        message = f"groups: row 0: {name} of G1 is not above 0: a case needs a mean to be measured by"
        with pytest.raises(TableError) as told:
            pay([GOOD], groups=groups)
        assert str(told.value) == message
    with pytest.raises(TableError) as told:
        pay([GOOD], groups={**GROUPS, "group_mean": ["", *GROUPS["group_mean"][1:]]})
    assert str(told.value).startswith("groups: row 0: ")


def test_points_of_nothing_stop_the_run() -> None:
    """A pool whose points come to nothing has no value: the one case costs so little that it has no point."""
    groups = {**GROUPS, "base_points": ["500", "0.0001", "800", "2400"]}
    with pytest.raises(InputError) as told:
        pay([case("A", 1)], groups=groups)
    assert str(told.value) == "the points of 1 case(s) sum to 0: a point value needs points above 0"


def test_a_group_of_no_points_rejects_its_cases() -> None:
    groups = {**GROUPS, "base_points": ["500", "0", "800", "2400"]}
    found = reasons(pay([GOOD, case("B", group_code="G1")], groups=groups))
    assert found == {"A": ("case", "base_points is 0; a group has a score above 0")}


def test_a_budget_below_what_is_set_aside_stops_the_run() -> None:
    short = policy(budget="21649.48")
    with pytest.raises(InputError, match=r"^the budget of 21649\.48 yuan is below what is set aside: reserve 649\.48"):
        pay([GOOD, case("B", review_state="granted_item")], short)
    assert pay([GOOD], short).pools["employee"].distributable.fund == 0


# ---- reversals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"init_setl_id": ""}, "refd_setl_flag 1 and init_setl_id go together"),
        ({"init_setl_id": "Z"}, "the table holds no case Z"),
        ({"hifp_pay": -1, "psn_part_amt": -499_999}, "a reversal carries the amounts of case A with the opposite sign"),
        ({"psn_no": "PZ"}, "psn_no is not that of case A, which it reverses"),
        ({"fixmedins_code": "S0001"}, "fixmedins_code is not that of case A, which it reverses"),
        ({"insutype": "390"}, "insutype is not that of case A, which it reverses"),
        ({"insuplc_admdvs": "990100"}, "insuplc_admdvs is not that of case A, which it reverses"),
    ],
)
def test_a_reversal_takes_back_one_case_as_it_was(changes: Row, message: str) -> None:
    back = {**reversal(GOOD, "B"), **changes}
    paid = pay([GOOD, back, case("C", insutype="390")])
    assert reasons(paid) == {"B": ("reversal", message)}


def test_a_case_is_reversed_once_and_not_where_it_is_rejected() -> None:
    paid = pay([GOOD, reversal(GOOD, "B"), reversal(GOOD, "C"), case("D")])
    assert reasons(paid) == {"C": ("reversal", "case A is reversed twice")}
    bad = case("E", 0)
    assert reasons(pay([GOOD, bad, reversal(bad, "F")]))["F"] == ("reversal", "case E, which it reverses, is rejected")
    unpaid = case("G", fixmedins_code="N0001")
    found = reasons(pay([GOOD, unpaid, reversal(unpaid, "H")]))
    assert found["H"] == ("reversal", "the case that it reverses is rejected")


def test_a_reversal_gives_back_what_its_case_had_and_changes_nothing_else() -> None:
    paid = pay([GOOD, case("B", 9_000), reversal(case("B", 9_000), "C")])
    for name in ("points", "standard", "payment", "carved_out"):
        found = figures(paid, name)
        assert found["C"] == -found["B"]
        assert found["A"] == figures(pay([GOOD]), name)["A"]
    assert ways(paid)["C"] == ways(paid)["B"]


def test_rejects_do_not_need_a_policy_that_can_pay_them() -> None:
    paid = pay([case("A", fixmedins_code="X9")], POLICY, year=2025)
    assert (len(paid), paid.pools) == (0, {})
