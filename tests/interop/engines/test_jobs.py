"""Settling and paying in parts: any cut, order and number of parts gives what one process gives, or its error."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy import BatchGap, InputError, PolicyError, TableError
from mipolicy.interop.engines import jobs
from mipolicy.interop.engines.batches import settled_schema
from mipolicy.interop.frames import arrow_table
from mipolicy.policy import UnverifiedWarning
from tests.cases import case, columns_of, policy
from tests.interop.engines import (
    BILLS,
    CASES,
    HAND,
    POLICY,
    TABLES,
    InProcess,
    arrow_of,
    mixed_rows,
    rows_in_order,
    same_year,
    whole_rows,
)
from tests.interop.test_pay_streams import BY_ITEM, FLOORED, LATE, NETTED, OPEN, RETURNS, SCALED, rows_of

SETTLED = mipolicy.settle(POLICY, BILLS)
PAID = mipolicy.pay(POLICY, CASES, year=2025, **TABLES)
CUTS = st.builds(InProcess, st.integers(1, 40), st.integers(0, 2**32))


# ---- settling --------------------------------------------------------------------------------------------------------


@given(CUTS)
@settings(max_examples=15)
def test_bills_settled_in_any_parts(engine: InProcess) -> None:
    found = jobs.settle(engine, POLICY, BILLS)
    assert found.schema == settled_schema()
    assert rows_in_order(found) == whole_rows(SETTLED, BILLS, found.column_names)
    assert {"duplicate"} < set(SETTLED.rejects.reason)


@given(CUTS)
@settings(max_examples=5)
def test_some_columns_and_ids_that_are_known_to_be_apart(engine: InProcess) -> None:
    own = BILLS.filter([at not in SETTLED.rejects.row for at in range(len(BILLS))])
    found = jobs.settle(engine, POLICY, own, columns=["hifp_pay", "psn_no"], ids_apart=True)
    whole = mipolicy.settle(POLICY, own, columns=["setl_id", "hifp_pay", "psn_no"])
    assert rows_in_order(found) == whole_rows(whole, own, found.column_names)


def test_totals_of_before_are_those_of_the_persons() -> None:
    first, then = BILLS.slice(0, 150), BILLS.slice(150)
    before = dict(mipolicy.settle(POLICY, first).totals)
    found = jobs.settle(InProcess(), POLICY, then, totals=before)
    whole = mipolicy.settle(POLICY, then, totals=before)
    assert rows_in_order(found) == whole_rows(whole, then, found.column_names)
    assert rows_in_order(found) != rows_in_order(jobs.settle(InProcess(), POLICY, then))


def test_bills_of_the_wrong_shape_are_refused_before_the_engine_works() -> None:
    table = BILLS.rename_columns(["person" if name == "psn_no" else name for name in BILLS.column_names])
    with pytest.raises(TableError, match="bills: missing psn_no; unknown column person"):
        jobs.settle(InProcess(), POLICY, table)
    with pytest.raises(TableError, match="columns: hifp cannot be kept"):
        jobs.settle(InProcess(), POLICY, BILLS, columns=["hifp"])
    with pytest.raises(TableError, match="bills: column psn_no stands twice"):
        jobs.settle(InProcess(), POLICY, BILLS.append_column("psn_no", BILLS.column("psn_no")))


def test_persons_need_text() -> None:
    table = BILLS.set_column(BILLS.column_names.index("psn_no"), "psn_no", [list(range(len(BILLS)))])
    with pytest.raises(TableError, match="column psn_no: codes are text and keep their leading zeros, got int64"):
        jobs.settle(InProcess(), POLICY, table)


def test_no_bills() -> None:
    assert jobs.settle(InProcess(), POLICY, BILLS.slice(0, 0)).num_rows == 0


# ---- paying ----------------------------------------------------------------------------------------------------------


@given(CUTS)
@settings(max_examples=6)
def test_a_year_paid_in_any_parts(engine: InProcess) -> None:
    found = jobs.pay(engine, POLICY, CASES, year=2025, **TABLES)
    assert found.cases.schema == jobs.paid_schema()
    assert rows_in_order(found.cases) == whole_rows(PAID, CASES, found.cases.column_names)
    same_year(found, PAID)
    assert PAID.clearing is not None
    assert PAID.contracts


WAYS = {
    "quota and returns": policy(BY_ITEM + RETURNS.format(way="merge")),
    "halved": policy(RETURNS.format(way="halve_earlier")),
    "rates of institutions": policy(BY_ITEM + NETTED.format(of="institution")),
    "rates of groups": policy(RETURNS.format(way="void_earlier") + NETTED.format(of="group")),
}


@given(
    CUTS, st.integers(0, 2**32), st.sampled_from(sorted(WAYS)), st.sampled_from(["settlement", "settlement", "budget"])
)
@settings(max_examples=25)
def test_what_cases_owe_one_another(engine: InProcess, seed: int, way: str, at: Any) -> None:
    """Quotas of outliers, returns, the fund's rates, reversals and ids of others: all of them cross the parts."""
    cases = arrow_of(columns_of(mixed_rows(Random(seed), 60)))
    paid = mipolicy.pay(WAYS[way], cases, year=2025, at=at, **HAND)
    found = jobs.pay(engine, WAYS[way], cases, year=2025, at=at, **HAND)
    assert rows_in_order(found.cases) == whole_rows(paid, cases, found.cases.column_names)
    same_year(found, paid)


