"""A coded bill, and how each room reads it with the year's totals: routing's last step before the rule itself."""

from __future__ import annotations

from typing import Any, Generic

from attrs import frozen

from mipolicy.benefits.bill import Days
from mipolicy.benefits.cover import Given, Paid, Purse, Rules, pay
from mipolicy.benefits.inpatient import Inpatient, InpatientTerms, Stay
from mipolicy.benefits.ladder import Climb, Layer, LayerTerms
from mipolicy.benefits.layer import LayerState
from mipolicy.benefits.out_of_area import PlaceOfCare
from mipolicy.benefits.outpatient import Outpatient, OutpatientTerms, Visit
from mipolicy.benefits.statement import Parts, Setlinfo
from mipolicy.benefits.supplement import SupplementTerms
from mipolicy.benefits.totals import Posting, Used
from mipolicy.calendar import NO_DAY, month_of, year_of
from mipolicy.money import NO_LIMIT, A
from mipolicy.texts import Text, among, figured, same_text
from mipolicy.vocabulary import all_of, any_of, capped, is_over, is_same, none_of, pick, remaining

__all__ = [
    "Claim",
    "Codes",
    "Settled",
    "Texts",
    "designated_of",
    "recognised_of",
    "settle_claim",
    "stay_of",
    "visit_of",
]

_QUARTER = 3


@frozen
class Codes(Generic[A]):
    """A bill's codes as small integers and its flags as 0 or 1."""

    hosp_lv: A
    psn_type: A
    medins_kind: A
    medins_ownership: A
    service_kind: A
    designated: A
    recognised: A
    online: A
    follow_up: A
    referral: A
    interim: A
    hardship: A
    cvlserv: A
    place_class: A
    place_tier: A
    account: A
    rare_drug: A


@frozen
class Texts:
    """A bill's codes that only terms can give a meaning, one text each or a column of them."""

    fixmedins_code: Text
    opsp_fixmedins_code: Text
    dise_codg: Text
    second_dise_codg: Text
    plans: Text = ""


@frozen
class Claim(Generic[A]):
    """A coded bill, or a column of them."""

    days: Days[A]
    parts: Parts[A]
    codes: Codes[A]
    texts: Texts
    balc: A


def designated_of(texts: Texts) -> Any:
    """1 where the institution is the one that the person registered, else 0."""
    return same_text(texts.fixmedins_code, texts.opsp_fixmedins_code)


def recognised_of(days: Days[A]) -> A:
    """1 where a recognition is in force on the day that the bill is settled, else 0."""
    day, begins, ends = days.setl_day, days.begn_day, days.end_day
    return all_of(
        is_over(begins, NO_DAY),
        none_of(is_over(begins, day)),
        any_of(is_same(ends, NO_DAY), none_of(is_over(day, ends))),
    )


@frozen
class Settled(Generic[A]):
    """One claim settled: what the rules were given, what they came to, and what goes to the totals."""

    given: Given[A]
    paid: Paid[A]
    posting: Posting[A]

    @property
    def outcome(self) -> Outpatient[A] | Inpatient[A]:
        """The steps of the room."""
        return self.paid.outcome

    @property
    def setlinfo(self) -> Setlinfo[A]:
        """The settlement record."""
        return self.paid.setlinfo


def settle_claim(rules: Rules, stream: str, claim: Claim[A], used: Used[A]) -> Settled[A]:
    """Settle a claim, or a column of claims of different persons, in the room of its stream and up the ladder."""
    terms = rules.basic
    room: Visit[A] | Stay[A]
    room = visit_of(terms, stream, claim, used) if isinstance(terms, OutpatientTerms) else stay_of(terms, claim, used)
    given: Given[A] = Given(
        parts=claim.parts,
        room=room,
        states=tuple(_state_of(layer, layer_terms, claim, used) for layer, layer_terms in rules.layers),
        place=_place_of(claim) if rules.place else None,
        account=Purse(claim.codes.account, claim.balc) if rules.account else None,
    )
    paid = pay(rules, given)
    if isinstance(paid.room, Visit) and isinstance(paid.outcome, Outpatient):
        posting = _posting_of_visit(stream, claim, paid.room, paid.outcome)
    else:
        assert isinstance(paid.room, Stay)
        assert isinstance(paid.outcome, Inpatient)
        posting = _posting_of_stay(claim, paid.room, paid.outcome, used)
    return Settled(given, paid, _with_layers(posting, paid.climb))


