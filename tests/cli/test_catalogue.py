"""The commands that make groups, base points and prices: what each prints and writes, and what each refuses."""

from __future__ import annotations

import os
import shutil
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

import mipolicy
from mipolicy.cases.base_points import make_base_points
from mipolicy.cases.grouping import group_cases
from mipolicy.cases.history import make_catalogue
from mipolicy.cases.prices import evaluate_prices
from mipolicy.demo.history import region_history, with_diagnoses
from mipolicy.demo.region import region_year
from mipolicy.interop import read, write
from mipolicy.money import factor_text, yuan_text

from .test_cli import Ran, np_texts, refusal, rows_of

CASES = 2000
POLICY = mipolicy.load("assumed")
ASSUMED = ("--policy", "assumed", "--year", "2025")
MAKE = ("catalogue", "make", "r/history.csv", "--kinds", "r/kinds.csv", *ASSUMED)
POINTS = ("catalogue", "base-points", "r/drg-history.csv", *ASSUMED)
GROUP = ("catalogue", "group", "r/ungrouped.csv", "--groups", "made/groups.csv", "--kinds", "r/kinds.csv", *ASSUMED)
PRICES = ("catalogue", "prices", "r/priced-history.csv", *ASSUMED)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    ran = Ran("region", folder / "r", "--cases", str(CASES), "--history")
    assert (ran.status, ran.err) == (0, "")
    names = ("history", "kinds", "drg-history", "priced-history", "prices", "ungrouped")
    assert ran.out.splitlines()[-6:] == [str(folder / "r" / f"{name}.csv") for name in names]
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with the region and its history in `r`."""
    shutil.copytree(made / "r", tmp_path / "r")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_make_writes_what_the_library_makes(place: Path) -> None:
    ran = Ran(*MAKE, "-o", "made")
    assert (ran.status, ran.err) == (0, "")
    history = region_history(3 * CASES)
    found = make_catalogue(POLICY, history.history, kinds=history.kinds, year=2025)
    groups = rows_of(place / "made/groups.csv")
    assert [row["group_code"] for row in groups] == found.groups["group_code"]
    assert [row["base_points"] for row in groups] == [factor_text(each) for each in found.groups["base_points"]]
    assert [row["mean_primary"] for row in groups] == [
        "" if each is None else yuan_text(each) for each in found.groups["mean_primary"]
    ]
    assert len(rows_of(place / "made/auxiliaries.csv")) == len(found.fit.factors)
    assert rows_of(place / "made/catalogue.rejects.csv") == [*found.rejects.records()]
    variation = found.variation()
    assert [row["cv"] for row in rows_of(place / "made/variation.csv")] == [factor_text(cv) for cv in variation["cv"]]
    explained = Decimal(found.catalogue.explained_rate()).scaleb(-4).normalize()
    shown = dict(line.rsplit(maxsplit=1) for line in ran.out.splitlines() if line.count("  "))
    assert {name.strip(): figure for name, figure in shown.items()} | {
        "groups": str(len(groups)),
        "core groups": str(found.groups["kind"].count("core")),
        "comprehensive groups": str(found.groups["kind"].count("comprehensive")),
        "variance of cost that the groups explain": f"{explained:f}%",
        "groups past the CV limit": str(sum(1 for stable in variation["stable"] if not stable)),
        "lines of the auxiliary catalogue": str(len(found.fit.factors)),
    } == {name.strip(): figure for name, figure in shown.items()}
    assert ran.out.splitlines()[0] == f"6000 rows in = {found.used} used + {len(found.rejects)} rejected"
    assert found.used + len(found.rejects) == 6000


def test_base_points_stand_beside_the_groups_of_dip(place: Path) -> None:
    Ran(*MAKE, "-o", "made")
    dip = rows_of(place / "made/groups.csv")
    ran = Ran(*POINTS, "-o", "made")
    found = make_base_points(POLICY, region_history(3 * CASES).grouped, year=2025)
    assert ran.out.splitlines()[:2] == [
        "2000 rows in = 2000 used + 0 rejected",
        f"2025: {len(found.records)} groups, {len(found.factors)} difference factors",
    ]
    both = rows_of(place / "made/groups.csv")
    assert [row["group_code"] for row in both[: len(dip)]] == [row["group_code"] for row in dip]
    drg = both[len(dip) :]
    assert [(row["group_code"], row["base_points"], row["kind"]) for row in drg] == [
        (each.group_code, factor_text(each.base_points), "drg") for each in found.records
    ]
    assert [row["difference_factor"] for row in rows_of(place / "made/differences.csv")] == [
        factor_text(each.difference_factor) for each in found.factors
    ]
    # once more, and in the other order: each system's groups are replaced, the other's stay
    Ran(*POINTS, "-o", "made")
    Ran(*MAKE, "-o", "made")
    assert rows_of(place / "made/groups.csv") == both


def test_a_table_is_replaced_in_the_file_that_holds_it(place: Path) -> None:
    Ran(*MAKE, "-o", "made")
    first = read("made/groups.csv", None)
    os.remove("made/groups.csv")
    write("made/groups.parquet", first)
    assert str(Path("made/groups.parquet")) in Ran(*MAKE, "-o", "made").out.splitlines()
    again = read("made/groups.parquet", None)
    assert {name: np_texts(column) for name, column in again.items()} == {
        name: np_texts(column) for name, column in first.items()
    }
    assert not Path("made/groups.csv").exists()


def test_the_year_is_paid_by_what_was_made(place: Path) -> None:
    Ran(*MAKE, "-o", "made")
    Ran(*POINTS, "-o", "made")
    ran = Ran(*GROUP, "-o", "grouped.csv")
    history, year = region_history(3 * CASES), region_year(CASES)
    groups = make_catalogue(POLICY, history.history, kinds=history.kinds, year=2025).groups
    found = group_cases(POLICY, groups, with_diagnoses(year.cases), history.kinds, year=2025)
    assert ran.out.splitlines()[0] == (
        f"{CASES} rows in = {found.grouped} with a group + {found.without_group} without"
        f" + {len(found.rejects)} rejected"
    )
    kept = np.setdiff1d(np.arange(CASES), found.rejects.row)
    assert [row["group_code"] for row in rows_of(place / "grouped.csv")] == found.group_code.texts()[kept].tolist()
    assert rows_of(place / "grouped.rejects.csv") == [*found.rejects.records()]
    for name in ("institutions", "contracts", "accounts"):
        shutil.copy(f"r/{name}.csv", "made")
    paid = Ran("pay", "grouped.csv", "--region", "made", "--policy", "assumed", "-o", "paid.csv")
    assert paid.status == 0
    assert len(rows_of(place / "paid.csv")) + len(rows_of(place / "paid.rejects.csv")) == len(kept)


def test_what_changes_against_the_year_before(place: Path) -> None:
    Ran(*MAKE, "-o", "before")
    Ran(*POINTS, "-o", "before")
    groups = read("before/groups.csv", None)
    groups["base_points"] = groups["base_points"].astype("U20")
    groups["base_points"][0] = "1000"
    new = rows_of(place / "before/groups.csv")[0]
    write("before/groups.csv", {name: np.delete(column, [1]) for name, column in groups.items()})
    ran = Ran(*MAKE, "-o", "made", "--previous", "before")
    changes = rows_of(place / "made/dip-group-changes.csv")
    assert [(row["group_code"], row["change"]) for row in changes] == [
        (groups["group_code"][0], "changed"),
        (groups["group_code"][1], "added"),
    ]
    assert (changes[0]["old_points"], changes[0]["new_points"]) == ("1000", new["base_points"])
    percent = (Decimal(new["base_points"]) / 10 - 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert changes[0]["points_change"] == f"{percent.normalize():f}%"
    assert rows_of(place / "made/auxiliaries-changes.csv") == []
    assert [line.split() for line in ran.out.splitlines() if line.startswith(("groups  ", "factors  "))][-2:] == [
        ["groups", "2", "1", "0", "1"],
        ["factors", "0", "0", "0", "0"],
    ]
    Ran(*POINTS, "-o", "made", "--previous", "before", "--new", "DRG0001")
    assert rows_of(place / "made/drg-group-changes.csv") == []
    factors = rows_of(place / "made/differences-changes.csv")
    assert {row["group_code"] for row in factors} == {"DRG0001"}
    assert {row["new_factor"] for row in factors} <= {"1", ""}


def test_prices_suggested_and_checked(place: Path) -> None:
    ran = Ran(*PRICES, "-o", "prices", "--prices", "r/prices.csv", "--language", "zh")
    history = region_history(3 * CASES)
    found = evaluate_prices(POLICY, history.priced, prices=history.prices, year=2025)
    assert ran.out.splitlines()[0] == "输入 600 行 = 采用 600 行 + 拒绝 0 行"
    suggested = {each.dise_codg: each for each in found.suggested}
    shown = [line.split() for line in ran.out.splitlines() if line.startswith(("C", "G", "H", "K"))]
    assert shown == [
        [
            each.dise_codg,
            str(each.cases),
            yuan_text(each.price),
            yuan_text(suggested[each.dise_codg].suggested or 0),
            yuan_text(each.proposed),
        ]
        for each in found.revised
    ]
    assert [row["proposed"] for row in rows_of(place / "prices/revised.csv")] == [row[4] for row in shown]
    assert sorted(os.listdir("prices")) == ["revised.csv", "suggested.csv"]
    Ran(*PRICES, "-o", "alone")
    assert os.listdir("alone") == ["suggested.csv"]


def test_help_of_the_group() -> None:
    ran = Ran("catalogue")
    assert ran.status == 0
    for name in ("make", "group", "base-points", "prices"):
        assert f"\n  {name} " in ran.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["catalogue", "make", "r/history.csv", *ASSUMED, "-o", "o"],
            "kinds: the table has procedures, and nothing says how they treat; give kinds, a table of oprn_oprt_code "
            "and treatment",
        ),
        (
            [*MAKE[:-2], "-o", "o"],
            "history: discharges from 2022 to 2026 are more than 3 years; say the year that they serve, --year",
        ),
        ([*MAKE, "-o", "o", "--previous", "nix"], "nix: a folder with the tables of the year before is due"),
        (
            [*MAKE, "-o", "o", "--previous", "empty"],
            "empty holds no groups.csv or groups.parquet to compare with",
        ),
        (
            [*MAKE, "-o", "r", "--previous", "r"],
            "r is named both for the folder of the year before and for the new tables; name another file",
        ),
        (
            ["catalogue", "make", "o/groups.csv", *ASSUMED, "-o", "o"],
            "o/groups.csv is named both for the history and for groups; name another file",
        ),
        (
            ["catalogue", "make", "r/drg-history.csv", *ASSUMED, "-o", "o"],
            "history: missing diag_code (the groups are made of diagnoses)",
        ),
        ([*POINTS, "-o", "o", "--new", "X"], "new_groups: X has no case in the history; name groups that have one"),
        (
            ["catalogue", "base-points", "r/history.csv", *ASSUMED, "-o", "o"],
            "history: missing group_code (base points are those of groups)",
        ),
        (
            ["catalogue", "prices", "r/history.csv", *ASSUMED, "-o", "o"],
            "history: missing dise_codg (prices are those of listed diseases)",
        ),
        (
            [*PRICES, "-o", "o", "--prices", "r/kinds.csv"],
            "prices: missing dise_codg, price; unknown column oprn_oprt_code, treatment; columns: dise_codg, price",
        ),
        (
            ["catalogue", "group", "r/ungrouped.csv", "--groups", "r/groups.csv", *ASSUMED, "-o", "r/groups.csv"],
            "r/groups.csv is named both for the groups and for the grouped cases; name another file",
        ),
        (
            ["catalogue", "group", "r/ungrouped.csv", "--groups", "nix.csv", *ASSUMED, "-o", "o.csv"],
            "nix.csv: no such file or directory",
        ),
    ],
)
def test_what_is_refused_in_one_line(place: Path, args: list[str], message: str) -> None:
    (place / "empty").mkdir()
    assert refusal(*args) == message
    assert not (place / "o").exists()
    assert not (place / "o.csv").exists()


def test_a_policy_that_leaves_the_catalogue_open(place: Path) -> None:
    ran = Ran(*("changde-2023" if each == "assumed" else each for each in MAKE), "-o", "o")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("mipolicy: changde-2023: section dip_grouping leaves ")
    assert not (place / "o").exists()
