"""Policies over time: the version of a day, what is open, complete terms, overlays, where each figure stands."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.referral import FilingTerms
from mipolicy.errors import (
    MipolicyError,
    NotInForce,
    OpenField,
    PolicyError,
    PolicyGap,
    RepealedPolicy,
)
from mipolicy.money import NO_LIMIT
from mipolicy.policy import Citation, Figure, Mode, Policy, Provenance, UnverifiedWarning, dumps, loads
from mipolicy.policy.document import nearest
from mipolicy.rooms import SECTIONS as ROOMS
from mipolicy.tables import Bands, Table
from mipolicy.traced import Leaf, Traced

from .samples import (
    EMPLOYEE,
    EMPLOYEE_2023,
    EMPLOYEE_2024,
    FULL,
    HEAD,
    LEVEL,
    RESIDENT_OPEN,
    SMALL,
    CareTerms,
    Quota,
    SmallTerms,
    day,
    overlay,
    read,
)

MODES: tuple[Mode, ...] = ("strict", "warn", "carry_forward")
ONE_DAY = datetime.timedelta(days=1)


def refusal(kind: type[MipolicyError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return str(caught.value)


def small(policy: Policy, on: str) -> SmallTerms:
    return policy.terms(SmallTerms, on=day(on))


# ------------------------------------------------------------------------------------------------- which version


SPANS = """
[[sections.small]]
version = "a"
effective = 2022-01-01
until = 2022-06-30
until_source = { document = "notice", clause = "末" }
source = { document = "notice", clause = "三" }
ceiling = "1"
rate = "0.1"

[[sections.small]]
version = "b"
effective = 2022-07-01
until = 2022-12-31
until_source = { document = "notice", clause = "末" }
source = { document = "notice", clause = "三" }
ceiling = "2"
rate = "0.2"

