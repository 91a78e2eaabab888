"""Maternity, read literally: rules B33, B34; formulas.md section 1.

A fixed amount pays the cost in scope up to the amount; a rate pays its share up to a ceiling.  Allowance `= employer's
prior-year mean monthly wage / 30 x days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["allowance", "medical"]


def medical(terms: Mapping[str, Any], care: Mapping[str, Any]) -> dict[str, Any]:
    """What the fund pays of a cost in fen; a limit of None does not exist."""
    where = care["kind"], care["hosp_lv"]
    cost = care["inscp_scp_amt"]
    share = half_up(cost * terms["rate"][where])
    paid = cost if terms["way"][care["kind"]] == "fixed_amount" else share
    before = paid
    limit = terms["limit"][where]
    left = None if limit is None else max(0, limit - care["limit_used"])
    if left is not None and paid > left:
        paid = left
    return {
        "by_rate": share,
        "before_limits": before,
        "limit_left": left,
        "hifp_pay": paid,
        "limit_used_after": care["limit_used"] + paid,
        "left_to_person": cost - paid,
    }


def allowance(terms: Mapping[str, Any], kind: str, children: int, wage: int) -> dict[str, int]:
    """Days of leave counted child by child, and the month's wage / days of a month x days."""
    further = 0
    for _ in range(2, children + 1):
        further += terms["further_child_days"][kind]
    days = terms["base_days"][kind] + terms["difficult_days"][kind] + further + terms["local_days"][kind]
    return {
        "base_days": terms["base_days"][kind],
        "difficult_days": terms["difficult_days"][kind],
        "further_children": max(0, children - 1),
        "further_child_days": further,
        "local_days": terms["local_days"][kind],
        "days": days,
        "allowance": half_up(Fraction(wage, terms["month_days"]) * days),
    }
