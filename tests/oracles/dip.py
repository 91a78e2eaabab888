"""The score of a DIP case, read literally: formulas.md section 2, with reading A19.

Points and factors are `Fraction`s of one, amounts whole fen; k is cost over mean, written as a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["score"]


def _places(value: Fraction, decimals: int) -> Fraction:
    return Fraction(half_up(value * 10**decimals), 10**decimals)


def _band(terms: Mapping[str, Any], k: Fraction) -> str:
    def past(limit: Fraction | None, side: str) -> bool:
        if limit is None:
            return False
        return {"below": k < limit, "at_or_below": k <= limit, "above": k > limit, "at_or_above": k >= limit}[side]

    if past(terms["extreme_limit"], terms["extreme_side"]):
        return "extreme"
    if past(terms["high_limit"], terms["high_side"]):
        return "high"
    return "low" if past(terms["low_limit"], terms["low_side"]) else "between"


def score(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The points of one case, and how it came to be scored so."""
    words = {word for word, listed in (("basic_groups", "basic_group"), ("tcm_groups", "tcm_group")) if case[listed]}
    rules = {terms[word] for word in words} if case["grouped"] else set()
    cost = case["medfee_sumamt"] - case["carve_out_amt"]
    institution = case["institution_factor"]
    if terms["institution_factor_cap"] is not None:
        institution = min(institution, terms["institution_factor_cap"])
    auxiliary = case["auxiliary_factor"] if terms["auxiliary"] else Fraction(1)
    uplift = Fraction(1)
    here = terms["tcm_factor_at"] == "all_institutions" or case["pilot_tcm"]
    if case["grouped"] and case["tcm_group"] and here:
        uplift = terms["tcm_factor"]
    if "factor_off" in rules or "fixed_score" in rules:
        institution = Fraction(1)

    if not case["grouped"]:
        band, mean, base = "ungrouped", case["mean_of_all"], terms["mean_points"]
        auxiliary = terms["ungrouped_factor"]
        if terms["ungrouped"] == "by_item":
            band = "by_item"
        elif not terms["factor_in_ungrouped"]:
            institution = Fraction(1)
    else:
        mean = case["level_mean"] if terms["reference_mean"] == "level" else case["group_mean"]
        base = case["base_points"]
        band = _band(terms, Fraction(cost, mean))
        if "fixed_score" in rules:
            band, auxiliary = "fixed", Fraction(1)
    if case["review"] == "granted_points":
        band = "expert"
    if case["review"] == "granted_item":
        band = "by_item"

    waits = band == "extreme" and case["review"] not in ("refused", "beyond_quota")
    factor, deviation = institution, Fraction(1)
    if band == "low":
        deviation = Fraction(cost, mean)
        factor = institution if terms["factor_in_low"] else Fraction(1)
    elif band == "ungrouped":
        deviation = Fraction(cost, mean)
    elif band in ("high", "extreme"):
        factor = institution if terms["factor_in_high"] else Fraction(1)
        added = {"one": Fraction(1), "institution_factor": institution, "high_limit": terms["high_limit"]}
        k = Fraction(cost, mean)
        if waits and terms["extreme_points"] == "at_limit":
            k = terms["extreme_limit"]
        deviation = k - terms["high_limit"] + added[terms["high_offset"]]
        if waits and terms["extreme_points"] in ("score", "nothing"):
            deviation = Fraction(terms["extreme_points"] == "score")

    places = terms["decimals"]
    if terms["round_at"] == "each":
        points = _places(_places(base * factor, places) * auxiliary, places)
        points = _places(_places(points * deviation, places) * uplift, places)
    elif terms["round_at"] == "before_tcm":
        points = _places(_places(base * factor * auxiliary * deviation, places) * uplift, places)
    else:
        points = _places(base * factor * auxiliary * deviation * uplift, places)
    if band == "expert":
        points = case["review_points"]
    if band == "by_item":
        points = Fraction(0)
    return {
        "cost_tested": cost,
        "institution_factor": institution,
        "auxiliary_factor": auxiliary,
        "tcm_factor": uplift,
        "band": band,
        "paid_by_item": band == "by_item",
        "expert_review": waits,
        "points": points,
    }
