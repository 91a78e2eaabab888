"""Filings for care out of area (异地就医备案): is one valid on a date, and which tier of terms follows.

Rule O12; formulas.md section 1, out-of-area place classes.
"""

from __future__ import annotations

import datetime
from typing import Final

from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.policy.kinds import CodesKind, FigureKind, terms_field

__all__ = ["FILING_KINDS", "Filing", "FilingOutcome", "FilingTerms", "filing"]

FILING_KINDS: Final = ("resident_elsewhere", "referred", "emergency")
"""异地长期居住, 转诊, 急诊: the place classes that a filing can give; without a valid one it is `unreferred`."""


@frozen
class FilingTerms:
    """How long a filing holds, by kind, where it states no end of its own (rule O12)."""

    lasting_kinds: tuple[str, ...] = terms_field(
        CodesKind(FILING_KINDS), "长期有效的备案", "kinds that hold until they are cancelled"
    )
    valid_days: int = terms_field(
        FigureKind("days"), "备案有效天数", "days that any other filing holds, its first day included"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a length that no filing can have."""
        if self.valid_days < 1 and set(FILING_KINDS) - set(self.lasting_kinds):
            raise InputError(f"valid_days counts the first day, so it is at least 1, not {self.valid_days}")


@frozen
class Filing:
    """One filing: its kind, first day, and the last day where it states one (`begndate`, `enddate`)."""

    kind: str
    begndate: datetime.date
    enddate: datetime.date | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse an unknown kind and a filing that ends before it starts."""
        if self.kind not in FILING_KINDS:
            raise InputError(f"filing kind {self.kind!r} is unknown; allowed: {', '.join(FILING_KINDS)}")
        if self.enddate is not None and self.enddate < self.begndate:
            raise InputError(f"the filing ends on {self.enddate}, before it starts on {self.begndate}")


@frozen
class FilingOutcome:
    """Whether the filing holds on the date, its last day (None: until cancelled), and the place class that follows."""

    valid: bool
    last_day: datetime.date | None
    place_class: str


def filing(terms: FilingTerms, filed: Filing, on: datetime.date) -> FilingOutcome:
    """Whether a filing is valid on the admission date, and the tier that results (rule O12).

    Source: 天津 2021 三(七) names the filing; its length is an open figure.
    """
    last_day = filed.enddate
    if last_day is None and filed.kind not in terms.lasting_kinds:
        last_day = filed.begndate + datetime.timedelta(days=terms.valid_days - 1)
    valid = filed.begndate <= on and (last_day is None or on <= last_day)
    return FilingOutcome(valid, last_day, filed.kind if valid else "unreferred")
