"""Special cases (特例单议) and carve-outs (除外支付): who may apply, and what is granted or paid beside the group.

Rules P02, P12, P27; formulas.md sections 2 and 3.  Amounts in fen, rates per million, factors per ten thousand.
"""

from __future__ import annotations

from typing import Any, Final, Generic

from attrs import frozen

from mipolicy.checked import check_input, for_each, refuse, refuse_more_than
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, A, factor_text
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.payment.sides import ABOVE, is_past
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, TableKind, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, beyond, is_same, pick, share

__all__ = [
    "CRITERIA",
    "GROUPED",
    "ROUTE",
    "Application",
    "CarveOut",
    "Eligibility",
    "Grant",
    "ReviewedCase",
    "SpecialCaseTerms",
    "TechnologyCase",
    "carve_out",
    "eligible",
    "grant",
]

GROUPED: Final = Axis("method", METHOD.members[:3], METHOD.zh[:3], METHOD.en[:3])
"""The methods that pay by group, coded as in `axes.METHOD`: DIP, DRG by points, DRG by weight."""
CRITERIA: Final = ("cost", "stay", "intensive_care", "new_technology")
"""What makes a case eligible: a cost or a stay many times the usual, intensive care, a new drug or technology."""
ROUTE: Final = Axis(
    "route",
    ("group", "review", "carve_out"),
    ("按病组付费", "特例单议", "除外支付"),
    ("by its group", "special review", "carve-out"),
)
"""How a case with a new drug or technology is paid (rule P27)."""
_MOST_MULTIPLE: Final = 100 * int(FACTOR_ONE)
_ITEM, _POINTS = (REVIEW.position(word) for word in ("granted_item", "granted_points"))


@frozen
class SpecialCaseTerms:
    """What a document fixes for special cases and carve-outs."""

    criteria: tuple[str, ...] = terms_field(CodesKind(CRITERIA), "申请条件", "what makes a case eligible, any of them")
    cost_multiple: int = terms_field(FigureKind("factor"), "费用倍数", "multiple of the base that the cost exceeds")
    cost_base: str = terms_field(
        ChoiceKind(("standard", "group_mean")), "费用倍数基准", "what the cost is compared with"
    )
    stay_multiple: int = terms_field(FigureKind("factor"), "住院日倍数", "multiple of the group's mean days")
    intensive_days: int = terms_field(FigureKind("days"), "监护病房天数", "days in intensive care")
    limits_side: str = terms_field(ChoiceKind(ABOVE), "申请界限边界", "side of a limit on which a case is eligible")
    quota: Table = terms_field(TableKind("rate", (GROUPED,)), "申请比例上限", "quota, as a share of discharges")
    quota_rounding: str = terms_field(ChoiceKind(("down", "half_up")), "名额取整", "how a quota is made whole")
    technology_route: str = terms_field(
        ChoiceKind(("review", "carve_out")), "新药新技术支付途径", "how new drugs and technologies are paid"
    )
    carve_out_rate: int = terms_field(FigureKind("rate"), "除外支付比例", "the fund's share of what is carved out")

    def __attrs_post_init__(self) -> None:
        """Refuse a review that no case could enter, and multiples of nothing or beyond a hundred."""
        if not self.criteria:
            raise InputError("criteria is empty; a review that no case may apply for does not exist")
        for name in ("cost_multiple", "stay_multiple"):
            if not 0 < getattr(self, name) <= _MOST_MULTIPLE:
                raise InputError(f"{name} is above 0 and at most 100 times, got {factor_text(getattr(self, name))}")


@frozen
class Application(Generic[A]):
    """What is known of a case when it applies: its cost and stay, and those of its group."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    standard: A = labelled("fen", "付费标准", "what the method says the case is worth")
    group_mean: A = labelled("fen", "病组次均费用", "mean cost of the group")
    days: A = labelled("days", "实际住院天数", "days of the stay")
    mean_days: A = labelled("quantity", "平均住院日", "mean days of the group")
    intensive_days: A = labelled("days", "监护病房天数", "days in intensive care", 0)
    new_technology: A = labelled("flag", "新药新技术", "with a listed new drug or technology", 0)


@frozen
class Eligibility(Generic[A]):
    """Which criteria a case meets, in the order computed; those that the terms do not name are 0."""

    by_cost: A = labelled("flag", "费用条件", "by its cost")
    by_stay: A = labelled("flag", "住院日条件", "by its stay")
    by_intensive_care: A = labelled("flag", "监护病房条件", "by intensive care")
    by_new_technology: A = labelled("flag", "新药新技术条件", "by a new drug or technology")
    may_apply: A = labelled("flag", "可申请", "may apply")


def eligible(terms: SpecialCaseTerms, case: Application[A]) -> Eligibility[A]:
    """Whether a case, or each of a column, may apply for special review (rules P02, P27).

    Compared by cross-multiplying, so that nothing is rounded.
    Raises InputError for figures out of range, and where a base or a mean that the criteria need is 0.
    Sources: 常德 2023 三(八); 2023 article 一是; formulas.md section 2.
    """
    check_input(case)
    nothing = for_each(0, case.medfee_sumamt)
    by_cost, by_stay, by_intensive, by_new = nothing, nothing, nothing, nothing
    if "cost" in terms.criteria:
        base = case.standard if terms.cost_base == "standard" else case.group_mean
        _refuse_zero(base, terms.cost_base)
        by_cost = is_past(terms.limits_side, case.medfee_sumamt * int(FACTOR_ONE), base * terms.cost_multiple)
    if "stay" in terms.criteria:
        _refuse_zero(case.mean_days, "mean_days")
        by_stay = is_past(
            terms.limits_side, case.days * int(FACTOR_ONE) * int(FACTOR_ONE), case.mean_days * terms.stay_multiple
        )
    if "intensive_care" in terms.criteria:
        by_intensive = is_past(
            terms.limits_side, nothing + case.intensive_days, for_each(terms.intensive_days, nothing)
        )
    if "new_technology" in terms.criteria:
        by_new = nothing + case.new_technology
    may_apply: A = any_of(by_cost, by_stay, by_intensive, by_new)
    return Eligibility(by_cost, by_stay, by_intensive, by_new, may_apply)


def _refuse_zero(base: Any, name: str) -> None:
    refuse(base == 0, f"{name} is 0, so that no multiple of it can be taken; complete the record")


@frozen
class ReviewedCase(Generic[A]):
    """A case after its review: the state, the experts' points, and what it comes to by item."""

    review: A = labelled(REVIEW, "特例单议", "state of the special review")
    review_points: A = labelled("points", "评议分值", "points by the experts")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    hifp_pay: A = labelled("fen", "统筹基金支付(按项目)", "the pooled fund's share, item by item")
    unreasonable_amt: A = labelled("fen", "不合理费用", "cost found unreasonable", 0)


