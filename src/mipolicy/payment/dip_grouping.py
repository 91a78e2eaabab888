"""Grouping of DIP cases (入组): from diagnosis and procedures to a group of the catalogue.

Rules P01, P03; formulas.md section 2, "Group" and "Match order".  A group is a subcategory of insurance ICD-10 (the
first five characters) and its procedures, joined by `+` (all of them) and `/` (any of them).  A comprehensive group is
a category or a range of categories and a treatment kind.  Amounts in fen, codes as strings, positions as int64 columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
from attrs import frozen

from mipolicy.checked import check_columns
from mipolicy.errors import CodeError, PolicyError
from mipolicy.money import MAX_FEN, Column
from mipolicy.payment.case import Group
from mipolicy.policy.kinds import ChoiceKind, CodesKind, terms_field
from mipolicy.tables import Axis
from mipolicy.traced import labelled

__all__ = [
    "GROUP_KINDS",
    "MATCH_STEPS",
    "TREATMENT",
    "CodedCases",
    "DipGroupingTerms",
    "GroupKey",
    "Matched",
    "candidate",
    "category",
    "match",
    "match_one",
    "subcategory",
    "treatment_of",
]

TREATMENT: Final = Axis(
    "treatment",
    ("conservative", "diagnostic", "therapeutic", "related_operation"),
    ("保守治疗", "诊断性操作", "治疗性操作", "相关手术"),
    ("conservative", "diagnostic procedure", "therapeutic procedure", "related operation"),
)
"""How a case was treated, lowest first; a case belongs to the highest that its procedures reach."""

GROUP_KINDS: Final = ("core", "basic", "comprehensive")
"""Kinds of groups in the order in which they are preferred: 核心病种, 基层病种, 综合病种."""

MATCH_STEPS: Final = ("combined", "matched", "cost", "kind")
"""What decides between groups: procedures that the group combines, procedures of the case that it names, the distance
of its mean from the cost, its kind."""

NO_GROUP: Final = -1
_DIAGNOSIS = re.compile(r"[A-Z][0-9]{2}\.[0-9x][0-9x]{0,7}([+*][A-Z0-9.x]*[+*]?)?")
_SUBCATEGORY = re.compile(r"[A-Z][0-9]{2}\.[0-9x]")
_CATEGORIES = re.compile(r"[A-Z][0-9]{2}(-[A-Z][0-9]{2})?")
_PROCEDURE = re.compile(r"[0-9]{2}\.[0-9][0-9x]{0,8}")


@frozen
class DipGroupingTerms:
    """What a document fixes about matching a case against the catalogue."""

    match_order: tuple[str, ...] = terms_field(CodesKind(MATCH_STEPS), "入组优先顺序", "what decides first, and then")
    unlisted_procedures: str = terms_field(
        ChoiceKind(("ignored", "refused")),
        "目录外手术操作",
        "a procedure without a kind: left out of the case (simple procedures), or an error",
    )

    def __attrs_post_init__(self) -> None:
        if sorted(self.match_order) != sorted(MATCH_STEPS):
            raise PolicyError(
                f"match_order puts {', '.join(MATCH_STEPS)} in order, each once; got {', '.join(self.match_order)}"
            )


def subcategory(diagnosis: str) -> str:
    """The subcategory of an insurance ICD-10 code: its first five characters.

    Raises CodeError for what is no such code.  Source: formulas.md section 2.

    >>> subcategory("C34.900x002"), subcategory("I10.x00")
    ('C34.9', 'I10.x')
    """
    if not isinstance(diagnosis, str) or not _DIAGNOSIS.fullmatch(diagnosis):
        raise CodeError(
            f"diagnosis {diagnosis!r} is no code of insurance ICD-10; write it with its dot and at least five "
            "characters, such as 'A00.000' or 'I10.x00'"
        )
    return diagnosis[:5]


def category(diagnosis: str) -> str:
    """The category of an insurance ICD-10 code: its first three characters.

    Raises CodeError for what is no such code.

    >>> category("A00.000")
    'A00'
    """
    return subcategory(diagnosis)[:3]


@frozen(slots=False)
class GroupKey:
    """What makes a group: its diagnosis, its procedures, its treatment kind.

    diagnosis: a subcategory (core) or a category or range of categories (comprehensive).
    procedures: parts that must all be met, each by any one of its codes.
    treatment: a word of `TREATMENT`; "" where a group with procedures was read from its text, which does not show it.
    """

    diagnosis: str
    procedures: tuple[tuple[str, ...], ...]
    treatment: str

    def __attrs_post_init__(self) -> None:
        core = _SUBCATEGORY.fullmatch(self.diagnosis)
        if not core and not _CATEGORIES.fullmatch(self.diagnosis):
            raise CodeError(
                f"group of {self.diagnosis!r}: a subcategory such as A00.0, a category such as A00 or a range such as "
                "A00-B99 is due"
            )
        if not core and self.diagnosis[:3] > self.diagnosis[-3:]:
            raise CodeError(f"group of {self.diagnosis!r}: the range ends before it begins")
        for code in (code for part in self.procedures for code in part or ("",)):
            if not _PROCEDURE.fullmatch(code):
                raise CodeError(f"group of {self.diagnosis}: {code!r} is no procedure code such as '45.2302'")
        if not core and (self.procedures or self.treatment not in TREATMENT.members):
            raise CodeError(
                f"group of {self.diagnosis}: a comprehensive group has no procedures and one treatment of "
                f"{', '.join(TREATMENT.members)}, got {self.treatment!r}"
            )
        if core and self.treatment not in ("", *TREATMENT.members):
            raise CodeError(f"unknown treatment {self.treatment!r}; allowed: {', '.join(TREATMENT.members)}")

    @property
    def core(self) -> bool:
        """Whether the key is of a core group: a subcategory, with or without procedures."""
        return "." in self.diagnosis

    @cached_property
    def text(self) -> str:
        """The key as a catalogue prints it: `+` joins procedures that are all due, `/` those of which any is.

        >>> GroupKey("A00.0", (("45.2302",), ("39.9501", "39.9502")), "therapeutic").text
        'A00.0:45.2302+39.9501/39.9502'
        """
        if not self.core:
            return f"{self.diagnosis}:{self.treatment}"
        if not self.procedures:
            return self.diagnosis
        return f"{self.diagnosis}:{'+'.join('/'.join(part) for part in self.procedures)}"

    @classmethod
    def parse(cls, text: str, treatment: str = "") -> GroupKey:
        """The key of a text; `/` binds closer than `+`.

        treatment: that of a core group with procedures, where it is known.
        Raises CodeError for what is no key.

        >>> GroupKey.parse("A00-B99:conservative").treatment
        'conservative'
        """
        diagnosis, colon, rest = text.partition(":")
        if not _SUBCATEGORY.fullmatch(diagnosis):
            return cls(diagnosis, (), rest)
        if not colon:
            return cls(diagnosis, (), treatment or "conservative")
        return cls(diagnosis, tuple(tuple(part.split("/")) for part in rest.split("+")), treatment)


def treatment_of(terms: DipGroupingTerms, procedures: Sequence[str], kinds: Mapping[str, str]) -> str:
    """The treatment kind of a case: the highest of its procedures, conservative without any.

    kinds: procedure code -> word of `TREATMENT`.
    Raises CodeError for a procedure that `kinds` does not list, where the terms refuse it, and for an unknown kind.

    Source: formulas.md section 2, "Group".
    """
    highest = 0
    for code in _listed(terms, procedures, kinds):
        highest = max(highest, TREATMENT.position(kinds[code]))
    return TREATMENT.members[highest]


def candidate(terms: DipGroupingTerms, diagnosis: str, procedures: Sequence[str], kinds: Mapping[str, str]) -> GroupKey:
    """The core group that a case would form: its subcategory with all of its listed procedures, in code order.

    Raises CodeError as `subcategory` and `treatment_of` do.
    """
    listed = sorted(set(_listed(terms, procedures, kinds)))
    return GroupKey(subcategory(diagnosis), tuple((code,) for code in listed), treatment_of(terms, procedures, kinds))


def _listed(terms: DipGroupingTerms, procedures: Sequence[str], kinds: Mapping[str, str]) -> list[str]:
    found = [code for code in procedures if code in kinds]
    if len(found) < len(procedures) and terms.unlisted_procedures == "refused":
        code = next(code for code in procedures if code not in kinds)
        raise CodeError(
            f"procedure {code!r} has no treatment kind; add it to the table of kinds, or state unlisted_procedures "
            '= "ignored"'
        )
    return found


@frozen
class CodedCases:
    """Cases to be grouped, coded: positions in the lists of distinct diagnoses and procedure sets, and the cost."""

    diagnosis: Column = labelled("count", "主要诊断", "position of the principal diagnosis")
    procedures: Column = labelled("count", "手术操作", "position of the set of procedures")
    medfee_sumamt: Column = labelled("fen", "医疗费总额", "total cost")


@frozen
class Matched:
    """Where cases belong: the position of the group in the catalogue, -1 where none takes the case."""

    treatment: Column = labelled(TREATMENT, "治疗方式", "treatment kind")
    group: Column = labelled("count", "病种", "position of the group, -1 for none")
    grouped: Column = labelled("flag", "是否入组", "whether a group takes the case")


class _Groups:
    """The catalogue by diagnosis: core groups by subcategory, comprehensive ones by category and treatment."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.keys = [GroupKey.parse(group.group_code) for group in groups]
        self.kinds, self.core, self.exact, self.ranges = [], dict[str, list[int]](), dict[str, list[int]](), list[int]()
        self.means = np.array([group.group_mean for group in groups], np.int64)
        for at, (group, key) in enumerate(zip(groups, self.keys, strict=True)):
            if group.kind not in GROUP_KINDS:
                raise CodeError(
                    f"group {group.group_code}: unknown kind {group.kind!r}; allowed: {', '.join(GROUP_KINDS)}"
                )
            self.kinds.append(GROUP_KINDS.index(group.kind))
            if key.core:
                self.core.setdefault(key.diagnosis, []).append(at)
            elif "-" in key.diagnosis:
                self.ranges.append(at)
            else:
                self.exact.setdefault(key.text, []).append(at)

    def of(self, diagnosis: str, procedures: frozenset[str], treatment: str) -> list[tuple[int, int, int]]:
        """Position, combined procedures and matched procedures of each group that takes the case."""
        found = []
        for at in self.core.get(diagnosis, ()):
            parts = self.keys[at].procedures
            if all(procedures.intersection(part) for part in parts) if parts else treatment == "conservative":
                matched = len(procedures.intersection(code for part in parts for code in part))
                found.append((at, len(parts), matched))
        found += [(at, 0, 0) for at in self.exact.get(f"{diagnosis[:3]}:{treatment}", ())]
        for at in self.ranges:
            low, _, high = self.keys[at].diagnosis.partition("-")
            if low <= diagnosis[:3] <= high and self.keys[at].treatment == treatment:
                found.append((at, 0, 0))
        return found


