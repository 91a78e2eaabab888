"""What a rule is given: fields against their unit, columns of a table, rows refused, rules for some rows only."""

from __future__ import annotations

from typing import Any, Generic

import attrs
import numpy as np
import pytest
from attrs import frozen

from mipolicy.benefits.long_term_care import Care
from mipolicy.checked import (
    MOST,
    check_columns,
    check_input,
    for_each,
    holds_nowhere,
    only_where,
    refuse,
    refuse_more_than,
    refuse_no_limit,
    refuse_zero,
    times,
)
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, TableError
from mipolicy.money import MAX_FEN, A
from mipolicy.rounding import uniform
from mipolicy.tables import Axis
from mipolicy.traced import Traced, labelled
from tests.strategies import as_columns, as_rows, as_traced

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
        ({"cost": 1.5}, AmountError, "Care.cost: an amount must be int or an int64 column, got float 1.5"),
        ({"cost": True}, AmountError, "Care.cost: an amount must be int or an int64 column, got bool True"),
        ({"cost": None}, AmountError, "Care.cost: an amount must be int or an int64 column, got NoneType None"),
        ({"cost": "12"}, AmountError, "Care.cost: an amount must be int or an int64 column, got str '12'"),
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
    with pytest.raises(AmountError, match=r"^Care.cost: a column must be int64, got float64"):
        check_input(attrs.evolve(table, cost=np.zeros(3)))


COLOUR = Axis("colour", ("red", "green"), ("红", "绿"), ("red", "green"))


@frozen
class Many(Generic[A]):
    """A field of every unit."""

    fen: A = labelled("fen", "金额", "amount", 0)
    flag: A = labelled("flag", "标志", "flag", 0)
    count: A = labelled("count", "数", "count", 0)
    days: A = labelled("days", "天", "days", 0)
    rate: A = labelled("rate", "比例", "rate", 0)
    factor: A = labelled("factor", "系数", "factor", 0)
    points: A = labelled("points", "点数", "points", 0)
    quantity: A = labelled("quantity", "量", "quantity", 0)
    colour: A = labelled(COLOUR, "颜色", "colour", 0)
    person: A = labelled(Axis("person class", (), (), ()), "人员", "person class", 0)
    own: Any = labelled("", "自有", "of the terms' own", "anything")
    name: Any = ""


@pytest.mark.parametrize("unit", MOST)
def test_each_unit_has_one_limit(unit: str) -> None:
    check_input(Many(**{unit: MOST[unit]}))
    check_input(Many(**{unit: np.array([0, MOST[unit]])}))
    for wrong in (-1, MOST[unit] + 1):
        with pytest.raises(InputError, match=rf"^Many.{unit}: {wrong} is outside 0 to {MOST[unit]}; the field is"):
            check_input(Many(**{unit: wrong}))
        with pytest.raises(InputError, match=rf"^Many.{unit}: row 1: {wrong} is outside 0 to {MOST[unit]}; the field"):
            check_input(Many(**{unit: np.array([0, wrong])}))


def test_limits_leave_room_for_products() -> None:
    assert MOST["fen"] * MOST["count"] < 2**63
    assert MOST["points"] * MOST["factor"] < 2**63
    assert MOST["fen"] * MOST["rate"] < 2**63


def test_limits_of_single_fields_and_fields_that_may_be_negative() -> None:
    check_input(Many(count=5), most={"count": 5})
    check_input(Many(count=2_000_000), most={"count": 2_000_000})
    check_input(Many(fen=-int(MAX_FEN), rate=7, person=99), signed=("fen",))
    check_input(Many(fen=np.array([-int(MAX_FEN), 5])), signed=("fen",))
    for wrong, place in ((6, "6"), (np.array([5, 6]), "row 1: 6")):
        with pytest.raises(InputError) as caught:
            check_input(Many(count=wrong), most={"count": 5})
        assert str(caught.value) == f"Many.count: {place} is outside 0 to 5; the field is count, in count"
    for wrong in (-3, np.array([-3])):
        with pytest.raises(InputError, match=r"-3 is outside -2 to 2; the field is factor, in factors per ten"):
            check_input(Many(factor=wrong), signed=("factor",), most={"factor": 2})


