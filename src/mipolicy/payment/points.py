"""What a point is worth, and what points come to in money: fund, point value, case payments, institutions' totals.

Rules P11, P16, P20, P26; formulas.md section 2, "Point value, three bases"; reading A18.  Points per ten thousand, a
point value in millionths of a yuan, rounded to the decimals that the terms name, amounts in fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic

import attrs
from attrs import field, frozen

from mipolicy.checked import for_each
from mipolicy.errors import InputError, PolicyError
from mipolicy.money import FACTOR_ONE, NO_PRICE_LIMIT, PRICE_ONE, RATE_ONE, A, plain_text, yuan_text
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, RecordsKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, mul_div, share

__all__ = [
    "BASES",
    "Distributable",
    "HistoryWeight",
    "PaymentYearTerms",
    "PointCase",
    "PointPaid",
    "PointTotals",
    "PointValue",
    "PointValueTerms",
    "PoolBudgetTerms",
    "PoolYear",
    "budget_value",
    "distributable",
    "no_points",
    "pay",
    "point_value",
    "published_value",
]

BASES: Final = ("fund", "total_by_share", "total_by_actual")
"""What points divide: the fund; the fund grossed up by its share of all cost; the fund and what all others pay."""
_MOST_DECIMALS: Final = 6


@frozen
class PoolBudgetTerms:
    """What a document fixes of a pool's budget for the year (formulas.md section 2, F)."""

    budget: int = terms_field(FigureKind("fen"), "年度预算", "budget of the year")
    reserve_share: int = terms_field(FigureKind("rate"), "调节金比例", "share set aside as the adjustment reserve")
    out_of_area: int = terms_field(FigureKind("fen"), "异地就医预算", "for care out of the area")
    manual_claims: int = terms_field(FigureKind("fen"), "零星报销预算", "for claims reimbursed by hand")
    budget_value: int = terms_field(
        FigureKind("price"), "预算点值", "budget value of a point, published at the start of the year; 0 where none is"
    )


@frozen
class PaymentYearTerms:
    """Figures that are published for the year of payment and that several methods use."""

    mean_of_all: int = terms_field(FigureKind("fen"), "全部病例次均费用", "mean cost of all cases of the base years")

    def __attrs_post_init__(self) -> None:
        if self.mean_of_all <= 0:
            raise PolicyError("mean_of_all: the mean cost of all cases is above 0")


@frozen
class Distributable:
    """What of a pool's budget points may divide, step by step."""

    budget: int = labelled("fen", "年度预算", "budget of the year")
    adjustment_reserve: int = labelled("fen", "调节金", "adjustment reserve")
    out_of_area: int = labelled("fen", "异地就医", "care out of the area")
    other_methods: int = labelled("fen", "其他付费方式", "paid by other methods")
    manual_claims: int = labelled("fen", "零星报销", "reimbursed by hand")
    fund: int = labelled("fen", "可分配基金", "distributable fund")


def distributable(terms: PoolBudgetTerms, other_methods: int) -> Distributable:
    """The distributable fund: budget less reserve, care out of the area, other methods and manual claims.

    other_methods: what cases of this pool that points do not pay come to, in fen.
    Raises InputError where more is set aside than the budget holds.
    Source: formulas.md section 2, F.
    """
    adjustment_reserve = share(terms.budget, terms.reserve_share)
    fund = terms.budget - adjustment_reserve - terms.out_of_area - other_methods - terms.manual_claims
    if fund < 0:
        raise InputError(
            f"the budget of {yuan_text(terms.budget)} yuan is below what is set aside: reserve "
            f"{yuan_text(adjustment_reserve)}, out of area {yuan_text(terms.out_of_area)}, other methods "
            f"{yuan_text(other_methods)}, manual claims {yuan_text(terms.manual_claims)}; "
            "raise the budget or mend what is set aside"
        )
    return Distributable(terms.budget, adjustment_reserve, terms.out_of_area, other_methods, terms.manual_claims, fund)


