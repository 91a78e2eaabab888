"""Why a rate is what it is: its quantities with their conditions, numerator and denominator, the targets on the day."""

from __future__ import annotations

from mipolicy.areas.rates import AreaRates
from mipolicy.areas.stated import figure_text
from mipolicy.areas.words import STATES, distance_text, limit_text, stated_text, verdict_text
from mipolicy.errors import IdentityError, InputError
from mipolicy.explain.render import Explanation, Figure, Step, StepGroup
from mipolicy.indicators.quantity import Quantities, Quantity, Reported
from mipolicy.indicators.rates import BASES, Rate, evaluate
from mipolicy.indicators.targets import CompletionRow, Target

__all__ = ["explain_rate"]


def explain_rate(found: AreaRates, row: int | str) -> Explanation:
    """Why one rate is what it is, as stages of steps with their clauses.

    row: a row of `found.rates`, from 0, or the id of an indicator, of the whole area.
    Raises InputError for a row or an indicator that is not there.
    """
    rate = _chosen(found, row)
    of, scope = rate.indicator, " · ".join(rate.scope)
    groups = [] if rate.stated else [_quantities(found, rate)]
    groups.append(_rate(found, rate))
    if not rate.scope:
        groups += [_target(found, each) for each in found.completion if each.target.indicator == of.id]
    return Explanation(
        of.id,
        f"{rate.label}: {found.policy.header.title}, {scope or '全域'}, {found.on}",
        f"{of.en}, by {of.basis}: {found.policy.id}, {scope or 'the whole area'}, {found.on}",
        tuple(groups),
    )


def _chosen(found: AreaRates, row: int | str) -> Rate:
    if isinstance(row, str):
        wanted = found.indicator(row)
        return next(rate for rate in found.whole_rates if rate.indicator == wanted)
    if not 0 <= row < len(found.rates):
        raise InputError(f"row {row} is not among the rates, which have rows 0 to {len(found.rates) - 1}")
    return found.rates[row]


def _clause(found: AreaRates, section: str, clause: str) -> tuple[str, str]:
    """The version of a section, and a clause of its document."""
    version = found.policy.version(section, found.on)
    document = found.policy.documents[version.source.document]
    return version.name, f"{document.number or document.title} {clause}"


def _step(
    name: str,
    labels: tuple[str, str],
    texts: tuple[str, str],
    formulas: tuple[str, str],
    figures: tuple[Figure, ...] = (),
    value: int = 0,
) -> Step:
    return Step(name, *labels, value, *texts, *formulas, figures)


def _quantities(found: AreaRates, rate: Rate) -> StepGroup:
    """The quantities of an indicator: what is counted or summed, and what it comes to."""
    held: Quantities = found.quantities if rate.scope else found.whole
    units, listed = found.units(), {each.id: each for each in found.listed}
    again = evaluate(rate.indicator, held, rate.scope)
    if again != rate:
        raise IdentityError(f"{rate.indicator.id}: the rate evaluated again is {again}, not {rate}")
    steps = []
    for name in rate.indicator.quantities:
        figure, quantity = held.get(name, rate.scope), listed.get(name)
        how, figures = _taken(found, quantity)
        texts = _figure_texts(figure, units[name])
        labels = (quantity.zh, quantity.en) if quantity else (name, name)
        steps.append(_step(name, labels, texts, how, figures, figure if isinstance(figure, int) else 0))
    return StepGroup("指标量", "quantities", tuple(steps))


def _taken(found: AreaRates, quantity: Quantity | None) -> tuple[tuple[str, str], tuple[Figure, ...]]:
    """How a quantity is taken from settlements, in Chinese and English, and the clause that says so."""
    if quantity is None:
        return ("报送数", "as stated"), ()
    version, clause = _clause(found, "quantities", found.policy.version("quantities", found.on).source.clause)
    where = "; ".join(quantity.where)
    zh = f"{quantity.sum_of} 合计" if quantity.sum_of else "结算人次"
    en = f"sum of {quantity.sum_of}" if quantity.sum_of else "settlements"
    path = f"quantities.quantities.{quantity.id}"
    figure = Figure(path, where or "全部", where or "all rows", version, clause)
    return (zh + (f", 条件: {where}" if where else ""), en + (f" where {where}" if where else "")), (figure,)


def _figure_texts(figure: Reported, unit: str) -> tuple[str, str]:
    if isinstance(figure, str):
        return STATES[figure][1], STATES[figure][0]
    text = figure_text(figure, unit)
    return text, text


