"""Settle and pay datasets of Ray Data (`pip install 'mipolicy[ray]'`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from attrs import frozen

from mipolicy.interop.engines import jobs
from mipolicy.interop.engines.batches import PART, in_parts
from mipolicy.interop.engines.jobs import PaidYear
from mipolicy.interop.engines.needed import is_due, needed
from mipolicy.policy import Policy

__all__ = ["pay", "settle"]


@frozen
class _Ray:
    """Parts are groups; slots: how many."""

    slots: int

    def names(self, table: Any) -> Sequence[str]:
        is_due("a dataset of Ray", table, "map_batches")
        return list(table.schema().names)

    def mapped(self, table: Any, names: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        return table.select_columns(list(names)).map_batches(work, batch_format="pyarrow", batch_size=None)

    def each(self, table: Any, by: str, together: Sequence[str], work: Callable[[Any], Any], schema: Any) -> Any:
        part = partial(in_parts, by=by, slots=self.slots, together=together)
        spread = table.map_batches(part, batch_format="pyarrow", batch_size=None)
        groups = spread.groupby(PART, num_partitions=self.slots)
        return groups.map_groups(partial(_worked, work=work), batch_format="pyarrow")

    def home(self, table: Any, schema: Any) -> Any:
        blocks = [block for block in import_module("ray").get(table.to_arrow_refs()) if block.num_rows]
        return import_module("pyarrow").concat_tables([schema.empty_table(), *blocks])


def _worked(table: Any, work: Callable[[Any], Any]) -> Any:
    return work(table.drop_columns([PART]))


def _engine(partitions: int) -> _Ray:
    needed("a dataset of Ray", "ray", "ray.data")
    return _Ray(partitions)


def settle(policy: Policy, bills: Any, *, partitions: int = 200, **options: Any) -> Any:
    """Settle a dataset of Ray: its columns are those of `Bill`, each person's bills go into one group.

    bills: amounts as decimals or text in yuan; partitions: how many groups the bills are spread over, each of which
    fits into a worker's memory; options: columns, gaps, totals, ids_apart, see `mipolicy.interop.engines.jobs`.
    Gives a dataset of `settled_schema`, lazily: settled rows and rejected ones, with `reject_reason`.
    Raises TableError for columns that are missing or unknown, and without ray.
    """
    return jobs.settle(_engine(partitions), policy, bills, **options)


def pay(policy: Policy, cases: Any, *, year: int, partitions: int = 200, **options: Any) -> PaidYear:
    """Pay a dataset of Ray: its columns are those of `Case`, each person's cases go into one group.

    cases is read once for each pass: `materialize` it first where reading is dear.  year: that is closed; partitions:
    as for `settle`; options: institutions, groups and the other tables of the region, at, gaps, ids_apart.
    Raises what `mipolicy.pay` raises, and TableError without ray.
    """
    return jobs.pay(_engine(partitions), policy, cases, year=year, **options)
