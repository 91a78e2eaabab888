"""Quotas of a year (总额控制): the city's total, its blocks, each institution's quota and what changes it.

Rules S02, S03, S05-S10, S12, S42, S43; readings A23, A24, A58.  Amounts in fen, rates per million.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Final, Generic

from attrs import evolve, frozen

from mipolicy.budget.axes import CATEGORY
from mipolicy.checked import check_columns, check_input, refuse
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, RATE_ONE, A, Column
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, FlagKind, RecordsKind, TextKind, terms_field
from mipolicy.rounding import split
from mipolicy.sums import sums_by
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, share

__all__ = [
    "BaseYear",
    "Block",
    "BlockShare",
    "BlockTable",
    "CityTotal",
    "CityYear",
    "Increment",
    "InstitutionQuota",
    "QuotaStep",
    "QuotaTerms",
    "base_quota",
    "blocks_of",
    "city_total",
    "outside_quota",
    "quotas_of",
    "referred_cost",
    "status_of",
    "with_increments",
]

STATUS: Final = ("draft", "consulted", "issued")


@frozen
class Block:
    """One block of the city's total; a ring-fenced one is charged to no hospital's quota."""

    block: str = terms_field(TextKind(), "报销额度块", "block")
    ring_fenced: int = terms_field(FlagKind(), "单独保障", "kept apart from hospitals' quotas")
    basis: str = terms_field(
        ChoiceKind(("last_year_actual", "set_by_agency", "revenue")), "额度依据", "what its amount rests on"
    )
    consulted: int = terms_field(
        FlagKind(), "需征询意见", "whether institutions are consulted before quotas are issued"
    )


@frozen
class QuotaTerms:
    """What a document fixes about the quotas of a year."""

    growth: int = terms_field(FigureKind("rate"), "总额增幅上限", "most that the total may grow on last year's actual")
    top_up_rate: int = terms_field(FigureKind("rate"), "财政保障比例", "the treasury's part of what premiums lack")
    blocks: tuple[Block, ...] = terms_field(RecordsKind(Block, "block"), "额度块", "blocks of the total")
    outside_block: str = terms_field(TextKind(), "转外就医额度块", "block that is split over the referring hospitals")
    outside_way: str = terms_field(
        ChoiceKind(("revenue", "override")), "转外额度分解", "by last year's revenue, or by a table of its own"
    )
    approvals: tuple[str, ...] = terms_field(CodesKind(), "增量审批", "approvals that an increment needs")

    def __attrs_post_init__(self) -> None:
        """Refuse an outside block that is none of the blocks, or is kept apart."""
        names = {each.block: each for each in self.blocks}
        if self.outside_block not in names:
            raise InputError(f"outside_block {self.outside_block!r} is no block; blocks: {', '.join(names)}")
        if names[self.outside_block].ring_fenced:
            raise InputError("the outside block is charged to hospitals; it cannot be ring-fenced")
        if not self.approvals:
            raise InputError("approvals is empty; an increment needs at least one approval")


@frozen
class CityYear(Generic[A]):
    """A city's year: last year's actual cost, the total asked for, premiums collected."""

    last_year_actual: A = labelled("fen", "上年实际发生", "last year's actual cost")
    proposed: A = labelled("fen", "拟定控制总额", "total proposed")
    collected: A = labelled("fen", "实际征收", "premiums collected")


@frozen
class CityTotal(Generic[A]):
    """The city's total in the order computed."""

    ceiling: A = labelled("fen", "总额上限", "most that the total may be")
    over_ceiling: A = labelled("fen", "超过上限", "what of the proposal exceeds it")
    total: A = labelled("fen", "控制总额", "total")
    lacking: A = labelled("fen", "征收缺口", "what premiums lack of the total")
    top_up: A = labelled("fen", "财政保障", "what the treasury adds")
    surplus: A = labelled("fen", "征收结余", "premiums beyond the total")


