"""Care in an epidemic (重大疫情): full payment, waived restrictions, public-health money, long prescriptions.

Rules B18, B19, B31, B32.  Amounts in fen, rates per million.  Public-health money stands outside the national record:
it pays from the person's part and is shown apart.
"""

from __future__ import annotations

import datetime
from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.errors import InputError
from mipolicy.money import NO_LIMIT, RATE_ONE, A
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    DateKind,
    FigureKind,
    RecordsKind,
    TableKind,
    TextKind,
    terms_field,
)
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, is_over, lookup, none_of, pick, share

__all__ = [
    "CONDITION",
    "PATIENTS",
    "RESTRICTIONS",
    "RULE",
    "Assessment",
    "EpidemicCase",
    "EpidemicPaid",
    "EpidemicPatient",
    "EpidemicTerms",
    "Episode",
    "Exemption",
    "Prescription",
    "Supply",
    "assess",
    "settle",
    "supply",
    "treatment_drug",
]

PATIENTS: Final = ("confirmed", "suspected", "asymptomatic", "close_contact")
"""确诊患者, 疑似患者, 无症状感染者, 密切接触者: whom a document may name; anyone else is `other`."""

RESTRICTIONS: Final = ("catalogue", "ceiling", "drug_quantity", "vaccination")
"""医保目录, 支付限额, 用药量, 疫苗接种: the restrictions that may be waived (rule B31)."""

RULE: Final = Axis("rule", ("ordinary", "override"), ("一般待遇", "疫情救治"), ("ordinary", "epidemic override"))
"""By which rule a case of an episode is paid."""

CONDITION: Final = Axis("condition", ("acute", "chronic"), ("急性病", "慢性病"), ("acute", "chronic"))
"""What a prescription is for: a chronic disease allows a long one (rule B19)."""


@frozen
class Episode:
    """One epidemic: its name, days (the last one included) and diseases."""

    name: str = terms_field(TextKind(), "疫情名称", "name of the episode")
    begins: datetime.date = terms_field(DateKind(), "开始日期", "first day")
    diseases: tuple[str, ...] = terms_field(CodesKind(), "病种编码", "disease codes")
    ends: datetime.date | None = terms_field(DateKind(), "结束日期", "last day, once it is over", default=None)

    def __attrs_post_init__(self) -> None:
        """Refuse an episode that ends before it begins."""
        if self.ends is not None and self.ends < self.begins:
            raise InputError(f"episode {self.name} ends on {self.ends}, before it begins on {self.begins}")

    def holds(self, on: datetime.date) -> bool:
        """Whether the day lies in the episode."""
        return self.begins <= on and (self.ends is None or on <= self.ends)


@frozen
class Exemption:
    """Restrictions waived for the people of some groups, or for care of some diseases (rule B31)."""

    name: str = terms_field(TextKind(), "豁免名称", "name of the exemption")
    waived: tuple[str, ...] = terms_field(CodesKind(RESTRICTIONS), "免除的限制", "restrictions waived")
    groups: tuple[str, ...] = terms_field(CodesKind(), "特殊群体", "groups of people", default=())
    diseases: tuple[str, ...] = terms_field(CodesKind(), "特定疾病", "disease codes", default=())

    def __attrs_post_init__(self) -> None:
        """Refuse an exemption that is for nobody."""
        if not self.groups and not self.diseases:
            raise InputError(f"exemption {self.name} names neither groups nor diseases")


@frozen
class EpidemicTerms:
    """What a document fixes for epidemics."""

    episodes: tuple[Episode, ...] = terms_field(RecordsKind(Episode, "name"), "疫情", "episodes")
    covered_patients: tuple[str, ...] = terms_field(
        CodesKind(PATIENTS), "疫情救治保障对象", "patients under the override"
    )
    override_rate: int = terms_field(FigureKind("rate"), "疫情救治支付比例", "share of the cost paid for them")
    override_base: str = terms_field(
        ChoiceKind(("total", "in_scope")), "疫情救治支付范围", "cost that the share is taken of"
    )
    treatment_drugs: tuple[str, ...] = terms_field(
        CodesKind(), "临时纳入的救治药品", "drugs payable for the time of an episode"
    )
    waivable: tuple[str, ...] = terms_field(
        CodesKind(RESTRICTIONS), "可免除的限制", "restrictions that exemptions may waive"
    )
    exemptions: tuple[Exemption, ...] = terms_field(RecordsKind(Exemption, "name"), "医药费豁免", "exemptions")
    rate_uplift: Table = terms_field(TableKind("rate", (LEVEL,)), "支付比例提高", "uplift of the rate in an episode")
    fund_share: Table = terms_field(
        TableKind("rate", (RULE, LEVEL)),
        "医保基金分担比例",
        "the insurance fund's share of what it pays together with public-health money",
    )
    supply_days: Table = terms_field(TableKind("days", (CONDITION,)), "处方用药天数上限", "most days of one supply")

    def __attrs_post_init__(self) -> None:
        """Refuse an exemption that waives what may not be waived."""
        for each in self.exemptions:
            beside = [name for name in each.waived if name not in self.waivable]
            if beside:
                raise InputError(
                    f"exemption {each.name} waives {', '.join(beside)}, which waivable does not name; "
                    f"it names {', '.join(self.waivable) or 'nothing'}"
                )