def _preferred(terms: DipGroupingTerms, groups: _Groups, found: Sequence[tuple[int, int, int]]) -> list[int]:
    """The groups that lead before the cost is looked at, in the order that decides where the cost does not."""
    if len(found) < 2:
        return [at for at, _, _ in found]
    ranks = {
        at: {"combined": -combined, "matched": -matched, "kind": groups.kinds[at]} for at, combined, matched in found
    }
    cost = terms.match_order.index("cost")
    before, after = terms.match_order[:cost], terms.match_order[cost + 1 :]
    best = min([rank[step] for step in before] for rank in ranks.values())
    lead = [at for at, rank in ranks.items() if [rank[step] for step in before] == best]
    return sorted(lead, key=lambda at: ([ranks[at][step] for step in after], groups.keys[at].text))


def match(
    terms: DipGroupingTerms,
    groups: Sequence[Group],
    kinds: Mapping[str, str],
    diagnoses: Sequence[str],
    procedure_sets: Sequence[Sequence[str]],
    cases: CodedCases,
) -> Matched:
    """Match a column of cases against a catalogue (formulas.md section 2, "Match order"; rules P01, P03).

    Each distinct pair of diagnosis and procedures is looked up once; only where groups tie up to the cost is each case
    looked at.  What still ties goes to the group whose key comes first.
    groups: the catalogue; kinds: procedure code -> treatment kind; diagnoses, procedure_sets: what the codes of the
    cases stand for.
    Raises CodeError for a diagnosis, a key or a kind that is none, InputError for codes and costs out of range.
    """
    pairs, pair_of = _pairs(cases, len(diagnoses), len(procedure_sets))
    index = _Groups(groups)
    treatment = np.zeros(len(pairs), np.int64)
    group = np.full(len(pairs), NO_GROUP, np.int64)
    tied: dict[int, list[int]] = {}
    places = [subcategory(diagnosis) for diagnosis in diagnoses]
    done = [frozenset(_listed(terms, procedures, kinds)) for procedures in procedure_sets]
    words = [treatment_of(terms, tuple(listed), kinds) for listed in done]
    for at, pair in enumerate(pairs.tolist()):
        place, procedures = divmod(pair, len(done))
        treatment[at] = TREATMENT.members.index(words[procedures])
        lead = _preferred(terms, index, index.of(places[place], done[procedures], words[procedures]))
        if lead:
            group[at] = lead[0]
        if len(lead) > 1:
            tied[at] = lead
    found = group[pair_of]
    if tied:
        _by_cost(index.means, cases.medfee_sumamt, pair_of, tied, found)
    return Matched(treatment[pair_of], found, (found != NO_GROUP).astype(np.int64))


