"""Clearing a budget's year (年度清算): what scores make of the fund's part, what is refused, what is still due.

Rules S04, S40, B51, P22, P25, M28; reading A62; formulas.md section 2, clearing, whose deposit and balance are those of
`mipolicy.payment.clearing`.  Amounts in fen, rates per million, factors and marks per ten thousand.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Generic

from attrs import frozen

from mipolicy.budget.advance import BalancedYear, balance
from mipolicy.checked import check_input, for_each, refuse
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, A
from mipolicy.payment.clearing import FULL_MARK, Balance, ClearingTerms, Deposit, still_due, withhold
from mipolicy.payment.clearing import balance as settle_balance
from mipolicy.payment.sides import ABOVE, by_band
from mipolicy.policy.kinds import ChoiceKind, FigureKind, RecordsKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, mul_div, share

__all__ = [
    "AccountOfBudget",
    "BudgetClearingTerms",
    "ClearedBudget",
    "Defrauded",
    "FraudRecovery",
    "FraudRecoveryTerms",
    "ScoreBand",
    "Scored",
    "Scores",
    "clear_budget",
    "recover_fraud",
    "score",
]

_MARKS: Final = dict.fromkeys(("quality_mark", "internal_mark", "assessment"), FULL_MARK)
_MOST_FACTOR: Final = 2 * int(FACTOR_ONE)


# ---- terms -----------------------------------------------------------------------------------------------------------


@frozen
class ScoreBand:
    """From a mark on, the factor that a score puts on what the fund pays."""

    from_mark: int = terms_field(FigureKind("points"), "得分起点", "lowest mark of the band")
    factor: int = terms_field(FigureKind("factor"), "支付系数", "factor on what the fund pays")


@frozen
class BudgetClearingTerms:
    """What a document fixes about clearing a budget: how scores touch payment, and when ledgers disagree."""

    quality_bands: tuple[ScoreBand, ...] = terms_field(
        RecordsKind(ScoreBand, "from_mark"), "医疗质量与协议考核系数", "factors by mark of care quality; none: not used"
    )
    internal_bands: tuple[ScoreBand, ...] = terms_field(
        RecordsKind(ScoreBand, "from_mark"), "内部考核系数", "factors by mark of the internal appraisal; none: not used"
    )
    band_side: str = terms_field(ChoiceKind(ABOVE), "档次边界", "whether a band begins at its lowest mark or above it")
    tolerance: int = terms_field(FigureKind("fen"), "台账差异容许额", "most that two ledgers of a month may differ by")

    def __attrs_post_init__(self) -> None:
        """Refuse bands that leave a mark without a factor, or by which a better mark is paid less."""
        for name in ("quality_bands", "internal_bands"):
            bands = getattr(self, name)
            if bands and bands[0].from_mark != 0:
                raise InputError(f"the first of {name} must begin at 0: every mark has a factor")
            for lower, upper in pairwise(bands):
                if upper.from_mark <= lower.from_mark or upper.factor < lower.factor:
                    raise InputError(f"{name} must ascend, and a better mark never has a lower factor")
            if bands and bands[-1].from_mark > FULL_MARK:
                raise InputError(f"{name}: marks are 0 to 100")
            if bands and bands[-1].factor > _MOST_FACTOR:
                raise InputError(f"{name}: a factor is at most 2; 98% is written 0.98")


# ---- scores ----------------------------------------------------------------------------------------------------------


@frozen
class Scores(Generic[A]):
    """What the fund owes an institution, and the marks that touch it; 0 where the terms use no such mark."""

    fund: A = labelled("fen", "基金应付", "owed by the fund")
    quality_mark: A = labelled("points", "医疗质量得分", "mark of care quality", 0)
    internal_mark: A = labelled("points", "内部考核得分", "mark of the internal appraisal", 0)


@frozen
class Scored(Generic[A]):
    """What scores make of it, in the order computed: fund_due = fund + raised - lowered."""

    quality_factor: A = labelled("factor", "医疗质量系数", "factor for care quality")
    internal_factor: A = labelled("factor", "内部考核系数", "factor for the internal appraisal")
    fund_due: A = labelled("fen", "考核后基金应付", "owed by the fund after scores")
    raised: A = labelled("fen", "考核增加", "added for scores")
    lowered: A = labelled("fen", "考核扣减", "taken off for scores")


def score(terms: BudgetClearingTerms | None, of: Scores[A]) -> Scored[A]:
    """Link the marks of care quality and of the internal appraisal to payment (rules P22, P25), half up once.

    terms: None where the policy links none.
    Raises InputError for a mark outside 0 to 100 and an amount out of range.
    Source: 天津 2021 三(四) 支付方式, 三(九) 医疗服务能力.
    """
    check_input(of, most=_MARKS)
    one = for_each(int(FACTOR_ONE), of.fund)
    if terms is None:
        return Scored(one, one, of.fund, for_each(0, of.fund), for_each(0, of.fund))
    factors = []
    for bands, mark in ((terms.quality_bands, of.quality_mark), (terms.internal_bands, of.internal_mark)):
        edges = [(band.from_mark, band.factor) for band in bands]
        factors.append(by_band(terms.band_side, mark, edges) if edges else one)
    quality, internal = factors
    due = mul_div(of.fund, quality * internal, int(FACTOR_ONE) ** 2)
    return Scored(quality, internal, due, beyond(due, of.fund), beyond(of.fund, due))


# ---- the balance -----------------------------------------------------------------------------------------------------


@frozen
class AccountOfBudget(Generic[A]):
    """A year shared between institution, treasury and fund, and what its books hold.

    assessment: of the deposit, 0 where none is withheld; redistributed: of deposits that others forfeited.
    """

    fund: A = labelled("fen", "基金应付", "owed by the fund")
    treasury: A = labelled("fen", "财政应付", "owed by the treasury")
    institution: A = labelled("fen", "机构承担", "borne by the institution")
    refused: A = labelled("fen", "审核拒付", "refused by review")
    advanced: A = labelled("fen", "已预付总额", "advanced in the year")
    prepayment_left: A = labelled("fen", "未收回预付金", "prepayment not yet recovered", 0)
    carried_in: A = labelled("fen", "上年结转扣回", "carried forward from the year before", 0)
    quality_mark: A = labelled("points", "医疗质量得分", "mark of care quality", 0)
    internal_mark: A = labelled("points", "内部考核得分", "mark of the internal appraisal", 0)
    assessment: A = labelled("points", "保证金考核得分", "mark of the assessment of the deposit", 0)
    redistributed: A = labelled("fen", "再分配保证金", "given out of what others forfeited", 0)


@frozen
class ClearedBudget(Generic[A]):
    """The year cleared, in the order computed; every fen has one payer: amount = by institution + treasury + fund.

    clearing = paid - recovered - carried_forward.
    """

    quality_factor: A = labelled("factor", "医疗质量系数", "factor for care quality")
    internal_factor: A = labelled("factor", "内部考核系数", "factor for the internal appraisal")
    fund_due: A = labelled("fen", "考核后基金应付", "owed by the fund after scores")
    raised: A = labelled("fen", "考核增加", "added for scores")
    lowered: A = labelled("fen", "考核扣减", "taken off for scores")
    deposit: A = labelled("fen", "质量保证金", "deposit")
    returned_rate: A = labelled("rate", "返还比例", "share of the deposit given back")
    forfeited: A = labelled("fen", "扣减保证金", "forfeited")
    entitlement: A = labelled("fen", "全年应付", "owed for the year, before deductions")
    clearing: A = labelled("fen", "清算金额", "still due; negative: paid too much")
    paid: A = labelled("fen", "清算拨付", "paid at clearing")
    recovered: A = labelled("fen", "清算收回", "recovered at clearing")
    carried_forward: A = labelled("fen", "结转下年扣回", "carried forward, to be taken off next year")
    cleared_amount: A = labelled("fen", "清算合计", "cost, reward and what scores and deposits add")
    by_institution: A = labelled("fen", "机构最终承担", "borne by the institution in the end")
    by_treasury: A = labelled("fen", "财政最终支付", "paid by the treasury in the end")
    by_fund: A = labelled("fen", "基金最终支付", "paid by the fund in the end")


def clear_budget(
    terms: BudgetClearingTerms | None, deposits: ClearingTerms | None, of: AccountOfBudget[A]
) -> ClearedBudget[A]:
    """Clear one institution's year after `share_budget`, or a column of them (rules S04, S40, B51).

    Scores act on the fund's part alone; what is refused and forfeited comes off it, so the institution bears it.
    terms, deposits: None where the policy has no such section: no score counts, no deposit is withheld, and what was
    advanced too much is recovered (S11).
    Raises InputError where more is refused and forfeited than the fund owes, and for figures out of range.
    Source: 虞政发〔2013〕36号 二(一)1, 二(三)3; formulas.md section 2, clearing.
    """
    check_input(of, most=_MARKS)
    scored = score(terms, Scores(of.fund, of.quality_mark, of.internal_mark))
    nothing = for_each(0, of.fund)
    if deposits is None:
        refuse(
            of.redistributed != 0, "redistributed is {} fen, but no deposit is withheld; leave it 0", of.redistributed
        )
        held = Deposit(nothing, nothing, nothing)
    else:
        held = withhold(deposits, scored.fund_due, of.advanced, of.assessment)
    off = of.refused + held.forfeited
    refuse(off > scored.fund_due, "{} fen are refused and forfeited, more than the fund owes; correct refused_amt", off)
    entitlement = scored.fund_due + of.treasury
    due = still_due(
        entitlement,
        nothing,
        of.refused,
        of.advanced,
        of.prepayment_left,
        of.carried_in,
        held.forfeited,
        of.redistributed,
    )
    settled = _balance(deposits, of, entitlement, due)
    return ClearedBudget(
        quality_factor=scored.quality_factor,
        internal_factor=scored.internal_factor,
        fund_due=scored.fund_due,
        raised=scored.raised,
        lowered=scored.lowered,
        deposit=held.deposit,
        returned_rate=held.returned_rate,
        forfeited=held.forfeited,
        entitlement=entitlement,
        clearing=due,
        paid=settled.paid,
        recovered=settled.recovered,
        carried_forward=settled.carried_forward,
        cleared_amount=of.institution + of.treasury + of.fund + scored.raised + of.redistributed,
        by_institution=of.institution + scored.lowered + off,
        by_treasury=of.treasury,
        by_fund=scored.fund_due - off + of.redistributed,
    )


def _balance(deposits: ClearingTerms | None, of: AccountOfBudget[A], entitlement: A, due: A) -> Balance[A]:
    """What is done with what is still due; without terms, what was advanced too much is recovered."""
    if deposits is not None:
        return settle_balance(deposits, due)
    before = of.advanced + of.prepayment_left + of.carried_in
    rest = balance(BalancedYear(entitlement - of.refused, before))
    return Balance(due, rest.to_pay, rest.to_recover, for_each(0, of.fund))


# ---- fraud -----------------------------------------------------------------------------------------------------------


@frozen
class FraudRecoveryTerms:
    """What a document fixes about cost that was obtained by fraud."""

    rate: int = terms_field(FigureKind("rate"), "追回比例", "share of the defrauded cost that is recovered")


@frozen
class Defrauded(Generic[A]):
    """What was defrauded, and what of it has been paid back."""

    cost: A = labelled("fen", "骗取费用", "defrauded cost")
    recovered: A = labelled("fen", "已追回", "recovered so far")


@frozen
class FraudRecovery(Generic[A]):
    """What is to be recovered: due = recovered so far + left."""

    due: A = labelled("fen", "应追回", "to be recovered in all")
    left: A = labelled("fen", "尚未追回", "still to be recovered")


def recover_fraud(terms: FraudRecoveryTerms, of: Defrauded[A]) -> FraudRecovery[A]:
    """The amount to recover (rule M28), half up; a fine is set by law, case by case, and is not here.

    Raises InputError where more was recovered than is due.
    Source: 虞政发〔2013〕36号 二(三)1.
    """
    check_input(of)
    due = share(of.cost, terms.rate)
    refuse(of.recovered > due, "recovered is {} fen, more than is due; correct whichever is wrong", of.recovered)
    return FraudRecovery(due, beyond(due, of.recovered))
