"""Tables as files: what is read, what is refused and how it is said, and that a file is written whole or not at all."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import Bill, Coded, Line, TableError
from mipolicy.batch.result import OUTPUTS, Rejects, TableResult
from mipolicy.benefits.bill import AMOUNTS, bill_fields
from mipolicy.demo import bills
from mipolicy.interop import files, read, write, write_rejects, write_result
from mipolicy.interop.arrow import decimals
from mipolicy.money import yuan_text

LINE_UNITS = {"det_item_fee_sumamt": (16, 2), "cnt": (16, 4), "pric": (16, 6), "selfpay_prop": (5, 4)}


def saved(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path, record: type[Any] | None = Bill) -> str:
    with pytest.raises(TableError) as error:
        read(path, record)
    return str(error.value)


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


# ---- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_column_of_a_csv_is_text(tmp_path: Path, mark: bytes, end: str) -> None:
    text = end.join(("setl_id,hosp_lv,dise_codg", "S1,01,", 'S2,"0,2","说 ""x"""', "", ""))
    table = read(saved(tmp_path / "t.csv", mark + text.encode()))
    assert {name: column.tolist() for name, column in table.items()} == {
        "setl_id": ["S1", "S2"],
        "hosp_lv": ["01", "0,2"],
        "dise_codg": ["", '说 "x"'],
    }
    assert all(column.dtype.kind == "U" for column in table.values())


def test_a_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.csv", 'a,b\n"x\r\ny",1\nz,2,3\n')
    assert refusal(path) == f"{path}, line 4: 3 cell(s), the first line names 2 columns"


def test_a_csv_of_many_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 3)
    path = saved(tmp_path / "t.csv", "a,b\n" + "".join(f"{at},{'x' * at}\n" for at in range(10)))
    table = read(path)
    assert table["a"].tolist() == [str(at) for at in range(10)]
    assert table["b"].tolist() == ["x" * at for at in range(10)]


def test_a_csv_without_rows_has_its_columns(tmp_path: Path) -> None:
    table = read(saved(tmp_path / "t.csv", "a,b\n"))
    assert {name: len(column) for name, column in table.items()} == {"a": 0, "b": 0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", " is empty: a first line with the names of the columns is due"),
        ("\n \n", " is empty: a first line with the names of the columns is due"),
        (b"\xef\xbb\xbf", " is empty: a first line with the names of the columns is due"),
        ("a,b\n1\n", ", line 2: 1 cell(s), the first line names 2 columns"),
        ("a,b\n1,2\n1,2,3\n", ", line 3: 3 cell(s), the first line names 2 columns"),
        ("a,b\n1,2\n\n3,4\n", ", line 3: an empty line between rows"),
        ("a,b,a,b,a\n1,2,3,4,5\n", ": column a stands twice; column b stands twice"),
        ("a,,b, \n1,2,3,4\n", ": column 2 has no name; column 4 has no name"),
        ("a;b;c\n1;2;3\n", ": the first line is one cell; cells are parted by commas"),
        ("a\tb\n1\t2\n", ": the first line is one cell; cells are parted by commas"),
        ('a,b\n1,"2\n', ", line 2: unexpected end of data"),
        ('a,b\n1,"2"3\n', ", line 2: ',' expected after '\"'"),
        ("a,b\n1," + "x" * 200_000 + "\n", ", line 2: field larger than field limit (131072)"),
        ("a,b\n1,姓\n".encode("gbk"), ", line 2: not UTF-8 at byte 6 (0xd0); save the file as UTF-8"),
        (b"\xef\xbb\xbfa,b\n\n\xff", ", line 3: not UTF-8 at byte 8 (0xff); save the file as UTF-8"),
        ("a,b\n".encode("utf-16"), ", line 1: not UTF-8 at byte 0 (0xff); save the file as UTF-8"),
    ],
)
def test_what_a_csv_may_not_be(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = saved(tmp_path / "t.csv", content)
    assert refusal(path) == f"{path}{message}"


def test_files_that_are_no_table(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.xlsx", "a,b\n")
    assert refusal(path) == f"{path}: a table is a file that ends in .csv or .parquet"
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing.csv")
    with pytest.raises(IsADirectoryError) as error:
        read(tmp_path)
    assert error.value.filename == str(tmp_path)


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "T.CSV", "a\n1\n"))["a"].tolist() == ["1"]


