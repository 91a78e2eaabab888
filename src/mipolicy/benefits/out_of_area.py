"""Care out of the area (异地就医): what the place of care does to a bill, and which business is settled directly.

Rules B09, B10, B49, B52, B57; formulas.md section 1 "Out-of-area": points off, a factor, a share to be paid first.
Amounts in fen, rates per million.
"""

from __future__ import annotations

import datetime
from typing import Final, Generic

from attrs import frozen

from mipolicy.benefits.axes import FILING, PLACE, TIER
from mipolicy.benefits.referral import Placement
from mipolicy.errors import CodeError
from mipolicy.money import A
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    DateKind,
    FlagKind,
    RecordsKind,
    TableKind,
    choice_table,
    terms_field,
)
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, is_same, lookup, pick, share

__all__ = [
    "BUSINESS",
    "BusinessStart",
    "Direct",
    "DirectCoverage",
    "DirectSettlementTerms",
    "OutOfAreaTerms",
    "PlaceEffect",
    "PlaceOfCare",
    "coverage",
    "direct",
    "effect",
    "payable_there",
    "reduced_rate",
]

_LOCAL: Final = PLACE.position("local")
_BASES: Final = ("total", "in_scope")
_TOTAL: Final = _BASES.index("total")


@frozen
class OutOfAreaTerms:
    """What each place class means for a bill of one scheme; deductible, rate and ceiling stay the insured area's."""

    payable: Table = terms_field(
        TableKind("flag", (PLACE, TIER), ("no", "yes")), "列入报销范围", "care there is payable"
    )
    points_off: Table = terms_field(
        TableKind("rate", (PLACE, TIER)), "报销比例降低百分点", "taken off the reimbursement rate, in points"
    )
    factor: Table = terms_field(
        TableKind("rate", (PLACE, TIER)), "报销比例折算", "share of the rate that is kept, after the points"
    )
    preself_first: Table = terms_field(
        TableKind("rate", (PLACE, TIER)), "先行自付比例", "share that the person pays first"
    )
    preself_base: Table = terms_field(
        choice_table(_BASES, PLACE, TIER, zh=("医疗费总额", "符合政策范围金额")),
        "先行自付计算基数",
        "what the share paid first is taken of",
    )
    care_place_catalogue: int = terms_field(
        FlagKind(), "执行就医地目录", "outside, the catalogue and price ceilings of the place of care hold"
    )


@frozen
class PlaceOfCare(Generic[A]):
    """A bill after its lines were split, coded: where the care was given, and its amounts."""

    place_class: A = labelled(PLACE, "就医地类别", "place class")
    tier: A = labelled(TIER, "医院签约情况", "tier of the institution")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay amount")


@frozen
class PlaceEffect(Generic[A]):
    """What the place of care does to the bill, step by step, in the order computed."""

    payable: A = labelled("flag", "列入报销范围", "care there is payable")
    first_pay_base: A = labelled("fen", "先行自付基数", "what the share paid first is taken of")
    first_pay_due: A = labelled("fen", "应先行自付", "due to be paid first")
    moved_to_first_pay: A = labelled("fen", "转入先行自付", "moved from scope to first-pay")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay amount after")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount after")
    points_off: A = labelled("rate", "报销比例降低百分点", "points off the rate")
    rate_factor: A = labelled("rate", "报销比例折算", "share of the rate that is kept")
    care_place_catalogue: A = labelled("flag", "执行就医地目录", "the catalogue of the place of care holds")


def effect(terms: OutOfAreaTerms, of: PlaceOfCare[A]) -> PlaceEffect[A]:
    """What the place of care does to one bill, or a column of bills (rules B09, B10).

    The share paid first is booked in `preselfpay_amt` and never takes more than the scope holds, so the parts keep
    their total.  Where care is not payable nothing is moved and nothing of the rate is kept.  The rate itself is
    reduced by `reduced_rate`.  Sources: 上虞 2013 二(二)3 规范市外就医的审批及报销; formulas.md section 1, out-of-area.
    """
    payable = lookup(terms.payable, of.place_class, of.tier)
    on_total = is_same(lookup(terms.preself_base, of.place_class, of.tier), _TOTAL)
    first_pay_base = pick(on_total, of.medfee_sumamt, of.inscp_scp_amt)
    first_pay_due = share(first_pay_base, lookup(terms.preself_first, of.place_class, of.tier))
    moved_to_first_pay = pick(payable, capped(first_pay_due, of.inscp_scp_amt), 0)
    return PlaceEffect(
        payable=payable,
        first_pay_base=first_pay_base,
        first_pay_due=first_pay_due,
        moved_to_first_pay=moved_to_first_pay,
        preselfpay_amt=of.preselfpay_amt + moved_to_first_pay,
        inscp_scp_amt=of.inscp_scp_amt - moved_to_first_pay,
        points_off=lookup(terms.points_off, of.place_class, of.tier),
        rate_factor=pick(payable, lookup(terms.factor, of.place_class, of.tier), 0),
        care_place_catalogue=pick(is_same(of.place_class, _LOCAL), 0, terms.care_place_catalogue),
    )


