"""Payment by DRG read literally: formulas.md section 3, both methods; weights, points and factors are Fractions of one.

Amounts are whole fen; `k` is a cost over its reference mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["by_item", "limits", "points_of", "weight_of"]


def at_decimals(value: Fraction, decimals: int) -> Fraction:
    return Fraction(half_up(value * 10**decimals), 10**decimals)


def limits(terms: Mapping[str, Any], measure: Fraction, level: str) -> tuple[Fraction, Fraction]:
    """The low and the high limit: those of the highest band that the group reaches at its level."""
    found = None
    for band in sorted(terms["bands"], key=lambda each: each["edge"]):
        if level not in band["levels"]:
            continue
        above = measure >= band["edge"] if terms["band_side"] == "at_or_above" else measure > band["edge"]
        if above or band["edge"] == 0:
            found = band
    assert found is not None
    return found["low"], found["high"]


def kind_of(terms: Mapping[str, Any], case: Mapping[str, Any], measure: Fraction, mean: Fraction) -> tuple[bool, bool]:
    """Whether the case is a low or a high outlier."""
    if not case["grouped"]:
        return False, False
    low_limit, high_limit = limits(terms, measure, case["level"])
    tested = case["medfee_sumamt"] - case["carve_out_amt"]
    if terms["test_cost"] == "less_unreasonable":
        tested -= case["unreasonable_amt"]
    k = Fraction(tested) / mean
    low = k < low_limit if terms["low_side"] == "below" else k <= low_limit
    low = low or bool(terms["incomplete_as_low"] and case["incomplete"])
    high = k > high_limit if terms["high_side"] == "above" else k >= high_limit
    return low, high and not low


def points_of(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Points of a case: standard, as a low outlier, in excess, by cost, and in the end."""
    places = terms["decimals"]
    cost = case["medfee_sumamt"] - case["carve_out_amt"]
    reasonable = cost - case["unreasonable_amt"]
    by_cost = at_decimals(Fraction(reasonable, case["mean_of_all"]) * terms["scale"], places)
    factor = Fraction(1) if case["new_group"] else case["difference_factor"]
    low = high = False
    low_points = extra = standard = Fraction(0)
    if case["grouped"]:
        mean = Fraction(case[terms["reference_mean"]])
        base = case["base_points"]
        low, high = kind_of(terms, case, base, mean)
        standard = at_decimals(base * factor, places)
        if low:
            raw = base * (factor if terms["low_takes_factor"] else 1) * cost / mean
            low_points = min(at_decimals(raw, places), base if terms["low_cap"] == "base" else standard)
        if high and terms["high_way"] == "extra_points":
            beyond = max(Fraction(0), reasonable / mean - limits(terms, base, case["level"])[1])
            extra = at_decimals(beyond * (standard if terms["extra_takes_factor"] else base), places)
        points = low_points if low else standard + extra
    elif terms["ungrouped"] == "by_cost":
        points = at_decimals(
            Fraction(reasonable, case["mean_of_all"]) * terms["scale"] * terms["ungrouped_factor"], places
        )
    else:
        points = Fraction(0)
    if high and terms["high_way"] == "by_item" and case["by_item"]:
        points = by_cost
    if case["review"] == "granted_item":
        points = by_cost
    if case["review"] == "granted_points":
        points = case["review_points"]
    return {
        "standard_points": standard,
        "low": int(low),
        "high": int(high),
        "low_points": low_points,
        "extra_points": extra,
        "cost_points": by_cost,
        "points": points,
    }


def weight_of(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What a case is worth by weight and rate, and what the fund owes of it, in fen."""
    cost = case["medfee_sumamt"] - case["carve_out_amt"]
    reasonable = cost - case["unreasonable_amt"]
    factor = {
        "nothing": Fraction(1),
        "institution_factor": case["institution_factor"],
        "level_factor": terms["level_factor"][case["level"]],
    }[terms["adjusted_by"]]
    money = terms["rate"][case["level"]] * factor
    low = high = False
    item = case["review"] == "granted_item"
    worth: int | None = None
    if case["grouped"]:
        standard = half_up(case["weight"] * money)
        mean = Fraction(standard if terms["reference_mean"] == "standard" else case[terms["reference_mean"]])
        low, high = kind_of(terms, case, case["weight"], mean)
        worth = standard
        if low and terms["low_way"] == "proportional":
            worth = min(standard, half_up(standard * cost / mean))
        if high and terms["high_way"] == "extra":
            limit = limits(terms, case["weight"], case["level"])[1]
            worth += half_up(max(Fraction(0), reasonable / mean - limit) * standard)
        by_outlier = (low and terms["low_way"] == "by_item") or (
            high and terms["high_way"] == "by_item" and case["by_item"]
        )
    else:
        by_outlier = terms["ungrouped"] == "by_item"
    if case["review"] == "granted_points":
        worth = half_up(case["review_points"] * money)
    elif by_outlier:
        item = True
    if item:
        owed = max(0, case["hifp_pay"] - case["unreasonable_amt"])
        return {
            "low": int(low),
            "high": int(high),
            "standard": case["medfee_sumamt"] - case["unreasonable_amt"],
            "payment": owed,
        }
    if worth is None:
        return {"low": 0, "high": 0, "standard": 0, "payment": 0}
    worth += case["carve_out_amt"]
    if terms["fund_way"] == "residual":
        owed = worth - case["psn_part_amt"] - case["other_pay"]
    else:
        owed = half_up((worth - sum(case[name] for name in terms["deducted"])) * terms["fund_share"][case["level"]])
    if terms["floor"] == "case":
        owed = max(0, owed)
    return {"low": int(low), "high": int(high), "standard": worth, "payment": owed}


def by_item(share: Fraction, rows: Sequence[tuple[int, int, int, int]]) -> list[int]:
    """Which rows are paid by item; each row: institution, high outlier, cost less standard, rank of the case."""
    chosen = [0] * len(rows)
    for institution in {row[0] for row in rows}:
        of_it = [at for at, row in enumerate(rows) if row[0] == institution]
        allowed = int(share * len(of_it))
        dearest = sorted((at for at in of_it if rows[at][1]), key=lambda at: (-rows[at][2], rows[at][3]))
        for at in dearest[:allowed]:
            chosen[at] = 1
    return chosen
