"""Named quantities: what is taken from a table, merging, and three states."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyError, TableError
from mipolicy.indicators import summing
from mipolicy.indicators.quantity import (
    MISSING,
    NOT_APPLICABLE,
    Condition,
    Quantities,
    Quantity,
    QuantityTerms,
    Reported,
)
from mipolicy.indicators.summing import sum_table
from mipolicy.texts import Coded
from tests.oracles.indicators import row_sums
from tests.payment.shared import check_refused

COUNT = Quantity("inpatient", "住院人次", "stays", "count", where=("med_type in 21 22",))
COST = Quantity("cost", "费用", "cost", "fen", "medfee_sumamt", ("med_type not in 99", "direct in 1"))
ALL = Quantity("all", "全部", "all", "fen", "medfee_sumamt")

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "med_type": st.sampled_from(["11", "21", "22", "99"]),
            "direct": st.integers(0, 1),
            "area": st.sampled_from(["A", "B", "C"]),
            "hosp_lv": st.sampled_from(["1", "2"]),
            "medfee_sumamt": st.integers(-(2**61), 2**61),
        }
    ),
    max_size=40,
)


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    texts: dict[str, Any] = {name: Coded.of([row[name] for row in rows]) for name in ("med_type", "area", "hosp_lv")}
    return {
        **texts,
        **{name: np.array([row[name] for row in rows], np.int64) for name in ("direct", "medfee_sumamt")},
    }


@given(ROWS, st.sampled_from([(), ("area",), ("area", "hosp_lv")]), st.integers(1, 50))
def test_a_table_sums_as_its_rows_do_whatever_the_block(
    rows: list[dict[str, Any]], by: tuple[str, ...], block: int
) -> None:
    found = sum_table([COUNT, COST, ALL], columns(rows), by, block)
    expected: dict[tuple[str, tuple[str, ...]], Reported] = {}
    for name, conditions, field in (
        ("inpatient", [("med_type", {"21", "22"}, True)], ""),
        ("cost", [("med_type", {"99"}, False), ("direct", {"1"}, True)], "medfee_sumamt"),
        ("all", [], "medfee_sumamt"),
    ):
        sums = row_sums(rows, conditions, field, by) or ({} if by else {(): 0})
        expected.update({(name, scope): figure for scope, figure in sums.items()})
    assert found.figures == expected
    assert all(type(figure) is int for figure in found.figures.values())


@given(ROWS, ROWS, ROWS)
def test_sums_merge_in_any_order_and_grouping(a: Any, b: Any, c: Any) -> None:
    one, two, three = (sum_table([COUNT, COST], columns(rows), ("area",)) for rows in (a, b, c))
    whole = sum_table([COUNT, COST], columns([*a, *b, *c]), ("area",))
    assert (one + two) + three == whole
    assert three + (two + one) == whole
    assert whole + Quantities(("area",)) == whole


@given(ROWS)
def test_rolling_up_is_summing_by_fewer_fields(rows: Any) -> None:
    fine = sum_table([COUNT, COST], columns(rows), ("area", "hosp_lv"))
    assert fine.rolled_up("area") == sum_table([COUNT, COST], columns(rows), ("area",))
    assert fine.rolled_up("hosp_lv", "area").rolled_up("area") == fine.rolled_up("area")


STATES = st.one_of(st.integers(-5, 5), st.sampled_from([MISSING, NOT_APPLICABLE]))


@given(STATES, STATES, STATES)
def test_states_add_in_any_grouping(a: Reported, b: Reported, c: Reported) -> None:
    one, two, three = (Quantities.of(q=figure) for figure in (a, b, c))
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (3, 4, 7),
        (3, MISSING, MISSING),
        (3, NOT_APPLICABLE, 3),
        (MISSING, NOT_APPLICABLE, MISSING),
        (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE),
    ],
)
def test_a63_what_is_missing_stays_missing_what_is_not_due_adds_nothing(
    one: Reported, other: Reported, together: Reported
) -> None:
    assert (Quantities.of(q=one) + Quantities.of(q=other)).get("q") == together


def test_a_flag_column_of_ints_meets_codes_as_numbers() -> None:
    table = {"med_type": ["21", "11"], "direct": np.array([1, 1]), "medfee_sumamt": np.array([500, 70])}
    assert sum_table([COST], table).get("cost") == 570


def test_the_quantities_of_the_assumed_pack_read_a_table_with_national_names() -> None:
    terms = packs.load("assumed").terms(QuantityTerms, on=datetime.date(2024, 6, 1), section="quantities")
    table: dict[str, Any] = {
        "med_type": ["21", "21", "11", "21"],
        "care_place": ["cross_province"] * 4,
        "direct_flag": np.array([1, 0, 1, 1]),
        "mdtrt_cert_type": ["01", "02", "01", "02"],
        "hosp_lv": ["01", "10", "11", "01"],
        "insutype": ["310", "390", "310", "390"],
    }
    for at, name in enumerate(("medfee_sumamt", "fund_pay_sumamt", "inscp_scp_amt", "fulamt_ownpay_amt")):
        table[name] = np.array([100, 200, 400, 800]) + at
    found = sum_table(terms.quantities, table)
    assert found.get("cross_province_inpatient_direct") == 2
    assert found.get("cross_province_inpatient_by_hand_cost") == 200
    assert found.get("in_province_inpatient_direct") == 0
    assert found.get("e_certificate_settlements") == 2
    assert found.get("primary_fund") == 201 + 401
    assert found.get("resident_inpatient_self_paid") == 203 + 803


TABLE: dict[str, Any] = {
    "med_type": ["21"],
    "direct": np.array([1]),
    "medfee_sumamt": np.array([5]),
    "area": ["A"],
}


@pytest.mark.parametrize(
    ("changes", "by", "error", "message"),
    [
        ({"direct": None}, (), TableError, "the table has no column direct; it has med_type, medfee_sumamt, area"),
        (
            {"medfee_sumamt": np.array([0.5])},
            (),
            TableError,
            "medfee_sumamt: an int64 column is due to be summed (fen for money), not float64",
        ),
        (
            {"medfee_sumamt": [5]},
            (),
            TableError,
            "medfee_sumamt: an int64 column is due to be summed (fen for money), not list",
        ),
        (
            {"direct": np.array([1, 1])},
            (),
            TableError,
            "columns must be of one length, got {'med_type': 1, 'direct': 2, 'medfee_sumamt': 1}",
        ),
        ({}, ("direct",), TableError, "direct: scopes are told apart by text, not by int64"),
        ({"med_type": [21]}, (), TableError, "row 0: a code string is due, not int 21"),
    ],
)
def test_a_table_of_the_wrong_shape(
    changes: dict[str, Any], by: tuple[str, ...], error: type[MipolicyError], message: str
) -> None:
    table = {name: column for name, column in {**TABLE, **changes}.items() if column is not None}
    check_refused(lambda: sum_table([COST], table, by), error, message)


def test_what_a_table_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    lone = Quantity("rows", "行", "rows", "count")
    check_refused(
        lambda: sum_table([lone], TABLE),
        TableError,
        "the quantities use no column, so nothing says how many rows there are; name one in `by`",
    )
    assert sum_table([lone], TABLE, ("area",)).get("rows", ("A",)) == 1
    check_refused(lambda: sum_table([COST], TABLE, block=0), TableError, "a block has at least one row, not 0")
    letters = Quantity("x", "x", "x", "count", where=("direct in yes",))
    check_refused(
        lambda: sum_table([letters], TABLE),
        TableError,
        "direct: an int64 column holds none of the codes yes; give texts",
    )
    few = {"a": ["1", "2", "3"], "b": ["1", "2", "3"]}
    monkeypatch.setattr(summing, "_MOST_CELLS", 2)
    check_refused(
        lambda: sum_table([lone], few, ("a", "b")),
        TableError,
        "3 scopes are more than 2; sum by fewer fields and roll up",
    )
    monkeypatch.setattr(summing, "_MOST_COMBINATIONS", 1)
    check_refused(
        lambda: sum_table([COUNT], {"med_type": ["21", "99"]}),
        TableError,
        "the conditions tell 2 kinds of rows apart, more than 1; sum fewer quantities at once",
    )
    check_refused(lambda: sum_table([COUNT], TABLE, threads=0), TableError, "threads must be at least 1")


@given(ROWS, st.integers(1, 50), st.integers(1, 3), st.integers(4, 40))
def test_scopes_that_are_too_many_to_lay_out_are_those_that_the_table_has(
    rows: list[dict[str, Any]], block: int, threads: int, most: int
) -> None:
    whole = sum_table([COUNT, COST, ALL], columns(rows), ("area", "hosp_lv", "med_type"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summing, "_MOST_CELLS", most)
        try:
            folded = sum_table([COUNT, COST, ALL], columns(rows), ("area", "hosp_lv", "med_type"), block, threads)
        except TableError:
            scopes = {(row["area"], row["hosp_lv"], row["med_type"]) for row in rows}
            classes = {
                (row["med_type"] in ("21", "22"), row["med_type"] != "99" and row["direct"] == 1) for row in rows
            }
            assert len(scopes) * 4 > most
            assert classes
            return
    assert folded == whole


@given(ROWS, st.data())
def test_rows_left_out_and_taken_back(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    marks = [data.draw(st.sampled_from(["out", "0", "1"])) for _ in rows]
    found = sum_table(
        [COUNT, COST],
        columns(rows),
        ("area",),
        reversals=Coded.of(np.array(["0" if mark == "out" else mark for mark in marks], np.str_)),
        left_out=np.array([mark == "out" for mark in marks], np.bool_),
    )
    expected: dict[tuple[str, tuple[str, ...]], int] = {}
    for row, mark in zip(rows, marks, strict=True):
        if mark == "out":
            continue
        count = (-1 if mark == "1" else 1) if row["med_type"] in ("21", "22") else 0
        cost = row["medfee_sumamt"] if row["med_type"] != "99" and row["direct"] == 1 else 0
        for name, figure in (("inpatient", count), ("cost", cost)):
            expected[name, (row["area"],)] = expected.get((name, (row["area"],)), 0) + figure
    assert found.figures == expected


@pytest.mark.parametrize("text", ["", "med_type", "med_type in", "med_type = 21", "med_type not in", "a not 21 b"])
def test_a_condition_that_is_none(text: str) -> None:
    message = f"condition {text!r} is none; write 'field in code code' or 'field not in code code'"
    check_refused(lambda: Condition.of(text), PolicyError, message)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: Quantity("-a", "a", "a", "count"),
            PolicyError,
            "a quantity has a name that does not begin with -, not '-a'",
        ),
        (
            lambda: Quantity("a", "a", "a", "count", "medfee_sumamt"),
            PolicyError,
            "a: a count takes no field to sum, any other unit takes one",
        ),
        (
            lambda: Quantity("a", "a", "a", "fen"),
            PolicyError,
            "a: a count takes no field to sum, any other unit takes one",
        ),
        (
            lambda: Quantities.of(a=True),
            AmountError,
            "a: True is no figure; allowed is a whole number, 'missing' or 'not_applicable'",
        ),
        (
            lambda: Quantities(("area",), {("a", ()): 1}),
            InputError,
            "a: () should name one code for each of area",
        ),
        (
            lambda: Quantities(("area",)) + Quantities(),
            InputError,
            "quantities by ('area',) and by () do not add; roll them up to the same fields",
        ),
        (
            lambda: Quantities(("area",)).rolled_up("level"),
            CodeError,
            "no field level; these quantities are by area",
        ),
    ],
)
def test_quantities_that_cannot_be(build: Any, error: type[MipolicyError], message: str) -> None:
    check_refused(build, error, message)
