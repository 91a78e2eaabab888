"""The command of an area's rates: what it prints and writes, and what it refuses."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import pytest

import mipolicy
from mipolicy import demo
from mipolicy.areas.rates import AreaRates
from mipolicy.interop import read, write

from .test_cli import Ran, np_texts, refusal, rows_of

ROWS = 2000
ASSUMED = ("--policy", "assumed")
FILES = ("settlements", "totals", "observed")
STATED = ("--totals", "area/totals.csv", "--observed", "area/observed.csv")
RATES = ("rates", "area/settlements.csv", *ASSUMED, *STATED, "--by", "fixmedins_code,hosp_lv,month", "--targets")
PLAN = ("rates", "--policy", "tianjin-2021", "--mode", "carry_forward", "--on", "2025-12-31", "--targets")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("area")
    ran = Ran("region", folder, "--cases", str(ROWS), "--settlements")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-3:] == [str(folder / f"{name}.csv") for name in FILES]
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with the area's tables in `area`."""
    (tmp_path / "area").mkdir()
    for name in FILES:
        shutil.copy(made / f"{name}.csv", tmp_path / "area")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def library() -> AreaRates:
    return mipolicy.rates(
        mipolicy.load("assumed"),
        demo.settlements(ROWS),
        by=("fixmedins_code", "hosp_lv", "month"),
        totals=demo.area_totals(),
        observed=demo.area_observed(),
        targets=True,
    )


# ---- what is printed and written -------------------------------------------------------------------------------------


def test_rates_give_what_the_library_gives(place: Path) -> None:
    ran = Ran(*RATES, "-o", "rates.csv")
    assert (ran.status, ran.err) == (0, "")
    found = library()
    assert {name: column.tolist() for name, column in read("rates.csv", None).items()} == found.texts()
    assert {name: column.tolist() for name, column in read("rates.targets.csv", None).items()} == found.target_texts()
    assert rows_of(place / "rates.rejects.csv") == [*found.rejects.records()]
    out = ran.out.splitlines()
    rejected = len(found.rejects)
    assert rejected > 0
    assert out[0] == f"{ROWS} rows in = {ROWS - rejected} summed + {rejected} rejected"
    assert out[1] == "2 totals in = 2 used + 0 rejected"
    assert (
        f"by fixmedins_code, hosp_lv, month: {len(found.rates)} rates in {len(found.quantities.scopes())} groups" in out
    )
    assert f"... {len(found.rates) - 20} more, all of them with -o OUT" in out
    reserve = next(line for line in out if line.startswith("reserve_months  "))
    assert reserve.split() == ["reserve_months", "months", "9744000000.00", "1206000000.00", "8.08", "value"]
    assert sorted(os.listdir(place)) == ["area", "rates.csv", "rates.rejects.csv", "rates.targets.csv"]


def test_csv_and_parquet_give_the_same(place: Path) -> None:
    table = demo.settlements(ROWS)
    texts = read("area/settlements.csv", None)
    assert list(texts) == list(table)
    write("area/settlements.parquet", texts)
    first = Ran(*RATES, "-o", "rates.csv", "--threads", "1")
    parquet = ("area/settlements.parquet" if arg == "area/settlements.csv" else arg for arg in RATES)
    second = Ran(*parquet, "-o", "rates.parquet", "--threads", "2")
    assert (first.status, second.status) == (0, 0)
    assert second.out == first.out.replace("rates.csv", "rates.parquet").replace(
        "rates.targets.csv", "rates.targets.parquet"
    ).replace("rates.rejects.csv", "rates.rejects.parquet")
    for what in ("", ".targets", ".rejects"):
        one, other = (read(f"rates{what}.{kind}", None) for kind in ("csv", "parquet"))
        assert {name: np_texts(column) for name, column in one.items()} == {
            name: np_texts(column) for name, column in other.items()
        }


def test_without_out_nothing_is_written_and_rejects_are_printed(place: Path) -> None:
    ran = Ran("rates", "area/settlements.csv", *ASSUMED)
    assert ran.status == 0
    assert os.listdir(place) == ["area"]
    first = next(library().rejects.records())
    assert f"  {first['row']} {first['setl_id']}: {first['message']}" in ran.out.splitlines()


def test_files_of_a_run_before_do_not_stay(place: Path) -> None:
    Ran(*RATES, "-o", "rates.csv")
    ran = Ran("rates", *ASSUMED, "--totals", "area/totals.csv", "--on", "2025-12-31", "-o", "rates.csv")
    assert ran.status == 0
    assert rows_of(place / "rates.rejects.csv") == rows_of(place / "rates.targets.csv") == []


