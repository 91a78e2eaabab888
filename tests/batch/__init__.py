"""Tables of bills as people write them, and the same bills settled one by one: what the table form must equal.

A bill is a record of texts, amounts in yuan.  `Random` may be seeded, or one that Hypothesis draws from.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import attrs
import numpy as np

import mipolicy
from mipolicy.batch.result import OUTPUTS
from mipolicy.benefits.axes import HARDSHIP, PLACE
from mipolicy.benefits.inpatient import Inpatient
from mipolicy.benefits.outpatient import Outpatient
from mipolicy.benefits.statement import Apart, Setlinfo

__all__ = [
    "FIELDS",
    "LINE_FIELDS",
    "PARTS",
    "SUMMED",
    "Record",
    "assert_same",
    "line",
    "one_by_one",
    "overlay",
    "random_lines",
    "random_records",
    "random_years",
    "reversal",
    "row_of",
    "stay",
    "table",
    "totals_of",
    "visit",
    "yuan",
]

Record = dict[str, str]
FIELDS = tuple(each.name for each in attrs.fields(mipolicy.Bill))
LINE_FIELDS = tuple(each.name for each in attrs.fields(mipolicy.Line))
PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
MONEY = ("medfee_sumamt", *PARTS)
SUMMED = {each.name for shape in (Setlinfo, Apart) for each in attrs.fields(shape)} | {
    "payable_scope",
    "payable",
    "before_limits",
}
"""Outputs that are money which moves: parts of a split stay add up, a reversal takes them back; all others describe."""


def yuan(fen: int) -> str:
    """Fen as people write them."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def visit(setl_id: str = "S1", fen: int = 100_000, **changes: str) -> Record:
    """One visit of an employee to a public secondary hospital, wholly in scope."""
    return {
        "setl_id": setl_id,
        "mdtrt_id": f"M-{setl_id}",
        "psn_no": "P1",
        "insutype": "310",
        "psn_type": "11",
        "med_type": "11",
        "hosp_lv": "05",
        "medins_kind": "hospital",
        "medins_ownership": "public",
        "fixmedins_code": "H99000000001",
        "setl_time": "2025-03-01 09:30:00",
        "medfee_sumamt": yuan(fen),
        "fulamt_ownpay_amt": "0.00",
        "overlmt_selfpay": "0.00",
        "preselfpay_amt": "0.00",
        "inscp_scp_amt": yuan(fen),
        **changes,
    }


def stay(
    setl_id: str = "S1", fen: int = 1_000_000, adm: str = "2025-03-01", dscg: str = "2025-03-08", **changes: str
) -> Record:
    """One stay of an employee in a public secondary hospital, settled on the day of discharge."""
    given = {"med_type": "21", "adm_time": adm, "dscg_time": dscg, "setl_time": f"{dscg} 10:00:00"}
    return visit(setl_id, fen, **{**given, **changes})


def reversal(of: Record, setl_id: str, setl_time: str, **changes: str) -> Record:
    """The row that takes a bill back: its amounts with the opposite sign."""
    taken = {name: yuan(-round(Fraction(of[name]) * 100)) for name in MONEY if of.get(name)}
    flags = {"refd_setl_flag": "1", "init_setl_id": of["setl_id"]}
    return {**of, **taken, **flags, "setl_id": setl_id, "setl_time": setl_time, **changes}


def line(of: str, number: str, item: str, pric: str, cnt: str, /, **changes: str) -> Record:
    """One fee line; its amount is price x count, half up to the fen."""
    product = Fraction(pric) * Fraction(cnt) * 100
    size = (2 * abs(product) + 1) // 2
    return {
        "mdtrt_id": of,
        "feedetl_sn": number,
        "med_list_codg": item,
        "pric": pric,
        "cnt": cnt,
        "det_item_fee_sumamt": yuan(-int(size) if product < 0 else int(size)),
        **changes,
    }


