"""Grouping of DIP cases: against the oracle; one case and a table alike; worked examples; codes; messages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyError
from mipolicy.payment.case import Group
from mipolicy.payment.dip_grouping import (
    MATCH_STEPS,
    TREATMENT,
    CodedCases,
    DipGroupingTerms,
    GroupKey,
    candidate,
    category,
    match,
    match_one,
    subcategory,
    treatment_of,
)
from tests.oracles import dip_grouping as oracle
from tests.payment.shared import check_refused

SIMPLE = DipGroupingTerms(match_order=("combined", "matched", "cost", "kind"), unlisted_procedures="ignored")
KINDS = {
    "45.2302": "diagnostic",
    "39.9501": "therapeutic",
    "39.9502": "therapeutic",
    "32.4100": "related_operation",
    "40.3x00": "related_operation",
}
PROCEDURES = (*KINDS, "99.9900")


def group(code: str, mean: int, kind: str = "") -> Group:
    return Group(
        group_code=code, kind=kind or ("core" if "." in code.split(":")[0] else "comprehensive"), group_mean=mean
    )


GROUPS = (
    group("A00.0", 1_000_00),
    group("A00.0:45.2302", 2_000_00),
    group("A00.0:45.2302+39.9501/39.9502", 5_000_00),
    group("A00.0:39.9501/39.9502", 4_000_00),
    group("A00.0:39.9501", 4_500_00, "basic"),
    group("A00:therapeutic", 4_200_00),
    group("A00-B99:conservative", 900_00),
    group("A00-B99:related_operation", 9_000_00),
    group("C34.9:32.4100+40.3x00", 50_000_00),
)


def one(diagnosis: str, *procedures: str, cost: int = 3_000_00, terms: DipGroupingTerms = SIMPLE) -> str | None:
    found = match_one(terms, GROUPS, KINDS, diagnosis, procedures, cost)
    return found.group_code if found else None


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(tuple(permutations(MATCH_STEPS))),
    st.lists(st.sampled_from(GROUPS), unique=True, max_size=9),
    st.lists(
        st.tuples(
            st.sampled_from(("A00.000", "A00.001", "A01.100", "B20.900", "C34.900x002", "I10.x00")),
            st.lists(st.sampled_from(PROCEDURES), max_size=4).map(tuple),
            st.one_of(st.sampled_from((950_00, 4_250_00, 4_350_00)), st.integers(0, 60_000_00)),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_a_table_one_case_and_the_oracle_agree(
    order: tuple[str, ...], groups: list[Group], cases: list[tuple[str, tuple[str, ...], int]]
) -> None:
    terms = attrs.evolve(SIMPLE, match_order=order)
    diagnoses = sorted({case[0] for case in cases})
    sets = sorted({case[1] for case in cases})
    coded = CodedCases(
        np.array([diagnoses.index(case[0]) for case in cases], np.int64),
        np.array([sets.index(case[1]) for case in cases], np.int64),
        np.array([case[2] for case in cases], np.int64),
    )
    found = match(terms, groups, KINDS, diagnoses, sets, coded)
    words = [{"code": each.group_code, "kind": each.kind, "mean": each.group_mean} for each in groups]
    for row, case in enumerate(cases):
        at = int(found.group[row])
        expected = oracle.match(order, words, KINDS, *case)
        assert (groups[at].group_code if at >= 0 else None) == expected
        assert found.grouped[row] == (at >= 0)
        assert match_one(terms, groups, KINDS, *case) == (groups[at] if at >= 0 else None)
        assert TREATMENT.members[found.treatment[row]] == treatment_of(terms, case[1], KINDS)


@pytest.mark.parametrize(
    ("diagnosis", "procedures", "cost", "code"),
    [
        ("A00.000", (), 5_00, "A00.0"),  # 995 from the core group's mean, 895 from the range's: see below
        ("A00.000", ("45.2302",), 0, "A00.0:45.2302"),
        ("A00.000", ("45.2302", "39.9502"), 0, "A00.0:45.2302+39.9501/39.9502"),
        ("A00.000", ("39.9501", "39.9502"), 0, "A00.0:39.9501/39.9502"),  # two of the case's procedures are named
        ("A00.000", ("39.9502",), 0, "A00.0:39.9501/39.9502"),
        ("A00.000", ("39.9501",), 4_249_99, "A00.0:39.9501/39.9502"),  # nearer to 4,000
        ("A00.000", ("39.9501",), 4_250_01, "A00.0:39.9501"),  # nearer to 4,500
        ("A00.000", ("39.9501",), 4_250_00, "A00.0:39.9501/39.9502"),  # as near: core before basic
        ("A00.000", ("99.9900",), 1_000_00, "A00.0"),  # a procedure without a kind is left out
        ("A00.900", ("39.9501",), 0, "A00:therapeutic"),
        ("B20.900", (), 0, "A00-B99:conservative"),
        ("A00.900", ("32.4100",), 0, "A00-B99:related_operation"),
        ("C34.900x002", ("32.4100", "40.3x00"), 0, "C34.9:32.4100+40.3x00"),
        ("C34.900", ("32.4100",), 0, None),
        ("I10.x00", (), 0, None),
    ],
)
def test_p01_a_case_and_its_group(diagnosis: str, procedures: tuple[str, ...], cost: int, code: str | None) -> None:
    if diagnosis == "A00.000" and not procedures:
        terms = attrs.evolve(SIMPLE, match_order=("combined", "matched", "kind", "cost"))
        assert one(diagnosis, *procedures, cost=cost, terms=terms) == code
        assert one(diagnosis, *procedures, cost=cost) == "A00-B99:conservative"  # cost before kind
    else:
        assert one(diagnosis, *procedures, cost=cost) == code


def test_a_hundred_thousand_cases_are_matched_by_their_distinct_pairs() -> None:
    random = np.random.default_rng(5)
    diagnoses, sets = ("A00.000", "A00.100", "C34.900"), ((), ("39.9501",), ("45.2302", "39.9502"))
    cases = CodedCases(
        random.integers(0, 3, 100_000), random.integers(0, 3, 100_000), random.integers(0, 9_000_00, 100_000)
    )
    found = match(SIMPLE, GROUPS, KINDS, diagnoses, sets, cases)
    for row in range(0, 100_000, 997):
        case = (diagnoses[cases.diagnosis[row]], sets[cases.procedures[row]], int(cases.medfee_sumamt[row]))
        at = int(found.group[row])
        assert (GROUPS[at] if at >= 0 else None) == match_one(SIMPLE, GROUPS, KINDS, *case)


def test_no_cases_and_no_groups() -> None:
    none = np.zeros(0, np.int64)
    assert match(SIMPLE, GROUPS, KINDS, (), (), CodedCases(none, none, none)).group.size == 0
    assert match_one(SIMPLE, (), KINDS, "A00.000", (), 5) is None


def test_the_key_a_case_would_form() -> None:
    key = candidate(SIMPLE, "A00.001", ("45.2302", "99.9900", "39.9501", "45.2302"), KINDS)
    assert (key.text, key.treatment) == ("A00.0:39.9501+45.2302", "therapeutic")
    assert candidate(SIMPLE, "I10.x00", (), KINDS) == GroupKey("I10.x", (), "conservative")


@pytest.mark.parametrize("text", ["A00.0", "A00.0:45.2302+39.9501/39.9502", "A00:diagnostic", "A00-B99:conservative"])
def test_keys_are_read_as_they_are_written(text: str) -> None:
    assert GroupKey.parse(text).text == text


@pytest.mark.parametrize("code", ["A00.0", "A00.000", "I10.x00x002", "A17.000+G01*", "C34.900x001"])
def test_codes_of_the_insurance_version(code: str) -> None:
    assert subcategory(code) == code[:5]
    assert category(code) == code[:3]


def coded(diagnosis: int, procedures: int, cost: int) -> CodedCases:
    return CodedCases(*(np.array([figure], np.int64) for figure in (diagnosis, procedures, cost)))


@pytest.mark.parametrize("code", ["", "A00", "a00.0", "A000", "A00.", "霍乱", 5, None])
def test_what_is_no_diagnosis(code: Any) -> None:
    with pytest.raises(CodeError) as caught:
        subcategory(code)
    assert str(caught.value) == (
        f"diagnosis {code!r} is no code of insurance ICD-10; write it with its dot and at least five characters, such "
        "as 'A00.000' or 'I10.x00'"
    )


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: attrs.evolve(SIMPLE, match_order=("cost", "kind")),
            PolicyError,
            "match_order puts combined, matched, cost, kind in order, each once; got cost, kind",
        ),
        (
            lambda: one("A00.000", "99.9900", terms=attrs.evolve(SIMPLE, unlisted_procedures="refused")),
            CodeError,
            "procedure '99.9900' has no treatment kind; add it to the table of kinds, or state unlisted_procedures "
            '= "ignored"',
        ),
        (
            lambda: treatment_of(SIMPLE, ("45.2302",), {"45.2302": "surgery"}),
            CodeError,
            "unknown treatment 'surgery'; allowed: conservative, diagnostic, therapeutic, related_operation",
        ),
        (
            lambda: match_one(SIMPLE, (group("A00.0", 1, "special"),), KINDS, "A00.000", (), 1),
            CodeError,
            "group A00.0: unknown kind 'special'; allowed: core, basic, comprehensive",
        ),
        (
            lambda: match(SIMPLE, GROUPS, KINDS, ("A00.000",), ((),), coded(1, 0, 0)),
            InputError,
            "cases: row 0: diagnosis is 1, allowed is 0 to 0; correct it, and leave reversals out with their cases",
        ),
        (
            lambda: match(SIMPLE, GROUPS, KINDS, ("A00.000",), ((),), coded(0, 0, -1)),
            InputError,
            "cases: row 0: medfee_sumamt is -1, allowed is 0 to 1000000000000; correct it, and leave reversals "
            "out with their cases",
        ),
        (
            lambda: match(
                SIMPLE,
                GROUPS,
                KINDS,
                ("A00.000",),
                ((),),
                attrs.evolve(coded(0, 0, 0), procedures=np.zeros(2, np.int64)),
            ),
            AmountError,
            "columns must be of one length, got 1 and 2 rows",
        ),
        (
            lambda: GroupKey("A0", (), "conservative"),
            CodeError,
            "group of 'A0': a subcategory such as A00.0, a category such as A00 or a range such as A00-B99 is due",
        ),
        (
            lambda: GroupKey("B99-A00", (), "conservative"),
            CodeError,
            "group of 'B99-A00': the range ends before it begins",
        ),
        (
            lambda: GroupKey.parse("A00.0:45.2302+"),
            CodeError,
            "group of A00.0: '' is no procedure code such as '45.2302'",
        ),
        (
            lambda: GroupKey.parse("A00:surgery"),
            CodeError,
            "group of A00: a comprehensive group has no procedures and one treatment of conservative, diagnostic, "
            "therapeutic, related_operation, got 'surgery'",
        ),
        (
            lambda: GroupKey("A00.0", (), "surgery"),
            CodeError,
            "unknown treatment 'surgery'; allowed: conservative, diagnostic, therapeutic, related_operation",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_labels() -> None:
    for shape in (DipGroupingTerms, CodedCases):
        for field in attrs.fields(shape):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
