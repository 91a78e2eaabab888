"""The code tables: worked examples written by hand, the choice of rows, the messages, and the form of the data."""

from __future__ import annotations

import csv
import doctest
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from mipolicy.codes import CodeTable, _tables, names, table
from mipolicy.codes._tables import Classes, Row, choose
from mipolicy.errors import CodeError, MipolicyError

NATIONAL = {
    "insutype": "310 320 330 340 350 360 370 380 390 391 392 399 410 510",
    "med_type": "11 12 13 14 21 22 23 24 41 51 52 53 91 92 93 99",
    "psn_type": "11 12 13 14 15 16",
    "fund_pay_type": (
        "310100 310103 310200 320100 330100 340100 350100 370100 390100 390200 510100 "
        "610100 610102 610103 610104 999901 999996 999997"
    ),
    "med_chrgitm_type": "01 02 03 04 05 06 07 08 09 10 11 12 13 14",
    "chrgitm_lv": "01 02 03",
    "hosp_lv": "01 02 03 04 05 06 07 08 09 10 11",
    "list_type": "101 102 103 104 105 106 201 301",
    "psn_setlway": "01 02",
    "dise_type": "10 11 12 20 30 40 99",
    "hi_paymtd": "1 2 3 4 5 6 9",
    "clr_type": "11 21 41 99",
    "mdtrt_cert_type": "01 02 03",
    "gend": "0 1 2 9",
    "diag_type": "1 2 3",
    "setl_type": "00 11",
    "medins_kind": "hospital community_center community_station township_center village_clinic clinic pharmacy",
    "medins_ownership": "public private",
    "service_kind": "general examination surgery treatment",
    "hardship_class": "none monitored expenditure_poor marginal minimum_living extremely_poor",
    "place_class": "local resident_elsewhere referred emergency unreferred",
    "place_tier": "contracted non_contracted",
    "item_kind": (
        "western_drug proprietary_chinese_drug herbal_piece herbal_granule ethnic_drug hospital_preparation "
        "tcm_service ethnic_service service consumable"
    ),
}

LOCAL = {
    ("med_type", "22"): "15 16 25 26 27 28 29 61 81 2114 3101 3102 5212 9107 140104 140201 990404",
    ("med_type", "43"): "2101 2102 2106 2107 9901 9903",
    ("med_type", "50"): "19 9901 9902 9903 9904 9906 9907 9921 9925",
    ("med_type", "990000"): "18 9901",
    ("psn_type", "50"): "1101 1102 1103 1160 1201 1202 1203 1260 1300 1360 1401 1402 1403 1404 1405 1460 1501 1560",
    ("fund_pay_type", "43"): (
        "310400 310500 320200 330200 340200 370200 390400 390500 410100 610200 620100 630100 640100 999109 99999707"
    ),
    ("clr_type", "43"): "9902",
}

MEANINGS = {
    ("insutype", ""): {"310": "employee", "390": "resident", "391": "resident"},
    ("med_type", ""): {
        "11": "general",
        "12": "general",
        "13": "emergency",
        "14": "special",
        "21": "inpatient",
        "24": "inpatient",
        **dict.fromkeys(("22", "23", "52", "92"), "stay"),
    },
    ("med_type", "22"): dict.fromkeys(("25", "26", "28"), "stay"),
    ("med_type", "43"): {
        "9901": "two_disease",
        "2101": "inpatient",
        **dict.fromkeys(("2102", "2106", "2107"), "stay"),
    },
    ("med_type", "50"): dict.fromkeys(("9902", "9904"), "stay"),
    ("med_type", "990000"): {"9901": "two_disease", "18": "dual_channel"},
    ("psn_type", ""): {"11": "in_service", "12": "retired", "14": "minor", "15": "adult", "16": "elderly"},
    ("psn_type", "50"): {
        "1101": "in_service",
        "1102": "in_service",
        "1103": "in_service",
        "1160": "in_service",
        "1201": "retired",
        "1202": "retired",
        "1203": "retired",
        "1260": "retired",
        "1401": "minor",
        "1402": "minor",
        "1403": "minor",
        "1404": "minor",
        "1405": "minor",
        "1460": "minor",
        "1501": "adult",
        "1560": "adult",
    },
    ("hosp_lv", ""): {
        "01": "tertiary",
        "02": "tertiary",
        "03": "tertiary",
        "04": "tertiary",
        "05": "secondary",
        "06": "secondary",
        "07": "secondary",
        "08": "level_1",
        "09": "level_1",
        "10": "level_1",
        "11": "ungraded",
    },
    ("chrgitm_lv", ""): {"01": "class_a", "02": "class_b", "03": "class_c"},
    ("medins_kind", ""): {
        "community_center": "primary",
        "community_station": "primary",
        "township_center": "primary",
        "village_clinic": "primary",
    },
}


