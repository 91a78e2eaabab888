"""Checks of what payment by groups takes: every field of a coded case by its unit, means that must be there."""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, RATE_ONE, Column
from mipolicy.rounding import any_columns
from mipolicy.tables import Axis

__all__ = ["MOST_MEAN", "check_case", "check_codes", "refuse", "refuse_more_than"]

MOST_MEAN: Final = 10**10
"""A hundred million yuan: no mean cost comes near it, and what is divided by a mean stays inside int64."""
_MOST: Final = {
    "fen": int(MAX_FEN),
    "rate": int(RATE_ONE),
    "factor": 10**7,
    "points": 10**11,
    "flag": 1,
    "count": 1_000_000,
    "days": 1_000_000,
}
_MEANS: Final = ("group_mean", "level_mean", "mean_of_all")


def refuse(value: Any, bad: Any, what: str) -> None:
    """Refuse a figure, or the first of a column that is bad; what: the sentence, with {} for the figure.

    Raises InputError, naming the row of a column.
    """
    flags = np.atleast_1d(np.asarray(bad, bool))
    if flags.any():
        at = int(np.flatnonzero(flags)[0])
        figures = np.broadcast_to(np.atleast_1d(np.asarray(value)), flags.shape)
        row = f"row {at}: " if isinstance(bad, np.ndarray) else ""
        raise InputError(row + what.format(int(figures[at])))


def refuse_more_than(value: Any, most: Any, name: str, limit: str) -> None:
    """Refuse an amount that exceeds another of the same case; name, limit: what they are.

    Raises InputError, naming the row of a column.
    """
    refuse(value, value > most, f"{name} is {{}} fen, more than {limit}; correct whichever is wrong")


def check_case(record: Any) -> None:
    """Check each field of a coded case, one case or columns, against what its unit can be.

    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    an amount, count or flag out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = attrs.fields(type(record))
    any_columns(*(getattr(record, each.name) for each in fields))
    for each in fields:
        unit, found = each.metadata["unit"], getattr(record, each.name)
        most = MOST_MEAN if each.name in _MEANS else None
        if most is None:
            most = len(unit.members) - 1 if isinstance(unit, Axis) else _MOST[unit]
        column = np.atleast_1d(np.asarray(found, np.int64))
        bad = np.flatnonzero((column < 0) | (column > most))
        if not bad.size:
            continue
        row = f"row {bad[0]}: " if isinstance(found, np.ndarray) else ""
        what = f"{type(record).__name__}.{each.name}: {row}{column[bad[0]]} is outside 0 to {most}"
        if isinstance(unit, Axis):
            raise CodeError(f"{what}; codes of {unit.name}: {', '.join(unit.members)}, in this order from 0")
        raise InputError(f"{what}; the field is {each.metadata['en']}, in {unit}")


def check_codes(most: int | None = None, /, **columns: Column) -> None:
    """Check coded columns or amounts: int64, of one length, from 0 up to `most`, or to the largest amount.

    Raises AmountError for another type or length, InputError for a figure out of range, naming column and row.
    """
    any_columns(*columns.values())
    top = int(MAX_FEN) if most is None else most
    for name, column in columns.items():
        refuse(column, (column < 0) | (column > top), f"{name} is {{}}, allowed is 0 to {top}")
