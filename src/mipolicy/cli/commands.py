"""The commands: each reads its arguments, asks the library, and shows what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import mipolicy
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.cli import show
from mipolicy.cli.budget import clear
from mipolicy.cli.catalogue import catalogue
from mipolicy.cli.demonstration import demonstrate
from mipolicy.cli.explained import FORMATS, show_explanation
from mipolicy.cli.find import beside, different_files, policy_of
from mipolicy.cli.options import LANGUAGE, MODE, POLICY, REPEALED
from mipolicy.cli.pages import changes, office_pages
from mipolicy.cli.payment import pay, region
from mipolicy.cli.policies import policy
from mipolicy.cli.program import Program
from mipolicy.cli.rates import rates
from mipolicy.explain import Explanation
from mipolicy.interop import files
from mipolicy.interop.region import read_folder
from mipolicy.interop.streams import Streamed, is_large, settle_files
from mipolicy.payment.case import Case
from mipolicy.policy import Policy

__all__ = ["program"]

_LINES = click.option("--lines", "lines_path", metavar="LINES", help="Fee lines, .csv or .parquet, joined by mdtrt_id.")


@click.group(cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mipolicy.__version__, prog_name="mipolicy", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """What Chinese medical-insurance policy says, computed exactly to the fen.

    Start with `mipolicy demo`: it makes a table, settles it and explains one bill.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@program.command()
@click.option("--out", default="mipolicy-demo", metavar="DIR", help="Folder for the files.  [default: mipolicy-demo]")
@click.option("--bills", "count", default=20_000, type=click.IntRange(min=1), help="How many bills.  [default: 20000]")
@click.option("--seed", default=20_250_101, type=click.IntRange(min=0), help="The same seed makes the same table.")
@LANGUAGE
def demo(out: str, count: int, seed: int, language: str) -> None:
    """Make a table of bills of a made-up city, settle it, and show what comes out."""
    demonstrate(Path(out), count, seed, language)


@program.command()
@click.argument("bills")
@_LINES
@POLICY
@click.option("-o", "--out", required=True, metavar="OUT", help="Where the settled rows go, .csv or .parquet.")
@click.option(
    "--rejects", "rejects_path", metavar="FILE", help="Where rejected rows go.  [default: OUT's name + .rejects]"
)
@MODE
@REPEALED
@click.option(
    "--gaps",
    type=click.Choice(("raise", "reject")),
    default="raise",
    help="Where documents leave figures open: stop before row 1, or reject the rows that need them.  [default: raise]",
)
@click.option("--columns", metavar="a,b,c", help="Which columns to keep beside setl_id; all of them by default.")
@click.option(
    "--threads", type=click.IntRange(min=1), help="One per core by default; any number gives the same figures."
)
def settle(
    bills: str,
    lines_path: str | None,
    policy_name: str,
    out: str,
    rejects_path: str | None,
    mode: Any,
    allow_repealed: bool,
    gaps: Any,
    columns: str | None,
    threads: int | None,
) -> None:
    """Settle a table of bills, BILLS in .csv or .parquet.

    Every row in is settled or rejected with its reason.  The exit status is 0 when the table is settled, also where
    rows are rejected, and 2 when it is not.
    """
    chosen = policy_of(policy_name, mode, allow_repealed)
    files.check_target(out)
    refused, refused_lines = rejects_path or beside(out, "rejects"), beside(out, "line-rejects")
    different_files({"the bills": bills, "the lines": lines_path, "the settled rows": out, "the rejects": refused})
    files.check_target(refused)
    kept = list(dict.fromkeys(("setl_id", *map(str.strip, columns.split(","))))) if columns else None
    if is_large(bills, lines_path):
        with show.counted() as step:
            streamed = settle_files(
                chosen,
                bills,
                out,
                lines=lines_path,
                rejects=refused,
                line_rejects=refused_lines,
                always=rejects_path is not None,
                columns=kept,
                gaps=gaps,
                threads=threads,
                step=step,
            )
        _show_result(streamed, out, refused, refused_lines)
        return
    with show.progress(4) as stage:
        stage("reading bills")
        table = files.read(bills, Bill)
        stage("reading lines")
        lines = files.read(lines_path, Line) if lines_path else None
        stage("settling")
        result = mipolicy.settle(chosen, table, lines=lines, columns=kept, gaps=gaps, threads=threads)
        stage("writing")
        # the settled rows last: where they stand, the rest stands too
        if len(result.rejects) or rejects_path or Path(refused).exists():
            files.write_rejects(refused, result.rejects)
        if len(result.line_rejects) or Path(refused_lines).exists():
            files.write_rejects(refused_lines, result.line_rejects, "feedetl_sn")
        files.write_result(out, result)
    counts = Streamed(result.rows_in, len(result), result.rejects.counts(), result.line_rejects.counts())
    _show_result(counts, out, refused, refused_lines)


