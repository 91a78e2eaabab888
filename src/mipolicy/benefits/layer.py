"""What every layer above the basic benefit is given: the money that it may take, and what the year has used so far."""

from __future__ import annotations

from typing import Generic

from attrs import frozen

from mipolicy.benefits.axes import HARDSHIP
from mipolicy.money import A
from mipolicy.traced import labelled

__all__ = ["LayerCase", "LayerState"]


@frozen
class LayerState(Generic[A]):
    """Whether a layer takes a bill at all, and what the year has used of it so far."""

    applies: A = labelled("flag", "本层适用", "the layer takes this bill")
    base_before: A = labelled("fen", "本年此前计入费用", "amounts of the year that counted before")
    paid_before: A = labelled("fen", "本年此前支付", "paid in the year before")
    hardship: A = labelled(HARDSHIP, "困难身份", "hardship class")


@frozen
class LayerCase(Generic[A]):
    """One bill before a layer: amounts in fen, earlier layers' money already taken off."""

    base: A = labelled("fen", "本次可计入费用", "amount of this bill that counts")
    base_before: A = labelled("fen", "本年此前计入费用", "amounts of the year that counted before")
    paid_before: A = labelled("fen", "本年此前支付", "paid in the year before")
    hardship: A = labelled(HARDSHIP, "困难身份", "hardship class")
