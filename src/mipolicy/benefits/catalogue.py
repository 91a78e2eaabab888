"""The benefit catalogue (医保目录): what of a fee line is in policy scope, and what the patient pays before it.

Rules B06, B21, B37-B40, B42, B55; readings A01-A03, A08; formulas.md section 1.  Amounts in fen, rates per million,
unit prices in millionths of a yuan, counts per ten thousand: the national interface's (16,6) and (16,4).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from fractions import Fraction
from typing import Any, Final, Generic

from attrs import Factory, frozen

from mipolicy.errors import InputError
from mipolicy.money import COUNT_ONE, PRICE_ONE, RATE_ONE, A, unit_price
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    DateKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TextKind,
    choice_table,
    terms_field,
)
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, beyond, capped, is_same, lookup, mul_div, none_of, pick, share

__all__ = [
    "CLASS",
    "GROUP",
    "ITEM_KINDS",
    "AdmissionTerms",
    "Candidate",
    "CatalogueItem",
    "CatalogueItemsTerms",
    "CatalogueTerms",
    "Excluded",
    "FeeLine",
    "LineSplit",
    "Payable",
    "Removal",
    "RemovalTerms",
    "admit",
    "payable",
    "removal",
    "split_line",
]

CLASS: Final = Axis(
    "class", ("class_a", "class_b", "class_c"), ("甲类", "乙类", "丙类"), ("class A", "class B", "class C")
)
GROUP: Final = Axis(
    "group", ("drug", "consumable", "service"), ("药品", "医用耗材", "诊疗项目"), ("drug", "consumable", "service")
)
ITEM_KINDS: Final = {
    "western_drug": "drug",
    "proprietary_chinese_drug": "drug",
    "herbal_piece": "drug",
    "herbal_granule": "drug",
    "ethnic_drug": "drug",
    "hospital_preparation": "drug",
    "tcm_service": "service",
    "ethnic_service": "service",
    "service": "service",
    "consumable": "consumable",
}
"""Kinds of items (`item_kind`) and the group that each belongs to."""
_CLASS_B, _CLASS_C = CLASS.position("class_b"), CLASS.position("class_c")
_BEARERS: Final = ("patient", "institution")
_INSTITUTION = _BEARERS.index("institution")
_NOT_STATED: Final = -1
_FEN: Final = PRICE_ONE * COUNT_ONE // 100
"""Millionths of a yuan x ten-thousandths of a piece, per fen."""


@frozen
class CatalogueTerms:
    """What a document fixes about the split of a fee line."""

    order: str = terms_field(
        ChoiceKind(("over_limit_first", "first_pay_first")), "计算顺序", "over-limit or first-pay share taken first"
    )
    excess_payer: Table = terms_field(
        choice_table(_BEARERS, GROUP, zh=("参保人", "医疗机构")),
        "超支付标准承担方",
        "who bears the price above the payment standard",
    )
    tcm_cut: int = terms_field(FigureKind("rate"), "中医药先行自付降低", "cut of the first-pay rate for TCM items")
    tcm_cut_mode: str = terms_field(
        ChoiceKind(("points", "relative")), "降低方式", "percentage points, or a share of the rate"
    )
    tcm_cut_kinds: tuple[str, ...] = terms_field(
        CodesKind(tuple(ITEM_KINDS)), "适用项目类别", "kinds of items that get the cut"
    )


@frozen
class _PriceTextKind(TextKind):
    """A unit price kept as the text that states it; empty where there is none."""

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a price in yuan, as text, up to six decimals"

    def value(self, raw: Any) -> str:
        """See `Kind`."""
        text = super().value(raw)
        if text:
            unit_price(text)
        return text


def _no_first_pay(item: CatalogueItem) -> int:
    """What an entry without a first-pay rate holds: 0, but class B has a rate of its own, which must be stated."""
    return _NOT_STATED if item.chrgitm_lv == "02" else 0


@frozen
class CatalogueItem:
    """One entry of the payable list (rules B21, B38, B55); a class B entry states its first-pay rate."""

    med_list_codg: str = terms_field(TextKind(), "医疗目录编码", "catalogue code")
    name: str = terms_field(TextKind(), "名称", "name")
    item_kind: str = terms_field(ChoiceKind(tuple(ITEM_KINDS)), "类别", "kind of item")
    chrgitm_lv: str = terms_field(ChoiceKind(("01", "02", "03")), "收费项目等级", "charge item class")
    selfpay_prop: int = terms_field(
        FigureKind("rate"), "先行自付比例", "first-pay rate", default=Factory(_no_first_pay, takes_self=True)
    )
    pric_uplmt_amt: str = terms_field(_PriceTextKind(), "定价上限金额", "price ceiling, yuan", default="")
    approved: int = terms_field(FlagKind(), "准入", "a preparation or herbal piece admitted to payment", default=1)


@frozen
class Excluded:
    """One entry of the list of what the fund does not pay (rule B21)."""

    med_list_codg: str = terms_field(TextKind(), "医疗目录编码", "catalogue code")
    reason: str = terms_field(TextKind(), "不予支付原因", "why it is not paid")


@frozen
class CatalogueItemsTerms:
    """The payable list and the exclusion list of one version (rules B21, B38, B55)."""

    items: tuple[CatalogueItem, ...] = terms_field(
        RecordsKind(CatalogueItem, "med_list_codg"), "支付范围", "payable list"
    )
    excluded: tuple[Excluded, ...] = terms_field(
        RecordsKind(Excluded, "med_list_codg"), "不予支付范围", "exclusion list"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse class B entries whose first-pay rate nobody stated: 0 would be a guess."""
        unstated = [item.med_list_codg for item in self.items if item.selfpay_prop == _NOT_STATED]
        if unstated:
            raise InputError(f"class B entries state their selfpay_prop, 0 included; missing for {', '.join(unstated)}")


