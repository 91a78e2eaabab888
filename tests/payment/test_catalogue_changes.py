"""Change logs of catalogues and factors, and shifts of cases between levels: worked examples, laws, messages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mipolicy.errors import CodeError, InputError, MipolicyError
from mipolicy.payment.case import AuxiliaryFactor, DifferenceFactor, Group
from mipolicy.payment.catalogue_changes import (
    CHANGES,
    GroupChange,
    LevelCases,
    factor_changes,
    group_changes,
    level_shift,
)
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)


def group(code: str, points: int, mean: int, **more: Any) -> Group:
    return Group(group_code=code, base_points=points, group_mean=mean, **more)


OLD = (group("A00.0", 500_0000, 3_000_00), group("B20.9", 80_0000, 700_00), group("I10.x", 90_0000, 800_00))
NEW = (
    group("C34.9:32.4100", 9_000_0000, 60_000_00),
    group("I10.x", 90_0000, 800_00, basic_flag="1", kind="basic"),
    group("A00.0", 520_5000, 2_999_00),
)


def test_p31_the_change_log_of_a_catalogue() -> None:
    """20.5 of 500 is 4.1%; -1 of 3,000 is -0.0333%."""
    assert group_changes(OLD, NEW) == (
        GroupChange("A00.0", "changed", 500_0000, 520_5000, 410, 0, 0, None, 3_000_00, 2_999_00, -3, ()),
        GroupChange("B20.9", "removed", 80_0000, None, None, 0, None, None, 700_00, None, None, ()),
        GroupChange("C34.9:32.4100", "added", None, 9_000_0000, None, None, 0, None, None, 60_000_00, None, ()),
        GroupChange("I10.x", "changed", 90_0000, 90_0000, 0, 0, 0, None, 800_00, 800_00, 0, ("kind", "basic_flag")),
    )
    assert [each.text() for each in group_changes(OLD, NEW)] == [
        "A00.0 changed; points 500 -> 520.5 (+4.10%); mean 3000.00 -> 2999.00 (-0.03%)",
        "B20.9 removed; points 80 -> –; weight 0 -> –; mean 700.00 -> –",
        "C34.9:32.4100 added; points – -> 9000; weight – -> 0; mean – -> 60000.00",
        "I10.x changed; kind; basic_flag",
    ]
    assert group_changes(OLD, NEW)[0].text("zh") == (
        "A00.0 调整; 分值 500 -> 520.5 (+4.10%); 次均费用 3000.00 -> 2999.00 (-0.03%)"
    )


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (8_0000, 8_0001, 0),
        (8_0000, 8_0004, 1),
        (10_0000, 10_0005, 1),
        (10_0000, 9_9995, -1),
        (3, 4, 3_333),
        (3, 9, 20_000),
    ],
)
def test_percents_have_two_decimals_and_go_half_up(old: int, new: int, change: int) -> None:
    """5 of 100,000 is 0.005%, which is 0.01% rounded; down just so."""
    (found,) = group_changes([group("A00.0", old, 1)], [group("A00.0", new, 1)])
    assert found.points_change == change
    percent = (Decimal(new - old) * 100 / old).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(change) / 100 == percent


groups = st.lists(
    st.builds(
        group,
        st.sampled_from(("A00.0", "B20.9", "C34.9", "I10.x")),
        st.integers(0, 3),
        st.integers(1, 3),
        weight=st.integers(0, 1),
        tcm_flag=st.sampled_from(("0", "1")),
    ),
    unique_by=lambda each: each.group_code,
    max_size=4,
)


@many
@given(groups, groups)
def test_the_log_turns_the_old_catalogue_into_the_new_one(old: list[Group], new: list[Group]) -> None:
    found = group_changes(old, new)
    assert [each.group_code for each in found] == sorted(each.group_code for each in found)
    assert group_changes(old[::-1], new[::-1]) == found
    assert {each.change for each in found} <= set(CHANGES)
    codes = {each.group_code: each for each in old}
    for change in found:
        if change.change == "removed":
            del codes[change.group_code]
        else:
            codes[change.group_code] = next(each for each in new if each.group_code == change.group_code)
    assert codes == {each.group_code: each for each in new}
    back = {each.group_code: each for each in group_changes(new, old)}
    assert [back[each.group_code].new_points for each in found] == [each.old_points for each in found]


def test_p31_changes_of_factors() -> None:
    def of(institution: str, factor: int, code: str = "") -> DifferenceFactor:
        return DifferenceFactor(fixmedins_code=institution, group_code=code, difference_factor=factor)

    old = [of("H1", 10_000), of("H2", 9_000)]
    new = [of("H1", 10_500), of("H3", 8_000, "A00.0")]
    found = factor_changes(old, new)
    assert [(each.key, each.change, each.factor_change) for each in found] == [
        (("H1", ""), "changed", 500),
        (("H2", ""), "removed", None),
        (("H3", "A00.0"), "added", None),
    ]
    assert [each.text() for each in found] == [
        "H1 changed; factor 1 -> 1.05 (+5.00%)",
        "H2 removed; factor 0.9 -> –",
        "H3 A00.0 added; factor – -> 0.8",
    ]
    assert found[1].text("zh") == "H2 删除; 系数 0.9 -> –"
    line = AuxiliaryFactor(group_code="A00.0", dimension="cci", aux_class="3", auxiliary_factor=12_000)
    (change,) = factor_changes([line], [attrs.evolve(line, auxiliary_factor=9_000)])
    assert (change.key, change.factor_change) == (("A00.0", "cci", "3"), -2_500)
    assert factor_changes([line], [line]) == factor_changes([], []) == ()


def counts(*rows: tuple[int, int, int]) -> LevelCases:
    """Cases from (group, level, how many)."""
    group_of = np.repeat([row[0] for row in rows], [row[2] for row in rows]).astype(np.int64)
    level = np.repeat([row[1] for row in rows], [row[2] for row in rows]).astype(np.int64)
    return LevelCases.of(("A00.0", "I10.x", "J06.9"), group_of, level)


BASIC = (group("I10.x", 1, 1, basic_flag="1"), group("J06.9", 1, 1, basic_flag="1"), group("A00.0", 1, 1))


def test_p01_cases_of_basic_groups_move_to_lower_levels() -> None:
    """I10: of 10 cases 7 at level 3 and 3 in primary care, then 4 and 8 of 12; J06 had none before."""
    before = counts((1, 0, 7), (1, 3, 3), (0, 0, 50))
    after = counts((1, 0, 4), (1, 3, 8), (2, 3, 3))
    whole, first, second = level_shift(BASIC, before, after)
    assert (first.group_code, first.shares_before, first.shares_after) == (
        "I10.x",
        (700_000, 0, 0, 300_000, 0),
        (333_333, 0, 0, 666_667, 0),
    )
    assert first.shift == (-366_667, 0, 0, 366_667, 0)
    assert (second.shares_before, second.shares_after, second.shift) == (None, (0, 0, 0, 1_000_000, 0), None)
    assert (whole.group_code, whole.cases_before, whole.cases_after) == ("", (7, 0, 0, 3, 0), (4, 0, 0, 11, 0))


@many
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 5)), min_size=2, max_size=12))
def test_counts_by_level_merge_in_any_order(rows: list[tuple[int, int, int]]) -> None:
    half = len(rows) // 2
    assert counts(*rows[:half]) + counts(*rows[half:]) == counts(*rows) == counts(*rows[half:]) + counts(*rows[:half])


def column(*figures: int) -> Any:
    return np.array(figures, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: group_changes(OLD, (*NEW, NEW[0])),
            CodeError,
            "C34.9:32.4100 stands twice in the new list; keep one line of it",
        ),
        (
            lambda: factor_changes(
                [DifferenceFactor(fixmedins_code="H1", difference_factor=1)],
                [AuxiliaryFactor(group_code="A", dimension="cci", aux_class="1", auxiliary_factor=1)],
            ),
            InputError,
            "difference factors and auxiliary factors are compared apart; give two lists of one kind",
        ),
        (
            lambda: LevelCases.of(("A00.0",), column(0, 0), column(1, 5)),
            CodeError,
            "cases by level: row 1: level is 5, allowed is 0 to 4; codes of level: tertiary, secondary, level_1, "
            "primary, ungraded, in this order from 0",
        ),
        (
            lambda: level_shift(OLD, counts((0, 0, 1)), counts((0, 0, 1))),
            InputError,
            "the catalogue has no basic group whose cases could shift; flag them (基层病种)",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)
