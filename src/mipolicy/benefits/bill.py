"""The public record of a bill, what must hold of it, and its codes as small integers.

Field names are those of the national settlement interface where it has one, else plain English.  Codes are strings.
Each check is written once, for one bill and for a column of bills.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic

import attrs
import numpy as np
from attrs import frozen

from mipolicy import codes
from mipolicy.axes import LEVEL, SCHEMES
from mipolicy.benefits.axes import (
    EMPLOYEE_STATUS,
    HARDSHIP,
    INSTITUTION,
    OWNERSHIP,
    PLACE,
    RESIDENT_STATUS,
    SERVICE,
    STREAMS,
    TIER,
)
from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import CodeError, InputError
from mipolicy.money import MAX_FEN, A
from mipolicy.records import NO_AMOUNT, read_record, record_field

__all__ = [
    "AMOUNTS",
    "CHECKS",
    "Bill",
    "Check",
    "CodeBook",
    "Days",
    "Figures",
    "bill_fields",
    "figures_of",
]

AMOUNTS: Final = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


@frozen(kw_only=True)
class Bill:
    """One bill as the settlement interface sends it; amounts in fen (see `yuan`), codes as strings.

    The four parts may be left out where the fee lines are given.  Flags are "0" or "1".  `adm_time` and `dscg_time` are
    needed for inpatient care.  A reversal has `refd_setl_flag` "1", names the bill it reverses in `init_setl_id`, and
    carries that bill's amounts with the opposite sign.
    """

    setl_id: str = record_field("id", "结算ID", "settlement id")
    mdtrt_id: str = record_field("id", "就诊ID", "encounter id")
    psn_no: str = record_field("id", "人员编号", "person")
    insutype: str = record_field("code", "险种类型", "insurance type")
    psn_type: str = record_field("code", "人员类别", "person class")
    med_type: str = record_field("code", "医疗类别", "kind of care")
    hosp_lv: str = record_field("code", "医院等级", "institution level")
    medins_kind: str = record_field("code", "机构类型", "institution kind")
    medins_ownership: str = record_field("code", "举办主体", "ownership")
    fixmedins_code: str = record_field("id", "定点医药机构编号", "institution")
    setl_time: datetime.datetime = record_field("time", "结算时间", "settled at")
    medfee_sumamt: int = record_field("fen", "医疗费总额", "total cost")
    fulamt_ownpay_amt: int | None = record_field("fen", "全自费金额", "wholly self-paid", None)
    overlmt_selfpay: int | None = record_field("fen", "超限价自费费用", "above price ceilings", None)
    preselfpay_amt: int | None = record_field("fen", "先行自付金额", "first-pay share", None)
    inscp_scp_amt: int | None = record_field("fen", "符合政策范围金额", "in-scope amount", None)
    adm_time: datetime.date | None = record_field("date", "入院日期", "admission", None)
    dscg_time: datetime.date | None = record_field("date", "出院日期", "discharge", None)
    dise_codg: str = record_field("text", "病种编码", "disease", "")
    second_dise_codg: str = record_field("text", "第二病种编码", "second recognised disease", "")
    opsp_fixmedins_code: str = record_field("text", "选定医疗机构", "registered designated institution", "")
    opsp_begndate: datetime.date | None = record_field("date", "待遇开始日期", "recognition from", None)
    opsp_enddate: datetime.date | None = record_field("date", "待遇结束日期", "recognition to", None)
    service_kind: str = record_field("code", "服务类别", "kind of service", "general")
    online_flag: str = record_field("flag", "互联网诊疗", "online care", "0")
    follow_up_flag: str = record_field("flag", "复诊", "follow-up", "0")
    referral_flag: str = record_field("flag", "转院连续住院", "transferred from the stay before", "0")
    mid_setl_flag: str = record_field("flag", "中途结算", "interim bill", "0")
    refd_setl_flag: str = record_field("flag", "退费结算标志", "reversal", "0")
    init_setl_id: str = record_field("text", "原结算ID", "bill that is reversed", "")
    hardship_class: str = record_field("code", "困难身份类别", "hardship class", "none")
    cvlserv_flag: str = record_field("flag", "公务员标志", "civil servant", "0")
    plans: str = record_field("text", "参加的补充保障", "supplementary plans, parted by ;", "")
    acct_used_flag: str = record_field("flag", "个人账户使用标志", "the personal account is to be used", "0")
    balc: int | None = record_field("fen", "个人账户余额", "account balance before the bill", None)
    place_class: str = record_field("code", "就医地类别", "place class of the care", "local")
    place_tier: str = record_field("code", "医院签约情况", "contracted out of the area or not", "contracted")
    rare_drug_flag: str = record_field("flag", "罕见病药品费用", "for a listed rare-disease drug", "0")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Bill:
        """A bill from a record of texts: amounts in yuan, dates in ISO form; empty texts count as absent.

        Raises InputError naming the field for a name that is unknown or missing, a date or an amount it cannot read.
        """
        return read_record(cls, record, "bill")


def bill_fields(*kinds: str) -> tuple[str, ...]:
    """The names of a bill's fields of the given kinds (id, code, text, flag, fen, date, time), or of all."""
    return tuple(each.name for each in attrs.fields(Bill) if not kinds or each.metadata["kind"] in kinds)


