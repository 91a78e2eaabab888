"""A section of a policy, and what every kind of field can do: be read, checked, built, traced and written back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar

import attrs
from attrs import frozen

from mipolicy.calendar import NO_DAY, as_date
from mipolicy.errors import AmountError, MipolicyError, PolicyError, Problem
from mipolicy.money import (
    MAX_FEN,
    NO_LIMIT,
    NO_PRICE_LIMIT,
    PRICE_ONE,
    exact,
    factor,
    factor_text,
    plain_text,
    points,
    rate,
    rate_text,
    unit_price,
    yuan,
    yuan_text,
)
from mipolicy.tables import Axis
from mipolicy.traced import Leaf

__all__ = ["NEEDS", "READ", "STATUS", "WRITE", "Kind", "Section", "amount_of", "unit_text"]

T = TypeVar("T")

STATUS = Axis("status", (), (), ())
"""Stands for the person classes of whatever scheme a section belongs to; the section says which."""


@frozen
class Section:
    """One section of a policy: its dotted name, its Terms class, and what being this section settles by definition.

    terms: the class, or "module:Class" for one that is imported when it is first asked for.
    status: the person classes of its scheme, where tables differ by them.
    fixed: fields that this section does not have in any document, with the value that says so.
    """

    name: str
    _terms: type[Any] | str
    status: Axis = STATUS
    fixed: Mapping[str, Any] = attrs.field(factory=dict)
    zh: str = ""

    def __attrs_post_init__(self) -> None:
        if isinstance(self._terms, str):
            return
        unknown = [name for name in self.fixed if name not in attrs.fields_dict(self.terms)]
        if unknown:
            raise PolicyError(f"section {self.name} fixes {', '.join(unknown)}: no field of {self.terms.__name__}")

    @property
    def terms(self) -> type[Any]:
        """The Terms class."""
        if not isinstance(self._terms, str):
            return self._terms
        module, _, name = self._terms.partition(":")
        found: type[Any] = getattr(import_module(module), name)
        return found

    def holds(self, terms: type[Any]) -> bool:
        """Whether the section holds this Terms class; importing nothing."""
        return self._terms in (terms, f"{terms.__module__}:{terms.__qualname__}")

    def kinds(self) -> Iterator[tuple[str, Kind, Mapping[str, Any]]]:
        """Name, kind and labels of each field that a document has to state, in the order of the Terms class."""
        for each in attrs.fields(self.terms):
            if each.name not in self.fixed:
                yield each.name, each.metadata["kind"], each.metadata


def unit_text(unit: str, value: int, language: str = "en") -> str:
    """A figure in its unit as people read it.

    unit: fen, rate, factor, factor_limit, points, quantity, price, date, flag, days or count, or the words of a list
    parted by "|".

    >>> unit_text("fen", 123005), unit_text("rate", 550000), unit_text("days", 15)
    ('1230.05', '55%', '15')
    """
    if unit == "fen":
        if value >= NO_LIMIT:
            return "不设上限" if language == "zh" else "no limit"
        return yuan_text(value)
    if unit == "factor_limit" and value >= NO_LIMIT:
        return "不设上限" if language == "zh" else "no limit"
    if unit == "rate":
        return rate_text(value)
    if "|" in unit:
        return unit.split("|")[value]
    if unit in ("factor", "factor_limit", "points", "quantity"):
        return factor_text(value)
    if unit == "price":
        if value >= NO_PRICE_LIMIT:
            return "不设上限" if language == "zh" else "no limit"
        return plain_text(value, PRICE_ONE)
    if unit == "date":
        if value == NO_DAY:
            return "未载明" if language == "zh" else "not stated"
        return as_date(value).isoformat()
    if unit == "flag":
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")
    return str(int(value))


def _count(value: Any) -> int:
    number = exact(value, 1, "a whole number")
    if number < 0:
        raise AmountError(f"{value} is negative")
    if number > MAX_FEN:
        raise AmountError(f"{value} is beyond what stays exact downstream")
    return number


def _fen(value: Any) -> int:
    return NO_LIMIT if value == "none" else amount_of(value)


def _factor_limit(value: Any) -> int:
    return NO_LIMIT if value == "none" else factor(value)


def amount_of(value: Any) -> int:
    """An amount in yuan, not negative, as fen."""
    amount = yuan(value)
    if amount < 0:
        raise AmountError(f"{value} yuan is negative")
    return amount


READ: Mapping[str, Callable[[Any], int]] = {
    "fen": _fen,
    "rate": rate,
    "factor": factor,
    "factor_limit": _factor_limit,
    "points": points,
    "price": unit_price,
    "days": _count,
    "count": _count,
}
WRITE: Mapping[str, Callable[[int], Any]] = {
    "fen": lambda value: "none" if value >= NO_LIMIT else yuan_text(value),
    "rate": rate_text,
    "factor": factor_text,
    "factor_limit": lambda value: "none" if value >= NO_LIMIT else factor_text(value),
    "points": factor_text,
    "price": lambda value: plain_text(value, PRICE_ONE),
    "days": int,
    "count": int,
}
NEEDS: Mapping[str, str] = {
    "fen": "an amount in yuan, as text",
    "rate": "a rate from 0 to 1, as text, or a percentage",
    "factor": "a factor, as text",
    "factor_limit": 'a factor, as text, or "none"',
    "points": "points, as text",
    "price": "a price in yuan, as text",
    "days": "a number of days",
    "count": "a number",
}


@frozen
class Kind:
    """Base of the kinds; `leaves` are paths below the field, "" for the field itself."""

    def leaves(self, section: Section) -> tuple[str, ...]:
        """The leaves that complete terms need."""
        return ("",)

    def needs(self, whole: bool = True) -> str:
        """What would fill the field, or one leaf of it, that is open."""
        return "a value"

    def read(self, raw: Any, section: Section, path: str, problems: list[Problem]) -> dict[str, Any]:
        """The leaves that the raw TOML value states; mistakes go to `problems`."""
        try:
            return {"": self.value(raw)}
        except MipolicyError as error:
            problems.append(Problem(path, str(error)))
            return {}

    def value(self, raw: Any) -> Any:
        """One leaf from its raw TOML value."""
        return raw

    def figure(self, text: str) -> int:
        """The number that the text stands for; raises AmountError where leaves are no numbers."""
        raise AmountError(f"{text!r} cannot bound a field that holds no figures")

    def write(self, leaves: Mapping[str, Any]) -> Any:
        """The TOML value of the leaves."""
        return self.text(leaves[""])

    def text(self, value: Any) -> Any:
        """The TOML form of one leaf."""
        return value

    def build(self, leaves: Mapping[str, Any], section: Section) -> Any:
        """The value that the Terms class takes, from all leaves."""
        return leaves[""]

    def trace(self, value: Any, leaf: Callable[[str, Any], Leaf]) -> Any:
        """The value with each figure traced; `leaf(path, unit)` makes the label of a leaf."""
        return value
