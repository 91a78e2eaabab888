"""Who settles with whom: the pack's grid and another city's, several campuses, recognised contracts; messages."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.axes import LEVEL
from mipolicy.budget.grid import (
    GridInstitution,
    Recognition,
    SettlementGridTerms,
    Settling,
    recognised,
    settling,
    several,
)
from mipolicy.errors import CodeError, InputError
from tests.payment.shared import check_labels, check_refused

CHANGDE = SettlementGridTerms(("tertiary",), "city", ())
# A city that settles levels 2 and 3, leaves the platform's clearing with the settling agency, and recognises contracts.
OTHER = SettlementGridTerms(("tertiary", "secondary"), "settling_agency", (Recognition("city", ("430702", "430703")),))


@pytest.mark.parametrize("level", LEVEL.members)
def test_s25_tertiary_hospitals_settle_with_the_city_others_with_their_county(level: str) -> None:
    found = settling(CHANGDE, GridInstitution("H1", level, "430702"))
    assert found.settles == found.clears == ("city" if level == "tertiary" else "430702")


def test_s25_a_city_that_settles_level_2_too() -> None:
    assert settling(OTHER, GridInstitution("H1", "secondary", "430702")).settles == "city"
    assert settling(OTHER, GridInstitution("H1", "level_1", "430702", 1)) == Settling("H1", "430702", "430702")


def test_s27_a57_the_platform_moves_the_clearing_only() -> None:
    assert settling(CHANGDE, GridInstitution("H1", "secondary", "430702", 1)) == Settling("H1", "430702", "city")
    assert settling(CHANGDE, GridInstitution("H2", "tertiary", "430702", 1)) == Settling("H2", "city", "city")


CAMPUSES = [
    GridInstitution("H2", "secondary", "430703"),
    GridInstitution("H2", "secondary", "430702", 1),
    GridInstitution("H2", "secondary", "430702"),
    GridInstitution("H1", "tertiary", "430702"),
    GridInstitution("H1", "tertiary", "430703"),
]


@given(st.permutations(CAMPUSES))
def test_s26_institutions_with_more_than_one_agency_are_reported(campuses: list[GridInstitution]) -> None:
    assert several(settling(CHANGDE, each) for each in campuses) == {"H2": ("430702", "430703")}
    assert several(settling(OTHER, each) for each in campuses) == {}


@pytest.mark.parametrize(
    ("signer", "agency", "expected"),
    [("city", "430702", 1), ("city", "430704", 0), ("430702", "city", 0), ("430702", "430702", 1)],
)
def test_s28_contracts_that_others_recognise(signer: str, agency: str, expected: int) -> None:
    assert recognised(OTHER, signer, agency) == expected
    assert recognised(CHANGDE, signer, agency) == int(signer == agency)


H1 = GridInstitution("H1", "tertiary", "430702")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: settling(CHANGDE, attrs.evolve(H1, level="4")),
            CodeError,
            "unknown level '4'; allowed: tertiary, secondary, level_1, primary, ungraded",
        ),
        (
            lambda: settling(CHANGDE, attrs.evolve(H1, district="4307")),
            CodeError,
            "H1: district '4307' is no code of six digits (GB/T 2260)",
        ),
        (
            lambda: settling(CHANGDE, attrs.evolve(H1, on_platform=2)),
            InputError,
            "H1: on_platform is 2; state 0 or 1",
        ),
        (lambda: recognised(OTHER, "", "city"), CodeError, "an agency has a name: city, or the code of a district"),
    ],
)
def test_what_is_refused(act: Any, error: Any, message: str) -> None:
    check_refused(act, error, message)


def test_every_field_has_its_labels() -> None:
    check_labels(SettlementGridTerms, Recognition)
