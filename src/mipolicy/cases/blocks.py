"""Run a rule over the rows that one version of its terms governs, block by block, whatever some rows hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from mipolicy.batch.work import Work
from mipolicy.cases.facts import Facts
from mipolicy.cases.ways import Way
from mipolicy.errors import Fault, MipolicyError
from mipolicy.money import Column

__all__ = ["applied", "run"]


def run(
    way: Way, terms: Any, facts: Facts, rows: Column, keep: Sequence[str], work: Work
) -> tuple[dict[str, Column], Mapping[int, Fault]]:
    """The steps asked for, by name, one figure a row; and the rows that the rule refuses, whose figures are 0.

    A block that a rule refuses as a whole is run row by row, in ints of any size: so each refusal is told of its own
    row, and what is too large for a column is still exact.
    """
    codes = way.codes(terms, facts, rows)

    def block(span: slice) -> tuple[list[Column], dict[int, Fault]]:
        part = rows[span]
        given = facts.given(way.given, part, {name: column[span] for name, column in codes.items()})
        return applied(way, terms, given, part, keep)

    done = work.each(block, work.spans(len(rows)))
    faults: dict[int, Fault] = {}
    for _, found in done:
        faults.update(found)
    columns = {
        name: np.concatenate([each[at] for each, _ in done]) if done else np.empty(0, np.int64)
        for at, name in enumerate(keep)
    }
    return columns, faults


def applied(
    way: Way, terms: Any, given: Any, rows: Column, keep: Sequence[str]
) -> tuple[list[Column], dict[int, Fault]]:
    """The steps asked for of a rule's input for some rows, and the rows that it refuses."""
    try:
        outcome = way.apply(terms, given)
    except MipolicyError:
        return _one_by_one(way, terms, given, rows, keep)
    return [np.broadcast_to(np.int64(getattr(outcome, name)), len(rows)) for name in keep], {}


def _one_by_one(
    way: Way, terms: Any, given: Any, rows: Column, keep: Sequence[str]
) -> tuple[list[Column], dict[int, Fault]]:
    faults: dict[int, Fault] = {}
    figures = [np.zeros(len(rows), np.int64) for _ in keep]
    columns = {each.name: np.broadcast_to(getattr(given, each.name), len(rows)) for each in attrs.fields(way.given)}
    for at, row in enumerate(rows.tolist()):
        try:
            outcome = way.apply(terms, way.given(**{name: int(column[at]) for name, column in columns.items()}))
            for into, name in zip(figures, keep, strict=True):
                into[at] = getattr(outcome, name)
        except MipolicyError as error:
            faults[row] = Fault("case", str(error))
    return figures, faults
