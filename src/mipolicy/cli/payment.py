"""The commands of payment: make a region's year, pay its cases, show where the budgets went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import click
import numpy as np

import mipolicy
from mipolicy import demo
from mipolicy.benefits.bill import AMOUNTS
from mipolicy.cases.result import MethodSums
from mipolicy.cli import show
from mipolicy.cli.find import beside, different_files, policy_of
from mipolicy.cli.options import LANGUAGE, MODE, POLICY, REPEALED
from mipolicy.cli.pages import FORMATS, write_pages
from mipolicy.demo.history import region_history, with_diagnoses
from mipolicy.interop import files
from mipolicy.interop.pay_streams import PaidFile, pay_files
from mipolicy.interop.region import RECORDS, read_folder, table_file, write_clearing, write_folder, write_history
from mipolicy.interop.streams import is_large
from mipolicy.money import PRICE_ONE, factor_text, plain_text, yuan_text
from mipolicy.payment.axes import METHOD, POOL
from mipolicy.payment.case import Case
from mipolicy.payment.clearing import Cleared
from mipolicy.payment.closing import PoolClosing

__all__ = ["pay", "region"]

_WORDS: Final = {
    "rows": ("{} rows in = {} paid + {} rejected", "输入 {} 行 = 支付 {} 行 + 拒绝 {} 行"),
    "files": ("paid cases: {}", "已支付病例: {}"),
    "methods": ("cases by way of paying, in yuan", "按付费方式汇总(元)"),
    "heads": (
        "method|cases|points|cost|standard|owed by funds",
        "付费方式|病例数|分值(点数)|医疗费总额|支付标准|基金应付",
    ),
    "closing": ("{}: where the budget of {} went, in yuan; a point is worth {}", "{}: {}年预算去向(元), 点值 {}"),
    "line": ("part|amount", "项目|金额"),
    "elsewhere": ("owed by the funds of people insured elsewhere, by insured place", "外地参保人员由参保地基金支付"),
    "place": ("place|amount", "参保地|金额"),
    "clearing": ("the year cleared, all institutions, in yuan", "年度清算(全部机构, 元)"),
    "cleared": ("clearing by institution and pool: {}", "分机构分险种清算: {}"),
    "budget": ("{}: paid at the budget value of {}; the year is not closed", "{}: 按预算点值 {} 测算, 未清算"),
    "pages": ("{} pages in {}", "{} 页, 目录 {}"),
    "rejects": ("rejected rows: {}", "拒绝的行: {}"),
    "reason": ("reason|rows", "原因|行数"),
}


def _say(language: str, key: str, *values: object) -> str:
    return _WORDS[key][language == "zh"].format(*values)


@click.command()
@click.argument("folder")
@click.option("--cases", default=200_000, type=click.IntRange(min=1), help="How many cases.  [default: 200000]")
@click.option("--seed", default=20_250_101, type=click.IntRange(min=0), help="The same seed makes the same region.")
@click.option("--history", "with_history", is_flag=True, help="Three years of discharges before it too, and more.")
@click.option("--settlements", "with_settlements", is_flag=True, help="The area's settlements too, for its rates.")
def region(folder: str, cases: int, seed: int, with_history: bool, with_settlements: bool) -> None:
    """Make a made-up region's year in FOLDER: cases, institutions, groups, factors, contracts, accounts.

    It fits the pack `assumed`; pay it with `mipolicy pay FOLDER/cases.csv --policy assumed -o OUT`.  With --history
    there are three times as many discharges before it (history, kinds, drg-history, priced-history, prices), and the
    cases to be grouped by what is made of them (ungrouped).  With --settlements there are as many settlements of the
    area (settlements, totals, observed), for `mipolicy rates`.
    """
    with show.progress(2) as stage:
        stage("making cases")
        made = demo.region_year(cases, seed)
        before = _history(made.cases, cases, seed) if with_history else {}
        stage("writing")
        written = write_folder(Path(folder), made.cases, made.tables())
        written += write_history(Path(folder), before)
        written += _write_area(Path(folder), cases, seed) if with_settlements else ()
    for path in written:
        show.line(str(path))


def _write_area(folder: Path, count: int, seed: int) -> tuple[Path, ...]:
    """The area's settlements as people write them, and what stands beside them."""
    settled = demo.settlements(count, seed)
    texts = {
        name: np.array([yuan_text(fen) for fen in column.tolist()], np.str_)
        if name in AMOUNTS or name == "fund_pay_sumamt"
        else np.char.replace(column.astype(np.str_), "T", " ")
        if name == "setl_time"
        else column
        for name, column in settled.items()
    }
    beside_them = {"totals": demo.area_totals(), "observed": demo.area_observed()}
    stated = {name: {key: np.array(cells) for key, cells in of.items()} for name, of in beside_them.items()}
    written = []
    for name, columns in {"settlements": texts, **stated}.items():
        written.append(folder / f"{name}.csv")
        files.write(written[-1], columns)
    return tuple(written)


