"""Rows in parts on disk come back in their order, whatever the parts and the windows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.interop import spool
from mipolicy.interop.spool import ROW, Spool


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 9), st.integers(1, 5))
def test_rows_come_back_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, part: list[int], window: int, step: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "_WINDOW", window)
        kept = Spool(tmp_path_factory.mktemp("spool"), "x", 4)
        for begin in range(0, len(part), step):
            here = np.array(part[begin : begin + step])
            kept.add(pa.table({ROW: np.arange(begin, begin + len(here)), "of": here}), here)
        kept.close()
        tables = list(kept.merged(len(part)))
    assert [row for each in tables for row in each[ROW].to_pylist()] == list(range(len(part)))
    assert [of for each in tables for of in each["of"].to_pylist()] == part
    assert all(each.num_rows <= window for each in tables)


def test_a_part_that_was_never_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = Spool(tmp_path_factory.mktemp("spool"), "x", 2)
    kept.write(0, pa.table({ROW: np.empty(0, np.int64), "of": np.empty(0, np.int64)}))
    kept.close()
    assert kept.schema().names == [ROW, "of"]
    assert kept.read(1) is None
    assert list(kept.merged(5)) == []
