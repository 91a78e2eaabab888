"""Policy documents as text: each mistake with its path and message, all at once; what is read is written back equal."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import packs
from mipolicy.errors import DocumentError, PolicyError, Problem
from mipolicy.money import NO_LIMIT
from mipolicy.policy import (
    Citation,
    Document,
    Figure,
    Header,
    Policy,
    Section,
    Unresolved,
    Version,
    dumps,
    loads,
)
from mipolicy.rooms import SECTIONS as ROOMS
from mipolicy.tables import Bands, Table

from .samples import (
    EMPLOYEE_2023,
    EMPLOYEE_2024,
    FULL,
    HEAD,
    LEVEL,
    RESIDENT_OPEN,
    SECTIONS,
    SMALL,
    CareTerms,
    Quota,
    day,
    overlay,
    read,
)

NOTICE = Citation("notice", "一(一)")
FRAME = "version, effective, until, source, until_source, sources, open"
CARE = "ceiling, rate, bands, scope, codes, emergency, since, quotas, admission, weight, days, label"
NAMES = "care.employee, care.resident, small, authorised_list"
HEADER = "id, title, region, schemes, note, extends, reform, format, documents, unresolved, sections"
DOCUMENT = "title, issuer, status, number, published, url, verified_on, effective, until, note"
NO_TEXT = "takes text, Decimal or a whole int, not"


def mistakes(text: str | bytes, base: Policy | None = None) -> list[tuple[str, str]]:
    with pytest.raises(DocumentError) as caught:
        loads(text, SECTIONS, base=base)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def changed(old: str, new: str, text: str = HEAD + SMALL) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


# ----------------------------------------------------------------------------------------------- reading it whole


def test_a_whole_document_is_read() -> None:
    policy = read(FULL)
    assert policy.header == Header("city", "某市", "430700", ("310", "390"))
    assert policy.documents == {
        "notice": Document(
            "通知",
            "某市医疗保障局",
            "in_force",
            number="某医保发〔2023〕1号",
            published=day("2023-01-05"),
            verified_on=day("2024-12-31"),
        ),
        "change": Document("调整通知", "某市医疗保障局", "in_force"),
    }
    assert policy.unresolved == (
        Unresolved("实施细则", "the deductible", Citation("notice", "四"), published="2022-06-01"),
    )
    assert list(policy.versions) == ["care.employee", "care.resident", "small"]
    first, second = policy.versions["care.employee"]
    assert second == Version(
        "2024",
        Citation("notice", "一(二)"),
        effective=day("2024-02-01"),
        leaves={"ceiling": Figure(NO_LIMIT, Citation("notice", "一(二)"))},
        open={"scope": "stay or year; the clause does not say"},
    )
    change = Citation("change", "三")
    assert first == Version(
        name="2023",
        source=NOTICE,
        effective=day("2023-03-01"),
        until=day("2023-12-31"),
        until_source=Citation("change", "二"),
        leaves={
            "ceiling": Figure(750_000, Citation("change", "一")),
            "rate.tertiary.in_service": Figure(500_000, NOTICE),
            "rate.tertiary.retired": Figure(550_000, change),
            "rate.primary.in_service": Figure(700_000, NOTICE),
            "rate.primary.retired": Figure(700_000, NOTICE),
            "bands": Figure(
                Bands((0, 2_000_000), (Table((LEVEL,), (800_000, 900_000)), Table((LEVEL,), (850_000, 850_000)))),
                NOTICE,
            ),
            "scope": Figure("year", NOTICE),
            "codes": Figure(("01", "0002"), NOTICE),
            "emergency": Figure(0, NOTICE),
            "since": Figure(day("2020-02-29"), NOTICE),
            "quotas": Figure((Quota("M1", 30_000), Quota("M2", NO_LIMIT, 600_000)), NOTICE),
            "admission.tertiary": Figure(1, NOTICE),
            "admission.primary": Figure(2, NOTICE),
            "weight": Figure(10_300, NOTICE),
            "days": Figure(15, NOTICE),
            "label": Figure('甲 "乙" \\', NOTICE),
        },
    )


def test_notes_and_citations_of_what_is_open_are_kept() -> None:
    (version,) = read(FULL).versions["care.resident"]
    assert version.effective is None
    assert version.open == {
        "rate": "a rate that the clause calls 适当",
        "rate.primary.minor": "a rate for children",
        "effective": "a day in 2023",
    }
    assert version.sources == {
        "ceiling": Citation("change", "九"),
        "rate.primary": Citation("change", "十"),
        "effective": Citation("change", "末"),
    }
    assert version.leaves["rate.primary.adult"].source == Citation("change", "十")
    assert version.leaves["rate.tertiary.adult"].source == version.source


def test_versions_are_put_in_order_of_their_first_day_and_undated_ones_first() -> None:
    later = changed('version = "first"', 'version = "b"', SMALL).replace("2023-01-01", "2024-01-01")
    ended = changed("effective = 2023-01-01", END, SMALL)
    undated = changed("effective = 2023-01-01\n", "", changed('"first"', '"z"', SMALL))
    policy = read(HEAD + later + ended + undated)
    assert [version.name for version in policy.versions["small"]] == ["z", "first", "b"]


END = 'effective = 2023-01-01\nuntil = 2023-12-31\nuntil_source = { document = "change", clause = "二" }'


def test_bytes_and_a_byte_order_mark_are_taken() -> None:
    policy = read(FULL)
    assert loads(FULL.encode(), SECTIONS) == policy
    assert loads(b"\xef\xbb\xbf" + FULL.encode(), SECTIONS) == policy
    assert loads("\ufeff" + FULL, SECTIONS) == policy
    assert loads(FULL.replace("\n", "\r\n"), SECTIONS) == policy


def test_the_policy_can_be_sent_to_another_process() -> None:
    policy = read(FULL)
    assert policy.terms(CareTerms, on=day("2023-05-01"), section="care.employee").days == 15
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert again.terms(CareTerms, on=day("2023-05-01"), section="care.employee") == policy.terms(
        CareTerms, on=day("2023-05-01"), section="care.employee"
    )


# ------------------------------------------------------------------------------------------- files that are no files


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"id = '\xff'", "not UTF-8 at byte 6; save it as UTF-8"),
        (FULL.encode("gb18030"), "not UTF-8 at byte 34; save it as UTF-8"),
        (FULL.encode("utf-16-be"), "not UTF-8 at byte 65; save it as UTF-8"),
        ("", "the file is empty; a policy needs at least id, title, region, schemes"),
        (b"", "the file is empty; a policy needs at least id, title, region, schemes"),
        (" \n\t", "the file is empty; a policy needs at least id, title, region, schemes"),
        (b"\xef\xbb\xbf", "the file is empty; a policy needs at least id, title, region, schemes"),
        ("a = ", "not TOML: Invalid value (at end of document)"),
        ("a = " + "[" * 5000, "not TOML: nested too deeply"),
    ],
    ids=["bytes", "gb18030", "utf-16", "empty", "empty bytes", "spaces", "mark alone", "not TOML", "deep"],
)
def test_what_is_no_policy_file(text: str | bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        loads(text, SECTIONS, name="city.toml")
    assert caught.value.problems == (Problem("file", message),)
    assert str(caught.value) == f"city.toml: 1 mistake(s)\n  file: {message}"


def test_more_that_is_not_toml() -> None:
    for text in ("a = 1\na = 2", "a = 2023-02-30", "{}", 'a = "', "id = city", "region = 043"):
        ((path, message),) = mistakes(text)
        assert (path, message[:10]) == ("file", "not TOML: ")
    ((path, message),) = mistakes("a = " + "9" * 5000)
    assert (path, message[:10]) == ("file", "not TOML: ")


# ------------------------------------------------------------------------------------------------------- the header


def test_a_file_that_holds_nothing_of_a_policy() -> None:
    assert mistakes("x = 1") == [
        ("format", "takes 1, the one format that this version reads"),
        ("x", f"unknown key; allowed: {HEADER}"),
        ("header.id", "missing, and required"),
        ("header.title", "missing, and required"),
        ("header.region", "missing, and required"),
        ("header.schemes", "missing, and required"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("format = 1\n", "", "format", "takes 1, the one format that this version reads"),
        ("format = 1\n", "format = 2\n", "format", "takes 1, the one format that this version reads"),
        ("format = 1\n", "format = true\n", "format", "takes 1, the one format that this version reads"),
        ("format = 1\n", 'format = "1"\n', "format", "takes 1, the one format that this version reads"),
        ('id = "city"\n', "", "header.id", "missing, and required"),
        ('id = "city"\n', 'id = ""\n', "header.id", "takes a name that tells this policy from others"),
        ('id = "city"\n', 'id = "city"\nidd = 1\n', "idd", f"unknown key; allowed: {HEADER}"),
        (
            'title = "某市"',
            "title = 5",
            "header.title",
            "takes text, not 5; codes are strings and keep their leading zeros",
        ),
        (
            '"430700"',
            "430700",
            "header.region",
            "takes text, not 430700; codes are strings and keep their leading zeros",
        ),
        ('"430700"', '"43070"', "header.region", "takes a six-digit GB/T 2260 code, not '43070'"),
        ('"430700"', '"４３０７００"', "header.region", "takes a six-digit GB/T 2260 code, not '４３０７００'"),
        ('"430700"', '"430700\\n"', "header.region", "takes a six-digit GB/T 2260 code, not '430700\\n'"),
        ('["310", "390"]', "[]", "header.schemes", "takes at least one insutype code"),
        ('["310", "390"]', '"310"', "header.schemes", "takes a list of texts, not '310'"),
        (
            '["310", "390"]',
            "[310]",
            "header.schemes",
            "takes text, not 310; codes are strings and keep their leading zeros",
        ),
        (
            'id = "city"\n',
            'id = "city"\nextends = "province"\n',
            "header.extends",
            "extends 'province', which was not given",
        ),
    ],
)
def test_mistakes_of_the_header(old: str, new: str, path: str, message: str) -> None:
    assert mistakes(changed(old, new)) == [(path, message)]


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ('status = "in_force"\nnumber', "number", "documents.notice.status", "missing, and required"),
        (
            'status = "in_force"\nnumber',
            'status = "valid"\nnumber',
            "documents.notice.status",
            "takes one of in_force, repealed, plan, article, assumed, not 'valid'",
        ),
        (
            "published = 2023-01-05",
            'published = "2023-01-05"',
            "documents.notice.published",
            "takes a date such as 2023-05-18, unquoted, not '2023-01-05'",
        ),
        (
            "published = 2023-01-05",
            "published = 2023-01-05T00:00:00",
            "documents.notice.published",
            "takes a date such as 2023-05-18, unquoted, not datetime.datetime(2023, 1, 5, 0, 0)",
        ),
        ("published = 2023-01-05", "publisht = 1", "documents.notice.publisht", f"unknown key; allowed: {DOCUMENT}"),
        (
            "published = 2023-01-05",
            "effective = 2023-02-01\nuntil = 2023-01-31",
            "documents.notice.until",
            "2023-01-31 is before 2023-02-01",
        ),
        (
            'title = "通知"',
            "title = ['x']",
            "documents.notice.title",
            "takes text, not ['x']; codes are strings and keep their leading zeros",
        ),
    ],
)
def test_mistakes_of_a_document(old: str, new: str, path: str, message: str) -> None:
    assert mistakes(changed(old, new)) == [(path, message)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("unresolved = 1", [("unresolved", "takes a list of tables")]),
        ("unresolved = [1]", [("unresolved[0]", "takes a table, not 1")]),
        (
            'unresolved = [{ title = "x", cited_in = { document = "letter", clause = "" }, x = 1 }]',
            [
                ("unresolved[0].x", "unknown key; allowed: title, holds, cited_in, number, published"),
                ("unresolved[0].holds", "missing, and required"),
                ("unresolved[0].cited_in.document", "no document 'letter'; documents: notice, change"),
                ("unresolved[0].cited_in.clause", "a citation needs its clause"),
            ],
        ),
        (
            'unresolved = [{ title = "x", holds = "y", cited_in = "notice" }]',
            [("unresolved[0].cited_in", "takes a table, not 'notice'")],
        ),
        ("sections = 1", [("sections", "takes tables of versions by section")]),
        ("sections = { care = 1 }", [("sections.care", f"unknown section; sections: {NAMES}")]),
        ("sections = { care = { child = [] } }", [("sections.care.child", f"unknown section; sections: {NAMES}")]),
        (
            "sections = { small = { version = '1' } }",
            [("sections.small", "takes a list of versions: write [[sections.small]]")],
        ),
        (
            "sections = { care = { employee = {} } }",
            [("sections.care.employee", "takes a list of versions: write [[sections.care.employee]]")],
        ),
        ("sections = { small = [1] }", [("sections.small[0]", "takes a table")]),
    ],
)
def test_mistakes_of_the_frame_of_the_file(more: str, expected: list[tuple[str, str]]) -> None:
    assert mistakes(changed('id = "city"\n', f'id = "city"\n{more}\n', HEAD)) == expected


def test_documents_and_versions_may_last_one_day() -> None:
    text = changed("published = 2023-01-05", "effective = 2023-02-01\nuntil = 2023-02-01")
    text = changed(EFFECTIVE, END.replace("2023-12-31", "2023-01-01"), text)
    (version,) = read(text).versions["small"]
    assert version.effective == version.until == day("2023-01-01")


def test_documents_that_are_no_table() -> None:
    head = HEAD.partition("[documents")[0]
    assert mistakes(head + "documents = 1\n") == [("documents", "takes a table of documents by short name")]
    assert mistakes(head + "documents = { notice = 1 }\n") == [("documents.notice", "takes a table, not 1")]


# ----------------------------------------------------------------------------------------------------- the versions

S = "sections.small[0]"
SOURCE = 'source = { document = "notice", clause = "三" }'
EFFECTIVE = "effective = 2023-01-01"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('version = "first"\n', "", [(f"{S}.version", "missing, and required")]),
        (
            '"first"',
            '" "',
            [(f"{S}.version", "takes a name that tells the versions of the section apart")],
        ),
        (
            '"first"',
            "2023",
            [(f"{S}.version", "takes text, not 2023; codes are strings and keep their leading zeros")],
        ),
        (
            '"first"',
            "['a']",
            [(f"{S}.version", "takes text, not ['a']; codes are strings and keep their leading zeros")],
        ),
        (
            EFFECTIVE,
            'effective = "2023-01-01"',
            [(f"{S}.effective", "takes a date such as 2023-05-18, unquoted, not '2023-01-01'")],
        ),
        (
            EFFECTIVE,
            "effective = 2023-01-01 00:00:00",
            [
                (
                    f"{S}.effective",
                    "takes a date such as 2023-05-18, unquoted, not datetime.datetime(2023, 1, 1, 0, 0)",
                )
            ],
        ),
        (
            SOURCE,
            "",
            [(S, "unsourced: required key 'source' is missing; state its document and clause")],
        ),
        (SOURCE, 'source = "notice"', [(f"{S}.source", "takes a table, not 'notice'")]),
        (SOURCE, 'source = { document = "notice" }', [(f"{S}.source.clause", "missing, and required")]),
        (
            SOURCE,
            'source = { document = "notice", clause = "三", page = 5 }',
            [(f"{S}.source", "unknown key page; allowed: document, clause")],
        ),
        (
            SOURCE,
            'source = { document = "letter", clause = " " }',
            [
                (f"{S}.source.document", "no document 'letter'; documents: notice, change"),
                (f"{S}.source.clause", "a citation needs its clause"),
            ],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nuntil = 2023-12-31",
            [(f"{S}.until", "an explicit end needs its own source: state until_source")],
        ),
        (
            EFFECTIVE,
            f'{EFFECTIVE}\nuntil_source = {{ document = "notice", clause = "三" }}',
            [(f"{S}.until_source", "an end is sourced but not stated: state until")],
        ),
        (
            EFFECTIVE,
            f'{EFFECTIVE}\nuntil = 2022-12-31\nuntil_source = {{ document = "notice", clause = "三" }}',
            [(f"{S}.until", "ends on 2022-12-31, before it begins on 2023-01-01")],
        ),
        (
            EFFECTIVE,
            f'{EFFECTIVE}\nuntil = 2023-12-31\nuntil_source = {{ document = "law", clause = "三" }}',
            [(f"{S}.until_source.document", "no document 'law'; documents: notice, change")],
        ),
        (EFFECTIVE, f"{EFFECTIVE}\nsources = 1", [(f"{S}.sources", "takes a table")]),
        (EFFECTIVE, f"{EFFECTIVE}\nopen = [1]", [(f"{S}.open", "takes a table")]),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nsources.ceiling.document = 'notice'",
            [(f"{S}.sources.ceiling.clause", "missing, and required")],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nsources.ceiling = {{ document = 'law', clause = '一' }}",
            [(f"{S}.sources.ceiling.document", "no document 'law'; documents: notice, change")],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nsources.cap = {{ document = 'notice', clause = '一' }}\nopen.cap = 'x'",
            [
                (f"{S}.sources.cap", "no such field; fields: effective, ceiling, rate"),
                (f"{S}.open.cap", "no such field; fields: effective, ceiling, rate"),
            ],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nopen.'rate.third' = 'x'\nopen.'ceiling.low' = 'x'",
            [
                (f"{S}.open.rate.third", "no such part of rate; parts: tertiary, primary"),
                (f"{S}.open.ceiling.low", "no such part of ceiling; parts: none"),
            ],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nopen.rate = 'x'\nopen.effective = 'y'",
            [
                (f"{S}.open.rate", "is stated, so it is not open"),
                (f"{S}.open.effective", "is stated, so it is not open"),
            ],
        ),
        (
            EFFECTIVE,
            f"{EFFECTIVE}\nopen.rate.primary = 'x'",
            [
                (
                    f"{S}.open.rate",
                    "takes text, not {'primary': 'x'}; codes are strings and keep their leading zeros",
                )
            ],
        ),
        (
            'ceiling = "100"',
            "ceiling = 100.5\nrates = 1",
            [
                (f"{S}.rates", f"unknown key; allowed: {FRAME}, ceiling, rate"),
                (f"{S}.ceiling", f"yuan {NO_TEXT} float 100.5: write it as text, '100.5'"),
            ],
        ),
        ('rate = "0.1"', "rate = 0.5", [(f"{S}.rate", f"rate {NO_TEXT} float 0.5: write it as text, '0.5'")]),
        ('rate = "0.1"', "rate.primary = nan", [(f"{S}.rate.primary", f"rate {NO_TEXT} float nan")]),
        ('rate = "0.1"', "rate = true", [(f"{S}.rate", f"rate {NO_TEXT} bool True")]),
        ('rate = "0.1"', 'rate = "1.1"', [(f"{S}.rate", "rate 1.1 is outside [0, 1]")]),
        ('ceiling = "100"', 'ceiling = "-100"', [(f"{S}.ceiling", "-100 yuan is negative")]),
    ],
)
def test_mistakes_of_a_version(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert mistakes(changed(old, new)) == expected


E = "sections.care.employee[0]"


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("days = 15", "days = -1", f"{E}.days", "-1 is negative"),
        ("days = 15", "days = 367", E, "days are at most 366, got 367"),
        ("days = 15", "dayz = 15", f"{E}.dayz", f"unknown key; allowed: {FRAME}, {CARE}"),
        ('scope = "year"', 'scope = "month"', f"{E}.scope", "takes one of stay, year, not 'month'"),
        ('["01", "0002"]', "[1]", f"{E}.codes", "codes are strings and keep their leading zeros, got 1"),
        ("emergency = false", 'emergency = "no"', f"{E}.emergency", "takes true or false, not 'no'"),
        ("emergency = false", "emergency = 0", f"{E}.emergency", "takes true or false, not 0"),
        (
            "since = 2020-02-29",
            'since = "2020-02-29"',
            f"{E}.since",
            "takes a date such as 2023-05-18, unquoted, not '2020-02-29'",
        ),
        ('from = "0"', 'from = "1"', f"{E}.bands", "bands must start at 0, got edges (100, 2000000)"),
        ('from = "20000"', 'from = "0"', f"{E}.bands", "bands must ascend without overlap, got edges (0, 0)"),
        ('from = "20000"', "from = 2.5", f"{E}.bands[1].from", f"yuan {NO_TEXT} float 2.5: write it as text, '2.5'"),
        ('"85%"', '"185%"', f"{E}.bands[1].rate", "rate 185% is outside [0, 1]"),
        ('code = "M2"', 'code = "M1"', f"{E}.quotas[1].code", "'M1' stands twice"),
        (
            'code = "M2"',
            "code = 2",
            f"{E}.quotas[1].code",
            "takes text, not 2; codes are strings and keep their leading zeros",
        ),
        ('retired = "55%"', "child = '1%'", f"{E}.rate.tertiary.child", "unknown status; allowed: in_service, retired"),
        (
            'admission = { tertiary = "listed"',
            'admission = { tertiary = "yes"',
            f"{E}.admission.tertiary",
            "takes one of never, listed, always, not 'yes'",
        ),
    ],
)
def test_mistakes_of_the_fields(old: str, new: str, path: str, message: str) -> None:
    assert mistakes(changed(old, new, HEAD + EMPLOYEE_2023)) == [(path, message)]


def test_a_field_that_the_section_settles_cannot_be_stated() -> None:
    assert mistakes(HEAD + RESIDENT_OPEN + "days = 3\n") == [
        (
            "sections.care.resident[0].days",
            "is settled by what this section is; allowed: " + f"{FRAME}, {CARE}".removesuffix(", days, label"),
        )
    ]
    assert mistakes(HEAD + RESIDENT_OPEN + 'open.label = "x"\n') == [
        (
            "sections.care.resident[0].open.label",
            "no such field; fields: effective, " + CARE.removesuffix(", days, label"),
        )
    ]


def test_versions_that_overlap_or_share_a_name() -> None:
    second = changed("2023-01-01", "2024-01-01", changed('"first"', '"second"', SMALL))
    assert mistakes(HEAD + SMALL + second) == [
        ("sections.small", "version 'first' has no end and overlaps 'second', which begins on 2024-01-01")
    ]
    ended = changed(EFFECTIVE, END, SMALL)
    assert mistakes(HEAD + changed("until = 2023-12-31", "until = 2024-01-01", ended) + second) == [
        ("sections.small", "version 'first' runs to 2024-01-01 and overlaps 'second', which begins on 2024-01-01")
    ]
    assert [version.name for version in read(HEAD + ended + second).versions["small"]] == ["first", "second"]
    twice = changed("2023-01-01", "2024-01-01", SMALL)
    assert mistakes(HEAD + ended + twice) == [("sections.small[1].version", "'first' stands twice in this section")]
    same_day = changed('"first"', '"second"', SMALL)
    assert mistakes(HEAD + same_day + ended) == [
        ("sections.small", "version 'second' has no end and overlaps 'first', which begins on 2023-01-01")
    ]


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    text = FULL
    for old, new in (
        ("format = 1\n", ""),
        ('region = "430700"', 'region = "4307"'),
        ('title = "调整通知"\n', ""),
        ('cited_in = { document = "notice", clause = "四" }', 'cited_in = { document = "letter", clause = "四" }'),
        ('ceiling = "7500"', "ceiling = 7500.5"),
        ('{ from = "20000", rate = "85%" }', '{ from = "20000", rate = "2" }'),
        (
            'sources.ceiling = { document = "change", clause = "一" }',
            'sources.top = { document = "law", clause = "一" }',
        ),
        ("effective = 2024-02-01", 'effective = "2024-02-01"'),
        ('rate.tertiary = "0.5"', 'rate.secondary = "0.5"'),
        ('source = { document = "notice", clause = "三" }\n', ""),
        ('rate = "0.1"\n', 'rate = "0.1"\nrates = "0.1"\n\n[[sections.large]]\n'),
    ):
        text = changed(old, new, text)
    with pytest.raises(DocumentError) as caught:
        loads(text, SECTIONS, name="city.toml")
    assert str(caught.value) == "\n".join(
        [
            "city.toml: 13 mistake(s)",
            "  format: takes 1, the one format that this version reads",
            "  documents.change.title: missing, and required",
            "  unresolved[0].cited_in.document: no document 'letter'; documents: notice, change",
            f"  sections.large: unknown section; sections: {NAMES}",
            "  header.region: takes a six-digit GB/T 2260 code, not '4307'",
            f"  sections.care.employee[0].ceiling: yuan {NO_TEXT} float 7500.5: write it as text, '7500.5'",
            "  sections.care.employee[0].bands[1].rate: rate 2 is outside [0, 1]",
            "  sections.care.employee[0].sources.top.document: no document 'law'; documents: notice, change",
            f"  sections.care.employee[0].sources.top: no such field; fields: effective, {CARE}",
            "  sections.care.employee[1].effective: takes a date such as 2023-05-18, unquoted, not '2024-02-01'",
            "  sections.care.resident[0].rate.secondary: unknown level; allowed: tertiary, primary",
            f"  sections.small[0].rates: unknown key; allowed: {FRAME}, ceiling, rate",
            "  sections.small[0]: unsourced: required key 'source' is missing; state its document and clause",
        ]
    )


def test_what_terms_refuse_is_reported_beside_other_mistakes_and_for_undated_versions_too() -> None:
    wrong = changed("days = 15", "days = 400", EMPLOYEE_2023)
    undated = changed("effective = 2023-03-01\n", "", wrong)
    message = "days are at most 366, got 400"
    assert mistakes(HEAD + undated) == [(E, message)]
    assert mistakes(HEAD + wrong + changed('rate = "0.1"', 'rate = "7"', SMALL)) == [
        (E, message),
        (f"{S}.rate", "rate 7 is outside [0, 1]"),
    ]
    assert read(HEAD + changed("label = '甲 \"乙\" \\'\n", "", wrong)).versions  # open elsewhere: nothing to build yet


# --------------------------------------------------------------------------------------------------------- overlays


FILL = """
[[sections.care.employee]]
version = "2024"
source = { document = "reform", clause = "一" }
ceiling = "9000"
scope = "stay"
"""


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        (overlay(FILL), False, [("header.extends", "extends 'city', which was not given")]),
        (
            overlay("", extends="town"),
            True,
            [("header.extends", "extends 'town', but the base given is 'city'")],
        ),
        (HEAD, True, [("header.extends", "extends '', but the base given is 'city'")]),
        (
            overlay(changed('source = { document = "reform", clause = "一" }\n', "", FILL)),
            True,
            [
                (f"{E}.ceiling", "an overlay's figure needs a source of its own"),
                (f"{E}.scope", "an overlay's figure needs a source of its own"),
            ],
        ),
        (
            overlay(changed('source = { document = "reform"', 'source = { document = "plan"', FILL)),
            True,
            [(f"{E}.source.document", "no document 'plan'; documents: notice, change, reform")],
        ),
        (
            overlay(
                changed(
                    'version = "2024"\n',
                    'version = "2023"\nuntil = 2023-02-01\nuntil_source = { document = "reform", clause = "三" }\n',
                    FILL,
                )
            ),
            True,
            [(f"{E}.until", "ends on 2023-02-01, before it begins on 2023-03-01")],
        ),
        (
            overlay(changed('version = "2024"\n', 'version = "2024"\nuntil = 2024-06-30\n', FILL)),
            True,
            [(f"{E}.until", "an explicit end needs its own source: state until_source")],
        ),
        (
            overlay(changed('version = "2024"\n', 'version = "2025"\neffective = 2025-01-01\n', FILL)),
            True,
            [
                (
                    "sections.care.employee",
                    "version '2024' has no end and overlaps '2025', which begins on 2025-01-01",
                )
            ],
        ),
        (
            overlay(
                changed(
                    'version = "2024"\n',
                    'version = "new"\n',
                    changed('source = { document = "reform", clause = "一" }\n', "", FILL),
                )
            ),
            True,
            [(E, "unsourced: required key 'source' is missing; state its document and clause")],
        ),
        (
            overlay(changed('scope = "stay"\n', 'open.ceiling = "x"\nopen.days = "y"\n', FILL)),
            True,
            [(f"{E}.open.ceiling", "is stated, so it is not open")],
        ),
        (
            overlay(
                changed(
                    'version = "2024"\n',
                    'version = "2023"\nsources.days = { document = "reform", clause = "二" }\n',
                    FILL,
                )
            ),
            True,
            [(f"{E}.sources.days", "cites a figure that this entry does not state")],
        ),
    ],
)
def test_mistakes_of_overlays(text: str, base: bool, expected: list[tuple[str, str]]) -> None:
    assert mistakes(text, read(FULL) if base else None) == expected


def test_an_overlay_that_moves_a_first_day_cites_what_moves_it() -> None:
    body = """
