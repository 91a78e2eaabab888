"""Rates of an area by institution, level and month from coded settlements, against the same sums in polars.

Run ``python -m benchmarks.rates [ROWS]`` for this alone.
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import mipolicy
from mipolicy import demo
from mipolicy.indicators.quantity import Quantity, QuantityTerms
from mipolicy.texts import Coded

MOST = 2
"""Times the same sums in polars that the rates may take."""
BY = ("fixmedins_code", "hosp_lv", "month")
ON = datetime.date(2025, 12, 31)
INSTITUTIONS = 300


def settlements(rows: int) -> dict[str, Any]:
    """Sound settlements with the month as a column, every code dictionary-coded; no ids and times."""
    made = demo.settlements(rows, institutions=INSTITUTIONS, sound=True)
    months = made["setl_time"].astype("datetime64[M]").astype(np.int64) - (2025 - 1970) * 12
    made["month"] = Coded(months.astype(np.int32), tuple(f"2025-{at:02d}" for at in range(1, 13)))
    return {name: column for name, column in made.items() if name not in ("setl_id", "setl_time", "refd_setl_flag")}


def _frame(polars: Any, table: dict[str, Any]) -> Any:
    arrow = importlib.import_module("pyarrow")
    arrays = {
        name: arrow.DictionaryArray.from_arrays(arrow.array(column.codes), arrow.array(column.values))
        if isinstance(column, Coded)
        else arrow.array(column)
        for name, column in table.items()
    }
    return polars.from_arrow(arrow.table(arrays))


def _expression(polars: Any, quantity: Quantity) -> Any:
    """A quantity as polars has it."""
    held = None
    for condition in quantity.conditions():
        one = polars.col(condition.field).is_in(list(condition.codes))
        one = one if condition.among else ~one
        held = one if held is None else held & one
    if not quantity.sum_of:
        return (polars.len() if held is None else held.sum()).cast(polars.Int64).alias(quantity.id)
    column = polars.col(quantity.sum_of)
    return (column if held is None else column.filter(held)).sum().alias(quantity.id)


def _as_figures(frame: Any, quantities: Sequence[Quantity]) -> dict[tuple[str, tuple[str, ...]], int]:
    scopes = list(zip(*(frame[name].cast(str).to_list() for name in BY), strict=True))
    return {
        (each.id, scope): figure
        for each in quantities
        for scope, figure in zip(scopes, frame[each.id].to_list(), strict=True)
    }


def rates(rows: int = 10_000_000, repeat: int = 5, threads: int = 2) -> list[str]:
    """Lines that say how long all rates take, and how many times as long as the same sums in polars; medians of
    interleaved runs, the figures held equal."""
    policy = mipolicy.load("assumed")
    quantities = policy.terms(QuantityTerms, on=ON, section="quantities").quantities
    table = settlements(rows)

    def ours() -> Any:
        found = mipolicy.rates(policy, table, by=BY, on=ON, threads=threads)
        return found, len(found.rates)  # every rate of every group too, which polars does not divide

    made, count = ours()
    groups = len(made.quantities.scopes())
    head = f"rates, {rows:,} settlements, {len(quantities)} quantities, {groups:,} groups, {count:,} rates"
    jobs: dict[str, Callable[[], Any]] = {head: ours}
    plain = "polars, the same quantities by group"
    whole: dict[str, Any] = {}
    if importlib.util.find_spec("polars"):
        import polars  # type: ignore[import-not-found,unused-ignore]

        frame = _frame(polars, table)
        expressions = [_expression(polars, each) for each in quantities]
        jobs[plain] = lambda: frame.lazy().group_by(*BY).agg(*expressions).collect()
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat + 1):
        for name, work in jobs.items():
            gc.collect()
            start = time.perf_counter()
            whole[name] = work()
            runs[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in runs.items()}  # the first run warms up
    lines = [f"{name:<76} {each * 1000:>9,.1f} ms {each / rows * 1e9:>7.1f} ns a row" for name, each in medians.items()]
    if plain not in medians:
        return [*lines, "polars is not installed (extra bench): nothing to compare with"]
    if _as_figures(whole[plain], quantities) != dict(whole[head][0].quantities.figures):
        raise AssertionError("the sums of polars are other figures")
    ratio = medians[head] / medians[plain]
    return [
        *lines,
        f"the rates take {ratio:.2f} times as long as polars (at most {MOST} is due), every figure the same",
    ]


if __name__ == "__main__":
    print("\n".join(rates(*(int(each) for each in sys.argv[1:2]))))
