"""The DIP job on cases full of ties, against its literal reading in fractions: how many figures differ.

Run ``python -m benchmarks.ties [--cases N] [--seed N]``; a million cases take some minutes, all of them the reading.
"""

from __future__ import annotations

import argparse
import time

from tests.batch.dip_job import differences, job, tie_cases

STEP = 100_000


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ties", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20250101)
    options = parser.parse_args()
    start, wrong = time.perf_counter(), 0
    for done in range(0, options.cases, STEP):
        cases = tie_cases(min(STEP, options.cases - done), options.seed + done)
        found = differences(cases, job(cases, threads=2))
        wrong += len(found)
        for row, expected in found[:3]:
            print(f"row {done + row}: {expected} is due")
    print(f"{wrong} of {options.cases:,} cases differ; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
