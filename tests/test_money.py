"""Money, rates, factors and points: exact figures in, or a refusal that says why."""

from __future__ import annotations

import decimal
import doctest
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import money
from mipolicy.errors import AmountError
from mipolicy.money import (
    COUNT_ONE,
    FACTOR_ONE,
    MAX_FEN,
    NO_LIMIT,
    PRICE_ONE,
    RATE_ONE,
    exact,
    factor,
    factor_text,
    fen_column,
    plain_text,
    points,
    quantity,
    rate,
    rate_text,
    unit_price,
    yuan,
    yuan_column,
    yuan_text,
)

FENS = st.one_of(
    st.integers(-(10**12), 10**12),
    st.sampled_from([0, 1, -1, 9, 10, 99, 100, -99, -100, 10**12, -(10**12), 10**12 - 1]),
)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(AmountError) as caught:
        call()
    return str(caught.value)


def shifted(figure: int, places: int) -> Decimal:
    """figure / 10**places, exactly."""
    return Decimal(figure).scaleb(-places, decimal.Context(prec=60))


def test_the_constants() -> None:
    assert (RATE_ONE, FACTOR_ONE, PRICE_ONE, COUNT_ONE) == (10**6, 10**4, 10**6, 10**4)
    assert MAX_FEN == NO_LIMIT == 10 * 10**9 * 100
    assert MAX_FEN * RATE_ONE < 2**63


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(money).failed == 0


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("12.30", 1230),
        ("12.3", 1230),
        ("12", 1200),
        ("0.01", 1),
        ("-0.01", -1),
        ("+5", 500),
        ("-0", 0),
        ("00012.3000", 1230),
        ("10000000000", 10**12),
        ("-10000000000.00", -(10**12)),
        (Decimal("12.30"), 1230),
        (Decimal("1.23E+3"), 123000),
        (Decimal("0E+999999999"), 0),
        (Decimal("-0"), 0),
        (7, 700),
    ],
)
def test_yuan(value: str | Decimal | int, fen: int) -> None:
    assert yuan(value) == fen
    assert type(yuan(value)) is int


PLAIN = "yuan takes a plain decimal figure such as '12.30', not {!r}"
KIND = "yuan takes text, Decimal or a whole int, not {}"
STEP = "yuan {} has more decimals than can be kept: the smallest step is 0.01"
BEYOND = "yuan {} is beyond ten billion yuan, the largest amount that stays exact downstream"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.1, KIND.format("float 0.1: write it as text, '0.1'")),
        (1e22, KIND.format("float 1e+22: write it as text, '1e+22'")),
        (float("nan"), KIND.format("float nan")),
        (float("inf"), KIND.format("float inf")),
        (True, KIND.format("bool True")),
        (None, KIND.format("NoneType None")),
        (b"1", KIND.format("bytes b'1'")),
        (np.int64(5), KIND.format("int64 np.int64(5)")),
        (np.float64(0.5), KIND.format("float64 np.float64(0.5): write it as text, '0.5'")),
        (Decimal("NaN"), "yuan takes a finite figure, not NaN"),
        (Decimal("sNaN"), "yuan takes a finite figure, not sNaN"),
        (Decimal("-Infinity"), "yuan takes a finite figure, not -Infinity"),
        ("12.345", STEP.format("12.345")),
        ("0.0000001", STEP.format("0.0000001")),
        (Decimal("0.001"), STEP.format("0.001")),
        (Decimal("1E-50"), STEP.format("1E-50")),
        ("1e3", PLAIN.format("1e3")),
        ("１２", PLAIN.format("１２")),
        ("١٢", PLAIN.format("١٢")),
        ("", PLAIN.format("")),
        (" 12", PLAIN.format(" 12")),
        ("12\n", PLAIN.format("12\n")),
        ("12.", PLAIN.format("12.")),
        (".5", PLAIN.format(".5")),
        ("1,200", PLAIN.format("1,200")),
        ("1_200", PLAIN.format("1_200")),
        ("--1", PLAIN.format("--1")),
        ("nan", PLAIN.format("nan")),
        ("¥12", PLAIN.format("¥12")),
        ("10000000000.01", BEYOND.format("10000000000.01")),
        ("-10000000000.01", BEYOND.format("-10000000000.01")),
        (10**10 + 1, BEYOND.format(10**10 + 1)),
        ("9" * 101, "yuan takes a figure of at most 100 digits"),
        pytest.param(10**5000, "yuan takes a figure of at most 100 digits", id="a very long int"),
        (Decimal("1E+999999999"), "yuan takes a figure of at most 100 digits"),
        (Decimal("1E-999999999"), "yuan takes a figure of at most 100 digits"),
    ],
)
def test_what_yuan_refuses(value: Any, message: str) -> None:
    assert refusal(lambda: yuan(value)) == message


