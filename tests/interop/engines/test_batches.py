"""Bills settled as tables and batches of Arrow: the order, the schema, rejected rows; who goes together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import TableError
from mipolicy.interop.engines.batches import (
    PART,
    ids_of,
    in_parts,
    persons_who_meet,
    settle_arrow,
    settle_batches,
    settled_schema,
)
from mipolicy.interop.frames import arrow_table
from tests.interop.engines import BILLS, POLICY, rows_in_order, whole_rows

SETTLED = mipolicy.settle(POLICY, BILLS)


def test_the_schema_is_that_of_one_process() -> None:
    plain = {each.name: each.type for each in settled_schema()}
    for each in arrow_table(SETTLED).schema:
        of = each.type
        assert plain[each.name] == (of.value_type if pa.types.is_dictionary(of) else of)
    assert set(plain) == {*SETTLED.columns, "reject_reason", "reject_message"}


def test_rows_come_in_the_order_given() -> None:
    found = settle_arrow(POLICY, BILLS)
    assert found.column("setl_id").to_pylist() == BILLS.column("setl_id").to_pylist()
    assert rows_in_order(found) == whole_rows(SETTLED, BILLS, found.column_names)
    bad = [at for at, reason in enumerate(found.column("reject_reason").to_pylist()) if reason is not None]
    assert bad == SETTLED.rejects.row.tolist()
    assert found.column("hifp_pay").take(bad).null_count == len(bad)
    assert found.column("psn_no").take(bad).to_pylist() == BILLS.column("psn_no").take(bad).to_pylist()


def test_batches_are_one_table() -> None:
    batches = BILLS.to_batches(max_chunksize=40)
    assert pa.Table.from_batches(list(settle_batches(POLICY, iter(batches)))) == settle_arrow(POLICY, BILLS)
    assert list(settle_batches(POLICY, [])) == []
    empty = list(settle_batches(POLICY, BILLS.slice(0, 0).to_batches()))
    assert all(each.schema == settled_schema() and not len(each) for each in empty)


def test_columns_that_are_kept_hold_the_id_in_any_case() -> None:
    assert settled_schema(["hifp_pay"]).names == ["setl_id", "hifp_pay", "reject_reason", "reject_message"]
    assert settled_schema(["year", "setl_id", "year"]).names[:2] == ["setl_id", "year"]
    with pytest.raises(TableError, match=r"columns: nothing cannot be kept; what can: setl_id, mdtrt_id"):
        settled_schema(["nothing"])


# ---- who goes together -----------------------------------------------------------------------------------------------

IDS = st.sampled_from(["", "A", "B", "C", "D"])
ROWS = st.lists(st.tuples(st.sampled_from("PQRSTUVW"), IDS, IDS, IDS))


def table_of(rows: list[tuple[str, ...]]) -> Any:
    names = ("psn_no", "setl_id", "init_setl_id", "mdtrt_id")
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


@given(ROWS, st.integers(1, 9))
def test_persons_who_share_an_id_are_found(rows: list[tuple[str, ...]], slots: int) -> None:
    """Held against the definition: an id of settlements, own or reversed, or of encounters, with two persons."""
    owners = defaultdict(set)
    for person, setl_id, reversed_id, mdtrt_id in rows:
        for kind, name in (("s", setl_id), ("s", reversed_id), ("m", mdtrt_id)):
            if name:
                owners[kind, name].add(person)
    meeting = {person for each in owners.values() if len(each) > 1 for person in each}
    table = table_of(rows)
    ids = in_parts(ids_of(table, "bills"), "id", slots)
    found: set[str] = set()
    for part in set(ids[PART].to_pylist()):
        here = ids.filter(pa.array(np.asarray(ids[PART]) == part))
        found |= set(persons_who_meet(here)["psn_no"].to_pylist())
    assert found == meeting
    parts = in_parts(table, "psn_no", 2**31, sorted(found))[PART].to_pylist()
    assert {row[0] for row, part in zip(rows, parts, strict=True) if part == 0} == meeting


@given(ROWS, st.integers(1, 9))
def test_rows_of_a_person_are_in_one_part(rows: list[tuple[str, ...]], slots: int) -> None:
    given_rows = table_of(rows)
    parted = in_parts(given_rows, "psn_no", slots)
    assert parted.drop_columns([PART]) == given_rows
    of = defaultdict(set)
    for row, part in zip(rows, parted[PART].to_pylist(), strict=True):
        of[row[0]].add(part)
    assert all(len(each) == 1 for each in of.values())
    assert {part for each in of.values() for part in each} <= set(range(slots))


def test_a_table_without_persons_or_with_numbers_for_them() -> None:
    with pytest.raises(TableError, match="missing psn_no, by which rows go together; columns: setl_id"):
        in_parts(pa.table({"setl_id": ["A"]}), "psn_no", 3)
    with pytest.raises(TableError, match="column psn_no: codes are text and keep their leading zeros, got int64"):
        in_parts(pa.table({"psn_no": [1]}), "psn_no", 3)
