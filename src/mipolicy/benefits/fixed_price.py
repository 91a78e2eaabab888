"""The patient's share under a fixed price per disease (单病种、按病种定额): what patient, fund and institution bear.

Rule B07 and reading A04 for listed TCM diseases; formulas.md section 4, "Single disease", from the patient's side.  The
price is passed in by whoever pays institutions.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.benefits.statement import Parts, Setlinfo, statement
from mipolicy.checked import check_input
from mipolicy.money import A
from mipolicy.policy.kinds import STATUS, ChoiceKind, CodesKind, FigureKind, FlagKind, TableKind, terms_field
from mipolicy.tables import Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, lookup, pick, share

__all__ = ["FUND_BASES", "FixedPrice", "FixedPriceTerms", "PatientPart", "PricedStay", "record", "settle"]

FUND_BASES: Final = ("share_of_price", "price_less_patient", "actual_cost")
"""The fund pays its share of the price; what the patient leaves of the price; what the patient leaves of the cost."""


@frozen
class FixedPriceTerms:
    """What a document fixes for the patient of a stay paid by a fixed price, in one scheme."""

    patient_rate: Table = terms_field(TableKind("rate", (LEVEL, STATUS)), "个人负担比例", "the patient's rate")
    patient_basis: str = terms_field(
        ChoiceKind(("price", "actual_cost")), "个人负担计算依据", "what the patient's share is reckoned on"
    )
    fund_basis: str = terms_field(ChoiceKind(FUND_BASES), "基金支付计算依据", "what the fund's part is reckoned on")
    deductible_taken: int = terms_field(FlagKind(), "是否扣除起付线", "whether the deductible is taken")
    split_counts: int = terms_field(
        FlagKind(), "是否区分甲乙类", "whether self-paid, over-limit and first-pay amounts count first"
    )
    tcm_diseases: tuple[str, ...] = terms_field(CodesKind(), "中医药优势病种", "listed TCM diseases")
    tcm_addition: int = terms_field(
        FigureKind("rate"), "中医药优势病种比例提高", "taken off the patient's rate for listed TCM diseases"
    )


@frozen
class PricedStay(Generic[A]):
    """One stay under a price, coded: the price, the cost as the catalogue split it, where and who."""

    price: A = labelled("fen", "病种付费标准", "price of the disease")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid")
    overlmt_selfpay: A = labelled("fen", "超限价自费费用", "above price ceilings")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay share")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    borne_amt: A = labelled("fen", "超限价中医院负担金额", "over-limit amount that the institution bears")
    hosp_lv: A = labelled(LEVEL, "医院等级", "institution level")
    psn_type: A = labelled(STATUS, "人员类别", "person class")
    tcm_disease: A = labelled("flag", "中医药优势病种", "a listed TCM disease")
    deductible_due: A = labelled("fen", "应付起付线", "deductible due, as for any stay")
    ceiling_left: A = labelled("fen", "剩余限额", "left of the fund's yearly ceiling")


@frozen
class PatientPart(Generic[A]):
    """The patient's part of an amount, step by step."""

    own_part: A = labelled("fen", "先由个人负担金额", "paid by the patient first")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    shared: A = labelled("fen", "按比例负担的金额", "amount shared by the rate")
    rate_part: A = labelled("fen", "按比例个人负担", "patient's share by the rate")
    total: A = labelled("fen", "个人负担合计", "the patient's part")