@frozen
class HistoryWeight:
    """How much a year of history counts in the budget value: 1 is last year."""

    years_ago: int = terms_field(FigureKind("count"), "前第几年", "years ago")
    weight: int = terms_field(FigureKind("factor"), "权重", "weight")

    def __attrs_post_init__(self) -> None:
        if self.years_ago < 1 or self.weight == 0:
            raise PolicyError("history: years_ago is 1 for last year and more before, weight is above 0")


@frozen
class PointValueTerms:
    """What a document fixes of the point value of a pool and of what is paid by it."""

    basis: str = terms_field(ChoiceKind(BASES), "点值口径", "what points divide")
    share_source: str = terms_field(
        ChoiceKind(("not_used", "computed", "cited")), "基金占比来源", "where the fund's share of all cost comes from"
    )
    cited_share: int = terms_field(
        FigureKind("rate"), "公布的基金占比", "the fund's share that is cited, 0 where none is"
    )
    netting: str = terms_field(
        ChoiceKind(("none", "parts", "fund_rate")),
        "结算扣减方式",
        "what comes off points x value: nothing, what others pay, or all but the fund rate",
    )
    rate_of: str = terms_field(
        ChoiceKind(("not_used", "institution", "group", "case")), "基金比例取自", "whose fund rate is taken"
    )
    decimals: int = terms_field(FigureKind("count"), "点值小数位", "decimals of the point value in yuan")
    payment_from: str = terms_field(
        ChoiceKind(("value", "points")),
        "拨付依据",
        "paid by the rounded value, or the whole apportioned by points among institutions",
    )
    bounds: str = terms_field(
        ChoiceKind(("none", "around_budget_value")), "点值上下限", "whether the value is kept near the budget value"
    )
    floor_factor: int = terms_field(FigureKind("factor"), "点值下限系数", "floor, times the budget value")
    ceiling_factor: int = terms_field(FigureKind("factor"), "点值上限系数", "ceiling, times the budget value")
    floor_at_zero: int = terms_field(FlagKind(), "病例支付不低于零", "whether no case is paid a negative amount")
    raised_borne_by: str = terms_field(
        ChoiceKind(("reserve", "institution")), "补足金额承担方", "who bears what raising negative payments costs"
    )
    outsiders: str = terms_field(
        ChoiceKind(("in_point_pool", "value_only", "by_item")),
        "外地参保病例",
        "people insured elsewhere: share the pool's points, take the value only, or are paid by item",
    )
    history: tuple[HistoryWeight, ...] = terms_field(
        RecordsKind(HistoryWeight, "years_ago"), "预算点值历史权重", "weights of past years in the budget value"
    )

    def __attrs_post_init__(self) -> None:
        if self.decimals > _MOST_DECIMALS:
            raise PolicyError(f"decimals: a point value has at most {_MOST_DECIMALS}, got {self.decimals}")
        if (self.basis == "total_by_share") != (self.share_source != "not_used"):
            raise PolicyError("share_source: computed or cited with basis total_by_share, not_used with any other")
        if (self.share_source == "cited") != (self.cited_share > 0):
            raise PolicyError("cited_share: above 0 where share_source is cited, 0 where it is not")
        if (self.basis == "fund") != (self.netting == "none"):
            raise PolicyError("netting: none with basis fund, parts or fund_rate with a total")
        if (self.netting == "fund_rate") != (self.rate_of != "not_used"):
            raise PolicyError("rate_of: institution, group or case with netting fund_rate, not_used with any other")
        if self.payment_from == "points" and self.netting == "fund_rate":
            raise PolicyError("payment_from: fund rates differ by case, so only the value can be paid with them")
        around = self.bounds != "none"
        if around != (self.ceiling_factor > 0) or (not around and self.floor_factor):
            raise PolicyError("floor_factor and ceiling_factor are stated with bounds around_budget_value, else both 0")
        if around and not self.floor_factor <= FACTOR_ONE <= self.ceiling_factor:
            raise PolicyError("floor_factor is at most 1 and ceiling_factor at least 1, so that they bound the value")


