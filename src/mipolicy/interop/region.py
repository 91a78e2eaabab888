"""A region's tables as a folder of files: institutions, groups, and what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import TableError
from mipolicy.interop import files
from mipolicy.interop.records import write_records
from mipolicy.money import factor_text, rate_text, yuan_text
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
from mipolicy.payment.clearing import STEPS, Cleared, Clearing

__all__ = ["HISTORY", "RECORDS", "read_folder", "table_file", "write_clearing", "write_folder", "write_history"]

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


def write_clearing(path: files.FilePath, clearing: Clearing | None) -> None:
    """Write a year's clearing, a row for each institution and pool; none where there is no clearing.

    path: ends in .csv or .parquet.  Raises TableError, OSError.
    """
    lines = () if clearing is None else clearing.lines
    columns: dict[str, Any] = {}
    for each in attrs.fields(Cleared):
        text = yuan_text if each.name in STEPS else _CLEARING_TEXTS.get(each.name, str)
        columns[each.name] = np.array([text(getattr(line, each.name)) for line in lines], np.str_)
    files.write(path, columns)


_CLEARING_TEXTS: Final = {"assessment": factor_text, "returned_rate": rate_text}
