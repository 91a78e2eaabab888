"""Tables at the edge: every form a column may have, every problem of a table at once, every bad cell with its row."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import Bill, Coded, Line
from mipolicy.batch.columns import ReadTable, read_table
from mipolicy.calendar import NO_DAY
from mipolicy.errors import TableError
from mipolicy.money import MAX_FEN
from mipolicy.records import NO_AMOUNT
from tests.batch import FIELDS, LINE_FIELDS, line, stay, table, visit, yuan

NEEDED = (
    *("setl_id", "mdtrt_id", "psn_no", "insutype", "psn_type", "med_type", "hosp_lv", "medins_kind"),
    *("medins_ownership", "fixmedins_code", "setl_time", "medfee_sumamt"),
)


def bills(rows: int = 1, **columns: Any) -> dict[str, Any]:
    """Columns that every table needs, and those given."""
    return {**table([visit(f"S{at}") for at in range(rows)], NEEDED), **columns}


def read(rows: int = 1, **columns: Any) -> ReadTable:
    return read_table(bills(rows, **columns), Bill, "bills")


def refused(columns: dict[str, Any], record: type[Any] = Bill) -> str:
    with pytest.raises(TableError) as caught:
        read_table(columns, record, "bills")
    return str(caught.value)


def faults(found: ReadTable) -> dict[int, tuple[str, str]]:
    return {row: (fault.reason, fault.message) for row, fault in found.faults.items()}


# ------------------------------------------------------------------------------------------------------ names, lengths


def test_a_table_of_what_is_needed() -> None:
    found = read(3)
    assert found.rows == 3
    assert found.faults == {}
    assert found.given == set(NEEDED)
    assert set(found.columns) == set(FIELDS)
    assert found.columns["setl_id"].tolist() == ["S0", "S1", "S2"]
    assert found.columns["insutype"].texts().tolist() == ["310"] * 3
    assert found.columns["medfee_sumamt"].tolist() == [100_000] * 3
    assert found.columns["setl_time"].tolist() == [datetime.datetime(2025, 3, 1, 9, 30)] * 3


def test_a_column_that_is_not_there_holds_what_a_bill_has_without_it() -> None:
    columns = read(2).columns
    assert columns["inscp_scp_amt"].tolist() == [NO_AMOUNT] * 2
    assert columns["adm_time"].tolist() == [NO_DAY] * 2
    assert columns["service_kind"].texts().tolist() == ["general"] * 2
    assert columns["online_flag"].texts().tolist() == ["0"] * 2
    assert columns["dise_codg"].texts().tolist() == [""] * 2
    lines = read_table(
        {name: ["x"] for name in LINE_FIELDS[:3]} | {"det_item_fee_sumamt": ["1"]}, Line, "lines"
    ).columns
    assert lines["cnt"].tolist() == [10_000]
    assert lines["pric"].tolist() == lines["selfpay_prop"].tolist() == lines["pric_uplmt_amt"].tolist() == [-1]


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_an_empty_column_is_one_that_is_not_there(rows: int) -> None:
    sparse = read(rows).columns
    full = read(rows, **{name: np.full(rows, "", np.str_) for name in FIELDS if name not in NEEDED}).columns
    for name in FIELDS:
        if isinstance(sparse[name], Coded):
            assert full[name].texts().tolist() == sparse[name].texts().tolist()
        else:
            assert full[name].tolist() == sparse[name].tolist()


def test_no_rows() -> None:
    empties: tuple[Any, ...] = ([], np.array([]), np.array([], np.str_), np.array([], object))
    for empty in empties:
        found = read_table(dict.fromkeys(NEEDED, empty), Bill, "bills")
        assert (found.rows, found.faults) == (0, {})
        assert all(len(column) == 0 for column in found.columns.values())


def test_no_columns() -> None:
    assert refused({}) == "bills: the table has no columns; bills need " + ", ".join(NEEDED)


def test_every_problem_at_once() -> None:
    columns = bills(2)
    del columns["hosp_lv"], columns["psn_no"]
    says = refused(
        columns
        | {
            "hosp_level": ["05", "05"],
            "age": [1, 2],
            "dise_codg": ["a"],
            "insutype": np.array([310, 390]),
            "medfee_sumamt": np.array([1.5, 2.5], np.float32),
            "setl_time": [1, 2],
        }
    )
    assert says.startswith("bills: missing psn_no, hosp_lv; unknown column hosp_level, did you mean hosp_lv?; ")
    for part in (
        "unknown column age",
        "column insutype: codes are text and keep their leading zeros, got int64 such as 310",
        "column medfee_sumamt: float32 is not exact; write decimals in yuan such as 12.30",
        "column setl_time: text is due, or the type of numpy that says what it is, got int64",
        "columns of unequal length: setl_id 2",
        "dise_codg 1",
    ):
        assert part in says


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("setl_tim", "did you mean setl_time?"),
        ("medfee_sumamount", "did you mean medfee_sumamt?"),
        ("INSUTYPE", "columns: setl_id, mdtrt_id"),
        ("", "columns: setl_id, mdtrt_id"),
        (7, "columns: setl_id, mdtrt_id"),
    ],
)
def test_a_name_that_is_no_column(name: Any, hint: str) -> None:
    says = refused({**bills(), name: ["x"]})
    assert f"unknown column {name}, {hint}" in says or f"unknown column {name}; {hint}" in says


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("abc", "an array, a list or Coded is due, not str"),
        (b"abc", "an array, a list or Coded is due, not bytes"),
        (5, "an array, a list or Coded is due, not int"),
        (None, "an array, a list or Coded is due, not NoneType"),
        ({"a": 1}, "an array, a list or Coded is due, not dict"),
        ((text for text in "abc"), "an array, a list or Coded is due, not generator"),
        (np.array([["a"], ["b"]]), "one dimension is due, not shape (2, 1)"),
        (np.array("a"), "one dimension is due, not shape ()"),
        (np.ma.masked_array(np.array(["a"]), [True]), "a masked array has gaps"),
    ],
)
@pytest.mark.parametrize("name", ["setl_id", "insutype", "setl_time", "medfee_sumamt", "adm_time"])
def test_what_is_no_column(name: str, column: Any, says: str) -> None:
    assert f"column {name}: {says}" in refused({**bills(), name: column})


def test_masked_amounts_are_refused_and_not_read_beneath_the_mask() -> None:
    assert "gaps" in refused(bills(2, medfee_sumamt=np.ma.masked_array(np.array([1, 2]), [False, True])))


# -------------------------------------------------------------------------------------------------------- ids, codes


@pytest.mark.parametrize(
    "column",
    [
        ["07", "7", "007"],
        ("07", "7", "007"),
        np.array(["07", "7", "007"]),
        np.array(["07", "7", "007"], object),
        np.array(["07", "7", "007"], np.dtypes.StringDType()),
        Coded.of(["07", "7", "007"]),
        Coded(np.array([2, 0, 1], np.uint8), ("7", "007", "07")),
    ],
)
@pytest.mark.parametrize("name", ["psn_no", "insutype", "dise_codg"])
def test_text_in_every_form_keeps_its_zeros(name: str, column: Any) -> None:
    found = read(3, **{name: column})
    assert found.faults == {}
    assert np.asarray(found.columns[name]).tolist() == ["07", "7", "007"]


@pytest.mark.parametrize(
    "column", [np.array([310, 390]), np.array([310.0, 390.0]), np.array([True, False]), [310, 390]]
)
@pytest.mark.parametrize("name", ["setl_id", "psn_no", "insutype", "dise_codg", "online_flag", "init_setl_id"])
def test_numbers_are_no_codes(name: str, column: Any) -> None:
    assert f"column {name}: codes are text and keep their leading zeros, got" in refused(bills(2, **{name: column}))


@pytest.mark.parametrize("cells", [["310", 310], ["310", 310.0], ["310", True], ["310", b"310"], ["310", ("310",)]])
@pytest.mark.parametrize("form", [list, lambda cells: np.fromiter(cells, object, len(cells))])
def test_a_number_among_codes_is_a_fault_of_its_row(cells: list[Any], form: Any) -> None:
    kind = type(cells[1]).__name__
    for name, reason in (("setl_id", "id"), ("insutype", "code"), ("dise_codg", "code"), ("online_flag", "code")):
        found = faults(read(2, **{name: form(cells)}))
        assert found == {1: (reason, f"{name} takes text, not {kind} {cells[1]!r}")}


def test_none_is_absent_where_a_bill_may_be_without() -> None:
    found = read(2, service_kind=["surgery", None], online_flag=["1", None], dise_codg=["a", None])
    assert found.faults == {}
    assert found.columns["service_kind"].texts().tolist() == ["surgery", "general"]
    assert found.columns["online_flag"].texts().tolist() == ["1", "0"]
    assert found.columns["dise_codg"].texts().tolist() == ["a", ""]
    found = read(2, insutype=["310", None], psn_no=[None, "P1"])
    assert faults(found) == {0: ("id", "psn_no is empty"), 1: ("code", "insutype is empty")}
    assert np.asarray(found.columns["psn_no"]).tolist() == ["", "P1"]


def test_an_empty_text_is_absent_in_a_dictionary_column_too() -> None:
    coded = Coded(np.array([0, 1, 2, 1], np.int32), ("surgery", "", "general"))
    found = read(4, service_kind=coded).columns["service_kind"]
    assert found.texts().tolist() == ["surgery", "general", "general", "general"]
    assert len(set(found.values)) == len(found.values)


def test_a_dictionary_may_say_a_value_twice() -> None:
    coded = Coded(np.array([0, 1, 2, 3], np.int32), ("P1", "P1", "P2", "P1"))
    found = read(4, psn_no=coded).columns["psn_no"]
    assert found.texts().tolist() == ["P1", "P1", "P2", "P1"]
    assert len(found.values) == 2


def test_a_dictionary_of_numbers_is_refused() -> None:
    coded = Coded(np.array([0], np.int32), (310,))  # type: ignore[arg-type]  # that is what is tested
    assert "column insutype: codes are text and keep their leading zeros, got int 310" in refused(bills(insutype=coded))


# ----------------------------------------------------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    "column",
    [
        np.array([0, 1, 100_000], np.int64),
        np.array([0, 1, 100_000], np.int32),
        np.array([0, 1, 100_000], np.uint64),
        np.array([0, 1, 100_000], object),
        [0, 1, 100_000],
        np.array([np.int64(0), np.int32(1), 100_000], object),
        ["0", "0.01", "1000.00"],
        np.array(["0.00", "0.01", "1000"]),
        [Decimal("0"), Decimal("0.01"), Decimal("1000.0")],
        ["0", Decimal("0.01"), " 1000.00 "],
        Coded.of(["0", "0.01", "1000"]),
    ],
)
def test_integers_are_fen_and_text_is_yuan(column: Any) -> None:
    found = read(3, medfee_sumamt=column)
    assert found.faults == {}
    assert found.columns["medfee_sumamt"].tolist() == [0, 1, 100_000]
    assert found.columns["medfee_sumamt"].dtype == np.int64


@given(st.lists(st.integers(-MAX_FEN, MAX_FEN), min_size=1, max_size=20))
def test_any_amount_in_either_form(fen: list[int]) -> None:
    rows = len(fen)
    for column in (fen, np.array(fen), [yuan(each) for each in fen], [Decimal(each).scaleb(-2) for each in fen]):
        found = read(rows, medfee_sumamt=column)
        assert found.faults == {}
        assert found.columns["medfee_sumamt"].tolist() == fen


def test_integers_stay_fen_where_some_are_absent() -> None:
    for nothing in (None, ""):
        found = read(2, inscp_scp_amt=[100_000, nothing])
        assert found.faults == {}
        assert found.columns["inscp_scp_amt"].tolist() == [100_000, NO_AMOUNT]


def test_an_integer_among_texts_has_no_unit() -> None:
    found = read(3, medfee_sumamt=["1000.00", 1000, Decimal("1")])
    assert faults(found) == {1: ("amount", "medfee_sumamt: the integer 1000 among texts has no unit")}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (12.5, "medfee_sumamt: yuan takes text, Decimal or a whole int, not float 12.5: write it as text, '12.5'"),
        (float("nan"), "medfee_sumamt: yuan takes text, Decimal or a whole int, not float nan"),
        (float("inf"), "medfee_sumamt: yuan takes text, Decimal or a whole int, not float inf"),
        (Decimal("NaN"), "medfee_sumamt: yuan takes a finite figure, not NaN"),
        (Decimal("Infinity"), "medfee_sumamt: yuan takes a finite figure, not Infinity"),
        (True, "medfee_sumamt: yuan takes text, Decimal or a whole int, not bool True"),
        ("NaN", "medfee_sumamt: yuan takes a plain decimal figure such as '12.30', not 'NaN'"),
        ("1,000.00", "medfee_sumamt: yuan takes a plain decimal figure"),
        ("1e3", "medfee_sumamt: yuan takes a plain decimal figure"),
        ("0.001", "medfee_sumamt: yuan 0.001 has more decimals than can be kept"),
        ("10000000000.01", "medfee_sumamt: yuan 10000000000.01 is beyond ten billion yuan"),
        ("9" * 200, "medfee_sumamt: yuan takes a figure of at most 100 digits"),
        ("", "medfee_sumamt is empty"),
        (None, "medfee_sumamt is empty"),
        ([], "medfee_sumamt: yuan takes text, Decimal or a whole int, not list"),
    ],
)
def test_a_cell_that_is_no_amount_is_a_fault_of_its_row(cell: Any, says: str) -> None:
    found = faults(read(3, medfee_sumamt=["1.00", cell, "2.00"]))
    assert list(found) == [1]
    assert found[1][0] == "amount"
    assert found[1][1].startswith(says)


@pytest.mark.parametrize(
    "column",
    [
        np.array([1, MAX_FEN + 1, -MAX_FEN - 1, MAX_FEN]),
        np.array([1, 2**64 - 1, MAX_FEN + 1, MAX_FEN], np.uint64),
        np.array([1, MAX_FEN + 1, -(2**63), MAX_FEN]),
        np.array([1, 2**80, -(2**80), MAX_FEN], object),
        [1, 2**80, MAX_FEN + 1, MAX_FEN],
    ],
)
def test_an_amount_too_large_is_a_fault_of_its_row(column: Any) -> None:
    found = read(4, medfee_sumamt=column)
    assert list(found.faults) == [1, 2]
    assert found.faults[1].message == f"medfee_sumamt: {column[1]} is too large"
    assert found.columns["medfee_sumamt"].tolist()[::3] == [1, MAX_FEN]
    assert read(2, medfee_sumamt=np.array([-MAX_FEN, MAX_FEN])).faults == {}


@pytest.mark.parametrize(
    "column",
    [
        np.array([True, False]),
        [True, False],
        np.array([b"1", b"2"]),
        np.array(["2025-01-01", "2025-01-01"], "datetime64[D]"),
    ],
)
def test_a_column_that_is_neither_integers_nor_text(column: Any) -> None:
    assert "column medfee_sumamt: fen must be integers" in refused(bills(2, medfee_sumamt=column))


# ------------------------------------------------------------------------------------------------------ days and times


@pytest.mark.parametrize(
    "column",
    [
        ["2025-03-01", ""],
        [datetime.date(2025, 3, 1), None],
        [datetime.datetime(2025, 3, 1, 23, 59, 59), None],
        np.array(["2025-03-01", "NaT"], "datetime64[D]"),
        np.array(["2025-03-01T23:59:59", "NaT"], "datetime64[ns]"),
        Coded.of(["2025-03-01", ""]),
    ],
)
def test_a_day_in_every_form(column: Any) -> None:
    found = read(2, adm_time=column)
    assert found.faults == {}
    assert found.columns["adm_time"].tolist() == [20_148, NO_DAY]


@pytest.mark.parametrize(
    "column",
    [
        ["2025-03-01 23:59:59", "2025-03-01"],
        [datetime.datetime(2025, 3, 1, 23, 59, 59, 999_999), "2025-03-01T00:00:00"],
        np.array(["2025-03-01T23:59:59", "2025-03-01T00:00:00"], "datetime64[s]"),
        np.array(["2025-03-01T23:59:59.999", "2025-03-01"], "datetime64[ns]"),
        np.array([datetime.datetime(2025, 3, 1, 23, 59, 59), datetime.datetime(2025, 3, 1)], object),
    ],
)
def test_a_time_in_every_form_to_the_second(column: Any) -> None:
    found = read(2, setl_time=column)
    assert found.faults == {}
    assert found.columns["setl_time"].dtype == "datetime64[s]"
    assert found.columns["setl_time"].tolist() == [
        *(datetime.datetime(2025, 3, 1, 23, 59, 59), datetime.datetime(2025, 3, 1)),
    ]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("2025-02-30", "adm_time: a date such as 2025-03-01 or 2025-03-01 09:30:00 is due, not '2025-02-30'"),
        ("soon", "not 'soon'"),
        (20250301, "not 20250301"),
        (float("nan"), "not nan"),
        ({}, "adm_time: text is due, not dict {}"),
        ([], "adm_time: text is due, not list []"),
        ("2025-03-01T08:00:00Z", "adm_time: the local clock time is due, without a zone"),
        ("0001-01-01", "adm_time: 0001-01-01"),
    ],
)
def test_a_cell_that_is_no_day_is_a_fault_of_its_row(cell: Any, says: str) -> None:
    found = faults(read(3, adm_time=["2025-03-01", cell, ""]))
    assert list(found) == [1]
    assert found[1][0] == "date"
    assert says in found[1][1]
    as_time = faults(read(3, setl_time=["2025-03-01", cell, "2025-03-01"]))
    assert list(as_time) == [1]


@pytest.mark.parametrize("kind", ["datetime64[D]", "datetime64[s]"])
def test_a_day_that_no_calendar_holds_is_a_fault_of_its_row(kind: str) -> None:
    days = np.array(["2025-03-01", "20000-01-01", "-0044-03-15", "0001-01-01", "9999-12-31", "NaT"], kind)
    found = read(6, adm_time=days)
    assert list(found.faults) == [1, 2, 3]
    assert found.faults[1].message.endswith("is no day that a bill can have")
    assert found.columns["adm_time"].tolist()[:5:4] == [20_148, 2_932_896]
    times = read(6, setl_time=days)
    assert faults(times)[5] == ("date", "setl_time is empty")
    assert list(times.faults) == [1, 2, 3, 5]


@pytest.mark.parametrize("cell", ["", None])
def test_every_bill_is_settled_at_some_time(cell: Any) -> None:
    found = faults(read(2, setl_time=["2025-03-01", cell]))
    assert list(found) == [1]
    assert found[1][0] == "date"


@pytest.mark.parametrize("column", [np.array([20_000, 20_001]), np.array([1.5, 2.5]), [True, False]])
def test_a_column_of_numbers_is_no_column_of_days(column: Any) -> None:
    for name in ("adm_time", "setl_time"):
        assert f"column {name}: text is due" in refused(bills(2, **{name: column}))


# ------------------------------------------------------------------------------------------- prices, counts and rates


def lines(rows: int, **columns: Any) -> ReadTable:
    given = table([line("M1", f"L{at}", "XZ0001", "1", "1") for at in range(rows)], LINE_FIELDS)
    return read_table({**given, **columns}, Line, "lines")


def test_exact_figures_in_either_form() -> None:
    found = lines(3, pric=["12.345678", "", None], cnt=["-0.5", None, ""], selfpay_prop=["12.5%", "0.125", ""])
    assert found.faults == {}
    assert found.columns["pric"].tolist() == [12_345_678, -1, -1]
    assert found.columns["cnt"].tolist() == [-5_000, 10_000, 10_000]
    assert found.columns["selfpay_prop"].tolist() == [125_000, 125_000, -1]
    for column in (np.array([12_345_678, 1, 2]), [12_345_678, 1, 2]):
        assert lines(3, pric=column).columns["pric"].tolist() == [12_345_678, 1, 2]
    assert lines(3, pric=np.array([5, None, ""], object)).columns["pric"].tolist() == [5, -1, -1]
    assert lines(1, pric=[Decimal("0.5")]).columns["pric"].tolist() == [500_000]


@pytest.mark.parametrize(
    ("name", "cell", "says"),
    [
        ("pric", "-1", "pric: unit price -1 is outside"),
        ("pric", 1.5, "pric: unit price takes text"),
        ("cnt", "0.00001", "cnt: count 0.00001 has more decimals"),
        ("cnt", True, "cnt: count takes text"),
        ("selfpay_prop", "101%", "selfpay_prop: rate 101% is outside"),
        ("selfpay_prop", "ten", "selfpay_prop: rate takes a plain decimal"),
        ("pric", 5, "pric: the integer 5 among texts has no unit"),
        ("pric", [], "pric: "),
    ],
)
def test_a_cell_that_is_no_figure_is_a_fault_of_its_row(name: str, cell: Any, says: str) -> None:
    found = faults(lines(3, **{name: ["1", cell, "1"]}))
    assert list(found) == [1]
    assert found[1][0] == "amount"
    assert found[1][1].startswith(says)


def test_equal_cells_of_different_types_are_read_apart() -> None:
    assert list(lines(3, cnt=np.array(["1", True, 1.0], object)).faults) == [1, 2]


@pytest.mark.parametrize("column", [np.array([True]), np.array([b"1"])])
def test_a_column_of_another_type_is_no_column_of_prices(column: Any) -> None:
    with pytest.raises(TableError, match="column pric: text is due"):
        lines(1, pric=column)


@pytest.mark.parametrize("column", [np.array([1.0]), [0.1]])
def test_a_column_of_floats_is_no_column_of_prices(column: Any) -> None:
    with pytest.raises(TableError, match="column pric: float64 is not exact; write decimals or text"):
        lines(1, pric=column)


def test_an_integer_that_no_int64_holds_is_a_fault_of_its_row() -> None:
    for column in (np.array([2**64 - 1, 1], np.uint64), [2**70, 1], [2**63, 1], [-(2**63), 1]):
        assert list(lines(2, pric=column).faults) == [0]


def test_a_stay_reads_both_its_days() -> None:
    columns = read_table(table([stay()]), Bill, "bills").columns
    assert (columns["adm_time"].tolist(), columns["dscg_time"].tolist()) == ([20_148], [20_155])
