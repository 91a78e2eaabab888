"""Base points out of a table of discharges: against the oracle, to payment; bad rows and tables."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import mipolicy
from mipolicy.cases.base_points import MadeBasePoints, make_base_points
from mipolicy.cases.pay import pay_table
from mipolicy.errors import InputError, MipolicyError, TableError
from tests.cases.made_history import LEVELS, Row, rows, table
from tests.oracles import drg_history as oracle
from tests.oracles import half_up

POLICY = mipolicy.load("assumed")
GROUPS = ("BR23", "ES31", "GE15", "ZZ99")
WORDS = {
    "scale": Fraction(1000),
    "decimals": 4,
    "least_cases": 5,
    "cv_limit": Fraction(1),
    "cv_side": "above",
    "cv_divisor": "cases_less_one",
    "unstable_by": "median",
    "institution_weight": Fraction(60, 100),
    "least_institution_cases": 3,
    "few_cases": "level",
    "least_factor": Fraction(1, 2),
    "most_factor": Fraction(18, 10),
}
"""Section `drg_base_points` of the pack in the words of the oracle."""


def grouped(count: int, seed: int) -> list[Row]:
    """Discharges with a group each, the last one rare; an institution keeps its level."""
    history = rows(count, seed)
    for at, row in enumerate(history):
        del row["diag_code"], row["oprn_oprt_codes"]
        row["group_code"] = GROUPS[3] if at % 60 == 0 else GROUPS[at % 3]
        row["level"] = LEVELS[int(row["fixmedins_code"][1:]) % 3]
    return history


def in_words(history: list[Row]) -> list[oracle.Row]:
    return [
        (
            GROUPS.index(row["group_code"]),
            int(row["fixmedins_code"][1:]),
            LEVELS.index(row["level"]),
            row["medfee_sumamt"] - row["carve_out_amt"],
        )
        for row in history
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_groups_and_factors_are_the_oracle_s(seed: int) -> None:
    history = grouped(210, seed)
    found = make_base_points(POLICY, table(history), new_groups=("GE15",))
    assert (found.year, found.rows_in, found.used, len(found.rejects)) == (2025, 210, 210, 0)
    words = in_words(history)
    assert found.groups["group_code"] == list(GROUPS)
    for at, code in enumerate(GROUPS):
        of_group = [row for row in words if row[0] == at]
        days = [row["act_ipt_days"] for row in history if row["group_code"] == code and row["act_ipt_days"] is not None]
        own = {name: [row[3] for row in of_group if row[2] == level] for level, name in enumerate(LEVELS)}
        line = {name: column[at] for name, column in found.groups.items()}
        assert Fraction(line.pop("base_points"), 10_000) == oracle.base_points(WORDS, words, at)
        assert line.pop("weight") == half_up(oracle.base_points({**WORDS, "scale": 1}, words, at) * 10_000)
        assert line == {
            "group_code": code,
            "group_name": "",
            "kind": "drg",
            "group_mean": half_up(oracle.mean([row[3] for row in of_group])),
            **{f"mean_{name}": half_up(oracle.mean(own[name])) if own[name] else None for name in LEVELS[:4]},
            "mean_days": half_up(Fraction(sum(days), len(days)) * 10_000),
            "basic_flag": "0",
            "tcm_flag": "0",
            "new_flag": str(int(code == "GE15")),
        }
    factors = zip(*(found.differences[name] for name in ("fixmedins_code", "group_code")), strict=True)
    for (place, code), factor in zip(factors, found.differences["difference_factor"], strict=True):
        group = GROUPS.index(code)
        expected = oracle.difference_factor(WORDS, words, group, int(place[1:]), code == "GE15")
        assert Fraction(factor, 10_000) == expected
    assert len(found.factors) == len({row[:2] for row in words})


def test_what_is_made_is_what_payment_takes() -> None:
    found = make_base_points(POLICY, table(grouped(210, 4)))
    cost = found.records[0].group_mean
    cases = {
        "setl_id": ["1"],
        "psn_no": ["P1"],
        "fixmedins_code": ["H3"],
        "insutype": ["310"],
        "med_type": ["21"],
        "adm_time": [datetime.date(2025, 3, 1)],
        "dscg_time": [datetime.date(2025, 3, 9)],
        "medfee_sumamt": [cost],
        "inscp_scp_amt": [cost],
        "hifp_pay": [cost - 1],
        "psn_part_amt": [1],
        "group_code": ["BR23"],
    }
    institutions = {
        "fixmedins_code": [f"H{at}" for at in range(7)],
        "level": [LEVELS[at % 3] for at in range(7)],
        "method": ["drg_points"] * 7,
    }
    paid = pay_table(POLICY, cases, institutions=institutions, groups=found.groups, differences=found.differences)
    (factor,) = [
        each.difference_factor for each in found.factors if (each.fixmedins_code, each.group_code) == ("H3", "BR23")
    ]
    points = Fraction(found.records[0].base_points * factor, 10_000)
    assert (len(paid.rejects), paid.columns["points"].tolist()) == (0, [half_up(points)])


def test_what_changes_against_the_year_before() -> None:
    found = make_base_points(POLICY, table(grouped(210, 4)))
    assert found.group_changes(found.groups) == ()
    assert found.factor_changes(found.differences) == ()
    before = {name: column[1:] for name, column in found.groups.items()}
    assert [(each.group_code, each.change) for each in found.group_changes(before)] == [("BR23", "added")]
    less = {name: column[1:] for name, column in found.differences.items()}
    assert [each.change for each in found.factor_changes(less)] == ["added"]


def test_a_case_without_a_group_is_rejected() -> None:
    history = grouped(60, 1)
    history[3]["group_code"] = ""
    found = make_base_points(POLICY, table(history))
    assert [(row["row"], row["reason"], row["message"]) for row in found.rejects.records()] == [
        ("3", "group_code", "group_code is empty")
    ]
    assert found.used == 59
    assert found.records == make_base_points(POLICY, table([*history[:3], *history[4:]])).records


def lone(**changes: Any) -> MadeBasePoints:
    return make_base_points(POLICY, table([{**grouped(1, 1)[0], **changes}]), year=2025)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: make_base_points(POLICY, table(rows(5, 1))),
            TableError,
            "history: missing group_code (base points are those of groups)",
        ),
        (
            lambda: make_base_points(POLICY, table(grouped(60, 1)), new_groups=("XX11",)),
            TableError,
            "new_groups: XX11 has no case in the history; name groups that have one",
        ),
        (
            lambda: lone(medfee_sumamt=0),
            InputError,
            "the mean of all cases is 0; state the costs of at least one case",
        ),
    ],
)
def test_bad_tables(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
