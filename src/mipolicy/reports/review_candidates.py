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
_TEXTS: Final = ("fixmedins_code", "bilg_dept_codg", "bilg_dr_codg", "group_code")
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
    held: dict[str, Any] = {
        "setl_id": Coded.of(paid.prepared.read.columns["setl_id"]).take(rows),
        **{name: facts.texts[name].take(rows) for name in _TEXTS},
        "method": method,
        "review": np.array(facts.column("review").take(rows), np.int64),
        "cost": compared_cost(paid, rows)[0],
        "standard": paid.scores.standard.take(rows),
    }
    held["excess"] = held["cost"] - held["standard"]
    beside = _beside(held["setl_id"], intensive_days or {}, new_technology)
    met = _met(paid, terms, rows, held, beside)
    may_apply = met.pop("may_apply")
    institution = facts.institution.take(rows)
    held["rank"] = _ranks(paid, terms, institution, held, may_apply)
    lines, left = _lines(paid, terms, institution, method, held["review"], may_apply)
    pair = institution * len(GROUPED.members) + method
    held["within"] = (held["rank"] <= left[pair]).astype(np.int64)
    here = np.flatnonzero(may_apply)
    here = here[np.lexsort((held["rank"][here], pair[here]))]
    columns = {name: column.take(here) for name, column in (held | met).items()}
    return Candidates(paid.year, fixmedins_code, terms.criteria, columns, lines)


def _ranks(
    paid: PaidTable, terms: SpecialCaseTerms, institution: Column, held: Mapping[str, Any], may_apply: Column
) -> Column:
    """The place of each candidate among those of its institution and method."""
    discharges = Discharges(
        setl_id=held["setl_id"].texts().tolist(),
        fixmedins_code=institution,
        method=held["method"],
        review=np.where(may_apply != 0, _APPLIED, _NONE),
        may_apply=may_apply,
        medfee_sumamt=held["cost"],
        standard=held["standard"],
    )
    return rank(terms, discharges, tuple(paid.prepared.region.institutions)).rank


def _discharges(paid: PaidTable, fixmedins_code: str) -> tuple[Column, Column]:
    """The stays whose method pays by group, with it; those granted by item belong to the method that they left."""
    rows = rows_of(paid, fixmedins_code)
    method, original = (np.array(codes.take(rows), np.int64) for codes in (paid.routes.method, paid.routes.original))
    granted = np.isin(np.asarray(paid.prepared.facts.column("review")).take(rows), _GRANTED)
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
    paid: PaidTable, terms: SpecialCaseTerms, rows: Column, held: Mapping[str, Any], beside: Mapping[str, Column]
) -> dict[str, Column]:
    """The criteria that each open case meets; a group without mean days lets nobody apply by the stay."""
    undecided = np.isin(held["review"], (_NONE, _APPLIED)) & (paid.prepared.facts.group.take(rows) >= 0)
    here = np.flatnonzero(undecided & (held["standard"] > 0) & (held["cost"] > 0))
    given = {"medfee_sumamt": held["cost"], "standard": held["standard"], **beside}
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
