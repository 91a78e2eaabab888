"""The year of a pool, closed: what each institution is owed for its points, who pays it, and where every fen went.

Rules P16, P26; formulas.md section 2.  Amounts in fen, points per ten thousand, all whole numbers of any size.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from attrs import frozen

from mipolicy.errors import IdentityError, InputError
from mipolicy.payment.points import Distributable, PointValue, PointValueTerms
from mipolicy.rounding import split
from mipolicy.traced import labelled

__all__ = ["InstitutionClosing", "InstitutionPoints", "PoolClosing", "close"]


@frozen
class InstitutionPoints:
    """Sums over the cases of one institution that share the pool's points; `a + b` is what one pass gives.

    netted: after what others pay; outsiders: payments owed by the funds of people insured elsewhere.
    """

    cases: int = 0
    points: int = 0
    standard: int = 0
    netted: int = 0
    raised: int = 0
    outsiders: int = 0

    def __add__(self, other: InstitutionPoints) -> InstitutionPoints:
        return InstitutionPoints(
            *(getattr(self, each.name) + getattr(other, each.name) for each in attrs.fields(InstitutionPoints))
        )


@frozen
class InstitutionClosing:
    """What one institution is owed for the points of a pool, and who pays it."""

    fixmedins_code: str
    cases: int = labelled("count", "病例数", "cases")
    points: int = labelled("points", "分值(点数)", "points")
    standard: int = labelled("fen", "病例支付标准合计", "standards of its cases")
    remainder: int = labelled("fen", "尾差", "remainder of the apportionment")
    netted_off: int = labelled("fen", "他方支付", "off for what others pay")
    raised: int = labelled("fen", "补足金额", "negative payments raised to 0")
    raised_here: int = labelled("fen", "机构承担的补足", "of that, borne by the institution")
    total: int = labelled("fen", "应付合计", "owed for points")
    by_other_funds: int = labelled("fen", "参保地基金支付", "of that, by funds elsewhere")
    by_fund: int = labelled("fen", "本地基金支付", "of that, by the local fund")


@frozen
class PoolClosing:
    """Where a pool's budget went: payments and named residues sum to it, to the fen.

    Residues are what points do not pay out, negative where they pay more: `residue_basis` of the basis of the value,
    `residue_value` of its bounds and decimals, `residue_rounding` of rounding case by case.
    """

    pool: str
    budget: int = labelled("fen", "年度预算", "budget of the year")
    adjustment_reserve: int = labelled("fen", "调节金", "adjustment reserve")
    out_of_area: int = labelled("fen", "异地就医", "care out of the area")
    manual_claims: int = labelled("fen", "零星报销", "reimbursed by hand")
    other_methods: int = labelled("fen", "其他付费方式", "paid by other methods")
    by_fund: int = labelled("fen", "按点支付(本地基金)", "paid for points by the local fund")
    by_other_funds: int = labelled("fen", "按点支付(参保地基金)", "paid for points by funds elsewhere")
    raised_from_reserve: int = labelled("fen", "调节金补足", "raised from the reserve")
    residue_basis: int = labelled("fen", "口径差额", "residue of the basis")
    residue_value: int = labelled("fen", "点值差额", "residue of bounds and decimals")
    residue_rounding: int = labelled("fen", "取整差额", "residue of rounding")
    institutions: tuple[InstitutionClosing, ...] = ()

    def __attrs_post_init__(self) -> None:
        parts = self.lines()[1:]
        if sum(amount for _, amount in parts) != self.budget:
            raise IdentityError(f"pool {self.pool}: payments and residues do not sum to the budget of {self.budget}")

    def lines(self) -> tuple[tuple[str, int], ...]:
        """The statement: the budget, then every part of it, with its sign, by field name."""
        names = [each.name for each in attrs.fields(PoolClosing)][1:-1]
        signs = {"raised_from_reserve": -1}
        return tuple((name, signs.get(name, 1) * int(getattr(self, name))) for name in names)


def close(
    terms: PointValueTerms,
    pool: str,
    fund: Distributable,
    value: PointValue,
    institutions: Sequence[tuple[str, InstitutionPoints]],
) -> PoolClosing:
    """Close the year of a pool over its institutions.

    Where the terms apportion the whole, an institution's total takes the remainder by largest remainder, ties by code;
    where they pay by the value, what rounding leaves is shown.  Raises InputError for an institution that stands twice
    or whose points are below 0 where the whole is apportioned; IdentityError where the parts do not belong together.
    Source: formulas.md section 2: closing on F, or a reported residue.
    """
    codes = [code for code, _ in institutions]
    if len(set(codes)) != len(codes):
        raise InputError("an institution stands twice: its sums are added before the pool is closed")
    entitled = [each.standard for _, each in institutions]
    if terms.payment_from == "points":
        entitled = split(value.whole_at_value, [each.points for _, each in institutions], codes)
    reserve_bears = terms.raised_borne_by == "reserve"
    closed = []
    for (code, each), standard in zip(institutions, entitled, strict=True):
        remainder = standard - each.standard
        total = each.netted + remainder + (each.raised if reserve_bears else 0)
        closed.append(
            InstitutionClosing(
                code,
                each.cases,
                each.points,
                each.standard,
                remainder,
                each.standard - each.netted,
                each.raised,
                0 if reserve_bears else each.raised,
                total,
                each.outsiders,
                total - each.outsiders,
            )
        )
    basis = value.fund - value.whole + sum(each.netted_off for each in closed)
    if terms.basis != "total_by_share" and terms.netting != "fund_rate" and basis:
        raise IdentityError(f"pool {pool}: basis {terms.basis} closes on the fund, but leaves {basis} fen")
    return PoolClosing(
        pool,
        fund.budget,
        fund.adjustment_reserve,
        fund.out_of_area,
        fund.manual_claims,
        fund.other_methods,
        sum(each.by_fund for each in closed),
        sum(each.by_other_funds for each in closed),
        sum(each.raised for each in closed) if reserve_bears else 0,
        basis,
        value.whole - value.whole_at_value,
        value.whole_at_value - sum(entitled),
        tuple(closed),
    )
