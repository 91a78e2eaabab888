"""Rows shared out in blocks: each row once, in order, whatever the threads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.batch.work import Work


@given(st.integers(0, 200_000), st.integers(1, 4), st.integers(50, 70_000))
def test_blocks_hold_each_row_once_and_no_more_than_fit(rows: int, threads: int, block_rows: int) -> None:
    spans = Work(threads, block_rows).spans(rows)
    assert [span.start for span in spans] + [rows] == [0, *(span.stop for span in spans)] or not rows
    assert all(0 < span.stop - span.start <= block_rows for span in spans)
    assert bool(spans) == (rows > 0)


@pytest.mark.parametrize(
    ("rows", "threads", "sizes"),
    [(4_000, 2, [4_000]), (20_000, 2, [10_000, 10_000]), (70_000, 2, [35_000, 35_000]), (70_000, 1, [35_000, 35_000])],
)
def test_threads_have_blocks_of_one_size_where_there_are_rows_enough(rows: int, threads: int, sizes: list[int]) -> None:
    assert [span.stop - span.start for span in Work(threads, 65_536).spans(rows)] == sizes


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_blocks_are_told_in_their_order_and_the_first_error_stands(threads: int) -> None:
    work = Work(threads, 10)
    assert work.each(lambda span: span.start, work.spans(95)) == list(range(0, 95, 10))
    assert work.each(lambda each: each * 2, range(1)) == [0]

    def broken(at: int) -> int:
        return 1 // (at % 3)

    with pytest.raises(ZeroDivisionError):
        work.each(broken, range(1, 9))
