"""Named quantities: what is counted or summed in a table of settlements, by area, institution or level.

A quantity is data: the rows it takes are those that meet every condition, "field in codes" or "field not in codes"; it
counts them or sums one field of them (fen, days, pieces).  Sums are Python ints and merge in any order and grouping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from mipolicy.errors import AmountError, CodeError, InputError, PolicyError, TableError
from mipolicy.money import Column
from mipolicy.policy.kinds import ChoiceKind, CodesKind, RecordsKind, TextKind, terms_field
from mipolicy.sums import sums_by
from mipolicy.texts import Coded

__all__ = ["MISSING", "NOT_APPLICABLE", "Condition", "Quantities", "Quantity", "QuantityTerms", "Reported", "sum_table"]

MISSING: Final = "missing"
"""Due, and not reported: what it is added to is missing too."""
NOT_APPLICABLE: Final = "not_applicable"
"""Not due here: an institution without beds has no stays; what it is added to stays as it is."""
Reported: TypeAlias = int | Literal["missing", "not_applicable"]
Scope: TypeAlias = tuple[str, ...]
_BLOCK: Final = 1 << 18
_MOST_PLACES: Final = 1 << 22


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
        if not (isinstance(figure, int) and not isinstance(figure, bool)) and figure not in (MISSING, NOT_APPLICABLE):
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


def sum_table(
    quantities: Sequence[Quantity], table: Mapping[str, Any], by: Sequence[str] = (), block: int = _BLOCK
) -> Quantities:
    """Sum a table of settlements with national field names, block by block.

    quantities: what to sum; table: name -> column, text (`Coded` or texts) for codes, int64 for amounts in fen and for
    flags; by: fields of text that tell scopes apart; block: rows that are looked at together.
    Every scope in the table has each quantity, 0 where no row meets the conditions.
    Raises TableError for a column that is not there, of the wrong type or length, and for more scopes than fit.
    """
    conditions = {each.id: each.conditions() for each in quantities}
    used = dict.fromkeys(condition.field for each in conditions.values() for condition in each)
    sums = dict.fromkeys(each.sum_of for each in quantities if each.sum_of)
    codes = {name: _codes(table, name) for name in (*used, *by)}
    amounts = {name: _amounts(table, name) for name in sums}
    lengths = {name: len(column) for name, column in (*codes.items(), *amounts.items())}
    if not lengths:
        raise TableError("the quantities use no column, so nothing says how many rows there are; name one in `by`")
    if len(set(lengths.values())) > 1:
        raise TableError(f"columns must be of one length, got {lengths}")
    rows = next(iter(lengths.values()))
    axes = [_texts(codes, name) for name in by]
    size = 1
    for axis in axes:
        size *= len(axis.values)
    if size > _MOST_PLACES:
        raise TableError(f"{size} scopes are more than {_MOST_PLACES}; sum by fewer fields and roll up")
    sifted = {each: _allowed(each, codes[each.field]) for held in conditions.values() for each in held}
    found = {each.id: [0] * size for each in quantities}
    seen = np.zeros(size, np.bool_)
    for part in _blocks(rows, block):
        place = _places(axes, part)
        seen[place] = True
        masks = {each: allowed(part) for each, allowed in sifted.items()}
        for each in quantities:
            _add(found[each.id], each, _meeting(conditions[each.id], masks), place, amounts, part, size)
    scopes = [tuple(_scope(axes, at)) for at in range(size)] if axes else [()]
    known = seen.tolist() if axes else [True]
    return Quantities(
        tuple(by),
        {(name, scopes[at]): sums_[at] for name, sums_ in found.items() for at in range(size) if known[at]},
    )


def _blocks(rows: int, block: int) -> Iterator[slice]:
    if block < 1:
        raise TableError(f"a block has at least one row, not {block}")
    return (slice(start, min(start + block, rows)) for start in range(0, rows, block))


def _codes(table: Mapping[str, Any], name: str) -> Coded | Column:
    column = _column(table, name)
    if isinstance(column, np.ndarray) and column.dtype == np.int64 and column.ndim == 1:
        return column
    return Coded.of(column)


def _amounts(table: Mapping[str, Any], name: str) -> Column:
    column = _column(table, name)
    if not isinstance(column, np.ndarray) or column.dtype != np.int64 or column.ndim != 1:
        kind = column.dtype if isinstance(column, np.ndarray) else type(column).__name__
        raise TableError(f"{name}: an int64 column is due to be summed (fen for money), not {kind}")
    return column


def _column(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise TableError(f"the table has no column {name}; it has {', '.join(table)}")
    return table[name]


def _texts(codes: Mapping[str, Coded | Column], name: str) -> Coded:
    column = codes[name]
    if not isinstance(column, Coded):
        raise TableError(f"{name}: scopes are told apart by text, not by int64")
    return column


def _allowed(condition: Condition, column: Coded | Column) -> Any:
    """What gives the rows of a block that meet the condition; each distinct code is looked at once."""
    if isinstance(column, Coded):
        known = np.array([(text in condition.codes) == condition.among for text in column.values] or [False], np.bool_)
        return lambda part: known.take(column.codes[part])
    try:
        listed = np.array([int(code) for code in condition.codes], np.int64)
    except (ValueError, OverflowError):
        raise TableError(
            f"{condition.field}: an int64 column holds none of the codes {', '.join(condition.codes)}; give texts"
        ) from None
    return lambda part: np.isin(column[part], listed) == condition.among


def _meeting(conditions: Sequence[Condition], masks: Mapping[Condition, NDArray[np.bool_]]) -> Any:
    """The rows that meet all conditions, None where there is none to meet."""
    found = None
    for condition in conditions:
        found = masks[condition] if found is None else found & masks[condition]
    return found


def _places(axes: Sequence[Coded], part: slice) -> Column:
    place = np.zeros(part.stop - part.start, np.int64)
    for axis in axes:
        place = place * len(axis.values) + axis.codes[part]
    return place


def _scope(axes: Sequence[Coded], place: int) -> list[str]:
    found: list[str] = []
    for axis in reversed(axes):
        place, at = divmod(place, len(axis.values))
        found.insert(0, axis.values[at])
    return found


def _add(
    into: list[int],
    quantity: Quantity,
    rows: Any,
    place: Column,
    amounts: Mapping[str, Column],
    part: slice,
    size: int,
) -> None:
    where = place if rows is None else place[rows]
    if quantity.sum_of:
        figures = amounts[quantity.sum_of][part]
        sums = sums_by(where, figures if rows is None else figures[rows], size)
    else:
        sums = np.bincount(where, minlength=size).tolist()
    for at, figure in enumerate(sums):
        if figure:
            into[at] += figure
