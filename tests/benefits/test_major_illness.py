"""Major illness and large cost: increments of the year's total; bands gross or on the excess; the tilt by class."""

from __future__ import annotations

import datetime

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.benefits.major_illness import MajorIllness, MajorIllnessTerms, settle
from mipolicy.errors import AmountError
from mipolicy.money import MAX_FEN
from mipolicy.policy.kinds import BandsKind, ChoiceKind, TableKind
from mipolicy.tables import Bands, Table
from tests.ladders import (
    NONE,
    by_class,
    case_in_words,
    cases,
    layer_terms_in_words,
    major_illness_terms,
    rows_of,
    same_for_all,
    sizes,
)
from tests.oracles import ladder as oracle
from tests.strategies import agrees, as_columns, as_traced

many = settings(max_examples=100, deadline=None)
drawn = major_illness_terms().flatmap(lambda terms: st.tuples(st.just(terms), cases(terms)))

# A09: above the deductible, one band of 60% for everybody
FLAT = MajorIllnessTerms(
    deductible=by_class(15_000_00),
    band_basis="excess",
    bands=same_for_all(600_000),
    ceiling=by_class(NONE),
)
# 60% to 50,000, 65% to 100,000, 75% above; people in hardship: half the deductible, 5 points more, no limit
TILTED = MajorIllnessTerms(
    deductible=by_class(15_000_00, 7_500_00),
    band_basis="excess",
    bands=Bands(
        (0, 50_000_00, 100_000_00),
        (by_class(600_000, 650_000), by_class(650_000, 700_000), by_class(750_000, 800_000)),
    ),
    ceiling=by_class(300_000_00, NONE),
)


def case(base: int, before: int = 0, hardship: str = "none") -> LayerCase[int]:
    return LayerCase(base, before, 0, HARDSHIP.position(hardship))


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(major_illness_terms())
    rows = data.draw(st.lists(cases(terms), min_size=1, max_size=5))
    words = layer_terms_in_words(terms)
    together = rows_of(settle(terms, as_columns(rows)), len(rows))
    for row, of_column in zip(rows, together, strict=True):
        alone = attrs.asdict(settle(terms, row))
        assert of_column == alone
        assert attrs.asdict(settle(terms, as_traced(row))) == alone
        agrees(alone, oracle.major_illness(words, case_in_words(row)))


def test_an_empty_table_gives_an_empty_outcome() -> None:
    empty = LayerCase(*[np.zeros(0, np.int64)] * 4)
    assert settle(TILTED, empty).pay.tolist() == []


# --------------------------------------------------------------------------------------------------------------- laws


@many
@given(drawn)
def test_it_pays_at_least_nothing_and_at_most_what_it_is_given(drawn: tuple[MajorIllnessTerms, LayerCase[int]]) -> None:
    terms, given_case = drawn
    found = settle(terms, given_case)
    assert 0 <= found.pay <= given_case.base
    assert found.due_after <= found.ceiling
    assert found.due_after <= max(0, found.base_after - found.deductible)


@many
@given(major_illness_terms(), st.lists(sizes, min_size=1, max_size=8), st.integers(0, len(HARDSHIP.members) - 1))
def test_any_split_of_the_year_pays_what_the_year_s_total_does(
    terms: MajorIllnessTerms, bills: list[int], hardship: int
) -> None:
    total = sum(bills)
    before, paid = 0, 0
    for base in bills:
        paid += settle(terms, LayerCase(base, before, paid, hardship)).pay
        before += base
    whole = settle(terms, LayerCase(total, 0, 0, hardship))
    assert paid == whole.pay == whole.due_after
    assert paid == oracle.due(layer_terms_in_words(terms), HARDSHIP.members[hardship], total)


@many
@given(drawn, st.one_of(st.integers(0, 20), sizes))
def test_more_cost_never_pays_less_and_never_more_than_the_more(
    drawn: tuple[MajorIllnessTerms, LayerCase[int]], more: int
) -> None:
    terms, given_case = drawn
    paid = settle(terms, given_case).pay
    dearer = settle(terms, attrs.evolve(given_case, base=given_case.base + more)).pay
    assert paid <= dearer <= paid + more


