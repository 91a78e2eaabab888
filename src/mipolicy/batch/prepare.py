"""From a table of bills to coded columns: codes, checks, lines, routing, versions, gaps, years and split stays.

Whatever cannot be settled is marked with its reason; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
from attrs import define, field, frozen

from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.lines import LineParts, split_table_lines
from mipolicy.benefits.axes import SCHEMES, STREAMS
from mipolicy.benefits.bill import AMOUNTS, CHECKS, NO_AMOUNT, Bill, CodeBook, Figures
from mipolicy.benefits.claim import Codes, Texts
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.settlement import INPATIENT, section_name, terms_day, year_day
from mipolicy.benefits.statement import Parts
from mipolicy.calendar import as_date, year_of
from mipolicy.errors import Fault, MipolicyError, NotInForce, PolicyError, PolicyGap
from mipolicy.money import Column, yuan_text
from mipolicy.policy import Policy, Version
from mipolicy.texts import Coded, same_text

__all__ = ["BatchGap", "Faults", "Gaps", "Prepared", "Run", "prepare"]

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
        for row in rows[~self.bad[rows]].tolist():
            self.why[row] = fault if isinstance(fault, Fault) else fault(row)
        self.bad[rows] = True

    def good(self) -> Column:
        """The rows that are not marked."""
        return np.flatnonzero(~self.bad)


@frozen
class Run:
    """Where a row is settled: a section and one of its versions, built."""

    scheme: int
    stream: int
    section: str
    version: Version
    terms: Any


@define
class Prepared:
    """Coded columns of a table, and where each row is settled.

    conduct, run: places in `conducts` and `runs`, -1 where a row has none; on: the day that chooses the terms;
    split_rows: stays that are split at the year's end; gaps: what is open, with the rows it touches.
    """

    policy: Policy
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
    gaps: list[tuple[PolicyGap, int]] = field(factory=list)
    line_parts: LineParts | None = None


def prepare(policy: Policy, table: Table, lines: Table | None, gaps: Gaps) -> Prepared:
    """Read, code, check and route a table.

    Raises TableError for a table of the wrong shape, BatchGap, RepealedPolicy, PolicyError.
    """
    read = read_table(table, Bill, "bills")
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    prepared = _coded(policy, read, faults)
    _check(prepared)
    _terms_days(prepared)
    if lines is not None:
        _take_lines(prepared, lines)
    unstated = (prepared.parts.inscp_scp_amt == NO_AMOUNT) & (prepared.figures.reversal == 0)
    faults.mark(np.flatnonzero(unstated), Fault("lines", "neither the four parts nor fee lines are given"))
    _route(prepared)
    if prepared.gaps and gaps == "raise":
        raise BatchGap(tuple(prepared.gaps))
    _years(prepared)
    return prepared


def _coded(policy: Policy, read: ReadTable, faults: Faults) -> Prepared:
    columns = read.columns
    days = columns["setl_time"].astype("datetime64[D]").astype(np.int64)
    region = policy.header.region
    ends = (int(days.min()), int(days.max())) if read.rows else (0, 0)
    books = tuple(CodeBook(region, as_date(day)) for day in ends)

    def one(name: str, figure: Callable[[CodeBook, str], int]) -> Column:
        return _figures(columns[name], figure, books, faults)

    def pair(left: str, right: str, figure: Callable[[CodeBook, str, str], int]) -> Column:
        first, second = columns[left], columns[right]
        both = first.codes.astype(np.int64) * len(second.values) + second.codes
        seen, places = np.unique(both, return_inverse=True)
        keys = [
            (first.values[key // len(second.values)], second.values[key % len(second.values)]) for key in seen.tolist()
        ]
        joined = Coded(places.astype(np.int32), tuple(f"{a}\0{b}" for a, b in keys))
        return _figures(joined, lambda book, text: figure(book, *text.split("\0")), books, faults)

    scheme = one("insutype", lambda book, code: book.scheme(code))
    stream = one("med_type", lambda book, code: book.stream(code))
    columns = {**columns, "scheme": Coded(scheme.astype(np.int32), SCHEMES)}
    codes = Codes(
        hosp_lv=pair("hosp_lv", "medins_kind", lambda book, level, kind: book.level(level, kind)),
        psn_type=pair("scheme", "psn_type", lambda book, name, code: book.status(SCHEMES.index(name), code)),
        medins_kind=one("medins_kind", lambda book, code: book.kind(code)),
        medins_ownership=one("medins_ownership", lambda book, code: book.ownership(code)),
        service_kind=one("service_kind", lambda book, code: book.service(code)),
        online=one("online_flag", lambda book, flag: book.flag("online_flag", flag)),
        follow_up=one("follow_up_flag", lambda book, flag: book.flag("follow_up_flag", flag)),
        referral=one("referral_flag", lambda book, flag: book.flag("referral_flag", flag)),
        interim=one("mid_setl_flag", lambda book, flag: book.flag("mid_setl_flag", flag)),
    )
    figures = Figures(
        **{name: columns[name] for name in AMOUNTS},
        setl_day=days,
        adm_day=columns["adm_time"],
        dscg_day=columns["dscg_time"],
        begn_day=columns["opsp_begndate"],
        end_day=columns["opsp_enddate"],
        inpatient=(stream == INPATIENT).astype(np.int64),
        reversal=one("refd_setl_flag", lambda book, flag: book.flag("refd_setl_flag", flag)),
        names_original=columns["init_setl_id"].figures(lambda text: int(text != "")),
    )
    texts = Texts(
        Coded.of(columns["fixmedins_code"]),
        columns["opsp_fixmedins_code"],
        columns["dise_codg"],
        columns["second_dise_codg"],
    )
    parts = Parts(**{name: columns[name] for name in AMOUNTS}, hosp_part_amt=np.zeros(read.rows, np.int64))
    return Prepared(
        policy=policy,
        read=read,
        faults=faults,
        scheme=scheme,
        stream=stream,
        codes=codes,
        figures=figures,
        texts=texts,
        person=Coded.of(columns["psn_no"]),
        parts=parts,
        on=days.copy(),
        conduct=np.full(read.rows, -1, np.int64),
        run=np.full(read.rows, -1, np.int64),
        year=year_of(days),
        split_rows=np.empty(0, np.int64),
    )


def _figures(
    column: Coded, figure: Callable[[CodeBook, str], int], books: tuple[CodeBook, ...], faults: Faults
) -> Column:
    """A small integer per distinct code; a code without one is a fault of its rows."""
    numbers = []
    for at, code in enumerate(column.values):
        try:
            found = {figure(book, code) for book in dict.fromkeys(books)}
            if len(found) > 1:
                raise PolicyError(f"the meaning of code {code!r} changes within the table's dates: settle it in parts")
            numbers.append(found.pop())
        except MipolicyError as error:
            if isinstance(error, PolicyError):
                raise
            numbers.append(0)
            message = str(error)
            faults.mark(np.flatnonzero(column.codes == at), Fault("code", message))
    return np.array(numbers or [0], np.int8)[column.codes].astype(np.int64)


def _check(prepared: Prepared) -> None:
    read, faults = prepared.read, prepared.faults
    for name in ("setl_id", "mdtrt_id", "psn_no"):
        empty = _empty(read.columns[name])
        faults.mark(np.flatnonzero(empty), Fault("id", f"{name} is empty"))
    repeated = _repeated(read.columns["setl_id"])
    faults.mark(repeated, lambda row: Fault("duplicate", f"setl_id {_text(read, 'setl_id', row)} stands twice"))
    for check in CHECKS:
        broken = np.flatnonzero(check.broken(prepared.figures))
        if broken.size:
            faults.mark(broken, Fault(check.reason, check.message))


def _empty(ids: Any) -> Any:
    return ids.figures(lambda text: int(text == "")) == 1 if isinstance(ids, Coded) else ids == ""


def _repeated(ids: Any) -> Column:
    """Every row whose id also stands in another row."""
    coded = Coded.of(ids)
    counts = np.bincount(coded.codes, minlength=len(coded.values))
    return np.flatnonzero(counts[coded.codes] > 1) if len(counts) and counts.max() > 1 else np.empty(0, np.int64)


def _text(read: ReadTable, name: str, row: int) -> str:
    column = read.columns[name]
    return column.values[column.codes[row]] if isinstance(column, Coded) else str(column[row])


def _terms_days(prepared: Prepared) -> None:
    """The day that chooses each row's terms, by the `SettlementTerms` of the day that a stay is settled."""
    figures = prepared.figures
    rows = np.flatnonzero((figures.inpatient == 1) & ~prepared.faults.bad)
    for version, of_version in _versions(prepared, "settlement", rows, figures.setl_day):
        terms: SettlementTerms = prepared.policy.build("settlement", version)
        prepared.conduct[of_version] = len(prepared.conducts)
        prepared.conducts.append(terms)
        prepared.on[of_version] = terms_day(terms, _take(figures, of_version))


