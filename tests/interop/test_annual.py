"""An area's budget year as files: what is written is read back, whole or not at all."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from mipolicy.annual.records import INSTITUTION_TABLES, InstitutionYear
from mipolicy.annual.result import CLEARED_OUTPUTS
from mipolicy.errors import TableError
from mipolicy.interop import read
from mipolicy.interop.annual import write_cleared, write_year
from mipolicy.money import yuan_text
from tests.annual.test_clear import made, sample


def test_a_year_is_written_and_read_back(tmp_path: Path) -> None:
    year = made()
    written = write_year(tmp_path / "new" / "year", year.institutions, **year.tables())
    assert [path.name for path in written] == ["institutions.csv", *(f"{name}.csv" for name in INSTITUTION_TABLES)]
    table = read(written[0], InstitutionYear)
    assert [str(code) for code in table["fixmedins_code"]] == year.institutions["fixmedins_code"]
    quotas = [yuan_text(amount) for amount in year.institutions["quota_local"]]
    assert [f"{Decimal(str(text)):.2f}" for text in table["quota_local"]] == quotas
    assert set(table) == set(year.institutions)


def test_cleared_institutions_as_csv_and_parquet(tmp_path: Path) -> None:
    cleared = sample()
    for suffix in ("csv", "parquet"):
        write_cleared(tmp_path / f"cleared.{suffix}", cleared)
    assert {name: column.tolist() for name, column in read(tmp_path / "cleared.csv", None).items()} == cleared.texts()
    assert [*read(tmp_path / "cleared.parquet", None)] == [*CLEARED_OUTPUTS]
    assert sorted(os.listdir(tmp_path)) == ["cleared.csv", "cleared.parquet"]


def test_what_is_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="nonsense"):
        write_year(tmp_path, {"fixmedins_code": ["H1"], "nonsense": ["1"]})
    with pytest.raises(TableError, match=r"a table is a file that ends in \.csv or \.parquet"):
        write_cleared(tmp_path / "cleared.xls", sample())
    assert [name for name in os.listdir(tmp_path) if name.endswith("xls")] == []
