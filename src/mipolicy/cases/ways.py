"""The ways of paying a case, as the table form joins them: section, rule, and the codes of a rule's own lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.work import Work
from mipolicy.cases.facts import Facts
from mipolicy.money import Column
from mipolicy.payment import bed_day, capitation, day_surgery, dip, drg_points, drg_weight, per_diem, single_disease
from mipolicy.payment.axes import POOL
from mipolicy.tables import Axis

__all__ = ["LISTS", "WAYS", "Listing", "Part", "Way", "listed"]

Codes: TypeAlias = Mapping[str, Column]


def _no_codes(_terms: Any, _facts: Facts, _rows: Column) -> Codes:
    return {}


def _no_factor(_terms: Any) -> bool:
    return False


def _always(_terms: Any) -> bool:
    return True


def _as_adjusted(terms: drg_weight.DrgWeightTerms) -> bool:
    return terms.adjusted_by == "institution_factor"


@frozen
class Way:
    """How a method pays: the section of its terms, its rule and input, and which of its steps count.

    section: its name, or the name before the pool's where each pool has its own (`by_pool`); points: whether it gives
    points, which the point value turns into money; codes: facts that the terms' own lists give of a case; by_item: the
    step that says that the case is paid by item after all, if the rule has one; takes_factor: whether the terms
    multiply by the institution factor, which an institution then has to have; takes_difference: whether the rule
    multiplies by the difference factor, of which every institution has a line where the region has any; scale: the
    figure of the terms that says how many points the mean cost of all cases is; costs_alike: the least and the most
    cost at which the points of a case are those of its group and institution alone, where `alone`, the facts that set
    it apart, are all 0.
    """

    section: str
    given: type[attrs.AttrsInstance]
    apply: Callable[[Any, Any], Any]
    points: bool
    codes: Callable[[Any, Facts, Column], Codes] = _no_codes
    by_item: str = ""
    takes_factor: Callable[[Any], bool] = _no_factor
    takes_difference: bool = False
    scale: str = ""
    by_pool: bool = False
    costs_alike: Callable[[Any, Any], tuple[Any, Any]] | None = None
    alone: tuple[str, ...] = ()

    def sections(self) -> tuple[tuple[str, int], ...]:
        """The sections, each with the position of its pool, -1 where one section serves all."""
        if not self.by_pool:
            return ((self.section, -1),)
        return tuple((f"{self.section}.{pool}", at) for at, pool in enumerate(POOL.members))


@frozen(eq=False)
class Part:
    """The rows of a way of paying that one version of its terms governs, as booleans; name: section and version."""

    name: str
    way: Way
    terms: Any
    within: Any


def _on_axis(axis: Axis, facts: Facts, rows: Column, unlisted: int) -> Column:
    """The place of each case's code in a list of the terms, `unlisted` where it is not there."""
    places = {member: at for at, member in enumerate(axis.members)}
    return facts.coded("dise_codg", rows, lambda code: places.get(code, unlisted))


def _disease(terms: single_disease.SingleDiseaseTerms, facts: Facts, rows: Column) -> Codes:
    return {"disease": _on_axis(terms.disease, facts, rows, 0)}


def _operation(terms: day_surgery.DaySurgeryTerms, facts: Facts, rows: Column) -> Codes:
    return {"operation": _on_axis(terms.operation, facts, rows, -1)}


def _condition(terms: per_diem.PerDiemTerms, facts: Facts, rows: Column) -> Codes:
    """The condition of each case: the first that names its disease or its department."""

    def of(disease: str, ward: str) -> int:
        return per_diem.condition_of(terms, disease, ward)

    return {"condition": facts.paired("dise_codg", "bilg_dept_codg", rows, of)}


def _bed_day_list(terms: bed_day.BedDayTerms, facts: Facts, rows: Column) -> Codes:
    """The list of each case, by its disease or else by its group."""

    def of(disease: str, group: str) -> int:
        at = bed_day.list_of(terms, disease)
        return at if at >= 0 else bed_day.list_of(terms, group)

    return {"bed_day_list": facts.paired("dise_codg", "group_code", rows, of)}


