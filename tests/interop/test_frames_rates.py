"""Rates and budgets from tables of other libraries are those of the same table as text, and come back in its kind."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import TableError, demo
from mipolicy.annual.records import INSTITUTION_TABLES, InstitutionYear
from mipolicy.annual.result import CLEARED_OUTPUTS, ClearedYear
from mipolicy.areas.rates import AreaRates
from mipolicy.demo.budget import SAMPLE_POLICY, SAMPLE_YEAR, budget_year
from mipolicy.interop.arrow import decimals, written
from mipolicy.interop.records import record_texts

ASSUMED = mipolicy.load("assumed")
MADE = demo.settlements(900, seed=4)
OPTIONS: dict[str, Any] = {"by": ("hosp_lv", "month"), "targets": True}
STATED: dict[str, Any] = {"totals": demo.area_totals(), "observed": demo.area_observed()}
AMOUNTS = ("medfee_sumamt", "fulamt_ownpay_amt", "inscp_scp_amt", "fund_pay_sumamt")
BUDGET = mipolicy.loads(SAMPLE_POLICY, name="policy.toml", allow_repealed=True)
KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda of: of,
    "pieces": lambda of: pa.concat_tables([of.slice(0, 3), of.slice(3, 0), of.slice(3)]),
    "polars": pl.from_arrow,
    "pandas": lambda of: of.to_pandas(),
    "pandas of Arrow": lambda of: of.to_pandas(types_mapper=pd.ArrowDtype),
    "mapping of Arrow": lambda of: dict(zip(of.column_names, of.columns, strict=True)),
    "DuckDB": lambda of: duckdb.connect().sql("select * from of"),
}


def arrow(table: dict[str, Any], amounts: tuple[str, ...] = AMOUNTS) -> pa.Table:
    """A table in the types of a database: amounts as decimals, dictionaries."""
    return pa.table({name: decimals(column) if name in amounts else written(column) for name, column in table.items()})


def same(found: AreaRates, other: AreaRates) -> None:
    assert found.texts() == other.texts()
    assert found.texts(whole=True) == other.texts(whole=True)
    assert found.target_texts() == other.target_texts()
    for name in ("rejects", "total_rejects", "observed_rejects"):
        assert [*getattr(found, name).records()] == [*getattr(other, name).records()]


# ---- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_rates_of_any_kind_of_table(kind: str) -> None:
    expected = mipolicy.rates(ASSUMED, MADE, **OPTIONS, **STATED)
    assert len(expected.rejects) > 0
    totals = pa.table({"quantity": STATED["totals"]["quantity"], "value": STATED["totals"]["value"]})
    observed = pa.table(STATED["observed"])
    found = mipolicy.rates(
        ASSUMED, KINDS[kind](arrow(MADE)), totals=KINDS[kind](totals), observed=KINDS[kind](observed), **OPTIONS
    )
    same(found, expected)


def test_totals_may_be_decimals_with_gaps() -> None:
    values = pa.array([Decimal("812000000.00"), None], pa.decimal128(14, 2))
    given = pa.table({"quantity": STATED["totals"]["quantity"], "value": values})
    texts = {**STATED["totals"], "value": ["812000000.00", ""]}
    for kind in ("pyarrow", "polars", "pandas", "DuckDB"):
        found = mipolicy.rates(ASSUMED, MADE, totals=KINDS[kind](given), **OPTIONS)
        same(found, mipolicy.rates(ASSUMED, MADE, totals=texts, **OPTIONS))


def test_other_names_and_columns_that_nobody_uses() -> None:
    given = arrow(MADE).rename_columns(["level" if name == "hosp_lv" else name for name in MADE])
    given = given.append_column("nested", pa.array([[1]] * len(given)))
    expected = mipolicy.rates(ASSUMED, MADE, **OPTIONS)
    same(mipolicy.rates(ASSUMED, given, names={"level": "hosp_lv"}, **OPTIONS), expected)
    plain = {"level" if name == "hosp_lv" else name: column for name, column in MADE.items()}
    same(mipolicy.rates(ASSUMED, plain, names={"level": "hosp_lv"}, **OPTIONS), expected)


def test_rates_come_back_in_the_kind_of_the_table() -> None:
    found = mipolicy.rates(ASSUMED, MADE, **OPTIONS)
    texts = found.texts()
    assert found.like({}) == texts
    assert found.like(pl.DataFrame()).to_dict(as_series=False) == texts
    assert found.like(pd.DataFrame()).to_dict("list") == texts
    assert found.like(duckdb.sql("select 1")).to_pydict() == texts
    assert pa.table(found).to_pydict() == texts
    assert found.rejects.like(pl.DataFrame())["id"].to_list() == list(found.rejects.setl_id)


def test_what_is_no_table_for_rates() -> None:
    twice = pd.DataFrame([["11", "11"]], columns=["hosp_lv", "hosp_lv"])
    on = datetime.date(2025, 12, 31)
    with pytest.raises(TableError, match="column hosp_lv: it stands twice"):
        mipolicy.rates(ASSUMED, pd.concat([arrow(MADE).to_pandas(), arrow(MADE).to_pandas()[["hosp_lv"]]], axis=1))
    with pytest.raises(TableError, match="totals: column hosp_lv stands twice"):
        mipolicy.rates(ASSUMED, totals=twice, on=on)
    with pytest.raises(TableError, match=r"settlements: a mapping of columns is due, not LazyFrame; collect\(\) it"):
        mipolicy.rates(ASSUMED, pl.DataFrame(arrow(MADE)).lazy(), on=on)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="names: no column hosp; did you mean hosp_lv"):
        mipolicy.rates(ASSUMED, MADE, names={"hosp": "hosp_lv"})
    numbers = arrow(MADE).set_column(2, "hosp_lv", pa.array(np.ones(900, np.int64)))
    with pytest.raises(TableError, match="column hosp_lv: codes are text and keep their leading zeros, got int64"):
        mipolicy.rates(ASSUMED, numbers)


# ---- budgets ---------------------------------------------------------------------------------------------------------


def budget() -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    last = datetime.date(SAMPLE_YEAR, 12, 31)
    terms = {name: BUDGET.build(name, BUDGET.version(name, last)) for name in ("budget_sharing", "quota")}
    made = budget_year(terms["budget_sharing"].indicators, terms["quota"].approvals)
    return made.institutions, made.tables()


def typed(columns: dict[str, Any], record: type[Any]) -> pa.Table:
    """The texts of a table with amounts as decimals and nulls for what is empty."""
    found = {}
    for name, column in record_texts(columns, record).items():
        texts = pa.array([text or None for text in np.asarray(column).tolist()], pa.string())
        amount = any(part in name for part in ("quota", "actual", "_amt", "amount", "advanced", "_left", "_in"))
        found[name] = texts.cast(pa.decimal128(16, 2)) if amount and name not in ("indicator",) else texts
    return pa.table(found)


@pytest.fixture(scope="module")
def cleared() -> ClearedYear:
    institutions, tables = budget()
    return mipolicy.clear(BUDGET, institutions, year=SAMPLE_YEAR, **tables)


@pytest.mark.parametrize("kind", KINDS)
def test_a_budget_year_of_any_kind_of_table(kind: str, cleared: ClearedYear) -> None:
    institutions, tables = budget()
    found = mipolicy.clear(
        BUDGET,
        KINDS[kind](typed(institutions, InstitutionYear)),
        year=SAMPLE_YEAR,
        **{name: KINDS[kind](typed(of, INSTITUTION_TABLES[name])) for name, of in tables.items()},
    )
    assert found.texts() == cleared.texts()
    assert [*found.rejects.records()] == [*cleared.rejects.records()]
    assert found.pending == cleared.pending


def test_a_cleared_year_comes_back_in_the_kind_of_the_table(cleared: ClearedYear) -> None:
    texts = cleared.texts()
    fen = [name for name, unit in CLEARED_OUTPUTS.items() if unit == "fen"]
    for found in (cleared.like(pl.DataFrame()), pl.DataFrame(cleared), pl.from_pandas(cleared.like(pd.DataFrame()))):
        assert found.columns == list(texts)
        for name in fen:
            assert found[name].to_list() == [Decimal(text) for text in texts[name]]
        assert found["state"].cast(pl.String).to_list() == texts["state"]
        assert found["fixmedins_code"].to_list() == texts["fixmedins_code"]
        assert set(map(str, found["quality_factor"].to_list())) <= {"1.0000", "0"}
    assert cleared.like({})["clearing"] is cleared.columns["clearing"]


def test_names_of_a_budget_year(cleared: ClearedYear) -> None:
    institutions, tables = budget()
    renamed = {"医院" if name == "fixmedins_code" else name: column for name, column in institutions.items()}
    found = mipolicy.clear(BUDGET, renamed, year=SAMPLE_YEAR, names={"医院": "fixmedins_code"}, **tables)
    assert found.texts() == cleared.texts()
    with pytest.raises(TableError, match="a mapping of columns is due, not NoneType"):
        mipolicy.clear(BUDGET, None, year=SAMPLE_YEAR)  # type: ignore[arg-type]
