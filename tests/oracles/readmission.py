"""Readmissions read literally, stay by stay: formulas.md section 3, readmission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["chains", "outcome"]


def chains(terms: Mapping[str, Any], stays: Sequence[Mapping[str, int]]) -> list[list[int]]:
    """Rows that belong to one chain of returns, each in the order of time."""
    order = sorted(range(len(stays)), key=lambda at: (stays[at]["adm_day"], stays[at]["dscg_day"], stays[at]["case"]))
    found: list[list[int]] = []
    for at in order:
        stay = stays[at]
        before = None
        for chain in reversed(found):
            last = stays[chain[-1]]
            same = (last["person"], last["group"]) == (stay["person"], stay["group"])
            if same and (terms["place"] == "anywhere" or last["institution"] == stay["institution"]):
                before = chain
                break
        if before is not None and not stay["planned"]:
            gap = stay["adm_day"] - stays[before[-1]]["dscg_day"]
            if gap < terms["within_days"] or (gap == terms["within_days"] and terms["last_day"] == "included"):
                before.append(at)
                found.remove(before)
                found.append(before)
                continue
        found.append([at])
    return found


def outcome(terms: Mapping[str, Any], stays: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """What becomes of each row; factors per hundred."""
    rows: list[dict[str, Any]] = [{} for _ in stays]
    for chain in chains(terms, stays):
        for place, at in enumerate(chain):
            last = place == len(chain) - 1
            stay = stays[at]
            rows[at] = {
                "returned": int(place > 0),
                "factor": 100 if last else 50 if terms["way"] == "halve_earlier" else 0,
                "merged_into": at,
                "adm_day": stay["adm_day"],
                "medfee_sumamt": stay["medfee_sumamt"],
                "days": stay["days"],
                "deductible_returned": 0,
            }
            if terms["way"] == "merge":
                joined = chain if last else []
                rows[at] |= {
                    "merged_into": chain[-1],
                    "medfee_sumamt": sum(stays[each]["medfee_sumamt"] for each in joined),
                    "days": sum(stays[each]["days"] for each in joined),
                    "deductible_returned": sum(stays[each]["act_pay_dedc"] for each in joined[1:]),
                    "adm_day": stays[chain[0]]["adm_day"] if last else stay["adm_day"],
                }
    return rows
