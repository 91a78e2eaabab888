"""Expressions of traced amounts in words: each vocabulary word has one form, nobody writes formulas by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from mipolicy.money import COUNT_ONE, PRICE_ONE, plain_text
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
    "half_up": ("{0} ÷ {1}", "{0} ÷ {1}"),
    "mul_div": ("{0} × {1} ÷ {2}", "{0} × {1} ÷ {2}"),
    "+": ("{0} + {1}", "{0} + {1}"),
    "-": ("{0} − {1}", "{0} − {1}"),
    "*": ("{0} × {1}", "{0} × {1}"),
    "neg": ("−{0}", "−{0}"),
}
_JOINED: Final[Mapping[str, tuple[str, str]]] = {"all_of": (" 且 ", " and "), "any_of": (" 或 ", " or ")}
_FLAGS: Final = frozenset({"is_over", "is_same", "none_of", "all_of", "any_of"})
_GROUPED: Final = frozenset({"+", "-", "all_of", "any_of", "is_over", "is_same"})


@frozen
class Named:
    """A step that has a name already: how later steps refer to it."""

    zh: str
    en: str
    unit: str | Axis


def value_text(value: int, unit: str | Axis, language: str) -> str:
    """A figure in its unit, a code by its label."""
    if isinstance(unit, Axis):
        labels = unit.zh if language == "zh" else unit.en
        return labels[value] if 0 <= value < len(labels) else str(int(value))
    if unit == "price":
        return plain_text(value, PRICE_ONE)
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


def expression(node: Any, names: Mapping[int, Named], language: str) -> str:
    """The expression of a step, down to inputs, figures of the terms and steps that are named already."""
    if id(node) in names or not isinstance(node, Traced) or node.leaf is not None:
        return _operand(node, names, language, _unit(node, names))
    return _compound(node, names, language)


def _compound(node: Traced, names: Mapping[int, Named], language: str) -> str:
    at = 0 if language == "zh" else 1
    if node.word == "banded":
        return _bands(node, language)
    if node.word == "pick":
        return _chosen(node, names, language)
    units = [_unit(arg, names) for arg in node.args]
    shared = next((unit for unit in units if unit), "")
    texts = []
    for arg, unit in zip(node.args, units, strict=True):
        wanted = unit or ("flag" if node.word in _JOINED else shared)
        texts.append(_operand(arg, names, language, wanted))
    if node.word in _JOINED:
        return _JOINED[node.word][at].join(texts)
    if _is_price_times_count(node, names):
        return f"{texts[0]} × {texts[1]}"
    return _FORMS[node.word][at].format(*texts)


def _chosen(node: Traced, names: Mapping[int, Named], language: str) -> str:
    """The branch that was taken, and the condition that chose it."""
    condition, yes, no = node.args
    taken = _operand(yes if condition else no, names, language, _unit(node, names))
    why = _operand(condition, names, language, "flag")
    return f"{taken}（{why}）" if language == "zh" else f"{taken} (as {why})"


def _operand(node: Any, names: Mapping[int, Named], language: str, unit: str | Axis) -> str:
    if id(node) in names:
        named = names[id(node)]
        label = named.zh if language == "zh" else named.en
        return f"{label} {value_text(int(node), named.unit, language)}"
    if isinstance(node, Traced):
        if node.leaf is not None:
            return _leaf(node, node.leaf, language)
        text = _compound(node, names, language)
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
