"""What people call: load, settle one bill or a table, reverse, replay, explain; and what is refused at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy import BatchGap, Bill, DocumentError, InputError, Line, PolicyError, TableError, Totals
from tests.batch import LINE_FIELDS, line, reversal, row_of, stay, table, visit

POLICY = mipolicy.load("assumed")
BILL = Bill.from_record(visit(fen=123_456))


def test_everything_public_is_there_and_listed_once() -> None:
    assert len(set(mipolicy.__all__)) == len(mipolicy.__all__)
    for name in mipolicy.__all__:
        assert getattr(mipolicy, name) is not None
    for name in ("Bill", "Line", "Settlement", "TableResult", "Totals", "BatchGap", "Coded", "Policy"):
        assert name in mipolicy.__all__


def test_bundled_packs_by_name() -> None:
    assert mipolicy.load("assumed").id == "assumed"
    assert mipolicy.load("assumed", mode="warn").mode == "warn"
    assert mipolicy.load("shangyu-2013", allow_repealed=True).allow_repealed
    with pytest.raises(PolicyError, match="no bundled pack 'nowhere'; packs: assumed, changde-2023"):
        mipolicy.load("nowhere")


OVERLAY = """
format = 1
id = "mine"
title = "mine"
region = "990000"
schemes = ["310"]
extends = "assumed"
[documents.mine]
title = "mine"
issuer = "me"
status = "assumed"
[[sections.outpatient.employee.general]]
version = "2025"
source = { document = "mine", clause = "1" }
rate.secondary.in_service = "66%"
"""


def test_a_policy_from_text_finds_the_pack_that_it_extends() -> None:
    for policy in (mipolicy.loads(OVERLAY), mipolicy.loads(OVERLAY.encode(), base=POLICY, mode="carry_forward")):
        assert mipolicy.settle(policy, BILL).setlinfo.hifp_pay == 61_681  # 934.56 at 66%
    assert mipolicy.loads(OVERLAY, mode="warn", allow_repealed=True).mode == "warn"
    with pytest.raises(DocumentError, match="mine: 1 mistake"):
        mipolicy.loads(OVERLAY.replace('"66%"', '"166%"'), name="mine")


def test_a_bill_and_a_table_by_one_name() -> None:
    one = mipolicy.settle(POLICY, BILL)
    many = mipolicy.settle(POLICY, table([visit(fen=123_456)]))
    assert row_of(one) == {name: many.columns[name].tolist()[0] for name in row_of(one)}
    assert one.totals == many.totals["P1"]


def test_one_bill_with_lines_and_totals() -> None:
    lines = [Line.from_record(line("M-S1", "L1", "XZ0001", "1234.56", "1"))]
    totals = mipolicy.settle(POLICY, Bill.from_record(visit("S0"))).totals
    done = mipolicy.settle(POLICY, BILL, lines=lines, totals=totals)
    assert done.setlinfo.hifp_pay == 80_246  # 1,234.56 at 65%, the deductible used up before
    assert done.totals_before == totals


@pytest.mark.parametrize("option", ["columns", "gaps", "threads", "block_rows"])
def test_one_bill_takes_lines_and_totals_only(option: str) -> None:
    options: dict[str, Any] = {option: 1}
    with pytest.raises(TypeError, match=f"one bill takes lines and totals only, not {option}"):
        mipolicy.settle(POLICY, BILL, **options)


@pytest.mark.parametrize("thing", [[BILL], visit, "S1", None, 5, np.array(["S1"])])
def test_what_is_neither_a_bill_nor_a_table(thing: Any) -> None:
    with pytest.raises(TableError, match="a Bill or a mapping of columns is due, not"):
        mipolicy.settle(POLICY, thing)


def test_a_record_is_no_table() -> None:
    with pytest.raises(TableError, match="column setl_id: an array, a list or Coded is due, not str"):
        mipolicy.settle(POLICY, visit())


def test_a_table_takes_its_options() -> None:
    lines = table([line("M-S1", "L1", "XZ0001", "1234.56", "1")], LINE_FIELDS)
    result = mipolicy.settle(
        POLICY,
        table([visit(fen=123_456)]),
        lines=lines,
        totals={"P1": Totals("P1")},
        columns=["hifp_pay"],
        gaps="reject",
        threads=2,
        block_rows=10,
    )
    assert result.columns["hifp_pay"].tolist() == [60_746]
    with pytest.raises(TypeError):
        mipolicy.settle(POLICY, table([visit()]), blocks=3)  # type: ignore[call-overload]  # that is what is tested


def test_gaps_stop_a_table_before_row_1() -> None:
    with pytest.raises(BatchGap) as caught:
        mipolicy.settle(mipolicy.load("changde-2023"), table([visit(setl_time="2023-05-18")]))
    assert isinstance(caught.value, PolicyError)
    assert len(caught.value.gaps) == 1


def test_reverse_and_resettle() -> None:
    done = mipolicy.settle(POLICY, BILL)
    back = mipolicy.reverse(done, totals=done.totals)
    assert back.totals == Totals("P1")
    first, second = visit("S1", 123_456), visit("S2", setl_time="2025-03-02")
    found = mipolicy.resettle(POLICY, table([first, second, reversal(first, "R1", "2025-03-03")]), from_="S1")
    assert [(each.field, each.recorded, each.replayed) for each in found][:2] == [
        ("act_pay_dedc", 0, 30_000),
        ("hifp_pay", 65_000, 45_500),
    ]


def test_explain_one_bill_and_a_row_of_a_table() -> None:
    records = [visit("S1", 123_456), stay("S2", 100_000), visit("S3", 100_000, setl_time="2025-04-01")]
    alone = mipolicy.explain(POLICY, BILL)
    assert alone.text() == mipolicy.explain(POLICY, table(records), row=0).text()
    after = mipolicy.explain(POLICY, table(records), row=2)
    first = mipolicy.explain(POLICY, Bill.from_record(records[2]))
    assert after.text() != first.text()
    totals = mipolicy.settle(POLICY, table(records[:2])).totals
    of_one = mipolicy.explain(POLICY, Bill.from_record(records[2]), totals=totals["P1"])
    assert of_one.text() == after.text()
    assert mipolicy.explain(POLICY, table(records[2:]), row=0, totals=totals).text() == after.text()


def test_explain_with_lines() -> None:
    lines = [line("M-S1", "L1", "XZ0101", "1234.56", "1")]
    bare = {
        **visit(fen=123_456),
        "fulamt_ownpay_amt": "",
        "overlmt_selfpay": "",
        "preselfpay_amt": "",
        "inscp_scp_amt": "",
    }
    one = mipolicy.explain(POLICY, Bill.from_record(bare), lines=[Line.from_record(each) for each in lines])
    row = mipolicy.explain(POLICY, table([bare]), row=0, lines=table(lines, LINE_FIELDS))
    assert one.text() == row.text()
    assert one.groups[0].en == "fee line L1 XZ0101"


def test_explain_a_row_that_is_not_settled() -> None:
    records = table([visit("S1"), visit("S2", hosp_lv="99")])
    with pytest.raises(InputError, match="say which row of the table to explain: row=0 is the first"):
        mipolicy.explain(POLICY, records)
    with pytest.raises(InputError, match="row 1 is rejected: hosp_lv has no code '99'"):
        mipolicy.explain(POLICY, records, row=1)
    with pytest.raises(InputError, match="row 2 is not in the table, which has rows 0 to 1"):
        mipolicy.explain(POLICY, records, row=2)
