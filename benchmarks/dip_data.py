"""The data of the DIP job: synthetic cases, the tables they point into, and the terms; the same for every peer.

Amounts are fen, points and factors per ten thousand, rates per million.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import EMPLOYEE_STATUS, HARDSHIP, ORDINAL
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.money import MAX_FEN, NO_LIMIT, Column
from mipolicy.payment.dip import DipTerms
from mipolicy.payment.points import PointValue, PointValueTerms
from mipolicy.tables import Bands, Table

__all__ = [
    "CEILING",
    "CHANGE_DAY",
    "DIP",
    "GROUPS",
    "INSTITUTIONS",
    "MAJOR_ILLNESS",
    "POINT_VALUE",
    "VALUE",
    "VALUE_TERMS",
    "Lists",
    "inpatient_terms",
    "made_cases",
    "made_lists",
]

GROUPS, INSTITUTIONS, LEVELS = 8_000, 300, 3
CEILING: Final = 30_000_000
VALUE: Final = 123_456_789
"""Millionths of a yuan a point."""
CHANGE_DAY: Final = 180
"""Day of the year on which the second version of the terms begins."""

DIP: Final = DipTerms(
    reference_mean="area",
    institution_factor_cap=100_000,
    basic_groups="as_others",
    tcm_groups="as_others",
    tcm_factor=10_300,
    tcm_factor_at="all_institutions",
    auxiliary=0,
    low_limit=5_000,
    low_side="below",
    factor_in_low=1,
    high_limit=20_000,
    high_side="above",
    high_offset="one",
    factor_in_high=1,
    extreme_limit=int(NO_LIMIT),
    extreme_side="above",
    extreme_points="as_high",
    ungrouped="reject",
    ungrouped_factor=0,
    factor_in_ungrouped=0,
    mean_points=0,
    round_at="before_tcm",
    decimals=4,
)
VALUE_TERMS: Final = PointValueTerms(
    basis="fund",
    share_source="not_used",
    cited_share=0,
    netting="none",
    rate_of="not_used",
    decimals=6,
    payment_from="value",
    bounds="none",
    floor_factor=0,
    ceiling_factor=0,
    floor_at_zero=0,
    raised_borne_by="reserve",
    outsiders="value_only",
    history=(),
)
POINT_VALUE: Final = PointValue(0, 0, 0, VALUE, 0, int(MAX_FEN), VALUE, 0)
_DEDUCTIBLES: Final = ((120_000, 80_000), (80_000, 60_000), (40_000, 20_000))
_RATES: Final = ((800_000, 850_000), (850_000, 900_000), (900_000, 950_000))
_BANDS: Final = (0, 2_000_000, 10_000_000)


def inpatient_terms(version: int = 0, bands: int = 1) -> InpatientTerms:
    """Deductible and rate by level and status, one shared ceiling; a later version asks less and pays more."""
    levels = [min(level, LEVELS - 1) for level in range(len(LEVEL.members))]
    statuses = range(len(EMPLOYEE_STATUS.members))
    deductibles = tuple(_DEDUCTIBLES[level][status] - 10_000 * version for level in levels for status in statuses)
    rates = [
        tuple(_RATES[level][status] + 20_000 * band + 5_000 * version for level in levels for status in statuses)
        for band in range(bands)
    ]
    return InpatientTerms(
        deductible=Table((ORDINAL, LEVEL, EMPLOYEE_STATUS), deductibles * len(ORDINAL.members)),
        deductible_scope="year",
        deductible_yearly_maximum=int(NO_LIMIT),
        transfer_days=0,
        once_a_year_diseases=(),
        bands=Bands(_BANDS[:bands], tuple(Table((LEVEL, EMPLOYEE_STATUS), each) for each in rates)),
        band_scope="stay",
        rate_increase=Table.same(0, LEVEL),
        tcm_diseases=(),
        tcm_addition=0,
        ceiling=Table.same(CEILING, EMPLOYEE_STATUS),
        ceiling_basis="fund_payment",
        ceiling_streams=("inpatient",),
    )


MAJOR_ILLNESS: Final = MajorIllnessTerms(
    deductible=Table.same(1_500_000, HARDSHIP),
    band_basis="excess",
    bands=Bands((0, 5_000_000, 10_000_000), tuple(Table.same(rate, HARDSHIP) for rate in (600_000, 700_000, 800_000))),
    ceiling=Table.same(40_000_000, HARDSHIP),
)


@frozen
class Lists:
    """What a case's group and institution are worth: columns by group, columns by institution."""

    mean: Column
    base: Column
    tcm: Column
    factor: Column
    level: Column


def made_lists(seed: int = 20250101) -> Lists:
    """Groups with their mean cost, score and TCM flag; institutions with their factor and level."""
    rng = np.random.default_rng(seed)
    mean = rng.integers(100_000, 5_000_000, GROUPS)
    return Lists(
        mean=mean,
        base=mean + rng.integers(0, 100_000, GROUPS),
        tcm=(rng.integers(0, 20, GROUPS) == 0).astype(np.int64),
        factor=rng.integers(8_000, 12_000, INSTITUTIONS),
        level=rng.integers(0, LEVELS, INSTITUTIONS),
    )


def made_cases(cases: int, lists: Lists, seed: int = 20250102) -> dict[str, Column]:
    """Columns of a year's cases: one in six below half or above twice the mean of its group, one in 20 TCM."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, GROUPS, cases)
    cost = np.rint(lists.mean[group] * rng.lognormal(0, 0.5, cases)).astype(np.int64) + 1
    in_scope = cost - cost // 10
    return {
        "medfee_sumamt": cost,
        "inscp_scp_amt": in_scope,
        "group": group,
        "institution": rng.integers(0, INSTITUTIONS, cases),
        "retired": rng.integers(0, 2, cases),
        "deductible_used": rng.integers(0, 100_000, cases),
        "pool_used": rng.integers(0, CEILING, cases),
        "day": rng.integers(0, 365, cases),
        "account_balance": rng.integers(0, 1_000_000, cases),
        "year_before": rng.integers(0, 3_000_000, cases),
    }
