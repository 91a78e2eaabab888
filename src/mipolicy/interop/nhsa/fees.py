"""Uploads of fee lines, 2204 (门诊费用明细信息上传) and 2301 (住院费用明细上传), and the platform's answer to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import attrs
from attrs import evolve, frozen

from mipolicy.benefits.fee_lines import Line
from mipolicy.interop.nhsa.envelope import Envelope, opened, output_of
from mipolicy.interop.nhsa.names import ANSWER, FEES
from mipolicy.interop.nhsa.reading import NO_ALIASES, Body, Reading
from mipolicy.money import COUNT_ONE, PRICE_ONE, plain_text, yuan_text

__all__ = ["Fee", "FeeParts", "FeeUpload", "read_fees", "with_answer"]


@frozen(kw_only=True)
class FeeParts:
    """How the platform split a fee line, in fen; the four sum to the amount of the line."""

    fulamt_ownpay_amt: int
    overlmt_amt: int
    preselfpay_amt: int
    inscp_scp_amt: int


_PARTS: Final = tuple(each.name for each in attrs.fields(FeeParts))
_OF_LINE: Final = tuple(each.name for each in attrs.fields(Line))
_OF_ANSWER: Final = ("chrgitm_lv", "selfpay_prop", "pric_uplmt_amt", "lmt_used_flag")
_TEXT: Final[Mapping[str, Callable[[int], str]]] = {
    "det_item_fee_sumamt": yuan_text,
    "cnt": lambda units: plain_text(units, COUNT_ONE),
    "pric": lambda units: plain_text(units, PRICE_ONE),
}


@frozen(kw_only=True)
class Fee:
    """One row of `feedetail`: the line that is settled, what it belongs to, and how the platform split it.

    med_type: of 2301 only; med_chrgitm_type: 医疗收费项目类别, of the answer.
    """

    line: Line
    psn_no: str
    chrg_bchno: str = ""
    dise_codg: str = ""
    med_type: str = ""
    med_chrgitm_type: str = ""
    parts: FeeParts | None = None


@frozen
class FeeUpload:
    """An upload of fee lines, in their order."""

    envelope: Envelope
    fees: tuple[Fee, ...]


def read_fees(
    body: Body, *, infno: str | None = None, aliases: Mapping[str, str] = NO_ALIASES, local: Collection[str] = ()
) -> FeeUpload:
    """Read an upload of fee lines, 2204 or 2301: the whole transaction, or its `input` alone.

    body: JSON, amounts in yuan; infno: the transaction, where the body does not say it; aliases: other names that the
    source is known to use (`CENTRE_ALIASES`); local: names that the place adds, left unread.
    Raises RecordError with every mistake and its path.
    """
    reading = Reading("fee lines", aliases, local)
    envelope, path, given = opened(reading, body, infno, FEES)
    reading.only(path, given, "feedetail")
    fees: list[tuple[str, Fee]] = []
    for at, row in reading.rows(path, given, "feedetail"):
        before = len(reading.problems)
        values = reading.node(at, row, FEES[envelope.infno])
        if len(reading.problems) == before:
            fees.append((at, _fee(reading, at, values)))
    _check_together(reading, fees)
    reading.finish()
    return FeeUpload(envelope, tuple(fee for _, fee in fees))


def _fee(reading: Reading, path: str, values: Mapping[str, Any]) -> Fee:
    line = Line(**{name: values[name] for name in _OF_LINE if name in values})
    if line.init_feedetl_sn:
        if line.cnt >= 0 or line.det_item_fee_sumamt > 0:
            reading.wrong(path, f"refunds line {line.init_feedetl_sn}, so cnt and det_item_fee_sumamt must be negative")
    else:
        why = "negative on a line that refunds no other: a refund is a line of 2301 that names one in init_feedetl_sn"
        for name in ("cnt", "det_item_fee_sumamt"):
            if getattr(line, name) < 0:
                reading.wrong(f"{path}.{name}", f"{_TEXT[name](getattr(line, name))} is {why}")
    others = {
        name: values[name]
        for name in ("psn_no", "chrg_bchno", "dise_codg", "med_type", "med_chrgitm_type")
        if name in values
    }
    return Fee(line=line, parts=_parts(reading, path, values), **others)


def _parts(reading: Reading, path: str, values: Mapping[str, Any]) -> FeeParts | None:
    """The four parts of a row, which sum to its amount; None where it states none."""
    stated = {name: values[name] for name in _PARTS if name in values}
    if not stated:
        return None
    if len(stated) < len(_PARTS):
        missing = ", ".join(name for name in _PARTS if name not in stated)
        reading.wrong(path, f"states {', '.join(stated)} without {missing}; the four parts are stated together")
        return None
    amount, total = values["det_item_fee_sumamt"], sum(stated.values())
    if amount != total:
        terms = " + ".join(f"{name} {yuan_text(part)}" for name, part in stated.items())
        reading.wrong(path, f"det_item_fee_sumamt {yuan_text(amount)} is not {terms} = {yuan_text(total)}")
    return FeeParts(**stated)


def _check_together(reading: Reading, fees: Iterable[tuple[str, Fee]]) -> None:
    """Ids stand once in an encounter, an encounter is one person's, and a batch is for one disease."""
    lines: dict[tuple[str, str], str] = {}
    persons: dict[str, tuple[str, str]] = {}
    diseases: dict[tuple[str, str], tuple[str, str]] = {}
    for path, fee in fees:
        line = fee.line
        first = lines.setdefault((line.mdtrt_id, line.feedetl_sn), path)
        if first != path:
            reading.wrong(f"{path}.feedetl_sn", f"{line.feedetl_sn} stands at {first} already")
        where, person = persons.setdefault(line.mdtrt_id, (path, fee.psn_no))
        if person != fee.psn_no:
            reading.wrong(f"{path}.psn_no", f"{fee.psn_no} has the encounter of {person}, at {where}: {line.mdtrt_id}")
        if fee.chrg_bchno:
            where, disease = diseases.setdefault((line.mdtrt_id, fee.chrg_bchno), (path, fee.dise_codg))
            if disease != fee.dise_codg:
                reading.wrong(
                    f"{path}.dise_codg",
                    f"{fee.dise_codg or 'none'} is not that of its batch, {disease or 'none'} at {where}",
                )


