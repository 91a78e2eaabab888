"""What the tests of both DRG methods draw from: bands of limits, costs beside each limit, terms and cases in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.axes import LEVEL
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.outliers import OutlierBand
from mipolicy.tables import Axis, Table
from tests.strategies import in_words

ONE = 10_000
LEVELS = LEVEL.members

PROVINCE = (
    OutlierBand("低", 0, LEVELS, 4_000, 3 * ONE),
    OutlierBand("中", 100 * ONE, LEVELS, 4_000, 2 * ONE),
    OutlierBand("高", 200 * ONE, LEVELS, 4_000, 15_000),
)
"""A province's limits: 0.4 below, 3, 2 and 1.5 times above, by base points."""
THIRD = (
    OutlierBand("低", 0, LEVELS, ONE, 3 * ONE, low_of=3),
    OutlierBand("高", 2 * ONE, LEVELS, ONE, 2 * ONE, low_of=3),
)
"""A third below, exactly; 3 times above, or 2 from a weight of 2 on."""


@st.composite
def bands(draw: DrawFn, edges: Sequence[int]) -> tuple[OutlierBand, ...]:
    """Bands that differ between the upper two levels and the rest, or not."""
    upper = draw(st.sampled_from((LEVELS, LEVELS[:2])))
    found: list[OutlierBand] = []
    for levels in (upper, LEVELS[len(upper) :]):
        for edge in (0, *draw(st.lists(st.sampled_from(edges), unique=True, max_size=2))) if levels else ():
            low, low_of = draw(st.sampled_from(((4_000, 1), (ONE, 3), (0, 1), (5_000, 1))))
            high = draw(st.sampled_from((ONE, 15_000, 2 * ONE, 3 * ONE)))
            found.append(OutlierBand(f"{len(found)}", edge, levels, low, high, low_of))
    return tuple(draw(st.permutations(found)))


def near_limits(mean: int) -> list[int]:
    """Costs at each limit that the bands use, and one fen either side."""
    limits = (Fraction(2, 5), Fraction(1, 3), Fraction(1, 2), 1, Fraction(3, 2), 2, 3)
    return sorted({max(0, int(mean * limit) + step) for limit in limits for step in (-1, 0, 1, 2)})


def bands_in_words(found: Sequence[OutlierBand]) -> list[dict[str, Any]]:
    return [
        {
            "edge": Fraction(band.edge, ONE),
            "levels": band.levels,
            "low": Fraction(band.low, ONE * band.low_of),
            "high": Fraction(band.high, ONE),
        }
        for band in found
    ]


def in_plain_words(terms: Any) -> dict[str, Any]:
    """Terms for the oracle: figures as Fractions of one but for fen, tables by level, bands as dicts."""
    found: dict[str, Any] = {}
    for each in attrs.fields(type(terms)):
        value, unit = getattr(terms, each.name), getattr(each.metadata["kind"], "unit", None)
        of_one = {"points": ONE, "factor": ONE, "rate": 1_000_000}.get(unit or "")
        if each.name == "bands":
            value = bands_in_words(value)
        elif isinstance(value, Table):
            value = {key: Fraction(figure, of_one or 1) for key, figure in in_words(value).items()}
        elif of_one:
            value = Fraction(value, of_one)
        found[each.name] = value
    return found


def case_in_words(case: Any) -> dict[str, Any]:
    """A case for the oracle: codes as words, points, weights and factors as Fractions of one."""
    found: dict[str, Any] = {}
    for each in attrs.fields(type(case)):
        value, unit = getattr(case, each.name), each.metadata["unit"]
        if isinstance(unit, Axis):
            value = unit.members[value]
        elif unit in ("points", "factor"):
            value = Fraction(value, ONE)
        found[each.name] = value
    return found


def review(word: str) -> int:
    return REVIEW.position(word)
