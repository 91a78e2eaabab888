"""The personal account: what is credited (F01), what it pays of a bill; ints, columns, traces and the oracle agree."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.benefits.account import (
    AccountCredit,
    AccountPaid,
    AccountTerms,
    AccountUse,
    AgeStep,
    CreditBase,
    CreditChange,
    CreditTerms,
    check_balance,
    check_credit_base,
    credit,
    credit_change,
    pay,
)
from mipolicy.benefits.axes import EMPLOYEE_STATUS
from mipolicy.errors import DocumentError, InputError
from mipolicy.money import MAX_FEN, NO_LIMIT
from mipolicy.policy import loads
from mipolicy.policy.kinds import ChoiceKind
from mipolicy.rooms import SECTIONS
from mipolicy.tables import Table
from tests.oracles import account as oracle
from tests.strategies import MILLION, agrees, amounts, as_columns, as_rows, as_traced, flags, in_words, rates, ties

many = settings(max_examples=100, deadline=None)
SCOPES = ("in_scope_selfpay", "all_personal")
IN_SERVICE, RETIRED = 0, 1

# ------------------------------------------------------------------------------------------------------------ payment

uses = st.builds(AccountUse, in_scope_left=amounts, personal_left=amounts, wanted=flags, balc=amounts)


@many
@given(st.sampled_from(SCOPES), st.lists(uses, min_size=1, max_size=6))
def test_payment_of_ints_columns_traces_and_the_oracle(scope: str, rows: list[AccountUse[int]]) -> None:
    terms = AccountTerms(scope)
    for row, found in zip(rows, as_rows(pay(terms, as_columns(rows))), strict=True):
        assert attrs.asdict(pay(terms, row)) == found
        assert pay(terms, as_traced(row)) == pay(terms, row)
        agrees(found, oracle.pay(scope, attrs.asdict(row)))


@pytest.mark.parametrize(
    ("scope", "of", "expected"),
    [
        # in scope 300, in all 500, account 400
        ("in_scope_selfpay", AccountUse(300_00, 500_00, 1, 400_00), AccountPaid(300_00, 300_00, 100_00)),
        ("all_personal", AccountUse(300_00, 500_00, 1, 400_00), AccountPaid(500_00, 400_00, 0)),
        ("all_personal", AccountUse(300_00, 500_00, 0, 400_00), AccountPaid(500_00, 0, 400_00)),
        ("in_scope_selfpay", AccountUse(300_00, 500_00, 1, 300_00), AccountPaid(300_00, 300_00, 0)),
        ("in_scope_selfpay", AccountUse(300_00, 500_00, 1, 0), AccountPaid(300_00, 0, 0)),
        # under a fixed price the person may owe less than what is in scope
        ("in_scope_selfpay", AccountUse(300_00, 200_00, 1, 400_00), AccountPaid(200_00, 200_00, 200_00)),
        ("in_scope_selfpay", AccountUse(0, 500_00, 1, 400_00), AccountPaid(0, 0, 400_00)),
    ],
)
def test_payments_by_hand(scope: str, of: AccountUse[int], expected: AccountPaid[int]) -> None:
    assert pay(AccountTerms(scope), of) == expected


@many
@given(uses, amounts)
def test_the_account_pays_within_every_limit(of: AccountUse[int], more: int) -> None:
    narrow, wide = (pay(AccountTerms(scope), of) for scope in SCOPES)
    for paid in (narrow, wide):
        assert 0 <= paid.acct_pay <= min(of.balc, of.personal_left)
        assert paid.balance_after + paid.acct_pay == of.balc
        assert paid.balance_after >= 0
        assert of.wanted or paid.acct_pay == 0
    assert narrow.acct_pay <= wide.acct_pay
    richer = pay(AccountTerms("all_personal"), attrs.evolve(of, balc=of.balc + more))
    assert wide.acct_pay <= richer.acct_pay <= wide.acct_pay + more


@pytest.mark.parametrize(
    ("balance", "message"),
    [
        (
            -1,
            "balc is -1 fen, allowed is 0 to 1000000000000; an account is never overdrawn: settle what it owes first",
        ),
        (
            np.array([0, 5, -100, -7]),
            "row 2: balc is -100 fen, allowed is 0 to 1000000000000; "
            "an account is never overdrawn: settle what it owes first",
        ),
        (
            MAX_FEN + 1,
            "balc is 1000000000001 fen, allowed is 0 to 1000000000000; "
            "an account is never overdrawn: settle what it owes first",
        ),
    ],
)
def test_a_balance_that_no_account_has(balance: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_balance(balance)
    assert str(caught.value) == message


def test_balances_that_an_account_may_have() -> None:
    check_balance(0)
    check_balance(int(MAX_FEN))
    check_balance(np.array([0, 1, MAX_FEN]))
    check_balance(np.empty(0, np.int64))


def test_the_scope_is_one_of_two() -> None:
    kind = attrs.fields(AccountTerms).scope.metadata["kind"]
    assert kind == ChoiceKind(SCOPES)


# ------------------------------------------------------------------------------------------------------------- credit


def by_status(in_service: int, retired: int) -> Table:
    return Table((EMPLOYEE_STATUS,), (in_service, retired))


# before: 2% of one's own, 0.8%, 1% from 35 and 1.5% from 45 of the employer's; retired 3.5% of the pension, from 70 on
# 4% and 10 yuan.  After: 2%, nothing of the employer's; retired 85 yuan, from 75 on 95.50.  Made up.
BEFORE = CreditTerms(
    basis=by_status(0, 1),
    own_rate=by_status(20_000, 0),
    allotted_rate=by_status(8_000, 35_000),
    allotted_amount=by_status(0, 0),
    in_service_steps=(AgeStep(35, 10_000, 0), AgeStep(45, 15_000, 0)),
    retired_steps=(AgeStep(70, 40_000, 10_00),),
)
AFTER = CreditTerms(
    basis=by_status(0, 1),
    own_rate=by_status(20_000, 0),
    allotted_rate=by_status(0, 0),
    allotted_amount=by_status(0, 85_00),
    in_service_steps=(),
    retired_steps=(AgeStep(75, 0, 95_50),),
)


def worker(age: int, base: int, months: int = 12) -> CreditBase[int]:
    return CreditBase(psn_type=IN_SERVICE, age=age, contribution_base=base, pension=0, months=months)


def retiree(age: int, pension: int, months: int = 12) -> CreditBase[int]:
    return CreditBase(psn_type=RETIRED, age=age, contribution_base=0, pension=pension, months=months)


@pytest.mark.parametrize(
    ("of", "before", "after"),
    [
        (worker(34, 5_000_00), 140_00, 100_00),  # 2.8% and 2% of 5,000
        (worker(35, 5_000_00), 150_00, 100_00),  # 3%
        (worker(44, 5_000_00), 150_00, 100_00),
        (worker(45, 5_000_00), 175_00, 100_00),  # 3.5%
        (worker(80, 5_000_00), 175_00, 100_00),  # the steps of the retired are not for those in service
        (retiree(69, 3_000_00), 105_00, 85_00),  # 3.5% of 3,000
        (retiree(70, 3_000_00), 130_00, 85_00),  # 4% and 10 yuan
        (retiree(75, 3_000_00), 130_00, 95_50),
        (retiree(50, 3_000_00), 105_00, 85_00),
        (worker(30, 1_25), 4, 3),  # 3.5 fen and 2.5 fen, half up
        (worker(30, 0), 0, 0),
    ],
)
def test_f01_old_and_new_monthly_credit_by_person_class(of: CreditBase[int], before: int, after: int) -> None:
    """常德 2023 一(一) 「调整个人账户计入办法」; figures made up."""
    assert credit_change(BEFORE, AFTER, of) == CreditChange(
        monthly_before=before,
        monthly_after=after,
        monthly_difference=after - before,
        credit_before=12 * before,
        credit_after=12 * after,
        credit_difference=12 * (after - before),
    )


def test_every_step_of_a_credit() -> None:
    assert credit(BEFORE, retiree(70, 3_000_00, 5)) == AccountCredit(
        base=3_000_00,
        allotted_rate=40_000,
        credited_rate=40_000,
        allotted_amount=10_00,
        monthly_credit=130_00,
        credit=650_00,
    )
    assert credit(BEFORE, worker(40, 6_000_00, 0)) == AccountCredit(6_000_00, 10_000, 30_000, 0, 180_00, 0)


def test_each_month_is_rounded_by_itself() -> None:
    """2% of 1.24 is 2.48 fen a month: 2 fen, 24 in a year, not 30."""
    found = credit(AFTER, worker(30, 1_24))
    assert (found.monthly_credit, found.credit) == (2, 24)


@st.composite
def credit_terms(draw: DrawFn) -> CreditTerms:
    own = [draw(st.integers(0, MILLION)) for _ in range(2)]

    def allotted(at: int) -> int:
        return min(draw(rates), MILLION - own[at])

    def steps(at: int) -> tuple[AgeStep, ...]:
        ages = sorted(draw(st.sets(st.integers(0, 100), max_size=3)))
        return tuple(AgeStep(age, allotted(at), draw(amounts)) for age in ages)

    return CreditTerms(
        basis=by_status(draw(flags), draw(flags)),
        own_rate=by_status(*own),
        allotted_rate=by_status(allotted(0), allotted(1)),
        allotted_amount=by_status(draw(amounts), draw(amounts)),
        in_service_steps=steps(0),
        retired_steps=steps(1),
    )


@st.composite
def credit_bases(draw: DrawFn, terms: CreditTerms) -> CreditBase[int]:
    status = draw(flags)
    steps = terms.retired_steps if status else terms.in_service_steps
    near = [step.from_age + change for step in steps for change in (-1, 0, 1) if step.from_age + change >= 0]
    tie = ties(terms.own_rate.values[status] + terms.allotted_rate.values[status])
    of_base = amounts if tie is None else st.one_of(st.just(tie[0]), amounts)
    return CreditBase(
        psn_type=status,
        age=draw(st.sampled_from(near) if near else st.integers(0, 110)),
        contribution_base=draw(of_base),
        pension=draw(of_base),
        months=draw(st.integers(0, 24)),
    )


cases = credit_terms().flatmap(
    lambda terms: st.tuples(st.just(terms), st.lists(credit_bases(terms), min_size=1, max_size=5))
)


def terms_in_words(terms: CreditTerms) -> dict[str, Any]:
    def steps(found: tuple[AgeStep, ...]) -> list[dict[str, Any]]:
        return [{**attrs.asdict(step), "rate": Fraction(step.rate, MILLION)} for step in found]

    return {
        "basis": {key: ("contribution_base", "pension")[value] for key, value in in_words(terms.basis).items()},
        "own_rate": {key: Fraction(value, MILLION) for key, value in in_words(terms.own_rate).items()},
        "allotted_rate": {key: Fraction(value, MILLION) for key, value in in_words(terms.allotted_rate).items()},
        "allotted_amount": in_words(terms.allotted_amount),
        "steps": {"in_service": steps(terms.in_service_steps), "retired": steps(terms.retired_steps)},
    }


@many
@given(cases)
def test_credits_of_ints_columns_traces_and_the_oracle(case: tuple[CreditTerms, list[CreditBase[int]]]) -> None:
    terms, rows = case
    words = terms_in_words(terms)
    for row, found in zip(rows, as_rows(credit(terms, as_columns(rows))), strict=True):
        assert attrs.asdict(credit(terms, row)) == found
        assert credit(terms, as_traced(row)) == credit(terms, row)
        of = {**attrs.asdict(row), "psn_type": EMPLOYEE_STATUS.members[row.psn_type]}
        agrees(found, oracle.credit(words, of), rates_of=("allotted_rate", "credited_rate"))


@many
@given(cases, credit_terms())
def test_the_change_is_the_difference_of_two_credits(
    case: tuple[CreditTerms, list[CreditBase[int]]], after: CreditTerms
) -> None:
    before, rows = case
    for row, found in zip(rows, as_rows(credit_change(before, after, as_columns(rows))), strict=True):
        assert attrs.asdict(credit_change(before, after, row)) == found
        back = credit_change(after, before, row)
        assert back.monthly_difference == -found["monthly_difference"]
        assert back.credit_difference == -found["credit_difference"] == -row.months * found["monthly_difference"]
        assert credit_change(before, before, row).credit_difference == 0


@many
@given(cases, amounts)
def test_a_higher_base_is_never_credited_less(case: tuple[CreditTerms, list[CreditBase[int]]], more: int) -> None:
    terms, rows = case
    for row in rows:
        raised = attrs.evolve(row, contribution_base=row.contribution_base + more, pension=row.pension + more)
        low, high = credit(terms, row).monthly_credit, credit(terms, raised).monthly_credit
        assert low <= high <= low + more + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"in_service_steps": (AgeStep(45, 0, 0), AgeStep(35, 0, 0))},
            "in_service_steps must ascend by from_age, got 45, 35",
        ),
        (
            {"retired_steps": (AgeStep(70, 0, 0), AgeStep(70, 0, 0))},
            "retired_steps must ascend by from_age, got 70, 70",
        ),
        (
            {"allotted_rate": by_status(980_001, 0)},
            "in_service: own_rate 2% and an allotted rate of 98.0001% are more than the whole base",
        ),
        (
            {"own_rate": by_status(0, 500_000), "retired_steps": (AgeStep(70, 600_000, 0),)},
            "retired: own_rate 50% and an allotted rate of 60% are more than the whole base",
        ),
        (
            {"allotted_amount": by_status(0, int(NO_LIMIT))},
            "retired: an allotted amount is an amount in yuan; none would be no limit",
        ),
        (
            {"in_service_steps": (AgeStep(45, 0, int(NO_LIMIT)),)},
            "in_service: an allotted amount is an amount in yuan; none would be no limit",
        ),
    ],
)
def test_terms_that_no_document_can_mean(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        attrs.evolve(AFTER, **change)
    assert str(caught.value) == message


def test_the_whole_base_may_be_credited() -> None:
    terms = attrs.evolve(AFTER, allotted_rate=by_status(980_000, 0))
    assert credit(terms, worker(30, 99)).monthly_credit == 99


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (
            worker(30, -1),
            "CreditBase.contribution_base: -1 is outside 0 to 1000000000000; the field is monthly contribution base, "
            "in fen",
        ),
        (
            retiree(70, -5_00),
            "CreditBase.pension: -500 is outside 0 to 1000000000000; the field is monthly pension, in fen",
        ),
        (worker(-1, 0), "CreditBase.age: -1 is outside 0 to 150; the field is age in full years, in count"),
        (worker(151, 0), "CreditBase.age: 151 is outside 0 to 150; the field is age in full years, in count"),
        (worker(30, 0, -1), "CreditBase.months: -1 is outside 0 to 1200; the field is months credited, in count"),
        (as_columns([worker(30, 0), worker(30, 0, 1201)]), "CreditBase.months: row 1: 1201 is outside 0 to 1200; "),
    ],
)
def test_bases_that_no_person_has(of: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_credit_base(of)
    assert str(caught.value).startswith(message)


def test_bases_that_a_person_may_have() -> None:
    check_credit_base(worker(0, 0, 0))
    check_credit_base(worker(150, int(MAX_FEN), 1200))
    check_credit_base(as_columns([retiree(70, int(MAX_FEN)), worker(30, 5_000_00)]))


# ------------------------------------------------------------------------------------------------------------ policy


def test_the_made_up_city_s_reform_of_2025() -> None:
    """Its two versions are the old method and the new one."""
    policy = packs.load("assumed")
    before, after = (policy.build("account_credit", version) for version in policy.versions["account_credit"])
    assert credit_change(before, after, worker(45, 8_000_00, 1)).monthly_difference == 160_00 - 280_00
    assert credit_change(before, after, retiree(75, 3_000_00, 1)).monthly_difference == 95_50 - 130_00


STEPS = """
format = 1
id = "x"
title = "x"
region = "990000"
schemes = ["310"]
[documents.d]
title = "d"
issuer = "d"
status = "assumed"
[[sections.account_credit]]
version = "1"
source = {{ document = "d", clause = "1" }}
in_service_steps = [{step}]
"""


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('{ from_age = 45, rate = "1%" }', "in_service_steps[0].amount: missing; needs an amount in yuan, as text"),
        ('{ from_age = 45, rate = 0.01, amount = "0" }', "in_service_steps[0].rate: rate takes text, Decimal or a"),
        ('{ from_age = -1, rate = "1%", amount = "0" }', "in_service_steps[0].from_age: -1 is negative"),
    ],
)
def test_steps_that_cannot_be_read(step: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        loads(STEPS.format(step=step), SECTIONS)
    assert message in str(caught.value)


@pytest.mark.parametrize("shape", [AccountTerms, CreditTerms, AgeStep])
def test_terms_have_labels_and_no_defaults(shape: Any) -> None:
    for field in attrs.fields(shape):
        assert field.metadata["zh"]
        assert field.metadata["en"]
        assert field.default is attrs.NOTHING
