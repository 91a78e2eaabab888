"""Relief of households on application: against the oracle in yuan; worked examples; messages."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.benefits.household_relief import Household, HouseholdRelief, HouseholdReliefTerms, relieve
from mipolicy.errors import AmountError, InputError, MipolicyError, PolicyGap
from mipolicy.money import MAX_FEN, NO_LIMIT
from tests.oracles import household_relief as oracle
from tests.strategies import amounts, flags, limit_or_none, limits, rates

many = settings(max_examples=100, deadline=None)

TERMS = HouseholdReliefTerms(
    application_needed=1,
    application_days=90,
    spending_rate=600_000,
    spending_rate_included=1,
    income_limit=24_000_00,
    income_limit_included=1,
    income_basis="gross",
    assets_tested=1,
    threshold=10_000_00,
    rate=500_000,
    ceiling=30_000_00,
)
FAMILY = Household(
    year=2024,
    members=3,
    income=60_000_00,
    spending=40_000_00,
    assets_within=True,
    applied_on=date(2025, 1, 15),
    relief_used=0,
)


def family(**changes: Any) -> Household:
    return attrs.evolve(FAMILY, **changes)


def terms_with(**changes: Any) -> HouseholdReliefTerms:
    return attrs.evolve(TERMS, **changes)


@st.composite
def relief_terms(draw: DrawFn) -> HouseholdReliefTerms:
    return HouseholdReliefTerms(
        application_needed=draw(flags),
        application_days=draw(st.integers(0, 400)),
        spending_rate=draw(rates),
        spending_rate_included=draw(flags),
        income_limit=draw(limits),
        income_limit_included=draw(flags),
        income_basis=draw(st.sampled_from(("gross", "after_spending"))),
        assets_tested=draw(flags),
        threshold=draw(amounts),
        rate=draw(rates),
        ceiling=draw(limits),
    )


@st.composite
def households(draw: DrawFn, terms: HouseholdReliefTerms) -> Household:
    members = draw(st.integers(1, 6))
    edge = min(terms.income_limit * members, int(MAX_FEN))
    income = draw(st.one_of(st.sampled_from((0, edge, max(0, edge - 1))), amounts))
    near = income * terms.spending_rate // 1_000_000
    spending = draw(st.one_of(st.sampled_from((near, near + 1, terms.threshold, terms.threshold + 1)), amounts))
    closes = date(2023, 12, 31) + datetime.timedelta(days=terms.application_days)
    day = draw(st.one_of(st.none(), st.integers(-400, 400).map(lambda step: closes + datetime.timedelta(days=step))))
    return Household(
        year=2023,
        members=members,
        income=income,
        spending=spending,
        assets_within=draw(st.booleans()),
        applied_on=None if day is None else max(day, date(2023, 1, 1)),
        relief_used=draw(st.one_of(st.just(0), amounts)),
    )


cases: st.SearchStrategy[tuple[HouseholdReliefTerms, Household]] = relief_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), households(terms))
)


def yuan_of(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)


def expected(terms: HouseholdReliefTerms, one: Household) -> tuple[bool, Decimal] | None:
    words = attrs.asdict(terms)
    for name in ("income_limit", "threshold", "ceiling"):
        words[name] = yuan_of(limit_or_none(words[name]))
    for name in ("spending_rate", "rate"):
        words[name] = Decimal(words[name]).scaleb(-6)
    amounts_of = {name: yuan_of(getattr(one, name)) for name in ("income", "spending", "relief_used")}
    return oracle.relieve(words, {**attrs.asdict(one), **amounts_of})


# ---- against the oracle, and laws ------------------------------------------------------------------------------------


@many
@given(cases)
def test_b29_by_the_oracle(case: tuple[HouseholdReliefTerms, Household]) -> None:
    terms, one = case
    wanted = expected(terms, one)
    if wanted is None:
        with pytest.raises(InputError, match="applications for the bills of 2023 closed on"):
            relieve(terms, one)
        return
    found = relieve(terms, one)
    assert (found.eligible, yuan_of(found.relief)) == wanted
    assert (found.reason == "every test is met") is found.eligible


@many
@given(cases, amounts)
def test_relief_keeps_to_the_ceiling_and_never_falls_with_the_spending(
    case: tuple[HouseholdReliefTerms, Household], more: int
) -> None:
    terms, one = attrs.evolve(case[0], application_needed=0), case[1]
    found = relieve(terms, one)
    assert 0 <= found.relief <= min(found.ceiling_left, found.above_threshold)
    assert found.relief_used_after == one.relief_used + found.relief
    assert found.relief <= relieve(terms, attrs.evolve(one, spending=one.spending + more)).relief


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_b29_every_step() -> None:
    """40,000 of 60,000 are two thirds, above 60%; 20,000 a head is within 24,000; half of 30,000 above 10,000."""
    assert relieve(TERMS, FAMILY) == HouseholdRelief(
        means=60_000_00,
        spending_met=True,
        income_met=True,
        assets_met=True,
        applied=True,
        eligible=True,
        reason="every test is met",
        above_threshold=30_000_00,
        before_limits=15_000_00,
        ceiling_left=30_000_00,
        relief=15_000_00,
        relief_used_after=15_000_00,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"applied_on": None}, "relief is given on application only, and there is none"),
        ({"spending": 35_999_99}, "spending of 35999.99 yuan does not reach 60% of an income of 60000.00"),
        (
            {"income": 72_000_01, "spending": 60_000_00},
            "income per member is above the limit of 24000.00 yuan (3 members)",
        ),
        ({"assets_within": False}, "the assets are beyond what the rules allow"),
        (
            {"income": 90_000_00, "assets_within": False, "applied_on": None},
            "relief is given on application only, and there is none; "
            "spending of 40000.00 yuan does not reach 60% of an income of 90000.00; "
            "income per member is above the limit of 24000.00 yuan (3 members); "
            "the assets are beyond what the rules allow",
        ),
    ],
)
def test_who_is_not_eligible_is_told_every_reason_and_given_nothing(changes: dict[str, Any], reason: str) -> None:
    found = relieve(TERMS, family(**changes))
    assert (found.eligible, found.relief, found.reason) == (False, 0, reason)


@pytest.mark.parametrize(
    ("terms", "changes", "eligible"),
    [
        ({}, {"spending": 36_000_00}, True),  # exactly 60%
        ({"spending_rate_included": 0}, {"spending": 36_000_00}, False),
        ({"spending_rate_included": 0}, {"spending": 36_000_01}, True),
        ({}, {"income": 72_000_00, "spending": 50_000_00}, True),  # exactly 24,000 a head
        ({"income_limit_included": 0}, {"income": 72_000_00, "spending": 50_000_00}, False),
        ({"income_limit_included": 0}, {"income": 71_999_99, "spending": 50_000_00}, True),
        ({}, {"income": 90_000_00, "spending": 60_000_00}, False),
        ({"income_basis": "after_spending"}, {"income": 90_000_00, "spending": 60_000_00}, True),  # 10,000 a head
        ({"income_limit": int(NO_LIMIT)}, {"income": 90_000_00, "spending": 60_000_00}, True),
        ({"assets_tested": 0}, {"assets_within": False}, True),
        ({"assets_tested": 0}, {"assets_within": None}, True),
        ({"application_needed": 0}, {"applied_on": None}, True),
        ({"application_needed": 0}, {"applied_on": date(2030, 1, 1)}, True),
        ({}, {"income": 0, "spending": 20_000_00}, True),
        ({}, {"income": 0, "spending": 0}, False),  # nothing spent is no share of nothing
        ({"spending_rate": 0}, {"spending": 0}, False),
    ],
)
def test_each_test_at_its_boundary(terms: dict[str, Any], changes: dict[str, Any], eligible: bool) -> None:
    assert relieve(terms_with(**terms), family(**changes)).eligible is eligible


def test_income_after_the_spending_is_never_below_nothing() -> None:
    found = relieve(terms_with(income_basis="after_spending"), family(income=10_000_00))
    assert (found.means, found.eligible) == (0, True)


@pytest.mark.parametrize(
    ("spending", "used", "relief"),
    [
        (40_000_01, 0, 15_000_01),  # 15,000.005, half up
        (90_000_00, 0, 30_000_00),
        (40_000_00, 20_000_00, 10_000_00),
        (40_000_00, 30_000_00, 0),
        (40_000_00, 31_000_00, 0),
    ],
)
def test_a_share_above_the_threshold_capped_over_the_year(spending: int, used: int, relief: int) -> None:
    found = relieve(TERMS, family(spending=spending, relief_used=used))
    assert (found.relief, found.relief_used_after) == (relief, used + relief)


@pytest.mark.parametrize(
    ("year", "applied_on", "closes"),
    [
        (2024, date(2025, 4, 1), "2025-03-31"),  # 31 + 28 + 31 = 90 days
        (2023, date(2024, 3, 31), "2024-03-30"),  # a leap year
        (2022, date(2025, 1, 1), "2023-03-31"),
    ],
)
def test_b29_a_year_that_is_closed_to_applications(year: int, applied_on: date, closes: str) -> None:
    with pytest.raises(InputError) as caught:
        relieve(TERMS, family(year=year, applied_on=applied_on))
    assert str(caught.value) == (
        f"applications for the bills of {year} closed on {closes}, that day included; "
        f"this one is of {applied_on} and cannot be taken"
    )
    assert relieve(TERMS, family(year=year, applied_on=date.fromisoformat(closes))).eligible


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: relieve(TERMS, family(assets_within=None)),
            InputError,
            "household: assets are tested, so assets_within takes True or False, not None",
        ),
        (
            lambda: terms_with(threshold=int(NO_LIMIT)),
            InputError,
            'threshold is "none", which no spending passes; where there is no threshold, state "0"',
        ),
        (
            lambda: family(members=0),
            InputError,
            "household: members counts at least the patient, so 1 or more, not 0",
        ),
        (lambda: family(income=-1), InputError, "household: income -1 is outside 0 to 1000000000000 fen"),
        (lambda: family(relief_used=-5), InputError, "household: relief_used -5 is outside 0 to 1000000000000 fen"),
        (lambda: family(spending=1.5), AmountError, "household: spending takes a whole number, not float 1.5"),
        (lambda: family(members=True), AmountError, "household: members takes a whole number, not bool True"),
        (lambda: family(year=0), InputError, "household: year 0 is no calendar year"),
        (
            lambda: family(applied_on=date(2023, 12, 31)),
            InputError,
            "household: applied on 2023-12-31, before the bills of 2024 began",
        ),
        (
            lambda: family(applied_on="2025-01-15"),
            InputError,
            "household: applied_on takes a date without a time, or None, not '2025-01-15'",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_the_plan_says_on_application_and_leaves_the_figures_open() -> None:
    policy = packs.load("tianjin-2021")
    with pytest.raises(PolicyGap) as gap:
        policy.terms(HouseholdReliefTerms, on=date(2021, 6, 29))
    open_fields = [field.path for field in gap.value.fields]
    assert "application_needed" not in open_fields
    assert open_fields == [
        "effective",
        *(each.name for each in attrs.fields(HouseholdReliefTerms) if each.name != "application_needed"),
    ]


def test_labels() -> None:
    for field in attrs.fields(HouseholdReliefTerms):
        assert field.metadata["zh"]
        assert field.metadata["en"]
        assert field.default is attrs.NOTHING
