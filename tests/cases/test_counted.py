"""Rows counted: against a count of tuples; parts merge in any order."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.cases.counted import Counted
from mipolicy.texts import Coded

Line: TypeAlias = tuple[str, int, int]
many = settings(max_examples=100, deadline=None)
lines = st.lists(
    st.tuples(st.sampled_from(("", "A", "B", "Z")), st.sampled_from((0, 1, 2**40, 2**62)), st.integers(0, 5)),
    max_size=30,
)


def counted(table: list[Line]) -> Counted:
    texts = Coded.of([text for text, _, _ in table])
    figures = np.array([figure for _, figure, _ in table], np.int64)
    days = np.array([day for _, _, day in table], np.int64)
    return Counted.of({"code": texts, "cost": figures}, {"cases": np.ones(len(table), np.int64), "days": days})


def in_words(found: Counted) -> list[tuple[str, int, int, int]]:
    codes = [found.values["code"][at] for at in found.keys["code"].tolist()]
    rest = (found.keys["cost"].tolist(), found.sums["cases"].tolist(), found.sums["days"].tolist())
    return list(zip(codes, *rest, strict=True))


def literally(table: list[Line]) -> list[tuple[str, int, int, int]]:
    cases = Counter((text, figure) for text, figure, _ in table)
    days: Counter[tuple[str, int]] = Counter()
    for text, figure, day in table:
        days[text, figure] += day
    return [(*key, cases[key], days[key]) for key in sorted(cases)]


@many
@given(lines)
def test_rows_are_counted(table: list[Line]) -> None:
    found = counted(table)
    assert in_words(found) == literally(table)
    assert len(found) == len(literally(table))
    assert found.values["code"] == tuple(sorted({text for text, _, _ in table}))


@many
@given(lines, lines, lines)
def test_parts_merge_in_any_order_and_grouping(one: list[Line], two: list[Line], three: list[Line]) -> None:
    a, b, c = counted(one), counted(two), counted(three)
    whole = counted(one + two + three)
    assert a + b + c == whole == c + (b + a)
    assert (a + b == whole) == (not three)


@many
@given(lines)
def test_rows_told_apart_by_less(table: list[Line]) -> None:
    found = counted(table).by("cost")
    by_cost = Counter(figure for _, figure, _ in table)
    assert dict(zip(found.keys["cost"].tolist(), found.sums["cases"].tolist(), strict=True)) == by_cost
    assert found.values == {}


@pytest.mark.parametrize("other", [1, "counted", None])
def test_only_counts_are_equal_to_counts(other: object) -> None:
    assert counted([("A", 1, 1)]) != other
