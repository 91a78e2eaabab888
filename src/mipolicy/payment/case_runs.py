"""Case runs: the mergeable summary of a history of cases that the DIP catalogue is made from.

A run is a group, a year, a cost and a level, with the number of cases that share them, sorted: so that trimming by rank
is exact however the history was read.  formulas.md section 2.  Codes are small integers, costs fen.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.axes import LEVEL
from mipolicy.checked import check_columns
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, Column
from mipolicy.sums import starts_of
from mipolicy.tables import Axis

__all__ = ["YEAR", "YEAR_BITS", "CaseRuns", "zeros"]

YEAR: Final = Axis(
    "catalogue year", ("oldest", "middle", "latest"), ("前三年", "前两年", "前一年"), ("oldest", "middle", "latest")
)
"""The three years of history that a catalogue is made from, oldest first."""

YEAR_BITS: Final = 2
_MOST_CODE: Final = 2**31 - 1


@frozen(eq=False)
class CaseRuns:
    """Runs sorted by group, year, cost and level; `a + b` is what one pass over both histories gives.

    block: group and year, packed (group x 4 + year); cost: fen; level: position in `LEVEL`; cases: how many cases share
    them; each an int64 column, one row a run.  levelled: whether levels were given; without them every level is 0.
    """

    block: Column
    cost: Column
    level: Column
    cases: Column
    levelled: bool

    @classmethod
    def of(cls, group: Column, year: Column, cost: Column, level: Column | None = None) -> CaseRuns:
        """The runs of a table of cases, in any order.

        group: code of the case's group; year: 0 to 2, oldest first; cost: fen; level: position in `LEVEL`.
        Raises AmountError for what is no int64 column or not of one length; InputError for a figure and CodeError for a
        code out of range, naming the row.
        """
        levels = zeros(group.size) if level is None else level
        check_columns(
            "case runs", group=(group, _MOST_CODE), year=(year, YEAR), cost=(cost, int(MAX_FEN)), level=(levels, LEVEL)
        )
        return _sorted((group << YEAR_BITS | year, cost, levels), None, levelled=level is not None)

    @property
    def group(self) -> Column:
        """The group of each run."""
        return self.block >> YEAR_BITS

    @property
    def year(self) -> Column:
        """The year of each run."""
        return self.block & ((1 << YEAR_BITS) - 1)

    def __add__(self, other: CaseRuns) -> CaseRuns:
        if self.levelled != other.levelled and self.block.size and other.block.size:
            raise InputError(
                "case runs with levels and without cannot be merged; give levels for every part or for none"
            )
        block, cost, level, cases = (np.concatenate(pair) for pair in zip(self.columns(), other.columns(), strict=True))
        return _sorted((block, cost, level), cases, levelled=self.levelled or other.levelled)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CaseRuns):
            return NotImplemented
        pairs = zip(self.columns(), other.columns(), strict=True)
        return self.levelled == other.levelled and all(np.array_equal(one, two) for one, two in pairs)

    __hash__ = None  # type: ignore[assignment]

    def columns(self) -> tuple[Column, Column, Column, Column]:
        """Block, cost, level and cases."""
        return self.block, self.cost, self.level, self.cases

    def only(self, chosen: NDArray[np.bool_]) -> CaseRuns:
        """The runs that are chosen, in their order."""
        level = self.level[chosen] if self.levelled else zeros(int(np.count_nonzero(chosen)))
        return CaseRuns(self.block[chosen], self.cost[chosen], level, self.cases[chosen], self.levelled)

    def recoded(self, codes: Column) -> CaseRuns:
        """The runs under other group codes: code g becomes `codes[g]`; groups of one code become one.

        For parts that were coded each in its own way, and for groups that are put together.
        Raises InputError for a group that `codes` does not reach.
        """
        if self.block.size and int(self.group[-1]) >= codes.size:
            raise InputError(
                f"case runs: group {self.group[-1]} has no code among {codes.size}; give one for each group"
            )
        return _sorted(
            (codes[self.group] << YEAR_BITS | self.year, self.cost, self.level), self.cases, levelled=self.levelled
        )


def zeros(rows: int) -> Column:
    """Zeros that take no room."""
    return np.broadcast_to(np.zeros(1, np.int64), rows)


def _sorted(columns: tuple[Column, Column, Column], cases: Column | None, *, levelled: bool) -> CaseRuns:
    """Runs in order, equal ones joined; cases: how many each row stands for, None for one."""
    bits = [int(column.max()).bit_length() if column.size else 0 for column in columns]
    if sum(bits) <= 63:
        return _packed(columns, bits, cases, levelled=levelled)
    order = np.lexsort(columns[::-1])
    block, cost, level = (column[order] for column in columns)
    starts = starts_of(block, cost, level)
    counted = np.ones(block.size, np.int64) if cases is None else cases[order]
    return CaseRuns(block[starts], cost[starts], level[starts], np.add.reduceat(counted, starts), levelled)


def _packed(
    columns: tuple[Column, Column, Column], bits: list[int], cases: Column | None, *, levelled: bool
) -> CaseRuns:
    """The same by one sort of block, cost and level packed in one int64, which is several times as fast."""
    packed: Any = columns[0] << (bits[1] + bits[2])
    packed |= columns[1] << bits[2] if bits[2] else columns[1]
    if bits[2]:
        packed |= columns[2]
    if cases is None:
        packed.sort()
    else:
        order = np.argsort(packed, kind="stable")
        packed, cases = packed[order], cases[order]
    starts = starts_of(packed)
    if starts.size < packed.size:
        packed = packed[starts]
        counted = np.diff(starts, append=columns[0].size) if cases is None else np.add.reduceat(cases, starts)
    else:
        counted = np.ones(packed.size, np.int64) if cases is None else cases
    level = packed & ((1 << bits[2]) - 1) if levelled else zeros(packed.size)
    cost = packed >> bits[2] if bits[2] else packed
    return CaseRuns(packed >> (bits[1] + bits[2]), cost & ((1 << bits[1]) - 1), level, counted, levelled)
