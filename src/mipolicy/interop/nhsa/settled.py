"""Settlements as the platform answers them, `setlinfo` and `setldetail`: written, and read with their identities."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal

import attrs
from attrs import frozen

from mipolicy import codes
from mipolicy.benefits.settlement import Settlement
from mipolicy.benefits.statement import FUNDS, Setlinfo
from mipolicy.errors import InputError, Problem
from mipolicy.interop.nhsa.envelope import output_of
from mipolicy.interop.nhsa.names import DETAIL, SETLINFO
from mipolicy.interop.nhsa.reading import NO_ALIASES, Body, Reading
from mipolicy.money import yuan_text

__all__ = [
    "FUND_PAY_TYPES",
    "FundPaid",
    "SettledRecord",
    "output",
    "read_setlinfo",
    "setldetail",
    "setlinfo",
    "write_output",
]

_EITHER: Final = {
    "cvlserv_pay": "320100",
    "hifes_pay": "370100",
    "hifmi_pay": "390200",
    "hifob_pay": "330100",
    "maf_pay": "610100",
    "oth_pay": "999997",
}
FUND_PAY_TYPES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "employee": {"hifp_pay": "310100", **_EITHER, "acct_pay": "310200"},
        "resident": {"hifp_pay": "390100", **_EITHER},
    }
)
"""`fund_pay_type` by scheme and field of the record, as seen in newtouch-cloud/openhis.

No code seen says that it is that of `hifdm_pay`, or of a resident's account.
"""
_ACCOUNT: Final = "acct_pay"
_AMOUNTS: Final = tuple(each.name for each in attrs.fields(Setlinfo))
_STATED: Final = ("setl_id", "insutype", "psn_type", "cvlserv_flag", "setl_time", "med_type", "balc", "acct_mulaid_pay")

# ---- writing ---------------------------------------------------------------------------------------------------------


def setlinfo(settlement: Settlement) -> dict[str, str]:
    """A settlement as `setlinfo`: amounts in yuan with two decimals, texts as the national names have them.

    Not written, because no bill holds it: the person's name, certificate, sex, birth and age, `mdtrt_cert_type`,
    `balc`, `acct_mulaid_pay`, and what clears the bill (`medins_setl_id`, `clr_optins`, `clr_way`, `clr_type`).
    Raises InputError for a reversal, which has a transaction of its own.
    """
    if settlement.reversal:
        raise InputError(
            f"bill {settlement.bill.setl_id} is taken back: 2208 tells that, and no answer of a settlement"
        )
    record = settlement.to_record()
    bill = settlement.bill
    stated = {"cvlserv_flag": bill.cvlserv_flag, "setl_time": f"{bill.setl_time:%Y-%m-%d %H:%M:%S}"}
    ids = ("mdtrt_id", "setl_id", "psn_no", "insutype", "psn_type")
    return {**{name: record[name] for name in ids}, **stated, **record}


def setldetail(settlement: Settlement, types: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """A settlement as `setldetail`: one row for each fund that pays, and for the account where it has a code.

    types: `fund_pay_type` by field of the record, before those of `FUND_PAY_TYPES`.
    `inscp_scp_amt` and `crt_payb_lmt_amt` of a row are not written: what they are of one fund is not documented.
    Raises InputError for a fund that pays and has no code, or a code that is not listed in the policy's region.
    """
    of_scheme = FUND_PAY_TYPES[settlement.parts[0].scheme]
    unknown = [name for name in types or () if name not in (*FUNDS, _ACCOUNT)]
    if unknown:
        raise InputError(f"types: no fund {', '.join(unknown)}; funds: {', '.join((*FUNDS, _ACCOUNT))}")
    chosen = {**of_scheme, **(types or {})}
    table = codes.table("fund_pay_type", region=settlement.policy.header.region, on=settlement.bill.setl_time.date())
    rows = []
    for name in (*FUNDS, _ACCOUNT):
        paid = getattr(settlement.setlinfo, name)
        if not paid or (name == _ACCOUNT and name not in chosen):
            continue
        if name not in chosen:
            raise InputError(f"{name} pays {yuan_text(paid)} and has no fund_pay_type: state it in types")
        code = chosen[name]
        label = table.label(code)
        rows.append({"fund_pay_type": code, "fund_pay_type_name": label, "fund_payamt": yuan_text(paid)})
    return rows


def output(settlement: Settlement, types: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A settlement as the `output` of 2206, 2207, 2303 and 2304: `setlinfo` and `setldetail`.

    types: see `setldetail`.  Raises InputError.
    """
    return {"setlinfo": setlinfo(settlement), "setldetail": setldetail(settlement, types)}


def write_output(settlement: Settlement, types: Mapping[str, str] | None = None) -> str:
    """The `output` of a settlement as JSON; see `output`."""
    return json.dumps(output(settlement, types), ensure_ascii=False)


# ---- reading ---------------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class FundPaid:
    """A row of `setldetail`; amounts in fen, None where it does not state them."""

    fund_pay_type: str
    fund_payamt: int
    fund_pay_type_name: str = ""
    inscp_scp_amt: int | None = None
    crt_payb_lmt_amt: int | None = None
    setl_proc_info: str = ""


