"""Care out of the area: one body on ints, columns and traces against the oracle; laws; worked examples."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.benefits.axes import FILING, PLACE, TIER
from mipolicy.benefits.out_of_area import (
    BUSINESS,
    BusinessStart,
    Direct,
    DirectCoverage,
    DirectSettlementTerms,
    OutOfAreaTerms,
    PlaceEffect,
    PlaceOfCare,
    coverage,
    direct,
    effect,
    payable_there,
    reduced_rate,
)
from mipolicy.benefits.referral import Placement
from mipolicy.errors import AmountError, CodeError
from mipolicy.policy.kinds import CodesKind, FlagKind, RecordsKind, TableKind, choice_table
from mipolicy.tables import Table
from tests.oracles import out_of_area as oracle
from tests.strategies import (
    MILLION,
    agrees,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    days,
    flags,
    in_words,
    rates,
    shares,
    tables,
    taken,
    ties,
)

BASES = ("total", "in_scope")
YES_NO = ("no", "yes")


@st.composite
def terms_of_places(draw: DrawFn) -> OutOfAreaTerms:
    """Random complete terms."""
    axes = (PLACE, TIER)
    return OutOfAreaTerms(
        payable=draw(tables(axes, flags)),
        points_off=draw(tables(axes, rates)),
        factor=draw(tables(axes, rates)),
        preself_first=draw(tables(axes, rates)),
        preself_base=draw(tables(axes, flags)),
        care_place_catalogue=draw(flags),
    )


@st.composite
def places_of_care(draw: DrawFn, terms: OutOfAreaTerms) -> PlaceOfCare[int]:
    """A bill whose base lies on a tie of its share, or whose scope lies beside what is due first."""
    place = draw(st.integers(0, len(PLACE.members) - 1))
    tier = draw(st.integers(0, len(TIER.members) - 1))
    rate = terms.preself_first.values[place * len(TIER.members) + tier]
    tie = ties(rate)
    near = [] if tie is None else [tie[0] + draw(st.integers(0, 10**4)) * tie[1]]
    total = draw(st.one_of(st.sampled_from(near), amounts)) if near else draw(amounts)
    due = (total * rate + MILLION // 2) // MILLION
    scope = draw(st.one_of(st.sampled_from([total, *taken([due])]), st.integers(0, total)))
    scope = min(scope, total)
    return PlaceOfCare(
        place_class=place,
        tier=tier,
        medfee_sumamt=total,
        inscp_scp_amt=scope,
        preselfpay_amt=draw(st.integers(0, total - scope)),
    )


def in_plain_words(terms: OutOfAreaTerms) -> dict[str, Any]:
    return {
        "payable": {at: YES_NO[value] for at, value in in_words(terms.payable).items()},
        "points_off": shares(terms.points_off),
        "factor": shares(terms.factor),
        "preself_first": shares(terms.preself_first),
        "preself_base": {at: BASES[value] for at, value in in_words(terms.preself_base).items()},
        "care_place_catalogue": bool(terms.care_place_catalogue),
    }


def row_in_words(of: PlaceOfCare[int]) -> dict[str, Any]:
    return {**attrs.asdict(of), "place_class": PLACE.members[of.place_class], "tier": TIER.members[of.tier]}


cases = terms_of_places().flatmap(lambda terms: st.tuples(st.just(terms), places_of_care(terms)))

# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(terms_of_places())
    rows = data.draw(st.lists(places_of_care(terms), min_size=1, max_size=6))
    words = in_plain_words(terms)
    batch = effect(terms, as_columns(rows))
    for row, found in zip(rows, as_rows(batch), strict=True):
        one = effect(terms, row)
        assert attrs.asdict(one) == found
        assert effect(terms, as_traced(row)) == one
        agrees(found, oracle.effect(words, row_in_words(row)), rates_of=("points_off", "rate_factor"))


@given(terms_of_places(), st.data())
def test_the_reduced_rate_on_ints_and_columns_as_the_oracle_reads_it(
    terms: OutOfAreaTerms, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(places_of_care(terms), min_size=1, max_size=6))
    before = [data.draw(rates) for _ in rows]
    batch = reduced_rate(effect(terms, as_columns(rows)), np.array(before, np.int64))
    for row, rate, found in zip(rows, before, batch.tolist(), strict=True):
        one = effect(terms, row)
        assert reduced_rate(one, rate) == found
        expected = oracle.reduced_rate(
            Fraction(one.points_off, MILLION), Fraction(one.rate_factor, MILLION), Fraction(rate, MILLION)
        )
        assert Fraction(found, MILLION) == expected
        assert 0 <= found <= rate


def test_an_empty_table_gives_an_empty_outcome() -> None:
    none = np.zeros(0, np.int64)
    found = effect(CITY, PlaceOfCare(none, none, none, none, none))
    assert all(getattr(found, field.name).size == 0 for field in attrs.fields(PlaceEffect))


# ---------------------------------------------------------------------------------------------------------------- laws


@given(cases)
def test_the_parts_keep_their_total_and_nothing_is_negative(case: tuple[OutOfAreaTerms, PlaceOfCare[int]]) -> None:
    terms, of = case
    found = effect(terms, of)
    assert found.preselfpay_amt + found.inscp_scp_amt == of.preselfpay_amt + of.inscp_scp_amt
    assert 0 <= found.moved_to_first_pay <= of.inscp_scp_amt
    assert found.inscp_scp_amt >= 0
    assert (found.moved_to_first_pay, found.rate_factor) == (0, 0) or found.payable


@given(cases, rates)
def test_a_higher_first_share_never_leaves_more_in_scope(
    case: tuple[OutOfAreaTerms, PlaceOfCare[int]], more: int
) -> None:
    terms, of = case
    raised = tuple(min(MILLION, rate + more) for rate in terms.preself_first.values)
    harder = attrs.evolve(terms, preself_first=Table((PLACE, TIER), raised))
    assert effect(harder, of).inscp_scp_amt <= effect(terms, of).inscp_scp_amt


@given(cases, rates)
def test_a_place_without_an_effect_changes_nothing(case: tuple[OutOfAreaTerms, PlaceOfCare[int]], rate: int) -> None:
    terms, of = case
    axes = (PLACE, TIER)
    plain = attrs.evolve(
        terms,
        payable=Table.same(1, *axes),
        points_off=Table.same(0, *axes),
        factor=Table.same(MILLION, *axes),
        preself_first=Table.same(0, *axes),
    )
    found = effect(plain, of)
    assert (found.preselfpay_amt, found.inscp_scp_amt) == (of.preselfpay_amt, of.inscp_scp_amt)
    assert reduced_rate(found, rate) == rate


# ----------------------------------------------------------------------------------------------------- worked examples


def by_place(local: int, resident: int, referred: tuple[int, int], emergency: int, unreferred: int) -> Table:
    """Figures by place, the two tiers apart for referrals."""
    values = (local, local, resident, resident, *referred, emergency, emergency, unreferred, unreferred)
    return Table((PLACE, TIER), values)


CITY = OutOfAreaTerms(
    payable=by_place(1, 1, (1, 1), 1, 0),
    points_off=by_place(0, 0, (50_000, 100_000), 50_000, 200_000),
    factor=by_place(MILLION, MILLION, (MILLION, 900_000), 900_000, MILLION),
    preself_first=by_place(0, 0, (100_000, 150_000), 100_000, 300_000),
    preself_base=by_place(1, 1, (1, 0), 0, 0),
    care_place_catalogue=1,
)


def bill(place: str, tier: str = "contracted", *, scope: int = 8_000_00) -> PlaceOfCare[int]:
    """10,000 yuan in all, 500 of them first-pay already."""
    return PlaceOfCare(PLACE.position(place), TIER.position(tier), 10_000_00, scope, 500_00)


@pytest.mark.parametrize(
    ("of", "moved", "first_pay", "scope", "rate_after_80_percent"),
    [
        (bill("local"), 0, 500_00, 8_000_00, 800_000),
        (bill("resident_elsewhere"), 0, 500_00, 8_000_00, 800_000),
        # 10% of the 8,000 in scope; 80% less 5 points
        (bill("referred"), 800_00, 1_300_00, 7_200_00, 750_000),
        # 15% of all 10,000; (80% - 10 points) x 0.9
        (bill("referred", "non_contracted"), 1_500_00, 2_000_00, 6_500_00, 630_000),
        # 10% of all 10,000; (80% - 5 points) x 0.9
        (bill("emergency"), 1_000_00, 1_500_00, 7_000_00, 675_000),
        # never above what is in scope
        (bill("emergency", scope=999_99), 999_99, 1_499_99, 0, 675_000),
        (bill("emergency", scope=1_000_00), 1_000_00, 1_500_00, 0, 675_000),
        (bill("emergency", scope=1_000_01), 1_000_00, 1_500_00, 1, 675_000),
        # not payable: nothing moves, nothing of the rate is kept
        (bill("unreferred"), 0, 500_00, 8_000_00, 0),
    ],
)
def test_b09_the_effect_by_place_and_tier(
    of: PlaceOfCare[int], moved: int, first_pay: int, scope: int, rate_after_80_percent: int
) -> None:
    """formulas.md section 1, "Out-of-area", with made-up figures: points off, factor, first-pay on either base."""
    found = effect(CITY, of)
    assert (found.moved_to_first_pay, found.preselfpay_amt, found.inscp_scp_amt) == (moved, first_pay, scope)
    assert reduced_rate(found, 800_000) == rate_after_80_percent


def test_every_step() -> None:
    assert effect(CITY, bill("referred", "non_contracted")) == PlaceEffect(
        payable=1,
        first_pay_base=10_000_00,
        first_pay_due=1_500_00,
        moved_to_first_pay=1_500_00,
        preselfpay_amt=2_000_00,
        inscp_scp_amt=6_500_00,
        points_off=100_000,
        rate_factor=900_000,
        care_place_catalogue=1,
    )


@pytest.mark.parametrize("place", PLACE.members)
@pytest.mark.parametrize("flag", [0, 1])
def test_the_catalogue_of_the_place_of_care_holds_outside_only(place: str, flag: int) -> None:
    terms = attrs.evolve(CITY, care_place_catalogue=flag)
    assert effect(terms, bill(place)).care_place_catalogue == (flag if place != "local" else 0)


def test_points_beyond_the_rate_leave_nothing() -> None:
    assert reduced_rate(effect(CITY, bill("referred")), 49_999) == 0
    assert reduced_rate(effect(CITY, bill("referred")), 50_001) == 1


@pytest.mark.parametrize(
    ("place", "payable"),
    [("local", True), ("resident_elsewhere", True), ("referred", True), ("emergency", True), ("unreferred", False)],
)
@pytest.mark.parametrize("tier", TIER.members)
def test_b10_self_arranged_care_is_not_payable_sudden_illness_is(place: str, tier: str, payable: bool) -> None:
    """上虞 2013 二(二)3: 自行赴绍兴市外就医 not, 在外期间突发疾病 excepted."""
    assert payable_there(CITY, Placement(place, tier, "")) is payable
    assert effect(CITY, bill(place, tier)).payable == payable


def test_b10_the_pack_states_the_two_cases_of_the_clause() -> None:
    (version,) = packs.load("shangyu-2013").versions["out_of_area.resident"]
    assert {path: leaf.value for path, leaf in version.leaves.items()} == {
        f"payable.{place}.{tier}": value
        for place, value in (("emergency", 1), ("unreferred", 0))
        for tier in TIER.members
    }


# --------------------------------------------------------------------------------------------------- direct settlement

START = datetime.date(2025, 7, 1)
DAY = datetime.timedelta(days=1)
ENABLED = {
    ("inpatient", "resident_elsewhere"),
    ("inpatient", "referred"),
    ("general_outpatient", "resident_elsewhere"),
    ("dual_channel", "resident_elsewhere"),
    ("dual_channel", "referred"),
    ("online_care", "resident_elsewhere"),
}
FOUR = ("general_outpatient", "maternity", "accidental_injury", "dual_channel")
DIRECT = DirectSettlementTerms(
    enabled=Table((BUSINESS, FILING), tuple(int(at in ENABLED) for at in product(BUSINESS.members, FILING.members))),
    starts=(BusinessStart("dual_channel", START),),
    counted=FOUR,
)


@pytest.mark.parametrize(
    ("filing", "expected"),
    [
        ("resident_elsewhere", Direct(True, "inpatient is settled directly for resident_elsewhere")),
        ("referred", Direct(True, "inpatient is settled directly for referred")),
        ("emergency", Direct(False, "inpatient is not settled directly for emergency")),
        ("unreferred", Direct(False, "no filing holds")),
    ],
)
def test_b52_inpatient_care_by_filing(filing: str, expected: Direct) -> None:
    """天津 2021 一(一): 长期异地居住 and 转外就医."""
    assert direct(DIRECT, "inpatient", filing, START) == expected


def test_b52_the_pack_states_the_two_groups() -> None:
    (version,) = packs.load("tianjin-2021").versions["direct_settlement"]
    stated = {path: leaf.value for path, leaf in version.leaves.items()}
    assert stated == {"enabled.inpatient.resident_elsewhere": 1, "enabled.inpatient.referred": 1}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (START - DAY, Direct(False, "dual_channel is settled directly from 2025-07-01 on")),
        (START, Direct(True, "dual_channel is settled directly for referred")),
    ],
)
def test_a_business_begins_on_its_own_day(on: datetime.date, expected: Direct) -> None:
    assert direct(DIRECT, "dual_channel", "referred", on) == expected


@pytest.mark.parametrize(("filing", "available"), [("resident_elsewhere", True), ("referred", False)])
def test_b57_online_care_is_a_business_of_its_own(filing: str, available: bool) -> None:
    """天津 2021 三(四): online care settled directly out of the area; whether it is, is data."""
    assert direct(DIRECT, "online_care", filing, START).available is available


@pytest.mark.parametrize(
    ("on", "covered", "lacking"),
    [
        (START - DAY, ("general_outpatient",), ("maternity", "accidental_injury", "dual_channel")),
        (START, ("general_outpatient", "dual_channel"), ("maternity", "accidental_injury")),
    ],
)
def test_b49_coverage_of_the_four_kinds(on: datetime.date, covered: tuple[str, ...], lacking: tuple[str, ...]) -> None:
    """常德 2023 二(六): 普通门诊统筹, 生育门诊住院, 意外伤害, 双通道药品."""
    assert coverage(DIRECT, on) == DirectCoverage(len(covered), 4, covered, lacking)


def test_b49_the_pack_counts_the_four_kinds() -> None:
    (version,) = packs.load("changde-2023").versions["direct_settlement"]
    assert {path: leaf.value for path, leaf in version.leaves.items()} == {"counted": FOUR}


@given(
    tables((BUSINESS, FILING), flags),
    st.dictionaries(st.sampled_from(BUSINESS.members), days, max_size=3),
    st.lists(st.sampled_from(BUSINESS.members), unique=True),
    days,
)
def test_direct_settlement_as_the_oracle_reads_it(
    enabled: Table, starts: dict[str, datetime.date], counted: list[str], on: datetime.date
) -> None:
    terms = DirectSettlementTerms(enabled, tuple(BusinessStart(*start) for start in starts.items()), tuple(counted))
    words = {
        "enabled": {at: YES_NO[value] for at, value in in_words(enabled).items()},
        "starts": starts,
        "counted": counted,
    }
    for business, filing in product(BUSINESS.members, PLACE.members[1:]):
        for day in (on, *(since + step * DAY for since in starts.values() for step in (-1, 0))):
            found = direct(terms, business, filing, day)
            assert found.available is oracle.direct(words, business, filing, day)
            assert found.reason
    found_coverage = coverage(terms, on)
    assert (found_coverage.covered, found_coverage.counted) == oracle.coverage(words, on)
    assert sorted(found_coverage.enabled + found_coverage.lacking) == sorted(counted)


# ------------------------------------------------------------------------------------------------ messages and the room


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: direct(DIRECT, "dental", "referred", START),
            CodeError,
            "unknown business 'dental'; allowed: inpatient, general_outpatient, special_outpatient, maternity, "
            "accidental_injury, dual_channel, online_care",
        ),
        (
            lambda: direct(DIRECT, "inpatient", "local", START),
            CodeError,
            "direct settlement is for care out of the area: resident_elsewhere, referred, emergency, unreferred; "
            "not 'local'",
        ),
        (
            lambda: direct(DIRECT, "inpatient", "away", START),
            CodeError,
            "direct settlement is for care out of the area: resident_elsewhere, referred, emergency, unreferred; "
            "not 'away'",
        ),
        (
            lambda: payable_there(CITY, Placement("abroad", "contracted", "")),
            CodeError,
            "unknown place 'abroad'; allowed: local, resident_elsewhere, referred, emergency, unreferred",
        ),
        (
            lambda: payable_there(CITY, Placement("local", "gold", "")),
            CodeError,
            "unknown tier 'gold'; allowed: contracted, non_contracted",
        ),
        (
            lambda: effect(CITY, attrs.evolve(bill("local"), place_class=5)),
            AmountError,
            "lookup: code 5 is outside place (0 to 4)",
        ),
        (
            lambda: effect(CITY, as_columns([bill("local"), attrs.evolve(bill("local"), tier=2)])),
            AmountError,
            "lookup: row 1: code 2 is outside tier (0 to 1)",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_what_each_term_holds() -> None:
    kinds = {field.name: field.metadata["kind"] for field in attrs.fields(OutOfAreaTerms)}
    assert kinds == {
        "payable": TableKind("flag", (PLACE, TIER), ("no", "yes")),
        "points_off": TableKind("rate", (PLACE, TIER)),
        "factor": TableKind("rate", (PLACE, TIER)),
        "preself_first": TableKind("rate", (PLACE, TIER)),
        "preself_base": choice_table(BASES, PLACE, TIER, zh=("医疗费总额", "符合政策范围金额")),
        "care_place_catalogue": FlagKind(),
    }
    kinds = {field.name: field.metadata["kind"] for field in attrs.fields(DirectSettlementTerms)}
    assert kinds == {
        "enabled": TableKind("flag", (BUSINESS, FILING), ("no", "yes")),
        "starts": RecordsKind(BusinessStart, "business"),
        "counted": CodesKind(BUSINESS.members),
    }


def test_units_and_labels_of_the_room() -> None:
    units = {field.name: field.metadata["unit"] for each in (PlaceOfCare, PlaceEffect) for field in attrs.fields(each)}
    assert units == {
        "place_class": PLACE,
        "tier": TIER,
        "medfee_sumamt": "fen",
        "inscp_scp_amt": "fen",
        "preselfpay_amt": "fen",
        "payable": "flag",
        "first_pay_base": "fen",
        "first_pay_due": "fen",
        "moved_to_first_pay": "fen",
        "points_off": "rate",
        "rate_factor": "rate",
        "care_place_catalogue": "flag",
    }
    for each in (OutOfAreaTerms, DirectSettlementTerms, BusinessStart, PlaceOfCare, PlaceEffect):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
