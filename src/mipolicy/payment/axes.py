"""The small closed lists of payment, coded as small integers inside rules."""

from __future__ import annotations

from typing import Final

from mipolicy.tables import Axis

__all__ = ["METHOD", "POINT_METHODS", "POOL", "REVIEW"]

METHOD: Final = Axis(
    "method",
    (
        "dip",
        "drg_points",
        "drg_weight",
        "bed_day_points",
        "single_disease",
        "day_surgery",
        "per_diem",
        "capitation",
        "by_item",
    ),
    (
        "按病种分值付费",
        "DRG点数法",
        "DRG权重费率法",
        "床日点数",
        "单病种付费",
        "日间手术付费",
        "按床日付费",
        "按人头付费",
        "按项目付费",
    ),
    (
        "DIP",
        "DRG by points",
        "DRG by weight and rate",
        "bed-day points",
        "single disease",
        "day surgery",
        "per diem",
        "capitation",
        "by item",
    ),
)
"""The ways in which a case is paid; every case is paid by exactly one of them."""

POINT_METHODS: Final = ("dip", "drg_points", "bed_day_points")
"""Methods that give points, which the pool's point value turns into money."""

POOL: Final = Axis("pool", ("employee", "resident"), ("职工", "居民"), ("employees", "residents"))
"""The pools, each with a budget and a point value of its own; the schemes, in their order."""

REVIEW: Final = Axis(
    "review",
    ("none", "applied", "granted_item", "granted_points", "refused", "beyond_quota"),
    ("未申请", "已申请", "通过(按项目)", "通过(专家评定分值)", "未通过", "超出名额"),
    ("none", "applied", "granted, by item", "granted, points by experts", "refused", "beyond the quota"),
)
"""Where a case stands in the review of special cases (特例单议)."""
