"""Give each case of a table its method: lists under the policy of the discharge day, then the router's rule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.prepare import is_uniform
from mipolicy.cases.blocks import Work, run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.region import Region
from mipolicy.cases.ways import Way, listed
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


@frozen(eq=False, slots=False)
class Routes:
    """What pays each case, by position in `METHOD`, why, and by what it would be paid without lists; -1 for none.

    One byte a case.
    """

    method: Any
    reason: Any
    original: Any

    @cached_property
    def rows_by_method(self) -> Mapping[str, Column]:
        """The rows of each method as they were routed, in their order."""
        return {name: np.flatnonzero(self.method == at) for at, name in enumerate(METHOD.members)}


def route_cases(prepared: PreparedCases, by_item_outsider: Column, work: Work) -> Routes:
    """Route the cases that can be paid; those on two lists are marked where the terms refuse them.

    by_item_outsider: 1 for people insured elsewhere whose pool pays them by item.
    Raises TableError where the region's table and the policy name different methods for an institution.
    """
    facts, faults, days = prepared.facts, prepared.faults, prepared.facts.columns["dscg_day"]
    count = prepared.read.rows
    routes = Routes(*(np.full(count, -1, np.int8) for _ in range(3)))
    facts.set("by_item_outsider", by_item_outsider)
    flags: dict[str, Any] = {
        f"on_{word}": np.zeros(count, np.int8) for word in ("single_disease", "day_surgery", "per_diem", "capitation")
    }
    rows = prepared.routable()
    for version, of_version in prepared.dated.versions("payment_router", rows, days):
        terms: RouterTerms = prepared.dated.policy.build("payment_router", version)
        facts.own_methods = own_methods(prepared.region, terms)
        within = _mask(count, of_version)
        lists = [
            (word, prepared.dated.policy.build(word, of_list), within if here is of_version else _mask(count, here))
            for word in terms.beside
            for of_list, here in prepared.dated.versions(word, of_version, days)
        ]
        for word, taken in listed(lists, facts):
            flags[f"on_{word}"][taken] = 1
        flags["on_capitation"][prepared.outside()] = 0  # who is insured elsewhere is enrolled nowhere here
        for name, column in flags.items():
            facts.set(name, column)
        unusual = _route_usual(prepared, terms, of_version, routes)
        done, refused = run(ROUTER, terms, facts, unusual, ("on_lists", "method", "reason", "original"), work)
        for row, fault in refused.items():
            faults.mark(np.array([row]), fault)
        for name in _STEPS:
            getattr(routes, name)[unusual] = done[name]
        if terms.two_lists == "reject":
            _refuse_two_lists(prepared, unusual[done["on_lists"] > 1], flags)
    return routes


def _mask(count: int, rows: Column) -> Any:
    found = np.zeros(count, bool)
    found[rows] = True
    return found


def _route_usual(prepared: PreparedCases, terms: RouterTerms, rows: Column, routes: Routes) -> Column:
    """Route the stays of which nothing special holds, by their institution; gives the rows that are left.

    The rule is the same: it is asked once for each institution instead of once for each of its stays.
    """
    facts, region = prepared.facts, prepared.region
    unusual: Any = (facts.columns["inpatient"] == 0) | (facts.group < 0)
    for name in _SPECIAL:
        column: Any = facts.made.get(name, facts.columns.get(name))
        if not is_uniform(column) or (column.size and column[0]):
            unusual |= column != 0
    days = facts.columns["days"]
    unusual |= (days <= (terms.short_days or -1)) | (days >= (terms.long_days or NO_LIMIT))
    is_unusual = unusual.take(rows)
    usual = rows[~is_unusual]
    place = facts.institution.take(usual)
    one_each = np.full(len(region.institutions), -1, np.int64)
    one_each[place] = usual
    asked = np.flatnonzero(one_each >= 0)
    done, refused = run(ROUTER, terms, facts, one_each[asked], _STEPS, Work())
    if refused:
        return rows
    for name in _STEPS:
        of_place = np.zeros(len(region.institutions), np.int8)
        of_place[asked] = done[name]
        getattr(routes, name)[usual] = of_place.take(place)
    left: Column = rows[is_unusual]
    return left


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