@frozen
class Grant(Generic[A]):
    """What a review grants, in the order computed; nothing of it enters the deviation rule.

    points: where the experts set them; payment: where the case is paid by item, what the fund owes.
    """

    by_item: A = labelled("flag", "按项目付费", "paid by item")
    by_points: A = labelled("flag", "按评议分值", "by the experts' points")
    outside_deviation: A = labelled("flag", "不适用偏差规则", "outside the deviation rule")
    points: A = labelled("points", "评议分值", "points granted")
    standard: A = labelled("fen", "付费标准", "cost that is paid by item")
    payment: A = labelled("fen", "基金支付", "what the fund owes by item")


def grant(case: ReviewedCase[A], admitted: A) -> Grant[A]:
    """What the review of a case, or of each of a column, grants (rule P02; formulas.md section 2, special cases).

    admitted: 1 where the case stands within the quota of its institution (`special_quota.rank`); outside of it, and
    refused or undecided, a case is paid by its group.
    By item the fund owes its share item by item, less the cost found unreasonable, never below nothing.
    Raises InputError for figures out of range, CodeError for an unknown state.
    """
    check_input(case)
    by_item: A = all_of(is_same(case.review, _ITEM), admitted)
    by_points: A = all_of(is_same(case.review, _POINTS), admitted)
    reasonable = beyond(case.medfee_sumamt, case.unreasonable_amt)
    return Grant(
        by_item=by_item,
        by_points=by_points,
        outside_deviation=any_of(by_item, by_points),
        points=pick(by_points, case.review_points, 0),
        standard=pick(by_item, reasonable, 0),
        payment=pick(by_item, beyond(case.hifp_pay, case.unreasonable_amt), 0),
    )


@frozen
class TechnologyCase(Generic[A]):
    """A case and what of its cost is a listed new drug or technology."""

    new_technology: A = labelled("flag", "新药新技术", "with a listed new drug or technology")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    carve_out_amt: A = labelled("fen", "除外支付金额", "cost of the listed items")


@frozen
class CarveOut(Generic[A]):
    """How a case with a new drug or technology is paid, in the order computed.

    remaining_amt: the cost that its group is compared with and pays for; payment: what the fund owes beside the group.
    """

    route: A = labelled(ROUTE, "支付途径", "how it is paid")
    carved_amt: A = labelled("fen", "除外金额", "cost taken out")
    remaining_amt: A = labelled("fen", "剩余费用", "cost that stays with the group")
    standard: A = labelled("fen", "除外支付标准", "cost paid beside the group")
    payment: A = labelled("fen", "基金支付", "what the fund owes beside the group")


def carve_out(terms: SpecialCaseTerms, case: TechnologyCase[A]) -> CarveOut[A]:
    """Route a case with a new drug or technology to review or to carve-out, and pay the carve-out (rule P27).

    What is carved out leaves the cost before any outlier test, and is paid beside the group at the terms' rate.
    Raises InputError for figures out of range, and for a carve-out that exceeds the cost or has no listed item.
    Sources: 2023 article 一是; formulas.md section 3, carve-out.
    """
    check_input(case)
    most = pick(case.new_technology, case.medfee_sumamt, 0)
    refuse_more_than(case.carve_out_amt, most, "carve_out_amt", "what the case has of listed new drugs or technology")
    way = ROUTE.position(terms.technology_route)
    carved = case.carve_out_amt if terms.technology_route == "carve_out" else for_each(0, case.medfee_sumamt)
    return CarveOut(
        route=pick(case.new_technology, way, 0),
        carved_amt=carved,
        remaining_amt=case.medfee_sumamt - carved,
        standard=carved,
        payment=share(carved, terms.carve_out_rate),
    )
