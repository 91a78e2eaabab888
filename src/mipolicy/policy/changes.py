"""What changed between two policies, or between the versions of one: the change log of rule P31."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import frozen

from mipolicy.policy.document import Figure, Policy, Version
from mipolicy.policy.kinds import Kind

__all__ = ["Change", "diff", "version_changes"]


@frozen
class Change:
    """One figure that differs.

    kind: "added", "removed" or "changed"; before, after: as policy files write them; percent: the change in percent of
    the figure before, exact, None where it is no number or was 0.
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
    """Every figure, date and document status that differs between two policies, version by version (rule P31)."""
    changes: list[Change] = []
    for section in before.sections:
        kinds = {name: kind for name, kind, _ in before.sections[section].kinds()}
        old = {version.name: version for version in before.versions.get(section, ())}
        new = {version.name: version for version in after.versions.get(section, ())}
        for name in dict.fromkeys((*old, *new)):
            changes += _changes(section, name, old.get(name), new.get(name), kinds)
    for name in dict.fromkeys((*before.documents, *after.documents)):
        then, now = before.documents.get(name), after.documents.get(name)
        if then != now:
            kind = "added" if then is None else "removed" if now is None else "changed"
            changes.append(Change("documents", "", name, kind, then.status if then else "", now.status if now else ""))
    return tuple(changes)


def version_changes(policy: Policy, section: str) -> tuple[Change, ...]:
    """The change log of one section over its versions, each compared with the one before it (rule P31)."""
    kinds = {name: kind for name, kind, _ in policy.sections[section].kinds()}
    versions = policy.versions.get(section, ())
    changes: list[Change] = []
    for early, late in pairwise(versions):
        changes += _figures(section, late.name, early.leaves, late.leaves, kinds)
    return tuple(changes)


def _changes(
    section: str, name: str, old: Version | None, new: Version | None, kinds: Mapping[str, Kind]
) -> Iterator[Change]:
    for each in ("effective", "until"):
        then, now = (getattr(version, each) if version else None for version in (old, new))
        if then != now:
            kind = "added" if then is None else "removed" if now is None else "changed"
            yield Change(section, name, each, kind, str(then or ""), str(now or ""))
    yield from _figures(section, name, old.leaves if old else {}, new.leaves if new else {}, kinds)


def _figures(
    section: str, name: str, old: Mapping[str, Figure], new: Mapping[str, Figure], kinds: Mapping[str, Kind]
) -> Iterator[Change]:
    for path in dict.fromkeys((*old, *new)):
        then, now = old.get(path), new.get(path)
        if then is not None and now is not None and then.value == now.value:
            continue
        kind = kinds[path.split(".", 1)[0]]
        before, after = (_text(kind, path, figure) for figure in (then, now))
        what = "added" if then is None else "removed" if now is None else "changed"
        yield Change(section, name, path, what, before, after, _percent(then, now))


def _text(kind: Kind, path: str, figure: Figure | None) -> str:
    if figure is None:
        return ""
    leaf = path.split(".", 1)[1] if "." in path else ""
    tree: Any = kind.write({leaf: figure.value})
    for key in leaf.split(".") if leaf else ():
        tree = tree[key]
    return str(tree)


def _percent(then: Figure | None, now: Figure | None) -> Fraction | None:
    if then is None or now is None:
        return None
    old, new = then.value, now.value
    if type(old) is not int or type(new) is not int or old == 0:
        return None
    return Fraction(100 * (new - old), old)
