"""Score or price each case by its method, under the version of its terms on the discharge day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.cases.blocks import run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.ways import WAYS, Way
from mipolicy.errors import Fault
from mipolicy.money import Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import REASON

__all__ = ["Scores", "score_cases", "versions_of"]

_BY_ITEM = METHOD.position("by_item")


@frozen(eq=False)
class Scores:
    """Points of the cases that points pay; what each case is worth, and what the fund owes for it, in fen.

    carved_out: paid beside the points.
    """

    points: Column
    standard: Column
    payment: Column
    carved_out: Column


def score_cases(prepared: PreparedCases, routes: Routes, threads: int) -> Scores:
    """Score and price every routed case; a case that its rule refuses is marked with the reason.

    Where a rule itself says that a case is paid by item, its method becomes that.
    """
    count = prepared.read.rows
    scores = Scores(*(np.zeros(count, np.int64) for _ in range(4)))
    rows_of, sound = routes.rows_by_method(), prepared.payable()
    for method, way in WAYS.items():
        paid_so = rows_of[method][sound.take(rows_of[method])]
        keep = ("points",) if way.points else ("standard", "payment")
        for terms, of_version in versions_of(prepared, way, paid_so):
            names = (*keep, way.by_item) if way.by_item else keep
            done, refused = run(way, terms, prepared.facts, of_version, names, threads)
            for row, fault in refused.items():
                prepared.faults.mark(np.array([row]), fault)
            for name in keep:
                getattr(scores, name)[of_version] = done[name]
            if way.by_item:
                _pay_by_item(routes, of_version[done[way.by_item] != 0])
    negative = np.flatnonzero((scores.points < 0) & prepared.payable())
    prepared.faults.mark(negative, Fault("points", "the points of the case are below 0"))
    by_item = np.flatnonzero((routes.method == _BY_ITEM) & prepared.payable())
    scores.points[by_item] = 0
    scores.standard[by_item] = prepared.facts.columns["medfee_sumamt"].take(by_item)
    scores.payment[by_item] = prepared.facts.columns["hifp_pay"].take(by_item)
    return scores


def versions_of(prepared: PreparedCases, way: Way, rows: Column) -> Iterator[tuple[Any, Column]]:
    """The terms of a way of paying on the discharge days of the rows, with the rows of each version."""
    days = prepared.facts.columns["dscg_day"]
    for section, pool in way.sections():
        here = rows if pool < 0 else rows[prepared.pool[rows] == pool]
        for version, of_version in prepared.dated.versions(section, here, days):
            yield prepared.dated.policy.build(section, version), of_version


def _pay_by_item(routes: Routes, rows: Column) -> None:
    routes.method[rows] = _BY_ITEM
    routes.reason[rows] = REASON.position("by_method")
