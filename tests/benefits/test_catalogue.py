"""The split of fee lines and the lists behind it: one body against the oracle; laws; worked examples."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mipolicy.benefits.catalogue import (
    CLASS,
    GROUP,
    ITEM_KINDS,
    AdmissionTerms,
    Candidate,
    CatalogueItem,
    CatalogueItemsTerms,
    CatalogueTerms,
    Excluded,
    FeeLine,
    LineSplit,
    Payable,
    Removal,
    RemovalTerms,
    admit,
    payable,
    removal,
    split_line,
)
from mipolicy.errors import AmountError, InputError, Problem
from mipolicy.money import quantity, unit_price, yuan
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    DateKind,
    FigureKind,
    FlagKind,
    Kind,
    RecordsKind,
    Section,
    TextKind,
    choice_table,
    kind_of,
)
from mipolicy.tables import Table
from tests.oracles import catalogue as oracle
from tests.strategies import (
    MILLION,
    amounts,
    as_columns,
    as_rows,
    as_traced,
    catalogue_in_words,
    catalogue_terms,
    fee_lines,
    fee_lines_table,
    line_in_words,
    rates,
)

many = settings(max_examples=100, deadline=None)
cases: SearchStrategy[tuple[CatalogueTerms, FeeLine[int]]] = catalogue_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), fee_lines(terms))
)

POINTS = CatalogueTerms(
    order="over_limit_first",
    excess_payer=Table.same(0, GROUP),
    tcm_cut=50_000,
    tcm_cut_mode="points",
    tcm_cut_kinds=("tcm_service", "ethnic_service", "herbal_piece"),
)
RELATIVE = attrs.evolve(POINTS, tcm_cut_mode="relative")
OTHER_ORDER = attrs.evolve(POINTS, order="first_pay_first")


def line(
    amount: str,
    chrgitm_lv: str = "class_b",
    *,
    prop: int = 100_000,
    price: str = "0",
    count: str = "1",
    limit: str | None = None,
    tcm: int = 0,
    covered: int = 1,
    group: str = "drug",
) -> FeeLine[int]:
    """A fee line as people write it."""
    return FeeLine(
        det_item_fee_sumamt=yuan(amount),
        pric=unit_price(price),
        cnt=quantity(count),
        pric_uplmt_amt=unit_price(limit or "0"),
        limited=int(limit is not None),
        covered=covered,
        chrgitm_lv=CLASS.position(chrgitm_lv),
        selfpay_prop=prop,
        tcm=tcm,
        group=GROUP.position(group),
    )


def agrees_with_the_oracle(
    terms: CatalogueTerms, words: dict[str, Any], row: FeeLine[int], found: dict[str, int]
) -> None:
    expected = oracle.split_line(words, line_in_words(row))
    in_words = {name: _in_words(name, value) for name, value in found.items()}
    assert list(in_words.items()) == list(expected.items())


def _in_words(name: str, value: int) -> Any:
    if name in ("item_rate", "first_pay_rate"):
        return Fraction(value, MILLION)
    return value if name == "in_catalogue" else Decimal(value).scaleb(-2)


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(catalogue_terms())
    rows = data.draw(st.lists(fee_lines(terms), min_size=1, max_size=6))
    words = catalogue_in_words(terms)
    batch = as_rows(split_line(terms, as_columns(rows)))
    for row, found in zip(rows, batch, strict=True):
        one = split_line(terms, row)
        assert attrs.asdict(one) == found
        assert split_line(terms, as_traced(row)) == one
        agrees_with_the_oracle(terms, words, row, found)


@pytest.mark.parametrize("order", ["over_limit_first", "first_pay_first"])
@pytest.mark.parametrize(("mode", "cut"), [("points", 50_000), ("relative", 50_000), ("relative", 33_333)])
def test_a_large_table_row_by_row(order: str, mode: str, cut: int) -> None:
    terms = CatalogueTerms(
        order=order,
        excess_payer=Table((GROUP,), (0, 1, 0)),
        tcm_cut=cut,
        tcm_cut_mode=mode,
        tcm_cut_kinds=("tcm_service",),
    )
    rows = 100_000
    table = fee_lines_table(rows, seed=cut)
    found = split_line(terms, table)
    for field in attrs.fields(LineSplit):
        assert getattr(found, field.name).shape == (rows,)
    parts = found.fulamt_ownpay_amt + found.overlmt_amt + found.preselfpay_amt + found.inscp_scp_amt
    assert np.array_equal(parts, table.det_item_fee_sumamt)
    given_rows, found_rows = as_rows(table)[:4_000], as_rows(found)[:4_000]
    words = catalogue_in_words(terms)
    first_pay_ties = over_limit_ties = 0
    for at, (row, result) in enumerate(zip(given_rows, found_rows, strict=True)):
        one = FeeLine(**row)
        assert attrs.asdict(split_line(terms, one)) == result
        base = result["preselfpay_amt"] + result["inscp_scp_amt"] + (order == "first_pay_first") * result["overlmt_amt"]
        first_pay_ties += base * result["first_pay_rate"] % MILLION == MILLION // 2
        over_limit_ties += max(0, one.pric - one.pric_uplmt_amt) * one.cnt % 10**8 == 5 * 10**7
        if at < 1_000:
            agrees_with_the_oracle(terms, words, one, result)
    assert first_pay_ties > 100  # the table is worth its size
    assert over_limit_ties > 50


def test_an_empty_table_gives_an_empty_outcome() -> None:
    empty = FeeLine(**{field.name: np.empty(0, np.int64) for field in attrs.fields(FeeLine)})
    assert as_rows(split_line(POINTS, empty)) == []


# ------------------------------------------------------------------------------------------------------------- laws


def parts(split: LineSplit[int]) -> tuple[int, int, int, int]:
    return split.fulamt_ownpay_amt, split.overlmt_amt, split.preselfpay_amt, split.inscp_scp_amt


@many
@given(cases)
def test_the_parts_sum_to_the_line(case: tuple[CatalogueTerms, FeeLine[int]]) -> None:
    terms, one = case
    split = split_line(terms, one)
    assert sum(parts(split)) == one.det_item_fee_sumamt
    assert min(parts(split)) >= 0
    assert split.hosp_part_amt in (0, split.overlmt_amt)
    assert 0 <= split.first_pay_rate <= MILLION


@many
@given(cases, st.one_of(st.sampled_from((1, 5, 10, 20)), amounts))
def test_a_dearer_line_lowers_no_part(case: tuple[CatalogueTerms, FeeLine[int]], more: int) -> None:
    """With price, count and ceiling as they are, every part of a line rises with its amount, rounding included."""
    terms, one = case
    low = split_line(terms, one)
    high = split_line(terms, attrs.evolve(one, det_item_fee_sumamt=one.det_item_fee_sumamt + more))
    assert all(small <= large for small, large in zip(parts(low), parts(high), strict=True))


@many
@given(cases, st.integers(0, 10**8))
def test_a_higher_price_ceiling_never_lowers_what_is_in_scope(
    case: tuple[CatalogueTerms, FeeLine[int]], more: int
) -> None:
    terms, one = case
    low = split_line(terms, one)
    high = split_line(terms, attrs.evolve(one, pric_uplmt_amt=one.pric_uplmt_amt + more))
    free = split_line(terms, attrs.evolve(one, limited=0))
    assert low.inscp_scp_amt <= high.inscp_scp_amt <= free.inscp_scp_amt
    assert low.overlmt_amt >= high.overlmt_amt >= free.overlmt_amt == 0


@many
@given(cases)
def test_the_tcm_cut_never_costs_the_patient_more(case: tuple[CatalogueTerms, FeeLine[int]]) -> None:
    terms, one = case
    plain = split_line(terms, attrs.evolve(one, tcm=0))
    cut = split_line(terms, attrs.evolve(one, tcm=1))
    assert cut.first_pay_rate <= plain.first_pay_rate
    assert cut.preselfpay_amt <= plain.preselfpay_amt
    assert cut.inscp_scp_amt >= plain.inscp_scp_amt


@many
@given(cases)
def test_without_a_price_ceiling_or_a_first_pay_rate_the_order_is_the_same(
    case: tuple[CatalogueTerms, FeeLine[int]],
) -> None:
    terms, one = case
    orders = [attrs.evolve(terms, order=order) for order in ("over_limit_first", "first_pay_first")]
    for same in (attrs.evolve(one, limited=0), attrs.evolve(one, selfpay_prop=0)):
        assert split_line(orders[0], same) == split_line(orders[1], same)


@many
@given(cases)
def test_what_is_not_covered_is_wholly_self_paid(case: tuple[CatalogueTerms, FeeLine[int]]) -> None:
    terms, one = case
    whole = self_paid(one.det_item_fee_sumamt)
    assert split_line(terms, attrs.evolve(one, covered=0)) == whole
    assert split_line(terms, attrs.evolve(one, chrgitm_lv=CLASS.position("class_c"))) == whole


# --------------------------------------------------------------------------------------- worked examples, by the rule


def self_paid(amount: int) -> LineSplit[int]:
    """A line outside the catalogue: wholly the patient's."""
    return LineSplit(0, 0, amount, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("terms", "tcm", "rate", "first_pay", "in_scope"),
    [
        (POINTS, 0, 100_000, 100_00, 900_00),
        (POINTS, 1, 50_000, 50_00, 950_00),
        (RELATIVE, 0, 100_000, 100_00, 900_00),
        (RELATIVE, 1, 95_000, 95_00, 905_00),
    ],
)
def test_b06_a01_1000_yuan_at_10_percent(
    terms: CatalogueTerms, tcm: int, rate: int, first_pay: int, in_scope: int
) -> None:
    """常德 2023 一(三) 「该项目(药品)降低5%的自付比例」: 100 yuan become 50 in points, or 95 as a share of the rate."""
    assert split_line(terms, line("1000.00", tcm=tcm)) == LineSplit(
        1, 1_000_00, 0, 100_000, rate, 0, first_pay, in_scope, 0
    )


