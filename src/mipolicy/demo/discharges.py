"""The cases of a made-up region's year: who, where, of which group, at what cost, and who pays the bill."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from attrs import define

from mipolicy.money import Column
from mipolicy.texts import Coded

__all__ = ["make_cases"]

_STAY, _PRICED, _DAY, _HEAD, _BED = range(5)
_AMOUNTS: Final = (
    "medfee_sumamt",
    "inscp_scp_amt",
    "hifp_pay",
    "psn_part_amt",
    "other_pay",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "act_pay_dedc",
    "drug_amt",
    "unreasonable_amt",
    "carve_out_amt",
    "refused_amt",
)
_DEPARTMENTS: Final = ("A02", "A03", "A04", "A05", "A07", "A08", "A12", "A15", "A16", "A50")
_PSYCHIATRY, _REHABILITATION = _DEPARTMENTS.index("A15"), _DEPARTMENTS.index("A16")
_ELSEWHERE: Final = ("", "990100", "990200", "990300")
_CODES: Final = (
    "dise_codg",
    "bilg_dept_codg",
    "insuplc_admdvs",
    "cci_class",
    "severity_class",
    "age_class",
    "icu_class",
)


@define(eq=False)
class _Columns:
    """The cases as they are made: numbers by name, texts as codes and their distinct values."""

    numbers: dict[str, Any]
    texts: dict[str, tuple[Any, tuple[str, ...]]]

    def take(self, rows: Column) -> _Columns:
        """Some rows."""
        return _Columns(
            {name: column[rows] for name, column in self.numbers.items()},
            {name: (codes[rows], values) for name, (codes, values) in self.texts.items()},
        )

    def joined(self, other: _Columns) -> _Columns:
        """These rows, then others."""
        return _Columns(
            {name: np.concatenate([column, other.numbers[name]]) for name, column in self.numbers.items()},
            {
                name: (np.concatenate([codes, other.texts[name][0]]), values)
                for name, (codes, values) in self.texts.items()
            },
        )


def make_cases(
    rng: np.random.Generator,
    count: int,
    region: Any,
    lists: Any,
    means: Column,
    mean_days: Column,
    year: tuple[int, int],
) -> dict[str, Any]:
    """The table of cases; region: the institutions; lists: the codes of the pack's lists; year: first day, days."""
    reversed_rows, returns = count // 300, count // 150
    made = _discharges(rng, count - reversed_rows - returns, region, lists, means, mean_days, year)
    made = made.joined(_returns(rng, made, returns, year))
    made = made.joined(_reversals(rng, made, reversed_rows))
    numbers = made.numbers
    _break_some(rng, made, count)
    columns: dict[str, Any] = {
        "setl_id": [f"C{at:08d}" for at in numbers["id"].tolist()],
        "psn_no": Coded.of(np.array([f"P{at:07d}" if at else "" for at in numbers["person"].tolist()])),
        "fixmedins_code": _coded(numbers["place"], (*region.code, "X9999")),
        "insutype": Coded(numbers["pool"].astype(np.int32), ("310", "390", "999")),
        "med_type": Coded(np.where(numbers["kind"] == _HEAD, 1, 0).astype(np.int32), ("21", "14")),
        "adm_time": numbers["adm"].astype("datetime64[D]"),
        "dscg_time": numbers["dscg"].astype("datetime64[D]"),
        **{name: numbers[name] for name in _AMOUNTS},
        "group_code": _coded(numbers["group"], (*lists.groups, "", "DIP9999")),
        **{name: Coded(codes.astype(np.int32), values) for name, (codes, values) in made.texts.items()},
        "bilg_dr_codg": Coded.of(np.array([f"D{at:05d}" for at in numbers["doctor"].tolist()])),
        "review_state": Coded(
            numbers["review"].astype(np.int32), ("none", "applied", "granted_item", "granted_points", "refused")
        ),
        "review_points": numbers["review_points"],
        "incomplete_flag": _flag(numbers["incomplete"]),
        "planned_flag": _flag(numbers["planned"]),
        "pathway_exit_flag": _flag(numbers["pathway_exit"]),
        "refd_setl_flag": _flag(numbers["reversal"]),
        "init_setl_id": [f"C{at:08d}" if at else "" for at in numbers["init"].tolist()],
    }
    return columns


def _coded(column: Column, values: tuple[str, ...]) -> Coded:
    """Codes; -1 stands for the last of the values, which no table of the region holds."""
    return Coded(np.where(column < 0, len(values) - 1, column).astype(np.int32), values)


def _flag(column: Column) -> Coded:
    return Coded(column.astype(np.int32), ("0", "1"))