def city_total(terms: QuotaTerms, year: CityYear[A]) -> CityTotal[A]:
    """The total, not above last year's actual and the growth allowed; the treasury covers the gap (rules S02, S03).

    Premiums beyond the total are a surplus of their own; the treasury then adds nothing (A23).
    Raises InputError for figures out of range.
    Source: 虞政发〔2013〕36号 二(一)1.
    """
    check_input(year)
    ceiling = year.last_year_actual + share(year.last_year_actual, terms.growth)
    total = capped(year.proposed, ceiling)
    lacking = beyond(total, year.collected)
    return CityTotal(
        ceiling=ceiling,
        over_ceiling=beyond(year.proposed, ceiling),
        total=total,
        lacking=lacking,
        top_up=share(lacking, terms.top_up_rate),
        surplus=beyond(year.collected, total),
    )


@frozen
class BlockShare:
    """One block's amount and its share of the total: shares are by largest remainder and sum to 100%."""

    block: str
    amount: int = labelled("fen", "额度", "amount")
    rate: int = labelled("rate", "占比", "share of the total")
    ring_fenced: int = labelled("flag", "单独保障", "kept apart")


@frozen
class BlockTable:
    """The blocks in the order of the terms; `difference` is what they leave of the total, below 0 where they exceed."""

    lines: tuple[BlockShare, ...]
    total: int = labelled("fen", "控制总额", "total")
    charged: int = labelled("fen", "计入医疗机构额度", "in hospitals' quotas")
    ring_fenced: int = labelled("fen", "单独保障额度", "ring-fenced")
    difference: int = labelled("fen", "未分配额度", "left of the total")


def blocks_of(terms: QuotaTerms, total: int, amounts: Mapping[str, int]) -> BlockTable:
    """Divide the total by block, each stated (rules S05, S06, S10); their sum may not exceed the total (S02).

    Raises InputError for a block without an amount, an amount out of range and a sum beyond the total; CodeError for an
    unknown block.
    Source: 虞政发〔2013〕36号 二(一)2.
    """
    names = [each.block for each in terms.blocks]
    _same_names("block", amounts, names)
    _check_fen("total", total)
    for name, amount in amounts.items():
        _check_fen(name, amount)
    summed = sum(amounts.values())
    if summed > total:
        raise InputError(f"the blocks sum to {summed} fen, {summed - total} more than the total; lower a block")
    rates = (
        split(int(RATE_ONE), [*(amounts[name] for name in names), total - summed])[:-1] if total else [0] * len(names)
    )
    lines = tuple(
        BlockShare(each.block, amounts[each.block], rate, each.ring_fenced)
        for each, rate in zip(terms.blocks, rates, strict=True)
    )
    fenced = sum(line.amount for line in lines if line.ring_fenced)
    return BlockTable(lines, total, summed - fenced, fenced, total - summed)


def _same_names(what: str, found: Iterable[str], due: Iterable[str]) -> None:
    due = tuple(due)
    unknown = [name for name in found if name not in due]
    if unknown:
        raise CodeError(f"unknown {what} {unknown[0]!r}; allowed: {', '.join(due)}")
    missing = [name for name in due if name not in set(found)]
    if missing:
        raise InputError(f"no amount of {what} {', '.join(missing)}; state 0 where it has none")


def _check_fen(name: str, amount: object) -> None:
    if type(amount) is not int or not 0 <= amount <= MAX_FEN:
        raise InputError(f"{name} is {amount!r}; an amount from 0 to {int(MAX_FEN)} fen is due")


@frozen
class BaseYear(Generic[A]):
    """Last year's actual cost of an institution or of one of its categories, and what is agreed on top or off it."""

    last_year_actual: A = labelled("fen", "上年实际发生", "last year's actual cost")
    adjustment: A = labelled("fen", "基数调整", "adjustment agreed; may be negative")


