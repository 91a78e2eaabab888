"""Cases of one year in pieces: sums of all, asked for until quotas are settled, and the policy that they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mipolicy.batch.dated import BatchGap, Dated, Faults, Gaps
from mipolicy.cases.passes import CaseSums, use_pools
from mipolicy.cases.quotas import known_of, settled
from mipolicy.cases.score import refuse_scales
from mipolicy.payment.axes import POOL
from mipolicy.policy import Policy

__all__ = ["policy_met", "sum_pieces"]


def sum_pieces(sums_with: Callable[[Mapping[str, Any]], CaseSums]) -> tuple[CaseSums, Mapping[str, Any]]:
    """The sums of all pieces, and the ids of the cases within each quota, which no piece knows by itself.

    sums_with: the sums of all pieces that are told these ids; it is asked again until what it is told is what follows.
    Reviews are settled after the first time, high outliers, which are ranked without them, after the second.
    """
    known: Mapping[str, Any] = {}
    sums = sums_with(known)
    while not settled(sums.rankings, known):
        known = known_of(sums.rankings)
        sums = sums_with(known)
    return sums, known


def policy_met(policy: Policy, sums: CaseSums, year: int, gaps: Gaps) -> Dated:
    """The policy as the cases of all pieces meet it.

    Raises BatchGap where they meet what is open and gaps are not rejected, PolicyError for points of several scales.
    """
    if sums.gaps and gaps == "raise":
        raise BatchGap(tuple(gap for _, gap in sorted(sums.gaps.items())))
    refuse_scales(sums.scales)
    dated = Dated.of(policy, Faults(np.zeros(0, bool)))
    dated.unverified.update(sums.unverified)
    use_pools(dated, sums.coded, [pool for pool in POOL.members if pool in sums.pools], year)
    return dated
