"""Relief for households impoverished by medical spending (因病支出型困难家庭医疗救助), on application.

Rule B29.  Amounts in fen, rates per million.
"""

from __future__ import annotations

import datetime

from attrs import frozen

from mipolicy.errors import AmountError, InputError
from mipolicy.money import MAX_FEN, NO_LIMIT, RATE_ONE, rate_text, yuan_text
from mipolicy.policy.kinds import ChoiceKind, FigureKind, FlagKind, terms_field
from mipolicy.vocabulary import beyond, capped, pick, remaining, share

__all__ = ["Household", "HouseholdRelief", "HouseholdReliefTerms", "relieve"]


@frozen
class HouseholdReliefTerms:
    """What a document fixes for relief of households whose medical spending outruns their means."""

    application_needed: int = terms_field(FlagKind(), "依申请", "given on application only")
    application_days: int = terms_field(
        FigureKind("days"), "申请期限", "days after the end of the year within which to apply, the last one included"
    )
    spending_rate: int = terms_field(
        FigureKind("rate"), "支出收入比", "least share of the household's income that was spent"
    )
    spending_rate_included: int = terms_field(FlagKind(), "支出收入比含本数", "spending exactly that share will do")
    income_limit: int = terms_field(FigureKind("fen"), "人均收入限额", "most yearly income per member")
    income_limit_included: int = terms_field(FlagKind(), "人均收入限额含本数", "income exactly at the limit will do")
    income_basis: str = terms_field(
        ChoiceKind(("gross", "after_spending")), "人均收入口径", "income as it is, or after the medical spending"
    )
    assets_tested: int = terms_field(FlagKind(), "核查财产", "whether the household's assets are tested")
    threshold: int = terms_field(FigureKind("fen"), "救助起付标准", "spending up to which nothing is given")
    rate: int = terms_field(FigureKind("rate"), "救助比例", "share of the spending above the threshold")
    ceiling: int = terms_field(FigureKind("fen"), "年度救助限额", "most relief in a year")

    def __attrs_post_init__(self) -> None:
        """Refuse a threshold that nothing can pass."""
        if self.threshold == NO_LIMIT:
            raise InputError('threshold is "none", which no spending passes; where there is no threshold, state "0"')


@frozen
class Household:
    """One household in one year, as its application states it.

    year: the year of the bills; income: of all members in the year, fen; spending: medical cost that the members paid
    themselves after every other payer, fen; assets_within: whether the assets keep to the rules, None where nobody has
    looked; applied_on: day of the application, None where there is none; relief_used: relief of this year so far, fen.
    """

    year: int
    members: int
    income: int
    spending: int
    assets_within: bool | None
    applied_on: datetime.date | None
    relief_used: int

    def __attrs_post_init__(self) -> None:
        """Refuse figures that no household has."""
        for name in ("year", "members", "income", "spending", "relief_used"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise AmountError(f"household: {name} takes a whole number, not {type(value).__name__} {value!r}")
        for name in ("income", "spending", "relief_used"):
            if not 0 <= getattr(self, name) <= MAX_FEN:
                raise InputError(f"household: {name} {getattr(self, name)} is outside 0 to {MAX_FEN} fen")
        if self.members < 1:
            raise InputError(f"household: members counts at least the patient, so 1 or more, not {self.members}")
        if not datetime.MINYEAR <= self.year < datetime.MAXYEAR:
            raise InputError(f"household: year {self.year} is no calendar year")
        if self.applied_on is None:
            return
        if type(self.applied_on) is not datetime.date:
            raise InputError(f"household: applied_on takes a date without a time, or None, not {self.applied_on!r}")
        if self.applied_on < datetime.date(self.year, 1, 1):
            raise InputError(f"household: applied on {self.applied_on}, before the bills of {self.year} began")


@frozen
class HouseholdRelief:
    """Whether a household is given relief, why, and how much, step by step (rule B29).

    means: the income that the limit is held against, fen, of the whole household; reason: every test that failed.
    """

    means: int
    spending_met: bool
    income_met: bool
    assets_met: bool
    applied: bool
    eligible: bool
    reason: str
    above_threshold: int
    before_limits: int
    ceiling_left: int
    relief: int
    relief_used_after: int


def relieve(terms: HouseholdReliefTerms, household: Household) -> HouseholdRelief:
    """Whether a household is eligible, and its relief: a share of the spending above a threshold, capped (rule B29).

    Ratios are compared exactly, as products.  A household that spent nothing meets no share of its income.
    Raises InputError for an application after the year was closed to them, and for assets that nobody has looked at
    where they are tested.
    Source: 天津 2021 三(一) 医疗救助 names relief on application; every figure is open there.
    """
    _must_be_open(terms, household)
    spent, share_of_income = household.spending * RATE_ONE, household.income * terms.spending_rate
    enough = spent > share_of_income or (bool(terms.spending_rate_included) and spent == share_of_income)
    spending_met = enough and household.spending > 0
    means = household.income if terms.income_basis == "gross" else max(0, household.income - household.spending)
    limit = terms.income_limit * household.members
    within = means < limit or (bool(terms.income_limit_included) and means == limit)
    income_met = within or terms.income_limit == NO_LIMIT
    assets_met = not terms.assets_tested or bool(household.assets_within)
    applied = household.applied_on is not None
    eligible = spending_met and income_met and assets_met and (applied or not terms.application_needed)

    above_threshold = beyond(household.spending, terms.threshold)
    before_limits = pick(int(eligible), share(above_threshold, terms.rate), 0)
    ceiling_left = remaining(terms.ceiling, household.relief_used)
    relief = capped(before_limits, ceiling_left)
    return HouseholdRelief(
        means=means,
        spending_met=spending_met,
        income_met=income_met,
        assets_met=assets_met,
        applied=applied,
        eligible=eligible,
        reason=_reason(terms, household, spending_met, income_met, assets_met, applied),
        above_threshold=above_threshold,
        before_limits=before_limits,
        ceiling_left=ceiling_left,
        relief=relief,
        relief_used_after=household.relief_used + relief,
    )


def _must_be_open(terms: HouseholdReliefTerms, household: Household) -> None:
    """Raise InputError where the application comes too late, or the assets were not looked at."""
    if terms.application_needed and household.applied_on is not None:
        year_end = datetime.date(household.year, 12, 31)
        if (household.applied_on - year_end).days > terms.application_days:
            closes = year_end + datetime.timedelta(days=terms.application_days)
            raise InputError(
                f"applications for the bills of {household.year} closed on {closes}, that day included; "
                f"this one is of {household.applied_on} and cannot be taken"
            )
    if terms.assets_tested and household.assets_within is None:
        raise InputError("household: assets are tested, so assets_within takes True or False, not None")


def _reason(
    terms: HouseholdReliefTerms, household: Household, spending: bool, income: bool, assets: bool, applied: bool
) -> str:
    failed = []
    if terms.application_needed and not applied:
        failed.append("relief is given on application only, and there is none")
    if not spending:
        failed.append(
            f"spending of {yuan_text(household.spending)} yuan does not reach {rate_text(terms.spending_rate)} "
            f"of an income of {yuan_text(household.income)}"
        )
    if not income:
        basis = "income" if terms.income_basis == "gross" else "income after the spending"
        failed.append(
            f"{basis} per member is above the limit of {yuan_text(terms.income_limit)} yuan "
            f"({household.members} members)"
        )
    if not assets:
        failed.append("the assets are beyond what the rules allow")
    return "; ".join(failed) or "every test is met"
