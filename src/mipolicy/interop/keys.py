"""Ids as 64-bit keys: which of them persons share, of a file whose ids do not fit into memory as text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["NO_TEXT", "across", "among", "keys_of", "sharing"]

NO_TEXT: Final = np.uint64(14695981039346656037)
"""The key of empty text."""
_PIECE: Final = 131_072


def keys_of(texts: Any) -> Any:
    """A 64-bit key of each text of an array (FNV-1a over its letters), whatever the width of the array."""
    width = texts.dtype.itemsize // 4
    letters = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), width) if width else None
    keys = np.full(len(texts), NO_TEXT)
    for at in range(width if letters is not None else 0):
        assert letters is not None
        letter = letters[:, at]
        keys = np.where(letter, (keys ^ letter) * np.uint64(1099511628211), keys)
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
