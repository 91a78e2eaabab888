"""Settling and paying on local Spark, as the docs show it: bit for bit what one process gives."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mipolicy import TableError
from mipolicy.interop.engines import spark
from tests.interop.engines import BILLS, POLICY, on_spark
from tests.interop.engines.folders import paid_as_a_whole, settled_as_a_whole, written

pytestmark = pytest.mark.filterwarnings(
    "ignore:PySpark does not yet:FutureWarning",
    "ignore:unclosed:ResourceWarning",
    "ignore:distutils:DeprecationWarning",
)


@pytest.fixture(scope="session")
def session() -> Iterator[Any]:
    """One session: its start takes longer than the work."""
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "768m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.session.timeZone": "Asia/Shanghai",
    }
    builder: Any = import_module("pyspark.sql").SparkSession.builder.master("local[2]")
    for name, option in options.items():
        builder = builder.config(name, option)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


def test_bills_and_a_years_cases_on_spark(session: Any, tmp_path: Path) -> None:
    """In one test, so that one session serves all, however tests are spread over processes."""
    region = written(tmp_path)
    on_spark.settle(session, str(tmp_path))
    settled_as_a_whole(tmp_path)
    paid_as_a_whole(tmp_path, on_spark.pay(session, str(tmp_path), region))

    bills = session.createDataFrame(BILLS.slice(0, 9))
    with pytest.raises(TableError, match="bills: missing psn_no; unknown column person"):
        spark.settle(POLICY, bills.withColumnRenamed("psn_no", "person"))
    settled = spark.settle(
        POLICY, bills.withColumn("psn_type", bills.psn_type.cast("int")), partitions=2, ids_apart=True
    )
    with pytest.raises(
        import_module("pyspark.errors").PySparkException,
        match="column psn_type: codes are text and keep their leading zeros",
    ):
        settled.collect()