# ---- the answer ------------------------------------------------------------------------------------------------------


def with_answer(
    upload: FeeUpload, body: Body, *, aliases: Mapping[str, str] = NO_ALIASES, local: Collection[str] = ()
) -> FeeUpload:
    """An upload with what the platform answered of its lines: class, first-pay rate, price ceiling, restriction, parts.

    body: the answer to 2204 or 2301, whole or its `output` alone.
    Raises RecordError with every mistake: a line that is not the upload's, one that the answer lacks, an amount, count
    or price that is another, parts that do not sum to the amount.
    """
    reading = Reading("answer to fee lines", aliases, local)
    path, given = output_of(reading, body, "result")
    reading.only(path, given, "result")
    where: dict[str, int] = {}
    for place, fee in enumerate(upload.fees):
        if where.setdefault(fee.line.feedetl_sn, place) != place:
            raise reading.stop("feedetl_sn", f"{fee.line.feedetl_sn} is a line of two encounters; read them apart")
    fees, answered = list(upload.fees), dict[int, str]()
    for at, row in reading.rows(path, given, "result"):
        before = len(reading.problems)
        values = reading.node(at, row, ANSWER)
        if len(reading.problems) > before:
            continue
        place = where.get(values["feedetl_sn"], -1)
        if place < 0:
            reading.wrong(f"{at}.feedetl_sn", f"{values['feedetl_sn']} is no line of the upload")
        elif answered.setdefault(place, at) != at:
            reading.wrong(f"{at}.feedetl_sn", f"{values['feedetl_sn']} stands at {answered[place]} already")
        else:
            fees[place] = _answered(reading, at, fees[place], values)
    missing = [fee.line.feedetl_sn for place, fee in enumerate(upload.fees) if place not in answered]
    if missing and not reading.problems:
        reading.wrong(f"{path}.result" if path else "result", f"lacks lines of the upload: {', '.join(missing)}")
    reading.finish()
    return FeeUpload(upload.envelope, tuple(fees))


def _answered(reading: Reading, path: str, fee: Fee, values: Mapping[str, Any]) -> Fee:
    for name, text in _TEXT.items():
        sent = getattr(fee.line, name)
        if values[name] != sent:
            reading.wrong(f"{path}.{name}", f"{text(values[name])} is not what was uploaded, {text(sent)}")
    line = evolve(fee.line, **{name: values[name] for name in _OF_ANSWER if name in values})
    kind = values.get("med_chrgitm_type", fee.med_chrgitm_type)
    return evolve(fee, line=line, med_chrgitm_type=kind, parts=_parts(reading, path, values) or fee.parts)
