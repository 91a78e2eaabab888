"""The patient under a fixed price: against the oracle; the price's laws; worked examples; the settlement record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import EMPLOYEE_STATUS
from mipolicy.benefits.fixed_price import (
    FUND_BASES,
    FixedPrice,
    FixedPriceTerms,
    PatientPart,
    PricedStay,
    record,
    settle,
)
from mipolicy.errors import AmountError, CodeError, IdentityError, InputError, MipolicyError
from mipolicy.explain.words import clauses_of
from mipolicy.money import NO_LIMIT, Column
from mipolicy.tables import Table
from tests.oracles import fixed_price as oracle
from tests.strategies import (
    MILLION,
    additions,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    flags,
    limit_or_none,
    limits,
    rates,
    shares,
    statuses,
    tables,
    taken,
)

many = settings(max_examples=100, deadline=None)

SIMPLE = FixedPriceTerms(
    patient_rate=Table.same(200_000, LEVEL, EMPLOYEE_STATUS),
    patient_basis="price",
    fund_basis="share_of_price",
    deductible_taken=0,
    split_counts=0,
    tcm_diseases=("C34.900",),
    tcm_addition=50_000,
)
PLAIN: PricedStay[int] = PricedStay(
    price=10_000_00,
    fulamt_ownpay_amt=0,
    overlmt_selfpay=0,
    preselfpay_amt=0,
    inscp_scp_amt=8_000_00,
    borne_amt=0,
    hosp_lv=0,
    psn_type=0,
    tcm_disease=0,
    deductible_due=0,
    ceiling_left=int(NO_LIMIT),
)


def stay(**changes: int) -> PricedStay[int]:
    return attrs.evolve(PLAIN, **changes)


def terms_with(**changes: Any) -> FixedPriceTerms:
    return attrs.evolve(SIMPLE, **changes)


@st.composite
def price_terms(draw: DrawFn) -> FixedPriceTerms:
    status = draw(statuses)
    return FixedPriceTerms(
        patient_rate=draw(tables((LEVEL, status), rates)),
        patient_basis=draw(st.sampled_from(("price", "actual_cost"))),
        fund_basis=draw(st.sampled_from(FUND_BASES)),
        deductible_taken=draw(flags),
        split_counts=draw(flags),
        tcm_diseases=("C34.900",),
        tcm_addition=draw(additions),
    )


@st.composite
def priced_stays(draw: DrawFn, terms: FixedPriceTerms) -> PricedStay[int]:
    price = draw(amounts)
    small = st.one_of(st.just(0), st.integers(0, 10**6), amounts)
    own, over, first = draw(small), draw(small), draw(small)
    near = taken([price - own - over - first, price])
    return PricedStay(
        price=price,
        fulamt_ownpay_amt=own,
        overlmt_selfpay=over,
        preselfpay_amt=first,
        inscp_scp_amt=draw(st.one_of(st.sampled_from([0, *near]), amounts)),
        borne_amt=draw(st.sampled_from((0, over, over // 2))),
        hosp_lv=draw(st.integers(0, len(LEVEL.members) - 1)),
        psn_type=draw(st.integers(0, len(terms.patient_rate.axes[1].members) - 1)),
        tcm_disease=draw(flags),
        deductible_due=draw(small),
        ceiling_left=draw(limits),
    )


cases: st.SearchStrategy[tuple[FixedPriceTerms, PricedStay[int]]] = price_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), priced_stays(terms))
)


def words_of(terms: FixedPriceTerms) -> dict[str, Any]:
    return {
        "patient_rate": shares(terms.patient_rate),
        "patient_basis": terms.patient_basis,
        "fund_basis": terms.fund_basis,
        "deductible_taken": bool(terms.deductible_taken),
        "split_counts": bool(terms.split_counts),
        "tcm_addition": shares(Table((), (terms.tcm_addition,)))[()],
    }


def stay_in_words(terms: FixedPriceTerms, one: PricedStay[int]) -> dict[str, Any]:
    return {
        **attrs.asdict(one),
        "hosp_lv": LEVEL.members[one.hosp_lv],
        "psn_type": terms.patient_rate.axes[1].members[one.psn_type],
        "ceiling_left": limit_or_none(one.ceiling_left),
    }


# ---- one body: ints, columns, traces, oracle -------------------------------------------------------------------------


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(price_terms())
    rows = data.draw(st.lists(priced_stays(terms), min_size=1, max_size=6))
    words = words_of(terms)
    columns = as_columns(rows)
    batch = settle(terms, columns)
    records = record(columns, batch)
    for at, (row, found) in enumerate(zip(rows, as_rows(batch), strict=True)):
        one = settle(terms, row)
        assert attrs.asdict(one) == found
        assert settle(terms, as_traced(row)) == one
        agrees(found, oracle.settle(words, stay_in_words(terms, row)), rates_of=("patient_rate",))
        assert record(row, one).psn_part_amt == records.psn_part_amt[at] == one.psn_part_amt


def test_a_large_table_row_by_row() -> None:
    random = np.random.default_rng(3)
    rows = 20_000

    def up_to(most: int) -> Column:
        return random.integers(0, most, rows)

    over = up_to(500_00)
    table = PricedStay(
        price=up_to(20_000_00),
        fulamt_ownpay_amt=up_to(1_000_00),
        overlmt_selfpay=over,
        preselfpay_amt=up_to(1_000_00),
        inscp_scp_amt=up_to(20_000_00),
        borne_amt=over * up_to(2),
        hosp_lv=up_to(5),
        psn_type=up_to(2),
        tcm_disease=up_to(2),
        deductible_due=up_to(1_500_00),
        ceiling_left=up_to(15_000_00),
    )
    terms = terms_with(split_counts=1, deductible_taken=1, patient_basis="actual_cost")
    words = words_of(terms)
    found = settle(terms, table)
    record(table, found)  # every identity on every row
    for row, one in zip(as_rows(table)[:2_000], as_rows(found)[:2_000], strict=True):
        agrees(one, oracle.settle(words, stay_in_words(terms, PricedStay(**row))), rates_of=("patient_rate",))


# ---- laws ------------------------------------------------------------------------------------------------------------


@many
@given(cases)
def test_who_pays_sums_to_the_cost_and_nobody_but_the_institution_goes_below_nothing(
    case: tuple[FixedPriceTerms, PricedStay[int]],
) -> None:
    terms, one = case
    found = settle(terms, one)
    assert found.hifp_pay + found.psn_part_amt + found.hosp_part_amt == found.medfee_sumamt
    assert 0 <= found.psn_part_amt <= found.medfee_sumamt
    assert 0 <= found.hifp_pay <= min(one.price, one.ceiling_left)
    assert 0 <= found.act_pay_dedc <= one.inscp_scp_amt
    assert found.own_part + found.act_pay_dedc + found.shared == found.patient_basis <= one.price
    settled = record(one, found)
    assert (settled.fund_pay_sumamt, settled.hosp_part_amt) == (found.hifp_pay, found.hosp_part_amt)
    assert settled.medfee_sumamt == settled.fund_pay_sumamt + settled.psn_part_amt + settled.hosp_part_amt


@many
@given(cases)
def test_the_institution_bears_exactly_what_exceeds_the_price(case: tuple[FixedPriceTerms, PricedStay[int]]) -> None:
    """Where the cost reaches the price, fund and patient together pay the price, whatever the terms."""
    terms, one = case
    found = settle(terms, one)
    if found.medfee_sumamt >= one.price:
        assert found.hosp_part_amt == found.medfee_sumamt - one.price
    elif terms.fund_basis == "actual_cost":
        assert found.hosp_part_amt == 0
    else:
        assert found.hosp_part_amt <= 0
        assert found.hifp_pay + found.psn_part_amt <= one.price


@many
@given(cases, st.integers(0, MILLION))
def test_points_taken_off_and_the_patient_s_part(case: tuple[FixedPriceTerms, PricedStay[int]], points: int) -> None:
    """B07: more points never cost the patient more, nor the fund less, before the ceiling."""
    terms, one = case
    before = settle(attrs.evolve(terms, tcm_addition=0), attrs.evolve(one, tcm_disease=1))
    after = settle(attrs.evolve(terms, tcm_addition=points), attrs.evolve(one, tcm_disease=1))
    assert after.patient_part <= before.patient_part
    assert after.fund_part >= before.fund_part


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_every_step_of_a_stay_below_its_price() -> None:
    """formulas.md section 1, identity 2: cost 8,000, price 10,000; the patient pays 20% of the price, the fund 80%."""
    assert settle(SIMPLE, stay()) == FixedPrice(
        medfee_sumamt=8_000_00,
        patient_rate=200_000,
        patient_basis=10_000_00,
        own_part=0,
        act_pay_dedc=0,
        shared=10_000_00,
        rate_part=2_000_00,
        patient_part=2_000_00,
        fund_part=8_000_00,
        hifp_pay=8_000_00,
        psn_part_amt=2_000_00,
        hosp_part_amt=-2_000_00,
    )


@pytest.mark.parametrize(
    ("patient_basis", "fund_basis", "cost", "patient", "fund", "hospital"),
    [
        ("price", "share_of_price", 8_000_00, 2_000_00, 8_000_00, -2_000_00),
        ("price", "price_less_patient", 8_000_00, 2_000_00, 8_000_00, -2_000_00),
        ("price", "actual_cost", 8_000_00, 2_000_00, 6_000_00, 0),
        ("actual_cost", "share_of_price", 8_000_00, 1_600_00, 8_000_00, -1_600_00),
        ("actual_cost", "price_less_patient", 8_000_00, 1_600_00, 8_400_00, -2_000_00),
        ("actual_cost", "actual_cost", 8_000_00, 1_600_00, 6_400_00, 0),
        ("price", "share_of_price", 12_000_00, 2_000_00, 8_000_00, 2_000_00),
        ("actual_cost", "actual_cost", 12_000_00, 2_000_00, 8_000_00, 2_000_00),
        ("price", "share_of_price", 10_000_00, 2_000_00, 8_000_00, 0),
        # the patient never pays more than the bill
        ("price", "share_of_price", 1_500_00, 1_500_00, 8_000_00, -8_000_00),
        ("price", "price_less_patient", 1_500_00, 1_500_00, 8_500_00, -8_500_00),
    ],
)
def test_what_each_basis_gives(
    patient_basis: str, fund_basis: str, cost: int, patient: int, fund: int, hospital: int
) -> None:
    terms = terms_with(patient_basis=patient_basis, fund_basis=fund_basis)
    found = settle(terms, stay(inscp_scp_amt=cost))
    assert (found.psn_part_amt, found.hifp_pay, found.hosp_part_amt) == (patient, fund, hospital)


SPLIT = {"fulamt_ownpay_amt": 500_00, "overlmt_selfpay": 200_00, "preselfpay_amt": 300_00, "inscp_scp_amt": 7_000_00}


@pytest.mark.parametrize(
    ("split_counts", "deductible_taken", "borne", "patient"),
    [
        (0, 0, 0, 2_000_00),  # 20% of 10,000
        (1, 0, 0, 2_800_00),  # 1,000 first, 20% of 9,000
        (0, 1, 0, 2_800_00),  # 1,000 deductible, 20% of 9,000
        (1, 1, 0, 3_600_00),  # 1,000 and 1,000, 20% of 8,000
        (1, 0, 200_00, 2_640_00),  # the institution bears the over-limit 200: 800 first, 20% of 9,200
        (0, 0, 200_00, 2_000_00),
    ],
)
def test_split_and_deductible_are_taken_where_the_terms_say_so(
    split_counts: int, deductible_taken: int, borne: int, patient: int
) -> None:
    """formulas.md section 4: 「patient share by rate without class A/B split or (data) deductible」."""
    terms = terms_with(split_counts=split_counts, deductible_taken=deductible_taken)
    found = settle(terms, stay(**SPLIT, borne_amt=borne, deductible_due=1_000_00))
    assert (found.psn_part_amt, found.hifp_pay) == (patient, 10_000_00 - patient)
    assert found.hosp_part_amt == -2_000_00


@pytest.mark.parametrize(
    ("rate", "listed", "patient"),
    [(200_000, 0, 2_000_00), (200_000, 1, 1_500_00), (50_000, 1, 0), (30_000, 1, 0), (30_000, 0, 300_00)],
)
def test_b07_five_points_more_under_a_price(rate: int, listed: int, patient: int) -> None:
    """常德 2023 一(三): five points more from the fund are five less for the patient, and never below nothing (A04)."""
    terms = terms_with(patient_rate=Table.same(rate, LEVEL, EMPLOYEE_STATUS))
    assert settle(terms, stay(tcm_disease=listed)).psn_part_amt == patient


@pytest.mark.parametrize(
    ("left", "fund", "patient", "hospital"),
    [
        (8_000_00, 8_000_00, 2_000_00, -2_000_00),
        (7_000_00, 7_000_00, 3_000_00, -2_000_00),
        (1_000_00, 1_000_00, 8_000_00, -1_000_00),  # up to the whole bill
        (0, 0, 8_000_00, 0),
    ],
)
def test_what_the_ceiling_cuts_off_falls_to_the_person(left: int, fund: int, patient: int, hospital: int) -> None:
    found = settle(SIMPLE, stay(ceiling_left=left))
    assert (found.hifp_pay, found.psn_part_amt, found.hosp_part_amt) == (fund, patient, hospital)


def test_a_tie_goes_up_for_the_patient_and_the_fund_pays_the_rest() -> None:
    """0.05 at 50%: 2.5 fen, 3 and 2."""
    terms = terms_with(patient_rate=Table.same(500_000, LEVEL, EMPLOYEE_STATUS))
    found = settle(terms, stay(price=5, inscp_scp_amt=5))
    assert (found.psn_part_amt, found.hifp_pay, found.hosp_part_amt) == (3, 2, 0)


def test_the_record_of_a_stay_below_its_price() -> None:
    settled = record(stay(**SPLIT), settle(SIMPLE, stay(**SPLIT)))
    assert (settled.medfee_sumamt, settled.fulamt_ownpay_amt, settled.inscp_scp_amt) == (8_000_00, 500_00, 7_000_00)
    assert (settled.hifp_pay, settled.fund_pay_sumamt) == (8_000_00, 8_000_00)
    assert (settled.psn_part_amt, settled.psn_cash_pay, settled.hosp_part_amt) == (2_000_00, 2_000_00, -2_000_00)


# ---- explanations and messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: settle(SIMPLE, stay(price=-1)),
            InputError,
            "PricedStay.price: -1 is outside 0 to 1000000000000; the field is price of the disease, in fen",
        ),
        (
            lambda: settle(SIMPLE, as_columns([PLAIN, stay(tcm_disease=2)])),
            InputError,
            "PricedStay.tcm_disease: row 1: 2 is outside 0 to 1; the field is a listed TCM disease, in flag",
        ),
        (
            lambda: settle(SIMPLE, stay(hosp_lv=5)),
            CodeError,
            "PricedStay.hosp_lv: 5 is outside 0 to 4; codes of level: tertiary, secondary, level_1, primary, "
            "ungraded, in this order from 0",
        ),
        (
            lambda: settle(SIMPLE, stay(psn_type=2)),
            AmountError,
            "lookup: code 2 is outside status (0 to 1)",
        ),
        (
            lambda: record(stay(inscp_scp_amt=1), settle(SIMPLE, PLAIN)),
            IdentityError,
            "the result breaks medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_a_traced_run_cites_its_clause() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["fixed_price.resident"]
    terms = policy.traced("fixed_price.resident", version)
    found = settle(terms, as_traced(stay(**SPLIT, tcm_disease=1, deductible_due=600_00)))
    assert {path: leaf.clause for path, (_, leaf) in clauses_of(found.patient_part, {}).items()} == {
        f"fixed_price.resident.{path}": "benefits-2024 第二十一条 居民单病种"
        for path in ("split_counts", "deductible_taken", "patient_rate.tertiary.minor", "tcm_addition")
    }


def test_labels() -> None:
    for each in (FixedPriceTerms, PricedStay, PatientPart, FixedPrice):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
