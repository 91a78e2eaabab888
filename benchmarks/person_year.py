"""A year of outpatient visits in one call, totals carried by person: in order of time, out of order, nothing carried.

Run ``python -m benchmarks.person_year [--visits N] [--persons N] [--repeat N] [--threads N]``.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

import mipolicy
from benchmarks.cases import outpatient_table

__all__ = ["person_lines", "person_year"]

KEEP: Final = ("act_pay_dedc", "hifp_pay", "fund_pay_sumamt", "psn_cash_pay")
ALONE, ORDERED, SORTED = "one visit a person, nothing carried", "in order of time", "out of order, sorted first"
DUE: Final = {ORDERED: 3, SORTED: 5}
"""Times the cost of a visit without carrying that each may take."""


def person_tables(visits: int, persons: int) -> dict[str, dict[str, Any]]:
    """One visit of every person; a year of visits in order of time; the same shuffled."""
    ordered: dict[str, Any] = dict(outpatient_table(visits, persons))
    rng = np.random.default_rng(20250103)
    shuffled = rng.permutation(visits)
    first = {name: column.take(np.arange(persons)) for name, column in ordered.items()}
    first["psn_no"] = mipolicy.Coded(rng.permutation(persons).astype(np.int32), ordered["psn_no"].values)
    return {
        ALONE: first,
        ORDERED: ordered,
        SORTED: {name: column.take(shuffled) for name, column in ordered.items()},
    }


def person_year(visits: int, persons: int, repeat: int, threads: int) -> dict[str, list[float]]:
    """Nanoseconds a visit of each run, interleaved; sorted and ordered visits are settled alike, or it raises."""
    policy = mipolicy.load("assumed")
    settle: Any = partial(mipolicy.settle, policy, columns=("setl_id", *KEEP), threads=threads)
    tables = person_tables(visits, persons)
    ordered, sorted_ = settle(tables[ORDERED]), settle(tables[SORTED])
    place = np.argsort(np.asarray(sorted_.columns["setl_id"]))
    for name in KEEP:
        if not np.array_equal(ordered.columns[name], sorted_.columns[name][place]):
            raise AssertionError(f"{name} depends on the order of the rows")
    del ordered, sorted_
    jobs: dict[str, Callable[[], Any]] = {name: partial(settle, table) for name, table in tables.items()}
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat):
        for name, work in jobs.items():
            gc.collect()
            start = time.perf_counter()
            work()
            rows = len(tables[name]["setl_id"])
            runs[name].append((time.perf_counter() - start) / rows * 1e9)
    return runs


def person_lines(runs: dict[str, list[float]], visits: int, persons: int) -> list[str]:
    """Lines that say what a visit takes, and how many times a visit without carrying; medians, run by run."""
    lines = [f"a year of {visits:,} visits of {persons:,} persons, one call"]
    for name, times in runs.items():
        of_runs = statistics.median(one / other for one, other in zip(times, runs[ALONE], strict=True))
        due = f" (at most {DUE[name]} is due)" if name in DUE else ""
        lines.append(f"{name:<40} {statistics.median(times):>9,.0f} ns a visit {of_runs:>6.2f} times{due}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.person_year", description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=2_000_000)
    parser.add_argument("--persons", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    found = person_year(options.visits, options.persons, options.repeat, options.threads)
    print("\n".join(person_lines(found, options.visits, options.persons)))