def test_a_hundred_digits_are_read_and_more_are_not() -> None:
    long = "yuan takes a figure of at most 100 digits"
    assert yuan("0" * 98 + "12") == 1200
    assert refusal(lambda: yuan("0" * 99 + "12")) == long
    assert refusal(lambda: yuan(Decimal("1E-100"))) == STEP.format("1E-100")
    assert refusal(lambda: yuan(Decimal("1E-101"))) == long
    assert refusal(lambda: yuan(Decimal("1E+100"))) == BEYOND.format("1E+100")
    assert refusal(lambda: yuan(Decimal("1E+101"))) == long
    assert refusal(lambda: yuan(2**400 - 1)) == BEYOND.format(2**400 - 1)
    assert refusal(lambda: yuan(2**400)) == long


@given(FENS)
def test_yuan_and_its_text_are_inverse(fen: int) -> None:
    text = yuan_text(fen)
    assert Decimal(text) == shifted(fen, 2)
    assert text.partition(".")[2].isdigit()
    assert len(text.partition(".")[2]) == 2
    assert yuan(text) == fen
    assert yuan(shifted(fen, 2)) == fen


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (100, "1.00"), (-123005, "-1230.05"), (10**14, "10" + "0" * 11 + ".00")],
)
def test_yuan_text(fen: int, text: str) -> None:
    assert yuan_text(fen) == text
    assert yuan_text(np.int64(fen)) == text  # type: ignore[arg-type]  # an element of a column


def test_texts_never_cut_off_a_fraction() -> None:
    for call in (yuan_text, rate_text, factor_text):
        assert refusal(lambda call=call: call(1.5)) == "a whole number of units is needed, not float 1.5"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "units"),
    [
        ("0.55", 550_000),
        ("55%", 550_000),
        ("0", 0),
        ("1", 10**6),
        ("100%", 10**6),
        ("0.000001", 1),
        ("12.3456%", 123456),
    ],
)
def test_rate(value: str, units: int) -> None:
    assert rate(value) == units


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.5, "rate takes text, Decimal or a whole int, not float 0.5: write it as text, '0.5'"),
        ("1.000001", "rate 1.000001 is outside [0, 1]"),
        ("-0.1", "rate -0.1 is outside [0, 1]"),
        ("101%", "rate 101% is outside [0, 1]"),
        (2, "rate 2 is outside [0, 1]"),
        ("0.0000001", "rate 0.0000001 has more decimals than can be kept: the smallest step is 0.000001"),
        ("0.00001%", "rate in percent 0.00001 has more decimals than can be kept: the smallest step is 0.0001"),
        ("%", "rate in percent takes a plain decimal figure such as '12.30', not ''"),
        ("55％", "rate takes a plain decimal figure such as '12.30', not '55％'"),
        ("55 %", "rate in percent takes a plain decimal figure such as '12.30', not '55 '"),
        ("1e-1", "rate takes a plain decimal figure such as '12.30', not '1e-1'"),
    ],
)
def test_what_rate_refuses(value: Any, message: str) -> None:
    assert refusal(lambda: rate(value)) == message


@given(st.integers(0, 10**6))
def test_rate_and_its_text_are_inverse(units: int) -> None:
    text = rate_text(units)
    assert Decimal(text.removesuffix("%")) == shifted(units, 4)
    assert rate(text) == units
    assert rate(f"{shifted(units, 6):f}") == units
    assert not text.removesuffix("%").endswith((".", ".0"))


@given(st.integers(-(10**12), 10**12))
def test_factor_points_and_their_text_are_inverse(units: int) -> None:
    text = factor_text(units)
    assert Decimal(text) == shifted(units, 4)
    assert points(text) == units
    if units >= 0:
        assert factor(text) == units
    else:
        assert refusal(lambda: factor(text)) == f"factor {text} is negative"


