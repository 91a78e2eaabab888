"""Medical assistance (医疗救助), and its tilted second application (倾斜救助).

Rules B17, B27; readings A10, A11; formulas.md section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Generic

from attrs import frozen

from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.money import A
from mipolicy.policy.kinds import TableKind, terms_field
from mipolicy.tables import Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, lookup, remaining, share

__all__ = ["Assistance", "AssistanceTerms", "settle"]


@frozen
class AssistanceTerms:
    """What a document fixes for assistance: a class that receives none has the rate 0."""

    deductible: Table = terms_field(TableKind("fen", (HARDSHIP,)), "年度起付标准", "deductible of the year")
    rate: Table = terms_field(TableKind("rate", (HARDSHIP,)), "救助比例", "rate of assistance")
    ceiling: Table = terms_field(
        TableKind("fen", (HARDSHIP,)), "年度救助限额", "most assistance in a year, all streams together"
    )


@frozen
class Assistance(Generic[A]):
    """What assistance pays of a bill, step by step."""

    deductible_left: A = labelled("fen", "剩余起付标准", "left of the deductible")
    payable: A = labelled("fen", "起付标准以上金额", "amount above the deductible")
    rate: A = labelled("rate", "救助比例", "rate of assistance")
    before_limits: A = labelled("fen", "限额前救助", "assistance before the limit")
    ceiling_left: A = labelled("fen", "剩余救助限额", "left of the year's limit")
    pay: A = labelled("fen", "救助金额", "assistance")


def settle(terms: AssistanceTerms, case: LayerCase[A]) -> Assistance[A]:
    """What assistance pays of one bill, or of a column of bills of different persons (rule B27).

    Source: 天津 2021 二(三) 指标表 8; formulas.md section 1: above what is left of the year's deductible, by rate,
    within what is left of one limit for inpatient and chronic outpatient care together.
    """
    deductible_left = remaining(lookup(terms.deductible, case.hardship), case.base_before)
    payable = beyond(case.base, deductible_left)
    rate = lookup(terms.rate, case.hardship)
    before_limits = share(payable, rate)
    ceiling_left = remaining(lookup(terms.ceiling, case.hardship), case.paid_before)
    return Assistance(
        deductible_left=deductible_left,
        payable=payable,
        rate=rate,
        before_limits=before_limits,
        ceiling_left=ceiling_left,
        pay=capped(before_limits, ceiling_left),
    )
