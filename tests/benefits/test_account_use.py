"""What the personal account may be used for, for whom and where (rules F03, F04)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.benefits.account_use import (
    PLACES,
    RELATIONS,
    USES,
    AccountUseTerms,
    PermittedUse,
    UseOutcome,
    UseRequest,
    success_rate,
    use,
)
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN
from tests.oracles import account as oracle
from tests.strategies import amounts

FAMILY = ("self", "spouse", "parent", "child")
TERMS = AccountUseTerms(
    uses=(
        PermittedUse("care", FAMILY, PLACES),
        PermittedUse("pharmacy", FAMILY, ("in_city", "in_province")),
        PermittedUse("resident_premium", ("spouse", "parent", "child", "near_relative"), ("in_city",)),
    ),
    family_insured_only=1,
)
ASKED = UseRequest("care", "self", "in_city", True, 100_00, 400_00)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, UseOutcome(True, "permitted", 300_00)),
        ({"amount": 400_00}, UseOutcome(True, "permitted", 0)),
        ({"relation": "parent"}, UseOutcome(True, "permitted", 300_00)),
        ({"use": "resident_premium", "relation": "near_relative"}, UseOutcome(True, "permitted", 300_00)),
        (
            {"use": "fitness"},
            UseOutcome(False, "fitness is not a permitted use; permitted: care, pharmacy, resident_premium", 400_00),
        ),
        (
            {"relation": "near_relative"},
            UseOutcome(
                False, "care is not permitted for near_relative; permitted: self, spouse, parent, child", 400_00
            ),
        ),
        (
            {"use": "resident_premium"},
            UseOutcome(
                False,
                "resident_premium is not permitted for self; permitted: spouse, parent, child, near_relative",
                400_00,
            ),
        ),
        (
            {"relation": "child", "insured": False},
            UseOutcome(False, "the child is not insured, and the account is for insured family members only", 400_00),
        ),
        ({"insured": False}, UseOutcome(True, "permitted", 300_00)),
        # what is not permitted moves no money, so it overdraws nothing
        (
            {"use": "wellness", "amount": 900_00},
            UseOutcome(False, "wellness is not a permitted use; permitted: care, pharmacy, resident_premium", 400_00),
        ),
    ],
)
def test_f03_a_use_is_permitted_or_not_with_the_balance_after(changes: dict[str, object], expected: UseOutcome) -> None:
    """天津 2021 三(一) 「规范个人账户使用范围」; the list is made up."""
    assert use(TERMS, attrs.evolve(ASKED, **changes)) == expected  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("asked", "place", "allowed", "reason"),
    [
        ("care", "in_province", True, "permitted"),
        ("care", "outside_province", True, "permitted"),
        ("pharmacy", "in_province", True, "permitted"),
        (
            "pharmacy",
            "outside_province",
            False,
            "pharmacy is not permitted outside_province; permitted: in_city, in_province",
        ),
    ],
)
def test_f04_use_out_of_area(asked: str, place: str, allowed: bool, reason: str) -> None:
    """常德 2023 二(六) 「打通个人账户省内异地刷卡结算堵点难点」."""
    found = use(TERMS, attrs.evolve(ASKED, use=asked, place=place))
    assert (found.allowed, found.reason) == (allowed, reason)


def test_where_families_need_no_insurance_and_where_nothing_is_permitted() -> None:
    free = attrs.evolve(TERMS, family_insured_only=0)
    assert use(free, attrs.evolve(ASKED, relation="child", insured=False)).allowed
    nothing = AccountUseTerms((), 0)
    assert use(nothing, ASKED).reason == "care is not a permitted use; permitted: nothing"


@given(st.sampled_from(USES), st.sampled_from(RELATIONS), st.sampled_from(PLACES), st.booleans(), amounts, amounts)
def test_uses_against_the_oracle(what: str, whom: str, where: str, insured: bool, amount: int, balance: int) -> None:
    asked = UseRequest(what, whom, where, insured, max(1, min(amount, balance)), max(1, balance))
    permitted = {each.use: (set(each.relations), set(each.places)) for each in TERMS.uses}
    for terms in (TERMS, attrs.evolve(TERMS, family_insured_only=0)):
        found = use(terms, asked)
        assert found.allowed == oracle.use(permitted, bool(terms.family_insured_only), attrs.asdict(asked))
        assert found.balance_after == asked.balc - (asked.amount if found.allowed else 0)
        assert (found.reason == "permitted") is found.allowed


@pytest.mark.parametrize(
    ("successes", "attempts", "rate"),
    [(0, 0, None), (0, 5, Fraction(0)), (5, 5, Fraction(1)), (9, 12, Fraction(3, 4)), (1, 3, Fraction(1, 3))],
)
def test_f04_success_rate(successes: int, attempts: int, rate: Fraction | None) -> None:
    assert success_rate(successes, attempts) == rate


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: use(TERMS, attrs.evolve(ASKED, amount=400_01)),
            InputError,
            "400.01 overdraws the account, which holds 400.00; use at most 400.00 and pay the rest otherwise",
        ),
        (
            lambda: attrs.evolve(ASKED, use="drugs"),
            CodeError,
            f"unknown use 'drugs'; allowed: {', '.join(USES)}",
        ),
        (
            lambda: attrs.evolve(ASKED, relation="cousin"),
            CodeError,
            "unknown relation 'cousin'; allowed: self, spouse, parent, child, near_relative",
        ),
        (
            lambda: attrs.evolve(ASKED, place="abroad"),
            CodeError,
            "unknown place 'abroad'; allowed: in_city, in_province, outside_province",
        ),
        (
            lambda: attrs.evolve(ASKED, amount=0),
            InputError,
            "the amount used is 0.00, allowed is 0.01 to 10000000000.00",
        ),
        (
            lambda: attrs.evolve(ASKED, amount=MAX_FEN + 1),
            InputError,
            "the amount used is 10000000000.01, allowed is 0.01 to 10000000000.00",
        ),
        (
            lambda: attrs.evolve(ASKED, balc=-1),
            InputError,
            "balc is -1 fen, allowed is 0 to 1000000000000; an account is never overdrawn: settle what it owes first",
        ),
        (
            lambda: PermittedUse("care", (), PLACES),
            InputError,
            "care needs at least one relation and one place; leave out a use not permitted",
        ),
        (
            lambda: PermittedUse("care", FAMILY, ()),
            InputError,
            "care needs at least one relation and one place; leave out a use not permitted",
        ),
        (
            lambda: success_rate(6, 5),
            InputError,
            "6 of 5 uses went through: successes lie between 0 and the attempts",
        ),
        (
            lambda: success_rate(-1, 5),
            InputError,
            "-1 of 5 uses went through: successes lie between 0 and the attempts",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message


def test_the_made_up_city() -> None:
    terms = packs.load("assumed").terms(AccountUseTerms, on=date(2025, 6, 1))
    permitted = [each.use for each in terms.uses]
    assert permitted == [
        "care",
        "pharmacy",
        "device",
        "consumable",
        "resident_premium",
        "supplement_premium",
        "long_term_care_premium",
    ]
    assert not use(terms, attrs.evolve(ASKED, use="commercial_insurance")).allowed