def message(call: Callable[[], object]) -> str:
    with pytest.raises(CodeError) as caught:
        call()
    assert isinstance(caught.value, MipolicyError)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


# what the tables hold


def test_the_tables_there_are() -> None:
    assert names() == tuple(NATIONAL)


@pytest.mark.parametrize("name", NATIONAL)
def test_national_codes(name: str) -> None:
    assert table(name).codes == tuple(NATIONAL[name].split())


@pytest.mark.parametrize(("name", "region"), LOCAL)
def test_local_codes_add_to_the_national_ones(name: str, region: str) -> None:
    assert table(name, region=region).codes == tuple(f"{NATIONAL[name]} {LOCAL[name, region]}".split())


@pytest.mark.parametrize(("name", "region"), [*((name, "") for name in NATIONAL), *LOCAL])
def test_every_meaning(name: str, region: str) -> None:
    asked = table(name, region=region)
    expected = MEANINGS.get((name, ""), {}) | MEANINGS.get((name, region), {})
    assert {code: asked.meaning(code) for code in asked.codes if asked.meaning(code)} == expected


@pytest.mark.parametrize(
    ("name", "code", "zh", "en"),
    [
        ("insutype", "310", "职工基本医疗保险", "Basic medical insurance for employees"),
        ("insutype", "390", "城乡居民基本医疗保险", "Basic medical insurance for urban and rural residents"),
        ("med_type", "14", "门诊慢特病", "Outpatient chronic and special diseases"),
        ("med_type", "24", "急诊转住院", "Emergency turned inpatient"),
        ("psn_type", "12", "退休人员", "Retired"),
        ("fund_pay_type", "310200", "职工个人账户", "Employee personal account"),
        ("med_chrgitm_type", "09", "西药费", "Western medicines"),
        ("chrgitm_lv", "02", "乙类", "Class B"),
        ("hosp_lv", "02", "三级甲等", "Tertiary, grade A"),
        ("hosp_lv", "07", "二级丙等", "Secondary, grade C"),
        ("list_type", "103", "自制剂", "Hospital preparations"),
        ("psn_setlway", "02", "按定额", "By fixed amount"),
        ("dise_type", "20", "按病种结算", "Settled by disease"),
        ("hi_paymtd", "4", "DRG", "DRG"),
        ("clr_type", "41", "药店", "Pharmacy"),
        ("mdtrt_cert_type", "03", "社保卡", "Social security card"),
        ("gend", "2", "女", "Female"),
        ("diag_type", "3", "中医主证", "TCM main syndrome"),
        ("setl_type", "00", "预结算", "Trial settlement"),
        ("medins_kind", "township_center", "乡镇卫生院", "Township health center"),
        ("medins_ownership", "private", "社会办", "Private"),
        ("service_kind", "surgery", "手术", "Surgery"),
        ("place_class", "unreferred", "自行外出就医", "Self-arranged"),
        ("place_tier", "non_contracted", "非特约医院", "Not contracted"),
        ("hardship_class", "minimum_living", "低保对象", "Minimum living allowance"),
        ("item_kind", "herbal_granule", "配方颗粒", "Herbal formula granule"),
    ],
)
def test_labels(name: str, code: str, zh: str, en: str) -> None:
    assert table(name).label(code) == zh
    assert table(name).label(code, "zh") == zh
    assert table(name).label(code, "en") == en


def test_a_code_seen_without_a_name_has_an_empty_label() -> None:
    assert table("dise_type").label("40") == ""
    assert table("dise_type").label("40", "en") == ""


def test_index_and_length() -> None:
    levels = table("hosp_lv")
    assert len(levels) == 11
    assert [levels.index(code) for code in levels.codes] == list(range(11))
    assert levels.index("03") == 2


