"""Bills of a year whose accounts are closed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy import Bill, InputError
from mipolicy.errors import DocumentError
from tests.batch import LINE_FIELDS, line, overlay, stay, table, visit

CLOSED = overlay("""
    [[sections.settlement]]
    version = "2025"
    source = { document = "change", clause = "closed" }
    closed_years = ["2024"]
    """)
SAYS = "the accounts of 2024 are closed; a later year's bill may correct it, or open the year in closed_years"


def settled(*records: dict[str, str], policy: Any = CLOSED, **options: Any) -> mipolicy.TableResult:
    return mipolicy.settle(policy, table(records), **options)


def test_a_stay_of_a_closed_year_is_refused_and_one_of_an_open_year_is_not() -> None:
    late = stay("A", 100_000, "2024-12-20", "2024-12-30", setl_time="2025-02-01 09:00:00")
    with pytest.raises(InputError, match=f"^bill A: {SAYS}$"):
        mipolicy.settle(CLOSED, Bill.from_record(late))
    result = settled(late, stay("B", 100_000, "2024-12-20", "2025-01-02"), visit("C"))
    assert list(result.rejects.records()) == [{"row": "0", "setl_id": "A", "reason": "closed", "message": SAYS}]
    assert np.asarray(result.columns["setl_id"]).tolist() == ["B", "C"]


def test_a_year_is_open_until_its_accounts_are_closed() -> None:
    """The version in force on the day of settlement says which years are closed."""
    in_2024 = stay("A", 100_000, "2024-11-20", "2024-11-30", setl_time="2024-12-01 09:00:00")
    assert mipolicy.settle(CLOSED, Bill.from_record(in_2024)).setlinfo.hifp_pay > 0
    assert len(settled(in_2024, visit("B", setl_time="2024-12-01"))) == 2


def test_a_visit_of_a_closed_year_is_refused() -> None:
    policy = overlay("""
        [[sections.settlement]]
        version = "2024"
        source = { document = "change", clause = "closed" }
        closed_years = ["2024"]
        """)
    record = visit("A", setl_time="2024-06-01 09:00:00")
    with pytest.raises(InputError, match=f"^bill A: {SAYS}$"):
        mipolicy.settle(policy, Bill.from_record(record))
    assert settled(record, visit("B", setl_time="2025-06-01"), policy=policy).rejects.counts() == {"closed": 1}


def test_a_stay_that_is_split_is_refused_where_one_of_its_years_is_closed() -> None:
    policy = overlay("""
        [[sections.settlement]]
        version = "2025"
        source = { document = "change", clause = "closed" }
        year_by = "split_at_year_end"
        terms_by = "discharge"
        closed_years = ["2024"]
        """)
    record = stay("A", 2_000, "2024-12-30", "2025-01-02", setl_time="2025-01-02 09:00:00")
    record |= dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"), "")
    days = ("2024-12-31", "2025-01-01")
    lines = [line("M-A", f"L{at}", "F0001", "10", "1", fee_ocur_time=day) for at, day in enumerate(days)]
    with pytest.raises(InputError, match=SAYS):
        mipolicy.settle(policy, Bill.from_record(record), lines=[mipolicy.Line.from_record(each) for each in lines])
    assert settled(record, policy=policy, lines=table(lines, LINE_FIELDS)).rejects.counts() == {"closed": 1}


@pytest.mark.parametrize("year", ["24", "２０２４", "year"])
def test_what_is_no_year(year: str) -> None:
    with pytest.raises(DocumentError, match='closed_years takes years such as "2024", not'):
        overlay(f"""
            [[sections.settlement]]
            version = "2025"
            source = {{ document = "change", clause = "closed" }}
            closed_years = ["{year}"]
            """)
