"""Records as steps: inputs traced but for what is usual, figures with their clauses, reruns held equal."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from mipolicy.errors import IdentityError
from mipolicy.explain.steps import inputs_of, must_equal, steps_of
from mipolicy.explain.words import Named
from mipolicy.payment.points import HistoryWeight
from mipolicy.policy.kinds import RecordsKind
from mipolicy.traced import Leaf, Traced, labelled
from mipolicy.vocabulary import share


@attrs.frozen
class Given:
    cost: int = labelled("fen", "费用", "cost")
    extra: int = labelled("fen", "加收", "extra", 0)


@attrs.frozen
class Done:
    cost: int = labelled("fen", "费用", "cost")
    part: int = labelled("fen", "部分", "part")
    whole: int = labelled("fen", "合计", "whole")


RATE = Traced(500_000, leaf=Leaf("terms", "rate", "比例", "rate", "rate", "2025", "doc 1"))


def test_inputs_are_traced_but_for_what_is_usual() -> None:
    usual, other = inputs_of(Given(100)), inputs_of(Given(100, 5))
    assert (usual, other) == (Given(100), Given(100, 5))
    assert isinstance(usual.cost, Traced)
    assert not isinstance(usual.extra, Traced)
    assert isinstance(other.extra, Traced)
    assert other.extra.leaf == Leaf("input", "extra", "加收", "extra", "fen")


def test_steps_are_named_for_those_after_them() -> None:
    given = inputs_of(Given(1_000))
    part = share(given.cost, RATE)
    names: dict[int, Named] = {}
    cost, half, whole = steps_of(Done(given.cost, part, part + given.cost), names)
    assert (cost.value, cost.figures) == (1_000, ())
    assert half.en == "part"
    text = [str(value) for value in attrs.astuple(half, recurse=False)]
    assert "cost 10.00 × rate 50%" in text
    assert [(figure.path, figure.version, figure.clause) for figure in half.figures] == [("rate", "2025", "doc 1")]
    assert "part 5.00 + cost 10.00" in [str(value) for value in attrs.astuple(whole, recurse=False)]
    assert whole.figures == ()
    assert names[id(part)].en == "part"


def test_a_rerun_has_to_give_the_same() -> None:
    must_equal("room", Done(1, 2, 3), Done(1, 2, 3))
    with pytest.raises(IdentityError) as told:
        must_equal("room", Done(1, 2, 4), Done(1, 2, 3))
    assert str(told.value) == "room: the traced whole 4 is not the settled 3"


def test_records_are_traced_by_their_own_fields() -> None:
    def leaf(path: str, unit: Any) -> Leaf:
        return Leaf("terms", f"history{path}", "历史", "history", unit, "2025", "doc 2")

    held = (HistoryWeight(1, 7_000), HistoryWeight(2, 3_000))
    traced = RecordsKind(HistoryWeight, "years_ago").trace(held, leaf)
    assert traced == held
    weight = traced[1].weight
    assert isinstance(weight, Traced)
    assert weight.leaf == Leaf("terms", "history[1].weight", "权重", "weight", "factor", "2025", "doc 2")
    assert isinstance(traced[0].years_ago, Traced)
    assert RecordsKind(HistoryWeight, "years_ago").trace((), leaf) == ()
