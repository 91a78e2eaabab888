"""The ladder: layers in the policy's order, each on the parts that earlier ones left; one record of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill, Line, PolicyError, Settlement, Totals
from mipolicy.benefits import inpatient, outpatient
from mipolicy.benefits.assistance import AssistanceTerms
from mipolicy.benefits.axes import HARDSHIP, LAYERS, STREAMS
from mipolicy.benefits.cover import left_after
from mipolicy.benefits.ladder import (
    LAYER_TERMS,
    OUTSIDE,
    PARTS,
    LadderTerms,
    Layer,
    LayerTerms,
    Left,
    climb,
    in_scope_left,
    personal_left,
    taken_from,
)
from mipolicy.benefits.layer import LayerState
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.statement import FUNDS, Parts, apart, check_identities, statement
from mipolicy.benefits.supplement import SupplementTerms
from mipolicy.errors import CodeError, IdentityError, InputError
from mipolicy.rooms import SECTIONS
from tests.batch import Record, assert_same, one_by_one, overlay, random_lines, random_records, stay, table
from tests.ladders import (
    NONE,
    by_class,
    case_in_words,
    layer_terms,
    layer_terms_in_words,
    lefts,
    room_of,
    same_for_all,
    sizes,
    states,
)
from tests.oracles import ladder as oracle
from tests.strategies import as_columns, as_rows, inpatient_terms, outpatient_terms, stays, visits

many = settings(max_examples=80, deadline=None)
few = settings(max_examples=15, deadline=None)
POLICY = mipolicy.load("assumed")
PLAIN: Left[int] = Left(0, 0, 0, 0, 0, 0, 0)
Layers = list[tuple[Layer, LayerTerms]]

works: st.SearchStrategy[tuple[str, ...]] = st.lists(st.sampled_from(PARTS), min_size=1, unique=True).map(tuple)


def layer(name: str, *works_on: str, fills: str = OUTSIDE, **more: Any) -> Layer:
    return Layer(name, fills, works_on, ("inpatient",), **more)


@st.composite
def ladders(draw: st.DrawFn, *, monotone: bool = False) -> Layers:
    """Some layers in any order, on any parts."""
    names = draw(st.lists(st.sampled_from(tuple(LAYERS)), max_size=5, unique=True))
    return [(layer(name, *draw(works)), draw(layer_terms(monotone=monotone))) for name in names]


def in_words(layers: Layers) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    return [({"works_on": of.works_on}, room_of(terms), layer_terms_in_words(terms)) for of, terms in layers]


def fresh(hardship: int, count: int) -> list[LayerState[int]]:
    """A person whose year has used nothing."""
    return [LayerState(1, 0, 0, hardship)] * count


# --------------------------------------------------------------------------------------------- one body and the oracle


def test_the_oracle_names_the_same_parts() -> None:
    assert oracle.PARTS == PARTS


@many
@given(st.data())
def test_ints_columns_and_the_oracle_agree(data: st.DataObject) -> None:
    layers = data.draw(ladders())
    rows = data.draw(st.lists(lefts, min_size=1, max_size=4))
    of_rows = [[data.draw(states) for _ in layers] for _ in rows]
    together = climb(layers, as_columns(rows), [as_columns([of[at] for of in of_rows]) for at in range(len(layers))])
    after = as_rows(together.left)
    for number, (left, of_row) in enumerate(zip(rows, of_rows, strict=True)):
        alone = climb(layers, left, of_row)
        expected, remains = oracle.climb(in_words(layers), attrs.asdict(left), [case_in_words(each) for each in of_row])
        found = [
            {"base": rung.case.base, "pay": rung.outcome.pay, "left": attrs.asdict(rung.left)} for rung in alone.rungs
        ]
        assert found == expected
        assert attrs.asdict(alone.left) == remains == after[number]
        assert [int(rung.outcome.pay[number]) for rung in together.rungs] == [each["pay"] for each in expected]
        assert alone.before == left


def test_a_ladder_without_layers_leaves_everything() -> None:
    found = climb([], attrs.evolve(PLAIN, copayment=5), [])
    assert (found.left, found.rungs, found.funds(), found.outside()) == (found.before, (), {}, {})


# --------------------------------------------------------------------------------------------------------------- laws


@many
@given(ladders(), lefts, st.data())
def test_no_layer_pays_more_than_the_parts_it_may_take_and_nothing_is_lost(
    layers: Layers, left: Left[int], data: st.DataObject
) -> None:
    found = climb(layers, left, [data.draw(states) for _ in layers])
    now = left
    for rung in found.rungs:
        parts = rung.layer.works_on
        assert 0 <= rung.outcome.pay <= rung.case.base <= sum(getattr(now, part) for part in parts)
        for part in PARTS:
            was, is_left = getattr(now, part), getattr(rung.left, part)
            assert 0 <= is_left <= was
            assert part in parts or is_left == was
        assert personal_left(now) - personal_left(rung.left) == rung.outcome.pay
        now = rung.left
    assert personal_left(found.left) == personal_left(left) - sum(rung.outcome.pay for rung in found.rungs)
    assert in_scope_left(found.left) <= personal_left(found.left)


@many
@given(lefts, st.permutations(range(3)), st.permutations(PARTS), st.data())
def test_layers_on_parts_of_their_own_pay_the_same_in_any_order(
    left: Left[int], order: list[int], parts: list[str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(1, 6), min_size=2, max_size=2, unique=True)))
    shares = (parts[: cuts[0]], parts[cuts[0] : cuts[1]], parts[cuts[1] :])
    names = ("civil_servant", "assistance", "commercial")
    layers = [(layer(name, *of), data.draw(layer_terms())) for name, of in zip(names, shares, strict=True)]
    of_layers = [data.draw(states) for _ in layers]
    one = climb(layers, left, of_layers)
    other = climb([layers[at] for at in order], left, [of_layers[at] for at in order])
    assert one.left == other.left
    assert {rung.layer: rung.outcome for rung in one.rungs} == {rung.layer: rung.outcome for rung in other.rungs}


@many
@given(ladders(monotone=True), lefts, st.integers(0, 4))
def test_b25_a_poorer_class_is_never_left_with_more(layers: Layers, left: Left[int], hardship: int) -> None:
    """With terms that only better from class to class, and nothing used of the year."""
    here, poorer = (climb(layers, left, fresh(each, len(layers))) for each in (hardship, hardship + 1))
    assert personal_left(poorer.left) <= personal_left(here.left)


@many
@given(lefts, works, st.integers(0, 10**6))
def test_what_is_taken_goes_off_the_parts_in_their_order(left: Left[int], parts: tuple[str, ...], pay: int) -> None:
    there = sum(getattr(left, part) for part in parts)
    after = taken_from(left, parts, min(pay, there))
    assert personal_left(left) - personal_left(after) == min(pay, there)
    touched = [part for part in parts if getattr(after, part) < getattr(left, part)]
    assert all(getattr(after, part) == 0 for part in parts[: parts.index(touched[-1])]) if touched else True


@many
@given(ladders(), lefts)
def test_a_layer_that_does_not_apply_takes_and_counts_nothing(layers: Layers, left: Left[int]) -> None:
    found = climb(layers, left, [LayerState(0, 0, 0, 0)] * len(layers))
    assert found.left == left
    assert all(rung.case.base == rung.outcome.pay == 0 for rung in found.rungs)


# ------------------------------------------------------------------------------------------------------------- worked

TEN_PERCENT = SupplementTerms(0, "bill", 100_000, NONE, (), ())
MAJOR = MajorIllnessTerms(by_class(1_000_00), "excess", same_for_all(600_000), by_class(NONE))


def test_a10_assistance_takes_what_major_illness_left() -> None:
    """Reading A10: 60% above 1,000 first, then 70% of the rest, then a tenth of it; each in its own field."""
    layers: Layers = [
        (layer("major_illness", "copayment", "deductible", fills="hifmi_pay"), MAJOR),
        (
            layer("assistance", "copayment", "deductible", fills="maf_pay"),
            AssistanceTerms(by_class(0), by_class(700_000), by_class(NONE)),
        ),
        (layer("mutual_aid", "copayment", "deductible"), TEN_PERCENT),
    ]
    found = climb(layers, attrs.evolve(PLAIN, copayment=5_000_00, deductible=1_000_00), fresh(0, 3))
    # 6,000: 3,000; 3,000: 2,100; 900: 90, off the deductible, for the co-payment is gone
    assert found.funds() == {"hifmi_pay": 3_000_00, "maf_pay": 2_100_00}
    assert found.outside() == {"mutual_aid": 90_00}
    assert [attrs.astuple(rung.left)[:3] for rung in found.rungs] == [
        (1_000_00, 0, 2_000_00),
        (900_00, 0, 0),
        (810_00, 0, 0),
    ]


def test_layers_that_share_a_field_are_summed_in_it() -> None:
    layers: Layers = [
        (layer("assistance", "copayment", fills="maf_pay"), TEN_PERCENT),
        (layer("tilted_assistance", "copayment", fills="maf_pay", joins=1), TEN_PERCENT),
    ]
    assert climb(layers, attrs.evolve(PLAIN, copayment=1_000), fresh(0, 2)).funds() == {"maf_pay": 100 + 90}


def settle(record: Record, policy: mipolicy.Policy = POLICY, totals: Totals | None = None) -> Settlement:
    return mipolicy.settle(policy, Bill.from_record(record), totals=totals)


def left_of(settled: Settlement) -> dict[str, int]:
    (part,) = settled.parts
    climbed = part.settled.paid.climb
    assert climbed is not None
    return attrs.asdict(climbed.left)


RESIDENT = stay(
    fen=200_000_00,
    insutype="390",
    psn_type="15",
    fulamt_ownpay_amt="10000.00",
    preselfpay_amt="10000.00",
    inscp_scp_amt="180000.00",
    hardship_class="marginal",
    plans="commercial",
)


def test_b17_a_bill_through_five_payers() -> None:
    """A resident, 180,000 in scope of 200,000, poor to the margin, with commercial cover."""
    done = settle(RESIDENT)
    of = done.setlinfo
    # 500; 70% of 50,000 and 75% of 129,500
    assert (of.act_pay_dedc, of.hifp_pay) == (500_00, 132_125_00)
    # 47,375 and 500, gross: from 7,500 on 65%
    assert of.hifmi_pay == 26_243_75
    # 21,631.25 above 3,000: 60%; then 10,452.50 above 5,000: 50%
    assert of.maf_pay == 11_178_75 + 2_726_25
    assert of.fund_pay_sumamt == 172_273_75
    assert of.psn_part_amt == of.psn_cash_pay == 27_726_25
    # 7,226.25, 10,000 paid first and 10,000 self-paid, above 15,000: 70%, half a fen up
    assert done.outside == {"commercial": 8_558_38}
    assert done.psn_net_pay == 19_167_87
    assert left_of(done) == {
        **attrs.asdict(PLAIN),
        "deductible": 500_00,
        "first_pay": 8_667_87,
        "self_paid": 10_000_00,
    }


EMPLOYEE = stay(
    fen=600_000_00,
    hosp_lv="01",
    fulamt_ownpay_amt="20000.00",
    preselfpay_amt="30000.00",
    inscp_scp_amt="550000.00",
    hardship_class="minimum_living",
    cvlserv_flag="1",
    plans="enterprise;mutual_aid;commercial",
)


def test_b48_one_record_of_all_layers() -> None:
    """天津 2021 三(七) 一单制结算: an employee past the ceiling, through nine payers on one record."""
    done = settle(EMPLOYEE)
    assert attrs.asdict(done.setlinfo) == {
        "medfee_sumamt": 600_000_00,
        "fulamt_ownpay_amt": 20_000_00,
        "overlmt_selfpay": 0,
        "preselfpay_amt": 30_000_00,
        "inscp_scp_amt": 550_000_00,
        "act_pay_dedc": 900_00,
        # 85% of 20,000, 88% of 60,000, 92% of 469,100 are 501,372; at most 400,000, reached by 438,913.04
        "hifp_pay": 400_000_00,
        # 52,915.87 above 500 of 22,515.87, 900 and 30,000: 80%
        "cvlserv_pay": 42_332_70,
        # 11,083.17 above 1,000: half
        "hifes_pay": 5_041_59,
        "hifmi_pay": 0,
        # 85% of 100,000 and 90% of 10,186.96 above the ceiling
        "hifob_pay": 94_168_26,
        "hifdm_pay": 0,
        # 75% of 16,018.70; then 60% of 1,004.67
        "maf_pay": 12_014_03 + 602_80,
        # employees' major illness: 38,913.04 and 900, above 10,000 55%
        "oth_pay": 16_397_17,
        "fund_pay_sumamt": 570_556_55,
        "psn_part_amt": 29_443_45,
        "acct_pay": 0,
        "psn_cash_pay": 29_443_45,
        "hosp_part_amt": 0,
    }
    # 20% of 6,041.58; 70% of 3,401.87, 4,833.26 and 20,000 above 15,000
    assert done.outside == {"mutual_aid": 1_208_32, "commercial": 9_264_59}
    assert done.psn_net_pay == 18_970_54
    assert left_of(done) == {**attrs.asdict(PLAIN), "self_paid": 18_970_54}


def test_b17_who_is_in_no_plan_and_no_class_has_the_first_layers_only() -> None:
    done = settle({**EMPLOYEE, "hardship_class": "", "cvlserv_flag": "0", "plans": ""})
    # 39,813.04 above 20,000: 50%
    assert {name: getattr(done.setlinfo, name) for name in FUNDS if getattr(done.setlinfo, name)} == {
        "hifp_pay": 400_000_00,
        "hifob_pay": 94_168_26,
        "oth_pay": 9_906_52,
    }
    assert done.psn_net_pay == done.setlinfo.psn_part_amt


def test_b17_the_year_of_a_layer_goes_on_with_the_next_bill() -> None:
    first = settle(RESIDENT)
    assert first.totals.figure("resident", 2025, "base.major_illness") == (47_875_00,)
    assert first.totals.figure("resident", 2025, "paid.major_illness") == (26_243_75,)
    second = settle({**RESIDENT, "setl_id": "S2", "plans": ""}, totals=first.totals)
    # the deductible of the level is filled; bands go on at 179,500: 75% of 180,000, at most 67,875 of the 200,000
    assert (second.setlinfo.act_pay_dedc, second.setlinfo.hifp_pay) == (0, 67_875_00)
    # 112,125 more: from 47,875 to 50,000 at 65%, to 100,000 at 70%, to 160,000 at 80%; rounded on the totals
    assert second.setlinfo.hifmi_pay == 65 * 2_125 + 70 * 50_000 + 80 * 60_000
    assert second.totals.figure("resident", 2025, "base.major_illness") == (160_000_00,)


# ------------------------------------------------------------------------------------------------- what is left of it


def parts_left(done: Settlement) -> list[tuple[Left[int], int]]:
    """Of each part of a settlement, what the basic benefit left, and what the bill says that it must come to."""
    found = []
    for part in done.parts:
        terms = POLICY.build(part.section, part.version)
        of = part.settled
        moved = {name: getattr(of.setlinfo, name) for name in ("preselfpay_amt", "inscp_scp_amt")}  # by the place
        left = left_after(terms, attrs.evolve(part.claim.parts, **moved), of.paid.room, of.outcome)
        if of.paid.climb is not None:
            assert left == of.paid.climb.before
        bill = part.claim.parts
        found.append((left, bill.medfee_sumamt - of.outcome.hifp_pay - bill.hosp_part_amt))
    return found


def drawn_bills(random: Random, rows: int, persons: int) -> tuple[list[Record], list[Record]]:
    """Bills with hardship classes, plans and flags, some with lines, and now and then a rare-disease drug."""
    records = random_records(random, rows, persons, reversals=False)
    for record in records:
        if record["med_type"] == "18" and random.random() < 0.5:
            record |= {"dise_codg": "E75.200", "rare_drug_flag": "1"}
    return records, random_lines(random, records, 0.4)


def settle_in_order(records: Sequence[Record], lines: Sequence[Record]) -> list[Settlement]:
    """One person's bills, one after the other."""
    done: list[Settlement] = []
    for record in sorted(records, key=lambda each: (each["setl_time"], each["setl_id"])):
        of = [Line.from_record(each) for each in lines if each["mdtrt_id"] == record["mdtrt_id"]]
        before = done[-1].totals if done else Totals(record["psn_no"])
        done.append(mipolicy.settle(POLICY, Bill.from_record(record), lines=of, totals=before))
    return done


