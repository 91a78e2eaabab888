"""Routing and scoring a region's cases of mixed methods, against a plain DIP job of two rules in numpy.

Run ``python -m benchmarks.payment`` for this alone.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import numpy as np

import mipolicy
from mipolicy import demo
from mipolicy.batch.work import Work
from mipolicy.cases.pay import route_and_score
from mipolicy.cases.prepare import prepare_cases
from mipolicy.cases.region import read_region
from mipolicy.money import Column

MOST: Final = 5
"""Times the plain job, per case, that routing and scoring may take."""
_BLOCK: Final = 65_536
_GROUPS, _INSTITUTIONS = 8_000, 300


def dip_inputs(cases: int, seed: int = 20250101) -> dict[str, Column]:
    """The columns of the plain job: what a case cost, where it belongs, and what its person has used."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, _GROUPS, cases)
    mean = rng.integers(100_000, 5_000_000, _GROUPS)
    return {
        "cost": np.rint(mean[group] * rng.lognormal(0, 0.5, cases)).astype(np.int64) + 1,
        "group": group,
        "institution": rng.integers(0, _INSTITUTIONS, cases),
        "retired": rng.integers(0, 2, cases),
        "deductible_used": rng.integers(0, 100_000, cases),
        "pool_used": rng.integers(0, 10_000_000, cases),
        "mean": mean,
        "base": mean // 100,
        "factor": rng.integers(8_000, 12_000, _INSTITUTIONS),
        "tcm": rng.integers(0, 20, _GROUPS) == 0,
        "deductible": rng.integers(30_000, 120_000, 2 * _INSTITUTIONS),
        "rate": rng.integers(700_000, 950_000, 2 * _INSTITUTIONS),
    }


def dip_job(of: dict[str, Column], threads: int) -> tuple[Column, ...]:
    """Points and payment by one rule, the benefit split by another: plain expressions, block by block, unchecked."""
    cases = len(of["cost"])
    out = tuple(np.empty(cases, np.int64) for _ in range(4))

    def block(begin: int) -> None:
        rows = slice(begin, begin + _BLOCK)
        cost, group, place = of["cost"][rows], of["group"][rows], of["institution"][rows]
        mean, factor = of["mean"].take(group), of["factor"].take(place)
        full = of["base"].take(group) * factor
        points = (full + 5_000) // 10_000
        odd = np.flatnonzero((cost * 2 < mean) | (cost > 2 * mean))
        over = np.where(cost[odd] > 2 * mean[odd], cost[odd] - mean[odd], cost[odd])
        points[odd] = np.rint(full[odd] / 10_000.0 * over / mean[odd]).astype(np.int64)
        points = np.where(of["tcm"].take(group), (points * 103 + 50) // 100, points)
        at = place * 2 + of["retired"][rows]
        left = np.maximum(of["deductible"].take(at) - of["deductible_used"][rows], 0)
        taken = np.minimum(left, cost)
        pool = ((cost - taken) * of["rate"].take(at) + 500_000) // 1_000_000
        pool = np.minimum(pool, np.maximum(30_000_000 - of["pool_used"][rows], 0))
        for into, column in zip(out, (points, (points * 1_234 + 5_000) // 10_000, pool, cost - pool), strict=True):
            into[rows] = column

    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(block, range(0, cases, _BLOCK)))
    np.bincount(of["institution"], out[0], _INSTITUTIONS)
    return out


def scoring(cases: int) -> Callable[[int], Any]:
    """Routing and scoring of a made-up region's cases in so many threads, once they are read and checked."""
    made = demo.region_year(cases)
    region = read_region(made.institutions, made.groups, made.differences, made.auxiliaries)
    policy = mipolicy.load("assumed")
    prepared = prepare_cases(policy, made.cases, region, 2025)
    nobody = np.zeros(prepared.read.rows, np.int64)
    return lambda threads: route_and_score(prepared, nobody, "raise", Work(threads))


def payment_runs(cases: int = 1_000_000, repeat: int = 5, threads: int = 2) -> dict[str, list[float]]:
    """Nanoseconds a case of each run of the plain job and of routing and scoring, interleaved, at one thread and more.

    Names of the plain job and of ours follow each other, one pair for each number of threads.
    """
    columns, ours = dip_inputs(cases), scoring(cases)
    jobs: dict[str, Callable[[], Any]] = {}
    for count in sorted({1, threads}):
        jobs[f"plain DIP job in numpy, {count} thread(s)"] = partial(dip_job, columns, count)
        jobs[f"routing and scoring of mixed methods, {count} thread(s)"] = partial(ours, count)
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat + 1):
        for name, work in jobs.items():
            gc.collect()
            start = time.perf_counter()
            work()
            runs[name].append((time.perf_counter() - start) / cases * 1e9)
    return {name: times[1:] for name, times in runs.items()}  # the first run warms up


def payment_lines(runs: dict[str, list[float]]) -> list[str]:
    """Lines that say how long routing and scoring take per case, and how many times the plain job; medians."""
    medians = {name: statistics.median(times) for name, times in runs.items()}
    lines = [f"{name:<60} {median:>9,.0f} ns a case" for name, median in medians.items()]
    names = list(runs)
    for plain, ours in zip(names[::2], names[1::2], strict=True):
        of_runs = [one / other for one, other in zip(runs[ours], runs[plain], strict=True)]
        threads = ours.rsplit(", ", 1)[1]
        lines.append(
            f"routing and scoring take {medians[ours] / medians[plain]:.1f} times the plain job at {threads} "
            f"(run by run {min(of_runs):.1f} to {max(of_runs):.1f}; at most {MOST} is due)"
        )
    return lines


if __name__ == "__main__":
    print("\n".join(payment_lines(payment_runs(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))))