def _take(figures: Figures[Column], rows: Column) -> Figures[Column]:
    return Figures(**{each.name: getattr(figures, each.name)[rows] for each in attrs.fields(Figures)})


def _versions(prepared: Prepared, section: str, rows: Column, days: Column) -> list[tuple[Version, Column]]:
    """The rows of each version of a section; rows of no version are faults, and so are rows that meet a gap."""
    found: dict[str, tuple[Version, list[Column]]] = {}
    open_: dict[str, list[Any]] = {}
    distinct, places = np.unique(days[rows], return_inverse=True)
    for at, day in enumerate(distinct.tolist()):
        of_day = rows[places == at]
        try:
            version = prepared.policy.version(section, as_date(day))
            prepared.policy.build(section, version)
        except PolicyGap as gap:
            open_.setdefault(str(gap), [gap, 0])[1] += len(of_day)
            prepared.faults.mark(of_day, Fault("gap", str(gap).splitlines()[0].rstrip(":")))
        except NotInForce as error:
            prepared.faults.mark(of_day, Fault("not_in_force", str(error)))
        else:
            found.setdefault(version.name, (version, []))[1].append(of_day)
    prepared.gaps += [(gap, count) for gap, count in open_.values()]
    return [(version, np.concatenate(chunks)) for version, chunks in found.values()]


