"""Change logs: what differs between two policies, and between the versions of one (rule P31)."""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest

from mipolicy.errors import PolicyError
from mipolicy.policy import Change, diff
from mipolicy.policy.changes import version_changes

from .samples import EMPLOYEE_2023, FULL, HEAD, SMALL, overlay, read

E = ("care.employee", "2023")


def altered(*edits: tuple[str, str]) -> tuple[Change, ...]:
    text = FULL
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return diff(read(FULL), read(text))


def test_equal_policies_do_not_differ() -> None:
    assert diff(read(FULL), read(FULL)) == ()


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ('ceiling = "7500"', 'ceiling = "9000"', Change(*E, "ceiling", "changed", "7500.00", "9000.00", Fraction(20))),
        (
            'ceiling = "7500"',
            'ceiling = "7499.99"',
            Change(*E, "ceiling", "changed", "7500.00", "7499.99", Fraction(-1, 7500)),
        ),
        ('ceiling = "7500"', 'ceiling = "0"', Change(*E, "ceiling", "changed", "7500.00", "0.00", Fraction(-100))),
        ('ceiling = "7500"', 'ceiling = "none"', Change(*E, "ceiling", "changed", "7500.00", "none", None)),
        ('weight = "1.03"', 'weight = "1.04"', Change(*E, "weight", "changed", "1.03", "1.04", Fraction(100, 103))),
        ("days = 15", "days = 20", Change(*E, "days", "changed", "15", "20", Fraction(100, 3))),
        (
            'retired = "55%"',
            'retired = "0.6"',
            Change(*E, "rate.tertiary.retired", "changed", "55%", "60%", Fraction(100, 11)),
        ),
        ("emergency = false", "emergency = true", Change(*E, "emergency", "changed", "false", "true", None)),
        ('scope = "year"', 'scope = "stay"', Change(*E, "scope", "changed", "year", "stay", None)),
        ('["01", "0002"]', '["01"]', Change(*E, "codes", "changed", "01, 0002", "01", None)),
        ("since = 2020-02-29", "since = 2020-03-01", Change(*E, "since", "changed", "2020-02-29", "2020-03-01", None)),
        (
            'admission = { tertiary = "listed"',
            'admission = { tertiary = "always"',
            Change(*E, "admission.tertiary", "changed", "listed", "always", None),
        ),
        (
            'quota = "300"',
            'quota = "301"',
            Change(
                *E,
                "quotas",
                "changed",
                "{'code': 'M1', 'quota': '300.00'}, {'code': 'M2', 'quota': 'none', 'rate': '60%'}",
                "{'code': 'M1', 'quota': '301.00'}, {'code': 'M2', 'quota': 'none', 'rate': '60%'}",
            ),
        ),
        ("days = 15\n", "", Change(*E, "days", "removed", "15", "", None)),
        (
            "effective = 2023-03-01",
            "effective = 2023-04-01",
            Change(*E, "effective", "changed", "2023-03-01", "2023-04-01"),
        ),
        ("effective = 2023-03-01\n", "", Change(*E, "effective", "removed", "2023-03-01", "")),
        ("until = 2023-12-31", "until = 2024-01-31", Change(*E, "until", "changed", "2023-12-31", "2024-01-31")),
        (
            'rate.primary.adult = "0.6"',
            'rate.primary = "0.6"',
            Change("care.resident", "some day", "rate.primary.minor", "added", "", "60%", None),
        ),
    ],
)
def test_one_difference(old: str, new: str, change: Change) -> None:
    edits = [(old, new)]
    if "rate.primary = " in new:
        edits.append(('open."rate.primary.minor" = "a rate for children"\n', ""))
        edits.append(('open.rate = "a rate that the clause calls 适当"\n', ""))
    assert altered(*edits) == (change,)
    assert type(change.percent) in (Fraction, type(None))


def test_a_figure_that_was_0_has_no_percentage() -> None:
    before, after = (read(HEAD + SMALL.replace('"100"', figure)) for figure in ('"0"', '"100"'))
    assert diff(before, after) == (Change("small", "first", "ceiling", "changed", "0.00", "100.00", None),)


def test_bands_are_shown_as_policy_files_write_them() -> None:
    (change,) = altered(('"85%"', '"86%"'))
    assert (change.path, change.kind, change.percent) == ("bands", "changed", None)
    assert change.before.endswith("{'from': '20000.00', 'rate': {'tertiary': '85%', 'primary': '85%'}}")
    assert change.after.endswith("{'from': '20000.00', 'rate': {'tertiary': '86%', 'primary': '86%'}}")


