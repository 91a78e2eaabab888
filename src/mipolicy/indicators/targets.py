"""Targets: what an indicator should reach, by when, and whether it has; decided on exact fractions.

以上, 以下 and 以内 include the number, 达到 is at least and 控制在…以下 at most (reading A44).  A width
that the document does not give has no default: the verdict is "open" until the policy of the area states it
(reading A33).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import attrs
import numpy as np
from attrs import frozen

from mipolicy.calendar import NO_DAY, day_number
from mipolicy.checked import check_columns
from mipolicy.errors import InputError, PolicyError
from mipolicy.indicators.measure import MeasureKind
from mipolicy.indicators.rates import Indicator, Rate
from mipolicy.money import Column
from mipolicy.policy.kinds import ChoiceKind, DateKind, RecordsKind, TextKind, terms_field

__all__ = [
    "KINDS",
    "VERDICTS",
    "CompletionRow",
    "Observation",
    "ObservationTerms",
    "Target",
    "TargetFigure",
    "TargetFigureTerms",
    "TargetTerms",
    "Verdict",
    "check_parts",
    "completion_table",
    "interval",
    "overdue",
    "verdict",
    "with_figures",
]

KINDS: Final = ("at_least", "at_most", "range", "about", "stable", "rising", "equal", "none")
VERDICTS: Final = (
    "met",
    "not_met",
    "not_due",
    "undefined",
    "no_baseline",
    "missing",
    "not_applicable",
    "open",
    "none",
)
"""open: a limit or width that nobody has stated yet; none: an indicator that is watched without a target."""
Standing: TypeAlias = Literal[
    "met", "not_met", "not_due", "undefined", "no_baseline", "missing", "not_applicable", "open", "none"
]
_FIGURES: Final = {"at_least": ("low",), "at_most": ("high",), "range": ("low", "high"), "equal": ("value",)}
_WIDE: Final = ("about", "stable")
_ALLOWED: Final = {**_FIGURES, "about": ("value", "tolerance"), "stable": ("tolerance",), "rising": (), "none": ()}
_Bound: TypeAlias = Fraction | None
_PERCENT_MOST: Final = 2


@frozen
class Target:
    """What one indicator should reach; figures in the unit of the indicator's value, 65% as 0.65.

    low, high, value: as the kind takes them; None where it takes none, or where the document leaves it open.
    side: of about, which side fails: both, below (more than about is good, and flagged) or above.
    since, deadline: first day on which it is compared, and the day by which it must be reached.
    """

    id: str = terms_field(TextKind(), "目标", "target")
    indicator: str = terms_field(TextKind(), "指标", "indicator")
    kind: str = terms_field(ChoiceKind(KINDS), "类型", "kind")
    attribute: str = terms_field(ChoiceKind(("binding", "expected", "unstated")), "属性", "binding or expected")
    source: str = terms_field(TextKind(), "依据", "clause")
    low: Fraction | None = terms_field(MeasureKind(), "下限", "at least", default=None)
    high: Fraction | None = terms_field(MeasureKind(), "上限", "at most", default=None)
    value: Fraction | None = terms_field(MeasureKind(), "目标值", "value", default=None)
    tolerance: Fraction | None = terms_field(MeasureKind(), "容差", "tolerance", default=None)
    side: str = terms_field(ChoiceKind(("both", "below", "above")), "不达标方向", "which side fails", default="both")
    baseline: Fraction | None = terms_field(MeasureKind(), "基期值", "baseline", default=None)
    baseline_on: datetime.date | None = terms_field(DateKind(), "基期", "day of the baseline", default=None)
    since: datetime.date | None = terms_field(DateKind(), "起始日", "compared from", default=None)
    deadline: datetime.date | None = terms_field(DateKind(), "期限", "due by", default=None)
    scope: str = terms_field(TextKind(), "范围", "whom and where it is of", default="")
    note: str = terms_field(TextKind(), "说明", "note", default="")

    def __attrs_post_init__(self) -> None:
        for name in ("low", "high", "value", "tolerance", "baseline"):
            figure = getattr(self, name)
            if figure is not None and (isinstance(figure, bool) or not isinstance(figure, (Fraction, int))):
                raise PolicyError(f"{self.id}: {name} is {figure!r}; an exact figure is due, such as measure('0.65')")
        stated = [name for name in ("low", "high", "value", "tolerance") if getattr(self, name) is not None]
        beside = [name for name in stated if name not in _ALLOWED[self.kind]]
        if beside:
            raise PolicyError(f"{self.id}: {self.kind} takes no {', '.join(beside)}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise PolicyError(f"{self.id}: low is above high")
        if self.tolerance is not None and self.tolerance < 0:
            raise PolicyError(f"{self.id}: a tolerance is 0 or more")
        if self.side != "both" and self.kind != "about":
            raise PolicyError(f"{self.id}: only about says which side fails")
        if self.since and self.deadline and self.since > self.deadline:
            raise PolicyError(f"{self.id}: it is compared from {self.since}, after its deadline {self.deadline}")
        if self.baseline_on and self.deadline and self.baseline_on >= self.deadline:
            raise PolicyError(f"{self.id}: the baseline of {self.baseline_on} is not before {self.deadline}")

    @property
    def lacking(self) -> tuple[str, ...]:
        """The figures that its kind needs and nobody has stated."""
        needed = _ALLOWED[self.kind]
        return tuple(name for name in needed if getattr(self, name) is None)


@frozen
class TargetTerms:
    """The targets of a document."""

    targets: tuple[Target, ...] = terms_field(RecordsKind(Target, "id"), "目标", "targets")


@frozen
class TargetFigure:
    """A figure that the document leaves to the area: the limit or the width of a target."""

    target: str = terms_field(TextKind(), "目标", "target")
    source: str = terms_field(TextKind(), "依据", "clause")
    low: Fraction | None = terms_field(MeasureKind(), "下限", "at least", default=None)
    high: Fraction | None = terms_field(MeasureKind(), "上限", "at most", default=None)
    value: Fraction | None = terms_field(MeasureKind(), "目标值", "value", default=None)
    tolerance: Fraction | None = terms_field(MeasureKind(), "容差", "tolerance", default=None)


@frozen
class TargetFigureTerms:
    """Limits and widths that a policy adds to the targets of its documents."""

    figures: tuple[TargetFigure, ...] = terms_field(RecordsKind(TargetFigure, "target"), "补充数值", "added figures")


@frozen
class Observation:
    """A figure that a document reports: a reference value, not a target (rules K33, K34, K53).

    period: the year, month, quarter or day it is of, as "2020", "2022-10" or "2023Q3".
    """

    id: str = terms_field(TextKind(), "观测", "observation")
    indicator: str = terms_field(TextKind(), "指标", "indicator")
    period: str = terms_field(TextKind(), "期间", "period")
    value: Fraction = terms_field(MeasureKind(), "数值", "value")
    precision: str = terms_field(ChoiceKind(("stated", "rounded", "about")), "精度", "how exactly it is stated")
    source: str = terms_field(TextKind(), "依据", "clause")
    note: str = terms_field(TextKind(), "说明", "note", default="")


@frozen
class ObservationTerms:
    """What a document reports of its indicators."""

    observations: tuple[Observation, ...] = terms_field(RecordsKind(Observation, "id"), "观测值", "observations")


@frozen
class Verdict:
    """Whether a target is met.

    meets: whether the value would do, due or not; None where that cannot be said.
    distance: value less the nearest value that meets it, inside a range or band 0; of at least, at most and equal less
    the limit, so that it is a margin where the target is met; above: past a band that only fails below.
    """

    target: Target
    state: Standing
    meets: bool | None = None
    distance: Fraction | None = None
    above: bool = False


def with_figures(targets: Sequence[Target], figures: Sequence[TargetFigure]) -> tuple[Target, ...]:
    """The targets with the figures that a policy adds.

    Raises PolicyError for a target that is not there and for a figure that the document states itself.
    """
    added = {each.target: each for each in figures}
    unknown = [name for name in added if name not in {target.id for target in targets}]
    if unknown:
        raise PolicyError(f"no target {', '.join(unknown)}; targets: {', '.join(each.id for each in targets)}")
    return tuple(_filled(target, added[target.id]) if target.id in added else target for target in targets)


def _filled(target: Target, figure: TargetFigure) -> Target:
    stated = {name: getattr(figure, name) for name in ("low", "high", "value", "tolerance")}
    stated = {name: value for name, value in stated.items() if value is not None}
    for name in stated:
        if getattr(target, name) is not None:
            raise PolicyError(f"{target.id}: {target.source} states {name} itself; nothing replaces it")
    return attrs.evolve(target, **stated)


def check_parts(target: Target, indicator: Indicator) -> None:
    """Refuse percentages that are written as plain numbers: 65 where 65% or 0.65 is due.

    Raises PolicyError for a figure beyond 1 of an indicator that is a part of a whole, or beyond 2 of any percentage.
    """
    if indicator.unit != "percent":
        return
    part = set(indicator.numerator) <= set(indicator.denominator)
    most = {"tolerance": Fraction(99, 100)}
    for name in ("low", "high", "value", "tolerance", "baseline"):
        figure = getattr(target, name)
        if figure is not None and abs(figure) > most.get(name, 1 if part else _PERCENT_MOST):
            text = f"{Decimal(figure.numerator) / figure.denominator:f}"
            raise PolicyError(f'target {target.id}: {name} is {text} where a part of 1 is due; write "{text}%"')


def interval(target: Target, baseline: _Bound = None) -> tuple[_Bound, _Bound]:
    """The values that meet a target, both ends included; None: no end.

    Raises InputError for a target whose figures are not all stated, for one that has no limits (rising, none), and for
    stable without a baseline.
    """
    baseline = target.baseline if baseline is None else baseline
    if target.lacking:
        raise InputError(f"{target.id}: {', '.join(target.lacking)} is open; state it in target_figures")
    if target.kind in ("rising", "none") or (target.kind == "stable" and baseline is None):
        raise InputError(f"{target.id}: {target.kind} has no limits without a baseline")
    if target.kind == "equal":
        return target.value, target.value
    if target.kind not in _WIDE:
        return target.low, target.high
    middle, width = baseline if target.kind == "stable" else target.value, target.tolerance
    assert middle is not None
    assert width is not None
    low = None if target.side == "above" else middle - width
    return low, None if target.side == "below" else middle + width


def verdict(
    target: Target,
    rate: Rate,
    on: datetime.date,
    baseline: Fraction | None = None,
    earlier: Sequence[Fraction] = (),
) -> Verdict:
    """Whether a target is met on a day (formulas.md section 6; readings A28, A33, A44, A54).

    rate: the rate of its indicator; on: the day it is of; baseline: in place of the target's own;
    earlier: of rising, the values of the years between the baseline and this one, oldest first.
    Raises InputError for the rate of another indicator; PolicyError for 65 where 65% is due.
    """
    if rate.indicator.id != target.indicator:
        raise InputError(f"{target.id} is of {target.indicator}, not of {rate.indicator.id}")
    check_parts(target, rate.indicator)
    baseline = target.baseline if baseline is None else baseline
    value = rate.value
    if target.kind == "none":
        return Verdict(target, "none")
    if target.lacking:
        return Verdict(target, "open")
    if value is None:
        return Verdict(target, rate.state if rate.state != "value" else "undefined")
    if baseline is None and target.kind in ("stable", "rising"):
        return Verdict(target, "no_baseline")
    if target.kind == "rising":
        assert baseline is not None
        steps = (baseline, *earlier, value)
        meets = all(one <= other for one, other in pairwise(steps)) and value > baseline
        distance, above = value - max((baseline, *earlier)), False
    else:
        low, high = interval(target, baseline)
        meets = (low is None or value >= low) and (high is None or value <= high)
        distance = _distance(target, value, low, high)
        above = target.side == "below" and value > _upper(target)
    state: Standing = "met" if meets else "not_met"
    if (target.since and on < target.since) or (target.deadline and on < target.deadline):
        state = "not_due"
    return Verdict(target, state, meets, distance, above)


def _distance(target: Target, value: Fraction, low: _Bound, high: _Bound) -> Fraction:
    if low is not None and (value < low or target.kind == "at_least"):
        return value - low
    if high is not None and (value > high or target.kind == "at_most"):
        return value - high
    return Fraction(0)


def _upper(target: Target) -> Fraction:
    assert target.value is not None
    assert target.tolerance is not None
    return target.value + target.tolerance


@frozen
class CompletionRow:
    """One line of a plan's completion table: a target, the rate it is judged by, and the verdict."""

    target: Target
    rate: Rate | None
    verdict: Verdict


