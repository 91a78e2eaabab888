"""The public records of payment: a case, an institution, a group of the catalogue, and the factors that differ by them.

Field names are those of the national settlement interface and of the settlement list where they have one, else plain
English.  Amounts in fen, codes as strings, flags "0" or "1".
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mipolicy.records import read_record, record_field

__all__ = [
    "AuxiliaryFactor",
    "Case",
    "DifferenceFactor",
    "Group",
    "HistoryCase",
    "Institution",
    "PricedDisease",
    "ProcedureKind",
]


@frozen(kw_only=True)
class Case:
    """One case that an institution reports: a discharge, or an outpatient bill that a method pays.

    `hifp_pay` is what the fund's share comes to item by item.  A reversal has `refd_setl_flag` "1", names the case in
    `init_setl_id`, and carries its amounts with the opposite sign.
    """

    setl_id: str = record_field("id", "结算ID", "settlement id")
    psn_no: str = record_field("id", "人员编号", "person")
    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    insutype: str = record_field("code", "险种类型", "insurance type")
    med_type: str = record_field("code", "医疗类别", "kind of care")
    adm_time: datetime.date = record_field("date", "入院日期", "admission")
    dscg_time: datetime.date = record_field("date", "出院日期", "discharge")
    medfee_sumamt: int = record_field("fen", "医疗费总额", "total cost")
    inscp_scp_amt: int = record_field("fen", "符合政策范围金额", "in-scope amount")
    hifp_pay: int = record_field("fen", "统筹基金支付(按项目)", "the pooled fund's share, item by item")
    psn_part_amt: int = record_field("fen", "个人负担总金额", "the person's part")
    other_pay: int = record_field("fen", "其他基金支付", "paid by other funds", 0)
    hosp_part_amt: int = record_field("fen", "医院负担金额", "borne by the institution", 0)
    fulamt_ownpay_amt: int = record_field("fen", "全自费金额", "wholly self-paid", 0)
    overlmt_selfpay: int = record_field("fen", "超限价自费费用", "above price ceilings", 0)
    preselfpay_amt: int = record_field("fen", "先行自付金额", "first-pay share", 0)
    act_pay_dedc: int = record_field("fen", "实际支付起付线", "deductible taken", 0)
    drug_amt: int = record_field("fen", "药品费用", "cost of drugs", 0)
    group_code: str = record_field("text", "病组(病种)编码", "group of the catalogue", "")
    dise_codg: str = record_field("text", "病种编码", "listed disease or operation", "")
    diag_code: str = record_field("text", "主要诊断编码", "principal diagnosis, insurance ICD-10", "")
    oprn_oprt_codes: str = record_field("text", "手术操作编码", "procedures, joined by +", "")
    bilg_dept_codg: str = record_field("text", "科室编码", "department", "")
    bilg_dr_codg: str = record_field("text", "医师编码", "doctor", "")
    insuplc_admdvs: str = record_field("text", "参保地", "insured place, empty where it is here", "")
    setl_time: datetime.date | None = record_field("date", "结算日期", "posted on", None)
    act_ipt_days: int | None = record_field("count", "实际住院天数", "days of the stay", None)
    cci_class: str = record_field("text", "CCI分级", "class of the comorbidity index", "")
    severity_class: str = record_field("text", "疾病严重程度", "class of severity", "")
    age_class: str = record_field("text", "年龄分段", "class of age", "")
    icu_class: str = record_field("text", "重症监护", "class of intensive care", "")
    incomplete_flag: str = record_field("flag", "住院过程不完整", "the stay is incomplete", "0")
    planned_flag: str = record_field("flag", "计划内再入院", "return that was planned or has a cause", "0")
    pathway_exit_flag: str = record_field("flag", "退出临床路径", "left the clinical pathway", "0")
    review_state: str = record_field("code", "特例单议", "state of the special review", "none")
    review_points: int = record_field("points", "评议分值", "points by the experts", 0)
    unreasonable_amt: int = record_field("fen", "不合理费用", "cost found unreasonable", 0)
    carve_out_amt: int = record_field("fen", "除外支付金额", "carved-out cost", 0)
    refused_amt: int = record_field("fen", "审核扣款", "refused by review", 0)
    refd_setl_flag: str = record_field("flag", "退费结算标志", "reversal", "0")
    init_setl_id: str = record_field("text", "原结算ID", "case that is reversed", "")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Case:
        """A case from a record of texts: amounts in yuan, dates in ISO form; empty texts count as absent.

        Raises InputError naming the field for a name that is unknown or missing, a date or an amount it cannot read.
        """
        return read_record(cls, record, "case")


@frozen(kw_only=True)
class Institution:
    """An institution of the region in the year, as the agency keeps it."""

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    medins_name: str = record_field("text", "机构名称", "name", "")
    level: str = record_field("code", "医院等级", "institution level")
    method: str = record_field("code", "住院付费方式", "the way its stays are paid", "")
    institution_factor: int | None = record_field("factor", "机构系数", "institution factor", None)
    pilot_tcm_flag: str = record_field("flag", "试点中医医院", "pilot TCM hospital", "0")
    day_surgery_flag: str = record_field("flag", "日间手术备案", "accepted for day surgery", "0")


@frozen(kw_only=True)
class Group:
    """A group of the catalogue in force for the year: a DIP disease group or a DRG.

    The means by level are those of institutions of the level; where one is not stated, the mean of the area stands in.
    """

    group_code: str = record_field("id", "病组(病种)编码", "group")
    group_name: str = record_field("text", "名称", "name", "")
    kind: str = record_field("code", "类别", "kind of group", "core")
    base_points: int = record_field("points", "基准分值(点数)", "score, or base points", 0)
    weight: int = record_field("factor", "权重", "weight", 0)
    group_mean: int = record_field("fen", "次均费用", "mean cost of the area")
    mean_tertiary: int | None = record_field("fen", "三级次均费用", "mean cost at level 3", None)
    mean_secondary: int | None = record_field("fen", "二级次均费用", "mean cost at level 2", None)
    mean_level_1: int | None = record_field("fen", "一级次均费用", "mean cost at level 1", None)
    mean_primary: int | None = record_field("fen", "基层次均费用", "mean cost in primary care", None)
    mean_days: int = record_field("quantity", "平均住院日", "mean days", 0)
    basic_flag: str = record_field("flag", "基层病种", "basic group, the same score at every level", "0")
    tcm_flag: str = record_field("flag", "中医优势病种", "TCM-advantage group", "0")
    new_flag: str = record_field("flag", "新增病组", "new group without history", "0")


@frozen(kw_only=True)
class DifferenceFactor:
    """The difference factor of an institution in one group, or of all its groups where `group_code` is empty."""

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    group_code: str = record_field("text", "病组编码", "group", "")
    difference_factor: int = record_field("factor", "差异系数", "difference factor")


@frozen(kw_only=True)
class AuxiliaryFactor:
    """A line of the auxiliary catalogue: what a class of a dimension makes of a group's score."""

    group_code: str = record_field("id", "病种编码", "group")
    dimension: str = record_field("code", "维度", "dimension")
    aux_class: str = record_field("code", "分级", "class")
    auxiliary_factor: int = record_field("factor", "辅助系数", "auxiliary factor")


