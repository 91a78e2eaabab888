"""Year end (年终清算的结余留用与超支分担): sharing between points and item-by-item amounts, after the point value.

formulas.md section 2, "Year end".  R is what the fund would owe item by item, Q what the points come to.  Amounts in
fen, rates per million, the limits of R/Q per ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Generic

from attrs import fields, frozen

from mipolicy.checked import check_input, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, RATE_ONE, A
from mipolicy.payment.axes import POOL
from mipolicy.payment.sides import ABOVE, BELOW, is_past
from mipolicy.policy.kinds import ChoiceKind, FigureKind, terms_field
from mipolicy.rounding import mul_div
from mipolicy.tables import Axis
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, beyond, capped, is_over, pick, share, split

__all__ = ["SHARING_BAND", "Shared", "SharingTerms", "YearAmounts", "YearEnd", "YearLine", "share_one", "share_year"]

SHARING_BAND: Final = Axis(
    "sharing band",
    ("by_item", "retained", "shared", "capped"),
    ("按实支付", "结余留用", "合理超支分担", "超支封顶"),
    ("paid item by item", "surplus retained", "overrun shared", "overrun up to the limit"),
)
_MOST_LIMIT: Final = 10 * FACTOR_ONE


@frozen
class SharingTerms:
    """What a document fixes about sharing at the end of the year, for one pool."""

    low_limit: int = terms_field(FigureKind("factor"), "结余留用下限", "least R/Q at which a surplus is retained")
    low_side: str = terms_field(ChoiceKind(BELOW), "下限边界", "side on which R itself is paid")
    retained_share: int = terms_field(FigureKind("rate"), "结余留用比例", "institution's share of a surplus")
    high_limit: int = terms_field(FigureKind("factor"), "超支分担上限", "R/Q up to which an overrun is shared")
    high_side: str = terms_field(ChoiceKind(ABOVE), "上限边界", "side that is no longer shared")
    overrun_share: int = terms_field(FigureKind("rate"), "超支分担比例", "fund's share of an overrun")

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.low_limit > FACTOR_ONE:
            raise InputError("low_limit must not exceed 1: above it there is no surplus")
        if self.high_limit < FACTOR_ONE:
            raise InputError("high_limit must be at least 1: below it there is no overrun")
        if self.high_limit > _MOST_LIMIT:
            raise InputError("high_limit must not exceed 10: no overrun is shared so far")


@frozen
class YearAmounts(Generic[A]):
    """What a year comes to for an institution and pool, both ways."""

    by_item_amt: A = labelled("fen", "按项目统筹基金(R)", "fund amount item by item (R)")
    points_amt: A = labelled("fen", "按分值应付(Q)", "points amount (Q)")


@frozen
class Shared(Generic[A]):
    """What the year is worth after sharing, before the reserve is asked, step by step."""

    band: A = labelled(SHARING_BAND, "分担档次", "band of R/Q")
    kept: A = labelled("fen", "结余留用金额", "surplus that the institution keeps")
    overrun: A = labelled("fen", "超支金额", "overrun")
    from_points: A = labelled("fen", "点值内支付", "paid out of the points amount")
    due: A = labelled("fen", "应由调节金支付", "asked of the adjustment reserve")


def share_one(terms: SharingTerms, year: YearAmounts[A]) -> Shared[A]:
    """Share surplus or overrun for one institution, or a column of them.

    Below the low limit R is paid; up to 1, Q (or R and the retained share of the surplus); above, Q and a share of the
    overrun, which counts up to the high limit.  What exceeds Q is asked of the reserve.
    Raises InputError for a points amount of 0, or an amount out of range.

    Source: formulas.md section 2, year end.
    """
    check_input(year)
    one, spent, earned = int(FACTOR_ONE), year.by_item_amt, year.points_amt
    refuse(earned == 0, "points_amt is 0; R/Q needs a points amount above 0")
    ratio, low_edge, high_edge = spent * one, earned * terms.low_limit, earned * terms.high_limit
    low, high = is_past(terms.low_side, ratio, low_edge), is_past(terms.high_side, ratio, high_edge)
    exceeds = is_over(spent, earned)
    band = pick(low, 0, 1 + exceeds + high * exceeds)
    kept = pick(low, 0, share(beyond(earned, spent), terms.retained_share))
    overrun = beyond(spent, earned)
    from_points = capped(spent, earned) + kept
    most = mul_div(earned, (terms.high_limit - one) * terms.overrun_share, one * int(RATE_ONE))
    due = pick(all_of(exceeds, high), most, share(overrun, terms.overrun_share))
    return Shared(band, kept, overrun, from_points, due)


@frozen
class YearLine:
    """Who pays what for one institution: the pool out of the points amount, the reserve, and the institution."""

    fixmedins_code: str
    by_item_amt: int = labelled("fen", "按项目统筹基金(R)", "fund amount item by item (R)")
    points_amt: int = labelled("fen", "按分值应付(Q)", "points amount (Q)")
    band: int = labelled(SHARING_BAND, "分担档次", "band of R/Q")
    kept: int = labelled("fen", "结余留用金额", "surplus that the institution keeps")
    from_points: int = labelled("fen", "点值内支付", "paid out of the points amount")
    due: int = labelled("fen", "应由调节金支付", "asked of the adjustment reserve")
    from_reserve: int = labelled("fen", "调节金支付", "paid by the reserve")
    paid: int = labelled("fen", "分担后应付", "paid after sharing")
    sharing: int = labelled("fen", "分担调整", "paid less the points amount")
    borne: int = labelled("fen", "机构承担", "borne by the institution")
    left_in_fund: int = labelled("fen", "留存基金", "left of the points amount in the fund")


_SUMMED: Final = tuple(each.name for each in fields(YearLine) if each.metadata.get("unit") == "fen")


@frozen
class YearEnd:
    """The year end of a pool: a line for each institution, by code, their sums, and the reserve."""

    pool: str
    lines: tuple[YearLine, ...]
    totals: Mapping[str, int]
    reserve: int
    reserve_left: int


def share_year(terms: SharingTerms, pool: str, amounts: Mapping[str, YearAmounts[int]], reserve: int) -> YearEnd:
    """Share the year of a pool: where the reserve is short, what is asked of it is prorated by largest remainder.

    amounts: by institution code, which breaks ties; reserve: fen in the adjustment reserve of the pool.
    Raises InputError for a reserve out of range and for amounts that cannot be shared, naming the institution;
    CodeError for a pool that is none.
    """
    POOL.position(pool)
    if type(reserve) is not int or not 0 <= reserve <= MAX_FEN:
        raise InputError(f"the reserve is {reserve!r}; an amount from 0 to {int(MAX_FEN)} fen is due")
    codes = sorted(amounts)
    shared = []
    for code in codes:
        try:
            shared.append(share_one(terms, amounts[code]))
        except (InputError, CodeError) as error:
            raise InputError(f"{code}: {error}") from None
    asked = [each.due for each in shared]
    given = split(reserve, asked, codes) if reserve < sum(asked) else asked
    lines = tuple(map(_line, codes, (amounts[code] for code in codes), shared, given))
    totals = {name: sum(getattr(line, name) for line in lines) for name in _SUMMED}
    return YearEnd(pool, lines, totals, reserve, reserve - sum(given))


def _line(code: str, year: YearAmounts[int], shared: Shared[int], from_reserve: int) -> YearLine:
    paid = shared.from_points + from_reserve
    return YearLine(
        fixmedins_code=code,
        by_item_amt=year.by_item_amt,
        points_amt=year.points_amt,
        band=shared.band,
        kept=shared.kept,
        from_points=shared.from_points,
        due=shared.due,
        from_reserve=from_reserve,
        paid=paid,
        sharing=paid - year.points_amt,
        borne=max(0, year.by_item_amt - paid),
        left_in_fund=year.points_amt - shared.from_points,
    )
