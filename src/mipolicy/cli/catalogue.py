"""The commands that make what a year is paid by, from the discharges of the three years before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from mipolicy.batch.result import Rejects
from mipolicy.cases.base_points import make_base_points
from mipolicy.cases.grouping import group_cases
from mipolicy.cases.history import MadeCatalogue, make_catalogue
from mipolicy.cases.prices import evaluate_prices
from mipolicy.cli import show
from mipolicy.cli.find import beside, different_files, policy_of
from mipolicy.cli.options import LANGUAGE, MODE, POLICY, REPEALED
from mipolicy.interop import catalogue as tables
from mipolicy.interop import files
from mipolicy.interop.records import record_texts
from mipolicy.money import rate_text
from mipolicy.payment.case import (
    AuxiliaryFactor,
    Case,
    DifferenceFactor,
    Group,
    HistoryCase,
    PricedDisease,
    ProcedureKind,
)
from mipolicy.payment.catalogue_changes import CHANGES

__all__ = ["catalogue"]

_WORDS: Final = {
    "rows": ("{} rows in = {} used + {} rejected", "输入 {} 行 = 采用 {} 行 + 拒绝 {} 行"),
    "grouped": (
        "{} rows in = {} with a group + {} without + {} rejected",
        "输入 {} 行 = 入组 {} 行 + 未入组 {} 行 + 拒绝 {} 行",
    ),
    "heads": ("catalogue of {}|", "{}年病种目录|"),
    "groups": ("groups", "病种数"),
    "core": ("core groups", "核心病种"),
    "comprehensive": ("comprehensive groups", "综合病种"),
    "explained": ("variance of cost that the groups explain", "病种解释的费用方差"),
    "before": ("the scores explain, without auxiliary factors", "分值解释的费用方差(不含辅助目录)"),
    "after": ("the scores explain, with auxiliary factors", "分值解释的费用方差(含辅助目录)"),
    "unstable": ("groups past the CV limit", "变异系数超限的病种"),
    "auxiliaries": ("lines of the auxiliary catalogue", "辅助目录条数"),
    "base": ("{}: {} groups, {} difference factors", "{}年: {} 个病组, {} 个差异系数"),
    "changes": ("against {}|lines|{}", "与 {} 相比|条数|{}"),
    "kinds": ("added|removed|changed", "新增|删除|调整"),
    "group_changes": ("groups", "病种(病组)"),
    "factor_changes": ("factors", "系数"),
    "prices": ("disease|cases|in force|suggested|proposed", "病种|病例数|现行标准|建议标准|拟调整为"),
    "rejects": ("rejected rows: {}", "拒绝的行: {}"),
    "reason": ("reason|rows", "原因|行数"),
    "files": ("files", "文件"),
}
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "auxiliaries": ("group_code", "dimension", "aux_class"),
    "differences": ("fixmedins_code", "group_code"),
}
"""What tells the lines of a table of factors apart."""
_YEAR: Final = click.option(
    "--year", type=int, help="The year that is made.  [default: the one after the last discharge]"
)
_OUT: Final = click.option("-o", "--out", required=True, metavar="DIR", help="Folder for the tables.")
_PREVIOUS: Final = click.option(
    "--previous", metavar="DIR", help="Folder of the year before, to write what changes against it."
)
_Say = Callable[..., str]


def _in(language: str) -> _Say:
    return lambda key, *values: _WORDS[key][language == "zh"].format(*values)


@click.group(invoke_without_command=True)
@click.pass_context
def catalogue(context: click.Context) -> None:
    """Make what a year is paid by from the three years before: DIP groups, DRG base points, prices of diseases."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# ---- groups of DIP ---------------------------------------------------------------------------------------------------


