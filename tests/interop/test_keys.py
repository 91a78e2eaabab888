"""Ids as keys: a key depends on the text alone; who shares an id is found as a dictionary finds it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.interop.keys import NO_TEXT, across, among, keys_of, sharing

KEYS = st.sampled_from([int(NO_TEXT), 0, 1, 2, 3, 2**64 - 1])
ROWS = st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=8)


@given(st.lists(st.none() | st.text("aé姓\U00020000", max_size=12), max_size=6), st.integers(0, 3))
def test_a_key_depends_on_the_text_alone(texts: list[str | None], cut: int) -> None:
    column = pa.array(texts, pa.string())
    keys = keys_of(pa.chunked_array([column.slice(0, cut), column.slice(cut)], pa.string())).tolist()
    assert keys_of(pa.chunked_array([column.cast(pa.large_string())])).tolist() == keys
    assert keys_of(pa.chunked_array([column.dictionary_encode()])).tolist() == keys
    assert [int(keys_of(pa.chunked_array([[text]], pa.string()))[0]) for text in texts] == keys
    assert len(set(keys)) == len({text or "" for text in texts})
    assert [key == int(NO_TEXT) for key in keys] == [not text for text in texts]


def column(keys: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(keys, np.uint64)


@given(st.lists(KEYS, max_size=8), st.sets(KEYS, max_size=4))
def test_which_keys_are_among_some(keys: list[int], some: set[int]) -> None:
    assert among(column(keys), column(sorted(some))).tolist() == [key in some for key in keys]


@given(ROWS)
def test_who_shares_an_id(rows: list[tuple[int, int]]) -> None:
    ids, persons = [key for key, _ in rows], [person for _, person in rows]
    expected = {
        person for key, person in rows if key != NO_TEXT and any(key == other and person != of for other, of in rows)
    }
    assert set(sharing(column(ids), column(persons)).tolist()) == expected


@given(ROWS, st.lists(st.tuples(st.sampled_from([0, 1, 2, 3]), st.integers(0, 3)), max_size=4))
def test_who_reverses_whose_bill(rows: list[tuple[int, int]], naming: list[tuple[int, int]]) -> None:
    rows = list(dict(rows).items())  # an id stands once; where it does not, its persons share it
    ids, persons = [key for key, _ in rows], [person for _, person in rows]
    found = across(
        column(ids), column(persons), column([key for key, _ in naming]), column([person for _, person in naming])
    )
    met = [{by, of} for named, by in naming for key, of in rows if named == key and by != of]
    assert set(found.tolist()) == set().union(*met)