def base_quota(year: BaseYear[A]) -> A:
    """A quota from last year's actual and the adjustment (rules S07, S08, S10); fen.

    Raises InputError for figures out of range and a quota below 0.
    Source: 虞政发〔2013〕36号 二(一)2.

    >>> base_quota(BaseYear(1_000_00, -50_00))
    95000
    """
    check_input(year, signed=("adjustment",))
    quota = year.last_year_actual + year.adjustment
    refuse(quota < 0, "the quota would be {} fen; an adjustment takes off no more than there was", quota)
    return quota


@frozen
class InstitutionQuota:
    """One institution's quota: by category in the city, out of the city, and what was added in the year."""

    fixmedins_code: str
    outpatient: int = labelled("fen", "普通门诊控制额", "quota of general outpatients")
    inpatient: int = labelled("fen", "一般住院控制额", "quota of general inpatients")
    special: int = labelled("fen", "特殊病种门诊控制额", "quota of special-disease outpatients")
    local: int = labelled("fen", "市内控制额", "quota of care in the city")
    out: int = labelled("fen", "市外控制额", "quota of care out of the city")
    increments: int = labelled("fen", "核定增量", "increments approved")
    quota: int = labelled("fen", "控制额", "quota")


def quotas_of(
    fixmedins_code: list[str], institution: Column, category: Column, amount: Column, outside: Mapping[str, int]
) -> dict[str, InstitutionQuota]:
    """Put rows of quotas by institution and category together with each institution's part of the outside quota.

    fixmedins_code: institutions; institution, category: positions in them and in `CATEGORY`; amount: fen, from
    `base_quota`; outside: from `outside_quota`, empty for institutions that refer nobody (township centres).
    Raises CodeError for a position or an institution that is none, InputError for a figure out of range.
    """
    check_columns(
        "quotas",
        institution=(institution, fixmedins_code),
        category=(category, CATEGORY),
        amount=(amount, int(MAX_FEN)),
    )
    for code in outside:
        if code not in fixmedins_code:
            raise CodeError(f"outside quota of {code!r}, which has no quota; add its rows or take it off")
    size = len(CATEGORY.members)
    sums = sums_by(institution * size + category, amount, size * len(fixmedins_code))
    found = {}
    for at, code in enumerate(fixmedins_code):
        parts, out = sums[at * size : (at + 1) * size], outside.get(code, 0)
        outpatient, inpatient, special = parts
        local = outpatient + inpatient + special
        found[code] = InstitutionQuota(code, outpatient, inpatient, special, local, out, 0, local + out)
    return found


