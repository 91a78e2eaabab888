"""An area's rates from its settlements and totals, and its targets on a day; results of parts of a table merge."""

from __future__ import annotations

import datetime
import difflib
import os
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.areas.settlements import SETTLED, Settlements, group_names, kinds_used, last_day, read_settlements
from mipolicy.areas.stated import Observed, Totals, read_observed, read_totals, units_of
from mipolicy.areas.words import (
    STATES,
    distance_text,
    limit_text,
    part_text,
    stated_text,
    value_text,
    verdict_text,
)
from mipolicy.batch.columns import Table
from mipolicy.batch.result import ArrowTable, Rejects
from mipolicy.errors import InputError, PolicyError, PolicyGap, TableError
from mipolicy.indicators.quantity import Quantities, Quantity, QuantityTerms
from mipolicy.indicators.rates import BASES, Indicator, IndicatorTerms, Rate, evaluate
from mipolicy.indicators.summing import sum_table
from mipolicy.indicators.targets import (
    CompletionRow,
    Target,
    TargetFigureTerms,
    TargetTerms,
    check_parts,
    completion_table,
    with_figures,
)
from mipolicy.policy import Policy

__all__ = ["AreaRates", "columns_used", "make_rates"]

BLOCK_ROWS: Final = 1 << 17
"""Rows that are summed together; any number gives the same figures."""


