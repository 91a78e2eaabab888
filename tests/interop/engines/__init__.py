"""An engine that is none: rows shuffled, cut anywhere, worked on part by part; and what one process gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any

import attrs
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from attrs import frozen

import mipolicy
from mipolicy.batch.result import Rejects, TableResult
from mipolicy.cases.result import PaidTable
from mipolicy.demo import bills, region_year
from mipolicy.interop.engines.batches import PART, REJECT, in_parts
from mipolicy.interop.engines.jobs import PaidYear
from mipolicy.interop.frames import arrow_table
from mipolicy.texts import Coded
from tests.cases import GROUPS, INSTITUTIONS, Row, case, reversal

__all__ = [
    "BILLS",
    "CASES",
    "HAND",
    "POLICY",
    "TABLES",
    "InProcess",
    "arrow_of",
    "mixed_rows",
    "rows_in_order",
    "same_year",
    "whole_rows",
]

POLICY = mipolicy.load("assumed")
_YEAR = region_year(900, seed=5)
TABLES: Mapping[str, Any] = {name: table for name, table in _YEAR.tables().items() if name != "cases"}
_IDS = ("mdtrt_id", "psn_no", "fixmedins_code")
HAND: Mapping[str, Any] = {"institutions": INSTITUTIONS, "groups": GROUPS}


def arrow_of(columns: Mapping[str, Any]) -> Any:
    """Columns as a table of Arrow whose text is plain."""
    cells = {
        name: column.texts().tolist() if isinstance(column, Coded) else np.asarray(column).tolist()
        for name, column in columns.items()
    }
    arrays = {name: pa.array([None if cell == "" else cell for cell in column]) for name, column in cells.items()}
    return pa.table({name: each.cast(pa.string()) if each.type == pa.null() else each for name, each in arrays.items()})


def _with_a_twin(table: Any) -> Any:
    """The table, and one row of it once more, for another person."""
    at = table.column_names.index("psn_no")
    return pa.concat_tables([table, table.slice(5, 1).set_column(at, "psn_no", [["P-twin"]])])


BILLS = _with_a_twin(arrow_of(bills(300, seed=11)[0]))
CASES = arrow_of(_YEAR.cases)


@frozen
class InProcess:
    """Shuffles rows, cuts them into pieces and hands the parts over one after another, as `seed` says."""

    slots: int = 7
    seed: int = 0

    def names(self, table: Any) -> Sequence[str]:
        names: list[str] = table.column_names
        return names

    def mapped(self, table: Any, names: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        return self._joined([work(piece) for piece in self._pieces(table.select(list(names)))], schema)

    def each(self, table: Any, by: str, together: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        pieces = [in_parts(piece, by, self.slots, together) for piece in self._pieces(table)]
        spread = pa.concat_tables(pieces)
        assert spread.schema == table.schema.append(pa.field(PART, pa.int64()))
        of_row = np.asarray(spread.column(PART))
        parts = np.unique(of_row).tolist()
        assert set(parts) <= set(range(self.slots))
        Random(self.seed).shuffle(parts)
        return self._joined([work(spread.filter(pa.array(of_row == at)).drop_columns([PART])) for at in parts], schema)

    def _pieces(self, table: Any) -> list[Any]:
        random = Random(self.seed)
        rows = list(range(len(table)))
        random.shuffle(rows)
        cuts = sorted(random.randrange(len(rows) + 1) for _ in range(3))
        pieces = [rows[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        return [table.take(pa.array(piece, pa.int64())) for piece in pieces]

    def _joined(self, done: Sequence[Any], schema: Any) -> Any:
        assert all(each.schema == schema for each in done)
        return pa.concat_tables([schema.empty_table(), *done])

    def home(self, table: Any, schema: Any) -> Any:
        assert table.schema == schema
        return table


def rows_in_order(table: Any) -> list[tuple[Any, ...]]:
    """The rows of a table of an engine, in one order whatever the parts."""
    return _sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in order; what the message of a code says of the day on which it was looked up is left out."""
    return sorted(((*row[:-1], row[-1] and _DAY.sub(";", row[-1])) for row in rows), key=str)


_DAY = re.compile(r" on \d{4}-\d\d-\d\d;")


def whole_rows(result: TableResult | PaidTable, given: Any, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """What one process gives, settled and rejected, as the rows of a table of an engine; names: of its columns."""
    good = {name: column.to_pylist() for name, column in _columns(arrow_table(result)).items()}
    rows = [(*cells, None, None) for cells in zip(*(good[name] for name in names[:-2]), strict=True)]
    assert tuple(names[-2:]) == REJECT
    rejects: Rejects = result.rejects
    ids = {name: given.column(name).to_pylist() for name in _IDS if name in given.column_names}
    for row, setl_id, reason, message in zip(*attrs.astuple(rejects, recurse=False), strict=True):
        known = {"setl_id": setl_id, **{name: column[row] for name, column in ids.items()}}
        rows.append((*(known.get(name) for name in names[:-2]), reason, message))
    assert len(rows) == result.rows_in == len(given)
    return _sorted(rows)


def _columns(table: Any) -> dict[str, Any]:
    return dict(zip(table.column_names, table.columns, strict=True))


def same_year(found: PaidYear, paid: PaidTable) -> None:
    """The pools, the accounts and all that stands beside the cases are those of one process."""
    closed = found.close()
    assert found.contracts == paid.contracts
    assert found.budget_values == paid.budget_values
    assert (closed.shared, closed.posted, closed.clearing) == (paid.shared, paid.posted, paid.clearing)
    assert list(closed.pools) == list(paid.pools)
    for pool, of in paid.pools.items():
        assert attrs.asdict(closed.pools[pool]) == attrs.asdict(of)


def mixed_rows(random: Random, count: int) -> list[Row]:
    """Cases of few persons in few groups: returns, outliers, reversals and ids that persons share."""
    rows: list[Row] = []
    for at in range(count):
        day = random.randrange(1, 20)
        row = case(
            f"S{at:03d}",
            random.choice((3_000, 8_000, 8_000 + at, 60_000 + at)),
            psn_no=f"P{random.randrange(count)}",
            fixmedins_code=random.choice(("T0001", "D0001", "D0001", "D0004", "S0001")),
            group_code=random.choice(("G1", "R1", "R1", "R2", "")),
            insutype=random.choice(("310", "310", "390", "999")),
            adm_time=f"2025-03-{day:02d}",
            dscg_time=f"2025-03-{day + random.randrange(10):02d}",
            insuplc_admdvs=random.choice(("", "", "", "999900")),
        )
        less = 100 * random.randrange(90)
        rows.append({**row, "hifp_pay": row["hifp_pay"] - less, "psn_part_amt": row["psn_part_amt"] + less})
    for at, row in enumerate(random.sample(rows, count // 6)):
        changes: Row = random.choice(({}, {"psn_no": "P-other"}, {"init_setl_id": "no"}, {"fixmedins_code": "T0001"}))
        rows.append(reversal(row, f"R{at:03d}", **changes))
    rows += [{**row, "psn_no": f"P{random.randrange(count)}"} for row in random.sample(rows, count // 20)]
    return rows
