"""What each room is given of a bill and of the totals, and what a bill adds to them."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import numpy as np
import pytest

import mipolicy
from mipolicy import Bill, Totals
from mipolicy.axes import LEVEL, SCHEMES
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.bill import Days
from mipolicy.benefits.claim import (
    Claim,
    Codes,
    Texts,
    designated_of,
    recognised_of,
    settle_claim,
    stay_of,
    visit_of,
)
from mipolicy.benefits.cover import Rules
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.settlement import section_name
from mipolicy.benefits.statement import Parts
from mipolicy.benefits.totals import Posting
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.money import NO_LIMIT
from mipolicy.texts import Coded
from tests.batch import overlay, stay, visit

POLICY = mipolicy.load("assumed")
TERTIARY, SECONDARY, LEVEL_1, PRIMARY, UNGRADED = range(5)


def on(text: str) -> int:
    return day_number(datetime.date.fromisoformat(text))


def claim(
    day: str = "2025-03-01",
    begins: str = "",
    ends: str = "",
    *,
    fen: int = 100_000,
    texts: Texts | None = None,
    **given: int,
) -> Claim[int]:
    """A claim of a public secondary hospital's bill."""
    adm, dscg = given.pop("adm", NO_DAY), given.pop("dscg", NO_DAY)
    days = Days(on(day), adm, dscg, on(begins) if begins else NO_DAY, on(ends) if ends else NO_DAY)
    parts = Parts(fen, 0, 0, 0, fen, 0)
    texts = texts or Texts("H1", "", "", "")
    codes: dict[str, int] = dict.fromkeys((each.name for each in attrs.fields(Codes)), 0)
    codes |= {"hosp_lv": SECONDARY, "designated": designated_of(texts), "recognised": recognised_of(days), **given}
    return Claim(days, parts, Codes(**codes), texts, 0)


def columns(*claims: Claim[int]) -> Claim[Any]:
    """Claims as columns."""

    def together(kind: type[Any], of: str) -> Any:
        values = {each.name: [getattr(getattr(one, of), each.name) for one in claims] for each in attrs.fields(kind)}
        return kind(**{name: Coded.of(v) if kind is Texts else np.array(v, np.int64) for name, v in values.items()})

    records = (together(Days, "days"), together(Parts, "parts"), together(Codes, "codes"), together(Texts, "texts"))
    return Claim(*records, np.zeros(len(claims), np.int64))


# ------------------------------------------------------------------------------------------------------------- flags


@pytest.mark.parametrize(
    ("here", "registered", "expected"),
    [("H1", "H1", 1), ("H1", "H2", 0), ("H1", "", 0), ("", "", 0), ("H1", "H1 ", 0)],
)
def test_designated_is_where_the_person_is_registered(here: str, registered: str, expected: int) -> None:
    assert claim(texts=Texts(here, registered, "", "")).codes.designated == expected


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("", "", 0),
        ("", "2025-12-31", 0),
        ("2025-03-01", "", 1),
        ("2025-03-02", "", 0),
        ("2024-01-01", "2025-03-01", 1),
        ("2024-01-01", "2025-02-28", 0),
        ("2025-03-01", "2025-03-01", 1),
        ("2025-03-02", "2025-12-31", 0),
    ],
)
def test_a_recognition_holds_from_its_first_to_its_last_day(begins: str, ends: str, expected: int) -> None:
    made = claim("2025-03-01", begins, ends)
    assert made.codes.recognised == expected
    assert recognised_of(columns(made, made).days).tolist() == [expected, expected]


# ------------------------------------------------------------------------------------------- deductibles and ceilings


def terms(section: str, day: str = "2025-03-01") -> Any:
    return POLICY.build(section, POLICY.version(section, datetime.date.fromisoformat(day)))


def used_up(scheme: str = "employee") -> Totals:
    """Totals in which every figure is another number: 1, 10, 100, ..."""
    posting: list[Any] = [(f"deductible.{stream}", None, 10**at) for at, stream in enumerate(STREAMS)]
    posting += [(f"fund.{stream}", None, 2 * 10**at) for at, stream in enumerate(STREAMS)]
    posting += [(f"cost.{stream}", None, 3 * 10**at) for at, stream in enumerate(STREAMS)]
    posting += [
        (f"deductible_level.{stream}", level, (4 + level) * 10**at)
        for at, stream in enumerate(STREAMS)
        for level in range(5)
    ]
    posting += [("stays", None, 1), ("bands", None, 77), ("once_a_year", None, 88)]
    return Totals("P1").posted(scheme, 2025, Posting(tuple(posting)))