@pytest.mark.parametrize(
    ("prop", "mode", "rate", "first_pay"),
    [
        (30_000, "points", 0, 0),  # A03: not below 0
        (50_000, "points", 0, 0),
        (50_001, "points", 1, 0),  # 0.1 fen
        (1_000_000, "points", 950_000, 950_00),
        (30_000, "relative", 28_500, 28_50),
        (0, "relative", 0, 0),
        (1_000_000, "relative", 950_000, 950_00),
        (10, "relative", 10, 1),  # 9.5 millionths: half up
        (30, "relative", 29, 3),  # 28.5 millionths; 2.9 fen
    ],
)
def test_b06_a03_floor_and_relative_cut(prop: int, mode: str, rate: int, first_pay: int) -> None:
    split = split_line(attrs.evolve(POINTS, tcm_cut_mode=mode), line("1000.00", prop=prop, tcm=1))
    assert (split.first_pay_rate, split.preselfpay_amt) == (rate, first_pay)


@pytest.mark.parametrize(
    ("chrgitm_lv", "covered", "tcm", "expected"),
    [
        ("class_a", 1, 0, LineSplit(1, 1_000_00, 0, 0, 0, 0, 0, 1_000_00, 0)),
        ("class_a", 1, 1, LineSplit(1, 1_000_00, 0, 0, 0, 0, 0, 1_000_00, 0)),
        ("class_b", 1, 0, LineSplit(1, 1_000_00, 0, 100_000, 100_000, 0, 100_00, 900_00, 0)),
        ("class_b", 0, 0, self_paid(1_000_00)),
        ("class_b", 0, 1, self_paid(1_000_00)),
        ("class_c", 1, 0, self_paid(1_000_00)),
        ("class_c", 1, 1, self_paid(1_000_00)),
    ],
)
@pytest.mark.parametrize("terms", [POINTS, RELATIVE, OTHER_ORDER])
def test_classes_a_b_and_c(
    chrgitm_lv: str, covered: int, tcm: int, expected: LineSplit[int], terms: CatalogueTerms
) -> None:
    """formulas.md section 1: 甲类 rate 0; 丙类 all self-paid.  Only class B is cut (B06 「乙类支付管理」)."""
    assert split_line(terms, line("1000.00", chrgitm_lv, covered=covered, tcm=tcm)) == expected


