"""From a table of discharges with their groups to base points and difference factors of DRG (rule P11)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table
from mipolicy.batch.result import Rejects
from mipolicy.cases.counted import Counted
from mipolicy.cases.discharges import Discharges, first_day, read_discharges
from mipolicy.cases.history import records_of, table_of
from mipolicy.errors import TableError
from mipolicy.money import FACTOR_ONE
from mipolicy.payment.case import DifferenceFactor, Group
from mipolicy.payment.catalogue_changes import FactorChange, GroupChange, factor_changes, group_changes
from mipolicy.payment.drg_history import BasePointsTerms, History, difference_factors, groups
from mipolicy.policy import Policy
from mipolicy.rounding import half_up

__all__ = ["MadeBasePoints", "make_base_points"]

_NEEDED = {"group_code": "base points are those of groups"}


@frozen(eq=False)
class MadeBasePoints:
    """Base points and difference factors of a year: rows in = used + rejected.

    groups, differences: tables as `mipolicy.cases.pay.pay_table` takes them; records, factors: the same as records.
    """

    year: int
    rows_in: int
    used: int
    rejects: Rejects
    records: tuple[Group, ...]
    factors: tuple[DifferenceFactor, ...]

    @property
    def groups(self) -> dict[str, Any]:
        """The groups as a table."""
        return table_of(self.records, Group)

    @property
    def differences(self) -> dict[str, Any]:
        """The difference factors as a table."""
        return table_of(self.factors, DifferenceFactor)

    def group_changes(self, groups: Table) -> tuple[GroupChange, ...]:
        """What changes against the groups of the year before, a table of `Group` (rule P31)."""
        return group_changes(records_of(groups, Group, "groups"), self.records)

    def factor_changes(self, differences: Table) -> tuple[FactorChange, ...]:
        """What changes against the difference factors of the year before (rule P31)."""
        return factor_changes(records_of(differences, DifferenceFactor, "differences"), self.factors)


def make_base_points(
    policy: Policy,
    history: Table,
    *,
    new_groups: Collection[str] = (),
    year: int | None = None,
    threads: int | None = None,
) -> MadeBasePoints:
    """Make base points, weights, means and difference factors from discharges that have their group (rule P11).

    policy: its section `drg_base_points` on the first day of the year; history: columns named as the fields of
    `HistoryCase`, group_code among them, from up to three years before the year; new_groups: those whose factor is 1;
    year: the one after the last discharge by default.
    Raises TableError, PolicyGap, InputError.  Bad rows go to the rejects with their reason.
    """
    read = read_discharges(history, year, _NEEDED, threads or 1)
    terms = policy.terms(BasePointsTerms, on=first_day(read.year))
    counted = _counted(read)
    names, places = counted.values["group"], counted.values["institution"]
    unknown = sorted(set(new_groups) - set(names))
    if unknown:
        raise TableError(f"new_groups: {', '.join(unknown)} has no case in the history; name groups that have one")
    found = History(**counted.keys, count=counted.sums["cases"])
    made = groups(terms, found, names)
    days = _mean_days(counted, len(names))
    flagged = tuple(
        attrs.evolve(each, mean_days=mean, new_flag=str(int(each.group_code in new_groups)))
        for each, mean in zip(made, days, strict=True)
    )
    return MadeBasePoints(
        year=read.year,
        rows_in=read.read.rows,
        used=int(counted.sums["cases"].sum()),
        rejects=read.rejects(),
        records=flagged,
        factors=difference_factors(terms, found, names, places, new_groups),
    )


def _counted(read: Discharges) -> Counted:
    """The good rows, told apart by group, institution, level and cost."""
    rows = read.faults.good()
    return Counted.of(
        {
            "group": read.text("group_code").take(rows),
            "institution": read.text("fixmedins_code").take(rows),
            "level": read.level.take(rows),
            "cost": read.cost.take(rows),
        },
        {
            "cases": np.ones(rows.size, np.int64),
            "days": read.days.take(rows),
            "days_stated": read.days_stated.take(rows),
        },
    )


def _mean_days(counted: Counted, groups: int) -> list[int]:
    """Mean days per ten thousand of each group, 0 where no case states its days."""
    days, stated = (np.zeros(groups, np.int64) for _ in range(2))
    np.add.at(days, counted.keys["group"], counted.sums["days"])
    np.add.at(stated, counted.keys["group"], counted.sums["days_stated"])
    found: list[int] = np.where(stated > 0, half_up(days * int(FACTOR_ONE), np.maximum(stated, 1)), 0).tolist()
    return found
