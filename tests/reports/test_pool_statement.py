"""The closing statement of a pool: every fen of the budget, before and after sharing, and who pays."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from mipolicy.errors import CodeError, IdentityError, InputError
from mipolicy.reports.gather import PayerLine
from mipolicy.reports.pool_statement import PoolStatement, pool_statement, statement_sheet
from mipolicy.reports.sheet import Figures

from .region import (
    BY_ITEM,
    CARVED,
    FUND,
    POINT,
    RESERVE,
    WHOLE,
    made_up,
    pay,
    payment,
    points_amt,
    small,
)


def test_the_budget_after_sharing_worked_by_hand() -> None:
    statement = pool_statement(small(), "employee")
    of_h2 = (6000 + 5400 + 10000 - 900) * 60  # R of H0002 without what is carved out, which is paid
    assert statement.lines() == (
        ("budget", 5_000_000),
        ("out_of_area", 100_000),
        ("manual_claims", 50_000),
        ("cases_otherwise", BY_ITEM),
        ("carved_out", CARVED),
        ("capitation", 0),
        ("from_points", points_amt("H0001") + of_h2),
        ("raised_from_reserve", 0),
        ("shared_from_reserve", 0),
        ("reserve_left", RESERVE),
        ("left_in_fund", points_amt("H0002") - of_h2),
        ("by_other_funds", payment("C06")),
        ("residue_basis", 0),
        ("residue_value", 0),
        ("residue_rounding", 0),
    )
    assert sum(amount for _, amount in statement.lines()[1:]) == 5_000_000


def test_value_and_totals_behind_it() -> None:
    statement = pool_statement(small(), "employee")
    assert (statement.value.fund, statement.value.whole, statement.value.points) == (FUND, WHOLE, 6_150 * POINT)
    assert (statement.totals.cases, statement.year, statement.pool) == (8, 2025, 0)


def test_who_pays_by_place() -> None:
    """The local fund first, with every case of people insured here; then the others."""
    owed = points_amt("H0001") + points_amt("H0002") + BY_ITEM + CARVED
    assert pool_statement(small(), "employee").payers == (
        PayerLine("", 8, 5_150 * POINT, owed),
        PayerLine("990100", 1, 1_000 * POINT, payment("C06")),
    )


def test_the_institutions_in_the_statement() -> None:
    cleared = dict(pool_statement(small(), "employee").cleared)
    assert cleared["entitlement"] == points_amt("H0001") + points_amt("H0002") + BY_ITEM + CARVED
    assert (cleared["refused"], cleared["forfeited"], cleared["redistributed"]) == (12_050, 15_000, 15_000)


@pytest.mark.parametrize("pool", ["employee", "resident"])
def test_the_made_up_region_closes_to_the_fen(pool: str) -> None:
    paid = made_up()
    statement, closing, end = pool_statement(paid, pool), paid.pools[pool].closing, paid.shared[pool]
    assert sum(amount for _, amount in statement.lines()[1:]) == statement.budget == closing.budget
    assert {line.insuplc_admdvs: line.payment for line in statement.payers[1:]} == paid.pools[pool].elsewhere
    assert statement.shared_from_reserve == end.totals["from_reserve"]
    assert statement.left_in_fund == end.totals["left_in_fund"]
    paid_out = statement.from_points + statement.raised_from_reserve + statement.shared_from_reserve
    unshared = closing.by_fund - end.totals["points_amt"]
    assert paid_out == end.totals["paid"] + unshared


def test_a_reserve_that_raising_overdraws_is_shown_below_zero() -> None:
    statement = attrs.evolve(pool_statement(small(), "employee"), cleared=())
    assert _with(statement, raised_from_reserve=RESERVE + 5, reserve_left=-RESERVE - 5).reserve_left == -5


def _with(statement: PoolStatement, **more: int) -> PoolStatement:
    changes: dict[str, Any] = {name: getattr(statement, name) + by for name, by in more.items()}
    return attrs.evolve(statement, **changes)


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("lines of the budget", {"manual_claims": 1}),
        ("budget before sharing", {"budget": 1, "manual_claims": 1}),
        ("parts of the reserve", {"reserve_left": 1, "manual_claims": -1}),
        ("other methods", {"carved_out": 1, "manual_claims": -1}),
        ("paid to institutions after sharing", {"from_points": 1, "manual_claims": -1}),
    ],
)
def test_a_statement_that_does_not_close_is_refused(what: str, more: dict[str, int]) -> None:
    with pytest.raises(IdentityError, match=f"^pool employee: {what}"):
        _with(pool_statement(small(), "employee"), **more)


def test_payers_and_institutions_have_to_tie_out() -> None:
    statement = pool_statement(small(), "employee")
    first, *rest = statement.payers
    with pytest.raises(IdentityError, match="owed by the local fund"):
        attrs.evolve(statement, payers=(attrs.evolve(first, payment=first.payment + 1), *rest))
    for name, what in (("entitlement", "entitlements of the institutions"), ("clearing", "clearing of the institut")):
        wrong = tuple((key, amount + (key == name)) for key, amount in statement.cleared)
        with pytest.raises(IdentityError, match=what):
            attrs.evolve(statement, cleared=wrong)


def test_funds_elsewhere_have_to_be_those_of_the_closing() -> None:
    paid = pay()
    of = paid.pools["employee"]
    wrong = attrs.evolve(paid, pools={"employee": attrs.evolve(of, elsewhere={"990100": 1})})
    with pytest.raises(IdentityError, match="owed by 990100"):
        pool_statement(wrong, "employee")


def test_a_pool_that_was_not_closed() -> None:
    with pytest.raises(InputError, match="closed no year of the pool resident; pools closed: employee"):
        pool_statement(small(), "resident")
    with pytest.raises(InputError, match="none: cases were paid at the budget value"):
        pool_statement(small("budget"), "employee")
    with pytest.raises(CodeError, match="pensioner"):
        pool_statement(small(), "pensioner")


def test_a_year_without_accounts_has_a_statement_too() -> None:
    statement = pool_statement(pay(cleared=False), "employee")
    assert statement.cleared == ()
    assert len(statement_sheet(statement).blocks) == 4


def test_the_statement_as_blocks() -> None:
    sheet = statement_sheet(pool_statement(small(), "employee"))
    assert (sheet.name, sheet.zh) == ("statement-employee", "2025年度职工基金清算报表")
    after, before, value, *_ = sheet.blocks
    assert isinstance(after, Figures)
    assert isinstance(before, Figures)
    assert isinstance(value, Figures)
    assert dict(after.rows("en"))["reserve: left; negative: overdrawn"] == "1500.00"
    amounts = [int(each) for each in before.values if each is not None]
    assert amounts[0] == sum(amounts[1:]) == 5_000_000
    assert dict(value.rows("zh"))["点值上限"] == ""  # the terms set no bounds
    assert sheet.blocks[-1].rows("zh")[0] == ("是", "", "8", "5150", "39354.47")
