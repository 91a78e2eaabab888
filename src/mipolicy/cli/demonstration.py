"""`mipolicy demo`: a made-up table settled, summed, checked and explained, in Chinese or English."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np

import mipolicy
from mipolicy import demo
from mipolicy.axes import SCHEMES
from mipolicy.batch.result import TableResult
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.settlement import section_name
from mipolicy.benefits.statement import FUNDS
from mipolicy.cli import show
from mipolicy.errors import IdentityError
from mipolicy.explain import Explanation
from mipolicy.interop import files
from mipolicy.money import yuan_text
from mipolicy.policy import Policy
from mipolicy.texts import Coded

__all__ = ["demonstrate", "percent"]

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "what": (
        "A made-up city under the pack '{}': every person, institution and figure is invented.",
        "示例包“{}”下的假想市: 人员、机构和数字都是虚构的。",
    ),
    "made": ("made: {} bills of {} persons, {} fee lines, seed {}", "生成: {} 笔结算, {} 人, {} 条费用明细, 种子 {}"),
    "summary": ("settled, by scheme and kind of care, in yuan", "按险种和医疗类别汇总(元)"),
    "heads": (
        "care|bills|total cost|in scope|fund|person|rate",
        "类别|笔数|医疗费总额|政策范围内|基金支付|个人负担|比例",
    ),
    "schemes": ("employees|residents", "职工|居民"),
    "streams": (
        "general|emergency|special|two diseases|dual channel|inpatient",
        "普通门诊|急诊|门诊慢特病|两病|双通道|住院",
    ),
    "all": ("all", "合计"),
    "rate": (
        "Reversals are taken off. rate: fund / total cost, a ratio of the sums, half up to 0.01%.",
        "冲销已扣减。比例: 基金支付 / 医疗费总额, 先求和再相除, 四舍五入到 0.01%。",
    ),
    "checks": ("checks, exact to the fen", "核对(精确到分)"),
    "rows": (
        "{} rows in = {} settled + {} rejected",
        "输入 {} 行 = 结算 {} 行 + 拒绝 {} 行",
    ),
    "example": ("one bill, step by step", "一笔结算的逐步说明"),
    "more": ("{} more fee lines; the whole bill: {}", "另有 {} 条费用明细; 完整说明: {}"),
    "rejects": ("rejected rows, by reason", "拒绝的行, 按原因"),
    "reason": ("reason|rows|lines", "原因|行数|明细数"),
    "first": ("the first {} of them", "其中前 {} 行"),
    "reject": ("row|setl_id|reason|message", "行|结算ID|原因|说明"),
    "files": ("files", "文件"),
    "count": ("{} rows", "{} 行"),
}
"""What is printed, in English and Chinese."""
_SHOWN_REJECTS: Final = 12
_SHOWN_LINES: Final = 2
_TELLING: Final = ("act_pay_dedc", "hosp_part_amt", "preselfpay_amt", "payable")
_SECOND_BAND: Final = 2_000_000
"""In fen; a stay above it is paid by more than one band."""


def demonstrate(folder: Path, count: int, seed: int, language: Any) -> None:
    """Make a table, settle it, write it, and print what came out.

    Raises OSError for a folder that cannot be written to.
    """

    def say(key: str, *values: object) -> str:
        return _WORDS[key][language == "zh"].format(*values)

    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    folder.mkdir(exist_ok=True)
    with show.progress(4) as stage:
        stage("making bills")
        table, lines = demo.bills(count, seed)
        stage("settling")
        policy = mipolicy.load(demo.PACK)
        result = mipolicy.settle(policy, table, lines=lines)
        stage("explaining")
        row = _instructive(table, lines, result)
        explanation = None if row is None else mipolicy.explain(policy, table, row=row, lines=lines)
        stage("writing")
        written = _write(folder, table, lines, result)
    checks = list(_checks(result, table))
    show.line(say("what", demo.PACK))
    show.line(say("made", count, len({*table["psn_no"].tolist()} - {""}), len(lines["mdtrt_id"]), seed))
    _show_summary(table, result, say)
    show.heading(say("checks"))
    for check in checks:
        show.line(f"  {check}")
    if explanation is not None:
        show.heading(say("example"))
        _show_example(explanation, folder, row, policy, language, say)
    _show_rejects(result, say)
    show.heading(say("files"))
    for path, rows in written.items():
        show.line(f"  {path}  {say('count', rows)}")


def _write(folder: Path, table: Any, lines: Any, result: TableResult) -> dict[Path, int]:
    """The five files, with their rows."""
    files.write(folder / "bills.csv", table)
    files.write(folder / "lines.csv", lines)
    files.write_rejects(folder / "rejects.csv", result.rejects)
    files.write_rejects(folder / "line-rejects.csv", result.line_rejects, "feedetl_sn")
    files.write_result(folder / "settled.csv", result)
    return {
        folder / "bills.csv": result.rows_in,
        folder / "lines.csv": len(lines["mdtrt_id"]),
        folder / "settled.csv": len(result),
        folder / "rejects.csv": len(result.rejects),
        folder / "line-rejects.csv": len(result.line_rejects),
    }


def _texts(column: Any) -> Any:
    return column.texts() if isinstance(column, Coded) else np.asarray(column)


def percent(part: int, whole: int) -> str:
    """A ratio in percent with two decimals, half up, exactly; a dash where nothing is divided by.

    >>> percent(1, 3), percent(-1, 8), percent(0, 0)
    ('33.33%', '-12.50%', '–')
    """
    if not whole:
        return "–"
    hundredths = (2 * abs(part) * 10_000 + abs(whole)) // (2 * abs(whole))
    sign = "-" if (part < 0) != (whole < 0) and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}%"


def _show_summary(table: Any, result: TableResult, say: Any) -> None:
    sections = _texts(result.columns["section"])
    is_bill = table["refd_setl_flag"][result.row] == "0"
    names = ("medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt")

    def sums(label: str, where: Any) -> tuple[str, ...]:
        totals = [int(result.columns[name][where].sum()) for name in names]
        return (label, str(int(is_bill[where].sum())), *map(yuan_text, totals), percent(totals[2], totals[0]))

    rows: list[tuple[str, ...]] = []
    for scheme, label in zip(SCHEMES, say("schemes").split("|"), strict=True):
        of_scheme = [section_name(scheme, stream) for stream in STREAMS]
        rows.append(sums(label, np.isin(sections, of_scheme)))
        for section, stream in zip(of_scheme, say("streams").split("|"), strict=True):
            if (sections == section).any():
                rows.append(sums(f" {stream}", sections == section))
    rows.append(sums(say("all"), np.ones(len(result), bool)))
    show.heading(say("summary"))
    show.table(say("heads").split("|"), rows, figures=(1, 2, 3, 4, 5, 6))
    show.line(say("rate"))


def _checks(result: TableResult, table: Any) -> Iterator[str]:
    """The identities of the sums; raises IdentityError where one does not hold."""
    settled, rejected = len(result), len(result.rejects)
    yield _equal("rows in", [("rows in", result.rows_in)], [("settled", settled), ("rejected", rejected)], str)
    stated = sum(mipolicy.yuan(text) for text in table["medfee_sumamt"][result.row].tolist())

    def total(*names: str) -> list[tuple[str, int]]:
        return [(name, result.total(name)) for name in names]

    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    yield _equal("header", [("medfee_sumamt in bills.csv", stated)], total("medfee_sumamt"), yuan_text)
    yield _equal("parts", total("medfee_sumamt"), total(*parts), yuan_text)
    yield _equal("payers", total("medfee_sumamt"), total("fund_pay_sumamt", "psn_part_amt", "hosp_part_amt"), yuan_text)
    yield _equal("person", total("psn_part_amt"), total("acct_pay", "psn_cash_pay"), yuan_text)
    yield _equal("funds", total("fund_pay_sumamt"), total(*FUNDS), yuan_text)


def _equal(what: str, left: list[tuple[str, int]], right: list[tuple[str, int]], text: Any) -> str:
    shown = [" + ".join(f"{name} {text(amount)}" for name, amount in side if amount) or "0" for side in (left, right)]
    if sum(amount for _, amount in left) != sum(amount for _, amount in right):
        raise IdentityError(f"{what}: {shown[0]} is not {shown[1]}")
    return " = ".join(shown)


def _instructive(table: Any, lines: Any, result: TableResult) -> int | None:
    """The row of a bill that shows much: many payers, a stay with a deductible, few lines, TCM."""
    if not len(result):
        return None
    encounters, of_line = table["mdtrt_id"][result.row], lines["mdtrt_id"]
    names, counts = np.unique(of_line, return_counts=True)
    number = dict(zip(names.tolist(), counts.tolist(), strict=True))
    with_tcm = set(of_line[np.char.startswith(lines["med_list_codg"], "ZF")].tolist())
    columns = {name: result.columns[name] for name in _TELLING}
    stay = np.char.startswith(_texts(result.columns["section"]).astype(np.str_), "inpatient")
    worth = 8 * stay + 4 * (columns["act_pay_dedc"] > 0) + 2 * (columns["hosp_part_amt"] > 0)
    worth = worth + (columns["preselfpay_amt"] > 0) + 3 * (columns["payable"] > _SECOND_BAND)
    payers = sum((result.columns[name] > 0).astype(np.int64) for name in (*FUNDS, "acct_pay", "outside_pay"))
    worth = worth + 6 * payers
    worth += np.array([2 * (name in with_tcm) + 4 * (0 < number.get(name, 0) < 9) for name in encounters.tolist()])
    worth -= 16 * (table["refd_setl_flag"][result.row] == "1")
    return int(result.row[int(np.argmax(worth))])


def _show_example(
    explanation: Explanation, folder: Path, row: int | None, policy: Policy, language: Any, say: Any
) -> None:
    """The two most telling fee lines, the rule, and the record; the command for the rest."""
    of_lines = [group for group in explanation.groups if group.en.startswith("fee line")]

    def telling(at: int) -> tuple[int, int]:
        value = {step.name: step.value for step in of_lines[at].steps}
        return value["overlmt_amt"], value["preselfpay_amt"]

    kept = sorted(range(len(of_lines)), key=telling, reverse=True)[:_SHOWN_LINES]
    hidden = [group for at, group in enumerate(of_lines) if at not in kept]
    groups = tuple(group for group in explanation.groups if group not in hidden)
    show.line(attrs.evolve(explanation, groups=groups).text(language))
    if hidden:
        command = (
            f"mipolicy explain {folder / 'bills.csv'} --lines {folder / 'lines.csv'} --policy {policy.id} --row {row}"
        )
        show.line(say("more", len(hidden), command))


def _show_rejects(result: TableResult, say: Any) -> None:
    rows, lines = result.rejects.counts(), result.line_rejects.counts()
    if not rows and not lines:
        return
    show.heading(say("rejects"))
    reasons = sorted({*rows, *lines}, key=lambda reason: (-rows.get(reason, 0), reason))
    counts = [(reason, str(rows.get(reason, 0)), str(lines.get(reason, 0))) for reason in reasons]
    show.table(say("reason").split("|"), counts, figures=(1, 2))
    first = [tuple(record.values()) for record, _ in zip(result.rejects.records(), range(_SHOWN_REJECTS), strict=False)]
    if first:
        show.heading(say("first", len(first)))
        show.table(say("reject").split("|"), first, figures=(0,), names=(1, 2))
