"""From a table of bills to coded columns, every row checked.

Whatever cannot be settled is marked with its reason; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
import numpy as np
from attrs import Factory, define, field, frozen

from mipolicy.axes import SCHEMES
from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.dated import Dated, Faults
from mipolicy.batch.pool import mapped
from mipolicy.benefits.bill import AMOUNTS, CHECKS, Bill, CodeBook, Days, Figures, bill_fields
from mipolicy.benefits.claim import Codes, Texts, designated_of, recognised_of
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.cover import Rules
from mipolicy.benefits.settlement import INPATIENT
from mipolicy.benefits.statement import Parts
from mipolicy.calendar import NO_DAY, as_date, days_of, year_of
from mipolicy.errors import CodeError, Fault, TableError
from mipolicy.money import Column
from mipolicy.policy import Policy, Version
from mipolicy.texts import Coded, hashed

if TYPE_CHECKING:
    from mipolicy.batch.lines import LineParts

__all__ = ["BLOCK_ROWS", "Prepared", "Run", "code_table", "is_empty", "is_uniform", "repeated", "taken_rows"]

BLOCK_ROWS: Final = 65_536
_CHECKED_ROWS: Final = 2 * BLOCK_ROWS
_UNKNOWN: Final = -1
_PAIRS: Final = 10_000
"""So many pairs of codes are looked at without asking which occur."""


@frozen
class Run:
    """Where a row is settled: a section, one of its versions, and the rules built from it and from the layers above."""

    scheme: int
    stream: int
    section: str
    version: Version
    rules: Rules


@define
class Prepared:
    """Coded columns of a table, and where each row is settled.

    conduct, run: places in `conducts` and `runs`, -1 where a row has none; on: the day that chooses the terms;
    split_rows: stays that are split at the year's end; reversals: whether some row is one.
    """

    dated: Dated
    read: ReadTable
    faults: Faults
    scheme: Column
    stream: Column
    codes: Codes[Column]
    figures: Figures[Column]
    texts: Texts
    person: Coded
    parts: Parts[Column]
    on: Column
    conduct: Column
    run: Column
    year: Column
    split_rows: Column
    conducts: list[SettlementTerms] = field(factory=list)
    runs: list[Run] = field(factory=list)
    reversals: bool = Factory(lambda self: bool(self.figures.reversal.any()), takes_self=True)
    line_parts: LineParts | None = None

    def routable(self) -> Any:
        """Which rows need terms: bills that are sound but for what is open."""
        rows = ~self.faults.bad
        if self.dated.gaps:
            rows |= self.dated.gapped
        if self.reversals:
            rows &= self.figures.reversal == 0
        return rows


def code_table(policy: Policy, table: Table, threads: int) -> Prepared:
    """Read, code and check a table.

    Raises TableError for a table of the wrong shape.
    """
    read = read_table(table, Bill, "bills", threads)
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    tasks: list[Callable[[], Any]] = [lambda: _coded(policy, read, faults), lambda: _bad_ids(read)]
    prepared, bad_ids = mapped(lambda task: task(), tasks, threads)
    for rows, fault in bad_ids:
        faults.mark(rows, fault)
    _check_figures(prepared, threads)
    return prepared  # type: ignore[no-any-return]  # the first task makes it


def _coded(policy: Policy, read: ReadTable, faults: Faults) -> Prepared:
    columns = {**read.columns, **{name: _folded(read.columns[name]) for name in AMOUNTS}}
    days = days_of(columns["setl_time"])
    region = policy.header.region
    known = days[~faults.bad] if faults.why else days  # a row without a time of its own is on no day
    ends = (int(known.min()), int(known.max())) if known.size else (0, 0)
    books = tuple(CodeBook(region, as_date(day), policy.header.schemes) for day in ends)

    schemes = _numbered(columns["insutype"], lambda book, code: book.scheme(code), books)
    columns = {**columns, "scheme": Coded(schemes[0], SCHEMES)}
    found = [_numbers_of(name, columns, books) for name in _CODED]
    for bad_codes, bad_of_row in [schemes[1:], *(each[1:] for each in found)]:
        for fault, rows in zip(bad_codes, bad_of_row, strict=True):
            faults.mark(rows, fault)
    numbers = {name: each[0] for name, each in zip(_CODED, found, strict=True)}
    scheme, stream = schemes[0], numbers["stream"]
    figures = _figures(columns, days, numbers)
    texts = Texts(
        Coded.of(columns["fixmedins_code"]),
        columns["opsp_fixmedins_code"],
        columns["dise_codg"],
        columns["second_dise_codg"],
        columns["plans"],
    )
    numbers["designated"], numbers["recognised"] = _designated(texts), _recognised(figures.days)
    codes = Codes(**{each.name: numbers[each.name] for each in attrs.fields(Codes)})
    parts = Parts(**{name: columns[name] for name in AMOUNTS}, hosp_part_amt=np.broadcast_to(np.int64(0), read.rows))
    return Prepared(
        dated=Dated.of(policy, faults),
        read=read,
        faults=faults,
        scheme=scheme,
        stream=stream,
        codes=codes,
        figures=figures,
        texts=texts,
        person=Coded.of(columns["psn_no"]),
        parts=parts,
        on=days,
        conduct=np.full(read.rows, -1, np.int16),
        run=np.full(read.rows, -1, np.int16),
        year=_years(days),
        split_rows=np.empty(0, np.int64),
    )


def _figures(columns: Mapping[str, Any], days: Column, numbers: Mapping[str, Any]) -> Figures[Column]:
    """The numbers that are checked, of every row."""
    return Figures(
        **{name: columns[name] for name in AMOUNTS},
        days=Days(
            setl_day=days,
            adm_day=columns["adm_time"],
            dscg_day=columns["dscg_time"],
            begn_day=columns["opsp_begndate"],
            end_day=columns["opsp_enddate"],
        ),
        balc=columns["balc"],
        account=numbers["account"],
        inpatient=_each(numbers["stream"], lambda each: (each == INPATIENT).astype(np.int8)),
        reversal=numbers["reversal"],
        names_original=columns["init_setl_id"].figures(lambda text: int(text != "")),
    )


def _years(days: Column) -> Column:
    first, last = (year_of(int(day)) for day in (days.min(), days.max())) if days.size else (0, 0)
    return np.broadcast_to(np.int64(first), days.shape) if first == last else year_of(days)


def _each(column: Any, figure: Callable[[Any], Any]) -> Any:
    """A figure of each row, once where the column says the same for all."""
    return (
        np.broadcast_to(figure(column[:1])[0], column.shape) if is_uniform(column) and column.size else figure(column)
    )


def is_uniform(column: Any) -> bool:
    """Whether a column says the same for every row, and so takes no memory."""
    return bool(column.strides == (0,))


def _designated(texts: Texts) -> Any:
    registered = texts.opsp_fixmedins_code
    if isinstance(registered, Coded) and registered.values == ("",):
        return np.broadcast_to(np.int8(0), len(registered))
    return designated_of(texts).astype(np.int8)


def _recognised(days: Days[Column]) -> Any:
    if is_uniform(days.begn_day) and days.begn_day.size and int(days.begn_day[0]) == NO_DAY:
        return np.broadcast_to(np.int8(0), days.setl_day.shape)
    return recognised_of(days).astype(np.int8)


def _paired(left: Coded, right: Coded) -> tuple[Coded, dict[str, tuple[str, str]]]:
    """Two columns as one of pairs, and the pair that each of its texts stands for."""
    wide = len(right.values)
    if len(left.values) == 1:
        return right, {other: (left.values[0], other) for other in right.values}
    if len(left.values) * wide <= _PAIRS:
        codes: Any = left.codes * np.int32(wide) + right.codes
        pairs = [(one, other) for one in left.values for other in right.values]
    else:
        keys, codes = np.unique(left.codes * np.int64(wide) + right.codes, return_inverse=True)
        pairs = [(left.values[key // wide], right.values[key % wide]) for key in keys.tolist()]
    texts = [f"{at} {one} {other}" for at, (one, other) in enumerate(pairs)]
    return Coded(codes.astype(np.int32, copy=False), tuple(texts)), dict(zip(texts, pairs, strict=True))


def _flag_of(name: str) -> Callable[[CodeBook, str], int]:
    return lambda book, flag: book.flag(name, flag)


_Numbered: TypeAlias = tuple[Any, list[Fault], list[Any]]
_CODED: Final[Mapping[str, tuple[tuple[str, ...], Callable[..., int]]]] = {
    "stream": (("med_type",), lambda book, *codes: book.stream(*codes)),
    "hosp_lv": (("hosp_lv", "medins_kind"), lambda book, *codes: book.level(*codes)),
    "psn_type": (("scheme", "psn_type"), lambda book, name, code: book.status(SCHEMES.index(name), code)),
    "medins_kind": (("medins_kind",), lambda book, *codes: book.kind(*codes)),
    "medins_ownership": (("medins_ownership",), lambda book, *codes: book.ownership(*codes)),
    "service_kind": (("service_kind",), lambda book, *codes: book.service(*codes)),
    "online": (("online_flag",), _flag_of("online_flag")),
    "follow_up": (("follow_up_flag",), _flag_of("follow_up_flag")),
    "referral": (("referral_flag",), _flag_of("referral_flag")),
    "interim": (("mid_setl_flag",), _flag_of("mid_setl_flag")),
    "reversal": (("refd_setl_flag",), _flag_of("refd_setl_flag")),
    "hardship": (("hardship_class",), lambda book, *codes: book.hardship(*codes)),
    "cvlserv": (("cvlserv_flag",), _flag_of("cvlserv_flag")),
    "place_class": (("place_class",), lambda book, *codes: book.place(*codes)),
    "place_tier": (("place_tier",), lambda book, *codes: book.tier(*codes)),
    "account": (("acct_used_flag",), _flag_of("acct_used_flag")),
    "rare_drug": (("rare_drug_flag",), _flag_of("rare_drug_flag")),
}
"""What is coded: from which columns, and by which method of the code book."""


def _numbers_of(
    name: str, columns: Mapping[str, Any], books: tuple[CodeBook, ...]
) -> tuple[Any, list[Fault], list[Any]]:
    sources, figure = _CODED[name]
    if len(sources) == 1:
        return _numbered(columns[sources[0]], figure, books)
    both, pairs = _paired(columns[sources[0]], columns[sources[1]])
    return _numbered(both, lambda book, text: figure(book, *pairs[text]), books)


def _numbered(column: Coded, figure: Callable[[CodeBook, str], int], books: tuple[CodeBook, ...]) -> _Numbered:
    """A small integer per distinct code; the codes that have none, as faults, and the rows of each."""
    numbers, bad = np.zeros(max(1, len(column.values)), np.int8), {}
    for at, code in enumerate(column.values):
        try:
            meanings = {figure(book, code) for book in dict.fromkeys(books)}
        except CodeError as error:
            bad[at] = Fault("code", str(error))
            continue
        if len(meanings) > 1:
            raise TableError(f"the meaning of code {code!r} changes within the table's dates: settle it in parts")
        numbers[at] = meanings.pop()
    numbers[list(bad)] = _UNKNOWN
    if len(column.values) == 1:
        found = np.broadcast_to(np.int8(0) if bad else numbers[0], len(column))
        return found, list(bad.values()), [np.arange(len(column)) for _ in bad]
    found = numbers.take(column.codes)
    rows = np.flatnonzero(found == _UNKNOWN) if bad else np.empty(0, np.int64)
    if not rows.size:
        return found, [], []
    found[rows] = 0
    rows = rows[np.argsort(column.codes[rows], kind="stable")]
    where = np.split(rows, np.flatnonzero(np.diff(column.codes[rows])) + 1)
    return found, [bad[int(column.codes[group[0]])] for group in where], where


def _bad_ids(read: ReadTable) -> list[tuple[Column, Fault | Callable[[int], Fault]]]:
    """Rows whose ids are empty or stand twice, with their faults, in the order in which they are to be marked."""
    found: list[tuple[Column, Fault | Callable[[int], Fault]]] = [
        (np.flatnonzero(is_empty(read.columns[name])), Fault("id", f"{name} is empty")) for name in bill_fields("id")
    ]
    twice = repeated(read.columns["setl_id"])
    return [*found, (twice, lambda row: Fault("duplicate", f"setl_id {_text(read, 'setl_id', row)} stands twice"))]


def _check_figures(prepared: Prepared, threads: int) -> None:
    """Every check on every row, a block at a time; the checks are then marked in their order."""

    def broken(begin: int) -> list[Column]:
        block = _block(prepared.figures, slice(begin, begin + _CHECKED_ROWS))
        rows = len(prepared.figures.medfee_sumamt[begin : begin + _CHECKED_ROWS])
        possible = {when: when(block) for when in {check.when for check in CHECKS}}
        return [_places(check.broken(block) if possible[check.when] else False, rows) + begin for check in CHECKS]

    found = mapped(broken, range(0, prepared.read.rows, _CHECKED_ROWS), threads)
    for at, check in enumerate(CHECKS):
        rows = np.concatenate([block[at] for block in found]) if found else np.empty(0, np.int64)
        prepared.faults.mark(rows, Fault(check.reason, check.message))


def _places(broken: Any, rows: int) -> Column:
    """Where a test holds; it is one value where the columns it looks at are the same for every row."""
    return np.flatnonzero(np.broadcast_to(broken, rows) if np.any(broken) else ())


def _block(of: Any, rows: slice) -> Any:
    """Some rows of a record of columns; a column whose rows are all the same stands as an int."""
    taken = {}
    for each in attrs.fields(type(of)):
        column = getattr(of, each.name)
        taken[each.name] = taken_rows(column, rows) if isinstance(column, np.ndarray) else _block(column, rows)
    return type(of)(**taken)


def taken_rows(column: Any, rows: Any) -> Any:
    """Rows of a column as int64, or an int where the column says the same for all: constants cost nothing in a rule."""
    if is_uniform(column):
        return int(column[0]) if column.size else 0
    values = column[rows] if isinstance(rows, slice) else column.take(rows)
    return values if values.dtype == np.int64 else values.astype(np.int64)


def _folded(column: Column) -> Column:
    """A column whose rows are all the same as one that takes no memory."""
    if column.size and column[0] == column[-1] and (column == column[0]).all():
        return np.broadcast_to(column[0], column.shape)
    return column


def is_empty(ids: Any) -> Any:
    """Which ids are empty texts."""
    if isinstance(ids, Coded):
        at = ids.positions.get("", -1)
        return ids.codes == at if at >= 0 else np.zeros(0, bool)
    width = ids.dtype.itemsize // 4
    return np.ascontiguousarray(ids).view(np.uint32)[::width] == 0 if width else np.ones(len(ids), bool)


def repeated(ids: Any) -> Column:
    """Every row whose id also stands in another row."""
    if isinstance(ids, Coded):
        counts = np.bincount(ids.codes, minlength=len(ids.values))
        return np.flatnonzero(counts[ids.codes] > 1) if len(counts) and counts.max() > 1 else np.empty(0, np.int64)
    if (ids[1:] > ids[:-1]).all():
        return np.empty(0, np.int64)
    keys = hashed(ids)
    order = np.argsort(keys)
    again = keys[order][1:] == keys[order][:-1]
    suspects = np.sort(order[np.concatenate([again, [False]]) | np.concatenate([[False], again])])
    return suspects[repeated(Coded.of(ids[suspects]))] if suspects.size else suspects


def _text(read: ReadTable, name: str, row: int) -> str:
    column = read.columns[name]
    return column.values[column.codes[row]] if isinstance(column, Coded) else str(column[row])
