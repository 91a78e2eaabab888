"""On which side of a limit a figure counts, and whether the limit itself does: one way of saying it in all terms."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from mipolicy.checked import for_each
from mipolicy.money import A
from mipolicy.vocabulary import is_over, none_of, pick

__all__ = ["ABOVE", "BELOW", "by_band", "is_past", "lies_past", "nearest"]

BELOW: Final = ("below", "at_or_below")
"""What counts lies below its limit; or the limit itself counts too."""
ABOVE: Final = ("above", "at_or_above")
"""What counts lies above its limit; or the limit itself counts too."""
_EXACT: Final[Mapping[str, Callable[[Any, Any], Any]]] = MappingProxyType(
    {"below": operator.lt, "at_or_below": operator.le, "above": operator.gt, "at_or_above": operator.ge}
)


def is_past(side: str, figure: A, limit: A | int) -> A:
    """1 where the figure counts, else 0, in the words of rules; side: a word of `BELOW` or `ABOVE`.

    >>> [is_past(side, 5, 5) for side in (*BELOW, *ABOVE)]
    [0, 1, 0, 1]
    """
    if side in BELOW:
        return is_over(limit, figure) if side == "below" else none_of(is_over(figure, limit))
    return is_over(figure, limit) if side == "above" else none_of(is_over(limit, figure))


def by_band(side: str, figure: A, bands: Sequence[tuple[int, int]]) -> A:
    """The figure of the band in which something lies; side: a word of `ABOVE`; bands: ascending, lower edge and figure.

    >>> [by_band("at_or_above", mark, [(0, 5), (60, 7)]) for mark in (59, 60)]
    [5, 7]
    """
    found = for_each(bands[0][1], figure)
    for edge, of_band in bands[1:]:
        found = pick(is_past(side, figure, edge), of_band, found)
    return found


def nearest(side: str, limit: A, divisor: A | int) -> A:
    """The whole figure next to limit / divisor that does not count, on either side of it; nothing below 0.

    >>> [nearest(side, 50, 10) for side in (*BELOW, *ABOVE)], [nearest(side, 51, 10) for side in (*BELOW, *ABOVE)]
    ([5, 6, 5, 4], [6, 6, 5, 5])
    """
    if side in ("below", "at_or_above"):
        above: A = (limit - 1) // divisor
        return above + 1 if side == "below" else above
    below: A = limit // divisor
    return below + 1 if side == "at_or_below" else below


def lies_past(side: str, figure: Any, limit: Any) -> Any:
    """The same of exact figures, such as fractions and arrays of Python ints: true or false.

    >>> [lies_past(side, 4, 5) for side in (*BELOW, *ABOVE)]
    [True, True, False, False]
    """
    return _EXACT[side](figure, limit)