def test_leading_zeros_are_part_of_a_code() -> None:
    levels = table("hosp_lv")
    assert "03" in levels
    assert "3" not in levels
    assert "003" not in levels
    assert "00" in table("setl_type")
    assert "0" not in table("setl_type")


def test_a_number_is_in_no_table() -> None:
    assert 11 not in table("hosp_lv")
    assert None not in table("hosp_lv")


def test_numpy_text_is_text() -> None:
    assert table("hosp_lv").meaning(str(np.str_("05"))) == table("hosp_lv").meaning(np.str_("05")) == "secondary"


def test_a_table_is_frozen_hashable_kept_and_picklable() -> None:
    asked = table("med_type", region="43")
    assert asked is table("med_type", region="43")
    assert asked == pickle.loads(pickle.dumps(asked))
    assert hash(asked) == hash(pickle.loads(pickle.dumps(asked)))
    assert asked != table("med_type")
    with pytest.raises(AttributeError):
        asked.name = "other"  # type: ignore[misc]


def test_what_a_table_shows_of_itself() -> None:
    assert repr(table("chrgitm_lv", region="43", on=date(2024, 7, 1))) == (
        "CodeTable(name='chrgitm_lv', region='43', on=datetime.date(2024, 7, 1), codes=('01', '02', '03'))"
    )


# regions


def test_9901_means_what_the_place_says() -> None:
    hunan, chongqing, assumed = (table("med_type", region=region) for region in ("43", "50", "990000"))
    assert (hunan.label("9901"), hunan.meaning("9901")) == ("门诊两病", "two_disease")
    assert (chongqing.label("9901"), chongqing.meaning("9901")) == ("重大疾病门诊", "")
    assert (assumed.label("9901"), assumed.meaning("9901")) == ("门诊两病", "two_disease")
    assert "9901" not in table("med_type")
    assert "9901" not in table("med_type", region="320000")


def test_9903_means_what_the_place_says() -> None:
    assert table("med_type", region="43").label("9903") == "意外伤害门诊"
    assert table("med_type", region="50").label("9903") == "儿童两病门诊"


def test_a_province_speaks_for_its_places() -> None:
    for region in ("43", "4307", "430700", "430703"):
        assert table("med_type", region=region).meaning("9901") == "two_disease"


def test_national_codes_hold_everywhere() -> None:
    assert table("med_type", region="320000").codes == table("med_type").codes
    assert table("med_type", region="430700").label("11") == "普通门诊"


def test_special_medicine_purchase_has_a_meaning_in_the_assumed_city_only() -> None:
    assert table("med_type", region="990000").meaning("18") == "dual_channel"
    assert "18" not in table("med_type")


# classes: the first two digits of psn_type


def test_an_unlisted_four_digit_psn_type_counts_as_its_class() -> None:
    people = table("psn_type")
    assert people.codes == ("11", "12", "13", "14", "15", "16")
    assert "1101" in people
    assert people.meaning("1101") == "in_service"
    assert people.label("1101") == "在职"
    assert people.index("1201") == people.index("12") == 1
    assert people.meaning("1300") == ""
    assert people.meaning("1699") == "elderly"


def test_a_listed_four_digit_psn_type_speaks_for_itself() -> None:
    people = table("psn_type", region="500000")
    assert people.label("1101") == "职工在职"
    assert people.index("1101") == 6
    assert people.label("1699") == "居民(老年)"


def test_a_listed_psn_type_without_a_name_takes_that_of_its_class() -> None:
    people = table("psn_type", region="50")
    assert people.label("1160") == "在职"
    assert people.label("1360", "en") == "Retired veteran cadre"


@pytest.mark.parametrize("code", ["1701", "110", "110101", "11 1", "11a1", "1101 ", "1", "", "１１０１", "11²²"])
def test_no_class_no_code(code: str) -> None:
    assert code not in table("psn_type")


def test_only_psn_type_has_classes() -> None:
    assert "2101" not in table("med_type")
    assert "1101" not in table("clr_type")


# dates


def row(
    code: str, region: str = "", effective: str = "", until: str = "", *, zh: str = "", en: str = "", meaning: str = ""
) -> Row:
    first = date.fromisoformat(effective) if effective else None
    last = date.fromisoformat(until) if until else None
    return Row(code, region, first, last, zh, en, meaning, "made up")


