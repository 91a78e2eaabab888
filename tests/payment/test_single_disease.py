"""Payment per single disease: against the oracle; prices by level and list; exits; the laws of a price."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.axes import POOL
from mipolicy.payment.price import FUND_BASES, Priced
from mipolicy.payment.sides import ABOVE
from mipolicy.payment.single_disease import (
    EXIT_GROUNDS,
    DiseasePrice,
    PathwayCase,
    PathwayExitTerms,
    PricedCase,
    SingleDiseaseTerms,
    applies,
    exits,
    pay,
    settled,
)
from mipolicy.payment.tally import tally
from mipolicy.tables import Table
from tests.oracles import priced as oracle
from tests.payment.shared import check_labels, check_refused, cited
from tests.strategies import MILLION, agrees, amounts, as_columns, as_rows, as_traced, flags, rates, shares, tables

many = settings(max_examples=100, deadline=None)

LUNG = DiseasePrice("C34.900", 12_000_00, tertiary=13_500_00, fund_addition=50_000)
APPENDIX = DiseasePrice("K35.800", 7_000_00)
PALSY = DiseasePrice("G51.000", 3_800_00)
TERMS = SingleDiseaseTerms(
    diseases=(LUNG, APPENDIX),
    pilot_diseases=(PALSY, DiseasePrice("K35.800", 7_700_00)),
    fund_basis="share_of_price",
    fund_rate=Table.same(800_000, LEVEL, POOL),
    floor_at_zero=0,
)
"""Listed: C34.900 as 1, K35.800 as 2; G51.000 as 3 at pilot hospitals only."""


def terms_with(**changes: Any) -> SingleDiseaseTerms:
    return attrs.evolve(TERMS, **changes)


def case(**changes: int) -> PricedCase[int]:
    plain: PricedCase[int] = PricedCase(
        disease=2, level=1, pilot_tcm=0, pool=0, medfee_sumamt=6_000_00, psn_part_amt=1_400_00, other_pay=0
    )
    return attrs.evolve(plain, **changes)


prices = st.integers(1, 10**8)


@st.composite
def disease_prices(draw: DrawFn, code: str) -> DiseasePrice:
    own = {level: draw(st.one_of(st.none(), prices)) for level in LEVEL.members}
    return DiseasePrice(code, draw(prices), **own, fund_addition=draw(st.sampled_from((0, 0, 50_000, 333_333))))


@st.composite
def all_terms(draw: DrawFn) -> SingleDiseaseTerms:
    return SingleDiseaseTerms(
        diseases=tuple(draw(disease_prices(code)) for code in ("A", "B")),
        pilot_diseases=tuple(draw(disease_prices(code)) for code in draw(st.sampled_from((("C",), ("B", "C"), ())))),
        fund_basis=draw(st.sampled_from(FUND_BASES)),
        fund_rate=draw(tables((LEVEL, POOL), rates)),
        floor_at_zero=draw(flags),
    )


@st.composite
def cases_of(draw: DrawFn, terms: SingleDiseaseTerms) -> PricedCase[int]:
    pilot = draw(flags)
    level = draw(st.integers(0, len(LEVEL.members) - 1))
    known = [at for at in range(len(terms.disease.members)) if applies(terms, at, pilot, level)]
    disease = draw(st.sampled_from(known))
    price = terms.prices.values[(disease * 2 + pilot) * len(LEVEL.members) + level]
    near = st.sampled_from((price - 1, price, price + 1))
    return PricedCase(
        disease=disease,
        level=level,
        pilot_tcm=pilot,
        pool=draw(flags),
        medfee_sumamt=draw(st.one_of(near, amounts)),
        psn_part_amt=draw(st.one_of(near, amounts)),
        other_pay=draw(st.one_of(st.just(0), amounts)),
    )


def in_words(terms: SingleDiseaseTerms) -> dict[str, Any]:
    def entries(listed: tuple[DiseasePrice, ...]) -> list[dict[str, Any]]:
        found = []
        for each in listed:
            entry = {key: value for key, value in attrs.asdict(each).items() if value is not None}
            found.append({**entry, "fund_addition": Fraction(each.fund_addition, MILLION)})
        return found

    return {
        "diseases": entries(terms.diseases),
        "pilot_diseases": entries(terms.pilot_diseases),
        "fund_basis": terms.fund_basis,
        "fund_rate": shares(terms.fund_rate),
        "floor_at_zero": bool(terms.floor_at_zero),
    }


def by_oracle(terms: SingleDiseaseTerms, one: PricedCase[int]) -> dict[str, Any]:
    words = in_words(terms)
    level = LEVEL.members[one.level]
    found = oracle.price_of(words, terms.disease.members[one.disease], level, bool(one.pilot_tcm))
    assert found is not None
    price, addition = found
    rate = min(Fraction(1), words["fund_rate"][level, POOL.members[one.pool]] + addition)
    return {"standard": price, "fund_rate": rate, **oracle.fund(words, price, rate, attrs.asdict(one))}


# ---- one body --------------------------------------------------------------------------------------------------------


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(all_terms())
    rows = data.draw(st.lists(cases_of(terms), min_size=1, max_size=5))
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        agrees(found, by_oracle(terms, row), rates_of=("fund_rate",))


@many
@given(st.data())
def test_four_bearers_sum_to_the_cost_and_the_institution_bears_what_exceeds_the_price(data: st.DataObject) -> None:
    terms = attrs.evolve(data.draw(all_terms()), floor_at_zero=0)
    one = data.draw(cases_of(terms))
    found = pay(terms, one)
    assert found.payment + one.psn_part_amt + one.other_pay + found.institution_part == one.medfee_sumamt
    if terms.fund_basis == "price_less_patient":
        assert found.institution_part == one.medfee_sumamt - found.standard
    if terms.fund_basis == "actual_cost":
        assert found.institution_part == max(0, one.medfee_sumamt - found.standard)


@many
@given(st.data())
def test_a_price_pays_the_same_whatever_the_cost_unless_the_terms_follow_it(data: st.DataObject) -> None:
    terms = data.draw(all_terms())
    one = data.draw(cases_of(terms))
    dearer = pay(terms, attrs.evolve(one, medfee_sumamt=one.medfee_sumamt + 1)).payment
    here = pay(terms, one).payment
    assert here <= dearer <= here + (terms.fund_basis == "actual_cost")


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_every_step_of_a_stay_below_its_price() -> None:
    """Price 7,000, the fund 80% of it; the cost is 6,000 and the patient pays 1,400: the institution keeps 1,000."""
    assert pay(TERMS, case()) == Priced(
        standard=7_000_00, fund_rate=800_000, fund_part=5_600_00, institution_part=-1_000_00, payment=5_600_00
    )


@pytest.mark.parametrize(
    ("basis", "floor", "cost", "patient", "payment", "institution"),
    [
        ("share_of_price", 0, 9_000_00, 1_400_00, 5_600_00, 2_000_00),
        ("price_less_patient", 0, 6_000_00, 1_400_00, 5_600_00, -1_000_00),
        ("price_less_patient", 0, 9_000_00, 7_000_01, -1, 2_000_00),
        ("price_less_patient", 1, 9_000_00, 7_000_01, 0, 1_999_99),
        ("actual_cost", 0, 6_000_00, 1_400_00, 4_600_00, 0),
        ("actual_cost", 0, 7_000_01, 1_400_00, 5_600_00, 1),
    ],
)
def test_what_each_way_of_owing_gives(
    basis: str, floor: int, cost: int, patient: int, payment: int, institution: int
) -> None:
    found = pay(terms_with(fund_basis=basis, floor_at_zero=floor), case(medfee_sumamt=cost, psn_part_amt=patient))
    assert (found.payment, found.institution_part) == (payment, institution)


def test_one_price_for_all_levels_or_one_of_its_own() -> None:
    assert [pay(TERMS, case(disease=1, level=at)).standard for at in range(5)] == [13_500_00, *[12_000_00] * 4]
    assert {pay(TERMS, case(level=at)).standard for at in range(5)} == {7_000_00}


def test_p08_pilot_diseases_are_paid_by_disease_at_pilot_tcm_hospitals_only() -> None:
    """常德 2023 一(三): 面瘫病 at a pilot hospital; elsewhere the case keeps its own method."""
    assert terms_with().disease.members == ("", "C34.900", "K35.800", "G51.000")
    assert [applies(TERMS, 3, pilot, 1) for pilot in (0, 1)] == [0, 1]
    assert [applies(TERMS, 0, pilot, 1) for pilot in (0, 1)] == [0, 0]
    assert [pay(TERMS, case(pilot_tcm=pilot)).standard for pilot in (0, 1)] == [7_000_00, 7_700_00]
    assert pay(TERMS, case(disease=3, pilot_tcm=1)).standard == 3_800_00
    assert applies(TERMS, np.array([1, 3]), np.array([0, 0]), np.array([1, 1])).tolist() == [1, 0]


def test_a05_five_points_are_of_the_first_list_and_change_no_price() -> None:
    listed, pilot = pay(TERMS, case(disease=1)), pay(TERMS, case(disease=3, pilot_tcm=1))
    assert (listed.standard, listed.fund_rate, listed.payment) == (12_000_00, 850_000, 10_200_00)
    assert (pilot.standard, pilot.fund_rate) == (3_800_00, 800_000)
    whole = terms_with(fund_rate=Table.same(970_000, LEVEL, POOL))
    assert pay(whole, case(disease=1)).payment == 12_000_00


# ---- exits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "included", "expected"),
    [
        ("reviewer", 0, [0, 0, 0, 1, 1, 1]),
        ("variance", 0, [0, 0, 1, 0, 0, 1]),
        ("variance", 1, [0, 1, 1, 0, 1, 1]),
        ("either", 0, [0, 0, 1, 1, 1, 1]),
        ("both", 0, [0, 0, 0, 0, 0, 1]),
        ("both", 1, [0, 0, 0, 0, 1, 1]),
    ],
)
def test_p06_a56_exit_by_flag_or_variance_with_the_boundary_on_either_side(
    ground: str, included: int, expected: list[int]
) -> None:
    terms = PathwayExitTerms(ground, 4_000, ABOVE[included])
    flag, score = np.array([0, 0, 0, 1, 1, 1]), np.array([3_999, 4_000, 4_001] * 2)
    assert exits(terms, PathwayCase(flag, score)).tolist() == expected
    assert [exits(terms, PathwayCase(int(a), int(b))) for a, b in zip(flag, score, strict=True)] == expected


def test_p06_who_leaves_is_settled_by_the_original_method_and_the_rate_is_exact() -> None:
    left, codes = np.array([0, 1, 0, 1]), np.array([0, 0, 0, 1])
    assert settled(left, np.array([10, 20, 30, 40]), np.array([1, 2, 3, 4])).tolist() == [10, 2, 30, 4]
    assert (settled(0, 10, 1), settled(1, 10, 1)) == (10, 1)
    found = tally(codes, ("H1", "H2", "H3"), {"cases": np.ones(4, np.int64), "exits": left})
    assert [found.ratio(each, "exits", "cases") for each in ("H1", "H2")] == [Fraction(1, 3), Fraction(1)]
    assert set(found.rows) == {"H1", "H2"}


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: pay(TERMS, as_columns([case(), case(disease=3)])),
            InputError,
            "row 1: disease G51.000 has no price at this institution; pay it by the institution's own method "
            "(applies says which cases are paid per disease)",
        ),
        (
            lambda: pay(TERMS, case(disease=0)),
            InputError,
            "disease that no list holds has no price at this institution; pay it by the institution's own method "
            "(applies says which cases are paid per disease)",
        ),
        (lambda: pay(TERMS, case(disease=4)), AmountError, "lookup: code 4 is outside disease (0 to 3)"),
        (
            lambda: pay(TERMS, case(medfee_sumamt=-1)),
            InputError,
            "PricedCase.medfee_sumamt: -1 is outside 0 to 1000000000000; the field is total cost, in fen",
        ),
        (
            lambda: pay(TERMS, as_columns([case(), case(level=5)])),
            CodeError,
            "PricedCase.level: row 1: 5 is outside 0 to 4; codes of level: tertiary, secondary, level_1, primary, "
            "ungraded, in this order from 0",
        ),
        (lambda: TERMS.disease.position("Z"), CodeError, "unknown disease 'Z'; allowed: , C34.900, K35.800, G51.000"),
        (
            lambda: DiseasePrice("A", 0),
            InputError,
            "price is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: DiseasePrice("A", 1, primary=10**12),
            InputError,
            "primary is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (lambda: DiseasePrice("", 1), InputError, "dise_codg is empty; a listed disease has a code"),
        (
            lambda: exits(PathwayExitTerms("either", 1, "above"), PathwayCase(2, 0)),
            InputError,
            "PathwayCase.pathway_exit: 2 is outside 0 to 1; the field is a reviewer took it off the pathway, in flag",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["single_disease"]
    terms: SingleDiseaseTerms = policy.build("single_disease", version)
    code = terms.disease.position("K35.800")
    assert [pay(terms, case(disease=code, level=at)).payment for at in (0, 1, 3)] == [6_600_00, 5_600_00, 4_200_00]
    assert {exits(PathwayExitTerms(word, 4_000, "above"), PathwayCase(1, 4_001)) for word in EXIT_GROUNDS} == {1}


def test_labels() -> None:
    check_labels(SingleDiseaseTerms, DiseasePrice, PricedCase, Priced, PathwayExitTerms, PathwayCase)


def test_a_traced_run_cites_its_clauses() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["single_disease"]
    terms = attrs.evolve(policy.traced("single_disease", version), fund_basis="share_of_price")
    found = pay(terms, as_traced(case(disease=1)))
    assert cited(found, "standard", "fund_rate", "payment") == {
        f"single_disease.{path}": "payment-2024 第三十条 单病种付费"
        for path in ("diseases[0].price", "fund_rate.secondary.employee", "diseases[0].fund_addition", "floor_at_zero")
    }
