"""Months of a year against one another: paid in full, pre-settled and reconciled, ledgers that differ, refused cost.

Rules S22, S36, S38, S39.  Amounts in fen.  Parts of a table add up: nothing here depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, Generic

import numpy as np
from attrs import frozen

from mipolicy.budget.clearing import BudgetClearingTerms
from mipolicy.checked import check_columns, check_input
from mipolicy.money import MAX_FEN, A, Column
from mipolicy.payment.monthly import MonthlyTerms, PostedMonth, pay
from mipolicy.sums import sums_by
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, is_over, none_of

__all__ = [
    "DueMonth",
    "FullPayment",
    "FullPaymentYear",
    "Ledger",
    "LedgerDifference",
    "ReconciledMonth",
    "Refused",
    "full_payment",
    "full_payment_years",
    "ledger_differences",
    "reconcile",
    "refused_by_reason",
]

_MONTHS: Final = 12


# ---- paid in full and in time ----------------------------------------------------------------------------------------


@frozen
class DueMonth(Generic[A]):
    """What an institution advanced for patients in a month, and what it was paid back, within the month or later."""

    due: A = labelled("fen", "当月应拨付", "due for the month")
    paid_in_time: A = labelled("fen", "按期拨付", "paid in time")
    paid_late: A = labelled("fen", "逾期拨付", "paid late", 0)


@frozen
class FullPayment(Generic[A]):
    """Whether the month was paid in full and in time, and what is owed of it."""

    paid_in_full: A = labelled("flag", "按月足额", "paid in full and in time")
    arrears_at_due: A = labelled("fen", "到期欠款", "in arrears on the day due")
    arrears: A = labelled("fen", "目前欠款", "in arrears now")


def full_payment(of: DueMonth[A]) -> FullPayment[A]:
    """One month of an institution, or a column of them (rule S22); what is paid beyond a month's due is no arrears.

    Raises InputError for figures out of range.
    Source: 常德 2023 二(五).
    """
    check_input(of)
    short = beyond(of.due, of.paid_in_time)
    return FullPayment(none_of(is_over(of.due, of.paid_in_time)), short, beyond(short, of.paid_late))


@frozen
class FullPaymentYear:
    """An institution's months: how many of those with anything due were paid in full, and what is owed."""

    fixmedins_code: str
    months_due: int = labelled("count", "应拨付月数", "months with anything due")
    months_in_full: int = labelled("count", "按月足额月数", "of these, paid in full and in time")
    due: int = labelled("fen", "应拨付合计", "due")
    in_time: int = labelled("fen", "按期拨付合计", "of it paid in time")
    arrears: int = labelled("fen", "目前欠款", "in arrears now")

    @property
    def rate(self) -> Fraction | None:
        """Months paid in full / months due, exact; None where nothing was due."""
        return Fraction(self.months_in_full, self.months_due) if self.months_due else None

    @property
    def money_rate(self) -> Fraction | None:
        """Paid in time / due, in money; None where nothing was due."""
        return Fraction(self.in_time, self.due) if self.due else None


def full_payment_years(
    fixmedins_code: Sequence[str], institution: Column, months: DueMonth[Column]
) -> tuple[FullPaymentYear, ...]:
    """The full-payment rate and the arrears of each institution from its months (rule S22).

    institution: position in `fixmedins_code`, a row a month; what one month was paid too much settles no other.
    Raises what `full_payment` raises; CodeError for a position that is none.
    """
    check_columns("months", institution=(institution, fixmedins_code))
    found, size = full_payment(months), len(fixmedins_code)
    has_due = (months.due > 0).astype(np.int64)
    columns = (
        has_due,
        has_due * found.paid_in_full,
        months.due,
        capped(months.paid_in_time, months.due),
        found.arrears,
    )
    sums = [sums_by(institution, column, size) for column in columns]
    return tuple(FullPaymentYear(code, *(each[at] for each in sums)) for at, code in enumerate(fixmedins_code))


# ---- pre-settled and reconciled --------------------------------------------------------------------------------------


@frozen
class ReconciledMonth(Generic[A]):
    """A month at its provisional value and at the value of the year's end, and the difference so far, signed."""

    presettled: A = labelled("fen", "月度预结算", "pre-settled at the provisional value")
    final: A = labelled("fen", "年终点值结算", "at the value of the year's end")
    difference: A = labelled("fen", "当月差额", "final less pre-settled")
    presettled_so_far: A = labelled("fen", "累计预结算", "pre-settled so far")
    difference_so_far: A = labelled("fen", "累计差额", "difference so far")


