"""Time what the library promises, on this machine: one scalar settlement, a batch with totals carried, the import,
the DIP catalogue, routing and scoring of mixed methods, the rates of an area.

Run ``python -m benchmarks [--bills N] [--cases N] [--settlements N] [--repeat N] [--threads N] [--json FILE]``.
Figures are medians of interleaved runs; machines are noisy, so compare within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import mipolicy
from benchmarks.cases import bill_one_by_one, outpatient_table, room_once
from benchmarks.catalogue import catalogue
from benchmarks.payment import payment_lines, payment_runs
from benchmarks.rates import rates

IMPORT = "import time; t = time.perf_counter(); import mipolicy; print(time.perf_counter() - t)"


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--bills", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=1_000_000, help="of the DIP catalogue and of payment")
    parser.add_argument("--settlements", type=int, default=10_000_000, help="of the rates")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    policy = mipolicy.load("assumed")
    table = outpatient_table(options.bills)
    keep = ("act_pay_dedc", "hifp_pay", "fund_pay_sumamt", "psn_cash_pay")
    room = room_once(policy)
    whole = bill_one_by_one(policy)
    scalar_runs, whole_runs = 20_000, 2_000
    jobs: dict[str, tuple[Callable[[], object], int]] = {
        "one visit, room only (construct, validate, settle)": (
            lambda: [room() for _ in range(scalar_runs)],
            scalar_runs,
        ),
        "one bill, end to end": (lambda: [whole() for _ in range(whole_runs)], whole_runs),
        "table, 1 thread": (lambda: mipolicy.settle(policy, table, columns=keep, threads=1), options.bills),
        f"table, {options.threads} threads": (
            lambda: mipolicy.settle(policy, table, columns=keep, threads=options.threads),
            options.bills,
        ),
    }
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(options.repeat):
        for name, (work, count) in jobs.items():
            runs[name].append(seconds(work) / count * 1e9)
    imports = [
        float(subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout)
        for _ in range(options.repeat)
    ]

    medians = {name: statistics.median(times) for name, times in runs.items()}
    first = medians[next(iter(medians))]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, ")
    print(f"mipolicy {mipolicy.__version__}; {options.bills:,} bills, medians of {options.repeat} interleaved runs\n")
    print(f"{'what':<52} {'ns each':>12} {'times a visit':>14}")
    for name, median in medians.items():
        print(f"{name:<52} {median:>12,.0f} {median / first:>14.4f}")
    print(f"{'import mipolicy':<52} {statistics.median(imports) * 1000:>9,.0f} ms")
    one, many = medians[next(iter(medians))], medians[f"table, {options.threads} threads"]
    print(f"\na visit on its own takes {one / many:,.0f} times as long as a bill in the table")
    print("\n" + "\n".join(catalogue(options.cases, options.repeat)))
    paid = payment_runs(options.cases, options.repeat, options.threads)
    print("\n" + "\n".join(payment_lines(paid)))
    print("\n" + "\n".join(rates(options.settlements, options.repeat, options.threads)))
    if options.json:
        ns = {**runs, **paid}
        record = {"ns": ns, "import_s": imports, "python": platform.python_version(), "numpy": np.__version__}
        options.json.write_text(json.dumps(record, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
