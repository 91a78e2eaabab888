"""The command line: what each command prints, every error in full, and exit statuses."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import mipolicy
from mipolicy import packs
from mipolicy.benefits.bill import bill_fields
from mipolicy.cli import commands, program, show
from mipolicy.cli.demonstration import percent
from mipolicy.demo import bills
from mipolicy.interop import read, streams, write
from mipolicy.rooms import SECTIONS

PACKS = "assumed, changde-2023, shangyu-2013, taizhou-2024, tianjin-2021"
ROWS = 600


class Ran:
    """What a run printed and how it ended."""

    def __init__(self, *args: str | Path, columns: str = "200") -> None:
        done = CliRunner(env={"COLUMNS": columns}).invoke(program, [str(arg) for arg in args])
        self.status, self.out, self.err = done.exit_code, done.stdout, done.stderr
        if not isinstance(done.exception, SystemExit | None):
            raise done.exception


def refusal(*args: str | Path) -> str:
    """The one line of a run that is refused."""
    ran = Ran(*args)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("mipolicy: ")
    assert ran.err.count("\n") == 1
    return ran.err.removeprefix("mipolicy: ").removesuffix("\n")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    table, lines = bills(ROWS, seed=7)
    write(folder / "bills.csv", table)
    write(folder / "lines.csv", lines)
    return folder


@pytest.fixture
def city(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with bills.csv and lines.csv."""
    for name in ("bills.csv", "lines.csv"):
        (tmp_path / name).symlink_to(made / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def edited(source: Path, target: Path, change: Callable[[str], str]) -> Path:
    target.write_text(change(source.read_text(encoding="utf-8")), encoding="utf-8")
    return target


# ---- the program -----------------------------------------------------------------------------------------------------


def test_help_lists_the_commands() -> None:
    for args in ([], ["--help"], ["-h"]):
        ran = Ran(*args)
        assert (ran.status, ran.err) == (0, "")
        assert "Start with `mipolicy demo`" in ran.out
        for name in ("demo", "settle", "explain", "policy"):
            assert f"\n  {name} " in ran.out


@pytest.mark.parametrize("args", [["policy"], ["policy", "--help"]])
def test_help_of_policy(args: list[str]) -> None:
    ran = Ran(*args)
    assert ran.status == 0
    for name in ("list", "show", "check", "diff"):
        assert f"\n  {name} " in ran.out


@pytest.mark.parametrize(
    "args", [["demo"], ["settle"], ["explain"], *(["policy", name] for name in ("list", "show", "check", "diff"))]
)
def test_every_command_has_help(args: list[str]) -> None:
    assert Ran(*args, "--help").out.startswith(f"Usage: program {' '.join(args)}")


def test_help_says_how_rows_are_counted_and_what_the_exit_status_means() -> None:
    assert "counted from 0" in " ".join(Ran("explain", "--help").out.split())
    assert "exit status is 0 when the table is settled, also where rows are rejected" in " ".join(
        Ran("settle", "--help").out.split()
    )


def test_version() -> None:
    assert Ran("--version").out == f"mipolicy {mipolicy.__version__}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nix"], "no such command 'nix' (program --help says more)"),
        (["--nix"], "no such option '--nix' (program --help says more)"),
        (["policy", "nix"], "no such command 'nix' (program policy --help says more)"),
        (["settle"], "missing argument 'BILLS' (program settle --help says more)"),
        (["settle", "b.csv", "-o", "o.csv"], "missing option '--policy' (program settle --help says more)"),
        (["settle", "b.csv", "--policy", "assumed"], "missing option '-o' / '--out' (program settle --help says more)"),
        (["explain", "b.csv", "--policy", "assumed"], "missing option '--row' (program explain --help says more)"),
        (
            ["explain", "b.csv", "--policy", "assumed", "--row", "-1"],
            "invalid value for '--row': -1 is not in the range x>=0 (program explain --help says more)",
        ),
        (
            ["explain", "b.csv", "--policy", "assumed", "--row", "first"],
            "invalid value for '--row': 'first' is not a valid integer range (program explain --help says more)",
        ),
        (
            ["explain", "b.csv", "--policy", "assumed", "--row", "0", "--format", "pdf"],
            "invalid value for '--format': 'pdf' is not one of 'text', 'table', 'json', 'html'"
            " (program explain --help says more)",
        ),
        (
            ["settle", "b.csv", "--policy", "assumed", "-o", "o.csv", "--threads", "0"],
            "invalid value for '--threads': 0 is not in the range x>=1 (program settle --help says more)",
        ),
        (
            ["demo", "--bills", "0"],
            "invalid value for '--bills': 0 is not in the range x>=1 (program demo --help says more)",
        ),
        (
            ["policy", "show", "assumed", "--on", "2025-02-30"],
            "invalid value for '--on': a date such as 2025-03-01 is due, not '2025-02-30'"
            " (program policy show --help says more)",
        ),
    ],
)
def test_what_cannot_be_asked(args: list[str], message: str) -> None:
    assert " ".join(refusal(*args).split()) == message


