"""From diagnoses and procedures of a table to DIP groups: which one a case would form, and which one takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table, read_table
from mipolicy.batch.dated import Faults
from mipolicy.batch.result import Rejects
from mipolicy.cases.discharges import first_day, mark_ids, mark_texts, rejects_of
from mipolicy.errors import CodeError, TableError
from mipolicy.money import Column
from mipolicy.payment.case import Group, ProcedureKind
from mipolicy.payment.dip_grouping import (
    GROUP_KINDS,
    TREATMENT,
    CodedCases,
    DipGroupingTerms,
    GroupKey,
    match,
    subcategory,
    treatment_of,
)
from mipolicy.policy import Policy
from mipolicy.records import record_field
from mipolicy.texts import Coded

__all__ = ["GroupedCases", "Procedures", "group_cases", "key_of", "mark_codes", "read_kinds"]

_PROCEDURE: Final = re.compile(r"[0-9]{2}\.[0-9][0-9x]{0,8}")
_GROUPS: Final = ("group_code", "kind", "group_mean")


@frozen(kw_only=True)
class _Diagnosed:
    """What grouping reads of a case."""

    setl_id: str = record_field("id", "结算ID", "settlement id")
    medfee_sumamt: int = record_field("fen", "医疗费总额", "total cost")
    diag_code: str = record_field("text", "主要诊断编码", "principal diagnosis")
    oprn_oprt_codes: str = record_field("text", "手术操作编码", "procedures", "")
    group_code: str = record_field("text", "病组编码", "group", "")
    carve_out_amt: int = record_field("fen", "除外支付金额", "carved-out cost", 0)


@frozen(eq=False)
class GroupedCases:
    """The groups of a table of cases: rows in = those with a group + those without + rejected.

    group_code: of each row, empty where no group takes the case and where it is rejected; treatment: position in
    `TREATMENT` of each row, -1 where it was not looked at.
    """

    rows_in: int
    group_code: Coded
    treatment: Column
    rejects: Rejects

    @property
    def grouped(self) -> int:
        """How many cases have a group."""
        return int(np.count_nonzero(self.group_code.figures(lambda text: int(text != ""))))

    @property
    def without_group(self) -> int:
        """How many cases no group takes."""
        return self.rows_in - self.grouped - len(self.rejects)

    def filled(self, cases: Table) -> dict[str, Any]:
        """The same cases with their `group_code`, as `mipolicy.cases.pay.pay_table` takes them.

        Raises TableError for a table of another length.
        """
        lengths = {len(column) for column in cases.values()}
        if lengths != {self.rows_in}:
            raise TableError(f"cases: {self.rows_in} rows were grouped, this table has {sorted(lengths)}")
        return {**cases, "group_code": self.group_code}


@frozen(eq=False)
class Procedures:
    """The distinct texts of procedures, each read once: the codes that the table of kinds lists, and the treatment.

    `why` says what is wrong with a text, empty where nothing is.
    """

    listed: tuple[tuple[str, ...], ...]
    treatment: tuple[str, ...]
    why: Mapping[str, str]

    @classmethod
    def of(cls, terms: DipGroupingTerms, kinds: Mapping[str, str], texts: Sequence[str]) -> Procedures:
        """Read texts of codes joined by `+`."""
        listed, treatments, why = [], [], {}
        for text in texts:
            codes = text.split("+") if text else []
            unknown = [code for code in codes if code not in kinds]
            bad = [code for code in unknown if not _PROCEDURE.fullmatch(code)]
            if bad:
                why[text] = f"oprn_oprt_codes: {bad[0]!r} is no procedure code such as 45.2302; + joins several"
            elif unknown and terms.unlisted_procedures == "refused":
                why[text] = f"oprn_oprt_codes: {unknown[0]} has no treatment kind in the table of kinds"
            known = tuple(sorted({code for code in codes if code in kinds})) if text not in why else ()
            listed.append(known)
            treatments.append(treatment_of(terms, known, kinds))
        return cls(tuple(listed), tuple(treatments), why)


def read_kinds(kinds: Table | None) -> dict[str, str]:
    """Treatment kind by procedure, from a table of `ProcedureKind`.

    Raises TableError for rows that cannot be read, codes that are none or stand twice, and unknown kinds.
    """
    if kinds is None:
        return {}
    read = read_table(kinds, ProcedureKind, "kinds")
    codes, words = (np.asarray(read.columns[name]).tolist() for name in ("oprn_oprt_code", "treatment"))
    problems = [f"row {row}: {fault.message}" for row, fault in sorted(read.faults.items())]
    found: dict[str, str] = {}
    for row, (code, word) in enumerate(zip(codes, words, strict=True)):
        if not _PROCEDURE.fullmatch(code):
            problems.append(f"row {row}: {code!r} is no procedure code such as 45.2302")
        elif word not in TREATMENT.members:
            problems.append(f"row {row}: treatment {word!r} of {code} is none of {', '.join(TREATMENT.members)}")
        elif found.setdefault(code, word) != word:
            problems.append(f"row {row}: {code} stands twice, as {found[code]} and as {word}")
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise TableError(f"kinds: {'; '.join(problems[:5])}{more}")
    return found


def mark_codes(diagnoses: Coded, texts: Coded, procedures: Procedures, faults: Faults) -> None:
    """Mark rows whose diagnosis is no code of insurance ICD-10, or whose procedures cannot be read."""

    def why(diagnosis: str) -> str:
        try:
            subcategory(diagnosis)
        except CodeError as error:
            return f"diag_code: {error}"
        return ""

    mark_texts(diagnoses, faults, "diagnosis", why)
    mark_texts(texts, faults, "procedure", lambda text: procedures.why.get(text, ""))


def refuse_no_kinds(kinds: Table | None, texts: Coded) -> None:
    """Refuse a table with procedures where nothing says how they treat; an empty table of kinds leaves them out."""
    if kinds is None and any(texts.values):
        raise TableError(
            "kinds: the table has procedures, and nothing says how they treat; give kinds, a table of oprn_oprt_code "
            "and treatment"
        )


def key_of(diagnosis: str, listed: Sequence[str]) -> str:
    """The text of the core group that a case would form, as `mipolicy.payment.dip_grouping.candidate` has it."""
    place = subcategory(diagnosis)
    return f"{place}:{'+'.join(listed)}" if listed else place


def keys_of(terms: DipGroupingTerms, kinds: Mapping[str, str], texts: Sequence[str]) -> list[GroupKey]:
    """The keys of texts that `key_of` has made, each with its treatment."""
    return [
        GroupKey.parse(text, treatment_of(terms, text[6:].split("+") if len(text) > 5 else (), kinds)) for text in texts
    ]


def group_cases(
    policy: Policy, groups: Table, cases: Table, kinds: Table | None = None, *, year: int, threads: int | None = None
) -> GroupedCases:
    """Find the group of each case of a year (rules P01, P03), under the terms of the first day of the year.

    groups: the catalogue, named as `Group`; groups of other kinds than DIP's are left out; cases: any table with
    setl_id, medfee_sumamt and diag_code, and oprn_oprt_codes and carve_out_amt where there are some; other columns are
    not looked at; a group_code that is stated stays; kinds: named as `ProcedureKind`.
    Raises TableError, PolicyGap, CodeError for a group whose code is no DIP key.  Bad rows go to the rejects.
    """
    terms = policy.terms(DipGroupingTerms, on=first_day(year))
    wanted = {name: column for name, column in cases.items() if name in _Diagnosed.__annotations__}
    read = read_table(wanted, _Diagnosed, "cases", threads or 1)
    faults = Faults(np.zeros(read.rows, bool))
    for row, fault in read.faults.items():
        faults.mark(np.array([row]), fault)
    stated = Coded.of(read.columns["group_code"])
    has_group = stated.figures(lambda text: int(text != "")) != 0
    mark_ids(read, faults, ("setl_id",))
    # what has its group already needs no diagnosis
    of_codes = Faults(np.zeros(read.rows, bool))
    diagnoses, texts = Coded.of(read.columns["diag_code"]), Coded.of(read.columns["oprn_oprt_codes"])
    refuse_no_kinds(kinds, texts)
    table = read_kinds(kinds)
    mark_codes(diagnoses, texts, Procedures.of(terms, table, texts.values), of_codes)
    faults.mark(np.flatnonzero(of_codes.bad & ~has_group), lambda row: of_codes.why[row])
    rows = np.flatnonzero(~faults.bad & ~has_group)
    cost = np.abs(np.asarray(read.columns["medfee_sumamt"]) - np.asarray(read.columns["carve_out_amt"]))
    found, treatment = matched(terms, _records(groups), table, diagnoses.take(rows), texts.take(rows), cost[rows])
    values = tuple(dict.fromkeys((*stated.values, "", *found.values)))
    places = {text: at for at, text in enumerate(values)}
    code = np.where(faults.bad, places[""], stated.figures(places.__getitem__)).astype(np.int32)
    code[rows] = found.figures(places.__getitem__)
    treatments = np.full(read.rows, -1, np.int64)
    treatments[rows] = treatment
    return GroupedCases(read.rows, Coded(code, values), treatments, rejects_of(read, faults))


def matched(
    terms: DipGroupingTerms,
    groups: Sequence[Group],
    kinds: Mapping[str, str],
    diagnoses: Coded,
    texts: Coded,
    cost: Column,
) -> tuple[Coded, Column]:
    """The group of sound cases, empty for none, and their treatment; only the codes that occur are looked at."""
    codes = []
    used: list[list[str]] = []
    for column in (diagnoses, texts):
        held = np.flatnonzero(np.bincount(column.codes, minlength=1)) if len(column) else np.zeros(0, np.int64)
        used.append([column.values[at] for at in held.tolist()])
        codes.append(np.searchsorted(held, column.codes).astype(np.int64))
    sets = [tuple(text.split("+")) if text else () for text in used[1]]
    done = match(terms, groups, kinds, used[0], sets, CodedCases(codes[0], codes[1], cost))
    values = (*(group.group_code for group in groups), "")
    return Coded(np.where(done.group < 0, len(groups), done.group).astype(np.int32), values), done.treatment


def _records(groups: Table) -> tuple[Group, ...]:
    """What matching needs of the groups: codes, kinds, means."""
    read = read_table(groups, Group, "groups")
    if read.faults:
        row, fault = min(read.faults.items())
        raise TableError(f"groups: row {row}: {fault.message}")
    columns = [np.asarray(read.columns[name]).tolist() for name in _GROUPS]
    return tuple(
        Group(group_code=code, kind=kind, group_mean=mean)
        for code, kind, mean in zip(*columns, strict=True)
        if kind in GROUP_KINDS
    )
