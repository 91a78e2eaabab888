"""Maternity: medical cost and allowance against the oracle; worked examples; messages."""

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
from mipolicy.benefits.maternity import (
    KIND,
    WAYS,
    EmployeeMaternityTerms,
    MaternityAllowance,
    MaternityCare,
    MaternityLeave,
    MaternityMedical,
    MaternityTerms,
    ResidentMaternityTerms,
    allowance,
    loss_kind,
    medical,
)
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyError
from mipolicy.explain.words import clauses_of
from mipolicy.money import NO_LIMIT, yuan
from mipolicy.rooms import SECTIONS
from mipolicy.tables import Table
from tests.oracles import maternity as oracle
from tests.strategies import (
    LARGEST,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    in_words,
    limit_or_none,
    limits,
    rates,
    shares,
    tables,
    taken,
    ties,
)

many = settings(max_examples=100, deadline=None)
DAYS = st.one_of(st.sampled_from((0, 15, 42, 60, 98)), st.integers(0, 400))


def by_kind(**figures: int) -> Table:
    return Table((KIND,), tuple(figures.get(kind, 0) for kind in KIND.members))


EMPLOYEE = EmployeeMaternityTerms(
    late_loss_months=4,
    way=by_kind(vaginal_delivery=1, caesarean=1, difficult_delivery=1, family_planning=1),
    rate=Table.same(900_000, KIND, LEVEL),
    limit=Table.same(5_000_00, KIND, LEVEL),
    base_days=by_kind(vaginal_delivery=98, caesarean=98, difficult_delivery=98, early_loss=15, late_loss=42),
    difficult_days=by_kind(difficult_delivery=15),
    further_child_days=by_kind(vaginal_delivery=15, caesarean=15, difficult_delivery=15),
    local_days=by_kind(),
    month_days=30,
)
RESIDENT = ResidentMaternityTerms(
    **{field.name: getattr(EMPLOYEE, field.name) for field in attrs.fields(MaternityTerms)}
)


def care(kind: str, amount: int, used: int = 0, level: str = "secondary") -> MaternityCare[int]:
    return MaternityCare(amount, KIND.position(kind), LEVEL.position(level), used)


def leave(kind: str, wage: str, children: int = 1) -> MaternityLeave[int]:
    return MaternityLeave(KIND.position(kind), children, yuan(wage))


@st.composite
def maternity_terms(draw: DrawFn) -> EmployeeMaternityTerms:
    way = draw(tables((KIND,), st.sampled_from((0, 1))))
    by_level = tuple(
        draw(amounts if way.values[at] == 0 else limits) for at in range(len(KIND.members)) for _ in LEVEL.members
    )
    return EmployeeMaternityTerms(
        late_loss_months=draw(st.integers(0, 9)),
        way=way,
        rate=draw(tables((KIND, LEVEL), rates)),
        limit=Table((KIND, LEVEL), by_level),
        base_days=draw(tables((KIND,), DAYS)),
        difficult_days=draw(tables((KIND,), DAYS)),
        further_child_days=draw(tables((KIND,), DAYS)),
        local_days=draw(tables((KIND,), DAYS)),
        month_days=draw(st.one_of(st.just(30), st.integers(1, 31))),
    )


@st.composite
def cares(draw: DrawFn, terms: MaternityTerms) -> MaternityCare[int]:
    kind = draw(st.integers(0, len(KIND.members) - 1))
    level = draw(st.integers(0, len(LEVEL.members) - 1))
    limit = terms.limit.values[kind * len(LEVEL.members) + level]
    tie = ties(terms.rate.values[kind * len(LEVEL.members) + level])
    near = [0, *taken([limit])]
    if tie is not None:
        near.append(tie[0] + draw(st.integers(0, 10**4)) * tie[1])
    amount = draw(st.one_of(st.sampled_from(near), amounts))
    return MaternityCare(amount, kind, level, draw(st.one_of(st.sampled_from([0, *taken([limit])]), amounts)))


