"""Savings and overruns of a year (结余留用、超支分担): what of them each of institution, fund and treasury bears.

Rules S01, S13-S18, S35; readings A12, A13, A17, A22, A62; formulas.md section 5.  Bands on actual / budget; what the
city of the repealed opinion does is one table of them.  Amounts in fen, rates per million, factors per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Generic

from attrs import frozen

from mipolicy.budget.axes import ABOVE, PLACE, STATE
from mipolicy.checked import check_input, for_each, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, NO_LIMIT, RATE_ONE, A
from mipolicy.policy.kinds import BandsKind, ChoiceKind, CodesKind, FigureKind, terms_field
from mipolicy.tables import Bands
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, half_up, is_over, is_same, lookup, mul_div, none_of, pick, share

__all__ = [
    "Assessment",
    "BudgetSharing",
    "BudgetSharingTerms",
    "YearOfBudget",
    "assessment_of",
    "share_budget",
    "state",
]

_LOCAL, _OUT = (PLACE.position(place) for place in ("local", "out"))
_ALL, _SOME, _NONE = range(3)
_WAYS: Final = ("marginal", "whole")
_PAYERS: Final = ("fund", "treasury")


@frozen
class BudgetSharingTerms:
    """What a document fixes about savings and overruns of an institution's budget."""

    basis: str = terms_field(ChoiceKind(("quota", "points_amount")), "预算口径", "what the budget is")
    overrun_split: str = terms_field(
        ChoiceKind(("by_quota", "stated", "by_actual")),
        "超支拆分",
        "how an overrun is told apart by place: by each block's own quota, as stated, or by actual spending (estimate)",
    )
    indicators: tuple[str, ...] = terms_field(CodesKind(), "考评指标", "indicators of the assessment")
    saving_bands: Bands = terms_field(
        BandsKind((STATE,), edge="rate"), "结余奖励比例", "the institution's part of a saving, by share of the budget"
    )
    saving_way: str = terms_field(ChoiceKind(_WAYS), "结余分段方式", "each band its own rate, or one for the whole")
    saving_limit: int = terms_field(
        FigureKind("factor_limit"), "结余奖励上限(占预算)", "most of a saving that is paid, as a share of the budget"
    )
    saving_payer: str = terms_field(ChoiceKind(_PAYERS), "结余奖励资金", "who pays the institution's part of a saving")
    overrun_bands: Bands = terms_field(
        BandsKind((STATE, PLACE), edge="rate"),
        "超支分担比例",
        "the institution's part of an overrun, by share of the budget",
    )
    overrun_way: str = terms_field(ChoiceKind(_WAYS), "超支分段方式", "each band its own rate, or one for the whole")
    overrun_limit: int = terms_field(
        FigureKind("factor_limit"), "超支补偿上限(占预算)", "most of an overrun made good, as a share of the budget"
    )
    overrun_payer: str = terms_field(ChoiceKind(_PAYERS), "超支补偿资金", "who pays the rest of an overrun")
    edge_side: str = terms_field(ChoiceKind(ABOVE), "分档边界", "whether a band begins above its edge or at it")
    factor_on: str = terms_field(
        ChoiceKind(("nothing", "saving", "overrun", "both")), "考核系数用于", "what the assessment factor multiplies"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse blocks where the budget has none."""
        if self.basis == "points_amount" and self.overrun_split != "by_quota":
            raise InputError('overrun_split must be "by_quota" where the budget is a points amount: it has one block')


@frozen
class Assessment(Generic[A]):
    """How many indicators were assessed, and how many of them were met."""

    assessed: A = labelled("count", "考评指标数", "indicators assessed")
    met: A = labelled("count", "达标指标数", "indicators met")


@frozen
class YearOfBudget(Generic[A]):
    """An institution's year: its budget and its actual cost to the fund, by place, and how it was assessed.

    points_amt: the budget where the basis is a points amount; stated_out: the part of an overrun that is of care out of
    the city, where the terms want it stated.
    """

    quota_local: A = labelled("fen", "市内控制额", "quota of care in the city")
    quota_out: A = labelled("fen", "市外控制额", "quota of care out of the city")
    actual_local: A = labelled("fen", "市内实际发生", "actual cost in the city")
    actual_out: A = labelled("fen", "市外实际发生", "actual cost out of the city")
    state: A = labelled(STATE, "考评状态", "assessment state")
    points_amt: A = labelled("fen", "点数应付", "points amount", 0)
    stated_out: A = labelled("fen", "市外超支(报定)", "overrun out of the city, as stated", 0)
    assessment_factor: A = labelled("factor", "考核系数", "assessment factor", int(FACTOR_ONE))


@frozen
class BudgetSharing(Generic[A]):
    """Who pays what, in the order computed: amount = institution + treasury + fund, to the fen.

    amount: the actual cost and what is paid of a saving; `institution` is what it bears itself.
    """

    budget: A = labelled("fen", "控制总额", "budget")
    actual: A = labelled("fen", "实际发生", "actual cost")
    saving: A = labelled("fen", "结余", "saving")
    reward: A = labelled("fen", "结余奖励", "the institution's part of the saving")
    reward_treasury: A = labelled("fen", "财政支付的奖励", "reward paid by the treasury")
    reward_fund: A = labelled("fen", "基金支付的奖励", "reward paid by the fund")
    left_in_fund: A = labelled("fen", "留存基金", "left of the budget in the fund")
    overrun: A = labelled("fen", "超支", "overrun")
    overrun_local: A = labelled("fen", "市内超支", "overrun in the city")
    overrun_out: A = labelled("fen", "市外超支", "overrun out of the city")
    estimated: A = labelled("flag", "超支拆分为估算", "the overrun by place is an estimate")
    overrun_institution: A = labelled("fen", "机构承担超支", "overrun borne by the institution")
    overrun_treasury: A = labelled("fen", "财政承担超支", "overrun borne by the treasury")
    overrun_fund: A = labelled("fen", "基金承担超支", "overrun borne by the fund")
    amount: A = labelled("fen", "合计", "actual cost and reward")
    institution: A = labelled("fen", "机构承担合计", "borne by the institution")
    treasury: A = labelled("fen", "财政支付合计", "paid by the treasury")
    fund: A = labelled("fen", "基金支付合计", "paid by the fund")


def assessment_of(terms: BudgetSharingTerms, results: Mapping[str, int | None]) -> Assessment[int]:
    """Count the indicators that were met (rule S18, reading A12).

    results: 1 met, 0 not met, by indicator of the terms.
    Raises InputError for a result that is missing or no flag, and for terms without indicators; CodeError for an
    indicator that the terms do not have.
    Source: 虞政发〔2013〕36号 二(二)3, 二(三)3.
    """
    unknown = [name for name in results if name not in terms.indicators]
    if unknown:
        raise CodeError(f"unknown indicator {unknown[0]!r}; the terms list: {', '.join(terms.indicators)}")
    missing = [name for name in terms.indicators if results.get(name) is None]
    if missing:
        raise InputError(
            f"no result of {', '.join(missing)}; a missing result is not a failed one: state 1 (met) or 0 (not met)"
        )
    for name, result in results.items():
        if type(result) is not int or result not in (0, 1):
            raise InputError(f"the result of {name} is {result!r}; state 1 (met) or 0 (not met)")
    found = Assessment(len(results), sum(bool(result) for result in results.values()))
    state(found)
    return found


def state(of: Assessment[A]) -> A:
    """All met, none met, or anything between (rule S18, reading A12); a code of `STATE`.

    Raises InputError for no indicator at all, and for more met than assessed.

    >>> [STATE.members[state(Assessment(12, met))] for met in (12, 11, 1, 0)]
    ['all_met', 'some_met', 'some_met', 'none_met']
    """
    check_input(of)
    refuse(of.assessed == 0, "no indicator was assessed; a state needs at least one")
    refuse(of.met > of.assessed, "{} indicators met of {} assessed; correct whichever is wrong", of.met, of.assessed)
    failed = pick(is_same(of.met, for_each(0, of.met)), _NONE, for_each(_SOME, of.met))
    return pick(is_same(of.met, of.assessed), _ALL, failed)


def share_budget(terms: BudgetSharingTerms, year: YearOfBudget[A]) -> BudgetSharing[A]:
    """Settle one institution's year against its budget, or a column of them (rules S01, S13-S17, S35).

    The total is tested first; exactly on the budget there is neither saving nor overrun (A17).  Of two blocks, one that
    is not exceeded nets against the other (A13).  The institution's part of each block is rounded half up; the payer
    has the rest.  Local care fills marginal bands first.
    Raises InputError for a budget of 0, blocks that the terms do not have, a factor that they do not use, and figures
    out of range; CodeError for an unknown state.
    Sources: 虞政发〔2013〕36号 二(三)3; 《支付改革新征程,经办管理新作为》 取得积极成效·一是; formulas.md section 5.
    """
    check_input(year)
    budget, actual = _budget(terms, year), year.actual_local + year.actual_out
    _check_year(terms, year, budget)
    saving, overrun = beyond(budget, actual), beyond(actual, budget)
    reward = _reward(terms, year, saving, budget)
    local, out = _blocks(terms, year, overrun, budget)
    made_good = _made_good(terms, year, local, out, budget)
    borne = overrun - made_good
    nothing = for_each(0, budget)
    reward_treasury, reward_fund = (reward, nothing) if terms.saving_payer == "treasury" else (nothing, reward)
    by_treasury, by_fund = (made_good, nothing) if terms.overrun_payer == "treasury" else (nothing, made_good)
    return BudgetSharing(
        budget=budget,
        actual=actual,
        saving=saving,
        reward=reward,
        reward_treasury=reward_treasury,
        reward_fund=reward_fund,
        left_in_fund=saving - reward_fund,
        overrun=overrun,
        overrun_local=local,
        overrun_out=out,
        estimated=for_each(int(terms.overrun_split == "by_actual"), budget) * is_over(overrun, nothing),
        overrun_institution=borne,
        overrun_treasury=by_treasury,
        overrun_fund=by_fund,
        amount=actual + reward,
        institution=borne,
        treasury=reward_treasury + by_treasury,
        fund=capped(actual, budget) + reward_fund + by_fund,
    )


def _reward(terms: BudgetSharingTerms, year: YearOfBudget[A], saving: A, budget: A) -> A:
    reward = _part(terms.saving_bands, terms.saving_way, terms, saving, 0, saving, budget, year.state)
    if terms.factor_on in ("saving", "both"):
        reward = capped(mul_div(reward, year.assessment_factor, int(FACTOR_ONE)), saving)
    return _limited(reward, terms.saving_limit, budget)


def _made_good(terms: BudgetSharingTerms, year: YearOfBudget[A], local: A, out: A, budget: A) -> A:
    """What of an overrun is not the institution's; local care fills marginal bands first."""
    bands, way, overrun = terms.overrun_bands, terms.overrun_way, local + out
    own_local = _part(bands, way, terms, local, 0, overrun, budget, year.state, _LOCAL)
    own_out = _part(bands, way, terms, out, local, overrun, budget, year.state, _OUT)
    made_good = overrun - own_local - own_out
    if terms.factor_on in ("overrun", "both"):
        made_good = capped(mul_div(made_good, year.assessment_factor, int(FACTOR_ONE)), overrun)
    return _limited(made_good, terms.overrun_limit, budget)


def _budget(terms: BudgetSharingTerms, year: YearOfBudget[A]) -> A:
    if terms.basis == "points_amount":
        return year.points_amt + for_each(0, year.actual_local)
    return year.quota_local + year.quota_out


def _check_year(terms: BudgetSharingTerms, year: YearOfBudget[A], budget: A) -> None:
    refuse(budget == 0, "the budget is 0; a saving or an overrun is measured against one above 0")
    if terms.basis == "points_amount":
        message = "{} is stated beside a points amount, which pays care at the institution itself only; leave it 0"
        for name in ("quota_local", "quota_out", "actual_out"):
            refuse(getattr(year, name) != 0, message.replace("{}", name))
    else:
        refuse(year.points_amt != 0, "points_amt is stated, but the budget of these terms is a quota; leave it 0")
    if terms.overrun_split != "stated":
        refuse(year.stated_out != 0, "stated_out is given, but these terms do not take it; leave it 0")
    if terms.factor_on == "nothing":
        refuse(year.assessment_factor != FACTOR_ONE, "assessment_factor is not 1, but these terms use none; leave it 1")


def _blocks(terms: BudgetSharingTerms, year: YearOfBudget[A], overrun: A, budget: A) -> tuple[A, A]:
    """The overrun by place, which sums to it."""
    if terms.overrun_split == "stated":
        refuse(year.stated_out > overrun, "stated_out is more than the overrun of {} fen; correct one", overrun)
        out = year.stated_out + for_each(0, overrun)
        return overrun - out, out
    if terms.overrun_split == "by_actual":
        actual = year.actual_local + year.actual_out
        out = mul_div(overrun, year.actual_out, pick(is_same(actual, for_each(0, actual)), 1, actual))
        return overrun - out, out
    quota = budget if terms.basis == "points_amount" else year.quota_local
    local = capped(beyond(year.actual_local, quota), overrun)
    return local, overrun - local


def _part(
    bands: Bands, way: str, terms: BudgetSharingTerms, amount: A, start: A | int, whole: A, budget: A, *codes: Any
) -> A:
    """The institution's part of an amount, half up once; its first fen stands at `start` on the scale of the bands."""
    rates: list[Any] = [lookup(table, *codes) for table in bands.rates]
    if way == "whole":
        rate = rates[0]
        for edge, each in zip(bands.edges[1:], rates[1:], strict=True):
            ratio, limit = whole * int(RATE_ONE), budget * edge
            past = is_over(ratio, limit) if terms.edge_side == "above" else none_of(is_over(limit, ratio))
            rate = pick(past, each, rate)
        return share(amount, rate)  # type: ignore[no-any-return]  # a column for a column
    edges = [share(budget, edge) for edge in bands.edges]
    first = for_each(0, amount) + start
    numerator: Any = for_each(0, amount)
    for at, rate in enumerate(rates):
        inside = beyond(first + amount, edges[at]) - beyond(first, edges[at])
        if at + 1 < len(edges):
            inside = inside - (beyond(first + amount, edges[at + 1]) - beyond(first, edges[at + 1]))
        numerator = numerator + inside * rate
    return half_up(numerator, int(RATE_ONE))  # type: ignore[no-any-return]  # a column for a column


def _limited(amount: A, limit: int, budget: A) -> A:
    return amount if limit >= NO_LIMIT else capped(amount, mul_div(budget, limit, int(FACTOR_ONE)))
