"""Advances (预付、预拨、周转金): what institutions are paid before the year, or the month, is settled.

Rules S11, S20, S21, S32, S33; readings A14-A16.  Amounts in fen, rates per million, factors per ten thousand.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final, Generic

from attrs import frozen

from mipolicy.calendar import WorkingDays, working_day
from mipolicy.checked import check_input, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, RATE_ONE, A
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, terms_field
from mipolicy.rounding import half_up_int
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, beyond, capped, half_up, mul_div, pick, share

__all__ = [
    "AdvanceTerms",
    "Balance",
    "BalancedYear",
    "Capital",
    "CapitalMonths",
    "DipAdvance",
    "DipAdvanceTerms",
    "DipMonth",
    "Eligibility",
    "MonthAdvance",
    "MonthOfYear",
    "Recovery",
    "RecoveryYear",
    "WorkingCapitalTerms",
    "advance_dip",
    "advance_month",
    "balance",
    "due_on",
    "eligibility_of",
    "per_institution",
    "recover",
    "working_capital",
]

_MONTHS: Final = 12
_MOST_WORKING_DAYS: Final = 15
"""Every month has at least as many working days."""


@frozen
class AdvanceTerms:
    """What a document fixes about monthly advances against a quota."""

    rule: str = terms_field(
        ChoiceKind(("min", "cumulative_min", "weighted")), "月度预付规则", "how quota and actual cost make the advance"
    )
    quota_weight: int = terms_field(
        FigureKind("rate"), "控制额权重", "weight of the month's quota where weighted, else 0"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a weight that no rule uses."""
        if self.rule != "weighted" and self.quota_weight:
            raise InputError(f"quota_weight is stated, but the rule {self.rule} uses none; state 0")


@frozen
class MonthOfYear(Generic[A]):
    """A month of an institution's year, from 1: its quota, its actual cost, what was advanced before."""

    month: A = labelled("count", "月份", "month")
    quota: A = labelled("fen", "年度控制额", "quota of the year")
    actual: A = labelled("fen", "当月实际发生", "actual cost of the month")
    actual_so_far: A = labelled("fen", "累计实际发生", "actual cost of the year so far, the month included")
    advanced_before: A = labelled("fen", "此前已预付", "advanced in the months before")


@frozen
class MonthAdvance(Generic[A]):
    """The advance of a month, in the order computed; the twelve months' quotas sum to the year's."""

    quota_so_far: A = labelled("fen", "累计控制额", "quota of the months so far")
    month_quota: A = labelled("fen", "当月控制额", "quota of the month")
    over_quota: A = labelled("fen", "当月超控制额", "actual cost beyond the month's quota")
    advance: A = labelled("fen", "月度预付", "advance")
    advanced: A = labelled("fen", "累计预付", "advanced so far")


def advance_month(terms: AdvanceTerms, of: MonthOfYear[A]) -> MonthAdvance[A]:
    """The advance of one month (rule S11, reading A16).

    min: the lower of the month's quota and its actual cost.  cumulative_min: the lower of both so far, less what was
    advanced, never below 0.  weighted: both by weight, half up once.
    Raises InputError for a month outside 1 to 12, a month dearer than the year so far and figures out of range.
    Source: 虞政发〔2013〕36号 二(一)3.
    """
    check_input(of)
    refuse((of.month < 1) | (of.month > _MONTHS), "month is {}; months are 1 to 12", of.month)
    refuse(of.actual > of.actual_so_far, "the month cost {} fen, more than the year so far; correct one", of.actual)
    quota_so_far = mul_div(of.quota, of.month, _MONTHS)
    month_quota = quota_so_far - mul_div(of.quota, of.month - 1, _MONTHS)
    if terms.rule == "min":
        advance = capped(of.actual, month_quota)
    elif terms.rule == "cumulative_min":
        advance = beyond(capped(of.actual_so_far, quota_so_far), of.advanced_before)
    else:
        weight = terms.quota_weight
        advance = half_up(month_quota * weight + of.actual * (RATE_ONE - weight), int(RATE_ONE))
    return MonthAdvance(
        quota_so_far, month_quota, beyond(of.actual, month_quota), advance, of.advanced_before + advance
    )


