"""Sums over the cases of a paid table by institution and pool, as the pages need them; each case counts once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from attrs import evolve, fields, frozen

from mipolicy.cases.result import PaidTable
from mipolicy.errors import IdentityError
from mipolicy.money import Column
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL, REVIEW
from mipolicy.sums import sums_by
from mipolicy.traced import labelled

__all__ = [
    "CaseSums",
    "Key",
    "MethodLine",
    "PayerLine",
    "ReviewLine",
    "counted",
    "elsewhere_by_place",
    "joined",
    "method_line",
    "refused",
    "reviewed",
    "sums_by_method",
    "ties",
]

Key: TypeAlias = tuple[str, str]
"""An institution's code and a pool."""


def ties(where: str, what: str, left: int, right: int) -> None:
    """Raise IdentityError where two figures that must be equal are not."""
    if left != right:
        raise IdentityError(f"{where}: {what}: {left} is not {right}; report this with the table that shows it")


@frozen
class CaseSums:
    """Sums over cases; `a + b` is what one pass over both gives."""

    cases: int = labelled("count", "病例数", "cases", 0)
    medfee_sumamt: int = labelled("fen", "医疗费总额", "total cost", 0)
    hifp_pay: int = labelled("fen", "统筹基金支付(按项目)", "the pooled fund's share, item by item", 0)
    psn_part_amt: int = labelled("fen", "个人负担总金额", "the persons' part", 0)
    other_pay: int = labelled("fen", "其他基金支付", "paid by other funds", 0)
    hosp_part_amt: int = labelled("fen", "医院负担金额", "borne by the institution", 0)
    points: int = labelled("points", "分值(点数)", "points", 0)
    standard: int = labelled("fen", "病例支付标准合计", "standards of the cases", 0)
    payment: int = labelled("fen", "基金应付", "owed by the fund", 0)
    carved_out: int = labelled("fen", "除外支付", "carved out, paid beside", 0)

    def __add__(self, other: CaseSums) -> CaseSums:
        return CaseSums(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(CaseSums)))

    @property
    def owed(self) -> int:
        """Payments and what is carved out."""
        return self.payment + self.carved_out


@frozen
class MethodLine:
    """The cases of one method: of people insured here, and what funds elsewhere pay for the others.

    points, standard: None where the method has none.
    """

    method: int = labelled(METHOD, "付费方式", "method")
    cases: int = labelled("count", "病例数", "cases")
    elsewhere_cases: int = labelled("count", "其中外地参保", "of which insured elsewhere")
    medfee_sumamt: int = labelled("fen", "医疗费总额", "total cost")
    points: int | None = labelled("points", "分值(点数)", "points")
    standard: int | None = labelled("fen", "病例支付标准合计", "standards of the cases")
    payment: int | None = labelled("fen", "本地基金支付", "owed by the local fund")
    carved_out: int | None = labelled("fen", "除外支付(本地基金)", "carved out, by the local fund")
    elsewhere: int | None = labelled("fen", "参保地基金支付", "by funds elsewhere")


@frozen
class ReviewLine:
    """Special cases in one state of their review; payment includes what is carved out, whoever pays it."""

    review: int = labelled(REVIEW, "特例单议", "special review")
    cases: int = labelled("count", "病例数", "cases")
    medfee_sumamt: int = labelled("fen", "医疗费总额", "total cost")
    points: int | None = labelled("points", "分值(点数)", "points")
    payment: int = labelled("fen", "基金应付", "owed by the fund")


@frozen
class PayerLine:
    """What the fund of another place owes for cases of its people."""

    insuplc_admdvs: str = labelled("text", "参保地", "insured place")
    cases: int = labelled("count", "病例数", "cases")
    points: int = labelled("points", "分值(点数)", "points")
    payment: int = labelled("fen", "参保地基金支付", "owed by its fund")


_HELD: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_CAPITATION: Final = METHOD.position("capitation")


def counted(paid: PaidTable) -> Column:
    """The rows of the table given that are cases and stand: no rejects, no reversals and none that one takes back."""
    return np.flatnonzero(paid.prepared.payable() & ~paid.prepared.cancelled())


def _columns(paid: PaidTable, rows: Column) -> list[Column]:
    facts, scores = paid.prepared.facts, paid.scores
    of_case = ("medfee_sumamt", "hifp_pay", "psn_part_amt", "other_pay", "hosp_part_amt")
    return [
        np.ones(len(rows), np.int64),
        *(np.asarray(facts.columns[name]).take(rows) for name in of_case),
        *(column.take(rows) for column in (scores.points, scores.standard, scores.payment, scores.carved_out)),
    ]


def _summed(paid: PaidTable, rows: Column, place: Any, size: int) -> dict[int, CaseSums]:
    """Sums of the cases by place, those with any."""
    sums = [sums_by(place, column, size) for column in _columns(paid, rows)]
    return {at: CaseSums(*(each[at] for each in sums)) for at in np.flatnonzero(np.bincount(place)).tolist()}


