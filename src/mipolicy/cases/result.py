"""What paying a table of cases gives: columns of the paid cases, rejects, the pools' years, the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.batch.result import ArrowTable, Rejects
from mipolicy.cases.accounts import PaidContract
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.score import Scores
from mipolicy.cases.year import PoolYear
from mipolicy.money import Column, yuan_text
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.clearing import Clearing
from mipolicy.payment.monthly import MonthPosting
from mipolicy.payment.router import REASON
from mipolicy.payment.year_end import YearEnd
from mipolicy.policy.kinds import unit_text
from mipolicy.sums import total
from mipolicy.tables import Axis
from mipolicy.texts import Coded

__all__ = ["CASE_OUTPUTS", "MethodSums", "PaidTable", "case_texts", "sums_by_method"]

CASE_OUTPUTS: Final[Mapping[str, str | Axis]] = {
    "setl_id": "",
    "fixmedins_code": "",
    "level": LEVEL,
    "pool": POOL,
    "group_code": "",
    "method": METHOD,
    "reason": REASON,
    "points": "points",
    "medfee_sumamt": "fen",
    "standard": "fen",
    "payment": "fen",
    "carved_out": "fen",
    "insuplc_admdvs": "",
}
"""What is kept of every paid case, with its unit; codes are positions in their axis."""


@frozen(eq=False)
class PaidTable(ArrowTable):
    """A table of cases paid: rows in = rows paid + rows rejected.

    row: place of each paid row in the table given; columns: one entry per paid row, by the names of `CASE_OUTPUTS`;
    pools: the year of each pool, none where cases are paid at the budget value; contracts: paid by the head; shared:
    sharing at the year's end by pool; posted: what points, months and patients came to by pool and institution;
    clearing: the accounts cleared, None without accounts; budget_values: what a point was worth where cases are paid at
    the budget value, in millionths of a yuan; prepared, routes, scores, factor: the cases as they were read, routed
    and scored, and what returns make of their points, a row for each row of the table given.
    """

    rows_in: int
    year: int
    row: Column
    columns: Mapping[str, Any]
    rejects: Rejects
    pools: Mapping[str, PoolYear]
    contracts: tuple[PaidContract, ...]
    shared: Mapping[str, YearEnd]
    posted: Mapping[str, Mapping[str, MonthPosting]]
    clearing: Clearing | None
    budget_values: Mapping[str, int]
    prepared: PreparedCases
    routes: Routes
    scores: Scores
    factor: Column

    def __len__(self) -> int:
        return len(self.row)

    def texts(self, language: str = "en") -> dict[str, list[str]]:
        """The columns as text for files: amounts in yuan, codes as the words of their lists."""
        return case_texts(self.columns, language)

    def by_method(self) -> dict[str, MethodSums]:
        """What the paid cases come to by way of paying."""
        return sums_by_method(self.columns)


@frozen
class MethodSums:
    """Cases that one method pays: how many, their points, cost, standard and payment; `a + b` is what both come to."""

    cases: int
    points: int
    medfee_sumamt: int
    standard: int
    payment: int

    def __add__(self, other: MethodSums) -> MethodSums:
        return MethodSums(*map(int.__add__, attrs.astuple(self), attrs.astuple(other)))


def sums_by_method(columns: Mapping[str, Any]) -> dict[str, MethodSums]:
    """What paid cases come to by method, in the order of `METHOD`; columns: by the names of `CASE_OUTPUTS`."""
    found: dict[str, MethodSums] = {}
    for at, method in enumerate(METHOD.members):
        rows = np.flatnonzero(columns["method"] == at)
        if rows.size:
            names = (each.name for each in attrs.fields(MethodSums) if each.name != "cases")
            found[method] = MethodSums(rows.size, *(total(columns[name].take(rows)) for name in names))
    return found


def case_texts(columns: Mapping[str, Any], language: str = "en") -> dict[str, list[str]]:
    """Columns by the names of `CASE_OUTPUTS` as text for files."""
    written: dict[str, list[str]] = {}
    for name, column in columns.items():
        unit = CASE_OUTPUTS[name]
        if isinstance(unit, Axis):
            words = unit.zh if language == "zh" else unit.members
            written[name] = [words[code] for code in column.tolist()]
        elif unit == "fen":
            written[name] = [yuan_text(amount) for amount in column.tolist()]
        elif unit:
            written[name] = [unit_text(unit, figure) for figure in column.tolist()]
        else:
            written[name] = (column.texts() if isinstance(column, Coded) else np.asarray(column)).tolist()
    return written
