"""DRG by weight and rate (DRG权重费率法): standard of a case, outliers, review, what the fund owes.

Rules P11, P12; formulas.md section 3.  Weights and factors per ten thousand, rates of money per million, fen.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, for_each, refuse, refuse_more_than
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, A, Column
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.outliers import (
    MOST_MEAN,
    MOST_MEANS,
    Costs,
    LimitTables,
    Measured,
    OutlierBand,
    check_bands,
    measured,
)
from mipolicy.payment.sides import ABOVE, BELOW
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, FlagKind, RecordsKind, TableKind, terms_field
from mipolicy.sums import total
from mipolicy.tables import Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, beyond, capped, is_same, lookup, mul_div, none_of, pick, share

__all__ = ["DEDUCTED", "DrgCase", "DrgPaid", "DrgWeightTerms", "pay", "total_owed"]

DEDUCTED: Final = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "act_pay_dedc")
"""What the item way may take off the standard before the fund's share."""


@frozen(slots=False)
class DrgWeightTerms:
    """What a document fixes for cases that are paid by weight and rate, in one pool."""

    rate_by: str = terms_field(ChoiceKind(("area", "level")), "费率口径", "one rate of the area, or one a level")
    rate: Table = terms_field(TableKind("fen", (LEVEL,)), "费率", "money for a weight of 1")
    adjusted_by: str = terms_field(
        ChoiceKind(("nothing", "institution_factor", "level_factor")), "支付标准调整系数", "factor on the standard"
    )
    level_factor: Table = terms_field(TableKind("factor", (LEVEL,)), "等级系数", "factor of the level")
    bands: tuple[OutlierBand, ...] = terms_field(RecordsKind(OutlierBand, "name"), "倍率界值", "limits of outliers")
    band_side: str = terms_field(ChoiceKind(ABOVE), "档次边界", "whether a band begins at its edge or above it")
    low_side: str = terms_field(ChoiceKind(BELOW), "低倍率边界", "side of the low limit")
    high_side: str = terms_field(ChoiceKind(ABOVE), "高倍率边界", "side of the high limit")
    reference_mean: str = terms_field(
        ChoiceKind(("group_mean", "level_mean", "standard")), "对照均费", "what a case is measured against"
    )
    test_cost: str = terms_field(
        ChoiceKind(("cost", "less_unreasonable")), "倍率判定费用", "cost that the limits are held against"
    )
    incomplete_as_low: int = terms_field(FlagKind(), "住院过程不完整按低倍率", "incomplete stays are low outliers")
    low_way: str = terms_field(
        ChoiceKind(("by_item", "proportional", "standard")), "低倍率支付方式", "how a low outlier is paid"
    )
    high_way: str = terms_field(
        ChoiceKind(("by_item", "extra", "standard")), "高倍率支付方式", "how a high outlier is paid"
    )
    by_item_share: int = terms_field(
        FigureKind("rate"), "高倍率按项目比例上限", "most discharges of an institution paid by item"
    )
    ungrouped: str = terms_field(ChoiceKind(("by_item", "nothing")), "未入组病例", "how a case of no group is paid")
    fund_way: str = terms_field(
        ChoiceKind(("item", "residual")), "基金支付计算方式", "a share of the standard, or what others leave of it"
    )
    deducted: tuple[str, ...] = terms_field(CodesKind(DEDUCTED), "先行扣除", "taken off the standard before the share")
    fund_share: Table = terms_field(TableKind("rate", (LEVEL,)), "基金支付比例", "fund's share of the rest")
    floor: str = terms_field(ChoiceKind(("case", "total", "none")), "不低于零", "where the fund's part is floored at 0")

    @cached_property
    def limit_tables(self) -> LimitTables:
        """The limits of outliers as tables."""
        return LimitTables.of(self.bands)

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        check_bands(self.bands)
        if any(rate < 1 for rate in self.rate.values):
            raise InputError("rate must be above 0 at every level")
        if self.rate_by == "area" and self.rate.constant is None:
            raise InputError("rate_by is area, but the levels have different rates; one rate is due")
        if any(not 0 < factor <= 100 * FACTOR_ONE for factor in self.level_factor.values):
            raise InputError("level_factor must be above 0, at most 100, at every level")
        if self.high_way == "by_item" and self.by_item_share == 0:
            raise InputError("high_way is by_item but by_item_share is 0; no case could be paid so")


