"""Figures summed by code: small mergeable summaries, exact whatever the order and the size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from attrs import field, frozen

from mipolicy.checked import check_columns
from mipolicy.errors import CodeError, TableError
from mipolicy.money import Column
from mipolicy.sums import sums_by

__all__ = ["Tally", "tally"]


def _by_code(rows: Mapping[str, tuple[int, ...]]) -> Mapping[str, tuple[int, ...]]:
    return MappingProxyType(dict(sorted(rows.items())))


@frozen
class Tally:
    """Named sums by code; `a + b` gives what one pass over both tables gives.

    figures: what is summed, in order; rows: code -> one sum a figure, as Python ints, in the order of the codes.

    >>> (Tally(("cases",), {"H2": (1,)}) + Tally(("cases",), {"H1": (2,), "H2": (3,)})).rows
    mappingproxy({'H1': (2,), 'H2': (4,)})
    """

    figures: tuple[str, ...]
    rows: Mapping[str, tuple[int, ...]] = field(converter=_by_code)

    def __add__(self, other: Tally) -> Tally:
        """The sums of both together; raises TableError where they sum different figures."""
        if self.figures != other.figures:
            raise TableError(f"a tally of {', '.join(self.figures)} cannot take one of {', '.join(other.figures)}")
        rows = dict(self.rows)
        for code, sums in other.rows.items():
            rows[code] = tuple(a + b for a, b in zip(rows.get(code, (0,) * len(sums)), sums, strict=True))
        return Tally(self.figures, rows)

    def of(self, code: str, figure: str) -> int:
        """One sum; raises CodeError for a code or a figure that was not summed."""
        if figure not in self.figures:
            raise CodeError(f"unknown figure {figure!r}; summed: {', '.join(self.figures)}")
        if code not in self.rows:
            raise CodeError(f"{code!r} has no case in this tally; it holds {', '.join(self.rows) or 'none'}")
        return self.rows[code][self.figures.index(figure)]

    def ratio(self, code: str, above: str, below: str) -> Fraction | None:
        """A ratio of two sums of a code, exactly; None where nothing stands below."""
        whole = self.of(code, below)
        return Fraction(self.of(code, above), whole) if whole else None


def tally(codes: Column, names: Sequence[str], figures: Mapping[str, Column]) -> Tally:
    """Sum figures by code.

    codes: int64, positions in `names`; figures: int64 columns of the same length.  Codes without a row are left out.
    Raises AmountError, TableError or CodeError, see `check_columns`.

    >>> tally(np.array([1, 0, 1]), ("H1", "H2"), {"cost": np.array([5, 7, 9])}).rows
    mappingproxy({'H1': (7,), 'H2': (14,)})
    """
    check_columns("tally", codes=(codes, names), **{name: (column, None) for name, column in figures.items()})
    sums = [sums_by(codes, column, len(names)) for column in figures.values()]
    seen = np.bincount(codes, minlength=len(names))
    return Tally(
        tuple(figures), {name: tuple(each[at] for each in sums) for at, name in enumerate(names) if int(seen[at])}
    )
