"""Ids as 64-bit keys: which of them persons share, of a file whose ids do not fit into memory as text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["NO_TEXT", "across", "among", "keys_of", "sharing"]

NO_TEXT: Final = np.uint64(14695981039346656037)
"""The key of empty text."""
_PIECE: Final = 131_072


def keys_of(texts: Any) -> Any:
    """A 64-bit key of each text of a column of Arrow, of its bytes eight at a time; a null is empty text.

    texts: in chunks, plain or dictionary-coded.  A key depends on the text alone.
    """
    found = [np.empty(0, np.uint64)]
    for chunk in texts.chunks:
        if hasattr(chunk, "dictionary"):
            at, keys = chunk.indices, _keys(chunk.dictionary)
            if at.null_count:
                at, keys = at.fill_null(len(keys)), np.append(keys, NO_TEXT)
            found.append(keys[at.to_numpy()])
        else:
            found.append(_keys(chunk))
    return np.concatenate(found)


def _keys(texts: Any) -> Any:
    texts = texts.cast("large_string").fill_null("")
    _, ends, data = texts.buffers()
    if not len(texts):
        return np.empty(0, np.uint64)
    offsets = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = np.frombuffer(data or b"", np.uint8)[offsets[0] : offsets[-1]]
    lengths = np.diff(offsets)
    width = int(lengths.max())
    table = np.zeros((len(texts), -(-width // 8) * 8), np.uint8)
    if int(lengths.min()) == width:
        table[:, :width] = held.reshape(len(texts), width)
    else:
        table[np.arange(table.shape[1]) < lengths[:, None]] = held
    words = table.view(np.uint64)
    keys = NO_TEXT ^ lengths.astype(np.uint64)
    for at in range(words.shape[1]):
        mixed = (keys ^ words[:, at]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
        keys = np.where(lengths > 8 * at, mixed, keys)
    return keys


def among(keys: Any, some: Any) -> Any:
    """Which keys are among some, which are in order; a piece at a time."""
    found = np.zeros(len(keys), bool)
    for begin in range(0, len(keys) if len(some) else 0, _PIECE):
        piece = keys[begin : begin + _PIECE]
        found[begin : begin + _PIECE] = some[np.minimum(np.searchsorted(some, piece), len(some) - 1)] == piece
    return found


def sharing(ids: Any, person: Any) -> Any:
    """The persons who have an id that another person has too."""
    ordered = np.sort(ids)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    rows = np.flatnonzero(among(ids, again[again != NO_TEXT]))
    rows = rows[np.argsort(ids[rows])]
    owner, key = person[rows], ids[rows]
    shared = np.unique(key[1:][(key[1:] == key[:-1]) & (owner[1:] != owner[:-1])])
    return owner[among(key, shared)]


def across(ids: Any, person: Any, reversed_ids: Any, reversing: Any) -> Any:
    """The persons of whom one names another's bill as the one reversed, and those others."""
    rows = np.flatnonzero(among(ids, np.unique(reversed_ids)))
    rows = rows[np.argsort(ids[rows])]
    if not rows.size:
        return np.empty(0, np.uint64)
    at = np.minimum(np.searchsorted(ids[rows], reversed_ids), len(rows) - 1)
    others = (ids[rows][at] == reversed_ids) & (person[rows][at] != reversing)
    return np.concatenate([reversing[others], person[rows][at][others]])
