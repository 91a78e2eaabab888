"""The ladder (多层次保障): layers in the order that the policy states, each on parts of what earlier ones left.

Rules B17, B41, B48, B53, B54; reading A10; formulas.md section 1.  Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeAlias

import attrs
from attrs import frozen

from mipolicy.benefits import assistance, major_illness, supplement
from mipolicy.benefits.assistance import Assistance, AssistanceTerms
from mipolicy.benefits.axes import LAYERS, STREAMS
from mipolicy.benefits.layer import LayerCase, LayerState
from mipolicy.benefits.major_illness import MajorIllness, MajorIllnessTerms
from mipolicy.benefits.statement import FUNDS
from mipolicy.benefits.supplement import Supplement, SupplementTerms
from mipolicy.errors import InputError
from mipolicy.money import A
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FlagKind, RecordsKind, TextKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import capped, pick

__all__ = [
    "LAYER_TERMS",
    "OUTSIDE",
    "PARTS",
    "Climb",
    "LadderTerms",
    "Layer",
    "LayerTerms",
    "Left",
    "Rung",
    "climb",
    "in_scope_left",
    "personal_left",
    "taken_from",
]

OUTSIDE: Final = "outside"
"""Fills no field of the record: such a payer pays from `psn_cash_pay` and is shown apart."""


@frozen
class Left(Generic[A]):
    """What is left to the person of each part of a bill."""

    deductible: A = labelled("fen", "起付线", "deductible")
    over_ceiling: A = labelled("fen", "超限额费用", "above the ceiling")
    copayment: A = labelled("fen", "按比例自付", "the person's share by rate")
    not_covered: A = labelled("fen", "不予支付的范围内费用", "in scope, but the benefit does not apply")
    first_pay: A = labelled("fen", "先行自付", "first-pay share")
    over_limit: A = labelled("fen", "超限价自费", "above price ceilings")
    self_paid: A = labelled("fen", "全自费", "wholly self-paid")


PARTS: Final = tuple(each.name for each in attrs.fields(Left))
_IN_SCOPE: Final = ("deductible", "copayment", "over_ceiling", "not_covered")

LayerTerms: TypeAlias = MajorIllnessTerms | AssistanceTerms | SupplementTerms
LAYER_TERMS: Final[dict[str, type[Any]]] = {
    **dict.fromkeys(("major_illness", "large_cost"), MajorIllnessTerms),
    **dict.fromkeys(("assistance", "tilted_assistance"), AssistanceTerms),
    **dict.fromkeys(("civil_servant", "enterprise", "rare_disease", "mutual_aid", "commercial"), SupplementTerms),
}
"""The room that settles each layer, by its Terms."""


@frozen
class Layer:
    """One layer of a ladder: which parts it may take, in that order, of which streams, and where its money is shown."""

    layer: str = terms_field(ChoiceKind(tuple(LAYERS)), "保障层次", "layer")
    fills: str = terms_field(ChoiceKind((*FUNDS[1:], OUTSIDE)), "结算字段", "field of the record that it fills")
    works_on: tuple[str, ...] = terms_field(CodesKind(PARTS), "可支付的部分", "parts of the bill that it may take")
    streams: tuple[str, ...] = terms_field(CodesKind(STREAMS), "适用待遇", "streams that it pays")
    plan: str = terms_field(TextKind(), "参保计划", "plan that the person is in; everyone where empty", default="")
    joins: int = terms_field(FlagKind(), "与前一层共用字段", "shares its field with an earlier layer", default=0)

    def __attrs_post_init__(self) -> None:
        """Refuse a layer that could take nothing."""
        if not self.works_on:
            raise InputError(f"layer {self.layer} works on no part of the bill; parts: {', '.join(PARTS)}")
        if not self.streams:
            raise InputError(f"layer {self.layer} pays no stream; streams: {', '.join(STREAMS)}")


@frozen
class LadderTerms:
    """The layers above the basic benefit of one scheme, in the order in which they pay."""

    layers: tuple[Layer, ...] = terms_field(RecordsKind(Layer, "layer"), "保障层次顺序", "layers in their order")

    def __attrs_post_init__(self) -> None:
        """Refuse two layers that fill one field without saying so."""
        filled: dict[str, str] = {}
        names = [layer.layer for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"layer {name} stands twice in the ladder")
        for layer in self.layers:
            earlier = filled.setdefault(layer.fills, layer.layer)
            if earlier != layer.layer and layer.fills != OUTSIDE and not layer.joins:
                raise InputError(
                    f"layers {earlier} and {layer.layer} both fill {layer.fills}: "
                    f"say `joins = true` in {layer.layer} if their money is shown together"
                )
            if earlier == layer.layer and layer.joins:
                raise InputError(f"layer {layer.layer} joins no earlier layer in {layer.fills}")


@frozen
class Rung(Generic[A]):
    """One layer of a bill: what it was given, what it came to, and what was left of each part after it."""

    layer: Layer
    case: LayerCase[A]
    outcome: MajorIllness[A] | Assistance[A] | Supplement[A]
    left: Left[A]


@frozen
class Climb(Generic[A]):
    """A bill through every layer: what the basic benefit left, the rungs, and what is left in the end."""

    before: Left[A]
    rungs: tuple[Rung[A], ...]

    @property
    def left(self) -> Left[A]:
        """What is left to the person of each part."""
        return self.rungs[-1].left if self.rungs else self.before

    def funds(self) -> dict[str, Any]:
        """What the layers pay, by the field of the record that they fill."""
        paid: dict[str, Any] = {}
        for rung in self.rungs:
            if rung.layer.fills != OUTSIDE:
                field = rung.layer.fills
                paid[field] = paid[field] + rung.outcome.pay if field in paid else rung.outcome.pay
        return paid

    def outside(self) -> dict[str, Any]:
        """What payers outside the record pay, by layer."""
        return {rung.layer.layer: rung.outcome.pay for rung in self.rungs if rung.layer.fills == OUTSIDE}


def climb(layers: Sequence[tuple[Layer, LayerTerms]], left: Left[A], states: Sequence[LayerState[A]]) -> Climb[A]:
    """Take a bill, or a column of bills of different persons, up the ladder (rules B17, B48).

    layers: those that apply, in the order of the policy, with their terms; left: what the basic benefit left;
    states: of each layer, whether it takes the bill, and what the year has used.
    Sources: 天津 2021 一(一) 医疗保障制度体系; formulas.md section 1.
    """
    before, rungs = left, []
    for (layer, terms), state in zip(layers, states, strict=True):
        base = pick(state.applies, _sum(left, layer.works_on), 0)
        case: LayerCase[A] = LayerCase(base, state.base_before, state.paid_before, state.hardship)
        outcome: Any = _settle(terms, case)
        left = taken_from(left, layer.works_on, outcome.pay)
        rungs.append(Rung(layer, case, outcome, left))
    return Climb(before, tuple(rungs))


def _settle(terms: LayerTerms, case: LayerCase[A]) -> MajorIllness[A] | Assistance[A] | Supplement[A]:
    if isinstance(terms, MajorIllnessTerms):
        return major_illness.settle(terms, case)
    if isinstance(terms, AssistanceTerms):
        return assistance.settle(terms, case)
    return supplement.settle(terms, case)


def taken_from(left: Left[A], works_on: Sequence[str], pay: A) -> Left[A]:
    """What is left of each part when a layer's payment is taken off them, in the order that the layer names them."""
    changes: dict[str, Any] = {}
    for part in works_on:
        there = getattr(left, part)
        taken = capped(pay, there)
        changes[part], pay = there - taken, pay - taken
    return attrs.evolve(left, **changes)


def _sum(left: Left[A], parts: Sequence[str]) -> Any:
    first, *others = (getattr(left, part) for part in parts)
    for amount in others:
        first = first + amount
    return first


def in_scope_left(left: Left[A]) -> Any:
    """What is left to the person of the in-scope amount."""
    return _sum(left, _IN_SCOPE)


def personal_left(left: Left[A]) -> Any:
    """All that is left to the person."""
    return _sum(left, PARTS)
