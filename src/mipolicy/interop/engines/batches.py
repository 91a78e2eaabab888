"""Bills settled as batches of Arrow, for any engine that hands all bills of a person to one call.

Nothing here knows an engine: tables of Arrow go in and tables of a declared schema come out, a row for each row, so
that rejected rows stand beside settled ones, with their reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np

from mipolicy.batch import Gaps, Rejects, settle_table
from mipolicy.batch.numbers import Refused
from mipolicy.batch.result import OUTPUTS, not_kept
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.totals import Totals
from mipolicy.errors import TableError
from mipolicy.interop import frames
from mipolicy.interop.arrow import pyarrow, taken
from mipolicy.interop.keys import NO_TEXT, keys_of, sharing
from mipolicy.policy import Policy

__all__ = [
    "IDS",
    "PART",
    "REJECT",
    "check_names",
    "ids_of",
    "in_parts",
    "persons_who_meet",
    "settle_arrow",
    "settle_batches",
    "settled_schema",
    "with_rejects",
]

PART: Final = "__part__"
"""The column that says which rows go together."""
REJECT: Final = ("reject_reason", "reject_message")
"""The columns that say why a row is rejected; null in the others, whose figures they have."""
IDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "bills": (("setl_id", "init_setl_id"), ("mdtrt_id",)),
    "cases": (("setl_id", "init_setl_id"),),
}
"""By table: the columns of ids that name the same things; persons who share one are looked at together."""
_LABELS: Final = ("setl_id", "mdtrt_id", "psn_no", "section", "version", "year", "after_reject")
_WHOLE: Final = ("year", "after_reject")
_PLACES: Final = {"fen": 2, "points": 4, "rate": 6}
_ROWS: Final = 65_536
"""So many rows stand in a batch that comes out."""


# ---- settling --------------------------------------------------------------------------------------------------------


def settled_schema(columns: Sequence[str] | None = None) -> Any:
    """The pyarrow.Schema of what `settle_batches` gives.

    columns: as for `mipolicy.settle`; `setl_id` is there in any case, and so are the columns of `REJECT`.
    Raises TableError for a column that cannot be kept, and without pyarrow.
    """
    arrow, kept = pyarrow("settling in batches"), _kept(columns)
    unknown = [name for name in kept if name not in OUTPUTS and name not in _LABELS]
    if unknown:
        raise not_kept(unknown, (*_LABELS, *OUTPUTS))
    types = {name: arrow.int64() if name in _WHOLE else arrow.string() for name in _LABELS}
    for name, unit in OUTPUTS.items():
        types[name] = arrow.decimal128(18, _PLACES[unit]) if unit in _PLACES else arrow.int64()
    return arrow.schema([*((name, types[name]) for name in kept), *((name, arrow.string()) for name in REJECT)])


def _kept(columns: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("setl_id", *((*_LABELS[1:], *OUTPUTS) if columns is None else columns))))


def settle_arrow(
    policy: Policy,
    bills: Any,
    *,
    columns: Sequence[str] | None = None,
    gaps: Gaps = "raise",
    totals: Mapping[str, Totals] | None = None,
    threads: int | None = None,
) -> Any:
    """Settle a pyarrow.Table that holds all bills of its persons, into a table of `settled_schema`.

    Rows come in the order given, settled or rejected.  bills: columns named as the fields of `Bill`; the others: as
    for `mipolicy.settle`.  Raises what it raises.
    """
    schema = settled_schema(columns)
    labels = [name for name in schema.names if name not in REJECT]
    result = settle_table(
        policy, frames.columns(bills, Bill), columns=labels, gaps=gaps, totals=totals, threads=threads
    )
    return with_rejects(schema, frames.arrow_table(result), result.row, result.rejects, bills)


def settle_batches(policy: Policy, batches: Iterable[Any], **options: Any) -> Iterator[Any]:
    """Settle pyarrow.RecordBatches that together hold all bills of their persons; options: as for `settle_arrow`.

    Gives batches of `settled_schema`; nothing where there is no batch.  The batches are held in memory together.
    """
    held = list(batches)
    if held:
        table = pyarrow("settling in batches").Table.from_batches(held)
        yield from settle_arrow(policy, table, **options).to_batches(max_chunksize=_ROWS)


def with_rejects(schema: Any, good: Any, row: Any, rejects: Rejects, given: Any) -> Any:
    """The rows of a table in their order, good and rejected, as a table of a schema.

    good: those that are, with their places in `row`; given: the table, out of which a rejected row keeps its ids.
    """
    arrow = import_module("pyarrow")
    ids = given.take(rejects.row)
    texts = dict(zip(("setl_id", *REJECT), (rejects.setl_id, rejects.reason, rejects.message), strict=True))
    columns = []
    for field in schema:
        if field.name in texts:
            bad = arrow.array(texts[field.name], field.type)
        elif field.name in ids.column_names and field.name in ("mdtrt_id", "psn_no", "fixmedins_code"):
            bad = ids.column(field.name).cast(field.type)
        else:
            bad = arrow.nulls(len(rejects), field.type)
        here = good.column(field.name) if field.name in good.column_names else arrow.nulls(len(row), field.type)
        columns.append(arrow.chunked_array([*_chunks(here.cast(field.type)), *_chunks(bad)], field.type))
    whole = arrow.table(columns, schema=schema)
    if not len(rejects):
        return whole
    return whole.take(np.argsort(np.concatenate([np.asarray(row), rejects.row]), kind="stable"))


def _chunks(column: Any) -> list[Any]:
    return list(column.chunks) if hasattr(column, "chunks") else [column]


def check_names(names: Sequence[str], record: type[Any]) -> dict[str, Any]:
    """A table without rows, as `read_table` takes it; raises TableError for a name that stands twice."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise TableError(f"{record.__name__.lower()}s: column {', '.join(twice)} stands twice")
    return {name: np.empty(0, np.str_) for name in names}


