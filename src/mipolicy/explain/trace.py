"""Rerun the bodies that settled a bill on traced amounts; what they give must equal what was settled."""

from __future__ import annotations

import attrs

from mipolicy.benefits.axes import LAYERS
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.catalogue import FeeLine, LineSplit, split_line
from mipolicy.benefits.cover import Given, Rules, pay
from mipolicy.benefits.ladder import Climb, Left
from mipolicy.benefits.settlement import Part, Settlement, layer_section, place_section
from mipolicy.explain.render import Explanation, StepGroup
from mipolicy.explain.steps import inputs_of, must_equal, steps_of
from mipolicy.explain.words import Named
from mipolicy.policy import Policy
from mipolicy.policy.kinds import STATUS
from mipolicy.tables import Axis

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


def _part_groups(policy: Policy, part: Part) -> list[StepGroup]:
    spec, settled = policy.sections[part.section], part.settled.paid
    paid = pay(_traced_rules(policy, part), _traced_given(part.settled.given, spec.status))
    must_equal(part.section, paid.outcome, settled.outcome)
    must_equal("setlinfo", paid.setlinfo, settled.setlinfo)
    names: dict[int, Named] = {}
    year, groups = f"{part.year}", []
    if paid.effect is not None:
        groups.append(StepGroup("异地就医", "care out of the area", steps_of(paid.effect, names, spec.status)))
    groups.append(StepGroup(f"{spec.zh} {year}", f"{part.section} {year}", steps_of(paid.outcome, names, spec.status)))
    if paid.climb and settled.climb:
        groups += _ladder_groups(policy, part, paid.climb, names)
    if paid.account is not None:
        groups.append(StepGroup("个人账户", "personal account", steps_of(paid.account, names, spec.status)))
    shown = ("hifp_pay", "fund_pay_sumamt", "psn_part_amt", "psn_cash_pay")
    record = [step for step in steps_of(paid.setlinfo, names, spec.status) if step.value or step.name in shown]
    beside = steps_of(paid.apart, names, spec.status) if paid.apart.outside_pay else ()
    return [*groups, StepGroup("结算信息", "settlement record", (*record, *beside))]


def _traced_given(given: Given[int], status: Axis) -> Given[int]:
    """What the rules are given, traced; one amount that several of them take is one and the same input."""
    parts = inputs_of(given.parts, status)
    room = attrs.evolve(inputs_of(given.room, status), inscp_scp_amt=parts.inscp_scp_amt)
    place = given.place
    if place is not None:
        amounts = {name: getattr(parts, name) for name in ("medfee_sumamt", "inscp_scp_amt", "preselfpay_amt")}
        place = attrs.evolve(inputs_of(place, status), **amounts)
    account = None if given.account is None else inputs_of(given.account, status)
    return Given(parts, room, tuple(inputs_of(state, status) for state in given.states), place, account)


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
    groups = [
        StepGroup("基本待遇之后个人负担", "left after the basic benefit", steps_of(climbed.before, names, status))
    ]
    for rung, before in zip(climbed.rungs, settled.rungs, strict=True):
        section = layer_section(rung.layer, part.scheme)
        must_equal(section, rung.outcome, before.outcome)
        steps = (*steps_of(rung.case, names, status), *steps_of(rung.outcome, names, status))
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
        done = split_line(terms, inputs_of(line, STATUS))
        plain: LineSplit[int] = LineSplit(
            **{each.name: int(getattr(split.split, each.name)[row]) for each in attrs.fields(LineSplit)}
        )
        must_equal("catalogue", done, plain)
        name = f"{split.ids[row]} {split.items[row]}"
        groups.append(StepGroup(f"费用明细 {name}", f"fee line {name}", steps_of(done, {}, STATUS)))
    return groups
