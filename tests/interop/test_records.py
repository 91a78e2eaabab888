"""Tables of every public record: what is written is read as it was, of each kind of figure, absent ones too."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from mipolicy import Bill, Coded, Line, TableError
from mipolicy.batch.columns import read_table
from mipolicy.interop import read
from mipolicy.interop.records import record_texts, write_records
from mipolicy.interop.region import RECORDS
from mipolicy.payment.case import Case, Group, HistoryCase, PricedDisease, ProcedureKind
from mipolicy.records import NO_AMOUNT

FIGURES: dict[str, list[Any]] = {
    "fen": [0, 1, -5, 123_456_789_01],
    "factor": [0, 1, 10_000, 10_300],
    "points": [0, 7, 6_557_133, 10_000],
    "quantity": [0, 1, 25_000, 70_000],
    "count": [0, 1, 30, 1_000_000],
    "rate": [0, 1, 100_000, 1_000_000],
    "price": [0, 1, 12_345_678, 2_000_000],
    "date": [
        datetime.date(2025, 1, 1),
        datetime.date(1949, 10, 1),
        datetime.date(2024, 2, 29),
        datetime.date(2025, 3, 1),
    ],
    "time": [datetime.datetime(2025, 1, 1, 0, 0, at) for at in range(4)],
}
EVERY = [Bill, Line, Case, HistoryCase, ProcedureKind, PricedDisease, *RECORDS.values()]


def columns_of(record: type[Any]) -> dict[str, Any]:
    """Four rows; where a field may be absent, the last is."""
    made: dict[str, Any] = {}
    for each in attrs.fields(record):
        kind = each.metadata["kind"]
        cells = [*FIGURES.get(kind, ["0", "甲,乙", 'a "b"', "1"])]
        if each.default is None:
            cells[3] = None
        made[each.name] = cells
    return made


def known(table: Any, record: type[Any]) -> dict[str, list[Any]]:
    found = read_table(table, record, "table")
    assert not found.faults
    return {name: np.asarray(column).tolist() for name, column in found.columns.items()}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("record", EVERY, ids=lambda each: each.__name__)
def test_every_record_is_read_as_it_was_written(tmp_path: Path, record: type[Any], suffix: str) -> None:
    columns = columns_of(record)
    write_records(tmp_path / f"t{suffix}", columns, record)
    assert known(read(tmp_path / f"t{suffix}", record), record) == known(columns, record)


def test_figures_as_people_write_them() -> None:
    texts = record_texts(
        {
            name: FIGURES[kind]
            for name, kind in (("medfee_sumamt", "fen"), ("review_points", "points"), ("act_ipt_days", "count"))
        },
        Case,
    )
    assert {name: column.tolist() for name, column in texts.items()} == {
        "medfee_sumamt": ["0.00", "0.01", "-0.05", "123456789.01"],
        "review_points": ["0", "0.0007", "655.7133", "1"],
        "act_ipt_days": ["0", "1", "30", "1000000"],
    }
    assert record_texts({"mean_days": FIGURES["quantity"]}, Group)["mean_days"].tolist() == ["0", "0.0001", "2.5", "7"]


def test_what_is_absent_is_empty() -> None:
    days = np.array(["2025-03-01", "NaT"], "datetime64[D]")
    texts = record_texts({"setl_time": days, "act_ipt_days": np.array([NO_AMOUNT, 3])}, Case)
    assert {name: column.tolist() for name, column in texts.items()} == {
        "setl_time": ["2025-03-01", ""],
        "act_ipt_days": ["", "3"],
    }
    assert record_texts({"mean_primary": [None, 100]}, Group)["mean_primary"].tolist() == ["", "1.00"]


def test_texts_of_few_values_stay_so(tmp_path: Path) -> None:
    column = Coded.of(["01", "02", "01"])
    assert record_texts({"diag_code": column}, Case)["diag_code"] is column
    write_records(tmp_path / "t.parquet", {"diag_code": column}, Case)
    assert read(tmp_path / "t.parquet", Case)["diag_code"].texts().tolist() == ["01", "02", "01"]


def test_a_column_that_is_no_field(tmp_path: Path) -> None:
    with pytest.raises(TableError) as error:
        write_records(tmp_path / "t.csv", {"dise_codg": ["A"], "cost": [1]}, PricedDisease)
    assert str(error.value) == "cost: no column of PricedDisease, which has dise_codg, price"
    assert not (tmp_path / "t.csv").exists()
