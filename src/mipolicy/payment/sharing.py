"""Surplus and deficit shared between institution and fund, by marginal bands on the share of the budget.

Formulas.md sections 4 and 5.  Amounts in fen, rates per million.
"""

from __future__ import annotations

from typing import Generic

from attrs import frozen

from mipolicy.checked import for_each
from mipolicy.errors import InputError
from mipolicy.money import RATE_ONE, A
from mipolicy.policy.kinds import FigureKind, terms_field
from mipolicy.traced import labelled
from mipolicy.vocabulary import beyond, capped, half_up, share

__all__ = ["ShareBand", "Shared", "check_bands", "shared"]


@frozen
class ShareBand:
    """From a share of the budget on, what part of a surplus or deficit is the institution's; the rest is the fund's."""

    from_rate: int = terms_field(FigureKind("rate"), "起点(占预算比例)", "from this share of the budget")
    institution_rate: int = terms_field(FigureKind("rate"), "机构分担比例", "the institution's part")


@frozen
class Shared(Generic[A]):
    """A surplus or a deficit and its two bearers; they sum to it."""

    whole: A = labelled("fen", "结余(超支)", "surplus or deficit")
    institution: A = labelled("fen", "机构分担", "the institution's part")
    fund: A = labelled("fen", "基金分担", "the fund's part")


def check_bands(name: str, bands: tuple[ShareBand, ...]) -> None:
    """Refuse bands that do not begin at 0 or do not ascend; raises InputError naming the field."""
    edges = [band.from_rate for band in bands]
    if not edges or edges[0] != 0:
        raise InputError(f"{name} must begin at 0 of the budget, got {edges}; one band from 0 is a plain share")
    if sorted(set(edges)) != edges:
        raise InputError(f"{name} must ascend, got {edges}")


def shared(whole: A, budget: A, bands: tuple[ShareBand, ...]) -> Shared[A]:
    """Share a surplus or a deficit: the institution's part of each band, rounded half up once; the fund has the rest.

    whole: fen, not negative; budget: fen, whose shares are the edges of the bands, each half up to the fen.  A last
    band of 0 is a limit to what the institution keeps or bears.

    >>> shared(30_00, 100_00, (ShareBand(0, 600_000), ShareBand(100_000, 0))).institution
    600
    """
    edges = [share(budget, band.from_rate) for band in bands]
    numerator = for_each(0, whole)
    for at, band in enumerate(bands):
        upper = capped(whole, edges[at + 1]) if at + 1 < len(bands) else whole
        numerator = numerator + beyond(upper, edges[at]) * band.institution_rate
    institution = half_up(numerator, int(RATE_ONE))
    return Shared(whole, institution, whole - institution)
