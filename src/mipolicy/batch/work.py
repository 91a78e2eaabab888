"""How the rows of a table are shared out: blocks that stay in the processor's cache, in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from mipolicy.batch.prepare import BLOCK_ROWS

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Work"]

S = TypeVar("S")
T = TypeVar("T")


@frozen(slots=False)
class Work:
    """How many rows are worked on at once, and in how many threads; neither changes a figure.

    The threads are started once and end with what holds this.
    """

    threads: int = 1
    block_rows: int = BLOCK_ROWS

    def spans(self, rows: int) -> list[slice]:
        """So many rows in blocks of nearly one size, no fewer blocks than threads where that is worth while."""
        blocks = -(-rows // self.block_rows)
        if rows > _LEAST_ROWS * self.threads:
            blocks = -(-blocks // self.threads) * self.threads
        size = -(-rows // max(1, blocks))
        return [slice(begin, min(begin + size, rows)) for begin in range(0, rows, size)] if rows else []

    def each(self, block: Callable[[S], T], spans: Sequence[S]) -> list[T]:
        """What each block gives, in their order; the first error stands."""
        if self.threads == 1 or len(spans) < 2:
            return [block(span) for span in spans]
        return list(self._pool.map(block, spans))

    def end(self) -> None:
        """Stop the threads, once the blocks that are under way are done; those that wait are dropped."""
        if "_pool" in self.__dict__:
            self._pool.shutdown(cancel_futures=True)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor  # only threads need it

        return ThreadPoolExecutor(self.threads)


_LEAST_ROWS = 4_096
"""Fewer rows than so many are not worth a thread."""
