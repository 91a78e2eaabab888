"""Maternity care as institutions are paid for it: antenatal checks per head, deliveries by type."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.money import NO_LIMIT
from mipolicy.payment.axes import POOL
from mipolicy.payment.maternity import (
    DELIVERY,
    Antenatal,
    Delivery,
    DeliveryCase,
    Enrolment,
    MaternityPaymentTerms,
    antenatal,
    delivery,
)
from mipolicy.payment.price import FUND_BASES
from mipolicy.tables import Table
from tests.oracles import priced as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import agrees, amounts, as_columns, as_rows, as_traced, flags, in_words, rates, shares, tables

many = settings(max_examples=100, deadline=None)

TERMS = MaternityPaymentTerms(
    antenatal_standard=1_400_00,
    antenatal_unit="pregnancy",
    delivery_price=Table((DELIVERY, LEVEL), (4_200_00,) * 5 + (4_800_00,) * 5 + (8_600_00, *(7_200_00,) * 4)),
    further_child=800_00,
    fund_basis="actual_cost",
    fund_rate=Table.same(900_000, LEVEL, POOL),
    floor_at_zero=1,
)


def case(**changes: int) -> DeliveryCase[int]:
    plain: DeliveryCase[int] = DeliveryCase(
        delivery=2, level=0, pool=0, children=2, medfee_sumamt=9_000_00, psn_part_amt=500_00, other_pay=0
    )
    return attrs.evolve(plain, **changes)


all_terms = st.builds(
    MaternityPaymentTerms,
    antenatal_standard=st.integers(1, 10**6),
    antenatal_unit=st.sampled_from(("pregnancy", "month")),
    delivery_price=tables((DELIVERY, LEVEL), st.integers(1, 10**7)),
    further_child=st.integers(0, 10**5),
    fund_basis=st.sampled_from(FUND_BASES),
    fund_rate=tables((LEVEL, POOL), rates),
    floor_at_zero=flags,
)
cases: st.SearchStrategy[DeliveryCase[int]] = st.builds(
    DeliveryCase,
    delivery=st.integers(0, 2),
    level=st.integers(0, 4),
    pool=flags,
    children=st.integers(1, 4),
    medfee_sumamt=amounts,
    psn_part_amt=amounts,
    other_pay=st.one_of(st.just(0), amounts),
)


@many
@given(all_terms, st.lists(cases, min_size=1, max_size=5))
def test_ints_columns_traces_and_the_oracle_agree(terms: MaternityPaymentTerms, rows: list[DeliveryCase[int]]) -> None:
    batch = delivery(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = delivery(terms, row)
        assert attrs.asdict(one) == found
        assert delivery(terms, as_traced(row)) == one
        level = LEVEL.members[row.level]
        price = in_words(terms.delivery_price)[DELIVERY.members[row.delivery], level]
        more = (row.children - 1) * terms.further_child
        rate = shares(terms.fund_rate)[level, POOL.members[row.pool]]
        words = attrs.asdict(terms, recurse=False)
        expected: dict[str, Any] = {"price": price, "further_children": more, "standard": price + more}
        expected |= {"fund_rate": rate, **oracle.fund(words, price + more, rate, attrs.asdict(row))}
        agrees(found, expected, rates_of=("fund_rate",))


@many
@given(all_terms, st.lists(st.builds(Enrolment, st.integers(0, 10**5), st.integers(0, 10**5)), min_size=1, max_size=4))
def test_p24_heads_times_the_standard(terms: MaternityPaymentTerms, rows: list[Enrolment[int]]) -> None:
    for row, found in zip(rows, as_rows(antenatal(terms, as_columns(rows))), strict=True):
        heads = row.enrolled if terms.antenatal_unit == "pregnancy" else row.months
        whole = (
            sum(terms.antenatal_standard for _ in range(min(heads, 3))) + max(0, heads - 3) * terms.antenatal_standard
        )
        assert found == attrs.asdict(antenatal(terms, row)) == {"heads": heads, "standard": whole, "payment": whole}


def test_p24_every_step_of_a_caesarean_of_twins() -> None:
    """8,600 + 800; the cost of 9,000 lies below, and the woman pays 500."""
    assert delivery(TERMS, case()) == Delivery(
        price=8_600_00,
        further_children=800_00,
        standard=9_400_00,
        fund_rate=900_000,
        fund_part=8_500_00,
        institution_part=0,
        payment=8_500_00,
    )


@pytest.mark.parametrize(
    ("kind", "level", "basis", "payment"),
    [
        (0, 0, "share_of_price", 3_780_00),
        (1, 0, "share_of_price", 4_320_00),
        (2, 1, "share_of_price", 6_480_00),
        (2, 1, "price_less_patient", 6_700_00),
        (2, 1, "actual_cost", 6_700_00),
    ],
)
def test_p24_prices_by_type_and_ways_of_owing(kind: int, level: int, basis: str, payment: int) -> None:
    terms = attrs.evolve(TERMS, fund_basis=basis)
    assert delivery(terms, case(delivery=kind, level=level, children=1)).payment == payment


def test_p24_a_head_is_a_pregnancy_or_a_month_of_one() -> None:
    of = Enrolment(30, 210)
    assert antenatal(TERMS, of) == Antenatal(30, 42_000_00, 42_000_00)
    monthly = attrs.evolve(TERMS, antenatal_unit="month", antenatal_standard=180_50)
    assert antenatal(monthly, of).payment == 37_905_00


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: delivery(TERMS, as_columns([case(), case(children=0)])),
            InputError,
            "row 1: children is 0, allowed is 1 to 10; correct the record",
        ),
        (
            lambda: delivery(TERMS, case(delivery=3)),
            CodeError,
            "DeliveryCase.delivery: 3 is outside 0 to 2; codes of delivery: vaginal, assisted, caesarean, "
            "in this order from 0",
        ),
        (
            lambda: antenatal(TERMS, Enrolment(10_000_000)),
            InputError,
            "10000000 heads come to more than 1000000000000 fen; check the enrolment",
        ),
        (
            lambda: attrs.evolve(TERMS, antenatal_standard=0),
            InputError,
            "antenatal_standard is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: attrs.evolve(TERMS, delivery_price=Table.same(0, DELIVERY, LEVEL)),
            InputError,
            "delivery_price is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: attrs.evolve(TERMS, further_child=int(NO_LIMIT)),
            InputError,
            "further_child is an amount in yuan; it is not none",
        ),
        (
            lambda: delivery(TERMS, case(medfee_sumamt=1.5)),  # type: ignore[arg-type]
            AmountError,
            "DeliveryCase.medfee_sumamt: an amount must be int or an int64 column, got float 1.5",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["maternity_payment"]
    terms: MaternityPaymentTerms = policy.build("maternity_payment", version)
    assert delivery(terms, case(level=1, children=1)).standard == 7_200_00
    assert antenatal(terms, Enrolment(3)).payment == Fraction(3) * 1_400_00


def test_labels() -> None:
    check_labels(MaternityPaymentTerms, Enrolment, Antenatal, DeliveryCase, Delivery)
