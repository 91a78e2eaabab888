"""Tables of other libraries are paid as the same table of text is, and what is wrong with one is told or rejected."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import TableError
from mipolicy.cases.result import PaidTable
from mipolicy.demo import region_year
from mipolicy.interop.records import record_texts
from mipolicy.interop.region import RECORDS
from mipolicy.payment.case import Case
from tests.cases import GROUPS, INSTITUTIONS, POLICY, Row, case, columns_of

ASSUMED = mipolicy.load("assumed")
YEAR = region_year(1_500, seed=3)
TABLES = {name: table for name, table in YEAR.tables().items() if name != "cases"}
TEXTS = {name: np.asarray(column) for name, column in record_texts(YEAR.cases, Case).items()}
HAND = {"institutions": INSTITUTIONS, "groups": GROUPS}


def typed() -> pa.Table:
    """The cases in the types that a database would give them, nulls for what is empty."""
    found: dict[str, Any] = {}
    for name, column in TEXTS.items():
        texts = [text or None for text in column.tolist()]
        if name.endswith(("_amt", "_pay", "_sumamt", "selfpay", "dedc")):
            found[name] = pa.array(texts).cast(pa.decimal128(16, 2))
        elif name in ("adm_time", "dscg_time"):
            found[name] = pa.array([text and datetime.date.fromisoformat(text) for text in texts], pa.date32())
        elif name in ("insutype", "med_type", "group_code", "fixmedins_code"):
            found[name] = pa.array(column).dictionary_encode()
        else:
            found[name] = pa.array(texts, pa.string())
    return pa.table(found)


KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda of: of,
    "pieces": lambda of: pa.concat_tables([of.slice(0, 101), of.slice(101, 0), of.slice(101, 650), of.slice(751)]),
    "polars": pl.from_arrow,
    "pandas": lambda of: of.to_pandas(),
    "pandas of Arrow": lambda of: of.to_pandas(types_mapper=pd.ArrowDtype),
    "mapping of Arrow": lambda of: dict(zip(of.column_names, of.columns, strict=True)),
}


@pytest.fixture(scope="module")
def expected() -> PaidTable:
    return mipolicy.pay(ASSUMED, YEAR.cases, **TABLES, year=2025)


def same(found: PaidTable, expected: PaidTable) -> None:
    assert found.texts() == expected.texts()
    assert list(found.rejects.records()) == list(expected.rejects.records())
    assert found.by_method() == expected.by_method()


@pytest.mark.parametrize("kind", KINDS)
def test_cases_and_tables_of_a_region_are_paid_whoever_holds_them(kind: str, expected: PaidTable) -> None:
    make = KINDS[kind]
    tables = {name: make(pa.table(record_texts(table, RECORDS[name]))) for name, table in texted(TABLES).items()}
    same(mipolicy.pay(ASSUMED, make(typed()), **tables, year=2025), expected)


def texted(tables: dict[str, Any]) -> dict[str, Any]:
    return {name: {column: np.asarray(cells) for column, cells in table.items()} for name, table in tables.items()}


@pytest.mark.parametrize("kind", ["pyarrow", "polars", "pandas"])
def test_the_same_kind_comes_out(kind: str, expected: PaidTable) -> None:
    given = KINDS[kind](typed())
    out = expected.like(given)
    assert type(out) is type(given)
    assert list(map(Decimal, pa.table(out)["payment"].to_pylist())) == [
        Decimal(fen) / 100 for fen in expected.columns["payment"].tolist()
    ]
    assert expected.like(YEAR.cases) == expected.columns
    assert len(pa.table(expected.rejects.like(given))) == len(expected.rejects)


def test_columns_by_other_names(expected: PaidTable) -> None:
    names = {"总费用": "medfee_sumamt", "病组": "group_code"}
    given = typed().rename_columns([{of: name for name, of in names.items()}.get(each, each) for each in TEXTS])
    groups = {**TABLES["groups"], "病组": TABLES["groups"]["group_code"]}
    del groups["group_code"]
    same(mipolicy.pay(ASSUMED, given, **{**TABLES, "groups": groups}, names=names, year=2025), expected)
    with pytest.raises(TableError, match="names: no column 总费; did you mean 总费用"):
        mipolicy.pay(ASSUMED, given, **TABLES, names={"总费": "medfee_sumamt"})


# ---- what is wrong with a table --------------------------------------------------------------------------------------


def broken(**columns: Any) -> dict[str, Any]:
    return {**columns_of([case(f"S{at}") for at in range(4)]), **columns}


def problem(given: Any) -> str:
    with pytest.raises(TableError) as caught:
        mipolicy.pay(POLICY, given, **HAND)
    return str(caught.value)


def test_columns_of_unequal_length_and_no_table_at_all() -> None:
    assert "cases: columns of unequal length: setl_id 4" in problem(broken(group_code=pa.array(["G2"])))
    assert "not int" in problem(5)
    assert "a mapping of columns is due, not NoneType" in problem(None)


def test_every_problem_at_once() -> None:
    given = pd.DataFrame(broken(insutype=310, hifp_pay=np.array([1, 2, 3, 4], np.float32)))
    given["med_typ"] = given.pop("med_type")
    given = pd.concat([given, given[["group_code"]]], axis=1)
    says = problem(given)
    assert says.startswith("cases: missing med_type; unknown column med_typ, did you mean med_type?;")
    for part in (
        "column insutype: codes are text and keep their leading zeros, got int64",
        "column hifp_pay: float32 is not exact",
        "column group_code: it stands twice",
    ):
        assert part in says, part


COSTS: Row = {"medfee_sumamt": [5_000.0, 12.345, 5_000.0, 5_000.0], "inscp_scp_amt": [5_000.0] * 4}


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        (COSTS, "1", "medfee_sumamt: yuan 12.345 has more decimals than can be kept: the smallest step is 0.01"),
        (
            {"medfee_sumamt": pa.array([Decimal("5000.000")] * 3 + [Decimal("5000.001")])},
            "3",
            "medfee_sumamt: yuan 5000.001 has more decimals than can be kept: the smallest step is 0.01",
        ),
        ({"setl_id": ["S0", None, "S2", "S3"]}, "1", "setl_id is empty"),
        ({"group_code": ["G2", "G2", "zz", "G2"]}, "2", "group_code zz: the region's tables have no such group"),
        ({"dscg_time": [datetime.date(2025, 3, 8), None, *[datetime.date(2025, 3, 8)] * 2]}, "1", "dscg_time is empty"),
    ],
)
@pytest.mark.parametrize("kind", ["pyarrow", "polars"])
def test_a_bad_cell_is_a_reject(columns: Row, row: str, message: str, kind: str) -> None:
    paid = mipolicy.pay(POLICY, KINDS[kind](pa.table(broken(**columns))), **HAND)
    assert [(each["row"], each["message"]) for each in paid.rejects.records()] == [(row, message)]
    assert len(paid) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_without_rows(kind: str) -> None:
    paid = mipolicy.pay(ASSUMED, KINDS[kind](typed().slice(0, 0)), **TABLES, year=2025)
    assert (paid.rows_in, len(paid), len(paid.rejects)) == (0, 0, 0)
    assert pa.table(paid).num_rows == 0
