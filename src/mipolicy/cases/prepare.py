"""From a table of cases to coded columns, every row checked; what cannot be paid is marked with its reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs
import numpy as np
from attrs import define, field

from mipolicy import codes
from mipolicy.batch.columns import ReadTable, Table, read_table
from mipolicy.batch.dated import Dated, Faults
from mipolicy.batch.prepare import is_empty, repeated
from mipolicy.calendar import NO_DAY, as_date, day_number, year_of
from mipolicy.cases.facts import Facts
from mipolicy.cases.region import Region
from mipolicy.errors import CodeError, Fault, TableError
from mipolicy.money import MAX_FEN, Column
from mipolicy.payment.axes import POOL, REVIEW
from mipolicy.payment.case import Case
from mipolicy.policy import Policy
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["PreparedCases", "prepare_cases", "the_year"]

_AMOUNTS: Final = tuple(each.name for each in attrs.fields(Case) if each.metadata["kind"] == "fen")
_FLAGS: Final[Mapping[str, str]] = {
    "incomplete_flag": "incomplete",
    "planned_flag": "planned",
    "pathway_exit_flag": "pathway_exit",
    "refd_setl_flag": "reversal",
}
_STAYS: Final = ("inpatient", "stay")
"""What `med_type` means for a stay: those that a benefit room settles, and those of other kinds."""
_TEXTS: Final = tuple(each.name for each in attrs.fields(Case) if each.metadata["kind"] == "text")


@define(eq=False)
class PreparedCases:
    """Coded cases of one year, and why some of them cannot be paid.

    pool: place in `POOL`; posted: the day of posting; original: the row that a reversal takes back, -1 for cases;
    discharged: the first and the last day on which a sound case was discharged, None where there is none; years: how
    many rows that can be read are posted in each year.
    """

    dated: Dated
    read: ReadTable
    faults: Faults
    facts: Facts
    year: int
    pool: Column
    posted: Column
    reversal: Column
    original: Column
    discharged: tuple[int, int] | None = None
    years: Mapping[int, int] = field(factory=dict)

    @property
    def region(self) -> Region:
        """The region's tables."""
        return self.facts.region

    def payable(self) -> Any:
        """Which rows are sound cases, reversals apart."""
        return ~self.faults.bad & (self.reversal == 0)

    def routable(self) -> Any:
        """Sound cases, and those that only meet what is open, so that every gap is found at once."""
        sound = ~self.faults.bad | self.dated.gapped
        return sound & (self.reversal == 0)

    def cancelled(self) -> Any:
        """Which cases a reversal of the table takes back; they and their reversals come to nothing together."""
        gone = np.zeros(self.read.rows, bool)
        cases = self.original[self.reversal != 0]
        gone[cases[cases >= 0]] = True
        return gone

    def outside(self, rows: Any = slice(None)) -> Any:
        """Which rows, of all or of those asked about, are of people insured elsewhere."""
        places = self.facts.texts["insuplc_admdvs"]
        return np.array([code != "" for code in places.values] or [False]).take(places.codes[rows])

    def versions(self, section: str, rows: Any) -> Iterator[tuple[Any, Any]]:
        """The terms of a section on the discharge days of some rows, with the rows of each; both as booleans."""
        for _, terms, found in self.named_versions(section, rows):
            yield terms, found

    def named_versions(self, section: str, rows: Any) -> Iterator[tuple[str, Any, Any]]:
        """As `versions`, with the name of each version."""
        only = self.dated.only(section, *self.discharged) if self.discharged else None
        if only is not None:
            yield only.name, self.dated.policy.build(section, only), rows
            return
        for version, of_version in self.dated.versions(section, np.flatnonzero(rows), self.facts.columns["dscg_day"]):
            found = np.zeros(len(rows), bool)
            found[of_version] = True
            yield version.name, self.dated.policy.build(section, version), found

    def text(self, name: str, row: int) -> str:
        """A text of one row."""
        column = self.read.columns[name]
        return str(column.values[column.codes[row]] if isinstance(column, Coded) else column[row])


