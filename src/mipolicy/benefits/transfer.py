"""Moving insurance from one area to another (医保关系转移接续): months in both places, and the account's balance.

Rule F23.  Months are calendar months; balances in fen.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from attrs import field, frozen

from mipolicy.axes import SCHEMES
from mipolicy.benefits.account import check_balance
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, yuan_text
from mipolicy.policy.kinds import ChoiceKind, CodesKind, terms_field

__all__ = ["InsuredMonths", "PlaceRecord", "Transfer", "TransferTerms", "transfer"]


@frozen
class TransferTerms:
    """What a document fixes about months and balances that move (rule F23)."""

    counted_schemes: tuple[str, ...] = terms_field(
        CodesKind(SCHEMES), "累计年限的险种", "schemes whose months are counted together"
    )
    overlap_counts: str = terms_field(
        ChoiceKind(("old_place", "new_place", "neither")),
        "重复参保月份",
        "where a month insured in both places is counted",
    )
    balance: str = terms_field(
        ChoiceKind(("moves", "paid_out")), "个人账户余额处理", "the balance moves, or is paid out"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse terms under which nothing is counted."""
        if not self.counted_schemes:
            raise InputError(f"counted_schemes names no scheme; allowed: {', '.join(SCHEMES)}")


@frozen
class InsuredMonths:
    """Months insured in one scheme without a break: any day of the first month and any day of the last."""

    scheme: str
    first: datetime.date
    last: datetime.date

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown scheme and months that end before they start."""
        if self.scheme not in SCHEMES:
            raise CodeError(f"unknown scheme {self.scheme!r}; allowed: {', '.join(SCHEMES)}")
        if _month(self.last) < _month(self.first):
            raise InputError(f"insured months end in {_text(_month(self.last))}, before {_text(_month(self.first))}")

    def months(self) -> range:
        """The months, counted from the year 0."""
        return range(_month(self.first), _month(self.last) + 1)


def _spans(spans: Iterable[InsuredMonths]) -> tuple[InsuredMonths, ...]:
    return tuple(spans)


@frozen
class PlaceRecord:
    """What one place's records say of the person: months insured there, and the account's balance in fen."""

    place: str
    insured: tuple[InsuredMonths, ...] = field(converter=_spans)
    balc: int

    def __attrs_post_init__(self) -> None:
        """Refuse a balance below 0, and months that one scheme of the place holds twice."""
        check_balance(self.balc)
        for scheme in SCHEMES:
            seen: set[int] = set()
            for span in self.insured:
                if span.scheme == scheme:
                    twice = seen.intersection(span.months())
                    if twice:
                        raise InputError(
                            f"{self.place}: {_text(min(twice))} is recorded twice in the {scheme} scheme; "
                            "join or correct the spans"
                        )
                    seen.update(span.months())

    def months(self, schemes: tuple[str, ...] = SCHEMES) -> set[int]:
        """The months insured in any of the schemes."""
        return {month for span in self.insured if span.scheme in schemes for month in span.months()}


@frozen
class Transfer:
    """What the two records come to, in the order computed; months are counts, their texts like "2024-05".

    old_months, new_months: insured there in whatever scheme; overlap_months: in both places; gap_months: in neither,
    between the first month and the last; counted_old, counted_new: what each place counts, no month twice;
    combined_months: their sum; moved_balance, paid_out: what becomes of the old balance, balance_after: the new
    place's account, fen.
    """

    old_months: int
    new_months: int
    overlap_months: int
    gap_months: int
    counted_old: int
    counted_new: int
    combined_months: int
    moved_balance: int
    paid_out: int
    balance_after: int
    overlaps: tuple[str, ...]
    gaps: tuple[str, ...]


def transfer(terms: TransferTerms, old: PlaceRecord, new: PlaceRecord) -> Transfer:
    """Combined months, gap, overlap and moved balance when insurance moves to another place (rule F23).

    old, new: the records of the place left and of the place now.
    Source: 天津 2021 三(七) 「做好各类人群参保和医保关系跨地区转移」, without rules of its own.
    Raises InputError for two records of one place, and for balances that come to more than an account can hold.

    >>> month = datetime.date(2024, 1, 1)
    >>> terms = TransferTerms(("employee",), "new_place", "moves")
    >>> old = PlaceRecord("A", [InsuredMonths("employee", month, month.replace(month=6))], 500_00)
    >>> new = PlaceRecord("B", [InsuredMonths("employee", month.replace(month=6), month.replace(month=9))], 0)
    >>> found = transfer(terms, old, new)
    >>> found.combined_months, found.counted_old, found.counted_new, found.overlaps, found.balance_after
    (9, 5, 4, ('2024-06',), 50000)
    """
    if old.place == new.place:
        raise InputError(f"both records are of {old.place}: a transfer has two places")
    there, here = old.months(), new.months()
    insured = there | here
    gaps = set(range(min(insured), max(insured))) - insured if insured else set()
    counted_there, counted_here = old.months(terms.counted_schemes), new.months(terms.counted_schemes)
    twice = counted_there & counted_here
    if terms.overlap_counts != "old_place":
        counted_there -= twice
    if terms.overlap_counts != "new_place":
        counted_here -= twice
    moved = old.balc if terms.balance == "moves" else 0
    if new.balc + moved > MAX_FEN:
        raise InputError(f"the balances come to {yuan_text(new.balc + moved)}, allowed is up to {yuan_text(MAX_FEN)}")
    return Transfer(
        old_months=len(there),
        new_months=len(here),
        overlap_months=len(there & here),
        gap_months=len(gaps),
        counted_old=len(counted_there),
        counted_new=len(counted_here),
        combined_months=len(counted_there) + len(counted_here),
        moved_balance=moved,
        paid_out=old.balc - moved,
        balance_after=new.balc + moved,
        overlaps=_texts(there & here),
        gaps=_texts(gaps),
    )


def _month(day: datetime.date) -> int:
    return day.year * 12 + day.month - 1


def _text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _texts(months: set[int]) -> tuple[str, ...]:
    return tuple(_text(month) for month in sorted(months))