@catalogue.command()
@click.argument("history")
@click.option("--kinds", metavar="FILE", help="How procedures treat: oprn_oprt_code, treatment.")
@_YEAR
@POLICY
@_OUT
@_PREVIOUS
@MODE
@REPEALED
@LANGUAGE
def make(
    history: str,
    kinds: str | None,
    year: int | None,
    policy_name: str,
    out: str,
    previous: str | None,
    mode: Any,
    allow_repealed: bool,
    language: str,
) -> None:
    """Make the DIP groups and the auxiliary catalogue of a year from HISTORY, discharges in .csv or .parquet.

    Writes groups and auxiliaries as `mipolicy pay` reads them; groups of DRG that DIR holds stay beside the new ones.
    """
    chosen, folder, say = policy_of(policy_name, mode, allow_repealed), Path(out), _in(language)
    paths = _paths(
        folder,
        ("groups", "auxiliaries"),
        ("variation", "catalogue.rejects", "dip-group-changes", "auxiliaries-changes"),
    )
    _apart({"the history": history, "the kinds": kinds}, paths, previous)
    with show.progress(3) as stage:
        stage("reading discharges")
        read, listed = files.read(history, HistoryCase), files.read(kinds, ProcedureKind) if kinds else None
        before = _before(previous, "auxiliaries", drg=False)
        stage("making the catalogue")
        made = make_catalogue(chosen, read, kinds=listed, year=year)
        written: dict[Path, Mapping[str, Any]] = {
            paths["auxiliaries"]: record_texts(made.auxiliaries, AuxiliaryFactor),
            paths["variation"]: _variation(made),
        }
        changes = _changes(made, before, "auxiliaries", paths, written)
        stage("writing")
        written[paths["groups"]] = tables.groups_with_others(folder, made.groups, drg=False)
        _write(folder, written, paths["catalogue.rejects"], made.rejects)
    show.line(say("rows", made.rows_in, made.used, len(made.rejects)))
    show.table(say("heads", made.year).split("|"), _summary(made, say), figures=(1,))
    _show_changes(changes, previous, say)
    _show_files(written, paths["catalogue.rejects"], made.rejects, say)


def _variation(made: MadeCatalogue) -> dict[str, Any]:
    columns = made.variation()
    factors = record_texts({"auxiliary_factor": columns["cv"]}, AuxiliaryFactor)["auxiliary_factor"]
    return {**columns, "cv": factors}


def _summary(made: MadeCatalogue, say: _Say) -> list[tuple[str, str]]:
    kinds = made.groups["kind"]
    return [
        (say("groups"), str(len(kinds))),
        *((say(kind), str(kinds.count(kind))) for kind in ("core", "comprehensive")),
        (say("explained"), rate_text(made.catalogue.explained_rate())),
        (say("before"), rate_text(made.fit.before.rate())),
        (say("after"), rate_text(made.fit.after.rate())),
        (say("unstable"), str(made.variation()["stable"].count(0))),
        (say("auxiliaries"), str(len(made.auxiliaries["group_code"]))),
    ]


@catalogue.command("group")
@click.argument("cases")
@click.option("--groups", required=True, metavar="FILE", help="The groups of the year.")
@click.option("--kinds", metavar="FILE", help="How procedures treat: oprn_oprt_code, treatment.")
@click.option("--year", required=True, type=int, help="The year of the cases.")
@POLICY
@click.option("-o", "--out", required=True, metavar="OUT", help="Where the grouped cases go, .csv or .parquet.")
@click.option("--rejects", "rejects_path", metavar="FILE", help="Where rejects go.  [default: OUT's name + .rejects]")
@MODE
@REPEALED
@LANGUAGE
def group_(
    cases: str,
    groups: str,
    kinds: str | None,
    year: int,
    policy_name: str,
    out: str,
    rejects_path: str | None,
    mode: Any,
    allow_repealed: bool,
    language: str,
) -> None:
    """Give each case of CASES the DIP group that takes it; a group that a case states stays.

    Every row in is written to OUT, with its group or without, or rejected with its reason.
    """
    chosen, say = policy_of(policy_name, mode, allow_repealed), _in(language)
    files.check_target(out)
    refused = rejects_path or beside(out, "rejects")
    different_files(
        {"the cases": cases, "the groups": groups, "the kinds": kinds, "the grouped cases": out, "the rejects": refused}
    )
    files.check_target(refused)
    with show.progress(3) as stage:
        stage("reading cases")
        read, of = files.read(cases, Case), files.read(groups, Group)
        listed = files.read(kinds, ProcedureKind) if kinds else None
        stage("grouping")
        found = group_cases(chosen, of, read, listed, year=year)
        stage("writing")
        sound = np.setdiff1d(np.arange(found.rows_in), found.rejects.row)
        filled = {name: column.take(sound) for name, column in found.filled(read).items()}
        if len(found.rejects) or rejects_path or Path(refused).exists():
            files.write_rejects(refused, found.rejects)
        files.write(out, filled)
    show.line(say("grouped", found.rows_in, found.grouped, found.without_group, len(found.rejects)))
    _show_files({Path(out): filled}, Path(refused), found.rejects, say)


