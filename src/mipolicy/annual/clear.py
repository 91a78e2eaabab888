"""Clear an area's year: quotas issued, months advanced, savings and overruns shared, institutions cleared."""

from __future__ import annotations

import datetime
from typing import Any, Final

import attrs
import numpy as np

from mipolicy.annual.prepare import prepare_year
from mipolicy.annual.reading import PreparedYear
from mipolicy.annual.result import ClearedYear, IssuedYear
from mipolicy.annual.terms import AnnualTerms, annual_terms
from mipolicy.batch.columns import Table
from mipolicy.batch.result import Rejects
from mipolicy.budget.advance import AdvanceTerms, MonthAdvance, MonthOfYear, advance_month
from mipolicy.budget.clearing import AccountOfBudget, ClearedBudget, Scores, clear_budget, score
from mipolicy.budget.sharing import BudgetSharing, YearOfBudget, share_budget
from mipolicy.errors import Fault, InputError, TableError
from mipolicy.money import MAX_FEN, RATE_ONE, Column, yuan_text
from mipolicy.payment.clearing import withhold
from mipolicy.policy import Policy
from mipolicy.sums import total
from mipolicy.vocabulary import split

__all__ = ["account_of", "advance_months", "clear_table", "year_of"]

_YEARS: Final = (1949, 9998)


def clear_table(
    policy: Policy,
    institutions: Table,
    *,
    year: int,
    results: Table | None = None,
    months: Table | None = None,
    increments: Table | None = None,
    refused: Table | None = None,
    total_quota: int | None = None,
    settled_on: datetime.date | None = None,
) -> ClearedYear:
    """Clear a table of institutions for a year (rules S01, S04, S11-S18, S35, S39, S40).

    institutions: columns named as the fields of `InstitutionYear`; results, months, increments, refused: tables of
    `IndicatorResult`, `InstitutionMonth`, `IncrementApproval` and `RefusedCost`.  Where months are given, what was
    advanced comes of them under the policy; else the institutions state it.  total_quota: what the blocks of the city's
    total leave for institutions, fen; their quotas may not exceed it.  settled_on: approvals count up to this day, the
    last of the year by default.
    Terms are those of the last day of the year.  An institution that cannot be cleared is a reject with its reason.
    Raises TableError for tables of the wrong shape, mistakes in a table beside the institutions, and quotas beyond the
    total; PolicyGap, NotInForce, RepealedPolicy and PolicyError for a policy that cannot clear the year; IdentityError
    where a fen has no payer, a defect.

    >>> import mipolicy
    >>> institutions = {
    ...     "fixmedins_code": ["H1", "H2"], "quota_local": ["1000.00"] * 2, "actual_local": ["900.00", "1100.00"],
    ...     "state": ["all_met", "some_met"], "advanced": ["900.00", "1000.00"], "assessment": ["95"] * 2,
    ...     "quality_mark": ["90"] * 2, "internal_mark": ["80"] * 2}
    >>> cleared = mipolicy.clear(mipolicy.load("assumed"), institutions, year=2025)
    >>> cleared.texts()["by_fund"], cleared.texts()["by_institution"], cleared.texts()["clearing"]
    (['980.00', '1055.00'], ['0.00', '45.00'], ['80.00', '55.00'])
    """
    if type(year) is not int or not _YEARS[0] <= year <= _YEARS[1]:
        raise InputError(f"year is {year!r}; a year such as 2025 is due")
    last = datetime.date(year, 12, 31)
    day = settled_on or last
    terms = annual_terms(policy, last, months=months is not None, increments=increments is not None)
    prepared = prepare_year(terms, institutions, results, months, increments, refused, day)
    _check_total(prepared, total_quota)
    _check_refused(terms, prepared)
    good = prepared.faults.good()
    columns: dict[str, Any] = {
        "fixmedins_code": prepared.codes.take(good).texts(),
        "medins_name": np.asarray(prepared.read.columns["medins_name"])[good].astype(np.str_),
    }
    issued, shared, cleared = _cleared(terms, prepared, good)
    for record in (issued, shared, cleared):
        columns.update({each.name: getattr(record, each.name) for each in attrs.fields(type(record))})
    return ClearedYear(
        year, day, prepared.read.rows, good, columns, _rejects(prepared), prepared.pending, terms, prepared
    )


def _check_total(prepared: PreparedYear, total_quota: int | None) -> None:
    if total_quota is None:
        return
    if type(total_quota) is not int or not 0 <= total_quota <= MAX_FEN:
        raise InputError(f"total_quota is {total_quota!r}; an amount of 0 or more in fen is due")
    issued = total(prepared.columns["quota_local"]) + total(prepared.columns["quota_out"])
    if issued > total_quota:
        raise TableError(
            f"institutions: the quotas sum to {yuan_text(issued)}, {yuan_text(issued - total_quota)} more than the "
            f"blocks of the total leave for them; lower a quota or raise the block"
        )


