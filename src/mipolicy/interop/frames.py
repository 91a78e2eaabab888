"""Tables of other libraries in, and the same kind of table out.

In: whatever has the Arrow PyCapsule interface (pyarrow, polars, pandas, results of DuckDB), pandas DataFrames, mappings
of arrays.  Nothing is read twice and nothing is printed as text in between.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

import attrs
import numpy as np

from mipolicy.annual.result import CLEARED_OUTPUTS, ClearedYear
from mipolicy.areas.rates import AreaRates
from mipolicy.areas.settlements import TypedTable
from mipolicy.batch.columns import Table
from mipolicy.batch.numbers import Refused
from mipolicy.batch.result import OUTPUTS, Rejects, TableResult
from mipolicy.cases.result import CASE_OUTPUTS, PaidTable
from mipolicy.errors import TableError
from mipolicy.interop.arrow import decimals, pyarrow, taken, written
from mipolicy.tables import Axis
from mipolicy.texts import Coded

__all__ = ["Found", "arrow_table", "columns", "like", "listed", "paid_columns", "settlements", "tables"]

_STREAM: Final = "__arrow_c_stream__"
_ARRAY: Final = "__arrow_c_array__"
_WHOLE: Final = "it has no columns to read; a mapping of columns, or a table with the Arrow interface, is due"
_PLACES: Final = {"fen": 2, "points": 4, "factor": 4, "rate": 6}
Found: TypeAlias = TableResult | PaidTable | ClearedYear | AreaRates | Rejects
"""What comes out of a table and is a table itself."""


# ---- in --------------------------------------------------------------------------------------------------------------


def tables(
    given: Mapping[str, tuple[Any, type[Any]]], names: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Several tables that are read together, each as `columns` reads it; one that is None is left out.

    given: what it is -> table and record; names: as for `columns`, for all of them.
    Raises TableError; also for a name that no table has.
    """
    found = {what: (list(_cells(table, what)), record) for what, (table, record) in given.items() if table is not None}
    every = {each.name for _, record in found.values() for each in attrs.fields(record)}
    _check_names(names or {}, list(dict.fromkeys(name for cells, _ in found.values() for name, _ in cells)), every)
    return {what: _named(cells, record, names or {}, every) for what, (cells, record) in found.items()}


def _check_names(names: Mapping[str, str], present: Sequence[str], fields: Collection[str] = ()) -> None:
    for name, meant in names.items():
        if name not in present:
            near = difflib.get_close_matches(str(name), present, 1)
            hint = f"did you mean {near[0]}?" if near else f"columns: {', '.join(present)}"
            if name in fields and meant in present:
                hint = f"the column comes first, then the field: names={{{meant!r}: {name!r}}}"
            raise TableError(f"names: no column {name}; {hint}")