def _discharges(
    rng: np.random.Generator,
    count: int,
    region: Any,
    lists: Any,
    means: Column,
    mean_days: Column,
    year: tuple[int, int],
) -> _Columns:
    place = rng.choice(len(region.code), count, p=region.weight)
    level, way = region.level[place], region.way[place]
    kind = np.where(way >= 3, _BED, rng.choice([_STAY, _PRICED, _DAY], count, p=[0.9, 0.055, 0.045]))
    kind = np.where((level == 3) & (way == 0) & (rng.random(count) < 0.45), _HEAD, kind)
    kind = np.where((kind == _DAY) & (region.day_surgery[place] == 0), _STAY, kind)
    group = _groups(rng, kind, way, len(lists.dip), len(lists.groups))
    grouped = group < len(lists.groups)
    of_group = np.where(grouped, group, 0)
    days = np.maximum(0, np.rint(mean_days[of_group] / 10_000 * rng.lognormal(0, 0.35, count))).astype(np.int64)
    days = np.select([kind == _DAY, kind == _HEAD, kind == _BED], [1, 0, rng.geometric(0.03, count)], days)
    dscg = year[0] + rng.integers(0, year[1], count)
    shape = np.where(rng.random(count) < 0.02, rng.uniform(2, 7, count), rng.lognormal(-0.08, 0.4, count))
    usual = means[of_group] * np.array([1.25, 0.95, 0.72, 0.6])[level]
    usual = np.select([kind == _HEAD, kind == _BED], [60_000.0, np.maximum(days, 1) * 34_000.0], usual)
    cost = np.maximum(10_000, np.rint(usual * shape)).astype(np.int64)
    disease, department = _diseases(rng, kind, way, group, lists)
    review = rng.choice(5, count, p=[0.989, 0.004, 0.003, 0.002, 0.002]) * (kind == _STAY) * grouped
    carved = np.where((kind == _STAY) & (rng.random(count) < 0.01), cost // 10, 0)
    numbers = {
        "id": np.arange(1, count + 1),
        "person": rng.integers(1, max(2, int(count * 0.7)), count),
        "place": place,
        "pool": (rng.random(count) < 0.42).astype(np.int64),
        "kind": kind,
        "adm": dscg - days,
        "dscg": dscg,
        "group": group,
        **_payers(rng, cost, level, kind),
        "drug_amt": np.rint(cost * rng.uniform(0.15, 0.45, count)).astype(np.int64),
        "unreasonable_amt": np.where(rng.random(count) < 0.004, cost // 50, 0),
        "carve_out_amt": carved,
        "refused_amt": np.where(rng.random(count) < 0.006, cost // 100, 0),
        "doctor": place * 40 + rng.integers(0, 40, count),
        "review": review,
        "review_points": np.where(review == 3, np.where(way == 2, cost // 90, cost // 90 * 1000), 0),
        "incomplete": (rng.random(count) < 0.003).astype(np.int64),
        "planned": (rng.random(count) < 0.05).astype(np.int64),
        "pathway_exit": ((kind == _PRICED) & (rng.random(count) < 0.06)).astype(np.int64),
        "reversal": np.zeros(count, np.int64),
        "init": np.zeros(count, np.int64),
    }
    texts = {
        "dise_codg": (disease, ("", *lists.diseases)),
        "bilg_dept_codg": (department, _DEPARTMENTS),
        "insuplc_admdvs": (np.where(rng.random(count) < 0.05, rng.integers(1, 4, count), 0), _ELSEWHERE),
        "cci_class": (rng.choice(4, count, p=[0.6, 0.25, 0.1, 0.05]), ("0", "1", "2", "3")),
        "severity_class": (rng.choice(2, count, p=[0.93, 0.07]), ("", "severe")),
        "age_class": (rng.choice(3, count, p=[0.5, 0.1, 0.4]), ("", "under_18", "over_65")),
        "icu_class": (rng.choice(2, count, p=[0.97, 0.03]), ("", "icu")),
    }
    return _Columns(numbers, texts)


def _groups(rng: np.random.Generator, kind: Column, way: Column, dip: int, every: int) -> Column:
    """The group of each case, as places in the list; `every` where it belongs to none."""
    count = len(kind)
    of_dip = np.minimum((dip * rng.random(count) ** 1.7).astype(np.int64), dip - 1)
    of_drg = dip + np.minimum(((every - dip) * rng.random(count) ** 1.7).astype(np.int64), every - dip - 1)
    group = np.where(np.isin(way, (1, 2)), of_drg, of_dip)
    ungrouped = (rng.random(count) < 0.006) | (kind == _HEAD) | (kind == _BED)
    return np.where(ungrouped, every, group)


def _diseases(rng: np.random.Generator, kind: Column, way: Column, group: Column, lists: Any) -> tuple[Column, Column]:
    """Listed diseases and departments; a case of a list is in no department of another list."""
    places = {code: at + 1 for at, code in enumerate(lists.diseases)}

    def among(codes: tuple[str, ...]) -> Column:
        return rng.choice(np.array([places[code] for code in codes]), len(kind))

    disease = np.select(
        [kind == _PRICED, kind == _DAY, kind == _HEAD, (kind == _BED) & (way == 3), kind == _BED],
        [
            among(lists.priced),
            among(lists.operations),
            among(lists.per_head),
            among(lists.per_diem),
            among(lists.bed_days),
        ],
        0,
    )
    usual = (group + rng.integers(0, 2, len(kind))) % _PSYCHIATRY
    return disease, np.where(kind == _BED, np.where(way == 3, _PSYCHIATRY, _DEPARTMENTS.index("A50")), usual)


def _payers(rng: np.random.Generator, cost: Column, level: Column, kind: Column) -> dict[str, Column]:
    """The bill split by scope and by payer; the parts sum to the cost."""
    count = len(cost)
    own = (cost * rng.uniform(0, 0.12, count)).astype(np.int64)
    over = np.where(rng.random(count) < 0.2, (cost * rng.uniform(0, 0.03, count)).astype(np.int64), 0)
    first_pay = (cost * rng.uniform(0, 0.08, count)).astype(np.int64)
    scope = cost - own - over - first_pay
    deductible = np.minimum(np.array([100_000, 60_000, 30_000, 15_000])[level] * (kind != _HEAD), scope)
    fund = ((scope - deductible) * np.array([0.72, 0.8, 0.85, 0.9])[level]).astype(np.int64)
    other = np.where(rng.random(count) < 0.18, (scope - deductible - fund) // 3, 0)
    return {
        "medfee_sumamt": cost,
        "inscp_scp_amt": scope,
        "hifp_pay": fund,
        "psn_part_amt": cost - fund - other,
        "other_pay": other,
        "fulamt_ownpay_amt": own,
        "overlmt_selfpay": over,
        "preselfpay_amt": first_pay,
        "act_pay_dedc": deductible,
    }


def _next_ids(made: _Columns, count: int) -> Column:
    return int(made.numbers["id"].max(initial=0)) + 1 + np.arange(count)


def _returns(rng: np.random.Generator, made: _Columns, count: int, year: tuple[int, int]) -> _Columns:
    """Returns of persons to the same group and institution some days after discharge."""
    stays = np.flatnonzero((made.numbers["kind"] == _STAY) & (made.numbers["dscg"] < year[0] + year[1] - 60))
    rows = rng.choice(stays, count, replace=False) if len(stays) >= count else np.zeros(0, np.int64)
    again = made.take(rows)
    gap = rng.integers(2, 20, len(rows))
    stay = again.numbers["dscg"] - again.numbers["adm"]
    again.numbers["adm"] = again.numbers["dscg"] + gap
    again.numbers["dscg"] = again.numbers["adm"] + np.minimum(stay, 30)
    again.numbers["id"] = _next_ids(made, len(rows))
    return again


def _reversals(rng: np.random.Generator, made: _Columns, count: int) -> _Columns:
    """Reversals of cases, with the opposite sign."""
    rows = rng.choice(len(made.numbers["id"]), count, replace=False)
    back = made.take(rows)
    back.numbers["init"] = back.numbers["id"]
    back.numbers["id"] = _next_ids(made, count)
    back.numbers["reversal"] = np.ones(count, np.int64)
    for name in _AMOUNTS:
        back.numbers[name] = -back.numbers[name]
    return back


def _break_some(rng: np.random.Generator, made: _Columns, count: int) -> None:
    """Break one row in four hundred, in turn in each of these ways."""
    numbers = made.numbers
    wrong = (
        ("id", numbers["id"] * 0 + numbers["id"][0]),
        ("person", numbers["person"] * 0),
        ("place", numbers["place"] * 0 - 1),
        ("pool", numbers["pool"] * 0 + 2),
        ("dscg", numbers["adm"] - 1),
        ("group", numbers["group"] * 0 - 1),
        ("hifp_pay", numbers["hifp_pay"] + 1),
        ("medfee_sumamt", numbers["medfee_sumamt"] * 0),
        ("carve_out_amt", numbers["medfee_sumamt"] + 1),
        ("review_points", numbers["review_points"] * 0 + 10_000),
        ("dscg", numbers["dscg"] + 400),
    )
    rows = rng.choice(len(numbers["id"]), count // 400, replace=False)
    for at, row in enumerate(rows.tolist()):
        name, column = wrong[at % len(wrong)]
        numbers[name][row] = column[row]
