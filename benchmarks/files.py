"""Settling from Parquet to Parquet, against polars reading and writing the same columns.

Run ``python -m benchmarks.files [--bills N] [--repeat N] [--json FILE]``.  Each run is a process of its own,
and so is its peak memory; medians of interleaved runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.cases import outpatient_table

MOST: Final = 1.5
"""Times polars that settling may take."""
MOST_MEMORY: Final = 1.5
"""GiB that settling may take."""
_KEPT: Final = ("setl_id", "act_pay_dedc", "hifp_pay", "fund_pay_sumamt", "psn_cash_pay")
_AMOUNTS: Final = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
_OURS: Final = "mipolicy, Parquet to Parquet"
_EAGER: Final = "polars, read_parquet and write_parquet"
_LAZY: Final = "polars, scan_parquet and sink_parquet"


def write_bills(path: Path | str, bills: int) -> None:
    """Bills as a Parquet file: amounts as decimals, text as dictionaries, in row groups."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mipolicy.interop.arrow import decimals, written

    columns = outpatient_table(bills)
    table = {name: decimals(cells) if name in _AMOUNTS else written(cells) for name, cells in columns.items()}
    pq.write_table(pa.table(table), path, row_group_size=262_144)


def _polars(lazy: bool, bills: str, out: str) -> None:
    """Read every column; write the id and as many amounts as the settled table keeps, or, lazily, every column."""
    import polars

    if lazy:
        polars.scan_parquet(bills).sink_parquet(out)
    else:
        polars.read_parquet(bills).select("setl_id", *_AMOUNTS[:4]).write_parquet(out)


def _ours(bills: str, out: str) -> None:
    import mipolicy
    from mipolicy.interop import settle_files

    beside: dict[str, Any] = {name: f"{out}.{name}.parquet" for name in ("rejects", "line_rejects")}
    settle_files(mipolicy.load("assumed"), bills, out, columns=_KEPT, **beside)


JOBS: Final[dict[str, Callable[[str, str], None]]] = {
    _OURS: _ours,
    _EAGER: lambda bills, out: _polars(False, bills, out),
    _LAZY: lambda bills, out: _polars(True, bills, out),
}


def one_run(name: str, bills: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak GiB of one run, in a process of its own."""
    code = "import sys; from benchmarks import files; files.measured(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, name, str(bills), str(out)], capture_output=True, text=True, check=True
    )
    seconds, gib = done.stdout.splitlines()[-1].split()
    return float(seconds), float(gib)


def measured(name: str, bills: str, out: str) -> None:
    """Run a job and print its seconds and peak GiB."""
    import time

    start = time.perf_counter()
    JOBS[name](bills, out)
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__.splitlines()[0])
    parser.add_argument("--bills", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in JOBS}
    with tempfile.TemporaryDirectory() as folder:
        bills = Path(folder) / "bills.parquet"
        # in a process of its own: the peak memory of a process that is started counts what its parent held
        code = "import sys; from benchmarks import files; files.write_bills(sys.argv[1], int(sys.argv[2]))"
        subprocess.run([sys.executable, "-c", code, str(bills), str(options.bills)], check=True)
        for _ in range(options.repeat):
            for name, found in runs.items():
                found.append(one_run(name, bills, Path(folder) / "out.parquet"))
    for name, found in runs.items():
        seconds, gib = (statistics.median(column) for column in np.array(found).T.tolist())
        print(f"{name:<45} {seconds:>7.1f} s {seconds / options.bills * 1e9:>7.0f} ns a bill {gib:>6.2f} GiB at most")
    for peer in (_EAGER, _LAZY):
        ratios = [ours[0] / theirs[0] for ours, theirs in zip(runs[_OURS], runs[peer], strict=True)]
        print(
            f"settling takes {statistics.median(ratios):.1f} times {peer} "
            f"(run by run {min(ratios):.1f} to {max(ratios):.1f}; at most {MOST} is due)"
        )
    most = max(gib for _, gib in runs[_OURS])
    print(f"settling takes {most:.2f} GiB (at most {MOST_MEMORY} is due)")
    if options.json:
        options.json.write_text(json.dumps({"bills": options.bills, "runs": runs}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
