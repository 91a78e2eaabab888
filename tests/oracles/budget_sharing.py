"""Savings and overruns read literally, in fractions of a fen until the one rounding of each part."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracles import half_up

WORDS = {"above": lambda ratio, edge: ratio > edge, "at_or_above": lambda ratio, edge: ratio >= edge}


def part(bands: list[tuple[Fraction, Fraction]], way: str, side: str, lo: int, hi: int, whole: int, budget: int) -> int:
    """The institution's part of the fen from lo to hi of an overrun or saving of `whole`."""
    if way == "whole":
        rate = bands[0][1]
        for edge, each in bands[1:]:
            if WORDS[side](Fraction(whole, budget), edge):
                rate = each
        return half_up((hi - lo) * rate)
    edges = [half_up(edge * budget) for edge, _ in bands] + [10**15]
    found = Fraction(0)
    for at, (_, rate) in enumerate(bands):
        found += max(0, min(hi, edges[at + 1]) - max(lo, edges[at])) * rate
    return half_up(found)


def share_budget(terms: dict[str, Any], year: dict[str, Any]) -> dict[str, int]:
    """Who bears what: institution, treasury, fund."""
    budget = year["points"] if terms["basis"] == "points_amount" else year["quota"][0] + year["quota"][1]
    actual = sum(year["actual"])
    pays = {"institution": 0, "treasury": 0, "fund": min(actual, budget)}
    if actual <= budget:
        saving = budget - actual
        reward = part(terms["saving"][year["state"]], terms["saving_way"], terms["side"], 0, saving, saving, budget)
        if terms["factor_on"] in ("saving", "both"):
            reward = min(saving, half_up(reward * year["factor"]))
        if terms["saving_limit"] is not None:
            reward = min(reward, half_up(budget * terms["saving_limit"]))
        pays[terms["saving_payer"]] += reward
        return pays
    overrun = actual - budget
    if terms["split"] == "stated":
        out = year["stated_out"]
    elif terms["split"] == "by_actual":
        out = half_up(Fraction(overrun * year["actual"][1], actual))
    elif terms["basis"] == "points_amount":
        out = 0
    else:
        local_excess, out_excess = (year["actual"][at] - year["quota"][at] for at in (0, 1))
        out = overrun if local_excess < 0 else 0 if out_excess < 0 else out_excess
    local = overrun - out
    own = sum(
        part(terms["overrun"][year["state"]][at], terms["overrun_way"], terms["side"], lo, hi, overrun, budget)
        for at, (lo, hi) in enumerate(((0, local), (local, overrun)))
    )
    rest = overrun - own
    if terms["factor_on"] in ("overrun", "both"):
        rest = min(overrun, half_up(rest * year["factor"]))
    if terms["overrun_limit"] is not None:
        rest = min(rest, half_up(budget * terms["overrun_limit"]))
    pays[terms["overrun_payer"]] += rest
    pays["institution"] += overrun - rest
    return pays
