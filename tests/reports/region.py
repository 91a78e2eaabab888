"""A region of two institutions and ten cases, worked by hand, and the same from the formulas in exact fractions."""

from __future__ import annotations

import datetime
from fractions import Fraction
from functools import cache
from typing import Any

import mipolicy
from mipolicy.cases.pay import At, pay_table
from mipolicy.cases.result import PaidTable
from mipolicy.demo.region import region_year

YUAN = 100
POINT = 10_000

OVERLAY = """
format = 1
id = "small"
title = "A small region"
region = "990000"
schemes = ["310", "390"]
extends = "assumed"

[documents.small]
title = "A small region (made up)"
issuer = "the town"
status = "assumed"
verified_on = 2026-12-31

[[sections.pool_budget.employee]]
version = "2025"
source = { document = "small", clause = "1" }
budget = "50000"
reserve_share = "3%"
out_of_area = "1000"
manual_claims = "500"
budget_value = "6"

[[sections.special_case]]
version = "2024"
source = { document = "small", clause = "2" }
criteria = ["cost", "stay"]
cost_multiple = "1.3"
stay_multiple = "2"
quota = { dip = "60%", drg_points = "5%", drg_weight = "5%" }
"""

COSTS: dict[str, int] = {
    "C01": 9000,
    "C02": 3600,
    "C03": 11250,
    "C04": 5000,
    "C05": 4500,
    "C06": 8000,
    "C07": 10000,
    "C08": 4000,
    "C09": 6000,
    "C10": 5400,
}
"""Total cost in yuan; the fund's share item by item is 60%, the person's 35%, other funds' 5%."""
POINTS: dict[str, int] = {
    "C01": 1000,  # as the mean
    "C02": 400,  # 0.4 of the mean: 1000 x 0.4
    "C03": 750,  # 2.5 of the mean: 500 x (2.5 - 2 + 1)
    "C04": 600,  # by experts
    "C05": 0,  # by item
    "C06": 1000,  # insured elsewhere
    "C07": 1200,  # 1000 x 1.2
    "C08": 600,  # 500 x 1.2, reversed
    "C09": 600,
    "C10": 600,  # 4500 without what is carved out
}
HELD = ("C01", "C02", "C03", "C04", "C06", "C07", "C09", "C10")
"""The cases that share the pool's points."""
HERE = {"H0001": ("C01", "C02", "C03", "C04", "C05", "C06"), "H0002": ("C07", "C09", "C10")}
"""The cases that stand, by institution."""


def parts(name: str) -> dict[str, int]:
    """Who pays of a case item by item, in fen."""
    cost = COSTS[name] * YUAN
    return {"hifp_pay": cost * 60 // 100, "psn_part_amt": cost * 35 // 100, "other_pay": cost * 5 // 100}


def case(name: str, **stated: Any) -> dict[str, Any]:
    first = name in HERE["H0001"]
    row = {
        "setl_id": name,
        "psn_no": f"P{name}",
        "fixmedins_code": "H0001" if first else "H0002",
        "insutype": "310",
        "med_type": "21",
        "adm_time": datetime.date(2025, 3, 1),
        "dscg_time": datetime.date(2025, 3, 9),
        "medfee_sumamt": COSTS[name] * YUAN,
        "inscp_scp_amt": COSTS[name] * YUAN,
        **parts(name),
        "group_code": "G1" if name in ("C01", "C02", "C06", "C07") else "G2",
        "bilg_dept_codg": "D1",
        "bilg_dr_codg": "X1",
        "insuplc_admdvs": "",
        "review_state": "none",
        "review_points": 0,
        "carve_out_amt": 0,
        "refused_amt": 0,
        "refd_setl_flag": "0",
        "init_setl_id": "",
    }
    return {**row, **stated}


def rows() -> list[dict[str, Any]]:
    back = {name: -amount for name, amount in parts("C08").items()}
    cost = {"medfee_sumamt": -COSTS["C08"] * YUAN, "inscp_scp_amt": -COSTS["C08"] * YUAN}
    return [
        case("C01"),
        case("C02", bilg_dept_codg="D2", bilg_dr_codg="X2"),
        case("C03", bilg_dr_codg="X2"),
        case("C04", review_state="granted_points", review_points=600 * POINT),
        case("C05", review_state="granted_item"),
        case("C06", insuplc_admdvs="990100"),
        case("C07"),
        case("C08"),
        case("C08", setl_id="R08", refd_setl_flag="1", init_setl_id="C08", **cost, **back),
        case("C09", review_state="refused", refused_amt=12050, dscg_time=datetime.date(2025, 3, 27)),
        case("C10", carve_out_amt=900 * YUAN, dscg_time=datetime.date(2025, 3, 20)),
    ]


def table(given: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in given] for name in given[0]}


