"""Inpatient pooling, read literally: rules B07, B11, B14, B15; readings A04, A07, A08; formulas.md section 1.

`统筹 = min(cap left, banded(in scope - deductible taken))`; referral up pays `max(0, upper - already paid)`, referral
down 0; one deductible a year for listed diseases; a year's deductible may have a maximum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["LEVELS", "by_the_fen", "settle", "walk"]

LEVELS = ("tertiary", "secondary", "level_1", "primary", "ungraded")
"""Highest first."""


def walk(amount: int, start: int, edges: Sequence[int], rates: Sequence[Fraction]) -> Fraction:
    """The amount laid on the scale of the bands from `start` on, each stretch at the rate of its band; not rounded."""
    position, left, paid = start, amount, Fraction(0)
    while left > 0:
        band = 0
        while band + 1 < len(edges) and edges[band + 1] <= position:
            band += 1
        stretch = left
        if band + 1 < len(edges) and edges[band + 1] - position < stretch:
            stretch = edges[band + 1] - position
        paid += stretch * rates[band]
        position += stretch
        left -= stretch
    return paid


def by_the_fen(amount: int, start: int, edges: Sequence[int], rates: Sequence[Fraction]) -> Fraction:
    """The same, one fen at a time: the fen that begins at a band's lower edge belongs to that band."""
    paid = Fraction(0)
    for position in range(start, start + amount):
        paid += [rate for edge, rate in zip(edges, rates, strict=True) if edge <= position][-1]
    return paid


def settle(terms: Mapping[str, Any], stay: Mapping[str, Any], *, exact: bool = False) -> dict[str, Any]:
    """What one stay is paid.  exact: without the rounding; a ceiling or maximum of None does not exist."""
    level, status = stay["hosp_lv"], stay["psn_type"]

    ceiling = terms["ceiling"][status]
    ceiling_left = None if ceiling is None else max(0, ceiling - stay["ceiling_used"])
    counts = stay["inscp_scp_amt"]
    if terms["ceiling_basis"] == "eligible_cost" and ceiling_left is not None:
        counts = min(counts, ceiling_left)

    standard = terms["deductible"][stay["ordinal"], level, status]
    due = left = max(0, standard - stay["deductible_used"])
    if stay["continuing"]:
        if LEVELS.index(level) > LEVELS.index(stay["earlier_level"]):  # down
            due = 0
        else:  # up, or across: one stay has one deductible, that of the higher level
            due = min(due, max(0, standard - stay["earlier_paid"]))
    of_stay = due
    if stay["once_a_year"]:  # a relief: it may lower what is due, and never raises it
        due = min(due, max(0, standard - stay["once_a_year_paid"]))
    if terms["deductible_yearly_maximum"] is not None:
        due = min(due, max(0, terms["deductible_yearly_maximum"] - stay["year_deductible"]))
    taken = min(due, counts)
    above = counts - taken

    addition = terms["rate_increase"][level]
    if stay["tcm_disease"]:
        addition += terms["tcm_addition"]
    rates = [min(Fraction(1), band[level, status] + addition) for band in terms["band_rates"]]
    share = walk(above, stay["band_start"], terms["band_edges"], rates)
    before_limits = share if exact else half_up(share)
    paid = before_limits
    if terms["ceiling_basis"] == "fund_payment" and ceiling_left is not None and paid > ceiling_left:
        paid = ceiling_left
    return {
        "ceiling_left": ceiling_left,
        "payable_scope": counts,
        "deductible_standard": standard,
        "deductible_left": left,
        "deductible_of_stay": of_stay,
        "deductible_due": due,
        "act_pay_dedc": taken,
        "payable": above,
        "rate_addition": addition,
        "before_limits": before_limits,
        "hifp_pay": paid,
        "ceiling_used_after": stay["ceiling_used"] + (counts if terms["ceiling_basis"] == "eligible_cost" else paid),
    }
