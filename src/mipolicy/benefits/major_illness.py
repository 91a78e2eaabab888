"""Major illness (大病保险) and employees' large cost (职工大额): cumulative over the year, paid in increments.

Rules B16, B25, B26, B56; reading A09; formulas.md section 1.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Generic

from attrs import frozen

from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.money import A
from mipolicy.policy.kinds import BandsKind, ChoiceKind, TableKind, terms_field
from mipolicy.tables import Bands, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import banded, beyond, capped, lookup

__all__ = ["MajorIllness", "MajorIllnessTerms", "settle"]


@frozen
class MajorIllnessTerms:
    """What a document fixes for a layer on the year's total: what is stated by class of hardship is the tilt (B25)."""

    deductible: Table = terms_field(TableKind("fen", (HARDSHIP,)), "起付线", "deductible of the year")
    band_basis: str = terms_field(
        ChoiceKind(("gross", "excess")),
        "分段口径",
        "bands run over the whole amount, whose first part the deductible eats, or over what exceeds it",
    )
    bands: Bands = terms_field(BandsKind((HARDSHIP,)), "分段支付比例", "bands of the rate")
    ceiling: Table = terms_field(TableKind("fen", (HARDSHIP,)), "年度最高支付限额", "most that is paid in a year")


@frozen
class MajorIllness(Generic[A]):
    """What the layer pays of a bill, step by step."""

    base_after: A = labelled("fen", "本年累计计入费用", "amounts of the year that count, this bill included")
    deductible: A = labelled("fen", "起付线", "deductible of the year")
    ceiling: A = labelled("fen", "年度最高支付限额", "most that is paid in a year")
    due_after: A = labelled("fen", "按累计应付", "due on the year's total, this bill included")
    due_before: A = labelled("fen", "此前按累计应付", "due on the year's total before")
    pay: A = labelled("fen", "本次支付", "paid for this bill")


def settle(terms: MajorIllnessTerms, case: LayerCase[A]) -> MajorIllness[A]:
    """What the layer pays of one bill, or of a column of bills of different persons (rules B16, B25, B26, B56).

    What is due on the year's total with this bill, less what was due without it; rounded on the totals, so that any
    split of the year pays the same.  Both totals are taken under the terms and the class of this bill.
    Sources: 天津 2021 一(一), 三(一); formulas.md section 1.
    """
    base_after = case.base_before + case.base
    deductible = lookup(terms.deductible, case.hardship)
    ceiling = lookup(terms.ceiling, case.hardship)

    def due(total: A) -> A:
        start = deductible if terms.band_basis == "gross" else 0
        return capped(banded(beyond(total, deductible), terms.bands, case.hardship, start=start), ceiling)

    due_after, due_before = due(base_after), due(case.base_before)
    return MajorIllness(
        base_after=base_after,
        deductible=deductible,
        ceiling=ceiling,
        due_after=due_after,
        due_before=due_before,
        pay=due_after - due_before,
    )