def changed(terms: Any, **fields: Any) -> Any:
    return attrs.evolve(terms, **fields)


def test_the_deductible_is_used_in_the_scope_that_the_terms_name() -> None:
    used = used_up().used("employee", 2025)
    general = terms("outpatient.employee.general")
    two = ("general", "emergency")

    def deductible_used(**fields: Any) -> int:
        return visit_of(changed(general, **fields), "general", claim(), used).deductible_used

    assert deductible_used(deductible_scope="visit", deductible_streams=two) == 0
    assert deductible_used(deductible_scope="year", deductible_streams=two) == 11
    assert deductible_used(deductible_scope="year", deductible_streams=("special",)) == 100
    assert deductible_used(deductible_scope="year_and_level", deductible_streams=("general",)) == 5
    assert deductible_used(deductible_scope="year_and_level", deductible_streams=("general", "inpatient")) == 500_005


def test_the_ceiling_is_used_by_its_streams_in_money_paid_or_cost() -> None:
    used = used_up().used("employee", 2025)
    general, inpatient = terms("outpatient.employee.general"), terms("inpatient.employee")
    shared = ("inpatient", "special")
    for basis, unit in (("fund_payment", 2), ("eligible_cost", 3)):
        visits = changed(general, ceiling_basis=basis, ceiling_streams=("general", "emergency"))
        assert visit_of(visits, "general", claim(), used).ceiling_used == unit * 11
        stays = changed(inpatient, ceiling_basis=basis, ceiling_streams=shared)
        assert stay_of(stays, claim(), used).ceiling_used == unit * 100_100


def test_what_another_scheme_or_year_used_counts_not() -> None:
    made = used_up()
    general = changed(terms("outpatient.employee.general"), deductible_scope="year", deductible_streams=STREAMS)
    for scheme, year, expected in (("employee", 2025, 111_111), ("employee", 2024, 0), ("resident", 2025, 0)):
        assert visit_of(general, "general", claim(), made.used(scheme, year)).deductible_used == expected


def test_what_a_visit_is_given_besides() -> None:
    special = terms("outpatient.employee.special")
    made = claim(
        begins="2025-01-01",
        texts=Texts("P99000000301", "P99000000301", "MT0001", ""),
        hosp_lv=TERTIARY,
        psn_type=1,
        medins_kind=6,
        medins_ownership=1,
        service_kind=2,
        online=1,
        follow_up=1,
    )
    given = visit_of(special, "special", made, Totals("P1").used("employee", 2025))
    assert attrs.asdict(given) == {
        "inscp_scp_amt": 100_000,
        "hosp_lv": TERTIARY,
        "psn_type": 1,
        "medins_kind": 6,
        "medins_ownership": 1,
        "listed": 1,
        "designated": 1,
        "recognised": 1,
        "online": 1,
        "follow_up": 1,
        "service_kind": 2,
        "deductible_used": 0,
        "ceiling_used": 0,
        "quota_left": 700_000,
        "points_off": 0,
        "rate_factor": 1_000_000,
    }


# ------------------------------------------------------------------------------------------------------------ quotas


def quota_terms(period: str, carry: bool, addition: str = "40") -> OutpatientTerms:
    changed_policy = overlay(f"""
        [[sections.outpatient.employee.two_disease]]
        version = "2024"
        source = {{ document = "change", clause = "quota" }}
        diseases = [
            {{ dise_codg = "LB0001", quota = "100" }},
            {{ dise_codg = "LB0002", quota = "120" }},
            {{ dise_codg = "LB0003", quota = "none" }},
        ]
        quota_period = "{period}"
        quota_carry_over = {str(carry).lower()}
        second_disease_addition = "{addition}"
        """)
    return changed_policy.terms(
        OutpatientTerms, on=datetime.date(2025, 3, 1), section="outpatient.employee.two_disease"
    )