def test_rejects_of_every_file(place: Path) -> None:
    (place / "totals.csv").write_text("quantity,value\nsurplsu,5\n")
    (place / "observed.csv").write_text("indicator,value\nreserve_months,x\n")
    stated = ("--totals", "totals.csv", "--observed", "observed.csv")
    ran = Ran("rates", "area/settlements.csv", *ASSUMED, *stated, "-o", "rates.csv", "--rejects", "bad.csv")
    assert ran.status == 0
    assert len(rows_of(place / "bad.csv")) == len(library().rejects)
    assert [row["quantity"] for row in rows_of(place / "rates.total-rejects.csv")] == ["surplsu"]
    assert [row["indicator"] for row in rows_of(place / "rates.observed-rejects.csv")] == ["reserve_months"]
    assert "rejected rows: rates.total-rejects.csv" in ran.out.splitlines()
    assert "1 observed values in = 0 used + 1 rejected" in ran.out.splitlines()


def test_one_rate_explained(place: Path) -> None:
    for row in (0, 7):
        ran = Ran(*RATES, "--row", str(row), "--language", "zh")
        assert (ran.status, ran.out) == (0, mipolicy.explain_rate(library(), row).text("zh") + "\n")
    whole = Ran("rates", "area/settlements.csv", *ASSUMED, *STATED, "--indicator", "reserve_months", "--row", "0")
    assert "\n  numerator = 9744000000.00\n" in whole.out
    as_json = Ran(*RATES, "--row", "0", "--format", "json")
    assert as_json.out.startswith("{")


def test_the_table_of_tianjin_prints_whole(place: Path) -> None:
    (place / "observed.csv").write_text("indicator,value,period\ninsured,11900000,2025\nprimary_fund_share,12%,2025\n")
    ran = Ran(*PLAN, "--observed", "observed.csv", columns="250")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    begin = lines.index("targets on 2025-12-31, binding first") + 3
    shown = lines[begin : begin + 31]
    assert [line.split()[1] for line in shown] == ["binding"] * 4 + ["expected"] * 16 + ["unstated"] * 11
    assert next(line for line in shown if line.startswith("insured ")).split()[2:] == [
        *("≥", "11840000", "2025-12-31", "11641100", "11900000", "met", "60000", "二(三)", "指标表", "1")
    ]
    assert next(line for line in shown if line.startswith("drug_varieties ")).split()[6:8] == ["missing", "missing"]
    chinese = Ran(*PLAN, "--observed", "observed.csv", "--language", "zh", columns="250").out
    assert "基本医疗保险参保人数" in chinese
    assert "约束性" in chinese


def test_the_five_targets_of_changde(place: Path) -> None:
    pairs = {
        "cross_province_inpatient": (65, 35),
        "in_province_inpatient": (0, 0),
        "cross_county_inpatient": ("not_applicable", 1),
        "in_province_outpatient": (89, 11),
        "in_province_special": (4, 1),
    }
    lines = [
        f"{name}_{kind},{figure}"
        for name, pair in pairs.items()
        for kind, figure in zip(("direct", "by_hand"), pair, strict=True)
    ]
    (place / "totals.csv").write_text("\n".join(["quantity,value", *lines]) + "\n")
    ran = Ran(
        "rates", "--policy", "changde-2023", "--totals", "totals.csv", "--on", "2023-05-18", "--targets", columns="250"
    )
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    shown = {
        line.split()[0]: " ".join(line.split()[2:])
        for line in lines[lines.index("targets on 2023-05-18, binding first") :]
        if " unstated " in line
    }
    assert shown["cross_province_inpatient_direct_rate"].startswith("≥ 65.00% 65.00% met 0.00%")
    assert shown["in_province_inpatient_direct_rate"].startswith("≥ 90.00% undefined undefined ")
    assert shown["cross_county_inpatient_direct_rate"].startswith("≥ 95.00% not applicable not applicable ")
    assert shown["in_province_outpatient_direct_rate"].startswith("≥ 90.00% 89.00% not met -1.00%")
    assert shown["in_province_special_direct_rate"].startswith("≥ 80.00% 80.00% met 0.00%")


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_wrong_inputs(place: Path) -> None:
    table = ("rates", "area/settlements.csv", *ASSUMED)
    assert refusal("rates", *ASSUMED) == (
        "rates come from SETTLEMENTS, --totals or --observed; name one of them (program rates --help says more)"
    )
    assert refusal(*table, "--rejects", "x.csv") == (
        "--rejects goes with -o, the file that they stand beside (program rates --help says more)"
    )
    assert refusal("rates", "area/settlements.csv", "--policy", "changde-2023", "--on", "2023-05-18") == (
        "changde-2023 does not say which fields and codes of settlements its quantities are: give totals of them "
        "instead (--totals FILE, a table of quantity and value), or add the section quantities by an overlay"
    )
    assert refusal("rates", *ASSUMED, "--totals", "area/totals.csv") == (
        "nothing in setl_time says of what day the rates are; state it: --on DATE"
    )
    assert refusal(*table, "--by", "ward").startswith("settlements: missing ward; it has setl_id, ")
    assert refusal(*table, "--indicator", "reserve").startswith("assumed has no indicator reserve, did you mean ")
    assert refusal(*table, "--row", "11") == "row 11 is not among the rates, which have rows 0 to 10"
    assert refusal(*table, "-o", "area/settlements.csv") == (
        "area/settlements.csv is named both for the settlements and for the rates; name another file"
    )
    assert refusal(*table, "-o", "rates.xlsx").endswith("a table is a file that ends in .csv or .parquet")
    assert refusal("rates", "nothing.csv", *ASSUMED) == "nothing.csv: no such file or directory"
    assert refusal(*table, "--on", "2025") == (
        "invalid value for '--on': a date such as 2025-03-01 is due, not '2025' (program rates --help says more)"
    )
    assert refusal(*PLAN[:3], "--on", "2025-12-31", "--totals", "area/totals.csv").endswith(
        "(--mode warn and --mode carry_forward use it all the same)"
    )
    assert refusal(*table, "--totals", "area/settlements.csv").startswith("area/settlements.csv is named both for ")
    assert sorted(os.listdir(place)) == ["area"]