[[sections.small]]
version = "c"
effective = 2023-03-01
source = { document = "notice", clause = "三" }
ceiling = "3"
rate = "0.3"
"""

BEFORE = "city: section small is first in force on 2022-01-01, not on {}"
ENDED = "city: section small, version {}, ended on {}; {} is past it (modes warn and carry_forward use it all the same)"
VERIFIED = (
    "city: section small, version c, was verified up to 2024-12-31 only; {} is past it "
    "(modes warn and carry_forward use it all the same)"
)


@pytest.mark.parametrize(
    ("on", "used", "message"),
    [
        ("2021-12-31", None, BEFORE.format("2021-12-31")),
        ("2022-01-01", "a", None),
        ("2022-06-30", "a", None),
        ("2022-07-01", "b", None),
        ("2022-12-31", "b", None),
        ("2023-01-01", "b", ENDED.format("b", "2022-12-31", "2023-01-01")),
        ("2023-02-28", "b", ENDED.format("b", "2022-12-31", "2023-02-28")),
        ("2023-03-01", "c", None),
        ("2024-12-31", "c", None),
        ("2025-01-01", "c", VERIFIED.format("2025-01-01")),
        ("2099-01-01", "c", VERIFIED.format("2099-01-01")),
    ],
)
def test_the_version_of_every_boundary_day_in_each_mode(on: str, used: str | None, message: str | None) -> None:
    policy = read(HEAD + SPANS)
    strict = policy.using(mode="strict")
    assert policy.mode == "strict"
    if message is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for mode in MODES:
                assert policy.using(mode=mode).version("small", day(on)).name == used
        return
    assert refusal(NotInForce, lambda: strict.version("small", day(on))) == message
    if used is None:
        for each in ("warn", "carry_forward"):
            assert refusal(NotInForce, lambda each=each: policy.using(mode=each).version("small", day(on))) == message  # type: ignore[misc]
        return
    with pytest.warns(UnverifiedWarning) as record:
        assert policy.using(mode="warn").version("small", day(on)).name == used
    assert [str(each.message) for each in record] == [message.partition(" (modes")[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert policy.using(mode="carry_forward").version("small", day(on)).name == used


def test_the_warning_points_at_the_line_that_asked_for_terms() -> None:
    policy = read(HEAD + SPANS).using(mode="warn")
    with pytest.warns(UnverifiedWarning) as record:
        assert small(policy, "2025-06-01").ceiling == 300
    assert record[0].filename == __file__


@given(st.dates(day("2021-06-01"), day("2025-06-01")))
def test_the_version_is_the_last_one_begun(on: datetime.date) -> None:
    policy = read(HEAD + SPANS).using(mode="carry_forward")
    begun = [
        name for name, first in (("a", "2022-01-01"), ("b", "2022-07-01"), ("c", "2023-03-01")) if day(first) <= on
    ]
    if begun:
        assert policy.version("small", on).name == begun[-1]
    else:
        assert refusal(NotInForce, lambda: policy.version("small", on)) == BEFORE.format(on)


def test_the_verified_span_ends_with_the_earliest_of_end_and_verified_documents() -> None:
    policy = read(FULL)
    first, second = policy.versions["care.employee"]
    assert policy.verified_until(first) == day("2023-12-31")
    assert policy.verified_until(second) == day("2024-12-31")
    older = attrs.evolve(policy.documents["change"], verified_on=day("2023-06-30"))
    both = attrs.evolve(policy, documents={**policy.documents, "change": older})
    assert both.verified_until(first) == day("2023-06-30")
    never = {name: attrs.evolve(document, verified_on=None) for name, document in policy.documents.items()}
    assert attrs.evolve(policy, documents=never).verified_until(second) is None
    assert attrs.evolve(policy, documents=never).version("care.employee", day("2099-01-01")) == second


def test_an_undated_version_is_not_chosen_while_a_dated_one_holds_and_is_the_gap_before_it() -> None:
    undated = SMALL.replace('"first"', '"open"').replace("effective = 2023-01-01\n", "")
    policy = read(HEAD + undated + SMALL)
    assert policy.version("small", day("2023-01-01")).name == "first"
    with pytest.raises(PolicyGap) as caught:
        policy.version("small", day("2022-12-31"))
    assert caught.value.fields == (OpenField("effective", "notice 三", "the first day in force, a date"),)


def test_a_section_that_the_document_does_not_set_is_a_gap_from_end_to_end() -> None:
    policy = read(HEAD)
    assert refusal(PolicyGap, lambda: small(policy, "2023-01-01")) == (
        "city: section small leaves 3 figure(s) open:\n"
        "  effective: needs the first day in force, a date  [no clause of city sets this section]\n"
        "  ceiling: needs an amount in yuan, as text  [no clause of city sets this section]\n"
        "  rate: needs a rate from 0 to 1, as text, or a percentage, by level  [no clause of city sets this section]\n"
        "fill them with an overlay (extends = ...) that cites the document which states them"
    )


def test_unknown_sections() -> None:
    message = "unknown section 'smal'; sections: care.employee, care.resident, small, authorised_list"
    policy = read(FULL)
    assert refusal(PolicyError, lambda: policy.version("smal", day("2023-01-01"))) == message
    assert refusal(PolicyError, lambda: policy.terms(SmallTerms, on=day("2023-01-01"), section="smal")) == message
    assert refusal(PolicyError, lambda: policy.gaps("smal", None)) == message
    assert policy.section("small").terms is SmallTerms


# ----------------------------------------------------------------------------------------------------- what is open


def test_a_gap_lists_every_open_figure_with_its_clause_and_what_fills_it() -> None:
    policy = read(FULL)
    (version,) = policy.versions["care.resident"]
    expected = (
        OpenField("effective", "change 末", "a day in 2023"),
        OpenField("ceiling", "change 九", 'an amount in yuan, as text, or "none"'),
        OpenField("rate.primary.minor", "change 十", "a rate for children"),
        OpenField("bands", "notice 二", "bands, each with its lower edge in yuan and its rates"),
        OpenField("scope", "notice 二", "one of stay, year"),
        OpenField("codes", "notice 二", "a list of codes, as text"),
        OpenField("emergency", "notice 二", "true or false"),
        OpenField("since", "notice 二", "a date"),
        OpenField("quotas", "notice 二", "a list of records with code, quota, rate"),
        OpenField("admission", "notice 二", "one of never, listed, always, by level"),
        OpenField("weight", "notice 二", "a factor, as text"),
    )
    assert policy.gaps("care.resident", version) == expected
    with pytest.raises(PolicyGap) as caught:
        policy.terms(CareTerms, on=day("2023-06-01"), section="care.resident")
    assert (caught.value.policy, caught.value.section, caught.value.fields) == ("city", "care.resident", expected)


def test_a_note_on_a_whole_field_serves_its_open_leaves() -> None:
    text = HEAD + RESIDENT_OPEN.replace('open."rate.primary.minor" = "a rate for children"\n', "")
    policy = read(text)
    gaps = {gap.path: gap.needs for gap in policy.gaps("care.resident", policy.versions["care.resident"][0])}
    assert gaps["rate.primary.minor"] == "a rate that the clause calls 适当"


def test_a_dated_version_with_open_figures_is_a_gap_only_when_its_terms_are_asked_for() -> None:
    policy = read(FULL)
    assert policy.version("care.employee", day("2024-02-01")).name == "2024"
    with pytest.raises(PolicyGap) as caught:
        policy.terms(CareTerms, on=day("2024-02-01"), section="care.employee")
    fields = {field.path: field for field in caught.value.fields}
    assert "effective" not in fields
    assert "ceiling" not in fields
    assert fields["scope"] == OpenField("scope", "notice 一(二)", "stay or year; the clause does not say")
    assert fields["rate"].needs == "a rate from 0 to 1, as text, or a percentage, by level and status"


@pytest.mark.parametrize(
    ("path", "found"), [("a", 1), ("a.b", 2), ("a.b.c", 2), ("a.b.c.d", 4), ("a.x.y", 1), ("b", None), ("ab", None)]
)
def test_nearest(path: str, found: int | None) -> None:
    assert nearest({"a": 1, "a.b": 2, "a.b.c.d": 4}, path) == found


# --------------------------------------------------------------------------------------------------- complete terms


EMPLOYEE_TERMS = CareTerms(
    ceiling=750_000,
    rate=Table((LEVEL, EMPLOYEE), (500_000, 550_000, 700_000, 700_000)),
    bands=Bands((0, 2_000_000), (Table((LEVEL,), (800_000, 900_000)), Table((LEVEL,), (850_000, 850_000)))),
    scope="year",
    codes=("01", "0002"),
    emergency=0,
    since=day("2020-02-29"),
    quotas=(Quota("M1", 30_000, 500_000), Quota("M2", NO_LIMIT, 600_000)),
    admission=Table((LEVEL,), (1, 2)),
    weight=10_300,
    days=15,
    label='甲 "乙" \\',
)


def test_complete_terms() -> None:
    terms = read(FULL).terms(CareTerms, on=day("2023-03-01"), section="care.employee")
    assert terms == EMPLOYEE_TERMS


def test_what_the_section_settles_stands_in_the_terms() -> None:
    body = EMPLOYEE_2023.replace("sections.care.employee", "sections.care.resident")
    for old, new in (
        ("days = 15\n", ""),
        ("label = '甲 \"乙\" \\'\n", ""),
        ("rate = { tertiary = { in_service", "rate = { tertiary = { minor"),
        ("retired = ", "adult = "),
        ("tertiary.retired", "tertiary.adult"),
    ):
        assert body.count(old) == 1
        body = body.replace(old, new)
    terms = read(HEAD + body).terms(CareTerms, on=day("2023-03-01"), section="care.resident")
    assert (terms.days, terms.label) == (0, "")
    assert terms.rate.axes[1].members == ("minor", "adult")


def test_terms_are_built_once() -> None:
    policy = read(FULL)
    assert small(policy, "2023-01-01") is small(policy, "2024-01-01")
    assert policy.using(mode="warn") == policy


def test_terms_follow_the_version_given_and_not_its_name() -> None:
    policy = read(FULL)
    version = policy.version("small", day("2023-01-01"))
    assert policy.build("small", version).ceiling == 10_000
    other = attrs.evolve(version, leaves={**version.leaves, "ceiling": Figure(5, version.source)})
    assert policy.build("small", other).ceiling == 5
    assert policy.traced("small", other).ceiling == 5
    assert policy.build("small", version).ceiling == 10_000


def test_a_class_that_serves_several_sections_needs_the_name_of_one() -> None:
    policy = read(FULL)
    assert refusal(PolicyError, lambda: policy.terms(CareTerms, on=day("2023-03-01"))) == (
        "CareTerms serves the sections care.employee, care.resident: name one of them"
    )
    assert refusal(PolicyError, lambda: policy.terms(Quota, on=day("2023-03-01"))) == (
        "Quota serves the sections none: name one of them"
    )
    assert refusal(PolicyError, lambda: policy.terms(SmallTerms, on=day("2023-03-01"), section="care.employee")) == (
        "section care.employee holds CareTerms, not SmallTerms"
    )
    assert small(policy, "2023-01-01") == SmallTerms(10_000, Table((LEVEL,), (100_000, 100_000)))


def test_with_the_sections_of_the_rooms() -> None:
    body = """
