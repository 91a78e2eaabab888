"""What the fund owes of a price: the three ways in use, for single diseases, day surgery, bed-days and deliveries.

Formulas.md section 4; identity 2 of its section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Any, Final, Generic, Protocol, TypeVar

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.money import A, Column
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, pick, share

__all__ = ["FUND_BASES", "Borne", "Priced", "PricedTerms", "by_level", "priced"]

A_co = TypeVar("A_co", int, Column, covariant=True)
FUND_BASES: Final = ("share_of_price", "price_less_patient", "actual_cost")
"""The fund pays its share of the price; what patient and other funds leave of the price; or of the cost up to it."""


class PricedTerms(Protocol):
    """What every way of paying a price says of the fund's part."""

    @property
    def fund_basis(self) -> str:
        """A word of `FUND_BASES`."""

    @property
    def floor_at_zero(self) -> int:
        """Whether the fund never takes back."""


class Borne(Protocol[A_co]):
    """What a priced case cost, and what patient and other funds bear of it."""

    @property
    def medfee_sumamt(self) -> A_co:
        """Total cost, fen."""

    @property
    def psn_part_amt(self) -> A_co:
        """The person's part, fen."""

    @property
    def other_pay(self) -> A_co:
        """Paid by other funds, fen."""


@frozen
class Priced(Generic[A]):
    """What a case paid by a price comes to, in the order computed; `payment` is what the fund owes."""

    standard: A = labelled("fen", "付费标准", "price")
    fund_rate: A = labelled("rate", "基金支付比例", "the fund's share of the price")
    fund_part: A = labelled("fen", "基金应付", "the fund's part before the floor")
    institution_part: A = labelled("fen", "机构承担", "borne by the institution; negative: what it keeps")
    payment: A = labelled("fen", "基金支付", "what the fund owes")


def priced(terms: PricedTerms, of: Borne[A], standard: A, fund_rate: A) -> Priced[A]:
    """What the fund owes of a price; the institution bears what exceeds it and keeps what it saves.

    of: the case; standard: the price, fen; fund_rate: the fund's share of it, per million, for `share_of_price`.
    Patient, other funds, fund and institution together bear the cost, to the fen.
    """
    if terms.fund_basis == "share_of_price":
        fund_part = share(standard, fund_rate)
    else:
        within = standard if terms.fund_basis == "price_less_patient" else capped(of.medfee_sumamt, standard)
        fund_part = within - of.psn_part_amt - of.other_pay
    payment = pick(terms.floor_at_zero, beyond(fund_part, 0), fund_part)
    institution_part = of.medfee_sumamt - of.psn_part_amt - of.other_pay - payment
    return Priced(standard, fund_rate, fund_part, institution_part, payment)


def by_level(record: Any, general: str) -> tuple[int, ...]:
    """The figure of a record of terms at each level, in the order of the axis: the level's own, or the general one."""
    own = (getattr(record, level) for level in LEVEL.members)
    return tuple(getattr(record, general) if figure is None else figure for figure in own)
