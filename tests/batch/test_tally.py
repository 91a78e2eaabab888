"""Sums by code: exact at any size, in any order, merged as one pass over both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import TableError
from mipolicy.batch.tally import CodeSums, Tally

blocks = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.one_of(st.integers(-9, 9), st.integers(-(2**63), 2**63 - 1))), max_size=6),
    max_size=6,
)


@given(blocks)
def test_sums_are_those_of_python(made: list[list[tuple[int, int]]]) -> None:
    tally, expected = Tally(["a", "ones"]), dict[int, list[int]]()
    for block in made:
        codes = np.array([code for code, _ in block], np.int64)
        tally.add("code", codes, {"a": np.array([figure for _, figure in block], np.int64), "ones": 1})
        for code, figure in block:
            sums = expected.setdefault(code, [0, 0])
            sums[0] += figure
            sums[1] += 1
    size = max(expected, default=-1) + 1
    found = tally.sums()
    assert found["a"] == tuple(expected.get(code, [0, 0])[0] for code in range(size))
    assert found["ones"] == tuple(expected.get(code, [0, 0])[1] for code in range(size))


def test_sums_of_other_columns_do_not_add_up() -> None:
    with pytest.raises(TableError, match="sums of a and of b cannot be added up"):
        CodeSums({"a": (1,)}) + CodeSums({"b": (1,)})