MADE_UP = (
    row("01", zh="始终"),
    row("02", until="2019-12-31", zh="旧"),
    row("02", effective="2020-01-01", zh="新"),
    row("03", effective="2021-07-01", zh="后来"),
    row("02", "43", until="2020-06-30", zh="湖南"),
    row("02", "4307", effective="2022-01-01", until="2022-12-31", zh="常德"),
)


def asked_on(region: str, on: date | None) -> CodeTable:
    return choose("made_up", MADE_UP, None, region, on)


@pytest.mark.parametrize(
    ("region", "on", "expected"),
    [
        ("", date(2019, 12, 31), {"01": "始终", "02": "旧"}),
        ("", date(2020, 1, 1), {"01": "始终", "02": "新"}),
        ("", date(2021, 6, 30), {"01": "始终", "02": "新"}),
        ("", date(2021, 7, 1), {"01": "始终", "02": "新", "03": "后来"}),
        ("430100", date(2019, 12, 31), {"01": "始终", "02": "湖南"}),
        ("430100", date(2020, 6, 30), {"01": "始终", "02": "湖南"}),
        ("430100", date(2020, 7, 1), {"01": "始终", "02": "新"}),
        ("430700", date(2022, 1, 1), {"01": "始终", "02": "常德", "03": "后来"}),
        ("430700", date(2022, 12, 31), {"01": "始终", "02": "常德", "03": "后来"}),
        ("430700", date(2023, 1, 1), {"01": "始终", "02": "新", "03": "后来"}),
        ("430700", None, {"01": "始终", "02": "常德", "03": "后来"}),
        ("430100", None, {"01": "始终", "02": "湖南", "03": "后来"}),
    ],
)
def test_the_day_first_then_the_longest_region(region: str, on: date | None, expected: dict[str, str]) -> None:
    asked = asked_on(region, on)
    assert {code: asked.label(code) for code in asked.codes} == expected


def test_a_code_that_changed_over_time_needs_a_day() -> None:
    assert message(lambda: asked_on("", None)) == (
        "made_up '02' changed over time: the national table (旧) until 2019-12-31, "
        "the national table (新) from 2020-01-01; say the day with on="
    )


def test_a_code_of_another_time_is_unknown_and_the_message_says_when_it_holds() -> None:
    assert message(lambda: asked_on("", date(2021, 6, 30)).index("03")) == (
        "made_up has no code '03' in the national table on 2021-06-30; "
        "listed in the national table (后来) from 2021-07-01; allowed: 01, 02"
    )


def test_the_order_of_the_rows_does_not_choose() -> None:
    shuffled = choose("made_up", reversed(MADE_UP), None, "430700", date(2022, 5, 1))
    assert {code: shuffled.label(code) for code in shuffled.codes} == {"01": "始终", "02": "常德", "03": "后来"}


def test_codes_without_dates_hold_on_any_day() -> None:
    assert table("med_type", region="43", on=date(2023, 5, 18)).meaning("9901") == "two_disease"
    assert table("med_type", on=date(1990, 1, 1)).codes == table("med_type").codes


def test_a_class_fills_only_its_own_codes() -> None:
    rows = (row("11", zh="在职", en="In service", meaning="in_service"), row("1101"), row("1201"))
    asked = choose("made_up", rows, Classes(2, 4), "", None)
    assert (asked.label("1101"), asked.label("1101", "en"), asked.meaning("1101")) == (
        "在职",
        "In service",
        "in_service",
    )
    assert (asked.label("1201"), asked.meaning("1201")) == ("", "")
    assert "1202" not in asked


