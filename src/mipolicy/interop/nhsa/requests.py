"""Requests to settle: 2206 and 2207 of outpatient care, 2303 and 2304 of stays, as bills of the library."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import attrs
from attrs import evolve, frozen

from mipolicy.benefits.bill import AMOUNTS, Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.errors import InputError
from mipolicy.interop.nhsa.envelope import Envelope, opened
from mipolicy.interop.nhsa.fees import Fee, FeeUpload
from mipolicy.interop.nhsa.names import REQUESTS
from mipolicy.interop.nhsa.reading import NO_ALIASES, Body, Reading
from mipolicy.money import yuan_text
from mipolicy.records import READ

__all__ = ["SettlementRequest", "read_request"]

_PRELIMINARY: Final = ("2206", "2303")
_OUTPATIENT: Final = ("2206", "2207")


@frozen(kw_only=True)
class SettlementRequest:
    """A request to settle, as the institution sends it; amounts in fen.

    The parts are None where the request leaves them to the fee lines.  dscg_time: `dscgTime` of a stay.
    """

    envelope: Envelope
    psn_no: str
    mdtrt_id: str
    insutype: str
    medfee_sumamt: int
    fulamt_ownpay_amt: int | None = None
    overlmt_selfpay: int | None = None
    preselfpay_amt: int | None = None
    inscp_scp_amt: int | None = None
    med_type: str = ""
    chrg_bchno: str = ""
    acct_used_flag: str = ""
    mid_setl_flag: str = ""
    psn_setlway: str = ""
    dscg_time: datetime.date | None = None

    @property
    def preliminary(self) -> bool:
        """Whether it asks what a settlement would come to (预结算), and settles nothing."""
        return self.envelope.infno in _PRELIMINARY

    def fees(self, *uploads: FeeUpload) -> tuple[Fee, ...]:
        """The fee lines that it settles: those of its encounter, and of its batch for outpatient care.

        Raises InputError where the uploads hold none, or another person's.
        """
        batch = self.chrg_bchno if self.envelope.infno in _OUTPATIENT else ""
        every = [fee for upload in uploads for fee in upload.fees]
        found = [fee for fee in every if fee.line.mdtrt_id == self.mdtrt_id and batch in ("", fee.chrg_bchno)]
        if not found:
            of_batch = f" in batch {batch}" if batch else ""
            raise InputError(f"the uploads hold no fee line of encounter {self.mdtrt_id}{of_batch}")
        for fee in found:
            if fee.psn_no != self.psn_no:
                line = f"fee line {fee.line.feedetl_sn} of encounter {self.mdtrt_id}"
                raise InputError(f"{line} is {fee.psn_no}'s, the request is {self.psn_no}'s")
        return tuple(found)

    def lines(self, *uploads: FeeUpload, item_kinds: Mapping[str, str] | None = None) -> tuple[Line, ...]:
        """The lines to settle it with, see `mipolicy.settle`.

        item_kinds: `item_kind` by `med_list_codg` of items that the policy does not list, since the interface has no
        such field.  Raises InputError, see `fees`.
        """
        kinds = {} if item_kinds is None else item_kinds
        lines = (fee.line for fee in self.fees(*uploads))
        return tuple(evolve(line, item_kind=kinds.get(line.med_list_codg, line.item_kind)) for line in lines)

    def bill(self, *uploads: FeeUpload, **stated: Any) -> Bill:
        """The bill of the request.

        uploads: of its fee lines, which say its disease and the kind of care of a stay; stated: the other fields of
        `Bill`, which the interface tells elsewhere, as `Bill.from_record` takes them.
        Raises InputError for a field that is missing, unreadable, or stated otherwise by the request.
        """
        known = {**self._stated(), **self._of_fees(uploads)}
        fields = attrs.fields_dict(Bill)
        for name, value in stated.items():
            if name in known and name in fields and value not in (None, ""):
                kind = fields[name].metadata["kind"]
                if READ[kind](name, value) != READ[kind](name, known[name]):
                    raise InputError(f"{name}: the request says {known[name]}, not {value}")
        return Bill.from_record({**stated, **known})

    def _stated(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("psn_no", "mdtrt_id", "insutype", "med_type", "acct_used_flag", "mid_setl_flag", "dscg_time")
        }
        record["fixmedins_code"] = self.envelope.fixmedins_code
        amounts = {name: getattr(self, name) for name in AMOUNTS}
        record.update({name: yuan_text(amount) for name, amount in amounts.items() if amount is not None})
        return {name: value for name, value in record.items() if value not in (None, "")}

    def _of_fees(self, uploads: Iterable[FeeUpload]) -> dict[str, str]:
        found: dict[str, str] = {}
        fees = self.fees(*uploads) if uploads else ()
        for name in ("dise_codg", "med_type"):
            values = {value: None for fee in fees if (value := getattr(fee, name))}
            if name == "med_type" and self.med_type:
                values = {self.med_type: None, **values}
            if len(values) > 1:
                raise InputError(f"{name}: the request and its fee lines say {' and '.join(values)}")
            if values:
                found[name] = next(iter(values))
        return found


def read_request(
    body: Body, *, infno: str | None = None, aliases: Mapping[str, str] = NO_ALIASES, local: Collection[str] = ()
) -> SettlementRequest:
    """Read a request to settle, 2206, 2207, 2303 or 2304: the whole transaction, or its `input` alone.

    body, infno, aliases, local: see `read_fees`.
    Raises RecordError with every mistake and its path; parts that do not sum to the total are one.
    """
    reading = Reading("request to settle", aliases, local)
    envelope, path, given = opened(reading, body, infno, REQUESTS)
    reading.only(path, given, "data")
    at = f"{path}.data" if path else "data"
    if "data" not in given:
        raise reading.stop(at, "is missing")
    values = reading.node(at, given["data"], REQUESTS[envelope.infno])
    _check_amounts(reading, at, values)
    reading.finish()
    if "dscgTime" in values:
        values["dscg_time"] = values.pop("dscgTime")
    return SettlementRequest(envelope=envelope, **values)


def _check_amounts(reading: Reading, path: str, values: Mapping[str, Any]) -> None:
    parts = {name: values[name] for name in AMOUNTS[1:] if name in values}
    for name, amount in {**parts, "medfee_sumamt": values.get("medfee_sumamt", 0)}.items():
        if amount < 0:
            reading.wrong(f"{path}.{name}", f"{yuan_text(amount)} is negative")
    if parts and len(parts) < len(AMOUNTS) - 1:
        missing = ", ".join(name for name in AMOUNTS[1:] if name not in parts)
        reading.wrong(path, f"states {', '.join(parts)} without {missing}; the four parts are stated together")
    elif parts and "medfee_sumamt" in values and values["medfee_sumamt"] != sum(parts.values()):
        terms = " + ".join(f"{name} {yuan_text(part)}" for name, part in parts.items())
        total = yuan_text(sum(parts.values()))
        reading.wrong(path, f"medfee_sumamt {yuan_text(values['medfee_sumamt'])} is not {terms} = {total}")
