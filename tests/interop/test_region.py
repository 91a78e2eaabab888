"""A region's tables as a folder: what is written is read as it was, and what a folder lacks is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mipolicy import TableError
from mipolicy.batch.columns import read_table
from mipolicy.demo.history import region_history, with_diagnoses
from mipolicy.demo.region import region_year
from mipolicy.interop import read, write
from mipolicy.interop.region import HISTORY, RECORDS, read_folder, table_file, write_folder, write_history
from mipolicy.payment.case import Case


def plain(table: Any, record: type[Any]) -> dict[str, list[Any]]:
    """What the library reads of a table."""
    found = read_table(table, record, "table")
    assert not found.faults
    return {name: np.asarray(column).tolist() for name, column in found.columns.items()}


def test_a_region_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = region_year(300)
    written = write_folder(tmp_path / "new" / "folder", made.cases, made.tables())
    folder = tmp_path / "new" / "folder"
    assert written == tuple(folder / f"{name}.csv" for name in ("cases", *RECORDS))
    tables = read_folder(folder)
    assert list(tables) == list(RECORDS)
    for name, record in RECORDS.items():
        assert plain(tables[name], record) == plain(getattr(made, name), record)
    assert plain(read(folder / "cases.csv", Case), Case) == plain(made.cases, Case)


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = region_history(300)
    tables = {
        "history": made.history,
        "kinds": made.kinds,
        "drg-history": made.grouped,
        "priced-history": made.priced,
        "prices": made.prices,
        "ungrouped": with_diagnoses(region_year(100).cases),
    }
    assert list(tables) == list(HISTORY)
    for path, (name, columns) in zip(write_history(tmp_path / "h", tables), tables.items(), strict=True):
        assert path == tmp_path / "h" / f"{name}.csv"
        assert plain(read(path, HISTORY[name]), HISTORY[name]) == plain(columns, HISTORY[name])


def test_only_institutions_and_groups_are_needed(tmp_path: Path) -> None:
    made = region_year(10)
    write_folder(tmp_path, made.cases, {"institutions": made.institutions})
    with pytest.raises(TableError) as error:
        read_folder(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} holds no groups.csv or groups.parquet; a region needs institutions and groups"
    )
    write_folder(tmp_path, made.cases, {"groups": made.groups})
    assert list(read_folder(tmp_path)) == ["institutions", "groups"]


def test_a_table_stands_in_one_file(tmp_path: Path) -> None:
    assert table_file(tmp_path, "groups") is None
    write(tmp_path / "groups.parquet", {"group_code": ["A"]})
    assert table_file(tmp_path, "groups") == tmp_path / "groups.parquet"
    write(tmp_path / "groups.csv", {"group_code": ["A"]})
    with pytest.raises(TableError) as error:
        table_file(tmp_path, "groups")
    assert str(error.value) == f"{tmp_path}: groups stands in groups.csv and in groups.parquet; keep one"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TableError) as error:
        read_folder(tmp_path / "nix")
    assert str(error.value) == f"{tmp_path / 'nix'}: a folder with the region's tables is due: {', '.join(RECORDS)}"
