"""Work a step ahead: the next piece is read, or the last one written, while this one is worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

__all__ = ["ahead", "behind"]

T = TypeVar("T")
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