@frozen(eq=False, slots=False)
class AreaRates(ArrowTable):
    """Rates of an area: rows in = rows summed + rows rejected, of each table; `a + b` is what both tables give at once.

    on: the day whose terms hold, and on which targets are judged; by: the groups; quantities: by scope of the groups;
    whole: of the area, totals included; observed: values that reports state, the latest by indicator; earlier: the
    years before it; rejects, total_rejects, observed_rejects: bad rows of settlements, totals and observed.
    """

    policy: Policy
    on: datetime.date
    by: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    targets: tuple[Target, ...]
    listed: tuple[Quantity, ...]
    quantities: Quantities
    whole: Quantities
    observed: Mapping[str, Rate]
    earlier: Mapping[str, Mapping[int, Fraction]]
    rows_in: int
    total_rows: int
    observed_rows: int
    rejects: Rejects
    total_rejects: Rejects
    observed_rejects: Rejects

    @cached_property
    def rates(self) -> tuple[Rate, ...]:
        """Every indicator in every scope, scopes first; without groups, of the whole.

        By groups, an indicator that needs a quantity which no scope states is in `whole_rates` only.
        """
        if not self.by:
            return self.whole_rates
        stated = {name for name, _ in self.quantities.figures}
        kept = [each for each in self.indicators if stated.issuperset(each.quantities)]
        return tuple(evaluate(each, self.quantities, scope) for scope in self.quantities.scopes() for each in kept)

    @cached_property
    def whole_rates(self) -> tuple[Rate, ...]:
        """Every indicator of the whole area; a value that reports state where no quantity says it."""
        return tuple(self.observed.get(each.id) or evaluate(each, self.whole) for each in self.indicators)

    @cached_property
    def completion(self) -> tuple[CompletionRow, ...]:
        """The completion table of the targets on the day: binding first, then expected, then unstated."""
        judged = {target.indicator for target in self.targets}
        rates = [rate for rate in self.whole_rates if rate.indicator.id in judged]
        return completion_table(self.targets, rates, self.on, self._earlier())

    def _earlier(self) -> dict[str, tuple[Fraction, ...]]:
        """By target, the values of the years after its baseline, oldest first."""
        return {target.id: tuple(value for _, value in self.years_between(target)) for target in self.targets}

    def years_between(self, target: Target) -> tuple[tuple[int, Fraction], ...]:
        """The years between a target's baseline and its value of which reports state a value, oldest first."""
        since = target.baseline_on.year if target.baseline_on else 0
        years = self.earlier.get(target.indicator, {})
        return tuple((year, value) for year, value in sorted(years.items()) if year > since)

    def __add__(self, other: AreaRates) -> AreaRates:
        """Sum both, as if the rows of the second table stood below those of the first.

        Raises InputError for other groups, another policy or terms of another version, for observed values or years of
        both, and for an observed value of one beside quantities of the other that say the same.
        """
        same = ("by", "indicators", "targets", "listed")
        differing = [name for name in same if getattr(self, name) != getattr(other, name)]
        if self.policy.id != other.policy.id or differing:
            what = ", ".join(differing) or "policy"
            raise InputError(f"rates of {self.policy.id} and {other.policy.id} differ in {what}; they do not add")
        twice = sorted(set(self.observed) & set(other.observed))
        if twice:
            raise InputError(f"both parts state observed values of {', '.join(twice)}; give them to one of them")
        whole = self.whole + other.whole
        said = [each.id for each in self.indicators if evaluate(each, whole).state in ("value", "undefined")]
        if both := sorted({*self.observed, *other.observed} & {*said}):
            raise InputError(f"{', '.join(both)} is computed from quantities and stated too; leave one of them out")
        return attrs.evolve(
            self,
            on=max(self.on, other.on),
            quantities=self.quantities + other.quantities,
            whole=whole,
            observed={**self.observed, **other.observed},
            earlier=_years_of_both(self.earlier, other.earlier),
            rows_in=self.rows_in + other.rows_in,
            total_rows=self.total_rows + other.total_rows,
            observed_rows=self.observed_rows + other.observed_rows,
            rejects=self.rejects + other.rejects.behind(self.rows_in),
            total_rejects=self.total_rejects + other.total_rejects.behind(self.total_rows),
            observed_rejects=self.observed_rejects + other.observed_rejects.behind(self.observed_rows),
        )

    def units(self) -> dict[str, str]:
        """The unit of each quantity: "fen", "count", "days" or "quantity"."""
        return units_of(self.listed, self.indicators)

    def texts(self, language: str = "en", *, whole: bool = False) -> dict[str, list[str]]:
        """The rates as columns of text: groups, indicator, basis, exact numerator and denominator, value, state.

        Money is in yuan; where there is no value, numerator, denominator and value are empty and the state says why.
        """
        rates = self.whole_rates if whole else self.rates
        units, zh = self.units(), language == "zh"
        names = () if whole else self.by
        columns: dict[str, list[str]] = {name: [rate.scope[at] for rate in rates] for at, name in enumerate(names)}
        columns["indicator"] = [rate.indicator.id for rate in rates]
        columns["name"] = [rate.indicator.zh if zh else rate.indicator.en for rate in rates]
        columns["basis"] = [BASES[rate.indicator.basis] if zh else rate.indicator.basis for rate in rates]
        for name in ("numerator", "denominator"):
            columns[name] = [part_text(rate, name, units) for rate in rates]
        columns["value"] = [rate.shown for rate in rates]
        columns["state"] = [STATES[rate.state][zh] for rate in rates]
        return columns

    def target_texts(self, language: str = "en") -> dict[str, list[str]]:
        """The completion table as columns of text; a distance of percentages is in points."""
        zh, rows = language == "zh", self.completion
        attributes = {"binding": "约束性", "expected": "预期性", "unstated": "未注明"}
        columns: dict[str, list[str]] = {
            "target": [row.target.id for row in rows],
            "name": [self._name(row.target.indicator, zh) for row in rows],
            "attribute": [attributes[row.target.attribute] if zh else row.target.attribute for row in rows],
            "limit": [limit_text(row.target, self._unit(row.target.indicator), language) for row in rows],
            "deadline": [str(row.target.deadline or "") for row in rows],
            "baseline": [stated_text(row.target.baseline, self._unit(row.target.indicator)) for row in rows],
            "value": [self._value_text(row, zh) for row in rows],
            "verdict": [verdict_text(row.verdict, language) for row in rows],
            "distance": [distance_text(row.verdict, self._unit(row.target.indicator)) for row in rows],
            "clause": [row.target.source for row in rows],
        }
        return columns

    def indicator(self, name: str) -> Indicator:
        """The indicator of a name; raises InputError for one that the policy does not have."""
        for each in self.indicators:
            if each.id == name:
                return each
        raise InputError(f"no indicator {name!r}; indicators: {', '.join(each.id for each in self.indicators)}")

    def _name(self, name: str, zh: bool) -> str:
        each = self.indicator(name)
        return each.zh if zh else each.en

    def _unit(self, name: str) -> tuple[str, int]:
        each = self.indicator(name)
        return each.unit, each.places

    def _value_text(self, row: CompletionRow, zh: bool) -> str:
        if row.rate is None:
            return STATES["missing"][zh]
        return value_text(row.rate, row.verdict) or STATES[row.rate.state][zh]