def outside_quota(
    terms: QuotaTerms, quota: int, revenue: Mapping[str, int], override: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Split the quota of care out of the city over the referring hospitals (rule S09, reading A24); fen by code.

    revenue: last year's medical revenue by hospital; the split is by largest remainder, ties by code.  override: the
    bureau's own table, which sums to the quota; only where the terms say so.
    Raises InputError for a table that does not sum or is not asked for, and where all revenue is 0.
    Source: 虞政发〔2013〕36号 二(一)2.
    """
    _check_fen("quota", quota)
    codes = sorted(revenue)
    for code in codes:
        _check_fen(f"revenue of {code}", revenue[code])
    if terms.outside_way == "override":
        if override is None:
            raise InputError("the terms split the outside quota by a table of its own; give it as override")
        _same_names("institution", override, codes)
        for code, amount in override.items():
            _check_fen(f"outside quota of {code}", amount)
        if sum(override.values()) != quota:
            raise InputError(f"override sums to {sum(override.values())} fen, the quota is {quota}; they must agree")
        return {code: override[code] for code in codes}
    if override is not None:
        raise InputError("the terms split the outside quota by revenue; leave override out, or change the terms")
    if quota and not any(revenue.values()):
        raise InputError("no hospital has revenue; the outside quota cannot be split by it")
    return dict(zip(codes, split(quota, [revenue[code] for code in codes], codes), strict=True))


def referred_cost(fixmedins_code: list[str], referring: Column, hifp_pay: Column) -> dict[str, int]:
    """Charge claims of care out of the city to the hospital that referred the patient (rule S43); fen by code.

    referring: position in `fixmedins_code` of the referring hospital; hifp_pay: what the fund paid, fen.  Claims that
    no hospital referred (sudden illness away) belong to a ring-fenced block: leave them out.  Parts of a table add up.
    Raises CodeError for a claim without a referring hospital, naming the row.
    Source: 虞政发〔2013〕36号 二(一)2.
    """
    check_columns("referred claims", referring=(referring, fixmedins_code), hifp_pay=(hifp_pay, int(MAX_FEN)))
    return dict(zip(fixmedins_code, sums_by(referring, hifp_pay, len(fixmedins_code)), strict=True))


@frozen
class Increment:
    """A cost added in the year for new capacity, techniques or items, with the day of each approval, by its name."""

    fixmedins_code: str
    amount: int
    approved_on: Mapping[str, datetime.date | None]


def with_increments(
    terms: QuotaTerms,
    quotas: Mapping[str, InstitutionQuota],
    increments: Iterable[Increment],
    settled_on: datetime.date,
) -> tuple[dict[str, InstitutionQuota], tuple[Increment, ...]]:
    """Raise quotas at the year's settlement by what holds every approval by that day (rule S12, reading A58).

    Gives the quotas and the increments that do not count.
    Raises CodeError for an unknown institution or approval, InputError for an amount out of range.
    Source: 虞政发〔2013〕36号 二(三)3.
    """
    found, pending = dict(quotas), []
    for each in increments:
        if each.fixmedins_code not in found:
            raise CodeError(f"an increment of {each.fixmedins_code!r}, which has no quota")
        unknown = [name for name in each.approved_on if name not in terms.approvals]
        if unknown:
            raise CodeError(f"unknown approval {unknown[0]!r}; allowed: {', '.join(terms.approvals)}")
        _check_fen(f"the increment of {each.fixmedins_code}", each.amount)
        days = [each.approved_on.get(name) for name in terms.approvals]
        if not all(day is not None and day <= settled_on for day in days):
            pending.append(each)
            continue
        of = found[each.fixmedins_code]
        found[each.fixmedins_code] = evolve(of, increments=of.increments + each.amount, quota=of.quota + each.amount)
    return found, tuple(pending)


@frozen
class QuotaStep:
    """The days of a quota's making: proposed, institutions consulted, issued; None where it has not happened."""

    block: str
    proposed_on: datetime.date
    consulted_on: datetime.date | None = None
    issued_on: datetime.date | None = None


def status_of(terms: QuotaTerms, step: QuotaStep, on: datetime.date) -> str:
    """draft, consulted or issued on a day (rule S42).

    Raises CodeError for an unknown block; InputError for a quota issued without the consultation that its block needs,
    days out of order, and a day before it was proposed.
    Source: 虞政发〔2013〕36号 二(一)2.
    """
    blocks = {each.block: each for each in terms.blocks}
    if step.block not in blocks:
        raise CodeError(f"unknown block {step.block!r}; allowed: {', '.join(blocks)}")
    if step.issued_on is not None and step.consulted_on is None and blocks[step.block].consulted:
        raise InputError(f"{step.block}: issued on {step.issued_on} without consulting the institutions; state the day")
    days = [day for day in (step.proposed_on, step.consulted_on, step.issued_on) if day is not None]
    if days != sorted(days):
        raise InputError(f"{step.block}: the days are not in order: {', '.join(map(str, days))}")
    if on < step.proposed_on:
        raise InputError(f"{step.block}: was proposed on {step.proposed_on}; on {on} there is no quota")
    if step.issued_on is not None and step.issued_on <= on:
        return STATUS[2]
    return STATUS[1] if step.consulted_on is not None and step.consulted_on <= on else STATUS[0]