@pytest.mark.parametrize(
    ("call", "value", "message"),
    [
        (factor, "1.00001", "factor 1.00001 has more decimals than can be kept: the smallest step is 0.0001"),
        (factor, 1.03, "factor takes text, Decimal or a whole int, not float 1.03: write it as text, '1.03'"),
        (factor, "100000000.0001", "factor 100000000.0001 is beyond what stays exact downstream"),
        (
            points,
            "-100000000.0001",
            "points -100000000.0001 are beyond what stays exact downstream (1000000000000 units of 0.0001)",
        ),
        (points, "0.00005", "points 0.00005 has more decimals than can be kept: the smallest step is 0.0001"),
        (
            unit_price,
            "0.0000001",
            "unit price 0.0000001 has more decimals than can be kept: the smallest step is 0.000001",
        ),
        (unit_price, "-1", "unit price -1 is outside 0 to 10,000,000 yuan"),
        (unit_price, "10000000.000001", "unit price 10000000.000001 is outside 0 to 10,000,000 yuan"),
        (quantity, "100000000.0001", "count 100000000.0001 is beyond 100,000,000"),
        (quantity, "-100000000.0001", "count -100000000.0001 is beyond 100,000,000"),
    ],
)
def test_what_the_other_figures_refuse(call: Callable[[Any], int], value: object, message: str) -> None:
    assert refusal(lambda: call(value)) == message


def test_prices_and_counts() -> None:
    assert (unit_price("12.345678"), unit_price("0"), unit_price("10000000")) == (12_345_678, 0, 10**13)
    assert (quantity("0.5"), quantity("-0.5"), quantity("100000000")) == (5000, -5000, 10**12)


def test_exact_takes_a_fraction_that_is_whole_in_its_unit() -> None:
    assert exact(Fraction(5, 4), 100, "x") == 125
    assert refusal(lambda: exact(Fraction(1, 3), 100, "x")) == (
        "x 1/3 has more decimals than can be kept: the smallest step is 0.01"
    )
    assert refusal(lambda: exact("1.5", 1, "x")) == "x 1.5 has more decimals than can be kept: the smallest step is 1"


def test_plain_text() -> None:
    assert [plain_text(units, 1000) for units in (0, 5, -5, 1000, -1500, 123450)] == [
        "0",
        "0.005",
        "-0.005",
        "1",
        "-1.5",
        "123.45",
    ]
    assert plain_text(7, 1) == "7"


@pytest.fixture
def three_digits() -> Iterator[None]:
    with decimal.localcontext(decimal.Context(prec=3, traps=[decimal.Inexact, decimal.FloatOperation])):
        yield


@pytest.mark.usefixtures("three_digits")
def test_nothing_depends_on_the_decimal_context() -> None:
    assert yuan("1234567.89") == 123456789
    assert yuan(Decimal("1234567.89")) == 123456789
    assert rate("0.123456") == 123456
    assert rate_text(123456) == "12.3456%"
    assert factor_text(123456789) == "12345.6789"
    assert yuan_text(123456789) == "1234567.89"
    assert refusal(lambda: yuan("1.2345")) == STEP.format("1.2345")


# ---------------------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    "values",
    [
        [1, -2, 10**12, -(10**12)],
        (1, -2, 10**12, -(10**12)),
        deque([1, -2, 10**12, -(10**12)]),
        [np.int64(1), np.int32(-2), 10**12, -(10**12)],
        np.array([1, -2, 10**12, -(10**12)]),
        np.array([1, -2, 10**12, -(10**12)], dtype=">i8"),
        np.array([1, 0, -2, 0, 10**12, 0, -(10**12)])[::2],
    ],
)
def test_fen_column(values: object) -> None:
    column = fen_column(values, "medfee_sumamt")
    assert type(column) is np.ndarray
    assert column.dtype == np.int64
    assert column.dtype.isnative
    assert column.tolist() == [1, -2, 10**12, -(10**12)]


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "u1", "u2", "u4", "u8"])
def test_narrow_and_unsigned_columns_are_widened(kind: str) -> None:
    column = fen_column(np.array([0, 1, 127], dtype=kind), "a")
    assert column.dtype == np.int64
    assert column.tolist() == [0, 1, 127]


def test_an_int64_column_is_not_copied() -> None:
    column = np.arange(5)
    assert np.shares_memory(fen_column(column, "a"), column)


@pytest.mark.parametrize("values", [[], (), np.array([]), np.array([], np.int32)])
def test_an_empty_column(values: object) -> None:
    column = fen_column(values, "a")
    assert column.dtype == np.int64
    assert column.shape == (0,)