@many
@given(major_illness_terms(monotone=True), sizes, st.integers(0, 4))
def test_b25_a_poorer_class_is_never_paid_less_for_the_year(
    terms: MajorIllnessTerms, total: int, hardship: int
) -> None:
    assert (
        settle(terms, LayerCase(total, 0, 0, hardship)).pay <= settle(terms, LayerCase(total, 0, 0, hardship + 1)).pay
    )


@many
@given(major_illness_terms(), sizes)
def test_without_a_deductible_both_band_bases_are_the_same(terms: MajorIllnessTerms, total: int) -> None:
    of = attrs.evolve(terms, deductible=by_class(0))
    pays = [settle(attrs.evolve(of, band_basis=basis), case(total)).pay for basis in ("gross", "excess")]
    assert pays[0] == pays[1]


@many
@given(drawn)
def test_what_was_paid_before_is_not_looked_at(drawn: tuple[MajorIllnessTerms, LayerCase[int]]) -> None:
    """The year's total says what is due on it: the ceiling is on the total too."""
    terms, given_case = drawn
    assert settle(terms, given_case) == settle(terms, attrs.evolve(given_case, paid_before=0))


# ------------------------------------------------------------------------------------------------------------- worked


@pytest.mark.parametrize(
    ("base", "before", "pay"),
    [
        (15_000_00, 0, 0),
        (15_000_01, 0, 1),  # 0.6 of a fen
        (25_000_00, 0, 6_000_00),
        (10_000_00, 10_000_00, 3_000_00),  # 5,000 fill the deductible
        (10_000_00, 40_000_00, 6_000_00),
        (0, 40_000_00, 0),
    ],
)
def test_b16_60_percent_in_one_band_above_the_deductible(base: int, before: int, pay: int) -> None:
    """天津 2021 一(一): 政策范围内支付比例提高至60%; reading A09."""
    assert settle(FLAT, case(base, before)).pay == pay


def test_every_step_of_a_bill() -> None:
    # 30,000 before; 90,000 now: 120,000, less 15,000; 60% of 50,000, 65% of 50,000, 75% of 5,000
    assert settle(TILTED, case(90_000_00, 30_000_00)) == MajorIllness(
        base_after=120_000_00,
        deductible=15_000_00,
        ceiling=300_000_00,
        due_after=66_250_00,
        due_before=9_000_00,
        pay=57_250_00,
    )


@pytest.mark.parametrize(
    ("basis", "pays"),
    [
        # 60% of 25,000; then 30,000 + 32,500 + 3,750 less 15,000
        ("excess", (15_000_00, 51_250_00)),
        # 15,000 to 40,000 at 60%; then to 50,000 at 60%, 50,000 at 65%, 20,000 at 75%
        ("gross", (15_000_00, 6_000_00 + 32_500_00 + 15_000_00)),
    ],
)
def test_bands_on_the_whole_amount_or_on_the_excess(basis: str, pays: tuple[int, int]) -> None:
    terms = attrs.evolve(TILTED, band_basis=basis)
    assert (settle(terms, case(40_000_00)).pay, settle(terms, case(80_000_00, 40_000_00)).pay) == pays


@pytest.mark.parametrize(
    ("hardship", "base", "pay"),
    [
        ("none", 30_000_00, 9_000_00),  # 60% of 15,000
        ("minimum_living", 30_000_00, 14_625_00),  # 65% of 22,500
        ("extremely_poor", 10_000_00, 1_625_00),
        # none: 30,000 + 32,500 + 75% of 485,000 = 426,250, limited; else 32,500 + 35,000 + 80% of 492,500
        ("none", 600_000_00, 300_000_00),
        ("monitored", 600_000_00, 461_500_00),
    ],
)
def test_b25_deductible_rate_and_limit_by_class(hardship: str, base: int, pay: int) -> None:
    assert settle(TILTED, case(base, hardship=hardship)).pay == pay