@frozen
class DrgCase(Generic[A]):
    """One case, coded: its cost, who paid what, what the catalogue holds of its group, and its review."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    hifp_pay: A = labelled("fen", "统筹基金支付(按项目)", "the pooled fund's share, item by item")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid")
    overlmt_selfpay: A = labelled("fen", "超限价自费费用", "above price ceilings")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay share")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    carve_out_amt: A = labelled("fen", "除外支付金额", "carved-out cost")
    unreasonable_amt: A = labelled("fen", "不合理费用", "cost found unreasonable")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    incomplete: A = labelled("flag", "住院过程不完整", "the stay is incomplete")
    review: A = labelled(REVIEW, "特例单议", "state of the special review")
    review_points: A = labelled("points", "评议权重", "weight by the experts")
    by_item: A = labelled("flag", "高倍率按项目名额内", "within the institution's share paid by item")
    grouped: A = labelled("flag", "入组", "belongs to a group")
    weight: A = labelled("factor", "权重", "weight of the group")
    institution_factor: A = labelled("factor", "机构系数", "institution factor")
    group_mean: A = labelled("fen", "病组次均费用", "mean cost of the group")
    level_mean: A = labelled("fen", "同级病组次均费用", "mean cost of the group at the level")


@frozen
class DrgPaid(Generic[A]):
    """What a case is worth and what the fund owes of it, step by step, in the order computed."""

    group_cost: A = labelled("fen", "除外后费用", "cost without what is carved out")
    reasonable_cost: A = labelled("fen", "合理费用", "of which reasonable")
    rate: A = labelled("fen", "费率", "money for a weight of 1")
    factor: A = labelled("factor", "调整系数", "factor on the standard")
    group_standard: A = labelled("fen", "病组支付标准", "weight x rate x factor")
    reference_mean: A = labelled("fen", "对照均费", "what the case is measured against")
    edges_passed: A = labelled("count", "所过档次界点", "edges of bands passed")
    low_limit: A = labelled("factor", "低倍率界值", "low limit")
    low_limit_of: A = labelled("count", "低倍率界值除数", "divisor of the low limit")
    high_limit: A = labelled("factor", "高倍率界值", "high limit")
    low: A = labelled("flag", "低倍率", "a low outlier")
    high: A = labelled("flag", "高倍率", "a high outlier")
    extra: A = labelled("fen", "高倍率追加金额", "extra of a high outlier")
    paid_by_item: A = labelled("flag", "按项目支付", "paid by item")
    carve_out_amt: A = labelled("fen", "除外支付金额", "carved-out cost, paid beside the group")
    standard: A = labelled("fen", "支付标准合计", "what the case is worth in all")
    deducted: A = labelled("fen", "先行扣除或他方支付", "taken off first, or paid by others")
    fund_part: A = labelled("fen", "按公式计算的基金支付", "fund's part by the formula")
    payment: A = labelled("fen", "医保基金应付", "what the fund owes")


def pay(terms: DrgWeightTerms, case: DrgCase[A]) -> DrgPaid[A]:
    """Pay one case, or a column of cases, by weight and rate (rules P11, P12).

    The standard is weight x rate x factor, rounded once; what is carved out leaves the cost first and is added to the
    standard at its cost.  By item the case is worth its cost less what is unreasonable, and the fund owes its share
    item by item less the same.  The fund's part is a share of the standard after deductions, or what the person and
    other funds leave of the standard, which may be negative.
    Raises InputError, CodeError or AmountError, naming the row, for an input out of range (`check_input`), a reference
    mean, a weight or a factor of 0, and parts of the cost that exceed it.

    Sources: 泰州 2024 二(三)(6); formulas.md section 3, weight method, fund formulas, outliers, carve-out.
    """
    check_input(case, most=MOST_MEANS)
    refuse((case.grouped != 0) & (case.weight == 0), "weight is 0; a group has a weight above 0")
    rate = lookup(terms.rate, case.level)
    factor = _factor(terms, case)
    weight = pick(case.grouped, case.weight, 0)
    group_standard = _money(weight, factor, rate)
    costs = _costs(terms, case, group_standard)
    seen = measured(terms, weight, case.level, costs)
    extra, in_group = _in_group(terms, seen, costs, group_standard)
    by_item = _by_item(terms, case, seen.low, seen.high)
    by_experts = is_same(case.review, REVIEW.position("granted_points"))
    worth = pick(by_experts, _money(case.review_points, factor, rate), in_group) + case.carve_out_amt
    valued = any_of(case.grouped, by_experts)
    standard = pick(by_item, case.medfee_sumamt - case.unreasonable_amt, pick(valued, worth, 0))
    deducted = _deducted(terms, case)
    fund_part = pick(any_of(valued, by_item), _fund_part(terms, case, standard - deducted), 0)
    return DrgPaid(
        group_cost=costs.cost,
        reasonable_cost=costs.reasonable,
        rate=rate,
        factor=factor,
        group_standard=group_standard,
        reference_mean=costs.mean,
        edges_passed=seen.limits.edges_passed,
        low_limit=seen.limits.low,
        low_limit_of=seen.limits.low_of,
        high_limit=seen.limits.high,
        low=seen.low,
        high=seen.high,
        extra=extra,
        paid_by_item=by_item,
        carve_out_amt=case.carve_out_amt,
        standard=standard,
        deducted=deducted,
        fund_part=fund_part,
        payment=pick(by_item, beyond(case.hifp_pay, case.unreasonable_amt), fund_part),
    )


def _factor(terms: DrgWeightTerms, case: DrgCase[A]) -> A:
    if terms.adjusted_by == "institution_factor":
        lacks = case.institution_factor == 0
        refuse(lacks, "institution_factor is 0; a factor is above 0, and 1 where it changes nothing")
        return case.institution_factor
    if terms.adjusted_by == "level_factor":
        return lookup(terms.level_factor, case.level)
    return for_each(int(FACTOR_ONE), case.level)


def _money(weight: A, factor: A, rate: A) -> A:
    """weight x factor x rate, rounded half up once to the fen."""
    money: A = mul_div(weight * factor, rate, int(FACTOR_ONE) ** 2)
    return money


def _costs(terms: DrgWeightTerms, case: DrgCase[A], group_standard: A) -> Costs[A]:
    """What the case is measured by, its parts checked; the mean of a case of no group is 1."""
    refuse_more_than(case.carve_out_amt, case.medfee_sumamt, "carve_out_amt", "the total cost")
    rest = case.medfee_sumamt - case.carve_out_amt
    refuse_more_than(case.unreasonable_amt, rest, "unreasonable_amt", "the cost without what is carved out")
    mean = group_standard
    if terms.reference_mean != "standard":
        mean = case.group_mean if terms.reference_mean == "group_mean" else case.level_mean
    too_much = f"the standard is {{}} fen, more than the {MOST_MEAN} that stay exact; check the rate"
    refuse(mean > MOST_MEAN, too_much, mean)
    lacks = (case.grouped != 0) & (mean == 0)
    refuse(lacks, f"{terms.reference_mean} is 0; a case of a group needs what it is measured against")
    mean = pick(case.grouped, mean, 1)
    return Costs(rest, rest - case.unreasonable_amt, mean, case.incomplete, case.grouped)


def _in_group(terms: DrgWeightTerms, seen: Measured[A], costs: Costs[A], group_standard: A) -> tuple[A, A]:
    """The extra of a high outlier, and what the case is worth in its group."""
    extra = for_each(0, seen.high)
    if terms.high_way == "extra":
        extra = pick(seen.high, mul_div(seen.excess, group_standard, costs.mean * FACTOR_ONE), 0)
    worth = group_standard + extra
    if terms.low_way == "proportional":
        of_cost: A = mul_div(group_standard, costs.cost, costs.mean)
        worth = pick(seen.low, capped(of_cost, group_standard), worth)
    return extra, worth


def _by_item(terms: DrgWeightTerms, case: DrgCase[A], low: A, high: A) -> A:
    reviewed = is_same(case.review, REVIEW.position("granted_item"))
    by_outlier = for_each(0, low)
    if terms.low_way == "by_item":
        by_outlier = low
    if terms.high_way == "by_item":
        by_outlier = any_of(by_outlier, all_of(high, case.by_item))
    if terms.ungrouped == "by_item":
        by_outlier = any_of(by_outlier, none_of(case.grouped))
    by_experts = is_same(case.review, REVIEW.position("granted_points"))
    return any_of(reviewed, all_of(by_outlier, none_of(by_experts)))


def _deducted(terms: DrgWeightTerms, case: DrgCase[A]) -> A:
    if terms.fund_way == "residual":
        return case.psn_part_amt + case.other_pay
    deducted = for_each(0, case.level)
    for name in terms.deducted:
        deducted = deducted + getattr(case, name)
    return deducted


def _fund_part(terms: DrgWeightTerms, case: DrgCase[A], rest: A) -> A:
    part = rest if terms.fund_way == "residual" else share(rest, lookup(terms.fund_share, case.level))
    return beyond(part, 0) if terms.floor == "case" else part


def total_owed(terms: DrgWeightTerms, payments: Column) -> int:
    """What the fund owes for many cases: their sum, floored at 0 where the terms floor the total.

    Sums of parts add to the sum of all but for the floor, which is of the total of an institution: sum first.
    """
    owed = total(payments)
    return max(0, owed) if terms.floor == "total" else owed
