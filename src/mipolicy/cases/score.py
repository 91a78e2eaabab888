"""Score or price each case by its method, under the version of its terms on the discharge day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.cases.alike import score_alike
from mipolicy.cases.blocks import run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.ways import WAYS, Way
from mipolicy.cases.work import Work
from mipolicy.errors import Fault, PolicyError
from mipolicy.money import FACTOR_ONE, Column, plain_text
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.router import REASON
from mipolicy.records import NO_AMOUNT

__all__ = ["Part", "Scores", "score_alike_cases", "score_cases", "versions_of"]

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


@frozen(eq=False)
class Part:
    """The sound rows of a method under one version of its terms; left: those that its rule is still to be asked of."""

    terms: Any
    rows: Column
    left: Column


def score_alike_cases(
    prepared: PreparedCases, routes: Routes, work: Work
) -> tuple[Scores, Mapping[str, Sequence[Part]]]:
    """Score the cases whose points follow from group and institution; gives the parts of the table by method."""
    scores = Scores(*(np.zeros(prepared.read.rows, np.int64) for _ in range(4)))
    prepared.facts.set("by_item", np.zeros(prepared.read.rows, np.int8))  # until the quotas are chosen
    sound, parts = prepared.payable(), {}
    for method, way in WAYS.items():
        rows = np.flatnonzero((routes.method == METHOD.position(method)) & sound)
        parts[method] = [
            Part(terms, of_version, score_alike(way, terms, prepared.facts, of_version, scores.points, work))
            for terms, of_version in versions_of(prepared, way, rows)
        ]
    return scores, parts


def score_cases(
    prepared: PreparedCases, routes: Routes, scores: Scores, parts: Mapping[str, Sequence[Part]], work: Work
) -> None:
    """Score and price what is left of the routed cases; a case that its rule refuses is marked with the reason.

    Where a rule itself says that a case is paid by item, its method becomes that.
    Raises PolicyError where the cases of one pool have points of different scales.
    """
    scales: list[tuple[Way, int, Column]] = []
    for method, of_method in parts.items():
        way = WAYS[method]
        keep = ("points",) if way.points else ("standard", "payment")
        for part in of_method:
            sound = part.left[~prepared.faults.bad.take(part.left)]
            left = _with_institution_factor(prepared, sound) if way.takes_factor(part.terms) else sound
            names = (*keep, way.by_item) if way.by_item else keep
            done, refused = run(way, part.terms, prepared.facts, left, names, work)
            for row, fault in refused.items():
                prepared.faults.mark(np.array([row]), fault)
            for name in keep:
                getattr(scores, name)[left] = done[name]
            if way.by_item:
                _pay_by_item(routes, left[done[way.by_item] != 0])
            if way.scale:
                scales.append((way, int(getattr(part.terms, way.scale)), part.rows))
    _check_scales(prepared, routes, scales)
    negative = np.flatnonzero((scores.points < 0) & prepared.payable())
    prepared.faults.mark(negative, Fault("points", "the points of the case are below 0"))
    by_item = np.flatnonzero((routes.method == _BY_ITEM) & prepared.payable())
    scores.points[by_item] = 0
    scores.standard[by_item] = prepared.facts.columns["medfee_sumamt"].take(by_item)
    scores.payment[by_item] = prepared.facts.columns["hifp_pay"].take(by_item)


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
        for version, of_version in prepared.dated.versions(section, here, days, prepared.discharged):
            yield prepared.dated.policy.build(section, version), of_version


def _pay_by_item(routes: Routes, rows: Column) -> None:
    routes.method[rows] = _BY_ITEM
    routes.reason[rows] = REASON.position("by_method")