@frozen
class PointTotals:
    """Sums over cases, whole numbers of any size; `a + b` is what one pass over both gives."""

    cases: int = 0
    points: int = 0
    medfee_sumamt: int = 0
    hifp_pay: int = 0
    psn_part_amt: int = 0
    other_pay: int = 0

    def __add__(self, other: PointTotals) -> PointTotals:
        return PointTotals(
            self.cases + other.cases,
            self.points + other.points,
            self.medfee_sumamt + other.medfee_sumamt,
            self.hifp_pay + other.hifp_pay,
            self.psn_part_amt + other.psn_part_amt,
            self.other_pay + other.other_pay,
        )


@frozen
class PointValue:
    """How the point value of a pool comes about."""

    fund: int = labelled("fen", "可分配基金", "distributable fund")
    points: int = labelled("points", "总分值(点数)", "all points")
    whole: int = labelled("fen", "按点分配的总额", "amount that points divide")
    unbounded: int = labelled("price", "测算点值", "value before bounds")
    floor: int = labelled("price", "点值下限", "floor of the value")
    ceiling: int = labelled("price", "点值上限", "ceiling of the value")
    value: int = labelled("price", "点值", "point value")
    whole_at_value: int = labelled("fen", "按点值计算的总额", "what all points come to at the value")


POINT_FEN: Final = int(FACTOR_ONE * PRICE_ONE) // 100
"""What points x value is divided by to give fen."""


