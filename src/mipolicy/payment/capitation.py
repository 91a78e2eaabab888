"""Payment per head (按人头付费): a yearly budget per enrolled person, and who bears what the care then costs.

Rules P14, P18, P19; reading A59; formulas.md section 4.  Amounts in fen, rates per million, factors per ten thousand.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Generic

import numpy as np
from attrs import frozen

from mipolicy.checked import check_input, refuse, refuse_no_limit
from mipolicy.errors import CodeError, InputError
from mipolicy.money import FACTOR_ONE, MAX_FEN, A
from mipolicy.payment.sharing import ShareBand, check_bands, shared
from mipolicy.policy.kinds import CodesKind, FigureKind, RecordsKind, TextKind, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, lookup, mul_div, share

__all__ = ["Capitation", "CapitationTerms", "Contract", "HeadStandard", "condition_of", "heads", "pay"]

MOST_ENROLLED: Final = 10_000_000
"""More people than any contract or consortium enrols."""
NO_RISK_FACTOR: Final = "risk_factor is 0; a factor is above 0, and 1 where it changes nothing"
_MONTHS: Final = 12


@frozen
class HeadStandard:
    """The yearly standard per head of one condition, known by its diseases."""

    condition: str = terms_field(TextKind(), "类别", "condition")
    standard: int = terms_field(FigureKind("fen"), "年人头标准", "yearly standard per head")
    diseases: tuple[str, ...] = terms_field(CodesKind(), "病种编码", "diseases", default=())

    def __attrs_post_init__(self) -> None:
        """Refuse a condition without a name, and a standard of nothing or without limit."""
        if not self.condition:
            raise InputError("condition is empty; a condition has a name")
        refuse_no_limit(standard=self.standard)


@frozen(slots=False)
class CapitationTerms:
    """What a document fixes for conditions paid per head."""

    conditions: tuple[HeadStandard, ...] = terms_field(
        RecordsKind(HeadStandard, "condition"), "人头标准", "conditions with their yearly standards"
    )
    outside_rate: int = terms_field(
        FigureKind("rate"), "外出就医扣减比例", "share of the cost of care elsewhere charged to the institution"
    )
    surplus_bands: tuple[ShareBand, ...] = terms_field(
        RecordsKind(ShareBand, "from_rate"), "结余留用", "the institution's part of a surplus, by share of the budget"
    )
    deficit_bands: tuple[ShareBand, ...] = terms_field(
        RecordsKind(ShareBand, "from_rate"), "超支分担", "the institution's part of a deficit, by share of the budget"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse bands that leave a gap."""
        check_bands("surplus_bands", self.surplus_bands)
        check_bands("deficit_bands", self.deficit_bands)

    @cached_property
    def condition(self) -> Axis:
        """The conditions as codes."""
        names = tuple(each.condition for each in self.conditions)
        return Axis("condition", names, names, names)

    @cached_property
    def standards(self) -> Table:
        """The yearly standard by condition."""
        return Table((self.condition,), tuple(each.standard for each in self.conditions))


@frozen
class Contract(Generic[A]):
    """One institution's enrolled of one condition in a period, and what their care cost the fund item by item.

    own_amt: at the institution itself; outside_amt: elsewhere.
    """

    condition: A = labelled("", "类别", "condition, a code of the terms' own list")
    enrolled: A = labelled("count", "签约人数", "enrolled persons")
    risk_factor: A = labelled("factor", "风险调整系数", "risk factor")
    months: A = labelled("count", "月数", "months")
    own_amt: A = labelled("fen", "本机构费用", "cost at the institution, as the fund's share")
    outside_amt: A = labelled("fen", "外出就医费用", "cost elsewhere, as the fund's share")


