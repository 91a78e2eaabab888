"""The personal account, read literally: rules F01, F03, F23; formulas.md section 1, "Personal account".

In service the own contribution is credited, retired a fixed monthly amount; before a reform a share of the employer's
contribution too, by age.  The account pays in-scope self-pay or all personal money, and never more than it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["credit", "pay", "transfer", "use"]


def pay(scope: str, of: Mapping[str, int]) -> dict[str, int]:
    """What the account pays of one bill, in fen, fen by fen where it matters."""
    left = of["personal_left"]
    if scope == "in_scope_selfpay" and of["in_scope_left"] < left:
        left = of["in_scope_left"]
    paid = 0
    if of["wanted"]:
        paid = left if left < of["balc"] else of["balc"]
    return {"payable": left, "acct_pay": paid, "balance_after": of["balc"] - paid}


def credit(terms: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, Any]:
    """What is credited a month and in all; rates are shares of one, `steps` are by person class."""
    status = of["psn_type"]
    base = of["contribution_base"] if terms["basis"][status] == "contribution_base" else of["pension"]
    reached = [step for step in terms["steps"][status] if of["age"] >= step["from_age"]]
    allotted: Fraction = terms["allotted_rate"][status]
    amount: int = terms["allotted_amount"][status]
    if reached:  # the step of the highest age reached
        last = max(reached, key=lambda step: int(step["from_age"]))
        allotted, amount = last["rate"], last["amount"]
    whole = terms["own_rate"][status] + allotted
    monthly = half_up(base * whole) + amount
    return {
        "base": base,
        "allotted_rate": allotted,
        "credited_rate": whole,
        "allotted_amount": amount,
        "monthly_credit": monthly,
        "credit": sum(monthly for _ in range(of["months"])),
    }


def use(permitted: Mapping[str, tuple[set[str], set[str]]], insured_only: bool, asked: Mapping[str, Any]) -> bool:
    """Whether a use is permitted: use -> (for whom, where)."""
    if asked["use"] not in permitted:
        return False
    whom, where = permitted[asked["use"]]
    family = asked["relation"] != "self"
    return asked["relation"] in whom and asked["place"] in where and (asked["insured"] or not (family and insured_only))


def _walk(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """Every month from the first to the last, one after the other."""
    found = [first]
    while found[-1] < last:
        year, month = found[-1]
        found.append((year + 1, 1) if month == 12 else (year, month + 1))
    return found


Spans = Sequence[tuple[str, tuple[int, int], tuple[int, int]]]


def transfer(counted: Sequence[str], overlap: str, old: Spans, new: Spans) -> dict[str, int]:
    """Months of two records, month by month; spans are (scheme, first (year, month), last (year, month))."""
    ends = [month for _, first, last in (*old, *new) for month in (first, last)]
    names = ("old", "new", "overlap", "gap", "counted_old", "counted_new")
    totals = dict.fromkeys(names, 0)
    for month in _walk(min(ends), max(ends)) if ends else ():
        there = [scheme for scheme, first, last in old if first <= month <= last]
        here = [scheme for scheme, first, last in new if first <= month <= last]
        totals["old"] += bool(there)
        totals["new"] += bool(here)
        totals["overlap"] += bool(there and here)
        totals["gap"] += not there and not here
        by_old = any(scheme in counted for scheme in there)
        by_new = any(scheme in counted for scheme in here)
        if by_old and by_new:
            by_old, by_new = overlap == "old_place", overlap == "new_place"
        totals["counted_old"] += by_old
        totals["counted_new"] += by_new
    return totals