def _place_of(claim: Claim[A]) -> PlaceOfCare[A]:
    codes, parts = claim.codes, claim.parts
    return PlaceOfCare(
        codes.place_class, codes.place_tier, parts.medfee_sumamt, parts.inscp_scp_amt, parts.preselfpay_amt
    )


def _state_of(layer: Layer, terms: LayerTerms, claim: Claim[A], used: Used[A]) -> LayerState[A]:
    """Whether a layer takes the claim (its plan, its diseases and drugs), and what the year has used of it."""
    flags: list[Any] = [claim.codes.cvlserv] if layer.layer == "civil_servant" else []
    if layer.plan:
        flags.append(figured(claim.texts.plans, lambda plans: int(layer.plan in map(str.strip, plans.split(";")))))
    if isinstance(terms, SupplementTerms) and terms.diseases:
        flags.append(among(claim.texts.dise_codg, terms.diseases))
    if isinstance(terms, SupplementTerms) and terms.drugs:
        flags.append(claim.codes.rare_drug)
    return LayerState(
        applies=all_of(*flags),
        base_before=used.year(f"base.{layer.layer}"),
        paid_before=used.year(f"paid.{layer.layer}"),
        hardship=claim.codes.hardship,
    )


def _with_layers(posting: Posting[A], climbed: Climb[A] | None) -> Posting[A]:
    """What a bill adds, with what each layer counted and paid."""
    if climbed is None:
        return posting
    year = list(posting.year)
    for rung in climbed.rungs:
        year.append((f"base.{rung.layer.layer}", None, rung.case.base))
        year.append((f"paid.{rung.layer.layer}", None, rung.outcome.pay))
    return Posting(tuple(year), posting.stay)


def visit_of(terms: OutpatientTerms, stream: str, claim: Claim[A], used: Used[A]) -> Visit[A]:
    """What the outpatient rule is given: the claim, and the totals in the scopes that the terms name."""
    deductible_used: Any = 0
    if terms.deductible_scope == "year":
        deductible_used = sum(used.year(f"deductible.{each}") for each in terms.deductible_streams)
    elif terms.deductible_scope == "year_and_level":
        level = claim.codes.hosp_lv
        deductible_used = sum(used.cell(f"deductible_level.{each}", level) for each in terms.deductible_streams)
    return Visit(
        inscp_scp_amt=claim.parts.inscp_scp_amt,
        hosp_lv=claim.codes.hosp_lv,
        psn_type=claim.codes.psn_type,
        medins_kind=claim.codes.medins_kind,
        medins_ownership=claim.codes.medins_ownership,
        listed=among(claim.texts.fixmedins_code, terms.listed_institutions),
        designated=claim.codes.designated,
        recognised=claim.codes.recognised,
        online=claim.codes.online,
        follow_up=claim.codes.follow_up,
        service_kind=claim.codes.service_kind,
        deductible_used=deductible_used,
        ceiling_used=_ceiling_used(terms, used),
        quota_left=_quota_left(terms, stream, claim, used),
    )


def stay_of(terms: InpatientTerms, claim: Claim[A], used: Used[A]) -> Stay[A]:
    """What the inpatient rule is given; a referral within the days that the terms name continues the stay before."""
    gap = claim.days.adm_day - used.stay("end")
    in_time = all_of(claim.codes.referral, none_of(is_over(gap, terms.transfer_days)))
    continuing = any_of(used.stay("open"), in_time)
    deductible_used: Any = 0
    if terms.deductible_scope == "year":
        deductible_used = used.year("deductible.inpatient")
    elif terms.deductible_scope == "year_and_level":
        deductible_used = used.cell("deductible_level.inpatient", claim.codes.hosp_lv)
    nothing: Any = 0
    last_ordinal = len(terms.deductible.axes[0].members) - 1
    return Stay(
        inscp_scp_amt=claim.parts.inscp_scp_amt,
        hosp_lv=claim.codes.hosp_lv,
        psn_type=claim.codes.psn_type,
        ordinal=pick(continuing, used.stay("ordinal"), capped(used.year("stays"), last_ordinal)),
        continuing=continuing,
        earlier_level=used.stay("level"),
        earlier_paid=used.stay("paid"),
        deductible_used=deductible_used,
        year_deductible=used.year("deductible.inpatient"),
        once_a_year=among(claim.texts.dise_codg, terms.once_a_year_diseases),
        once_a_year_paid=used.year("once_a_year"),
        tcm_disease=among(claim.texts.dise_codg, terms.tcm_diseases),
        band_start=used.year("bands") if terms.band_scope == "year" else nothing,
        ceiling_used=_ceiling_used(terms, used),
    )


