"""From paid cases to the accounts: per head, months in three variants, sharing, clearing; what the books lack."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import mipolicy
from mipolicy.cases.result import PaidTable
from mipolicy.errors import CodeError, InputError, TableError
from mipolicy.payment.account import ContractRecord, YearAccount
from tests.cases import ACCOUNTS, POLICY, Row, case, figures, pay, policy, reversal
from tests.oracles import half_up

CONTRACT: Row = {
    "fixmedins_code": ["P0001"],
    "pool": ["employee"],
    "condition": ["diabetes"],
    "enrolled": ["10"],
    "months": ["6"],
    "risk_factor": ["1"],
}
HEAD: Row = {"fixmedins_code": "P0001", "med_type": "14", "dise_codg": "E11.900", "group_code": ""}


def cleared(rows: list[Row], of: mipolicy.Policy = POLICY, **options: Any) -> tuple[PaidTable, dict[str, Any]]:
    """The paid table and the lines of employees by institution; every line closes on its parts."""
    paid = pay(rows, of, **{"accounts": ACCOUNTS, **options})
    assert paid.clearing is not None
    for line in paid.clearing.lines:
        taken = line.refused + line.months_paid + line.prepayment_left + line.carried_in + line.forfeited
        assert line.clearing == line.entitlement + line.sharing - taken + line.redistributed
        assert line.clearing == line.paid - line.recovered - line.carried_forward
    assert paid.clearing.totals["clearing"] == sum(line.clearing for line in paid.clearing.lines)
    return paid, {line.fixmedins_code: line for line in paid.clearing.lines if line.pool == "employee"}


# ---- per head --------------------------------------------------------------------------------------------------------


def test_a_contract_is_paid_by_the_head_and_not_by_its_cases() -> None:
    """10 x 3,600.00 x 6/12 = 18,000.00; care cost 17,000.00 of it: the surplus of 5.6% stays with the institution."""
    rows = [case("A"), case("H0", 10_000, **HEAD), case("H1", 15_000, **HEAD)]
    paid = pay(rows, contracts={**CONTRACT, "outside_amt": ["2000"]})
    assert [(each.fixmedins_code, each.pool, each.condition) for each in paid.contracts] == [
        ("P0001", "employee", "diabetes")
    ]
    assert paid.contracts[0].paid.payment == 1_600_000
    assert figures(paid, "payment")["H0"] == 0
    assert paid.pools["employee"].closing.other_methods == 1_600_000
    back = pay([*rows, reversal(rows[1], "R")], contracts=CONTRACT)
    stated = pay(rows, contracts={**CONTRACT, "own_amt": ["9000"]})
    assert back.contracts[0].paid == stated.contracts[0].paid  # 15,000.00 at three fifths
    _, lines = cleared(rows, contracts={**CONTRACT, "outside_amt": ["2000"]})
    assert lines["P0001"].entitlement == 1_600_000


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        (
            {"condition": ["flu"]},
            CodeError,
            "contracts: condition 'flu' is not paid by the head; conditions: diabetes, dialysis, hepatitis_c",
        ),
        (
            {"fixmedins_code": ["X9"]},
            TableError,
            "contracts: row 0: fixmedins_code 'X9' is not among the institutions",
        ),
        ({"pool": ["all"]}, TableError, "contracts: row 0: pool 'all' is none of employee, resident"),
        ({"enrolled": ["many"]}, TableError, "contracts: row 0: enrolled"),
        (
            {"months": ["13"]},
            InputError,
            "contracts: P0001, employee, diabetes: months go to 12, the year of the standard; got 13",
        ),
        ({"risk_factor": ["0"]}, InputError, "contracts: P0001, employee, diabetes: risk_factor is 0; a factor is"),
        (
            {name: column * 2 for name, column in CONTRACT.items()},
            TableError,
            "contracts: row 1: P0001, employee, diabetes stands twice; fixmedins_code and pool and condition have one "
            "row together",
        ),
    ],
)
def test_contracts_that_cannot_be_paid_stop_the_run(changes: Row, error: type[Exception], says: str) -> None:
    with pytest.raises(error) as told:
        pay([case("A")], contracts={**CONTRACT, **changes})
    assert str(told.value).startswith(says)


# ---- months ----------------------------------------------------------------------------------------------------------

MONTHS = """
    [[sections.monthly_payment.employee]]
    version = "2024"
    source = {{ document = "change", clause = "months" }}
    variant = "{variant}"
    share = "{share}"
    month_weights = "0%"
    floor_at_zero = false
    """
APRIL: Row = {"adm_time": "2025-04-01", "dscg_time": "2025-04-08"}


def test_months_by_a_share_of_what_was_declared() -> None:
    """95% of 5,400.00 in March and of 3,000.00 in April."""
    months = policy(MONTHS.format(variant="share", share="95%"))
    _, lines = cleared([case("A", 9_000), case("B", **APRIL)], months)
    assert lines["T0001"].months_paid == 513_000 + 285_000


def test_months_by_the_budget_value() -> None:
    """1,320 points at 12 yuan less 3,600.00; 1,320 x 5,000/12,000 at 12 yuan less 2,000.00."""
    months = policy(MONTHS.format(variant="budget_value", share="0%"))
    _, lines = cleared([case("A", 9_000), case("B", **APRIL)], months)
    assert lines["T0001"].months_paid == (1_584_000 - 360_000) + (660_000 - 200_000)


def test_months_by_the_months_own_value_divide_the_months_budget() -> None:
    """8.5% of what points divide, in March, over the points of both hospitals, less what the persons paid."""
    paid, lines = cleared([case("A", 9_000), case("B", 9_000, fixmedins_code="S0001")])
    posted = paid.posted["employee"]
    whole = Fraction(paid.pools["employee"].value.whole, 100) * Fraction(85, 1000)
    points = {code: Fraction(posted[code].points, 10_000) for code in ("T0001", "S0001")}
    value = half_up(whole / sum(points.values()) * 10_000)  # in four decimals of a yuan
    for code, of_code in points.items():
        assert lines[code].months_paid == half_up(of_code * value / 100) - 360_000


def test_what_was_posted_late_or_taken_back_stands_in_its_month() -> None:
    """A case of March, one of March posted in April, and one of March that is taken back in April."""
    gone = case("C", 9_000)
    rows = [case("A", 9_000), case("B", 9_000, setl_time="2025-04-02"), gone]
    months = policy(MONTHS.format(variant="share", share="100%"))
    paid, lines = cleared([*rows, reversal(gone, "D", setl_time="2025-04-03")], months)
    assert paid.posted["employee"]["T0001"].cases == 2
    assert paid.posted["employee"]["T0001"].declared_fund == lines["T0001"].months_paid == 2 * 540_000
    assert lines["T0001"].entitlement == figures(paid, "payment")["A"] + figures(paid, "payment")["B"]


def test_splitting_a_months_postings_changes_no_year() -> None:
    """The same cases, posted in one month or over the year, share alike and are owed the same."""
    rows = [case(f"C{at}", 9_000 + at * 100, fixmedins_code=("T0001", "S0001")[at % 2]) for at in range(12)]
    early = {"adm_time": "2025-01-01", "dscg_time": "2025-01-08"}
    spread = [{**row, **early, "setl_time": f"2025-{at + 1:02d}-20"} for at, row in enumerate(rows)]
    together = [{**row, "setl_time": "2025-06-20"} for row in spread]
    months = policy(MONTHS.format(variant="share", share="100%"))
    one, other = cleared(spread, months)[0], cleared(together, months)[0]
    assert (one.posted, one.shared, one.clearing) == (other.posted, other.shared, other.clearing)


def test_months_that_the_books_state_are_taken_as_they_are() -> None:
    stated = {**ACCOUNTS, "months_paid": ["123.45"] * 12}
    _, lines = cleared([case("A")], accounts=stated)
    assert lines["T0001"].months_paid == 12_345
    assert lines["S0001"].months_paid == 12_345


def test_a_month_without_a_value_is_named_and_asked_for_only_where_it_is_needed() -> None:
    """May holds nothing but what takes a case of March back: -1,320 points, which have no value of their own."""
    row = case("B", 8_000)
    rows = [case("A", 9_000), row, reversal(row, "R", setl_time="2025-05-05")]
    with pytest.raises(InputError, match=r"^monthly_payment\.employee, month 5: a month's value needs") as told:
        pay(rows, accounts=ACCOUNTS)
    assert str(told.value).endswith("state months_paid in all accounts of the pool, and no month is worked out")
    _, lines = cleared(rows, accounts={**ACCOUNTS, "months_paid": ["123.45"] * 12})
    assert lines["T0001"].months_paid == 12_345


# ---- sharing and clearing --------------------------------------------------------------------------------------------


def test_a_surplus_is_kept_and_an_overrun_shared_out_of_the_reserve() -> None:
    """The fund is far above what was declared: less than 85% of the points, so that R itself is paid."""
    paid, lines = cleared([case("A", 9_000)])
    line = paid.shared["employee"].lines[0]
    assert (line.by_item_amt, line.points_amt) == (540_000, paid.pools["employee"].closing.by_fund)
    assert lines["T0001"].sharing == 540_000 - line.points_amt == line.sharing
    assert paid.shared["employee"].reserve == 3_000_000


def test_an_overrun_is_shared_up_to_its_limit() -> None:
    """Declared 1,440,000.00 against a fund of less than a million: 60% of a tenth of the points, as far as it goes."""
    rows = [case(f"C{at:03d}", 12_000) for at in range(200)]
    paid, lines = cleared(rows)
    line, reserve = paid.shared["employee"].lines[0], paid.shared["employee"].reserve
    assert line.by_item_amt == 200 * 720_000 > line.points_amt
    assert line.due == line.points_amt * 6 // 100 + (line.points_amt * 6 % 100 >= 50)
    assert line.from_reserve == min(line.due, reserve)
    assert lines["T0001"].sharing == line.from_reserve


def test_what_review_refused_and_what_is_left_of_prepayments_comes_off() -> None:
    books = {**ACCOUNTS, "prepayment_left": ["100"] * 12, "carried_in": ["7"] * 12}
    gone = case("B", refused_amt=99_900)
    _, lines = cleared([case("A", refused_amt=1_200), gone, reversal(gone, "C", refused_amt=-99_900)], accounts=books)
    line = lines["T0001"]
    assert (line.refused, line.prepayment_left, line.carried_in) == (1_200, 10_000, 700)


def test_an_institution_without_an_account_stops_the_run() -> None:
    books = {name: column[2:] for name, column in ACCOUNTS.items()}
    with pytest.raises(TableError) as told:
        pay([case("A")], accounts=books)
    assert str(told.value) == ("accounts: 1 institution(s) and pool(s) have cases but no account: T0001, employee")


def test_an_account_stands_once() -> None:
    books = {name: [*column, column[0]] for name, column in ACCOUNTS.items()}
    with pytest.raises(TableError) as told:
        pay([case("A")], accounts=books)
    assert str(told.value) == (
        "accounts: row 12: T0001, employee stands twice; fixmedins_code and pool have one row together"
    )


def test_records_of_the_books_state_what_they_may_leave_out() -> None:
    contract = ContractRecord(fixmedins_code="P0001", pool="employee", condition="diabetes", enrolled=3)
    assert (contract.months, contract.risk_factor, contract.own_amt, contract.outside_amt) == (12, 10_000, None, 0)
    account = YearAccount(fixmedins_code="P0001", pool="employee", assessment=1)
    assert (account.months_paid, account.prepayment_left, account.carried_in) == (None, 0, 0)
