"""The institutions of a year as columns, and how the tables beside them are read: a mistake in one stops the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from attrs import define, field, frozen

from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.dated import Faults
from mipolicy.budget.quota import Increment
from mipolicy.errors import Fault, TableError
from mipolicy.money import Column
from mipolicy.texts import Coded

__all__ = ["SHOWN", "PreparedYear", "Refusals", "code_of", "mark", "places", "sound", "stop"]

SHOWN: Final = 5
"""Mistakes that one message names."""


@frozen(eq=False)
class Refusals:
    """Refused cost, an entry each: row of the institution, position in `reasons`, amount in fen."""

    row: Column
    reasons: tuple[str, ...]
    reason: Column
    amount: Column


@define(eq=False)
class PreparedYear:
    """The institutions as columns; months: actual cost by month, a column each, none where no months are given.

    pending: increments that do not count; state: place in `STATE`.
    """

    read: ReadTable
    faults: Faults
    codes: Coded
    columns: dict[str, Column]
    increments: Column
    pending: tuple[Increment, ...] = ()
    months: tuple[Column, ...] = ()
    refused: Refusals | None = None
    row_of: dict[str, int] = field(factory=dict)


def sound(table: Table, record: type[Any], what: str) -> ReadTable:
    """A table beside the institutions: a mistake in it stops the run."""
    read = read_table(table, record, what)
    stop(what, [f"row {row}: {fault.message}" for row, fault in sorted(read.faults.items())])
    return read


def stop(what: str, problems: list[str]) -> None:
    """Raise TableError with the first of the problems, where there are any."""
    if problems:
        more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise TableError(f"{what}: {'; '.join(problems[:SHOWN])}{more}")


def places(year: PreparedYear, read: ReadTable, what: str) -> Column:
    """The row of each institution that a table names."""
    column = Coded.of(read.columns["fixmedins_code"])
    unknown = [code for code in column.values if code not in year.row_of] if read.rows else []
    stop(what, [f"fixmedins_code {code!r} is not in the table of institutions" for code in unknown])
    return column.figures(lambda code: year.row_of.get(code, 0))


def mark(year: PreparedYear, bad: Any, reason: str, message: Callable[[int], str]) -> None:
    """Reject the rows that are bad, each with its message; the first reason of a row stands."""
    year.faults.mark(np.flatnonzero(bad), lambda row: Fault(reason, message(row)))


def code_of(year: PreparedYear, row: int) -> str:
    """The code of the institution in a row."""
    return str(year.codes.values[year.codes.codes[row]])
