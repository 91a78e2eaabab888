"""Inpatient pooling (住院统筹): deductible by ordinal and level, continuity, bands, shared ceiling, TCM diseases.

Rules B07, B11, B14, B15; readings A04, A07, A08; formulas.md section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import ORDINAL, STREAMS
from mipolicy.checked import holds_nowhere
from mipolicy.errors import InputError
from mipolicy.inverse import least_banded, least_share
from mipolicy.money import NO_LIMIT, RATE_ONE, A
from mipolicy.policy.kinds import STATUS, BandsKind, ChoiceKind, CodesKind, FigureKind, TableKind, terms_field
from mipolicy.tables import Bands, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import banded, beyond, capped, is_over, lookup, pick, remaining, share

__all__ = ["Inpatient", "InpatientTerms", "Stay", "over_ceiling", "settle"]


@frozen
class InpatientTerms:
    """What a document fixes for inpatient care of one scheme."""

    deductible: Table = terms_field(TableKind("fen", (ORDINAL, LEVEL, STATUS)), "起付线", "deductible")
    deductible_scope: str = terms_field(
        ChoiceKind(("stay", "year", "year_and_level")), "起付线口径", "scope of the deductible"
    )
    deductible_yearly_maximum: int = terms_field(
        FigureKind("fen"), "年度起付线上限", "most deductible in a year", needs='an amount in yuan, as text, or "none"'
    )
    transfer_days: int = terms_field(
        FigureKind("days"), "转院视为一次住院的天数", "days within which a transfer is one stay"
    )
    once_a_year_diseases: tuple[str, ...] = terms_field(
        CodesKind(), "年度一次起付线病种", "diseases with one deductible a year"
    )
    bands: Bands = terms_field(BandsKind((LEVEL, STATUS)), "分段报销比例", "bands of the reimbursement rate")
    band_scope: str = terms_field(ChoiceKind(("stay", "year")), "分段口径", "bands run over the stay or the year")
    rate_increase: Table = terms_field(TableKind("rate", (LEVEL,)), "比例提高", "increase of the rate by level")
    tcm_diseases: tuple[str, ...] = terms_field(CodesKind(), "中医药优势病种", "listed TCM diseases")
    tcm_addition: int = terms_field(
        FigureKind("rate"), "中医药优势病种比例提高", "added to the rate for listed TCM diseases"
    )
    ceiling: Table = terms_field(TableKind("fen", (STATUS,)), "最高支付限额", "ceiling")
    ceiling_basis: str = terms_field(
        ChoiceKind(("fund_payment", "eligible_cost")), "限额口径", "what the ceiling limits"
    )
    ceiling_streams: tuple[str, ...] = terms_field(
        CodesKind(STREAMS), "限额合并计算的待遇", "streams that share the ceiling"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if "inpatient" not in self.ceiling_streams:
            raise InputError("ceiling_streams must name inpatient itself")


@frozen
class Stay(Generic[A]):
    """One stay, coded: the amount, where and who, what holds, and what the year has used so far."""

    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    hosp_lv: A = labelled(LEVEL, "医院等级", "institution level")
    psn_type: A = labelled(STATUS, "人员类别", "person class")
    ordinal: A = labelled(ORDINAL, "本年第几次住院", "which stay of the year")
    continuing: A = labelled("flag", "转院连续住院", "continues the stay before")
    earlier_level: A = labelled(LEVEL, "转出医院等级", "level of the stay before")
    earlier_paid: A = labelled("fen", "本次连续住院已付起付线", "deductible paid so far in this continuous stay")
    deductible_used: A = labelled("fen", "已用起付线", "deductible used so far, in its scope")
    year_deductible: A = labelled("fen", "本年起付线累计", "deductible of the whole year so far")
    once_a_year: A = labelled("flag", "年度一次起付线病种", "a disease with one deductible a year")
    once_a_year_paid: A = labelled("fen", "该类病种已付起付线", "deductible paid for such diseases")
    tcm_disease: A = labelled("flag", "中医药优势病种", "a listed TCM disease")
    band_start: A = labelled("fen", "分段起点", "where on the bands this stay begins")
    ceiling_used: A = labelled("fen", "已用限额", "ceiling used so far")
    points_off: A = labelled("rate", "异地就医降低百分点", "points off out of the area", 0)
    rate_factor: A = labelled("rate", "异地就医比例折算", "share of the rate kept out of the area", int(RATE_ONE))


@frozen
class Inpatient(Generic[A]):
    """What a stay is paid, step by step, in the order computed."""

    ceiling_left: A = labelled("fen", "剩余限额", "ceiling left before")
    payable_scope: A = labelled("fen", "可计算金额", "in-scope amount that counts")
    deductible_standard: A = labelled("fen", "起付线标准", "standard deductible")
    deductible_left: A = labelled("fen", "口径内剩余起付线", "left of the deductible in its scope")
    deductible_of_stay: A = labelled("fen", "按连续住院计算的起付线", "deductible after continuity")
    deductible_due: A = labelled("fen", "应付起付线", "deductible due")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    payable: A = labelled("fen", "起付线以上金额", "amount above the deductible")
    rate_addition: A = labelled("rate", "比例提高", "added to each band's rate")
    before_limits: A = labelled("fen", "限额前支付", "fund's share before limits")
    hifp_pay: A = labelled("fen", "统筹基金支付", "paid by the pooled fund")
    ceiling_used_after: A = labelled("fen", "限额累计", "ceiling used after")


def settle(terms: InpatientTerms, stay: Stay[A]) -> Inpatient[A]:
    """Settle one stay, or a column of stays, under one version of the terms (rules B07, B11, B14, B15).

    Sources: 常德 2023 一(三); 天津 2021 一(一); formulas.md section 1: referral up pays what the upper level asks
    beyond what was already paid, referral down nothing; one deductible a year for listed diseases, never more than the
    stay would owe without that rule; bands over the stay or the year, rounded once.
    """
    ceiling_left = remaining(lookup(terms.ceiling, stay.psn_type), stay.ceiling_used)
    on_cost = terms.ceiling_basis == "eligible_cost"
    payable_scope = capped(stay.inscp_scp_amt, ceiling_left) if on_cost else stay.inscp_scp_amt

    standard = lookup(terms.deductible, stay.ordinal, stay.hosp_lv, stay.psn_type)
    deductible_left = remaining(standard, stay.deductible_used)
    deductible_of_stay = due = deductible_left
    if not holds_nowhere(stay.continuing):
        goes_down = is_over(stay.hosp_lv, stay.earlier_level)  # a later position on the axis is a lower level
        carried_on = capped(pick(goes_down, 0, beyond(standard, stay.earlier_paid)), deductible_left)
        deductible_of_stay = due = pick(stay.continuing, carried_on, deductible_left)
    if not holds_nowhere(stay.once_a_year):
        left_of_once = remaining(standard, stay.once_a_year_paid)
        due = pick(stay.once_a_year, capped(left_of_once, deductible_of_stay), deductible_of_stay)
    deductible_due = capped(due, remaining(terms.deductible_yearly_maximum, stay.year_deductible))
    act_pay_dedc = capped(deductible_due, payable_scope)
    payable = payable_scope - act_pay_dedc

    rate_addition = lookup(terms.rate_increase, stay.hosp_lv)
    if not holds_nowhere(stay.tcm_disease):
        rate_addition = rate_addition + pick(stay.tcm_disease, terms.tcm_addition, 0)
    if not holds_nowhere(stay.points_off):
        rate_addition = rate_addition - stay.points_off
    by_bands = banded(payable, terms.bands, stay.hosp_lv, stay.psn_type, start=stay.band_start, addition=rate_addition)
    before_limits = share(by_bands, stay.rate_factor)
    hifp_pay = capped(before_limits, NO_LIMIT if on_cost else ceiling_left)
    return Inpatient(
        ceiling_left=ceiling_left,
        payable_scope=payable_scope,
        deductible_standard=standard,
        deductible_left=deductible_left,
        deductible_of_stay=deductible_of_stay,
        deductible_due=deductible_due,
        act_pay_dedc=act_pay_dedc,
        payable=payable,
        rate_addition=rate_addition,
        before_limits=before_limits,
        hifp_pay=hifp_pay,
        ceiling_used_after=stay.ceiling_used + (payable_scope if on_cost else hifp_pay),
    )


def over_ceiling(terms: InpatientTerms, stay: Stay[A], paid: Inpatient[A]) -> A:
    """The in-scope cost above the ceiling: what a layer above it may take (formulas.md section 1).

    Where the ceiling is in fund money, it is reached by the least amount whose bands come to it.
    """
    if terms.ceiling_basis == "eligible_cost":
        return stay.inscp_scp_amt - paid.payable_scope
    reached = least_banded(
        least_share(paid.ceiling_left, stay.rate_factor),
        terms.bands,
        stay.hosp_lv,
        stay.psn_type,
        start=stay.band_start,
        addition=paid.rate_addition,
    )
    return pick(is_over(paid.before_limits, paid.ceiling_left), paid.payable - reached, 0)
