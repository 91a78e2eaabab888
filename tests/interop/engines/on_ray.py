"""Settle bills and pay a region's year on Ray Data."""

from typing import Any

import mipolicy
from mipolicy.interop.engines import ray
from mipolicy.interop.region import read_folder


def settle(bills: Any, folder: str) -> None:
    policy = mipolicy.load("assumed")
    settled = ray.settle(policy, bills, partitions=4, columns=["setl_id", "psn_no", "hifp_pay", "psn_part_amt"])
    settled.write_parquet(f"{folder}/settled")


def pay(cases: Any, folder: str, region: Any) -> Any:
    policy = mipolicy.load("assumed")
    paid = ray.pay(policy, cases, year=2025, partitions=4, **read_folder(region))
    paid.cases.write_parquet(f"{folder}/paid")
    return paid.close()
