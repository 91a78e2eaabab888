"""The insurance office's tables: the cases, their sums, and the page on which the sums stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.reports.office import BY, COST_CLASS, COST_OF, By, OfficeCases, OfficeLine, office_summary
from mipolicy.reports.sheet import Figures, Grid, Heading, Series, Sheet
from mipolicy.tables import Axis

__all__ = ["LIMITS_OF", "VALUE_AT", "office_grid", "office_sheet", "summary_grid"]

VALUE_AT: Final = Axis(
    "point value",
    ("budget", "settlement"),
    ("预算点值(清算前)", "结算点值"),
    ("budget value, before the clearing", "settlement value"),
)
"""At which value points are paid in what the office looks at."""
LIMITS_OF: Final = Axis(
    "limits of",
    ("methods", "given"),
    ("各付费方式自身界限", "给定界限"),
    ("those of each method", "those given"),
)
"""Whose limits say what is low and high."""
_HELD: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_HEADS: Final = (
    Heading("setl_id", "text", "结算ID", "settlement id"),
    Heading("fixmedins_code", "text", "定点医药机构编号", "institution"),
    Heading("pool", POOL, "基金", "pool"),
    Heading("bilg_dept_codg", "text", "科室编码", "department"),
    Heading("bilg_dr_codg", "text", "医师编码", "doctor"),
    Heading("group_code", "text", "病组(病种)编码", "group"),
    Heading("method", METHOD, "付费方式", "method"),
    Heading("points", "points", "分值(点数)", "points"),
    Heading("cost_of", COST_OF, "费用口径", "cost that is compared"),
    Heading("cost", "fen", "费用", "cost"),
    Heading("standard", "fen", "付费标准", "standard"),
    Heading("gap", "fen", "差额(标准-费用)", "gap: standard - cost"),
    Heading("ratio", "factor", "费用/标准", "cost / standard"),
    Heading("cost_class", COST_CLASS, "倍率", "class"),
)


def office_grid(cases: OfficeCases) -> Grid:
    """The cases as a table; what a case does not have is empty."""
    held = np.isin(cases.columns["method"], _HELD)
    where = {"points": held, "standard": cases.compared, "gap": cases.compared, "ratio": cases.rated}
    where["cost_class"] = cases.compared
    return Grid(
        "病例与付费标准",
        "cases against their standards",
        tuple(Series(head, cases.columns[head.name], where.get(head.name)) for head in _HEADS),
    )


def summary_grid(cases: OfficeCases, by: By) -> Grid:
    """The cases summed by one thing, as a table."""
    lines = office_summary(cases, by)
    _, zh, en = BY[by]
    left_out = {"institution": ("code",), "group": ("fixmedins_code",)}.get(by, ())
    return Grid.of(f"按{zh}汇总", f"by {en}", OfficeLine, lines, without=left_out)


_SAID: Final = (
    Heading("at", VALUE_AT, "点值", "point value"),
    Heading("limits_of", LIMITS_OF, "倍率界限", "limits of low and high"),
    Heading("low_limit", "factor", "低倍率界限(费用/标准)", "low limit of cost / standard"),
    Heading("high_limit", "factor", "高倍率界限(费用/标准)", "high limit of cost / standard"),
)


def office_sheet(cases: OfficeCases, by: tuple[By, ...] = ("department", "doctor", "group")) -> Sheet:
    """The office's page: what is compared, then the sums; the cases themselves are a table of their own."""
    limits: tuple[int | None, int | None] = cases.limits or (None, None)
    named = cases.fixmedins_code or "all"
    values = (VALUE_AT.position(cases.at), int(cases.limits is not None), *limits)
    return Sheet(
        f"office-{named}",
        f"{cases.year}年度病例与付费标准比较 {cases.fixmedins_code or '全部机构'}",
        f"cases against their standards, {cases.year}: {cases.fixmedins_code or 'all institutions'}",
        (
            Figures("口径", "what is compared", _SAID, values),
            summary_grid(cases, "institution"),
            *(summary_grid(cases, each) for each in by),
        ),
    )