@frozen
class EpidemicPatient:
    """A patient on the day of care: state of infection, insurance, disease and groups.

    patient: one of `PATIENTS`, or `other`; groups: codes of the groups the person belongs to.
    """

    on: datetime.date
    patient: str
    insured: bool
    dise_codg: str
    groups: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown state of infection."""
        if self.patient not in (*PATIENTS, "other"):
            raise InputError(f"patient {self.patient!r} is unknown; allowed: {', '.join(PATIENTS)}, other")


@frozen
class Assessment:
    """What holds for a patient: the episode of the disease ("" for none), the override and why, what is waived."""

    episode: str
    override: bool
    reason: str
    waived: tuple[str, ...]
    exemptions: tuple[str, ...]


def assess(terms: EpidemicTerms, patient: EpidemicPatient) -> Assessment:
    """Whether the override holds for a patient, and which restrictions are waived by which exemptions (B18, B31).

    The override is for insured patients of the episode's own diseases; an exemption is for insured people of one of its
    groups, or care of one of its diseases, on any day of any episode.
    Sources: 天津 2021 一(一) 在重大疫情防治中发挥医保作为; 三(一) 健全重大疫情医疗救治费用保障机制.
    """
    current = [each for each in terms.episodes if each.holds(patient.on)]
    episode = next((each.name for each in current if patient.dise_codg in each.diseases), "")
    exemptions = [
        each
        for each in terms.exemptions
        if current
        and patient.insured
        and (patient.dise_codg in each.diseases or not set(each.groups).isdisjoint(patient.groups))
    ]
    waived = tuple(name for name in RESTRICTIONS if any(name in each.waived for each in exemptions))
    reason = _not_covered(terms, patient, episode)
    return Assessment(
        episode=episode,
        override=not reason,
        reason=reason or f"{patient.patient} in {episode}",
        waived=waived,
        exemptions=tuple(each.name for each in exemptions),
    )


def _not_covered(terms: EpidemicTerms, patient: EpidemicPatient, episode: str) -> str:
    """Why the override does not hold, empty where it does."""
    if not episode:
        return f"no episode of {patient.dise_codg} on {patient.on}"
    if not patient.insured:
        return "not insured"
    if patient.patient not in terms.covered_patients:
        return f"{patient.patient} is not covered; covered: {', '.join(terms.covered_patients) or 'nobody'}"
    return ""


def treatment_drug(terms: EpidemicTerms, med_list_codg: str, on: datetime.date) -> bool:
    """Whether a drug is payable for the time of an episode, on a day of one (rule B18)."""
    return med_list_codg in terms.treatment_drugs and any(each.holds(on) for each in terms.episodes)


@frozen
class EpidemicCase(Generic[A]):
    """One bill of an epidemic, coded: its parts, what kept money out of scope, its ordinary rate, and what holds."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid amount")
    catalogue_amt: A = labelled("fen", "目录外费用", "self-paid because outside the catalogue")
    quantity_amt: A = labelled("fen", "超用药量费用", "self-paid because beyond the drug quantity")
    vaccination_amt: A = labelled("fen", "疫苗接种费用", "self-paid because of the rule on vaccination")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    deductible_left: A = labelled("fen", "剩余起付线", "deductible left")
    rate: A = labelled("rate", "报销比例", "ordinary reimbursement rate")
    hosp_lv: A = labelled(LEVEL, "医院等级", "institution level")
    ceiling_left: A = labelled("fen", "剩余限额", "ceiling left")
    in_episode: A = labelled("flag", "属疫情病例", "a disease of an episode, on a day of it")
    override: A = labelled("flag", "疫情救治保障对象", "the override holds")
    catalogue_waived: A = labelled("flag", "免除目录限制", "the catalogue is waived")
    ceiling_waived: A = labelled("flag", "免除支付限额", "the ceiling is waived")
    quantity_waived: A = labelled("flag", "免除用药量限制", "the drug quantity is waived")
    vaccination_waived: A = labelled("flag", "免除疫苗接种限制", "the rule on vaccination is waived")


