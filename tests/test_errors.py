"""The family of errors: what each is, what the long ones print, and that they survive a trip between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from mipolicy.errors import (
    AmountError,
    CodeError,
    DocumentError,
    IdentityError,
    InputError,
    MipolicyError,
    NotInForce,
    OpenField,
    PolicyError,
    PolicyGap,
    Problem,
    RecordError,
    RepealedPolicy,
    TableError,
)

GAP = PolicyGap(
    "changde-2023",
    "inpatient.resident",
    [
        OpenField("deductible.first.tertiary.adult", "notice-2023 一(三)", "an amount in yuan, as text"),
        OpenField("effective", "notice-2023 一(三)", "the first day in force, a date"),
    ],
)
MISTAKES = DocumentError(
    "city.toml", [Problem("header.region", "takes a code"), Problem("documents.n", "takes a table")]
)
RECORD = RecordError("fee lines", [Problem("feedetail[0].cnt", "is missing"), Problem("infno", "is null")])


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (AmountError, {ValueError}),
        (CodeError, {ValueError}),
        (InputError, {ValueError}),
        (TableError, {ValueError}),
        (IdentityError, {AssertionError}),
        (PolicyError, set()),
        (RepealedPolicy, {PolicyError}),
        (NotInForce, {PolicyError}),
        (PolicyGap, {PolicyError}),
        (DocumentError, {PolicyError, ValueError}),
        (RecordError, {InputError}),
    ],
)
def test_every_error_is_of_the_family(error: type[MipolicyError], bases: set[type]) -> None:
    assert issubclass(error, MipolicyError)
    assert {base for base in error.__bases__ if base is not MipolicyError} == bases


def test_a_gap_prints_every_open_figure_with_its_clause_and_what_would_fill_it() -> None:
    assert str(GAP) == (
        "changde-2023: section inpatient.resident leaves 2 figure(s) open:\n"
        "  deductible.first.tertiary.adult: needs an amount in yuan, as text  [notice-2023 一(三)]\n"
        "  effective: needs the first day in force, a date  [notice-2023 一(三)]\n"
        "fill them with an overlay (extends = ...) that cites the document which states them"
    )
    assert GAP.fields[0].path == "deductible.first.tertiary.adult"
    assert (GAP.policy, GAP.section) == ("changde-2023", "inpatient.resident")


def test_a_document_error_prints_every_mistake_with_its_path() -> None:
    assert str(MISTAKES) == "city.toml: 2 mistake(s)\n  header.region: takes a code\n  documents.n: takes a table"
    assert MISTAKES.problems == (Problem("header.region", "takes a code"), Problem("documents.n", "takes a table"))


def test_a_record_error_prints_every_mistake_with_its_path() -> None:
    assert str(RECORD) == "fee lines: 2 mistake(s)\n  feedetail[0].cnt: is missing\n  infno: is null"
    assert (RECORD.name, RECORD.problems[1].path) == ("fee lines", "infno")


@pytest.mark.parametrize(
    "error",
    [GAP, MISTAKES, RECORD, AmountError("rate 2 is outside [0, 1]"), NotInForce("p: too late"), IdentityError("x")],
)
def test_errors_cross_processes_unchanged(error: MipolicyError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.args == error.args
