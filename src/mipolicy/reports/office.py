"""What a hospital's insurance office looks at: each case against its standard, and the mean over group and department.

Rule P29: the standard is an average, so a group is judged and not a case.  Amounts in fen, points and ratios per ten
thousand, shares per million.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.accounts import last_day
from mipolicy.cases.blocks import run
from mipolicy.cases.result import PaidTable
from mipolicy.cases.score import versions_of
from mipolicy.cases.ways import WAYS
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, Column
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL, REVIEW
from mipolicy.payment.dip import BAND
from mipolicy.payment.points import PointValueTerms
from mipolicy.reports.gather import counted, ties
from mipolicy.rounding import half_up_int, mul_div
from mipolicy.sums import sums_by
from mipolicy.tables import Axis
from mipolicy.texts import Coded
from mipolicy.traced import labelled

__all__ = [
    "BY",
    "COST_CLASS",
    "COST_OF",
    "OfficeCases",
    "OfficeLine",
    "compared_cost",
    "office_cases",
    "office_summary",
    "rows_of",
    "yearly_terms",
]

COST_CLASS: Final = Axis(
    "cost class",
    ("none", "low", "normal", "high"),
    ("不分档", "低倍率", "正常倍率", "高倍率"),
    ("not classed", "low", "normal", "high"),
)
"""Where the cost of a case stands: of the method's own limits, or of the limits given."""
COST_OF: Final = Axis(
    "cost of",
    ("total", "fund"),
    ("医疗费总额", "统筹基金部分"),
    ("total cost", "the fund's part"),
)
"""What of a case's cost its standard pays for, and is compared with."""
By: TypeAlias = Literal["institution", "department", "doctor", "group"]
BY: Final[Mapping[str, tuple[str, str, str]]] = {
    "institution": ("", "机构", "institution"),
    "department": ("bilg_dept_codg", "科室", "department"),
    "doctor": ("bilg_dr_codg", "医师", "doctor"),
    "group": ("group_code", "病组", "group"),
}
"""By what cases are summed: the field of the case, and its name; departments and doctors are of an institution."""
_TEXTS: Final = ("fixmedins_code", "bilg_dept_codg", "bilg_dr_codg", "group_code")
_HELD: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_WITHOUT: Final = tuple(METHOD.position(name) for name in ("by_item", "capitation"))
_LOW, _NORMAL, _HIGH = (COST_CLASS.position(name) for name in ("low", "normal", "high"))
_OF_BAND: Final = {"between": _NORMAL, "low": _LOW, "high": _HIGH, "extreme": _HIGH}
_MOST: Final = 100 * int(FACTOR_ONE)
_GRANTED: Final = tuple(REVIEW.position(name) for name in ("granted_item", "granted_points"))


@frozen(eq=False)
class OfficeCases:
    """Cases against their standards, as columns with an entry a case.

    at: "budget" where points are paid at the budget value, "settlement" after the clearing; limits: least and most
    cost over standard of a normal case, per ten thousand, None where the classes are those of the methods; row: place
    in the table given; columns: setl_id, fixmedins_code, bilg_dept_codg, bilg_dr_codg and group_code as texts, pool,
    method, cost_of, cost_class as codes, points, cost, standard, gap (standard - cost), ratio (cost / standard);
    compared: the cases that have a standard to be compared with, gap and class are of these; rated: those of them with
    a standard above 0, ratio is of these.
    """

    year: int
    at: str
    fixmedins_code: str
    limits: tuple[int, int] | None
    row: Column
    columns: Mapping[str, Any]
    compared: Any
    rated: Any

    def __len__(self) -> int:
        return len(self.row)


def office_cases(paid: PaidTable, fixmedins_code: str = "", *, limits: tuple[int, int] | None = None) -> OfficeCases:
    """The cases of an institution, or of all, against what their method says they are worth.

    fixmedins_code: one institution of the table, all by default; limits: least and most cost over standard of a normal
    case, per ten thousand, themselves normal; without them a case is low or high where its method's own limits say so
    (DIP, DRG), and not classed where it has none.
    The cost is what the standard pays for: the total cost without what is carved out of points; the fund's part, item
    by item, where the point value divides the fund alone.  Stays that were joined stand in the last one, with the cost
    of all.  Cases by item and by the head have no standard.
    Raises CodeError for an institution that is not in the region, InputError for limits that are none.
    Source: rule P29; formulas.md sections 2 and 3, deviation and outliers.
    """
    _check_limits(limits)
    rows = rows_of(paid, fixmedins_code)
    facts, scores = paid.prepared.facts, paid.scores
    method = paid.routes.method.take(rows)
    cost, cost_of = compared_cost(paid, rows)
    compared = ~np.isin(method, _WITHOUT) & (np.asarray(facts.of("medfee_sumamt", rows)) > 0)
    standard = np.where(compared, scores.standard.take(rows), 0)
    rated = compared & (standard > 0)
    ratio = np.where(rated, mul_div(cost, int(FACTOR_ONE), np.where(rated, standard, 1)), 0)
    classes = _by_method(paid, rows) if limits is None else _by_limits(limits, cost, standard)
    columns: dict[str, Any] = {
        "setl_id": Coded.of(paid.prepared.read.columns["setl_id"]).take(rows),
        **{name: facts.texts[name].take(rows) for name in _TEXTS},
        "pool": paid.prepared.pool.take(rows),
        "method": method,
        "points": scores.points.take(rows),
        "cost_of": cost_of,
        "cost": cost,
        "standard": standard,
        "gap": np.where(compared, standard - cost, 0),
        "ratio": ratio,
        "cost_class": np.where(compared, classes, 0),
    }
    at = "settlement" if paid.pools else "budget"
    return OfficeCases(paid.year, at, fixmedins_code, limits, rows, columns, compared, rated)


