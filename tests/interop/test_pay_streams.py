"""Cases paid part by part: the same rows, sums and books as in one table, whole or absent."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

import mipolicy
from mipolicy import BatchGap, InputError, PolicyError, TableError
from mipolicy.demo import region_year
from mipolicy.interop import files, read, write, write_rejects
from mipolicy.interop.pay_streams import PaidFile, pay_files
from mipolicy.interop.records import write_records
from mipolicy.payment.case import Case
from mipolicy.policy import UnverifiedWarning
from tests.cases import GROUPS, INSTITUTIONS, Row, case, columns_of, policy, reversal

DAY = re.compile(r" on \d{4}-\d\d-\d\d;")
POLICY = mipolicy.load("assumed")
YEAR = region_year(2_500, seed=5)
TABLES: dict[str, Any] = {name: table for name, table in YEAR.tables().items() if name != "cases"}
HAND: dict[str, Any] = {"institutions": INSTITUTIONS, "groups": GROUPS}


def streamed(folder: Path, suffix: str, of: mipolicy.Policy = POLICY, **options: Any) -> PaidFile:
    given = {"part_rows": 300, "always": True, **options}
    return pay_files(
        of,
        folder / f"cases{suffix}",
        folder / f"paid{suffix}",
        rejects=folder / f"rejects{suffix}",
        clearing=folder / f"clearing{suffix}",
        **given,
    )


def cells(column: Any) -> list[str]:
    """A column as text; what a code's message says of the day on which it was looked up is left out."""
    return [DAY.sub(";", str(cell)) for cell in np.asarray(column).tolist()]


def same_as_in_memory(
    folder: Path, suffix: str, cases: dict[str, Any], of: mipolicy.Policy = POLICY, **options: Any
) -> PaidFile:
    write_records(folder / f"cases{suffix}", cases, Case)
    found = streamed(folder, suffix, of, **options)
    options = {name: option for name, option in options.items() if name not in ("part_rows", "step")}
    paid = mipolicy.pay(of, read(folder / f"cases{suffix}", Case), **options)
    expected = PaidFile.of(paid)
    for each in attrs.fields(PaidFile):
        if each.name != "pools":
            assert getattr(found, each.name) == getattr(expected, each.name), each.name
    assert list(found.pools) == list(expected.pools)
    for pool, of_year in found.pools.items():
        assert attrs.asdict(of_year) == attrs.asdict(expected.pools[pool])
    files.write_paid(folder / f"whole{suffix}", paid)
    write_rejects(folder / f"whole-rejects{suffix}", paid.rejects)
    for name in ("paid", "rejects"):
        whole = "whole" if name == "paid" else "whole-rejects"
        one, other = read(folder / f"{name}{suffix}", None), read(folder / f"{whole}{suffix}", None)
        assert list(one) == list(other)
        for column in one:
            assert cells(one[column]) == cells(other[column]), column
    if suffix == ".parquet":
        one, other = pq.read_schema(folder / "paid.parquet"), pq.read_schema(folder / "whole.parquet")
        assert {each.name for each in one if each not in list(other)} <= {"fixmedins_code"}  # coded or not
    left = {path.name.removesuffix(suffix) for path in folder.iterdir()}
    assert left <= {"cases", "paid", "rejects", "clearing", "whole", "whole-rejects"}
    return found


# ---- the same as in one table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_in_parts_is_paid_as_a_whole(tmp_path: Path, suffix: str) -> None:
    found = same_as_in_memory(tmp_path, suffix, YEAR.cases, **TABLES)
    assert found.clearing is not None
    assert {"duplicate", "reversal", "year"} & set(found.rejected)


@pytest.mark.parametrize(
    "options", [{"at": "budget"}, {"accounts": None}, {"year": 2026}, {"threads": 1, "part_rows": 70}]
)
def test_options_of_paying(tmp_path: Path, options: dict[str, Any]) -> None:
    few = {name: np.asarray(column)[:600] for name, column in YEAR.cases.items()}
    same_as_in_memory(tmp_path, ".csv", few, **{**TABLES, "year": 2025, **options})


# ---- what parts owe one another --------------------------------------------------------------------------------------


BY_ITEM = """
    [[sections.drg_points]]
    version = "2024"
    source = { document = "change", clause = "quota" }
    high_way = "by_item"
    by_item_share = "20%"
    """
RETURNS = """
    [[sections.readmission]]
    version = "2024"
    source = {{ document = "change", clause = "returns" }}
    way = "{way}"
    """
