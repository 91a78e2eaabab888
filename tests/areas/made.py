"""Settlements for tests: rows as dicts, tables of them, and a strategy for both."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from mipolicy.texts import Coded

AMOUNTS = ("medfee_sumamt", "fund_pay_sumamt", "inscp_scp_amt", "fulamt_ownpay_amt")
CODES = {
    "med_type": ("11", "21", "2101", "99"),
    "care_place": ("local", "in_province", "cross_province"),
    "direct_flag": ("0", "1"),
    "mdtrt_cert_type": ("01", "02"),
    "hosp_lv": ("01", "10", "11"),
    "insutype": ("310", "390"),
    "fixmedins_code": ("H1", "H2", "H3"),
}


def row(**changes: Any) -> dict[str, Any]:
    """A stay of an employee across provinces, settled directly."""
    plain = {
        "setl_id": "S1",
        "med_type": "21",
        "care_place": "cross_province",
        "direct_flag": "1",
        "mdtrt_cert_type": "01",
        "hosp_lv": "11",
        "insutype": "310",
        "fixmedins_code": "H1",
        "refd_setl_flag": "0",
        "setl_time": "2025-03-01 09:30:00",
        **dict(zip(AMOUNTS, (10_000, 6_000, 9_000, 1_000), strict=True)),
    }
    return {**plain, **changes}


def table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows as columns: amounts as int64, text as `Coded`."""
    return {
        name: np.array([each[name] for each in rows], np.int64)
        if name in AMOUNTS
        else Coded.of(np.array([each[name] for each in rows], np.str_))
        for name in row()
    }


@st.composite
def rows(draw: st.DrawFn, size: int = 30) -> list[dict[str, Any]]:
    """Sound settlements, each of which may be followed by what takes it back."""
    found: list[dict[str, Any]] = []
    for at in range(draw(st.integers(1, size))):
        one = row(setl_id=f"S{at}", setl_time=f"2025-{draw(st.integers(1, 12)):02d}-07 10:00:00")
        one.update({name: draw(st.sampled_from(codes)) for name, codes in CODES.items()})
        one.update({name: draw(st.integers(0, 10**12)) for name in AMOUNTS})
        found.append(one)
        if draw(st.integers(0, 5)) == 0:
            found.append({**one, "refd_setl_flag": "1", **{name: -one[name] for name in AMOUNTS}})
    return found
