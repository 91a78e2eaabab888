"""What can only be said of several cases together: returns to the same DRG, and who is within a quota."""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np

from mipolicy.cases.blocks import Work, run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.score import versions_of
from mipolicy.cases.ways import WAYS
from mipolicy.errors import Fault
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.outliers import chosen_by_item
from mipolicy.payment.readmission import ReadmissionTerms, Stays, overlaps, readmissions
from mipolicy.rounding import mul_div
from mipolicy.texts import Coded

__all__ = ["choose_by_item", "join_returns", "rank_of"]

_DRG: Final = ("drg_points", "drg_weight")
_JOINED: Final = (
    "psn_part_amt",
    "other_pay",
    "hifp_pay",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "carve_out_amt",
    "unreasonable_amt",
)
_EXCESS: Final = {"drg_points": ("cost_points", "standard_points"), "drg_weight": ("reasonable_cost", "group_standard")}
"""By method: the steps whose difference ranks high outliers within an institution."""


def rank_of(ids: Any) -> Column:
    """The rank of each id in the order of the texts."""
    coded = Coded.of(ids)
    order = np.argsort(np.array(coded.values), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place.take(coded.codes)


def _counted(prepared: PreparedCases) -> Any:
    """Sound cases that no reversal takes back."""
    return prepared.payable() & ~prepared.cancelled()


def join_returns(prepared: PreparedCases, routes: Routes) -> Column:
    """A factor on the points of each case: what the terms make of stays to which the person returned.

    Where returns are merged, the last stay carries cost, days and payers of all, and the others nothing.  The terms are
    those of the last day of the year; stays that a reversal takes back are none.
    """
    factor = np.full(prepared.read.rows, int(FACTOR_ONE), np.int64)
    methods = [METHOD.position(name) for name in _DRG]
    rows = np.flatnonzero(np.isin(routes.method, methods) & _counted(prepared) & (prepared.facts.group >= 0))
    last = np.full(prepared.read.rows, (datetime.date(prepared.year, 12, 31) - datetime.date(1970, 1, 1)).days)
    for version, of_version in prepared.dated.versions("readmission", rows, last):
        terms: ReadmissionTerms = prepared.dated.policy.build("readmission", version)
        clash = overlaps(terms, _stays(prepared, of_version))
        message = "the stay begins before the person's stay before it in the group has ended; correct its days"
        prepared.faults.mark(of_version[clash], Fault("overlap", message))
        here = of_version[~clash]
        found = readmissions(terms, _stays(prepared, here))
        factor[here] = found.factor
        if terms.way == "merge":
            _merge(prepared, here, found.merged_into, found)
    return factor


def _stays(prepared: PreparedCases, rows: Column) -> Stays:
    facts = prepared.facts
    columns = {
        name: np.array(np.broadcast_to(facts.of(name, rows), len(rows)), np.int64)
        for name in ("adm_day", "dscg_day", "planned", "medfee_sumamt", "days", "act_pay_dedc")
    }
    return Stays(
        person=facts.texts["psn_no"].codes.take(rows).astype(np.int64),
        group=facts.group.take(rows),
        institution=facts.institution.take(rows),
        case=rank_of(prepared.read.columns["setl_id"]).take(rows),
        **columns,
    )


def _merge(prepared: PreparedCases, rows: Column, into: Column, found: Any) -> None:
    facts = prepared.facts
    carrier = rows[into]
    for name in ("medfee_sumamt", "days"):
        column = np.array(facts.columns[name])
        column[rows] = getattr(found, name)
        facts.set(name, column)
    for name in (*_JOINED, "act_pay_dedc"):
        column = np.array(facts.columns[name])
        joined = np.zeros_like(column)
        np.add.at(joined, carrier, column[rows])
        column[rows] = joined[rows]
        facts.set(name, column)
    for name, sign in (("psn_part_amt", -1), ("act_pay_dedc", -1), ("hifp_pay", 1)):
        facts.made[name][rows] += sign * found.deductible_returned


def choose_by_item(prepared: PreparedCases, routes: Routes, work: Work) -> None:
    """State which high outliers are within their institution's quota, where the terms score so many by their cost."""
    facts = prepared.facts
    chosen = np.zeros(prepared.read.rows, np.int64)
    facts.set("by_item", chosen)
    for method, steps in _EXCESS.items():
        rows = np.flatnonzero((routes.method == METHOD.position(method)) & _counted(prepared))
        way = WAYS[method]
        for terms, here in versions_of(prepared, way, rows):
            if terms.high_way != "by_item":
                continue
            done, refused = run(way, terms, facts, here, ("high", *steps), work)
            for row, fault in refused.items():
                prepared.faults.mark(np.array([row]), fault)
            chosen[here] = chosen_by_item(
                terms.by_item_share,
                institution=facts.institution.take(here),
                eligible=done["high"],
                excess=done[steps[0]] - done[steps[1]],
                case=rank_of(prepared.read.columns["setl_id"]).take(here),
            )


def with_factor(figures: Column, factor: Column) -> Column:
    """Points or amounts times a factor, half up."""
    return mul_div(figures, factor, int(FACTOR_ONE))