def _years_of_both(
    one: Mapping[str, Mapping[int, Fraction]], other: Mapping[str, Mapping[int, Fraction]]
) -> dict[str, Mapping[int, Fraction]]:
    """By indicator, the years of which either states a value; no year is stated by both."""
    found: dict[str, Mapping[int, Fraction]] = {**one}
    for name, years in other.items():
        before = found.get(name, {})
        if twice := sorted(before.keys() & years.keys()):
            raise InputError(f"both parts state {name} of {', '.join(map(str, twice))}; give it to one of them")
        found[name] = dict(sorted({**before, **years}.items()))
    return found


# ---- making them -----------------------------------------------------------------------------------------------------

_NO_REJECTS: Final = Rejects(np.empty(0, np.int64), (), (), ())


def make_rates(
    policy: Policy,
    settlements: Table | None = None,
    *,
    by: Sequence[str] = (),
    totals: Table | None = None,
    observed: Table | None = None,
    indicators: Sequence[str] | None = None,
    on: datetime.date | None = None,
    targets: bool = False,
    threads: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> AreaRates:
    """The rates of an area, from its settlements, from totals of named quantities, or from both.

    settlements: columns named as the national interface does, text for codes, fen as integers or yuan as text;
    by: what groups are told apart by: columns of codes, and year, quarter or month of setl_time, or of another day as
    "month:dscg_time"; totals: quantity, value and the columns of the groups, empty for the whole area;
    observed: indicator, value and period, for what reports state as a value alone; indicators: which, all by default;
    on: the day whose terms hold, the last day of the settlements by default; targets: judge the policy's targets on
    that day; threads, block_rows: change no figure.
    Raises TableError, InputError, PolicyError, PolicyGap, NotInForce, RepealedPolicy.  Bad rows are rejects.
    """
    if isinstance(by, str):
        raise TableError(f"by takes the names of the groups one by one, by=({by!r},)")
    if settlements is None and totals is None and observed is None:
        raise TableError("rates come from settlements, totals or observed values; give one of them")
    workers = threads if threads is not None else min(os.cpu_count() or 1, 2)
    if workers < 1 or block_rows < 1:
        raise TableError("threads and block_rows must be at least 1")
    names = group_names(by)
    day = on or _last_day(settlements, workers)
    terms: IndicatorTerms = policy.build("indicators", policy.version("indicators", day))
    kept = _kept(policy, terms.indicators, indicators)
    every, listed = _summed(policy, day, kept if indicators is not None else None, settlements is not None)
    read = None
    summed, none = Quantities(names), Quantities()
    if settlements is not None:
        beside = [each for each in every if each not in listed]
        read = read_settlements(settlements, listed, by, policy.header.region, workers, beside)
        summed = _sums(read, listed, names, workers, block_rows)
        none = Quantities.of(**{each.id: 0 for each in listed})  # a table without a sound row says 0 of each
    stated = Totals(0, Quantities(names), Quantities(), _NO_REJECTS)
    if totals is not None:
        taken = [each.id for each in every] if read is not None else []
        stated = read_totals(totals, names, units_of(every, terms.indicators), taken)
    whole = summed.rolled_up() + none + stated.whole
    computed = [each.id for each in terms.indicators if evaluate(each, whole).state in ("value", "undefined")]
    seen = Observed(0, {}, {}, _NO_REJECTS)
    if observed is not None:
        seen = read_observed(observed, terms.indicators, day, computed)
    return AreaRates(
        policy=policy,
        on=day,
        by=names,
        indicators=kept,
        targets=_targets(policy, day, kept) if targets else (),
        listed=listed,
        quantities=summed + stated.by_scope if names else whole,
        whole=whole,
        observed=seen.latest,
        earlier=seen.earlier,
        rows_in=read.rows if read is not None else 0,
        total_rows=stated.rows,
        observed_rows=seen.rows,
        rejects=read.rejects if read is not None else _NO_REJECTS,
        total_rejects=stated.rejects,
        observed_rejects=seen.rejects,
    )


def columns_used(
    policy: Policy, names: Collection[str], by: Sequence[str], indicators: Sequence[str] | None, day: datetime.date
) -> dict[str, str]:
    """Which columns the rates take of a table of settlements with these columns, and what kind of field each is.

    by, indicators: as for `make_rates`; day: whose terms hold.  Raises as it does.
    """
    terms: IndicatorTerms = policy.build("indicators", policy.version("indicators", day))
    kept = _kept(policy, terms.indicators, indicators)
    every, listed = _summed(policy, day, kept if indicators is not None else None, needed=True)
    return kinds_used(names, listed, by, [each for each in every if each not in listed])


def _summed(
    policy: Policy, day: datetime.date, kept: tuple[Indicator, ...] | None, needed: bool
) -> tuple[tuple[Quantity, ...], tuple[Quantity, ...]]:
    """The quantities of the policy, and those that are summed: all of them, or what the kept indicators are made of."""
    every = _listed(policy, day, needed)
    if kept is None:
        return every, every
    used = {name for each in kept for name in each.quantities}
    return every, tuple(each for each in every if each.id in used)


def _last_day(settlements: Table | None, threads: int) -> datetime.date:
    last = last_day(settlements, threads) if settlements is not None and hasattr(settlements, "keys") else None
    if last is None:
        raise TableError(f"nothing in {SETTLED} says of what day the rates are; state it: on=")
    return last


def _kept(policy: Policy, every: tuple[Indicator, ...], names: Sequence[str] | None) -> tuple[Indicator, ...]:
    if names is None:
        return every
    known = {each.id: each for each in every}
    unknown = [name for name in names if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], list(known), 1)
        hint = f", did you mean {near[0]}?" if near else ""
        raise InputError(f"{policy.id} has no indicator {', '.join(unknown)}{hint}; indicators: {', '.join(known)}")
    return tuple(each for each in every if each.id in names)


