"""Base points and difference factors made from history: means, unstable groups on the median, blends by level.

Rule P11; formulas.md section 3, points method.  Costs in fen, carved-out cost left out on both sides; exact throughout:
fractions of Python ints, rounded half up once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_columns, refuse_more_than
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, RATE_ONE, Column
from mipolicy.payment.case import DifferenceFactor, Group
from mipolicy.payment.moments import DIVISORS, Moments
from mipolicy.payment.sides import ABOVE, lies_past
from mipolicy.policy.kinds import ChoiceKind, FigureKind, terms_field
from mipolicy.rounding import half_up_int
from mipolicy.sums import starts_of

__all__ = ["BasePointsTerms", "History", "difference_factors", "groups"]

_LEVEL_MEANS: Final = {
    "mean_tertiary": "tertiary",
    "mean_secondary": "secondary",
    "mean_level_1": "level_1",
    "mean_primary": "primary",
}


@frozen
class BasePointsTerms:
    """What a document fixes for making base points and difference factors from history."""

    scale: int = terms_field(FigureKind("points"), "点数基数", "points of a case that costs the mean of all")
    decimals: int = terms_field(FigureKind("count"), "点数小数位数", "decimals of base points", needs="0 to 4")
    least_cases: int = terms_field(FigureKind("count"), "稳定病组最少病例数", "least cases of a stable group")
    cv_limit: int = terms_field(FigureKind("factor"), "变异系数界值", "limit of the coefficient of variation")
    cv_side: str = terms_field(ChoiceKind(ABOVE), "变异系数边界", "side of the limit on which a group is unstable")
    cv_divisor: str = terms_field(ChoiceKind(DIVISORS), "方差除数", "what squared deviations are divided by")
    unstable_by: str = terms_field(
        ChoiceKind(("median", "mean")), "不稳定病组依据", "what unstable groups are scored on"
    )
    institution_weight: int = terms_field(
        FigureKind("rate"), "机构系数权重", "weight of the institution's mean; the level's has the rest"
    )
    least_institution_cases: int = terms_field(
        FigureKind("count"), "机构系数最少病例数", "least cases of an institution in a group for a mean of its own"
    )
    few_cases: str = terms_field(
        ChoiceKind(("level", "one")), "病例不足时", "with fewer cases: the level's factor, or 1"
    )
    least_factor: int = terms_field(FigureKind("factor"), "差异系数下限", "least difference factor")
    most_factor: int = terms_field(FigureKind("factor"), "差异系数上限", "most difference factor")

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.scale < 1:
            raise InputError("scale is 0; a group that costs the mean of all has points")
        if not 0 <= self.decimals <= 4:
            raise InputError(f"decimals is {self.decimals}, allowed is 0 to 4: points are kept at four")
        if not 0 <= self.institution_weight <= RATE_ONE:
            raise InputError("institution_weight must lie between 0 and 100%; the level has the rest")
        if self.most_factor < 1 or self.least_factor > self.most_factor:
            raise InputError("least_factor must not exceed most_factor, which must be above 0")


_ARRAYS: Any = attrs.cmp_using(eq=np.array_equal)


@frozen
class History:
    """Costs of a period, counted: one row for each group, institution, level and cost, in this order.

    `a + b` is what one pass over both gives, whatever the order.
    """

    group: Column = attrs.field(eq=_ARRAYS)
    institution: Column = attrs.field(eq=_ARRAYS)
    level: Column = attrs.field(eq=_ARRAYS)
    cost: Column = attrs.field(eq=_ARRAYS)
    count: Column = attrs.field(eq=_ARRAYS)

    @classmethod
    def of(
        cls, *, group: Column, institution: Column, level: Column, cost: Column, carve_out: Column | None = None
    ) -> History:
        """Count the cases of a table.

        group, institution: codes from 0; level: codes of LEVEL; cost: total cost; carve_out: of which carved out.
        Raises AmountError for columns of another type or length, InputError naming the row for a figure out of range.
        """
        most = int(MAX_FEN)
        columns = {"group": (group, most), "institution": (institution, most), "cost": (cost, most)}
        check_columns("history", **columns, level=(level, LEVEL))
        if carve_out is not None:
            check_columns("history", carve_out=(carve_out, most), cost=(cost, most))
            refuse_more_than(carve_out, cost, "carve_out", "the cost")
            cost = cost - carve_out
        return _counted(group, institution, level, cost, np.ones(cost.size, np.int64))

    def __add__(self, other: History) -> History:
        columns = zip(attrs.astuple(self, recurse=False), attrs.astuple(other, recurse=False), strict=True)
        return _counted(*(np.concatenate(pair) for pair in columns))

    def runs(self) -> Iterable[tuple[int, int, int, int, int]]:
        """Group, institution, level, cost and count of each row, as Python ints."""
        columns = attrs.astuple(self, recurse=False)
        return zip(*(column.tolist() for column in columns), strict=True)


def _counted(group: Column, institution: Column, level: Column, cost: Column, count: Column) -> History:
    order = np.lexsort((cost, level, institution, group))
    keys = [column[order] for column in (group, institution, level, cost)]
    if not order.size:
        return History(group, institution, level, cost, count)
    starts = starts_of(*keys)
    one, other, third, last = (key[starts] for key in keys)
    return History(one, other, third, last, np.add.reduceat(count[order], starts))


def _sums(rows: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, int]]:
    """Cases and total cost by key; each row: the key's parts, then cost and count."""
    found: dict[tuple[int, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for *key, cost, count in rows:
        cases, total = found[tuple(key)]
        found[tuple(key)] = (cases + count, total + cost * count)
    return found


def _is_unstable(terms: BasePointsTerms, runs: Sequence[tuple[int, int]]) -> bool:
    """Whether a group has too few cases, or varies too much; runs: (cost, count)."""
    moments = Moments.of_runs(runs)
    if moments.cases < terms.least_cases:
        return True
    if moments.cases == 1 or not moments.total:  # nothing varies
        return False
    return bool(lies_past(terms.cv_side, moments.cv_against(terms.cv_limit, terms.cv_divisor), 0))


def _median(runs: Sequence[tuple[int, int]]) -> Fraction:
    cases = sum(count for _, count in runs)
    wanted = ((cases - 1) // 2, cases // 2)
    middle, passed = [], 0
    for cost, count in sorted(runs):
        middle += [cost for place in wanted if passed <= place < passed + count]
        passed += count
    return Fraction(sum(middle), 2)


def _rounded(value: Fraction) -> int:
    return half_up_int(value.numerator, value.denominator)


def _mean(history: History) -> Fraction:
    cases, total = _sums((cost, count) for _, _, _, cost, count in history.runs()).get((), (0, 0))
    if total == 0:
        raise InputError("the mean of all cases is 0; state the costs of at least one case")
    return Fraction(total, cases)


def groups(terms: BasePointsTerms, history: History, group_codes: Sequence[str]) -> tuple[Group, ...]:
    """The groups that history holds, with base points, weight and means, in the order of their codes' positions.

    Base points are the group's mean over the mean of all x scale; of unstable groups (fewer cases than `least_cases`,
    or a coefficient of variation beyond its limit) the median's, where the terms say so.  The weight is the same ratio
    at four decimals.  `group_mean` stays the mean, which outliers are measured against.
    group_codes: the code that each position stands for.
    Raises InputError for a history without cost and for positions without a code.

    Source: formulas.md section 3, points method.
    """
    mean_of_all = _mean(history)
    step = 10 ** (4 - terms.decimals)
    by_group: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for group, _, _, cost, count in history.runs():
        by_group[group][cost] += count
    by_level = _sums((group, level, cost, count) for group, _, level, cost, count in history.runs())
    made = []
    for group, counted in sorted(by_group.items()):
        code = _code(group_codes, group, "group_codes")
        runs = list(counted.items())
        mean = Fraction(sum(cost * count for cost, count in runs), sum(counted.values()))
        basis = _median(runs) if terms.unstable_by == "median" and _is_unstable(terms, runs) else mean
        of_level: dict[str, Any] = {
            name: _rounded(Fraction(total, cases))
            for name, level in _LEVEL_MEANS.items()
            for cases, total in [by_level.get((group, LEVEL.position(level)), (0, 0))]
            if cases
        }
        made.append(
            Group(
                group_code=code,
                kind="drg",
                base_points=_rounded(basis / mean_of_all * terms.scale / step) * step,
                weight=_rounded(basis / mean_of_all * FACTOR_ONE),
                group_mean=_rounded(mean),
                **of_level,
            )
        )
    return tuple(made)


def difference_factors(
    terms: BasePointsTerms,
    history: History,
    group_codes: Sequence[str],
    institution_codes: Sequence[str],
    new_groups: Collection[str] = (),
) -> tuple[DifferenceFactor, ...]:
    """The difference factor of each institution in each group that it had cases of, in the order of positions.

    The institution's mean over the area's, and the level's over the area's, blended by `institution_weight`; with fewer
    cases than `least_institution_cases` the level's, or 1; of a group in `new_groups` 1; kept between the two limits.
    An institution that changed its level has both, and is given that of its later position, the lower level.
    Raises InputError for a group that cost nothing and for positions without a code.

    Source: formulas.md section 3, points method; the floor of cases is data.
    """
    rows = list(history.runs())
    of_area = _sums((group, cost, count) for group, _, _, cost, count in rows)
    of_level = _sums((group, level, cost, count) for group, _, level, cost, count in rows)
    of_own = _sums((group, institution, cost, count) for group, institution, _, cost, count in rows)
    levels = {(group, institution): level for group, institution, level, _, _ in rows}
    weight = Fraction(terms.institution_weight, RATE_ONE)
    made = []
    for (group, institution), (cases, total) in sorted(of_own.items()):
        code = _code(group_codes, group, "group_codes")
        area = Fraction(of_area[(group,)][1], of_area[(group,)][0])
        if area == 0:
            raise InputError(f"group {code}: its mean cost is 0; no factor can be formed over it")
        level_cases, level_total = of_level[group, levels[group, institution]]
        level_factor = Fraction(level_total, level_cases) / area
        if code in new_groups or (cases < terms.least_institution_cases and terms.few_cases == "one"):
            factor = Fraction(1)
        elif cases < terms.least_institution_cases:
            factor = level_factor
        else:
            factor = weight * (Fraction(total, cases) / area) + (1 - weight) * level_factor
        rounded = min(max(_rounded(factor * FACTOR_ONE), terms.least_factor), terms.most_factor)
        made.append(
            DifferenceFactor(
                fixmedins_code=_code(institution_codes, institution, "institution_codes"),
                group_code=code,
                difference_factor=rounded,
            )
        )
    return tuple(made)


def _code(codes: Sequence[str], position: int, name: str) -> str:
    if position >= len(codes):
        raise InputError(f"{name} holds {len(codes)} codes, but history uses position {position}")
    return codes[position]
