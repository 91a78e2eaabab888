"""Totals of many persons as arrays: one cell per person, scheme and year; figures come into being when first used."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
from attrs import field, frozen

from mipolicy.axes import SCHEMES
from mipolicy.benefits.totals import STAY_FIGURES, YEAR_FIGURES, Posting, Totals
from mipolicy.errors import InputError
from mipolicy.money import Column

__all__ = ["Ledger", "UsedBy"]


class _Figures(dict[str, Any]):
    """Arrays of figures, each made when it is first read or written, by whichever thread comes first."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.cells = cells
        self.lock = Lock()

    def __missing__(self, name: str) -> Any:
        with self.lock:
            if name not in self:
                self[name] = np.zeros(self.cells * YEAR_FIGURES[name], np.int64)
        return self[name]


@frozen(eq=False)
class Ledger:
    """Arrays of totals.

    persons: psn_no -> place; years: the calendar years that occur; before: of the totals given, those that pass through
    untouched: of persons without a bill, and of other years.
    """

    persons: Mapping[str, int]
    years: tuple[int, ...]
    before: Mapping[str, Totals]
    year_figures: _Figures
    stay_figures: Mapping[str, Any]

    @classmethod
    def opened(cls, persons: Mapping[str, int], years: tuple[int, ...], before: Mapping[str, Totals]) -> Ledger:
        """A ledger with what is brought forward; raises InputError for totals given under another person's name."""
        cells = len(persons) * len(SCHEMES) * len(years)
        through: dict[str, Totals] = {}
        stay_figures = {name: np.zeros(len(persons), np.int64) for name in STAY_FIGURES}
        ledger = cls(persons, years, through, _Figures(cells), stay_figures)
        for psn_no, totals in before.items():
            if totals.psn_no != psn_no:
                raise InputError(f"the totals given for {psn_no} are those of {totals.psn_no}")
            if psn_no in persons:
                ledger._bring_forward(persons[psn_no], totals)
            if psn_no not in persons or any(year not in years for _, year in totals.years):
                through[psn_no] = totals
        return ledger

    def _bring_forward(self, person: int, totals: Totals) -> None:
        for (scheme, year), figures in totals.years.items():
            if year in self.years:
                at = self.cell(person, SCHEMES.index(scheme), self.years.index(year))
                for name, cells in figures.items():
                    self.year_figures[name][self._span(name, at)] = cells
        for name, value in totals.stay.items():
            self.stay_figures[name][person] = value

    def cell(self, person: Any, scheme: Any, year: Any) -> Any:
        """The place of a person's scheme and year."""
        return (person * len(SCHEMES) + scheme) * len(self.years) + year

    @staticmethod
    def _span(name: str, cell: int) -> slice:
        """Where a figure of one person, scheme and year stands."""
        width = YEAR_FIGURES[name]
        return slice(cell * width, (cell + 1) * width)

    def add(self, name: str, place: Any, amount: Any) -> None:
        """Add to cells of a figure, each at most once."""
        figures = self.year_figures[name]
        figures[place] = figures.take(place) + amount  # unlike add.at, these let other threads work

    def totals(self, psn_no: str) -> Totals:
        """One person's totals."""
        person = self.persons[psn_no]
        given = self.before.get(psn_no)
        years = dict(given.years) if given else {}
        for scheme, name in enumerate(SCHEMES):
            for at, year in enumerate(self.years):
                cell = self.cell(person, scheme, at)
                figures = {}
                for figure in list(self.year_figures):
                    cells = tuple(self.year_figures[figure][self._span(figure, cell)].tolist())
                    if any(cells):
                        figures[figure] = cells
                if figures:
                    years[name, year] = figures
                else:
                    years.pop((name, year), None)
        stay = {name: int(self.stay_figures[name][person]) for name in STAY_FIGURES}
        return Totals(psn_no, years, stay if any(stay.values()) else {})


@frozen
class UsedBy:
    """Reads, and then posts to, the totals of a column of bills of different persons."""

    ledger: Ledger
    cells: Column
    persons: Column
    _read: dict[str, Column] = field(factory=dict, init=False)

    def year(self, name: str) -> Column:
        """See `Used`."""
        if name not in self._read:
            self._read[name] = self.ledger.year_figures[name].take(self.cells)
        return self._read[name]

    def cell(self, name: str, at: Column) -> Column:
        """See `Used`."""
        values: Column = self.ledger.year_figures[name].take(self.place(name, at))
        return values

    def span(self, name: str, first: Column, last: Column) -> Column:
        """See `Used`."""
        width = YEAR_FIGURES[name]
        places = np.arange(width)
        figures = self.ledger.year_figures[name].take(self.cells[:, None] * width + places)
        inside = (places >= np.reshape(first, (-1, 1))) & (places <= np.reshape(last, (-1, 1)))
        total: Column = (figures * inside).sum(axis=1)
        return total

    def stay(self, name: str) -> Column:
        """See `Used`."""
        values: Column = self.ledger.stay_figures[name].take(self.persons)
        return values

    def place(self, name: str, at: Any) -> Column:
        """The places of a figure's cells."""
        return self.cells if at is None else self.cells * YEAR_FIGURES[name] + at

    def post(self, posting: Posting[Column]) -> None:
        """Add what the bills add."""
        for name, at, amount in posting.year:
            self.ledger.add(name, self.place(name, at), amount)
        for name, value in posting.stay.items():
            self.ledger.stay_figures[name][self.persons] = value
