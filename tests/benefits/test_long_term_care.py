"""Long-term care: eligibility and payment against the oracle; worked examples; messages."""

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
from mipolicy.benefits.long_term_care import (
    BASES,
    GRADE,
    MODE,
    SCHEME,
    UNITS,
    Care,
    Eligibility,
    LongTermCare,
    LongTermCareTerms,
    eligibility,
    settle,
)
from mipolicy.errors import CodeError, InputError, MipolicyError, PolicyGap
from mipolicy.explain.words import clauses_of
from mipolicy.money import NO_LIMIT, Column
from mipolicy.tables import Table
from tests.oracles import long_term_care as oracle
from tests.strategies import (
    LARGEST,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    flags,
    in_words,
    limit_or_none,
    limits,
    rates,
    shares,
    tables,
)

many = settings(max_examples=100, deadline=None)
CELLS = (GRADE, MODE)


def by_mode(*figures: int) -> Table:
    """The same for every grade."""
    return Table(CELLS, figures * len(GRADE.members))


PILOT = LongTermCareTerms(
    covered=Table((SCHEME,), (1, 0)),
    least_grade="severe_1",
    unit=Table((MODE,), (1, 0, 1)),
    basis=Table((MODE,), (1, 1, 0)),
    standard=by_mode(70_00, 50_00, 20_00),
    rate=by_mode(700_000, 750_000, 1_000_000),
    month_cap=by_mode(1_500_00, 1_200_00, 450_00),
    year_cap=Table.same(18_000_00, *CELLS),
)


def care(mode: str, units: int, cost: int = 0, *, grade: str = "severe_2", month: int = 0, year: int = 0) -> Care[int]:
    return Care(0, GRADE.position(grade), MODE.position(mode), units, cost, month, year)


@st.composite
def care_terms(draw: DrawFn) -> LongTermCareTerms:
    basis = draw(tables((MODE,), flags))
    standard = tuple(
        draw(limits if basis.values[mode] else amounts) for _ in GRADE.members for mode in range(len(MODE.members))
    )
    return LongTermCareTerms(
        covered=draw(tables((SCHEME,), flags)),
        least_grade=draw(st.sampled_from(GRADE.members)),
        unit=draw(tables((MODE,), st.integers(0, 2))),
        basis=basis,
        standard=Table(CELLS, tuple(min(figure, 10**9) if figure != NO_LIMIT else figure for figure in standard)),
        rate=draw(tables(CELLS, rates)),
        month_cap=draw(tables(CELLS, limits)),
        year_cap=draw(tables(CELLS, limits)),
    )


cares: st.SearchStrategy[Care[int]] = st.builds(
    Care,
    st.integers(0, 1),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(0, 744),
    amounts,
    amounts,
    amounts,
)


def words_of(terms: LongTermCareTerms) -> dict[str, Any]:
    def cells(table: Table) -> dict[Any, int | None]:
        return {key: limit_or_none(figure) for key, figure in in_words(table).items()}

    return {
        "covered": {scheme: ("no", "yes")[word] for scheme, word in in_words(terms.covered).items()},
        "least_grade": terms.least_grade,
        "basis": {mode: BASES[word] for mode, word in in_words(terms.basis).items()},
        "standard": in_words(terms.standard),
        "rate": shares(terms.rate),
        "month_cap": cells(terms.month_cap),
        "year_cap": cells(terms.year_cap),
    }


def care_in_words(one: Care[int]) -> dict[str, Any]:
    return {
        **attrs.asdict(one),
        "scheme": SCHEME.members[one.scheme],
        "grade": GRADE.members[one.grade],
        "mode": MODE.members[one.mode],
    }


# ---- one body: ints, columns, traces, oracle -------------------------------------------------------------------------


@many
@given(care_terms(), st.lists(cares, min_size=1, max_size=6))
def test_ints_columns_traces_and_the_oracle_agree(terms: LongTermCareTerms, rows: list[Care[int]]) -> None:
    words = words_of(terms)
    for row, found in zip(rows, as_rows(settle(terms, as_columns(rows))), strict=True):
        one = settle(terms, row)
        assert attrs.asdict(one) == found
        assert settle(terms, as_traced(row)) == one
        agrees(found, oracle.settle(words, care_in_words(row)))


