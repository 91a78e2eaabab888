"""Long-term care, read literally: rules B35, B36; formulas.md section 1, `min(cap(grade, mode), share(standard x units,
rate))`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.oracles import half_up

__all__ = ["GRADES", "settle"]

GRADES = ("normal", "mild", "moderate", "severe_1", "severe_2", "severe_3")
"""0 基本正常, 1 轻度, 2 中度, 3 to 5 重度 I to III (医保办发〔2021〕37号)."""


def settle(terms: Mapping[str, Any], care: Mapping[str, Any]) -> dict[str, Any]:
    """What the care is paid, in fen; a cap or standard of None does not exist."""
    where = care["grade"], care["mode"]
    covered = terms["covered"][care["scheme"]] == "yes"
    severe = GRADES.index(care["grade"]) >= GRADES.index(terms["least_grade"])
    standard = terms["standard"][where] * care["units"]
    counts = standard
    if terms["basis"][care["mode"]] == "cost" and care["cost"] < standard:
        counts = care["cost"]
    if not (covered and severe):
        counts = 0
    paid = before = half_up(counts * terms["rate"][where])
    left: dict[str, int | None] = {"month": None, "year": None}
    for period in left:
        cap = terms[f"{period}_cap"][where]
        if cap is not None:
            room = left[period] = max(0, cap - care[f"{period}_cap_used"])
            paid = min(paid, room)
    return {
        "covered": int(covered),
        "grade_met": int(severe),
        "eligible": int(covered and severe),
        "standard_amount": standard,
        "payable": counts,
        "before_limits": before,
        "month_cap_left": left["month"],
        "year_cap_left": left["year"],
        "care_pay": paid,
        "left_to_person": max(0, care["cost"] - paid),
        "month_cap_used_after": care["month_cap_used"] + paid,
        "year_cap_used_after": care["year_cap_used"] + paid,
    }
