"""What the fund owes of a price: the three ways in use, for single diseases, day surgery, bed-days and deliveries.

Formulas.md section 4; identity 2 of its section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.money import A
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, pick, share

__all__ = ["FUND_BASES", "Borne", "Owed", "owed"]

FUND_BASES: Final = ("share_of_price", "price_less_patient", "actual_cost")
"""The fund pays its share of the price; what patient and other funds leave of the price; or of the cost up to it."""


@frozen
class Borne(Generic[A]):
    """What a priced case cost, and what patient and other funds bear of it."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds")


@frozen
class Owed(Generic[A]):
    """The fund's part of a price, in the order computed."""

    fund_part: A = labelled("fen", "基金应付", "the fund's part before the floor")
    payment: A = labelled("fen", "基金支付", "what the fund owes")
    institution_part: A = labelled("fen", "机构承担", "borne by the institution; negative: what it keeps")


def owed(basis: str, floor_at_zero: int, price: A, rate: A, of: Borne[A]) -> Owed[A]:
    """What the fund owes of a price; the institution bears what exceeds it and keeps what it saves.

    basis: a word of `FUND_BASES`; floor_at_zero: 1 where the fund never takes back from the institution; price in fen;
    rate: the fund's share of the price, per million, for `share_of_price`.
    Patient, other funds, fund and institution together bear the cost, to the fen.

    >>> owed("price_less_patient", 0, 10_000_00, 0, Borne(8_000_00, 2_000_00, 0)).institution_part
    -200000
    """
    if basis == "share_of_price":
        fund_part = share(price, rate)
    else:
        within = price if basis == "price_less_patient" else capped(of.medfee_sumamt, price)
        fund_part = within - of.psn_part_amt - of.other_pay
    payment = pick(floor_at_zero, beyond(fund_part, 0), fund_part)
    return Owed(fund_part, payment, of.medfee_sumamt - of.psn_part_amt - of.other_pay - payment)