def test_b25_a_class_taken_up_within_the_year_is_paid_by_its_own_terms_from_then_on() -> None:
    """Both totals are taken under the class of the bill: what was paid before stays, and is not made up for."""
    assert settle(TILTED, case(20_000_00)).pay == 3_000_00
    # 65% of 32,500 less 65% of 12,500
    assert settle(TILTED, case(20_000_00, 20_000_00, "minimum_living")).pay == 13_000_00


def test_the_limit_of_the_year_over_two_bills() -> None:
    first, second = settle(TILTED, case(400_000_00)), settle(TILTED, case(200_000_00, 400_000_00))
    assert (first.pay, second.pay) == (276_250_00, 23_750_00)
    assert settle(TILTED, case(10_000_00, 600_000_00)).pay == 0


def test_rounded_on_the_total_and_not_on_each_bill() -> None:
    """Ten bills of one fen at 55%: 5.5 fen, 6; each for itself would come to 10."""
    terms = MajorIllnessTerms(by_class(0), "excess", same_for_all(550_000), by_class(NONE))
    pays = [settle(terms, case(1, before)).pay for before in range(10)]
    assert pays == [1, 0, 1, 0, 1, 0, 1, 0, 1, 1]
    assert sum(pays) == 6


def test_b26_large_cost_above_the_basic_ceiling() -> None:
    """天津 2021 三(一) 职工大额医疗费救助: 85% up to 100,000 above the ceiling, 90% beyond, 350,000 a year."""
    bands = Bands((0, 100_000_00), (Table.same(850_000, HARDSHIP), Table.same(900_000, HARDSHIP)))
    large = MajorIllnessTerms(by_class(0), "excess", bands, by_class(350_000_00))
    assert settle(large, case(60_000_00)).pay == 51_000_00
    assert settle(large, case(60_000_00, 60_000_00)).pay == 34_000_00 + 18_000_00
    assert settle(large, case(500_000_00)).pay == 350_000_00


def test_b56_employees_have_terms_of_their_own() -> None:
    """天津 2021 一(一) 建立职工大病保险制度: the assumed pack's, 50% to 50,000 and 60% above, beyond 20,000."""
    policy = mipolicy.load("assumed")
    employee, resident = (
        policy.terms(MajorIllnessTerms, on=datetime.date(2025, 3, 1), section=f"major_illness.{scheme}")
        for scheme in ("employee", "resident")
    )
    assert settle(employee, case(100_000_00)).pay == 25_000_00 + 18_000_00
    assert settle(resident, case(100_000_00)).pay == 21_000_00 + 32_500_00


# ------------------------------------------------------------------------------------------------------------- frames


@pytest.mark.parametrize("hardship", [-1, 6])
def test_an_unknown_class_is_refused(hardship: int) -> None:
    with pytest.raises(AmountError) as caught:
        settle(TILTED, LayerCase(1, 0, 0, hardship))
    assert str(caught.value) == f"lookup: code {hardship} is outside hardship (0 to 5)"


def test_a_year_beyond_the_largest_amount_is_refused() -> None:
    with pytest.raises(AmountError, match="banded: amount 1000000000001 is outside"):
        settle(attrs.evolve(FLAT, deductible=by_class(0)), case(1, int(MAX_FEN)))


def test_what_each_term_holds() -> None:
    kinds = {each.name: each.metadata["kind"] for each in attrs.fields(MajorIllnessTerms)}
    assert kinds == {
        "deductible": TableKind("fen", (HARDSHIP,)),
        "band_basis": ChoiceKind(("gross", "excess")),
        "bands": BandsKind((HARDSHIP,)),
        "ceiling": TableKind("fen", (HARDSHIP,)),
    }
    assert all(
        each.metadata["zh"] and each.metadata["en"]
        for of in (MajorIllnessTerms, MajorIllness, LayerCase)
        for each in attrs.fields(of)
    )
