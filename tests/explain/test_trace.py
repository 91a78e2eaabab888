"""Explanations are the rules' own bodies rerun: every step equals the batch's, and every figure has its clause."""

from __future__ import annotations

import datetime
import json
from typing import Any

import attrs
import numpy as np
import pytest

import mipolicy
from mipolicy.batch import OUTPUTS
from mipolicy.benefits import outpatient
from mipolicy.demo import bills
from mipolicy.errors import IdentityError
from mipolicy.explain import Explanation

POLICY = mipolicy.load("assumed")
VISIT = mipolicy.Bill.from_record(
    {
        "setl_id": "S1",
        "mdtrt_id": "M1",
        "psn_no": "P1",
        "insutype": "310",
        "psn_type": "11",
        "med_type": "11",
        "hosp_lv": "05",
        "medins_kind": "hospital",
        "medins_ownership": "public",
        "fixmedins_code": "H1",
        "setl_time": "2025-03-01 09:30:00",
        "medfee_sumamt": "1000.00",
        "fulamt_ownpay_amt": "0.00",
        "overlmt_selfpay": "0.00",
        "preselfpay_amt": "0.00",
        "inscp_scp_amt": "1000.00",
    }
)
STAY = attrs.evolve(
    VISIT,
    setl_id="S2",
    mdtrt_id="M2",
    med_type="21",
    adm_time=datetime.date(2025, 4, 1),
    dscg_time=datetime.date(2025, 4, 9),
    setl_time=datetime.datetime(2025, 4, 9, 12),
    medfee_sumamt=30_000_00,
    fulamt_ownpay_amt=None,
    overlmt_selfpay=None,
    preselfpay_amt=None,
    inscp_scp_amt=None,
)
LINES = [
    mipolicy.Line.from_record(
        {
            "mdtrt_id": "M2",
            "feedetl_sn": "1",
            "med_list_codg": "X1",
            "det_item_fee_sumamt": "29000.00",
            "chrgitm_lv": "01",
            "item_kind": "western_drug",
        }
    ),
    mipolicy.Line.from_record(
        {
            "mdtrt_id": "M2",
            "feedetl_sn": "2",
            "med_list_codg": "X2",
            "det_item_fee_sumamt": "1000.00",
            "pric": "100",
            "cnt": "10",
            "chrgitm_lv": "02",
            "selfpay_prop": "10%",
            "pric_uplmt_amt": "80",
            "item_kind": "tcm_service",
        }
    ),
]


def steps(explanation: Explanation) -> dict[str, Any]:
    return {step.name: step for group in explanation.groups for step in group.steps}


def test_a_visit_explained_in_chinese_word_for_word() -> None:
    """1,000 in scope at level 2: 300 deductible, 65% of 700 = 455, and 1,000 fill the deductible of other levels."""
    text = mipolicy.explain(POLICY, VISIT).text("zh")
    clause = "      [benefits-2025 第三条 职工普通门诊]"
    assert text.split("\n")[2:] == [
        "职工普通门诊 2025",
        "  机构属定点范围 = 是",
        "      = (定点范围 全部纳入 = 全部纳入) 或 ((定点范围 全部纳入 = 列入名单的) 且 在纳入名单 否)",
        clause,
        "  符合选定医院要求 = 是",
        "      = 是 或 在选定医院 否",
        "  符合待遇认定要求 = 是",
        "      = 是 或 待遇认定有效 否",
        "  符合互联网诊疗要求 = 是",
        "      = 非 互联网诊疗 否 或 (互联网诊疗可支付 是 且 (非 互联网诊疗限复诊 是 或 复诊 否))",
        clause,
        "  可享受待遇 = 是",
        "      = 机构属定点范围 是 且 符合选定医院要求 是 且 符合待遇认定要求 是 且 符合互联网诊疗要求 是",
        "  剩余限额 = 7500.00",
        "      = max(0, 最高支付限额 7500.00 − 已用限额 0.00)",
        clause,
        "  可计算金额 = 1000.00",
        "      = 符合政策范围金额 1000.00（可享受待遇 是）",
        "  应付起付线 = 300.00",
        "      = max(0, 起付线 300.00 − 已用起付线 0.00)",
        clause,
        "  实际支付起付线 = 300.00",
        "      = min(应付起付线 300.00, 可计算金额 1000.00)",
        "  起付线以上金额 = 700.00",
        "      = 可计算金额 1000.00 − 实际支付起付线 300.00",
        "  支付比例 = 65%",
        "      = min((报销比例 65% + (比例提高 0% + 项目比例提高 0%)), 100%)",
        clause,
        "  限额前支付 = 455.00",
        "      = 起付线以上金额 700.00 × 支付比例 65%",
        "  统筹基金支付 = 455.00",
        "      = min(min(限额前支付 455.00, 剩余限额 7500.00), 剩余定额 不设上限)",
        "  起付线累计 = 1000.00",
        "      = 已用起付线 0.00 + 可计算金额 1000.00（费用计入起付线 是）",
        clause,
        "  限额累计 = 455.00",
        "      = 已用限额 0.00 + 统筹基金支付 455.00",
        "",
        "结算信息",
        "  医疗费总额 = 1000.00",
        "  符合政策范围金额 = 1000.00",
        "  实际支付起付线 = 300.00",
        "  基本医疗保险统筹基金支出 = 455.00",
        "      = 统筹基金支付 455.00",
        "  基金支付总额 = 455.00",
        "      = 统筹基金支付 455.00",
        "  个人负担总金额 = 545.00",
        "      = (医疗费总额 1000.00 − 统筹基金支付 455.00) − 医院负担金额 0.00",
        "  个人现金支出 = 545.00",
        "      = 个人负担总金额 545.00",
    ]


