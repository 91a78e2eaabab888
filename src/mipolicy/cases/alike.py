"""Score cases that are alike: between the limits, what points a case has follows from its group and its institution.

The rule is the same: it is asked once for each institution and group that occur instead of once for each such case.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.prepare import is_uniform
from mipolicy.cases.blocks import applied
from mipolicy.cases.facts import Facts
from mipolicy.cases.ways import Way
from mipolicy.cases.work import Work
from mipolicy.money import Column
from mipolicy.records import NO_AMOUNT

__all__ = ["score_alike"]


@frozen
class _Pairs:
    """By institution and group: the least and the most cost of cases that are alike, and the points that they have."""

    least: Column
    most: Column
    points: Column


def score_alike(way: Way, terms: Any, facts: Facts, rows: Column, points: Column, work: Work) -> Column:
    """Write the points of the cases that are alike; gives the rows that are left, whose points are 0."""
    width = len(facts.region.groups) + 1
    if way.costs_alike is None or len(facts.region.institutions) * width >= len(rows):
        return rows
    spans = work.spans(len(rows))

    def key(span: slice) -> Column:
        part = rows[span]
        found: Column = facts.institution.take(part) * width + facts.group.take(part) + 1
        return found

    keys = work.each(key, spans)
    pairs = _pairs(way, terms, facts, _one_each(way, terms, facts, rows, keys, spans))

    def block(at: int) -> Column:
        part, pair = rows[spans[at]], keys[at]
        cost = facts.of("medfee_sumamt", part)
        alike = (cost >= pairs.least.take(pair)) & (cost <= pairs.most.take(pair)) & ~_set_apart(way, facts, part)
        points[part] = pairs.points.take(pair) * alike
        return part[~alike]

    return np.concatenate(work.each(block, range(len(spans))))


def _one_each(way: Way, terms: Any, facts: Facts, rows: Column, keys: list[Column], spans: list[slice]) -> Column:
    """A row of each institution and group, -1 where none occurs or where more than the two decides."""
    region = facts.region
    width = len(region.groups) + 1
    found = np.full(len(region.institutions) * width, -1, np.int64)
    for span, key in zip(spans, keys, strict=True):
        found[key] = rows[span]
    table = found.reshape(-1, width)
    table[:, 0] = -1
    table[:, 1:][:, region.has_lines[: width - 1]] = -1
    if way.takes_factor(terms):
        table[region.institution_factor == NO_AMOUNT] = -1
    return found


def _pairs(way: Way, terms: Any, facts: Facts, one_each: Column) -> _Pairs:
    """What the rule says of a case of each pair that costs the least of those that are alike."""
    assert way.costs_alike is not None
    asked = np.flatnonzero(one_each >= 0)
    rows, nothing = one_each[asked], np.zeros(len(asked), np.int64)
    given: Any = facts.given(way.given, rows, {**dict.fromkeys(way.alone, nothing), "medfee_sumamt": nothing})
    least, most = (np.broadcast_to(limit, len(asked)) for limit in way.costs_alike(terms, given))
    least = np.maximum(least, 1)
    keep = ("points", way.by_item) if way.by_item else ("points",)
    figures, refused = applied(way, terms, attrs.evolve(given, medfee_sumamt=least), rows, keep)
    sound = ~np.isin(rows, list(refused))
    for paid_otherwise in figures[1:]:
        sound &= paid_otherwise == 0
    pairs = _Pairs(np.ones_like(one_each), np.zeros_like(one_each), np.zeros_like(one_each))
    pairs.least[asked], pairs.most[asked], pairs.points[asked] = least, np.where(sound, most, 0), figures[0]
    return pairs


def _set_apart(way: Way, facts: Facts, rows: Column) -> Any:
    """Which of some ascending rows have what sets a case apart."""
    first, last = int(rows[0]), int(rows[-1]) + 1
    found = np.zeros(last - first, bool)
    for name in way.alone:
        column: Any = facts.made.get(name, facts.columns.get(name))
        if not is_uniform(column) or (column.size and column[0]):
            found |= column[first:last] != 0
    return found.take(rows - first)
