"""Fee lines: refunds netted by original line, items resolved, each line split as the oracle splits it, parts summed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import Line
from mipolicy.benefits.catalogue import ITEM_KINDS, CatalogueItemsTerms, CatalogueTerms
from mipolicy.benefits.fee_lines import NOT_STATED, LineTable, SplitLines, net_refunds, split_lines
from mipolicy.calendar import NO_DAY
from mipolicy.errors import InputError
from tests.batch import Record, line, random_lines, visit
from tests.oracles import catalogue as oracle
from tests.strategies import catalogue_in_words

POLICY = mipolicy.load("assumed")
ON = datetime.date(2025, 3, 1)
CATALOGUE = POLICY.terms(CatalogueTerms, on=ON)
ITEMS = POLICY.terms(CatalogueItemsTerms, on=ON)
PARTS = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")


def split(
    records: Sequence[Record], *, items: CatalogueItemsTerms | None = ITEMS, catalogue: CatalogueTerms = CATALOGUE
) -> SplitLines:
    """The lines of bills, which are numbered as their encounters first stand."""
    lines = [Line.from_record(record) for record in records]
    places: dict[str, int] = {}
    bill = np.array([places.setdefault(each.mdtrt_id, len(places)) for each in lines], np.int64)
    version = np.zeros(max(1, len(places)), np.int64)
    return split_lines(LineTable.of(lines), bill, [(catalogue, items)], version, "990000")


def parts_of(done: SplitLines, row: int = 0) -> tuple[int, ...]:
    """The four parts of one kept line."""
    return tuple(int(getattr(done.split, name)[row]) for name in PARTS)


def only_fault(records: Sequence[Record], row: int = -1, **options: Any) -> tuple[str, str]:
    """The reason and message of the one line that cannot be split."""
    faults = split(records, **options).faults
    assert list(faults) == [row if row >= 0 else len(records) - 1]
    fault = next(iter(faults.values()))
    return fault.reason, fault.message


# ----------------------------------------------------------------------------------------------------------- reading


def test_a_line_from_a_record_of_texts() -> None:
    record = line("M1", "L1", "XZ0102", "38.5", "2.5", fee_ocur_time="2025-03-02", selfpay_prop="10%", chrgitm_lv="02")
    read = Line.from_record(record)
    assert (read.det_item_fee_sumamt, read.pric, read.cnt) == (9_625, 38_500_000, 25_000)
    assert (read.selfpay_prop, read.pric_uplmt_amt, read.chrgitm_lv) == (100_000, NOT_STATED, "02")
    assert read.fee_ocur_time == datetime.date(2025, 3, 2)
    short = Line.from_record(
        {name: record[name] for name in ("mdtrt_id", "feedetl_sn", "med_list_codg", "det_item_fee_sumamt")}
    )
    assert (short.cnt, short.pric, short.fee_ocur_time, short.init_feedetl_sn) == (10_000, NOT_STATED, None, "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"cnt": "0.00001"}, "cnt: count 0.00001 has more decimals"),
        ({"pric": "-1"}, "pric: unit price -1 is outside"),
        ({"pric": "0.0000001"}, "pric: unit price 0.0000001 has more decimals"),
        ({"selfpay_prop": "1.1"}, "selfpay_prop: rate 1.1 is outside"),
        ({"det_item_fee_sumamt": ""}, "a fee line needs det_item_fee_sumamt (明细项目费用总额)"),
        ({"feedetl_sn": ""}, "a fee line needs feedetl_sn"),
        ({"name": "aspirin"}, "a fee line has no field name; fields: mdtrt_id, feedetl_sn"),
    ],
)
def test_a_line_that_cannot_be_read(changes: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        Line.from_record({**line("M1", "L1", "XZ0001", "1", "1"), **changes})
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["det_item_fee_sumamt", "cnt", "pric", "selfpay_prop", "pric_uplmt_amt"])
@pytest.mark.parametrize("value", [1.0, "1", True, Decimal(1), None, 2**63])
def test_the_figures_of_a_line_are_ints(name: str, value: Any) -> None:
    good = Line.from_record(line("M1", "L1", "XZ0001", "1", "1"))
    with pytest.raises(InputError, match=f"line L1: {name} must be an int"):
        LineTable.of([attrs.evolve(good, **{name: value})])


def test_lines_as_columns() -> None:
    table = LineTable.of([Line.from_record(line("M1", f"L{at}", "XZ0001", "1", "1")) for at in range(3)])
    assert len(table) == 3
    assert table.fee_ocur_time.tolist() == [NO_DAY] * 3
    taken = table.take(np.array([2, 0]))
    assert taken.feedetl_sn.texts().tolist() == ["L2", "L0"]
    assert len(LineTable.of([])) == 0


# ---------------------------------------------------------------------------------------------------------- splitting

# item, price, count: over the ceiling, first pay, in scope, borne by the institution; worked by hand, in fen
WORKED = {
    "class A": ("XZ0001", "10", "3", (0, 0, 0, 3_000), 0),
    "class A at its ceiling": ("XZ0003", "12.5", "2", (0, 0, 0, 2_500), 0),
    "class A above its ceiling": ("XZ0003", "20", "2", (0, 1_500, 0, 2_500), 0),
    "class B": ("XZ0101", "10", "1", (0, 0, 100, 900), 0),
    "class B above its ceiling": ("XZ0102", "50", "2", (0, 2_300, 770, 6_930), 0),
    "class B, a tie of the first pay": ("XZ0101", "0.05", "1", (0, 0, 1, 4), 0),
    "a ceiling of six decimals": ("XZ0104", "200", "3", (0, 10_000, 10_000, 40_000), 0),
    "class C": ("XZ0901", "10", "1", (1_000, 0, 0, 0), 0),
    "excluded": ("N0001", "10", "1", (1_000, 0, 0, 0), 0),
    "a herbal piece gets the cut": ("T0001", "10", "1", (0, 0, 50, 950), 0),
    "a rate below the cut": ("T0003", "10", "1", (0, 0, 0, 1_000), 0),
    "a herbal piece not admitted": ("T0004", "10", "1", (1_000, 0, 0, 0), 0),
    "granules get the cut": ("TK0001", "10", "1", (0, 0, 150, 850), 0),
    "an ethnic drug gets none": ("MZ0001", "10", "1", (0, 0, 100, 900), 0),
    "a proprietary drug gets none": ("ZC0101", "10", "1", (0, 0, 100, 900), 0),
    "a TCM service gets it": ("ZF0002", "50", "1", (0, 500, 225, 4_275), 0),
    "a preparation": ("ZJ0001", "10", "1", (0, 0, 200, 800), 0),
    "a preparation not admitted": ("ZJ0002", "10", "1", (1_000, 0, 0, 0), 0),
    "a consumable above its ceiling": ("H0101", "1000", "1", (0, 23_000, 7_700, 69_300), 23_000),
    "a consumable of class A": ("H0001", "1", "10", (0, 300, 0, 700), 300),
    "a part of a piece": ("XZ0102", "77", "0.3333", (0, 1_283, 128, 1_155), 0),
}


@pytest.mark.parametrize("name", WORKED)
def test_items_of_the_pack_worked_by_hand(name: str) -> None:
    item, price, count, parts, borne = WORKED[name]
    done = split([line("M1", "L1", item, price, count)])
    assert done.faults == {}
    assert parts_of(done) == parts
    assert int(done.split.hosp_part_amt[0]) == borne
    assert sum(parts) == int(done.given.det_item_fee_sumamt[0])


def in_words(record: Record, items: CatalogueItemsTerms) -> dict[str, Any]:
    """A line of the catalogue as the oracle takes it."""
    listed = {item.med_list_codg: item for item in items.items}
    excluded = {entry.med_list_codg: entry.reason for entry in items.excluded}
    item = listed.get(record["med_list_codg"])
    allowed, _ = oracle.payable(
        {code: attrs.asdict(each) for code, each in listed.items()}, excluded, record["med_list_codg"]
    )
    flag = record.get("hosp_appr_flag", "")
    use = flag == "1" if record.get("lmt_used_flag") == "1" else flag != "2"
    kind = item.item_kind if item else "service"
    return {
        "amount": Decimal(record["det_item_fee_sumamt"]),
        "price": Decimal(record["pric"]),
        "count": Decimal(record["cnt"]),
        "limit": Decimal(item.pric_uplmt_amt) if item and item.pric_uplmt_amt else None,
        "covered": allowed and use,
        "chrgitm_lv": {"01": "class_a", "02": "class_b", "03": "class_c"}[item.chrgitm_lv if item else "03"],
        "selfpay_prop": Fraction(item.selfpay_prop, 1_000_000) if item else Fraction(0),
        "tcm": kind in CATALOGUE.tcm_cut_kinds,
        "group": ITEM_KINDS[kind],
    }


@given(st.randoms(use_true_random=False))
def test_lines_of_the_pack_are_split_as_the_oracle_splits_them(random: Random) -> None:
    bills = [visit(f"S{at}") for at in range(3)]
    records = [each for each in random_lines(random, bills, 1.0) if not each.get("init_feedetl_sn")]
    done = split(records)
    assert done.faults == {}
    for row, record in enumerate(records):
        expected = oracle.split_line(catalogue_in_words(CATALOGUE), in_words(record, ITEMS))
        names = (*PARTS, "hosp_part_amt")
        assert [int(getattr(done.split, name)[row]) for name in names] == [int(expected[name] * 100) for name in names]


def test_parts_are_summed_by_bill() -> None:
    records = [
        line("M1", "L1", "XZ0101", "10", "1"),
        line("M2", "L1", "XZ0901", "7", "1"),
        line("M1", "L2", "H0001", "1", "10"),
    ]
    done = split(records)
    assert done.sums(2, "det_item_fee_sumamt").tolist() == [2_000, 700]
    assert done.sums(2, "inscp_scp_amt").tolist() == [1_600, 0]
    assert done.sums(2, "hosp_part_amt").tolist() == [300, 0]
    assert done.sums(2, "fulamt_ownpay_amt").tolist() == [0, 700]
    assert done.sums(2, "inscp_scp_amt", np.array([2])).tolist() == [700, 0]
    assert done.bill.tolist() == [0, 1, 0]
    assert (done.ids.tolist(), done.items.tolist()) == (["L1", "L1", "L2"], ["XZ0101", "XZ0901", "H0001"])


def test_no_lines_at_all() -> None:
    done = split([])
    assert done.faults == {}
    assert done.sums(1, "inscp_scp_amt").tolist() == [0]


# ------------------------------------------------------------------------------------------------------------ refunds


def refund(of: Record, number: str, cnt: str, **changes: str) -> Record:
    return {
        **line(of["mdtrt_id"], number, of["med_list_codg"], of["pric"], cnt),
        "init_feedetl_sn": of["feedetl_sn"],
        **changes,
    }


TEN = line("M1", "L1", "XZ0102", "50", "10")


def test_a_refund_is_taken_off_its_line_before_the_split() -> None:
    for back in ([refund(TEN, "R1", "-4")], [refund(TEN, "R1", "-1"), refund(TEN, "R2", "-3")]):
        for records in ([TEN, *back], [*back, TEN]):
            done = split(records)
            assert done.faults == {}
            assert (
                parts_of(done) == parts_of(split([line("M1", "L1", "XZ0102", "50", "6")])) == (0, 6_900, 2_310, 20_790)
            )
            assert done.given.cnt.tolist() == [60_000]
            assert done.rows.tolist() == [records.index(TEN)]


def test_a_line_refunded_whole_is_worth_nothing() -> None:
    done = split([TEN, refund(TEN, "R1", "-10")])
    assert done.faults == {}
    assert parts_of(done) == (0, 0, 0, 0)


def test_a_refund_of_one_bill_does_not_touch_another() -> None:
    other = {**TEN, "mdtrt_id": "M2"}
    done = split([TEN, other, refund(other, "R1", "-10")])
    assert done.sums(2, "det_item_fee_sumamt").tolist() == [50_000, 0]


@pytest.mark.parametrize(
    ("records", "row", "reason", "message"),
    [
        (
            [TEN, refund(TEN, "R1", "-11")],
            0,
            "refund",
            "line L1 is net negative: more is refunded than was charged",
        ),
        (
            [TEN, refund(TEN, "R1", "-6"), refund(TEN, "R2", "-5")],
            0,
            "refund",
            "line L1 is net negative: more is refunded than was charged",
        ),
        (
            [TEN, refund(TEN, "R1", "-1", init_feedetl_sn="L9")],
            1,
            "refund",
            "line R1 refunds L9, which its bill lacks",
        ),
        (
            [TEN, refund(TEN, "R1", "-1", mdtrt_id="M2")],
            1,
            "refund",
            "line R1 refunds L1, which its bill lacks",
        ),
        (
            [TEN, refund(TEN, "R1", "-1"), refund(TEN, "R2", "-1", init_feedetl_sn="R1")],
            2,
            "refund",
            "line R2 refunds R1, which its bill lacks",
        ),
        (
            [TEN, refund({**TEN, "pric": "49"}, "R1", "-1")],
            1,
            "refund",
            "line R1 refunds L1 but has another item or price",
        ),
        (
            [TEN, refund({**TEN, "med_list_codg": "XZ0101"}, "R1", "-1")],
            1,
            "refund",
            "line R1 refunds L1 but has another item or price",
        ),
        (
            [TEN, refund(TEN, "R1", "-1", pric="")],
            1,
            "refund",
            "line R1 refunds L1 but has another item or price",
        ),
        (
            [TEN, refund(TEN, "R1", "1")],
            1,
            "refund",
            "line R1 refunds a line, so its amount and count must be negative",
        ),
        (
            [TEN, refund({**TEN, "pric": ""} | {"pric": "50"}, "R1", "-1", det_item_fee_sumamt="50.00")],
            1,
            "refund",
            "line R1 refunds a line, so its amount and count must be negative",
        ),
        (
            [line("M1", "L1", "XZ0001", "5", "-1")],
            0,
            "refund",
            "line L1 is negative and names no original line (init_feedetl_sn)",
        ),
        (
            [line("M1", "L1", "XZ0001", "5", "1", cnt="-1", pric="")],
            0,
            "refund",
            "line L1 is negative and names no original line (init_feedetl_sn)",
        ),
        ([TEN, TEN], 1, "lines", "line L1 stands twice in its bill"),
        ([TEN, {**refund(TEN, "L1", "-1")}], 1, "lines", "line L1 stands twice in its bill"),
    ],
)
def test_refunds_that_cannot_be_netted(records: list[Record], row: int, reason: str, message: str) -> None:
    assert only_fault(records, row) == (reason, message)


def test_one_id_in_two_bills_is_two_lines() -> None:
    assert split([TEN, {**TEN, "mdtrt_id": "M2"}]).faults == {}


def test_what_is_left_after_netting() -> None:
    lines = [TEN, line("M1", "L2", "XZ0001", "1", "1"), refund(TEN, "R1", "-4")]
    net = net_refunds(LineTable.of([Line.from_record(each) for each in lines]))
    assert net.rows.tolist() == [0, 1]
    assert net.lines.cnt.tolist() == [60_000, 10_000]
    assert net.lines.det_item_fee_sumamt.tolist() == [30_000, 100]
    assert net.faults == {}


# -------------------------------------------------------------------------------------------------- price and count


@pytest.mark.parametrize(
    ("pric", "cnt", "amount", "fits"),
    [
        ("1", "1", "1.00", True),
        ("1", "1", "1.01", False),
        ("0.005", "1", "0.01", True),
        ("0.005", "1", "0.00", False),
        ("0.004999", "1", "0.00", True),
        ("0.125", "1", "0.13", True),
        ("0.125", "1", "0.12", False),
        ("0.333333", "3", "1.00", True),
        ("12.345678", "2.5", "30.86", True),
        ("0", "5", "0.00", True),
        ("5", "0", "0.00", True),
        ("5", "0", "0.01", False),
        ("10000000", "1000", "10000000000.00", True),
        ("10000000", "1000.0001", "10000000000.00", False),
    ],
)
def test_the_amount_is_price_times_count_half_up_to_the_fen(pric: str, cnt: str, amount: str, fits: bool) -> None:
    record = {**line("M1", "L1", "XZ0001", "1", "1"), "pric": pric, "cnt": cnt, "det_item_fee_sumamt": amount}
    if fits:
        assert split([record]).faults == {}
    else:
        assert only_fault([record]) == ("amount", f"line L1: {amount} is not pric x cnt, half up to the fen")


def test_the_amount_of_a_refund_is_rounded_away_from_zero_too() -> None:
    of = line("M1", "L1", "XZ0001", "0.125", "3")
    good = refund(of, "R1", "-1")
    assert good["det_item_fee_sumamt"] == "-0.13"
    assert split([of, good]).faults == {}
    assert only_fault([of, {**good, "det_item_fee_sumamt": "-0.12"}])[0] == "amount"


def test_without_a_price_the_amount_is_taken_as_it_is() -> None:
    done = split([line("M1", "L1", "XZ0101", "1", "7", det_item_fee_sumamt="9.99", pric="")])
    assert done.faults == {}
    assert parts_of(done) == (0, 0, 100, 899)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"selfpay_prop": 1_000_001}, "line L1: selfpay_prop is outside what it can be"),
        ({"selfpay_prop": -2}, "line L1: selfpay_prop is outside what it can be"),
        ({"pric_uplmt_amt": 10**13 + 1}, "line L1: pric_uplmt_amt is outside what it can be"),
        ({"pric_uplmt_amt": -2}, "line L1: pric_uplmt_amt is outside what it can be"),
        ({"pric": 10**13 + 1}, "line L1: pric is outside what it can be"),
        ({"pric": -(2**63) + 1}, "line L1: pric is outside what it can be"),
        ({"pric": 2**63 - 1}, "line L1: pric is outside what it can be"),
        ({"det_item_fee_sumamt": 10**12 + 1}, "line L1: an amount or count is too large"),
        ({"cnt": 10**12 + 1}, "line L1: an amount or count is too large"),
    ],
)
def test_a_figure_that_no_line_can_have(changes: dict[str, Any], message: str) -> None:
    good = Line.from_record(line("M1", "L1", "XZ0101", "1", "1"))
    bad = LineTable.of([attrs.evolve(good, **changes), attrs.evolve(good, feedetl_sn="L2")])
    done = split_lines(bad, np.zeros(2, np.int64), [(CATALOGUE, ITEMS)], np.zeros(1, np.int64), "990000")
    assert {row: fault.message for row, fault in done.faults.items()} == {0: message}
    assert parts_of(done, 1) == (0, 0, 10, 90)


# -------------------------------------------------------------------------------------------- items and their classes


def test_an_item_that_nobody_knows() -> None:
    unknown = line("M1", "L1", "ZZ9999", "10", "1")
    says = ("lines", "line L1 has an item that the catalogue does not list, and states no chrgitm_lv")
    assert only_fault([unknown]) == says
    assert only_fault([unknown], items=None) == says


OWN = {"chrgitm_lv": "02", "selfpay_prop": "30%", "item_kind": "western_drug"}


def test_a_line_may_state_its_item_itself() -> None:
    for items in (ITEMS, None):
        done = split([line("M1", "L1", "ZZ9999", "10", "1", **OWN)], items=items)
        assert done.faults == {}
        assert parts_of(done) == (0, 0, 300, 700)
    limited = split([line("M1", "L1", "ZZ9999", "10", "1", **OWN, pric_uplmt_amt="6")])
    assert parts_of(limited) == (0, 400, 180, 420)
    class_a = split([line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, "chrgitm_lv": "01"})])
    assert parts_of(class_a) == (0, 0, 0, 1_000)
    class_c = split([line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, "chrgitm_lv": "03"})])
    assert parts_of(class_c) == (1_000, 0, 0, 0)
    tcm = split([line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, "item_kind": "tcm_service"})])
    assert parts_of(tcm) == (0, 0, 250, 750)
    consumable = split(
        [line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, "item_kind": "consumable"}, pric_uplmt_amt="6")]
    )
    assert int(consumable.split.hosp_part_amt[0]) == 400


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"selfpay_prop": ""}, ("lines", "line L1 is class B and states no selfpay_prop")),
        ({"item_kind": ""}, ("lines", "line L1 states chrgitm_lv but no item_kind")),
        ({"item_kind": "potion"}, ("code", "line L1: item_kind has no code 'potion'")),
        ({"chrgitm_lv": "04"}, ("code", "line L1: chrgitm_lv has no code '04' in region 990000")),
        ({"chrgitm_lv": "2"}, ("code", "line L1: chrgitm_lv has no code '2' in region 990000")),
        ({"pric_uplmt_amt": "6", "pric": ""}, ("lines", "line L1 has a price ceiling but states no pric")),
        ({"lmt_used_flag": "2"}, ("code", "line L1: lmt_used_flag has no code '2'")),
        ({"hosp_appr_flag": "3"}, ("code", "line L1: hosp_appr_flag has no code '3'")),
        ({"hosp_appr_flag": "yes"}, ("code", "line L1: hosp_appr_flag has no code 'yes'")),
    ],
)
def test_a_line_that_states_its_item_states_it_whole(changes: dict[str, str], says: tuple[str, str]) -> None:
    reason, message = only_fault([line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, **changes})])
    assert (reason, message[: len(says[1])]) == says


def test_a_rate_of_nothing_is_a_rate_that_is_stated() -> None:
    done = split([line("M1", "L1", "ZZ9999", "10", "1", **{**OWN, "selfpay_prop": "0%"})])
    assert parts_of(done) == (0, 0, 0, 1_000)


def test_a_ceiling_of_nothing_is_a_ceiling() -> None:
    done = split([line("M1", "L1", "XZ0001", "10", "1", pric_uplmt_amt="0")])
    assert parts_of(done) == (0, 1_000, 0, 0)


def test_what_a_line_states_stands_before_what_the_catalogue_says() -> None:
    stated_rate = split([line("M1", "L1", "XZ0101", "10", "1", selfpay_prop="25%")])
    assert parts_of(stated_rate) == (0, 0, 250, 750)
    stated_ceiling = split([line("M1", "L1", "XZ0102", "50", "1", pric_uplmt_amt="45")])
    assert parts_of(stated_ceiling) == (0, 500, 450, 4_050)
    stated_class = split([line("M1", "L1", "XZ0102", "50", "1", chrgitm_lv="01")])
    assert parts_of(stated_class) == (0, 1_150, 0, 3_850)  # the ceiling is still the item's


def test_what_a_line_does_not_state_is_its_items() -> None:
    class_alone = split([line("M1", "L1", "XZ0102", "50", "1", chrgitm_lv="02")])
    assert parts_of(class_alone) == parts_of(split([line("M1", "L1", "XZ0102", "50", "1")])) == (0, 1_150, 385, 3_465)


def test_a_first_pay_rate_of_another_class_is_none() -> None:
    says = "line L1 is class B and states no selfpay_prop"
    assert only_fault([line("M1", "L1", "XZ0001", "10", "1", chrgitm_lv="02")]) == ("lines", says)


def test_a_stated_class_does_not_make_payable_what_the_policy_excludes() -> None:
    for item in ("N0001", "XZ0901", "T0004", "ZJ0002"):
        done = split([line("M1", "L1", item, "10", "1", **{**OWN, "chrgitm_lv": "01"})])
        assert parts_of(done) == (1_000, 0, 0, 0)


@pytest.mark.parametrize(
    ("restricted", "approval", "covered"),
    [
        *(("", "", 1), ("", "0", 1), ("", "1", 1), ("", "2", 0)),
        *(("0", "", 1), ("0", "0", 1), ("0", "1", 1), ("0", "2", 0)),
        *(("1", "", 0), ("1", "0", 0), ("1", "1", 1), ("1", "2", 0)),
    ],
)
def test_restricted_items_count_only_when_approved(restricted: str, approval: str, covered: int) -> None:
    done = split([line("M1", "L1", "XZ0101", "10", "1", lmt_used_flag=restricted, hosp_appr_flag=approval)])
    assert done.faults == {}
    assert parts_of(done) == ((0, 0, 100, 900) if covered else (1_000, 0, 0, 0))


def test_a_fault_of_one_line_leaves_the_others() -> None:
    done = split([line("M1", "L1", "ZZ9999", "10", "1"), line("M2", "L1", "XZ0101", "10", "1")])
    assert list(done.faults) == [0]
    assert parts_of(done, 1) == (0, 0, 100, 900)


def test_the_first_fault_of_a_line_stands() -> None:
    record = line("M1", "L1", "ZZ9999", "10", "1", det_item_fee_sumamt="11.00", hosp_appr_flag="9")
    assert only_fault([record])[1] == "line L1: 11.00 is not pric x cnt, half up to the fen"


def test_versions_of_the_catalogue_side_by_side() -> None:
    other = attrs.evolve(CATALOGUE, tcm_cut=0)
    records = [line(f"M{at}", "L1", "T0001", "10", "1") for at in range(2)]
    done = split_lines(
        LineTable.of([Line.from_record(each) for each in records]),
        np.array([0, 1]),
        [(CATALOGUE, ITEMS), (other, ITEMS)],
        np.array([1, 0]),
        "990000",
    )
    assert [parts_of(done, row) for row in (0, 1)] == [(0, 0, 100, 900), (0, 0, 50, 950)]
