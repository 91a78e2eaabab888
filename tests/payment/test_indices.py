"""Case-mix, cost and time indices: worked examples, laws, merging, messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import AmountError, InputError, MipolicyError
from mipolicy.payment.indices import GroupTotals, IndexTotals, Indices, indices, shown
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)
Row = tuple[int, int, int, int]

WEIGHTS = (8_000, 15_000, 32_500)
rows_of = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 10**12), st.integers(1, 400)),
    min_size=1,
    max_size=25,
)


def totals(rows: Sequence[Row]) -> IndexTotals:
    institution, group, cost, days = (np.array([row[at] for row in rows], np.int64) for at in range(4))
    return IndexTotals.of(institution=institution, group=group, cost=cost, days=days)


def literal(rows: Sequence[Row], institution: int, at: int) -> Fraction:
    """The formula as it stands: k of each group, weighted by the institution's cases."""
    own: dict[int, list[int]] = defaultdict(list)
    area: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        area[row[1]].append(row[at])
        if row[0] == institution:
            own[row[1]].append(row[at])
    k = {
        group: (Fraction(sum(own[group]), len(own[group]))) / (Fraction(sum(area[group]), len(area[group])))
        for group in own
    }
    return sum((k[group] * len(own[group]) for group in own), Fraction(0)) / sum(len(each) for each in own.values())


@many
@given(rows_of)
def test_indices_are_the_formula_s(rows: list[Row]) -> None:
    found = indices(totals(rows), WEIGHTS)
    assert [each.institution for each in found] == sorted({row[0] for row in rows})
    for each in found:
        own = [row for row in rows if row[0] == each.institution]
        assert each.cases == len(own)
        assert each.total_weight == sum(WEIGHTS[row[1]] for row in own)
        assert each.cmi == Fraction(sum(WEIGHTS[row[1]] for row in own), 10_000 * len(own))
        assert each.cost_index == literal(rows, each.institution, 2)
        assert each.time_index == literal(rows, each.institution, 3)
    # over the whole area each group's cost is its own mean: the indices of all institutions average to 1
    assert sum(each.cost_index * each.cases for each in found) == len(rows)
    assert sum(each.time_index * each.cases for each in found) == len(rows)


@many
@given(rows_of, rows_of, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_one_pass(one: list[Row], other: list[Row], random: object) -> None:
    whole = [*one, *other]
    random.shuffle(whole)  # type: ignore[attr-defined]
    assert totals(one) + totals(other) == totals(other) + totals(one) == totals(whole)
    assert totals([]) + totals(one) == totals(one)


def test_two_hospitals_by_hand() -> None:
    """Group 0: area mean 10,000 over 4 cases; group 1: 20,000 over 2.  H0: (12,000/10,000 x 2 + 15,000/20,000) / 3."""
    rows = [
        (0, 0, 11_000_00, 8),
        (0, 0, 13_000_00, 12),
        (0, 1, 15_000_00, 5),
        (1, 0, 8_000_00, 10),
        (1, 0, 8_000_00, 10),
        (1, 1, 25_000_00, 15),
    ]
    first, second = indices(totals(rows), WEIGHTS)
    assert first == Indices(0, 3, 31_000, Fraction(31, 30), Fraction(21, 20), Fraction(5, 6))
    assert second == Indices(1, 3, 31_000, Fraction(31, 30), Fraction(19, 20), Fraction(7, 6))
    assert [shown(each) for each in (first.cmi, first.cost_index, first.time_index)] == [10_333, 10_500, 8_333]


@pytest.mark.parametrize(
    ("value", "expected"), [(Fraction(1, 20_000), 1), (Fraction(1, 20_001), 0), (Fraction(12345, 10_000), 12_345)]
)
def test_four_decimals_half_up(value: Fraction, expected: int) -> None:
    assert shown(value) == expected


def test_sums_beyond_int64_stay_exact() -> None:
    rows = 2**14
    whole = totals([(0, 0, 10**12, 1)] * rows)
    many_times = whole
    for _ in range(12):
        many_times = many_times + many_times
    assert many_times.by_key[0, 0] == GroupTotals(rows << 12, (rows << 12) * 10**12, rows << 12)
    assert many_times.by_key[0, 0].cost > 2**63
    column = np.full(10_000_000, 10**12, np.int64)
    ones = np.ones(column.size, np.int64)
    nothing = np.zeros(column.size, np.int64)
    found = IndexTotals.of(institution=nothing, group=nothing, cost=column, days=ones)
    assert found.by_key[0, 0].cost == 10**19 > 2**63


ONES = np.ones(2, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: indices(totals([(0, 3, 1, 1)]), WEIGHTS), InputError, "group 3 has no weight; 3 weights are given"),
        (lambda: indices(totals([(0, 1, 0, 1)]), WEIGHTS), InputError,
         "group 1: its cost come to 0 in the area; no index can be formed over it"),
        (lambda: indices(totals([(0, 1, 1, 0)]), WEIGHTS), InputError,
         "group 1: its days come to 0 in the area; no index can be formed over it"),
        (lambda: totals([(0, 1, 1, 1), (0, 1, -1, 0)]), InputError,
         "index totals: row 1: cost is -1, allowed is 0 to 1000000000000; correct it, and leave reversals out with "
         "their cases"),
        (lambda: IndexTotals.of(institution=ONES, group=ONES, cost=ONES, days=ONES[:1]), AmountError,
         "columns must be of one length, got 2 and 1 rows"),
    ],
)  # fmt: skip
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