[[sections.care.employee]]
version = "2023"
effective = {}
{}
"""
    base = read(FULL)
    message = "an overlay's first day needs a source of its own"
    assert mistakes(overlay(body.format("2023-04-01", "")), base) == [(f"{E}.effective", message)]
    assert read(overlay(body.format("2023-03-01", "")), base).versions == base.versions
    for cited in ("source", "sources.effective"):
        text = overlay(body.format("2023-04-01", f'{cited} = {{ document = "reform", clause = "七" }}'))
        version = read(text, base).versions["care.employee"][0]
        assert version.effective == day("2023-04-01")
        assert version.cited("effective") == Citation("reform", "七")
        assert version.source == NOTICE
    for wrong, message in (("source = 'x'", "takes a table, not 'x'"), ("sources = 1", "takes a table")):
        path = wrong.partition(" ")[0]
        assert mistakes(overlay(body.format("2023-04-01", wrong)), base) == [(f"{E}.{path}", message)]


def test_a_leaf_of_an_overlay_may_cite_its_own_source_alone() -> None:
    body = """
[[sections.care.employee]]
version = "2023"
sources."rate.primary" = { document = "reform", clause = "七" }
rate.primary.retired = "0.75"
"""
    (version, _) = read(overlay(body), read(FULL)).versions["care.employee"]
    assert version.leaves["rate.primary.retired"] == Figure(750_000, Citation("reform", "七"))
    assert version.leaves["rate.primary.in_service"] == Figure(700_000, NOTICE)


def test_a_base_may_be_looked_up_by_its_id() -> None:
    base = read(FULL)
    asked: list[str] = []

    def find(name: str) -> Policy:
        asked.append(name)
        if name != "city":
            raise PolicyError(f"no policy {name!r}")
        return base

    assert loads(overlay(FILL), SECTIONS, find=find) == read(overlay(FILL), base)
    assert asked == ["city"]
    with pytest.raises(DocumentError) as caught:
        loads(overlay(FILL, extends="town"), SECTIONS, find=find)
    assert caught.value.problems[0] == Problem("header.extends", "no policy 'town'")
    assert [problem.path for problem in caught.value.problems].count("header.extends") == 1
    assert loads(FULL, SECTIONS, find=find) == base
    assert asked == ["city", "town"]


# ---------------------------------------------------------------------------------------------------- writing it back


def test_what_is_read_is_written_back_equal() -> None:
    policy = read(FULL)
    text = dumps(policy)
    assert loads(text, SECTIONS) == policy
    assert dumps(loads(text, SECTIONS)) == text
    assert tomllib.loads(text)["format"] == 1


def test_only_the_sources_that_differ_are_written() -> None:
    employee = tomllib.loads(dumps(read(FULL)))["sections"]["care"]["employee"]
    assert employee[0]["sources"] == {
        "ceiling": {"document": "change", "clause": "一"},
        "rate.tertiary.retired": {"document": "change", "clause": "三"},
    }
    assert "sources" not in employee[1]
    assert employee[1]["open"] == {"scope": "stay or year; the clause does not say"}


def test_a_field_from_one_other_clause_cites_it_once() -> None:
    text = changed(EFFECTIVE, f'{EFFECTIVE}\nsources.rate = {{ document = "change", clause = "五" }}')
    written = tomllib.loads(dumps(read(text)))["sections"]["small"][0]
    assert written["sources"] == {"rate": {"document": "change", "clause": "五"}}
    assert loads(dumps(read(text)), SECTIONS) == read(text)


def test_an_overlay_is_written_out_whole() -> None:
    applied = read(overlay(FILL), read(FULL))
    text = dumps(applied)
    assert "extends" not in tomllib.loads(text)
    assert loads(text, SECTIONS) == applied


@pytest.mark.parametrize("name", packs.names())
def test_every_bundled_pack_is_written_back_equal(name: str) -> None:
    policy = packs.load(name)
    assert loads(dumps(policy), ROOMS) == policy


CITATIONS = st.sampled_from([Citation("notice", "三"), Citation("notice", "五"), Citation("change", "六")])
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
LEAVES = ("ceiling", "rate.tertiary", "rate.primary")


@st.composite
def small_policies(draw: st.DrawFn) -> Policy:
    """Any version of the small section that a file could state, made without reading one."""
    stated = draw(st.lists(st.sampled_from(LEAVES), unique=True))
    leaves = {path: Figure(draw(st.integers(0, 10**6)), draw(CITATIONS)) for path in LEAVES if path in stated}
    effective = draw(st.none() | st.dates())
    unfilled = {path for leaf in LEAVES if leaf not in stated for path in (leaf, leaf.split(".")[0])}
    notes = draw(st.dictionaries(st.sampled_from(sorted(unfilled)), PLAIN)) if unfilled else {}
    cited = draw(st.dictionaries(st.sampled_from([*sorted(unfilled), "effective"]), CITATIONS))
    version = Version("v", Citation("notice", "三"), effective, leaves=leaves, open=notes, sources=cited)
    documents = {
        name: Document(draw(PLAIN), draw(PLAIN), "in_force", note=draw(PLAIN)) for name in ("notice", "change")
    }
    unresolved = (Unresolved(draw(PLAIN), draw(PLAIN), draw(CITATIONS), published=draw(PLAIN)),)
    return Policy(
        Header("p", draw(PLAIN), "430700", ("310",)), documents, unresolved, {"small": (version,)}, dict(SECTIONS)
    )


@given(small_policies())
def test_any_policy_is_written_and_read_back_equal(policy: Policy) -> None:
    assert loads(dumps(policy), SECTIONS) == policy


def test_an_end_before_the_beginning_of_time_and_undated_versions_are_written_too() -> None:
    text = HEAD + changed("effective = 2023-03-01\n", "", EMPLOYEE_2023) + EMPLOYEE_2024
    assert read(dumps(read(text))) == read(text)


def test_writing_needs_tomli_w(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomli_w", None)
    with pytest.raises(PolicyError) as caught:
        dumps(read(FULL))
    assert str(caught.value) == "writing TOML needs tomli-w: pip install 'mipolicy[toml]'"


def test_messages_come_in_the_same_order_whatever_the_hash_seed() -> None:
    code = (
        "import sys; from mipolicy.errors import DocumentError; from mipolicy.policy import loads; "
        "from mipolicy.rooms import SECTIONS\n"
        "try:\n    loads(sys.argv[1], SECTIONS)\nexcept DocumentError as error:\n    sys.stdout.write(str(error))"
    )
    text = HEAD + "\n[[sections.filing]]\nzeta = 1\nalpha = 1\nmiddle = 1\nvalid_days = -1\nlasting_kinds = 1\n"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code, text],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(runs) == 1
    assert runs.pop().count(b"unknown key") == 3


def test_sections_of_the_rooms_are_taken_as_they_are() -> None:
    body = """
