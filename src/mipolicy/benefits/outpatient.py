"""Outpatient pooling (门诊统筹): general, emergency, special-disease, two-disease and dual-channel streams.

Rules B01-B04, B12, B13, B22, B24, B43-B46, O17; readings A06-A08.  Amounts in fen, rates per million.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import INSTITUTION, OWNERSHIP, SERVICE, STREAMS
from mipolicy.errors import InputError
from mipolicy.inverse import least_share
from mipolicy.money import NO_LIMIT, RATE_ONE, A
from mipolicy.policy.kinds import (
    STATUS,
    ChoiceKind,
    CodesKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TableKind,
    TextKind,
    choice_table,
    terms_field,
)
from mipolicy.tables import Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import (
    all_of,
    any_of,
    beyond,
    capped,
    is_over,
    is_same,
    lookup,
    none_of,
    pick,
    remaining,
    share,
)

__all__ = [
    "ADMISSION",
    "DiseaseQuota",
    "Outpatient",
    "OutpatientTerms",
    "Recognition",
    "Visit",
    "over_ceiling",
    "public_coverage",
    "recognise",
    "settle",
]

ADMISSION: Final = ("never", "listed", "always")
"""Whether a kind of institution takes part in outpatient pooling: never, only if on the list, always (rule B04)."""
_LISTED, _ALWAYS = ADMISSION.index("listed"), ADMISSION.index("always")


@frozen
class DiseaseQuota:
    """One recognised disease of a stream and the most that the fund pays for it in a period (rule B24)."""

    dise_codg: str = terms_field(TextKind(), "病种编码", "disease code")
    quota: int = terms_field(FigureKind("fen"), "定额", "quota", needs='an amount in yuan, as text, or "none"')


@frozen
class OutpatientTerms:
    """What a document fixes for one stream of one scheme."""

    deductible: Table = terms_field(TableKind("fen", (LEVEL, STATUS)), "起付线", "deductible")
    deductible_scope: str = terms_field(
        ChoiceKind(("visit", "year", "year_and_level")), "起付线口径", "scope of the deductible"
    )
    deductible_streams: tuple[str, ...] = terms_field(
        CodesKind(STREAMS), "起付线合并计算的待遇", "streams that use up the deductible together"
    )
    counts_toward_deductible: Table = terms_field(
        TableKind("flag", (LEVEL,), ("no", "yes")),
        "费用计入起付线",
        "in-scope spending at this level fills the deductible of others",
    )
    rate: Table = terms_field(TableKind("rate", (LEVEL, STATUS)), "报销比例", "reimbursement rate")
    rate_uplift: Table = terms_field(TableKind("rate", (LEVEL,)), "比例提高", "uplift of the rate")
    service_uplift: Table = terms_field(TableKind("rate", (SERVICE,)), "项目比例提高", "uplift by kind of service")
    ceiling: Table = terms_field(TableKind("fen", (STATUS,)), "最高支付限额", "ceiling")
    ceiling_basis: str = terms_field(
        ChoiceKind(("fund_payment", "eligible_cost")), "限额口径", "what the ceiling limits"
    )
    ceiling_streams: tuple[str, ...] = terms_field(
        CodesKind(STREAMS), "限额合并计算的待遇", "streams that share the ceiling"
    )
    institutions: Table = terms_field(
        choice_table(ADMISSION, INSTITUTION, OWNERSHIP, zh=("不纳入", "列入名单的", "全部纳入")),
        "定点范围",
        "institutions that take part",
    )
    listed_institutions: tuple[str, ...] = terms_field(CodesKind(), "纳入名单", "institutions taken in as needed")
    designated_only: int = terms_field(FlagKind(), "限选定医院", "only at the registered designated institution")
    outside_designated: str = terms_field(
        ChoiceKind(("nothing", "general")), "非选定医院就医", "elsewhere: nothing, or the general stream"
    )
    online_payable: int = terms_field(FlagKind(), "互联网诊疗可支付", "online care is payable")
    online_follow_up_only: int = terms_field(FlagKind(), "互联网诊疗限复诊", "online care only as follow-up")
    recognition_needed: int = terms_field(FlagKind(), "须待遇认定", "a recognition in force is needed")
    diseases: tuple[DiseaseQuota, ...] = terms_field(
        RecordsKind(DiseaseQuota, "dise_codg"), "病种及定额", "diseases with their quotas"
    )
    quota_period: str = terms_field(ChoiceKind(("year", "quarter", "month")), "定额周期", "period of the quota")
    quota_carry_over: int = terms_field(FlagKind(), "定额结转", "an unused quota carries over within the year")
    second_disease_addition: int = terms_field(
        FigureKind("fen"), "第二病种增加定额", "added to the higher quota for a second disease"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if not self.deductible_streams or not self.ceiling_streams:
            raise InputError("deductible_streams and ceiling_streams name at least the section's own stream")


@frozen
class Visit(Generic[A]):
    """One outpatient visit, coded: the amounts, where and who, what holds, and what the year has used so far."""

    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    hosp_lv: A = labelled(LEVEL, "医院等级", "institution level")
    psn_type: A = labelled(STATUS, "人员类别", "person class")
    medins_kind: A = labelled(INSTITUTION, "机构类型", "institution kind")
    medins_ownership: A = labelled(OWNERSHIP, "举办主体", "ownership")
    listed: A = labelled("flag", "在纳入名单", "institution is on the list")
    designated: A = labelled("flag", "在选定医院", "at the designated institution")
    recognised: A = labelled("flag", "待遇认定有效", "recognition is in force")
    online: A = labelled("flag", "互联网诊疗", "online care")
    follow_up: A = labelled("flag", "复诊", "follow-up")
    service_kind: A = labelled(SERVICE, "服务类别", "kind of service")
    deductible_used: A = labelled("fen", "已用起付线", "deductible used so far")
    ceiling_used: A = labelled("fen", "已用限额", "ceiling used so far")
    quota_left: A = labelled("fen", "剩余定额", "quota left")
    points_off: A = labelled("rate", "异地就医降低百分点", "points off out of the area", 0)
    rate_factor: A = labelled("rate", "异地就医比例折算", "share of the rate kept out of the area", int(RATE_ONE))


@frozen
class Outpatient(Generic[A]):
    """What a visit is paid, step by step, in the order computed."""

    takes_part: A = labelled("flag", "机构属定点范围", "the institution takes part")
    well_designated: A = labelled("flag", "符合选定医院要求", "at the institution that the benefit asks for")
    well_recognised: A = labelled("flag", "符合待遇认定要求", "recognised as the benefit asks for")
    well_online: A = labelled("flag", "符合互联网诊疗要求", "online only as the benefit allows")
    eligible: A = labelled("flag", "可享受待遇", "the benefit applies")
    ceiling_left: A = labelled("fen", "剩余限额", "ceiling left before")
    payable_scope: A = labelled("fen", "可计算金额", "in-scope amount that counts")
    deductible_due: A = labelled("fen", "应付起付线", "deductible due")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    payable: A = labelled("fen", "起付线以上金额", "amount above the deductible")
    fund_rate: A = labelled("rate", "支付比例", "rate applied")
    before_limits: A = labelled("fen", "限额前支付", "fund's share before limits")
    hifp_pay: A = labelled("fen", "统筹基金支付", "paid by the pooled fund")
    deductible_used_after: A = labelled("fen", "起付线累计", "deductible used after")
    ceiling_used_after: A = labelled("fen", "限额累计", "ceiling used after")


def settle(terms: OutpatientTerms, visit: Visit[A]) -> Outpatient[A]:
    """Settle one visit, or a column of visits, under one version of the terms.

    Rules B01-B04, B12, B13, B22, B24, B43-B46, in the order of reading A08.
    Sources: 常德 2023 一(一); 天津 2021 一(一), 三(一); formulas.md section 1.
    """
    admission = lookup(terms.institutions, visit.medins_kind, visit.medins_ownership)
    takes_part = any_of(is_same(admission, _ALWAYS), all_of(is_same(admission, _LISTED), visit.listed))
    well_designated = any_of(none_of(terms.designated_only), visit.designated)
    well_recognised = any_of(none_of(terms.recognition_needed), visit.recognised)
    right_visit = any_of(none_of(terms.online_follow_up_only), visit.follow_up)
    well_online = any_of(none_of(visit.online), all_of(terms.online_payable, right_visit))
    eligible = all_of(takes_part, well_designated, well_recognised, well_online)
    scope = pick(eligible, visit.inscp_scp_amt, 0)
    ceiling_left = remaining(lookup(terms.ceiling, visit.psn_type), visit.ceiling_used)
    on_cost = terms.ceiling_basis == "eligible_cost"
    payable_scope = capped(scope, ceiling_left) if on_cost else scope

    deductible_due = remaining(lookup(terms.deductible, visit.hosp_lv, visit.psn_type), visit.deductible_used)
    act_pay_dedc = capped(deductible_due, payable_scope)
    payable = payable_scope - act_pay_dedc

    base_rate = lookup(terms.rate, visit.hosp_lv, visit.psn_type)
    uplift = lookup(terms.rate_uplift, visit.hosp_lv) + lookup(terms.service_uplift, visit.service_kind)
    fund_rate = share(beyond(capped(base_rate + uplift, RATE_ONE), visit.points_off), visit.rate_factor)
    before_limits = share(payable, fund_rate)
    hifp_pay = capped(capped(before_limits, NO_LIMIT if on_cost else ceiling_left), visit.quota_left)

    counts = lookup(terms.counts_toward_deductible, visit.hosp_lv)
    return Outpatient(
        takes_part=takes_part,
        well_designated=well_designated,
        well_recognised=well_recognised,
        well_online=well_online,
        eligible=eligible,
        ceiling_left=ceiling_left,
        payable_scope=payable_scope,
        deductible_due=deductible_due,
        act_pay_dedc=act_pay_dedc,
        payable=payable,
        fund_rate=fund_rate,
        before_limits=before_limits,
        hifp_pay=hifp_pay,
        deductible_used_after=visit.deductible_used + pick(counts, payable_scope, act_pay_dedc),
        ceiling_used_after=visit.ceiling_used + (payable_scope if on_cost else hifp_pay),
    )


def over_ceiling(terms: OutpatientTerms, visit: Visit[A], paid: Outpatient[A]) -> A:
    """The in-scope cost above the ceiling or the quota: what a layer above it may take (formulas.md section 1).

    Where the limit is in fund money, it is reached by the least amount whose share comes to it.
    """
    on_cost = terms.ceiling_basis == "eligible_cost"
    limit = capped(visit.quota_left, NO_LIMIT if on_cost else paid.ceiling_left)
    beyond_limit = paid.payable - least_share(limit, paid.fund_rate)
    cut = pick(is_over(paid.before_limits, limit), beyond_limit, 0)
    return cut + (pick(paid.eligible, visit.inscp_scp_amt, 0) - paid.payable_scope) if on_cost else cut


@frozen
class Recognition:
    """The outcome of an application for a special disease or dual-channel drug (rule O17)."""

    recognised: bool
    start: datetime.date | None
    reason: str


def recognise(
    terms: OutpatientTerms, *, dise_codg: str, applied: datetime.date, approved: datetime.date | None
) -> Recognition:
    """Whether an application gives the benefit, and from which day (rule O17).

    applied, approved: days of application and of approval, None while it is not approved.
    Raises InputError when the approval is before the application.

    The document names online application, review and recognition, not the first day; reading: the day of approval.
    """
    if approved is not None and approved < applied:
        raise InputError(f"approved on {approved}, before the application of {applied}")
    if terms.diseases and dise_codg not in {disease.dise_codg for disease in terms.diseases}:
        return Recognition(False, None, f"{dise_codg} is not on the list of this benefit")
    if approved is None:
        return Recognition(False, None, "the application is not approved yet")
    return Recognition(True, approved, "approved")


def public_coverage(institutions: Sequence[tuple[str, bool]]) -> Fraction | None:
    """The share of public institutions that take part in outpatient pooling (rule B04), None without public ones.

    institutions: (ownership, takes part) for each designated institution.
    Raises InputError for an ownership that is not known.

    >>> public_coverage([("public", True), ("public", False), ("private", True)])
    Fraction(1, 2)
    """
    for ownership, _ in institutions:
        if ownership not in OWNERSHIP.members:
            raise InputError(f"ownership {ownership!r} is unknown; allowed: {', '.join(OWNERSHIP.members)}")
    public = [takes_part for ownership, takes_part in institutions if ownership == "public"]
    return Fraction(sum(public), len(public)) if public else None
