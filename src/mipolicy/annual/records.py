"""The public records of a budget's year: an institution, its results, its months, its increments, what was refused."""

from __future__ import annotations

from attrs import frozen

from mipolicy.money import FACTOR_ONE
from mipolicy.records import record_field

__all__ = [
    "INSTITUTION_TABLES",
    "IncrementApproval",
    "IndicatorResult",
    "InstitutionMonth",
    "InstitutionYear",
    "RefusedCost",
]


@frozen(kw_only=True)
class InstitutionYear:
    """An institution's year: its quotas, what was spent, what its books hold; one row an institution.

    quota_outpatient, quota_inpatient, quota_special: where stated, they sum to quota_local.  state: the state of the
    assessment, only where no table of results is given.  advanced: left out where months are given.  refused_amt: left
    out where refused cost is given by reason.
    """

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    medins_name: str = record_field("text", "医疗机构名称", "name", "")
    quota_local: int = record_field("fen", "市内控制额", "quota of care in the city", 0)
    quota_outpatient: int | None = record_field("fen", "普通门诊控制额", "quota of general outpatients", None)
    quota_inpatient: int | None = record_field("fen", "一般住院控制额", "quota of general inpatients", None)
    quota_special: int | None = record_field("fen", "特殊病种门诊控制额", "quota of special-disease outpatients", None)
    quota_out: int = record_field("fen", "市外控制额", "quota of care out of the city", 0)
    points_amt: int = record_field("fen", "点数应付", "points amount", 0)
    actual_local: int = record_field("fen", "市内实际发生", "actual cost in the city")
    actual_out: int = record_field("fen", "市外实际发生", "actual cost out of the city", 0)
    stated_out: int = record_field("fen", "市外超支(报定)", "overrun out of the city, as stated", 0)
    state: str = record_field("code", "考评状态", "assessment state", "")
    assessment_factor: int = record_field("factor", "考核系数", "assessment factor", int(FACTOR_ONE))
    advanced: int | None = record_field("fen", "已预付总额", "advanced in the year", None)
    refused_amt: int = record_field("fen", "审核拒付", "refused by review", 0)
    prepayment_left: int = record_field("fen", "未收回预付金", "prepayment not yet recovered", 0)
    carried_in: int = record_field("fen", "上年结转扣回", "carried forward from the year before", 0)
    quality_mark: int | None = record_field("points", "医疗质量得分", "mark of care quality, 0 to 100", None)
    internal_mark: int | None = record_field("points", "内部考核得分", "mark of the internal appraisal, 0 to 100", None)
    assessment: int | None = record_field("points", "保证金考核得分", "mark of the assessment, 0 to 100", None)


@frozen(kw_only=True)
class IndicatorResult:
    """Whether an institution met an indicator of the policy; one row an institution and indicator."""

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    indicator: str = record_field("text", "考评指标", "indicator")
    met_flag: str = record_field("flag", "是否达标", "1 met, 0 not met")


@frozen(kw_only=True)
class InstitutionMonth:
    """What an institution spent in a month, from 1 to 12; the months of a year sum to its actual cost."""

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    month: int = record_field("count", "月份", "month, 1 to 12")
    actual_amt: int = record_field("fen", "当月实际发生", "actual cost of the month")


@frozen(kw_only=True)
class IncrementApproval:
    """One approval of a cost added in the year; an increment has a row for each approval, its amount in all alike."""

    increment_id: str = record_field("id", "增量编号", "increment")
    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    amount: int = record_field("fen", "增量金额", "cost added")
    approval: str = record_field("text", "审批", "approval")
    approved_on: int | None = record_field("date", "审批日期", "day of the approval; empty: not yet", None)


@frozen(kw_only=True)
class RefusedCost:
    """Cost of an institution that review refused, for a reason; several rows of one reason add up."""

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    reason: str = record_field("text", "拒付原因", "reason")
    refused_amt: int = record_field("fen", "审核拒付", "refused by review")


INSTITUTION_TABLES = {
    "results": IndicatorResult,
    "months": InstitutionMonth,
    "increments": IncrementApproval,
    "refused": RefusedCost,
}
"""The tables beside the institutions, with the record whose fields name their columns."""
