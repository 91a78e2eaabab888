"""A small made-up history, case by case, and what the oracles make of it under the pack `assumed`."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import resources
from typing import Any

import mipolicy
from mipolicy.policy import Policy
from tests.oracles import dip_catalogue as catalogue_oracle

__all__ = [
    "AUXILIARY",
    "CATALOGUE",
    "KINDS",
    "LEVELS",
    "Row",
    "assumed_but",
    "in_words",
    "key",
    "kinds_table",
    "rows",
    "table",
]

Row = dict[str, Any]
LEVELS = ("tertiary", "secondary", "level_1", "primary", "ungraded")
TREATMENTS = ("conservative", "diagnostic", "therapeutic", "related_operation")
KINDS = {"45.2302": "therapeutic", "39.9501": "related_operation", "88.7201": "diagnostic"}
DIAGNOSES = ("A00.000", "A00.001", "A01.0x0", "C34.100", "J06.900", "D12.601")
RARE = ("A01.100", "C34.900", "K29.100", "K29.500")
PROCEDURES = ("", "", "45.2302", "39.9501+45.2302", "45.2302+39.9501", "88.7201", "99.1500", "88.7201+99.1500")

CATALOGUE: Mapping[str, Any] = {
    "minimum_cases": 12,
    "cases_counted": "all_years",
    "fold_level": "three_characters",
    "fold_ranges": (),
    "year_weights": (1, 3, 6),
    "weight_on": "means",
    "trim_low": Fraction(2, 100),
    "trim_high": Fraction(98, 100),
    "trim_minimum": 20,
    "trim_by": "year",
    "rank_rule": "nearest_rank",
    "limits_kept": 1,
    "overall_mean": "trimmed",
    "weight_method": "mean_ratio",
    "scale": Fraction(1000),
    "point_decimals": 2,
    "cv_divisor": "cases",
    "level_means": "latest_year",
}
"""Section `dip_catalogue` of the pack in the words of the oracle."""

AUXILIARY: Mapping[str, Any] = {
    "cv_minimum": Fraction(75, 100),
    "cv_side": "at_or_above",
    "cv_divisor": "cases",
    "fall_minimum": Fraction(15, 100),
    "fall_side": "at_or_above",
    "fall_of": "pooled",
    "class_minimum": 5,
}
"""Section `dip_auxiliary` of the pack in the words of the oracle."""


def rows(count: int, seed: int, letter: str = "C") -> list[Row]:
    """Discharges of 2022 to 2024; a severe case of a tumour or of A00 costs many times the usual."""
    rng = random.Random(seed)
    made = []
    for at in range(count):
        diagnosis = rng.choice(DIAGNOSES if rng.random() < 0.96 else RARE)
        severe = rng.random() < 0.2
        cost = int(rng.lognormvariate(13, 0.4)) * (9 if severe and diagnosis[:3] in ("C34", "A00") else 1)
        made.append(
            {
                "setl_id": f"{letter}{at:05d}",
                "fixmedins_code": f"H{at % 7}",
                "level": LEVELS[at % 5],
                "dscg_time": datetime.date(2022, 1, 1) + datetime.timedelta(days=rng.randrange(1096)),
                "medfee_sumamt": cost,
                "diag_code": diagnosis,
                "oprn_oprt_codes": rng.choice(PROCEDURES),
                "cci_class": rng.choice("012"),
                "severity_class": "severe" if severe else "",
                "age_class": rng.choice(("", "over_65")),
                "icu_class": "",
                "carve_out_amt": cost // 3 if rng.random() < 0.1 else 0,
                "act_ipt_days": rng.choice((None, 3, 8, 11)),
            }
        )
    return made


def table(made: Sequence[Row]) -> dict[str, list[Any]]:
    """The rows as columns."""
    return {name: [row[name] for row in made] for name in made[0]}


def kinds_table() -> dict[str, list[str]]:
    return {"oprn_oprt_code": list(KINDS), "treatment": list(KINDS.values())}


def key(row: Row) -> str:
    """The core group that a case would form, read literally."""
    listed = sorted({code for code in row["oprn_oprt_codes"].split("+") if code in KINDS})
    return f"{row['diag_code'][:5]}:{'+'.join(listed)}" if listed else row["diag_code"][:5]


def treatment(row: Row) -> str:
    listed = [KINDS[code] for code in row["oprn_oprt_codes"].split("+") if code in KINDS]
    return max(listed, key=TREATMENTS.index, default="conservative")


def in_words(made: Sequence[Row]) -> list[catalogue_oracle.Case]:
    """The rows as the oracle of the catalogue takes them."""
    return [
        (
            key(row),
            treatment(row),
            row["dscg_time"].year - 2022,
            row["medfee_sumamt"] - row["carve_out_amt"],
            LEVELS.index(row["level"]),
        )
        for row in made
    ]


def assumed_but(old: str, new: str) -> Policy:
    """The pack with one line of it written anew."""
    text = resources.files("mipolicy.packs").joinpath("assumed.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    return mipolicy.loads(text.replace(old, new))