def test_the_same_parts_without_the_search_for_shared_ids_see_less() -> None:
    """Persons who share an id are looked for because their rows are judged together."""
    rows = [case(f"S{at}", psn_no=f"P{at}") for at in range(20)]
    cases = arrow_of(columns_of([*rows, {**rows[0], "psn_no": "P-twin"}]))
    searched = jobs.pay(InProcess(40), policy(), cases, year=2025, **HAND)
    assert searched.cases.column("reject_reason").to_pylist().count("duplicate") == 2
    apart = jobs.pay(InProcess(40), policy(), cases, year=2025, ids_apart=True, **HAND)
    assert apart.cases.column("reject_reason").to_pylist().count("duplicate") == 0


def test_no_cases() -> None:
    found = jobs.pay(InProcess(), POLICY, CASES.slice(0, 0), year=2025, **TABLES)
    assert found.cases.num_rows == 0
    same_year(found, mipolicy.pay(POLICY, CASES.slice(0, 0), year=2025, **TABLES))


# ---- errors of all parts together ------------------------------------------------------------------------------------


def failing(of: mipolicy.Policy, rows: Any, **options: Any) -> None:
    """The engine refuses as one process does, in the same words."""
    cases = arrow_of(columns_of(rows))
    with pytest.raises(mipolicy.MipolicyError) as whole:
        mipolicy.pay(of, cases, year=2025, **{**HAND, **options})
    with pytest.raises(type(whole.value)) as parts:
        jobs.pay(InProcess(), of, cases, year=2025, **{**HAND, **options})
    assert str(parts.value) == str(whole.value)


def test_gaps_are_counted_over_all_parts() -> None:
    with pytest.raises(BatchGap, match="90 row"):
        jobs.pay(InProcess(), policy(OPEN), arrow_of(columns_of(rows_of(90, **LATE))), year=2025, **HAND)
    failing(policy(OPEN), rows_of(90, **LATE))
    cases = arrow_of(columns_of(rows_of(9, **LATE)))
    found = jobs.pay(InProcess(), policy(OPEN), cases, year=2025, gaps="reject", **HAND)
    assert set(found.cases.column("reject_reason").to_pylist()) == {"gap"}


def test_scales_and_floors_are_those_of_all_parts() -> None:
    with pytest.raises(PolicyError, match="2 scales"):
        jobs.pay(InProcess(), policy(SCALED), arrow_of(columns_of([*rows_of(30), case("T1")])), year=2025, **HAND)
    failing(policy(SCALED), [*rows_of(30), case("T1")])
    below = case("B", 13_000, fixmedins_code="D0004", group_code="R1", psn_part_amt=1_200_000, hifp_pay=100_000)
    with pytest.raises(InputError, match="come to less than 0"):
        jobs.pay(InProcess(), policy(FLOORED), arrow_of(columns_of([below])), year=2025, **HAND)
    failing(policy(FLOORED), [below])


def test_errors_of_a_part_come_home_as_they_are() -> None:
    failing(policy(), rows_of(5), at="yearly")
    failing(policy(), rows_of(5), groups={"group_code": ["G1", "G1"]})
    late = [each | {"adm_time": 5} for each in rows_of(3)]
    failing(policy(), late)


def test_what_is_past_its_span_is_told_once() -> None:
    cases = arrow_of(columns_of(rows_of(40, adm_time="2027-03-01", dscg_time="2027-03-08")))
    of = policy().using(mode="warn")
    with pytest.warns(UnverifiedWarning) as whole:
        mipolicy.pay(of, cases, year=2027, **HAND)
    with pytest.warns(UnverifiedWarning) as parts:
        found = jobs.pay(InProcess(), of, cases, year=2027, **HAND)
    assert sorted(str(each.message) for each in parts) == sorted(str(each.message) for each in whole)
    assert {each.filename for each in parts} == {__file__}
    with pytest.warns(UnverifiedWarning):
        paid = mipolicy.pay(of, cases, year=2027, **HAND)
    same_year(found, paid)


def test_a_table_that_paying_does_not_know() -> None:
    with pytest.raises(TypeError, match=r"pay takes the tables institutions, groups, .*, not group"):
        jobs.pay(InProcess(), POLICY, CASES, year=2025, group={}, **TABLES)


def test_the_schema_of_paid_cases_is_that_of_one_process() -> None:
    plain = {each.name: each.type for each in jobs.paid_schema()}
    for each in arrow_table(PAID).schema:
        of = each.type
        assert plain[each.name] == (of.value_type if hasattr(of, "value_type") else of)
