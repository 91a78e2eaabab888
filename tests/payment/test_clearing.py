"""Clearing: against the oracle; bands of the assessment; forfeits; balances; the statement; differences; messages."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.payment.clearing import (
    STEPS,
    Account,
    AssessmentBand,
    Balance,
    Change,
    Cleared,
    ClearingTerms,
    Deposit,
    balance,
    clear_year,
    difference,
    withhold,
)
from tests.oracles import month_and_year as oracle
from tests.payment.shared import check_labels, check_refused
from tests.strategies import MILLION

many = settings(max_examples=100, deadline=None)
ONE = 10_000
STEPPED = tuple(
    AssessmentBand(mark * ONE, rate) for mark, rate in ((0, 0), (60, 500_000), (80, 800_000), (90, MILLION))
)

# 5% of what was paid in months, given back by bands; forfeits go to the best; a minus is carried forward.
BANDED = ClearingTerms(
    deposit_rate=50_000,
    deposit_base="months_paid",
    assessment="bands",
    bands=STEPPED,
    band_side="at_or_above",
    full_from=0,
    lost_per_mark=0,
    forfeits_to="redistributed",
    negative_balance="carried_forward",
)
# 3% of the entitlement, 1% lost for every mark below 95; forfeits stay in the fund; a minus is recovered.
LINEAR = attrs.evolve(
    BANDED,
    deposit_rate=30_000,
    deposit_base="entitlement",
    assessment="linear",
    bands=(),
    full_from=95 * ONE,
    lost_per_mark=10_000,
    forfeits_to="fund",
    negative_balance="recovered",
)
PLAIN = Account(
    fixmedins_code="H1",
    pool="employee",
    entitlement=1_000_000_00,
    sharing=20_000_00,
    refused=5_000_00,
    months_paid=900_000_00,
    prepayment_left=30_000_00,
    carried_in=1_000_00,
    assessment=85 * ONE,
)


def account(code: str = "H1", **changes: Any) -> Account:
    return attrs.evolve(PLAIN, fixmedins_code=code, **changes)


@st.composite
def clearing_terms(draw: DrawFn) -> ClearingTerms:
    base = draw(st.sampled_from((BANDED, LINEAR)))
    return attrs.evolve(
        base,
        deposit_rate=draw(st.sampled_from((0, 12_345, 30_000, 50_000))),
        deposit_base=draw(st.sampled_from(("entitlement", "months_paid"))),
        band_side=draw(st.sampled_from(("at_or_above", "above"))),
        forfeits_to=draw(st.sampled_from(("fund", "redistributed"))),
        negative_balance=draw(st.sampled_from(("recovered", "carried_forward"))),
        lost_per_mark=draw(st.sampled_from((5_000, 10_000, 33_333))) if base is LINEAR else 0,
    )


@st.composite
def accounts(draw: DrawFn) -> list[Account]:
    amount = st.one_of(st.integers(0, 1_000), st.integers(0, 10**10))
    mark = st.one_of(
        st.sampled_from([mark * ONE + step for mark in (60, 80, 90, 95) for step in (-1, 0, 1)]),
        st.integers(0, 100).map(lambda whole: whole * ONE),
    )
    codes = draw(st.lists(st.sampled_from(["H1", "H2", "H3", "H4"]), unique=True, max_size=4))
    return [
        Account(
            fixmedins_code=code,
            pool="employee",
            entitlement=draw(amount),
            sharing=draw(amount) - draw(amount),
            refused=draw(amount),
            months_paid=draw(st.one_of(amount, st.just(-5))),
            prepayment_left=draw(amount),
            carried_in=draw(amount),
            assessment=draw(mark),
        )
        for code in codes
    ]


def words_of(terms: ClearingTerms) -> dict[str, Any]:
    linear = terms.assessment == "linear"
    return {
        "deposit_rate": Fraction(terms.deposit_rate, MILLION),
        "deposit_base": terms.deposit_base,
        "linear": (Fraction(terms.full_from, ONE), Fraction(terms.lost_per_mark, MILLION)) if linear else None,
        "bands": [(Fraction(band.from_mark, ONE), Fraction(band.returned, MILLION)) for band in terms.bands],
        "band_side": terms.band_side,
        "redistributed": terms.forfeits_to == "redistributed",
    }


def in_words(one: Account) -> dict[str, Any]:
    return {**attrs.asdict(one), "code": one.fixmedins_code, "mark": Fraction(one.assessment, ONE)}


@many
@given(clearing_terms(), accounts())
def test_the_oracle_agrees(terms: ClearingTerms, given_accounts: list[Account]) -> None:
    found = clear_year(terms, given_accounts)
    wanted = oracle.clear(words_of(terms), [in_words(each) for each in given_accounts])
    names = ("deposit", "forfeited", "clearing")
    assert [{name: getattr(line, name) for name in names} for line in found.lines] == wanted


@many
@given(clearing_terms(), accounts())
def test_the_statement_closes_to_the_fen(terms: ClearingTerms, given_accounts: list[Account]) -> None:
    found = clear_year(terms, given_accounts)
    assert found == clear_year(terms, given_accounts[::-1])
    for line in (*found.lines, None):
        row = attrs.asdict(line) if line else dict(found.totals)
        due = row["entitlement"] + row["sharing"] - row["refused"] - row["months_paid"]
        due += row["redistributed"] - row["forfeited"] - row["prepayment_left"] - row["carried_in"]
        assert row["clearing"] == due == row["paid"] - row["recovered"] - row["carried_forward"]
        assert 0 <= row["forfeited"] <= row["deposit"]
    totals = found.totals
    assert {name: sum(getattr(line, name) for line in found.lines) for name in STEPS} == totals
    assert found.to_fund == totals["forfeited"] - totals["redistributed"]
    if terms.forfeits_to == "fund":
        assert totals["redistributed"] == 0
    elif any(line.returned_rate == MILLION and line.deposit for line in found.lines):
        assert found.to_fund == 0


@many
@given(clearing_terms(), st.lists(st.integers(0, 100 * ONE), min_size=1, max_size=6), st.integers(-10, 10**11))
def test_one_body_for_ints_and_columns(terms: ClearingTerms, marks: list[int], base: int) -> None:
    column = np.array(marks, np.int64)
    bases = np.full(column.shape, base, np.int64)
    batch, balances = withhold(terms, bases, bases, column), balance(terms, bases - column)
    better = sorted(marks)
    for at, mark in enumerate(marks):
        one = withhold(terms, base, base, mark)
        assert one == Deposit(int(batch.deposit[at]), int(batch.returned_rate[at]), int(batch.forfeited[at]))
        assert balance(terms, base - mark) == Balance(
            *(int(getattr(balances, name)[at]) for name in ("clearing", "paid", "recovered", "carried_forward"))
        )
    lost = [withhold(terms, base, base, mark).forfeited for mark in better]
    assert lost == sorted(lost, reverse=True)  # a better result never loses more


# ---- worked examples -------------------------------------------------------------------------------------------------


def test_every_step_by_bands() -> None:
    """5% of 900,000 is 45,000; at 85 marks 80% comes back, 9,000 is forfeited, and nobody is at full assessment."""
    found = clear_year(BANDED, [PLAIN])
    assert found.lines == (
        Cleared(
            fixmedins_code="H1",
            pool="employee",
            entitlement=1_000_000_00,
            sharing=20_000_00,
            refused=5_000_00,
            months_paid=900_000_00,
            prepayment_left=30_000_00,
            carried_in=1_000_00,
            assessment=85 * ONE,
            deposit=45_000_00,
            returned_rate=800_000,
            forfeited=9_000_00,
            redistributed=0,
            clearing=75_000_00,
            paid=75_000_00,
            recovered=0,
            carried_forward=0,
        ),
    )
    assert found.to_fund == 9_000_00


def test_every_step_linear() -> None:
    """3% of 1,000,000 is 30,000; ten marks below 95 lose 10%: 3,000."""
    (line,) = clear_year(LINEAR, [PLAIN]).lines
    assert (line.deposit, line.returned_rate, line.forfeited, line.clearing) == (
        30_000_00,
        900_000,
        3_000_00,
        81_000_00,
    )


@pytest.mark.parametrize(
    ("side", "mark", "rate"),
    [
        ("at_or_above", 60 * ONE - 1, 0),
        ("at_or_above", 60 * ONE, 500_000),
        ("above", 60 * ONE, 0),
        ("above", 60 * ONE + 1, 500_000),
        ("at_or_above", 90 * ONE - 1, 800_000),
        ("at_or_above", 90 * ONE, MILLION),
        ("above", 90 * ONE, 800_000),
        ("above", 90 * ONE + 1, MILLION),
        ("above", 0, 0),
        ("above", 100 * ONE, MILLION),
    ],
)
def test_each_band_of_the_assessment_and_a_step_either_side(side: str, mark: int, rate: int) -> None:
    assert withhold(attrs.evolve(BANDED, band_side=side), 0, 100_00, mark) == Deposit(
        5_00, rate, 5_00 - 5_00 * rate // MILLION
    )


@pytest.mark.parametrize(("mark", "rate"), [(100, MILLION), (95, MILLION), (94, 990_000), (0, 50_000)])
def test_the_linear_variant(mark: int, rate: int) -> None:
    assert withhold(LINEAR, 100_00, 0, mark * ONE).returned_rate == rate
    steep = attrs.evolve(LINEAR, lost_per_mark=20_000)
    assert withhold(steep, 100_00, 0, 0).returned_rate == 0  # never below nothing


def test_forfeits_go_to_those_at_full_assessment_of_the_same_pool() -> None:
    """H1 forfeits 9,000.00; H2 and H3 have equal deposits, H9 is of the other pool and forfeits by itself."""
    rows = [
        account("H3", assessment=95 * ONE),
        account("H1"),
        account("H2", assessment=100 * ONE),
        account("H9", pool="resident"),
        account("H4", months_paid=0, assessment=100 * ONE),
    ]
    found = clear_year(BANDED, rows)
    given_out = {line.fixmedins_code: line.redistributed for line in found.lines}
    assert given_out == {"H1": 0, "H2": 4_500_00, "H3": 4_500_00, "H4": 0, "H9": 0}
    assert found.to_fund == 9_000_00
    uneven = clear_year(BANDED, [account("H1", months_paid=100), *rows[::2][:2]])  # 5 fen, one of them forfeited
    assert [line.redistributed for line in uneven.lines] == [0, 1, 0]


@pytest.mark.parametrize(
    ("terms", "clearing", "expected"),
    [
        (BANDED, 5, Balance(5, 5, 0, 0)),
        (BANDED, 0, Balance(0, 0, 0, 0)),
        (BANDED, -5, Balance(-5, 0, 0, 5)),
        (LINEAR, -5, Balance(-5, 0, 5, 0)),
        (LINEAR, 5, Balance(5, 5, 0, 0)),
    ],
)
def test_a_negative_balance(terms: ClearingTerms, clearing: int, expected: Balance[int]) -> None:
    assert balance(terms, clearing) == expected


def test_what_is_carried_forward_comes_off_the_next_year() -> None:
    (first,) = clear_year(BANDED, [account(entitlement=800_000_00)]).lines
    assert (first.clearing, first.carried_forward) == (-125_000_00, 125_000_00)
    (second,) = clear_year(BANDED, [account(carried_in=first.carried_forward)]).lines
    assert second.clearing == 75_000_00 + 1_000_00 - 125_000_00


# ---- a re-run --------------------------------------------------------------------------------------------------------


def test_a_re_run_after_appeals_shows_what_changed_and_who_came_or_went() -> None:
    before = clear_year(LINEAR, [account("H1"), account("H2", entitlement=0, sharing=0, refused=0, months_paid=7)])
    after = clear_year(LINEAR, [account("H1", refused=4_000_00), account("H3", pool="resident")])
    found = difference(before, after)
    assert found[:3] == (
        Change("H1", "employee", "refused", 5_000_00, 4_000_00, -1_000_00),
        Change("H1", "employee", "clearing", 81_000_00, 82_000_00, 1_000_00),
        Change("H1", "employee", "paid", 81_000_00, 82_000_00, 1_000_00),
    )
    assert {(each.fixmedins_code, each.only_in) for each in found[3:]} == {("H2", "before"), ("H3", "after")}
    gone = {each.step: each for each in found if each.fixmedins_code == "H2"}
    assert gone["months_paid"] == Change("H2", "employee", "months_paid", 7, 0, -7, "before")
    assert difference(before, before) == ()


@many
@given(clearing_terms(), accounts(), accounts())
def test_differences_sum_to_the_change_of_the_totals(terms: ClearingTerms, a: list[Account], b: list[Account]) -> None:
    before, after = clear_year(terms, a), clear_year(terms, b)
    found = difference(before, after)
    for step in STEPS:
        assert sum(each.change for each in found if each.step == step) == after.totals[step] - before.totals[step]
    back = [(each.fixmedins_code, each.pool, each.step, -each.change) for each in difference(after, before)]
    assert back == [(each.fixmedins_code, each.pool, each.step, each.change) for each in found]


# ---- messages --------------------------------------------------------------------------------------------------------

NEEDS = "assessment bands needs bands, with full_from 0 and lost_per_mark 0%; linear needs both and no bands"
ASCEND = "bands must ascend, and a better result never gets less of the deposit back"


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: clear_year(BANDED, [PLAIN, PLAIN]),
            InputError,
            "H1, employee: the account stands twice; an institution has one in each pool",
        ),
        (
            lambda: clear_year(BANDED, [account(refused=-1)]),
            InputError,
            "H1, employee: Account.refused: -1 is outside 0 to 1000000000000; the field is refused by review, in fen",
        ),
        (
            lambda: clear_year(BANDED, [account(sharing=-(10**12) - 1)]),
            InputError,
            "H1, employee: Account.sharing: -1000000000001 is outside -1000000000000 to 1000000000000; the field is "
            "surplus retained or overrun shared, signed, in fen",
        ),
        (
            lambda: clear_year(BANDED, [account(assessment=1_000_001)]),
            InputError,
            "H1, employee: Account.assessment: 1000001 is outside 0 to 1000000; the field is result of the "
            "assessment, in points per ten thousand",
        ),
        (
            lambda: clear_year(BANDED, [account(entitlement=1.0)]),
            AmountError,
            "H1, employee: Account.entitlement: an amount must be int or an int64 column, got float 1.0",
        ),
        (
            lambda: clear_year(BANDED, [account(pool="city")]),
            CodeError,
            "unknown pool 'city'; allowed: employee, resident",
        ),
        (
            lambda: withhold(BANDED, 0, 0, -1),
            InputError,
            "the assessment's result -1 is outside 0 to 1000000, per ten thousand of a mark",
        ),
        (
            lambda: attrs.evolve(BANDED, deposit_rate=50_001),
            InputError,
            "deposit_rate must not exceed 5%: the national rules of 2025 allow no more",
        ),
        (lambda: attrs.evolve(BANDED, bands=()), InputError, NEEDS),
        (lambda: attrs.evolve(BANDED, full_from=1), InputError, NEEDS),
        (lambda: attrs.evolve(LINEAR, lost_per_mark=0), InputError, NEEDS),
        (lambda: attrs.evolve(LINEAR, bands=STEPPED), InputError, NEEDS),
        (lambda: attrs.evolve(LINEAR, full_from=1_000_001), InputError, "marks of an assessment are 0 to 100"),
        (
            lambda: attrs.evolve(LINEAR, lost_per_mark=MILLION + 1),
            InputError,
            "a share of the deposit is at most 100%",
        ),
        (
            lambda: attrs.evolve(BANDED, bands=STEPPED[1:]),
            InputError,
            "the first of the bands must begin at 0: every result has a share",
        ),
        (lambda: attrs.evolve(BANDED, bands=(STEPPED[0], STEPPED[2], STEPPED[1])), InputError, ASCEND),
        (
            lambda: attrs.evolve(BANDED, bands=(STEPPED[0], STEPPED[3], AssessmentBand(95 * ONE, 0))),
            InputError,
            ASCEND,
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_the_assumed_pack_clears_a_year() -> None:
    policy = packs.load("assumed")
    (version,) = policy.versions["payment_clearing"]
    assert policy.build("payment_clearing", version) == BANDED


def test_labels() -> None:
    check_labels(ClearingTerms, Deposit, Balance)
