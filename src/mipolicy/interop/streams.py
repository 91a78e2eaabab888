"""Files larger than memory: bills are settled by parts of the persons, and come out in the order of the file.

A bill depends on the other bills of its person and on its fee lines, and on nothing else of the table.  So the file is
read once and laid out on disk by person, the lines beside their bills; the parts are settled one after another, each as
a table, and what they give is brought into the order of the file.  Persons who share a settlement or an encounter id,
or of whom one reverses another's bill, go into one part, so that every check sees what it sees in the whole table.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import evolve, frozen

from mipolicy.batch import BatchGap, Gaps, Rejects, TableResult, settle_table
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.errors import PolicyGap
from mipolicy.interop import frames
from mipolicy.interop.ahead import ahead, beside
from mipolicy.interop.arrow import pyarrow, written
from mipolicy.interop.files import FilePath, result_columns, suffix_of
from mipolicy.interop.parts import (
    Step,
    Work,
    coded,
    count_of,
    empty_table,
    keys_in,
    lay_out,
    numbered,
    pieces_of,
    reject_table,
    rows_of,
    tables,
    working,
    write_rows,
)
from mipolicy.interop.spool import ROW
from mipolicy.policy import Policy

__all__ = ["PART_ROWS", "Streamed", "is_large", "settle_files"]

PART_ROWS: Final = 400_000
"""So many bills, or four times as many fee lines, are settled at a time."""
_LINES_A_BILL: Final = 4
_MOST_THREADS: Final = 2
_IDS: Final = ("setl_id", "mdtrt_id", "psn_no")


@frozen
class Streamed:
    """What settling a file came to; rows in = rows settled + rows rejected.

    rejected, line_rejects: how many rows each reason stopped.
    """

    rows_in: int
    settled: int
    rejected: Mapping[str, int]
    line_rejects: Mapping[str, int]


def is_large(bills: FilePath, lines: FilePath | None = None) -> bool:
    """Whether files make more than one part, and pyarrow is there to settle them so."""
    rows = count_of(bills)
    large = rows > PART_ROWS or (lines is not None and count_of(lines) > _LINES_A_BILL * PART_ROWS)
    return large and find_spec("pyarrow") is not None


def settle_files(
    policy: Policy,
    bills: FilePath,
    out: FilePath,
    *,
    lines: FilePath | None = None,
    rejects: FilePath,
    line_rejects: FilePath,
    always: bool = False,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    threads: int | None = None,
    part_rows: int = PART_ROWS,
    step: Step | None = None,
) -> Streamed:
    """Settle a file of bills part by part, with the figures and in the order of `mipolicy.settle`.

    bills, lines: .csv or .parquet; out, rejects, line_rejects: where settled and rejected rows go, each file whole or
    not at all, the rejects only where there are any, where a file of that name is there, or with `always`; columns,
    gaps, threads: as for `mipolicy.settle`; part_rows: bills that are settled at a time; step: is told of progress.
    The folder of `out` needs room for the input and the output beside them.
    Messages that say on which day a code was looked up name the first day of a part, not of the file.
    Raises what reading a file and settling a table raise; a BatchGap counts the rows of the whole file.
    """
    pyarrow(out, "pyarrow.parquet")
    options = {"columns": columns, "gaps": gaps, "threads": threads}
    first = empty_table(bills, Bill), (None if lines is None else empty_table(lines, Line))
    settle_table(policy, first[0], lines=first[1], **options)  # type: ignore[arg-type]  # whose shape is then known good
    with working(out, step, _parts(bills, lines, part_rows)) as work:
        found = lay_out(work, bills, Bill, "bills", ("setl_id", "mdtrt_id"))
        line_rows = 0 if lines is None else _lay_out_lines(work, lines, found["mdtrt_id"])
        del found
        work.part = None
        settled, line_reasons = _settle_parts(work, policy, options, suffix_of(out) == ".csv", line_rows)
        if work.reasons or always or Path(rejects).exists():
            write_rows(work, rejects, "rejects", work.rows)
        if line_reasons or Path(line_rejects).exists():
            write_rows(work, line_rejects, "line-rejects", line_rows)
        write_rows(work, out, "settled", work.rows)
    return Streamed(work.rows, settled, work.reasons, line_reasons)


def _parts(bills: FilePath, lines: FilePath | None, part_rows: int) -> int:
    """How many parts the rows make."""
    least = count_of(bills) // part_rows
    if lines is not None:
        least = max(least, count_of(lines) // (_LINES_A_BILL * part_rows))
    return least + 1


def _lay_out_lines(work: Work, lines: FilePath, encounters: Any) -> int:
    """The lines beside their bills; those without a bill are in the first part.  Gives how many there are.

    encounters: the key of each bill's.
    """
    order = np.argsort(encounters)
    encounter, part_of = encounters[order], work.part[order]
    spool, total, rows = work.spool("lines"), count_of(lines), 0
    for piece in ahead(pieces_of(lines, Line)):
        keys = keys_in(piece, "mdtrt_id")
        part = np.zeros(piece.num_rows, np.int64)
        if work.rows:
            at = np.minimum(np.searchsorted(encounter, keys), work.rows - 1)
            part = np.where(encounter[at] == keys, part_of[at], 0).astype(np.int64)
        spool.add(coded(spool, numbered(piece, rows), Line), part)
        rows += piece.num_rows
        work.step("reading lines", rows, max(total, rows))
    spool.close()
    return rows


def _settle_parts(
    work: Work, policy: Policy, options: Mapping[str, Any], as_text: bool, lines_in: int
) -> tuple[int, Counter[str]]:
    """Settle the parts, one a thread; every gap of the file is reported together.

    Gives how many rows are settled, and how many lines each reason stopped.
    """
    gaps: dict[str, tuple[PolicyGap, int]] = {}
    line_reasons: Counter[str] = Counter()
    settled = 0
    spooled = ("settled", "rejects", "line-rejects")
    for name in spooled:
        work.spool(name)

    def settle(part: tuple[int, Any, Any]) -> _Part:
        return _settle_part(work, policy, options, as_text, part)

    threads = options["threads"] or min(os.cpu_count() or 1, _MOST_THREADS)
    for found in beside(settle, _parts_of(work, lines_in), threads):
        for each, count in found.gaps:
            gaps[str(each)] = (each, gaps.get(str(each), (each, 0))[1] + count)
        settled += found.settled
        work.reasons.update(found.reasons)
        line_reasons.update(found.line_reasons)
    if gaps:
        raise BatchGap(tuple(gaps.values()))
    for name in spooled:
        work.spool(name).close()
    return settled, line_reasons


@frozen
class _Part:
    """What settling a part came to."""

    settled: int = 0
    reasons: tuple[str, ...] = ()
    line_reasons: tuple[str, ...] = ()
    gaps: tuple[tuple[PolicyGap, int], ...] = ()


def _parts_of(work: Work, lines_in: int) -> Iterator[tuple[int, Any, Any]]:
    """The parts, each with its bills and its lines; the first in any case: it says which columns come out."""
    for at, held in tables(work, "bills"):
        work.step("settling", at, work.parts)
        lines = work.spool("lines").read(at) if lines_in else None
        if held is not None or lines is not None or not at:
            yield at, work.empty if held is None else held, lines


def _settle_part(
    work: Work, policy: Policy, options: Mapping[str, Any], as_text: bool, part: tuple[int, Any, Any]
) -> _Part:
    at, bills, lines = part
    rows, line_rows = rows_of(bills), rows_of(lines) if lines is not None else np.empty(0, np.int64)
    try:
        result = settle_table(
            policy,
            frames.columns(bills.drop_columns([ROW]), Bill),
            lines=None if lines is None else frames.columns(lines.drop_columns([ROW]), Line),
            **{**options, "threads": 1},
        )
    except BatchGap as gap:
        return _Part(gaps=gap.gaps)
    if len(result) or at == 0:
        _spool_settled(work, at, result, bills, as_text)
    rejects, line_rejects = (
        _renamed(of, places, line_rows) for of, places in ((result.rejects, rows), (result.line_rejects, line_rows))
    )
    work.spool("rejects").write(at, reject_table(rejects, "setl_id"))
    work.spool("line-rejects").write(at, reject_table(line_rejects, "feedetl_sn"))
    return _Part(len(result), rejects.reason, line_rejects.reason)


def _spool_settled(work: Work, at: int, result: TableResult, bills: Any, as_text: bool) -> None:
    """The settled rows of a part, by the rows of the file; ids as they stand in it."""
    arrow = import_module("pyarrow")
    held = {
        name: bills.column(name).take(result.row).cast(arrow.string()).fill_null("")
        for name in _IDS
        if name in result.columns
    }
    rest = evolve(result, columns={name: column for name, column in result.columns.items() if name not in held})
    if as_text:
        made = {name: arrow.array(column, arrow.string()) for name, column in rest.texts().items()}
    else:
        made = {name: written(column) for name, column in result_columns(rest).items()}
    cells = {name: held[name] if name in held else made[name] for name in result.columns}
    work.spool("settled").write(at, arrow.table({**cells, ROW: rows_of(bills)[result.row]}))


def _renamed(rejects: Rejects, rows: Any, line_rows: Any) -> Rejects:
    """Rejects by the rows of the file; a message that names a line by its row in the part too."""
    messages = tuple(
        re.sub(r"^line in row ([0-9]+):", lambda found: f"line in row {line_rows[int(found[1])]}:", message)
        for message in rejects.message
    )
    return evolve(rejects, row=rows[rejects.row], message=messages)