def test_class_c_has_no_over_limit_share() -> None:
    one = line("1000.00", "class_c", price="1000", limit="600", group="consumable")
    assert split_line(attrs.evolve(POINTS, excess_payer=Table.same(1, GROUP)), one) == self_paid(1_000_00)


@pytest.mark.parametrize(
    ("amount", "first_pay"),
    [("0.05", 1), ("0.04", 0), ("0.15", 2), ("0.14", 1), ("123.45", 12_35), ("123.44", 12_34), ("0", 0)],
)
def test_the_first_pay_share_is_rounded_half_up(amount: str, first_pay: int) -> None:
    split = split_line(POINTS, line(amount))
    assert (split.preselfpay_amt, split.inscp_scp_amt) == (first_pay, yuan(amount) - first_pay)


@pytest.mark.parametrize(
    ("price", "count", "limit", "amount", "over", "first_pay", "in_scope"),
    [
        # 2.345678 x 3.5 = 8.209873; 43.21 - 8.21 = 35.00
        ("12.345678", "3.5", "10", "43.21", 8_21, 3_50, 31_50),
        # 1.00 x 0.1250 = 0.125, half a fen
        ("11", "0.1250", "10", "1.38", 13, 13, 1_12),
        # 1.00 x 0.1249 = 0.1249
        ("11", "0.1249", "10", "1.37", 12, 13, 1_12),
        # 0.000001 x 5,000 = 0.005, half a fen
        ("10.000001", "5000", "10", "50000.01", 1, 5_000_00, 45_000_00),
        ("10.000001", "4999.9999", "10", "50000.00", 0, 5_000_00, 45_000_00),
        # at the ceiling, and one step either side
        ("10", "2", "10", "20.00", 0, 2_00, 18_00),
        ("9.99", "2", "10", "19.98", 0, 2_00, 17_98),
        ("10.01", "2", "10", "20.02", 2, 2_00, 18_00),
        # a ceiling of nothing
        ("10", "2", "0", "20.00", 20_00, 0, 0),
        # the line was discounted below its price: never more than the line
        ("10", "2", "1", "5.00", 5_00, 0, 0),
        ("10", "2", "1", "18.00", 18_00, 0, 0),
        ("10", "2", "1", "18.01", 18_00, 0, 1),
        # no price ceiling
        ("10", "2", None, "20.00", 0, 2_00, 18_00),
        # one box of a dear drug
        ("999999.99", "1", "123456.78", "999999.99", 876_543_21, 12_345_68, 111_111_10),
    ],
)
@pytest.mark.parametrize("group", ["drug", "consumable", "service"])
def test_b39_b40_price_ceilings(
    price: str,
    count: str,
    limit: str | None,
    amount: str,
    over: int,
    first_pay: int,
    in_scope: int,
    group: str,
) -> None:
    """天津 2021 三(四) 「建立健全醫保藥品支付標準」, 「探索制定醫用耗材的醫保支付標準」.

    Class B at 10%; borne by the patient, by the institution, or by the institution for the other groups only.
    """
    one = line(amount, price=price, count=count, limit=limit, group=group)
    expected = LineSplit(1, yuan(amount), 0, 100_000, 100_000, over, first_pay, in_scope, 0)
    assert split_line(POINTS, one) == expected
    by_institution = attrs.evolve(POINTS, excess_payer=Table((GROUP,), tuple(int(group == g) for g in GROUP.members)))
    assert split_line(by_institution, one) == attrs.evolve(expected, hosp_part_amt=over)
    other = attrs.evolve(POINTS, excess_payer=Table((GROUP,), tuple(int(group != g) for g in GROUP.members)))
    assert split_line(other, one) == expected


