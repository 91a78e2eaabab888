"""Settling and paying on Ray Data, as the docs show it, with a stand-in for Ray: blocks, groups and references."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from attrs import frozen

from mipolicy import TableError
from mipolicy.interop.engines import ray
from mipolicy.interop.engines.batches import PART
from tests.interop.engines import BILLS, CASES, POLICY, on_ray
from tests.interop.engines.folders import paid_as_a_whole, settled_as_a_whole, written


@frozen
class Dataset:
    """What Ray's datasets do with functions of Arrow tables, block after block; a group may be without rows nowhere."""

    blocks: tuple[Any, ...]

    def schema(self) -> Any:
        return self.blocks[0].schema

    def select_columns(self, names: list[str]) -> Dataset:
        return Dataset(tuple(block.select(names) for block in self.blocks))

    def map_batches(self, work: Callable[[Any], Any], *, batch_format: str, batch_size: None) -> Dataset:
        assert batch_format == "pyarrow"
        return Dataset(tuple(work(block) for block in self.blocks))

    def groupby(self, key: str, num_partitions: int) -> Groups:
        assert num_partitions
        return Groups(pa.concat_tables(self.blocks), key)

    def to_arrow_refs(self) -> list[Any]:
        return list(self.blocks)

    def write_parquet(self, folder: str) -> None:
        Path(folder).mkdir()
        for at, block in enumerate(self.blocks):
            pq.write_table(block, f"{folder}/{at}.parquet")


@frozen
class Groups:
    """The rows of a dataset by a column."""

    table: Any
    key: str

    def map_groups(self, work: Callable[[Any], Any], *, batch_format: str) -> Dataset:
        assert batch_format == "pyarrow"
        keys = np.asarray(self.table.column(self.key))
        return Dataset(tuple(work(self.table.filter(pa.array(keys == key))) for key in np.unique(keys).tolist()))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    package: Any = ModuleType("ray")
    package.get = lambda refs: refs
    monkeypatch.setitem(sys.modules, "ray", package)
    monkeypatch.setitem(sys.modules, "ray.data", ModuleType("ray.data"))


@pytest.mark.usefixtures("stand_in")
def test_bills_and_a_years_cases_on_ray(tmp_path: Path) -> None:
    region = written(tmp_path)
    cases = pq.read_table(tmp_path / "cases.parquet")
    assert PART not in cases.column_names
    on_ray.settle(Dataset((BILLS.slice(0, 100), BILLS.slice(100))), str(tmp_path))
    settled_as_a_whole(tmp_path)
    closed = on_ray.pay(Dataset((cases.slice(0, 500), cases.slice(500))), str(tmp_path), region)
    paid_as_a_whole(tmp_path, closed)


@pytest.mark.usefixtures("stand_in")
def test_no_rows_and_the_wrong_shape() -> None:
    nothing = Dataset((CASES.slice(0, 0),))
    with pytest.raises(TableError, match="bills: missing"):
        ray.settle(POLICY, nothing)
    assert ray.settle(POLICY, Dataset((BILLS.slice(0, 0),))).blocks == ()