# ---- Parquet ---------------------------------------------------------------------------------------------------------


def test_parquet_types_become_what_settle_takes(tmp_path: Path) -> None:
    noon = datetime.datetime(2025, 1, 2, 12, 30, 15, 999)
    path = parquet(
        tmp_path / "t.parquet",
        setl_id=["S1", None],
        mdtrt_id=pa.array(["M1", "M2"], pa.large_string()),
        psn_type=pa.array(["11", None]).dictionary_encode(),
        medfee_sumamt=pa.array([Decimal("12.30"), Decimal("-0.05")], pa.decimal128(16, 2)),
        inscp_scp_amt=pa.array([Decimal("0.1"), None], pa.decimal128(16, 6)),
        preselfpay_amt=pa.array([Decimal(0), None], pa.decimal256(40, 10)),
        overlmt_selfpay=pa.array(["1.20", "3"]).dictionary_encode(),
        fulamt_ownpay_amt=pa.nulls(2),
        setl_time=pa.array([noon, noon], pa.timestamp("us")),
        adm_time=pa.array([datetime.date(2025, 1, 2), None]),
        dscg_time=pa.array([noon, None], pa.timestamp("ms")),
        opsp_begndate=pa.array([datetime.date(2025, 1, 2), None], pa.date64()),
    )
    table = read(path)
    assert table["setl_id"].tolist() == ["S1", ""]
    assert table["mdtrt_id"].tolist() == ["M1", "M2"]
    assert isinstance(table["psn_type"], Coded)
    assert table["psn_type"].texts().tolist() == ["11", ""]
    assert table["medfee_sumamt"].tolist() == ["12.30", "-0.05"]
    assert table["inscp_scp_amt"].tolist() == ["0.100000", ""]
    assert table["preselfpay_amt"].tolist() == [Decimal(0), None]
    assert table["overlmt_selfpay"].tolist() == ["1.20", "3"]
    assert table["fulamt_ownpay_amt"].tolist() == ["", ""]
    assert table["setl_time"].dtype == "datetime64[s]"
    assert table["setl_time"].tolist() == [datetime.datetime(2025, 1, 2, 12, 30, 15)] * 2
    assert table["adm_time"].dtype == table["opsp_begndate"].dtype == "datetime64[D]"
    assert table["adm_time"].tolist() == table["opsp_begndate"].tolist() == [datetime.date(2025, 1, 2), None]
    assert table["dscg_time"].tolist() == [datetime.datetime(2025, 1, 2, 12, 30, 15), None]


def test_days_stand_for_times_and_gaps_in_times_are_seen(tmp_path: Path) -> None:
    day = datetime.date(2025, 1, 2)
    whole = read(parquet(tmp_path / "a.parquet", setl_time=pa.array([day])))
    assert whole["setl_time"].dtype == "datetime64[s]"
    gapped = read(parquet(tmp_path / "b.parquet", setl_time=pa.array([day, None])))
    assert gapped["setl_time"].tolist() == [datetime.datetime(2025, 1, 2), None]


def test_a_dictionary_column_over_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"psn_type": pa.array(["11", "12", "11", "14"]).dictionary_encode()})
    pq.write_table(table, path, row_group_size=1)
    assert read(path)["psn_type"].texts().tolist() == ["11", "12", "11", "14"]


def test_a_parquet_without_rows(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "t.parquet",
        setl_id=pa.array([], pa.string()),
        psn_type=pa.array([], pa.string()).dictionary_encode(),
        medfee_sumamt=pa.array([], pa.decimal128(16, 2)),
        setl_time=pa.array([], pa.timestamp("ns")),
    )
    assert {name: len(column) for name, column in read(path).items()} == dict.fromkeys(
        ("setl_id", "psn_type", "medfee_sumamt", "setl_time"), 0
    )


