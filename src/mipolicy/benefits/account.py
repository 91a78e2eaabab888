"""The personal account of employees (个人账户): what is credited to it each month, and what it pays of a bill.

Rule F01; formulas.md section 1, "Personal account".  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.benefits.axes import EMPLOYEE_STATUS
from mipolicy.checked import check_input, refuse
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, NO_LIMIT, RATE_ONE, A, rate_text
from mipolicy.policy.kinds import ChoiceKind, FigureKind, RecordsKind, TableKind, choice_table, terms_field
from mipolicy.tables import Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, capped, is_over, is_same, lookup, pick, share

__all__ = [
    "AccountCredit",
    "AccountPaid",
    "AccountTerms",
    "AccountUse",
    "AgeStep",
    "CreditBase",
    "CreditChange",
    "CreditTerms",
    "check_balance",
    "check_credit_base",
    "credit",
    "credit_change",
    "pay",
]

_MOST: Final = {"age": 150, "months": 1_200}
"""A hundred years of months: what is more is a mistake, and would not stay exact downstream."""


# ---- what the account pays of a bill ---------------------------------------------------------------------------------


@frozen
class AccountTerms:
    """What a document fixes about paying from the account at settlement."""

    scope: str = terms_field(
        ChoiceKind(("in_scope_selfpay", "all_personal")), "个人账户支付范围", "what the personal account pays"
    )


@frozen
class AccountUse(Generic[A]):
    """What a bill leaves to the person, and the account before it."""

    in_scope_left: A = labelled("fen", "政策范围内个人负担", "in-scope amount left to the person")
    personal_left: A = labelled("fen", "个人负担总额", "all that is left to the person")
    wanted: A = labelled("flag", "使用个人账户", "the account is to be used (acct_used_flag)")
    balc: A = labelled("fen", "个人账户余额", "account balance before")


@frozen
class AccountPaid(Generic[A]):
    """What the account pays, in the order computed."""

    payable: A = labelled("fen", "个人账户可支付金额", "amount that the account may pay")
    acct_pay: A = labelled("fen", "个人账户支出", "paid from the account")
    balance_after: A = labelled("fen", "支付后余额", "account balance after")


def pay(terms: AccountTerms, of: AccountUse[A]) -> AccountPaid[A]:
    """What the personal account pays of one bill, or of a column of bills (formulas.md section 1).

    The account pays no more than its balance, nor than all that is left to the person; it pays where it is wanted.
    A balance below 0 is refused before, by `check_balance`.

    >>> pay(AccountTerms("in_scope_selfpay"), AccountUse(300_00, 500_00, 1, 400_00))
    AccountPaid(payable=30000, acct_pay=30000, balance_after=10000)
    """
    only_in_scope = terms.scope == "in_scope_selfpay"
    payable = capped(of.in_scope_left, of.personal_left) if only_in_scope else of.personal_left
    acct_pay = pick(of.wanted, capped(payable, of.balc), 0)
    return AccountPaid(payable=payable, acct_pay=acct_pay, balance_after=of.balc - acct_pay)


def check_balance(balc: A) -> None:
    """Refuse a balance that no account can have, before anything is paid from it.

    balc: fen, one balance or a column of balances.
    Raises InputError for a balance below 0 or beyond `MAX_FEN`, naming the first such row of a column.
    """
    mend = "an account is never overdrawn: settle what it owes first"
    refuse((balc < 0) | (balc > MAX_FEN), f"balc is {{}} fen, allowed is 0 to {MAX_FEN}; {mend}", balc)


# ---- what is credited to it ------------------------------------------------------------------------------------------


@frozen
class AgeStep:
    """From an age on, another allotted rate and amount; both stand in place of those of younger persons."""

    from_age: int = terms_field(FigureKind("count"), "起始年龄", "first age, in full years")
    rate: int = terms_field(FigureKind("rate"), "划入比例", "share of the base allotted")
    amount: int = terms_field(FigureKind("fen"), "定额划入", "amount allotted a month")


@frozen
class CreditTerms:
    """How the account is credited month by month, for persons in service and retired; one version a method (F01)."""

    basis: Table = terms_field(
        choice_table(("contribution_base", "pension"), EMPLOYEE_STATUS, zh=("缴费基数", "养老金")),
        "计入基数",
        "base of the rates",
    )
    own_rate: Table = terms_field(
        TableKind("rate", (EMPLOYEE_STATUS,)), "个人缴费计入比例", "own contribution credited, as a share of the base"
    )
    allotted_rate: Table = terms_field(
        TableKind("rate", (EMPLOYEE_STATUS,)),
        "划入比例",
        "allotted from the employer's contribution or the pool, as a share of the base",
    )
    allotted_amount: Table = terms_field(
        TableKind("fen", (EMPLOYEE_STATUS,)), "定额划入", "fixed amount allotted a month"
    )
    in_service_steps: tuple[AgeStep, ...] = terms_field(
        RecordsKind(AgeStep, "from_age"), "在职分年龄划入", "allotted by age, in service"
    )
    retired_steps: tuple[AgeStep, ...] = terms_field(
        RecordsKind(AgeStep, "from_age"), "退休分年龄划入", "allotted by age, retired"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        steps = (self.in_service_steps, self.retired_steps)
        for at, status in enumerate(EMPLOYEE_STATUS.members):
            ages = [step.from_age for step in steps[at]]
            if ages != sorted(set(ages)):
                raise InputError(f"{status}_steps must ascend by from_age, got {', '.join(map(str, ages))}")
            for allotted in (self.allotted_rate.values[at], *(step.rate for step in steps[at])):
                if self.own_rate.values[at] + allotted > RATE_ONE:
                    raise InputError(
                        f"{status}: own_rate {rate_text(self.own_rate.values[at])} and an allotted rate of "
                        f"{rate_text(allotted)} are more than the whole base"
                    )
            for amount in (self.allotted_amount.values[at], *(step.amount for step in steps[at])):
                if amount >= NO_LIMIT:
                    raise InputError(f"{status}: an allotted amount is an amount in yuan; none would be no limit")


@frozen
class CreditBase(Generic[A]):
    """What one person's credit is reckoned from."""

    psn_type: A = labelled(EMPLOYEE_STATUS, "人员类别", "person class")
    age: A = labelled("count", "周岁年龄", "age in full years")
    contribution_base: A = labelled("fen", "月缴费基数", "monthly contribution base")
    pension: A = labelled("fen", "月养老金", "monthly pension")
    months: A = labelled("count", "月数", "months credited")


