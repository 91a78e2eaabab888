"""The DIP catalogue from a history of cases, against a plain group-by of the same coded keys in polars.

Run ``python -m benchmarks.catalogue`` for this alone.
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import mipolicy
from mipolicy.money import Column
from mipolicy.payment import dip_catalogue
from mipolicy.payment.case_runs import CaseRuns
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_grouping import GroupKey

MOST = 3
"""Times the plain group-by that the catalogue may take."""


def history(cases: int, keys: int, seed: int = 20250101) -> tuple[Column, Column, Column, list[GroupKey]]:
    """Group codes, years, costs and keys: a few groups hold most cases, costs are skewed, as hospital costs are."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, keys + 1) ** 1.1
    group = rng.choice(keys, cases, p=share / share.sum()).astype(np.int64)
    year = rng.integers(0, 3, cases)
    cost = np.exp(rng.normal(13.5, 0.9, cases)).astype(np.int64)
    names = [
        GroupKey(
            f"{chr(65 + at // 1_000 % 26)}{at // 10 % 100:02d}.{at % 10}",
            ((f"{at % 90 + 10}.{at:05d}",),),
            "therapeutic",
        )
        for at in range(keys)
    ]
    return group, year, cost, names


def catalogue(cases: int = 1_000_000, repeat: int = 5, keys: int = 20_000) -> list[str]:
    """Lines that say how long the catalogue takes, and how many times as long as polars; medians, interleaved."""
    terms = mipolicy.load("assumed").terms(DipCatalogueTerms, on=datetime.date(2025, 1, 1))
    group, year, cost, names = history(cases, keys)

    def ours() -> Any:
        return dip_catalogue.catalogue(terms, CaseRuns.of(group, year, cost), names)

    made = ours()
    head = f"DIP catalogue, {cases:,} cases, {keys:,} coded keys, {len(made.columns['group_code']):,} groups"
    jobs: dict[str, Callable[[], object]] = {head: ours}
    plain = "polars, cases and mean by group and year"
    if importlib.util.find_spec("polars"):
        import polars  # type: ignore[import-not-found,unused-ignore]

        frame = polars.DataFrame({"group": group, "year": year, "cost": cost})
        jobs[plain] = lambda: frame.group_by("group", "year").agg(polars.len(), polars.col("cost").mean())
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat + 1):
        for name, work in jobs.items():
            gc.collect()
            start = time.perf_counter()
            work()
            runs[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in runs.items()}  # the first run warms up
    start = time.perf_counter()
    _ = made.groups
    records = time.perf_counter() - start
    lines = [f"{name:<70} {median * 1000:>9,.1f} ms" for name, median in medians.items()]
    lines.append(f"{'its groups as records, when they are first asked for':<70} {records * 1000:>9,.1f} ms")
    if plain not in medians:
        return [*lines, "polars is not installed (extra bench): nothing to compare with"]
    ratio = medians[head] / medians[plain]
    return [*lines, f"the catalogue takes {ratio:.2f} times as long as the plain group-by (at most {MOST} is due)"]


if __name__ == "__main__":
    print("\n".join(catalogue()))
