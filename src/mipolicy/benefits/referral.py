"""Referral out of the area (转外就医): the approval of a transfer, filings (异地就医备案), and the place class of care.

Rules B08-B10, O12; formulas.md section 1, out-of-area place classes.  One case at a time: days, words, yes and no; what
follows for the amounts is in `out_of_area`.
"""

from __future__ import annotations

import datetime
from typing import Final

from attrs import frozen

from mipolicy.benefits.axes import FILING, TIER
from mipolicy.errors import InputError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, terms_field

__all__ = [
    "FILING_KINDS",
    "RANKS",
    "STEPS",
    "TRANSFER_REASONS",
    "Filing",
    "FilingOutcome",
    "FilingTerms",
    "MissingStep",
    "Placement",
    "ReferralTerms",
    "Transfer",
    "TransferOutcome",
    "filing",
    "placement",
    "transfer",
]

RANKS: Final = ("assistant", "resident_doctor", "attending", "associate_chief", "chief")
"""Professional titles of doctors, lowest first: 医士, 医师, 主治医师, 副主任医师, 主任医师."""

STEPS: Final = ("proposal", "department_review", "office_approval", "filing")
"""Steps of a transfer in their order: 医生提出, 科主任审核, 医保办公室批准, 报经办机构备案."""

TRANSFER_REASONS: Final = ("medical", "patient_request")
"""Why a patient is transferred: the hospital finds it needed, or the patient asks for it (rule B09)."""

FILING_KINDS: Final = FILING.members
"""异地长期居住, 转诊, 急诊: the place classes that a filing can give; without a valid one it is `unreferred`."""


@frozen
class ReferralTerms:
    """What a transfer to a hospital outside the area has to pass (rules B08, B09)."""

    lowest_rank: str = terms_field(ChoiceKind(RANKS), "转院意见医师最低职称", "lowest rank of the proposing doctor")
    steps: tuple[str, ...] = terms_field(CodesKind(STEPS), "转院审批程序", "steps of a transfer")
    non_contracted_steps: tuple[str, ...] = terms_field(
        CodesKind(STEPS), "转非特约医院另需程序", "steps added where the hospital is not contracted"
    )
    patient_request_steps: tuple[str, ...] = terms_field(
        CodesKind(STEPS), "患者要求转院的程序", "steps of a transfer that the patient asks for"
    )
    patient_request_tier: str = terms_field(
        ChoiceKind(TIER.members), "患者要求转院的报销政策", "tier of a transfer that the patient asks for"
    )


@frozen
class Transfer:
    """One transfer out of the area: why, to which kind of hospital, and who has agreed.

    proposer_rank: rank of the doctor who proposed it, None where none did; filed: a filing is valid (see `filing`).
    """

    reason: str
    contracted: bool
    proposer_rank: str | None
    department_review: bool
    office_approval: bool
    filed: bool

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown reason and an unknown rank."""
        if self.reason not in TRANSFER_REASONS:
            raise InputError(f"transfer reason {self.reason!r} is unknown; allowed: {', '.join(TRANSFER_REASONS)}")
        if self.proposer_rank is not None and self.proposer_rank not in RANKS:
            raise InputError(
                f"proposer rank {self.proposer_rank!r} is unknown; allowed: {', '.join(RANKS)}, "
                "or None where no doctor proposed it"
            )


@frozen
class MissingStep:
    """A step that a transfer lacks, and why."""

    step: str
    reason: str


@frozen
class TransferOutcome:
    """Whether the transfer is valid, each step that is missing in the order of the procedure, and its tier."""

    valid: bool
    missing: tuple[MissingStep, ...]
    tier: str


def transfer(terms: ReferralTerms, asked: Transfer) -> TransferOutcome:
    """Put a transfer through its steps; a patient's own request is paid by the tier in the terms (rules B08, B09).

    A hospital that is not contracted adds its steps and gives its tier whoever asked.  Source: 上虞 2013 二(二)3
    规范市外就医的审批及报销: rank of associate chief or above, the head of the department, the insurance office, and a
    filing for hospitals that are not contracted.

    >>> three = ReferralTerms("associate_chief", STEPS[:3], ("filing",), STEPS[:3], "non_contracted")
    >>> asked = Transfer("medical", False, "attending", department_review=True, office_approval=True, filed=False)
    >>> for lack in transfer(three, asked).missing:
    ...     print(lack.step, "-", lack.reason)
    proposal - proposed by attending, below associate_chief
    filing - not filed with the agency
    """
    by_patient = asked.reason == "patient_request"
    needed = {*(terms.patient_request_steps if by_patient else terms.steps)}
    if not asked.contracted:
        needed.update(terms.non_contracted_steps)
    lacks = {step: _lack(terms, asked, step) for step in STEPS if step in needed}
    missing = tuple(MissingStep(step, reason) for step, reason in lacks.items() if reason)
    as_contracted = asked.contracted and not (by_patient and terms.patient_request_tier == "non_contracted")
    return TransferOutcome(not missing, missing, "contracted" if as_contracted else "non_contracted")


def _lack(terms: ReferralTerms, asked: Transfer, step: str) -> str:
    """Why the step is missing, empty where it is there."""
    if step == "proposal":
        if asked.proposer_rank is None:
            return "no doctor proposed it"
        if RANKS.index(asked.proposer_rank) < RANKS.index(terms.lowest_rank):
            return f"proposed by {asked.proposer_rank}, below {terms.lowest_rank}"
        return ""
    done, reason = {
        "department_review": (asked.department_review, "not reviewed by the head of the department"),
        "office_approval": (asked.office_approval, "not approved by the hospital's insurance office"),
        "filing": (asked.filed, "not filed with the agency"),
    }[step]
    return "" if done else reason


@frozen
class FilingTerms:
    """How long a filing holds, by kind, where it states no end of its own (rule O12)."""

    lasting_kinds: tuple[str, ...] = terms_field(
        CodesKind(FILING_KINDS), "长期有效的备案", "kinds that hold until they are cancelled"
    )
    valid_days: int = terms_field(
        FigureKind("days"), "备案有效天数", "days that any other filing holds, its first day included"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a length that no filing can have."""
        if self.valid_days < 1 and set(FILING_KINDS) - set(self.lasting_kinds):
            raise InputError(f"valid_days counts the first day, so it is at least 1, not {self.valid_days}")


