"""Candidates for special review (特例单议): who may apply, by which criteria, within what is left of a quota.

Rule P02; formulas.md section 2, special cases.  Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.cases.result import PaidTable
from mipolicy.errors import CodeError
from mipolicy.money import Column
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.payment.special_case import GROUPED, Application, SpecialCaseTerms, eligible
from mipolicy.payment.special_quota import Discharges, quota_of, rank
from mipolicy.reports.office import compared_cost, rows_of, yearly_terms
from mipolicy.reports.sheet import Grid, Heading, Series, Sheet
from mipolicy.texts import Coded
from mipolicy.traced import labelled

__all__ = ["CandidateLine", "Candidates", "candidates_sheet", "review_candidates"]

_NONE, _APPLIED = (REVIEW.position(name) for name in ("none", "applied"))
_GRANTED: Final = tuple(REVIEW.position(name) for name in ("granted_item", "granted_points"))
_CRITERIA: Final = ("by_cost", "by_stay", "by_intensive_care", "by_new_technology")


@frozen
class CandidateLine:
    """An institution's quota under one method, and what is left of it for its candidates."""

    fixmedins_code: str = labelled("text", "定点医药机构编号", "institution")
    method: int = labelled(GROUPED, "付费方式", "method")
    discharges: int = labelled("count", "出院病例数", "discharges")
    quota: int = labelled("count", "名额", "quota")
    granted: int = labelled("count", "已通过", "already granted")
    left: int = labelled("count", "剩余名额", "left of the quota")
    candidates: int = labelled("count", "候选病例数", "candidates")
    within: int = labelled("count", "名额内候选", "of which within what is left")


@frozen(eq=False)
class Candidates:
    """Cases that may apply, as columns, by institution, method and rank.

    columns: setl_id, fixmedins_code, bilg_dept_codg, bilg_dr_codg, group_code as texts; method, review as codes; rank
    from 1 on, within (1 within what is left of the quota), cost, standard, excess (cost - standard), and the criteria
    that the case meets: by_cost, by_stay, by_intensive_care, by_new_technology.
    """

    year: int
    fixmedins_code: str
    criteria: tuple[str, ...]
    columns: Mapping[str, Any]
    lines: tuple[CandidateLine, ...]

    def __len__(self) -> int:
        return len(self.columns["rank"])


def review_candidates(
    paid: PaidTable,
    fixmedins_code: str = "",
    *,
    intensive_days: Mapping[str, int] | None = None,
    new_technology: Collection[str] = (),
) -> Candidates:
    """The cases of an institution, or of all, that may apply for special review, ranked by cost less standard.

    fixmedins_code: one institution, all by default; intensive_days: days in intensive care by setl_id, and
    new_technology: the setl_ids with a listed new drug or technology, neither of which a table of cases holds.
    The terms are those of the last day of the year.  A case that was granted keeps its place in the quota and is no
    candidate, nor is one that was refused; a case of no group, or without a standard, cannot be compared.
    Raises CodeError for an institution or a setl_id that is not there; PolicyGap or NotInForce without terms.
    Sources: rule P02; formulas.md section 2, special cases.
    """
    terms: SpecialCaseTerms = yearly_terms(paid, "special_case")
    rows, method = _discharges(paid, fixmedins_code)
    facts = paid.prepared.facts
    review = np.asarray(facts.columns["review"]).take(rows)
    cost, _ = compared_cost(paid, rows)
    standard = paid.scores.standard.take(rows)
    ids = Coded.of(paid.prepared.read.columns["setl_id"]).take(rows)
    beside = _beside(ids, intensive_days or {}, new_technology)
    open_now = np.isin(review, (_NONE, _APPLIED)) & (facts.group.take(rows) >= 0) & (standard > 0) & (cost > 0)
    met = _met(paid, terms, rows, open_now, {"medfee_sumamt": cost, "standard": standard, **beside})
    may_apply = met["may_apply"]
    institution = facts.institution.take(rows)
    ranked = rank(
        terms,
        Discharges(
            setl_id=ids.texts().tolist(),
            fixmedins_code=institution,
            method=method,
            review=np.where(may_apply != 0, _APPLIED, _NONE),
            may_apply=may_apply,
            medfee_sumamt=cost,
            standard=standard,
        ),
        tuple(paid.prepared.region.institutions),
    )
    lines, left = _lines(paid, terms, institution, method, review, may_apply)
    pair = institution * len(GROUPED.members) + method
    here = np.flatnonzero(may_apply)
    here = here[np.lexsort((ranked.rank[here], pair[here]))]
    columns: dict[str, Any] = {
        "setl_id": ids.take(here),
        **{
            name: facts.texts[name].take(rows[here])
            for name in ("fixmedins_code", "bilg_dept_codg", "bilg_dr_codg", "group_code")
        },
        "method": method[here],
        "review": review[here],
        "rank": ranked.rank[here],
        "within": (ranked.rank[here] <= left[pair[here]]).astype(np.int64),
        "cost": cost[here],
        "standard": standard[here],
        "excess": cost[here] - standard[here],
        **{name: met[name][here] for name in _CRITERIA},
    }
    return Candidates(paid.year, fixmedins_code, terms.criteria, columns, lines)