# ---- who goes together -----------------------------------------------------------------------------------------------


def in_parts(table: Any, by: str, slots: int, together: Sequence[str] = ()) -> Any:
    """The rows with their part in `PART`, one of so many, by a column of ids or keys.

    together: ids whose rows are in one part.  Raises TableError for a column that is missing or holds no text.
    """
    keys = _keys(table, by)
    part = (keys % np.uint64(slots)).astype(np.int64)
    if len(together):
        part[np.isin(keys, keys_of(import_module("pyarrow").chunked_array([list(together)], "string")))] = 0
    return table.append_column(PART, import_module("pyarrow").array(part))


def ids_of(table: Any, of: str) -> Any:
    """The ids that rows name, as keys in `id`, and the `psn_no` of each; of: a table of `IDS`."""
    arrow = import_module("pyarrow")
    found: list[Any] = []
    persons: list[Any] = []
    for kind, names in enumerate(IDS[of]):
        for name in names:
            if name in table.column_names:
                keys = _keys(table, name)
                named = keys != NO_TEXT
                found.append((keys[named] + np.uint64(kind)).view(np.int64))
                persons += table.column("psn_no").cast(arrow.string()).filter(arrow.array(named)).chunks
    return arrow.table(
        [arrow.array(np.concatenate(found)), arrow.chunked_array(persons, arrow.string())], names=["id", "psn_no"]
    )


def persons_who_meet(table: Any) -> Any:
    """Of ids and persons as `ids_of` gives them, all rows of an id: the persons with an id that another has too."""
    arrow = import_module("pyarrow")
    person = taken(table.column("psn_no"), "code")
    ids = np.ascontiguousarray(table.column("id").to_numpy()).view(np.uint64)
    met = np.unique(sharing(ids, person.codes)).tolist()
    return arrow.table({"psn_no": arrow.array([person.values[code] for code in met], arrow.string())})


def _keys(table: Any, name: str) -> Any:
    """The keys of a column of ids, or those that a column holds."""
    if name not in table.column_names:
        raise TableError(f"missing {name}, by which rows go together; columns: {', '.join(table.column_names)}")
    if name == "id":
        return np.ascontiguousarray(table.column(name).to_numpy()).view(np.uint64)
    column = table.column(name)
    known = taken(column.slice(0, 0), "id")
    if isinstance(known, Refused):
        raise TableError(f"column {name}: {known.why}")
    return keys_of(column.cast("string") if column.type == "null" else column)