def _key(paid: PaidTable, rows: Column) -> Any:
    """Institution x pool of each row, as one number."""
    return paid.prepared.facts.institution.take(rows) * len(POOL.members) + paid.prepared.pool.take(rows)


def _named(paid: PaidTable, key: int) -> Key:
    institution, pool = divmod(key, len(POOL.members))
    return list(paid.prepared.region.institutions)[institution], POOL.members[pool]


def sums_by_method(paid: PaidTable) -> dict[Key, dict[int, tuple[CaseSums, CaseSums]]]:
    """By institution and pool, then by method: the cases of people insured here, and of those insured elsewhere."""
    rows = counted(paid)
    methods, keys = len(METHOD.members), len(paid.prepared.region.institutions) * len(POOL.members)
    place = (_key(paid, rows) * methods + paid.routes.method.take(rows)) * 2 + paid.prepared.outside()[rows]
    found: dict[Key, dict[int, tuple[CaseSums, CaseSums]]] = {}
    for at, sums in _summed(paid, rows, place, keys * methods * 2).items():
        (key, method), outside = divmod(at // 2, methods), at % 2
        of_key = found.setdefault(_named(paid, key), {})
        here, elsewhere = of_key.get(method, (CaseSums(), CaseSums()))
        of_key[method] = (here, sums) if outside else (sums, elsewhere)
    return found


def method_line(method: int, here: CaseSums, elsewhere: CaseSums) -> MethodLine:
    """The line of one method; contracts by the head pay for its cases together, so none has a payment of its own."""
    both = here + elsewhere
    by_points, by_head = method in _HELD, method == _CAPITATION
    return MethodLine(
        method=method,
        cases=both.cases,
        elsewhere_cases=elsewhere.cases,
        medfee_sumamt=both.medfee_sumamt,
        points=both.points if by_points else None,
        standard=None if by_head else both.standard,
        payment=None if by_head else here.payment,
        carved_out=here.carved_out if by_points else None,
        elsewhere=elsewhere.owed if elsewhere.cases else None,
    )


def reviewed(paid: PaidTable) -> dict[Key, tuple[ReviewLine, ...]]:
    """By institution and pool, the cases that applied for special review, by the state of it."""
    rows = counted(paid)
    states = len(REVIEW.members)
    review = paid.prepared.facts.column("review").take(rows)
    rows, review = rows[review > 0], review[review > 0]
    keys = len(paid.prepared.region.institutions) * len(POOL.members)
    found: dict[Key, tuple[ReviewLine, ...]] = {}
    for at, sums in _summed(paid, rows, _key(paid, rows) * states + review, keys * states).items():
        key, state = divmod(at, states)
        line = ReviewLine(state, sums.cases, sums.medfee_sumamt, sums.points or None, sums.owed)
        found[_named(paid, key)] = (*found.get(_named(paid, key), ()), line)
    return found


def refused(paid: PaidTable) -> Mapping[Key, int]:
    """What review refused of the cases of people insured here, by institution and pool."""
    rows = counted(paid)
    rows = rows[~paid.prepared.outside()[rows]]
    keys = len(paid.prepared.region.institutions) * len(POOL.members)
    sums = sums_by(_key(paid, rows), np.asarray(paid.prepared.facts.columns["refused_amt"]).take(rows), keys)
    return {_named(paid, key): amount for key, amount in enumerate(sums) if amount}


def elsewhere_by_place(paid: PaidTable) -> dict[Key, tuple[PayerLine, ...]]:
    """By institution and pool, what the funds of other places owe, in the order of their codes."""
    rows = counted(paid)
    rows = rows[paid.prepared.outside()[rows]]
    of_case = paid.prepared.facts.texts["insuplc_admdvs"].take(rows)
    wide, keys = max(1, len(of_case.values)), len(paid.prepared.region.institutions) * len(POOL.members)
    place = _key(paid, rows) * wide + of_case.codes
    found: dict[Key, list[PayerLine]] = {}
    for at, sums in _summed(paid, rows, place, keys * wide).items():
        key, code = divmod(at, wide)
        line = PayerLine(of_case.values[code], sums.cases, sums.points, sums.owed)
        found.setdefault(_named(paid, key), []).append(line)
    return {key: tuple(sorted(lines, key=lambda line: line.insuplc_admdvs)) for key, lines in found.items()}


def joined(lines: Any) -> tuple[PayerLine, ...]:
    """Lines of many institutions summed by place, in the order of the codes."""
    found: dict[str, PayerLine] = {}
    for line in lines:
        had = found.get(line.insuplc_admdvs)
        found[line.insuplc_admdvs] = (
            line
            if had is None
            else evolve(
                had, cases=had.cases + line.cases, points=had.points + line.points, payment=had.payment + line.payment
            )
        )
    return tuple(found[place] for place in sorted(found))
