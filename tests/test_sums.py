"""Exact sums: of a column, by place and over runs, against Python ints, beyond int64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.sums import starts_of, sums_by, sums_of_runs, total

figures = st.one_of(
    st.integers(-5, 5),
    st.integers(-(10**12), 10**12),
    st.sampled_from((2**63 - 1, -(2**63), 2**62, -(2**62), 2**32, -1)),
)
rows = st.lists(st.tuples(st.integers(0, 4), figures), max_size=40)


@given(rows)
def test_sums_are_those_of_python(listed: list[tuple[int, int]]) -> None:
    place, column = (np.array([row[at] for row in listed], np.int64) for at in (0, 1))
    assert total(column) == sum(figure for _, figure in listed)
    by_place = [sum(figure for at, figure in listed if at == place) for place in range(6)]
    assert sums_by(place, column, 6) == by_place
    order = np.argsort(place, kind="stable")
    found = sums_of_runs(column[order], starts_of(place[order]))
    assert found == [by_place[at] for at in sorted({at for at, _ in listed})]
    for figure in (total(column), *sums_by(place, column, 6), *found):
        assert type(figure) is int


@pytest.mark.parametrize("figure", [2**62, 2**63 - 1, -(2**63), -(2**62) - 1])
def test_sums_just_beyond_int64(figure: int) -> None:
    column, place = np.full(3, figure, np.int64), np.array([1, 1, 0])
    assert total(column) == 3 * figure
    assert sums_by(place, column, 3) == [figure, 2 * figure, 0]
    assert sums_of_runs(column, np.array([0, 1])) == [figure, 2 * figure]


def test_sums_of_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert total(none) == 0
    assert sums_by(none, none, 2) == [0, 0]
    assert sums_of_runs(none, starts_of(none)) == []


def test_a_run_begins_where_any_column_changes() -> None:
    one, other = np.array([1, 1, 1, 2, 2]), np.array([3, 3, 4, 4, 4])
    assert starts_of(one).tolist() == [0, 3]
    assert starts_of(one, other).tolist() == [0, 2, 3]
    assert starts_of(other, one).tolist() == [0, 2, 3]