def test_versions_added_and_removed() -> None:
    with_it, without = read(HEAD + SMALL), read(HEAD)
    figures = [("effective", "2023-01-01"), ("ceiling", "100.00"), ("rate.tertiary", "10%"), ("rate.primary", "10%")]
    assert diff(without, with_it) == tuple(Change("small", "first", path, "added", "", text) for path, text in figures)
    assert diff(with_it, without) == tuple(
        Change("small", "first", path, "removed", text, "") for path, text in figures
    )


def test_documents_added_removed_and_changed() -> None:
    more = '\n[documents.law]\ntitle = "法"\nissuer = "国家"\nstatus = "plan"\n'
    assert diff(read(HEAD), read(HEAD + more)) == (Change("documents", "", "law", "added", "", "plan"),)
    assert diff(read(HEAD + more), read(HEAD)) == (Change("documents", "", "law", "removed", "plan", ""),)
    assert altered(('status = "in_force"\nnumber', 'status = "repealed"\nnumber')) == (
        Change("documents", "", "notice.status", "changed", "in_force", "repealed"),
    )
    assert altered(("verified_on = 2024-12-31", 'verified_on = 2025-06-30\nurl = "https://example.org"')) == (
        Change("documents", "", "notice.url", "added", "", "https://example.org"),
        Change("documents", "", "notice.verified_on", "changed", "2024-12-31", "2025-06-30"),
    )
    assert altered(("published = 2023-01-05\n", "")) == (
        Change("documents", "", "notice.published", "removed", "2023-01-05", ""),
    )


def test_a_reform_against_its_baseline() -> None:
    body = """
[[sections.care.employee]]
version = "2023"
source = { document = "reform", clause = "一" }
ceiling = "9000"
rate.primary = "0.77"

[[sections.small]]
version = "second"
source = { document = "reform", clause = "二" }
rate.primary = "0.2"
"""
    base = read(FULL)
    assert diff(base, read(overlay(body), base)) == (
        Change(*E, "ceiling", "changed", "7500.00", "9000.00", Fraction(20)),
        Change(*E, "rate.primary.in_service", "changed", "70%", "77%", Fraction(10)),
        Change(*E, "rate.primary.retired", "changed", "70%", "77%", Fraction(10)),
        Change("small", "second", "rate.primary", "added", "", "20%"),
        Change("documents", "", "reform", "added", "", "plan"),
    )


def test_sections_that_only_one_side_knows() -> None:
    policy = read(HEAD + SMALL)
    less = attrs.evolve(policy, sections={}, versions={})
    assert [change.kind for change in diff(less, policy)] == ["added"] * 4
    assert [change.kind for change in diff(policy, less)] == ["removed"] * 4


def test_the_change_log_of_one_section_over_its_versions() -> None:
    ended = SMALL.replace(
        "effective = 2023-01-01",
        'effective = 2023-01-01\nuntil = 2023-12-31\nuntil_source = { document = "notice", clause = "末" }',
    )
    second = ended.replace('"first"', '"second"').replace("2023-", "2024-").replace('"100"', '"120"')
    third = (
        second.replace('"second"', '"third"').replace("2024-", "2025-").replace('rate = "0.1"', 'rate.primary = "0.2"')
    )
    policy = read(HEAD + third + ended + second)
    assert version_changes(policy, "small") == (
        Change("small", "second", "ceiling", "changed", "100.00", "120.00", Fraction(20)),
        Change("small", "third", "rate.tertiary", "removed", "10%", ""),
        Change("small", "third", "rate.primary", "changed", "10%", "20%", Fraction(100)),
    )
    assert version_changes(policy, "care.employee") == ()
    assert version_changes(read(HEAD + EMPLOYEE_2023), "care.employee") == ()
    with pytest.raises(PolicyError) as caught:
        version_changes(policy, "smal")
    assert str(caught.value).startswith("unknown section 'smal'; sections: care.employee, ")


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (None, ""),
        (Fraction(0), "+0.00%"),
        (Fraction(20), "+20.00%"),
        (Fraction(-100), "-100.00%"),
        (Fraction(100, 3), "+33.33%"),
        (Fraction(200, 3), "+66.67%"),
        (Fraction(1, 200), "+0.01%"),
        (Fraction(-1, 200), "-0.01%"),
        (Fraction(1, 201), "+0.00%"),
        (Fraction(12345, 1000), "+12.35%"),
        (Fraction(-12345, 1000), "-12.35%"),
        (Fraction(10**20), "+100000000000000000000.00%"),
    ],
)
def test_percentages_are_rounded_half_up_away_from_zero(percent: Fraction | None, text: str) -> None:
    assert Change("s", "v", "p", "changed", "1", "2", percent).percent_text() == text
