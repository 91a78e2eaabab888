"""The DIP job through ordinary rooms, one thread and two, against numpy, polars, pandas, Decimal and numba.

Score, payment and the inpatient split of each case, four columns kept, points and payment by institution; and a fuller
job with three bands, major illness, account, identities and two versions of the terms.  All in one run, interleaved.
Run ``python -m benchmarks.dip_job [--cases N] [--repeat N] [--json FILE]`` for this alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.dip_data import made_cases, made_lists
from benchmarks.dip_peers import by_decimal, peers
from benchmarks.dip_rules import KEPT, KEPT_FULLER, fuller, plain

__all__ = ["dip_job"]

_DUE: Final = {"polars, gathers": 2.5, "numpy int64, whole arrays": 3.5, "pandas, take": 5, "Decimal, one by one": 300}
"""Times our two threads that each peer should take at least."""
_OURS: Final = "mipolicy, {} thread(s), {} outputs"
_FULLER: Final = "mipolicy, fuller job, {} thread(s), {} outputs"
_DECIMAL: Final = "Decimal, one by one"
_DECIMAL_ROWS: Final = 10_000


def dip_job(cases: int = 2_000_000, repeat: int = 5) -> tuple[list[str], dict[str, Any]]:
    """Lines of one table, and the same as a record: nanoseconds a case of each run, wall and processor time."""
    lists = made_lists()
    columns = made_cases(cases, lists)
    out = {name: np.zeros(cases, np.int64) for name in KEPT_FULLER}
    four = {name: np.zeros(cases, np.int64) for name in KEPT}
    jobs: dict[str, tuple[Callable[[], Any], int]] = {}
    for threads in (1, 2):
        jobs[_OURS.format(threads, "fresh")] = partial(plain, columns, lists, threads), cases
        jobs[_OURS.format(threads, "reused")] = partial(plain, columns, lists, threads, out=four), cases
    names = ("medfee_sumamt", "inscp_scp_amt", "group", "institution", "retired", "deductible_used", "pool_used")
    jobs.update({name: (job, cases) for name, job in peers({name: columns[name] for name in names}, lists).items()})
    jobs[_DECIMAL] = partial(by_decimal, columns, lists, _DECIMAL_ROWS), min(cases, _DECIMAL_ROWS)
    for threads in (1, 2):
        jobs[_FULLER.format(threads, "fresh")] = partial(fuller, columns, lists, threads), cases
        jobs[_FULLER.format(threads, "reused")] = partial(fuller, columns, lists, threads, out=out), cases
    differences = _compared(jobs)
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    processor: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat + 1):
        for name, (work, count) in jobs.items():
            gc.collect()
            start, spent = time.perf_counter(), time.process_time()
            work()
            processor[name].append((time.process_time() - spent) / count * 1e9)
            wall[name].append((time.perf_counter() - start) / count * 1e9)
    record: dict[str, Any] = {
        "cases": cases,
        "ns": {name: times[1:] for name, times in wall.items()},  # the first run warms up
        "processor_ns": {name: times[1:] for name, times in processor.items()},
        "differences": differences,
        "machine": _machine(),
    }
    return _lines(record, repeat), record


def _compared(jobs: Mapping[str, tuple[Callable[[], Any], int]]) -> dict[str, int]:
    """How many figures of each peer differ from ours: none should."""
    ours = jobs[_OURS.format(1, "fresh")][0]()
    figures = [ours.columns[name] for name in KEPT]
    sums = [np.array(ours.sums["institution"][name]) for name in KEPT[:2]]
    found = {}
    for name, (work, count) in jobs.items():
        if "fuller" in name:
            continue
        if name.startswith("mipolicy"):
            other = work()
            theirs, their_sums = [other.columns[each] for each in KEPT], list(other.sums["institution"].of.values())
        elif name == _DECIMAL:
            theirs, their_sums = work(), sums
        else:
            theirs, their_sums = work()
        pairs = [
            *((one[:count], two) for one, two in zip(figures, theirs, strict=True)),
            *zip(sums, their_sums, strict=True),
        ]
        found[name] = sum(int((np.asarray(one) != np.asarray(two)).sum()) for one, two in pairs)
    return found


def _machine() -> str:
    versions = [f"numpy {np.__version__}"]
    for name in ("polars", "pandas", "numba"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    load = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""
    head = f"{platform.machine()}, {os.cpu_count()} cores, {load}Python {platform.python_version()}"
    return ", ".join([head, *versions])


def _lines(record: Mapping[str, Any], repeat: int) -> list[str]:
    ours = _OURS.format(2, "fresh")
    medians = {name: statistics.median(times) for name, times in record["ns"].items()}
    spent = {name: statistics.median(times) for name, times in record["processor_ns"].items()}
    lines = [
        f"DIP job, {record['cases']:,} cases, ns a case, medians of {repeat} interleaved runs; {record['machine']}",
        f"{'what':<50} {'wall':>9} {'processor':>9} {'times ours':>10} {'at least':>8} {'differ':>7}",
    ]
    for name, median in medians.items():
        of_runs = [one / two for one, two in zip(record["ns"][name], record["ns"][ours], strict=True)]
        times = f"{statistics.median(of_runs):10.2f}" if "fuller" not in name else " " * 10
        due = f"{_DUE[name]:8.1f}" if name in _DUE else " " * 8
        differ = record["differences"].get(name, "")
        lines.append(f"{name:<50} {median:>9,.1f} {spent[name]:>9,.1f} {times} {due} {differ:>7}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dip_job", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    told, kept = dip_job(options.cases, options.repeat)
    print("\n".join(told))
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")