def quota_left(
    of: OutpatientTerms,
    day: str,
    begins: str = "",
    first: str = "LB0001",
    second: str = "",
    paid: dict[int, int] | None = None,
) -> int:
    """What is left of the quota on a day; paid: month from 1 -> yuan paid in it.  One claim and a column agree."""
    made = Totals("P1")
    for month, amount in (paid or {}).items():
        made = made.posted("employee", 2025, Posting((("quota_month.two_disease", month - 1, amount * 100),)))
    given = claim(day, begins, texts=Texts("H1", "H1", first, second))
    return visit_of(of, "two_disease", given, made.used("employee", 2025)).quota_left


@pytest.mark.parametrize(
    ("day", "paid", "left"),
    [
        ("2025-03-01", {}, 100),
        ("2025-03-01", {2: 60, 3: 30}, 70),
        ("2025-03-31", {3: 100}, 0),
        ("2025-03-31", {3: 130}, 0),
        ("2025-04-01", {3: 100}, 100),
        ("2025-12-31", {11: 50, 12: 99}, 1),
    ],
)
def test_a_monthly_quota_is_lost_with_its_month(day: str, paid: dict[int, int], left: int) -> None:
    assert quota_left(quota_terms("month", False), day, paid=paid) == left * 100


@pytest.mark.parametrize(
    ("day", "paid", "left"),
    [
        ("2025-01-31", {}, 100),
        ("2025-03-31", {1: 40, 2: 30, 3: 20}, 10),
        ("2025-04-01", {1: 40, 2: 30, 3: 20}, 100),
        ("2025-06-30", {3: 100, 4: 60}, 40),
        ("2025-10-01", {9: 100, 10: 1}, 99),
        ("2025-12-01", {10: 50, 11: 50}, 0),
    ],
)
def test_a_quarterly_quota_is_lost_with_its_quarter(day: str, paid: dict[int, int], left: int) -> None:
    assert quota_left(quota_terms("quarter", False), day, paid=paid) == left * 100


@pytest.mark.parametrize(("paid", "left"), [({1: 40}, 60), ({1: 40, 12: 60}, 0), ({}, 100)])
def test_a_yearly_quota_lasts_the_year(paid: dict[int, int], left: int) -> None:
    for carry in (False, True):
        assert quota_left(quota_terms("year", carry), "2025-12-31", paid=paid) == left * 100


@pytest.mark.parametrize(
    ("day", "begins", "paid", "left"),
    [
        ("2025-01-15", "2024-05-01", {}, 100),
        ("2025-03-01", "2024-05-01", {}, 300),
        ("2025-03-01", "2024-05-01", {1: 100, 2: 150}, 50),
        ("2025-12-31", "2025-01-01", {1: 1000}, 200),
        ("2025-05-31", "2025-04-20", {}, 200),
        ("2025-05-31", "2025-04-20", {4: 100, 5: 70}, 30),
        ("2025-04-30", "2025-04-01", {}, 100),
        ("2025-04-30", "", {}, 400),
    ],
)
def test_a_monthly_quota_carries_over_from_the_first_month(
    day: str, begins: str, paid: dict[int, int], left: int
) -> None:
    assert quota_left(quota_terms("month", True), day, begins, paid=paid) == left * 100


@pytest.mark.parametrize(
    ("day", "begins", "paid", "left"),
    [
        ("2025-03-31", "2024-05-01", {}, 100),
        ("2025-04-01", "2024-05-01", {1: 10}, 190),
        ("2025-09-30", "2025-06-30", {6: 100, 7: 50}, 50),
        ("2025-12-31", "2025-02-10", {2: 350}, 50),
    ],
)
def test_a_quarterly_quota_carries_over_from_the_first_quarter(
    day: str, begins: str, paid: dict[int, int], left: int
) -> None:
    assert quota_left(quota_terms("quarter", True), day, begins, paid=paid) == left * 100


@pytest.mark.parametrize(
    ("first", "second", "quota"),
    [
        ("LB0001", "", 100),
        ("LB0002", "", 120),
        ("LB0001", "LB0002", 160),
        ("LB0002", "LB0001", 160),
        ("LB0001", "LB0001", 100),
        ("LB0001", "XX", 100),
        ("XX", "LB0002", 120),
        ("", "LB0002", 120),
        ("XX", "", 0),
        ("", "", 0),
    ],
)
def test_a_second_disease_takes_the_higher_quota_and_the_addition(first: str, second: str, quota: int) -> None:
    assert quota_left(quota_terms("month", False), "2025-03-01", first=first, second=second) == quota * 100
    assert quota_left(quota_terms("month", True), "2025-03-01", first=first, second=second) == 3 * quota * 100


