"""The spending budget of a year (以收定支) and several itemised views of one total (分项预算).

Rules S29-S31; reading A26.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from attrs import frozen

from mipolicy.checked import check_input, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, RATE_ONE, A
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, RecordsKind, TextKind, terms_field
from mipolicy.rounding import split
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, is_over, mul_div, share

__all__ = ["BudgetPlan", "BudgetPlanTerms", "Deviation", "PlannedYear", "View", "deviation", "itemise", "plan"]


@frozen
class View:
    """One way to cut the total, with its items."""

    view: str = terms_field(TextKind(), "分项口径", "view")
    items: tuple[str, ...] = terms_field(CodesKind(), "分项", "items of the view")

    def __attrs_post_init__(self) -> None:
        """Refuse a view of fewer than two items."""
        if len(self.items) < 2:
            raise InputError(f"view {self.view} has {len(self.items)} item(s); a view divides the total in two or more")


@frozen
class BudgetPlanTerms:
    """What a document fixes about the budget of a year."""

    growth: int = terms_field(FigureKind("rate"), "支出增幅", "growth of spending on the base")
    surplus_rate: int = terms_field(FigureKind("rate"), "结余率", "share of income that is not to be spent")
    beyond_income: str = terms_field(
        ChoiceKind(("capped", "refused")), "超过收入", "what a budget beyond the income does: it is capped, or refused"
    )
    accuracy: int = terms_field(
        FigureKind("rate"), "收入预算偏差上限", "most that income may deviate from its budget, either way"
    )
    views: tuple[View, ...] = terms_field(RecordsKind(View, "view"), "分项预算", "views of the total")


@frozen
class PlannedYear(Generic[A]):
    """What a year's budget rests on."""

    income: A = labelled("fen", "预计收入", "income expected")
    base: A = labelled("fen", "支出基数", "spending that the budget grows from")


@frozen
class BudgetPlan(Generic[A]):
    """The spending budget in the order computed."""

    grown: A = labelled("fen", "按增幅预算", "base with its growth")
    reserve: A = labelled("fen", "应留结余", "income that is not to be spent")
    spendable: A = labelled("fen", "可安排支出", "most that income allows")
    over_income: A = labelled("fen", "超过可安排支出", "what exceeds it")
    total: A = labelled("fen", "支出预算", "budget")
    surplus: A = labelled("fen", "预计结余", "surplus expected")


def plan(terms: BudgetPlanTerms, year: PlannedYear[A]) -> BudgetPlan[A]:
    """A year's spending budget: the base with its growth, within income less the surplus (rules S29, S30).

    Raises InputError for figures out of range and, where the terms say so, for a budget beyond the income.
    Sources: 常德 2023 三(八); 天津 2021 三(四) 协商谈判.
    """
    check_input(year)
    grown = year.base + share(year.base, terms.growth)
    reserve = share(year.income, terms.surplus_rate)
    spendable = year.income - reserve
    over = beyond(grown, spendable)
    if terms.beyond_income == "refused":
        refuse(over > 0, "the budget exceeds what income allows by {} fen; lower the growth or the base", over)
    total = capped(grown, spendable)
    return BudgetPlan(grown, reserve, spendable, over, total, year.income - total)


@frozen
class Deviation(Generic[A]):
    """How far income came from its budget; the rate is of the budget, below 0 where less came in."""

    difference: A = labelled("fen", "偏差额", "actual less budget")
    rate: A = labelled("rate", "偏差率", "deviation")
    outside: A = labelled("flag", "偏差超限", "beyond the accuracy due")


def deviation(terms: BudgetPlanTerms, budget: A, actual: A) -> Deviation[A]:
    """The deviation of income from its budget (rule S29), rounded half up to the millionth; the limit itself is kept.

    budget, actual: fen.  Whether it lies outside is decided by exact amounts, not by the rounded rate.
    Raises InputError for a budget of 0.
    Source: 常德 2023 三(八).
    """
    for name, amount in (("budget", budget), ("actual", actual)):
        refuse((amount < 0) | (amount > MAX_FEN), f"{name} is {{}}; an amount from 0 to {int(MAX_FEN)} is due", amount)
    refuse(budget == 0, "the income budget is 0; a deviation is a share of one above 0")
    difference = actual - budget
    size = beyond(actual, budget) + beyond(budget, actual)
    outside = is_over(size * int(RATE_ONE), budget * terms.accuracy)
    return Deviation(difference, mul_div(difference, int(RATE_ONE), budget), outside)


def itemise(terms: BudgetPlanTerms, total: int, shares: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Each view's items of one total, in fen; each view sums to the total by itself (rule S31, reading A26).

    shares: by view and item, per million, summing to 100% in each view; items are by largest remainder, ties by item.
    Views overlap: they are not multiplied with each other.
    Raises CodeError for an unknown view or item, InputError for one that is missing and shares that do not sum.
    Source: 天津 2021 三(四) 协商谈判.
    """
    if type(total) is not int or not 0 <= total <= MAX_FEN:
        raise InputError(f"total is {total!r}; an amount from 0 to {int(MAX_FEN)} fen is due")
    views = {each.view: each.items for each in terms.views}
    _same("view", shares, tuple(views))
    found = {}
    for view, items in views.items():
        of = shares[view]
        _same(f"item of {view}", of, items)
        for item, rate in of.items():
            if type(rate) is not int or rate < 0:
                raise InputError(f"{view}: the share of {item} is {rate!r}; a rate per million from 0 is due")
        if sum(of.values()) != RATE_ONE:
            raise InputError(f"{view}: shares sum to {sum(of.values())} per million; a view sums to {int(RATE_ONE)}")
        found[view] = dict(zip(items, split(total, [of[item] for item in items], items), strict=True))
    return found


def _same(what: str, found: Mapping[str, object], due: tuple[str, ...]) -> None:
    unknown = [name for name in found if name not in due]
    if unknown:
        raise CodeError(f"unknown {what} {unknown[0]!r}; allowed: {', '.join(due)}")
    missing = [name for name in due if name not in found]
    if missing:
        raise InputError(f"no share of {what} {', '.join(missing)}; state 0 where it has none")
