"""A region's tables as a folder of files: institutions, groups, and what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from mipolicy.errors import TableError
from mipolicy.interop import files
from mipolicy.interop.records import write_records
from mipolicy.payment.account import ContractRecord, YearAccount
from mipolicy.payment.case import (
    AuxiliaryFactor,
    Case,
    DifferenceFactor,
    Group,
    HistoryCase,
    Institution,
    PricedDisease,
    ProcedureKind,
)

__all__ = ["HISTORY", "RECORDS", "read_folder", "table_file", "write_folder", "write_history"]

RECORDS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "institutions": Institution,
        "groups": Group,
        "differences": DifferenceFactor,
        "auxiliaries": AuxiliaryFactor,
        "contracts": ContractRecord,
        "accounts": YearAccount,
    }
)
"""The tables of a region, each a file of this name, with the record whose fields name its columns."""
HISTORY: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "history": HistoryCase,
        "kinds": ProcedureKind,
        "drg-history": HistoryCase,
        "priced-history": HistoryCase,
        "prices": PricedDisease,
        "ungrouped": Case,
    }
)
"""What a catalogue, base points and prices are made from, and the cases to group, by the names of their files."""
_NEEDED: Final = ("institutions", "groups")


def read_folder(folder: Path) -> dict[str, Any]:
    """The tables of a region, as `mipolicy.pay` takes them: one file each, .csv or .parquet, the first two needed.

    Raises TableError for a folder that is not there, a table that is missing or stands in two files; OSError.
    """
    if not folder.is_dir():
        raise TableError(f"{folder}: a folder with the region's tables is due: {', '.join(RECORDS)}")
    tables = {}
    for name, record in RECORDS.items():
        found = table_file(folder, name)
        if found:
            tables[name] = files.read(found, record)
        elif name in _NEEDED:
            raise TableError(f"{folder} holds no {name}.csv or {name}.parquet; a region needs {' and '.join(_NEEDED)}")
    return tables


def table_file(folder: Path, name: str) -> Path | None:
    """The file of a folder that holds a table, None where there is none.

    Raises TableError for a table that stands in two files.
    """
    found = [path for suffix in files.SUFFIXES if (path := folder / f"{name}{suffix}").exists()]
    if len(found) > 1:
        raise TableError(f"{folder}: {name} stands in {' and in '.join(path.name for path in found)}; keep one")
    return found[0] if found else None


def write_folder(folder: Path, cases: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> tuple[Path, ...]:
    """Write cases and the tables of a region as CSV files of a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "cases.csv"]
    write_records(written[0], cases, Case)
    for name, record in RECORDS.items():
        if name in tables:
            written.append(folder / f"{name}.csv")
            write_records(written[-1], tables[name], record)
    return tuple(written)


def write_history(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> tuple[Path, ...]:
    """Write what a catalogue is made from, tables by the names of `HISTORY`, beside those of a region.

    Raises KeyError for another name; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, columns in tables.items():
        written.append(folder / f"{name}.csv")
        write_records(written[-1], columns, HISTORY[name])
    return tuple(written)