def reduced_rate(of: PlaceEffect[A], rate: A) -> A:
    """The insured area's rate after the effect: less the points, not below 0, times what is kept; per million.

    rate: what the person would get in the area, uplifts included, per million.

    >>> ten_points = PlaceEffect(1, 0, 0, 0, 0, 0, points_off=100_000, rate_factor=900_000, care_place_catalogue=1)
    >>> reduced_rate(ten_points, 750_000)
    585000
    """
    return share(beyond(rate, of.points_off), of.rate_factor)


def payable_there(terms: OutOfAreaTerms, where: Placement) -> bool:
    """Whether care of this place class is payable at all: self-arranged, or sudden illness while away (rule B10).

    Source: 上虞 2013 二(二)3 规范市外就医的审批及报销.
    """
    return bool(lookup(terms.payable, PLACE.position(where.place_class), TIER.position(where.tier)))


BUSINESS: Final = Axis(
    "business",
    (
        "inpatient",
        "general_outpatient",
        "special_outpatient",
        "maternity",
        "accidental_injury",
        "dual_channel",
        "online_care",
    ),
    ("住院", "普通门诊统筹", "门诊慢特病", "生育门诊住院", "意外伤害", "双通道药品", "“互联网+”医疗服务"),
    (
        "inpatient",
        "general outpatient",
        "special diseases",
        "maternity, outpatient and inpatient",
        "accidental injury",
        "dual-channel drugs",
        "online care",
    ),
)
"""The business that may be settled directly out of the area (rules B49, B52, B57)."""


@frozen
class BusinessStart:
    """A business that begins on a day of its own, later than the version of the terms."""

    business: str = terms_field(ChoiceKind(BUSINESS.members), "业务类型", "business")
    since: datetime.date = terms_field(DateKind(), "开通日期", "first day of direct settlement")


@frozen
class DirectSettlementTerms:
    """Which business is settled directly out of the area, by kind of filing, and since when."""

    enabled: Table = terms_field(
        TableKind("flag", (BUSINESS, FILING), ("no", "yes")), "开通直接结算", "settled directly"
    )
    starts: tuple[BusinessStart, ...] = terms_field(
        RecordsKind(BusinessStart, "business"), "另定开通日期", "business that begins on a day of its own"
    )
    counted: tuple[str, ...] = terms_field(
        CodesKind(BUSINESS.members), "纳入目标的业务类型", "business counted in the coverage"
    )


@frozen
class Direct:
    """Whether care is settled directly, and why or why not."""

    available: bool
    reason: str


def direct(terms: DirectSettlementTerms, business: str, place_class: str, on: datetime.date) -> Direct:
    """Whether a business is settled directly out of the area on a day (rules B49, B52, B57).

    business: one of `BUSINESS`; place_class: as `filing` or `placement` give it, outside the area; on: day of the bill.
    Raises CodeError for a business or place class that is not known, and for care in the area.
    Sources: 常德 2023 二(六); 天津 2021 一(一) 医保经办, 三(四) 互联网+.
    """
    outside = PLACE.members[_LOCAL + 1 :]
    position = BUSINESS.position(business)
    if place_class not in outside:
        raise CodeError(f"direct settlement is for care out of the area: {', '.join(outside)}; not {place_class!r}")
    if place_class not in FILING.members:
        return Direct(False, "no filing holds")
    if not lookup(terms.enabled, position, FILING.position(place_class)):
        return Direct(False, f"{business} is not settled directly for {place_class}")
    since = _since(terms, business)
    if since is not None and on < since:
        return Direct(False, f"{business} is settled directly from {since} on")
    return Direct(True, f"{business} is settled directly for {place_class}")


def _since(terms: DirectSettlementTerms, business: str) -> datetime.date | None:
    return next((start.since for start in terms.starts if start.business == business), None)


@frozen
class DirectCoverage:
    """How many of the counted kinds of business are settled directly: k of n, and which are and are not."""

    covered: int
    counted: int
    enabled: tuple[str, ...]
    lacking: tuple[str, ...]


def coverage(terms: DirectSettlementTerms, on: datetime.date) -> DirectCoverage:
    """How far the counted kinds of business are settled directly on a day: k of n (rule B49).

    A kind counts where at least one kind of filing may be settled directly.  Source: 常德 2023 二(六), four kinds.
    """
    enabled = tuple(
        business
        for business in terms.counted
        if any(direct(terms, business, filing, on).available for filing in FILING.members)
    )
    lacking = tuple(business for business in terms.counted if business not in enabled)
    return DirectCoverage(len(enabled), len(terms.counted), enabled, lacking)