OVERLAY = """
format = 1
id = "wrong"
title = "Targets of its own"
region = "990000"
schemes = ["310", "390"]
extends = "assumed"

[documents.wrong]
title = "made up"
issuer = "nobody"
status = "assumed"
verified_on = 2026-12-31

[[sections.targets]]
version = "2024"
effective = 2024-01-01
source = { document = "wrong", clause = "1" }

[[sections.targets.targets]]
id = "resident_in_scope_rate"
indicator = "primary_fund_share"
kind = "about"
attribute = "binding"
source = "1"
"""


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        (
            'value = "65"',
            'wrong: target resident_in_scope_rate: value is 65 where a part of 1 is due; write "65%"',
        ),
        (
            'value = "65%"\ntolerance = "2%"',
            "resident_in_scope_rate: 1 states tolerance itself; nothing replaces it",
        ),
    ],
)
def test_wrong_figures_of_a_policy(place: Path, figures: str, message: str) -> None:
    (place / "wrong.toml").write_text(OVERLAY + figures, encoding="utf-8")
    assert refusal("rates", "area/settlements.csv", "--policy", "wrong.toml", "--targets") == message


def test_a_baseline_after_the_deadline(place: Path) -> None:
    figures = 'value = "65%"\nbaseline_on = 2027-01-01\ndeadline = 2026-12-31'
    (place / "wrong.toml").write_text(OVERLAY + figures, encoding="utf-8")
    ran = Ran("rates", "area/settlements.csv", "--policy", "wrong.toml", "--targets")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "mipolicy: wrong.toml: 1 mistake(s)",
        "  sections.targets[0].targets[0]: resident_in_scope_rate: the baseline of 2027-01-01 is not before 2026-12-31",
    ]


def test_65_in_a_report_is_a_reject_with_a_hint(place: Path) -> None:
    (place / "observed.csv").write_text("indicator,value,period\nprimary_fund_share,65,2025\n")
    ran = Ran(*PLAN, "--observed", "observed.csv", columns="250")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert "  0 primary_fund_share: value: 65 would be 6500%; write 65% or its hundredth part" in lines
    judged = next(line for line in lines if line.startswith("primary_fund_share ") and " expected " in line)
    assert judged.split()[:6] == ["primary_fund_share", "expected", "rising", "2025-12-31", "11.50%", "missing"]


def test_a_file_with_its_first_line_only(place: Path) -> None:
    text = (place / "area" / "settlements.csv").read_text(encoding="utf-8")
    (place / "none.csv").write_text(text.partition("\n")[0] + "\n", encoding="utf-8")
    ran = Ran("rates", "none.csv", *ASSUMED, "--on", "2025-12-31", "--by", "hosp_lv")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "0 rows in = 0 summed + 0 rejected")
    rate = next(line for line in ran.out.splitlines() if line.startswith("primary_fund_share "))
    assert rate.split() == ["primary_fund_share", "money", "0.00", "0.00", "undefined"]
    message = "nothing in setl_time says of what day the rates are; state it: --on DATE"
    assert refusal("rates", "none.csv", *ASSUMED) == message


def test_help_names_every_choice() -> None:
    text = " ".join(Ran("rates", "--help").out.split())
    for option in ("--totals", "--observed", "--by", "--indicator", "--targets", "--on", "--row", "--language"):
        assert option in text
    assert "never 0" in text


def test_the_made_up_area_is_of_2025() -> None:
    assert library().on == datetime.date(2025, 12, 31)
