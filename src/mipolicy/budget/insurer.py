"""Insurers that run major-illness cover (承办大病保险): their score, the claims ratio, what profit or loss they keep.

Rule O20.  Amounts in fen, rates per million, marks per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Generic

from attrs import frozen

from mipolicy.checked import check_input, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, A
from mipolicy.policy.kinds import FigureKind, RecordsKind, TextKind, terms_field
from mipolicy.rounding import half_up_int
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, mul_div, share

__all__ = ["InsurerSettled", "InsurerTerms", "InsurerYear", "ScoreWeight", "insurer_score", "settle_insurer"]

_FULL: Final = 100 * int(FACTOR_ONE)


@frozen
class ScoreWeight:
    """One score of an insurer's appraisal, and its weight."""

    score: str = terms_field(TextKind(), "评价项目", "score")
    weight: int = terms_field(FigureKind("rate"), "权重", "weight; all sum to 100%")


@frozen
class InsurerTerms:
    """What a document or contract fixes about an insurer that runs major-illness cover."""

    scores: tuple[ScoreWeight, ...] = terms_field(RecordsKind(ScoreWeight, "score"), "绩效评价", "scores and weights")
    profit_limit: int = terms_field(FigureKind("rate"), "盈利率上限", "most profit kept, as a share of the premium")
    loss_fund_share: int = terms_field(FigureKind("rate"), "亏损基金分担比例", "the fund's part of a loss")
    loss_limit: int = terms_field(
        FigureKind("rate"), "亏损分担上限", "most that the fund bears, as a share of the premium"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse weights that do not sum to the whole."""
        summed = sum(each.weight for each in self.scores)
        if summed != RATE_ONE:
            raise InputError(f"the weights of scores sum to {summed} per million; they must sum to 100%")


@frozen
class InsurerYear(Generic[A]):
    """An insurer's year: the premium it was paid, claims it paid, its cost of running the cover."""

    premium: A = labelled("fen", "保费", "premium")
    claims: A = labelled("fen", "赔付支出", "claims paid")
    costs: A = labelled("fen", "经办成本", "running cost")


@frozen
class InsurerSettled(Generic[A]):
    """The settlement with the fund: premium - claims - costs = kept + to_fund - loss_kept - from_fund."""

    claims_ratio: A = labelled("rate", "赔付率", "claims / premium, half up; exact in the record itself")
    profit: A = labelled("fen", "盈利", "profit")
    kept: A = labelled("fen", "商保留存盈利", "profit that the insurer keeps")
    to_fund: A = labelled("fen", "返还基金", "profit given back to the fund")
    loss: A = labelled("fen", "亏损", "loss")
    from_fund: A = labelled("fen", "基金分担亏损", "loss that the fund bears")
    loss_kept: A = labelled("fen", "商保承担亏损", "loss that the insurer bears")


def insurer_score(terms: InsurerTerms, marks: Mapping[str, int]) -> int:
    """The weighted mark of an insurer, half up once (rule O20); per ten thousand of a mark.

    marks: 0 to 100 by score, per ten thousand.
    Raises CodeError for a score that the terms do not list, InputError for one that is missing or out of range.
    Source: 天津 2021 三(三) 商业健康保险.
    """
    names = [each.score for each in terms.scores]
    unknown = [name for name in marks if name not in names]
    if unknown:
        raise CodeError(f"unknown score {unknown[0]!r}; the terms list: {', '.join(names)}")
    for name in names:
        mark = marks.get(name)
        if type(mark) is not int or not 0 <= mark <= _FULL:
            raise InputError(f"the mark of {name} is {mark!r}; 0 to {_FULL} per ten thousand of a mark is due")
    return half_up_int(sum(marks[each.score] * each.weight for each in terms.scores), int(RATE_ONE))


def settle_insurer(terms: InsurerTerms, year: InsurerYear[A]) -> InsurerSettled[A]:
    """Settle an insurer's year with the fund (rule O20): profit up to its limit is kept, a loss is shared.

    Raises InputError for figures out of range, and a premium of 0, of which no claims ratio can be taken.
    Source: 天津 2021 三(三) 商业健康保险.
    """
    check_input(year)
    refuse(year.premium == 0, "premium is {} fen; a claims ratio is measured against a premium, state it", year.premium)
    spent = year.claims + year.costs
    profit, loss = beyond(year.premium, spent), beyond(spent, year.premium)
    kept = capped(profit, share(year.premium, terms.profit_limit))
    borne = capped(share(loss, terms.loss_fund_share), share(year.premium, terms.loss_limit))
    ratio = mul_div(year.claims, int(RATE_ONE), year.premium)
    return InsurerSettled(ratio, profit, kept, profit - kept, loss, borne, loss - borne)