@frozen
class Filing:
    """One filing: its kind, first day, and the last day where it states one (`begndate`, `enddate`)."""

    kind: str
    begndate: datetime.date
    enddate: datetime.date | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown kind and a filing that ends before it starts."""
        if self.kind not in FILING_KINDS:
            raise InputError(f"filing kind {self.kind!r} is unknown; allowed: {', '.join(FILING_KINDS)}")
        if self.enddate is not None and self.enddate < self.begndate:
            raise InputError(f"the filing ends on {self.enddate}, before it starts on {self.begndate}")


@frozen
class FilingOutcome:
    """Whether the filing holds on the date, its last day (None: until cancelled), and the place class that follows."""

    valid: bool
    last_day: datetime.date | None
    place_class: str


def filing(terms: FilingTerms, filed: Filing, on: datetime.date) -> FilingOutcome:
    """Whether a filing is valid on the admission date, and the tier that results (rule O12).

    Source: 天津 2021 三(七) names the filing; its length is an open figure.
    """
    last_day = filed.enddate
    if last_day is None and filed.kind not in terms.lasting_kinds:
        last_day = filed.begndate + datetime.timedelta(days=terms.valid_days - 1)
    valid = filed.begndate <= on and (last_day is None or on <= last_day)
    return FilingOutcome(valid, last_day, filed.kind if valid else "unreferred")


@frozen
class Placement:
    """The place class and tier of care, and what decided them."""

    place_class: str
    tier: str
    reason: str


def placement(
    *,
    outside: bool,
    contracted: bool,
    sudden_illness: bool,
    transferred: TransferOutcome | None = None,
    filed: FilingOutcome | None = None,
) -> Placement:
    """The place class of care, from where it was given and what was agreed before (rules B08-B10, O12).

    outside: given outside the area; contracted: by an institution contracted there; sudden_illness: the person fell ill
    while away; transferred, filed: outcomes of `transfer` and `filing`, None where there is none.

    Asked in this order: care in the area; residence elsewhere on file; a transfer that passed its steps, or, where
    there is no transfer, a filing of one; sudden illness, on file or not; else the person went of their own accord.
    """
    tier = "contracted" if contracted else "non_contracted"
    on_file = filed.place_class if filed is not None else "unreferred"
    if not outside:
        return Placement("local", "contracted", "care in the area")
    if on_file == "resident_elsewhere":
        return Placement("resident_elsewhere", tier, "a filing of residence elsewhere holds")
    if transferred is not None and transferred.valid:
        return Placement("referred", transferred.tier, "the transfer passed its steps")
    if transferred is None and on_file == "referred":
        return Placement("referred", tier, "a filing of a referral holds")
    if sudden_illness or on_file == "emergency":
        return Placement("emergency", tier, "sudden illness while away")
    if transferred is not None:
        lacking = ", ".join(lack.step for lack in transferred.missing)
        return Placement("unreferred", tier, f"the transfer lacks {lacking}")
    return Placement("unreferred", tier, "neither a transfer nor a filing that holds")
