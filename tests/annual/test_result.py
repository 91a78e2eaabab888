"""The cleared table checks itself: every fen has one payer, of each institution and of the city."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import mipolicy
from mipolicy.annual.result import CLEARED_OUTPUTS
from tests.annual.test_clear import sample


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fund", "row 9: amount: 1630000.00 is not 1630000.01"),
        ("by_fund", "row 9: cleared_amount: 1630000.00 is not 1630000.01"),
        ("paid", "row 9: clearing: 119200.00 is not 119200.01"),
        ("raised", "row 9: cleared_amount of what was shared: 1630000.00 is not 1630000.01"),
    ],
)
def test_a_fen_too_many_is_a_defect(name: str, message: str) -> None:
    cleared = sample()
    columns: dict[str, Any] = {**cleared.columns, name: cleared.columns[name].copy()}
    columns[name][9] += 1
    with pytest.raises(mipolicy.IdentityError) as caught:
        attrs.evolve(cleared, columns=columns)
    assert str(caught.value) == message


def test_deposits_that_nobody_forfeited_are_not_given_out() -> None:
    cleared = sample()
    columns: dict[str, Any] = {name: column.copy() for name, column in cleared.columns.items()}
    for name in ("redistributed", "cleared_amount", "by_fund"):
        columns[name][9] += 1
    with pytest.raises(mipolicy.IdentityError, match="the city: more is given out of deposits than was forfeited"):
        attrs.evolve(cleared, columns=columns)


def test_the_city_in_both_languages() -> None:
    lines = sample().city()
    assert [line.name for line in lines] == [name for name, unit in CLEARED_OUTPUTS.items() if unit == "fen"]
    assert all(line.zh and line.en for line in lines)


def test_texts_in_chinese() -> None:
    english, chinese = sample().texts(), sample().texts("zh")
    assert english["state"][:5] == ["all_met", "none_met", "some_met", "all_met", "some_met"]
    assert chinese["state"][:3] == ["全部达标", "全部未达标", "部分达标"]
    assert {name for name in english if english[name] != chinese[name]} == {"state", "estimated"}
