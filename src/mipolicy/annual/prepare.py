"""From tables of an area's institutions to columns, every row checked; what cannot be cleared has its reason."""

from __future__ import annotations

import datetime
from typing import Final

import numpy as np

from mipolicy.annual.books import read_months, read_refused
from mipolicy.annual.reading import SHOWN, PreparedYear, code_of, mark, places, sound, stop
from mipolicy.annual.records import IncrementApproval, IndicatorResult, InstitutionYear
from mipolicy.annual.terms import AnnualTerms
from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.dated import Faults
from mipolicy.batch.prepare import is_empty, repeated
from mipolicy.budget.axes import STATE
from mipolicy.budget.quota import Increment, InstitutionQuota, QuotaTerms, with_increments
from mipolicy.budget.sharing import Assessment, state
from mipolicy.calendar import NO_DAY, as_date
from mipolicy.checked import MOST
from mipolicy.errors import Fault, TableError
from mipolicy.money import FACTOR_ONE, MAX_FEN, Column, yuan_text
from mipolicy.payment.clearing import FULL_MARK
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["prepare_year"]

_QUOTAS: Final = ("quota_outpatient", "quota_inpatient", "quota_special")
_AMOUNTS: Final = (
    "quota_local",
    "quota_out",
    "points_amt",
    "actual_local",
    "actual_out",
    "stated_out",
    "refused_amt",
    "prepayment_left",
    "carried_in",
)
_MARKS: Final = ("quality_mark", "internal_mark", "assessment")


# ---- a year ----------------------------------------------------------------------------------------------------------


def prepare_year(
    terms: AnnualTerms,
    institutions: Table,
    results: Table | None,
    months: Table | None,
    increments: Table | None,
    refused: Table | None,
    settled_on: datetime.date,
) -> PreparedYear:
    """Read, code and check an area's tables.

    Raises TableError for a table of the wrong shape, and for every mistake of the tables beside the institutions.
    """
    read = read_table(institutions, InstitutionYear, "institutions")
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    faults.mark(np.flatnonzero(is_empty(read.columns["fixmedins_code"])), Fault("id", "fixmedins_code is empty"))
    codes = Coded.of(read.columns["fixmedins_code"])

    def twice(row: int) -> Fault:
        return Fault("duplicate", f"fixmedins_code {codes.values[codes.codes[row]]} stands twice")

    faults.mark(repeated(read.columns["fixmedins_code"]), twice)
    names = (*_AMOUNTS, *_QUOTAS, *_MARKS, "advanced", "assessment_factor")
    columns = {name: np.array(read.columns[name], np.int64) for name in names}
    year = PreparedYear(read, faults, codes, columns, np.zeros(read.rows, np.int64))
    year.row_of.update(zip(codes.texts()[::-1].tolist(), range(read.rows - 1, -1, -1), strict=True))
    _check_figures(year)
    columns["state"] = _states(terms, year, results)
    _check_marks(terms, year)
    if increments is not None and terms.quota is not None:
        _raise_quotas(terms.quota, year, increments, settled_on)
    _check_budget(terms, year)
    if refused is not None:
        read_refused(year, refused)
    read_months(year, months)
    return year


def _check_figures(year: PreparedYear) -> None:
    of = year.columns
    for name in (*_AMOUNTS, "advanced", *_QUOTAS):
        column, optional = of[name], name in (*_QUOTAS, "advanced")
        bad = (column < 0) & ~(optional & (column == NO_AMOUNT))
        mark(
            year,
            bad,
            "amount",
            lambda row, column=column, name=name: (  # type: ignore[misc]
                f"{name} is {yuan_text(int(column[row]))}; an amount of 0 or more is due"
            ),
        )
    factor = of["assessment_factor"]
    mark(
        year,
        (factor < 0) | (factor > MOST["factor"]),
        "factor",
        lambda row: f"assessment_factor is {int(factor[row])} per ten thousand; from 0 to 1000 is due",
    )
    parts = [of[name] for name in _QUOTAS]
    stated = np.logical_or.reduce([part != NO_AMOUNT for part in parts])
    summed = np.add.reduce([np.where(part == NO_AMOUNT, 0, part) for part in parts])
    mark(
        year,
        stated & (summed != of["quota_local"]),
        "blocks",
        lambda row: (
            f"{', '.join(_QUOTAS)} sum to {yuan_text(int(summed[row]))}, "
            f"quota_local is {yuan_text(int(of['quota_local'][row]))}; correct whichever is wrong"
        ),
    )
    for name in (*_AMOUNTS, *_QUOTAS):
        of[name] = np.where(year.faults.bad, 0, of[name])


