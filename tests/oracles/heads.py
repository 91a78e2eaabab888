"""Payment per head, read literally: formulas.md section 4; P14, P18, P19.

Rates and factors are fractions of one, amounts whole fen; bands are (edge, share) pairs, edges as shares of the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["balance", "budget", "consortium", "part"]

Bands = Sequence[tuple[Fraction, Fraction]]


def budget(enrolled: int, standard: int, risk: Fraction, months: int) -> int:
    """Enrolled x yearly standard x risk factor x months / 12."""
    return half_up(enrolled * standard * risk * months / 12)


def part(whole: int, of_budget: int, bands: Bands) -> int:
    """The institution's part of a surplus or deficit, fen by fen of each band."""
    total = Fraction(0)
    edges = [half_up(of_budget * edge) for edge, _ in bands]
    for at, (_, rate) in enumerate(bands):
        top = whole if at + 1 == len(bands) else min(whole, edges[at + 1])
        total += max(0, top - edges[at]) * rate
    return half_up(total)


def balance(terms: Mapping[str, Any], whole: int, own: int, outside: int) -> dict[str, int]:
    """Budget against cost."""
    charged = half_up(outside * terms["outside_rate"])
    available = whole - charged
    surplus, deficit = max(0, available - own), max(0, own - available)
    kept, borne = part(surplus, whole, terms["surplus_bands"]), part(deficit, whole, terms["deficit_bands"])
    return {
        "standard": whole,
        "outside_charged": charged,
        "available": available,
        "surplus": surplus,
        "kept": kept,
        "surplus_fund": surplus - kept,
        "deficit": deficit,
        "borne": borne,
        "deficit_fund": deficit - borne,
        "payment": own + kept - borne,
    }


def consortium(terms: Mapping[str, Any], year: Mapping[str, Any]) -> dict[str, Any]:
    """A consortium's period: the quality factor on the budget or on what is kept of a surplus."""
    heads = budget(year["enrolled"], terms["standard"], year["risk_factor"], year["months"])
    factor = [each for score, each in terms["quality_steps"] if year["quality_score"] >= score][-1]
    whole = half_up(heads * factor) if terms["quality_on"] == "budget" else heads
    found: dict[str, Any] = balance(terms, whole, year["own_amt"], year["outside_amt"])
    if terms["quality_on"] == "surplus":
        found["kept"] = half_up(found["kept"] * factor)
        found["surplus_fund"] = found["surplus"] - found["kept"]
        found["payment"] = year["own_amt"] + found["kept"] - found["borne"]
    return {"by_heads": heads, "quality_factor": factor, **found}
