"""Who is covered on a day (参保与待遇享受): insured spans, waiting periods, newborns, a change of scheme in the year.

Formulas.md section 1, "Residents' incentive": waiting period 3 months plus 1 per missed year.  What was paid, and
when, is an input; months, days and exemptions are terms.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from attrs import field, frozen

from mipolicy.axes import SCHEMES
from mipolicy.calendar import months_later
from mipolicy.errors import CodeError, InputError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, terms_field

__all__ = [
    "WAIT_CAUSES",
    "BothSchemesTerms",
    "Eligibility",
    "EligibilityTerms",
    "Insured",
    "InsuredSpan",
    "covering_scheme",
    "eligible",
    "waiting_months",
]

WAIT_CAUSES: Final = ("late", "interrupted", "first")
"""未在集中参保期内参保, 未连续参保, 首次参保: what may make a person wait; which of them do is data."""
_DAY: Final = datetime.timedelta(days=1)
_MOST_MONTHS: Final = 120


@frozen
class EligibilityTerms:
    """When one scheme's benefits begin."""

    scheme: str = terms_field(ChoiceKind(SCHEMES), "险种", "scheme")
    benefit_begins: str = terms_field(
        ChoiceKind(("same_day", "next_month")), "待遇起始", "benefits begin on the first insured day or the next month"
    )
    waits_for: tuple[str, ...] = terms_field(
        CodesKind(WAIT_CAUSES), "设置等待期的情形", "what makes a person wait for benefits"
    )
    fixed_months: int = terms_field(FigureKind("count"), "固定待遇等待期月数", "months waited in any such case")
    months_per_missed_year: int = terms_field(
        FigureKind("count"), "每断保一年增加的月数", "months more for each missed year"
    )
    months_per_repaid_year: int = terms_field(
        FigureKind("count"), "每补缴一年减少的月数", "months less for each missed year paid afterwards"
    )
    long_break_years: int = terms_field(FigureKind("count"), "长期断保年数", "missed years that make a long break")
    long_break_months: int = terms_field(
        FigureKind("count"), "长期断保最低等待月数", "months waited at least after a long break"
    )
    continuous_within_months: int = terms_field(
        FigureKind("count"), "视为连续参保的中断月数", "a break up to these months is no interruption"
    )
    change_within_months: int = terms_field(
        FigureKind("count"), "转换险种免等待的月数", "no wait when the other scheme ended at most so many months before"
    )
    newborn_days: int = terms_field(
        FigureKind("days"), "新生儿参保天数", "days after birth within which a newborn is enrolled without a wait"
    )
    newborn_begins: str = terms_field(
        ChoiceKind(("birth", "enrolment")), "新生儿待遇起始", "a newborn's benefits begin at birth or at enrolment"
    )
    exempt_groups: tuple[str, ...] = terms_field(
        CodesKind(), "免等待期人员", "groups that never wait, by codes of the place (psn_idet_type)"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse waits that no calendar holds."""
        for name in (
            "fixed_months",
            "months_per_missed_year",
            "long_break_months",
            "continuous_within_months",
            "change_within_months",
        ):
            if getattr(self, name) > _MOST_MONTHS:
                raise InputError(f"{name} is {getattr(self, name)} months, allowed is up to {_MOST_MONTHS}")


@frozen
class BothSchemesTerms:
    """Which scheme covers a day that both would cover."""

    prevails: str = terms_field(
        ChoiceKind((*SCHEMES, "later")), "重复参保时的适用险种", "the scheme that covers, or that which began later"
    )


@frozen
class InsuredSpan:
    """One span of being insured in a scheme; days inclusive, enddate None while it lasts (`psn_insu_date`).

    enrolled: the day of enrolment, None for the first insured day; on_time: enrolled within the enrolment period, or by
    the employer as due; missed_years: years missed before it; repaid_years: those of them paid afterwards.
    """

    scheme: str
    begndate: datetime.date
    enddate: datetime.date | None = None
    enrolled: datetime.date | None = None
    on_time: bool = field(kw_only=True)
    missed_years: int = field(default=0, kw_only=True)
    repaid_years: int = field(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown scheme, a span that ends before it starts, and years that cannot be."""
        if self.scheme not in SCHEMES:
            raise CodeError(f"unknown scheme {self.scheme!r}; allowed: {', '.join(SCHEMES)}")
        if self.enddate is not None and self.enddate < self.begndate:
            raise InputError(f"the insured span ends on {self.enddate}, before it starts on {self.begndate}")
        if not 0 <= self.repaid_years <= self.missed_years <= 100:
            raise InputError(
                f"{self.repaid_years} of {self.missed_years} missed years are repaid: "
                "repaid years lie between 0 and the missed ones, which are at most 100"
            )


def _spans(spans: Iterable[InsuredSpan]) -> tuple[InsuredSpan, ...]:
    return tuple(spans)


def _groups(groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(groups)


@frozen
class Insured:
    """One person: every insured span in either scheme, the day of birth where it matters, the groups belonged to."""

    spans: tuple[InsuredSpan, ...] = field(converter=_spans)
    birth: datetime.date | None = None
    groups: tuple[str, ...] = field(default=(), converter=_groups)

    def __attrs_post_init__(self) -> None:
        """Refuse spans of one scheme that overlap, and enrolment before birth."""
        for scheme in SCHEMES:
            spans = self.of(scheme)
            for before, after in pairwise(spans):
                if before.enddate is None or before.enddate >= after.begndate:
                    ends = "has no end" if before.enddate is None else f"ends on {before.enddate}"
                    raise InputError(
                        f"two spans of the {scheme} scheme overlap: one {ends}, the next starts on {after.begndate}"
                    )
        for span in self.spans:
            if self.birth is not None and min(span.begndate, span.enrolled or span.begndate) < self.birth:
                raise InputError(f"insured from {span.begndate}, before the birth on {self.birth}")

    def of(self, scheme: str) -> list[InsuredSpan]:
        """The spans of a scheme, earliest first."""
        return sorted((span for span in self.spans if span.scheme == scheme), key=lambda span: span.begndate)


@frozen
class Eligibility:
    """Whether a scheme covers the day, why, the first day of benefits, and the months waited for it.

    first_day: None where no span is in force on the day; span: the one that decides.
    """

    covered: bool
    reason: str
    first_day: datetime.date | None
    waiting_months: int
    span: InsuredSpan | None


def eligible(terms: EligibilityTerms, person: Insured, on: datetime.date) -> Eligibility:
    """Whether the scheme of the terms covers the person on a day, and from which day on (formulas.md section 1).

    A wait that is not over at the end of a span runs on into the span that continues it.

    >>> terms = EligibilityTerms("resident", "same_day", ("late",), 3, 1, 1, 4, 6, 0, 3, 90, "birth", ())
    >>> person = Insured([InsuredSpan("resident", datetime.date(2025, 4, 10), on_time=False)])
    >>> eligible(terms, person, datetime.date(2025, 7, 9)).reason
    'waits 3 month(s): late; benefits begin on 2025-07-10'
    """
    for span, first_day, months, reason in _benefits(terms, person):
        if on < min(span.begndate, first_day) or (span.enddate is not None and span.enddate < on):
            continue
        if first_day <= on:
            return Eligibility(True, "covered", first_day, months, span)
        return Eligibility(False, f"{reason}; benefits begin on {first_day}", first_day, months, span)
    return Eligibility(False, f"not insured in the {terms.scheme} scheme on {on}", None, 0, None)


def _benefits(terms: EligibilityTerms, person: Insured) -> Iterator[tuple[InsuredSpan, datetime.date, int, str]]:
    """Each span of the scheme with its first day of benefits, the months waited and what for."""
    before: InsuredSpan | None = None
    until = datetime.date.min
    for span in person.of(terms.scheme):
        months, causes = _wait(terms, person, span)
        reason = f"waits {months} month(s): {', '.join(causes)}" if months else "insured, benefits not begun"
        first_day = months_later(_start(terms, person, span), months)
        if before is not None and _close(before, span, terms.continuous_within_months):
            if before.enddate == span.begndate - _DAY and not months:
                first_day = span.begndate
            if until > first_day:
                first_day, reason = until, "the wait of the span before is not over"
        yield span, first_day, months, reason
        before, until = span, first_day


def waiting_months(terms: EligibilityTerms, person: Insured, span: InsuredSpan) -> int:
    """The months that a person waits for the benefits of a span (formulas.md section 1).

    Fixed months, and more for each missed year less those repaid; after a long break not below a minimum.  Nobody waits
    who is a newborn enrolled in time, belongs to an exempt group, or changes over from the other scheme in time.
    """
    return _wait(terms, person, span)[0]


def _wait(terms: EligibilityTerms, person: Insured, span: InsuredSpan) -> tuple[int, list[str]]:
    causes = [cause for cause in _causes(terms, person, span) if cause in terms.waits_for]
    if not causes or _is_newborn(terms, person, span) or set(person.groups) & set(terms.exempt_groups):
        return 0, []
    months = terms.fixed_months
    if "interrupted" in causes:
        by_years = span.missed_years * terms.months_per_missed_year - span.repaid_years * terms.months_per_repaid_year
        months += max(0, by_years)
        if span.missed_years and span.missed_years >= terms.long_break_years:
            months = max(months, terms.long_break_months)
    return months, causes


def _causes(terms: EligibilityTerms, person: Insured, span: InsuredSpan) -> list[str]:
    """What may make the person wait, whatever the place says of it."""
    earlier = [each for each in person.spans if each.begndate < span.begndate]
    if any(each.scheme != span.scheme and _close(each, span, terms.change_within_months) for each in earlier):
        return []
    causes = [] if span.on_time else ["late"]
    own = [each for each in earlier if each.scheme == span.scheme]
    continuous = any(_close(each, span, terms.continuous_within_months) for each in own)
    if span.missed_years or (earlier and not continuous):
        causes.append("interrupted")
    if not earlier and not span.missed_years:
        causes.append("first")
    return causes


def _close(before: InsuredSpan, span: InsuredSpan, months: int) -> bool:
    """Whether a span ended at most so many months before the other began; a span that still runs did."""
    if before.enddate is None or before.enddate >= span.begndate:
        return True
    return span.begndate <= months_later(before.enddate + _DAY, months)


def _is_newborn(terms: EligibilityTerms, person: Insured, span: InsuredSpan) -> bool:
    """Whether the span is a newborn's, enrolled in time; the last day counts (reading A44)."""
    if person.birth is None or not terms.newborn_days:
        return False
    return ((span.enrolled or span.begndate) - person.birth).days <= terms.newborn_days


def _start(terms: EligibilityTerms, person: Insured, span: InsuredSpan) -> datetime.date:
    """The day from which a wait is counted."""
    if _is_newborn(terms, person, span):
        return person.birth if terms.newborn_begins == "birth" and person.birth else span.begndate
    return span.begndate if terms.benefit_begins == "same_day" else months_later(span.begndate.replace(day=1), 1)


def covering_scheme(
    both: BothSchemesTerms, terms: Mapping[str, EligibilityTerms], person: Insured, on: datetime.date
) -> Eligibility:
    """Which scheme covers a person on a day, where the scheme may have changed in the year.

    both: what holds where both would cover the day; terms: of each scheme that the person is insured in, by its name.
    Until the benefits of the new scheme begin, the old one covers if it is still in force.  Where neither covers, the
    answer is that of a scheme in which the person waits, if there is one.
    Raises InputError where terms are missing, or where the later of two spans of one first day is asked for.
    """
    found = []
    for scheme in SCHEMES:
        if not person.of(scheme):
            continue
        if scheme not in terms or terms[scheme].scheme != scheme:
            raise InputError(f"the person has spans in the {scheme} scheme: its terms are needed under {scheme!r}")
        found.append(eligible(terms[scheme], person, on))
    covering = [each for each in found if each.covered]
    if not covering:
        waiting = [each for each in found if each.span is not None]
        return waiting[0] if waiting else Eligibility(False, f"not insured in any scheme on {on}", None, 0, None)
    if len(covering) == 1:
        return covering[0]
    if both.prevails != "later":
        return covering[SCHEMES.index(both.prevails)]
    starts = [each.span.begndate for each in covering if each.span is not None]
    if starts[0] == starts[1]:
        raise InputError(f"both schemes began on {starts[0]}: which began later cannot be told; correct the spans")
    return covering[starts.index(max(starts))]