def _show_result(result: Streamed, out: str, refused: str, refused_lines: str) -> None:
    rejected = sum(result.rejected.values())
    show.line(f"{result.rows_in} rows in = {result.settled} settled + {rejected} rejected")
    show.line(f"settled rows: {out}")
    for reasons, what, path in (
        (result.rejected, "rejected rows", refused),
        (result.line_rejects, "lines without a bill, or that stopped theirs", refused_lines),
    ):
        if reasons:
            show.line(f"{what}: {path}")
            counts = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
            show.table(("reason", "rows"), [(reason, str(rows)) for reason, rows in counts], figures=(1,))
    if rejected:
        show.line("the table is settled; rejected rows do not change the exit status")


@program.command()
@click.argument("bills")
@click.option(
    "--row", required=True, type=click.IntRange(min=0), metavar="N", help="The data row, from 0 below the names."
)
@POLICY
@_LINES
@MODE
@REPEALED
@LANGUAGE
@click.option("--region", "folder", metavar="DIR", help="BILLS are cases; the region's tables are in this folder.")
@click.option("--year", type=int, help="The year that is closed, for cases.  [default: the only one]")
@click.option("--format", "shape", type=click.Choice(FORMATS), default="text", help="[default: text]")
def explain(
    bills: str,
    row: int,
    policy_name: str,
    lines_path: str | None,
    mode: Any,
    allow_repealed: bool,
    language: Any,
    folder: str | None,
    year: int | None,
    shape: str,
) -> None:
    """Why one row of BILLS is settled as it is: every step, its formula and its clause.

    Rows are data rows counted from 0, as rejects name them: the line below the column names is row 0.  A rejected row
    says why it is, with exit status 2.
    """
    if folder is not None and lines_path is not None:
        raise click.UsageError("--lines go with bills, --region with cases; name one of the two")
    if folder is None and year is not None:
        raise click.UsageError("--year goes with --region, for cases")
    chosen = policy_of(policy_name, mode, allow_repealed)
    if folder is not None:
        show_explanation(_case(chosen, bills, folder, row, year), shape, language)
        return
    with show.progress(3) as stage:
        stage("reading bills")
        table = files.read(bills, Bill)
        stage("reading lines")
        lines = files.read(lines_path, Line) if lines_path else None
        stage("explaining")
        explanation = mipolicy.explain(chosen, table, row=row, lines=lines)
    show_explanation(explanation, shape, language)


def _case(chosen: Policy, cases: str, folder: str, row: int, year: int | None) -> Explanation:
    """One case of a table, after all of it is paid: what it is paid depends on the others."""
    with show.progress(3) as stage:
        stage("reading cases")
        tables, read = read_folder(Path(folder)), files.read(cases, Case)
        stage("paying")
        paid = mipolicy.pay(chosen, read, **tables, year=year)
        stage("explaining")
        return mipolicy.explain_case(paid, row)


for command in (catalogue, changes, clear, office_pages, pay, policy, rates, region):
    program.add_command(command)
