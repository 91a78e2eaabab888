"""Policy documents as TOML text: read with every mistake reported at once, checked whole, and written back.

Two levels: cattrs structures the header, the documents, the references and the frame of each version, unknown keys
forbidden; the kinds of `policy.kinds` read each field of a section.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from attrs import frozen

from mipolicy.errors import DocumentError, MipolicyError, PolicyError, Problem
from mipolicy.policy.document import (
    STATUSES,
    Citation,
    Document,
    Figure,
    Header,
    Policy,
    Unresolved,
    Version,
    nearest,
)
from mipolicy.policy.kinds import Section
from mipolicy.policy.written import FORMAT, dumps, kept_at, unfilled_in, within

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["dumps", "loads"]

T = TypeVar("T")
_FRAME = ("version", "effective", "until", "source", "until_source", "sources", "open")
_PARTS = ("format", "documents", "unresolved", "sections")
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


def _text(value: Any, _: type[str]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"takes text, not {value!r}; codes are strings and keep their leading zeros")
    return value


def _day(value: Any, _: type[datetime.date]) -> datetime.date:
    if type(value) is not datetime.date:
        raise TypeError(f"takes a date such as 2023-05-18, unquoted, not {value!r}")
    return value


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"takes a list of texts, not {value!r}")
    return tuple(_text(each, str) for each in value)


@cache
def _converter() -> Converter:
    """What reads records; it is made for the first document, since `import mipolicy` need not wait for it."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(datetime.date, _day)
    converter.register_structure_hook_func(lambda shape: shape == tuple[str, ...], _texts)
    for each in (Citation, Document, Unresolved, Header, _Frame):
        attrs.resolve_types(each)
        hook = make_dict_structure_fn(each, converter, _cattrs_forbid_extra_keys=True)
        converter.register_structure_hook(each, partial(_table, hook))
    return converter


def _table(hook: Callable[[Any, Any], Any], value: Any, shape: type[Any]) -> Any:
    if not isinstance(value, dict):
        raise TypeError(f"takes a table, not {value!r}")
    return hook(value, shape)


def _structure(raw: Any, shape: type[T], path: str, problems: list[Problem]) -> tuple[T | None, set[str]]:
    """The record that a table holds, and the keys that are missing or wrong, which are None in it."""
    if not isinstance(raw, dict):
        problems.append(Problem(path, f"takes a table, not {raw!r}"))
        return None, set()
    from cattrs import BaseValidationError

    converter = _converter()  # which resolves the types of the fields
    fields = attrs.fields_dict(shape)  # type: ignore[arg-type]  # only attrs classes come here
    allowed = ", ".join(fields)
    problems += [Problem(f"{path}.{key}", f"unknown key; allowed: {allowed}") for key in raw if key not in fields]
    values: dict[str, Any] = {}
    bad = set()
    for name, each in fields.items():
        if name in raw:
            try:
                values[name] = converter.structure(raw[name], each.type or str)
            except (BaseValidationError, TypeError, ValueError, AttributeError) as error:
                bad.add(name)
                problems += [Problem(f"{path}.{name}{where}", message) for where, message in _mistakes(error)]
        elif each.default is attrs.NOTHING:
            bad.add(name)
            problems.append(Problem(f"{path}.{name}", "missing, and required"))
    return shape(**values, **dict.fromkeys(bad)), bad


def _mistakes(error: Exception) -> Iterator[tuple[str, str]]:
    """The path below the key, and the message, of each mistake that cattrs found in it."""
    from cattrs.v import transform_error

    for line in transform_error(error, path="$", format_exception=_explain):
        message, _, where = line.rpartition(" @ ")
        yield where.removeprefix("$").replace("['", ".").replace("']", ""), message


def _explain(error: BaseException, _: type | None) -> str:
    from cattrs import ForbiddenExtraKeysError

    if isinstance(error, KeyError):
        return "missing, and required"
    if isinstance(error, ForbiddenExtraKeysError):
        allowed = ", ".join(each.name for each in attrs.fields(error.cl))
        return f"unknown key {', '.join(sorted(error.extra_fields))}; allowed: {allowed}"
    if isinstance(error, AttributeError):
        return "takes a table"
    return str(error)