def year_of(prepared: PreparedYear, rows: Any) -> YearOfBudget[Any]:
    """The years of some rows, as sharing takes them; increments raise the quota of care in the city."""
    of = {name: column[rows] for name, column in prepared.columns.items()}
    return YearOfBudget(
        of["quota_local"] + prepared.increments[rows],
        of["quota_out"],
        of["actual_local"],
        of["actual_out"],
        of["state"],
        of["points_amt"],
        of["stated_out"],
        of["assessment_factor"],
    )


def advance_months(terms: AdvanceTerms, quota: Any, months: tuple[Any, ...]) -> tuple[MonthAdvance[Any], ...]:
    """The advances of the twelve months, one institution's or columns; quota: of the year, as issued."""
    found: list[MonthAdvance[Any]] = []
    so_far = advanced = quota * 0
    for at, actual in enumerate(months, 1):
        so_far = so_far + actual
        found.append(advance_month(terms, MonthOfYear(quota * 0 + at, quota, actual, so_far, advanced)))
        advanced = found[-1].advanced
    return tuple(found)


def _advanced(terms: AnnualTerms, prepared: PreparedYear, rows: Column) -> Column:
    """What was advanced: as stated, or from the months against the quotas as issued, before increments."""
    if terms.advance is None or not prepared.months:
        return prepared.columns["advanced"][rows]
    quota = prepared.columns["quota_local"][rows] + prepared.columns["quota_out"][rows]
    found: Column = advance_months(terms.advance, quota, tuple(month[rows] for month in prepared.months))[-1].advanced
    return found


def account_of(
    prepared: PreparedYear, shared: BudgetSharing[Any], rows: Any, advanced: Any, redistributed: Any
) -> AccountOfBudget[Any]:
    """The accounts of some rows, as clearing takes them."""
    of = {name: column[rows] for name, column in prepared.columns.items()}
    return AccountOfBudget(
        shared.fund,
        shared.treasury,
        shared.institution,
        of["refused_amt"],
        advanced,
        of["prepayment_left"],
        of["carried_in"],
        of["quality_mark"],
        of["internal_mark"],
        of["assessment"],
        redistributed,
    )


def _check_refused(terms: AnnualTerms, prepared: PreparedYear) -> None:
    """Mark institutions of which more is refused and forfeited than the fund owes."""
    good = prepared.faults.good()
    if not good.size:
        return
    shared = share_budget(terms.sharing, year_of(prepared, good))
    marks = {name: prepared.columns[name][good] for name in ("quality_mark", "internal_mark")}
    due = score(terms.clearing, Scores(shared.fund, **marks)).fund_due
    off = prepared.columns["refused_amt"][good]
    if terms.deposits is not None:
        advanced = _advanced(terms, prepared, good)
        off = off + withhold(terms.deposits, due, advanced, prepared.columns["assessment"][good]).forfeited
    bad = np.flatnonzero(off > due)
    places = dict(zip(good[bad].tolist(), bad.tolist(), strict=True))

    def message(row: int) -> Fault:
        at = places[row]
        return Fault(
            "refused",
            f"{yuan_text(int(off[at]))} are refused and forfeited, but the fund owes {yuan_text(int(due[at]))} only; "
            "correct refused_amt",
        )

    prepared.faults.mark(good[bad], message)


def _cleared(
    terms: AnnualTerms, prepared: PreparedYear, good: Column
) -> tuple[IssuedYear, BudgetSharing[Any], ClearedBudget[Any]]:
    of = {name: column[good] for name, column in prepared.columns.items()}
    advanced = _advanced(terms, prepared, good)
    shared = share_budget(terms.sharing, year_of(prepared, good))
    nothing = np.zeros(len(good), np.int64)
    first = clear_budget(terms.clearing, terms.deposits, account_of(prepared, shared, good, advanced, nothing))
    given = _redistributed(terms, prepared, good, first)
    cleared = first
    if given.any():
        cleared = clear_budget(terms.clearing, terms.deposits, account_of(prepared, shared, good, advanced, given))
    issued = IssuedYear(
        of["state"],
        of["quota_local"],
        of["quota_out"],
        prepared.increments[good],
        advanced,
        of["refused_amt"],
        of["prepayment_left"],
        of["carried_in"],
        given,
    )
    return issued, shared, cleared


def _redistributed(terms: AnnualTerms, prepared: PreparedYear, good: Column, first: ClearedBudget[Any]) -> Column:
    """What each is given of the deposits that others forfeited: those at full assessment, by their deposits."""
    given = np.zeros(len(good), np.int64)
    if terms.deposits is None or terms.deposits.forfeits_to == "fund":
        return given
    full = np.flatnonzero((first.returned_rate == RATE_ONE) & (first.deposit > 0))
    if full.size:
        codes = prepared.codes.take(good[full]).texts().tolist()
        given[full] = split(total(first.forfeited), first.deposit[full], codes)
    return given


def _rejects(prepared: PreparedYear) -> Rejects:
    why = sorted(prepared.faults.why.items())
    codes = prepared.codes
    return Rejects(
        np.array([row for row, _ in why], np.int64),
        tuple(str(codes.values[codes.codes[row]]) for row, _ in why),
        tuple(fault.reason for _, fault in why),
        tuple(fault.message for _, fault in why),
    )
