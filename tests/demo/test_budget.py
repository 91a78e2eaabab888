"""The made-up area of budgets: whatever indicators and approvals a policy has, the same branches."""

from __future__ import annotations

import pytest

from mipolicy.demo.budget import budget_year


@pytest.mark.parametrize("count", [2, 3, 12])
def test_all_some_and_none_of_any_number_of_indicators(count: int) -> None:
    names = tuple(f"i{at}" for at in range(count))
    results = budget_year(names, ("a", "b")).results
    met: dict[str, list[str]] = {}
    for code, flag in zip(results["fixmedins_code"], results["met_flag"], strict=True):
        met.setdefault(code, []).append(flag)
    assert met["Y01"] == ["1"] * count
    assert met["Y02"] == ["0"] * count
    assert met["Y03"] == ["1"] + ["0"] * (count - 1)
    assert len(met["Y17"]) == count - 1


def test_months_sum_to_the_year_to_the_fen() -> None:
    made = budget_year(("a", "b"), ("x", "y"))
    sums = dict.fromkeys(made.institutions["fixmedins_code"], 0)
    for code, amount in zip(made.months["fixmedins_code"], made.months["actual_amt"], strict=True):
        sums[code] += amount
    of = made.institutions
    actual = [local + out for local, out in zip(of["actual_local"], of["actual_out"], strict=True)]
    assert [*sums.values()] == actual


def test_one_approval_comes_after_the_year() -> None:
    made = budget_year(("a", "b"), ("x", "y"))
    days = zip(made.increments["fixmedins_code"], made.increments["approved_on"], strict=True)
    assert [(code, day.year) for code, day in days] == [("Y15", 2013), ("Y15", 2013), ("Y16", 2013), ("Y16", 2014)]
