"""What files larger than memory have in common: read in pieces, laid out on disk by person, taken up part by part.

Rows of one person go into one part, and so do persons who share an id, or of whom one reverses what is another's, so
that every check sees what it sees in the whole table.  What parts give comes out in the order of the file.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import attrs
import numpy as np
from attrs import define, field

from mipolicy.batch import Rejects
from mipolicy.interop import frames
from mipolicy.interop.ahead import ahead, behind
from mipolicy.interop.arrow import TEXTS, is_text
from mipolicy.interop.files import (
    FilePath,
    check_types,
    csv_pieces,
    not_a_folder,
    parquet_file,
    parquet_writer,
    replacing,
    suffix_of,
)
from mipolicy.interop.keys import NO_TEXT, across, among, keys_of, sharing
from mipolicy.interop.spool import ROW, Spool

__all__ = [
    "Step",
    "Work",
    "coded",
    "count_of",
    "empty_table",
    "keys_in",
    "lay_out",
    "numbered",
    "pieces_of",
    "reject_table",
    "rows_of",
    "tables",
    "working",
    "write_rows",
]

_BYTES_A_ROW: Final = 150
_PIECE: Final = 131_072
_MOST_PARTS: Final = 400
_OWN: Final = ("setl_id", "mdtrt_id", "psn_no", "feedetl_sn", "init_setl_id", "init_feedetl_sn")
"""Ids that hardly repeat; every other text is small integers on disk."""

Step = Callable[[str, int, int], None]
"""Is told what is done, how much of it, and of how much; 0 where that is not known."""


def _silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""


@define(eq=False)
class Work:
    """What is known while a file is worked on.

    parts: how many, the last for persons whose ids meet; together: the rows of these, None where there are none;
    empty: the columns of the file without rows; part: of each row, as long as that is needed; reasons: how many rows
    each reason stopped.
    """

    folder: Path
    spools: ExitStack
    step: Step
    parts: int
    rows: int = 0
    together: Any = None
    empty: Any = None
    part: Any = None
    reasons: Counter[str] = field(factory=Counter)
    spooled: dict[str, Spool] = field(factory=dict)

    def spool(self, name: str) -> Spool:
        """The rows of one kind, in parts."""
        if name not in self.spooled:
            self.spooled[name] = Spool(self.folder, name, self.parts)
            self.spools.callback(self.spooled[name].abandon)
        return self.spooled[name]


@contextmanager
def working(out: FilePath, step: Step | None, least: int) -> Iterator[Work]:
    """A folder beside the output for the time of the work; least: how many parts there are, one more is added."""
    parent = Path(out).resolve().parent
    with TemporaryDirectory(prefix=f".{Path(out).name}.", dir=parent) as folder, ExitStack() as spools:
        yield Work(Path(folder), spools, step or _silent, min(least, _MOST_PARTS) + 1)


# ---- reading ---------------------------------------------------------------------------------------------------------


def pieces_of(path: FilePath, record: type[Any]) -> Iterator[Any]:
    """The rows of a file as tables of Arrow, the first without rows; what repeats is dictionary-coded if it can be."""
    file, arrow = Path(path), import_module("pyarrow")
    if suffix_of(path) == ".csv":
        for piece in csv_pieces(file):
            yield arrow.table({name: arrow.array(column, arrow.large_string()) for name, column in piece.items()})
        return
    with parquet_file(file, _repeating(record)) as source:
        check_types(file, source.schema_arrow, record)
        yield _plain(arrow, source.schema_arrow.empty_table())
        for batch in source.iter_batches(batch_size=_PIECE):
            yield _plain(arrow, arrow.Table.from_batches([batch]))


def _repeating(record: type[Any]) -> list[str]:
    """The fields whose texts repeat."""
    return [each.name for each in attrs.fields(record) if each.metadata["kind"] in TEXTS and each.name not in _OWN]


def _plain(arrow: Any, table: Any) -> Any:
    """Ids that hardly repeat, and what is no text, are written out."""
    types = arrow.types
    fields = [
        each.with_type(each.type.value_type)
        if types.is_dictionary(each.type) and (each.name in _OWN or not is_text(types, each.type.value_type))
        else each
        for each in table.schema
    ]
    return table.cast(arrow.schema(fields))


def coded(spool: Spool, table: Any, record: type[Any]) -> Any:
    """A piece as the spool holds it: texts that repeat as codes."""
    types, repeating = import_module("pyarrow").types, _repeating(record)
    names = [
        each.name
        for each in table.schema
        if types.is_dictionary(each.type) or (each.name in repeating and is_text(types, each.type))
    ]
    return spool.coded(table, names)


def empty_table(path: FilePath, record: type[Any]) -> dict[str, Any]:
    """The columns of a file, without rows."""
    return frames.columns(next(pieces_of(path, record)), record)


def count_of(path: FilePath) -> int:
    """The rows of a file; of a CSV rather too many."""
    not_a_folder(Path(path))
    if suffix_of(path) == ".csv":
        return Path(path).stat().st_size // _BYTES_A_ROW
    with parquet_file(Path(path)) as source:
        return int(source.metadata.num_rows)


def keys_in(table: Any, name: str) -> Any:
    """The keys of a column of ids; those of empty text where the column is left out."""
    if name not in table.column_names:
        return np.full(table.num_rows, NO_TEXT)
    column = table.column(name)
    return keys_of(column.cast("string") if column.type == "null" else column)


def numbered(table: Any, first: int) -> Any:
    """Rows with where they stand in the file, from `first`."""
    return table.append_column(ROW, import_module("pyarrow").array(np.arange(first, first + table.num_rows)))


# ---- laying out ------------------------------------------------------------------------------------------------------


def lay_out(work: Work, path: FilePath, record: type[Any], what: str, ids: Sequence[str]) -> dict[str, Any]:
    """Lay out the rows by person in the spool `what`, and find which persons go together; gives the keys of the ids.

    ids: those that one person has alone; the first is what `init_setl_id` names.
    """
    spool, total = work.spool(what), count_of(path)
    keys: dict[str, list[Any]] = {name: [] for name in ("psn_no", *ids)}
    reversed_ids, reversing = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for piece in ahead(pieces_of(path, record)):
        for name, held in keys.items():
            held.append(keys_in(piece, name))
        person, named = keys["psn_no"][-1], keys_in(piece, "init_setl_id")
        reversed_ids.append(named[named != NO_TEXT])
        reversing.append(person[named != NO_TEXT])
        rows = numbered(piece, work.rows)
        work.empty = rows.slice(0, 0)
        spool.add(coded(spool, rows, record), (person % np.uint64(work.parts - 1)).astype(np.int64))
        work.rows += piece.num_rows
        work.step(f"reading {what}", work.rows, max(total, work.rows))
    spool.close()
    import_module("pyarrow").default_memory_pool().release_unused()
    person = np.concatenate(keys.pop("psn_no"))
    found: dict[str, Any] = {}
    met = []
    for at, name in enumerate(ids):
        found[name] = np.concatenate(keys.pop(name))
        met.append(sharing(found[name], person))
        if at == 0:
            met.append(across(found[name], person, np.concatenate(reversed_ids), np.concatenate(reversing)))
    persons = np.unique(np.concatenate(met))
    work.part = (person % np.uint64(work.parts - 1)).astype(np.int16)
    if persons.size:
        work.together = among(person, persons)
        work.part[work.together] = work.parts - 1
    return found


def tables(work: Work, what: str) -> Iterator[tuple[int, Any]]:
    """The parts of a spool in their order, None where one has no rows; persons who go together are the last."""
    arrow, apart = import_module("pyarrow"), []
    spool = work.spool(what)
    for at, table in enumerate(map(spool.read, range(work.parts - 1))):
        moved = None if table is None or work.together is None else work.together[rows_of(table)]
        if moved is not None and moved.any():
            apart.append(table.filter(moved))
            yield at, table.filter(~moved)
        else:
            yield at, table
    if apart:
        together = arrow.concat_tables(apart)
        yield work.parts - 1, together.take(np.argsort(rows_of(together), kind="stable"))
    else:
        yield work.parts - 1, None


def rows_of(table: Any) -> Any:
    """Where the rows of a part stood in the file."""
    return table.column(ROW).to_numpy()


# ---- writing ---------------------------------------------------------------------------------------------------------


def reject_table(rejects: Rejects, id_name: str) -> Any:
    """Rejects, named by the rows of the file, as they are spooled."""
    arrow = import_module("pyarrow")
    texts = {id_name: rejects.setl_id, "reason": rejects.reason, "message": rejects.message}
    columns = {name: arrow.array(column, arrow.string()) for name, column in texts.items()}
    return arrow.table({"row": rejects.row, **columns, ROW: rejects.row})


def write_rows(work: Work, path: FilePath, name: str, rows: int) -> None:
    """Write what was spooled, in the order of the file, whole or not at all."""
    spool, done = work.spool(name), 0
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
            write = open_files.enter_context(parquet_writer(file, schema)).write_table
        with behind(write) as write_behind:
            for table in ahead(spool.merged(rows)):
                write_behind(table.drop_columns([ROW]))
                done += table.num_rows
                work.step("writing", done, work.rows)
