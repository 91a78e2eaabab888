"""The notebook runs, and what it shows equals sums worked from the clauses, bill by bill."""

from __future__ import annotations

import base64
import re
import struct
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "family-year.ipynb"
PAYERS = 8
Row = list[Decimal]


def cent(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def part(amount: str | Decimal, percent: str) -> Decimal:
    return cent(Decimal(amount) * Decimal(percent) / 100)


def pooled_fund() -> dict[str, Decimal]:
    """What the pooled fund pays of each bill, by the clauses of the made-up documents."""
    pooled = {
        "S01": part("175", "70"),  # township, minor: 65 and 5 for primary care, no deductible
        "S02": part(Decimal("800") - 300, "65"),
        "S03": part(Decimal("4370") - 300, "90"),
        "S04": part("4370", "90"),
        "S05": Decimal(0),  # the stay of S06 came first in time and used up the ceiling
        "S07": part("20000", "85") + part("60000", "88") + part(Decimal(171000 - 900 - 80000), "92"),
        "S08": part("50000", "70") + part(Decimal(156000 - 900 - 50000), "75"),  # 10 points more at level 3
        "S09": part(Decimal(39000 - 500), "80"),  # the bands go on over the year; 5 points more at level 2
        "S10": part(Decimal(9050 - 500), "75"),
        "S11": part("95", "70"),
    }
    return {**pooled, "S06": 400_000 - pooled["S03"] - pooled["S04"]}


def layers(pooled: dict[str, Decimal]) -> dict[str, list[Decimal | int]]:
    """What the layers above pay: residents' major illness, large cost, employees' major illness, civil servants,
    assistance, mutual aid."""
    reached = 80_000 + cent((pooled["S06"] - part("20000", "88") - part("60000", "90")) / Decimal("0.94"))
    above = 522_000 - 700 - reached
    large_cost = part("100000", "85") + part(above - 100_000, "90")
    with_s05 = cent(part("100000", "85") + (above + 4370 - 100_000) * Decimal("0.9"))
    own = 4370 - pooled["S03"] + 4370 - pooled["S04"] + 522_000 - above - pooled["S06"]
    retired = part(own - 20_000, "50")

    base = 171_000 - pooled["S07"]  # below the 20000 of major illness
    civil = part(base + 9000 - 500, "80")
    mutual = part(base + 9000 - civil, "20")

    first = 156_000 - pooled["S08"]
    second = 39_000 - pooled["S09"]
    major_1 = part(first - 7500, "65")
    major_2 = part(Decimal(50_000 - 7500), "65") + part(first + second - 50_000, "70") - major_1
    left_1, left_2 = first - major_1, second - major_2
    help_1, help_2 = part(left_1, "75"), part(left_2, "75")
    tilted_1, tilted_2 = part(left_1 - help_1 - 3000, "60"), part(left_2 - help_2, "60")

    return {
        "S05": [0, with_s05 - large_cost, 0, 0, 0, 0],
        "S06": [0, large_cost, retired, 0, 0, 0],
        "S07": [0, 0, 0, civil, 0, mutual],
        "S08": [major_1, 0, 0, 0, help_1 + tilted_1, 0],
        "S09": [major_2, 0, 0, 0, help_2 + tilted_2, 0],
    }


def worked() -> dict[str, Row]:
    """Each bill: total, pooled fund, the layers above, the person."""
    pooled = pooled_fund()
    above = layers(pooled)
    totals = ("180", "860", "4600", "4600", "4600", "560000", "186000", "168000", "42000", "9800", "95")
    rows = {}
    for number, total in enumerate(totals, start=1):
        bill = f"S{number:02}"
        paid = [pooled[bill], *map(Decimal, above.get(bill, [0] * 6))]
        rows[bill] = [Decimal(total), *paid, Decimal(total) - sum(paid)]
    return rows


BILLS_OF = {
    "Wei": ("S02", "S07"),
    "Jianguo": ("S03", "S04", "S05", "S06"),
    "Xiaoming": ("S01", "S10", "S11"),
    "Xiuying": ("S08", "S09"),
}


def summed(rows: list[Row]) -> Row:
    return [sum(column, Decimal(0)) for column in zip(*rows, strict=True)]


def table(markdown: str) -> dict[str, Row]:
    """The first word of each row -> the amounts at its end."""
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in markdown.splitlines()[2:]]
    return {line[0].split()[0]: [Decimal(cell) for cell in line[-PAYERS - 1 :]] for line in lines}


def executed() -> dict[str, Any]:
    """What each cell shows at its end, by cell id and kind of text or picture."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert "missing from font" not in output.get("text", ""), "a label of the picture has become boxes"
            shown[cell["id"]] = output.get("data", {})
    return shown


@pytest.mark.filterwarnings("default")  # those of the kernel's client are not ours to mend
def test_the_notebook_shows_what_the_clauses_come_to() -> None:
    shown = executed()
    assert shown["settled"]["text/plain"] == "(11, 11, 0)"
    bills = worked()
    assert table(shown["by-bill"]["text/markdown"]) == bills
    people = {name: summed([bills[bill] for bill in theirs]) for name, theirs in BILLS_OF.items()}
    assert table(shown["by-person"]["text/markdown"]) == {**people, "all": summed(list(bills.values()))}
    assert shown["identity"]["text/plain"] == "[0, 0, 0, 0]"

    explained = shown["explained"]["text/html"]
    assert "benefits-2024 第二十三条 居民大病保险" in explained
    for amount in (bills["S09"][1], bills["S09"][2], bills["S09"][6]):
        assert f"<td style='text-align:left;vertical-align:top;padding:2px 8px'>{amount}</td>" in explained

    picture = base64.b64decode(shown["picture"]["image/png"])
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 2 * height > 200


def test_the_notebook_is_kept_without_outputs_and_its_picture_without_chinese() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    (picture,) = [cell.source for cell in cells if cell.id == "picture"]
    assert not re.search(r"[^\x00-\x7f]", picture)
