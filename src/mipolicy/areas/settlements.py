"""A table of settlements as quantities need it: the columns they use, read and checked, bad rows with their reason."""

from __future__ import annotations

import datetime
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy import codes
from mipolicy.batch.columns import Table, read_table
from mipolicy.batch.dated import Faults
from mipolicy.batch.result import Rejects
from mipolicy.benefits.bill import Bill
from mipolicy.calendar import NO_DAY, as_date, days_of
from mipolicy.errors import Fault, TableError
from mipolicy.indicators.quantity import Quantity
from mipolicy.money import Column
from mipolicy.records import record_field
from mipolicy.texts import Coded

__all__ = [
    "PERIODS",
    "SETTLED",
    "Settlements",
    "TypedTable",
    "column_of",
    "group_names",
    "kinds_used",
    "last_day",
    "read_settlements",
    "record_of",
]

PERIODS: Final = {"year": 4, "quarter": 0, "month": 7}
"""Parts of a day by which settlements are grouped, and how many letters of the day in ISO form each has."""
_REVERSAL: Final = "refd_setl_flag"
SETTLED: Final = "setl_time"
"""The day of a settlement, by which they are grouped where no other is named."""
_ID: Final = "setl_id"
_OF_UNIT: Final = {"fen": "fen", "days": "count", "quantity": "quantity"}


@frozen(eq=False)
class Settlements:
    """A table of settlements that was read.

    columns: what the quantities and groups use, codes as `Coded`, amounts as int64; reversals: the flag of rows that
    take another back, None where there is none; faults: rows that cannot be used; last_day: of those that can.
    """

    rows: int
    columns: Mapping[str, Any]
    reversals: Coded | None
    bad: NDArray[np.bool_]
    rejects: Rejects
    last_day: datetime.date | None


class TypedTable(Mapping[str, Any]):
    """A table of another library: a column is read when it is known what it is used for."""

    @abstractmethod
    def of_kind(self, name: str, kind: str) -> Any:
        """A column in the form that `read_table` takes for a field of this kind."""


def column_of(table: Table, name: str, kind: str) -> Any:
    """A column of a table, as `read_table` takes it."""
    return table.of_kind(name, kind) if isinstance(table, TypedTable) else table[name]


def last_day(table: Table, threads: int) -> datetime.date | None:
    """The last day on which a settlement of a table was made, None where none says so."""
    if SETTLED not in table:
        return None
    settled = {SETTLED: column_of(table, SETTLED, _kinds((), (), {}, (SETTLED,))[SETTLED])}
    return read_settlements(settled, (), (), "", threads).last_day


def group_names(by: Sequence[str]) -> tuple[str, ...]:
    """The names of the groups: "month:dscg_time" is called month.

    Raises TableError for a name that stands twice, and for a part of a day that is none.
    """
    for each in by:
        part, colon, _ = each.partition(":")
        if colon and part not in PERIODS:
            raise TableError(f"by takes {', '.join(PERIODS)} of a column with days, not {each!r}")
    names = tuple(each.partition(":")[0] for each in by)
    if not all(names):
        raise TableError("by has an empty name; name a column for each group, or leave by out")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"by names {', '.join(twice)} twice")
    return names


