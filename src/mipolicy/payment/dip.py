"""DIP (按病种分值付费): the score (分值) of a case.

Rules P01, P03, P20, P28 with reading A19; formulas.md section 2.  Amounts in fen; scores and factors per ten thousand.
"""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import Any, Final, Generic

import numpy as np
from attrs import frozen

from mipolicy.checked import (
    check_input,
    for_each,
    holds_nowhere,
    only_where,
    refuse,
    refuse_more_than,
    refuse_zero,
    times,
)
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, NO_LIMIT, A
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.sides import ABOVE, BELOW, is_past_times, lies_past_times, nearest
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, terms_field
from mipolicy.rounding import mul_div_by
from mipolicy.tables import Axis
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, capped, half_up, is_same, none_of, pick

__all__ = ["BAND", "DipCase", "DipScore", "DipTerms", "costs_alike", "score"]

BAND: Final = Axis(
    "band",
    ("between", "low", "high", "extreme", "fixed", "ungrouped", "by_item", "expert"),
    ("正常费用", "低倍率", "高倍率", "极高费用", "固定分值", "未入组", "按项目付费", "专家评定"),
    (
        "between the limits",
        "below the low limit",
        "above the high limit",
        "above the extreme limit",
        "fixed score",
        "no group",
        "paid by item",
        "points by experts",
    ),
)
"""How a case is scored."""
_, _LOW, _HIGH, _EXTREME, _FIXED, _UNGROUPED, _BY_ITEM, _EXPERT = range(len(BAND.members))
_GRANTED_ITEM, _GRANTED_POINTS = REVIEW.position("granted_item"), REVIEW.position("granted_points")
_REFUSED, _BEYOND_QUOTA = REVIEW.position("refused"), REVIEW.position("beyond_quota")
_MOST_LIMIT: Final = 100 * FACTOR_ONE
_MOST_DECIMALS: Final = 4
_MOST: Final = {"base_points": 900_000_000, "institution_factor": 100_000, "auxiliary_factor": 100_000}
"""A score of 90,000, factors of 10: more than any group, institution or class has; their product stays in int64."""
_LISTED: Final = ("as_others", "factor_off", "fixed_score")


