"""Totals of many persons as arrays: one cell per person, scheme and year; figures come into being when first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen

from mipolicy.benefits.axes import SCHEMES
from mipolicy.benefits.totals import STAY_FIGURES, YEAR_FIGURES, Posting, Totals
from mipolicy.money import Column

__all__ = ["Ledger", "UsedBy"]


@frozen
class Ledger:
    """Arrays of totals.

    persons: psn_no -> place; years: the calendar years that occur; before: the totals given, whose other years pass
    through untouched.
    """

    persons: Mapping[str, int]
    years: tuple[int, ...]
    before: Mapping[str, Totals]
    year_figures: dict[str, Any] = field(factory=dict)
    stay_figures: dict[str, Any] = field(factory=dict)

    @classmethod
    def opened(cls, persons: Mapping[str, int], years: tuple[int, ...], before: Mapping[str, Totals]) -> Ledger:
        """A ledger with what is brought forward."""
        cells = len(persons) * len(SCHEMES) * len(years)
        ledger = cls(persons, years, before)
        for name, width in YEAR_FIGURES.items():  # zeros are not touched, so an unused figure takes no memory
            ledger.year_figures[name] = np.zeros((cells, width) if width > 1 else cells, np.int64)
        for name in STAY_FIGURES:
            ledger.stay_figures[name] = np.zeros(len(persons), np.int64)
        for psn_no, totals in before.items():
            if psn_no in persons:
                ledger._bring_forward(persons[psn_no], totals)
        return ledger

    def _bring_forward(self, person: int, totals: Totals) -> None:
        for (scheme, year), figures in totals.years.items():
            if year in self.years:
                at = self.cell(person, SCHEMES.index(scheme), self.years.index(year))
                for name, cells in figures.items():
                    self.year_figures[name][at] = cells if YEAR_FIGURES[name] > 1 else cells[0]
        for name, value in totals.stay.items():
            self.stay_figures[name][person] = value

    def cell(self, person: Any, scheme: Any, year: Any) -> Any:
        """The place of a person's scheme and year."""
        return (person * len(SCHEMES) + scheme) * len(self.years) + year

    def post(self, cells: Column, persons: Column, posting: Posting[Column]) -> None:
        """Add what bills of different persons add."""
        for name, at, amount in posting.year:
            if at is None:
                self.year_figures[name][cells] += amount
            else:
                self.year_figures[name][cells, at] += amount
        for name, value in posting.stay.items():
            self.stay_figures[name][persons] = value

    def totals(self, psn_no: str) -> Totals:
        """One person's totals."""
        person = self.persons[psn_no]
        given = self.before.get(psn_no)
        years = dict(given.years) if given else {}
        for scheme, name in enumerate(SCHEMES):
            for at, year in enumerate(self.years):
                cell = self.cell(person, scheme, at)
                figures = {}
                for figure, width in YEAR_FIGURES.items():
                    value = self.year_figures[figure][cell]
                    cells = tuple(value.tolist()) if width > 1 else (int(value),)
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
    """Reads the totals of a column of bills of different persons."""

    ledger: Ledger
    cells: Column
    persons: Column

    def year(self, name: str) -> Column:
        """See `Used`."""
        return self._column(self.ledger.year_figures[name][self.cells])

    def cell(self, name: str, at: Column) -> Column:
        """See `Used`."""
        return self._column(self.ledger.year_figures[name][self.cells, at])

    def span(self, name: str, first: Column, last: Column) -> Column:
        """See `Used`."""
        figures = self.ledger.year_figures[name][self.cells]
        places = np.arange(figures.shape[1])
        inside = (places >= first[:, None]) & (places <= last[:, None])
        return self._column((figures * inside).sum(axis=1))

    def stay(self, name: str) -> Column:
        """See `Used`."""
        return self._column(self.ledger.stay_figures[name][self.persons])

    @staticmethod
    def _column(values: Any) -> Column:
        column: Column = values
        return column