[[sections.filing]]
version = "2023"
effective = 2023-01-01
source = { document = "notice", clause = "七" }
lasting_kinds = ["resident_elsewhere"]
valid_days = 180
"""
    policy = loads(HEAD + body, ROOMS)
    assert policy.terms(FilingTerms, on=day("2023-01-01")) == FilingTerms(("resident_elsewhere",), 180)
    message = refusal(PolicyError, lambda: policy.terms(InpatientTerms, on=day("2023-01-01")))
    assert message == "InpatientTerms serves the sections inpatient.employee, inpatient.resident: name one of them"
    with pytest.raises(PolicyGap) as caught:
        policy.terms(OutpatientTerms, on=day("2023-01-01"), section="outpatient.resident.general")
    paths = [field.path for field in caught.value.fields]
    assert paths[:3] == ["effective", "deductible", "deductible_scope"]
    assert "diseases" not in paths


# ------------------------------------------------------------------------------------------------ repealed documents


REPEALED = FULL.replace('status = "in_force"\nnumber', 'status = "repealed"\nnumber')


def test_a_repealed_document_needs_permission() -> None:
    policy = read(REPEALED)
    message = "city: 某医保发〔2023〕1号 is repealed; to use it as history, say allow_repealed=True"
    assert refusal(RepealedPolicy, lambda: small(policy, "2023-06-01")) == message
    assert (
        refusal(RepealedPolicy, lambda: policy.using(mode="carry_forward").version("small", day("2099-01-01")))
        == message
    )
    assert small(policy.using(allow_repealed=True), "2023-06-01") == small(read(FULL), "2023-06-01")
    assert not policy.allow_repealed


def test_one_figure_from_a_repealed_document_is_enough() -> None:
    text = FULL.replace(
        'title = "调整通知"\nissuer = "某市医疗保障局"\nstatus = "in_force"',
        'title = "调整通知"\nissuer = "x"\nstatus = "repealed"',
    )
    policy = read(text)
    assert small(policy, "2023-06-01").ceiling == 10_000
    assert refusal(RepealedPolicy, lambda: policy.terms(CareTerms, on=day("2023-06-01"), section="care.employee")) == (
        "city: 调整通知 is repealed; to use it as history, say allow_repealed=True"
    )


SPANNED = """
[documents.regulation]
title = "条例"
issuer = "某市"
status = "{}"
effective = 2020-03-01
until = 2025-12-31
"""


@pytest.mark.parametrize(
    ("status", "on", "holds"),
    [
        ("in_force", "2020-02-29", False),
        ("in_force", "2020-03-01", True),
        ("in_force", "2025-12-31", True),
        ("in_force", "2026-01-01", False),
        ("plan", "2020-03-01", True),
        ("assumed", "2020-03-01", True),
        ("repealed", "2020-03-01", False),
        ("article", "2020-03-01", False),
    ],
)
def test_whether_a_document_is_in_force(status: str, on: str, holds: bool) -> None:
    assert read(HEAD + SPANNED.format(status)).in_force("regulation", day(on)) is holds


def test_a_document_whose_force_is_open_or_that_is_not_listed() -> None:
    policy = read(HEAD)
    assert refusal(PolicyError, lambda: policy.in_force("notice", day("2023-06-01"))) == (
        "city: notice states no first day, so its force on 2023-06-01 is open"
    )
    assert refusal(PolicyError, lambda: policy.in_force("law", day("2023-06-01"))) == (
        "city lists no document 'law'; it lists notice, change"
    )
    without_end = read(HEAD + SPANNED.format("in_force").replace("until = 2025-12-31\n", ""))
    assert without_end.in_force("regulation", day("2099-01-01"))


# --------------------------------------------------------------------------------------------------------- overlays


REFORM = """
[[sections.care.employee]]
version = "2023"
source = { document = "reform", clause = "一" }
sources."rate.primary.retired" = { document = "reform", clause = "二" }
rate.primary.retired = "0.75"
days = 20