@st.composite
def parts_of(draw: st.DrawFn, inscp_scp_amt: int) -> Parts[int]:
    """A bill around an in-scope amount; the institution may bear some of what exceeds price ceilings."""
    own, over, first = (draw(sizes) for _ in range(3))
    borne = draw(st.integers(0, over))
    return Parts(inscp_scp_amt + own + over + first, own, over, first, inscp_scp_amt, borne)


@many
@given(st.data())
def test_left_after_on_ints_and_columns(data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        visiting = data.draw(outpatient_terms())
        visit = data.draw(visits(visiting))
        terms: Any = visiting
        given_bill: Any = visit
        outcome: Any = outpatient.settle(visiting, visit)
        covered = visit.inscp_scp_amt if outcome.eligible else 0
    else:
        staying = data.draw(inpatient_terms())
        terms, given_bill = staying, data.draw(stays(staying))
        outcome = inpatient.settle(staying, given_bill)
        covered = given_bill.inscp_scp_amt
    bill = data.draw(parts_of(given_bill.inscp_scp_amt))
    left = left_after(terms, bill, given_bill, outcome)
    assert personal_left(left) == bill.medfee_sumamt - outcome.hifp_pay - bill.hosp_part_amt
    assert in_scope_left(left) == bill.inscp_scp_amt - outcome.hifp_pay
    assert min(attrs.astuple(left)) >= 0
    assert (left.deductible, left.not_covered) == (outcome.act_pay_dedc, bill.inscp_scp_amt - covered)
    assert (left.first_pay, left.self_paid) == (bill.preselfpay_amt, bill.fulamt_ownpay_amt)
    assert left.over_limit == bill.overlmt_selfpay - bill.hosp_part_amt
    room = outpatient if isinstance(terms, OutpatientTerms) else inpatient
    column = as_columns([given_bill, given_bill])
    paid: Any = room.settle(terms, column)
    assert as_rows(left_after(terms, as_columns([bill, bill]), column, paid)) == [attrs.asdict(left)] * 2


@few
@given(st.randoms(use_true_random=False))
def test_left_after_sums_to_what_the_fund_and_the_institution_do_not_bear(random: Random) -> None:
    for done in settle_in_order(*drawn_bills(random, 6, 1)):
        for left, expected in parts_left(done):
            assert personal_left(left) == expected
            assert min(attrs.astuple(left)) >= 0


@few
@given(st.randoms(use_true_random=False))
def test_b48_every_record_keeps_its_identities_and_every_payer_its_place(random: Random) -> None:
    for done in settle_in_order(*drawn_bills(random, 6, 1)):
        of = done.setlinfo
        check_identities(of)
        assert of.medfee_sumamt == of.fulamt_ownpay_amt + of.overlmt_selfpay + of.preselfpay_amt + of.inscp_scp_amt
        assert of.medfee_sumamt == of.fund_pay_sumamt + of.psn_part_amt + of.hosp_part_amt
        assert of.psn_part_amt == of.acct_pay + of.psn_cash_pay
        assert of.fund_pay_sumamt == sum(getattr(of, name) for name in FUNDS)
        assert 0 <= of.act_pay_dedc <= of.inscp_scp_amt
        assert 0 <= done.psn_net_pay <= of.psn_part_amt
        climbs = [part.settled.paid.climb for part in done.parts]
        for name in FUNDS[1:]:
            assert getattr(of, name) == sum(each.funds().get(name, 0) for each in climbs if each is not None)
        left = [each.left if each is not None else None for each in climbs]
        if None not in left:
            assert done.psn_net_pay == sum(personal_left(each) for each in left if each is not None)


@few
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_settle_then_reverse_restores_the_totals_of_every_layer(random: Random, rows: int) -> None:
    last = settle_in_order(*drawn_bills(random, rows, 1))[-1]
    back = mipolicy.reverse(last, totals=last.totals)
    assert back.totals == last.totals_before
    assert back.outside == {name: -amount for name, amount in last.outside.items()}
    assert back.psn_net_pay == -last.psn_net_pay
    assert back.setlinfo.fund_pay_sumamt == -last.setlinfo.fund_pay_sumamt


def test_a_ladder_taken_back_bill_by_bill_leaves_nothing() -> None:
    first = settle(EMPLOYEE)
    second = settle({**EMPLOYEE, "setl_id": "S2"}, totals=first.totals)
    back = mipolicy.reverse(second, totals=second.totals)
    assert back.totals == first.totals
    assert mipolicy.reverse(first, totals=back.totals).totals == Totals("P1")


# ------------------------------------------------------------------------------------------------------ the table form


def stays_of_a_year(random: Random, persons: int, stays: int) -> list[Record]:
    """Large stays of few persons in one year, so that limits of layers are met."""
    records = []
    for number in range(persons * stays):
        person, resident = number % persons, number % persons % 2
        fen = random.choice((10_000_00, 60_000_07, 150_000_33, 400_000_01))
        first = random.randrange(fen // 10 + 1)
        day = f"2025-{1 + number // persons:02d}-{random.randrange(1, 28):02d}"
        records.append(
            stay(
                f"S{number:04d}",
                fen,
                day,
                day,
                psn_no=f"P{person:03d}",
                insutype="390" if resident else "310",
                psn_type="15" if resident else "11",
                hosp_lv=random.choice(("01", "05", "09")),
                preselfpay_amt=f"{first / 100:.2f}",
                inscp_scp_amt=f"{(fen - first) / 100:.2f}",
                hardship_class=HARDSHIP.members[person % 6] if random.random() < 0.9 else "",
                cvlserv_flag="0" if resident else str(person // 2 % 2),
                plans=random.choice(("commercial", "enterprise;commercial", "", "mutual_aid")),
            )
        )
    random.shuffle(records)
    return records


@pytest.mark.parametrize("seed", range(3))
def test_a_table_of_years_with_many_stays_is_one_by_one(seed: int) -> None:
    records = stays_of_a_year(Random(seed), 12, 10)
    result = mipolicy.settle(POLICY, table(records))
    assert result.rejects.message == ()
    rows, totals = one_by_one(POLICY, records)
    assert_same(result, rows, totals)
    paid = {name: sum(row[name] for row in rows.values()) for name in (*FUNDS, "outside_pay")}
    assert all(paid[name] > 0 for name in paid if name != "hifdm_pay")


@few
@given(st.randoms(use_true_random=False))
def test_a_table_of_any_bills_is_one_by_one(random: Random) -> None:
    records, lines = drawn_bills(random, 12, 3)
    of = table(lines, tuple(each.name for each in attrs.fields(Line))) if lines else None
    result = mipolicy.settle(POLICY, table(records), lines=of)
    assert_same(result, *one_by_one(POLICY, records, lines))


# ------------------------------------------------------------------------------------------------------------ messages


def overlaid(layers: str, scheme: str = "resident") -> Callable[[], mipolicy.Policy]:
    return lambda: overlay(f"""
        [[sections.ladder.{scheme}]]
        version = "2024"
        source = {{ document = "change", clause = "ladder" }}
        layers = [{layers}]
        """)


MI = '{ layer = "major_illness", fills = "hifmi_pay", works_on = ["copayment"], streams = ["inpatient"] }'
STREAM_WORDS = ", ".join(STREAMS)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            '{ layer = "assistance", fills = "maf_pay", works_on = [], streams = ["inpatient"] }',
            f"layer assistance works on no part of the bill; parts: {', '.join(PARTS)}",
        ),
        (
            '{ layer = "assistance", fills = "maf_pay", works_on = ["copayment"], streams = [] }',
            f"layer assistance pays no stream; streams: {STREAM_WORDS}",
        ),
        (
            '{ layer = "assistance", fills = "maf_pay", works_on = ["ward"], streams = ["inpatient"] }',
            f"layers[0].works_on: takes words out of {', '.join(PARTS)}, not 'ward'",
        ),
        (
            '{ layer = "assistance", fills = "maf_pay", works_on = ["copayment"], streams = ["dental"] }',
            f"layers[0].streams: takes words out of {STREAM_WORDS}, not 'dental'",
        ),
        (
            '{ layer = "charity", fills = "maf_pay", works_on = ["copayment"], streams = ["inpatient"] }',
            f"layers[0].layer: takes one of {', '.join(LAYERS)}, not 'charity'",
        ),
        (
            '{ layer = "assistance", fills = "hifp_pay", works_on = ["copayment"], streams = ["inpatient"] }',
            f"layers[0].fills: takes one of {', '.join((*FUNDS[1:], OUTSIDE))}, not 'hifp_pay'",
        ),
        (
            f'{MI}, {{ layer = "assistance", fills = "hifmi_pay", works_on = ["copayment"], streams = ["inpatient"] }}',
            "layers major_illness and assistance both fill hifmi_pay: "
            "say `joins = true` in assistance if their money is shown together",
        ),
        (
            MI[:-1] + ", joins = true }",
            "layer major_illness joins no earlier layer in hifmi_pay",
        ),
        (f"{MI}, {MI}", "layers[1].layer: 'major_illness' stands twice"),
        (
            '{ layer = "assistance", fills = "maf_pay", works_on = ["copayment"] }',
            f"layers[0].streams: missing; needs a list out of {STREAM_WORDS}",
        ),
        (
            MI[:-1] + ", rate = 1 }",
            "layers[0].rate: unknown key; allowed: layer, fills, works_on, streams, plan, joins",
        ),
        (MI[:-1] + ', joins = "yes" }', "layers[0].joins: takes true or false, not 'yes'"),
        ('"assistance"', "layers: takes a list of records with layer, fills, works_on, streams, plan, joins"),
    ],
)
def test_what_is_wrong_with_a_ladder_is_said(layers: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        overlaid(layers)()
    assert message in str(caught.value)
    assert "ladder.resident" in str(caught.value)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: Layer("commercial", OUTSIDE, (), ("inpatient",)),
            f"layer commercial works on no part of the bill; parts: {', '.join(PARTS)}",
        ),
        (
            lambda: Layer("commercial", OUTSIDE, ("copayment",), ()),
            f"layer commercial pays no stream; streams: {STREAM_WORDS}",
        ),
        (
            lambda: LadderTerms(
                (
                    layer("assistance", "copayment", fills="maf_pay"),
                    layer("major_illness", "copayment", fills="maf_pay"),
                )
            ),
            "layers assistance and major_illness both fill maf_pay: "
            "say `joins = true` in major_illness if their money is shown together",
        ),
        (
            lambda: LadderTerms((layer("assistance", "copayment", fills="maf_pay", joins=1),)),
            "layer assistance joins no earlier layer in maf_pay",
        ),
    ],
)
def test_a_layer_that_can_mean_nothing_is_refused(act: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        act()
    assert str(caught.value) == message


def test_outside_payers_are_shown_apart_and_need_not_join() -> None:
    both = (layer("mutual_aid", "copayment"), layer("commercial", "copayment"))
    assert LadderTerms(both).layers == both


@pytest.mark.parametrize(
    ("field", "figure", "unknown"),
    [
        ("deductible", '{ none = "15000", low_income = "7500" }', "deductible.low_income"),
        ("bands", '[{ from = "0", rate = { none = "60%", low_income = "65%" } }]', "bands[0].rate.low_income"),
    ],
)
def test_a_class_that_is_not_listed_is_said(field: str, figure: str, unknown: str) -> None:
    with pytest.raises(PolicyError) as caught:
        overlay(f"""
        [[sections.major_illness.resident]]
        version = "2024"
        source = {{ document = "change", clause = "classes" }}
        {field} = {figure}
        """)
    assert f"{unknown}: unknown hardship; allowed: {', '.join(HARDSHIP.members)}" in str(caught.value)


def test_bands_for_some_classes_only_are_said() -> None:
    with pytest.raises(PolicyError) as caught:
        overlay("""
        [[sections.major_illness.resident]]
        version = "2024"
        source = { document = "change", clause = "classes" }
        bands = [{ from = "0", rate = { none = "60%" } }]
        """)
    lacking = ", ".join(f"rate.{each}" for each in HARDSHIP.members[1:])
    assert f"the band lacks {lacking}; bands are stated whole or left open" in str(caught.value)


def test_a_scheme_has_only_its_own_layers() -> None:
    for name, (_, _, schemes) in LAYERS.items():
        for scheme in ("employee", "resident"):
            assert (f"{name}.{scheme}" in SECTIONS) == (scheme in schemes)
    assert set(LAYER_TERMS) == set(LAYERS)


def test_payers_outside_pay_no_more_than_the_person_s_cash() -> None:
    zero = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "hosp_part_amt"), 0)
    bill = statement(Parts(medfee_sumamt=100, inscp_scp_amt=100, **zero), 0, {"hifp_pay": 60}, 10)
    found = apart(bill, {"mutual_aid": 10, "commercial": 20})
    assert (found.outside_pay, found.psn_net_pay) == (30, 10)
    assert attrs.astuple(apart(bill, {})) == (0, 40)
    with pytest.raises(IdentityError) as caught:
        apart(bill, {"mutual_aid": 10, "commercial": 21})
    assert str(caught.value) == "the result breaks outside_pay <= psn_cash_pay"


