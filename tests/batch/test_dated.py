"""Rows and the versions that they meet: one version or several, gaps, days in force, what is past its span."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.batch.dated import BatchGap, Dated, Faults
from mipolicy.calendar import day_number
from mipolicy.errors import Fault
from mipolicy.policy import UnverifiedWarning
from tests.batch import overlay

SECTION = "outpatient.employee.general"


def day(text: str) -> int:
    return day_number(datetime.date.fromisoformat(text))


def dated(*days: str, policy: mipolicy.Policy | None = None) -> tuple[Dated, Any, Any]:
    faults = Faults(np.zeros(len(days), bool))
    of = Dated.of(policy or mipolicy.load("assumed"), faults)
    return of, np.arange(len(days)), np.array([day(text) for text in days], np.int64)


def told(of: Dated, rows: Any, days: Any, section: str = SECTION) -> dict[str, list[int]]:
    return {version.name: here.tolist() for version, here in of.versions(section, rows, days)}


def test_the_first_reason_of_a_row_stands() -> None:
    faults = Faults(np.zeros(3, bool))
    faults.mark(np.array([0, 2]), Fault("one", "first"))
    faults.mark(np.array([1, 2]), lambda row: Fault("two", f"row {row}"))
    faults.mark(np.array([], np.int64), Fault("three", "none"))
    assert {row: fault.message for row, fault in faults.why.items()} == {0: "first", 2: "first", 1: "row 1"}
    assert faults.good().tolist() == []


def test_rows_go_to_the_version_of_their_day() -> None:
    of, rows, days = dated("2025-06-01", "2024-06-01", "2024-12-31", "2025-01-01")
    assert told(of, rows, days) == {"2024": [1, 2], "2025": [0, 3]}
    assert told(of, rows[1:3], days) == {"2024": [1, 2]}
    assert of.versions(SECTION, rows[:0], days) == []
    assert of.faults.why == {}


def test_days_far_apart_are_told_apart() -> None:
    of, rows, days = dated("2024-06-01", "2025-06-01", "2399-06-01")
    assert told(of, rows, days) == {"2024": [0], "2025": [1]}
    assert of.faults.why[2].reason == "not_in_force"


def test_a_day_of_no_version_is_a_fault() -> None:
    of, rows, days = dated("2023-12-31", "2024-01-01")
    assert told(of, rows, days) == {"2024": [1]}
    assert of.faults.why[0].reason == "not_in_force"
    assert not of.faults.bad[1]


OPEN = overlay("""
    [[sections.readmission]]
    version = "2024"
    until = 2025-06-30
    until_source = { document = "change", clause = "open" }
    source = { document = "change", clause = "open" }
    [[sections.readmission]]
    version = "2025"
    effective = 2025-07-01
    source = { document = "change", clause = "open" }
    open.within_days = "a number of days"
    """)


def test_a_gap_is_counted_once_with_its_rows() -> None:
    of, rows, days = dated("2025-03-01", "2025-07-01", "2025-08-01", policy=OPEN)
    assert told(of, rows, days, "readmission") == {"2024": [0]}
    assert of.gapped.tolist() == [False, True, True]
    ((gap, count),) = of.gaps
    assert count == 2
    assert "within_days" in str(gap)
    assert of.faults.why[1].reason == "gap"
    assert "within_days" in of.faults.why[1].message
    of.meets(gap, rows[:1])
    assert [count for _, count in of.gaps] == [3]
    error = BatchGap(tuple(of.gaps))
    assert str(error).startswith("3 row(s) need what is open\n")
    assert str(error).endswith("or settle what can be settled: gaps='reject'")


def test_what_is_past_its_span_is_warned_of_once_a_version() -> None:
    of, rows, days = dated("2026-12-31", "2027-02-01", "2027-01-15", policy=mipolicy.load("assumed", mode="warn"))
    assert told(of, rows, days) == {"2025": [0, 1, 2]}
    assert of.unverified == {(SECTION, "2025"): (day("2027-01-15"), day("2027-02-01"), 2)}
    with pytest.warns(UnverifiedWarning) as found:
        of.warn(stacklevel=1)
    assert [str(each.message) for each in found] == [
        f"assumed: section {SECTION}, version 2025, is past its verified span "
        "for 2 row(s) from 2027-01-15 to 2027-02-01"
    ]


def test_carried_forward_nothing_is_warned_of() -> None:
    of, rows, days = dated("2027-02-01", policy=mipolicy.load("assumed", mode="carry_forward"))
    assert told(of, rows, days) == {"2025": [0]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of.warn(stacklevel=1)


def test_days_between_which_all_lie_may_be_said() -> None:
    of, rows, days = dated("2025-06-01", "2024-06-01", "2024-12-31", "2025-01-01")
    year = day("2024-01-01"), day("2024-12-31")
    assert [(version.name, here.tolist()) for version, here in of.versions(SECTION, rows[1:3], days, year)] == [
        ("2024", [1, 2])
    ]
    both = day("2024-01-01"), day("2025-12-31")
    assert {version.name: here.tolist() for version, here in of.versions(SECTION, rows, days, both)} == {
        "2024": [1, 2],
        "2025": [0, 3],
    }
    assert of.only(SECTION, *both) is None
