"""The public record of a bill: how it is read, what must hold of it, and what its codes mean."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill
from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import EMPLOYEE_STATUS, INSTITUTION, OWNERSHIP, RESIDENT_STATUS, SERVICE, STREAMS
from mipolicy.benefits.bill import AMOUNTS, CHECKS, CodeBook, Days, Figures, bill_fields, figures_of
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN
from mipolicy.records import NO_AMOUNT
from tests.batch import reversal, stay, visit

# ----------------------------------------------------------------------------------------------------------- reading


def test_a_bill_from_a_record_of_texts() -> None:
    record = stay(
        fen=123_456,
        fulamt_ownpay_amt="34.56",
        inscp_scp_amt="1200.00",
        setl_time="2025-03-09 09:30:15",
        opsp_begndate="2025-01-01",
        service_kind="",
    )
    bill = Bill.from_record(record)
    assert bill.setl_id == "S1"
    assert bill.medfee_sumamt == 123_456
    assert (bill.fulamt_ownpay_amt, bill.overlmt_selfpay, bill.inscp_scp_amt) == (3_456, 0, 120_000)
    assert bill.setl_time == datetime.datetime(2025, 3, 9, 9, 30, 15)
    assert (bill.adm_time, bill.dscg_time) == (datetime.date(2025, 3, 1), datetime.date(2025, 3, 8))
    assert bill.opsp_begndate == datetime.date(2025, 1, 1)
    assert bill.opsp_enddate is None
    assert bill.service_kind == "general"
    assert (bill.online_flag, bill.refd_setl_flag, bill.init_setl_id) == ("0", "0", "")


def test_every_empty_text_counts_as_absent() -> None:
    sparse = {name: value for name, value in visit().items() if value}
    full = {**dict.fromkeys(bill_fields(), ""), **sparse}
    assert Bill.from_record(full) == Bill.from_record(sparse)
    assert Bill.from_record({**sparse, "dise_codg": None}) == Bill.from_record(sparse)


@pytest.mark.parametrize("name", [each.name for each in attrs.fields(Bill) if each.default is attrs.NOTHING])
def test_what_every_bill_needs(name: str) -> None:
    label = attrs.fields_dict(Bill)[name].metadata["zh"]
    for record in ({**visit(), name: ""}, {key: value for key, value in visit().items() if key != name}):
        with pytest.raises(InputError, match=re.escape(f"a bill needs {name} ({label})")):
            Bill.from_record(record)


def test_what_a_bill_does_not_need() -> None:
    needed = {each.name for each in attrs.fields(Bill) if each.default is attrs.NOTHING}
    assert needed == {
        *("setl_id", "mdtrt_id", "psn_no", "insutype", "psn_type", "med_type", "hosp_lv", "medins_kind"),
        *("medins_ownership", "fixmedins_code", "setl_time", "medfee_sumamt"),
    }


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(InputError, match=r"a bill has no field age, setl_tim; fields: setl_id, mdtrt_id"):
        Bill.from_record({**visit(), "setl_tim": "2025-01-01", "age": "5"})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("medfee_sumamt", "12.345", "medfee_sumamt: yuan 12.345 has more decimals"),
        ("medfee_sumamt", 12.5, "medfee_sumamt: yuan takes text"),
        ("medfee_sumamt", "1e5", "medfee_sumamt: yuan takes a plain decimal"),
        ("medfee_sumamt", "10000000000.01", "beyond ten billion"),
        ("inscp_scp_amt", "NaN", "inscp_scp_amt: yuan takes a plain decimal"),
        ("insutype", 310, "insutype: a code string is due, not int 310"),
        ("setl_id", 17, "setl_id: a code string is due, not int 17"),
        ("setl_time", "2025-02-30", "setl_time: a date such as"),
        ("setl_time", "yesterday", "not 'yesterday'"),
        ("setl_time", 20250301, "not 20250301"),
        ("setl_time", "2025-03-01 09:00:00+08:00", "setl_time: the local clock time is due, without a zone"),
        ("setl_time", datetime.datetime(2025, 3, 1, tzinfo=datetime.UTC), "without a zone"),
        ("adm_time", "2025-13-01", "adm_time: a date such as"),
        ("adm_time", "0001-01-01", "adm_time: 0001-01-01"),
        ("adm_time", datetime.date(1, 1, 1), "is no day that a bill can have"),
        ("setl_time", datetime.datetime(1, 1, 1), "is no day that a bill can have"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        Bill.from_record({**stay(), name: value})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2025-03-01", datetime.date(2025, 3, 1)),
        ("2025-03-01 23:59:59", datetime.date(2025, 3, 1)),
        ("2025-03-01T00:00:00", datetime.date(2025, 3, 1)),
        (datetime.date(2025, 3, 1), datetime.date(2025, 3, 1)),
        (datetime.datetime(2025, 3, 1, 23, 59), datetime.date(2025, 3, 1)),
        ("9999-12-31", datetime.date(9999, 12, 31)),
    ],
)
def test_a_day_in_every_form(value: Any, day: datetime.date) -> None:
    assert Bill.from_record(stay(opsp_enddate=value)).opsp_enddate == day


def test_amounts_in_every_form() -> None:
    for value in ("1000", "1000.00", "1000.0", Decimal("1000.00"), 1000):
        assert Bill.from_record({**visit(), "medfee_sumamt": value}).medfee_sumamt == 100_000


def test_the_kinds_of_fields() -> None:
    assert bill_fields("fen") == (*AMOUNTS, "balc")
    assert bill_fields("time") == ("setl_time",)
    assert bill_fields("date") == ("adm_time", "dscg_time", "opsp_begndate", "opsp_enddate")
    assert bill_fields("id") == ("setl_id", "mdtrt_id", "psn_no", "fixmedins_code")
    assert bill_fields("flag") == (
        *("online_flag", "follow_up_flag", "referral_flag", "mid_setl_flag", "refd_setl_flag"),
        *("cvlserv_flag", "acct_used_flag", "rare_drug_flag"),
    )
    assert bill_fields() == tuple(each.name for each in attrs.fields(Bill))
    assert set(bill_fields("id", "code")) == {*bill_fields("id"), *bill_fields("code")}


# ----------------------------------------------------------------------------------------------------------- numbers


def test_the_numbers_of_a_bill() -> None:
    found = figures_of(Bill.from_record(stay()), 1)
    assert found == Figures(
        medfee_sumamt=1_000_000,
        fulamt_ownpay_amt=0,
        overlmt_selfpay=0,
        preselfpay_amt=0,
        inscp_scp_amt=1_000_000,
        days=Days(20_155, 20_148, 20_155, NO_DAY, NO_DAY),
        balc=NO_AMOUNT,
        account=0,
        inpatient=1,
        reversal=0,
        names_original=0,
    )
    back = figures_of(Bill.from_record(reversal(visit(), "R1", "2025-04-01")), 0)
    assert (back.medfee_sumamt, back.inpatient, back.reversal, back.names_original) == (-100_000, 0, 1, 1)
    parts = figures_of(Bill.from_record({**visit(), "inscp_scp_amt": ""}), 0)
    assert (parts.inscp_scp_amt, parts.overlmt_selfpay) == (NO_AMOUNT, 0)


@pytest.mark.parametrize("value", [100.0, "100", True, np.int64(100), Decimal(100), None])
def test_fen_are_ints(value: Any) -> None:
    good = Bill.from_record(visit())
    with pytest.raises(InputError, match="medfee_sumamt: fen must be int, not"):
        figures_of(attrs.evolve(good, medfee_sumamt=value), 0)
    if value is not None:
        with pytest.raises(InputError, match="preselfpay_amt: fen must be int, not"):
            figures_of(attrs.evolve(good, preselfpay_amt=value), 0)


# ------------------------------------------------------------------------------------------------------------ checks

GOOD = figures_of(Bill.from_record(stay(fen=100_000)), 1)
BACK = figures_of(Bill.from_record(reversal(stay(fen=100_000), "R1", "2025-04-01")), 1)


def days(**changes: int) -> Days[int]:
    return attrs.evolve(GOOD.days, **changes)


def first_broken(figures: Figures[int]) -> tuple[str, str] | None:
    """The reason and message of the first check that the figures break."""
    for check in CHECKS:
        if check.broken(figures):
            return check.reason, check.message
    return None


UNSTATED: dict[str, Any] = dict.fromkeys(AMOUNTS[1:], NO_AMOUNT)
SOUND = {
    "a stay": GOOD,
    "a reversal": BACK,
    "parts left to the lines": attrs.evolve(GOOD, **UNSTATED),
    "a reversal without parts": attrs.evolve(BACK, **UNSTATED),
    "the largest amount": attrs.evolve(GOOD, medfee_sumamt=MAX_FEN, inscp_scp_amt=MAX_FEN),
    "the largest amount taken back": attrs.evolve(BACK, medfee_sumamt=-MAX_FEN, inscp_scp_amt=-MAX_FEN),
    "nothing at all": attrs.evolve(GOOD, medfee_sumamt=0, inscp_scp_amt=0),
    "nothing taken back": attrs.evolve(BACK, medfee_sumamt=0, inscp_scp_amt=0),
    "a stay of one day": attrs.evolve(GOOD, days=days(adm_day=20_155)),
    "settled on the day of admission": attrs.evolve(GOOD, days=days(setl_day=20_148)),
    "a visit without days": attrs.evolve(GOOD, inpatient=0, days=days(adm_day=NO_DAY, dscg_day=NO_DAY)),
    "an account to be used": attrs.evolve(GOOD, account=1, balc=0),
    "a balance that is not used": attrs.evolve(GOOD, balc=MAX_FEN),
    "recognised for one day": attrs.evolve(GOOD, days=days(begn_day=20_000, end_day=20_000)),
    "recognised without a first day": attrs.evolve(GOOD, days=days(end_day=20_000)),
    "recognised without end": attrs.evolve(GOOD, days=days(begn_day=20_000)),
}
IDENTITY = "medfee_sumamt is not fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt"
TOGETHER = "the four parts are stated together, or left to the lines"
LARGE = "a part of the bill is beyond ten billion yuan"
MINUS = "an amount is negative and the bill is no reversal (refd_setl_flag 1)"
MIRROR = "a reversal carries the amounts of its bill with the opposite sign, none above 0"
PAIR = "refd_setl_flag 1 and init_setl_id go together"
BROKEN: dict[str, tuple[Figures[int], str, str]] = {
    "total too large": (
        attrs.evolve(GOOD, medfee_sumamt=MAX_FEN + 1, inscp_scp_amt=MAX_FEN, preselfpay_amt=1),
        "amount",
        "medfee_sumamt is beyond ten billion yuan",
    ),
    "total too small": (
        attrs.evolve(BACK, medfee_sumamt=-MAX_FEN - 1, inscp_scp_amt=-MAX_FEN, preselfpay_amt=-1),
        "amount",
        "medfee_sumamt is beyond ten billion yuan",
    ),
    "only three parts": (attrs.evolve(GOOD, overlmt_selfpay=NO_AMOUNT), "amount", TOGETHER),
    "only one part": (attrs.evolve(GOOD, **{**UNSTATED, "preselfpay_amt": 0}), "amount", TOGETHER),
    "only the scope missing": (attrs.evolve(GOOD, inscp_scp_amt=NO_AMOUNT), "amount", TOGETHER),
    "a part too large": (attrs.evolve(GOOD, overlmt_selfpay=MAX_FEN + 1), "amount", LARGE),
    "a part too small": (attrs.evolve(BACK, overlmt_selfpay=-MAX_FEN - 1), "amount", LARGE),
    "a fen too much": (attrs.evolve(GOOD, medfee_sumamt=100_001), "identity", IDENTITY),
    "a fen too little": (attrs.evolve(GOOD, fulamt_ownpay_amt=1), "identity", IDENTITY),
    "a fen too much taken back": (attrs.evolve(BACK, preselfpay_amt=-1), "identity", IDENTITY),
    "a negative total": (attrs.evolve(GOOD, medfee_sumamt=-1, **UNSTATED), "amount", MINUS),
    "a negative part": (attrs.evolve(GOOD, preselfpay_amt=-1, overlmt_selfpay=1), "amount", MINUS),
    "a reversal above 0": (attrs.evolve(BACK, medfee_sumamt=1, **UNSTATED), "amount", MIRROR),
    "a part of a reversal above 0": (attrs.evolve(BACK, preselfpay_amt=1, overlmt_selfpay=-1), "amount", MIRROR),
    "a reversal of nothing named": (attrs.evolve(BACK, names_original=0), "reversal", PAIR),
    "a bill that names another": (attrs.evolve(GOOD, names_original=1), "reversal", PAIR),
    "no admission": (
        attrs.evolve(GOOD, days=days(adm_day=NO_DAY)),
        "date",
        "inpatient care needs adm_time and dscg_time",
    ),
    "no discharge": (
        attrs.evolve(GOOD, days=days(dscg_day=NO_DAY)),
        "date",
        "inpatient care needs adm_time and dscg_time",
    ),
    "left before it came": (attrs.evolve(GOOD, days=days(dscg_day=20_147)), "date", "dscg_time is before adm_time"),
    "settled before it came": (attrs.evolve(GOOD, days=days(setl_day=20_147)), "date", "setl_time is before adm_time"),
    "an account overdrawn": (
        attrs.evolve(GOOD, balc=-1),
        "account",
        "balc is below 0: an account is never overdrawn",
    ),
    "a balance too large": (attrs.evolve(GOOD, balc=MAX_FEN + 1), "amount", "balc is beyond ten billion yuan"),
    "an account without its balance": (
        attrs.evolve(GOOD, account=1),
        "account",
        "acct_used_flag 1 needs balc, the balance of the account",
    ),
    "recognition ends first": (
        attrs.evolve(GOOD, days=days(begn_day=20_001, end_day=20_000)),
        "date",
        "opsp_enddate is before opsp_begndate",
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_holds_of_a_sound_bill(name: str) -> None:
    assert first_broken(SOUND[name]) is None


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_and_the_first_reason(name: str) -> None:
    figures, reason, message = BROKEN[name]
    assert first_broken(figures) == (reason, message)


def test_every_check_is_broken_by_some_bill() -> None:
    assert {check.message for check in CHECKS} == {message for _, _, message in BROKEN.values()}


def as_figures(rows: list[Figures[int]]) -> Figures[Any]:
    """Bills as columns."""

    def column(of: list[Any], name: str) -> Any:
        return np.array([getattr(each, name) for each in of], np.int64)

    moved = Days(**{each.name: column([row.days for row in rows], each.name) for each in attrs.fields(Days)})
    names = [each.name for each in attrs.fields(Figures) if each.name != "days"]
    return Figures(**{name: column(rows, name) for name in names}, days=moved)


def test_one_body_checks_one_bill_and_a_column() -> None:
    rows = [*SOUND.values(), *(figures for figures, _, _ in BROKEN.values())]
    for check in CHECKS:
        assert check.broken(as_figures(rows)).tolist() == [bool(check.broken(row)) for row in rows]


near = st.sampled_from((NO_AMOUNT, -MAX_FEN - 1, -MAX_FEN, -1, 0, 1, 2, MAX_FEN, MAX_FEN + 1))
day = st.sampled_from((NO_DAY, 0, 19_999, 20_000, 20_001))


@given(
    st.lists(
        st.builds(
            Figures,
            **dict.fromkeys(AMOUNTS, near),
            days=st.builds(Days, day, day, day, day, day),
            balc=near,
            **dict.fromkeys(("account", "inpatient", "reversal", "names_original"), st.sampled_from((0, 1))),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_one_body_on_anything(rows: list[Figures[int]]) -> None:
    columns = as_figures(rows)
    for check in CHECKS:
        assert check.broken(columns).tolist() == [bool(check.broken(row)) for row in rows]
        assert check.when(columns) or not check.broken(columns).any()


# ------------------------------------------------------------------------------------------------------------- codes

BOOK = CodeBook("990000")


@pytest.mark.parametrize(
    ("med_type", "stream"),
    [
        ("11", "general"),
        ("12", "general"),
        ("13", "emergency"),
        ("14", "special"),
        ("9901", "two_disease"),
        ("18", "dual_channel"),
        ("21", "inpatient"),
        ("24", "inpatient"),
    ],
)
def test_the_stream_of_a_kind_of_care(med_type: str, stream: str) -> None:
    assert STREAMS[BOOK.stream(med_type)] == stream


def test_codes_as_small_integers() -> None:
    assert (BOOK.scheme("310"), BOOK.scheme("390"), BOOK.scheme("391")) == (0, 1, 1)
    assert [BOOK.status(0, code) for code in ("11", "12", "1101", "1299")] == [0, 1, 0, 1]
    assert [RESIDENT_STATUS.members[BOOK.status(1, code)] for code in ("14", "15", "16", "1501")] == [
        *("minor", "adult", "elderly", "adult"),
    ]
    assert [EMPLOYEE_STATUS.members[BOOK.status(0, code)] for code in ("11", "12")] == ["in_service", "retired"]
    assert [BOOK.kind(name) for name in INSTITUTION.members] == list(range(7))
    assert [BOOK.ownership(name) for name in OWNERSHIP.members] == [0, 1]
    assert [BOOK.service(name) for name in SERVICE.members] == [0, 1, 2, 3]
    assert (BOOK.flag("online_flag", "0"), BOOK.flag("online_flag", "1")) == (0, 1)


@pytest.mark.parametrize("hosp_lv", [f"{number:02d}" for number in range(1, 12)])
@pytest.mark.parametrize("kind", INSTITUTION.members)
def test_primary_care_is_known_by_its_kind_the_rest_by_grade(hosp_lv: str, kind: str) -> None:
    by_grade = {1: "tertiary", 5: "secondary", 8: "level_1", 11: "ungraded"}
    expected = by_grade[max(first for first in by_grade if first <= int(hosp_lv))]
    if kind in ("community_center", "community_station", "township_center", "village_clinic"):
        expected = "primary"
    assert LEVEL.members[BOOK.level(hosp_lv, kind)] == expected


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: BOOK.scheme("320"), "insutype 320: only employee (310) and resident (390) bills are settled here"),
        (lambda: BOOK.scheme("999"), "insutype has no code '999' in region 990000"),
        (lambda: BOOK.scheme("0310"), "insutype has no code '0310'"),
        (lambda: BOOK.stream("51"), "med_type 51 生育门诊: no room settles this kind of care"),
        (lambda: BOOK.stream("9903"), "med_type has no code '9903'"),
        (lambda: CodeBook("430700").stream("9903"), "med_type 9903 意外伤害门诊: no room settles"),
        (
            lambda: BOOK.status(0, "15"),
            "psn_type 15 does not belong to the employee scheme, which has in service, retired",
        ),
        (
            lambda: BOOK.status(1, "11"),
            "psn_type 11 does not belong to the resident scheme, which has minor, adult, elderly",
        ),
        (lambda: BOOK.status(0, "13"), "psn_type 13 does not belong to the employee scheme"),
        (lambda: BOOK.status(0, "1"), "psn_type has no code '1'"),
        (lambda: BOOK.level("12", "hospital"), "hosp_lv has no code '12'"),
        (lambda: BOOK.level("5", "hospital"), "hosp_lv has no code '5'"),
        (lambda: BOOK.level("12", "village_clinic"), "hosp_lv has no code '12'"),
        (lambda: BOOK.level("01", "spa"), "medins_kind has no code 'spa'"),
        (lambda: BOOK.kind(""), "medins_kind has no code ''"),
        (lambda: BOOK.ownership("church"), "medins_ownership has no code 'church'"),
        (lambda: BOOK.service("dental"), "service_kind has no code 'dental'"),
        (lambda: BOOK.flag("online_flag", "yes"), "online_flag takes '0' or '1', not 'yes'"),
        (lambda: BOOK.flag("online_flag", ""), "online_flag takes '0' or '1', not ''"),
    ],
)
def test_a_code_that_is_not_known_is_refused(ask: Callable[[], int], says: str) -> None:
    with pytest.raises(CodeError) as caught:
        ask()
    assert str(caught.value).startswith(says)


def test_local_codes_hold_in_their_region_alone() -> None:
    assert STREAMS[CodeBook("430700").stream("2101")] == "inpatient"
    assert STREAMS[CodeBook("430700").stream("9901")] == "two_disease"
    with pytest.raises(CodeError):
        BOOK.stream("2101")
    with pytest.raises(CodeError):
        CodeBook("500000").stream("9901")  # 重大疾病门诊 there


def test_a_bill_is_public() -> None:
    assert mipolicy.Bill is Bill
    assert day_number(Bill.from_record(visit()).setl_time.date()) == 20_148
