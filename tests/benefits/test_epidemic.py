"""Care in an epidemic: one body on ints, columns and traces against the oracle; laws; worked examples."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.benefits.epidemic import (
    CONDITION,
    PATIENTS,
    RESTRICTIONS,
    RULE,
    Assessment,
    EpidemicCase,
    EpidemicPaid,
    EpidemicPatient,
    EpidemicTerms,
    Episode,
    Exemption,
    Prescription,
    Supply,
    assess,
    settle,
    supply,
    treatment_drug,
)
from mipolicy.errors import AmountError, DocumentError, InputError
from mipolicy.money import NO_LIMIT
from mipolicy.policy import dumps, loads
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, RecordsKind, TableKind
from mipolicy.rooms import SECTIONS
from mipolicy.tables import Table
from tests.oracles import epidemic as oracle
from tests.strategies import (
    MILLION,
    additions,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    days,
    flags,
    in_words,
    limit_or_none,
    limits,
    rates,
    shares,
    tables,
    taken,
    ties,
)

BASES = ("total", "in_scope")
FIRST, LAST = datetime.date(2020, 1, 20), datetime.date(2020, 6, 30)
DAY = datetime.timedelta(days=1)

# 天津 2021: confirmed and suspected, the whole cost, by the fund; days, codes, lists and the other figures are made up.
TERMS = EpidemicTerms(
    episodes=(Episode("one", FIRST, ("X01", "X02"), LAST), Episode("two", datetime.date(2020, 6, 1), ("X03",))),
    covered_patients=("confirmed", "suspected"),
    override_rate=MILLION,
    override_base="total",
    treatment_drugs=("D1",),
    waivable=RESTRICTIONS,
    exemptions=(
        Exemption("poor", ("ceiling", "drug_quantity"), groups=("01", "02")),
        Exemption("rare", ("catalogue", "ceiling"), diseases=("R1", "X01")),
    ),
    rate_uplift=Table((LEVEL,), (0, 0, 50_000, 100_000, 0)),
    fund_share=Table((RULE, LEVEL), (MILLION,) * 10),
    supply_days=Table((CONDITION,), (7, 84)),
)


@st.composite
def epidemic_terms(draw: DrawFn) -> EpidemicTerms:
    """Random figures."""
    return attrs.evolve(
        TERMS,
        override_rate=draw(st.one_of(st.just(MILLION), rates)),
        override_base=draw(st.sampled_from(BASES)),
        rate_uplift=draw(tables((LEVEL,), additions)),
        fund_share=draw(tables((RULE, LEVEL), st.one_of(st.just(MILLION), rates))),
    )


@st.composite
def epidemic_cases(draw: DrawFn, terms: EpidemicTerms) -> EpidemicCase[int]:
    """A bill on a tie of its rate or of the fund's share, or beside its deductible or ceiling."""
    level = draw(st.integers(0, len(LEVEL.members) - 1))
    override = draw(flags)
    in_episode = 1 if override else draw(flags)
    rate = draw(rates)
    near = []
    for each in (
        min(MILLION, rate + in_episode * terms.rate_uplift.values[level]),
        terms.override_rate,
        terms.fund_share.values[override * len(LEVEL.members) + level],
    ):
        tie = ties(each)
        if tie is not None:
            near.append(tie[0] + draw(st.integers(0, 10**4)) * tie[1])
    own_pay = [draw(st.integers(0, 10**6)) for _ in range(3)]
    outside = sum(own_pay) + draw(st.sampled_from((0, 0, 1, -1, 10**4)))
    scope = draw(st.one_of(st.sampled_from(near), amounts)) if near else draw(amounts)
    return EpidemicCase(
        medfee_sumamt=scope + max(0, outside) + draw(st.sampled_from((0, 0, 5, 100_00))),
        fulamt_ownpay_amt=max(0, outside),
        catalogue_amt=own_pay[0],
        quantity_amt=own_pay[1],
        vaccination_amt=own_pay[2],
        inscp_scp_amt=scope,
        deductible_left=draw(st.one_of(st.just(0), st.sampled_from(taken([scope])), amounts)),
        rate=rate,
        hosp_lv=level,
        ceiling_left=draw(st.one_of(limits, st.sampled_from(taken([scope * rate // MILLION])))),
        in_episode=in_episode,
        override=override,
        catalogue_waived=draw(flags),
        ceiling_waived=draw(flags),
        quantity_waived=draw(flags),
        vaccination_waived=draw(flags),
    )


def in_plain_words(terms: EpidemicTerms) -> dict[str, Any]:
    return {
        "override_rate": Fraction(terms.override_rate, MILLION),
        "override_base": terms.override_base,
        "rate_uplift": shares(terms.rate_uplift),
        "fund_share": shares(terms.fund_share),
    }


def records(terms: EpidemicTerms) -> dict[str, Any]:
    """Episodes, exemptions and patients covered, as the oracle takes them."""
    return {
        "episodes": [attrs.asdict(each) for each in terms.episodes],
        "exemptions": [attrs.asdict(each) for each in terms.exemptions],
        "covered_patients": terms.covered_patients,
    }


def row_in_words(case: EpidemicCase[int]) -> dict[str, Any]:
    return {
        **attrs.asdict(case),
        "hosp_lv": LEVEL.members[case.hosp_lv],
        "rate": Fraction(case.rate, MILLION),
        "ceiling_left": limit_or_none(case.ceiling_left),
    }


cases = epidemic_terms().flatmap(lambda terms: st.tuples(st.just(terms), epidemic_cases(terms)))

# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(epidemic_terms())
    rows = data.draw(st.lists(epidemic_cases(terms), min_size=1, max_size=6))
    words = in_plain_words(terms)
    batch = as_rows(settle(terms, as_columns(rows)))
    for row, found in zip(rows, batch, strict=True):
        one = settle(terms, row)
        assert attrs.asdict(one) == found
        assert settle(terms, as_traced(row)) == one
        expected = oracle.settle(words, row_in_words(row))
        assert (found["ceiling_left"] == NO_LIMIT) is (expected["ceiling_left"] is None)
        agrees(found, expected, rates_of=("paid_rate", "fund_share"))


def test_an_empty_table_gives_an_empty_outcome() -> None:
    none = np.zeros(0, np.int64)
    found = settle(TERMS, EpidemicCase(*(none for _ in attrs.fields(EpidemicCase))))
    assert all(getattr(found, field.name).size == 0 for field in attrs.fields(EpidemicPaid))


# ---------------------------------------------------------------------------------------------------------------- laws


@given(cases)
def test_the_three_sources_sum_to_the_cost(case: tuple[EpidemicTerms, EpidemicCase[int]]) -> None:
    terms, of = case
    found = settle(terms, of)
    assert found.hifp_pay + found.public_health_pay + found.left_to_person == of.medfee_sumamt
    assert found.hifp_pay + found.psn_part_amt == of.medfee_sumamt
    assert min(found.hifp_pay, found.public_health_pay, found.left_to_person) >= 0
    assert found.public_health_pay <= found.psn_part_amt
    assert found.fulamt_ownpay_amt + found.inscp_scp_amt == of.fulamt_ownpay_amt + of.inscp_scp_amt
    assert 0 <= found.act_pay_dedc <= found.inscp_scp_amt
    assert found.fulamt_ownpay_amt >= 0


@given(cases)
def test_b18_in_full_means_that_nothing_is_left(case: tuple[EpidemicTerms, EpidemicCase[int]]) -> None:
    terms, of = case
    in_full = attrs.evolve(
        terms, override_rate=MILLION, override_base="total", fund_share=Table.same(MILLION, RULE, LEVEL)
    )
    found = settle(in_full, attrs.evolve(of, in_episode=1, override=1))
    assert (found.hifp_pay, found.psn_part_amt, found.left_to_person) == (of.medfee_sumamt, 0, 0)


@given(cases, st.sampled_from(("catalogue_waived", "ceiling_waived", "quantity_waived", "vaccination_waived")))
def test_b31_a_waiver_never_leaves_more_to_the_person(
    case: tuple[EpidemicTerms, EpidemicCase[int]], waiver: str
) -> None:
    terms, of = case
    off, on = (settle(terms, attrs.evolve(of, **{waiver: flag})) for flag in (0, 1))
    assert on.left_to_person <= off.left_to_person


@given(cases, rates)
def test_b32_a_higher_uplift_never_pays_less_and_the_split_moves_no_total(
    case: tuple[EpidemicTerms, EpidemicCase[int]], part: int
) -> None:
    terms, of = case
    higher = attrs.evolve(terms, rate_uplift=Table((LEVEL,), tuple(each + 1 for each in terms.rate_uplift.values)))
    assert settle(higher, of).ordinary_pay >= settle(terms, of).ordinary_pay
    other = attrs.evolve(terms, fund_share=Table.same(part, RULE, LEVEL))
    assert settle(other, of).covered == settle(terms, of).covered
    assert settle(other, of).left_to_person == settle(terms, of).left_to_person


@given(cases)
def test_outside_an_episode_only_the_waivers_differ_from_ordinary_care(
    case: tuple[EpidemicTerms, EpidemicCase[int]],
) -> None:
    terms, of = case
    found = settle(terms, attrs.evolve(of, in_episode=0, override=0))
    assert found.paid_rate == of.rate
    assert (found.hifp_pay, found.public_health_pay) == (found.ordinary_pay, 0)


# ----------------------------------------------------------------------------------------------------- worked examples

# 1,000 yuan: 700 in scope, 50 first-pay, 250 self-paid for three reasons and 10 for another
CASE: EpidemicCase[int] = EpidemicCase(
    medfee_sumamt=1_000_00,
    fulamt_ownpay_amt=250_00,
    catalogue_amt=150_00,
    quantity_amt=60_00,
    vaccination_amt=30_00,
    inscp_scp_amt=700_00,
    deductible_left=100_00,
    rate=800_000,
    hosp_lv=0,
    ceiling_left=500_00,
    in_episode=1,
    override=0,
    catalogue_waived=0,
    ceiling_waived=0,
    quantity_waived=0,
    vaccination_waived=0,
)


@pytest.mark.parametrize(
    ("changes", "fund"),
    [
        ({"override": 1}, 1_000_00),
        # no deductible, no ceiling
        ({"override": 1, "deductible_left": 9_000_00, "ceiling_left": 0}, 1_000_00),
        # (700 - 100) x 80%
        ({}, 480_00),
    ],
)
def test_b18_confirmed_and_suspected_patients_are_paid_in_full(changes: dict[str, int], fund: int) -> None:
    """天津 2021 一(一): 由医保基金全额支付."""
    found = settle(TERMS, attrs.evolve(CASE, **changes))
    assert (found.hifp_pay, found.public_health_pay, found.left_to_person) == (fund, 0, 1_000_00 - fund)


def test_the_override_in_scope_only() -> None:
    in_scope = attrs.evolve(TERMS, override_base="in_scope", override_rate=900_000)
    found = settle(in_scope, attrs.evolve(CASE, override=1, catalogue_waived=1))
    assert (found.override_base, found.override_pay, found.left_to_person) == (850_00, 765_00, 235_00)


@pytest.mark.parametrize(
    ("waived", "restored", "fund"),
    [
        ((), 0, 480_00),
        # (700 + 150 - 100) x 80% = 600, under the ceiling of 500
        (("catalogue_waived",), 150_00, 500_00),
        (("catalogue_waived", "ceiling_waived"), 150_00, 600_00),
        # (700 + 60 - 100) x 80%, and so on
        (("quantity_waived", "ceiling_waived"), 60_00, 528_00),
        (("vaccination_waived", "ceiling_waived"), 30_00, 504_00),
        (("catalogue_waived", "quantity_waived", "vaccination_waived", "ceiling_waived"), 240_00, 672_00),
    ],
)
def test_b31_what_each_waiver_pays(waived: tuple[str, ...], restored: int, fund: int) -> None:
    """天津 2021 三(一): 医保目录, 支付限额, 用药量, 疫苗接种."""
    found = settle(TERMS, attrs.evolve(CASE, **dict.fromkeys(waived, 1)))
    assert (found.restored, found.hifp_pay) == (restored, fund)
    assert found.fulamt_ownpay_amt == 250_00 - restored


def test_no_more_is_restored_than_was_self_paid() -> None:
    found = settle(TERMS, attrs.evolve(CASE, fulamt_ownpay_amt=100_00, catalogue_waived=1))
    assert (found.restored, found.fulamt_ownpay_amt) == (100_00, 0)


@pytest.mark.parametrize(
    ("level", "rate", "paid_rate"),
    [
        ("tertiary", 800_000, 800_000),
        ("level_1", 800_000, 850_000),
        ("primary", 800_000, 900_000),
        ("primary", 950_000, 1_000_000),
    ],
)
def test_b32_a_higher_rate_at_primary_institutions(level: str, rate: int, paid_rate: int) -> None:
    """天津 2021 三(一): 提高对基层医疗机构的支付比例; the figures are made up."""
    case = attrs.evolve(CASE, hosp_lv=LEVEL.position(level), rate=rate)
    assert settle(TERMS, case).paid_rate == paid_rate
    assert settle(TERMS, attrs.evolve(case, in_episode=0)).paid_rate == rate


@pytest.mark.parametrize(
    ("cost", "part", "fund", "public_health"),
    [
        (1_000_00, 600_000, 600_00, 400_00),
        (1_000_00, 0, 0, 1_000_00),
        # half a fen goes to the fund
        (1, 500_000, 1, 0),
        (100_01, 333_333, 33_34, 66_67),
    ],
)
def test_b32_the_split_with_public_health_money_is_exact(cost: int, part: int, fund: int, public_health: int) -> None:
    """天津 2021 三(一): 统筹医保基金和公共卫生服务资金使用; public-health money pays from the person's part."""
    terms = attrs.evolve(TERMS, fund_share=Table.same(part, RULE, LEVEL))
    found = settle(terms, attrs.evolve(CASE, medfee_sumamt=cost, override=1))
    assert (found.hifp_pay, found.public_health_pay, found.left_to_person) == (fund, public_health, 0)
    assert found.psn_part_amt == public_health


def test_the_split_by_rule_and_level() -> None:
    terms = attrs.evolve(TERMS, fund_share=Table((RULE, LEVEL), tuple(range(100_000, 1_100_000, 100_000))))
    shares_found = [
        settle(terms, attrs.evolve(CASE, override=rule, hosp_lv=level)).fund_share
        for rule in (0, 1)
        for level in range(5)
    ]
    assert shares_found == list(range(100_000, 1_100_000, 100_000))
    assert settle(terms, attrs.evolve(CASE, in_episode=0)).fund_share == MILLION


def test_every_step() -> None:
    terms = attrs.evolve(TERMS, fund_share=Table.same(750_000, RULE, LEVEL))
    found = settle(terms, attrs.evolve(CASE, hosp_lv=LEVEL.position("primary"), quantity_waived=1))
    assert found == EpidemicPaid(
        restored=60_00,
        fulamt_ownpay_amt=190_00,
        inscp_scp_amt=760_00,
        act_pay_dedc=100_00,
        payable=660_00,
        paid_rate=900_000,
        before_limits=594_00,
        ceiling_left=500_00,
        ordinary_pay=500_00,
        override_base=1_000_00,
        override_pay=1_000_00,
        covered=500_00,
        fund_share=750_000,
        hifp_pay=375_00,
        psn_part_amt=625_00,
        public_health_pay=125_00,
        left_to_person=500_00,
    )


# ------------------------------------------------------------------------------------------------- who is under a rule

PATIENT = EpidemicPatient(FIRST, "confirmed", True, "X02")


@pytest.mark.parametrize(
    ("changes", "episode", "override", "reason"),
    [
        ({}, "one", True, "confirmed in one"),
        ({"patient": "suspected", "on": LAST}, "one", True, "suspected in one"),
        ({"on": FIRST - DAY}, "", False, "no episode of X02 on 2020-01-19"),
        ({"on": LAST + DAY}, "", False, "no episode of X02 on 2020-07-01"),
        ({"dise_codg": "J18"}, "", False, "no episode of J18 on 2020-01-20"),
        ({"dise_codg": "X03", "on": datetime.date(2099, 1, 1)}, "two", True, "confirmed in two"),
        ({"insured": False}, "one", False, "not insured"),
        (
            {"patient": "close_contact"},
            "one",
            False,
            "close_contact is not covered; covered: confirmed, suspected",
        ),
        ({"patient": "other"}, "one", False, "other is not covered; covered: confirmed, suspected"),
    ],
)
def test_b18_who_is_paid_in_full(changes: dict[str, Any], episode: str, override: bool, reason: str) -> None:
    found = assess(TERMS, attrs.evolve(PATIENT, **changes))
    assert (found.episode, found.override, found.reason) == (episode, override, reason)


def test_where_nobody_is_covered_the_reason_says_so() -> None:
    found = assess(attrs.evolve(TERMS, covered_patients=()), PATIENT)
    assert found.reason == "confirmed is not covered; covered: nobody"


@pytest.mark.parametrize(
    ("changes", "waived", "exemptions"),
    [
        ({}, (), ()),
        ({"groups": ("02", "09")}, ("ceiling", "drug_quantity"), ("poor",)),
        ({"dise_codg": "X01"}, ("catalogue", "ceiling"), ("rare",)),
        # a disease that is not the epidemic's, in its days
        ({"dise_codg": "R1", "groups": ("01",)}, ("catalogue", "ceiling", "drug_quantity"), ("poor", "rare")),
        ({"dise_codg": "R1", "groups": ("01",), "on": FIRST - DAY}, (), ()),
        ({"dise_codg": "R1", "groups": ("01",), "insured": False}, (), ()),
    ],
)
def test_b31_which_restrictions_are_waived(
    changes: dict[str, Any], waived: tuple[str, ...], exemptions: tuple[str, ...]
) -> None:
    """天津 2021 三(一): 特殊群体, 特定疾病; the lists are made up."""
    found = assess(TERMS, attrs.evolve(PATIENT, **changes))
    assert (found.waived, found.exemptions) == (waived, exemptions)


codes = st.sampled_from(("X01", "X02", "R1"))
code_lists = st.lists(codes, unique=True).map(tuple)
groups = st.lists(st.sampled_from(("01", "02", "03")), unique=True).map(tuple)


@st.composite
def episodes(draw: DrawFn) -> Episode:
    begins = draw(days)
    ends = draw(st.one_of(st.none(), st.integers(0, 400).map(lambda more: begins + more * DAY)))
    return Episode(draw(st.sampled_from("abcd")), begins, draw(code_lists), ends)


@given(
    st.lists(episodes(), max_size=3),
    st.lists(
        st.builds(
            Exemption,
            st.sampled_from("wxyz"),
            st.lists(st.sampled_from(RESTRICTIONS), unique=True).map(tuple),
            groups,
            st.just(("R1",)),
        ),
        max_size=3,
    ),
    st.sets(st.sampled_from(PATIENTS)).map(sorted),
    st.data(),
)
def test_every_patient_as_the_oracle_reads_it(
    running: list[Episode], exempt: list[Exemption], covered: list[str], data: st.DataObject
) -> None:
    terms = attrs.evolve(TERMS, episodes=tuple(running), exemptions=tuple(exempt), covered_patients=tuple(covered))
    edges = [day + step * DAY for each in running for day in (each.begins, each.ends) if day for step in (-1, 0, 1)]
    on = data.draw(st.sampled_from(edges) if edges else days)
    state = data.draw(st.sampled_from((*PATIENTS, "other")))
    patient = EpidemicPatient(on, state, data.draw(st.booleans()), data.draw(codes), data.draw(groups))
    found = assess(terms, patient)
    expected = oracle.assess(records(terms), attrs.asdict(patient))
    assert (found.episode, found.override, list(found.waived), list(found.exemptions)) == expected
    assert found.reason


@pytest.mark.parametrize(
    ("code", "on", "payable"),
    [("D1", FIRST, True), ("D1", FIRST - DAY, False), ("D2", FIRST, False), ("D1", LAST, True)],
)
def test_b18_treatment_drugs_are_payable_for_the_time_being(code: str, on: datetime.date, payable: bool) -> None:
    """天津 2021 一(一): 临时性纳入医保支付范围."""
    assert treatment_drug(TERMS, code, on) is payable


# -------------------------------------------------------------------------------------------------- long prescriptions


@pytest.mark.parametrize(
    ("supplied", "chronic", "waived", "limit", "over", "within"),
    [
        (7, 0, 0, 7, 0, 1),
        (8, 0, 0, 7, 1, 0),
        (84, 1, 0, 84, 0, 1),
        (90, 1, 0, 84, 6, 0),
        (8, 1, 0, 84, 0, 1),
        (90, 1, 1, 84, 0, 1),
        (0, 0, 0, 7, 0, 1),
    ],
)
def test_b19_days_supplied_against_the_limit(
    supplied: int, chronic: int, waived: int, limit: int, over: int, within: int
) -> None:
    """天津 2021 一(一): 长处方; the lengths are made up; a waived drug quantity (B31) has no limit."""
    assert supply(TERMS, Prescription(supplied, chronic, waived)) == Supply(limit, over, within)


@given(
    tables((CONDITION,), st.integers(0, 200)),
    st.lists(st.builds(Prescription, st.integers(0, 400), flags, flags), min_size=1, max_size=6),
)
def test_b19_ints_columns_traces_and_the_oracle_agree(limit: Table, rows: list[Prescription[int]]) -> None:
    terms = attrs.evolve(TERMS, supply_days=limit)
    for row, found in zip(rows, as_rows(supply(terms, as_columns(rows))), strict=True):
        one = supply(terms, row)
        assert attrs.asdict(one) == found
        assert supply(terms, as_traced(row)) == one
        expected = oracle.supply(
            in_words(limit), row.days_supplied, CONDITION.members[row.condition], bool(row.quantity_waived)
        )
        assert found == expected


# ------------------------------------------------------------------------------------------- messages, packs, the room


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: Episode("one", LAST, ("X01",), FIRST),
            InputError,
            "episode one ends on 2020-01-20, before it begins on 2020-06-30",
        ),
        (lambda: Exemption("poor", ("ceiling",)), InputError, "exemption poor names neither groups nor diseases"),
        (
            lambda: attrs.evolve(TERMS, waivable=("catalogue", "drug_quantity")),
            InputError,
            "exemption poor waives ceiling, which waivable does not name; it names catalogue, drug_quantity",
        ),
        (
            lambda: attrs.evolve(TERMS, waivable=()),
            InputError,
            "exemption poor waives ceiling, drug_quantity, which waivable does not name; it names nothing",
        ),
        (
            lambda: attrs.evolve(PATIENT, patient="ill"),
            InputError,
            "patient 'ill' is unknown; allowed: confirmed, suspected, asymptomatic, close_contact, other",
        ),
        (
            lambda: settle(TERMS, attrs.evolve(CASE, hosp_lv=5)),
            AmountError,
            "lookup: code 5 is outside level (0 to 4)",
        ),
        (
            lambda: supply(TERMS, as_columns([Prescription(1, 0, 0), Prescription(1, 2, 0)])),
            AmountError,
            "lookup: row 1: code 2 is outside condition (0 to 1)",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_an_episode_of_one_day() -> None:
    one_day = Episode("one", FIRST, ("X01",), FIRST)
    assert [one_day.holds(FIRST + step * DAY) for step in (-1, 0, 1)] == [False, True, False]


SMALL = """
format = 1
id = "small"
title = "x"
region = "990000"
schemes = ["310"]
[documents.notice]
title = "n"
issuer = "x"
status = "assumed"
[[sections.epidemic]]
version = "1"
source = { document = "notice", clause = "1" }
"""


def test_records_of_a_file_are_read_written_and_refused() -> None:
    good = SMALL + (
        'episodes = [{ name = "one", begins = 2020-01-20, diseases = ["X01"] }]\n'
        'exemptions = [{ name = "poor", waived = ["ceiling"], groups = ["01"] }]\n'
    )
    policy = loads(good, SECTIONS)
    (version,) = policy.versions["epidemic"]
    assert version.leaves["episodes"].value == (Episode("one", FIRST, ("X01",)),)
    assert loads(dumps(policy), SECTIONS) == policy
    bad = good.replace('groups = ["01"]', "groups = []").replace("diseases", "ends = 2020-01-19, diseases")
    with pytest.raises(DocumentError) as caught:
        loads(bad, SECTIONS)
    assert [str(problem.message) for problem in caught.value.problems] == [
        "episode one ends on 2020-01-19, before it begins on 2020-01-20",
        "exemption poor names neither groups nor diseases",
    ]


def test_b18_b31_the_pack_states_what_the_plan_does() -> None:
    done, planned = packs.load("tianjin-2021").versions["epidemic"]
    assert {path: leaf.value for path, leaf in done.leaves.items()} == {
        "covered_patients": ("confirmed", "suspected"),
        "override_rate": MILLION,
        "override_base": "total",
        **{f"fund_share.override.{level}": MILLION for level in LEVEL.members},
    }
    assert {path: leaf.value for path, leaf in planned.leaves.items()} == {"waivable": RESTRICTIONS}


def test_a_patient_of_the_made_up_city_from_end_to_end() -> None:
    on = datetime.date(2024, 3, 1)
    terms = packs.load("assumed").terms(EpidemicTerms, on=on)
    found = assess(terms, EpidemicPatient(on, "confirmed", True, "YQ01.1"))
    assert found == Assessment(
        "示例疫情一", True, "confirmed in 示例疫情一", ("catalogue", "vaccination"), ("示例豁免二",)
    )
    case = attrs.evolve(
        CASE,
        hosp_lv=LEVEL.position("primary"),
        in_episode=int(bool(found.episode)),
        override=int(found.override),
        catalogue_waived=int("catalogue" in found.waived),
    )
    paid = settle(terms, case)
    assert (paid.hifp_pay, paid.public_health_pay, paid.left_to_person) == (800_00, 200_00, 0)


def test_what_each_term_holds() -> None:
    assert {field.name: field.metadata["kind"] for field in attrs.fields(EpidemicTerms)} == {
        "episodes": RecordsKind(Episode, "name"),
        "covered_patients": CodesKind(PATIENTS),
        "override_rate": FigureKind("rate"),
        "override_base": ChoiceKind(BASES),
        "treatment_drugs": CodesKind(),
        "waivable": CodesKind(RESTRICTIONS),
        "exemptions": RecordsKind(Exemption, "name"),
        "rate_uplift": TableKind("rate", (LEVEL,)),
        "fund_share": TableKind("rate", (RULE, LEVEL)),
        "supply_days": TableKind("days", (CONDITION,)),
    }
    assert RULE.members == ("ordinary", "override")
    assert CONDITION.members == ("acute", "chronic")


def test_units_and_labels_of_the_room() -> None:
    for each in (EpidemicCase, EpidemicPaid, Prescription, Supply):
        for field in attrs.fields(each):
            unit = field.metadata["unit"]
            if field.name.endswith(("_waived", "override", "in_episode", "within")):
                assert unit == "flag"
            elif field.name in ("rate", "paid_rate", "fund_share"):
                assert unit == "rate"
            elif field.name.startswith(("days", "limit")):
                assert unit == "days"
            else:
                assert unit == {"hosp_lv": LEVEL, "condition": CONDITION}.get(field.name, "fen")
    for shape in (EpidemicTerms, Episode, Exemption, EpidemicCase, EpidemicPaid, Prescription, Supply):
        for field in attrs.fields(shape):
            assert field.metadata["zh"]
            assert field.metadata["en"]
    assert all(field.default is attrs.NOTHING for field in attrs.fields(EpidemicTerms))
