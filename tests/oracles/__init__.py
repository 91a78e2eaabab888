"""The rules read literally, clause by clause, slowly, and apart from the library: nothing here imports it.

Terms and inputs are plain dicts keyed by the words of policy files; rates are `Fraction`s of one; amounts are whole fen
unless a module says otherwise.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

__all__ = ["half_up", "percent"]


def half_up(value: Fraction) -> int:
    """The nearest whole number; halves go away from zero, as a clerk rounds."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    if 2 * rest >= value.denominator:
        whole += 1
    return -whole if value < 0 else whole


def percent(text: str) -> Fraction:
    """A percentage as it stands in a clause."""
    return Fraction(Decimal(text)) / 100
