"""Coded cases: what any rule of payment may ask of a case, its institution and its group, by name.

A rule's input is filled by the names of its fields, so that a room says itself what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs
import numpy as np
from attrs import define, field

from mipolicy.batch.prepare import is_uniform
from mipolicy.cases.region import AUXILIARY, Region
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, Column
from mipolicy.records import NO_AMOUNT
from mipolicy.rounding import mul_div
from mipolicy.texts import Coded

__all__ = ["Facts"]

T = TypeVar("T", bound=attrs.AttrsInstance)
_PAIRS: Final = 4_000_000
"""So many pairs of texts are counted in a table."""


@define(eq=False)
class Facts:
    """The cases of a table as columns, and what the region's tables say of them.

    columns: figures, days and flags of the cases by the names that rules use; texts: their codes; institution, group:
    places in the region's tables, -1 for no group.
    """

    region: Region
    columns: Mapping[str, Column]
    texts: Mapping[str, Coded]
    institution: Column
    group: Column
    made: dict[str, Column] = field(factory=dict)

    def of(self, name: str, rows: Any) -> Any:
        """The fact of some rows; an int where it is the same for all of them."""
        column = self.made.get(name, self.columns.get(name))
        if column is not None:
            return int(column[0]) if is_uniform(column) and column.size else column.take(rows)
        if name not in _DERIVED:
            raise InputError(f"no case, institution or group states {name}")
        return _DERIVED[name](self, rows)

    def given(self, shape: type[T], rows: Any, codes: Mapping[str, Column]) -> T:
        """The input of a rule for some rows, each field by its name; codes: those that the rule's own lists give."""
        names = [each.name for each in attrs.fields(shape)]
        return shape(**{name: codes[name].take(rows) if name in codes else self.of(name, rows) for name in names})

    def coded(self, text: str, figure: Callable[[str], int]) -> Column:
        """A number a case, from one per distinct text."""
        return self.texts[text].figures(figure)

    def paired(self, one: str, other: str, figure: Callable[[str, str], int]) -> Column:
        """A number a case, from one per pair of texts that occurs."""
        left, right = self.texts[one], self.texts[other]
        wide = max(1, len(right.values))
        keys: Any = left.codes * np.int64(wide) + right.codes
        occurring = np.flatnonzero(np.bincount(keys)) if len(left.values) * wide <= _PAIRS else np.unique(keys)
        numbers = [figure(left.values[key // wide], right.values[key % wide]) for key in occurring.tolist()]
        found: Column = np.array(numbers or [0], np.int64).take(np.searchsorted(occurring, keys))
        return found

    def set(self, name: str, column: Column) -> None:
        """State a fact that comes of looking at many cases: merged costs, factors for returns."""
        self.made[name] = column


def _of_group(name: str) -> Callable[[Facts, Any], Column]:
    def fact(facts: Facts, rows: Any) -> Any:
        column = facts.region.of_group[name]
        return column.take(_group(facts, rows)) if column.size else np.zeros(np.shape(rows), np.int64)

    return fact


def _group(facts: Facts, rows: Any) -> Any:
    """The place of each case's group; that of the first one where it has none, for rules that look at `grouped`."""
    return np.maximum(facts.group.take(rows), 0)


def _of_institution(name: str) -> Callable[[Facts, Any], Column]:
    def fact(facts: Facts, rows: Any) -> Any:
        column: Column = getattr(facts.region, name)
        return column.take(facts.institution.take(rows))

    return fact


def _institution_factor(facts: Facts, rows: Any) -> Any:
    """The factor; 1 where none is stated, for rules that do not multiply by it: others never see such a case."""
    stated = facts.region.institution_factor.take(facts.institution.take(rows))
    return np.where(stated == NO_AMOUNT, int(FACTOR_ONE), stated)


def _level_mean(facts: Facts, rows: Any) -> Any:
    if not facts.region.groups:
        return np.zeros(np.shape(rows), np.int64)
    return facts.region.means.take(facts.of("level", rows) * len(facts.region.groups) + _group(facts, rows))


def _difference_factor(facts: Facts, rows: Any) -> Column:
    return facts.region.difference(facts.institution.take(rows), facts.group.take(rows))


def _auxiliary_factor(facts: Facts, rows: Any) -> Column:
    classes = {name: facts.texts[text].take(rows) for name, text in AUXILIARY.items()}
    return facts.region.auxiliary(_group(facts, rows), classes)


def _fund_rate(facts: Facts, rows: Any) -> Column:
    """The fund's share of the case's cost, item by item."""
    cost = facts.of("medfee_sumamt", rows)
    return mul_div(facts.of("hifp_pay", rows), int(RATE_ONE), np.where(cost == 0, 1, cost))


_DERIVED: Final[Mapping[str, Callable[[Facts, Any], Any]]] = {
    **{name: _of_group(name) for name in ("base_points", "weight", "group_mean", "mean_days")},
    **{name: _of_group(name) for name in ("basic_group", "tcm_group", "new_group")},
    **{name: _of_institution(name) for name in ("level", "pilot_tcm", "day_surgery_accepted")},
    "institution_factor": _institution_factor,
    "level_mean": _level_mean,
    "difference_factor": _difference_factor,
    "auxiliary_factor": _auxiliary_factor,
    "fund_rate": _fund_rate,
    "grouped": lambda facts, rows: (facts.group.take(rows) >= 0).astype(np.int64),
    "own_method": lambda facts, rows: np.maximum(_of_institution("own_method")(facts, rows), 0),
    "has_own_method": lambda facts, rows: (_of_institution("own_method")(facts, rows) >= 0).astype(np.int64),
}
"""Facts that are looked up in the region's tables, or worked out of several columns, for the rows that need them."""
