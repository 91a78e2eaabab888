"""Settlements as they are read: bad rows are rejects with their reason, bad columns an error that names them."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.errors import TableError
from tests.payment.shared import check_refused

from .made import row, table

ASSUMED = mipolicy.load("assumed")
ON = datetime.date(2025, 12, 31)


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"med_type": ""}, "code", "med_type is empty"),
        ({"insutype": "777"}, "code", "insutype '777' is not in the national table; its codes: 310, "),
        ({"direct_flag": "2"}, "flag", "direct_flag is 0 or 1, not '2'"),
        ({"care_place": ""}, "code", "care_place is empty"),
        ({"setl_time": ""}, "date", "setl_time: a date such as 2025-03-01 or 2025-03-01 09:30:00 is due, not ''"),
        (
            {"setl_time": "1.3.2025"},
            "date",
            "setl_time: a date such as 2025-03-01 or 2025-03-01 09:30:00 is due, not '1",
        ),
        ({"medfee_sumamt": -1}, "amount", "medfee_sumamt is below 0, and refd_setl_flag does not say a reversal"),
        (
            {"refd_setl_flag": "1"},
            "amount",
            "medfee_sumamt of a reversal is above 0; it takes its bill back with a minus",
        ),
        ({"refd_setl_flag": "x"}, "flag", "refd_setl_flag is 0 or 1, not 'x'"),
        ({"medfee_sumamt": 10**13}, "amount", "medfee_sumamt: 10000000000000 is too large"),
        ({"fixmedins_code": ""}, "code", "fixmedins_code is empty"),
    ],
)
def test_a_bad_row_is_a_reject_and_the_others_are_summed(changes: dict[str, Any], reason: str, message: str) -> None:
    rows = [row(), row(setl_id="BAD", **changes), row()]
    found = mipolicy.rates(ASSUMED, table(rows), by=("fixmedins_code", "month"), on=ON)
    (reject,) = found.rejects.records()
    assert (reject["row"], reject["setl_id"], reject["reason"]) == ("1", "BAD", reason)
    assert reject["message"].startswith(message)
    sound = mipolicy.rates(ASSUMED, table([rows[0], rows[2]]), by=("fixmedins_code", "month"), on=ON)
    assert found.rates == sound.rates
    assert found.rows_in == 3


def test_amounts_that_cannot_be_read_are_rejects() -> None:
    columns = {**table([row(), row()]), "fund_pay_sumamt": ["12.345", "60.00"]}
    found = mipolicy.rates(ASSUMED, columns, on=ON)
    (reject,) = found.rejects.records()
    assert reject["message"] == (
        "fund_pay_sumamt: yuan 12.345 has more decimals than can be kept: the smallest step is 0.01"
    )
    assert reject["reason"] == "amount"
    empty = mipolicy.rates(ASSUMED, {**table([row()]), "inscp_scp_amt": [""]}, on=ON)
    assert [each["message"] for each in empty.rejects.records()] == ["inscp_scp_amt is empty"]


def test_codes_that_the_quantities_name_are_known_beside_the_national_ones() -> None:
    assert len(mipolicy.rates(ASSUMED, table([row(med_type="2101"), row(med_type="22")]), on=ON).rejects) == 0


def test_a_table_without_ids_and_reversals() -> None:
    columns = {
        name: column
        for name, column in table([row(), row(med_type="")]).items()
        if name not in ("setl_id", "refd_setl_flag")
    }
    found = mipolicy.rates(ASSUMED, columns, on=ON)
    assert [(each["row"], each["setl_id"]) for each in found.rejects.records()] == [("1", "")]


def test_no_row_at_all_and_none_that_is_sound() -> None:
    none = mipolicy.rates(ASSUMED, table([]), by=("hosp_lv",), on=ON)
    assert (none.rows_in, none.rates) == (0, ())
    assert {rate.state for rate in none.whole_rates} == {"undefined", "missing"}
    bad = mipolicy.rates(ASSUMED, table([row(med_type="")]), by=("month",), on=ON)
    assert (bad.rates, len(bad.rejects)) == ((), 1)


def test_a_day_of_another_column_that_is_empty() -> None:
    columns = {**table([row(), row()]), "dscg_time": ["2025-03-01", ""]}
    found = mipolicy.rates(ASSUMED, columns, by=("month:dscg_time",), on=ON)
    assert [each["message"] for each in found.rejects.records()] == ["dscg_time is empty"]
    assert found.quantities.scopes() == (("2025-03",),)


def without(*names: str) -> dict[str, Any]:
    return {name: column for name, column in table([row()]).items() if name not in names}


def test_columns_that_are_not_as_they_should_be() -> None:
    held = ", ".join(without("care_place", "hosp_lv"))
    message = f"settlements: missing care_place, hosp_lv; it has {held}"
    check_refused(lambda: mipolicy.rates(ASSUMED, without("care_place", "hosp_lv"), on=ON), TableError, message)
    message = f"settlements: missing area; it has {', '.join(table([row()]))}"
    check_refused(lambda: mipolicy.rates(ASSUMED, table([row()]), by=("area",), on=ON), TableError, message)
    message = f"settlements: missing setl_time; it has {', '.join(without('setl_time'))}"
    check_refused(lambda: mipolicy.rates(ASSUMED, without("setl_time"), by=("month",), on=ON), TableError, message)
    floats = {**table([row()]), "medfee_sumamt": np.array([1.5], np.float32)}
    with pytest.raises(TableError, match=r"^settlements: column medfee_sumamt: "):
        mipolicy.rates(ASSUMED, floats, on=ON)
    cut = mipolicy.rates(ASSUMED, {**table([row()]), "medfee_sumamt": np.array([100.125])}, on=ON)
    assert cut.rejects.reason == ("amount",)
    numbers = {**table([row()]), "direct_flag": np.array([1])}
    with pytest.raises(TableError, match="column direct_flag: codes are text and keep their leading zeros"):
        mipolicy.rates(ASSUMED, numbers, on=ON)
    longer = {**table([row()]), "hosp_lv": ["01", "02"]}
    with pytest.raises(TableError, match="columns of unequal length"):
        mipolicy.rates(ASSUMED, longer, on=ON)
    given: Any = [row()]
    message = "settlements are a mapping of columns, not list"
    check_refused(lambda: mipolicy.rates(ASSUMED, given, on=ON), TableError, message)
    check_refused(
        lambda: mipolicy.rates(ASSUMED, {}, on=ON, indicators=["primary_fund_share"]),
        TableError,
        "settlements: missing hosp_lv, fund_pay_sumamt; it has no columns",
    )