@frozen
class EpidemicPaid(Generic[A]):
    """What a bill of an epidemic is paid, by source, step by step, in the order computed."""

    restored: A = labelled("fen", "免除限制后纳入金额", "taken into scope by what is waived")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid amount after")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount after")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    payable: A = labelled("fen", "起付线以上金额", "amount above the deductible")
    paid_rate: A = labelled("rate", "提高后报销比例", "rate with its uplift")
    before_limits: A = labelled("fen", "限额前支付", "paid before limits")
    ceiling_left: A = labelled("fen", "剩余限额", "ceiling left, unless it is waived")
    ordinary_pay: A = labelled("fen", "一般待遇支付", "paid by the ordinary rule")
    override_base: A = labelled("fen", "疫情救治支付范围", "cost under the override")
    override_pay: A = labelled("fen", "疫情救治支付", "paid by the override")
    covered: A = labelled("fen", "医保基金和公共卫生资金合计", "paid by the fund and public-health money together")
    fund_share: A = labelled("rate", "医保基金分担比例", "the insurance fund's share of it")
    hifp_pay: A = labelled("fen", "统筹基金支付", "paid by the pooled fund")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part in the national record")
    public_health_pay: A = labelled("fen", "公共卫生服务资金支付", "paid of it by public-health money")
    left_to_person: A = labelled("fen", "个人实际负担", "left to the person")


def settle(terms: EpidemicTerms, of: EpidemicCase[A]) -> EpidemicPaid[A]:
    """Settle one bill of an epidemic, or a column of them (rules B18, B31, B32).

    The override has no deductible and no ceiling.  What the fund and public-health money pay together is split once,
    the fund's share rounded half up, the rest public-health money's; the three sources sum to the cost.
    Sources: 天津 2021 一(一) 在重大疫情防治中发挥医保作为; 三(一) 健全重大疫情医疗救治费用保障机制.
    """
    asked = (
        pick(of.catalogue_waived, of.catalogue_amt, 0)
        + pick(of.quantity_waived, of.quantity_amt, 0)
        + pick(of.vaccination_waived, of.vaccination_amt, 0)
    )
    restored = capped(asked, of.fulamt_ownpay_amt)
    inscp_scp_amt = of.inscp_scp_amt + restored

    act_pay_dedc = pick(of.override, 0, capped(of.deductible_left, inscp_scp_amt))
    payable = inscp_scp_amt - act_pay_dedc
    uplift = pick(of.in_episode, lookup(terms.rate_uplift, of.hosp_lv), 0)
    paid_rate = capped(of.rate + uplift, int(RATE_ONE))
    before_limits = share(payable, paid_rate)
    ceiling_left = pick(of.ceiling_waived, int(NO_LIMIT), of.ceiling_left)
    ordinary_pay = capped(before_limits, ceiling_left)

    override_base = of.medfee_sumamt if terms.override_base == "total" else inscp_scp_amt
    override_pay = share(override_base, terms.override_rate)
    covered = pick(of.override, override_pay, ordinary_pay)
    fund_share = pick(of.in_episode, lookup(terms.fund_share, of.override, of.hosp_lv), int(RATE_ONE))
    hifp_pay = share(covered, fund_share)
    psn_part_amt = of.medfee_sumamt - hifp_pay
    public_health_pay = covered - hifp_pay
    return EpidemicPaid(
        restored=restored,
        fulamt_ownpay_amt=of.fulamt_ownpay_amt - restored,
        inscp_scp_amt=inscp_scp_amt,
        act_pay_dedc=act_pay_dedc,
        payable=payable,
        paid_rate=paid_rate,
        before_limits=before_limits,
        ceiling_left=ceiling_left,
        ordinary_pay=ordinary_pay,
        override_base=override_base,
        override_pay=override_pay,
        covered=covered,
        fund_share=fund_share,
        hifp_pay=hifp_pay,
        psn_part_amt=psn_part_amt,
        public_health_pay=public_health_pay,
        left_to_person=psn_part_amt - public_health_pay,
    )


@frozen
class Prescription(Generic[A]):
    """One supply of a drug, coded."""

    days_supplied: A = labelled("days", "处方用药天数", "days supplied")
    condition: A = labelled(CONDITION, "疾病性质", "what it is for")
    quantity_waived: A = labelled("flag", "免除用药量限制", "the drug quantity is waived")


@frozen
class Supply(Generic[A]):
    """Whether a supply is within the limit, and the days beyond it."""

    limit: A = labelled("days", "用药天数上限", "most days allowed")
    days_over: A = labelled("days", "超出天数", "days beyond the limit")
    within: A = labelled("flag", "未超上限", "within the limit")


def supply(terms: EpidemicTerms, of: Prescription[A]) -> Supply[A]:
    """The days of a supply against their limit, one or a column of them (rules B19, B31; the limit is included).

    Source: 天津 2021 一(一) 在重大疫情防治中发挥医保作为 names long prescriptions without a length.
    """
    limit = lookup(terms.supply_days, of.condition)
    days_over = pick(of.quantity_waived, 0, beyond(of.days_supplied, limit))
    return Supply(limit=limit, days_over=days_over, within=none_of(is_over(days_over, 0)))
