"""`Traced`: an int that remembers how it came about, so that a rule's own body explains itself.

The vocabulary records each word on traced amounts; a traced figure of the terms carries its path, version and clause.
Nobody writes formula texts by hand.
"""

from __future__ import annotations

from typing import Any

from attrs import NOTHING, field, frozen

from mipolicy.errors import AmountError
from mipolicy.tables import Axis

__all__ = ["Leaf", "Traced", "labelled", "recorded"]


@frozen
class Leaf:
    """Where a traced figure comes from: a field of the input, or a figure of the terms with its clause.

    kind: "input" or "terms"; name: field name or path; unit: how to print it; version, clause: of the terms.
    """

    kind: str
    name: str
    zh: str
    en: str
    unit: str | Axis
    version: str = ""
    clause: str = ""


class Traced(int):
    """An int with its expression: the word and the arguments, or the leaf it is.

    Plain + - x with ints and negation are recorded, but for a plain 0 that adds nothing; with anything else they do
    what a plain int does.  Division is not offered: rules divide through `half_up` and `mul_div`.
    """

    word: str
    args: tuple[Any, ...]
    leaf: Leaf | None
    parts: tuple[Any, ...]

    def __new__(
        cls,
        value: int,
        word: str = "",
        args: tuple[Any, ...] = (),
        leaf: Leaf | None = None,
        parts: tuple[Any, ...] = (),
    ) -> Traced:
        """Make the int and hang its expression on it."""
        self = super().__new__(cls, value)
        self.word, self.args, self.leaf, self.parts = word, args, leaf, parts
        return self

    def __add__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        if type(other) is int and other == 0:
            return self
        return Traced(int(self) + int(other), "+", (self, other))

    def __radd__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        if type(other) is int and other == 0:
            return self
        return Traced(int(other) + int(self), "+", (other, self))

    def __sub__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        if type(other) is int and other == 0:
            return self
        return Traced(int(self) - int(other), "-", (self, other))

    def __rsub__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        return Traced(int(other) - int(self), "-", (other, self))

    def __mul__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        return Traced(int(self) * int(other), "*", (self, other))

    def __rmul__(self, other: int) -> int:
        if not isinstance(other, int):
            return NotImplemented
        return Traced(int(other) * int(self), "*", (other, self))

    def __neg__(self) -> int:
        return Traced(-int(self), "neg", (self,))

    def __floordiv__(self, other: int) -> int:
        raise AmountError("a rule divides through half_up or mul_div, which say how they round; // does not")

    __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = __floordiv__  # type: ignore[assignment]

    def __truediv__(self, other: int) -> float:
        raise AmountError("a rule divides through half_up or mul_div; / makes a float")

    __rtruediv__ = __truediv__


def recorded(word: str, value: int, *args: Any, parts: tuple[Any, ...] = ()) -> int:
    """The value, with its expression if any argument is traced."""
    for arg in args:
        if type(arg) is not int:
            return Traced(value, word, args, parts=parts)
    return value


def labelled(unit: str | Axis, zh: str, en: str, default: Any = NOTHING) -> Any:
    """An attrs field of an input or outcome: its unit and its labels.

    unit: one that `unit_text` prints, or the axis that a code belongs to; default: what it is in an ordinary case.
    """
    return field(default=default, metadata={"unit": unit, "zh": zh, "en": en})
