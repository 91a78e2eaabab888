"""One bill from end to end: catalogue, route by scheme, kind of care and date, benefit, settlement record.

The table form in `mipolicy.batch` does the same on columns, through the same bodies.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np
from attrs import evolve, field, frozen

from mipolicy.axes import SCHEMES
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.bill import AMOUNTS, CHECKS, Bill, CodeBook, Days, Figures, bill_fields, figures_of
from mipolicy.benefits.catalogue import CatalogueItemsTerms, CatalogueTerms
from mipolicy.benefits.claim import Claim, Codes, Settled, Texts, designated_of, recognised_of, settle_claim
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.cover import Rules
from mipolicy.benefits.fee_lines import Line, LineTable, SplitLines, split_lines
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.ladder import LadderTerms, Layer
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.statement import Parts, Setlinfo
from mipolicy.benefits.totals import Totals
from mipolicy.calendar import as_date, day_number, year_of
from mipolicy.errors import InputError, NotInForce, PolicyGap
from mipolicy.money import Column, yuan_text
from mipolicy.policy import Policy, Version
from mipolicy.records import NO_AMOUNT

__all__ = [
    "Part",
    "Settlement",
    "belongs_to_general",
    "catalogue_terms",
    "closed",
    "closed_years",
    "ladder_section",
    "layer_section",
    "layers_of",
    "parts_of_lines",
    "place_section",
    "reverse",
    "section_name",
    "settle_bill",
    "terms_day",
    "year_day",
]

INPATIENT: Final = STREAMS.index("inpatient")


@frozen
class Part:
    """One part of a bill, settled by one version of one section; a stay split at the year's end has one a year.

    layer_versions: of the ladder, of each layer that it holds for the stream, then of the account and of the terms for
    care out of the area where the bill asks for them.
    """

    scheme: str
    stream: str
    section: str
    version: Version
    layer_versions: tuple[Version, ...]
    year: int
    claim: Claim[int]
    settled: Settled[int]
    stay_before: Mapping[str, int]


@frozen
class Settlement:
    """One bill settled: the record, its parts with every step, its lines, the person's totals before and after.

    terms_on: the day that chose the terms; reversal: whether this takes the bill back.
    """

    bill: Bill
    parts: tuple[Part, ...]
    setlinfo: Setlinfo[int]
    lines: SplitLines | None = field(eq=False)  # their sums stand in the parts
    totals_before: Totals
    totals: Totals
    terms_on: datetime.date
    reversal: bool = False
    policy: Policy = field(repr=False, kw_only=True)

    @property
    def outside(self) -> Mapping[str, int]:
        """What payers outside the record pay, by layer; they pay from `psn_cash_pay`."""
        sign = -1 if self.reversal else 1
        paid: dict[str, int] = {}
        for part in self.parts:
            climbed = part.settled.paid.climb
            for layer, amount in climbed.outside().items() if climbed else ():
                paid[layer] = paid.get(layer, 0) + sign * amount
        return paid

    @property
    def psn_net_pay(self) -> int:
        """What the person bears in the end, when payers outside the record have paid."""
        return self.setlinfo.psn_part_amt - sum(self.outside.values())

    @property
    def pool_prop_selfpay(self) -> str:
        """基本医疗保险统筹基金支付比例: the FUND's ratio above the deductible, four decimals, half up (nhsa names)."""
        above = self.setlinfo.inscp_scp_amt - self.setlinfo.act_pay_dedc
        tenths = (2 * self.setlinfo.hifp_pay * 10_000 + above) // (2 * above) if above else 0
        return f"{tenths // 10_000}.{tenths % 10_000:04d}"

    def to_record(self) -> dict[str, str]:
        """The national `setlinfo` record: ids, and amounts in yuan with two decimals."""
        ids = {
            name: getattr(self.bill, name)
            for name in ("mdtrt_id", "setl_id", "psn_no", "insutype", "psn_type", "med_type")
        }
        amounts = {name: yuan_text(amount) for name, amount in attrs.asdict(self.setlinfo).items()}
        return {**ids, **amounts, "pool_prop_selfpay": self.pool_prop_selfpay}


def section_name(scheme: str, stream: str) -> str:
    """The section that settles a stream of a scheme.

    >>> section_name("employee", "general"), section_name("resident", "inpatient")
    ('outpatient.employee.general', 'inpatient.resident')
    """
    return f"inpatient.{scheme}" if stream == "inpatient" else f"outpatient.{scheme}.{stream}"


def ladder_section(scheme: str) -> str:
    """The section that holds the ladder of a scheme."""
    return f"ladder.{scheme}"


