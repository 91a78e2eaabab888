"""Columns of Arrow: chunked, sliced, empty, with nulls, of every type of a database; none is copied needlessly."""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import Coded, TableError
from mipolicy.batch.numbers import Numbers, Refused
from mipolicy.interop.arrow import coded, decimals, pyarrow, taken, written
from mipolicy.money import NO_LIMIT

TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view())


def chunked(*parts: Any, of: Any = None) -> Any:
    return pa.chunked_array([pa.array(part, of) for part in parts], of)


def dictionary(values: list[str | None], at: list[int | None], of: Any = None) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(at, of or pa.int8()), pa.array(values, pa.string()))


# ---- text ------------------------------------------------------------------------------------------------------------


@given(
    parts=st.lists(st.lists(st.one_of(st.none(), st.text("aé姓\U00020000 0", max_size=4)), max_size=5), max_size=4),
    of=st.sampled_from(TEXT_TYPES),
    kind=st.sampled_from(["id", "fen", "code"]),
    begin=st.integers(0, 5),
)
def test_text_is_what_it_was(parts: list[list[str | None]], of: Any, kind: str, begin: int) -> None:
    column = chunked(*parts, of=of).slice(begin)
    found = taken(column, kind)
    assert isinstance(found, Coded) == (kind == "code")
    expected = [cell or "" for part in parts for cell in part][begin:]
    assert np.asarray(found).tolist() == expected


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.booleans())
def test_ids_in_plain_letters(numbers: list[int], padded: bool) -> None:
    ids = [f"S{each:07d}" if padded else f"S{each}" for each in numbers]
    assert taken(chunked(["S"], ids), "id").tolist() == ["S", *ids]
    assert taken(chunked(ids).slice(1), "id").tolist() == ids[1:]


def test_codes_of_one_dictionary_are_taken_as_they_are() -> None:
    codes = np.array([2, 0, 1, 2], np.int32)
    column = pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(["11", "12", "14"]))])
    found = taken(column, "code")
    assert np.shares_memory(found.codes, codes)
    assert found.values == ("11", "12", "14")
    part = taken(column.slice(1, 2), "code")
    assert np.shares_memory(part.codes, codes)
    assert part.texts().tolist() == ["11", "12"]


def test_chunks_with_other_dictionaries_are_one_column() -> None:
    chunks = [
        dictionary(["11", "12"], [0, 1, None]),
        dictionary(["12", "14", "12", None], [0, 1, 2, 3], pa.uint32()),
        dictionary([], []),
        dictionary(["11", "12"], [1, 1]),
    ]
    found = taken(pa.chunked_array([chunk.cast(pa.dictionary(pa.int32(), pa.string())) for chunk in chunks]), "code")
    assert found.texts().tolist() == ["11", "12", "", "12", "14", "12", "", "12", "12"]
    assert len(set(found.values)) == len(found.values)


def test_equal_values_of_a_dictionary_share_a_code() -> None:
    column = coded([dictionary(["x", "x", "y"], [0, 1, 2, None])])
    assert (column.codes.tolist(), column.values) == ([0, 0, 1, 2], ("x", "y", ""))
    many = pa.array([str(at) for at in range(128)] + [None]).dictionary_encode()
    narrow = coded([many.cast(pa.dictionary(pa.int8(), pa.string()))])
    assert narrow.texts().tolist() == [*(str(at) for at in range(128)), ""]
    assert (len(coded([])), coded([]).values) == (0, ())


def test_a_dictionary_of_ids_stays_one_and_one_of_amounts_is_text() -> None:
    column = pa.chunked_array([dictionary(["1.20", "3"], [0, 1, 0])])
    assert isinstance(taken(column, "id"), Coded)
    assert taken(column, "fen").tolist() == ["1.20", "3", "1.20"]


@pytest.mark.parametrize("kind", ["id", "code", "text", "flag"])
@pytest.mark.parametrize(
    ("column", "of"),
    [
        (chunked([11, 12]), "int64"),
        (chunked([1.0]), "double"),
        (chunked([True]), "bool"),
        (chunked([11]).dictionary_encode(), "int64"),
        (chunked([Decimal(11)]), "decimal128(2, 0)"),
    ],
)
def test_codes_are_text(kind: str, column: Any, of: str) -> None:
    assert taken(column, kind) == Refused(f"codes are text and keep their leading zeros, got {of}")


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_fen_are_not_copied() -> None:
    fen = np.array([1230, -5, 10**12])
    found = taken(pa.chunked_array([pa.array(fen)]), "fen")
    assert np.shares_memory(found, fen)
    assert np.shares_memory(taken(pa.chunked_array([pa.array(fen)]).slice(1), "fen"), fen)
    assert taken(chunked([1], [2, 3]), "fen").tolist() == [1, 2, 3]


