"""Work on columns in threads: numpy lets go of the interpreter while it works on one, so threads share the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["mapped"]

T = TypeVar("T")
R = TypeVar("R")


def mapped(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """What the work gives for each item, in their order; the first error stands."""
    if threads == 1:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # only threads need it

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
