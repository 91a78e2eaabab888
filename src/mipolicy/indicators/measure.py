"""Exact figures of indicators: how a policy writes them, how they are shown, and roots that are compared by powers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from attrs import frozen

from mipolicy.errors import AmountError
from mipolicy.money import exact, plain_text
from mipolicy.policy.kinds import Kind
from mipolicy.rounding import half_up_int

__all__ = ["SCALES", "MeasureKind", "exact_places", "measure", "root_shown", "shown", "telling_places"]

_ONE: Final = 10**9
"""Units of a figure in a policy: nine decimals, so that a boundary can be missed by one in a thousand million."""
SCALES: Final = {"percent": (100, "%"), "months": (1, ""), "count": (1, ""), "days": (1, ""), "yuan": (1, "")}
"""By unit: what a value is multiplied by when it is shown, and the sign behind it."""
_MOST_PLACES: Final = 9


def measure(value: object) -> Fraction:
    """A figure as policies write it, exact: text such as "65%", "10.2" or "-0.5", or a whole number.

    Raises AmountError for float, for what is no plain figure, and for more than nine decimals.

    >>> measure("65%"), measure("10.2"), measure(1184)
    (Fraction(13, 20), Fraction(51, 5), Fraction(1184, 1))
    """
    if isinstance(value, str) and value.endswith("%"):
        return Fraction(exact(value[:-1], _ONE // 100, "figure in percent"), _ONE)
    return Fraction(exact(value, _ONE, "figure"), _ONE)


@frozen
class MeasureKind(Kind):
    """An exact figure of any size, as text or percentage; held as a fraction."""

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a figure, as text, or a percentage"

    def value(self, raw: Any) -> Fraction:
        """See `Kind`."""
        return measure(raw)

    def text(self, value: Fraction) -> str:
        """See `Kind`."""
        return plain_text(int(value * _ONE), _ONE)


def shown(value: Fraction, unit: str, places: int) -> str:
    """The value as people read it, rounded half up once.

    unit: one of `SCALES`; places: decimals.

    >>> shown(Fraction(1164, 1109), "percent", 2)
    '104.96%'
    """
    scale, sign = SCALES[unit]
    units = half_up_int(value.numerator * scale * 10**places, value.denominator)
    return _decimals(units, places) + sign


def exact_places(value: Fraction, unit: str, places: int) -> int:
    """The decimals at which a figure that somebody states is shown without losing a digit.

    unit: one of `SCALES`; places: the fewest decimals, and those of a figure that nine decimals do not hold.

    >>> shown(measure("64.99996%"), "percent", exact_places(measure("64.99996%"), "percent", 2))
    '64.99996%'
    """
    units = value * SCALES[unit][0]
    return next((each for each in range(places, _MOST_PLACES + 1) if (units * 10**each).denominator == 1), places)


def telling_places(difference: Fraction, unit: str, places: int) -> int:
    """The decimals at which a difference that is not 0 is not shown as 0, so that a limit missed is seen to be missed.

    unit: one of `SCALES`; places: the fewest decimals.

    >>> telling_places(Fraction(-4, 10**7), "percent", 2), telling_places(Fraction(0), "percent", 2)
    (5, 2)
    """
    units = abs(difference) * SCALES[unit][0]
    while 0 < units * 10**places < 1:
        places += 1
    return places


def root_shown(power: Fraction, degree: int, unit: str, places: int, less: int = 0) -> str:
    """The root of a fraction, less a whole number, shown; rounded half up by whole numbers only.

    power: 0 or above; degree: which root, 1 or above.
    Raises AmountError for a negative power or a degree below 1.

    >>> root_shown(Fraction(118400, 116411), 5, "percent", 4, less=1)
    '0.3394%'
    """
    if power < 0 or degree < 1:
        raise AmountError(f"no root of degree {degree} is taken of {power}; state a figure of 0 or more")
    scale, sign = SCALES[unit]
    unit_steps = scale * 10**places
    # Twice the root in units, rounded down: adding one and halving rounds the root half up.
    twice = _whole_root((2 * unit_steps) ** degree * power.numerator // power.denominator, degree)
    return _decimals((twice + 1) // 2 - less * unit_steps, places) + sign


def _whole_root(number: int, degree: int) -> int:
    """The largest whole number whose power does not exceed the number."""
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if middle**degree <= number:
            low = middle
        else:
            high = middle
    return low


def _decimals(units: int, places: int) -> str:
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits
