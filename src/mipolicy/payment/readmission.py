"""Readmission to the same group within a number of days (同病组再入院): earlier stays halved, voided, or merged.

formulas.md section 3; reading A44.  Days are integers since 1970-01-01, factors per ten thousand, amounts in fen.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mipolicy.checked import check_columns, refuse
from mipolicy.errors import InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, Column
from mipolicy.policy.kinds import ChoiceKind, FigureKind, terms_field
from mipolicy.traced import labelled

__all__ = ["ReadmissionTerms", "Readmissions", "Stays", "overlaps", "readmissions"]

_HALF: Final = int(FACTOR_ONE) // 2


@frozen
class ReadmissionTerms:
    """What a document fixes for a return to the same group."""

    way: str = terms_field(
        ChoiceKind(("halve_earlier", "void_earlier", "merge")), "再入院处理方式", "what becomes of the stays"
    )
    within_days: int = terms_field(FigureKind("days"), "再入院天数", "days between discharge and return")
    last_day: str = terms_field(ChoiceKind(("included", "excluded")), "末日是否计入", "whether the last day counts")
    place: str = terms_field(
        ChoiceKind(("same_institution", "anywhere")), "再入院机构口径", "a return to the same institution, or to any"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what no document can mean."""
        if self.within_days == 0 and self.last_day == "excluded":
            raise InputError("within_days is 0 with its last day excluded; no return could count")


@frozen
class Stays:
    """Stays of whole persons, coded, a row each."""

    person: Column = labelled("count", "人员", "code of the person")
    group: Column = labelled("count", "病组", "code of the group")
    institution: Column = labelled("count", "机构", "code of the institution")
    adm_day: Column = labelled("date", "入院日期", "day of admission")
    dscg_day: Column = labelled("date", "出院日期", "day of discharge")
    planned: Column = labelled("flag", "计划内再入院", "return that was planned or has a cause")
    case: Column = labelled("count", "结算ID顺位", "rank of the case id, each once")
    medfee_sumamt: Column = labelled("fen", "医疗费总额", "total cost")
    days: Column = labelled("days", "实际住院天数", "days of the stay")
    act_pay_dedc: Column = labelled("fen", "实际支付起付线", "deductible taken")


@frozen
class Readmissions:
    """What becomes of each row; of merged stays the last one carries the case and the others nothing."""

    returned: Column = labelled("flag", "再入院", "a return within the days")
    factor: Column = labelled("factor", "点数系数", "factor on the points")
    merged_into: Column = labelled("count", "并入行", "row that carries the case; its own where it stands alone")
    adm_day: Column = labelled("date", "合并后入院日期", "day of admission of the case")
    medfee_sumamt: Column = labelled("fen", "合并后医疗费总额", "total cost of the case")
    days: Column = labelled("days", "合并后住院天数", "days of the case")
    deductible_returned: Column = labelled("fen", "退还起付线", "deductibles of later stays, returned")


def readmissions(terms: ReadmissionTerms, stays: Stays) -> Readmissions:
    """What becomes of each stay: a factor on its points, or the row that it is merged into.

    A return is an admission to the same group, at the same institution or anywhere, within the days of the discharge
    before it, and not planned.  In a chain each return is held against the discharge just before it: earlier stays are
    halved or voided, the last is not; merged, the last row carries cost and days of all, the first admission, and gives
    back every deductible but the first.  All stays of a person have to stand in the table; the order of rows does not
    matter, ties go by the rank of the case id.
    Raises AmountError for columns of another type or length; InputError, naming the row, for figures out of range, a
    discharge before its admission, a case that stands twice, and a stay that begins before the one before has ended.

    Source: formulas.md section 3, readmission.
    """
    _check(stays)
    rows = stays.person.size
    order, together, gap = _in_order(terms, stays)
    overlapping = np.zeros(rows, bool)
    overlapping[order] = together & (gap < 0)
    refuse(overlapping, "the stay begins before the one before it in the group has ended; correct its days")
    most = terms.within_days - (terms.last_day == "excluded")
    linked = together & (gap <= most) & (stays.planned[order] == 0)
    if terms.way == "merge":
        return _merged(stays, order, linked)
    followed = np.append(linked[1:], False)[:rows]
    factor = np.full(rows, int(FACTOR_ONE), np.int64)
    factor[order[followed]] = _HALF if terms.way == "halve_earlier" else 0
    alone = np.arange(rows, dtype=np.int64)
    nothing = np.zeros(rows, np.int64)
    return Readmissions(
        _scattered(order, linked), factor, alone, stays.adm_day, stays.medfee_sumamt, stays.days, nothing
    )


def overlaps(terms: ReadmissionTerms, stays: Stays) -> NDArray[np.bool_]:
    """Which stays begin before another stay of the person in the group, begun no later, has ended.

    What is left without them can be given to `readmissions`.  Raises as it does, but for such stays.
    """
    _check(stays)
    order, together, _ = _in_order(terms, stays)
    found = np.zeros(order.size, bool)
    latest = 0
    discharge, admission = stays.dscg_day[order].tolist(), stays.adm_day[order].tolist()
    for at, (row, same) in enumerate(zip(order.tolist(), together.tolist(), strict=True)):
        if same and admission[at] < latest:
            found[row] = True
        else:
            latest = discharge[at]
    return found


def _in_order(terms: ReadmissionTerms, stays: Stays) -> tuple[Column, NDArray[np.bool_], Column]:
    """Stays in the order of persons, groups and days; which follow a stay of their like, after how many days."""
    rows = stays.person.size
    keys = [stays.person, stays.group] + ([stays.institution] if terms.place == "same_institution" else [])
    order = np.lexsort((stays.case, stays.dscg_day, stays.adm_day, *reversed(keys)))
    together = np.zeros(rows, bool)
    together[1:] = True
    for key in keys:
        together[1:] &= key[order][1:] == key[order][:-1]
    gap = np.zeros(rows, np.int64)
    gap[1:] = stays.adm_day[order][1:] - stays.dscg_day[order][:-1]
    return order, together, gap


def _check(stays: Stays) -> None:
    names = ("person", "group", "institution", "case", "medfee_sumamt", "days", "act_pay_dedc")
    figures = {name: (getattr(stays, name), int(MAX_FEN)) for name in names}
    check_columns(
        "stays", **figures, planned=(stays.planned, 1), adm_day=(stays.adm_day, None), dscg_day=(stays.dscg_day, None)
    )
    wrong = "dscg_day is {}, before adm_day; correct whichever is wrong"
    refuse(stays.dscg_day < stays.adm_day, wrong, stays.dscg_day)
    if np.unique(stays.case).size != stays.case.size:
        raise InputError("a case stands twice; ranks of case ids must differ, or ties cannot be broken")


def _scattered(order: Column, flags: Column) -> Column:
    found = np.zeros(order.size, np.int64)
    found[order] = flags
    return found


def _merged(stays: Stays, order: Column, linked: Column) -> Readmissions:
    """Chains joined: each chain is a run of rows in order, the last of which carries it."""
    rows = order.size
    first, last = ~linked, ~np.append(linked[1:], False)[:rows]
    chain = np.cumsum(first) - 1
    carrier, opening = order[last], order[first]
    factor, deductible = np.zeros(rows, np.int64), stays.act_pay_dedc[order] * linked
    factor[carrier] = int(FACTOR_ONE)
    merged_into = np.empty(rows, np.int64)
    merged_into[order] = carrier[chain]
    adm_day = stays.adm_day.copy()
    adm_day[carrier] = stays.adm_day[opening]
    joined = []
    for column in (stays.medfee_sumamt[order], stays.days[order], deductible):
        total = np.zeros(rows, np.int64)
        if rows:
            total[carrier] = np.add.reduceat(column, np.flatnonzero(first))
        joined.append(total)
    return Readmissions(_scattered(order, linked), factor, merged_into, adm_day, *joined)
