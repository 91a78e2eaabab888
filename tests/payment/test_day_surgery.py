"""Day surgery: one price in the city; tests folded in, against a slow reading; documents; prices that differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.calendar import NO_DAY
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.axes import POOL
from mipolicy.payment.day_surgery import (
    DayStays,
    DaySurgeryCase,
    DaySurgeryTerms,
    OperationPrice,
    OutpatientTests,
    Upload,
    Uploaded,
    fold,
    pay,
    settleable,
)
from mipolicy.payment.dispersion import Dispersion, PricesPaid, dispersion, prices_paid
from mipolicy.payment.price import FUND_BASES, Priced
from mipolicy.tables import Table
from tests.oracles import priced as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import agrees, amounts, as_columns, as_rows, as_traced, flags, rates, shares, tables

many = settings(max_examples=100, deadline=None)

TERMS = DaySurgeryTerms(
    operations=(OperationPrice("13.4100", 4_500_00), OperationPrice("51.2300", 9_800_00)),
    fund_basis="share_of_price",
    fund_rate=Table.same(750_000, LEVEL, POOL),
    floor_at_zero=1,
    preoperative_days=7,
    admission_day_folds=1,
    same_institution=1,
    documents=("fee_details", "operation_record"),
    upload_days=3,
)


def terms_with(**changes: Any) -> DaySurgeryTerms:
    return attrs.evolve(TERMS, **changes)


def case(**changes: int) -> DaySurgeryCase[int]:
    plain: DaySurgeryCase[int] = DaySurgeryCase(
        operation=0,
        level=0,
        pool=0,
        day_surgery_accepted=1,
        medfee_sumamt=4_000_00,
        psn_part_amt=1_125_00,
        other_pay=0,
    )
    return attrs.evolve(plain, **changes)


all_terms = st.builds(
    DaySurgeryTerms,
    operations=st.just(TERMS.operations),
    fund_basis=st.sampled_from(FUND_BASES),
    fund_rate=tables((LEVEL, POOL), rates),
    floor_at_zero=flags,
    preoperative_days=st.integers(0, 10),
    admission_day_folds=flags,
    same_institution=flags,
    documents=st.just(TERMS.documents),
    upload_days=st.just(3),
)
cases: st.SearchStrategy[DaySurgeryCase[int]] = st.builds(
    DaySurgeryCase,
    operation=flags,
    level=st.integers(0, 4),
    pool=flags,
    day_surgery_accepted=st.just(1),
    medfee_sumamt=st.one_of(amounts, st.sampled_from((4_499_99, 4_500_00, 4_500_01))),
    psn_part_amt=amounts,
    other_pay=st.one_of(st.just(0), amounts),
)


@many
@given(all_terms, st.lists(cases, min_size=1, max_size=5))
def test_ints_columns_traces_and_the_oracle_agree(terms: DaySurgeryTerms, rows: list[DaySurgeryCase[int]]) -> None:
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        words = {"fund_basis": terms.fund_basis, "floor_at_zero": terms.floor_at_zero}
        price = terms.operations[row.operation].price
        rate = shares(terms.fund_rate)[LEVEL.members[row.level], POOL.members[row.pool]]
        expected = {"standard": price, "fund_rate": rate, **oracle.fund(words, price, rate, attrs.asdict(row))}
        agrees(found, expected, rates_of=("fund_rate",))


def test_p09_every_step() -> None:
    assert pay(TERMS, case()) == Priced(
        standard=4_500_00, fund_rate=750_000, fund_part=3_375_00, institution_part=-500_00, payment=3_375_00
    )


def test_p09_a60_one_price_in_the_whole_city_and_the_share_may_differ() -> None:
    levels = as_columns([case(level=at, operation=1) for at in range(5)])
    found = pay(TERMS, levels)
    assert (found.standard.tolist(), found.payment.tolist()) == ([9_800_00] * 5, [7_350_00] * 5)
    by_level = Table((LEVEL, POOL), (600_000, 500_000, *[800_000] * 8))
    assert pay(terms_with(fund_rate=by_level), levels).payment.tolist() == [5_880_00, *[7_840_00] * 4]
    assert pay(terms_with(fund_basis="price_less_patient"), case()).payment == 3_375_00


def test_p09_the_price_of_a_case_is_that_of_its_version() -> None:
    later = terms_with(operations=(OperationPrice("13.4100", 4_200_00), *TERMS.operations[1:]))
    assert (pay(TERMS, case()).standard, pay(later, case()).standard) == (4_500_00, 4_200_00)


# ---- tests before the operation --------------------------------------------------------------------------------------


def columns(*rows: tuple[int, int, int, int]) -> tuple[Any, ...]:
    found = np.array(rows, np.int64).reshape(-1, 4)
    return tuple(found[:, at].copy() for at in range(4))


def test_tests_within_the_days_fold_into_the_next_stay() -> None:
    """Person 0 goes in on day 100 and 105; bills on 92 to 105 by turns, one at another institution."""
    stays = DayStays(*columns((0, 0, 105, 9_00), (0, 0, 100, 7_00), (1, 0, 100, 5_00)))
    bills = OutpatientTests(
        *columns(
            (0, 0, 92, 1),
            (0, 0, 93, 2),
            (0, 0, 100, 4),
            (0, 0, 101, 8),
            (0, 0, 106, 16),
            (0, 1, 99, 32),
            (2, 0, 99, 64),
        )
    )
    found = fold(TERMS, stays, bills)
    assert found.stay.tolist() == [-1, 1, 1, 0, -1, -1, -1]
    assert found.reversals.tolist() == [1, 2, 3]
    assert found.folded_amt.tolist() == [8, 6, 0]
    assert found.joined_amt.tolist() == [9_08, 7_06, 5_00]
    anywhere = fold(terms_with(same_institution=0), stays, bills)
    assert anywhere.stay.tolist() == [-1, 1, 1, 0, -1, 1, -1]
    before = fold(terms_with(admission_day_folds=0), stays, bills)
    assert before.stay.tolist() == [-1, 1, 0, 0, -1, -1, -1]


stay_rows = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-3, 12), st.integers(0, 100))


@many
@given(all_terms, st.lists(stay_rows, max_size=6), st.lists(stay_rows, max_size=10))
def test_folding_against_a_slow_reading(
    terms: DaySurgeryTerms, stays: list[tuple[int, int, int, int]], bills: list[tuple[int, int, int, int]]
) -> None:
    found = fold(terms, DayStays(*columns(*stays)), OutpatientTests(*columns(*bills)))
    expected = []
    for person, place, day, _ in bills:
        ahead = [
            (begins, row)
            for row, (who, where, begins, _) in enumerate(stays)
            if who == person
            and (where == place or not terms.same_institution)
            and (begins >= day if terms.admission_day_folds else begins > day)
        ]
        begins, row = min(ahead, default=(0, -1))
        expected.append(row if row >= 0 and begins - day <= terms.preoperative_days else -1)
    assert found.stay.tolist() == expected
    assert found.reversals.tolist() == [at for at, row in enumerate(expected) if row >= 0]
    folded = sum(bills[at][3] for at in found.reversals.tolist())
    assert int(found.folded_amt.sum()) == folded
    assert int(found.joined_amt.sum()) == folded + sum(each[3] for each in stays)


# ---- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "fees", "record", "days", "missing", "direct"),
    [
        (1, 1, 1, 3, (), 1),
        (1, 1, 1, 4, (), 0),
        (1, 0, 1, 0, ("fee_details",), 0),
        (1, 0, 0, 0, ("fee_details", "operation_record"), 0),
        (0, 1, 1, 0, (), 0),
    ],
)
def test_p10_settleable_or_not_and_what_is_missing(
    accepted: int, fees: int, record: int, days: int, missing: tuple[str, ...], direct: int
) -> None:
    documents = {"operation_record": record, "fee_details": fees}
    found = settleable(TERMS, Upload(accepted, days, documents))
    assert (found.missing_names(), found.settleable) == (missing, direct)
    assert (found.complete, found.in_time) == (int(not missing), int(days <= 3))
    two = {name: np.array([1, flag]) for name, flag in documents.items()}
    batch = settleable(TERMS, Upload(np.array([1, accepted]), np.array([0, days]), two))
    assert batch.settleable.tolist() == [1, direct]
    assert (batch.missing_names(0), batch.missing_names(1)) == ((), missing)


def test_p10_a_place_that_asks_for_nothing_but_acceptance() -> None:
    plain = terms_with(documents=())
    assert [settleable(plain, Upload(each, 0, {})).settleable for each in (0, 1)] == [0, 1]


# ---- prices that differ ----------------------------------------------------------------------------------------------


def test_p09_institutions_that_were_paid_another_price() -> None:
    operation, institution = np.array([0, 0, 0, 1, 0]), np.array([0, 1, 1, 0, 2])
    price = np.array([4_500_00, 4_500_00, 4_400_00, 9_800_00, 4_600_00])
    paid = prices_paid(operation, institution, price, ("13.4100", "51.2300"), ("H1", "H2", "H3"))
    listed = {each.oprn_oprt_code: each.price for each in TERMS.operations}
    assert dispersion(paid, listed) == (
        Dispersion("13.4100", 4_500_00, 3, 4, 4_400_00, 4_600_00, 200_00, ("H2", "H3")),
        Dispersion("51.2300", 9_800_00, 1, 1, 9_800_00, 9_800_00, 0, ()),
    )


@many
@given(st.lists(st.tuples(flags, flags, st.integers(1, 5)), max_size=12), st.integers(0, 12))
def test_prices_read_in_parts_are_the_same(rows: list[tuple[int, int, int]], cut: int) -> None:
    def of(part: list[tuple[int, int, int]]) -> PricesPaid:
        found = np.array(part, np.int64).reshape(-1, 3)
        return prices_paid(found[:, 0], found[:, 1], found[:, 2], ("A", "B"), ("H1", "H2"))

    assert of(rows[:cut]) + of(rows[cut:]) == of(rows[cut:]) + of(rows[:cut]) == of(rows)


# ---- bad input -------------------------------------------------------------------------------------------------------

ONE = columns((0, 0, 5, 1))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: pay(TERMS, as_columns([case(), case(day_surgery_accepted=0)])),
            InputError,
            "row 1: the institution is not accepted for day surgery; pay the stay by its own method",
        ),
        (lambda: pay(TERMS, case(operation=2)), AmountError, "lookup: code 2 is outside operation (0 to 1)"),
        (
            lambda: OperationPrice("13.4100", 0),
            InputError,
            "price is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (lambda: OperationPrice("", 1), InputError, "oprn_oprt_code is empty; a listed operation has a code"),
        (
            lambda: fold(TERMS, DayStays(*ONE), OutpatientTests(*columns((0, 0, 5, -1)))),
            InputError,
            "bills: row 0: medfee_sumamt is -1, allowed is 0 to 1000000000000; correct it, and leave reversals out "
            "with their cases",
        ),
        (
            lambda: fold(TERMS, DayStays(*columns((0, 0, NO_DAY, 1))), OutpatientTests(*ONE)),
            InputError,
            "row 0: the stay has no day that care can have; complete the record",
        ),
        (
            lambda: settleable(TERMS, Upload(1, 0, {"fee_details": 1, "consent": 1})),
            InputError,
            "documents: nothing said of operation_record, not asked for: consent; "
            "the terms ask for fee_details, operation_record",
        ),
        (
            lambda: settleable(TERMS, Upload(1, 0, {"fee_details": 1, "operation_record": 2})),
            InputError,
            "Document.uploaded: 2 is outside 0 to 1; the field is uploaded, in flag",
        ),
        (
            lambda: dispersion(prices_paid(ONE[0], ONE[1], ONE[2], ("Z",), ("H",)), {"A": 1}),
            InputError,
            "operation Z was paid but is not listed; listed: A",
        ),
        (
            lambda: prices_paid(ONE[3], ONE[1], ONE[2], ("Z",), ("H",)),
            CodeError,
            "prices paid: row 0: operation is 1, allowed is 0 to 0; it numbers the names given",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["day_surgery"]
    terms: DaySurgeryTerms = policy.build("day_surgery", version)
    hernia = terms.operation.position("53.0000")
    assert {pay(terms, case(operation=hernia, level=at)).payment for at in range(5)} == {4_650_38}


def test_labels() -> None:
    check_labels(DaySurgeryTerms, OperationPrice, DaySurgeryCase, Priced, Upload, Uploaded)
