"""Three made-up years of discharges before the made-up region's year: what its catalogue and base points come from.

Every code and figure is invented.  Institutions and usual costs are those of `region_year` with the same seed.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.calendar import day_number
from mipolicy.demo import region
from mipolicy.money import Column
from mipolicy.texts import Coded

__all__ = ["RegionHistory", "region_history", "with_diagnoses"]

_FIRST: Final = day_number(datetime.date(region.YEAR - 3, 1, 1))
_DAYS: Final = day_number(datetime.date(region.YEAR, 1, 1)) - _FIRST
_TREATMENTS: Final = ("diagnostic", "therapeutic", "related_operation")
_PROCEDURES: Final = 90
_CCI, _SEVERITY, _AGE, _ICU = ("0", "1", "2", "3"), ("", "severe"), ("", "under_18", "over_65"), ("", "icu")


@frozen(eq=False)
class RegionHistory:
    """The tables of a made-up history: discharges to group by DIP, procedures with their kinds, discharges of DRG
    hospitals with their groups, stays of listed diseases, and the prices in force."""

    history: dict[str, Any]
    kinds: dict[str, Any]
    grouped: dict[str, Any]
    priced: dict[str, Any]
    prices: dict[str, Any]


def region_history(cases: int = 300_000, seed: int = 20_250_101, institutions: int = 40) -> RegionHistory:
    """Make three years of discharges; the same seed makes the same tables.

    cases: how many that are grouped by DIP, broken ones included; of DRG there are a third as many, of listed diseases
    a tenth; seed, institutions: those of `region_year`, for the same region.
    Raises ValueError for fewer than a case or ten institutions.
    """
    if cases < 1 or institutions < 10:
        raise ValueError(f"a region has a case and ten institutions at least, got {cases} and {institutions}")
    rng = np.random.default_rng(seed)
    places = region._places(rng, institutions)
    means, days = region._group_means(rng)
    rng = np.random.default_rng((seed, 3))
    dip, drg = len(region._DIP), len(region._DRG)
    history, group = _discharges(rng, cases, places, (0, 2, 3, 4), means[:dip], days[:dip], "A")
    diagnoses, procedures = _coded_diagnoses(rng, group)
    history |= {"diag_code": diagnoses, "oprn_oprt_codes": procedures}
    _break_some(rng, history)
    grouped, group = _discharges(rng, max(1, cases // 3), places, (1,), means[dip:], days[dip:], "B")
    priced, disease = _discharges(
        rng, max(1, cases // 10), places, (0, 1), np.array([1_300_000, 800_000, 600_000, 400_000]), days[:4], "C"
    )
    return RegionHistory(
        history=history,
        kinds={
            "oprn_oprt_code": [_procedure(at) for at in range(_PROCEDURES)],
            "treatment": [_TREATMENTS[at % 3] for at in range(_PROCEDURES)],
        },
        grouped={**grouped, "group_code": Coded(group.astype(np.int32), region._DRG[:drg])},
        priced={**priced, "dise_codg": Coded(disease.astype(np.int32), region._PRICED)},
        prices={"dise_codg": list(region._PRICED), "price": [1_200_000, 700_000, 520_000, 500_000]},
    )


def with_diagnoses(cases: dict[str, Any], seed: int = 20_250_101) -> dict[str, Any]:
    """The cases of `region_year` with diagnoses and procedures in place of their DIP groups, to be grouped.

    Groups of DRG stay, and so do those of no catalogue; a case without a group has a diagnosis of no group.
    """
    groups: Coded = cases["group_code"]
    places = {code: at for at, code in enumerate(region._DIP)}
    group = groups.figures(lambda code: places.get(code, -1))
    diagnoses, procedures = _coded_diagnoses(np.random.default_rng((seed, 4)), np.maximum(group, 0))
    diagnoses = Coded(
        np.where(group < 0, len(diagnoses.values), diagnoses.codes).astype(np.int32), (*diagnoses.values, "Z99.900")
    )
    procedures = Coded(
        np.where(group < 0, procedures.positions[""], procedures.codes).astype(np.int32), procedures.values
    )
    stays = groups.figures(lambda code: int(code not in places and code != ""))
    left = Coded(np.where(stays == 1, groups.codes, len(groups.values)).astype(np.int32), (*groups.values, ""))
    return {**cases, "group_code": left, "diag_code": diagnoses, "oprn_oprt_codes": procedures}


def _procedure(at: int) -> str:
    return f"{at % 80 + 10}.{at % 10}{at % 7}0{at % 9 + 1}"


def _coded_diagnoses(rng: np.random.Generator, group: Column) -> tuple[Coded, Coded]:
    """A diagnosis of the subcategory that stands for the group, and its procedures: none, one or two."""
    letters = "ACDEGHIJKLMN"
    places = [f"{letters[at % 12]}{at // 12 % 50 + 10:02d}.{at % 10}" for at in range(len(region._DIP))]
    diagnoses = tuple(f"{place}{suffix}" for place in places for suffix in ("00", "00x001", "01"))
    done = []
    for at in range(len(region._DIP)):
        one, other = _procedure(at % _PROCEDURES), _procedure((at * 7 + 13) % _PROCEDURES)
        done += ["", "", one] if at % 3 == 0 else [one, one, f"{one}+{other}"]
    rare = rng.random(group.size) < 0.1
    texts = tuple(dict.fromkeys(done))
    of_text = np.array([texts.index(text) for text in done])
    choice = group * 3 + np.where(rare, 2, rng.integers(0, 2, group.size))
    return (
        Coded((group * 3 + rng.integers(0, 3, group.size)).astype(np.int32), diagnoses),
        Coded(of_text.take(choice).astype(np.int32), texts),
    )


def _discharges(
    rng: np.random.Generator,
    count: int,
    places: Any,
    ways: tuple[int, ...],
    means: Column,
    days: Column,
    letter: str,
) -> tuple[dict[str, Any], Column]:
    """Discharges at the institutions of some ways of paying, and the group of each."""
    here = np.flatnonzero(np.isin(places.way, ways))
    weight = places.weight[here] / places.weight[here].sum()
    place = here[rng.choice(here.size, count, p=weight)]
    group = np.minimum((len(means) * rng.random(count) ** 1.7).astype(np.int64), len(means) - 1)
    day = np.minimum((_DAYS * rng.random(count) ** 0.9).astype(np.int64), _DAYS - 1)
    classes = {
        "cci_class": (rng.choice(4, count, p=[0.6, 0.25, 0.1, 0.05]), _CCI),
        "severity_class": (rng.choice(2, count, p=[0.9, 0.1]), _SEVERITY),
        "age_class": (rng.choice(3, count, p=[0.5, 0.1, 0.4]), _AGE),
        "icu_class": (rng.choice(2, count, p=[0.98, 0.02]), _ICU),
    }
    usual = means[group] * np.array([1.25, 0.95, 0.72, 0.6])[places.level[place]] * 0.97 ** ((_DAYS - day) / 365)
    heavier = 1 + 1.6 * classes["severity_class"][0] * (group % 5 == 0) + 1.5 * classes["icu_class"][0]
    shape = np.where(rng.random(count) < 0.005, rng.uniform(3, 7, count), rng.lognormal(-0.03, 0.25, count))
    cost = np.maximum(10_000, np.rint(usual * heavier * shape)).astype(np.int64)
    stay = np.maximum(1, np.rint(days[group] / 10_000 * rng.lognormal(0, 0.3, count))).astype(np.int64)
    return {
        "setl_id": np.array([f"{letter}{at:08d}" for at in range(1, count + 1)]),
        "fixmedins_code": Coded(place.astype(np.int32), tuple(places.code)),
        "level": Coded(places.level[place].astype(np.int32), region._LEVELS),
        "dscg_time": (_FIRST + day).astype("datetime64[D]"),
        "medfee_sumamt": cost,
        **{name: Coded(codes.astype(np.int32), values) for name, (codes, values) in classes.items()},
        "carve_out_amt": np.where(rng.random(count) < 0.01, cost // 10, 0),
        "act_ipt_days": stay,
    }, group


def _break_some(rng: np.random.Generator, history: dict[str, Any]) -> None:
    """Break one row in four hundred, in turn in each of these ways."""
    count = len(history["medfee_sumamt"])
    diagnoses: Coded = history["diag_code"]
    history["diag_code"] = diagnoses = Coded(diagnoses.codes.copy(), (*diagnoses.values, "", "A001"))
    rows = rng.choice(count, count // 400, replace=False)
    for at, row in enumerate(rows.tolist()):
        if at % 5 == 0:
            history["medfee_sumamt"][row] = 0
        elif at % 5 == 1:
            history["dscg_time"][row] += 3 * 366
        elif at % 5 == 2:
            diagnoses.codes[row] = len(diagnoses.values) - 1 - at // 5 % 2
        elif at % 5 == 3:
            history["setl_id"][row] = history["setl_id"][0]
        else:
            history["carve_out_amt"][row] = history["medfee_sumamt"][row]
