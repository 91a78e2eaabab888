"""Day surgery (日间手术): one price in the whole city, tests before it folded in, and what has to be at hand to settle.

Rules P09, P10; reading A60; formulas.md section 4.  Amounts in fen, rates per million, days since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Generic

import numpy as np
from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.calendar import NO_DAY
from mipolicy.checked import check_columns, check_input, for_each, refuse, refuse_no_limit
from mipolicy.errors import InputError
from mipolicy.money import MAX_FEN, A, Column
from mipolicy.payment.axes import POOL
from mipolicy.payment.price import FUND_BASES, Priced, priced
from mipolicy.policy.kinds import (
    ChoiceKind,
    CodesKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TableKind,
    TextKind,
    terms_field,
)
from mipolicy.rounding import any_columns
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, is_over, lookup, none_of

__all__ = [
    "DayStays",
    "DaySurgeryCase",
    "DaySurgeryTerms",
    "Document",
    "Folded",
    "OperationPrice",
    "OutpatientTests",
    "Upload",
    "Uploaded",
    "fold",
    "pay",
    "settleable",
]


@frozen
class OperationPrice:
    """The price of one listed operation, the same at every institution of the city."""

    oprn_oprt_code: str = terms_field(TextKind(), "手术操作编码", "operation")
    price: int = terms_field(FigureKind("fen"), "付费标准", "price")

    def __attrs_post_init__(self) -> None:
        """Refuse an operation without a code, and a price of nothing or without limit."""
        if not self.oprn_oprt_code:
            raise InputError("oprn_oprt_code is empty; a listed operation has a code")
        refuse_no_limit(price=self.price)


@frozen(slots=False)
class DaySurgeryTerms:
    """What a document fixes for day surgery."""

    operations: tuple[OperationPrice, ...] = terms_field(
        RecordsKind(OperationPrice, "oprn_oprt_code"), "日间手术目录", "listed operations with their prices"
    )
    fund_basis: str = terms_field(ChoiceKind(FUND_BASES), "基金支付计算依据", "what the fund's part is reckoned on")
    fund_rate: Table = terms_field(TableKind("rate", (LEVEL, POOL)), "基金支付比例", "the fund's share of the price")
    floor_at_zero: int = terms_field(FlagKind(), "基金支付不低于零", "whether the fund never takes back")
    preoperative_days: int = terms_field(FigureKind("days"), "术前门诊检查天数", "days before in which tests fold in")
    admission_day_folds: int = terms_field(
        FlagKind(), "入院当日门诊并入", "whether tests on the day of admission fold in"
    )
    same_institution: int = terms_field(FlagKind(), "限同一机构", "whether only tests at the same institution fold in")
    documents: tuple[str, ...] = terms_field(CodesKind(), "应上传材料", "documents that have to be uploaded")
    upload_days: int = terms_field(FigureKind("days"), "上传时限", "days after discharge within which they are due")

    @cached_property
    def operation(self) -> Axis:
        """The listed operations as codes."""
        codes = tuple(each.oprn_oprt_code for each in self.operations)
        return Axis("operation", codes, codes, codes)

    @cached_property
    def prices(self) -> Table:
        """The price by operation: there is no level in it."""
        return Table((self.operation,), tuple(each.price for each in self.operations))


@frozen
class DaySurgeryCase(Generic[A]):
    """One day-surgery stay, coded; costs and parts with the tests that were folded in."""

    operation: A = labelled("", "手术操作", "operation, a code of the terms' own list")
    level: A = labelled(LEVEL, "医院等级", "institution level")
    pool: A = labelled(POOL, "险种", "pool")
    day_surgery_accepted: A = labelled("flag", "日间手术备案", "the institution is accepted for day surgery")
    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    other_pay: A = labelled("fen", "其他基金支付", "paid by other funds", 0)


def pay(terms: DaySurgeryTerms, case: DaySurgeryCase[A]) -> Priced[A]:
    """Pay one stay, or a column of stays, by the price of its operation (rule P09, reading A60).

    The price knows no level and no factor of the institution; the fund's share may differ where the terms say so.
    Raises InputError at an institution that is not accepted for day surgery and for figures out of range; AmountError
    for an operation that is not listed.
    Sources: 常德 2023 三(十); formulas.md section 4.
    """
    check_input(case)
    unaccepted = "the institution is not accepted for day surgery; pay the stay by its own method"
    refuse(case.day_surgery_accepted == 0, unaccepted)
    standard = lookup(terms.prices, case.operation)
    return priced(terms, case, standard, lookup(terms.fund_rate, case.level, case.pool))


@frozen(eq=False)
class DayStays:
    """Day-surgery stays as columns: person and institution as codes, day of admission, cost."""

    psn_no: Column
    fixmedins_code: Column
    adm_day: Column
    medfee_sumamt: Column


@frozen(eq=False)
class OutpatientTests:
    """Outpatient bills of tests as columns, persons and institutions coded as those of the stays."""

    psn_no: Column
    fixmedins_code: Column
    day: Column
    medfee_sumamt: Column


@frozen(eq=False)
class Folded:
    """Which bill folds into which stay.

    stay: by bill, the row of its stay or -1; reversals: the rows of the bills to be reversed, ascending; folded_amt,
    joined_amt: by stay, what its bills come to, and the cost of the stay with their lines.
    """

    stay: Column
    reversals: Column
    folded_amt: Column
    joined_amt: Column


def fold(terms: DaySurgeryTerms, stays: DayStays, bills: OutpatientTests) -> Folded:
    """Fold the tests before an operation into its stay: the earlier bills are reversed, their lines join the stay.

    A bill folds into the person's next stay, if that begins within the days of the terms; of two stays on one day, into
    the one that stands first.  Each bill folds once at most.
    Raises InputError for an amount out of range, as reversals have, and for a day not stated; AmountError for what is
    no int64 column.
    Source: formulas.md section 4, day surgery.
    """
    any_columns(stays.psn_no, stays.fixmedins_code, stays.adm_day, stays.medfee_sumamt)
    any_columns(bills.psn_no, bills.fixmedins_code, bills.day, bills.medfee_sumamt)
    check_columns("stays", medfee_sumamt=(stays.medfee_sumamt, int(MAX_FEN)))
    check_columns("bills", medfee_sumamt=(bills.medfee_sumamt, int(MAX_FEN)))
    for what, days in (("stay", stays.adm_day), ("bill", bills.day)):
        refuse((days <= NO_DAY) | (days > -NO_DAY), f"the {what} has no day that care can have; complete the record")
    found = _next_stay(terms, stays, bills)
    reversals = np.flatnonzero(found >= 0).astype(np.int64)
    folded = np.zeros(stays.adm_day.size, np.int64)
    np.add.at(folded, found[reversals], bills.medfee_sumamt[reversals])
    return Folded(found, reversals, folded, stays.medfee_sumamt + folded)


def _next_stay(terms: DaySurgeryTerms, stays: DayStays, bills: OutpatientTests) -> Column:
    """By bill: the row of the person's next stay in reach, or -1."""
    many = stays.adm_day.size
    if not many or not bills.day.size:
        return np.full(bills.day.size, -1, np.int64)
    keys = [np.concatenate((stays.psn_no, bills.psn_no))]
    if terms.same_institution:
        keys.append(np.concatenate((stays.fixmedins_code, bills.fixmedins_code)))
    key: Any = np.unique(np.stack(keys), axis=1, return_inverse=True)[1].reshape(-1)
    first = bills.day if terms.admission_day_folds else bills.day + 1  # the earliest admission that takes the bill
    order = np.lexsort((np.arange(many), stays.adm_day, key[:many]))
    least = min(int(stays.adm_day.min()), int(first.min()))
    width = max(int(stays.adm_day.max()), int(first.max())) - least + 1
    line = key[:many][order] * width + stays.adm_day[order] - least
    at = np.searchsorted(line, key[many:] * width + first - least, side="left")
    row = order[np.minimum(at, many - 1)]
    reached = (at < many) & (key[:many][row] == key[many:])
    reached &= stays.adm_day[row] - bills.day <= terms.preoperative_days
    return np.where(reached, row, -1).astype(np.int64)


