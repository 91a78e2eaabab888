"""The month (月度结算): what institutions are paid before the year is cleared, in three ways.

formulas.md section 2, "Month".  Late lists and reversals post as signed figures in the month of posting; closed months
stay closed.  Amounts in fen, scores per ten thousand; a point value in yuan x 10**decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Generic

import numpy as np
from attrs import evolve, field, frozen

from mipolicy.checked import check_columns, refuse
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, RATE_ONE, A, Column
from mipolicy.payment.axes import POOL
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, TableKind, terms_field
from mipolicy.rounding import any_columns, half_up, mul_div
from mipolicy.sums import sums_by
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, pick, share

__all__ = [
    "MONTH",
    "Month",
    "MonthPayment",
    "MonthPosting",
    "MonthTotals",
    "MonthlyTerms",
    "PostedMonth",
    "month_value",
    "pay",
    "pay_month",
    "post",
]

MONTH: Final = Axis(
    "month",
    tuple(str(month) for month in range(1, 13)),
    tuple(f"{month}月" for month in range(1, 13)),
    tuple(f"month {month}" for month in range(1, 13)),
)
_MOST_DECIMALS: Final = 6
_FIGURES: Final = ("cases", "points", "declared_fund", "patient_part")


@frozen
class MonthlyTerms:
    """What a document fixes about the month of one pool."""

    variant: str = terms_field(
        ChoiceKind(("share", "budget_value", "month_value")), "月度结算办法", "how the month is paid"
    )
    share: int = terms_field(FigureKind("rate"), "月度预付比例", "share of the declared fund amount; 0% elsewhere")
    month_weights: Table = terms_field(
        TableKind("rate", (MONTH,)), "月度预算权重", "weights of the months; 0% where the variant has none"
    )
    value_decimals: int = terms_field(FigureKind("count"), "点值小数位数", "decimals of the point value, 0 to 6")
    floor_at_zero: int = terms_field(FlagKind(), "月度结算是否不低于零", "whether a month's payment is at least 0")

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if (self.variant == "share") != (self.share > 0):
            raise InputError("share must be above 0 for the variant share, and 0% for the others, which do not use it")
        weighted = self.variant == "month_value"
        if sum(self.month_weights.values) != (int(RATE_ONE) if weighted else 0):
            raise InputError("month_weights must sum to 100% for the variant month_value, and be 0% for the others")
        if self.value_decimals > _MOST_DECIMALS:
            raise InputError(f"value_decimals must be 0 to {_MOST_DECIMALS}")


@frozen
class PostedMonth(Generic[A]):
    """What a month holds for an institution and pool, signed: late lists add, reversals take back."""

    points: A = labelled("points", "当月分值", "points of the month")
    declared_fund: A = labelled("fen", "当月申报统筹基金", "declared fund amount of the month")
    patient_part: A = labelled("fen", "当月个人及其他支付", "patients' and other payers' part")


@frozen
class MonthPayment(Generic[A]):
    """What an institution is paid for a month, step by step, in the order computed."""

    standard: A = labelled("fen", "当月结算标准", "what the month is worth in all")
    before_floor: A = labelled("fen", "保底前应付", "due, before the floor")
    payment: A = labelled("fen", "月度支付", "paid for the month")


def pay(terms: MonthlyTerms, month: PostedMonth[A], point_value: int) -> MonthPayment[A]:
    """Pay a month, for one institution or a column of them, as the variant of the terms says.

    point_value: of the budget or of the month (`month_value`), in yuan x 10**value_decimals; the variant share has none
    and takes 0.  Posted figures may be negative: what was paid too much is taken back, unless the terms floor at 0.
    Raises InputError for a point value that the variant does not have or lacks; AmountError for what is no amount.

    Source: formulas.md section 2, month (a), (b) and (c).
    """
    any_columns(month.points, month.declared_fund, month.patient_part)
    if (terms.variant == "share") != (point_value == 0) or point_value < 0:
        what = "takes no point value: give 0" if terms.variant == "share" else "needs a point value above 0"
        raise InputError(f"the variant {terms.variant} {what}, got {point_value}")
    if terms.variant == "share":
        standard = month.declared_fund
        due = share(standard, terms.share)
    else:
        standard = mul_div(month.points, point_value, 10 ** (int(terms.value_decimals) + 2))
        due = standard - month.patient_part
    return MonthPayment(standard, due, pick(terms.floor_at_zero, beyond(due, 0), due))


def month_value(terms: MonthlyTerms, year_budget: int, month: int, points: int) -> int:
    """The point value of a month, half up: year budget x the month's weight / the month's scores of the pool.

    year_budget: fen; month: 1 to 12; points: of all institutions, late lists and reversals with their sign.
    Returns yuan x 10**value_decimals.
    Raises InputError for another variant, a month that is none, a budget or points that are not above 0.

    Source: formulas.md section 2, month (c).
    """
    if terms.variant != "month_value":
        raise InputError(f"the variant {terms.variant} has no value of the month")
    _check_month(month)
    if year_budget <= 0 or points <= 0:
        raise InputError(f"a month's value needs a budget and scores above 0, got {year_budget} fen, {points} points")
    scaled = year_budget * terms.month_weights.values[month - 1] * int(FACTOR_ONE) * 10 ** int(terms.value_decimals)
    value: int = half_up(scaled, int(RATE_ONE) * 100 * points)
    return value


def _check_month(month: int) -> None:
    if type(month) is not int or not 1 <= month <= 12:
        raise InputError(f"a month is 1 to 12, got {month!r}")


# ---- postings, which merge -------------------------------------------------------------------------------------------


@frozen
class MonthPosting:
    """Sums of what is posted in a month for an institution and pool; signed Python ints."""

    cases: int = labelled("count", "病例数", "cases, reversals taken off", 0)
    points: int = labelled("points", "分值", "points", 0)
    declared_fund: int = labelled("fen", "申报统筹基金", "declared fund amount", 0)
    patient_part: int = labelled("fen", "个人及其他支付", "patients' and other payers' part", 0)

    def __add__(self, other: MonthPosting) -> MonthPosting:
        """Both postings together."""
        return MonthPosting(*(getattr(self, name) + getattr(other, name) for name in _FIGURES))


@frozen
class MonthTotals:
    """Postings of a year by institution, pool and month; `a + b` is what one pass gives, whatever the order.

    postings: (institution, pool, month) -> what was posted; closed: the last month that is closed, 0 for none.
    """

    postings: Mapping[tuple[str, str, int], MonthPosting] = field(factory=dict)
    closed: int = 0

    def __add__(self, other: MonthTotals) -> MonthTotals:
        """Both together; raises InputError where one has closed a month that the other has not."""
        if self.closed != other.closed:
            raise InputError(f"totals closed to month {self.closed} and to month {other.closed} cannot be merged")
        merged = dict(self.postings)
        for key, posting in other.postings.items():
            merged[key] = merged[key] + posting if key in merged else posting
        return evolve(self, postings=merged)

    def posted(self, other: MonthTotals) -> MonthTotals:
        """The totals with new postings, as `post` gives them; late lists and reversals go to the month of posting.

        Raises InputError for a posting into a closed month.
        """
        late = sorted(key for key in other.postings if key[2] <= self.closed)
        if late:
            code, pool, month = late[0]
            raise InputError(
                f"{code}, {pool}: month {month} is closed (up to {self.closed}); post to month {self.closed + 1}"
            )
        return self + evolve(other, closed=self.closed)

    def close(self, month: int) -> MonthTotals:
        """The totals with the month closed; months close one after the other."""
        _check_month(month)
        if month != self.closed + 1:
            raise InputError(f"month {month} cannot be closed: months up to {self.closed} are, the next comes first")
        return evolve(self, closed=month)

    def month(self, pool: str, month: int) -> dict[str, MonthPosting]:
        """What a month holds for a pool, by institution in the order of their codes."""
        return {key[0]: self.postings[key] for key in sorted(self.postings) if key[1:] == (pool, month)}

    def year(self, pool: str) -> dict[str, MonthPosting]:
        """What the year holds for a pool, by institution in the order of their codes."""
        found: dict[str, MonthPosting] = {}
        for key in sorted(self.postings):
            if key[1] == pool:
                found[key[0]] = found.get(key[0], MonthPosting()) + self.postings[key]
        return found


def post(
    institutions: Sequence[str],
    month: int,
    *,
    institution: Column,
    pool: Column,
    sign: Column,
    points: Column,
    declared_fund: Column,
    patient_part: Column,
) -> MonthTotals:
    """Sum cases into postings of one month.

    institutions: codes, in the order of the small integers of the column `institution`; pool: position in `POOL`;
    sign: 1 for a case, -1 for a reversal; points per ten thousand, amounts in fen, of the case as it was.
    Raises AmountError for what is no int64 column, InputError for a sign, CodeError for a position outside its list.
    """
    _check_month(month)
    figures = {"sign": sign, "points": points, "declared_fund": declared_fund, "patient_part": patient_part}
    anything = {name: (column, None) for name, column in figures.items()}
    check_columns("post", institution=(institution, institutions), pool=(pool, POOL), **anything)
    refuse((sign != 1) & (sign != -1), "sign is {}; 1 for a case, -1 for a reversal", sign)
    width = len(POOL.members)
    cell, cells = institution * width + pool, len(institutions) * width
    sums = [sums_by(cell, column * sign, cells) for column in (np.ones_like(sign), points, declared_fund, patient_part)]
    held = np.flatnonzero(np.bincount(cell, minlength=cells)).tolist()
    return MonthTotals(
        {
            (institutions[at // width], POOL.members[at % width], month): MonthPosting(*(each[at] for each in sums))
            for at in held
        }
    )


# ---- the month of a pool ---------------------------------------------------------------------------------------------


@frozen
class Month:
    """A month of a pool as it is paid: by institution, and in all.

    residue: the month's budget less the scores at the month's value, which rounding leaves; 0 for other variants.
    """

    pool: str
    month: int
    point_value: int
    paid: Mapping[str, MonthPayment[int]]
    total: MonthPayment[int]
    residue: int


def pay_month(
    terms: MonthlyTerms, totals: MonthTotals, pool: str, month: int, *, year_budget: int = 0, point_value: int = 0
) -> Month:
    """Pay a month of a pool, institution by institution.

    year_budget: fen, for the variant month_value; point_value: yuan x 10**value_decimals, for budget_value.
    Raises InputError for what the variant does not take, for a month that is closed, or one without postings; CodeError
    for a pool that is none.
    """
    POOL.position(pool)
    _check_month(month)
    if month <= totals.closed:
        raise InputError(f"month {month} is closed: what was paid for it stays")
    held = totals.month(pool, month)
    if not held:
        raise InputError(f"month {month} has no postings for the pool {pool}")
    by_month = terms.variant == "month_value"
    if by_month != (year_budget > 0) or (by_month and point_value):
        what = "a year budget, nothing else" if by_month else "no year budget"
        raise InputError(f"the variant {terms.variant} takes {what}")
    if by_month:
        point_value = month_value(terms, year_budget, month, sum(each.points for each in held.values()))
    paid = {code: pay(terms, _posted(each), point_value) for code, each in held.items()}
    total = _total(paid.values())
    budget = share(year_budget, int(terms.month_weights.values[month - 1]))
    return Month(pool, month, point_value, paid, total, budget - total.standard if by_month else 0)


def _posted(posting: MonthPosting) -> PostedMonth[int]:
    return PostedMonth(posting.points, posting.declared_fund, posting.patient_part)


def _total(payments: Iterable[MonthPayment[int]]) -> MonthPayment[int]:
    standard = before = payment = 0
    for each in payments:
        standard, before, payment = standard + each.standard, before + each.before_floor, payment + each.payment
    return MonthPayment(standard, before, payment)