def completion_table(
    targets: Sequence[Target],
    rates: Sequence[Rate],
    on: datetime.date,
    earlier: Mapping[str, Sequence[Fraction]] | None = None,
) -> tuple[CompletionRow, ...]:
    """The completion table of a plan: binding targets first, among them those not met first (rule K37, reading A61).

    There is no overall percentage: the plan gives no weights.  A target whose rate nobody gave is missing.
    rates: of one scope, at most one for an indicator; earlier: target -> values of the years between, for rising.
    Raises InputError for two rates of one indicator, and for a rate of no target's indicator.
    """
    by_indicator = {rate.indicator.id: rate for rate in rates}
    if len(by_indicator) != len(rates):
        raise InputError("two rates of one indicator; a completion table is of one scope")
    unknown = sorted(set(by_indicator) - {target.indicator for target in targets})
    if unknown:
        raise InputError(f"no target is of {', '.join(unknown)}; leave these rates out")
    rows = []
    for target in targets:
        rate = by_indicator.get(target.indicator)
        if rate is None:
            found = Verdict(target, "none" if target.kind == "none" else "open" if target.lacking else "missing")
        else:
            found = verdict(target, rate, on, earlier=(earlier or {}).get(target.id, ()))
        rows.append(CompletionRow(target, rate, found))
    return tuple(sorted(rows, key=_rank))


def _rank(row: CompletionRow) -> tuple[int, bool]:
    """Sorting keeps the order of the plan among equals."""
    attribute = ("binding", "expected", "unstated").index(row.target.attribute)
    return attribute, row.verdict.state != "not_met"


def overdue(qualifies: Column, started: Column, deadline: datetime.date, on: datetime.date) -> Column:
    """The rows that qualify and had not started by the deadline, once it is past (rule P17).

    qualifies: flags, one an institution; started: first day of actual payment as days since 1970, `calendar.NO_DAY`
    where there is none.  Who started late is on the list until it starts.
    Raises AmountError and InputError as `checked.check_columns` does.
    """
    check_columns("institutions", qualifies=(qualifies, 1), started=(started, None))
    today = day_number(on)
    begun = (started != NO_DAY) & (started <= today)
    return np.flatnonzero((qualifies == 1) & ~begun & (today > day_number(deadline)))