def test_a_quota_without_limit_has_none() -> None:
    assert quota_left(quota_terms("month", False), "2025-03-01", first="LB0003") == NO_LIMIT
    assert quota_left(quota_terms("month", False), "2025-03-01", first="LB0003", second="LB0001") == NO_LIMIT
    assert quota_left(quota_terms("month", False), "2025-03-01", first="LB0003", paid={3: 5}) == NO_LIMIT


def test_a_section_without_diseases_has_no_quota() -> None:
    general = terms("outpatient.employee.general")
    assert visit_of(general, "general", claim(), used_up().used("employee", 2025)).quota_left == NO_LIMIT


# ------------------------------------------------------------------------------------------------------------- stays


def latest(**stay_figures: int) -> Any:
    """Totals with a latest stay."""
    figures = {"end": on("2025-03-10"), "level": LEVEL_1, "paid": 20_000, "ordinal": 1, "open": 0, "counted": 1}
    return used_up().posted("employee", 2025, Posting((), {**figures, **stay_figures})).used("employee", 2025)


@pytest.mark.parametrize(
    ("admitted", "referral", "still_open", "continuing"),
    [
        ("2025-03-10", 1, 0, 1),
        ("2025-03-25", 1, 0, 1),
        ("2025-03-26", 1, 0, 0),
        ("2025-03-10", 0, 0, 0),
        ("2025-03-10", 0, 1, 1),
        ("2025-09-10", 0, 1, 1),
    ],
)
def test_a_referral_within_the_days_or_an_open_stay_goes_on(
    admitted: str, referral: int, still_open: int, continuing: int
) -> None:
    given = stay_of(terms("inpatient.employee"), claim(adm=on(admitted), referral=referral), latest(open=still_open))
    assert given.continuing == continuing
    assert given.ordinal == 1
    assert (given.earlier_level, given.earlier_paid) == (LEVEL_1, 20_000)


@pytest.mark.parametrize(("stays", "ordinal"), [(0, 0), (1, 1), (2, 2), (3, 2), (9, 2)])
def test_which_stay_of_the_year_it_is(stays: int, ordinal: int) -> None:
    made = Totals("P1").posted("employee", 2025, Posting((("stays", None, stays),)))
    given = stay_of(terms("inpatient.employee"), claim(adm=on("2025-03-01")), made.used("employee", 2025))
    assert given.ordinal == ordinal


def test_a_stay_that_goes_on_keeps_its_ordinal() -> None:
    given = stay_of(terms("inpatient.employee"), claim(adm=on("2025-03-12"), referral=1), latest(ordinal=0))
    assert given.ordinal == 0


def test_what_a_stay_is_given_besides() -> None:
    inpatient = terms("inpatient.employee")
    for scope, expected in (("stay", 0), ("year", 100_000), ("year_and_level", 500_000)):
        given = stay_of(changed(inpatient, deductible_scope=scope), claim(), latest())
        assert (given.deductible_used, given.year_deductible) == (expected, 100_000)
    assert stay_of(inpatient, claim(), latest()).band_start == 0
    assert stay_of(changed(inpatient, band_scope="year"), claim(), latest()).band_start == 77
    for disease, once, tcm in (("N18.500", 1, 0), ("C34.900", 1, 1), ("G51.000", 0, 1), ("J18.900", 0, 0)):
        given = stay_of(inpatient, claim(texts=Texts("H1", "", disease, "")), latest())
        assert (given.once_a_year, given.tcm_disease, given.once_a_year_paid) == (once, tcm, 88)


def posted(made: Claim[int], used: Any, of: InpatientTerms | None = None) -> Posting[int]:
    return settle_claim(Rules(of or terms("inpatient.employee")), "inpatient", made, used).posting


