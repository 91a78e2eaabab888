"""Pages as plain text, Markdown, rows for CSV files and HTML to be printed, in Chinese or English.

Amounts in yuan with two decimals, points with theirs; what does not apply is left empty.  Nothing is written anywhere.
"""

from __future__ import annotations

import csv
import html
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from mipolicy.reports.sheet import Block, Figures, Grid, Language, Sheet

__all__ = ["as_csv", "as_html", "as_markdown", "as_text", "csv_rows"]

_STYLE: Final = """
body { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif;
  font-size: 10pt; color: #111; margin: 1.5em; }
section { break-after: page; max-width: 100%; overflow-x: auto; }
section:last-of-type { break-after: auto; }
h1 { font-size: 14pt; margin: 0 0 .6em; }
table { border-collapse: collapse; margin: 0 1.2em 1.2em 0; }
table.f { display: inline-table; vertical-align: top; }
caption { text-align: left; font-weight: bold; padding: .2em 0; }
th, td { border: 1px solid #bbb; padding: 2px 8px; vertical-align: top; text-align: left; }
thead th { background: #f0f0f0; }
tbody th { font-weight: normal; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr { break-inside: avoid; }
@page { size: A4 portrait; margin: 10mm; }
@page wide { size: A4 landscape; }
section.wide { page: wide; }
@media print { body { margin: 0; font-size: 7pt; } section { overflow-x: visible; } }
"""
_BROAD: Final = 12
"""A table of more columns is printed across the page."""
_HEADS: Final = {"zh": ("项目", "数值"), "en": ("item", "figure")}


def _wide(text: str) -> int:
    """How many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, *, left: bool) -> str:
    blank = " " * (width - _wide(text))
    return text + blank if left else blank + text


def _table(block: Block, language: Language) -> tuple[list[str], list[bool], list[tuple[str, ...]]]:
    """The heads of a block, which of its columns are words, and its cells."""
    if isinstance(block, Figures):
        return list(_HEADS[language]), [True, False], [tuple(row) for row in block.rows(language)]
    return block.heads(language), [each.heading.is_text for each in block.columns], block.rows(language)


# ---- plain text ------------------------------------------------------------------------------------------------------


def as_text(sheet: Sheet, language: Language = "en") -> str:
    """A page as text, words to the left and figures to the right; a Chinese character is two columns wide."""
    lines = [sheet.title(language)]
    for block in sheet.blocks:
        heads, words, rows = _table(block, language)
        shown = rows if isinstance(block, Figures) else [tuple(heads), *rows]
        widths = [max((_wide(row[at]) for row in shown), default=0) for at in range(len(heads))]
        lines += ["", block.title(language)]
        for row in shown:
            cells = [_padded(cell, width, left=left) for cell, width, left in zip(row, widths, words, strict=True)]
            lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines) + "\n"


# ---- Markdown --------------------------------------------------------------------------------------------------------


def as_markdown(sheet: Sheet, language: Language = "en") -> str:
    """A page as Markdown: a heading for the page and for each block, and a table each."""
    lines = [f"# {_escaped(sheet.title(language))}"]
    for block in sheet.blocks:
        heads, words, rows = _table(block, language)
        lines += ["", f"## {_escaped(block.title(language))}", "", _piped(heads)]
        lines.append(_piped([":--" if left else "--:" for left in words]))
        lines += [_piped([_escaped(cell) for cell in row]) for row in rows]
    return "\n".join(lines) + "\n"


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown and the HTML inside of it leave alone."""
    for mark in "\\|`*_[]#":
        text = text.replace(mark, f"\\{mark}")
    return html.escape(" ".join(text.splitlines()), quote=False)


# ---- CSV -------------------------------------------------------------------------------------------------------------


def csv_rows(block: Block, language: Language = "en") -> list[tuple[str, ...]]:
    """The rows of one block, heads first, as a CSV writer takes them; a block of figures has a label and its figure.

    Codes that look like figures stay texts as they are.
    """
    heads, _, rows = _table(block, language)
    return [tuple(heads), *rows]


def as_csv(block: Block, language: Language = "en") -> str:
    """One block as the text of a CSV file, without a byte-order mark."""
    into = io.StringIO()
    csv.writer(into, lineterminator="\n").writerows(csv_rows(block, language))
    return into.getvalue()


# ---- HTML ------------------------------------------------------------------------------------------------------------


def as_html(sheets: Iterable[Sheet], language: Language = "en") -> str:
    """Pages as one HTML document that needs nothing beside it; in print each sheet begins a page."""
    given = tuple(sheets)
    title = html.escape(given[0].title(language) if given else "")
    body = "\n".join(_section(sheet, language) for sheet in given)
    lang = "zh-CN" if language == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _section(sheet: Sheet, language: Language) -> str:
    blocks = "\n".join(_html_table(block, language) for block in sheet.blocks)
    broad = any(isinstance(block, Grid) and len(block.columns) > _BROAD for block in sheet.blocks)
    wide = ' class="wide"' if broad else ""
    head = f"<h1>{html.escape(sheet.title(language))}</h1>"
    return f'<section id="{html.escape(sheet.name)}"{wide}>\n{head}\n{blocks}\n</section>'


def _html_table(block: Block, language: Language) -> str:
    caption = f"<caption>{html.escape(block.title(language))}</caption>"
    if isinstance(block, Figures):
        rows = "\n".join(
            f'<tr title="{html.escape(head.name)}"><th scope="row">{html.escape(label)}</th>'
            f"{_cell(value, words=head.is_text)}</tr>"
            for head, (label, value) in zip(block.headings, block.rows(language), strict=True)
        )
        return f'<table class="f">{caption}<tbody>\n{rows}\n</tbody></table>'
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in block.heads(language))
    words = [each.heading.is_text for each in block.columns]
    rows = "\n".join(
        f"<tr>{''.join(_cell(cell, words=left) for cell, left in zip(row, words, strict=True))}</tr>"
        for row in block.rows(language)
    )
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"


def _cell(text: str, *, words: bool) -> str:
    return f"<td>{html.escape(text)}</td>" if words else f'<td class="n">{html.escape(text)}</td>'
