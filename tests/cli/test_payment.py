"""The commands of payment: what each prints and writes, and what each refuses."""

from __future__ import annotations

import os
import re
import shutil
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path

import pytest

import mipolicy
from mipolicy.cases.result import PaidTable
from mipolicy.cli import payment
from mipolicy.demo.region import region_year
from mipolicy.interop import pay_streams, read, streams, write
from mipolicy.money import yuan_text

from .test_cli import Ran, edited, not_called, np_texts, refusal, rows_of

CASES = 2000
DAY = re.compile(r" on \d{4}-\d\d-\d\d;")
"""What a code's message says of the day on which it was looked up: the last of the cases read together."""
TABLES = ("institutions", "groups", "differences", "auxiliaries", "contracts", "accounts")
ASSUMED = ("--policy", "assumed")
PAY = ("pay", "region/cases.csv", *ASSUMED, "-o", "paid.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    ran = Ran("region", folder, "--cases", str(CASES))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [str(folder / f"{name}.csv") for name in ("cases", *TABLES)]
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with the region's tables in `region`."""
    shutil.copytree(made, tmp_path / "region")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def library() -> PaidTable:
    made = region_year(CASES)
    tables = {name: getattr(made, name) for name in TABLES}
    return mipolicy.pay(mipolicy.load("assumed"), made.cases, **tables)


# ---- pay -------------------------------------------------------------------------------------------------------------


def test_pay_gives_what_the_library_gives(place: Path) -> None:
    ran = Ran(*PAY)
    assert (ran.status, ran.err) == (0, "")
    paid = library()
    assert {name: column.tolist() for name, column in read("paid.csv", None).items()} == paid.texts()
    assert rows_of(place / "paid.rejects.csv") == [*paid.rejects.records()]
    out = ran.out.splitlines()
    assert out[:2] == [f"{CASES} rows in = {len(paid)} paid + {len(paid.rejects)} rejected", "paid cases: paid.csv"]
    assert len(paid) + len(paid.rejects) == CASES
    budget = yuan_text(paid.pools["employee"].closing.budget)
    assert " ".join(out[out.index(next(line for line in out if line.startswith("budget of")))].split()).endswith(budget)
    assert sorted(os.listdir(place)) == ["paid.clearing.csv", "paid.csv", "paid.rejects.csv", "region"]


@pytest.mark.parametrize("options", [(), ("--language", "zh", "--at", "budget")])
def test_a_large_file_is_paid_in_parts_and_shown_as_any(
    place: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    said, kept = [], []
    for rows in (100 * CASES, 500):
        monkeypatch.setattr(streams, "PART_ROWS", rows)
        parts = partial(pay_streams.pay_files, part_rows=500) if rows == 500 else not_called
        monkeypatch.setattr(payment, "pay_files", parts)
        said.append(Ran(*PAY, "--year", "2025", *options).out)
        kept.append([DAY.sub(";", file.read_text()) for file in sorted(place.glob("paid*.csv"))])
    assert said[0] == said[1]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 3 - bool(options)


def test_pages_of_a_large_file_take_its_cases_into_memory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PART_ROWS", 500)
    monkeypatch.setattr(payment, "pay_files", not_called)
    assert Ran(*PAY, "--pages", "pages").status == 0
    assert (place / "pages").is_dir()


def test_the_clearing_is_written_by_institution_and_pool(place: Path) -> None:
    Ran(*PAY)
    paid = library()
    assert paid.clearing is not None
    lines = rows_of(place / "paid.clearing.csv")
    assert [(row["fixmedins_code"], row["pool"]) for row in lines] == [
        (line.fixmedins_code, line.pool) for line in paid.clearing.lines
    ]
    assert [row["entitlement"] for row in lines] == [yuan_text(line.entitlement) for line in paid.clearing.lines]


def test_csv_and_parquet_give_the_same(place: Path) -> None:
    (place / "other").mkdir()
    for name in ("cases", *TABLES):
        write(place / "other" / f"{name}.parquet", read(place / "region" / f"{name}.csv", None))
    first = Ran(*PAY)
    second = Ran("pay", "other/cases.parquet", *ASSUMED, "-o", "paid.parquet", "--threads", "2")
    assert (first.status, second.status) == (0, 0)
    assert second.out == first.out.replace(".csv", ".parquet")
    for what in ("", ".rejects", ".clearing"):
        texts = {name: np_texts(column) for name, column in read(f"paid{what}.parquet", None).items()}
        plain = {name: np_texts(column) for name, column in read(f"paid{what}.csv", None).items()}
        if not what:  # points have their four decimals as decimals, and none that are nothing as text
            points = [text.rstrip("0").rstrip(".") if "." in text else text for text in texts.pop("points")]
            assert points == plain.pop("points")
        assert texts == plain


def test_the_budget_value_closes_no_year(place: Path) -> None:
    Ran(*PAY)
    assert len(rows_of(place / "paid.clearing.csv")) > 0
    ran = Ran(*PAY, "--at", "budget", "--region", "region")
    assert ran.status == 0
    assert "employees: paid at the budget value of 12; the year is not closed" in ran.out.splitlines()
    assert "residents: paid at the budget value of 9.5; the year is not closed" in ran.out.splitlines()
    assert "clearing" not in ran.out
    assert rows_of(place / "paid.clearing.csv") == []  # that of the run before would be another table's
    dip = next(row for row in rows_of(place / "paid.csv") if row["method"] == "dip" and row["pool"] == "employee")
    assert dip["standard"] == str((Decimal(dip["points"]) * 12).quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_the_year_is_said_where_cases_are_of_several(place: Path) -> None:
    lines = (place / "region/cases.csv").read_text().splitlines()
    lines[4] = lines[4].replace("2025-", "2024-")
    (place / "region/cases.csv").write_text("\n".join(lines) + "\n")
    assert refusal(*PAY) == "cases are posted in 2024, 2025: say which year is closed, --year 2025"
    ran = Ran(*PAY, "--year", "2025")
    assert ran.status == 0
    assert [row["row"] for row in rows_of(place / "paid.rejects.csv") if row["reason"] == "year"] == ["3"]


def test_chinese_labels_say_the_same_figures(place: Path) -> None:
    english, chinese = Ran(*PAY), Ran(*PAY, "--language", "zh")
    paid = library()
    rows = f"输入 {CASES} 行 = 支付 {len(paid)} 行 + 拒绝 {len(paid.rejects)} 行"
    assert chinese.out.splitlines()[0] == rows
    assert "调节金" in chinese.out
    figures = [
        [word for word in ran.out.split() if word.count(".") == 1 and word.replace(".", "").isdigit()]
        for ran in (english, chinese)
    ]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 40


@pytest.mark.parametrize(("shape", "suffix"), [("text", "txt"), ("markdown", "md"), ("html", "html")])
def test_pages_of_institutions_and_statements_of_pools(place: Path, shape: str, suffix: str) -> None:
    ran = Ran(*PAY, "--pages", "pages", "--page-format", shape)
    files = sorted(os.listdir(place / "pages"))
    expected = [
        f"{code}-{pool}"
        for code in read("region/institutions.csv", None)["fixmedins_code"].tolist()
        for pool in ("employee", "resident")
    ]
    names = [*expected, "statement-employee", "statement-resident"]
    assert files == sorted([*(f"{name}.{suffix}" for name in names), "overview.csv"])
    assert f"{len(names)} pages in pages" in ran.out.splitlines()
    page = (place / "pages" / f"D0001-employee.{suffix}").read_text(encoding="utf-8")
    assert "示例机构01" in page
    assert page.startswith(
        "<!DOCTYPE html>" if shape == "html" else ("#" if shape == "markdown" else "clearing of 2025")
    )
    overview = (place / "pages/overview.csv").read_text(encoding="utf-8")
    assert overview.startswith("\ufeffinstitution,name,")
    assert overview.count("\n") == 1 + len(expected)


def test_rejects_go_where_they_are_sent(place: Path) -> None:
    ran = Ran(*PAY, "--rejects", "bad.csv")
    assert "rejected rows: bad.csv" in ran.out.splitlines()
    assert sorted(os.listdir(place)) == ["bad.csv", "paid.clearing.csv", "paid.csv", "region"]


def test_where_documents_leave_figures_open(place: Path) -> None:
    overlay = Path("open.toml")
    overlay.write_text('format = 1\nid = "open"\ntitle = "Open"\nregion = "990000"\nschemes = ["310", "390"]\n')
    for gaps in ("raise", "reject"):
        ran = Ran("pay", "region/cases.csv", "--policy", "open.toml", "-o", "paid.csv", "--gaps", gaps)
        assert (ran.status, ran.out) == (2, "")
        assert "open: section " in ran.err
        assert not Path("paid.csv").exists()


# ---- explain, changes, office ----------------------------------------------------------------------------------------


def test_explain_one_case_of_a_region(place: Path) -> None:
    arguments = ("explain", "region/cases.csv", "--region", "region", "--row", "3", *ASSUMED)
    english, chinese = Ran(*arguments), Ran(*arguments, "--language", "zh", "--year", "2025")
    assert (english.status, chinese.status) == (0, 0)
    paid = library()
    at = paid.row.tolist().index(3)
    owed = yuan_text(int(paid.columns["payment"][at]))
    assert english.out.startswith("case C00000004: assumed, ")
    assert f"what the fund owes = {owed}" in english.out
    assert owed in chinese.out
    assert Ran(*arguments, "--format", "json").out.startswith("{")
    bad = Ran("explain", "region/cases.csv", "--region", "region", "--row", "0", *ASSUMED)
    assert (bad.status, bad.err) == (2, "mipolicy: row 0 is rejected: setl_id C00000001 stands twice [duplicate]\n")


def test_changes_of_a_re_run(place: Path) -> None:
    rows = read("region/cases.csv", None)
    row = rows["setl_id"].tolist().index("C00000004")
    rows["refused_amt"] = rows["refused_amt"].astype("U20")
    rows["refused_amt"][row] = "50.00"
    write("after.csv", rows)
    arguments = ("changes", "region/cases.csv", "after.csv", "--region", "region", *ASSUMED, "-o", "out")
    ran = Ran(*arguments, "--format", "text")
    assert ran.status == 0
    assert ran.out.splitlines() == [str(Path("out/changes.txt")), str(Path("out/cases.csv"))]
    assert "D0004" in (place / "out/changes.txt").read_text(encoding="utf-8")
    same = Ran("changes", "region/cases.csv", "region/cases.csv", *ASSUMED, "-o", "none", "--format", "text")
    assert same.status == 0
    assert "D0004" not in (place / "none/changes.txt").read_text(encoding="utf-8")
    assert (place / "none/cases.csv").read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ("none.csv", "none.csv: no such file or directory"),
        ("region/contracts.csv", "region/contracts.csv: cases: missing setl_id"),
    ],
)
def test_changes_say_which_of_the_two_tables_is_wrong(place: Path, after: str, message: str) -> None:
    ran = Ran("changes", "region/cases.csv", after, "--region", "region", *ASSUMED, "-o", "wrong")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"mipolicy: {message}")
    assert not (place / "wrong").exists()


