"""Filings for care out of area (rule O12): valid on a date, and which place class follows."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.benefits.referral import FILING_KINDS, Filing, FilingOutcome, FilingTerms, filing
from mipolicy.errors import InputError
from mipolicy.policy.kinds import CodesKind, FigureKind
from tests.strategies import days

TERMS = FilingTerms(lasting_kinds=("resident_elsewhere",), valid_days=180)
FIRST = datetime.date(2023, 1, 1)
LAST = datetime.date(2023, 6, 29)  # 31 + 28 + 31 + 30 + 31 + 29 = 180 days, the first included
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("filed", "on", "valid", "last", "place_class"),
    [
        (Filing("referred", FIRST), FIRST - DAY, False, LAST, "unreferred"),
        (Filing("referred", FIRST), FIRST, True, LAST, "referred"),
        (Filing("referred", FIRST), LAST, True, LAST, "referred"),
        (Filing("referred", FIRST), LAST + DAY, False, LAST, "unreferred"),
        (Filing("emergency", FIRST), LAST, True, LAST, "emergency"),
        (Filing("emergency", FIRST), LAST + DAY, False, LAST, "unreferred"),
        # it holds until it is cancelled
        (Filing("resident_elsewhere", FIRST), FIRST - DAY, False, None, "unreferred"),
        (Filing("resident_elsewhere", FIRST), FIRST, True, None, "resident_elsewhere"),
        (Filing("resident_elsewhere", FIRST), datetime.date(2099, 1, 1), True, None, "resident_elsewhere"),
        # an end that the filing states goes before the terms, shorter or longer
        (Filing("resident_elsewhere", FIRST, LAST), LAST, True, LAST, "resident_elsewhere"),
        (Filing("resident_elsewhere", FIRST, LAST), LAST + DAY, False, LAST, "unreferred"),
        (Filing("referred", FIRST, FIRST + DAY), FIRST + DAY, True, FIRST + DAY, "referred"),
        (Filing("referred", FIRST, FIRST + DAY), FIRST + 2 * DAY, False, FIRST + DAY, "unreferred"),
        (Filing("referred", FIRST, LAST + DAY), LAST + DAY, True, LAST + DAY, "referred"),
        (Filing("referred", FIRST, FIRST), FIRST, True, FIRST, "referred"),
    ],
)
def test_o12_a_filing_on_a_date(
    filed: Filing, on: datetime.date, valid: bool, last: datetime.date | None, place_class: str
) -> None:
    """天津 2021 三(七) 「規范轉診程序流程」; the 180 days are made up."""
    assert filing(TERMS, filed, on) == FilingOutcome(valid, last, place_class)


def test_a_filing_of_one_day() -> None:
    one_day = FilingTerms(lasting_kinds=(), valid_days=1)
    assert filing(one_day, Filing("resident_elsewhere", FIRST), FIRST) == FilingOutcome(
        True, FIRST, "resident_elsewhere"
    )
    assert filing(one_day, Filing("resident_elsewhere", FIRST), FIRST + DAY).place_class == "unreferred"


@given(st.sampled_from(FILING_KINDS), days, st.integers(1, 800), st.sets(st.sampled_from(FILING_KINDS)), st.data())
def test_a_filing_holds_on_exactly_its_days(
    kind: str, start: datetime.date, length: int, lasting: set[str], data: st.DataObject
) -> None:
    """Counted day by day: so many days from the first on, or every day from the first on."""
    terms = FilingTerms(lasting_kinds=tuple(sorted(lasting)), valid_days=length)
    on = start + datetime.timedelta(days=data.draw(st.one_of(st.integers(-2, 2), st.integers(length - 2, length + 2))))
    holds = on >= start if kind in lasting else on in {start + datetime.timedelta(days=n) for n in range(length)}
    found = filing(terms, Filing(kind, start), on)
    assert found.valid is holds
    assert found.place_class == (kind if holds else "unreferred")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: Filing("resident", FIRST),
            "filing kind 'resident' is unknown; allowed: resident_elsewhere, referred, emergency",
        ),
        (
            lambda: Filing("referred", FIRST, FIRST - DAY),
            "the filing ends on 2022-12-31, before it starts on 2023-01-01",
        ),
        (
            lambda: FilingTerms(lasting_kinds=("resident_elsewhere",), valid_days=0),
            "valid_days counts the first day, so it is at least 1, not 0",
        ),
    ],
)
def test_messages(act: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        act()
    assert str(caught.value) == message


def test_where_every_kind_lasts_no_length_is_needed() -> None:
    terms = FilingTerms(lasting_kinds=FILING_KINDS, valid_days=0)
    assert filing(terms, Filing("emergency", FIRST), FIRST) == FilingOutcome(True, None, "emergency")


def test_kinds_and_labels() -> None:
    assert FILING_KINDS == ("resident_elsewhere", "referred", "emergency")
    kinds = [field.metadata["kind"] for field in attrs.fields(FilingTerms)]
    assert kinds == [CodesKind(FILING_KINDS), FigureKind("days")]
    for field in attrs.fields(FilingTerms):
        assert field.metadata["zh"]
        assert field.metadata["en"]
        assert field.default is attrs.NOTHING