@frozen
class DipTerms:
    """What a document fixes about the score of a case."""

    reference_mean: str = terms_field(
        ChoiceKind(("level", "area")), "偏差比较的次均费用", "which mean a case's cost is compared with"
    )
    institution_factor_cap: int = terms_field(
        FigureKind("factor_limit"), "机构系数上限", "most that the institution factor may be"
    )
    basic_groups: str = terms_field(ChoiceKind(_LISTED), "基层病种计分办法", "what is special about basic groups")
    tcm_groups: str = terms_field(ChoiceKind(_LISTED), "中医优势病种计分办法", "what is special about TCM groups")
    tcm_factor: int = terms_field(FigureKind("factor"), "中医优势病种加成系数", "factor on the points of a TCM group")
    tcm_factor_at: str = terms_field(
        ChoiceKind(("all_institutions", "pilot_institutions")), "中医加成适用机构", "where the TCM factor applies"
    )
    auxiliary: int = terms_field(FlagKind(), "是否使用辅助目录", "whether the auxiliary catalogue is used")
    low_limit: int = terms_field(FigureKind("factor"), "低倍率界限", "low limit of cost over mean; 0: none")
    low_side: str = terms_field(ChoiceKind(BELOW), "低倍率边界", "side of the low limit")
    factor_in_low: int = terms_field(
        FlagKind(), "低倍率是否乘机构系数", "whether the institution factor multiplies below the low limit"
    )
    high_limit: int = terms_field(FigureKind("factor_limit"), "高倍率界限", "high limit of cost over mean")
    high_side: str = terms_field(ChoiceKind(ABOVE), "高倍率边界", "side of the high limit")
    high_offset: str = terms_field(
        ChoiceKind(("one", "institution_factor", "high_limit")),
        "高倍率公式加数",
        "added to the excess over the limit",
    )
    factor_in_high: int = terms_field(
        FlagKind(), "高倍率是否乘机构系数", "whether the institution factor multiplies above the high limit"
    )
    extreme_limit: int = terms_field(FigureKind("factor_limit"), "专家评议界限", "limit of cost over mean for review")
    extreme_side: str = terms_field(ChoiceKind(ABOVE), "专家评议边界", "side of the extreme limit")
    extreme_points: str = terms_field(
        ChoiceKind(("as_high", "at_limit", "score", "nothing")), "评议前计分", "points until the review is decided"
    )
    ungrouped: str = terms_field(
        ChoiceKind(("factor", "by_item", "reject")), "未入组病例办法", "what is done with a case of no group"
    )
    ungrouped_factor: int = terms_field(FigureKind("factor"), "未入组病例系数", "factor on a case of no group")
    factor_in_ungrouped: int = terms_field(
        FlagKind(), "未入组是否乘机构系数", "whether the institution factor multiplies a case of no group"
    )
    mean_points: int = terms_field(FigureKind("points"), "全部病例均值对应分值", "points at the mean cost of all cases")
    round_at: str = terms_field(
        ChoiceKind(("once", "before_tcm", "each")), "四舍五入位置", "rounded once, once more for TCM, or at each factor"
    )
    decimals: int = terms_field(FigureKind("count"), "分值小数位数", "decimals of points, 0 to 4")

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.low_limit > FACTOR_ONE:
            raise InputError("low_limit must not exceed 1: the mean itself is no low cost")
        if self.high_limit < FACTOR_ONE:
            raise InputError("high_limit must be at least 1: the mean itself is no high cost")
        if self.low_limit == self.high_limit:
            raise InputError("low_limit and high_limit must differ: a cost at both would be low and high")
        if self.extreme_limit < self.high_limit or (self.extreme_limit == self.high_limit < NO_LIMIT):
            raise InputError('extreme_limit must exceed high_limit; "none" where cases are not sent for review')
        for name in ("high_limit", "extreme_limit"):
            if _MOST_LIMIT < getattr(self, name) < NO_LIMIT:
                raise InputError(f'{name} is more than 100; "none" where there is no such limit')
        if self.high_offset == "institution_factor" and self.factor_in_high:
            raise InputError("high_offset institution_factor already carries the factor: factor_in_high must be false")
        if self.decimals > _MOST_DECIMALS:
            raise InputError(f"decimals must be 0 to {_MOST_DECIMALS}: points are kept to the ten-thousandth")
        for name in ("institution_factor_cap", "tcm_factor"):
            if not getattr(self, name):
                raise InputError(f"{name} must be above 0; 1 changes nothing")
        for name in ("ungrouped_factor", "mean_points"):
            if self.ungrouped == "factor" and not getattr(self, name):
                raise InputError(f"{name} must be above 0 where cases of no group are scored by a factor")