@frozen
class BalancedYear(Generic[A]):
    """What a year is worth to an institution, and what it was advanced."""

    entitled: A = labelled("fen", "应付总额", "owed for the year")
    advanced: A = labelled("fen", "已预付总额", "advanced in the year")


@frozen
class Balance(Generic[A]):
    """Advance against what is owed: one of both sides is 0."""

    to_pay: A = labelled("fen", "应补付", "still to be paid")
    to_recover: A = labelled("fen", "应收回", "to be recovered")


def balance(of: BalancedYear[A]) -> Balance[A]:
    """The balance at the end of the year (rule S11): entitled = advanced + to_pay - to_recover.

    Raises InputError for figures out of range.

    >>> balance(BalancedYear(900_00, 950_00))
    Balance(to_pay=0, to_recover=5000)
    """
    check_input(of)
    return Balance(beyond(of.entitled, of.advanced), beyond(of.advanced, of.entitled))


@frozen
class DipAdvanceTerms:
    """What a document fixes about advances on last month's cost to institutions paid by DIP."""

    base: str = terms_field(
        ChoiceKind(("fund_payable", "total_cost")), "预拨基数", "what of last month's DIP cases the advance is of"
    )
    rate: int = terms_field(FigureKind("rate"), "预拨比例", "advance as a share of the base")
    due_working_day: int = terms_field(
        FigureKind("days"), "预拨期限(工作日)", "last working day of the month to pay on"
    )
    conditions: tuple[str, ...] = terms_field(CodesKind(), "预拨条件", "conditions that an institution has to meet")

    def __attrs_post_init__(self) -> None:
        """Refuse a working day that a month may not have."""
        if not 1 <= self.due_working_day <= _MOST_WORKING_DAYS:
            raise InputError(f"due_working_day is from 1 to {_MOST_WORKING_DAYS}, got {self.due_working_day}")


@frozen
class Eligibility:
    """Whether an institution may be advanced, and which conditions it does not meet, in the order of the terms."""

    eligible: int
    failed: tuple[str, ...]


def eligibility_of(terms: DipAdvanceTerms, met: Mapping[str, int | None]) -> Eligibility:
    """Ask every condition; all are needed (rule S21).

    met: 1 or 0 by condition.
    Raises CodeError for a condition that the terms do not have, InputError for one without an answer.
    Source: 常德 2023 二(四).
    """
    unknown = [name for name in met if name not in terms.conditions]
    if unknown:
        raise CodeError(f"unknown condition {unknown[0]!r}; the terms list: {', '.join(terms.conditions)}")
    for name in terms.conditions:
        answer = met.get(name)
        if type(answer) is not int or answer not in (0, 1):
            raise InputError(f"condition {name} is {answer!r}; state 1 (met) or 0 (not met)")
    failed = tuple(name for name in terms.conditions if not met[name])
    return Eligibility(int(not failed), failed)


@frozen
class DipMonth(Generic[A]):
    """Last month's cases of an institution, whether it is paid by DIP and whether it may be advanced."""

    is_dip: A = labelled("flag", "实行DIP结算", "paid by DIP")
    eligible: A = labelled("flag", "符合预拨条件", "meets the conditions")
    fund_payable: A = labelled("fen", "上月DIP病例基金应付", "what the fund owes for last month's DIP cases")
    total_cost: A = labelled("fen", "上月DIP病例总费用", "total cost of last month's DIP cases")


@frozen
class DipAdvance(Generic[A]):
    """The advance on last month's cost, in the order computed."""

    base: A = labelled("fen", "预拨基数", "base of the advance")
    granted: A = labelled("flag", "可预拨", "advance granted")
    advance: A = labelled("fen", "预拨金额", "advance")


def advance_dip(terms: DipAdvanceTerms, of: DipMonth[A]) -> DipAdvance[A]:
    """The advance on last month's cost (rule S20, reading A14).

    Raises InputError for figures out of range, and where the fund owes more than the total cost.
    Source: 常德 2023 二(四).
    """
    check_input(of)
    refuse(
        of.fund_payable > of.total_cost, "fund_payable is {} fen, more than total_cost; correct one", of.fund_payable
    )
    base = of.fund_payable if terms.base == "fund_payable" else of.total_cost
    granted = all_of(of.is_dip, of.eligible)
    return DipAdvance(base, granted, pick(granted, share(base, terms.rate), 0))