def prepare_cases(policy: Policy, table: Table, region: Region, year: int | None, threads: int = 1) -> PreparedCases:
    """Read, code and check a table of cases.

    year: the year that is closed; left out, the only one in which cases are posted.
    Raises TableError for a table of the wrong shape, or with several years and none said, and for what is no year.
    """
    if year is not None and not (isinstance(year, (int, np.integer)) and datetime.MINYEAR <= year <= datetime.MAXYEAR):
        raise TableError(f"year takes the year that is closed, such as 2025, not {year!r}")
    read = read_table(table, Case, "cases", threads)
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    _mark_ids(read, faults)
    texts = {name: Coded.of(read.columns[name]) for name in (*_TEXTS, "fixmedins_code")}
    discharged = np.asarray(read.columns["dscg_time"], np.int64)
    posted = np.where(read.columns["setl_time"] == NO_DAY, discharged, read.columns["setl_time"])
    years = _years(posted, faults)
    closed = the_year(years) if year is None else year
    _mark_other_years(posted, faults, closed)
    pool, inpatient = _coded_kinds(policy, read, closed, faults)
    flags = {short: _numbered(read, name, ("0", "1").index, faults) for name, short in _FLAGS.items()}
    columns: dict[str, Column] = {
        **{name: np.asarray(read.columns[name]) for name in (*_AMOUNTS, "review_points")},
        **flags,
        "review": _numbered(read, "review_state", REVIEW.position, faults),
        "adm_day": np.asarray(read.columns["adm_time"]),
        "dscg_day": discharged,
        "inpatient": inpatient,
        "pool": pool,
    }
    columns["days"] = _days(read, columns)
    facts = Facts(
        region,
        columns,
        texts,
        _places(texts["fixmedins_code"], "fixmedins_code", region.institutions, "institution", faults),
        _places(texts["group_code"], "group_code", {**region.groups, "": -1}, "group", faults),
    )
    prepared = PreparedCases(
        Dated.of(policy, faults), read, faults, facts, closed, pool, posted, flags["reversal"], _no_rows(read.rows)
    )
    prepared.years = years
    _check(prepared)
    if flags["reversal"].any():
        _match_reversals(prepared)
    days = discharged[~faults.bad]
    prepared.discharged = (int(days.min()), int(days.max())) if days.size else None
    return prepared


def _no_rows(rows: int) -> Column:
    return np.full(rows, -1, np.int64)


def _mark_ids(read: ReadTable, faults: Faults) -> None:
    for name in ("setl_id", "psn_no", "fixmedins_code"):
        faults.mark(np.flatnonzero(is_empty(read.columns[name])), Fault("id", f"{name} is empty"))
    for name in ("adm_time", "dscg_time"):
        faults.mark(np.flatnonzero(np.asarray(read.columns[name]) == NO_DAY), Fault("date", f"{name} is empty"))

    def twice(row: int) -> Fault:
        return Fault("duplicate", f"setl_id {np.asarray(read.columns['setl_id'])[row]} stands twice")

    faults.mark(repeated(read.columns["setl_id"]), twice)


def _years(posted: Column, faults: Faults) -> dict[int, int]:
    """How many of the rows that can be read are posted in each year."""
    good = faults.good()
    found, cases = np.unique(year_of(posted[good]), return_counts=True) if good.size else (good, good)
    return dict(zip(found.tolist(), cases.tolist(), strict=True))


def the_year(years: Mapping[int, int]) -> int:
    """The only year in which cases are posted; raises TableError for several, and for none."""
    if len(years) > 1:
        most = max(years, key=lambda year: (years[year], -year))
        told = ", ".join(map(str, sorted(years)))
        raise TableError(f"cases are posted in {told}: say which year is closed, year={most}")
    if not years:
        raise TableError("no case of the table can be paid: say which year is closed, year=")
    return next(iter(years))


def _mark_other_years(posted: Column, faults: Faults, year: int) -> None:
    first, last = (day_number(datetime.date(year, month, day)) for month, day in ((1, 1), (12, 31)))
    good = faults.good()
    other = good[(posted[good] < first) | (posted[good] > last)]
    faults.mark(other, lambda row: Fault("year", f"posted on {as_date(int(posted[row]))}, outside {year}"))


def _coded_kinds(policy: Policy, read: ReadTable, year: int, faults: Faults) -> tuple[Any, Any]:
    """The pool of each case, and whether it is a stay, by the codes of the last day of the year that is closed.

    Not by the days of the cases, of which a table may hold a part.
    """
    on = datetime.date(year, 12, 31)
    region = policy.header.region
    schemes = codes.table("insutype", region=region, on=on)
    kinds = codes.table("med_type", region=region, on=on)
    covered = {schemes.meaning(code) for code in policy.header.schemes}

    def pool(insutype: str) -> int:
        meaning = schemes.meaning(insutype)
        if meaning not in POOL.members or meaning not in covered:
            raise CodeError(
                f"insutype {insutype}: the policy has no pool for it; it covers {', '.join(policy.header.schemes)}"
            )
        return POOL.position(meaning)

    return _numbered(read, "insutype", pool, faults), _numbered(
        read, "med_type", lambda code: int(kinds.meaning(code) in _STAYS), faults
    )


def _numbered(read: ReadTable, name: str, figure: Callable[[str], int], faults: Faults) -> Any:
    """A small integer (one byte) per row from one per distinct code; rows with a code that has none are marked."""
    column = Coded.of(read.columns[name])
    numbers = np.zeros(max(1, len(column.values)), np.int8)
    for at, code in enumerate(column.values):
        try:
            numbers[at] = figure(code)
        except CodeError as error:
            faults.mark(np.flatnonzero(column.codes == at), Fault("code", str(error)))
        except ValueError:
            faults.mark(np.flatnonzero(column.codes == at), Fault("code", f"{name} takes '0' or '1', not {code!r}"))
    return numbers.take(column.codes) if len(column.values) > 1 else np.broadcast_to(numbers[0], len(column))


