"""Pages as text, Markdown, CSV and HTML: what stands in them, aligned and escaped."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

from mipolicy.errors import TableError
from mipolicy.payment.axes import POOL
from mipolicy.reports.clearing_changes import changes_sheet, clearing_changes
from mipolicy.reports.clearing_page import clearing_pages, page_sheet
from mipolicy.reports.office import office_cases
from mipolicy.reports.office_tables import office_grid, office_sheet
from mipolicy.reports.pool_statement import pool_statement, statement_sheet
from mipolicy.reports.render import as_csv, as_html, as_markdown, as_text, csv_rows
from mipolicy.reports.review_candidates import candidates_sheet, review_candidates
from mipolicy.reports.sheet import Figures, Grid, Heading, Language, Series, Sheet, cell_text
from mipolicy.texts import Coded

from .region import pay, small

NAME = Heading("name", "text", "名称", "name")
MONEY = Heading("money", "fen", "金额", "amount")
SMALL = Sheet(
    "one",
    "一页",
    "a page",
    (
        Figures("数", "figures", (NAME, MONEY), ("甲医院", -123_005)),
        Grid(
            "表",
            "table",
            (Series(NAME, ["甲", "b|<i>"]), Series(MONEY, np.array([5, 1_000_000]), np.array([True, False]))),
        ),
    ),
)


def sheets() -> list[Sheet]:
    """One of every kind."""
    budget = small("budget")
    return [
        *(page_sheet(page) for page in clearing_pages(small())),
        statement_sheet(pool_statement(small(), "employee")),
        changes_sheet(clearing_changes(small(), pay())),
        office_sheet(office_cases(budget)),
        candidates_sheet(review_candidates(budget)),
    ]


def test_cells_in_their_units() -> None:
    assert [cell_text("fen", amount) for amount in (0, 5, -5, 10**13)] == ["0.00", "0.05", "-0.05", "100000000000.00"]
    assert (cell_text("points", 1_234_500), cell_text("price", 10_845_500)) == ("123.45", "10.8455")
    assert (cell_text("rate", 125_000), cell_text("count", 7)) == ("12.5%", "7")
    assert (cell_text("text", "H1"), cell_text("fen", None), cell_text(POOL, None)) == ("H1", "", "")
    assert (cell_text(POOL, 1), cell_text(POOL, 1, "zh")) == ("residents", "居民")
    assert (cell_text("flag", 1, "zh"), cell_text("flag", 0)) == ("是", "no")


def test_columns_write_what_cells_write() -> None:
    figures = [0, 5, -5, 100, -123_005, 10**13]
    for heading in (MONEY, Heading("points", "points", "", ""), Heading("rate", "rate", "", "")):
        column = Series(heading, np.array(figures)).texts("en")
        assert column == [cell_text(heading.unit, each) for each in figures]
    assert Series(Heading("pool", POOL, "", ""), np.array([1, 0, 1])).texts("zh") == ["居民", "职工", "居民"]
    assert Series(NAME, Coded.of(["b", "a", "b"])).texts("en") == ["b", "a", "b"]


def test_a_table_has_columns_of_one_length() -> None:
    with pytest.raises(TableError, match="columns of a table must be of one length, got 1, 2 rows"):
        Grid("", "", (Series(NAME, ["a"]), Series(MONEY, [1, 2])))
    assert len(Grid("", "", ())) == 0


def test_plain_text_is_aligned_with_characters_of_two_columns() -> None:
    assert as_text(SMALL, "zh") == (
        "一页\n\n数\n  名称    甲医院\n  金额  -1230.05\n\n表\n  名称   金额\n  甲     0.05\n  b|<i>\n"
    )
    assert as_text(SMALL).splitlines()[3:5] == ["  name      甲医院", "  amount  -1230.05"]


def test_markdown_escapes_what_it_would_read() -> None:
    assert as_markdown(SMALL) == (
        "# a page\n\n## figures\n\n| item | figure |\n| :-- | --: |\n| name | 甲医院 |\n| amount | -1230.05 |\n"
        "\n## table\n\n| name | amount |\n| :-- | --: |\n| 甲 | 0.05 |\n| b\\|&lt;i&gt; |  |\n"
    )
    assert as_markdown(SMALL, "zh").startswith("# 一页\n\n## 数\n\n| 项目 | 数值 |\n")


def test_csv_reads_back_as_its_rows() -> None:
    grid = office_grid(office_cases(small("budget")))
    assert [tuple(row) for row in csv.reader(io.StringIO(as_csv(grid, "zh")))] == csv_rows(grid, "zh")
    assert csv_rows(SMALL.blocks[0]) == [("item", "figure"), ("name", "甲医院"), ("amount", "-1230.05")]
    assert csv_rows(SMALL.blocks[1], "zh") == [("名称", "金额"), ("甲", "0.05"), ("b|<i>", "")]


def parsed(text: str) -> Any:
    """The document as a tree: what opens is closed."""
    head, _, body = text.partition("\n")
    assert head == "<!DOCTYPE html>"
    return ElementTree.fromstring(body.replace('<meta charset="utf-8">', ""))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_html_is_whole_with_a_section_for_each_page(language: Language) -> None:
    given = sheets()
    text = as_html(given, language)
    tree = parsed(text)
    sections = tree.findall("body/section")
    assert [each.get("id") for each in sections] == [sheet.name for sheet in given]
    assert [each.findtext("h1") for each in sections] == [sheet.title(language) for sheet in given]
    for section, sheet in zip(sections, given, strict=True):
        tables = section.findall("table")
        assert [table.findtext("caption") for table in tables] == [block.title(language) for block in sheet.blocks]
        for table, block in zip(tables, sheet.blocks, strict=True):
            cells = [[each.text or "" for each in row] for row in table.findall("tbody/tr")]
            assert cells == [list(row) for row in block.rows(language)]
    assert tree.get("lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert "http" not in text  # it needs nothing beside it
    assert "break-after: page" in text


def test_html_figures_stand_to_the_right_and_words_do_not() -> None:
    tree = parsed(as_html([SMALL]))
    name, amount = tree.findall("body/section/table[1]/tbody/tr")
    assert (name.find("td").get("class"), amount.find("td").get("class")) == (None, "n")
    assert amount.get("title") == "money"
    assert tree.find("body/section").get("class") is None


def test_a_page_with_a_broad_table_is_printed_across() -> None:
    tree = parsed(as_html([office_sheet(office_cases(small("budget")))]))
    assert tree.find("body/section").get("class") == "wide"


def test_no_page_at_all() -> None:
    assert parsed(as_html([])).findtext("head/title") == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_label_is_there_in_both_languages(language: Language) -> None:
    for sheet in sheets():
        for block in sheet.blocks:
            assert block.title(language)
            heads = block.heads(language) if isinstance(block, Grid) else [label for label, _ in block.rows(language)]
            assert all(heads)
            assert len(set(heads)) == len(heads), block.en
