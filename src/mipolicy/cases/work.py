"""How the rows of a table are shared out: blocks that stay in the processor's cache, in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from mipolicy.batch.pool import mapped
from mipolicy.batch.prepare import BLOCK_ROWS

__all__ = ["Work"]

T = TypeVar("T")


@frozen
class Work:
    """How many rows are worked on at once, and in how many threads; neither changes a figure."""

    threads: int = 1
    block_rows: int = BLOCK_ROWS

    def spans(self, rows: int) -> list[slice]:
        """So many rows in blocks of nearly one size, no fewer blocks than threads where that is worth while."""
        blocks = -(-rows // self.block_rows)
        if rows > _LEAST_ROWS * self.threads:
            blocks = -(-blocks // self.threads) * self.threads
        size = -(-rows // max(1, blocks))
        return [slice(begin, min(begin + size, rows)) for begin in range(0, rows, size)] if rows else []

    def each(self, block: Callable[[slice], T], spans: Sequence[slice]) -> list[T]:
        """What each block gives, in their order."""
        return mapped(block, spans, self.threads if len(spans) > 1 else 1)


_LEAST_ROWS = 4_096
"""Fewer rows than so many are not worth a thread."""