@frozen
class Capitation(Generic[A]):
    """What a contract comes to, in the order computed; `payment` is what the fund owes the institution.

    Surplus and deficit are each borne by institution and fund to the fen: payment = cost + its part of the surplus
    less its part of the deficit.
    """

    head_standard: A = labelled("fen", "年人头标准", "yearly standard per head")
    standard: A = labelled("fen", "人头预算", "budget")
    outside_charged: A = labelled("fen", "外出就医扣减", "charged for care elsewhere")
    available: A = labelled("fen", "可用预算", "budget left for the institution's own care; may be negative")
    surplus: A = labelled("fen", "结余", "surplus")
    surplus_institution: A = labelled("fen", "机构留用结余", "surplus that the institution keeps")
    surplus_fund: A = labelled("fen", "基金收回结余", "surplus that the fund keeps")
    deficit: A = labelled("fen", "超支", "deficit")
    deficit_institution: A = labelled("fen", "机构承担超支", "deficit that the institution bears")
    deficit_fund: A = labelled("fen", "基金承担超支", "deficit that the fund bears")
    payment: A = labelled("fen", "基金支付", "what the fund owes the institution")


def condition_of(terms: CapitationTerms, dise_codg: str) -> int | None:
    """The code of the first condition that names the disease; None where it is not paid per head (rule P14).

    Raises CodeError for a code that is not a string.
    """
    if not isinstance(dise_codg, str):
        raise CodeError(f"codes are strings and keep their leading zeros, got {dise_codg!r}")
    for at, each in enumerate(terms.conditions):
        if dise_codg in each.diseases:
            return at
    return None


def heads(enrolled: A, standard: A, risk_factor: A, months: A) -> A:
    """Enrolled x yearly standard x risk factor x months / 12, half up once to the fen.

    Raises InputError for more than twelve months, and for a budget beyond what an amount can be.

    >>> heads(100, 1_200_00, 1_0500, 6)
    6300000
    """
    if int(np.max(months, initial=0)) > _MONTHS:
        raise InputError(f"months go to {_MONTHS}, the year of the standard; got {int(np.max(months))}")
    if int(np.max(enrolled, initial=0)) * int(np.max(standard, initial=0)) > _ROOM:
        raise InputError("enrolled x standard goes beyond what stays exact; check both, or pay by smaller groups")
    budget = mul_div(enrolled * standard, risk_factor * months, _MONTHS * int(FACTOR_ONE))
    if int(np.max(budget, initial=0)) > MAX_FEN:
        raise InputError(f"a budget of {int(np.max(budget))} fen is beyond {MAX_FEN}; pay by smaller groups")
    return budget


_ROOM: Final = 2**62


def pay(terms: CapitationTerms, of: Contract[A]) -> Capitation[A]:
    """Pay one contract, or a column of them, for a period (rules P14, P18; reading A59).

    Care elsewhere is charged at the share that the terms state, 0% where it is not; what the budget then leaves or
    lacks is shared by bands on the budget.
    Raises InputError for figures out of range and a risk factor of 0, AmountError for a condition that is not listed.
    Sources: 天津 2021 一(一), 三(四); formulas.md section 4.
    """
    check_input(of, most={"enrolled": MOST_ENROLLED})
    refuse(of.risk_factor == 0, NO_RISK_FACTOR)
    head_standard = lookup(terms.standards, of.condition)
    standard = heads(of.enrolled, head_standard, of.risk_factor, of.months)
    return balance(standard, head_standard, of.own_amt, of.outside_amt, terms)


def balance(budget: A, head_standard: A, own_amt: A, outside_amt: A, terms: Any) -> Capitation[A]:
    """A budget against what was spent; terms: with `outside_rate`, `surplus_bands`, `deficit_bands`."""
    outside_charged = share(outside_amt, terms.outside_rate)
    available = budget - outside_charged
    surplus = shared(beyond(available, own_amt), budget, terms.surplus_bands)
    deficit = shared(beyond(own_amt, available), budget, terms.deficit_bands)
    return Capitation(
        head_standard=head_standard,
        standard=budget,
        outside_charged=outside_charged,
        available=available,
        surplus=surplus.whole,
        surplus_institution=surplus.institution,
        surplus_fund=surplus.fund,
        deficit=deficit.whole,
        deficit_institution=deficit.institution,
        deficit_fund=deficit.fund,
        payment=own_amt + surplus.institution - deficit.institution,
    )