leaves: st.SearchStrategy[MaternityLeave[int]] = st.builds(
    MaternityLeave,
    st.integers(0, len(KIND.members) - 1),
    st.integers(0, 5),
    st.one_of(amounts, st.integers(0, 10**5).map(lambda odd: 15 * (2 * odd + 1))),
)


def words_of(terms: EmployeeMaternityTerms) -> dict[str, Any]:
    return {
        "rate": shares(terms.rate),
        "limit": {key: limit_or_none(figure) for key, figure in in_words(terms.limit).items()},
        "way": {kind: WAYS[way] for kind, way in in_words(terms.way).items()},
        "month_days": terms.month_days,
        **{
            name: in_words(getattr(terms, name))
            for name in ("base_days", "difficult_days", "further_child_days", "local_days")
        },
    }


# ---- one body: ints, columns, traces, oracle -------------------------------------------------------------------------


@many
@given(st.data())
def test_medical_cost_as_ints_columns_traces_and_by_the_oracle(data: st.DataObject) -> None:
    terms = data.draw(maternity_terms())
    rows = data.draw(st.lists(cares(terms), min_size=1, max_size=6))
    for row, found in zip(rows, as_rows(medical(terms, as_columns(rows))), strict=True):
        one = medical(terms, row)
        assert attrs.asdict(one) == found
        assert medical(terms, as_traced(row)) == one
        words = {**attrs.asdict(row), "kind": KIND.members[row.kind], "hosp_lv": LEVEL.members[row.hosp_lv]}
        agrees(found, oracle.medical(words_of(terms), words))


@many
@given(maternity_terms(), st.lists(leaves, min_size=1, max_size=6))
def test_the_allowance_as_ints_columns_traces_and_by_the_oracle(
    terms: EmployeeMaternityTerms, rows: list[MaternityLeave[int]]
) -> None:
    for row, found in zip(rows, as_rows(allowance(terms, as_columns(rows))), strict=True):
        one = allowance(terms, row)
        assert attrs.asdict(one) == found
        assert allowance(terms, as_traced(row)) == one
        expected = oracle.allowance(words_of(terms), KIND.members[row.kind], row.children, row.mean_monthly_wage)
        agrees(found, expected)


def test_large_tables_row_by_row() -> None:
    random = np.random.default_rng(5)
    rows = 20_000
    kind = random.integers(0, len(KIND.members), rows)
    table = MaternityCare(
        random.integers(0, 12_000_00, rows), kind, random.integers(0, 5, rows), random.integers(0, 6_000_00, rows)
    )
    found = as_rows(medical(EMPLOYEE, table))
    away = MaternityLeave(kind, random.integers(0, 5, rows), random.integers(0, 40_000_00, rows))
    paid = as_rows(allowance(EMPLOYEE, away))
    for at, (row, gone) in enumerate(zip(as_rows(table), as_rows(away), strict=True)):
        if at < 2_000:
            assert attrs.asdict(medical(EMPLOYEE, MaternityCare(**row))) == found[at]
            assert attrs.asdict(allowance(EMPLOYEE, MaternityLeave(**gone))) == paid[at]


# ---- laws ------------------------------------------------------------------------------------------------------------


@many
@given(maternity_terms().flatmap(lambda terms: st.tuples(st.just(terms), cares(terms))), amounts)
def test_never_above_the_cost_nor_the_limit_and_never_less_for_more(
    case: tuple[EmployeeMaternityTerms, MaternityCare[int]], more: int
) -> None:
    terms, one = case
    paid = medical(terms, one)
    assert 0 <= paid.hifp_pay <= min(one.inscp_scp_amt, paid.limit_left)
    assert paid.hifp_pay + paid.left_to_person == one.inscp_scp_amt
    dearer = attrs.evolve(one, inscp_scp_amt=min(LARGEST, one.inscp_scp_amt + more))
    assert paid.hifp_pay <= medical(terms, dearer).hifp_pay
    assert medical(terms, attrs.evolve(one, limit_used=min(LARGEST, one.limit_used + more))).hifp_pay <= paid.hifp_pay


