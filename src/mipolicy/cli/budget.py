"""`mipolicy clear`: the budgets of an area's institutions for a year, shared and cleared."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen

import mipolicy
from mipolicy.annual.records import INSTITUTION_TABLES, InstitutionYear
from mipolicy.annual.result import PAYERS, ClearedYear
from mipolicy.budget.axes import STATE
from mipolicy.cli import show
from mipolicy.cli.explained import FORMATS as EXPLAINED
from mipolicy.cli.explained import show_explanation
from mipolicy.cli.find import beside, different_files, policy_of
from mipolicy.cli.options import LANGUAGE, MODE, REPEALED
from mipolicy.cli.pages import FORMATS
from mipolicy.cli.program import day
from mipolicy.demo.budget import SAMPLE_POLICY, SAMPLE_YEAR, budget_year
from mipolicy.errors import AmountError
from mipolicy.interop import files
from mipolicy.interop.annual import write_cleared, write_year
from mipolicy.money import yuan, yuan_text
from mipolicy.reports.budget_statement import city_sheet, institution_sheets
from mipolicy.sums import total

__all__ = ["clear"]

_WORDS: Final = {
    "rows": ("{} rows in = {} cleared + {} rejected", "输入 {} 行 = 清算 {} 行 + 拒绝 {} 行"),
    "files": ("cleared institutions: {}", "已清算机构: {}"),
    "states": ("by state of the assessment, in yuan", "按考评状态汇总(元)"),
    "heads": (
        "state|institutions|budget|actual cost|saving|overrun|institution|treasury|fund",
        "考评状态|机构数|控制总额|实际发生|结余|超支|机构承担|财政支付|基金支付",
    ),
    "city": ("the city in {}: sums over all institutions, in yuan", "{}年度全市合计(元)"),
    "line": ("part|amount", "项目|金额"),
    "pays": (
        "who pays: {} = institutions {} + treasury {} + fund {}",
        "由谁支付: {} = 机构 {} + 财政 {} + 基金 {}",
    ),
    "refused": ("refused by review, by reason, in yuan", "审核拒付按原因汇总(元)"),
    "reasons": ("reason|amount", "原因|金额"),
    "pending": ("increments without every approval on {}: {}", "截至 {} 未获全部审批的增量: {}"),
    "pages": ("{} pages in {}", "{} 页, 目录 {}"),
    "rejects": ("rejected rows: {}", "拒绝的行: {}"),
    "reject": ("row|institution|reason|message", "行|机构|原因|说明"),
}
_SHOWN_REJECTS: Final = 12
_QUIET: Final = ("quota_local", "quota_out", "refused_amt", "amount", "institution", "treasury", "fund")
"""Lines that stand elsewhere in what is printed."""


def _say(language: str, key: str, *values: object) -> str:
    return _WORDS[key][language == "zh"].format(*values)


def _yuan(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    try:
        fen = None if value is None else int(yuan(value))
    except AmountError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    if fen is not None and fen < 0:
        raise click.BadParameter(f"an amount of 0 or more in yuan is due, not {value}", context, parameter)
    return fen


@frozen
class _Files:
    """Where everything is read from and goes."""

    institutions: str
    tables: dict[str, str]
    out: str | None
    rejects: str
    pages: str | None
    shape: str


@click.command()
@click.argument("institutions", required=False)
@click.option("--policy", "policy_name", metavar="PACK_OR_FILE", help="A bundled pack or a TOML file.")
@click.option("--year", type=int, help="The year that is cleared.")
@click.option("-o", "--out", metavar="OUT", help="Where the cleared institutions go, .csv or .parquet.")
@click.option("--results", metavar="FILE", help="Results of the assessment by institution and indicator.")
@click.option("--months", metavar="FILE", help="Actual cost by month: what was advanced is worked out of it.")
@click.option("--increments", metavar="FILE", help="Costs added in the year, with the days of their approvals.")
@click.option("--refused", metavar="FILE", help="Refused cost by institution and reason.")
@click.option("--total", "total_quota", callback=_yuan, metavar="YUAN", help="What the quotas may not exceed together.")
@click.option(
    "--settled-on", callback=day, metavar="DAY", help="Approvals count up to this day.  [default: the year's last]"
)
@click.option("--rejects", "rejects_path", metavar="FILE", help="Where rejects go.  [default: OUT's name + .rejects]")
@click.option("--row", type=click.IntRange(min=0), metavar="N", help="Explain this data row, from 0; -o is not needed.")
@click.option(
    "--format", "explained", type=click.Choice(EXPLAINED), default="text", help="With --row.  [default: text]"
)
@click.option("--pages", metavar="DIR", help="Write a statement for each institution, and the city's.")
@click.option(
    "--page-format", "shape", type=click.Choice(tuple(FORMATS)), default="html", help="Of the pages.  [default: html]"
)
@click.option("--sample", metavar="DIR", help="Make a sample in DIR that takes every branch, and nothing else.")
@MODE
@REPEALED
@LANGUAGE
def clear(
    institutions: str | None,
    policy_name: str | None,
    year: int | None,
    out: str | None,
    total_quota: int | None,
    settled_on: Any,
    rejects_path: str | None,
    row: int | None,
    explained: str,
    pages: str | None,
    shape: str,
    sample: str | None,
    mode: Any,
    allow_repealed: bool,
    language: Any,
    **tables: str | None,
) -> None:
    """Clear a year's budgets of INSTITUTIONS, .csv or .parquet: who bears savings and overruns, what is still due.

    Every row in is cleared or rejected with its reason, and every fen has one payer.  Start with `mipolicy clear
    --sample DIR`.
    """
    if sample is not None:
        if institutions or policy_name or out or pages or row is not None or any(tables.values()):
            raise click.UsageError("--sample makes a folder and clears nothing; leave the rest out")
        _make_sample(Path(sample))
        return
    if not institutions or not policy_name or year is None or (out is None and row is None):
        raise click.UsageError("clear needs INSTITUTIONS, --policy, --year and -o; --sample DIR makes a sample to try")
    if out is None and (pages or rejects_path):
        raise click.UsageError("--pages and --rejects go with -o, the file of the cleared institutions")
    chosen = policy_of(policy_name, mode, allow_repealed)
    named = {name: path for name, path in tables.items() if path}
    refused = rejects_path or (beside(out, "rejects") if out else "")
    paths = _Files(institutions, named, out, refused, pages, shape)
    if out:
        _check(paths)
    with show.progress(3) as stage:
        stage("reading")
        read = {name: files.read(path, INSTITUTION_TABLES[name]) for name, path in named.items()}
        table = files.read(institutions, InstitutionYear)
        stage("clearing")
        options = {"total_quota": total_quota, "settled_on": settled_on}
        cleared = mipolicy.clear(chosen, table, year=year, **read, **options)
        why = mipolicy.explain_clearing(cleared, row) if row is not None else None
        stage("writing")
        if out:
            written = _write(cleared, paths, rejects_path is not None, language)
    if why is not None:
        show_explanation(why, explained, language)
        return
    _show(cleared, paths, language)
    if pages:
        show.line(_say(language, "pages", written, pages))


def _make_sample(folder: Path) -> None:
    policy = mipolicy.loads(SAMPLE_POLICY, name="policy.toml", allow_repealed=True)
    last = datetime.date(SAMPLE_YEAR, 12, 31)
    terms = {name: policy.build(name, policy.version(name, last)) for name in ("budget_sharing", "quota")}
    made = budget_year(terms["budget_sharing"].indicators, terms["quota"].approvals)
    written = write_year(folder, made.institutions, **made.tables())
    (folder / "policy.toml").write_text(SAMPLE_POLICY, encoding="utf-8")
    for path in (*written, folder / "policy.toml"):
        show.line(str(path))
    tables = " ".join(f"--{name} {folder / name}.csv" for name in made.tables())
    show.line(
        f"mipolicy clear {written[0]} {tables} --policy {folder / 'policy.toml'} --allow-repealed "
        f"--year {SAMPLE_YEAR} -o cleared.csv"
    )


def _check(paths: _Files) -> None:
    files.check_target(str(paths.out))
    written = {"the cleared institutions": paths.out, "the rejects": paths.rejects}
    different_files({"the institutions": paths.institutions, **paths.tables, **written})
    files.check_target(paths.rejects)


def _write(cleared: ClearedYear, paths: _Files, always: bool, language: Any) -> int:
    """Pages, rejects, then the cleared institutions: where they stand, the rest stands too; gives how many pages."""
    pages = 0
    if paths.pages:
        folder, (suffix, text) = Path(paths.pages), FORMATS[paths.shape]
        folder.mkdir(parents=True, exist_ok=True)
        for sheet in (city_sheet(cleared), *institution_sheets(cleared)):
            (folder / f"{sheet.name}.{suffix}").write_text(text([sheet], language), encoding="utf-8")
            pages += 1
    if len(cleared.rejects) or always or Path(paths.rejects).exists():
        files.write_rejects(paths.rejects, cleared.rejects, "fixmedins_code")
    write_cleared(str(paths.out), cleared)
    return pages


def _show(cleared: ClearedYear, paths: _Files, language: str) -> None:
    show.line(_say(language, "rows", cleared.rows_in, len(cleared), len(cleared.rejects)))
    show.line(_say(language, "files", paths.out))
    if len(cleared):
        _show_sums(cleared, language)
    if cleared.pending:
        waiting = ", ".join(f"{each.fixmedins_code} {yuan_text(each.amount)}" for each in cleared.pending)
        show.line(_say(language, "pending", cleared.settled_on, waiting))
    _show_refused(cleared, language)
    if len(cleared.rejects):
        show.line()
        show.line(_say(language, "rejects", paths.rejects))
        first = [
            tuple(each.values()) for each, _ in zip(cleared.rejects.records(), range(_SHOWN_REJECTS), strict=False)
        ]
        show.table(_say(language, "reject").split("|"), first, figures=(0,), names=(1, 2))


def _show_sums(cleared: ClearedYear, language: str) -> None:
    """By state, the city's sums, who pays."""
    _show_states(cleared, language)
    show.heading(_say(language, "city", cleared.year))
    lines = [each for each in cleared.city() if each.amount and each.name not in _QUIET]
    rows = [(each.zh if language == "zh" else each.en, yuan_text(each.amount)) for each in lines]
    show.table(_say(language, "line").split("|"), rows, figures=(1,))
    sums = cleared.totals()
    show.line(_say(language, "pays", *(yuan_text(sums[name]) for name in ("cleared_amount", *PAYERS))))


def _show_refused(cleared: ClearedYear, language: str) -> None:
    refused = cleared.refused_by_reason()
    if refused is not None and refused.total:
        show.heading(_say(language, "refused"))
        by_reason = [(reason, yuan_text(amount)) for reason, amount in refused.by_reason.items() if amount]
        show.table(_say(language, "reasons").split("|"), by_reason, figures=(1,))


def _show_states(cleared: ClearedYear, language: str) -> None:
    of, rows = cleared.columns, []
    for at, label in enumerate(STATE.zh if language == "zh" else STATE.en):
        here = of["state"] == at
        if here.any():
            names = ("budget", "actual", "saving", "overrun", *PAYERS)
            rows.append((label, str(int(here.sum())), *(yuan_text(total(of[name][here])) for name in names)))
    if rows:
        show.heading(_say(language, "states"))
        show.table(_say(language, "heads").split("|"), rows, figures=tuple(range(1, 9)))
