"""Who is covered on a day: waiting periods, newborns, breaks, a change of scheme in the year."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy import packs
from mipolicy.benefits.eligibility import (
    WAIT_CAUSES,
    BothSchemesTerms,
    Eligibility,
    EligibilityTerms,
    Insured,
    InsuredSpan,
    covering_scheme,
    eligible,
    waiting_months,
)
from mipolicy.errors import CodeError, InputError
from mipolicy.rooms import SECTIONS
from tests.oracles import eligibility as oracle

many = settings(max_examples=100, deadline=None)
DAY = datetime.timedelta(days=1)

# 3 months and 1 for each missed year, 1 less for each repaid, 6 at least from 4 missed years on: figures made up, the
# first two as formulas.md has them.
RESIDENT = EligibilityTerms(
    scheme="resident",
    benefit_begins="same_day",
    waits_for=("late", "interrupted"),
    fixed_months=3,
    months_per_missed_year=1,
    months_per_repaid_year=1,
    long_break_years=4,
    long_break_months=6,
    continuous_within_months=0,
    change_within_months=3,
    newborn_days=90,
    newborn_begins="birth",
    exempt_groups=("V01",),
)
EMPLOYEE = EligibilityTerms(
    scheme="employee",
    benefit_begins="next_month",
    waits_for=("interrupted", "first"),
    fixed_months=6,
    months_per_missed_year=0,
    months_per_repaid_year=0,
    long_break_years=0,
    long_break_months=0,
    continuous_within_months=3,
    change_within_months=3,
    newborn_days=0,
    newborn_begins="enrolment",
    exempt_groups=(),
)
TERMS = {"employee": EMPLOYEE, "resident": RESIDENT}


def resident(first: date, last: date | None = None, *, on_time: bool = True, **more: Any) -> InsuredSpan:
    return InsuredSpan("resident", first, last, on_time=on_time, **more)


def employee(first: date, last: date | None = None, *, on_time: bool = True, **more: Any) -> InsuredSpan:
    return InsuredSpan("employee", first, last, on_time=on_time, **more)


YEAR_2024 = resident(date(2024, 1, 1), date(2024, 12, 31))
YEAR_2025 = resident(date(2025, 1, 1), date(2025, 12, 31))

# ---------------------------------------------------------------------------------------------------- insured or not


@pytest.mark.parametrize(
    ("on", "covered", "reason"),
    [
        (date(2024, 12, 31), False, "not insured in the resident scheme on 2024-12-31"),
        (date(2025, 1, 1), True, "covered"),
        (date(2025, 12, 31), True, "covered"),
        (date(2026, 1, 1), False, "not insured in the resident scheme on 2026-01-01"),
    ],
)
def test_a_span_covers_its_first_and_its_last_day(on: date, covered: bool, reason: str) -> None:
    found = eligible(RESIDENT, Insured([YEAR_2025]), on)
    assert found == Eligibility(
        covered, reason, date(2025, 1, 1) if covered else None, 0, YEAR_2025 if covered else None
    )


def test_a_person_without_spans_is_not_insured() -> None:
    assert not eligible(RESIDENT, Insured([]), date(2025, 1, 1)).covered
    assert not eligible(EMPLOYEE, Insured([YEAR_2025]), date(2025, 1, 1)).covered


# ------------------------------------------------------------------------------------------------------------ waiting


@pytest.mark.parametrize(
    ("span", "earlier", "months", "first_day"),
    [
        # late: three months; the same day of the month, or its last
        (resident(date(2025, 3, 10), on_time=False), YEAR_2024, 3, date(2025, 6, 10)),
        (resident(date(2024, 11, 30), on_time=False), None, 3, date(2025, 2, 28)),
        # enrolled in time, first enrolment or the year after
        (YEAR_2025, YEAR_2024, 0, date(2025, 1, 1)),
        (YEAR_2025, None, 0, date(2025, 1, 1)),
        # one missed year: 3 + 1; two: 3 + 2; two of which one is repaid: 3 + 1; both repaid: 3
        (resident(date(2026, 1, 1), missed_years=1), YEAR_2024, 4, date(2026, 5, 1)),
        (resident(date(2027, 1, 1), missed_years=2), YEAR_2024, 5, date(2027, 6, 1)),
        (resident(date(2027, 1, 1), missed_years=2, repaid_years=1), YEAR_2024, 4, date(2027, 5, 1)),
        (resident(date(2027, 1, 1), missed_years=2, repaid_years=2), YEAR_2024, 3, date(2027, 4, 1)),
        # four missed years: 3 + 4; repaid, six at least
        (resident(date(2029, 1, 1), missed_years=4), YEAR_2024, 7, date(2029, 8, 1)),
        (resident(date(2029, 1, 1), missed_years=4, repaid_years=4), YEAR_2024, 6, date(2029, 7, 1)),
        (resident(date(2028, 1, 1), missed_years=3, repaid_years=3), YEAR_2024, 3, date(2028, 4, 1)),
        # a break without a whole missed year
        (resident(date(2025, 3, 1)), YEAR_2024, 3, date(2025, 6, 1)),
        # missed years of which no span is recorded
        (resident(date(2027, 1, 1), missed_years=2), None, 5, date(2027, 6, 1)),
        # over from the employees' scheme: up to three months after it ended nobody waits, late or not
        (
            resident(date(2025, 7, 1), on_time=False),
            employee(date(2020, 1, 1), date(2025, 3, 31)),
            0,
            date(2025, 7, 1),
        ),
        (
            resident(date(2025, 7, 2), on_time=False),
            employee(date(2020, 1, 1), date(2025, 3, 31)),
            3,
            date(2025, 10, 2),
        ),
    ],
)
def test_three_months_and_one_for_each_missed_year(
    span: InsuredSpan, earlier: InsuredSpan | None, months: int, first_day: date
) -> None:
    """formulas.md section 1: 「waiting period 3 months plus 1 per missed year」."""
    person = Insured([span] if earlier is None else [span, earlier])
    assert waiting_months(RESIDENT, person, span) == months
    begun = eligible(RESIDENT, person, first_day)
    assert (begun.covered, begun.first_day, begun.waiting_months) == (True, first_day, months)
    if months:
        before = eligible(RESIDENT, person, first_day - DAY)
        assert (before.covered, before.first_day) == (False, first_day)
        assert before.reason.startswith(f"waits {months} month(s): ")
        assert before.reason.endswith(f"; benefits begin on {first_day}")


def test_the_reason_names_every_cause() -> None:
    span = resident(date(2026, 3, 1), on_time=False, missed_years=1)
    found = eligible(RESIDENT, Insured([span, YEAR_2024]), date(2026, 3, 1))
    assert found.reason == "waits 4 month(s): late, interrupted; benefits begin on 2026-07-01"


def test_missed_years_count_only_where_an_interruption_waits() -> None:
    span = resident(date(2026, 3, 1), on_time=False, missed_years=5)
    only_late = attrs.evolve(RESIDENT, waits_for=("late",))
    assert waiting_months(only_late, Insured([span]), span) == 3
    assert waiting_months(attrs.evolve(RESIDENT, waits_for=()), Insured([span]), span) == 0


def test_members_of_exempt_groups_never_wait() -> None:
    span = resident(date(2026, 3, 1), on_time=False, missed_years=5)
    assert waiting_months(RESIDENT, Insured([span], groups=["V01", "X"]), span) == 0
    assert waiting_months(RESIDENT, Insured([span], groups=["V02"]), span) == 8


@pytest.mark.parametrize(
    ("spans", "months", "first_day"),
    [
        # first employment, from the next month on: six months
        ([employee(date(2025, 3, 10))], 6, date(2025, 10, 1)),
        # a break of three months exactly is none, of a day more it is one
        ([employee(date(2024, 1, 1), date(2025, 3, 31)), employee(date(2025, 7, 1))], 0, date(2025, 8, 1)),
        ([employee(date(2024, 1, 1), date(2025, 3, 31)), employee(date(2025, 7, 2))], 6, date(2026, 2, 1)),
        # a new employer the day after: no month is lost
        ([employee(date(2024, 1, 1), date(2025, 3, 14)), employee(date(2025, 3, 15))], 0, date(2025, 3, 15)),
        # over from the residents' scheme
        ([YEAR_2025, employee(date(2025, 5, 20))], 0, date(2025, 6, 1)),
    ],
)
def test_employees(spans: list[InsuredSpan], months: int, first_day: date) -> None:
    found = eligible(EMPLOYEE, Insured(spans), first_day)
    assert (found.covered, found.first_day, found.waiting_months) == (True, first_day, months)


def test_benefits_that_begin_next_month() -> None:
    hired = employee(date(2025, 5, 20))
    found = eligible(EMPLOYEE, Insured([YEAR_2025, hired]), date(2025, 5, 31))
    assert found.reason == "insured, benefits not begun; benefits begin on 2025-06-01"


def test_a_wait_runs_on_into_the_span_that_follows() -> None:
    """Late in November 2025 after five missed years: 8 months, over the turn of the year."""
    late = resident(date(2025, 11, 1), date(2025, 12, 31), on_time=False, missed_years=5)
    person = Insured([late, resident(date(2026, 1, 1), date(2026, 12, 31))])
    found = eligible(RESIDENT, person, date(2026, 6, 30))
    assert found.reason == "the wait of the span before is not over; benefits begin on 2026-07-01"
    assert (found.covered, found.first_day) == (False, date(2026, 7, 1))
    assert eligible(RESIDENT, person, date(2026, 7, 1)).covered
    # a break that is no interruption does not end the wait; one that is makes the second span wait by itself
    apart = Insured([late, resident(date(2026, 1, 2), date(2026, 12, 31))])
    tolerant = attrs.evolve(RESIDENT, continuous_within_months=1)
    assert eligible(tolerant, apart, date(2026, 1, 2)).first_day == date(2026, 7, 1)
    assert eligible(RESIDENT, apart, date(2026, 1, 2)).first_day == date(2026, 4, 2)


# ----------------------------------------------------------------------------------------------------------- newborns


@pytest.mark.parametrize(
    ("enrolled", "begins", "expected"),
    [
        # born on 10 May 2025: the ninetieth day after is 8 August
        (date(2025, 8, 8), "birth", date(2025, 5, 10)),
        (date(2025, 8, 8), "enrolment", date(2025, 8, 8)),
        (date(2025, 8, 9), "birth", date(2025, 11, 9)),
        (date(2025, 5, 10), "birth", date(2025, 5, 10)),
    ],
)
def test_newborns_enrolled_within_the_days(enrolled: date, begins: str, expected: date) -> None:
    terms = attrs.evolve(RESIDENT, newborn_begins=begins)
    baby = Insured([resident(enrolled, on_time=False)], birth=date(2025, 5, 10))
    found = eligible(terms, baby, expected)
    assert (found.covered, found.first_day) == (True, expected)
    assert not eligible(terms, baby, expected - DAY).covered


def test_a_newborn_s_span_may_begin_at_birth_and_be_enrolled_later() -> None:
    born = date(2025, 5, 10)
    in_time = Insured([resident(born, on_time=False, enrolled=date(2025, 8, 8))], birth=born)
    assert eligible(RESIDENT, in_time, born).covered
    too_late = Insured([resident(born, on_time=False, enrolled=date(2025, 8, 9))], birth=born)
    assert eligible(RESIDENT, too_late, born).first_day == date(2025, 8, 10)
    without = attrs.evolve(RESIDENT, newborn_days=0)
    assert waiting_months(without, in_time, in_time.spans[0]) == 3


# --------------------------------------------------------------------------------------------------- change of scheme

HIRED = employee(date(2025, 5, 20), date(2025, 8, 31))
CHANGER = Insured([YEAR_2025, HIRED])


@pytest.mark.parametrize(
    ("on", "prevails", "scheme"),
    [
        (date(2025, 5, 19), "employee", "resident"),
        (date(2025, 5, 31), "employee", "resident"),  # until the new scheme pays, the old one does
        (date(2025, 6, 1), "employee", "employee"),
        (date(2025, 8, 31), "employee", "employee"),
        (date(2025, 9, 1), "employee", "resident"),
        (date(2025, 6, 1), "resident", "resident"),
        (date(2025, 6, 1), "later", "employee"),
        (date(2025, 9, 1), "later", "resident"),
    ],
)
def test_which_scheme_covers_a_day_of_a_year_with_a_change(on: date, prevails: str, scheme: str) -> None:
    found = covering_scheme(BothSchemesTerms(prevails), TERMS, CHANGER, on)
    assert found.covered
    assert found.span is not None
    assert found.span.scheme == scheme


def test_where_neither_scheme_covers() -> None:
    both = BothSchemesTerms("employee")
    assert covering_scheme(both, TERMS, CHANGER, date(2024, 1, 1)) == Eligibility(
        False, "not insured in any scheme on 2024-01-01", None, 0, None
    )
    assert covering_scheme(both, {}, Insured([]), date(2024, 1, 1)).span is None
    late = resident(date(2025, 3, 10), on_time=False)
    waits = covering_scheme(
        both, TERMS, Insured([late, employee(date(2020, 1, 1), date(2020, 2, 1))]), date(2025, 4, 1)
    )
    assert (waits.covered, waits.span) == (False, late)
    assert covering_scheme(both, {"resident": RESIDENT}, Insured([YEAR_2025]), date(2025, 4, 1)).covered


# ------------------------------------------------------------------------------------------------------------- oracle

dates = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@st.composite
def persons(draw: DrawFn) -> Insured:
    spans = []
    for scheme in ("employee", "resident"):
        first = draw(dates)
        for _ in range(draw(st.integers(0, 3))):
            last = first + draw(st.integers(0, 400)) * DAY
            missed = draw(st.sampled_from((0, 0, 0, 1, 3, 4, 6)))
            spans.append(
                InsuredSpan(
                    scheme,
                    first,
                    last,
                    first + draw(st.integers(0, 40)) * DAY,
                    on_time=draw(st.booleans()),
                    missed_years=missed,
                    repaid_years=draw(st.integers(0, missed)),
                )
            )
            first = last + draw(st.sampled_from((1, 1, 2, 31, 90, 92, 93, 200))) * DAY
        if draw(st.booleans()) and spans:
            spans[-1] = attrs.evolve(spans[-1], enddate=None)
    starts = [span.begndate for span in spans]
    birth = min(starts) - draw(st.integers(0, 120)) * DAY if draw(st.booleans()) and starts else None
    groups = draw(st.sampled_from(((), (), ("V01",), ("V09",))))
    return Insured(tuple(draw(st.permutations(spans))), birth, groups)


months = st.integers(0, 8)
terms_of = st.builds(
    EligibilityTerms,
    scheme=st.sampled_from(("employee", "resident")),
    benefit_begins=st.sampled_from(("same_day", "next_month")),
    waits_for=st.sets(st.sampled_from(WAIT_CAUSES)).map(sorted).map(tuple),
    fixed_months=months,
    months_per_missed_year=months,
    months_per_repaid_year=months,
    long_break_years=months,
    long_break_months=st.integers(0, 40),
    continuous_within_months=months,
    change_within_months=months,
    newborn_days=st.integers(0, 100),
    newborn_begins=st.sampled_from(("birth", "enrolment")),
    exempt_groups=st.just(("V01",)),
)


def in_words(span: InsuredSpan) -> dict[str, Any]:
    return {
        "scheme": span.scheme,
        "begins": span.begndate,
        "ends": span.enddate,
        "enrolled": span.enrolled,
        "on_time": span.on_time,
        "missed": span.missed_years,
        "repaid": span.repaid_years,
    }


@many
@given(terms_of, persons(), st.data())
def test_coverage_against_the_oracle(terms: EligibilityTerms, person: Insured, data: st.DataObject) -> None:
    words, spans = attrs.asdict(terms), [in_words(span) for span in person.spans]
    exempt = "V01" in person.groups
    firsts = oracle.first_days(words, spans, person.birth, exempt)
    near = [day for first, last in firsts for day in (first - DAY, first, last or first, (last or first) + DAY)]
    on = data.draw(st.one_of(st.sampled_from(near), dates) if near else dates)
    found = eligible(terms, person, on)
    assert found.covered == oracle.covered(words, spans, person.birth, exempt, on)
    if found.covered:
        assert found.reason == "covered"
        assert found.first_day is not None
        assert found.first_day <= on
    elif found.span is not None:
        assert found.first_day in [first for first, _ in firsts]
        assert found.first_day is not None
        assert found.first_day > on
    else:
        assert (found.first_day, found.waiting_months) == (None, 0)


@many
@given(terms_of, persons(), dates, st.integers(1, 5))
def test_longer_waits_never_bring_benefits_forward(
    terms: EligibilityTerms, person: Insured, on: date, more: int
) -> None:
    longer = attrs.evolve(terms, fixed_months=terms.fixed_months + more)
    assert eligible(longer, person, on).covered <= eligible(terms, person, on).covered
    for span in person.of(terms.scheme):
        assert waiting_months(terms, person, span) <= waiting_months(longer, person, span)


@many
@given(persons(), dates, st.sampled_from(("employee", "resident")))
def test_whoever_is_covered_by_a_scheme_is_covered(person: Insured, on: date, prevails: str) -> None:
    covered = {scheme for scheme in TERMS if eligible(TERMS[scheme], person, on).covered}
    found = covering_scheme(BothSchemesTerms(prevails), TERMS, person, on)
    assert found.covered is bool(covered)
    if found.span is not None and found.covered:
        assert found.span.scheme == (prevails if len(covered) == 2 else covered.pop())


# -------------------------------------------------------------------------------------------------------------- input


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: resident(date(2025, 1, 1), date(2024, 12, 31)),
            InputError,
            "the insured span ends on 2024-12-31, before it starts on 2025-01-01",
        ),
        (
            lambda: InsuredSpan("390", date(2025, 1, 1), on_time=True),
            CodeError,
            "unknown scheme '390'; allowed: employee, resident",
        ),
        (
            lambda: resident(date(2025, 1, 1), missed_years=1, repaid_years=2),
            InputError,
            "2 of 1 missed years are repaid: repaid years lie between 0 and the missed ones, which are at most 100",
        ),
        (
            lambda: resident(date(2025, 1, 1), missed_years=101),
            InputError,
            "0 of 101 missed years are repaid: repaid years lie between 0 and the missed ones, which are at most 100",
        ),
        (
            lambda: resident(date(2025, 1, 1), missed_years=1, repaid_years=-1),
            InputError,
            "-1 of 1 missed years are repaid: repaid years lie between 0 and the missed ones, which are at most 100",
        ),
        (
            lambda: Insured([YEAR_2025, resident(date(2025, 12, 31))]),
            InputError,
            "two spans of the resident scheme overlap: one ends on 2025-12-31, the next starts on 2025-12-31",
        ),
        (
            lambda: Insured([employee(date(2025, 5, 1)), employee(date(2024, 1, 1))]),
            InputError,
            "two spans of the employee scheme overlap: one has no end, the next starts on 2025-05-01",
        ),
        (
            lambda: Insured([YEAR_2025], birth=date(2025, 1, 2)),
            InputError,
            "insured from 2025-01-01, before the birth on 2025-01-02",
        ),
        (
            lambda: covering_scheme(BothSchemesTerms("later"), {"resident": RESIDENT}, CHANGER, date(2025, 6, 1)),
            InputError,
            "the person has spans in the employee scheme: its terms are needed under 'employee'",
        ),
        (
            lambda: covering_scheme(
                BothSchemesTerms("later"), {"employee": RESIDENT, "resident": RESIDENT}, CHANGER, date(2025, 6, 1)
            ),
            InputError,
            "the person has spans in the employee scheme: its terms are needed under 'employee'",
        ),
        (
            lambda: covering_scheme(
                BothSchemesTerms("later"),
                {**TERMS, "employee": attrs.evolve(EMPLOYEE, waits_for=())},
                Insured([YEAR_2025, employee(date(2025, 1, 1))]),
                date(2025, 6, 1),
            ),
            InputError,
            "both schemes began on 2025-01-01: which began later cannot be told; correct the spans",
        ),
        (
            lambda: attrs.evolve(RESIDENT, fixed_months=121),
            InputError,
            "fixed_months is 121 months, allowed is up to 120",
        ),
        (
            lambda: attrs.evolve(RESIDENT, change_within_months=1000),
            InputError,
            "change_within_months is 1000 months, allowed is up to 120",
        ),
        (
            lambda: eligible(RESIDENT, Insured([resident(date(9999, 11, 1), on_time=False)]), date(9999, 12, 1)),
            InputError,
            "3 months from 9999-11-01 leave the years 1 to 9999",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message


def test_spans_that_touch_do_not_overlap_and_an_end_of_9999_is_an_end() -> None:
    forever = date(9999, 12, 31)
    person = Insured([YEAR_2024, resident(date(2025, 1, 1), forever), employee(date(2025, 5, 20), forever)])
    assert eligible(RESIDENT, person, forever).covered
    assert eligible(EMPLOYEE, person, date(2025, 6, 1)).covered


# ------------------------------------------------------------------------------------------------------------- policy


def test_sections_say_their_scheme_and_employees_are_not_born() -> None:
    policy = packs.load("assumed")
    for scheme in ("employee", "resident"):
        section = SECTIONS[f"eligibility.{scheme}"]
        terms = policy.terms(EligibilityTerms, on=date(2025, 1, 1), section=section.name)
        assert terms.scheme == scheme
        assert ("newborn_days" in section.fixed) is (scheme == "employee")
    both = policy.terms(BothSchemesTerms, on=date(2025, 1, 1))
    terms_by_scheme = {
        scheme: policy.terms(EligibilityTerms, on=date(2025, 1, 1), section=f"eligibility.{scheme}")
        for scheme in ("employee", "resident")
    }
    found = covering_scheme(both, terms_by_scheme, CHANGER, date(2025, 6, 1))
    assert found.span == HIRED