[[sections.filing]]
version = "2023"
effective = 2023-01-01
source = { document = "notice", clause = "七" }
lasting_kinds = ["resident_elsewhere"]
valid_days = 180

[[sections.inpatient.resident]]
version = "2023"
effective = 2023-01-01
source = { document = "notice", clause = "八" }
deductible.first.tertiary.adult = "900"
ceiling_streams = ["general"]
"""
    policy: Any = loads(HEAD + body, ROOMS)
    assert policy.versions["inpatient.resident"][0].leaves["deductible.first.tertiary.adult"].value == 90_000
    assert loads(dumps(policy), ROOMS) == policy
    section = attrs.evolve(ROOMS["filing"], fixed={"valid_days": 1})
    assert isinstance(section, Section)
    with pytest.raises(DocumentError, match="valid_days: is settled by what this section is"):
        loads(HEAD + body, {**ROOMS, "filing": section})


def test_a_policy_cannot_extend_itself() -> None:
    head = 'format = 1\nid = "{}"\ntitle = "t"\nregion = "990000"\nschemes = ["310", "390"]\nextends = "{}"\n'
    with pytest.raises(DocumentError, match=r"header\.extends: a policy cannot extend itself: mine -> mine"):
        mipolicy.loads(head.format("mine", "mine"))
    first = mipolicy.loads(head.format("mine", "assumed"))
    second = mipolicy.loads(head.format("reform", "mine"), base=first)
    assert second.lineage == ("mine", "assumed")
    with pytest.raises(DocumentError, match="a policy cannot extend itself: assumed -> reform -> mine -> assumed"):
        mipolicy.loads(head.format("assumed", "reform"), base=second)
