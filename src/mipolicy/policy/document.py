"""A policy: documents, dated versions of sections, what is open, and what complete terms can be had on a date.

The policy knows no room: it is given the sections, a mapping of name -> `Section`.  It does no I/O.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import attrs
from attrs import field, frozen

from mipolicy.errors import NotInForce, OpenField, PolicyError, PolicyGap, RepealedPolicy
from mipolicy.policy.kinds import Section, leaf_text
from mipolicy.traced import Leaf

__all__ = [
    "STATUSES",
    "Citation",
    "Document",
    "Figure",
    "Header",
    "Mode",
    "Policy",
    "Provenance",
    "Unresolved",
    "UnverifiedWarning",
    "Version",
    "nearest",
]

T = TypeVar("T")
Mode: TypeAlias = Literal["strict", "warn", "carry_forward"]
STATUSES = ("in_force", "repealed", "plan", "article", "assumed")


class UnverifiedWarning(UserWarning):
    """Terms are used past the date up to which their document was verified."""


@frozen
class Citation:
    """Where a figure stands: a document of the policy, by its short name, and the clause."""

    document: str
    clause: str

    def __str__(self) -> str:
        return f"{self.document} {self.clause}"


@frozen
class Document:
    """One document that a policy rests on.

    number: the issuer's number; published: date of issue; status: one of `STATUSES`; verified_on: the last date for
    which the text was checked to be the one in force; effective, until: the span that the document states for itself.
    """

    title: str
    issuer: str
    status: str
    number: str = ""
    published: datetime.date | None = None
    url: str = ""
    verified_on: datetime.date | None = None
    effective: datetime.date | None = None
    until: datetime.date | None = None
    note: str = ""


@frozen
class Unresolved:
    """A document that is referred to but not at hand (rules O07, O14, S34).

    holds: which figures or formulas it would supply; cited_in: where it is named.
    """

    title: str
    holds: str
    cited_in: Citation
    number: str = ""
    published: str = ""


@frozen
class Figure:
    """One stated leaf: its value, and where it is stated."""

    value: Any
    source: Citation


@frozen
class Version:
    """One dated version of a section.

    name: tells the versions of a section apart; effective, until: first and last day, None where open;
    source: the clause that sets the section; until_source: the clause that ends it; leaves: path -> stated figure;
    open: path -> what would fill it, where a clause names a mechanism without its figure;
    sources: path -> clause, for the first day and for what is open, where it is not the section's own.
    """

    name: str
    source: Citation
    effective: datetime.date | None = None
    until: datetime.date | None = None
    until_source: Citation | None = None
    leaves: Mapping[str, Figure] = field(factory=dict)
    open: Mapping[str, str] = field(factory=dict)
    sources: Mapping[str, Citation] = field(factory=dict)

    def cited(self, path: str) -> Citation:
        """The clause of a stated figure, first or last day, else the one that leaves it open."""
        if path == "until" and self.until_source is not None:
            return self.until_source
        figure = self.leaves.get(path)
        return figure.source if figure else nearest(self.sources, path) or self.source

    def stated(self, path: str) -> Any:
        """The value of a stated figure, None where it is open."""
        figure = self.leaves.get(path)
        return figure.value if figure else None


@frozen
class Header:
    """What a policy file says of itself.

    region: GB/T 2260 code; schemes: insutype codes covered; reform: reference of the change, where it is one.
    """

    id: str
    title: str
    region: str
    schemes: tuple[str, ...]
    note: str = ""
    extends: str = field(default="", eq=False)
    reform: str = ""


@frozen
class Provenance:
    """One row of the provenance table: a figure, or an open field, and where it comes from."""

    section: str
    version: str
    path: str
    value: str
    document: str
    clause: str
    effective: str
    until: str


@frozen
class Policy:
    """One jurisdiction's rules over time; frozen, so that an overlay or reform always gives a new one.

    mode: what happens past the verified span: "strict" raises, "warn" warns, "carry_forward" goes on silently.
    allow_repealed: permission to use a repealed document (rule O06).
    lineage: the ids of what it extends, nearest first.
    """

    header: Header
    documents: Mapping[str, Document]
    unresolved: tuple[Unresolved, ...]
    versions: Mapping[str, tuple[Version, ...]]
    sections: Mapping[str, Section] = field(repr=False, eq=False)
    mode: Mode = field(default="strict", eq=False)
    allow_repealed: bool = field(default=False, eq=False)
    lineage: tuple[str, ...] = field(default=(), eq=False, repr=False)
    _built: dict[tuple[str, str], tuple[Version, Any]] = field(factory=dict, init=False, repr=False, eq=False)
    _verified: dict[tuple[str, str], tuple[Version, datetime.date | None]] = field(
        factory=dict, init=False, repr=False, eq=False
    )

    @property
    def id(self) -> str:
        """The policy's id."""
        return self.header.id

    def using(self, *, mode: Mode | None = None, allow_repealed: bool | None = None) -> Policy:
        """The same policy, used in another mode or with another permission."""
        return attrs.evolve(
            self,
            mode=self.mode if mode is None else mode,
            allow_repealed=self.allow_repealed if allow_repealed is None else allow_repealed,
        )

    def in_force(self, document: str, on: datetime.date) -> bool:
        """Whether a document is in force on a date (rule O25): status, and the span it states for itself.

        Raises PolicyError for a document that the policy does not list, and for one that states no first day.
        """
        if document not in self.documents:
            raise PolicyError(f"{self.id} lists no document {document!r}; it lists {', '.join(self.documents)}")
        found = self.documents[document]
        if found.status in ("repealed", "article"):
            return False
        if found.effective is None:
            raise PolicyError(f"{self.id}: {document} states no first day, so its force on {on} is open")
        return found.effective <= on and (found.until is None or on <= found.until)

    def version(self, section: str, on: datetime.date) -> Version:
        """The version of a section for a date.

        Raises NotInForce before the first version, in a gap, and past the verified span in strict mode; RepealedPolicy;
        PolicyGap where the documents leave the first day open.
        """
        self.section(section)
        versions = self.versions.get(section, ())
        dated = [version for version in versions if version.effective is not None and version.effective <= on]
        if not dated:
            undated = [version for version in versions if version.effective is None]
            for version in undated:
                self._check_repealed(version)
            if undated or not versions:
                raise self._gap(section, undated[-1] if undated else None)
            first = min(version.effective for version in versions if version.effective is not None)
            raise NotInForce(f"{self.id}: section {section} is first in force on {first}, not on {on}")
        found = max(dated, key=lambda version: version.effective or on)
        held = self._verified.get((section, found.name))
        if held is None or held[0] is not found:
            self._check_repealed(found)
            held = self._verified[section, found.name] = (found, self.verified_until(found))
        last = held[1]
        if last is not None and on > last:
            self._past(section, found, last, on)
        return found

    def _past(self, section: str, found: Version, last: datetime.date, on: datetime.date) -> None:
        why = f"ended on {last}" if found.until == last else f"was verified up to {last} only"
        message = f"{self.id}: section {section}, version {found.name}, {why}; {on} is past it"
        if self.mode == "strict":
            raise NotInForce(f"{message} (modes warn and carry_forward use it all the same)")
        if self.mode == "warn":
            warnings.warn(message, UnverifiedWarning, stacklevel=4)

    def verified_until(self, version: Version) -> datetime.date | None:
        """The last day of the verified span: the earliest of its end and its documents' `verified_on`."""
        documents = {version.source.document, *(figure.source.document for figure in version.leaves.values())}
        days = [version.until, *(self.documents[name].verified_on for name in documents)]
        return min((day for day in days if day), default=None)

    def _check_repealed(self, version: Version) -> None:
        if self.allow_repealed:
            return
        for name in {version.source.document, *(figure.source.document for figure in version.leaves.values())}:
            if self.documents[name].status == "repealed":
                number = self.documents[name].number or self.documents[name].title
                raise RepealedPolicy(f"{self.id}: {number} is repealed; to use it as history, say allow_repealed=True")

    def section(self, name: str) -> Section:
        """A section by its dotted name; raises PolicyError for an unknown one."""
        if name not in self.sections:
            raise PolicyError(f"unknown section {name!r}; sections: {', '.join(self.sections)}")
        return self.sections[name]

    def gaps(self, section: str, version: Version | None) -> tuple[OpenField, ...]:
        """Every leaf that the documents leave open in a version, the first day included."""
        spec = self.section(section)

        def clause(path: str) -> str:
            return str(version.cited(path)) if version else f"no clause of {self.id} sets this section"

        found = []
        stated = version.leaves if version else {}
        notes = version.open if version else {}
        if version is None or version.effective is None:
            needs = notes.get("effective") or "the first day in force, a date"
            found.append(OpenField("effective", clause("effective"), needs))
        for name, kind, labels in spec.kinds():
            paths = [f"{name}.{leaf}" if leaf else name for leaf in kind.leaves(spec)]
            missing = [path for path in paths if path not in stated]
            if len(missing) == len(paths):
                missing = [name]
            for path in missing:
                needs = nearest(notes, path) or labels["needs"] or kind.needs(path == name)
                found.append(OpenField(path, clause(path), needs))
        return tuple(found)

    def _gap(self, section: str, version: Version | None) -> PolicyGap:
        return PolicyGap(self.id, section, self.gaps(section, version))

    def terms(self, terms: type[T], *, on: datetime.date, section: str = "") -> T:
        """Complete terms of a section on a date.

        terms: the Terms class; section: its dotted name, needed where several sections share the class.
        Raises PolicyGap listing every open figure; NotInForce; RepealedPolicy.
        """
        if not section:
            names = [name for name, spec in self.sections.items() if spec.holds(terms)]
            if len(names) != 1:
                raise PolicyError(
                    f"{terms.__name__} serves the sections {', '.join(names) or 'none'}: name one of them"
                )
            section = names[0]
        if not self.section(section).holds(terms):
            raise PolicyError(f"section {section} holds {self.section(section).terms.__name__}, not {terms.__name__}")
        built: T = self.build(section, self.version(section, on))
        return built

    def build(self, section: str, version: Version) -> Any:
        """Complete terms of one version, built once; raises PolicyGap."""
        key = (section, version.name)
        held = self._built.get(key)
        if held is None or held[0] is not version:
            held = self._built[key] = (version, self._build(section, version))
        return held[1]

    def _build(self, section: str, version: Version) -> Any:
        spec = self.section(section)
        if self.gaps(section, version):
            raise self._gap(section, version)
        values: dict[str, Any] = dict(spec.fixed)
        for name, kind, _ in spec.kinds():
            prefix = len(name) + 1
            leaves = {path[prefix:]: figure.value for path, figure in version.leaves.items() if _field(path) == name}
            values[name] = kind.build(leaves, spec)
        return spec.terms(**values)

    def traced(self, section: str, version: Version) -> Any:
        """Complete terms whose figures carry their path, version and clause, for `explain`."""
        spec = self.section(section)
        terms = self.build(section, version)
        changes = {}
        for name, kind, labels in spec.kinds():

            def leaf(path: str, unit: Any, name: str = name, labels: Mapping[str, Any] = labels) -> Leaf:
                whole = name + path if path.startswith("[") else f"{name}.{path}" if path else name
                clause = str(version.cited(whole if whole in version.leaves else name))
                return Leaf("terms", f"{section}.{whole}", labels["zh"], labels["en"], unit, version.name, clause)

            changes[name] = kind.trace(getattr(terms, name), leaf)
        return attrs.evolve(terms, **changes)

    def provenance(self) -> Iterator[Provenance]:
        """Every figure and every open field, each with its document, clause and dates."""
        for section, versions in self.versions.items():
            spec = self.section(section)
            kinds = {name: kind for name, kind, _ in spec.kinds()}
            for version in versions:
                dates = (_day(version.effective) or "open", _day(version.until))
                rows = [
                    (path, leaf_text(kinds[_field(path)], path[len(_field(path)) + 1 :], figure.value))
                    for path, figure in version.leaves.items()
                ]
                rows += [(gap.path, "open") for gap in self.gaps(section, version)]
                days = {"effective": version.effective, "until": version.until}
                rows += [(name, _day(day)) for name, day in days.items() if day is not None]
                for path, text in rows:
                    cited = version.cited(path)
                    document = self.documents[cited.document].number or self.documents[cited.document].title
                    yield Provenance(section, version.name, path, text, document, cited.clause, *dates)

    def change_dates(self) -> tuple[datetime.date, ...]:
        """Every date on which some section begins, or the day after it ends, in order."""
        days = set()
        for versions in self.versions.values():
            for version in versions:
                if version.effective:
                    days.add(version.effective)
                if version.until and version.until < datetime.date.max:
                    days.add(version.until + datetime.timedelta(days=1))
        return tuple(sorted(days))


def nearest(by_path: Mapping[str, T], path: str) -> T | None:
    """What is said of a path, or else of the closest part of the section that holds it."""
    while path not in by_path and "." in path:
        path = path.rpartition(".")[0]
    return by_path.get(path)


def _field(path: str) -> str:
    return path.split(".", 1)[0]


def _day(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""
