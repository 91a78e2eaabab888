"""What an agency keeps of its region beside the cases: institutions, the catalogue of groups, factors that differ.

These tables are the region's own, so a mistake in one stops the run and is told with all others; nothing is rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from mipolicy.axes import LEVEL
from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.errors import TableError
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.case import AuxiliaryFactor, DifferenceFactor, Group, Institution
from mipolicy.payment.router import STAY_METHODS
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["AUXILIARY", "Region", "read_region"]

AUXILIARY: Final[Mapping[str, str]] = {
    "cci": "cci_class",
    "severity": "severity_class",
    "tumour_severity": "severity_class",
    "age": "age_class",
    "intensive_care": "icu_class",
}
"""The dimensions of the auxiliary catalogue, and the field of a case that holds its class."""
_MEANS: Final = ("mean_tertiary", "mean_secondary", "mean_level_1", "mean_primary")
_SHOWN: Final = 5
_TABLE: Final = 8_000_000
"""So many pairs of institution and group are held as a table."""


@frozen(eq=False, slots=False)
class Region:
    """The region's tables as columns; places are positions in them.

    institutions, groups: code -> place; means: mean cost by level and group, the area's where a level has none;
    differences: sorted keys place of institution x (groups + 1) + place of group + 1, with their factors;
    auxiliaries: dimension -> (class -> place, factors by class and group, 0 where there is no line).
    """

    institutions: Mapping[str, int]
    names: tuple[str, ...]
    level: Column
    own_method: Column
    institution_factor: Column
    pilot_tcm: Column
    day_surgery_accepted: Column
    groups: Mapping[str, int]
    group_names: tuple[str, ...]
    of_group: Mapping[str, Column]
    means: Column
    differences: tuple[Column, Column]
    auxiliaries: Mapping[str, tuple[Mapping[str, int], Column]] = field(factory=dict)

    @cached_property
    def has_lines(self) -> NDArray[np.bool_]:
        """Which groups the auxiliary catalogue has a line for."""
        found = np.zeros(max(1, len(self.groups)), bool)
        for _, factors in self.auxiliaries.values():
            found |= (factors.reshape(-1, len(self.groups)) > 0).any(axis=0)
        return found

    @cached_property
    def without_difference(self) -> NDArray[np.bool_]:
        """Which institutions a table of difference factors has no line for; none where there is no such table."""
        keys, _ = self.differences
        lacks = np.full(len(self.institutions), bool(len(keys)))
        lacks[keys // (len(self.groups) + 1)] = False
        return lacks

    @cached_property
    def _difference_table(self) -> Column | None:
        """The difference factor by institution and group, where that is no large table."""
        size = len(self.institutions) * (len(self.groups) + 1)
        if size > _TABLE:
            return None
        keys, factors = self.differences
        width = len(self.groups) + 1
        table = np.zeros(size, np.int64)
        table[keys] = factors
        own = table[::width].copy()
        return np.where(table == 0, np.repeat(np.where(own == 0, int(FACTOR_ONE), own), width), table)

    def difference(self, institution: Column, group: Column) -> Column:
        """The difference factor of each institution in each group: the pair's own, else the institution's, else 1."""
        keys, factors = self.differences
        width = len(self.groups) + 1
        if self._difference_table is not None:
            found_there: Column = self._difference_table.take(institution * width + group + 1)
            return found_there
        result = np.full(len(institution), int(FACTOR_ONE), np.int64)
        for wanted in (institution * width, institution * width + group + 1) if len(keys) else ():
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            found = keys[at] == wanted
            result[found] = factors[at[found]]
        return result

    def auxiliary(self, group: Column, classes: Mapping[str, Coded]) -> tuple[Column, ...]:
        """By dimension, the factor of the line of the auxiliary catalogue that each case meets, 0 where it has none."""
        found: list[Column] = []
        for dimension, (places, factors) in self.auxiliaries.items():
            place = classes[dimension].figures(lambda text, places=places: places.get(text, -1))  # type: ignore[misc]
            line = np.where(place >= 0, place * len(self.groups) + group, 0)
            found.append(np.where(place >= 0, factors.take(line), 0))
        return tuple(found)


def read_region(
    institutions: Table, groups: Table, differences: Table | None = None, auxiliaries: Table | None = None
) -> Region:
    """Read the region's tables; columns are named as the fields of `Institution`, `Group` and the factors.

    Raises TableError with every mistake of a table: rows that cannot be read, codes twice or unknown, a mean cost that
    is not above 0.
    """
    of_institutions, of_groups = _sound(institutions, Institution, "institutions"), _sound(groups, Group, "groups")
    places = _places(of_institutions, "fixmedins_code", "institutions")
    group_places = _places(of_groups, "group_code", "groups")
    problems: list[str] = []
    level = _words(of_institutions, "level", LEVEL.members, "institutions", problems)
    own = _words(of_institutions, "method", ("", *STAY_METHODS), "institutions", problems)
    flags = {
        name: _words(of_institutions, name, ("0", "1"), "institutions", problems)
        for name in ("pilot_tcm_flag", "day_surgery_flag")
    }
    of_group = {name: np.asarray(of_groups.columns[name], np.int64) for name in _GROUP_FIGURES}
    for name in ("basic_flag", "tcm_flag", "new_flag"):
        of_group[name.replace("_flag", "_group")] = _words(of_groups, name, ("0", "1"), "groups", problems)
    means = _means(of_groups, problems)
    codes = np.array([-1, *(METHOD.members.index(word) for word in STAY_METHODS)], np.int64)
    region = Region(
        institutions=places,
        names=tuple(np.asarray(of_institutions.columns["medins_name"]).tolist()),
        level=level,
        own_method=codes[own],
        institution_factor=np.asarray(of_institutions.columns["institution_factor"], np.int64),
        pilot_tcm=flags["pilot_tcm_flag"],
        day_surgery_accepted=flags["day_surgery_flag"],
        groups=group_places,
        group_names=tuple(np.asarray(of_groups.columns["group_name"]).tolist()),
        of_group=of_group,
        means=means,
        differences=_differences(differences, places, group_places, problems),
        auxiliaries=_auxiliaries(auxiliaries, group_places, problems),
    )
    if problems:
        raise TableError("; ".join(problems))
    return region


_GROUP_FIGURES: Final = ("base_points", "weight", "group_mean", "mean_days")


def _sound(table: Table, record: type[Any], what: str) -> ReadTable:
    read = read_table(table, record, what)
    if read.faults:
        shown = [f"row {row}: {fault.message}" for row, fault in sorted(read.faults.items())[:_SHOWN]]
        more = len(read.faults) - len(shown)
        raise TableError(f"{what}: {'; '.join(shown)}" + (f"; and {more} more row(s)" if more > 0 else ""))
    return read


def _places(read: ReadTable, name: str, what: str) -> dict[str, int]:
    codes = np.asarray(read.columns[name]).tolist()
    places: dict[str, int] = {}
    for at, code in enumerate(codes):  # in the order of the table, so that the place of a code is its position
        places.setdefault(code, at)
    wrong = [f"row {at}: {name} {code!r} stands twice" for at, code in enumerate(codes) if places[code] != at]
    wrong += [f"row {at}: {name} is empty" for at, code in enumerate(codes) if not code]
    if wrong:
        raise TableError(f"{what}: {'; '.join(wrong[:_SHOWN])}")
    return places


def _words(read: ReadTable, name: str, allowed: tuple[str, ...], what: str, problems: list[str]) -> Column:
    """A column of words as their positions."""
    column = Coded.of(read.columns[name])
    for word in column.values:
        if word not in allowed and len(read.columns[name]):
            row = int(np.flatnonzero(column.codes == column.positions[word])[0])
            problems.append(
                f"{what}: row {row}: {name} {word!r} is none of {', '.join(each or '(empty)' for each in allowed)}"
            )
    return column.figures(lambda word: allowed.index(word) if word in allowed else 0)


def _means(read: ReadTable, problems: list[str]) -> Column:
    """Mean cost by level and group, one row a level; the area's where a level has none."""
    area = np.asarray(read.columns["group_mean"], np.int64)
    codes = np.asarray(read.columns["group_code"])
    rows = []
    for at in range(len(LEVEL.members)):
        own = np.asarray(read.columns[_MEANS[at]], np.int64) if at < len(_MEANS) else np.full(len(area), NO_AMOUNT)
        rows.append(np.where(own == NO_AMOUNT, area, own))
    for name in ("group_mean", *_MEANS):
        stated = np.asarray(read.columns[name], np.int64)
        for row in np.flatnonzero((stated <= 0) & (stated != NO_AMOUNT))[:1].tolist():
            problems.append(
                f"groups: row {row}: {name} of {codes[row]} is not above 0: a case needs a mean to be measured by"
            )
    return np.concatenate(rows) if rows else np.empty(0, np.int64)