def test_a_large_table_row_by_row() -> None:
    random = np.random.default_rng(11)
    rows = 20_000

    def up_to(most: int) -> Column:
        return random.integers(0, most, rows)

    table = Care(up_to(2), up_to(6), up_to(3), up_to(40), up_to(3_000_00), up_to(1_600_00), up_to(19_000_00))
    words = words_of(PILOT)
    for row, found in zip(as_rows(table)[:2_000], as_rows(settle(PILOT, table))[:2_000], strict=True):
        agrees(found, oracle.settle(words, care_in_words(Care(**row))))


def test_the_oracle_has_the_grades_of_the_room() -> None:
    assert GRADE.members == oracle.GRADES
    assert GRADE.zh == ("基本正常", "轻度失能", "中度失能", "重度失能Ⅰ级", "重度失能Ⅱ级", "重度失能Ⅲ级")
    assert UNITS == ("hour", "day", "month")


# ---- laws ------------------------------------------------------------------------------------------------------------


@many
@given(care_terms(), cares, st.integers(1, 10**6))
def test_payments_keep_to_the_caps_and_never_fall_with_more_care(
    terms: LongTermCareTerms, one: Care[int], more: int
) -> None:
    paid = settle(terms, one)
    assert 0 <= paid.care_pay <= min(paid.before_limits, paid.month_cap_left, paid.year_cap_left)
    assert paid.before_limits <= paid.payable <= paid.standard_amount
    assert paid.eligible or paid.care_pay == 0
    assert paid.care_pay <= settle(terms, attrs.evolve(one, units=one.units + 1)).care_pay
    assert paid.care_pay <= settle(terms, attrs.evolve(one, cost=min(LARGEST, one.cost + more))).care_pay
    for used in ("month_cap_used", "year_cap_used"):
        later = attrs.evolve(one, **{used: min(LARGEST, getattr(one, used) + more)})
        assert settle(terms, later).care_pay <= paid.care_pay


@many
@given(care_terms(), cares)
def test_the_body_and_the_reasons_agree_on_who_is_covered(terms: LongTermCareTerms, one: Care[int]) -> None:
    words = eligibility(terms, SCHEME.members[one.scheme], GRADE.members[one.grade])
    assert words.eligible is bool(settle(terms, one).eligible)


# ---- worked examples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "grade", "expected"),
    [
        ("employee", "severe_1", Eligibility(True, "grade 3 severe I is at least 3 severe I")),
        ("employee", "severe_3", Eligibility(True, "grade 5 severe III is at least 3 severe I")),
        ("employee", "moderate", Eligibility(False, "grade 2 moderate is below 3 severe I")),
        ("employee", "normal", Eligibility(False, "grade 0 normal is below 3 severe I")),
        ("resident", "severe_3", Eligibility(False, "insured of the resident scheme are not covered")),
    ],
)
def test_b35_employees_severely_disabled(scheme: str, grade: str, expected: Eligibility) -> None:
    """天津 2021 三(三): the pilot starts from employees and the severely disabled; the cut-off grade is made up."""
    assert eligibility(PILOT, scheme, grade) == expected


def test_b36_every_step_of_a_month_in_an_institution() -> None:
    """30 days at 70 are 2,100; the cost of 1,950.05 counts, at 70%: 1,365.035, half up 1,365.04; 1,300 of the month's
    1,500 are left, and 800 of the year's 18,000."""
    assert settle(PILOT, care("institution", 30, 1_950_05, month=200_00, year=17_200_00)) == LongTermCare(
        covered=1,
        grade_met=1,
        eligible=1,
        standard_amount=2_100_00,
        payable=1_950_05,
        before_limits=1_365_04,
        month_cap_left=1_300_00,
        year_cap_left=800_00,
        care_pay=800_00,
        left_to_person=1_150_05,
        month_cap_used_after=1_000_00,
        year_cap_used_after=18_000_00,
    )


