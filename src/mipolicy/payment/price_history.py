"""What past cases of each disease cost: a mergeable summary, exact in its means, ranks and spread.

Rule P04; formulas.md sections 2 and 4.  Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from attrs import field, frozen

from mipolicy.checked import check_columns
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, Column
from mipolicy.payment.moments import Moments, root
from mipolicy.rounding import half_up_int
from mipolicy.sums import starts_of

__all__ = ["CostHistory", "DiseaseCosts", "cost_history", "root_text", "rounded"]


@frozen
class DiseaseCosts:
    """The costs of one disease's cases as runs: each cost once, ascending, with how many cases had it."""

    dise_codg: str
    costs: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def moments(self) -> Moments:
        """How many cases, what they cost together, and the sum of the squares."""
        return Moments.of_runs(zip(self.costs, self.counts, strict=True))

    @property
    def cases(self) -> int:
        """How many cases."""
        return sum(self.counts)

    @property
    def total(self) -> int:
        """What they cost together."""
        return self.moments.total

    def at_rank(self, rank: int) -> int:
        """The cost of the case at a rank, counted from 1 at the cheapest; raises InputError outside the cases."""
        if not 1 <= rank <= self.cases:
            raise InputError(f"disease {self.dise_codg}: rank {rank} is outside 1 to {self.cases}, its cases")
        passed = 0
        at = -1
        while passed < rank:
            at += 1
            passed += self.counts[at]
        return self.costs[at]

    def median(self) -> Fraction:
        """The middle cost; of an even number of cases, the mean of the two in the middle."""
        cases = self.cases
        return Fraction(self.at_rank((cases + 1) // 2) + self.at_rank(cases // 2 + 1), 2)

    def within(self, low: Fraction, high: Fraction, included: int) -> DiseaseCosts:
        """The runs between two costs; included: 1 where a cost at either edge stays."""
        kept = [
            (cost, count)
            for cost, count in zip(self.costs, self.counts, strict=True)
            if low < cost < high or (included and cost in (low, high))
        ]
        return DiseaseCosts(self.dise_codg, tuple(cost for cost, _ in kept), tuple(count for _, count in kept))

    def cv_squared(self, divisor: str) -> Fraction:
        """The square of the coefficient of variation, exactly; divisor: a word of `moments.DIVISORS`.

        Raises InputError where the cases cost nothing, or there are none.
        """
        try:
            return Fraction(*self.moments.squared_cv(divisor))
        except InputError as error:
            raise InputError(f"disease {self.dise_codg}: {error}") from None


def _by_code(diseases: tuple[DiseaseCosts, ...]) -> tuple[DiseaseCosts, ...]:
    return tuple(sorted(diseases, key=lambda each: each.dise_codg))


@frozen
class CostHistory:
    """The costs of many diseases; `a + b` gives what one pass over both tables gives, in whatever order.

    >>> costs = cost_history(np.array([0, 0]), np.array([300_00, 100_00]), ("C34.900",))
    >>> (costs + costs).of("C34.900").counts
    (2, 2)
    """

    diseases: tuple[DiseaseCosts, ...] = field(converter=_by_code)

    def __add__(self, other: CostHistory) -> CostHistory:
        """Both together."""
        found = {each.dise_codg: each for each in self.diseases}
        for each in other.diseases:
            found[each.dise_codg] = _joined(found[each.dise_codg], each) if each.dise_codg in found else each
        return CostHistory(tuple(found.values()))

    def of(self, dise_codg: str) -> DiseaseCosts:
        """The costs of one disease; raises CodeError where it has no case."""
        for each in self.diseases:
            if each.dise_codg == dise_codg:
                return each
        held = ", ".join(each.dise_codg for each in self.diseases) or "none"
        raise CodeError(f"disease {dise_codg!r} has no case in this history; it holds {held}")


def _joined(one: DiseaseCosts, other: DiseaseCosts) -> DiseaseCosts:
    counts = dict(zip(one.costs, one.counts, strict=True))
    for cost, count in zip(other.costs, other.counts, strict=True):
        counts[cost] = counts.get(cost, 0) + count
    costs = tuple(sorted(counts))
    return DiseaseCosts(one.dise_codg, costs, tuple(counts[cost] for cost in costs))


def cost_history(disease: Column, medfee_sumamt: Column, names: Sequence[str]) -> CostHistory:
    """The costs of a table of cases, by disease.

    disease: int64, positions in `names`; medfee_sumamt: fen, 0 to `MAX_FEN`, same length.
    Raises AmountError, TableError or CodeError for what is no column of codes, and InputError for a cost that no case
    has: reversed cases are taken out before.
    """
    check_columns("cost history", disease=(disease, names), medfee_sumamt=(medfee_sumamt, int(MAX_FEN)))
    order = np.lexsort((medfee_sumamt, disease))
    codes, costs = disease[order], medfee_sumamt[order]
    starts = starts_of(codes, costs)
    counts = np.diff(np.append(starts, codes.size))
    found = []
    for at in np.unique(codes).tolist():
        runs = codes[starts] == at
        found.append(DiseaseCosts(names[at], tuple(costs[starts][runs].tolist()), tuple(counts[runs].tolist())))
    return CostHistory(tuple(found))


def root_text(square: Fraction) -> str:
    """The square root to four decimals, half up, exactly: no float decides it.

    >>> root_text(Fraction(1, 2)), root_text(Fraction(9, 16))
    ('0.7071', '0.75')
    """
    units = root(square.numerator, square.denominator)
    whole, part = divmod(units, int(FACTOR_ONE))
    decimals = f"{part:04d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def rounded(value: Fraction, factor: int, step: int) -> int:
    """A fraction of fen times a factor, rounded half up once to a whole step of fen."""
    return half_up_int(value.numerator * factor, value.denominator * int(FACTOR_ONE) * step) * step
