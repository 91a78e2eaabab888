"""Policy documents as TOML text: read with every mistake reported at once, checked whole, and written back.

Two levels: cattrs structures the header, the documents, the references and the frame of each version, unknown keys
forbidden; the kinds of `policy.kinds` read each field of a section.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeVar

import attrs
import cattrs
from attrs import frozen
from cattrs.gen import make_dict_structure_fn
from cattrs.v import transform_error

from mipolicy.errors import DocumentError, PolicyError, Problem
from mipolicy.policy.document import (
    STATUSES,
    Citation,
    Document,
    Figure,
    Header,
    Policy,
    Unresolved,
    Version,
)
from mipolicy.policy.kinds import Section

__all__ = ["dumps", "loads"]

T = TypeVar("T")
FORMAT = 1
_FRAME = ("version", "effective", "until", "source", "until_source", "sources", "open")
_REGION = re.compile(r"[0-9]{6}")


@frozen
class _Frame:
    """The keys that every version of every section may have; an overlay's may leave out the source."""

    version: str
    source: Citation | None = None
    effective: datetime.date | None = None
    until: datetime.date | None = None
    until_source: Citation | None = None
    sources: dict[str, Citation] = attrs.field(factory=dict)
    open: dict[str, str] = attrs.field(factory=dict)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)

    def text(value: Any, _: type[str]) -> str:
        if not isinstance(value, str):
            raise TypeError(f"takes text, not {value!r}; codes are strings and keep their leading zeros")
        return value

    def day(value: Any, _: type[datetime.date]) -> datetime.date:
        if type(value) is not datetime.date:
            raise TypeError(f"takes a date such as 2023-05-18, unquoted, not {value!r}")
        return value

    converter.register_structure_hook(str, text)
    converter.register_structure_hook(datetime.date, day)
    for each in (Citation, Document, Unresolved, Header, _Frame):
        converter.register_structure_hook(each, make_dict_structure_fn(each, converter, _cattrs_forbid_extra_keys=True))
    return converter


_CONVERTER = _converter()


def _structure(raw: Any, shape: type[T], path: str, problems: list[Problem]) -> T | None:
    if not isinstance(raw, dict):
        problems.append(Problem(path, f"takes a table, not {raw!r}"))
        return None
    try:
        return _CONVERTER.structure(raw, shape)
    except cattrs.BaseValidationError as error:
        for line in transform_error(error, path="$", format_exception=_explain):
            message, _, where = line.rpartition(" @ ")
            problems.append(Problem(path + where.removeprefix("$").replace("['", ".").replace("']", ""), message))
        return None


def _explain(error: BaseException, shape: type | None) -> str:
    if isinstance(error, KeyError):
        return f"required key {error.args[0]!r} is missing"
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        allowed = ", ".join(each.name for each in attrs.fields(error.cl))
        return f"unknown key {', '.join(sorted(error.extra_fields))}; allowed: {allowed}"
    if isinstance(error, cattrs.IterableValidationError):
        return "takes a list"
    if isinstance(error, (TypeError, ValueError)):
        return str(error)
    return f"invalid value for {getattr(shape, '__name__', shape)}: {error}"


