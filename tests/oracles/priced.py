"""Ways of paying by a price, read literally: formulas.md section 4 (single disease, day surgery, bed-days, deliveries).

Terms and cases are plain dicts; rates are fractions of one, amounts whole fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["bed_days", "fund", "parted", "price_of"]


def fund(terms: Mapping[str, Any], price: int, rate: Fraction, case: Mapping[str, Any]) -> dict[str, Any]:
    """The fund's part, what the institution bears, and the payment."""
    others = case["psn_part_amt"] + case["other_pay"]
    part = {
        "share_of_price": half_up(price * rate),
        "price_less_patient": price - others,
        "actual_cost": min(price, case["medfee_sumamt"]) - others,
    }[terms["fund_basis"]]
    paid = max(part, 0) if terms["floor_at_zero"] else part
    return {"fund_part": part, "institution_part": case["medfee_sumamt"] - others - paid, "payment": paid}


def price_of(terms: Mapping[str, Any], disease: str, level: str, pilot: bool) -> tuple[int, Fraction] | None:
    """The price of a disease at an institution with what is added to the fund's rate; None where it has none."""
    lists = [terms["pilot_diseases"], terms["diseases"]] if pilot else [terms["diseases"]]
    for entries in lists:
        for entry in entries:
            if entry["dise_codg"] == disease:
                return entry.get(level, entry["price"]), entry.get("fund_addition", Fraction(0))
    return None


def bed_days(terms: Mapping[str, Any], condition: str, level: str, days: int) -> tuple[int, int]:
    """Days counted and what they come to, one day after the other."""
    counted = terms["same_day_days"] if days == 0 else days + (1 if terms["discharge_day_counts"] else 0)

    def standard_on(day: int) -> int:
        found = [each for each in terms["phases"] if each["condition"] == condition and each["from_day"] <= day]
        phase = max(found, key=lambda each: each["from_day"])
        return int(phase.get(level, phase["standard"]))

    if terms["phasing"] == "whole_stay":
        return counted, counted * standard_on(counted) if counted else 0
    return counted, sum(standard_on(day) for day in range(1, counted + 1))


def parted(rules: Sequence[tuple[str, int, Fraction]], amounts: Sequence[int]) -> list[tuple[int, int]]:
    """What each part counts for and is paid; rules: way, standard and rate of services, then of drugs."""
    found = []
    for (way, standard, rate), amount in zip(rules, amounts, strict=True):
        counted = {"by_item": amount, "per_case": standard, "up_to_standard": min(amount, standard)}[way]
        found.append((counted, half_up(counted * rate)))
    return found
