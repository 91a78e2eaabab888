"""A region's year as a table: what closes, what changes nothing, options, empty tables and pools."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.cases.pay import pay_table
from mipolicy.cases.result import CASE_OUTPUTS, PaidTable
from mipolicy.demo.region import RegionYear, region_year
from mipolicy.errors import InputError, TableError
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.texts import Coded
from tests.cases import GROUPS, INSTITUTIONS, POLICY, case, columns_of, figures, pay, policy, reasons, ways

ROWS = 3_000
YEAR = region_year(ROWS, seed=7)
ASSUMED = mipolicy.load("assumed")


def paid_year(year: RegionYear = YEAR, **options: Any) -> PaidTable:
    tables = {name: table for name, table in year.tables().items() if name != "cases"}
    return pay_table(ASSUMED, year.cases, **{**tables, "year": 2025, **options})


PAID = paid_year()


def taken(table: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {
        name: column.take(rows) if isinstance(column, (Coded, np.ndarray)) else [column[row] for row in rows.tolist()]
        for name, column in table.items()
    }


def by_id(paid: PaidTable) -> dict[str, tuple[Any, ...]]:
    columns = [column.texts() if isinstance(column, Coded) else np.asarray(column) for column in paid.columns.values()]
    return {str(row[0]): row for row in zip(*(column.tolist() for column in columns), strict=True)}


def same(one: PaidTable, other: PaidTable) -> None:
    assert by_id(one) == by_id(other)
    assert sorted(zip(one.rejects.setl_id, one.rejects.message, strict=True)) == sorted(
        zip(other.rejects.setl_id, other.rejects.message, strict=True)
    )
    for pool, of in one.pools.items():
        assert of.closing == other.pools[pool].closing
    assert (one.clearing, one.shared, one.posted) == (other.clearing, other.shared, other.posted)


@pytest.mark.parametrize(("threads", "block_rows"), [(1, 1), (1, 7), (2, 65_536), (3, 100), (2, 7)])
def test_threads_and_blocks_change_nothing(threads: int, block_rows: int) -> None:
    same(paid_year(threads=threads, block_rows=block_rows), PAID)


def test_the_order_of_rows_changes_nothing() -> None:
    order = np.random.default_rng(3).permutation(ROWS)
    shuffled = {**YEAR.tables(), "cases": taken(YEAR.cases, order)}
    same(paid_year(RegionYear(**shuffled)), PAID)


def test_the_order_of_the_regions_tables_changes_nothing() -> None:
    turned = {
        name: taken(table, np.arange(len(next(iter(table.values()))))[::-1]) if name != "cases" else table
        for name, table in YEAR.tables().items()
    }
    again = paid_year(RegionYear(**turned))
    assert by_id(again) == by_id(PAID)
    assert again.clearing == PAID.clearing
    for pool, of in PAID.pools.items():
        assert dict(again.pools[pool].closing.lines()) == dict(of.closing.lines())
        assert set(again.pools[pool].closing.institutions) == set(of.closing.institutions)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_case_has_one_method_and_every_fen_its_place(seed: int) -> None:
    paid = paid_year(region_year(ROWS, seed=seed))
    assert sorted([*paid.row.tolist(), *paid.rejects.row.tolist()]) == list(range(ROWS))
    assert paid.rows_in == ROWS == len(paid) + len(paid.rejects)
    assert all(paid.rejects.reason)
    methods = paid.columns["method"]
    assert methods.min() >= 0
    assert methods.max() < len(METHOD.members)
    by_points = np.isin(methods, [METHOD.position(name) for name in POINT_METHODS])
    assert not paid.columns["points"][~by_points].any()
    local = np.asarray(paid.columns["insuplc_admdvs"].texts() == "")
    for at, pool in enumerate(POOL.members):
        of, here = paid.pools[pool], paid.columns["pool"] == at
        (_, budget), *parts = of.closing.lines()
        assert budget == sum(amount for _, amount in parts)
        assert of.totals.points == sum(each.points for each in of.closing.institutions)
        beside = sum(each.paid.payment for each in paid.contracts if each.pool == pool)
        others = np.where(by_points, 0, paid.columns["payment"]) + paid.columns["carved_out"]
        assert int(others[here & local].sum()) + beside == of.closing.other_methods


def test_institutions_are_closed_and_cleared_under_their_own_codes() -> None:
    codes = PAID.columns["fixmedins_code"].texts()
    by_points = np.isin(PAID.columns["method"], [METHOD.position(name) for name in POINT_METHODS])
    for each in PAID.pools["employee"].closing.institutions:
        here = by_points & (codes == each.fixmedins_code) & (PAID.columns["pool"] == 0)
        assert each.points == int(PAID.columns["points"][here].sum())
        assert each.standard == int(PAID.columns["standard"][here].sum())


def test_equal_cases_at_one_institution_are_paid_alike() -> None:
    paid = pay([case("A", insutype="390"), case("B", insutype="390"), case("C", 9_000, insutype="390")])
    found = figures(paid, "payment")
    assert found["A"] == found["B"]
    apportioned = pay([case("A"), case("B"), case("C", 9_000), case("D", 12_000, fixmedins_code="S0001")])
    assert figures(apportioned, "payment")["A"] == figures(apportioned, "payment")["B"]
    for each in apportioned.pools["employee"].closing.institutions:
        assert abs(each.remainder) <= each.cases


def test_where_points_apportion_the_scale_of_all_scores_changes_nothing() -> None:
    rows = [case("A", 9_000), case("B", 7_000, fixmedins_code="S0001"), case("C", 31_000)]
    doubled = {**GROUPS, "base_points": [str(2 * int(points)) for points in GROUPS["base_points"]]}
    one, other = pay(rows), pay(rows, groups=doubled)
    assert figures(one, "payment") == figures(other, "payment")
    assert {name: 2 * points for name, points in figures(one, "points").items()} == figures(other, "points")


def test_a_dearer_case_of_a_band_has_no_fewer_points() -> None:
    """Costs of a fen and a yuan more, within each band of the deviation."""
    for band in ((1, 5_999), (6_001, 23_999), (24_001, 59_999)):
        rows = [case(f"C{cost:06d}", cost) for cost in range(band[0], band[1], (band[1] - band[0]) // 20)]
        points = list(figures(pay(rows), "points").values())
        assert points == sorted(points)


@pytest.mark.parametrize(
    ("fen", "band"),
    [(599_999, "low"), (600_000, "between"), (2_400_000, "between"), (2_400_001, "high"), (6_000_001, "extreme")],
)
def test_limits_and_a_fen_either_side(fen: int, band: str) -> None:
    """1,200 points x 1.1, by the cost over the level's mean of 12,000.00: below 0.5, above 2, above 5."""
    row = case("A", medfee_sumamt=fen, inscp_scp_amt=fen, hifp_pay=fen, psn_part_amt=0)
    wanted = {
        "low": (1_320 * 10_000 * fen * 2 + 1_200_000) // (2 * 1_200_000),
        "between": 13_200_000,
        "high": 13_200_000 + (13_200_000 * (fen - 2_400_000) * 2 + 1_200_000) // (2 * 1_200_000),
        "extreme": 4 * 13_200_000,
    }
    assert figures(pay([row]), "points") == {"A": wanted[band]}


