"""Rerun the bodies that settled a bill on traced amounts; what they give must equal what was settled."""

from __future__ import annotations

from typing import Any

import attrs

from mipolicy.benefits.axes import LAYERS
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.catalogue import FeeLine, LineSplit, split_line
from mipolicy.benefits.cover import Given, Rules, pay
from mipolicy.benefits.ladder import Climb, Left
from mipolicy.benefits.settlement import Part, Settlement, layer_section, place_section
from mipolicy.errors import IdentityError
from mipolicy.explain.render import Explanation, Figure, Step, StepGroup
from mipolicy.explain.words import Named, clauses_of, expression, value_text
from mipolicy.policy import Policy
from mipolicy.policy.kinds import STATUS
from mipolicy.tables import Axis
from mipolicy.traced import Leaf, Traced

__all__ = ["explain_settlement"]


def explain_settlement(settlement: Settlement) -> Explanation:
    """Every step of a settlement with its formula and clauses.

    Raises IdentityError if the traced rerun does not give the settled figures: a defect of the library.
    """
    bill, policy = settlement.bill, settlement.policy
    groups: list[StepGroup] = []
    if settlement.lines is not None:
        groups += _line_groups(settlement)
    for part in settlement.parts:
        groups += _part_groups(policy, part)
    sections = ", ".join(dict.fromkeys(f"{part.section} ({part.version.name})" for part in settlement.parts))
    reversal = (" [冲销]", " [reversed]") if settlement.reversal else ("", "")
    return Explanation(
        bill.setl_id,
        f"结算 {bill.setl_id}: {policy.header.title}, {_day(bill)}, {sections}{reversal[0]}",
        f"settlement {bill.setl_id}: {policy.id}, {_day(bill)}, {sections}{reversal[1]}",
        tuple(groups),
    )


def _day(bill: Bill) -> str:
    return bill.setl_time.date().isoformat()


def _unit(unit: str | Axis, status: Axis) -> str | Axis:
    return status if unit is STATUS else unit


def _inputs(of: Any, status: Axis) -> Any:
    """The record with every field traced as an input, but for what is as in an ordinary case."""
    changes = {}
    for each in attrs.fields(type(of)):
        if each.default is not attrs.NOTHING and getattr(of, each.name) == each.default:
            continue
        labels = each.metadata
        leaf = Leaf("input", each.name, labels["zh"], labels["en"], _unit(labels["unit"], status))
        changes[each.name] = Traced(int(getattr(of, each.name)), leaf=leaf)
    return attrs.evolve(of, **changes)


def _steps(of: Any, names: dict[int, Named], status: Axis) -> tuple[Step, ...]:
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
                "" if given else expression(value, names, "zh"),
                "" if given else expression(value, names, "en"),
                figures,
            )
        )
        if isinstance(value, Traced):
            names.setdefault(id(value), Named(each.metadata["zh"], each.metadata["en"], unit))
    return tuple(steps)


def _part_groups(policy: Policy, part: Part) -> list[StepGroup]:
    spec, settled = policy.sections[part.section], part.settled.paid
    paid = pay(_traced_rules(policy, part), _traced_given(part.settled.given, spec.status))
    _must_equal(part.section, paid.outcome, settled.outcome)
    _must_equal("setlinfo", paid.setlinfo, settled.setlinfo)
    names: dict[int, Named] = {}
    year, groups = f"{part.year}", []
    if paid.effect is not None:
        groups.append(StepGroup("异地就医", "care out of the area", _steps(paid.effect, names, spec.status)))
    groups.append(StepGroup(f"{spec.zh} {year}", f"{part.section} {year}", _steps(paid.outcome, names, spec.status)))
    if paid.climb and settled.climb:
        groups += _ladder_groups(policy, part, paid.climb, names)
    if paid.account is not None:
        groups.append(StepGroup("个人账户", "personal account", _steps(paid.account, names, spec.status)))
    shown = ("hifp_pay", "fund_pay_sumamt", "psn_part_amt", "psn_cash_pay")
    record = [step for step in _steps(paid.setlinfo, names, spec.status) if step.value or step.name in shown]
    beside = _steps(paid.apart, names, spec.status) if paid.apart.outside_pay else ()
    return [*groups, StepGroup("结算信息", "settlement record", (*record, *beside))]


