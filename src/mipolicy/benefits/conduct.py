"""How bills are put to years, and by which date their terms are chosen: the frame that all benefit rooms share."""

from __future__ import annotations

from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, terms_field

__all__ = ["SettlementTerms"]


@frozen
class SettlementTerms:
    """The year of a stay and the date that chooses the terms (formulas.md section 1, "Year and stays")."""

    year_by: str = terms_field(
        ChoiceKind(("admission", "discharge", "settlement", "split_at_year_end")),
        "年度归属",
        "year that a stay belongs to",
    )
    deductible_on_split: str = terms_field(
        ChoiceKind(("once", "again")), "跨年住院起付线", "deductible of a stay split at the year's end"
    )
    terms_by: str = terms_field(
        ChoiceKind(("admission", "discharge", "settlement")), "适用政策日期", "date that chooses the terms of a stay"
    )
    closed_years: tuple[str, ...] = terms_field(
        CodesKind(), "已决算年度", "years whose accounts are closed: no bill goes to them any more"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what is no year."""
        for year in self.closed_years:
            if len(year) != 4 or not (year.isascii() and year.isdigit()):
                raise InputError(f'closed_years takes years such as "2024", not {year!r}')
