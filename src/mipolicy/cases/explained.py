"""One case of a paid table, step by step: why its method, its points or price, what the points come to."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import numpy as np

from mipolicy.calendar import as_date
from mipolicy.cases.result import PaidTable
from mipolicy.cases.route import ROUTER, own_methods
from mipolicy.cases.ways import WAYS, Way
from mipolicy.cases.year import POINTS
from mipolicy.errors import IdentityError
from mipolicy.explain.render import Explanation, StepGroup
from mipolicy.explain.steps import inputs_of, must_equal, steps_of
from mipolicy.explain.words import Named
from mipolicy.money import FACTOR_ONE
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.points import (
    Distributable,
    PointPaid,
    PointTotals,
    PointValue,
    distributable,
    no_points,
    pay,
    point_value,
)
from mipolicy.payment.router import REASON
from mipolicy.traced import Leaf, Traced, labelled
from mipolicy.vocabulary import mul_div

__all__ = ["explain_case"]


@attrs.frozen
class _OnePayment:
    """A payment that no rule of points works out: as the bill was settled, or a reversal's."""

    payment: int = labelled("fen", "基金应付", "owed by the fund")


def explain_case(paid: PaidTable, row: int) -> Explanation:
    """Every step of one case: its method with the reason, its points or price, what the points come to in money.

    row: the row of the table that was given, from 0.
    Raises InputError for a row that is not there, or that was rejected, with the reason; IdentityError where the rerun
    does not give what the table holds: a defect of the library.
    """
    prepared = paid.prepared
    prepared.faults.refuse(row)
    at = int(np.searchsorted(paid.row, row))
    case = row if prepared.original[row] < 0 else int(prepared.original[row])
    method = METHOD.members[int(paid.columns["method"][at])]
    names: dict[int, Named] = {}
    groups = [_rerun(paid, ROUTER, "payment_router", case, names, ("付费方式", "way of paying"))]
    if method in WAYS:
        groups += _by_rule(paid, method, case, names)
    if method in WAYS and WAYS[method].points:
        groups += _money(paid, case, names)
    elif method not in WAYS:
        groups += _without_rule(paid, method, case, names)
    if case != row:
        back = -int(paid.scores.payment[case])
        groups.append(StepGroup("冲销", "reversal", steps_of(_OnePayment(back), {})))
    setl_id, day = prepared.text("setl_id", row), as_date(int(prepared.facts.columns["dscg_day"][case]))
    policy = prepared.dated.policy
    return Explanation(
        setl_id,
        f"病例 {setl_id}: {policy.header.title}, {day}, {METHOD.zh[METHOD.position(method)]}",
        f"case {setl_id}: {policy.id}, {day}, {METHOD.en[METHOD.position(method)]}",
        tuple(groups),
    )


def _leaf(name: str, zh: str, en: str, unit: str = "fen") -> Leaf:
    return Leaf("input", name, zh, en, unit)


def _given(paid: PaidTable, way: Way, terms: Any, row: int) -> Any:
    """The input of a rule for one case, in ints."""
    facts = paid.prepared.facts
    rows = np.array([row])
    given: Any = facts.given(way.given, rows, way.codes(terms, facts, rows))
    ints = {each.name: int(np.asarray(getattr(given, each.name)).reshape(-1)[0]) for each in attrs.fields(way.given)}
    return way.given(**ints)


def _rerun(
    paid: PaidTable, way: Way, section: str, row: int, names: dict[int, Named], title: tuple[str, str]
) -> StepGroup:
    """A rule rerun on traced figures, held equal to the plain run."""
    policy = paid.prepared.dated.policy
    version = policy.version(section, as_date(int(paid.prepared.facts.columns["dscg_day"][row])))
    terms = policy.build(section, version)
    if way is ROUTER:
        paid.prepared.facts.own_methods = own_methods(paid.prepared.region, terms)
    given = _given(paid, way, terms, row)
    traced = way.apply(policy.traced(section, version), inputs_of(given))
    must_equal(section, traced, way.apply(terms, given))
    return StepGroup(f"{title[0]} ({version.name})", f"{title[1]} ({version.name})", steps_of(traced, names))


def _without_rule(paid: PaidTable, method: str, row: int, names: dict[int, Named]) -> list[StepGroup]:
    """A case by item, as its bill was settled, with the rule that sent it there; or one that a contract pays."""
    groups = []
    if REASON.members[int(paid.routes.reason[row])] == "by_method":
        way = METHOD.members[int(paid.routes.original[row])]
        titles = METHOD.zh[METHOD.position(way)], WAYS[way].section
        groups.append(_rerun(paid, WAYS[way], WAYS[way].section, row, names, titles))
    title = ("按原结算支付", "as the bill was settled")
    if method == "capitation":
        title = ("由人头合同支付, 不另按病例支付", "paid in the contract by the head, nothing for the case beside it")
    amount = Traced(int(paid.scores.payment[row]), leaf=_leaf("payment", "基金应付", "owed by the fund"))
    return [*groups, StepGroup(*title, steps_of(_OnePayment(amount), names))]


