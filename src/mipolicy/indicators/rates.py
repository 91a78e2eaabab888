"""Indicators: records of what is divided by what; rates of them as exact numerators and denominators.

A rate is a ratio of sums, whatever the scope.  A denominator of 0 makes it undefined, and so does one below 0, where
more was taken back in a scope than was settled there; a figure that was due makes it missing, a figure that is not due
makes it not applicable; none of the three is 0 (reading A63).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, TypeAlias

from attrs import frozen

from mipolicy.errors import InputError, PolicyError
from mipolicy.indicators.measure import SCALES, exact_places, shown
from mipolicy.indicators.quantity import MISSING, NOT_APPLICABLE, Quantities, Scope
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, RecordsKind, TextKind, terms_field

__all__ = [
    "BASES",
    "Change",
    "Indicator",
    "IndicatorTerms",
    "Rate",
    "change",
    "completion",
    "evaluate",
    "evaluate_each",
    "gap",
]

State: TypeAlias = Literal["value", "undefined", "missing", "not_applicable"]
BASES: Final = {
    "person_times": "人次",
    "money": "金额",
    "persons": "人数",
    "institutions": "机构数",
    "items": "件数",
    "quantity": "数量",
    "days": "天数",
    "months": "月数",
}
"""What a rate is counted in; a rate by money is another indicator than the one by person-times (reading A27)."""


@frozen
class Indicator:
    """One indicator: what is divided by what, in what unit, which way is good, and where it is stated."""

    id: str = terms_field(TextKind(), "指标", "indicator")
    zh: str = terms_field(TextKind(), "中文名称", "Chinese name")
    en: str = terms_field(TextKind(), "英文名称", "English name")
    numerator: tuple[str, ...] = terms_field(CodesKind(), "分子", "quantities added, with - before one taken off")
    unit: str = terms_field(ChoiceKind(tuple(SCALES)), "单位", "unit")
    direction: str = terms_field(ChoiceKind(("higher", "lower", "band", "none")), "方向", "which way is good")
    basis: str = terms_field(ChoiceKind(tuple(BASES)), "口径", "what it is counted in")
    source: str = terms_field(TextKind(), "依据", "clause")
    denominator: tuple[str, ...] = terms_field(CodesKind(), "分母", "quantities likewise; none: a count", default=())
    aggregation: str = terms_field(ChoiceKind(("ratio_of_sums",)), "汇总", "aggregation", default="ratio_of_sums")
    times: int = terms_field(FigureKind("count"), "倍数", "1000 for per thousand, 12 for months", default=1)
    places: int = terms_field(FigureKind("count"), "小数位", "decimals shown", default=2)
    scope: str = terms_field(TextKind(), "范围", "whom and where it is of", default="")
    reading: str = terms_field(TextKind(), "理解", "reading by which it is defined", default="")

    def __attrs_post_init__(self) -> None:
        if not self.numerator:
            raise PolicyError(f"{self.id}: an indicator needs a numerator")
        if self.times < 1:
            raise PolicyError(f"{self.id}: times is 1 or more")
        if self.places > 9:
            raise PolicyError(f"{self.id}: at most 9 decimals are shown")
        if self.unit == "percent" and not self.denominator:
            raise PolicyError(f"{self.id}: a percentage needs a denominator")

    @cached_property
    def quantities(self) -> tuple[str, ...]:
        """Every quantity it needs, once each."""
        return tuple(dict.fromkeys(name.removeprefix("-") for name in (*self.numerator, *self.denominator)))


@frozen
class IndicatorTerms:
    """The indicators of a document."""

    indicators: tuple[Indicator, ...] = terms_field(RecordsKind(Indicator, "id"), "指标", "indicators")


@frozen
class Rate:
    """One indicator in one scope: exact numerator and denominator where its state is "value".

    numerator, denominator: Python ints, 0 where they are not known; the value is their quotient, times included in the
    numerator.  shown: rounded half up once, "" where there is no value; stated: a report states the value alone, of
    which these are the lowest terms, and which is shown as it is stated.
    """

    indicator: Indicator
    scope: Scope
    numerator: int
    denominator: int
    state: State
    stated: bool = False

    @property
    def value(self) -> Fraction | None:
        """The exact value, None in every other state."""
        return Fraction(self.numerator, self.denominator) if self.state == "value" else None

    @property
    def shown(self) -> str:
        """The value as people read it; decisions use the exact one."""
        value, of = self.value, self.indicator
        if value is None:
            return ""
        return shown(value, of.unit, exact_places(value, of.unit, of.places) if self.stated else of.places)

    @property
    def label(self) -> str:
        """Chinese name with what it is counted in: 住院费用跨省异地直接结算率(按人次)."""
        return f"{self.indicator.zh}(按{BASES[self.indicator.basis]})"


def evaluate(indicator: Indicator, quantities: Quantities, scope: Scope = ()) -> Rate:
    """One indicator in one scope (formulas.md section 6; readings A27, A63).

    A missing quantity makes it missing, else one that is not applicable makes it not applicable, else a denominator of
    0 or below makes it undefined; numerator and denominator stay as they are.

    >>> direct = Indicator("direct", "直接结算率", "direct rate", ("direct",), "percent", "higher", "person_times",
    ...     "二(六)", ("direct", "by_hand"))
    >>> evaluate(direct, Quantities.of(direct=13, by_hand=7)).shown
    '65.00%'
    """
    known: dict[str, int] = {}
    unknown: list[State] = []
    for name in indicator.quantities:
        figure = quantities.get(name, scope)
        if isinstance(figure, int):
            known[name] = figure
        else:
            unknown.append(figure)
    if unknown:
        return Rate(indicator, scope, 0, 0, MISSING if MISSING in unknown else NOT_APPLICABLE)
    numerator = _signed(indicator.numerator, known) * indicator.times
    denominator = _signed(indicator.denominator, known) if indicator.denominator else 1
    return Rate(indicator, scope, numerator, denominator, "value" if denominator > 0 else "undefined")


def _signed(names: Sequence[str], known: Mapping[str, int]) -> int:
    return sum(-known[name[1:]] if name.startswith("-") else known[name] for name in names)


def evaluate_each(indicators: Sequence[Indicator], quantities: Quantities) -> tuple[Rate, ...]:
    """Every indicator in every scope that has a figure, indicators first."""
    scopes = quantities.scopes() or ((),)
    return tuple(evaluate(indicator, quantities, scope) for indicator in indicators for scope in scopes)


@frozen
class Change:
    """What changed between two periods: the difference (of percentages: in points) and the growth, both exact.

    state: "value"; else that of the later rate, or of the earlier one if the later has a value.
    growth: None where the earlier value is not above 0.
    """

    difference: Fraction | None
    growth: Fraction | None
    state: State


def change(now: Rate, before: Rate) -> Change:
    """How a rate changed since an earlier period, or between two scopes (rules B05, K53, K64).

    Raises InputError for two different indicators.
    """
    if now.indicator.id != before.indicator.id or now.indicator.basis != before.indicator.basis:
        raise InputError(f"{now.indicator.id} and {before.indicator.id} are two indicators; compare one with itself")
    later, earlier = now.value, before.value
    if later is None or earlier is None:
        return Change(None, None, now.state if later is None else before.state)
    difference = later - earlier
    return Change(difference, difference / earlier if earlier > 0 else None, "value")


@frozen
class Gap:
    """The gap between two schemes or groups, now and before, in units of the value; narrowing: None without both."""

    now: Fraction | None
    before: Fraction | None
    narrowing: bool | None


def gap(now: tuple[Rate, Rate], before: tuple[Rate, Rate]) -> Gap:
    """The gap of two groups' rates, whichever is higher, and whether it narrows (rule B47).

    now, before: the two groups in the same order.
    Raises InputError where the units differ.
    """
    if len({rate.indicator.unit for rate in (*now, *before)}) > 1:
        raise InputError("a gap is between rates of one unit")
    gaps = [
        None if one.value is None or other.value is None else abs(one.value - other.value)
        for one, other in (now, before)
    ]
    later, earlier = gaps
    return Gap(later, earlier, None if later is None or earlier is None else later < earlier)


def completion(actual: int, task: int) -> Fraction | None:
    """How far a task is done, None where the task is 0: undefined (rules K32, K38).

    Raises InputError for a figure below 0.

    >>> shown(completion(1164, 1109), "percent", 2)
    '104.96%'
    """
    if min(actual, task) < 0:
        raise InputError(f"a task and what is done of it are 0 or more, not {task} and {actual}")
    return Fraction(actual, task) if task else None
