"""Pieces that are made ahead and written behind are the same, in their order, and what fails is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mipolicy.interop.ahead import ahead, behind, beside


def counted(stop: int, fail: int = -1, closed: list[str] | None = None) -> Iterator[int]:
    try:
        for at in range(stop):
            if at == fail:
                raise OSError(28, "No space left on device")
            yield at
    finally:
        if closed is not None:
            closed.append(threading.current_thread().name)


def test_pieces_come_in_their_order_from_another_thread() -> None:
    closed: list[str] = []
    assert list(ahead(counted(5, closed=closed))) == [0, 1, 2, 3, 4]
    assert closed
    assert closed[0] != threading.current_thread().name
    assert list(ahead(iter([1, 2]))) == [1, 2]
    assert list(ahead(counted(0))) == []


def test_what_fails_ahead_is_raised_in_its_place() -> None:
    found = ahead(counted(5, fail=2))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(OSError, match="No space left"):
        next(found)


def test_pieces_that_are_left_are_closed() -> None:
    closed: list[str] = []
    found = ahead(counted(5, closed=closed))
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]  # a generator
    assert len(closed) == 1


def test_work_is_done_in_order_by_the_end() -> None:
    done: list[int] = []
    with behind(done.append) as write:
        for at in range(5):
            write(at)
    assert done == [0, 1, 2, 3, 4]


def test_what_fails_behind_is_raised() -> None:
    def fail(at: int) -> None:
        if at == 1:
            raise OSError(28, "No space left on device")

    def write_up_to(last: int) -> None:
        with behind(fail) as write:
            for at in range(last + 1):
                write(at)

    for last in (1, 3):
        with pytest.raises(OSError, match="No space left"):
            write_up_to(last)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_is_worked_on_side_by_side_comes_in_order(threads: int) -> None:
    given: list[int] = []

    def pieces() -> Iterator[int]:
        for at in range(7):
            given.append(at)
            yield at

    found = beside(lambda at: 10 // (5 - at), pieces(), threads)
    assert [next(found) for _ in range(5)] == [2, 2, 3, 5, 10]
    assert len(given) <= 5 + threads
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_pieces_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(2, timeout=30)
    assert list(beside(lambda at: at + 0 * meeting.wait(), [1, 2], 2)) == [1, 2]
