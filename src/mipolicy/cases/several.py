"""What can only be said of several cases together: returns to the same DRG, and who is within a quota."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from attrs import define, field, frozen

from mipolicy.calendar import day_number
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.route import Routes
from mipolicy.cases.ways import Part
from mipolicy.errors import Fault
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.outliers import within_quota
from mipolicy.payment.readmission import ReadmissionTerms, Stays, overlaps, readmissions
from mipolicy.rounding import mul_div
from mipolicy.texts import Coded, hashed

__all__ = ["Returns", "choose_by_item", "excess_steps", "join_returns", "rank_of"]

_DRG: Final = ("drg_points", "drg_weight")
_JOINED: Final = (
    "psn_part_amt",
    "other_pay",
    "hifp_pay",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "carve_out_amt",
    "unreasonable_amt",
)
_EXCESS: Final = {"drg_points": ("cost_points", "standard_points"), "drg_weight": ("reasonable_cost", "group_standard")}
"""By section: the steps whose difference ranks high outliers within an institution."""


def rank_of(ids: Any) -> Column:
    """The rank of each id in the order of the texts."""
    texts: Any = np.asarray(ids)
    if len(texts) < 2 or (texts[1:] > texts[:-1]).all():
        return np.arange(len(texts))
    order = np.argsort(texts, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _counted(prepared: PreparedCases) -> Any:
    """Sound cases that no reversal takes back."""
    return prepared.payable() & ~prepared.cancelled()


@frozen(eq=False)
class Returns:
    """What the terms make of stays to which the person returned, row by row.

    factor: on the points of the case, per ten thousand; carrier: the row of the stay into which it is merged, else its
    own.
    """

    factor: Column
    carrier: Column

    def reject_together(self, prepared: PreparedCases) -> None:
        """Reject what is merged with a rejected case: what one stay carries of another belongs to nobody else."""
        rejected = np.zeros(len(self.carrier), bool)
        rejected[self.carrier[prepared.faults.bad]] = True
        prepared.faults.mark(
            np.flatnonzero(rejected[self.carrier]),
            Fault(
                "merged", "a stay that is merged with it, of the same person and group, is rejected; correct that one"
            ),
        )


def join_returns(prepared: PreparedCases, routes: Routes) -> Returns:
    """What the terms make of stays to which the person returned.

    Where returns are merged, the last stay carries cost, days and payers of all, and the others nothing.  The terms are
    those of the last day of the year; stays that a reversal takes back are none.
    """
    factor = np.full(prepared.read.rows, int(FACTOR_ONE), np.int64)
    carrier = np.arange(prepared.read.rows)
    points, weight = (routes.method == METHOD.position(name) for name in _DRG)
    rows = np.flatnonzero((points | weight) & _counted(prepared))
    rows = rows[prepared.facts.group.take(rows) >= 0]
    last = day_number(datetime.date(prepared.year, 12, 31))
    on_last = np.broadcast_to(np.int64(last), prepared.read.rows)
    for version, of_terms in prepared.dated.versions("readmission", rows, on_last, (last, last)):
        terms: ReadmissionTerms = prepared.dated.policy.build("readmission", version)
        of_version = of_terms[_come_again(prepared, of_terms)]
        stays = _stays(prepared, of_version)
        clash = overlaps(terms, stays)
        message = "the stay begins before the person's stay before it in the group has ended; correct its days"
        prepared.faults.mark(of_version[clash], Fault("overlap", message))
        here = of_version[~clash]
        found = readmissions(terms, _stays(prepared, here) if clash.any() else stays)
        factor[here] = found.factor
        if terms.way == "merge":
            carrier[here] = here[found.merged_into]
            _merge(prepared, here, carrier[here], found)
    return Returns(factor, carrier)


def _come_again(prepared: PreparedCases, rows: Column) -> Any:
    """Which stays may belong together: those of a person with another stay in the same group.

    Persons are told apart by a hash, so that a stay too many may be looked at, but none too few.
    """
    person = prepared.read.columns["psn_no"].take(rows)
    codes: Any = person.codes.astype(np.uint64) if isinstance(person, Coded) else hashed(np.asarray(person))
    keys = codes * np.uint64(0x9E3779B97F4A7C15) + prepared.facts.group.take(rows).view(np.uint64)
    near = np.flatnonzero(_share_a_slot(keys))
    order = near[np.argsort(keys[near])]
    same = keys[order][1:] == keys[order][:-1]
    again = np.zeros(len(rows), bool)
    again[order[1:]] |= same
    again[order[:-1]] |= same
    return again


def _share_a_slot(keys: Any) -> Any:
    """Which keys fall on one slot of a table with another: all that are equal to another, and some that are not."""
    bits = max(8, len(keys).bit_length() + 2)
    slot = ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)).view(np.int64)
    places = np.arange(len(keys), dtype=np.int32)
    holder = np.empty(1 << bits, np.int32)
    holder[slot] = places
    shared = np.zeros(1 << bits, bool)
    shared[slot[holder.take(slot) != places]] = True
    return shared.take(slot)


def _taken(prepared: PreparedCases, name: str, rows: Column) -> Any:
    return np.asarray(prepared.read.columns[name].take(rows))


def _stays(prepared: PreparedCases, rows: Column) -> Stays:
    facts = prepared.facts
    columns = {
        name: np.array(np.broadcast_to(facts.of(name, rows), len(rows)), np.int64)
        for name in ("adm_day", "dscg_day", "planned", "medfee_sumamt", "days", "act_pay_dedc")
    }
    return Stays(
        person=Coded.of(prepared.read.columns["psn_no"].take(rows)).codes.astype(np.int64),
        group=facts.group.take(rows),
        institution=facts.institution.take(rows),
        case=rank_of(_taken(prepared, "setl_id", rows)),
        **columns,
    )


def _merge(prepared: PreparedCases, rows: Column, carrier: Column, found: Any) -> None:
    facts = prepared.facts
    for name in ("medfee_sumamt", "days"):
        column = np.array(facts.columns[name])
        column[rows] = getattr(found, name)
        facts.set(name, column)
    for name in (*_JOINED, "act_pay_dedc"):
        column = np.array(facts.columns[name])
        joined = np.zeros_like(column)
        np.add.at(joined, carrier, column[rows])
        column[rows] = joined[rows]
        facts.set(name, column)
    for name, sign in (("psn_part_amt", -1), ("act_pay_dedc", -1), ("hifp_pay", 1)):
        facts.made[name][rows] += sign * found.deductible_returned


def excess_steps(part: Part) -> tuple[str, ...]:
    """The steps that rank the high outliers of an institution, where the terms score so many of them by their cost."""
    if part.way.section not in _EXCESS or part.terms.high_way != "by_item":
        return ()
    return ("high", *_EXCESS[part.way.section])


@frozen(eq=False)
class Outliers:
    """The high outliers of one version of terms that ranks them; `a + b` is what one pass over both gives.

    share: of an institution's cases, per million; discharges: how many cases, by institution; institution, excess,
    case: place, by how much it is ranked, and id of each outlier.
    """

    share: int
    discharges: Column
    institution: Column
    excess: Column
    case: Any

    def __add__(self, other: Outliers) -> Outliers:
        joined = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("institution", "excess", "case")
        )
        return Outliers(self.share, self.discharges + other.discharges, *joined)

    def chosen(self) -> Any:
        """Which of the outliers are within their institution's quota."""
        return within_quota(
            self.share,
            self.discharges,
            institution=self.institution,
            excess=self.excess,
            case=rank_of(self.case),
        )


@define(eq=False)
class Piece:
    """A piece of a table that is paid with others: what it is told of them, and what it tells.

    by_item: by name of a part, the ids of the outliers within their quota; outliers: those of the piece, by name of
    their part; scales: by pool, the scales of its points with the terms that use them.
    """

    by_item: Mapping[str, Any] = field(factory=dict)
    outliers: dict[str, Outliers] = field(factory=dict)
    scales: Mapping[str, Mapping[int, frozenset[str]]] = field(factory=dict)


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
    outliers = Outliers(
        int(part.terms.by_item_share),
        np.bincount(institution.take(counted), minlength=len(prepared.region.institutions)),
        institution=institution.take(rows[high]),
        excess=done[cost][high] - done[standard][high],
        case=_taken(prepared, "setl_id", rows[high]),
    )
    if piece is None:
        within = outliers.chosen()
    else:
        piece.outliers[part.name] = outliers
        within = np.isin(outliers.case, piece.by_item.get(part.name, outliers.case[:0]))
    chosen: Column = high[within]
    return chosen


def with_factor(figures: Column, factor: Column) -> Column:
    """Points or amounts times a factor, half up."""
    return mul_div(figures, factor, int(FACTOR_ONE))