def _discharges(paid: PaidTable, fixmedins_code: str) -> tuple[Column, Column]:
    """The stays whose method pays by group, with it; those granted by item belong to the method that they left."""
    rows = rows_of(paid, fixmedins_code)
    method, original = paid.routes.method.take(rows), paid.routes.original.take(rows)
    granted = np.isin(np.asarray(paid.prepared.facts.columns["review"]).take(rows), _GRANTED)
    by_item = method == METHOD.position("by_item")
    method = np.where(by_item & granted, original, method)
    held = (method >= 0) & (method < len(GROUPED.members))
    return rows[held], method[held]


def _beside(ids: Coded, days: Mapping[str, int], technology: Collection[str]) -> dict[str, Column]:
    """What is stated of single cases beside the table."""
    unknown = [each for each in (*days, *technology) if each not in ids.positions]
    if unknown:
        raise CodeError(
            f"the table holds no case {', '.join(map(repr, unknown[:5]))}; state its setl_id as it stands there"
        )
    listed = frozenset(technology)
    return {
        "intensive_days": ids.figures(lambda each: days.get(each, 0)),
        "new_technology": ids.figures(lambda each: int(each in listed)),
    }


def _met(
    paid: PaidTable, terms: SpecialCaseTerms, rows: Column, open_now: Any, given: Mapping[str, Column]
) -> dict[str, Column]:
    """The criteria that each open case meets; a group without mean days lets nobody apply by the stay."""
    here = np.flatnonzero(open_now)
    facts = paid.prepared.facts
    mean_days = np.asarray(facts.of("mean_days", rows[here]))
    days = np.where(mean_days > 0, facts.of("days", rows[here]), 0)
    application: Application[Any] = Application(
        group_mean=np.asarray(facts.of("group_mean", rows[here])),
        days=days,
        mean_days=np.maximum(mean_days, 1),
        **{name: np.ascontiguousarray(column[here]) for name, column in given.items()},
    )
    found = eligible(terms, application)
    met = {}
    for name in (*_CRITERIA, "may_apply"):
        column = np.zeros(len(rows), np.int64)
        column[here] = getattr(found, name)
        met[name] = column
    return met


def _lines(
    paid: PaidTable,
    terms: SpecialCaseTerms,
    institution: Column,
    method: Column,
    review: Column,
    may_apply: Column,
) -> tuple[tuple[CandidateLine, ...], Column]:
    """The quotas by institution and method, and what is left of each."""
    names, many = list(paid.prepared.region.institutions), len(GROUPED.members)
    pair, size = institution * many + method, len(names) * many
    granted = np.isin(review, _GRANTED)
    counts = [np.bincount(pair[mask], minlength=size) for mask in (np.ones(len(pair), bool), granted, may_apply != 0)]
    lines, left = [], np.zeros(size, np.int64)
    for at in np.flatnonzero(counts[0]).tolist():
        discharges, given, candidates = (int(each[at]) for each in counts)
        quota = quota_of(terms, GROUPED.members[at % many], discharges)
        left[at] = max(0, quota - given)
        within = min(candidates, int(left[at]))
        lines.append(
            CandidateLine(names[at // many], at % many, discharges, quota, given, int(left[at]), candidates, within)
        )
    return tuple(sorted(lines, key=lambda line: (line.fixmedins_code, line.method))), left


# ---- as a page -------------------------------------------------------------------------------------------------------

_HEADS: Final = (
    Heading("fixmedins_code", "text", "定点医药机构编号", "institution"),
    Heading("method", GROUPED, "付费方式", "method"),
    Heading("rank", "count", "排序", "rank"),
    Heading("within", "flag", "名额内", "within the quota"),
    Heading("setl_id", "text", "结算ID", "settlement id"),
    Heading("bilg_dept_codg", "text", "科室编码", "department"),
    Heading("bilg_dr_codg", "text", "医师编码", "doctor"),
    Heading("group_code", "text", "病组(病种)编码", "group"),
    Heading("review", REVIEW, "特例单议", "special review"),
    Heading("cost", "fen", "费用", "cost"),
    Heading("standard", "fen", "付费标准", "standard"),
    Heading("excess", "fen", "超出标准", "cost - standard"),
    Heading("by_cost", "flag", "费用条件", "by its cost"),
    Heading("by_stay", "flag", "住院日条件", "by its stay"),
    Heading("by_intensive_care", "flag", "监护病房条件", "by intensive care"),
    Heading("by_new_technology", "flag", "新药新技术条件", "by a new drug or technology"),
)
_OF_CRITERION: Final = {
    "by_cost": "cost",
    "by_stay": "stay",
    "by_intensive_care": "intensive_care",
    "by_new_technology": "new_technology",
}


def candidates_sheet(candidates: Candidates) -> Sheet:
    """The candidates as a page: the quotas, then the cases by rank; criteria that no terms name are left out."""
    heads = [head for head in _HEADS if _OF_CRITERION.get(head.name, "") in ("", *candidates.criteria)]
    named = candidates.fixmedins_code or "all"
    return Sheet(
        f"candidates-{named}",
        f"{candidates.year}年度特例单议候选病例 {candidates.fixmedins_code or '全部机构'}",
        f"candidates for special review, {candidates.year}: {candidates.fixmedins_code or 'all institutions'}",
        (
            Grid.of("名额", "quotas", CandidateLine, candidates.lines),
            Grid("候选病例", "candidates", tuple(Series(head, candidates.columns[head.name]) for head in heads)),
        ),
    )