def due_on(terms: DipAdvanceTerms, year: int, month: int, calendar: WorkingDays) -> datetime.date:
    """The last day to advance on in a month: that working day itself is on time (rule S20, reading A15).

    calendar: working days, make-up days counted; see `mipolicy.calendar.StatedDays` and
    `mipolicy.interop.working_days`.
    Raises InputError for a month that is none and days that the calendar does not know.
    Source: 常德 2023 二(四).
    """
    return working_day(calendar, year, month, terms.due_working_day)


@frozen
class WorkingCapitalTerms:
    """What a document fixes about working capital that institutions hold."""

    average_months: int = terms_field(FigureKind("count"), "平均月数", "months that the average is of")
    months_held: int = terms_field(FigureKind("factor"), "周转月数", "months of spending that are held")
    at_year_end: str = terms_field(
        ChoiceKind(("recovered", "kept")), "年末处理", "whether it is recovered from the year's settlement or kept"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse an average of no month or of more than a year."""
        if not 1 <= self.average_months <= _MONTHS:
            raise InputError(f"average_months is from 1 to 12, got {self.average_months}")


@frozen
class CapitalMonths(Generic[A]):
    """An institution's spending of the months that the average is of, and the working capital that it holds."""

    months_amt: A = labelled("fen", "近月基金支出合计", "fund spending of those months together")
    held: A = labelled("fen", "已持有周转金", "working capital held")


@frozen
class Capital(Generic[A]):
    """Working capital in the order computed."""

    due: A = labelled("fen", "应持有周转金", "working capital due")
    to_pay: A = labelled("fen", "应增拨", "to be paid")
    to_recover: A = labelled("fen", "应收回", "to be recovered")


def working_capital(terms: WorkingCapitalTerms, of: CapitalMonths[A]) -> Capital[A]:
    """Working capital of an institution from its recent monthly spending (rule S32), half up once.

    Raises InputError for figures out of range.
    Source: 天津 2021 三(四) 支付方式.
    """
    check_input(of)
    due = mul_div(of.months_amt, terms.months_held, terms.average_months * int(FACTOR_ONE))
    return Capital(due, beyond(due, of.held), beyond(of.held, due))


@frozen
class RecoveryYear(Generic[A]):
    """Working capital held at the end of a year, and what the year's settlement still owes."""

    held: A = labelled("fen", "持有周转金", "working capital held")
    payable: A = labelled("fen", "清算应付", "still owed at the settlement")


@frozen
class Recovery(Generic[A]):
    """What of the working capital is set off; held = recovered + left, payable = recovered + paid_out."""

    recovered: A = labelled("fen", "抵扣收回", "recovered")
    left: A = labelled("fen", "未收回周转金", "working capital not yet recovered")
    paid_out: A = labelled("fen", "抵扣后实付", "paid out")


def recover(terms: WorkingCapitalTerms, of: RecoveryYear[A]) -> Recovery[A]:
    """Recover working capital at the end of the year from what is still owed, never beyond it (rule S32).

    Raises InputError for figures out of range.
    Source: 天津 2021 三(四) 支付方式.
    """
    check_input(of)
    recovered = capped(of.held, of.payable) if terms.at_year_end == "recovered" else of.held - of.held
    return Recovery(recovered, of.held - recovered, of.payable - recovered)


def per_institution(amount: int, institutions: int) -> int:
    """The mean of an amount over institutions, half up to the fen (rule S33).

    Raises InputError for an amount or a number of institutions below 1.
    Source: 天津 2021 一(一) 重大疫情: 1.28亿元 to 78, 15.3亿元 to 418 institutions.

    >>> per_institution(128_000_000_00, 78), per_institution(1_530_000_000_00, 418)
    (164102564, 366028708)
    """
    if type(institutions) is not int or institutions < 1:
        raise InputError(f"institutions is {institutions!r}; a mean is over at least one")
    if type(amount) is not int or not 0 <= amount <= MAX_FEN:
        raise InputError(f"amount is {amount!r}; an amount from 0 to {int(MAX_FEN)} fen is due")
    return half_up_int(amount, institutions)