def closed_years(policy: Policy, on: datetime.date) -> tuple[int, ...]:
    """The years that are closed for bills settled on a date; none where the policy does not say how bills are put to
    years, which only stays need."""
    if not any(version.stated("closed_years") for version in policy.versions.get("settlement", ())):
        return ()
    try:
        terms: SettlementTerms = policy.terms(SettlementTerms, on=on)
    except (PolicyGap, NotInForce):
        return ()
    return tuple(int(year) for year in terms.closed_years)


def closed(year: int) -> str:
    """Why a bill of a closed year is refused."""
    return f"the accounts of {year} are closed; a later year's bill may correct it, or open the year in closed_years"


def place_section(scheme: str) -> str:
    """The section that says what care out of the area does to a scheme's bills."""
    return f"out_of_area.{scheme}"


def layer_section(layer: Layer, scheme: str) -> str:
    """The section that settles a layer for a scheme."""
    return f"{layer.layer}.{scheme}"


def layers_of(ladder: LadderTerms, stream: str) -> tuple[Layer, ...]:
    """The layers that pay a stream, in their order."""
    return tuple(layer for layer in ladder.layers if stream in layer.streams)


def terms_day(terms: SettlementTerms, days: Days[Any]) -> Any:
    """The day that chooses the terms of a stay; an outpatient visit is always by its settlement."""
    return {"admission": days.adm_day, "discharge": days.dscg_day, "settlement": days.setl_day}[terms.terms_by]


def year_day(terms: SettlementTerms, days: Days[Any]) -> Any:
    """The day whose year a stay belongs to, where it is not split (formulas.md section 1)."""
    by = {"admission": days.adm_day, "discharge": days.dscg_day, "settlement": days.setl_day}
    return by.get(terms.year_by, days.dscg_day)


def settle_bill(policy: Policy, bill: Bill, *, lines: Sequence[Line] = (), totals: Totals | None = None) -> Settlement:
    """Settle one bill under the policy in force on its date.

    lines: its fee lines, where the four parts are not stated; totals: what the person's year has used so far.
    Raises InputError for a bill that cannot be settled, CodeError, PolicyGap, NotInForce, RepealedPolicy.
    """
    totals = Totals(bill.psn_no) if totals is None else totals
    if totals.psn_no != bill.psn_no:
        raise InputError(f"the totals are those of {totals.psn_no}, the bill is {bill.psn_no}'s")
    for name in bill_fields("id"):
        if not getattr(bill, name):
            raise InputError(f"bill {bill.setl_id}: {name} is empty")
    book = CodeBook(policy.header.region, bill.setl_time.date(), policy.header.schemes)
    book.flag("refd_setl_flag", bill.refd_setl_flag)
    scheme, stream = book.scheme(bill.insutype), book.stream(bill.med_type)
    figures = figures_of(bill, int(stream == INPATIENT))
    if figures.reversal:
        raise InputError(f"bill {bill.setl_id} is a reversal: reverse(settlement, totals=...) takes what it reverses")
    for check in CHECKS:
        if check.broken(figures):
            raise InputError(f"bill {bill.setl_id}: {check.message}")
    texts = Texts(bill.fixmedins_code, bill.opsp_fixmedins_code, bill.dise_codg, bill.second_dise_codg, bill.plans)
    codes = _codes(book, bill, scheme, figures.days, texts)
    conduct = policy.terms(SettlementTerms, on=bill.setl_time.date()) if stream == INPATIENT else None
    on = terms_day(conduct, figures.days) if conduct else figures.days.setl_day
    split = _split_of_one(policy, bill, figures, lines, as_date(on)) if lines else None
    if split is None and figures.inscp_scp_amt == NO_AMOUNT:
        raise InputError(f"bill {bill.setl_id}: neither the four parts nor fee lines are given")
    after, done = totals, []
    for days, parts, part_codes, year in _years(conduct, bill, figures, codes, split):
        claim = Claim(days, parts, part_codes, texts, figures.balc)
        if year in closed_years(policy, bill.setl_time.date()):
            raise InputError(f"bill {bill.setl_id}: {closed(year)}")
        part = _settle_part(policy, (scheme, stream), claim, as_date(on), year, after)
        after = after.posted(part.scheme, part.year, part.settled.posting)
        done.append(part)
    setlinfo = done[0].settled.setlinfo
    for part in done[1:]:
        setlinfo = _added(setlinfo, part.settled.setlinfo)
    return Settlement(bill, tuple(done), setlinfo, split, totals, after, as_date(on), policy=policy)