def _listed(policy: Policy, day: datetime.date, needed: bool) -> tuple[Quantity, ...]:
    """The quantities of the policy.

    Raises PolicyError where settlements are to be summed and the policy does not say by which fields and codes.
    """
    try:
        terms: QuantityTerms = policy.build("quantities", policy.version("quantities", day))
    except PolicyGap as gap:
        if not needed:
            return ()
        raise PolicyError(
            f"{policy.id} does not say which fields and codes of settlements its quantities are: give totals of them "
            "instead (totals=, a table of quantity and value), or add the section quantities by an overlay"
        ) from gap
    return terms.quantities


def _sums(
    read: Settlements, listed: tuple[Quantity, ...], names: tuple[str, ...], threads: int, block_rows: int
) -> Quantities:
    left_out = read.bad if read.bad.any() else None
    return sum_table(
        listed, read.columns, names, block_rows, threads, reversals=read.reversals, left_out=left_out, rows=read.rows
    )


def _targets(policy: Policy, day: datetime.date, kept: Sequence[Indicator]) -> tuple[Target, ...]:
    """The targets of the kept indicators with the figures that the policy adds; where it adds none they stay open.

    Raises PolicyError for a percentage that is written as a plain number.
    """
    terms: TargetTerms = policy.build("targets", policy.version("targets", day))
    try:
        added: TargetFigureTerms = policy.build("target_figures", policy.version("target_figures", day))
        found = with_figures(terms.targets, added.figures)
    except PolicyGap:
        found = terms.targets
    of = {each.id: each for each in kept}
    found = tuple(target for target in found if target.indicator in of)
    for target in found:
        try:
            check_parts(target, of[target.indicator])
        except PolicyError as error:
            raise PolicyError(f"{policy.id}: {error}") from None
    return found