@frozen
class AccountCredit(Generic[A]):
    """What is credited, in the order computed."""

    base: A = labelled("fen", "计入基数", "base")
    allotted_rate: A = labelled("rate", "划入比例", "rate allotted")
    credited_rate: A = labelled("rate", "计入比例合计", "rate credited in all")
    allotted_amount: A = labelled("fen", "定额划入", "amount allotted a month")
    monthly_credit: A = labelled("fen", "月计入金额", "credited a month")
    credit: A = labelled("fen", "计入金额合计", "credited over the months")


@frozen
class CreditChange(Generic[A]):
    """The credit under two methods for the same persons and months; differences are after less before."""

    monthly_before: A = labelled("fen", "原月计入金额", "credited a month before")
    monthly_after: A = labelled("fen", "现月计入金额", "credited a month after")
    monthly_difference: A = labelled("fen", "月计入差额", "difference a month")
    credit_before: A = labelled("fen", "原计入金额", "credited before")
    credit_after: A = labelled("fen", "现计入金额", "credited after")
    credit_difference: A = labelled("fen", "计入差额", "difference over the months")


def credit(terms: CreditTerms, of: CreditBase[A]) -> AccountCredit[A]:
    """What is credited to the account a month and over the months, by one method (rule F01).

    Sources: 常德 2023 一(一) names the method; formulas.md section 1: in service the own contribution, retired a fixed
    monthly amount.  Each month's credit is rounded once.

    >>> reformed = CreditTerms(
    ...     basis=Table((EMPLOYEE_STATUS,), (0, 1)),
    ...     own_rate=Table((EMPLOYEE_STATUS,), (20_000, 0)),
    ...     allotted_rate=Table((EMPLOYEE_STATUS,), (0, 0)),
    ...     allotted_amount=Table((EMPLOYEE_STATUS,), (0, 80_00)),
    ...     in_service_steps=(),
    ...     retired_steps=(),
    ... )
    >>> credit(reformed, CreditBase(psn_type=0, age=40, contribution_base=5_000_00, pension=0, months=12)).credit
    120000
    """
    base = pick(lookup(terms.basis, of.psn_type), of.pension, of.contribution_base)
    allotted_rate = lookup(terms.allotted_rate, of.psn_type)
    allotted_amount = lookup(terms.allotted_amount, of.psn_type)
    for status, steps in enumerate((terms.in_service_steps, terms.retired_steps)):
        for step in steps:
            applies = all_of(is_same(of.psn_type, status), is_over(of.age, step.from_age - 1))
            allotted_rate = pick(applies, step.rate, allotted_rate)
            allotted_amount = pick(applies, step.amount, allotted_amount)
    credited_rate = lookup(terms.own_rate, of.psn_type) + allotted_rate
    monthly_credit = share(base, credited_rate) + allotted_amount
    return AccountCredit(
        base=base,
        allotted_rate=allotted_rate,
        credited_rate=credited_rate,
        allotted_amount=allotted_amount,
        monthly_credit=monthly_credit,
        credit=of.months * monthly_credit,
    )


def credit_change(before: CreditTerms, after: CreditTerms, of: CreditBase[A]) -> CreditChange[A]:
    """The old and the new credit and their difference, for the same persons and months (rule F01).

    before, after: the two versions of the method; of: person class, age, bases in fen, months.
    Source: 常德 2023 一(一) 「调整个人账户计入办法」.
    """
    old, new = credit(before, of), credit(after, of)
    return CreditChange(
        monthly_before=old.monthly_credit,
        monthly_after=new.monthly_credit,
        monthly_difference=new.monthly_credit - old.monthly_credit,
        credit_before=old.credit,
        credit_after=new.credit,
        credit_difference=new.credit - old.credit,
    )


def check_credit_base(of: CreditBase[A]) -> None:
    """Refuse figures that no person has, before a credit is reckoned from them.

    Raises InputError for a base or pension below 0 or beyond `MAX_FEN`, an age over 150, more than 1,200 months;
    CodeError for a person class that is none; AmountError for what is neither an int nor an int64 column.
    """
    check_input(of, most=_MOST)
