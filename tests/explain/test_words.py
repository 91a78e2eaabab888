"""Expressions in words: one form per word of the vocabulary, names of steps that have one, clauses of what was used."""

from __future__ import annotations

from typing import Any

import pytest

from mipolicy import vocabulary
from mipolicy.axes import LEVEL
from mipolicy.explain.words import Named, clauses_of, expression, value_text
from mipolicy.money import NO_LIMIT
from mipolicy.tables import Axis, Bands, Table
from mipolicy.traced import Leaf, Traced
from mipolicy.vocabulary import (
    all_of,
    any_of,
    banded,
    beyond,
    capped,
    half_up,
    is_over,
    is_same,
    lookup,
    mul_div,
    none_of,
    pick,
    remaining,
    share,
)


def given(value: int, name: str, unit: str | Axis = "fen") -> Traced:
    """An input."""
    return Traced(value, leaf=Leaf("input", name, f"{name}项", name, unit))


def figure(value: int, path: str, unit: str = "rate", clause: str = "doc 1") -> Traced:
    """A figure of the terms."""
    return Traced(value, leaf=Leaf("terms", path, f"{path}项", path, unit, "2025", clause))


COST, USED = given(100_000, "cost"), given(30_000, "used")
RATE, LIMIT = figure(650_000, "rate"), figure(750_000, "limit", "fen")
YES, NO = given(1, "listed", "flag"), given(0, "online", "flag")
FLAT = Bands.flat(((0, 500_000), (50_000, 600_000)))


@pytest.mark.parametrize(
    ("node", "en"),
    [
        (COST, "cost 1000.00"),
        (share(COST, RATE), "cost 1000.00 × rate 65%"),
        (share(COST, 650_000), "cost 1000.00 × 6500.00"),
        (beyond(COST, USED), "max(0, cost 1000.00 − used 300.00)"),
        (remaining(LIMIT, USED), "max(0, limit 7500.00 − used 300.00)"),
        (capped(COST, LIMIT), "min(cost 1000.00, limit 7500.00)"),
        (capped(COST, int(NO_LIMIT)), "min(cost 1000.00, no limit)"),
        (COST + USED, "cost 1000.00 + used 300.00"),
        (COST - USED, "cost 1000.00 − used 300.00"),
        (-COST, "−cost 1000.00"),
        (COST * 3, "cost 1000.00 × 3"),
        (share(COST - USED, RATE), "(cost 1000.00 − used 300.00) × rate 65%"),
        (capped(COST + USED, USED), "min((cost 1000.00 + used 300.00), used 300.00)"),
        (pick(YES, COST, USED), "cost 1000.00 (as listed yes)"),
        (pick(NO, COST, USED), "used 300.00 (as online no)"),
        (pick(NO, COST, 0), "0.00 (as online no)"),
        (is_over(COST, USED), "cost 1000.00 > used 300.00"),
        (is_same(COST, 5), "cost 1000.00 = 0.05"),
        (none_of(YES), "not listed yes"),
        (all_of(YES, NO), "listed yes and online no"),
        (any_of(YES, NO), "listed yes or online no"),
        (any_of(none_of(YES), all_of(YES, NO)), "not listed yes or (listed yes and online no)"),
        (all_of(YES, is_over(COST, USED)), "listed yes and (cost 1000.00 > used 300.00)"),
        (half_up(COST, 3), "cost 1000.00 ÷ 3"),
        (banded(COST, FLAT), "[0.00–500.00] 500.00 × 50% + [500.00–] 500.00 × 60%"),
        (banded(USED, FLAT, start=40_000), "[0.00–500.00] 100.00 × 50% + [500.00–] 200.00 × 60%"),
        (banded(given(0, "none"), FLAT), "0.00"),
        (
            mul_div(given(2_500_000, "over", "price"), given(25_000, "count", "quantity"), 10**8),
            "over 2.5 × count 2.5",
        ),
    ],
)
def test_each_word_has_a_form(node: Any, en: str) -> None:
    assert expression(node, {}, "en") == en
    zh = expression(node, {}, "zh")
    assert zh
    assert zh.count("×") == en.count("×")
    assert zh.count("−") == en.count("−")


@pytest.mark.parametrize(
    ("node", "zh"),
    [
        (share(COST, RATE), "cost项 1000.00 × rate项 65%"),
        (pick(YES, COST, USED), "cost项 1000.00（listed项 是）"),
        (all_of(YES, none_of(NO)), "listed项 是 且 非 online项 否"),
        (any_of(YES, NO), "listed项 是 或 online项 否"),
        (capped(COST, int(NO_LIMIT)), "min(cost项 1000.00, 不设上限)"),
        (is_same(given(1, "level", LEVEL), 2), "level项 二级 = 一级"),
    ],
)
def test_words_in_chinese(node: Any, zh: str) -> None:
    assert expression(node, {}, "zh") == zh


def test_every_word_that_records_itself_is_written() -> None:
    written = {
        *("share", "beyond", "remaining", "capped", "pick", "is_over", "is_same", "none_of", "all_of", "any_of"),
        *("half_up", "mul_div", "banded", "lookup", "split"),
    }
    assert set(vocabulary.__all__) == written  # lookup gives the figure itself; split is of no settlement


def test_a_code_is_written_by_its_label() -> None:
    level = given(1, "level", LEVEL)
    assert expression(level, {}, "en") == "level level 2"
    assert expression(is_same(level, 4), {}, "en") == "level level 2 = ungraded"
    assert value_text(7, LEVEL, "en") == "7"


