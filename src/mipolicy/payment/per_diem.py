"""Payment per bed-day (按床日付费): days x standard, phased by length of stay and level.

Rules P14, P18; reading A59; formulas.md section 4.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Generic

import numpy as np
from attrs import astuple, frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, for_each, refuse, refuse_no_limit
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, A
from mipolicy.payment.axes import POOL
from mipolicy.payment.price import FUND_BASES, by_level, priced
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TableKind,
    TextKind,
    terms_field,
)
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, beyond, capped, is_over, lookup, none_of, pick

__all__ = [
    "BedDayCase",
    "BedDayCondition",
    "BedDayPhase",
    "PerDiem",
    "PerDiemTerms",
    "condition_of",
    "pay",
]

_NEVER: Final = 10**9
"""A day that no stay reaches: where a phase ends that no other follows."""


@frozen
class BedDayCondition:
    """A condition whose stays are paid per bed-day, known by disease, by department or by either."""

    condition: str = terms_field(TextKind(), "类别", "condition")
    diseases: tuple[str, ...] = terms_field(CodesKind(), "病种编码", "diseases", default=())
    departments: tuple[str, ...] = terms_field(CodesKind(), "科室编码", "departments", default=())

    def __attrs_post_init__(self) -> None:
        """Refuse a condition without a name, or by which no case could be known."""
        if not self.condition:
            raise InputError("condition is empty; a condition has a name")
        if not self.diseases and not self.departments:
            raise InputError(f"condition {self.condition} names neither diseases nor departments")


@frozen
class BedDayPhase:
    """The standard of a condition's days from one day of the stay on, counted from 1."""

    phase: str = terms_field(TextKind(), "分段", "phase")
    condition: str = terms_field(TextKind(), "类别", "condition")
    from_day: int = terms_field(FigureKind("days"), "起始天数", "first day of the phase, counted from 1")
    standard: int = terms_field(FigureKind("fen"), "床日标准", "standard of a day")
    tertiary: int | None = terms_field(FigureKind("fen"), "三级床日标准", "standard at level 3", default=None)
    secondary: int | None = terms_field(FigureKind("fen"), "二级床日标准", "standard at level 2", default=None)
    level_1: int | None = terms_field(FigureKind("fen"), "一级床日标准", "standard at level 1", default=None)
    primary: int | None = terms_field(FigureKind("fen"), "基层床日标准", "standard in primary care", default=None)
    ungraded: int | None = terms_field(FigureKind("fen"), "无等级床日标准", "standard where ungraded", default=None)

    def __attrs_post_init__(self) -> None:
        """Refuse a phase from day 0, and a standard of nothing or without limit."""
        if not 1 <= self.from_day < _NEVER:
            raise InputError(f"phase {self.phase}: from_day counts from 1, not {self.from_day}")
        refuse_no_limit(standard=self.standard, **{level: getattr(self, level) for level in LEVEL.members})

    def by_level(self) -> tuple[int, ...]:
        """The standard at each level, in the order of the axis."""
        return by_level(self, "standard")


@frozen(slots=False)
class PerDiemTerms:
    """What a document fixes for stays paid per bed-day."""

    conditions: tuple[BedDayCondition, ...] = terms_field(
        RecordsKind(BedDayCondition, "condition"), "按床日付费类别", "conditions paid per bed-day"
    )
    phases: tuple[BedDayPhase, ...] = terms_field(
        RecordsKind(BedDayPhase, "phase"), "床日标准", "standards by condition and phase of the stay"
    )
    phasing: str = terms_field(
        ChoiceKind(("each_phase", "whole_stay")), "分段方式", "each day by its phase, or all by that of the last day"
    )
    discharge_day_counts: int = terms_field(FlagKind(), "出院日计入", "whether the day of discharge counts")
    same_day_days: int = terms_field(FigureKind("days"), "当日入出院计算天数", "days that a same-day stay counts")
    fund_basis: str = terms_field(ChoiceKind(FUND_BASES), "基金支付计算依据", "what the fund's part is reckoned on")
    fund_rate: Table = terms_field(TableKind("rate", (LEVEL, POOL)), "基金支付比例", "the fund's share of the standard")
    floor_at_zero: int = terms_field(FlagKind(), "基金支付不低于零", "whether the fund never takes back")

    def __attrs_post_init__(self) -> None:
        """Refuse phases of no condition, a condition without a phase from day 1, and two phases of one day."""
        names = [each.condition for each in self.conditions]
        for each in self.phases:
            if each.condition not in names:
                raise InputError(f"phase {each.phase}: no condition {each.condition!r}; conditions: {', '.join(names)}")
        for name in names:
            days = [each.from_day for each in self._of(name)]
            if not days or days[0] != 1:
                raise InputError(f"condition {name}: no phase from day 1")
            if len(set(days)) != len(days):
                raise InputError(f"condition {name}: two phases begin on one day, {', '.join(map(str, days))}")

    def _of(self, condition: str) -> list[BedDayPhase]:
        return sorted((each for each in self.phases if each.condition == condition), key=lambda each: each.from_day)

    @cached_property
    def condition(self) -> Axis:
        """The conditions as codes; 0 is a case that is not paid per bed-day."""
        names = tuple(each.condition for each in self.conditions)
        return Axis("condition", ("", *names), ("非按床日付费", *names), ("not per bed-day", *names))

    @cached_property
    def steps(self) -> tuple[tuple[Table, Table, Table], ...]:
        """By place in the order of phases: days before it, days to its end, and its standard; by condition."""
        of = [[], *(self._of(each.condition) for each in self.conditions)]
        found = []
        for at in range(max(map(len, of))):
            before = [phases[at].from_day - 1 if at < len(phases) else _NEVER for phases in of]
            end = [phases[at + 1].from_day - 1 if at + 1 < len(phases) else _NEVER for phases in of]
            standard = [phases[at].by_level() if at < len(phases) else (0,) * len(LEVEL.members) for phases in of]
            axis = (self.condition,)
            flat = tuple(figure for each in standard for figure in each)
            found.append((Table(axis, tuple(before)), Table(axis, tuple(end)), Table((*axis, LEVEL), flat)))
        return tuple(found)


