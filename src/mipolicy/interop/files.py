"""Tables as files: CSV and Parquet in, CSV and Parquet out, each written whole or not at all.

In a file a figure stands as people read it: yuan, pieces and rates, as text or decimals.  Integers and floats are
refused there, because 1230 could be yuan or fen and 0.1 is no exact float.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import attrs
import numpy as np

from mipolicy.batch.result import OUTPUTS, Rejects, TableResult
from mipolicy.benefits.bill import Bill
from mipolicy.cases.result import CASE_OUTPUTS, PaidTable
from mipolicy.errors import TableError
from mipolicy.interop.arrow import DAYS, TEXTS, coded, decimals, is_text, pyarrow, written
from mipolicy.policy.kinds import unit_text
from mipolicy.tables import Axis
from mipolicy.texts import Coded

__all__ = [
    "SUFFIXES",
    "check_target",
    "read",
    "write",
    "write_paid",
    "write_rejects",
    "write_result",
    "write_units",
]

FilePath: TypeAlias = str | os.PathLike[str]
SUFFIXES: Final = (".csv", ".parquet")
"""How the name of a file ends that can be read and written."""
_CHUNK: Final = 65_536


def read(path: FilePath, record: type[Any] | None = Bill) -> dict[str, Any]:
    """Read a file into the mapping of columns that `mipolicy.settle` takes; every column of a CSV is text.

    path: a .csv in UTF-8, with or without a byte order mark, or a .parquet; record: `Bill` or `Line`, whose figures
    and codes a Parquet file must hold as decimals and text, or None for a table of any kind.
    Raises TableError, naming the line or the column, for what cannot be read; OSError.
    """
    file = Path(path)
    not_a_folder(file)
    return _read_csv(file) if suffix_of(file) == ".csv" else _read_parquet(file, record)


def names_in(file: Path) -> list[str]:
    """The names of the columns of a file."""
    if suffix_of(file) == ".csv":
        return [*next(csv_pieces(file))]
    with parquet_file(file) as source:
        return [*source.schema_arrow.names]


def not_a_folder(file: Path) -> None:
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))


def suffix_of(path: FilePath) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise TableError(f"{os.fspath(path)}: a table is a file that ends in {' or '.join(SUFFIXES)}")
    return suffix


# ---- CSV -------------------------------------------------------------------------------------------------------------


def _read_csv(file: Path) -> dict[str, Any]:
    pieces = list(csv_pieces(file))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def csv_pieces(file: Path, wanted: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """The columns of a CSV in pieces of rows, all of them text; the first piece has the names, and no rows.

    wanted: which columns; all of them by default.  Raises TableError, naming the line.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            names = next(rows, [])
            if not "".join(names).strip() and len(names) < 2:
                raise TableError(f"{file} is empty: a first line with the names of the columns is due")
            yield dict.fromkeys(_names(file, names), np.empty(0, np.str_))
            kept = [at for at, name in enumerate(names) if wanted is None or name in wanted]
            for chunk in _chunks(file, rows, len(names)):
                yield {names[at]: np.array([row[at] for row in chunk], np.str_) for at in kept}
        except csv.Error as error:
            raise TableError(f"{file}, line {rows.line_num}: {error}") from None
        except UnicodeDecodeError:
            raise TableError(f"{file}, {_not_utf8(file)}; save the file as UTF-8") from None


def _not_utf8(file: Path) -> str:
    """Where a file is not UTF-8: no letter of UTF-8 holds a line break."""
    begin = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                at = begin + error.start
                return f"line {number}: not UTF-8 at byte {at} (0x{line[error.start]:02x})"
            begin += len(line)
    return "it is not UTF-8"  # pragma: no cover  # it was changed meanwhile


def _names(file: Path, names: list[str]) -> list[str]:
    problems = []
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        problems.append("the first line is one cell; cells are parted by commas")
    problems += [f"column {at} has no name" for at, name in enumerate(names, 1) if not name.strip()]
    problems += _twice(names)
    if problems:
        raise TableError(f"{file}: {'; '.join(problems)}")
    return names


def _twice(names: Sequence[str]) -> list[str]:
    again = dict.fromkeys(name for name in names if name.strip() and names.count(name) > 1)
    return [f"column {name} stands twice" for name in again]


def _chunks(file: Path, rows: Any, width: int) -> Iterator[list[list[str]]]:
    """The rows, in chunks."""
    held: list[list[str]] = []
    blank = 0
    for row in rows:
        if not row:
            blank = blank or rows.line_num
            continue
        if blank:
            raise TableError(f"{file}, line {blank}: an empty line between rows")
        if len(row) != width:
            raise TableError(f"{file}, line {rows.line_num}: {len(row)} cell(s), the first line names {width} columns")
        held.append(row)
        if len(held) == _CHUNK:
            yield held
            held = []
    if held:
        yield held


