"""The auxiliary catalogue of DIP (辅助目录): factors for how complex a case is, where they make a group more even.

Rule P03; formulas.md section 2, "Auxiliary catalogue".  A factor is the mean of a class of cases over the mean of its
group, per ten thousand; it may lie below 1.  Costs in fen, rates per million, CV per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from attrs import field, frozen

from mipolicy.checked import check_columns
from mipolicy.errors import AmountError, InputError, PolicyError
from mipolicy.money import FACTOR_ONE, MAX_FEN, RATE_ONE, A, Column
from mipolicy.payment.case import AuxiliaryFactor
from mipolicy.payment.moments import DIVISORS, Moments, as_rate, block_sums, root, sum_of_ratios
from mipolicy.payment.sides import ABOVE, lies_past
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, terms_field
from mipolicy.rounding import any_columns, bounds_of, mul_div
from mipolicy.sums import starts_of
from mipolicy.tables import Axis
from mipolicy.vocabulary import beyond, is_over, pick

__all__ = [
    "DIMENSION",
    "ClassSums",
    "DimensionTest",
    "DipAuxiliaryTerms",
    "FitSums",
    "auxiliary_factors",
    "case_factor",
    "dimension_tests",
]

DIMENSION: Final = Axis(
    "dimension",
    ("cci", "severity", "tumour_severity", "age", "intensive_care"),
    ("CCI指数", "疾病严重程度(非肿瘤)", "肿瘤严重程度", "年龄特征", "重症监护"),
    ("comorbidity index", "severity, not tumours", "severity of tumours", "age", "intensive care"),
)
"""Along what the cases of a group are told apart."""


@frozen
class DipAuxiliaryTerms:
    """What a document fixes about the auxiliary catalogue."""

    dimensions: tuple[str, ...] = terms_field(CodesKind(DIMENSION.members), "辅助目录维度", "dimensions that are used")
    cv_minimum: int = terms_field(FigureKind("factor"), "变异系数下限", "CV from which on a group is told apart")
    cv_side: str = terms_field(ChoiceKind(ABOVE), "变异系数边界", "side of the least CV on which a group counts")
    cv_divisor: str = terms_field(ChoiceKind(DIVISORS), "方差除数", "what squared deviations are divided by")
    fall_minimum: int = terms_field(FigureKind("rate"), "变异系数最低降幅", "fall of the CV that is due, relative")
    fall_side: str = terms_field(ChoiceKind(ABOVE), "降幅边界", "side of the least fall on which it counts")
    fall_of: str = terms_field(
        ChoiceKind(("pooled", "every_class")), "降幅口径", "the CV within all classes together, or of every class"
    )
    class_minimum: int = terms_field(FigureKind("count"), "分级最低例数", "cases that a class needs for a factor")
    several: str = terms_field(
        ChoiceKind(("highest", "product")), "多项辅助系数", "of several factors the highest, or their product"
    )

    def __attrs_post_init__(self) -> None:
        if self.class_minimum < 1:
            raise PolicyError("class_minimum is 0: a factor is the mean of at least one case")


@frozen
class ClassSums:
    """Moments of the cases by dimension, group and class; `a + b` is what one pass over both gives."""

    moments: Mapping[tuple[str, str, str], Moments] = field(factory=dict)

    @classmethod
    def of(
        cls,
        dimension: str,
        groups: Sequence[str],
        classes: Sequence[str],
        group: Column,
        aux_class: Column,
        cost: Column,
        cases: Column | None = None,
    ) -> ClassSums:
        """The sums of a table of cases along one dimension.

        groups, classes: what the codes stand for; group, aux_class, cost: one row a case, cost in fen; cases: how many
        cases a row stands for, one by default.
        Raises CodeError for an unknown dimension and a code that stands for nothing, TableError for a name that stands
        twice, AmountError for what is no int64 column, InputError for a cost out of range.
        """
        DIMENSION.position(dimension)
        check_columns(dimension, group=(group, groups), aux_class=(aux_class, classes), cost=(cost, int(MAX_FEN)))
        counted = np.ones(cost.size, np.int64) if cases is None else cases
        block = group * len(classes) + aux_class
        order = np.argsort(block, kind="stable")
        block = block[order]
        starts = starts_of(block)
        found = {}
        sums = block_sums(cost[order], counted[order], starts)
        for at, *figures in zip(block[starts].tolist(), *sums, strict=True):
            code, position = divmod(at, len(classes))
            found[dimension, groups[code], classes[position]] = Moments(*figures)
        return cls(found)

    def __add__(self, other: ClassSums) -> ClassSums:
        nothing = Moments(0, 0, 0)
        keys = sorted({*self.moments, *other.moments})
        return ClassSums({k: self.moments.get(k, nothing) + other.moments.get(k, nothing) for k in keys})


@frozen
class DimensionTest:
    """What a dimension does for a group: its CV, the CV within the classes, and whether that is enough."""

    group_code: str
    dimension: str
    cases: int
    cv: int
    cv_within: int
    varies: int
    falls: int
    applies: int


def dimension_tests(terms: DipAuxiliaryTerms, sums: ClassSums) -> tuple[DimensionTest, ...]:
    """Which groups vary enough, and along which dimensions that falls enough (rule P03; formulas.md section 2).

    The fall is relative: with 20%, the CV within classes is at most 80% of the group's.  All comparisons are exact.
    Raises InputError for a group whose cases cost nothing.
    """
    classes: dict[tuple[str, str], list[Moments]] = {}
    for (dimension, group, _), moments in sums.moments.items():
        if dimension in terms.dimensions and moments.cases:
            classes.setdefault((group, dimension), []).append(moments)
    found = []
    for group, dimension in sorted(classes):
        parts = classes[group, dimension]
        whole = sum(parts, start=Moments(0, 0, 0))
        over = whole.cv_against(terms.cv_minimum, terms.cv_divisor)
        varies = int(lies_past(terms.cv_side, over, 0))
        pooled = _pooled(terms, whole, parts)
        squares = [pooled]
        if terms.fall_of == "every_class":
            squares = [Fraction(*part.squared_cv(terms.cv_divisor)) for part in parts]
        falls = int(_falls(terms, whole, max(squares)))
        cv_within = root(pooled.numerator, pooled.denominator)
        found.append(
            DimensionTest(
                group, dimension, whole.cases, whole.cv(terms.cv_divisor), cv_within, varies, falls, varies * falls
            )
        )
    return tuple(found)


def _pooled(terms: DipAuxiliaryTerms, whole: Moments, parts: Sequence[Moments]) -> Fraction:
    """The square of the CV within classes: squared deviations from their own means, over the group's mean."""
    less = 1 if terms.cv_divisor == "cases_less_one" and whole.cases > 1 else 0
    deviations = sum_of_ratios([part.variance_numerator for part in parts], [part.cases for part in parts])
    return deviations * Fraction(whole.cases * whole.cases, (whole.cases - less) * whole.total * whole.total)


