"""What changed between two policies, or between the versions of one: the change log of rule P31."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise

import attrs
from attrs import frozen

from mipolicy.money import NO_LIMIT
from mipolicy.policy.document import Document, Figure, Policy, Version
from mipolicy.policy.kinds import FigureKind, Kind, TableKind, leaf_text

__all__ = ["Change", "diff", "version_changes"]


@frozen
class Change:
    """One figure that differs.

    kind: "added", "removed" or "changed"; before, after: as policy files write them; percent: the change in percent of
    the figure before, exact, None where either is no number or has no limit, or the one before was 0.
    """

    section: str
    version: str
    path: str
    kind: str
    before: str
    after: str
    percent: Fraction | None = None

    def percent_text(self) -> str:
        """The percentage with two decimals, rounded half up, signed; empty where there is none.

        >>> Change("s", "v", "p", "changed", "1", "3", Fraction(200)).percent_text()
        '+200.00%'
        """
        if self.percent is None:
            return ""
        hundredths = (2 * abs(self.percent) * 100 + 1) // 2
        return f"{'-' if self.percent < 0 else '+'}{hundredths // 100}.{hundredths % 100:02d}%"


def diff(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Every figure, date and document that differs between two policies, version by version (rule P31).

    A document added or removed is shown by its status, one that changed by each entry that differs.
    """
    changes: list[Change] = []
    for section, spec in {**before.sections, **after.sections}.items():
        kinds = {name: kind for name, kind, _ in spec.kinds()}
        old = {version.name: version for version in before.versions.get(section, ())}
        new = {version.name: version for version in after.versions.get(section, ())}
        for name in dict.fromkeys((*old, *new)):
            changes += _changes(section, name, old.get(name), new.get(name), kinds)
    for name in dict.fromkeys((*before.documents, *after.documents)):
        changes += _documents(name, before.documents.get(name), after.documents.get(name))
    return tuple(changes)


def version_changes(policy: Policy, section: str) -> tuple[Change, ...]:
    """The change log of one section over its versions, each compared with the one before it (rule P31).

    Raises PolicyError for an unknown section.
    """
    kinds = {name: kind for name, kind, _ in policy.section(section).kinds()}
    versions = policy.versions.get(section, ())
    changes: list[Change] = []
    for early, late in pairwise(versions):
        changes += _figures(section, late.name, early.leaves, late.leaves, kinds)
    return tuple(changes)


def _documents(name: str, old: Document | None, new: Document | None) -> Iterator[Change]:
    if old is None or new is None:
        then, now = old.status if old else "", new.status if new else ""
        yield Change("documents", "", name, "removed" if old else "added", then, now)
        return
    for each in attrs.fields(Document):
        was, is_now = getattr(old, each.name), getattr(new, each.name)
        if was != is_now:
            yield Change("documents", "", f"{name}.{each.name}", *_sides(was or None, is_now or None))


def _sides(then: object, now: object) -> tuple[str, str, str]:
    """What happened, and how both sides are written; None: not there."""
    what = "added" if then is None else "removed" if now is None else "changed"
    return what, "" if then is None else str(then), "" if now is None else str(now)


def _changes(
    section: str, name: str, old: Version | None, new: Version | None, kinds: Mapping[str, Kind]
) -> Iterator[Change]:
    for each in ("effective", "until"):
        then, now = (getattr(version, each) if version else None for version in (old, new))
        if then != now:
            yield Change(section, name, each, *_sides(then, now))
    yield from _figures(section, name, old.leaves if old else {}, new.leaves if new else {}, kinds)


def _figures(
    section: str, name: str, old: Mapping[str, Figure], new: Mapping[str, Figure], kinds: Mapping[str, Kind]
) -> Iterator[Change]:
    for path in dict.fromkeys((*old, *new)):
        then, now = old.get(path), new.get(path)
        if then is not None and now is not None and then.value == now.value:
            continue
        kind = kinds[path.split(".", 1)[0]]
        leaf = path.partition(".")[2]
        before, after = (leaf_text(kind, leaf, figure.value) if figure else None for figure in (then, now))
        yield Change(section, name, path, *_sides(before, after), _percent(kind, then, now))


def _percent(kind: Kind, then: Figure | None, now: Figure | None) -> Fraction | None:
    if not isinstance(kind, (FigureKind, TableKind)) or (isinstance(kind, TableKind) and kind.words):
        return None
    if then is None or now is None or then.value == 0:
        return None
    if kind.unit == "fen" and NO_LIMIT in (then.value, now.value):
        return None
    return Fraction(100 * (now.value - then.value), then.value)
