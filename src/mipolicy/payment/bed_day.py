"""Bed-day points (床日点数), phased by length of stay (rule A18).

formulas.md section 3.  Points per ten thousand, amounts in fen.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, for_each, refuse
from mipolicy.errors import InputError
from mipolicy.money import A
from mipolicy.payment.outliers import MOST_MEANS
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, RecordsKind, TextKind, terms_field
from mipolicy.rounding import any_columns
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, beyond, capped, is_over, is_same, mul_div, pick

__all__ = ["BedDayCase", "BedDayList", "BedDayPoints", "BedDayTerms", "DayStandard", "list_of", "pay"]

_NO_END: Final = 1_000_001
_MOST_POINTS: Final = 10**11
_UNLISTED: Final = "no list of bed-days holds the disease or the group of the case; add it to one, or pay it otherwise"
_TOO_SMALL: Final = "mean_of_all is {} fen, too small for the standards of a day; state it in fen, over all cases"


@frozen
class BedDayList:
    """A list of diseases or groups that bed-days pay for."""

    name: str = terms_field(TextKind(), "名称", "name of the list")
    diseases: tuple[str, ...] = terms_field(CodesKind(), "病种(病组)编码", "codes of its diseases or groups")


@frozen
class DayStandard:
    """The standard of a day from a day of the stay on, for a list at the levels named."""

    name: str = terms_field(TextKind(), "名称", "name of the standard")
    bed_day_list: str = terms_field(TextKind(), "病种清单", "the list it is for")
    levels: tuple[str, ...] = terms_field(CodesKind(LEVEL.members), "适用医院等级", "levels")
    from_day: int = terms_field(FigureKind("days"), "起始住院日", "first day of the phase")
    standard: int = terms_field(FigureKind("fen"), "床日标准", "standard of a day")


@frozen
class BedDayTerms:
    """What a document fixes for stays that are scored by the day."""

    scale: int = terms_field(FigureKind("points"), "点数基数", "points of a case that costs the mean of all")
    lists: tuple[BedDayList, ...] = terms_field(RecordsKind(BedDayList, "name"), "床日病种清单", "lists of diseases")
    standards: tuple[DayStandard, ...] = terms_field(
        RecordsKind(DayStandard, "name"), "床日标准", "standards by list, level and phase"
    )
    phase_scope: str = terms_field(
        ChoiceKind(("each_day", "whole_stay")), "分段口径", "each day at its phase, or all at that of the last day"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.scale < 1:
            raise InputError("scale is 0; a case that costs the mean of all has points")
        names = [each.name for each in self.lists]
        codes = [code for each in self.lists for code in each.diseases]
        if len(set(codes)) != len(codes):
            raise InputError("a disease stands in two lists; a stay can have one standard a day only")
        for each in self.standards:
            if each.bed_day_list not in names:
                raise InputError(
                    f"standard {each.name!r} is for {each.bed_day_list!r}, no list; lists: {', '.join(names)}"
                )
            if not each.levels or not 1 <= each.from_day < _NO_END:
                raise InputError(f"standard {each.name!r} needs a level and a first day from 1 on")
        for name in names:
            for level in LEVEL.members:
                _check_phases(name, level, [each.from_day for each in _of(self.standards, name, level)])


def _of(standards: tuple[DayStandard, ...], name: str, level: str) -> list[DayStandard]:
    found = [each for each in standards if each.bed_day_list == name and level in each.levels]
    return sorted(found, key=lambda each: each.from_day)


def _check_phases(name: str, level: str, first_days: list[int]) -> None:
    if first_days and first_days[0] != 1:
        raise InputError(f"list {name!r} at {level} has no standard from day 1")
    if len(set(first_days)) != len(first_days):
        raise InputError(f"list {name!r} at {level} has two standards from one day")


@frozen
class BedDayCase(Generic[A]):
    """One stay, coded: its list as `list_of` gives it, its level and its days."""

    bed_day_list: A = labelled("count", "床日病种清单", "position of the list")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    days: A = labelled("days", "实际住院天数", "days of the stay")
    mean_of_all: A = labelled("fen", "全部病例次均费用", "mean cost of all cases")


@frozen
class BedDayPoints(Generic[A]):
    """The points of a stay, step by step, in the order computed."""

    counted_days: A = labelled("days", "计点天数", "days that count")
    day_standard: A = labelled("fen", "末日床日标准", "standard of the last day")
    points_per_day: A = labelled("points", "末日床日点数", "points of the last day")
    points: A = labelled("points", "病例点数", "points of the case")


def list_of(terms: BedDayTerms, code: str) -> int:
    """The position of the list that holds a disease or group, or -1 where bed-days do not pay for it."""
    return next((at for at, each in enumerate(terms.lists) if code in each.diseases), -1)


def pay(terms: BedDayTerms, case: BedDayCase[A]) -> BedDayPoints[A]:
    """The points of one stay, or of a column of stays, by the day.

    Points of a day are its standard / mean of all x scale, rounded half up once at four decimals; times the days.  A
    stay of the same day is one day.  In phases each day has the points of its phase, or all those of the last day's.
    Raises InputError, CodeError or AmountError for an input out of range (`check_input`), InputError for a case on no
    list, a mean of 0 and a list that has no standard at the level, each naming the row.

    Source: formulas.md section 3, bed-day.
    """
    any_columns(case.bed_day_list)
    refuse(case.bed_day_list < 0, _UNLISTED)
    check_input(case, most=MOST_MEANS)
    refuse(case.mean_of_all == 0, "mean_of_all is 0; state the mean cost of all cases of the year")
    counted = pick(is_same(case.days, 0), 1, case.days)
    standard, per_day, points, covered = (for_each(0, counted) for _ in range(4))
    for at, each in enumerate(terms.lists):
        for code, level in enumerate(LEVEL.members):
            here = all_of(is_same(case.bed_day_list, at), is_same(case.level, code))
            phases = _of(terms.standards, each.name, level)
            ends = [phase.from_day for phase in phases[1:]] + [_NO_END]
            for phase, end in zip(phases, ends, strict=False):
                of_day = mul_div(phase.standard, terms.scale, case.mean_of_all)
                refuse(of_day > _MOST_POINTS, _TOO_SMALL, case.mean_of_all)
                reached = all_of(here, is_over(counted, phase.from_day - 1))
                inside = capped(beyond(counted, phase.from_day - 1), end - phase.from_day)
                points = points + pick(reached, of_day * inside, 0)
                standard = pick(reached, phase.standard, standard)
                per_day = pick(reached, of_day, per_day)
                covered = any_of(covered, reached)
    no_standard = "no standard of a day for list {} at the level of the case; state one"
    refuse(covered == 0, no_standard, case.bed_day_list)
    if terms.phase_scope == "whole_stay":
        points = per_day * counted
    return BedDayPoints(counted, standard, per_day, points)