FEN = "column a, row {}: fen must be integers, got {}; yuan text goes through yuan_column"
DTYPE = "column a: fen must be integers, got {}; yuan text goes through yuan_column"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2.0], FEN.format(1, "float 2.0")),
        ([5, True], FEN.format(1, "bool True")),
        ([np.True_, 5], FEN.format(0, "bool np.True_")),
        ([1, None], FEN.format(1, "NoneType None")),
        (["1"], FEN.format(0, "str '1'")),
        ([Decimal(1)], FEN.format(0, "Decimal Decimal('1')")),
        ([[1], [1, 2]], FEN.format(0, "list [1]")),
        ([0, 2**63, -1], "column a, row 1: 9223372036854775808 fen is beyond ten billion yuan"),
        ([0, -(10**12) - 1], "column a, row 1: -1000000000001 fen is beyond ten billion yuan"),
        (np.array([1.0]), DTYPE.format("float64")),
        (np.array([np.nan]), DTYPE.format("float64")),
        (np.array([True]), DTYPE.format("bool")),
        (np.array([1], object), DTYPE.format("object")),
        (np.array(["1"]), DTYPE.format("<U1")),
        (np.array([1], "m8[s]"), DTYPE.format("timedelta64[s]")),
        (np.array([[1]]), "column a: one dimension is needed, got shape (1, 1)"),
        (np.array(1), "column a: one dimension is needed, got shape ()"),
        (5, "column a: one dimension is needed, got shape ()"),
        (np.array([7, 2**63], np.uint64), "column a, row 1: 9223372036854775808 fen is beyond ten billion yuan"),
        (np.array([10**12 + 1]), "column a, row 0: 1000000000001 fen is beyond ten billion yuan"),
        (np.array([0, -(2**63)]), "column a, row 1: -9223372036854775808 fen is beyond ten billion yuan"),
        (np.ma.masked_equal(np.array([1, 2]), 2), "column a: a masked array has gaps, which are no amounts"),
    ],
)
def test_what_fen_column_refuses(values: object, message: str) -> None:
    assert refusal(lambda: fen_column(values, "a")) == message


def test_yuan_column_takes_good_rows_and_gives_the_reason_for_each_bad_one() -> None:
    rows: list[object] = [
        "12.30",
        " 12.3\t",
        "　7　",
        "-0.01",
        "+5",
        "10000000000",
        "12.3000",
        Decimal("1.5"),
        3,
        "12.345",
        "",
        None,
        0.5,
        "1e3",
        "10000000000.01",
        "99999999999",
        True,
        "１２",
        10**5000,
    ]
    column, faults = yuan_column(rows)
    assert column.dtype == np.int64
    assert column.tolist() == [1230, 1230, 700, -1, 500, 10**12, 1230, 150, 300] + [0] * 10
    assert faults == {
        9: STEP.format("12.345"),
        10: PLAIN.format(""),
        11: KIND.format("NoneType None"),
        12: KIND.format("float 0.5: write it as text, '0.5'"),
        13: PLAIN.format("1e3"),
        14: BEYOND.format("10000000000.01"),
        15: BEYOND.format("99999999999"),
        16: KIND.format("bool True"),
        17: PLAIN.format("１２"),
        18: "yuan takes a figure of at most 100 digits",
    }


def test_yuan_column_of_nothing() -> None:
    column, faults = yuan_column(iter(()))
    assert column.dtype == np.int64
    assert column.shape == (0,)
    assert faults == {}


@pytest.mark.parametrize("text", ["12", b"12"])
def test_one_text_is_no_column(text: Any) -> None:
    kind = type(text).__name__
    assert refusal(lambda: yuan_column(text)) == f"yuan_column takes a column of figures, not one {kind} {text!r}"


FIGURES = st.one_of(
    FENS.map(yuan_text),
    st.from_regex(r"\A[+-]?[0-9]{1,12}(\.[0-9]{1,4})?\Z"),
    st.text("0123456789.+-eE １", max_size=8),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.none(),
)


@given(st.lists(FIGURES, max_size=20))
def test_yuan_column_says_what_yuan_says_row_by_row(rows: list[object]) -> None:
    column, faults = yuan_column(rows)
    assert len(column) == len(rows)
    for row, value in enumerate(rows):
        figure: Any = value.strip() if isinstance(value, str) else value
        if row in faults:
            assert column[row] == 0
            assert refusal(lambda figure=figure: yuan(figure)) == faults[row]  # type: ignore[misc]
        else:
            assert column[row] == yuan(figure) == Fraction(figure) * 100
