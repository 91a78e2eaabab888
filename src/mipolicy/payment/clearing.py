"""Clearing a year (年度清算): what is still due to each institution after months, sharing, refusals and assessment.

formulas.md section 2, "clearing"; the deposit (质量保证金) from the national rules of 2025.  Amounts in fen, rates per
million, results of the assessment per ten thousand of a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Generic

from attrs import fields, frozen

from mipolicy.checked import check_input, for_each
from mipolicy.errors import InputError, MipolicyError
from mipolicy.money import FACTOR_ONE, RATE_ONE, A
from mipolicy.payment.axes import POOL
from mipolicy.payment.sides import ABOVE, by_band
from mipolicy.policy.kinds import ChoiceKind, FigureKind, RecordsKind, terms_field
from mipolicy.rounding import any_columns, bounds_of, mul_div
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, share, split

__all__ = [
    "Account",
    "AssessmentBand",
    "Balance",
    "Change",
    "Cleared",
    "Clearing",
    "ClearingTerms",
    "Deposit",
    "balance",
    "clear_year",
    "difference",
    "still_due",
    "withhold",
]

FULL_MARK: Final = 100 * int(FACTOR_ONE)
"""The best result of an assessment."""
MOST_DEPOSIT: Final = 50_000
"""5%: what the national rules of 2025 allow to be withheld."""


# ---- terms -----------------------------------------------------------------------------------------------------------


@frozen
class AssessmentBand:
    """From a result of the assessment on, the share of the deposit that is given back."""

    from_mark: int = terms_field(FigureKind("points"), "考核得分起点", "lowest mark of the band")
    returned: int = terms_field(FigureKind("rate"), "返还比例", "share given back")


@frozen
class ClearingTerms:
    """What a document fixes about clearing a year."""

    deposit_rate: int = terms_field(FigureKind("rate"), "质量保证金比例", "share withheld as deposit, at most 5%")
    deposit_base: str = terms_field(
        ChoiceKind(("entitlement", "months_paid")), "质量保证金基数", "what the deposit is a share of"
    )
    assessment: str = terms_field(ChoiceKind(("bands", "linear")), "考核返还办法", "how the deposit is given back")
    bands: tuple[AssessmentBand, ...] = terms_field(
        RecordsKind(AssessmentBand, "from_mark"), "考核返还档次", "bands of the assessment; none where it is linear"
    )
    band_side: str = terms_field(ChoiceKind(ABOVE), "档次边界", "whether a band begins at its lowest mark or above it")
    full_from: int = terms_field(FigureKind("points"), "全额返还得分", "mark from which all is given back, if linear")
    lost_per_mark: int = terms_field(FigureKind("rate"), "每低一分扣减比例", "share lost per mark below, if linear")
    forfeits_to: str = terms_field(
        ChoiceKind(("fund", "redistributed")), "扣减保证金去向", "where forfeited deposits go"
    )
    negative_balance: str = terms_field(
        ChoiceKind(("recovered", "carried_forward")), "清算为负的处理", "what is done with a negative balance"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.deposit_rate > MOST_DEPOSIT:
            raise InputError("deposit_rate must not exceed 5%: the national rules of 2025 allow no more")
        linear = self.assessment == "linear"
        if linear != (not self.bands) or linear != (self.full_from > 0) or linear != (self.lost_per_mark > 0):
            raise InputError(
                "assessment bands needs bands, with full_from 0 and lost_per_mark 0%; linear needs both and no bands"
            )
        if max((self.full_from, *(band.from_mark for band in self.bands))) > FULL_MARK:
            raise InputError("marks of an assessment are 0 to 100")
        if any(band.returned > RATE_ONE for band in self.bands) or self.lost_per_mark > RATE_ONE:
            raise InputError("a share of the deposit is at most 100%")
        if self.bands and self.bands[0].from_mark != 0:
            raise InputError("the first of the bands must begin at 0: every result has a share")
        for lower, upper in zip(self.bands, self.bands[1:], strict=False):
            if upper.from_mark <= lower.from_mark or upper.returned < lower.returned:
                raise InputError("bands must ascend, and a better result never gets less of the deposit back")


# ---- the steps, for one account or a column --------------------------------------------------------------------------


@frozen
class Deposit(Generic[A]):
    """The deposit of an institution and pool, and what the assessment leaves of it."""

    deposit: A = labelled("fen", "质量保证金", "deposit")
    returned_rate: A = labelled("rate", "返还比例", "share given back")
    forfeited: A = labelled("fen", "扣减保证金", "forfeited")


@frozen
class Balance(Generic[A]):
    """What is still due, and what is done with it: clearing = paid - recovered - carried_forward."""

    clearing: A = labelled("fen", "清算金额", "still due; negative: paid too much")
    paid: A = labelled("fen", "清算拨付", "paid at clearing")
    recovered: A = labelled("fen", "清算收回", "recovered at clearing")
    carried_forward: A = labelled("fen", "结转下年扣回", "carried forward, to be taken off next year")


def _returned(terms: ClearingTerms, mark: A) -> A:
    """The share of the deposit that the assessment gives back."""
    if terms.assessment == "linear":
        missing = beyond(for_each(terms.full_from, mark), mark)
        return beyond(int(RATE_ONE), mul_div(missing, terms.lost_per_mark, int(FACTOR_ONE)))
    return by_band(terms.band_side, mark, [(band.from_mark, band.returned) for band in terms.bands])


def withhold(terms: ClearingTerms, entitlement: A, months_paid: A, mark: A) -> Deposit[A]:
    """The deposit and what of it is forfeited: deposit x (1 - f(assessment)).

    entitlement, months_paid: fen; a negative base gives no deposit.  mark: 0 to 100, per ten thousand of a mark.
    Raises InputError for a mark out of range, AmountError for what is neither an int nor an int64 column.

    Source: formulas.md section 2, clearing.
    """
    any_columns(entitlement, months_paid, mark)
    low, high = bounds_of(mark)
    if low < 0 or high > FULL_MARK:
        worst = low if low < 0 else high
        raise InputError(f"the assessment's result {worst} is outside 0 to {FULL_MARK}, per ten thousand of a mark")
    base = entitlement if terms.deposit_base == "entitlement" else months_paid
    deposit = share(beyond(base, 0), terms.deposit_rate)
    returned = _returned(terms, mark)
    return Deposit(deposit, returned, share(deposit, RATE_ONE - returned))


def balance(terms: ClearingTerms, clearing: A) -> Balance[A]:
    """What is done with what is still due: paid, or, where it is negative, recovered or carried forward."""
    paid, too_much = beyond(clearing, 0), beyond(-clearing, 0)
    nothing = for_each(0, clearing)
    if terms.negative_balance == "recovered":
        return Balance(clearing, paid, too_much, nothing)
    return Balance(clearing, paid, nothing, too_much)


def still_due(
    entitlement: A,
    sharing: A,
    refused: A,
    months_paid: A,
    prepayment_left: A,
    carried_in: A,
    forfeited: A,
    redistributed: A,
) -> A:
    """What a year still owes, below 0 where too much was paid; every argument in fen, `entitlement` after points.

    Source: formulas.md section 2, clearing; rule S40.

    >>> still_due(1000_00, -50_00, 20_00, 800_00, 0, 0, 10_00, 0)
    12000
    """
    return entitlement + sharing - (refused + months_paid + prepayment_left + carried_in + forfeited) + redistributed


# ---- a year ----------------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Account:
    """What a year holds for an institution and pool, before it is cleared.

    entitlement: what points or prices come to; sharing: signed; carried_in: of the year before, still to be taken off.
    """

    fixmedins_code: str
    pool: str
    entitlement: int = labelled("fen", "全年应付", "entitlement of the year")
    sharing: int = labelled("fen", "分担调整", "surplus retained or overrun shared, signed", 0)
    refused: int = labelled("fen", "审核扣款", "refused by review", 0)
    months_paid: int = labelled("fen", "月度已付合计", "paid in months")
    prepayment_left: int = labelled("fen", "未收回预付金", "prepayment not yet recovered", 0)
    carried_in: int = labelled("fen", "上年结转扣回", "carried forward from the year before", 0)
    assessment: int = labelled("points", "考核得分", "result of the assessment")


@frozen(kw_only=True)
class Cleared:
    """An institution and pool cleared, step by step, in the order computed."""

    fixmedins_code: str
    pool: str
    entitlement: int = labelled("fen", "全年应付", "entitlement of the year")
    sharing: int = labelled("fen", "分担调整", "surplus retained or overrun shared, signed")
    refused: int = labelled("fen", "审核扣款", "refused by review")
    months_paid: int = labelled("fen", "月度已付合计", "paid in months")
    prepayment_left: int = labelled("fen", "未收回预付金", "prepayment not yet recovered")
    carried_in: int = labelled("fen", "上年结转扣回", "carried forward from the year before")
    assessment: int = labelled("points", "考核得分", "result of the assessment")
    deposit: int = labelled("fen", "质量保证金", "deposit")
    returned_rate: int = labelled("rate", "返还比例", "share of the deposit given back")
    forfeited: int = labelled("fen", "扣减保证金", "forfeited")
    redistributed: int = labelled("fen", "再分配保证金", "given out of what others forfeited")
    clearing: int = labelled("fen", "清算金额", "still due; negative: paid too much")
    paid: int = labelled("fen", "清算拨付", "paid at clearing")
    recovered: int = labelled("fen", "清算收回", "recovered at clearing")
    carried_forward: int = labelled("fen", "结转下年扣回", "carried forward, to be taken off next year")


STEPS: Final = tuple(each.name for each in fields(Cleared) if each.metadata.get("unit") == "fen")
_GIVEN: Final = tuple(each.name for each in fields(Account) if each.metadata.get("unit") == "fen")
_SIGNED: Final = ("entitlement", "sharing", "months_paid")


@frozen
class Clearing:
    """A year of a city: lines by institution and pool, and the sums of their columns.

    to_fund: forfeited deposits that stay in the fund.
    """

    lines: tuple[Cleared, ...]
    totals: Mapping[str, int]
    to_fund: int


def clear_year(terms: ClearingTerms, accounts: Iterable[Account]) -> Clearing:
    """Clear a year.

    clearing = entitlement + sharing - refused - paid in months - prepayment left - carried in - forfeited, and what is
    given out of the deposits that others of the pool forfeited: by largest remainder over those at full assessment, in
    proportion to their deposits, ties by code.  Where none is at full assessment, forfeited deposits stay in the fund.
    Raises InputError for an account that stands twice, an amount or a result out of range, naming the institution;
    CodeError for a pool that is none; AmountError for an amount that is no int.

    Source: formulas.md section 2, clearing.
    """
    ordered = sorted(accounts, key=lambda each: (each.fixmedins_code, each.pool))
    seen: set[tuple[str, str]] = set()
    for account in ordered:
        key = account.fixmedins_code, account.pool
        if key in seen:
            raise InputError(f"{key[0]}, {key[1]}: the account stands twice; an institution has one in each pool")
        seen.add(key)
        _check(account)
    deposits = [withhold(terms, each.entitlement, each.months_paid, each.assessment) for each in ordered]
    given = _redistributed(terms, ordered, deposits)
    lines = tuple(map(_cleared, [terms] * len(ordered), ordered, deposits, given))
    totals = {name: sum(getattr(line, name) for line in lines) for name in STEPS}
    return Clearing(lines, totals, totals["forfeited"] - totals["redistributed"])


def _check(account: Account) -> None:
    POOL.position(account.pool)
    where = f"{account.fixmedins_code}, {account.pool}"
    try:
        check_input(account, signed=_SIGNED, most={"assessment": FULL_MARK})
    except MipolicyError as error:
        raise type(error)(f"{where}: {error}") from None


def _redistributed(terms: ClearingTerms, accounts: list[Account], deposits: list[Deposit[int]]) -> list[int]:
    """What each gets of the deposits that others of its pool forfeited."""
    given = [0] * len(accounts)
    if terms.forfeits_to == "fund":
        return given
    for pool in POOL.members:
        own = [at for at, each in enumerate(accounts) if each.pool == pool]
        full = [at for at in own if deposits[at].returned_rate == RATE_ONE and deposits[at].deposit > 0]
        if full:
            weights = [deposits[at].deposit for at in full]
            codes = [accounts[at].fixmedins_code for at in full]
            parts = split(sum(deposits[at].forfeited for at in own), weights, codes)
            for at, part in zip(full, parts, strict=True):
                given[at] = part
    return given


def _cleared(terms: ClearingTerms, account: Account, deposit: Deposit[int], redistributed: int) -> Cleared:
    given = {name: getattr(account, name) for name in _GIVEN}
    due = still_due(**given, forfeited=deposit.forfeited, redistributed=redistributed)
    settled = balance(terms, due)
    return Cleared(
        fixmedins_code=account.fixmedins_code,
        pool=account.pool,
        **given,
        assessment=account.assessment,
        deposit=deposit.deposit,
        returned_rate=deposit.returned_rate,
        forfeited=deposit.forfeited,
        redistributed=redistributed,
        clearing=settled.clearing,
        paid=settled.paid,
        recovered=settled.recovered,
        carried_forward=settled.carried_forward,
    )


# ---- a re-run after appeals ------------------------------------------------------------------------------------------


@frozen
class Change:
    """One step of an institution and pool in two clearings; only_in: "before" or "after" where the other has none."""

    fixmedins_code: str
    pool: str
    step: str
    before: int
    after: int
    change: int
    only_in: str = ""


def difference(before: Clearing, after: Clearing) -> tuple[Change, ...]:
    """What a re-run changed, by institution, pool and step, in their order; what stays the same is left out.

    An institution and pool in only one of the two counts as 0 in the other.
    """
    old = {(line.fixmedins_code, line.pool): line for line in before.lines}
    new = {(line.fixmedins_code, line.pool): line for line in after.lines}
    changes = []
    for key in sorted({*old, *new}):
        only_in = "" if key in old and key in new else "before" if key in old else "after"
        for step in STEPS:
            was, now = getattr(old.get(key), step, 0), getattr(new.get(key), step, 0)
            if was != now:
                changes.append(Change(*key, step, was, now, now - was, only_in))
    return tuple(changes)
