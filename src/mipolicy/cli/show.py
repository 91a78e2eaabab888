"""Tables and progress on a terminal: tables become lists where it is too narrow, progress only where there is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

__all__ = ["counted", "heading", "line", "progress", "table"]

_WIDE: Final = 1_000
"""What is not a terminal takes lines of any length, so nothing is wrapped there."""
_LEAST: Final = 16
"""A column of words may be folded down to this width."""


def _console(stream: IO[str]) -> Console:
    # text from policies and tables is printed as it is: no markup, no colours for figures
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def line(text: str = "") -> None:
    """One line of text; the terminal wraps it."""
    _console(sys.stdout).print(text, soft_wrap=True)


def heading(text: str) -> None:
    """A heading, with an empty line before it."""
    line()
    _console(sys.stdout).print(Text(text, "bold"), soft_wrap=True)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, figures: Sequence[int] = (), names: Sequence[int] = (0,)
) -> None:
    """A table; where the terminal is too narrow for it, each row as a list of name: value.

    figures, names: places of the columns that hold figures, set to the right, and names; neither is ever folded.
    """
    console = _console(sys.stdout)
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    whole = {*figures, *names}
    least = [width if at in whole else min(width, _LEAST) for at, width in enumerate(widths)]
    if sum(least) + 2 * (len(heads) - 1) > console.width:
        _listed(console, heads, rows)
        return
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for at, head in enumerate(heads):
        side: Literal["left", "right"] = "right" if at in figures else "left"
        shown.add_column(Text(head), justify=side, overflow="fold", no_wrap=at in whole, min_width=least[at])
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    if console.is_terminal:
        console.print(shown)
        return
    with console.capture() as kept:
        console.print(shown)
    for text in kept.get().splitlines():
        console.print(text.rstrip(), soft_wrap=True)


def _listed(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            if cell:
                console.print(f"{head}: {cell}", soft_wrap=True)
        console.print()


@contextmanager
def progress(stages: int) -> Iterator[Callable[[str], None]]:
    """Progress on stderr while it is a terminal, gone when done; call what it gives at the start of each stage."""
    console = _console(sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("starting", total=stages)
        begun = 0

        def stage(name: str) -> None:
            nonlocal begun
            shown.update(task, description=name, completed=begun)
            begun += 1

        yield stage


@contextmanager
def counted() -> Iterator[Callable[[str, int, int], None]]:
    """Progress as `progress` shows it, of work that is counted: what is done, how much of it, and of how much."""
    console = _console(sys.stderr)
    if not console.is_terminal:
        yield lambda *_: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("starting", total=None)
        yield lambda what, done, of: shown.update(task, description=what, completed=done, total=of)
