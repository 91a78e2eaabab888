"""`mipolicy clear`: what it prints and writes, what it explains, and what it refuses."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import mipolicy
from mipolicy.annual.result import ClearedYear
from mipolicy.interop import read, write
from mipolicy.money import yuan_text
from tests.annual.test_clear import INDICATORS, sample

from .test_cli import Ran, edited, np_texts, refusal, rows_of

TABLES = ("results", "months", "increments", "refused")
POLICY = ("--policy", "s/policy.toml", "--allow-repealed", "--year", "2013")
BESIDE = tuple(word for name in TABLES for word in (f"--{name}", f"s/{name}.csv"))


def clear(institutions: str = "s/institutions.csv", *more: str, out: str = "cleared.csv") -> tuple[str, ...]:
    return ("clear", institutions, *BESIDE, *POLICY, "-o", out, *more)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    ran = Ran("clear", "--sample", folder)
    assert (ran.status, ran.err) == (0, "")
    written = [str(folder / name) for name in ("institutions.csv", *(f"{name}.csv" for name in TABLES), "policy.toml")]
    *files, command = ran.out.splitlines()
    assert files == written
    assert command.startswith(f"mipolicy clear {written[0]} --results {written[1]} ")
    again = Ran(*command.split()[1:-1], folder / "cleared.csv")
    assert (again.status, again.err) == (0, "")
    for name in ("cleared.csv", "cleared.rejects.csv"):
        (folder / name).unlink()
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with the sample in `s`."""
    shutil.copytree(made, tmp_path / "s")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- what it does ----------------------------------------------------------------------------------------------------


def test_clear_gives_what_the_library_gives(place: Path) -> None:
    ran = Ran(*clear())
    assert (ran.status, ran.err) == (0, "")
    cleared = sample()
    assert {name: column.tolist() for name, column in read("cleared.csv", None).items()} == cleared.texts()
    (reject,) = rows_of(place / "cleared.rejects.csv")
    message = f"institution Y17 has no result of {INDICATORS[-1]}; a missing result is not a failed one"
    assert reject == {"row": "16", "fixmedins_code": "Y17", "reason": "result", "message": message}
    assert sorted(os.listdir(place)) == ["cleared.csv", "cleared.rejects.csv", "s"]


def test_what_is_printed(place: Path) -> None:
    ran = Ran(*clear())
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert lines[:2] == ["17 rows in = 16 cleared + 1 rejected", "cleared institutions: cleared.csv"]
    sums = sample().totals()
    for line in (
        "some indicators met 10 15060000.00 15430000.01 30000.00 400000.01 103234.56 9000.00 15326765.45",
        "overrun borne by the institution 232000.01",
        "超标准收费 31000.00",
        "increments without every approval on 2013-12-31: Y16 60000.00",
        "rejected rows: cleared.rejects.csv",
    ):
        assert line in lines
    payers = " + ".join(
        f"{who} {yuan_text(sums[f'by_{name}'])}"
        for who, name in (("institutions", "institution"), ("treasury", "treasury"), ("fund", "fund"))
    )
    assert f"who pays: {yuan_text(sums['cleared_amount'])} = {payers}" in lines


def test_states_sum_to_the_city(place: Path) -> None:
    out = Ran(*clear()).out.splitlines()
    rows = [line.split() for line in out if line.startswith(("all indicators", "some indicators", "no indicator"))]
    figures = [[round(float(cell) * 100) for cell in row if cell[0].isdigit()] for row in rows]
    institutions, *amounts = [sum(column) for column in zip(*figures, strict=True)]
    sums = sample().totals()
    names = ("budget", "actual", "saving", "overrun", "by_institution", "by_treasury", "by_fund")
    assert institutions == 16 * 100
    assert amounts == [sums[name] for name in names]


def test_chinese_labels_say_the_same_figures(place: Path) -> None:
    english, chinese = Ran(*clear()), Ran(*clear(), "--language", "zh")
    assert chinese.out.splitlines()[0] == "输入 17 行 = 清算 16 行 + 拒绝 1 行"
    assert "机构承担超支" in chinese.out
    figures = [
        [word for word in ran.out.split() if word.count(".") == 1 and word.replace(".", "").isdigit()]
        for ran in (english, chinese)
    ]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 40


