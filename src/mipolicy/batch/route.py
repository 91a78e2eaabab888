"""Where each row of a table is settled: terms by date, lines, section and version, gaps, years and split stays.

Whatever cannot be settled is marked with its reason; nothing is dropped.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from mipolicy.axes import SCHEMES
from mipolicy.batch.columns import Table
from mipolicy.batch.dated import BatchGap, Gaps
from mipolicy.batch.lines import split_table_lines
from mipolicy.batch.prepare import Prepared, Run, code_table, is_uniform
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.bill import AMOUNTS, Days
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.cover import Rules
from mipolicy.benefits.ladder import LadderTerms
from mipolicy.benefits.settlement import (
    belongs_to_general,
    closed,
    closed_years,
    ladder_section,
    layer_section,
    layers_of,
    place_section,
    section_name,
    terms_day,
    year_day,
)
from mipolicy.benefits.statement import Parts
from mipolicy.calendar import as_date, year_of
from mipolicy.errors import Fault
from mipolicy.money import Column, yuan_text
from mipolicy.policy import Policy, Version
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import same_text

__all__ = ["prepare"]


def prepare(policy: Policy, table: Table, lines: Table | None, gaps: Gaps, threads: int = 1) -> Prepared:
    """Read, code, check and route a table.

    Raises TableError for a table of the wrong shape, BatchGap, RepealedPolicy, PolicyError.
    """
    prepared = code_table(policy, table, threads)
    _terms_days(prepared)
    if lines is not None:
        _take_lines(prepared, lines)
    unstated = (prepared.parts.inscp_scp_amt == NO_AMOUNT) & (prepared.figures.reversal == 0)
    message = "neither the four parts nor fee lines are given"
    prepared.faults.mark(np.flatnonzero(unstated), Fault("lines", message))
    _route(prepared)
    if prepared.dated.gaps and gaps == "raise":
        raise BatchGap(tuple(prepared.dated.gaps))
    _years(prepared)
    _check_closed(prepared)
    _check_split(prepared)
    return prepared


def _terms_days(prepared: Prepared) -> None:
    """The day that chooses each row's terms, by the `SettlementTerms` of the day that a stay is settled."""
    figures = prepared.figures
    rows = np.flatnonzero((figures.inpatient == 1) & prepared.routable())
    for version, of_version in prepared.dated.versions("settlement", rows, figures.days.setl_day):
        terms: SettlementTerms = prepared.dated.policy.build("settlement", version)
        prepared.on = np.array(prepared.on) if not prepared.conducts else prepared.on
        prepared.conduct[of_version] = len(prepared.conducts)
        prepared.conducts.append(terms)
        prepared.on[of_version] = terms_day(terms, _days(prepared, of_version))


def _days(prepared: Prepared, rows: Column) -> Days[Column]:
    return Days(**{each.name: getattr(prepared.figures.days, each.name)[rows] for each in attrs.fields(Days)})


def _take_lines(prepared: Prepared, lines: Table) -> None:
    """Sum the lines of each bill into its parts; a header that is not the sum of its lines is a fault."""
    faults = prepared.faults
    taken = split_table_lines(prepared, lines)
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
    elsewhere: Any = None
    routable = prepared.routable()
    for at in [*(at for at in range(len(STREAMS)) if at != general), general]:  # last: others may hand rows to it
        of_stream = np.flatnonzero((prepared.stream == at) & routable)
        for scheme in range(len(SCHEMES)) if of_stream.size else ():
            here = of_stream if _says(prepared.scheme, scheme) else of_stream[prepared.scheme[of_stream] == scheme]
            section = section_name(SCHEMES[scheme], STREAMS[at])
            for version, of_version in prepared.dated.versions(section, here, prepared.on):
                terms = prepared.dated.policy.build(section, version)
                stays = of_version
                if belongs_to_general(terms):
                    if elsewhere is None:
                        elsewhere = same_text(texts.fixmedins_code, texts.opsp_fixmedins_code) == 0
                        prepared.stream = prepared.stream.copy()  # a column of one kind of care takes no memory
                    prepared.stream[of_version[elsewhere[of_version]]] = general
                    stays = of_version[~elsewhere[of_version]]
                _give_rules(prepared, (scheme, at), (section, version), terms, stays)


