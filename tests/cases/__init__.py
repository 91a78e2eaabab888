"""A small made-up region whose year can be worked by hand, and tables of its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import mipolicy
from mipolicy.cases.pay import pay_table
from mipolicy.cases.result import PaidTable
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import REASON
from tests.batch import overlay

__all__ = [
    "ACCOUNTS",
    "GROUPS",
    "INSTITUTIONS",
    "POLICY",
    "Row",
    "case",
    "closes",
    "columns_of",
    "figures",
    "pay",
    "policy",
    "reasons",
    "reversal",
    "ways",
]

Row = dict[str, Any]
INSTITUTIONS: Row = {
    "fixmedins_code": ["T0001", "S0001", "D0001", "D0004", "P0001", "N0001"],
    "level": ["tertiary", "secondary", "tertiary", "tertiary", "primary", "tertiary"],
    "institution_factor": ["1.1", "0.95", "1.2", "", "0.8", ""],
    "day_surgery_flag": ["1", "0", "0", "0", "0", "0"],
}
GROUPS: Row = {
    "group_code": ["G1", "G2", "R1", "R2"],
    "base_points": ["500", "1200", "800", "2400"],
    "weight": ["0.5", "1.2", "0.8", "2.4"],
    "group_mean": ["5000", "12000", "8000", "24000"],
    "mean_tertiary": ["6000", "", "", ""],
    "mean_days": ["6", "9", "7", "12"],
    "basic_flag": ["1", "0", "0", "0"],
}
ACCOUNTS: Row = {
    "fixmedins_code": [code for code in INSTITUTIONS["fixmedins_code"] for _ in range(2)],
    "pool": ["employee", "resident"] * len(INSTITUTIONS["fixmedins_code"]),
    "assessment": ["95"] * 12,
}
BUDGETS = """
    [[sections.pool_budget.employee]]
    version = "2025"
    source = { document = "change", clause = "budget" }
    budget = "1000000"
    out_of_area = "20000"
    manual_claims = "1000"
    [[sections.pool_budget.resident]]
    version = "2025"
    source = { document = "change", clause = "budget" }
    budget = "600000"
    out_of_area = "10000"
    manual_claims = "1000"
    """


ANY_REVIEW = """
    [[sections.special_case]]
    version = "2024"
    source = { document = "change", clause = "quota" }
    quota = { dip = "100%", drg_points = "100%", drg_weight = "100%" }
    """


def policy(text: str = "", budget: str = "1000000") -> mipolicy.Policy:
    """The assumed pack with small budgets, that of employees in yuan, and some of its figures replaced.

    Unless the text says another, the quota of reviews is all cases: a few cases have no half per cent.
    """
    of_reviews = "" if "sections.special_case" in text else ANY_REVIEW
    return overlay(BUDGETS.replace("1000000", budget) + of_reviews + text)


POLICY = policy()


def case(setl_id: str, cost: int = 5_000, **changes: Any) -> Row:
    """A stay of seven days at the tertiary DIP hospital; cost in yuan, three fifths the fund's."""
    fen = cost * 100
    row: Row = {
        "setl_id": setl_id,
        "psn_no": f"P{setl_id}",
        "fixmedins_code": "T0001",
        "insutype": "310",
        "med_type": "21",
        "adm_time": "2025-03-01",
        "dscg_time": "2025-03-08",
        "medfee_sumamt": fen,
        "inscp_scp_amt": fen,
        "hifp_pay": fen * 3 // 5,
        "psn_part_amt": fen - fen * 3 // 5,
        "other_pay": 0,
        "group_code": "G2",
    }
    return {**row, **changes}


def reversal(of: Row, setl_id: str, **changes: Any) -> Row:
    """The row that takes a case back."""
    amounts = [name for name, value in of.items() if isinstance(value, int) and name not in ("review_points",)]
    back = {**of, **{name: -of[name] for name in amounts}}
    return {**back, "setl_id": setl_id, "refd_setl_flag": "1", "init_setl_id": of["setl_id"], **changes}


_EMPTY: Mapping[str, Any] = {"act_ipt_days": None, "setl_time": None}


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Rows as columns; amounts that a row does not state are 0, texts empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    example = {name: next(row[name] for row in rows if name in row) for name in names}

    def absent(name: str) -> Any:
        return 0 if isinstance(example[name], int) else _EMPTY.get(name, "")

    return {name: [row.get(name, absent(name)) for row in rows] for name in names}


def pay(rows: Sequence[Row], of: mipolicy.Policy = POLICY, **options: Any) -> PaidTable:
    """Pay cases of the small region; rows in are always rows paid and rows rejected, each once."""
    tables: dict[str, Any] = {"institutions": INSTITUTIONS, "groups": GROUPS, **options}
    paid = pay_table(of, columns_of(rows), **tables)
    assert sorted([*paid.row.tolist(), *paid.rejects.row.tolist()]) == list(range(len(rows)))
    assert set(paid.columns["method"].tolist()) <= set(range(len(METHOD.members)))
    closes(paid)
    return paid


def closes(paid: PaidTable) -> None:
    """Budget = payments + named residues in each pool, and the statement agrees with the cases."""
    for of in paid.pools.values():
        (name, budget), *parts = of.closing.lines()
        assert name == "budget"
        assert budget == sum(amount for _, amount in parts)
        for each in of.closing.institutions:
            assert each.total == each.by_fund + each.by_other_funds


def figures(paid: PaidTable, name: str) -> dict[str, int]:
    """One column by settlement id."""
    return dict(zip(_ids(paid), paid.columns[name].tolist(), strict=True))


def ways(paid: PaidTable) -> dict[str, tuple[str, str]]:
    """Method and reason by settlement id."""
    found = zip(_ids(paid), paid.columns["method"].tolist(), paid.columns["reason"].tolist(), strict=True)
    return {setl_id: (METHOD.members[method], REASON.members[reason]) for setl_id, method, reason in found}


def reasons(paid: PaidTable) -> dict[str, tuple[str, str]]:
    """Reason and message by settlement id."""
    rejects = paid.rejects
    return {
        each: (reason, message)
        for each, reason, message in zip(rejects.setl_id, rejects.reason, rejects.message, strict=True)
    }


def _ids(paid: PaidTable) -> list[str]:
    ids: list[str] = np.asarray(paid.columns["setl_id"]).tolist()
    return ids