def test_a_stay_with_lines_explained_in_english() -> None:
    """20 over the ceiling x 10 = 200; 5% of 800 = 40 first-pay; 29,760 - 500 in three bands of 88%, 90%, 92%."""
    explanation = mipolicy.explain(POLICY, STAY, lines=LINES)
    assert [group.en for group in explanation.groups] == [
        "fee line 1 X1",
        "fee line 2 X2",
        "inpatient.employee 2025",
        "left after the basic benefit",
        *(f"{layer}.employee 2025" for layer in ("major_illness", "assistance", "tilted_assistance")),
        "settlement record",
    ]
    line = {step.name: step.formula_en for step in explanation.groups[1].steps}
    assert line["first_pay_rate"] == (
        "max(0, first-pay rate before the cut 10% − cut of the first-pay rate for TCM items 5%)"
        " (as gets the TCM cut yes)"
    )
    assert line["overlmt_amt"] == (
        "min(max(0, unit price 100 − price ceiling 80) (as a price ceiling applies yes) × count 10, "
        "amount inside the catalogue 1000.00)"
    )
    stay = {step.name: step.formula_en for step in explanation.groups[2].steps}
    assert stay["before_limits"] == "[0.00–20000.00] 20000.00 × 88% + [20000.00–80000.00] 9260.00 × 90%"
    assert stay["deductible_of_stay"] == (
        "left of the deductible in its scope 500.00 (as continues the stay before no)"
    )
    assert steps(explanation)["psn_cash_pay"].value_en == "4066.00"


def test_every_row_of_a_table_is_explained_with_the_figures_of_the_batch() -> None:
    table, lines = bills(1_500, seed=5)
    settled = mipolicy.settle(POLICY, table, lines=lines)
    sections = np.asarray(settled.columns["section"])
    chosen = [np.flatnonzero(sections == name)[at] for name in np.unique(sections) for at in (0, -1)]
    for place in chosen:
        explanation = mipolicy.explain(POLICY, table, row=int(settled.row[place]), lines=lines)
        found = steps(explanation)
        whole = [group for group in explanation.groups if not group.en.startswith("fee line")]
        if len(whole) > 2:
            continue  # a stay that is split is explained part by part
        taken_back = settled.columns["medfee_sumamt"][place] < 0  # a reversal shows the steps that it takes back
        for name in OUTPUTS:
            if name in found:
                value = int(settled.columns[name][place])
                assert found[name].value == (abs(value) if taken_back else value), (name, place)
        for step in found.values():
            assert all(figure.clause and figure.version for figure in step.figures)


def test_figures_of_the_terms_carry_path_version_and_clause() -> None:
    rate = steps(mipolicy.explain(POLICY, VISIT))["fund_rate"]
    where = "outpatient.employee.general"
    assert [(each.path, each.value_en, each.version, each.clause) for each in rate.figures] == [
        (f"{where}.rate.secondary.in_service", "65%", "2025", "benefits-2025 第三条 职工普通门诊"),
        (f"{where}.rate_uplift.secondary", "0%", "2025", "benefits-2025 第三条 职工普通门诊"),
        (f"{where}.service_uplift.general", "0%", "2025", "benefits-2025 第三条 职工普通门诊"),
    ]


def test_json_table_and_html_say_the_same() -> None:
    explanation = mipolicy.explain(POLICY, STAY, lines=LINES)
    record = json.loads(explanation.json())
    assert record == explanation.to_dict()
    assert record["setl_id"] == "S2"
    flat = [step for group in record["groups"] for step in group["steps"]]
    assert [step["text"]["en"] for step in flat] == [row[2] for row in explanation.rows("en")]
    assert [step["formula"]["zh"] for step in flat] == [row[3] for row in explanation.rows("zh")]
    assert explanation.table("en").split("\n")[0] == "\tstep\tvalue\thow\tclause"
    page = explanation._repr_html_()
    assert page.count("<table>") == page.count("</table>") == len(explanation.groups)
    assert page.count("<tr") == len(flat) + len(explanation.groups)
    assert "fund&#x27;s share before limits" in page
    assert "限额前支付" in explanation.html("zh")
    assert str(explanation) == explanation.text()


def test_a_rerun_that_differs_is_a_defect_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    settlement = mipolicy.settle(POLICY, VISIT)
    rule = outpatient.settle

    def wrong(terms: Any, visit: Any) -> Any:
        found = rule(terms, visit)
        return attrs.evolve(found, hifp_pay=found.hifp_pay + 1)

    monkeypatch.setattr(outpatient, "settle", wrong)
    with pytest.raises(IdentityError) as error:
        mipolicy.explain_settlement(settlement)
    assert str(error.value) == "outpatient.employee.general: the traced hifp_pay 45501 is not the settled 45500"


def test_a_reversal_says_that_it_is_one() -> None:
    settlement = mipolicy.settle(POLICY, VISIT)
    reversed_ = mipolicy.reverse(settlement, totals=settlement.totals)
    assert mipolicy.explain_settlement(reversed_).title("en").endswith("[reversed]")
    assert mipolicy.explain_settlement(reversed_).title("zh").endswith("[冲销]")
