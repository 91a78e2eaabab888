"""The coverage page has every rule once, and what it says of each is there."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "coverage.md"
STATUSES = ("works", "data", "later", "outside")
NOTHING = "–"


def listed() -> dict[str, tuple[str, str]]:
    """Rule id -> part and room, from the frozen list."""
    lines = (Path(__file__).parent / "rule_ids.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        rule, part, room = line.split()
        found[rule] = (part, room)
    assert len(found) == len(lines)
    return found


def rows() -> list[tuple[str, str, str, str, str]]:
    """Id, status, function, test and note of each row."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 5 and cells[0] not in ("id", "---"):
            found.append((cells[0], cells[1], cells[2], cells[3], cells[4]))
    return found


LISTED = listed()
ROWS = rows()
BUILT = [row for row in ROWS if row[1] in ("works", "data")]


def names(cell: str) -> list[str]:
    """The names in backquotes that a cell parts by commas, and nothing else."""
    found = re.findall(r"`([^`]+)`", cell)
    assert ", ".join(f"`{name}`" for name in found) == cell, f"a cell of names in backquotes is due, not {cell!r}"
    return found


def resolved(dotted: str) -> Any:
    """What a dotted name stands for; a field of an attrs class counts."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if attrs.has(found) and part in attrs.fields_dict(found):
                found = attrs.fields_dict(found)[part]
            else:
                found = getattr(found, part)
        return found
    raise ModuleNotFoundError(dotted)


@cache
def defined_in(file: Path) -> set[str]:
    """The test functions of a file, with those of its classes as Class::name."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_every_rule_has_one_row_in_the_order_of_the_list() -> None:
    assert [row[0] for row in ROWS] == list(LISTED)
    assert len(ROWS) == 356


def test_every_status_is_known_and_the_page_counts_them() -> None:
    counts = {status: sum(row[1] == status for row in ROWS) for status in STATUSES}
    assert sum(counts.values()) == len(ROWS)
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert (
        f"{counts['works']} rules work, {counts['data']} are data, "
        f"{counts['later']} come later, {counts['outside']} are outside." in text
    )


@pytest.mark.parametrize("row", BUILT, ids=lambda row: row[0])
def test_what_is_built_names_its_functions_and_tests(row: tuple[str, str, str, str, str]) -> None:
    _, status, functions, tests, _ = row
    for name in names(functions):
        assert name.startswith("mipolicy.")
        found = resolved(name)
        assert callable(found) or isinstance(found, attrs.Attribute)
    if status == "works":
        assert names(tests), "nothing works without a test"
    for node in names(tests) if tests != NOTHING else ():
        file, _, test = node.partition("::")
        assert (ROOT / file).is_file(), f"{file} does not exist"
        assert test in defined_in(ROOT / file), f"{file} has no {test}"


@pytest.mark.parametrize("row", BUILT, ids=lambda row: row[0])
def test_what_is_built_lives_where_the_list_puts_it(row: tuple[str, str, str, str, str]) -> None:
    room = LISTED[row[0]][1]
    homes: tuple[str, ...] = (f"mipolicy.{room}", f"mipolicy.{room.partition('.')[0]}.", "mipolicy.benefits.")
    if room == "policy":
        homes = ("mipolicy.policy.", "mipolicy.payment.")
    elif room.startswith("payment."):
        homes = ("mipolicy.payment.", "mipolicy.cases.")
    assert all(name.startswith(homes) for name in names(row[2]))


def test_what_comes_later_names_its_room() -> None:
    for rule, status, functions, tests, note in ROWS:
        if status == "later":
            assert (functions, tests) == (NOTHING, NOTHING), rule
            assert note.startswith(f"`{LISTED[rule][1]}`: "), rule
            assert LISTED[rule][1] != "outside", rule


def test_what_is_outside_says_why() -> None:
    for rule, status, functions, tests, note in ROWS:
        assert (status == "outside") == (LISTED[rule][1] == "outside"), rule
        if status == "outside":
            assert (functions, tests) == (NOTHING, NOTHING), rule
            assert len(note) > 20, rule


def test_no_rule_is_claimed_for_a_room_that_is_not_built() -> None:
    in_part = {"reports.compare"}  # rooms of which only some rules are built
    built = {LISTED[row[0]][1] for row in BUILT} - in_part
    whole = {room for _, room in LISTED.values() if room.startswith(("benefits.", "payment."))}
    whole |= {
        "policy",
        "budget.quota",
        "budget.advance",
        "budget.grid",
        "budget.sharing",
        "budget.clearing",
        "indicators.rates",
        "indicators.targets",
    }
    assert built == whole
    for rule, (_, room) in LISTED.items():
        if room in built:
            assert rule in {row[0] for row in BUILT}, f"{rule} of {room} is neither works nor data"