def columns(table: Any, record: type[Any], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A table as the mapping of columns that `mipolicy.settle` and the makers of catalogues take.

    table: a mapping of columns, a pandas DataFrame, or what has the Arrow PyCapsule interface; record: `Bill`, `Line`,
    `Case` and so on; names: column of the table -> field of the record, where they are called otherwise.
    What is wrong with a column is reported when the table is used, everything together.
    Raises TableError for what is no table, and for a name that the table does not have.
    """
    return tables({"the table": (table, record)}, names)["the table"]


class _Settlements(TypedTable):
    """Columns by name; one is read when it is known what it is used for."""

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self._held = cells

    def __getitem__(self, name: str) -> Any:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def of_kind(self, name: str, kind: str) -> Any:
        return _column(self._held[name], kind)


def settlements(table: Any, names: Mapping[str, str] | None = None) -> Table:
    """A table of settlements as `mipolicy.rates` takes it, of any kind that `columns` takes.

    names: column of the table -> the name by which the policy knows it.  Only the columns that are used are read.
    Raises TableError for what is no table, and for a name that the table does not have.
    """
    cells = list(_cells(table, "settlements"))
    _check_names(names or {}, [name for name, _ in cells])
    found: dict[str, Any] = {}
    for source, column in cells:
        name = (names or {}).get(source, source)
        why = "it stands twice" if source == name else f"it stands twice, once as {source}"
        found[name] = Refused(why) if name in found else column
    return _Settlements(found)


def listed(table: Any, what: str) -> dict[str, list[Any]]:
    """A small table, of any kind that `columns` takes, with its cells as they are; a null is None.

    Raises TableError for what is no table, and for a column that stands twice.
    """
    found: dict[str, list[Any]] = {}
    for name, column in _cells(table, what):
        if name in found:
            raise TableError(f"{what}: column {name} stands twice")
        found[name] = _listed(column)
    return found


def _listed(column: Any) -> list[Any]:
    if _is_of(column, "pandas"):
        return [None if gap else cell for gap, cell in zip(column.isna().tolist(), column.tolist(), strict=True)]
    if isinstance(column, Coded):
        return column.texts().tolist()  # type: ignore[no-any-return]  # of texts
    if hasattr(column, "to_pylist"):
        return column.to_pylist()  # type: ignore[no-any-return]  # of pyarrow
    if hasattr(column, _STREAM):
        return pyarrow(f"a column of {type(column).__name__}").chunked_array(column).to_pylist()  # type: ignore[no-any-return]
    return [*(column.tolist() if isinstance(column, np.ndarray) else column)]


def _named(
    cells: Sequence[tuple[Any, Any]], record: type[Any], names: Mapping[str, str], every: set[str]
) -> dict[str, Any]:
    """The columns by the names of the record's fields, each in the form that its field takes."""
    fields = attrs.fields_dict(record)
    found: dict[str, Any] = {}
    for source, column in cells:
        name = names.get(source, source)
        if name not in every:
            if source in names:
                near = difflib.get_close_matches(str(name), list(fields), 1)
                hint = f"did you mean {near[0]}?" if near else f"columns: {', '.join(fields)}"
                found[source] = Refused(f"names: {source} stands for {name}, which is no column; {hint}")
            else:
                found.setdefault(name, column)
            continue
        name = name if name in fields else source
        if name in found:
            found[name] = Refused("it stands twice" if source == name else f"it stands twice, once as {source}")
        else:
            found[name] = _column(column, fields[name].metadata["kind"]) if name in fields else column
    return found


def _cells(table: Any, what: str) -> Iterator[tuple[Any, Any]]:
    """The columns of a table with their names, one by one: two may have the same."""
    if isinstance(table, Mapping):
        yield from table.items()
    elif _is_of(table, "pandas") and hasattr(table, "iloc") and hasattr(table, "columns"):
        for at, name in enumerate(table.columns):
            yield name, table.iloc[:, at]
    elif hasattr(table, _STREAM) or hasattr(table, _ARRAY):
        arrow = pyarrow(f"{what}, {type(table).__name__}")
        try:
            read = arrow.RecordBatchReader.from_stream(table).read_all() if hasattr(table, _STREAM) else None
            read = arrow.Table.from_batches([arrow.record_batch(table)]) if read is None else read
        except (arrow.ArrowException, OSError, TypeError, ValueError) as error:
            raise TableError(f"{what}: {type(table).__name__} cannot be read: {str(error).splitlines()[0]}") from None
        yield from zip(read.column_names, read.columns, strict=True)
    else:
        lazy = "collect() it first" if hasattr(table, "collect") else _WHOLE
        due = "a Bill or a mapping of columns" if what in ("bills", "lines") else "a mapping of columns"
        raise TableError(f"{what}: {due} is due, not {type(table).__name__}; {lazy}")


def _is_of(thing: Any, package: str) -> bool:
    """Whether an object is of a class of a package, or of one derived from it, without importing the package."""
    return any(base.__module__.partition(".")[0] == package for base in type(thing).__mro__)


def _column(column: Any, kind: str) -> Any:
    """One column in the form that `read_table` takes for a field of its kind."""
    if isinstance(column, (np.ndarray, Coded, list, tuple)):
        return column
    if _is_of(column, "pandas"):
        return _of_pandas(column, kind)
    if not hasattr(column, _STREAM) and not hasattr(column, _ARRAY):
        return column
    arrow = pyarrow(f"a column of {type(column).__name__}")
    if not isinstance(column, arrow.ChunkedArray):
        column = arrow.chunked_array(column if hasattr(column, _STREAM) else [arrow.array(column)])
    return taken(column, kind)


def _of_pandas(series: Any, kind: str) -> Any:
    """A column of pandas, whose gaps are None, NaN, NaT or NA; cells of several types are kept as they are."""
    arrow = pyarrow("a table of pandas")
    try:
        array = arrow.array(series, from_pandas=True)
    except (arrow.ArrowException, TypeError, ValueError):
        gaps = series.isna().tolist()
        cells = [None if gap else cell for cell, gap in zip(series.tolist(), gaps, strict=True)]
        return np.fromiter(cells, object, len(cells))
    return taken(array if isinstance(array, arrow.ChunkedArray) else arrow.chunked_array([array]), kind)


# ---- out -------------------------------------------------------------------------------------------------------------


def paid_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns by the names of `CASE_OUTPUTS` as Arrow has them: decimals, codes as the words of their lists."""
    return _typed(columns, CASE_OUTPUTS)


def arrow_table(result: Found) -> Any:
    """What settling, paying or clearing gave, rates, or rejects, as a pyarrow.Table.

    Amounts are decimal128(18, 2) in yuan, null where there is no limit, points and factors have 4 places and rates, as
    shares of 1, have 6; text is a dictionary where the library holds it so.  Rates of an area are as in a file: text,
    since each is a fraction with a unit of its own.
    Raises TableError without pyarrow.
    """
    arrow = pyarrow(f"{type(result).__name__} as a table of another library")
    return arrow.table({name: written(column) for name, column in _as_written(arrow, result).items()})


def _as_written(arrow: Any, result: Found) -> dict[str, Any]:
    """The columns of a result, figures as decimals."""
    if isinstance(result, Rejects):
        return {
            "row": result.row,
            "id": arrow.array(result.setl_id, arrow.string()),
            "reason": Coded.of(result.reason),
            "message": arrow.array(result.message, arrow.string()),
        }
    if isinstance(result, AreaRates):
        return {name: arrow.array(column, arrow.string()) for name, column in result.texts().items()}
    if isinstance(result, PaidTable):
        return paid_columns(result.columns)
    if isinstance(result, ClearedYear):
        return _typed(result.columns, CLEARED_OUTPUTS)
    return _typed(result.columns, {name: OUTPUTS.get(name, "") for name in result.columns})


def _typed(columns: Mapping[str, Any], units: Mapping[str, str | Axis]) -> dict[str, Any]:
    """Columns as Arrow has them: figures as decimals, codes as the words of their lists."""
    found: dict[str, Any] = {}
    for name, column in columns.items():
        unit = units[name]
        if isinstance(unit, Axis):
            found[name] = Coded(column.astype(np.int32), unit.members)
        else:
            found[name] = decimals(column, _PLACES[unit]) if unit in _PLACES else column
    return found


def like(result: Found, table: Any) -> Any:
    """A result in the same kind of table as another one: that which was given, most often.

    table: a DataFrame of pandas or polars, or a mapping; for anything else a pyarrow.Table, which what has the Arrow
    interface reads.  A mapping holds numpy arrays and `Coded`, amounts in fen, of rates lists of text; the others are
    as in `arrow_table`.
    Raises TableError without pyarrow.
    """
    if isinstance(table, Mapping):
        if isinstance(result, AreaRates):
            return result.texts()
        return dict(result.columns) if not isinstance(result, Rejects) else attrs.asdict(result, recurse=False)
    whole = arrow_table(result)
    if _is_of(table, "polars"):
        return import_module("polars").from_arrow(whole)
    if _is_of(table, "pandas"):
        types, keep = import_module("pyarrow").types, import_module("pandas").ArrowDtype
        return whole.to_pandas(types_mapper=lambda of: keep(of) if types.is_decimal(of) else None)
    return whole
