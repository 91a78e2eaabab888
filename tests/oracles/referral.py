"""Transfers out of the area and the place class of care, read literally: rules B08, B09, B10, O12.

Steps in their order: a doctor of a certain rank proposes, the head of the department reviews, the insurance office
approves; a hospital that is not contracted asks for a filing with the agency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ORDER", "TITLES", "placement", "transfer"]

TITLES = ["assistant", "resident_doctor", "attending", "associate_chief", "chief"]
"""Lowest first."""

ORDER = ["proposal", "department_review", "office_approval", "filing"]


def transfer(terms: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[bool, list[str], str]:
    """Valid, the steps that are missing, and the tier."""
    needed = list(terms["patient_request_steps"] if asked["reason"] == "patient_request" else terms["steps"])
    if not asked["contracted"]:
        needed = needed + list(terms["non_contracted_steps"])
    high_enough = TITLES[TITLES.index(terms["lowest_rank"]) :]
    missing = []
    if "proposal" in needed and asked["proposer_rank"] not in high_enough:
        missing.append("proposal")
    if "department_review" in needed and not asked["department_review"]:
        missing.append("department_review")
    if "office_approval" in needed and not asked["office_approval"]:
        missing.append("office_approval")
    if "filing" in needed and not asked["filed"]:
        missing.append("filing")
    if not asked["contracted"]:
        tier = "non_contracted"
    elif asked["reason"] == "patient_request":
        tier = terms["patient_request_tier"]
    else:
        tier = "contracted"
    return missing == [], missing, tier


def placement(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Place class and tier; transferred: None, or (valid, tier); filed: None, or the place class that follows."""
    own = "contracted" if facts["contracted"] else "non_contracted"
    transferred, filed = facts["transferred"], facts["filed"]
    if not facts["outside"]:
        return "local", "contracted"
    if filed == "resident_elsewhere":
        return "resident_elsewhere", own
    if transferred is not None:
        if transferred[0]:
            return "referred", transferred[1]
    elif filed == "referred":
        return "referred", own
    if facts["sudden_illness"] or filed == "emergency":
        return "emergency", own
    return "unreferred", own
