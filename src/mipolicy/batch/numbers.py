"""Columns of numbers as other libraries keep them: decimals as scaled integers, floats of yuan, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import numpy as np
from attrs import field, frozen

from mipolicy.errors import Fault, MipolicyError, TableError
from mipolicy.money import COUNT_ONE, FACTOR_ONE, MAX_FEN, PRICE_ONE, RATE_ONE, Column
from mipolicy.records import READ

__all__ = ["Numbers", "Refused", "in_units"]

_SPAN: Final[Mapping[str, tuple[int, int, int]]] = {
    "fen": (100, -MAX_FEN, MAX_FEN),
    "rate": (RATE_ONE, 0, RATE_ONE),
    "price": (PRICE_ONE, 0, 10**13),
    "quantity": (COUNT_ONE, -(10**12), 10**12),
    "factor": (FACTOR_ONE, 0, MAX_FEN),
    "points": (FACTOR_ONE, -MAX_FEN, MAX_FEN),
    "count": (1, -MAX_FEN, MAX_FEN),
}
"""By kind of field: units per whole, and the least and most units; what is outside is read, and refused, one by one."""
_PLACES_OF_INT64: Final = 18


@frozen(eq=False)
class Numbers:
    """A column of numbers that are not all whole units, or not all stated.

    cells: int64, or float64 for yuan; places: decimals of the integers, 1230 with 2 places being 12.30, None where they
    are whole units (fen, not yuan); gaps: which rows state nothing, None where all do.
    """

    cells: Any = field()
    places: int | None = None
    gaps: Any = None

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: Any) -> Numbers:
        """The rows asked for, by place."""
        gaps = None if self.gaps is None else self.gaps.take(rows)
        return Numbers(self.cells.take(rows), self.places, gaps)

    def empty(self) -> list[int]:
        """The rows that state nothing."""
        return [] if self.gaps is None else np.flatnonzero(self.gaps).tolist()


@frozen
class Refused:
    """A column that cannot be taken, and why, so that it is reported with everything else that is wrong."""

    why: str


def in_units(kind: str, name: str, column: Numbers, faults: dict[int, Fault]) -> Column:
    """Decimals, or floats of yuan, as whole units, exactly; 0 where a row states nothing or holds no figure.

    A float stands for the figure of at most two decimals that it is nearest to, and for none where it is another one's.
    Raises TableError for floats that are no yuan, or that could be fen.
    """
    if column.cells.dtype.kind == "f":
        units, sound = _of_floats(kind, name, column)
    else:
        units, sound = _of_decimals(kind, column)
    for row in np.flatnonzero(~sound).tolist():
        units[row] = 0
        if column.gaps is not None and column.gaps[row]:
            continue
        try:
            units[row] = READ[kind](name, _figure(column, row))
        except MipolicyError as error:
            faults.setdefault(row, Fault("amount", str(error)))
    if column.gaps is not None:
        units[column.gaps] = 0
    return units


def _figure(column: Numbers, row: int) -> Decimal:
    cell = column.cells[row].item()
    return Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell).scaleb(-(column.places or 0))


def _of_floats(kind: str, name: str, column: Numbers) -> tuple[Column, Any]:
    cells = column.cells
    if cells.size and (kind != "fen" or cells.dtype != np.float64):
        exact = "decimals in yuan such as 12.30" if kind == "fen" else "decimals or text"
        raise TableError(f"column {name}: {cells.dtype} is not exact; write {exact}")
    if column.gaps is not None and column.gaps.any() and not column.gaps.all():
        stated = cells[~column.gaps]
        if (stated == np.rint(stated)).all():
            raise TableError(
                f"column {name}: floats without decimals and with gaps are whole yuan, or fen that became floats "
                "because of the gaps; write integers that may be empty (Int64) for fen, decimals for yuan"
            )
    most = MAX_FEN // 100
    sound = (cells >= -most) & (cells <= most)  # neither holds for what is no number
    units = np.rint(np.where(sound, cells, 0.0) * 100)
    # fen / 100 is rounded to the nearest float, so it is the cell only where the cell is the float of that figure
    sound &= units / 100 == cells
    return units.astype(np.int64), sound


def _of_decimals(kind: str, column: Numbers) -> tuple[Column, Any]:
    one, least, most = _SPAN[kind]
    cells, shift = column.cells, len(str(one)) - 1 - (column.places or 0)
    if shift < -_PLACES_OF_INT64:
        return np.zeros(len(cells), np.int64), cells == 0
    if shift < 0:
        units, left = np.divmod(cells, 10**-shift)
        return units, (left == 0) & (units >= least) & (units <= most)
    step = 10 ** min(shift, _PLACES_OF_INT64)
    sound = (cells >= -(-least // step)) & (cells <= most // step)
    return np.where(sound, cells, 0) * step, sound
