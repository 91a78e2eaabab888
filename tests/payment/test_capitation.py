"""Payment per head and consortiums: against the oracle; who bears what, to the fen; shares among members."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.capitation import Capitation, CapitationTerms, Contract, HeadStandard, condition_of, heads, pay
from mipolicy.payment.consortium import (
    Consortium,
    ConsortiumTerms,
    ConsortiumYear,
    Member,
    QualityStep,
    share_out,
)
from mipolicy.payment.consortium import pay as pay_consortium
from mipolicy.payment.sharing import ShareBand, Shared, shared
from tests.oracles import heads as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import MILLION, agrees, as_columns, as_rows, as_traced, rates

many = settings(max_examples=100, deadline=None)

ALL = (ShareBand(0, MILLION),)
NONE = (ShareBand(0, 0),)
TERMS = CapitationTerms(
    conditions=(
        HeadStandard("diabetes", 3_600_00, ("E11.900",)),
        HeadStandard("dialysis", 62_000_00, ("N18.500",)),
        HeadStandard("hepatitis_c", 11_500_50, ("B18.200",)),
    ),
    outside_rate=MILLION,
    surplus_bands=(ShareBand(0, MILLION), ShareBand(100_000, 0)),
    deficit_bands=(ShareBand(0, 500_000), ShareBand(50_000, MILLION)),
)
GROUP = ConsortiumTerms(
    standard=850_00,
    outside_rate=900_000,
    quality_steps=(QualityStep(0, 6_000), QualityStep(80_0000, 9_000), QualityStep(90_0000, 10_000)),
    quality_on="surplus",
    surplus_bands=ALL,
    deficit_bands=ALL,
    surplus_by="enrolled",
    deficit_by="own_amt",
)


def contract(**changes: int) -> Contract[int]:
    plain: Contract[int] = Contract(
        condition=0, enrolled=100, risk_factor=10_000, months=12, own_amt=340_000_00, outside_amt=10_000_00
    )
    return attrs.evolve(plain, **changes)


def year(**changes: int) -> ConsortiumYear[int]:
    plain: ConsortiumYear[int] = ConsortiumYear(
        enrolled=1_000, risk_factor=10_000, months=12, quality_score=90_0000, own_amt=700_000_00, outside_amt=100_000_00
    )
    return attrs.evolve(plain, **changes)


bands = st.lists(st.integers(1, MILLION), max_size=3, unique=True).flatmap(
    lambda edges: st.tuples(*(st.builds(ShareBand, st.just(edge), rates) for edge in (0, *sorted(edges))))
)
capitations = st.builds(
    lambda standard, outside, up, down: CapitationTerms((HeadStandard("x", standard),), outside, up, down),
    st.integers(1, 10**7),
    rates,
    bands,
    bands,
)
contracts: st.SearchStrategy[Contract[int]] = st.builds(
    Contract,
    condition=st.just(0),
    enrolled=st.integers(0, 500),
    risk_factor=st.integers(1, 20_000),
    months=st.integers(0, 12),
    own_amt=st.integers(0, 10**9),
    outside_amt=st.integers(0, 10**8),
)


def in_words(terms: Any) -> dict[str, Any]:
    def pairs(found: tuple[ShareBand, ...]) -> list[tuple[Fraction, Fraction]]:
        return [(Fraction(each.from_rate, MILLION), Fraction(each.institution_rate, MILLION)) for each in found]

    return {
        "outside_rate": Fraction(terms.outside_rate, MILLION),
        "surplus_bands": pairs(terms.surplus_bands),
        "deficit_bands": pairs(terms.deficit_bands),
    }


@many
@given(capitations, st.lists(contracts, min_size=1, max_size=5))
def test_ints_columns_traces_and_the_oracle_agree(terms: CapitationTerms, rows: list[Contract[int]]) -> None:
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        standard = terms.conditions[0].standard
        whole = oracle.budget(row.enrolled, standard, Fraction(row.risk_factor, 10_000), row.months)
        expected = oracle.balance(in_words(terms), whole, row.own_amt, row.outside_amt)
        names = {"kept": "surplus_institution", "borne": "deficit_institution"}
        agrees(found, {"head_standard": standard, **{names.get(key, key): each for key, each in expected.items()}})


@many
@given(capitations, contracts)
def test_every_fen_has_one_bearer(terms: CapitationTerms, one: Contract[int]) -> None:
    """What the institution is paid, what is charged for care elsewhere and what the fund keeps come to the budget."""
    found = pay(terms, one)
    assert found.payment + found.outside_charged + found.surplus_fund - found.deficit_fund == found.standard
    assert found.surplus_institution + found.surplus_fund == found.surplus
    assert found.deficit_institution + found.deficit_fund == found.deficit
    assert found.surplus * found.deficit == 0
    assert min(found.surplus_institution, found.surplus_fund, found.deficit_institution, found.deficit_fund) >= 0


@many
@given(capitations, contracts)
def test_a_dearer_year_is_never_worth_more_to_the_institution(terms: CapitationTerms, one: Contract[int]) -> None:
    dearer = attrs.evolve(one, own_amt=one.own_amt + 1_000)
    assert pay(terms, dearer).payment - dearer.own_amt <= pay(terms, one).payment - one.own_amt


def test_p14_every_step_of_a_contract_with_a_surplus() -> None:
    """100 x 3,600 = 360,000; 10,000 elsewhere; 340,000 spent: 10,000 over, within 10% of the budget, all kept."""
    assert pay(TERMS, contract()) == Capitation(
        head_standard=3_600_00,
        standard=360_000_00,
        outside_charged=10_000_00,
        available=350_000_00,
        surplus=10_000_00,
        surplus_institution=10_000_00,
        surplus_fund=0,
        deficit=0,
        deficit_institution=0,
        deficit_fund=0,
        payment=350_000_00,
    )


@pytest.mark.parametrize(
    ("own", "outside", "kept", "borne", "payment"),
    [
        (300_000_00, 0, 36_000_00, 0, 336_000_00),  # 60,000 over, of which 10% of the budget is kept
        (324_000_00, 0, 36_000_00, 0, 360_000_00),  # exactly the limit
        (323_999_99, 0, 36_000_00, 0, 359_999_99),
        (360_000_00, 0, 0, 0, 360_000_00),
        (370_000_00, 0, 0, 5_000_00, 365_000_00),  # 10,000 short: half
        (400_000_00, 0, 0, 31_000_00, 369_000_00),  # 18,000 by half, 22,000 alone
        (100_00, 400_000_00, 0, 31_100_00, -31_000_00),  # care elsewhere beyond the budget
    ],
)
def test_a59_surplus_and_deficit_by_bands(own: int, outside: int, kept: int, borne: int, payment: int) -> None:
    found = pay(TERMS, contract(own_amt=own, outside_amt=outside))
    assert (found.surplus_institution, found.deficit_institution, found.payment) == (kept, borne, payment)


@pytest.mark.parametrize(
    ("changes", "payment"),
    [
        ({"outside_rate": 0}, 360_000_00),  # care elsewhere is the fund's
        ({"outside_rate": 500_000}, 355_000_00),
        ({"surplus_bands": NONE}, 340_000_00),  # nothing kept
        ({"surplus_bands": (ShareBand(0, 700_000),)}, 347_000_00),  # a plain share
    ],
)
def test_a59_what_places_vary(changes: dict[str, Any], payment: int) -> None:
    assert pay(attrs.evolve(TERMS, **changes), contract()).payment == payment


def test_p14_p18_conditions_are_known_by_disease() -> None:
    assert [condition_of(TERMS, code) for code in ("E11.900", "N18.500", "B18.200", "A00.000")] == [0, 1, 2, None]
    assert [pay(TERMS, contract(condition=at)).head_standard for at in range(3)] == [3_600_00, 62_000_00, 11_500_50]


def test_a_budget_is_rounded_once() -> None:
    """1 x 11,500.50 x 1.0001 x 7/12 = 6,709.2958..., which is 6,709.30."""
    assert heads(1, 11_500_50, 10_001, 7) == oracle.budget(1, 11_500_50, Fraction(10_001, 10_000), 7) == 670_930
    assert heads(1, 6, 10_000, 1) == 1  # half a fen goes up
    assert heads(1, 5, 10_000, 1) == 0


# ---- consortium ------------------------------------------------------------------------------------------------------

consortiums = st.builds(
    ConsortiumTerms,
    standard=st.integers(1, 10**6),
    outside_rate=rates,
    quality_steps=st.sampled_from((GROUP.quality_steps, (QualityStep(0, 9_500),))),
    quality_on=st.sampled_from(("budget", "surplus")),
    surplus_bands=bands,
    deficit_bands=bands,
    surplus_by=st.just("enrolled"),
    deficit_by=st.just("own_amt"),
)
years: st.SearchStrategy[ConsortiumYear[int]] = st.builds(
    ConsortiumYear,
    enrolled=st.integers(0, 2_000),
    risk_factor=st.integers(1, 20_000),
    months=st.integers(0, 12),
    quality_score=st.sampled_from((0, 79_9999, 80_0000, 80_0001, 90_0000, 100_0000)),
    own_amt=st.integers(0, 10**9),
    outside_amt=st.integers(0, 10**9),
)


@many
@given(consortiums, st.lists(years, min_size=1, max_size=4))
def test_p19_ints_columns_traces_and_the_oracle_agree(terms: ConsortiumTerms, rows: list[ConsortiumYear[int]]) -> None:
    words = {
        **in_words(terms),
        "standard": terms.standard,
        "quality_on": terms.quality_on,
        "quality_steps": [(each.from_score, Fraction(each.factor, 10_000)) for each in terms.quality_steps],
    }
    batch = pay_consortium(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay_consortium(terms, row)
        assert attrs.asdict(one) == found
        assert pay_consortium(terms, as_traced(row)) == one
        expected = oracle.consortium(words, {**attrs.asdict(row), "risk_factor": Fraction(row.risk_factor, 10_000)})
        expected["quality_factor"] *= 10_000
        names = {"kept": "surplus_members", "borne": "deficit_members"}
        agrees(found, {names.get(key, key): each for key, each in expected.items()})
        assert one.payment + one.outside_charged + one.surplus_fund - one.deficit_fund == one.standard


@pytest.mark.parametrize(
    ("score", "on", "factor", "standard", "kept", "payment"),
    [
        (90_0000, "surplus", 10_000, 850_000_00, 60_000_00, 760_000_00),
        (89_9999, "surplus", 9_000, 850_000_00, 54_000_00, 754_000_00),
        (79_9999, "surplus", 6_000, 850_000_00, 36_000_00, 736_000_00),
        (90_0000, "budget", 10_000, 850_000_00, 60_000_00, 760_000_00),
        (80_0000, "budget", 9_000, 765_000_00, 0, 675_000_00),
    ],
)
def test_p19_quality_on_the_surplus_or_on_the_budget(
    score: int, on: str, factor: int, standard: int, kept: int, payment: int
) -> None:
    """850,000 for 1,000 heads, 90% of 100,000 outside charged, 700,000 spent."""
    found = pay_consortium(attrs.evolve(GROUP, quality_on=on), year(quality_score=score))
    assert (found.quality_factor, found.standard, found.surplus_members, found.payment) == (
        factor,
        standard,
        kept,
        payment,
    )


MEMBERS = (Member("H3", 200, 100_000_00, 1), Member("H1", 500, 400_000_00, 1), Member("H2", 300, 200_000_00, 1))


@pytest.mark.parametrize(
    ("by", "parts"),
    [
        ("enrolled", [30_000_00, 18_000_00, 12_000_00]),
        ("own_amt", [34_285_71, 17_142_86, 8_571_43]),
        ("agreed", [20_000_00, 20_000_00, 20_000_00]),
    ],
)
def test_p19_members_share_a_surplus_to_the_fen(by: str, parts: list[int]) -> None:
    paid = pay_consortium(GROUP, year())
    found = share_out(attrs.evolve(GROUP, surplus_by=by), paid, MEMBERS)
    assert [each.fixmedins_code for each in found] == ["H1", "H2", "H3"]
    assert [each.surplus for each in found] == parts
    assert sum(each.payment for each in found) == paid.payment == 760_000_00
    assert share_out(attrs.evolve(GROUP, surplus_by=by), paid, MEMBERS[::-1]) == found


def test_p19_members_share_a_deficit_to_the_fen_and_ties_go_by_code() -> None:
    paid = pay_consortium(GROUP, year(outside_amt=200_000_01))  # 180,000.01 charged, 30,000.01 short
    found = share_out(attrs.evolve(GROUP, deficit_by="agreed"), paid, MEMBERS)
    assert [each.deficit for each in found] == [10_000_01, 10_000_00, 10_000_00]
    assert sum(each.payment for each in found) == paid.payment


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: pay(TERMS, contract(months=13)),
            InputError,
            "months go to 12, the year of the standard; got 13",
        ),
        (
            lambda: pay(TERMS, as_columns([contract(), contract(risk_factor=0)])),
            InputError,
            "row 1: risk_factor is 0; a factor is above 0, and 1 where it changes nothing",
        ),
        (
            lambda: pay_consortium(GROUP, year(risk_factor=0)),
            InputError,
            "risk_factor is 0; a factor is above 0, and 1 where it changes nothing",
        ),
        (
            lambda: pay(TERMS, as_columns([contract(), contract(own_amt=-5)])),
            InputError,
            "Contract.own_amt: row 1: -5 is outside 0 to 1000000000000; the field is cost at the institution, "
            "as the fund's share, in fen",
        ),
        (lambda: pay(TERMS, contract(condition=3)), AmountError, "lookup: code 3 is outside condition (0 to 2)"),
        (
            lambda: heads(10**7, 10**12, 10_000, 1),
            InputError,
            "enrolled x standard goes beyond what stays exact; check both, or pay by smaller groups",
        ),
        (
            lambda: heads(10**7, 10**6, 10_000, 12),
            InputError,
            "a budget of 10000000000000 fen is beyond 1000000000000; pay by smaller groups",
        ),
        (
            lambda: condition_of(TERMS, 3),  # type: ignore[arg-type]
            CodeError,
            "codes are strings and keep their leading zeros, got 3",
        ),
        (
            lambda: attrs.evolve(TERMS, surplus_bands=(ShareBand(1, 0),)),
            InputError,
            "surplus_bands must begin at 0 of the budget, got [1]; one band from 0 is a plain share",
        ),
        (
            lambda: attrs.evolve(TERMS, deficit_bands=(ShareBand(0, 0), ShareBand(0, 1))),
            InputError,
            "deficit_bands must ascend, got [0, 0]",
        ),
        (lambda: HeadStandard("", 1), InputError, "condition is empty; a condition has a name"),
        (
            lambda: HeadStandard("x", 0),
            InputError,
            "standard is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: attrs.evolve(GROUP, quality_steps=(QualityStep(1, 1),)),
            InputError,
            "quality_steps must begin at a score of 0 and ascend, got [1]",
        ),
        (
            lambda: attrs.evolve(GROUP, quality_steps=(QualityStep(0, 10_001),)),
            InputError,
            "a quality factor on the surplus is at most 1: more than the surplus cannot be kept",
        ),
        (
            lambda: share_out(GROUP, pay_consortium(GROUP, year()), MEMBERS[:1] * 2),
            InputError,
            "a member stands twice in H3, H3",
        ),
        (
            lambda: share_out(GROUP, pay_consortium(GROUP, year()), MEMBERS[:2]),
            InputError,
            "the members' own cost comes to 50000000 fen, that of the consortium is 70000000",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["capitation"]
    terms: CapitationTerms = policy.build("capitation", version)
    # 62,000 x 10 x 1.2 = 744,000, 44,000 left: within a tenth, all kept
    found = pay(terms, contract(condition=1, enrolled=10, risk_factor=12_000, own_amt=700_000_00, outside_amt=0))
    assert (found.standard, found.surplus_institution, found.payment) == (744_000_00, 44_000_00, 744_000_00)


def test_labels() -> None:
    records = (HeadStandard, ShareBand, QualityStep)
    check_labels(CapitationTerms, Contract, Capitation, ConsortiumTerms, ConsortiumYear, Consortium, Shared, *records)
    assert shared(0, 0, ALL) == Shared(0, 0, 0)