def test_the_office_of_one_institution(place: Path) -> None:
    ran = Ran("office", "region/cases.csv", *ASSUMED, "--institution", "D0001", "-o", "out", "--format", "markdown")
    names = ["office.md", "cases.csv", "department.csv", "doctor.csv", "group.csv", "candidates.md"]
    assert ran.out.splitlines() == [str(Path("out") / name) for name in names]
    assert sorted(os.listdir(place / "out")) == sorted(names)
    lines = (place / "out/cases.csv").read_text(encoding="utf-8").splitlines()[1:]
    paid = library()
    here = [code for code in paid.columns["fixmedins_code"].texts().tolist() if code == "D0001"]
    assert {line.split(",")[1] for line in lines} == {"D0001"}
    assert len(lines) == len(here)
    Ran("office", "region/cases.csv", *ASSUMED, "-o", "all", "--language", "zh")
    assert (place / "all/cases.csv").read_text(encoding="utf-8").splitlines()[0].startswith("\ufeff结算ID,")


# ---- what is refused -------------------------------------------------------------------------------------------------


def pay(cases: str = "region/cases.csv", *more: str, policy: str = "assumed", out: str = "paid.csv") -> list[str]:
    return ["pay", cases, "--policy", policy, "-o", out, *more]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            pay("region/cases.csv", "--region", "nix"),
            "nix: a folder with the region's tables is due: institutions, groups, differences, auxiliaries, contracts,"
            " accounts",
        ),
        (pay("region/nix.csv"), "region/nix.csv: no such file or directory"),
        (pay("bare/cases.csv"), "bare holds no groups.csv or groups.parquet; a region needs institutions and groups"),
        (pay("twice/cases.csv"), "twice: groups stands in groups.csv and in groups.parquet; keep one"),
        (
            pay(out="region/cases.csv"),
            "region/cases.csv is named both for the cases and for the paid cases; name another file",
        ),
        (
            pay(out="region/groups.csv"),
            "region/groups.csv is named both for groups and for the paid cases; name another file",
        ),
        (pay(out="paid.xls"), "paid.xls: a table is a file that ends in .csv or .parquet"),
        (pay(out="nix/paid.csv"), "nix: no such file or directory"),
        (pay("broken.csv", "--region", "region"), "broken.csv, line 5: 37 cell(s), the first line names 36 columns"),
        (
            pay("named.csv", "--region", "region"),
            "cases: missing setl_id; unknown column setlid, did you mean setl_id?",
        ),
        (
            pay("region/cases.csv", "--year", "2031"),
            "assumed: section payment_year, version 2025, was verified up to 2026-12-31 only; 2031-12-31 is past it"
            " (--mode warn and --mode carry_forward use it all the same)",
        ),
        (
            pay("region/cases.csv", "--at", "budget", "--pages", "pages"),
            "--pages show the clearing, which --at budget leaves out; name one of the two"
            " (program pay --help says more)",
        ),
        (
            pay("no-books/cases.csv", "--pages", "pages"),
            "the table was paid without a clearing; pay it with accounts.csv in the region's folder, the agency's"
            " books, and --at settlement",
        ),
        (
            ["office", "region/cases.csv", *ASSUMED, "--institution", "X1", "-o", "out"],
            "fixmedins_code 'X1' is not among the region's 40 institutions",
        ),
        (
            ["explain", "region/cases.csv", "--region", "region", "--row", "2000", *ASSUMED],
            "row 2000 is not in the table, which has rows 0 to 1999",
        ),
        (
            ["explain", "region/cases.csv", "--region", "region", "--row", "1", *ASSUMED, "--lines", "l.csv"],
            "--lines go with bills, --region with cases; name one of the two (program explain --help says more)",
        ),
        (
            ["explain", "bills.csv", "--row", "1", *ASSUMED, "--year", "2025"],
            "--year goes with --region, for cases (program explain --help says more)",
        ),
        (["region", "broken.csv"], "broken.csv: file exists"),
    ],
)
def test_what_is_refused_in_one_line(place: Path, args: list[str], message: str) -> None:
    cases = place / "region/cases.csv"
    for name, tables in (
        ("bare", ("cases", "institutions")),
        ("twice", ("cases", "institutions", "groups")),
        ("no-books", ("cases", "institutions", "groups")),
    ):
        (place / name).mkdir()
        for table in tables:
            shutil.copy(place / f"region/{table}.csv", place / name)
    (place / "twice/groups.parquet").write_text("")
    lines = cases.read_text().splitlines()
    (place / "broken.csv").write_text("\n".join([*lines[:4], lines[4] + ",x", *lines[5:]]))
    edited(cases, place / "named.csv", lambda text: text.replace("setl_id", "setlid", 1))
    assert refusal(*args) == message
    assert not (place / "paid.csv").exists()


@pytest.mark.parametrize(
    "args",
    [
        pay(policy="taizhou-2024"),
        [*pay(policy="taizhou-2024"), "--gaps", "reject"],
        ["office", "region/cases.csv", "--policy", "taizhou-2024", "-o", "out"],
    ],
)
def test_a_policy_with_open_sections_says_what_is_open(place: Path, args: list[str]) -> None:
    ran = Ran(*args)
    assert (ran.status, ran.out) == (2, "")
    first, *middle, last = ran.err.splitlines()
    assert first == "mipolicy: taizhou-2024: section point_value.employee leaves 15 figure(s) open:"
    assert len(middle) == 15
    assert last == "fill them with an overlay (extends = ...) that cites the document which states them"
    assert os.listdir(place) == ["region"]
