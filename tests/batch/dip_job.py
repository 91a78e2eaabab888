"""The DIP job on cases that sit on ties: how they are made, the job through ordinary rooms, and its literal reading.

`python -m benchmarks.ties` runs the same at a million cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np

import mipolicy
from mipolicy.axes import LEVEL
from mipolicy.benefits import inpatient
from mipolicy.benefits.axes import EMPLOYEE_STATUS, ORDINAL
from mipolicy.benefits.inpatient import InpatientTerms, Stay
from mipolicy.money import MAX_FEN, NO_LIMIT, Column
from mipolicy.payment import dip, points
from mipolicy.payment.dip import DipCase, DipTerms
from mipolicy.payment.points import PointCase, PointValue, PointValueTerms
from mipolicy.tables import Bands, Table
from tests.oracles import dip as score_oracle
from tests.oracles import half_up
from tests.oracles import inpatient as stay_oracle

NAMES: Final = ("points", "payment", "hifp_pay", "personal")
SUMS: Final = {"institution": ("points", "payment")}
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
VALUE: Final = 50_000_000
"""50 yuan a point: every odd ten-thousandth of a point is half a fen."""
POINT_VALUE: Final = PointValue(0, 0, 0, VALUE, 0, int(MAX_FEN), VALUE, 0)
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
DEDUCTIBLES: Final = (120_000, 80_001, 80_000, 60_000, 40_000, 19_999, 100, 0, 33_333, 1)
RATES: Final = (500_000, 850_000, 900_000, 950_000, 333_333, 1_000_000, 750_000, 125_000, 999_999, 550_000)
CEILING: Final = 30_000_001
INPATIENT: Final = InpatientTerms(
    deductible=Table((ORDINAL, LEVEL, EMPLOYEE_STATUS), DEDUCTIBLES * 3),
    deductible_scope="year",
    deductible_yearly_maximum=int(NO_LIMIT),
    transfer_days=0,
    once_a_year_diseases=(),
    bands=Bands((0,), (Table((LEVEL, EMPLOYEE_STATUS), RATES),)),
    band_scope="stay",
    rate_increase=Table.same(0, LEVEL),
    tcm_diseases=(),
    tcm_addition=0,
    ceiling=Table.same(CEILING, EMPLOYEE_STATUS),
    ceiling_basis="fund_payment",
    ceiling_streams=("inpatient",),
)
MOST: Final = 500_000_000
"""Five million yuan, the dearest case."""


def tie_cases(rows: int, seed: int) -> dict[str, Column]:
    """Cases whose ratio is exactly 0.5 or 2 or a fen beside, whose points, payment or share end on a half."""
    rng = np.random.default_rng(seed)
    mean = rng.choice([1, 2, 3, 999, 1_000, 100_001, 2_500_000, 249_999_999], rows)
    mean = np.where(rng.integers(0, 2, rows) == 0, rng.integers(1, 3_000_000, rows), mean)
    beside = rng.integers(-1, 2, rows)
    cost = np.choose(
        rng.integers(0, 5, rows),
        [mean // 2 + beside, (mean + 1) // 2 + beside, mean * 2 + beside, mean * rng.integers(1, 5, rows) // 4,
         rng.integers(0, MOST + 1, rows)],
    )  # fmt: skip
    cost = np.clip(cost, 0, np.minimum(MOST, 1_000 * mean))
    level, retired = rng.integers(0, len(LEVEL.members), rows), rng.integers(0, 2, rows)
    place = level * 2 + retired
    deductible, rate = np.array(DEDUCTIBLES).take(place), np.array(RATES).take(place)
    in_scope = np.where(rng.integers(0, 2, rows) == 0, cost, np.clip(deductible + beside, 0, cost))
    used = np.choose(rng.integers(0, 3, rows), [np.zeros(rows, np.int64), deductible + beside, in_scope])
    share = np.maximum(in_scope - deductible, 0) * rate // 1_000_000
    return {
        "medfee_sumamt": cost,
        "inscp_scp_amt": in_scope,
        "base_points": rng.choice([1, 3, 25, 9_999, 12_345, 2_000_001, 900_000_000], rows),
        "group_mean": mean,
        "institution_factor": rng.choice([2_500, 5_000, 9_999, 10_000, 10_001, 12_500, 100_000], rows),
        "tcm_group": rng.integers(0, 2, rows),
        "institution": rng.integers(0, 30, rows),
        "hosp_lv": level,
        "retired": retired,
        "deductible_used": np.maximum(used, 0),
        "pool_used": np.choose(rng.integers(0, 2, rows), [np.maximum(CEILING - share + beside, 0), share % CEILING]),
    }


def rule(of: Mapping[str, Any]) -> dict[str, Any]:
    """The job as a user writes it: rooms, and what is the same for every row as a plain int."""
    case: DipCase[Any] = DipCase(
        medfee_sumamt=of["medfee_sumamt"],
        carve_out_amt=0,
        grouped=1,
        base_points=of["base_points"],
        group_mean=of["group_mean"],
        level_mean=0,
        mean_of_all=0,
        institution_factor=of["institution_factor"],
        auxiliary_factor=10_000,
        basic_group=0,
        tcm_group=of["tcm_group"],
        pilot_tcm=0,
        review=0,
        review_points=0,
    )
    scored = dip.score(DIP, case)
    of_points: PointCase[Any] = PointCase(scored.points, psn_part_amt=0, other_pay=0, fund_rate=0)
    stay: Stay[Any] = Stay(
        inscp_scp_amt=of["inscp_scp_amt"],
        hosp_lv=of["hosp_lv"],
        psn_type=of["retired"],
        ordinal=0,
        continuing=0,
        earlier_level=0,
        earlier_paid=0,
        deductible_used=of["deductible_used"],
        year_deductible=0,
        once_a_year=0,
        once_a_year_paid=0,
        tcm_disease=0,
        band_start=0,
        ceiling_used=of["pool_used"],
    )
    hifp_pay = inpatient.settle(INPATIENT, stay).hifp_pay
    return {
        "points": scored.points,
        "payment": points.pay(VALUE_TERMS, POINT_VALUE, of_points).payment,
        "hifp_pay": hifp_pay,
        "personal": of["medfee_sumamt"] - hifp_pay,
    }


def job(cases: Mapping[str, Column], **options: Any) -> mipolicy.BlockResult:
    """The job over a table, through the public call."""
    return mipolicy.in_blocks(rule, cases, keep=NAMES, sums=SUMS, **options)


def literally() -> Callable[[Mapping[str, int]], tuple[int, int, int, int]]:
    """The same of one case, read from formulas.md in fractions; nothing of the library is used."""
    places = {
        (level, status): at * 2 + of
        for at, level in enumerate(LEVEL.members)
        for of, status in enumerate(EMPLOYEE_STATUS.members)
    }
    stay_words: dict[str, Any] = {
        "ceiling": dict.fromkeys(EMPLOYEE_STATUS.members, CEILING),
        "ceiling_basis": "fund_payment",
        "deductible": {("first", *words): DEDUCTIBLES[at] for words, at in places.items()},
        "deductible_yearly_maximum": None,
        "rate_increase": dict.fromkeys(LEVEL.members, Fraction(0)),
        "tcm_addition": Fraction(0),
        "band_edges": [0],
        "band_rates": [{words: Fraction(RATES[at], 1_000_000) for words, at in places.items()}],
    }
    score_words: dict[str, Any] = {
        "institution_factor_cap": Fraction(10),
        "basic_groups": "as_others",
        "tcm_groups": "as_others",
        "tcm_factor": Fraction(103, 100),
        "tcm_factor_at": "all_institutions",
        "auxiliary": False,
        "ungrouped": "reject",
        "reference_mean": "area",
        "low_limit": Fraction(1, 2),
        "low_side": "below",
        "factor_in_low": True,
        "high_limit": Fraction(2),
        "high_side": "above",
        "high_offset": "one",
        "factor_in_high": True,
        "extreme_limit": None,
        "extreme_side": "above",
        "extreme_points": "as_high",
        "round_at": "before_tcm",
        "decimals": 4,
    }
    usual = {"carve_out_amt": 0, "grouped": True, "basic_group": False, "pilot_tcm": False, "review": "none"}
    simple = {"ordinal": "first", "continuing": False, "once_a_year": False, "tcm_disease": False, "band_start": 0}

    def of_case(of: Mapping[str, int]) -> tuple[int, int, int, int]:
        case = {
            **usual,
            "medfee_sumamt": of["medfee_sumamt"],
            "group_mean": of["group_mean"],
            "base_points": Fraction(of["base_points"], 10_000),
            "institution_factor": Fraction(of["institution_factor"], 10_000),
            "tcm_group": bool(of["tcm_group"]),
        }
        scored = score_oracle.score(score_words, case)["points"]
        stay = {
            **simple,
            "inscp_scp_amt": of["inscp_scp_amt"],
            "hosp_lv": LEVEL.members[of["hosp_lv"]],
            "psn_type": EMPLOYEE_STATUS.members[of["retired"]],
            "deductible_used": of["deductible_used"],
            "ceiling_used": of["pool_used"],
        }
        pool = stay_oracle.settle(stay_words, stay)["hifp_pay"]
        payment = half_up(scored * Fraction(VALUE, 1_000_000) * 100)
        return int(scored * 10_000), payment, pool, of["medfee_sumamt"] - pool

    return of_case


def differences(cases: Mapping[str, Column], found: mipolicy.BlockResult) -> list[tuple[int, tuple[int, ...]]]:
    """Rows whose figures differ from the literal reading, with what that gives."""
    literal = literally()
    rows = zip(*(cases[name].tolist() for name in cases), strict=True)
    figures = zip(*(found.columns[name].tolist() for name in NAMES), strict=True)
    wrong: list[tuple[int, tuple[int, ...]]] = []
    for row, (values, got) in enumerate(zip(rows, figures, strict=True)):
        expected = literal(dict(zip(cases, values, strict=True)))
        if got != expected:
            wrong.append((row, expected))
    return wrong
