"""Axes, tables and bands: what they hold, and what they refuse to hold."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from mipolicy.errors import AmountError, CodeError, MipolicyError, TableError
from mipolicy.money import MAX_FEN, NO_LIMIT
from mipolicy.tables import Axis, Bands, Table

LEVEL = Axis("level", ("tertiary", "secondary", "primary"), ("三级", "二级", "基层"), ("level 3", "level 2", "primary"))
STATUS = Axis("status", ("in_service", "retired"), ("在职", "退休"), ("in service", "retired"))


def refusal(kind: type[MipolicyError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def test_an_axis_gives_each_member_its_position() -> None:
    assert [LEVEL.position(member) for member in LEVEL.members] == [0, 1, 2]


def test_an_axis_names_what_it_does_not_know_and_what_it_does() -> None:
    assert refusal(CodeError, lambda: LEVEL.position("三级")) == (
        "unknown level '三级'; allowed: tertiary, secondary, primary"
    )


def test_an_axis_refuses_members_that_stand_twice_and_missing_labels() -> None:
    assert refusal(TableError, lambda: Axis("x", ("a", "a"), ("甲", "乙"), ("a", "b"))) == (
        "axis x: a member stands twice in a, a"
    )
    assert refusal(TableError, lambda: Axis("x", ("a", "b"), ("甲",), ("a", "b"))) == (
        "axis x: 2 members need as many labels, got 1 Chinese and 2 English"
    )


def test_the_last_axis_varies_fastest() -> None:
    table = Table((LEVEL, STATUS), (1, 2, 3, 4, 5, 6))
    by_hand = {(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 4, (2, 0): 5, (2, 1): 6}
    for level, status in product(range(3), range(2)):
        assert table.values[level * 2 + status] == by_hand[level, status]
    assert table.array.tolist() == [1, 2, 3, 4, 5, 6]
    assert table.array.dtype == np.int64
    assert table.constant is None


def test_the_array_is_made_once_and_cannot_be_written_to() -> None:
    table = Table((STATUS,), (1, 2))
    assert table.array is table.array
    with pytest.raises(ValueError, match="read-only"):
        table.array[0] = 9


def test_a_table_of_one_figure_knows_it() -> None:
    table = Table.same(7, LEVEL, STATUS)
    assert table == Table((LEVEL, STATUS), (7,) * 6)
    assert table.constant == 7
    assert Table((), (5,)).constant == 5


def test_tables_compare_by_what_they_hold() -> None:
    assert Table((STATUS,), (1, 2)) == Table((STATUS,), (1, 2))
    assert Table((STATUS,), (1, 2)) != Table((STATUS,), (2, 1))
    used = Table((STATUS,), (1, 2))
    assert used.array.size == 2
    assert used == Table((STATUS,), (1, 2))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1,), "a table over ['status'] needs 2 figures, got 1"),
        ((1, 2, 3), "a table over ['status'] needs 2 figures, got 3"),
        ((1, 0.5), "a table holds whole figures inside int64, not float 0.5"),
        ((1, True), "a table holds whole figures inside int64, not bool True"),
        ((1, None), "a table holds whole figures inside int64, not NoneType None"),
        ((1, np.int64(2)), "a table holds whole figures inside int64, not int64 np.int64(2)"),
        ((1, 2**63), "a table holds whole figures inside int64, not int 9223372036854775808"),
    ],
)
def test_what_a_table_refuses(values: Any, message: str) -> None:
    assert refusal(AmountError, lambda: Table((STATUS,), values)) == message


def test_a_table_holds_all_of_int64() -> None:
    assert Table((STATUS,), (-(2**63), 2**63 - 1)).array.tolist() == [-(2**63), 2**63 - 1]


def test_flat_bands() -> None:
    bands = Bands.flat(((0, 500_000), (100_000, 600_000), (300_000, 700_000)))
    assert [(low, high, rates.values) for low, high, rates in bands.parts()] == [
        (0, 100_000, (500_000,)),
        (100_000, 300_000, (600_000,)),
        (300_000, 2 * NO_LIMIT, (700_000,)),
    ]


RATE = Table.same(500_000, LEVEL)


@pytest.mark.parametrize(
    ("edges", "rates", "message"),
    [
        ((), (), "bands must start at 0, got edges ()"),
        ((1,), (RATE,), "bands must start at 0, got edges (1,)"),
        ((-1, 0), (RATE, RATE), "bands must start at 0, got edges (-1, 0)"),
        ((0, 5, 5), (RATE,) * 3, "bands must ascend without overlap, got edges (0, 5, 5)"),
        ((0, 9, 5), (RATE,) * 3, "bands must ascend without overlap, got edges (0, 9, 5)"),
        ((0, 0.5), (RATE, RATE), "the edges of bands are whole fen, got (0, 0.5)"),
        ((0, MAX_FEN), (RATE, RATE), f"a band must begin below {10**12} fen, the largest amount, got {10**12}"),
        ((0, 5), (RATE,), "2 bands need as many rates, got 1"),
        ((0, 5), (RATE, Table.same(1, STATUS)), "the rates of all bands must run over the same axes"),
        ((0,), (Table.same(1_000_001, LEVEL),), "a band's rate must lie in [0, 1]"),
        ((0,), (Table((STATUS,), (0, -1)),), "a band's rate must lie in [0, 1]"),
    ],
)
def test_what_bands_refuse(edges: Any, rates: Any, message: str) -> None:
    assert refusal(AmountError, lambda: Bands(edges, rates)) == message


def test_bands_may_begin_just_below_the_largest_amount_and_hold_rates_of_0_and_1() -> None:
    bands = Bands((0, MAX_FEN - 1), (Table((STATUS,), (0, 1_000_000)), Table((STATUS,), (1_000_000, 0))))
    assert [high for _, high, _ in bands.parts()] == [MAX_FEN - 1, 2 * MAX_FEN]