@many
@given(maternity_terms(), leaves, st.integers(1, 10**6))
def test_the_allowance_rises_with_wage_and_children(
    terms: EmployeeMaternityTerms, one: MaternityLeave[int], more: int
) -> None:
    paid = allowance(terms, one)
    assert paid.allowance <= allowance(terms, attrs.evolve(one, children=one.children + 1)).allowance
    wage = min(LARGEST, one.mean_monthly_wage + more)
    assert paid.allowance <= allowance(terms, attrs.evolve(one, mean_monthly_wage=wage)).allowance


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_b33_every_step_of_a_delivery_with_a_ceiling() -> None:
    """6,000.05 at 90% is 5,400.045, half up 5,400.05; 5,000 is the most."""
    assert medical(EMPLOYEE, care("vaginal_delivery", 6_000_05)) == MaternityMedical(
        by_rate=5_400_05,
        before_limits=5_400_05,
        limit_left=5_000_00,
        hifp_pay=5_000_00,
        limit_used_after=5_000_00,
        left_to_person=1_000_05,
    )


@pytest.mark.parametrize(
    ("amount", "used", "pay"),
    [
        (0, 0, 0),
        (1_200_00, 0, 1_200_00),  # below the fixed amount: the cost, never above it
        (5_000_00, 0, 5_000_00),
        (5_000_01, 0, 5_000_00),
        (1_200_00, 4_000_00, 1_000_00),  # over one pregnancy
        (1_200_00, 5_000_00, 0),
        (1_200_00, 6_000_00, 0),
    ],
)
def test_a_fixed_amount_pays_the_cost_up_to_the_amount(amount: int, used: int, pay: int) -> None:
    """Check-ups over one pregnancy, 5,000 made up; the rate of 90% is of no effect."""
    assert medical(EMPLOYEE, care("antenatal", amount, used)).hifp_pay == pay


@pytest.mark.parametrize(
    ("kind", "children", "days", "paid"),
    [
        ("vaginal_delivery", 1, 98, "29400.00"),
        ("difficult_delivery", 1, 113, "33900.00"),
        ("vaginal_delivery", 2, 113, "33900.00"),
        ("difficult_delivery", 3, 143, "42900.00"),
        ("early_loss", 0, 15, "4500.00"),
        ("late_loss", 0, 42, "12600.00"),
        ("late_loss", 2, 42, "12600.00"),
        ("antenatal", 0, 0, "0.00"),
    ],
)
def test_b33_days_and_allowance(kind: str, children: int, days: int, paid: str) -> None:
    """formulas.md section 1: 98; +15 difficult; +15 each further child; 15 or 42 for loss; 9,000 / 30 = 300 a day."""
    found = allowance(EMPLOYEE, leave(kind, "9000", children))
    assert (found.days, found.allowance) == (days, yuan(paid))


def test_every_step_of_the_allowance_with_local_days() -> None:
    """8,000.01 x 188 / 30 = 50,133.396: multiplied first, rounded once (rounded before the days: 50,133.96)."""
    terms = attrs.evolve(EMPLOYEE, local_days=by_kind(difficult_delivery=60))
    assert allowance(terms, leave("difficult_delivery", "8000.01", 2)) == MaternityAllowance(
        base_days=98,
        difficult_days=15,
        further_children=1,
        further_child_days=15,
        local_days=60,
        days=188,
        allowance=50_133_40,
    )


def test_a_tie_goes_up() -> None:
    """0.15 x 15 / 30 = 0.075, to 0.08."""
    assert allowance(EMPLOYEE, leave("early_loss", "0.15", 0)).allowance == 8


@pytest.mark.parametrize(("months", "kind"), [(0, "early_loss"), (3, "early_loss"), (4, "late_loss"), (9, "late_loss")])
def test_a_loss_before_or_from_four_months(months: int, kind: str) -> None:
    assert loss_kind(EMPLOYEE, months) == kind