def test_decimals_are_the_integers_they_are_kept_in() -> None:
    array = pa.array([Decimal("12.30"), Decimal("-0.05"), None], pa.decimal128(16, 2))
    found = taken(pa.chunked_array([array.slice(1), array]), "fen")
    assert isinstance(found, Numbers)
    assert (found.cells.tolist(), found.places, found.empty()) == ([-5, 0, 1230, -5, 0], 2, [1, 4])
    one = taken(pa.chunked_array([array.slice(0, 2)]), "fen")
    assert (one.cells.tolist(), one.gaps) == ([1230, -5], None)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(-(10**30), 10**30), st.integers(-99, 99)), max_size=4), max_size=3
    )
)
def test_decimals_of_any_size(parts: list[list[int | None]]) -> None:
    of = pa.decimal128(38, 6)
    texts = [[None if cell is None else Decimal(cell).scaleb(-6) for cell in part] for part in parts]
    found = taken(pa.chunked_array([pa.array(part, of) for part in texts], of), "fen")
    cells = [cell for part in parts for cell in part]
    if isinstance(found, Numbers):
        assert found.places == 6
        assert found.cells.tolist() == [cell or 0 for cell in cells]
        assert found.empty() == [row for row, cell in enumerate(cells) if cell is None]
    else:
        assert any(cell is not None and abs(cell) >= 2**63 for cell in cells)
        assert found.tolist() == [cell for part in texts for cell in part]


@pytest.mark.parametrize("of", [pa.decimal256(40, 2), pa.decimal128(4, -2)])
def test_decimals_that_are_kept_otherwise(of: Any) -> None:
    assert taken(chunked([Decimal(100), None], of=of), "fen").tolist() == [Decimal(100), None]


@pytest.mark.parametrize("of", [pa.int64(), pa.int32(), pa.uint8(), pa.float64()])
def test_gaps_are_kept_apart(of: Any) -> None:
    found = taken(chunked([7, None], [None, 9], of=of), "fen")
    assert (found.cells.tolist(), found.places, found.empty()) == ([7, 0, 0, 9], None, [1, 2])


def test_what_is_no_figure() -> None:
    assert taken(chunked([True]), "fen") == Refused("figures are integers, decimals or text, got bool")
    assert taken(chunked([[1]]), "fen") == Refused("figures are integers, decimals or text, got list<item: int64>")


# ---- days ------------------------------------------------------------------------------------------------------------

DAY, NOON = datetime.date(2025, 1, 2), datetime.datetime(2025, 1, 2, 12, 30, 15)


@pytest.mark.parametrize("of", [pa.date32(), pa.date64()])
def test_days(of: Any) -> None:
    found = taken(chunked([DAY, None], of=of), "date")
    assert (found.dtype, found.tolist()) == ("datetime64[D]", [DAY, None])
    times = taken(chunked([DAY, None], of=of), "time")
    assert (times.dtype, times.tolist()) == ("datetime64[s]", [datetime.datetime(2025, 1, 2), None])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("kind", ["date", "time"])
def test_times(unit: str, kind: str) -> None:
    found = taken(chunked([NOON], [None], of=pa.timestamp(unit)), kind)
    assert (found.dtype, found.tolist()) == ("datetime64[s]", [NOON, None])


def test_what_is_no_day() -> None:
    zoned = chunked([NOON], of=pa.timestamp("us", "UTC"))
    assert taken(zoned, "time") == Refused("times of the zone UTC; give the local clock time, without a zone")
    assert taken(chunked([20250102]), "date") == Refused("text, dates or timestamps are due, got int64")


# ---- nothing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["id", "code", "fen", "date", "time", "rate"])
@pytest.mark.parametrize(
    "of",
    [pa.string(), pa.dictionary(pa.int8(), pa.string()), pa.null(), pa.string_view()],
)
def test_columns_without_rows(kind: str, of: Any) -> None:
    assert len(taken(pa.chunked_array([], of), kind)) == 0
    assert len(taken(pa.chunked_array([pa.array([], of)]), kind)) == 0


@pytest.mark.parametrize("of", [pa.int64(), pa.float64(), pa.decimal128(16, 2)])
def test_figures_without_rows(of: Any) -> None:
    assert len(taken(pa.chunked_array([], of), "fen")) == 0


def test_a_column_of_nulls_is_empty_text() -> None:
    assert taken(pa.chunked_array([pa.nulls(2)]), "fen").tolist() == ["", ""]


# ---- out -------------------------------------------------------------------------------------------------------------


def test_units_as_decimals() -> None:
    fen = np.array([-1, 0, 1, 12_345, -(10**12), NO_LIMIT])
    array = decimals(fen)
    assert array.type == pa.decimal128(18, 2)
    assert array.to_pylist() == [*(Decimal(each) / 100 for each in fen.tolist()[:-1]), None]
    assert decimals(np.array([6_557_133]), 4).to_pylist() == [Decimal("655.7133")]
    assert len(decimals(np.empty(0, np.int64))) == 0


def test_coded_text_as_a_dictionary_of_distinct_values() -> None:
    assert written(Coded(np.array([0, 1, 2]), ("a", "b", "a"))).to_pylist() == ["a", "b", "a"]
    array = written(Coded(np.array([0, 1, 2], np.int32), ("a", "b", "a")))
    assert array.dictionary.to_pylist() == ["a", "b"]
    assert written(np.array(["x", ""])).to_pylist() == ["x", ""]


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError) as caught:
        pyarrow("bills, DataFrame")
    assert str(caught.value) == "bills, DataFrame: it needs pyarrow: pip install 'mipolicy[parquet]'"
