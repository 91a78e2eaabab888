"""Score or price each case by its method, under the version of its terms on the discharge day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.cases.blocks import Work, run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.ways import WAYS, Way
from mipolicy.errors import Fault, PolicyError
from mipolicy.money import FACTOR_ONE, Column, plain_text
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.router import REASON
from mipolicy.records import NO_AMOUNT

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


def score_cases(prepared: PreparedCases, routes: Routes, work: Work) -> Scores:
    """Score and price every routed case; a case that its rule refuses is marked with the reason.

    Where a rule itself says that a case is paid by item, its method becomes that.
    Raises PolicyError where the cases of one pool have points of different scales.
    """
    count = prepared.read.rows
    scores = Scores(*(np.zeros(count, np.int64) for _ in range(4)))
    scales: list[tuple[Way, int, Column]] = []
    rows_of, sound = routes.rows_by_method, prepared.payable()
    for method, way in WAYS.items():
        paid_so = rows_of[method][sound.take(rows_of[method])]
        keep = ("points",) if way.points else ("standard", "payment")
        for terms, rows in versions_of(prepared, way, paid_so):
            of_version = _with_institution_factor(prepared, rows) if way.takes_factor(terms) else rows
            names = (*keep, way.by_item) if way.by_item else keep
            done, refused = run(way, terms, prepared.facts, of_version, names, work)
            for row, fault in refused.items():
                prepared.faults.mark(np.array([row]), fault)
            for name in keep:
                getattr(scores, name)[of_version] = done[name]
            if way.by_item:
                _pay_by_item(routes, of_version[done[way.by_item] != 0])
            if way.scale:
                scales.append((way, int(getattr(terms, way.scale)), of_version))
    _check_scales(prepared, routes, scales)
    negative = np.flatnonzero((scores.points < 0) & prepared.payable())
    prepared.faults.mark(negative, Fault("points", "the points of the case are below 0"))
    by_item = np.flatnonzero((routes.method == _BY_ITEM) & prepared.payable())
    scores.points[by_item] = 0
    scores.standard[by_item] = prepared.facts.columns["medfee_sumamt"].take(by_item)
    scores.payment[by_item] = prepared.facts.columns["hifp_pay"].take(by_item)
    return scores


def _with_institution_factor(prepared: PreparedCases, rows: Column) -> Column:
    """The rows whose institution has a factor; the others are marked."""
    if (prepared.region.institution_factor != NO_AMOUNT).all():
        return rows
    lacks: Any = prepared.region.institution_factor.take(prepared.facts.institution.take(rows)) == NO_AMOUNT

    def fault(row: int) -> Fault:
        code = prepared.text("fixmedins_code", row)
        message = f"the institutions' table states no institution_factor of {code}, by which its method multiplies"
        return Fault("institution_factor", message)

    prepared.faults.mark(rows[lacks], fault)
    return np.ascontiguousarray(rows[~lacks])


def _check_scales(prepared: PreparedCases, routes: Routes, scales: list[tuple[Way, int, Column]]) -> None:
    """Points that share a point value have to be of one scale; a scale of 0 says that the terms use none."""
    if len({scale for _, scale, _ in scales if scale}) < 2:
        return
    for at, pool in enumerate(POOL.members):
        used: dict[int, set[str]] = {}
        for way, scale, rows in scales:
            here = (prepared.pool[rows] == at) & ~prepared.faults.bad[rows] & (routes.method[rows] != _BY_ITEM)
            if scale and here.any():
                used.setdefault(scale, set()).add(f"{way.section}.{way.scale}")
        if len(used) > 1:
            told = "; ".join(
                f"{plain_text(scale, int(FACTOR_ONE))} in {', '.join(sorted(names))}"
                for scale, names in sorted(used.items())
            )
            raise PolicyError(f"the {pool} pool has one point value, but points of {len(used)} scales: {told}")


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
