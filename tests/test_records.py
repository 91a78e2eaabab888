"""Public records read from texts: what a field takes, and what is said where it takes something else."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import pytest

from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN
from mipolicy.payment.case import Case
from mipolicy.records import NO_AMOUNT, READ, read_record, record_field


@attrs.frozen(kw_only=True)
class Note:
    code: str = record_field("code", "编码", "code")
    amount: int = record_field("fen", "金额", "amount")
    day: datetime.date | None = record_field("date", "日期", "day", None)
    share: int = record_field("rate", "比例", "share", 0)


def test_a_record_is_read_field_by_field() -> None:
    given = {"code": "01", "amount": "12.34", "day": "2025-03-01", "share": "5%"}
    assert read_record(Note, given, "note") == Note(
        code="01", amount=1_234, day=datetime.date(2025, 3, 1), share=50_000
    )


@pytest.mark.parametrize("absent", ["", None])
def test_what_is_absent_takes_its_default(absent: str | None) -> None:
    assert read_record(Note, {"code": "1", "amount": "1", "day": absent, "share": absent}, "note") == Note(
        code="1", amount=100
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"code": "1"}, "a note needs amount (金额)"),
        ({"code": "", "amount": "1"}, "a note needs code (编码)"),
        ({"code": "1", "amount": "1", "b": "", "a": ""}, "a note has no field a, b; fields: code, amount, day, share"),
        ({"code": 1, "amount": "1"}, "code: a code string is due, not int 1"),
        ({"code": "1", "amount": "1.234"}, "amount: "),
        ({"code": "1", "amount": "1", "share": "much"}, "share: "),
        (
            {"code": "1", "amount": "1", "day": "1 March"},
            "day: a date such as 2025-03-01 or 2025-03-01 09:30:00 is due, not '1 March'",
        ),
        ({"code": "1", "amount": "1", "day": 20250301}, "day: a date such as 2025-03-01"),
        (
            {"code": "1", "amount": "1", "day": "2025-03-01T00:00:00+08:00"},
            "day: the local clock time is due, without a zone",
        ),
        ({"code": "1", "amount": "1", "day": "0001-01-01"}, "day: 0001-01-01 00:00:00 is no day that a bill can have"),
    ],
)
def test_what_cannot_be_read_is_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as told:
        read_record(Note, given, "note")
    assert str(told.value).startswith(says)


def test_days_and_times_are_read_from_what_holds_them() -> None:
    moment = datetime.datetime(2025, 3, 1, 9, 30)
    assert READ["date"]("day", moment) == READ["date"]("day", moment.date()) == datetime.date(2025, 3, 1)
    assert READ["time"]("time", "2025-03-01 09:30:00") == moment


def test_counts_are_whole_and_not_too_large() -> None:
    assert READ["count"]("n", "12") == 12
    assert READ["count"]("n", str(MAX_FEN)) == MAX_FEN
    for text in ("1.5", str(MAX_FEN + 1)):
        with pytest.raises(InputError, match=r"^n: "):
            READ["count"]("n", text)


def test_what_stands_for_nothing_is_no_amount() -> None:
    assert -MAX_FEN > NO_AMOUNT


def test_a_case_is_a_record_of_texts() -> None:
    given = {
        "setl_id": "A",
        "psn_no": "P",
        "fixmedins_code": "H",
        "insutype": "310",
        "med_type": "21",
        "adm_time": "2025-03-01",
        "dscg_time": "2025-03-08",
        "medfee_sumamt": "10",
        "inscp_scp_amt": "9",
        "hifp_pay": "6",
        "psn_part_amt": "4",
        "review_points": "1.5",
    }
    found = Case.from_record(given)
    assert (found.medfee_sumamt, found.review_points, found.setl_time, found.refd_setl_flag) == (
        1_000,
        15_000,
        None,
        "0",
    )
    with pytest.raises(InputError, match=r"^a case needs med_type \(医疗类别\)$"):
        Case.from_record({**given, "med_type": ""})
