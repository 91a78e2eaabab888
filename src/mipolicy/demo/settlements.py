"""A made-up area's year of settlements for its rates, with totals beside them and values that reports state, by seed.

Every code and figure is invented; the tables fit the pack `assumed`.  About one row in two hundred is broken on
purpose, and about one in a hundred takes the row above it back.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np

from mipolicy.calendar import day_number
from mipolicy.errors import InputError
from mipolicy.texts import Coded

__all__ = ["area_observed", "area_totals", "settlements"]

_FIRST: Final = day_number(datetime.date(2025, 1, 1))
_DAYS: Final = 365
_LEVELS: Final = ("01", "02", "05", "11")
_CARE: Final = ("11", "14", "21", "9901")
_PLACES: Final = ("local", "in_province", "cross_province")


def settlements(
    count: int = 20_000, seed: int = 20_250_101, institutions: int = 40, *, sound: bool = False
) -> dict[str, Any]:
    """Make a table of settlements as `mipolicy.rates` takes it: codes coded, fen as integers, times of settlement.

    count: rows; sound: without rows that are broken or take others back.  The same seed makes the same table.
    Raises InputError below one row or four institutions.
    """
    if count < 1 or institutions < len(_LEVELS):
        raise InputError(f"a row and four institutions at least are due, not {count} and {institutions}")
    rng = np.random.default_rng(seed)
    codes = tuple(f"H{at + 1:04d}" for at in range(institutions))
    institution = rng.integers(0, institutions, count)
    cost = np.exp(rng.normal(11.5, 1.2, count)).astype(np.int64) + 500
    own = cost * rng.integers(0, 25, count) // 100
    in_scope = (cost - own) * rng.integers(85, 101, count) // 100
    fund = in_scope * rng.integers(40, 91, count) // 100
    day = _FIRST + rng.integers(0, _DAYS, count)
    table: dict[str, Any] = {
        "setl_id": np.char.add("A", np.char.zfill(np.arange(1, count + 1).astype(np.str_), 9)),
        "fixmedins_code": Coded(institution.astype(np.int32), codes),
        "hosp_lv": Coded((institution % len(_LEVELS)).astype(np.int32), _LEVELS),
        "med_type": _drawn(rng, count, _CARE, (55, 10, 25, 10)),
        "insutype": _drawn(rng, count, ("310", "390"), (45, 55)),
        "care_place": _drawn(rng, count, _PLACES, (80, 12, 8)),
        "direct_flag": _drawn(rng, count, ("0", "1"), (14, 86)),
        "mdtrt_cert_type": _drawn(rng, count, ("01", "02", "03"), (60, 15, 25)),
        "refd_setl_flag": Coded(np.zeros(count, np.int32), ("0",)),
        "setl_time": (day * 86_400 + rng.integers(28_800, 64_800, count)).astype("datetime64[s]"),
        "medfee_sumamt": cost,
        "fulamt_ownpay_amt": own,
        "inscp_scp_amt": in_scope,
        "fund_pay_sumamt": fund,
    }
    return table if sound else _with_faults(rng, table, count)


def _drawn(rng: np.random.Generator, count: int, values: tuple[str, ...], share: tuple[int, ...]) -> Coded:
    places = np.repeat(np.arange(len(values), dtype=np.int32), share)
    return Coded(places[rng.integers(0, len(places), count)], values)


def _with_faults(rng: np.random.Generator, table: dict[str, Any], count: int) -> dict[str, Any]:
    """Some rows take the row above back; some have no kind of care, an unknown one, or an amount below 0."""
    taken = np.flatnonzero(rng.integers(0, 100, count) == 0)
    taken = taken[(taken > 0) & ~np.isin(taken - 1, taken)]
    for name, column in table.items():
        if name == "setl_id":
            continue
        if isinstance(column, Coded):
            column.codes[taken] = column.codes[taken - 1]
        else:
            column[taken] = column[taken - 1] if name == "setl_time" else -column[taken - 1]
    flag = np.zeros(count, np.int32)
    flag[taken] = 1
    table["refd_setl_flag"] = Coded(flag, ("0", "1"))
    paired = np.isin(np.arange(count), np.concatenate([taken, taken - 1]))
    broken = np.flatnonzero((rng.integers(0, 200, count) == 0) & ~paired)
    med_type = table["med_type"]
    med_type.codes[broken[::3]] = len(_CARE)
    med_type.codes[broken[1::3]] = len(_CARE) + 1
    table["med_type"] = Coded(med_type.codes, (*_CARE, "", "77"))
    table["medfee_sumamt"][broken[2::3]] *= -1
    return table


def area_totals() -> dict[str, list[str]]:
    """Totals of the made-up area that no settlement says: what the fund holds and has spent."""
    return {"quantity": ["surplus", "spending_12_months"], "value": ["812000000.00", "1206000000.00"]}


def area_observed() -> dict[str, list[str]]:
    """What reports of the made-up area state of earlier years, which a target that rises is judged by."""
    return {"indicator": ["primary_fund_share"], "value": ["15.2%"], "period": ["2024"]}
