"""Who is within a quota of an institution: high outliers scored by their cost, and reviews that were granted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from attrs import define, evolve, field, frozen

from mipolicy.batch.work import Work
from mipolicy.calendar import day_number
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes, route_again
from mipolicy.cases.ways import Part
from mipolicy.money import RATE_ONE, Column
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.payment.outliers import within_quota
from mipolicy.payment.special_case import GROUPED, SpecialCaseTerms

__all__ = ["Piece", "Ranking", "admit_reviews", "choose_by_item", "excess_steps", "known_of", "rank_of", "settled"]

_EXCESS: Final = {"drg_points": ("cost_points", "standard_points"), "drg_weight": ("reasonable_cost", "group_standard")}
"""By section: the steps whose difference ranks high outliers within an institution."""
_GRANTED: Final = tuple(REVIEW.position(word) for word in ("granted_item", "granted_points"))
_BY_ITEM: Final = METHOD.position("by_item")


def rank_of(ids: Any) -> Column:
    """The rank of each id in the order of the texts."""
    texts: Any = np.asarray(ids)
    if len(texts) < 2 or (texts[1:] > texts[:-1]).all():
        return np.arange(len(texts))
    order = np.argsort(texts, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


@frozen(eq=False)
class Ranking:
    """Cases that one version of terms ranks within a quota; `a + b` is what one pass over both gives.

    share: of an institution's cases, per million; discharges: how many cases, by institution; institution, excess,
    case: place, by how much it is ranked, and id of each; rounding: how a quota is made whole; until_known: whether a
    case stands within as long as the quota is not known.
    """

    share: int
    discharges: Column
    institution: Column
    excess: Column
    case: Any
    rounding: str = "down"
    until_known: bool = False

    def __add__(self, other: Ranking) -> Ranking:
        of = self if len(self.case) else other
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("institution", "excess", "case")
        }
        return evolve(of, discharges=self.discharges + other.discharges, **joined)

    def within(self) -> Any:
        """Which of the cases are within their institution's quota: those of highest excess, ties by id."""
        half = int(RATE_ONE) // 2 if self.rounding == "half_up" else 0
        return within_quota(
            (self.discharges * self.share + half) // int(RATE_ONE),
            institution=self.institution,
            excess=self.excess,
            case=rank_of(self.case),
        )

    def standing(self, name: str, known: Mapping[str, Any]) -> Any:
        """Which of the cases stand within, as far as it is known."""
        return np.isin(self.case, known[name]) if name in known else np.full(len(self.case), self.until_known)


def known_of(rankings: Mapping[str, Ranking]) -> dict[str, Any]:
    """The ids of the cases within each quota, by its name."""
    return {name: ranking.case[ranking.within()] for name, ranking in rankings.items()}


def settled(rankings: Mapping[str, Ranking], known: Mapping[str, Any]) -> bool:
    """Whether what was known when the cases were ranked is what the rankings say; else they are to be ranked again."""
    return all((ranking.standing(name, known) == ranking.within()).all() for name, ranking in rankings.items())


@define(eq=False)
class Piece:
    """A piece of a table that is paid with others: what it is told of them, and what it tells.

    known: by name of a quota, the ids of the cases within it; rankings: what the piece has to rank, by the same name;
    scales: by pool, the scales of its points with the terms that use them.
    """

    known: Mapping[str, Any] = field(factory=dict)
    rankings: dict[str, Ranking] = field(factory=dict)
    scales: Mapping[str, Mapping[int, frozenset[str]]] = field(factory=dict)


def _standing(ranking: Ranking, name: str, piece: Piece | None) -> Any:
    if piece is None:
        return ranking.within()
    piece.rankings[name] = ranking
    return ranking.standing(name, piece.known)


# ---- reviews ---------------------------------------------------------------------------------------------------------


def admit_reviews(prepared: PreparedCases, routes: Routes, work: Work, piece: Piece | None) -> None:
    """Where an institution has more reviews granted than its quota, its group pays those beyond it (rule P02).

    Within are the cases that cost most beyond the mean of their group, ties by id: what a point is worth, and so the
    standard, is not known before it is known which cases points pay.  The terms are those of the last day of the year.
    """
    facts = prepared.facts
    sound = prepared.payable() & ~prepared.cancelled()
    granted = np.isin(facts.column("review"), _GRANTED) & sound
    method = np.where(granted & (routes.method == _BY_ITEM), routes.original, routes.method)
    for at, name in enumerate(GROUPED.members):
        of_method = sound & (method == METHOD.position(name))
        rows = np.flatnonzero(of_method & granted)
        if not rows.size and (piece is None or not of_method.any()):
            continue
        ranking = _reviews(prepared, at, np.flatnonzero(of_method), rows)
        beyond = rows[~_standing(ranking, f"special_case.{name}", piece)]
        if beyond.size:
            review = np.array(facts.column("review"))
            review[beyond] = REVIEW.position("beyond_quota")
            facts.set("review", review)
            route_again(prepared, routes, beyond, work)


def _reviews(prepared: PreparedCases, method: int, discharged: Column, rows: Column) -> Ranking:
    """The granted reviews of a method; cases that meet a gap of the terms are marked and keep their place."""
    facts, region = prepared.facts, prepared.region
    last = day_number(datetime.date(prepared.year, 12, 31))
    on_last = np.broadcast_to(np.int64(last), prepared.read.rows)
    share, rounding = int(RATE_ONE), "down"
    for version, _ in prepared.dated.versions("special_case", rows, on_last, (last, last)) if rows.size else ():
        terms: SpecialCaseTerms = prepared.dated.policy.build("special_case", version)
        share, rounding = int(terms.quota.values[method]), terms.quota_rounding
    cost, carved, mean, mean_of_all = (
        np.asarray(facts.of(name, rows)) for name in ("medfee_sumamt", "carve_out_amt", "group_mean", "mean_of_all")
    )
    return Ranking(
        share,
        np.bincount(facts.institution.take(discharged), minlength=len(region.institutions)),
        institution=facts.institution.take(rows),
        excess=cost - carved - np.where(facts.group.take(rows) >= 0, mean, mean_of_all),
        case=np.asarray(prepared.read.columns["setl_id"].take(rows)),
        rounding=rounding,
        until_known=True,
    )


# ---- high outliers ---------------------------------------------------------------------------------------------------


def excess_steps(part: Part) -> tuple[str, ...]:
    """The steps that rank the high outliers of an institution, where the terms score so many of them by their cost."""
    if part.way.section not in _EXCESS or part.terms.high_way != "by_item":
        return ()
    return ("high", *_EXCESS[part.way.section])


def choose_by_item(
    prepared: PreparedCases, part: Part, rows: Column, done: Mapping[str, Column], piece: Piece | None
) -> Column:
    """Which of some rows of a part are high outliers within their institution's quota: their places among the rows.

    rows: the part's rows that can be high outliers; done: the steps of `excess_steps`, one figure a row; piece: what
    says so where the table is one of several.
    """
    gone, institution = prepared.cancelled(), prepared.facts.institution
    cost, standard = _EXCESS[part.way.section]
    high = np.flatnonzero((done["high"] != 0) & ~gone.take(rows))
    counted = np.flatnonzero(part.within & ~gone)
    ranking = Ranking(
        int(part.terms.by_item_share),
        np.bincount(institution.take(counted), minlength=len(prepared.region.institutions)),
        institution=institution.take(rows[high]),
        excess=done[cost][high] - done[standard][high],
        case=np.asarray(prepared.read.columns["setl_id"].take(rows[high])),
    )
    chosen: Column = high[_standing(ranking, part.name, piece)]
    return chosen
