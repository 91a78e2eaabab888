"""A made-up region's year of cases: institutions, groups, factors, contracts, accounts and discharges, by seed.

Every code and figure is invented.  The tables fit the pack `assumed`: its lists, its institutions with a method of
their own, its pools; some rows are broken on purpose, so that rejects can be seen.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.calendar import day_number
from mipolicy.demo.discharges import make_cases
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.rounding import mul_div

__all__ = ["RegionYear", "region_year"]

YEAR: Final = 2025
_FIRST: Final = day_number(datetime.date(YEAR, 1, 1))
_DAYS: Final = 365
_MEAN_OF_ALL: Final = 900_000
_SCALE: Final = 10_000_000
_LEVELS: Final = ("tertiary", "secondary", "level_1", "primary")
_OF_LEVEL: Final = (1.25, 0.95, 0.72, 0.6)
_DIP_GROUPS: Final = 600
_DRG_GROUPS: Final = 300
_PRICED: Final = ("C34.900", "K35.800", "H25.900", "G51.000")
_OPERATIONS: Final = ("13.4100", "51.2300", "53.0000")
_PER_DIEM: Final = ("F20.900", "F31.900")
_BED_DAYS: Final = ("Z50.100",)
_PER_HEAD: Final = (("diabetes", "E11.900"), ("dialysis", "N18.500"), ("hepatitis_c", "B18.200"))
_WAYS: Final = ("dip", "drg_points", "drg_weight", "per_diem", "bed_day_points")


@frozen
class _Lists:
    """The codes of the pack's lists and of the groups."""

    groups: tuple[str, ...]
    dip: tuple[str, ...]
    priced: tuple[str, ...]
    operations: tuple[str, ...]
    per_diem: tuple[str, ...]
    bed_days: tuple[str, ...]
    per_head: tuple[str, ...]

    @property
    def diseases(self) -> tuple[str, ...]:
        """Every listed code."""
        return (*self.priced, *self.operations, *self.per_diem, *self.bed_days, *self.per_head)


_DIP: Final = tuple(f"DIP{at:04d}" for at in range(1, _DIP_GROUPS + 1))
_DRG: Final = tuple(f"DRG{at:04d}" for at in range(1, _DRG_GROUPS + 1))
_LISTS: Final = _Lists(
    (*_DIP, *_DRG), _DIP, _PRICED, _OPERATIONS, _PER_DIEM, _BED_DAYS, tuple(code for _, code in _PER_HEAD)
)


@frozen(eq=False)
class RegionYear:
    """The tables of a made-up region, as `mipolicy.pay` takes them: fen as integers, days as dates, codes coded."""

    cases: dict[str, Any]
    institutions: dict[str, Any]
    groups: dict[str, Any]
    differences: dict[str, Any]
    auxiliaries: dict[str, Any]
    contracts: dict[str, Any]
    accounts: dict[str, Any]

    def tables(self) -> dict[str, dict[str, Any]]:
        """The tables by name."""
        return {name: getattr(self, name) for name in attrs.fields_dict(RegionYear)}


@frozen(eq=False)
class _Places:
    """The institutions: 40 of three levels and primary care, some with a method of their own."""

    code: list[str]
    level: Column
    way: Column
    factor: Column
    pilot: Column
    day_surgery: Column
    weight: Any


def region_year(cases: int = 200_000, seed: int = 20_250_101, institutions: int = 40) -> RegionYear:
    """Make a region's year; the same seed makes the same tables.

    cases: how many, broken ones and reversals included; institutions: at least 10.
    Raises ValueError for fewer.
    """
    if cases < 1 or institutions < 10:
        raise ValueError(f"a region has a case and ten institutions at least, got {cases} and {institutions}")
    rng = np.random.default_rng(seed)
    places = _places(rng, institutions)
    means, days = _group_means(rng)
    made = make_cases(rng, cases, places, _LISTS, means, days, (_FIRST, _DAYS))
    return RegionYear(
        cases=made,
        institutions={
            "fixmedins_code": places.code,
            "medins_name": [f"示例机构{at + 1:02d}" for at in range(institutions)],
            "level": [_LEVELS[level] for level in places.level.tolist()],
            "method": [
                _WAYS[way] if code[0] not in "DJ" or code == "J0002" else ""
                for code, way in zip(places.code, places.way.tolist(), strict=True)
            ],
            "institution_factor": places.factor,
            "pilot_tcm_flag": places.pilot.astype(np.str_),
            "day_surgery_flag": places.day_surgery.astype(np.str_),
        },
        groups=_groups(rng, means, days),
        differences=_differences(rng, places),
        auxiliaries=_auxiliaries(rng),
        contracts=_contracts(rng, places),
        accounts=_accounts(rng, places),
    )


