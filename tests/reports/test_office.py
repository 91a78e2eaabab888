"""An insurance office's cases against their standards, by hand at the budget value of 6 yuan, and summed (P29)."""

from __future__ import annotations

import datetime
from collections import Counter
from fractions import Fraction
from typing import Any, get_args

import attrs
import numpy as np
import pytest

from mipolicy.errors import CodeError, InputError
from mipolicy.payment.axes import METHOD
from mipolicy.reports.office import BY, COST_CLASS, COST_OF, By, OfficeCases, OfficeLine, office_cases, office_summary
from mipolicy.reports.office_tables import office_grid, office_sheet, summary_grid
from mipolicy.reports.sheet import Figures

from .region import COSTS, HERE, OVERLAY, POINT, POINTS, TABLES, YUAN, half_up, made_up, pay, rows, small, table

NAMES = (*HERE["H0001"], *HERE["H0002"])
COMPARED = [name for name in NAMES if name != "C05"]
CARVED = {"C10": 900}


def cost(name: str) -> int:
    return (COSTS[name] - CARVED.get(name, 0)) * YUAN


def at_budget(name: str) -> int:
    return POINTS[name] * 6 * YUAN


def by_case(cases: OfficeCases, name: str) -> dict[str, Any]:
    return dict(zip(cases.columns["setl_id"].texts().tolist(), cases.columns[name].tolist(), strict=True))


def test_cases_and_no_reversals() -> None:
    cases = office_cases(small("budget"))
    assert cases.columns["setl_id"].texts().tolist() == list(NAMES)
    assert (cases.at, cases.year, cases.limits, len(cases)) == ("budget", 2025, None, 9)


def test_each_case_against_its_standard() -> None:
    cases = office_cases(small("budget"))
    for name in ("cost", "standard", "gap", "ratio"):
        assert list(by_case(cases, name)) == list(NAMES)
    expected = {name: at_budget(name) for name in COMPARED} | {"C05": 0}
    assert by_case(cases, "standard") == expected
    assert by_case(cases, "cost") == {name: cost(name) for name in NAMES}
    assert by_case(cases, "gap") == {name: at_budget(name) - cost(name) for name in COMPARED} | {"C05": 0}
    ratios = {name: half_up(Fraction(cost(name) * 10_000, at_budget(name))) for name in COMPARED}
    assert by_case(cases, "ratio") == ratios | {"C05": 0}
    assert cases.compared.tolist() == cases.rated.tolist() == [name != "C05" for name in NAMES]


def test_classes_are_the_limits_of_the_method() -> None:
    """0.4 of the mean is low, 2.5 of it high; what was granted stands outside of the limits."""
    classes = by_case(office_cases(small("budget")), "cost_class")
    assert {name: COST_CLASS.members[at] for name, at in classes.items()} == {
        "C01": "normal",
        "C02": "low",
        "C03": "high",
        "C04": "none",
        "C05": "none",
        "C06": "normal",
        "C07": "normal",
        "C09": "normal",
        "C10": "normal",
    }


def test_classes_by_limits_given_are_of_cost_over_standard() -> None:
    """C01 and C02 stand at 1.5, C10 at 1.25, the others between, C03 at 2.5: a case at a limit is normal."""
    cases = office_cases(small("budget"), limits=(12_500, 15_000))
    classes = {name: COST_CLASS.members[at] for name, at in by_case(cases, "cost_class").items()}
    assert classes == dict.fromkeys(NAMES, "normal") | {"C03": "high", "C09": "high", "C05": "none"}
    above = office_cases(small("budget"), limits=(12_501, 14_999))
    classes = {name: COST_CLASS.members[at] for name, at in by_case(above, "cost_class").items()}
    assert (classes["C10"], classes["C01"], classes["C07"]) == ("low", "high", "normal")


@pytest.mark.parametrize("limits", [(2, 1), (1, 1), (-1, 5), (0, 1_000_001), (0.5, 2), (1, 2, 3)])
def test_limits_that_are_none(limits: Any) -> None:
    with pytest.raises(InputError, match="two ints per ten thousand of cost over standard"):
        office_cases(small("budget"), limits=limits)


def test_the_widest_limits() -> None:
    assert office_cases(small("budget"), limits=(0, 1_000_000)).limits == (0, 1_000_000)


def test_one_institution() -> None:
    cases = office_cases(small("budget"), "H0002")
    assert cases.columns["setl_id"].texts().tolist() == list(HERE["H0002"])
    with pytest.raises(CodeError, match="'H0009' is not among the region's 2 institutions"):
        office_cases(small("budget"), "H0009")


def test_after_the_clearing_the_standard_is_that_of_the_settlement_value() -> None:
    cases, paid = office_cases(small()), small()
    assert cases.at == "settlement"
    by_points = [name for name in NAMES if POINTS[name]]
    standards = by_case(cases, "standard")
    assert sum(standards[name] for name in by_points) == sum(
        each.standard for each in paid.pools["employee"].closing.institutions
    )


