"""Settle bills and pay a region's year on Dask."""

from typing import Any

import mipolicy
from mipolicy.interop.engines import dask
from mipolicy.interop.region import read_folder


def settle(bills: Any, folder: str) -> None:
    policy = mipolicy.load("assumed")
    settled = dask.settle(policy, bills, columns=["setl_id", "psn_no", "hifp_pay", "psn_part_amt"])
    settled.to_parquet(f"{folder}/settled", write_index=False)


def pay(cases: Any, folder: str, region: Any) -> Any:
    policy = mipolicy.load("assumed")
    paid = dask.pay(policy, cases, year=2025, **read_folder(region))
    paid.cases.to_parquet(f"{folder}/paid", write_index=False)
    return paid.close()
