"""The assistance rate of key recipients (重点救助对象救助比例) as a statistic: paid over what was left to them.

Reading A11, indicator K18.  Amounts in fen; sums are exact, so that parts of a table can be merged.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.errors import AmountError
from mipolicy.money import A
from mipolicy.rounding import any_columns
from mipolicy.vocabulary import pick

__all__ = ["AssistanceRate", "assistance_rate", "merged"]


@frozen
class AssistanceRate:
    """Sums over bills, fen: the assistance paid, and the in-scope cost left after basic and major-illness cover.

    >>> (AssistanceRate(700, 1_000) + AssistanceRate(0, 400)).rate
    Fraction(1, 2)
    """

    maf_pay: int
    base: int

    def __add__(self, other: AssistanceRate) -> AssistanceRate:
        """The sums of both together: a ratio of sums, never a mean of ratios."""
        return AssistanceRate(self.maf_pay + other.maf_pay, self.base + other.base)

    @property
    def rate(self) -> Fraction | None:
        """Assistance paid / base, exactly; None where the base is 0.

        Raises AmountError where the base is negative: more was taken back than settled.
        """
        if self.base < 0:
            raise AmountError(
                f"the base of the assistance rate is {self.base} fen: reversals outweigh bills; merge them first"
            )
        return Fraction(self.maf_pay, self.base) if self.base else None


def assistance_rate(
    *, key_recipient: A, inscp_scp_amt: A, hifp_pay: A, hifmi_pay: A, hifob_pay: A, maf_pay: A
) -> AssistanceRate:
    """The sums of one bill, or of a column of bills, of key recipients (reading A11, K18).

    key_recipient: 1 where the bill counts: a key recipient's, for inpatient or special-disease care; the others are
    left out.  The rest are fields of the settlement record, in fen; a reversal has negative ones.
    Raises AmountError for what is neither an int nor an int64 column, and for columns of unequal length.
    Source: 天津 2021 二(三) 指标表 8.
    """
    any_columns(key_recipient, inscp_scp_amt, hifp_pay, hifmi_pay, hifob_pay, maf_pay)
    left = inscp_scp_amt - hifp_pay - hifmi_pay - hifob_pay
    return AssistanceRate(_total(pick(key_recipient, maf_pay, 0)), _total(pick(key_recipient, left, 0)))


def merged(parts: Iterable[AssistanceRate]) -> AssistanceRate:
    """The sums of all parts, in any order; of none, nothing."""
    total = AssistanceRate(0, 0)
    for part in parts:
        total += part
    return total


def _total(amounts: Any) -> int:
    """An exact sum, past int64 too: by halves of 32 bits, of up to 2**31 rows."""
    if not isinstance(amounts, np.ndarray):
        return int(amounts)
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum())
