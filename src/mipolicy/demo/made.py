"""Random persons, visits, stays and fee lines of a made-up city, as the columns of a table of bills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from mipolicy.benefits.axes import HARDSHIP, PLACE, STREAMS
from mipolicy.benefits.bill import AMOUNTS, bill_fields
from mipolicy.demo.broken import Texts, break_some, reverse_some
from mipolicy.errors import InputError
from mipolicy.money import COUNT_ONE, PRICE_ONE, Column, plain_text, yuan_text
from mipolicy.vocabulary import mul_div

__all__ = ["PACK", "bills"]

PACK: Final = "assumed"
"""The pack that the table is made for."""
_FIRST: Final = np.datetime64("2024-09-01", "D").astype(int)
_LAST: Final = np.datetime64("2025-12-31", "D").astype(int)
_NEW_YEAR: Final = int(np.datetime64("2025-01-01", "D").astype(int))
_PER_FEN: Final = PRICE_ONE * COUNT_ONE // 100
_MED_TYPES: Final = ("11", "13", "14", "9901", "18", "21")
"""The kind of care of each stream."""
_INPATIENT: Final = STREAMS.index("inpatient")
_STATUSES: Final = (("11", "12", "1101", "1201"), ("14", "15", "15", "16"))
_STAY_DISEASES: Final = ("J18.900", "I63.900", "K80.100", "C34.900", "N18.500", "G51.000", "M51.202", "S72.000")
_SPECIAL: Final = ("MT0001", "MT0002", "MT0003")
_TWO: Final = ("LB0001", "LB0002")

_INSTITUTIONS: Final = (
    ("H99000000001", "02", "hospital", "public"),
    ("H99000000002", "01", "hospital", "public"),
    ("H99000000003", "05", "hospital", "public"),
    ("H99000000101", "05", "hospital", "private"),
    ("H99000000102", "07", "hospital", "private"),
    ("H99000000004", "08", "hospital", "public"),
    ("H99000000008", "11", "hospital", "public"),
    ("H99000000005", "11", "community_center", "public"),
    ("H99000000006", "11", "township_center", "public"),
    ("H99000000201", "11", "community_station", "public"),
    ("H99000000007", "11", "village_clinic", "public"),
    ("H99000000202", "11", "clinic", "private"),
    ("H99000000203", "11", "clinic", "private"),
    ("P99000000301", "11", "pharmacy", "private"),
    ("P99000000302", "11", "pharmacy", "private"),
)
"""Code, level, kind, ownership."""
_HOSPITALS: Final = np.arange(7)
_PRIMARY: Final = np.arange(7, 13)
_DUAL: Final = np.array([0, 1, 13, 14])

_ITEMS: Final = (
    # code, usual price in yuan, its decimals, most pieces, how often in each stream
    ("F0001", "15", 0, 1, (6, 4, 2, 0, 0, 1)),
    ("F0003", "22.5", 1, 2, (4, 6, 3, 0, 0, 4)),
    ("F0101", "260", 0, 1, (2, 5, 1, 0, 0, 2)),
    ("F0102", "510", 0, 1, (1, 1, 1, 0, 0, 2)),
    ("F0103", "390", 0, 2, (0, 0, 6, 0, 0, 2)),
    ("F0901", "200", 0, 1, (1, 0, 0, 0, 0, 1)),
    ("XZ0001", "18.36", 2, 4, (8, 4, 6, 6, 0, 8)),
    ("XZ0002", "6.7", 1, 6, (6, 4, 4, 8, 0, 6)),
    ("XZ0003", "12.6", 2, 3, (5, 2, 4, 6, 0, 4)),
    ("XZ0004", "0.1275", 4, 60, (4, 1, 2, 8, 0, 3)),
    ("XZ0101", "45.2", 2, 4, (6, 3, 6, 2, 0, 6)),
    ("XZ0102", "38.9", 2, 3, (4, 2, 4, 2, 0, 5)),
    ("XZ0103", "88", 1, 2, (2, 2, 3, 0, 0, 4)),
    ("XZ0104", "170.123456", 6, 2, (1, 1, 2, 0, 0, 3)),
    ("XZ0105", "5010", 0, 2, (0, 0, 1, 0, 8, 1)),
    ("XZ0106", "1240.5", 2, 4, (0, 0, 1, 0, 8, 2)),
    ("XZ0901", "60", 0, 3, (2, 1, 0, 0, 0, 2)),
    ("ZC0101", "26.8", 1, 4, (4, 0, 3, 0, 0, 2)),
    ("ZC0102", "57.5", 2, 2, (3, 0, 2, 0, 0, 2)),
    ("T0001", "0.62", 3, 300, (3, 0, 2, 0, 0, 2)),
    ("T0002", "0.88", 3, 240, (2, 0, 2, 0, 0, 2)),
    ("T0003", "0.35", 3, 200, (2, 0, 1, 0, 0, 1)),
    ("TK0001", "2.4", 2, 90, (1, 0, 1, 0, 0, 1)),
    ("ZF0001", "38", 0, 5, (3, 0, 1, 0, 0, 3)),
    ("ZF0002", "46", 0, 5, (3, 0, 1, 0, 0, 3)),
    ("MF0001", "70", 0, 2, (1, 0, 0, 0, 0, 1)),
    ("H0001", "0.72", 2, 20, (2, 3, 1, 0, 0, 8)),
    ("H0104", "31.5", 1, 6, (0, 2, 0, 0, 0, 4)),
    ("H0101", "790", 0, 2, (0, 0, 0, 0, 0, 2)),
    ("H0102", "1520", 0, 2, (0, 0, 0, 0, 0, 1)),
    ("H0103", "6600", 1, 2, (0, 0, 0, 0, 0, 2)),
    ("F0004", "3600", 0, 1, (0, 0, 0, 0, 0, 4)),
    ("N0002", "99", 0, 2, (1, 0, 0, 0, 0, 0)),
    ("BD0001", "33.33", 2, 3, (2, 1, 1, 0, 0, 2)),
    ("F0002", "54", 0, 1, (0, 0, 0, 0, 0, 0)),
)
_CODES: Final = np.array([item[0] for item in _ITEMS])
_BED: Final = len(_ITEMS) - 1
_OWN: Final = len(_ITEMS) - 2
"""An item that the catalogue does not hold, so its lines say what it is."""
_PLANS: Final = ("commercial", "mutual_aid", "enterprise")
_HALVES: Final = np.array([item[0].startswith("T") for item in _ITEMS])
_LINES: Final = np.array([(2, 5), (2, 5), (1, 4), (1, 3), (1, 2), (5, 11)])
"""Fewest and most fee lines by stream."""


@frozen
class _People:
    """What is fixed of each person."""

    resident: Column
    status: NDArray[np.str_]
    clinic: Column
    hospital: Column
    special: Column
    two: Column
    streams: NDArray[np.float64]
    busy: NDArray[np.float64]
    since: Column


@define
class _Visits:
    """Bills as numbers, one entry a bill."""

    person: Column
    stream: Column
    place: Column
    adm: Column
    dscg: Column
    referral: Column
    interim: Column
    second: Column


def bills(count: int = 20_000, seed: int = 20_250_101) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table of bills from September 2024 to December 2025, and the table of their fee lines; amounts are yuan text.

    count: rows of the table of bills; seed: the same one gives the same tables.  Settle them under the pack `PACK`.
    Raises InputError for a count below 1.

    >>> table, lines = bills(100)
    >>> len(table["setl_id"]), "med_list_codg" in lines
    (100, True)
    """
    if count < 1:
        raise InputError(f"a table of bills has at least one row, not {count}")
    rng = np.random.default_rng(seed)
    people = _people(rng, max(1, count // 32))
    visits = _visits(rng, people, count - count // 100)
    has_lines = ~((visits.stream == 0) & (rng.random(len(visits.person)) < 0.12))
    lines = _lines(rng, visits, has_lines)
    table, texts = _table(rng, people, visits, lines, has_lines), _line_texts(rng, lines)
    taken_back = reverse_some(rng, table, count // 100)
    rows = np.flatnonzero(~taken_back)
    of_lines, stay = has_lines[rows], visits.stream[rows] == _INPATIENT
    pools = {
        "visit": rows[of_lines & ~stay],
        "stay": rows[of_lines & stay],
        "plain": rows[~of_lines],
        "reversal": np.arange(len(taken_back), count),
    }
    order = np.argsort(np.array(table["setl_time"], np.str_), kind="stable")
    break_some(rng, table, texts, pools, count * 15 // 1000)
    named = {name: np.array(column, np.str_)[order] for name, column in table.items()}
    return named, {name: np.array(column, np.str_) for name, column in texts.items()}


def _people(rng: np.random.Generator, count: int) -> _People:
    resident = (rng.random(count) < 0.4).astype(np.int64)
    special = np.where(rng.random(count) < 0.35, rng.integers(1, 4, count), 0)
    two = np.where(rng.random(count) < 0.3, rng.integers(1, 4, count), 0)
    dual = rng.random(count) < 0.12
    often = (np.ones(count), np.full(count, 0.12), 0.6 * (special > 0), 0.4 * (two > 0), 0.12 * dual)
    streams = np.column_stack(often)
    return _People(
        resident=resident,
        status=np.array(_STATUSES)[resident, rng.integers(0, 4, count)],
        clinic=rng.choice(_PRIMARY, count),
        hospital=rng.choice(_HOSPITALS, count),
        special=special,
        two=two,
        streams=np.cumsum(streams, axis=1) / streams.sum(axis=1, keepdims=True),
        busy=np.cumsum(rng.gamma(2.0, 1.0, count)),
        since=_NEW_YEAR - 366 + rng.integers(0, 300, count),
    )


def _visits(rng: np.random.Generator, people: _People, count: int) -> _Visits:
    """Stays first, visits for the rest, all in the order they are settled."""
    stays = _stays(rng, people, count * 8 // 100)
    many = count - len(stays)
    person = np.searchsorted(people.busy, rng.random(many) * people.busy[-1], side="right").clip(
        0, len(people.busy) - 1
    )
    stream = (rng.random(many)[:, None] > people.streams[person]).sum(axis=1).clip(0, _INPATIENT - 1)
    day = rng.integers(_FIRST, _LAST + 1, many)
    nothing = np.zeros(many, np.int64)
    of_stays = np.array(stays, np.int64).reshape(-1, 6).T
    visits = _Visits(
        person=np.r_[of_stays[0], person],
        stream=np.r_[np.full(len(stays), _INPATIENT), stream],
        place=np.r_[of_stays[1], _places(rng, people, person, stream)],
        adm=np.r_[of_stays[2], day],
        dscg=np.r_[of_stays[3], day],
        referral=np.r_[of_stays[4], nothing],
        interim=np.r_[of_stays[5], nothing],
        second=rng.integers(8 * 3600, 18 * 3600, count),
    )
    order = np.lexsort((visits.second, visits.dscg))
    return _Visits(**{name: getattr(visits, name)[order] for name in _Visits.__annotations__})


def _stays(rng: np.random.Generator, people: _People, count: int) -> list[tuple[int, ...]]:
    """Stays that do not overlap: single, referred up or down, billed in the middle; the first is over a year's end."""
    free = rng.integers(_FIRST, _FIRST + 150, len(people.clinic))
    free[0] = _NEW_YEAR - 5
    found: list[tuple[int, ...]] = []
    for person in (0, *rng.integers(0, len(free), 20 * count).tolist()):
        if len(found) >= count:
            break
        adm, days = int(free[person]), 10 if not found else int(rng.integers(2, 16))
        home, kind, gap = int(people.hospital[person]), rng.random(), int(rng.integers(0, 5))
        first, then, referral, interim = home, home, 0, 0
        if kind < 0.10:
            first, then, referral = int(rng.integers(2, 7)), int(rng.integers(0, 2)), 1
        elif kind < 0.16:
            first, then, referral = int(rng.integers(0, 2)), int(rng.integers(4, 9)), 1
        elif kind < 0.20:
            gap, interim = 0, 1
        last = adm + days + (gap + days if kind < 0.20 else 0)
        if last > _LAST:
            continue
        found.append((person, first, adm, adm + days, 0, interim))
        if kind < 0.20:
            found.append((person, then, adm + days + gap, last, referral, 0))
        free[person] = last + int(rng.integers(5, 120))
    return found[:count]


def _places(rng: np.random.Generator, people: _People, person: Column, stream: Column) -> Column:
    """Where each visit is: mostly near home, special diseases mostly at the designated hospital."""
    chance, count = rng.random(len(person)), len(person)
    clinic, hospital = people.clinic[person], people.hospital[person]
    anywhere, any_hospital = rng.integers(0, len(_INSTITUTIONS), count), rng.choice(_HOSPITALS, count)
    general = np.select([chance < 0.55, chance < 0.8, chance < 0.9], [clinic, hospital, any_hospital], anywhere)
    special = np.where(chance < 0.85, hospital, any_hospital)
    dual: Column = rng.choice(_DUAL, count)
    return np.select(
        [stream == 0, stream == 1, stream == 2, stream == 3], [general, any_hospital, special, clinic], dual
    )


def _lines(rng: np.random.Generator, visits: _Visits, has_lines: Any) -> dict[str, Column]:
    """Fee lines as numbers, in the order of their bills: amount = price x count, half up; refunds after the rest."""
    low, high = _LINES[visits.stream].T
    bill = np.repeat(np.arange(len(has_lines)), np.where(has_lines, rng.integers(low, high + 1), 0))
    stream, many = visits.stream[bill], len(bill)
    item = np.empty(many, np.int64)
    for at in range(len(STREAMS)):
        weights = np.cumsum([entry[4][at] for entry in _ITEMS])
        rows = np.flatnonzero(stream == at)
        item[rows] = np.searchsorted(weights, rng.random(len(rows)) * weights[-1], side="right")
    first = np.r_[True, bill[1:] != bill[:-1]][:many]
    item[first & (stream < 3)] = 0
    item[first & (stream == _INPATIENT)] = _BED
    step = 10 ** (6 - np.array([entry[2] for entry in _ITEMS]))[item]
    usual = np.array([float(entry[1]) for entry in _ITEMS])[item] * PRICE_ONE
    pric = np.rint(usual * rng.uniform(0.7, 1.3, many) / step).astype(np.int64) * step
    pieces = rng.integers(1, np.array([entry[3] for entry in _ITEMS])[item] + 1)
    heavy = np.where(visits.stream == _INPATIENT, rng.geometric(0.55, len(has_lines)), 1)[bill]
    cnt = np.where(item == _BED, (visits.dscg - visits.adm)[bill], pieces * heavy) * COUNT_ONE
    cnt += _HALVES[item] * (rng.random(many) < 0.5) * (COUNT_ONE // 2)
    day = visits.adm[bill] + (rng.random(many) * (visits.dscg - visits.adm + 1)[bill]).astype(np.int64)
    return _refunded(rng, {"bill": bill, "item": item, "pric": pric, "cnt": cnt, "day": day})


def _refunded(rng: np.random.Generator, lines: dict[str, Column]) -> dict[str, Column]:
    """The lines with some of them refunded, in part where there are several pieces."""
    back = np.flatnonzero(rng.random(len(lines["cnt"])) < 0.025)
    some = np.maximum(lines["cnt"][back] // COUNT_ONE // 2, 1) * COUNT_ONE
    joined = {name: np.r_[column, column[back]] for name, column in lines.items()}
    joined["cnt"] = np.r_[lines["cnt"], -np.minimum(some, lines["cnt"][back])]
    joined["original"] = np.r_[np.full(len(lines["cnt"]), -1), back]
    order = np.argsort(joined["bill"], kind="stable")
    now = np.argsort(order)
    joined["original"] = np.where(joined["original"] < 0, -1, now[joined["original"]])
    lines = {name: column[order] for name, column in joined.items()}
    lines["amount"] = mul_div(lines["pric"], lines["cnt"], _PER_FEN)
    lines["place"] = np.arange(len(order)) - np.searchsorted(lines["bill"], lines["bill"])
    return lines


def _day_texts(days: Column) -> NDArray[np.str_]:
    return np.datetime_as_string(days.astype("datetime64[D]"))


def _time_texts(days: Column, seconds: Column) -> list[str]:
    times = np.datetime_as_string((days * 86_400 + seconds).astype("datetime64[s]"))
    return [text.replace("T", " ") for text in times.tolist()]


def _yuan(fen: Column) -> NDArray[np.str_]:
    return np.array([yuan_text(amount) for amount in fen.tolist()], np.str_)


def _table(
    rng: np.random.Generator, people: _People, visits: _Visits, lines: Mapping[str, Column], has_lines: Any
) -> Texts:
    """The bills as text."""
    person, count = visits.person, len(visits.person)
    stay = visits.stream == _INPATIENT
    place = np.array(_INSTITUTIONS)[visits.place]
    columns: dict[str, Any] = {
        "setl_id": [f"S{at:08d}" for at in range(1, count + 1)],
        "mdtrt_id": [f"M{at:08d}" for at in range(1, count + 1)],
        "psn_no": [f"P{at:06d}" for at in (person + 1).tolist()],
        "insutype": np.array(("310", "390"))[people.resident[person]],
        "psn_type": people.status[person],
        "med_type": np.array(_MED_TYPES)[visits.stream],
        **dict(zip(("fixmedins_code", "hosp_lv", "medins_kind", "medins_ownership"), place.T, strict=True)),
        "setl_time": _time_texts(visits.dscg, visits.second),
        **_amounts(rng, lines, has_lines),
        "adm_time": np.where(stay, _day_texts(visits.adm), ""),
        "dscg_time": np.where(stay, _day_texts(visits.dscg), ""),
        **_care(rng, people, visits),
        **_cover(rng, people, visits),
        "referral_flag": visits.referral.astype(np.str_),
        "mid_setl_flag": visits.interim.astype(np.str_),
        "refd_setl_flag": np.full(count, "0"),
        "init_setl_id": np.full(count, ""),
    }
    return {name: np.asarray(columns[name]).tolist() for name in bill_fields()}


def _amounts(rng: np.random.Generator, lines: Mapping[str, Column], has_lines: Any) -> dict[str, Any]:
    """The header: the sum of its lines, or a total in four parts where there are none."""
    count = len(has_lines)
    total = np.where(has_lines, 0, rng.integers(500, 90_000, count))
    np.add.at(total, lines["bill"], lines["amount"])
    shares = rng.random((3, count)) * np.array([[0.2], [0.05], [0.1]]) * (rng.random((3, count)) < 0.4)
    own, over, first_pay = (total * shares).astype(np.int64)
    parts = dict(zip(AMOUNTS[1:], (own, over, first_pay, total - own - over - first_pay), strict=True))
    return {
        "medfee_sumamt": _yuan(total),
        **{name: np.where(has_lines, "", _yuan(part)) for name, part in parts.items()},
    }


def _care(rng: np.random.Generator, people: _People, visits: _Visits) -> dict[str, Any]:
    """Diseases and their recognition, kinds of service, online care."""
    person, stream, count = visits.person, visits.stream, len(visits.person)
    general, special, two = stream == 0, stream == 2, stream == 3
    known = special | two | (stream == 4)
    of_special = np.array(("", *_SPECIAL))[people.special[person]]
    of_two = np.array(("", *_TWO, _TWO[0]))[people.two[person]]
    of_stay = np.where(stream == _INPATIENT, rng.choice(_STAY_DISEASES, count), "")
    online = general & (rng.random(count) < 0.03)
    services = np.array(("general", "examination", "treatment", "surgery"))
    service = services[np.searchsorted([0.8, 0.9, 0.97], rng.random(count))]
    return {
        "dise_codg": np.select([special, two], [of_special, of_two], of_stay),
        "second_dise_codg": np.where(two & (people.two[person] == 3), _TWO[1], ""),
        "opsp_fixmedins_code": np.where(special, np.array(_INSTITUTIONS)[people.hospital[person], 0], ""),
        "opsp_begndate": np.where(known, _day_texts(people.since[person]), ""),
        "opsp_enddate": np.where(known & (person % 3 == 0), "2025-11-30", ""),
        "service_kind": np.where(general, service, "general"),
        "online_flag": np.where(online, "1", "0"),
        "follow_up_flag": np.where(online & (rng.random(count) < 0.7), "1", "0"),
    }


def _cover(rng: np.random.Generator, people: _People, visits: _Visits) -> dict[str, Any]:
    """Hardship, plans, the personal account, and where the care was given."""
    person, count, stay = visits.person, len(visits.person), visits.stream == _INPATIENT
    employee = people.resident[person] == 0
    poor = person % 9 == 4
    classes = np.array(HARDSHIP.members[1:])[person % (len(HARDSHIP.members) - 1)]
    plans = [
        ";".join(name for name, joined in zip(_PLANS, each, strict=True) if joined)
        for each in zip(person % 3 == 1, employee & (person % 2 == 0), employee & (person % 7 == 3), strict=True)
    ]
    uses = employee & (rng.random(count) < 0.35)
    away = np.where(stay & (rng.random(count) < 0.08), rng.integers(1, len(PLACE.members), count), 0)
    return {
        "hardship_class": np.where(poor, classes, "none"),
        "cvlserv_flag": np.where(employee & (person % 11 == 5), "1", "0"),
        "plans": plans,
        "rare_drug_flag": np.full(count, "0"),
        "acct_used_flag": np.where(uses, "1", "0"),
        "balc": np.where(uses, _yuan(rng.integers(0, 600_000, count)), ""),
        "place_class": np.array(PLACE.members)[away],
        "place_tier": np.where((away > 0) & (rng.random(count) < 0.3), "non_contracted", "contracted"),
    }


def _line_texts(rng: np.random.Generator, lines: Mapping[str, Column]) -> Texts:
    """The fee lines as text; what the catalogue holds of an item is left to it."""
    own = lines["item"] == _OWN
    restricted = np.isin(_CODES[lines["item"]], ("XZ0103", "XZ0105")) & (lines["original"] < 0)
    encounters = [f"M{bill + 1:08d}" for bill in lines["bill"].tolist()]
    ids = [f"{of}-{at + 1:02d}" for of, at in zip(encounters, lines["place"].tolist(), strict=True)]
    columns: dict[str, Any] = {
        "mdtrt_id": encounters,
        "feedetl_sn": ids,
        "med_list_codg": _CODES[lines["item"]],
        "det_item_fee_sumamt": _yuan(lines["amount"]),
        "cnt": [plain_text(count, COUNT_ONE) for count in lines["cnt"].tolist()],
        "pric": [plain_text(price, PRICE_ONE) for price in lines["pric"].tolist()],
        "fee_ocur_time": _day_texts(lines["day"]),
        "chrgitm_lv": np.where(own, "02", ""),
        "selfpay_prop": np.where(own, "0.15", ""),
        "item_kind": np.where(own, "western_drug", ""),
        "lmt_used_flag": np.where(restricted, "1", ""),
        "hosp_appr_flag": np.where(restricted, np.where(rng.random(len(ids)) < 0.8, "1", "0"), ""),
        "init_feedetl_sn": [ids[at] if at >= 0 else "" for at in lines["original"].tolist()],
    }
    return {name: np.asarray(column).tolist() for name, column in columns.items()}
