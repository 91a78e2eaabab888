"""Inpatient pooling: one body on ints, columns and traces against the oracle; laws; worked examples."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import EMPLOYEE_STATUS, ORDINAL, RESIDENT_STATUS, STREAMS
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.inpatient import Inpatient, InpatientTerms, Stay, over_ceiling, settle
from mipolicy.errors import AmountError, InputError
from mipolicy.money import NO_LIMIT
from mipolicy.policy.kinds import STATUS, BandsKind, ChoiceKind, CodesKind, FigureKind, TableKind
from mipolicy.tables import Bands, Table
from tests import oracles
from tests.oracles import inpatient as oracle
from tests.oracles.ladder import over_cap
from tests.strategies import (
    MILLION,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    inpatient_in_words,
    inpatient_terms,
    raised,
    rates,
    stay_in_words,
    stays,
    stays_table,
)

many = settings(max_examples=100, deadline=None)
cases: SearchStrategy[tuple[InpatientTerms, Stay[int]]] = inpatient_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), stays(terms))
)

# ---------------------------------------------------------------------------------------- a made-up city, in yuan x 100

FIRST = {"tertiary": 1_200_00, "secondary": 800_00, "level_1": 400_00, "primary": 200_00, "ungraded": 400_00}
BASE_RATE = {"tertiary": 800_000, "secondary": 850_000, "level_1": 900_000, "primary": 900_000, "ungraded": 850_000}


def by_level(figures: dict[str, int], more_for_retired: int = 0) -> Table:
    """Figures by level, and so much more for retirees."""
    return Table(
        (LEVEL, EMPLOYEE_STATUS),
        tuple(figures[level] + more for level in LEVEL.members for more in (0, more_for_retired)),
    )


EMPLOYEE = InpatientTerms(
    # first stay in full, second halved, third and later none
    deductible=Table(
        (ORDINAL, LEVEL, EMPLOYEE_STATUS),
        tuple(FIRST[level] * part // 2 for part in (2, 1, 0) for level in LEVEL.members for _ in range(2)),
    ),
    deductible_scope="stay",
    deductible_yearly_maximum=int(NO_LIMIT),
    transfer_days=3,
    once_a_year_diseases=("Z49.1",),
    bands=Bands((0,), (by_level(BASE_RATE, 50_000),)),
    band_scope="stay",
    rate_increase=Table.same(0, LEVEL),
    tcm_diseases=("C34.9",),
    tcm_addition=50_000,
    ceiling=Table.same(450_000_00, EMPLOYEE_STATUS),
    ceiling_basis="fund_payment",
    ceiling_streams=("inpatient", "special"),
)

PLAIN: Stay[int] = Stay(
    inscp_scp_amt=0,
    hosp_lv=0,
    psn_type=0,
    ordinal=0,
    continuing=0,
    earlier_level=0,
    earlier_paid=0,
    deductible_used=0,
    year_deductible=0,
    once_a_year=0,
    once_a_year_paid=0,
    tcm_disease=0,
    band_start=0,
    ceiling_used=0,
)


def stay(amount: int, level: str = "tertiary", *, earlier: str = "tertiary", nth: int = 0, **changes: int) -> Stay[int]:
    """A plain first stay of an employee in service, with changes."""
    return attrs.evolve(
        PLAIN,
        inscp_scp_amt=amount,
        hosp_lv=LEVEL.position(level),
        earlier_level=LEVEL.position(earlier),
        ordinal=nth,
        **changes,
    )


def banded_by(*steps: tuple[int, int]) -> InpatientTerms:
    """The terms with bands that are the same for all, and without a deductible."""
    return attrs.evolve(
        EMPLOYEE, deductible=Table.same(0, ORDINAL, LEVEL, EMPLOYEE_STATUS), bands=Bands.flat(list(steps))
    )


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(inpatient_terms())
    rows = data.draw(st.lists(stays(terms), min_size=1, max_size=6))
    words = inpatient_in_words(terms)
    batch = as_rows(settle(terms, as_columns(rows)))
    for row, found in zip(rows, batch, strict=True):
        one = settle(terms, row)
        assert attrs.asdict(one) == found
        assert settle(terms, as_traced(row)) == one
        agrees(found, oracle.settle(words, stay_in_words(terms, row)), rates_of=("rate_addition",))


STEPS = Bands(
    (0, 10_000_00, 30_000_00, 100_000_00),
    tuple(by_level({level: rate + 20_000 * step for level, rate in BASE_RATE.items()}, 33_333) for step in range(4)),
)


@pytest.mark.parametrize(
    ("seed", "basis", "ceiling", "bands"),
    [
        (1, "fund_payment", 450_000_00, STEPS),
        (2, "eligible_cost", 450_000_00, STEPS),
        (3, "fund_payment", int(NO_LIMIT), EMPLOYEE.bands),
        (4, "eligible_cost", 99_999_99, Bands.flat([(0, 500_000), (20_000, 999_999), (50_000, 125_000)])),
    ],
)
def test_a_large_table_row_by_row(seed: int, basis: str, ceiling: int, bands: Bands) -> None:
    terms = attrs.evolve(
        EMPLOYEE,
        bands=bands,
        ceiling=Table((EMPLOYEE_STATUS,), (ceiling, 500_000_00)),
        ceiling_basis=basis,
        rate_increase=Table((LEVEL,), (100_000, 50_000, 0, 0, 1)),
        deductible_yearly_maximum=2_000_00,
    )
    rows = 100_000
    table = stays_table(terms, rows, seed)
    found = settle(terms, table)
    for field in attrs.fields(Inpatient):
        assert getattr(found, field.name).shape == (rows,)
    given_rows, found_rows = as_rows(table)[:5_000], as_rows(found)[:5_000]
    words = inpatient_in_words(terms)
    on_a_tie = 0
    for at, (row, result) in enumerate(zip(given_rows, found_rows, strict=True)):
        one = Stay(**row)
        assert attrs.asdict(settle(terms, one)) == result
        if at < 1_000:
            in_words = stay_in_words(terms, one)
            agrees(result, oracle.settle(words, in_words), rates_of=("rate_addition",))
            on_a_tie += 2 * oracle.settle(words, in_words, exact=True)["before_limits"] % 2 == 1
    assert on_a_tie > 20  # the table is worth its size


def test_an_empty_table_gives_an_empty_outcome() -> None:
    empty = Stay(**{field.name: np.empty(0, np.int64) for field in attrs.fields(Stay)})
    assert as_rows(settle(EMPLOYEE, empty)) == []


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.sets(st.integers(1, 400), max_size=4),
    st.lists(rates, min_size=5, max_size=5),
)
def test_the_oracle_walks_its_bands_to_the_fen(amount: int, start: int, upper: set[int], found: list[int]) -> None:
    edges = [0, *sorted(upper)]
    by_band = [Fraction(rate, MILLION) for rate in found[: len(edges)]]
    assert oracle.walk(amount, start, edges, by_band) == oracle.by_the_fen(amount, start, edges, by_band)


# ------------------------------------------------------------------------------------------------------------- laws


@many
@given(cases)
def test_payments_stay_within_every_limit(case: tuple[InpatientTerms, Stay[int]]) -> None:
    terms, one = case
    paid = settle(terms, one)
    assert 0 <= paid.act_pay_dedc <= paid.payable_scope <= one.inscp_scp_amt
    assert 0 <= paid.act_pay_dedc <= paid.deductible_due <= paid.deductible_standard
    assert paid.act_pay_dedc + paid.payable == paid.payable_scope
    assert 0 <= paid.hifp_pay <= paid.before_limits <= paid.payable
    assert paid.hifp_pay <= paid.ceiling_left
    ceiling = terms.ceiling.values[one.psn_type]
    if one.ceiling_used <= ceiling:
        assert one.ceiling_used <= paid.ceiling_used_after <= ceiling
    else:
        assert (paid.hifp_pay, paid.ceiling_used_after) == (0, one.ceiling_used)


@many
@given(cases)
def test_the_year_s_deductible_keeps_to_its_maximum(case: tuple[InpatientTerms, Stay[int]]) -> None:
    terms, one = case
    after = one.year_deductible + settle(terms, one).act_pay_dedc
    assert after <= max(terms.deductible_yearly_maximum, one.year_deductible)


@many
@given(cases, st.one_of(st.sampled_from((1, 5, 10, 20)), amounts))
def test_more_cost_never_pays_less_and_never_costs_the_patient_less(
    case: tuple[InpatientTerms, Stay[int]], more: int
) -> None:
    """Both the fund's payment and the patient's in-scope part rise with the in-scope amount, rounding included."""
    terms, one = case
    low, high = settle(terms, one), settle(terms, attrs.evolve(one, inscp_scp_amt=one.inscp_scp_amt + more))
    assert low.hifp_pay <= high.hifp_pay <= low.hifp_pay + more
    assert low.act_pay_dedc <= high.act_pay_dedc


@many
@given(cases, amounts)
def test_what_was_used_before_moves_the_payment_one_way(case: tuple[InpatientTerms, Stay[int]], more: int) -> None:
    terms, one = case
    paid = settle(terms, one).hifp_pay
    for field in ("deductible_used", "year_deductible", "earlier_paid", "once_a_year_paid"):
        assert settle(terms, attrs.evolve(one, **{field: getattr(one, field) + more})).hifp_pay >= paid
    assert settle(terms, attrs.evolve(one, ceiling_used=one.ceiling_used + more)).hifp_pay <= paid


@many
@given(cases)
def test_five_points_never_lower_the_payment(case: tuple[InpatientTerms, Stay[int]]) -> None:
    """B07 and B15: a listed disease, a higher addition, an increase of the rate."""
    terms, one = case
    plain = settle(terms, attrs.evolve(one, tcm_disease=0))
    listed = settle(terms, attrs.evolve(one, tcm_disease=1))
    assert listed.hifp_pay >= plain.hifp_pay
    assert listed.rate_addition == plain.rate_addition + terms.tcm_addition
    paid = settle(terms, one)
    higher = attrs.evolve(terms, rate_increase=raised(terms.rate_increase, 50_000))
    assert settle(higher, one).hifp_pay >= paid.hifp_pay
    assert settle(higher, one).rate_addition == paid.rate_addition + 50_000


@many
@given(cases)
def test_reliefs_never_raise_the_deductible(case: tuple[InpatientTerms, Stay[int]]) -> None:
    """Continuing a stay, a disease with one deductible a year, and a yearly maximum only ever lower what is due."""
    terms, one = case
    due = settle(terms, one).deductible_due
    assert due <= settle(terms, attrs.evolve(one, once_a_year=0)).deductible_due
    assert due <= settle(terms, attrs.evolve(one, continuing=0)).deductible_due
    assert due <= settle(attrs.evolve(terms, deductible_yearly_maximum=int(NO_LIMIT)), one).deductible_due


@many
@given(cases)
def test_a_ceiling_on_payment_never_pays_less_than_the_same_on_cost(case: tuple[InpatientTerms, Stay[int]]) -> None:
    """Reading A07: the same figure and the same used so far, on either basis."""
    terms, one = case
    on_payment = settle(attrs.evolve(terms, ceiling_basis="fund_payment"), one)
    on_cost = settle(attrs.evolve(terms, ceiling_basis="eligible_cost"), one)
    assert on_payment.hifp_pay >= on_cost.hifp_pay


@many
@given(cases, st.data())
def test_a_stay_split_in_two_pays_the_same(case: tuple[InpatientTerms, Stay[int]], data: st.DataObject) -> None:
    """Exactly so in fractions, where both parts stand at one ordinal, level and person class in one year, deductible
    and bands run over the year (each part finds what the part before it used), neither part continues a stay nor is for
    a disease with one deductible a year, and both share the ceiling.  Rounded to the fen, three roundings of at most
    half a fen each: the sums differ by at most one fen.
    """
    terms, whole = case
    whole = attrs.evolve(whole, continuing=0, once_a_year=0)
    words = inpatient_in_words(terms)
    part = data.draw(st.integers(0, whole.inscp_scp_amt))
    before = stay_in_words(terms, whole)
    entire = oracle.settle(words, before, exact=True)
    first = oracle.settle(words, {**before, "inscp_scp_amt": part}, exact=True)
    second = oracle.settle(
        words,
        {
            **before,
            "inscp_scp_amt": whole.inscp_scp_amt - part,
            "deductible_used": whole.deductible_used + first["act_pay_dedc"],
            "year_deductible": whole.year_deductible + first["act_pay_dedc"],
            "band_start": whole.band_start + first["payable"],
            "ceiling_used": first["ceiling_used_after"],
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
            deductible_used=whole.deductible_used + one.act_pay_dedc,
            year_deductible=whole.year_deductible + one.act_pay_dedc,
            band_start=whole.band_start + one.payable,
            ceiling_used=one.ceiling_used_after,
        ),
    )
    assert one.act_pay_dedc + two.act_pay_dedc == paid.act_pay_dedc
    assert one.hifp_pay + two.hifp_pay - paid.hifp_pay in (-1, 0, 1)


@many
@given(cases, st.data())
def test_referred_up_the_two_deductibles_make_the_upper_one(
    case: tuple[InpatientTerms, Stay[int]], data: st.DataObject
) -> None:
    """Where both stays hold enough in-scope money and no other limit is at work, both pay the higher of the two."""
    terms, one = case
    terms = attrs.evolve(
        terms,
        deductible_yearly_maximum=int(NO_LIMIT),
        ceiling=Table.same(int(NO_LIMIT), terms.ceiling.axes[0]),
    )
    lower = data.draw(st.integers(one.hosp_lv, len(LEVEL.members) - 1))
    base = attrs.evolve(
        one, inscp_scp_amt=10**11, continuing=0, once_a_year=0, deductible_used=0, year_deductible=0, ceiling_used=0
    )
    first = settle(terms, attrs.evolve(base, hosp_lv=lower))
    second = settle(terms, attrs.evolve(base, continuing=1, earlier_level=lower, earlier_paid=first.act_pay_dedc))
    upper = settle(terms, base).deductible_standard
    assert first.act_pay_dedc + second.act_pay_dedc == max(upper, first.deductible_standard)


# --------------------------------------------------------------------------------------- worked examples, by the rule


def test_every_step_of_a_stay() -> None:
    """formulas.md section 1: deductible, bands, ceiling.  31,200.01 in scope at level 3, second stay, TCM disease.

    1,200 / 2 = 600 due; 30,600.01 above it.  Bands 85% up to 10,000, 90% up to 30,000, 95% above, each + 5 points:
    10,000 x 90% + 20,000 x 95% + 600.01 x 100% = 9,000 + 19,000 + 600.01 = 28,600.01; 28,000 left of the ceiling.
    """
    terms = attrs.evolve(EMPLOYEE, bands=Bands.flat([(0, 850_000), (10_000_00, 900_000), (30_000_00, 980_000)]))
    assert settle(terms, stay(31_200_01, nth=1, tcm_disease=1, ceiling_used=422_000_00)) == Inpatient(
        ceiling_left=28_000_00,
        payable_scope=31_200_01,
        deductible_standard=600_00,
        deductible_left=600_00,
        deductible_of_stay=600_00,
        deductible_due=600_00,
        act_pay_dedc=600_00,
        payable=30_600_01,
        rate_addition=50_000,
        before_limits=28_600_01,
        hifp_pay=28_000_00,
        ceiling_used_after=450_000_00,
    )


@pytest.mark.parametrize(
    ("level", "retired", "taken", "pay"),
    [
        ("tertiary", 0, 1_200_00, 7_040_00),
        ("tertiary", 1, 1_200_00, 7_480_00),
        ("secondary", 0, 800_00, 7_820_00),
        ("level_1", 0, 400_00, 8_640_00),
        ("primary", 0, 200_00, 8_820_00),
        ("primary", 1, 200_00, 9_310_00),
    ],
)
def test_b11_deductible_and_rate_by_level(level: str, retired: int, taken: int, pay: int) -> None:
    """上虞 2013 二(二)3 「继续执行市内就医的起付线标准和报销比例」: (10,000 - 1,200) x 80% = 7,040."""
    found = settle(EMPLOYEE, stay(10_000_00, level, psn_type=retired))
    assert (found.act_pay_dedc, found.hifp_pay) == (taken, pay)


@pytest.mark.parametrize(("nth", "taken", "pay"), [(0, 1_200_00, 7_040_00), (1, 600_00, 7_520_00), (2, 0, 8_000_00)])
def test_deductible_by_ordinal(nth: int, taken: int, pay: int) -> None:
    """formulas.md section 1, 「second halved, third none」, on 10,000 at level 3."""
    found = settle(EMPLOYEE, stay(10_000_00, nth=nth))
    assert (found.deductible_standard, found.act_pay_dedc, found.hifp_pay) == (taken, taken, pay)


@pytest.mark.parametrize(
    ("amount", "taken", "pay"),
    [
        (0, 0, 0),
        (1_199_99, 1_199_99, 0),
        (1_200_00, 1_200_00, 0),
        (1_200_01, 1_200_00, 1),  # 0.8 fen
        (1_200_03, 1_200_00, 2),  # 2.4 fen
    ],
)
def test_the_deductible_to_the_fen(amount: int, taken: int, pay: int) -> None:
    found = settle(EMPLOYEE, stay(amount))
    assert (found.act_pay_dedc, found.payable, found.hifp_pay) == (taken, amount - taken, pay)


@pytest.mark.parametrize(
    ("level", "earlier", "earlier_paid", "due"),
    [
        ("tertiary", "secondary", 800_00, 400_00),  # up: 1,200 - 800
        ("tertiary", "secondary", 799_99, 400_01),
        ("tertiary", "secondary", 0, 1_200_00),
        ("tertiary", "primary", 200_00, 1_000_00),
        ("tertiary", "secondary", 1_200_00, 0),  # up, from a chain that paid it all before
        ("tertiary", "secondary", 1_500_00, 0),
        ("secondary", "tertiary", 1_200_00, 0),  # down
        ("secondary", "tertiary", 0, 0),  # down is 0, whatever was paid
        ("primary", "level_1", 0, 0),
        ("ungraded", "primary", 0, 0),
        ("level_1", "primary", 200_00, 200_00),
        ("tertiary", "tertiary", 1_200_00, 0),  # across: one stay, one deductible
        ("tertiary", "tertiary", 500_00, 700_00),
    ],
)
def test_referral_up_pays_the_difference_and_down_nothing(
    level: str, earlier: str, earlier_paid: int, due: int
) -> None:
    """formulas.md section 1, 「referral up pays max(0, upper - already paid), referral down 0」."""
    found = settle(EMPLOYEE, stay(10_000_00, level, earlier=earlier, continuing=1, earlier_paid=earlier_paid))
    assert (found.deductible_due, found.act_pay_dedc) == (due, due)
    apart = settle(EMPLOYEE, stay(10_000_00, level, earlier=earlier, earlier_paid=earlier_paid))
    assert apart.deductible_due == FIRST[level]


@pytest.mark.parametrize(
    ("used", "earlier_paid", "due"),
    [(0, 800_00, 400_00), (900_00, 800_00, 300_00), (800_00, 800_00, 400_00), (1_200_00, 800_00, 0), (1_500_00, 0, 0)],
)
def test_a_referral_within_a_deductible_of_the_year(used: int, earlier_paid: int, due: int) -> None:
    """A deductible of the year, 1,200 at level 3: what the year has used counts, and so does the stay referred from."""
    terms = attrs.evolve(EMPLOYEE, deductible_scope="year")
    one = stay(10_000_00, earlier="secondary", continuing=1, earlier_paid=earlier_paid, deductible_used=used)
    assert settle(terms, one).deductible_due == due


@pytest.mark.parametrize(
    ("nth", "paid", "used", "due"),
    [
        (0, 0, 0, 1_200_00),
        (0, 1_200_00, 0, 0),
        (0, 1_199_99, 0, 1),
        (0, 300_00, 0, 900_00),
        (0, 2_000_00, 0, 0),
        (1, 300_00, 0, 300_00),
        (0, 0, 1_200_00, 0),  # the year's deductible is used up by other stays: no second one for the disease
        (0, 0, 500_00, 700_00),
        (0, 900_00, 500_00, 300_00),
    ],
)
def test_a_disease_with_one_deductible_a_year(nth: int, paid: int, used: int, due: int) -> None:
    """formulas.md section 1, 「once a year for listed diseases (dialysis, chemotherapy, psychiatric)」."""
    one = stay(10_000_00, nth=nth, once_a_year=1, once_a_year_paid=paid, deductible_used=used)
    assert settle(EMPLOYEE, one).deductible_due == due
    other = attrs.evolve(one, once_a_year=0)
    assert settle(EMPLOYEE, other).deductible_due == max(0, FIRST["tertiary"] // (nth + 1) - used)


def test_a_once_a_year_disease_referred_down_pays_nothing() -> None:
    one = stay(10_000_00, "secondary", earlier="tertiary", continuing=1, earlier_paid=100_00, once_a_year=1)
    assert settle(EMPLOYEE, attrs.evolve(one, once_a_year_paid=100_00)).deductible_due == 0


@pytest.mark.parametrize(
    ("so_far", "due"),
    [(0, 1_200_00), (300_00, 1_200_00), (300_01, 1_199_99), (1_499_99, 1), (1_500_00, 0), (1_600_00, 0)],
)
def test_the_yearly_maximum(so_far: int, due: int) -> None:
    """formulas.md section 1, 「per year and level with a yearly maximum」: 1,500 a year, 1,200 a stay."""
    terms = attrs.evolve(EMPLOYEE, deductible_yearly_maximum=1_500_00)
    assert settle(terms, stay(10_000_00, year_deductible=so_far)).deductible_due == due


@pytest.mark.parametrize(
    ("base", "listed", "pay"),
    [
        (800_000, 0, 7_040_00),
        (800_000, 1, 7_480_00),
        (950_000, 1, 8_800_00),
        (980_000, 1, 8_800_00),
        (949_999, 1, 8_799_99),  # 8,799.9912
    ],
)
def test_b07_five_points_for_listed_tcm_diseases(base: int, listed: int, pay: int) -> None:
    """常德 2023 一(三) 「将报销比例提高5个百分点」, at most 100% (A04): (10,000 - 1,200) at the rate."""
    terms = attrs.evolve(EMPLOYEE, bands=Bands.flat([(0, base)]))
    found = settle(terms, stay(10_000_00, tcm_disease=listed))
    assert (found.rate_addition, found.hifp_pay) == (50_000 * listed, pay)


def test_b07_each_band_is_capped_by_itself() -> None:
    """80% and 98%, + 5 points: 1,000 x 85% + 1,000 x 100% = 1,850."""
    terms = banded_by((0, 800_000), (1_000_00, 980_000))
    assert settle(terms, stay(2_000_00, tcm_disease=1)).hifp_pay == 1_850_00
    assert settle(terms, stay(2_000_00)).hifp_pay == 1_780_00


@pytest.mark.parametrize(
    ("ceiling", "special", "inpatient", "left", "pay"),
    [
        (350_000_00, 0, 0, 350_000_00, 350_000_00),
        (450_000_00, 0, 0, 450_000_00, 450_000_00),
        (450_000_00, 100_000_00, 0, 350_000_00, 350_000_00),
        (450_000_00, 100_000_00, 300_000_00, 50_000_00, 50_000_00),
        (450_000_00, 150_000_00, 300_000_00, 0, 0),
        (450_000_00, 150_000_01, 300_000_00, 0, 0),
        (450_000_00, 149_999_99, 300_000_00, 1, 1),
    ],
)
def test_b14_one_ceiling_for_inpatient_and_special_disease_care(
    ceiling: int, special: int, inpatient: int, left: int, pay: int
) -> None:
    """天津 2021 一(一) 「職工醫保住院(含門特)最高支付限額由35萬元調至45萬元」, on a stay of a million yuan at 80%."""
    terms = attrs.evolve(EMPLOYEE, ceiling=Table.same(ceiling, EMPLOYEE_STATUS))
    found = settle(terms, stay(1_000_000_00, ceiling_used=special + inpatient))
    assert (found.ceiling_left, found.hifp_pay) == (left, pay)
    assert found.ceiling_used_after == special + inpatient + pay


@pytest.mark.parametrize(
    ("amount", "used", "scope", "pay", "after"),
    [
        (1_000_000_00, 0, 450_000_00, 359_040_00, 450_000_00),
        (1_000_000_00, 440_000_00, 10_000_00, 7_040_00, 450_000_00),
        (10_000_00, 440_000_00, 10_000_00, 7_040_00, 450_000_00),
        (9_999_99, 440_000_00, 9_999_99, 7_039_99, 449_999_99),  # 7,039.992
        (10_000_01, 440_000_00, 10_000_00, 7_040_00, 450_000_00),
        (10_000_00, 449_000_00, 1_000_00, 0, 450_000_00),
        (10_000_00, 460_000_00, 0, 0, 460_000_00),
    ],
)
def test_b14_the_ceiling_on_cost(amount: int, used: int, scope: int, pay: int, after: int) -> None:
    """Reading A07: (450,000 - 1,200) x 80% = 359,040."""
    found = settle(attrs.evolve(EMPLOYEE, ceiling_basis="eligible_cost"), stay(amount, ceiling_used=used))
    assert (found.payable_scope, found.hifp_pay, found.ceiling_used_after) == (scope, pay, after)
    assert found.act_pay_dedc == min(scope, 1_200_00)


@pytest.mark.parametrize(
    ("level", "old", "new", "pay_old", "pay_new"),
    [
        ("tertiary", 550_000, 650_000, 5_500_00, 6_500_00),
        ("secondary", 650_000, 700_000, 6_500_00, 7_000_00),
        ("level_1", 750_000, 750_000, 7_500_00, 7_500_00),
        ("primary", 800_000, 800_000, 8_000_00, 8_000_00),
    ],
)
def test_b15_resident_rates_rise_by_level(level: str, old: int, new: int, pay_old: int, pay_new: int) -> None:
    """天津 2021 一(一) 「居民醫保住院報銷比例三級醫院提高10個百分點、二級醫院提高5個百分點」, on 10,000 above the
    deductible; base rates made up."""
    rate = {"tertiary": 550_000, "secondary": 650_000, "level_1": 750_000, "primary": 800_000, "ungraded": 750_000}
    before = attrs.evolve(
        EMPLOYEE,
        deductible=Table.same(0, ORDINAL, LEVEL, RESIDENT_STATUS),
        bands=Bands(
            (0,), (Table((LEVEL, RESIDENT_STATUS), tuple(rate[each] for each in LEVEL.members for _ in range(3))),)
        ),
        ceiling=Table.same(180_000_00, RESIDENT_STATUS),
    )
    after = attrs.evolve(before, rate_increase=Table((LEVEL,), (100_000, 50_000, 0, 0, 0)))
    for person in range(3):
        one = stay(10_000_00, level, psn_type=person)
        assert settle(before, one).hifp_pay == pay_old == 10_000_00 * old // MILLION
        assert settle(after, one).hifp_pay == pay_new == 10_000_00 * new // MILLION


@pytest.mark.parametrize(
    ("amount", "start", "pay"),
    [
        (10_000_00, 0, 8_000_00),
        (10_000_01, 0, 8_000_01),  # the fen above the edge at 90%: 0.9
        (9_999_99, 0, 7_999_99),  # 7,999.992
        (15_000_00, 0, 12_500_00),
        (5_000_00, 10_000_00, 4_500_00),
        (5_000_00, 9_999_00, 4_499_90),  # one yuan at 80%, the rest at 90%
        (5_000_00, 8_000_00, 4_300_00),
        (0, 10_000_00, 0),
        (5, 9_999_98, 4),  # 2 x 0.8 + 3 x 0.9 = 4.3
        (1, 9_999_99, 1),
    ],
)
def test_bands_over_the_stay_or_the_year(amount: int, start: int, pay: int) -> None:
    """formulas.md section 1, 「band_scope: stay | year」: 80% up to 10,000, 90% above; the year's stands at `start`."""
    assert settle(banded_by((0, 800_000), (10_000_00, 900_000)), stay(amount, band_start=start)).hifp_pay == pay