# ---- settle ----------------------------------------------------------------------------------------------------------


def settle(*args: str | Path, policy: str = "assumed", out: str = "out.csv") -> list[str | Path]:
    return ["settle", "bills.csv", "--lines", "lines.csv", "--policy", policy, "-o", out, *args]


def test_settle_writes_rows_and_rejects_that_add_up(city: Path) -> None:
    ran = Ran(*settle())
    settled, rejects = rows_of(city / "out.csv"), rows_of(city / "out.rejects.csv")
    lines = rows_of(city / "out.line-rejects.csv")
    assert (ran.status, ran.err) == (0, "")
    assert len(settled) + len(rejects) == ROWS
    out = ran.out.splitlines()
    assert out[:3] == [
        f"{ROWS} rows in = {len(settled)} settled + {len(rejects)} rejected",
        "settled rows: out.csv",
        "rejected rows: out.rejects.csv",
    ]
    assert "lines without a bill, or that stopped theirs: out.line-rejects.csv" in out
    assert out[-1] == "the table is settled; rejected rows do not change the exit status"
    reasons = [row["reason"] for row in rejects]
    counted = [line.split() for line in out[5 : 5 + len(set(reasons))]]
    assert {reason: int(count) for reason, count in counted} == {name: reasons.count(name) for name in set(reasons)}
    assert [int(count) for _, count in counted] == sorted((int(count) for _, count in counted), reverse=True)
    assert list(lines[0]) == ["row", "feedetl_sn", "reason", "message"]
    assert sorted(os.listdir(city)) == ["bills.csv", "lines.csv", "out.csv", "out.line-rejects.csv", "out.rejects.csv"]


