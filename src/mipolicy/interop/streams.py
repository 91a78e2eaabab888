"""Files larger than memory: bills are settled by parts of the persons, and come out in the order of the file.

A bill depends on the other bills of its person and on its fee lines, and on nothing else of the table.  So the file is
read once and laid out on disk by person, the lines beside their bills; the parts are settled one after another, each as
a table, and what they give is brought into the order of the file.  Persons who share a settlement or an encounter id,
or of whom one reverses another's bill, go into one part, so that every check sees what it sees in the whole table.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import define, evolve, field, frozen

from mipolicy.batch import BatchGap, Gaps, Rejects, TableResult, settle_table
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.errors import PolicyGap
from mipolicy.interop import frames
from mipolicy.interop.arrow import pyarrow, taken, written
from mipolicy.interop.files import (
    FilePath,
    check_types,
    csv_pieces,
    not_a_folder,
    parquet_file,
    replacing,
    result_columns,
    suffix_of,
)
from mipolicy.interop.keys import NO_TEXT, across, among, keys_of, sharing
from mipolicy.interop.spool import ROW, Spool
from mipolicy.policy import Policy

__all__ = ["PART_ROWS", "Streamed", "is_large", "settle_files"]

PART_ROWS: Final = 400_000
"""So many bills, or four times as many fee lines, are settled at a time."""
_LINES_A_BILL: Final = 4
_BYTES_A_ROW: Final = 150
_PIECE: Final = 131_072
_MOST_PARTS: Final = 400

Step = Callable[[str, int, int], None]
"""Is told what is done, how much of it, and of how much; 0 where that is not known."""


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
    rows = _count(bills)
    large = rows > PART_ROWS or (lines is not None and _count(lines) > _LINES_A_BILL * PART_ROWS)
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
    pyarrow(out, "parquet", "pyarrow.parquet")
    options = {"columns": columns, "gaps": gaps, "threads": threads}
    first = _empty(bills, Bill), (None if lines is None else _empty(lines, Line))
    settle_table(policy, first[0], lines=first[1], **options)  # type: ignore[arg-type]  # whose shape is then known good
    parent = Path(out).resolve().parent
    with tempfile.TemporaryDirectory(prefix=f".{Path(out).name}.", dir=parent) as folder, ExitStack() as spools:
        work = _Work(Path(folder), spools, step or _silent, _parts(bills, lines, part_rows))
        _lay_out_bills(work, bills)
        if lines is not None:
            _lay_out_lines(work, lines)
        _settle_parts(work, policy, options, suffix_of(out) == ".csv")
        counts = work.counts
        if work.reasons or always or Path(rejects).exists():
            _write(work, rejects, "rejects", work.rows)
        if work.line_reasons or Path(line_rejects).exists():
            _write(work, line_rejects, "line-rejects", work.line_rows)
        _write(work, out, "settled", work.rows)
    return Streamed(work.rows, counts, work.reasons, work.line_reasons)


def _silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""


@define(eq=False)
class _Work:
    """What is known while a file is settled.

    parts: how many, the last for persons whose ids meet; together: the rows of these, None where there are none;
    encounter, part_of: keys of encounters in order, and the part of each.
    """

    folder: Path
    spools: ExitStack
    step: Step
    parts: int
    rows: int = 0
    line_rows: int = 0
    counts: int = 0
    together: Any = None
    empty: Any = None
    encounter: Any = None
    part_of: Any = None
    reasons: Counter[str] = field(factory=Counter)
    line_reasons: Counter[str] = field(factory=Counter)
    spooled: dict[str, Spool] = field(factory=dict)

    def spool(self, name: str) -> Spool:
        """The rows of one kind, in parts."""
        if name not in self.spooled:
            self.spooled[name] = Spool(self.folder, name, self.parts)
            self.spools.callback(self.spooled[name].abandon)
        return self.spooled[name]


# ---- reading ---------------------------------------------------------------------------------------------------------


def _pieces(path: FilePath, record: type[Any]) -> Iterator[Any]:
    """The rows of a file as tables of Arrow, the first without rows; dictionaries are written out."""
    file, arrow = Path(path), import_module("pyarrow")
    if suffix_of(path) == ".csv":
        for piece in csv_pieces(file):
            yield arrow.table({name: arrow.array(column, arrow.large_string()) for name, column in piece.items()})
        return
    with parquet_file(file) as source:
        check_types(file, source.schema_arrow, record)
        yield _plain(arrow, source.schema_arrow.empty_table())
        for batch in source.iter_batches(batch_size=_PIECE):
            yield _plain(arrow, arrow.Table.from_batches([batch]))


def _plain(arrow: Any, table: Any) -> Any:
    fields = [
        each.with_type(each.type.value_type) if arrow.types.is_dictionary(each.type) else each for each in table.schema
    ]
    return table.cast(arrow.schema(fields))


def _empty(path: FilePath, record: type[Any]) -> dict[str, Any]:
    return frames.columns(next(_pieces(path, record)), record)


def _parts(bills: FilePath, lines: FilePath | None, part_rows: int) -> int:
    """How many parts the rows make, with one more for the persons whose ids meet."""
    least = _count(bills) // part_rows
    if lines is not None:
        least = max(least, _count(lines) // (_LINES_A_BILL * part_rows))
    return min(least + 1, _MOST_PARTS) + 1


def _count(path: FilePath) -> int:
    """The rows of a file; of a CSV rather too many."""
    not_a_folder(Path(path))
    if suffix_of(path) == ".csv":
        return Path(path).stat().st_size // _BYTES_A_ROW
    with parquet_file(Path(path)) as source:
        return int(source.metadata.num_rows)


def _keys(table: Any, name: str) -> Any:
    """The keys of a column of ids; those of empty text where the column is left out."""
    if name not in table.column_names:
        return np.full(table.num_rows, NO_TEXT)
    return keys_of(np.asarray(taken(table.column(name), "id")))


def _numbered(table: Any, first: int) -> Any:
    return table.append_column(ROW, import_module("pyarrow").array(np.arange(first, first + table.num_rows)))


# ---- laying out ------------------------------------------------------------------------------------------------------


def _lay_out_bills(work: _Work, bills: FilePath) -> None:
    """The bills by person, and which persons go together."""
    spool, total = work.spool("bills"), _count(bills)
    keys: dict[str, list[Any]] = {name: [] for name in ("psn_no", "setl_id", "mdtrt_id")}
    reversed_ids, reversing = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for piece in _pieces(bills, Bill):
        for name, found in keys.items():
            found.append(_keys(piece, name))
        person, named = keys["psn_no"][-1], _keys(piece, "init_setl_id")
        reversed_ids.append(named[named != NO_TEXT])
        reversing.append(person[named != NO_TEXT])
        numbered = _numbered(piece, work.rows)
        work.empty = numbered.slice(0, 0)
        spool.add(numbered, (person % np.uint64(work.parts - 1)).astype(np.int64))
        work.rows += piece.num_rows
        work.step("reading bills", work.rows, max(total, work.rows))
    spool.close()
    import_module("pyarrow").default_memory_pool().release_unused()
    person = np.concatenate(keys.pop("psn_no"))
    ids = np.concatenate(keys.pop("setl_id"))
    met = [sharing(ids, person), across(ids, person, np.concatenate(reversed_ids), np.concatenate(reversing))]
    ids = np.concatenate(keys.pop("mdtrt_id"))
    persons = np.unique(np.concatenate([*met, sharing(ids, person)]))
    part = (person % np.uint64(work.parts - 1)).astype(np.int16)
    if persons.size:
        work.together = among(person, persons)
        part[work.together] = work.parts - 1
    order = np.argsort(ids)
    work.encounter, work.part_of = ids[order], part[order]


def _lay_out_lines(work: _Work, lines: FilePath) -> None:
    """The lines beside their bills; those without a bill are in the first part."""
    spool, total = work.spool("lines"), _count(lines)
    for piece in _pieces(lines, Line):
        keys = _keys(piece, "mdtrt_id")
        part = np.zeros(piece.num_rows, np.int64)
        if work.rows:
            at = np.minimum(np.searchsorted(work.encounter, keys), work.rows - 1)
            part = np.where(work.encounter[at] == keys, work.part_of[at], 0).astype(np.int64)
        spool.add(_numbered(piece, work.line_rows), part)
        work.line_rows += piece.num_rows
        work.step("reading lines", work.line_rows, max(total, work.line_rows))
    spool.close()
    work.encounter = work.part_of = None


# ---- settling --------------------------------------------------------------------------------------------------------


def _settle_parts(work: _Work, policy: Policy, options: Mapping[str, Any], as_text: bool) -> None:
    """Settle part after part; every gap of the file is reported together."""
    gaps: dict[str, tuple[PolicyGap, int]] = {}
    apart: list[Any] = []
    for at in range(work.parts):
        work.step("settling", at, work.parts)
        bills = _bills_of(work, at, apart)
        lines = work.spool("lines").read(at) if work.line_rows else None
        if bills is None:
            if lines is None and at:  # the first part is settled in any case: it says which columns come out
                continue
            bills = work.empty
        rows, line_rows = _rows(bills), _rows(lines) if lines is not None else np.empty(0, np.int64)
        try:
            result = settle_table(
                policy,
                frames.columns(bills.drop_columns([ROW]), Bill),
                lines=None if lines is None else frames.columns(lines.drop_columns([ROW]), Line),
                **options,
            )
        except BatchGap as gap:
            for each, count in gap.gaps:
                gaps[str(each)] = (each, gaps.get(str(each), (each, 0))[1] + count)
            continue
        _spool_result(work, at, result, rows, line_rows, as_text)
    if gaps:
        raise BatchGap(tuple(gaps.values()))
    for name in ("settled", "rejects", "line-rejects"):
        work.spool(name).close()


def _bills_of(work: _Work, at: int, apart: list[Any]) -> Any:
    """The bills of a part; those of persons who go together are kept apart, and are the last."""
    arrow = import_module("pyarrow")
    if at == work.parts - 1:
        if not apart:
            return None
        table = arrow.concat_tables(apart)
        return table.take(np.argsort(_rows(table), kind="stable"))
    table = work.spool("bills").read(at)
    if table is None or work.together is None:
        return table
    moved = work.together[_rows(table)]
    if moved.any():
        apart.append(table.filter(moved))
        table = table.filter(~moved)
    return table


def _rows(table: Any) -> Any:
    return table.column(ROW).to_numpy()


def _spool_result(work: _Work, at: int, result: TableResult, rows: Any, line_rows: Any, as_text: bool) -> None:
    """What a part gave, by the rows of the file."""
    arrow = import_module("pyarrow")
    if len(result) or at == 0:
        columns = result.texts() if as_text else result_columns(result)
        cells = {
            name: arrow.array(column, arrow.string()) if as_text else written(column)
            for name, column in columns.items()
        }
        work.spool("settled").write(at, arrow.table({**cells, ROW: rows[result.row]}))
    for name, rejects, of, reasons in (
        ("rejects", result.rejects, rows, work.reasons),
        ("line-rejects", result.line_rejects, line_rows, work.line_reasons),
    ):
        renamed = _renamed(rejects, of, line_rows)
        work.spool(name).write(at, _reject_table(renamed, "setl_id" if name == "rejects" else "feedetl_sn"))
        reasons.update(renamed.reason)
    work.counts += len(result)


def _renamed(rejects: Rejects, rows: Any, line_rows: Any) -> Rejects:
    """Rejects by the rows of the file; a message that names a line by its row in the part too."""
    messages = tuple(
        re.sub(r"^line in row ([0-9]+):", lambda found: f"line in row {line_rows[int(found[1])]}:", message)
        for message in rejects.message
    )
    return evolve(rejects, row=rows[rejects.row], message=messages)


def _reject_table(rejects: Rejects, id_name: str) -> Any:
    arrow = import_module("pyarrow")
    texts = {id_name: rejects.setl_id, "reason": rejects.reason, "message": rejects.message}
    columns = {name: arrow.array(column, arrow.string()) for name, column in texts.items()}
    return arrow.table({"row": rejects.row, **columns, ROW: rejects.row})


# ---- writing ---------------------------------------------------------------------------------------------------------


def _write(work: _Work, path: FilePath, name: str, rows: int) -> None:
    """Write what was spooled, in the order of the file, whole or not at all."""
    arrow, done = import_module("pyarrow"), 0
    spool = work.spool(name)
    schema = spool.schema()
    schema = schema.remove(schema.get_field_index(ROW))
    with replacing(path) as file, ExitStack() as open_files:
        if suffix_of(path) == ".csv":
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            open_files.callback(text.detach)
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(schema.names)

            def write(table: Any) -> None:
                writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))

        else:
            write = open_files.enter_context(arrow.parquet.ParquetWriter(file, schema)).write_table
        for table in spool.merged(rows):
            write(table.drop_columns([ROW]))
            done += table.num_rows
            work.step("writing", done, work.rows)
