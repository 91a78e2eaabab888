"""A person's whole years under the assumed pack, read literally: employees' general outpatient care and inpatient care.

The figures are copied out of the pack's clauses by hand.  Every bill is looked at afresh: what the year has used so far
is summed over the list of the bills before it, nothing is carried along.  Amounts are whole fen.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracles import half_up, percent
from tests.oracles.inpatient import walk

__all__ = ["Bill", "years"]

Bill = Mapping[str, Any]
"""kind: visit or stay; settled: datetime; setl_id; level, status: words; amount: in-scope fen; of a stay besides:
admitted, discharged: dates; disease; referred, interim: bool."""

HIGHEST_FIRST = ("tertiary", "secondary", "level_1", "primary", "ungraded")

# 第五条 / 第三条: the yearly deductible, which grows not at level 1 and primary care; rate with its uplift; ceiling
VISIT_DEDUCTIBLE = {
    2024: {
        "in_service": {"tertiary": 600, "secondary": 400, "level_1": 0, "primary": 0, "ungraded": 400},
        "retired": {"tertiary": 500, "secondary": 300, "level_1": 0, "primary": 0, "ungraded": 300},
    },
    2025: {
        "in_service": {"tertiary": 500, "secondary": 300, "level_1": 0, "primary": 0, "ungraded": 300},
        "retired": {"tertiary": 400, "secondary": 200, "level_1": 0, "primary": 0, "ungraded": 200},
    },
}
FILLS = ("tertiary", "secondary", "ungraded")
VISIT_RATE = {
    2024: {
        "in_service": {"tertiary": "50", "secondary": "60", "level_1": "65", "primary": "70", "ungraded": "50"},
        "retired": {"tertiary": "55", "secondary": "65", "level_1": "70", "primary": "75", "ungraded": "55"},
    },
    2025: {
        "in_service": {"tertiary": "55", "secondary": "65", "level_1": "70", "primary": "77.5", "ungraded": "55"},
        "retired": {"tertiary": "60", "secondary": "70", "level_1": "75", "primary": "82.5", "ungraded": "60"},
    },
}
VISIT_CEILING = {2024: {"in_service": 5_500, "retired": 6_500}, 2025: {"in_service": 7_500, "retired": 8_500}}

# 第十四条 / 第八条: first and second deductible of a stay, none from the third on; bands; ceiling; TCM diseases +5
STAY_DEDUCTIBLE = {
    2024: {
        "in_service": {
            "tertiary": (1000, 500),
            "secondary": (600, 300),
            "level_1": (300, 150),
            "primary": (200, 100),
            "ungraded": (600, 300),
        },
        "retired": {
            "tertiary": (800, 400),
            "secondary": (500, 250),
            "level_1": (240, 120),
            "primary": (160, 80),
            "ungraded": (500, 250),
        },
    },
    2025: {
        "in_service": {
            "tertiary": (900, 450),
            "secondary": (500, 250),
            "level_1": (300, 150),
            "primary": (200, 100),
            "ungraded": (500, 250),
        },
        "retired": {
            "tertiary": (700, 350),
            "secondary": (400, 200),
            "level_1": (240, 120),
            "primary": (160, 80),
            "ungraded": (400, 200),
        },
    },
}
STAY_EDGES = {2024: (0, 10_000, 50_000), 2025: (0, 20_000, 80_000)}
STAY_RATE = {
    2024: {
        "in_service": {
            "tertiary": ("82", "85", "90"),
            "secondary": ("86", "88", "92"),
            "level_1": ("90", "92", "95"),
            "primary": ("92", "94", "96"),
            "ungraded": ("82", "85", "90"),
        },
        "retired": {
            "tertiary": ("86", "88", "92"),
            "secondary": ("89", "91", "94"),
            "level_1": ("92", "94", "96"),
            "primary": ("94", "96", "97"),
            "ungraded": ("86", "88", "92"),
        },
    },
    2025: {
        "in_service": {
            "tertiary": ("85", "88", "92"),
            "secondary": ("88", "90", "94"),
            "level_1": ("92", "94", "96"),
            "primary": ("94", "95", "97"),
            "ungraded": ("85", "88", "92"),
        },
        "retired": {
            "tertiary": ("88", "90", "94"),
            "secondary": ("91", "92", "95"),
            "level_1": ("94", "95", "97"),
            "primary": ("96", "97", "98"),
            "ungraded": ("88", "90", "94"),
        },
    },
}
STAY_CEILING = {2024: 300_000, 2025: 400_000}
ONCE_A_YEAR = {2024: ("N18.500", "C34.900", "F20.900"), 2025: ("N18.500", "C34.900", "F20.900", "C50.900")}
TCM_DISEASES = ("C34.900", "G51.000", "M51.202")
TRANSFER_DAYS = 15


def years(bills: Sequence[Bill]) -> dict[str, dict[str, int]]:
    """What each bill of one person is paid: setl_id -> deductible taken, fund payment, year."""
    done: list[dict[str, Any]] = []
    for bill in sorted(bills, key=lambda bill: (bill["settled"], bill["setl_id"])):
        done.append(_visit(bill, done) if bill["kind"] == "visit" else _stay(bill, done))
    return {each["setl_id"]: {name: each[name] for name in ("act_pay_dedc", "hifp_pay", "year")} for each in done}


def _visit(bill: Bill, before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    year = bill["settled"].year
    level, status, amount = bill["level"], bill["status"], bill["amount"]
    mine = [each for each in before if each["kind"] == "visit" and each["year"] == year]
    filled = sum(each["amount"] if each["level"] in FILLS else each["act_pay_dedc"] for each in mine)
    taken = min(amount, max(0, VISIT_DEDUCTIBLE[year][status][level] * 100 - filled))
    share = half_up((amount - taken) * percent(VISIT_RATE[year][status][level]))
    left = max(0, VISIT_CEILING[year][status] * 100 - sum(each["hifp_pay"] for each in mine))
    return {**bill, "year": year, "act_pay_dedc": taken, "hifp_pay": min(share, left)}


def _stay(bill: Bill, before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    terms = bill["discharged"].year  # the terms are those of the day of discharge
    # until 2024 a stay belongs to the year it is settled in, from 2025 on to that of its discharge
    year = bill["settled"].year if bill["settled"].year == 2024 else bill["discharged"].year
    level, status, amount = bill["level"], bill["status"], bill["amount"]
    stays = [each for each in before if each["kind"] == "stay"]
    chain = _chain(bill, stays)
    of_year = [each for each in stays if each["year"] == year]

    ordinal = chain[0]["ordinal"] if chain else min(2, sum(each["counts"] for each in of_year))
    standard = (*(each * 100 for each in STAY_DEDUCTIBLE[terms][status][level]), 0)[ordinal]
    due = standard
    if chain:
        lower = HIGHEST_FIRST.index(level) > HIGHEST_FIRST.index(chain[-1]["level"])
        due = 0 if lower else max(0, standard - sum(each["act_pay_dedc"] for each in chain))
    if bill["disease"] in ONCE_A_YEAR[terms]:
        listed = [each for each in of_year if each["disease"] in ONCE_A_YEAR[each["terms"]]]
        due = min(due, max(0, standard - sum(each["act_pay_dedc"] for each in listed)))
    taken = min(due, amount)

    rates = [percent(rate) for rate in STAY_RATE[terms][status][level]]
    if bill["disease"] in TCM_DISEASES:
        rates = [min(Fraction(1), rate + percent("5")) for rate in rates]
    share = half_up(walk(amount - taken, 0, [edge * 100 for edge in STAY_EDGES[terms]], rates))
    left = max(0, STAY_CEILING[terms] * 100 - sum(each["hifp_pay"] for each in of_year))
    counts = amount > 0 and not any(each["counts"] for each in chain)
    steps = {"terms": terms, "year": year, "ordinal": ordinal, "counts": counts, "chain": chain}
    return {**bill, **steps, "act_pay_dedc": taken, "hifp_pay": min(share, left)}


def _chain(bill: Bill, stays: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The stays that this one continues: after an interim bill, or referred on within the days allowed."""
    if not stays:
        return []
    last = stays[-1]
    away: datetime.timedelta = bill["admitted"] - last["discharged"]
    if last["interim"] or (bill["referred"] and away.days <= TRANSFER_DAYS):
        return [*last["chain"], last]
    return []
