"""What a field of a section holds: how it is read from TOML, checked, built, traced and written back.

A field is made of leaves.  A single figure is one leaf; a table is one leaf per combination of codes, so that a
document may fix some and leave others open; bands and lists are one leaf each.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from itertools import product
from typing import Any

import attrs
from attrs import frozen

from mipolicy.errors import AmountError, MipolicyError, Problem
from mipolicy.policy.kind import NEEDS, READ, STATUS, WRITE, Kind, Section, amount_of, unit_text
from mipolicy.tables import Axis, Bands, Table
from mipolicy.traced import Leaf, Traced

__all__ = [
    "STATUS",
    "BandsKind",
    "ChoiceKind",
    "CodesKind",
    "DateKind",
    "FigureKind",
    "FlagKind",
    "Kind",
    "RecordsKind",
    "Section",
    "TableKind",
    "TextKind",
    "choice_table",
    "kind_of",
    "leaf_text",
    "terms_field",
    "unit_text",
]


@frozen
class FigureKind(Kind):
    """One figure in a unit: fen, rate, factor, factor_limit ("none": no limit), points, days or count."""

    unit: str

    def figure(self, text: str) -> int:
        """See `Kind`."""
        return READ[self.unit](text)

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return NEEDS[self.unit]

    def value(self, raw: Any) -> int:
        """See `Kind`."""
        return READ[self.unit](raw)

    def text(self, value: int) -> Any:
        """See `Kind`."""
        return WRITE[self.unit](value)

    def trace(self, value: int, leaf: Callable[[str, Any], Leaf]) -> int:
        """See `Kind`."""
        return Traced(value, leaf=leaf("", self.unit))


@frozen
class FlagKind(Kind):
    """A yes or no that a document states; held as 1 or 0."""

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "true or false"

    def value(self, raw: Any) -> int:
        """See `Kind`."""
        if not isinstance(raw, bool):
            raise AmountError(f"takes true or false, not {raw!r}")
        return int(raw)

    def text(self, value: int) -> bool:
        """See `Kind`."""
        return bool(value)

    def trace(self, value: int, leaf: Callable[[str, Any], Leaf]) -> int:
        """See `Kind`."""
        return Traced(value, leaf=leaf("", "flag"))


@frozen
class ChoiceKind(Kind):
    """One word out of a closed list."""

    choices: tuple[str, ...]

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "one of " + ", ".join(self.choices)

    def value(self, raw: Any) -> str:
        """See `Kind`."""
        if raw not in self.choices or not isinstance(raw, str):
            raise AmountError(f"takes one of {', '.join(self.choices)}, not {raw!r}")
        return raw


@frozen
class CodesKind(Kind):
    """A list of codes or words, each a string; `allowed` closes the list."""

    allowed: tuple[str, ...] = ()

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a list out of " + ", ".join(self.allowed) if self.allowed else "a list of codes, as text"

    def value(self, raw: Any) -> tuple[str, ...]:
        """See `Kind`."""
        if not isinstance(raw, (list, tuple)):
            raise AmountError(f"takes a list of codes, not {raw!r}")
        for code in raw:
            if not isinstance(code, str) or not code:
                raise AmountError(f"codes are strings and keep their leading zeros, got {code!r}")
            if self.allowed and code not in self.allowed:
                raise AmountError(f"takes words out of {', '.join(self.allowed)}, not {code!r}")
        if len(set(raw)) != len(raw):
            raise AmountError("a code stands twice in the list")
        return tuple(raw)

    def text(self, value: tuple[str, ...]) -> list[str]:
        """See `Kind`."""
        return list(value)


@frozen
class DateKind(Kind):
    """A calendar date."""

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a date"

    def value(self, raw: Any) -> datetime.date:
        """See `Kind`."""
        if type(raw) is not datetime.date:
            raise AmountError(f"takes a date such as 2023-05-18, unquoted, not {raw!r}")
        return raw


@frozen
class TableKind(Kind):
    """A figure per combination of codes, nested in the order of the axes; a bare figure stands for all below it.

    words: for figures that are words, the words in the order of the small integers that stand for them; words_zh: their
    Chinese labels.
    """

    unit: str
    axes: tuple[Axis, ...]
    words: tuple[str, ...] = ()
    words_zh: tuple[str, ...] = ()

    def _axes(self, section: Section) -> tuple[Axis, ...]:
        return tuple(section.status if axis is STATUS else axis for axis in self.axes)

    def leaves(self, section: Section) -> tuple[str, ...]:
        """See `Kind`."""
        return tuple(".".join(each) for each in product(*(axis.members for axis in self._axes(section))))

    def figure(self, text: str) -> int:
        """See `Kind`."""
        return Kind.figure(self, text) if self.words else READ[self.unit](text)

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        one = "one of " + ", ".join(self.words) if self.words else NEEDS[self.unit]
        return f"{one}, by {' and '.join(axis.name for axis in self.axes)}" if whole else one

    def read(self, raw: Any, section: Section, path: str, problems: list[Problem]) -> dict[str, Any]:
        """See `Kind`."""
        found: dict[str, Any] = {}
        self._descend(raw, self._axes(section), (), path, problems, found)
        return found

    def _descend(
        self,
        raw: Any,
        axes: tuple[Axis, ...],
        above: tuple[str, ...],
        path: str,
        problems: list[Problem],
        found: dict[str, Any],
    ) -> None:
        if isinstance(raw, dict) and axes:
            for key, value in raw.items():
                if key in axes[0].members:
                    self._descend(value, axes[1:], (*above, key), f"{path}.{key}", problems, found)
                else:
                    problems.append(
                        Problem(f"{path}.{key}", f"unknown {axes[0].name}; allowed: {', '.join(axes[0].members)}")
                    )
            return
        try:
            value = self.words.index(ChoiceKind(self.words).value(raw)) if self.words else READ[self.unit](raw)
        except MipolicyError as error:
            problems.append(Problem(path, str(error)))
            return
        for rest in product(*(axis.members for axis in axes)):
            found[".".join((*above, *rest))] = value

    def write(self, leaves: Mapping[str, Any]) -> Any:
        """See `Kind`."""
        tree: dict[str, Any] = {}
        for path, value in leaves.items():
            if not path:
                return self.text(value)
            *above, last = path.split(".")
            branch = tree
            for key in above:
                branch = branch.setdefault(key, {})
            branch[last] = self.text(value)
        return tree

    def text(self, value: int) -> Any:
        """See `Kind`."""
        return self.words[value] if self.words else WRITE[self.unit](value)

    def build(self, leaves: Mapping[str, Any], section: Section) -> Table:
        """See `Kind`."""
        return Table(self._axes(section), tuple(leaves[path] for path in self.leaves(section)))

    def trace(self, value: Table, leaf: Callable[[str, Any], Leaf]) -> Table:
        """See `Kind`."""
        paths = product(*(axis.members for axis in value.axes))
        unit: Any = self.unit
        if self.words_zh:
            unit = Axis("choice", self.words, self.words_zh, self.words)
        elif self.unit == "word":
            unit = "|".join(self.words)
        return Table(
            value.axes,
            tuple(Traced(v, leaf=leaf(".".join(path), unit)) for v, path in zip(value.values, paths, strict=True)),
        )


def choice_table(words: tuple[str, ...], *axes: Axis, zh: tuple[str, ...] = ()) -> TableKind:
    """A table whose figures are words of a closed list, held as their positions; zh: their Chinese labels."""
    return TableKind("word", axes, words, zh)


@frozen
class BandsKind(Kind):
    """Bands: ``[{ from = "0", rate = ... }, ...]``, each rate nested by the axes; one leaf.

    edge: what the edges are, amounts in yuan or rates of a base that the rule names.
    """

    axes: tuple[Axis, ...]
    edge: str = "fen"

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        edge = "in yuan" if self.edge == "fen" else "as a rate"
        return f"bands, each with its lower edge {edge} and its rates"

    def read(self, raw: Any, section: Section, path: str, problems: list[Problem]) -> dict[str, Any]:
        """See `Kind`."""
        if not isinstance(raw, list) or not raw or not all(isinstance(band, dict) for band in raw):
            problems.append(Problem(path, 'takes a list of bands such as { from = "0", rate = "0.8" }'))
            return {}
        before = len(problems)
        rates = TableKind("rate", self.axes)
        edges, tables = [], []
        for at, band in enumerate(raw):
            here = f"{path}[{at}]"
            faults = len(problems)
            problems += [Problem(f"{here}.{key}", "unknown key; allowed: from, rate") for key in _beside(band, _BAND)]
            try:
                edges.append((amount_of if self.edge == "fen" else READ[self.edge])(band.get("from", 0)))
            except MipolicyError as error:
                problems.append(Problem(f"{here}.from", str(error)))
            found = rates.read(band["rate"], section, f"{here}.rate", problems) if "rate" in band else {}
            lacking = [key for key in _BAND if key not in band]
            if not lacking and len(problems) == faults:
                lacking = [f"rate.{leaf}" for leaf in rates.leaves(section) if leaf not in found]
            if lacking:
                what = f"the band lacks {', '.join(lacking)}; bands are stated whole or left open"
                problems.append(Problem(here, what))
            if len(problems) == before:
                tables.append(rates.build(found, section))
        if len(problems) > before:
            return {}
        try:
            return {"": Bands(tuple(edges), tuple(tables))}
        except MipolicyError as error:
            problems.append(Problem(path, str(error)))
            return {}

    def text(self, value: Bands) -> list[dict[str, Any]]:
        """See `Kind`."""
        written = []
        for edge, table in zip(value.edges, value.rates, strict=True):
            paths = [".".join(path) for path in product(*(axis.members for axis in table.axes))]
            leaves = dict(zip(paths, table.values, strict=True))
            written.append({"from": WRITE[self.edge](edge), "rate": TableKind("rate", table.axes).write(leaves)})
        return written

    def trace(self, value: Bands, leaf: Callable[[str, Any], Leaf]) -> Bands:
        """See `Kind`."""
        tables = []
        for at, table in enumerate(value.rates):
            paths = product(*(axis.members for axis in table.axes))
            traced = (
                Traced(v, leaf=leaf(".".join((f"[{at}].rate", *path)), "rate"))
                for v, path in zip(table.values, paths, strict=True)
            )
            tables.append(Table(table.axes, tuple(traced)))
        return Bands(value.edges, tuple(tables))


@frozen
class RecordsKind(Kind):
    """A list of records of one attrs class, each field with a kind of its own; one leaf."""

    record: type[Any]
    key: str

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a list of records with " + ", ".join(each.name for each in attrs.fields(self.record))

    def read(self, raw: Any, section: Section, path: str, problems: list[Problem]) -> dict[str, Any]:
        """See `Kind`."""
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            problems.append(Problem(path, f"takes {self.needs()}"))
            return {}
        before = len(problems)
        fields = {each.name: each for each in attrs.fields(self.record)}
        records, keys = [], set()
        for at, entry in enumerate(raw):
            here = f"{path}[{at}]"
            allowed = f"unknown key; allowed: {', '.join(fields)}"
            problems += [Problem(f"{here}.{key}", allowed) for key in _beside(entry, fields)]
            values = {}
            for name, each in fields.items():
                if name in entry:
                    found = each.metadata["kind"].read(entry[name], section, f"{here}.{name}", problems)
                    if found:
                        values[name] = found[""]
                elif each.default is attrs.NOTHING:
                    needs = each.metadata["needs"] or each.metadata["kind"].needs()
                    problems.append(Problem(f"{here}.{name}", f"missing; needs {needs}"))
            if self.key in values:
                if values[self.key] in keys:
                    problems.append(Problem(f"{here}.{self.key}", f"{values[self.key]!r} stands twice"))
                keys.add(values[self.key])
            if len(problems) == before:
                try:
                    records.append(self.record(**values))
                except MipolicyError as error:
                    problems.append(Problem(here, str(error)))
        return {"": tuple(records)} if len(problems) == before else {}

    def trace(self, value: tuple[Any, ...], leaf: Callable[[str, Any], Leaf]) -> tuple[Any, ...]:
        """See `Kind`; each figure of a record is named by its own field."""
        return tuple(self._traced(record, at, leaf) for at, record in enumerate(value))

    def _traced(self, record: Any, at: int, leaf: Callable[[str, Any], Leaf]) -> Any:
        traced = {}
        for each in attrs.fields(self.record):
            held = getattr(record, each.name)
            if held is None or not isinstance(each.metadata["kind"], FigureKind):
                continue
            labels = each.metadata

            def named(path: str, unit: Any, name: str = each.name, labels: Mapping[str, Any] = labels) -> Leaf:
                return attrs.evolve(leaf(f"[{at}].{name}{path}", unit), zh=labels["zh"], en=labels["en"])

            traced[each.name] = each.metadata["kind"].trace(held, named)
        return attrs.evolve(record, **traced)

    def text(self, value: tuple[Any, ...]) -> list[dict[str, Any]]:
        """See `Kind`."""
        return [
            {
                each.name: each.metadata["kind"].text(getattr(record, each.name))
                for each in attrs.fields(self.record)
                if each.default is attrs.NOTHING or getattr(record, each.name) != each.default
            }
            for record in value
        ]


@frozen
class TextKind(Kind):
    """A plain text."""

    def needs(self, whole: bool = True) -> str:
        """See `Kind`."""
        return "a text"

    def value(self, raw: Any) -> str:
        """See `Kind`."""
        if not isinstance(raw, str):
            raise AmountError(f"takes text, not {raw!r}; codes are strings and keep their leading zeros")
        return raw


_BAND = ("from", "rate")


def _beside(entry: Mapping[str, Any], allowed: Collection[str]) -> list[str]:
    """The keys that are not allowed, in the order written."""
    return [key for key in entry if key not in allowed]


def leaf_text(kind: Kind, leaf: str, value: Any) -> str:
    """One leaf as policy files write it, on one line; leaf: its path below the field."""
    written = kind.write({leaf: value})
    for key in leaf.split(".") if leaf else ():
        written = written[key]
    if isinstance(written, bool):
        return "true" if written else "false"
    return ", ".join(map(str, written)) if isinstance(written, list) else str(written)


def terms_field(kind: Kind, zh: str, en: str, *, needs: str = "", default: Any = attrs.NOTHING) -> Any:
    """An attrs field of a Terms class: what it holds, and its labels.

    needs: says more closely than the kind what would fill it; default: only for fields of records, never of terms.
    """
    return attrs.field(default=default, metadata={"kind": kind, "zh": zh, "en": en, "needs": needs})


def kind_of(terms: type[Any], name: str) -> Kind:
    """The kind of one field of a Terms class."""
    kind: Kind = attrs.fields_dict(terms)[name].metadata["kind"]
    return kind
