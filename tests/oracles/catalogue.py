"""The split of a fee line, read literally: rules B06, B21, B37-B40, B42, B55; readings A01-A03, A08.

Amounts, prices and counts are `Decimal` yuan and pieces as people write them.  formulas.md section 1:
`overlmt = max(0, pric - limit) x cnt`; `preself = half_up((amount - overlmt) x max(0, first-pay rate - TCM cut))`;
in scope = the rest.  甲类: rate 0.  丙类: all self-paid, no over-limit, no first-pay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["first_pay_rate", "payable", "removal", "split_line"]

ZERO = Decimal("0.00")


def _to_the_fen(yuan: Fraction) -> Decimal:
    return Decimal(half_up(yuan * 100)).scaleb(-2)


def first_pay_rate(terms: Mapping[str, Any], line: Mapping[str, Any]) -> Fraction:
    """The item's own first-pay rate (A02) after the TCM cut (A01), not below 0 (A03); class A has none.

    A rate has six decimals, the cut one too: a relative cut is rounded there.
    """
    if line["chrgitm_lv"] != "class_b":
        return Fraction(0)
    rate: Fraction = line["selfpay_prop"]
    if not line["tcm"]:
        return rate
    if terms["tcm_cut_mode"] == "points":
        cut: Fraction = rate - terms["tcm_cut"]
        return cut if cut > 0 else Fraction(0)
    return Fraction(half_up(rate * (1 - terms["tcm_cut"]) * 1_000_000), 1_000_000)


def split_line(terms: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of one line in yuan; a price ceiling of None does not exist."""
    amount: Decimal = line["amount"]
    if not line["covered"] or line["chrgitm_lv"] == "class_c":
        return {
            "in_catalogue": 0,
            "payable_amt": ZERO,
            "fulamt_ownpay_amt": amount,
            "item_rate": Fraction(0),
            "first_pay_rate": Fraction(0),
            "overlmt_amt": ZERO,
            "preselfpay_amt": ZERO,
            "inscp_scp_amt": ZERO,
            "hosp_part_amt": ZERO,
        }
    rate = first_pay_rate(terms, line)
    above = ZERO
    if line["limit"] is not None and line["price"] > line["limit"]:
        above = _to_the_fen((Fraction(line["price"]) - Fraction(line["limit"])) * Fraction(line["count"]))
    if terms["order"] == "over_limit_first":
        over_limit = min(above, amount)
        first_pay = _to_the_fen(Fraction(amount - over_limit) * rate)
    else:
        first_pay = _to_the_fen(Fraction(amount) * rate)
        over_limit = min(above, amount - first_pay)
    return {
        "in_catalogue": 1,
        "payable_amt": amount,
        "fulamt_ownpay_amt": ZERO,
        "item_rate": line["selfpay_prop"] if line["chrgitm_lv"] == "class_b" else Fraction(0),
        "first_pay_rate": rate,
        "overlmt_amt": over_limit,
        "preselfpay_amt": first_pay,
        "inscp_scp_amt": amount - over_limit - first_pay,
        "hosp_part_amt": over_limit if terms["excess_payer"][line["group"]] == "institution" else ZERO,
    }


def payable(items: Mapping[str, Mapping[str, Any]], excluded: Mapping[str, str], code: str) -> tuple[bool, str]:
    """B21: the exclusion list first, then the payable list; B38: preparations and herbal pieces need admission."""
    if code in excluded:
        return False, f"excluded: {excluded[code]}"
    if code not in items:
        return False, "not on the payable list"
    item = items[code]
    if item["item_kind"] in ("hospital_preparation", "herbal_piece") and not item["approved"]:
        return False, f"{item['item_kind']} not admitted to payment"
    if item["chrgitm_lv"] == "03":
        return False, "class C: wholly self-paid"
    return True, "on the payable list"


def removal(
    at_start: Collection[str], local: Collection[str], national: Collection[str]
) -> tuple[list[str], Fraction | None]:
    """B37: the drugs still to remove, and the share of those due that are out of the local list by now."""
    left = sorted({code for code in local if code not in national})
    due = {code for code in at_start if code not in national}
    gone = [code for code in due if code not in local]
    return left, Fraction(len(gone), len(due)) if due else None
