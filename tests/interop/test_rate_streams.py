"""Rates of a file in pieces: the same rates, rejects and targets as of one table, whatever the cut; whole or absent."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import TableError, demo
from mipolicy.areas.rates import AreaRates
from mipolicy.interop import files, rate_files
from mipolicy.interop.arrow import decimals, written
from mipolicy.interop.rate_streams import RatedFile
from mipolicy.money import yuan_text

ASSUMED = mipolicy.load("assumed")
ROWS = 700
MADE = demo.settlements(ROWS, seed=9)
AMOUNTS = ("medfee_sumamt", "fulamt_ownpay_amt", "inscp_scp_amt", "fund_pay_sumamt")
STATED: dict[str, Any] = {"totals": demo.area_totals(), "observed": demo.area_observed()}
OPTIONS: dict[str, Any] = {"by": ("fixmedins_code", "year", "month"), "targets": True, **STATED}


def typed() -> pa.Table:
    return pa.table({name: decimals(cells) if name in AMOUNTS else written(cells) for name, cells in MADE.items()})


def laid_down(folder: Path, suffix: str, **changes: Any) -> Path:
    """The settlements as a file: amounts as decimals, or as text."""
    path = folder / f"settlements{suffix}"
    if suffix == ".parquet":
        table = typed()
        for name, column in changes.items():
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(column))
        pq.write_table(table, path, row_group_size=97)
        return path
    texts = {
        name: np.array([yuan_text(fen) for fen in cells.tolist()]) if name in AMOUNTS else np.asarray(cells).astype(str)
        for name, cells in {**MADE, **changes}.items()
    }
    files.write(path, texts)
    return path


def same(found: RatedFile, whole: AreaRates, rejects: Path | None = None) -> None:
    one, other = found.rates, whole
    assert (one.on, one.rows_in, one.by) == (other.on, other.rows_in, other.by)
    assert one.quantities == other.quantities
    assert one.whole == other.whole
    assert one.texts() == other.texts()
    assert one.target_texts() == other.target_texts()
    assert found.rejected == whole.rejects.counts()
    assert [*found.first_rejects.records()] == [*whole.rejects.records()][:20]
    assert [*one.observed_rejects.records()] == [*other.observed_rejects.records()]
    if rejects is not None:
        cells = files.read(rejects, None)
        assert [dict(zip(cells, map(str, row), strict=True)) for row in zip(*cells.values(), strict=True)] == [
            *whole.rejects.records()
        ]


@pytest.fixture(scope="module")
def whole() -> AreaRates:
    found = mipolicy.rates(ASSUMED, MADE, **OPTIONS)
    assert len(found.rejects) > 1
    return found


# ---- the same as of one table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("rows", [1, 13, 128, ROWS - 1, ROWS])
def test_any_cut_gives_what_one_table_gives(
    tmp_path: Path, suffix: str, rows: int, whole: AreaRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_CHUNK", rows)
    if rows == 1:  # for which there are many pieces
        cut = {
            name: column[:40] if isinstance(column, np.ndarray) else column.take(slice(40))
            for name, column in MADE.items()
        }
        monkeypatch.setitem(globals(), "MADE", cut)
        whole = mipolicy.rates(ASSUMED, cut, **OPTIONS)
    path, rejects = laid_down(tmp_path, suffix), tmp_path / f"rejects{suffix}"
    found = rate_files(ASSUMED, path, rejects=rejects, always=True, piece_rows=rows, **OPTIONS)
    same(found, whole, rejects)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, rejects.name])


def test_texts_in_parquet_and_columns_that_nobody_uses(tmp_path: Path, whole: AreaRates) -> None:
    table = typed().append_column("nested", pa.array([[1]] * ROWS))
    fields = [pa.field(each.name, pa.string()) if pa.types.is_dictionary(each.type) else each for each in table.schema]
    pq.write_table(table.cast(pa.schema(fields)), tmp_path / "settlements.parquet")
    same(rate_files(ASSUMED, tmp_path / "settlements.parquet", piece_rows=100, **OPTIONS), whole)


def test_ids_that_stand_twice_are_what_they_are_in_one_table(tmp_path: Path) -> None:
    ids = np.array([f"S{at % 50}" for at in range(ROWS)])
    path = laid_down(tmp_path, ".parquet", setl_id=ids)
    expected = mipolicy.rates(ASSUMED, {**MADE, "setl_id": ids}, **OPTIONS)
    same(rate_files(ASSUMED, path, piece_rows=60, **OPTIONS), expected)


@pytest.mark.parametrize("last", [0, 350, ROWS - 1])
def test_the_last_day_of_the_file_chooses_the_terms_of_every_piece(tmp_path: Path, last: int) -> None:
    times = MADE["setl_time"].copy()
    times[last] = np.datetime64("2026-02-03T10:00:00")
    path = laid_down(tmp_path, ".parquet", setl_time=times)
    found = rate_files(ASSUMED, path, piece_rows=90, **OPTIONS)
    assert found.rates.on == datetime.date(2026, 2, 3)
    same(found, mipolicy.rates(ASSUMED, {**MADE, "setl_time": times}, **OPTIONS))


def test_a_day_that_is_stated_and_one_indicator(tmp_path: Path) -> None:
    options: dict[str, Any] = {"on": datetime.date(2025, 12, 31), "indicators": ["primary_fund_share"]}
    path, told = laid_down(tmp_path, ".csv"), list[str]()
    found = rate_files(ASSUMED, path, step=lambda what, done, of: told.append(what), **options)
    same(found, mipolicy.rates(ASSUMED, MADE, **options))
    assert set(told) == {"summing"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_without_rows(tmp_path: Path, suffix: str) -> None:
    nothing = {name: np.asarray(column)[:0] for name, column in MADE.items()}
    path = tmp_path / f"settlements{suffix}"
    if suffix == ".csv":
        files.write(path, nothing)
    else:
        pq.write_table(typed().slice(0, 0), path)
    with pytest.raises(TableError, match="nothing in setl_time says of what day the rates are; state it: on="):
        rate_files(ASSUMED, path)
    on: dict[str, Any] = {"on": datetime.date(2025, 12, 31)}
    same(rate_files(ASSUMED, path, **on), mipolicy.rates(ASSUMED, {**nothing, **{n: [] for n in AMOUNTS}}, **on))


def test_rejects_stand_only_where_there_are_any(tmp_path: Path) -> None:
    path, rejects = tmp_path / "settlements.parquet", tmp_path / "rejects.csv"
    pq.write_table(typed().slice(0, 0), path)
    on = datetime.date(2025, 12, 31)
    assert rate_files(ASSUMED, path, rejects=rejects, on=on).rejected == {}
    assert not rejects.exists()
    rejects.write_text("of a run before\n")
    rate_files(ASSUMED, path, rejects=rejects, on=on)
    assert rejects.read_text() == "row,setl_id,reason,message\n"


# ---- what stops it leaves nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("fund_pay_sumamt", np.ones(ROWS, np.int64), "column fund_pay_sumamt holds int64, which could be yuan or fen"),
        ("inscp_scp_amt", np.ones(ROWS), "column inscp_scp_amt holds double, which is not exact"),
        ("direct_flag", np.ones(ROWS, np.int64), "column direct_flag holds int64; codes and ids are text"),
    ],
)
def test_types_that_no_file_has(tmp_path: Path, name: str, column: Any, message: str) -> None:
    path = laid_down(tmp_path, ".parquet", **{name: column})
    with pytest.raises(TableError, match=message):
        rate_files(ASSUMED, path, rejects=tmp_path / "rejects.csv")
    assert os.listdir(tmp_path) == [path.name]


def test_a_column_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "settlements.parquet"
    pq.write_table(typed().drop_columns(["hosp_lv"]), path)
    with pytest.raises(TableError, match="settlements: missing hosp_lv; it has setl_id, fixmedins_code"):
        rate_files(ASSUMED, path)


def test_a_file_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 50)
    path, rejects = laid_down(tmp_path, ".csv"), tmp_path / "rejects.csv"
    rejects.write_text("as it was\n")
    path.write_bytes(path.read_bytes()[:-30] + b"\xff\n")
    with pytest.raises(TableError, match=r"settlements.csv, line 701: not UTF-8 at byte \d+ \(0xff\)"):
        rate_files(ASSUMED, path, rejects=rejects, on=datetime.date(2025, 12, 31))
    parquet = laid_down(tmp_path, ".parquet")
    parquet.write_bytes(parquet.read_bytes()[:-2000])
    with pytest.raises(TableError, match="not a Parquet file that can be read"):
        rate_files(ASSUMED, parquet, rejects=rejects)
    assert rejects.read_text() == "as it was\n"
    assert sorted(os.listdir(tmp_path)) == ["rejects.csv", "settlements.csv", "settlements.parquet"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("at", ["finding the last day", "summing"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_interrupts_it_leaves_what_was_there(tmp_path: Path, error: BaseException, at: str, suffix: str) -> None:
    path, rejects = laid_down(tmp_path, ".parquet"), tmp_path / f"rejects{suffix}"
    rejects.write_text("as it was\n")

    def step(what: str, done: int, of: int) -> None:
        assert 0 < done <= of
        if what == at and done > 400:
            raise error

    with pytest.raises(type(error)):
        rate_files(ASSUMED, path, rejects=rejects, piece_rows=100, step=step)
    assert rejects.read_text() == "as it was\n"
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, rejects.name])
