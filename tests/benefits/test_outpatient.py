"""Outpatient pooling: one body on ints, columns and traces against the oracle; laws; worked examples."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mipolicy.axes import LEVEL, SCHEMES
from mipolicy.benefits.axes import EMPLOYEE_STATUS, INSTITUTION, OWNERSHIP, RESIDENT_STATUS, SERVICE, STREAMS
from mipolicy.benefits.outpatient import (
    ADMISSION,
    DiseaseQuota,
    Outpatient,
    OutpatientTerms,
    Recognition,
    Visit,
    over_ceiling,
    public_coverage,
    recognise,
    settle,
)
from mipolicy.errors import AmountError, InputError
from mipolicy.money import NO_LIMIT
from mipolicy.policy.kinds import (
    STATUS,
    ChoiceKind,
    CodesKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TableKind,
    TextKind,
    choice_table,
)
from mipolicy.tables import Axis, Table
from tests import oracles
from tests.oracles import outpatient as oracle
from tests.oracles.ladder import over_cap
from tests.strategies import (
    MILLION,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    days,
    outpatient_in_words,
    outpatient_terms,
    raised,
    ties,
    visit_in_words,
    visits,
    visits_table,
)

many = settings(max_examples=100, deadline=None)
cases: SearchStrategy[tuple[OutpatientTerms, Visit[int]]] = outpatient_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), visits(terms))
)

# ---------------------------------------------------------------------------------------- a made-up city, in yuan x 100

BY_LEVEL = {"tertiary": 800_00, "secondary": 500_00, "level_1": 0, "primary": 0, "ungraded": 500_00}
RATE_IN_SERVICE = {
    "tertiary": 550_000,
    "secondary": 600_000,
    "level_1": 600_000,
    "primary": 600_000,
    "ungraded": 600_000,
}


def by_level(figures: dict[str, int], *, retired: int = 0) -> Table:
    """Figures by level for those in service, and so much more for retirees."""
    return Table(
        (LEVEL, EMPLOYEE_STATUS),
        tuple(figures[level] + more for level in LEVEL.members for more in (0, retired)),
    )


def institutions(**words: tuple[str, str]) -> Table:
    """The admission of public and private institutions by kind; never where it is not named."""
    return Table(
        (INSTITUTION, OWNERSHIP),
        tuple(ADMISSION.index(word) for kind in INSTITUTION.members for word in words.get(kind, ("never", "never"))),
    )


CHANGDE = institutions(
    hospital=("always", "listed"),
    community_center=("always", "listed"),
    community_station=("listed", "listed"),
    township_center=("always", "listed"),
    village_clinic=("always", "never"),
    clinic=("always", "listed"),
)

EMPLOYEE = OutpatientTerms(
    deductible=by_level(BY_LEVEL),
    deductible_scope="year",
    deductible_streams=("general",),
    counts_toward_deductible=Table.same(0, LEVEL),
    rate=by_level(RATE_IN_SERVICE, retired=50_000),
    rate_uplift=Table.same(0, LEVEL),
    service_uplift=Table.same(0, SERVICE),
    ceiling=Table.same(7_500_00, EMPLOYEE_STATUS),
    ceiling_basis="fund_payment",
    ceiling_streams=("general",),
    institutions=CHANGDE,
    listed_institutions=(),
    designated_only=0,
    outside_designated="nothing",
    online_payable=0,
    online_follow_up_only=0,
    recognition_needed=0,
    diseases=(),
    quota_period="year",
    quota_carry_over=0,
    second_disease_addition=0,
)

PLAIN: Visit[int] = Visit(
    inscp_scp_amt=0,
    hosp_lv=LEVEL.position("tertiary"),
    psn_type=EMPLOYEE_STATUS.position("in_service"),
    medins_kind=INSTITUTION.position("hospital"),
    medins_ownership=OWNERSHIP.position("public"),
    listed=0,
    designated=0,
    recognised=0,
    online=0,
    follow_up=0,
    service_kind=SERVICE.position("general"),
    deductible_used=0,
    ceiling_used=0,
    quota_left=int(NO_LIMIT),
)


def visit(amount: int, level: str = "tertiary", **changes: int) -> Visit[int]:
    """A plain visit of an employee to a public hospital, with changes."""
    return attrs.evolve(PLAIN, inscp_scp_amt=amount, hosp_lv=LEVEL.position(level), **changes)


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(outpatient_terms())
    rows = data.draw(st.lists(visits(terms), min_size=1, max_size=6))
    words = outpatient_in_words(terms)
    batch = as_rows(settle(terms, as_columns(rows)))
    for row, found in zip(rows, batch, strict=True):
        one = settle(terms, row)
        assert attrs.asdict(one) == found
        assert settle(terms, as_traced(row)) == one
        agrees(found, oracle.settle(words, visit_in_words(terms, row)), rates_of=("fund_rate",))


@pytest.mark.parametrize(
    ("seed", "basis", "ceiling"),
    [
        (1, "fund_payment", 7_500_00),
        (2, "eligible_cost", 7_500_00),
        (3, "fund_payment", NO_LIMIT),
        (4, "eligible_cost", 50_000_00),
    ],
)
def test_a_large_table_row_by_row(seed: int, basis: str, ceiling: int) -> None:
    terms = attrs.evolve(
        EMPLOYEE,
        rate_uplift=Table((LEVEL,), (0, 0, 100_000, 100_000, 399_999)),
        service_uplift=Table((SERVICE,), (0, 25_000, 50_000, 333_333)),
        counts_toward_deductible=Table((LEVEL,), (0, 0, 1, 1, 0)),
        ceiling=Table((EMPLOYEE_STATUS,), (int(ceiling), 9_000_00)),
        ceiling_basis=basis,
        online_payable=1,
        online_follow_up_only=1,
        designated_only=1,
        recognition_needed=1,
    )
    rows = 100_000
    table = visits_table(terms, rows, seed)
    found = settle(terms, table)
    for field in attrs.fields(Outpatient):
        assert getattr(found, field.name).shape == (rows,)
    given_rows, found_rows = as_rows(table)[:5_000], as_rows(found)[:5_000]
    words = outpatient_in_words(terms)
    on_a_tie = 0
    for at, (row, result) in enumerate(zip(given_rows, found_rows, strict=True)):
        one = Visit(**row)
        assert attrs.asdict(settle(terms, one)) == result
        on_a_tie += result["payable"] * result["fund_rate"] % MILLION == MILLION // 2
        if at < 1_000:
            agrees(result, oracle.settle(words, visit_in_words(terms, one)), rates_of=("fund_rate",))
    assert on_a_tie > 100  # the table is worth its size


def test_an_empty_table_gives_an_empty_outcome() -> None:
    empty = Visit(**{field.name: np.empty(0, np.int64) for field in attrs.fields(Visit)})
    assert as_rows(settle(EMPLOYEE, empty)) == []


@given(st.one_of(st.integers(-(10**4), 10**4), st.integers(-(10**15), 10**15)))
def test_the_oracle_rounds_as_decimal_does(thousandths: int) -> None:
    expected = Decimal(thousandths).scaleb(-3).quantize(Decimal(1), ROUND_HALF_UP)
    assert oracles.half_up(Fraction(thousandths, 1000)) == expected


@pytest.mark.parametrize(
    ("rate", "least", "step"), [(550_000, 10, 20), (500_000, 1, 2), (125_000, 4, 8), (3, 500_000, MILLION)]
)
def test_ties_are_where_the_strategies_say(rate: int, least: int, step: int) -> None:
    assert ties(rate) == (least, step)
    assert least * rate % MILLION == (least + step) * rate % MILLION == MILLION // 2


def test_rates_without_ties_are_known() -> None:
    assert ties(0) is None
    assert ties(MILLION) is None
    assert ties(64) is None


# ------------------------------------------------------------------------------------------------------------- laws


@many
@given(cases)
def test_payments_stay_within_every_limit(case: tuple[OutpatientTerms, Visit[int]]) -> None:
    terms, one = case
    paid = settle(terms, one)
    assert 0 <= paid.act_pay_dedc <= paid.payable_scope <= one.inscp_scp_amt
    assert 0 <= paid.act_pay_dedc <= paid.deductible_due
    assert 0 <= paid.hifp_pay <= paid.before_limits <= paid.payable
    assert paid.act_pay_dedc + paid.payable == paid.payable_scope
    assert paid.hifp_pay <= paid.ceiling_left
    assert paid.hifp_pay <= one.quota_left
    assert 0 <= paid.fund_rate <= MILLION
    assert paid.ceiling_used_after >= one.ceiling_used
    assert paid.deductible_used_after >= one.deductible_used
    assert paid.deductible_used_after - one.deductible_used >= paid.act_pay_dedc


@many
@given(cases)
def test_the_ceiling_is_never_passed(case: tuple[OutpatientTerms, Visit[int]]) -> None:
    """What the ceiling limits, added to what was used, stays within it, unless it was passed before."""
    terms, one = case
    paid = settle(terms, one)
    ceiling = terms.ceiling.values[one.psn_type]
    if one.ceiling_used <= ceiling:
        assert paid.ceiling_used_after <= ceiling
    else:
        assert paid.ceiling_used_after == one.ceiling_used
        assert paid.hifp_pay == 0


@many
@given(cases, amounts)
def test_more_cost_never_pays_less_and_never_costs_the_patient_less(
    case: tuple[OutpatientTerms, Visit[int]], more: int
) -> None:
    """Both the fund's payment and the patient's in-scope part rise with the in-scope amount, rounding included."""
    terms, one = case
    low, high = settle(terms, one), settle(terms, attrs.evolve(one, inscp_scp_amt=one.inscp_scp_amt + more))
    assert low.hifp_pay <= high.hifp_pay <= low.hifp_pay + more
    assert low.act_pay_dedc <= high.act_pay_dedc


@many
@given(cases, st.sampled_from((1, 5, 10, 20)))
def test_one_step_of_cost_is_shared_and_not_made(case: tuple[OutpatientTerms, Visit[int]], step: int) -> None:
    """The same law where it is tightest: next to ties and limits."""
    terms, one = case
    low, high = settle(terms, one), settle(terms, attrs.evolve(one, inscp_scp_amt=one.inscp_scp_amt + step))
    assert low.hifp_pay <= high.hifp_pay <= low.hifp_pay + step


@many
@given(cases, amounts)
def test_what_was_used_before_moves_the_payment_one_way(case: tuple[OutpatientTerms, Visit[int]], more: int) -> None:
    terms, one = case
    paid = settle(terms, one).hifp_pay
    assert settle(terms, attrs.evolve(one, deductible_used=one.deductible_used + more)).hifp_pay >= paid
    assert settle(terms, attrs.evolve(one, ceiling_used=one.ceiling_used + more)).hifp_pay <= paid
    assert settle(terms, attrs.evolve(one, quota_left=one.quota_left + more)).hifp_pay >= paid


@many
@given(cases)
def test_five_points_never_lower_the_payment(case: tuple[OutpatientTerms, Visit[int]]) -> None:
    terms, one = case
    paid = settle(terms, one)
    for lifted in (
        attrs.evolve(terms, rate_uplift=raised(terms.rate_uplift, 50_000)),
        attrs.evolve(terms, service_uplift=raised(terms.service_uplift, 50_000)),
    ):
        found = settle(lifted, one)
        assert found.hifp_pay >= paid.hifp_pay
        assert found.fund_rate == min(paid.fund_rate + 50_000, MILLION)


@many
@given(cases)
def test_a_ceiling_on_payment_never_pays_less_than_the_same_on_cost(case: tuple[OutpatientTerms, Visit[int]]) -> None:
    """Reading A07: the same figure and the same used so far, on either basis."""
    terms, one = case
    on_payment = settle(attrs.evolve(terms, ceiling_basis="fund_payment"), one)
    on_cost = settle(attrs.evolve(terms, ceiling_basis="eligible_cost"), one)
    assert on_payment.hifp_pay >= on_cost.hifp_pay


@many
@given(cases, st.data())
def test_a_visit_split_in_two_pays_the_same(case: tuple[OutpatientTerms, Visit[int]], data: st.DataObject) -> None:
    """Exactly so in fractions, where both parts fall in one year of one deductible, at one rate, under one ceiling and
    one quota, and each part finds what the part before it used; on either basis of the ceiling.  Rounded to the fen,
    three roundings are involved, each of at most half a fen: the sums differ by at most one fen, and the deductible,
    which is not rounded, by nothing.
    """
    terms, whole = case
    words = outpatient_in_words(terms)
    part = data.draw(st.integers(0, whole.inscp_scp_amt))
    entire = oracle.settle(words, visit_in_words(terms, whole), exact=True)
    before = visit_in_words(terms, whole)
    first = oracle.settle(words, {**before, "inscp_scp_amt": part}, exact=True)
    second = oracle.settle(
        words,
        {
            **before,
            "inscp_scp_amt": whole.inscp_scp_amt - part,
            "deductible_used": first["deductible_used_after"],
            "ceiling_used": first["ceiling_used_after"],
            "quota_left": None if before["quota_left"] is None else before["quota_left"] - first["hifp_pay"],
        },
        exact=True,
    )
    assert first["hifp_pay"] + second["hifp_pay"] == entire["hifp_pay"]
    assert first["act_pay_dedc"] + second["act_pay_dedc"] == entire["act_pay_dedc"]

    paid = settle(terms, whole)
    assert paid.hifp_pay == oracles.half_up(Fraction(entire["hifp_pay"]))
    one = settle(terms, attrs.evolve(whole, inscp_scp_amt=part))
    two = settle(
        terms,
        attrs.evolve(
            whole,
            inscp_scp_amt=whole.inscp_scp_amt - part,
            deductible_used=one.deductible_used_after,
            ceiling_used=one.ceiling_used_after,
            quota_left=whole.quota_left - one.hifp_pay,
        ),
    )
    assert one.act_pay_dedc + two.act_pay_dedc == paid.act_pay_dedc
    assert one.hifp_pay + two.hifp_pay - paid.hifp_pay in (-1, 0, 1)


@pytest.mark.parametrize(
    ("parts", "rate", "apart", "together"),
    [((1, 1), 500_000, 2, 1), ((3, 3), 400_000, 2, 2), ((1, 1), 400_000, 0, 1), ((20, 30), 500_000, 25, 25)],
)
def test_rounding_moves_a_split_visit_by_a_fen(parts: tuple[int, int], rate: int, apart: int, together: int) -> None:
    terms = attrs.evolve(EMPLOYEE, rate=Table.same(rate, LEVEL, EMPLOYEE_STATUS))
    assert sum(settle(terms, visit(part, "primary")).hifp_pay for part in parts) == apart
    assert settle(terms, visit(sum(parts), "primary")).hifp_pay == together


# --------------------------------------------------------------------------------------- worked examples, by the rule


def test_b01_every_step_of_a_visit() -> None:
    """常德 2023 一(一) 「建立普通门诊统筹制度」.

    Deductible 800, 500 of it used; in scope 1,234.50; 55%; the fund has paid 7,000 of 7,500.
    800 - 500 = 300 due; 1,234.50 - 300 = 934.50; x 55% = 513.975, half a fen: 513.98; 7,500 - 7,000 = 500 left: 500.
    """
    assert settle(EMPLOYEE, visit(1_234_50, deductible_used=500_00, ceiling_used=7_000_00)) == Outpatient(
        takes_part=1,
        well_designated=1,
        well_recognised=1,
        well_online=1,
        eligible=1,
        ceiling_left=500_00,
        payable_scope=1_234_50,
        deductible_due=300_00,
        act_pay_dedc=300_00,
        payable=934_50,
        fund_rate=550_000,
        before_limits=513_98,
        hifp_pay=500_00,
        deductible_used_after=800_00,
        ceiling_used_after=7_500_00,
    )


@pytest.mark.parametrize(
    ("amount", "used", "due", "taken", "pay"),
    [
        (799_99, 0, 800_00, 799_99, 0),
        (800_00, 0, 800_00, 800_00, 0),
        (800_01, 0, 800_00, 800_00, 1),  # 0.55 fen
        (800_10, 0, 800_00, 800_00, 6),  # 5.5 fen
        (100_00, 799_99, 1, 1, 54_99),  # 99.99 x 55% = 54.9945
        (100_00, 800_00, 0, 0, 55_00),
        (100_00, 900_00, 0, 0, 55_00),
        (0, 0, 800_00, 0, 0),
    ],
)
def test_b01_the_deductible_to_the_fen(amount: int, used: int, due: int, taken: int, pay: int) -> None:
    found = settle(EMPLOYEE, visit(amount, deductible_used=used))
    assert (found.deductible_due, found.act_pay_dedc, found.hifp_pay) == (due, taken, pay)
    assert found.deductible_used_after == used + taken


def test_b01_retirees_have_a_rate_of_their_own() -> None:
    """1,000 - 800 = 200; in service x 55% = 110, retired x 60% = 120."""
    retired = EMPLOYEE_STATUS.position("retired")
    assert settle(EMPLOYEE, visit(1_000_00)).hifp_pay == 110_00
    assert settle(EMPLOYEE, visit(1_000_00, psn_type=retired)).hifp_pay == 120_00


@pytest.mark.parametrize(
    ("level", "taken", "pay"),
    [
        ("tertiary", 800_00, 110_00),
        ("secondary", 500_00, 300_00),
        ("level_1", 0, 600_00),
        ("primary", 0, 600_00),
        ("ungraded", 500_00, 300_00),
    ],
)
def test_b02_no_deductible_at_primary_care_and_level_1(level: str, taken: int, pay: int) -> None:
    """常德 2023 一(一) 「基层及一级医疗机构医保门诊报销不设起付线」, here on 1,000 yuan in scope."""
    found = settle(EMPLOYEE, visit(1_000_00, level))
    assert (found.act_pay_dedc, found.hifp_pay) == (taken, pay)


@pytest.mark.parametrize(
    ("base", "uplift", "rate", "pay"),
    [
        (600_000, 100_000, 700_000, 70_00),
        (600_000, 0, 600_000, 60_00),
        (900_000, 100_000, 1_000_000, 100_00),
        (950_000, 100_000, 1_000_000, 100_00),
        (899_999, 100_000, 999_999, 100_00),  # 99.9999
    ],
)
def test_b03_the_rate_is_raised_and_capped(base: int, uplift: int, rate: int, pay: int) -> None:
    """常德 2023 一(一) 「报销比例适当增加」: base + uplift, at most 100%; on 100 yuan at a level 1 institution."""
    terms = attrs.evolve(
        EMPLOYEE,
        rate=Table.same(base, LEVEL, EMPLOYEE_STATUS),
        rate_uplift=Table((LEVEL,), tuple(uplift if level == "level_1" else 0 for level in LEVEL.members)),
    )
    found = settle(terms, visit(100_00, "level_1"))
    assert (found.fund_rate, found.hifp_pay) == (rate, pay)
    assert settle(terms, visit(100_00, "primary")).fund_rate == base


@pytest.mark.parametrize(
    ("kind", "ownership", "listed", "eligible"),
    [
        ("hospital", "public", 0, 1),
        ("hospital", "public", 1, 1),
        ("hospital", "private", 0, 0),
        ("hospital", "private", 1, 1),
        ("community_center", "public", 0, 1),
        ("community_station", "public", 0, 0),
        ("community_station", "public", 1, 1),
        ("community_station", "private", 0, 0),
        ("community_station", "private", 1, 1),
        ("township_center", "public", 0, 1),
        ("pharmacy", "private", 1, 0),
        ("pharmacy", "private", 0, 0),
        ("pharmacy", "public", 1, 0),
    ],
)
def test_b04_which_institutions_take_part(kind: str, ownership: str, listed: int, eligible: int) -> None:
    """常德 2023 一(一) 「将公立医疗机构全部纳入…按需纳入社会办医疗机构、社区卫生服务站」: always, listed, never."""
    found = settle(
        EMPLOYEE,
        visit(
            1_000_00,
            medins_kind=INSTITUTION.position(kind),
            medins_ownership=OWNERSHIP.position(ownership),
            listed=listed,
        ),
    )
    assert (found.eligible, found.hifp_pay) == (eligible, 110_00 * eligible)


def test_b04_where_the_benefit_does_not_apply_nothing_is_used_up() -> None:
    for basis in ("fund_payment", "eligible_cost"):
        terms = attrs.evolve(EMPLOYEE, ceiling_basis=basis, counts_toward_deductible=Table.same(1, LEVEL))
        away = visit(2_000_00, medins_ownership=1, deductible_used=100_00, ceiling_used=200_00)
        assert settle(terms, away) == Outpatient(
            takes_part=0,
            well_designated=1,
            well_recognised=1,
            well_online=1,
            eligible=0,
            ceiling_left=7_300_00,
            payable_scope=0,
            deductible_due=700_00,
            act_pay_dedc=0,
            payable=0,
            fund_rate=550_000,
            before_limits=0,
            hifp_pay=0,
            deductible_used_after=100_00,
            ceiling_used_after=200_00,
        )


def test_b04_coverage_of_public_institutions() -> None:
    """The share taking part, public ones only; a city without any has no share, not 0."""
    assert public_coverage([("public", True), ("public", True), ("public", False), ("private", True)]) == Fraction(2, 3)
    assert public_coverage([("public", True)]) == 1
    assert public_coverage([("public", False)]) == 0
    assert public_coverage([("private", True)]) is None
    assert public_coverage([]) is None


@given(st.lists(st.tuples(st.sampled_from(OWNERSHIP.members), st.booleans())))
def test_b04_coverage_is_the_oracle_s(found: list[tuple[str, bool]]) -> None:
    assert public_coverage(found) == oracle.coverage(found)


@pytest.mark.parametrize(
    ("counts", "spent", "used", "taken", "pay"),
    [
        (0, 300_00, 0, 500_00, 300_00),
        (0, 500_00, 0, 500_00, 300_00),
        (1, 300_00, 300_00, 200_00, 480_00),
        (1, 500_00, 500_00, 0, 600_00),
        (1, 499_99, 499_99, 1, 599_99),  # 599.994
    ],
)
def test_a06_spending_at_primary_care_fills_other_deductibles_only_where_data_says(
    counts: int, spent: int, used: int, taken: int, pay: int
) -> None:
    """Reading A06: at primary care, where no deductible is taken, first; then 1,000 yuan at a level 2 hospital."""
    terms = attrs.evolve(
        EMPLOYEE,
        counts_toward_deductible=Table((LEVEL,), tuple(counts * (level == "primary") for level in LEVEL.members)),
    )
    first = settle(terms, visit(spent, "primary"))
    assert (first.act_pay_dedc, first.deductible_used_after) == (0, used)
    second = settle(terms, visit(1_000_00, "secondary", deductible_used=used))
    assert (second.act_pay_dedc, second.hifp_pay, second.deductible_used_after) == (taken, pay, used + taken)


@pytest.mark.parametrize(
    ("only", "designated", "eligible", "pay"), [(1, 1, 1, 110_00), (1, 0, 0, 0), (0, 0, 1, 110_00), (0, 1, 1, 110_00)]
)
def test_b12_special_diseases_at_the_designated_hospital(only: int, designated: int, eligible: int, pay: int) -> None:
    """上虞 2013 二(二)3 「对特殊病种门诊医疗病人建立定点医院管理制度」: elsewhere this benefit does not apply."""
    found = settle(attrs.evolve(EMPLOYEE, designated_only=only), visit(1_000_00, designated=designated))
    assert (found.eligible, found.hifp_pay) == (eligible, pay)


NO_DEDUCTIBLE = attrs.evolve(EMPLOYEE, deductible=Table.same(0, LEVEL, EMPLOYEE_STATUS))


@pytest.mark.parametrize(
    ("basis", "amount", "used", "pay", "used_after"),
    [
        ("fund_payment", 20_000_00, 0, 7_500_00, 7_500_00),
        ("eligible_cost", 20_000_00, 0, 4_125_00, 7_500_00),
        ("fund_payment", 7_500_00, 0, 4_125_00, 4_125_00),
        ("eligible_cost", 7_500_00, 0, 4_125_00, 7_500_00),
        ("eligible_cost", 7_499_99, 0, 4_124_99, 7_499_99),  # 4,124.9945
        ("eligible_cost", 7_500_01, 0, 4_125_00, 7_500_00),
        ("fund_payment", 13_636_36, 0, 7_500_00, 7_500_00),  # 7,499.998
        ("fund_payment", 13_636_34, 0, 7_499_99, 7_499_99),  # 7,499.987
        ("fund_payment", 1_000_00, 7_499_99, 1, 7_500_00),
        ("eligible_cost", 1_000_00, 7_499_99, 1, 7_500_00),
        ("fund_payment", 1_000_00, 7_500_00, 0, 7_500_00),
        ("eligible_cost", 1_000_00, 7_500_00, 0, 7_500_00),
        ("fund_payment", 1_000_00, 8_000_00, 0, 8_000_00),
        ("eligible_cost", 1_000_00, 8_000_00, 0, 8_000_00),
    ],
)
def test_b13_a_ceiling_of_7500_on_payment_or_on_cost(
    basis: str, amount: int, used: int, pay: int, used_after: int
) -> None:
    """天津 2021 一(一) 「職工醫保門診最高支付限額由5500元提高至7500元」; reading A07: at 55%, 7,500 against 4,125."""
    found = settle(attrs.evolve(NO_DEDUCTIBLE, ceiling_basis=basis), visit(amount, ceiling_used=used))
    assert (found.hifp_pay, found.ceiling_used_after) == (pay, used_after)


def test_b13_on_cost_the_deductible_comes_out_of_the_ceiling() -> None:
    """A07, "before any deductible": 7,500 - 800 = 6,700 x 55% = 3,685."""
    found = settle(attrs.evolve(EMPLOYEE, ceiling_basis="eligible_cost"), visit(20_000_00))
    assert (found.payable_scope, found.act_pay_dedc, found.payable, found.hifp_pay) == (
        7_500_00,
        800_00,
        6_700_00,
        3_685_00,
    )


@pytest.mark.parametrize(
    ("scheme", "status", "ceiling"),
    [
        ("employee, old", EMPLOYEE_STATUS, 5_500_00),
        ("employee, new", EMPLOYEE_STATUS, 7_500_00),
        ("resident, old", RESIDENT_STATUS, 3_000_00),
        ("resident, new", RESIDENT_STATUS, 4_000_00),
    ],
)
def test_b13_old_and_new_ceilings_by_scheme(scheme: str, status: Axis, ceiling: int) -> None:
    """天津 2021 一(一): employees 5,500 to 7,500; 「居民醫保門診最高支付限額由3000元提高至4000元」."""
    terms = attrs.evolve(
        EMPLOYEE,
        deductible=Table.same(0, LEVEL, status),
        rate=Table.same(500_000, LEVEL, status),
        ceiling=Table.same(ceiling, status),
    )
    for person in range(len(status.members)):
        assert settle(terms, visit(10_000_00, psn_type=person)).hifp_pay == min(5_000_00, ceiling)
        assert settle(terms, visit(100_000_00, psn_type=person)).hifp_pay == ceiling


def test_b22_each_stream_pays_by_its_own_terms() -> None:
    """天津 2021 三(一) 「完善普通門(急)診和門診特定疾病待遇保障政策」: 2,000 yuan, three streams.

    General (2,000 - 800) x 55% = 660; emergency (2,000 - 500) x 65% = 975; special 2,000 x 85% = 1,700, if recognised.
    """
    emergency = attrs.evolve(
        EMPLOYEE,
        deductible=Table.same(500_00, LEVEL, EMPLOYEE_STATUS),
        rate=Table.same(650_000, LEVEL, EMPLOYEE_STATUS),
        deductible_streams=("emergency",),
        ceiling_streams=("general", "emergency"),
    )
    special = attrs.evolve(
        NO_DEDUCTIBLE,
        rate=Table.same(850_000, LEVEL, EMPLOYEE_STATUS),
        recognition_needed=1,
        deductible_streams=("special",),
        ceiling_streams=("special", "inpatient"),
    )
    one = visit(2_000_00)
    assert [settle(terms, one).hifp_pay for terms in (EMPLOYEE, emergency, special)] == [660_00, 975_00, 0]
    recognised = visit(2_000_00, recognised=1)
    assert [settle(terms, recognised).hifp_pay for terms in (EMPLOYEE, emergency, special)] == [
        660_00,
        975_00,
        1_700_00,
    ]


@pytest.mark.parametrize(
    ("amount", "quota_left", "pay"),
    [
        (400_00, 150_00, 150_00),
        (300_00, 150_00, 150_00),
        (299_99, 150_00, 150_00),  # 149.995, half a fen
        (299_97, 150_00, 149_99),  # 149.985, half a fen
        (400_00, 0, 0),
        (400_00, 1, 1),
        (100_00, 150_00, 50_00),
    ],
)
@pytest.mark.parametrize("basis", ["fund_payment", "eligible_cost"])
def test_b24_two_diseases_within_their_quota(amount: int, quota_left: int, pay: int, basis: str) -> None:
    """天津 2021 三(一) 「深化高血壓、糖尿病門診用藥保障機制」: no deductible, 50%, so much of the quota left."""
    terms = attrs.evolve(
        NO_DEDUCTIBLE,
        rate=Table.same(500_000, LEVEL, EMPLOYEE_STATUS),
        diseases=(DiseaseQuota("M03900", 300_00), DiseaseQuota("M01600", 300_00)),
        recognition_needed=1,
        ceiling_basis=basis,
    )
    found = settle(terms, visit(amount, recognised=1, quota_left=quota_left))
    assert (found.before_limits, found.hifp_pay) == (-(-amount // 2), pay)
    assert found.ceiling_used_after == (amount if basis == "eligible_cost" else pay)


@pytest.mark.parametrize(
    ("paid_before", "quota_left", "pay"),
    [
        (7_300_00, 150_00, 150_00),
        (7_350_00, 150_00, 150_00),
        (7_350_01, 150_00, 149_99),
        (7_300_00, 250_00, 200_00),
        (7_500_00, 250_00, 0),
    ],
)
def test_b24_the_lower_of_quota_and_ceiling_holds(paid_before: int, quota_left: int, pay: int) -> None:
    """1,000 x 55% = 550, more than either."""
    assert settle(NO_DEDUCTIBLE, visit(1_000_00, ceiling_used=paid_before, quota_left=quota_left)).hifp_pay == pay


@pytest.mark.parametrize(
    ("ownership", "word", "listed", "eligible"),
    [("public", "always", 0, 1), ("private", "never", 1, 0), ("private", "listed", 1, 1), ("private", "listed", 0, 0)],
)
def test_b43_village_clinics(ownership: str, word: str, listed: int, eligible: int) -> None:
    """天津 2021 三(九) 「推進村衛生室門診醫療費用納入醫保報銷」: 50 yuan there, no deductible, 60% = 30."""
    terms = attrs.evolve(EMPLOYEE, institutions=institutions(village_clinic=("always", word)))
    found = settle(
        terms,
        visit(
            50_00,
            "primary",
            medins_kind=INSTITUTION.position("village_clinic"),
            medins_ownership=OWNERSHIP.position(ownership),
            listed=listed,
        ),
    )
    assert (found.eligible, found.hifp_pay) == (eligible, 30_00 * eligible)
    assert settle(terms, visit(50_00, "primary")).eligible == 0


def test_b44_negotiated_drugs_pay_the_same_in_both_channels() -> None:
    """天津 2021 三(九) “雙通道”: designated hospital and designated pharmacy, one rate: 3,333.33 x 70% = 2,333.331."""
    terms = attrs.evolve(
        NO_DEDUCTIBLE,
        rate=Table.same(700_000, LEVEL, EMPLOYEE_STATUS),
        institutions=institutions(hospital=("listed", "listed"), pharmacy=("listed", "listed")),
        recognition_needed=1,
        deductible_streams=("dual_channel",),
        ceiling_streams=("dual_channel",),
    )
    pharmacy = {"medins_kind": INSTITUTION.position("pharmacy"), "medins_ownership": OWNERSHIP.position("private")}
    at_hospital = settle(terms, visit(3_333_33, listed=1, recognised=1))
    at_pharmacy = settle(terms, visit(3_333_33, "ungraded", listed=1, recognised=1, **pharmacy))
    assert at_hospital == at_pharmacy
    assert at_hospital.hifp_pay == 2_333_33
    assert settle(terms, visit(3_333_33, "ungraded", listed=0, recognised=1, **pharmacy)).hifp_pay == 0
    assert settle(terms, visit(3_333_33, "ungraded", listed=1, recognised=0, **pharmacy)).hifp_pay == 0


@pytest.mark.parametrize(
    ("service", "rate", "pay"),
    [
        ("general", 550_000, 110_00),
        ("examination", 600_000, 120_00),
        ("surgery", 650_000, 130_00),
        ("treatment", 575_000, 115_00),
    ],
)
def test_b45_examination_surgery_and_treatment_have_rates_of_their_own(service: str, rate: int, pay: int) -> None:
    """天津 2021 三(九) 「提高門診檢查、門診手術、門診治療保障水平」: (1,000 - 800) at 55% plus 0, 5, 10, 2.5 points."""
    terms = attrs.evolve(EMPLOYEE, service_uplift=Table((SERVICE,), (0, 50_000, 100_000, 25_000)))
    found = settle(terms, visit(1_000_00, service_kind=SERVICE.position(service)))
    assert (found.fund_rate, found.hifp_pay) == (rate, pay)


def test_b45_both_uplifts_add_up_to_at_most_all() -> None:
    terms = attrs.evolve(
        EMPLOYEE,
        rate_uplift=Table.same(300_000, LEVEL),
        service_uplift=Table((SERVICE,), (0, 100_000, 150_000, 150_001)),
    )
    found = [settle(terms, visit(900_00, service_kind=kind)).fund_rate for kind in range(4)]
    assert found == [850_000, 950_000, 1_000_000, 1_000_000]


@pytest.mark.parametrize(
    ("payable", "follow_up_only", "follow_up", "eligible"),
    [
        (0, 0, 0, 0),
        (0, 0, 1, 0),
        (0, 1, 0, 0),
        (0, 1, 1, 0),
        (1, 0, 0, 1),
        (1, 0, 1, 1),
        (1, 1, 0, 0),
        (1, 1, 1, 1),
    ],
)
def test_b46_online_care(payable: int, follow_up_only: int, follow_up: int, eligible: int) -> None:
    """天津 2021 三(四) 「完善“互聯網+”醫療服務醫保支付管理」; care in person is not touched by it."""
    terms = attrs.evolve(EMPLOYEE, online_payable=payable, online_follow_up_only=follow_up_only)
    found = settle(terms, visit(1_000_00, online=1, follow_up=follow_up))
    assert (found.eligible, found.hifp_pay) == (eligible, 110_00 * eligible)
    assert settle(terms, visit(1_000_00, online=0, follow_up=follow_up)).eligible == 1


DAY = datetime.date(2023, 6, 15)
LISTED = attrs.evolve(EMPLOYEE, diseases=(DiseaseQuota("M03900", 300_00), DiseaseQuota("M01600", int(NO_LIMIT))))


@pytest.mark.parametrize(
    ("terms", "code", "approved", "expected"),
    [
        (LISTED, "M03900", DAY, Recognition(True, DAY, "approved")),
        (
            LISTED,
            "M01600",
            DAY + datetime.timedelta(days=9),
            Recognition(True, datetime.date(2023, 6, 24), "approved"),
        ),
        (LISTED, "M03900", None, Recognition(False, None, "the application is not approved yet")),
        (LISTED, "M99999", DAY, Recognition(False, None, "M99999 is not on the list of this benefit")),
        (LISTED, "M99999", None, Recognition(False, None, "M99999 is not on the list of this benefit")),
        (EMPLOYEE, "M99999", DAY, Recognition(True, DAY, "approved")),
        (EMPLOYEE, "M99999", None, Recognition(False, None, "the application is not approved yet")),
    ],
)
def test_o17_recognition(
    terms: OutpatientTerms, code: str, approved: datetime.date | None, expected: Recognition
) -> None:
    """常德 2023 四(十三) 「线上申报评审和待遇认定」; a benefit without a list of diseases takes any."""
    assert recognise(terms, dise_codg=code, applied=DAY, approved=approved) == expected


@given(days, st.integers(0, 400))
def test_o17_the_benefit_starts_on_the_day_of_approval(applied: datetime.date, wait: int) -> None:
    approved = applied + datetime.timedelta(days=wait)
    assert recognise(LISTED, dise_codg="M03900", applied=applied, approved=approved).start == approved


@pytest.mark.parametrize(("needed", "recognised", "pay"), [(1, 1, 110_00), (1, 0, 0), (0, 0, 110_00), (0, 1, 110_00)])
def test_o17_without_recognition_no_benefit(needed: int, recognised: int, pay: int) -> None:
    found = settle(attrs.evolve(EMPLOYEE, recognition_needed=needed), visit(1_000_00, recognised=recognised))
    assert found.hifp_pay == pay


# ---------------------------------------------------------------------------------------------- messages and the room


def _bad_code(**changes: Any) -> Callable[[], object]:
    return lambda: settle(EMPLOYEE, attrs.evolve(PLAIN, **changes))


def _bad_column(**changes: int) -> Callable[[], object]:
    return lambda: settle(EMPLOYEE, as_columns([PLAIN, attrs.evolve(PLAIN, **changes)]))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: attrs.evolve(EMPLOYEE, deductible_streams=()),
            InputError,
            "deductible_streams and ceiling_streams name at least the section's own stream",
        ),
        (
            lambda: attrs.evolve(EMPLOYEE, ceiling_streams=()),
            InputError,
            "deductible_streams and ceiling_streams name at least the section's own stream",
        ),
        (
            lambda: recognise(EMPLOYEE, dise_codg="M03900", applied=DAY, approved=DAY - datetime.timedelta(days=1)),
            InputError,
            "approved on 2023-06-14, before the application of 2023-06-15",
        ),
        (
            lambda: public_coverage([("public", True), ("Public", False)]),
            InputError,
            "ownership 'Public' is unknown; allowed: public, private",
        ),
        (_bad_code(hosp_lv=5), AmountError, "lookup: code 5 is outside level (0 to 4)"),
        (_bad_code(hosp_lv=-1), AmountError, "lookup: code -1 is outside level (0 to 4)"),
        (_bad_code(medins_kind=7), AmountError, "lookup: code 7 is outside institution (0 to 6)"),
        (_bad_code(medins_ownership=2), AmountError, "lookup: code 2 is outside ownership (0 to 1)"),
        (_bad_code(psn_type=2), AmountError, "lookup: code 2 is outside status (0 to 1)"),
        (_bad_code(service_kind=4), AmountError, "lookup: code 4 is outside service (0 to 3)"),
        (_bad_code(inscp_scp_amt=1.5), AmountError, "an amount must be int or an int64 column, got float 1.5"),
        (_bad_column(hosp_lv=5), AmountError, "lookup: row 1: code 5 is outside level (0 to 4)"),
        (_bad_column(medins_kind=-1), AmountError, "lookup: row 1: code -1 is outside institution (0 to 6)"),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_approval_on_the_day_of_application_is_taken() -> None:
    assert recognise(EMPLOYEE, dise_codg="M03900", applied=DAY, approved=DAY).start == DAY


def test_the_axes_in_order() -> None:
    assert SCHEMES == ("employee", "resident")
    assert STREAMS == ("general", "emergency", "special", "two_disease", "dual_channel", "inpatient")
    assert LEVEL.members == ("tertiary", "secondary", "level_1", "primary", "ungraded")
    assert EMPLOYEE_STATUS.members == ("in_service", "retired")
    assert RESIDENT_STATUS.members == ("minor", "adult", "elderly")
    assert OWNERSHIP.members == ("public", "private")
    assert SERVICE.members == ("general", "examination", "surgery", "treatment")
    assert ADMISSION == ("never", "listed", "always")
    assert INSTITUTION.members == (
        "hospital",
        "community_center",
        "community_station",
        "township_center",
        "village_clinic",
        "clinic",
        "pharmacy",
    )
    for axis in (LEVEL, EMPLOYEE_STATUS, RESIDENT_STATUS, INSTITUTION, OWNERSHIP, SERVICE):
        assert len(axis.members) == len(axis.zh) == len(axis.en)


def test_what_each_term_holds() -> None:
    assert {field.name: field.metadata["kind"] for field in attrs.fields(OutpatientTerms)} == {
        "deductible": TableKind("fen", (LEVEL, STATUS)),
        "deductible_scope": ChoiceKind(("visit", "year", "year_and_level")),
        "deductible_streams": CodesKind(STREAMS),
        "counts_toward_deductible": TableKind("flag", (LEVEL,), ("no", "yes")),
        "rate": TableKind("rate", (LEVEL, STATUS)),
        "rate_uplift": TableKind("rate", (LEVEL,)),
        "service_uplift": TableKind("rate", (SERVICE,)),
        "ceiling": TableKind("fen", (STATUS,)),
        "ceiling_basis": ChoiceKind(("fund_payment", "eligible_cost")),
        "ceiling_streams": CodesKind(STREAMS),
        "institutions": choice_table(
            ("never", "listed", "always"), INSTITUTION, OWNERSHIP, zh=("不纳入", "列入名单的", "全部纳入")
        ),
        "listed_institutions": CodesKind(),
        "designated_only": FlagKind(),
        "outside_designated": ChoiceKind(("nothing", "general")),
        "online_payable": FlagKind(),
        "online_follow_up_only": FlagKind(),
        "recognition_needed": FlagKind(),
        "diseases": RecordsKind(DiseaseQuota, "dise_codg"),
        "quota_period": ChoiceKind(("year", "quarter", "month")),
        "quota_carry_over": FlagKind(),
        "second_disease_addition": FigureKind("fen"),
    }
    assert {field.name: field.metadata["kind"] for field in attrs.fields(DiseaseQuota)} == {
        "dise_codg": TextKind(),
        "quota": FigureKind("fen"),
    }


def test_units_and_labels_of_the_room() -> None:
    units = {field.name: field.metadata["unit"] for each in (Visit, Outpatient) for field in attrs.fields(each)}
    assert units == {
        "inscp_scp_amt": "fen",
        "hosp_lv": LEVEL,
        "psn_type": STATUS,
        "medins_kind": INSTITUTION,
        "medins_ownership": OWNERSHIP,
        "listed": "flag",
        "designated": "flag",
        "recognised": "flag",
        "online": "flag",
        "follow_up": "flag",
        "service_kind": SERVICE,
        "deductible_used": "fen",
        "ceiling_used": "fen",
        "quota_left": "fen",
        "points_off": "rate",
        "rate_factor": "rate",
        "takes_part": "flag",
        "well_designated": "flag",
        "well_recognised": "flag",
        "well_online": "flag",
        "eligible": "flag",
        "ceiling_left": "fen",
        "payable_scope": "fen",
        "deductible_due": "fen",
        "act_pay_dedc": "fen",
        "payable": "fen",
        "fund_rate": "rate",
        "before_limits": "fen",
        "hifp_pay": "fen",
        "deductible_used_after": "fen",
        "ceiling_used_after": "fen",
    }
    for each in (OutpatientTerms, DiseaseQuota, Visit, Outpatient):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING or field.name in ("points_off", "rate_factor")


# ------------------------------------------------------------------------------------------ what lies above the ceiling


def above(terms: OutpatientTerms, visit: Visit[int], paid: Outpatient[int]) -> int:
    """Literally: on cost, what the ceiling leaves out; in money, `payable - min{x : share(x) >= what is left}`."""
    scope = visit.inscp_scp_amt if paid.eligible else 0
    limits_left = [limit for limit in (visit.quota_left,) if limit != NO_LIMIT]
    if terms.ceiling_basis == "fund_payment" and terms.ceiling.values[visit.psn_type] != NO_LIMIT:
        limits_left.append(paid.ceiling_left)
    rate = Fraction(paid.fund_rate, MILLION)
    found = over_cap(
        lambda amount: oracles.half_up(amount * rate), paid.payable, min(limits_left) if limits_left else None
    )
    return found + (scope - paid.payable_scope if terms.ceiling_basis == "eligible_cost" else 0)


@many
@given(cases)
def test_over_ceiling_is_the_literal_inverse(case: tuple[OutpatientTerms, Visit[int]]) -> None:
    terms, visit = case
    paid = settle(terms, visit)
    found = over_ceiling(terms, visit, paid)
    assert found == above(terms, visit, paid)
    scope = visit.inscp_scp_amt if paid.eligible else 0
    assert 0 <= found <= scope - paid.act_pay_dedc - paid.hifp_pay
    columns = as_columns([visit, visit])
    assert over_ceiling(terms, columns, settle(terms, columns)).tolist() == [found, found]
    traced = as_traced(visit)
    assert over_ceiling(terms, traced, settle(terms, traced)) == found


@many
@given(cases)
def test_the_cost_below_the_ceiling_is_paid_the_same_without_what_lies_above(
    case: tuple[OutpatientTerms, Visit[int]],
) -> None:
    terms, visit = case
    paid = settle(terms, visit)
    cut = over_ceiling(terms, visit, paid)
    less = settle(terms, attrs.evolve(visit, inscp_scp_amt=visit.inscp_scp_amt - cut))
    assert less.hifp_pay == paid.hifp_pay
    assert over_ceiling(terms, attrs.evolve(visit, inscp_scp_amt=visit.inscp_scp_amt - cut), less) == 0


@pytest.mark.parametrize(
    ("basis", "amount", "used", "quota_left", "over"),
    [
        ("fund_payment", 10_000_00, 0, int(NO_LIMIT), 0),
        # 500 of deductible, half of the rest: 2,000 left of 7,500 are reached by 3,999.99, half a fen up
        ("fund_payment", 10_000_00, 5_500_00, int(NO_LIMIT), 5_500_01),
        ("fund_payment", 10_000_00, 7_500_00, int(NO_LIMIT), 9_500_00),
        ("fund_payment", 10_000_00, 5_500_00, 1_000_00, 7_500_01),
        ("fund_payment", 4_500_00, 5_500_00, int(NO_LIMIT), 0),  # reached and not passed
        ("fund_payment", 4_500_02, 5_500_00, int(NO_LIMIT), 3),  # 2,000.01; 3,999.99 come to 2,000 already
        ("eligible_cost", 10_000_00, 5_500_00, int(NO_LIMIT), 8_000_00),
        # the quota too: 500 of 2,000 first, 750 due, 500 reached by 999.99
        ("eligible_cost", 10_000_00, 5_500_00, 500_00, 8_500_01),
    ],
)
def test_b26_what_lies_above_the_ceiling_of_a_visit(
    basis: str, amount: int, used: int, quota_left: int, over: int
) -> None:
    terms = attrs.evolve(
        EMPLOYEE,
        ceiling_basis=basis,
        deductible=Table.same(500_00, LEVEL, EMPLOYEE_STATUS),
        rate=Table.same(500_000, LEVEL, EMPLOYEE_STATUS),
    )
    given_visit = visit(amount, ceiling_used=used, quota_left=quota_left)
    assert over_ceiling(terms, given_visit, settle(terms, given_visit)) == over


def test_where_the_benefit_does_not_apply_nothing_lies_above_its_ceiling() -> None:
    for basis in ("fund_payment", "eligible_cost"):
        terms = attrs.evolve(EMPLOYEE, ceiling_basis=basis, designated_only=1)
        given_visit = visit(10_000_00, ceiling_used=7_500_00)
        assert over_ceiling(terms, given_visit, settle(terms, given_visit)) == 0
