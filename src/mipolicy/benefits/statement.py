"""The settlement record `setlinfo`, and the five identities that every result keeps (formulas.md section 1).

Field names and meanings are those of the national settlement interface.  Amounts in fen.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce
from typing import Any, Final, Generic

import attrs
import numpy as np
from attrs import frozen

from mipolicy.errors import IdentityError, InputError
from mipolicy.money import A
from mipolicy.rounding import least_of
from mipolicy.traced import labelled

__all__ = ["FUNDS", "Apart", "Parts", "Setlinfo", "apart", "check_identities", "statement"]


@frozen
class Parts(Generic[A]):
    """A bill's total and the four parts it splits into, and what of it the institution bears."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid")
    overlmt_selfpay: A = labelled("fen", "超限价自费费用", "above price ceilings")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay share")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    hosp_part_amt: A = labelled("fen", "医院负担金额", "borne by the institution")


@frozen
class Setlinfo(Generic[A]):
    """The settlement record: who pays what of a bill."""

    medfee_sumamt: A = labelled("fen", "医疗费总额", "total cost")
    fulamt_ownpay_amt: A = labelled("fen", "全自费金额", "wholly self-paid")
    overlmt_selfpay: A = labelled("fen", "超限价自费费用", "above price ceilings")
    preselfpay_amt: A = labelled("fen", "先行自付金额", "first-pay share")
    inscp_scp_amt: A = labelled("fen", "符合政策范围金额", "in-scope amount")
    act_pay_dedc: A = labelled("fen", "实际支付起付线", "deductible taken")
    hifp_pay: A = labelled("fen", "基本医疗保险统筹基金支出", "pooled fund")
    cvlserv_pay: A = labelled("fen", "公务员医疗补助资金支出", "civil-servant supplement")
    hifes_pay: A = labelled("fen", "企业补充医疗保险基金支出", "enterprise supplement")
    hifmi_pay: A = labelled("fen", "居民大病保险资金支出", "residents' major illness")
    hifob_pay: A = labelled("fen", "职工大额医疗费用补助基金支出", "employees' large cost")
    hifdm_pay: A = labelled("fen", "伤残人员医疗保障基金支出", "disabled servicemen's fund")
    maf_pay: A = labelled("fen", "医疗救助基金支出", "medical assistance")
    oth_pay: A = labelled("fen", "其他支出", "other payers")
    fund_pay_sumamt: A = labelled("fen", "基金支付总额", "all funds")
    psn_part_amt: A = labelled("fen", "个人负担总金额", "the person's part")
    acct_pay: A = labelled("fen", "个人账户支出", "from the personal account")
    psn_cash_pay: A = labelled("fen", "个人现金支出", "in cash")
    hosp_part_amt: A = labelled("fen", "医院负担金额", "borne by the institution")


@frozen
class Apart(Generic[A]):
    """What is shown beside the record: payers outside it pay from the person's cash."""

    outside_pay: A = labelled("fen", "记录外支付", "paid outside the record")
    psn_net_pay: A = labelled("fen", "个人最终负担", "what the person bears in the end")


FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")
"""The fields that sum to `fund_pay_sumamt`; the personal account is not among them."""
_FUNDS_SUM: Final = f"fund_pay_sumamt = {' + '.join(FUNDS)}"


