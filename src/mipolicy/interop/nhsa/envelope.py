"""The envelope around a transaction: which it is, who sent it, and the input that it carries."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import frozen

from mipolicy.interop.nhsa.names import ENVELOPE, FEES, REPLY, REQUESTS
from mipolicy.interop.nhsa.reading import Body, Reading

__all__ = ["Envelope", "opened", "output_of"]

_READ_BY: Final = {**dict.fromkeys(FEES, "read_fees"), **dict.fromkeys(REQUESTS, "read_request")}
_WRONG_TRANSACTIONS: Final = {"2201": "门诊结算 is 2207, and its 预结算 2206"}


@frozen(kw_only=True)
class Envelope:
    """What an envelope says of its sender and time; names of persons and signatures are not kept.

    infno: the transaction; inf_time: when it was sent, which is not the time of settlement.
    """

    infno: str
    msgid: str = ""
    mdtrtarea_admvs: str = ""
    insuplc_admdvs: str = ""
    inf_time: datetime.datetime | None = None
    fixmedins_code: str = ""


def opened(
    reading: Reading, body: Body, infno: str | None, allowed: Collection[str]
) -> tuple[Envelope, str, Mapping[str, Any]]:
    """The envelope of a body, the path of its input, and the input.

    infno: the transaction of a body that is the input alone; allowed: those that the caller reads.
    Raises RecordError where the input cannot be reached or the transaction is another.
    """
    found = reading.parsed(body, "body")
    values: dict[str, Any] = {}
    path, given = "", found
    if "input" in found or "infno" in found:
        values = reading.node("", found, ENVELOPE)
        path = "input"
        given = reading.parsed(found.get("input"), path) if found.get("input") not in (None, "") else {}
    stated = values.get("infno")
    if stated is not None and infno is not None and stated != infno:
        reading.wrong("infno", f"is {stated}, and {infno} was asked for")
    if stated is None and "infno" in found:
        reading.finish()
    transaction = stated if infno is None else infno
    if transaction not in allowed:
        raise reading.stop("infno", _not_allowed(transaction, allowed))
    if path and not given:
        reading.finish()
    return Envelope(**{**values, "infno": transaction}), path, given


def _not_allowed(infno: Any, allowed: Collection[str]) -> str:
    due = f"{' or '.join(allowed)} is due"
    if infno is None:
        return f"is missing (交易编号): {due}; a body without its envelope is read with infno=..."
    if infno in _READ_BY:
        return f"{due}, not {infno}, which {_READ_BY[infno]} reads"
    hint = f"; {_WRONG_TRANSACTIONS[infno]}" if infno in _WRONG_TRANSACTIONS else ""
    return f"{due}, not {infno!r}{hint}"


def output_of(reading: Reading, body: Body, node: str) -> tuple[str, Mapping[str, Any]]:
    """The output of an answer, in its envelope or alone, and its path; node: what the output must hold.

    Raises RecordError where it cannot be reached, with what the platform said of a transaction that failed.
    """
    found = reading.parsed(body, "body")
    path, given = "", found
    if "output" in found or "infcode" in found:
        code = found.get("infcode")
        if "infcode" in found and str(code) != "0":
            said = found.get("err_msg")
            raise reading.stop("infcode", f"is {code}, not 0: the transaction failed{f' ({said})' if said else ''}")
        reading.node("", found, REPLY)
        reading.finish()
        path, given = "output", reading.parsed(found["output"], "output")
    if node not in given:
        raise reading.stop(f"{path}.{node}" if path else node, "is missing")
    return path, given
