"""The patient under a fixed price, read literally: formulas.md section 4, "Single disease"; B07 with reading A04.

The patient's share by rate, with or without the split into class A and B and the deductible; the institution bears what
exceeds the price and keeps what it saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["settle"]


def settle(terms: Mapping[str, Any], stay: Mapping[str, Any]) -> dict[str, Any]:
    """Who bears what of one stay, in fen; a ceiling of None does not exist."""
    price = stay["price"]
    first = stay["fulamt_ownpay_amt"] + max(0, stay["overlmt_selfpay"] - stay["borne_amt"]) + stay["preselfpay_amt"]
    cost = stay["fulamt_ownpay_amt"] + stay["overlmt_selfpay"] + stay["preselfpay_amt"] + stay["inscp_scp_amt"]
    up_to_price = cost if cost < price else price

    rate = terms["patient_rate"][stay["hosp_lv"], stay["psn_type"]]
    if stay["tcm_disease"]:  # the fund's rate rises by so many points, to 100% at most
        rate = 1 - min(Fraction(1), (1 - rate) + terms["tcm_addition"])

    def patient_of(amount: int) -> tuple[int, int, int, int]:
        own = min(first, amount) if terms["split_counts"] else 0
        taken = min(stay["deductible_due"], stay["inscp_scp_amt"], amount - own) if terms["deductible_taken"] else 0
        rest = amount - own - taken
        return own, taken, rest, half_up(rest * rate)

    basis = {"price": price, "actual_cost": up_to_price}[terms["patient_basis"]]
    own, taken, rest, by_rate = patient_of(basis)
    patient = min(own + taken + by_rate, cost)
    if terms["fund_basis"] == "share_of_price":
        on_price = patient_of(price)
        fund = price - on_price[0] - on_price[1] - on_price[3]
    elif terms["fund_basis"] == "price_less_patient":
        fund = price - patient
    else:
        fund = up_to_price - patient
    paid = fund if stay["ceiling_left"] is None else min(fund, stay["ceiling_left"])
    person = min(patient + (fund - paid), cost)
    return {
        "medfee_sumamt": cost,
        "patient_rate": rate,
        "patient_basis": basis,
        "own_part": own,
        "act_pay_dedc": taken,
        "shared": rest,
        "rate_part": by_rate,
        "patient_part": patient,
        "fund_part": fund,
        "hifp_pay": paid,
        "psn_part_amt": person,
        "hosp_part_amt": cost - paid - person,
    }