@pytest.mark.parametrize(
    ("terms", "limit", "over", "first_pay", "in_scope"),
    [
        (POINTS, "600", 400_00, 60_00, 540_00),
        (OTHER_ORDER, "600", 400_00, 100_00, 500_00),
        (POINTS, "50", 950_00, 5_00, 45_00),
        (OTHER_ORDER, "50", 900_00, 100_00, 0),  # what is left after the first-pay share bounds the over-limit share
        (OTHER_ORDER, "100", 900_00, 100_00, 0),
        (OTHER_ORDER, "100.01", 899_99, 100_00, 1),
    ],
)
def test_a08_either_order(terms: CatalogueTerms, limit: str, over: int, first_pay: int, in_scope: int) -> None:
    """Reading A08, 「a pack may state the other order」: 1,000 yuan at 10% over a ceiling."""
    one = line("1000.00", price="1000", limit=limit)
    assert split_line(terms, one) == LineSplit(1, 1_000_00, 0, 100_000, 100_000, over, first_pay, in_scope, 0)


def test_an_unlimited_line_ignores_whatever_stands_for_its_ceiling() -> None:
    """Prices and counts at the end of what is taken: no ceiling applies, so none is multiplied out."""
    dearest = FeeLine(10**11, 10**13, 10**12, 0, 0, 1, CLASS.position("class_b"), 100_000, 0, 0)
    one = split_line(POINTS, dearest)
    assert one == LineSplit(1, 10**11, 0, 100_000, 100_000, 0, 10**10, 9 * 10**10, 0)
    assert as_rows(split_line(POINTS, as_columns([dearest]))) == [attrs.asdict(one)]


