"""Files settled part by part: the same rows, rejects and order as in one table, whole or absent."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import BatchGap, Bill, Line, TableError
from mipolicy.demo import bills
from mipolicy.interop import files, parts, spool, streams, write, write_rejects, write_result
from mipolicy.interop.streams import Streamed, is_large, settle_files
from tests.batch import LINE_FIELDS, line, reversal, table, visit

POLICY = mipolicy.load("assumed")
MADE = bills(900, seed=11)
OUTPUTS = ("settled", "rejects", "line-rejects")
DAY = re.compile(r" on \d{4}-\d\d-\d\d;")


def streamed(folder: Path, suffix: str, lines: bool = True, **options: Any) -> Streamed:
    paths = {name: folder / f"{name}{suffix}" for name in OUTPUTS}
    given = {"part_rows": 50, "always": True, **options}
    return settle_files(
        given.pop("policy", POLICY),
        folder / f"bills{suffix}",
        paths["settled"],
        lines=folder / f"lines{suffix}" if lines else None,
        rejects=paths["rejects"],
        line_rejects=paths["line-rejects"],
        **given,
    )


def laid_down(folder: Path, suffix: str, given: dict[str, Any], lines: dict[str, Any] | None = None) -> None:
    write(folder / f"bills{suffix}", given)
    if lines is not None:
        write(folder / f"lines{suffix}", lines)


def cells(path: Path) -> dict[str, list[Any]]:
    """A table of a file; what a code's message says of the day on which it was looked up is left out."""
    return {
        name: [DAY.sub(";", str(cell)) for cell in np.asarray(column).tolist()]
        for name, column in files.read(path, None).items()
    }


def same_as_in_memory(
    folder: Path, suffix: str, given: dict[str, Any], lines: dict[str, Any] | None = None
) -> Streamed:
    laid_down(folder, suffix, given, lines)
    found = streamed(folder, suffix, lines is not None)
    result = mipolicy.settle(
        POLICY,
        files.read(folder / f"bills{suffix}", Bill),
        lines=None if lines is None else files.read(folder / f"lines{suffix}", Line),
    )
    write_result(folder / f"whole{suffix}", result)
    write_rejects(folder / f"whole-rejects{suffix}", result.rejects)
    assert cells(folder / f"settled{suffix}") == cells(folder / f"whole{suffix}")
    assert cells(folder / f"rejects{suffix}") == cells(folder / f"whole-rejects{suffix}")
    if len(result.line_rejects):
        write_rejects(folder / f"whole-line-rejects{suffix}", result.line_rejects, "feedetl_sn")
        assert cells(folder / f"line-rejects{suffix}") == cells(folder / f"whole-line-rejects{suffix}")
    assert found == Streamed(result.rows_in, len(result), result.rejects.counts(), result.line_rejects.counts())
    left = {path.name.removesuffix(suffix) for path in folder.iterdir()}
    assert left <= {"bills", "lines", "whole", "whole-rejects", "whole-line-rejects", *OUTPUTS}
    return found


# ---- the same as in one table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_in_parts_settles_as_a_whole(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_WINDOW", 100)
    monkeypatch.setattr(spool, "_PIECE", 7)
    monkeypatch.setattr(parts, "_PIECE", 64)
    monkeypatch.setattr(files, "_CHUNK", 64)
    found = same_as_in_memory(tmp_path, suffix, *MADE)
    assert found.rejected["duplicate"] > 0
    assert found.line_rejects["orphan"] > 0


def test_parquet_of_typed_columns_and_dictionaries(tmp_path: Path) -> None:
    path = tmp_path / "bills.parquet"
    write(path, MADE[0])
    write(tmp_path / "lines.parquet", MADE[1])
    whole = pq.read_table(path)
    for name in ("psn_no", "psn_type", "setl_id"):
        at = whole.schema.get_field_index(name)
        whole = whole.set_column(at, name, whole[name].dictionary_encode())
    pq.write_table(whole, path, row_group_size=100)
    found = streamed(tmp_path, ".parquet")
    result = mipolicy.settle(POLICY, whole, lines=MADE[1])
    assert (found.settled, found.rejected) == (len(result), result.rejects.counts())
    again = pq.read_table(tmp_path / "settled.parquet")
    assert again["hifp_pay"].to_pylist() == pa.table(result)["hifp_pay"].to_pylist()
    assert again.schema.field("hifp_pay").type == pa.decimal128(18, 2)


def persons(count: int) -> list[dict[str, str]]:
    return [visit(f"S{at}", 1_000 + at, psn_no=f"P{at}") for at in range(count)]


def test_ids_that_meet_across_persons(tmp_path: Path) -> None:
    records = persons(200)
    records += [visit("S7", 5, psn_no="P50"), visit("S300", 5, psn_no="P60", mdtrt_id="M-S8")]
    records += [reversal(records[9], "R1", "2025-03-02 00:00:00"), visit("S301", psn_no="P150")]
    records += [reversal(records[10], "R2", "2025-03-02 00:00:00", psn_no="P61")]
    records += [reversal(records[11], "R3", "2025-03-02 00:00:00", init_setl_id="nowhere")]
    lines = [line(f"M-S{at}", f"L{at}", "XZ0001", "10.00", "1") for at in (8, 12, 400)]
    found = same_as_in_memory(tmp_path, ".csv", table(records), table(lines, LINE_FIELDS))
    assert found.rejected == {"duplicate": 2, "lines": 3, "reversal": 2}
    message = files.read(tmp_path / "rejects.csv", None)["message"].tolist()
    assert "bill S10 is another person's" in message