def _history(cases: dict[str, Any], count: int, seed: int) -> dict[str, dict[str, Any]]:
    made = region_history(3 * count, seed)
    return {
        "history": made.history,
        "kinds": made.kinds,
        "drg-history": made.grouped,
        "priced-history": made.priced,
        "prices": made.prices,
        "ungrouped": with_diagnoses(cases, seed),
    }


@click.command()
@click.argument("cases")
@click.option(
    "--region",
    "folder",
    metavar="DIR",
    help="Folder of the region's tables (institutions, groups, ...).  [default: that of CASES]",
)
@POLICY
@click.option("-o", "--out", required=True, metavar="OUT", help="Where the paid cases go, .csv or .parquet.")
@click.option("--rejects", "rejects_path", metavar="FILE", help="Where rejects go.  [default: OUT's name + .rejects]")
@click.option("--year", type=int, help="The year that is closed.  [default: the only one of the cases]")
@click.option(
    "--at",
    type=click.Choice(("settlement", "budget")),
    default="settlement",
    help="The settlement value, closing the year, or the published budget value.  [default: settlement]",
)
@MODE
@REPEALED
@click.option(
    "--gaps",
    type=click.Choice(("raise", "reject")),
    default="raise",
    help="Where documents leave figures open: stop, or reject the cases that need them.  [default: raise]",
)
@click.option("--pages", metavar="DIR", help="Write a page for each institution and pool, and each pool's statement.")
@click.option(
    "--page-format", "shape", type=click.Choice(tuple(FORMATS)), default="html", help="Of the pages.  [default: html]"
)
@click.option("--threads", type=click.IntRange(min=1), help="Any number gives the same figures.")
@LANGUAGE
def pay(
    cases: str,
    folder: str | None,
    policy_name: str,
    out: str,
    rejects_path: str | None,
    year: int | None,
    at: Any,
    mode: Any,
    allow_repealed: bool,
    gaps: Any,
    pages: str | None,
    shape: str,
    threads: int | None,
    language: str,
) -> None:
    """Pay a region's year of cases, CASES in .csv or .parquet: each by one method, the pools closed to the fen.

    Every row in is paid or rejected with its reason.  Beside OUT stand its rejects and, where the region has accounts,
    the clearing by institution and pool.
    """
    chosen = policy_of(policy_name, mode, allow_repealed)
    files.check_target(out)
    refused, cleared = rejects_path or beside(out, "rejects"), beside(out, "clearing")
    place = Path(folder) if folder else Path(cases).parent
    region_files = {name: str(path) for name in RECORDS if (path := table_file(place, name))}
    written_files = {"the paid cases": out, "the rejects": refused, "the clearing": cleared}
    different_files({"the cases": cases, **region_files, **written_files})
    files.check_target(refused)
    if pages and at == "budget":
        raise click.UsageError("--pages show the clearing, which --at budget leaves out; name one of the two")
    options: dict[str, Any] = {"year": year, "at": at, "gaps": gaps, "threads": threads}
    if is_large(cases) and not pages:
        tables = read_folder(place)
        with show.counted() as step:
            streamed = pay_files(
                chosen,
                cases,
                out,
                rejects=refused,
                clearing=cleared,
                always=rejects_path is not None,
                step=step,
                **tables,
                **options,
            )
        _show(streamed, out, refused, cleared, language)
        return
    with show.progress(4) as stage:
        stage("reading the region")
        tables = read_folder(place)
        stage("reading cases")
        read = files.read(cases, Case)
        stage("paying")
        paid = mipolicy.pay(chosen, read, **tables, **options)
        stage("writing")
        written = write_pages(paid, Path(pages), shape, language) if pages else 0
        if len(paid.rejects) or rejects_path or Path(refused).exists():
            files.write_rejects(refused, paid.rejects)
        if paid.clearing is not None or Path(cleared).exists():
            write_clearing(cleared, paid.clearing)
        files.write_paid(out, paid)
    _show(PaidFile.of(paid), out, refused, cleared, language)
    if pages:
        show.line(_say(language, "pages", written, pages))