ITEMS = CatalogueItemsTerms(
    items=(
        CatalogueItem("XN0001", "二甲双胍", "western_drug", "01"),
        CatalogueItem("XN0002", "某乙类药", "western_drug", "02", selfpay_prop=100_000),
        CatalogueItem("XN0003", "某丙类药", "western_drug", "03"),
        CatalogueItem("YJ0001", "院内制剂甲", "hospital_preparation", "02", selfpay_prop=200_000, approved=1),
        CatalogueItem("YJ0002", "院内制剂乙", "hospital_preparation", "02", selfpay_prop=200_000, approved=0),
        CatalogueItem("YJ0003", "院内制剂丙", "hospital_preparation", "03", approved=0),
        CatalogueItem("YP0001", "黄芪", "herbal_piece", "01"),
        CatalogueItem("YP0002", "某饮片", "herbal_piece", "01", approved=0),
        CatalogueItem("HC0001", "人工晶体", "consumable", "02", selfpay_prop=0, pric_uplmt_amt="1234.567891"),
        CatalogueItem("XN0009", "未准入西药", "western_drug", "01", approved=0),
    ),
    excluded=(Excluded("XN0002", "辅助用药"), Excluded("ZZ0001", "美容")),
)


@pytest.mark.parametrize(
    ("code", "pays", "reason"),
    [
        ("XN0001", True, "on the payable list"),
        ("XN0002", False, "excluded: 辅助用药"),  # on both lists: not paid
        ("ZZ0001", False, "excluded: 美容"),
        ("XN0003", False, "class C: wholly self-paid"),
        ("XN9999", False, "not on the payable list"),
        ("xn0001", False, "not on the payable list"),
        ("YJ0001", True, "on the payable list"),
        ("YJ0002", False, "hospital_preparation not admitted to payment"),
        ("YJ0003", False, "hospital_preparation not admitted to payment"),
        ("YP0001", True, "on the payable list"),
        ("YP0002", False, "herbal_piece not admitted to payment"),
        ("HC0001", True, "on the payable list"),
        ("HC0002", False, "not on the payable list"),
        ("XN0009", True, "on the payable list"),  # only preparations and herbal pieces need admission
    ],
)
def test_b21_b38_b55_payable_and_why(code: str, pays: bool, reason: str) -> None:
    """天津 2021 三(一) 「不予支付的范圍」; 三(四) 「符合條件的醫療機構制劑、中藥飲片」, 「醫用耗材目錄」."""
    assert payable(ITEMS, code) == Payable(pays, reason)
    items = {item.med_list_codg: attrs.asdict(item) for item in ITEMS.items}
    excluded = {entry.med_list_codg: entry.reason for entry in ITEMS.excluded}
    assert oracle.payable(items, excluded, code) == (pays, reason)


@given(
    st.sets(st.sampled_from("ABCDEF")),
    st.sets(st.sampled_from("ABCDEF")),
    st.sampled_from(tuple(ITEM_KINDS)),
    st.sampled_from(("01", "02", "03")),
    st.sampled_from((0, 1)),
    st.sampled_from("ABCDEF"),
)
def test_b21_as_the_oracle(
    listed: set[str], excluded: set[str], item_kind: str, chrgitm_lv: str, approved: int, code: str
) -> None:
    terms = CatalogueItemsTerms(
        items=tuple(CatalogueItem(each, each, item_kind, chrgitm_lv, 0, "", approved) for each in sorted(listed)),
        excluded=tuple(Excluded(each, f"why {each}") for each in sorted(excluded)),
    )
    found = payable(terms, code)
    items = {item.med_list_codg: attrs.asdict(item) for item in terms.items}
    assert (found.payable, found.reason) == oracle.payable(items, {each: f"why {each}" for each in excluded}, code)


def test_first_pay_rates_that_need_not_be_stated() -> None:
    """Class A and C have none; class B states its own, 0 included, so that nothing is guessed."""
    assert [item.selfpay_prop for item in ITEMS.items] == [0, 100_000, 0, 200_000, 200_000, 0, 0, 0, 0, 0]


