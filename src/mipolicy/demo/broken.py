"""What goes wrong in real tables, done to some rows on purpose: reversals that are right, and rows that are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from attrs import frozen

from mipolicy.benefits.bill import AMOUNTS
from mipolicy.money import COUNT_ONE, Column, plain_text, quantity, unit_price, yuan, yuan_text
from mipolicy.vocabulary import mul_div

__all__ = ["BROKEN", "Fate", "Texts", "break_some", "reverse_some"]

Texts: TypeAlias = dict[str, list[str]]
"""A table of text while it is made: columns by name, one text a row."""
_DAY: Final = np.timedelta64(1, "D")
_PER_FEN: Final = 10_000 * COUNT_ONE


def _negative(amount: str) -> str:
    return amount if not amount or not yuan(amount) else f"-{amount}"


def reverse_some(rng: np.random.Generator, table: Texts, count: int) -> Any:
    """Append reversals of some bills, each a few days after its bill; returns which bills are taken back."""
    rows = len(table["setl_id"])
    chosen = np.sort(rng.choice(rows, count, replace=False))
    later = rng.integers(0, 12, count)
    for at, (row, days) in enumerate(zip(chosen.tolist(), later.tolist(), strict=True)):
        when = np.datetime64(table["setl_time"][row].replace(" ", "T"), "s") + days * _DAY + np.timedelta64(1800, "s")
        changed = {
            "setl_id": f"S{rows + at + 1:08d}",
            "setl_time": str(when).replace("T", " "),
            "refd_setl_flag": "1",
            "init_setl_id": table["setl_id"][row],
            **{name: _negative(table[name][row]) for name in AMOUNTS},
        }
        for name, column in table.items():
            column.append(changed.get(name, column[row]))
    taken_back = np.zeros(rows, bool)
    taken_back[chosen] = True
    return taken_back


@frozen
class _Case:
    """A row to break: the tables, its place, the places of its lines, and another sound row."""

    bills: Texts
    lines: Texts
    row: int
    mine: range
    other: int

    def line(self, **changed: str) -> None:
        """Append a copy of the row's first line with some of its cells changed."""
        for name, column in self.lines.items():
            column.append(changed.get(name, column[self.mine[0]]))


@frozen
class Fate:
    """One way to break a row: the kind of row it takes, the reason of the reject that follows, and how it is done.

    pool: "visit" or "stay", with lines, "plain", without, or "reversal".
    """

    pool: str
    reason: str
    do: Callable[[_Case], None]


def _cell(column: str, text: str) -> Callable[[_Case], None]:
    def do(case: _Case) -> None:
        case.bills[column][case.row] = text

    return do


def _line_cell(column: str, text: str) -> Callable[[_Case], None]:
    def do(case: _Case) -> None:
        case.lines[column][case.mine[0]] = text

    return do


def _one_yuan_more(column: str, *, of_line: bool = False) -> Callable[[_Case], None]:
    def do(case: _Case) -> None:
        cells, row = (case.lines[column], case.mine[0]) if of_line else (case.bills[column], case.row)
        cells[row] = yuan_text(yuan(cells[row]) + 100)

    return do


def _other_scheme(case: _Case) -> None:
    case.bills["psn_type"][case.row] = "15" if case.bills["insutype"][case.row] == "310" else "11"


def _of_another_amount(case: _Case) -> None:
    for name in ("medfee_sumamt", "inscp_scp_amt"):
        cells = case.bills[name]
        cells[case.row] = yuan_text(yuan(cells[case.row]) - 100) if cells[case.row] else ""


def _overdrawn(case: _Case) -> None:
    case.bills["acct_used_flag"][case.row], case.bills["balc"][case.row] = "1", "-0.01"


def _same_id(case: _Case) -> None:
    case.bills["setl_id"][case.row] = case.bills["setl_id"][case.other]


def _leaves_before_it_comes(case: _Case) -> None:
    adm, dscg = case.bills["adm_time"], case.bills["dscg_time"]
    adm[case.row], dscg[case.row] = dscg[case.row], adm[case.row]


def _negative_without_reversal(case: _Case) -> None:
    for name in AMOUNTS:
        case.bills[name][case.row] = _negative(case.bills[name][case.row])


