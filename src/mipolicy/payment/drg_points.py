"""DRG by points (DRG点数法): the points of a case from base points and difference factor, outliers, special review.

Rules P11, P12; formulas.md section 3.  Points, weights and factors per ten thousand, amounts in fen.
"""

from __future__ import annotations

from functools import cached_property
from typing import Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, for_each, refuse, refuse_more_than
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, A
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.outliers import (
    MOST_MEANS,
    Costs,
    LimitTables,
    OutlierBand,
    check_bands,
    limits_of,
    measured,
)
from mipolicy.payment.sides import ABOVE, BELOW, nearest
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, RecordsKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, capped, is_same, mul_div, none_of, pick

__all__ = ["DrgPoints", "DrgPointsCase", "DrgPointsTerms", "costs_alike", "pay"]


@frozen(slots=False)
class DrgPointsTerms:
    """What a document fixes for the points of a case in a DRG."""

    scale: int = terms_field(FigureKind("points"), "点数基数", "points of a case that costs the mean of all")
    decimals: int = terms_field(FigureKind("count"), "点数小数位数", "decimals of points", needs="0 to 4")
    bands: tuple[OutlierBand, ...] = terms_field(RecordsKind(OutlierBand, "name"), "倍率界值", "limits of outliers")
    band_side: str = terms_field(ChoiceKind(ABOVE), "档次边界", "whether a band begins at its edge or above it")
    low_side: str = terms_field(ChoiceKind(BELOW), "低倍率边界", "side of the low limit")
    high_side: str = terms_field(ChoiceKind(ABOVE), "高倍率边界", "side of the high limit")
    reference_mean: str = terms_field(
        ChoiceKind(("group_mean", "level_mean")), "对照均费", "mean that a case is measured against"
    )
    test_cost: str = terms_field(
        ChoiceKind(("cost", "less_unreasonable")), "倍率判定费用", "cost that the limits are held against"
    )
    incomplete_as_low: int = terms_field(
        FlagKind(), "住院过程不完整按低倍率", "incomplete stays are scored as low outliers"
    )
    low_takes_factor: int = terms_field(FlagKind(), "低倍率乘差异系数", "the factor multiplies low outliers")
    low_cap: str = terms_field(ChoiceKind(("base", "standard")), "低倍率点数上限", "most points of a low outlier")
    high_way: str = terms_field(
        ChoiceKind(("extra_points", "by_item", "standard")), "高倍率计点方式", "how a high outlier is scored"
    )
    extra_takes_factor: int = terms_field(FlagKind(), "追加点数乘差异系数", "the factor multiplies extra points")
    by_item_share: int = terms_field(
        FigureKind("rate"), "高倍率按项目比例上限", "most discharges of an institution scored by cost"
    )
    ungrouped: str = terms_field(ChoiceKind(("nothing", "by_cost")), "未入组病例", "how a case of no group is scored")
    ungrouped_factor: int = terms_field(FigureKind("factor"), "未入组病例系数", "factor of a case of no group")

    @cached_property
    def limit_tables(self) -> LimitTables:
        """The limits of outliers as tables."""
        return LimitTables.of(self.bands)

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        check_bands(self.bands)
        if self.scale < 1:
            raise InputError("scale is 0; a case that costs the mean of all has points")
        if not 0 <= self.decimals <= 4:
            raise InputError(f"decimals is {self.decimals}, allowed is 0 to 4: points are kept at four")
        if self.ungrouped_factor > 100 * FACTOR_ONE:
            raise InputError("ungrouped_factor is more than 100; no document can mean that")
        if self.high_way == "by_item" and self.by_item_share == 0:
            raise InputError("high_way is by_item but by_item_share is 0; no case could be scored so")