[[sections.care.employee]]
version = "2024"
until = 2024-12-31
until_source = { document = "reform", clause = "三" }

[[sections.care.employee]]
version = "2025"
effective = 2025-01-01
source = { document = "reform", clause = "四" }
ceiling = "9000"

[[sections.small]]
version = "first"
source = { document = "reform", clause = "五" }
rate.primary = "0.2"

[[unresolved]]
title = "操作规程"
holds = "forms"
cited_in = { document = "reform", clause = "六" }
"""


def test_an_overlay_fills_and_replaces_leaf_by_leaf_and_adds_versions() -> None:
    base = read(FULL)
    applied = read(overlay(REFORM), base)
    assert (applied.id, applied.header.extends, applied.header.reform) == ("reform", "city", "改革方案 2025")
    assert list(applied.documents) == ["notice", "change", "reform"]
    assert [each.title for each in applied.unresolved] == ["实施细则", "操作规程"]
    old, late, new = applied.versions["care.employee"]
    was, earlier = base.versions["care.employee"]
    assert old == attrs.evolve(
        was,
        leaves={
            **was.leaves,
            "rate.primary.retired": Figure(750_000, Citation("reform", "二")),
            "days": Figure(20, Citation("reform", "一")),
        },
    )
    assert late == attrs.evolve(earlier, until=day("2024-12-31"), until_source=Citation("reform", "三"))
    assert (new.name, new.effective, list(new.leaves)) == ("2025", day("2025-01-01"), ["ceiling"])
    assert applied.versions["care.resident"] == base.versions["care.resident"]
    terms = applied.terms(CareTerms, on=day("2023-03-01"), section="care.employee")
    assert terms == attrs.evolve(
        EMPLOYEE_TERMS, rate=Table((LEVEL, EMPLOYEE), (500_000, 550_000, 700_000, 750_000)), days=20
    )
    assert small(applied, "2023-06-01").rate.values == (100_000, 200_000)


def test_the_base_is_left_as_it_was() -> None:
    base, again = read(FULL), read(FULL)
    before = dumps(base)
    terms = base.terms(CareTerms, on=day("2023-03-01"), section="care.employee")
    read(overlay(REFORM), base)
    assert base == again
    assert dumps(base) == before
    assert base.terms(CareTerms, on=day("2023-03-01"), section="care.employee") is terms
    assert terms == EMPLOYEE_TERMS
    with pytest.raises(PolicyError):
        read(overlay(REFORM.replace("days = 20", "days = 2000")), base)
    assert dumps(base) == before


def test_an_overlay_gives_an_open_first_day_and_fills_what_is_open() -> None:
    body = """