def loads(
    text: str | bytes,
    sections: Mapping[str, Section],
    *,
    base: Policy | None = None,
    name: str = "policy",
) -> Policy:
    """A policy from its TOML text.

    text: UTF-8; sections: name -> `Section`, as `mipolicy.rooms.SECTIONS` lists them;
    base: the policy that an overlay `extends`, already loaded; name: how errors call the text.
    Raises DocumentError with every mistake and its path.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DocumentError(name, [Problem("file", f"not UTF-8 at byte {error.start}; save it as UTF-8")]) from None
    if not text.strip():
        raise DocumentError(
            name, [Problem("file", "the file is empty; a policy needs at least id, title, region, schemes")]
        )
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(name, [Problem("file", f"not TOML: {error}")]) from None
    problems: list[Problem] = []
    policy = _Reader(raw, sections, base, problems).policy()
    if problems or policy is None:
        raise DocumentError(name, problems)
    return policy


class _Reader:
    """Reads one document; every mistake goes to `problems`."""

    def __init__(
        self, raw: dict[str, Any], sections: Mapping[str, Section], base: Policy | None, problems: list[Problem]
    ) -> None:
        self.raw, self.sections, self.base, self.problems = dict(raw), sections, base, problems

    def policy(self) -> Policy | None:
        if self.raw.pop("format", None) != FORMAT:
            self._problem("format", f"takes {FORMAT}, the one format that this version reads")
        documents = self._documents(self.raw.pop("documents", {}))
        unresolved = self._unresolved(self.raw.pop("unresolved", []))
        versions_raw = self._collect(self.raw.pop("sections", {}))
        header = _structure(self.raw, Header, "header", self.problems)
        if header is None:
            return None
        self._check_header(header)
        if self.base is not None:
            documents = {**self.base.documents, **documents}
            unresolved = (*self.base.unresolved, *unresolved)
        versions: dict[str, tuple[Version, ...]] = dict(self.base.versions) if self.base is not None else {}
        for section, entries in versions_raw.items():
            versions[section] = self._versions(section, entries, documents, versions.get(section, ()))
        ordered = {section: versions[section] for section in self.sections if section in versions}
        return Policy(header, documents, unresolved, ordered, self.sections)

    def _problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _check_header(self, header: Header) -> None:
        if not _REGION.fullmatch(header.region):
            self._problem("header.region", f"takes a six-digit GB/T 2260 code, not {header.region!r}")
        if not header.schemes:
            self._problem("header.schemes", "takes at least one insutype code")
        if header.extends and self.base is None:
            self._problem("header.extends", f"extends {header.extends!r}, which was not given")
        if self.base is not None and header.extends != self.base.id:
            self._problem("header.extends", f"extends {header.extends!r}, but the base given is {self.base.id!r}")

    def _documents(self, raw: Any) -> dict[str, Document]:
        documents: dict[str, Document] = {}
        if not isinstance(raw, dict):
            self._problem("documents", "takes a table of documents by short name")
            return documents
        for name, entry in raw.items():
            document = _structure(entry, Document, f"documents.{name}", self.problems)
            if document is None:
                continue
            documents[name] = document
            if document.status not in STATUSES:
                self._problem(
                    f"documents.{name}.status", f"takes one of {', '.join(STATUSES)}, not {document.status!r}"
                )
            if document.effective and document.until and document.until < document.effective:
                self._problem(f"documents.{name}.until", f"{document.until} is before {document.effective}")
        return documents

    def _unresolved(self, raw: Any) -> tuple[Unresolved, ...]:
        if not isinstance(raw, list):
            self._problem("unresolved", "takes a list of tables")
            return ()
        found = (_structure(entry, Unresolved, f"unresolved[{at}]", self.problems) for at, entry in enumerate(raw))
        return tuple(each for each in found if each is not None)

    def _collect(self, tree: Any, above: str = "") -> dict[str, list[Any]]:
        """Dotted section names to their lists of versions."""
        found: dict[str, list[Any]] = {}
        if not isinstance(tree, dict):
            self._problem("sections", "takes tables of versions by section")
            return found
        for key, value in tree.items():
            name = f"{above}.{key}" if above else key
            if isinstance(value, list) and name in self.sections:
                found[name] = value
            elif isinstance(value, dict) and any(section.startswith(f"{name}.") for section in self.sections):
                found.update(self._collect(value, name))
            elif name in self.sections:
                self._problem(f"sections.{name}", "takes a list of versions: write [[sections." + name + "]]")
            else:
                self._problem(f"sections.{name}", f"unknown section; sections: {', '.join(self.sections)}")
        return found

    def _versions(
        self, section: str, entries: list[Any], documents: Mapping[str, Document], base: tuple[Version, ...]
    ) -> tuple[Version, ...]:
        found = {version.name: version for version in base}
        stated: set[str] = set()
        for at, entry in enumerate(entries):
            path = f"sections.{section}[{at}]"
            name = entry.get("version") if isinstance(entry, dict) else None
            if name in stated:
                self._problem(f"{path}.version", f"{name!r} stands twice in this section")
            stated.add(str(name))
            version = self._version(self.sections[section], entry, path, documents, found.get(str(name)))
            if version is not None:
                found[version.name] = version
        versions = sorted(found.values(), key=lambda version: (version.effective or datetime.date.min, version.name))
        self._check_spans(section, versions)
        return tuple(versions)

    def _version(
        self, spec: Section, entry: Any, path: str, documents: Mapping[str, Document], base: Version | None
    ) -> Version | None:
        if not isinstance(entry, dict):
            self._problem(path, "takes a table")
            return None
        fields = {name: kind for name, kind, _ in spec.kinds()}
        for key in entry.keys() - fields.keys() - set(_FRAME):
            why = "is settled by what this section is" if key in spec.fixed else "unknown key"
            self._problem(f"{path}.{key}", f"{why}; allowed: {', '.join((*_FRAME, *fields))}")
        frame = _structure({key: entry[key] for key in _FRAME if key in entry}, _Frame, path, self.problems)
        if frame is None:  # the fields are read all the same, so that their mistakes are reported too
            for name in fields.keys() & entry.keys():
                fields[name].read(entry[name], spec, f"{path}.{name}", self.problems)
            return None
        self._check_frame(frame, path, fields, documents)
        source = frame.source or (base.source if base else None)
        if source is None:
            self._problem(path, "unsourced: required key 'source' is missing; state its document and clause")
            return None
        leaves = dict(base.leaves) if base is not None else {}
        notes = {**(base.open if base else {}), **frame.open}
        for name, kind in fields.items():
            if name not in entry:
                continue
            if base is not None and frame.source is None and name not in frame.sources:
                self._problem(f"{path}.{name}", "an overlay's figure needs a source of its own")
            for leaf, value in kind.read(entry[name], spec, f"{path}.{name}", self.problems).items():
                whole = f"{name}.{leaf}" if leaf else name
                leaves[whole] = Figure(value, frame.sources.get(whole) or frame.sources.get(name) or source)
                notes.pop(whole, None)
        version = Version(
            name=frame.version,
            source=base.source if base else source,
            effective=frame.effective or (base.effective if base else None),
            until=frame.until or (base.until if base else None),
            until_source=frame.until_source or (base.until_source if base else None),
            leaves=leaves,
            open=notes,
        )
        self._check_terms(spec, version, path)
        return version

    def _check_frame(
        self, frame: _Frame, path: str, fields: Mapping[str, Any], documents: Mapping[str, Document]
    ) -> None:
        cited = {"source": frame.source, "until_source": frame.until_source}
        cited.update({f"sources.{name}": citation for name, citation in frame.sources.items()})
        for where, citation in cited.items():
            if citation is None:
                continue
            if citation.document not in documents:
                known = ", ".join(documents) or "none"
                self._problem(f"{path}.{where}.document", f"no document {citation.document!r}; documents: {known}")
            if not citation.clause.strip():
                self._problem(f"{path}.{where}.clause", "a citation needs its clause")
        for key, names in (("sources", frame.sources), ("open", frame.open)):
            for name in names:
                if name.split(".", 1)[0] not in {*fields, "effective"}:
                    self._problem(f"{path}.{key}.{name}", f"no such field; fields: {', '.join(fields)}")
        if frame.until is not None and frame.until_source is None:
            self._problem(f"{path}.until", "an explicit end needs its own source: state until_source")
        if frame.effective and frame.until and frame.until < frame.effective:
            self._problem(f"{path}.until", f"ends on {frame.until}, before it begins on {frame.effective}")

    def _check_terms(self, spec: Section, version: Version, path: str) -> None:
        """A version that leaves nothing open is built once, so that the Terms class can say what does not fit."""
        if self.problems:
            return
        policy = Policy(Header("", "", "", ()), {}, (), {}, self.sections)
        if any(gap.path != "effective" for gap in policy.gaps(spec.name, version)):
            return
        try:
            policy.build(spec.name, attrs.evolve(version, effective=version.effective or datetime.date.min))
        except (PolicyError, ValueError) as error:
            self._problem(path, str(error))

    def _check_spans(self, section: str, versions: list[Version]) -> None:
        dated = [version for version in versions if version.effective is not None]
        for early, late in pairwise(dated):
            if early.until is None or (late.effective and early.until >= late.effective):
                end = f"runs to {early.until}" if early.until else "has no end"
                self._problem(
                    f"sections.{section}",
                    f"version {early.name!r} {end} and overlaps {late.name!r}, which begins on {late.effective}",
                )


def dumps(policy: Policy) -> str:
    """The policy as TOML text; `loads` of it gives an equal policy.  Needs tomli-w (extra ``toml``).

    An overlay is written out whole, with what it took from its base.
    Raises PolicyError if tomli-w is not installed.
    """
    try:
        import tomli_w
    except ImportError:
        raise PolicyError("writing TOML needs tomli-w: pip install 'mipolicy[toml]'") from None
    plain = cattrs.Converter(omit_if_default=True)
    tree: dict[str, Any] = {"format": FORMAT, **plain.unstructure(attrs.evolve(policy.header, extends=""))}
    tree["schemes"] = list(policy.header.schemes)
    tree["documents"] = {name: _dates(plain.unstructure(each)) for name, each in policy.documents.items()}
    if policy.unresolved:
        tree["unresolved"] = [_dates(plain.unstructure(each)) for each in policy.unresolved]
    sections: dict[str, Any] = {}
    for name, versions in policy.versions.items():
        *above, last = name.split(".")
        branch = sections
        for key in above:
            branch = branch.setdefault(key, {})
        branch[last] = [_written(policy.sections[name], version, plain) for version in versions]
    tree["sections"] = sections
    return tomli_w.dumps(tree)


def _dates(tree: dict[str, Any]) -> dict[str, Any]:
    """cattrs turns dates to text; TOML has dates of its own."""
    for key in ("published", "verified_on", "effective", "until"):
        if isinstance(tree.get(key), str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", tree[key]):
            tree[key] = datetime.date.fromisoformat(tree[key])
    return tree


def _written(spec: Section, version: Version, plain: cattrs.Converter) -> dict[str, Any]:
    tree: dict[str, Any] = {"version": version.name, "source": plain.unstructure(version.source)}
    if version.effective:
        tree["effective"] = version.effective
    if version.until:
        tree["until"] = version.until
    if version.until_source:
        tree["until_source"] = plain.unstructure(version.until_source)
    if version.open:
        tree["open"] = dict(version.open)
    sources: dict[str, Any] = {}
    for name, kind, _ in spec.kinds():
        own = {path: figure for path, figure in version.leaves.items() if path.split(".", 1)[0] == name}
        if not own:
            continue
        tree[name] = kind.write({path[len(name) + 1 :]: figure.value for path, figure in own.items()})
        cited = {figure.source for figure in own.values()}
        for path, figure in own.items():
            if figure.source != version.source:
                sources[name if len(cited) == 1 else path] = plain.unstructure(figure.source)
    if sources:
        tree["sources"] = sources
    return tree
