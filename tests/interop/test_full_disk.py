"""A disk that is full while a file is written: an error, and nothing of the output; what was there stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mipolicy.demo import bills, region_year
from mipolicy.interop import write
from mipolicy.interop.region import write_folder

_ROOM = 20_000
"""No file of the process may become larger; the input is."""
LIMITED = f"""
import resource, sys
from functools import partial
from mipolicy.cli import commands, payment, program
from mipolicy.interop import pay_streams, streams
if sys.argv[1] == "parts":
    streams.PART_ROWS = 100
    commands.settle_files = partial(streams.settle_files, part_rows=100)
    payment.pay_files = partial(pay_streams.pay_files, part_rows=100)
resource.setrlimit(resource.RLIMIT_FSIZE, ({_ROOM}, {_ROOM}))
program.main(sys.argv[2:], prog_name="mipolicy")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    given, lines = bills(1_500, seed=3)
    year = region_year(2_000, seed=3)
    write_folder(folder / "region", year.cases, {name: of for name, of in year.tables().items() if name != "cases"})
    (folder / "settle").mkdir()
    for suffix in (".csv", ".parquet"):
        write(folder / "settle" / f"bills{suffix}", given)
        write(folder / "settle" / f"lines{suffix}", lines)
    return folder


def run(folder: Path, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *args], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 2, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("command", "suffix", "how"),
    [
        ("settle", ".csv", "whole"),
        ("settle", ".parquet", "parts"),
        ("pay", ".parquet", "whole"),
        ("pay", ".csv", "parts"),
    ],
)
def test_nothing_is_left_of_what_cannot_be_written(made: Path, command: str, suffix: str, how: str) -> None:
    folder = made / ("settle" if command == "settle" else "region")
    names = [f"bills{suffix}", "--lines", f"lines{suffix}"] if command == "settle" else ["cases.csv", "--year", "2025"]
    out = folder / f"out{suffix}"
    out.write_text("as it was\n")
    before = sorted(os.listdir(folder))
    said = run(folder, how, command, *names, "--policy", "assumed", "-o", out.name)
    assert said.startswith("mipolicy: ")
    assert said.count("\n") == 1
    assert "too large" in said.lower()
    beside = {f"out.{name}{suffix}" for name in ("rejects", "line-rejects", "clearing")}  # written whole, before it
    assert set(os.listdir(folder)) - beside == set(before) - beside
    assert out.read_text() == "as it was\n"
