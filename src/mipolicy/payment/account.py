"""The public records of a year beside its cases: contracts paid by the head, and an institution's account."""

from __future__ import annotations

from attrs import frozen

from mipolicy.money import FACTOR_ONE
from mipolicy.records import record_field

__all__ = ["ContractRecord", "YearAccount"]


@frozen(kw_only=True)
class ContractRecord:
    """A contract paid by the head: who is enrolled where, and what their care elsewhere cost.

    own_amt: the fund's share of care at the institution; left out, it is that of the table's cases of the condition.
    """

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    pool: str = record_field("code", "险种", "pool")
    condition: str = record_field("code", "人头类别", "condition")
    enrolled: int = record_field("count", "签约人数", "enrolled persons")
    months: int = record_field("count", "月数", "months", 12)
    risk_factor: int = record_field("factor", "风险调整系数", "risk factor", int(FACTOR_ONE))
    own_amt: int | None = record_field("fen", "本机构费用", "cost at the institution, as the fund's share", None)
    outside_amt: int = record_field("fen", "外出就医费用", "cost elsewhere, as the fund's share", 0)


@frozen(kw_only=True)
class YearAccount:
    """What the agency's books hold of an institution and pool at the clearing.

    months_paid: left out, it is what the policy's terms for the month come to.
    """

    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    pool: str = record_field("code", "险种", "pool")
    assessment: int = record_field("points", "考核得分", "mark of the assessment, 0 to 100")
    months_paid: int | None = record_field("fen", "月度已付合计", "paid in months", None)
    prepayment_left: int = record_field("fen", "未收回预付金", "prepayment not yet recovered", 0)
    carried_in: int = record_field("fen", "上年结转扣回", "carried forward from the year before", 0)