@frozen
class Days(Generic[A]):
    """The days of a bill, or of a column of bills, since 1970-01-01; `NO_DAY` where one is not stated."""

    setl_day: A
    adm_day: A
    dscg_day: A
    begn_day: A
    end_day: A


@frozen
class Figures(Generic[A]):
    """The numbers of a bill, or of a column of bills, that are checked: amounts in fen, days, flags 0 or 1."""

    medfee_sumamt: A
    fulamt_ownpay_amt: A
    overlmt_selfpay: A
    preselfpay_amt: A
    inscp_scp_amt: A
    days: Days[A]
    balc: A
    account: A
    inpatient: A
    reversal: A
    names_original: A


def figures_of(bill: Bill, inpatient: int) -> Figures[int]:
    """The numbers of one bill."""
    for name in (*AMOUNTS, "balc"):
        amount = getattr(bill, name)
        if type(amount) is not int and (amount is not None or name == "medfee_sumamt"):
            raise InputError(f"{name}: fen must be int, not {type(amount).__name__} {amount!r}; use yuan('12.30')")

    def part(amount: int | None) -> int:
        return NO_AMOUNT if amount is None else amount

    return Figures(
        medfee_sumamt=bill.medfee_sumamt,
        fulamt_ownpay_amt=part(bill.fulamt_ownpay_amt),
        overlmt_selfpay=part(bill.overlmt_selfpay),
        preselfpay_amt=part(bill.preselfpay_amt),
        inscp_scp_amt=part(bill.inscp_scp_amt),
        days=Days(
            setl_day=day_number(bill.setl_time.date()),
            adm_day=day_number(bill.adm_time),
            dscg_day=day_number(bill.dscg_time),
            begn_day=day_number(bill.opsp_begndate),
            end_day=day_number(bill.opsp_enddate),
        ),
        balc=part(bill.balc),
        account=int(bill.acct_used_flag == "1"),
        inpatient=inpatient,
        reversal=int(bill.refd_setl_flag == "1"),
        names_original=int(bill.init_setl_id != ""),
    )


def _is_any(of: Figures[Any]) -> bool:
    return bool(np.size(of.medfee_sumamt))


def _is_odd(of: Figures[Any]) -> bool:
    """Whether some amount is negative (as `NO_AMOUNT` is) or beyond the largest."""
    amounts = (np.asarray(getattr(of, name), np.int64) for name in AMOUNTS)
    return any(int(amount.view(np.uint64).max()) > MAX_FEN for amount in amounts)  # a negative one is a large unsigned


def _has_reversals(of: Figures[Any]) -> bool:
    return bool(np.any(of.reversal))


@frozen
class Check:
    """One thing that must hold of a bill.

    reason: a short one for rejects; message: a sentence; broken: the test, true where it does not hold; when: which
    bills can break it at all, asked once for a column of them.
    """

    reason: str
    message: str
    broken: Callable[[Figures[Any]], Any]
    when: Callable[[Figures[Any]], bool] = _is_any


def _any_part(of: Figures[Any], test: Callable[[Any], Any]) -> Any:
    return test(of.fulamt_ownpay_amt) | test(of.overlmt_selfpay) | test(of.preselfpay_amt) | test(of.inscp_scp_amt)