def read_settlements(
    table: Table,
    quantities: Sequence[Quantity],
    by: Sequence[str],
    region: str,
    threads: int,
    beside: Sequence[Quantity] = (),
) -> Settlements:
    """Read what the quantities and the groups use of a table of settlements.

    beside: quantities that are not summed; their columns are checked where the table has them, so that a row is a
    reject whichever indicators are asked for.
    by: columns of codes, or year, quarter or month of a column with days ("month:dscg_time"; of setl_time by default);
    region: GB/T 2260, for codes that hold there only.
    Raises TableError for columns that are missing or of the wrong type; bad rows are rejects.
    """
    if not hasattr(table, "keys"):
        raise TableError(f"settlements are a mapping of columns, not {type(table).__name__}")
    days = _days_used(by, table)
    kinds = kinds_used(table, quantities, by, beside)
    given = {name: column_of(table, name, kind) for name, kind in kinds.items() if name in table}
    _refuse_missing([name for name in kinds if name not in table and name != _ID], table)
    read = read_table(given, record_of(kinds), "settlements", threads)
    faults = Faults(np.zeros(read.rows, np.bool_))
    for row, fault in sorted(read.faults.items()):
        faults.mark(np.array([row]), fault)
    columns = dict(read.columns)
    named: dict[str, frozenset[str]] = {}
    for condition in (condition for each in (*quantities, *beside) for condition in each.conditions()):
        named[condition.field] = named.get(condition.field, frozenset()) | {*condition.codes}
    for name, kind in kinds.items():
        if kind in ("code", "flag"):
            _check_codes(name, columns[name], kind, (region, named.get(name, frozenset())), faults)
    reversals = columns[_REVERSAL] if _REVERSAL in given and _reverses(columns[_REVERSAL]) else None
    _check_signs({name: columns[name] for name, kind in kinds.items() if kind == "fen"}, reversals, faults)
    of_day = {name: _as_days(columns[name], kinds[name]) for name in dict.fromkeys((*days.values(), *_settled(kinds)))}
    for name, column in of_day.items():
        faults.mark(np.flatnonzero(column == NO_DAY), Fault("date", f"{name} is empty"))
    for name, of in days.items():
        columns[name] = _parts(of_day[of], name, faults.bad)
    return Settlements(
        read.rows, columns, reversals, faults.bad, _rejects(faults, columns.get(_ID)), _last(of_day, faults.bad)
    )


def kinds_used(
    names: Collection[str], quantities: Sequence[Quantity], by: Sequence[str], beside: Sequence[Quantity] = ()
) -> dict[str, str]:
    """Which columns `read_settlements` reads of a table with columns of these names, and what each holds.

    A column that is needed and not there is among them.
    """
    days = _days_used(by, names)
    kinds = _kinds(quantities, [name for name in group_names(by) if name not in days], days, names)
    others = _kinds(beside, (), {}, names)
    return {**{name: kind for name, kind in others.items() if name in names}, **kinds}


def record_of(kinds: Mapping[str, str]) -> type[Any]:
    """The record whose fields are columns of these kinds."""
    fields = {name: record_field(kind, name, name, *_default(name)) for name, kind in kinds.items()}
    return attrs.make_class("Settlement", fields, kw_only=True)


def _days_used(by: Sequence[str], names: Collection[str]) -> dict[str, str]:
    """The column with the days of each group that is a part of a day."""
    return {name: _day_column(each) for name, each in zip(group_names(by), by, strict=True) if _is_day(each, names)}


def _is_day(each: str, table: Collection[str]) -> bool:
    return ":" in each or (each in PERIODS and each not in table)


def _day_column(each: str) -> str:
    return each.partition(":")[2] or SETTLED


def _settled(kinds: Mapping[str, str]) -> tuple[str, ...]:
    return (SETTLED,) if SETTLED in kinds else ()


def _kinds(
    quantities: Sequence[Quantity], by: Sequence[str], days: Mapping[str, str], table: Collection[str]
) -> dict[str, str]:
    """What each column holds that is read: "code", "flag", "fen", ..."""
    known = {each.name: each.metadata["kind"] for each in attrs.fields(Bill)}
    kinds = {_ID: "id"}
    for each in quantities:
        for condition in each.conditions():
            kinds[condition.field] = "flag" if condition.field.endswith("_flag") else "code"
    for name in by:
        kinds.setdefault(name, "code")
    if _REVERSAL in table:
        kinds[_REVERSAL] = "flag"
    for each in quantities:
        if each.sum_of:
            kinds[each.sum_of] = _OF_UNIT[each.unit]
    for name in (*days.values(), *((SETTLED,) if SETTLED in table else ())):
        kinds[name] = "time" if known.get(name) == "time" else "date"
    return kinds


