"""A made-up area's budget year that takes every branch of the sharing of 上虞: rules S11-S18, by institution.

The first day in force, how monthly advances combine, institutions and amounts are invented; the shares are those of the
repealed opinion.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

from attrs import frozen

__all__ = ["SAMPLE_POLICY", "SAMPLE_YEAR", "BudgetYear", "budget_year"]

SAMPLE_YEAR: Final = 2013
SAMPLE_POLICY: Final = """\
# The repealed opinion of 上虞 with what it leaves open filled by assumption, so that a made-up year can be cleared.
format = 1
id = "budget-sample"
title = "总额控制年度清算示例(假设)"
region = "330682"
schemes = ["390"]
extends = "shangyu-2013"

[documents.sample]
title = "示例(全部为假设)"
issuer = "nobody"
status = "assumed"
verified_on = 2014-12-31

[[sections.budget_sharing]]
version = "2013"
source = { document = "sample", clause = "施行日期(假设)" }
effective = 2013-01-01

[[sections.quota]]
version = "2013"
source = { document = "sample", clause = "施行日期(假设)" }
effective = 2013-01-01

[[sections.monthly_advance]]
version = "2013"
source = { document = "sample", clause = "月度预付(假设)" }
effective = 2013-01-01
rule = "min"
quota_weight = "0%"
"""

_ALL, _SOME, _NONE, _MISSING = "all", "some", "none", "missing"
_YUAN: Final = 100
_INSTITUTIONS: Final = (
    # code, name, quota and actual cost in the city, out of the city (yuan), fen beyond it, results
    ("Y01", "结余,全部达标", 1_200_000, 300_000, 1_100_000, 280_000, 0, _ALL),
    ("Y02", "结余,全部未达标", 1_200_000, 300_000, 1_100_000, 280_000, 0, _NONE),
    ("Y03", "恰好等于控制额", 1_200_000, 300_000, 1_200_000, 300_000, 0, _SOME),
    ("Y04", "超支一分,全部达标", 1_200_000, 300_000, 1_200_000, 300_000, 1, _ALL),
    ("Y05", "超支一分,部分达标", 1_200_000, 300_000, 1_200_000, 300_000, 1, _SOME),
    ("Y06", "超支一分,全部未达标", 1_200_000, 300_000, 1_200_000, 300_000, 1, _NONE),
    ("Y07", "超支,全部达标", 1_200_000, 300_000, 1_300_000, 330_000, 0, _ALL),
    ("Y08", "市内超支,部分达标", 1_200_000, 300_000, 1_300_000, 300_000, 0, _SOME),
    ("Y09", "市外超支,部分达标", 1_200_000, 300_000, 1_200_000, 330_000, 0, _SOME),
    ("Y10", "市内外均超支,部分达标", 1_200_000, 300_000, 1_300_000, 330_000, 0, _SOME),
    ("Y11", "市内超支,市外结余相抵后仍超支", 1_200_000, 300_000, 1_300_000, 260_000, 0, _SOME),
    ("Y12", "市外超支,市内结余相抵后仍超支", 1_200_000, 300_000, 1_180_000, 350_000, 0, _SOME),
    ("Y13", "市内超支,市外结余相抵后结余", 1_200_000, 300_000, 1_230_000, 250_000, 0, _SOME),
    ("Y14", "超支,全部未达标", 1_200_000, 300_000, 1_300_000, 330_000, 0, _NONE),
    ("Y15", "增量已批,转为结余", 1_200_000, 300_000, 1_250_000, 300_000, 0, _SOME),
    ("Y16", "增量未全批,仍超支", 1_200_000, 300_000, 1_250_000, 300_000, 0, _SOME),
    ("Y17", "缺一项考评结果", 1_200_000, 300_000, 1_250_000, 300_000, 0, _MISSING),
)
_REFUSED: Final = (
    ("Y08", "超标准收费", 1_000_00),
    ("Y08", "重复收费", 234_56),
    ("Y14", "不合理检查", 20_000_00),
    ("Y14", "超标准收费", 30_000_00),
)
_LEFT: Final = {"Y07": 20_000_00}
_CARRIED: Final = {"Y10": 5_000_00}


@frozen(eq=False)
class BudgetYear:
    """The tables of a made-up area, as `mipolicy.clear` takes them: fen as integers, days as dates."""

    institutions: dict[str, Any]
    results: dict[str, Any]
    months: dict[str, Any]
    increments: dict[str, Any]
    refused: dict[str, Any]

    def tables(self) -> dict[str, dict[str, Any]]:
        """The tables beside the institutions, by name."""
        return {each: getattr(self, each) for each in ("results", "months", "increments", "refused")}


def budget_year(indicators: tuple[str, ...], approvals: tuple[str, ...]) -> BudgetYear:
    """Make the area's year.

    indicators, approvals: those of the policy, at least two of each; all indicators, the first alone or none are met.
    """
    codes = [row[0] for row in _INSTITUTIONS]
    local = [row[4] * _YUAN + row[6] for row in _INSTITUTIONS]
    actual = [cost + row[5] * _YUAN for cost, row in zip(local, _INSTITUTIONS, strict=True)]
    return BudgetYear(
        institutions={
            "fixmedins_code": codes,
            "medins_name": [row[1] for row in _INSTITUTIONS],
            "quota_local": [row[2] * _YUAN for row in _INSTITUTIONS],
            "quota_out": [row[3] * _YUAN for row in _INSTITUTIONS],
            "actual_local": local,
            "actual_out": [row[5] * _YUAN for row in _INSTITUTIONS],
            "prepayment_left": [_LEFT.get(code, 0) for code in codes],
            "carried_in": [_CARRIED.get(code, 0) for code in codes],
        },
        results=_results(indicators),
        months={
            "fixmedins_code": [code for code in codes for _ in range(12)],
            "month": list(range(1, 13)) * len(codes),
            "actual_amt": [amount for cost in actual for amount in _by_month(cost)],
        },
        increments=_increments(approvals),
        refused=dict(
            zip(("fixmedins_code", "reason", "refused_amt"), map(list, zip(*_REFUSED, strict=True)), strict=True)
        ),
    )


def _by_month(cost: int) -> list[int]:
    """A year's cost by month: light in February, heavy in December, to the fen."""
    weights = (9, 6, 8, 8, 8, 8, 8, 8, 8, 8, 9, 12)
    parts = [cost * weight // 100 for weight in weights]
    return [*parts[:-1], cost - sum(parts[:-1])]


def _results(indicators: tuple[str, ...]) -> dict[str, Any]:
    rows = []
    for code, *_, kind in _INSTITUTIONS:
        for at, name in enumerate(indicators):
            met = kind == _ALL or (kind in (_SOME, _MISSING) and at == 0)
            if kind != _MISSING or at + 1 < len(indicators):
                rows.append((code, name, "1" if met else "0"))
    columns = zip(*rows, strict=True)
    return dict(zip(("fixmedins_code", "indicator", "met_flag"), map(list, columns), strict=True))


def _increments(approvals: tuple[str, ...]) -> dict[str, Any]:
    """One increment with every approval, one whose last approval comes after the settlement."""
    rows: list[tuple[str, str, int, str, datetime.date]] = []
    for name, code, late in (("Z1", "Y15", False), ("Z2", "Y16", True)):
        for at, approval in enumerate(approvals):
            last = at + 1 == len(approvals)
            year = SAMPLE_YEAR + 1 if late and last else SAMPLE_YEAR
            rows.append((name, code, 60_000 * _YUAN, approval, datetime.date(year, 3 + at, 1)))
    names = ("increment_id", "fixmedins_code", "amount", "approval", "approved_on")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
