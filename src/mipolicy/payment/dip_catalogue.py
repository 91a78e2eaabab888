"""The making of the DIP catalogue (病种目录): core and comprehensive groups, weights, points, CV, what groups explain.

Rules P01, P28; formulas.md section 2, first four bullets.  Takes the runs of a history (`CaseRuns`) under coded group
keys; gives frozen records.  Amounts in fen, weights and points per ten thousand, CV per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import compress
from math import isqrt
from typing import Any, Final, TypeAlias

import numpy as np
from attrs import evolve, field, fields, frozen
from numpy.typing import NDArray

from mipolicy.axes import LEVEL
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, POINTS_ONE, Column
from mipolicy.payment.case import Group
from mipolicy.payment.case_runs import YEAR, YEAR_BITS, CaseRuns
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_folding import final_groups, folded
from mipolicy.payment.dip_grouping import GroupKey
from mipolicy.payment.dip_trimming import kept
from mipolicy.payment.moments import Moments, as_rate, block_sums, explained
from mipolicy.payment.sides import lies_past
from mipolicy.rounding import half_up
from mipolicy.sums import starts_of, sums_of_runs

__all__ = ["Catalogue", "CatalogueGroup", "Ratio", "catalogue", "folded", "weighted_mean"]

Ratio: TypeAlias = tuple[int, int]
"""An exact mean: numerator and denominator, not reduced."""

Figures: TypeAlias = NDArray[np.object_]
"""Python ints in an array of objects: exact at any size, and quicker than one by one."""

_LEVELS: Final = len(LEVEL.members)


@frozen
class CatalogueGroup:
    """A group as the history makes it, each figure with what it was rounded from."""

    group_code: str
    kind: str
    cases: tuple[int, ...]
    kept_cases: tuple[int, ...]
    group_mean: int
    mean_numerator: int
    mean_denominator: int
    weight: int
    base_points: int
    kept_total: int
    kept_squares: int
    cv: int
    stable: int
    basic_group: int
    tcm_group: int
    level_means: tuple[int | None, ...]

    @property
    def moments(self) -> Moments:
        """Kept cases, their total and sum of squares, all years together."""
        return Moments(sum(self.kept_cases), self.kept_total, self.kept_squares)

    @property
    def variance_numerator(self) -> int:
        """kept cases x their squares - their total², all years together."""
        return self.moments.variance_numerator

    def group(self) -> Group:
        """The public record of the group; the mean of ungraded institutions is not part of it."""
        tertiary, secondary, level_1, primary, _ = self.level_means
        return Group(
            group_code=self.group_code,
            kind=self.kind,
            base_points=self.base_points,
            weight=self.weight,
            group_mean=self.group_mean,
            mean_tertiary=tertiary,
            mean_secondary=secondary,
            mean_level_1=level_1,
            mean_primary=primary,
            basic_flag=str(self.basic_group),
            tcm_flag=str(self.tcm_group),
        )


@frozen(slots=False)
class Catalogue:
    """The groups in the order of their keys, and what holds for all of them.

    columns: the figures of `CatalogueGroup` by field, a row a group; `groups` are the same as records, made when they
    are first asked for.  overall_mean: mean cost of all discharges in fen, and exact; listed_without_group: entries of
    the lists of basic and TCM-advantage groups that are no core group of this history; group_of: for each key that was
    given the position of the group that has its cases, -1 where it has none.
    """

    columns: Mapping[str, Sequence[Any]]
    overall_mean: int
    overall_numerator: int
    overall_denominator: int
    listed_without_group: tuple[str, ...]
    group_of: Column = field(eq=False, repr=False)  # codes of keys are the caller's own: the catalogue is the same

    @cached_property
    def groups(self) -> tuple[CatalogueGroup, ...]:
        """The records of the groups."""
        return tuple(map(CatalogueGroup, *self.columns.values()))

    def records(self) -> tuple[Group, ...]:
        """The public records of the groups."""
        return tuple(each.group() for each in self.groups)

    def explained(self) -> Fraction:
        """The share of the variance of kept costs that the groups explain (RIV), exact.

        Raises InputError where all costs are the same.
        """
        return explained([each.moments for each in self.groups])

    def explained_rate(self) -> int:
        """The same per million, rounded half up."""
        return as_rate(self.explained())


def weighted_mean(terms: DipCatalogueTerms, cases: Figures, totals: Figures, names: Sequence[str]) -> tuple[Any, Any]:
    """Mean costs over the years by their weights, exact: numerators and denominators, not reduced.

    cases, totals: Python ints, a row a group and a column a year, oldest first; names: of the rows, for errors.
    Raises InputError for a year without cases where the terms make that an error, and where no year that counts has
    any.

    Source: formulas.md section 2, "Three years weighted".
    """
    weights = np.array([int(weight) for weight in terms.year_weights.values], object)
    lacking = (cases == 0) & (weights != 0)
    if terms.absent_years == "error" and lacking.any():
        row, year = (int(at[0]) for at in np.nonzero(lacking))
        raise InputError(
            f'{names[row]} has no cases in the {YEAR.en[year]} year; add them, or state absent_years = "renormalise"'
        )
    counted = (cases != 0) & (weights != 0)
    if not counted.any(axis=1).all():
        row = int(np.flatnonzero(~counted.any(axis=1))[0])
        raise InputError(
            f"{names[row]} has cases only in years whose weight is 0; weigh such a year, or leave the cases out"
        )
    if terms.weight_on == "totals":
        return (totals * weights).sum(axis=1), (cases * weights).sum(axis=1)
    held = np.where(cases == 0, 1, cases)  # a year without cases adds nothing, and divides by nothing
    others = np.stack([held[:, 1] * held[:, 2], held[:, 0] * held[:, 2], held[:, 0] * held[:, 1]], axis=1)
    return (totals * weights * others).sum(axis=1), held.prod(axis=1) * (weights * counted).sum(axis=1)


@frozen
class _Sums:
    """What the runs come to, a row a group and a column a year: cases before and after trimming, totals, squares."""

    cases: Figures
    kept: Figures
    totals: Figures
    squares: Figures
    all_cases: Figures
    all_totals: Figures
    by_level: dict[int, tuple[Figures, Figures]]

    def in_order(self, order: Sequence[int]) -> _Sums:
        """The groups in another order."""
        figures = {name: getattr(self, name)[order] for name in ("cases", "kept", "totals", "squares")}
        return evolve(self, **figures, by_level={at: (a[order], b[order]) for at, (a, b) in self.by_level.items()})


def catalogue(terms: DipCatalogueTerms, runs: CaseRuns, keys: Sequence[GroupKey]) -> Catalogue:
    """Make the catalogue of a history (rules P01, P28; formulas.md section 2).

    Groups with enough cases are core groups, the rest fold into comprehensive ones; costs outside of the percentiles
    are left out; means are weighted over the years; points follow the terms' method.
    runs: the history under codes; keys: the group that each code stands for, with its treatment kind.
    Raises CodeError for a key that stands twice or cannot be folded, InputError for a code without a key, a history
    without cases or without cost, and a benchmark group that is not in it.
    """
    if not runs.block.size:
        raise InputError("a catalogue is made from at least one case; the history is empty")
    if int(runs.group[-1]) >= len(keys):
        raise InputError(f"the runs use group code {runs.group[-1]}, but there are {len(keys)} keys; give one for each")
    final, group_of, names = final_groups(terms, runs, keys)
    sums = _sums(terms, final, len(names))
    return _assembled(terms, names, sums, group_of)


def _sums(terms: DipCatalogueTerms, runs: CaseRuns, groups: int) -> _Sums:
    """Exact sums of the runs, before trimming and after it; a run that is trimmed away stands for no cases."""
    starts = starts_of(runs.block)
    where = runs.block[starts]
    cases = _by_year(where, sums_of_runs(runs.cases, starts), groups)
    stays = kept(terms, runs, starts)
    rest = runs if stays.all() else evolve(runs, cases=runs.cases * stays)
    kept_cases, totals, squares = (_by_year(where, sums, groups) for sums in block_sums(rest.cost, rest.cases, starts))
    all_cases, all_totals = kept_cases, totals
    if terms.overall_mean == "all_cases" and rest is not runs:
        all_cases, all_totals = cases, _by_year(where, block_sums(runs.cost, runs.cases, starts)[1], groups)
    by_level = _by_level(rest, groups) if runs.levelled else {}
    return _Sums(cases, kept_cases, totals, squares, all_cases, all_totals, by_level)


def _by_year(where: Column, figures: Sequence[int], groups: int) -> Figures:
    """Figures of groups and years, a row a group; 0 where a year has none."""
    found = np.zeros(groups << YEAR_BITS, object)
    found[where] = figures
    return found.reshape(groups, -1)[:, : len(YEAR.members)]


def _by_level(runs: CaseRuns, groups: int) -> dict[int, tuple[Figures, Figures]]:
    """Cases and totals of the groups by level."""
    found = {}
    for level in range(_LEVELS):
        there = runs.level == level
        block, cost, _, cases = runs.only(there).columns()
        starts = starts_of(block)
        counted, totals, _ = block_sums(cost, cases, starts)
        where = block[starts]
        found[level] = (_by_year(where, counted, groups), _by_year(where, totals, groups))
    return found


def _level_means(terms: DipCatalogueTerms, sums: _Sums, groups: int) -> list[tuple[int | None, ...]]:
    """The means of each group by level, None where a level has no case that counts."""
    if not sums.by_level:
        return [(None,) * _LEVELS] * groups
    free = evolve(terms, absent_years="renormalise")
    weights = np.array([int(weight != 0) for weight in terms.year_weights.values], object)
    columns = []
    for cases, totals in sums.by_level.values():
        means = np.full(groups, None, object)
        if terms.level_means == "latest_year":
            has = cases[:, -1] != 0
            means[has] = _rounded(totals[has, -1], cases[has, -1])
        else:
            has = ((cases * weights) != 0).any(axis=1)
            means[has] = _rounded(*weighted_mean(free, cases[has], totals[has], ()))
        columns.append(means.tolist())
    return list(zip(*columns, strict=True))


def _rounded(numerators: Any, denominators: Any) -> Any:
    """Quotients of not negative Python ints, rounded half up."""
    return (2 * numerators + denominators) // (2 * denominators)


def _assembled(terms: DipCatalogueTerms, keys: Sequence[GroupKey], sums: _Sums, group_of: Column) -> Catalogue:
    """The figures in the order of the keys."""
    order = sorted(range(len(keys)), key=[key.text for key in keys].__getitem__)
    sums = sums.in_order(order)
    texts = [keys[at].text for at in order]
    is_core = ["." in keys[at].diagnosis for at in order]
    history = (sums.all_cases.sum(axis=0)[None], sums.all_totals.sum(axis=0)[None])
    top, bottom = weighted_mean(terms, *history, ("the history",))
    overall = (int(top[0]), int(bottom[0]))
    numerators, denominators = weighted_mean(terms, sums.kept, sums.totals, [f"group {text}" for text in texts])
    if not numerators.all():
        free = texts[int(np.flatnonzero(numerators == 0)[0])]
        raise InputError(f"group {free}: the cases that count cost 0 fen; a mean above 0 is due, so check their costs")
    unit = _one_point(terms, overall, texts, numerators, denominators)
    step = 10 ** (4 - terms.point_decimals)
    totals, squares = sums.totals.sum(axis=1), sums.squares.sum(axis=1)
    cv, stable = _variation(terms, sums.kept.sum(axis=1), totals, squares)
    listed = (frozenset(terms.basic_groups), frozenset(terms.tcm_groups))
    basic, tcm = ([core and text in of for core, text in zip(is_core, texts, strict=True)] for of in listed)
    columns = (
        texts,
        [
            "comprehensive" if not core else "basic" if flag else "core"
            for core, flag in zip(is_core, basic, strict=True)
        ],
        list(map(tuple, sums.cases.tolist())),
        list(map(tuple, sums.kept.tolist())),
        _rounded(numerators, denominators).tolist(),
        numerators.tolist(),
        denominators.tolist(),
        _rounded(numerators * (overall[1] * int(FACTOR_ONE)), denominators * overall[0]).tolist(),
        (_rounded(numerators * unit[0], denominators * (unit[1] * step)) * step).tolist(),
        totals.tolist(),
        squares.tolist(),
        cv.tolist(),
        stable.tolist(),
        list(map(int, basic)),
        list(map(int, tcm)),
        _level_means(terms, sums, len(texts)),
    )
    place = np.full(len(order) + 1, -1, np.int64)  # the last is that of keys without cases, whose code is -1
    place[order] = np.arange(len(order))
    lacking = tuple(sorted((listed[0] | listed[1]).difference(compress(texts, is_core))))
    names = [each.name for each in fields(CatalogueGroup)]
    return Catalogue(dict(zip(names, columns, strict=True)), half_up(*overall), *overall, lacking, place[group_of])


def _variation(terms: DipCatalogueTerms, cases: Figures, totals: Figures, squares: Figures) -> tuple[Any, Any]:
    """CV per ten thousand, and whether it is within the limit, decided on exact integers; see `Moments`."""
    one = int(FACTOR_ONE)
    numerators, denominators = cases * squares - totals * totals, totals * totals
    if terms.cv_divisor == "cases_less_one":
        numerators, denominators = numerators * cases, denominators * np.where(cases > 1, cases - 1, 1)
    roots = np.frompyfunc(isqrt, 1, 1)(4 * one * one * numerators // denominators)
    left, right = numerators * (one * one), denominators * (terms.cv_limit * terms.cv_limit)
    return (roots + 1) // 2, lies_past(terms.cv_side, left, right).astype(np.int64)


def _one_point(
    terms: DipCatalogueTerms, overall: Ratio, texts: Sequence[str], numerators: Figures, denominators: Figures
) -> Ratio:
    """Points (per ten thousand) that one fen of a group's mean stands for, exact, by the terms' method."""
    if terms.weight_method == "mean_ratio":
        return terms.scale * overall[1], overall[0]
    if terms.weight_method == "fixed_quota":
        return POINTS_ONE, terms.amount_per_point
    if terms.benchmark_group not in texts:
        raise InputError(
            f"benchmark group {terms.benchmark_group} is no group of this history; name one that is, such as {texts[0]}"
        )
    at = texts.index(terms.benchmark_group)
    return terms.benchmark_points * denominators[at], numerators[at]
