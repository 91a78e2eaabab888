"""The settlement record and its five identities: kept on every record, and every way to break one is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.benefits.statement import FUNDS, Parts, Setlinfo, check_identities, setlinfo_fields, statement
from mipolicy.errors import IdentityError, InputError
from tests.strategies import as_columns, as_rows

FIELDS = tuple(each.name for each in attrs.fields(Setlinfo))
fen = st.integers(0, 10**8)


@st.composite
def bills(draw: st.DrawFn) -> tuple[Parts[int], int, dict[str, int], int | None]:
    """Parts, deductible, what each fund pays, and the account: a bill that keeps the identities."""
    own, over, first, scope = (draw(fen) for _ in range(4))
    parts = Parts(own + over + first + scope, own, over, first, scope, draw(st.integers(-(10**6), over)))
    dedc = draw(st.integers(0, scope))
    left, funds = scope - dedc, {}
    for fund in draw(st.lists(st.sampled_from(FUNDS), unique=True)):
        funds[fund] = draw(st.integers(0, left))
        left -= funds[fund]
    person = parts.medfee_sumamt - sum(funds.values()) - parts.hosp_part_amt
    return parts, dedc, funds, draw(st.one_of(st.none(), st.integers(0, person)))


def by_hand(parts: Parts[int], dedc: int, funds: Mapping[str, int], account: int | None) -> dict[str, int]:
    """The record as formulas.md section 1 has it."""
    paid = {fund: funds.get(fund, 0) for fund in FUNDS}
    person = parts.medfee_sumamt - parts.hosp_part_amt - sum(paid.values())
    return {
        **{name: getattr(parts, name) for name in ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay")},
        **{name: getattr(parts, name) for name in ("preselfpay_amt", "inscp_scp_amt", "hosp_part_amt")},
        **paid,
        "act_pay_dedc": dedc,
        "fund_pay_sumamt": sum(paid.values()),
        "psn_part_amt": person,
        "acct_pay": account or 0,
        "psn_cash_pay": person - (account or 0),
    }


@given(bills())
def test_the_record_of_one_bill(bill: Any) -> None:
    assert attrs.asdict(statement(*bill)) == by_hand(*bill)


@given(st.lists(bills(), min_size=1, max_size=5))
def test_the_record_of_a_column_of_bills(many: list[Any]) -> None:
    parts = as_columns([each[0] for each in many])
    dedc = np.array([each[1] for each in many], np.int64)
    funds = {fund: np.array([each[2].get(fund, 0) for each in many], np.int64) for fund in FUNDS}
    account = np.array([each[3] or 0 for each in many], np.int64)
    assert as_rows(statement(parts, dedc, funds, account)) == [by_hand(*each) for each in many]


def test_a_fund_that_pays_nothing_takes_no_column() -> None:
    amounts = np.array([100, 200], np.int64)
    zero = np.zeros(2, np.int64)
    settled = statement(Parts(amounts, zero, zero, zero, amounts, zero), zero, {"hifp_pay": amounts // 2})
    expected = by_hand(Parts(200, 0, 0, 0, 200, 0), 0, {"hifp_pay": 100}, None)
    assert {name: int(np.broadcast_to(getattr(settled, name), 2)[1]) for name in FIELDS} == expected
    assert not isinstance(settled.hifes_pay, np.ndarray)
    assert not isinstance(settled.acct_pay, np.ndarray)


def test_an_empty_column_has_an_empty_record() -> None:
    none = np.empty(0, np.int64)
    settled = statement(Parts(none, none, none, none, none, none), none, {"hifp_pay": none})
    assert all(np.size(getattr(settled, name)) == 0 for name in ("hifp_pay", "fund_pay_sumamt", "psn_cash_pay"))


def test_the_two_real_records_keep_the_identities() -> None:
    inpatient = statement(Parts(579253, 29620, 0, 52261, 497372, 0), 80000, {"hifp_pay": 310654})
    assert (inpatient.fund_pay_sumamt, inpatient.psn_part_amt, inpatient.psn_cash_pay) == (310654, 268599, 268599)
    outpatient = statement(Parts(452, 0, 0, 23, 429, 0), 429, {"hifp_pay": 0}, 452)
    assert (outpatient.psn_part_amt, outpatient.acct_pay, outpatient.psn_cash_pay) == (452, 452, 0)


def test_an_institution_may_bear_less_than_nothing_under_a_fixed_price() -> None:
    settled = statement(Parts(800_000, 0, 0, 0, 800_000, -200_000), 0, {"hifp_pay": 700_000})
    assert settled.psn_part_amt == 300_000


def test_a_fund_without_a_field_is_refused() -> None:
    with pytest.raises(InputError, match=r"no fund hifp, acct_pay; funds: hifp_pay, cvlserv_pay"):
        statement(Parts(100, 0, 0, 0, 100, 0), 0, {"hifp": 10, "acct_pay": 5})


PARTS = Parts(1000, 100, 50, 150, 700, 0)
BROKEN_PARTS = [attrs.evolve(PARTS, **{name: getattr(PARTS, name) + 1}) for name in attrs.asdict(PARTS)][:5]


@pytest.mark.parametrize("parts", BROKEN_PARTS)
def test_parts_that_do_not_sum_break_the_first_identity(parts: Parts[int]) -> None:
    with pytest.raises(IdentityError, match=r"the result breaks medfee_sumamt = fulamt_ownpay_amt \+ overlmt_selfpay"):
        statement(parts, 0, {})


@pytest.mark.parametrize("dedc", [-1, 701])
def test_a_deductible_outside_the_scope_breaks_the_fifth(dedc: int) -> None:
    with pytest.raises(IdentityError, match="0 <= act_pay_dedc <= inscp_scp_amt"):
        statement(PARTS, dedc, {})


@pytest.mark.parametrize("dedc", [0, 700])
def test_a_deductible_at_either_end_of_the_scope_is_right(dedc: int) -> None:
    assert statement(PARTS, dedc, {}).act_pay_dedc == dedc


def test_more_than_the_cost_cannot_be_paid() -> None:
    assert statement(PARTS, 0, {"hifp_pay": 1000}).psn_cash_pay == 0
    with pytest.raises(IdentityError, match="psn_cash_pay >= 0"):
        statement(PARTS, 0, {"hifp_pay": 1001})
    with pytest.raises(IdentityError, match="psn_cash_pay >= 0"):
        statement(attrs.evolve(PARTS, hosp_part_amt=501), 0, {"hifp_pay": 500})


def test_more_than_the_persons_part_cannot_come_from_the_account() -> None:
    assert statement(PARTS, 0, {"hifp_pay": 400}, 600).psn_cash_pay == 0
    with pytest.raises(IdentityError, match="psn_cash_pay >= 0"):
        statement(PARTS, 0, {"hifp_pay": 400}, 601)


@pytest.mark.parametrize("fund", FUNDS)
def test_no_fund_of_an_ordinary_bill_pays_less_than_nothing(fund: str) -> None:
    other = "maf_pay" if fund != "maf_pay" else "hifp_pay"
    with pytest.raises(IdentityError, match=f"{fund} >= 0"):
        statement(PARTS, 0, {fund: -1, other: 1})


def test_the_account_of_an_ordinary_bill_pays_no_less_than_nothing() -> None:
    with pytest.raises(IdentityError, match="acct_pay >= 0"):
        statement(PARTS, 0, {}, -1)


GOOD = statement(PARTS, 200, {"hifp_pay": 300, "maf_pay": 40}, 60)


@pytest.mark.parametrize("name", FIELDS)
def test_a_fen_too_many_in_any_field_is_seen(name: str) -> None:
    check_identities(GOOD)
    if name == "act_pay_dedc":  # within the scope it may be anything
        return
    with pytest.raises(IdentityError):
        check_identities(attrs.evolve(GOOD, **{name: getattr(GOOD, name) + 1}))


@pytest.mark.parametrize("name", FIELDS)
def test_a_fen_too_many_in_one_row_of_a_column_is_seen_with_its_row(name: str) -> None:
    rows = [GOOD, GOOD, attrs.evolve(GOOD, **{name: getattr(GOOD, name) + 1}), GOOD]
    if name == "act_pay_dedc":
        rows[2] = attrs.evolve(GOOD, act_pay_dedc=701)
    with pytest.raises(IdentityError, match="row 2 breaks"):
        check_identities(as_columns(rows))


def test_the_names_of_the_record() -> None:
    assert setlinfo_fields() == FIELDS
    assert FIELDS[:6] == (
        *("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"),
        "act_pay_dedc",
    )
    assert set(FUNDS) < set(FIELDS)
    assert "acct_pay" not in FUNDS


def negative(settled: Setlinfo[int], **changes: int) -> Setlinfo[int]:
    """The record of the bill taken back."""
    return attrs.evolve(Setlinfo(**{name: -getattr(settled, name) for name in FIELDS}), **changes)


def test_a_bill_that_is_taken_back_keeps_the_identities_with_the_opposite_sign() -> None:
    check_identities(negative(GOOD))
    check_identities(as_columns([GOOD, negative(GOOD)]))


def test_a_bill_of_nothing_is_an_ordinary_bill() -> None:
    nothing = Parts(0, 0, 0, 0, 0, 0)
    assert statement(nothing, 0, {"hifp_pay": 0}).psn_cash_pay == 0
    with pytest.raises(IdentityError, match="hifp_pay >= 0"):
        statement(nothing, 0, {"hifp_pay": -5, "maf_pay": 5})


@pytest.mark.parametrize("dedc", [1, -701])
def test_the_deductible_of_a_bill_taken_back_lies_between_the_scope_and_nothing(dedc: int) -> None:
    check_identities(negative(GOOD, act_pay_dedc=-700))
    check_identities(negative(GOOD, act_pay_dedc=0))
    with pytest.raises(IdentityError, match="act_pay_dedc"):
        check_identities(negative(GOOD, act_pay_dedc=dedc))