def point_value(terms: PointValueTerms, fund: int, totals: PointTotals, budget: int = 0) -> PointValue:
    """The settlement value of a pool at the end of the year, or of any span, from the final points of its cases.

    fund: the distributable fund, in fen; totals: over the cases that share the pool's points; budget: the budget value
    of the start of the year, in millionths of a yuan, needed where the terms bound the value by it.
    Raises InputError where there are no points or next to none, where the fund's share cannot be computed, and without
    a budget value.
    Source: formulas.md section 2: F / Σ, (F / s) / Σ, (F + Σ patient + Σ other payers) / Σ.
    """
    if totals.points <= 0:
        raise InputError(
            f"the points of {totals.cases} case(s) sum to {totals.points}: a point value needs points above 0"
        )
    if fund < 0:
        raise InputError(f"a fund of {yuan_text(fund)} yuan cannot be divided: it is below 0")
    numerator, denominator = _whole(terms, fund, totals)
    step = 10 ** (_MOST_DECIMALS - int(terms.decimals))
    unbounded = mul_div(numerator, POINT_FEN // step, denominator * totals.points) * step
    if unbounded > NO_PRICE_LIMIT:
        raise InputError(
            f"a fund of {yuan_text(fund)} yuan over {plain_text(totals.points, int(FACTOR_ONE))} points makes a point "
            "value that no pool has: check the points of its cases"
        )
    floor, ceiling = 0, NO_PRICE_LIMIT
    if terms.bounds != "none":
        if budget <= 0:
            raise InputError("the terms bound the point value by the budget value: give that of the start of the year")
        floor = mul_div(budget, terms.floor_factor, int(FACTOR_ONE) * step) * step
        ceiling = mul_div(budget, terms.ceiling_factor, int(FACTOR_ONE) * step) * step
    value = capped(floor + beyond(unbounded, floor), ceiling)
    whole = mul_div(numerator, 1, denominator)
    bounded = value != unbounded
    at_value = mul_div(value, totals.points, POINT_FEN) if bounded or terms.payment_from == "value" else whole
    return PointValue(fund, totals.points, whole, unbounded, floor, ceiling, value, at_value)


def no_points(fund: int, value: int = 0) -> PointValue:
    """A pool without points: nothing of the fund is divided.  value: one that is given, to pay cases by in the year."""
    return PointValue(fund, 0, fund, value, 0, 0, value, 0)


def _whole(terms: PointValueTerms, fund: int, totals: PointTotals) -> tuple[int, int]:
    """The amount that points divide, as an exact fraction."""
    if terms.basis == "total_by_actual":
        return fund + totals.psn_part_amt + totals.other_pay, 1
    if terms.basis == "fund":
        return fund, 1
    if terms.share_source == "cited":
        return fund * int(RATE_ONE), terms.cited_share
    if totals.hifp_pay <= 0 or totals.medfee_sumamt <= 0:
        raise InputError(
            f"the fund's share of all cost cannot be computed from {yuan_text(totals.hifp_pay)} of "
            f"{yuan_text(totals.medfee_sumamt)} yuan: both must be above 0"
        )
    return fund * totals.medfee_sumamt, totals.hifp_pay


def published_value(terms: PointValueTerms, budget: PoolBudgetTerms) -> int:
    """The published budget value in millionths of a yuan; 0 where none is.

    Raises PolicyError for a value with more decimals than the terms name.
    """
    step = 10 ** (_MOST_DECIMALS - int(terms.decimals))
    if budget.budget_value % step:
        raise PolicyError(
            f"budget_value {plain_text(budget.budget_value, int(PRICE_ONE))} has more than the "
            f"{terms.decimals} decimals of the point value"
        )
    return budget.budget_value


@frozen
class PoolYear:
    """A past year of a pool, for the budget value: the fund and the totals of its cases."""

    years_ago: int = field()
    fund: int = field()
    totals: PointTotals = field()


def budget_value(terms: PointValueTerms, fund: int, years: Sequence[PoolYear]) -> PointValue:
    """The budget value at the start of the year: this year's fund over the weighted totals of past years.

    Each total is the weighted mean of the years that the terms name, rounded half up once.
    Raises InputError for a year that is missing or stands twice.
    Source: formulas.md section 2, "Budget value at the start of the year from weighted history".
    """
    by_year = {year.years_ago: year.totals for year in years}
    missing = [str(each.years_ago) for each in terms.history if each.years_ago not in by_year]
    if missing or len(by_year) != len(years):
        wrong = f"lacks the year(s) {', '.join(missing)} ago" if missing else "names a year twice"
        raise InputError(f"the history of the budget value {wrong}; the terms weigh each of its years once")
    if not terms.history:
        raise InputError("the terms weigh no past year: a budget value needs history")
    weights = sum(each.weight for each in terms.history)

    def mean(name: str) -> int:
        weighted = sum(int(getattr(by_year[each.years_ago], name)) * each.weight for each in terms.history)
        return mul_div(weighted, 1, weights)

    totals = PointTotals(*(mean(each.name) for each in attrs.fields(PointTotals)))
    return point_value(attrs.evolve(terms, bounds="none", floor_factor=0, ceiling_factor=0), fund, totals)


@frozen
class PointCase(Generic[A]):
    """One case, or a column, with its final points and what others pay of it."""

    points: A = labelled("points", "分值(点数)", "points")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds")
    fund_rate: A = labelled("rate", "基金支付比例", "fund rate")


@frozen
class PointPaid(Generic[A]):
    """What a case's points come to, step by step."""

    standard: A = labelled("fen", "病例支付标准", "points x value")
    before_floor: A = labelled("fen", "扣减后金额", "after what others pay")
    raised: A = labelled("fen", "补足金额", "raised to 0")
    payment: A = labelled("fen", "基金应付", "owed by the fund")


def pay(terms: PointValueTerms, value: PointValue, case: PointCase[A]) -> PointPaid[A]:
    """What the fund owes for a case, or a column of cases, by points.

    Paid by the value: points x value, half up to the fen.  Apportioned by points: the case's share of the whole.
    Source: formulas.md section 2, "Point value, three bases"; "Case payments are rounded" of the national rules.
    """
    if terms.payment_from == "value" or not value.points:
        standard = mul_div(case.points, value.value, POINT_FEN)
    else:
        standard = mul_div(case.points, value.whole_at_value, value.points)
    if terms.netting == "parts":
        before_floor = standard - case.psn_part_amt - case.other_pay
    elif terms.netting == "fund_rate":
        before_floor = share(standard, case.fund_rate)
    else:
        before_floor = standard
    if not terms.floor_at_zero:
        return PointPaid(standard, before_floor, for_each(0, before_floor), before_floor)
    raised = beyond(-before_floor, 0)
    return PointPaid(standard, before_floor, raised, before_floor + raised)