@frozen
class Document(Generic[A]):
    """One document of a stay, or of each of a column."""

    uploaded: A = labelled("flag", "已上传", "uploaded")


@frozen
class Upload(Generic[A]):
    """What an institution sent for a stay.

    documents: 1 or 0 by the name of each document of the terms; days_after: days from discharge to the upload.
    """

    day_surgery_accepted: A = labelled("flag", "日间手术备案", "the institution is accepted for day surgery")
    days_after: A = labelled("days", "出院至上传天数", "days from discharge to the upload")
    documents: Mapping[str, A] = labelled("", "已上传材料", "documents uploaded")


@frozen
class Uploaded(Generic[A]):
    """Whether a stay can be settled directly, and what is missing: by document, 1 where it is."""

    missing: Mapping[str, A] = labelled("", "缺少材料", "missing documents")
    complete: A = labelled("flag", "材料齐全", "every document is there")
    in_time: A = labelled("flag", "按时上传", "uploaded in time")
    settleable: A = labelled("flag", "可直接结算", "can be settled directly")

    def missing_names(self, row: int | None = None) -> tuple[str, ...]:
        """The documents that one stay lacks, in the order of the terms; row: of a column."""
        figures = {name: flag if row is None else np.asarray(flag)[row] for name, flag in self.missing.items()}
        return tuple(name for name, flag in figures.items() if int(np.asarray(flag)))


def settleable(terms: DaySurgeryTerms, upload: Upload[A]) -> Uploaded[A]:
    """Whether a stay can be settled directly (rule P10): accepted institution, every document, in time.

    The last day of the limit is in time.
    Raises InputError where a document of the terms is neither said to be there nor to be missing, and for a flag other
    than 0 and 1.
    Source: 常德 2023 三(十).
    """
    unsaid = [name for name in terms.documents if name not in upload.documents]
    unknown = [name for name in upload.documents if name not in terms.documents]
    if unsaid or unknown:
        raise InputError(
            f"documents: nothing said of {', '.join(unsaid) or 'none'}, not asked for: {', '.join(unknown) or 'none'}; "
            f"the terms ask for {', '.join(terms.documents)}"
        )
    check_input(upload)
    any_columns(upload.day_surgery_accepted, *upload.documents.values())
    for flag in upload.documents.values():
        check_input(Document(flag))
    missing = {name: none_of(upload.documents[name]) for name in terms.documents}
    in_time = none_of(is_over(upload.days_after, terms.upload_days))
    complete = none_of(_any(list(missing.values()), upload.day_surgery_accepted))
    whole: A = all_of(upload.day_surgery_accepted, complete, in_time)
    return Uploaded(missing=missing, complete=complete, in_time=in_time, settleable=whole)


def _any(flags: list[A], like: A) -> A:
    """1 where any flag is set; of none, 0 as many times as `like` is long."""
    total = for_each(0, like)
    for flag in flags:
        total = total + flag
    return is_over(total, 0)