def test_csv_and_parquet_give_the_same(place: Path) -> None:
    tables = ("institutions", *TABLES)
    for name in tables:
        write(place / f"{name}.parquet", read(place / f"s/{name}.csv", None))
    beside = [word for name in TABLES for word in (f"--{name}", f"{name}.parquet")]
    first = Ran(*clear())
    second = Ran("clear", "institutions.parquet", *beside, *POLICY, "-o", "cleared.parquet")
    assert (first.status, second.status, second.err) == (0, 0, "")
    assert second.out == first.out.replace(".csv", ".parquet")
    kept = {name: np_texts(column) for name, column in read("cleared.parquet", None).items()}
    plain = {name: np_texts(column) for name, column in read("cleared.csv", None).items()}
    for name in ("quality_factor", "internal_factor"):
        assert {text.rstrip("0").rstrip(".") for text in kept.pop(name)} == {*plain.pop(name)} == {"1"}
    assert kept == plain


@pytest.mark.parametrize(("shape", "suffix"), [("text", "txt"), ("markdown", "md"), ("html", "html")])
def test_a_statement_for_each_institution_and_the_city(place: Path, shape: str, suffix: str) -> None:
    ran = Ran(*clear(), "--pages", "pages", "--page-format", shape)
    assert ran.out.splitlines()[-1] == "17 pages in pages"
    codes = [f"Y{number:02d}" for number in range(1, 17)]
    assert sorted(os.listdir(place / "pages")) == sorted(f"{name}.{suffix}" for name in ("city", *codes))
    page = (place / f"pages/Y10.{suffix}").read_text(encoding="utf-8")
    assert "市内外均超支,部分达标(Y10)" in page
    assert "33000.00" in page.replace(",", "")
    city = (place / f"pages/city.{suffix}").read_text(encoding="utf-8")
    assert all(code in city for code in codes)
    assert "232000.01" in city.replace(",", "")


def test_one_row_is_explained_with_its_clauses(place: Path) -> None:
    arguments = clear()[:-2]
    english, chinese = (Ran(*arguments, "--row", "9", *more) for more in ((), ("--language", "zh")))
    assert (english.status, chinese.status) == (0, 0)
    assert english.out.startswith("institution Y10: budget-sample, 2013\n")
    assert "overrun borne by the institution = 33000.00\n" in english.out
    assert "[opinion-2013 二(三)3 健全结算管理]" in english.out
    assert "机构承担超支 = 33000.00\n" in chinese.out
    assert Ran(*arguments, "--row", "9", "--format", "json").out.startswith("{")
    assert os.listdir(place) == ["s"]
    assert refusal(*arguments, "--row", "16").startswith("row 16 is rejected: institution Y17 has no result of ")
    assert refusal(*arguments, "--row", "17") == "row 17 is not in the table, which has rows 0 to 16"


def test_a_row_is_explained_beside_the_files_that_are_asked_for(place: Path) -> None:
    plain, ran = Ran(*clear()[:-2], "--row", "9"), Ran(*clear(), "--row", "9", "--pages", "p")
    assert (ran.status, ran.err, ran.out) == (0, "", plain.out)
    assert len(rows_of(place / "cleared.csv")) == 16
    assert len(rows_of(place / "cleared.rejects.csv")) == 1
    assert len(os.listdir(place / "p")) == 17


def test_a_later_settlement_counts_later_approvals(place: Path) -> None:
    ran = Ran(*clear(), "--settled-on", "2014-06-30")
    assert ran.status == 0
    assert "increments without" not in ran.out
    assert len(rows_of(place / "cleared.csv")) == 16


def test_rejects_go_where_they_are_sent_and_old_ones_do_not_stay(place: Path) -> None:
    Ran(*clear(), "--rejects", "bad.csv")
    assert sorted(os.listdir(place)) == ["bad.csv", "cleared.csv", "s"]
    Ran(*clear())
    edited(place / "s/institutions.csv", place / "sound.csv", lambda text: "\n".join(text.splitlines()[:-1]) + "\n")
    for name in ("results", "months"):
        edited(
            place / f"s/{name}.csv",
            place / f"s/{name}.csv",
            lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("Y17")) + "\n",
        )
    assert Ran(*clear("sound.csv")).out.startswith("16 rows in = 16 cleared + 0 rejected\n")
    assert rows_of(place / "cleared.rejects.csv") == []


def test_with_states_and_advances_stated_no_other_table_is_needed(place: Path) -> None:
    Path("plain.csv").write_text(
        "fixmedins_code,quota_local,actual_local,state,advanced,quality_mark,internal_mark,assessment\n"
        "H1,1000.00,900.00,all_met,900.00,90,80,95\nH2,1000.00,1100.00,some_met,1000.00,90,80,95\n"
    )
    ran = Ran("clear", "plain.csv", "--policy", "assumed", "--year", "2025", "-o", "cleared.csv")
    assert (ran.status, ran.err) == (0, "")
    rows = rows_of(place / "cleared.csv")
    assert [(row["by_fund"], row["by_institution"], row["clearing"]) for row in rows] == [
        ("980.00", "0.00", "80.00"),
        ("1055.00", "45.00", "55.00"),
    ]
    assert not (place / "cleared.rejects.csv").exists()