def _by_cost(means: Column, cost: Column, pair_of: Column, tied: Mapping[int, list[int]], found: Column) -> None:
    """Put each case of a tied pair to the group with the nearest mean; the first of those that are equally near."""
    order = np.argsort(pair_of, kind="stable")
    ends = np.cumsum(np.bincount(pair_of))
    for at, lead in tied.items():
        rows = order[(ends[at - 1] if at else 0) : ends[at]]
        distance = np.abs(means[lead][:, None] - cost[rows][None, :])
        found[rows] = np.array(lead, np.int64)[np.argmin(distance, axis=0)]


def _pairs(cases: CodedCases, diagnoses: int, procedure_sets: int) -> tuple[Column, Column]:
    """The distinct pairs of diagnosis and procedures, packed, and the position of each case's pair among them."""
    check_columns(
        "cases",
        diagnosis=(cases.diagnosis, diagnoses - 1),
        procedures=(cases.procedures, procedure_sets - 1),
        medfee_sumamt=(cases.medfee_sumamt, int(MAX_FEN)),
    )
    packed = cases.diagnosis * max(procedure_sets, 1) + cases.procedures
    pairs, pair_of = np.unique(packed, return_inverse=True)
    return pairs, pair_of.astype(np.int64, copy=False)


def match_one(
    terms: DipGroupingTerms,
    groups: Sequence[Group],
    kinds: Mapping[str, str],
    diagnosis: str,
    procedures: Sequence[str],
    medfee_sumamt: int,
) -> Group | None:
    """The group of one case, None where no group takes it; see `match`."""
    one = np.zeros(1, np.int64)
    cases = CodedCases(one, one, np.array([medfee_sumamt], np.int64))
    at = int(match(terms, groups, kinds, (diagnosis,), (procedures,), cases).group[0])
    return None if at == NO_GROUP else groups[at]
