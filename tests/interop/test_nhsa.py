"""Records of the national interface: bills out of transactions, settlements there and back, mistakes with paths."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill, CodeError, InputError, Line, RecordError, Settlement
from mipolicy.benefits.statement import Setlinfo
from mipolicy.interop import nhsa
from tests.batch import PARTS, Record, random_lines, random_records, stay, visit, yuan

POLICY = mipolicy.load("assumed")
AMOUNTS = tuple(each.name for each in attrs.fields(Setlinfo))
OF_REQUEST = ("psn_no", "mdtrt_id", "insutype", "med_type", "medfee_sumamt", *PARTS, "acct_used_flag")
REMOVED = object()


def fee(of: Record, number: str = "1", /, **changes: Any) -> dict[str, Any]:
    """A row of 2204; its amounts are numbers of JSON."""
    row = {
        "feedetl_sn": number,
        "mdtrt_id": of["mdtrt_id"],
        "psn_no": of["psn_no"],
        "chrg_bchno": "B1",
        "fee_ocur_time": "2025-03-01 08:50:00",
        "med_list_codg": "XZ0101",
        "det_item_fee_sumamt": 100,
        "cnt": 10,
        "pric": 10,
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not REMOVED}


def upload(*rows: Any, infno: str = "2204", **head: Any) -> dict[str, Any]:
    return {"infno": infno, "fixmedins_code": "H99000000001", "input": {"feedetail": list(rows)}, **head}


def request(of: Record, infno: str = "2207", /, **changes: Any) -> dict[str, Any]:
    stay_or_visit = {"mid_setl_flag": "0"} if infno in ("2303", "2304") else {"chrg_bchno": "B1"}
    data = {
        **{name: of[name] for name in OF_REQUEST if of.get(name)},
        "acct_used_flag": "0",
        **stay_or_visit,
        **changes,
    }
    data = {name: value for name, value in data.items() if value is not REMOVED}
    return {"infno": infno, "fixmedins_code": of["fixmedins_code"], "input": {"data": data}}


def rest(of: Record) -> Record:
    """What a request does not say of a bill."""
    said = (*OF_REQUEST, "fixmedins_code", "mid_setl_flag")
    return {name: value for name, value in of.items() if name not in said}


def problems(read: Callable[..., Any], body: Any, **options: Any) -> list[str]:
    """The mistakes of a body, each as `path: message`."""
    with pytest.raises(RecordError) as caught:
        read(body, **options)
    return [f"{each.path}: {each.message}" for each in caught.value.problems]


def settled(record: Record | None = None, policy: mipolicy.Policy = POLICY) -> Settlement:
    return mipolicy.settle(policy, Bill.from_record(record or visit()))


# ---- fee lines -------------------------------------------------------------------------------------------------------


def test_fee_lines_of_outpatient_care() -> None:
    body = upload(
        fee(visit(), dise_codg="D1", rxno="7", bilg_dr_name="-", exp_content={"list_type": "101"}, prd_days=3),
        fee(visit(), "2", det_item_fee_sumamt="3.75", cnt="2.5", pric="1.50", dise_codg="D1", hosp_appr_flag="1"),
        msgid="MSG",
        inf_time="2025-03-01 09:00:00",
        insuplc_admdvs="990000",
        opter_name="-",
    )
    found = nhsa.read_fees(json.dumps(body))
    assert found.envelope == nhsa.Envelope(
        infno="2204",
        msgid="MSG",
        insuplc_admdvs="990000",
        inf_time=Bill.from_record(visit(setl_time="2025-03-01 09:00:00")).setl_time,
        fixmedins_code="H99000000001",
    )
    shared = {"mdtrt_id": "M-S1", "med_list_codg": "XZ0101", "fee_ocur_time": "2025-03-01"}
    first = Line.from_record({**shared, "feedetl_sn": "1", "det_item_fee_sumamt": "100", "cnt": "10", "pric": "10"})
    second = {"feedetl_sn": "2", "det_item_fee_sumamt": "3.75", "cnt": "2.5", "pric": "1.5", "hosp_appr_flag": "1"}
    assert found.fees == (
        nhsa.Fee(line=first, psn_no="P1", chrg_bchno="B1", dise_codg="D1"),
        nhsa.Fee(line=Line.from_record({**shared, **second}), psn_no="P1", chrg_bchno="B1", dise_codg="D1"),
    )


def test_a_stay_refunds_lines() -> None:
    back = {"init_feedetl_sn": "1", "cnt": -4, "det_item_fee_sumamt": -40}
    shared = {"chrg_bchno": REMOVED, "med_type": "21", "drord_no": "9"}
    found = nhsa.read_fees(upload(fee(stay(), **shared), fee(stay(), "2", **shared, **back), infno="2301"))
    assert [each.line.det_item_fee_sumamt for each in found.fees] == [10_000, -4_000]
    assert (found.fees[1].line.init_feedetl_sn, found.fees[1].line.cnt, found.fees[1].med_type) == ("1", -40_000, "21")


@pytest.mark.parametrize(
    "shape",
    [
        json.dumps,
        lambda body: json.dumps(body).encode(),
        lambda body: b"\xef\xbb\xbf" + json.dumps(body, ensure_ascii=False).encode(),
        lambda body: json.dumps({**body, "input": json.dumps(body["input"])}),
        lambda body: body,
    ],
)
def test_bodies_of_every_shape(shape: Callable[[dict[str, Any]], Any]) -> None:
    body = upload(fee(visit()))
    assert nhsa.read_fees(shape(body)) == nhsa.read_fees(body)
    assert nhsa.read_fees(json.dumps(body["input"]), infno="2204").fees == nhsa.read_fees(body).fees


@pytest.mark.parametrize(
    ("written", "fen"),
    [("0.1", 10), ("1e2", 10_000), ("12.30", 1_230), ('"12.30"', 1_230), ("12", 1_200), ("99999999.99", 9_999_999_999)],
)
def test_numbers_are_exact(written: str, fen: int) -> None:
    body = json.dumps(upload(fee(visit(), det_item_fee_sumamt="HERE"))).replace('"HERE"', written)
    assert nhsa.read_fees(body).fees[0].line.det_item_fee_sumamt == fen


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"det_item_fee_sumamt": Decimal("12.345")}, "det_item_fee_sumamt: yuan 12.345 has more decimals than can be"),
        ({"det_item_fee_sumamt": 12.5}, "det_item_fee_sumamt: yuan takes text, Decimal or a whole int, not float 12.5"),
        ({"det_item_fee_sumamt": True}, "det_item_fee_sumamt: yuan takes text, Decimal or a whole int, not bool True"),
        ({"det_item_fee_sumamt": "1,000"}, "det_item_fee_sumamt: yuan takes a plain decimal figure such as '12.30'"),
        ({"cnt": None}, "cnt: is null (数量)"),
        ({"cnt": ""}, "cnt: is empty (数量)"),
        ({"cnt": REMOVED}, "cnt: is missing (数量)"),
        ({"cnt": Decimal("0.00001")}, "cnt: count 0.00001 has more decimals than can be kept"),
        ({"cnt": -10}, "cnt: -10 is negative on a line that refunds no other"),
        ({"det_item_fee_sumamt": -1}, "det_item_fee_sumamt: -1.00 is negative on a line that refunds no other"),
        ({"pric": "-1"}, "pric: unit price -1 is outside 0 to 10,000,000 yuan"),
        ({"fee_ocur_time": 20250301}, "fee_ocur_time: a date such as 2025-03-01"),
        ({"fee_ocur_time": "2025-02-30"}, "fee_ocur_time: a date such as 2025-03-01"),
        ({"chrg_bchno": REMOVED}, "chrg_bchno: is missing (收费批次号)"),
        ({"psn_no": 7}, "psn_no: text is due, not the number 7; codes and ids keep their leading zeros"),
        ({"psn_no": ["P1"]}, "psn_no: text is due, not a list"),
        ({"init_feedetl_sn": "0"}, "init_feedetl_sn: is a name of fee lines of 2301, and none here"),
    ],
)
def test_a_line_that_cannot_be_read(changes: dict[str, Any], says: str) -> None:
    (found,) = problems(nhsa.read_fees, upload(fee(visit()), fee(visit(), "2", **changes)))
    assert found.startswith(f"input.feedetail[1].{says}")


def test_a_float_of_three_places_in_text() -> None:
    body = json.dumps(upload(fee(visit(), det_item_fee_sumamt=100.001)))
    assert problems(nhsa.read_fees, body) == [
        "input.feedetail[0].det_item_fee_sumamt: yuan 100.001 has more decimals than can be kept: "
        "the smallest step is 0.01"
    ]


def test_every_mistake_is_told_at_once() -> None:
    body = upload(fee(visit(), cnt=None), fee(visit(), "2", pric="x", psnno="P1"), msgid=7)
    body["input"]["data"] = {}
    assert [each.split(": ")[0] for each in problems(nhsa.read_fees, body)] == [
        "msgid",
        "input.data",
        "input.feedetail[0].cnt",
        "input.feedetail[1].psnno",
        "input.feedetail[1].pric",
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            [fee(visit()), fee(visit())],
            "input.feedetail[1].feedetl_sn: 1 stands at input.feedetail[0] already",
        ),
        (
            [fee(visit()), fee(visit(), "2", psn_no="P2")],
            "input.feedetail[1].psn_no: P2 has the encounter of P1, at input.feedetail[0]: M-S1",
        ),
        (
            [fee(visit(), dise_codg="D1"), fee(visit(), "2")],
            "input.feedetail[1].dise_codg: none is not that of its batch, D1 at input.feedetail[0]",
        ),
        ([None], "input.feedetail[0]: an object is due, not null"),
        ([], "input.feedetail: holds no row"),
    ],
)
def test_lines_that_do_not_go_together(rows: list[Any], says: str) -> None:
    assert problems(nhsa.read_fees, upload(*rows)) == [says]


def test_what_may_differ_between_lines() -> None:
    other = {"mdtrt_id": "M2", "psn_no": "P2"}
    rows = [fee(visit(), dise_codg="D1"), fee(visit(), "2", chrg_bchno="B2"), fee(visit(), **other)]
    assert [each.psn_no for each in nhsa.read_fees(upload(*rows)).fees] == ["P1", "P1", "P2"]


@pytest.mark.parametrize("changes", [{"cnt": 4}, {"cnt": 0}, {"cnt": -4, "det_item_fee_sumamt": 1}])
def test_a_refund_is_negative(changes: dict[str, Any]) -> None:
    row = fee(stay(), init_feedetl_sn="0", **changes)
    assert problems(nhsa.read_fees, upload(row, infno="2301")) == [
        "input.feedetail[0]: refunds line 0, so cnt and det_item_fee_sumamt must be negative"
    ]


# ---- envelopes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{", "body: no JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ("", "body: no JSON: Expecting value at line 1, column 1"),
        (b"\xff", "body: no JSON: byte 0 is not UTF-8"),
        ("[" * 100_000, "body: no JSON: it is nested too deeply"),
        ('{"a": NaN}', "body: no JSON: NaN is no number of JSON"),
        ('{"a": 1e9999999999999999999}', "body: no JSON: a number is too long"),
        ("[]", "body: an object of JSON is due, not a list"),
        (None, "body: an object of JSON is due, not null"),
        (7, "body: an object of JSON is due, not a number"),
        ({"infno": "2204"}, "input: is missing (交易输入)"),
        ({"infno": "2204", "input": None}, "input: is null (交易输入)"),
        ({"infno": "2204", "input": "{"}, "input: no JSON: Expecting property name enclosed in double quotes at line"),
        ({"infno": "2204", "input": []}, "input: an object of JSON is due, not a list"),
        ({"infno": "2204", "input": {}}, "input.feedetail: is missing"),
        ({"infno": "2204", "input": {"feedetail": {}}}, "input.feedetail: a list is due, not an object"),
        ({"infno": "2204", "input": {"feedetail": None}}, "input.feedetail: a list is due, not null"),
        ({"feedetail": []}, "infno: is missing (交易编号): 2204 or 2301 is due; a body without its envelope is read"),
        ({"infno": 2204, "input": {}}, "infno: text is due, not the number 2204; codes and ids keep their leading"),
        ({"infno": "2207", "input": {}}, "infno: 2204 or 2301 is due, not 2207, which read_request reads"),
        (
            {"infno": "2201", "input": {}},
            "infno: 2204 or 2301 is due, not '2201'; 门诊结算 is 2207, and its 预结算 2206",
        ),
        ({"infno": "9001", "input": {}}, "infno: 2204 or 2301 is due, not '9001'"),
    ],
)
def test_a_body_that_holds_no_lines(body: Any, says: str) -> None:
    (found,) = problems(nhsa.read_fees, body)
    assert found.startswith(says)


def test_a_request_read_as_lines_and_lines_as_a_request() -> None:
    assert problems(nhsa.read_request, upload(fee(visit()))) == [
        "infno: 2206 or 2207 or 2303 or 2304 is due, not 2204, which read_fees reads"
    ]
    assert problems(nhsa.read_fees, upload(fee(visit())), infno="2301") == ["infno: is 2204, and 2301 was asked for"]
    assert problems(nhsa.read_request, {"infno": "2207", "input": {"feedetail": []}}) == [
        "input.feedetail: is no node here; due: data",
        "input.data: is missing",
    ]


def test_names_that_stand_twice() -> None:
    body = json.dumps(upload(fee(visit())))
    assert problems(nhsa.read_fees, body.replace('"cnt": 10', '"cnt": 10, "cnt": 10')) == [
        "input.feedetail[0].cnt: stands more than once in its object"
    ]
    assert problems(nhsa.read_fees, body.replace('"feedetail"', '"feedetail": [], "feedetail"')) == [
        "input.feedetail: stands more than once in its object"
    ]
    assert problems(nhsa.read_fees, '{"infno": "2204", ' + body[1:]) == ["infno: stands more than once in its object"]


# ---- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("psnSetlway", "is no name here; did you mean psn_setlway (个人结算方式)?"),
        ("PSN_SETLWAY", "is no name here; did you mean psn_setlway (个人结算方式)?"),
        ("个人结算方式", "is no name here; did you mean psn_setlway (个人结算方式)?"),
        ("psn_setway", "is no name here; did you mean psn_setlway (个人结算方式)?"),
        ("inscp_amt", "is a name of tables of insurance centres; here it is inscp_scp_amt (符合政策范围金额)"),
        ("overlmt_amt", "is a name of fee lines; here it is overlmt_selfpay (超限价自费费用)"),
        ("prese_ifpay_amt", "is a name of one province's programs; here it is preselfpay_amt (先行自付金额)"),
        ("psn_pay_sumamt", "is a wrong name that public copies of the interface hold; no record has it"),
        ("setl_totlnum", "is a wrong name that public copies of the interface hold; no record has it"),
        ("dedc_std", "is a name of tables of insurance centres, and none of the interface"),
        ("mid_setl_flag", "is a name of requests of 2303 and 2304, and none here"),
        ("med_list_codg", "is a name of fee lines of 2204 and of fee lines of 2301, and none here"),
        ("zzz", "is no name here; what a place adds goes into exp_content, or is passed as local=(...)"),
    ],
)
def test_a_wrong_name_is_told_what_it_means(name: str, says: str) -> None:
    assert problems(nhsa.read_request, request(visit(), **{name: "01"})) == [f"input.data.{name}: {says}"]


@pytest.mark.parametrize(
    ("name", "right"), [("psnCash_pay", "psn_cash_pay"), ("med_fee_sumamt", "medfee_sumamt"), ("balance", "balc")]
)
def test_wrong_names_of_a_settlement(name: str, right: str) -> None:
    body = {"setlinfo": {**nhsa.setlinfo(settled()), name: "0"}}
    (found,) = problems(nhsa.read_setlinfo, body)
    assert found.startswith(f"setlinfo.{name}: is no name here; did you mean {right} (")


def test_a_line_has_the_name_that_a_settlement_has_not() -> None:
    (found,) = problems(nhsa.read_fees, upload(fee(visit(), overlmt_selfpay="0")))
    assert found.endswith("is a name of requests and settlements; here it is overlmt_amt (超限价金额)")
    record = {**nhsa.setlinfo(settled()), "psn_cashpay": "0"}
    (found,) = problems(nhsa.read_setlinfo, {"setlinfo": record})
    assert found.startswith("setlinfo.psn_cashpay: is no name here; did you mean psn_cash_pay")


def test_names_that_the_caller_knows() -> None:
    record = nhsa.setlinfo(settled())
    centre = {"cash_payamt": "psn_cash_pay", "inscp_amt": "inscp_scp_amt", "ownpay_hosp_part": "hosp_part_amt"}
    assert dict(nhsa.CENTRE_ALIASES) == centre
    of_centre = {wrong: record[right] for wrong, right in centre.items()}
    body = {"setlinfo": {name: value for name, value in record.items() if name not in centre.values()} | of_centre}
    assert nhsa.read_setlinfo(body, aliases=centre) == nhsa.read_setlinfo({"setlinfo": record})
    assert problems(nhsa.read_setlinfo, {"setlinfo": {**record, "inscp_amt": "1"}}, aliases=centre) == [
        "setlinfo.inscp_amt: stands for inscp_scp_amt, which is given too"
    ]
    extra = {"setlinfo": {**record, "city_pay": 1.5}, "cityinfo": {}}
    assert nhsa.read_setlinfo(extra, local=("city_pay", "cityinfo")) == nhsa.read_setlinfo({"setlinfo": record})
    with pytest.raises(InputError, match=r"^local takes names, such as \('city_pay',\), not one text$"):
        nhsa.read_setlinfo(extra, local="city_pay")
    assert [each.partition(":")[0] for each in problems(nhsa.read_setlinfo, extra)] == ["cityinfo", "setlinfo.city_pay"]


# ---- the answer to fee lines -----------------------------------------------------------------------------------------


def answer(*rows: Any, **head: Any) -> dict[str, Any]:
    return {"infcode": "0", "err_msg": "", "output": {"result": list(rows)}, **head}


def result(number: str = "1", /, **changes: Any) -> dict[str, Any]:
    row = {
        "feedetl_sn": number,
        "det_item_fee_sumamt": "100.00",
        "cnt": "10",
        "pric": "10.000000",
        "selfpay_prop": "0.1000",
        "pric_uplmt_amt": 9,
        "chrgitm_lv": "02",
        "lmt_used_flag": "0",
        "med_chrgitm_type": "09",
        "fulamt_ownpay_amt": 0,
        "overlmt_amt": 10,
        "preselfpay_amt": 9,
        "inscp_scp_amt": 81,
        "drt_reim_flag": "0",
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not REMOVED}


def test_an_answer_says_how_lines_are_split() -> None:
    sent = nhsa.read_fees(upload(fee(visit(), med_list_codg="LOCAL1")))
    found = nhsa.with_answer(sent, json.dumps(answer(result())))
    (of,) = found.fees
    assert of.line == attrs.evolve(
        sent.fees[0].line, selfpay_prop=100_000, pric_uplmt_amt=9_000_000, chrgitm_lv="02", lmt_used_flag="0"
    )
    parts = nhsa.FeeParts(fulamt_ownpay_amt=0, overlmt_amt=1_000, preselfpay_amt=900, inscp_scp_amt=8_100)
    assert (of.parts, of.med_chrgitm_type) == (parts, "09")
    asked = nhsa.read_request(request(visit(), medfee_sumamt=100, **dict.fromkeys(PARTS, REMOVED)))
    lines = asked.lines(found, item_kinds={"LOCAL1": "western_drug"})
    info = mipolicy.settle(POLICY, asked.bill(found, **rest(visit())), lines=lines).setlinfo
    assert (info.overlmt_selfpay, info.preselfpay_amt, info.inscp_scp_amt) == (1_000, 900, 8_100)


def test_rows_that_keep_upload_and_answer_together() -> None:
    both = {**result(), **fee(visit())}
    assert nhsa.read_fees(upload(both)) == nhsa.with_answer(nhsa.read_fees(upload(fee(visit()))), answer(result()))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            [result(inscp_scp_amt=80)],
            "output.result[0]: det_item_fee_sumamt 100.00 is not fulamt_ownpay_amt 0.00 + overlmt_amt 10.00"
            " + preselfpay_amt 9.00 + inscp_scp_amt 80.00 = 99.00",
        ),
        (
            [result(overlmt_amt=REMOVED, preselfpay_amt=REMOVED)],
            "output.result[0]: states fulamt_ownpay_amt, inscp_scp_amt without overlmt_amt, preselfpay_amt; "
            "the four parts are stated together",
        ),
        ([result(cnt=9)], "output.result[0].cnt: 9 is not what was uploaded, 10"),
        ([result(pric="9.99")], "output.result[0].pric: 9.99 is not what was uploaded, 10"),
        ([result(), result()], "output.result[1].feedetl_sn: 1 stands at output.result[0] already"),
        ([result("3")], "output.result[0].feedetl_sn: 3 is no line of the upload"),
        (
            [result(psn_no="P1")],
            "output.result[0].psn_no: is a name of fee lines of 2204 and of fee lines of 2301 and of",
        ),
        ([], "output.result: holds no row"),
    ],
)
def test_an_answer_that_is_wrong(rows: list[Any], says: str) -> None:
    (found,) = problems(lambda body: nhsa.with_answer(nhsa.read_fees(upload(fee(visit()))), body), answer(*rows))
    assert found.startswith(says)


def test_an_answer_to_other_lines() -> None:
    two = nhsa.read_fees(upload(fee(visit()), fee(visit(), "2")))
    assert problems(lambda body: nhsa.with_answer(two, body), answer(result())["output"]) == [
        "result: lacks lines of the upload: 2"
    ]
    twice = nhsa.read_fees(upload(fee(visit()), fee(visit(), mdtrt_id="M2")))
    assert problems(lambda body: nhsa.with_answer(twice, body), answer(result())) == [
        "feedetl_sn: 1 is a line of two encounters; read them apart"
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"infcode": "-1", "err_msg": "no such person"},
            "infcode: is -1, not 0: the transaction failed (no such person)",
        ),
        ({"infcode": -1, "output": {}}, "infcode: is -1, not 0: the transaction failed"),
        ({"infcode": 0}, "output: is missing (交易输出)"),
        ({"infcode": "0", "output": {}}, "output.setlinfo: is missing"),
        ({"infcode": "0", "output": {"setlinfo": {}}, "errmsg": ""}, "errmsg: is no name here; did you mean err_msg"),
        ({}, "setlinfo: is missing"),
    ],
)
def test_an_answer_that_holds_no_settlement(body: dict[str, Any], says: str) -> None:
    (found,) = problems(nhsa.read_setlinfo, body)
    assert found.startswith(says)


# ---- requests --------------------------------------------------------------------------------------------------------


def test_a_request_for_outpatient_care() -> None:
    found = nhsa.read_request(json.dumps(request(visit(), mdtrt_cert_no="-", psn_setlway="01", expContent="")))
    assert found == nhsa.SettlementRequest(
        envelope=nhsa.Envelope(infno="2207", fixmedins_code="H99000000001"),
        psn_no="P1",
        mdtrt_id="M-S1",
        insutype="310",
        med_type="11",
        medfee_sumamt=100_000,
        fulamt_ownpay_amt=0,
        overlmt_selfpay=0,
        preselfpay_amt=0,
        inscp_scp_amt=100_000,
        chrg_bchno="B1",
        acct_used_flag="0",
        psn_setlway="01",
    )
    assert found.bill(**rest(visit())) == Bill.from_record(visit(acct_used_flag="0"))


def test_a_request_for_a_stay() -> None:
    changes = {"dscgTime": "2025-03-08", "mid_setl_flag": "1", "med_type": REMOVED}
    found = nhsa.read_request(request(stay(), "2304", **changes))
    fees = nhsa.read_fees(upload(fee(stay(), med_type="21", dise_codg="D1"), infno="2301"))
    of_stay = Bill.from_record(stay(mid_setl_flag="1", dise_codg="D1"))
    assert found.bill(fees, **rest(stay())) == of_stay
    assert found.bill(**rest(stay(dise_codg="D1")), med_type="21") == of_stay


@pytest.mark.parametrize(("infno", "preliminary"), [("2206", True), ("2207", False), ("2303", True), ("2304", False)])
def test_what_is_preliminary(infno: str, preliminary: bool) -> None:
    assert nhsa.read_request(request(visit(), infno)).preliminary is preliminary


@pytest.mark.parametrize(
    ("infno", "changes", "says"),
    [
        ("2207", {"med_type": REMOVED}, ".med_type: is missing (医疗类别)"),
        ("2207", {"acct_used_flag": None}, ".acct_used_flag: is null (个人账户使用标志)"),
        ("2304", {"acct_used_flag": None}, ".acct_used_flag: is null (个人账户使用标志)"),
        ("2304", {"mid_setl_flag": REMOVED}, ".mid_setl_flag: is missing (中途结算)"),
        ("2304", {"dscgTime": "8 March"}, ".dscgTime: a date such as 2025-03-01"),
        ("2304", {"dscg_time": "2025-03-08"}, ".dscg_time: is no name here; did you mean dscgTime (出院时间)?"),
        ("2207", {"medfee_sumamt": "x"}, ".medfee_sumamt: yuan takes a plain decimal figure"),
        (
            "2207",
            {"preselfpay_amt": REMOVED},
            ": states fulamt_ownpay_amt, overlmt_selfpay, inscp_scp_amt without preselfpay_amt; the four parts are",
        ),
        (
            "2207",
            {"preselfpay_amt": "0.01"},
            ": medfee_sumamt 1000.00 is not fulamt_ownpay_amt 0.00 + overlmt_selfpay 0.00 + preselfpay_amt 0.01"
            " + inscp_scp_amt 1000.00 = 1000.01",
        ),
        ("2207", {"medfee_sumamt": -5, **dict.fromkeys(PARTS, REMOVED)}, ".medfee_sumamt: -5.00 is negative"),
        ("2207", {"preselfpay_amt": "-1", "inscp_scp_amt": "1001"}, ".preselfpay_amt: -1.00 is negative"),
    ],
)
def test_a_request_that_cannot_be_read(infno: str, changes: dict[str, Any], says: str) -> None:
    (found,) = problems(nhsa.read_request, request(visit(), infno, **changes))
    assert found.startswith(f"input.data{says}")


def test_a_preliminary_stay_may_leave_the_account_out() -> None:
    assert nhsa.read_request(request(stay(), "2303", acct_used_flag=REMOVED)).bill(**rest(stay())).acct_used_flag == "0"


def test_what_the_request_says_is_not_stated_otherwise() -> None:
    asked = nhsa.read_request(request(visit()))
    assert asked.bill(**rest(visit()), insutype="310", medfee_sumamt="1000") == Bill.from_record(visit())
    with pytest.raises(InputError, match=r"^insutype: the request says 310, not 390$"):
        asked.bill(**rest(visit()), insutype="390")
    with pytest.raises(InputError, match=r"^medfee_sumamt: the request says 1000\.00, not 1000\.01$"):
        asked.bill(**rest(visit()), medfee_sumamt="1000.01")
    with pytest.raises(InputError, match=r"^a bill has no field hosp;"):
        asked.bill(**rest(visit()), hosp="05")
    with pytest.raises(InputError, match=r"^a bill needs psn_type"):
        asked.bill(setl_id="S1")


def test_the_lines_of_a_request() -> None:
    one = nhsa.read_fees(upload(fee(visit()), fee(visit(), "2", chrg_bchno="B2"), fee(visit(), "3", mdtrt_id="M2")))
    two = nhsa.read_fees(upload(fee(visit(), "4")))
    asked = nhsa.read_request(request(visit()))
    assert [each.feedetl_sn for each in asked.lines(one, two)] == ["1", "4"]
    of_stay = nhsa.read_request(request(visit(), "2304"))
    assert [each.feedetl_sn for each in of_stay.lines(one, two)] == ["1", "2", "4"]
    kinds = asked.lines(one, two, item_kinds={"XZ0101": "western_drug", "other": "service"})
    assert [each.item_kind for each in kinds] == ["western_drug"] * 2
    assert [each.item_kind for each in asked.lines(one, two)] == [""] * 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"chrg_bchno": "B2"}, "^the uploads hold no fee line of encounter M-S1 in batch B1$"),
        ({"psn_no": "P2"}, "^fee line 1 of encounter M-S1 is P2's, the request is P1's$"),
    ],
)
def test_lines_of_another_request(changes: Record, says: str) -> None:
    asked, fees = nhsa.read_request(request(visit())), nhsa.read_fees(upload(fee(visit(), **changes)))
    with pytest.raises(InputError, match=says):
        asked.lines(fees)
    with pytest.raises(InputError, match=says):
        asked.bill(fees, **rest(visit()))


def test_lines_that_say_another_kind_of_care_or_disease() -> None:
    asked = nhsa.read_request(request(stay(), "2304"))
    fees = nhsa.read_fees(upload(fee(stay(), med_type="24"), infno="2301"))
    with pytest.raises(InputError, match=r"^med_type: the request and its fee lines say 21 and 24$"):
        asked.bill(fees, **rest(stay()))
    rows = [fee(stay(), str(at), chrg_bchno=f"B{at}", dise_codg=f"D{at}") for at in (1, 2)]
    with pytest.raises(InputError, match=r"^dise_codg: the request and its fee lines say D1 and D2$"):
        asked.bill(nhsa.read_fees(upload(*rows, infno="2301")), **rest(stay()))


# ---- settlements -----------------------------------------------------------------------------------------------------


def test_a_settlement_as_the_platform_answers_it() -> None:
    """1,000 at a secondary hospital: 300 deductible, 65% of 700 is 455; the account pays 200 of the rest."""
    done = settled(visit(acct_used_flag="1", balc="200", cvlserv_flag="0"))
    amounts = {
        "medfee_sumamt": "1000.00",
        "inscp_scp_amt": "1000.00",
        "act_pay_dedc": "300.00",
        "hifp_pay": "455.00",
        "fund_pay_sumamt": "455.00",
        "psn_part_amt": "545.00",
        "acct_pay": "200.00",
        "psn_cash_pay": "345.00",
    }
    assert nhsa.output(done) == {
        "setlinfo": {
            "mdtrt_id": "M-S1",
            "setl_id": "S1",
            "psn_no": "P1",
            "insutype": "310",
            "psn_type": "11",
            "cvlserv_flag": "0",
            "setl_time": "2025-03-01 09:30:00",
            "med_type": "11",
            **{name: amounts.get(name, "0.00") for name in AMOUNTS},
            "pool_prop_selfpay": "0.6500",
        },
        "setldetail": [
            {"fund_pay_type": "310100", "fund_pay_type_name": "职工统筹", "fund_payamt": "455.00"},
            {"fund_pay_type": "310200", "fund_pay_type_name": "职工个人账户", "fund_payamt": "200.00"},
        ],
    }
    assert json.loads(nhsa.write_output(done)) == nhsa.output(done)
    assert "职工统筹" in nhsa.write_output(done)


def test_the_funds_of_a_resident() -> None:
    resident = visit(insutype="390", psn_type="15", medins_kind="township_center", acct_used_flag="1", balc="50")
    done = settled(resident)
    assert done.setlinfo.acct_pay == 5_000
    paid = yuan(done.setlinfo.hifp_pay)
    assert nhsa.setldetail(done) == [{"fund_pay_type": "390100", "fund_pay_type_name": "居民基本", "fund_payamt": paid}]
    with_account = nhsa.setldetail(done, {"acct_pay": "999997", "hifp_pay": "390200"})
    assert [row["fund_pay_type"] for row in with_account] == ["390200", "999997"]


def with_funds(**amounts: int) -> Settlement:
    """A settlement whose funds are made up: what the person pays is what they leave."""
    done = settled()
    funds = sum(amounts.values())
    rest_of = {
        "hifp_pay": 0,
        "fund_pay_sumamt": funds,
        "psn_part_amt": 100_000 - funds,
        "psn_cash_pay": 100_000 - funds,
    }
    return attrs.evolve(done, setlinfo=attrs.evolve(done.setlinfo, **{**rest_of, **amounts}))


def test_every_fund_has_its_code() -> None:
    amounts = {"cvlserv_pay": 1, "hifes_pay": 2, "hifmi_pay": 3, "hifob_pay": 4, "maf_pay": 5, "oth_pay": 6}
    rows = nhsa.setldetail(with_funds(**amounts))
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in rows] == [
        ("320100", "0.01"),
        ("370100", "0.02"),
        ("390200", "0.03"),
        ("330100", "0.04"),
        ("610100", "0.05"),
        ("999997", "0.06"),
    ]


def test_a_fund_without_a_code() -> None:
    done = with_funds(hifdm_pay=7)
    with pytest.raises(InputError, match=r"^hifdm_pay pays 0\.07 and has no fund_pay_type: state it in types$"):
        nhsa.output(done)
    assert [row["fund_pay_type"] for row in nhsa.setldetail(done, {"hifdm_pay": "350100"})] == ["350100"]
    with pytest.raises(CodeError, match="fund_pay_type has no code '350199'"):
        nhsa.setldetail(done, {"hifdm_pay": "350199"})
    with pytest.raises(InputError, match=r"^types: no fund hifpay; funds: hifp_pay, "):
        nhsa.setldetail(done, {"hifpay": "310100"})


def test_a_reversal_is_no_answer() -> None:
    done = settled()
    with pytest.raises(InputError, match=r"^bill S1 is taken back: 2208 tells that"):
        nhsa.output(mipolicy.reverse(done, totals=done.totals))


def test_a_record_that_came_in() -> None:
    """Sample A of the notes on the interface: an inpatient settlement, amounts only."""
    given = {
        **{name: "0" for name in AMOUNTS if name != "hifdm_pay"},
        "mdtrt_id": "M1",
        "psn_no": "P1",
        "setl_id": "S1",
        "medfee_sumamt": 5792.53,
        "fulamt_ownpay_amt": 296.2,
        "preselfpay_amt": 522.61,
        "inscp_scp_amt": 4973.72,
        "act_pay_dedc": 800,
        "hifp_pay": 3106.54,
        "fund_pay_sumamt": 3106.54,
        "psn_part_amt": 2685.99,
        "psn_cash_pay": 2685.99,
        "psn_name": None,
        "age": 60.5,
        "clr_way": "1",
        "pool_prop_selfpay": 0,
        "balc": 12.3,
        "acct_mulaid_pay": 0,
    }
    detail = [{"fund_pay_type": "310100", "inscp_scp_amt": 4973.72, "fund_payamt": 3106.54, "crt_payb_lmt_amt": None}]
    body = {"infcode": 0, "output": {"setlinfo": given, "setldetail": detail}}
    found = nhsa.read_setlinfo(json.dumps(body))
    fen = {name: 0 if name == "hifdm_pay" else round(Fraction(str(given[name])) * 100) for name in AMOUNTS}
    assert found == nhsa.SettledRecord(
        mdtrt_id="M1",
        psn_no="P1",
        setl_id="S1",
        setlinfo=Setlinfo(**fen),
        balc=1_230,
        acct_mulaid_pay=0,
        setldetail=(nhsa.FundPaid(fund_pay_type="310100", fund_payamt=310_654, inscp_scp_amt=497_372),),
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"fulamt_ownpay_amt": "0.01"},
            "setlinfo: medfee_sumamt 1000.00 is not fulamt_ownpay_amt 0.01 + overlmt_selfpay 0.00"
            " + preselfpay_amt 0.00 + inscp_scp_amt 1000.00 = 1000.01",
        ),
        (
            {"hosp_part_amt": "-1"},
            "setlinfo: medfee_sumamt 1000.00 is not fund_pay_sumamt 455.00 + psn_part_amt 545.00"
            " + hosp_part_amt -1.00 = 999.00",
        ),
        (
            {"acct_pay": "1"},
            "setlinfo: psn_part_amt 545.00 is not acct_pay 1.00 + psn_cash_pay 545.00 = 546.00",
        ),
        ({"medfee_sumamt": None}, "setlinfo.medfee_sumamt: is null (医疗费总额)"),
        ({"act_pay_dedc": ""}, "setlinfo.act_pay_dedc: is empty (实际支付起付线)"),
        ({"psn_type": 11}, "setlinfo.psn_type: text is due, not the number 11; codes and ids keep their leading zeros"),
    ],
)
def test_a_settlement_that_cannot_be(changes: dict[str, Any], says: str) -> None:
    body = {"setlinfo": {**nhsa.setlinfo(settled()), **changes}}
    for inferred in ("refuse", "report"):
        (found,) = problems(nhsa.read_setlinfo, body, inferred=inferred)
        assert found.startswith(says)


FUNDS_SUM = (
    "fund_pay_sumamt 455.00 is not hifp_pay {} + cvlserv_pay {} + hifes_pay 0.00 + hifmi_pay 0.00 + hifob_pay 0.00"
    " + hifdm_pay 0.00 + maf_pay 0.00 + oth_pay 0.00 = {}"
)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hifp_pay": "454.99"}, [": " + FUNDS_SUM.format("454.99", "0.00", "454.99")]),
        ({"act_pay_dedc": "1000.01"}, [".act_pay_dedc: 1000.01 is not between 0 and inscp_scp_amt 1000.00"]),
        ({"act_pay_dedc": "-0.01"}, [".act_pay_dedc: -0.01 is not between 0 and inscp_scp_amt 1000.00"]),
        (
            {"hifp_pay": "456", "cvlserv_pay": "-1"},
            [".cvlserv_pay: -1.00 has the opposite sign of medfee_sumamt"],
        ),
        (
            {"acct_pay": "-1", "psn_cash_pay": "546"},
            [".acct_pay: -1.00 has the opposite sign of medfee_sumamt"],
        ),
        ({"acct_mulaid_pay": "0.01"}, [".acct_mulaid_pay: 0.01 is not between 0 and acct_pay 0.00"]),
        (
            {"hifp_pay": "0", "acct_mulaid_pay": "-1"},
            [
                ": " + FUNDS_SUM.format("0.00", "0.00", "0.00"),
                ".acct_mulaid_pay: -1.00 is not between 0 and acct_pay 0.00",
            ],
        ),
    ],
)
def test_identities_that_are_inferred(changes: Record, says: list[str]) -> None:
    body = {"setlinfo": {**nhsa.setlinfo(settled()), **changes}}
    assert problems(nhsa.read_setlinfo, body) == [f"setlinfo{each}" for each in says]
    found = nhsa.read_setlinfo(body, inferred="report")
    assert [f"{each.path}: {each.message}" for each in found.broken] == [f"setlinfo{each}" for each in says]
    for name in ("hifp_pay", "act_pay_dedc"):
        assert getattr(found.setlinfo, name) == round(Fraction(body["setlinfo"][name]) * 100)


def test_a_record_taken_back_has_the_opposite_signs() -> None:
    done = settled(visit(acct_used_flag="1", balc="200"))
    taken = {name: yuan(-getattr(done.setlinfo, name)) for name in AMOUNTS}
    found = nhsa.read_setlinfo({"setlinfo": {**nhsa.setlinfo(done), **taken}})
    assert found.setlinfo == mipolicy.reverse(done, totals=done.totals).setlinfo
    wrong = {**nhsa.setlinfo(done), **taken, "act_pay_dedc": "300.00"}
    assert problems(nhsa.read_setlinfo, {"setlinfo": wrong}) == [
        "setlinfo.act_pay_dedc: 300.00 is not between 0 and inscp_scp_amt -1000.00"
    ]


@pytest.mark.parametrize(
    ("paid", "fits"),
    [(["455"], True), (["455", "200"], True), (["400", "255"], True), (["454.99"], False), (["200"], False)],
)
def test_the_rows_sum_to_the_funds_with_or_without_the_account(paid: list[str], fits: bool) -> None:
    done = settled(visit(acct_used_flag="1", balc="200"))
    rows = [{"fund_pay_type": "310100", "fund_payamt": amount} for amount in paid]
    body = {"output": {"setlinfo": nhsa.setlinfo(done), "setldetail": rows}}
    if fits:
        assert [each.fund_payamt for each in nhsa.read_setlinfo(body).setldetail] == [
            round(Fraction(each) * 100) for each in paid
        ]
    else:
        assert problems(nhsa.read_setlinfo, body) == [
            f"output.setldetail: fund_payamt sums to {yuan(round(Fraction(paid[0]) * 100))}, which is not "
            "fund_pay_sumamt 455.00, alone or with acct_pay 200.00"
        ]


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        ({}, "setldetail: a list is due, not an object"),
        ("", "setldetail: a list is due, not a text"),
        ([{"fund_pay_type": "310100"}], "setldetail[0].fund_payamt: is missing (基金支付金额)"),
        ([{"fund_pay_type": 310100, "fund_payamt": 1}], "setldetail[0].fund_pay_type: text is due, not the number"),
        (
            [{"fund_pay_type": "310100", "fund_payamt": 455, "fund_pay_amt": 1}],
            "setldetail[0].fund_pay_amt: is no name",
        ),
    ],
)
def test_rows_that_cannot_be_read(detail: Any, says: str) -> None:
    (found,) = problems(nhsa.read_setlinfo, {"setlinfo": nhsa.setlinfo(settled()), "setldetail": detail})
    assert found.startswith(says)


@pytest.mark.parametrize("detail", [None, []])
def test_no_rows_at_all(detail: Any) -> None:
    assert nhsa.read_setlinfo({"setlinfo": nhsa.setlinfo(settled()), "setldetail": detail}).setldetail == ()


# ---- there and back --------------------------------------------------------------------------------------------------


def in_json(random: Random, row: dict[str, Any], figures: tuple[str, ...]) -> str:
    """An object of JSON, its figures as numbers or as text."""
    cells = []
    for name, value in row.items():
        number = name in figures and random.random() < 0.5
        cells.append(f"{json.dumps(name)}: {value if number else json.dumps(value)}")
    random.shuffle(cells)
    return "{" + ", ".join(cells) + "}"


def transactions(random: Random, record: Record, lines: list[Record]) -> tuple[str, str]:
    """A bill and its lines as an upload and a request."""
    of_stay = record["med_type"] in ("21", "24")
    rows = []
    for each in lines:
        row = {**each, "psn_no": record["psn_no"], "fee_ocur_time": f"{each['fee_ocur_time']} 08:00:00"}
        row |= {} if of_stay else {"chrg_bchno": "B1"}
        row |= {"dise_codg": record["dise_codg"]} if record.get("dise_codg") else {}
        rows.append(in_json(random, row, ("det_item_fee_sumamt", "cnt", "pric")))
    data = {name: record[name] for name in OF_REQUEST if record.get(name)}
    data |= (
        {"mid_setl_flag": record["mid_setl_flag"], "dscgTime": record["dscg_time"]} if of_stay else {"chrg_bchno": "B1"}
    )
    head = {"fixmedins_code": record["fixmedins_code"]}
    asked = in_json(random, data, ("medfee_sumamt", *PARTS))
    return (
        json.dumps({"infno": "2301" if of_stay else "2204", **head, "input": {"feedetail": "ROWS"}}).replace(
            '"ROWS"', f"[{', '.join(rows)}]"
        ),
        json.dumps({"infno": "2304" if of_stay else "2207", **head, "input": {"data": "DATA"}}).replace(
            '"DATA"', asked
        ),
    )


@given(st.randoms(use_true_random=False))
def test_bills_and_settlements_there_and_back(random: Random) -> None:
    (record,) = random_records(random, 1, 2, reversals=False)
    lines = random_lines(random, [record], 0.7)
    if record["med_type"] not in ("21", "24"):
        lines = [each for each in lines if not each.get("init_feedetl_sn")]
        if lines:
            record["medfee_sumamt"] = yuan(sum(round(Fraction(each["det_item_fee_sumamt"]) * 100) for each in lines))
    for each in lines:
        each.setdefault("fee_ocur_time", record.get("dscg_time", ""))
    fees, asked = transactions(random, record, lines)
    found = nhsa.read_request(asked)
    uploads = [nhsa.read_fees(fees)] if lines else []
    said_by_lines = ("dise_codg",) if lines else ()
    stated = {name: value for name, value in rest(record).items() if name not in (*said_by_lines, "dscg_time")}
    bill = found.bill(*uploads, **stated)
    assert bill == Bill.from_record(record)
    of_bill = found.lines(*uploads) if lines else ()
    assert of_bill == tuple(Line.from_record(each) for each in lines)
    done = mipolicy.settle(POLICY, bill, lines=of_bill)
    types = {"acct_pay": "999997"} if random.random() < 0.2 else None
    back = nhsa.read_setlinfo(nhsa.write_output(done, types))
    assert back.setlinfo == done.setlinfo
    ids = ("mdtrt_id", "setl_id", "psn_no", "insutype", "psn_type", "cvlserv_flag", "setl_time", "med_type")
    assert [getattr(back, name) for name in ids] == [getattr(bill, name) for name in ids]
    assert [(each.fund_pay_type, yuan(each.fund_payamt)) for each in back.setldetail] == [
        (row["fund_pay_type"], row["fund_payamt"]) for row in nhsa.setldetail(done, types)
    ]
    assert not back.broken


@given(st.sampled_from(AMOUNTS), st.integers(-300, 300).filter(bool))
def test_no_amount_of_a_settlement_can_be_another(name: str, by: int) -> None:
    """Every amount stands in an identity but the deductible, which is only bounded."""
    record = nhsa.setlinfo(settled(visit(acct_used_flag="1", balc="200")))
    wrong = {**record, name: yuan(round(Fraction(record[name]) * 100) + by)}
    if name == "act_pay_dedc":
        assert nhsa.read_setlinfo({"setlinfo": wrong}).setlinfo.act_pay_dedc == 30_000 + by
    else:
        assert any(wrong[name] in each for each in problems(nhsa.read_setlinfo, {"setlinfo": wrong}))