def table(records: Sequence[Mapping[str, str]], names: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The records as columns of text; what a record does not state is empty."""
    return {name: np.array([record.get(name, "") for record in records], np.str_) for name in names}


def overlay(text: str, base: str = "assumed") -> mipolicy.Policy:
    """The assumed pack with some of its figures replaced."""
    head = f"""
        format = 1
        id = "changed"
        title = "changed"
        region = "990000"
        schemes = ["310", "390"]
        extends = "{base}"
        [documents.change]
        title = "change"
        issuer = "test"
        status = "assumed"
        verified_on = 2026-12-31
        """
    return mipolicy.loads(head + text, base=mipolicy.load(base))


# ------------------------------------------------------------------------------------------------------- one by one


def row_of(settled: mipolicy.Settlement) -> dict[str, int]:
    """The output columns of one settlement: money adds up over its parts, steps that describe are the last part's."""
    outcomes: list[Outpatient[int] | Inpatient[int]] = [part.settled.outcome for part in settled.parts]
    sign = -1 if settled.reversal else 1
    row = {}
    for name in OUTPUTS:
        if hasattr(settled.setlinfo, name):
            row[name] = getattr(settled.setlinfo, name)
        elif name in ("outside_pay", "psn_net_pay"):
            row[name] = sign * sum(getattr(part.settled.paid.apart, name) for part in settled.parts)
        elif not hasattr(outcomes[-1], name):
            row[name] = 0
        elif name in SUMMED:
            row[name] = sign * sum(getattr(outcome, name) for outcome in outcomes)
        else:
            row[name] = getattr(outcomes[-1], name)
    return row


def one_by_one(
    policy: mipolicy.Policy,
    records: Sequence[Record],
    lines: Sequence[Record] = (),
    totals: Mapping[str, mipolicy.Totals] | None = None,
) -> tuple[dict[str, dict[str, Any]], dict[str, mipolicy.Totals]]:
    """Settle bills one at a time, each person's in order of time and id: output rows by setl_id, and the totals after.

    No record may be one that is refused.
    """
    of_bill: dict[str, list[mipolicy.Line]] = defaultdict(list)
    for each in lines:
        of_bill[each["mdtrt_id"]].append(mipolicy.Line.from_record(each))
    now = dict(totals or {})
    done: dict[str, mipolicy.Settlement] = {}
    rows: dict[str, dict[str, Any]] = {}
    for record in sorted(records, key=lambda record: (_time(record), record["setl_id"])):
        before = now.get(record["psn_no"], mipolicy.Totals(record["psn_no"]))
        if record.get("refd_setl_flag") == "1":
            settled = mipolicy.reverse(done[record["init_setl_id"]], totals=before)
        else:
            bill = mipolicy.Bill.from_record(record)
            settled = mipolicy.settle(policy, bill, lines=of_bill[record["mdtrt_id"]], totals=before)
        done[record["setl_id"]] = settled
        now[record["psn_no"]] = settled.totals
        last = settled.parts[-1]
        rows[record["setl_id"]] = {
            **row_of(settled),
            "section": last.section,
            "version": last.version.name,
            "year": last.year,
        }
    return rows, now


def _time(record: Record) -> datetime.datetime:
    return datetime.datetime.fromisoformat(record["setl_time"])


def totals_of(totals: Mapping[str, mipolicy.Totals]) -> dict[str, Any]:
    """Totals as plain values, without persons who have used nothing."""
    plain = {psn_no: totals[psn_no].to_dict() for psn_no in totals}
    return {psn_no: each for psn_no, each in plain.items() if each["years"] or each["stay"]}


def assert_same(
    result: mipolicy.TableResult, rows: Mapping[str, Mapping[str, Any]], totals: Mapping[str, mipolicy.Totals]
) -> None:
    """Every output column of every row, and everybody's totals, are those of settling one by one."""
    ids = [str(each) for each in np.asarray(result.columns["setl_id"])]
    assert sorted(ids) == sorted(rows)
    for name in (*OUTPUTS, "section", "version", "year"):
        found = np.asarray(result.columns[name]).tolist()
        assert found == [rows[setl_id][name] for setl_id in ids], name
    assert totals_of(result.totals) == totals_of(totals)


# ------------------------------------------------------------------------------------------------------------ random

HOSPITALS = ("H99000000001", "H99000000002", "H99000000101", "H99000000102", "H99000000201", "P99000000301")
KINDS = (
    "hospital",
    "hospital",
    "hospital",
    "community_center",
    "community_station",
    "township_center",
    "village_clinic",
    "clinic",
    "pharmacy",
)
STAY_DISEASES = ("", "", "N18.500", "C34.900", "F20.900", "C50.900", "G51.000", "J18.900")
SPECIAL_DISEASES = ("MT0001", "MT0002", "MT0003", "MT0004", "MT0005", "LB0001", "LB0002", "", "XX")
ITEMS = (
    *("XZ0001", "XZ0003", "XZ0004", "XZ0101", "XZ0102", "XZ0104", "XZ0105", "XZ0901", "ZC0101", "ZC0102", "T0001"),
    *("T0002", "T0003", "T0004", "TK0001", "MZ0001", "ZJ0001", "ZJ0002", "ZF0001", "ZF0002", "MF0001", "F0001"),
    *("F0002", "F0102", "F0901", "H0001", "H0101", "H0103", "H0901", "N0001", "N0004"),
)
PRICES = ("0.5", "0.125", "1", "9.99", "12.5", "38.5", "45.01", "166.666667", "480", "777.77", "1500", "6600.55")
COUNTS = ("1", "2", "0.5", "3", "7", "0.3333", "10", "12.5")


def _fen(random: Random) -> int:
    size = random.choice((10**3, 10**4, 10**5, 10**6, 10**7, 5 * 10**7))
    return random.choice((0, random.randrange(size), random.randrange(size), random.randrange(size // 10) * 10))


def _day(random: Random, first: str = "2024-01-01", days: int = 731) -> datetime.date:
    return datetime.date.fromisoformat(first) + datetime.timedelta(days=random.randrange(days))


def random_records(random: Random, rows: int, persons: int, *, reversals: bool = True) -> list[Record]:
    """Bills of both schemes, every stream and both versions of the assumed pack, in no order; none is refused."""
    records: list[Record] = []
    for number in range(rows):
        person = random.randrange(persons)
        employee = (person % 3 != 0) if random.random() < 0.97 else (person % 3 == 0)
        day = _day(random)
        record = visit(
            f"S{random.randrange(10**6):06d}-{number}",
            _fen(random),
            psn_no=f"P{person:04d}",
            insutype="310" if employee else "390",
            psn_type=random.choice(("11", "12", "1101")) if employee else random.choice(("14", "15", "16")),
            med_type=random.choice(("11", "11", "12", "13", "14", "14", "9901", "18", "21", "21", "24")),
            hosp_lv=f"{random.randrange(1, 12):02d}",
            medins_kind=random.choice(KINDS),
            medins_ownership=random.choice(("public", "public", "private")),
            fixmedins_code=random.choice(HOSPITALS),
            setl_time=f"{day} {random.choice(('08', '09', '10'))}:00:00",
            service_kind=random.choice(("general", "examination", "surgery", "treatment", "")),
            online_flag=random.choice(("0", "0", "0", "1")),
            follow_up_flag=random.choice(("0", "1", "1")),
            hardship_class=random.choice(("none", "", *HARDSHIP.members)),
            cvlserv_flag=random.choice(("0", "0", "1")),
            place_class=random.choice(("", *PLACE.members)) if random.random() < 0.3 else "",
            place_tier=random.choice(("contracted", "non_contracted", "")),
            acct_used_flag=(uses := random.choice(("0", "0", "1"))),
            balc=yuan(random.randrange(300_000)) if uses == "1" or random.random() < 0.1 else "",
            plans=random.choice(("", "commercial", "mutual_aid;commercial", "enterprise", "other")),
        )
        _out_of_scope(random, record)
        if record["med_type"] in ("14", "9901", "18"):
            begins = _day(random, "2023-06-01", 700)
            record["dise_codg"] = random.choice(SPECIAL_DISEASES)
            record["second_dise_codg"] = random.choice(("", "", *SPECIAL_DISEASES))
            record["opsp_fixmedins_code"] = random.choice((record["fixmedins_code"], *HOSPITALS, ""))
            record["opsp_begndate"] = random.choice((str(begins), "2024-01-01", ""))
            if record["opsp_begndate"] and random.random() < 0.3:
                ends = max(begins, datetime.date(2024, 1, 1)) + datetime.timedelta(days=random.randrange(500))
                record["opsp_enddate"] = str(ends)
        if record["med_type"] in ("21", "24"):
            discharged = day - datetime.timedelta(days=random.choice((0, 0, 0, 1, 40)))
            if discharged < datetime.date(2024, 1, 1):
                discharged = day
            record["dscg_time"] = str(discharged)
            record["adm_time"] = str(discharged - datetime.timedelta(days=random.choice((0, 1, 7, 20, 60, 400))))
            record["dise_codg"] = random.choice(STAY_DISEASES)
            record["referral_flag"] = random.choice(("0", "0", "1"))
            record["mid_setl_flag"] = random.choice(("0", "0", "0", "0", "1"))
        records.append(record)
    if reversals:
        records += _reversals(random, records)
    random.shuffle(records)
    return records


def _out_of_scope(random: Random, record: Record) -> None:
    """Give some of the amount to the parts that are out of scope."""
    total = round(Fraction(record["medfee_sumamt"]) * 100)
    left = total
    for name in PARTS[:-1]:
        if random.random() < 0.3:
            part = random.randrange(left // 4 + 1)
            record[name] = yuan(part)
            left -= part
    record["inscp_scp_amt"] = yuan(left)


def _reversals(random: Random, records: Sequence[Record]) -> list[Record]:
    found = []
    for number, record in enumerate(records):
        if random.random() < 0.06:
            later = _time(record) + datetime.timedelta(days=random.choice((0, 0, 1, 30, 200)))
            row = reversal(record, f"T{number}", later.isoformat(sep=" "))
            if random.random() < 0.3:
                row = {name: value for name, value in row.items() if name not in PARTS}
            found.append(row)
    return found


def random_lines(random: Random, records: Sequence[Record], share: float = 0.5) -> list[Record]:
    """Fee lines for some of the bills, whose headers are changed to the sum; days lie within a stay."""
    found: list[Record] = []
    taken_back = {record["init_setl_id"]: record for record in records if record.get("init_setl_id")}
    for record in records:
        if record.get("refd_setl_flag") == "1" or random.random() > share:
            continue
        first = datetime.date.fromisoformat(record.get("adm_time") or record["setl_time"][:10])
        last = datetime.date.fromisoformat(record.get("dscg_time") or record["setl_time"][:10])
        mine = []
        for number in range(random.randrange(1, 6)):
            day = first + datetime.timedelta(days=random.randrange((last - first).days + 1))
            mine.append(
                line(
                    record["mdtrt_id"],
                    f"L{number}",
                    random.choice(ITEMS),
                    random.choice(PRICES),
                    random.choice(COUNTS),
                    fee_ocur_time=str(day),
                    lmt_used_flag=random.choice(("", "", "0", "1")),
                    hosp_appr_flag=random.choice(("", "", "0", "1", "2")),
                )
            )
        if random.random() < 0.3:
            of = random.choice(mine)
            back = random.choice((of["cnt"], "0.3"))
            mine.append(
                line(of["mdtrt_id"], "R", of["med_list_codg"], of["pric"], f"-{back}", init_feedetl_sn=of["feedetl_sn"])
            )
        total = sum(round(Fraction(each["det_item_fee_sumamt"]) * 100) for each in mine)
        for each, sign in ((record, 1), (taken_back.get(record["setl_id"], {}), -1)):
            each["medfee_sumamt"] = yuan(sign * total)
            for name in PARTS:
                each[name] = ""
        found += mine
    random.shuffle(found)
    return found


def random_years(random: Random, rows: int, psn_no: str = "P1") -> tuple[list[Record], list[dict[str, Any]]]:
    """One employee's visits and stays over two years, as records and as `tests.oracles.year` takes them."""
    records, bills = [], []
    status = random.choice(("in_service", "retired"))
    for number in range(rows):
        level, code = random.choice(
            (("tertiary", "02"), ("secondary", "07"), ("level_1", "08"), ("primary", "09"), ("ungraded", "11"))
        )
        settled = datetime.datetime(2024, 1, 1, 8) + datetime.timedelta(
            days=random.randrange(731), hours=random.randrange(3)
        )
        size = random.choice((10**4, 10**5, 10**6, 2 * 10**7))
        fen = random.choice((0, random.randrange(size), random.randrange(size), random.randrange(size // 50 + 1) * 50))
        kind = random.choice(("visit", "visit", "stay"))
        common = {
            "psn_no": psn_no,
            "psn_type": "11" if status == "in_service" else "12",
            "hosp_lv": code,
            "medins_kind": "township_center" if level == "primary" else "hospital",
            "setl_time": str(settled),
        }
        bill: dict[str, Any] = {
            "kind": kind,
            "setl_id": f"{psn_no}-{random.randrange(100):02d}-{number}",
            "settled": settled,
            "level": level,
            "status": status,
            "amount": fen,
        }
        if kind == "visit":
            records.append(visit(bill["setl_id"], fen, **common))
        else:
            discharged = settled.date() - datetime.timedelta(days=random.choice((0, 0, 2, 20)))
            discharged = max(discharged, datetime.date(2024, 1, 1))
            admitted = discharged - datetime.timedelta(days=random.choice((0, 3, 10, 30)))
            bill |= {
                "admitted": admitted,
                "discharged": discharged,
                "disease": random.choice(("", "N18.500", "C34.900", "C50.900", "G51.000")),
                "referred": random.random() < 0.5,
                "interim": random.random() < 0.2,
            }
            flags = {"referral_flag": str(int(bill["referred"])), "mid_setl_flag": str(int(bill["interim"]))}
            records.append(
                stay(bill["setl_id"], fen, str(admitted), str(discharged), dise_codg=bill["disease"], **flags, **common)
            )
        bills.append(bill)
    return records, bills
