"""Coded cases: what any rule of payment may ask of a case, its institution and its group, by name.

A rule's input is filled by the names of its fields, so that a room says itself what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import attrs
import numpy as np
from attrs import Factory, define, field, frozen

from mipolicy.batch.prepare import is_uniform
from mipolicy.batch.work import Work
from mipolicy.cases.region import AUXILIARY, Region
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, Column
from mipolicy.payment.dip_auxiliary import DipAuxiliaryTerms, case_factor
from mipolicy.records import NO_AMOUNT
from mipolicy.rounding import mul_div
from mipolicy.texts import Coded

__all__ = ["Facts"]

T = TypeVar("T", bound=attrs.AttrsInstance)


@define(eq=False)
class Facts:
    """The cases of a table as columns, and what the region's tables say of them.

    columns: figures, days and flags of the cases by the names that rules use; texts: their codes; institution, group:
    places in the region's tables, -1 for no group; made: facts that come of looking at many cases; own_methods: the
    method of each institution's own, -1 where it has none; auxiliary_terms: how several auxiliary factors are made one,
    where the region has an auxiliary catalogue.
    """

    region: Region
    columns: Mapping[str, Column]
    texts: Mapping[str, Coded]
    institution: Column
    group: Column
    made: dict[str, Column] = field(factory=dict)
    own_methods: Column = Factory(lambda self: self.region.own_method, takes_self=True)
    auxiliary_terms: DipAuxiliaryTerms | None = None

    def of(self, name: str, rows: Any) -> Any:
        """The fact of some rows; an int where it is the same for all of them."""
        return _Rows(self, rows).of(name)

    def column(self, name: str) -> Column:
        """A figure, a day or a flag of every case."""
        return self.made[name] if name in self.made else self.columns[name]

    def given(self, shape: type[T], rows: Any, codes: Mapping[str, Column]) -> T:
        """The input of a rule for some rows, each field by its name; codes: what the rule's own lists give."""
        names, of_rows = [each.name for each in attrs.fields(shape)], _Rows(self, rows)
        return shape(**{name: codes[name] if name in codes else of_rows.of(name) for name in names})

    def coded(self, text: str, rows: Any, figure: Callable[[str], int]) -> Column:
        """A number for each of some rows, from one per distinct text."""
        return self.texts[text].take(rows).figures(figure)

    def paired(self, one: str, other: str, rows: Any, figure: Callable[[str, str], int]) -> Column:
        """A number for each of some rows, from one per pair of texts that occurs."""
        left, right = self.texts[one].take(rows), self.texts[other].take(rows)
        wide = max(1, len(right.values))
        keys: Any = left.codes * np.int64(wide) + right.codes
        occurring, place = np.unique(keys, return_inverse=True)
        numbers = [figure(left.values[key // wide], right.values[key % wide]) for key in occurring.tolist()]
        found: Column = np.array(numbers, np.int64).take(place)
        return found

    def marked(self, lists: Sequence[Mapping[str, Collection[str]]], work: Work) -> Any:
        """For each case, a bit for each list that names one of its texts; a list: field -> texts."""
        found: Any = np.zeros(len(self.institution), np.uint8 if len(lists) <= 8 else np.uint64)
        tables: list[tuple[Any, Any]] = []
        for name in dict.fromkeys(name for named in lists for name in named):
            coded = self.texts[name]
            bits = [0] * max(1, len(coded.values))
            for at, named in enumerate(lists):
                for text in set(named.get(name, ())) & coded.positions.keys():
                    bits[coded.positions[text]] |= 1 << at
            if any(bits):
                tables.append((np.array(bits, found.dtype), coded.codes))

        def block(span: slice) -> None:
            for table, codes in tables:
                found[span] |= table.take(codes[span])

        work.each(block, work.spans(len(found) if tables else 0))
        return found

    def listed(self, rows: Column) -> Any:
        """Which rows have a class that the auxiliary catalogue lists for some group."""
        found = np.zeros(len(rows), bool)
        for dimension, (places, _) in self.region.auxiliaries.items():
            classes = self.texts[AUXILIARY[dimension]]
            found |= np.array([text in places for text in classes.values] or [False]).take(classes.codes.take(rows))
        return found

    def set(self, name: str, column: Column) -> None:
        """State a fact that comes of looking at many cases: merged costs, factors for returns."""
        self.made[name] = column


@frozen(slots=False, eq=False)
class _Rows:
    """Some rows of the cases; where they belong is looked up once for all facts that need it."""

    facts: Facts
    rows: Any

    def of(self, name: str) -> Any:
        column = self.facts.made.get(name, self.facts.columns.get(name))
        if column is not None:
            if is_uniform(column) and column.size:
                return int(column[0])
            values = column.take(self.rows)
            return values if values.dtype == np.int64 else values.astype(np.int64)
        if name not in _DERIVED:
            raise InputError(f"no case, institution or group states {name}")
        return _DERIVED[name](self)

    @property
    def region(self) -> Region:
        return self.facts.region

    @cached_property
    def institution(self) -> Any:
        return self.facts.institution.take(self.rows)

    @cached_property
    def known_group(self) -> Any:
        return self.facts.group.take(self.rows)

    @cached_property
    def group(self) -> Any:
        """The place of each case's group; the first one's where it has none, for rules that look at `grouped`."""
        return np.maximum(self.known_group, 0)

    @cached_property
    def level(self) -> Any:
        return self.region.level.take(self.institution)

    @cached_property
    def own(self) -> Any:
        return self.facts.own_methods.take(self.institution)


def _of_group(name: str) -> Callable[[_Rows], Any]:
    def fact(rows: _Rows) -> Any:
        column = rows.region.of_group[name]
        return column.take(rows.group) if column.size else np.zeros(len(rows.group), np.int64)

    return fact


def _of_institution(name: str) -> Callable[[_Rows], Any]:
    return lambda rows: getattr(rows.region, name).take(rows.institution)


def _institution_factor(rows: _Rows) -> Any:
    """The factor; 1 where none is stated, for rules that do not multiply by it: others never see such a case."""
    stated = rows.region.institution_factor.take(rows.institution)
    return np.where(stated == NO_AMOUNT, int(FACTOR_ONE), stated)


def _level_mean(rows: _Rows) -> Any:
    if not rows.region.groups:
        return np.zeros(len(rows.group), np.int64)
    return rows.region.means.take(rows.level * len(rows.region.groups) + rows.group)


def _auxiliary_factor(rows: _Rows) -> Any:
    """The auxiliary factor; only the cases of groups that have lines at all are looked at closely."""
    factor = np.full(len(rows.group), int(FACTOR_ONE), np.int64)
    with_lines = np.flatnonzero(rows.region.has_lines.take(rows.group))
    terms = rows.facts.auxiliary_terms
    if terms is not None and with_lines.size:
        near = rows.rows[with_lines]
        classes = {name: rows.facts.texts[text].take(near) for name, text in AUXILIARY.items()}
        factor[with_lines] = case_factor(terms, *rows.region.auxiliary(rows.group[with_lines], classes))
    return factor


def _fund_rate(rows: _Rows) -> Column:
    """The fund's share of the case's cost, item by item."""
    cost = rows.of("medfee_sumamt")
    return mul_div(rows.of("hifp_pay"), int(RATE_ONE), np.where(cost == 0, 1, cost))


_DERIVED: Final[Mapping[str, Callable[[_Rows], Any]]] = {
    **{name: _of_group(name) for name in ("base_points", "weight", "group_mean", "mean_days")},
    **{name: _of_group(name) for name in ("basic_group", "tcm_group", "new_group")},
    **{name: _of_institution(name) for name in ("pilot_tcm", "day_surgery_accepted")},
    "institution_factor": _institution_factor,
    "level": lambda rows: rows.level,
    "level_mean": _level_mean,
    "difference_factor": lambda rows: rows.region.difference(rows.institution, rows.known_group),
    "auxiliary_factor": _auxiliary_factor,
    "fund_rate": _fund_rate,
    "grouped": lambda rows: (rows.known_group >= 0).astype(np.int64),
    "own_method": lambda rows: np.maximum(rows.own, 0),
    "has_own_method": lambda rows: (rows.own >= 0).astype(np.int64),
}
"""Facts that are looked up in the region's tables, or worked out of several columns, for the rows that need them."""