WRONG_TYPES: list[tuple[str, Any, str]] = [
    ("medfee_sumamt", [1230], "int64, which could be yuan or fen; write decimals in yuan such as 12.30"),
    ("medfee_sumamt", [12.3], "double, which is not exact; write decimals in yuan such as 12.30"),
    (
        "inscp_scp_amt",
        pa.array([1]).dictionary_encode(),
        "int64, which could be yuan or fen; write decimals in yuan such as 12.30",
    ),
    ("psn_type", [11], "int64; codes and ids are text and keep their leading zeros"),
    ("setl_id", [1.0], "double; codes and ids are text and keep their leading zeros"),
    ("online_flag", [True], "bool; codes and ids are text and keep their leading zeros"),
    ("setl_time", [20250101], "int64; write dates, timestamps or ISO text"),
    (
        "setl_time",
        pa.array([datetime.datetime(2025, 1, 1)], pa.timestamp("us", "UTC")),
        "times of the zone UTC; write the local clock time, without a zone",
    ),
]


@pytest.mark.parametrize(("name", "column", "message"), WRONG_TYPES)
def test_columns_of_bills_that_are_refused(tmp_path: Path, name: str, column: Any, message: str) -> None:
    path = parquet(tmp_path / "t.parquet", **{name: column})
    assert refusal(path) == f"{path}: column {name} holds {message}"


@pytest.mark.parametrize(
    ("name", "meanings", "example"),
    [
        ("det_item_fee_sumamt", "yuan or fen", "decimals in yuan such as 12.30"),
        ("cnt", "pieces or parts of one", "decimals in pieces such as 2.0000"),
        ("pric", "yuan or millionths of one", "decimals in yuan such as 12.345678"),
        ("selfpay_prop", "shares or percent", "decimals such as 0.1000, or text such as 10%"),
    ],
)
def test_whole_numbers_of_lines_are_refused(tmp_path: Path, name: str, meanings: str, example: str) -> None:
    path = parquet(tmp_path / "t.parquet", **{name: [1]})
    assert refusal(path, Line) == f"{path}: column {name} holds int64, which could be {meanings}; write {example}"


