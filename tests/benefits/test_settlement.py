"""One bill from end to end: worked by hand, against the oracle of whole years, taken back, split at the year's end."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill, Line, Settlement, Totals
from mipolicy.benefits.bill import AMOUNTS
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.settlement import (
    belongs_to_general,
    catalogue_terms,
    reverse,
    section_name,
    settle_bill,
    terms_day,
    year_day,
)
from mipolicy.benefits.statement import check_identities
from mipolicy.errors import CodeError, InputError, NotInForce, PolicyGap, RepealedPolicy
from tests.batch import (
    Record,
    line,
    one_by_one,
    overlay,
    random_lines,
    random_records,
    random_years,
    reversal,
    stay,
    visit,
)
from tests.oracles import year as oracle

POLICY = mipolicy.load("assumed")


def settle(
    record: Record, lines: Sequence[Record] = (), totals: Totals | None = None, policy: mipolicy.Policy = POLICY
) -> Settlement:
    of = [Line.from_record(each) for each in lines]
    return settle_bill(policy, Bill.from_record(record), lines=of, totals=totals)


def settle_all(*records: Record, policy: mipolicy.Policy = POLICY, totals: Totals | None = None) -> list[Settlement]:
    """Bills of one person, one after the other."""
    done: list[Settlement] = []
    for record in records:
        now = done[-1].totals if done else totals or Totals(record["psn_no"])
        done.append(settle(record, totals=now, policy=policy))
    return done


def paid(settled: Settlement) -> tuple[int, int]:
    """Deductible taken and fund payment, in fen."""
    return settled.setlinfo.act_pay_dedc, settled.setlinfo.hifp_pay


# ------------------------------------------------------------------------------------------------------------ worked


def test_a_visit_worked_by_hand() -> None:
    done = settle(visit(fen=123_456))
    # 1,234.56 at a public secondary hospital, in service, 2025: 300 first, 65% of the rest = 607.464
    assert paid(done) == (30_000, 60_746)
    assert done.setlinfo.psn_part_amt == done.setlinfo.psn_cash_pay == 62_710
    assert done.setlinfo.fund_pay_sumamt == 60_746
    assert [part.section for part in done.parts] == ["outpatient.employee.general"]
    assert (done.parts[0].version.name, done.parts[0].year, done.terms_on) == ("2025", 2025, datetime.date(2025, 3, 1))
    assert done.totals.to_dict() == {
        "psn_no": "P1",
        "years": [
            {
                "scheme": "employee",
                "year": 2025,
                "figures": {
                    "fund.general": [60_746],
                    "cost.general": [123_456],
                    "deductible.general": [123_456],
                    "deductible_level.general": [0, 123_456, 0, 0, 0],
                },
            }
        ],
        "stay": {},
    }


def test_a_year_of_visits_up_to_the_ceiling() -> None:
    done = settle_all(*(visit(f"S{at}", 500_000) for at in range(4)))
    # 5,000 each: 300 and 65% of 4,700 = 3,055; 65% of 5,000 = 3,250; then 1,195 up to 7,500; then nothing
    assert [paid(each) for each in done] == [(30_000, 305_500), (0, 325_000), (0, 119_500), (0, 0)]
    assert done[-1].setlinfo.psn_cash_pay == 500_000


def test_a_stay_worked_by_hand() -> None:
    done = settle(stay(fen=10_000_000))
    # 100,000 in a secondary hospital: 500 first; 88% to 20,000, 90% to 80,000, 94% above
    assert paid(done) == (50_000, 1_760_000 + 5_400_000 + 1_833_000)
    assert done.totals.stay == {"end": 20_155, "level": 1, "paid": 50_000, "ordinal": 0, "open": 0, "counted": 1}


def test_stays_of_a_year_the_second_halved_none_from_the_third() -> None:
    done = settle_all(*(stay(f"S{at}", 100_000, f"2025-0{at}-01", f"2025-0{at}-05") for at in range(1, 5)))
    assert [each.setlinfo.act_pay_dedc for each in done] == [50_000, 25_000, 0, 0]
    # a stay that is wholly self-paid leaves the next deductible untouched
    none = {"fulamt_ownpay_amt": "1000.00", "inscp_scp_amt": "0.00"}
    done = settle_all(stay("S1", 100_000, "2025-01-01", "2025-01-05", **none), stay("S2", 100_000))
    assert [each.setlinfo.act_pay_dedc for each in done] == [0, 50_000]


@pytest.mark.parametrize(
    ("levels", "taken"),
    [
        (("09", "05"), (30_000, 20_000)),  # up: 500 less the 300 that are paid
        (("05", "01"), (50_000, 40_000)),
        (("01", "05"), (90_000, 0)),  # down: nothing
        (("05", "05"), (50_000, 0)),
        (("09", "05", "01"), (30_000, 20_000, 40_000)),
        (("05", "09", "01"), (50_000, 0, 40_000)),  # what was paid before still counts
        (("01", "09", "05"), (90_000, 0, 0)),
    ],
)
def test_referrals_up_and_down(levels: tuple[str, ...], taken: tuple[int, ...]) -> None:
    records = [
        stay(
            f"S{at}",
            500_000,
            f"2025-03-{1 + 7 * at:02d}",
            f"2025-03-{7 + 7 * at:02d}",
            hosp_lv=level,
            referral_flag="1",
        )
        for at, level in enumerate(levels)
    ]
    done = settle_all(*records)
    assert tuple(each.setlinfo.act_pay_dedc for each in done) == taken
    assert done[-1].totals.figure("employee", 2025, "stays") == (1,)


@pytest.mark.parametrize(("admitted", "taken"), [("2025-03-16", 0), ("2025-03-23", 0), ("2025-03-24", 25_000)])
def test_a_transfer_after_too_many_days_is_a_new_stay(admitted: str, taken: int) -> None:
    first = stay("S1", 500_000, "2025-03-01", "2025-03-08")
    second = stay("S2", 500_000, admitted, "2025-03-30", referral_flag="1")
    assert settle_all(first, second)[1].setlinfo.act_pay_dedc == taken


def test_a_disease_with_one_deductible_a_year() -> None:
    records = [stay(f"S{at}", 500_000, f"2025-0{at}-01", f"2025-0{at}-05", dise_codg="N18.500") for at in range(1, 4)]
    assert [each.setlinfo.act_pay_dedc for each in settle_all(*records)] == [50_000, 0, 0]


def test_residents_share_one_deductible_a_year_and_band_over_the_year() -> None:
    def of(number: str, month: str, fen: int, **changes: str) -> Record:
        return stay(number, fen, f"2024-{month}-01", f"2024-{month}-05", insutype="390", psn_type="15", **changes)

    done = settle_all(of("S1", "01", 50_000), of("S2", "02", 5_000_000), of("S3", "03", 200_000, hosp_lv="01"))
    # 2024: 600 a year in a secondary hospital, 1,000 in a tertiary one; bands 65%, above 50,000 of the year 70%
    assert [each.setlinfo.act_pay_dedc for each in done] == [50_000, 10_000, 40_000]
    assert done[1].setlinfo.hifp_pay == 3_243_500
    # 49,900 of the first band are used up by 50,000 - 100; of the 1,600 left, 100 at 55% and 1,500 at 60%
    assert done[2].setlinfo.hifp_pay == 5_500 + 90_000


def test_interim_bills_are_one_stay() -> None:
    done = settle_all(
        stay("S1", 30_000, "2025-01-01", "2025-01-31", mid_setl_flag="1"),
        stay("S2", 30_000, "2025-01-31", "2025-02-28", mid_setl_flag="1"),
        stay("S3", 30_000, "2025-02-28", "2025-03-08"),
        stay("S4", 30_000, "2025-03-09", "2025-03-10"),
    )
    # 500 in all for the stay of three bills; the next stay is the second of the year: 250
    assert [each.setlinfo.act_pay_dedc for each in done] == [30_000, 20_000, 0, 25_000]
    assert [each.totals.figure("employee", 2025, "stays") for each in done] == [(1,), (1,), (1,), (2,)]
    assert [each.totals.stay["open"] for each in done] == [1, 1, 0, 0]


# ------------------------------------------------------------------------------------------------ an oracle for years


def assert_years(random: Random, rows: int) -> None:
    records, bills = random_years(random, rows)
    found, _ = one_by_one(POLICY, records)
    expected = oracle.years(bills)
    for setl_id, steps in expected.items():
        assert {name: found[setl_id][name] for name in steps} == steps, setl_id


@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_two_years_of_a_person_are_what_the_oracle_says(random: Random, rows: int) -> None:
    assert_years(random, rows)


@pytest.mark.parametrize("seed", range(12))
def test_two_long_years_of_a_person_are_what_the_oracle_says(seed: int) -> None:
    assert_years(Random(seed), 60)


# --------------------------------------------------------------------------------------------------------- identities


@given(st.randoms(use_true_random=False))
def test_every_settlement_keeps_the_identities(random: Random) -> None:
    records = random_records(random, 6, 2, reversals=False)
    lines = random_lines(random, records)
    for record in records:
        done = settle(record, [each for each in lines if each["mdtrt_id"] == record["mdtrt_id"]])
        info = done.setlinfo
        check_identities(info)
        assert info.medfee_sumamt == round(Fraction(record["medfee_sumamt"]) * 100)
        assert info.medfee_sumamt == info.fund_pay_sumamt + info.psn_part_amt + info.hosp_part_amt
        assert info.psn_part_amt == info.acct_pay + info.psn_cash_pay >= 0
        assert info.fund_pay_sumamt >= info.hifp_pay >= 0
        assert done.psn_net_pay >= 0
        assert sum(done.outside.values()) <= info.psn_cash_pay
        assert 0 <= info.act_pay_dedc <= info.inscp_scp_amt
        assert info.hifp_pay <= info.inscp_scp_amt - info.act_pay_dedc
        assert done.totals.psn_no == record["psn_no"]


def test_the_record_in_the_words_of_the_interface() -> None:
    record = settle(visit(fen=123_456)).to_record()
    assert record["medfee_sumamt"] == "1234.56"
    assert record["hifp_pay"] == record["fund_pay_sumamt"] == "607.46"
    assert record["psn_cash_pay"] == "627.10"
    assert record["acct_pay"] == record["maf_pay"] == "0.00"
    assert record["pool_prop_selfpay"] == "0.6500"
    assert (record["setl_id"], record["mdtrt_id"], record["psn_no"]) == ("S1", "M-S1", "P1")
    assert (record["insutype"], record["psn_type"], record["med_type"]) == ("310", "11", "11")
    assert list(record)[-1] == "pool_prop_selfpay"
    assert len(record) == 6 + 19 + 1


@pytest.mark.parametrize(
    ("fen", "ratio"),
    [(0, "0.0000"), (30_000, "0.0000"), (30_001, "1.0000"), (30_003, "0.6667"), (31_000, "0.6500")],
)
def test_the_funds_ratio_above_the_deductible(fen: int, ratio: str) -> None:
    done = settle(visit(fen=fen))
    assert done.pool_prop_selfpay == ratio
    assert reverse(done, totals=done.totals).pool_prop_selfpay == ratio


# ------------------------------------------------------------------------------------------------------------- lines

LINES = [
    line("M-S1", "L1", "XZ0102", "50", "10"),  # 500: 115 above the ceiling, 38.50 first, 346.50 in scope
    line("M-S1", "L2", "XZ0901", "20", "1"),  # 20 wholly self-paid
    line("M-S1", "L3", "H0101", "1000", "1"),  # 1,000: 230 above, borne by the institution; 77 first; 693 in scope
]
SUMS: dict[str, Any] = {
    "medfee_sumamt": "1520.00",
    "fulamt_ownpay_amt": "20.00",
    "overlmt_selfpay": "345.00",
    "preselfpay_amt": "115.50",
    "inscp_scp_amt": "1039.50",
}
UNSTATED: dict[str, Any] = dict.fromkeys(AMOUNTS[1:], "")


def test_from_the_catalogue_to_the_record() -> None:
    for stated in (SUMS, {**SUMS, **UNSTATED}):
        done = settle(visit(**stated), LINES)
        info = done.setlinfo
        assert {name: getattr(info, name) for name in SUMS} == {
            name: round(Fraction(text) * 100) for name, text in SUMS.items()
        }
        # 1,039.50 less 300, at 65% = 480.675
        assert (info.act_pay_dedc, info.hifp_pay, info.hosp_part_amt) == (30_000, 48_068, 23_000)
        assert info.psn_part_amt == 152_000 - 48_068 - 23_000
        assert done.lines is not None
        assert done.lines.ids.tolist() == ["L1", "L2", "L3"]


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_header_that_is_not_the_sum_of_its_lines(name: str) -> None:
    other = "preselfpay_amt" if name != "preselfpay_amt" else "overlmt_selfpay"
    fen = {each: round(Fraction(text) * 100) for each, text in SUMS.items()}
    stated = {**fen, name: fen[name] + 1}
    if name == "medfee_sumamt":
        record: Record = visit(**{**SUMS, **UNSTATED, "medfee_sumamt": "1520.01"})
    else:
        stated[other] -= 1
        parts: dict[str, Any] = {each: f"{value // 100}.{value % 100:02d}" for each, value in stated.items()}
        record = visit(**parts)
    with pytest.raises(InputError) as caught:
        settle(record, LINES)
    shown = f"{stated[name] // 100}.{stated[name] % 100:02d}"
    first = min((name, other), key=AMOUNTS.index) if name != "medfee_sumamt" else name
    if first == name:
        assert str(caught.value) == f"bill S1: {name} is {shown}, its lines sum to {SUMS[name]}"
    else:
        assert str(caught.value).startswith(f"bill S1: {first} is ")


def test_lines_that_cannot_be_split_name_themselves() -> None:
    with pytest.raises(InputError, match="bill S1: line L9 has an item that the catalogue does not list"):
        settle(visit(**SUMS), [*LINES, line("M-S1", "L9", "ZZ9999", "1", "1")])
    with pytest.raises(InputError, match="line L1 belongs to M-S2, the bill is M-S1"):
        settle(visit(**SUMS), [line("M-S2", "L1", "XZ0001", "1", "1")])


def test_a_bill_needs_its_parts_or_its_lines() -> None:
    with pytest.raises(InputError, match="bill S1: neither the four parts nor fee lines are given"):
        settle(visit(**UNSTATED))


def test_settlements_with_lines_can_be_compared() -> None:
    assert settle(visit(**SUMS), LINES) == settle(visit(**SUMS), LINES)
    fewer = settle(visit(**{**UNSTATED, "medfee_sumamt": "500.00"}), LINES[:1])
    assert fewer != settle(visit(**SUMS), LINES)


def test_the_catalogues_list_may_be_open_where_every_line_states_its_own() -> None:
    text = mipolicy.dumps(POLICY)
    start, end = text.index("[[sections.catalogue_items]]"), text.index("[[sections.outpatient")
    bare = mipolicy.loads(text[:start] + text[end:])
    own = {"chrgitm_lv": "02", "selfpay_prop": "10%", "item_kind": "western_drug"}
    stated = line("M-S1", "L1", "ZZ1", "100", "10", **own)
    record = visit(**UNSTATED)
    assert settle(record, [stated], policy=bare).setlinfo.inscp_scp_amt == 90_000
    with pytest.raises(PolicyGap, match="catalogue_items"):
        settle(record, [{**stated, "chrgitm_lv": ""}], policy=bare)
    assert catalogue_terms(bare, datetime.date(2025, 3, 1), False)[1] is None
    with pytest.raises(PolicyGap):
        catalogue_terms(bare, datetime.date(2025, 3, 1), True)


# ------------------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("record", "error", "says"),
    [
        (visit(insutype="320"), CodeError, "insutype 320"),
        (visit(med_type="51"), CodeError, "med_type 51"),
        (visit(psn_type="15"), CodeError, "psn_type 15 does not belong"),
        (visit(hosp_lv="99"), CodeError, "hosp_lv has no code '99'"),
        (visit(online_flag="y"), CodeError, "online_flag takes '0' or '1'"),
        (visit(refd_setl_flag="2"), CodeError, "refd_setl_flag takes '0' or '1'"),
        (visit(fulamt_ownpay_amt="1.00"), InputError, "bill S1: medfee_sumamt is not fulamt_ownpay_amt +"),
        (visit(init_setl_id="S0"), InputError, "bill S1: refd_setl_flag 1 and init_setl_id go together"),
        (stay(adm_time=""), InputError, "bill S1: inpatient care needs adm_time and dscg_time"),
        (stay(dscg="2025-02-28"), InputError, "bill S1: dscg_time is before adm_time"),
        (visit(setl_time="2023-12-31"), NotInForce, "first in force on 2024-01-01"),
        (visit(setl_time="2027-01-01"), NotInForce, "was verified up to 2026-12-31 only"),
        (stay(setl_time="2027-01-01"), NotInForce, "section settlement"),
        (reversal(visit(), "R1", "2025-03-02"), InputError, "bill R1 is a reversal: reverse(settlement, totals=...)"),
    ],
)
def test_a_bill_that_cannot_be_settled(record: Record, error: type[Exception], says: str) -> None:
    with pytest.raises(error) as caught:
        settle(record)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["setl_id", "mdtrt_id", "psn_no", "fixmedins_code"])
def test_a_bill_without_an_id_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is empty"):
        settle_bill(POLICY, Bill(**{**attrs.asdict(Bill.from_record(visit())), name: ""}))


def test_the_totals_of_another_person_are_refused() -> None:
    with pytest.raises(InputError, match="the totals are those of P2, the bill is P1's"):
        settle(visit(), totals=Totals("P2"))
    done = settle(visit())
    with pytest.raises(InputError, match="the totals are those of P2, the bill is P1's"):
        reverse(done, totals=Totals("P2"))


def test_a_repealed_document_needs_permission() -> None:
    text = mipolicy.dumps(POLICY).replace('status = "assumed"', 'status = "repealed"')
    with pytest.raises(RepealedPolicy):
        settle(visit(), policy=mipolicy.loads(text))
    allowed = mipolicy.loads(text, allow_repealed=True)
    assert paid(settle(visit(), policy=allowed)) == paid(settle(visit()))


# ---------------------------------------------------------------------------------- elsewhere than where one is listed

SPECIAL: dict[str, Any] = {
    "med_type": "14",
    "dise_codg": "MT0001",
    "opsp_fixmedins_code": "H99000000001",
    "opsp_begndate": "2025-01-01",
}


def test_a_special_visit_elsewhere_belongs_to_the_general_stream() -> None:
    here = settle(visit(**SPECIAL))
    assert (here.parts[0].stream, here.parts[0].section) == ("special", "outpatient.employee.special")
    elsewhere = settle(visit(**SPECIAL, fixmedins_code="H99000000002"))
    assert (elsewhere.parts[0].stream, elsewhere.parts[0].section) == ("general", "outpatient.employee.general")
    assert paid(elsewhere) == paid(settle(visit()))
    assert set(elsewhere.totals.years["employee", 2025]) == {
        *("fund.general", "cost.general", "deductible.general", "deductible_level.general"),
    }


def test_residents_elsewhere_get_nothing() -> None:
    record = visit(**SPECIAL, insutype="390", psn_type="15", fixmedins_code="H99000000002")
    done = settle(record)
    assert done.parts[0].stream == "special"
    assert paid(done) == (0, 0)


def test_only_a_stream_that_is_bound_to_an_institution_knows_an_elsewhere() -> None:
    changed = overlay("""
        [[sections.outpatient.employee.special]]
        version = "2025"
        source = { document = "change", clause = "free choice" }
        designated_only = false
        """)
    record = visit(**SPECIAL, fixmedins_code="H99000000002")
    assert settle(record, policy=changed).parts[0].stream == "special"
    terms = POLICY.build(
        "outpatient.employee.special", POLICY.version("outpatient.employee.special", datetime.date(2025, 1, 1))
    )
    assert belongs_to_general(terms)
    assert not belongs_to_general(attrs.evolve(terms, designated_only=0))
    assert not belongs_to_general(attrs.evolve(terms, outside_designated="nothing"))
    inpatient = POLICY.build("inpatient.employee", POLICY.version("inpatient.employee", datetime.date(2025, 1, 1)))
    assert not belongs_to_general(inpatient)


# --------------------------------------------------------------------------------------------------------- taken back


@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_settle_then_reverse_restores_the_totals(random: Random, rows: int) -> None:
    records = random_records(random, rows, 1, reversals=False)
    records.sort(key=lambda record: record["setl_time"])
    done = settle_all(*records)
    last = done[-1]
    back = reverse(last, totals=last.totals)
    assert back.totals == last.totals_before
    assert back.totals.to_dict() == last.totals_before.to_dict()
    assert attrs.asdict(back.setlinfo) == {name: -value for name, value in attrs.asdict(last.setlinfo).items()}
    check_identities(back.setlinfo)
    assert back.reversal
    assert not last.reversal


def test_later_bills_keep_theirs() -> None:
    first, second = settle_all(visit("S1", 500_000), visit("S2", 500_000))
    back = reverse(first, totals=second.totals)
    assert back.setlinfo.hifp_pay == -305_500
    assert back.setlinfo.psn_cash_pay == -(500_000 - 305_500)
    assert back.totals.figure("employee", 2025, "fund.general") == (325_000,)
    assert back.totals.figure("employee", 2025, "deductible.general") == (500_000,)
    third = settle(visit("S3", 100_000), totals=back.totals)
    assert paid(third) == (0, 65_000)


def test_taking_back_a_middle_stay_leaves_the_latest() -> None:
    chain = [
        stay(
            f"S{at}",
            100_000,
            f"2025-03-{1 + 7 * at:02d}",
            f"2025-03-{7 + 7 * at:02d}",
            hosp_lv=level,
            referral_flag="1",
        )
        for at, level in enumerate(("09", "05", "01"))
    ]
    first, middle, last = settle_all(*chain)
    back = reverse(middle, totals=last.totals)
    assert back.totals.stay == last.totals.stay
    assert back.totals.figure("employee", 2025, "deductible.inpatient") == (30_000 + 40_000,)
    # and taking back the last puts back the stay before it as it stood, the middle one
    assert reverse(last, totals=last.totals).totals.stay == middle.totals.stay
    assert reverse(first, totals=first.totals).totals.stay == {}


def test_a_partial_refund_is_a_reversal_and_the_remaining_lines() -> None:
    whole = settle(visit(**SUMS), LINES)
    back = reverse(whole, totals=whole.totals)
    remaining = {**UNSTATED, "medfee_sumamt": "520.00"}
    again = settle(visit("S2", **remaining, mdtrt_id="M-S1"), LINES[:2], totals=back.totals)
    alone = settle(visit("S2", **remaining, mdtrt_id="M-S1"), LINES[:2])
    assert again.setlinfo == alone.setlinfo
    assert again.totals == alone.totals


def test_a_bill_is_taken_back_once() -> None:
    done = settle(visit(fen=500_000))
    back = reverse(done, totals=done.totals)
    with pytest.raises(InputError, match="bill S1 is itself a reversal"):
        reverse(back, totals=back.totals)
    with pytest.raises(InputError) as caught:
        reverse(done, totals=back.totals)
    assert str(caught.value).startswith("the totals do not hold bill S1, or it is reversed already: fund.general")
    with pytest.raises(InputError, match="the totals do not hold bill S1"):
        reverse(done, totals=Totals("P1"))


def test_a_bill_of_nothing_may_be_taken_back() -> None:
    done = settle(visit(fen=0))
    assert reverse(done, totals=Totals("P1")).totals == Totals("P1")


# ------------------------------------------------------------------------------------------------------- year of a stay


def conduct(year_by: str, on_split: str = "once", terms_by: str = "discharge") -> mipolicy.Policy:
    """The assumed pack, with another year of a stay in both versions."""
    return overlay(
        "".join(
            f"""
        [[sections.settlement]]
        version = "{version}"
        source = {{ document = "change", clause = "year" }}
        year_by = "{year_by}"
        deductible_on_split = "{on_split}"
        terms_by = "{terms_by}"
        """
            for version in ("2024", "2025")
        )
    )


OVER = stay("S1", 600_000, "2024-12-20", "2025-01-10", setl_time="2025-01-12 09:00:00")


@pytest.mark.parametrize(("year_by", "year"), [("admission", 2024), ("discharge", 2025), ("settlement", 2025)])
@pytest.mark.parametrize(
    ("terms_by", "version"), [("admission", "2024"), ("discharge", "2025"), ("settlement", "2025")]
)
def test_the_year_and_the_terms_of_a_stay_over_new_year(year_by: str, year: int, terms_by: str, version: str) -> None:
    done = settle(OVER, policy=conduct(year_by, terms_by=terms_by))
    assert [(part.year, part.version.name) for part in done.parts] == [(year, version)]
    assert list(done.totals.years) == [("employee", year)]


def test_settled_in_the_year_after_discharge() -> None:
    record = stay("S1", 600_000, "2024-12-20", "2024-12-30", setl_time="2025-01-12 09:00:00")
    for year_by, year in (("admission", 2024), ("discharge", 2024), ("settlement", 2025), ("split_at_year_end", 2024)):
        done = settle(record, policy=conduct(year_by))
        assert [part.year for part in done.parts] == [year]


def over_lines(*days: tuple[str, int]) -> list[Record]:
    """Lines of class A services, in yuan, by day."""
    return [line("M-S1", f"L{at}", "F0001", str(yuan), "1", fee_ocur_time=day) for at, (day, yuan) in enumerate(days)]


SPLIT = over_lines(("2024-12-20", 1_000), ("2024-12-31", 200), ("2025-01-01", 3_000), ("2025-01-10", 800))
SPLIT_BILL = {**OVER, **UNSTATED, "medfee_sumamt": "5000.00"}


def test_a_stay_split_at_the_years_end_has_one_deductible() -> None:
    done = settle(SPLIT_BILL, SPLIT, policy=conduct("split_at_year_end"))
    # terms of the discharge, 2025: 500 in a secondary hospital, all of it taken in 2024; 88% of the rest
    assert [part.year for part in done.parts] == [2024, 2025]
    assert [part.settled.setlinfo.medfee_sumamt for part in done.parts] == [120_000, 380_000]
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [50_000, 0]
    assert [part.settled.setlinfo.hifp_pay for part in done.parts] == [61_600, 334_400]
    assert (done.setlinfo.medfee_sumamt, *paid(done)) == (500_000, 50_000, 396_000)
    check_identities(done.setlinfo)
    assert done.totals.figure("employee", 2024, "fund.inpatient") == (61_600,)
    assert done.totals.figure("employee", 2025, "fund.inpatient") == (334_400,)
    assert [done.totals.figure("employee", year, "stays") for year in (2024, 2025)] == [(1,), (0,)]
    assert done.totals.stay["end"] == 20_098
    assert done.totals.stay["open"] == 0


def test_a_deductible_that_is_not_used_up_goes_on_into_the_new_year() -> None:
    lines = over_lines(("2024-12-31", 300), ("2025-01-01", 3_000))
    done = settle({**SPLIT_BILL, "medfee_sumamt": "3300.00"}, lines, policy=conduct("split_at_year_end"))
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [30_000, 20_000]


def test_a_stay_split_at_the_years_end_may_owe_its_deductible_again() -> None:
    done = settle(SPLIT_BILL, SPLIT, policy=conduct("split_at_year_end", "again"))
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [50_000, 50_000]
    assert [done.totals.figure("employee", year, "stays") for year in (2024, 2025)] == [(1,), (1,)]
    both = [part.settled.setlinfo.hifp_pay for part in done.parts]
    assert both == [61_600, (380_000 - 50_000) * 88 // 100]


def test_again_means_the_first_stay_of_the_new_year() -> None:
    before = [stay(f"T{at}", 100_000, f"2024-0{at}-01", f"2024-0{at}-05") for at in (1, 2)]
    policy = conduct("split_at_year_end", "again")
    totals = settle_all(*before, policy=policy)[-1].totals
    done = settle(SPLIT_BILL, SPLIT, totals, policy)
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [0, 50_000]
    once = settle(SPLIT_BILL, SPLIT, totals, conduct("split_at_year_end"))
    assert [part.settled.setlinfo.act_pay_dedc for part in once.parts] == [0, 0]


THREE = stay("S1", 0, "2023-11-01", "2025-02-01", setl_time="2025-02-01 09:00:00")
THREE_LINES = over_lines(("2023-12-31", 100), ("2024-01-01", 100), ("2024-12-31", 200), ("2025-01-01", 5_000))


@pytest.mark.parametrize(
    ("on_split", "taken", "stays"),
    [("once", [10_000, 30_000, 10_000], [1, 0, 0]), ("again", [10_000, 30_000, 50_000], [1, 1, 1])],
)
def test_a_stay_over_three_years(on_split: str, taken: list[int], stays: list[int]) -> None:
    record = {**THREE, **UNSTATED, "medfee_sumamt": "5400.00"}
    done = settle(record, THREE_LINES, policy=conduct("split_at_year_end", on_split))
    assert [part.year for part in done.parts] == [2023, 2024, 2025]
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == taken
    assert [done.totals.figure("employee", year, "stays")[0] for year in (2023, 2024, 2025)] == stays
    back = reverse(done, totals=done.totals)
    assert back.totals == Totals("P1")
    assert back.setlinfo.act_pay_dedc == -sum(taken)


def test_a_part_without_lines_is_worth_nothing() -> None:
    lines = over_lines(("2025-01-02", 600))
    done = settle({**SPLIT_BILL, "medfee_sumamt": "600.00"}, lines, policy=conduct("split_at_year_end"))
    assert [part.settled.setlinfo.medfee_sumamt for part in done.parts] == [0, 60_000]
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [0, 50_000]


def test_a_referral_in_and_an_interim_bill_of_a_split_stay() -> None:
    policy = conduct("split_at_year_end")
    first = stay("T1", 100_000, "2024-12-01", "2024-12-15", hosp_lv="09")
    totals = settle(first, policy=policy).totals
    done = settle({**SPLIT_BILL, "referral_flag": "1", "mid_setl_flag": "1"}, SPLIT, totals, policy)
    # referred up from a hospital where 300 were paid: 200 more, in 2024
    assert [part.settled.setlinfo.act_pay_dedc for part in done.parts] == [20_000, 0]
    assert done.totals.stay["open"] == 1
    again = settle({**SPLIT_BILL, "referral_flag": "1"}, SPLIT, totals, conduct("split_at_year_end", "again"))
    assert [part.settled.setlinfo.act_pay_dedc for part in again.parts] == [20_000, 50_000]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((), "a stay over the year's end is split by its lines, and it has none"),
        (over_lines(("2024-12-19", 5_000)), "every line needs a fee_ocur_time within the stay to split it"),
        (over_lines(("2025-01-11", 5_000)), "every line needs a fee_ocur_time within the stay to split it"),
        (over_lines(("", 5_000)), "every line needs a fee_ocur_time within the stay to split it"),
    ],
)
def test_a_stay_that_cannot_be_split(lines: list[Record], says: str) -> None:
    record = {**OVER, "medfee_sumamt": "5000.00", "inscp_scp_amt": "5000.00"}
    with pytest.raises(InputError) as caught:
        settle(record, lines, policy=conduct("split_at_year_end"))
    assert str(caught.value) == f"bill S1: {says}"


def test_lines_on_the_first_and_the_last_day_are_within_the_stay() -> None:
    lines = over_lines(("2024-12-20", 100), ("2025-01-10", 100))
    record = {**SPLIT_BILL, "medfee_sumamt": "200.00"}
    assert settle(record, lines, policy=conduct("split_at_year_end")).setlinfo.medfee_sumamt == 20_000


def test_a_stay_within_one_year_is_not_split() -> None:
    done = settle(stay(), policy=conduct("split_at_year_end"))
    assert [part.year for part in done.parts] == [2025]


def test_which_day_decides() -> None:
    days = settle(OVER).parts[0].claim.days
    assert days.adm_day < days.dscg_day < days.setl_day
    for name, day in (("admission", days.adm_day), ("discharge", days.dscg_day), ("settlement", days.setl_day)):
        assert year_day(SettlementTerms(name, "once", "discharge", ()), days) == day
        assert terms_day(SettlementTerms("discharge", "once", name, ()), days) == day
    assert year_day(SettlementTerms("split_at_year_end", "once", "discharge", ()), days) == days.dscg_day


def test_sections_by_scheme_and_stream() -> None:
    assert section_name("employee", "inpatient") == "inpatient.employee"
    assert section_name("resident", "two_disease") == "outpatient.resident.two_disease"