def _falls(terms: DipAuxiliaryTerms, whole: Moments, within: Fraction) -> bool:
    """Whether the squared CV within is far enough below the group's."""
    kept = Fraction(int(RATE_ONE) - terms.fall_minimum, int(RATE_ONE)) ** 2
    allowed = kept * Fraction(*whole.squared_cv(terms.cv_divisor))
    return bool(lies_past(terms.fall_side, allowed, within))


def auxiliary_factors(
    terms: DipAuxiliaryTerms, sums: ClassSums, tests: Sequence[DimensionTest] | None = None
) -> tuple[AuxiliaryFactor, ...]:
    """The lines of the auxiliary catalogue: mean of the class over mean of its group, per ten thousand (rule P03).

    Only for dimensions that apply to the group (`dimension_tests`), and for classes with cases enough.
    tests: those of the sums, where they are at hand.
    """
    lines = []
    held: dict[tuple[str, str], dict[str, Moments]] = {}
    for (dimension, group, name), part in sorted(sums.moments.items()):
        held.setdefault((dimension, group), {})[name] = part
    for test in dimension_tests(terms, sums) if tests is None else tests:
        if not test.applies:
            continue
        classes = held[test.dimension, test.group_code]
        whole = sum(classes.values(), start=Moments(0, 0, 0))
        for name, part in classes.items():
            if part.cases >= terms.class_minimum:
                factor = mul_div(part.total * whole.cases, int(FACTOR_ONE), part.cases * whole.total)
                lines.append(
                    AuxiliaryFactor(
                        group_code=test.group_code,
                        dimension=test.dimension,
                        aux_class=name,
                        auxiliary_factor=factor,
                    )
                )
    return tuple(lines)


def case_factor(terms: DipAuxiliaryTerms, *factors: A) -> A:
    """The one factor of a case, or of a column of cases, from those of its dimensions (rule P03).

    factors: one per dimension, per ten thousand; 0 where the auxiliary catalogue has no line.  Without any the factor
    is 1; a single one below 1 stays below 1.  A product is rounded half up after each factor.
    Raises AmountError without a dimension and for a factor below 0.
    """
    if not factors:
        raise AmountError("case_factor: at least one dimension's factor is due, 0 where there is no line")
    any_columns(*factors)
    if min(bounds_of(each)[0] for each in factors) < 0:
        raise AmountError("case_factor: a factor is not negative; 0 says that there is no line")
    one = int(FACTOR_ONE)
    if terms.several == "highest":
        found = factors[0]
        for each in factors[1:]:
            found = found + beyond(each, found)
        return pick(is_over(found, 0), found, one)
    product = pick(is_over(factors[0], 0), factors[0], one)
    for each in factors[1:]:
        product = mul_div(product, pick(is_over(each, 0), each, one), one)
    return product


@frozen
class FitSums:
    """How near payment comes to cost (rule P03): cases, costs and squares, and squared gaps; merged by `a + b`."""

    costs: Moments
    squared_gaps: int

    @classmethod
    def of(cls, cost: Column, paid: Column, cases: Column | None = None) -> FitSums:
        """The sums of cases: what each cost, and the cost that its score stands for (mean x factor), in fen.

        cases: how many cases a row stands for, one by default.

        Raises AmountError for what is no int64 column or not of one length, InputError for an amount out of range.
        """
        check_columns("fit", cost=(cost, int(MAX_FEN)), paid=(paid, int(MAX_FEN)))
        one = np.ones(cost.size, np.int64) if cases is None else cases
        start = np.zeros(min(cost.size, 1), np.int64)
        figures = [sum(each) for each in block_sums(cost, one, start)]
        return cls(Moments(*figures), sum(block_sums(np.abs(cost - paid), one, start)[2]))

    def __add__(self, other: FitSums) -> FitSums:
        return FitSums(self.costs + other.costs, self.squared_gaps + other.squared_gaps)

    def share(self) -> Fraction:
        """1 - squared gaps / squared deviations from the mean: the share of the variance that payment follows.

        With each case paid its group's mean this is the RIV of the groups.  It is negative where one payment for all
        would fit better.  Raises InputError where all costs are the same.
        """
        if self.costs.variance_numerator <= 0:
            raise InputError(f"{self.costs.cases} cases without any variance of cost: payment cannot follow it")
        return 1 - Fraction(self.squared_gaps * self.costs.cases, self.costs.variance_numerator)

    def rate(self) -> int:
        """The share per million, rounded half up."""
        return as_rate(self.share())
