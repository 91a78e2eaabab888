"""What a person's year has used so far: which figures are kept, how a bill reads them, and what it adds.

State is an argument (formulas.md section 1): totals go in, totals come out.  One body reads and posts for one bill and
for a column of bills; `Used` hides whether the figures stand in one record or in arrays by person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Generic, Protocol

from attrs import evolve, field, frozen

from mipolicy.axes import LEVEL, SCHEMES
from mipolicy.benefits.axes import LAYERS, STREAMS
from mipolicy.errors import InputError
from mipolicy.money import A

__all__ = ["STAY_FIGURES", "YEAR_FIGURES", "Posting", "Totals", "Used"]

_QUOTA_STREAMS: Final = ("special", "two_disease")
YEAR_FIGURES: Final[Mapping[str, int]] = MappingProxyType(
    {
        **{f"fund.{stream}": 1 for stream in STREAMS},
        **{f"cost.{stream}": 1 for stream in STREAMS},
        **{f"deductible.{stream}": 1 for stream in STREAMS},
        **{f"deductible_level.{stream}": len(LEVEL.members) for stream in STREAMS},
        **{f"quota_month.{stream}": 12 for stream in _QUOTA_STREAMS},
        "stays": 1,
        "bands": 1,
        "once_a_year": 1,
        **{f"base.{layer}": 1 for layer in LAYERS},
        **{f"paid.{layer}": 1 for layer in LAYERS},
    }
)
"""Figures of one person, scheme and year, with how many cells each has (levels, months, or one)."""

STAY_FIGURES: Final = ("end", "level", "paid", "ordinal", "open", "counted")
"""Figures of a person's latest stay, for continuity: last day, level, deductible paid for it, its ordinal, whether it
is still open (an interim bill, or the first part of a stay split at the year's end), whether it was counted."""


class Used(Protocol[A]):
    """Reads totals for one bill, or for a column of bills of different persons."""

    def year(self, name: str) -> A:
        """A figure of the year that has one cell."""

    def cell(self, name: str, at: A) -> A:
        """One cell of a figure of the year."""

    def span(self, name: str, first: A, last: A) -> A:
        """The sum of the cells first to last, both included."""

    def stay(self, name: str) -> A:
        """A figure of the latest stay."""


@frozen
class Posting(Generic[A]):
    """What a bill adds to the totals: cells of the year, and the latest stay as it leaves it."""

    year: tuple[tuple[str, A | None, A], ...]
    stay: Mapping[str, A] = field(factory=dict)


@frozen
class Totals:
    """One person's running totals, by scheme and year, and the latest stay.

    years: (scheme, year) -> figure -> cells; a figure that is absent is 0.
    """

    psn_no: str
    years: Mapping[tuple[str, int], Mapping[str, tuple[int, ...]]] = field(factory=dict)
    stay: Mapping[str, int] = field(factory=dict)

    def figure(self, scheme: str, year: int, name: str) -> tuple[int, ...]:
        """The cells of one figure.

        >>> Totals("p1").figure("employee", 2025, "fund.general")
        (0,)
        """
        if name not in YEAR_FIGURES:
            raise InputError(f"no total is called {name!r}; totals: {', '.join(YEAR_FIGURES)}")
        return self.years.get((scheme, year), {}).get(name, (0,) * YEAR_FIGURES[name])

    def used(self, scheme: str, year: int) -> Used[int]:
        """A reader of one scheme's year."""
        return _UsedOne(self, scheme, year)

    def posted(self, scheme: str, year: int, posting: Posting[int], sign: int = 1) -> Totals:
        """The totals after a bill; with sign -1, after its reversal, which leaves the latest stay to the caller."""
        figures = dict(self.years.get((scheme, year), {}))
        for name, at, amount in posting.year:
            cells = list(figures.get(name, (0,) * YEAR_FIGURES[name]))
            cells[0 if at is None else at] += sign * amount
            figures[name] = tuple(int(cell) for cell in cells)
        stay = {**self.stay, **{name: int(value) for name, value in posting.stay.items()}} if sign > 0 else self.stay
        years = {**self.years, (scheme, year): {name: cells for name, cells in figures.items() if any(cells)}}
        return evolve(
            self, years={key: kept for key, kept in years.items() if kept}, stay=stay if any(stay.values()) else {}
        )

    def to_dict(self) -> dict[str, Any]:
        """The totals as plain JSON values."""
        years = [
            {
                "scheme": scheme,
                "year": year,
                "figures": {name: list(cells) for name, cells in figures.items() if any(cells)},
            }
            for (scheme, year), figures in sorted(self.years.items())
        ]
        return {"psn_no": self.psn_no, "years": years, "stay": dict(self.stay)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Totals:
        """Totals from what `to_dict` gave.

        Raises InputError for unknown schemes and figures, a year that stands twice, and cells that are no ints.
        """
        try:
            return cls._read(record)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"totals are a record as to_dict gives it: {type(error).__name__} {error}") from None

    @classmethod
    def _read(cls, record: Mapping[str, Any]) -> Totals:
        psn_no, stay = record["psn_no"], dict(record["stay"])
        years: dict[tuple[str, int], dict[str, tuple[int, ...]]] = {}
        for entry in record["years"]:
            scheme, year = entry["scheme"], entry["year"]
            if scheme not in SCHEMES or type(year) is not int or (scheme, year) in years:
                raise InputError(f"totals of {psn_no}: {scheme} {year} is no scheme and year, or stands twice")
            for name, cells in entry["figures"].items():
                if YEAR_FIGURES.get(name) != len(cells) or any(type(cell) is not int for cell in cells):
                    raise InputError(f"totals of {psn_no}: {name} with {len(cells)} cells is not known here")
            years[scheme, year] = {name: tuple(cells) for name, cells in entry["figures"].items() if any(cells)}
        for name, value in stay.items():
            if name not in STAY_FIGURES or type(value) is not int:
                raise InputError(f"totals of {psn_no}: the latest stay has no {name} {value!r}")
        return cls(psn_no, {key: figures for key, figures in years.items() if figures}, stay)


@frozen
class _UsedOne:
    """Reads one person's totals."""

    totals: Totals
    scheme: str
    of: int

    def year(self, name: str) -> int:
        return self.totals.figure(self.scheme, self.of, name)[0]

    def cell(self, name: str, at: int) -> int:
        return self.totals.figure(self.scheme, self.of, name)[at]

    def span(self, name: str, first: int, last: int) -> int:
        return sum(self.totals.figure(self.scheme, self.of, name)[first : last + 1])

    def stay(self, name: str) -> int:
        return self.totals.stay.get(name, 0)