def test_settle_gives_what_the_library_gives(city: Path) -> None:
    Ran(*settle(out="out.parquet"))
    Ran(*settle("--threads", "2"))
    table, lines = bills(ROWS, seed=7)
    expected = mipolicy.settle(mipolicy.load("assumed"), table, lines=lines)
    texts = {name: np_texts(column) for name, column in read(city / "out.parquet", None).items()}
    assert texts == expected.texts()
    assert {name: column.tolist() for name, column in read(city / "out.csv", None).items()} == expected.texts()
    assert rows_of(city / "out.rejects.csv") == [*expected.rejects.records()]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_large_file_is_settled_in_parts_and_shown_as_any(
    city: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, kept = [], []
    for rows in (100 * ROWS, 100):
        monkeypatch.setattr(streams, "PART_ROWS", rows)
        parts = partial(streams.settle_files, part_rows=100) if rows == 100 else not_called
        monkeypatch.setattr(commands, "settle_files", parts)
        said.append(Ran(*settle("--columns", "hifp_pay,fund_rate", out=f"out{suffix}")).out)
        kept.append({name: np_texts(column) for name, column in read(city / f"out{suffix}", None).items()})
    assert said[0] == said[1]
    assert kept[0] == kept[1]
    assert list(kept[1]) == ["setl_id", "hifp_pay", "fund_rate"]


def not_called(*args: Any, **options: Any) -> None:
    raise AssertionError("a small file is settled as one table")


def np_texts(column: Any) -> list[str]:
    return [str(value) for value in (column.texts() if isinstance(column, mipolicy.Coded) else column).tolist()]


def test_settle_keeps_the_columns_asked_for_and_the_id(city: Path) -> None:
    Ran(*settle("--columns", "hifp_pay, fund_rate,setl_id"))
    assert list(rows_of(city / "out.csv")[0]) == ["setl_id", "hifp_pay", "fund_rate"]


def test_rejects_go_where_they_are_sent(city: Path) -> None:
    ran = Ran(*settle("--rejects", "bad.csv"))
    assert "rejected rows: bad.csv" in ran.out
    assert (city / "bad.csv").exists()
    assert not (city / "out.rejects.csv").exists()


def sound(city: Path) -> None:
    """Leave only rows that are settled."""
    Ran(*settle(out="first.csv"))
    bad = {int(row["row"]) for row in rows_of(city / "first.rejects.csv")}
    bad |= {row for row, bill in enumerate(rows_of(city / "bills.csv")) if bill["refd_setl_flag"] == "1"}
    bad_lines = {int(row["row"]) for row in rows_of(city / "first.line-rejects.csv")}
    for name, without in (("bills.csv", bad), ("lines.csv", bad_lines)):
        table = read(city / name, None)
        keep = [row for row in range(len(next(iter(table.values())))) if row not in without]
        (city / name).unlink()
        write(city / name, {column: values[keep] for column, values in table.items()})
    for each in city.glob("first*"):
        each.unlink()


def test_without_rejects_no_file_of_them_is_made_but_an_old_one_is_emptied(city: Path) -> None:
    sound(city)
    table = read(city / "bills.csv", None)
    keep = set(table["mdtrt_id"].tolist())
    lines = read(city / "lines.csv", None)
    held = [row for row, name in enumerate(lines["mdtrt_id"].tolist()) if name in keep]
    write(city / "lines.csv", {name: column[held] for name, column in lines.items()})
    ran = Ran(*settle())
    count = len(table["setl_id"])
    assert ran.out == f"{count} rows in = {count} settled + 0 rejected\nsettled rows: out.csv\n"
    assert sorted(os.listdir(city)) == ["bills.csv", "lines.csv", "out.csv"]
    (city / "out.rejects.csv").write_text("old")
    (city / "out.line-rejects.csv").write_text("old")
    Ran(*settle())
    assert (city / "out.rejects.csv").read_text() == "row,setl_id,reason,message\n"
    assert (city / "out.line-rejects.csv").read_text() == "row,feedetl_sn,reason,message\n"
    Ran(*settle("--rejects", "asked.csv"))
    assert (city / "asked.csv").read_text() == "row,setl_id,reason,message\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["settle", "nix.csv", "--policy", "assumed", "-o", "o.csv"], "nix.csv: no such file or directory"),
        (["settle", ".", "--policy", "assumed", "-o", "o.csv"], ".: is a directory"),
        (
            ["settle", "bills.csv", "--policy", "assumed", "-o", "o.csv", "--lines", "nix.csv"],
            "nix.csv: no such file or directory",
        ),
        (settle(out="nix/o.csv"), "nix: no such file or directory"),
        (settle(out="."), ".: is a directory"),
        (settle(out="o.txt"), "o.txt: a table is a file that ends in .csv or .parquet"),
        (settle("--rejects", "nix/r.csv"), "nix: no such file or directory"),
        (
            settle(out="bills.csv"),
            "bills.csv is named both for the bills and for the settled rows; name another file",
        ),
        (
            settle(out="./lines.csv"),
            "./lines.csv is named both for the lines and for the settled rows; name another file",
        ),
        (
            settle("--rejects", "bills.csv"),
            "bills.csv is named both for the bills and for the rejects; name another file",
        ),
        (
            settle("--rejects", "out.csv"),
            "out.csv is named both for the settled rows and for the rejects; name another file",
        ),
        (settle(policy="asumed"), f"no bundled pack and no file 'asumed', did you mean assumed? packs: {PACKS}"),
        (settle(policy="changde"), f"no bundled pack and no file 'changde', did you mean changde-2023? packs: {PACKS}"),
        (settle(policy="nix.toml"), f"no bundled pack and no file 'nix.toml'; packs: {PACKS}"),
        (settle(policy="."), f". is a folder; a policy is a TOML file or a bundled pack: {PACKS}"),
    ],
)
def test_what_settle_refuses_before_it_works(city: Path, args: list[str], message: str) -> None:
    assert refusal(*args) == message
    assert sorted(os.listdir(city)) == ["bills.csv", "lines.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv is empty: a first line with the names of the columns is due"),
        (b"setl_id,mdtrt_id\nS1\n", "t.csv, line 2: 1 cell(s), the first line names 2 columns"),
        ("setl_id\n姓\n".encode("gbk"), "t.csv, line 2: not UTF-8 at byte 8 (0xd0); save the file as UTF-8"),
        (b"setl_id,setl_id\nS1,S1\n", "t.csv: column setl_id stands twice"),
    ],
)
def test_files_that_settle_cannot_read(city: Path, content: bytes, message: str) -> None:
    (city / "t.csv").write_bytes(content)
    assert refusal("settle", "t.csv", "--policy", "assumed", "-o", "o.csv") == message
    assert refusal("explain", "t.csv", "--policy", "assumed", "--row", "0") == message
    assert not (city / "o.csv").exists()


def test_a_column_that_is_missing_or_misspelt(city: Path) -> None:
    edited(city / "bills.csv", city / "t.csv", lambda text: text.replace("medfee_sumamt", "medfee_sumant", 1))
    assert refusal("settle", "t.csv", "--policy", "assumed", "-o", "o.csv") == (
        "bills: missing medfee_sumamt; unknown column medfee_sumant, did you mean medfee_sumamt?"
    )
    (city / "u.csv").write_text(",".join(name for name in bill_fields() if name != "setl_time") + "\n")
    assert refusal("settle", "u.csv", "--policy", "assumed", "-o", "o.csv") == "bills: missing setl_time"
    edited(city / "lines.csv", city / "l.csv", lambda text: text.replace("feedetl_sn", "feedetail_sn", 1))
    assert refusal("settle", "bills.csv", "--lines", "l.csv", "--policy", "assumed", "-o", "o.csv") == (
        "lines: missing feedetl_sn; unknown column feedetail_sn, did you mean feedetl_sn?"
    )