def _check_limits(limits: tuple[int, int] | None) -> None:
    if limits is None:
        return
    if len(limits) != 2 or any(type(each) is not int for each in limits) or not 0 <= limits[0] < limits[1] <= _MOST:
        raise InputError(
            f"limits are two ints per ten thousand of cost over standard, the lower first, such as (5000, 20000) for "
            f"0.5 and 2, at most {_MOST} for 100; got {limits!r}"
        )


def rows_of(paid: PaidTable, fixmedins_code: str) -> Column:
    """The cases of an institution, or of all, that stand."""
    rows = counted(paid)
    if not fixmedins_code:
        return rows
    places = paid.prepared.region.institutions
    if fixmedins_code not in places:
        raise CodeError(f"fixmedins_code {fixmedins_code!r} is not among the region's {len(places)} institutions")
    return rows.compress(paid.prepared.facts.institution.take(rows) == places[fixmedins_code])


def compared_cost(paid: PaidTable, rows: Column) -> tuple[Column, Column]:
    """The cost of each row that its standard pays for, in fen, and what that is, as a code of `COST_OF`."""
    facts = paid.prepared.facts
    by_points = np.isin(paid.routes.method.take(rows), _HELD)
    whole = np.asarray(facts.of("medfee_sumamt", rows)) - np.where(by_points, facts.of("carve_out_amt", rows), 0)
    of_fund = by_points & np.isin(paid.prepared.pool.take(rows), _fund_pools(paid))
    fund = np.asarray(facts.of("hifp_pay", rows)) - paid.scores.carved_out.take(rows)
    return np.where(of_fund, fund, whole), of_fund.astype(np.int64)


def _fund_pools(paid: PaidTable) -> list[int]:
    """The pools whose point value divides the fund alone."""
    found = []
    for pool in (*paid.pools, *paid.budget_values):
        terms: PointValueTerms = yearly_terms(paid, f"point_value.{pool}")
        if terms.basis == "fund":
            found.append(POOL.position(pool))
    return found


def yearly_terms(paid: PaidTable, section: str) -> Any:
    """The terms of a section on the last day of the year."""
    policy = paid.prepared.dated.policy
    return policy.build(section, policy.version(section, last_day(paid.year)))


# ---- low, normal, high -----------------------------------------------------------------------------------------------


def _by_limits(limits: tuple[int, int], cost: Column, standard: Column) -> Column:
    """The class of each case by limits on cost over standard; both limits themselves are normal."""
    low, high = limits
    ratio = cost * int(FACTOR_ONE)
    found = np.where(ratio < standard * low, _LOW, np.where(ratio > standard * high, _HIGH, _NORMAL))
    return np.asarray(found, np.int64)


def _by_method(paid: PaidTable, rows: Column) -> Column:
    """The class of each case by the limits of its method; granted reviews stand outside of them."""
    classes = np.zeros(paid.prepared.read.rows, np.int64)
    reviewed = np.isin(paid.prepared.facts.column("review").take(rows), _GRANTED)
    held = rows[~reviewed & (paid.prepared.facts.group.take(rows) >= 0)]
    method = paid.routes.method.take(held)
    of_band = np.array([_OF_BAND.get(word, 0) for word in BAND.members], np.int64)
    for word in ("dip", "drg_points", "drg_weight"):
        way, mine = WAYS[word], held[method == METHOD.position(word)]
        for terms, here in versions_of(paid.prepared, way, mine):
            if word == "dip":
                done, _ = run(way, terms, paid.prepared.facts, here, ("band",), Work())
                classes[here] = of_band.take(done["band"])
            else:
                done, _ = run(way, terms, paid.prepared.facts, here, ("low", "high"), Work())
                classes[here] = np.where(done["low"] != 0, _LOW, np.where(done["high"] != 0, _HIGH, _NORMAL))
    found: Column = classes.take(rows)
    return found


