"""The command of an area's rates: sum settlements and totals, print and write rates, judge targets, explain one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

import mipolicy
from mipolicy.areas.rates import AreaRates
from mipolicy.areas.stated import ObservedRow, StatedRow
from mipolicy.batch.result import Rejects
from mipolicy.cli import show
from mipolicy.cli.explained import FORMATS, show_explanation
from mipolicy.cli.find import beside, different_files, policy_of
from mipolicy.cli.options import LANGUAGE, MODE, POLICY, REPEALED
from mipolicy.cli.program import day
from mipolicy.interop import files
from mipolicy.interop.rate_streams import SHOWN_REJECTS, RatedFile, rate_files

__all__ = ["rates"]

_WORDS: Final = {
    "rows": ("{} rows in = {} summed + {} rejected", "输入 {} 行 = 汇总 {} 行 + 拒绝 {} 行"),
    "totals": ("{} totals in = {} used + {} rejected", "指标量 {} 行 = 采用 {} 行 + 拒绝 {} 行"),
    "observed": ("{} observed values in = {} used + {} rejected", "报送值 {} 行 = 采用 {} 行 + 拒绝 {} 行"),
    "whole": ("the whole area, on {}", "全域, {}"),
    "by": ("by {}: {} rates in {} groups", "按 {} 分组: {} 个指标值, {} 组"),
    "more": ("... {} more, all of them with -o OUT", "... 另有 {} 行, 用 -o OUT 写出全部"),
    "targets": ("targets on {}, binding first", "{} 目标完成情况(约束性在前)"),
    "files": ("rates: {}", "指标值: {}"),
    "completion": ("targets: {}", "目标: {}"),
    "rejects": ("rejected rows: {}", "拒绝的行: {}"),
    "reason": ("reason|rows", "原因|行数"),
}
_HEADS: Final = {
    "indicator": "指标",
    "name": "名称",
    "basis": "口径",
    "numerator": "分子",
    "denominator": "分母",
    "value": "指标值",
    "state": "状态",
    "target": "目标",
    "attribute": "属性",
    "limit": "要求",
    "deadline": "期限",
    "baseline": "基期值",
    "verdict": "结论",
    "distance": "距离",
    "clause": "依据",
}
_RIGHT: Final = ("numerator", "denominator", "value", "baseline", "distance")
_SHOWN: Final = 20
"""Rates by group that are printed; a file has them all."""


def _say(language: str, key: str, *values: object) -> str:
    return _WORDS[key][language == "zh"].format(*values)


@click.command()
@click.argument("settlements", required=False)
@POLICY
@click.option("--totals", "totals_path", metavar="FILE", help="Totals: quantity, value, and columns of the groups.")
@click.option("--observed", "observed_path", metavar="FILE", help="Values reports state: indicator, value, period.")
@click.option("--by", metavar="a,b,c", help="Groups: columns of codes; year, quarter or month of setl_time.")
@click.option("--indicator", "names", multiple=True, metavar="ID", help="This one only; may be said more than once.")
@click.option("--targets", is_flag=True, help="Judge the policy's targets, on the day of --on.")
@click.option("--on", callback=day, metavar="DATE", help="Whose terms hold.  [default: the last day settled]")
@click.option("--row", type=click.IntRange(min=0), metavar="N", help="Explain this row of the rates, from 0.")
@click.option("-o", "--out", metavar="OUT", help="Where the rates go, .csv or .parquet; targets go beside it.")
@click.option("--rejects", "rejects_path", metavar="FILE", help="Where rejects go.  [default: OUT's name + .rejects]")
@click.option("--format", "shape", type=click.Choice(FORMATS), default="text", help="Of --row.  [default: text]")
@MODE
@REPEALED
@click.option("--threads", type=click.IntRange(min=1), help="Any number gives the same figures.")
@LANGUAGE
def rates(
    settlements: str | None,
    policy_name: str,
    totals_path: str | None,
    observed_path: str | None,
    by: str | None,
    names: tuple[str, ...],
    targets: bool,
    on: datetime.date | None,
    row: int | None,
    out: str | None,
    rejects_path: str | None,
    shape: str,
    mode: Any,
    allow_repealed: bool,
    threads: int | None,
    language: Any,
) -> None:
    """Rates of an area from SETTLEMENTS, .csv or .parquet, from totals of named quantities, or from both.

    Every row in is summed or rejected with its reason, of each file.  Undefined, missing and not applicable are words,
    never 0.  Without -o nothing is written.
    """
    if rejects_path and not out:
        raise click.UsageError("--rejects goes with -o, the file that they stand beside")
    if not (settlements or totals_path or observed_path):
        raise click.UsageError("rates come from SETTLEMENTS, --totals or --observed; name one of them")
    chosen = policy_of(policy_name, mode, allow_repealed)
    read = {"the settlements": settlements, "the totals": totals_path, "the observed values": observed_path}
    written = _targets_of(out, rejects_path)
    different_files({**read, **{what: path for what, path in written.items() if targets or what != _COMPLETION}})
    tables = {
        "totals": files.read(totals_path, StatedRow) if totals_path else None,
        "observed": files.read(observed_path, ObservedRow) if observed_path else None,
    }
    groups = tuple(each.strip() for each in by.split(",")) if by else ()
    options: dict[str, Any] = {"by": groups, "indicators": names or None, "on": on, "targets": targets, **tables}
    with show.counted() as step:
        if settlements:
            refused, forced = written.get("the rejects"), bool(rejects_path)
            rated = rate_files(
                chosen, settlements, rejects=refused, always=forced, threads=threads, step=step, **options
            )
        else:
            rated = RatedFile.of(mipolicy.rates(chosen, threads=threads, **options))
    explained = mipolicy.explain_rate(rated.rates, row) if row is not None else None
    if out:
        _write(rated.rates, written, language, streamed=bool(settlements))
    if explained is not None:
        show_explanation(explained, shape, language)
        return
    _show(rated, language, [what for what, path in read.items() if path], written)


_COMPLETION: Final = "the targets"
_REJECTS: Final = {"the rejects": "rejects", "the rejected totals": "total_rejects"} | {
    "the rejected observed values": "observed_rejects"
}


def _targets_of(out: str | None, rejects_path: str | None) -> dict[str, str]:
    """What is written, by what it is: the rates last."""
    if out is None:
        return {}
    refused = rejects_path or beside(out, "rejects")
    written = {
        "the rejects": refused,
        "the rejected totals": beside(out, "total-rejects"),
        "the rejected observed values": beside(out, "observed-rejects"),
        _COMPLETION: beside(out, "targets"),
        "the rates": out,
    }
    for path in written.values():
        files.check_target(path)
    return written


def _write(found: AreaRates, written: Mapping[str, str], language: str, *, streamed: bool) -> None:
    """Write what is not written yet: of streamed settlements the rejects are."""
    for what, name in _REJECTS.items():
        rejects: Rejects = getattr(found, name)
        if streamed and what == "the rejects":
            continue
        if len(rejects) or Path(written[what]).exists():
            files.write_rejects(written[what], rejects, _ID_OF[name])
    if found.targets or Path(written[_COMPLETION]).exists():
        files.write(written[_COMPLETION], _arrays(found.target_texts(language)))
    files.write(written["the rates"], _arrays(found.texts(language)))


_ID_OF: Final = {"rejects": "setl_id", "total_rejects": "quantity", "observed_rejects": "indicator"}


def _arrays(columns: Mapping[str, list[str]]) -> dict[str, Any]:
    return {name: np.array(column, np.str_) for name, column in columns.items()}


# ---- what is printed -------------------------------------------------------------------------------------------------


def _show(rated: RatedFile, language: str, given: Sequence[str], written: Mapping[str, str]) -> None:
    found = rated.rates
    for key, of, rows, rejected in (
        ("rows", "the settlements", found.rows_in, sum(rated.rejected.values())),
        ("totals", "the totals", found.total_rows, len(found.total_rejects)),
        ("observed", "the observed values", found.observed_rows, len(found.observed_rejects)),
    ):
        if of in given:
            show.line(_say(language, key, rows, rows - rejected, rejected))
    if found.by:
        show.heading(_say(language, "by", ", ".join(found.by), len(found.rates), len(found.quantities.scopes())))
        _show_columns(found.texts(language), language, ("name",), _SHOWN)
    show.heading(_say(language, "whole", found.on))
    _show_columns(found.texts(language, whole=True), language, ("indicator",) if language == "zh" else ("name",))
    if found.targets:
        show.heading(_say(language, "targets", found.on))
        _show_columns(found.target_texts(language), language, ("target",) if language == "zh" else ("name",))
    if written:
        show.line()
        show.line(_say(language, "files", written["the rates"]))
        if found.targets:
            show.line(_say(language, "completion", written[_COMPLETION]))
    _show_rejects(rated.first_rejects, rated.rejected, written.get("the rejects", ""), language)
    for what, name in [*_REJECTS.items()][1:]:
        rejects: Rejects = getattr(found, name)
        _show_rejects(rejects, rejects.counts(), written.get(what, ""), language)


def _show_columns(columns: Mapping[str, Sequence[str]], language: str, without: tuple[str, ...], most: int = 0) -> None:
    kept = {name: column for name, column in columns.items() if name not in without}
    heads = [_HEADS.get(name, name) if language == "zh" else name for name in kept]
    rows = list(zip(*kept.values(), strict=True))
    listed = list(kept)
    right = [at for at, name in enumerate(listed) if name in _RIGHT]
    show.table(heads, rows[:most] if most else rows, figures=right)
    if most and len(rows) > most:
        show.line(_say(language, "more", len(rows) - most))


def _show_rejects(rejects: Rejects, reasons: Mapping[str, int], path: str, language: str) -> None:
    """Say why rows are rejected, and where no file has them, show the first."""
    if not reasons:
        return
    show.line()
    show.line(_say(language, "rejects", path) if path else _say(language, "rejects", "").rstrip())
    if not path:
        for each in list(rejects.records())[:SHOWN_REJECTS]:
            show.line(f"  {each['row']} {each['setl_id']}: {each['message']}")
    counts = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    show.table(_say(language, "reason").split("|"), [(why, str(rows)) for why, rows in counts], figures=(1,))
