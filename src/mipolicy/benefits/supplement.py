"""Supplements: civil servants' and enterprises' funds, mutual aid, commercial cover, rare-disease cover.

Rules B41, B53, B54; formulas.md section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Any, Generic

from attrs import frozen

from mipolicy.benefits.layer import LayerCase
from mipolicy.money import A
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, remaining, share

__all__ = ["Supplement", "SupplementTerms", "covers", "settle"]


@frozen
class SupplementTerms:
    """What a product or plan fixes: a deductible, a rate and a limit on what is left to the person."""

    deductible: int = terms_field(FigureKind("fen"), "免赔额", "deductible")
    deductible_scope: str = terms_field(ChoiceKind(("bill", "year")), "免赔额口径", "scope of the deductible")
    rate: int = terms_field(FigureKind("rate"), "赔付比例", "rate")
    ceiling: int = terms_field(FigureKind("fen"), "年度限额", "most that is paid in a year")
    diseases: tuple[str, ...] = terms_field(CodesKind(), "保障病种", "diseases covered, none named for all")
    drugs: tuple[str, ...] = terms_field(CodesKind(), "保障药品", "drugs covered, none named for all")


@frozen
class Supplement(Generic[A]):
    """What a supplement pays of a bill, step by step."""

    deductible_left: A = labelled("fen", "剩余免赔额", "left of the deductible")
    payable: A = labelled("fen", "免赔额以上金额", "amount above the deductible")
    before_limits: A = labelled("fen", "限额前赔付", "payment before the limit")
    ceiling_left: A = labelled("fen", "剩余年度限额", "left of the year's limit")
    pay: A = labelled("fen", "赔付金额", "paid for this bill")


def settle(terms: SupplementTerms, case: LayerCase[A]) -> Supplement[A]:
    """What a supplement pays of one bill, or of a column of bills of different persons (rules B41, B53, B54).

    Sources: 天津 2021 三(三) 商业保险, 医疗互助, 三(四) 药品目录; formulas.md section 1.
    """
    deductible_left: Any = terms.deductible
    if terms.deductible_scope == "year":
        deductible_left = remaining(terms.deductible, case.base_before)
    payable = beyond(case.base, deductible_left)
    before_limits = share(payable, terms.rate)
    ceiling_left = remaining(terms.ceiling, case.paid_before)
    return Supplement(
        deductible_left=deductible_left,
        payable=payable,
        before_limits=before_limits,
        ceiling_left=ceiling_left,
        pay=capped(before_limits, ceiling_left),
    )


def covers(terms: SupplementTerms, *, dise_codg: str, med_list_codg: str = "") -> bool:
    """Whether a cover that names diseases or drugs takes this one (rule B41); what it does not name it does not limit.

    >>> from mipolicy.money import NO_LIMIT
    >>> rare = SupplementTerms(0, "year", 800_000, int(NO_LIMIT), ("E75.201",), ("XL01",))
    >>> covers(rare, dise_codg="E75.201", med_list_codg="XL01"), covers(rare, dise_codg="I10.x00", med_list_codg="XL01")
    (True, False)
    """
    known_disease = not terms.diseases or dise_codg in terms.diseases
    return known_disease and (not terms.drugs or med_list_codg in terms.drugs)