def _places(rng: np.random.Generator, count: int) -> _Places:
    named = ["D0001", "D0002", "D0003", "D0004", "D0005", "J0001", "J0002"]
    code = [*named, *(f"H{at:04d}" for at in range(1, count - len(named) + 1))]
    rest = count - len(named)
    level = np.r_[[0, 0, 0, 0, 1, 1, 1], np.repeat([0, 1, 2, 3], [rest // 6, rest // 3, rest // 4, rest])[:rest]]
    way = np.r_[[1, 1, 1, 2, 2, 3, 4], np.zeros(rest, np.int64)]
    factor = np.array([1.12, 0.98, 0.85, 0.78])[level] * rng.uniform(0.93, 1.07, count)
    size = np.array([6.0, 3.0, 1.2, 0.6])[level] * rng.uniform(0.6, 1.5, count)
    size[5:7] = 0.5
    return _Places(
        code,
        level.astype(np.int64),
        way.astype(np.int64),
        np.rint(factor * int(FACTOR_ONE)).astype(np.int64),
        ((way == 0) & (np.arange(count) % 9 == 7)).astype(np.int64),
        ((level < 2) & (np.arange(count) % 4 != 3)).astype(np.int64),
        size / size.sum(),
    )


def _group_means(rng: np.random.Generator) -> tuple[Column, Column]:
    """Mean cost in fen and mean days per ten thousand of every group, DIP groups first."""
    count = _DIP_GROUPS + _DRG_GROUPS
    means = np.rint(np.clip(rng.lognormal(8.85, 0.75, count), 900, 150_000) * 100).astype(np.int64)
    days = np.rint(np.clip(rng.normal(7, 2.5, count) + means / 2_000_000, 1.5, 40) * int(FACTOR_ONE)).astype(np.int64)
    return means, days


def _groups(rng: np.random.Generator, means: Column, days: Column) -> dict[str, Any]:
    count = len(means)
    dip = np.arange(count) < _DIP_GROUPS
    basic = dip & (means < 300_000) & (rng.random(count) < 0.3)
    tcm = dip & ~basic & (rng.random(count) < 0.04)
    of_level = {
        f"mean_{level}": np.rint(means * share / 100).astype(np.int64) * 100
        for level, share in zip(_LEVELS, _OF_LEVEL, strict=True)
    }
    return {
        "group_code": list(_LISTS.groups),
        "group_name": [f"示例病组{at + 1}" for at in range(count)],
        "kind": np.where(rng.random(count) < 0.8, "core", "comprehensive"),
        "base_points": mul_div(means, _SCALE, _MEAN_OF_ALL),
        "weight": mul_div(means, int(FACTOR_ONE), _MEAN_OF_ALL),
        "group_mean": means,
        **of_level,
        "mean_days": days,
        "basic_flag": basic.astype(np.int64).astype(np.str_),
        "tcm_flag": tcm.astype(np.int64).astype(np.str_),
        "new_flag": (~dip & (rng.random(count) < 0.03)).astype(np.int64).astype(np.str_),
    }


def _differences(rng: np.random.Generator, places: _Places) -> dict[str, Any]:
    """A factor for each DRG hospital in two thirds of the groups, and one of its own for the rest."""
    hospitals = [code for code, way in zip(places.code, places.way.tolist(), strict=True) if way == 1]
    codes, groups = [], []
    for hospital in hospitals:
        chosen = rng.random(_DRG_GROUPS) < 0.66
        own = [code for code, one in zip(_DRG, chosen.tolist(), strict=True) if one]
        codes += [hospital] * (len(own) + 1)
        groups += ["", *own]
    factors = np.rint(rng.uniform(0.85, 1.25, len(codes)) * int(FACTOR_ONE)).astype(np.int64)
    return {"fixmedins_code": codes, "group_code": groups, "difference_factor": factors}


def _auxiliaries(rng: np.random.Generator) -> dict[str, Any]:
    """Lines of the auxiliary catalogue for a tenth of the DIP groups."""
    lines = []
    for code in np.array(_DIP)[rng.random(_DIP_GROUPS) < 0.1].tolist():
        lines += [(code, "cci", "2", "1.08"), (code, "cci", "3", "1.2"), (code, "severity", "severe", "1.25")]
        lines += [(code, "age", "over_65", "1.03"), (code, "intensive_care", "icu", "1.6")]
    names = ("group_code", "dimension", "aux_class", "auxiliary_factor")
    return {name: list(column) for name, column in zip(names, zip(*lines, strict=True), strict=True)}


def _contracts(rng: np.random.Generator, places: _Places) -> dict[str, Any]:
    rows = [
        (code, pool, condition)
        for code, level in zip(places.code, places.level.tolist(), strict=True)
        if level == 3 and code[0] == "H"
        for pool in ("employee", "resident")
        for condition, _ in _PER_HEAD
    ]
    count = len(rows)
    names = ("fixmedins_code", "pool", "condition")
    return {
        **{name: [row[at] for row in rows] for at, name in enumerate(names)},
        "enrolled": rng.integers(20, 120, count),
        "months": np.full(count, 12),
        "risk_factor": np.rint(rng.uniform(0.9, 1.15, count) * int(FACTOR_ONE)).astype(np.int64),
        "outside_amt": rng.integers(0, 3_000_000, count),
    }


def _accounts(rng: np.random.Generator, places: _Places) -> dict[str, Any]:
    count = 2 * len(places.code)
    return {
        "fixmedins_code": [code for code in places.code for _ in range(2)],
        "pool": ["employee", "resident"] * len(places.code),
        "assessment": np.clip(np.rint(rng.normal(88, 9, count) * 10), 520, 1000).astype(np.int64) * 1000,
        "prepayment_left": np.where(rng.random(count) < 0.3, rng.integers(0, 50_000_000, count), 0),
        "carried_in": np.where(rng.random(count) < 0.1, rng.integers(0, 5_000_000, count), 0),
    }