def test_columns_of_a_table() -> None:
    figures, codes = np.array([0, 5]), np.array([1, 0])
    check_columns("table", a=(figures, 5), b=(codes, COLOUR), c=(codes, ("x", "y")), d=(figures - 9, None))
    check_columns("table", a=(np.empty(0, np.int64), ()))


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (
            {"a": (np.array([0, -1]), 5)},
            InputError,
            "table: row 1: a is -1, allowed is 0 to 5; correct it, and leave reversals out with their cases",
        ),
        (
            {"a": (np.array([6, 0]), 5)},
            InputError,
            "table: row 0: a is 6, allowed is 0 to 5; correct it, and leave reversals out with their cases",
        ),
        (
            {"a": (np.array([0, 2]), COLOUR)},
            CodeError,
            "table: row 1: a is 2, allowed is 0 to 1; codes of colour: red, green, in this order from 0",
        ),
        (
            {"a": (np.array([0, 2]), ("x", "y"))},
            CodeError,
            "table: row 1: a is 2, allowed is 0 to 1; it numbers the names given",
        ),
        ({"a": (np.array([0]), ("x", "x"))}, TableError, "table: a name stands twice in x, x"),
        ({"a": ([0], 5)}, AmountError, "table: a must be an int64 column, got list"),
        ({"a": (0, 5)}, AmountError, "table: a must be an int64 column, got int"),
        ({"a": (np.array([0.5]), None)}, AmountError, "a column must be int64, got float64"),
        (
            {"a": (np.array([0]), 5), "b": (np.array([0, 0]), None)},
            AmountError,
            "columns must be of one length, got 1 and 2 rows",
        ),
    ],
)
def test_what_no_column_may_hold(columns: dict[str, Any], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        check_columns("table", **columns)
    assert type(caught.value) is error
    assert str(caught.value) == message


def test_a_row_is_refused_with_its_figures() -> None:
    for nothing in (0, False, np.zeros(3, np.int64), np.zeros(0, bool)):
        refuse(nothing, "{} is wrong", 5)
    for bad, place in ((1, ""), (True, ""), (np.array([0, 3, 1]), "row 1: "), (np.array([False, True]), "row 1: ")):
        with pytest.raises(InputError) as caught:
            refuse(bad, "{} is more than {}", np.array([7, 8, 9]) if place else 8, 4)
        assert str(caught.value) == f"{place}8 is more than 4"
    refuse_more_than(5, 5, "part", "the whole")
    with pytest.raises(InputError) as caught:
        refuse_more_than(np.array([5, 6]), 5, "part", "the whole")
    assert str(caught.value) == "row 1: part is 6 fen, more than the whole; correct whichever is wrong"


def test_a_price_is_an_amount() -> None:
    refuse_no_limit(price=1, other=int(MAX_FEN) - 1, unstated=None)
    for wrong in (0, int(MAX_FEN)):
        with pytest.raises(InputError, match=r"^other is an amount in yuan above 0; it is neither 0 nor none$"):
            refuse_no_limit(price=1, other=wrong)


def test_a_figure_of_the_terms_beside_an_input() -> None:
    assert for_each(5, 0) == 5
    assert for_each(5, np.zeros(2, np.int64)).tolist() == [5, 5]


def test_a_rule_sees_only_the_rows_that_need_it() -> None:
    seen: list[Any] = []

    def rule(record: Any) -> Any:
        seen.append(record)
        return attrs.evolve(record, fen=record.fen + 1, days=7)

    record: Any = Many(fen=np.array([10, 20, 30]), count=4, own=0, name=0)
    otherwise: Any = Many(fen=record.fen, count=4, days=0, own=0, name=0)
    found = only_where(np.array([0, 1, 1]), rule, otherwise, record)
    assert seen[0].fen.tolist() == [20, 30]
    assert [(each["fen"], each["days"], each["count"]) for each in as_rows(found)] == [
        (10, 0, 4),
        (21, 7, 4),
        (31, 7, 4),
    ]
    assert record.fen.tolist() == [10, 20, 30]
    assert only_where(np.zeros(3, np.int64), rule, otherwise, record) is otherwise
    assert len(seen) == 1
    assert only_where(0, rule, otherwise, Many()) is otherwise
    assert only_where(1, rule, Many(), Many(fen=1)).fen == 2


def test_what_cannot_be_multiplied_is_refused() -> None:
    column = np.array([2**32, 1], np.int64)
    assert times(2**40, 2**40) == 2**80
    assert times(column, 5).tolist() == [5 * 2**32, 5]
    assert times(-3, np.array([2**61, -1])).tolist() == [-3 * 2**61, 3]
    with pytest.raises(AmountError) as error:
        times(column, column)
    assert str(error.value) == "figures up to 4294967296 and 4294967296 cannot be multiplied exactly in int64"


def test_a_figure_of_zero_is_refused_where_it_may_not_be() -> None:
    message = "mean is 0; state it"
    for figure, where in ((5, 1), (0, 0), (np.array([3, 0]), np.array([1, 0])), (np.array([], np.int64), 1)):
        refuse_zero(figure, message, where)
    with pytest.raises(InputError, match=r"^mean is 0; state it$"):
        refuse_zero(0, message)
    with pytest.raises(InputError, match=r"^row 1: mean is 0; state it$"):
        refuse_zero(np.array([3, 0, 0]), message, np.array([1, 2, 1]))
    with pytest.raises(InputError, match=r"^row 0: mean is 0; state it$"):
        refuse_zero(uniform(0, 2), message)


def test_what_holds_nowhere_is_said_of_plain_figures_only() -> None:
    assert holds_nowhere(0)
    assert holds_nowhere(np.zeros(3, np.int64))
    assert holds_nowhere(uniform(0, 3))
    assert holds_nowhere(np.zeros(0, np.int64))
    assert not holds_nowhere(1)
    assert not holds_nowhere(-1)
    assert not holds_nowhere(np.array([0, -1]))
    assert not holds_nowhere(Traced(0, "pick"))


@pytest.mark.parametrize("cost", [[5, 6], [2_000_000, 5]])
def test_an_amount_beside_a_column_of_limits(cost: list[int]) -> None:
    refuse_more_than(5, np.array(cost), "carved", "the cost")
    with pytest.raises(InputError, match=rf"^row {cost.index(5)}: carved is 6 fen, more than the cost"):
        refuse_more_than(6, np.array(cost), "carved", "the cost")
