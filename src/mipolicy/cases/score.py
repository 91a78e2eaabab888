"""Score or price each case by its method, under the version of its terms on the discharge day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.alike import score_alike
from mipolicy.cases.blocks import run
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.quotas import Piece, choose_by_item, excess_steps
from mipolicy.cases.route import Routes
from mipolicy.cases.ways import WAYS, Part, Way
from mipolicy.errors import Fault, PolicyError
from mipolicy.money import FACTOR_ONE, Column, plain_text
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.router import REASON
from mipolicy.records import NO_AMOUNT

__all__ = ["Scores", "refuse_scales", "score_cases", "versions_of"]

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


def score_cases(prepared: PreparedCases, routes: Routes, work: Work, piece: Piece | None = None) -> Scores:
    """Score and price every routed case; a case that its rule refuses is marked with the reason.

    Where a rule itself says that a case is paid by item, its method becomes that.  piece: what the cases are told of
    others, and tell them, where the table is a piece of a larger one.
    Raises PolicyError where the cases of one pool have points of different scales.
    """
    facts, count = prepared.facts, prepared.read.rows
    scores = Scores(*(np.zeros(count, np.int64) for _ in range(4)))
    facts.set("by_item", np.zeros(count, np.int8))  # until the quotas are chosen
    sound = prepared.payable()
    parts = [
        part
        for method, way in WAYS.items()
        for part in _parts(prepared, way, (routes.method == METHOD.position(method)) & sound)
    ]
    for part, rows in zip(parts, score_alike(facts, parts, scores.points, work), strict=True):
        left = _with_institution_factor(prepared, rows) if part.way.takes_factor(part.terms) else rows
        left = _with_difference_factor(prepared, left) if part.way.takes_difference else left
        _score_part(prepared, part, left, (scores, routes), work, piece)
    _note_scales(prepared, routes, parts, piece)
    negative = np.flatnonzero((scores.points < 0) & prepared.payable())
    prepared.faults.mark(negative, Fault("points", "the points of the case are below 0"))
    by_item = np.flatnonzero((routes.method == _BY_ITEM) & prepared.payable())
    scores.points[by_item] = 0
    scores.standard[by_item] = prepared.facts.columns["medfee_sumamt"].take(by_item)
    scores.payment[by_item] = prepared.facts.columns["hifp_pay"].take(by_item)
    return scores


def _parts(prepared: PreparedCases, way: Way, within: Any) -> Iterator[Part]:
    """The versions of a way's terms that some rows meet; within: those rows, as booleans."""
    for section, pool in way.sections():
        here = within if pool < 0 else within & (prepared.pool == pool)
        for version, terms, of_version in prepared.named_versions(section, here) if here.any() else ():
            yield Part(f"{section} {version}", way, terms, of_version)


def _score_part(
    prepared: PreparedCases, part: Part, rows: Column, into: tuple[Scores, Routes], work: Work, piece: Piece | None
) -> None:
    """Ask the rule of each of the rows, once more of the high outliers that are within their institution's quota."""
    way, facts = part.way, prepared.facts
    scores, routes = into
    keep = ("points",) if way.points else ("standard", "payment")
    names = (*keep, way.by_item) if way.by_item else keep
    ranked = excess_steps(part)
    done, refused = run(way, part.terms, facts, rows, (*names, *ranked), work)
    chosen = choose_by_item(prepared, part, rows, done, piece) if ranked else rows[:0]
    if chosen.size:
        facts.made["by_item"][rows[chosen]] = 1
        again, _ = run(way, part.terms, facts, rows[chosen], names, work)
        for name in names:
            done[name][chosen] = again[name]
    for row, fault in refused.items():
        prepared.faults.mark(np.array([row]), fault)

    def write(span: slice) -> None:
        for name in keep:
            getattr(scores, name)[rows[span]] = done[name][span]

    work.each(write, work.spans(len(rows)))
    if way.by_item:
        _pay_by_item(routes, rows[done[way.by_item] != 0])


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


def _with_difference_factor(prepared: PreparedCases, rows: Column) -> Column:
    """The rows whose institution has a difference factor, or whose group takes none; the others are marked."""
    facts, without = prepared.facts, prepared.region.without_difference
    if not without.any():
        return rows
    lacks: Any = without.take(facts.institution.take(rows)) & (facts.group.take(rows) >= 0)
    lacks &= np.asarray(facts.of("new_group", rows)) == 0

    def fault(row: int) -> Fault:
        code = prepared.text("fixmedins_code", row)
        return Fault(
            "difference_factor", f"the table of difference factors has no line of {code}; state one, 1 or other"
        )

    prepared.faults.mark(rows[lacks], fault)
    return np.ascontiguousarray(rows[~lacks])


def _note_scales(prepared: PreparedCases, routes: Routes, parts: Sequence[Part], piece: Piece | None) -> None:
    """Find the scales of each pool's points, for the other pieces where there are any; refuse several of one pool."""
    scales = [(each.way, int(getattr(each.terms, each.way.scale)), each.within) for each in parts if each.way.scale]
    if piece is None and len({scale for _, scale, _ in scales if scale}) < 2:
        return
    found: dict[str, dict[int, frozenset[str]]] = {}
    for at, pool in enumerate(POOL.members):
        for way, scale, within in scales:
            here = within & (prepared.pool == at) & ~prepared.faults.bad & (routes.method != _BY_ITEM)
            if scale and here.any():
                used = found.setdefault(pool, {})
                used[scale] = used.get(scale, frozenset()) | {f"{way.section}.{way.scale}"}
    if piece is None:
        refuse_scales(found)
    else:
        piece.scales = found


def refuse_scales(scales: Mapping[str, Mapping[int, frozenset[str]]]) -> None:
    """Points that share a point value have to be of one scale; a scale of 0 says that the terms use none.

    scales: by pool, the scales of its points with the terms that use them.  Raises PolicyError for several.
    """
    for pool, used in scales.items():
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