@frozen
class Payable:
    """Whether an item is payable, and why (rule B21)."""

    payable: bool
    reason: str


_NEEDS_APPROVAL: Final = ("hospital_preparation", "herbal_piece")


def payable(terms: CatalogueItemsTerms, med_list_codg: str) -> Payable:
    """Whether the fund pays for an item, from the payable and the exclusion list (rules B21, B38, B55).

    Source: 天津 2021 三(一) 待遇清单, 三(四) 药品目录, 医用耗材.
    """
    for entry in terms.excluded:
        if entry.med_list_codg == med_list_codg:
            return Payable(False, f"excluded: {entry.reason}")
    for item in terms.items:
        if item.med_list_codg == med_list_codg:
            if item.item_kind in _NEEDS_APPROVAL and not item.approved:
                return Payable(False, f"{item.item_kind} not admitted to payment")
            if item.chrgitm_lv == "03":
                return Payable(False, "class C: wholly self-paid")
            return Payable(True, "on the payable list")
    return Payable(False, "not on the payable list")


@frozen
class FeeLine(Generic[A]):
    """One fee line after refunds are netted, coded."""

    det_item_fee_sumamt: A = labelled("fen", "明细项目费用总额", "amount of the line")
    pric: A = labelled("price", "单价", "unit price")
    cnt: A = labelled("quantity", "数量", "count")
    pric_uplmt_amt: A = labelled("price", "定价上限金额", "price ceiling")
    limited: A = labelled("flag", "有定价上限", "a price ceiling applies")
    covered: A = labelled("flag", "属支付范围", "payable")
    chrgitm_lv: A = labelled(CLASS, "收费项目等级", "charge item class")
    selfpay_prop: A = labelled("rate", "先行自付比例", "first-pay rate of the item")
    tcm: A = labelled("flag", "中医药项目", "gets the TCM cut")
    group: A = labelled(GROUP, "项目大类", "group of items")


@frozen
class LineSplit(Generic[A]):
    """The four parts of a fee line, step by step; they sum to its amount."""

    in_catalogue: A = labelled("flag", "目录内可支付", "payable by the catalogue")
    payable_amt: A = labelled("fen", "目录内金额", "amount inside the catalogue")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid")
    item_rate: A = labelled("rate", "先行自付比例", "first-pay rate before the cut")
    first_pay_rate: A = labelled("rate", "先行自付比例(降低后)", "first-pay rate after the cut")
    overlmt_amt: A = labelled("fen", "超限价金额", "above the price ceiling")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay share")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in scope")
    hosp_part_amt: A = labelled("fen", "医院负担金额", "over-limit amount that the institution bears")


