"""Settle and pay dataframes of Dask (`pip install 'mipolicy[dask]'`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final

from attrs import frozen

from mipolicy.errors import TableError
from mipolicy.interop.engines import jobs
from mipolicy.interop.engines.batches import PART, in_parts
from mipolicy.interop.engines.jobs import PaidYear
from mipolicy.interop.engines.needed import is_due, needed
from mipolicy.policy import Policy

__all__ = ["pay", "settle"]


_SLOTS: Final = 2**31


@frozen
class _Dask:
    """Parts are partitions after `shuffle`; partitions: how many, as many as there are where it is None."""

    partitions: int | None = None

    def names(self, table: Any) -> Sequence[str]:
        is_due("a dataframe of Dask", table, "map_partitions")
        return [str(name) for name in table.columns]

    def mapped(self, table: Any, names: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        return table[list(names)].map_partitions(partial(_worked, work=work), meta=_frame(schema.empty_table()))

    def each(self, table: Any, by: str, together: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        part = partial(in_parts, by=by, slots=_SLOTS, together=together)
        spread = table.map_partitions(partial(_parted, part=part), meta=_parted(table._meta, part))
        shuffled = spread.shuffle(on=PART, npartitions=self.partitions or table.npartitions)
        return shuffled.drop(columns=PART).map_partitions(
            partial(_worked, work=work), meta=_frame(schema.empty_table())
        )

    def home(self, table: Any, schema: Any) -> Any:
        return _arrow(table.compute())


def _parted(frame: Any, part: Callable[[Any], Any]) -> Any:
    """The rows, in their own types, with their part."""
    return frame.assign(**{PART: _frame(part(_arrow(frame)).select([PART]))[PART].set_axis(frame.index)})


def _worked(frame: Any, work: Callable[[Any], Any]) -> Any:
    return _frame(work(_arrow(frame)))


def _arrow(frame: Any) -> Any:
    """A DataFrame of pandas as a table of Arrow."""
    arrow = import_module("pyarrow")
    try:
        return arrow.Table.from_pandas(frame, preserve_index=False)
    except (arrow.ArrowException, TypeError, ValueError) as error:
        told = str(error).splitlines()[0]
        raise TableError(f"the dataframe cannot be read: {told}; give each column one type of Arrow") from None


def _frame(table: Any) -> Any:
    """A table of Arrow as a DataFrame of pandas that keeps its types."""
    return table.to_pandas(types_mapper=import_module("pandas").ArrowDtype)


def _engine(partitions: int | None) -> _Dask:
    needed("a dataframe of Dask", "dask", "dask.dataframe")
    return _Dask(partitions)


def settle(policy: Policy, bills: Any, *, partitions: int | None = None, **options: Any) -> Any:
    """Settle a dataframe of Dask: its columns are those of `Bill`, each person's bills go into one partition.

    bills: amounts as decimals of Arrow or text in yuan; partitions: how many the bills are spread over, each of which
    fits into a worker's memory, by default as many as there are; options: columns, gaps, totals, ids_apart, see
    `mipolicy.interop.engines.jobs`.
    Gives a dataframe of `settled_schema`, lazily: settled rows and rejected ones, with `reject_reason`.
    Raises TableError for columns that are missing or unknown, and without dask.
    """
    return jobs.settle(_engine(partitions), policy, bills, **options)


def pay(policy: Policy, cases: Any, *, year: int, partitions: int | None = None, **options: Any) -> PaidYear:
    """Pay a dataframe of Dask: its columns are those of `Case`, each person's cases go into one partition.

    cases is read once for each pass: `persist` it first where reading is dear.  year: that is closed; partitions: as
    for `settle`; options: institutions, groups and the other tables of the region, at, gaps, ids_apart.
    Raises what `mipolicy.pay` raises, and TableError without dask.
    """
    return jobs.pay(_engine(partitions), policy, cases, year=year, **options)
