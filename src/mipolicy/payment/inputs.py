"""Inputs of the payment rooms, checked field by field by their unit; figures of the terms beside columns."""

from __future__ import annotations

from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, NO_LIMIT, RATE_ONE, A
from mipolicy.rounding import any_columns
from mipolicy.tables import Axis

__all__ = ["check_input", "for_each", "refuse_no_limit"]

_MOST_COUNT: Final = 10_000_000
"""More persons, units or days than any record has; an amount times a count below it stays inside int64 once checked."""
_MOST: Final = {
    "fen": int(MAX_FEN),
    "flag": 1,
    "count": _MOST_COUNT,
    "days": 1_000_000,
    "factor": 1_000 * int(FACTOR_ONE),
    "points": int(MAX_FEN),
    "quantity": 10_000 * int(FACTOR_ONE),
    "rate": int(RATE_ONE),
}


def check_input(record: Any, signed: tuple[str, ...] = ()) -> None:
    """Check each field of a coded input, one record or columns, against what its unit can be.

    signed: fields that may be below 0; fields whose unit is empty are left to the rule.
    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length; InputError for
    a figure out of range; CodeError for a code outside its list.  Each names the field and the row.
    """
    fields = [each for each in attrs.fields(type(record)) if each.metadata["unit"] != ""]
    any_columns(*(getattr(record, each.name) for each in fields))
    for each in fields:
        unit = each.metadata["unit"]
        most = len(unit.members) - 1 if isinstance(unit, Axis) else _MOST[unit]
        least = -most if each.name in signed else 0
        found = getattr(record, each.name)
        column = np.atleast_1d(np.asarray(found, np.int64))
        bad = np.flatnonzero((column < least) | (column > most))
        if bad.size:
            row = f"row {bad[0]}: " if isinstance(found, np.ndarray) else ""
            what = f"{type(record).__name__}.{each.name}: {row}{column[bad[0]]} is outside {least} to {most}"
            if isinstance(unit, Axis):
                raise CodeError(f"{what}; codes of {unit.name}: {', '.join(unit.members)}, in this order from 0")
            raise InputError(f"{what}; the field is {each.metadata['en']}, in {unit}; a reversal takes back its case")


def refuse_no_limit(**amounts: int | None) -> None:
    """Refuse amounts of terms that are 0 or "none": a price or a standard is an amount above 0.

    Raises InputError naming the field.
    """
    for name, amount in amounts.items():
        if amount is not None and not 0 < amount < NO_LIMIT:
            raise InputError(f"{name} is an amount in yuan above 0; it is neither 0 nor none")


def for_each(figure: int, like: A) -> A:
    """A figure of the terms as the input has it: itself beside an int, once a row beside a column."""
    if isinstance(like, np.ndarray):
        return np.full(like.shape, int(figure), np.int64)
    return figure
