"""Rules over columns in blocks: the same figures for any block size and threads, sums by code, refusals, outputs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy import AmountError, CodeError, InputError, MipolicyError, PolicyGap, TableError, in_blocks
from mipolicy.batch import by_part, gather
from mipolicy.checked import refuse
from mipolicy.errors import OpenField
from mipolicy.money import Column
from mipolicy.payment.points import PointCase
from mipolicy.vocabulary import mul_div, share
from tests.batch.dip_job import NAMES, SUMS, differences, job, rule, tie_cases

CASES = tie_cases(3_000, 20250101)
TABLE = {"cost": np.array([100_01, 50_00, 7, 0]), "hospital": np.array([1, 0, 1, 3])}


def paid(of: Any) -> dict[str, Any]:
    return {"fund": share(of["cost"], 800_000), "one": 1}


# ---- the job against its literal reading -----------------------------------------------------------------------------


def test_the_job_is_exact_on_ties() -> None:
    assert differences(CASES, job(CASES)) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(150, 4_000), st.integers(0, 2_000))
def test_neither_blocks_nor_threads_change_a_figure(threads: int, block_rows: int, rows: int) -> None:
    cases = {name: column[:rows] for name, column in CASES.items()}
    whole, found = job(cases, threads=1), job(cases, threads=threads, block_rows=block_rows)
    assert found.rows == rows
    for name in NAMES:
        assert found.columns[name].tolist() == whole.columns[name].tolist()
    assert found.sums == whole.sums
    for name in SUMS["institution"]:
        by_hand: dict[int, int] = {}
        for code, figure in zip(cases["institution"].tolist(), whole.columns[name].tolist(), strict=True):
            by_hand[code] = by_hand.get(code, 0) + figure
        expected = [by_hand.get(code, 0) for code in range(max(by_hand, default=-1) + 1)]
        assert list(found.sums["institution"][name]) == expected


def test_sums_of_parts_add_up_to_those_of_the_whole() -> None:
    halves = [{name: column[rows] for name, column in CASES.items()} for rows in (slice(0, 999), slice(999, None))]
    one, other = (job(half).sums["institution"] for half in halves)
    assert one + other == job(CASES).sums["institution"]


def test_figures_that_a_block_cannot_prove_are_exact_by_the_row_or_refused_by_the_row() -> None:
    """The dearest of one row and the largest rate of another do not meet in a row of their own."""
    table = {"a": np.array([2**62, 1, 3]), "b": np.array([1, 2**62, 5]), "c": np.array([1, 2**61, 2])}
    found = in_blocks(lambda of: {"q": mul_div(of["a"], of["b"], of["c"])}, table, keep=["q"])
    assert found.columns["q"].tolist() == [2**62, 2, 8]
    table["b"][1] = 2**62 + 1
    table["a"][1] = 2**62
    with pytest.raises(AmountError, match=r"^row 1: mul_div: a divisor of 2\*\*60 or more cannot be proven exact$"):
        in_blocks(lambda of: {"q": mul_div(of["a"], of["b"], of["c"])}, table, keep=["q"])


@pytest.mark.parametrize("points_of_group", [900_000_000])
def test_what_could_overflow_is_exact_or_refused(points_of_group: int) -> None:
    """90,000 points x 10 x the dearest case over a mean of 1 yuan pass int64; over a real mean they do not."""
    one = {name: column[:3].copy() for name, column in CASES.items()}
    one["base_points"][:], one["institution_factor"][:], one["medfee_sumamt"][:] = points_of_group, 100_000, 500_000_000
    one["group_mean"][:] = [7_000_001, 2_500_000, 100_003]
    one["inscp_scp_amt"][:] = 500_000_000
    assert differences(one, job(one)) == []
    one["group_mean"][2] = 100
    with pytest.raises(AmountError, match=r"^row 2: .* cannot be multiplied exactly in int64$"):
        job(one)


# ---- what it takes and gives -----------------------------------------------------------------------------------------


def test_a_record_of_columns_goes_in_as_a_record() -> None:
    given_case: PointCase[Any] = PointCase(np.array([5, 7, 9], np.int32), 0, 0, np.array([1, 2, 3], np.uint8))

    def of_case(case: PointCase[Any]) -> PointCase[Any]:
        assert type(case) is PointCase
        assert case.points.dtype == case.fund_rate.dtype == np.int64
        assert case.psn_part_amt == 0
        return attrs.evolve(case, points=case.points + case.fund_rate)

    found = in_blocks(of_case, given_case, keep=["points", "other_pay"], block_rows=2)
    assert found.columns["points"].tolist() == [6, 9, 12]
    assert found.columns["other_pay"].tolist() == [0, 0, 0]


def test_ints_stand_for_every_row_and_codes_may_come_out_of_the_rule() -> None:
    found = in_blocks(
        lambda of: {**paid(of), "half": of["hospital"] // 2, "fixed": 1},
        {**TABLE, "flag": 1},
        keep=["one"],
        sums={"half": ["fund", "one"], "fixed": ["one"], "flag": ["one"]},
    )
    assert found.columns["one"].tolist() == [1, 1, 1, 1]
    assert found.sums["half"]["one"] == (3, 1)
    assert found.sums["half"]["fund"] == (8_001 + 4_000 + 6, 0)
    assert found.sums["fixed"]["one"] == found.sums["flag"]["one"] == (0, 4)


def test_strided_columns_and_no_rows() -> None:
    wide = np.arange(12).reshape(6, 2)
    found = in_blocks(lambda of: {"twice": of["a"] * 2}, {"a": wide[:, 1]}, keep=["twice"], block_rows=4)
    assert found.columns["twice"].tolist() == [2, 6, 10, 14, 18, 22]
    empty = in_blocks(
        paid, {name: column[:0] for name, column in TABLE.items()}, keep=["fund"], sums={"hospital": ["one"]}
    )
    assert (empty.rows, empty.columns["fund"].tolist(), empty.sums["hospital"]["one"]) == (0, [], ())


def test_arrays_that_are_passed_are_filled() -> None:
    fund = np.full(4, -1)
    found = in_blocks(paid, TABLE, keep=["one", "fund"], out={"fund": fund})
    assert found.columns["fund"] is fund
    assert fund.tolist() == [8001, 4000, 6, 0]
    assert list(found.columns) == ["one", "fund"]


def test_memory_beside_input_and_output_is_that_of_blocks() -> None:
    rows = 400_000
    table, out = {"cost": np.arange(rows)}, {"fund": np.empty(rows, np.int64)}
    tracemalloc.start()
    in_blocks(paid, table, keep=["fund"], out=out, block_rows=10_000, threads=2)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**22 + 2_000_000  # the array that tells the C library to keep memory is asked for, not touched


# ---- what it refuses -------------------------------------------------------------------------------------------------

READ_ONLY = np.zeros(4, np.int64)
READ_ONLY.flags.writeable = False
BAD_CALLS: list[tuple[dict[str, Any], type[MipolicyError], str]] = [
    ({"columns": [1, 2]}, TableError, "columns are a mapping or an attrs record of columns, not list"),
    ({"columns": {"a": 1}}, TableError, "at least one of them a column; rows of each: none"),
    (
        {"columns": {"cost": np.arange(3), "hospital": np.arange(4)}},
        TableError,
        "columns must be of one length, at least one of them a column; rows of each: cost 3, hospital 4",
    ),
    ({"columns": {"cost": np.zeros(3)}}, AmountError, "column cost: integers are due, .* not float64"),
    ({"columns": {"cost": np.zeros(3, bool)}}, AmountError, "column cost: integers are due, .* not bool"),
    ({"columns": {"cost": [1, 2]}}, AmountError, "column cost: an integer array without gaps is due, not list"),
    ({"columns": {"cost": True}}, AmountError, "column cost: .* not bool"),
    ({"columns": {"cost": np.ma.array([1, 2])}}, AmountError, "column cost: .* not MaskedArray"),
    ({"columns": {"cost": np.zeros((2, 2), np.int64)}}, AmountError, r"column cost: one dimension .* \(2, 2\)"),
    ({"columns": {"cost": np.array([1, 2**63], np.uint64)}}, AmountError, "^row 1: cost is 9223372036854775808, which"),
    ({"keep": ["funds"]}, TableError, "the rule gives no funds; did you mean fund?.*It gives: fund, one"),
    ({"keep": ["x" * 20]}, TableError, "the rule gives no x+; It gives"),
    ({"keep": ["fund", "fund"]}, TableError, "keep names fund twice"),
    ({"keep": []}, TableError, "nothing would be left"),
    ({"threads": 0}, TableError, "block_rows and threads must be at least 1"),
    ({"block_rows": 0}, TableError, "block_rows and threads must be at least 1"),
    ({"rule": lambda of: 3}, TableError, "the rule gives a int; a mapping or an attrs record"),
    ({"rule": lambda of: {"fund": of["cost"][:1]}}, TableError, r"fund for 4 rows is int64 of shape \(1,\)"),
    ({"rule": lambda of: {"fund": of["cost"] * 1.0}}, TableError, r"fund for 4 rows is float64 of shape \(4,\)"),
    ({"rule": lambda of: {"fund": 2**63}}, TableError, "fund for 4 rows is 9223372036854775808"),
    ({"sums": {"nowhere": ["fund"]}}, TableError, "the rule gives no nowhere"),
    ({"sums": {"hospital": ["fun"]}}, TableError, "the rule gives no fun; did you mean fund"),
    (
        {"sums": {"minus": ["fund"]}},
        CodeError,
        "^row 2: minus is -1; codes to sum by number a list, from 0 to 16777215",
    ),
    ({"out": {"one": np.zeros(4, np.int64)}}, TableError, "out holds one, which keep does not name"),
    ({"out": {"fund": np.zeros(3, np.int64)}}, TableError, r"4 rows is due, not int64 of shape \(3,\)"),
    ({"out": {"fund": np.zeros(4)}}, TableError, "out of fund: .* not float64"),
    ({"out": {"fund": [0] * 4}}, TableError, "out of fund: .* not list"),
    ({"out": {"fund": READ_ONLY}}, TableError, "out of fund: the array is read-only"),
    ({"out": {"fund": TABLE["cost"]}}, TableError, "out of fund shares its memory with cost"),
]


@pytest.mark.parametrize(("change", "kind", "message"), BAD_CALLS)
def test_what_is_refused(change: Mapping[str, Any], kind: type[MipolicyError], message: str) -> None:
    options: dict[str, Any] = {"keep": ["fund"], **change}
    columns = options.pop("columns", {**TABLE, "minus": np.array([0, 1, -1, -2])})
    function = options.pop("rule", paid)
    with pytest.raises(kind, match=message):
        in_blocks(function, columns, **options)


@pytest.mark.parametrize(("threads", "block_rows"), [(1, 1_000), (2, 1_000), (3, 7), (1, 100_000)])
def test_a_refusal_names_the_row_of_the_table(threads: int, block_rows: int) -> None:
    cases = {name: column.copy() for name, column in CASES.items()}
    for row in (1_717, 2_000):
        cases["group_mean"][row] = 0
    with pytest.raises(InputError, match=r"^row 1717: group_mean is 0; the reference mean"):
        job(cases, threads=threads, block_rows=block_rows)
    cases["hosp_lv"][1_001] = 9
    with pytest.raises(AmountError, match=r"^lookup: row 1001: code 9 is outside level"):
        job(cases, threads=threads, block_rows=block_rows)
    cases["medfee_sumamt"][1_000] = -5
    with pytest.raises(InputError, match=r"^DipCase.medfee_sumamt: row 1000: -5 is outside"):
        job(cases, threads=threads, block_rows=block_rows)


def test_a_code_to_sum_by_is_named_by_the_row_of_the_table() -> None:
    cases = {**CASES, "institution": CASES["institution"].copy()}
    cases["institution"][2_222] = 2**24
    with pytest.raises(CodeError, match=r"^row 2222: institution is 16777216; codes to sum by"):
        job(cases, threads=2, block_rows=1_000)


def test_a_message_that_names_no_row_is_given_one() -> None:
    def picky(of: Mapping[str, Column]) -> dict[str, Column]:
        if (of["cost"] == 7).any():
            raise InputError("seven is no cost")
        return {"fund": of["cost"]}

    with pytest.raises(InputError, match=r"^row 2: seven is no cost$"):
        in_blocks(picky, TABLE, keep=["fund"])


def test_errors_that_are_no_sentence_stay_as_they_are() -> None:
    gap = PolicyGap("city", "dip", [OpenField("dip.decimals", "none", "a count")])

    def open_terms(of: Any) -> Any:
        raise gap

    with pytest.raises(PolicyGap, match="leaves 1 figure") as caught:
        in_blocks(open_terms, TABLE, keep=["fund"])
    assert caught.value is gap

    def broken(of: Any) -> Any:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as other:
        in_blocks(broken, TABLE, keep=["fund"], block_rows=2)
    assert other.value.__notes__ == ["in rows 0 to 1 of the table"]


def test_each_row_of_the_rule_is_refused_as_it_is_alone() -> None:
    """Whatever the block: the rule of one row decides."""

    def even(of: Mapping[str, Column]) -> dict[str, Column]:
        refuse(of["a"] % 2 == 1, "{} is odd", of["a"])
        return {"a": of["a"]}

    for first in range(5):
        column = np.array([0, 2, 4, 6, 8])
        column[first] += 1
        with pytest.raises(InputError, match=rf"^row {first}: {column[first]} is odd$"):
            in_blocks(even, {"a": column}, keep=["a"], block_rows=3)


# ---- lists and parts -------------------------------------------------------------------------------------------------


def test_gather() -> None:
    base, mean = np.array([5, 7, 9]), np.array([1, 2, 3])
    assert [column.tolist() for column in gather((base, mean), np.array([2, 0]), "group")] == [[9, 5], [3, 1]]
    assert gather(base, np.array([], np.int64), "group").tolist() == []
    for place, row in (([0, 3], 1), ([-1, 0], 0)):
        with pytest.raises(CodeError, match=rf"^row {row}: group is {place[row]}, allowed is 0 to 2$"):
            gather((base, mean), np.array(place), "group")
    with pytest.raises(CodeError, match="allowed is 0 to 1"):
        gather((base, mean[:2]), np.array([2]), "group")
    with pytest.raises(CodeError, match=r"^row 0: group is 0, and none is listed$"):
        gather(base[:0], np.array([0]), "group")


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint64])
@pytest.mark.parametrize("place", [[2, 0, 1], [1, 2, 0, 1, 2, 0, 1, 1]])
def test_gather_by_codes_of_any_width(kind: type[np.integer[Any]], place: list[int]) -> None:
    base = np.array([5, 7, 9])
    assert gather(base, np.array(place, kind), "group").tolist() == [[5, 7, 9][each] for each in place]
    with pytest.raises(CodeError, match=r"^row 1: group is 3, allowed is 0 to 2$"):
        gather(base, np.array([0, 3, *place], kind), "group")
    cost, part = np.arange(len(place)), np.array(place, kind)
    rules: list[Callable[[Any], Any]] = [lambda of: {"paid": of["cost"] * 10}, lambda of: {"paid": 7}, paid_twice]
    expected = [(row * 10, 7, row * 2)[each] for row, each in enumerate(place)]
    assert by_part(part, rules, {"cost": cost}, ["paid"])["paid"].tolist() == expected


def paid_twice(of: Any) -> Any:
    return {"paid": of["cost"] * 2}


def test_gather_of_what_is_no_column() -> None:
    figures: Any = [5, 7]
    with pytest.raises(AmountError, match="column group: an integer array without gaps is due, not int"):
        gather(figures, np.array([0]), "group")
    with pytest.raises(AmountError, match="column group: integers are due, such as fen and codes from 0, not float64"):
        gather(np.array([5, 7]), np.array([0.0]), "group")


def test_names_of_figures_are_no_text() -> None:
    for options in ({"keep": "fund"}, {"sums": {"hospital": "fund"}}):
        with pytest.raises(
            TableError, match=r"^names of figures stand in a list, such as \['fund'\], not in one text$"
        ):
            in_blocks(paid, TABLE, **options)


@given(st.lists(st.integers(0, 2), max_size=40))
def test_each_part_meets_its_own_rule(parts: list[int]) -> None:
    rules: list[Callable[[Any], Any]] = [
        lambda of: {"paid": of["cost"] * of["times"]},
        lambda of: {"paid": of["cost"] * 10, "more": 1},
        lambda of: {"paid": 7},
    ]
    cost = np.arange(1, len(parts) + 1)
    found = by_part(np.array(parts, np.int64), rules, {"cost": cost, "times": 3, "left": cost}, ["paid"])
    assert found["paid"].tolist() == [
        {0: value * 3, 1: value * 10, 2: 7}[part] for part, value in zip(parts, cost.tolist(), strict=True)
    ]


def test_a_part_without_a_rule_is_refused() -> None:
    with pytest.raises(CodeError, match="row 1: part is 2, allowed is 0 to 1"):
        by_part(np.array([0, 2]), [paid, paid], TABLE, ["fund"])


def test_the_rule_may_be_called_by_hand_too() -> None:
    few = {name: column[:5] for name, column in CASES.items()}
    assert rule(few)["points"].tolist() == job(CASES).columns["points"][:5].tolist()
    assert mipolicy.in_blocks is in_blocks
