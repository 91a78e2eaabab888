"""Named quantities: what is counted or summed in a table of settlements, by area, institution or level.

A quantity is data: the rows it takes are those that meet every condition, "field in codes" or "field not in codes"; it
counts them or sums one field of them (fen, days, pieces).  Sums are Python ints and merge in any order and grouping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

from mipolicy.errors import AmountError, CodeError, InputError, PolicyError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, RecordsKind, TextKind, terms_field

__all__ = ["MISSING", "NOT_APPLICABLE", "Condition", "Quantities", "Quantity", "QuantityTerms", "Reported", "Scope"]

MISSING: Final = "missing"
"""Due, and not reported: what it is added to is missing too."""
NOT_APPLICABLE: Final = "not_applicable"
"""Not due here: an institution without beds has no stays; what it is added to stays as it is."""
Reported: TypeAlias = int | Literal["missing", "not_applicable"]
Scope: TypeAlias = tuple[str, ...]


@frozen
class Condition:
    """Which rows a quantity takes: those whose code is among the codes, or is not."""

    field: str
    codes: tuple[str, ...]
    among: bool = True

    @classmethod
    def of(cls, text: str) -> Condition:
        """Read a condition.

        Raises PolicyError for anything but "field in code code" and "field not in code code".

        >>> Condition.of("med_type in 2101 2102").codes
        ('2101', '2102')
        """
        words = text.split()
        if len(words) > 2 and words[1] == "in":
            return cls(words[0], tuple(words[2:]))
        if len(words) > 3 and words[1:3] == ["not", "in"]:
            return cls(words[0], tuple(words[3:]), among=False)
        raise PolicyError(f"condition {text!r} is none; write 'field in code code' or 'field not in code code'")


@frozen
class Quantity:
    """One named quantity: what it is, and how it is taken from a table."""

    id: str = terms_field(TextKind(), "指标量", "quantity")
    zh: str = terms_field(TextKind(), "中文名称", "Chinese name")
    en: str = terms_field(TextKind(), "英文名称", "English name")
    unit: str = terms_field(ChoiceKind(("count", "fen", "days", "quantity")), "单位", "unit")
    sum_of: str = terms_field(TextKind(), "求和字段", "field summed; empty: rows are counted", default="")
    where: tuple[str, ...] = terms_field(CodesKind(), "条件", "conditions, all of which must hold", default=())

    def __attrs_post_init__(self) -> None:
        if not self.id or self.id.startswith("-"):
            raise PolicyError(f"a quantity has a name that does not begin with -, not {self.id!r}")
        if (self.unit == "count") == bool(self.sum_of):
            raise PolicyError(f"{self.id}: a count takes no field to sum, any other unit takes one")
        self.conditions()

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions, read."""
        return tuple(Condition.of(text) for text in self.where)


@frozen
class QuantityTerms:
    """Quantities of an area: which fields and codes of its settlement tables say what (formulas.md section 6)."""

    quantities: tuple[Quantity, ...] = terms_field(RecordsKind(Quantity, "id"), "指标量", "quantities")


def _checked(instance: Quantities, _: Any, figures: Mapping[tuple[str, Scope], Reported]) -> None:
    for (name, scope), figure in figures.items():
        sound = type(figure) is int or (isinstance(figure, int) and not isinstance(figure, bool))
        if not sound and figure not in (MISSING, NOT_APPLICABLE):
            allowed = f"a whole number, {MISSING!r} or {NOT_APPLICABLE!r}"
            raise AmountError(f"{name}: {figure!r} is no figure; allowed is {allowed}")
        if len(scope) != len(instance.by):
            raise InputError(f"{name}: {scope} should name one code for each of {', '.join(instance.by) or 'nothing'}")


@frozen
class Quantities:
    """Sums of named quantities by scope; `a + b` is what one pass over both tables gives.

    by: the fields along which scopes differ, such as ("fixmedins_code",); (): one scope, ().
    figures: (quantity, scope) -> whole number, `MISSING` or `NOT_APPLICABLE`; what is not there was never asked.
    """

    by: tuple[str, ...] = ()
    figures: Mapping[tuple[str, Scope], Reported] = field(factory=dict, validator=_checked)

    @classmethod
    def of(cls, **totals: Reported) -> Quantities:
        """Totals of one scope, as a report states them.

        >>> Quantities.of(direct=65, by_hand=35).get("direct")
        65
        """
        return cls((), {(name, ()): figure for name, figure in totals.items()})

    def get(self, name: str, scope: Scope = ()) -> Reported:
        """The figure; `MISSING` where nothing is known of it."""
        return self.figures.get((name, scope), MISSING)

    def scopes(self) -> tuple[Scope, ...]:
        """Every scope that has a figure, in order."""
        return tuple(sorted({scope for _, scope in self.figures}))

    def __add__(self, other: Quantities) -> Quantities:
        """Sum both.

        Raises InputError where they are told apart by different fields.
        """
        if self.by != other.by:
            raise InputError(f"quantities by {self.by} and by {other.by} do not add; roll them up to the same fields")
        if not (self.figures and other.figures):
            return self if self.figures else other
        return Quantities(self.by, _added((*self.figures.items(), *other.figures.items())))

    def rolled_up(self, *by: str) -> Quantities:
        """The same sums by fewer fields, in the order given; none: one scope.

        Raises CodeError for a field along which the scopes do not differ.
        """
        unknown = [name for name in by if name not in self.by]
        if unknown:
            raise CodeError(f"no field {', '.join(unknown)}; these quantities are by {', '.join(self.by) or 'nothing'}")
        at = [self.by.index(name) for name in by]
        cells = (((name, tuple(scope[i] for i in at)), figure) for (name, scope), figure in self.figures.items())
        return Quantities(by, _added(cells))


def _added(cells: Any) -> dict[tuple[str, Scope], Reported]:
    found: dict[tuple[str, Scope], Reported] = {}
    for key, figure in cells:
        before = found.get(key, NOT_APPLICABLE)
        if before == NOT_APPLICABLE or figure == MISSING:
            found[key] = figure
        elif before != MISSING and figure != NOT_APPLICABLE:
            found[key] = before + figure
    return found