@frozen
class FixedPrice(Generic[A]):
    """Who bears what of a stay under a price, step by step, in the order computed."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    patient_rate: A = labelled("rate", "个人负担比例", "the patient's rate")
    patient_basis: A = labelled("fen", "个人负担计算依据", "amount that the patient's share is reckoned on")
    own_part: A = labelled("fen", "先由个人负担金额", "paid by the patient first")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    shared: A = labelled("fen", "按比例负担的金额", "amount shared by the rate")
    rate_part: A = labelled("fen", "按比例个人负担", "patient's share by the rate")
    patient_part: A = labelled("fen", "限额前个人负担", "the patient's part, before the ceiling")
    fund_part: A = labelled("fen", "限额前基金支付", "the fund's part, before the ceiling")
    hifp_pay: A = labelled("fen", "统筹基金支付", "paid by the pooled fund")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    hosp_part_amt: A = labelled("fen", "医院负担金额", "borne by the institution; negative: what it keeps")


def _part_of(terms: FixedPriceTerms, stay: PricedStay[A], amount: A, rate: A) -> PatientPart[A]:
    """The patient's part of a price or a cost: what counts first, the deductible, and the rate on the rest."""
    borne_first = stay.fulamt_ownpay_amt + beyond(stay.overlmt_selfpay, stay.borne_amt) + stay.preselfpay_amt
    own_part = capped(pick(terms.split_counts, borne_first, 0), amount)
    in_scope = capped(stay.deductible_due, stay.inscp_scp_amt)
    act_pay_dedc = pick(terms.deductible_taken, capped(in_scope, amount - own_part), 0)
    shared = amount - own_part - act_pay_dedc
    rate_part = share(shared, rate)
    return PatientPart(own_part, act_pay_dedc, shared, rate_part, own_part + act_pay_dedc + rate_part)


def settle(terms: FixedPriceTerms, stay: PricedStay[A]) -> FixedPrice[A]:
    """Settle one stay, or a column of stays, under a price passed in (rule B07; reading A04).

    The patient's share is reckoned on the price, or on the actual cost up to the price, and never exceeds the cost.
    The fund's part follows `fund_basis`.  The institution bears what exceeds the price, and keeps what it saves: then
    `hosp_part_amt` is negative.  What the fund's ceiling cuts off falls to the person.
    Raises InputError, CodeError or AmountError for an input that is out of range (`check_input`).

    Sources: 常德 2023 一(三), 三(九); formulas.md section 4, single disease, and identity 2 of its section 1.
    """
    check_input(stay)
    cost = stay.fulamt_ownpay_amt + stay.overlmt_selfpay + stay.preselfpay_amt + stay.inscp_scp_amt
    cost_in_price = capped(cost, stay.price)
    taken_off = pick(stay.tcm_disease, terms.tcm_addition, 0)
    patient_rate = beyond(lookup(terms.patient_rate, stay.hosp_lv, stay.psn_type), taken_off)

    basis = stay.price if terms.patient_basis == "price" else cost_in_price
    of_basis = _part_of(terms, stay, basis, patient_rate)
    patient_part = capped(of_basis.total, cost)
    if terms.fund_basis == "share_of_price":
        fund_part = stay.price - _part_of(terms, stay, stay.price, patient_rate).total
    else:
        fund_part = (stay.price if terms.fund_basis == "price_less_patient" else cost_in_price) - patient_part

    hifp_pay = capped(fund_part, stay.ceiling_left)
    psn_part_amt = capped(patient_part + fund_part - hifp_pay, cost)
    return FixedPrice(
        medfee_sumamt=cost,
        patient_rate=patient_rate,
        patient_basis=basis,
        own_part=of_basis.own_part,
        act_pay_dedc=of_basis.act_pay_dedc,
        shared=of_basis.shared,
        rate_part=of_basis.rate_part,
        patient_part=patient_part,
        fund_part=fund_part,
        hifp_pay=hifp_pay,
        psn_part_amt=psn_part_amt,
        hosp_part_amt=cost - hifp_pay - psn_part_amt,
    )


def record(stay: PricedStay[A], settled: FixedPrice[A]) -> Setlinfo[A]:
    """The settlement record of a stay under a price, its identities checked (`benefits.statement`).

    Raises IdentityError where the two do not belong together.
    """
    parts = Parts(
        medfee_sumamt=settled.medfee_sumamt,
        fulamt_ownpay_amt=stay.fulamt_ownpay_amt,
        overlmt_selfpay=stay.overlmt_selfpay,
        preselfpay_amt=stay.preselfpay_amt,
        inscp_scp_amt=stay.inscp_scp_amt,
        hosp_part_amt=settled.hosp_part_amt,
    )
    return statement(parts, settled.act_pay_dedc, {"hifp_pay": settled.hifp_pay})