# ---- summed (P29) ----------------------------------------------------------------------------------------------------


def expected(names: list[str], **keys: str) -> OfficeLine:
    """The line of some cases, from their costs and points."""
    compared = [name for name in names if name != "C05"]
    costs, standards = sum(map(cost, compared)), sum(map(at_budget, compared))
    above = sum(cost(name) > at_budget(name) for name in compared)
    below = sum(cost(name) < at_budget(name) for name in compared)
    classes = Counter({"C02": "low", "C03": "high", "C04": "none"}.get(name, "normal") for name in compared)
    many = len(compared)
    return OfficeLine(
        fixmedins_code=keys.get("fixmedins_code", ""),
        code=keys.get("code", ""),
        cases=len(names),
        compared=many,
        cost=costs,
        standard=standards,
        gap=standards - costs,
        mean_gap=half_up(Fraction(standards - costs, many)),
        ratio=half_up(Fraction(costs * 10_000, standards)),
        above=above,
        above_share=half_up(Fraction(above * 1_000_000, many)),
        below=below,
        below_share=half_up(Fraction(below * 1_000_000, many)),
        low=classes["low"],
        normal=classes["normal"],
        high=classes["high"],
        by_points=many,
        mean_points=half_up(Fraction(sum(POINTS[name] for name in compared) * POINT, many)),
    )


def test_p29_the_group_is_judged_by_its_mean_gap_and_the_shares_above_and_below() -> None:
    groups = {"G1": ["C01", "C02", "C06", "C07"], "G2": ["C03", "C04", "C05", "C09", "C10"]}
    cases = office_cases(small("budget"))
    assert office_summary(cases, "group") == tuple(expected(names, code=code) for code, names in groups.items())


def test_p29_departments_and_doctors_are_those_of_an_institution() -> None:
    cases = office_cases(small("budget"))
    first, second, rest = ["C01", "C03", "C04", "C05", "C06"], ["C02"], ["C07", "C09", "C10"]
    assert office_summary(cases, "department") == (
        expected(first, fixmedins_code="H0001", code="D1"),
        expected(second, fixmedins_code="H0001", code="D2"),
        expected(rest, fixmedins_code="H0002", code="D1"),
    )
    assert office_summary(cases, "doctor") == (
        expected(["C01", "C04", "C05", "C06"], fixmedins_code="H0001", code="X1"),
        expected(["C02", "C03"], fixmedins_code="H0001", code="X2"),
        expected(rest, fixmedins_code="H0002", code="X1"),
    )


def test_p29_institutions() -> None:
    lines = office_summary(office_cases(small("budget")), "institution")
    assert lines == tuple(expected(list(names), fixmedins_code=code) for code, names in HERE.items())


def test_shares_on_both_sides_of_the_standard() -> None:
    """At the settlement value of about 10.85 yuan, some cases cost less than their standard, some more."""
    (first, _) = office_summary(office_cases(small()), "institution")
    assert (first.above, first.below) == (1, 4)  # C03 costs 11,250 yuan, its 750 points come to 8,134
    assert (first.above_share, first.below_share) == (200_000, 800_000)


def test_a_case_at_its_standard_is_neither_above_nor_below() -> None:
    given = [{**row, "medfee_sumamt": 6000_00, "inscp_scp_amt": 6000_00} for row in rows() if row["setl_id"] == "C01"]
    given[0].update(hifp_pay=6000_00, psn_part_amt=0, other_pay=0)
    (line,) = office_summary(office_cases(pay(given, at="budget")), "institution")
    assert (line.gap, line.above, line.below, line.compared) == (0, 0, 0, 1)


def test_nothing_to_compare_is_none_and_not_nothing() -> None:
    cases = office_cases(small("budget"), "H0001")
    by_item = cases.columns["method"] == METHOD.position("by_item")
    only = attrs.evolve(
        cases,
        row=cases.row[by_item],
        columns={name: column.take(np.flatnonzero(by_item)) for name, column in cases.columns.items()},
        compared=cases.compared[by_item],
        rated=cases.rated[by_item],
    )
    (line,) = office_summary(only, "institution")
    assert (line.cases, line.compared) == (1, 0)
    assert (line.mean_gap, line.ratio, line.above_share, line.below_share, line.mean_points) == (None,) * 5
    assert summary_grid(only, "institution").rows("en")[0][6] == ""


def test_cases_are_summed_by_four_things() -> None:
    assert tuple(BY) == get_args(By)
    with pytest.raises(InputError, match="by institution, department, doctor, group, not by 'ward'"):
        office_summary(office_cases(small("budget")), "ward")  # type: ignore[arg-type]


# ---- what the standard pays for --------------------------------------------------------------------------------------

