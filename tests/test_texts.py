"""Columns of text as dictionary codes: nothing merged that differs, nothing taken that is no text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import texts as module
from mipolicy.errors import TableError
from mipolicy.texts import Coded, among, figured, hashed, same_text

# numpy text ends at its last character that is not NUL, so a trailing NUL is no part of a text here
words = st.text(max_size=12).map(lambda text: text.rstrip("\0"))
short = st.text("ab", max_size=3)


def as_array(texts: list[str]) -> Any:
    return np.array(texts, np.str_)


@given(st.lists(st.one_of(words, short)))
def test_a_column_says_what_it_was_given(texts: list[str]) -> None:
    for coded in (Coded.of(texts), Coded.of(as_array(texts)), Coded.of(np.array(texts, object)), Coded.of(iter(texts))):
        assert len(coded) == len(texts)
        assert coded.texts().tolist() == texts
        assert sorted(coded.values) == sorted(set(texts))
        assert coded.positions == {value: at for at, value in enumerate(coded.values)}
        assert np.asarray(coded).tolist() == texts


@given(st.lists(short, min_size=1), st.data())
def test_rows_taken_are_rows_taken(texts: list[str], data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1))), np.int64)
    taken = Coded.of(texts).take(rows)
    assert taken.texts().tolist() == [texts[row] for row in rows.tolist()]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))))
    assert Coded.of(texts).take(mask).texts().tolist() == [text for text, keep in zip(texts, mask, strict=True) if keep]


def test_text_that_is_wide_or_not_ascii_or_alike_stays_apart() -> None:
    texts = ["职工", "职 工", "a" * 40, "a" * 39 + "b", "a", "A", "a ", " a", "", "0310", "310", "\U0001f9fe"]
    coded = Coded.of(as_array(texts))
    assert len(coded.values) == len(texts)
    assert coded.texts().tolist() == texts


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_in_either_byte_order(order: str) -> None:
    texts = ["ab", "b", "", "ab", "职工"]
    coded = Coded.of(np.array(texts, f"{order}U4"))
    assert coded.texts().tolist() == texts
    assert len(coded.values) == 4


def test_two_texts_with_one_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def same_for_all(array: Any) -> Any:
        return np.zeros(len(array), np.uint64)

    monkeypatch.setattr(module, "hashed", same_for_all)
    texts = ["b", "a", "b", "c", "a"]
    assert Coded.of(as_array(texts)).texts().tolist() == texts


@given(st.lists(words), st.integers(0, 20))
def test_a_hash_does_not_see_the_width_of_the_array(texts: list[str], wider: int) -> None:
    narrow = as_array(texts)
    wide = narrow.astype(f"<U{narrow.dtype.itemsize // 4 + wider}")
    distinct = len(set(texts))
    assert len(set(hashed(narrow).tolist())) == len(set(hashed(wide).tolist())) == distinct


@pytest.mark.parametrize(
    ("cells", "row", "shown"),
    [
        (["310", 310], 1, "int 310"),
        ([310, "310"], 0, "int 310"),
        (["a", "b", None], 2, "NoneType None"),
        (["a", 1.5], 1, "float 1.5"),
        (["a", True], 1, "bool True"),
        ([b"310"], 0, "bytes b'310'"),
        ([["a"], ["b"]], 0, "list ['a']"),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(cells: list[object], row: int, shown: str) -> None:
    with pytest.raises(TableError) as caught:
        Coded.of(cells)
    assert str(caught.value).startswith(f"row {row}: a code string is due, not {shown}")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Coded.of(np.array([["a", "b"], ["c", "d"]])),
        lambda: Coded.of(np.array("a")),
        lambda: Coded.of(np.ma.masked_array(np.array(["a", "b"]), [False, True])),
        lambda: Coded.of(np.array([310, 390])),
    ],
)
def test_a_column_has_one_dimension_and_no_gaps_and_holds_text(make: Callable[[], Coded]) -> None:
    with pytest.raises(TableError):
        make()


@pytest.mark.parametrize(
    ("codes", "values", "says"),
    [
        (np.array([0, 1], np.int32), ("a",), "0 to 0"),
        (np.array([-1, 0], np.int32), ("a", "b"), "0 to 1"),
        (np.array([0], np.int32), (), "0 to -1"),
        (np.array([0.0, 1.0]), ("a", "b"), "float64"),
        (np.array([[0, 1]], np.int32), ("a", "b"), "(1, 2)"),
    ],
)
def test_codes_must_point_at_values(codes: Any, values: tuple[str, ...], says: str) -> None:
    with pytest.raises(TableError) as caught:
        Coded(codes, values)
    assert says in str(caught.value)


def test_codes_of_any_width_and_values_that_do_not_occur() -> None:
    for kind in (np.int8, np.uint8, np.int64, np.uint64):
        coded = Coded(np.array([2, 0, 2], kind), ("a", "b", "c"))
        assert coded.texts().tolist() == ["c", "a", "c"]
        assert coded.figures(len).tolist() == [1, 1, 1]
        assert coded.figures(ord).tolist() == [99, 97, 99]
    assert Coded(np.zeros(0, np.int32), ()).texts().tolist() == []
    assert Coded(np.zeros(0, np.int32), ()).figures(len).tolist() == []


def test_a_coded_column_is_taken_as_it_is() -> None:
    coded = Coded.of(["a", "b"])
    assert Coded.of(coded) is coded


def test_an_array_of_another_kind_from_a_column() -> None:
    assert np.asarray(Coded.of(["a", "bc"]), object).tolist() == ["a", "bc"]


def test_each_distinct_text_is_looked_at_once() -> None:
    seen: list[str] = []

    def length(text: str) -> int:
        seen.append(text)
        return len(text)

    assert Coded.of(["aa", "b", "aa", "aa"]).figures(length).tolist() == [2, 1, 2, 2]
    assert sorted(seen) == ["aa", "b"]


@given(st.lists(short, min_size=1), st.sets(short))
def test_among_says_the_same_of_one_text_and_of_a_column(texts: list[str], listed: set[str]) -> None:
    expected = [1 if text in listed else 0 for text in texts]
    assert [among(text, listed) for text in texts] == expected
    assert np.broadcast_to(among(Coded.of(texts), listed), len(texts)).tolist() == expected


@given(st.lists(short, min_size=1))
def test_a_figure_of_one_text_and_of_a_column(texts: list[str]) -> None:
    assert figured(Coded.of(texts), len).tolist() == [figured(text, len) for text in texts] == list(map(len, texts))


@given(st.lists(st.tuples(short, short), min_size=1))
def test_same_text_in_every_form(pairs: list[tuple[str, str]]) -> None:
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    expected = [1 if a == b and a != "" else 0 for a, b in pairs]
    assert [same_text(a, b) for a, b in pairs] == expected
    assert same_text(Coded.of(left), Coded.of(right)).tolist() == expected
    assert same_text(Coded.of(as_array(left)), Coded.of(right)).tolist() == expected
    first = left[0]
    alone = [1 if first == b and first != "" else 0 for b in right]
    assert np.broadcast_to(same_text(first, Coded.of(right)), len(right)).tolist() == alone
    assert np.broadcast_to(same_text(Coded.of(right), first), len(right)).tolist() == alone