# ---- the assessment --------------------------------------------------------------------------------------------------


def _states(terms: AnnualTerms, year: PreparedYear, results: Table | None) -> Column:
    """The state of each institution, from its results or as stated."""
    stated = Coded.of(year.read.columns["state"])
    if results is None:
        known = {word: at for at, word in enumerate(STATE.members)}

        def wrong(row: int) -> str:
            word = stated.values[stated.codes[row]]
            if word:
                return f"state {word!r} is none of {', '.join(STATE.members)}"
            return "no result: give results by indicator, or a state of " + ", ".join(STATE.members)

        found = stated.figures(lambda word: known.get(word, -1)) if year.read.rows else np.empty(0, np.int64)
        mark(year, found < 0, "state", wrong)
        return np.maximum(found, 0)
    if any(stated.values[code] for code in np.unique(stated.codes).tolist()):
        raise TableError("institutions: state is stated beside a table of results; give one of the two")
    return _assessed(terms.sharing.indicators, year, sound(results, IndicatorResult, "results"))


def _assessed(indicators: tuple[str, ...], year: PreparedYear, read: ReadTable) -> Column:
    if not indicators:
        raise TableError("results: the policy lists no indicator; give a state in the table of institutions")
    place = places(year, read, "results")
    column, flag = Coded.of(read.columns["indicator"]), Coded.of(read.columns["met_flag"])
    listed = {name: at for at, name in enumerate(indicators)}
    unknown = [name for name in column.values if name not in listed] if read.rows else []
    stop("results", [f"unknown indicator {name!r}; the policy lists: {', '.join(indicators)}" for name in unknown])
    wrong = [word for word in flag.values if word not in ("0", "1")] if read.rows else []
    stop("results", [f"met_flag takes '1' (met) or '0' (not met), not {word!r}" for word in wrong])
    size, rows = len(indicators), year.read.rows
    key = place * size + column.figures(lambda name: listed.get(name, 0))
    counts = np.bincount(key, minlength=rows * size).reshape(rows, size)
    again = np.flatnonzero(counts.reshape(-1) > 1)[:SHOWN].tolist()
    stop("results", [f"{code_of(year, at // size)}, {indicators[at % size]} stands twice" for at in again])
    met = np.zeros(rows, np.int64)
    np.add.at(met, place, flag.figures(lambda word: int(word == "1")))

    def missing(row: int) -> str:
        names = ", ".join(indicators[at] for at in np.flatnonzero(counts[row] == 0).tolist())
        return f"institution {code_of(year, row)} has no result of {names}; a missing result is not a failed one"

    mark(year, (counts == 0).any(axis=1), "result", missing)
    return state(Assessment(np.full(rows, size, np.int64), np.minimum(met, size)))


def _check_marks(terms: AnnualTerms, year: PreparedYear) -> None:
    """Marks that the terms ask for are there, within 0 to 100; others are left out."""
    clearing = terms.clearing
    used = {
        "quality_mark": clearing is not None and bool(clearing.quality_bands),
        "internal_mark": clearing is not None and bool(clearing.internal_bands),
        "assessment": terms.deposits is not None,
    }
    for name, needed in used.items():
        column = year.columns[name]
        absent = column == NO_AMOUNT
        if needed:
            mark(year, absent, "mark", lambda _, name=name: f"{name} is empty; these terms need the mark")  # type: ignore[misc]
        else:
            mark(
                year,
                ~absent,
                "mark",
                lambda _, name=name: f"{name} is stated, but these terms use no such mark; leave it empty",  # type: ignore[misc]
            )
        mark(
            year,
            ~absent & ((column < 0) | (column > FULL_MARK)),
            "mark",
            lambda row, column=column, name=name: (  # type: ignore[misc]
                f"{name} is {int(column[row])} per ten thousand; marks are 0 to 100"
            ),
        )
        year.columns[name] = np.where(absent | year.faults.bad, 0, column)


