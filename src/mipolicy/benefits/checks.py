"""Checks of figures at the edge of a room: what no record can hold is refused before a rule sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mipolicy.errors import InputError

__all__ = ["refuse_outside"]


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
