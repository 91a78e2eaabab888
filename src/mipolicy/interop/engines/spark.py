"""Settle and pay DataFrames of Spark (`pip install 'mipolicy[spark]'`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from attrs import frozen

from mipolicy.interop.engines import jobs
from mipolicy.interop.engines.jobs import PaidYear
from mipolicy.interop.engines.needed import is_due, needed
from mipolicy.policy import Policy

__all__ = ["pay", "settle"]

_ROWS: Final = 65_536


@frozen
class _Spark:
    """Parts are partitions after `repartition`; partitions: how many, as the session says where it is None."""

    partitions: int | None = None

    def names(self, table: Any) -> Sequence[str]:
        is_due("a DataFrame of Spark", table, "mapInArrow")
        return list(table.columns)

    def mapped(self, table: Any, names: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        return table.select(*names).mapInArrow(_on_batches(work), _ddl(schema))

    def each(self, table: Any, by: str, together: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        sql = import_module("pyspark.sql.functions")
        key = table[by]
        if together:
            text = sql.coalesce(key, sql.lit(""))
            key = sql.when(text.isin(list(together)), sql.lit("")).otherwise(text)
        spread = table.repartition(key) if self.partitions is None else table.repartition(self.partitions, key)
        return spread.mapInArrow(_on_partition(work), _ddl(schema))

    def home(self, table: Any, schema: Any) -> Any:
        return table.toArrow()


def _on_batches(work: Callable[[Any], Any]) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def mapped(batches: Iterator[Any]) -> Iterator[Any]:
        arrow = import_module("pyarrow")
        for batch in batches:
            yield from work(arrow.Table.from_batches([batch])).to_batches()

    return mapped


def _on_partition(work: Callable[[Any], Any]) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def mapped(batches: Iterator[Any]) -> Iterator[Any]:
        held = list(batches)
        if held:
            yield from work(import_module("pyarrow").Table.from_batches(held)).to_batches(max_chunksize=_ROWS)

    return mapped


def _ddl(schema: Any) -> str:
    """A schema of Arrow as Spark writes it."""
    types = {"int64": "bigint", "string": "string", "binary": "binary"}
    return ", ".join(f"`{each.name}` {types.get(str(each.type), str(each.type).replace('128', ''))}" for each in schema)


def _engine(partitions: int | None) -> _Spark:
    needed("a DataFrame of Spark", "spark", "pyspark")
    return _Spark(partitions)


def settle(policy: Policy, bills: Any, *, partitions: int | None = None, **options: Any) -> Any:
    """Settle a DataFrame of Spark: its columns are those of `Bill`, each person's bills go into one partition.

    bills: amounts as decimals or text in yuan, times as text or TIMESTAMP_NTZ, which has no zone; partitions: how many
    the bills are spread over, each of which fits into a worker's memory, by default what the session says
    (spark.sql.shuffle.partitions); options: columns, gaps, totals, ids_apart, see `mipolicy.interop.engines.jobs`.
    Gives a DataFrame of `settled_schema`, lazily: settled rows and rejected ones, with `reject_reason`.
    Raises TableError for columns that are missing or unknown, and without pyspark.
    """
    return jobs.settle(_engine(partitions), policy, bills, **options)


def pay(policy: Policy, cases: Any, *, year: int, partitions: int | None = None, **options: Any) -> PaidYear:
    """Pay a DataFrame of Spark: its columns are those of `Case`, each person's cases go into one partition.

    cases is read once for each pass: `persist` it first where reading is dear.  year: that is closed; partitions: as
    for `settle`; options: institutions, groups and the other tables of the region, at, gaps, ids_apart.
    Raises what `mipolicy.pay` raises, and TableError without pyspark.
    """
    return jobs.pay(_engine(partitions), policy, cases, year=year, **options)
