"""Inputs of the rooms that are called directly, without a bill: every field is checked by its unit, as a bill is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN
from mipolicy.rounding import any_columns
from mipolicy.tables import Axis

__all__ = ["check_input", "refuse_outside"]

_MOST_COUNT: Final = 1_000_000
"""More children, units or days than any record has; an amount times a count below it stays inside int64."""
_MOST: Final = {"fen": int(MAX_FEN), "flag": 1, "count": _MOST_COUNT, "days": _MOST_COUNT}


def check_input(record: Any) -> None:
    """Check each field of a coded input, one record or columns, against what its unit can be.

    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    an amount, count or flag out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = attrs.fields(type(record))
    any_columns(*(getattr(record, each.name) for each in fields))
    for each in fields:
        unit = each.metadata["unit"]
        if isinstance(unit, Axis) and not unit.members:  # person classes depend on the scheme: the terms' table checks
            continue
        most = len(unit.members) - 1 if isinstance(unit, Axis) else _MOST[unit]
        found = getattr(record, each.name)
        column = np.atleast_1d(np.asarray(found, np.int64))
        bad = np.flatnonzero((column < 0) | (column > most))
        if bad.size:
            row = f"row {bad[0]}: " if isinstance(found, np.ndarray) else ""
            what = f"{type(record).__name__}.{each.name}: {row}{column[bad[0]]} is outside 0 to {most}"
            if isinstance(unit, Axis):
                raise CodeError(f"{what}; codes of {unit.name}: {', '.join(unit.members)}, in this order from 0")
            raise InputError(f"{what}; the field is {each.metadata['en']}, in {unit}")


def refuse_outside(value: Any, most: int, name: str, mend: str, text: Callable[[int], str] = str) -> None:
    """Refuse a figure, or the first of a column, that is below 0 or over the most.

    value: an int or a column of integers; name: the field; mend: what to do about it; text: how a figure is printed.
    Raises InputError, naming the row of a column.
    """
    figures = np.atleast_1d(np.asarray(value))
    bad = np.flatnonzero((figures < 0) | (figures > most))
    if bad.size:
        row = f"row {bad[0]}: " if isinstance(value, np.ndarray) else ""
        raise InputError(f"{row}{name} is {text(int(figures[bad[0]]))}, allowed is {text(0)} to {text(most)}; {mend}")
