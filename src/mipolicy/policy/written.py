"""A policy written back as TOML text: `loads` of it gives an equal policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from mipolicy.errors import PolicyError
from mipolicy.policy.document import (
    Policy,
    Version,
    nearest,
)
from mipolicy.policy.kinds import Section

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["FORMAT", "dumps", "kept_at", "unfilled_in", "within"]

T = TypeVar("T")
FORMAT = 1


def dumps(policy: Policy) -> str:
    """The policy as TOML text; `loads` of it gives an equal policy.  Needs tomli-w (extra ``toml``).

    An overlay is written out whole, with what it took from its base.
    Raises PolicyError if tomli-w is not installed.
    """
    try:
        import tomli_w
    except ImportError:
        raise PolicyError("writing TOML needs tomli-w: pip install 'mipolicy[toml]'") from None
    from cattrs import Converter

    plain = Converter(omit_if_default=True)
    tree: dict[str, Any] = {"format": FORMAT, **plain.unstructure(attrs.evolve(policy.header, extends=""))}
    tree["schemes"] = list(policy.header.schemes)
    tree["documents"] = {name: plain.unstructure(each) for name, each in policy.documents.items()}
    if policy.unresolved:
        tree["unresolved"] = [plain.unstructure(each) for each in policy.unresolved]
    sections: dict[str, Any] = {}
    for name, versions in policy.versions.items():
        *above, last = name.split(".")
        branch = sections
        for key in above:
            branch = branch.setdefault(key, {})
        branch[last] = [_written(policy.sections[name], version, plain) for version in versions]
    tree["sections"] = sections
    return tomli_w.dumps(tree)


def _written(spec: Section, version: Version, plain: Converter) -> dict[str, Any]:
    tree: dict[str, Any] = {"version": version.name, "source": plain.unstructure(version.source)}
    if version.effective:
        tree["effective"] = version.effective
    if version.until:
        tree["until"] = version.until
    if version.until_source:
        tree["until_source"] = plain.unstructure(version.until_source)
    if version.open:
        tree["open"] = dict(version.open)
    sources = dict(version.sources)
    unfilled = unfilled_in(spec, version)
    for name, kind, _ in spec.kinds():
        own = {path: figure for path, figure in version.leaves.items() if path.split(".", 1)[0] == name}
        if not own:
            continue
        tree[name] = kind.write({path[len(name) + 1 :]: figure.value for path, figure in own.items()})
        cited = {figure.source for figure in own.values()}
        if len(cited) == 1 and name not in unfilled:
            own = {name: next(iter(own.values()))}
        for path, figure in own.items():
            if figure.source != (nearest(sources, path) or version.source):
                sources[path] = figure.source
    if sources:
        tree["sources"] = {path: plain.unstructure(citation) for path, citation in sources.items()}
    return tree


def unfilled_in(spec: Section, version: Version) -> set[str]:
    """The paths of a version under which something is open, at any depth."""
    found = set() if version.effective else {"effective"}
    for name, kind, _ in spec.kinds():
        open_leaves = [leaf for leaf in kind.leaves(spec) if (f"{name}.{leaf}" if leaf else name) not in version.leaves]
        found |= within(name, open_leaves)
    return found


def within(name: str, leaves: Iterable[str]) -> set[str]:
    """The paths of a field's leaves, and of all that holds them."""
    found = set()
    for leaf in leaves:
        parts = (name, *leaf.split(".")) if leaf else (name,)
        found |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return found


def kept_at(by_path: Mapping[str, T], paths: set[str]) -> dict[str, T]:
    """What is said of the paths asked for."""
    return {path: value for path, value in by_path.items() if path in paths}