def _ceiling_used(terms: OutpatientTerms | InpatientTerms, used: Used[A]) -> Any:
    what = "cost" if terms.ceiling_basis == "eligible_cost" else "fund"
    return sum(used.year(f"{what}.{stream}") for stream in terms.ceiling_streams)


def _quota_left(terms: OutpatientTerms, stream: str, claim: Claim[A], used: Used[A]) -> A:
    """What is left of the quota of the disease, or of the higher of two plus the addition (formulas.md section 1).

    A disease that the list does not hold has no quota of its own: 0.  A section without diseases has no quota.
    """
    if not terms.diseases:
        unlimited: Any = int(NO_LIMIT)
        return unlimited  # type: ignore[no-any-return]  # the same for every row of a column
    quotas = {disease.dise_codg: disease.quota for disease in terms.diseases}
    first: A = figured(claim.texts.dise_codg, lambda code: quotas.get(code, 0))
    second: A = figured(claim.texts.second_dise_codg, lambda code: quotas.get(code, 0))
    higher = pick(is_over(second, first), second, first)
    repeated: A = same_text(claim.texts.dise_codg, claim.texts.second_dise_codg)
    both = all_of(first, second, none_of(repeated))
    quota = capped(higher + pick(both, terms.second_disease_addition, 0), int(NO_LIMIT))
    months = {"year": 12, "quarter": _QUARTER, "month": 1}[terms.quota_period]
    name = f"quota_month.{stream}"
    day, begins = claim.days.setl_day, claim.days.begn_day
    month = month_of(day)
    if not terms.quota_carry_over:
        return remaining(quota, used.span(name, _period(month, months) * months, month))
    first_month = pick(is_same(year_of(begins), year_of(day)), month_of(begins), 0)
    periods = _period(month, months) - _period(first_month, months) + 1
    return remaining(quota * periods, used.span(name, first_month, month))


def _period(month: A, months: int) -> A:
    """Which period of the year a month falls in: calendar arithmetic, not money."""
    return month // months


def _posting_of_visit(stream: str, claim: Claim[A], visit: Visit[A], paid: Outpatient[A]) -> Posting[A]:
    deductible = paid.deductible_used_after - visit.deductible_used
    year: list[tuple[str, A | None, A]] = [
        (f"fund.{stream}", None, paid.hifp_pay),
        (f"cost.{stream}", None, paid.payable_scope),
        (f"deductible.{stream}", None, deductible),
        (f"deductible_level.{stream}", claim.codes.hosp_lv, deductible),
    ]
    if stream in ("special", "two_disease"):
        year.append((f"quota_month.{stream}", month_of(claim.days.setl_day), paid.hifp_pay))
    return Posting(tuple(year))


def _posting_of_stay(claim: Claim[A], stay: Stay[A], paid: Inpatient[A], used: Used[A]) -> Posting[A]:
    """A wholly self-paid stay leaves the count of stays, and so the next deductible, untouched."""
    in_scope = is_over(stay.inscp_scp_amt, 0)
    already = all_of(stay.continuing, used.stay("counted"))
    counted = all_of(in_scope, none_of(already))
    before = pick(stay.continuing, stay.earlier_paid, 0)
    return Posting(
        (
            ("fund.inpatient", None, paid.hifp_pay),
            ("cost.inpatient", None, paid.payable_scope),
            ("deductible.inpatient", None, paid.act_pay_dedc),
            ("deductible_level.inpatient", claim.codes.hosp_lv, paid.act_pay_dedc),
            ("stays", None, counted),
            ("bands", None, paid.payable),
            ("once_a_year", None, pick(stay.once_a_year, paid.act_pay_dedc, 0)),
        ),
        {
            "end": claim.days.dscg_day,
            "level": claim.codes.hosp_lv,
            "paid": before + paid.act_pay_dedc,
            "ordinal": stay.ordinal,
            "open": claim.codes.interim,
            "counted": any_of(counted, already),
        },
    )
