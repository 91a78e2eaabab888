"""Services and drugs paid apart (医疗服务与药品分开支付): a bill is split in two, each part paid by a rule of its own.

Rule P21.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.checked import check_input, for_each, refuse_more_than
from mipolicy.errors import InputError
from mipolicy.money import NO_LIMIT, A
from mipolicy.policy.kinds import TableKind, choice_table, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import capped, share

__all__ = ["PART", "WAYS", "Parted", "PartedBill", "ServicesDrugsTerms", "pay"]

PART: Final = Axis("part", ("service", "drug"), ("医疗服务", "药品"), ("services", "drugs"))
"""The two parts of a bill."""
WAYS: Final = ("by_item", "per_case", "up_to_standard")
"""A part counts at its cost, at a standard per case, or at its cost up to that standard."""


@frozen
class ServicesDrugsTerms:
    """What a document fixes for each part of a bill."""

    way: Table = terms_field(
        choice_table(WAYS, PART, zh=("按项目", "按定额", "限额内按实际")), "支付方式", "how the part is paid"
    )
    standard: Table = terms_field(
        TableKind("fen", (PART,)), "次均标准", "standard per case; none where the part is paid by item"
    )
    fund_rate: Table = terms_field(TableKind("rate", (PART,)), "基金支付比例", "the fund's share of the part")

    def __attrs_post_init__(self) -> None:
        """Refuse a standard per case that there is not, and one beside payment by item."""
        for at, part in enumerate(PART.members):
            by_item = WAYS[self.way.values[at]] == "by_item"
            if by_item != (self.standard.values[at] >= NO_LIMIT):
                raise InputError(f"standard.{part} is none where {part} is paid by item, and an amount elsewhere")


@frozen
class PartedBill(Generic[A]):
    """A bill: its total cost, and what of it is drugs."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    drug_amt: A = labelled("fen", "药品费用", "cost of drugs")


@frozen
class Parted(Generic[A]):
    """What the two parts come to, in the order computed; `payment` is what the fund owes of both."""

    service_amt: A = labelled("fen", "医疗服务费用", "cost of services")
    service_standard: A = labelled("fen", "医疗服务支付标准", "what the services count for")
    service_payment: A = labelled("fen", "医疗服务基金支付", "paid for services")
    drug_amt: A = labelled("fen", "药品费用", "cost of drugs")
    drug_standard: A = labelled("fen", "药品支付标准", "what the drugs count for")
    drug_payment: A = labelled("fen", "药品基金支付", "paid for drugs")
    standard: A = labelled("fen", "支付标准合计", "what the bill counts for")
    payment: A = labelled("fen", "基金支付", "what the fund owes")


def pay(terms: ServicesDrugsTerms, bill: PartedBill[A]) -> Parted[A]:
    """Split a bill, or a column of bills, into services and drugs, and pay each by its own rule (rule P21).

    Raises InputError for figures out of range, and where the drugs cost more than the bill.
    Source: 天津 2021 三(四).
    """
    check_input(bill)
    refuse_more_than(bill.drug_amt, bill.medfee_sumamt, "drug_amt", "the total cost")
    service_amt = bill.medfee_sumamt - bill.drug_amt
    service_standard, service_payment = _part(terms, 0, service_amt)
    drug_standard, drug_payment = _part(terms, 1, bill.drug_amt)
    return Parted(
        service_amt=service_amt,
        service_standard=service_standard,
        service_payment=service_payment,
        drug_amt=bill.drug_amt,
        drug_standard=drug_standard,
        drug_payment=drug_payment,
        standard=service_standard + drug_standard,
        payment=service_payment + drug_payment,
    )


def _part(terms: ServicesDrugsTerms, part: int, amount: A) -> tuple[A, A]:
    """What one part counts for, and what the fund pays of it."""
    way, figure = WAYS[terms.way.values[part]], terms.standard.values[part]
    counted = amount
    if way == "per_case":
        counted = for_each(figure, amount)
    elif way == "up_to_standard":
        counted = capped(amount, figure)
    return counted, share(counted, terms.fund_rate.values[part])