NETTED = """
    [[sections.point_value.employee]]
    version = "2024"
    source = {{ document = "change", clause = "rates" }}
    basis = "total_by_share"
    share_source = "computed"
    netting = "fund_rate"
    rate_of = "{of}"
    payment_from = "value"
    outsiders = "in_point_pool"
    floor_at_zero = false
    """
SCALED = """
    [[sections.dip]]
    version = "2024"
    source = { document = "change", clause = "scale" }
    mean_points = "100"
    """
FLOORED = """
    [[sections.drg_weight.employee]]
    version = "2024"
    source = { document = "change", clause = "floor" }
    floor = "total"
    """
OPEN = """
    [[sections.drg_points]]
    version = "2024"
    until = 2025-06-30
    until_source = { document = "change", clause = "二(四)" }
    source = { document = "change", clause = "x" }
    [[sections.drg_points]]
    version = "2026"
    effective = 2025-07-01
    source = { document = "change", clause = "open" }
    open.scale = "points, as text"
    open.bands = "a list of records"
    """
LATE: Row = {"adm_time": "2025-08-01", "dscg_time": "2025-08-08"}


def rows_of(count: int, **changes: Any) -> list[Row]:
    """Stays of as many persons at the DRG hospital, each a little dearer than the one before."""
    at_hospital = {"fixmedins_code": "D0001", "group_code": "R1", **changes}
    return [case(f"S{at:03d}", 8_000 + at, **at_hospital) for at in range(count)]


def paid_in_parts(folder: Path, rows: list[Row], of: mipolicy.Policy, **options: Any) -> PaidFile:
    return same_as_in_memory(folder, ".csv", columns_of(rows), of, **{**HAND, "part_rows": 10, **options})


def test_high_outliers_are_ranked_over_all_parts(tmp_path: Path) -> None:
    """A fifth of the institution's cases: which ones is not known from a part of them."""
    rows = rows_of(200)
    for at in range(60):
        rows[at] = case(f"S{at:03d}", 60_000 + at, fixmedins_code="D0001", group_code="R1")
    told: list[str] = []
    paid_in_parts(tmp_path, rows, policy(BY_ITEM), step=lambda what, *_: told.append(what))
    assert "scoring high outliers" in told
    points = read(tmp_path / "paid.csv", None)["points"].tolist()
    assert len(set(points[:20])) == 1  # those beyond the fifth have the same points, the others those of their cost
    assert len({*points[:20], *points[20:60]}) == 41


def test_the_funds_rate_is_that_of_all_cases_of_an_institution(tmp_path: Path) -> None:
    rows = rows_of(90)
    for at, row in enumerate(rows):
        row |= {"hifp_pay": row["hifp_pay"] - 100 * at, "psn_part_amt": row["psn_part_amt"] + 100 * at}
    for of in ("institution", "group"):
        found = paid_in_parts(tmp_path, rows, policy(NETTED.format(of=of)))
        assert found.pools["employee"].terms.rate_of == of


def test_reversals_duplicates_and_returns_across_persons_and_parts(tmp_path: Path) -> None:
    rows = rows_of(80)
    rows += [
        reversal(rows[3], "R3"),
        reversal(rows[4], "R4", psn_no="P-other"),
        reversal(rows[5], "R5", init_setl_id="no"),
    ]
    rows += [{**rows[6], "psn_no": "P-twin"}]
    rows += [{**rows[7], "setl_id": "A7", "adm_time": "2025-03-12", "dscg_time": "2025-03-20"}]
    for way in ("merge", "halve_earlier", "void_earlier"):
        found = paid_in_parts(tmp_path, rows, policy(RETURNS.format(way=way)))
        assert found.rejected == {"reversal": 2, "duplicate": 2}
        assert found.paid == 81


def test_years_are_counted_over_all_parts(tmp_path: Path) -> None:
    rows = rows_of(60)
    rows[59] |= {"setl_time": "2026-01-03"}
    write_records(tmp_path / "cases.csv", columns_of(rows), Case)
    with pytest.raises(TableError, match="cases are posted in 2025, 2026: say which year is closed, year=2025"):
        streamed(tmp_path, ".csv", policy(), **HAND, part_rows=10)
    nothing_new(tmp_path)
    assert paid_in_parts(tmp_path, rows, policy(), year=2025).rejected == {"year": 1}
    (tmp_path / "paid.csv").unlink()


def test_no_rows(tmp_path: Path) -> None:
    write_records(tmp_path / "cases.csv", NO_ROWS, Case)
    with pytest.raises(TableError, match="no case of the table can be paid: say which year is closed"):
        streamed(tmp_path, ".csv", policy(), **HAND)
    nothing_new(tmp_path)
    found = same_as_in_memory(tmp_path, ".csv", NO_ROWS, policy(), **HAND, year=2025)
    assert (found.rows_in, found.paid, found.pools) == (0, 0, {})