def _give_rules(prepared: Prepared, route: tuple[int, int], of: tuple[str, Version], terms: Any, rows: Column) -> None:
    """Give rows of one version their rules: one run for each combination of versions of the layers above."""
    scheme, stream = SCHEMES[route[0]], STREAMS[route[1]]
    for ladder_version, of_ladder in prepared.dated.versions(ladder_section(scheme), rows, prepared.on):
        ladder: LadderTerms = prepared.dated.policy.build(ladder_section(scheme), ladder_version)
        groups = [(Rules(terms), of_ladder)]
        for layer in layers_of(ladder, stream):
            found = _each_version(prepared, layer_section(layer, scheme), groups)
            groups = [(attrs.evolve(of, layers=(*of.layers, (layer, more))), rows) for of, more, rows in found]
        for name, section, asked in (
            ("place", place_section(scheme), prepared.codes.place_class),
            ("account", "account", prepared.codes.account),
        ):
            if not _says(asked, 0):
                without = [(of, rows[asked[rows] == 0]) for of, rows in groups]
                found = _each_version(prepared, section, [(of, rows[asked[rows] != 0]) for of, rows in groups])
                groups = [*without, *((attrs.evolve(of, **{name: more}), rows) for of, more, rows in found)]
        for rules, rows_of_rules in groups:
            if rows_of_rules.size:
                prepared.run[rows_of_rules] = len(prepared.runs)
                prepared.runs.append(Run(*route, *of, rules))


def _each_version(
    prepared: Prepared, section: str, groups: list[tuple[Rules, Column]]
) -> list[tuple[Rules, Any, Column]]:
    """Groups of rows parted by the versions of one more section, with its terms."""
    return [
        (of, prepared.dated.policy.build(section, version), of_version)
        for of, rows in groups
        for version, of_version in prepared.dated.versions(section, rows, prepared.on)
    ]


def _says(column: Column, value: int) -> bool:
    """Whether a column that is the same for every row says this."""
    return is_uniform(column) and column.size > 0 and int(column[0]) == value


def _years(prepared: Prepared) -> None:
    """The year of each stay, and the stays that are split at the year's end."""
    split = []
    for at, conduct in enumerate(prepared.conducts):
        rows = np.flatnonzero((prepared.conduct == at) & ~prepared.faults.bad)
        prepared.year = prepared.year if prepared.year.flags.writeable else np.array(prepared.year)
        prepared.year[rows] = year_of(year_day(conduct, _days(prepared, rows)))
        if conduct.year_by == "split_at_year_end":
            days = _days(prepared, rows)
            split.append(rows[year_of(days.adm_day) != year_of(days.dscg_day)])
    if split:
        prepared.split_rows = np.concatenate(split)


def _check_closed(prepared: Prepared) -> None:
    """A bill of a year whose accounts are closed is a fault; a split stay, where one of its years is."""
    days = prepared.figures.days
    rows = prepared.faults.good()
    if not rows.size or not any(
        version.stated("closed_years") for version in prepared.dated.policy.versions.get("settlement", ())
    ):
        return
    for day in np.unique(days.setl_day[rows]).tolist():
        for year in closed_years(prepared.dated.policy, as_date(day)):
            here = rows[(days.setl_day[rows] == day) & (prepared.year[rows] == year)]
            split = np.intersect1d(prepared.split_rows, rows[days.setl_day[rows] == day])
            over = split[(year_of(days.adm_day[split]) <= year) & (year_of(days.dscg_day[split]) >= year)]
            prepared.faults.mark(np.union1d(here, over), Fault("closed", closed(year)))


def _check_split(prepared: Prepared) -> None:
    """A stay over the year's end is split by its lines, each on a day within the stay."""
    faults, split, lines = prepared.faults, prepared.split_rows, prepared.line_parts
    if not split.size:
        return
    none = Fault("lines", "a stay over the year's end is split by its lines, and it has none")
    if lines is None:
        faults.mark(split, none)
        return
    faults.mark(split[~lines.has_lines[split]], none)
    bill, day, days = lines.split.bill, lines.split.day, prepared.figures.days
    outside = (day < days.adm_day[bill]) | (day > days.dscg_day[bill])
    loose = np.intersect1d(split, bill[outside])
    faults.mark(loose, Fault("lines", "every line needs a fee_ocur_time within the stay to split it"))
