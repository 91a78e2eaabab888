"""In a service: one settlement at a time, from many threads, started with nothing but what the library needs."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random

import mipolicy
from tests.batch import random_records
from tests.batch.dip_job import job, tie_cases

OPTIONAL = (
    *("chinese_calendar", "click", "dask", "distributed", "duckdb", "hypothesis", "matplotlib", "numba", "pandas"),
    *("polars", "pyarrow", "pyspark", "pytest", "ray", "rich", "tomli_w"),
)
POLICY = mipolicy.load("assumed")


def test_importing_pulls_no_optional_package() -> None:
    code = (
        f"import sys, mipolicy; mipolicy.load('assumed'); print([each for each in {OPTIONAL} if each in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_importing_leaves_for_later_what_only_some_calls_need() -> None:
    later = ("cattrs", "concurrent.futures", "difflib", "html", "importlib.resources", "json", "logging", "tomllib")
    code = f"import sys, mipolicy; print([each for each in {later} if each in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_it_works_where_no_optional_package_is() -> None:
    without = f"import sys\nfor name in {OPTIONAL}: sys.modules[name] = None\n"
    code = f"{without}import mipolicy; print(mipolicy.load('assumed').id)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "assumed"


def test_threads_settle_as_one_does() -> None:
    """A policy that nobody has asked yet is met by eight threads at once."""
    records = [each for each in random_records(Random(7), 60, 20, reversals=False) if not each.get("init_setl_id")]
    bills = [mipolicy.Bill.from_record(each) for each in records]

    def settled(policy: mipolicy.Policy, bill: mipolicy.Bill) -> str:
        try:
            return repr(mipolicy.settle(policy, bill).setlinfo)
        except mipolicy.MipolicyError as error:
            return str(error)

    expected = [settled(POLICY, bill) for bill in bills]
    fresh = mipolicy.load("assumed")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda bill: settled(fresh, bill), bills * 5)) == expected * 5


def test_tables_are_settled_at_once_by_several_callers() -> None:
    cases = [tie_cases(400, seed) for seed in range(6)]
    expected = [job(each).sums for each in cases]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda each: job(each, threads=2, block_rows=60).sums, cases * 4)) == expected * 4