def loads(
    text: str | bytes,
    sections: Mapping[str, Section],
    *,
    base: Policy | None = None,
    name: str = "policy",
    find: Callable[[str], Policy] | None = None,
) -> Policy:
    """A policy from its TOML text.

    text: UTF-8; sections: name -> `Section`, as `mipolicy.rooms.SECTIONS` lists them;
    base: the policy that an overlay `extends`, already loaded; name: how errors call the text;
    find: gives the policy of an id, for an overlay whose base is not given.
    Raises DocumentError with every mistake and its path.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DocumentError(name, [Problem("file", f"not UTF-8 at byte {error.start}; save it as UTF-8")]) from None
    text = text.removeprefix("\ufeff")  # editors on Windows put a byte order mark before UTF-8
    if not text.strip():
        raise DocumentError(
            name, [Problem("file", "the file is empty; a policy needs at least id, title, region, schemes")]
        )
    import tomllib

    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise DocumentError(name, [Problem("file", "not TOML: nested too deeply")]) from None
    except ValueError as error:  # integers too long to read are no TOMLDecodeError
        raise DocumentError(name, [Problem("file", f"not TOML: {error}")]) from None
    problems: list[Problem] = []
    if base is None and find is not None and isinstance(raw.get("extends"), str) and raw["extends"] != raw.get("id"):
        try:
            base = find(raw["extends"])
        except PolicyError as error:
            problems.append(Problem("header.extends", str(error)))
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
        raw = self.raw
        if type(raw.get("format")) is not int or raw["format"] != FORMAT:
            self._problem("format", f"takes {FORMAT}, the one format that this version reads")
        names = [each.name for each in attrs.fields(Header)]
        for key in raw:
            if key not in names and key not in _PARTS:
                self._problem(key, f"unknown key; allowed: {', '.join((*names, *_PARTS))}")
        documents = self._documents(raw.get("documents", {}))
        if self.base is not None:
            documents = {**self.base.documents, **documents}
        unresolved = self._unresolved(raw.get("unresolved", []), documents)
        if self.base is not None:
            unresolved = (*self.base.unresolved, *unresolved)
        versions_raw = self._collect(raw.get("sections", {}))
        header, bad = _structure({key: raw[key] for key in names if key in raw}, Header, "header", self.problems)
        if header is None:
            return None
        self._check_header(header, bad)
        versions: dict[str, tuple[Version, ...]] = dict(self.base.versions) if self.base is not None else {}
        for section, entries in versions_raw.items():
            versions[section] = self._versions(section, entries, documents, versions.get(section, ()))
        ordered = {section: versions[section] for section in self.sections if section in versions}
        lineage = (self.base.id, *self.base.lineage) if self.base is not None else ()
        return Policy(header, documents, unresolved, ordered, dict(self.sections), lineage=lineage)

    def _problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _check_header(self, header: Header, bad: set[str]) -> None:
        if "region" not in bad and not _REGION.fullmatch(header.region):
            self._problem("header.region", f"takes a six-digit GB/T 2260 code, not {header.region!r}")
        if "id" not in bad and not header.id:
            self._problem("header.id", "takes a name that tells this policy from others")
        if "schemes" not in bad and not header.schemes:
            self._problem("header.schemes", "takes at least one insutype code")
        if header.extends and self.base is None and not any(each.path == "header.extends" for each in self.problems):
            self._problem("header.extends", f"extends {header.extends!r}, which was not given")
        line = (header.extends, *(self.base.lineage if self.base is not None else ()))
        if header.id and header.id in line:
            chain = " -> ".join((header.id, *line[: line.index(header.id) + 1]))
            self._problem("header.extends", f"a policy cannot extend itself: {chain}")
        if self.base is not None and "extends" not in bad and header.extends != self.base.id:
            self._problem("header.extends", f"extends {header.extends!r}, but the base given is {self.base.id!r}")

    def _documents(self, raw: Any) -> dict[str, Document]:
        documents: dict[str, Document] = {}
        if not isinstance(raw, dict):
            self._problem("documents", "takes a table of documents by short name")
            return documents
        for name, entry in raw.items():
            document, bad = _structure(entry, Document, f"documents.{name}", self.problems)
            if document is None:
                continue
            documents[name] = document
            if "status" not in bad and document.status not in STATUSES:
                self._problem(
                    f"documents.{name}.status", f"takes one of {', '.join(STATUSES)}, not {document.status!r}"
                )
            if document.effective and document.until and document.until < document.effective:
                self._problem(f"documents.{name}.until", f"{document.until} is before {document.effective}")
        return documents

    def _unresolved(self, raw: Any, documents: Mapping[str, Document]) -> tuple[Unresolved, ...]:
        found: list[Unresolved] = []
        if not isinstance(raw, list):
            self._problem("unresolved", "takes a list of tables")
            return ()
        for at, entry in enumerate(raw):
            each, bad = _structure(entry, Unresolved, f"unresolved[{at}]", self.problems)
            if each is not None:
                if "cited_in" not in bad:
                    self._check_citation(each.cited_in, f"unresolved[{at}].cited_in", documents)
                found.append(each)
        return tuple(found)

    def _check_citation(self, citation: Citation, path: str, documents: Mapping[str, Document]) -> None:
        if citation.document not in documents:
            known = ", ".join(documents) or "none"
            self._problem(f"{path}.document", f"no document {citation.document!r}; documents: {known}")
        if not citation.clause.strip():
            self._problem(f"{path}.clause", "a citation needs its clause")

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
        before = {version.name: version for version in base}
        found = dict(before)
        stated: set[str] = set()
        for at, entry in enumerate(entries):
            path = f"sections.{section}[{at}]"
            name = entry.get("version") if isinstance(entry, dict) else None
            if isinstance(name, str):
                if name in stated:
                    self._problem(f"{path}.version", f"{name!r} stands twice in this section")
                stated.add(name)
            version = self._version(self.sections[section], entry, path, documents, before.get(str(name)))
            if version is not None and isinstance(version.name, str):
                found[version.name] = version
        versions = sorted(found.values(), key=lambda version: version.effective or datetime.date.min)
        self._check_spans(section, versions)
        return tuple(versions)

    def _version(
        self, spec: Section, entry: Any, path: str, documents: Mapping[str, Document], base: Version | None
    ) -> Version | None:
        if not isinstance(entry, dict):
            self._problem(path, "takes a table")
            return None
        faults = len(self.problems)
        fields = {name: kind for name, kind, _ in spec.kinds()}
        for key in entry:
            if key not in fields and key not in _FRAME:
                why = "is settled by what this section is" if key in spec.fixed else "unknown key"
                self._problem(f"{path}.{key}", f"{why}; allowed: {', '.join((*_FRAME, *fields))}")
        read = {
            name: kind.read(entry[name], spec, f"{path}.{name}", self.problems)
            for name, kind in fields.items()
            if name in entry
        }
        frame, bad = _structure({key: entry[key] for key in _FRAME if key in entry}, _Frame, path, self.problems)
        if frame is None:
            return None
        frame = attrs.evolve(frame, sources=frame.sources or {}, open=frame.open or {})  # None where it was wrong
        self._check_frame(frame, bad, path, documents)
        source = frame.source or (base.source if base else None)
        if source is None:
            if "source" not in bad:
                self._problem(path, "unsourced: required key 'source' is missing; state its document and clause")
            source = Citation("", "")
        leaves = dict(base.leaves) if base is not None else {}
        for name, found in read.items():
            for leaf, value in found.items():
                whole = f"{name}.{leaf}" if leaf else name
                own = nearest(frame.sources, whole) or frame.source
                if own is None and base is not None and "source" not in bad:
                    self._problem(f"{path}.{whole}", "an overlay's figure needs a source of its own")
                leaves[whole] = Figure(value, own or source)
        cited = {**(base.sources if base else {}), **frame.sources}
        if base is not None and frame.effective not in (None, base.effective) and "effective" not in frame.sources:
            if frame.source is not None:
                cited["effective"] = frame.source
            elif "source" not in bad and "sources" not in bad:
                self._problem(f"{path}.effective", "an overlay's first day needs a source of its own")
        version = Version(
            name=frame.version,
            source=base.source if base else source,
            effective=frame.effective or (base.effective if base else None),
            until=frame.until or (base.until if base else None),
            until_source=frame.until_source or (base.until_source if base else None),
            leaves=leaves,
        )
        unfilled = unfilled_in(spec, version)
        self._check_paths(frame, spec, {name: found for name, found in read.items() if found}, unfilled, path)
        version = attrs.evolve(
            version,
            open=kept_at({**(base.open if base else {}), **frame.open}, unfilled),
            sources=kept_at(cited, {*unfilled, "effective"}),
        )
        self._check_span(frame, bad, version, path)
        if len(self.problems) == faults:
            self._check_terms(spec, version, path)
        return version

    def _check_frame(self, frame: _Frame, bad: set[str], path: str, documents: Mapping[str, Document]) -> None:
        cited = {"source": frame.source, "until_source": frame.until_source}
        cited.update({f"sources.{name}": citation for name, citation in frame.sources.items()})
        for where, citation in cited.items():
            if citation is not None:
                self._check_citation(citation, f"{path}.{where}", documents)
        if "version" not in bad and not frame.version.strip():
            self._problem(f"{path}.version", "takes a name that tells the versions of the section apart")

    def _check_paths(
        self, frame: _Frame, spec: Section, read: Mapping[str, Mapping[str, Any]], unfilled: set[str], path: str
    ) -> None:
        """Each citation and note must name something that is there: a figure of this entry, or what is open."""
        fields = {name: kind for name, kind, _ in spec.kinds()}
        parts = {"effective"}.union(*(within(name, kind.leaves(spec)) for name, kind in fields.items()))
        stated = {"effective"}.union(*(within(name, found) for name, found in read.items()))
        for key, names in (("sources", frame.sources), ("open", frame.open)):
            for name in names:
                field = name.split(".", 1)[0]
                here = f"{path}.{key}.{name}"
                if field not in fields and name != "effective":
                    self._problem(here, f"no such field; fields: {', '.join(('effective', *fields))}")
                elif name not in parts:
                    leaves = ", ".join(leaf for leaf in fields[field].leaves(spec) if leaf) or "none"
                    self._problem(here, f"no such part of {field}; parts: {leaves}")
                elif key == "open" and name not in unfilled:
                    self._problem(here, "is stated, so it is not open")
                elif key == "sources" and name not in unfilled | stated:
                    self._problem(here, "cites a figure that this entry does not state")

    def _check_span(self, frame: _Frame, bad: set[str], version: Version, path: str) -> None:
        if frame.until is not None and frame.until_source is None and "until_source" not in bad:
            self._problem(f"{path}.until", "an explicit end needs its own source: state until_source")
        if version.until_source is not None and version.until is None and "until" not in bad:
            self._problem(f"{path}.until_source", "an end is sourced but not stated: state until")
        if version.effective and version.until and version.until < version.effective:
            self._problem(f"{path}.until", f"ends on {version.until}, before it begins on {version.effective}")

    def _check_terms(self, spec: Section, version: Version, path: str) -> None:
        """A version that leaves nothing open is built once, so that the Terms class can say what does not fit."""
        policy = Policy(Header("", "", "", ()), {}, (), {}, self.sections)
        if any(gap.path != "effective" for gap in policy.gaps(spec.name, version)):
            return
        try:
            policy.build(spec.name, attrs.evolve(version, effective=version.effective or datetime.date.min))
        except (MipolicyError, ValueError) as error:
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