# ---- summed ----------------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class OfficeLine:
    """The cases of a department, a doctor, a group or an institution together; figures that divide by none are None.

    above, below: cases that cost more, or less, than their standard; shares are of the cases compared.
    """

    fixmedins_code: str = labelled("text", "定点医药机构编号", "institution")
    code: str = labelled("text", "编码", "code")
    cases: int = labelled("count", "病例数", "cases")
    compared: int = labelled("count", "有标准的病例数", "cases with a standard")
    cost: int = labelled("fen", "费用合计", "cost")
    standard: int = labelled("fen", "付费标准合计", "standard")
    gap: int = labelled("fen", "差额(标准-费用)", "gap: standard - cost")
    mean_gap: int | None = labelled("fen", "例均差额", "mean gap of a case")
    ratio: int | None = labelled("factor", "费用/标准", "cost / standard")
    above: int = labelled("count", "高于标准例数", "cases above their standard")
    above_share: int | None = labelled("rate", "高于标准占比", "share above")
    below: int = labelled("count", "低于标准例数", "cases below their standard")
    below_share: int | None = labelled("rate", "低于标准占比", "share below")
    low: int = labelled("count", "低倍率例数", "low")
    normal: int = labelled("count", "正常倍率例数", "normal")
    high: int = labelled("count", "高倍率例数", "high")
    by_points: int = labelled("count", "按分值(点数)例数", "cases by points")
    mean_points: int | None = labelled("points", "例均分值(点数)", "mean points of a case by points")


def office_summary(cases: OfficeCases, by: By) -> tuple[OfficeLine, ...]:
    """Cases summed by department, doctor, group or institution: the mean gap, and the shares above and below (P29).

    A group is summed over all institutions; a department or a doctor is one of its institution, and cases that name
    none stand together under an empty code.  Cost, standard and gap are of the cases with a standard only.
    Raises InputError for another word.
    Source: rule P29: the payment standard is an average, so that a case above it says nothing, and its group does.
    """
    if by not in BY:
        raise InputError(f"cases are summed by {', '.join(BY)}, not by {by!r}")
    of = cases.columns
    institution: Coded = of["fixmedins_code"]
    code: Coded = of[BY[by][0]] if BY[by][0] else Coded(np.zeros(len(cases), np.int32), ("",))
    first = np.zeros(len(cases), np.int64) if by == "group" else institution.codes.astype(np.int64)
    key = first * max(1, len(code.values)) + code.codes
    distinct, place = np.unique(key, return_inverse=True)
    lines = [
        _line(
            "" if by == "group" else institution.values[at // max(1, len(code.values))],
            code.values[at % max(1, len(code.values))],
            figures,
        )
        for at, *figures in zip(distinct.tolist(), *_sums(cases, place, len(distinct)), strict=True)
    ]
    ties("office", "cases summed", sum(line.cases for line in lines), len(cases))
    ties(
        "office", "gap of its parts", sum(line.gap for line in lines), sum(line.standard - line.cost for line in lines)
    )
    return tuple(sorted(lines, key=lambda line: (line.fixmedins_code, line.code)))


def _sums(cases: OfficeCases, place: Any, size: int) -> list[list[int]]:
    """In the order that `_line` takes them."""
    of, compared = cases.columns, cases.compared
    held = np.isin(of["method"], _HELD)
    flags = (
        of["gap"] < 0,
        of["gap"] > 0,
        *(of["cost_class"] == which for which in (_LOW, _NORMAL, _HIGH)),
        held,
    )
    columns = (
        np.ones(len(cases), np.int64),
        compared.astype(np.int64),
        np.where(compared, of["cost"], 0),
        of["standard"],
        of["gap"],
        *(flag.astype(np.int64) for flag in flags),
        np.where(held, of["points"], 0),
    )
    return [sums_by(place, column, size) for column in columns]


def _line(institution: str, code: str, figures: list[int]) -> OfficeLine:
    cases, compared, cost, standard, gap, above, below, low, normal, high, by_points, points = figures
    return OfficeLine(
        fixmedins_code=institution,
        code=code,
        cases=cases,
        compared=compared,
        cost=cost,
        standard=standard,
        gap=gap,
        mean_gap=_over(gap, 1, compared),
        ratio=_over(cost, int(FACTOR_ONE), standard),
        above=above,
        above_share=_over(above, int(RATE_ONE), compared),
        below=below,
        below_share=_over(below, int(RATE_ONE), compared),
        low=low,
        normal=normal,
        high=high,
        by_points=by_points,
        mean_points=_over(points, 1, by_points),
    )


def _over(one: int, unit: int, other: int) -> int | None:
    """one x unit / other, half up; None where nothing stands below."""
    return half_up_int(one * unit, other) if other > 0 else None