NO_ROWS = {name: column[:0] for name, column in columns_of(rows_of(1)).items()}


def test_no_case_that_can_be_paid(tmp_path: Path) -> None:
    found = paid_in_parts(tmp_path, rows_of(30, insutype="999"), policy(), year=2025)
    assert (found.paid, found.rejected) == (0, {"code": 30})


def test_points_of_two_scales_in_different_parts(tmp_path: Path) -> None:
    write_records(tmp_path / "cases.csv", columns_of([*rows_of(30), case("T1")]), Case)
    with pytest.raises(PolicyError, match=r"2 scales: 100 in dip\.mean_points; 1000 in drg"):
        streamed(tmp_path, ".csv", policy(SCALED), **HAND, part_rows=10)
    nothing_new(tmp_path)


def test_a_total_that_is_floored_is_that_of_all_parts(tmp_path: Path) -> None:
    below = case("B", 13_000, fixmedins_code="D0004", group_code="R1", psn_part_amt=1_200_000, hifp_pay=100_000)
    above = {**below, "setl_id": "C", "psn_no": "another", "psn_part_amt": 900_000, "hifp_pay": 400_000}
    for rows in ([below], [below, above, *({**above, "setl_id": f"D{at}", "psn_no": f"D{at}"} for at in range(30))]):
        if len(rows) > 1:
            assert paid_in_parts(tmp_path, rows, policy(FLOORED)).paid == 32
            continue
        write_records(tmp_path / "cases.csv", columns_of(rows), Case)
        with pytest.raises(InputError, match="the cases of D0004 paid by weight and rate come to less than 0"):
            streamed(tmp_path, ".csv", policy(FLOORED), **HAND)
        nothing_new(tmp_path)


def test_what_is_past_its_span_is_told_once(tmp_path: Path) -> None:
    rows = rows_of(40, adm_time="2027-03-01", dscg_time="2027-03-08")
    of = policy().using(mode="warn")
    with pytest.warns(UnverifiedWarning) as whole:
        mipolicy.pay(of, columns_of(rows), **HAND)
    write_records(tmp_path / "cases.csv", columns_of(rows), Case)
    with pytest.warns(UnverifiedWarning) as parts:
        streamed(tmp_path, ".csv", of, **HAND, part_rows=10)
    assert sorted(str(each.message) for each in parts) == sorted(str(each.message) for each in whole)
    assert any("for 40 row(s)" in str(each.message) for each in parts)


def test_gaps_are_counted_over_all_parts(tmp_path: Path) -> None:
    of = policy(OPEN)
    rows = rows_of(90, **LATE)
    with pytest.raises(BatchGap) as whole:
        mipolicy.pay(of, columns_of(rows), **HAND)
    write_records(tmp_path / "cases.csv", columns_of(rows), Case)
    with pytest.raises(BatchGap) as parts:
        streamed(tmp_path, ".csv", of, **HAND, part_rows=10)
    assert str(parts.value) == str(whole.value)
    nothing_new(tmp_path)
    assert paid_in_parts(tmp_path, rows, of, gaps="reject").rejected == {"gap": 90}


# ---- what stops it leaves nothing ------------------------------------------------------------------------------------


def nothing_new(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} <= {"cases.csv", "cases.parquet"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("at", ["reading cases", "finding the year", "scoring", "paying", "writing"])
def test_what_interrupts_it_leaves_what_was_there(tmp_path: Path, error: BaseException, at: str) -> None:
    write_records(tmp_path / "cases.csv", columns_of(rows_of(30)), Case)
    before = tmp_path / "paid.csv"
    before.write_text("as it was\n")

    def step(what: str, done: int, of: int) -> None:
        assert 0 <= done <= of
        if what == at:
            raise error

    with pytest.raises(type(error)):
        streamed(tmp_path, ".csv", policy(), **HAND, part_rows=10, step=step, always=False)
    assert sorted(os.listdir(tmp_path)) == ["cases.csv", "paid.csv"]
    assert before.read_text() == "as it was\n"


def test_a_table_of_the_wrong_shape_is_refused_before_it_is_laid_out(tmp_path: Path) -> None:
    cases = columns_of(rows_of(3))
    cases["age"] = cases.pop("insutype")
    write(tmp_path / "cases.csv", {name: np.array(list(map(str, column))) for name, column in cases.items()})
    with pytest.raises(TableError, match="cases: missing insutype; unknown column age"):
        streamed(tmp_path, ".csv", policy(), **HAND, step=lambda *_: pytest.fail("it was read"))
    nothing_new(tmp_path)
