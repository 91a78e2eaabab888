"""What changes between two catalogues (rule P31), and where the cases of basic groups go (rule P01, 基层病种).

Points, weights and factors per ten thousand, means in fen, changes in hundredths of a percent, shares per million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
from attrs import field, frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_columns
from mipolicy.errors import CodeError, InputError
from mipolicy.money import RATE_ONE, Column, factor_text, yuan_text
from mipolicy.payment.case import AuxiliaryFactor, DifferenceFactor, Group
from mipolicy.rounding import half_up

__all__ = [
    "CHANGES",
    "FactorChange",
    "GroupChange",
    "LevelCases",
    "LevelShift",
    "factor_changes",
    "group_changes",
    "level_shift",
]

CHANGES: Final = ("added", "removed", "changed")
"""A group of the new catalogue only, of the old one only, or of both with other figures."""

_ZH: Final = {"added": "新增", "removed": "删除", "changed": "调整"}
_FLAGS: Final = ("kind", "basic_flag", "tcm_flag")
T = TypeVar("T")


@frozen
class GroupChange:
    """One group that differs between two catalogues; None where a side does not have it.

    points_change, mean_change, weight_change: (new - old) / old in hundredths of a percent, rounded half up; None where
    there is no old figure above 0.  flags: which of kind, basic and TCM flags differ.
    """

    group_code: str
    change: str
    old_points: int | None
    new_points: int | None
    points_change: int | None
    old_weight: int | None
    new_weight: int | None
    weight_change: int | None
    old_mean: int | None
    new_mean: int | None
    mean_change: int | None
    flags: tuple[str, ...]

    def text(self, language: str = "en") -> str:
        """The change as one line, in English or Chinese ("zh")."""
        zh = language == "zh"
        parts = [f"{self.group_code} {_ZH[self.change] if zh else self.change}"]
        for name, old, new, change, read in (
            ("分值" if zh else "points", self.old_points, self.new_points, self.points_change, factor_text),
            ("权重" if zh else "weight", self.old_weight, self.new_weight, self.weight_change, factor_text),
            ("次均费用" if zh else "mean", self.old_mean, self.new_mean, self.mean_change, yuan_text),
        ):
            if old != new:
                sides = " -> ".join("–" if side is None else read(side) for side in (old, new))
                parts.append(f"{name} {sides}" + ("" if change is None else f" ({_percent(change)})"))
        return "; ".join([*parts, *self.flags])


@frozen
class FactorChange:
    """A factor that differs between two lists: of an institution, or of a class of the auxiliary catalogue."""

    key: tuple[str, ...]
    change: str
    old_factor: int | None
    new_factor: int | None
    factor_change: int | None

    def text(self, language: str = "en") -> str:
        """The change as one line, in English or Chinese ("zh")."""
        zh = language == "zh"
        sides = " -> ".join("–" if side is None else factor_text(side) for side in (self.old_factor, self.new_factor))
        percent = "" if self.factor_change is None else f" ({_percent(self.factor_change)})"
        word = _ZH[self.change] if zh else self.change
        return f"{' '.join(filter(None, self.key))} {word}; {'系数' if zh else 'factor'} {sides}{percent}"


def _percent(hundredths: int) -> str:
    sign = "-" if hundredths < 0 else "+"
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}%"


def _relative(old: int | None, new: int | None) -> int | None:
    return half_up((new - old) * 10_000, old) if old and old > 0 and new is not None else None


def _by_key(listed: Iterable[T], key: tuple[str, ...], which: str) -> dict[tuple[str, ...], T]:
    found: dict[tuple[str, ...], T] = {}
    for each in listed:
        name = tuple(getattr(each, part) for part in key)
        if name in found:
            raise CodeError(f"{' '.join(filter(None, name))} stands twice in the {which} list; keep one line of it")
        found[name] = each
    return found


def group_changes(old: Iterable[Group], new: Iterable[Group]) -> tuple[GroupChange, ...]:
    """The change log between two catalogues, sorted by group (rule P31); groups that are the same are left out.

    A group counts as changed where its points, weight, mean, kind or flags differ; of DIP and DRG alike.
    Raises CodeError for a group that stands twice in a catalogue.

    Source: 泰州 2024 二(三)(3), "DRG核心要素调整完善和执行情况".
    """
    before, after = (_by_key(each, ("group_code",), side) for each, side in ((old, "old"), (new, "new")))
    changes = []
    for key in sorted({*before, *after}):
        one, two = before.get(key), after.get(key)
        flags = tuple(name for name in _FLAGS if one and two and getattr(one, name) != getattr(two, name))
        points, weights, means = (
            (getattr(one, name, None), getattr(two, name, None)) for name in ("base_points", "weight", "group_mean")
        )
        if flags or any(left != right for left, right in (points, weights, means)):
            changes.append(
                GroupChange(
                    key[0],
                    "added" if one is None else "removed" if two is None else "changed",
                    *points,
                    _relative(*points),
                    *weights,
                    _relative(*weights),
                    *means,
                    _relative(*means),
                    flags,
                )
            )
    return tuple(changes)


def factor_changes(
    old: Sequence[DifferenceFactor] | Sequence[AuxiliaryFactor],
    new: Sequence[DifferenceFactor] | Sequence[AuxiliaryFactor],
) -> tuple[FactorChange, ...]:
    """The change log between two lists of factors, both difference factors or both auxiliary ones (rule P31).

    Raises InputError for lists of different records, CodeError for a line that stands twice.
    """
    kinds = {type(each) for each in (*old, *new)}
    if len(kinds) > 1:
        raise InputError("difference factors and auxiliary factors are compared apart; give two lists of one kind")
    auxiliary = AuxiliaryFactor in kinds
    name = "auxiliary_factor" if auxiliary else "difference_factor"
    key = ("group_code", "dimension", "aux_class") if auxiliary else ("fixmedins_code", "group_code")
    before, after = (_by_key(each, key, side) for each, side in ((old, "old"), (new, "new")))
    changes = []
    for each in sorted({*before, *after}):
        one, two = getattr(before.get(each), name, None), getattr(after.get(each), name, None)
        if one != two:
            change = "added" if one is None else "removed" if two is None else "changed"
            changes.append(FactorChange(each, change, one, two, _relative(one, two)))
    return tuple(changes)


@frozen
class LevelCases:
    """How many cases of each group were treated at each level; `a + b` is what one pass over both gives."""

    cases: Mapping[str, tuple[int, ...]] = field(factory=dict)

    @classmethod
    def of(cls, groups: Sequence[str], group: Column, level: Column) -> LevelCases:
        """The counts of a table of cases; groups: what the group codes stand for; level: position in `LEVEL`.

        Raises CodeError for a code out of range, naming the row; TableError for a group that stands twice.
        """
        check_columns("cases by level", group=(group, groups), level=(level, LEVEL))
        levels = len(LEVEL.members)
        counts = np.bincount(group * levels + level, minlength=len(groups) * levels).reshape(-1, levels).tolist()
        return cls({name: tuple(row) for name, row in zip(groups, counts, strict=True) if any(row)})

    def __add__(self, other: LevelCases) -> LevelCases:
        none = (0,) * len(LEVEL.members)
        keys = sorted({*self.cases, *other.cases})
        return LevelCases({key: _added(self.cases.get(key, none), other.cases.get(key, none)) for key in keys})


def _added(one: Sequence[int], two: Sequence[int]) -> tuple[int, ...]:
    return tuple(left + right for left, right in zip(one, two, strict=True))


@frozen
class LevelShift:
    """Where the cases of a group, or of all basic groups ("" as group), are treated before and after, by level.

    shares per million of the group's cases, None where a period has none; shift: after less before, in the same unit.
    """

    group_code: str
    cases_before: tuple[int, ...]
    cases_after: tuple[int, ...]
    shares_before: tuple[int, ...] | None
    shares_after: tuple[int, ...] | None
    shift: tuple[int, ...] | None


def level_shift(groups: Iterable[Group], before: LevelCases, after: LevelCases) -> tuple[LevelShift, ...]:
    """How the cases of basic groups moved between levels (rule P01): a line for all of them, then one for each.

    Each share is rounded half up by itself.  Raises InputError where the catalogue has no basic group.

    Source: 常德 2023 三(八), "加强设置基础病种,引导医疗资源下沉".
    """
    basic = sorted({group.group_code for group in groups if group.basic_flag == "1"})
    if not basic:
        raise InputError("the catalogue has no basic group whose cases could shift; flag them (基层病种)")
    none = (0,) * len(LEVEL.members)
    rows = [(code, before.cases.get(code, none), after.cases.get(code, none)) for code in basic]
    whole = ("", none, none)
    for _, one, two in rows:
        whole = ("", _added(whole[1], one), _added(whole[2], two))
    return tuple(_shift(*row) for row in (whole, *rows))


def _shift(code: str, before: tuple[int, ...], after: tuple[int, ...]) -> LevelShift:
    one, two = (_shares(each) for each in (before, after))
    moved = None if one is None or two is None else tuple(b - a for a, b in zip(one, two, strict=True))
    return LevelShift(code, before, after, one, two, moved)


def _shares(cases: Sequence[int]) -> tuple[int, ...] | None:
    whole = sum(cases)
    return tuple(half_up(each * int(RATE_ONE), whole) for each in cases) if whole else None