def test_entries_as_a_file_states_them() -> None:
    """Every mistake of the list at once, with its path; what stands is kept to the letter."""
    kind = kind_of(CatalogueItemsTerms, "items")
    section = Section("catalogue_items", CatalogueItemsTerms)
    right = {
        "med_list_codg": "HC1",
        "name": "支架",
        "item_kind": "consumable",
        "chrgitm_lv": "02",
        "selfpay_prop": "10%",
    }
    problems: list[Problem] = []
    found = kind.read([{**right, "pric_uplmt_amt": "645.123456"}], section, "items", problems)
    assert problems == []
    assert found == {"": (CatalogueItem("HC1", "支架", "consumable", "02", 100_000, "645.123456"),)}
    assert kind.read(kind.text(found[""]), section, "items", problems) == found
    assert kind.read([{**right, "pric_uplmt_amt": ""}], section, "items", problems) == {
        "": (CatalogueItem("HC1", "支架", "consumable", "02", 100_000),)
    }
    wrong = [
        {**right, "pric_uplmt_amt": "645,12"},
        {**right, "med_list_codg": "HC2", "pric_uplmt_amt": "-1"},
        {**right, "med_list_codg": "HC3", "pric_uplmt_amt": "0.0000001"},
        {**right, "med_list_codg": "HC4", "pric_uplmt_amt": "10000000.000001"},
        {**right, "med_list_codg": "HC5", "pric_uplmt_amt": 12},
    ]
    assert problems == []
    assert kind.read(wrong, section, "items", problems) == {}
    assert problems == [
        Problem("items[0].pric_uplmt_amt", "unit price takes a plain decimal figure such as '12.30', not '645,12'"),
        Problem("items[1].pric_uplmt_amt", "unit price -1 is outside 0 to 10,000,000 yuan"),
        Problem(
            "items[2].pric_uplmt_amt",
            "unit price 0.0000001 has more decimals than can be kept: the smallest step is 0.000001",
        ),
        Problem("items[3].pric_uplmt_amt", "unit price 10000000.000001 is outside 0 to 10,000,000 yuan"),
        Problem("items[4].pric_uplmt_amt", "takes text, not 12; codes are strings and keep their leading zeros"),
    ]
    assert kind_of(CatalogueItem, "pric_uplmt_amt").needs() == "a price in yuan, as text, up to six decimals"


END_OF_2022 = RemovalTerms(remove_by=datetime.date(2022, 12, 31))


@pytest.mark.parametrize(
    ("local", "national", "on", "expected"),
    [
        ("ABCD", "CD", (2022, 12, 31), Removal(("A", "B"), Fraction(0), False)),  # the deadline itself is in time
        ("ABCD", "CD", (2023, 1, 1), Removal(("A", "B"), Fraction(0), True)),
        ("BCD", "CD", (2023, 1, 1), Removal(("B",), Fraction(1, 2), True)),
        ("BCD", "CD", (2022, 6, 30), Removal(("B",), Fraction(1, 2), False)),
        ("CD", "CD", (2023, 1, 1), Removal((), Fraction(1), False)),
        ("D", "CD", (2023, 1, 1), Removal((), Fraction(1), False)),
        ("BCDX", "CD", (2023, 1, 1), Removal(("B", "X"), Fraction(1, 2), True)),  # taken in since: to remove, not due
        ("ABCD", "ABCD", (2023, 1, 1), Removal((), None, False)),  # nothing was due
        ("ABCDX", "ABCD", (2023, 1, 1), Removal(("X",), None, True)),
        ("DCBA", "D", (2022, 12, 30), Removal(("A", "B", "C"), Fraction(0), False)),
        ("DC", "D", (2022, 12, 30), Removal(("C",), Fraction(2, 3), False)),
    ],
)
def test_b37_drugs_outside_the_national_list(
    local: str, national: str, on: tuple[int, int, int], expected: Removal
) -> None:
    """天津 2021 三(四) 「2022年底前…非國家醫保藥品目錄品種全部調出」; the local list began with A, B, C, D."""
    found = removal(END_OF_2022, at_start="ABCD", local=local, national=national, on=datetime.date(*on))
    assert found == expected


codes: SearchStrategy[list[str]] = st.lists(st.sampled_from("ABCDEFGH"))


