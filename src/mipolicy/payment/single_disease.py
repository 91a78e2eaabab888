"""Payment per single disease (单病种付费): one price from admission to discharge; exit by pathway to the former method.

Rules P06, P08; readings A04, A05, A56; formulas.md section 4.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Generic

import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.checked import check_input, refuse, refuse_no_limit
from mipolicy.errors import InputError
from mipolicy.money import RATE_ONE, A
from mipolicy.payment.axes import POOL
from mipolicy.payment.price import FUND_BASES, Priced, by_level, priced
from mipolicy.payment.sides import ABOVE, is_past
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, RecordsKind, TableKind, TextKind, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, capped, is_over, lookup, pick

__all__ = [
    "EXIT_GROUNDS",
    "DiseasePrice",
    "PathwayCase",
    "PathwayExitTerms",
    "PricedCase",
    "SingleDiseaseTerms",
    "applies",
    "exits",
    "pay",
    "settled",
]

PILOT: Final = Axis("pilot", ("other", "pilot"), ("其他机构", "试点中医医院"), ("elsewhere", "pilot TCM hospital"))
"""Whether the institution is a pilot TCM hospital (rule P08)."""
EXIT_GROUNDS: Final = ("reviewer", "variance", "either", "both")
"""What takes a case out of payment by disease: a reviewer's flag, the pathway's variance, either, or both together."""
NOT_PRICED: Final = 0


@frozen
class DiseasePrice:
    """The price of one listed disease, the same at every level but where a level has one of its own."""

    dise_codg: str = terms_field(TextKind(), "病种编码", "disease")
    price: int = terms_field(FigureKind("fen"), "付费标准", "price")
    tertiary: int | None = terms_field(FigureKind("fen"), "三级付费标准", "price at level 3", default=None)
    secondary: int | None = terms_field(FigureKind("fen"), "二级付费标准", "price at level 2", default=None)
    level_1: int | None = terms_field(FigureKind("fen"), "一级付费标准", "price at level 1", default=None)
    primary: int | None = terms_field(FigureKind("fen"), "基层付费标准", "price in primary care", default=None)
    ungraded: int | None = terms_field(FigureKind("fen"), "无等级付费标准", "price where ungraded", default=None)
    fund_addition: int = terms_field(
        FigureKind("rate"), "基金支付比例提高", "added to the fund's share of the price", default=0
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a disease without a code, and a price of nothing or without limit."""
        if not self.dise_codg:
            raise InputError("dise_codg is empty; a listed disease has a code")
        refuse_no_limit(price=self.price, **{level: getattr(self, level) for level in LEVEL.members})

    def by_level(self) -> tuple[int, ...]:
        """The price at each level, in the order of the axis."""
        return by_level(self, "price")


@frozen(slots=False)
class SingleDiseaseTerms:
    """What a document fixes for stays paid per disease."""

    diseases: tuple[DiseasePrice, ...] = terms_field(
        RecordsKind(DiseasePrice, "dise_codg"), "单病种目录", "listed diseases with their prices"
    )
    pilot_diseases: tuple[DiseasePrice, ...] = terms_field(
        RecordsKind(DiseasePrice, "dise_codg"),
        "试点中医医院病种目录",
        "diseases with a price at pilot TCM hospitals only",
    )
    fund_basis: str = terms_field(ChoiceKind(FUND_BASES), "基金支付计算依据", "what the fund's part is reckoned on")
    fund_rate: Table = terms_field(TableKind("rate", (LEVEL, POOL)), "基金支付比例", "the fund's share of the price")
    floor_at_zero: int = terms_field(FlagKind(), "基金支付不低于零", "whether the fund never takes back")

    @cached_property
    def disease(self) -> Axis:
        """The diseases of both lists as codes; 0 is a disease that no list holds."""
        codes = [each.dise_codg for each in self.diseases]
        codes += [each.dise_codg for each in self.pilot_diseases if each.dise_codg not in codes]
        members = ("", *codes)
        return Axis("disease", members, ("未列入", *codes), ("not listed", *codes))

    @cached_property
    def prices(self) -> Table:
        """The price by disease, pilot hospital or not, and level; 0 where the disease is not paid by this method."""
        return Table((self.disease, PILOT, LEVEL), self._figures(DiseasePrice.by_level, (NOT_PRICED,) * 5))

    @cached_property
    def additions(self) -> Table:
        """What is added to the fund's share, by disease and pilot hospital or not."""
        return Table((self.disease, PILOT), self._figures(lambda each: (each.fund_addition,), (0,)))

    def _figures(self, figures: Any, nothing: tuple[int, ...]) -> tuple[int, ...]:
        """By disease: the figures elsewhere, then those at a pilot hospital: the same where it has no other."""
        ordinary = {each.dise_codg: figures(each) for each in self.diseases}
        pilot = {each.dise_codg: figures(each) for each in self.pilot_diseases}
        found: list[int] = []
        for code in self.disease.members:
            elsewhere = ordinary.get(code, nothing)
            found += (*elsewhere, *pilot.get(code, elsewhere))
        return tuple(found)


