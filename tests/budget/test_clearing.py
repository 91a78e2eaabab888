"""Clearing a budget's year: scores, deposits, what is refused, the balance, fraud; by eye and against an oracle."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy.budget.advance import BalancedYear, balance
from mipolicy.budget.clearing import (
    AccountOfBudget,
    BudgetClearingTerms,
    ClearedBudget,
    Defrauded,
    FraudRecovery,
    FraudRecoveryTerms,
    ScoreBand,
    Scored,
    Scores,
    clear_budget,
    recover_fraud,
    score,
)
from mipolicy.errors import InputError
from mipolicy.payment.clearing import ClearingTerms
from tests.oracles import budget_clearing as oracle
from tests.payment.shared import check_labels, check_refused, cited
from tests.strategies import MILLION, as_columns, as_rows, as_traced

MARK = 10_000
YUAN = 100
ON = date(2025, 12, 31)
PACK = mipolicy.load("assumed")
TERMS = BudgetClearingTerms(
    quality_bands=(ScoreBand(0, 9_700), ScoreBand(60 * MARK, 9_900), ScoreBand(85 * MARK, 10_000)),
    internal_bands=(ScoreBand(0, 9_950), ScoreBand(70 * MARK, 10_100)),
    band_side="at_or_above",
    tolerance=100_00,
)
DEPOSITS: ClearingTerms = PACK.build("payment_clearing", PACK.version("payment_clearing", ON))
ACCOUNT = AccountOfBudget(1_000_000_00, 30_000_00, 5_000_00, 2_000_00, 900_000_00)


def account(**changes: int) -> AccountOfBudget[int]:
    return attrs.evolve(ACCOUNT, **changes)


# ---- by eye ----------------------------------------------------------------------------------------------------------


def test_s04_s40_the_balance_is_what_is_owed_less_refused_and_advanced() -> None:
    cleared = clear_budget(None, None, ACCOUNT)
    assert cleared.entitlement == 1_030_000_00
    assert cleared.clearing == cleared.paid == 128_000_00
    assert (cleared.recovered, cleared.carried_forward) == (0, 0)
    assert cleared.cleared_amount == 1_035_000_00
    assert (cleared.by_institution, cleared.by_treasury, cleared.by_fund) == (7_000_00, 30_000_00, 998_000_00)


def test_s40_what_was_advanced_too_much_is_recovered_or_carried_forward() -> None:
    beyond = account(advanced=1_100_000_00, prepayment_left=10_00, carried_in=1_00)
    plain = clear_budget(None, None, beyond)
    assert (plain.clearing, plain.recovered, plain.carried_forward) == (-72_011_00, 72_011_00, 0)
    terms = attrs.evolve(DEPOSITS, deposit_rate=0)
    carried = clear_budget(None, terms, beyond)
    assert (carried.clearing, carried.recovered, carried.carried_forward) == (-72_011_00, 0, 72_011_00)
    exact = clear_budget(None, None, account(advanced=1_028_000_00))
    assert (exact.clearing, exact.paid, exact.recovered) == (0, 0, 0)


def test_b51_paid_first_and_cleared_afterwards() -> None:
    for audited, advanced, paid, recovered in ((100, 90, 10, 0), (90, 100, 0, 10), (90, 90, 0, 0)):
        plain = clear_budget(None, None, AccountOfBudget(audited, 0, 0, 0, advanced))
        assert (plain.paid, plain.recovered) == (paid, recovered)
        assert attrs.astuple(balance(BalancedYear(audited, advanced))) == (paid, recovered)


def test_p22_care_quality_makes_a_factor_on_the_fund_s_part() -> None:
    fund = 1_000_000_00
    for mark, factor in ((0, 9_700), (60 * MARK - 1, 9_700), (60 * MARK, 9_900), (85 * MARK, 10_000)):
        found = score(attrs.evolve(TERMS, internal_bands=()), Scores(fund, mark, 0))
        assert found.quality_factor == factor
        assert found.fund_due == fund * factor // 10_000
        assert (found.raised, found.lowered) == (0, fund - found.fund_due)
    above = attrs.evolve(TERMS, internal_bands=(), band_side="above")
    assert score(above, Scores(fund, 60 * MARK, 0)).quality_factor == 9_700


def test_p22_the_assessment_releases_the_deposit() -> None:
    found = clear_budget(None, DEPOSITS, account(assessment=65 * MARK))
    assert (found.deposit, found.returned_rate, found.forfeited) == (45_000_00, 500_000, 22_500_00)
    assert found.clearing == 128_000_00 - 22_500_00
    assert found.by_institution == 7_000_00 + 22_500_00
    assert clear_budget(None, DEPOSITS, account(assessment=90 * MARK)).forfeited == 0


def test_p25_the_internal_appraisal_adjusts_payment_and_both_factors_multiply() -> None:
    alone = attrs.evolve(TERMS, quality_bands=())
    assert score(alone, Scores(1_000_00, 0, 70 * MARK)) == Scored(10_000, 10_100, 1_010_00, 10_00, 0)
    assert score(alone, Scores(1_000_00, 0, 70 * MARK - 1)) == Scored(10_000, 9_950, 995_00, 0, 5_00)
    both = score(TERMS, Scores(1_000_00, 60 * MARK, 70 * MARK))
    assert both.fund_due == 999_90  # 0.99 x 1.01, rounded once
    cleared = clear_budget(TERMS, None, account(quality_mark=85 * MARK, internal_mark=70 * MARK))
    assert (cleared.raised, cleared.cleared_amount) == (10_000_00, 1_045_000_00)


def test_m28_all_of_the_defrauded_cost_is_recovered() -> None:
    whole, half = FraudRecoveryTerms(MILLION), FraudRecoveryTerms(500_000)
    assert recover_fraud(whole, Defrauded(12_345_67, 2_000_00)) == FraudRecovery(12_345_67, 10_345_67)
    assert recover_fraud(half, Defrauded(1, 0)) == FraudRecovery(1, 1)
    pack = mipolicy.load("shangyu-2013", allow_repealed=True)
    assert pack.versions["fraud_recovery"][0].stated("rate") == MILLION


# ---- against the oracle ----------------------------------------------------------------------------------------------

fen = st.one_of(st.integers(0, 50), st.integers(0, 10**11))
marks = st.one_of(
    st.sampled_from([0, 60 * MARK - 1, 60 * MARK, 70 * MARK, 85 * MARK, 100 * MARK]), st.integers(0, 10**6)
)


@st.composite
def accounts(draw: st.DrawFn) -> AccountOfBudget[int]:
    names = [each.name for each in attrs.fields(AccountOfBudget)]
    figures = {name: draw(marks if "mark" in name or name == "assessment" else fen) for name in names}
    figures["refused"] = figures["refused"] % (figures["fund"] // 2 + 1)
    figures["advanced"] = figures["advanced"] % (figures["fund"] + 1)
    return AccountOfBudget(**figures)


def literal(of: AccountOfBudget[int], side: str, *, held: bool) -> dict[str, int]:
    edges = {
        "quality_mark": [(0, "0.97"), (60, "0.99"), (85, "1")],
        "internal_mark": [(0, "0.995"), (70, "1.01")],
        "assessment": [(0, "0"), (60, "0.5"), (80, "0.8"), (90, "1")],
    }
    found = {
        name: oracle.of_mark(
            [(Fraction(edge), Fraction(figure)) for edge, figure in bands],
            "at_or_above" if name == "assessment" else side,
            Fraction(getattr(of, name), MARK),
        )
        for name, bands in edges.items()
    }
    return oracle.clear(
        (of.institution, of.treasury, of.fund),
        attrs.asdict(of),
        [found["quality_mark"], found["internal_mark"]],
        (Fraction(1, 20), "months_paid", found["assessment"]) if held else None,
        "recovered",
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(accounts(), min_size=1, max_size=6), st.sampled_from(["above", "at_or_above"]), st.booleans())
def test_one_account_and_columns_agree_with_the_oracle(rows: list[AccountOfBudget[int]], side: str, held: bool) -> None:
    terms = attrs.evolve(TERMS, band_side=side)
    deposits = attrs.evolve(DEPOSITS, negative_balance="recovered") if held else None
    rows = rows if held else [attrs.evolve(row, redistributed=0) for row in rows]
    columns = as_rows(clear_budget(terms, deposits, as_columns(rows)))
    for row, column in zip(rows, columns, strict=True):
        cleared = clear_budget(terms, deposits, row)
        assert attrs.asdict(cleared) == column
        expected = literal(row, side, held=held)
        assert {name: column[name] for name in expected} == expected
        payers = cleared.by_institution + cleared.by_treasury + cleared.by_fund
        assert payers == cleared.cleared_amount
        assert attrs.asdict(cleared) == {
            name: int(figure) for name, figure in attrs.asdict(clear_budget(terms, deposits, as_traced(row))).items()
        }


@settings(max_examples=100, deadline=None)
@given(accounts(), st.integers(0, 10**6))
def test_a_better_mark_never_costs_an_institution(row: AccountOfBudget[int], more: int) -> None:
    for name in ("quality_mark", "internal_mark", "assessment"):
        better = attrs.evolve(row, **{name: min(100 * MARK, getattr(row, name) + more)})
        before, after = (clear_budget(TERMS, DEPOSITS, each) for each in (row, better))
        assert after.clearing >= before.clearing
        assert after.by_institution <= before.by_institution


def test_explained_steps_cite_their_clauses() -> None:
    version = PACK.version("budget_clearing", ON)
    traced: Any = PACK.traced("budget_clearing", version)
    found = score(traced, as_traced(Scores(1_000_00, 50 * MARK, 50 * MARK)))
    assert set(cited(found, "quality_factor", "internal_factor").values()) == {"budget-2024 第十条 年度清算"}


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_more_refused_than_the_fund_owes_is_an_error() -> None:
    check_refused(
        lambda: clear_budget(None, None, account(refused=1_000_000_01)),
        InputError,
        "100000001 fen are refused and forfeited, more than the fund owes; correct refused_amt",
    )
    columns = as_columns([ACCOUNT, account(refused=1_000_000_01)])
    with pytest.raises(InputError, match=r"^row 1: "):
        clear_budget(None, None, columns)
    assert clear_budget(None, None, account(refused=1_000_000_00)).by_fund == 0


def test_nothing_is_given_out_of_deposits_where_none_is_withheld() -> None:
    check_refused(
        lambda: clear_budget(None, None, account(redistributed=1)),
        InputError,
        "redistributed is 1 fen, but no deposit is withheld; leave it 0",
    )


@pytest.mark.parametrize("name", ["quality_mark", "internal_mark", "assessment"])
def test_marks_are_0_to_100(name: str) -> None:
    with pytest.raises(InputError, match=rf"AccountOfBudget\.{name}: 1000001 is outside 0 to 1000000"):
        clear_budget(TERMS, DEPOSITS, account(**{name: 100 * MARK + 1}))


def test_more_recovered_than_is_due_is_an_error() -> None:
    check_refused(
        lambda: recover_fraud(FraudRecoveryTerms(MILLION), Defrauded(1_00, 1_01)),
        InputError,
        "recovered is 101 fen, more than is due; correct whichever is wrong",
    )


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        (((1, 1),), "the first of quality_bands must begin at 0: every mark has a factor"),
        (((0, 2), (5, 1)), "quality_bands must ascend, and a better mark never has a lower factor"),
        (((0, 1), (0, 2)), "quality_bands must ascend, and a better mark never has a lower factor"),
        (((0, 1), (100 * MARK + 1, 2)), "quality_bands: marks are 0 to 100"),
        (((0, 20_001),), "quality_bands: a factor is at most 2; 98% is written 0.98"),
    ],
)
def test_terms_that_no_document_can_mean(bands: tuple[tuple[int, int], ...], message: str) -> None:
    wrong = tuple(ScoreBand(*band) for band in bands)
    check_refused(lambda: attrs.evolve(TERMS, quality_bands=wrong), InputError, message)


def test_labels() -> None:
    check_labels(BudgetClearingTerms, ScoreBand, FraudRecoveryTerms)
    check_labels(AccountOfBudget, ClearedBudget, Scores, Scored, Defrauded, FraudRecovery)
