"""Score cases that are alike: between the limits, what points a case has follows from its group and its institution.

The rule is the same: it is asked once for each institution and group that occur instead of once for each such case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.blocks import applied
from mipolicy.cases.facts import Facts
from mipolicy.cases.ways import Part
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.records import NO_AMOUNT

__all__ = ["score_alike"]


@frozen
class _Pairs:
    """By part, institution and group: the least and the most cost of cases that are alike, and their points."""

    least: Column
    most: Column
    points: Column


def score_alike(facts: Facts, parts: Sequence[Part], points: Column, work: Work) -> list[Column]:
    """Write the points of the cases that are alike; gives the rows of each part that are left, whose points are 0."""
    which = np.zeros(len(points), np.int8)
    for at, part in enumerate(parts, 1):
        which += part.within * np.int8(at)
    _score_alike(facts, parts, which, points, work)

    def block(span: slice) -> list[Column]:
        return [np.flatnonzero(which[span] == at) + span.start for at in range(1, len(parts) + 1)]

    left = work.each(block, work.spans(len(which)))
    return [np.concatenate([of_block[at] for of_block in left]) for at in range(len(parts))]


def _score_alike(facts: Facts, parts: Sequence[Part], which: Any, points: Column, work: Work) -> None:
    region, rows = facts.region, len(points)
    width = len(region.groups) + 1
    pairs = len(region.institutions) * width
    among = [part for part in parts if part.way.costs_alike is not None]
    if (len(among) + 1) * pairs >= rows:  # too few of each to be worth while
        return
    of_part = np.zeros(len(parts) + 1, np.int64)
    of_part[[parts.index(part) + 1 for part in among]] = np.arange(1, len(among) + 1) * pairs
    one_each = np.full((len(among) + 1) * pairs, -1, np.int64)

    def pair(span: slice) -> Column:
        found: Column = of_part.take(which[span]) + facts.institution[span] * width + facts.group[span] + 1
        one_each[found] = np.arange(span.start, span.stop)  # any row of a pair will do
        return found

    spans = work.spans(rows)
    keys = work.each(pair, spans)
    of_pair = _asked(facts, among, one_each.reshape(len(among) + 1, len(region.institutions), width), work)
    with_lines = np.append(region.has_lines[: len(region.groups)], False)  # -1 is no group
    cost, apart = facts.column("medfee_sumamt"), {name for part in among for name in part.way.alone}

    def block(at: int) -> None:
        span, key = spans[at], keys[at]
        found = (cost[span] >= of_pair.least.take(key)) & (cost[span] <= of_pair.most.take(key))
        for name in apart:
            found &= facts.column(name)[span] == 0
        near = np.flatnonzero(found & with_lines.take(facts.group[span]))
        found[near] = ~facts.listed(near + span.start)
        np.multiply(of_pair.points.take(key), found, out=points[span])
        which[span][found] = 0

    work.each(block, range(len(spans)))


def _asked(facts: Facts, parts: Sequence[Part], one_each: Any, work: Work) -> _Pairs:
    """What the rules say of each pair; of those of no group, nothing."""
    region = facts.region
    one_each[0] = -1
    one_each[:, :, 0] = -1
    found = _Pairs(*(np.full(one_each.shape, figure, np.int64) for figure in (1, 0, 0)))
    for at, part in enumerate(parts, 1):
        if part.way.takes_factor(part.terms):
            one_each[at, region.institution_factor == NO_AMOUNT] = -1
        if part.way.takes_difference:
            one_each[at, region.without_difference] = -1
        asked = np.nonzero(one_each[at] >= 0)
        if not asked[0].size:
            continue
        rows = one_each[at][asked]
        spans = work.spans(len(rows))
        blocks = work.each(lambda span, part=part, rows=rows: _asked_of(facts, part, rows[span]), spans)  # type: ignore[misc]
        for name in attrs.fields_dict(_Pairs):
            getattr(found, name)[at][asked] = np.concatenate([getattr(block, name) for block in blocks])
    return _Pairs(*(column.reshape(-1) for column in attrs.astuple(found)))


def _asked_of(facts: Facts, part: Part, rows: Column) -> _Pairs:
    """What the rule says of a case of each row's pair that costs the least of those that are alike."""
    way, nothing = part.way, np.zeros(len(rows), np.int64)
    assert way.costs_alike is not None
    own = dict.fromkeys((*way.alone, "medfee_sumamt"), nothing)
    given: Any = facts.given(way.given, rows, {**own, "auxiliary_factor": nothing + int(FACTOR_ONE)})
    limits = (np.broadcast_to(limit, len(rows)) for limit in way.costs_alike(part.terms, given))
    least, most = np.maximum(next(limits), 1), next(limits)
    keep = ("points", way.by_item) if way.by_item else ("points",)
    figures, refused = applied(way, part.terms, attrs.evolve(given, medfee_sumamt=least), rows, keep)
    sound = ~np.isin(rows, list(refused))
    for paid_otherwise in figures[1:]:
        sound &= paid_otherwise == 0
    return _Pairs(least, np.where(sound, most, 0), figures[0])