# messages


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("hosp_lv", 3, "hosp_lv takes a code string such as '03', not the integer 3: codes keep their leading zeros"),
        ("hosp_lv", 11, "hosp_lv takes a code string such as '11', not the integer 11: codes keep their leading zeros"),
        ("hosp_lv", 99, "hosp_lv takes a code string such as '01', not the integer 99: codes keep their leading zeros"),
        (
            "chrgitm_lv",
            np.int64(2),
            "chrgitm_lv takes a code string such as '02', not the integer 2: codes keep their leading zeros",
        ),
        (
            "hosp_lv",
            True,
            "hosp_lv takes a code string such as '01', not a value of type bool: codes keep their leading zeros",
        ),
        (
            "hosp_lv",
            3.0,
            "hosp_lv takes a code string such as '01', not a value of type float: codes keep their leading zeros",
        ),
        (
            "hosp_lv",
            None,
            "hosp_lv takes a code string such as '01', not a value of type NoneType: codes keep their leading zeros",
        ),
        (
            "hosp_lv",
            ["01"],
            "hosp_lv takes a code string such as '01', not a value of type list: codes keep their leading zeros",
        ),
        (
            "medins_kind",
            1,
            "medins_kind takes a code string such as 'hospital', not the integer 1: codes keep their leading zeros",
        ),
    ],
)
def test_anything_but_text_is_refused(name: str, value: object, expected: str) -> None:
    asked = table(name)
    assert message(lambda: asked.index(value)) == expected  # type: ignore[arg-type]
    assert message(lambda: asked.label(value)) == expected  # type: ignore[arg-type]
    assert message(lambda: asked.meaning(value)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "region", "on", "code", "expected"),
    [
        (
            "hosp_lv",
            "",
            None,
            "3",
            "hosp_lv has no code '3' in the national table; near: 03; "
            "allowed: 01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11",
        ),
        (
            "chrgitm_lv",
            "430700",
            date(2023, 5, 18),
            "甲",
            "chrgitm_lv has no code '甲' in region 430700 on 2023-05-18; allowed: 01, 02, 03",
        ),
        (
            "medins_kind",
            "",
            None,
            "comunity_center",
            "medins_kind has no code 'comunity_center' in the national table; near: community_center, "
            "community_station; allowed: hospital, community_center, community_station, "
            "township_center, village_clinic, clinic, pharmacy",
        ),
        (
            "med_type",
            "",
            None,
            "9901",
            "med_type has no code '9901' in the national table; near: 99, 91; listed in region 43 (门诊两病), "
            "region 50 (重大疾病门诊), region 990000 (门诊两病); "
            "allowed: 11, 12, 13, 14, 21, 22, 23, 24, 41, 51, 52, 53, 91, 92, 93, 99",
        ),
        (
            "med_type",
            "990000",
            None,
            "9925",
            "med_type has no code '9925' in region 990000; near: 99, 92; listed in region 50; "
            "allowed: 11, 12, 13, 14, 21, 22, 23, 24, 41, 51, 52, 53, 91, 92, 93, 99, 18, 9901",
        ),
        (
            "psn_type",
            "",
            None,
            "1701",
            "psn_type has no code '1701' in the national table; near: 11; allowed: 11, 12, 13, 14, 15, 16; "
            "other codes of 4 digits count as their first 2",
        ),
    ],
)
def test_an_unknown_code(name: str, region: str, on: date | None, code: str, expected: str) -> None:
    asked = table(name, region=region, on=on)
    assert message(lambda: asked.index(code)) == expected
    assert message(lambda: asked.label(code, "en")) == expected
    assert message(lambda: asked.meaning(code)) == expected


def test_another_language() -> None:
    asked = table("gend")
    assert message(lambda: asked.label("1", "fr")) == "labels are in 'zh' or 'en', not 'fr'"  # type: ignore[arg-type]


ALLOWED = ", ".join(NATIONAL)


def test_an_unknown_table() -> None:
    assert message(lambda: table("medtype")) == (
        f"there is no code table 'medtype'; near: med_type, setl_type, dise_type; allowed: {ALLOWED}"
    )
    assert message(lambda: table("医疗类别")) == f"there is no code table '医疗类别'; allowed: {ALLOWED}"
    assert message(lambda: table("../errors")) == f"there is no code table '../errors'; allowed: {ALLOWED}"
    assert message(lambda: table("_index")) == f"there is no code table '_index'; allowed: {ALLOWED}"


def test_a_table_is_asked_for_by_name() -> None:
    assert message(lambda: table(7)) == (  # type: ignore[arg-type]
        "a code table is asked for by name such as 'med_type', not the integer 7"
    )


