"""Reading and choosing the rows of a code table.

`data/_index.csv` lists the tables.  A table with `prefix` and `digits` there is one of classes: a code of that many
digits that is not listed counts as the class its first digits name, and a listed one takes from its class what its own
row leaves empty.  Each other csv is one table: empty `region` is national, else a GB/T 2260 prefix; `effective` and
`until` are the first and last day of a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from numbers import Integral
from types import MappingProxyType
from typing import Literal

from attrs import evolve, field, frozen

from mipolicy.errors import CodeError


@frozen
class Row:
    """One line of a table: a code in a region over a span of days."""

    code: str
    region: str
    effective: date | None
    until: date | None
    zh: str
    en: str
    meaning: str
    source: str

    def holds(self, region: str, on: date | None) -> bool:
        """Whether the row speaks for the region on the day; without a day the span is not looked at."""
        if not region.startswith(self.region):
            return False
        if on is None:
            return True
        return (self.effective is None or self.effective <= on) and (self.until is None or on <= self.until)

    def where(self) -> str:
        """The place, name and span of the row, for a message."""
        text = f"region {self.region}" if self.region else "the national table"
        if self.zh:
            text += f" ({self.zh})"
        if self.effective is not None:
            text += f" from {self.effective}"
        if self.until is not None:
            text += f" until {self.until}"
        return text


@frozen
class Classes:
    """The rule of a table of classes: a code of `digits` digits belongs to the class its first `prefix` digits name."""

    prefix: int
    digits: int

    def of(self, code: str) -> str | None:
        """The class of a code, or None where the code has not the shape."""
        if len(code) == self.digits and code.isascii() and code.isdigit():
            return code[: self.prefix]
        return None


@frozen
class CodeTable:
    """The codes of one national table that hold in a region on a day.

    name: the national interface's field name, such as ``med_type``.
    region, on: what the table was asked for; "" is national, None is no particular day.
    codes: the codes, national before local; `index` counts in this order.
    A psn_type of four digits that is not listed counts as the class of its first two.
    Methods raise CodeError for a code that is not listed and for anything that is not a string.
    Source: national interface code tables as seen in public implementations.
    """

    name: str
    region: str
    on: date | None
    _rows: tuple[Row, ...] = field(repr=False)
    _listed: tuple[Row, ...] = field(repr=False, eq=False)
    _classes: Classes | None = field(repr=False)
    codes: tuple[str, ...] = field(init=False, eq=False)
    _positions: Mapping[str, int] = field(init=False, eq=False, repr=False)

    @codes.default
    def _codes_in_order(self) -> tuple[str, ...]:
        return tuple(row.code for row in self._rows)

    @_positions.default
    def _positions_by_code(self) -> Mapping[str, int]:
        return {row.code: position for position, row in enumerate(self._rows)}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self._position(code) is not None

    def index(self, code: str) -> int:
        """The position of a code in `codes`; that of its class where it counts as one.

        code: a code string.
        Raises CodeError for a code that is not listed and for anything that is not a string.
        Source: national interface code tables as seen in public implementations.

        >>> from mipolicy.codes import table
        >>> table("hosp_lv").index("03")
        2
        """
        if not isinstance(code, str):
            raise CodeError(self._not_text(code))
        position = self._position(code)
        if position is None:
            raise CodeError(self._unknown(code))
        return position

    def label(self, code: str, language: Literal["zh", "en"] = "zh") -> str:
        """The name of a code, in Chinese or English; "" where the code was seen without a name.

        code: a code string.
        language: "zh" or "en".
        Raises CodeError for a code that is not listed, anything that is not a string, and another language.
        Source: Chinese names are the national interface code tables' as seen in public implementations.

        >>> from mipolicy.codes import table
        >>> table("med_type").label("14"), table("chrgitm_lv").label("02", "en")
        ('门诊慢特病', 'Class B')
        """
        row = self._rows[self.index(code)]
        if language == "zh":
            return row.zh
        if language == "en":
            return row.en
        raise CodeError(f"labels are in 'zh' or 'en', not {language!r}")

    def meaning(self, code: str) -> str:
        """The word that the library's rules use for a code; "" where they give it no meaning.

        code: a code string.
        Raises CodeError for a code that is not listed and for anything that is not a string.
        Source: the library's own reading of the national interface code tables as seen in public implementations.

        >>> from mipolicy.codes import table
        >>> table("med_type").meaning("21"), table("med_type").meaning("51")
        ('inpatient', '')
        """
        return self._rows[self.index(code)].meaning

    def _position(self, code: str) -> int | None:
        position = self._positions.get(code)
        if position is None and self._classes is not None:
            class_code = self._classes.of(code)
            if class_code is not None:
                return self._positions.get(class_code)
        return position

    def _not_text(self, value: object) -> str:
        example = self._listed[0].code
        if isinstance(value, Integral) and not isinstance(value, bool):
            example = next((code for code in self.codes if code.isdigit() and int(code) == int(value)), example)
        given = _given(value)
        return f"{self.name} takes a code string such as {example!r}, not {given}: codes keep their leading zeros"

    def _unknown(self, code: str) -> str:
        from difflib import get_close_matches  # only a message needs it

        place = f" in region {self.region}" if self.region else " in the national table"
        day = f" on {self.on}" if self.on is not None else ""
        parts = [f"{self.name} has no code {code!r}{place}{day}"]
        if near := get_close_matches(code, self.codes):
            parts.append("near: " + ", ".join(near))
        if elsewhere := [row.where() for row in self._listed if row.code == code]:
            parts.append("listed in " + ", ".join(elsewhere))
        parts.append("allowed: " + ", ".join(self.codes))
        if self._classes is not None:
            parts.append(f"other codes of {self._classes.digits} digits count as their first {self._classes.prefix}")
        return "; ".join(parts)


def names() -> tuple[str, ...]:
    """The names of the tables there are.

    Raises nothing.
    Source: national interface code tables as seen in public implementations, and the library's own.

    >>> from mipolicy.codes import names
    >>> names()[:3]
    ('insutype', 'med_type', 'psn_type')
    """
    return tuple(_index())


def table(name: str, *, region: str = "", on: date | None = None) -> CodeTable:
    """The code table of that name, as it holds in a region on a day.

    name: one of `names()`, the national interface's field name.
    region: GB/T 2260 code of two, four or six digits; "" for the national codes alone.  Local rows add to the national
        ones, and where both list a code the longest matching region wins.
    on: the day; without it spans are not looked at, and a code that changed over time is refused.
    Raises CodeError for an unknown table, a region that is no such code, a day that is no date, and no day for a code
    that changed over time.
    Source: national interface code tables as seen in public implementations.

    >>> from mipolicy.codes import table
    >>> table("med_type", region="430700").label("9901"), table("med_type", region="500000").label("9901")
    ('门诊两病', '重大疾病门诊')
    >>> table("psn_type").meaning("1101")
    'in_service'
    """
    if not isinstance(name, str):
        raise CodeError(f"a code table is asked for by name such as 'med_type', not {_given(name)}")
    if not isinstance(region, str):
        raise CodeError(f"region takes a GB/T 2260 code string such as '430700', not {_given(region)}")
    if on is not None and (isinstance(on, datetime) or not isinstance(on, date)):
        raise CodeError(f"on takes a date, not {_given(on)}")
    return _table(name, region, on)


@lru_cache(maxsize=4096)
def _table(name: str, region: str, on: date | None) -> CodeTable:
    index = _index()
    if name not in index:
        from difflib import get_close_matches  # only a message needs it

        near = get_close_matches(name, index)
        hint = f"; near: {', '.join(near)}" if near else ""
        raise CodeError(f"there is no code table {name!r}{hint}; allowed: {', '.join(index)}")
    if region and not (region.isascii() and region.isdigit() and len(region) in (2, 4, 6)):
        raise CodeError(f"region takes a GB/T 2260 code of two, four or six digits such as '430700', not {region!r}")
    return choose(name, _rows(name), index[name], region, on)


def choose(name: str, listed: Iterable[Row], classes: Classes | None, region: str, on: date | None) -> CodeTable:
    """The table made of the rows that hold; for a code listed more than once, that of the longest region.

    Raises CodeError where no day is given and a code changed over time.
    """
    listed = tuple(listed)
    held: dict[str, list[Row]] = {}
    for row in listed:
        if row.holds(region, on):
            held.setdefault(row.code, []).append(row)
    chosen: dict[str, Row] = {}
    for code, rows in held.items():
        longest = max(len(row.region) for row in rows)
        nearest = [row for row in rows if len(row.region) == longest]
        if len(nearest) > 1:
            spans = ", ".join(row.where() for row in nearest)
            raise CodeError(f"{name} {code!r} changed over time: {spans}; say the day with on=")
        chosen[code] = nearest[0]
    if classes is not None:
        chosen = {code: _filled(row, chosen.get(classes.of(code) or "")) for code, row in chosen.items()}
    return CodeTable(name, region, on, tuple(chosen.values()), listed, classes)


def _filled(row: Row, of_class: Row | None) -> Row:
    if of_class is None:
        return row
    meaning = row.meaning or of_class.meaning
    return evolve(row, zh=row.zh or of_class.zh, en=row.en or of_class.en, meaning=meaning)


def _given(value: object) -> str:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return f"the integer {int(value)}"
    return f"a value of type {type(value).__name__}"


@cache
def _index() -> Mapping[str, Classes | None]:
    tables = {
        line["name"]: Classes(int(line["prefix"]), int(line["digits"])) if line["prefix"] else None
        for line in _lines("_index")
    }
    return MappingProxyType(tables)


@cache
def _rows(name: str) -> tuple[Row, ...]:
    return tuple(
        Row(
            code=line["code"],
            region=line["region"],
            effective=date.fromisoformat(line["effective"]) if line["effective"] else None,
            until=date.fromisoformat(line["until"]) if line["until"] else None,
            zh=line["zh"],
            en=line["en"],
            meaning=line["meaning"],
            source=line["source"],
        )
        for line in _lines(name)
    )


def _lines(name: str) -> list[dict[str, str]]:
    from csv import DictReader  # only reading a table needs these
    from importlib.resources import files

    text = (files("mipolicy.codes") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(DictReader(text.splitlines()))
