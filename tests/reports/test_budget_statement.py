"""The year-end statement of a budget: of each institution, and of the city."""

from __future__ import annotations

from typing import Any

import pytest

import mipolicy
from mipolicy.annual.result import PAYERS
from mipolicy.errors import InputError
from mipolicy.reports.budget_statement import city_sheet, institution_sheet, institution_sheets
from mipolicy.reports.render import as_html, as_markdown, as_text
from mipolicy.reports.sheet import Figures, Grid
from tests.annual.test_clear import SAMPLE, one, sample
from tests.payment.shared import check_refused


def test_an_institution_s_statement_holds_what_the_table_holds() -> None:
    cleared = sample()
    sheets = [*institution_sheets(cleared)]
    assert [sheet.name for sheet in sheets] == cleared.columns["fixmedins_code"].tolist()
    for at, sheet in enumerate(sheets):
        figures = {}
        for block in sheet.blocks:
            assert isinstance(block, Figures)
            figures.update({head.name: value for head, value in zip(block.headings, block.values, strict=True)})
        held = {name: int(column[at]) for name, column in cleared.columns.items() if column.dtype.kind == "i"}
        assert figures == held


def test_the_city_s_statement_sums_and_every_fen_has_one_payer() -> None:
    cleared = sample()
    *sums, refused, by_institution, _, _ = city_sheet(cleared).blocks
    found = {}
    for block in sums:
        assert isinstance(block, Figures)
        found.update({head.name: value for head, value in zip(block.headings, block.values, strict=True)})
    assert found == cleared.totals()
    assert isinstance(refused, Grid)
    assert isinstance(by_institution, Grid)
    assert refused.rows("zh") == [("不合理检查", "20000.00"), ("重复收费", "234.56"), ("超标准收费", "31000.00")]
    columns: dict[str, Any] = {series.heading.name: series.values for series in by_institution.columns}
    assert (columns["cleared_amount"] == sum(columns[name] for name in PAYERS)).all()
    assert int(columns["cleared_amount"].sum()) == found["cleared_amount"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_say_the_figures_in_both_languages(language: str) -> None:
    sheet = institution_sheet(sample(), 9)
    titles = {"en": ("budget of 2013 cleared", "overrun out of the city"), "zh": ("2013年度总额预算清算", "市外超支")}
    words = titles[language]
    for text in (as_text(sheet, language), as_markdown(sheet, language), as_html([sheet], language)):  # type: ignore[arg-type]
        for word in (*words, "市内外均超支,部分达标(Y10)"):
            assert word in text
        assert "33000.00" in text.replace(",", "")


def test_the_city_s_statement_names_what_its_sums_leave_out() -> None:
    *_, pending, rejected = city_sheet(sample()).blocks
    assert isinstance(pending, Grid)
    assert isinstance(rejected, Grid)
    assert (pending.en, pending.rows("zh")) == (
        "increments without every approval on 2013-12-31",
        [("Y16", "60000.00")],
    )
    why = "institution Y17 has no result of 开展临床路径管理病种数; a missing result is not a failed one"
    assert rejected.rows("zh") == [("16", "Y17", why)]
    assert why in as_html([city_sheet(sample())], "zh")
    whole = city_sheet(mipolicy.clear(SAMPLE, one(), year=2013))
    assert [block.en for block in whole.blocks][-1] == "by institution"


def test_a_city_without_refusals_has_no_table_of_them() -> None:
    assert len(city_sheet(sample()).blocks) == len(city_sheet(sample(refused=None)).blocks) + 1


def test_names_of_files_hold_nothing_that_a_code_smuggles_in() -> None:
    for code, name in (
        ("../x", "row-0"),
        ("city", "row-0"),
        ("City", "row-0"),
        ("ROW-7", "row-0"),
        ("row-7", "row-0"),
        ("H-1_a", "H-1_a"),
    ):
        assert institution_sheet(mipolicy.clear(SAMPLE, one(fixmedins_code=code), year=2013), 0).name == name


def test_a_place_that_is_none() -> None:
    cleared = sample()
    for at in (-1, 16):
        check_refused(
            lambda at=at: institution_sheet(cleared, at),  # type: ignore[misc]
            InputError,
            f"no institution at {at}: 16 are cleared, from 0",
        )
