"""A medical consortium paid per head (紧密型医联体按人头付费): its budget, quality, and what each member gets.

Rule P19; formulas.md section 4.  Amounts in fen, rates per million, factors and points per ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic

from attrs import frozen

from mipolicy.checked import check_input, for_each, refuse, refuse_no_limit
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, A
from mipolicy.payment.capitation import MOST_ENROLLED, NO_RISK_FACTOR, Capitation, balance, heads
from mipolicy.payment.sharing import ShareBand, check_bands
from mipolicy.policy.kinds import ChoiceKind, FigureKind, RecordsKind, terms_field
from mipolicy.rounding import split
from mipolicy.traced import labelled
from mipolicy.vocabulary import any_of, is_over, is_same, mul_div, pick

__all__ = [
    "Consortium",
    "ConsortiumTerms",
    "ConsortiumYear",
    "Member",
    "MemberPart",
    "QualityStep",
    "pay",
    "share_out",
]

QUALITY_ON: Final = ("budget", "surplus")
WEIGHTS: Final = ("enrolled", "own_amt", "agreed")


@frozen
class QualityStep:
    """From a quality score on, the factor that it earns."""

    from_score: int = terms_field(FigureKind("points"), "质量评分起点", "from this quality score")
    factor: int = terms_field(FigureKind("factor"), "质量系数", "factor")


@frozen
class ConsortiumTerms:
    """What a document fixes for a consortium paid per head."""

    standard: int = terms_field(FigureKind("fen"), "年人头标准", "yearly standard per head")
    outside_rate: int = terms_field(
        FigureKind("rate"), "外出就医扣减比例", "share of the cost of care elsewhere charged to the consortium"
    )
    quality_steps: tuple[QualityStep, ...] = terms_field(
        RecordsKind(QualityStep, "from_score"), "质量系数", "factors by quality score"
    )
    quality_on: str = terms_field(ChoiceKind(QUALITY_ON), "质量系数作用于", "what the quality factor multiplies")
    surplus_bands: tuple[ShareBand, ...] = terms_field(
        RecordsKind(ShareBand, "from_rate"), "结余留用", "the consortium's part of a surplus, by share of the budget"
    )
    deficit_bands: tuple[ShareBand, ...] = terms_field(
        RecordsKind(ShareBand, "from_rate"), "超支分担", "the consortium's part of a deficit, by share of the budget"
    )
    surplus_by: str = terms_field(ChoiceKind(WEIGHTS), "结余分配依据", "how members share a surplus")
    deficit_by: str = terms_field(ChoiceKind(WEIGHTS), "超支分担依据", "how members share a deficit")

    def __attrs_post_init__(self) -> None:
        """Refuse bands or steps that leave a gap, and a factor that would hand out more than the surplus there is."""
        refuse_no_limit(standard=self.standard)
        check_bands("surplus_bands", self.surplus_bands)
        check_bands("deficit_bands", self.deficit_bands)
        scores = [step.from_score for step in self.quality_steps]
        if not scores or scores[0] != 0 or scores != sorted(scores):
            raise InputError(f"quality_steps must begin at a score of 0 and ascend, got {scores}")
        if self.quality_on == "surplus" and any(step.factor > FACTOR_ONE for step in self.quality_steps):
            raise InputError("a quality factor on the surplus is at most 1: more than the surplus cannot be kept")


@frozen
class ConsortiumYear(Generic[A]):
    """A consortium's enrolled in a period, its quality score, and what their care cost the fund item by item."""

    enrolled: A = labelled("count", "签约人数", "enrolled persons")
    risk_factor: A = labelled("factor", "风险调整系数", "risk factor")
    months: A = labelled("count", "月数", "months")
    quality_score: A = labelled("points", "质量评分", "quality score")
    own_amt: A = labelled("fen", "医联体内费用", "cost inside the consortium, as the fund's share")
    outside_amt: A = labelled("fen", "医联体外费用", "cost outside the consortium, as the fund's share")


