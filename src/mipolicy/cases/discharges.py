"""Discharges of the base years, read and checked: what catalogues, base points and prices are made from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.dated import Faults
from mipolicy.batch.prepare import repeated
from mipolicy.batch.result import Rejects
from mipolicy.calendar import NO_DAY, as_date, day_number, year_of
from mipolicy.errors import Fault, TableError
from mipolicy.money import Column
from mipolicy.payment.case import HistoryCase
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["BASE_YEARS", "Discharges", "first_day", "mark_ids", "mark_texts", "read_discharges", "rejects_of"]

BASE_YEARS: Final = 3
"""A history holds the three years before the one that it serves."""


@frozen(eq=False)
class Discharges:
    """The discharges of a history, and why some are not used.

    year: the year that the history serves; base_year: 0 to 2, the oldest first; cost: total cost less what is carved
    out, fen; days, days_stated: days of the stay and whether they are stated; level: position in `LEVEL`.
    """

    year: int
    read: ReadTable
    faults: Faults
    base_year: Column
    level: Column
    cost: Column
    days: Column
    days_stated: Column

    def text(self, name: str) -> Coded:
        """A column of text."""
        return Coded.of(self.read.columns[name])

    def rejects(self) -> Rejects:
        """The rows that are not used, with their reasons."""
        return rejects_of(self.read, self.faults)


def first_day(year: int) -> datetime.date:
    """The day on which the terms of a year are looked up."""
    return datetime.date(year, 1, 1)


def read_discharges(history: Table, year: int | None, needed: Mapping[str, str], threads: int = 1) -> Discharges:
    """Read and check a table of `HistoryCase`.

    year: the year that is served; left out, the one after the last of the history, whose good rows then span no more
    than three years; needed: columns that what is made needs, and what for.
    Raises TableError for a table of the wrong shape, and where the year cannot be told.
    """
    missing = [f"{name} ({why})" for name, why in needed.items() if name not in history]
    if missing and history:
        raise TableError(f"history: missing {', '.join(missing)}")
    read = read_table(history, HistoryCase, "history", threads)
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    mark_ids(read, faults, ("setl_id", "fixmedins_code", *needed))
    level = _levels(read, faults)
    of = {name: np.asarray(read.columns[name], np.int64) for name in ("medfee_sumamt", "carve_out_amt", "act_ipt_days")}
    stated = of["act_ipt_days"] != NO_AMOUNT
    for reason, message, broken in (
        (
            "amount",
            "medfee_sumamt is not above 0; leave reversals out, with the cases that they take back",
            of["medfee_sumamt"] <= 0,
        ),
        ("amount", "carve_out_amt is negative", of["carve_out_amt"] < 0),
        ("amount", "carve_out_amt leaves nothing of medfee_sumamt", of["carve_out_amt"] >= of["medfee_sumamt"]),
        ("days", "act_ipt_days is negative", stated & (of["act_ipt_days"] < 0)),
        ("date", "dscg_time is empty", np.asarray(read.columns["dscg_time"]) == NO_DAY),
    ):
        faults.mark(np.flatnonzero(broken), Fault(reason, message))
    served, base_year = _base_years(read, faults, year)
    return Discharges(
        served,
        read,
        faults,
        base_year,
        level,
        of["medfee_sumamt"] - of["carve_out_amt"],
        np.where(stated, of["act_ipt_days"], 0),
        stated.astype(np.int64),
    )


def mark_ids(read: ReadTable, faults: Faults, needed: tuple[str, ...]) -> None:
    """Mark rows without a text that is needed, and every row of a case that stands twice."""
    for name in needed:
        column = read.columns[name]
        empty = column.figures(lambda text: int(text == "")) if isinstance(column, Coded) else column == ""
        reason = "id" if name in ("setl_id", "fixmedins_code") else name
        faults.mark(np.flatnonzero(empty), Fault(reason, f"{name} is empty"))

    def twice(row: int) -> Fault:
        return Fault("duplicate", f"setl_id {np.asarray(read.columns['setl_id'])[row]} stands twice")

    faults.mark(repeated(read.columns["setl_id"]), twice)


def mark_texts(column: Coded, faults: Faults, reason: str, why: Callable[[str], str]) -> None:
    """Mark the rows of each text that something is wrong with; why: the sentence, empty where nothing is."""
    messages = [why(text) for text in column.values]
    bad = np.array([bool(message) for message in messages] or [False])
    faults.mark(np.flatnonzero(bad.take(column.codes)), lambda row: Fault(reason, messages[int(column.codes[row])]))


def rejects_of(read: ReadTable, faults: Faults) -> Rejects:
    """The marked rows with their ids and reasons, in their order."""
    bad = np.flatnonzero(faults.bad)
    why = [faults.why[row] for row in bad.tolist()]
    ids = read.columns["setl_id"].take(bad)
    return Rejects(
        bad,
        tuple(np.asarray(ids).tolist()),
        tuple(each.reason for each in why),
        tuple(each.message for each in why),
    )


def _levels(read: ReadTable, faults: Faults) -> Column:
    column = Coded.of(read.columns["level"])
    allowed = ", ".join(LEVEL.members)
    mark_texts(
        column,
        faults,
        "level",
        lambda text: "" if text in LEVEL.members else f"level {text!r} is none of {allowed}",
    )
    return column.figures(lambda text: LEVEL.members.index(text) if text in LEVEL.members else 0)


def _base_years(read: ReadTable, faults: Faults, year: int | None) -> tuple[int, Column]:
    """The year that is served, and the base year of each row; rows of other years are marked."""
    days = np.asarray(read.columns["dscg_time"], np.int64)
    good = faults.good()
    if year is None:
        found = year_of(days[good])
        if not found.size:
            raise TableError("history: no row is good, so that the year it serves cannot be told; say it, year=")
        first, last = int(found.min()), int(found.max())
        if last - first >= BASE_YEARS:
            raise TableError(
                f"history: discharges from {first} to {last} are more than {BASE_YEARS} years; say the year that they "
                "serve, year="
            )
        year = last + 1
    oldest = year - BASE_YEARS
    since, until = day_number(first_day(oldest)), day_number(first_day(year))
    other = good[(days[good] < since) | (days[good] >= until)]
    span = f"outside of the base years {oldest} to {oldest + BASE_YEARS - 1}"
    faults.mark(other, lambda row: Fault("year", f"discharged on {as_date(int(days[row]))}, {span}"))
    return year, year_of(np.clip(days, since, until - 1)) - oldest