# ---- the budget value ------------------------------------------------------------------------------------------------


def test_at_the_budget_value_cases_are_paid_without_closing_the_year() -> None:
    """1,320 points at 12 yuan less what others pay; by share and value likewise at 9.5 yuan."""
    paid = pay([case("A", 9_000), case("B", 9_000, insutype="390")], at="budget")
    assert figures(paid, "payment") == {"A": 1_584_000 - 360_000, "B": 1_254_000 - 360_000}
    assert paid.budget_values == {"employee": 12_000_000, "resident": 9_500_000}
    assert (paid.pools, paid.shared, paid.posted, paid.clearing) == ({}, {}, {}, None)


def test_without_a_published_value_cases_wait_for_the_clearing() -> None:
    silent = policy(budget='1000000"\n    budget_value = "0')
    with pytest.raises(InputError) as told:
        pay([case("A")], silent, at="budget")
    assert str(told.value) == (
        "pool_budget.employee publishes no budget value for 2025: cases are paid at the clearing"
    )


# ---- tables and options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"at": "year"}, "at takes 'settlement' or 'budget', not 'year'"),
        ({"gaps": "ignore"}, "gaps takes 'raise' or 'reject', not 'ignore'"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"block_rows": 0}, "block_rows must be at least 1"),
    ],
)
def test_options_say_what_they_take(options: dict[str, Any], says: str) -> None:
    with pytest.raises(TableError) as told:
        pay([case("A")], **options)
    assert str(told.value) == says