# ---- quotas ----------------------------------------------------------------------------------------------------------


def _raise_quotas(terms: QuotaTerms, year: PreparedYear, table: Table, settled_on: datetime.date) -> None:
    """Raise quotas by the increments that hold every approval; the others are pending."""
    read = sound(table, IncrementApproval, "increments")
    rows = places(year, read, "increments")
    ids, approval = Coded.of(read.columns["increment_id"]), Coded.of(read.columns["approval"])
    unknown = [name for name in approval.values if name not in terms.approvals] if read.rows else []
    stop("increments", [f"unknown approval {name!r}; allowed: {', '.join(terms.approvals)}" for name in unknown])
    held: dict[str, tuple[int, int, dict[str, datetime.date | None]]] = {}
    problems = []
    days, amounts = np.asarray(read.columns["approved_on"]).tolist(), np.asarray(read.columns["amount"]).tolist()
    for at, row in enumerate(rows.tolist()):
        name, word = ids.values[ids.codes[at]], approval.values[approval.codes[at]]
        of = held.setdefault(name, (row, amounts[at], {}))
        if of[:2] != (row, amounts[at]):
            problems.append(f"row {at}: increment {name!r} has another institution or amount than above")
        if word in of[2]:
            problems.append(f"row {at}: increment {name!r}: the approval {word} stands twice")
        of[2][word] = None if days[at] == NO_DAY else as_date(days[at])
        if not 0 <= amounts[at] <= MAX_FEN:
            problems.append(f"row {at}: amount is {yuan_text(amounts[at])}; an amount of 0 or more is due")
    stop("increments", problems)
    given = [Increment(code_of(year, row), amount, approved) for row, amount, approved in held.values()]
    none = {each.fixmedins_code: InstitutionQuota(each.fixmedins_code, 0, 0, 0, 0, 0, 0, 0) for each in given}
    raised, year.pending = with_increments(terms, none, given, settled_on)
    for code, of_code in raised.items():
        year.increments[year.row_of[code]] = of_code.increments


def _check_budget(terms: AnnualTerms, year: PreparedYear) -> None:
    """A budget is above 0, of one kind, and holds what these terms take."""
    of, points = year.columns, terms.sharing.basis == "points_amount"
    if points:
        for name in ("quota_local", "quota_out", "actual_out"):
            mark(
                year,
                of[name] != 0,
                "budget",
                lambda _, name=name: f"{name} is stated beside a points amount; leave it 0",  # type: ignore[misc]
            )
        mark(year, year.increments != 0, "budget", lambda _: "an increment raises a quota; these terms have none")
    else:
        mark(
            year, of["points_amt"] != 0, "budget", lambda _: "points_amt is stated, but these terms use quotas; leave 0"
        )
    budget = of["points_amt"] if points else of["quota_local"] + year.increments + of["quota_out"]
    what = "points_amt is" if points else "quota_local and quota_out are"
    mark(year, budget == 0, "budget", lambda _: f"{what} 0; a saving or an overrun is measured against a budget")
    over = np.maximum(of["actual_local"] + of["actual_out"] - budget, 0)
    if terms.sharing.overrun_split == "stated":
        mark(
            year,
            of["stated_out"] > over,
            "stated",
            lambda row: (
                f"stated_out is {yuan_text(int(of['stated_out'][row]))}, the overrun {yuan_text(int(over[row]))}"
            ),
        )
    else:
        mark(year, of["stated_out"] != 0, "stated", lambda _: "stated_out is given, but these terms do not take it")
    if terms.sharing.factor_on == "nothing":
        mark(
            year,
            of["assessment_factor"] != FACTOR_ONE,
            "factor",
            lambda _: "assessment_factor is not 1, but these terms use none; leave it out",
        )