@frozen
class Consortium(Generic[A]):
    """What a consortium's period comes to, in the order computed; `payment` is what the fund owes all members."""

    by_heads: A = labelled("fen", "按人头预算", "budget before quality")
    quality_factor: A = labelled("factor", "质量系数", "quality factor")
    standard: A = labelled("fen", "人头预算", "budget")
    outside_charged: A = labelled("fen", "外出就医扣减", "charged for care outside")
    available: A = labelled("fen", "可用预算", "budget left for care inside; may be negative")
    surplus: A = labelled("fen", "结余", "surplus")
    surplus_members: A = labelled("fen", "医联体留用结余", "surplus that the consortium keeps")
    surplus_fund: A = labelled("fen", "基金收回结余", "surplus that the fund keeps")
    deficit: A = labelled("fen", "超支", "deficit")
    deficit_members: A = labelled("fen", "医联体承担超支", "deficit that the consortium bears")
    deficit_fund: A = labelled("fen", "基金承担超支", "deficit that the fund bears")
    payment: A = labelled("fen", "基金支付", "what the fund owes the consortium")


def pay(terms: ConsortiumTerms, year: ConsortiumYear[A]) -> Consortium[A]:
    """Pay one consortium, or a column of them, for a period (rule P19).

    The quality factor multiplies the budget, or what the consortium keeps of a surplus: what it then does not get is
    the fund's.  Raises InputError for figures out of range and a risk factor of 0.
    Sources: 天津 2021 三(四); formulas.md section 4.
    """
    check_input(year, most={"enrolled": MOST_ENROLLED})
    refuse(year.risk_factor == 0, NO_RISK_FACTOR)
    by_heads = heads(year.enrolled, for_each(terms.standard, year.enrolled), year.risk_factor, year.months)
    factor = _factor(terms, year.quality_score)
    on_budget = terms.quality_on == "budget"
    standard = mul_div(by_heads, factor, int(FACTOR_ONE)) if on_budget else by_heads
    found: Capitation[A] = balance(standard, standard, year.own_amt, year.outside_amt, terms)
    kept = found.surplus_institution if on_budget else mul_div(found.surplus_institution, factor, int(FACTOR_ONE))
    return Consortium(
        by_heads=by_heads,
        quality_factor=factor,
        standard=standard,
        outside_charged=found.outside_charged,
        available=found.available,
        surplus=found.surplus,
        surplus_members=kept,
        surplus_fund=found.surplus - kept,
        deficit=found.deficit,
        deficit_members=found.deficit_institution,
        deficit_fund=found.deficit_fund,
        payment=year.own_amt + kept - found.deficit_institution,
    )


def _factor(terms: ConsortiumTerms, score: A) -> A:
    """The factor of the last step that the score reaches; a score at a step has reached it."""
    factor = for_each(0, score)
    for step in terms.quality_steps:
        reached: Any = any_of(is_over(score, step.from_score), is_same(score, step.from_score))
        factor = pick(reached, step.factor, factor)
    return factor


@frozen
class Member:
    """A member of a consortium: its enrolled, what its own care cost, and the weight that the members agreed on."""

    fixmedins_code: str
    enrolled: int
    own_amt: int
    agreed: int


@frozen
class MemberPart:
    """What a member gets, in the order computed; payment = its cost + its part of the surplus - that of the deficit."""

    fixmedins_code: str
    own_amt: int
    surplus: int
    deficit: int
    payment: int


def share_out(terms: ConsortiumTerms, paid: Consortium[int], members: Sequence[Member]) -> tuple[MemberPart, ...]:
    """Share a consortium's payment among its members, by code: the parts sum to it to the fen (largest remainder).

    Raises InputError for two members of one code, and where the members' cost is not the consortium's; AmountError for
    weights that are negative or all 0.
    """
    ordered = sorted(members, key=lambda each: each.fixmedins_code)
    codes = [each.fixmedins_code for each in ordered]
    if len(set(codes)) != len(codes):
        raise InputError(f"a member stands twice in {', '.join(codes)}")
    costs = sum(each.own_amt for each in ordered)
    spent = paid.payment - paid.surplus_members + paid.deficit_members
    if costs != spent:
        raise InputError(f"the members' own cost comes to {costs} fen, that of the consortium is {spent}")
    surplus = split(paid.surplus_members, [getattr(each, terms.surplus_by) for each in ordered], codes)
    deficit = split(paid.deficit_members, [getattr(each, terms.deficit_by) for each in ordered], codes)
    return tuple(
        MemberPart(each.fixmedins_code, each.own_amt, plus, minus, each.own_amt + plus - minus)
        for each, plus, minus in zip(ordered, surplus, deficit, strict=True)
    )