def _places(column: Coded, name: str, places: Mapping[str, int], what: str, faults: Faults) -> Column:
    """The place of each row's code in the region's tables; rows with one that is not there are marked."""
    numbers = np.zeros(max(1, len(column.values)), np.int64)
    for at, code in enumerate(column.values):
        if code not in places:
            message = f"{name} {code}: the region's tables have no such {what}"
            faults.mark(np.flatnonzero(column.codes == at), Fault(what, message))
        else:
            numbers[at] = places[code]
    return numbers.take(column.codes)


def _days(read: ReadTable, columns: Mapping[str, Column]) -> Column:
    """The days of a stay: as stated, else from admission to discharge."""
    stated = np.asarray(read.columns["act_ipt_days"])
    return np.where(stated == NO_AMOUNT, columns["dscg_day"] - columns["adm_day"], stated)


def _check(prepared: PreparedCases) -> None:
    """What must hold of every case; the first that is broken is the reason of the reject."""
    of, faults = prepared.facts.columns, prepared.faults
    stated = {"fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"} & prepared.read.given
    is_case = prepared.reversal == 0
    parts = of["fulamt_ownpay_amt"] + of["overlmt_selfpay"] + of["preselfpay_amt"] + of["inscp_scp_amt"]
    paid = of["hifp_pay"] + of["other_pay"] + of["psn_part_amt"] + of["hosp_part_amt"]
    negative = np.zeros(len(is_case), bool)
    beyond = np.zeros(len(is_case), bool)
    for name in _AMOUNTS:
        if name != "hosp_part_amt":
            negative |= of[name] < 0
        beyond |= np.abs(of[name]) > MAX_FEN
    cost = np.abs(of["medfee_sumamt"])
    granted = of["review"] == REVIEW.position("granted_points")
    for reason, message, broken in (
        ("amount", "an amount is beyond ten billion yuan", beyond),
        ("amount", "an amount is negative and the case is no reversal (refd_setl_flag 1)", is_case & negative),
        ("date", "dscg_time is before adm_time", of["dscg_day"] < of["adm_day"]),
        ("date", "act_ipt_days is negative", of["days"] < 0),
        (
            "date",
            "act_ipt_days is more than there are from adm_time to dscg_time, both counted",
            of["days"] > of["dscg_day"] - of["adm_day"] + 1,
        ),
        ("amount", "medfee_sumamt is not above 0", is_case & (of["medfee_sumamt"] <= 0)),
        (
            "identity",
            "medfee_sumamt is not hifp_pay + other_pay + psn_part_amt + hosp_part_amt",
            paid != of["medfee_sumamt"],
        ),
        (
            "identity",
            "medfee_sumamt is not fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt",
            (parts != of["medfee_sumamt"]) if stated else np.abs(of["inscp_scp_amt"]) > cost,
        ),
        ("identity", "act_pay_dedc is above inscp_scp_amt", np.abs(of["act_pay_dedc"]) > np.abs(of["inscp_scp_amt"])),
        (
            "amount",
            "unreasonable_amt and carve_out_amt are above medfee_sumamt",
            np.abs(of["unreasonable_amt"] + of["carve_out_amt"]) > cost,
        ),
        ("amount", "drug_amt is above medfee_sumamt", np.abs(of["drug_amt"]) > cost),
        (
            "review",
            "points granted by the experts (granted_points) go with review_points above 0",
            granted != (of["review_points"] > 0),
        ),
    ):
        faults.mark(np.flatnonzero(broken), Fault(reason, message))


def _elsewhere(prepared: PreparedCases, row: int, at: int) -> str:
    """The first of person, institution, scheme and insured place that differs between a reversal and its case."""
    names = ("psn_no", "fixmedins_code", "insutype", "insuplc_admdvs")
    return next((name for name in names if prepared.text(name, row) != prepared.text(name, at)), "")


def _match_reversals(prepared: PreparedCases) -> None:
    """Match each reversal to its case in the table; one that matches none, or a case reversed twice, is marked."""
    ids = Coded.of(prepared.read.columns["setl_id"])
    rows = {ids.values[code]: row for row, code in enumerate(ids.codes.tolist()) if prepared.reversal[row] == 0}
    of, taken = prepared.facts.columns, set()
    for row in np.flatnonzero((prepared.reversal == 1) & ~prepared.faults.bad).tolist():
        named = prepared.text("init_setl_id", row)
        at = rows.get(named, -1)
        if at < 0:
            why = "refd_setl_flag 1 and init_setl_id go together" if not named else f"the table holds no case {named}"
        elif prepared.faults.bad[at]:
            why = f"case {named}, which it reverses, is rejected"
        elif at in taken:
            why = f"case {named} is reversed twice"
        elif other := _elsewhere(prepared, row, at):
            why = f"{other} is not that of case {named}, which it reverses"
        elif any(int(of[name][row]) != -int(of[name][at]) for name in _AMOUNTS):
            why = f"a reversal carries the amounts of case {named} with the opposite sign"
        else:
            prepared.original[row] = at
            taken.add(at)
            continue
        prepared.faults.mark(np.array([row]), Fault("reversal", why))