def _settle_part(
    policy: Policy, route: tuple[int, int], claim: Claim[int], on: datetime.date, year: int, totals: Totals
) -> Part:
    scheme, stream = SCHEMES[route[0]], STREAMS[route[1]]
    terms, version = _terms(policy, section_name(scheme, stream), on)
    if not claim.codes.designated and belongs_to_general(terms):
        stream = "general"
        terms, version = _terms(policy, section_name(scheme, stream), on)
    ladder, ladder_version = _terms(policy, ladder_section(scheme), on)
    layers, versions = [], [ladder_version]
    for layer in layers_of(ladder, stream):
        layer_terms, layer_version = _terms(policy, layer_section(layer, scheme), on)
        layers.append((layer, layer_terms))
        versions.append(layer_version)
    account = _terms(policy, "account", on) if claim.codes.account else None
    place = _terms(policy, place_section(scheme), on) if claim.codes.place_class else None
    versions += [found[1] for found in (account, place) if found]
    rules = Rules(terms, tuple(layers), account[0] if account else None, place[0] if place else None)
    settled = settle_claim(rules, stream, claim, totals.used(scheme, year))
    return Part(
        scheme, stream, section_name(scheme, stream), version, tuple(versions), year, claim, settled, totals.stay
    )


def belongs_to_general(terms: OutpatientTerms | InpatientTerms) -> bool:
    """Whether a visit elsewhere than at the designated institution belongs to the general stream (rule B12)."""
    return isinstance(terms, OutpatientTerms) and bool(terms.designated_only) and terms.outside_designated == "general"


def _terms(policy: Policy, section: str, on: datetime.date) -> tuple[Any, Version]:
    version = policy.version(section, on)
    return policy.build(section, version), version


def _codes(book: CodeBook, bill: Bill, scheme: int, days: Days[int], texts: Texts) -> Codes[int]:
    return Codes(
        hosp_lv=book.level(bill.hosp_lv, bill.medins_kind),
        psn_type=book.status(scheme, bill.psn_type),
        medins_kind=book.kind(bill.medins_kind),
        medins_ownership=book.ownership(bill.medins_ownership),
        service_kind=book.service(bill.service_kind),
        designated=designated_of(texts),
        recognised=recognised_of(days),
        online=book.flag("online_flag", bill.online_flag),
        follow_up=book.flag("follow_up_flag", bill.follow_up_flag),
        referral=book.flag("referral_flag", bill.referral_flag),
        interim=book.flag("mid_setl_flag", bill.mid_setl_flag),
        hardship=book.hardship(bill.hardship_class),
        cvlserv=book.flag("cvlserv_flag", bill.cvlserv_flag),
        place_class=book.place(bill.place_class),
        place_tier=book.tier(bill.place_tier),
        account=book.flag("acct_used_flag", bill.acct_used_flag),
        rare_drug=book.flag("rare_drug_flag", bill.rare_drug_flag),
    )


def catalogue_terms(
    policy: Policy, on: datetime.date, items_needed: bool
) -> tuple[CatalogueTerms, CatalogueItemsTerms | None]:
    """The catalogue's terms on a date, and its items; the items may be open where every line states its own."""
    terms = policy.terms(CatalogueTerms, on=on)
    try:
        return terms, policy.terms(CatalogueItemsTerms, on=on)
    except PolicyGap:
        if items_needed:
            raise
        return terms, None


def parts_of_lines(split: SplitLines, bills: int, where: Any = None) -> Parts[Column]:
    """The parts of each bill, summed from its lines."""
    return Parts(
        medfee_sumamt=split.sums(bills, "det_item_fee_sumamt", where),
        fulamt_ownpay_amt=split.sums(bills, "fulamt_ownpay_amt", where),
        overlmt_selfpay=split.sums(bills, "overlmt_amt", where),
        preselfpay_amt=split.sums(bills, "preselfpay_amt", where),
        inscp_scp_amt=split.sums(bills, "inscp_scp_amt", where),
        hosp_part_amt=split.sums(bills, "hosp_part_amt", where),
    )


