"""What a page is made of, before it is written in any form: labelled figures one below the other, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
from attrs import field, frozen

from mipolicy.errors import TableError
from mipolicy.money import Column, yuan_text
from mipolicy.policy.kinds import unit_text
from mipolicy.tables import Axis
from mipolicy.texts import Coded

__all__ = ["Block", "Cell", "Figures", "Grid", "Heading", "Language", "Series", "Sheet", "cell_text", "headings"]

Language: TypeAlias = Literal["zh", "en"]
Cell: TypeAlias = int | str | None
"""A figure in its unit, a text, or None where nothing applies, which is left empty."""
TEXT = "text"
"""The unit of a text."""


@frozen
class Heading:
    """What a figure or a column is: its field name, its unit (or the list that a code belongs to), its labels."""

    name: str
    unit: str | Axis
    zh: str
    en: str

    def label(self, language: Language) -> str:
        """The label."""
        return self.zh if language == "zh" else self.en

    @property
    def is_text(self) -> bool:
        """Whether cells are words, which stand to the left."""
        return isinstance(self.unit, Axis) or self.unit in (TEXT, "flag")


def headings(record: type[Any], *, without: Iterable[str] = ()) -> tuple[Heading, ...]:
    """The headings of a record's labelled fields, in their order.

    without: names of fields that are left out.
    """
    left_out = set(without)
    return tuple(
        Heading(each.name, each.metadata["unit"], each.metadata["zh"], each.metadata["en"])
        for each in attrs.fields(record)
        if "zh" in each.metadata and each.name not in left_out
    )


def cell_text(unit: str | Axis, value: Cell, language: Language = "en") -> str:
    """A cell as people read it: yuan with two decimals, points with theirs, codes as words; empty for None.

    >>> cell_text("fen", -123005), cell_text("points", 1234567), cell_text("fen", None)
    ('-1230.05', '123.4567', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(unit, Axis):
        return (unit.zh if language == "zh" else unit.en)[value]
    if unit == "fen":  # a sum over a region may pass what one amount can be: it is no ceiling
        return yuan_text(value)
    return unit_text(unit, value, language)


@frozen
class Figures:
    """Figures one below the other, each with its label."""

    zh: str
    en: str
    headings: tuple[Heading, ...]
    values: tuple[Cell, ...]

    @classmethod
    def of(cls, zh: str, en: str, record: Any, *, without: Iterable[str] = ()) -> Figures:
        """The labelled fields of a record."""
        heads = headings(type(record), without=without)
        return cls(zh, en, heads, tuple(getattr(record, each.name) for each in heads))

    def title(self, language: Language) -> str:
        """The block's title."""
        return self.zh if language == "zh" else self.en

    def rows(self, language: Language) -> list[tuple[str, str]]:
        """Label and figure, line by line."""
        return [
            (head.label(language), cell_text(head.unit, value, language))
            for head, value in zip(self.headings, self.values, strict=True)
        ]


def _figures(unit: str | Axis, figures: list[int], language: Language) -> list[str]:
    """Many figures of one unit; each distinct one of a short list is written once."""
    if unit == "fen":
        return [f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}" for fen in figures]
    written: dict[int, str] = {}
    for figure in figures:
        if figure not in written:
            written[figure] = cell_text(unit, figure, language)
    return [written[figure] for figure in figures]


@frozen(eq=False)
class Series:
    """A column of a table: figures, codes of a list or texts.

    applies: where the column says anything, as a mask; elsewhere its cells are empty.
    """

    heading: Heading
    values: Column | Coded | Sequence[Cell]
    applies: Any = None

    def texts(self, language: Language) -> list[str]:
        """The cells as text."""
        unit = self.heading.unit
        if isinstance(self.values, Coded):
            cells: list[str] = self.values.texts().tolist()
        elif isinstance(self.values, np.ndarray):
            cells = _figures(unit, self.values.tolist(), language)
        else:
            cells = [cell_text(unit, value, language) for value in self.values]
        if self.applies is None:
            return cells
        return [cell if does else "" for cell, does in zip(cells, self.applies.tolist(), strict=True)]


def _of_one_length(_grid: Any, _attribute: Any, columns: tuple[Series, ...]) -> None:
    lengths = {len(each.values) for each in columns}
    if len(lengths) > 1:
        raise TableError(f"columns of a table must be of one length, got {', '.join(map(str, sorted(lengths)))} rows")


@frozen(eq=False)
class Grid:
    """A table, held by its columns."""

    zh: str
    en: str
    columns: tuple[Series, ...] = field(validator=_of_one_length)

    @classmethod
    def of(cls, zh: str, en: str, record: type[Any], lines: Sequence[Any], *, without: Iterable[str] = ()) -> Grid:
        """A table with a row for each record, whose labelled fields are its columns."""
        heads = headings(record, without=without)
        return cls(zh, en, tuple(Series(head, [getattr(line, head.name) for line in lines]) for head in heads))

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def title(self, language: Language) -> str:
        """The table's title."""
        return self.zh if language == "zh" else self.en

    def heads(self, language: Language) -> list[str]:
        """The labels of the columns."""
        return [each.heading.label(language) for each in self.columns]

    def rows(self, language: Language) -> list[tuple[str, ...]]:
        """The cells as text, row by row."""
        return list(zip(*(each.texts(language) for each in self.columns), strict=True))


Block: TypeAlias = Figures | Grid


@frozen(eq=False)
class Sheet:
    """One page: its title and its blocks in the order in which they are read.

    name: short, plain letters, for a file: institution and pool, for instance.
    """

    name: str
    zh: str
    en: str
    blocks: tuple[Block, ...]

    def title(self, language: Language) -> str:
        """The page's title."""
        return self.zh if language == "zh" else self.en