def _refund(case: _Case, pieces: int, original: str) -> None:
    price = unit_price(case.lines["pric"][case.mine[0]])
    case.line(
        feedetl_sn=f"{case.bills['mdtrt_id'][case.row]}-R1",
        cnt=plain_text(-pieces, COUNT_ONE),
        det_item_fee_sumamt=yuan_text(-int(mul_div(price, pieces, _PER_FEN))),
        init_feedetl_sn=original,
    )


def _too_much_back(case: _Case) -> None:
    first = case.mine[0]
    _refund(case, quantity(case.lines["cnt"][first]) + 5 * COUNT_ONE, case.lines["feedetl_sn"][first])


BROKEN: Final[Mapping[str, Fate]] = {
    "a kind of care that does not exist": Fate("visit", "code", _cell("med_type", "77")),
    "an amount with a thousands separator": Fate("visit", "amount", _cell("medfee_sumamt", "1,234.50")),
    "a header that is not the sum of its lines": Fate("visit", "lines", _one_yuan_more("medfee_sumamt")),
    "more refunded than was charged": Fate("visit", "refund", _too_much_back),
    "a refund of a line that is not there": Fate("visit", "refund", lambda case: _refund(case, COUNT_ONE, "nowhere")),
    "two bills with one setl_id": Fate("visit", "duplicate", _same_id),
    "lines of no bill": Fate("visit", "", lambda case: case.line(mdtrt_id=f"M9{case.row:07d}", init_feedetl_sn="")),
    "discharge before admission": Fate("stay", "date", _leaves_before_it_comes),
    "a person class of the other scheme": Fate("visit", "code", _other_scheme),
    "a date before the first version": Fate("visit", "not_in_force", _cell("setl_time", "2023-12-20 10:00:00")),
    "an institution level without its zero": Fate("visit", "code", _cell("hosp_lv", "3")),
    "a kind of care that no room settles": Fate("visit", "code", _cell("med_type", "51")),
    "an insurance type that is not settled here": Fate("visit", "code", _cell("insutype", "340")),
    "an amount finer than a fen": Fate("visit", "amount", _cell("medfee_sumamt", "88.005")),
    "no person": Fate("visit", "id", _cell("psn_no", "")),
    "a day that no calendar has": Fate("visit", "date", _cell("setl_time", "2025-02-30 09:00:00")),
    "a stay without its admission": Fate("stay", "date", _cell("adm_time", "")),
    "an account that is overdrawn": Fate("visit", "account", _overdrawn),
    "a hardship class that nobody listed": Fate("visit", "code", _cell("hardship_class", "poor")),
    "a place class that is none": Fate("stay", "code", _cell("place_class", "abroad")),
    "a flag in words": Fate("visit", "code", _cell("online_flag", "Y")),
    "an item that the catalogue does not list": Fate("visit", "lines", _line_cell("med_list_codg", "QQ0001")),
    "an item class that does not exist": Fate("visit", "code", _line_cell("chrgitm_lv", "9")),
    "a line that is not price x count": Fate("visit", "amount", _one_yuan_more("det_item_fee_sumamt", of_line=True)),
    "a line sent twice": Fate("visit", "lines", lambda case: case.line()),
    "parts that do not add up": Fate("plain", "identity", _one_yuan_more("inscp_scp_amt")),
    "a negative bill that is no reversal": Fate("plain", "amount", _negative_without_reversal),
    "a reversal of an unknown bill": Fate("reversal", "reversal", _cell("init_setl_id", "S99999999")),
    "a reversal that names no bill": Fate("reversal", "reversal", _cell("init_setl_id", "")),
    "a reversal of another amount": Fate("reversal", "reversal", _of_another_amount),
}
"""Every way in which rows are broken, with the reason their reject gives; "" where only lines are rejected."""


def break_some(rng: np.random.Generator, table: Texts, lines: Texts, pools: Mapping[str, Column], count: int) -> None:
    """Break some rows in place, each way in turn.

    pools: the rows that may be broken, by kind of row; count: how many.
    """
    left = {name: rng.permutation(rows).tolist() for name, rows in pools.items()}
    encounters = np.array(lines["mdtrt_id"], np.str_)
    for at in range(count):
        fate = list(BROKEN.values())[at % len(BROKEN)]
        pool = left[fate.pool]
        if len(pool) < 2:
            continue
        row = pool.pop()
        of_row = table["mdtrt_id"][row]
        mine = range(*(int(np.searchsorted(encounters, of_row, side=side)) for side in ("left", "right")))
        fate.do(_Case(table, lines, row, mine, pool[0]))
        if fate.reason == "duplicate":
            pool.pop(0)
