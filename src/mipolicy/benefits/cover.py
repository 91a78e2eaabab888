"""A bill through every layer of a person's cover: place of care, basic benefit, ladder, account, one record (B48).

The order is that of formulas.md section 1.  Amounts in fen.
"""

from __future__ import annotations

from typing import Any, Generic

import attrs
from attrs import frozen

from mipolicy.benefits import account, inpatient, out_of_area, outpatient
from mipolicy.benefits.account import AccountPaid, AccountTerms, AccountUse
from mipolicy.benefits.inpatient import Inpatient, InpatientTerms, Stay
from mipolicy.benefits.ladder import Climb, Layer, LayerTerms, Left, climb, in_scope_left, personal_left
from mipolicy.benefits.layer import LayerState
from mipolicy.benefits.out_of_area import OutOfAreaTerms, PlaceEffect, PlaceOfCare
from mipolicy.benefits.outpatient import Outpatient, OutpatientTerms, Visit
from mipolicy.benefits.statement import Apart, Parts, Setlinfo, apart, statement
from mipolicy.money import A
from mipolicy.traced import labelled
from mipolicy.vocabulary import pick

__all__ = ["Given", "Paid", "Purse", "Rules", "left_after", "pay"]


@frozen
class Rules:
    """The terms that settle a bill: of its room, of the layers above in their order, of the account and the place."""

    basic: OutpatientTerms | InpatientTerms
    layers: tuple[tuple[Layer, LayerTerms], ...] = ()
    account: AccountTerms | None = None
    place: OutOfAreaTerms | None = None


@frozen
class Purse(Generic[A]):
    """The personal account as the bill brings it."""

    wanted: A = labelled("flag", "使用个人账户", "the account is to be used")
    balc: A = labelled("fen", "个人账户余额", "account balance before")


@frozen
class Given(Generic[A]):
    """What the rules are given: the bill's parts, its room's input, and what layers, place and account ask for.

    room: before the place of care took effect; states: one per layer; place, account: where the rules have terms.
    """

    parts: Parts[A]
    room: Visit[A] | Stay[A]
    states: tuple[LayerState[A], ...] = ()
    place: PlaceOfCare[A] | None = None
    account: Purse[A] | None = None


@frozen
class Paid(Generic[A]):
    """What the rules come to.

    effect: of the place of care; room: the room's input after it; outcome: the room's; climb: the layers, None where
    nothing above the basic benefit is asked; account: what it pays; setlinfo: the record; apart: beside the record.
    """

    effect: PlaceEffect[A] | None
    room: Visit[A] | Stay[A]
    outcome: Outpatient[A] | Inpatient[A]
    climb: Climb[A] | None
    account: AccountPaid[A] | None
    setlinfo: Setlinfo[A]
    apart: Apart[A]


def pay(rules: Rules, given: Given[A]) -> Paid[A]:
    """What a bill is paid: the basic benefit, then the layers on what it left, the account, one record (rule B48)."""
    parts, room, effect = given.parts, given.room, None
    if rules.place is not None and given.place is not None:
        effect = out_of_area.effect(rules.place, given.place)
        parts, room = _moved(parts, effect), _placed(room, effect)
    outcome = _settle(rules.basic, room)
    climbed, paid = None, None
    if rules.layers or rules.account is not None:
        climbed = climb(rules.layers, left_after(rules.basic, parts, room, outcome), given.states)
    if climbed is not None and rules.account is not None and given.account is not None:
        left, purse = climbed.left, given.account
        use = AccountUse(in_scope_left(left), personal_left(left), purse.wanted, purse.balc)
        paid = account.pay(rules.account, use)
    funds = {"hifp_pay": outcome.hifp_pay, **(climbed.funds() if climbed else {})}
    settled = statement(parts, outcome.act_pay_dedc, funds, paid.acct_pay if paid else None)
    beside = apart(settled, climbed.outside() if climbed else {})
    return Paid(effect, room, outcome, climbed, paid, settled, beside)


def _settle(terms: OutpatientTerms | InpatientTerms, room: Visit[A] | Stay[A]) -> Outpatient[A] | Inpatient[A]:
    if isinstance(terms, OutpatientTerms):
        assert isinstance(room, Visit)
        return outpatient.settle(terms, room)
    assert isinstance(room, Stay)
    return inpatient.settle(terms, room)


def _moved(parts: Parts[A], effect: PlaceEffect[A]) -> Parts[A]:
    """The parts with what the place of care moves to the first-pay share."""
    amounts: dict[str, Any] = {each.name: getattr(parts, each.name) for each in attrs.fields(Parts)}
    return Parts(**{**amounts, "preselfpay_amt": effect.preselfpay_amt, "inscp_scp_amt": effect.inscp_scp_amt})


def _placed(room: Visit[A] | Stay[A], effect: PlaceEffect[A]) -> Visit[A] | Stay[A]:
    """The room's input with the effect of the place; what is not payable there does not reach the room."""
    scope = pick(effect.payable, effect.inscp_scp_amt, 0)
    return attrs.evolve(room, inscp_scp_amt=scope, points_off=effect.points_off, rate_factor=effect.rate_factor)


def left_after(
    terms: OutpatientTerms | InpatientTerms,
    parts: Parts[A],
    room: Visit[A] | Stay[A],
    outcome: Outpatient[A] | Inpatient[A],
) -> Left[A]:
    """What the basic benefit leaves to the person of each part; the institution bears what it is charged with."""
    if isinstance(terms, OutpatientTerms):
        assert isinstance(room, Visit)
        assert isinstance(outcome, Outpatient)
        over_ceiling = outpatient.over_ceiling(terms, room, outcome)
        covered = pick(outcome.eligible, room.inscp_scp_amt, 0)
    else:
        assert isinstance(room, Stay)
        assert isinstance(outcome, Inpatient)
        over_ceiling = inpatient.over_ceiling(terms, room, outcome)
        covered = room.inscp_scp_amt
    return Left(
        deductible=outcome.act_pay_dedc,
        over_ceiling=over_ceiling,
        copayment=covered - outcome.act_pay_dedc - over_ceiling - outcome.hifp_pay,
        not_covered=parts.inscp_scp_amt - covered,
        first_pay=parts.preselfpay_amt,
        over_limit=parts.overlmt_selfpay - parts.hosp_part_amt,
        self_paid=parts.fulamt_ownpay_amt,
    )