def test_the_bills_of_a_person_lie_far_apart(tmp_path: Path) -> None:
    many = [
        visit(f"S{at}", 100_000, psn_no=f"P{at % 40}", setl_time=f"2025-03-01 09:{at % 60:02d}:00") for at in range(400)
    ]
    same_as_in_memory(tmp_path, ".parquet", table(many))


def test_a_line_without_a_name_is_named_by_its_row_in_the_file(tmp_path: Path) -> None:
    records = persons(120)
    lines = [line(f"M-S{at}", f"L{at}", "XZ0001", "10.00", "1") for at in range(120)]
    lines[90] |= {"feedetl_sn": "", "det_item_fee_sumamt": "ten"}
    same_as_in_memory(tmp_path, ".csv", table(records), table(lines, LINE_FIELDS))
    assert any(
        "line in row 90: " in text for text in files.read(tmp_path / "line-rejects.csv", None)["message"].tolist()
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_without_rows(tmp_path: Path, suffix: str) -> None:
    nothing = {name: column[:0] for name, column in MADE[0].items()}
    same_as_in_memory(tmp_path, suffix, nothing)
    same_as_in_memory(tmp_path, suffix, nothing, {name: column[:3] for name, column in MADE[1].items()})


def test_one_part_and_chosen_columns(tmp_path: Path) -> None:
    laid_down(tmp_path, ".csv", table(persons(3)))
    streamed(tmp_path, ".csv", lines=False, columns=["setl_id", "hifp_pay"], part_rows=1_000)
    assert list(files.read(tmp_path / "settled.csv", None)) == ["setl_id", "hifp_pay"]


def test_rejects_are_written_only_where_there_are_any(tmp_path: Path) -> None:
    laid_down(tmp_path, ".csv", table(persons(3)))
    streamed(tmp_path, ".csv", lines=False, always=False)
    assert sorted(os.listdir(tmp_path)) == ["bills.csv", "settled.csv"]


# ---- what stops it leaves nothing ------------------------------------------------------------------------------------


def nothing_new(folder: Path) -> None:
    assert {path.name.partition(".")[0] for path in folder.iterdir()} <= {"bills", "lines"}


def test_a_table_of_the_wrong_shape_is_refused_before_it_is_read(tmp_path: Path) -> None:
    given = table(persons(3))
    given["age"] = given.pop("psn_type")
    laid_down(tmp_path, ".csv", given)
    with pytest.raises(TableError, match="bills: missing psn_type; unknown column age"):
        streamed(tmp_path, ".csv", lines=False)
    nothing_new(tmp_path)


def test_whole_numbers_are_no_amounts_in_a_file(tmp_path: Path) -> None:
    given = {**table(persons(2)), "medfee_sumamt": np.array([1, 2])}
    laid_down(tmp_path, ".parquet", given)
    with pytest.raises(TableError, match="column medfee_sumamt holds int64, which could be yuan or fen"):
        streamed(tmp_path, ".parquet", lines=False)
    nothing_new(tmp_path)


def test_a_file_that_breaks_off(tmp_path: Path) -> None:
    laid_down(tmp_path, ".csv", table(persons(200)))
    path = tmp_path / "bills.csv"
    path.write_bytes(path.read_bytes()[:-30] + b"\xff\n")
    with pytest.raises(TableError, match=r"bills.csv, line 201: not UTF-8 at byte \d+ \(0xff\)"):
        streamed(tmp_path, ".csv", lines=False)
    laid_down(tmp_path, ".parquet", table(persons(200)))
    path = tmp_path / "bills.parquet"
    data = bytearray(path.read_bytes())
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(TableError, match="not a Parquet file that can be read"):
        streamed(tmp_path, ".parquet", lines=False)
    nothing_new(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("at", ["reading bills", "settling", "writing"])
def test_what_interrupts_it_leaves_what_was_there(tmp_path: Path, error: BaseException, at: str) -> None:
    laid_down(tmp_path, ".csv", table(persons(200)))
    before = tmp_path / "settled.csv"
    before.write_text("as it was\n")

    def step(what: str, done: int, of: int) -> None:
        assert 0 <= done <= of
        if what == at:
            raise error

    with pytest.raises(type(error)):
        streamed(tmp_path, ".csv", lines=False, step=step, always=False)
    assert sorted(os.listdir(tmp_path)) == ["bills.csv", "settled.csv"]
    assert before.read_text() == "as it was\n"


def test_gaps_are_counted_over_the_whole_file(tmp_path: Path) -> None:
    given = table([visit(f"S{at}", psn_no=f"P{at}", setl_time="2023-05-18") for at in range(200)])
    laid_down(tmp_path, ".csv", given)
    policy = mipolicy.load("changde-2023")
    with pytest.raises(BatchGap) as whole:
        mipolicy.settle(policy, given)
    with pytest.raises(BatchGap) as parts:
        streamed(tmp_path, ".csv", lines=False, policy=policy)
    assert str(parts.value) == str(whole.value)
    nothing_new(tmp_path)


def test_which_files_are_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in (".csv", ".parquet"):
        laid_down(tmp_path, suffix, table(persons(40)), table([line("M", "L", "X", "1", "1")] * 100, LINE_FIELDS))
        pair = tmp_path / f"bills{suffix}", tmp_path / f"lines{suffix}"
        assert not is_large(*pair)
        monkeypatch.setattr(streams, "PART_ROWS", 20)
        assert is_large(pair[0])
        assert is_large(*pair)
        monkeypatch.undo()
