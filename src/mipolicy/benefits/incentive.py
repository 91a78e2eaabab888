"""Residents' incentive (连续参保激励和零报销激励): a higher ceiling of major-illness insurance for staying insured.

Formulas.md section 1, "Residents' incentive".  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Final, Generic

from attrs import frozen

from mipolicy.checked import check_input
from mipolicy.errors import InputError
from mipolicy.money import NO_LIMIT, A
from mipolicy.policy.kinds import FigureKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, share

__all__ = ["Incentive", "IncentiveTerms", "Loyalty", "check_loyalty", "incentive"]

_MOST_YEARS: Final = 150


@frozen
class IncentiveTerms:
    """What a document adds to the ceiling of major-illness insurance."""

    qualifying_years: int = terms_field(
        FigureKind("count"), "连续参保满年数", "years of continuous enrolment before any addition"
    )
    per_year: int = terms_field(FigureKind("fen"), "每连续参保一年提高额", "added for each year beyond them")
    per_claim_free_year: int = terms_field(
        FigureKind("fen"), "每零报销一年提高额", "added for each year without claims"
    )
    most_of_ceiling: int = terms_field(
        FigureKind("rate"), "累计提高上限比例", "most that is added, as a share of the ceiling"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse additions without a limit."""
        for name in ("per_year", "per_claim_free_year"):
            if getattr(self, name) >= NO_LIMIT:
                raise InputError(f"{name} is an amount in yuan; none would be no limit")


@frozen
class Loyalty(Generic[A]):
    """What one person's addition is reckoned from.

    claim_free_years: years without claims since an addition was last used, where the place then starts anew.
    """

    ceiling: A = labelled("fen", "大病保险最高支付限额", "ceiling of major-illness insurance")
    continuous_years: A = labelled("count", "连续参保年数", "years of continuous enrolment")
    claim_free_years: A = labelled("count", "零报销年数", "years without claims")


@frozen
class Incentive(Generic[A]):
    """The addition, in the order computed."""

    years_beyond: A = labelled("count", "计奖励的连续参保年数", "years of enrolment that add")
    for_enrolment: A = labelled("fen", "连续参保激励", "added for continuous enrolment")
    for_no_claims: A = labelled("fen", "零报销激励", "added for years without claims")
    most: A = labelled("fen", "累计提高上限", "most that is added")
    addition: A = labelled("fen", "提高额", "added to the ceiling")
    ceiling_after: A = labelled("fen", "提高后限额", "ceiling after")


def incentive(terms: IncentiveTerms, of: Loyalty[A]) -> Incentive[A]:
    """The ceiling of major-illness insurance with the incentive (formulas.md section 1).

    A ceiling that does not exist stays without limit.

    >>> terms = IncentiveTerms(4, 1_000_00, 1_000_00, 200_000)
    >>> incentive(terms, Loyalty(ceiling=400_000_00, continuous_years=6, claim_free_years=1)).ceiling_after
    40300000
    """
    years_beyond = beyond(of.continuous_years, terms.qualifying_years)
    for_enrolment = years_beyond * terms.per_year
    for_no_claims = of.claim_free_years * terms.per_claim_free_year
    most = share(of.ceiling, terms.most_of_ceiling)
    addition = capped(for_enrolment + for_no_claims, most)
    return Incentive(
        years_beyond=years_beyond,
        for_enrolment=for_enrolment,
        for_no_claims=for_no_claims,
        most=most,
        addition=addition,
        ceiling_after=capped(of.ceiling + addition, NO_LIMIT),
    )


def check_loyalty(of: Loyalty[A]) -> None:
    """Refuse what no person has, before an addition is reckoned from it.

    Raises InputError for a ceiling below 0 or beyond `NO_LIMIT`, and for years below 0 or over 150.
    """
    check_input(of, most={"continuous_years": _MOST_YEARS, "claim_free_years": _MOST_YEARS})
