"""Work on several pieces at once: one is read or written by another thread, or a few are worked on side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

__all__ = ["ahead", "behind", "beside"]

T = TypeVar("T")
R = TypeVar("R")
_END: Final = object()


def ahead(pieces: Iterator[T]) -> Iterator[T]:
    """The same pieces in the same order, each made by another thread while the one before it is used."""
    with ThreadPoolExecutor(1) as reader:
        coming: Future[Any] = reader.submit(next, pieces, _END)
        try:
            while (piece := coming.result()) is not _END:
                coming = reader.submit(next, pieces, _END)
                yield piece
        finally:
            coming.cancel()
            reader.submit(getattr(pieces, "close", lambda: None)).result()


def beside(work: Callable[[T], R], pieces: Iterable[T], threads: int) -> Iterator[R]:
    """What the work gives for each piece, in their order; as many pieces as threads are worked on at once."""
    if threads < 2:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(threads) as pool:
        held: deque[Future[R]] = deque()
        for piece in pieces:
            if len(held) == threads:
                yield held.popleft().result()
            held.append(pool.submit(work, piece))
        while held:
            yield held.popleft().result()


@contextmanager
def behind(work: Callable[[T], object]) -> Iterator[Callable[[T], None]]:
    """A call that does the work in another thread, at most one piece behind; what fails there is raised here."""
    with ThreadPoolExecutor(1) as worker:
        held: list[Future[object]] = []

        def call(piece: T) -> None:
            if held:
                held.pop().result()
            held.append(worker.submit(work, piece))

        yield call
        if held:
            held.pop().result()
