"""Quotas: the total and the treasury, blocks, institutions, care out of the city, increments, status; messages."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.budget.axes import CATEGORY
from mipolicy.budget.quota import (
    BaseYear,
    Block,
    BlockShare,
    BlockTable,
    CityTotal,
    CityYear,
    Increment,
    InstitutionQuota,
    QuotaStep,
    QuotaTerms,
    base_quota,
    blocks_of,
    city_total,
    outside_quota,
    quotas_of,
    referred_cost,
    status_of,
    with_increments,
)
from mipolicy.errors import CodeError, InputError
from tests.oracles import quota as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
NEW, TOWNSHIP, CITY, OUTSIDE, NEAR, SUDDEN = (
    "新增医疗定点单位",
    "乡镇卫生院(站)",
    "市级公立医院",
    "绍兴市外医院",
    "上虞市外绍兴市内医院",
    "参保人员在外地突发疾病就医",
)
SHANGYU = QuotaTerms(
    growth=0,
    top_up_rate=MILLION,
    blocks=(
        Block(NEW, 1, "set_by_agency", 0),
        Block(TOWNSHIP, 0, "last_year_actual", 0),
        Block(CITY, 0, "last_year_actual", 1),
        Block(OUTSIDE, 0, "revenue", 0),
        Block(NEAR, 1, "last_year_actual", 0),
        Block(SUDDEN, 1, "last_year_actual", 0),
    ),
    outside_block=OUTSIDE,
    outside_way="revenue",
    approvals=("市卫生局同意", "市医改领导小组审核"),
)
# A city whose total may grow by 5%, with half of the gap made up, one outside block with a table of the bureau.
GROWING = attrs.evolve(SHANGYU, growth=50_000, top_up_rate=500_000, outside_way="override", approvals=("health",))


def test_the_pack_states_the_opinion_s_quotas_exactly() -> None:
    pack = packs.load("shangyu-2013", allow_repealed=True)
    (version,) = pack.versions["quota"]
    assert [gap.path for gap in pack.gaps("quota", version)] == ["effective"]
    assert pack.build("quota", attrs.evolve(version, effective=date(2013, 1, 1))) == SHANGYU


# ---- the city's total ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proposed", "total", "over"), [(999_99, 999_99, 0), (1000_00, 1000_00, 0), (1000_01, 1000_00, 1)]
)
def test_s02_the_total_is_not_above_last_year_s_actual(proposed: int, total: int, over: int) -> None:
    found = city_total(SHANGYU, CityYear(1000_00, proposed, 1000_00))
    assert (found.ceiling, found.total, found.over_ceiling) == (1000_00, total, over)


def test_s02_a_city_whose_total_may_grow() -> None:
    assert city_total(GROWING, CityYear(1000_00, 2000_00, 0)).total == 1050_00


@pytest.mark.parametrize(
    ("collected", "top_up", "surplus"), [(900_00, 100_00, 0), (999_99, 1, 0), (1000_00, 0, 0), (1000_01, 0, 1)]
)
def test_s03_a23_the_treasury_covers_the_gap_and_a_surplus_stands_apart(
    collected: int, top_up: int, surplus: int
) -> None:
    found = city_total(SHANGYU, CityYear(1000_00, 1000_00, collected))
    assert (found.top_up, found.surplus) == (top_up, surplus)


def test_s03_a_city_that_makes_up_half_of_the_gap() -> None:
    found = city_total(GROWING, CityYear(1000_00, 1000_00, 900_00))
    assert (found.lacking, found.top_up) == (100_00, 50_00)


AMOUNTS = st.one_of(st.integers(0, 100), st.integers(0, 10**11))


@many
@given(
    st.sampled_from((0, 1, 50_000, 333_333)),
    st.sampled_from((0, 500_000, 333_333, MILLION)),
    st.lists(st.builds(CityYear[int], AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=5),
)
def test_ints_columns_traces_and_the_oracle_agree(growth: int, top_up: int, rows: list[CityYear[int]]) -> None:
    terms = attrs.evolve(SHANGYU, growth=growth, top_up_rate=top_up)
    for row, found in zip(rows, as_rows(city_total(terms, as_columns(rows))), strict=True):
        one = city_total(terms, row)
        assert attrs.asdict(one) == found
        assert city_total(terms, as_traced(row)) == one
        wanted = oracle.city_total(
            Fraction(growth, MILLION), Fraction(top_up, MILLION), row.last_year_actual, row.proposed, row.collected
        )
        assert (one.total, one.top_up, one.surplus) == wanted
        assert one.total + one.surplus == row.collected + one.lacking


# ---- blocks ----------------------------------------------------------------------------------------------------------

BLOCKS = {NEW: 50_00, TOWNSHIP: 200_00, CITY: 500_00, OUTSIDE: 150_00, NEAR: 60_00, SUDDEN: 40_00}


def test_s05_six_blocks_their_shares_and_their_sum() -> None:
    found = blocks_of(SHANGYU, 1000_00, BLOCKS)
    assert [line.rate for line in found.lines] == [50_000, 200_000, 500_000, 150_000, 60_000, 40_000]
    assert (found.total, found.difference) == (1000_00, 0)


def test_s06_s10_ring_fenced_blocks_are_in_no_hospital_s_quota() -> None:
    found = blocks_of(SHANGYU, 1000_00, BLOCKS)
    assert [line.block for line in found.lines if line.ring_fenced] == [NEW, NEAR, SUDDEN]
    assert (found.ring_fenced, found.charged) == (150_00, 850_00)


def test_s05_what_the_blocks_leave_of_the_total_is_shown() -> None:
    found = blocks_of(SHANGYU, 1000_00, {**BLOCKS, NEW: 0})
    assert (found.difference, found.charged + found.ring_fenced) == (50_00, 950_00)
    assert [line.rate for line in blocks_of(SHANGYU, 0, dict.fromkeys(BLOCKS, 0)).lines] == [0] * 6


@many
@given(st.lists(st.integers(0, 10**10), min_size=6, max_size=6), st.integers(0, 10**6))
def test_shares_of_blocks_that_fill_the_total_sum_to_the_whole(amounts: list[int], left: int) -> None:
    found = blocks_of(SHANGYU, sum(amounts) + left, dict(zip(BLOCKS, amounts, strict=True)))
    assert sum(line.amount for line in found.lines) == found.charged + found.ring_fenced == found.total - left
    assert left or not found.total or sum(line.rate for line in found.lines) == MILLION


# ---- institutions ----------------------------------------------------------------------------------------------------

HOSPITALS = ["H1", "H2", "T1"]
ROWS = [(0, 0, 100), (0, 1, 300), (0, 2, 50), (1, 0, 80), (1, 1, 200), (2, 0, 40), (0, 1, 7)]


def quotas(rows: list[tuple[int, int, int]] = ROWS) -> dict[str, InstitutionQuota]:
    institution, category, amount = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return quotas_of(HOSPITALS, institution, category, amount, {"H1": 60, "H2": 40})


def test_s07_a_township_centre_s_quota_rests_on_last_year_s_actual() -> None:
    assert base_quota(BaseYear(1_000_00, 25_00)) == 1_025_00
    assert base_quota(BaseYear(np.array([100, 200]), np.array([-100, 1]))).tolist() == [0, 201]
    assert base_quota(as_traced(BaseYear(100, -1))) == 99


def test_s08_quotas_by_hospital_and_three_categories() -> None:
    assert CATEGORY.zh == ("普通门诊", "一般住院", "特殊病种门诊")
    assert quotas()["H1"] == InstitutionQuota("H1", 100, 307, 50, 457, 60, 0, 517)
    assert quotas()["H2"] == InstitutionQuota("H2", 80, 200, 0, 280, 40, 0, 320)
    assert quotas()["T1"].quota == quotas()["T1"].local == 40


@many
@given(st.permutations(ROWS))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, int]]) -> None:
    assert quotas(rows) == quotas()


def test_s09_the_outside_quota_is_split_by_revenue() -> None:
    assert outside_quota(SHANGYU, 100_00, {"H2": 1, "H1": 3}) == {"H1": 75_00, "H2": 25_00}
    assert outside_quota(SHANGYU, 100, {"H1": 5, "H2": 5, "H3": 5}) == {"H1": 34, "H2": 33, "H3": 33}


def test_s09_a24_a_table_of_the_bureau() -> None:
    assert outside_quota(GROWING, 100, {"H1": 1, "H2": 9}, {"H2": 30, "H1": 70}) == {"H1": 70, "H2": 30}


@many
@given(
    st.integers(0, 10**11),
    st.dictionaries(st.text("ABC", min_size=1, max_size=4), st.integers(1, 10**10), min_size=1, max_size=6),
)
def test_the_outside_quota_closes_and_is_the_oracle_s(quota: int, revenue: dict[str, int]) -> None:
    found = outside_quota(SHANGYU, quota, revenue)
    assert found == oracle.by_largest_remainder(quota, revenue)
    assert sum(found.values()) == quota


def test_s43_a_claim_out_of_the_city_is_charged_to_the_hospital_that_referred() -> None:
    referring, paid = np.array([1, 0, 1]), np.array([500, 70, 1])
    assert referred_cost(HOSPITALS, referring, paid) == {"H1": 70, "H2": 501, "T1": 0}


@many
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**11)), max_size=8), st.integers(0, 8))
def test_parts_of_the_claims_add_up(rows: list[tuple[int, int]], cut: int) -> None:
    def of(part: list[tuple[int, int]]) -> dict[str, int]:
        return referred_cost(
            HOSPITALS, np.array([r for r, _ in part], np.int64), np.array([p for _, p in part], np.int64)
        )

    first, second, whole = of(rows[:cut]), of(rows[cut:]), of(rows)
    assert {code: first[code] + second[code] for code in HOSPITALS} == whole


# ---- increments and status -------------------------------------------------------------------------------------------

BUREAU, GROUP = SHANGYU.approvals
SETTLED = date(2014, 1, 31)


@pytest.mark.parametrize(
    ("approved", "counts"),
    [
        ({BUREAU: date(2013, 5, 1), GROUP: SETTLED}, True),
        ({BUREAU: date(2013, 5, 1), GROUP: SETTLED + timedelta(1)}, False),
        ({BUREAU: date(2013, 5, 1), GROUP: None}, False),
        ({GROUP: date(2013, 5, 1)}, False),
        ({}, False),
    ],
)
def test_s12_a58_an_increment_counts_in_full_with_both_approvals_by_the_settlement(
    approved: dict[str, date | None], counts: bool
) -> None:
    increment = Increment("H1", 30, approved)
    found, pending = with_increments(SHANGYU, quotas(), [increment], SETTLED)
    assert (found["H1"].increments, found["H1"].quota) == ((30, 547) if counts else (0, 517))
    assert pending == (() if counts else (increment,))
    assert found["H2"] == quotas()["H2"]


def test_s12_a_city_with_one_approval_and_two_increments() -> None:
    approved = {"health": SETTLED}
    found, _ = with_increments(
        GROWING, quotas(), [Increment("H1", 30, approved), Increment("H1", 5, approved)], SETTLED
    )
    assert (found["H1"].increments, found["H1"].quota) == (35, 552)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2013, 1, 5), "draft"),
        (date(2013, 1, 9), "draft"),
        (date(2013, 1, 10), "consulted"),
        (date(2013, 1, 19), "consulted"),
        (date(2013, 1, 20), "issued"),
    ],
)
def test_s42_draft_consulted_issued(on: date, expected: str) -> None:
    assert status_of(SHANGYU, QuotaStep(CITY, date(2013, 1, 5), date(2013, 1, 10), date(2013, 1, 20)), on) == expected


def test_s42_only_city_hospitals_have_to_be_consulted() -> None:
    step = QuotaStep(TOWNSHIP, date(2013, 1, 5), issued_on=date(2013, 1, 20))
    assert status_of(SHANGYU, step, date(2013, 1, 19)) == "draft"
    assert status_of(SHANGYU, step, date(2013, 1, 20)) == "issued"


# ---- messages --------------------------------------------------------------------------------------------------------

REFUSED: list[tuple[Any, Any, str]] = [
    (
        lambda: attrs.evolve(SHANGYU, outside_block="x"),
        InputError,
        f"outside_block 'x' is no block; blocks: {', '.join(BLOCKS)}",
    ),
    (
        lambda: attrs.evolve(SHANGYU, outside_block=NEAR),
        InputError,
        "the outside block is charged to hospitals; it cannot be ring-fenced",
    ),
    (
        lambda: attrs.evolve(SHANGYU, approvals=()),
        InputError,
        "approvals is empty; an increment needs at least one approval",
    ),
    (
        lambda: city_total(SHANGYU, CityYear(-1, 0, 0)),
        InputError,
        "CityYear.last_year_actual: -1 is outside 0 to 1000000000000; the field is last year's actual cost, in fen",
    ),
    (
        lambda: blocks_of(SHANGYU, 999_99, BLOCKS),
        InputError,
        "the blocks sum to 100000 fen, 1 more than the total; lower a block",
    ),
    (
        lambda: blocks_of(SHANGYU, 1000_00, {**BLOCKS, "x": 1}),
        CodeError,
        f"unknown block 'x'; allowed: {', '.join(BLOCKS)}",
    ),
    (
        lambda: blocks_of(SHANGYU, 1000_00, {k: v for k, v in BLOCKS.items() if k != NEW}),
        InputError,
        f"no amount of block {NEW}; state 0 where it has none",
    ),
    (
        lambda: blocks_of(SHANGYU, 1000_00, {**BLOCKS, NEW: -1}),
        InputError,
        f"{NEW} is -1; an amount from 0 to 1000000000000 fen is due",
    ),
    (
        lambda: base_quota(BaseYear(np.array([5, 5]), np.array([0, -6]))),
        InputError,
        "row 1: the quota would be -1 fen; an adjustment takes off no more than there was",
    ),
    (
        lambda: quotas_of(["H1"], np.array([0]), np.array([3]), np.array([1]), {}),
        CodeError,
        "quotas: row 0: category is 3, allowed is 0 to 2; "
        "codes of category: outpatient, inpatient, special, in this order from 0",
    ),
    (
        lambda: quotas_of(["H1"], np.array([0]), np.array([0]), np.array([1]), {"H9": 1}),
        CodeError,
        "outside quota of 'H9', which has no quota; add its rows or take it off",
    ),
    (
        lambda: outside_quota(SHANGYU, 5, {"H1": 0}),
        InputError,
        "no hospital has revenue; the outside quota cannot be split by it",
    ),
    (
        lambda: outside_quota(SHANGYU, 5, {"H1": 1}, {"H1": 5}),
        InputError,
        "the terms split the outside quota by revenue; leave override out, or change the terms",
    ),
    (
        lambda: outside_quota(GROWING, 5, {"H1": 1}),
        InputError,
        "the terms split the outside quota by a table of its own; give it as override",
    ),
    (
        lambda: outside_quota(GROWING, 5, {"H1": 1}, {"H1": 4}),
        InputError,
        "override sums to 4 fen, the quota is 5; they must agree",
    ),
    (
        lambda: outside_quota(GROWING, 5, {"H1": 1}, {"H2": 5}),
        CodeError,
        "unknown institution 'H2'; allowed: H1",
    ),
    (
        lambda: referred_cost(["H1"], np.array([-1]), np.array([1])),
        CodeError,
        "referred claims: row 0: referring is -1, allowed is 0 to 0; it numbers the names given",
    ),
    (
        lambda: with_increments(SHANGYU, quotas(), [Increment("H9", 1, {})], SETTLED),
        CodeError,
        "an increment of 'H9', which has no quota",
    ),
    (
        lambda: with_increments(SHANGYU, quotas(), [Increment("H1", 1, {"x": SETTLED})], SETTLED),
        CodeError,
        f"unknown approval 'x'; allowed: {BUREAU}, {GROUP}",
    ),
    (
        lambda: with_increments(SHANGYU, quotas(), [Increment("H1", -1, {})], SETTLED),
        InputError,
        "the increment of H1 is -1; an amount from 0 to 1000000000000 fen is due",
    ),
    (
        lambda: status_of(SHANGYU, QuotaStep("x", SETTLED), SETTLED),
        CodeError,
        f"unknown block 'x'; allowed: {', '.join(BLOCKS)}",
    ),
    (
        lambda: status_of(SHANGYU, QuotaStep(CITY, SETTLED, issued_on=SETTLED), SETTLED),
        InputError,
        f"{CITY}: issued on 2014-01-31 without consulting the institutions; state the day",
    ),
    (
        lambda: status_of(SHANGYU, QuotaStep(CITY, SETTLED, date(2014, 1, 30)), SETTLED),
        InputError,
        f"{CITY}: the days are not in order: 2014-01-31, 2014-01-30",
    ),
    (
        lambda: status_of(SHANGYU, QuotaStep(CITY, SETTLED), date(2014, 1, 30)),
        InputError,
        f"{CITY}: was proposed on 2014-01-31; on 2014-01-30 there is no quota",
    ),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSED)
def test_what_is_refused(act: Any, error: Any, message: str) -> None:
    check_refused(act, error, message)


def test_every_field_has_its_labels() -> None:
    check_labels(QuotaTerms, Block, CityYear, CityTotal, BaseYear)
    for shape, names in ((BlockShare, ("amount", "rate")), (BlockTable, ("total", "difference"))):
        for name in names:
            assert attrs.fields_dict(shape)[name].metadata["zh"]
