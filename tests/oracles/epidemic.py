"""Care in an epidemic, read literally: rules B18, B19, B31, B32.

The fund pays insured confirmed and suspected patients in full; exemptions put waived restrictions out of action; the
insurance fund and public-health money share what they pay; primary institutions get a higher rate.  Rates are shares of
one; a ceiling of None does not exist.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.oracles import half_up

__all__ = ["assess", "settle", "supply"]


def assess(terms: Mapping[str, Any], patient: Mapping[str, Any]) -> tuple[str, bool, list[str], list[str]]:
    """The episode of the disease, whether the override holds, what is waived, and by which exemptions."""
    running = []
    for episode in terms["episodes"]:
        last = episode["ends"] or datetime.date.max
        if episode["begins"] <= patient["on"] <= last:
            running.append(episode)
    name = ""
    for episode in reversed(running):
        if patient["dise_codg"] in episode["diseases"]:
            name = episode["name"]
    override = name != "" and patient["insured"] and patient["patient"] in terms["covered_patients"]
    applied, waived = [], []
    for exemption in terms["exemptions"]:
        by_group = [group for group in patient["groups"] if group in exemption["groups"]]
        by_disease = patient["dise_codg"] in exemption["diseases"]
        if running and patient["insured"] and (by_group or by_disease):
            applied.append(exemption["name"])
            waived += exemption["waived"]
    order = ("catalogue", "ceiling", "drug_quantity", "vaccination")
    return name, override, [each for each in order if each in waived], applied


def settle(terms: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What one bill is paid, by source."""
    restored = 0
    for amount, waiver in (
        ("catalogue_amt", "catalogue_waived"),
        ("quantity_amt", "quantity_waived"),
        ("vaccination_amt", "vaccination_waived"),
    ):
        if case[waiver]:
            restored += case[amount]
    restored = min(restored, case["fulamt_ownpay_amt"])
    scope = case["inscp_scp_amt"] + restored

    deductible = 0 if case["override"] else min(case["deductible_left"], scope)
    rate = case["rate"]
    if case["in_episode"]:
        rate = min(Fraction(1), rate + terms["rate_uplift"][case["hosp_lv"]])
    before_limits = half_up((scope - deductible) * rate)
    ceiling = None if case["ceiling_waived"] else case["ceiling_left"]
    ordinary = before_limits if ceiling is None else min(before_limits, ceiling)

    base = case["medfee_sumamt"] if terms["override_base"] == "total" else scope
    override = half_up(base * terms["override_rate"])
    together = override if case["override"] else ordinary
    part = Fraction(1)
    if case["in_episode"]:
        part = terms["fund_share"]["override" if case["override"] else "ordinary", case["hosp_lv"]]
    fund = half_up(together * part)
    return {
        "restored": restored,
        "fulamt_ownpay_amt": case["fulamt_ownpay_amt"] - restored,
        "inscp_scp_amt": scope,
        "act_pay_dedc": deductible,
        "payable": scope - deductible,
        "paid_rate": rate,
        "before_limits": before_limits,
        "ceiling_left": ceiling,
        "ordinary_pay": ordinary,
        "override_base": base,
        "override_pay": override,
        "covered": together,
        "fund_share": part,
        "hifp_pay": fund,
        "psn_part_amt": case["medfee_sumamt"] - fund,
        "public_health_pay": together - fund,
        "left_to_person": case["medfee_sumamt"] - together,
    }


def supply(limits: Mapping[str, int], days: int, condition: str, waived: bool) -> dict[str, Any]:
    """Days supplied against the limit, counted one by one."""
    limit = limits[condition]
    over = 0 if waived else len(range(limit, days))
    return {"limit": limit, "days_over": over, "within": over == 0}