@frozen
class DrgPointsCase(Generic[A]):
    """One case, coded: its cost, what the catalogue holds of its group, and where a special review stands."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    carve_out_amt: A = labelled("fen", "除外支付金额", "carved-out cost")
    unreasonable_amt: A = labelled("fen", "不合理费用", "cost found unreasonable")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    incomplete: A = labelled("flag", "住院过程不完整", "the stay is incomplete")
    review: A = labelled(REVIEW, "特例单议", "state of the special review")
    review_points: A = labelled("points", "评议点数", "points by the experts")
    by_item: A = labelled("flag", "高倍率按项目名额内", "within the institution's share scored by cost")
    grouped: A = labelled("flag", "入组", "belongs to a group")
    new_group: A = labelled("flag", "新增病组", "new group without history")
    base_points: A = labelled("points", "基准点数", "base points of the group")
    difference_factor: A = labelled("factor", "差异系数", "difference factor")
    group_mean: A = labelled("fen", "病组次均费用", "mean cost of the group")
    level_mean: A = labelled("fen", "同级病组次均费用", "mean cost of the group at the level")
    mean_of_all: A = labelled("fen", "全部病例次均费用", "mean cost of all cases")


@frozen
class DrgPoints(Generic[A]):
    """The points of a case, step by step, in the order computed."""

    group_cost: A = labelled("fen", "除外后费用", "cost without what is carved out")
    reasonable_cost: A = labelled("fen", "合理费用", "of which reasonable")
    reference_mean: A = labelled("fen", "对照均费", "mean that the case is measured against")
    factor: A = labelled("factor", "适用差异系数", "difference factor applied")
    standard_points: A = labelled("points", "标准点数", "base points x factor")
    edges_passed: A = labelled("count", "所过档次界点", "edges of bands passed")
    low_limit: A = labelled("factor", "低倍率界值", "low limit")
    low_limit_of: A = labelled("count", "低倍率界值除数", "divisor of the low limit")
    high_limit: A = labelled("factor", "高倍率界值", "high limit")
    low: A = labelled("flag", "低倍率", "scored as a low outlier")
    high: A = labelled("flag", "高倍率", "a high outlier")
    low_points: A = labelled("points", "低倍率点数", "points as a low outlier")
    extra_points: A = labelled("points", "追加点数", "extra points of a high outlier")
    cost_points: A = labelled("points", "按费用折算点数", "points that the reasonable cost comes to")
    group_points: A = labelled("points", "病组点数", "points of the case in its group")
    scored_by_cost: A = labelled("flag", "按费用计点", "scored by its cost")
    carve_out_amt: A = labelled("fen", "除外支付金额", "carved-out cost, paid beside the points")
    points: A = labelled("points", "病例点数", "points of the case")


def pay(terms: DrgPointsTerms, case: DrgPointsCase[A]) -> DrgPoints[A]:
    """The points of one case, or of a column of cases (rules P11, P12; readings A18).

    What is carved out leaves the cost before anything else and is paid beside the points.  A review that was granted
    stands outside the outlier rule: by cost, or at the experts' points.  A new group's factor is 1.
    Raises InputError, CodeError or AmountError, naming the row, for an input out of range (`check_input`), a reference
    mean, base points or a factor of 0, and parts of the cost that exceed it.

    Sources: 泰州 2024 二(三)(6), 二(四); formulas.md section 3, points method, outliers, special review, carve-out.
    """
    _check(terms, case)
    group_cost = case.medfee_sumamt - case.carve_out_amt
    reasonable = group_cost - case.unreasonable_amt
    mean = pick(case.grouped, case.group_mean if terms.reference_mean == "group_mean" else case.level_mean, 1)
    base = pick(case.grouped, case.base_points, 0)
    factor = pick(case.new_group, int(FACTOR_ONE), case.difference_factor)
    standard = _rounded(terms, base, factor, int(FACTOR_ONE))
    costs = Costs(group_cost, reasonable, mean, case.incomplete, case.grouped)
    seen = measured(terms, base, case.level, costs)
    low_points = pick(seen.low, _low_points(terms, base, factor, standard, group_cost, mean), 0)
    extra_points = pick(seen.high, _extra_points(terms, base, standard, seen.excess, mean), 0)
    cost_points = _rounded(terms, reasonable, terms.scale, case.mean_of_all)
    scored = pick(seen.low, low_points, standard + extra_points)
    in_group = pick(case.grouped, scored, _ungrouped_points(terms, reasonable, case.mean_of_all))
    by_experts = is_same(case.review, REVIEW.position("granted_points"))
    by_cost = _by_cost(terms, case, seen.high)
    return DrgPoints(
        group_cost=group_cost,
        reasonable_cost=reasonable,
        reference_mean=mean,
        factor=factor,
        standard_points=standard,
        edges_passed=seen.limits.edges_passed,
        low_limit=seen.limits.low,
        low_limit_of=seen.limits.low_of,
        high_limit=seen.limits.high,
        low=seen.low,
        high=seen.high,
        low_points=low_points,
        extra_points=extra_points,
        cost_points=cost_points,
        group_points=in_group,
        scored_by_cost=by_cost,
        carve_out_amt=case.carve_out_amt,
        points=pick(by_experts, case.review_points, pick(by_cost, cost_points, in_group)),
    )


def costs_alike(terms: DrgPointsTerms, case: DrgPointsCase[A]) -> tuple[A, A]:
    """The least and the most cost at which a group's case has the standard points of its group and institution.

    They hold of complete stays without a review, all of whose cost is reasonable and none of it carved out.
    """
    mean = case.group_mean if terms.reference_mean == "group_mean" else case.level_mean
    limits = limits_of(terms.limit_tables, terms.band_side, case.base_points, case.level)
    least = nearest(terms.low_side, limits.low * mean, limits.low_of * int(FACTOR_ONE))
    return least, nearest(terms.high_side, limits.high * mean, int(FACTOR_ONE))


def _check(terms: DrgPointsTerms, case: DrgPointsCase[A]) -> None:
    check_input(case, most=MOST_MEANS)
    refuse_more_than(case.carve_out_amt, case.medfee_sumamt, "carve_out_amt", "the total cost")
    rest = case.medfee_sumamt - case.carve_out_amt
    refuse_more_than(case.unreasonable_amt, rest, "unreasonable_amt", "the cost without what is carved out")
    mean = case.group_mean if terms.reference_mean == "group_mean" else case.level_mean
    lacks = (case.grouped != 0) & (mean == 0)
    refuse(lacks, f"{terms.reference_mean} is 0; a case of a group needs the mean it is measured against")
    refuse(case.mean_of_all == 0, "mean_of_all is 0; state the mean cost of all cases of the year")
    refuse((case.grouped != 0) & (case.base_points == 0), "base_points is 0; a group has base points above 0")
    refuse(case.difference_factor == 0, "difference_factor is 0; a factor is above 0, and 1 where it changes nothing")


def _by_cost(terms: DrgPointsTerms, case: DrgPointsCase[A], high: A) -> A:
    """1 where the review grants the cost, or a high outlier is scored by it within its institution's share."""
    granted = is_same(case.review, REVIEW.position("granted_item"))
    if terms.high_way != "by_item":
        return granted
    by_experts = is_same(case.review, REVIEW.position("granted_points"))
    return any_of(granted, all_of(high, case.by_item, none_of(by_experts)))


def _rounded(terms: DrgPointsTerms, a: A, b: A | int, c: A | int) -> A:
    """a x b / c as points, rounded half up once at the decimals that the terms name."""
    step = 10 ** (4 - terms.decimals)
    points: A = mul_div(a, b, c if step == 1 else c * step)
    return points if step == 1 else points * step


def _low_points(terms: DrgPointsTerms, base: A, factor: A, standard: A, cost: A, mean: A) -> A:
    most = base if terms.low_cap == "base" else standard
    if terms.low_takes_factor:
        return capped(_rounded(terms, base * factor, cost, mean * FACTOR_ONE), most)
    return capped(_rounded(terms, base, cost, mean), most)


def _extra_points(terms: DrgPointsTerms, base: A, standard: A, excess: A, mean: A) -> A:
    if terms.high_way != "extra_points":
        return for_each(0, base)
    return _rounded(terms, excess, standard if terms.extra_takes_factor else base, mean * FACTOR_ONE)


def _ungrouped_points(terms: DrgPointsTerms, cost: A, mean_of_all: A) -> A:
    if terms.ungrouped == "nothing":
        return for_each(0, cost)
    return _rounded(terms, cost * terms.ungrouped_factor, terms.scale, mean_of_all * FACTOR_ONE)