def split_line(terms: CatalogueTerms, line: FeeLine[A]) -> LineSplit[A]:
    """Split a fee line, or a column of them (rules B06, B39, B40; reading A08 for the order).

    Class C and what is not payable is wholly self-paid, without over-limit or first-pay share; class A has no first-pay
    share.  A cut first-pay rate is itself a rate, per million.

    Sources: 常德 2023 一(三); 天津 2021 三(四); formulas.md section 1.
    """
    in_catalogue = all_of(line.covered, none_of(is_same(line.chrgitm_lv, _CLASS_C)))
    payable_amt = pick(in_catalogue, line.det_item_fee_sumamt, 0)

    item_rate = pick(all_of(in_catalogue, is_same(line.chrgitm_lv, _CLASS_B)), line.selfpay_prop, 0)
    in_points = terms.tcm_cut_mode == "points"
    cut_rate = beyond(item_rate, terms.tcm_cut) if in_points else share(item_rate, RATE_ONE - terms.tcm_cut)
    first_pay_rate = pick(line.tcm, cut_rate, item_rate)

    excess = pick(line.limited, beyond(line.pric, line.pric_uplmt_amt), 0)
    over_limit = capped(mul_div(excess, line.cnt, _FEN), payable_amt)
    if terms.order == "over_limit_first":
        overlmt_amt = over_limit
        preselfpay_amt = share(payable_amt - overlmt_amt, first_pay_rate)
    else:
        preselfpay_amt = share(payable_amt, first_pay_rate)
        overlmt_amt = capped(over_limit, payable_amt - preselfpay_amt)

    bearer = lookup(terms.excess_payer, line.group)
    return LineSplit(
        in_catalogue=in_catalogue,
        payable_amt=payable_amt,
        fulamt_ownpay_amt=line.det_item_fee_sumamt - payable_amt,
        item_rate=item_rate,
        first_pay_rate=first_pay_rate,
        overlmt_amt=overlmt_amt,
        preselfpay_amt=preselfpay_amt,
        inscp_scp_amt=payable_amt - overlmt_amt - preselfpay_amt,
        hosp_part_amt=pick(is_same(bearer, _INSTITUTION), overlmt_amt, 0),
    )


@frozen
class RemovalTerms:
    """By when the local list must hold no drug outside the national list (rule B37)."""

    remove_by: datetime.date = terms_field(DateKind(), "调出期限", "deadline of the removal")


@frozen
class Removal:
    """Progress of the removal: what is left, the share removed, and whether it is overdue (rule B37)."""

    left: tuple[str, ...]
    progress: Fraction | None
    overdue: bool


def removal(
    terms: RemovalTerms,
    *,
    at_start: Collection[str],
    local: Collection[str],
    national: Collection[str],
    on: datetime.date,
) -> Removal:
    """Drugs of the local list that are not on the national one: still to remove, progress, overdue (rule B37).

    at_start: codes of the local list when the removal began; local: today's; on: the date of the check.
    Progress is removed / due, None where nothing was due.  Source: 天津 2021 三(四) 药品目录, deadline inclusive.
    """
    due = set(at_start) - set(national)
    left = tuple(sorted(set(local) - set(national)))
    progress = Fraction(len(due - set(left)), len(due)) if due else None
    return Removal(left, progress, bool(left) and on > terms.remove_by)


@frozen
class AdmissionTerms:
    """What a TCM item must show to be a candidate for payment (rule B42)."""

    minimum_effect_ratio: int = terms_field(
        FigureKind("factor"),
        "疗效比下限",
        "least effect against the comparator",
        needs="a factor, as text: effect / comparator's",
    )
    maximum_cost_ratio: int = terms_field(
        FigureKind("factor"),
        "费用比上限",
        "most cost against the comparator",
        needs="a factor, as text: cost / comparator's",
    )


@frozen
class Candidate:
    """Whether a TCM item may be admitted, and each of the two tests (rule B42)."""

    admitted: bool
    effect_met: bool
    cost_met: bool


def admit(
    terms: AdmissionTerms, *, effect: Fraction, comparator_effect: Fraction, cost: int, comparator_cost: int
) -> Candidate:
    """Test a TCM item on effect and cost against its comparator, exactly, limits included (rule B42).

    effect, comparator_effect: any one measure where more is better; cost, comparator_cost: fen per course.
    Raises InputError where the comparator's effect or cost is not positive, or the item's cost is negative.
    Source: 天津 2021 三(四) 医疗服务项目.
    """
    if comparator_effect <= 0 or comparator_cost <= 0:
        raise InputError("the comparator's effect and cost must be positive")
    if cost < 0:
        raise InputError(f"the item's cost must not be negative, got {cost}")
    effect_met = Fraction(effect, comparator_effect) >= Fraction(terms.minimum_effect_ratio, 10_000)
    cost_met = Fraction(cost, comparator_cost) <= Fraction(terms.maximum_cost_ratio, 10_000)
    return Candidate(effect_met and cost_met, effect_met, cost_met)
