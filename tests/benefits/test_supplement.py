"""Supplements: civil servants, enterprises, mutual aid, commercial and rare-disease cover."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.benefits.supplement import Supplement, SupplementTerms, covers, settle
from mipolicy.errors import CodeError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind
from tests.batch import overlay, stay, visit
from tests.ladders import NONE, case_in_words, cases, layer_terms_in_words, rows_of, sizes, supplement_terms
from tests.oracles import ladder as oracle
from tests.strategies import agrees, as_columns, as_traced

many = settings(max_examples=100, deadline=None)
drawn = supplement_terms().flatmap(lambda terms: st.tuples(st.just(terms), cases(terms)))
POLICY = mipolicy.load("assumed")

# above 15,000 a year 70%, at most 100,000 a year
COVER = SupplementTerms(15_000_00, "year", 700_000, 100_000_00, (), ())


def case(base: int, before: int = 0, paid: int = 0) -> LayerCase[int]:
    return LayerCase(base, before, paid, 0)


# ---------------------------------------------------------------------------- one body: ints, columns, traces, oracle


@many
@given(st.data())
def test_ints_columns_traces_and_the_oracle_agree(data: st.DataObject) -> None:
    terms = data.draw(supplement_terms())
    rows = data.draw(st.lists(cases(terms), min_size=1, max_size=5))
    words = layer_terms_in_words(terms)
    together = rows_of(settle(terms, as_columns(rows)), len(rows))
    for row, of_column in zip(rows, together, strict=True):
        alone = attrs.asdict(settle(terms, row))
        assert of_column == alone
        assert attrs.asdict(settle(terms, as_traced(row))) == alone
        agrees(alone, oracle.supplement(words, case_in_words(row)))


def test_an_empty_table_gives_an_empty_outcome() -> None:
    assert settle(COVER, LayerCase(*[np.zeros(0, np.int64)] * 4)).pay.tolist() == []


# --------------------------------------------------------------------------------------------------------------- laws


@many
@given(drawn)
def test_it_pays_at_least_nothing_and_stays_within_its_limits(drawn: tuple[SupplementTerms, LayerCase[int]]) -> None:
    terms, given_case = drawn
    found = settle(terms, given_case)
    assert 0 <= found.pay <= found.payable <= given_case.base
    if terms.ceiling != NONE:
        assert found.pay + given_case.paid_before <= max(terms.ceiling, given_case.paid_before)


@many
@given(drawn, st.one_of(st.integers(0, 20), sizes))
def test_more_cost_never_pays_less_and_never_more_than_the_more(
    drawn: tuple[SupplementTerms, LayerCase[int]], more: int
) -> None:
    terms, given_case = drawn
    paid = settle(terms, given_case).pay
    assert paid <= settle(terms, attrs.evolve(given_case, base=given_case.base + more)).pay <= paid + more


@many
@given(drawn, st.integers(0, len(HARDSHIP.members) - 1))
def test_the_class_of_hardship_changes_nothing(drawn: tuple[SupplementTerms, LayerCase[int]], hardship: int) -> None:
    terms, given_case = drawn
    assert settle(terms, given_case) == settle(terms, attrs.evolve(given_case, hardship=hardship))


@many
@given(drawn)
def test_a_deductible_of_the_bill_is_taken_from_each_bill(drawn: tuple[SupplementTerms, LayerCase[int]]) -> None:
    terms, given_case = drawn
    of_bill = settle(attrs.evolve(terms, deductible_scope="bill"), given_case)
    of_year = settle(attrs.evolve(terms, deductible_scope="year"), given_case)
    assert of_bill.deductible_left == terms.deductible
    assert of_bill.pay <= of_year.pay


# ------------------------------------------------------------------------------------------------------------- worked


def test_b53_every_step_of_a_bill() -> None:
    """天津 2021 三(三) 商业健康保险: 5,000 are left of the deductible; 70% of 55,000; 30,000 of the limit."""
    assert settle(COVER, case(60_000_00, 10_000_00, 70_000_00)) == Supplement(
        deductible_left=5_000_00,
        payable=55_000_00,
        before_limits=38_500_00,
        ceiling_left=30_000_00,
        pay=30_000_00,
    )


def test_b54_mutual_aid_by_the_bill() -> None:
    """天津 2021 三(三) 医疗互助: 20% of what is left above 1,000 of each bill, at most 500 a year."""
    terms = SupplementTerms(1_000_00, "bill", 200_000, 500_00, (), ())
    pays = [settle(terms, case(2_500_00, 2_500_00 * at, 300_00 * at)).pay for at in range(3)]
    assert pays == [300_00, 200_00, 0]


@pytest.mark.parametrize(("base", "pay"), [(0, 0), (15_000_00, 0), (15_000_01, 1), (15_000_05, 4), (15_000_15, 11)])
def test_to_the_fen(base: int, pay: int) -> None:
    """0.7 is 1; 3.5 is 4; 10.5 is 11."""
    assert settle(COVER, case(base)).pay == pay


# ------------------------------------------------------------------------------------------------------- rare diseases

RARE = SupplementTerms(10_000_00, "year", 600_000, 300_000_00, ("E75.200", "E76.100"), ("XZ0106",))


@pytest.mark.parametrize(
    ("disease", "drug", "expected"),
    [
        ("E75.200", "XZ0106", True),
        ("E76.100", "XZ0106", True),
        ("E75.200", "XZ0107", False),
        ("E75.200", "", False),
        ("E75.201", "XZ0106", False),
        ("", "XZ0106", False),
    ],
)
def test_b41_diseases_and_drugs_covered(disease: str, drug: str, expected: bool) -> None:
    """天津 2021 三(四) 罕见病用药保障机制: a drug of the list, for a disease of the list."""
    assert covers(RARE, dise_codg=disease, med_list_codg=drug) == expected


def test_b41_what_a_cover_does_not_name_it_does_not_limit() -> None:
    assert covers(COVER, dise_codg="", med_list_codg="")
    assert covers(attrs.evolve(RARE, drugs=()), dise_codg="E75.200")
    assert not covers(attrs.evolve(RARE, drugs=()), dise_codg="I10.x00")
    assert covers(attrs.evolve(RARE, diseases=()), dise_codg="I10.x00", med_list_codg="XZ0106")


def of_a_rare_drug(**changes: str) -> mipolicy.Settlement:
    """100,000 of a drug at a listed pharmacy, half of it wholly self-paid."""
    record = visit(
        fen=150_000_00,
        med_type="18",
        medins_kind="pharmacy",
        fixmedins_code="P99000000301",
        inscp_scp_amt="100000.00",
        fulamt_ownpay_amt="50000.00",
        opsp_begndate="2025-01-01",
        **{"dise_codg": "E75.200", "rare_drug_flag": "1", **changes},
    )
    return mipolicy.settle(POLICY, mipolicy.Bill.from_record(record))


def test_b41_a_rare_disease_drug_through_its_layer() -> None:
    """75% of 100,000; 25,000 and 50,000 are left, above 10,000 60% of them."""
    done = of_a_rare_drug()
    assert (done.setlinfo.hifp_pay, done.setlinfo.oth_pay) == (75_000_00, 39_000_00)
    climbed = done.parts[0].settled.paid.climb
    assert climbed is not None
    assert (climbed.left.copayment, climbed.left.self_paid) == (0, 36_000_00)


@pytest.mark.parametrize("changes", [{"dise_codg": "I10.x00"}, {"rare_drug_flag": "0"}, {"rare_drug_flag": ""}])
def test_b41_another_disease_or_drug_is_not_paid(changes: dict[str, str]) -> None:
    assert of_a_rare_drug(**changes).setlinfo.oth_pay == 0


# --------------------------------------------------------------------------------------------- plans and civil servants


def of_a_stay(policy: mipolicy.Policy = POLICY, **changes: str) -> mipolicy.Settlement:
    """A stay at a tertiary hospital: 900 of deductible, 85% of 19,100, 5,000 paid first."""
    record = stay(fen=25_000_00, hosp_lv="01", inscp_scp_amt="20000.00", preselfpay_amt="5000.00", **changes)
    return mipolicy.settle(policy, mipolicy.Bill.from_record(record))


def test_only_civil_servants_have_their_supplement() -> None:
    # 2,865 and 900 and 5,000 are left; 80% above 500
    assert of_a_stay(cvlserv_flag="1").setlinfo.cvlserv_pay == 6_612_00
    assert of_a_stay(cvlserv_flag="0").setlinfo.cvlserv_pay == of_a_stay().setlinfo.cvlserv_pay == 0


@pytest.mark.parametrize(
    ("plans", "hifes_pay", "outside"),
    [
        ("", 0, {"mutual_aid": 0, "commercial": 0}),
        # 2,865 and 5,000, above 1,000 half
        ("enterprise", 3_432_50, {"mutual_aid": 0, "commercial": 0}),
        ("mutual_aid", 0, {"mutual_aid": 1_573_00, "commercial": 0}),
        ("mutual_aid;enterprise", 3_432_50, {"mutual_aid": 886_50, "commercial": 0}),
        ("enterprises;mutual", 0, {"mutual_aid": 0, "commercial": 0}),
    ],
)
def test_b54_a_plan_pays_for_those_who_are_in_it(plans: str, hifes_pay: int, outside: dict[str, int]) -> None:
    done = of_a_stay(plans=plans)
    assert done.setlinfo.hifes_pay == hifes_pay
    assert done.outside == outside
    assert done.psn_net_pay == done.setlinfo.psn_part_amt - sum(outside.values())


def test_what_is_wrong_with_a_product_is_said() -> None:
    with pytest.raises(mipolicy.PolicyError) as caught:
        overlay("""
        [[sections.commercial.employee]]
        version = "2024"
        source = { document = "change", clause = "product" }
        deductible_scope = "month"
        rate = "170%"
        """)
    text = str(caught.value)
    assert "deductible_scope: takes one of bill, year, not 'month'" in text
    assert "commercial.employee" in text
    assert "rate" in text


# ------------------------------------------------------------------------------------------------------------- frames


def test_a_bill_of_another_flag_is_refused() -> None:
    with pytest.raises(CodeError) as caught:
        of_a_stay(cvlserv_flag="yes")
    assert str(caught.value) == "cvlserv_flag takes '0' or '1', not 'yes'"


def test_what_each_term_holds() -> None:
    assert {each.name: each.metadata["kind"] for each in attrs.fields(SupplementTerms)} == {
        "deductible": FigureKind("fen"),
        "deductible_scope": ChoiceKind(("bill", "year")),
        "rate": FigureKind("rate"),
        "ceiling": FigureKind("fen"),
        "diseases": CodesKind(),
        "drugs": CodesKind(),
    }
    assert all(
        each.metadata["zh"] and each.metadata["en"] for of in (SupplementTerms, Supplement) for each in attrs.fields(of)
    )