@frozen
class DipCase(Generic[A]):
    """One case, coded: what it cost, its group, its institution, and where its review stands."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    carve_out_amt: A = labelled("fen", "除外支付金额", "carved-out cost")
    grouped: A = labelled("flag", "已入组", "the case belongs to a group")
    base_points: A = labelled("points", "病种分值", "score of the group")
    group_mean: A = labelled("fen", "病种次均费用", "mean cost of the group in the area")
    level_mean: A = labelled("fen", "同级别病种次均费用", "mean cost of the group at institutions of the level")
    mean_of_all: A = labelled("fen", "全部病例次均费用", "mean cost of all cases")
    institution_factor: A = labelled("factor", "机构系数", "institution factor")
    auxiliary_factor: A = labelled("factor", "辅助系数", "auxiliary factor")
    basic_group: A = labelled("flag", "基层病种", "a basic group")
    tcm_group: A = labelled("flag", "中医优势病种", "a TCM-advantage group")
    pilot_tcm: A = labelled("flag", "试点中医医院", "at a pilot TCM hospital")
    review: A = labelled(REVIEW, "特例单议", "state of the special review")
    review_points: A = labelled("points", "评议分值", "points by the experts")


@frozen
class DipScore(Generic[A]):
    """The points of a case, step by step, in the order computed."""

    cost_tested: A = labelled("fen", "参与偏差计算的费用", "cost that is compared")
    reference_mean: A = labelled("fen", "比较用次均费用", "mean that it is compared with")
    group_score: A = labelled("points", "病种分值", "score before factors")
    institution_factor: A = labelled("factor", "适用的机构系数", "institution factor that applies")
    auxiliary_factor: A = labelled("factor", "适用的辅助系数", "auxiliary factor that applies")
    tcm_factor: A = labelled("factor", "适用的中医加成系数", "TCM factor that applies")
    band: A = labelled(BAND, "计分方式", "how the case is scored")
    paid_by_item: A = labelled("flag", "按项目付费", "paid by item, without points")
    expert_review: A = labelled("flag", "提请专家评议", "sent for expert review")
    points: A = labelled("points", "病例分值", "points of the case")


def _cost(case: DipCase[A]) -> A:
    """What a case cost, carved-out cost apart."""
    return case.medfee_sumamt if holds_nowhere(case.carve_out_amt) else case.medfee_sumamt - case.carve_out_amt


def _listed(terms: DipTerms, rule: str, case: DipCase[A]) -> A:
    """1 where the group is of a list (P01, P20, P28) to which the rule applies."""
    if terms.basic_groups == terms.tcm_groups == rule:
        return any_of(case.basic_group, case.tcm_group)
    if rule in (terms.basic_groups, terms.tcm_groups):
        return case.basic_group if terms.basic_groups == rule else case.tcm_group
    return for_each(0, case.basic_group)


def _institution_factor(terms: DipTerms, case: DipCase[A]) -> A:
    """The institution factor, capped; off for lists of groups that say so (A19)."""
    capped_factor = capped(case.institution_factor, terms.institution_factor_cap)
    if "factor_off" in (terms.basic_groups, terms.tcm_groups):
        return pick(_listed(terms, "factor_off", case), int(FACTOR_ONE), capped_factor)
    return capped_factor


def _uplift(terms: DipTerms, case: DipCase[A]) -> A:
    """The factor on the points of a TCM group (P20)."""
    listed = case.tcm_group
    if terms.tcm_factor_at == "pilot_institutions":
        listed = all_of(listed, case.pilot_tcm)
    return pick(listed, terms.tcm_factor, int(FACTOR_ONE))


def _unit(terms: DipTerms) -> int:
    """The smallest step of points, per ten thousand."""
    unit: int = 10 ** (_MOST_DECIMALS - int(terms.decimals))
    return unit


def _in_units(steps: A, unit: int) -> A:
    return steps if unit == 1 and isinstance(steps, np.ndarray) else steps * unit


def _product(terms: DipTerms, group_score: A, institution: A, auxiliary: A) -> tuple[A, int]:
    """The score with its factors, deviation apart, and in which part of a ten-thousandth of a point it is.

    Points are at most 9 x 10**8 and factors 10**5, so that the product of the three cannot wrap.
    """
    one, unit = int(FACTOR_ONE), _unit(terms)
    if terms.round_at == "each":
        first = _in_units(half_up(group_score * institution, one * unit), unit)
        return _in_units(half_up(first * auxiliary, one * unit), unit), 1
    if terms.auxiliary or terms.ungrouped == "factor":
        return group_score * institution * auxiliary, one * one
    return group_score * institution, one


def _between(terms: DipTerms, case: DipCase[A], cost: A) -> DipScore[A]:
    """A case of a group between the limits, of which nothing special holds: its score with its factors."""
    nothing = for_each(0, cost)
    institution, tcm_factor = _institution_factor(terms, case), _uplift(terms, case)
    auxiliary = case.auxiliary_factor if terms.auxiliary else for_each(int(FACTOR_ONE), cost)
    product, part = _product(terms, case.base_points, institution, auxiliary)
    return DipScore(
        cost_tested=cost,
        reference_mean=case.level_mean if terms.reference_mean == "level" else case.group_mean,
        group_score=case.base_points,
        institution_factor=institution,
        auxiliary_factor=auxiliary,
        tcm_factor=tcm_factor,
        band=nothing,
        paid_by_item=nothing,
        expert_review=nothing,
        points=_in_units(half_up(product, part * _unit(terms)), _unit(terms)),
    )


def _band(terms: DipTerms, case: DipCase[A], cost: A, mean: A) -> A:
    """How each case is scored, as a code of `BAND`."""
    band = is_past_times(terms.low_side, cost, terms.low_limit, mean)
    if terms.high_limit < NO_LIMIT:
        band = pick(is_past_times(terms.high_side, cost, terms.high_limit, mean), _HIGH, band)
    if terms.extreme_limit < NO_LIMIT:
        band = pick(is_past_times(terms.extreme_side, cost, terms.extreme_limit, mean), _EXTREME, band)
    band = pick(_listed(terms, "fixed_score", case), _FIXED, band)
    band = pick(case.grouped, band, _UNGROUPED if terms.ungrouped == "factor" else _BY_ITEM)
    band = pick(is_same(case.review, _GRANTED_POINTS), _EXPERT, band)
    return pick(is_same(case.review, _GRANTED_ITEM), _BY_ITEM, band)


def _deviation(terms: DipTerms, band: A, high: A, cost: A, mean: A, factor: A, waits: A, by_item: bool) -> tuple[A, A]:
    """What the case's cost makes of its score, as numerator and denominator; by_item: whether a case may be paid so."""
    one = int(FACTOR_ONE)
    by_ratio = is_same(band, _LOW)
    if terms.ungrouped == "factor":
        by_ratio = any_of(by_ratio, is_same(band, _UNGROUPED))
    whole = for_each(1, band)
    numerator = pick(by_ratio, cost, pick(is_same(band, _BY_ITEM), 0, whole) if by_item else whole)
    denominator = pick(by_ratio, mean, whole)
    if terms.high_limit >= NO_LIMIT:
        return numerator, denominator
    above: Any = {"one": one, "institution_factor": factor, "high_limit": terms.high_limit}[terms.high_offset]
    above = above - terms.high_limit
    step = 1 if terms.high_offset == "institution_factor" else gcd(above, one)  # in lowest terms more can be proven
    numerator = pick(high, cost * (one // step) + mean * half_up(above, step), numerator)
    denominator = pick(high, mean * (one // step), denominator)
    if terms.extreme_limit >= NO_LIMIT or terms.extreme_points == "as_high":
        return numerator, denominator
    until: Any = {"at_limit": above + terms.extreme_limit, "score": one, "nothing": 0}
    return pick(waits, until[terms.extreme_points], numerator), pick(waits, one, denominator)


def _factors(terms: DipTerms, case: DipCase[A], fixed: A) -> tuple[A, A, A]:
    """Institution, auxiliary and TCM factor that apply, deviation apart."""
    one, grouped = int(FACTOR_ONE), case.grouped
    institution = pick(fixed, one, _institution_factor(terms, case))
    auxiliary = case.auxiliary_factor if terms.auxiliary else for_each(one, fixed)
    auxiliary = pick(fixed, one, auxiliary)
    by_cost = terms.ungrouped == "factor" and not terms.factor_in_ungrouped
    of_no_group = for_each(one, fixed) if by_cost else capped(case.institution_factor, terms.institution_factor_cap)
    institution = pick(grouped, institution, of_no_group)
    return institution, pick(grouped, auxiliary, terms.ungrouped_factor), pick(grouped, _uplift(terms, case), one)


def _in_full(terms: DipTerms, case: DipCase[A]) -> DipScore[A]:
    """Any case that can be scored: one product, multiplied first, divided last."""
    one, unit, once = int(FACTOR_ONE), _unit(terms), terms.round_at == "once"
    cost = _cost(case)
    mean = pick(case.grouped, case.level_mean if terms.reference_mean == "level" else case.group_mean, case.mean_of_all)
    group_score = pick(case.grouped, case.base_points, terms.mean_points)
    band = _band(terms, case, cost, mean)
    by_item = terms.ungrouped == "by_item" or not holds_nowhere(case.review)
    high, waits = is_same(band, _HIGH), for_each(0, band)
    if terms.extreme_limit < NO_LIMIT:
        high = any_of(high, is_same(band, _EXTREME))
        decided = any_of(is_same(case.review, _REFUSED), is_same(case.review, _BEYOND_QUOTA))
        waits = all_of(is_same(band, _EXTREME), none_of(decided))
    institution, auxiliary, tcm_factor = _factors(terms, case, _listed(terms, "fixed_score", case))
    multiplied_by = institution
    if not (terms.factor_in_low and terms.factor_in_high):
        left_out = any_of(
            all_of(is_same(band, _LOW), none_of(terms.factor_in_low)), all_of(high, none_of(terms.factor_in_high))
        )
        multiplied_by = pick(left_out, one, institution)
    product, part = _product(terms, group_score, multiplied_by, auxiliary)
    numerator, denominator = _deviation(terms, band, high, cost, mean, institution, waits, by_item)
    if once:
        step = gcd(terms.tcm_factor, one)
        numerator, part = times(numerator, half_up(tcm_factor, step)), part * (one // step)
    points = _in_units(mul_div_by(product, numerator, denominator, part * unit), unit)
    if not once:
        points = _in_units(half_up(times(points, tcm_factor), one * unit), unit)
    return DipScore(
        cost_tested=cost,
        reference_mean=mean,
        group_score=group_score,
        institution_factor=institution,
        auxiliary_factor=auxiliary,
        tcm_factor=tcm_factor,
        band=band,
        paid_by_item=is_same(band, _BY_ITEM) if by_item else for_each(0, band),
        expert_review=waits,
        points=pick(is_same(band, _EXPERT), case.review_points, points) if by_item else points,
    )


def costs_alike(terms: DipTerms, case: DipCase[A]) -> tuple[A, A]:
    """The least and the most cost at which a group's case has the points of its group and institution alone.

    They hold of cases without a review, without carved-out cost and without a line of the auxiliary catalogue: between
    the limits, or at any cost in a group of fixed score.
    """
    mean = case.level_mean if terms.reference_mean == "level" else case.group_mean
    least, most = nearest(terms.low_side, mean * terms.low_limit, int(FACTOR_ONE)), for_each(int(MAX_FEN), mean)
    if terms.high_limit < NO_LIMIT:
        most = nearest(terms.high_side, mean * terms.high_limit, int(FACTOR_ONE))
    fixed = _listed(terms, "fixed_score", case)
    return pick(fixed, 0, least), pick(fixed, int(MAX_FEN), most)


def _check(terms: DipTerms, case: DipCase[Any]) -> None:
    """Refuse a case that cannot be scored; the field names say what has to be mended."""
    check_input(case, most=_MOST)
    level = terms.reference_mean == "level"
    mean, which = (case.level_mean, "level_mean") if level else (case.group_mean, "group_mean")
    if terms.ungrouped == "reject":
        refuse_zero(case.grouped, "the case belongs to no group, and the terms reject such cases; group it first")
    refuse_more_than(case.carve_out_amt, case.medfee_sumamt, "carve_out_amt", "the total cost")
    refuse_zero(mean, f"{which} is 0; the reference mean of the group has to be above 0", case.grouped)
    if terms.ungrouped == "factor":
        message = "mean_of_all is 0; a case of no group is compared with the mean of all cases, which has to be above 0"
        refuse_zero(case.mean_of_all, message, where=case.grouped == 0)
    refuse_zero(case.base_points, "base_points is 0; a group has a score above 0", case.grouped)
    for name in ("institution_factor", "auxiliary_factor"):
        refuse_zero(getattr(case, name), f"{name} is 0; a factor is above 0, and 1 where it changes nothing")
    if not holds_nowhere(case.review):
        granted = (case.review == _GRANTED_POINTS) & (case.review_points == 0)
        refuse(granted, "review is granted_points, but review_points is 0; the experts' points are due")


def score(terms: DipTerms, case: DipCase[A]) -> DipScore[A]:
    """Score one case, or a column of cases, under one version of the terms (rules P01, P03, P20, P28; reading A19).

    Points are the score of the group x institution factor x auxiliary factor x deviation x TCM factor: one product,
    multiplied first, divided last, rounded where the terms say.  k is the cost, carved-out cost apart, over the mean.
    Below the low limit the score is multiplied by k, above the high limit by k less that limit plus the offset; above
    the extreme limit the case waits for review.  Points by experts stand as they are; a case granted by item has none.
    Raises InputError, CodeError or AmountError for a case that cannot be scored, naming the row of a column: a mean,
    factor or group score of 0, more carved out than there is, a case of no group where the terms reject it.

    Source: formulas.md section 2, from the DIP technical norm 医保办发〔2020〕50号.
    """
    cost = _cost(case)
    _check(terms, case)
    plain = _between(terms, case, cost)
    return only_where(_is_unusual(terms, case, plain), partial(_in_full, terms), plain, case)


def _is_unusual(terms: DipTerms, case: DipCase[Any], plain: DipScore[Any]) -> Any:
    """Whether a case has more to it than its group and institution: true or false."""
    cost, mean = plain.cost_tested, plain.reference_mean
    unusual = (case.grouped == 0) | (case.review != 0) | lies_past_times(terms.low_side, cost, terms.low_limit, mean)
    if terms.high_limit < NO_LIMIT:
        unusual |= lies_past_times(terms.high_side, cost, terms.high_limit, mean)
    if "fixed_score" in (terms.basic_groups, terms.tcm_groups):
        unusual |= _listed(terms, "fixed_score", case) != 0
    if terms.tcm_factor != FACTOR_ONE:
        unusual |= case.tcm_group != 0
    return unusual
