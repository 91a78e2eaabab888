"""Records of traced figures as steps: inputs traced, outcomes told field by field, reruns held equal."""

from __future__ import annotations

from typing import Any

import attrs

from mipolicy.errors import IdentityError
from mipolicy.explain.render import Figure, Step
from mipolicy.explain.words import Named, clauses_of, expression, value_text
from mipolicy.policy.kinds import STATUS
from mipolicy.tables import Axis
from mipolicy.traced import Leaf, Traced

__all__ = ["inputs_of", "must_equal", "steps_of"]


def _unit(unit: str | Axis, status: Axis) -> str | Axis:
    return status if unit is STATUS else unit


def inputs_of(of: Any, status: Axis = STATUS) -> Any:
    """The record with every field traced as an input, but for what is as in an ordinary case."""
    changes = {}
    for each in attrs.fields(type(of)):
        if each.default is not attrs.NOTHING and getattr(of, each.name) == each.default:
            continue
        labels = each.metadata
        leaf = Leaf("input", each.name, labels["zh"], labels["en"], _unit(labels["unit"], status))
        changes[each.name] = Traced(int(getattr(of, each.name)), leaf=leaf)
    return attrs.evolve(of, **changes)


def steps_of(of: Any, names: dict[int, Named], status: Axis = STATUS) -> tuple[Step, ...]:
    """The fields of an outcome as steps, in the order computed; each is named for those after it."""
    steps = []
    for each in attrs.fields(type(of)):
        value, unit = getattr(of, each.name), _unit(each.metadata["unit"], status)
        given = isinstance(value, Traced) and value.leaf is not None and value.leaf.kind == "input"
        given = given or (id(value) in names and names[id(value)].zh == each.metadata["zh"])
        figures = tuple(
            Figure(
                path,
                value_text(int(node), leaf.unit, "zh"),
                value_text(int(node), leaf.unit, "en"),
                leaf.version,
                leaf.clause,
            )
            for path, (node, leaf) in clauses_of(value, names, id(value) not in names).items()
        )
        steps.append(
            Step(
                each.name,
                each.metadata["zh"],
                each.metadata["en"],
                int(value),
                value_text(int(value), unit, "zh"),
                value_text(int(value), unit, "en"),
                "" if given else _formula(value, names, "zh", unit, each.metadata["zh"]),
                "" if given else _formula(value, names, "en", unit, each.metadata["en"]),
                figures,
            )
        )
        if isinstance(value, Traced):
            names.setdefault(id(value), Named(each.metadata["zh"], each.metadata["en"], unit, value))
    return tuple(steps)


def _formula(value: Any, names: dict[int, Named], language: str, unit: str | Axis, label: str) -> str:
    """How the value came about; nothing where that would only say label and value once more."""
    text = expression(value, names, language, unit)
    return "" if text == f"{label} {value_text(int(value), unit, language)}" else text


def must_equal(what: str, traced: Any, settled: Any) -> None:
    """Check that a traced rerun gives the figures of the first run; raises IdentityError where it does not."""
    for each in attrs.fields(type(settled)):
        if int(getattr(traced, each.name)) != int(getattr(settled, each.name)):
            raise IdentityError(
                f"{what}: the traced {each.name} {int(getattr(traced, each.name))} is not "
                f"the settled {int(getattr(settled, each.name))}"
            )
