"""Tables of other libraries: settled and paid as the same table of text is, refused with every problem, given back."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import Bill, Coded, Line, TableError
from mipolicy.batch.result import TableResult
from mipolicy.demo import bills, region_year
from mipolicy.interop import columns
from mipolicy.interop.frames import arrow_table
from tests.batch import stay, table, visit

POLICY = mipolicy.load("assumed")
BILLS, LINES = bills(600, seed=7)
AMOUNTS = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "balc")
DAYS = ("adm_time", "dscg_time", "opsp_begndate", "opsp_enddate")


class Capsule:
    """A table of which nothing is known but the interface, as results of databases are."""

    def __init__(self, of: pa.Table) -> None:
        self.of = of

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.of.__arrow_c_stream__(requested_schema)


class OneBatch:
    """A table in one piece, with the other half of the interface."""

    def __init__(self, of: pa.Table) -> None:
        (self.of,) = of.combine_chunks().to_batches()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> object:
        return self.of.__arrow_c_array__(requested_schema)


class Lazy:
    """A table that is not there yet."""

    def collect(self) -> pa.Table:
        return pa.table(BILLS)


def in_pieces(of: pa.Table) -> pa.Table:
    """Pieces of different lengths, one of them empty, each a slice of something longer."""
    return pa.concat_tables([of.slice(0, 101), of.slice(101, 0), of.slice(101, 250), of.slice(351)])


KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda of: of,
    "pieces": in_pieces,
    "reader": lambda of: of.to_reader(),
    "batch": lambda of: of.combine_chunks().to_batches()[0],
    "polars": pl.from_arrow,
    "pandas": lambda of: of.to_pandas(),
    "pandas of objects": lambda of: of.to_pandas().astype(object),
    "pandas of Arrow": lambda of: of.to_pandas(types_mapper=pd.ArrowDtype),
    "capsule": Capsule,
    "one batch": OneBatch,
    "mapping of Arrow": lambda of: dict(zip(of.column_names, of.columns, strict=True)),
    "mapping of polars": lambda of: pl.DataFrame(of).to_dict(),
    "mapping of pandas": lambda of: dict(of.to_pandas().items()),
}


def settled(given: Any, lines: Any = None) -> TableResult:
    result: TableResult = mipolicy.settle(POLICY, given, lines=lines)
    return result


def same(found: TableResult, expected: TableResult) -> None:
    assert found.texts() == expected.texts()
    assert list(found.rejects.records()) == list(expected.rejects.records())
    assert list(found.line_rejects.records()) == list(expected.line_rejects.records())


@pytest.fixture(scope="module")
def expected() -> TableResult:
    return settled(BILLS, LINES)


def sound() -> dict[str, Any]:
    """Bills whose cells can all be read, whatever else is wrong with them."""
    bad = {each["row"] for each in settled(BILLS, LINES).rejects.records() if each["reason"] in ("amount", "date")}
    keep = np.array([str(row) not in bad for row in range(len(BILLS["setl_id"]))])
    return {name: column[keep] for name, column in BILLS.items()}


def typed(given: Mapping[str, Any]) -> pa.Table:
    """The columns in the types that a database would give them, nulls for what is empty."""
    found: dict[str, Any] = {}
    for name, column in given.items():
        texts = [text or None for text in column.tolist()]
        if name in AMOUNTS:
            found[name] = pa.array(texts).cast(pa.decimal128(16, 2))
        elif name in DAYS:
            found[name] = pa.array([text and datetime.date.fromisoformat(text[:10]) for text in texts], pa.date32())
        elif name == "setl_time":
            found[name] = pa.array(column.astype("datetime64[us]"))
        elif name in ("setl_id", "mdtrt_id"):
            found[name] = pa.array(texts, pa.string())
        else:
            found[name] = pa.array(column).dictionary_encode()
    return pa.table(found)


# ---- in --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_text_settles_whoever_holds_it(kind: str, expected: TableResult) -> None:
    same(settled(KINDS[kind](pa.table(BILLS)), KINDS[kind](pa.table(LINES))), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_typed_columns_settle_as_text_does(kind: str) -> None:
    given = sound()
    same(settled(KINDS[kind](typed(given)), pa.table(LINES)), settled(given, LINES))


def test_fen_settle_as_text_does() -> None:
    given = sound()
    fen = {
        name: pa.array([int(text.replace(".", "")) if text else None for text in given[name].tolist()], pa.int64())
        for name in AMOUNTS
    }
    for kind in ("pyarrow", "polars", "pandas of Arrow"):
        whole = pa.table({**dict(zip(given, pa.table(given).columns, strict=True)), **fen})
        same(settled(KINDS[kind](whole), LINES), settled(given, LINES))


def test_floats_of_yuan_settle_as_text_does() -> None:
    given = sound()
    floats = {name: [float(text) if text else None for text in given[name].tolist()] for name in AMOUNTS}
    for frame in (pl.DataFrame({**given, **floats}), pd.DataFrame({**given, **floats})):
        same(settled(frame, LINES), settled(given, LINES))


def test_floats_that_are_no_yuan_are_rejects() -> None:
    given = table([visit(f"S{at}") for at in range(4)])
    given["medfee_sumamt"] = [12.345, float("inf"), 1000.0, 999.995]
    found = list(settled(pa.table(given)).rejects.records())
    assert [(each["row"], each["message"]) for each in found] == [
        ("0", "medfee_sumamt: yuan 12.345 has more decimals than can be kept: the smallest step is 0.01"),
        ("1", "medfee_sumamt: yuan takes a finite figure, not Infinity"),
        ("3", "medfee_sumamt: yuan 999.995 has more decimals than can be kept: the smallest step is 0.01"),
    ]
    given["medfee_sumamt"] = np.array([1000.0, np.nan, 1000.0, 1000.0])
    assert [each["message"] for each in settled(given).rejects.records()] == [
        "medfee_sumamt: yuan takes a finite figure, not NaN"
    ]


def test_decimals_of_more_places_are_rejects() -> None:
    given = table([visit("S1"), visit("S2")])
    given["medfee_sumamt"] = pa.array([Decimal("1000.000"), Decimal("1000.005")])
    assert [(each["row"], each["message"]) for each in settled(given).rejects.records()] == [
        ("1", "medfee_sumamt: yuan 1000.005 has more decimals than can be kept: the smallest step is 0.01")
    ]


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "pandas"])
def test_what_is_needed_and_null_is_a_reject(kind: str) -> None:
    given = table([visit(f"S{at}") for at in range(5)])
    columns = {name: column.astype(object) for name, column in given.items()}
    columns["setl_id"][0] = columns["fixmedins_code"][1] = columns["hosp_lv"][2] = None
    columns["setl_time"] = [None if at == 3 else datetime.datetime(2025, 3, 1) for at in range(5)]
    columns["medfee_sumamt"] = [Decimal("1000.00")] * 4 + [None]
    columns["dise_codg"] = [None] * 5  # which may be left out
    found = list(settled(KINDS[kind](pa.table(columns))).rejects.records())
    assert [each["row"] for each in found] == ["0", "1", "2", "3", "4"]
    assert [each["message"] for each in found][:1] == ["setl_id is empty"]
    assert [each["message"] for each in found][3:] == ["setl_time is empty", "medfee_sumamt is empty"]


def test_every_problem_of_a_table_at_once() -> None:
    given = pd.DataFrame(table([visit("S1"), visit("S2")]))
    given["insutype"] = 310
    given["medfee_sumamt"] = [1000.0, None]
    given["setl_time"] = pd.to_datetime(["2025-03-01"] * 2, utc=True)
    given["online_flag"] = pd.Categorical([0, 1])
    given["balc"] = np.array([1, 2], np.float32)
    given["age"] = [1, 2]
    given["psn_typ"] = given.pop("psn_type")
    given = pd.concat([given, given[["hosp_lv"]]], axis=1)
    with pytest.raises(TableError) as caught:
        settled(given)
    says = str(caught.value)
    assert says.startswith(
        "bills: missing psn_type; unknown column psn_typ, did you mean psn_type?; unknown column age;"
    )
    for part in (
        "column insutype: codes are text and keep their leading zeros, got int64",
        "column hosp_lv: it stands twice",
        "column setl_time: times of the zone UTC; give the local clock time, without a zone",
        "column medfee_sumamt: floats without decimals and with gaps are whole yuan, or fen that became floats",
        "column online_flag: codes are text and keep their leading zeros, got int64",
        "column balc: float32 is not exact; write decimals in yuan such as 12.30",
    ):
        assert part in says, part


def test_cells_of_several_types_are_judged_by_row() -> None:
    given = pd.DataFrame(table([visit("S1"), visit("S2"), visit("S3")]))
    given["psn_type"] = pd.Series(["11", 11, np.nan], dtype=object)
    found = [each["message"] for each in settled(given).rejects.records()]
    assert found == ["psn_type takes text, not int 11", "psn_type is empty"]


def test_columns_of_unequal_length() -> None:
    given = {**table([visit("S1"), visit("S2")]), "psn_type": pa.array(["11"]).dictionary_encode()}
    with pytest.raises(TableError, match=r"columns of unequal length: setl_id 2, .* psn_type 1"):
        settled(given)


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "pandas", "capsule"])
def test_a_table_without_rows(kind: str) -> None:
    result = settled(KINDS[kind](typed(sound()).slice(0, 0)))
    assert (result.rows_in, len(result), len(result.rejects)) == (0, 0, 0)
    assert arrow_table(result).num_rows == 0


def test_a_dataframe_of_empty_lists() -> None:
    result = settled(pd.DataFrame({name: [] for name in typed(sound()).column_names}))
    assert (result.rows_in, len(result), len(result.rejects)) == (0, 0, 0)


def test_dictionaries_reach_the_rules_as_codes() -> None:
    codes = np.zeros(3, np.int32)
    given = pa.table(table([visit(f"S{at}") for at in range(3)]))
    at = given.schema.get_field_index("psn_type")
    given = given.set_column(at, "psn_type", pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(["11", "xx"])))
    found = columns(given, Bill)
    assert isinstance(found["psn_type"], Coded)
    assert np.shares_memory(found["psn_type"].codes, codes)
    assert len(settled(given)) == 3  # what no row holds is asked of nobody


def test_what_is_no_table() -> None:
    with pytest.raises(TableError, match=r"not Lazy; collect.. it first"):
        settled(Lazy())
    with pytest.raises(TableError, match="bills: ChunkedArray cannot be read"):
        settled(pa.chunked_array([pa.array([1])]))
    with pytest.raises(TableError, match="lines: a Bill or a mapping of columns is due, not int"):
        mipolicy.settle(POLICY, BILLS, lines=5)  # type: ignore[call-overload]  # that is what is tested


# ---- names -----------------------------------------------------------------------------------------------------------

NAMES = {"总费用": "medfee_sumamt", "就诊号": "mdtrt_id", "金额": "det_item_fee_sumamt"}


def renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    called = {field: name for name, field in names.items()}
    return {called.get(name, name): column for name, column in given.items()}


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "pandas", "mapping of pandas"])
def test_columns_by_other_names(kind: str, expected: TableResult) -> None:
    given, lines = renamed(BILLS, NAMES), renamed(LINES, NAMES)
    make = KINDS[kind]
    same(mipolicy.settle(POLICY, make(pa.table(given)), lines=make(pa.table(lines)), names=NAMES), expected)
    same(mipolicy.settle(POLICY, given, lines=lines, names=NAMES), expected)
    one = mipolicy.explain(POLICY, make(pa.table(given)), row=0, lines=make(pa.table(lines)), names=NAMES)
    assert one.text() == mipolicy.explain(POLICY, BILLS, row=0, lines=LINES).text()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"总费": "medfee_sumamt"}, "names: no column 总费; did you mean 总费用?"),
        ({"cost": "medfee_sumamt"}, "names: no column cost; columns: setl_id, "),
        (
            {"medfee_sumamt": "总费用"},
            "names: no column medfee_sumamt; the column comes first, then the field: names={'总费用': 'medfee_sumamt'}",
        ),
        (
            {"总费用": "medfee_sum"},
            "bills: missing medfee_sumamt; names: 总费用 stands for medfee_sum, which is no column; "
            "did you mean medfee_sumamt?",
        ),
        (
            {"总费用": "zzz"},
            "bills: missing medfee_sumamt; names: 总费用 stands for zzz, which is no column; columns: ",
        ),
        ({"总费用": "inscp_scp_amt"}, "bills: missing medfee_sumamt; column inscp_scp_amt: it stands twice"),
        ({"settl_id": "setl_id"}, "names: no column settl_id; did you mean setl_id?"),
        ({}, "bills: missing medfee_sumamt; unknown column 总费用; columns: "),
    ],
)
def test_names_that_are_wrong(names: dict[str, str], says: str) -> None:
    given = renamed(table([visit()]), {"总费用": "medfee_sumamt"})
    with pytest.raises(TableError) as caught:
        mipolicy.settle(POLICY, given, names=names)
    assert str(caught.value).startswith(says)


def test_replays_and_makers_take_such_tables_too() -> None:
    first, second = visit("S1", 123_456), visit("S2", setl_time="2025-03-02")
    taken_back = {**first, "setl_id": "R1", "setl_time": "2025-03-03 00:00:00", "refd_setl_flag": "1"}
    taken_back |= {"init_setl_id": "S1"} | {name: f"-{first[name]}" for name in ("medfee_sumamt", "inscp_scp_amt")}
    given = table([first, second, taken_back])
    found = mipolicy.resettle(
        POLICY, renamed(given, NAMES), from_="S1", names={k: NAMES[k] for k in ("总费用", "就诊号")}
    )
    assert found == mipolicy.resettle(POLICY, given, from_="S1") == mipolicy.resettle(POLICY, typed(given), from_="S1")
    assert len(found) > 0
    assert columns(pa.table(LINES), Line).keys() == LINES.keys()


def test_a_region_is_paid_whoever_holds_its_tables() -> None:
    year = region_year(3_000, seed=3)
    tables = year.tables()
    tables.pop("cases")
    expected = mipolicy.pay(POLICY, year.cases, **tables)
    cases = pl.DataFrame({name: np.asarray(column) for name, column in year.cases.items()})
    found = mipolicy.pay(
        POLICY, cases, **{**tables, "groups": pd.DataFrame({k: np.asarray(v) for k, v in tables["groups"].items()})}
    )
    assert found.texts() == expected.texts()
    assert list(found.rejects.records()) == list(expected.rejects.records())
    given = found.like(cases)
    assert given["payment"].to_list() == [Decimal(fen) / 100 for fen in expected.columns["payment"].tolist()]
    assert given["points"].to_list() == [Decimal(each) / 10_000 for each in expected.columns["points"].tolist()]
    assert [each or "" for each in given["method"].to_list()] == expected.texts()["method"]


# ---- out -------------------------------------------------------------------------------------------------------------


def figures_of(frame: Any) -> list[Any]:
    return [None if each is None or each is pd.NA else Decimal(each) for each in list(frame)]


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "pandas", "capsule"])
def test_the_same_kind_out(kind: str, expected: TableResult) -> None:
    given = KINDS[kind](pa.table(BILLS))
    out = expected.like(given)
    assert type(out) is (pa.Table if kind == "capsule" else type(given))
    whole = arrow_table(expected)
    assert whole.schema.field("hifp_pay").type == pa.decimal128(18, 2)
    assert pa.table(Capsule(whole)).equals(pa.table(expected))
    fen = expected.columns["ceiling_left"].tolist()
    unlimited = [each == 10**12 for each in fen]
    yuan = [None if none else Decimal(each) / 100 for each, none in zip(fen, unlimited, strict=True)]
    column = out["ceiling_left"].to_pylist() if kind in ("pyarrow", "capsule") else out["ceiling_left"]
    assert figures_of(column) == yuan
    assert any(unlimited)
    assert list(map(str, out["section"])) == expected.texts()["section"]


def test_a_mapping_gets_a_mapping_in_fen(expected: TableResult) -> None:
    assert expected.like(BILLS) == expected.columns
    assert list(expected.rejects.like(BILLS)) == ["row", "setl_id", "reason", "message"]


def test_results_are_tables_of_any_library(expected: TableResult) -> None:
    assert pl.DataFrame(expected)["hifp_pay"].sum() == Decimal(expected.total("hifp_pay")) / 100
    rates = pa.table(expected)["fund_rate"]
    assert rates.type == pa.decimal128(18, 6)
    assert rates.to_pylist() == [Decimal(each) / 10**6 for each in expected.columns["fund_rate"].tolist()]
    rejects = expected.rejects.like(pl.DataFrame()).to_dicts()
    assert [{**each, "row": str(each["row"])} for each in rejects] == [
        {"row": each["row"], "id": each["setl_id"], "reason": each["reason"], "message": each["message"]}
        for each in expected.rejects.records()
    ]


def test_a_settled_table_is_not_changed() -> None:
    given = {name: column.copy() for name, column in BILLS.items()}
    for column in given.values():
        column.flags.writeable = False
    lines = {name: column.copy() for name, column in LINES.items()}
    settled(given, lines)
    assert all((given[name] == BILLS[name]).all() for name in given)


def test_the_core_needs_none_of_them() -> None:
    code = (
        "import sys; import mipolicy; from tests.batch import table, visit;"
        "mipolicy.settle(mipolicy.load('assumed'), table([visit()]));"
        "assert not {'pyarrow', 'pandas', 'polars'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_pyarrow_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, expected: TableResult) -> None:
    frame = pl.DataFrame(BILLS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError) as caught:
        settled(frame)
    assert str(caught.value) == "bills, DataFrame: it needs pyarrow: pip install 'mipolicy[parquet]'"
    with pytest.raises(TableError, match="TableResult as a table of another library: it needs pyarrow"):
        expected.like(frame)
    assert len(settled(table([stay()]))) == 1
