"""Outpatient pooling, read literally: rules B01-B04, B12, B13, B22, B24, B43-B46; readings A06-A08.

A visit's order (A08): in-scope amount; minus what is left of the deductible; times the rate; then the ceiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["coverage", "eligible", "settle"]


def conditions(terms: Mapping[str, Any], visit: Mapping[str, Any]) -> dict[str, int]:
    """B04, B43, B44: the institution; B12: the designated hospital; O17: the recognition; B46: online care."""
    admission = terms["institutions"][visit["medins_kind"], visit["medins_ownership"]]
    place = admission == "always" or (admission == "listed" and bool(visit["listed"]))
    designated = bool(visit["designated"]) if terms["designated_only"] else True
    recognised = bool(visit["recognised"]) if terms["recognition_needed"] else True
    online = True
    if visit["online"]:
        online = bool(terms["online_payable"])
        if terms["online_follow_up_only"] and not visit["follow_up"]:
            online = False
    return {
        "takes_part": int(place),
        "well_designated": int(designated),
        "well_recognised": int(recognised),
        "well_online": int(online),
    }


def eligible(terms: Mapping[str, Any], visit: Mapping[str, Any]) -> bool:
    """The benefit applies where every condition is met."""
    return 0 not in conditions(terms, visit).values()


def settle(terms: Mapping[str, Any], visit: Mapping[str, Any], *, exact: bool = False) -> dict[str, Any]:
    """What one visit is paid.  exact: without the rounding, to state laws that rounding breaks.

    A ceiling or quota of None is one that does not exist; the figures left of it are None then.
    """
    level, status = visit["hosp_lv"], visit["psn_type"]
    allowed = eligible(terms, visit)
    scope = visit["inscp_scp_amt"] if allowed else 0

    ceiling = terms["ceiling"][status]
    ceiling_left = None
    if ceiling is not None:
        ceiling_left = ceiling - visit["ceiling_used"]
        if ceiling_left < 0:
            ceiling_left = 0

    counts = scope  # A07: the ceiling is on eligible cost, or on what the fund pays
    if terms["ceiling_basis"] == "eligible_cost" and ceiling_left is not None and counts > ceiling_left:
        counts = ceiling_left

    due = terms["deductible"][level, status] - visit["deductible_used"]
    if due < 0:
        due = 0
    taken = due if due < counts else counts
    above = counts - taken

    rate = terms["rate"][level, status] + terms["rate_uplift"][level] + terms["service_uplift"][visit["service_kind"]]
    if rate > 1:
        rate = Fraction(1)
    share = above * rate
    before_limits = share if exact else half_up(share)

    paid = before_limits
    if terms["ceiling_basis"] == "fund_payment" and ceiling_left is not None and paid > ceiling_left:
        paid = ceiling_left
    if visit["quota_left"] is not None and paid > visit["quota_left"]:
        paid = visit["quota_left"]

    # A06: the deductible is used up by the deductible taken, or, where data says so, by in-scope spending there
    fills = counts if terms["counts_toward_deductible"][level] == "yes" else taken
    uses = counts if terms["ceiling_basis"] == "eligible_cost" else paid
    return {
        **conditions(terms, visit),
        "eligible": int(allowed),
        "ceiling_left": ceiling_left,
        "payable_scope": counts,
        "deductible_due": due,
        "act_pay_dedc": taken,
        "payable": above,
        "fund_rate": rate,
        "before_limits": before_limits,
        "hifp_pay": paid,
        "deductible_used_after": visit["deductible_used"] + fills,
        "ceiling_used_after": visit["ceiling_used"] + uses,
    }


def coverage(institutions: list[tuple[str, bool]]) -> Fraction | None:
    """B04: public institutions that take part, of all public ones."""
    public = taking_part = 0
    for ownership, takes_part in institutions:
        if ownership == "public":
            public += 1
            if takes_part:
                taking_part += 1
    return None if public == 0 else Fraction(taking_part, public)
