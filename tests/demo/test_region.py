"""The made-up region: the same seed makes the same tables, and they show every method and every reject."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.cases.pay import pay_table
from mipolicy.demo.region import region_year
from mipolicy.payment.axes import METHOD
from mipolicy.texts import Coded

YEAR = region_year(6_000)


def plain(table: dict[str, Any]) -> dict[str, list[Any]]:
    return {
        name: (column.texts() if isinstance(column, Coded) else np.asarray(column)).tolist()
        for name, column in table.items()
    }


def test_a_seed_makes_the_same_tables() -> None:
    again, other = region_year(6_000), region_year(6_000, seed=1)
    for name, table in YEAR.tables().items():
        assert plain(table) == plain(again.tables()[name])
    assert plain(YEAR.cases) != plain(other.cases)
    assert set(YEAR.tables()) == {
        "cases",
        "institutions",
        "groups",
        "differences",
        "auxiliaries",
        "contracts",
        "accounts",
    }


@pytest.mark.parametrize("count", [1, 10, 999])
def test_a_region_has_as_many_cases_as_were_asked_for(count: int) -> None:
    assert {len(column) for column in region_year(count).cases.values()} == {count}


@pytest.mark.parametrize(("cases", "institutions"), [(0, 40), (1, 9)])
def test_a_region_is_not_too_small(cases: int, institutions: int) -> None:
    with pytest.raises(ValueError, match=r"^a region has a case and ten institutions at least, got "):
        region_year(cases, institutions=institutions)


def test_the_region_has_every_method_and_every_reject() -> None:
    tables: dict[str, Any] = {name: table for name, table in YEAR.tables().items() if name != "cases"}
    paid = pay_table(mipolicy.load("assumed"), YEAR.cases, **tables, year=2025)
    assert {METHOD.members[at] for at in set(paid.columns["method"].tolist())} == set(METHOD.members)
    assert set(paid.rejects.reason) >= {
        "amount",
        "code",
        "date",
        "duplicate",
        "group",
        "id",
        "identity",
        "institution",
        "review",
        "year",
    }
    assert paid.clearing is not None
    assert len(paid.rejects) < 60
    assert (paid.prepared.reversal == 1).sum() == 20
    assert (paid.factor != 10_000).any()
