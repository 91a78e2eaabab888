"""One institution of a cleared table, step by step: its quota, its advances, who bears what, what is still due."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mipolicy.annual.clear import account_of, advance_months, year_of
from mipolicy.annual.result import ClearedYear
from mipolicy.budget.advance import MonthOfYear, advance_month
from mipolicy.budget.clearing import AccountOfBudget, ClearedBudget, clear_budget
from mipolicy.budget.sharing import BudgetSharing, share_budget
from mipolicy.errors import IdentityError
from mipolicy.explain.render import Explanation, StepGroup
from mipolicy.explain.steps import inputs_of, must_equal, steps_of
from mipolicy.explain.words import Named
from mipolicy.traced import Leaf, Traced, labelled

__all__ = ["explain_clearing"]


@attrs.frozen
class _Quota:
    """A quota as issued, and what increments made of it."""

    issued: int = labelled("fen", "年初市内控制额", "quota of care in the city as issued")
    increments: int = labelled("fen", "核定增量", "increments approved")
    quota_local: int = labelled("fen", "市内控制额", "quota of care in the city")


def explain_clearing(cleared: ClearedYear, row: int) -> Explanation:
    """Every step of one institution's year, each with its formula and clauses.

    row: the row of the table that was given, from 0.
    Raises InputError for a row that is not there, or that was rejected, with the reason; IdentityError where the rerun
    does not give what the table holds: a defect of the library.
    """
    prepared = cleared.prepared
    prepared.faults.refuse(row)
    at = int(np.searchsorted(cleared.row, row))
    names: dict[int, Named] = {}
    groups = [*_quota(cleared, row), *_months(cleared, row)]
    year = inputs_of(_ints(year_of(prepared, np.array([row]))))
    shared = share_budget(_traced(cleared, "budget_sharing"), year)
    must_equal("budget_sharing", shared, _held(cleared, BudgetSharing, at))
    groups.append(StepGroup("结余留用与超支分担", "savings and overruns", steps_of(shared, names)))
    account = _account(cleared, shared, row, at)
    done = clear_budget(_traced(cleared, "budget_clearing"), _traced(cleared, "payment_clearing"), account)
    must_equal("budget_clearing", done, _held(cleared, ClearedBudget, at))
    groups.append(StepGroup("年度清算", "the year cleared", steps_of(done, names)))
    code = str(cleared.columns["fixmedins_code"][at])
    header = cleared.terms.policy.header
    return Explanation(
        code,
        f"{code}: {header.title}, {cleared.year}年",
        f"institution {code}: {cleared.terms.policy.id}, {cleared.year}",
        tuple(groups),
    )


def _traced(cleared: ClearedYear, section: str) -> Any:
    version = cleared.terms.versions.get(section)
    return None if version is None else cleared.terms.policy.traced(section, version)


def _ints(record: Any) -> Any:
    """A record of columns of one row, as a record of ints."""
    fields = attrs.fields(type(record))
    return type(record)(**{each.name: int(np.asarray(getattr(record, each.name))[0]) for each in fields})


def _held(cleared: ClearedYear, shape: type[Any], at: int) -> Any:
    return shape(**{each.name: int(cleared.columns[each.name][at]) for each in attrs.fields(shape)})


def _account(cleared: ClearedYear, shared: Any, row: int, at: int) -> Any:
    """The account with what the books hold traced as inputs, and what sharing gave as the steps above it."""
    rows = np.array([row])
    columns = {each.name: np.array([int(getattr(shared, each.name))]) for each in attrs.fields(BudgetSharing)}
    given = [np.array([int(cleared.columns[name][at])]) for name in ("advanced", "redistributed")]
    plain: AccountOfBudget[int] = _ints(account_of(cleared.prepared, BudgetSharing(**columns), rows, *given))
    traced = inputs_of(plain)
    return attrs.evolve(traced, fund=shared.fund, treasury=shared.treasury, institution=shared.institution)


def _quota(cleared: ClearedYear, row: int) -> list[StepGroup]:
    raised = int(cleared.prepared.increments[row])
    if not raised:
        return []
    fields = attrs.fields_dict(_Quota)
    given = (int(cleared.prepared.columns["quota_local"][row]), raised)
    issued, added = (
        Traced(amount, leaf=Leaf("input", name, fields[name].metadata["zh"], fields[name].metadata["en"], "fen"))
        for name, amount in zip(("issued", "increments"), given, strict=True)
    )
    return [StepGroup("核定控制额", "the quota", steps_of(_Quota(issued, added, issued + added), {}))]


def _months(cleared: ClearedYear, row: int) -> list[StepGroup]:
    """The advance of each month, where the table had months."""
    prepared = cleared.prepared
    if not prepared.months:
        return []
    quota = int(prepared.columns["quota_local"][row] + prepared.columns["quota_out"][row])
    actual = tuple(int(month[row]) for month in prepared.months)
    terms = cleared.terms.advance
    assert terms is not None  # months ask for the section
    plain = advance_months(terms, quota, actual)
    held = int(cleared.columns["advanced"][int(np.searchsorted(cleared.row, row))])
    if plain[-1].advanced != held:
        raise IdentityError(f"monthly_advance: {plain[-1].advanced} is not the advanced {held}")
    traced, so_far, before, groups = _traced(cleared, "monthly_advance"), 0, 0, []
    for at, (cost, month) in enumerate(zip(actual, plain, strict=True), 1):
        so_far += cost
        found = advance_month(traced, inputs_of(MonthOfYear(at, quota, cost, so_far, before)))
        must_equal("monthly_advance", found, month)
        groups.append(StepGroup(f"{at}月预付", f"advance of month {at}", steps_of(found, {})))
        before = month.advanced
    return groups
