"""Routing: which lengths of stay leave their group, and what then pays."""

from __future__ import annotations

import datetime

import attrs
import pytest

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.errors import PolicyError
from mipolicy.payment.axes import METHOD
from mipolicy.payment.router import REASON, RouteCase, RouterTerms, route
from mipolicy.tables import Table
from tests.strategies import as_columns, as_rows

ASSUMED = packs.load("assumed").terms(RouterTerms, on=datetime.date(2024, 6, 1), section="payment_router")
PLAIN: RouteCase[int] = RouteCase(
    level=0,
    inpatient=1,
    own_method=0,
    has_own_method=0,
    on_single_disease=0,
    on_day_surgery=0,
    on_per_diem=0,
    on_capitation=0,
    pathway_exit=0,
    review=0,
    grouped=1,
    days=5,
    by_item_outsider=0,
)
LENGTHS = (0, 1, 2, 3, 59, 60, 61)


def paid_by(method: str, **changes: object) -> RouterTerms:
    by_level = Table.same(METHOD.position(method), LEVEL)
    return attrs.evolve(ASSUMED, by_level=by_level, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "short", "long"),
    [
        (paid_by("drg_points", short_days=2, long_days=60), {0, 1, 2}, {60, 61}),
        (paid_by("drg_weight", short_days=2, long_days=60), {0, 1, 2}, {60, 61}),
        (paid_by("drg_points", short_days=0, long_days=60), set(), {60, 61}),
        (paid_by("drg_points", short_days=2, long_days=0), {0, 1, 2}, set()),
        (paid_by("drg_points", short_days=0, long_days=0), set(), set()),
        (paid_by("dip", short_days=2, long_days=60), set(), set()),
        (paid_by("dip", short_days=2, long_days=60, leaving="dip_and_drg"), {0, 1, 2}, {60, 61}),
        (paid_by("per_diem", short_days=2, long_days=60, leaving="dip_and_drg"), set(), set()),
    ],
)
def test_which_lengths_of_stay_leave_their_group(terms: RouterTerms, short: set[int], long: set[int]) -> None:
    cases = [attrs.evolve(PLAIN, days=days) for days in LENGTHS]
    found = as_rows(route(terms, as_columns(cases)))
    for case, row in zip(cases, found, strict=True):
        left = case.days in short | long
        assert row["leaves"] == left
        method = terms.stay_method if left else METHOD.members[row["original"]]
        assert METHOD.members[row["method"]] == method
        reason = "short_stay" if case.days in short else "long_stay" if case.days in long else "level"
        assert REASON.members[row["reason"]] == reason
        assert attrs.asdict(route(terms, case)) == row


def test_a_listed_stay_is_paid_by_its_list_whatever_its_length() -> None:
    terms = paid_by("drg_points", short_days=2, long_days=60)
    found = [route(terms, attrs.evolve(PLAIN, days=days, on_per_diem=1)) for days in (1, 61)]
    assert [METHOD.members[each.method] for each in found] == ["per_diem", "per_diem"]


def test_long_stays_are_longer_than_short_ones() -> None:
    with pytest.raises(PolicyError) as caught:
        attrs.evolve(ASSUMED, short_days=60, long_days=60)
    assert str(caught.value) == "long_days: 60 is not above short_days 60"