@given(codes, codes, codes, st.dates(datetime.date(2022, 12, 29), datetime.date(2023, 1, 2)))
def test_b37_as_the_oracle(at_start: list[str], local: list[str], national: list[str], on: datetime.date) -> None:
    found = removal(END_OF_2022, at_start=at_start, local=local, national=national, on=on)
    left, progress = oracle.removal(at_start, local, national)
    assert (list(found.left), found.progress) == (left, progress)
    assert found.overdue is (left != [] and on.year == 2023)


ADMISSION = AdmissionTerms(minimum_effect_ratio=9_500, maximum_cost_ratio=8_000)


@pytest.mark.parametrize(
    ("effect", "cost", "expected"),
    [
        (Fraction(95, 100), 800_00, Candidate(True, True, True)),  # both limits themselves are met
        (Fraction(94_999, 100_000), 800_00, Candidate(False, False, True)),
        (Fraction(95, 100), 800_01, Candidate(False, True, False)),
        (Fraction(94, 100), 801_00, Candidate(False, False, False)),
        (Fraction(2), 0, Candidate(True, True, True)),
        (Fraction(0), 1, Candidate(False, False, True)),
        (Fraction(-1), 1, Candidate(False, False, True)),
    ],
)
def test_b42_effect_and_cost_against_the_comparator(effect: Fraction, cost: int, expected: Candidate) -> None:
    """天津 2021 三(四) 「支持有療效和成本優勢的中醫醫療服務項目納入」; limits made up: effect ≥ 0.95, cost ≤ 0.8."""
    found = admit(ADMISSION, effect=effect, comparator_effect=Fraction(1), cost=cost, comparator_cost=1_000_00)
    assert found == expected


def test_b42_ratios_are_exact() -> None:
    """Thirds, and whole numbers of patients: 57 against 60 is 0.95 exactly, which no binary fraction is."""
    found = admit(ADMISSION, effect=Fraction(57), comparator_effect=Fraction(60), cost=266_67, comparator_cost=333_33)
    assert found == Candidate(False, True, False)  # 266.67 / 333.33 = 0.80002...
    third = attrs.evolve(ADMISSION, minimum_effect_ratio=10_000)
    assert admit(
        third, effect=Fraction(1, 3), comparator_effect=Fraction(1, 3), cost=1, comparator_cost=2
    ) == Candidate(True, True, True)


@given(
    st.fractions(-2, 2, max_denominator=100),
    st.fractions(Fraction(1, 100), 2, max_denominator=100),
    amounts,
    amounts,
    st.integers(0, 20_000),
    st.integers(0, 20_000),
)
def test_b42_multiplied_out(effect: Fraction, other: Fraction, cost: int, base: int, least: int, most: int) -> None:
    found = admit(
        AdmissionTerms(least, most), effect=effect, comparator_effect=other, cost=cost, comparator_cost=base + 1
    )
    effect_met = effect * 10_000 >= other * least
    cost_met = cost * 10_000 <= (base + 1) * most
    assert found == Candidate(effect_met and cost_met, effect_met, cost_met)


# ---------------------------------------------------------------------------------------------- messages and the room