@frozen(kw_only=True)
class SettledRecord:
    """A settlement that came in; amounts in fen, empty and None what it does not state.

    broken: the inferred identities that it breaks, where the reader was asked to report them.
    """

    mdtrt_id: str
    psn_no: str
    setlinfo: Setlinfo[int]
    setl_id: str = ""
    insutype: str = ""
    psn_type: str = ""
    cvlserv_flag: str = ""
    setl_time: datetime.datetime | None = None
    med_type: str = ""
    balc: int | None = None
    acct_mulaid_pay: int | None = None
    setldetail: tuple[FundPaid, ...] = ()
    broken: tuple[Problem, ...] = ()


def read_setlinfo(
    body: Body,
    *,
    inferred: Literal["refuse", "report"] = "refuse",
    aliases: Mapping[str, str] = NO_ALIASES,
    local: Collection[str] = (),
) -> SettledRecord:
    """Read a settlement: the answer to 2206, 2207, 2303 or 2304, whole or its `output` alone.

    body, aliases, local: see `read_fees`; inferred: what becomes of the identities that are inferred from few records:
    the sum of the funds, the deductible within the in-scope amount, no negative payer, the shared account within the
    account, and the sum of `setldetail`.  The other three are always mistakes.
    Raises RecordError with every mistake, its path, and the figures of broken identities.
    """
    reading = Reading("settlement", aliases, local)
    path, given = output_of(reading, body, "setlinfo")
    reading.only(path, given, "setlinfo", "setldetail")
    at = f"{path}.setlinfo" if path else "setlinfo"
    values = reading.node(at, given["setlinfo"], SETLINFO)
    rows = _rows(reading, path, given)
    amounts = {name: values.get(name, 0) for name in _AMOUNTS}
    broken: list[Problem] = []
    if set(_AMOUNTS) - set(values) <= {"hifdm_pay"}:
        for message in _broken(amounts):
            reading.wrong(at, message)
        detail = (f"{path}.setldetail" if path else "setldetail", rows)
        broken = _inferred(at, amounts, values.get("acct_mulaid_pay"), detail if rows else None)
    if inferred == "refuse":
        reading.problems.extend(broken)
    reading.finish()
    return SettledRecord(
        mdtrt_id=values["mdtrt_id"],
        psn_no=values["psn_no"],
        setlinfo=Setlinfo(**amounts),
        **{name: values[name] for name in _STATED if name in values},
        setldetail=rows,
        broken=tuple(broken),
    )


def _rows(reading: Reading, path: str, given: Mapping[str, Any]) -> tuple[FundPaid, ...]:
    """The rows of `setldetail`, which may be absent or empty: no fund paid."""
    if given.get("setldetail") in (None, []):
        return ()
    rows = []
    for at, row in reading.rows(path, given, "setldetail"):
        before = len(reading.problems)
        values = reading.node(at, row, DETAIL)
        if len(reading.problems) == before:
            rows.append(FundPaid(**values))
    return tuple(rows)


def _sum(total: str, terms: Sequence[str], of: Mapping[str, int]) -> str:
    """What is wrong where an amount is not the sum of others; empty where it is."""
    found = sum(of[name] for name in terms)
    if of[total] == found:
        return ""
    figures = " + ".join(f"{name} {yuan_text(of[name])}" for name in terms)
    return f"{total} {yuan_text(of[total])} is not {figures} = {yuan_text(found)}"


_SUMS: Final = (
    ("medfee_sumamt", ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")),
    ("medfee_sumamt", ("fund_pay_sumamt", "psn_part_amt", "hosp_part_amt")),
    ("psn_part_amt", ("acct_pay", "psn_cash_pay")),
)
"""The identities that must hold of a record that comes in, each an amount and the terms that sum to it."""


def _broken(of: Mapping[str, int]) -> list[str]:
    return [message for total, terms in _SUMS if (message := _sum(total, terms, of))]


def _inferred(
    path: str, of: Mapping[str, int], shared: int | None, detail: tuple[str, Sequence[FundPaid]] | None
) -> list[Problem]:
    """The inferred identities that a record breaks; of a negative one, the amounts have the opposite sign."""
    found = [Problem(path, message)] if (message := _sum("fund_pay_sumamt", FUNDS, of)) else []
    sign = -1 if of["medfee_sumamt"] < 0 else 1
    taken, scope = of["act_pay_dedc"], of["inscp_scp_amt"]
    if not 0 <= sign * taken <= sign * scope:
        bounds = f"between 0 and inscp_scp_amt {yuan_text(scope)}"
        found.append(Problem(f"{path}.act_pay_dedc", f"{yuan_text(taken)} is not {bounds}"))
    for name in (*FUNDS, _ACCOUNT, "psn_cash_pay"):
        if sign * of[name] < 0:
            found.append(Problem(f"{path}.{name}", f"{yuan_text(of[name])} has the opposite sign of medfee_sumamt"))
    if shared is not None and not 0 <= sign * shared <= sign * of[_ACCOUNT]:
        bounds = f"between 0 and acct_pay {yuan_text(of[_ACCOUNT])}"
        found.append(Problem(f"{path}.acct_mulaid_pay", f"{yuan_text(shared)} is not {bounds}"))
    if detail is not None:
        funds, paid = of["fund_pay_sumamt"], sum(row.fund_payamt for row in detail[1])
        if paid not in (funds, funds + of[_ACCOUNT]):
            sums = f"fund_pay_sumamt {yuan_text(funds)}, alone or with acct_pay {yuan_text(of[_ACCOUNT])}"
            found.append(Problem(detail[0], f"fund_payamt sums to {yuan_text(paid)}, which is not {sums}"))
    return found