def test_payers_outside_in_a_table_name_the_row() -> None:
    two, nothing = np.array([100, 100], np.int64), np.zeros(2, np.int64)
    bills: Any = statement(Parts(two, nothing, nothing, nothing, two, nothing), nothing, {"hifp_pay": two - 40})
    assert apart(bills, {"commercial": np.array([40, 0])}).psn_net_pay.tolist() == [0, 40]
    with pytest.raises(IdentityError) as caught:
        apart(bills, {"commercial": np.array([40, 41])})
    assert str(caught.value) == "row 1 breaks outside_pay <= psn_cash_pay"


def test_an_unknown_class_of_a_bill_is_said() -> None:
    with pytest.raises(CodeError) as caught:
        settle(stay(hardship_class="poor"))
    assert "'poor'" in str(caught.value)
    assert all(each in str(caught.value) for each in HARDSHIP.members)
    result = mipolicy.settle(POLICY, table([stay(hardship_class="poor"), stay("S2")]))
    assert result.rejects.setl_id == ("S1",)
    assert "'poor'" in result.rejects.message[0]


def test_the_layers_of_a_stream_and_their_versions_are_kept() -> None:
    (part,) = settle(EMPLOYEE).parts
    climbed = part.settled.paid.climb
    assert climbed is not None
    names = [rung.layer.layer for rung in climbed.rungs]
    assert names == [name for name in _EMPLOYEE_ORDER if name != "rare_disease"]
    assert [version.name for version in part.layer_versions] == ["2024"] * (1 + len(names))
    general = settle(stay(med_type="11", adm_time="", dscg_time="")).parts[0].settled
    assert general.paid.climb is None
    assert general.given.states == ()


_EMPLOYEE_ORDER = (
    "major_illness",
    "large_cost",
    "civil_servant",
    "enterprise",
    "assistance",
    "tilted_assistance",
    "rare_disease",
    "mutual_aid",
    "commercial",
)
