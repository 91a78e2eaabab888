"""Give each case of a table its method: lists under the policy of the discharge day, then the router's rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.cases.blocks import Work, run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.ways import Way, listed
from mipolicy.errors import Fault, TableError
from mipolicy.money import Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import RouteCase, RouterTerms, route

__all__ = ["Routes", "route_cases"]

ROUTER = Way("payment_router", RouteCase, route, False)


@frozen(eq=False)
class Routes:
    """What pays each case, by position in `METHOD`, why, and by what it would be paid without lists; -1 for none."""

    method: Column
    reason: Column
    original: Column


def route_cases(prepared: PreparedCases, by_item_outsider: Column, work: Work) -> Routes:
    """Route the cases that can be paid; those on two lists are marked where the terms refuse them.

    by_item_outsider: 1 for people insured elsewhere whose pool pays them by item.
    Raises TableError where the region's table and the policy name different methods for an institution.
    """
    facts, faults, days = prepared.facts, prepared.faults, prepared.facts.columns["dscg_day"]
    count = prepared.read.rows
    routes = Routes(*(np.full(count, -1, np.int64) for _ in range(3)))
    facts.set("by_item_outsider", by_item_outsider)
    flags = {
        f"on_{word}": np.zeros(count, np.int64) for word in ("single_disease", "day_surgery", "per_diem", "capitation")
    }
    rows = prepared.routable()
    for version, of_version in prepared.dated.versions("payment_router", rows, days):
        terms: RouterTerms = prepared.dated.policy.build("payment_router", version)
        _own_methods(prepared, terms, of_version)
        for word in terms.beside:
            for of_list, here in prepared.dated.versions(word, of_version, days):
                found = listed(word, prepared.dated.policy.build(word, of_list), facts, here)
                flags[f"on_{word}"][here[found]] = 1
        flags["on_capitation"][prepared.outside()] = 0  # who is insured elsewhere is enrolled nowhere here
        for name, column in flags.items():
            facts.set(name, column)
        done, refused = run(ROUTER, terms, facts, of_version, ("on_lists", "method", "reason", "original"), work)
        for row, fault in refused.items():
            faults.mark(np.array([row]), fault)
        for name in ("method", "reason", "original"):
            getattr(routes, name)[of_version] = done[name]
        if terms.two_lists == "reject":
            _refuse_two_lists(prepared, of_version[done["on_lists"] > 1], flags)
    return routes


def _own_methods(prepared: PreparedCases, terms: RouterTerms, rows: Column) -> None:
    """The method of each institution's own, from the policy's list or else the region's table."""
    region = prepared.region
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
    of_rows: Any = prepared.facts.made.get("own_method")
    of_rows = np.full(prepared.read.rows, -1, np.int64) if of_rows is None else of_rows
    of_rows[rows] = own.take(prepared.facts.institution.take(rows))
    prepared.facts.set("own_method", of_rows)
    prepared.facts.set("has_own_method", (of_rows >= 0).astype(np.int64))


def _refuse_two_lists(prepared: PreparedCases, rows: Column, flags: dict[str, Column]) -> None:
    names = [name for name in flags if name != "on_capitation"]

    def fault(row: int) -> Fault:
        on = ", ".join(name.removeprefix("on_") for name in names if flags[name][row])
        return Fault(
            "two_lists", f"dise_codg {prepared.text('dise_codg', row)} is on the lists of {on}: one of them pays"
        )

    prepared.faults.mark(rows, fault)
