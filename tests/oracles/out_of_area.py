"""Care out of the area, read literally: rules B09, B10, B49, B52, B57; formulas.md section 1 "Out-of-area".

Each place class has points off, a factor, and a share to be paid first, on the total or on what is in scope, booked as
first-pay.  Tables are keyed by (place, tier); rates are shares of one.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["coverage", "direct", "effect", "reduced_rate"]


def effect(terms: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, Any]:
    """What the place of care does to one bill."""
    at = of["place_class"], of["tier"]
    base = of["medfee_sumamt"] if terms["preself_base"][at] == "total" else of["inscp_scp_amt"]
    due = half_up(base * terms["preself_first"][at])
    moved = 0
    if terms["payable"][at] == "yes":
        moved = due if due <= of["inscp_scp_amt"] else of["inscp_scp_amt"]
    return {
        "payable": terms["payable"][at] == "yes",
        "first_pay_base": base,
        "first_pay_due": due,
        "moved_to_first_pay": moved,
        "preselfpay_amt": of["preselfpay_amt"] + moved,
        "inscp_scp_amt": of["inscp_scp_amt"] - moved,
        "points_off": terms["points_off"][at],
        "rate_factor": terms["factor"][at] if terms["payable"][at] == "yes" else Fraction(0),
        "care_place_catalogue": terms["care_place_catalogue"] and of["place_class"] != "local",
    }


def reduced_rate(points_off: Fraction, factor: Fraction, rate: Fraction) -> Fraction:
    """The rate less the points, times the factor, kept per million."""
    left = rate - points_off if rate > points_off else Fraction(0)
    return Fraction(half_up(left * factor * 1_000_000), 1_000_000)


def direct(terms: Mapping[str, Any], business: str, filing: str, on: datetime.date) -> bool:
    """Whether a business is settled directly for a filing on a day."""
    if filing == "unreferred" or terms["enabled"][business, filing] == "no":
        return False
    since: datetime.date = terms["starts"].get(business, datetime.date.min)
    return on >= since


def coverage(terms: Mapping[str, Any], on: datetime.date) -> tuple[int, int]:
    """k of n."""
    filings = ("resident_elsewhere", "referred", "emergency")
    covered = [each for each in terms["counted"] if True in [direct(terms, each, filing, on) for filing in filings]]
    return len(covered), len(terms["counted"])
