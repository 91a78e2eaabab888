"""Give each case of a table its method: lists under the policy of the discharge day, then the router's rule."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.region import Region
from mipolicy.cases.ways import Way, listed
from mipolicy.errors import Fault, TableError
from mipolicy.money import NO_LIMIT, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import REASON, RouteCase, RouterTerms, route

__all__ = ["ROUTER", "Routes", "own_methods", "route_again", "route_cases"]

_STEPS: Final = ("method", "reason", "original")
_FLAGS: Final = (
    "inpatient",
    "on_single_disease",
    "on_day_surgery",
    "on_per_diem",
    "on_capitation",
    "pathway_exit",
    "by_item_outsider",
)
"""What a case is or is not, for the router; it looks at the group only for whether there is one."""
_BY_LIST: Final = tuple(REASON.position(word) for word in ("single_disease", "day_surgery", "per_diem"))
_REVIEW: Final = 2 << len(_FLAGS)
_SHORT: Final = 8 * _REVIEW
_LONG: Final = 2 * _SHORT
_KINDS: Final = 2 * _LONG
"""The kinds of case are numbers: a bit for each flag and one for the group, the review, whether short, whether long."""
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
    """Route the cases that can be paid; those on two lists are marked unless the terms prefer one of the two.

    by_item_outsider: 1 for people insured elsewhere whose pool pays them by item.
    Raises TableError where the region's table and the policy name different methods for an institution.
    """
    facts, count = prepared.facts, prepared.read.rows
    routes = Routes(*(np.full(count, -1, np.int8) for _ in range(3)))
    facts.set("by_item_outsider", by_item_outsider)
    flags: dict[str, Any] = {
        f"on_{word}": np.zeros(count, np.int8) for word in ("single_disease", "day_surgery", "per_diem", "capitation")
    }
    for terms, within in prepared.versions("payment_router", prepared.routable()):
        facts.own_methods = own_methods(prepared.region, terms)
        lists = [(word, *here) for word in terms.beside for here in prepared.versions(word, within)]
        for word, taken in listed(lists, facts, work):
            # who is insured elsewhere is enrolled nowhere here
            on_list = taken[~prepared.outside(taken)] if word == "capitation" else taken
            flags[f"on_{word}"][on_list] = 1
        for name, column in flags.items():
            facts.set(name, column)
        _route_version(prepared, terms, within, routes, work)
    return routes


def route_again(prepared: PreparedCases, routes: Routes, rows: Column, work: Work) -> None:
    """Route some cases anew whose review is another now; the lists that they are on are facts already."""
    these = np.zeros(prepared.read.rows, bool)
    these[rows] = True
    for terms, within in prepared.versions("payment_router", these):
        prepared.facts.own_methods = own_methods(prepared.region, terms)
        _route_version(prepared, terms, within, routes, work)


def _route_version(prepared: PreparedCases, terms: RouterTerms, within: Any, routes: Routes, work: Work) -> None:
    twice = _route_kinds(prepared, terms, within, routes, work)
    undecided = np.isin(routes.reason.take(twice), _BY_LIST)  # whoever left the lists is paid by one method
    if terms.two_lists != "reject":
        undecided &= prepared.facts.column(f"on_{terms.two_lists}").take(twice) == 0
    _refuse_two_lists(prepared, twice[undecided])


def _route_kinds(prepared: PreparedCases, terms: RouterTerms, within: Any, routes: Routes, work: Work) -> Column:
    """Route the cases of a version of the terms; gives those on two lists.

    The rule is asked once for each kind of case: those that it cannot tell apart.
    """
    facts, days = prepared.facts, prepared.facts.columns["days"]
    of_place, classes = _classes(prepared)
    flags = [facts.column(name) for name in _FLAGS]
    kind = np.empty(len(within), np.int32)
    occurs = np.zeros(_KINDS * len(classes), bool)

    def sort(span: slice) -> None:
        found: Any = (facts.group[span] >= 0) * np.int16(1 << len(_FLAGS))
        for at, column in enumerate(flags):
            found += (column[span] != 0) * np.int16(1 << at)
        found += facts.column("review")[span] * np.int16(_REVIEW)
        found += (days[span] <= (terms.short_days or -1)) * np.int16(_SHORT)
        found += (days[span] >= (terms.long_days or NO_LIMIT)) * np.int16(_LONG)
        kind[span] = of_place.take(facts.institution[span]) + found
        occurs[kind[span]] = True

    spans = work.spans(len(within) if within.any() else 0)
    work.each(sort, spans)
    asked = np.flatnonzero(occurs)
    routed = route(terms, _cases_of(asked, classes, terms))
    of_kind = {name: np.zeros(len(occurs), np.int8) for name in (*_STEPS, "on_lists")}
    for name, code in of_kind.items():
        code[asked] = getattr(routed, name)

    def write(span: slice) -> None:
        for name in _STEPS:
            np.copyto(getattr(routes, name)[span], of_kind[name].take(kind[span]), where=within[span])

    work.each(write, spans)
    if not (of_kind["on_lists"] > 1).any():
        return asked[:0]
    return np.flatnonzero(of_kind["on_lists"].take(kind) * within > 1)


def _classes(prepared: PreparedCases) -> tuple[Column, Column]:
    """The first kind of each institution's class, and the classes: what its level and its own method are."""
    level, own = prepared.region.level, prepared.facts.own_methods
    methods = len(METHOD.members) + 1
    classes, place = np.unique(level * methods + own + 1, return_inverse=True)
    return place.astype(np.int64) * _KINDS, classes


def _cases_of(kinds: Column, classes: Column, terms: RouterTerms) -> RouteCase[Column]:
    """A case of each kind."""
    level, own = np.divmod(classes.take(kinds // _KINDS), len(METHOD.members) + 1)
    usual = terms.short_days + 1
    days = np.where(kinds & _SHORT, terms.short_days, np.where(kinds & _LONG, terms.long_days, usual))
    return RouteCase(
        level=level,
        own_method=np.maximum(own - 1, 0),
        has_own_method=(own > 0).astype(np.int64),
        grouped=kinds >> len(_FLAGS) & 1,
        review=kinds // _REVIEW % 8,
        days=days,
        **{name: kinds >> at & 1 for at, name in enumerate(_FLAGS)},
    )


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


def _refuse_two_lists(prepared: PreparedCases, rows: Column) -> None:
    names = [name for name in _FLAGS if name.startswith("on_") and name != "on_capitation"]
    lists = {name: prepared.facts.column(name) for name in names}

    def fault(row: int) -> Fault:
        on = ", ".join(name.removeprefix("on_") for name, column in lists.items() if column[row])
        return Fault(
            "two_lists", f"dise_codg {prepared.text('dise_codg', row)} is on the lists of {on}: one of them pays"
        )

    prepared.faults.mark(rows, fault)
