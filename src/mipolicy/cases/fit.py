"""The cases that a catalogue is made from, under its groups: mean days, auxiliary factors, how near payment comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from attrs import frozen

from mipolicy.cases.counted import Counted, ordered
from mipolicy.cases.region import AUXILIARY
from mipolicy.money import FACTOR_ONE, Column
from mipolicy.payment.case import AuxiliaryFactor
from mipolicy.payment.case_runs import YEAR_BITS, CaseRuns
from mipolicy.payment.dip_auxiliary import (
    ClassSums,
    DimensionTest,
    DipAuxiliaryTerms,
    FitSums,
    auxiliary_factors,
    case_factor,
    dimension_tests,
)
from mipolicy.payment.dip_catalogue import Catalogue
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_trimming import kept
from mipolicy.rounding import half_up, mul_div
from mipolicy.sums import starts_of

__all__ = ["Fitted", "fitted", "runs_of"]

_TUMOURS: Final = ("C00", "D48")
"""Chapter 2 of ICD-10, neoplasms (C00-D48)."""


@frozen(eq=False)
class Fitted:
    """What is made of the cases that count, those that trimming leaves.

    mean_days: per ten thousand by group, 0 where no case states its days; factors: lines of the auxiliary catalogue;
    tests: what each dimension does for each group; before, after: how near the score comes to cost, without and with
    the auxiliary factors.
    """

    mean_days: tuple[int, ...]
    factors: tuple[AuxiliaryFactor, ...]
    tests: tuple[DimensionTest, ...]
    before: FitSums
    after: FitSums


def runs_of(counted: Counted) -> CaseRuns:
    """The runs that the catalogue is made from."""
    of = counted.by("key", "year", "cost", "level")
    block = of.keys["key"] << YEAR_BITS | of.keys["year"]
    return CaseRuns(block, of.keys["cost"], of.keys["level"], of.sums["cases"], levelled=True)


def fitted(terms: DipCatalogueTerms, auxiliary: DipAuxiliaryTerms, counted: Counted, catalogue: Catalogue) -> Fitted:
    """Trim the cases as the catalogue does, and sum what is left."""
    names = tuple(catalogue.columns["group_code"])
    rows, group = _kept_rows(terms, counted, catalogue)
    sums = {name: column.take(rows) for name, column in counted.sums.items()}
    days, stated = (np.zeros(len(names), np.int64) for _ in range(2))
    np.add.at(days, group, sums["days"])
    np.add.at(stated, group, sums["days_stated"])
    mean_days = np.where(stated > 0, half_up(days * int(FACTOR_ONE), np.maximum(stated, 1)), 0)
    cost, cases = counted.keys["cost"].take(rows), sums["cases"]
    means = np.array(catalogue.columns["group_mean"], np.int64).take(group)
    before = FitSums.of(cost, means, cases)
    classes = _classes(auxiliary, counted, rows, group, names)
    sums_of = [
        ClassSums.of(dimension, names, texts, group[here], code[here], cost[here], cases[here]).moments
        for dimension, (texts, code, here) in classes.items()
    ]
    whole = ClassSums({key: part for moments in sums_of for key, part in moments.items()})
    tests = dimension_tests(auxiliary, whole)
    factors = tuple(each for each in auxiliary_factors(auxiliary, whole, tests) if each.aux_class)
    lines = _factor_columns(factors, classes, group, names)
    factor = case_factor(auxiliary, *lines) if lines else np.full(cost.size, int(FACTOR_ONE), np.int64)
    after = FitSums.of(cost, mul_div(means, factor, int(FACTOR_ONE)), cases)
    return Fitted(tuple(mean_days.tolist()), factors, tests, before, after)


def _kept_rows(terms: DipCatalogueTerms, counted: Counted, catalogue: Catalogue) -> tuple[Column, Column]:
    """The rows that trimming leaves, and their groups."""
    group = catalogue.group_of.take(counted.keys["key"])
    block = group << YEAR_BITS | counted.keys["year"]
    order = ordered([block, counted.keys["cost"]])
    runs = CaseRuns(
        block.take(order),
        counted.keys["cost"].take(order),
        counted.keys["level"].take(order),
        counted.sums["cases"].take(order),
        levelled=True,
    )
    rows = order[kept(terms, runs, starts_of(runs.block))]
    return rows, group.take(rows)


def _classes(
    terms: DipAuxiliaryTerms, counted: Counted, rows: Column, group: Column, names: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], Column, Column]]:
    """By dimension: its classes, the class of each row, and which rows it tells apart.

    Severity is told apart for tumours and for other groups, each in its own dimension.
    """
    tumour = np.array([_is_tumour(name) for name in names], bool).take(group)
    found = {}
    for dimension in terms.dimensions:
        field = AUXILIARY[dimension]
        here = {"severity": ~tumour, "tumour_severity": tumour}.get(dimension, np.ones(group.size, bool))
        found[dimension] = (counted.values[field], counted.keys[field].take(rows), np.flatnonzero(here))
    return found


def _is_tumour(group_code: str) -> bool:
    """Whether all diagnoses of a group are of tumours."""
    diagnosis = group_code.partition(":")[0].partition(".")[0]
    return _TUMOURS[0] <= diagnosis[:3] and diagnosis[-3:] <= _TUMOURS[1]


def _factor_columns(
    factors: tuple[AuxiliaryFactor, ...],
    classes: Mapping[str, tuple[tuple[str, ...], Column, Column]],
    group: Column,
    names: tuple[str, ...],
) -> list[Column]:
    """The factor of each row by dimension, 0 where the auxiliary catalogue has no line."""
    places = {name: at for at, name in enumerate(names)}
    columns = []
    for dimension, (texts, code, here) in classes.items():
        of_class = np.zeros(len(names) * max(len(texts), 1), np.int64)
        for each in factors:
            if each.dimension == dimension:
                of_class[places[each.group_code] * len(texts) + texts.index(each.aux_class)] = each.auxiliary_factor
        column = np.zeros(group.size, np.int64)
        column[here] = of_class.take(group[here] * len(texts) + code[here])
        columns.append(column)
    return columns
