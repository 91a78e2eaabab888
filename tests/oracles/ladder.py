"""The layers above the basic benefit, read literally: rules B16, B17, B25-B27, B41, B53, B54, B56; readings A09-A11.

formulas.md section 1: major illness `pay now = B(before + now) - B(before)`, B the banded function of the year's total,
on `gross` bands (the deductible eats the first) or on what exceeds the deductible; `maf = min(cap left, share(beyond(
money after earlier layers, deductible left), rate))`; over the cap `payable - min{x : banded(x) >= cap left}`; each
layer takes from the parts it works on what earlier ones left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.oracles import half_up
from tests.oracles.inpatient import walk

__all__ = ["PARTS", "assistance", "climb", "due", "least", "least_by_search", "major_illness", "over_cap", "supplement"]

PARTS = ("deductible", "over_ceiling", "copayment", "not_covered", "first_pay", "over_limit", "self_paid")


# ------------------------------------------------------------------------------------------------------------ inverse


def least(pays: Callable[[int], int], wanted: int, most: int) -> int | None:
    """The least amount up to `most` that is paid as much; None where none is.  By halving: more never pays less."""
    if pays(most) < wanted:
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if pays(middle) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def least_by_search(pays: Callable[[int], int], wanted: int, most: int) -> int | None:
    """The same by trying every amount in turn."""
    for amount in range(most + 1):
        if pays(amount) >= wanted:
            return amount
    return None


def over_cap(pays: Callable[[int], int], payable: int, cap_left: int | None) -> int:
    """The part of what is payable that lies above the cap; nothing where the payment does not pass it."""
    if cap_left is None or pays(payable) <= cap_left:
        return 0
    reached = least(pays, cap_left, payable)
    assert reached is not None
    return payable - reached


# ------------------------------------------------------------------------------------------------------------- layers


def due(terms: Mapping[str, Any], hardship: str, total: int) -> int:
    """What major illness owes on a year's total: for one class, the total walked up its bands."""
    deductible = terms["deductible"][hardship]
    if total <= deductible:
        return 0
    edges = terms["band_edges"]
    rates = [band[hardship] for band in terms["band_rates"]]
    if terms["band_basis"] == "gross":  # the whole amount, less what lies in the stretch that the deductible eats
        exact = walk(total, 0, edges, rates) - walk(deductible, 0, edges, rates)
    else:
        exact = walk(total - deductible, 0, edges, rates)
    owed = half_up(exact)
    ceiling = terms["ceiling"][hardship]
    return owed if ceiling is None else min(owed, ceiling)


def major_illness(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What the year owes with this bill less what it owed without it."""
    hardship = case["hardship"]
    total = case["base_before"] + case["base"]
    with_it, without = due(terms, hardship, total), due(terms, hardship, case["base_before"])
    return {
        "base_after": total,
        "deductible": terms["deductible"][hardship],
        "ceiling": terms["ceiling"][hardship],
        "due_after": with_it,
        "due_before": without,
        "pay": with_it - without,
    }


def assistance(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Above what earlier bills left of the year's deductible, by rate, within what is left of the year's limit."""
    hardship = case["hardship"]
    left = max(0, terms["deductible"][hardship] - case["base_before"])
    above = max(0, case["base"] - left)
    rate = terms["rate"][hardship]
    return {
        "deductible_left": left,
        "payable": above,
        "rate": rate,
        **_within(half_up(above * rate), terms["ceiling"][hardship], case["paid_before"]),
    }


def supplement(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The same with one deductible a bill or a year, and figures that do not differ by class."""
    used = case["base_before"] if terms["deductible_scope"] == "year" else 0
    left = max(0, terms["deductible"] - used)
    above = max(0, case["base"] - left)
    return {
        "deductible_left": left,
        "payable": above,
        **_within(half_up(above * terms["rate"]), terms["ceiling"], case["paid_before"]),
    }


def _within(share: int, ceiling: int | None, paid_before: int) -> dict[str, Any]:
    left = None if ceiling is None else max(0, ceiling - paid_before)
    return {"before_limits": share, "ceiling_left": left, "pay": share if left is None else min(share, left)}


_ROOMS = {"major_illness": major_illness, "assistance": assistance, "supplement": supplement}


def climb(
    layers: Sequence[tuple[Mapping[str, Any], str, Mapping[str, Any]]],
    left: Mapping[str, int],
    states: Sequence[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Each layer in turn on the parts that it may take; what it pays goes off them in the order it names them.

    layers: (layer with works_on, name of its room, terms).  Gives each layer's pay and base, and what is left.
    """
    now = dict(left)
    done = []
    for (layer, room, terms), state in zip(layers, states, strict=True):
        base = sum(now[part] for part in layer["works_on"]) if state["applies"] else 0
        paid = _ROOMS[room](terms, {**state, "base": base})["pay"]
        to_take = paid
        for part in layer["works_on"]:
            taken = min(to_take, now[part])
            now[part] -= taken
            to_take -= taken
        done.append({"base": base, "pay": paid, "left": dict(now)})
    return done, now
