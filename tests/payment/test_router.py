"""Routing: every case has one method, in the order that the documents name; exits go to the original one."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.axes import LEVEL
from mipolicy.errors import PolicyError
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.payment.router import REASON, STAY_METHODS, RouteCase, Routed, RouterTerms, route
from mipolicy.tables import Table
from tests.oracles import region as oracle
from tests.strategies import as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
LISTS = ("single_disease", "day_surgery", "per_diem")


def levels(*methods: str) -> Table:
    return Table((LEVEL,), tuple(METHOD.position(method) for method in methods))


TERMS = RouterTerms(
    by_level=levels("dip", "drg_points", "drg_weight", "dip", "by_item"),
    institutions=(),
    beside=(*LISTS, "capitation"),
    two_lists="reject",
    short_days=2,
    long_days=60,
    stay_method="bed_day_points",
    leaving="drg",
    granted_item="by_item",
    ungrouped="in_method",
)
PLAIN = RouteCase(
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
    days=7,
    by_item_outsider=0,
)


@st.composite
def router_terms(draw: DrawFn) -> RouterTerms:
    short = draw(st.sampled_from((0, 2, 3)))
    return RouterTerms(
        by_level=levels(*(draw(st.sampled_from(STAY_METHODS)) for _ in LEVEL.members)),
        institutions=(),
        beside=TERMS.beside,
        two_lists=draw(st.sampled_from(("reject", *LISTS))),
        short_days=short,
        long_days=draw(st.sampled_from((0, short + 1, 60))),
        stay_method=draw(st.sampled_from(("bed_day_points", "per_diem", "by_item"))),
        leaving=draw(st.sampled_from(("drg", "dip_and_drg"))),
        granted_item=draw(st.sampled_from(("by_item", "in_method"))),
        ungrouped=draw(st.sampled_from(("by_item", "in_method"))),
    )


@st.composite
def route_cases(draw: DrawFn, terms: RouterTerms) -> RouteCase[int]:
    flags = {each.name: draw(st.integers(0, 1)) for each in attrs.fields(RouteCase) if each.metadata["unit"] == "flag"}
    edges = [terms.short_days - 1, terms.short_days, terms.short_days + 1]
    edges += [terms.long_days - 1, terms.long_days, terms.long_days + 1, 0, 7]
    return RouteCase(
        level=draw(st.integers(0, len(LEVEL.members) - 1)),
        own_method=METHOD.position(draw(st.sampled_from(STAY_METHODS))),
        review=draw(st.integers(0, len(REVIEW.members) - 1)),
        days=max(0, draw(st.sampled_from(edges))),
        **flags,
    )


def words_of(terms: RouterTerms) -> dict[str, Any]:
    by_level = dict(zip(LEVEL.members, (METHOD.members[at] for at in terms.by_level.values), strict=True))
    names = ("two_lists", "short_days", "long_days", "stay_method", "leaving", "granted_item", "ungrouped")
    return {"by_level": by_level, **{name: getattr(terms, name) for name in names}}


def facts_of(case: RouteCase[int]) -> dict[str, Any]:
    flags = ("inpatient", "pathway_exit", "grouped", "by_item_outsider", "on_capitation")
    return {
        **{name: bool(getattr(case, name)) for name in flags},
        "level": LEVEL.members[case.level],
        "own_method": METHOD.members[case.own_method] if case.has_own_method else None,
        "lists": [word for word in LISTS if getattr(case, f"on_{word}")],
        "review": REVIEW.members[case.review],
        "days": case.days,
    }


def told(routed: Routed[int]) -> tuple[str, str, str]:
    return METHOD.members[routed.method], REASON.members[routed.reason], METHOD.members[routed.original]


@many
@given(st.data(), router_terms())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject, terms: RouterTerms) -> None:
    rows = data.draw(st.lists(route_cases(terms), min_size=1, max_size=5))
    for row, found in zip(rows, as_rows(route(terms, as_columns(rows))), strict=True):
        one = route(terms, row)
        assert attrs.asdict(one) == found
        assert route(terms, as_traced(row)) == one
        assert told(one) == oracle.route(words_of(terms), facts_of(row))
        assert one.on_lists == len(facts_of(row)["lists"])


def method_of(terms: RouterTerms = TERMS, /, **changes: int) -> tuple[str, str]:
    return told(route(terms, attrs.evolve(PLAIN, **changes)))[:2]


DRG = METHOD.position("drg_points")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, ("dip", "level")),
        ({"level": 1}, ("drg_points", "level")),
        ({"has_own_method": 1, "own_method": DRG}, ("drg_points", "institution")),
        ({"inpatient": 0}, ("by_item", "outpatient")),
        ({"inpatient": 0, "on_capitation": 1}, ("capitation", "capitation")),
        ({"on_single_disease": 1}, ("single_disease", "single_disease")),
        ({"on_day_surgery": 1}, ("day_surgery", "day_surgery")),
        ({"on_per_diem": 1}, ("per_diem", "per_diem")),
        ({"on_single_disease": 1, "pathway_exit": 1}, ("dip", "pathway_exit")),
        ({"on_single_disease": 1, "pathway_exit": 1, "level": 1}, ("drg_points", "pathway_exit")),
        ({"pathway_exit": 1}, ("dip", "level")),
        ({"level": 1, "days": 2}, ("bed_day_points", "short_stay")),
        ({"level": 1, "days": 3}, ("drg_points", "level")),
        ({"level": 1, "days": 59}, ("drg_points", "level")),
        ({"level": 1, "days": 60}, ("bed_day_points", "long_stay")),
        ({"days": 60}, ("dip", "level")),
        ({"level": 1, "days": 60, "on_single_disease": 1}, ("single_disease", "single_disease")),
        ({"review": REVIEW.position("granted_item"), "on_single_disease": 1}, ("by_item", "review")),
        ({"review": REVIEW.position("granted_points")}, ("dip", "level")),
        ({"review": REVIEW.position("granted_item"), "by_item_outsider": 1}, ("by_item", "outsider")),
        ({"grouped": 0}, ("dip", "level")),
    ],
)
def test_one_method_and_why(changes: dict[str, int], wanted: tuple[str, str]) -> None:
    assert method_of(TERMS, **changes) == wanted


def test_an_exit_goes_to_the_original_method_whatever_the_list() -> None:
    for word in LISTS:
        case = attrs.evolve(PLAIN, level=1, pathway_exit=1, **{f"on_{word}": 1})
        routed = route(TERMS, case)
        assert routed.method == routed.original == DRG


def test_terms_choose_what_else_leaves_a_method() -> None:
    both = attrs.evolve(TERMS, leaving="dip_and_drg", ungrouped="by_item", granted_item="in_method")
    assert method_of(both, days=60) == ("bed_day_points", "long_stay")
    assert method_of(both, grouped=0) == ("by_item", "no_group")
    assert method_of(both, review=REVIEW.position("granted_item")) == ("dip", "level")
    assert method_of(attrs.evolve(TERMS, long_days=0), level=1, days=900) == ("drg_points", "level")
    assert method_of(attrs.evolve(TERMS, short_days=0), level=1, days=0) == ("drg_points", "level")


@pytest.mark.parametrize("word", LISTS)
def test_a_case_on_two_lists_is_paid_by_the_one_that_the_terms_prefer(word: str) -> None:
    terms = attrs.evolve(TERMS, two_lists=word)
    routed = route(terms, attrs.evolve(PLAIN, on_single_disease=1, on_day_surgery=1, on_per_diem=1))
    assert (routed.on_lists, METHOD.members[routed.method], REASON.members[routed.reason]) == (3, word, word)


def test_terms_that_no_document_can_mean() -> None:
    with pytest.raises(PolicyError) as told_why:
        attrs.evolve(TERMS, by_level=levels("dip", "dip", "capitation", "dip", "dip"))
    assert str(told_why.value) == (
        "by_level: capitation pays cases of a list; stays: "
        "dip, drg_points, drg_weight, bed_day_points, per_diem, by_item"
    )
    with pytest.raises(PolicyError, match=r"^long_days: 2 is not above short_days 2$"):
        attrs.evolve(TERMS, long_days=2)