def test_b34_residents_are_paid_medical_cost_by_the_same_body_and_no_allowance() -> None:
    """天津 2021 三(一) names medical cost only."""
    assert medical(RESIDENT, care("caesarean", 4_000_00)) == medical(EMPLOYEE, care("caesarean", 4_000_00))
    with pytest.raises(InputError) as caught:
        allowance(RESIDENT, leave("caesarean", "5000"))  # type: ignore[arg-type]  # the types say so too
    assert str(caught.value) == (
        "residents are paid medical cost only, no maternity allowance (rule B34); "
        "an allowance is asked of the terms of maternity.employee"
    )


# ---- terms, explanations, messages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: attrs.evolve(EMPLOYEE, month_days=0),
            InputError,
            "month_days divides a month's wage, so it is at least 1, not 0",
        ),
        (
            lambda: attrs.evolve(RESIDENT, limit=Table.same(int(NO_LIMIT), KIND, LEVEL)),
            InputError,
            'limit: antenatal is paid a fixed amount, which cannot be "none"; state it, or make the way a rate',
        ),
        (lambda: loss_kind(EMPLOYEE, -1), InputError, "full months of pregnancy are not negative, got -1"),
        (
            lambda: medical(EMPLOYEE, MaternityCare(0, 7, 0, 0)),
            CodeError,
            "MaternityCare.kind: 7 is outside 0 to 6; codes of kind: antenatal, vaginal_delivery, caesarean, "
            "difficult_delivery, early_loss, late_loss, family_planning, in this order from 0",
        ),
        (
            lambda: medical(EMPLOYEE, as_columns([care("antenatal", 1), care("antenatal", -1)])),
            InputError,
            "MaternityCare.inscp_scp_amt: row 1: -1 is outside 0 to 1000000000000; "
            "the field is in-scope amount, in fen",
        ),
        (
            lambda: allowance(EMPLOYEE, MaternityLeave(1, -1, 0)),
            InputError,
            "MaternityLeave.children: -1 is outside 0 to 1000000; the field is children born, in count",
        ),
        (
            lambda: allowance(EMPLOYEE, MaternityLeave(1, 1, 9000.5)),  # type: ignore[type-var]
            AmountError,
            "MaternityLeave.mean_monthly_wage: an amount must be int or an int64 column, got float 9000.5",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_a_rate_may_go_without_a_ceiling() -> None:
    by_rate = attrs.evolve(RESIDENT, way=Table.same(1, KIND), limit=Table.same(int(NO_LIMIT), KIND, LEVEL))
    assert medical(by_rate, care("antenatal", 100_000_00, used=LARGEST)).hifp_pay == 90_000_00


def test_the_sections_of_the_two_schemes() -> None:
    assert SECTIONS["maternity.employee"].terms is EmployeeMaternityTerms
    assert SECTIONS["maternity.resident"].terms is ResidentMaternityTerms
    assert not hasattr(RESIDENT, "base_days")
    policy = packs.load("assumed")
    on = policy.change_dates()[0]
    assert policy.terms(EmployeeMaternityTerms, on=on).month_days == 30
    with pytest.raises(PolicyError, match="MaternityTerms serves the sections none: name one of them"):
        policy.terms(MaternityTerms, on=on)


def test_a_traced_run_cites_its_clause() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["maternity.employee"]
    terms = policy.traced("maternity.employee", version)
    paid = allowance(terms, as_traced(leave("caesarean", "9000", 2)))
    assert paid.days == 98 + 15 + 15 + 60
    found = clauses_of(paid.allowance, {})
    assert {path: leaf.clause for path, (_, leaf) in found.items()} == {
        f"maternity.employee.{path}": "benefits-2024 第十七条 职工生育"
        for path in (
            "base_days.caesarean",
            "difficult_days.caesarean",
            "further_child_days.caesarean",
            "local_days.caesarean",
            "month_days",
        )
    }


def test_labels() -> None:
    for each in (EmployeeMaternityTerms, MaternityCare, MaternityMedical, MaternityLeave, MaternityAllowance):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