def test_a_column_that_cannot_be_kept(city: Path) -> None:
    assert refusal(*settle("--columns", "hifp_pay,fund")).startswith("columns: fund cannot be kept; what can: ")


def test_a_gap_names_every_open_figure_and_the_rows_it_touches(city: Path) -> None:
    ran = Ran(*settle(policy="changde-2023"))
    assert (ran.status, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert lines[0].startswith("mipolicy: ")
    assert lines[0].endswith(" row(s) need what is open")
    assert lines.count("changde-2023: section settlement leaves 5 figure(s) open:") == 1
    assert lines.count("changde-2023: section catalogue leaves 4 figure(s) open:") == 1
    assert lines.count("changde-2023: section outpatient.employee.general leaves 23 figure(s) open:") == 1
    assert (
        "  rate_uplift: needs a rate by level; for primary and level_1 the clause says 适当, without a figure  "
        "[measures-2023 一(一) 推进职工医保门诊共济改革]"
    ) in lines
    assert lines[-1] == "or settle what can be settled: --gaps reject"
    assert sorted(os.listdir(city)) == ["bills.csv", "lines.csv"]


def test_rows_that_meet_a_gap_can_be_rejected(city: Path) -> None:
    ran = Ran(*settle("--gaps", "reject", policy="changde-2023"))
    assert ran.status == 0
    assert ran.out.startswith(f"{ROWS} rows in = 0 settled + {ROWS} rejected\n")
    gaps = [row["message"] for row in rows_of(city / "out.rejects.csv") if row["reason"] == "gap"]
    assert len(gaps) > 500
    catalogue = "effective, order, excess_payer, tcm_cut_mode"
    assert f"changde-2023: section catalogue leaves 4 figure(s) open: {catalogue}" in gaps
    assert rows_of(city / "out.csv") == []


REPEALED = """
format = 1
id = "history"
title = "filled in for a test"
region = "330682"
schemes = ["390"]
extends = "shangyu-2013"

[documents.parent]
title = "made up"
issuer = "nobody"
status = "assumed"
verified_on = 2014-12-31

[[sections.outpatient.resident.general]]
version = "2013"
source = { document = "opinion-2013", clause = "x" }
effective = 2013-07-01
deductible = "0"
deductible_scope = "visit"
deductible_streams = ["general"]
counts_toward_deductible = "no"
rate = "50%"
rate_uplift = "0%"
service_uplift = "0%"
ceiling = "none"
ceiling_basis = "fund_payment"
ceiling_streams = ["general"]
institutions = "always"
listed_institutions = []
online_payable = false
online_follow_up_only = false

[[sections.ladder.resident]]
version = "2013"
source = { document = "parent", clause = "x" }
effective = 2013-07-01
layers = []
"""

OLD_BILL = (
    "setl_id,mdtrt_id,psn_no,insutype,psn_type,med_type,hosp_lv,medins_kind,medins_ownership,fixmedins_code,setl_time,"
    "medfee_sumamt,fulamt_ownpay_amt,overlmt_selfpay,preselfpay_amt,inscp_scp_amt\n"
    "S1,M1,P1,390,15,11,05,hospital,public,H1,2013-08-01 09:00:00,100.00,0,0,0,100.00\n"
)


def test_a_repealed_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_text(OLD_BILL)
    (tmp_path / "history.toml").write_text(REPEALED)
    asked: list[str | Path] = ["settle", "old.csv", "--policy", "history.toml", "-o", "o.csv"]
    assert refusal(*asked) == "history: 虞政发〔2013〕36号 is repealed; to use it as history, say --allow-repealed"
    assert refusal("explain", "old.csv", "--row", "0", "--policy", "history.toml") == (
        "history: 虞政发〔2013〕36号 is repealed; to use it as history, say --allow-repealed"
    )
    assert Ran(*asked, "--allow-repealed").out.startswith("1 rows in = 1 settled + 0 rejected\n")
    assert rows_of(tmp_path / "o.csv")[0]["hifp_pay"] == "50.00"
    bare: list[str | Path] = ["settle", "old.csv", "--policy", "shangyu-2013", "-o", "p.csv"]
    assert refusal(*bare) == "shangyu-2013: 虞政发〔2013〕36号 is repealed; to use it as history, say --allow-repealed"
    gap = Ran(*bare, "--allow-repealed")
    assert gap.err.startswith("mipolicy: 1 row(s) need what is open\nshangyu-2013: section outpatient.resident.general")


def test_past_the_verified_day(city: Path) -> None:
    pack = (Path(packs.__file__).parent / "assumed.toml").read_text(encoding="utf-8")
    (city / "mine.toml").write_text(pack.replace("verified_on = 2026-12-31", "verified_on = 2025-11-30"), "utf-8")
    strict, warned = Ran(*settle(policy="mine.toml")), Ran(*settle("--mode", "warn", policy="mine.toml"))
    quiet = Ran(*settle("--mode", "carry_forward", policy="mine.toml"))
    assert "not_in_force" in strict.out
    assert (strict.err, quiet.err) == ("", "")
    assert strict.out.splitlines()[0] != warned.out.splitlines()[0] == quiet.out.splitlines()[0]
    lines = warned.err.splitlines()
    assert 1 <= len(lines) <= 4
    assert lines[0].startswith("mipolicy: warning: assumed: section ")
    assert len(lines) < 4 or lines[3].endswith(" more of this kind")


# ---- explain ---------------------------------------------------------------------------------------------------------


def explain(*args: str | Path, row: int = 0, policy: str = "assumed") -> list[str | Path]:
    return ["explain", "bills.csv", "--lines", "lines.csv", "--policy", policy, "--row", str(row), *args]


@pytest.fixture(scope="session")
def a_stay(made: Path) -> int:
    """The first settled stay with lines."""
    table, lines = bills(ROWS, seed=7)
    done = mipolicy.settle(mipolicy.load("assumed"), table, lines=lines)
    rows = [row for row in done.row.tolist() if table["med_type"][row] == "21" and table["refd_setl_flag"][row] == "0"]
    return int(rows[0])


def test_explain_prints_what_the_library_says(city: Path, a_stay: int) -> None:
    table, lines = bills(ROWS, seed=7)
    expected = mipolicy.explain(mipolicy.load("assumed"), table, row=a_stay, lines=lines)
    assert Ran(*explain(row=a_stay)).out == expected.text("en") + "\n"
    assert Ran(*explain("--language", "zh", row=a_stay)).out == expected.text("zh") + "\n"
    assert json.loads(Ran(*explain("--format", "json", row=a_stay)).out) == expected.to_dict()
    assert Ran(*explain("--format", "html", row=a_stay)).out == expected.html("en") + "\n"
    shown = Ran(*explain("--format", "table", row=a_stay)).out
    assert expected.title("en") in shown
    for group in expected.groups:
        assert group.en in shown
    narrow = Ran(*explain("--format", "table", "--language", "zh", row=a_stay), columns="40").out
    assert "依据: benefits-202" in narrow


def test_rows_that_cannot_be_explained(city: Path) -> None:
    assert refusal(*explain(row=ROWS)) == f"row {ROWS} is not in the table, which has rows 0 to {ROWS - 1}"
    table, lines = bills(ROWS, seed=7)
    done = mipolicy.settle(mipolicy.load("assumed"), table, lines=lines)
    for record in done.rejects.records():
        assert refusal(*explain(row=int(record["row"]))) == (
            f"row {record['row']} is rejected: {record['message']} [{record['reason']}]"
        )
    message = refusal(*explain(row=0, policy="taizhou-2024"))
    assert message.startswith("row 0 is rejected: taizhou-2024: section ")
    assert message.endswith(
        " figure(s) open: effective, order, excess_payer, tcm_cut, tcm_cut_mode, tcm_cut_kinds [gap]"
    )


# ---- policy ----------------------------------------------------------------------------------------------------------


def test_policy_list_shows_every_pack() -> None:
    ran = Ran("policy", "list")
    shown = {line.split()[0]: line for line in ran.out.splitlines()[2:7]}
    assert tuple(shown) == packs.names()
    assert shown["assumed"].split()[-4:] == ["990000", "assumed", str(len(SECTIONS)), "0"]
    stated = str(len(packs.load("shangyu-2013").versions))  # every section of it leaves something open
    assert shown["shangyu-2013"].split()[-4:] == ["330682", "repealed", stated, stated]
    assert "天津市医疗保障发展“十四五”规划(2021-2025)" in shown["tianjin-2021"]


def test_policy_show_gives_every_figure_its_clause() -> None:
    out = Ran("policy", "show", "changde-2023").out
    assert "measures-2023  常德市医疗保障局关于印发" in out
    assert "\ncatalogue 2023  (first day open, verified to 2023-05-18)\n" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "tcm_cut 5% 一(三) 加大中医药医保政策倾斜力度" in lines
    assert "deductible.level_1.in_service 0.00 一(一) 推进职工医保门诊共济改革" in lines
    assert "open: 23" in lines
    everything = [row for row in packs.load("changde-2023").provenance() if row.value != "open"]
    assert all(any(line.startswith(f"{row.path} ") for line in lines) for row in everything)
    references = Ran("policy", "show", "tianjin-2021", columns="500").out
    assert "referred to, but not at hand" in references
    assert "天津市基本医疗保险付费总额管理办法" in references


def test_policy_show_of_a_day_and_a_section() -> None:
    late = Ran("policy", "show", "assumed", "--on", "2025-01-01", "--section", "outpatient.employee").out
    heads = [line.split("  ")[0] for line in late.splitlines() if line.startswith("outpatient.")]
    assert heads == [
        "outpatient.employee.general 2025",
        "outpatient.employee.emergency 2025",
        "outpatient.employee.special 2025",
        "outpatient.employee.two_disease 2024",
        "outpatient.employee.dual_channel 2024",
    ]
    assert late.endswith("\n3 version(s) that are not in force on 2025-01-01, or state no first day, are left out\n")
    early = Ran("policy", "show", "assumed", "--on", "2024-12-31", "--section", "inpatient.resident").out
    assert "\ninpatient.resident 2024  (from 2024-01-01, to 2024-12-31)\n" in early
    assert "inpatient.resident 2025" not in early
    items = Ran("policy", "show", "assumed", "--section", "catalogue_items").out
    assert "characters)" in items
    assert max(map(len, items.splitlines())) < 300


def test_sections_that_cannot_be_shown() -> None:
    assert refusal("policy", "show", "taizhou-2024", "--section", "filing") == (
        "taizhou-2024 states nothing of filing; it states drg_points, drg_base_points, special_case, "
        "indicators, targets, observations"
    )
    assert refusal("policy", "show", "shangyu-2013", "--section", "filing") == (
        "shangyu-2013 states nothing of filing; it states outpatient.resident.general, outpatient.resident.special,"
        " inpatient.resident, referral, out_of_area.resident, quota, monthly_advance, budget_sharing, fraud_recovery"
    )
    assert refusal("policy", "show", "assumed", "--section", "outpatient.nix").startswith(
        "unknown section 'outpatient.nix'; sections: settlement, catalogue, "
    )
    assert refusal("policy", "show", "nix") == f"no bundled pack and no file 'nix'; packs: {PACKS}"


OVERLAY = """
format = 1
id = "reform"
title = "a higher ceiling"
region = "990000"
schemes = ["310", "390"]
extends = "assumed"

[documents.draft]
title = "draft"
issuer = "nobody"
status = "plan"

[[sections.outpatient.employee.general]]
version = "2025"
source = { document = "draft", clause = "1" }
rate.tertiary.in_service = "60%"
ceiling.retired = "none"
"""


def versions_of(pack: str) -> int:
    return sum(map(len, packs.load(pack).versions.values()))


def test_policy_check_says_what_is_open_or_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reform.toml").write_text(OVERLAY)
    versions = {name: sum(map(len, packs.load(name).versions.values())) for name in packs.names()}
    assert Ran("policy", "check", "reform.toml").out.startswith(f"ok: reform, {versions['assumed']} version(s), ")
    assert Ran("policy", "check", "reform.toml").out.endswith(" figures stated, 0 left open\n")
    gapped = Ran("policy", "check", "changde-2023").out.splitlines()
    assert gapped[0].startswith(f"ok: changde-2023, {versions['changde-2023']} version(s), ")
    assert [line.split() for line in gapped[3:5]] == [
        ["catalogue", "2023", "4"],
        ["outpatient.employee.general", "2023", "23"],
    ]
    (tmp_path / "bad.toml").write_text(
        'format = 1\nid = "bad"\ntitle = "x"\nregion = 990000\nschemes = ["310"]\ncolour = "red"\n'
        '[[sections.filing]]\nversion = "1"\nvalid_days = -3\n'
    )
    bad = Ran("policy", "check", "bad.toml")
    assert (bad.status, bad.out) == (2, "")
    assert bad.err.splitlines()[0] == "mipolicy: bad.toml: 4 mistake(s)"
    assert sorted(line.split(":")[0].strip() for line in bad.err.splitlines()[1:]) == [
        "colour",
        "header.region",
        "sections.filing[0]",
        "sections.filing[0].valid_days",
    ]
    (tmp_path / "empty.toml").write_text("")
    assert Ran("policy", "check", "empty.toml").err == (
        "mipolicy: empty.toml: 1 mistake(s)\n"
        "  file: the file is empty; a policy needs at least id, title, region, schemes\n"
    )
    (tmp_path / "gbk.toml").write_bytes('title = "常德"'.encode("gbk"))
    assert Ran("policy", "check", "gbk.toml").err == (
        "mipolicy: gbk.toml: 1 mistake(s)\n  file: not UTF-8 at byte 9; save it as UTF-8\n"
    )


def test_policy_diff_shows_what_changed_in_percent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reform.toml").write_text(OVERLAY)
    out = Ran("policy", "diff", "assumed", "reform.toml").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "3 difference(s) from assumed to reform"
    assert "outpatient.employee.general 2025 rate.tertiary.in_service changed 55% 60% +9.09%" in lines
    assert "outpatient.employee.general 2025 ceiling.retired changed 8500.00 none" in lines
    assert "documents draft added plan" in lines
    assert Ran("policy", "diff", "assumed", "assumed").out == "no difference between assumed and assumed\n"
    assert refusal("policy", "diff", "assumed", "asumed") == (
        f"no bundled pack and no file 'asumed', did you mean assumed? packs: {PACKS}"
    )


# ---- demo ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_demo_makes_settles_checks_and_explains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.chdir(tmp_path)
    ran = Ran("demo", "--bills", "1500", "--language", language)
    assert (ran.status, ran.err) == (0, "")
    folder = tmp_path / "mipolicy-demo"
    assert sorted(os.listdir(folder)) == ["bills.csv", "line-rejects.csv", "lines.csv", "rejects.csv", "settled.csv"]
    settled, rejects = rows_of(folder / "settled.csv"), rows_of(folder / "rejects.csv")
    assert len(settled) + len(rejects) == len(rows_of(folder / "bills.csv")) == 1500
    assert f"rows in 1500 = settled {len(settled)} + rejected {len(rejects)}" in ran.out
    total = sum(mipolicy.yuan(row["medfee_sumamt"]) for row in settled)
    fund = sum(mipolicy.yuan(row["fund_pay_sumamt"]) for row in settled)
    last = next(line for line in ran.out.splitlines() if line.startswith(("all ", "合计 "))).split()
    assert last[2] == mipolicy.yuan_text(total)
    assert (last[4], last[6]) == (mipolicy.yuan_text(fund), percent(fund, total))
    assert "benefits-202" in ran.out
    assert "mipolicy explain mipolicy-demo/bills.csv --lines mipolicy-demo/lines.csv --policy assumed --row " in ran.out
    assert rejects[0]["message"] in ran.out
    assert rejects[11]["message"] in ran.out
    again = mipolicy.settle(
        mipolicy.load("assumed"),
        read(folder / "bills.csv"),
        lines=read(folder / "lines.csv", mipolicy.Line),
    )
    assert again.texts() == {name: column.tolist() for name, column in read(folder / "settled.csv", None).items()}


def test_the_summary_fits_an_ordinary_terminal_and_is_listed_on_a_narrow_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wide, narrow = Ran("demo", "--bills", "1500", columns="80").out, Ran("demo", "--bills", "1500", columns="40").out
    heads = ["care", "bills", "total", "cost", "in", "scope", "fund", "person", "rate"]
    assert heads in [line.split() for line in wide.splitlines()]
    assert "care:  general\nbills: " in narrow


@pytest.mark.parametrize("count", ["1", "2", "20", "100"])
def test_a_small_demo(tmp_path: Path, count: str) -> None:
    ran = Ran("demo", "--bills", count, "--out", tmp_path / "d")
    assert ran.status == 0
    assert f"rows in {count} = settled " in ran.out


def test_the_same_demo_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Ran("demo", "--bills", "300", "--seed", "5", "--out", tmp_path / name)
    for each in os.listdir(tmp_path / "a"):
        assert (tmp_path / "a" / each).read_bytes() == (tmp_path / "b" / each).read_bytes()


def test_where_a_demo_cannot_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    assert refusal("demo", "--out", "file") == "file: not a directory"
    assert refusal("demo", "--out", "nix/d") == "nix/d: no such file or directory"


def test_a_sum_that_does_not_add_up_is_said_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mipolicy.TableResult, "total", lambda self, name: len(name))
    message = refusal("demo", "--bills", "50", "--out", tmp_path / "d")
    assert message.startswith("header: medfee_sumamt in bills.csv ")
    assert message.endswith(" is not medfee_sumamt 0.13")


