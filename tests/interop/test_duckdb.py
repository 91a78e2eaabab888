"""DuckDB: its results in, and what they settle and are paid to back in its SQL, the same figures as of the columns."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

import mipolicy
from mipolicy.demo import bills, region_year
from mipolicy.interop.frames import arrow_table
from mipolicy.interop.records import record_texts, write_records
from mipolicy.payment.case import Case, Group

duckdb: Any = import_module("duckdb")
POLICY = mipolicy.load("assumed")
BILLS, LINES = bills(400, seed=7)
AMOUNTS = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


def database() -> Any:
    connection = duckdb.connect()
    given = pa.table(BILLS)
    connection.register("given", given)
    connection.register("given_lines", pa.table(LINES))
    typed = ", ".join(f"try_cast({name} AS DECIMAL(16, 2)) AS {name}" for name in AMOUNTS)
    connection.execute(
        f"CREATE TABLE bills AS SELECT * REPLACE ({typed}, CAST(hosp_lv AS VARCHAR) AS hosp_lv) FROM given"
    )
    connection.execute("CREATE TABLE lines AS FROM given_lines")
    return connection


def test_a_query_is_settled_and_queried_again() -> None:
    with database() as connection:
        found = mipolicy.settle(POLICY, connection.sql("FROM bills"), lines=connection.sql("FROM lines"))
        expected = mipolicy.settle(POLICY, connection.sql("FROM bills").to_arrow_table(), lines=LINES)
        assert found.texts() == expected.texts()
        assert list(found.rejects.records()) == list(expected.rejects.records())
        out = found.like(connection.sql("FROM bills"))
        assert isinstance(out, pa.Table)
        connection.register("out", out)
        back = connection.sql("SELECT sum(hifp_pay), count(*) FROM out").fetchall()
        assert back == [(Decimal(found.total("hifp_pay")) / 100, len(found))]
        connection.register("settled", found)
        joined = connection.sql(
            "SELECT psn_no, sum(settled.hifp_pay) FROM settled JOIN bills USING (setl_id, psn_no) GROUP BY psn_no"
        ).fetchall()
        sums = {person: amount for person, amount in joined if amount}
        fen: dict[str, int] = {}
        for person, amount in zip(
            np.asarray(found.columns["psn_no"]).tolist(), found.columns["hifp_pay"].tolist(), strict=True
        ):
            fen[person] = fen.get(person, 0) + amount
        assert sums == {person: Decimal(amount) / 100 for person, amount in fen.items() if amount}
        connection.register("rejects", found.rejects)
        counted = connection.sql("SELECT reason, count(*) FROM rejects GROUP BY reason").fetchall()
        assert dict(counted) == found.rejects.counts()


def test_enums_and_dates_of_a_database_settle_as_text_does() -> None:
    with database() as connection:
        connection.execute("CREATE TYPE scheme AS ENUM ('310', '390')")
        query = """
            SELECT * REPLACE (CAST(insutype AS scheme) AS insutype, CAST(setl_time AS TIMESTAMP) AS setl_time)
            FROM bills WHERE insutype IN ('310', '390') AND try_cast(setl_time AS TIMESTAMP) IS NOT NULL
            ORDER BY rowid
        """
        found = mipolicy.settle(POLICY, connection.sql(query), lines=LINES)
        plain = connection.sql(query.replace("CAST(insutype AS scheme) AS insutype,", "")).to_arrow_table()
        assert found.texts() == mipolicy.settle(POLICY, plain, lines=LINES).texts()
        assert len(found) > 100


def test_names_of_a_query_may_be_others() -> None:
    with database() as connection:
        query = connection.sql('SELECT * EXCLUDE (medfee_sumamt), medfee_sumamt AS "总费用" FROM bills')
        found = mipolicy.settle(POLICY, query, lines=LINES, names={"总费用": "medfee_sumamt"})
        assert found.texts() == mipolicy.settle(POLICY, connection.sql("FROM bills"), lines=LINES).texts()


def test_a_region_is_paid_from_a_query(tmp_path: Path) -> None:
    year = region_year(1_000, seed=3)
    tables = {name: table for name, table in year.tables().items() if name != "cases"}
    expected = mipolicy.pay(POLICY, year.cases, **tables, year=2025)
    write_records(tmp_path / "cases.parquet", year.cases, Case)
    with duckdb.connect() as connection:
        cases = connection.sql(f"FROM '{tmp_path / 'cases.parquet'}'")
        groups = {name: np.asarray(column) for name, column in record_texts(year.groups, Group).items()}
        connection.register("given", pa.table(groups))
        paid = mipolicy.pay(POLICY, cases, **{**tables, "groups": connection.sql("FROM given")}, year=2025)
        assert paid.texts() == expected.texts()
        connection.register("paid", arrow_table(paid))
        by_method = connection.sql("SELECT method, sum(payment) FROM paid GROUP BY method").fetchall()
    assert dict(by_method) == {method: Decimal(sums.payment) / 100 for method, sums in expected.by_method().items()}