def _take_lines(prepared: Prepared, lines: Table) -> None:
    """Sum the lines of each bill into its parts; a header that is not the sum of its lines is a fault."""
    faults, reversal = prepared.faults, prepared.figures.reversal
    taken = split_table_lines(prepared.policy, lines, prepared.read, reversal, prepared.on, faults, prepared.gaps)
    prepared.line_parts = taken
    names = [each.name for each in attrs.fields(Parts)]
    columns = {name: getattr(prepared.parts, name) for name in names}
    for name in AMOUNTS:
        stated, summed = columns[name], getattr(taken.parts, name)
        differs = np.flatnonzero(taken.has_lines & (stated != NO_AMOUNT) & (stated != summed))

        def fault(row: int, name: str = name, stated: Column = stated, summed: Column = summed) -> Fault:
            sums = f"{name} is {yuan_text(stated[row])}, its lines sum to {yuan_text(summed[row])}"
            return Fault("lines", sums)

        faults.mark(differs, fault)
    merged = {name: np.where(taken.has_lines, getattr(taken.parts, name), columns[name]) for name in names}
    prepared.parts = Parts(**merged)


def _route(prepared: Prepared) -> None:
    """Give each row its section and version; a special-disease visit elsewhere may belong to the general stream."""
    texts, general = prepared.texts, STREAMS.index("general")
    elsewhere = same_text(texts.fixmedins_code, texts.opsp_fixmedins_code) == 0
    streams = [*(at for at in range(len(STREAMS)) if at != general), general]  # last: others may hand rows to it
    for at in streams:
        for scheme in range(len(SCHEMES)):
            rows = np.flatnonzero((prepared.scheme == scheme) & (prepared.stream == at) & ~prepared.faults.bad)
            section = section_name(SCHEMES[scheme], STREAMS[at])
            for version, of_version in _versions(prepared, section, rows, prepared.on):
                terms = prepared.policy.build(section, version)
                stays = of_version
                if isinstance(terms, OutpatientTerms) and terms.outside_designated == "general":
                    prepared.stream[of_version[elsewhere[of_version]]] = general
                    stays = of_version[~elsewhere[of_version]]
                prepared.run[stays] = len(prepared.runs)
                prepared.runs.append(Run(scheme, at, section, version, terms))


def _years(prepared: Prepared) -> None:
    """The year of each stay, and the stays that are split at the year's end."""
    figures, split = prepared.figures, []
    for at, conduct in enumerate(prepared.conducts):
        rows = np.flatnonzero((prepared.conduct == at) & ~prepared.faults.bad)
        prepared.year[rows] = year_of(year_day(conduct, _take(figures, rows)))
        if conduct.year_by == "split_at_year_end":
            crossing = rows[year_of(figures.adm_day[rows]) != year_of(figures.dscg_day[rows])]
            split.append(crossing[figures.reversal[crossing] == 0])
    if split:
        prepared.split_rows = np.concatenate(split)
