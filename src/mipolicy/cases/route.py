"""Give each case of a table its method: lists under the policy of the discharge day, then the router's rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.prepare import is_uniform
from mipolicy.cases.blocks import run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.region import Region
from mipolicy.cases.ways import Way, listed
from mipolicy.cases.work import Work
from mipolicy.errors import Fault, TableError
from mipolicy.money import NO_LIMIT, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import RouteCase, RouterTerms, route

__all__ = ["ROUTER", "Routes", "own_methods", "route_cases"]

_STEPS: Final = ("method", "reason", "original")
_SPECIAL: Final = (
    "on_single_disease",
    "on_day_surgery",
    "on_per_diem",
    "on_capitation",
    "pathway_exit",
    "review",
    "by_item_outsider",
)
"""What makes a stay one that its institution alone does not route."""
ROUTER: Final = Way("payment_router", RouteCase, route, False)


@frozen(eq=False)
class Routes:
    """What pays each case, by position in `METHOD`, why, and by what it would be paid without lists; -1 for none.

    One byte a case.
    """

    method: Any
    reason: Any
    original: Any


def route_cases(prepared: PreparedCases, by_item_outsider: Column, work: Work) -> Routes:
    """Route the cases that can be paid; those on two lists are marked where the terms refuse them.

    by_item_outsider: 1 for people insured elsewhere whose pool pays them by item.
    Raises TableError where the region's table and the policy name different methods for an institution.
    """
    facts, faults, count = prepared.facts, prepared.faults, prepared.read.rows
    routes = Routes(*(np.full(count, -1, np.int8) for _ in range(3)))
    facts.set("by_item_outsider", by_item_outsider)
    flags: dict[str, Any] = {
        f"on_{word}": np.zeros(count, np.int8) for word in ("single_disease", "day_surgery", "per_diem", "capitation")
    }
    for terms, within in _within(prepared, "payment_router", prepared.routable()):
        facts.own_methods = own_methods(prepared.region, terms)
        lists = [(word, *here) for word in terms.beside for here in _within(prepared, word, within)]
        for word, taken in listed(lists, facts, work):
            # who is insured elsewhere is enrolled nowhere here
            on_list = taken[~prepared.outside(taken)] if word == "capitation" else taken
            flags[f"on_{word}"][on_list] = 1
        for name, column in flags.items():
            facts.set(name, column)
        unusual = _route_usual(prepared, terms, within, routes, work)
        done, refused = run(ROUTER, terms, facts, unusual, ("on_lists", "method", "reason", "original"), work)
        for row, fault in refused.items():
            faults.mark(np.array([row]), fault)
        for name in _STEPS:
            getattr(routes, name)[unusual] = done[name]
        if terms.two_lists == "reject":
            _refuse_two_lists(prepared, unusual[done["on_lists"] > 1], flags)
    return routes


def _within(prepared: PreparedCases, section: str, rows: Any) -> Iterator[tuple[Any, Any]]:
    """The terms of a section on the discharge days of some rows, with the rows of each version; both as booleans."""
    dated = prepared.dated
    only = dated.only(section, *prepared.discharged) if prepared.discharged else None
    if only is not None:
        yield dated.policy.build(section, only), rows
        return
    for version, of_version in dated.versions(section, np.flatnonzero(rows), prepared.facts.columns["dscg_day"]):
        found = np.zeros(len(rows), bool)
        found[of_version] = True
        yield dated.policy.build(section, version), found


def _route_usual(prepared: PreparedCases, terms: RouterTerms, within: Any, routes: Routes, work: Work) -> Column:
    """Route the stays of which nothing special holds, by their institution; gives the rows that are left.

    The rule is the same: it is asked once for each institution instead of once for each of its stays.
    """
    facts, days = prepared.facts, prepared.facts.columns["days"]
    of_place = _of_institutions(prepared, terms)
    special = [
        column
        for column in (facts.made.get(name, facts.columns.get(name)) for name in _SPECIAL)
        if column is not None and (not is_uniform(column) or (column.size and column[0]))
    ]

    def block(span: slice) -> Column:
        unusual: Any = (facts.columns["inpatient"][span] == 0) | (facts.group[span] < 0)
        for column in special:
            unusual |= column[span] != 0
        unusual |= (days[span] <= (terms.short_days or -1)) | (days[span] >= (terms.long_days or NO_LIMIT))
        usual, place = within[span] & ~unusual, facts.institution[span]
        for name, code in of_place.items():
            np.copyto(getattr(routes, name)[span], code.take(place), where=usual)
        return np.flatnonzero(within[span] & unusual) + span.start

    blocks = work.each(block, work.spans(len(within) if within.any() else 0))
    return np.concatenate(blocks) if blocks else np.empty(0, np.int64)


def _of_institutions(prepared: PreparedCases, terms: RouterTerms) -> dict[str, Any]:
    """How each institution's stays are routed of which nothing special holds, step by step."""
    region, own = prepared.region, prepared.facts.own_methods
    no, yes = np.zeros(len(own), np.int64), np.ones(len(own), np.int64)
    stays = RouteCase(
        level=region.level,
        inpatient=yes,
        own_method=np.maximum(own, 0),
        has_own_method=(own >= 0).astype(np.int64),
        **dict.fromkeys(_SPECIAL, no),
        grouped=yes,
        days=no + terms.short_days + 1,
    )
    routed = route(terms, stays)
    return {name: np.asarray(getattr(routed, name), np.int8) for name in _STEPS}


def own_methods(region: Region, terms: RouterTerms) -> Column:
    """The method of each institution's own, from the policy's list or else the region's table; -1 where it has none.

    Raises TableError where the two name different methods.
    """
    own = region.own_method.copy()
    for each in terms.institutions:
        at = region.institutions.get(each.fixmedins_code)
        if at is None:
            continue
        method = METHOD.position(each.method)
        if own[at] not in (-1, method):
            raise TableError(
                f"institutions: {each.fixmedins_code} is paid by {METHOD.members[own[at]]}, but by {each.method} in "
                "the policy's list; leave method empty in the table where the policy names it"
            )
        own[at] = method
    return own


def _refuse_two_lists(prepared: PreparedCases, rows: Column, flags: dict[str, Column]) -> None:
    names = [name for name in flags if name != "on_capitation"]

    def fault(row: int) -> Fault:
        on = ", ".join(name.removeprefix("on_") for name in names if flags[name][row])
        return Fault(
            "two_lists", f"dise_codg {prepared.text('dise_codg', row)} is on the lists of {on}: one of them pays"
        )

    prepared.faults.mark(rows, fault)