def _show(paid: PaidFile, out: str, refused: str, cleared: str, language: str) -> None:
    show.line(_say(language, "rows", paid.rows_in, paid.paid, sum(paid.rejected.values())))
    show.line(_say(language, "files", out))
    _show_methods(paid.methods, language)
    for pool, value in paid.budget_values.items():
        show.line(_say(language, "budget", _pool(pool, language), plain_text(value, PRICE_ONE)))
    for pool, of in paid.pools.items():
        title = _say(language, "closing", _pool(pool, language), paid.year, plain_text(of.value.value, PRICE_ONE))
        _show_amounts(title, _say(language, "line"), _labelled(PoolClosing, of.closing.lines(), language))
        if of.elsewhere:
            rows = [(place, yuan_text(amount)) for place, amount in of.elsewhere.items()]
            _show_amounts(_say(language, "elsewhere"), _say(language, "place"), rows)
    if paid.clearing is not None:
        rows = _labelled(Cleared, tuple(paid.clearing.totals.items()), language)
        _show_amounts(_say(language, "clearing"), _say(language, "line"), rows)
        show.line(_say(language, "cleared", cleared))
    if paid.rejected:
        show.line()
        show.line(_say(language, "rejects", refused))
        counts = sorted(paid.rejected.items(), key=lambda item: (-item[1], item[0]))
        show.table(_say(language, "reason").split("|"), [(why, str(rows)) for why, rows in counts], figures=(1,))


def _pool(pool: str, language: str) -> str:
    at = POOL.position(pool)
    return POOL.zh[at] if language == "zh" else POOL.en[at]


def _labelled(shape: type[Any], lines: tuple[tuple[str, int], ...], language: str) -> list[tuple[str, str]]:
    fields = attrs.fields_dict(shape)
    return [(fields[name].metadata[language], yuan_text(amount)) for name, amount in lines]


def _show_amounts(title: str, heads: str, rows: list[tuple[str, str]]) -> None:
    show.heading(title)
    show.table(heads.split("|"), rows, figures=(1,))


def _show_methods(methods: Mapping[str, MethodSums], language: str) -> None:
    show.heading(_say(language, "methods"))
    labels = METHOD.zh if language == "zh" else METHOD.en
    rows = [
        (
            labels[METHOD.position(method)],
            str(sums.cases),
            factor_text(sums.points),
            *map(yuan_text, (sums.medfee_sumamt, sums.standard, sums.payment)),
        )
        for method, sums in methods.items()
    ]
    show.table(_say(language, "heads").split("|"), rows, figures=(1, 2, 3, 4, 5))