def statement(parts: Parts[A], act_pay_dedc: A, funds: Mapping[str, A], acct_pay: A | None = None) -> Setlinfo[A]:
    """The settlement record of a bill, or of a column of bills, its identities checked.

    parts: the split of the bill; act_pay_dedc: the deductible taken; funds: what each fund pays, by field name;
    acct_pay: what the personal account pays.  Whoever is not named pays 0, a plain one beside columns.
    Raises IdentityError if an identity does not hold, InputError for a fund that the record has no field for.
    """
    unknown = [name for name in funds if name not in FUNDS]
    if unknown:
        raise InputError(f"the record has no fund {', '.join(unknown)}; funds: {', '.join(FUNDS)}")
    paid: dict[str, Any] = {field: funds.get(field, 0) for field in FUNDS}
    fund_pay_sumamt: Any = reduce(operator.add, funds.values()) if funds else 0
    psn_part_amt = parts.medfee_sumamt - fund_pay_sumamt - parts.hosp_part_amt
    account: Any = 0 if acct_pay is None else acct_pay
    settled: Setlinfo[A] = Setlinfo(
        medfee_sumamt=parts.medfee_sumamt,
        fulamt_ownpay_amt=parts.fulamt_ownpay_amt,
        overlmt_selfpay=parts.overlmt_selfpay,
        preselfpay_amt=parts.preselfpay_amt,
        inscp_scp_amt=parts.inscp_scp_amt,
        act_pay_dedc=act_pay_dedc,
        **paid,
        fund_pay_sumamt=fund_pay_sumamt,
        psn_part_amt=psn_part_amt,
        acct_pay=account,
        psn_cash_pay=psn_part_amt if acct_pay is None else psn_part_amt - acct_pay,
        hosp_part_amt=parts.hosp_part_amt,
    )
    check_identities(settled)
    return settled


def apart(settled: Setlinfo[A], outside: Mapping[str, A]) -> Apart[A]:
    """What payers outside the record pay, and what the person bears in the end.

    Raises IdentityError where they pay more than the person's cash.
    """
    paid: Any = reduce(operator.add, outside.values()) if outside else 0
    net = settled.psn_part_amt - paid if outside else settled.psn_part_amt
    if outside:
        _must("outside_pay <= psn_cash_pay", (paid <= settled.psn_cash_pay) | (settled.medfee_sumamt < 0))
    return Apart(paid, net)


def check_identities(settled: Setlinfo[Any]) -> None:
    """Check the five identities of formulas.md section 1, and that no payer of an ordinary bill pays a negative amount.

    Raises IdentityError naming the identity and the first row that breaks it.
    """
    of = settled
    _must(
        "medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt",
        of.medfee_sumamt == _sum(of.fulamt_ownpay_amt, of.overlmt_selfpay, of.preselfpay_amt, of.inscp_scp_amt),
    )
    _must(
        "medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt",
        of.medfee_sumamt == _sum(of.fund_pay_sumamt, of.psn_part_amt, of.hosp_part_amt),
    )
    _must("psn_part_amt = acct_pay + psn_cash_pay", of.psn_part_amt == of.acct_pay + of.psn_cash_pay)
    funds = {field: amount for field in FUNDS if not _is_nothing(amount := getattr(of, field))}
    _must(_FUNDS_SUM, of.fund_pay_sumamt == _sum(*funds.values()))
    reversed_bill: Any = of.medfee_sumamt < 0 if least_of(of.medfee_sumamt) < 0 else False
    within = (of.act_pay_dedc >= 0) & (of.act_pay_dedc <= of.inscp_scp_amt)
    if reversed_bill is not False:
        within = within | (reversed_bill & (of.act_pay_dedc <= 0) & (of.act_pay_dedc >= of.inscp_scp_amt))
    _must("0 <= act_pay_dedc <= inscp_scp_amt", within)
    for field, amount in (*funds.items(), ("acct_pay", of.acct_pay), ("psn_cash_pay", of.psn_cash_pay)):
        if reversed_bill is not False or least_of(amount) < 0:
            _must(f"{field} >= 0", (amount >= 0) | reversed_bill)


def _sum(*amounts: Any) -> Any:
    """The sum without the plain 0 of who does not pay, which would cost as much as a column."""
    return reduce(operator.add, [each for each in amounts if not _is_nothing(each)] or [0])


def _is_nothing(amount: Any) -> bool:
    """Whether it is the 0 of a fund that does not pay, for every row of a column."""
    return isinstance(amount, int) and amount == 0


def _must(identity: str, holds: Any) -> None:
    if isinstance(holds, np.ndarray):
        if not holds.all():
            raise IdentityError(f"row {int(np.flatnonzero(~holds)[0])} breaks {identity}")
    elif not holds:
        raise IdentityError(f"the result breaks {identity}")


def setlinfo_fields() -> tuple[str, ...]:
    """The names of the settlement fields, in order."""
    return tuple(field.name for field in attrs.fields(Setlinfo))
