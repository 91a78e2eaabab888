"""Bills, cases and a region as files, for the examples of engines; what they wrote, against one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pyarrow.parquet as pq  # type: ignore[import-untyped]

import mipolicy
from mipolicy.cases.passes import Closed
from mipolicy.interop.arrow import decimals
from mipolicy.interop.region import write_folder
from mipolicy.payment.case import Case
from tests.interop.engines import BILLS, CASES, POLICY, TABLES, rows_in_order, whole_rows

__all__ = ["paid_as_a_whole", "settled_as_a_whole", "written"]

KEPT = ["setl_id", "psn_no", "hifp_pay", "psn_part_amt"]
_PLACES = {"fen": 2, "points": 4}


def _as_decimals(cases: Any) -> Any:
    """Integers are fen in a table; a file states its unit."""
    for each in attrs.fields(Case):
        if each.name in cases.column_names and each.metadata["kind"] in _PLACES:
            column = decimals(cases.column(each.name).to_numpy(), _PLACES[each.metadata["kind"]])
            cases = cases.set_column(cases.column_names.index(each.name), each.name, column)
    return cases


def written(folder: Path) -> Path:
    """Writes what the examples read; gives the folder of the region's tables."""
    pq.write_table(BILLS, folder / "bills.parquet", row_group_size=120)
    pq.write_table(_as_decimals(CASES), folder / "cases.parquet", row_group_size=300)
    write_folder(folder / "region", {}, dict(TABLES))
    return folder / "region"


def settled_as_a_whole(folder: Path) -> None:
    """What an example settled is what one process settles, row for row and fen for fen."""
    whole = mipolicy.settle(POLICY, BILLS, columns=KEPT)
    found = pq.read_table(folder / "settled")
    assert rows_in_order(found) == whole_rows(whole, BILLS, found.column_names)
    assert len(whole.rejects)


def paid_as_a_whole(folder: Path, closed: Closed) -> None:
    """What an example paid is what one process pays, row for row and fen for fen, and so are pools and accounts."""
    whole = mipolicy.pay(POLICY, CASES, year=2025, **TABLES)
    found = pq.read_table(folder / "paid")
    assert rows_in_order(found) == whole_rows(whole, CASES, found.column_names)
    assert len(whole.rejects)
    assert (closed.shared, closed.posted, closed.clearing) == (whole.shared, whole.posted, whole.clearing)
    assert closed.clearing is not None
    for pool, of in whole.pools.items():
        assert attrs.asdict(closed.pools[pool]) == attrs.asdict(of)