@pytest.mark.parametrize("region", ["4", "430", "43070", "43070000", "Hunan", "４３", " 43", "43²²"])
def test_a_region_is_a_national_place_code(region: str) -> None:
    assert message(lambda: table("med_type", region=region)) == (
        f"region takes a GB/T 2260 code of two, four or six digits such as '430700', not {region!r}"
    )


def test_a_region_is_text() -> None:
    assert message(lambda: table("med_type", region=430700)) == (  # type: ignore[arg-type]
        "region takes a GB/T 2260 code string such as '430700', not the integer 430700"
    )
    assert message(lambda: table("med_type", region=None)) == (  # type: ignore[arg-type]
        "region takes a GB/T 2260 code string such as '430700', not a value of type NoneType"
    )


def test_a_day_is_a_date() -> None:
    assert message(lambda: table("med_type", on="2024-07-01")) == (  # type: ignore[arg-type]
        "on takes a date, not a value of type str"
    )
    assert message(lambda: table("med_type", on=datetime(2024, 7, 1))) == (
        "on takes a date, not a value of type datetime"
    )
    assert message(lambda: table("med_type", on=20240701)) == (  # type: ignore[arg-type]
        "on takes a date, not the integer 20240701"
    )


# the data


COLUMNS = ["code", "region", "effective", "until", "zh", "en", "meaning", "source"]
DATA = files("mipolicy.codes") / "data"


def lines(name: str) -> list[list[str]]:
    raw = (DATA / f"{name}.csv").read_bytes()
    text = raw.decode("utf-8")
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    assert text.endswith("\n")
    return list(csv.reader(text.splitlines()))


def test_one_csv_a_table_and_the_index() -> None:
    found = {entry.name for entry in DATA.iterdir() if entry.name.endswith(".csv")}
    assert found == {"_index.csv", *(f"{name}.csv" for name in NATIONAL)}


def test_the_index() -> None:
    header, *body = lines("_index")
    assert header == ["name", "prefix", "digits"]
    assert body == [[name, "2", "4"] if name == "psn_type" else [name, "", ""] for name in NATIONAL]


@pytest.mark.parametrize("name", NATIONAL)
def test_every_csv_is_well_formed(name: str) -> None:
    header, *body = lines(name)
    assert header == COLUMNS
    assert body
    for cells in body:
        assert len(cells) == len(COLUMNS)
        assert cells == [cell.strip() for cell in cells]
        code, region, effective, until, zh, en, meaning, source = cells
        assert code
        assert code.isascii()
        assert code.isdigit() or code.replace("_", "").isalpha()
        assert region == "" or (region.isascii() and region.isdigit() and len(region) in (2, 4, 6))
        for day in (effective, until):
            assert day == "" or date.fromisoformat(day).isoformat() == day
        assert not (effective and until) or effective <= until
        assert bool(zh) == bool(en)
        assert meaning == "" or meaning.replace("_", "").isalnum()
        assert source
        assert (source == "assumed pack") == (region == "990000")
    keys = [(code, region, effective) for code, region, effective, *_ in body]
    assert len(keys) == len(set(keys))
    local = [bool(region) for _, region, *_ in body]
    assert local == sorted(local)


@pytest.mark.parametrize("name", NATIONAL)
def test_spans_of_one_code_in_one_place_do_not_overlap(name: str) -> None:
    _, *body = lines(name)
    for one, other in combinations(body, 2):
        if one[:2] == other[:2]:
            earlier, later = sorted((one, other), key=lambda cells: cells[2])
            assert earlier[3]
            assert earlier[3] < later[2]


@pytest.mark.parametrize("name", NATIONAL)
def test_no_code_is_read_as_a_number(name: str) -> None:
    written = [cells[0] for cells in lines(name)[1:]]
    read = [entry.code for entry in _tables._rows(name)]
    assert read == written
    assert all(type(code) is str for code in read)
    assert {len(code) for code in table("hosp_lv").codes} == {2}


def test_a_table_is_read_only_when_asked_for() -> None:
    program = "\n".join(
        [
            "import mipolicy.codes as codes",
            "from mipolicy.codes import _tables",
            "assert _tables._index.cache_info().currsize == 0",
            "codes.table('gend')",
            "assert _tables._rows.cache_info().currsize == 1",
        ]
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(_tables)
    assert failed == 0
    assert tried > 8
