"""Rounds: every row once, a person's rows in order, a round's rows of different persons; a journal that takes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy.batch.carry import Journal, rounds_of
from mipolicy.batch.ledger import Ledger, UsedBy
from mipolicy.batch.parts import rows_of
from mipolicy.batch.reversals import match_reversals
from mipolicy.batch.route import prepare
from mipolicy.benefits.totals import STAY_FIGURES, Posting
from tests.batch import LINE_FIELDS, line, overlay, reversal, stay, table, visit

POLICY = mipolicy.load("assumed")


@given(st.lists(st.integers(0, 6)))
def test_rounds_take_one_row_of_everybody_at_a_time(persons: list[int]) -> None:
    rounds = [places.tolist() for places in rounds_of(np.array(persons, np.int32))]
    assert sorted(row for here in rounds for row in here) == list(range(len(persons)))
    for number, here in enumerate(rounds):
        owners = [persons[row] for row in here]
        assert owners == sorted(set(owners)) != []
        # in round n stands everybody's nth row
        for row in here:
            assert persons[:row].count(persons[row]) == number


def test_nobody_has_no_rounds() -> None:
    assert list(rounds_of(np.empty(0, np.int32))) == []


def test_rounds_of_a_few() -> None:
    rounds = rounds_of(np.array([5, 5, 2, 5, 2, 9]))
    assert [places.tolist() for places in rounds] == [[2, 0, 5], [4, 1], [3]]


def opened() -> Ledger:
    return Ledger.opened({"P1": 0, "P2": 1}, (2025,), {})


def stay_figures(**changes: int) -> dict[str, Any]:
    return {name: np.array([changes.get(name, 1)] * 2) for name in STAY_FIGURES}


def posting(amount: int, **changes: int) -> Posting[Any]:
    """What a bill of each of the two persons adds."""
    amounts = np.array([amount, 2 * amount])
    return Posting(
        (
            ("fund.inpatient", None, amounts),
            ("deductible_level.inpatient", np.array([2, 3]), amounts),
            ("stays", None, 1),
        ),
        stay_figures(**changes),
    )


def test_a_journal_takes_back_what_was_wanted() -> None:
    ledger, journal = opened(), Journal(np.array([False, True, False, False]), {})
    persons = np.array([0, 1])
    cells = ledger.cell(persons, 0, 0)
    for rows, amount in ((np.array([0, 1]), 100), (np.array([2, 3]), 10)):
        journal.note(rows, cells, persons, posting(amount), ledger)
        UsedBy(ledger, cells, persons).post(posting(amount))
    assert list(journal.entries) == [1]
    assert ledger.totals("P2").figure("employee", 2025, "fund.inpatient") == (220,)
    journal.take_back(1, ledger)
    assert ledger.totals("P2").to_dict()["years"][0]["figures"] == {
        "fund.inpatient": [20],
        "deductible_level.inpatient": [0, 0, 0, 20, 0],
        "stays": [1],
    }
    assert ledger.totals("P1").figure("employee", 2025, "fund.inpatient") == (110,)


@pytest.mark.parametrize(("second", "left"), [(None, 0), (7, 7), (1, 0)])
def test_the_latest_stay_goes_back_only_if_the_bill_left_it_as_it_stands(second: int | None, left: int) -> None:
    ledger, journal = opened(), Journal(np.array([True, False]), {})
    one = np.array([0])
    cells = ledger.cell(one, 0, 0)

    def post(row: int, end: int) -> None:
        adds = Posting((), {name: np.array([end]) for name in STAY_FIGURES})
        journal.note(np.array([row]), cells, one, adds, ledger)
        UsedBy(ledger, cells, one).post(adds)

    post(0, 1)
    if second is not None:
        post(1, second)
    journal.take_back(0, ledger)
    assert int(ledger.stay_figures["end"][0]) == left


def test_a_visit_leaves_the_latest_stay_alone_when_taken_back() -> None:
    bills = [stay("S1", 100_000), visit("S2", setl_time="2025-03-20")]
    kept = mipolicy.settle(POLICY, table(bills[:1])).totals["P1"].stay
    result = mipolicy.settle(POLICY, table([*bills, reversal(bills[1], "R1", "2025-03-21")]))
    assert result.totals["P1"].stay == kept != {}


SPLIT = """
    [[sections.settlement]]
    version = "2025"
    source = { document = "change", clause = "year" }
    year_by = "split_at_year_end"
    """


def test_the_rows_that_are_settled() -> None:
    over = stay("S1", 100_000, "2023-12-20", "2025-01-10", fulamt_ownpay_amt="", overlmt_selfpay="")
    over |= {"preselfpay_amt": "", "inscp_scp_amt": ""}
    back = reversal({**over, "inscp_scp_amt": ""}, "R1", "2025-05-01")
    records = [visit("A"), over, visit("B", hosp_lv="99"), back]
    days = ("2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01")
    lines = [line("M-S1", f"L{at}", "F0001", "250", "1", fee_ocur_time=day) for at, day in enumerate(days)]
    prepared = prepare(overlay(SPLIT), table(records), table(lines, LINE_FIELDS), "raise")
    rows = rows_of(prepared, match_reversals(prepared))
    assert rows.active.tolist() == [0, 1, 3, 4, 5]
    assert rows.parts_of == {1: (1, 4, 5)}
    assert [rows.source(row) for row in range(6)] == [0, 1, 2, 3, 1, 1]
    assert rows.original.tolist() == [-1, -1, -1, 1, -1, -1]
    assert rows.year[[0, 1, 4, 5]].tolist() == [2025, 2023, 2024, 2025]
    assert rows.parts.medfee_sumamt[[1, 4, 5]].tolist() == [25_000, 50_000, 25_000]
    assert rows.parts.inscp_scp_amt[[1, 4, 5]].tolist() == [25_000, 50_000, 25_000]
    claim = rows.claim(np.array([1, 4, 5]))
    assert np.broadcast_to(claim.codes.interim, 3).tolist() == [1, 1, 0]
    assert claim.days.adm_day.tolist() == [19_711, 19_723, 20_089]
    assert claim.days.dscg_day.tolist() == [19_722, 20_088, 20_098]
