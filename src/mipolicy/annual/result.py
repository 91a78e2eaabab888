"""What clearing an area's year gives: columns by institution, rejects, sums of the city, who pays every fen."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy.annual.reading import PreparedYear
from mipolicy.annual.terms import AnnualTerms
from mipolicy.batch.result import ArrowTable, Rejects
from mipolicy.budget.axes import STATE
from mipolicy.budget.clearing import ClearedBudget
from mipolicy.budget.ledgers import Refused, refused_by_reason
from mipolicy.budget.quota import Increment
from mipolicy.budget.sharing import BudgetSharing
from mipolicy.errors import IdentityError
from mipolicy.money import Column, yuan_text
from mipolicy.policy.kinds import unit_text
from mipolicy.sums import total
from mipolicy.tables import Axis
from mipolicy.traced import labelled

__all__ = ["CLEARED_OUTPUTS", "PAYERS", "CityLine", "ClearedYear", "IssuedYear"]


@frozen
class IssuedYear:
    """What stands before sharing, a row an institution: its quota as issued and raised, its books."""

    state: Any = labelled(STATE, "考评状态", "assessment state")
    quota_local: Any = labelled("fen", "市内控制额", "quota of care in the city")
    quota_out: Any = labelled("fen", "市外控制额", "quota of care out of the city")
    increments: Any = labelled("fen", "核定增量", "increments approved")
    advanced: Any = labelled("fen", "已预付总额", "advanced in the year")
    refused_amt: Any = labelled("fen", "审核拒付", "refused by review")
    prepayment_left: Any = labelled("fen", "未收回预付金", "prepayment not yet recovered")
    carried_in: Any = labelled("fen", "上年结转扣回", "carried forward from the year before")
    redistributed: Any = labelled("fen", "再分配保证金", "given out of what others forfeited")


def _labels() -> dict[str, Mapping[str, Any]]:
    shapes = (IssuedYear, BudgetSharing, ClearedBudget)
    return {each.name: each.metadata for shape in shapes for each in attrs.fields(shape)}


_LABELS: Final = _labels()
CLEARED_OUTPUTS: Final[Mapping[str, str | Axis]] = {
    "fixmedins_code": "",
    "medins_name": "",
    **{name: labels["unit"] for name, labels in _LABELS.items()},
}
"""What is kept of every institution that is cleared, with its unit; codes are positions in their axis."""
PAYERS: Final = ("by_institution", "by_treasury", "by_fund")
"""Who pays in the end; they sum to `cleared_amount`."""


@frozen
class CityLine:
    """One line of the city's statement: the sum of a column over all institutions."""

    name: str
    zh: str
    en: str
    amount: int


@frozen(eq=False)
class ClearedYear(ArrowTable):
    """An area's institutions cleared for a year: rows in = rows cleared + rows rejected.

    row: place of each cleared row in the table given; columns: by the names of `CLEARED_OUTPUTS`, one entry a row;
    pending: increments without every approval at the settlement, which do not count.
    """

    year: int
    settled_on: datetime.date
    rows_in: int
    row: Column
    columns: Mapping[str, Any]
    rejects: Rejects
    pending: tuple[Increment, ...]
    terms: AnnualTerms
    prepared: PreparedYear

    def __attrs_post_init__(self) -> None:
        """Check that every fen has one payer, of each institution and of the city."""
        of = self.columns
        self._ties("amount", of["amount"], of["institution"] + of["treasury"] + of["fund"])
        self._ties("cleared_amount", of["cleared_amount"], of["by_institution"] + of["by_treasury"] + of["by_fund"])
        self._ties("clearing", of["clearing"], of["paid"] - of["recovered"] - of["carried_forward"])
        added = of["amount"] + of["raised"] + of["redistributed"]
        self._ties("cleared_amount of what was shared", of["cleared_amount"], added)
        sums = self.totals()
        if sums["cleared_amount"] != sum(sums[name] for name in PAYERS):
            raise IdentityError("the city: payers do not sum to the amount")
        if sums["redistributed"] > sums["forfeited"]:
            raise IdentityError("the city: more is given out of deposits than was forfeited")

    def _ties(self, what: str, left: Column, right: Column) -> None:
        apart = np.flatnonzero(left != right)
        if apart.size:
            at = int(apart[0])
            raise IdentityError(
                f"row {int(self.row[at])}: {what}: {yuan_text(int(left[at]))} is not {yuan_text(int(right[at]))}"
            )

    def __len__(self) -> int:
        return len(self.row)

    def totals(self) -> dict[str, int]:
        """The sum of every amount over all institutions, as Python ints."""
        return {name: total(self.columns[name]) for name, unit in CLEARED_OUTPUTS.items() if unit == "fen"}

    @property
    def forfeited_to_fund(self) -> int:
        """Forfeited deposits that stay in the fund, fen."""
        sums = self.totals()
        return sums["forfeited"] - sums["redistributed"]

    def refused_by_reason(self) -> Refused | None:
        """What was refused of the institutions that are cleared, by reason; None where no table of it was given."""
        given = self.prepared.refused
        if given is None:
            return None
        codes = self.columns["fixmedins_code"].tolist()
        place = np.full(self.rows_in, -1, np.int64)
        place[self.row] = np.arange(len(self.row))
        here = place[given.row] >= 0
        return refused_by_reason(codes, given.reasons, place[given.row][here], given.reason[here], given.amount[here])

    def city(self) -> tuple[CityLine, ...]:
        """The city's statement: every amount summed over its institutions, in the order computed."""
        sums = self.totals()
        return tuple(CityLine(name, _LABELS[name]["zh"], _LABELS[name]["en"], amount) for name, amount in sums.items())

    def texts(self, language: str = "en") -> dict[str, list[str]]:
        """The columns as text for files: amounts in yuan, codes as the words of their lists."""
        written: dict[str, list[str]] = {}
        for name, unit in CLEARED_OUTPUTS.items():
            column = self.columns[name]
            if isinstance(unit, Axis):
                words = unit.zh if language == "zh" else unit.members
                written[name] = [words[code] for code in column.tolist()]
            elif unit == "fen":
                written[name] = [yuan_text(amount) for amount in column.tolist()]
            elif unit:
                written[name] = [unit_text(unit, figure, language) for figure in column.tolist()]
            else:
                written[name] = column.tolist()
        return written
