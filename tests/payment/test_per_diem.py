"""Payment per bed-day: against the oracle; phases, the day of discharge, same-day stays, levels and conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.errors import CodeError, InputError, MipolicyError
from mipolicy.payment.axes import POOL
from mipolicy.payment.per_diem import (
    BedDayCase,
    BedDayCondition,
    BedDayPhase,
    PerDiem,
    PerDiemTerms,
    condition_of,
    pay,
)
from mipolicy.payment.price import FUND_BASES
from mipolicy.tables import Table
from tests.oracles import priced as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import agrees, as_columns, as_rows, as_traced, flags, rates, shares, tables

many = settings(max_examples=100, deadline=None)

TERMS = PerDiemTerms(
    conditions=(
        BedDayCondition("psychiatric", ("F20.900",), ("A15",)),
        BedDayCondition("rehabilitation", (), ("A16",)),
    ),
    phases=(
        BedDayPhase("p1", "psychiatric", 1, 320_00, tertiary=380_00),
        BedDayPhase("p2", "psychiatric", 31, 260_00),
        BedDayPhase("p3", "psychiatric", 91, 200_00),
        BedDayPhase("r1", "rehabilitation", 1, 450_00),
    ),
    phasing="each_phase",
    discharge_day_counts=0,
    same_day_days=1,
    fund_basis="price_less_patient",
    fund_rate=Table.same(800_000, LEVEL, POOL),
    floor_at_zero=0,
)


def terms_with(**changes: Any) -> PerDiemTerms:
    return attrs.evolve(TERMS, **changes)


def case(**changes: int) -> BedDayCase[int]:
    plain: BedDayCase[int] = BedDayCase(
        condition=1, level=1, pool=0, days=100, medfee_sumamt=30_000_00, psn_part_amt=4_000_00, other_pay=1_000_00
    )
    return attrs.evolve(plain, **changes)


@st.composite
def all_terms(draw: DrawFn) -> PerDiemTerms:
    phases = []
    for name in ("a", "b"):
        for day in (1, *draw(st.lists(st.integers(2, 40), max_size=3, unique=True))):
            own = {level: draw(st.one_of(st.none(), st.integers(1, 10**5))) for level in LEVEL.members}
            phases.append(BedDayPhase(f"{name}{day}", name, day, draw(st.integers(1, 10**5)), **own))
    return PerDiemTerms(
        conditions=(BedDayCondition("a", ("A",)), BedDayCondition("b", (), ("B",))),
        phases=tuple(draw(st.permutations(phases))),
        phasing=draw(st.sampled_from(("each_phase", "whole_stay"))),
        discharge_day_counts=draw(flags),
        same_day_days=draw(flags),
        fund_basis=draw(st.sampled_from(FUND_BASES)),
        fund_rate=draw(tables((LEVEL, POOL), rates)),
        floor_at_zero=draw(flags),
    )


cases: st.SearchStrategy[BedDayCase[int]] = st.builds(
    BedDayCase,
    condition=st.sampled_from((1, 2)),
    level=st.integers(0, 4),
    pool=flags,
    days=st.integers(0, 60),
    medfee_sumamt=st.integers(0, 10**7),
    psn_part_amt=st.integers(0, 10**6),
    other_pay=st.integers(0, 10**6),
)


def in_words(terms: PerDiemTerms) -> dict[str, Any]:
    words = attrs.asdict(terms, recurse=False)
    words["phases"] = [
        {key: value for key, value in attrs.asdict(each).items() if value is not None} for each in terms.phases
    ]
    return words


@many
@given(all_terms(), st.lists(cases, min_size=1, max_size=5))
def test_ints_columns_traces_and_the_oracle_agree(terms: PerDiemTerms, rows: list[BedDayCase[int]]) -> None:
    batch = pay(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = pay(terms, row)
        assert attrs.asdict(one) == found
        assert pay(terms, as_traced(row)) == one
        words = in_words(terms)
        level = LEVEL.members[row.level]
        counted, standard = oracle.bed_days(words, terms.condition.members[row.condition], level, row.days)
        rate = shares(terms.fund_rate)[level, POOL.members[row.pool]]
        expected = {"days_counted": counted, "standard": standard, "fund_rate": rate}
        expected |= oracle.fund(words, standard, rate, attrs.asdict(row))
        agrees(found, expected, rates_of=("fund_rate",))


@many
@given(all_terms(), cases)
def test_a_longer_stay_is_never_worth_less_where_each_day_has_its_phase(
    terms: PerDiemTerms, one: BedDayCase[int]
) -> None:
    by_day = attrs.evolve(terms, phasing="each_phase")
    longer = attrs.evolve(one, days=one.days + 1)
    assert pay(by_day, longer).standard >= pay(by_day, one).standard


def test_p14_every_step_of_a_psychiatric_stay() -> None:
    """100 days: 30 x 320 + 60 x 260 + 10 x 200 = 27,200; less 5,000 of others; the cost was 30,000."""
    assert pay(TERMS, case()) == PerDiem(
        days_counted=100,
        standard=27_200_00,
        fund_rate=800_000,
        fund_part=22_200_00,
        institution_part=2_800_00,
        payment=22_200_00,
    )


@pytest.mark.parametrize(
    ("days", "each_phase", "whole_stay"),
    [
        (30, 9_600_00, 9_600_00),
        (31, 9_860_00, 8_060_00),
        (90, 25_200_00, 23_400_00),
        (91, 25_400_00, 18_200_00),
        (1, 320_00, 320_00),
        (0, 320_00, 320_00),
    ],
)
def test_p18_phases_of_a_stay_each_day_or_all_by_the_last(days: int, each_phase: int, whole_stay: int) -> None:
    found = [pay(terms_with(phasing=word), case(days=days)).standard for word in ("each_phase", "whole_stay")]
    assert found == [each_phase, whole_stay]


@pytest.mark.parametrize(
    ("counts", "same_day", "days", "counted"), [(0, 1, 2, 2), (1, 1, 2, 3), (0, 1, 0, 1), (1, 1, 0, 1), (0, 0, 0, 0)]
)
def test_a59_the_day_of_discharge_and_a_stay_of_one_day(counts: int, same_day: int, days: int, counted: int) -> None:
    found = pay(terms_with(discharge_day_counts=counts, same_day_days=same_day), case(days=days))
    assert (found.days_counted, found.standard) == (counted, counted * 320_00)


def test_p18_levels_conditions_and_ways_of_owing() -> None:
    assert [pay(TERMS, case(days=31, level=at)).standard for at in (0, 1)] == [11_660_00, 9_860_00]
    assert pay(TERMS, case(condition=2)).standard == 45_000_00
    by_share = terms_with(fund_basis="share_of_price")
    assert pay(by_share, case()).payment == 21_760_00
    assert pay(terms_with(fund_basis="actual_cost"), case(medfee_sumamt=20_000_00)).payment == 15_000_00


@pytest.mark.parametrize(
    ("disease", "department", "expected"),
    [("F20.900", "A01", 1), ("X", "A15", 1), ("F20.900", "A16", 1), ("X", "A16", 2), ("X", "A01", 0)],
)
def test_p14_p18_conditions_by_disease_or_department(disease: str, department: str, expected: int) -> None:
    assert condition_of(TERMS, disease, department) == expected


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: pay(TERMS, as_columns([case(), case(condition=0)])),
            InputError,
            "row 1: condition 0 is not paid per bed-day; conditions from 1: psychiatric, rehabilitation",
        ),
        (
            lambda: pay(TERMS, case(days=-1)),
            InputError,
            "BedDayCase.days: -1 is outside 0 to 1000000; the field is days from admission to discharge; 0 on one day, "
            "in days",
        ),
        (
            lambda: pay(terms_with(phases=(TERMS.phases[3], BedDayPhase("p", "psychiatric", 1, 10**11))), case()),
            InputError,
            "a stay's days come to more than 1000000000000 fen; check days and standards",
        ),
        (
            lambda: condition_of(TERMS, "A", 15),  # type: ignore[arg-type]
            CodeError,
            "codes are strings and keep their leading zeros, got 15",
        ),
        (
            lambda: BedDayCondition("x"),
            InputError,
            "condition x names neither diseases nor departments",
        ),
        (lambda: BedDayCondition("", ("A",)), InputError, "condition is empty; a condition has a name"),
        (lambda: BedDayPhase("p", "x", 0, 1), InputError, "phase p: from_day counts from 1, not 0"),
        (
            lambda: BedDayPhase("p", "x", 1, 0),
            InputError,
            "standard is an amount in yuan above 0; it is neither 0 nor none",
        ),
        (
            lambda: terms_with(phases=(BedDayPhase("p", "x", 1, 1),)),
            InputError,
            "phase p: no condition 'x'; conditions: psychiatric, rehabilitation",
        ),
        (lambda: terms_with(phases=TERMS.phases[1:]), InputError, "condition psychiatric: no phase from day 1"),
        (
            lambda: terms_with(phases=(*TERMS.phases, BedDayPhase("p4", "psychiatric", 31, 1))),
            InputError,
            "condition psychiatric: two phases begin on one day, 1, 31, 31, 91",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_city() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["per_diem"]
    terms: PerDiemTerms = policy.build("per_diem", version)
    at = condition_of(terms, "", "A16")
    # 15 x 450 + 5 x 330.5 = 8,402.5; in primary care 15 x 300 + 5 x 240 = 5,700
    assert [pay(terms, case(condition=at, days=20, level=each)).standard for each in (0, 3)] == [8_402_50, 5_700_00]


def test_labels() -> None:
    check_labels(PerDiemTerms, BedDayCondition, BedDayPhase, BedDayCase, PerDiem)
