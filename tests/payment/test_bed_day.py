"""Bed-day points: against the oracle; phases, same-day stays; messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.errors import InputError, MipolicyError
from mipolicy.payment.bed_day import (
    BedDayCase,
    BedDayList,
    BedDayPoints,
    BedDayTerms,
    DayStandard,
    list_of,
    pay,
)
from tests.oracles import bed_day as oracle
from tests.payment.drg_cases import LEVELS, ONE
from tests.payment.shared import check_refused
from tests.strategies import as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)

# one place: two lists, by level, in phases
PHASED = BedDayTerms(
    scale=100 * ONE,
    lists=(BedDayList("精神", ("F20.900", "F31.900")), BedDayList("康复", ("Z50.100",))),
    standards=(
        DayStandard("精神三级", "精神", ("tertiary",), 1, 420_00),
        DayStandard("精神三级61", "精神", ("tertiary",), 61, 300_00),
        DayStandard("精神其他", "精神", LEVELS[1:], 1, 260_00),
        DayStandard("康复31", "康复", LEVELS, 31, 380_00),
        DayStandard("康复", "康复", LEVELS, 1, 500_00),
    ),
    phase_scope="each_day",
)
# another: one standard for all, 1,000 points
PLAIN = attrs.evolve(
    PHASED,
    scale=1000 * ONE,
    lists=(BedDayList("长期", ("F20.900",)),),
    standards=(DayStandard("长期", "长期", LEVELS, 1, 200_00),),
)


def stay(**changes: int) -> BedDayCase[int]:
    return attrs.evolve(BedDayCase(bed_day_list=0, level=0, days=10, mean_of_all=12_000_00), **changes)


def words(terms: BedDayTerms) -> dict[str, Any]:
    found = attrs.asdict(terms)
    return {**found, "scale": Fraction(terms.scale, ONE)}


@st.composite
def stays(draw: DrawFn, terms: BedDayTerms) -> BedDayCase[int]:
    return BedDayCase(
        bed_day_list=draw(st.integers(0, len(terms.lists) - 1)),
        level=draw(st.integers(0, 4)),
        days=draw(st.one_of(st.sampled_from((0, 1, 2, 30, 31, 59, 60, 61)), st.integers(0, 200))),
        mean_of_all=draw(st.one_of(st.sampled_from((3, 8_000_00)), st.integers(3, 5_000_000))),
    )


@many
@given(st.sampled_from((PHASED, PLAIN)), st.sampled_from(("each_day", "whole_stay")), st.data())
def test_ints_columns_traces_and_the_oracle_agree(place: BedDayTerms, scope: str, data: st.DataObject) -> None:
    terms = attrs.evolve(place, phase_scope=scope)
    rows = data.draw(st.lists(stays(terms), min_size=1, max_size=5))
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        case = {
            "bed_day_list": terms.lists[row.bed_day_list].name,
            "level": LEVELS[row.level],
            "days": row.days,
            "mean_of_all": row.mean_of_all,
        }
        assert Fraction(one.points, ONE) == oracle.points(words(terms), case)


def test_points_of_a_day_at_four_decimals() -> None:
    """420 / 12,000 x 100 = 3.5 a day; 260 / 12,000 x 100 = 2.1667 a day, x 10 = 21.667."""
    assert pay(PHASED, stay()) == BedDayPoints(10, 420_00, 35_000, 350_000)
    assert pay(PHASED, stay(level=1)) == BedDayPoints(10, 260_00, 21_667, 216_670)
    assert pay(PLAIN, stay()) == BedDayPoints(10, 200_00, 166_667, 1_666_670)


@pytest.mark.parametrize(("days", "points"), [(0, 35_000), (1, 35_000), (2, 70_000)])
def test_a_stay_of_the_same_day_is_one_day(days: int, points: int) -> None:
    assert pay(PHASED, stay(days=days)).points == points


@pytest.mark.parametrize(
    ("scope", "days", "points"),
    [
        ("each_day", 60, 2_100_000),
        ("each_day", 61, 2_125_000),  # 60 x 3.5 + 2.5
        ("whole_stay", 60, 2_100_000),
        ("whole_stay", 61, 1_525_000),  # 61 x 2.5
    ],
)
def test_phases_by_day_or_by_the_whole_stay(scope: str, days: int, points: int) -> None:
    assert pay(attrs.evolve(PHASED, phase_scope=scope), stay(days=days)).points == points


def test_lists_by_disease() -> None:
    assert [list_of(PHASED, code) for code in ("F31.900", "Z50.100", "J18.900")] == [0, 1, -1]


ONLY = attrs.evolve(PHASED, standards=PHASED.standards[:2])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: pay(PHASED, stay(days=-1)), InputError,
         "BedDayCase.days: -1 is outside 0 to 1000000; the field is days of the stay, in days"),
        (lambda: pay(PHASED, stay(mean_of_all=0)), InputError,
         "mean_of_all is 0; state the mean cost of all cases of the year"),
        (lambda: pay(attrs.evolve(PLAIN, standards=(DayStandard("x", "长期", LEVELS, 1, 10**6),)),
                     as_columns([stay(), stay(mean_of_all=1)])), InputError,
         "row 1: mean_of_all is 1 fen, too small for the standards of a day; state it in fen, over all cases"),
        (lambda: pay(ONLY, as_columns([stay(), stay(level=1)])), InputError,
         "row 1: no standard of a day for list 0 at the level of the case; state one"),
        (lambda: pay(PHASED, as_columns([stay(), stay(bed_day_list=-1)])), InputError,
         "row 1: no list of bed-days holds the disease or the group of the case; add it to one, or pay it otherwise"),
        (lambda: pay(PHASED, stay(bed_day_list=2)), InputError,
         "no standard of a day for list 2 at the level of the case; state one"),
        (lambda: attrs.evolve(PHASED, scale=0), InputError,
         "scale is 0; a case that costs the mean of all has points"),
        (lambda: attrs.evolve(PHASED, lists=(*PHASED.lists, BedDayList("又", ("F20.900",)))), InputError,
         "a disease stands in two lists; a stay can have one standard a day only"),
        (lambda: attrs.evolve(PHASED, lists=PHASED.lists[:1]), InputError,
         "standard '康复31' is for '康复', no list; lists: 精神"),
        (lambda: attrs.evolve(PLAIN, standards=(DayStandard("x", "长期", (), 1, 1),)), InputError,
         "standard 'x' needs a level and a first day from 1 on"),
        (lambda: attrs.evolve(PLAIN, standards=(DayStandard("x", "长期", LEVELS, 2, 1),)), InputError,
         "list '长期' at tertiary has no standard from day 1"),
        (lambda: attrs.evolve(PLAIN, standards=(*PLAIN.standards, DayStandard("x", "长期", LEVELS, 1, 1))), InputError,
         "list '长期' at tertiary has two standards from one day"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