@frozen
class BedDayCase(Generic[A]):
    """One stay, coded: the condition as a code of `PerDiemTerms.condition`, where and who, and who bears what."""

    condition: A = labelled("", "类别", "condition, a code of the terms' own list")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    pool: A = labelled(POOL, "险种", "pool")
    days: A = labelled("days", "实际住院天数", "days from admission to discharge; 0 on one day")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds", 0)


@frozen
class PerDiem(Generic[A]):
    """What a stay paid per bed-day comes to, in the order computed; `payment` is what the fund owes."""

    days_counted: A = labelled("days", "计费床日", "days counted")
    standard: A = labelled("fen", "床日费用", "days x standard")
    fund_rate: A = labelled("rate", "基金支付比例", "the fund's share of the standard")
    fund_part: A = labelled("fen", "基金应付", "the fund's part before the floor")
    institution_part: A = labelled("fen", "机构承担", "borne by the institution; negative: what it keeps")
    payment: A = labelled("fen", "基金支付", "what the fund owes")


def condition_of(terms: PerDiemTerms, dise_codg: str, bilg_dept_codg: str) -> int:
    """The code of the first condition that names the disease or the department, 0 where none does (rules P14, P18).

    Raises CodeError for codes that are not strings.
    """
    for code in (dise_codg, bilg_dept_codg):
        if not isinstance(code, str):
            raise CodeError(f"codes are strings and keep their leading zeros, got {code!r}")
    for at, each in enumerate(terms.conditions, 1):
        if dise_codg in each.diseases or bilg_dept_codg in each.departments:
            return at
    return 0


def pay(terms: PerDiemTerms, case: BedDayCase[A]) -> PerDiem[A]:
    """Pay one stay, or a column of stays, by its days (rules P14, P18; reading A59).

    Days run from admission to discharge, and the day of discharge counts where the terms say so; a stay of one day
    counts what they say.  Each day is paid by the phase that it lies in, or all by the phase of the last.
    Raises InputError for a case of no condition and for figures out of range; AmountError for codes outside their
    lists, and for columns whose days come to more than an amount can be.
    Sources: 天津 2021 一(一), 三(四); formulas.md section 4.
    """
    check_input(case)
    _refuse_unlisted(terms, case.condition)
    days_counted = pick(is_over(case.days, 0), case.days + terms.discharge_day_counts, terms.same_day_days)
    standard = for_each(0, case.days)
    for before, end, figure in terms.steps:
        first, last = lookup(before, case.condition), lookup(end, case.condition)
        inside = beyond(capped(days_counted, last), first)
        if terms.phasing == "whole_stay":
            here = all_of(is_over(days_counted, first), none_of(is_over(days_counted, last)))
            inside = pick(here, days_counted, 0)
        standard = standard + inside * lookup(figure, case.condition, case.level)
    if int(np.max(standard, initial=0)) > MAX_FEN:
        raise InputError(f"a stay's days come to more than {MAX_FEN} fen; check days and standards")
    found = priced(terms, case, standard, lookup(terms.fund_rate, case.level, case.pool))
    return PerDiem(days_counted, *astuple(found, recurse=False))


def _refuse_unlisted(terms: PerDiemTerms, condition: Any) -> None:
    names = terms.condition.members
    unlisted = f"condition {{}} is not paid per bed-day; conditions from 1: {', '.join(names[1:])}"
    refuse((condition < 1) | (condition >= len(names)), unlisted, condition)