def test_a_year_has_to_be_said_where_cases_are_of_two() -> None:
    rows = [case("A"), case("B", setl_time="2026-01-03")]
    with pytest.raises(TableError) as told:
        pay(rows)
    assert str(told.value) == "cases are posted in 2025, 2026: say which year is closed, year=2025"
    assert reasons(pay(rows, year=2025)) == {"B": ("year", "posted on 2026-01-03, outside 2025")}
    assert pay(rows[:1]).year == 2025


def test_a_case_is_of_the_year_in_which_it_is_posted() -> None:
    early = case("A", adm_time="2024-12-20", dscg_time="2024-12-28", setl_time="2025-01-03")
    assert ways(pay([early, case("B")])) == {"A": ("dip", "level"), "B": ("dip", "level")}


def test_a_table_of_no_rows_needs_its_year() -> None:
    empty = {name: column[:0] for name, column in columns_of([case("A")]).items()}
    paid = pay_table(POLICY, empty, institutions=INSTITUTIONS, groups=GROUPS, year=2025)
    assert (paid.rows_in, len(paid), len(paid.rejects), paid.pools) == (0, 0, 0, {})
    with pytest.raises(TableError) as told:
        pay_table(POLICY, empty, institutions=INSTITUTIONS, groups=GROUPS)
    assert str(told.value) == "no case of the table can be paid: say which year is closed, year="


@pytest.mark.parametrize("year", ["2025", 0, 10_000, 2025.0])
def test_what_is_no_year(year: Any) -> None:
    with pytest.raises(TableError) as told:
        pay([case("A")], year=year)
    assert str(told.value) == f"year takes the year that is closed, such as 2025, not {year!r}"


def test_a_pool_without_cases_is_not_closed() -> None:
    assert set(pay([case("A")]).pools) == {"employee"}


def test_a_pool_without_points_divides_nothing() -> None:
    paid = pay([case("A", review_state="granted_item"), case("B", insutype="390")])
    of = paid.pools["employee"]
    assert (of.value.value, of.value.points, of.closing.by_fund) == (0, 0, 0)
    assert of.closing.residue_value == of.distributable.fund
    assert figures(paid, "payment")["A"] == 300_000


def test_columns_are_written_as_text() -> None:
    paid = pay([case("A", 9_000), case("B", 9_000, review_state="granted_item")], at="budget")
    texts = paid.texts()
    assert list(texts) == list(CASE_OUTPUTS)
    assert texts["method"] == ["dip", "by_item"]
    assert (texts["points"], texts["payment"]) == (["1320", "0"], ["12240.00", "5400.00"])
    assert (texts["setl_id"], texts["group_code"]) == (["A", "B"], ["G2", "G2"])
    assert paid.texts("zh")["method"] == ["按病种分值付费", "按项目付费"]
    assert len(list(itertools.chain(*texts.values()))) == 2 * len(CASE_OUTPUTS)
