"""The commands that write pages: of the clearing, of a re-run, and for an institution's insurance office."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import click

import mipolicy
from mipolicy.cases.result import PaidTable
from mipolicy.cli import show
from mipolicy.cli.find import policy_of
from mipolicy.cli.options import LANGUAGE, MODE, POLICY, REPEALED
from mipolicy.errors import TableError
from mipolicy.interop import files
from mipolicy.interop.region import read_folder
from mipolicy.payment.case import Case
from mipolicy.reports import clearing_changes, clearing_page, office, office_tables, pool_statement, render
from mipolicy.reports.review_candidates import candidates_sheet, review_candidates
from mipolicy.reports.sheet import Sheet

__all__ = ["FORMATS", "changes", "office_pages", "write_pages"]

FORMATS: Final[Mapping[str, tuple[str, Callable[[Sequence[Sheet], Any], str]]]] = MappingProxyType(
    {
        "text": ("txt", lambda sheets, language: "\n\n".join(render.as_text(each, language) for each in sheets)),
        "markdown": ("md", lambda sheets, language: "\n\n".join(render.as_markdown(each, language) for each in sheets)),
        "html": ("html", render.as_html),
    }
)
"""How pages are written: the suffix, and sheets as a text."""
_MARK: Final = "\ufeff"
"""What tells spreadsheets that a CSV file is UTF-8."""
_REGION: Final = click.option(
    "--region", "folder", metavar="DIR", help="Folder of the region's tables.  [default: that of the cases]"
)
_YEAR: Final = click.option("--year", type=int, help="The year of the cases.  [default: the only one]")
_FORMAT: Final = click.option(
    "--format", "shape", type=click.Choice(tuple(FORMATS)), default="html", help="Of the pages.  [default: html]"
)
_OUT: Final = click.option("-o", "--out", required=True, metavar="DIR", help="Folder for the pages.")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_pages(paid: PaidTable, folder: Path, shape: str, language: Any) -> int:
    """A page for each institution and pool, a statement for each pool, and an overview; gives how many pages.

    folder: made where it is not there.  Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix, text = FORMATS[shape]
    pages = clearing_page.clearing_pages(paid)
    sheets = [clearing_page.page_sheet(page) for page in pages]
    sheets += [pool_statement.statement_sheet(pool_statement.pool_statement(paid, pool)) for pool in paid.pools]
    for sheet in sheets:
        _write(folder / f"{sheet.name}.{suffix}", text([sheet], language))
    _write(folder / "overview.csv", _MARK + render.as_csv(clearing_page.clearing_grid(pages), language))
    return len(sheets)


def _paid(cases: str, folder: str | None, policy: Any, **options: Any) -> PaidTable:
    table = files.read(cases, Case)
    tables = read_folder(Path(folder) if folder else Path(cases).parent)
    try:
        return mipolicy.pay(policy, table, **tables, **options)
    except TableError as error:
        raise TableError(f"{cases}: {error}") from None


@click.command()
@click.argument("before")
@click.argument("after")
@_REGION
@POLICY
@_YEAR
@_OUT
@_FORMAT
@MODE
@REPEALED
@LANGUAGE
def changes(
    before: str,
    after: str,
    folder: str | None,
    policy_name: str,
    year: int | None,
    out: str,
    shape: str,
    mode: Any,
    allow_repealed: bool,
    language: Any,
) -> None:
    """What a re-run changed: clear the cases of BEFORE and of AFTER (appeals decided), and write the difference."""
    chosen = policy_of(policy_name, mode, allow_repealed)
    with show.progress(3) as stage:
        stage("paying before")
        first = _paid(before, folder, chosen, year=year)
        stage("paying after")
        second = _paid(after, folder, chosen, year=year)
        stage("writing")
        found = clearing_changes.clearing_changes(first, second)
        target, (suffix, text) = Path(out), FORMATS[shape]
        target.mkdir(parents=True, exist_ok=True)
        _write(target / f"changes.{suffix}", text([clearing_changes.changes_sheet(found)], language))
        _write(target / "cases.csv", _MARK + render.as_csv(clearing_changes.case_grid(found.cases), language))
    show.line(str(target / f"changes.{suffix}"))
    show.line(str(target / "cases.csv"))


@click.command("office")
@click.argument("cases")
@_REGION
@POLICY
@_YEAR
@click.option("--institution", default="", metavar="CODE", help="Only this institution's cases.")
@_OUT
@_FORMAT
@MODE
@REPEALED
@LANGUAGE
def office_pages(
    cases: str,
    folder: str | None,
    policy_name: str,
    year: int | None,
    institution: str,
    out: str,
    shape: str,
    mode: Any,
    allow_repealed: bool,
    language: Any,
) -> None:
    """What an insurance office looks at during the year: its cases at the budget value, and whom to put forward.

    Writes a page, the cases, sums by department, doctor and group, and the candidates for special review within the
    quota.
    """
    chosen = policy_of(policy_name, mode, allow_repealed)
    with show.progress(2) as stage:
        stage("paying")
        paid = _paid(cases, folder, chosen, year=year, at="budget")
        stage("writing")
        found = office.office_cases(paid, institution)
        target, (suffix, text) = Path(out), FORMATS[shape]
        target.mkdir(parents=True, exist_ok=True)
        written = {f"office.{suffix}": text([office_tables.office_sheet(found)], language)}
        written["cases.csv"] = _MARK + render.as_csv(office_tables.office_grid(found), language)
        for by in ("department", "doctor", "group"):
            written[f"{by}.csv"] = _MARK + render.as_csv(office_tables.summary_grid(found, by), language)
        written[f"candidates.{suffix}"] = text([candidates_sheet(review_candidates(paid, institution))], language)
        for name, page in written.items():
            _write(target / name, page)
    for name in written:
        show.line(str(target / name))
