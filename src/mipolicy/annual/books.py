"""What the books of a year hold by month and by refusal, summed for each institution."""

from __future__ import annotations

from typing import Final

import numpy as np

from mipolicy.annual.reading import PreparedYear, Refusals, code_of, mark, places, sound, stop
from mipolicy.annual.records import InstitutionMonth, RefusedCost
from mipolicy.batch.columns import ReadTable, Table
from mipolicy.batch.prepare import is_empty
from mipolicy.money import MAX_FEN, Column, yuan_text
from mipolicy.records import NO_AMOUNT
from mipolicy.sums import sums_by
from mipolicy.texts import Coded

__all__ = ["read_months", "read_refused"]

_MONTHS: Final = 12


# ---- refused cost ----------------------------------------------------------------------------------------------------


def read_refused(year: PreparedYear, table: Table) -> None:
    """Sum refused cost by institution, in place of what the institutions state.

    Raises TableError for mistakes in the table.
    """
    read = sound(table, RefusedCost, "refused")
    row, reason = places(year, read, "refused"), Coded.of(read.columns["reason"])
    amount = np.asarray(read.columns["refused_amt"], np.int64)
    nameless = np.flatnonzero(is_empty(read.columns["reason"])).tolist()
    stop("refused", [f"row {at}: reason is empty" for at in nameless])
    bad = np.flatnonzero((amount < 0) | (amount > MAX_FEN)).tolist()
    stop("refused", [f"row {at}: refused_amt is {yuan_text(int(amount[at]))}; 0 or more is due" for at in bad])
    mark(
        year,
        year.columns["refused_amt"] != 0,
        "refused",
        lambda _: "refused_amt is stated beside a table of refused cost; give one of the two",
    )
    sums = sums_by(row, amount, year.read.rows)
    mark(
        year,
        np.array([each > MAX_FEN for each in sums], bool),
        "refused",
        lambda at: f"refused cost sums to {yuan_text(sums[at])}, more than any amount may be",
    )
    year.columns["refused_amt"] = np.array([min(each, MAX_FEN) for each in sums], np.int64)
    year.refused = Refusals(row, tuple(str(each) for each in reason.values), reason.codes.astype(np.int64), amount)


# ---- months ----------------------------------------------------------------------------------------------------------


def read_months(year: PreparedYear, months: Table | None) -> None:
    """Take the cost of each month, which make the year's; or, without months, what the institutions were advanced.

    Raises TableError for mistakes in the months.
    """
    advanced = year.columns["advanced"]
    if months is None:
        mark(
            year, advanced == NO_AMOUNT, "advanced", lambda _: "advanced is empty; state it, 0 for none, or give months"
        )
    else:
        mark(year, advanced != NO_AMOUNT, "advanced", lambda _: "advanced is stated beside months; give one of the two")
        year.months = _by_month(year, sound(months, InstitutionMonth, "months"))
        spent, actual = np.add.reduce(year.months), year.columns["actual_local"] + year.columns["actual_out"]
        mark(
            year,
            spent != actual,
            "months",
            lambda row: (
                f"the months sum to {yuan_text(int(spent[row]))}, the year's actual cost is "
                f"{yuan_text(int(actual[row]))}; correct whichever is wrong"
            ),
        )
    year.columns["advanced"] = np.where(advanced == NO_AMOUNT, 0, advanced)


def _by_month(year: PreparedYear, read: ReadTable) -> tuple[Column, ...]:
    place = places(year, read, "months")
    month, actual = (np.asarray(read.columns[name], np.int64) for name in ("month", "actual_amt"))
    bad = np.flatnonzero((month < 1) | (month > _MONTHS)).tolist()
    stop("months", [f"row {row}: month is {int(month[row])}; months are 1 to 12" for row in bad])
    bad = np.flatnonzero((actual < 0) | (actual > MAX_FEN)).tolist()
    stop("months", [f"row {row}: actual_amt is {yuan_text(int(actual[row]))}; 0 or more is due" for row in bad])
    key = place * _MONTHS + month - 1
    counts = np.bincount(key, minlength=year.read.rows * _MONTHS)
    twice = np.flatnonzero(counts > 1).tolist()
    stop("months", [f"{code_of(year, at // _MONTHS)}, month {at % _MONTHS + 1} stands twice" for at in twice])
    whole = np.zeros(year.read.rows * _MONTHS, np.int64)
    whole[key] = actual
    missing = (counts.reshape(-1, _MONTHS) == 0).any(axis=1)
    mark(year, missing, "months", lambda row: f"institution {code_of(year, row)} has not all of its twelve months")
    return tuple(np.ascontiguousarray(whole[at::_MONTHS]) for at in range(_MONTHS))