FUND_BASIS = """
[[sections.point_value.employee]]
version = "2024"
source = { document = "small", clause = "3" }
basis = "fund"
netting = "none"
"""


def test_where_points_divide_the_fund_alone_the_funds_part_is_compared() -> None:
    import mipolicy
    from mipolicy.cases.pay import pay_table

    paid = pay_table(mipolicy.loads(OVERLAY + FUND_BASIS), table(rows()), **TABLES, year=2025, at="budget")
    cases = office_cases(paid)
    carved = 900 * 60  # at the fund's share of the bill, in fen
    fund = {name: COSTS[name] * 60 - (carved if name == "C10" else 0) for name in COMPARED}
    assert by_case(cases, "cost") == fund | {"C05": COSTS["C05"] * YUAN}
    assert by_case(cases, "cost_of") == {name: COST_OF.position("fund") for name in COMPARED} | {"C05": 0}


def test_joined_stays_stand_in_the_last_one() -> None:
    paid = made_up()
    cases = office_cases(paid)
    gone = (np.asarray(paid.prepared.facts.of("medfee_sumamt", cases.row)) == 0) | (cases.columns["points"] < 0)
    assert not cases.compared[gone].any()


def test_drg_classes_are_those_of_the_rule() -> None:
    """Low and high as the rule's own limits say, from the rule run for one case at a time."""
    from mipolicy.cases.explained import explain_case

    paid = made_up()
    cases = office_cases(paid, "D0001")
    by_drg = np.flatnonzero(cases.columns["method"] == METHOD.position("drg_points"))
    seen = Counter()  # type: Counter[str]
    for word in ("low", "normal", "high"):
        of_class = by_drg[cases.columns["cost_class"][by_drg] == COST_CLASS.position(word)]
        for at in of_class[:5].tolist():
            steps = {
                step.name: step.value for group in explain_case(paid, int(cases.row[at])).groups for step in group.steps
            }
            assert (steps["low"], steps["high"]) == (int(word == "low"), int(word == "high"))
            seen[word] += 1
    assert set(seen) == {"low", "normal", "high"}


def test_the_sums_of_the_made_up_region_are_those_of_its_cases() -> None:
    cases = office_cases(made_up(at="budget"))
    gap = int(cases.columns["gap"].sum())
    for by in get_args(By):
        lines = office_summary(cases, by)
        assert sum(line.cases for line in lines) == len(cases)
        assert sum(line.gap for line in lines) == gap
        assert sum(line.low + line.normal + line.high for line in lines) == int((cases.columns["cost_class"] > 0).sum())
        assert [(line.fixmedins_code, line.code) for line in lines] == sorted(
            {(line.fixmedins_code, line.code) for line in lines}
        )


# ---- as tables -------------------------------------------------------------------------------------------------------


def test_cells_that_do_not_apply_are_empty() -> None:
    grid = office_grid(office_cases(small("budget")))
    heads = grid.heads("en")
    (row,) = [row for row in grid.rows("en") if row[0] == "C05"]
    of = dict(zip(heads, row, strict=True))
    assert (of["cost"], of["method"]) == ("4500.00", "by item")
    assert [of[head] for head in ("points", "standard", "gap: standard - cost", "cost / standard", "class")] == [""] * 5


def test_the_office_page_says_what_is_compared() -> None:
    sheet = office_sheet(office_cases(small("budget"), "H0001"))
    assert (sheet.name, sheet.zh) == ("office-H0001", "2025年度病例与付费标准比较 H0001")
    said = sheet.blocks[0]
    assert isinstance(said, Figures)
    assert [value for _, value in said.rows("en")] == [
        "budget value, before the clearing",
        "those of each method",
        "",
        "",
    ]
    assert [block.en for block in sheet.blocks[1:]] == ["by institution", "by department", "by doctor", "by group"]
    given = office_sheet(office_cases(small(), limits=(5_000, 20_000)), ("group",))
    assert [row[1] for row in given.blocks[0].rows("zh")] == ["结算点值", "给定界限", "0.5", "2"]
    assert (given.name, len(given.blocks)) == ("office-all", 3)
    assert given.blocks[2].rows("zh")[0][0] == "G1"


def test_days_are_no_matter_to_the_office() -> None:
    longer = [{**row, "dscg_time": datetime.date(2025, 3, 30)} for row in rows()]
    assert by_case(office_cases(pay(longer, at="budget")), "gap") == by_case(office_cases(small("budget")), "gap")


def test_an_institution_without_cases() -> None:
    paid = pay([row for row in rows() if row["fixmedins_code"] == "H0001"], at="budget")
    cases = office_cases(paid, "H0002")
    assert len(cases) == 0
    assert office_summary(cases, "department") == office_summary(cases, "group") == ()
    assert [len(block) for block in office_sheet(cases).blocks[1:] if not isinstance(block, Figures)] == [0] * 4
