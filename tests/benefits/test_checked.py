"""Inputs of rooms that are called without a bill: every field against its unit."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from mipolicy.benefits.checked import check_input
from mipolicy.benefits.long_term_care import Care
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError
from mipolicy.money import MAX_FEN
from tests.strategies import as_columns, as_traced

PLAIN: Care[int] = Care(scheme=0, grade=3, mode=0, units=30, cost=0, month_cap_used=0, year_cap_used=0)


def test_what_is_in_range_passes_in_every_form() -> None:
    most = attrs.evolve(PLAIN, cost=int(MAX_FEN), units=1_000_000, grade=5, mode=2, scheme=1)
    for record in (PLAIN, most, as_traced(most), as_columns([PLAIN, most])):
        check_input(record)
    check_input(Care(**{field.name: np.empty(0, np.int64) for field in attrs.fields(Care)}))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"cost": -1},
            InputError,
            "Care.cost: -1 is outside 0 to 1000000000000; the field is cost of the care, in fen",
        ),
        (
            {"units": 1_000_001},
            InputError,
            "Care.units: 1000001 is outside 0 to 1000000; the field is units of care, in count",
        ),
        (
            {"scheme": 2},
            CodeError,
            "Care.scheme: 2 is outside 0 to 1; codes of scheme: employee, resident, in this order from 0",
        ),
        (
            {"mode": -1},
            CodeError,
            "Care.mode: -1 is outside 0 to 2; codes of mode: institution, home_agency, home_self",
        ),
        ({"cost": 1.5}, AmountError, "an amount must be int or an int64 column, got float 1.5"),
        ({"cost": True}, AmountError, "an amount must be int or an int64 column, got bool True"),
        ({"cost": None}, AmountError, "an amount must be int or an int64 column, got NoneType None"),
        ({"cost": "12"}, AmountError, "an amount must be int or an int64 column, got str '12'"),
    ],
)
def test_what_is_out_of_range_is_named(changes: dict[str, Any], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        check_input(attrs.evolve(PLAIN, **changes))
    assert type(caught.value) is error
    assert str(caught.value).startswith(message)


def test_a_column_names_its_row_and_lengths_must_agree() -> None:
    table: Any = as_columns([PLAIN, PLAIN, attrs.evolve(PLAIN, grade=6)])
    with pytest.raises(CodeError, match=r"^Care.grade: row 2: 6 is outside 0 to 5; codes of grade: normal, mild, "):
        check_input(table)
    with pytest.raises(AmountError, match="columns must be of one length, got 3 and 2 rows"):
        check_input(attrs.evolve(table, cost=np.zeros(2, np.int64)))
    with pytest.raises(AmountError, match="a column must be int64, got float64"):
        check_input(attrs.evolve(table, cost=np.zeros(3)))