# ---- DRG and single diseases -----------------------------------------------------------------------------------------


@catalogue.command("base-points")
@click.argument("history")
@_YEAR
@click.option("--new", "new_groups", multiple=True, metavar="GROUP", help="A new group, whose difference factor is 1.")
@POLICY
@_OUT
@_PREVIOUS
@MODE
@REPEALED
@LANGUAGE
def base_points(
    history: str,
    year: int | None,
    new_groups: tuple[str, ...],
    policy_name: str,
    out: str,
    previous: str | None,
    mode: Any,
    allow_repealed: bool,
    language: str,
) -> None:
    """Make the base points and difference factors of DRG from HISTORY, discharges that have their group.

    Writes groups and differences as `mipolicy pay` reads them; groups of DIP that DIR holds stay beside the new ones.
    """
    chosen, folder, say = policy_of(policy_name, mode, allow_repealed), Path(out), _in(language)
    paths = _paths(
        folder, ("groups", "differences"), ("base-points.rejects", "drg-group-changes", "differences-changes")
    )
    _apart({"the history": history}, paths, previous)
    with show.progress(3) as stage:
        stage("reading discharges")
        read, before = files.read(history, HistoryCase), _before(previous, "differences", drg=True)
        stage("making base points")
        made = make_base_points(chosen, read, new_groups=new_groups, year=year)
        written: dict[Path, Mapping[str, Any]] = {
            paths["differences"]: record_texts(made.differences, DifferenceFactor)
        }
        changes = _changes(made, before, "differences", paths, written)
        stage("writing")
        written[paths["groups"]] = tables.groups_with_others(folder, made.groups, drg=True)
        _write(folder, written, paths["base-points.rejects"], made.rejects)
    show.line(say("rows", made.rows_in, made.used, len(made.rejects)))
    show.line(say("base", made.year, len(made.records), len(made.factors)))
    _show_changes(changes, previous, say)
    _show_files(written, paths["base-points.rejects"], made.rejects, say)


