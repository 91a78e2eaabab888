"""Expressions of traced amounts in words: each vocabulary word has one form, nobody writes formulas by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from mipolicy.money import COUNT_ONE, plain_text
from mipolicy.policy.kinds import unit_text
from mipolicy.tables import Axis
from mipolicy.traced import Leaf, Traced

__all__ = ["Named", "clauses_of", "expression", "value_text"]

_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "share": ("{0} × {1}", "{0} × {1}"),
    "beyond": ("max(0, {0} − {1})", "max(0, {0} − {1})"),
    "remaining": ("max(0, {0} − {1})", "max(0, {0} − {1})"),
    "capped": ("min({0}, {1})", "min({0}, {1})"),
    "least_share": ("支付达到 {0} 的最低费用（比例 {1}）", "the least cost that comes to {0} at {1}"),
    "least_banded": ("支付达到 {0} 的最低费用", "the least cost that comes to {0}"),
    "is_over": ("{0} > {1}", "{0} > {1}"),
    "is_same": ("{0} = {1}", "{0} = {1}"),
    "none_of": ("非 {0}", "not {0}"),
    "+": ("{0} + {1}", "{0} + {1}"),
    "-": ("{0} − {1}", "{0} − {1}"),
    "neg": ("−{0}", "−{0}"),
}
_PRODUCTS: Final = frozenset({"*", "mul_div", "half_up", "mul_div_by"})
_JOINED: Final[Mapping[str, tuple[str, str]]] = {"all_of": (" 且 ", " and "), "any_of": (" 或 ", " or ")}
_FLAGS: Final = frozenset({"is_over", "is_same", "none_of", "all_of", "any_of"})
_GROUPED: Final = frozenset({"+", "-", "all_of", "any_of", "is_over", "is_same"})


@frozen
class Named:
    """A step that has a name already: how later steps refer to it.

    of: the figure itself, held so that no other takes its place while names are looked up by identity.
    """

    zh: str
    en: str
    unit: str | Axis
    of: Any = None


def value_text(value: int, unit: str | Axis, language: str) -> str:
    """A figure in its unit, a code by its label."""
    if isinstance(unit, Axis):
        labels = unit.zh if language == "zh" else unit.en
        return labels[value] if 0 <= value < len(labels) else str(int(value))
    if unit == "quantity":
        return plain_text(value, COUNT_ONE)
    text: str = unit_text(unit, value, language)
    return text


def _unit(node: Any, names: Mapping[int, Named]) -> str | Axis:
    if id(node) in names:
        return names[id(node)].unit
    if not isinstance(node, Traced):
        return ""
    if node.leaf is not None:
        return node.leaf.unit
    if node.word in _FLAGS:
        return "flag"
    if node.word in ("share", "banded", "least_share", "least_banded") or _is_price_times_count(node, names):
        return "fen"
    operands = node.args[1:] if node.word == "pick" else node.args
    return next((unit for unit in (_unit(arg, names) for arg in operands) if unit), "")


def _is_price_times_count(node: Traced, names: Mapping[int, Named]) -> bool:
    """Whether the divisor only turns a price in yuan and a count into fen, which people do by themselves."""
    return node.word == "mul_div" and [_unit(arg, names) for arg in node.args[:2]] == ["price", "quantity"]


def expression(node: Any, names: Mapping[int, Named], language: str, unit: str | Axis = "") -> str:
    """The expression of a step, down to inputs, figures of the terms and steps that are named already.

    unit: of the step, for figures that have none of their own.
    """
    if id(node) in names or not isinstance(node, Traced) or node.leaf is not None:
        return _operand(node, names, language, _unit(node, names) or unit)
    return _compound(node, names, language, unit)


def _compound(node: Traced, names: Mapping[int, Named], language: str, of: str | Axis = "") -> str:
    at = 0 if language == "zh" else 1
    if node.word == "banded":
        return _bands(node, language)
    if node.word == "pick":
        return _chosen(node, names, language, of)
    if node.word in _PRODUCTS:
        return _product(node, names, language)
    units = [_unit(arg, names) for arg in node.args]
    shared = next((unit for unit in units if unit), "")
    texts = []
    for arg, unit in zip(node.args, units, strict=True):
        wanted = unit or ("flag" if node.word in _JOINED else shared)
        texts.append(_operand(arg, names, language, wanted))
    if node.word in _JOINED:
        return _JOINED[node.word][at].join(texts)
    if node.word == "beyond" and _is_nothing(node.args[1]):
        return f"max(0, {texts[0]})"
    return _FORMS[node.word][at].format(*texts)


def _chosen(node: Traced, names: Mapping[int, Named], language: str, of: str | Axis) -> str:
    """The branch that was taken, and the condition that chose it; of exceptions that do not apply, only how many."""
    taken: Any = node
    passed = []
    while _is_choice(taken, names) and not taken.args[0]:
        passed.append(taken.args[0])
        taken = taken.args[2]
    unit = of or _unit(node, names)
    if _is_choice(taken, names):
        text = _operand(taken.args[1], names, language, unit)
        why = _operand(taken.args[0], names, language, "flag")
    else:
        text = _operand(taken, names, language, unit)
        why = _not(passed, names, language)
    why = why[1:-1] if _is_enclosed(why) else why
    return f"{text}（{why}）" if language == "zh" else f"{text} (as {why})"


def _is_enclosed(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return at == len(text) - 1 and text.startswith("(")
    return False


def _is_choice(node: Any, names: Mapping[int, Named]) -> bool:
    return isinstance(node, Traced) and node.word == "pick" and id(node) not in names and node.leaf is None


def _not(passed: list[Any], names: Mapping[int, Named], language: str) -> str:
    """Why the last branch was taken: its one condition does not hold, or none of several."""
    if len(passed) > 1:
        return f"{len(passed)}项例外均不适用" if language == "zh" else f"none of {len(passed)} exceptions applies"
    condition = passed[0]
    text = _operand(condition, names, language, "flag")
    if id(condition) in names or not isinstance(condition, Traced) or condition.leaf is not None:
        return text  # it says itself that it is not so
    return f"非 {text}" if language == "zh" else f"not {text}"


def _product(node: Traced, names: Mapping[int, Named], language: str) -> str:
    """Factors over a divisor; plain powers of ten only turn units into one another, which people do by themselves."""
    above, below = (node.args[:-1], node.args[-1:]) if node.word != "*" else (node.args, ())
    factors = [_operand(arg, names, language, _unit(arg, names)) for arg in above if not _only_converts(arg)]
    divisors = [arg for arg in below if not _only_converts(arg)]
    texts = [_operand(arg, names, language, _unit(arg, names)) for arg in divisors]
    texts = [f"({text})" if _is_product(arg, names) else text for arg, text in zip(divisors, texts, strict=True)]
    return " ÷ ".join([" × ".join(factors) or "1", *texts])


def _is_product(arg: Any, names: Mapping[int, Named]) -> bool:
    """Whether it is written as a product itself: divided by, it needs brackets."""
    return isinstance(arg, Traced) and arg.leaf is None and id(arg) not in names and arg.word in {*_PRODUCTS, "share"}


def _is_nothing(arg: Any) -> bool:
    return not isinstance(arg, Traced) and int(arg) == 0


def _only_converts(arg: Any) -> bool:
    digits = str(int(arg))
    return not isinstance(arg, Traced) and digits[0] == "1" and not digits[1:].strip("0")


def _operand(node: Any, names: Mapping[int, Named], language: str, unit: str | Axis) -> str:
    if id(node) in names:
        named = names[id(node)]
        label = named.zh if language == "zh" else named.en
        return f"{label} {value_text(int(node), named.unit, language)}"
    if isinstance(node, Traced):
        if node.leaf is not None:
            return _leaf(node, node.leaf, language)
        text = _compound(node, names, language, unit)
        return f"({text})" if node.word in _GROUPED else text
    return value_text(int(node), unit or "count", language)


def _leaf(node: Traced, leaf: Leaf, language: str) -> str:
    label = leaf.zh if language == "zh" else leaf.en
    return f"{label} {value_text(int(node), leaf.unit, language)}"


def _bands(node: Traced, language: str) -> str:
    """Each band's part x its rate."""
    pieces = []
    for lower, upper, inside, rate in node.parts:
        span = f"{value_text(lower, 'fen', language)}–" + ("" if upper is None else value_text(upper, "fen", language))
        amount = value_text(inside, "fen", language)
        pieces.append(f"[{span}] {amount} × {value_text(int(rate), 'rate', language)}")
    return " + ".join(pieces) or value_text(0, "fen", language)


def clauses_of(node: Any, names: Mapping[int, Named], first: bool = True) -> dict[str, tuple[Traced, Leaf]]:
    """The figures of the terms that a step uses itself, by path; named steps answer for their own."""
    if not isinstance(node, Traced) or (not first and id(node) in names):
        return {}
    found: dict[str, tuple[Traced, Leaf]] = {}
    if node.leaf is not None:
        if node.leaf.kind == "terms":
            found[node.leaf.name] = (node, node.leaf)
        return found
    for arg in (*node.args, *(part[3] for part in node.parts)):
        found.update(clauses_of(arg, names, False))
    return found