def test_a_figure_that_was_looked_up_is_written_as_itself() -> None:
    axis = Axis("ward", ("a", "b"), ("甲", "乙"), ("A", "B"))
    found = lookup(Table((axis,), (figure(1, "rate.a"), figure(2, "rate.b"))), given(1, "ward", axis))
    assert expression(share(COST, found), {}, "en") == "cost 1000.00 × rate.b 0.0002%"
    assert list(clauses_of(found, {})) == ["rate.b"]


def test_a_step_that_has_a_name_is_called_by_it() -> None:
    left = beyond(COST, USED)
    names = {id(left): Named("余额", "what is left", "fen")}
    assert expression(share(left, RATE), names, "en") == "what is left 700.00 × rate 65%"
    assert expression(share(left, RATE), names, "zh") == "余额 700.00 × rate项 65%"
    assert expression(left, names, "en") == "what is left 700.00"


def test_a_plain_number_is_written_as_it_is() -> None:
    assert expression(5, {}, "en") == "5"
    assert expression(0, {}, "zh") == "0"


def test_clauses_of_every_figure_that_was_used() -> None:
    payable = beyond(COST, figure(30_000, "deductible", "fen", "doc 2"))
    node = capped(share(payable, RATE), LIMIT)
    found = clauses_of(node, {})
    assert {path: leaf.clause for path, (_, leaf) in found.items()} == {
        "deductible": "doc 2",
        "rate": "doc 1",
        "limit": "doc 1",
    }
    assert {path: int(value) for path, (value, _) in found.items()} == {
        "deductible": 30_000,
        "rate": 650_000,
        "limit": 750_000,
    }


def test_a_named_step_answers_for_its_own_clauses() -> None:
    payable = beyond(COST, figure(30_000, "deductible", "fen"))
    names = {id(payable): Named("", "", "fen")}
    assert list(clauses_of(share(payable, RATE), names)) == ["rate"]
    assert list(clauses_of(payable, names)) == ["deductible"]
    assert clauses_of(payable, names, first=False) == {}


def test_the_rates_of_bands_have_their_clauses() -> None:
    bands = Bands(
        (0, 50_000), tuple(Table((), (figure(rate, f"bands[{at}]"),)) for at, rate in enumerate((500_000, 600_000)))
    )
    assert list(clauses_of(banded(COST, bands), {})) == ["bands[0]", "bands[1]"]
    # a band that nothing of the amount falls into was not used
    assert list(clauses_of(banded(USED, bands), {})) == ["bands[0]"]


def test_inputs_and_numbers_have_no_clauses() -> None:
    assert clauses_of(share(COST, 5), {}) == {}
    assert clauses_of(5, {}) == {}


@pytest.mark.parametrize(
    ("value", "unit", "en"),
    [
        (123_456, "fen", "1234.56"),
        (int(NO_LIMIT), "fen", "no limit"),
        (125_000, "rate", "12.5%"),
        (12_345_678, "price", "12.345678"),
        (2_500, "quantity", "0.25"),
        (1, "flag", "yes"),
        (0, "flag", "no"),
        (7, "count", "7"),
        (3, LEVEL, "primary care"),
        (1, "never|listed|always", "listed"),
    ],
)
def test_a_value_in_its_unit(value: int, unit: str | Axis, en: str) -> None:
    assert value_text(value, unit, "en") == en


POINTS = given(13_200_000, "points", "points")
COUNT = given(3, "lists", "count")


@pytest.mark.parametrize(
    ("node", "en", "zh"),
    [
        (pick(YES, COST, USED), "cost 1000.00 (as listed yes)", "cost项 1000.00（listed项 是）"),
        (pick(NO, COST, USED), "used 300.00 (as online no)", "used项 300.00（online项 否）"),
        (
            pick(is_over(USED, COST), COST, USED),
            "used 300.00 (as not (used 300.00 > cost 1000.00))",
            "used项 300.00（非 (used项 300.00 > cost项 1000.00)）",
        ),
        (
            pick(NO, LIMIT, pick(is_over(USED, COST), COST, USED)),
            "used 300.00 (as none of 2 exceptions applies)",
            "used项 300.00（2项例外均不适用）",
        ),
        (
            pick(NO, LIMIT, pick(is_over(COST, USED), COST, USED)),
            "cost 1000.00 (as cost 1000.00 > used 300.00)",
            "cost项 1000.00（cost项 1000.00 > used项 300.00）",
        ),
        (
            pick(any_of(all_of(YES, YES), all_of(NO, YES)), COST, USED),
            "cost 1000.00 (as (listed yes and listed yes) or (online no and listed yes))",
            "cost项 1000.00（(listed项 是 且 listed项 是) 或 (online项 否 且 listed项 是)）",
        ),
        (mul_div(POINTS, 12_000_000, 10**8), "points 1320 × 12000000", "points项 1320 × 12000000"),
        (mul_div(COST, POINTS, 10**4), "cost 1000.00 × points 1320", "cost项 1000.00 × points项 1320"),
        (is_over(COUNT, 0), "lists 3 > 0", "lists项 3 > 0"),
    ],
)
def test_a_choice_tells_the_branch_and_what_chose_it(node: Traced, en: str, zh: str) -> None:
    assert (expression(node, {}, "en"), expression(node, {}, "zh")) == (en, zh)


def test_a_figure_without_a_unit_takes_that_of_its_step() -> None:
    assert expression(5_000, {}, "en", "factor") == "0.5"
    assert expression(pick(YES, 5_000, 0), {}, "en", "factor") == "0.5 (as listed yes)"
    assert expression(5_000, {}, "en") == "5000"
