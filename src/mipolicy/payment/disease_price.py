"""Prices of single diseases: a suggested price from past cases, and the revision of one that deviates (P04, P05).

Reading A56; formulas.md sections 2 and 4.  Amounts in fen, rates per million, the price index per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from attrs import frozen

from mipolicy.checked import refuse_no_limit
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, RATE_ONE, yuan_text
from mipolicy.payment.moments import DIVISORS
from mipolicy.payment.price_history import CostHistory, DiseaseCosts, rounded
from mipolicy.payment.sides import ABOVE, lies_past
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, terms_field

__all__ = [
    "PriceEvaluationTerms",
    "PriceRevision",
    "PriceRevisionTerms",
    "SuggestedPrice",
    "percentile",
    "revise",
    "suggest",
]

METHODS: Final = ("mean", "median", "trimmed_mean")
RANK_RULES: Final = ("nearest_rank", "interpolated")
"""The case at the rank p x n, rounded up; or on the line between the two cases beside 1 + p x (n - 1)."""


@frozen
class PriceEvaluationTerms:
    """How a price is suggested from the costs of past cases."""

    method: str = terms_field(ChoiceKind(METHODS), "测算方法", "which middle of the costs")
    low_percentile: int = terms_field(FigureKind("rate"), "低端裁剪百分位", "percentile below which cases are trimmed")
    high_percentile: int = terms_field(FigureKind("rate"), "高端裁剪百分位", "percentile above which cases are trimmed")
    rank_rule: str = terms_field(ChoiceKind(RANK_RULES), "百分位取法", "which cost stands at a percentile")
    limits_kept: int = terms_field(FlagKind(), "保留百分位上的病例", "whether cases at a percentile are kept")
    trim_cases: int = terms_field(FigureKind("count"), "裁剪最少病例数", "fewest cases that are trimmed")
    least_cases: int = terms_field(FigureKind("count"), "最少病例数", "fewest cases for a suggestion")
    cv_divisor: str = terms_field(ChoiceKind(DIVISORS), "方差除数", "what squared deviations are divided by")
    price_index: int = terms_field(FigureKind("factor"), "价格调整系数", "factor that brings past costs up to date")
    round_to: int = terms_field(FigureKind("fen"), "取整单位", "step to which a price is rounded")

    def __attrs_post_init__(self) -> None:
        """Refuse percentiles that leave nothing, no cases, an index of 0 and a step of nothing."""
        if self.low_percentile >= self.high_percentile:
            raise InputError("low_percentile must lie below high_percentile")
        if self.least_cases < self.fewest:
            raise InputError("least_cases is at least 1, and at least 2 where squares are divided by cases_less_one")
        if self.price_index < 1:
            raise InputError("price_index must be above 0; 1 leaves costs as they were")
        refuse_no_limit(round_to=self.round_to)

    @property
    def fewest(self) -> int:
        """The fewest cases that have a spread."""
        return 2 if self.cv_divisor == "cases_less_one" else 1


@frozen
class SuggestedPrice:
    """The suggestion for one disease, in the order computed; None where the cases are too few.

    low, high: the costs between which cases were kept; cv_squared: the square of the coefficient of variation of the
    cases kept, exactly (`price_history.root_text` gives its root); middle: the mean or median, before index and
    rounding.
    """

    dise_codg: str
    cases: int
    low: Fraction | None
    high: Fraction | None
    kept: int
    total: int
    cv_squared: Fraction | None
    middle: Fraction | None
    suggested: int | None


def percentile(rule: str, costs: DiseaseCosts, share: int) -> Fraction:
    """The cost at a percentile of a disease's cases; share: per million, rule: `nearest_rank` or `interpolated`.

    >>> percentile("interpolated", DiseaseCosts("A", (100, 200), (1, 1)), 250_000)
    Fraction(125, 1)
    """
    if rule == "nearest_rank":
        return Fraction(costs.at_rank(max(1, -(-share * costs.cases // int(RATE_ONE)))))
    place = Fraction(share * (costs.cases - 1), int(RATE_ONE)) + 1
    below = costs.at_rank(int(place))
    above = costs.at_rank(min(int(place) + 1, costs.cases))
    return below + (place - int(place)) * (above - below)


def suggest(terms: PriceEvaluationTerms, history: CostHistory) -> tuple[SuggestedPrice, ...]:
    """A price for each disease of the history, by code (rule P04).

    Raises InputError where the cases kept cost nothing, and where trimming leaves too few.
    Sources: 常德 2023 三(九); formulas.md section 2 (trimming by percentile, spread) and 4.
    """
    return tuple(_suggested(terms, each) for each in history.diseases)


def _suggested(terms: PriceEvaluationTerms, costs: DiseaseCosts) -> SuggestedPrice:
    if costs.cases < terms.least_cases:
        return SuggestedPrice(costs.dise_codg, costs.cases, None, None, 0, 0, None, None, None)
    low, high = (Fraction(costs.at_rank(rank)) for rank in (1, costs.cases))
    kept = costs
    if terms.method == "trimmed_mean" and costs.cases >= terms.trim_cases:
        low, high = (
            percentile(terms.rank_rule, costs, share) for share in (terms.low_percentile, terms.high_percentile)
        )
        kept = costs.within(low, high, terms.limits_kept)
    if kept.cases < terms.fewest:
        raise InputError(
            f"disease {costs.dise_codg}: trimming leaves {kept.cases} of {costs.cases} cases, too few for a price; "
            "raise trim_cases, or keep the edges"
        )
    middle = kept.median() if terms.method == "median" else Fraction(kept.total, kept.cases)
    return SuggestedPrice(
        dise_codg=costs.dise_codg,
        cases=costs.cases,
        low=low,
        high=high,
        kept=kept.cases,
        total=kept.total,
        cv_squared=kept.cv_squared(terms.cv_divisor),
        middle=middle,
        suggested=rounded(middle, terms.price_index, terms.round_to),
    )


@frozen
class PriceRevisionTerms:
    """When a price that the actual costs left behind is revised, and to what."""

    up_limit: int = terms_field(FigureKind("rate"), "上偏离界限", "limit of a deviation upwards")
    down_limit: int = terms_field(FigureKind("rate"), "下偏离界限", "limit of a deviation downwards")
    limits_side: str = terms_field(ChoiceKind(ABOVE), "偏离界限边界", "side of its limit on which a deviation counts")
    least_cases: int = terms_field(FigureKind("count"), "最少病例数", "fewest cases for a revision")
    part_of_gap: int = terms_field(FigureKind("rate"), "向均值调整比例", "part of the way to the mean that is gone")
    most_change: int = terms_field(
        FigureKind("rate"), "单次调整上限", "most change at once, as a share of the price; 100% leaves falls free"
    )
    rises_capped: int = terms_field(FlagKind(), "上调受上限约束", "whether a rise is held to the most change too")
    round_to: int = terms_field(FigureKind("fen"), "取整单位", "step to which a price is rounded")

    def __attrs_post_init__(self) -> None:
        """Refuse a revision without cases or without a step."""
        if self.least_cases < 1:
            raise InputError("least_cases is at least 1: no case has no mean")
        refuse_no_limit(round_to=self.round_to)


@frozen
class PriceRevision:
    """The check of one price, in the order computed.

    deviation: (mean - price) / price, exactly, None without a case; direction: 1 up, -1 down, 0 none; adjust: 1 where
    the price is to be revised; proposed: the new price, the old one where it is not.
    """

    dise_codg: str
    price: int
    cases: int
    total: int
    deviation: Fraction | None
    direction: int
    adjust: int
    change: Fraction
    proposed: int


def revise(terms: PriceRevisionTerms, prices: Mapping[str, int], history: CostHistory) -> tuple[PriceRevision, ...]:
    """Check the price of each disease against the mean of its actual costs, by code (rule P05, reading A56).

    prices: fen, by disease; a disease without a case is listed without a deviation.
    Raises InputError for a price that is 0 or below, and for a disease of the history that has no price.
    Sources: 常德 2023 三(九); formulas.md section 4.
    """
    costs = {each.dise_codg: each for each in history.diseases}
    unpriced = sorted(set(costs) - set(prices))
    if unpriced:
        raise InputError(f"no price for disease {', '.join(unpriced)}; leave out cases that are not paid by disease")
    for code, price in prices.items():
        if not 0 < price <= MAX_FEN:
            raise InputError(f"the price of disease {code} is {yuan_text(price)}; a price is above 0")
    nothing = DiseaseCosts("", (), ())
    return tuple(_revised(terms, code, prices[code], costs.get(code, nothing)) for code in sorted(prices))


def _revised(terms: PriceRevisionTerms, code: str, price: int, costs: DiseaseCosts) -> PriceRevision:
    cases, total = costs.cases, costs.total
    if not cases:
        return PriceRevision(code, price, 0, 0, None, 0, 0, Fraction(0), price)
    gap = Fraction(total, cases) - price
    direction = (gap > 0) - (gap < 0)
    limit = Fraction(terms.up_limit if direction > 0 else terms.down_limit, int(RATE_ONE))
    size = abs(gap) / price
    far = direction != 0 and lies_past(terms.limits_side, size, limit)
    adjust = int(far and cases >= terms.least_cases)
    change = abs(gap) * Fraction(terms.part_of_gap, int(RATE_ONE))
    if direction < 0 or terms.rises_capped:
        change = min(change, Fraction(price * terms.most_change, int(RATE_ONE)))
    change *= direction * adjust
    proposed = rounded(price + change, 10_000, terms.round_to) if adjust else price
    return PriceRevision(code, price, cases, total, gap / price, direction, adjust, change, proposed)
