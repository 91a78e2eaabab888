"""Settle bills and pay a region's year on Spark."""

from typing import Any

import mipolicy
from mipolicy.interop.engines import spark
from mipolicy.interop.region import read_folder


def settle(session: Any, folder: str) -> None:
    policy = mipolicy.load("assumed")
    bills = session.read.parquet(f"{folder}/bills.parquet")
    settled = spark.settle(policy, bills, columns=["setl_id", "psn_no", "hifp_pay", "psn_part_amt"])
    settled.write.parquet(f"{folder}/settled")


def pay(session: Any, folder: str, region: Any) -> Any:
    policy = mipolicy.load("assumed")
    cases = session.read.parquet(f"{folder}/cases.parquet").persist()
    paid = spark.pay(policy, cases, year=2025, **read_folder(region))
    paid.cases.write.parquet(f"{folder}/paid")
    return paid.close()