def test_where_no_row_is_cleared_there_are_no_sums(place: Path) -> None:
    ran = Ran("clear", "s/institutions.csv", "--policy", "assumed", "--year", "2025", "-o", "cleared.csv")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[:2] == ["17 rows in = 0 cleared + 17 rejected", "cleared institutions: cleared.csv"]
    assert lines[3] == "rejected rows: cleared.rejects.csv"
    assert "the city" not in ran.out
    assert {row["reason"] for row in rows_of(place / "cleared.rejects.csv")} == {"state"}


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("clear",),
            "clear needs INSTITUTIONS, --policy, --year and -o; --sample DIR makes a sample to try"
            " (program clear --help says more)",
        ),
        (
            ("clear", "--sample", "x", "-o", "y.csv"),
            "--sample makes a folder and clears nothing; leave the rest out (program clear --help says more)",
        ),
        *(
            (
                ("clear", "--sample", "x", *more),
                "--sample makes a folder and clears nothing; leave the rest out (program clear --help says more)",
            )
            for more in (("--pages", "p"), ("--row", "0"), ("--results", "s/results.csv"))
        ),
        *(
            (
                (*clear()[:-2], "--row", "9", *more),
                "--pages and --rejects go with -o, the file of the cleared institutions"
                " (program clear --help says more)",
            )
            for more in (("--pages", "p"), ("--rejects", "r.csv"))
        ),
        (clear("nix.csv"), "nix.csv: no such file or directory"),
        (
            clear("s/results.csv"),
            "s/results.csv is named both for the institutions and for results; name another file",
        ),
        (
            clear(out="s/results.csv"),
            "s/results.csv is named both for results and for the cleared institutions; name another file",
        ),
        (clear(out="x.xls"), "x.xls: a table is a file that ends in .csv or .parquet"),
        (clear(out="nix/x.csv"), "nix: no such file or directory"),
        (clear("named.csv"), "institutions: unknown column quota_locl, did you mean quota_local?"),
        (
            clear("s/institutions.csv", "--total", "25499999.99"),
            "institutions: the quotas sum to 25500000.00, 0.01 more than the blocks of the total leave for them; lower"
            " a quota or raise the block",
        ),
        (
            clear("s/institutions.csv", "--total", "-5"),
            "invalid value for '--total': an amount of 0 or more in yuan is due, not -5"
            " (program clear --help says more)",
        ),
        (
            clear("s/institutions.csv", "--total", "abc"),
            "invalid value for '--total': yuan takes a plain decimal figure such as '12.30', not 'abc'"
            " (program clear --help says more)",
        ),
        (
            clear("s/institutions.csv", "--results", "flags.csv"),
            "results: met_flag takes '1' (met) or '0' (not met), not 'yes'",
        ),
        (
            clear("s/institutions.csv", "--year", "2031"),
            "budget-sample: section budget_sharing, version 2013, was verified up to 2014-02-27 only; 2031-12-31 is"
            " past it (--mode warn and --mode carry_forward use it all the same)",
        ),
        (
            ("clear", "s/institutions.csv", "--policy", "s/policy.toml", "--year", "2013", "-o", "c.csv"),
            "budget-sample: 虞政发〔2013〕36号 is repealed; to use it as history, say --allow-repealed",
        ),
    ],
)
def test_what_is_refused_in_one_line(place: Path, args: tuple[str, ...], message: str) -> None:
    edited(place / "s/institutions.csv", place / "named.csv", lambda text: text.replace("quota_local", "quota_locl", 1))
    edited(place / "s/results.csv", place / "flags.csv", lambda text: text.replace(",1\n", ",yes\n"))
    assert refusal(*args) == message
    assert not (place / "cleared.csv").exists()


def test_a_policy_that_leaves_figures_open_says_what(place: Path) -> None:
    ran = Ran("clear", "s/institutions.csv", "--policy", "tianjin-2021", "--year", "2023", "-o", "cleared.csv")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("mipolicy: tianjin-2021: ")
    assert os.listdir(place) == ["s"]


def test_the_library_reads_the_same_sample(place: Path) -> None:
    policy = mipolicy.loads(Path("s/policy.toml").read_text(encoding="utf-8"), name="p.toml", allow_repealed=True)
    tables = {name: read(f"s/{name}.csv", None) for name in TABLES}
    cleared: ClearedYear = mipolicy.clear(policy, read("s/institutions.csv", None), year=2013, **tables)
    assert cleared.texts() == sample().texts()
