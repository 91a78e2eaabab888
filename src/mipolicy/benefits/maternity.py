"""Maternity (生育): medical cost by kind of care for both schemes, and the maternity allowance of employees.

Rules B33, B34; formulas.md section 1.  Amounts in fen, rates per million, leave in days.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input
from mipolicy.errors import InputError
from mipolicy.money import NO_LIMIT, A
from mipolicy.policy.kinds import FigureKind, TableKind, choice_table, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, is_same, lookup, mul_div, pick, remaining, share

__all__ = [
    "KIND",
    "WAYS",
    "EmployeeMaternityTerms",
    "MaternityAllowance",
    "MaternityCare",
    "MaternityLeave",
    "MaternityMedical",
    "MaternityTerms",
    "ResidentMaternityTerms",
    "allowance",
    "loss_kind",
    "medical",
]

KIND: Final = Axis(
    "kind",
    (
        "antenatal",
        "vaginal_delivery",
        "caesarean",
        "difficult_delivery",
        "early_loss",
        "late_loss",
        "family_planning",
    ),
    ("产前检查", "顺产", "剖宫产", "难产", "早期流产", "晚期流产", "计划生育手术"),
    (
        "antenatal care",
        "vaginal delivery",
        "caesarean section",
        "difficult delivery",
        "early loss",
        "late loss",
        "family-planning operation",
    ),
)
"""Kinds of maternity care; the terms say from how many months on a loss is late."""
WAYS: Final = ("fixed_amount", "rate")
"""定额 and 比例: how a kind of care is paid."""
_FIXED: Final = WAYS.index("fixed_amount")


@frozen
class MaternityTerms:
    """What a document fixes for the medical cost of maternity care, in either scheme."""

    late_loss_months: int = terms_field(
        FigureKind("count"), "晚期流产起始孕月", "full months of pregnancy from which a loss is late"
    )
    way: Table = terms_field(
        choice_table(WAYS, KIND, zh=("定额", "比例")), "支付方式", "a fixed amount, or a rate of the cost"
    )
    rate: Table = terms_field(
        TableKind("rate", (KIND, LEVEL)), "支付比例", "rate, of no effect on kinds that are paid a fixed amount"
    )
    limit: Table = terms_field(
        TableKind("fen", (KIND, LEVEL)), "定额标准或支付限额", "fixed amount, or the ceiling of what is paid by a rate"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a fixed amount without an amount."""
        for at, kind in enumerate(KIND.members):
            limits = [lookup(self.limit, at, level) for level in range(len(LEVEL.members))]
            if lookup(self.way, at) == _FIXED and NO_LIMIT in limits:
                raise InputError(
                    f'limit: {kind} is paid a fixed amount, which cannot be "none"; state it, or make the way a rate'
                )


@frozen
class ResidentMaternityTerms(MaternityTerms):
    """Residents: medical cost only (rule B34)."""


@frozen
class EmployeeMaternityTerms(MaternityTerms):
    """Employees: medical cost and the allowance (rule B33)."""

    base_days: Table = terms_field(TableKind("days", (KIND,)), "基本产假天数", "days of leave")
    difficult_days: Table = terms_field(
        TableKind("days", (KIND,)), "难产增加天数", "days added for a difficult delivery, by kind"
    )
    further_child_days: Table = terms_field(
        TableKind("days", (KIND,)), "多胞胎每多一个婴儿增加天数", "days added for each further child, by kind"
    )
    local_days: Table = terms_field(TableKind("days", (KIND,)), "地方增加天数", "days added by local rules")
    month_days: int = terms_field(FigureKind("days"), "月折算天数", "days that a month's wage is divided by")

    def __attrs_post_init__(self) -> None:
        """Refuse a month without days."""
        MaternityTerms.__attrs_post_init__(self)
        if self.month_days < 1:
            raise InputError(f"month_days divides a month's wage, so it is at least 1, not {self.month_days}")


@frozen
class MaternityCare(Generic[A]):
    """The cost of one kind of care, and what this kind has been paid for the same pregnancy so far."""

    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    kind: A = labelled(KIND, "生育医疗类别", "kind of maternity care")
    hosp_lv: A = labelled(LEVEL, "医院等级", "institution level")
    limit_used: A = labelled("fen", "本次妊娠该类别已支付", "paid for this kind in this pregnancy so far")


