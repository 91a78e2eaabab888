"""Matching a DIP case, read literally: formulas.md section 2, "Group" and "Match order", case by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["match"]

TREATMENTS = ("conservative", "diagnostic", "therapeutic", "related_operation")
KINDS = ("core", "basic", "comprehensive")


def match(
    order: Sequence[str],
    groups: Sequence[Mapping[str, Any]],
    kinds: Mapping[str, str],
    diagnosis: str,
    procedures: Sequence[str],
    cost: int,
) -> str | None:
    """The code of the group that takes the case; groups: code, kind, mean."""
    done = {code for code in procedures if code in kinds}
    treatment = max((kinds[code] for code in done), key=TREATMENTS.index, default="conservative")
    fitting = []
    for group in groups:
        place, _, rest = group["code"].partition(":")
        combined, named = 0, set[str]()
        if "." in place:
            if diagnosis[:5] != place:
                continue
            parts = [set(part.split("/")) for part in rest.split("+")] if rest else []
            if any(not part & done for part in parts) or (not parts and treatment != "conservative"):
                continue
            combined, named = len(parts), set().union(*parts) & done
        else:
            low, high = place[:3], place[-3:]
            if not low <= diagnosis[:3] <= high or rest != treatment:
                continue
        better = {
            "combined": -combined,
            "matched": -len(named),
            "cost": abs(group["mean"] - cost),
            "kind": KINDS.index(group["kind"]),
        }
        fitting.append(([better[step] for step in order], group["code"]))
    return min(fitting)[1] if fitting else None