def _admit(effect: Any = Fraction(1), comparator_effect: Any = Fraction(1), cost: int = 1, base: int = 1) -> Candidate:
    return admit(ADMISSION, effect=effect, comparator_effect=comparator_effect, cost=cost, comparator_cost=base)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: _admit(comparator_effect=Fraction(0)),
            InputError,
            "the comparator's effect and cost must be positive",
        ),
        (lambda: _admit(base=0), InputError, "the comparator's effect and cost must be positive"),
        (lambda: _admit(base=-1), InputError, "the comparator's effect and cost must be positive"),
        (lambda: _admit(cost=-1), InputError, "the item's cost must not be negative, got -1"),
        (lambda: _admit(effect=0.95), TypeError, "both arguments should be Rational instances"),
        (
            lambda: CatalogueItemsTerms(
                (
                    CatalogueItem("XN1", "甲", "western_drug", "02"),
                    CatalogueItem("XN2", "乙", "western_drug", "02", selfpay_prop=0),
                    CatalogueItem("XN3", "丙", "western_drug", "02"),
                ),
                (),
            ),
            InputError,
            "class B entries state their selfpay_prop, 0 included; missing for XN1, XN3",
        ),
        (
            lambda: split_line(POINTS, attrs.evolve(line("1.00"), group=3)),
            AmountError,
            "lookup: code 3 is outside group (0 to 2)",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
    assert type(caught.value) is error


def test_the_kinds_of_items() -> None:
    """A03: which kinds there are to choose from, and the group of each."""
    assert ITEM_KINDS == {
        "western_drug": "drug",
        "proprietary_chinese_drug": "drug",
        "herbal_piece": "drug",
        "herbal_granule": "drug",
        "ethnic_drug": "drug",
        "hospital_preparation": "drug",
        "tcm_service": "service",
        "ethnic_service": "service",
        "service": "service",
        "consumable": "consumable",
    }
    assert CLASS.members == ("class_a", "class_b", "class_c")
    assert GROUP.members == ("drug", "consumable", "service")
    assert all(len(axis.members) == len(axis.zh) == len(axis.en) for axis in (CLASS, GROUP))


def test_units_and_labels_of_the_room() -> None:
    units = {field.name: field.metadata["unit"] for each in (FeeLine, LineSplit) for field in attrs.fields(each)}
    assert units == {
        "det_item_fee_sumamt": "fen",
        "pric": "price",
        "cnt": "quantity",
        "pric_uplmt_amt": "price",
        "limited": "flag",
        "covered": "flag",
        "chrgitm_lv": CLASS,
        "selfpay_prop": "rate",
        "tcm": "flag",
        "group": GROUP,
        "in_catalogue": "flag",
        "payable_amt": "fen",
        "fulamt_ownpay_amt": "fen",
        "item_rate": "rate",
        "first_pay_rate": "rate",
        "overlmt_amt": "fen",
        "preselfpay_amt": "fen",
        "inscp_scp_amt": "fen",
        "hosp_part_amt": "fen",
    }
    for terms in (CatalogueTerms, CatalogueItem, Excluded, CatalogueItemsTerms, RemovalTerms, AdmissionTerms):
        for field in attrs.fields(terms):
            assert field.metadata["zh"]
            assert field.metadata["en"]


@pytest.mark.parametrize(
    ("terms", "name", "kind"),
    [
        (CatalogueTerms, "order", ChoiceKind(("over_limit_first", "first_pay_first"))),
        (CatalogueTerms, "excess_payer", choice_table(("patient", "institution"), GROUP, zh=("参保人", "医疗机构"))),
        (CatalogueTerms, "tcm_cut", FigureKind("rate")),
        (CatalogueTerms, "tcm_cut_mode", ChoiceKind(("points", "relative"))),
        (CatalogueTerms, "tcm_cut_kinds", CodesKind(tuple(ITEM_KINDS))),
        (CatalogueItem, "med_list_codg", TextKind()),
        (CatalogueItem, "name", TextKind()),
        (CatalogueItem, "item_kind", ChoiceKind(tuple(ITEM_KINDS))),
        (CatalogueItem, "chrgitm_lv", ChoiceKind(("01", "02", "03"))),
        (CatalogueItem, "selfpay_prop", FigureKind("rate")),
        (CatalogueItem, "approved", FlagKind()),
        (Excluded, "med_list_codg", TextKind()),
        (Excluded, "reason", TextKind()),
        (CatalogueItemsTerms, "items", RecordsKind(CatalogueItem, "med_list_codg")),
        (CatalogueItemsTerms, "excluded", RecordsKind(Excluded, "med_list_codg")),
        (RemovalTerms, "remove_by", DateKind()),
        (AdmissionTerms, "minimum_effect_ratio", FigureKind("factor")),
        (AdmissionTerms, "maximum_cost_ratio", FigureKind("factor")),
    ],
)
def test_what_each_term_holds(terms: type[Any], name: str, kind: Kind) -> None:
    assert kind_of(terms, name) == kind


def test_only_entries_of_lists_have_defaults() -> None:
    for terms in (CatalogueTerms, Excluded, CatalogueItemsTerms, RemovalTerms, AdmissionTerms):
        assert all(field.default is attrs.NOTHING for field in attrs.fields(terms))
    stated = [field.name for field in attrs.fields(CatalogueItem) if field.default is attrs.NOTHING]
    assert stated == ["med_list_codg", "name", "item_kind", "chrgitm_lv"]


@given(rates)
def test_the_oracle_s_relative_cut_is_the_rate_kept_to_six_decimals(rate: int) -> None:
    """The cut rate is within half a millionth of the exact one, so that it is the published figure that multiplies."""
    found = split_line(RELATIVE, line("1000.00", prop=rate, tcm=1)).first_pay_rate
    assert abs(Fraction(found) - Fraction(rate) * 95 / 100) <= Fraction(1, 2)
