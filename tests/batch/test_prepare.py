"""What becomes of a table before any rule: broken rows with their first reason, gaps before row 1, versions by date."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import BatchGap, Bill, Coded, TableError, TableResult
from mipolicy.batch.dated import Faults
from mipolicy.batch.prepare import _paired, code_table, taken_rows
from mipolicy.batch.route import prepare
from mipolicy.benefits.axes import LAYERS
from mipolicy.benefits.bill import AMOUNTS, CodeBook
from mipolicy.errors import Fault, MipolicyError, NotInForce, RepealedPolicy
from mipolicy.policy import UnverifiedWarning
from tests.batch import (
    LINE_FIELDS,
    Record,
    assert_same,
    line,
    one_by_one,
    overlay,
    random_records,
    reversal,
    stay,
    table,
    visit,
)

POLICY = mipolicy.load("assumed")
CHANGDE = mipolicy.load("changde-2023")


def settle(records: Sequence[Record], **options: Any) -> TableResult:
    return mipolicy.settle(options.pop("policy", POLICY), table(records), **options)


def why(result: TableResult) -> dict[str, tuple[str, str]]:
    """Reason and message of each reject, by setl_id."""
    return dict(
        zip(result.rejects.setl_id, zip(result.rejects.reason, result.rejects.message, strict=True), strict=True)
    )


# ------------------------------------------------------------------------------------------------------------ rejects

MINUS = "an amount is negative and the bill is no reversal (refd_setl_flag 1)"
MIRROR = "a reversal carries the amounts of its bill with the opposite sign, none above 0"
BROKEN: dict[str, tuple[Record, str, str]] = {
    "scheme unknown": (visit(insutype="999"), "code", "insutype has no code '999' in region 990000"),
    "scheme not settled": (visit(insutype="320"), "code", "insutype 320: only employee (310) and resident (390)"),
    "care unknown": (visit(med_type="77"), "code", "med_type has no code '77'"),
    "care without a room": (visit(med_type="41"), "code", "med_type 41 定点药店购药: no room settles"),
    "care of another region": (visit(med_type="2101"), "code", "med_type has no code '2101'"),
    "person unknown": (visit(psn_type="99"), "code", "psn_type has no code '99'"),
    "person of the other scheme": (visit(psn_type="15"), "code", "psn_type 15 does not belong to the employee scheme"),
    "person outside both schemes": (visit(psn_type="13"), "code", "psn_type 13 does not belong to the employee"),
    "level unknown": (visit(hosp_lv="5"), "code", "hosp_lv has no code '5'"),
    "level empty": (visit(hosp_lv=""), "code", "hosp_lv has no code ''"),
    "kind unknown": (visit(medins_kind="spa"), "code", "medins_kind has no code 'spa'"),
    "ownership unknown": (visit(medins_ownership="x"), "code", "medins_ownership has no code 'x'"),
    "service unknown": (visit(service_kind="x"), "code", "service_kind has no code 'x'"),
    "online flag": (visit(online_flag="2"), "code", "online_flag takes '0' or '1', not '2'"),
    "follow-up flag": (visit(follow_up_flag="y"), "code", "follow_up_flag takes '0' or '1', not 'y'"),
    "referral flag": (stay(referral_flag="01"), "code", "referral_flag takes '0' or '1', not '01'"),
    "interim flag": (stay(mid_setl_flag="-"), "code", "mid_setl_flag takes '0' or '1', not '-'"),
    "reversal flag": (visit(refd_setl_flag="2"), "code", "refd_setl_flag takes '0' or '1', not '2'"),
    "no person": (visit(psn_no=""), "id", "psn_no is empty"),
    "no encounter": (visit(mdtrt_id=""), "id", "mdtrt_id is empty"),
    "no institution": (visit(fixmedins_code=""), "id", "fixmedins_code is empty"),
    "no time": (visit(setl_time=""), "date", "setl_time: a date such as"),
    "no such day": (visit(setl_time="2025-02-30"), "date", "setl_time: a date such as"),
    "no such admission": (stay(adm_time="soon"), "date", "adm_time: a date such as"),
    "no amount": (visit(medfee_sumamt=""), "amount", "medfee_sumamt is empty"),
    "an amount too large": (visit(medfee_sumamt="10000000000.01"), "amount", "medfee_sumamt: yuan 10000000000.01"),
    "an amount too fine": (visit(preselfpay_amt="0.001"), "amount", "preselfpay_amt: yuan 0.001 has more decimals"),
    "no number": (visit(inscp_scp_amt="NaN"), "amount", "inscp_scp_amt: yuan takes a plain decimal"),
    "some parts": (visit(overlmt_selfpay=""), "amount", "the four parts are stated together, or left to the lines"),
    "a fen too much": (visit(medfee_sumamt="1000.01"), "identity", "medfee_sumamt is not fulamt_ownpay_amt +"),
    "negative": (visit(medfee_sumamt="-1.00", inscp_scp_amt="-1.00"), "amount", MINUS),
    "a negative part": (visit(preselfpay_amt="-1.00", inscp_scp_amt="1001.00"), "amount", MINUS),
    "a reversal above 0": (visit(refd_setl_flag="1", init_setl_id="S9"), "amount", MIRROR),
    "a reversal of nothing": (visit(fen=0, refd_setl_flag="1"), "reversal", "refd_setl_flag 1 and init_setl_id"),
    "no reversal": (visit(init_setl_id="S9"), "reversal", "refd_setl_flag 1 and init_setl_id go together"),
    "no admission": (stay(adm_time=""), "date", "inpatient care needs adm_time and dscg_time"),
    "no discharge": (stay(dscg_time=""), "date", "inpatient care needs adm_time and dscg_time"),
    "left before it came": (stay(adm_time="2025-03-09"), "date", "dscg_time is before adm_time"),
    "settled before it came": (stay(setl_time="2025-02-28"), "date", "setl_time is before adm_time"),
    "recognition ends first": (
        visit(opsp_begndate="2025-02-01", opsp_enddate="2025-01-31"),
        "date",
        "opsp_enddate is before opsp_begndate",
    ),
    "no parts, no lines": (
        visit(fulamt_ownpay_amt="", overlmt_selfpay="", preselfpay_amt="", inscp_scp_amt=""),
        "lines",
        "neither the four parts nor fee lines are given",
    ),
    "before the pack": (
        visit(setl_time="2023-12-31"),
        "not_in_force",
        "assumed: section outpatient.employee.general is",
    ),
    "past the pack": (
        visit(setl_time="2027-01-01"),
        "not_in_force",
        "assumed: section outpatient.employee.general, ver",
    ),
    "a stay past the pack": (stay(setl_time="2027-01-01"), "not_in_force", "assumed: section settlement, version 2025"),
    "a discharge before the pack": (
        stay("S1", 100, "2023-12-01", "2023-12-31", setl_time="2024-01-02"),
        "not_in_force",
        "assumed: section inpatient.employee is first in force on 2024-01-01",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_a_reject_with_its_reason(name: str) -> None:
    record, reason, message = BROKEN[name]
    good = [visit("A"), visit("Z", psn_no="P9")]
    result = settle([good[0], record, good[1]])
    assert (result.rows_in, len(result), len(result.rejects)) == (3, 2, 1)
    assert result.row.tolist() == [0, 2]
    assert result.rejects.row.tolist() == [1]
    assert why(result)[record["setl_id"]][0] == reason
    assert why(result)[record["setl_id"]][1].startswith(message)
    alone = settle(good)
    assert result.columns["hifp_pay"].tolist() == alone.columns["hifp_pay"].tolist()
    with pytest.raises(MipolicyError):
        mipolicy.settle(POLICY, Bill.from_record(record))


def test_all_the_broken_rows_together() -> None:
    records = [{**record, "setl_id": f"S{at}"} for at, (record, _, _) in enumerate(BROKEN.values())]
    result = settle(records)
    assert (len(result), len(result.rejects)) == (0, len(BROKEN))
    assert result.rejects.row.tolist() == list(range(len(BROKEN)))
    assert result.rejects.reason == tuple(reason for _, reason, _ in BROKEN.values())
    for found, (_, _, message) in zip(result.rejects.message, BROKEN.values(), strict=True):
        assert found.startswith(message)
    assert sum(result.rejects.counts().values()) == len(BROKEN)


def test_an_id_that_stands_twice() -> None:
    result = settle([visit("A"), visit("B"), visit("A", psn_no="P2"), visit("C"), visit("A")])
    assert result.rejects.row.tolist() == [0, 2, 4]
    assert set(result.rejects.reason) == {"duplicate"}
    assert set(result.rejects.message) == {"setl_id A stands twice"}
    for form in (list, Coded.of):
        columns = {**table([visit("B"), visit("A"), visit("B")]), "setl_id": form(["B", "A", "B"])}
        assert mipolicy.settle(POLICY, columns).rejects.row.tolist() == [0, 2]


def test_empty_ids_are_empty_and_not_duplicates() -> None:
    result = settle([visit(""), visit(""), visit("A")])
    assert result.rejects.reason == ("id", "id")
    assert result.rejects.message == ("setl_id is empty",) * 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"setl_time": "never", "insutype": "999", "medfee_sumamt": "x"}, "date"),
        ({"insutype": "999", "medfee_sumamt": "5.00"}, "code"),
        ({"psn_no": "", "insutype": "999"}, "code"),
        ({"psn_no": "", "medfee_sumamt": "5.00"}, "id"),
        ({"medfee_sumamt": "5.00", "init_setl_id": "S9"}, "identity"),
        ({"init_setl_id": "S9", "setl_time": "2029-01-01"}, "reversal"),
    ],
)
def test_the_first_reason_of_a_row_stands(changes: dict[str, Any], reason: str) -> None:
    assert why(settle([visit("A"), visit("B", **changes)]))["B"][0] == reason


def test_marks_keep_the_first_reason() -> None:
    faults = Faults(np.zeros(4, bool))
    faults.mark(np.array([1, 3]), Fault("one", "first"))
    faults.mark(np.array([0, 1]), lambda row: Fault("two", f"row {row}"))
    faults.mark(np.array([], np.int64), Fault("three", "none"))
    assert {row: fault.message for row, fault in faults.why.items()} == {1: "first", 3: "first", 0: "row 0"}
    assert faults.good().tolist() == [2]


GARBAGE = {
    "insutype": ("310", "390", "320", "x", ""),
    "psn_type": ("11", "15", "99", ""),
    "med_type": ("11", "14", "21", "52", ""),
    "hosp_lv": ("01", "11", "12", ""),
    "medins_kind": ("hospital", "village_clinic", "inn"),
    "medins_ownership": ("public", "state"),
    "fixmedins_code": ("H1", ""),
    "psn_no": ("P0001", ""),
    "mdtrt_id": ("M", ""),
    "setl_time": ("2025-06-01", "2023-06-01", "2027-06-01", "then", ""),
    "adm_time": ("2025-05-01", "2026-01-01", "x", ""),
    "dscg_time": ("2025-05-09", "2025-04-01", "x", ""),
    "medfee_sumamt": ("1000.00", "0.001", "-1.00", "12,00", "", "99999999999"),
    "inscp_scp_amt": ("", "0.00", "x"),
    "service_kind": ("surgery", "spa", ""),
    "online_flag": ("1", "2", ""),
    "hardship_class": ("minimum_living", "poor", ""),
    "cvlserv_flag": ("1", "yes", ""),
    "place_class": ("referred", "abroad", ""),
    "acct_used_flag": ("1", "0", "x"),
    "balc": ("", "12.30", "-0.01", "x"),
    "init_setl_id": ("", "S9"),
    "opsp_begndate": ("2025-01-01", "2026-01-01", "?"),
    "opsp_enddate": ("2025-12-31", "2020-01-01", "?"),
}


@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_table_rejects_what_one_bill_raises_and_settles_the_rest(random: Random, rows: int) -> None:
    records = random_records(random, rows, 3, reversals=False)
    for record in records:
        for _ in range(random.choice((0, 0, 1, 2))):
            name = random.choice(list(GARBAGE))
            record[name] = random.choice(GARBAGE[name])
    good = []
    for record in records:
        try:
            mipolicy.settle(POLICY, Bill.from_record(record))
        except MipolicyError:
            continue
        good.append(record)
    result = settle(records)
    assert len(result) + len(result.rejects) == result.rows_in == len(records)
    assert sorted([*result.row.tolist(), *result.rejects.row.tolist()]) == list(range(len(records)))
    assert_same(result, *one_by_one(POLICY, good))


# -------------------------------------------------------------------------------------------------------- after_reject


def after_reject(records: Sequence[Record]) -> dict[str, int]:
    result = settle(records)
    flags = result.columns["after_reject"].tolist()
    return dict(zip(np.asarray(result.columns["setl_id"]).tolist(), flags, strict=True))


def test_rows_of_a_person_after_a_reject_are_flagged() -> None:
    records = [
        visit("A", setl_time="2025-03-01 08:00:00"),
        visit("B", setl_time="2025-03-02 08:00:00", hosp_lv="99"),
        visit("C", setl_time="2025-03-03 08:00:00"),
        visit("D", setl_time="2025-03-03 08:00:00", psn_no="P2"),
        visit("E", setl_time="2025-02-01 08:00:00"),
        visit("F", setl_time="2025-03-04 08:00:00", hosp_lv="98"),
        visit("G", setl_time="2025-03-05 08:00:00"),
    ]
    for order in (records, records[::-1]):
        assert after_reject(order) == {"A": 0, "C": 1, "D": 0, "E": 0, "G": 1}


def test_at_one_time_the_ids_decide_what_comes_after_a_reject() -> None:
    records = [visit("B", hosp_lv="99"), visit("A"), visit("C"), visit("D", hosp_lv="99"), visit("X", psn_no="P2")]
    assert after_reject(records) == {"A": 0, "C": 1, "X": 0}


def test_a_reject_without_a_time_may_have_come_before_everything() -> None:
    records = [visit("A"), visit("B", setl_time="?"), visit("C", psn_no="P2")]
    assert after_reject(records) == {"A": 1, "C": 0}


def test_a_reject_of_nobody_flags_nobody() -> None:
    records = [visit("A"), visit("B", setl_time="2025-01-01", psn_no="")]
    assert after_reject(records) == {"A": 0}


def test_nothing_rejected_nothing_flagged() -> None:
    assert after_reject([visit("A"), visit("B")]) == {"A": 0, "B": 0}


# ---------------------------------------------------------------------------------------------------------------- gaps

IN_2023: dict[str, Any] = {"setl_time": "2023-05-10 09:00:00"}
STAY_2023: dict[str, Any] = {"setl_time": "2023-05-10 09:00:00", "adm_time": "2023-05-01", "dscg_time": "2023-05-09"}


def gaps_of(records: Sequence[Record], **options: Any) -> dict[str, tuple[int, list[str]]]:
    """Section -> rows that meet its gap, and what is open there."""
    with pytest.raises(BatchGap) as caught:
        settle(records, policy=CHANGDE, **options)
    for gap, rows in caught.value.gaps:
        assert f"{rows} row(s) need what is open\n{gap}" in str(caught.value)
    assert str(caught.value).endswith("or settle what can be settled: gaps='reject'")
    return {gap.section: (rows, [each.path for each in gap.fields]) for gap, rows in caught.value.gaps}


def test_a_table_meets_its_gaps_before_row_1() -> None:
    records = [
        *(visit(f"A{at}", **IN_2023) for at in range(3)),
        visit("B", med_type="14", **IN_2023),
        visit("C", insutype="390", psn_type="15", **IN_2023),
        visit("broken", hosp_lv="99", **IN_2023),
    ]
    found = gaps_of(records)
    assert {section: rows for section, (rows, _) in found.items()} == {
        "outpatient.employee.general": 3,
        "outpatient.employee.special": 1,
        "outpatient.resident.general": 1,
    }
    general = found["outpatient.employee.general"][1]
    assert {"effective", "deductible.tertiary.in_service", "rate", "ceiling", "rate_uplift"} <= set(general)
    assert "deductible.primary.retired" not in general


def test_a_stay_meets_every_gap_at_once() -> None:
    found = gaps_of([stay("A", **STAY_2023), stay("B", **STAY_2023), visit("C", **IN_2023)])
    assert {section: rows for section, (rows, _) in found.items()} == {
        "settlement": 2,
        "inpatient.employee": 2,
        "outpatient.employee.general": 1,
    }
    assert found["settlement"][1] == ["effective", "year_by", "deductible_on_split", "terms_by", "closed_years"]


def test_lines_meet_the_gaps_of_the_catalogue_too_each_once() -> None:
    records = [visit(f"A{at}", setl_time=f"2023-05-{at + 1:02d}") for at in range(5)]
    lines = table([line(f"M-A{at}", "L1", "XZ0001", "1000", "1") for at in range(5)], LINE_FIELDS)
    found = gaps_of(records, lines=lines)
    assert {section: rows for section, (rows, _) in found.items()} == {
        "catalogue": 5,
        "outpatient.employee.general": 5,
    }


def test_gaps_may_be_rejects() -> None:
    records = [visit("A", **IN_2023), stay("B", **STAY_2023), visit("C", hosp_lv="99", **IN_2023)]
    result = settle(records, policy=CHANGDE, gaps="reject")
    assert (len(result), result.rejects.reason) == (0, ("gap", "gap", "code"))
    assert result.rejects.message[0].startswith("changde-2023: section outpatient.employee.general leaves ")
    assert "open: effective, deductible.tertiary.in_service" in result.rejects.message[0]
    assert result.rejects.message[1].startswith("changde-2023: section settlement leaves 5 figure(s) open: effective,")


def test_a_pack_that_fills_some_settles_those() -> None:
    text = mipolicy.dumps(POLICY)
    start = text.index("[[sections.outpatient.employee.dual_channel]]")
    end = text.index("[[sections", start + 10)
    partly = mipolicy.loads(text[:start] + text[end:])
    records = [visit("A"), visit("B", med_type="18"), visit("C", med_type="18", setl_time="2025-04-01")]
    with pytest.raises(BatchGap) as caught:
        settle(records, policy=partly)
    assert [(gap.section, rows) for gap, rows in caught.value.gaps] == [("outpatient.employee.dual_channel", 2)]
    result = settle(records, policy=partly, gaps="reject")
    assert (len(result), result.rejects.counts()) == (1, {"gap": 2})
    assert len(settle(records[:1], policy=partly)) == 1


@pytest.mark.parametrize("gaps", ["ignore", "", None, True])
def test_gaps_takes_two_words(gaps: Any) -> None:
    with pytest.raises(TableError, match="gaps takes 'raise' or 'reject'"):
        settle([visit()], gaps=gaps)


def test_a_reversal_needs_no_terms() -> None:
    bill = visit("A", setl_time="2026-12-31 10:00:00")
    result = settle([bill, reversal(bill, "B", "2027-01-05 10:00:00")])
    assert result.columns["hifp_pay"].tolist() == [45_500, -45_500]
    assert result.columns["year"].tolist() == [2026, 2026]
    inpatient = stay("A", 100_000, "2026-12-20", "2026-12-31")
    result = settle([inpatient, reversal(inpatient, "B", "2027-01-05 10:00:00")])
    assert result.columns["act_pay_dedc"].tolist() == [50_000, -50_000]


# ----------------------------------------------------------------------------------------------------- repealed, past


def test_a_repealed_document_stops_the_table() -> None:
    text = mipolicy.dumps(POLICY).replace('status = "assumed"', 'status = "repealed"')
    with pytest.raises(RepealedPolicy, match="allow_repealed=True"):
        settle([visit()], policy=mipolicy.loads(text), gaps="reject")
    assert len(settle([visit()], policy=mipolicy.loads(text, allow_repealed=True))) == 1


PAST = [
    visit("A", setl_time="2027-02-01"),
    visit("B", setl_time="2027-01-01"),
    visit("C", setl_time="2026-12-31"),
    visit("D", setl_time="2027-05-31", psn_no="P2"),
    visit("E", setl_time="2027-05-31", med_type="13"),
    stay("F", 100_000, "2026-12-01", "2027-01-02"),
    visit("G", setl_time="2027-05-31", hosp_lv="99"),
]


def test_strict_rejects_what_is_past_its_verified_span() -> None:
    assert settle(PAST).rejects.counts() == {"not_in_force": 5, "code": 1}
    assert np.asarray(settle(PAST).columns["setl_id"]).tolist() == ["C"]


def test_warn_says_once_per_section_and_version_how_many_rows_and_which_days() -> None:
    policy = mipolicy.load("assumed", mode="warn")
    lines = table([line("M-A", "L1", "XZ0001", "1000", "1")], LINE_FIELDS)
    with pytest.warns(UnverifiedWarning) as caught:
        result = settle(PAST, policy=policy, lines=lines)
    past = "is past its verified span for"
    messages = [str(each.message) for each in caught]
    above = ("ladder", *LAYERS)
    assert {each.split()[2].split(".")[0] for each in messages if each.split()[2].startswith(above)} == {
        *("ladder", "major_illness", "large_cost", "civil_servant", "enterprise", "assistance", "tilted_assistance"),
        *("mutual_aid", "commercial"),
    }
    assert [each for each in messages if not each.split()[2].startswith(above)] == [
        f"assumed: section settlement, version 2025, {past} 1 row(s) from 2027-01-02 to 2027-01-02",
        f"assumed: section catalogue, version 2024, {past} 1 row(s) from 2027-02-01 to 2027-02-01",
        f"assumed: section catalogue_items, version 2024, {past} 1 row(s) from 2027-02-01 to 2027-02-01",
        f"assumed: section outpatient.employee.emergency, version 2025, {past} 1 row(s) from 2027-05-31 to 2027-05-31",
        f"assumed: section inpatient.employee, version 2025, {past} 1 row(s) from 2027-01-02 to 2027-01-02",
        f"assumed: section outpatient.employee.general, version 2025, {past} 3 row(s) from 2027-01-01 to 2027-05-31",
    ]
    assert {each.filename for each in caught} == {__file__}
    assert result.rejects.counts() == {"code": 1}


def test_what_is_within_its_span_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(settle(PAST[2:3], policy=mipolicy.load("assumed", mode="warn"))) == 1
        assert len(settle(PAST[:-1], policy=mipolicy.load("assumed", mode="carry_forward"))) == 6


def test_warn_and_carry_forward_settle_alike() -> None:
    with pytest.warns(UnverifiedWarning):
        warned = settle(PAST, policy=mipolicy.load("assumed", mode="warn"))
    silent = settle(PAST, policy=mipolicy.load("assumed", mode="carry_forward"))
    assert warned.texts() == silent.texts()
    assert warned.rejects.message == silent.rejects.message


# ------------------------------------------------------------------------------------------------------------- codes


def test_codes_that_do_not_occur_are_not_looked_at() -> None:
    values = ("05", "99", "", "x")
    columns = {**table([visit("A"), visit("B")]), "hosp_lv": Coded(np.zeros(2, np.int32), values)}
    assert len(mipolicy.settle(POLICY, columns)) == 2


def test_pairs_of_codes_however_many() -> None:
    random = Random(3)
    left = [str(random.randrange(300)) for _ in range(2_000)]
    right = [str(random.randrange(300)) for _ in range(2_000)]
    for one, other in ((left, right), (left[:50], right[:50]), ([], [])):
        both, pairs = _paired(Coded.of(one), Coded.of(other))
        assert [pairs[text] for text in both.texts().tolist()] == list(zip(one, other, strict=True))


def test_a_column_full_of_something_else_is_rejected_row_by_row() -> None:
    rows = 20_000
    columns = {**table([visit(f"S{at}") for at in range(rows)]), "hosp_lv": [f"X{at}" for at in range(rows)]}
    result = mipolicy.settle(POLICY, columns)
    assert result.rejects.counts() == {"code": rows}
    assert result.rejects.message[7].startswith("hosp_lv has no code 'X7'")


def test_odd_characters_in_codes_are_only_odd() -> None:
    result = settle([visit("A", hosp_lv="0\x005"), visit("B", hosp_lv="0 5"), visit("C")])
    assert result.rejects.counts() == {"code": 2}


def test_a_code_whose_meaning_changes_within_the_table_is_settled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    meaning = CodeBook._meaning

    def changing(book: CodeBook, name: str, code: str) -> str:
        assert book.on is not None
        return "emergency" if name == "med_type" and book.on.year == 2025 else meaning(book, name, code)

    monkeypatch.setattr(CodeBook, "_meaning", changing)
    early, late = visit("A", setl_time="2024-06-01"), visit("B", setl_time="2025-06-01")
    with pytest.raises(TableError, match="the meaning of code '11' changes within the table's dates"):
        settle([early, late])
    assert settle([late]).columns["section"].texts().tolist() == ["outpatient.employee.emergency"]
    # a row without a time is on no day, and does not stretch the table's dates
    assert len(settle([late, visit("C", setl_time="?")])) == 1


# ------------------------------------------------------------------------------------------------------------- routes


def test_each_row_has_its_section_and_version() -> None:
    records = [
        visit("A", setl_time="2024-12-31"),
        visit("B", setl_time="2025-01-01"),
        visit("C", med_type="13"),
        stay("D", 100, "2024-12-30", "2024-12-31", setl_time="2025-01-02"),
        stay("E", 100, "2024-12-30", "2025-01-01"),
        visit("F", insutype="390", psn_type="14", med_type="9901"),
    ]
    columns = settle(records).columns
    found = zip(
        columns["section"].texts().tolist(), columns["version"].texts().tolist(), columns["year"].tolist(), strict=True
    )
    assert list(found) == [
        ("outpatient.employee.general", "2024", 2024),
        ("outpatient.employee.general", "2025", 2025),
        ("outpatient.employee.emergency", "2025", 2025),
        ("inpatient.employee", "2024", 2024),
        ("inpatient.employee", "2025", 2025),
        ("outpatient.resident.two_disease", "2024", 2025),
    ]


def test_the_year_and_terms_that_are_asked_for() -> None:
    for year_by, terms_by, year, version in (
        ("admission", "discharge", 2024, "2025"),
        ("discharge", "admission", 2025, "2024"),
        ("settlement", "settlement", 2025, "2025"),
    ):
        policy = overlay(f"""
            [[sections.settlement]]
            version = "2025"
            source = {{ document = "change", clause = "year" }}
            year_by = "{year_by}"
            terms_by = "{terms_by}"
            """)
        prepared = prepare(policy, table([stay("A", 100, "2024-12-30", "2025-01-02")]), None, "raise")
        assert prepared.year.tolist() == [year]
        assert [run.version.name for run in prepared.runs] == [version]


def test_a_version_with_an_at_sign_keeps_its_name() -> None:
    text = mipolicy.dumps(POLICY).replace('version = "2025"', 'version = "2025@a"')
    result = settle([visit()], policy=mipolicy.loads(text))
    assert result.columns["version"].texts().tolist() == ["2025@a"]


def test_days_that_lie_far_apart() -> None:
    result = settle([visit("A"), visit("B", setl_time="9999-12-31"), visit("C", setl_time="1000-01-01")])
    assert result.rejects.counts() == {"not_in_force": 2}
    with pytest.raises(NotInForce):
        mipolicy.settle(POLICY, Bill.from_record(visit(setl_time="9999-12-31")))


def test_threads_check_what_one_thread_checks() -> None:
    records = [visit(f"S{at}", medfee_sumamt="1.00" if at % 7 == 0 else "1000.00") for at in range(50)]
    many = {name: np.tile(column, 1_400) for name, column in table(records).items()}
    many["setl_id"] = np.arange(70_000).astype("U5")
    many |= {name: np.tile([int(Decimal(text) * 100) for text in table(records)[name]], 1_400) for name in AMOUNTS}
    found = [code_table(POLICY, many, threads).faults.why for threads in (1, 2, 3)]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 8 * 1_400


def test_rows_of_a_column_that_says_the_same_for_all() -> None:
    rows = np.array([0, 2])
    assert taken_rows(np.broadcast_to(np.int8(5), 3), rows) == 5
    assert taken_rows(np.array([1, 2, 3], np.int8), rows).tolist() == [1, 3]
    assert taken_rows(np.array([1, 2, 3], np.int8), rows).dtype == np.int64
    assert taken_rows(np.broadcast_to(np.int8(5), 0), rows[:0]) == 0


def test_dates_of_the_stated_kind() -> None:
    assert datetime.date.fromisoformat("2025-03-01") == Bill.from_record(visit()).setl_time.date()