WAYS: Final[Mapping[str, Way]] = MappingProxyType(
    {
        "dip": Way(
            "dip",
            dip.DipCase,
            dip.score,
            True,
            by_item="paid_by_item",
            takes_factor=_always,
            scale="mean_points",
            costs_alike=dip.costs_alike,
            alone=("review", "review_points", "carve_out_amt"),
        ),
        "drg_points": Way(
            "drg_points",
            drg_points.DrgPointsCase,
            drg_points.pay,
            True,
            takes_difference=True,
            scale="scale",
            costs_alike=drg_points.costs_alike,
            alone=("review", "review_points", "carve_out_amt", "unreasonable_amt", "incomplete"),
        ),
        "bed_day_points": Way("bed_day", bed_day.BedDayCase, bed_day.pay, True, _bed_day_list, scale="scale"),
        "drg_weight": Way(
            "drg_weight", drg_weight.DrgCase, drg_weight.pay, False, by_pool=True, takes_factor=_as_adjusted
        ),
        "single_disease": Way(
            "single_disease",
            single_disease.PricedCase,
            single_disease.pay,
            False,
            _disease,
        ),
        "day_surgery": Way(
            "day_surgery",
            day_surgery.DaySurgeryCase,
            day_surgery.pay,
            False,
            _operation,
        ),
        "per_diem": Way("per_diem", per_diem.BedDayCase, per_diem.pay, False, _condition),
    }
)
"""By method; capitation pays institutions and not cases, and care by item is paid as the benefit rooms settled it."""


@frozen
class Listing:
    """A list of cases that a method pays beside the institution's own.

    named: the texts, by field, that a case on the list may have; takes: which of such cases it does take.
    """

    named: Callable[[Any], Mapping[str, Collection[str]]]
    takes: Callable[[Any, Facts, Column], Any]


def _is_priced(terms: single_disease.SingleDiseaseTerms, facts: Facts, rows: Column) -> Any:
    """A price is that of a stay, from admission to discharge: visits for the same disease are outpatient care."""
    disease = _disease(terms, facts, rows)["disease"]
    priced = single_disease.applies(terms, disease, facts.of("pilot_tcm", rows), facts.of("level", rows))
    return priced * facts.of("inpatient", rows)


def _is_day_surgery(_terms: day_surgery.DaySurgeryTerms, facts: Facts, rows: Column) -> Any:
    return facts.of("day_surgery_accepted", rows) * facts.of("inpatient", rows)


def _is_per_diem(terms: per_diem.PerDiemTerms, facts: Facts, rows: Column) -> Any:
    return _condition(terms, facts, rows)["condition"] * facts.of("inpatient", rows)


def _is_outpatient(_terms: capitation.CapitationTerms, facts: Facts, rows: Column) -> Any:
    inpatient: Any = facts.of("inpatient", rows)
    return inpatient == 0


def _per_diem_names(terms: per_diem.PerDiemTerms) -> Mapping[str, Collection[str]]:
    return {
        "dise_codg": {code for each in terms.conditions for code in each.diseases},
        "bilg_dept_codg": {code for each in terms.conditions for code in each.departments},
    }


LISTS: Final[Mapping[str, Listing]] = MappingProxyType(
    {
        "single_disease": Listing(lambda terms: {"dise_codg": terms.disease.members[1:]}, _is_priced),
        "day_surgery": Listing(lambda terms: {"dise_codg": terms.operation.members}, _is_day_surgery),
        "per_diem": Listing(_per_diem_names, _is_per_diem),
        "capitation": Listing(
            lambda terms: {"dise_codg": {code for each in terms.conditions for code in each.diseases}}, _is_outpatient
        ),
    }
)
"""The lists by their way of paying."""


def listed(lists: Sequence[tuple[str, Any, Any]], facts: Facts, work: Work) -> Iterator[tuple[str, Column]]:
    """The rows that each list takes; most cases have no text that a list names, and are passed over together.

    lists: one of `LISTS`, one version of its terms, and which rows are asked about, as booleans.
    """
    named = [LISTS[word].named(terms) for word, terms, _ in lists]
    bits = facts.marked(named, work)
    near = np.flatnonzero(bits)
    of_near = bits.take(near)
    for at, (word, terms, within) in enumerate(lists):
        rows = near[(of_near >> at) & 1 != 0]
        rows = rows[within.take(rows)]
        taken: Any = LISTS[word].takes(terms, facts, rows)
        yield word, rows[np.broadcast_to(taken != 0, len(rows))]
