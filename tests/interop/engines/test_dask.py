"""Settling and paying on Dask, with threads and with workers of their own, as the docs show it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mipolicy
from mipolicy import TableError
from mipolicy.interop.engines import dask as engine
from mipolicy.interop.engines.jobs import paid_schema
from tests.interop.engines import BILLS, CASES, POLICY, TABLES, on_dask
from tests.interop.engines.folders import paid_as_a_whole, settled_as_a_whole, written

dask: Any = import_module("dask")
dd: Any = import_module("dask.dataframe")
distributed: Any = import_module("distributed")
pandas: Any = import_module("pandas")
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")


def as_the_docs_show(folder: Path) -> None:
    region = written(folder)
    bills, cases = (dd.read_parquet(folder / f"{name}.parquet", dtype_backend="pyarrow") for name in ("bills", "cases"))
    on_dask.settle(bills, str(folder))
    settled_as_a_whole(folder)
    paid_as_a_whole(folder, on_dask.pay(cases.persist(), str(folder), region))


def test_bills_and_a_years_cases_on_two_workers(tmp_path: Path) -> None:
    options = {"threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(n_workers=2, **options) as cluster, distributed.Client(cluster):
        as_the_docs_show(tmp_path)


def test_bills_and_a_years_cases_in_threads(tmp_path: Path) -> None:
    with dask.config.set(scheduler="threads", num_workers=2):
        as_the_docs_show(tmp_path)


def test_dataframes_of_pandas_types() -> None:
    """Text as pandas has it, amounts in fen as integers."""
    with dask.config.set(scheduler="synchronous"):
        cases = dd.from_pandas(CASES.to_pandas(), npartitions=3)
        found = engine.pay(POLICY, cases, year=2025, partitions=2, **TABLES)
        whole = mipolicy.pay(POLICY, CASES, year=2025, **TABLES)
        assert found.close().clearing == whole.clearing
        assert list(found.cases.columns) == paid_schema().names
        assert found.cases.npartitions == 2


def test_errors_are_those_of_the_library() -> None:
    frame = BILLS.slice(0, 9).to_pandas()
    with dask.config.set(scheduler="synchronous"):
        with pytest.raises(TableError, match="bills: missing psn_no; unknown column person"):
            engine.settle(POLICY, dd.from_pandas(frame.rename(columns={"psn_no": "person"}), npartitions=2))
        coded = dd.from_pandas(frame.assign(psn_type=5), npartitions=2)
        with pytest.raises(TableError, match="column psn_type: codes are text and keep their leading zeros"):
            engine.settle(POLICY, coded).compute()
        with dask.config.set({"dataframe.convert-string": False}):
            mixed = frame.assign(medfee_sumamt=pandas.Series(["1.00", 5] * 5).head(9))
            with pytest.raises(
                TableError, match=r"the dataframe cannot be read: .*; give each column one type of Arrow"
            ):
                engine.settle(POLICY, dd.from_pandas(mixed, npartitions=2)).compute()
