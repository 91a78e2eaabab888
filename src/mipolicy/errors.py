"""The one family of errors: every error the library raises on purpose is a `MipolicyError`.

A message says what was wrong, where, what was allowed, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen


class MipolicyError(Exception):
    """Base of every error that mipolicy raises on purpose."""


class AmountError(MipolicyError, ValueError):
    """An amount, rate, factor or point figure that cannot be taken exactly."""


class CodeError(MipolicyError, ValueError):
    """A code that is not in its national or local table, or is not a string."""


class InputError(MipolicyError, ValueError):
    """A bill, line or running total that a rule cannot take."""


class TableError(MipolicyError, ValueError):
    """A table whose shape is wrong: a column missing, misnamed, of the wrong type or length."""


class IdentityError(MipolicyError, AssertionError):
    """A result that breaks an accounting identity: a defect of the library, never of the caller."""


class PolicyError(MipolicyError):
    """A policy that cannot be used as asked."""


class RepealedPolicy(PolicyError):
    """A repealed document was asked for terms without explicit permission (rule O06)."""


class NotInForce(PolicyError):
    """No version of the section is in force, or verified, on the date asked for."""


@frozen
class OpenField:
    """One parameter that the documents leave open.

    path: where it stands in the section, for example ``deductible.tertiary``.
    clause: document and clause that name the mechanism without the figure.
    needs: what would fill it, with its unit.
    """

    path: str
    clause: str
    needs: str


class PolicyGap(PolicyError):
    """A section was asked for whose documents leave figures open; lists every one of them."""

    def __init__(self, policy: str, section: str, fields: Sequence[OpenField]) -> None:
        self.policy = policy
        self.section = section
        self.fields = tuple(fields)
        super().__init__(policy, section, self.fields)

    def __str__(self) -> str:
        lines = [f"{self.policy}: section {self.section} leaves {len(self.fields)} figure(s) open:"]
        lines += [f"  {field.path}: needs {field.needs}  [{field.clause}]" for field in self.fields]
        lines.append("fill them with an overlay (extends = ...) that cites the document which states them")
        return "\n".join(lines)


@frozen
class Problem:
    """One mistake in a policy document or a record: where it stands and what is wrong with it."""

    path: str
    message: str


class DocumentError(PolicyError, ValueError):
    """A policy document with mistakes; all of them are reported at once."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__(name, self.problems)

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self.problems)} mistake(s)"]
        lines += [f"  {problem.path}: {problem.message}" for problem in self.problems]
        return "\n".join(lines)


class RecordError(InputError):
    """A record of the national interface with mistakes; all of them are reported at once, each with its path."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__(name, self.problems)

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self.problems)} mistake(s)"]
        lines += [f"  {problem.path}: {problem.message}" for problem in self.problems]
        return "\n".join(lines)


@frozen
class Fault:
    """Why one row cannot be settled: a short reason to count by, and a sentence for people."""

    reason: str
    message: str
