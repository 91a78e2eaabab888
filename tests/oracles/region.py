"""A small region's year, read literally from end to end: who is paid how, points, the point value, payment, closing.

formulas.md sections 2 to 4.  Terms and cases are plain dicts of words; amounts are whole fen, everything else
`Fraction`s of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import bed_day, dip, half_up, points

__all__ = ["drg_points", "pay_year", "route"]


def route(terms: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[str, str, str]:
    """Method, reason and original method: the first sentence that holds, from the strongest on."""
    original, why = terms["by_level"][case["level"]], "level"
    if case["own_method"]:
        original, why = case["own_method"], "institution"
    stay = original
    if not case["inpatient"]:
        original = "by_item"
    if case["by_item_outsider"]:
        return "by_item", "outsider", original
    if case["review"] == "granted_item" and terms["granted_item"] == "by_item":
        return "by_item", "review", original
    if case["on_capitation"]:
        return "capitation", "capitation", original
    if case["lists"] and not case["pathway_exit"]:
        of = terms["two_lists"] if terms["two_lists"] in case["lists"] else case["lists"][0]
        return of, of, original
    leaving = ("drg_points", "drg_weight", "dip") if terms["leaving"] == "dip_and_drg" else ("drg_points", "drg_weight")
    if case["inpatient"] and stay in leaving:
        if terms["short_days"] and case["days"] <= terms["short_days"]:
            return terms["stay_method"], "short_stay", original
        if terms["long_days"] and case["days"] >= terms["long_days"]:
            return terms["stay_method"], "long_stay", original
    if case["lists"]:
        return original, "pathway_exit", original
    if not case["inpatient"]:
        return "by_item", "outpatient", original
    if stay in ("drg_points", "drg_weight", "dip") and not case["grouped"] and terms["ungrouped"] == "by_item":
        return "by_item", "no_group", original
    return original, why, original


def drg_points(terms: Mapping[str, Any], case: Mapping[str, Any]) -> Fraction:
    """Points of a case in a DRG: base x factor; a low outlier by its cost, up to base; extra points above the limit."""

    def rounded(figure: Fraction) -> Fraction:
        return points.places(figure, terms["decimals"])

    cost = case["medfee_sumamt"] - case["carve_out_amt"]
    if case["review"] == "granted_points":
        return Fraction(case["review_points"])
    if not case["grouped"]:
        return rounded(cost * terms["ungrouped_factor"] * terms["scale"] / case["mean_of_all"])
    k, base = Fraction(cost, case["group_mean"]), case["base_points"]
    if k <= terms["low"]:
        return Fraction(min(rounded(base * k), base))
    standard: Fraction = rounded(base * case["difference_factor"])
    if k > terms["high"]:
        return standard + rounded((k - terms["high"]) * base)
    return standard


def _points(terms: Mapping[str, Any], case: Mapping[str, Any], method: str) -> Fraction:
    if method == "dip":
        return Fraction(dip.score(terms["dip"], case)["points"])
    if method == "drg_points":
        return drg_points(terms["drg_points"], case)
    return bed_day.points(terms["bed_day"], case)


def pay_year(terms: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Every case of one pool with its method, points and payment, and the closing statement of the pool.

    Each case holds everything that is known of it, of its institution and of its group.
    """
    of_value, budget = terms["point_value"], terms["pool_budget"]
    done = []
    for case in cases:
        method, reason, _ = route(terms["router"], case)
        row = {**case, "method": method, "reason": reason, "points": Fraction(0), "payment": 0, "standard": 0}
        if method == "by_item":
            row.update(standard=case["medfee_sumamt"], payment=case["hifp_pay"])
        elif method == "single_disease":
            price = terms["prices"][case["dise_codg"]]
            row.update(standard=price, payment=max(0, price - case["psn_part_amt"] - case["other_pay"]))
        else:
            row["points"] = _points(terms, case, method)
        done.append(row)
    by_points = [row for row in done if row["method"] in ("dip", "drg_points", "bed_day_points")]
    for row in by_points:
        row["beside"] = row["carve_out_amt"]
        if of_value["netting"] != "parts":
            row["beside"] = half_up(Fraction(row["carve_out_amt"] * row["hifp_pay"], row["medfee_sumamt"]))
    others = sum(row["payment"] + row.get("beside", 0) for row in done if not row["outside"])
    sharing = [row for row in by_points if not row["outside"] or of_value["outsiders"] == "in_point_pool"]
    _, amount = points.fund(budget, others)
    value = points.value(of_value, amount, sharing, budget["budget_value"])
    places = {case["fixmedins_code"] for case in cases}
    if of_value["rate_of"] == "institution":
        of_place = {place: [row for row in sharing if row["fixmedins_code"] == place] for place in places}
        for row in by_points:
            mine = of_place[row["fixmedins_code"]]
            cost = sum(one["medfee_sumamt"] for one in mine)
            rate = Fraction(sum(one["hifp_pay"] for one in mine), cost) if cost else Fraction(0)
            row["fund_rate"] = points.places(rate, 6)
    for row in by_points:
        row.update(points.case_payment(of_value, value, row))
    closing = points.close(of_value, budget, others, value, sharing)
    elsewhere: dict[str, int] = {}
    for row in done:
        if row["outside"]:
            owed = row["payment"] + row.get("beside", 0)
            elsewhere[row["outside"]] = elsewhere.get(row["outside"], 0) + owed
    return {"cases": done, "value": value, "closing": closing, "elsewhere": elsewhere}
