"""What the personal account may be used for (个人账户使用范围): for which use, for whom, and where.

Rules F03, F04; formulas.md section 1, "Personal account".  Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from attrs import frozen

from mipolicy.benefits.account import check_balance
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, yuan_text
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FlagKind, RecordsKind, terms_field

__all__ = [
    "PLACES",
    "RELATIONS",
    "USES",
    "AccountUseTerms",
    "PermittedUse",
    "UseOutcome",
    "UseRequest",
    "success_rate",
    "use",
]

USES: Final = (
    "care",
    "pharmacy",
    "device",
    "consumable",
    "vaccine",
    "checkup",
    "resident_premium",
    "supplement_premium",
    "long_term_care_premium",
    "commercial_insurance",
    "public_health",
    "fitness",
    "wellness",
)
"""就医, 购药, 医疗器械, 医用耗材, 自费疫苗, 体检, 居民医保缴费, 补充医保缴费, 长护险缴费,
商业健康保险, 公共卫生, 体育健身, 养生保健: what an account may be asked to pay; which of them it pays is data.
"""

RELATIONS: Final = ("self", "spouse", "parent", "child", "near_relative")
"""本人, 配偶, 父母, 子女, 其他近亲属: whose use it is."""

PLACES: Final = ("in_city", "in_province", "outside_province")
"""统筹区内, 省内异地, 跨省: where the account is used."""


@frozen
class PermittedUse:
    """One permitted use: for whom and where."""

    use: str = terms_field(ChoiceKind(USES), "用途", "use")
    relations: tuple[str, ...] = terms_field(CodesKind(RELATIONS), "使用对象", "for whom")
    places: tuple[str, ...] = terms_field(CodesKind(PLACES), "使用地域", "where")

    def __attrs_post_init__(self) -> None:
        """Refuse a use that is permitted to nobody or nowhere."""
        if not self.relations or not self.places:
            raise InputError(f"{self.use} needs at least one relation and one place; leave out a use not permitted")


@frozen
class AccountUseTerms:
    """What the account may be used for (rules F03, F04)."""

    uses: tuple[PermittedUse, ...] = terms_field(RecordsKind(PermittedUse, "use"), "使用范围", "permitted uses")
    family_insured_only: int = terms_field(
        FlagKind(), "家庭成员须参保", "family members must be insured to use the account"
    )


@frozen
class UseRequest:
    """One use asked for: what, for whom, where, how much, and the balance before; amounts in fen.

    insured: whether the person it is for takes part in basic medical insurance.
    """

    use: str
    relation: str
    place: str
    insured: bool
    amount: int
    balc: int

    def __attrs_post_init__(self) -> None:
        """Refuse unknown words and amounts that nobody can use."""
        for name, word, allowed in (
            ("use", self.use, USES),
            ("relation", self.relation, RELATIONS),
            ("place", self.place, PLACES),
        ):
            if word not in allowed:
                raise CodeError(f"unknown {name} {word!r}; allowed: {', '.join(allowed)}")
        if not 0 < self.amount <= MAX_FEN:
            raise InputError(f"the amount used is {yuan_text(self.amount)}, allowed is 0.01 to {yuan_text(MAX_FEN)}")
        check_balance(self.balc)


@frozen
class UseOutcome:
    """Whether the use is permitted, why, and the balance after it in fen; a use not permitted leaves the balance."""

    allowed: bool
    reason: str
    balance_after: int


def use(terms: AccountUseTerms, request: UseRequest) -> UseOutcome:
    """Whether the account may be used as asked, and the balance after (rules F03, F04).

    Sources: 天津 2021 三(一) 「规范个人账户使用范围」; 常德 2023 二(六) on use elsewhere in the province.
    Raises InputError where a permitted use overdraws the account.
    """
    refused = _refused(terms, request)
    if refused:
        return UseOutcome(False, refused, request.balc)
    if request.amount > request.balc:
        raise InputError(
            f"{yuan_text(request.amount)} overdraws the account, which holds {yuan_text(request.balc)}; "
            f"use at most {yuan_text(request.balc)} and pay the rest otherwise"
        )
    return UseOutcome(True, "permitted", request.balc - request.amount)


def _refused(terms: AccountUseTerms, request: UseRequest) -> str:
    """Why the use is not permitted, empty where it is."""
    found = [each for each in terms.uses if each.use == request.use]
    if not found:
        return f"{request.use} is not a permitted use; permitted: {_listed(each.use for each in terms.uses)}"
    (permitted,) = found
    if request.relation not in permitted.relations:
        return f"{request.use} is not permitted for {request.relation}; permitted: {_listed(permitted.relations)}"
    if request.place not in permitted.places:
        return f"{request.use} is not permitted {request.place}; permitted: {_listed(permitted.places)}"
    if terms.family_insured_only and request.relation != "self" and not request.insured:
        return f"the {request.relation} is not insured, and the account is for insured family members only"
    return ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"


def success_rate(successes: int, attempts: int) -> Fraction | None:
    """The share of out-of-area uses of the account that went through (rule F04), None without attempts.

    Raises InputError for counts below 0, and for more successes than attempts.

    >>> success_rate(9, 12), success_rate(0, 0)
    (Fraction(3, 4), None)
    """
    if not 0 <= successes <= attempts:
        raise InputError(f"{successes} of {attempts} uses went through: successes lie between 0 and the attempts")
    return Fraction(successes, attempts) if attempts else None