@frozen
class PricedCase(Generic[A]):
    """One stay, coded: the disease as a code of `SingleDiseaseTerms.disease`, where and who, and who bears what."""

    disease: A = labelled("", "病种", "disease, a code of the terms' own list")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    pilot_tcm: A = labelled("flag", "试点中医医院", "at a pilot TCM hospital")
    pool: A = labelled(POOL, "险种", "pool")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds", 0)


def applies(terms: SingleDiseaseTerms, disease: A, pilot_tcm: A, level: A) -> A:
    """1 where the disease is paid by this method at this institution, else 0 (rule P08).

    disease: a code of `terms.disease`, 0 where no list holds it.
    Source: 常德 2023 一(三): the pilot diseases at pilot TCM hospitals only.
    """
    return is_over(lookup(terms.prices, disease, pilot_tcm, level), NOT_PRICED)


def pay(terms: SingleDiseaseTerms, case: PricedCase[A]) -> Priced[A]:
    """Pay one stay, or a column of stays, by the price of its disease (rule P08; readings A04, A05).

    One price from admission to discharge: the institution bears what exceeds it and keeps what it saves.
    Raises InputError for a disease that has no price at the institution, and for figures out of range; CodeError or
    AmountError for codes outside their lists.
    Sources: 常德 2023 一(三), 三(九); formulas.md section 4.
    """
    check_input(case)
    standard = lookup(terms.prices, case.disease, case.pilot_tcm, case.level)
    _refuse_unpriced(terms, case.disease, standard)
    addition = lookup(terms.additions, case.disease, case.pilot_tcm)
    fund_rate = capped(lookup(terms.fund_rate, case.level, case.pool) + addition, int(RATE_ONE))
    return priced(terms, case, standard, fund_rate)


def _refuse_unpriced(terms: SingleDiseaseTerms, disease: Any, standard: Any) -> None:
    unpriced = standard == NOT_PRICED
    if np.any(unpriced):
        names = np.array(("that no list holds", *terms.disease.members[1:]))
        mend = "pay it by the institution's own method (applies says which cases are paid per disease)"
        refuse(unpriced, f"disease {{}} has no price at this institution; {mend}", names[disease])


@frozen
class PathwayExitTerms:
    """When a case leaves payment by disease because its pathway departed from the clinical one."""

    ground: str = terms_field(ChoiceKind(EXIT_GROUNDS), "退出依据", "what takes a case out")
    variance_limit: int = terms_field(FigureKind("factor"), "路径变异评分界限", "limit of the variance score")
    variance_side: str = terms_field(ChoiceKind(ABOVE), "路径变异边界", "side of the limit on which a score is an exit")


@frozen
class PathwayCase(Generic[A]):
    """What is known of a case's pathway: the reviewer's flag, and the variance score."""

    pathway_exit: A = labelled("flag", "退出临床路径", "a reviewer took it off the pathway")
    pathway_variance: A = labelled("factor", "路径变异评分", "variance score of the pathway", 0)


def exits(terms: PathwayExitTerms, case: PathwayCase[A]) -> A:
    """1 where the case leaves payment by disease and is settled by its original method, else 0 (rule P06, reading A56).

    By a reviewer's flag, a variance score over its limit, either or both, as the terms say: never by cost alone.
    Raises InputError for a flag or a score out of range.
    Source: 常德 2023 三(九).

    >>> exits(PathwayExitTerms("variance", 3_0000, "at_or_above"), PathwayCase(0, 3_0000))
    1
    """
    check_input(case)
    by_variance = is_past(terms.variance_side, case.pathway_variance, terms.variance_limit)
    if terms.ground == "reviewer":
        return case.pathway_exit
    if terms.ground == "variance":
        return by_variance
    if terms.ground == "either":
        either: A = any_of(case.pathway_exit, by_variance)
        return either
    both: A = all_of(case.pathway_exit, by_variance)
    return both


def settled(exited: A, by_disease: A, by_original: A) -> A:
    """What the fund owes after exits: by the original method where the case left, else by the disease's price.

    The share of cases that left, by institution, is `tally(codes, names, {"cases": …, "exits": …})` and its `ratio`.
    """
    return pick(exited, by_original, by_disease)