def test_percent_is_exact() -> None:
    assert percent(1, 3) == "33.33%"
    assert percent(99_995, 1_000_000) == "10.00%"
    assert percent(-1, 200_000) == "0.00%"
    assert percent(5, 0) == "–"


# ---- terminals -------------------------------------------------------------------------------------------------------


def started(*args: str, **environment: str) -> dict[str, Any]:
    return {
        "args": [sys.executable, "-m", "mipolicy", *args],
        "env": {**os.environ, **environment},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }


def test_the_module_runs_as_the_program_does() -> None:
    done = subprocess.run(**started("policy", "show", "nix"), check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"mipolicy: no bundled pack and no file 'nix'; packs: {PACKS}\n"


@pytest.mark.parametrize(
    "args",
    [
        ["policy", "list"],
        ["policy", "show", "changde-2023"],
        ["explain", "bills.csv", "--lines", "lines.csv", "--policy", "assumed", "--row", "0", "--language", "zh"],
        ["demo", "--bills", "200", "--language", "zh"],
        ["policy", "show", "没有"],
    ],
)
def test_a_terminal_that_cannot_show_chinese(city: Path, args: list[str]) -> None:
    done = subprocess.run(**started(*args, PYTHONIOENCODING="ascii"), check=False)
    assert done.returncode == (2 if "没有" in args else 0), done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout or done.stderr


def test_json_is_ascii_where_the_terminal_is(city: Path) -> None:
    args = [str(arg) for arg in explain("--format", "json")]
    plain = subprocess.run(**started(*args, PYTHONIOENCODING="ascii"), check=True).stdout
    utf = subprocess.run(**started(*args, PYTHONIOENCODING="utf-8"), check=True).stdout
    assert json.loads(plain.decode("ascii")) == json.loads(utf.decode("utf-8"))


def test_a_reader_that_has_read_enough() -> None:
    with subprocess.Popen(**started("policy", "show", "assumed")) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
        process.wait(60)
    assert said == b""
    assert process.returncode in (0, 1)


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    code = (
        "import signal, mipolicy.__main__, mipolicy.cli.commands as commands\n"
        "def stop(*args, **kwargs): signal.raise_signal(signal.SIGINT)\n"
        "commands.demonstrate = stop\n"
        "mipolicy.__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "demo"], capture_output=True, cwd=tmp_path, check=False, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "mipolicy: stopped\n")


def test_ctrl_c_leaves_no_half_written_file(tmp_path: Path) -> None:
    command = started("demo", "--bills", "100000", "--out", str(tmp_path / "d"))
    with subprocess.Popen(**command, start_new_session=True) as process:
        while not (tmp_path / "d").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"mipolicy: stopped\n")
    assert os.listdir(tmp_path / "d") == []


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_extra_one_line_says_how_to_get_it(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import mipolicy.__main__ as main; main.main()"
    done = subprocess.run([sys.executable, "-c", code, "policy"], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mipolicy: the command line needs click and rich: pip install 'mipolicy[cli]'\n"


def test_the_library_does_not_need_the_command_line() -> None:
    without = "import sys; sys.modules['click'] = sys.modules['rich'] = None;"
    subprocess.run([sys.executable, "-c", f"{without} import mipolicy, mipolicy.interop, mipolicy.demo"], check=True)


class Terminal:
    """A stream that says it is a terminal, and keeps what is written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.kept = ""

    def write(self, text: str) -> int:
        self.kept += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with show.progress(2) as stage:
        stage("reading")
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with show.progress(2) as stage:
        stage("reading")
        stage("settling")
    assert "settling" in terminal.kept
    assert terminal.kept.endswith("\x1b[2K")  # the line is wiped


def test_counted_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with show.counted() as step:
        step("reading", 1, 2)
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with show.counted() as step:
        step("reading bills", 1_500, 3_000)
    assert "reading bills" in terminal.kept
    assert "1500/3000" in terminal.kept
    assert terminal.kept.endswith("\x1b[2K")  # the line is wiped


def test_tables_fold_words_but_no_figures_and_no_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("a.long.name.that.stands", "words that are folded where the line ends", "12345678.90")]
    monkeypatch.setenv("COLUMNS", "60")
    show.table(("name", "what", "yuan"), rows, figures=(2,))
    kept = capsys.readouterr().out.splitlines()
    assert kept[2].startswith("a.long.name.that.stands  words that")
    assert kept[2].endswith("12345678.90")
    assert all(len(line) <= 60 for line in kept)
    monkeypatch.setenv("COLUMNS", "30")
    show.table(("name", "what", "yuan"), rows, figures=(2,))
    assert capsys.readouterr().out == (
        "name: a.long.name.that.stands\nwhat: words that are folded where the line ends\nyuan: 12345678.90\n\n"
    )


def test_brackets_in_texts_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(("a", "b"), [("[bold]x[/bold]", "[red]"), ("", ":smile:")])
    show.line("[bold]y[/]")
    out = capsys.readouterr().out
    assert "[bold]x[/bold]  [red]" in out
    assert ":smile:" in out
    assert "[bold]y[/]" in out


def test_the_name_of_the_program_is_in_its_errors() -> None:
    with pytest.raises(SystemExit) as ended:
        program(["nix"], prog_name="mipolicy")
    assert ended.value.code == 2
    assert isinstance(program, click.Group)
