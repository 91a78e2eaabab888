"""Decimals and floats as whole units: every cell as `Decimal` reads it, or a fault of its row."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import TableError
from mipolicy.batch.columns import read_table
from mipolicy.batch.numbers import Numbers, Refused, in_units
from mipolicy.errors import Fault
from mipolicy.money import MAX_FEN
from mipolicy.records import NO_AMOUNT
from tests.batch import stay, table, visit

POLICY = mipolicy.load("assumed")
ONE = {"fen": 100, "rate": 10**6, "price": 10**6, "quantity": 10**4, "factor": 10**4, "points": 10**4, "count": 1}
LEAST_MOST = {
    "fen": (-MAX_FEN, MAX_FEN),
    "rate": (0, 10**6),
    "price": (0, 10**13),
    "quantity": (-(10**12), 10**12),
    "factor": (0, 10**12),
    "points": (-(10**12), 10**12),
    "count": (-(10**12), 10**12),
}


def units(kind: str, cells: Any, places: int | None = None, gaps: Any = None) -> tuple[list[int], dict[int, str]]:
    faults: dict[int, Fault] = {}
    found = in_units(kind, "x", Numbers(np.array(cells), places, None if gaps is None else np.array(gaps)), faults)
    assert found.dtype == np.int64
    assert all(fault.reason == "amount" for fault in faults.values())
    return found.tolist(), {row: fault.message for row, fault in faults.items()}


@given(
    kind=st.sampled_from(sorted(ONE)),
    places=st.integers(0, 38),
    cells=st.lists(
        st.one_of(
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-300, 300),
            st.integers(-300, 300).map(lambda whole: whole * 10**16),
            st.integers(-2, 2).map(lambda off: 10**12 + off),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_decimals_are_units_or_faults(kind: str, places: int, cells: list[int]) -> None:
    found, faults = units(kind, cells, places)
    least, most = LEAST_MOST[kind]
    for row, cell in enumerate(cells):
        exact = Fraction(cell, 10**places) * ONE[kind]
        if exact.denominator == 1 and least <= exact <= most:
            assert (found[row], row in faults) == (int(exact), False)
        else:
            assert (found[row], row in faults) == (0, True)


@given(st.lists(st.integers(-MAX_FEN, MAX_FEN), min_size=1, max_size=20))
def test_every_amount_comes_back_from_its_float(fen: list[int]) -> None:
    assert units("fen", [float(Decimal(each) / 100) for each in fen]) == (fen, {})


@given(st.floats(-1e10, 1e10, allow_nan=False))
def test_a_float_is_an_amount_only_where_it_is_the_nearest_to_it(cell: float) -> None:
    found, faults = units("fen", [cell])
    nearest = round(Fraction(cell) * 100)
    is_amount = float(Decimal(nearest) / 100) == cell
    assert (found, bool(faults)) == ([nearest if is_amount else 0], not is_amount)


def test_floats_that_are_no_amounts_say_so() -> None:
    found, faults = units(
        "fen", [12.30, 12.345, float("nan"), float("inf"), -float("inf"), 0.1 + 0.2, 1e10, 2e10, -0.0]
    )
    assert found == [1230, 0, 0, 0, 0, 0, 10**12, 0, 0]
    assert faults == {
        1: "x: yuan 12.345 has more decimals than can be kept: the smallest step is 0.01",
        2: "x: yuan takes a finite figure, not NaN",
        3: "x: yuan takes a finite figure, not Infinity",
        4: "x: yuan takes a finite figure, not -Infinity",
        5: "x: yuan 0.30000000000000004 has more decimals than can be kept: the smallest step is 0.01",
        7: "x: yuan 20000000000.0 is beyond ten billion yuan, the largest amount that stays exact downstream",
    }


def test_rows_that_state_nothing_are_no_faults() -> None:
    assert units("fen", [12.5, float("nan"), 12.345], gaps=[False, True, True]) == ([1250, 0, 0], {})
    assert units("fen", [1250, 7], 3, [False, True]) == ([125, 0], {})
    assert units("fen", [float("nan")] * 2, gaps=[True, True]) == ([0, 0], {})


def test_whole_floats_with_gaps_could_be_fen() -> None:
    message = "column x: floats without decimals and with gaps are whole yuan, or fen that became floats"
    with pytest.raises(TableError, match=message):
        units("fen", [1230.0, 0.0], gaps=[False, True])
    assert units("fen", [1230.0, 0.0]) == ([123_000, 0], {})


@pytest.mark.parametrize("kind", sorted(set(ONE) - {"fen"}))
def test_only_yuan_may_be_floats(kind: str) -> None:
    with pytest.raises(TableError, match="column x: float64 is not exact; write decimals or text"):
        units(kind, [1.5])


def test_narrow_floats_hold_no_fen() -> None:
    with pytest.raises(TableError, match="column x: float32 is not exact; write decimals in yuan"):
        units("fen", np.array([12.3], np.float32))


def test_rows_of_a_column() -> None:
    column = Numbers(np.array([1, 2, 3]), 2, np.array([False, True, False]))
    taken = column.take(np.array([2, 1]))
    assert (len(taken), taken.cells.tolist(), taken.places, taken.empty()) == (2, [3, 2], 2, [1])
    assert Numbers(np.array([1])).take(np.array([0])).empty() == []


def test_what_a_table_makes_of_numbers() -> None:
    bills = table([visit("S1", 123_456), visit("S2", 1_000), visit("S3", 1_000)])
    whole = np.array([123_456, 0, 1_000])
    bills |= {name: np.zeros(3) for name in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt")}
    bills["medfee_sumamt"] = Numbers(whole, None, np.array([False, True, False]))
    bills["inscp_scp_amt"] = Numbers(whole * 10, 3)
    whole.flags.writeable = False
    result = mipolicy.settle(POLICY, bills)
    assert result.columns["medfee_sumamt"].tolist() == [123_456, 1_000]
    assert [(reject["row"], reject["message"]) for reject in result.rejects.records()] == [
        ("1", "medfee_sumamt is empty")
    ]


def test_an_optional_amount_that_is_not_stated_is_absent() -> None:
    bills = table([visit("S1"), visit("S2")])
    given = np.array([5, 7])
    bills["balc"] = Numbers(given, None, np.array([True, False]))
    assert read_table(bills, mipolicy.Bill, "bills").columns["balc"].tolist() == [NO_AMOUNT, 7]
    assert given.tolist() == [5, 7]


def test_a_refused_column_is_reported_with_the_rest() -> None:
    bills = {**table([stay()]), "psn_type": Refused("it stands twice"), "age": Refused("no"), "hosp_level": ["05"]}
    with pytest.raises(TableError) as caught:
        mipolicy.settle(POLICY, bills)
    assert str(caught.value) == (
        "bills: no; unknown column hosp_level, did you mean hosp_lv?; column psn_type: it stands twice"
    )


def test_a_column_under_its_chinese_name_is_recognised() -> None:
    bills = table([visit()])
    bills["医疗费总额"] = bills.pop("medfee_sumamt")
    with pytest.raises(TableError) as caught:
        mipolicy.settle(POLICY, bills)
    assert str(caught.value) == (
        "bills: missing medfee_sumamt; unknown column 医疗费总额; if it is medfee_sumamt, "
        "say names={'医疗费总额': 'medfee_sumamt'}"
    )
