"""Services and drugs paid apart: each part by a rule of its own, against the oracle."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.errors import InputError, MipolicyError
from mipolicy.money import NO_LIMIT
from mipolicy.payment.services_drugs import PART, WAYS, Parted, PartedBill, ServicesDrugsTerms, pay
from mipolicy.tables import Table
from tests.oracles import priced as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import as_columns, as_rows, as_traced, rates, shares

many = settings(max_examples=100, deadline=None)
NONE = int(NO_LIMIT)


def terms_of(ways: tuple[int, int], standards: tuple[int, int], shared: tuple[int, int]) -> ServicesDrugsTerms:
    return ServicesDrugsTerms(Table((PART,), ways), Table((PART,), standards), Table((PART,), shared))


APART = terms_of((1, 2), (120_00, 95_50), (800_000, 700_000))
"""Services at 120 a case, 80% of it; drugs up to 95.50, 70% of it."""


@st.composite
def all_terms(draw: DrawFn) -> ServicesDrugsTerms:
    ways = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    one, other = (NONE if way == 0 else draw(st.integers(0, 10**6)) for way in ways)
    return terms_of(ways, (one, other), draw(st.tuples(rates, rates)))


bills: st.SearchStrategy[PartedBill[int]] = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
    lambda parts: PartedBill(sum(parts), parts[1])
)


@many
@given(all_terms(), st.lists(bills, min_size=1, max_size=5))
def test_p21_ints_columns_traces_and_the_oracle_agree(terms: ServicesDrugsTerms, rows: list[PartedBill[int]]) -> None:
    rules = [
        (WAYS[terms.way.values[at]], terms.standard.values[at], shares(terms.fund_rate)[PART.members[at]])
        for at in (0, 1)
    ]
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        parts = oracle.parted(rules, (row.medfee_sumamt - row.drug_amt, row.drug_amt))
        assert [(one.service_standard, one.service_payment), (one.drug_standard, one.drug_payment)] == parts
        assert one.service_amt + one.drug_amt == row.medfee_sumamt
        assert (one.standard, one.payment) == (sum(each for each, _ in parts), sum(each for _, each in parts))


def test_p21_every_step_of_a_bill_in_two_parts() -> None:
    assert pay(APART, PartedBill(300_00, 100_00)) == Parted(
        service_amt=200_00,
        service_standard=120_00,
        service_payment=96_00,
        drug_amt=100_00,
        drug_standard=95_50,
        drug_payment=66_85,
        standard=215_50,
        payment=162_85,
    )


@pytest.mark.parametrize(("drugs", "counted"), [(95_49, 95_49), (95_50, 95_50), (95_51, 95_50)])
def test_p21_drugs_up_to_their_standard_a_fen_either_side(drugs: int, counted: int) -> None:
    assert pay(APART, PartedBill(200_00, drugs)).drug_standard == counted


def test_p21_services_per_case_or_all_by_item() -> None:
    """One place pays services by item and drugs by a standard; another both by item: the split moves no money."""
    by_item = terms_of((0, 0), (NONE, NONE), (800_000, 800_000))
    mixed = terms_of((0, 1), (NONE, 50_00), (750_000, 1_000_000))
    assert pay(by_item, PartedBill(300_00, 100_00)).payment == 240_00
    assert pay(mixed, PartedBill(300_00, 100_00)).payment == 150_00 + 50_00


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: pay(APART, as_columns([PartedBill(1, 1), PartedBill(1, 2)])),
            InputError,
            "row 1: drug_amt is 2 fen, more than the total cost; correct whichever is wrong",
        ),
        (
            lambda: pay(APART, PartedBill(1, -1)),
            InputError,
            "PartedBill.drug_amt: -1 is outside 0 to 1000000000000; the field is cost of drugs, in fen",
        ),
        (
            lambda: terms_of((0, 0), (1, NONE), (0, 0)),
            InputError,
            "standard.service is none where service is paid by item, and an amount elsewhere",
        ),
        (
            lambda: terms_of((0, 2), (NONE, NONE), (0, 0)),
            InputError,
            "standard.drug is none where drug is paid by item, and an amount elsewhere",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["services_drugs"]
    assert pay(policy.build("services_drugs", version), PartedBill(300_00, 100_00)).payment == 162_85


def test_labels() -> None:
    check_labels(ServicesDrugsTerms, PartedBill, Parted)
