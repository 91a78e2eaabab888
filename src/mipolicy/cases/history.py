"""From three years of discharges to the catalogue of the year: groups, auxiliary factors, what they explain, changes.

A history is summarised and the summary made into a catalogue, so that a long one is read in parts that are added up.
Rules P01, P03, P28, P31; formulas.md section 2.  Amounts in fen, points and factors per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.batch.columns import Table, read_table
from mipolicy.batch.prepare import repeated
from mipolicy.batch.result import Rejects
from mipolicy.cases.counted import Counted
from mipolicy.cases.discharges import Discharges, first_day, read_discharges
from mipolicy.cases.fit import Fitted, fitted, runs_of
from mipolicy.cases.grouping import (
    GroupedCases,
    Procedures,
    group_cases,
    key_of,
    keys_of,
    mark_codes,
    read_kinds,
    refuse_no_kinds,
)
from mipolicy.errors import InputError, TableError
from mipolicy.payment.case import AuxiliaryFactor, Group
from mipolicy.payment.catalogue_changes import FactorChange, GroupChange, factor_changes, group_changes
from mipolicy.payment.dip_auxiliary import DipAuxiliaryTerms
from mipolicy.payment.dip_catalogue import Catalogue, catalogue
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_grouping import DipGroupingTerms
from mipolicy.policy import Policy
from mipolicy.texts import Coded

__all__ = ["HistorySummary", "MadeCatalogue", "make_catalogue"]

_NEEDED = {"diag_code": "the groups are made of diagnoses"}
_CLASSES = ("cci_class", "severity_class", "age_class", "icu_class")
_MEANS = ("mean_tertiary", "mean_secondary", "mean_level_1", "mean_primary")


@frozen(eq=False)
class HistorySummary:
    """A history, or a part of one, as far as a catalogue needs it; `a + b` is what one pass over both gives.

    year: the year that the catalogue is for; counted: the cases that are used, equal ones once; ids: of every row, so
    that no case counts twice; rejects: the rows that are not used, those of later parts numbered on.
    """

    year: int
    grouping: DipGroupingTerms
    kinds: Mapping[str, str]
    counted: Counted
    ids: NDArray[np.str_]
    rows_in: int
    rejects: Rejects

    @classmethod
    def of(
        cls,
        policy: Policy,
        history: Table,
        *,
        kinds: Table | None = None,
        year: int | None = None,
        threads: int | None = None,
    ) -> HistorySummary:
        """Summarise a table of `HistoryCase`; see `make_catalogue`.  Parts need their `year` said."""
        read = read_discharges(history, year, _NEEDED, threads or 1)
        terms = policy.terms(DipGroupingTerms, on=first_day(read.year))
        table = read_kinds(kinds)
        texts = read.text("oprn_oprt_codes")
        refuse_no_kinds(kinds, texts)
        procedures = Procedures.of(terms, table, texts.values)
        mark_codes(read.text("diag_code"), texts, procedures, read.faults)
        ids = np.asarray(read.read.columns["setl_id"], np.str_)
        return cls(read.year, terms, table, _counted(read, procedures), ids, read.read.rows, read.rejects())

    @property
    def used(self) -> int:
        """How many rows are used; with the rejects they are the rows that came in."""
        return int(self.counted.sums["cases"].sum())

    def __add__(self, other: HistorySummary) -> HistorySummary:
        """Both parts together.

        Raises InputError for parts made for other years, terms or kinds, and for a case that stands in both.
        """
        for name, mine, theirs in (
            ("year", self.year, other.year),
            ("terms of dip_grouping", self.grouping, other.grouping),
            ("kinds", self.kinds, other.kinds),
        ):
            if mine != theirs:
                raise InputError(f"parts of a history with other {name} do not add up; summarise both with the same")
        ids = np.concatenate((self.ids, other.ids))
        again = repeated(ids)
        twice = sorted(({*ids[again[again < self.ids.size]]} & {*ids[again[again >= self.ids.size]]}) - {""})
        if twice:
            raise InputError(f"{len(twice)} case(s) stand in two parts of the history, such as {twice[0]}; keep one")
        rejects = Rejects(
            np.concatenate((self.rejects.row, other.rejects.row + self.rows_in)),
            self.rejects.setl_id + other.rejects.setl_id,
            self.rejects.reason + other.rejects.reason,
            self.rejects.message + other.rejects.message,
        )
        return attrs.evolve(
            self,
            counted=self.counted + other.counted,
            ids=ids,
            rows_in=self.rows_in + other.rows_in,
            rejects=rejects,
        )


def _counted(read: Discharges, procedures: Procedures) -> Counted:
    """The good rows, told apart by group, year, cost, level and classes."""
    rows = read.faults.good()
    diagnoses, texts = (read.text(name).take(rows) for name in ("diag_code", "oprn_oprt_codes"))
    wide = max(1, len(texts.values))
    pairs, pair_of = np.unique(diagnoses.codes.astype(np.int64) * wide + texts.codes, return_inverse=True)
    names = [
        key_of(diagnoses.values[pair // wide], procedures.listed[pair % wide] if procedures.listed else ())
        for pair in pairs.tolist()
    ]
    places: dict[str, int] = {}
    key: Any = np.array([places.setdefault(name, len(places)) for name in names] or [0], np.int32)
    return Counted.of(
        {
            "key": Coded(key.take(pair_of), tuple(places)),
            "year": read.base_year.take(rows),
            "cost": read.cost.take(rows),
            "level": read.level.take(rows),
            **{name: read.text(name).take(rows) for name in _CLASSES},
        },
        {
            "cases": np.ones(rows.size, np.int64),
            "days": read.days.take(rows),
            "days_stated": read.days_stated.take(rows),
        },
    )


@frozen(eq=False)
class MadeCatalogue:
    """The catalogue of a year, made from its history: rows in = used + rejected.

    groups, auxiliaries: tables as `mipolicy.cases.pay.pay_table` takes them; catalogue: each figure with what it was
    rounded from; fit: mean days, what each dimension does for each group, how near the scores come to cost; matched:
    the group of each row of the history, as a case of the year would be grouped; None for a summary, whose rows are
    gone.
    """

    year: int
    rows_in: int
    used: int
    rejects: Rejects
    catalogue: Catalogue
    groups: dict[str, Any]
    auxiliaries: dict[str, Any]
    fit: Fitted
    matched: GroupedCases | None

    def explained(self) -> Fraction:
        """The share of the variance of cost that the groups explain (RIV), exact; see `Catalogue.explained`."""
        return self.catalogue.explained()

    def variation(self) -> dict[str, Any]:
        """CV of each group, per ten thousand, with its cases and whether it is within the limit: a table."""
        columns = self.catalogue.columns
        return {
            "group_code": list(columns["group_code"]),
            "cases": [sum(each) for each in columns["cases"]],
            "kept_cases": [sum(each) for each in columns["kept_cases"]],
            "cv": list(columns["cv"]),
            "stable": list(columns["stable"]),
        }

    def group_changes(self, groups: Table) -> tuple[GroupChange, ...]:
        """What changes against the groups of the year before, a table of `Group` (rule P31).

        Raises TableError for a row that cannot be read, CodeError for a group that stands twice.
        """
        return group_changes(records_of(groups, Group, "groups"), records_of(self.groups, Group, "groups"))

    def factor_changes(self, auxiliaries: Table) -> tuple[FactorChange, ...]:
        """What changes against the auxiliary catalogue of the year before, a table of `AuxiliaryFactor` (rule P31)."""
        return factor_changes(records_of(auxiliaries, AuxiliaryFactor, "auxiliaries"), self.fit.factors)


def make_catalogue(
    policy: Policy,
    history: Table | HistorySummary,
    *,
    kinds: Table | None = None,
    year: int | None = None,
    threads: int | None = None,
) -> MadeCatalogue:
    """Make the DIP catalogue of a year from the three years before it (rules P01, P03, P28).

    policy: its sections `dip_grouping`, `dip_catalogue` and `dip_auxiliary` on the first day of the year; history:
    columns named as the fields of `HistoryCase`, diag_code among them, or a summary of such tables; kinds: named as
    `ProcedureKind`, needed where there are procedures; year: the year that the catalogue is for, the one after the
    last discharge by default.
    Raises TableError, PolicyGap, InputError.  Bad rows go to the rejects with their reason.

    >>> import mipolicy
    >>> from mipolicy.demo.history import region_history
    >>> made = region_history(3_000)
    >>> found = make_catalogue(mipolicy.load("assumed"), made.history, kinds=made.kinds, year=2025)
    >>> found.rows_in, found.used, len(found.rejects)
    (3000, 2992, 8)
    """
    summary = _summary(policy, history, kinds, year, threads)
    day = first_day(summary.year)
    terms = policy.terms(DipCatalogueTerms, on=day)
    auxiliary = policy.terms(DipAuxiliaryTerms, on=day)
    keys = keys_of(summary.grouping, summary.kinds, summary.counted.values["key"])
    made = catalogue(terms, runs_of(summary.counted), keys)
    fit = fitted(terms, auxiliary, summary.counted, made)
    groups = _groups_table(made, fit)
    matched = None
    if not isinstance(history, HistorySummary):
        # what groups by DRG says in a history is no group of this catalogue
        cases = {name: column for name, column in history.items() if name != "group_code"}
        matched = group_cases(policy, groups, cases, kinds, year=summary.year, threads=threads)
    return MadeCatalogue(
        year=summary.year,
        rows_in=summary.rows_in,
        used=summary.used,
        rejects=summary.rejects,
        catalogue=made,
        groups=groups,
        auxiliaries=table_of(fit.factors, AuxiliaryFactor),
        fit=fit,
        matched=matched,
    )


def _summary(
    policy: Policy, history: Table | HistorySummary, kinds: Table | None, year: int | None, threads: int | None
) -> HistorySummary:
    if not isinstance(history, HistorySummary):
        return HistorySummary.of(policy, history, kinds=kinds, year=year, threads=threads)
    if kinds is not None or year not in (None, history.year):
        raise TableError("a summary has its kinds and its year; say them where it is made")
    return history


def _groups_table(made: Catalogue, fit: Fitted) -> dict[str, Any]:
    columns = made.columns
    means = list(zip(*columns["level_means"], strict=True))
    return {
        **{name: list(columns[name]) for name in ("group_code", "kind", "base_points", "weight", "group_mean")},
        **{name: list(means[at]) for at, name in enumerate(_MEANS)},
        "mean_days": list(fit.mean_days),
        "basic_flag": [str(each) for each in columns["basic_group"]],
        "tcm_flag": [str(each) for each in columns["tcm_group"]],
    }


def table_of(records: Any, record: type[Any]) -> dict[str, Any]:
    """Public records as a table."""
    return {each.name: [getattr(one, each.name) for one in records] for each in attrs.fields(record)}


def records_of(table: Table, record: type[Any], what: str) -> list[Any]:
    """A small table as public records; a column that is left out has its default.

    Raises TableError for rows that cannot be read.
    """
    read = read_table(table, record, what)
    if read.faults:
        row, fault = min(read.faults.items())
        raise TableError(f"{what}: row {row}: {fault.message}")
    columns = {name: np.asarray(read.columns[name]).tolist() for name in read.given}
    return [record(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
