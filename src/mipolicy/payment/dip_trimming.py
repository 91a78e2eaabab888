"""Trimming of a cost history by percentile, exact by rank: which runs stay.

formulas.md section 2: percentiles for groups of enough cases; the rank rule is data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mipolicy.errors import InputError
from mipolicy.money import RATE_ONE, Column
from mipolicy.payment.case_runs import CaseRuns
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.sums import starts_of

__all__ = ["kept", "ranks"]


def ranks(terms: DipCatalogueTerms, cases: Column) -> tuple[Column, Column]:
    """The ranks, from 1, of the two costs that limit what stays, for blocks of so many cases.

    An interpolated percentile lies between two costs.  Where limits are kept the one inside is the first that stays;
    where they are not, the one outside is the last that goes.

    Source: formulas.md section 2, "Trimming".
    """
    one, low, high = int(RATE_ONE), terms.trim_low, terms.trim_high
    if terms.rank_rule == "interpolated":
        low_below, high_below = (cases - 1) * low // one, (cases - 1) * high // one
        low_above, high_above = -((1 - cases) * low // one), -((1 - cases) * high // one)
        return (low_above + 1, high_below + 1) if terms.limits_kept else (low_below + 1, high_above + 1)
    if terms.rank_rule == "lower_rank":
        return np.maximum(cases * low // one, 1), np.maximum(cases * high // one, 1)
    return np.maximum(-(-cases * low // one), 1), np.maximum(-(-cases * high // one), 1)


def kept(terms: DipCatalogueTerms, runs: CaseRuns, starts: Column) -> NDArray[np.bool_]:
    """Which runs stay: those within the percentiles of their group (and year), where it has cases enough.

    starts: where each group and year begins among the runs.
    Raises InputError where nothing of a group stays.
    """
    if terms.trim_by == "year":
        return _within(terms, runs.cost, runs.cases, runs.group, starts)
    group = runs.group
    order = np.lexsort((runs.cost, group))  # which leaves each group where it is
    found = _within(terms, runs.cost[order], runs.cases[order], group, starts_of(group))
    stays = np.empty(found.size, np.bool_)
    stays[order] = found
    return stays


def _within(terms: DipCatalogueTerms, cost: Column, cases: Column, group: Column, starts: Column) -> NDArray[np.bool_]:
    """Whether each cost lies within the percentiles of its block; costs ascend within blocks."""
    reached = np.cumsum(cases)
    before = (reached - cases)[starts]
    lengths = np.diff(starts, append=cost.size)
    counted = np.diff(before, append=reached[-1])
    trimmed = np.flatnonzero(counted >= terms.trim_minimum)
    least, most = ranks(terms, counted[trimmed])
    low = np.zeros(starts.size, np.int64)
    high = np.full(starts.size, np.iinfo(np.int64).max)
    low[trimmed] = cost[np.searchsorted(reached, before[trimmed] + least)]
    high[trimmed] = cost[np.searchsorted(reached, before[trimmed] + most)]
    if not terms.limits_kept:
        low[trimmed] += 1
        high[trimmed] -= 1
    stays = cost >= np.repeat(low, lengths)
    stays &= cost <= np.repeat(high, lengths)
    empty = np.flatnonzero(~np.logical_or.reduceat(stays, starts))
    if empty.size:
        raise InputError(
            f"trimming leaves nothing of group number {group[starts[empty[0]]]} ({counted[empty[0]]} cases); keep the "
            "limits, widen the percentiles or raise trim_minimum"
        )
    return stays