def test_every_wrong_column_is_named_at_once(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", setl_id=["S1"], medfee_sumamt=[1], psn_type=[11])
    assert refusal(path) == (
        f"{path}: column medfee_sumamt holds int64, which could be yuan or fen; write decimals in yuan such as 12.30; "
        "column psn_type holds int64; codes and ids are text and keep their leading zeros"
    )


def test_a_table_of_any_kind_keeps_its_numbers(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", row=[1, 2], medfee_sumamt=pa.array([Decimal("1.5")] * 2))
    table = read(path, None)
    assert (table["row"].tolist(), table["medfee_sumamt"].tolist()) == ([1, 2], ["1.5", "1.5"])
    nested = parquet(tmp_path / "n.parquet", a=[[1]])
    assert refusal(nested, None) == f"{nested}: column a holds list<element: int64>; a table has plain columns"


def test_a_column_that_bills_do_not_have_is_left_to_settle(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", setl_idd=["S1"], weight=[1.5], parts=[[1]])
    assert list(read(path)) == ["setl_idd", "weight", "parts"]


def test_files_that_are_no_parquet(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.parquet", "a,b\n1,2\n")
    assert refusal(path).startswith(f"{path}: not a Parquet file that can be read: ")
    whole = parquet(tmp_path / "w.parquet", setl_id=["S1"] * 100).read_bytes()
    assert refusal(saved(path, whole[:-20])).startswith(f"{path}: not a Parquet file that can be read: ")
    assert "\n" not in refusal(path)


def test_a_parquet_column_may_not_stand_twice(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["setl_id", "setl_id"]), path)
    assert refusal(path) == f"{path}: column setl_id stands twice"


def test_without_pyarrow_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "t.parquet", setl_id=["S1"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert refusal(path) == f"{path}: Parquet needs pyarrow: pip install 'mipolicy[parquet]'"
    with pytest.raises(TableError, match="pip install 'mipolicy\\[parquet\\]'"):
        write(tmp_path / "out.parquet", {"a": ["x"]})
    assert os.listdir(tmp_path) == ["t.parquet"]


# ---- one table, both kinds of file -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, Any], dict[str, Any]]:
    return bills(600, seed=7)


@pytest.fixture(scope="module")
def settled(made: tuple[dict[str, Any], dict[str, Any]]) -> TableResult:
    return mipolicy.settle(mipolicy.load("assumed"), made[0], lines=made[1])


def test_bills_survive_csv(tmp_path: Path, made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for name, table, record in (("bills", made[0], Bill), ("lines", made[1], Line)):
        write(tmp_path / f"{name}.csv", table)
        again = read(tmp_path / f"{name}.csv", record)
        assert list(again) == list(table)
        assert all((again[column] == table[column]).all() for column in table)


def typed(table: dict[str, Any], units: dict[str, tuple[int, int]], days: tuple[str, ...]) -> dict[str, Any]:
    """The columns in the types that a database would give them."""
    columns: dict[str, Any] = {}
    for name, column in table.items():
        texts = [text or None for text in column.tolist()]
        if name in units:
            columns[name] = pa.array(texts).cast(pa.decimal128(*units[name]))
        elif name in days:
            columns[name] = pa.array([text and datetime.date.fromisoformat(text) for text in texts])
        elif name == "setl_time":
            columns[name] = pa.array(column.astype("datetime64[s]"))
        else:
            columns[name] = pa.array(texts, pa.string()).dictionary_encode()
    return columns


def test_typed_columns_settle_as_text_does(tmp_path: Path, made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    table, lines = made
    strange = np.char.find(table["medfee_sumamt"], ",") >= 0
    finer = np.char.endswith(table["medfee_sumamt"], ".005")
    sound = ~strange & ~finer & (table["setl_time"] != "2025-02-30 09:00:00")
    table = {name: column[sound] for name, column in table.items()}
    units = dict.fromkeys(AMOUNTS, (16, 2))
    pq.write_table(pa.table(typed(table, units, bill_fields("date"))), tmp_path / "b.parquet", row_group_size=100)
    pq.write_table(pa.table(typed(lines, LINE_UNITS, ("fee_ocur_time",))), tmp_path / "l.parquet", row_group_size=100)
    policy = mipolicy.load("assumed")
    plain = mipolicy.settle(policy, table, lines=lines)
    given = mipolicy.settle(policy, read(tmp_path / "b.parquet"), lines=read(tmp_path / "l.parquet", Line))
    assert given.texts() == plain.texts()
    assert [*given.rejects.records()] == [*plain.rejects.records()]
    assert len(plain) > 500


def test_a_result_in_both_kinds_of_file(tmp_path: Path, settled: TableResult) -> None:
    write_result(tmp_path / "s.csv", settled)
    write_result(tmp_path / "s.parquet", settled)
    as_text, as_typed = read(tmp_path / "s.csv", None), read(tmp_path / "s.parquet", None)
    assert list(as_text) == list(as_typed) == list(settled.columns)
    for name in as_text:
        column = as_typed[name]
        texts = column.texts() if isinstance(column, Coded) else column
        assert as_text[name].tolist() == [str(value) for value in texts.tolist()], name
    assert as_text["medfee_sumamt"].tolist() == [yuan_text(fen) for fen in settled.columns["medfee_sumamt"].tolist()]
    assert set(as_text["fund_rate"].tolist()) >= {"0%", "60%"}
    kinds = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "s.parquet")}
    assert {kinds[name] for name, unit in OUTPUTS.items() if unit == "fen"} == {"decimal128(18, 2)"}
    assert kinds["fund_rate"] == "string"


def test_negative_amounts_in_parquet(tmp_path: Path) -> None:
    fen = np.array([-1, 0, 1, -100, 10**12, -(10**12)], np.int64)
    pq.write_table(pa.table({"a": decimals(fen)}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", None)["a"].tolist() == ["-0.01", "0.00", "0.01", "-1.00", "", "-10000000000.00"]


def test_rejects_in_a_file(tmp_path: Path, settled: TableResult) -> None:
    write_rejects(tmp_path / "r.csv", settled.rejects)
    table = read(tmp_path / "r.csv", None)
    assert [
        dict(zip(table, row, strict=True)) for row in zip(*(column.tolist() for column in table.values()), strict=True)
    ] == [*settled.rejects.records()]
    write_rejects(tmp_path / "l.parquet", settled.line_rejects, "feedetl_sn")
    lines = read(tmp_path / "l.parquet", None)
    assert list(lines) == ["row", "feedetl_sn", "reason", "message"]
    assert lines["feedetl_sn"].tolist() == list(settled.line_rejects.setl_id)
    write_rejects(tmp_path / "none.csv", Rejects(np.empty(0, np.int64), (), (), ()))
    assert (tmp_path / "none.csv").read_text() == "row,setl_id,reason,message\n"


def test_coded_columns_can_be_written(tmp_path: Path) -> None:
    column = Coded.of(["b", "a", "b"])
    for name in ("t.csv", "t.parquet"):
        write(tmp_path / name, {"x": column, "y": ["1", "2", "3"]})
        again = read(tmp_path / name, None)["x"]
        assert (again.texts() if isinstance(again, Coded) else again).tolist() == ["b", "a", "b"]


# ---- whole or not at all ---------------------------------------------------------------------------------------------


def test_columns_of_unequal_length_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(TableError) as error:
        write(tmp_path / "t.csv", {"a": ["1"], "b": ["1", "2"]})
    assert str(error.value) == "columns of unequal length: a 1, b 2"
    assert os.listdir(tmp_path) == []


class Fails:
    """A column whose second value cannot be had."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Any:
        yield "1"
        raise self.error


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError(28, "no space left on device")])
@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: BaseException, name: str) -> None:
    with pytest.raises(type(error)):
        write(tmp_path / name, {"a": Fails(error)})
    assert os.listdir(tmp_path) == []
    saved(tmp_path / name, "before")
    with pytest.raises(type(error)):
        write(tmp_path / name, {"a": Fails(error)})
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "before"


def test_a_failure_at_the_last_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Any, target: Any) -> None:
        raise PermissionError(13, "Permission denied", str(source), None, str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError) as error:
        write(tmp_path / "t.csv", {"a": ["1"]})
    assert error.value.filename == str(tmp_path / "t.csv")
    assert os.listdir(tmp_path) == []


def test_a_file_takes_its_name_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    replace: Callable[..., None] = os.replace

    def watched(source: Any, target: Any) -> None:
        seen.append((Path(source).read_text(), Path(target).exists()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    write(tmp_path / "t.csv", {"a": ["1"]})
    assert seen == [("a\n1\n", False)]
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = saved(tmp_path / "real.csv", "x")
    (tmp_path / "link.csv").symlink_to(target)
    write(tmp_path / "link.csv", {"a": ["1"]})
    assert (tmp_path / "link.csv").is_symlink()
    assert target.read_text() == "a\n1\n"


def test_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        write(tmp_path / "nowhere" / "t.csv", {"a": ["1"]})
    assert missing.value.filename == str(tmp_path / "nowhere")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        write(tmp_path / "folder.csv", {"a": ["1"]})
    with pytest.raises(TableError) as other:
        write(tmp_path / "t.json", {"a": ["1"]})
    assert str(other.value) == f"{tmp_path / 't.json'}: a table is a file that ends in .csv or .parquet"
    assert os.listdir(tmp_path) == ["folder.csv"]
