"""Fee lines of bills: refunds netted, codes resolved, each line split, and the parts of each bill summed.

Rules B06, B21, B38-B40, B55; formulas.md section 1.  Lines are columns from the start: a bill has many.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs
import numpy as np
from attrs import frozen

from mipolicy import codes
from mipolicy.benefits.catalogue import (
    CLASS,
    GROUP,
    ITEM_KINDS,
    CatalogueItemsTerms,
    CatalogueTerms,
    FeeLine,
    LineSplit,
    payable,
    split_line,
)
from mipolicy.calendar import day_number
from mipolicy.errors import CodeError, Fault, InputError
from mipolicy.money import COUNT_ONE, MAX_FEN, PRICE_ONE, RATE_ONE, Column, unit_price, yuan_text
from mipolicy.records import read_record, record_field
from mipolicy.texts import Coded
from mipolicy.vocabulary import mul_div

__all__ = ["NOT_STATED", "Line", "LineTable", "NetLines", "SplitLines", "net_refunds", "split_lines"]

NOT_STATED: Final = -1
"""Stands for a price, rate or ceiling that a line does not state."""
_PER_FEN: Final = PRICE_ONE * COUNT_ONE // 100
_RANGES: Final = {"selfpay_prop": int(RATE_ONE), "pric": 10**13, "pric_uplmt_amt": 10**13}
"""The most that `rate` and `unit_price` take; nothing stated lies below 0."""


@frozen(kw_only=True)
class Line:
    """One fee line as the settlement interface sends it.

    Amounts in fen; `pric` and `pric_uplmt_amt` in millionths of a yuan (`unit_price`), `cnt` per ten thousand
    (`quantity`).  What the line does not state of its item is taken from the policy's catalogue.  A refund has negative
    `cnt` and `det_item_fee_sumamt` and names its line in `init_feedetl_sn`.
    """

    mdtrt_id: str = record_field("id", "就诊ID", "encounter id")
    feedetl_sn: str = record_field("id", "费用明细流水号", "line id")
    med_list_codg: str = record_field("id", "医疗目录编码", "catalogue code")
    det_item_fee_sumamt: int = record_field("fen", "明细项目费用总额", "amount of the line")
    cnt: int = record_field("quantity", "数量", "count", COUNT_ONE)
    pric: int = record_field("price", "单价", "unit price", NOT_STATED)
    fee_ocur_time: datetime.date | None = record_field("date", "费用发生时间", "day of the fee", None)
    chrgitm_lv: str = record_field("code", "收费项目等级", "charge item class", "")
    selfpay_prop: int = record_field("rate", "自付比例", "first-pay rate", NOT_STATED)
    pric_uplmt_amt: int = record_field("price", "定价上限金额", "price ceiling", NOT_STATED)
    item_kind: str = record_field("code", "项目类别", "kind of item", "")
    lmt_used_flag: str = record_field("code", "限制使用标志", "restricted use", "")
    hosp_appr_flag: str = record_field("code", "医院审批标志", "approved by the hospital", "")
    init_feedetl_sn: str = record_field("text", "原费用流水号", "line that is refunded", "")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Line:
        """A line from a record of texts, amounts in yuan; raises InputError, see `Bill.from_record`."""
        return read_record(cls, record, "fee line")


@frozen(eq=False)
class LineTable:
    """Fee lines as columns, named as `Line` names them; days since 1970-01-01."""

    mdtrt_id: Coded
    feedetl_sn: Coded
    med_list_codg: Coded
    det_item_fee_sumamt: Column
    cnt: Column
    pric: Column
    fee_ocur_time: Column
    chrgitm_lv: Coded
    selfpay_prop: Column
    pric_uplmt_amt: Column
    item_kind: Coded
    lmt_used_flag: Coded
    hosp_appr_flag: Coded
    init_feedetl_sn: Coded

    @classmethod
    def of(cls, lines: Sequence[Line]) -> LineTable:
        """The columns of a sequence of lines; raises InputError for amounts that are not int."""
        columns: dict[str, Any] = {}
        for name, each in attrs.fields_dict(Line).items():
            values = [getattr(line, name) for line in lines]
            if name == "fee_ocur_time":
                columns[name] = np.array([day_number(day) for day in values], np.int64)
            elif each.metadata["kind"] in ("id", "code", "text"):
                columns[name] = Coded.of(values)
            else:
                for line, value in zip(lines, values, strict=True):
                    if type(value) is not int or abs(value) >= 2**63:
                        raise InputError(
                            f"line {line.feedetl_sn}: {name} must be an int that int64 holds, not {value!r}"
                        )
                columns[name] = np.array(values, np.int64)
        return cls(**columns)

    def __len__(self) -> int:
        return len(self.cnt)

    def take(self, rows: Any) -> LineTable:
        """The rows asked for."""
        columns: dict[str, Any] = {}
        for field in attrs.fields(LineTable):
            column = getattr(self, field.name)
            columns[field.name] = column.take(rows) if isinstance(column, Coded) else column[rows]
        return LineTable(**columns)


@frozen(eq=False)
class NetLines:
    """Lines after refunds are taken off their originals: which rows are left, and why some cannot be."""

    lines: LineTable
    rows: Column
    faults: Mapping[int, Fault]


def net_refunds(lines: LineTable) -> NetLines:
    """Net refunds by original line first; reject a net-negative item and an unknown original (formulas.md section 1).

    Faults are by row of the lines given; a refund that cannot be netted is a fault of its own row.
    """
    faults: dict[int, Fault] = {}
    key = lines.mdtrt_id.codes.astype(np.int64) * (len(lines.feedetl_sn.values) + 1) + lines.feedetl_sn.codes
    _mark(faults, _repeated(key), lambda row: Fault("lines", f"line {_id(lines, row)} stands twice in its bill"))
    _mark(
        faults,
        np.flatnonzero((abs(lines.det_item_fee_sumamt) > MAX_FEN) | (abs(lines.cnt) > MAX_FEN)),
        lambda row: Fault("amount", f"line {_id(lines, row)}: an amount or count is too large"),
    )
    for name, most in _RANGES.items():
        stated: Column = getattr(lines, name)
        strange = (stated != NOT_STATED) & ((stated < 0) | (stated > most))
        _mark(faults, np.flatnonzero(strange), partial(_out_of_range, lines, name))
    is_refund = lines.init_feedetl_sn.figures(lambda text: int(text != "")) == 1
    negative = (lines.det_item_fee_sumamt < 0) | (lines.cnt < 0)
    _mark(
        faults,
        np.flatnonzero(negative & ~is_refund),
        lambda row: Fault("refund", f"line {_id(lines, row)} is negative and names no original line (init_feedetl_sn)"),
    )
    _mark(
        faults,
        np.flatnonzero(is_refund & ~((lines.det_item_fee_sumamt <= 0) & (lines.cnt < 0))),
        lambda row: Fault("refund", f"line {_id(lines, row)} refunds a line, so its amount and count must be negative"),
    )
    _check_products(lines, faults)
    amount, count = lines.det_item_fee_sumamt.copy(), lines.cnt.copy()
    originals = _originals(lines, is_refund)
    for row in np.flatnonzero(is_refund):
        at = originals.get(
            (int(lines.mdtrt_id.codes[row]), lines.init_feedetl_sn.values[lines.init_feedetl_sn.codes[row]])
        )
        if at is None:
            original = lines.init_feedetl_sn.values[lines.init_feedetl_sn.codes[row]]
            faults.setdefault(
                int(row), Fault("refund", f"line {_id(lines, row)} refunds {original}, which its bill lacks")
            )
            continue
        if lines.med_list_codg.codes[at] != lines.med_list_codg.codes[row] or lines.pric[at] != lines.pric[row]:
            why = f"line {_id(lines, row)} refunds {_id(lines, at)} but has another item or price"
            faults.setdefault(int(row), Fault("refund", why))
            continue
        amount[at] += lines.det_item_fee_sumamt[row]
        count[at] += lines.cnt[row]
    _mark(
        faults,
        np.flatnonzero(~is_refund & ~negative & ((amount < 0) | (count < 0))),
        lambda row: Fault("refund", f"line {_id(lines, row)} is net negative: more is refunded than was charged"),
    )
    rows = np.flatnonzero(~is_refund)
    kept = attrs.evolve(lines, det_item_fee_sumamt=amount, cnt=count).take(rows)
    return NetLines(kept, rows, faults)


def _out_of_range(lines: LineTable, name: str, row: int) -> Fault:
    return Fault("amount", f"line {_id(lines, row)}: {name} is outside what it can be")


def _id(lines: LineTable, row: Any) -> str:
    return lines.feedetl_sn.values[int(lines.feedetl_sn.codes[row])]


def _mark(faults: dict[int, Fault], rows: Any, fault: Callable[[int], Fault]) -> None:
    for row in rows:
        faults.setdefault(int(row), fault(int(row)))


def _repeated(key: Column) -> Column:
    """Rows whose key stands before them already."""
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order][1:] == key[order][:-1]) + 1
    return np.sort(order[again])


def _originals(lines: LineTable, is_refund: Any) -> dict[tuple[int, str], int]:
    """(bill, line id) -> row, for the lines that some refund names."""
    named = {lines.init_feedetl_sn.values[code] for code in np.unique(lines.init_feedetl_sn.codes[is_refund])}
    wanted = lines.feedetl_sn.figures(lambda text: int(text in named)) == 1 if named else np.zeros(len(lines), bool)
    rows = np.flatnonzero(wanted & ~is_refund)
    return {(int(lines.mdtrt_id.codes[row]), _id(lines, row)): int(row) for row in rows[::-1]}


@frozen(eq=False)
class SplitLines:
    """Lines split: what each line was given, its parts, its bill, day, id and item; which cannot be split."""

    given: FeeLine[Column]
    split: LineSplit[Column]
    bill: Column
    day: Column
    rows: Column
    ids: Any
    items: Any
    faults: Mapping[int, Fault]

    def sums(self, bills: int, name: str, where: Any = None) -> Column:
        """A part summed by bill, over the lines asked for."""
        total = np.zeros(bills, np.int64)
        values = getattr(self.given if name == "det_item_fee_sumamt" else self.split, name)
        keep = slice(None) if where is None else where
        np.add.at(total, self.bill[keep], values[keep])
        return total


def split_lines(
    lines: LineTable,
    bill: Column,
    terms: Sequence[tuple[CatalogueTerms, CatalogueItemsTerms | None]],
    version: Column,
    region: str,
) -> SplitLines:
    """Net, resolve and split lines.

    bill: the row of each line's bill; terms: the catalogue terms and items that occur; version: which of them applies,
    by bill; region: for local codes.  Faults are by row of the lines given.
    """
    net = net_refunds(lines)
    faults = dict(net.faults)
    kept, of_bill = net.lines, bill[net.rows]
    which = version[of_bill]
    given: dict[str, Any] = {}
    for at in np.unique(which):
        rows = np.flatnonzero(which == at)
        catalogue, items = terms[int(at)]
        coded = _coded(kept.take(rows), catalogue, items, region, faults, net.rows[rows])
        for name, values in coded.items():
            given.setdefault(name, np.zeros(len(kept), np.int64))[rows] = values
    names = [field.name for field in attrs.fields(FeeLine)]
    line: FeeLine[Column] = FeeLine(**{name: given.get(name, np.zeros(len(kept), np.int64)) for name in names})
    parts = {field.name: np.zeros(len(kept), np.int64) for field in attrs.fields(LineSplit)}
    sound = np.ones(len(lines), bool)
    sound[list(faults)] = False
    for at in np.unique(which):
        rows = np.flatnonzero((which == at) & sound[net.rows])
        some = attrs.evolve(line, **{name: getattr(line, name)[rows] for name in names})
        done = split_line(terms[int(at)][0], some)
        for name, column in parts.items():
            column[rows] = getattr(done, name)
    ids, codes_ = kept.feedetl_sn.texts(), kept.med_list_codg.texts()
    return SplitLines(line, LineSplit(**parts), of_bill, kept.fee_ocur_time, net.rows, ids, codes_, faults)


def _check_products(lines: LineTable, faults: dict[int, Fault]) -> None:
    """A price that is stated must be the price of the line: amount = price x count, half up to the fen."""
    priced = np.flatnonzero(lines.pric != NOT_STATED)
    size = np.abs(lines.pric[priced].astype(np.float64) * lines.cnt[priced] / _PER_FEN)  # only to keep mul_div in reach
    near = priced[size <= 2 * MAX_FEN]
    right = np.zeros(len(lines), bool)
    right[near] = mul_div(lines.pric[near], lines.cnt[near], _PER_FEN) == lines.det_item_fee_sumamt[near]
    for row in priced[~right[priced]]:
        amount = yuan_text(int(lines.det_item_fee_sumamt[row]))
        message = f"line {_id(lines, row)}: {amount} is not pric x cnt, half up to the fen"
        faults.setdefault(int(row), Fault("amount", message))


def _coded(
    lines: LineTable,
    catalogue: CatalogueTerms,
    items: CatalogueItemsTerms | None,
    region: str,
    faults: dict[int, Fault],
    rows: Column,
) -> dict[str, Column]:
    """The lines' codes as small integers; what a line does not state is its item's."""
    listed = {item.med_list_codg: item for item in items.items} if items is not None else {}
    excluded = {entry.med_list_codg: entry for entry in items.excluded} if items is not None else {}
    own = lines.chrgitm_lv.figures(lambda text: int(text != "")) == 1
    known = lines.med_list_codg.figures(lambda code: int(code in listed or code in excluded)) == 1
    _mark_at(
        faults, rows, ~own & ~known, lines, "has an item that the catalogue does not list, and states no chrgitm_lv"
    )

    def of_item(value: Callable[[Any], int], absent: int) -> Column:
        return lines.med_list_codg.figures(lambda code: value(listed[code]) if code in listed else absent)

    def class_of(code: str) -> int:
        return CLASS.position(codes.table("chrgitm_lv", region=region).meaning(code)) if code else 0

    def is_payable(code: str) -> int:
        entries = CatalogueItemsTerms(
            (listed[code],) if code in listed else (), (excluded[code],) if code in excluded else ()
        )
        return int(payable(entries, code).payable)

    stated_class = _figures(lines, "chrgitm_lv", class_of, faults, rows)
    stated_kind = _figures(lines, "item_kind", _KINDS.index, faults, rows)
    kind = np.where(stated_kind > 0, stated_kind, of_item(lambda item: _KINDS.index(item.item_kind), 0))
    _mark_at(faults, rows, own & (kind == 0), lines, "states chrgitm_lv but no item_kind")
    class_b, class_c = CLASS.position("class_b"), CLASS.position("class_c")
    listed_class = of_item(lambda item: class_of(item.chrgitm_lv), class_c)
    level = np.where(own, stated_class, listed_class)
    of_class_b = np.where(listed_class == class_b, of_item(lambda item: int(item.selfpay_prop), NOT_STATED), NOT_STATED)
    first_pay = np.where(lines.selfpay_prop != NOT_STATED, lines.selfpay_prop, of_class_b)
    unstated = (level == class_b) & (first_pay == NOT_STATED)
    _mark_at(faults, rows, unstated, lines, "is class B and states no selfpay_prop")
    limit = np.where(lines.pric_uplmt_amt != NOT_STATED, lines.pric_uplmt_amt, of_item(_limit, NOT_STATED))
    limited = limit != NOT_STATED
    _mark_at(faults, rows, limited & (lines.pric == NOT_STATED), lines, "has a price ceiling but states no pric")
    of_list = np.where(known, lines.med_list_codg.figures(is_payable), own.astype(np.int64))
    covered = of_list & _use_allowed(lines, faults, rows)
    cut_kinds = {_KINDS.index(kind) for kind in catalogue.tcm_cut_kinds}
    return {
        "det_item_fee_sumamt": lines.det_item_fee_sumamt,
        "pric": np.maximum(lines.pric, 0),
        "cnt": lines.cnt,
        "pric_uplmt_amt": np.maximum(limit, 0),
        "limited": limited.astype(np.int64),
        "covered": covered,
        "chrgitm_lv": level,
        "selfpay_prop": np.maximum(first_pay, 0),
        "tcm": np.isin(kind, list(cut_kinds)).astype(np.int64),
        "group": np.array([0, *(GROUP.position(ITEM_KINDS[name]) for name in _KINDS[1:])])[kind],
    }


_KINDS: Final = ("", *ITEM_KINDS)
_RESTRICTED: Final = ("", "0", "1")
_APPROVED: Final = ("", "0", "1", "2")


def _limit(item: Any) -> int:
    return unit_price(item.pric_uplmt_amt) if item.pric_uplmt_amt else NOT_STATED


def _use_allowed(lines: LineTable, faults: dict[int, Fault], rows: Column) -> Column:
    """Restricted items count only when the hospital approved them; any line that it turned down does not."""
    restricted = _figures(lines, "lmt_used_flag", _RESTRICTED.index, faults, rows) == _RESTRICTED.index("1")
    approved = _figures(lines, "hosp_appr_flag", _APPROVED.index, faults, rows)
    allowed: Column = np.where(restricted, approved == _APPROVED.index("1"), approved != _APPROVED.index("2"))
    return allowed.astype(np.int64)


def _figures(
    lines: LineTable, name: str, figure: Callable[[str], int], faults: dict[int, Fault], rows: Column
) -> Column:
    """A number per text of a column; a text that has none is a fault of its lines."""
    texts: Coded = getattr(lines, name)
    numbers, bad = [], {}
    for at, text in enumerate(texts.values):
        try:
            numbers.append(figure(text))
        except (CodeError, ValueError) as error:
            numbers.append(0)
            bad[at] = str(error) if isinstance(error, CodeError) else f"{name} has no code {text!r}"
    for row in np.flatnonzero(np.isin(texts.codes, list(bad))).tolist() if bad else ():
        message = f"line {_id(lines, row)}: {bad[int(texts.codes[row])]}"
        faults.setdefault(int(rows[row]), Fault("code", message))
    return np.array(numbers or [0], np.int64)[texts.codes]


def _mark_at(faults: dict[int, Fault], rows: Column, where: Any, lines: LineTable, what: str) -> None:
    for at in np.flatnonzero(where):
        faults.setdefault(int(rows[at]), Fault("lines", f"line {_id(lines, at)} {what}"))