def test_what_a_stay_adds() -> None:
    nothing_used = Totals("P1").used("employee", 2025)
    texts = Texts("H1", "", "C34.900", "")
    made = claim(fen=200_000, adm=on("2025-03-01"), dscg=on("2025-03-09"), texts=texts)
    posting = posted(made, nothing_used)
    # secondary, in service, first stay: 500 yuan; 1,500 above it at 88% + 5%
    assert posting.year == (
        ("fund.inpatient", None, 139_500),
        ("cost.inpatient", None, 200_000),
        ("deductible.inpatient", None, 50_000),
        ("deductible_level.inpatient", SECONDARY, 50_000),
        ("stays", None, 1),
        ("bands", None, 150_000),
        ("once_a_year", None, 50_000),
    )
    assert posting.stay == {
        "end": on("2025-03-09"),
        "level": SECONDARY,
        "paid": 50_000,
        "ordinal": 0,
        "open": 0,
        "counted": 1,
    }


def test_a_wholly_self_paid_stay_is_not_counted() -> None:
    made = claim(fen=0, adm=on("2025-03-01"), dscg=on("2025-03-09"))
    posting = posted(made, Totals("P1").used("employee", 2025))
    figures = {name: amount for name, _, amount in posting.year}
    assert figures["stays"] == figures["deductible.inpatient"] == 0
    assert (posting.stay["counted"], posting.stay["ordinal"], posting.stay["paid"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("counted", "fen", "stays", "after"), [(1, 100, 0, 1), (0, 100, 1, 1), (0, 0, 0, 0), (1, 0, 0, 1)]
)
def test_a_continuous_stay_counts_once(counted: int, fen: int, stays: int, after: int) -> None:
    made = claim(fen=fen, adm=on("2025-03-12"), dscg=on("2025-03-20"), referral=1)
    posting = posted(made, latest(counted=counted))
    assert {name: amount for name, _, amount in posting.year}["stays"] == stays
    assert posting.stay["counted"] == after


def test_the_deductible_of_a_continuous_stay_adds_up_and_an_interim_bill_leaves_it_open() -> None:
    made = claim(fen=10_000, adm=on("2025-03-12"), dscg=on("2025-03-20"), referral=1, interim=1)
    posting = posted(made, latest(paid=20_000, ordinal=1))  # second stay: 250 yuan, 200 of it paid
    assert posting.stay["paid"] == 25_000
    assert posting.stay["open"] == 1
    apart = posted(attrs.evolve(made, codes=attrs.evolve(made.codes, referral=0)), latest(paid=20_000, ordinal=1))
    assert apart.stay["paid"] == 10_000


def test_what_a_visit_adds() -> None:
    special = terms("outpatient.employee.special")
    made = claim(begins="2025-01-01", fen=100_000, texts=Texts("H1", "H1", "MT0001", ""), hosp_lv=LEVEL_1)
    posting = settle_claim(Rules(special), "special", made, Totals("P1").used("employee", 2025)).posting
    # 200 yuan deductible; 800 at 92%
    assert posting.year == (
        ("fund.special", None, 73_600),
        ("cost.special", None, 100_000),
        ("deductible.special", None, 20_000),
        ("deductible_level.special", LEVEL_1, 20_000),
        ("quota_month.special", 2, 73_600),
    )
    assert posting.stay == {}


def test_in_scope_spending_fills_the_deductible_where_the_terms_say_so() -> None:
    general = terms("outpatient.employee.general")
    nothing_used = Totals("P1").used("employee", 2025)
    for level, fills, taken in ((SECONDARY, 100_000, 30_000), (PRIMARY, 0, 0)):
        done = settle_claim(Rules(general), "general", claim(hosp_lv=level), nothing_used)
        assert done.outcome.act_pay_dedc == taken
        figures = {name: amount for name, _, amount in done.posting.year}
        assert figures["deductible.general"] == figures["deductible_level.general"] == fills
        assert "quota_month.general" not in figures


def test_the_record_and_the_outcome_agree() -> None:
    for record in (visit(), stay()):
        done = mipolicy.settle(POLICY, Bill.from_record(record))
        part = done.parts[0].settled
        assert part.setlinfo == done.setlinfo
        assert (part.outcome.hifp_pay, part.outcome.act_pay_dedc) == (
            done.setlinfo.hifp_pay,
            done.setlinfo.act_pay_dedc,
        )
        assert part.given.room.inscp_scp_amt == done.setlinfo.inscp_scp_amt


def test_every_stream_has_its_section() -> None:
    for scheme in SCHEMES:
        for stream in STREAMS:
            found = terms(section_name(scheme, stream))
            assert isinstance(found, InpatientTerms if stream == "inpatient" else OutpatientTerms)
    assert LEVEL.members[UNGRADED] == "ungraded"
