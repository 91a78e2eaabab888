"""The made-up history fits its region: the catalogue made from it groups and pays the region's year."""

from __future__ import annotations

import numpy as np
import pytest

import mipolicy
from mipolicy.cases.base_points import make_base_points
from mipolicy.cases.grouping import group_cases
from mipolicy.cases.history import make_catalogue
from mipolicy.cases.pay import pay_table
from mipolicy.cases.prices import evaluate_prices
from mipolicy.demo.history import region_history, with_diagnoses
from mipolicy.demo.region import region_year

POLICY = mipolicy.load("assumed")


def test_the_same_seed_makes_the_same_tables() -> None:
    one, two, other = region_history(500), region_history(500), region_history(500, seed=3)
    for name in ("history", "kinds", "grouped", "priced", "prices"):
        mine, again = getattr(one, name), getattr(two, name)
        assert all(np.array_equal(np.asarray(mine[column]), np.asarray(again[column])) for column in mine)
    assert not np.array_equal(one.history["medfee_sumamt"], other.history["medfee_sumamt"])


def test_broken_rows_are_rejected_and_nothing_else() -> None:
    made = region_history(8_000)
    found = make_catalogue(POLICY, made.history, kinds=made.kinds, year=2025)
    assert (found.rows_in, found.used) == (8_000, 8_000 - len(found.rejects))
    assert dict(found.rejects.counts()) == {"amount": 8, "duplicate": 5, "year": 4, "diagnosis": 2, "diag_code": 2}
    assert {"core", "comprehensive"} <= set(found.groups["kind"])
    assert len(make_base_points(POLICY, made.grouped).rejects) == 0
    assert len(evaluate_prices(POLICY, made.priced, prices=made.prices).rejects) == 0


def test_the_region_s_year_is_paid_by_what_its_history_makes() -> None:
    made, region = region_history(20_000), region_year(4_000)
    found = make_catalogue(POLICY, made.history, kinds=made.kinds, year=2025)
    points = make_base_points(POLICY, made.grouped)
    cases = with_diagnoses(region.cases)
    grouped = group_cases(POLICY, found.groups, cases, made.kinds, year=2025)
    assert set(grouped.rejects.counts()) == {"duplicate"}
    assert grouped.grouped > 3_600
    assert grouped.without_group > 0
    paid = pay_table(
        POLICY,
        grouped.filled(cases),
        institutions=region.institutions,
        groups={name: [*column, *points.groups[name]] for name, column in found.groups.items()},
        differences=points.differences,
        auxiliaries=found.auxiliaries,
        contracts=region.contracts,
        accounts=region.accounts,
        year=2025,
    )
    before = pay_table(
        POLICY,
        region.cases,
        institutions=region.institutions,
        groups=region.groups,
        differences=region.differences,
        auxiliaries=region.auxiliaries,
        contracts=region.contracts,
        year=2025,
    )
    assert dict(paid.rejects.counts()) == dict(before.rejects.counts())
    assert len(paid) == len(before)


@pytest.mark.parametrize(("cases", "institutions"), [(0, 40), (10, 9)])
def test_a_region_has_a_case_and_ten_institutions(cases: int, institutions: int) -> None:
    with pytest.raises(ValueError, match="a case and ten institutions at least"):
        region_history(cases, institutions=institutions)