[[sections.care.resident]]
version = "some day"
effective = 2024-01-01
source = { document = "reform", clause = "一" }
rate.primary.minor = "0.65"
scope = "stay"
open.codes = "a list of codes that the reform leaves to the city"
"""
    base = read(FULL)
    applied = read(overlay(body), base)
    (version,) = applied.versions["care.resident"]
    assert version.effective == day("2024-01-01")
    assert version.open == {"codes": "a list of codes that the reform leaves to the city"}
    assert version.sources == {"ceiling": Citation("change", "九"), "effective": Citation("reform", "一")}
    assert version.source == Citation("notice", "二")
    assert version.leaves["rate.primary.minor"] == Figure(650_000, Citation("reform", "一"))
    gaps = applied.gaps("care.resident", version)
    assert [gap.path for gap in gaps] == [
        "ceiling",
        "bands",
        "codes",
        "emergency",
        "since",
        "quotas",
        "admission",
        "weight",
    ]
    assert base == read(FULL)


def test_overlays_stack() -> None:
    once = read(overlay(REFORM), read(FULL))
    text = overlay(
        '\n[[sections.small]]\nversion = "first"\nsource = { document = "reform", clause = "九" }\nceiling = "1"\n',
        "reform",
    )
    twice = read(text.replace('id = "reform"', 'id = "second"'), once)
    assert small(twice, "2023-06-01") == SmallTerms(100, Table((LEVEL,), (100_000, 200_000)))
    assert small(once, "2023-06-01").ceiling == 10_000
    assert loads(dumps(twice), once.sections) == twice


def test_policies_are_equal_by_what_they_say() -> None:
    assert read(FULL) == read(FULL.replace("\n\n", "\n# a remark\n\n"))
    assert read(FULL) != read(FULL.replace('"7500"', '"7501"'))
    assert read(FULL) != read(FULL.replace('clause = "一(一)"', 'clause = "一(1)"'))
    assert read(FULL) == read(FULL).using(mode="warn", allow_repealed=True)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        read(FULL).mode = "warn"  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------ where figures stand


def test_the_provenance_table() -> None:
    number = "某医保发〔2023〕1号"
    rows = list(read(HEAD + SMALL).provenance())
    assert rows == [
        Provenance("small", "first", "ceiling", "100.00", number, "三", "2023-01-01", ""),
        Provenance("small", "first", "rate.tertiary", "10%", number, "三", "2023-01-01", ""),
        Provenance("small", "first", "rate.primary", "10%", number, "三", "2023-01-01", ""),
        Provenance("small", "first", "effective", "2023-01-01", number, "三", "2023-01-01", ""),
    ]
    full = {(row.section, row.version, row.path): row for row in read(FULL).provenance()}
    where = ("care.employee", "2023")
    dates = ("2023-03-01", "2023-12-31")
    assert full[*where, "ceiling"] == Provenance(*where, "ceiling", "7500.00", "调整通知", "一", *dates)
    assert full[*where, "codes"] == Provenance(*where, "codes", "01, 0002", number, "一(一)", *dates)
    assert full[*where, "emergency"] == Provenance(*where, "emergency", "false", number, "一(一)", *dates)
    assert full[*where, "admission.primary"].value == "always"
    assert full[*where, "since"].value == "2020-02-29"
    assert full["care.employee", "2024", "ceiling"].value == "none"
    assert full["care.employee", "2024", "scope"].value == "open"


def test_open_figures_stand_in_the_provenance_table_with_the_clause_that_leaves_them_open() -> None:
    rows = [row for row in read(HEAD + RESIDENT_OPEN).provenance() if row.value == "open"]
    assert [(row.path, row.document, row.clause) for row in rows[:4]] == [
        ("effective", "调整通知", "末"),
        ("ceiling", "调整通知", "九"),
        ("rate.primary.minor", "调整通知", "十"),
        ("bands", "某医保发〔2023〕1号", "二"),
    ]
    assert {(row.effective, row.until) for row in rows} == {("open", "")}


def test_the_days_of_a_version_stand_in_the_provenance_table_with_their_own_clauses() -> None:
    number = "某医保发〔2023〕1号"
    base = read(FULL)
    days = {(row.version, row.path): row for row in base.provenance() if row.path in ("effective", "until")}
    dates = ("2023-03-01", "2023-12-31")
    assert days["2023", "effective"] == Provenance(
        "care.employee", "2023", "effective", "2023-03-01", number, "一(一)", *dates
    )
    assert days["2023", "until"] == Provenance("care.employee", "2023", "until", "2023-12-31", "调整通知", "二", *dates)
    assert days["some day", "effective"].value == "open"
    moved = """