def _write_csv(file: IO[bytes], columns: Mapping[str, Any]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        texts = (column.texts() if isinstance(column, Coded) else column for column in columns.values())
        writer.writerows(zip(*texts, strict=True))
        text.flush()
    finally:
        text.detach()  # the file is closed by whoever opened it


# ---- Parquet ---------------------------------------------------------------------------------------------------------

_EXAMPLES: Final[Mapping[str, tuple[str, str]]] = {
    "fen": ("yuan or fen", "decimals in yuan such as 12.30"),
    "price": ("yuan or millionths of one", "decimals in yuan such as 12.345678"),
    "quantity": ("pieces or parts of one", "decimals in pieces such as 2.0000"),
    "rate": ("shares or percent", "decimals such as 0.1000, or text such as 10%"),
    "factor": ("a factor or parts of one", "decimals such as 1.0300"),
    "points": ("points or parts of one", "decimals such as 655.7133"),
}
"""By kind of field: what an integer could mean there, and how a figure is written in a file."""
_PLACES: Final = {"fen": 2, "points": 4, "factor": 4}
_PLAIN_SCALE: Final = 6
"""Decimals of more places may be written with an exponent, which no amount takes."""


def _read_parquet(file: Path, record: type[Any] | None) -> dict[str, Any]:
    arrow = pyarrow(file, "pyarrow.parquet")
    kinds = {each.name: each.metadata["kind"] for each in attrs.fields(record)} if record else {}
    with parquet_file(file) as source:
        table = source.read()
    check_types(file, table.schema, record)
    return {name: _column(arrow, table.column(name), kinds.get(name, "")) for name in table.column_names}


@contextmanager
def parquet_file(file: Path, coded_texts: Sequence[str] = ()) -> Iterator[Any]:
    """A Parquet file that is open; raises TableError for what is none, also where that shows while it is read.

    coded_texts: columns of text that are read as dictionaries.
    """
    arrow = pyarrow(file, "pyarrow.parquet")
    with file.open("rb") as opened:
        try:
            known = arrow.parquet.read_metadata(opened) if coded_texts else None
            held = known.schema.to_arrow_schema() if known is not None else ()
            repeating = [each.name for each in held if each.name in coded_texts and is_text(arrow.types, each.type)]
            source = arrow.parquet.ParquetFile(opened, metadata=known, read_dictionary=repeating)
            twice = _twice(source.schema_arrow.names)
            if twice:
                raise TableError(f"{file}: {'; '.join(twice)}")
            yield source
        except (arrow.ArrowException, OSError) as error:
            raise TableError(f"{file}: not a Parquet file that can be read: {str(error).splitlines()[0]}") from None


def check_types(file: Path, schema: Any, record: type[Any] | None) -> None:
    """Check the types of a Parquet file for the fields of a record; raises TableError with all that are wrong."""
    types = import_module("pyarrow").types
    kinds = {each.name: each.metadata["kind"] for each in attrs.fields(record)} if record else {}
    problems = []
    for name, of in zip(schema.names, schema.types, strict=True):
        problem = _type_problem(types, of, kinds.get(name, "")) if record is None or name in kinds else ""
        if problem:
            problems.append(f"column {name} holds {problem}")
    if problems:
        raise TableError(f"{file}: {'; '.join(problems)}")


def _type_problem(types: Any, of: Any, kind: str) -> str:
    """What is wrong with the type of a column for a field of this kind; empty where nothing is."""
    if types.is_dictionary(of):
        of = of.value_type
    if types.is_null(of) or is_text(types, of):
        return ""
    if types.is_timestamp(of) and of.tz is not None:
        return f"times of the zone {of.tz}; write the local clock time, without a zone"
    if kind in TEXTS:
        return f"{of}; codes and ids are text and keep their leading zeros"
    if kind in DAYS:
        return "" if types.is_date(of) or types.is_timestamp(of) else f"{of}; write dates, timestamps or ISO text"
    if kind in _EXAMPLES and not types.is_decimal(of):
        meanings, example = _EXAMPLES[kind]
        why = f"which could be {meanings}" if types.is_integer(of) else "which is not exact"
        return f"{of}, {why}; write {example}"
    if types.is_nested(of):
        return f"{of}; a table has plain columns"
    return ""


def _column(arrow: Any, column: Any, kind: str) -> Any:
    """A column of Arrow as numpy has it: text, `Coded`, decimals as text, days and seconds; nulls as empty text."""
    types, of = arrow.types, column.type
    if types.is_dictionary(of):
        if is_text(types, of.value_type) and kind in (*TEXTS, ""):
            return coded(column.chunks)
        column = column.cast(of.value_type)
        of = column.type
    if types.is_null(of):
        return np.full(len(column), "", np.str_)
    if types.is_decimal(of):
        if not 0 <= of.scale <= _PLAIN_SCALE:
            return np.array(column.to_pylist(), object)
        column, of = column.cast(arrow.string()), arrow.string()
    if is_text(types, of):
        return np.array(column.fill_null("").to_pylist(), np.str_)
    if types.is_date(of) and kind != "time":
        return column.cast(arrow.date32()).to_numpy()
    if types.is_date(of) or types.is_timestamp(of):
        times = column.cast(arrow.timestamp("s"), safe=False)
        return np.array(times.to_pylist(), object) if times.null_count else times.to_numpy()
    return column.to_numpy()


def _write_parquet(file: IO[bytes], columns: Mapping[str, Any]) -> None:
    arrow = pyarrow("writing", "pyarrow.parquet")
    table = arrow.table({name: written(column) for name, column in columns.items()})
    with parquet_writer(file, table.schema) as writer:
        writer.write_table(table)


def parquet_writer(file: IO[bytes], schema: Any) -> Any:
    """A writer of Parquet: amounts as whole numbers with two places; text that is coded keeps its dictionary."""
    arrow = pyarrow("writing", "pyarrow.parquet")
    coded_names = [each.name for each in schema if arrow.types.is_dictionary(each.type)]
    return arrow.parquet.ParquetWriter(file, schema, use_dictionary=coded_names, store_decimal_as_integer=True)


# ---- writing ---------------------------------------------------------------------------------------------------------


def check_target(path: FilePath) -> None:
    """Check that a file of this name can be written, before the work that fills it.

    Raises TableError for another kind of file; OSError for a folder of that name, or one that is missing.
    """
    file = Path(path)
    not_a_folder(file)
    suffix_of(file)
    if not file.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.parent))