def _traced_given(given: Given[int], status: Axis) -> Given[int]:
    """What the rules are given, traced; one amount that several of them take is one and the same input."""
    parts = _inputs(given.parts, status)
    room = attrs.evolve(_inputs(given.room, status), inscp_scp_amt=parts.inscp_scp_amt)
    place = given.place
    if place is not None:
        amounts = {name: getattr(parts, name) for name in ("medfee_sumamt", "inscp_scp_amt", "preselfpay_amt")}
        place = attrs.evolve(_inputs(place, status), **amounts)
    account = None if given.account is None else _inputs(given.account, status)
    return Given(parts, room, tuple(_inputs(state, status) for state in given.states), place, account)


def _traced_rules(policy: Policy, part: Part) -> Rules:
    """The rules of a part with every figure traced."""
    rungs = part.settled.paid.climb.rungs if part.settled.paid.climb else ()
    sections = [layer_section(rung.layer, part.scheme) for rung in rungs]
    sections += ["account"] if part.settled.given.account else []
    sections += [place_section(part.scheme)] if part.settled.given.place else []
    versions = part.layer_versions[1:]
    found = {name: policy.traced(name, version) for name, version in zip(sections, versions, strict=True)}
    return Rules(
        policy.traced(part.section, part.version),
        tuple((rung.layer, found[layer_section(rung.layer, part.scheme)]) for rung in rungs),
        found.get("account"),
        found.get(place_section(part.scheme)),
    )


def _ladder_groups(policy: Policy, part: Part, climbed: Climb[int], names: dict[int, Named]) -> list[StepGroup]:
    """What the basic benefit left, then a stage per layer that takes the bill."""
    status = policy.sections[part.section].status
    settled = part.settled.paid.climb
    assert settled is not None
    groups = [StepGroup("基本待遇之后个人负担", "left after the basic benefit", _steps(climbed.before, names, status))]
    for rung, before in zip(climbed.rungs, settled.rungs, strict=True):
        section = layer_section(rung.layer, part.scheme)
        _must_equal(section, rung.outcome, before.outcome)
        steps = (*_steps(rung.case, names, status), *_steps(rung.outcome, names, status))
        if rung.case.base:
            groups.append(StepGroup(f"{policy.sections[section].zh} {part.year}", f"{section} {part.year}", steps))
        zh, en, _ = LAYERS[rung.layer.layer]
        names[id(rung.outcome.pay)] = Named(f"{zh}支付", f"paid by {en}", "fen")
        for each in attrs.fields(Left):
            left = Named(f"剩余{each.metadata['zh']}", f"{each.metadata['en']} left", "fen")
            names.setdefault(id(getattr(rung.left, each.name)), left)
    return groups


def _line_groups(settlement: Settlement) -> list[StepGroup]:
    """One stage per fee line, under the catalogue's terms on the day that chose the bill's."""
    assert settlement.lines is not None
    split, policy = settlement.lines, settlement.policy
    version = policy.version("catalogue", settlement.terms_on)
    terms = policy.traced("catalogue", version)
    groups = []
    for row in range(len(split.bill)):
        line: FeeLine[int] = FeeLine(
            **{each.name: int(getattr(split.given, each.name)[row]) for each in attrs.fields(FeeLine)}
        )
        done = split_line(terms, _inputs(line, STATUS))
        plain: LineSplit[int] = LineSplit(
            **{each.name: int(getattr(split.split, each.name)[row]) for each in attrs.fields(LineSplit)}
        )
        _must_equal("catalogue", done, plain)
        name = f"{split.ids[row]} {split.items[row]}"
        groups.append(StepGroup(f"费用明细 {name}", f"fee line {name}", _steps(done, {}, STATUS)))
    return groups


def _must_equal(what: str, traced: Any, settled: Any) -> None:
    for each in attrs.fields(type(settled)):
        if int(getattr(traced, each.name)) != int(getattr(settled, each.name)):
            raise IdentityError(
                f"{what}: the traced {each.name} {int(getattr(traced, each.name))} is not "
                f"the settled {int(getattr(settled, each.name))}"
            )
