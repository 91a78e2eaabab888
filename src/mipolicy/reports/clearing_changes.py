"""What a re-run after appeals changed: the clearing step by step, the point values, and case by case.

Formulas.md section 2: a re-run after appeals gives a difference statement between two clearings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.cases.result import PaidTable
from mipolicy.errors import InputError
from mipolicy.money import Column
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.clearing import Change, Cleared, difference
from mipolicy.reports.clearing_page import the_clearing
from mipolicy.reports.gather import ties
from mipolicy.reports.sheet import Cell, Grid, Heading, Series, Sheet, headings
from mipolicy.sums import sums_by
from mipolicy.tables import Axis
from mipolicy.texts import Coded
from mipolicy.traced import labelled

__all__ = ["STEP", "WHY", "ClearingChanges", "InstitutionChange", "ValueChange", "changes_sheet", "clearing_changes"]

WHY: Final = Axis(
    "why",
    ("value", "points", "method", "only_before", "only_after"),
    ("仅金额变化", "分值(点数)变化", "付费方式变化", "仅前次清算有", "仅后次清算有"),
    ("money only", "points", "method", "only before", "only after"),
)
"""What of a case changed: the first that holds of method, points, money; or it stands in one of the two only."""
_LINE: Final = headings(Cleared)
STEP: Final = Axis(
    "step",
    tuple(head.name for head in _LINE),
    tuple(head.zh for head in _LINE),
    tuple(head.en for head in _LINE),
)
"""The steps of a line of the clearing."""
_COUNTED: Final = {
    "value": "by_value",
    "points": "by_points",
    "method": "by_method",
    "only_before": "only_before",
    "only_after": "only_after",
}
_NAMES: Final = ("points", "standard", "payment", "carved_out")


@frozen
class ValueChange:
    """The point value of a pool in two clearings; None where it was not closed."""

    pool: int = labelled(POOL, "基金", "pool")
    before: int | None = labelled("price", "前次点值", "value before")
    after: int | None = labelled("price", "后次点值", "value after")


@frozen
class InstitutionChange:
    """The cases of an institution and pool that changed, by what changed, and what that comes to."""

    fixmedins_code: str = labelled("text", "定点医药机构编号", "institution")
    pool: int = labelled(POOL, "基金", "pool")
    cases: int = labelled("count", "变化病例数", "cases that changed")
    by_value: int = labelled("count", "仅金额变化", "of which in money only")
    by_points: int = labelled("count", "分值(点数)变化", "of which in points")
    by_method: int = labelled("count", "付费方式变化", "of which in their method")
    only_before: int = labelled("count", "仅前次有", "of which only before")
    only_after: int = labelled("count", "仅后次有", "of which only after")
    points: int = labelled("points", "分值(点数)增减", "change in points")
    payment: int = labelled("fen", "病例应付增减", "change in what is owed for cases")


@frozen(eq=False)
class ClearingChanges:
    """The difference statement of two clearings.

    steps: what changed of each institution and pool, step by step; values: the point values; institutions: how many
    cases changed, and by what; cases: the cases that changed, as columns, by institution, pool and id, points and
    payment before and after, with what they lack in one of the two None (`in_before`, `in_after`).
    """

    steps: tuple[Change, ...]
    values: tuple[ValueChange, ...]
    institutions: tuple[InstitutionChange, ...]
    cases: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.cases["why"])


def clearing_changes(before: PaidTable, after: PaidTable) -> ClearingChanges:
    """What a re-run changed: the steps of the clearing, the point values, and the cases, joined by setl_id.

    A case whose institution or pool differs counts as gone from the one and new in the other.
    Raises InputError where one was not cleared, or where they close different years.
    Source: formulas.md section 2.
    """
    if before.year != after.year:
        raise InputError(f"clearings of {before.year} and {after.year}: a re-run is of the same year")
    steps = difference(the_clearing(before), the_clearing(after))
    values = []
    for at, pool in enumerate(POOL.members):
        was, now = (of.pools[pool].value.value if pool in of.pools else None for of in (before, after))
        if (was, now) != (None, None):
            values.append(ValueChange(at, was, now))
    cases = _changed_cases(before, after)
    return ClearingChanges(steps, tuple(values), _institutions(cases), cases)


def _changed_cases(before: PaidTable, after: PaidTable) -> dict[str, Any]:
    """The rows of the two tables that do not agree, as columns."""
    tables = (before, after)
    sizes = [len(of) for of in tables]
    texts = {name: _stacked([of.columns[name] for of in tables]) for name in ("setl_id", "fixmedins_code")}
    pools = np.concatenate([np.asarray(of.columns["pool"]) for of in tables])
    wide = max(1, len(texts["fixmedins_code"].values)) * len(POOL.members)
    place = texts["fixmedins_code"].codes.astype(np.int64) * len(POOL.members) + pools
    key = texts["setl_id"].codes.astype(np.int64) * wide + place
    every, where = np.unique(key, return_inverse=True)
    rows = []
    for begin, size in ((0, sizes[0]), (sizes[0], sizes[1])):
        row = np.full(len(every), -1, np.int64)
        row[where[begin : begin + size]] = np.arange(size)
        rows.append(row)
    held = {
        name: (_or_nothing(before.columns[name], rows[0]), _or_nothing(after.columns[name], rows[1]))
        for name in (*_NAMES, "method")
    }
    why = _why(held, rows)
    changed = np.flatnonzero(why >= 0)
    ids, codes = texts["setl_id"], texts["fixmedins_code"]
    of_id, of_place = every[changed] // wide, every[changed] % wide
    order = np.lexsort((_rank(ids)[of_id], of_place % len(POOL.members), _rank(codes)[of_place // len(POOL.members)]))
    changed, of_id, of_place = changed[order], of_id[order], of_place[order]
    found: dict[str, Any] = {
        "setl_id": Coded(of_id.astype(np.int32), ids.values),
        "fixmedins_code": Coded((of_place // len(POOL.members)).astype(np.int32), codes.values),
        "pool": of_place % len(POOL.members),
        "why": why[changed],
        "in_before": rows[0][changed] >= 0,
        "in_after": rows[1][changed] >= 0,
    }
    for name, (was, now) in held.items():
        found[f"{name}_before"], found[f"{name}_after"] = was[changed], now[changed]
    found["payment_change"] = sum(
        found[f"{name}_after"] - found[f"{name}_before"] for name in ("payment", "carved_out")
    )
    return found


def _stacked(columns: list[Any]) -> Coded:
    """Columns of text one below the other, over all distinct values."""
    coded = [Coded.of(column) for column in columns]
    values = {text: at for at, text in enumerate(dict.fromkeys(text for each in coded for text in each.values))}
    codes = [each.figures(values.__getitem__) if len(each) else np.empty(0, np.int64) for each in coded]
    return Coded(np.concatenate(codes).astype(np.int32), tuple(values))


def _rank(coded: Coded) -> Column:
    """The place of each distinct text in the order of the texts."""
    order = np.argsort(np.array(coded.values or ("",)), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _or_nothing(column: Any, row: Column) -> Column:
    """The figures of the rows, 0 where there is none."""
    figures = np.asarray(column, np.int64)
    return np.where(row >= 0, figures[row], 0) if figures.size else np.zeros(len(row), np.int64)


def _why(held: Mapping[str, tuple[Column, Column]], rows: list[Column]) -> Column:
    """What changed of each case, as a code of `WHY`; -1 where nothing did."""
    differ = {name: was != now for name, (was, now) in held.items()}
    why = np.full(len(rows[0]), -1, np.int64)
    why[differ["standard"] | differ["payment"] | differ["carved_out"]] = WHY.position("value")
    why[differ["points"]] = WHY.position("points")
    why[differ["method"]] = WHY.position("method")
    why[rows[1] < 0] = WHY.position("only_before")
    why[rows[0] < 0] = WHY.position("only_after")
    return why


def _institutions(cases: Mapping[str, Any]) -> tuple[InstitutionChange, ...]:
    codes: Coded = cases["fixmedins_code"]
    place = codes.codes.astype(np.int64) * len(POOL.members) + cases["pool"]
    many = len(WHY.members)
    size = max(1, len(codes.values)) * len(POOL.members)
    counts = np.bincount(place * many + cases["why"], minlength=size * many).reshape(size, many)
    points = sums_by(place, cases["points_after"] - cases["points_before"], size)
    money = sums_by(place, cases["payment_change"], size)
    lines = [
        InstitutionChange(
            codes.values[at // len(POOL.members)],
            at % len(POOL.members),
            int(counts[at].sum()),
            **{field: int(counts[at, WHY.position(why)]) for why, field in _COUNTED.items()},
            points=points[at],
            payment=money[at],
        )
        for at in np.flatnonzero(counts.sum(axis=1)).tolist()
    ]
    ties("changes", "cases that changed", sum(line.cases for line in lines), len(cases["why"]))
    return tuple(sorted(lines, key=lambda line: (line.fixmedins_code, line.pool)))


# ---- as a page -------------------------------------------------------------------------------------------------------


def changes_sheet(changes: ClearingChanges) -> Sheet:
    """The difference statement as blocks; the cases last."""
    return Sheet(
        "changes",
        "两次清算差异",
        "difference between two clearings",
        (
            Grid.of("点值", "point values", ValueChange, changes.values),
            _step_grid(changes.steps),
            Grid.of("变化病例(按机构)", "cases that changed, by institution", InstitutionChange, changes.institutions),
            case_grid(changes.cases),
        ),
    )


def _step_grid(steps: tuple[Change, ...]) -> Grid:
    """The steps that changed, with both figures; empty where one of the clearings has no such line."""
    was = [each.before if each.only_in != "after" else None for each in steps]
    now = [each.after if each.only_in != "before" else None for each in steps]
    columns: list[tuple[Heading, list[Cell]]] = [
        (Heading("fixmedins_code", "text", "定点医药机构编号", "institution"), [each.fixmedins_code for each in steps]),
        (Heading("pool", POOL, "基金", "pool"), [POOL.position(each.pool) for each in steps]),
        (Heading("step", STEP, "项目", "step"), [STEP.position(each.step) for each in steps]),
        (Heading("before", "fen", "前次", "before"), list(was)),
        (Heading("after", "fen", "后次", "after"), list(now)),
        (Heading("change", "fen", "增减", "change"), [each.change for each in steps]),
    ]
    return Grid("清算项目变化", "steps of the clearing that changed", tuple(Series(*each) for each in columns))


def case_grid(cases: Mapping[str, Any]) -> Grid:
    """The cases that changed, as a table."""
    was, now = cases["in_before"], cases["in_after"]
    texts = (("setl_id", "结算ID", "settlement id"), ("fixmedins_code", "定点医药机构编号", "institution"))
    columns = [Series(Heading(name, "text", zh, en), cases[name]) for name, zh, en in texts]
    columns.append(Series(Heading("pool", POOL, "基金", "pool"), cases["pool"]))
    columns.append(Series(Heading("why", WHY, "变化", "what changed"), cases["why"]))
    for name, unit, zh, en in (
        ("method", METHOD, "付费方式", "method"),
        ("points", "points", "分值(点数)", "points"),
        ("payment", "fen", "基金应付", "owed by the fund"),
        ("carved_out", "fen", "除外支付", "carved out"),
    ):
        columns.append(
            Series(Heading(f"{name}_before", unit, f"前次{zh}", f"{en} before"), cases[f"{name}_before"], was)
        )
        columns.append(Series(Heading(f"{name}_after", unit, f"后次{zh}", f"{en} after"), cases[f"{name}_after"], now))
    columns.append(Series(Heading("payment_change", "fen", "应付增减", "change"), cases["payment_change"]))
    return Grid("变化病例", "cases that changed", tuple(columns))