@contextmanager
def replacing(path: FilePath) -> Iterator[IO[bytes]]:
    """A file that takes its name once it is whole; on any error nothing is left of it."""
    check_target(path)
    final = Path(os.path.realpath(path))
    temporary = final.with_name(f".{final.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, final)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename = os.fspath(path)
        raise


def write(path: FilePath, columns: Mapping[str, Any]) -> None:
    """Write columns of text or `Coded`, or of integers that are no amounts, as one file, whole or not at all.

    path: ends in .csv (UTF-8) or .parquet.  Raises TableError for columns of unequal length; OSError.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise TableError("columns of unequal length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    _save(path, lambda: columns, lambda: columns)


def _save(path: FilePath, as_text: Callable[[], Mapping[str, Any]], typed: Callable[[], Mapping[str, Any]]) -> None:
    with replacing(path) as file:
        if suffix_of(path) == ".csv":
            _write_csv(file, as_text())
        else:
            _write_parquet(file, typed())


def write_result(path: FilePath, result: TableResult) -> None:
    """Write the settled rows: amounts in yuan with two decimals, rates as percent text.

    path: ends in .csv (UTF-8), where amounts are text, or .parquet, where they are decimals.
    Raises TableError, OSError.
    """

    _save(path, result.texts, lambda: result_columns(result))


def result_columns(result: TableResult) -> dict[str, Any]:
    """The columns of settled rows as a Parquet file has them: amounts as decimals, rates as percent text."""
    written: dict[str, Any] = {"fen": decimals, "rate": _rates}
    return {name: written.get(OUTPUTS.get(name, ""), _same)(column) for name, column in result.columns.items()}


def _rates(rates: Any) -> Any:
    distinct, at = np.unique(rates, return_inverse=True)
    return np.array([unit_text("rate", rate) for rate in distinct.tolist()], np.str_)[at]


def _same(column: Any) -> Any:
    return column


def write_paid(path: FilePath, paid: PaidTable) -> None:
    """Write the paid cases as `write_units` does."""
    write_units(path, paid.columns, CASE_OUTPUTS, paid.texts)


def write_units(
    path: FilePath, columns: Mapping[str, Any], units: Mapping[str, str | Axis], texts: Callable[[], Mapping[str, Any]]
) -> None:
    """Write whole units as decimals in yuan, points and factors, and codes as the words of their lists.

    path: ends in .csv (UTF-8) or .parquet; texts: the same as text, for CSV and for rates.  Raises TableError, OSError.
    """

    def typed(name: str, unit: str | Axis) -> Any:
        column = columns[name]
        if isinstance(unit, Axis):
            return Coded(column.astype(np.int32), unit.members)
        return decimals(column, _PLACES[unit]) if unit in _PLACES else texts()[name] if unit else column

    _save(path, texts, lambda: {name: typed(name, units[name]) for name in columns})


def write_rejects(path: FilePath, rejects: Rejects, id_name: str = "setl_id") -> None:
    """Write rejected rows with their reason and message, one line each.

    path: ends in .csv or .parquet; id_name: the column of the ids, ``feedetl_sn`` for fee lines.
    Raises TableError, OSError.
    """
    columns: Mapping[str, Any] = {
        "row": rejects.row,
        id_name: rejects.setl_id,
        "reason": rejects.reason,
        "message": rejects.message,
    }
    write(path, columns)