def test_bands_are_rounded_once() -> None:
    """3 fen over three bands at 50%: 1.5, half up to 2; each band for itself would make 3."""
    assert settle(banded_by((0, 500_000), (1, 500_000), (2, 500_000)), stay(3)).hifp_pay == 2


# ---------------------------------------------------------------------------------------------- messages and the room


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: attrs.evolve(EMPLOYEE, ceiling_streams=("special",)),
            InputError,
            "ceiling_streams must name inpatient itself",
        ),
        (
            lambda: attrs.evolve(EMPLOYEE, ceiling_streams=()),
            InputError,
            "ceiling_streams must name inpatient itself",
        ),
        (
            lambda: settle(EMPLOYEE, attrs.evolve(PLAIN, ordinal=3)),
            AmountError,
            "lookup: code 3 is outside ordinal (0 to 2)",
        ),
        (
            lambda: settle(EMPLOYEE, attrs.evolve(PLAIN, hosp_lv=5)),
            AmountError,
            "lookup: code 5 is outside level (0 to 4)",
        ),
        (
            lambda: settle(EMPLOYEE, attrs.evolve(PLAIN, psn_type=-1)),
            AmountError,
            "lookup: code -1 is outside status (0 to 1)",
        ),
        (
            lambda: settle(EMPLOYEE, as_columns([PLAIN, attrs.evolve(PLAIN, ordinal=3)])),
            AmountError,
            "lookup: row 1: code 3 is outside ordinal (0 to 2)",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_ordinals_in_order() -> None:
    assert ORDINAL.members == ("first", "second", "third_on")
    assert len(ORDINAL.zh) == len(ORDINAL.en) == 3


def test_levels_of_the_oracle_are_the_room_s() -> None:
    assert LEVEL.members == oracle.LEVELS


def test_the_frame_of_settlement() -> None:
    """formulas.md section 1, "Year and stays": the words of each choice."""
    assert {field.name: field.metadata["kind"] for field in attrs.fields(SettlementTerms)} == {
        "year_by": ChoiceKind(("admission", "discharge", "settlement", "split_at_year_end")),
        "deductible_on_split": ChoiceKind(("once", "again")),
        "terms_by": ChoiceKind(("admission", "discharge", "settlement")),
        "closed_years": CodesKind(),
    }


def test_what_each_term_holds() -> None:
    assert {field.name: field.metadata["kind"] for field in attrs.fields(InpatientTerms)} == {
        "deductible": TableKind("fen", (ORDINAL, LEVEL, STATUS)),
        "deductible_scope": ChoiceKind(("stay", "year", "year_and_level")),
        "deductible_yearly_maximum": FigureKind("fen"),
        "transfer_days": FigureKind("days"),
        "once_a_year_diseases": CodesKind(),
        "bands": BandsKind((LEVEL, STATUS)),
        "band_scope": ChoiceKind(("stay", "year")),
        "rate_increase": TableKind("rate", (LEVEL,)),
        "tcm_diseases": CodesKind(),
        "tcm_addition": FigureKind("rate"),
        "ceiling": TableKind("fen", (STATUS,)),
        "ceiling_basis": ChoiceKind(("fund_payment", "eligible_cost")),
        "ceiling_streams": CodesKind(STREAMS),
    }


def test_units_and_labels_of_the_room() -> None:
    units = {field.name: field.metadata["unit"] for each in (Stay, Inpatient) for field in attrs.fields(each)}
    assert units == {
        "inscp_scp_amt": "fen",
        "hosp_lv": LEVEL,
        "psn_type": STATUS,
        "ordinal": ORDINAL,
        "continuing": "flag",
        "earlier_level": LEVEL,
        "earlier_paid": "fen",
        "deductible_used": "fen",
        "year_deductible": "fen",
        "once_a_year": "flag",
        "once_a_year_paid": "fen",
        "tcm_disease": "flag",
        "band_start": "fen",
        "ceiling_used": "fen",
        "points_off": "rate",
        "rate_factor": "rate",
        "ceiling_left": "fen",
        "payable_scope": "fen",
        "deductible_standard": "fen",
        "deductible_left": "fen",
        "deductible_of_stay": "fen",
        "deductible_due": "fen",
        "act_pay_dedc": "fen",
        "payable": "fen",
        "rate_addition": "rate",
        "before_limits": "fen",
        "hifp_pay": "fen",
        "ceiling_used_after": "fen",
    }
    for each in (InpatientTerms, SettlementTerms, Stay, Inpatient):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING or field.name in ("points_off", "rate_factor")


# ------------------------------------------------------------------------------------------ what lies above the ceiling


def above(terms: InpatientTerms, stay: Stay[int], paid: Inpatient[int]) -> int:
    """Literally: on cost, what the ceiling leaves out; in money, `payable - min{x : banded(x) >= what is left}`."""
    if terms.ceiling_basis == "eligible_cost":
        return stay.inscp_scp_amt - paid.payable_scope
    if terms.ceiling.values[stay.psn_type] == NO_LIMIT:
        return 0
    words, given_stay = inpatient_in_words(terms), stay_in_words(terms, stay)
    addition = Fraction(paid.rate_addition, MILLION)
    where = given_stay["hosp_lv"], given_stay["psn_type"]
    found = [min(Fraction(1), band[where] + addition) for band in words["band_rates"]]

    def pays(amount: int) -> int:
        return oracles.half_up(oracle.walk(amount, stay.band_start, words["band_edges"], found))

    return over_cap(pays, paid.payable, paid.ceiling_left)


@many
@given(cases)
def test_over_ceiling_is_the_literal_inverse(case: tuple[InpatientTerms, Stay[int]]) -> None:
    terms, stay = case
    paid = settle(terms, stay)
    found = over_ceiling(terms, stay, paid)
    assert found == above(terms, stay, paid)
    assert 0 <= found <= stay.inscp_scp_amt - paid.act_pay_dedc - paid.hifp_pay
    columns = as_columns([stay, stay])
    assert over_ceiling(terms, columns, settle(terms, columns)).tolist() == [found, found]
    traced = as_traced(stay)
    assert over_ceiling(terms, traced, settle(terms, traced)) == found


@many
@given(cases)
def test_the_cost_below_the_ceiling_is_paid_the_same_without_what_lies_above(
    case: tuple[InpatientTerms, Stay[int]],
) -> None:
    terms, stay = case
    paid = settle(terms, stay)
    below = attrs.evolve(stay, inscp_scp_amt=stay.inscp_scp_amt - over_ceiling(terms, stay, paid))
    less = settle(terms, below)
    assert less.hifp_pay == paid.hifp_pay
    assert over_ceiling(terms, below, less) == 0


@pytest.mark.parametrize(
    ("basis", "amount", "used", "over"),
    [
        ("fund_payment", 500_000_00, 0, 0),  # 80% of 498,800 is 399,040
        ("fund_payment", 100_000_00, 400_000_00, 36_300_00),  # 50,000 left, reached by 62,500 of 98,800
        ("fund_payment", 63_700_00, 400_000_00, 0),  # reached and not passed
        ("fund_payment", 63_700_01, 400_000_00, 1),
        ("fund_payment", 100_000_00, 450_000_00, 98_800_00),
        ("eligible_cost", 100_000_00, 400_000_00, 50_000_00),
        ("eligible_cost", 100_000_00, 450_000_00, 100_000_00),
    ],
)
def test_b26_what_lies_above_the_ceiling_of_a_stay(basis: str, amount: int, used: int, over: int) -> None:
    terms = attrs.evolve(EMPLOYEE, ceiling_basis=basis)
    given_stay = stay(amount, ceiling_used=used)
    assert over_ceiling(terms, given_stay, settle(terms, given_stay)) == over


def test_b26_over_the_ceiling_on_two_bands() -> None:
    """50% to 1,000 and 60% above, from 500 on: 1,000 left of the ceiling are reached by 500 and 1,250."""
    terms = attrs.evolve(
        banded_by((0, 500_000), (1_000_00, 600_000)), ceiling=Table.same(1_000_00, EMPLOYEE_STATUS), band_scope="year"
    )
    given_stay = stay(3_000_00, band_start=500_00)
    assert over_ceiling(terms, given_stay, settle(terms, given_stay)) == 1_250_00
