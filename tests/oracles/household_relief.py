"""Relief of households on application, read literally in yuan: rule B29."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["relieve"]


def relieve(terms: Mapping[str, Any], household: Mapping[str, Any]) -> tuple[bool, Decimal] | None:
    """Whether eligible, and the relief in yuan; None where the year is closed to applications."""
    applied: datetime.date | None = household["applied_on"]
    if terms["application_needed"]:
        if applied is None:
            return False, Decimal("0.00")
        last = datetime.date(household["year"], 12, 31) + datetime.timedelta(days=terms["application_days"])
        if applied > last:
            return None
    spending, income = household["spending"], household["income"]
    least = income * terms["spending_rate"]
    enough = spending >= least if terms["spending_rate_included"] else spending > least
    means = income if terms["income_basis"] == "gross" else max(Decimal(0), income - spending)
    poor = True
    if terms["income_limit"] is not None:
        most = terms["income_limit"] * household["members"]
        poor = means <= most if terms["income_limit_included"] else means < most
    assets = household["assets_within"] if terms["assets_tested"] else True
    if not (enough and spending > 0 and poor and assets):
        return False, Decimal("0.00")
    relief = max(Decimal(0), spending - terms["threshold"]) * terms["rate"]
    relief = relief.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if terms["ceiling"] is not None:
        relief = min(relief, max(Decimal(0), terms["ceiling"] - household["relief_used"]))
    return True, relief
