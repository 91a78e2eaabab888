"""Places of the region's tables: a name read off the places is the name of its row."""

from __future__ import annotations

import pytest

from mipolicy.cases.region import read_region
from mipolicy.errors import TableError

INSTITUTIONS = {"fixmedins_code": ["H3", "H1", "H2"], "level": ["primary", "tertiary", "secondary"]}
GROUPS = {"group_code": ["G2", "G1"], "group_mean": [100, 200]}


def test_codes_stand_in_the_order_of_their_places() -> None:
    region = read_region(INSTITUTIONS, GROUPS)
    assert list(region.institutions.items()) == [("H3", 0), ("H1", 1), ("H2", 2)]
    assert list(region.groups.items()) == [("G2", 0), ("G1", 1)]
    assert region.level.tolist() == [3, 0, 1]


def test_a_code_that_stands_twice_is_told_with_its_row() -> None:
    twice = {"fixmedins_code": ["H1", "H2", "H1"], "level": ["primary"] * 3}
    with pytest.raises(TableError, match="institutions: row 2: fixmedins_code 'H1' stands twice"):
        read_region(twice, GROUPS)