def _differences(
    table: Table | None, institutions: Mapping[str, int], groups: Mapping[str, int], problems: list[str]
) -> tuple[Column, Column]:
    if table is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    read = _sound(table, DifferenceFactor, "differences")
    place = _known(read, "fixmedins_code", institutions.get, "differences", problems)
    group = _known(read, "group_code", lambda code: groups.get(code) if code else -1, "differences", problems)
    keys = place * (len(groups) + 1) + group + 1
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(np.diff(keys[order]) == 0)
    if twice.size and not problems:
        problems.append(f"differences: row {int(order[twice[0] + 1])}: the pair stands twice")
    return keys[order], _factors(read, "difference_factor", "differences", problems)[order]


def _auxiliaries(
    table: Table | None, groups: Mapping[str, int], problems: list[str]
) -> dict[str, tuple[Mapping[str, int], Column]]:
    if table is None:
        return {}
    read = _sound(table, AuxiliaryFactor, "auxiliaries")
    group = _known(read, "group_code", groups.get, "auxiliaries", problems)
    dimension = _words(read, "dimension", tuple(AUXILIARY), "auxiliaries", problems)
    classes = np.asarray(read.columns["aux_class"])
    factors = _factors(read, "auxiliary_factor", "auxiliaries", problems)
    found: dict[str, tuple[Mapping[str, int], Column]] = {}
    for at, name in enumerate(AUXILIARY):
        rows = np.flatnonzero(dimension == at) if groups else np.empty(0, np.int64)
        places = {text: place for place, text in enumerate(dict.fromkeys(classes[rows].tolist()))}
        of_class = np.zeros(len(places) * len(groups), np.int64)
        line = np.array([places[text] for text in classes[rows].tolist()], np.int64) * len(groups) + group[rows]
        if len(np.unique(line)) < len(line):
            problems.append(f"auxiliaries: a class of {name} stands twice for one group")
        of_class[line] = factors[rows]
        if len(rows):
            found[name] = (places, of_class)
    return found


def _factors(read: ReadTable, name: str, what: str, problems: list[str]) -> Column:
    """A column of factors; one of 0 is a problem, and would look like none at all."""
    column = np.asarray(read.columns[name], np.int64)
    for row in np.flatnonzero(column <= 0)[:1].tolist():
        problems.append(f"{what}: row {row}: {name} is not above 0; leave the row out where there is no factor")
    return column


def _known(read: ReadTable, name: str, place: Callable[[str], int | None], what: str, problems: list[str]) -> Column:
    """The places of a column's codes; unknown ones are problems."""
    column = Coded.of(read.columns[name])
    for code in column.values:
        if place(code) is None and len(column):
            row = int(np.flatnonzero(column.codes == column.positions[code])[0])
            problems.append(f"{what}: row {row}: {name} {code!r} is not in the region's tables")

    def figure(code: str) -> int:
        found = place(code)
        return 0 if found is None else found

    return column.figures(figure)
