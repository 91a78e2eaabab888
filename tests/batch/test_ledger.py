"""A ledger holds what the totals of each person hold: brought forward, read, posted, handed on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import InputError, Totals
from mipolicy.axes import SCHEMES
from mipolicy.batch.ledger import Ledger, UsedBy
from mipolicy.benefits.totals import STAY_FIGURES, YEAR_FIGURES, Posting

PERSONS = {"P1": 0, "P2": 1, "P3": 2}
YEARS = (2023, 2025)
WIDE = [name for name, width in YEAR_FIGURES.items() if width > 1]
NARROW = [name for name, width in YEAR_FIGURES.items() if width == 1]

amounts = st.integers(0, 10**9)


@st.composite
def totals(draw: st.DrawFn, psn_no: str) -> Totals:
    """Totals of some years, of those of a ledger and of others."""
    years = {}
    for key in draw(st.lists(st.tuples(st.sampled_from(SCHEMES), st.sampled_from((2022, *YEARS))), unique=True)):
        names = draw(st.lists(st.sampled_from(list(YEAR_FIGURES)), min_size=1, max_size=4, unique=True))
        years[key] = {
            name: tuple(draw(st.lists(st.integers(1, 99), min_size=w, max_size=w))) for name, w in widths(names)
        }
    stay = draw(st.one_of(st.just({}), st.fixed_dictionaries(dict.fromkeys(STAY_FIGURES, st.integers(1, 9)))))
    return Totals(psn_no, years, stay)


def widths(names: list[str]) -> list[tuple[str, int]]:
    return [(name, YEAR_FIGURES[name]) for name in names]


@st.composite
def brought(draw: st.DrawFn) -> dict[str, Totals]:
    """What some persons bring forward, one of them without a bill here."""
    return {psn_no: draw(totals(psn_no)) for psn_no in draw(st.lists(st.sampled_from([*PERSONS, "P9"]), unique=True))}


@given(brought())
def test_what_is_brought_forward_is_handed_on(before: dict[str, Totals]) -> None:
    ledger = Ledger.opened(PERSONS, YEARS, before)
    for psn_no in PERSONS:
        assert ledger.totals(psn_no) == before.get(psn_no, Totals(psn_no))


@st.composite
def postings(draw: st.DrawFn) -> Posting[Any]:
    """What a bill of each of three persons adds; some amounts are the same for all, as one int."""
    year: list[tuple[str, Any, Any]] = []
    for name in draw(st.lists(st.sampled_from(list(YEAR_FIGURES)), unique=True, max_size=6)):
        level = st.integers(0, YEAR_FIGURES[name] - 1)
        at: Any = None
        if YEAR_FIGURES[name] > 1:
            at = draw(st.one_of(level, st.lists(level, min_size=3, max_size=3).map(np.array)))
        year.append((name, at, draw(st.one_of(amounts, st.lists(amounts, min_size=3, max_size=3).map(np.array)))))
    stay: dict[str, Any] = {}
    if draw(st.booleans()):
        each = st.lists(st.integers(0, 9), min_size=3, max_size=3).map(np.array)
        stay = {name: draw(st.one_of(st.integers(0, 9), each)) for name in STAY_FIGURES}
    return Posting(tuple(year), stay)


def of_person(posting: Posting[Any], place: int) -> Posting[int]:
    """What the bill of one of the persons adds."""

    def one(value: Any) -> int:
        return int(value[place]) if isinstance(value, np.ndarray) else int(value)

    return Posting(
        tuple((name, None if at is None else one(at), one(amount)) for name, at, amount in posting.year),
        {name: one(value) for name, value in posting.stay.items()},
    )


@given(
    brought(),
    st.lists(
        st.tuples(postings(), st.permutations(range(3)), st.integers(0, 1), st.integers(0, 1), st.booleans()),
        max_size=4,
    ),
)
def test_a_ledger_posts_and_reads_as_totals_do(before: dict[str, Totals], bills: list[Any]) -> None:
    ledger = Ledger.opened(PERSONS, YEARS, before)
    each = {psn_no: before.get(psn_no, Totals(psn_no)) for psn_no in PERSONS}
    for posting, order, scheme, year, read_first in bills:
        persons = np.array(order)
        used = UsedBy(ledger, ledger.cell(persons, scheme, np.array([year] * 3)), persons)
        who = [f"P{place + 1}" for place in order]
        plain = [each[psn_no].used(SCHEMES[scheme], YEARS[year]) for psn_no in who]
        if read_first:
            for name in NARROW:
                assert used.year(name).tolist() == [one.year(name) for one in plain]
        for name in WIDE:
            last = YEAR_FIGURES[name] - 1
            assert used.cell(name, np.array([0, 1, last])).tolist() == [
                *(plain[0].cell(name, 0), plain[1].cell(name, 1), plain[2].cell(name, last)),
            ]
            first, end = np.array([0, 1, 2]), np.array([0, last, 1])
            spans = [one.span(name, int(a), int(b)) for one, a, b in zip(plain, first, end, strict=True)]
            assert used.span(name, first, end).tolist() == spans
            assert used.span(name, 0, end).tolist() == [  # type: ignore[arg-type]  # an int stands for all rows
                one.span(name, 0, int(b)) for one, b in zip(plain, end, strict=True)
            ]
        for name in STAY_FIGURES:
            assert used.stay(name).tolist() == [one.stay(name) for one in plain]
        used.post(posting)
        for place, psn_no in enumerate(who):
            each[psn_no] = each[psn_no].posted(SCHEMES[scheme], YEARS[year], of_person(posting, place))
    for psn_no, expected in each.items():
        assert ledger.totals(psn_no).to_dict() == expected.to_dict()
        assert ledger.totals(psn_no) == expected


def test_every_person_scheme_and_year_has_a_cell_of_its_own() -> None:
    ledger = Ledger.opened(PERSONS, YEARS, {})
    cells = [ledger.cell(person, scheme, year) for person in range(3) for scheme in range(2) for year in range(2)]
    assert sorted(cells) == list(range(12))
    for name, width in YEAR_FIGURES.items():
        assert ledger.year_figures[name].shape == (12 * width,)


def test_only_what_passes_through_is_kept_of_what_was_given() -> None:
    here = Totals("P1", {("employee", 2025): {"stays": (1,)}})
    other_year = Totals("P2", {("employee", 2022): {"stays": (1,)}})
    elsewhere = Totals("P9", {("employee", 2025): {"stays": (1,)}})
    ledger = Ledger.opened(PERSONS, YEARS, {"P1": here, "P2": other_year, "P9": elsewhere})
    assert set(ledger.before) == {"P2", "P9"}
    assert ledger.totals("P1") == here


def test_totals_of_another_person_are_refused() -> None:
    with pytest.raises(InputError, match="the totals given for P9 are those of P1"):
        Ledger.opened(PERSONS, YEARS, {"P9": Totals("P1")})


def test_a_ledger_of_nobody() -> None:
    ledger = Ledger.opened({}, (), {})
    assert all(figures.size == 0 for figures in ledger.year_figures.values())
