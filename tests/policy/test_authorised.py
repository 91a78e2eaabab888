"""The authorised benefits list (rule B20): what stands outside it, what is out of its range, and what is overdue."""

from __future__ import annotations

import pytest

from mipolicy.errors import AmountError, DocumentError, Problem
from mipolicy.policy.authorised import AuthorisedItem, AuthorisedListTerms, Finding, beyond_authorisation

from .samples import EMPLOYEE_2023, EMPLOYEE_2024, HEAD, SMALL, day, read

DEADLINE = day("2023-12-31")
IN_TIME, LATE = day("2023-12-31"), day("2024-01-01")
LOCAL = read(HEAD + SMALL)
OFF = "not on the authorised list"


def listed(*items: AuthorisedItem) -> AuthorisedListTerms:
    return AuthorisedListTerms(DEADLINE, items)


def found(terms: AuthorisedListTerms, text: str = HEAD + SMALL, on: str = "2023-12-31") -> list[tuple[str, str, str]]:
    return [(each.path, each.value, each.reason) for each in beyond_authorisation(terms, read(text), day(on))]


def test_what_the_list_does_not_name_is_outside_it() -> None:
    assert beyond_authorisation(listed(), LOCAL, IN_TIME) == (
        Finding("small", "first", "ceiling", "100.00", OFF, overdue=False),
        Finding("small", "first", "rate.tertiary", "10%", OFF, overdue=False),
        Finding("small", "first", "rate.primary", "10%", OFF, overdue=False),
    )
    assert found(listed(AuthorisedItem("small.rate"))) == [("ceiling", "100.00", OFF)]
    assert found(listed(AuthorisedItem("small"))) == []


def test_the_deadline_is_inclusive() -> None:
    assert {each.overdue for each in beyond_authorisation(listed(), LOCAL, IN_TIME)} == {False}
    assert {each.overdue for each in beyond_authorisation(listed(), LOCAL, LATE)} == {True}


def test_a_path_covers_what_lies_below_it_and_not_what_begins_alike() -> None:
    every = [("ceiling", "100.00", OFF), ("rate.tertiary", "10%", OFF), ("rate.primary", "10%", OFF)]
    assert found(listed(AuthorisedItem("smal"))) == every
    assert found(listed(AuthorisedItem("small.rat"))) == every
    assert found(listed(AuthorisedItem("small.rate.primary"))) == every[:2]
    assert found(listed(AuthorisedItem("small.rate.primary.x"))) == every


@pytest.mark.parametrize(
    ("lowest", "highest", "reason"),
    [
        ("", "", None),
        ("100", "100", None),
        ("99.99", "100.01", None),
        ("100.01", "", "below the authorised 100.01"),
        ("", "99.99", "above the authorised 99.99"),
        ("", "none", None),
        ("none", "", "below the authorised none"),
        ("0", "", None),
    ],
)
def test_the_range_is_closed(lowest: str, highest: str, reason: str | None) -> None:
    terms = listed(AuthorisedItem("small.rate"), AuthorisedItem("small.ceiling", lowest, highest))
    assert found(terms) == ([("ceiling", "100.00", reason)] if reason else [])


def test_the_longest_matching_path_decides_whatever_the_order() -> None:
    items = (
        AuthorisedItem("small.rate.primary", "0.1", "0.1"),
        AuthorisedItem("small"),
        AuthorisedItem("small.rate", "20%", "30%"),
    )
    for order in (items, items[::-1]):
        assert found(listed(*order)) == [("rate.tertiary", "10%", "below the authorised 20%")]


def test_a_ceiling_without_limit_is_above_any_other() -> None:
    text = HEAD + SMALL.replace('"100"', '"none"')
    terms = listed(AuthorisedItem("small.rate"), AuthorisedItem("small.ceiling", "", "5000"))
    assert found(terms, text) == [("ceiling", "none", "above the authorised 5000")]


@pytest.mark.parametrize(
    ("on", "versions"),
    [
        ("2023-02-28", []),
        ("2023-03-01", ["2023"]),
        ("2023-12-31", ["2023"]),
        ("2024-01-01", []),
        ("2024-02-01", ["2024"]),
        ("2099-01-01", ["2024"]),
    ],
)
def test_only_what_is_in_force_on_the_day_is_looked_at(on: str, versions: list[str]) -> None:
    policy = read(HEAD + EMPLOYEE_2023 + EMPLOYEE_2024)
    assert list(dict.fromkeys(each.version for each in beyond_authorisation(listed(), policy, day(on)))) == versions


def test_every_kind_of_field_is_shown_as_policy_files_write_it() -> None:
    shown = {path: value for path, value, _ in found(listed(), HEAD + EMPLOYEE_2023, "2023-03-01")}
    assert shown["admission.tertiary"] == "listed"
    assert shown["emergency"] == "false"
    assert shown["codes"] == "01, 0002"
    assert shown["weight"] == "1.03"
    assert shown["rate.tertiary.retired"] == "55%"
    assert shown["bands"].startswith("{'from': '0.00', ")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "emergency",
            "the range authorised for care.employee.emergency does not fit care.employee.emergency: "
            "'5' cannot bound a field that holds no figures",
        ),
        (
            "admission",
            "the range authorised for care.employee.admission does not fit care.employee.admission.tertiary: "
            "'5' cannot bound a field that holds no figures",
        ),
        (
            "rate",
            "the range authorised for care.employee.rate does not fit care.employee.rate.tertiary.in_service: "
            "rate 5 is outside [0, 1]",
        ),
    ],
)
def test_a_range_that_does_not_fit_its_figure_is_an_error_that_names_both(path: str, message: str) -> None:
    policy = read(HEAD + EMPLOYEE_2023)
    items = (AuthorisedItem("care.employee"), AuthorisedItem(f"care.employee.{path}", "", "5"))
    with pytest.raises(AmountError) as caught:
        beyond_authorisation(listed(*items), policy, day("2023-03-01"))
    assert str(caught.value) == message


LIST = """
[[sections.authorised_list]]
version = "2023"
effective = 2023-01-01
source = { document = "notice", clause = "五" }
clear_by = 2023-12-31
authorised = [
    { path = "small.ceiling", lowest = "50", highest = "80" },
    { path = "small.rate.primary" },
]
"""


def test_a_list_read_from_a_document_that_is_itself_not_checked_against_the_list() -> None:
    policy = read(HEAD + SMALL + LIST)
    terms = policy.terms(AuthorisedListTerms, on=day("2023-06-01"))
    assert terms == listed(AuthorisedItem("small.ceiling", "50", "80"), AuthorisedItem("small.rate.primary"))
    assert beyond_authorisation(terms, policy, LATE) == (
        Finding("small", "first", "ceiling", "100.00", "above the authorised 80", overdue=True),
        Finding("small", "first", "rate.tertiary", "10%", OFF, overdue=True),
    )


def test_an_item_cannot_stand_twice_in_the_list() -> None:
    with pytest.raises(DocumentError) as caught:
        read(HEAD + LIST.replace("small.rate.primary", "small.ceiling"))
    path = "sections.authorised_list[0].authorised[1].path"
    assert caught.value.problems == (Problem(path, "'small.ceiling' stands twice"),)
