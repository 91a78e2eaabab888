"""Medical assistance and its tilted second application: deductible, rate and limit of the year by hardship class."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.benefits.assistance import Assistance, AssistanceTerms, settle
from mipolicy.benefits.assistance_rate import assistance_rate
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.errors import AmountError
from mipolicy.policy.kinds import TableKind
from tests.ladders import (
    NONE,
    assistance_terms,
    by_class,
    case_in_words,
    cases,
    layer_terms_in_words,
    rows_of,
    sizes,
)
from tests.oracles import ladder as oracle
from tests.strategies import agrees, as_columns, as_traced

many = settings(max_examples=100, deadline=None)
drawn = assistance_terms().flatmap(lambda terms: st.tuples(st.just(terms), cases(terms)))

# nobody without a class; 60% above 3,000 to 60,000 a year; 70% from the first fen; all of it without limit
TERMS = AssistanceTerms(
    deductible=by_class(0, 3_000_00, 3_000_00, 3_000_00, 0, 0),
    rate=by_class(0, 600_000, 600_000, 600_000, 700_000, 1_000_000),
    ceiling=by_class(0, 60_000_00, 60_000_00, 60_000_00, 60_000_00, NONE),
)


def case(base: int, hardship: str, before: int = 0, paid: int = 0) -> LayerCase[int]:
    return LayerCase(base, before, paid, HARDSHIP.position(hardship))


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(assistance_terms())
    rows = data.draw(st.lists(cases(terms), min_size=1, max_size=5))
    words = layer_terms_in_words(terms)
    together = rows_of(settle(terms, as_columns(rows)), len(rows))
    for row, of_column in zip(rows, together, strict=True):
        alone = attrs.asdict(settle(terms, row))
        assert of_column == alone
        assert attrs.asdict(settle(terms, as_traced(row))) == alone
        agrees(alone, oracle.assistance(words, case_in_words(row)), ["rate"])


def test_an_empty_table_gives_an_empty_outcome() -> None:
    assert settle(TERMS, LayerCase(*[np.zeros(0, np.int64)] * 4)).pay.tolist() == []


# --------------------------------------------------------------------------------------------------------------- laws


@many
@given(drawn)
def test_it_pays_at_least_nothing_and_stays_within_its_limits(drawn: tuple[AssistanceTerms, LayerCase[int]]) -> None:
    terms, given_case = drawn
    found = settle(terms, given_case)
    assert 0 <= found.pay <= found.payable <= given_case.base
    ceiling = terms.ceiling.values[given_case.hardship]
    if ceiling != NONE:
        assert found.pay + given_case.paid_before <= max(ceiling, given_case.paid_before)


@many
@given(assistance_terms(), st.lists(sizes, min_size=1, max_size=6), st.integers(0, len(HARDSHIP.members) - 1))
def test_the_year_takes_its_deductible_and_its_limit_once(
    terms: AssistanceTerms, bills: list[int], hardship: int
) -> None:
    before, paid, above = 0, 0, 0
    for base in bills:
        found = settle(terms, LayerCase(base, before, paid, hardship))
        before, paid, above = before + base, paid + found.pay, above + found.payable
    assert above == max(0, sum(bills) - terms.deductible.values[hardship])
    assert paid <= terms.ceiling.values[hardship]
    # each bill is rounded for itself: never further from the year's total than half a fen a bill
    whole = settle(terms, LayerCase(sum(bills), 0, 0, hardship)).pay
    assert 2 * abs(paid - whole) <= len(bills) + 1


@many
@given(drawn, st.one_of(st.integers(0, 20), sizes))
def test_more_cost_never_pays_less_and_never_more_than_the_more(
    drawn: tuple[AssistanceTerms, LayerCase[int]], more: int
) -> None:
    terms, given_case = drawn
    paid = settle(terms, given_case).pay
    assert paid <= settle(terms, attrs.evolve(given_case, base=given_case.base + more)).pay <= paid + more


@many
@given(assistance_terms(monotone=True), st.data())
def test_a_poorer_class_is_never_paid_less(terms: AssistanceTerms, data: st.DataObject) -> None:
    given_case = data.draw(cases(terms))
    poorer = attrs.evolve(given_case, hardship=min(given_case.hardship + 1, len(HARDSHIP.members) - 1))
    assert settle(terms, given_case).pay <= settle(terms, poorer).pay


# ------------------------------------------------------------------------------------------------------------- worked


def test_every_step_of_a_bill() -> None:
    # 1,000 before: 2,000 of the deductible are left; 60% of 8,000; 200 of the limit less than that
    assert settle(TERMS, case(10_000_00, "marginal", 1_000_00, 55_400_00)) == Assistance(
        deductible_left=2_000_00,
        payable=8_000_00,
        rate=600_000,
        before_limits=4_800_00,
        ceiling_left=4_600_00,
        pay=4_600_00,
    )


@pytest.mark.parametrize(
    ("base", "pay"),
    [(0, 0), (1, 1), (5, 4), (3_000_00, 2_100_00), (85_714_28, 60_000_00), (85_714_27, 59_999_99), (10**8, 60_000_00)],
)
def test_b27_70_percent_of_what_earlier_layers_left(base: int, pay: int) -> None:
    """天津 2021 二(三) 8, reading A11: 70% of in-scope personal money; 0.7 fen is 1, 3.5 is 4."""
    assert settle(TERMS, case(base, "minimum_living")).pay == pay


def test_b27_a11_a_rate_for_key_recipients_is_the_statistic_they_make() -> None:
    """Paid 70% of 3,000 left by the fund and major illness, the statistic of the bill is 70%."""
    pay = settle(TERMS, case(3_000_00, "minimum_living")).pay
    found = assistance_rate(
        key_recipient=1, inscp_scp_amt=10_000_00, hifp_pay=6_000_00, hifmi_pay=1_000_00, hifob_pay=0, maf_pay=pay
    )
    assert found.rate is not None
    assert (found.rate.numerator, found.rate.denominator) == (7, 10)


@pytest.mark.parametrize(
    ("hardship", "pay"),
    [
        ("none", 0),
        ("monitored", 4_200_00),
        ("marginal", 4_200_00),
        ("minimum_living", 7_000_00),
        ("extremely_poor", 10_000_00),
    ],
)
def test_by_class(hardship: str, pay: int) -> None:
    assert settle(TERMS, case(10_000_00, hardship)).pay == pay


def test_the_deductible_fills_over_the_year() -> None:
    first, second, third = (settle(TERMS, case(2_000_00, "marginal", before)) for before in (0, 2_000_00, 4_000_00))
    assert [each.pay for each in (first, second, third)] == [0, 600_00, 1_200_00]


def test_tilted_assistance_is_a_second_application_on_what_is_left() -> None:
    # 70% of 10,000 leaves 3,000; above 1,000 of its own, 50%
    again = AssistanceTerms(by_class(1_000_00), by_class(500_000), by_class(NONE))
    left = 10_000_00 - settle(TERMS, case(10_000_00, "minimum_living")).pay
    assert settle(again, case(left, "minimum_living")).pay == 1_000_00


# ------------------------------------------------------------------------------------------------------------- frames


@pytest.mark.parametrize("hardship", [-1, 6])
def test_an_unknown_class_is_refused(hardship: int) -> None:
    with pytest.raises(AmountError) as caught:
        settle(TERMS, LayerCase(1, 0, 0, hardship))
    assert str(caught.value) == f"lookup: code {hardship} is outside hardship (0 to 5)"


def test_what_each_term_holds() -> None:
    assert {each.name: each.metadata["kind"] for each in attrs.fields(AssistanceTerms)} == {
        "deductible": TableKind("fen", (HARDSHIP,)),
        "rate": TableKind("rate", (HARDSHIP,)),
        "ceiling": TableKind("fen", (HARDSHIP,)),
    }
    assert all(
        each.metadata["zh"] and each.metadata["en"] for of in (AssistanceTerms, Assistance) for each in attrs.fields(of)
    )
