"""The sections of a policy that clear a budget's year, as they stand on one day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mipolicy.budget.advance import AdvanceTerms
from mipolicy.budget.clearing import BudgetClearingTerms
from mipolicy.budget.quota import QuotaTerms
from mipolicy.budget.sharing import BudgetSharingTerms
from mipolicy.payment.clearing import ClearingTerms
from mipolicy.policy import Policy, Version

__all__ = ["AnnualTerms", "annual_terms"]


@frozen(eq=False)
class AnnualTerms:
    """The sections of a policy that clear a year, with their versions; what the policy does not have is None."""

    policy: Policy
    versions: Mapping[str, Version]
    sharing: BudgetSharingTerms
    quota: QuotaTerms | None
    advance: AdvanceTerms | None
    clearing: BudgetClearingTerms | None
    deposits: ClearingTerms | None


def annual_terms(policy: Policy, on: datetime.date, *, months: bool, increments: bool) -> AnnualTerms:
    """The terms of a day; sections that nothing asks for are left alone.

    Raises NotInForce, RepealedPolicy, PolicyError and PolicyGap.
    """
    versions: dict[str, Version] = {}

    def built(section: str, needed: bool) -> Any:
        if not needed and not policy.versions.get(section):
            return None
        version = policy.version(section, on)
        versions[section] = version
        return policy.build(section, version)

    return AnnualTerms(
        policy,
        versions,
        built("budget_sharing", True),
        built("quota", True) if increments else None,
        built("monthly_advance", True) if months else None,
        built("budget_clearing", False),
        built("payment_clearing", False),
    )
