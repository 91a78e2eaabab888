"""The made-up table: reproducible, as rich as it says, and broken in exactly the ways it lists."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy import InputError
from mipolicy.axes import SCHEMES
from mipolicy.batch import TableResult, settlement_of
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.settlement import section_name
from mipolicy.benefits.statement import setlinfo_fields
from mipolicy.demo import BROKEN, PACK, bills, broken
from mipolicy.demo.broken import Fate
from mipolicy.texts import Coded

Table = dict[str, Any]


def texts(column: Any) -> Any:
    return column.texts() if isinstance(column, Coded) else column


def settled(table: Table, lines: Table) -> TableResult:
    return mipolicy.settle(mipolicy.load(PACK), table, lines=lines)


@pytest.fixture(scope="module")
def city() -> tuple[Table, Table]:
    return bills()


@pytest.fixture(scope="module")
def result(city: tuple[Table, Table]) -> TableResult:
    return settled(*city)


def as_bytes(tables: tuple[Table, Table]) -> bytes:
    return b"".join(name.encode() + column.tobytes() for table in tables for name, column in table.items())


# ---- reproducible ----------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert as_bytes(bills(500, seed=3)) == as_bytes(bills(500, seed=3))
    assert as_bytes(bills(500, seed=3)) != as_bytes(bills(500, seed=4))


def test_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib; from mipolicy.demo import bills; tables = bills(500, seed=3);"
        "print(hashlib.sha256(b''.join(n.encode() + c.tobytes() for t in tables for n, c in t.items())).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(found) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 10, 33, 66, 67, 99, 100, 134, 500])
def test_any_count_gives_as_many_rows(count: int) -> None:
    table, lines = bills(count, seed=count)
    done = settled(table, lines)
    assert {len(column) for column in table.values()} == {count}
    assert len(done) + len(done.rejects) == done.rows_in == count


@pytest.mark.parametrize("count", [0, -1])
def test_a_table_without_rows_is_refused(count: int) -> None:
    with pytest.raises(InputError) as error:
        bills(count)
    assert str(error.value) == f"a table of bills has at least one row, not {count}"


# ---- what it holds ---------------------------------------------------------------------------------------------------


def test_columns_are_text_and_named_by_the_national_interface(city: tuple[Table, Table]) -> None:
    table, lines = city
    assert all(column.dtype.kind == "U" for column in (*table.values(), *lines.values()))
    assert len(table["setl_id"]) == 20_000
    assert 3 * 16_000 < len(lines["mdtrt_id"]) < 6 * 20_000


def test_hundreds_of_persons_with_many_visits(city: tuple[Table, Table]) -> None:
    persons, visits = np.unique(city[0]["psn_no"], return_counts=True)
    assert 500 < len(persons) < 900
    assert np.median(visits) > 15
    assert visits.max() > 80


def test_every_stream_of_both_schemes_in_both_versions(result: TableResult) -> None:
    sections = texts(result.columns["section"])
    every = {section_name(scheme, stream) for scheme in SCHEMES for stream in STREAMS}
    assert set(sections.tolist()) == every
    versions = set(zip(sections.tolist(), texts(result.columns["version"]).tolist(), strict=True))
    assert {("inpatient.employee", "2024"), ("inpatient.employee", "2025")} < versions
    assert {("outpatient.resident.general", "2024"), ("outpatient.resident.general", "2025")} < versions
    assert all((sections == section).sum() > 50 for section in every)


def test_levels_kinds_and_owners_of_institutions(city: tuple[Table, Table]) -> None:
    table = city[0]
    assert set(table["medins_kind"].tolist()) == {
        "hospital",
        "community_center",
        "community_station",
        "township_center",
        "village_clinic",
        "clinic",
        "pharmacy",
    }
    assert set(table["medins_ownership"].tolist()) == {"public", "private"}
    assert {"01", "02", "05", "07", "08", "11"} < set(table["hosp_lv"].tolist())


def test_chinese_medicine_ceilings_refunds_and_reversals(city: tuple[Table, Table], result: TableResult) -> None:
    table, lines = city
    kinds = np.char.rstrip(lines["med_list_codg"], "0123456789")
    assert all((kinds == name).sum() > 200 for name in ("T", "TK", "ZF", "MF", "H"))
    assert (result.columns["hosp_part_amt"] > 0).sum() > 500
    assert ((lines["init_feedetl_sn"] != "") & np.char.startswith(lines["cnt"], "-")).sum() > 1_000
    assert (table["refd_setl_flag"] == "1").sum() == 200


def test_a_reversal_takes_back_what_its_bill_was_paid(city: tuple[Table, Table], result: TableResult) -> None:
    table = city[0]
    at = {name: place for place, name in enumerate(texts(result.columns["setl_id"]).tolist())}
    reversals = [row for row in result.row.tolist() if table["refd_setl_flag"][row] == "1"]
    assert len(reversals) > 150
    for row in reversals:
        back, bill = at[str(table["setl_id"][row])], at[str(table["init_setl_id"][row])]
        for name in setlinfo_fields():
            assert result.columns[name][back] == -result.columns[name][bill]


def test_stays_over_the_year_end_referrals_and_interim_bills(city: tuple[Table, Table], result: TableResult) -> None:
    table = {name: column[result.row] for name, column in city[0].items()}
    bill = table["refd_setl_flag"] == "0"
    over = bill & (table["adm_time"] < "2025-01-01") & (table["dscg_time"] >= "2025-01-01")
    assert over.sum() >= 10
    referred = np.flatnonzero(bill & (table["referral_flag"] == "1"))
    assert len(referred) > 100
    stays = np.flatnonzero(bill & (table["dscg_time"] != ""))
    linked = 0
    for row in referred.tolist():
        of_person = stays[table["psn_no"][stays] == table["psn_no"][row]]
        adm = date.fromisoformat(str(table["adm_time"][row]))
        ends = [date.fromisoformat(text) for text in table["dscg_time"][of_person].tolist()]
        linked += any(0 <= (adm - end).days <= 15 for end in ends)
    assert linked > 0.9 * len(referred)
    assert (table["mid_setl_flag"] == "1").sum() > 20


def test_lines_are_price_times_count(city: tuple[Table, Table], result: TableResult) -> None:
    lines = city[1]
    wrong = set()
    for row, (price, count, amount) in enumerate(
        zip(lines["pric"].tolist(), lines["cnt"].tolist(), lines["det_item_fee_sumamt"].tolist(), strict=True)
    ):
        if (Decimal(price) * Decimal(count)).quantize(Decimal("0.01"), ROUND_HALF_UP) != Decimal(amount):
            wrong.add(row)
    faults = {
        row
        for row, message in zip(result.line_rejects.row.tolist(), result.line_rejects.message, strict=True)
        if message.endswith("is not pric x cnt, half up to the fen")
    }
    assert wrong == faults
    assert 0 < len(wrong) < 20


# ---- what is broken --------------------------------------------------------------------------------------------------


def test_every_row_is_settled_or_rejected(result: TableResult) -> None:
    rows = np.concatenate([result.row, result.rejects.row])
    assert np.array_equal(np.sort(rows), np.arange(result.rows_in))


def test_one_to_two_percent_are_rejected_for_the_reasons_listed(result: TableResult) -> None:
    assert 0.01 <= len(result.rejects) / result.rows_in <= 0.02
    assert set(result.rejects.counts()) == {fate.reason for fate in BROKEN.values()} - {""}
    assert set(result.line_rejects.counts()) == {"lines", "refund", "amount", "code", "orphan"}


@pytest.mark.parametrize("name", BROKEN)
def test_each_way_to_break_a_row_is_rejected_for_its_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fate: Fate = BROKEN[name]
    monkeypatch.setattr(broken, "BROKEN", {name: fate})
    done = settled(*bills(600, seed=11))
    if fate.reason == "":
        assert (len(done.rejects), dict(done.line_rejects.counts())) == (0, {"orphan": 9})
        return
    assert dict(done.rejects.counts()) in (
        {fate.reason: rows} for rows in ((18,) if fate.reason == "duplicate" else (4, 5, 9))
    )


def test_nothing_else_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken, "BROKEN", {"nothing": Fate("visit", "", lambda case: None)})
    done = settled(*bills(3_000, seed=5))
    assert (len(done.rejects), len(done.line_rejects)) == (0, 0)


def test_one_row_at_a_time_gives_the_same() -> None:
    table, lines = bills(300, seed=2)
    done = settled(table, lines)
    policy = mipolicy.load(PACK)
    chosen = [*range(0, len(done), 12), *np.flatnonzero(table["refd_setl_flag"][done.row] == "1")]
    for place in chosen:
        one = settlement_of(policy, table, int(done.row[place]), lines=lines)
        for name in setlinfo_fields():
            assert getattr(one.setlinfo, name) == done.columns[name][place], (done.row[place], name)