@frozen(kw_only=True)
class HistoryCase:
    """A discharge of a base year, that catalogues, base points and prices are made from.

    What is made decides which codes are needed: DIP groups need the diagnosis and the procedures, base points the
    group, prices the listed disease.  Reversals, and the cases that they take back, are left out of a history.
    """

    setl_id: str = record_field("id", "结算ID", "settlement id")
    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    level: str = record_field("code", "医院等级", "institution level")
    dscg_time: datetime.date = record_field("date", "出院日期", "discharge")
    medfee_sumamt: int = record_field("fen", "医疗费总额", "total cost")
    diag_code: str = record_field("text", "主要诊断编码", "principal diagnosis, insurance ICD-10", "")
    oprn_oprt_codes: str = record_field("text", "手术操作编码", "procedures, joined by +", "")
    group_code: str = record_field("text", "病组编码", "DRG of the case", "")
    dise_codg: str = record_field("text", "病种编码", "listed disease", "")
    cci_class: str = record_field("text", "CCI分级", "class of the comorbidity index", "")
    severity_class: str = record_field("text", "疾病严重程度", "class of severity", "")
    age_class: str = record_field("text", "年龄分段", "class of age", "")
    icu_class: str = record_field("text", "重症监护", "class of intensive care", "")
    carve_out_amt: int = record_field("fen", "除外支付金额", "carved-out cost", 0)
    act_ipt_days: int | None = record_field("count", "实际住院天数", "days of the stay", None)


@frozen(kw_only=True)
class ProcedureKind:
    """How a procedure treats: a line of the agency's table of procedures."""

    oprn_oprt_code: str = record_field("id", "手术操作编码", "procedure")
    treatment: str = record_field("code", "治疗方式", "treatment kind")


@frozen(kw_only=True)
class PricedDisease:
    """The price of a single disease that is in force."""

    dise_codg: str = record_field("id", "病种编码", "listed disease")
    price: int = record_field("fen", "付费标准", "price")
