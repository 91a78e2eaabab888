"""Readmission to the same group: against the oracle; the days and their last one; chains; merging; messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.errors import AmountError, InputError, MipolicyError
from mipolicy.payment.readmission import Readmissions, ReadmissionTerms, Stays, readmissions
from tests.oracles import readmission as oracle
from tests.payment.shared import check_refused
from tests.strategies import as_rows

many = settings(max_examples=100, deadline=None)

FIFTEEN = ReadmissionTerms(way="halve_earlier", within_days=15, last_day="included", place="same_institution")
TEN = ReadmissionTerms(way="merge", within_days=10, last_day="excluded", place="anywhere")

NAMES = [each.name for each in attrs.fields(Stays)]


def table(rows: Sequence[dict[str, int]]) -> Stays:
    return Stays(**{name: np.array([row[name] for row in rows], np.int64) for name in NAMES})


def stay(adm_day: int, dscg_day: int, **changes: int) -> dict[str, int]:
    row = dict.fromkeys(NAMES, 0) | {"medfee_sumamt": 1_000_00, "act_pay_dedc": 600_00}
    return row | {"adm_day": adm_day, "dscg_day": dscg_day, "days": dscg_day - adm_day, "case": adm_day} | changes


def found(terms: ReadmissionTerms, *rows: dict[str, int]) -> list[dict[str, int]]:
    return as_rows(readmissions(terms, table(rows)))


def factors(terms: ReadmissionTerms, *rows: dict[str, int]) -> list[int]:
    return [row["factor"] for row in found(terms, *rows)]


@st.composite
def stays(draw: DrawFn) -> list[dict[str, int]]:
    """Stays of some persons, none overlapping another of the same person."""
    rows: list[dict[str, int]] = []
    for person in range(draw(st.integers(1, 3))):
        day = draw(st.integers(-5, 20_000))
        for _ in range(draw(st.integers(0, 6))):
            adm = day + draw(st.sampled_from((0, 1, 9, 10, 11, 14, 15, 16)))
            day = adm + draw(st.sampled_from((0, 0, 1, 7)))
            rows.append(
                stay(
                    adm,
                    day,
                    person=person,
                    group=draw(st.integers(0, 1)),
                    institution=draw(st.integers(0, 1)),
                    planned=draw(st.sampled_from((0, 0, 0, 1))),
                    case=len(rows),
                    medfee_sumamt=draw(st.integers(0, 10**12)),
                    act_pay_dedc=draw(st.integers(0, 1_000_00)),
                )
            )
    return rows


@many
@given(
    stays(),
    st.sampled_from(("halve_earlier", "void_earlier", "merge")),
    st.sampled_from((0, 10, 15)),
    st.sampled_from(("same_institution", "anywhere")),
    st.randoms(use_true_random=False),
)
def test_the_oracle_agrees_in_any_order_of_rows(
    rows: list[dict[str, int]], way: str, days: int, place: str, random: object
) -> None:
    random.shuffle(rows)  # type: ignore[attr-defined]
    for last_day in ("included", "excluded") if days else ("included",):
        terms = ReadmissionTerms(way=way, within_days=days, last_day=last_day, place=place)
        expected = [row | {"factor": row["factor"] * 100} for row in oracle.outcome(attrs.asdict(terms), rows)]
        assert found(terms, *rows) == expected
        # joined or not, no money and no day is lost
        assert sum(row["medfee_sumamt"] for row in expected) == sum(row["medfee_sumamt"] for row in rows)
        assert sum(row["days"] for row in expected) == sum(row["days"] for row in rows)


@pytest.mark.parametrize(
    ("last_day", "gap", "returned"),
    [
        ("included", 14, True),
        ("included", 15, True),
        ("included", 16, False),
        ("excluded", 14, True),
        ("excluded", 15, False),
        ("included", 0, True),
    ],
)
def test_a44_the_last_day_and_a_day_either_side(last_day: str, gap: int, returned: bool) -> None:
    terms = attrs.evolve(FIFTEEN, last_day=last_day)
    assert factors(terms, stay(0, 5), stay(5 + gap, 30)) == [5_000 if returned else 10_000, 10_000]


@pytest.mark.parametrize(("way", "expected"), [("halve_earlier", 5_000), ("void_earlier", 0), ("merge", 0)])
def test_a_chain_of_three_is_held_stay_by_stay(way: str, expected: int) -> None:
    """The third is 21 days after the first discharge, but 11 after the second."""
    chain = [stay(0, 5), stay(15, 16), stay(27, 30)]
    assert factors(attrs.evolve(FIFTEEN, way=way), *chain) == [expected, expected, 10_000]


def test_what_is_no_return() -> None:
    first = stay(0, 5)
    assert factors(FIFTEEN, first, stay(9, 12, planned=1)) == [10_000, 10_000]
    assert factors(FIFTEEN, first, stay(9, 12, group=1)) == [10_000, 10_000]
    assert factors(FIFTEEN, first, stay(9, 12, person=1)) == [10_000, 10_000]
    assert factors(FIFTEEN, first, stay(9, 12, institution=1)) == [10_000, 10_000]
    assert factors(attrs.evolve(FIFTEEN, place="anywhere"), first, stay(9, 12, institution=1)) == [5_000, 10_000]


def test_merged_stays_are_one_case_and_later_deductibles_are_returned() -> None:
    rows = [
        stay(0, 5, act_pay_dedc=800_00, medfee_sumamt=9_000_00),
        stay(14, 20, institution=1, act_pay_dedc=400_00, medfee_sumamt=7_000_00),
        stay(29, 30, act_pay_dedc=300_00, medfee_sumamt=1_000_00),
        stay(40, 41),
    ]
    assert as_rows(readmissions(TEN, table(rows))) == as_rows(
        Readmissions(
            returned=np.array([0, 1, 1, 0]),
            factor=np.array([0, 0, 10_000, 10_000]),
            merged_into=np.array([2, 2, 2, 3]),
            adm_day=np.array([0, 14, 0, 40]),
            medfee_sumamt=np.array([0, 0, 17_000_00, 1_000_00]),
            days=np.array([0, 0, 12, 1]),
            deductible_returned=np.array([0, 0, 700_00, 0]),
        )
    )


def test_stays_of_the_same_day_go_by_the_rank_of_the_case() -> None:
    rows = [stay(3, 3, case=1, medfee_sumamt=1), stay(3, 3, case=0, medfee_sumamt=2)]
    assert factors(FIFTEEN, *rows) == [10_000, 5_000]
    assert factors(FIFTEEN, *reversed(rows)) == [5_000, 10_000]


@pytest.mark.parametrize("way", ["halve_earlier", "merge"])
def test_an_empty_table(way: str) -> None:
    assert found(attrs.evolve(FIFTEEN, way=way)) == []


def columns_of(**changes: int) -> Stays:
    return table([stay(0, 5), stay(9, 12) | changes])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: readmissions(FIFTEEN, columns_of(dscg_day=8)), InputError,
         "row 1: dscg_day is 8, before adm_day; correct whichever is wrong"),
        (lambda: readmissions(FIFTEEN, columns_of(adm_day=4)), InputError,
         "row 1: the stay begins before the one before it in the group has ended; correct its days"),
        (lambda: readmissions(FIFTEEN, columns_of(case=0)), InputError,
         "a case stands twice; ranks of case ids must differ, or ties cannot be broken"),
        (lambda: readmissions(FIFTEEN, columns_of(days=-1)), InputError,
         "stays: row 1: days is -1, allowed is 0 to 1000000000000; correct it, and leave reversals out with their "
         "cases"),
        (lambda: readmissions(FIFTEEN, columns_of(planned=2)), InputError,
         "stays: row 1: planned is 2, allowed is 0 to 1; correct it, and leave reversals out with their cases"),
        (lambda: readmissions(FIFTEEN, attrs.evolve(columns_of(), planned=np.zeros(3, np.int64))), AmountError,
         "columns must be of one length, got 2 and 3 rows"),
        (lambda: attrs.evolve(FIFTEEN, within_days=0, last_day="excluded"), InputError,
         "within_days is 0 with its last day excluded; no return could count"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