[[sections.care.employee]]
version = "2023"
effective = 2023-04-01
sources.effective = { document = "reform", clause = "二" }

[[sections.care.resident]]
version = "some day"
effective = 2024-01-01
source = { document = "reform", clause = "一" }
"""
    applied = read(overlay(moved), base)
    cited = {
        row.version: (row.value, row.document, row.clause) for row in applied.provenance() if row.path == "effective"
    }
    assert cited["2023"] == ("2023-04-01", "改革方案", "二")
    assert cited["some day"] == ("2024-01-01", "改革方案", "一")
    assert cited["2024"] == ("2024-02-01", number, "一(二)")
    assert loads(dumps(applied), applied.sections) == applied


def test_traced_terms_equal_the_plain_ones_and_carry_path_version_and_clause() -> None:
    policy = read(FULL)
    version = policy.version("care.employee", day("2023-03-01"))
    assert policy.traced("care.employee", version) == EMPLOYEE_TERMS
    traced: Any = policy.traced("care.employee", version)

    def leaf(path: str, zh: str, en: str, unit: str, clause: str) -> Leaf:
        return Leaf("terms", f"care.employee.{path}", zh, en, unit, "2023", clause)

    assert traced.ceiling.leaf == leaf("ceiling", "限额", "ceiling", "fen", "change 一")
    assert [value.leaf.clause for value in traced.rate.values] == [
        "notice 一(一)",
        "change 三",
        "notice 一(一)",
        "notice 一(一)",
    ]
    assert traced.rate.values[3].leaf == leaf("rate.primary.retired", "比例", "rate", "rate", "notice 一(一)")
    assert traced.bands.rates[1].values[0].leaf == leaf(
        "bands[1].rate.tertiary", "分段", "bands", "rate", "notice 一(一)"
    )
    assert traced.admission.values[0].leaf.unit == "never|listed|always"
    assert (traced.emergency.leaf.unit, traced.weight.leaf.unit, traced.days.leaf.unit) == ("flag", "factor", "days")
    assert all(type(value) is Traced for value in (traced.ceiling, traced.days, *traced.rate.values))
    assert (type(traced.scope), type(traced.codes)) == (str, tuple)
    assert type(EMPLOYEE_TERMS.ceiling) is int
    assert policy.terms(CareTerms, on=day("2023-03-01"), section="care.employee").ceiling.__class__ is int


def test_change_dates() -> None:
    assert read(HEAD + SPANS).change_dates() == tuple(
        map(day, ("2022-01-01", "2022-07-01", "2023-01-01", "2023-03-01"))
    )
    assert read(HEAD + RESIDENT_OPEN).change_dates() == ()
    forever = EMPLOYEE_2023.replace("until = 2023-12-31", "until = 9999-12-31")
    assert read(HEAD + forever).change_dates() == (day("2023-03-01"),)
    assert read(HEAD + EMPLOYEE_2023 + EMPLOYEE_2024).change_dates() == tuple(
        map(day, ("2023-03-01", "2024-01-01", "2024-02-01"))
    )


def test_on_every_change_date_and_the_day_before_the_version_is_clear_or_refused() -> None:
    policy = read(HEAD + SPANS)
    for date in policy.change_dates():
        for on in (date - ONE_DAY, date):
            try:
                version = policy.version("small", on)
            except NotInForce:
                continue
            assert version.effective is not None
            assert version.effective <= on <= (version.until or datetime.date.max)