@pytest.mark.parametrize(
    ("mode", "units", "cost", "month", "pay"),
    [
        ("institution", 10, 700_00, 0, 490_00),
        ("institution", 10, 900_00, 0, 490_00),  # the cost counts up to the standard
        ("institution", 10, 500_00, 0, 350_00),
        ("institution", 31, 3_000_00, 0, 1_500_00),  # 1,519, capped
        ("institution", 31, 3_000_00, 1_500_00, 0),
        ("institution", 31, 3_000_00, 1_600_00, 0),
        ("home_agency", 20, 1_000_00, 0, 750_00),  # 20 hours at 50, at 75%
        ("home_self", 20, 0, 0, 400_00),  # the family is paid the standard, without a bill
        ("home_self", 30, 0, 0, 450_00),
        ("home_self", 0, 0, 0, 0),
    ],
)
def test_b36_by_mode_of_care(mode: str, units: int, cost: int, month: int, pay: int) -> None:
    assert settle(PILOT, care(mode, units, cost, month=month)).care_pay == pay


def test_who_is_not_covered_is_paid_nothing_and_uses_nothing_up() -> None:
    for one in (care("institution", 30, 2_000_00, grade="moderate"), attrs.evolve(care("home_self", 30), scheme=1)):
        found = settle(PILOT, attrs.evolve(one, month_cap_used=5))
        assert (found.eligible, found.care_pay, found.month_cap_used_after) == (0, 0, 5)
        assert found.left_to_person == one.cost


def test_without_a_standard_the_whole_cost_counts() -> None:
    terms = attrs.evolve(PILOT, standard=by_mode(int(NO_LIMIT), 50_00, 20_00))
    assert settle(terms, care("institution", 30, 2_000_00)).care_pay == 1_400_00
    assert settle(terms, as_columns([care("institution", 1_000_000, 2_000_00)])).care_pay.tolist() == [1_400_00]


# ---- terms, explanations, messages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: attrs.evolve(PILOT, standard=by_mode(70_00, 50_00, int(NO_LIMIT))),
            InputError,
            'standard.normal.home_self is "none", but home_self is reckoned on the standard; '
            'state an amount, or "cost" as basis.home_self',
        ),
        (
            lambda: eligibility(PILOT, "employee", "severe"),
            CodeError,
            "unknown grade 'severe'; allowed: normal, mild, moderate, severe_1, severe_2, severe_3",
        ),
        (
            lambda: eligibility(PILOT, "310", "severe_1"),
            CodeError,
            "unknown scheme '310'; allowed: employee, resident",
        ),
        (
            lambda: settle(PILOT, care("home_self", -1)),
            InputError,
            "Care.units: -1 is outside 0 to 1000000; the field is units of care, in count",
        ),
        (
            lambda: settle(PILOT, attrs.evolve(care("home_self", 1), grade=6)),
            CodeError,
            "Care.grade: 6 is outside 0 to 5; codes of grade: normal, mild, moderate, severe_1, severe_2, severe_3, "
            "in this order from 0",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_the_gap_of_the_plan_names_what_is_open() -> None:
    policy = packs.load("tianjin-2021")
    with pytest.raises(PolicyGap) as gap:
        policy.terms(LongTermCareTerms, on=policy.change_dates()[0])
    assert [field.path for field in gap.value.fields] == [
        "effective",
        "least_grade",
        "unit",
        "basis",
        "standard",
        "rate",
        "month_cap",
        "year_cap",
    ]


def test_a_traced_run_cites_its_clause() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["long_term_care"]
    paid = settle(policy.traced("long_term_care", version), as_traced(care("home_agency", 10, 600_00)))
    assert paid.care_pay == 375_00
    found = clauses_of(paid.before_limits, {})
    assert {leaf.clause for _, leaf in found.values()} == {"benefits-2024 第十九条 长期护理保险"}
    assert {path.removeprefix("long_term_care.") for path in found} == {
        "covered.employee",
        "basis.home_agency",
        "standard.severe_2.home_agency",
        "rate.severe_2.home_agency",
    }


def test_labels() -> None:
    for each in (LongTermCareTerms, Care, LongTermCare):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
