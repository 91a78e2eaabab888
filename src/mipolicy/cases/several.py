"""What can only be said of several cases together: returns to the same DRG."""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.calendar import day_number
from mipolicy.cases.prepare import PreparedCases
from mipolicy.cases.quotas import rank_of
from mipolicy.cases.route import Routes
from mipolicy.errors import Fault
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.axes import METHOD
from mipolicy.payment.readmission import ReadmissionTerms, Stays, overlaps, readmissions
from mipolicy.rounding import mul_div
from mipolicy.texts import Coded, hashed

__all__ = ["Returns", "join_returns", "with_factor"]

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


def with_factor(figures: Column, factor: Column) -> Column:
    """Points or amounts times a factor, half up."""
    return mul_div(figures, factor, int(FACTOR_ONE))