TABLES: dict[str, Any] = {
    "institutions": {
        "fixmedins_code": ["H0001", "H0002"],
        "medins_name": ["甲医院", "乙医院"],
        "level": ["secondary", "tertiary"],
        "institution_factor": [10_000, 12_000],
    },
    "groups": {
        "group_code": ["G1", "G2"],
        "base_points": [1000 * POINT, 500 * POINT],
        "group_mean": [9000 * YUAN, 4500 * YUAN],
        "mean_days": [80_000, 60_000],
    },
    "accounts": {
        "fixmedins_code": ["H0001", "H0002"],
        "pool": ["employee", "employee"],
        "assessment": [850_000, 950_000],
        "months_paid": [15_000_00, 12_000_00],
        "prepayment_left": [100_00, 0],
        "carried_in": [0, 20_00],
    },
}


def pay(given: list[dict[str, Any]] | None = None, *, at: At = "settlement", cleared: bool = True) -> PaidTable:
    tables: dict[str, Any] = {name: each for name, each in TABLES.items() if cleared or name != "accounts"}
    return pay_table(mipolicy.loads(OVERLAY), table(given or rows()), **tables, year=2025, at=at)


@cache
def small(at: At = "settlement") -> PaidTable:
    return pay(at=at)


@cache
def made_up(cases: int = 60_000, at: At = "settlement") -> PaidTable:
    """The made-up region, large enough that budgets and points fit each other roughly."""
    region = region_year(cases)
    tables: dict[str, Any] = dict(region.tables())
    return pay_table(mipolicy.load("assumed"), tables.pop("cases"), **tables, year=2025, at=at)


# ---- the same from the formulas --------------------------------------------------------------------------------------


def half_up(figure: Fraction) -> int:
    return int((abs(figure) + Fraction(1, 2)) // 1) * (1 if figure >= 0 else -1)


RESERVE = 1_500_00
CARVED = 900_00
BY_ITEM = 2_700_00
FUND = 50_000_00 - RESERVE - 1_000_00 - 500_00 - CARVED - BY_ITEM
WHOLE = FUND + sum(parts(name)["psn_part_amt"] + parts(name)["other_pay"] for name in HELD)
ALL_POINTS = sum(POINTS[name] for name in HELD)


def standard(name: str) -> int:
    """Points x value of one case: its share of the whole, in fen."""
    return half_up(Fraction(WHOLE * POINTS[name], ALL_POINTS))


def payment(name: str) -> int:
    of = parts(name)
    return standard(name) - of["psn_part_amt"] - of["other_pay"]


def totals() -> dict[str, int]:
    """What each institution gets of the whole: largest remainder, ties by code; in fen."""
    share = {
        code: Fraction(WHOLE * sum(POINTS[name] for name in names if name in HELD), ALL_POINTS)
        for code, names in HERE.items()
    }
    given = {code: int(each // 1) for code, each in share.items()}
    rest = sorted(share, key=lambda code: (given[code] - share[code], code))
    for code in rest[: WHOLE - sum(given.values())]:
        given[code] += 1
    return given


def points_amt(code: str) -> int:
    """What the local fund owes an institution for points."""
    held = [name for name in HERE[code] if name in HELD]
    off = sum(parts(name)["psn_part_amt"] + parts(name)["other_pay"] for name in held)
    elsewhere = payment("C06") if code == "H0001" else 0
    return totals()[code] - off - elsewhere
