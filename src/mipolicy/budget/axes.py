"""The closed lists of budgets: states of an assessment, blocks of a quota, payers, categories, ways to settle."""

from __future__ import annotations

from typing import Final

from mipolicy.tables import Axis

__all__ = ["ABOVE", "CATEGORY", "PLACE", "STATE"]

STATE: Final = Axis(
    "assessment state",
    ("all_met", "some_met", "none_met"),
    ("全部达标", "部分达标", "全部未达标"),
    ("all indicators met", "some indicators met", "no indicator met"),
)
PLACE: Final = Axis("place", ("local", "out"), ("市内就医", "市外就医"), ("care in the city", "care out of the city"))
"""The two blocks of an institution's quota: its own care, and the care of those it refers out of the city."""

CATEGORY: Final = Axis(
    "category",
    ("outpatient", "inpatient", "special"),
    ("普通门诊", "一般住院", "特殊病种门诊"),
    ("general outpatient", "general inpatient", "special-disease outpatient"),
)

ABOVE: Final = ("above", "at_or_above")
"""A band begins above its edge, or at it."""
