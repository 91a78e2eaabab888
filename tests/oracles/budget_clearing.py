"""The clearing of a budget read literally, for one institution, in fractions until the one rounding of each step."""

from __future__ import annotations

from fractions import Fraction

from tests.oracles import half_up


def of_mark(bands: list[tuple[Fraction, Fraction]], side: str, mark: Fraction) -> Fraction:
    """The figure of the highest band that the mark has reached; a mark at an edge counts by the side."""
    reached = [figure for edge, figure in bands[1:] if mark > edge or (mark == edge and side == "at_or_above")]
    return reached[-1] if reached else bands[0][1]


def clear(
    shares: tuple[int, int, int],
    books: dict[str, int],
    factors: list[Fraction],
    deposit: tuple[Fraction, str, Fraction] | None,
    negative: str,
) -> dict[str, int]:
    """Shares of institution, treasury, fund; deposit: rate, base and share given back."""
    institution, treasury, fund = shares
    due = Fraction(fund)
    for factor in factors:
        due *= factor
    due_fen = half_up(due)
    forfeited = held = 0
    if deposit is not None:
        base = due_fen if deposit[1] == "entitlement" else books["advanced"]
        held = half_up(base * deposit[0])
        forfeited = half_up(held * (1 - deposit[2]))
    balance = treasury + due_fen - books["refused"] - forfeited + books["redistributed"]
    balance -= books["advanced"] + books["prepayment_left"] + books["carried_in"]
    return {
        "fund_due": due_fen,
        "deposit": held,
        "forfeited": forfeited,
        "clearing": balance,
        "paid": max(0, balance),
        "recovered": max(0, -balance) if negative == "recovered" else 0,
        "carried_forward": max(0, -balance) if negative == "carried_forward" else 0,
        "by_institution": institution + max(0, fund - due_fen) + books["refused"] + forfeited,
        "by_treasury": treasury,
        "by_fund": due_fen - books["refused"] - forfeited + books["redistributed"],
    }