@catalogue.command()
@click.argument("history")
@click.option("--prices", "prices_path", metavar="FILE", help="The prices in force, to be checked: dise_codg, price.")
@_YEAR
@POLICY
@_OUT
@MODE
@REPEALED
@LANGUAGE
def prices(
    history: str,
    prices_path: str | None,
    year: int | None,
    policy_name: str,
    out: str,
    mode: Any,
    allow_repealed: bool,
    language: str,
) -> None:
    """Suggest a price for each disease of HISTORY, discharges that have their dise_codg, and check those in force."""
    chosen, folder, say = policy_of(policy_name, mode, allow_repealed), Path(out), _in(language)
    paths = {name: folder / f"{name}.csv" for name in ("suggested", "revised", "prices.rejects")}
    different_files(
        {"the history": history, "the prices": prices_path} | {str(path): str(path) for path in paths.values()}
    )
    with show.progress(3) as stage:
        stage("reading discharges")
        read = files.read(history, HistoryCase)
        listed = files.read(prices_path, PricedDisease) if prices_path else None
        stage("evaluating prices")
        found = evaluate_prices(chosen, read, prices=listed, year=year)
        stage("writing")
        written: dict[Path, Mapping[str, Any]] = {paths["suggested"]: tables.suggestion_texts(found.suggested)}
        if listed is not None:
            written[paths["revised"]] = tables.revision_texts(found.revised)
        _write(folder, written, paths["prices.rejects"], found.rejects)
    show.line(say("rows", found.rows_in, found.used, len(found.rejects)))
    suggested, revised = (_by_disease(written.get(paths[name], {})) for name in ("suggested", "revised"))
    rows = [
        (
            code,
            suggested.get(code, revised.get(code, {}))["cases"],
            revised.get(code, {}).get("price", ""),
            suggested.get(code, {}).get("suggested", ""),
            revised.get(code, {}).get("proposed", ""),
        )
        for code in sorted({*suggested, *revised})
    ]
    show.table(say("prices").split("|"), rows, figures=(1, 2, 3, 4))
    _show_files(written, paths["prices.rejects"], found.rejects, say)


def _by_disease(columns: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


# ---- what they share -------------------------------------------------------------------------------------------------


def _paths(folder: Path, names: tuple[str, ...], others: tuple[str, ...]) -> dict[str, Path]:
    """Where each file goes: tables of a region in place of those of the folder, the others as CSV."""
    return {name: tables.target(folder, name) for name in names} | {name: folder / f"{name}.csv" for name in others}


def _apart(read: dict[str, str | None], paths: Mapping[str, Path], previous: str | None) -> None:
    """Refuse to write over what is read; the year before is read in its own folder."""
    before = {"the folder of the year before": previous, "the new tables": str(next(iter(paths.values())).parent)}
    different_files(before)
    different_files(read | {name: str(path) for name, path in paths.items()})


def _before(previous: str | None, name: str, *, drg: bool) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """Groups of one system and factors of the year before."""
    if previous is None:
        return None
    groups, factors = (tables.previous_table(Path(previous), each) for each in ("groups", name))
    return tables.of_system(groups, drg), factors


def _changes(
    made: Any,
    before: tuple[Mapping[str, Any], Mapping[str, Any]] | None,
    name: str,
    paths: Mapping[str, Path],
    written: dict[Path, Mapping[str, Any]],
) -> dict[str, Sequence[Any]]:
    """What changes against the year before, put among what is written."""
    if before is None:
        return {}
    groups, factors = made.group_changes(before[0]), made.factor_changes(before[1])
    system = "drg" if name == "differences" else "dip"
    written[paths[f"{system}-group-changes"]] = tables.group_change_texts(groups)
    written[paths[f"{name}-changes"]] = tables.factor_change_texts(factors, _KEYS[name])
    return {"group_changes": groups, "factor_changes": factors}


def _write(folder: Path, written: Mapping[Path, Mapping[str, Any]], refused: Path, rejects: Rejects) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if len(rejects) or refused.exists():
        files.write_rejects(refused, rejects)
    for path, columns in written.items():
        files.write(path, columns)


def _show_changes(changes: Mapping[str, Sequence[Any]], previous: str | None, say: _Say) -> None:
    if not changes:
        return
    rows = [
        (say(name), str(len(found)), *(str(sum(each.change == kind for each in found)) for kind in CHANGES))
        for name, found in changes.items()
    ]
    show.line()
    show.table(say("changes", previous, say("kinds")).split("|"), rows, figures=(1, 2, 3, 4))


def _show_files(written: Mapping[Path, Any], refused: Path, rejects: Rejects, say: _Say) -> None:
    show.heading(say("files"))
    for path in written:
        show.line(str(path))
    if len(rejects):
        show.line()
        show.line(say("rejects", refused))
        counts = sorted(rejects.counts().items(), key=lambda item: (-item[1], item[0]))
        show.table(say("reason").split("|"), [(why, str(rows)) for why, rows in counts], figures=(1,))
