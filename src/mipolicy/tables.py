"""Figures arranged by code: axes, tables and bands, as policy documents print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from attrs import field, frozen

from mipolicy.errors import AmountError, CodeError, TableError
from mipolicy.money import MAX_FEN, NO_LIMIT, RATE_ONE, Column

__all__ = ["Axis", "Bands", "Table"]


@frozen
class Axis:
    """A small closed list of codes along which figures differ.

    name: plain English; members: the words used in policy files, in order; zh, en: labels, one per member.
    """

    name: str
    members: tuple[str, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]

    def __attrs_post_init__(self) -> None:
        if len(set(self.members)) != len(self.members):
            raise TableError(f"axis {self.name}: a member stands twice in {', '.join(self.members)}")
        if not len(self.members) == len(self.zh) == len(self.en):
            raise TableError(
                f"axis {self.name}: {len(self.members)} members need as many labels, "
                f"got {len(self.zh)} Chinese and {len(self.en)} English"
            )

    def position(self, member: str) -> int:
        """The small integer that stands for the member inside rules.

        Raises CodeError for what is no member.
        """
        if member not in self.members:
            raise CodeError(f"unknown {self.name} {member!r}; allowed: {', '.join(self.members)}")
        return self.members.index(member)


@frozen(slots=False)
class Table:
    """One figure per combination of codes; the last axis varies fastest."""

    axes: tuple[Axis, ...]
    values: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        size = 1
        for axis in self.axes:
            size *= len(axis.members)
        if size != len(self.values):
            raise AmountError(
                f"a table over {[axis.name for axis in self.axes]} needs {size} figures, got {len(self.values)}"
            )
        for value in self.values:
            if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
                raise AmountError(f"a table holds whole figures inside int64, not {type(value).__name__} {value!r}")

    @classmethod
    def same(cls, value: int, *axes: Axis) -> Table:
        """A table that holds one figure for every combination."""
        size = 1
        for axis in axes:
            size *= len(axis.members)
        return cls(axes, (value,) * size)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many members each axis has."""
        return tuple(len(axis.members) for axis in self.axes)

    @cached_property
    def array(self) -> Column:
        """The figures as a read-only int64 array."""
        array = np.array([int(value) for value in self.values], np.int64)
        array.flags.writeable = False
        return array

    @cached_property
    def constant(self) -> int | None:
        """The one figure, where all are the same."""
        return int(self.values[0]) if len(set(map(int, self.values))) == 1 else None


@frozen(slots=False)
class Bands:
    """Marginal bands: from each lower edge up to the next, a rate (per million) by code.

    edges: lower edges in fen, ascending, the first 0, the last below `MAX_FEN`; rates: one table per band, all over the
    same axes.
    """

    edges: tuple[int, ...] = field()
    rates: tuple[Table, ...] = field()

    def __attrs_post_init__(self) -> None:
        if any(type(edge) is not int for edge in self.edges):
            raise AmountError(f"the edges of bands are whole fen, got {self.edges}")
        if not self.edges or self.edges[0] != 0:
            raise AmountError(f"bands must start at 0, got edges {self.edges}")
        if any(high <= low for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise AmountError(f"bands must ascend without overlap, got edges {self.edges}")
        if self.edges[-1] >= MAX_FEN:
            raise AmountError(f"a band must begin below {MAX_FEN} fen, the largest amount, got {self.edges[-1]}")
        if len(self.rates) != len(self.edges):
            raise AmountError(f"{len(self.edges)} bands need as many rates, got {len(self.rates)}")
        if any(table.axes != self.rates[0].axes for table in self.rates):
            raise AmountError("the rates of all bands must run over the same axes")
        if any(not 0 <= value <= RATE_ONE for table in self.rates for value in table.values):
            raise AmountError("a band's rate must lie in [0, 1]")

    @classmethod
    def flat(cls, bands: Sequence[tuple[int, int]]) -> Bands:
        """Bands that do not differ by code, from (lower edge, rate) pairs."""
        return cls(tuple(low for low, _ in bands), tuple(Table((), (rate,)) for _, rate in bands))

    def parts(self) -> Iterator[tuple[int, int, Table]]:
        """Lower edge, upper edge and rates of each band, lowest first; the last has no end."""
        yield from zip(self.edges, (*self.edges[1:], 2 * NO_LIMIT), self.rates, strict=True)
