"""What a point is worth and what points come to, read literally: formulas.md section 2, "Point value, three bases"; F.

Amounts are whole fen, points `Fraction`s of one, point values `Fraction`s of a yuan, rates `Fraction`s of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["apportion", "case_payment", "close", "fund", "places", "value"]


def places(figure: Fraction, decimals: int) -> Fraction:
    """Half up at so many decimals."""
    return Fraction(half_up(figure * 10**decimals), 10**decimals)


def fund(budget: Mapping[str, Any], other_methods: int) -> tuple[int, int]:
    """The reserve and what is left to divide; negative where more is set aside than there is."""
    reserve = half_up(budget["budget"] * budget["reserve_share"])
    return reserve, budget["budget"] - reserve - budget["out_of_area"] - other_methods - budget["manual_claims"]


def whole(terms: Mapping[str, Any], amount: int, cases: Sequence[Mapping[str, Any]]) -> Fraction:
    """What all points together divide, before any rounding."""
    if terms["basis"] == "fund":
        return Fraction(amount)
    if terms["basis"] == "total_by_actual":
        return Fraction(amount + sum(case["psn_part_amt"] + case["other_pay"] for case in cases))
    part = terms["cited_share"]
    if part is None:
        part = Fraction(sum(case["hifp_pay"] for case in cases), sum(case["medfee_sumamt"] for case in cases))
    return Fraction(amount / part)


def value(
    terms: Mapping[str, Any], amount: int, cases: Sequence[Mapping[str, Any]], budget: Fraction | None = None
) -> dict[str, Any]:
    """The value of a point in yuan, and what all points come to at it, in fen."""
    points = sum((case["points"] for case in cases), Fraction(0))
    divided = whole(terms, amount, cases)
    free = places(divided / 100 / points, terms["decimals"])
    found = free
    if terms["bounds"] is not None:
        assert budget is not None
        low, high = (places(budget * factor, terms["decimals"]) for factor in terms["bounds"])
        found = min(max(free, low), high)
    exact = half_up(divided)
    held = exact if terms["payment_from"] == "points" and found == free else half_up(found * points * 100)
    return {"value": found, "unbounded": free, "whole": exact, "held": held, "points": points}


def case_payment(terms: Mapping[str, Any], of: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, int]:
    """One case in money: its standard, what is left of it, the payment."""
    if terms["payment_from"] == "value":
        standard = half_up(case["points"] * of["value"] * 100)
    else:
        standard = half_up(case["points"] * of["held"] / of["points"])
    left = standard
    if terms["netting"] == "parts":
        left = standard - case["psn_part_amt"] - case["other_pay"]
    elif terms["netting"] == "fund_rate":
        left = half_up(standard * case["fund_rate"])
    payment = max(left, 0) if terms["floor_at_zero"] else left
    return {"standard": standard, "left": left, "payment": payment}


def apportion(total: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Largest remainder: whole shares rounded down, the rest a fen each to the largest remainders, ties by code."""
    everything = sum(weights.values(), Fraction(0))
    exact = {code: total * weight / everything for code, weight in weights.items()}
    found = {code: share.numerator // share.denominator for code, share in exact.items()}
    order = sorted(exact, key=lambda code: (found[code] - exact[code], code))
    for code in order[: total - sum(found.values())]:
        found[code] += 1
    return found


def close(
    terms: Mapping[str, Any], budget: Mapping[str, Any], other_methods: int, of: Mapping[str, Any], cases: Any
) -> dict[str, Any]:
    """The closing statement over cases with their institution, points, payment and whether a fund elsewhere pays."""
    reserve, amount = fund(budget, other_methods)
    codes = sorted({case["fixmedins_code"] for case in cases})
    mine = {code: [case for case in cases if case["fixmedins_code"] == code] for code in codes}
    standards = {code: sum(case["standard"] for case in mine[code]) for code in codes}
    if terms["payment_from"] == "points":
        standards = apportion(of["held"], {code: sum(c["points"] for c in mine[code]) for code in codes})
    totals, outside, raised_all, off = {}, {}, 0, 0
    for code in codes:
        taken = sum(case["standard"] - case["left"] for case in mine[code])
        raised = sum(case["payment"] - case["left"] for case in mine[code])
        by_reserve = raised if terms["raised_borne_by"] == "reserve" else 0
        totals[code] = standards[code] - taken + by_reserve
        outside[code] = sum(case["payment"] for case in mine[code] if case["outside"])
        raised_all, off = raised_all + by_reserve, off + taken
    return {
        "budget": budget["budget"],
        "adjustment_reserve": reserve,
        "out_of_area": budget["out_of_area"],
        "manual_claims": budget["manual_claims"],
        "other_methods": other_methods,
        "by_fund": sum(totals.values()) - sum(outside.values()),
        "by_other_funds": sum(outside.values()),
        "raised_from_reserve": -raised_all,
        "residue_basis": amount - of["whole"] + off,
        "residue_value": of["whole"] - of["held"],
        "residue_rounding": of["held"] - sum(standards.values()),
        "institutions": {code: (totals[code], totals[code] - outside[code], outside[code]) for code in codes},
    }
