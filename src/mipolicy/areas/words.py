"""The words for an area's rates: their states, parts, limits and verdicts, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from mipolicy.areas.stated import figure_text
from mipolicy.indicators.measure import exact_places, shown, telling_places
from mipolicy.indicators.rates import Rate
from mipolicy.indicators.targets import Target, Verdict

__all__ = ["STATES", "distance_text", "limit_text", "part_text", "stated_text", "value_text", "verdict_text"]

STATES: Final = {
    "value": ("value", "有值"),
    "undefined": ("undefined", "无意义(分母不大于0)"),
    "missing": ("missing", "缺报"),
    "not_applicable": ("not applicable", "不适用"),
    "met": ("met", "达标"),
    "not_met": ("not met", "未达标"),
    "not_due": ("not due yet", "未到期"),
    "no_baseline": ("no baseline", "无基期值"),
    "open": ("open", "未定"),
    "none": ("watched, no target", "仅监测"),
}
"""Words for the states of rates and verdicts, in English and Chinese; none of them is shown as 0."""
_KINDS: Final = {"at_least": "≥", "at_most": "≤", "range": "", "about": "≈", "equal": "="}
_LACKING: Final = {"low": "下限", "high": "上限", "value": "目标值", "tolerance": "容差"}


def part_text(rate: Rate, name: str, units: Mapping[str, str]) -> str:
    """A numerator or denominator as people write it; empty where only the value is known."""
    if rate.state not in ("value", "undefined") or rate.stated:
        return ""
    figure, of = getattr(rate, name), rate.indicator
    if name == "denominator" and not of.denominator:
        return "1"
    return figure_text(figure, units[of.quantities[0]])


def stated_text(value: Fraction | None, unit: tuple[str, int]) -> str:
    """A limit, width or baseline, no digit of it lost; empty where there is none.

    unit: that of the indicator, and its decimals.
    """
    return "" if value is None else shown(value, unit[0], exact_places(value, *unit))


def distance_text(verdict: Verdict, unit: tuple[str, int]) -> str:
    """How far a value is from its target, with as many decimals as it takes to tell it from 0."""
    distance = verdict.distance
    return "" if distance is None else shown(distance, unit[0], telling_places(distance, *unit))


def value_text(rate: Rate, verdict: Verdict) -> str:
    """The value of a rate as it is judged: one that just misses its limit is not shown as if it were the limit."""
    value, of = rate.value, rate.indicator
    if value is None or verdict.distance is None or rate.stated:
        return rate.shown
    return shown(value, of.unit, telling_places(verdict.distance, of.unit, of.places))


def limit_text(target: Target, unit: tuple[str, int], language: str = "en") -> str:
    """What a target asks for, such as ≥ 65.00% or 6.00 to 9.00.

    unit: that of the indicator, and its decimals.
    """
    zh = language == "zh"
    if target.kind in ("rising", "none"):
        return {"rising": ("rising", "逐年上升"), "none": ("", "")}[target.kind][zh]
    width = "" if target.tolerance is None else f" ± {stated_text(target.tolerance, unit)}"
    if target.kind == "stable":
        return ("stable", "保持稳定")[zh] + width
    figures = [each for each in (target.low, target.high, target.value) if each is not None]
    texts = [stated_text(each, unit) for each in figures]
    if not texts:
        return ("open", "未定")[zh]
    return f"{_KINDS[target.kind]} {(' 至 ' if zh else ' to ').join(texts)}{width}".strip()


def verdict_text(verdict: Verdict, language: str = "en") -> str:
    """A verdict in words; of an open one, what nobody has stated yet."""
    zh, lacking = language == "zh", verdict.target.lacking
    if verdict.state != "open" or not lacking:
        return STATES[verdict.state][zh]
    if zh:
        return f"未定(未给出{'、'.join(_LACKING[name] for name in lacking)})"
    return f"open: no {' and no '.join(lacking)} stated"
