"""Long-term care insurance (长期护理保险): who is covered, and what is paid by disability grade and care mode.

Rules B35, B36; formulas.md section 1.  Amounts in fen, rates per million; units of care are what the terms say.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import SCHEMES
from mipolicy.checked import check_input
from mipolicy.errors import InputError
from mipolicy.money import NO_LIMIT, A
from mipolicy.policy.kinds import ChoiceKind, TableKind, choice_table, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, beyond, capped, is_over, is_same, lookup, none_of, pick, remaining, share

__all__ = [
    "BASES",
    "GRADE",
    "MODE",
    "SCHEME",
    "UNITS",
    "Care",
    "Eligibility",
    "LongTermCare",
    "LongTermCareTerms",
    "eligibility",
    "settle",
]

SCHEME: Final = Axis("scheme", SCHEMES, ("职工", "居民"), ("employees", "residents"))
GRADE: Final = Axis(
    "grade",
    ("normal", "mild", "moderate", "severe_1", "severe_2", "severe_3"),
    ("基本正常", "轻度失能", "中度失能", "重度失能Ⅰ级", "重度失能Ⅱ级", "重度失能Ⅲ级"),
    ("normal", "mild", "moderate", "severe I", "severe II", "severe III"),
)
"""The grades of the national disability scale (医保办发〔2021〕37号), 0 to 5: a later position is a graver one."""
MODE: Final = Axis(
    "mode",
    ("institution", "home_agency", "home_self"),
    ("机构护理", "居家上门护理", "居家自主护理"),
    ("in an institution", "at home by an agency", "at home by the family"),
)
UNITS: Final = ("hour", "day", "month")
BASES: Final = ("standard", "cost")
"""What the rate is applied to: the standard times the units, or the cost up to that."""
_NO_YES: Final = ("no", "yes")
_ON_COST: Final = BASES.index("cost")


@frozen
class LongTermCareTerms:
    """What a document fixes for long-term care."""

    covered: Table = terms_field(
        choice_table(_NO_YES, SCHEME, zh=("否", "是")), "覆盖参保人群", "schemes whose insured are covered"
    )
    least_grade: str = terms_field(
        ChoiceKind(GRADE.members), "最低失能等级", "least disability grade on the national scale"
    )
    unit: Table = terms_field(
        choice_table(UNITS, MODE, zh=("小时", "天", "月")), "计量单位", "unit that care is counted in"
    )
    basis: Table = terms_field(
        choice_table(BASES, MODE, zh=("标准", "费用")), "计算依据", "the standard, or the cost up to the standard"
    )
    standard: Table = terms_field(TableKind("fen", (GRADE, MODE)), "待遇标准", "standard per unit of care")
    rate: Table = terms_field(TableKind("rate", (GRADE, MODE)), "支付比例", "reimbursement rate")
    month_cap: Table = terms_field(TableKind("fen", (GRADE, MODE)), "月支付限额", "most paid in a month")
    year_cap: Table = terms_field(TableKind("fen", (GRADE, MODE)), "年支付限额", "most paid in a year")

    def __attrs_post_init__(self) -> None:
        """Refuse a standard that does not exist where the payment is reckoned on it."""
        for at, grade in enumerate(GRADE.members):
            for by, mode in enumerate(MODE.members):
                if lookup(self.basis, by) != _ON_COST and lookup(self.standard, at, by) == NO_LIMIT:
                    raise InputError(
                        f'standard.{grade}.{mode} is "none", but {mode} is reckoned on the standard; '
                        f'state an amount, or "cost" as basis.{mode}'
                    )


@frozen
class Eligibility:
    """Whether a person is covered, and why (rule B35)."""

    eligible: bool
    reason: str


def eligibility(terms: LongTermCareTerms, scheme: str, grade: str) -> Eligibility:
    """Whether an insured person of a scheme with an assessed grade is covered (rule B35).

    scheme: employee or resident; grade: a word of `GRADE`.
    Raises CodeError for a scheme or grade that does not exist.
    Source: 天津 2021 三(三) 长期护理保险试点; national scale 医保办发〔2021〕37号.
    """
    least = GRADE.position(terms.least_grade)
    at = GRADE.position(grade)
    if not lookup(terms.covered, SCHEME.position(scheme)):
        return Eligibility(False, f"insured of the {scheme} scheme are not covered")
    if at < least:
        return Eligibility(False, f"grade {at} {GRADE.en[at]} is below {least} {GRADE.en[least]}")
    return Eligibility(True, f"grade {at} {GRADE.en[at]} is at least {least} {GRADE.en[least]}")


@frozen
class Care(Generic[A]):
    """Care of one person over part of a month, coded, and what the month and the year have been paid so far."""

    scheme: A = labelled(SCHEME, "参保险种", "scheme")
    grade: A = labelled(GRADE, "失能等级", "disability grade")
    mode: A = labelled(MODE, "护理方式", "mode of care")
    units: A = labelled("count", "护理数量", "units of care")
    cost: A = labelled("fen", "护理费用", "cost of the care")
    month_cap_used: A = labelled("fen", "本月已支付", "paid in the month so far")
    year_cap_used: A = labelled("fen", "本年已支付", "paid in the year so far")


@frozen
class LongTermCare(Generic[A]):
    """What the care is paid, step by step, in the order computed."""

    covered: A = labelled("flag", "属覆盖人群", "the scheme is covered")
    grade_met: A = labelled("flag", "达到失能等级", "the grade is reached")
    eligible: A = labelled("flag", "享受待遇", "eligible")
    standard_amount: A = labelled("fen", "标准金额", "standard times units")
    payable: A = labelled("fen", "可计算金额", "amount that counts")
    before_limits: A = labelled("fen", "限额前支付", "fund's share before limits")
    month_cap_left: A = labelled("fen", "本月剩余限额", "left of the month's cap before")
    year_cap_left: A = labelled("fen", "本年剩余限额", "left of the year's cap before")
    care_pay: A = labelled("fen", "长期护理保险基金支付", "paid by the long-term care fund")
    left_to_person: A = labelled("fen", "个人负担费用", "cost left to the person")
    month_cap_used_after: A = labelled("fen", "本月累计支付", "paid in the month after")
    year_cap_used_after: A = labelled("fen", "本年累计支付", "paid in the year after")


def settle(terms: LongTermCareTerms, care: Care[A]) -> LongTermCare[A]:
    """What long-term care is paid, one person's or a column of them (rules B35, B36).

    Source: 天津 2021 三(三) 长期护理保险试点; formulas.md section 1: min(cap(grade, mode), share(standard x units,
    rate)); of the caps counts what the month and the year have left.
    Raises InputError, CodeError or AmountError for an input that is out of range (`check_input`).
    """
    check_input(care)
    covered = lookup(terms.covered, care.scheme)
    grade_met = none_of(is_over(GRADE.position(terms.least_grade), care.grade))
    eligible = all_of(covered, grade_met)

    standard_amount = lookup(terms.standard, care.grade, care.mode) * care.units
    on_cost = is_same(lookup(terms.basis, care.mode), _ON_COST)
    counted = pick(on_cost, capped(care.cost, standard_amount), standard_amount)
    payable = pick(eligible, counted, 0)
    before_limits = share(payable, lookup(terms.rate, care.grade, care.mode))

    month_cap_left = remaining(lookup(terms.month_cap, care.grade, care.mode), care.month_cap_used)
    year_cap_left = remaining(lookup(terms.year_cap, care.grade, care.mode), care.year_cap_used)
    care_pay = capped(capped(before_limits, month_cap_left), year_cap_left)
    return LongTermCare(
        covered=covered,
        grade_met=grade_met,
        eligible=eligible,
        standard_amount=standard_amount,
        payable=payable,
        before_limits=before_limits,
        month_cap_left=month_cap_left,
        year_cap_left=year_cap_left,
        care_pay=care_pay,
        left_to_person=beyond(care.cost, care_pay),
        month_cap_used_after=care.month_cap_used + care_pay,
        year_cap_used_after=care.year_cap_used + care_pay,
    )