def _split_of_one(
    policy: Policy, bill: Bill, figures: Figures[int], lines: Sequence[Line], on: datetime.date
) -> SplitLines:
    for line in lines:
        if line.mdtrt_id != bill.mdtrt_id:
            raise InputError(f"line {line.feedetl_sn} belongs to {line.mdtrt_id}, the bill is {bill.mdtrt_id}")
    table = LineTable.of(lines)
    terms = catalogue_terms(policy, on, any(not line.chrgitm_lv for line in lines))
    zero = np.zeros(len(lines), np.int64)
    split = split_lines(table, zero, [terms], np.zeros(1, np.int64), policy.header.region)
    for fault in split.faults.values():
        raise InputError(f"bill {bill.setl_id}: {fault.message}")
    parts = parts_of_lines(split, 1)
    for name in AMOUNTS:
        stated, summed = getattr(figures, name), int(getattr(parts, name)[0])
        if stated not in (NO_AMOUNT, summed):
            raise InputError(
                f"bill {bill.setl_id}: {name} is {yuan_text(stated)}, its lines sum to {yuan_text(summed)}"
            )
    return split


def _years(
    conduct: SettlementTerms | None,
    bill: Bill,
    figures: Figures[int],
    codes: Codes[int],
    split: SplitLines | None,
) -> list[tuple[Days[int], Parts[int], Codes[int], int]]:
    """The parts that a bill is settled in, each with its year: one, or one a year when stays are split."""
    of = figures.days
    if conduct is None:
        return [(of, _parts(figures, split), codes, year_of(of.setl_day))]
    first, last = year_of(of.adm_day), year_of(of.dscg_day)
    if conduct.year_by != "split_at_year_end" or first == last:
        return [(of, _parts(figures, split), codes, year_of(year_day(conduct, of)))]
    if split is None:
        raise InputError(f"bill {bill.setl_id}: a stay over the year's end is split by its lines, and it has none")
    days = np.maximum(split.day, of.adm_day)
    if (split.day < of.adm_day).any() or (days > of.dscg_day).any():
        raise InputError(f"bill {bill.setl_id}: every line needs a fee_ocur_time within the stay to split it")
    found = []
    for year in range(first, last + 1):
        begins = max(of.adm_day, day_number(datetime.date(year, 1, 1)))
        ends = min(of.dscg_day, day_number(datetime.date(year, 12, 31)))
        where = np.flatnonzero((split.day >= begins) & (split.day <= ends))
        of_year = evolve(of, adm_day=begins, dscg_day=ends)
        flags = evolve(
            codes,
            referral=codes.referral if year == first else 0,
            interim=int(conduct.deductible_on_split == "once") if year < last else codes.interim,
        )
        found.append((of_year, _one(parts_of_lines(split, 1, where)), flags, year))
    return found


def _parts(figures: Figures[int], split: SplitLines | None) -> Parts[int]:
    if split is not None:
        return _one(parts_of_lines(split, 1))
    return Parts(
        figures.medfee_sumamt,
        figures.fulamt_ownpay_amt,
        figures.overlmt_selfpay,
        figures.preselfpay_amt,
        figures.inscp_scp_amt,
        0,
    )


def _one(parts: Parts[Column]) -> Parts[int]:
    return Parts(**{each.name: int(getattr(parts, each.name)[0]) for each in attrs.fields(Parts)})


def _added(left: Setlinfo[int], right: Setlinfo[int]) -> Setlinfo[int]:
    return Setlinfo(
        **{each.name: getattr(left, each.name) + getattr(right, each.name) for each in attrs.fields(Setlinfo)}
    )


def reverse(settlement: Settlement, *, totals: Totals) -> Settlement:
    """Take a settlement back: its amounts with the opposite sign, its postings off the totals; later bills keep theirs.

    totals: the person's totals now.  The latest stay is put back only if this bill left it as it stands.
    Raises InputError for another person's totals, totals that do not hold the bill, and a settlement that is itself a
    reversal.
    """
    if settlement.reversal:
        raise InputError(f"bill {settlement.bill.setl_id} is itself a reversal")
    if totals.psn_no != settlement.bill.psn_no:
        raise InputError(f"the totals are those of {totals.psn_no}, the bill is {settlement.bill.psn_no}'s")
    after = totals
    for part in reversed(settlement.parts):
        after = after.posted(part.scheme, part.year, part.settled.posting, sign=-1)
        if part.settled.posting.stay and dict(after.stay) == {**part.stay_before, **part.settled.posting.stay}:
            after = evolve(after, stay=part.stay_before)
    for (scheme, year), figures in after.years.items():
        short = ", ".join(name for name, cells in figures.items() if min(cells) < 0)
        if short:
            what = f"{short} of {scheme} {year} would fall below 0"
            raise InputError(
                f"the totals do not hold bill {settlement.bill.setl_id}, or it is reversed already: {what}"
            )
    taken = Setlinfo(**{each.name: -getattr(settlement.setlinfo, each.name) for each in attrs.fields(Setlinfo)})
    return evolve(settlement, setlinfo=taken, totals_before=totals, totals=after, reversal=True)
