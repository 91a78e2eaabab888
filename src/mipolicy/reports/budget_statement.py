"""The year-end statement of a budget: of each institution, and of the city, in which every fen has one payer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from mipolicy.annual.result import PAYERS, ClearedYear, IssuedYear
from mipolicy.budget.clearing import ClearedBudget
from mipolicy.budget.ledgers import Refused
from mipolicy.budget.sharing import BudgetSharing
from mipolicy.errors import InputError
from mipolicy.reports.sheet import Figures, Grid, Heading, Series, Sheet, headings

__all__ = ["city_sheet", "institution_sheet", "institution_sheets"]

_STAGES: Final[tuple[tuple[type[Any], str, str], ...]] = (
    (IssuedYear, "控制额与账面", "the quota and the books"),
    (BudgetSharing, "结余留用与超支分担", "savings and overruns"),
    (ClearedBudget, "年度清算", "the year cleared"),
)

_CODE: Final = Heading("fixmedins_code", "text", "定点医药机构编号", "institution")


def institution_sheet(cleared: ClearedYear, at: int) -> Sheet:
    """The statement of one institution; at: its place among those that are cleared, from 0.

    Raises InputError for a place that is none.
    """
    if not 0 <= at < len(cleared):
        raise InputError(f"no institution at {at}: {len(cleared)} are cleared, from 0")
    of = cleared.columns
    code, name = str(of["fixmedins_code"][at]), str(of["medins_name"][at])
    named = f"{name}({code})" if name else code
    blocks = tuple(
        Figures.of(zh, en, shape(**{each.name: int(of[each.name][at]) for each in attrs.fields(shape)}))
        for shape, zh, en in _STAGES
    )
    title = f"{cleared.year}年度总额预算清算 {named}"
    return Sheet(_file_name(code, at), title, f"budget of {cleared.year} cleared: {named}", blocks)


def institution_sheets(cleared: ClearedYear) -> Iterator[Sheet]:
    """The statements of all institutions that are cleared, in the order of the table."""
    return (institution_sheet(cleared, at) for at in range(len(cleared)))


def city_sheet(cleared: ClearedYear) -> Sheet:
    """The statement of the city: sums over its institutions, what was refused and why, each institution in a line.

    What the sums leave out is named below them: increments without every approval, institutions that were rejected.
    """
    sums = cleared.totals()
    blocks: list[Figures | Grid] = []
    for shape, zh, en in _STAGES:
        heads = tuple(head for head in headings(shape) if head.name in sums)
        blocks.append(Figures(f"{zh}(合计)", f"{en}: sums", heads, tuple(sums[head.name] for head in heads)))
    refused = cleared.refused_by_reason()
    if refused is not None and refused.total:
        blocks.append(_refused(refused))
    blocks.append(_payers(cleared))
    if cleared.pending:
        blocks.append(_pending(cleared))
    if len(cleared.rejects):
        blocks.append(_rejected(cleared))
    return Sheet(
        "city",
        f"{cleared.year}年度总额预算清算汇总",
        f"budgets of {cleared.year} cleared: the city",
        tuple(blocks),
    )


def _refused(refused: Refused) -> Grid:
    """What review refused, by reason: it sums to what was refused of the institutions."""
    held = {reason: amount for reason, amount in refused.by_reason.items() if amount}
    reason, amount = (
        Heading("reason", "text", "拒付原因", "reason"),
        Heading("refused_amt", "fen", "审核拒付", "refused"),
    )
    return Grid("审核拒付(按原因)", "refused by reason", (Series(reason, [*held]), Series(amount, [*held.values()])))


def _payers(cleared: ClearedYear) -> Grid:
    """Who pays what of each institution's year: the three payers sum to the amount in every line."""
    labels = {head.name: head for head in headings(ClearedBudget)}
    code = Series(_CODE, _texts(cleared))
    names = ("cleared_amount", *PAYERS, "clearing")
    return Grid("逐机构", "by institution", (code, *(Series(labels[name], cleared.columns[name]) for name in names)))


def _pending(cleared: ClearedYear) -> Grid:
    """Increments that do not count in the quotas above."""
    code = Series(_CODE, [each.fixmedins_code for each in cleared.pending])
    amount = Series(Heading("amount", "fen", "增量金额", "cost added"), [each.amount for each in cleared.pending])
    on = cleared.settled_on
    return Grid(f"截至{on}未获全部审批的增量", f"increments without every approval on {on}", (code, amount))


def _rejected(cleared: ClearedYear) -> Grid:
    """Institutions that the sums above leave out."""
    rejects = cleared.rejects
    columns = (
        Series(Heading("row", "count", "行", "row"), rejects.row),
        Series(_CODE, [*rejects.setl_id]),
        Series(Heading("message", "text", "未清算原因", "why it is not cleared"), [*rejects.message]),
    )
    return Grid("未清算机构(未计入合计)", "institutions not cleared, in no sum above", columns)


def _texts(cleared: ClearedYear) -> list[str]:
    found: list[str] = cleared.columns["fixmedins_code"].tolist()
    return found


def _file_name(code: str, at: int) -> str:
    """A name for a file: the code, or the place where a code holds what a file name cannot."""
    plain = all(letter.isalnum() or letter in "-_" for letter in code)
    taken = code.casefold() == "city" or code.casefold().startswith("row-")
    return code if plain and not taken else f"row-{at}"