def _rate(found: AreaRates, rate: Rate) -> StepGroup:
    """Numerator, denominator and value of an indicator."""
    of, units = rate.indicator, found.units()
    version, clause = _clause(found, "indicators", of.source)
    figure = Figure(f"indicators.indicators.{of.id}", of.zh, of.en, version, clause)
    steps, exact = [], ""
    if rate.state in ("value", "undefined") and not rate.stated:
        times = f" × {of.times}" if of.times > 1 else ""
        top, bottom = _added(of.numerator), _added(of.denominator)
        text = figure_text(rate.numerator, units[of.quantities[0]])
        how = f"({top}){times}" if times else top
        steps.append(_step("numerator", ("分子", "numerator"), (text, text), (how, how), (figure,), rate.numerator))
        if of.denominator:
            below, both = figure_text(rate.denominator, units[of.quantities[0]]), (bottom, bottom)
            steps.append(
                _step("denominator", ("分母", "denominator"), (below, below), both, (figure,), rate.denominator)
            )
            exact = f"{text} / {below}"
    texts = (rate.shown or STATES[rate.state][1], rate.shown or STATES[rate.state][0])
    basis = (f"按{BASES[of.basis]}", f"by {of.basis}")
    how_zh, how_en = (f"分子 / 分母 = {exact}", f"numerator / denominator = {exact}") if of.denominator else ("", "")
    if rate.stated:
        how_zh, how_en = "报送值", "as a report states it"
    elif rate.state != "value":
        how_zh = how_en = ""
    if of.reading:
        basis = (f"{basis[0]}, 理解 {of.reading}", f"{basis[1]}, reading {of.reading}")
    steps.append(_step("value", (f"{of.zh}({basis[0]})", f"{of.en} ({basis[1]})"), texts, (how_zh, how_en), (figure,)))
    return StepGroup(f"指标 ({version})", f"indicator ({version})", tuple(steps))


def _added(names: tuple[str, ...]) -> str:
    text = " ".join(f"- {name[1:]}" if name.startswith("-") else f"+ {name}" for name in names)
    return text.removeprefix("+ ")


def _target(found: AreaRates, row: CompletionRow) -> StepGroup:
    """What a target asks for, how far it is, and the verdict on the day."""
    target, verdict = row.target, row.verdict
    of = found.indicator(target.indicator)
    unit = (of.unit, of.places)
    version, clause = _clause(found, "targets", target.source)

    limits = (limit_text(target, unit, "zh"), limit_text(target, unit, "en"))
    figure = Figure(f"targets.targets.{target.id}", *limits, version, clause)
    words = (verdict_text(verdict, "zh"), verdict_text(verdict, "en"))
    baseline, distance = stated_text(target.baseline, unit), distance_text(verdict, unit)
    due = (f"期限 {target.deadline}", f"due {target.deadline}") if target.deadline else ("无期限", "no deadline")
    steps = (
        _step("limit", ("目标", "target"), limits, due, (figure,)),
        _step("baseline", ("基期值", "baseline"), _or_none(baseline), (str(target.baseline_on or ""),) * 2),
        *([_years(found, target, unit)] if target.kind == "rising" else []),
        _step("distance", ("距离", "distance"), _or_none(distance), _distance_formula(target)),
        _step("verdict", ("结论", "verdict"), words, (target.note,) * 2),
    )
    attribute = {"binding": "约束性", "expected": "预期性", "unstated": "未注明"}[target.attribute]
    return StepGroup(f"目标 {target.id} ({attribute})", f"target {target.id} ({target.attribute})", steps)


def _or_none(text: str) -> tuple[str, str]:
    return (text, text) if text else ("无", "none")


def _years(found: AreaRates, target: Target, unit: tuple[str, int]) -> Step:
    """Of rising: the years after the baseline that no later year may fall below."""
    texts = [f"{year} {stated_text(value, unit)}" for year, value in found.years_between(target)]
    labels = ("其间各年", "years between")
    return _step(
        "years", labels, _or_none(", ".join(texts)), ("报送值", "as reports state them") if texts else ("", "")
    )


def _distance_formula(target: Target) -> tuple[str, str]:
    if target.kind == "rising":
        return "指标值 - 基期及其间各年的最高值", "value - the highest of the baseline and the years between"
    return "指标值 - 限值", "value - limit"
