"""What settling a table gives: columns of the settled rows, rejects with their reasons, totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.ledger import Ledger
from mipolicy.benefits.inpatient import Inpatient
from mipolicy.benefits.outpatient import Outpatient
from mipolicy.benefits.statement import Apart, Setlinfo
from mipolicy.benefits.totals import Totals
from mipolicy.errors import TableError
from mipolicy.money import NO_LIMIT, Column, yuan_text
from mipolicy.policy.kinds import unit_text
from mipolicy.texts import Coded

__all__ = ["MOVED", "OUTPUTS", "ArrowTable", "Rejects", "TableResult", "TotalsTable", "not_kept"]


def _outputs() -> dict[str, str]:
    units: dict[str, str] = {}
    for shape in (Setlinfo, Apart, Outpatient, Inpatient):
        for each in attrs.fields(shape):
            units.setdefault(each.name, each.metadata["unit"])
    return units


OUTPUTS: Mapping[str, str] = _outputs()
"""Every number that can be kept per bill, with its unit: the settlement fields, then the steps of the rooms."""


MOVED: Final = frozenset(
    {
        *(each.name for shape in (Setlinfo, Apart) for each in attrs.fields(shape)),
        "payable_scope",
        "payable",
        "before_limits",
    }
)
"""Outputs that are money which moves: the parts of a split stay add up, a reversal takes them back.

All others say how the bill stood: what was left of a ceiling, which rate.
"""


def not_kept(unknown: Sequence[str], known: Sequence[str]) -> TableError:
    """The error for columns that cannot be kept, with those that can, and what was meant where one is near."""
    from difflib import get_close_matches  # only a message needs it

    near = dict.fromkeys(each for name in unknown for each in get_close_matches(str(name), known, 1))
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return TableError(f"columns: {', '.join(map(str, unknown))} cannot be kept; what can: {', '.join(known)}{hint}")


class ArrowTable:
    """A result that other libraries read: it has the Arrow PyCapsule interface, and says itself in their tables."""

    __slots__ = ()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _frames().arrow_table(self).__arrow_c_stream__(requested_schema)

    def like(self, table: Any) -> Any:
        """The same kind of table as another one, most often the one that was given.

        table: a mapping gets a mapping, amounts in fen; a DataFrame of pandas or polars gets one, and anything else a
        pyarrow.Table, amounts as decimals in yuan.  Raises TableError where the extra `parquet` is needed and missing.
        """
        return _frames().like(self, table)


def _frames() -> Any:
    return import_module("mipolicy.interop.frames")  # which stands above, and is asked only when it is needed


@frozen(eq=False)
class Rejects(ArrowTable):
    """Rows that were not settled: their place in the table, ids, a short reason and a sentence."""

    row: Column
    setl_id: tuple[str, ...]
    reason: tuple[str, ...]
    message: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.row)

    def counts(self) -> Mapping[str, int]:
        """How many rows each reason stopped."""
        return Counter(self.reason)

    def behind(self, rows: int) -> Rejects:
        """The same rows of a table that stands below so many rows."""
        return Rejects(self.row + rows, self.setl_id, self.reason, self.message)

    def __add__(self, other: Rejects) -> Rejects:
        """These and, below them, others of the same table."""
        return Rejects(
            np.concatenate([self.row, other.row]),
            self.setl_id + other.setl_id,
            self.reason + other.reason,
            self.message + other.message,
        )

    def records(self) -> Iterator[dict[str, str]]:
        """One record per rejected row."""
        for row, setl_id, reason, message in zip(self.row, self.setl_id, self.reason, self.message, strict=True):
            yield {"row": str(row), "setl_id": setl_id, "reason": reason, "message": message}


@frozen(eq=False)
class TotalsTable(Mapping[str, Totals]):
    """Running totals of many persons: psn_no -> `Totals`, made when asked for; those given pass through."""

    ledger: Ledger

    def __getitem__(self, psn_no: str) -> Totals:
        if psn_no not in self.ledger.persons and psn_no in self.ledger.before:
            return self.ledger.before[psn_no]
        return self.ledger.totals(psn_no)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(psn_no for psn_no in (*self.ledger.persons, *self.ledger.before) if psn_no))

    def __len__(self) -> int:
        return len((self.ledger.persons.keys() | self.ledger.before.keys()) - {""})


@frozen(eq=False)
class TableResult(ArrowTable):
    """A table of bills settled: rows in = rows settled + rows rejected.

    row: place of each settled row in the table given; columns: what was kept, one entry per settled row, text as
    numpy text arrays or `Coded`;
    line_rejects: fee lines without a bill, and those that stopped theirs; totals: after each person's last bill.
    """

    rows_in: int
    row: Column
    columns: Mapping[str, Any]
    rejects: Rejects
    line_rejects: Rejects
    totals: TotalsTable

    def __len__(self) -> int:
        return len(self.row)

    def texts(self, language: str = "en") -> dict[str, list[str]]:
        """The columns as text for files: amounts in yuan, empty for no limit, rates in percent."""
        written: dict[str, list[str]] = {}
        for name, column in self.columns.items():
            unit = OUTPUTS.get(name, "")
            if unit == "fen":
                written[name] = ["" if value == NO_LIMIT else yuan_text(value) for value in column.tolist()]
            elif unit == "rate":
                written[name] = [unit_text("rate", value, language) for value in column.tolist()]
            elif isinstance(column, Coded):
                written[name] = column.texts().tolist()
            else:
                written[name] = [str(value) for value in np.asarray(column).tolist()]
        return written

    def total(self, name: str) -> int:
        """The sum of a column, as a Python int."""
        return int(np.asarray(self.columns[name], object).sum()) if len(self) else 0
