"""Which groups of a history stand on their own, and which fold into comprehensive groups (综合病种).

Rule P01; formulas.md section 2, "Group".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from mipolicy.errors import CodeError
from mipolicy.money import Column
from mipolicy.payment.case_runs import YEAR, YEAR_BITS, CaseRuns, zeros
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_grouping import GroupKey
from mipolicy.sums import starts_of

__all__ = ["final_groups", "folded"]


def folded(terms: DipCatalogueTerms, key: GroupKey) -> GroupKey:
    """The comprehensive group that a group with too few cases folds into.

    Raises CodeError where the treatment is not known or no range of the terms holds the category.

    Source: formulas.md section 2, "Group".
    """
    if not key.treatment:
        raise CodeError(f"group {key.text}: its treatment kind is needed to fold it; give it with the key")
    three = key.diagnosis[:3]
    if terms.fold_level == "three_characters":
        return GroupKey(three, (), key.treatment)
    for each in terms.fold_ranges:
        if each[:3] <= three <= each[4:]:
            return GroupKey(each, (), key.treatment)
    raise CodeError(f"group {key.text}: no range of fold_ranges holds {three}; add the range of its chapter")


def final_groups(
    terms: DipCatalogueTerms, runs: CaseRuns, keys: Sequence[GroupKey]
) -> tuple[CaseRuns, Column, list[GroupKey]]:
    """The runs under codes of the final groups, and the code of each key: core groups in the order of their codes, then
    comprehensive ones."""
    group = runs.group
    counting = runs.cases if terms.cases_counted == "all_years" else runs.cases * (runs.year == len(YEAR.members) - 1)
    starts = starts_of(group)
    present = group[starts]
    held = [keys[code] for code in present.tolist()]
    _refuse_twice(held)
    is_core = np.add.reduceat(counting, starts) >= terms.minimum_cases
    is_core &= np.array(["." in key.diagnosis for key in held])
    names = [held[at] for at in np.flatnonzero(is_core).tolist()]
    folding = [held[at] for at in np.flatnonzero(~is_core).tolist()]
    final = np.full(len(keys), -1, np.int64)
    final[present[is_core]] = np.arange(len(names))
    final[present[~is_core]] = _fold(terms, folding, names)
    return _joined(runs, final, present, is_core, np.diff(starts, append=group.size)), final, names


def _fold(terms: DipCatalogueTerms, folding: Sequence[GroupKey], names: list[GroupKey]) -> list[int]:
    """The code of the comprehensive group of each key; new groups are put behind the names."""
    places = [(key.diagnosis[:3] if "." in key.diagnosis else key.diagnosis, key.treatment) for key in folding]
    first = dict(zip(reversed(places), reversed(folding), strict=True))
    positions: dict[tuple[str, str], int] = {}
    for place in dict.fromkeys(places):
        whole = folded(terms, first[place]) if first[place].core else first[place]
        positions[place] = positions.setdefault((whole.diagnosis, whole.treatment), len(names))
        if positions[place] == len(names):
            names.append(whole)
    return [positions[place] for place in places]


def _joined(runs: CaseRuns, final: Column, present: Column, is_core: NDArray[np.bool_], lengths: Column) -> CaseRuns:
    """Runs of core groups as they are sorted, under their final codes, then those of comprehensive groups, sorted."""
    stands = np.repeat(is_core, lengths)
    fold = runs.only(~stands).recoded(final)
    rows = np.flatnonzero(stands)
    block = _taken(runs.block, rows, fold.block)
    block[: rows.size] += np.repeat(final[present[is_core]] - present[is_core], lengths[is_core]) << YEAR_BITS
    level = _taken(runs.level, rows, fold.level) if runs.levelled else zeros(block.size)
    return CaseRuns(
        block, _taken(runs.cost, rows, fold.cost), level, _taken(runs.cases, rows, fold.cases), runs.levelled
    )


def _taken(column: Column, rows: Column, behind: Column) -> Column:
    """The rows of a column, and another column behind them."""
    found = np.empty(rows.size + behind.size, np.int64)
    np.take(column, rows, out=found[: rows.size], mode="clip")  # no row is outside; "clip" is quickest
    found[rows.size :] = behind
    return found


def _refuse_twice(keys: Sequence[GroupKey]) -> None:
    """Refuse a group under two codes: its cases would be counted apart, and fold where together they are enough."""
    often = Counter(map(attrgetter("diagnosis"), keys))
    keys = [key for key in keys if often[key.diagnosis] > 1] if len(often) < len(keys) else ()
    if len(set(map(attrgetter("diagnosis", "procedures"), keys))) == len(keys):
        return
    places = [(key.diagnosis, key.procedures, "" if key.core else key.treatment) for key in keys]
    if len(set(places)) < len(places):
        twice = next(key for at, key in enumerate(keys) if places[at] in places[:at])
        raise CodeError(f"group {twice.text} stands under two codes; put them together with CaseRuns.recoded")