def _default(name: str) -> tuple[Any, ...]:
    return ("",) if name == _ID else ("0",) if name == _REVERSAL else ()


def _refuse_missing(missing: Sequence[str], table: Table) -> None:
    """Name what is missing; a table of settlements has many columns beside those that are used."""
    if missing:
        held = f"it has {', '.join(map(str, table))}" if table else "it has no columns"
        raise TableError(f"settlements: missing {', '.join(missing)}; {held}")


def _check_codes(name: str, column: Coded, kind: str, known: tuple[str, frozenset[str]], faults: Faults) -> None:
    """Mark rows whose code is empty, is no flag, or is neither in the national table of that name nor of a condition.

    known: the region, and the codes that the quantities name.
    """
    region, named = known
    listed = codes.table(name, region=region) if name in codes.names() else None
    for at, value in enumerate(column.values):
        if not value:
            fault = Fault(kind, f"{name} is empty")
        elif kind == "flag" and value not in ("0", "1"):
            fault = Fault("flag", f"{name} is 0 or 1, not {value!r}")
        elif listed is not None and value not in listed and value not in named:
            fault = Fault(
                "code", f"{name} {value!r} is not in the national table; its codes: {', '.join(listed.codes)}"
            )
        else:
            continue
        faults.mark(np.flatnonzero(column.codes == at), fault)


def _reverses(flags: Coded) -> bool:
    return "1" in flags.values


def _check_signs(amounts: Mapping[str, Column], reversals: Coded | None, faults: Faults) -> None:
    """An amount below 0 is of a reversal, which says so, and a reversal has none above 0."""
    for name, column in amounts.items():
        if reversals is None:
            if column.size and int(column.min()) < 0:
                rows = np.flatnonzero(column < 0)
                faults.mark(rows, Fault("amount", f"{name} is below 0, and {_REVERSAL} does not say a reversal"))
            continue
        reversed_ = reversals.figures(lambda flag: int(flag == "1")).astype(np.bool_)
        below = np.flatnonzero((column < 0) & ~reversed_)
        faults.mark(below, Fault("amount", f"{name} is below 0, and {_REVERSAL} does not say a reversal"))
        above = np.flatnonzero((column > 0) & reversed_)
        faults.mark(above, Fault("amount", f"{name} of a reversal is above 0; it takes its bill back with a minus"))


def _as_days(column: Any, kind: str) -> Column:
    return days_of(column) if kind == "time" else column


def _parts(days: Column, part: str, bad: NDArray[np.bool_]) -> Coded:
    """The year, quarter or month of each day as text; each day is looked at once."""
    sound = days if not bad.any() else np.where(bad, NO_DAY, days)
    known = sound[~bad] if bad.any() else sound
    if not known.size:
        return Coded(np.zeros(len(days), np.int32), ("",))
    first, last = int(known.min()), int(known.max())
    places: dict[str, int] = {}
    of_day = [places.setdefault(_part(as_date(day), part), len(places)) for day in range(first, last + 1)]
    at = np.clip(days - first, 0, last - first) if bad.any() else days - first
    return Coded(np.array(of_day, np.int32).take(at), tuple(places))


def _part(day: datetime.date, part: str) -> str:
    if part == "quarter":
        return f"{day.year:04d}Q{(day.month + 2) // 3}"
    return day.isoformat()[: PERIODS[part]]


def _last(days: Mapping[str, Column], bad: NDArray[np.bool_]) -> datetime.date | None:
    if SETTLED not in days or bad.all():
        return None
    column = days[SETTLED]
    return as_date(int((column[~bad] if bad.any() else column).max()))


def _rejects(faults: Faults, ids: Any) -> Rejects:
    rows = np.array(sorted(faults.why), np.int64)
    why = [faults.why[row] for row in rows.tolist()]
    names = ids.texts() if isinstance(ids, Coded) and len(rows) else ids
    return Rejects(
        rows,
        tuple(str(names[row]) for row in rows.tolist()),
        tuple(each.reason for each in why),
        tuple(each.message for each in why),
    )
