"""What an area states beside its settlements: totals of named quantities, and values of indicators in reports.

Both are small tables of text.  A bad row is a reject, and the figure that it should have stated is missing.
"""

from __future__ import annotations

import datetime
import difflib
import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table
from mipolicy.batch.dated import Faults
from mipolicy.batch.result import Rejects
from mipolicy.errors import Fault, MipolicyError, TableError
from mipolicy.indicators.measure import measure
from mipolicy.indicators.quantity import MISSING, NOT_APPLICABLE, Quantities, Quantity, Reported, Scope
from mipolicy.indicators.rates import Indicator, Rate
from mipolicy.money import COUNT_ONE, exact, plain_text, yuan_text
from mipolicy.records import record_field
from mipolicy.texts import Coded

__all__ = ["Observed", "ObservedRow", "StatedRow", "Totals", "figure_text", "read_observed", "read_totals", "units_of"]

_PERIOD: Final = re.compile(r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")
_OF_BASIS: Final = {"money": "fen", "months": "fen", "days": "days", "quantity": "quantity"}
"""What the quantities of an indicator are counted in, by its basis, where the policy has no list of quantities."""
_ONE: Final = {"fen": 100, "quantity": int(COUNT_ONE), "count": 1, "days": 1}


@frozen
class StatedRow:
    """A row of a table of totals; the columns of the groups stand beside these, empty for a total of the whole."""

    quantity: str = record_field("text", "指标量", "quantity")
    value: str = record_field("text", "数值", "value in yuan, cases, days or pieces; missing or not_applicable")


@frozen
class ObservedRow:
    """A row of a table of values that reports state."""

    indicator: str = record_field("text", "指标", "indicator")
    value: str = record_field("text", "数值", "value such as 65% or 10.2; missing or not_applicable")
    period: str = record_field("text", "期间", "2025, 2025-06 or 2025Q2; empty: the day asked for", "")


@frozen(eq=False)
class Totals:
    """Totals that were read: of scopes, and of the whole, which the scopes add up to where they are stated by scope."""

    rows: int
    by_scope: Quantities
    whole: Quantities
    rejects: Rejects


@frozen
class Observed:
    """What reports state of indicators: the rate of the latest period by indicator, and the years before it."""

    rows: int
    latest: Mapping[str, Rate]
    earlier: Mapping[str, Mapping[int, Fraction]]
    rejects: Rejects


def units_of(quantities: Sequence[Quantity], indicators: Sequence[Indicator]) -> dict[str, str]:
    """The unit of each quantity by name: as the policy lists it, else by what its indicators are counted in."""
    units: dict[str, str] = {}
    for indicator in indicators:
        unit = _OF_BASIS.get(indicator.basis, "count")
        for name in indicator.quantities:
            units.setdefault(name, unit)
    return {**units, **{each.id: each.unit for each in quantities}}


def figure_text(figure: Reported, unit: str) -> str:
    """A figure as people write it: yuan, pieces, whole numbers, or the word that says why there is none."""
    if isinstance(figure, str):
        return figure
    return yuan_text(figure) if unit == "fen" else plain_text(figure, _ONE[unit])


# ---- totals ----------------------------------------------------------------------------------------------------------


def read_totals(table: Table, names: tuple[str, ...], units: Mapping[str, str], taken: Sequence[str]) -> Totals:
    """Read a table of totals: quantity, value, and the columns of the groups where totals are stated by group.

    names: the groups; units: quantity -> "fen", "count", "days" or "quantity"; taken: quantities that settlements say.
    Money is yuan as text or Decimal, or fen as an integer.  What stands twice, for the whole and by group, or beside
    the settlements is refused row by row.  A quantity stated for some groups of the table is missing in the others.
    Raises TableError for columns that are missing or unknown.
    """
    rows = _rows(table, ("quantity", "value"), names, "totals")
    faults = Faults(np.zeros(len(rows), np.bool_))
    keys: dict[tuple[str, Scope], list[int]] = {}
    for at, row in enumerate(rows):
        fault = _key_fault(row, names, units, taken)
        if fault is not None:
            faults.mark(np.array([at]), fault)
            continue
        scope = tuple(row[name] for name in names)
        keys.setdefault((row["quantity"], scope if all(scope) else ()), []).append(at)
    by_group = {name for name, scope in keys if scope or not names}
    figures: dict[tuple[str, Scope], Reported] = {}
    for (name, scope), places in keys.items():
        if names and not scope and name in by_group:
            message = f"{name} is stated for the whole and by {', '.join(names)}; state one of the two"
            faults.mark(np.array(places), Fault("twice", message))
            continue
        if len(places) > 1:
            message = f"{name} stands in {len(places)} rows{' of one group' if scope else ''}; state it once"
            faults.mark(np.array(places), Fault("twice", message))
            figures[name, scope] = MISSING
            continue
        figures[name, scope] = _figure(rows[places[0]]["value"], units[name], places[0], faults)
    scoped = {key: figure for key, figure in figures.items() if key[1]}
    scopes = {scope for _, scope in scoped}
    for name in {name for name, _ in scoped}:
        for scope in scopes:
            scoped.setdefault((name, scope), MISSING)
    by_scope = Quantities(names, scoped if names else {})
    whole = Quantities((), {key: figure for key, figure in figures.items() if not key[1]})
    return Totals(len(rows), by_scope, whole + by_scope.rolled_up(), _rejected(faults, rows, "quantity"))


def _key_fault(
    row: Mapping[str, Any], names: tuple[str, ...], units: Mapping[str, str], taken: Sequence[str]
) -> Fault | None:
    name = row["quantity"]
    if name not in units:
        return Fault("quantity", _unknown("quantity", name, units))
    if name in taken:
        return Fault("quantity", f"{name} is summed from the settlements and stated too; leave one of them out")
    empty = [group for group in names if not row[group]]
    if empty and len(empty) < len(names):
        return Fault("group", f"{', '.join(empty)} is empty; a total states every group, or none for the whole")
    return None


def _unknown(what: str, name: object, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(str(name), list(known), 1)
    hint = f", did you mean {near[0]}?" if near else f"; the policy has {', '.join(known)}"
    return f"{name!r} is no {what} of the policy{hint}"


def _figure(value: Any, unit: str, row: int, faults: Faults) -> Reported:
    """The figure of a cell in whole units; a cell that cannot be read is missing, and its row a reject."""
    if value in (MISSING, NOT_APPLICABLE):
        return value  # type: ignore[no-any-return]  # one of the two words
    if value is None or value == "":
        return MISSING
    try:
        if isinstance(value, str) and value.endswith("%"):
            raise TableError(
                f"{value} is a rate; a quantity is what is counted or summed, and rates go with the observed"
            )
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            return int(value)
        return exact(value, _ONE[unit], "yuan" if unit == "fen" else unit)
    except MipolicyError as error:
        faults.mark(np.array([row]), Fault("value", f"value: {error}"))
        return MISSING


# ---- observed --------------------------------------------------------------------------------------------------------


def read_observed(
    table: Table, indicators: Sequence[Indicator], on: datetime.date, computed: Sequence[str]
) -> Observed:
    """Read a table of values that reports state: indicator, value, and the period where it is not the day asked for.

    on: the day that is asked for; computed: indicators whose rate comes from quantities, which reports may state for
    earlier periods only.  The latest period of an indicator is its value; whole years before it are its history.
    Raises TableError for columns that are missing or unknown.
    """
    rows = _rows(table, ("indicator", "value"), ("period",), "observed")
    known = {each.id: each for each in indicators}
    faults = Faults(np.zeros(len(rows), np.bool_))
    found: dict[str, dict[tuple[datetime.date, str], list[int]]] = {}
    for at, row in enumerate(rows):
        fault = _observed_fault(row, known, on, computed)
        if fault is not None:
            faults.mark(np.array([at]), fault)
            continue
        last = _last_day(row["period"]) or on
        found.setdefault(row["indicator"], {}).setdefault((min(last, on), row["period"]), []).append(at)
    latest: dict[str, Rate] = {}
    earlier: dict[str, dict[int, Fraction]] = {}
    for name, periods in found.items():
        stated = {key: _stated(known[name], rows, places, faults) for key, places in periods.items()}
        newest = max(stated)
        rivals = [key for key in stated if key[0] == newest[0]]
        if len(rivals) > 1:
            places = [at for key in rivals for at in periods[key]]
            message = f"{name} is stated for {' and '.join(key[1] or str(on) for key in sorted(rivals))}; state one"
            faults.mark(np.array(places), Fault("twice", message))
            stated[newest] = Rate(known[name], (), 0, 0, "missing")
        if name not in computed:
            latest[name] = stated[newest]
        years = {int(key[1]): rate.value for key, rate in stated.items() if len(key[1]) == len("2025")}
        last_year = newest[0].year if name not in computed else on.year
        earlier[name] = {year: years[year] for year in sorted(years) if year < last_year and years[year] is not None}  # type: ignore[misc]  # those without a value are left out
    return Observed(len(rows), latest, earlier, _rejected(faults, rows, "indicator"))


def _observed_fault(
    row: Mapping[str, Any], known: Mapping[str, Indicator], on: datetime.date, computed: Sequence[str]
) -> Fault | None:
    name, period = row["indicator"], row["period"]
    if name not in known:
        return Fault("indicator", _unknown("indicator", name, known))
    last = _last_day(period)
    if period and last is None:
        return Fault("period", f"period {period!r} is none; write 2025, 2025-06 or 2025Q2")
    first = _first_day(period)
    if first is not None and first > on:
        return Fault("period", f"period {period} begins after {on}, the day asked for")
    if name in computed and (last is None or last >= on):
        return Fault("indicator", f"{name} is computed from quantities and stated too; leave one of them out")
    return None


def _first_day(period: str) -> datetime.date | None:
    match = _PERIOD.fullmatch(period)
    if match is None or match["year"] == "0000":
        return None
    month = int(match["month"] or (3 * int(match["quarter"]) - 2 if match["quarter"] else 1))
    return datetime.date(int(match["year"]), month, 1)


def _last_day(period: str) -> datetime.date | None:
    first = _first_day(period)
    if first is None:
        return None
    month = first.month if "-" in period else first.month + 2 if "Q" in period else 12
    return datetime.date(first.year, month, monthrange(first.year, month)[1])


def _stated(indicator: Indicator, rows: Sequence[Mapping[str, Any]], places: list[int], faults: Faults) -> Rate:
    missing = Rate(indicator, (), 0, 0, "missing")
    if len(places) > 1:
        message = f"{indicator.id} stands in {len(places)} rows of one period; state it once"
        faults.mark(np.array(places), Fault("twice", message))
        return missing
    cell = rows[places[0]]["value"]
    if cell is None or cell in ("", MISSING):
        return missing
    if cell == NOT_APPLICABLE:
        return Rate(indicator, (), 0, 0, "not_applicable")
    try:
        value = _measured(cell, indicator)
    except MipolicyError as error:
        faults.mark(np.array(places), Fault("value", f"value: {error}"))
        return missing
    return Rate(indicator, (), value.numerator, value.denominator, "value", stated=True)


def _measured(cell: Any, indicator: Indicator) -> Fraction:
    value = measure(cell)
    percent = isinstance(cell, str) and cell.endswith("%")
    if indicator.unit != "percent":
        if percent:
            raise TableError(f"{cell} is a percentage, and {indicator.id} is in {indicator.unit}; write a plain figure")
        parts = (*indicator.numerator, *indicator.denominator)
        if value < 0 and indicator.unit in ("count", "days") and not any(name.startswith("-") for name in parts):
            raise TableError(f"{cell} is below 0, and {indicator.id} is counted; write 0 or more")
        return value
    if not percent and abs(value) > 1:
        raise TableError(f"{cell} would be {value * 100}%; write {cell}% or its hundredth part")
    if set(indicator.numerator) <= set(indicator.denominator) and not 0 <= value <= 1:
        raise TableError(f"{cell} is outside 0% to 100%, and {indicator.id} is a part of a whole")
    return value


# ---- small tables ----------------------------------------------------------------------------------------------------


def _rows(table: Table, needed: Sequence[str], beside: Sequence[str], what: str) -> list[dict[str, Any]]:
    """A small table row by row; a column beside those needed may be left out, and is empty then."""
    if not hasattr(table, "keys"):
        raise TableError(f"{what} are a mapping of columns, not {type(table).__name__}")
    missing = [name for name in needed if name not in table]
    unknown = [str(name) for name in table if name not in (*needed, *beside)]
    problems = [f"missing {', '.join(missing)}"] if missing else []
    if unknown:
        problems.append(f"unknown column {', '.join(unknown)}; columns: {', '.join((*needed, *beside))}")
    columns = {name: _cells(table[name]) for name in (*needed, *beside) if name in table}
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        problems.append("columns of unequal length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    if problems:
        raise TableError(f"{what}: {'; '.join(problems)}")
    size = next(iter(lengths.values()))
    for name in beside:
        columns.setdefault(name, [""] * size)
    texts = (needed[0], *beside)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [{name: _text(cell) if name in texts else cell for name, cell in row.items()} for row in rows]


def _cells(column: Any) -> list[Any]:
    if isinstance(column, Coded):
        column = column.texts()
    return [*(column.tolist() if isinstance(column, np.ndarray) else column)]


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _rejected(faults: Faults, rows: Sequence[Mapping[str, Any]], name: str) -> Rejects:
    at = sorted(faults.why)
    return Rejects(
        np.array(at, np.int64),
        tuple(str(rows[row][name]) for row in at),
        tuple(faults.why[row].reason for row in at),
        tuple(faults.why[row].message for row in at),
    )
