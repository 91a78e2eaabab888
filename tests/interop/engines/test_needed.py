"""An engine whose package is not installed: the error names the extra."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mipolicy import TableError
from mipolicy.interop.engines import dask, ray, spark
from mipolicy.interop.engines.needed import is_due, needed
from tests.interop.engines import BILLS, CASES, HAND, POLICY


@pytest.mark.parametrize(
    ("engine", "what", "package", "extra"),
    [
        (spark, "a DataFrame of Spark", "pyspark", "spark"),
        (dask, "a dataframe of Dask", "dask", "dask"),
        (ray, "a dataset of Ray", "ray", "ray"),
    ],
)
def test_the_package_of_an_engine(
    engine: Any, what: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [package, *(each for each in sys.modules if each.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    message = rf"{what} needs {package}: pip install 'mipolicy\[{extra}\]'"
    with pytest.raises(TableError, match=message):
        engine.settle(POLICY, BILLS)
    with pytest.raises(TableError, match=message):
        engine.pay(POLICY, CASES, year=2025, **HAND)


def test_pyarrow_is_needed_by_every_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError, match=r"a table needs pyarrow: pip install 'mipolicy\[spark\]'"):
        needed("a table", "spark")


def test_a_table_of_another_library_is_none_of_the_engines() -> None:
    message = "a dataframe of Dask is due, not pyarrow.Table; a table in memory is for mipolicy.settle and mipolicy.pay"
    with pytest.raises(TableError) as caught:
        dask.settle(POLICY, BILLS)
    assert str(caught.value) == message
    with pytest.raises(TableError) as caught:
        dask.pay(POLICY, CASES, year=2025, **HAND)
    assert str(caught.value) == message
    with pytest.raises(TableError, match=r"a DataFrame of Spark is due, not pyarrow\.Table"):
        spark.settle(POLICY, BILLS)
    is_due("a table", BILLS, "slice")
