"""Kinds: how each field is read, what it refuses and how it says so, how it is written, built and traced."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.calendar import NO_DAY, day_number
from mipolicy.errors import AmountError, InputError, PolicyError, Problem
from mipolicy.money import NO_LIMIT
from mipolicy.policy.kinds import (
    STATUS,
    BandsKind,
    ChoiceKind,
    CodesKind,
    DateKind,
    FigureKind,
    FlagKind,
    Kind,
    RecordsKind,
    Section,
    TableKind,
    TextKind,
    choice_table,
    kind_of,
    leaf_text,
    terms_field,
    unit_text,
)
from mipolicy.rooms import SECTIONS as ROOMS
from mipolicy.tables import Bands, Table
from mipolicy.traced import Leaf, Traced

from .samples import EMPLOYEE, LEVEL, RESIDENT, SECTIONS, CareTerms, Quota

SECTION = SECTIONS["care.employee"]
RATES = TableKind("rate", (LEVEL, STATUS))
BANDS = BandsKind((LEVEL,))
FLAT = BandsKind(())
RECORDS = RecordsKind(Quota, "code")
ADMISSION = choice_table(("never", "listed", "always"), LEVEL)


def take(kind: Kind, raw: Any, section: Section = SECTION) -> dict[str, Any]:
    """The leaves of a value without mistakes."""
    problems: list[Problem] = []
    found = kind.read(raw, section, "f", problems)
    assert problems == []
    return found


def mistakes(kind: Kind, raw: Any, section: Section = SECTION) -> list[tuple[str, str]]:
    problems: list[Problem] = []
    kind.read(raw, section, "f", problems)
    return [(problem.path, problem.message) for problem in problems]


# ------------------------------------------------------------------------------------------------ single values


@pytest.mark.parametrize(
    ("kind", "raw", "value", "written"),
    [
        (FigureKind("fen"), "12.30", 1230, "12.30"),
        (FigureKind("fen"), 12, 1200, "12.00"),
        (FigureKind("fen"), "none", NO_LIMIT, "none"),
        (FigureKind("rate"), "55%", 550_000, "55%"),
        (FigureKind("rate"), "0.555555", 555_555, "55.5555%"),
        (FigureKind("factor"), "1.03", 10_300, "1.03"),
        (FigureKind("factor_limit"), "2.5", 25_000, "2.5"),
        (FigureKind("factor_limit"), "none", NO_LIMIT, "none"),
        (FigureKind("points"), "-3.5", -35_000, "-3.5"),
        (FigureKind("days"), 15, 15, 15),
        (FigureKind("count"), "15", 15, 15),
        (FigureKind("days"), 0, 0, 0),
        (FigureKind("count"), 10**12, 10**12, 10**12),
        (FigureKind("fen"), 0, 0, "0.00"),
        (FlagKind(), True, 1, True),
        (FlagKind(), False, 0, False),
        (ChoiceKind(("stay", "year")), "year", "year", "year"),
        (CodesKind(), ["01", "0001"], ("01", "0001"), ["01", "0001"]),
        (CodesKind(), [], (), []),
        (CodesKind(("a", "b")), ["b"], ("b",), ["b"]),
        (DateKind(), datetime.date(2023, 5, 18), datetime.date(2023, 5, 18), datetime.date(2023, 5, 18)),
        (TextKind(), "", "", ""),
        (TextKind(), "一", "一", "一"),
    ],
)
def test_a_value_is_read_and_written_back(kind: Kind, raw: Any, value: Any, written: Any) -> None:
    found = take(kind, raw)
    assert found == {"": value}
    assert type(found[""]) is type(value)
    assert kind.write(found) == written
    assert take(kind, kind.write(found)) == found
    assert kind.build(found, SECTION) == value
    assert kind.leaves(SECTION) == ("",)


NO_TEXT = "takes text, Decimal or a whole int, not"


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        (FigureKind("fen"), 0.5, f"yuan {NO_TEXT} float 0.5: write it as text, '0.5'"),
        (FigureKind("fen"), True, f"yuan {NO_TEXT} bool True"),
        (FigureKind("fen"), "-1", "-1 yuan is negative"),
        (FigureKind("fen"), "None", "yuan takes a plain decimal figure such as '12.30', not 'None'"),
        (FigureKind("fen"), {"a": 1}, f"yuan {NO_TEXT} dict {{'a': 1}}"),
        (FigureKind("rate"), 0.5, f"rate {NO_TEXT} float 0.5: write it as text, '0.5'"),
        (FigureKind("rate"), "1.01", "rate 1.01 is outside [0, 1]"),
        (FigureKind("rate"), "-1%", "rate -1% is outside [0, 1]"),
        (FigureKind("rate"), "none", "rate takes a plain decimal figure such as '12.30', not 'none'"),
        (FigureKind("factor"), "-1", "factor -1 is negative"),
        (FigureKind("days"), 1.5, f"a whole number {NO_TEXT} float 1.5: write it as text, '1.5'"),
        (FigureKind("days"), -1, "-1 is negative"),
        (FigureKind("days"), 10**12 + 1, f"{10**12 + 1} is beyond what stays exact downstream"),
        (FlagKind(), 1, "takes true or false, not 1"),
        (FlagKind(), "true", "takes true or false, not 'true'"),
        (ChoiceKind(("stay", "year")), "visit", "takes one of stay, year, not 'visit'"),
        (ChoiceKind(("stay", "year")), ["stay"], "takes one of stay, year, not ['stay']"),
        (CodesKind(), "01", "takes a list of codes, not '01'"),
        (CodesKind(), [1], "codes are strings and keep their leading zeros, got 1"),
        (CodesKind(), [""], "codes are strings and keep their leading zeros, got ''"),
        (CodesKind(), [["01"]], "codes are strings and keep their leading zeros, got ['01']"),
        (CodesKind(), ["01", "01"], "a code stands twice in the list"),
        (CodesKind(("a", "b")), ["c"], "takes words out of a, b, not 'c'"),
        (DateKind(), "2023-05-18", "takes a date such as 2023-05-18, unquoted, not '2023-05-18'"),
        (
            DateKind(),
            datetime.datetime(2023, 5, 18),
            "takes a date such as 2023-05-18, unquoted, not datetime.datetime(2023, 5, 18, 0, 0)",
        ),
        (TextKind(), 1, "takes text, not 1; codes are strings and keep their leading zeros"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(kind: Kind, raw: Any, message: str) -> None:
    assert mistakes(kind, raw) == [("f", message)]


@pytest.mark.parametrize(
    ("kind", "whole", "leaf"),
    [
        (FigureKind("fen"), "an amount in yuan, as text", "an amount in yuan, as text"),
        (FigureKind("rate"), "a rate from 0 to 1, as text, or a percentage", None),
        (FigureKind("factor"), "a factor, as text", None),
        (FigureKind("factor_limit"), 'a factor, as text, or "none"', None),
        (FigureKind("points"), "points, as text", None),
        (FigureKind("days"), "a number of days", None),
        (FigureKind("count"), "a number", None),
        (FlagKind(), "true or false", None),
        (ChoiceKind(("stay", "year")), "one of stay, year", None),
        (CodesKind(), "a list of codes, as text", None),
        (CodesKind(("a", "b")), "a list out of a, b", None),
        (DateKind(), "a date", None),
        (TextKind(), "a text", None),
        (BANDS, "bands, each with its lower edge in yuan and its rates", None),
        (RECORDS, "a list of records with code, quota, rate", None),
        (
            RATES,
            "a rate from 0 to 1, as text, or a percentage, by level and status",
            "a rate from 0 to 1, as text, or a percentage",
        ),
        (ADMISSION, "one of never, listed, always, by level", "one of never, listed, always"),
    ],
)
def test_every_kind_says_what_would_fill_it(kind: Kind, whole: str, leaf: str | None) -> None:
    assert kind.needs() == whole
    assert kind.needs(False) == (leaf or whole)


# ------------------------------------------------------------------------------------------------------- tables


def test_the_section_says_which_person_classes_a_table_runs_over() -> None:
    assert RATES.leaves(SECTION) == (
        "tertiary.in_service",
        "tertiary.retired",
        "primary.in_service",
        "primary.retired",
    )
    assert RATES.leaves(SECTIONS["care.resident"])[:2] == ("tertiary.minor", "tertiary.adult")


def test_a_bare_figure_stands_for_all_below_it() -> None:
    assert take(RATES, "0.5") == dict.fromkeys(RATES.leaves(SECTION), 500_000)
    assert take(RATES, {"tertiary": "0.5", "primary": {"retired": "0.7"}}) == {
        "tertiary.in_service": 500_000,
        "tertiary.retired": 500_000,
        "primary.retired": 700_000,
    }
    assert take(RATES, {}) == {}


def test_a_table_is_built_in_the_order_of_its_axes_whatever_the_order_written() -> None:
    raw = {"primary": {"retired": "0.4", "in_service": "0.3"}, "tertiary": {"retired": "0.2", "in_service": "0.1"}}
    assert RATES.build(take(RATES, raw), SECTION) == Table((LEVEL, EMPLOYEE), (100_000, 200_000, 300_000, 400_000))


def test_tables_of_words_hold_positions() -> None:
    found = take(ADMISSION, {"tertiary": "listed", "primary": "always"})
    assert found == {"tertiary": 1, "primary": 2}
    assert ADMISSION.write(found) == {"tertiary": "listed", "primary": "always"}


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (RATES, 0.5, [("f", f"rate {NO_TEXT} float 0.5: write it as text, '0.5'")]),
        (
            RATES,
            {"tertiary": 0.5, "secondary": "0.6", "primary": {"retired": "2", "child": "0.1"}},
            [
                ("f.tertiary", f"rate {NO_TEXT} float 0.5: write it as text, '0.5'"),
                ("f.secondary", "unknown level; allowed: tertiary, primary"),
                ("f.primary.retired", "rate 2 is outside [0, 1]"),
                ("f.primary.child", "unknown status; allowed: in_service, retired"),
            ],
        ),
        (RATES, {"primary": {"retired": {"x": "1"}}}, [("f.primary.retired", f"rate {NO_TEXT} dict {{'x': '1'}}")]),
        (RATES, ["0.5"], [("f", f"rate {NO_TEXT} list ['0.5']")]),
        (ADMISSION, {"tertiary": "maybe"}, [("f.tertiary", "takes one of never, listed, always, not 'maybe'")]),
        (ADMISSION, True, [("f", "takes one of never, listed, always, not True")]),
    ],
)
def test_what_tables_refuse(kind: Kind, raw: Any, expected: list[tuple[str, str]]) -> None:
    assert mistakes(kind, raw) == expected


@given(st.dictionaries(st.sampled_from(RATES.leaves(SECTION)), st.integers(0, 10**6)))
def test_any_part_of_a_table_is_written_and_read_back(leaves: dict[str, int]) -> None:
    assert take(RATES, RATES.write(leaves)) == leaves


def test_a_table_without_axes_is_one_figure() -> None:
    kind = TableKind("fen", ())
    assert take(kind, "5") == {"": 500}
    assert kind.write({"": 500}) == "5.00"
    assert kind.build({"": 500}, SECTION) == Table((), (500,))


# -------------------------------------------------------------------------------------------------------- bands


def test_bands_are_read_built_and_written() -> None:
    raw = [{"from": "0", "rate": {"tertiary": "0.8", "primary": "0.9"}}, {"from": "20000.01", "rate": "85%"}]
    expected = Bands((0, 2_000_001), (Table((LEVEL,), (800_000, 900_000)), Table((LEVEL,), (850_000, 850_000))))
    found = take(BANDS, raw)
    assert found == {"": expected}
    assert BANDS.build(found, SECTION) is found[""]
    assert BANDS.write(found) == [
        {"from": "0.00", "rate": {"tertiary": "80%", "primary": "90%"}},
        {"from": "20000.01", "rate": {"tertiary": "85%", "primary": "85%"}},
    ]
    assert take(BANDS, BANDS.write(found)) == found


def test_bands_that_do_not_differ_by_code() -> None:
    found = take(FLAT, [{"from": 0, "rate": "0.5"}, {"from": 100, "rate": "0.6"}])
    assert found == {"": Bands.flat(((0, 500_000), (10_000, 600_000)))}
    assert FLAT.write(found) == [{"from": "0.00", "rate": "50%"}, {"from": "100.00", "rate": "60%"}]


def band(lower: Any, rate: Any = "0.5") -> dict[str, Any]:
    return {"from": lower, "rate": rate}


A_LIST = 'takes a list of bands such as { from = "0", rate = "0.8" }'
WHOLE = "bands are stated whole or left open"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0.5", [("f", A_LIST)]),
        ([], [("f", A_LIST)]),
        (["0.5"], [("f", A_LIST)]),
        (band("0"), [("f", A_LIST)]),
        ([band("1")], [("f", "bands must start at 0, got edges (100,)")]),
        ([band("0"), band("5"), band("5")], [("f", "bands must ascend without overlap, got edges (0, 500, 500)")]),
        ([band("0"), band("9"), band("5")], [("f", "bands must ascend without overlap, got edges (0, 900, 500)")]),
        ([band("0"), band("-5")], [("f[1].from", "-5 yuan is negative")]),
        ([band(0.5)], [("f[0].from", f"yuan {NO_TEXT} float 0.5: write it as text, '0.5'")]),
        (
            [band("0"), band("none")],
            [("f[1].from", "yuan takes a plain decimal figure such as '12.30', not 'none'")],
        ),
        (
            [band("0"), band("10000000000")],
            [("f", f"a band must begin below {10**12} fen, the largest amount, got {10**12}")],
        ),
        ([{"rate": "0.5"}], [("f[0]", f"the band lacks from; {WHOLE}")]),
        ([{"from": "0"}], [("f[0]", f"the band lacks rate; {WHOLE}")]),
        ([{}], [("f[0]", f"the band lacks from, rate; {WHOLE}")]),
        ([band("0", {"tertiary": "0.5"})], [("f[0]", f"the band lacks rate.primary; {WHOLE}")]),
        ([band("0", {})], [("f[0]", f"the band lacks rate.tertiary, rate.primary; {WHOLE}")]),
        ([band("0", "1.5")], [("f[0].rate", "rate 1.5 is outside [0, 1]")]),
        (
            [band("0", {"tertiary": 0.5, "x": "1"}), {"from": "1", "to": "2", "rates": "0.5"}],
            [
                ("f[0].rate.tertiary", f"rate {NO_TEXT} float 0.5: write it as text, '0.5'"),
                ("f[0].rate.x", "unknown level; allowed: tertiary, primary"),
                ("f[1].to", "unknown key; allowed: from, rate"),
                ("f[1].rates", "unknown key; allowed: from, rate"),
                ("f[1]", f"the band lacks rate; {WHOLE}"),
            ],
        ),
    ],
)
def test_what_bands_refuse(raw: Any, expected: list[tuple[str, str]]) -> None:
    assert mistakes(BANDS, raw) == expected


def test_flat_bands_refuse_rates_by_code() -> None:
    assert mistakes(FLAT, [band("0", {"tertiary": "0.5"})]) == [
        ("f[0].rate", f"rate {NO_TEXT} dict {{'tertiary': '0.5'}}")
    ]


# ------------------------------------------------------------------------------------------------------ records


@frozen
class Span:
    name: str = terms_field(TextKind(), "名", "name")
    low: int = terms_field(FigureKind("count"), "低", "low")
    high: int = terms_field(FigureKind("count"), "高", "high")

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise InputError(f"{self.name} runs from {self.low} down to {self.high}")


def test_records_are_read_and_written_without_what_stands_by_default() -> None:
    raw = [{"code": "M1", "quota": "300"}, {"code": "M2", "quota": "none", "rate": "60%"}]
    found = take(RECORDS, raw)
    assert found == {"": (Quota("M1", 30_000, 500_000), Quota("M2", NO_LIMIT, 600_000))}
    assert RECORDS.write(found) == [{"code": "M1", "quota": "300.00"}, {"code": "M2", "quota": "none", "rate": "60%"}]
    assert take(RECORDS, []) == {"": ()}


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (RECORDS, "M1", [("f", "takes a list of records with code, quota, rate")]),
        (RECORDS, ["M1"], [("f", "takes a list of records with code, quota, rate")]),
        (
            RECORDS,
            [{}, {}],
            [
                ("f[0].code", "missing; needs a text"),
                ("f[0].quota", 'missing; needs an amount in yuan, as text, or "none"'),
                ("f[1].code", "missing; needs a text"),
                ("f[1].quota", 'missing; needs an amount in yuan, as text, or "none"'),
            ],
        ),
        (
            RECORDS,
            [{"code": ["M1"], "quota": "1"}, {"code": {}, "quota": "1"}],
            [
                ("f[0].code", "takes text, not ['M1']; codes are strings and keep their leading zeros"),
                ("f[1].code", "takes text, not {}; codes are strings and keep their leading zeros"),
            ],
        ),
        (
            RECORDS,
            [{"code": "M1", "quota": "1", "z": 1, "b": 1}, {"code": "M1", "quota": 1.5}],
            [
                ("f[0].z", "unknown key; allowed: code, quota, rate"),
                ("f[0].b", "unknown key; allowed: code, quota, rate"),
                ("f[1].quota", f"yuan {NO_TEXT} float 1.5: write it as text, '1.5'"),
                ("f[1].code", "'M1' stands twice"),
            ],
        ),
        (
            RecordsKind(Span, "name"),
            [{"name": "x", "low": 1, "high": 2}, {"name": "y", "low": 2, "high": 1}],
            [("f[1]", "y runs from 2 down to 1")],
        ),
    ],
)
def test_what_records_refuse(kind: Kind, raw: Any, expected: list[tuple[str, str]]) -> None:
    assert mistakes(kind, raw) == expected


# ------------------------------------------------------------------------------------------------ tracing, texts


def leaf(path: str, unit: str) -> Leaf:
    return Leaf("terms", path, "", "", unit)


def test_figures_and_flags_are_traced_with_their_unit() -> None:
    figure: Any = FigureKind("rate").trace(500_000, leaf)
    assert (figure, figure.leaf) == (500_000, leaf("", "rate"))
    flag: Any = FlagKind().trace(1, leaf)
    assert (flag, flag.leaf) == (1, leaf("", "flag"))
    assert type(ChoiceKind(("a",)).trace("a", leaf)) is str


def test_every_figure_of_a_table_is_traced_with_its_path() -> None:
    table = Table((LEVEL, EMPLOYEE), (1, 2, 3, 4))
    found = RATES.trace(table, leaf)
    assert found == table
    assert [value.leaf.name for value in found.values if isinstance(value, Traced) and value.leaf] == list(
        RATES.leaves(SECTION)
    )
    words: Any = ADMISSION.trace(Table((LEVEL,), (0, 2)), leaf)
    assert words.values[1].leaf == leaf("primary", "never|listed|always")
    assert unit_text(words.values[1].leaf.unit, words.values[1]) == "always"


def test_words_with_chinese_labels_are_traced_with_a_list_that_holds_both() -> None:
    kind = TableKind("word", (LEVEL,), ("no", "yes"), ("否", "是"))
    traced: Any = kind.trace(Table((LEVEL,), (0, 1)), leaf)
    unit = traced.values[1].leaf.unit
    assert (unit.members, unit.zh, unit.en) == (("no", "yes"), ("否", "是"), ("no", "yes"))
    assert traced.values[1].leaf.name == "primary"


def test_every_rate_of_bands_is_traced_with_its_path() -> None:
    bands = take(BANDS, [band("0"), band("9")])[""]
    found: Any = BANDS.trace(bands, leaf)
    assert found == bands
    assert [value.leaf.name for table in found.rates for value in table.values] == [
        "[0].rate.tertiary",
        "[0].rate.primary",
        "[1].rate.tertiary",
        "[1].rate.primary",
    ]
    flat: Any = FLAT.trace(Bands.flat(((0, 5),)), leaf)
    assert flat.rates[0].values[0].leaf == leaf("[0].rate", "rate")


@pytest.mark.parametrize(
    ("unit", "value", "en", "zh"),
    [
        ("fen", 123005, "1230.05", "1230.05"),
        ("fen", NO_LIMIT, "no limit", "不设上限"),
        ("fen", -5, "-0.05", "-0.05"),
        ("rate", 125_000, "12.5%", "12.5%"),
        ("factor", 10_300, "1.03", "1.03"),
        ("factor_limit", 25_000, "2.5", "2.5"),
        ("factor_limit", NO_LIMIT, "no limit", "不设上限"),
        ("points", -5, "-0.0005", "-0.0005"),
        ("quantity", 5_000, "0.5", "0.5"),
        ("price", 12_345_678, "12.345678", "12.345678"),
        ("date", day_number(datetime.date(2024, 2, 29)), "2024-02-29", "2024-02-29"),
        ("date", NO_DAY, "not stated", "未载明"),
        ("flag", 1, "yes", "是"),
        ("flag", 0, "no", "否"),
        ("days", 15, "15", "15"),
        ("count", Traced(15), "15", "15"),
        ("never|always", 1, "always", "always"),
    ],
)
def test_unit_text(unit: str, value: int, en: str, zh: str) -> None:
    assert unit_text(unit, value) == en
    assert unit_text(unit, value, "zh") == zh


@pytest.mark.parametrize(
    ("kind", "path", "value", "text"),
    [
        (FigureKind("fen"), "", NO_LIMIT, "none"),
        (RATES, "primary.retired", 700_000, "70%"),
        (ADMISSION, "primary", 2, "always"),
        (FlagKind(), "", 0, "false"),
        (CodesKind(), "", ("01", "02"), "01, 02"),
        (DateKind(), "", datetime.date(2023, 5, 18), "2023-05-18"),
        (RECORDS, "", (Quota("M1", 100, 500_000),), "{'code': 'M1', 'quota': '1.00'}"),
        (FLAT, "", Bands.flat(((0, 500_000),)), "{'from': '0.00', 'rate': '50%'}"),
    ],
)
def test_leaf_text(kind: Kind, path: str, value: Any, text: str) -> None:
    assert leaf_text(kind, path, value) == text


@pytest.mark.parametrize(
    ("kind", "text", "figure"),
    [(FigureKind("fen"), "5", 500), (RATES, "5%", 50_000), (FigureKind("fen"), "none", NO_LIMIT)],
)
def test_the_figure_that_a_text_stands_for(kind: Kind, text: str, figure: int) -> None:
    assert kind.figure(text) == figure


@pytest.mark.parametrize("kind", [ADMISSION, FlagKind(), BANDS, CodesKind(), TextKind(), DateKind(), RECORDS])
def test_kinds_without_figures_cannot_be_bounded(kind: Kind) -> None:
    with pytest.raises(AmountError) as caught:
        kind.figure("5")
    assert str(caught.value) == "'5' cannot bound a field that holds no figures"


# ------------------------------------------------------------------------------------------------------ sections


def test_a_section_lists_the_fields_that_a_document_has_to_state() -> None:
    every = [name for name, _, _ in SECTION.kinds()]
    assert every[:3] == ["ceiling", "rate", "bands"]
    resident = [name for name, _, _ in SECTIONS["care.resident"].kinds()]
    assert resident == [name for name in every if name not in ("days", "label")]
    assert kind_of(CareTerms, "rate") == RATES


def test_a_section_cannot_fix_a_field_that_its_terms_do_not_have() -> None:
    with pytest.raises(PolicyError) as caught:
        Section("x", CareTerms, RESIDENT, {"dayz": 0})
    assert str(caught.value) == "section x fixes dayz: no field of CareTerms"


@pytest.mark.parametrize("name", ROOMS)
def test_every_field_of_every_room_says_what_it_holds(name: str) -> None:
    section = ROOMS[name]
    assert section.name == name
    for field, kind, labels in section.kinds():
        assert isinstance(kind, Kind), field
        assert labels["zh"]
        assert labels["en"]
        assert kind.needs()
        assert len(set(kind.leaves(section))) == len(kind.leaves(section)) > 0


@given(st.integers(0, 10**12 - 1))
def test_amounts_are_written_and_read_back(fen: int) -> None:
    kind = FigureKind("fen")
    assert take(kind, kind.write({"": fen})) == {"": fen}
    assert Fraction(kind.write({"": fen})) * 100 == fen
