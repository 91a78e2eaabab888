"""What a year is made of as files: groups of both kinds in one table, change logs, prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np

from mipolicy.errors import TableError
from mipolicy.interop import files
from mipolicy.interop.records import record_texts
from mipolicy.interop.region import RECORDS, table_file
from mipolicy.money import RATE_ONE, factor_text, plain_text, rate_text, yuan_text
from mipolicy.payment.case import Group
from mipolicy.payment.catalogue_changes import FactorChange, GroupChange
from mipolicy.payment.disease_price import PriceRevision, SuggestedPrice
from mipolicy.payment.price_history import root_text
from mipolicy.rounding import half_up_int

__all__ = [
    "factor_change_texts",
    "group_change_texts",
    "groups_with_others",
    "of_system",
    "previous_table",
    "revision_texts",
    "suggestion_texts",
    "target",
]

_DRG: Final = "drg"
"""The kind of a group of DRG; every other kind is one of DIP."""
Texts = dict[str, Any]


def target(folder: Path, name: str) -> Path:
    """Where a table of a folder is written: its file where it has one, else a CSV.

    Raises TableError for a table that stands in two files.
    """
    return table_file(folder, name) or folder / f"{name}.csv"


def previous_table(folder: Path, name: str) -> Texts:
    """A table of the year before.

    Raises TableError where the folder is not there or does not hold it.
    """
    if not folder.is_dir():
        raise TableError(f"{folder}: a folder with the tables of the year before is due")
    found = table_file(folder, name)
    if found is None:
        raise TableError(f"{folder} holds no {name}.csv or {name}.parquet to compare with")
    return files.read(found, RECORDS[name])


def of_system(groups: Mapping[str, Any], drg: bool) -> Texts:
    """The groups of DRG, or of DIP, of a table of groups that was read."""
    if not groups:
        return {}
    length = len(next(iter(groups.values())))
    kinds = np.asarray(groups["kind"]) if "kind" in groups else np.full(length, "")
    rows = np.flatnonzero((kinds == _DRG) == drg)
    return {name: column.take(rows) for name, column in groups.items()}


def groups_with_others(folder: Path, groups: Mapping[str, Any], drg: bool) -> Texts:
    """New groups as text, with the groups of the other system that the folder's table holds, so that both are paid.

    groups: whole units, by the names of `Group`; drg: whether they are of DRG.  Raises TableError, OSError.
    """
    found = table_file(folder, "groups")
    made = record_texts(groups, Group)
    held = of_system(files.read(found, Group), not drg) if found else {}
    if not held or not len(next(iter(held.values()))):
        return made
    unknown = [name for name in held if name not in attrs.fields_dict(Group)]
    if unknown:
        raise TableError(f"{found}: unknown column {', '.join(unknown)}")
    counts = [len(next(iter(each.values()))) for each in (held, made)]
    parts = (held, made) if drg else (made, held)
    counts = counts if drg else counts[::-1]
    return {
        name: np.concatenate(
            [np.asarray(part.get(name, np.full(rows, ""))) for part, rows in zip(parts, counts, strict=True)]
        )
        for name in attrs.fields_dict(Group)
        if name in held or name in made
    }


# ---- change logs and prices ------------------------------------------------------------------------------------------


def _percent(hundredths: int) -> str:
    return f"{plain_text(hundredths, 100)}%"


def _share(value: Fraction) -> str:
    return rate_text(half_up_int(value.numerator * int(RATE_ONE), value.denominator))


def _fen(value: Fraction) -> str:
    return yuan_text(half_up_int(value.numerator, value.denominator))


_GROUP_CHANGE: Final[Mapping[str, Callable[[Any], str]]] = {
    "group_code": str,
    "change": str,
    "old_points": factor_text,
    "new_points": factor_text,
    "points_change": _percent,
    "old_weight": factor_text,
    "new_weight": factor_text,
    "weight_change": _percent,
    "old_mean": yuan_text,
    "new_mean": yuan_text,
    "mean_change": _percent,
    "flags": "+".join,
}
_FACTOR_CHANGE: Final[Mapping[str, Callable[[Any], str]]] = {
    "change": str,
    "old_factor": factor_text,
    "new_factor": factor_text,
    "factor_change": _percent,
}
_SUGGESTED: Final[Mapping[str, Callable[[Any], str]]] = {
    "dise_codg": str,
    "cases": str,
    "low": _fen,
    "high": _fen,
    "kept": str,
    "total": yuan_text,
    "cv_squared": root_text,
    "middle": _fen,
    "suggested": yuan_text,
}
_REVISED: Final[Mapping[str, Callable[[Any], str]]] = {
    "dise_codg": str,
    "price": yuan_text,
    "cases": str,
    "total": yuan_text,
    "deviation": _share,
    "direction": str,
    "adjust": str,
    "change": _fen,
    "proposed": yuan_text,
}


def _texts(records: Iterable[Any], shape: Mapping[str, Callable[[Any], str]]) -> Texts:
    """Records as columns of text; None is empty."""
    rows = [
        ["" if (value := getattr(each, name)) is None else text(value) for name, text in shape.items()]
        for each in records
    ]
    columns = zip(*rows, strict=True) if rows else ([] for _ in shape)
    return {name: np.array(column, np.str_) for name, column in zip(shape, columns, strict=True)}


def group_change_texts(changes: Sequence[GroupChange]) -> Texts:
    """The change log of groups, a line each: points and weights as factors, means in yuan, changes in percent."""
    return _texts(changes, _GROUP_CHANGE)


def factor_change_texts(changes: Sequence[FactorChange], keys: Sequence[str]) -> Texts:
    """The change log of factors, a line each; keys: what the parts of a factor's key are called."""
    parts = {name: np.array([each.key[at] for each in changes], np.str_) for at, name in enumerate(keys)}
    return {**parts, **_texts(changes, _FACTOR_CHANGE)}


def suggestion_texts(suggested: Sequence[SuggestedPrice]) -> Texts:
    """Suggested prices: amounts in yuan to the fen, the coefficient of variation to four decimals as `cv`."""
    columns = _texts(suggested, _SUGGESTED)
    return {"cv" if name == "cv_squared" else name: column for name, column in columns.items()}


def revision_texts(revised: Sequence[PriceRevision]) -> Texts:
    """The checks of prices in force: amounts in yuan, the deviation in percent to four decimals."""
    return _texts(revised, _REVISED)
