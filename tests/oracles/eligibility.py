"""Who is covered on a day, and the residents' incentive, read literally (formulas.md section 1).

`大病 cap + a per year of continuous enrolment beyond four + b per year without claims, at most 20%`; waiting period
3 months plus 1 per missed year.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["covered", "first_days", "incentive", "later"]

DAY = datetime.timedelta(days=1)


def later(day: datetime.date, months: int) -> datetime.date:
    """So many calendar months later, one month at a time; the last day of a month that is too short."""
    year, month = day.year, day.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    for number in range(day.day, 0, -1):
        try:
            return datetime.date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def _months_waited(terms: Mapping[str, Any], spans: Sequence[Mapping[str, Any]], at: Mapping[str, Any]) -> int:
    before = [span for span in spans if span["begins"] < at["begins"]]
    own_close = other_close = False
    for span in before:
        same = span["scheme"] == at["scheme"]
        limit = terms["continuous_within_months"] if same else terms["change_within_months"]
        close = span["ends"] is None or span["ends"] >= at["begins"]
        close = close or at["begins"] <= later(span["ends"] + DAY, limit)
        own_close, other_close = own_close or (same and close), other_close or (not same and close)
    if other_close:
        return 0
    interrupted = at["missed"] > 0 or (bool(before) and not own_close)
    holds = {"late": not at["on_time"], "interrupted": interrupted, "first": not before and at["missed"] == 0}
    causes = [cause for cause in terms["waits_for"] if holds[cause]]
    if not causes:
        return 0
    months: int = terms["fixed_months"]
    if "interrupted" in causes:
        more = at["missed"] * terms["months_per_missed_year"] - at["repaid"] * terms["months_per_repaid_year"]
        if more > 0:
            months += more
        if at["missed"] > 0 and at["missed"] >= terms["long_break_years"] and months < terms["long_break_months"]:
            months = terms["long_break_months"]
    return months


def first_days(
    terms: Mapping[str, Any], spans: Sequence[Mapping[str, Any]], birth: datetime.date | None, exempt: bool
) -> list[tuple[datetime.date, datetime.date | None]]:
    """First day of benefits and last day of each span of the scheme of the terms, earliest first."""
    found: list[tuple[datetime.date, datetime.date | None]] = []
    for span in sorted((each for each in spans if each["scheme"] == terms["scheme"]), key=lambda each: each["begins"]):
        newborn = False
        if birth is not None and terms["newborn_days"] > 0:
            newborn = span["enrolled"] in [birth + n * DAY for n in range(terms["newborn_days"] + 1)]
        months = 0 if newborn or exempt else _months_waited(terms, spans, span)
        start = span["begins"]
        if newborn:
            start = birth if terms["newborn_begins"] == "birth" else start
        elif terms["benefit_begins"] == "next_month":
            start = start.replace(day=1)
            start = later(start, 1)
        begun = later(start, months)
        first, last = found[-1] if found else (begun, None)
        if last is not None:
            if last + DAY == span["begins"] and not months:
                begun = span["begins"]  # it goes on as it was
            if span["begins"] <= later(last + DAY, terms["continuous_within_months"]) and first > begun:
                begun = first
        found.append((begun, span["ends"]))
    return found


def covered(
    terms: Mapping[str, Any],
    spans: Sequence[Mapping[str, Any]],
    birth: datetime.date | None,
    exempt: bool,
    on: datetime.date,
) -> bool:
    """Whether any span has begun its benefits by the day and still runs."""
    return any(begun <= on and (ends is None or on <= ends) for begun, ends in first_days(terms, spans, birth, exempt))


def incentive(terms: Mapping[str, Any], ceiling: int | None, continuous: int, claim_free: int) -> dict[str, Any]:
    """The addition and the ceiling after, fen; a ceiling of None does not exist."""
    years = [year for year in range(1, continuous + 1) if year > terms["qualifying_years"]]
    for_enrolment = sum(terms["per_year"] for _ in years)
    for_no_claims = sum(terms["per_claim_free_year"] for _ in range(claim_free))
    most = half_up(Fraction(10**12 if ceiling is None else ceiling) * terms["most_of_ceiling"])
    addition = min(for_enrolment + for_no_claims, most)
    after = None if ceiling is None or ceiling + addition >= 10**12 else ceiling + addition
    return {
        "years_beyond": len(years),
        "for_enrolment": for_enrolment,
        "for_no_claims": for_no_claims,
        "most": most,
        "addition": addition,
        "ceiling_after": after,
    }
