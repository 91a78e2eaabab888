"""Residents' incentive: a higher ceiling for staying insured; ints, columns, traces and the oracle agree."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.benefits.incentive import Incentive, IncentiveTerms, Loyalty, check_loyalty, incentive
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, NO_LIMIT
from tests.oracles import eligibility as oracle
from tests.strategies import (
    MILLION,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    limit_or_none,
    limits,
    rates,
)

many = settings(max_examples=100, deadline=None)
TERMS = IncentiveTerms(qualifying_years=4, per_year=1_000_00, per_claim_free_year=1_500_00, most_of_ceiling=200_000)
all_terms = st.builds(
    IncentiveTerms,
    qualifying_years=st.integers(0, 10),
    per_year=amounts,
    per_claim_free_year=amounts,
    most_of_ceiling=rates,
)
years = st.integers(0, 40)
loyalties = st.builds(Loyalty, ceiling=limits, continuous_years=years, claim_free_years=years)


@many
@given(all_terms, st.lists(loyalties, min_size=1, max_size=6))
def test_ints_columns_traces_and_the_oracle_agree(terms: IncentiveTerms, rows: list[Loyalty[int]]) -> None:
    words = {**attrs.asdict(terms), "most_of_ceiling": Fraction(terms.most_of_ceiling, MILLION)}
    for row, found in zip(rows, as_rows(incentive(terms, as_columns(rows))), strict=True):
        assert attrs.asdict(incentive(terms, row)) == found
        assert incentive(terms, as_traced(row)) == incentive(terms, row)
        ceiling = limit_or_none(row.ceiling)
        agrees(
            {**found, "ceiling_after": found["ceiling_after"]},
            oracle.incentive(words, ceiling, row.continuous_years, row.claim_free_years),
        )


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        # 400,000 yuan; four years add nothing yet, the fifth adds 1,000
        (Loyalty(400_000_00, 4, 0), Incentive(0, 0, 0, 80_000_00, 0, 400_000_00)),
        (Loyalty(400_000_00, 5, 0), Incentive(1, 1_000_00, 0, 80_000_00, 1_000_00, 401_000_00)),
        (Loyalty(400_000_00, 0, 2), Incentive(0, 0, 3_000_00, 80_000_00, 3_000_00, 403_000_00)),
        (Loyalty(400_000_00, 6, 1), Incentive(2, 2_000_00, 1_500_00, 80_000_00, 3_500_00, 403_500_00)),
        # both together at most 20%
        (Loyalty(10_000_00, 5, 1), Incentive(1, 1_000_00, 1_500_00, 2_000_00, 2_000_00, 12_000_00)),
        (Loyalty(0, 9, 9), Incentive(5, 5_000_00, 13_500_00, 0, 0, 0)),
        # a ceiling that does not exist stays so
        (
            Loyalty(int(NO_LIMIT), 5, 0),
            Incentive(1, 1_000_00, 0, int(NO_LIMIT) // 5, 1_000_00, int(NO_LIMIT)),
        ),
    ],
)
def test_a_ceiling_raised_by_hand(of: Loyalty[int], expected: Incentive[int]) -> None:
    """formulas.md section 1: a per year beyond four, b per year without claims, at most 20%; a and b made up."""
    assert incentive(TERMS, of) == expected


@many
@given(all_terms, loyalties)
def test_the_ceiling_never_falls_nor_rises_by_more_than_its_share(terms: IncentiveTerms, of: Loyalty[int]) -> None:
    found = incentive(terms, of)
    assert of.ceiling <= found.ceiling_after <= of.ceiling + found.most
    assert 0 <= found.addition <= found.most <= of.ceiling
    for name in ("continuous_years", "claim_free_years"):
        longer = incentive(terms, attrs.evolve(of, **{name: getattr(of, name) + 1}))
        assert longer.ceiling_after >= found.ceiling_after


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (
            Loyalty(-1, 0, 0),
            "Loyalty.ceiling: -1 is outside 0 to 1000000000000; the field is ceiling of major-illness insurance, in "
            "fen",
        ),
        (
            Loyalty(0, -1, 0),
            "Loyalty.continuous_years: -1 is outside 0 to 150; the field is years of continuous enrolment, in count",
        ),
        (
            Loyalty(0, 0, 151),
            "Loyalty.claim_free_years: 151 is outside 0 to 150; the field is years without claims, in count",
        ),
        (
            as_columns([Loyalty(0, 0, 0), Loyalty(0, 151, 0)]),
            "Loyalty.continuous_years: row 1: 151 is outside 0 to 150; the field is years of continuous enrolment, in "
            "count",
        ),
    ],
)
def test_what_no_person_has(of: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_loyalty(of)
    assert str(caught.value) == message


def test_what_a_person_may_have() -> None:
    check_loyalty(Loyalty(int(NO_LIMIT), 150, 150))
    check_loyalty(as_columns([Loyalty(int(MAX_FEN), 0, 0)]))


@pytest.mark.parametrize("name", ["per_year", "per_claim_free_year"])
def test_an_addition_is_an_amount(name: str) -> None:
    with pytest.raises(InputError) as caught:
        attrs.evolve(TERMS, **{name: int(NO_LIMIT)})
    assert str(caught.value) == f"{name} is an amount in yuan; none would be no limit"


def test_the_made_up_city() -> None:
    assert packs.load("assumed").terms(IncentiveTerms, on=date(2025, 1, 1)) == TERMS