def reconcile(
    terms: MonthlyTerms, months: Sequence[PostedMonth[A]], provisional: int, final: int
) -> tuple[ReconciledMonth[A], ...]:
    """Pre-settle the months of a year at a provisional point value and reconcile them with the final one (rule S36).

    months: in their order, one institution's or columns; provisional, final: yuan x 10**value_decimals, as
    `mipolicy.payment.monthly.pay` takes them.
    Raises what `pay` raises.
    Source: 《支付改革新征程,经办管理新作为》 谋篇布局·二是; formulas.md section 2, month (b).
    """
    found: list[ReconciledMonth[A]] = []
    for month in months:
        early, late = pay(terms, month, provisional).payment, pay(terms, month, final).payment
        paid, apart = early, late - early
        if found:
            paid, apart = found[-1].presettled_so_far + paid, found[-1].difference_so_far + apart
        found.append(ReconciledMonth(early, late, late - early, paid, apart))
    return tuple(found)


# ---- ledgers ---------------------------------------------------------------------------------------------------------


@frozen(eq=False)
class Ledger:
    """Rows of one ledger: position of the institution, month from 1 to 12, amount in fen."""

    institution: Column
    month: Column
    amount: Column


@frozen
class LedgerDifference:
    """What three ledgers say of an institution's month; None where a ledger has no row of it, which is not 0."""

    fixmedins_code: str
    month: int
    claims: int | None
    payments: int | None
    data: int | None
    spread: int
    beyond_tolerance: bool


def ledger_differences(
    terms: BudgetClearingTerms, fixmedins_code: Sequence[str], claims: Ledger, payments: Ledger, data: Ledger
) -> tuple[LedgerDifference, ...]:
    """Where claims, payments and data uploads differ, by institution and month (rule S38).

    A month that stands in some ledgers only is told whatever the tolerance; otherwise the largest less the smallest is
    held against it, and exactly on it is within.  Months on which all agree are left out.
    Raises InputError for a month that is none, CodeError for a position that is none.
    Source: 《支付改革新征程,经办管理新作为》 谋篇布局·一是.
    """
    size = len(fixmedins_code) * _MONTHS
    ledgers = {"claims": claims, "payments": payments, "data": data}
    sums, held = [], []
    for name, ledger in ledgers.items():
        of_year = ledger.month - 1
        check_columns(
            f"ledger {name}",
            institution=(ledger.institution, fixmedins_code),
            month=(of_year, _MONTHS - 1),
            amount=(ledger.amount, int(MAX_FEN)),
        )
        key = ledger.institution * _MONTHS + of_year
        sums.append(sums_by(key, ledger.amount, size))
        held.append(np.bincount(key, minlength=size))
    found = []
    for at in np.flatnonzero(np.add.reduce(held)).tolist():
        one, two, three = (sums[of][at] if held[of][at] else None for of in range(len(ledgers)))
        stated = (one, two, three)
        known = [amount for amount in stated if amount is not None]
        spread = max(known) - min(known)
        missing = len(known) < len(stated)
        if spread or missing:
            code = fixmedins_code[at // _MONTHS]
            past = missing or spread > terms.tolerance
            found.append(LedgerDifference(code, at % _MONTHS + 1, one, two, three, spread, past))
    return tuple(found)


# ---- refused ---------------------------------------------------------------------------------------------------------


@frozen
class Refused:
    """Refused cost in all, by institution, by reason, and by both; every sum is the total."""

    total: int
    by_institution: Mapping[str, int]
    by_reason: Mapping[str, int]
    by_both: Mapping[tuple[str, str], int]


def refused_by_reason(
    fixmedins_code: Sequence[str], reasons: Sequence[str], institution: Column, reason: Column, amount: Column
) -> Refused:
    """What review refused, to be deducted at the settlement, with its totals by reason (rule S39).

    institution, reason: positions in the two lists; amount: fen, a row each refusal.
    Raises CodeError for a position that is none, InputError for an amount out of range.
    Source: 台州 2024 二(三)(10).
    """
    check_columns(
        "refused",
        institution=(institution, fixmedins_code),
        reason=(reason, reasons),
        amount=(amount, int(MAX_FEN)),
    )
    wide = len(reasons)
    sums = sums_by(institution * wide + reason, amount, wide * len(fixmedins_code))
    both = {(fixmedins_code[at // wide], reasons[at % wide]): each for at, each in enumerate(sums) if each}
    return Refused(
        sum(sums),
        dict(zip(fixmedins_code, sums_by(institution, amount, len(fixmedins_code)), strict=True)),
        dict(zip(reasons, sums_by(reason, amount, wide), strict=True)),
        both,
    )