def _by_rule(paid: PaidTable, method: str, row: int, names: dict[int, Named]) -> list[StepGroup]:
    way, policy = WAYS[method], paid.prepared.dated.policy
    pool = int(paid.prepared.pool[row])
    section = next(name for name, at in way.sections() if at in (-1, pool))
    at = METHOD.position(method)
    groups = [_rerun(paid, way, section, row, names, (METHOD.zh[at], policy.sections[section].name))]
    found = next(step for step in groups[0].steps if step.name == ("points" if way.points else "payment"))
    held = int(paid.scores.points[row] if way.points else paid.scores.payment[row])
    factor = int(paid.factor[row])
    if factor != FACTOR_ONE:
        shape = _Returned if way.points else _ReturnedAmount
        applied = Traced(factor, leaf=_leaf("factor", "再入院系数", "factor for the return", "factor"))
        before = Traced(found.value, leaf=_leaf(found.name, found.zh, found.en, "points" if way.points else "fen"))
        after = mul_div(before, applied, int(FACTOR_ONE))
        groups.append(StepGroup("再入院", "return to the same group", steps_of(shape(before, applied, after), {})))
        found = attrs.evolve(found, value=int(after))
    if found.value != held:
        raise IdentityError(f"{method}: the traced {found.name} {found.value} is not the paid {held}")
    return groups


@attrs.frozen
class _Returned:
    """What a return makes of the points of a stay."""

    before: int = labelled("points", "病例点数", "points of the case")
    factor: int = labelled("factor", "再入院系数", "factor for the return")
    points: int = labelled("points", "计入点数", "points that count")


@attrs.frozen
class _ReturnedAmount:
    """What a return makes of the payment of a stay."""

    before: int = labelled("fen", "基金应付", "owed by the fund")
    factor: int = labelled("factor", "再入院系数", "factor for the return")
    payment: int = labelled("fen", "计入基金应付", "owed by the fund after the return")


def _money(paid: PaidTable, row: int, names: dict[int, Named]) -> list[StepGroup]:
    """From the pool's budget to what the case's points come to."""
    prepared, policy = paid.prepared, paid.prepared.dated.policy
    pool = POOL.members[int(prepared.pool[row])]
    last = datetime.date(paid.year, 12, 31)
    sections = (f"point_value.{pool}", f"pool_budget.{pool}")
    terms, budget = (policy.traced(section, policy.version(section, last)) for section in sections)
    groups = []
    value: PointValue
    if pool in paid.pools:
        of = paid.pools[pool]
        paid_otherwise = _leaf("other_methods", "其他付费方式", "paid by other methods")
        other = Traced(of.distributable.other_methods, leaf=paid_otherwise)
        fund: Distributable = distributable(budget, other)
        must_equal("pool_budget", fund, of.distributable)
        groups.append(StepGroup("可分配基金", "distributable fund", steps_of(fund, names)))
        value = _value(terms, fund, of.totals, of.published) if of.totals.cases else no_points(fund.fund)
        must_equal("point_value", value, of.value)
        groups.append(StepGroup("点值", "point value", steps_of(value, names)))
    else:
        published = _leaf("value", "预算点值", "budget value", "price")
        figure = Traced(paid.budget_values[pool], leaf=published)
        value = no_points(0, figure)
        terms = attrs.evolve(terms, payment_from="value")
    given = _given(paid, POINTS, terms, row)
    points = Traced(given.points, leaf=_leaf("points", "病例点数", "points of the case", "points"))
    done: PointPaid[int] = pay(terms, value, attrs.evolve(inputs_of(given), points=points))
    if int(done.payment) != int(paid.scores.payment[row]):
        raise IdentityError(f"point_value: the traced payment {int(done.payment)} is not the paid one")
    groups.append(StepGroup("按点支付", "paid by points", steps_of(done, names)))
    return groups


def _value(terms: Any, fund: Distributable, totals: PointTotals, published: int) -> PointValue:
    labels = {
        "points": ("总分值(点数)", "all points", "points"),
        "medfee_sumamt": ("医疗费总额合计", "total cost of the cases", "fen"),
        "hifp_pay": ("按项目基金支付合计", "fund's share item by item", "fen"),
        "psn_part_amt": ("个人负担合计", "patients' parts", "fen"),
        "other_pay": ("其他支付合计", "paid by others", "fen"),
    }
    traced = {name: Traced(getattr(totals, name), leaf=_leaf(name, *labels[name])) for name in labels}
    return point_value(terms, fund.fund, attrs.evolve(totals, **traced), published)
