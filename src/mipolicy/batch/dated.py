"""Rows and the versions of sections that they meet: what is in force on each day, what is open, what is unverified."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from attrs import Factory, define, field

from mipolicy.calendar import as_date
from mipolicy.errors import Fault, InputError, NotInForce, PolicyError, PolicyGap
from mipolicy.money import Column
from mipolicy.policy import Policy, UnverifiedWarning, Version

__all__ = ["BatchGap", "Dated", "Faults", "Gaps"]

Gaps: TypeAlias = Literal["raise", "reject"]


class BatchGap(PolicyError):
    """A table needs sections whose documents leave figures open: which ones, and how many rows each touches."""

    def __init__(self, gaps: tuple[tuple[PolicyGap, int], ...]) -> None:
        self.gaps = gaps
        super().__init__(gaps)

    def __str__(self) -> str:
        parts = [f"{rows} row(s) need what is open\n{gap}" for gap, rows in self.gaps]
        return "\n".join([*parts, "or settle what can be settled: gaps='reject'"])


@define
class Faults:
    """Why rows cannot be settled; the first reason of a row stands."""

    bad: Any
    why: dict[int, Fault] = field(factory=dict)

    def mark(self, rows: Any, fault: Fault | Callable[[int], Fault]) -> None:
        """Mark rows that are not marked yet, with one fault or each with its own."""
        if not len(rows):
            return
        fresh = rows[~self.bad[rows]].tolist()
        self.why.update(dict.fromkeys(fresh, fault) if isinstance(fault, Fault) else {row: fault(row) for row in fresh})
        self.bad[rows] = True

    def refuse(self, row: int) -> None:
        """Refuse to go on with a row that the table does not have, or that was rejected.

        Raises InputError, with the reason of the reject.
        """
        if not 0 <= row < len(self.bad):
            raise InputError(f"row {row} is not in the table, which has rows 0 to {len(self.bad) - 1}")
        if row in self.why:
            raise InputError(f"row {row} is rejected: {self.why[row].message} [{self.why[row].reason}]")

    def good(self) -> Column:
        """The rows that are not marked."""
        return np.flatnonzero(~self.bad)


@define
class Dated:
    """The policy as the rows of a table meet it.

    warns: whether the policy warns of terms past their verified span; gaps: what is open, with the rows it touches;
    gapped: whether a row meets one; unverified: section and version past their span -> first day, last day, rows;
    asked: the rows asked for last, with their days and the first and last of these.
    """

    policy: Policy
    warns: bool
    faults: Faults
    gaps: list[tuple[PolicyGap, int]] = field(factory=list)
    gapped: Any = Factory(lambda self: np.zeros(len(self.faults.bad), bool), takes_self=True)
    unverified: dict[tuple[str, str], tuple[int, int, int]] = field(factory=dict)
    asked: tuple[Column, Column, int, int] | None = None

    @classmethod
    def of(cls, policy: Policy, faults: Faults) -> Dated:
        """The policy for the rows whose faults these are."""
        warns = policy.mode == "warn"
        return cls(policy.using(mode="carry_forward") if warns else policy, warns, faults)

    def meets(self, gap: PolicyGap, rows: Column) -> None:
        """Mark rows that meet what is open; they are still routed, so that every gap is found at once."""
        self.gapped[rows] = True
        self.faults.mark(
            rows, Fault("gap", f"{str(gap).splitlines()[0]} {', '.join(each.path for each in gap.fields)}")
        )
        for at, (known, count) in enumerate(self.gaps):
            if str(known) == str(gap):
                self.gaps[at] = (known, count + len(rows))
                return
        self.gaps.append((gap, len(rows)))

    def use(self, section: str, day: int, rows: int) -> None:
        """Note what rows of a day use past its verified span, where the policy warns of it."""
        if self.warns:
            version = self.policy.version(section, as_date(day))
            last = self.policy.verified_until(version)
            if last is not None and as_date(day) > last:
                since, until, count = self.unverified.get((section, version.name), (day, day, 0))
                self.unverified[section, version.name] = (min(since, day), max(until, day), count + rows)

    def versions(
        self, section: str, rows: Column, days: Column, span: tuple[int, int] | None = None
    ) -> list[tuple[Version, Column]]:
        """The rows of each version of a section; rows of no version are faults, and so are rows that meet a gap.

        span: two days between which those of all the rows lie, where they are known.
        """
        if not rows.size:
            return []
        versions: dict[str, Version] = {}
        only = (span and self.only(section, *span)) or self.only(section, *self._span(rows, days))
        if only is not None:
            return [(only, rows)]
        of_rows = days.take(rows)
        distinct, place = _distinct(of_rows)
        of_day = np.full(len(distinct), -1, np.int16)
        for at, day in enumerate(distinct.tolist()):
            try:
                version = self.policy.version(section, as_date(day))
                self.policy.build(section, version)
            except PolicyGap as gap:
                self.meets(gap, rows[place == at])
            except NotInForce as error:
                self.faults.mark(rows[place == at], Fault("not_in_force", str(error)))
            else:
                of_day[at] = list(versions).index(version.name) if version.name in versions else len(versions)
                versions.setdefault(version.name, version)
                self.use(section, day, int((place == at).sum()) if self.warns else 0)
        which = of_day.take(place)
        return [(version, rows.take(np.flatnonzero(which == at))) for at, version in enumerate(versions.values())]

    def _span(self, rows: Column, days: Column) -> tuple[int, int]:
        """The first and the last day of some rows; several sections are asked for the same rows, one after another."""
        if self.asked is None or self.asked[0] is not rows or self.asked[1] is not days:
            of_rows = days.take(rows)
            self.asked = (rows, days, int(of_rows.min()), int(of_rows.max()))
        return self.asked[2:]

    def only(self, section: str, first_day: int, last_day: int) -> Version | None:
        """The complete version that all the days have: one that holds on two days holds on those between them."""
        if self.warns:  # which asks for the days past a verified span, one by one
            return None
        try:
            first, last = (self.policy.version(section, as_date(day)) for day in (first_day, last_day))
            self.policy.build(section, first)
        except (PolicyGap, NotInForce):
            return None
        return first if first is last else None

    def warn(self, *, stacklevel: int) -> None:
        """Warn of what was used past its verified span, once for each version."""
        for (section, version), (since, until, count) in self.unverified.items():
            message = f"{self.policy.id}: section {section}, version {version}, is past its verified span"
            message += f" for {count} row(s) from {as_date(since)} to {as_date(until)}"
            warnings.warn(message, UnverifiedWarning, stacklevel=stacklevel)


def _distinct(days: Column) -> tuple[Any, Any]:
    """The distinct days and the place of each row's among them; days of a table lie close together."""
    first, last = int(days.min()), int(days.max())
    if last - first > 100_000:
        return np.unique(days, return_inverse=True)
    since = days - first
    counts = np.bincount(since, minlength=last - first + 1)
    distinct = np.flatnonzero(counts)
    place = np.zeros(len(counts), np.int32)
    place[distinct] = np.arange(len(distinct))
    return distinct + first, place.take(since)
