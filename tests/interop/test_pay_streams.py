"""Cases paid part by part: the same rows, sums and books as in one table, whole or absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import BatchGap, TableError
from mipolicy.demo import region_year
from mipolicy.interop import files, read, write, write_rejects
from mipolicy.interop.pay_streams import PaidFile, pay_files
from mipolicy.interop.records import write_records
from mipolicy.payment.case import Case
from tests.cases import GROUPS, INSTITUTIONS, case, columns_of, policy, reversal

POLICY = mipolicy.load("assumed")
YEAR = region_year(2_500, seed=5)
TABLES = {name: table for name, table in YEAR.tables().items() if name != "cases"}
HAND = {"institutions": INSTITUTIONS, "groups": GROUPS}


def streamed(folder: Path, suffix: str, of: mipolicy.Policy = POLICY, **options: Any) -> PaidFile:
    given = {"part_rows": 300, "always": True, **options}
    return pay_files(
        of,
        folder / f"cases{suffix}",
        folder / f"paid{suffix}",
        rejects=folder / f"rejects{suffix}",
        clearing=folder / f"clearing{suffix}",
        **given,
    )


def same_as_in_memory(
    folder: Path, suffix: str, cases: dict[str, Any], of: mipolicy.Policy = POLICY, **options: Any
) -> PaidFile:
    write_records(folder / f"cases{suffix}", cases, Case)
    found = streamed(folder, suffix, of, **options)
    options.pop("part_rows", None)
    paid = mipolicy.pay(of, read(folder / f"cases{suffix}", Case), **options)
    expected = PaidFile.of(paid)
    for each in attrs.fields(PaidFile):
        if each.name != "pools":
            assert getattr(found, each.name) == getattr(expected, each.name), each.name
    assert list(found.pools) == list(expected.pools)
    for pool, of_year in found.pools.items():
        assert attrs.asdict(of_year) == attrs.asdict(expected.pools[pool])
    files.write_paid(folder / f"whole{suffix}", paid)
    write_rejects(folder / f"whole-rejects{suffix}", paid.rejects)
    for name in ("paid", "rejects"):
        whole = "whole" if name == "paid" else "whole-rejects"
        one, other = read(folder / f"{name}{suffix}", None), read(folder / f"{whole}{suffix}", None)
        assert list(one) == list(other)
        for column in one:
            assert np.asarray(one[column]).tolist() == np.asarray(other[column]).tolist(), column
    if suffix == ".parquet":
        assert pq.read_schema(folder / "paid.parquet") == pq.read_schema(folder / "whole.parquet")
    left = {path.name.removesuffix(suffix) for path in folder.iterdir()}
    assert left <= {"cases", "paid", "rejects", "clearing", "whole", "whole-rejects"}
    return found


# ---- the same as in one table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_in_parts_is_paid_as_a_whole(tmp_path: Path, suffix: str) -> None:
    found = same_as_in_memory(tmp_path, suffix, YEAR.cases, **TABLES)
    assert found.clearing is not None
    assert {"duplicate", "reversal", "year"} & set(found.rejected)
