"""The closed lists that benefits and payment share: the schemes, and the level of an institution."""

from __future__ import annotations

from typing import Final

from mipolicy.tables import Axis

__all__ = ["LEVEL", "SCHEMES"]

SCHEMES: Final = ("employee", "resident")
"""职工 and 居民: the two schemes, by the meaning of `insutype`."""

LEVEL: Final = Axis(
    "level",
    ("tertiary", "secondary", "level_1", "primary", "ungraded"),
    ("三级", "二级", "一级", "基层", "无等级"),
    ("level 3", "level 2", "level 1", "primary care", "ungraded"),
)
"""Institution level, highest first, so that a later position is a lower level; an ungraded institution ranks last.

Primary care is known by the kind of institution, the rest by `hosp_lv`.
"""
