"""An area's budget year as files: its institutions and the tables beside them in, what is cleared out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mipolicy.annual.records import INSTITUTION_TABLES, InstitutionYear
from mipolicy.annual.result import CLEARED_OUTPUTS, ClearedYear
from mipolicy.interop.files import FilePath, write_units
from mipolicy.interop.records import write_records

__all__ = ["write_cleared", "write_year"]


def write_cleared(path: FilePath, cleared: ClearedYear) -> None:
    """Write the cleared institutions: amounts in yuan and factors as decimals, codes as the words of their lists.

    path: ends in .csv (UTF-8) or .parquet.  Raises TableError, OSError.
    """
    write_units(path, cleared.columns, CLEARED_OUTPUTS, cleared.texts)


def write_year(folder: Path, institutions: Mapping[str, Any], **tables: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write an area's institutions and the tables beside them as CSV files of a folder, made where it is not there.

    tables: results, months, increments, refused.  Raises TableError for a column that is none; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "institutions.csv"]
    write_records(written[0], institutions, InstitutionYear)
    for name, columns in tables.items():
        written.append(folder / f"{name}.csv")
        write_records(written[-1], columns, INSTITUTION_TABLES[name])
    return tuple(written)
