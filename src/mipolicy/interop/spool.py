"""Rows laid out in parts on disk, each part small enough for memory, and brought back in their first order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from mipolicy.money import Column

__all__ = ["ROW", "Spool", "Words"]

ROW: Final = "__row__"
"""The column that says where a row stood."""
_WINDOW: Final = 131_072
_PIECE: Final = 16_384


class Words:
    """The codes of a column of text, the same in every piece of a file: on disk it is small integers."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def coded(self, column: Any) -> Any:
        """A column in chunks, plain or dictionary-coded, as codes; a null is empty text."""
        arrow = import_module("pyarrow")
        if not arrow.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        parts = [arrow.array(self._codes(chunk)) for chunk in column.chunks]
        return arrow.chunked_array(parts, arrow.int32())

    def _codes(self, chunk: Any) -> Any:
        values = [value or "" for value in chunk.dictionary.to_pylist()]
        at = chunk.indices
        if at.null_count:
            at = at.fill_null(len(values))
            values.append("")
        places = self._places
        moved = np.array([places.setdefault(value, len(places)) for value in values], np.int32)
        return moved[at.to_numpy()] if len(at) else moved[:0]

    def texts(self, codes: Any) -> Any:
        """Codes as dictionary-coded text."""
        arrow = import_module("pyarrow")
        words = arrow.array(list(self._places), arrow.string())
        parts = [arrow.DictionaryArray.from_arrays(chunk, words) for chunk in codes.chunks]
        return arrow.chunked_array(parts, arrow.dictionary(arrow.int32(), arrow.string()))


class Spool:
    """Tables of Arrow in parts, a file for each, written piece by piece; `close` before they are read."""

    def __init__(self, folder: Path, name: str, parts: int) -> None:
        self.paths = [folder / f"{name}-{at}.arrow" for at in range(parts)]
        self._words: dict[str, Words] = {}
        self._open: dict[int, tuple[Any, Any]] = {}

    def coded(self, table: Any, names: Sequence[str]) -> Any:
        """The table with columns of text as codes, which `read` makes text again."""
        for name in names:
            codes = self._words.setdefault(name, Words()).coded(table.column(name))
            table = table.set_column(table.schema.get_field_index(name), name, codes)
        return table

    def add(self, table: Any, part: Column) -> None:
        """Lay out the rows of a table by their part."""
        order = np.argsort(part, kind="stable")
        ends = np.cumsum(np.bincount(part, minlength=len(self.paths)))
        sorted_rows = table.take(order).combine_chunks()
        for at, (begin, end) in enumerate(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)):
            if end > begin:
                self.write(at, sorted_rows.slice(begin, end - begin))

    def write(self, at: int, table: Any) -> None:
        """Write rows behind those of a part."""
        if at not in self._open:
            file = self.paths[at].open("xb")
            ipc = import_module("pyarrow").ipc
            options = ipc.IpcWriteOptions(compression="lz4")
            self._open[at] = (ipc.new_stream(file, table.schema, options=options), file)
        self._open[at][0].write_table(table, max_chunksize=_PIECE)

    def close(self) -> None:
        """End every part."""
        for writer, file in self._open.values():
            try:
                writer.close()
            finally:
                file.close()
        self._open.clear()

    def abandon(self) -> None:
        """Let go of the files, whatever is in them."""
        for _, file in self._open.values():
            with suppress(OSError):
                file.close()
        self._open.clear()

    def pieces(self, at: int) -> Iterator[Any]:
        """The rows of a part, in pieces; none where it was never written."""
        if self.paths[at].exists():
            with self.paths[at].open("rb") as file:
                yield from import_module("pyarrow").ipc.open_stream(file)

    def schema(self) -> Any:
        """The columns of the first part, which was written if only without rows."""
        with self.paths[0].open("rb") as file:
            return import_module("pyarrow").ipc.open_stream(file).schema

    def read(self, at: int) -> Any:
        """A part as a table, None where it was never written."""
        batches = list(self.pieces(at))
        if not batches:
            return None
        table = import_module("pyarrow").Table.from_batches(batches)
        for name, words in self._words.items():
            table = table.set_column(table.schema.get_field_index(name), name, words.texts(table.column(name)))
        return table

    def merged(self, rows: int) -> Iterator[Any]:
        """The rows of all parts in the order of `ROW`, in tables; each part is in that order itself.

        rows: above every row.
        """
        arrow = import_module("pyarrow")
        parts = [_Part(self.pieces(at)) for at in range(len(self.paths))]
        for end in range(_WINDOW, rows + _WINDOW, _WINDOW):
            batches = [batch for part in parts for batch in part.until(end)]
            if batches:
                table = arrow.Table.from_batches(batches).unify_dictionaries()
                yield table.take(np.argsort(table.column(ROW).to_numpy(), kind="stable"))


class _Part:
    """A part that is read up to a row at a time."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces, self._held = pieces, None

    def until(self, end: int) -> Iterator[Any]:
        """The rows before `end` that were not given yet."""
        while True:
            if self._held is None:
                self._held = next(self._pieces, None)
                if self._held is None:
                    return
            count = int(np.searchsorted(self._held.column(ROW).to_numpy(), end))
            if count:
                yield self._held.slice(0, count)
            if count < self._held.num_rows:
                self._held = self._held.slice(count)
                return
            self._held = None
