"""Cases that are alike: asked once a group and institution, they have the points that the rule gives each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.batch.work import Work
from mipolicy.cases.alike import score_alike
from mipolicy.cases.blocks import run
from mipolicy.cases.passes import _state_year
from mipolicy.cases.prepare import PreparedCases, prepare_cases
from mipolicy.cases.region import read_region
from mipolicy.cases.route import ROUTER, Routes, route_cases
from mipolicy.cases.ways import WAYS, Part
from mipolicy.demo.region import region_year
from mipolicy.payment.axes import METHOD
from mipolicy.records import NO_AMOUNT
from tests.batch import overlay

ROWS = 40_000
YEAR = region_year(ROWS, seed=11, institutions=12)
FIXED = """
    [[sections.dip]]
    version = "2025"
    source = { document = "change", clause = "dip" }
    inherits = "2025"
    basic_groups = "fixed_score"
    tcm_groups = "factor_off"
    low_side = "at_or_below"
    high_side = "at_or_above"
    reference_mean = "area"
    """


def prepared_year(policy: mipolicy.Policy | None = None, **changes: Any) -> PreparedCases:
    institutions = {**YEAR.institutions, **changes}
    region = read_region(institutions, YEAR.groups, YEAR.differences, YEAR.auxiliaries)
    prepared = prepare_cases(policy or mipolicy.load("assumed"), YEAR.cases, region, 2025)
    _state_year(prepared)
    return prepared


def routed(prepared: PreparedCases, work: Work) -> Routes:
    return route_cases(prepared, np.zeros(ROWS, np.int64), work)


def parts_of(prepared: PreparedCases, routes: Routes, *methods: str) -> list[Part]:
    return [
        Part(method, WAYS[method], terms, within)
        for method in methods
        for terms, within in prepared.versions(
            WAYS[method].section, (routes.method == METHOD.position(method)) & prepared.payable()
        )
    ]


def check(prepared: PreparedCases, most_left: float) -> None:
    routes = routed(prepared, Work())
    prepared.facts.set("by_item", np.zeros(ROWS, np.int8))
    parts = parts_of(prepared, routes, "dip", "drg_points")
    points = np.zeros(ROWS, np.int64)
    left = score_alike(prepared.facts, parts, points, Work(2, 7_000))
    for part, rows in zip(parts, left, strict=True):
        every = np.flatnonzero(part.within)
        done, refused = run(part.way, part.terms, prepared.facts, every, ("points",), Work())
        alike = ~np.isin(every, rows)
        assert points[every[alike]].tolist() == done["points"][alike].tolist()
        assert not points[rows].any()
        assert set(refused) <= set(rows.tolist())
        assert len(rows) < most_left * len(every)


def test_each_case_has_the_points_that_its_rule_gives_it() -> None:
    check(prepared_year(), 0.3)


@pytest.mark.parametrize("lacking", [0, 8])
def test_a_case_whose_institution_has_no_factor_is_left(lacking: int) -> None:
    factors = np.array(YEAR.institutions["institution_factor"])
    factors[lacking] = NO_AMOUNT
    prepared = prepared_year(institution_factor=[None if each == NO_AMOUNT else int(each) for each in factors.tolist()])
    routes = routed(prepared, Work())
    prepared.facts.set("by_item", np.zeros(ROWS, np.int8))
    parts = parts_of(prepared, routes, "dip")
    left = score_alike(prepared.facts, parts, np.zeros(ROWS, np.int64), Work())
    here = np.flatnonzero(parts[0].within & (prepared.facts.institution == lacking))
    assert (here.size > 0) == (lacking == 8)
    assert set(here.tolist()) <= set(left[0].tolist())


def test_groups_of_fixed_score_and_limits_that_count_themselves() -> None:
    text = FIXED.replace('inherits = "2025"\n', "")
    check(prepared_year(overlay(text)), 0.3)


def test_where_there_are_more_pairs_than_cases_every_case_is_left() -> None:
    prepared = prepared_year()
    prepared.facts.set("by_item", np.zeros(ROWS, np.int8))
    few = np.zeros(ROWS, bool)
    few[:100] = True
    routes = routed(prepared, Work())
    parts = [Part(part.name, part.way, part.terms, part.within & few) for part in parts_of(prepared, routes, "dip")]
    prepared.region.groups.update({f"more {at}": at for at in range(10_000)})  # type: ignore[attr-defined]
    left = score_alike(prepared.facts, parts, np.zeros(ROWS, np.int64), Work())
    assert left[0].tolist() == np.flatnonzero(parts[0].within).tolist()


@pytest.mark.parametrize("work", [Work(), Work(2, 3_000)])
def test_each_case_is_routed_as_the_rule_routes_it_alone(work: Work) -> None:
    prepared = prepared_year()
    outsiders = (np.arange(ROWS) % 50 == 0).astype(np.int64)
    routes = route_cases(prepared, outsiders, work)
    (terms, within), *others = prepared.versions("payment_router", prepared.routable())
    rows = np.flatnonzero(within)
    done, refused = run(ROUTER, terms, prepared.facts, rows, ("method", "reason", "original"), Work())
    assert (others, refused) == ([], {})
    for name in ("method", "reason", "original"):
        assert getattr(routes, name)[rows].tolist() == done[name].tolist()
        assert (getattr(routes, name)[~within] == -1).all()
    assert len(set(zip(done["method"].tolist(), done["reason"].tolist(), strict=True))) > 12
