"""JSON of the national interface as exact values: every mistake is collected with its path and told at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from attrs import Factory, frozen

from mipolicy.errors import InputError, Problem, RecordError
from mipolicy.interop.nhsa.names import UNREAD, Names, hint
from mipolicy.records import READ

__all__ = ["NO_ALIASES", "Body", "Reading"]

Body: TypeAlias = str | bytes | Mapping[str, Any]
"""A record as JSON text, as its bytes in UTF-8, or read already; numbers must not be floats."""
NO_ALIASES: Final[Mapping[str, str]] = {}
_TEXTS: Final = ("id", "code", "text", "flag")
_CALLED: Final = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


class _Object(dict[str, Any]):
    """An object of JSON, and the names that stand in it more than once."""

    doubled: tuple[str, ...] = ()


def _object(pairs: Sequence[tuple[str, Any]]) -> _Object:
    read = _Object(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        read.doubled = tuple(name for name in read if names.count(name) > 1)
    return read


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _called(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return _CALLED.get(type(value), "a number" if isinstance(value, (int, float, Decimal)) else type(value).__name__)


@frozen
class Reading:
    """One record being read.

    what: the record in errors; aliases: other names for those of the interface, which the caller knows the source to
    use; local: names that the place adds, which are left alone; problems: what is wrong so far.
    """

    what: str
    aliases: Mapping[str, str] = NO_ALIASES
    local: Collection[str] = ()
    problems: list[Problem] = Factory(list)

    def __attrs_post_init__(self) -> None:
        """Refuse a text for a collection of names: every part of it would be taken for one."""
        if isinstance(self.local, str):
            raise InputError(f"local takes names, such as ({self.local!r},), not one text")

    def wrong(self, path: str, message: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(path, message))

    def finish(self) -> None:
        """Raise RecordError with every mistake, if there is one."""
        if self.problems:
            raise RecordError(self.what, self.problems)

    def stop(self, path: str, message: str) -> RecordError:
        """The error for a mistake after which nothing more can be read, with those before it."""
        self.wrong(path, message)
        return RecordError(self.what, self.problems)

    def parsed(self, body: Any, path: str) -> Mapping[str, Any]:
        """The object that a text or bytes of JSON hold, or an object itself; raises RecordError for anything else."""
        found = self._parsed(body, path) if isinstance(body, (str, bytes, bytearray)) else body
        if not isinstance(found, Mapping):
            raise self.stop(path, f"an object of JSON is due, not {_called(found)}")
        return found

    def _parsed(self, body: str | bytes | bytearray, path: str) -> Any:
        try:
            text = body if isinstance(body, str) else bytes(body).decode("utf-8-sig")
            return json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            why = f"{error.msg} at line {error.lineno}, column {error.colno}"
        except UnicodeDecodeError as error:
            why = f"byte {error.start} is not UTF-8"
        except RecursionError:
            why = "it is nested too deeply"
        except (InvalidOperation, ValueError) as error:
            why = "a number is too long" if isinstance(error, InvalidOperation) else str(error).partition(":")[0]
        raise self.stop(path, f"no JSON: {why}")

    def only(self, path: str, given: Mapping[str, Any], *nodes: str) -> None:
        """Note what stands beside the nodes that are due, and nodes that stand twice."""
        for name in getattr(given, "doubled", ()):
            self.wrong(_at(path, name), "stands more than once in its object")
        for name in given:
            if name not in nodes and name not in self.local:
                self.wrong(_at(path, name), f"is no node here; due: {', '.join(nodes)}")

    def rows(self, path: str, node: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
        """The rows of a list, each with its path; a list that is missing or empty is a mistake."""
        found = node.get(name)
        path = _at(path, name)
        if not isinstance(found, (list, tuple)):
            self.wrong(path, "is missing" if name not in node else f"a list is due, not {_called(found)}")
            return []
        if not found:
            self.wrong(path, "holds no row")
        return [(f"{path}[{at}]", row) for at, row in enumerate(found)]

    def node(self, path: str, given: Any, names: Names) -> dict[str, Any]:
        """The values of an object by name: figures in whole units, texts, days; what is absent or unread is left out.

        Unknown names, names that stand twice, what is missing and what cannot be read are mistakes.
        """
        if not isinstance(given, Mapping):
            self.wrong(path, f"an object is due, not {_called(given)}")
            return {}
        return self._values(path, self._named(path, given, names), names)

    def _named(self, path: str, given: Mapping[str, Any], names: Names) -> dict[str, Any]:
        """What is given, by the names of the interface."""
        for name in getattr(given, "doubled", ()):
            self.wrong(_at(path, name), "stands more than once in its object")
        found = {name: value for name, value in given.items() if name in names}
        for name, value in given.items():
            right = self.aliases.get(name, "")
            if name in names or name in self.local:
                continue
            if right not in names:
                self.wrong(_at(path, name), hint(str(name), names))
            elif right in found:
                self.wrong(_at(path, name), f"stands for {right}, which is given too")
            else:
                found[right] = value
        return found

    def _values(self, path: str, found: Mapping[str, Any], names: Names) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, each in names.items():
            value = found.get(name)
            if value is None or value == "":
                if each.needed:
                    state = "is missing" if name not in found else "is null" if value is None else "is empty"
                    self.wrong(_at(path, name), f"{state} ({each.zh})")
            elif each.kind != UNREAD:
                try:
                    values[name] = _read(each.kind, name, value)
                except InputError as error:
                    self.wrong(_at(path, name), str(error).removeprefix(f"{name}: "))
        return values


def _at(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _read(kind: str, name: str, value: Any) -> Any:
    if kind not in _TEXTS or isinstance(value, str):
        return READ[kind](name, value)
    told = f"the number {value}; codes and ids keep their leading zeros, so write them as text"
    raise InputError(f"text is due, not {told if _called(value) == 'a number' else _called(value)}")