CHECKS: Final = (
    Check("amount", "medfee_sumamt is beyond ten billion yuan", lambda of: abs(of.medfee_sumamt) > MAX_FEN, _is_odd),
    Check(
        "amount",
        "the four parts are stated together, or left to the lines",
        lambda of: _any_part(of, lambda part: (part == NO_AMOUNT) != (of.inscp_scp_amt == NO_AMOUNT)),
        _is_odd,
    ),
    Check(
        "amount",
        "a part of the bill is beyond ten billion yuan",
        lambda of: _any_part(of, lambda part: (part != NO_AMOUNT) & (abs(part) > MAX_FEN)),
        _is_odd,
    ),
    Check(
        "identity",
        "medfee_sumamt is not fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt",
        lambda of: (
            (of.inscp_scp_amt != NO_AMOUNT)
            & (of.medfee_sumamt != of.fulamt_ownpay_amt + of.overlmt_selfpay + of.preselfpay_amt + of.inscp_scp_amt)
        ),
    ),
    Check(
        "amount",
        "an amount is negative and the bill is no reversal (refd_setl_flag 1)",
        lambda of: (
            (of.reversal == 0) & ((of.medfee_sumamt < 0) | _any_part(of, lambda part: (part != NO_AMOUNT) & (part < 0)))
        ),
        _is_odd,
    ),
    Check(
        "amount",
        "a reversal carries the amounts of its bill with the opposite sign, none above 0",
        lambda of: (of.reversal == 1) & ((of.medfee_sumamt > 0) | _any_part(of, lambda part: part > 0)),
        _has_reversals,
    ),
    Check(
        "reversal",
        "refd_setl_flag 1 and init_setl_id go together",
        lambda of: of.reversal != of.names_original,
    ),
    Check(
        "account",
        "balc is below 0: an account is never overdrawn",
        lambda of: (of.balc != NO_AMOUNT) & (of.balc < 0),
    ),
    Check("amount", "balc is beyond ten billion yuan", lambda of: of.balc > MAX_FEN),
    Check(
        "account",
        "acct_used_flag 1 needs balc, the balance of the account",
        lambda of: (of.account == 1) & (of.balc == NO_AMOUNT),
    ),
    Check(
        "date",
        "inpatient care needs adm_time and dscg_time",
        lambda of: (of.inpatient == 1) & ((of.days.adm_day == NO_DAY) | (of.days.dscg_day == NO_DAY)),
    ),
    Check(
        "date",
        "dscg_time is before adm_time",
        lambda of: (of.days.adm_day != NO_DAY) & (of.days.dscg_day != NO_DAY) & (of.days.dscg_day < of.days.adm_day),
    ),
    Check(
        "date",
        "setl_time is before adm_time",
        lambda of: (of.days.adm_day != NO_DAY) & (of.days.setl_day < of.days.adm_day),
    ),
    Check(
        "date",
        "opsp_enddate is before opsp_begndate",
        lambda of: (of.days.end_day != NO_DAY) & (of.days.begn_day != NO_DAY) & (of.days.end_day < of.days.begn_day),
    ),
)
"""What must hold of every bill before any rule sees it; the first that is broken is the reason of the reject."""


@frozen
class CodeBook:
    """A region's codes as the small integers that rules take; every method raises CodeError for what is unknown.

    schemes: the insutype codes that the policy covers.
    """

    region: str
    on: datetime.date | None = None
    schemes: tuple[str, ...] = ("310", "390")

    def _meaning(self, name: str, code: str) -> str:
        return codes.table(name, region=self.region, on=self.on).meaning(code)

    def scheme(self, insutype: str) -> int:
        """Employee or resident scheme."""
        meaning = self._meaning("insutype", insutype)
        if meaning not in SCHEMES:
            raise CodeError(f"insutype {insutype}: only employee (310) and resident (390) bills are settled here")
        if meaning not in {self._meaning("insutype", covered) for covered in self.schemes}:
            raise CodeError(f"insutype {insutype}: the policy covers {', '.join(self.schemes)} only")
        return SCHEMES.index(meaning)

    def stream(self, med_type: str) -> int:
        """The stream of benefits that a kind of care belongs to."""
        meaning = self._meaning("med_type", med_type)
        if meaning not in STREAMS:
            label = codes.table("med_type", region=self.region, on=self.on).label(med_type, "zh")
            raise CodeError(f"med_type {med_type} {label}: no room settles this kind of care")
        return STREAMS.index(meaning)

    def status(self, scheme: int, psn_type: str) -> int:
        """The person class within its scheme."""
        axis = (EMPLOYEE_STATUS, RESIDENT_STATUS)[scheme]
        meaning = self._meaning("psn_type", psn_type)
        if meaning not in axis.members:
            raise CodeError(
                f"psn_type {psn_type} does not belong to the {SCHEMES[scheme]} scheme, which has {', '.join(axis.en)}"
            )
        return axis.position(meaning)

    def level(self, hosp_lv: str, medins_kind: str) -> int:
        """The institution level: primary care by the kind of institution, else by its grade (reading A06)."""
        if self._meaning("medins_kind", medins_kind) == "primary":
            self._meaning("hosp_lv", hosp_lv)
            return LEVEL.position("primary")
        return LEVEL.position(self._meaning("hosp_lv", hosp_lv))

    def kind(self, medins_kind: str) -> int:
        """The kind of institution."""
        self._meaning("medins_kind", medins_kind)
        return INSTITUTION.position(medins_kind)

    def ownership(self, medins_ownership: str) -> int:
        """Public or private."""
        self._meaning("medins_ownership", medins_ownership)
        return OWNERSHIP.position(medins_ownership)

    def service(self, service_kind: str) -> int:
        """The kind of service."""
        self._meaning("service_kind", service_kind)
        return SERVICE.position(service_kind)

    def hardship(self, hardship_class: str) -> int:
        """The class of hardship."""
        self._meaning("hardship_class", hardship_class)
        return HARDSHIP.position(hardship_class)

    def place(self, place_class: str) -> int:
        """The place class of the care."""
        self._meaning("place_class", place_class)
        return PLACE.position(place_class)

    def tier(self, place_tier: str) -> int:
        """Whether the institution is contracted where the care was given."""
        self._meaning("place_tier", place_tier)
        return TIER.position(place_tier)

    def flag(self, name: str, text: str) -> int:
        """A flag, "0" or "1"."""
        if text not in ("0", "1"):
            raise CodeError(f"{name} takes '0' or '1', not {text!r}")
        return int(text)
