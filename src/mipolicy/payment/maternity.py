"""What institutions are paid for maternity care: antenatal checks per head, deliveries by a price per type.

Rule P24; formulas.md section 4.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

import numpy as np
from attrs import astuple, frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, for_each, refuse, refuse_no_limit
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, NO_LIMIT, A
from mipolicy.payment.axes import POOL
from mipolicy.payment.capitation import MOST_ENROLLED
from mipolicy.payment.price import FUND_BASES, priced
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, TableKind, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, lookup

__all__ = [
    "DELIVERY",
    "Antenatal",
    "Delivery",
    "DeliveryCase",
    "Enrolment",
    "MaternityPaymentTerms",
    "antenatal",
    "delivery",
]

DELIVERY: Final = Axis(
    "delivery",
    ("vaginal", "assisted", "caesarean"),
    ("顺产", "助产", "剖宫产"),
    ("vaginal", "assisted", "caesarean"),
)
"""How a child was born, as prices of deliveries differ."""
_CHILDREN: Final = "children is {}, allowed is 1 to 10; correct the record"


@frozen
class MaternityPaymentTerms:
    """What a document fixes for maternity care paid to institutions."""

    antenatal_standard: int = terms_field(FigureKind("fen"), "产前检查人头标准", "antenatal standard per head")
    antenatal_unit: str = terms_field(
        ChoiceKind(("pregnancy", "month")), "产前检查人头标准口径", "a head is a pregnancy, or a month of one"
    )
    delivery_price: Table = terms_field(TableKind("fen", (DELIVERY, LEVEL)), "分娩付费标准", "price of a delivery")
    further_child: int = terms_field(FigureKind("fen"), "多胎每增一胎加付", "added for each further child")
    fund_basis: str = terms_field(ChoiceKind(FUND_BASES), "基金支付计算依据", "what the fund's part is reckoned on")
    fund_rate: Table = terms_field(TableKind("rate", (LEVEL, POOL)), "基金支付比例", "the fund's share of the price")
    floor_at_zero: int = terms_field(FlagKind(), "基金支付不低于零", "whether the fund never takes back")

    def __attrs_post_init__(self) -> None:
        """Refuse prices of nothing or without limit; only a further child may add nothing."""
        refuse_no_limit(antenatal_standard=self.antenatal_standard)
        for price in self.delivery_price.values:
            refuse_no_limit(delivery_price=int(price))
        if self.further_child >= NO_LIMIT:
            raise InputError("further_child is an amount in yuan; it is not none")


@frozen
class Enrolment(Generic[A]):
    """One institution's pregnancies under antenatal care in a period; months: woman-months, where heads are months."""

    enrolled: A = labelled("count", "建册孕妇人数", "pregnancies enrolled")
    months: A = labelled("count", "孕妇人月数", "months of care, summed over the women", 0)


@frozen
class Antenatal(Generic[A]):
    """What antenatal checks come to, in the order computed."""

    heads: A = labelled("count", "计费人头", "heads")
    standard: A = labelled("fen", "人头费用", "heads x standard")
    payment: A = labelled("fen", "基金支付", "what the fund owes")


def antenatal(terms: MaternityPaymentTerms, of: Enrolment[A]) -> Antenatal[A]:
    """Pay antenatal checks per head (rule P24).

    Raises InputError for figures out of range, and for heads whose standard is more than an amount can be.
    Source: 天津 2021 三(一).
    """
    check_input(of, most={"enrolled": MOST_ENROLLED, "months": MOST_ENROLLED})
    heads = of.enrolled if terms.antenatal_unit == "pregnancy" else for_each(0, of.enrolled) + of.months
    most = int(np.max(heads, initial=0))
    if most * terms.antenatal_standard > MAX_FEN:
        raise InputError(f"{most} heads come to more than {MAX_FEN} fen; check the enrolment")
    standard = heads * terms.antenatal_standard
    return Antenatal(heads=heads, standard=standard, payment=standard)


@frozen
class DeliveryCase(Generic[A]):
    """One delivery, coded: type, where and who, children born, and who bears what."""

    delivery: A = labelled(DELIVERY, "分娩方式", "type of delivery")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    pool: A = labelled(POOL, "险种", "pool")
    children: A = labelled("count", "胎数", "children")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds", 0)


@frozen
class Delivery(Generic[A]):
    """What a delivery comes to, in the order computed; `payment` is what the fund owes."""

    price: A = labelled("fen", "分娩付费标准", "price of the type")
    further_children: A = labelled("fen", "多胎加付", "added for further children")
    standard: A = labelled("fen", "付费标准合计", "price in all")
    fund_rate: A = labelled("rate", "基金支付比例", "the fund's share of the price")
    fund_part: A = labelled("fen", "基金应付", "the fund's part before the floor")
    institution_part: A = labelled("fen", "机构承担", "borne by the institution; negative: what it keeps")
    payment: A = labelled("fen", "基金支付", "what the fund owes")


def delivery(terms: MaternityPaymentTerms, case: DeliveryCase[A]) -> Delivery[A]:
    """Pay one delivery, or a column of them, by the price of its type (rule P24).

    Raises InputError for no child or more than ten and for figures out of range; CodeError for unknown codes.
    Sources: 天津 2021 三(一); formulas.md section 4, single disease.
    """
    check_input(case)
    refuse((case.children < 1) | (case.children > 10), _CHILDREN, case.children)
    price = lookup(terms.delivery_price, case.delivery, case.level)
    further_children = beyond(case.children, 1) * terms.further_child
    standard = price + further_children
    found = priced(terms, case, standard, lookup(terms.fund_rate, case.level, case.pool))
    return Delivery(price, further_children, *astuple(found, recurse=False))