@frozen
class MaternityMedical(Generic[A]):
    """What the fund pays of the cost, step by step, in the order computed."""

    by_rate: A = labelled("fen", "按比例计算金额", "in-scope amount at the rate")
    before_limits: A = labelled("fen", "限额前支付", "fund's share before limits")
    limit_left: A = labelled("fen", "剩余定额或限额", "left of the fixed amount or ceiling")
    hifp_pay: A = labelled("fen", "统筹基金支付", "paid by the pooled fund")
    limit_used_after: A = labelled("fen", "定额或限额累计", "paid for this kind after")
    left_to_person: A = labelled("fen", "范围内个人负担", "in-scope amount left to the person")


def medical(terms: MaternityTerms, care: MaternityCare[A]) -> MaternityMedical[A]:
    """What the fund pays of the medical cost, of either scheme (rules B33, B34).

    A fixed amount pays the in-scope cost up to the amount, never above it; a rate pays its share up to the ceiling.
    Both hold for one kind of care over one pregnancy.
    Raises InputError, CodeError or AmountError for an input that is out of range (`check_input`).
    Source: 天津 2021 三(一) 生育保险; way and figures are open there.
    """
    check_input(care)
    by_rate = share(care.inscp_scp_amt, lookup(terms.rate, care.kind, care.hosp_lv))
    fixed = is_same(lookup(terms.way, care.kind), _FIXED)
    before_limits = pick(fixed, care.inscp_scp_amt, by_rate)
    limit_left = remaining(lookup(terms.limit, care.kind, care.hosp_lv), care.limit_used)
    hifp_pay = capped(before_limits, limit_left)
    return MaternityMedical(
        by_rate=by_rate,
        before_limits=before_limits,
        limit_left=limit_left,
        hifp_pay=hifp_pay,
        limit_used_after=care.limit_used + hifp_pay,
        left_to_person=care.inscp_scp_amt - hifp_pay,
    )


@frozen
class MaternityLeave(Generic[A]):
    """One leave: what for, how many children were born, and the wage that the allowance is reckoned on."""

    kind: A = labelled(KIND, "生育医疗类别", "kind of maternity care")
    children: A = labelled("count", "生育婴儿数", "children born")
    mean_monthly_wage: A = labelled("fen", "用人单位上年度职工月平均工资", "employer's mean monthly wage, year before")


@frozen
class MaternityAllowance(Generic[A]):
    """The allowance, step by step, in the order computed."""

    base_days: A = labelled("days", "基本产假天数", "days of leave")
    difficult_days: A = labelled("days", "难产增加天数", "added for a difficult delivery")
    further_children: A = labelled("count", "多生育婴儿数", "children beyond the first")
    further_child_days: A = labelled("days", "多胞胎增加天数", "added for further children")
    local_days: A = labelled("days", "地方增加天数", "added by local rules")
    days: A = labelled("days", "享受津贴天数", "days that the allowance is paid for")
    allowance: A = labelled("fen", "生育津贴", "maternity allowance")


def allowance(terms: EmployeeMaternityTerms, leave: MaternityLeave[A]) -> MaternityAllowance[A]:
    """The maternity allowance of an employee, rounded once (rule B33).

    Source: 天津 2021 三(一) 生育津贴; formulas.md section 1: employer's prior-year mean monthly wage / 30 x days.
    Raises InputError for residents' terms, who have no allowance (rule B34), and for an input that is out of range;
    CodeError for a kind that is not on the list; AmountError for what is no whole number.
    """
    if not isinstance(terms, EmployeeMaternityTerms):
        raise InputError(
            "residents are paid medical cost only, no maternity allowance (rule B34); "
            "an allowance is asked of the terms of maternity.employee"
        )
    check_input(leave)
    base_days = lookup(terms.base_days, leave.kind)
    difficult_days = lookup(terms.difficult_days, leave.kind)
    further_children = beyond(leave.children, 1)
    further_child_days = further_children * lookup(terms.further_child_days, leave.kind)
    local_days = lookup(terms.local_days, leave.kind)
    days = base_days + difficult_days + further_child_days + local_days
    return MaternityAllowance(
        base_days=base_days,
        difficult_days=difficult_days,
        further_children=further_children,
        further_child_days=further_child_days,
        local_days=local_days,
        days=days,
        allowance=mul_div(leave.mean_monthly_wage, days, terms.month_days),
    )


def loss_kind(terms: MaternityTerms, full_months: int) -> str:
    """Whether a loss is early or late, by full months of pregnancy (rule B33).

    Raises InputError for a negative number of months.
    """
    if full_months < 0:
        raise InputError(f"full months of pregnancy are not negative, got {full_months}")
    return "late_loss" if full_months >= terms.late_loss_months else "early_loss"
