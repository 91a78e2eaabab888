"""Does local policy stay inside the authorised benefits list (待遇清单, rule B20)?"""

from __future__ import annotations

import datetime
from typing import Any

from attrs import frozen

from mipolicy.errors import AmountError
from mipolicy.policy.document import Policy
from mipolicy.policy.kinds import DateKind, Kind, RecordsKind, TextKind, leaf_text, terms_field

__all__ = ["AuthorisedItem", "AuthorisedListTerms", "Finding", "beyond_authorisation"]


@frozen
class AuthorisedItem:
    """One figure that the list authorises, and the closed range that local policy may choose from.

    path: section and leaf, such as ``inpatient.resident.ceiling.adult``, or a prefix of it; lowest, highest: as text in
    the unit of the field, "none" for no limit ("" where that side is free).
    """

    path: str = terms_field(TextKind(), "项目", "section and leaf, or a prefix")
    lowest: str = terms_field(TextKind(), "下限", "lowest allowed", default="")
    highest: str = terms_field(TextKind(), "上限", "highest allowed", default="")


@frozen
class AuthorisedListTerms:
    """The authorised list, and by when what does not conform must be cleared."""

    clear_by: datetime.date = terms_field(DateKind(), "清理规范期限", "deadline of the clean-up")
    authorised: tuple[AuthorisedItem, ...] = terms_field(
        RecordsKind(AuthorisedItem, "path"), "清单授权范围", "authorised items with their ranges"
    )


@frozen
class Finding:
    """One figure of local policy outside the list or its range."""

    section: str
    version: str
    path: str
    value: str
    reason: str
    overdue: bool


def beyond_authorisation(terms: AuthorisedListTerms, policy: Policy, on: datetime.date) -> tuple[Finding, ...]:
    """Figures in force on a date that the authorised list does not cover, overdue past the deadline (rule B20).

    Source: 天津 2021 三(一) 待遇清单.  The longest matching path decides; a range is closed; the deadline is inclusive.
    Raises AmountError for a range that its figure cannot be compared with.
    """
    findings = []
    for section, versions in policy.versions.items():
        spec = policy.sections[section]
        if spec.holds(AuthorisedListTerms):
            continue
        kinds = {name: kind for name, kind, _ in spec.kinds()}
        for version in versions:
            if (
                version.effective is None
                or version.effective > on
                or (version.until is not None and version.until < on)
            ):
                continue
            for path, figure in version.leaves.items():
                field, _, leaf = path.partition(".")
                reason = _reason(terms, kinds[field], f"{section}.{path}", figure.value)
                if reason:
                    text = leaf_text(kinds[field], leaf, figure.value)
                    findings.append(Finding(section, version.name, path, text, reason, on > terms.clear_by))
    return tuple(findings)


def _reason(terms: AuthorisedListTerms, kind: Kind, path: str, value: Any) -> str:
    covering = [item for item in terms.authorised if path == item.path or path.startswith(f"{item.path}.")]
    if not covering:
        return "not on the authorised list"
    item = max(covering, key=lambda each: len(each.path))
    try:
        lowest, highest = (kind.figure(text) if text else None for text in (item.lowest, item.highest))
    except AmountError as error:
        raise AmountError(f"the range authorised for {item.path} does not fit {path}: {error}") from None
    if lowest is not None and value < lowest:
        return f"below the authorised {item.lowest}"
    if highest is not None and value > highest:
        return f"above the authorised {item.highest}"
    return ""
