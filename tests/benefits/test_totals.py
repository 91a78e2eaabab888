"""Running totals: read, posted, taken back, written as JSON and read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import Totals
from mipolicy.axes import LEVEL, SCHEMES
from mipolicy.benefits.axes import STREAMS
from mipolicy.benefits.totals import STAY_FIGURES, YEAR_FIGURES, Posting
from mipolicy.errors import InputError

NAMES = list(YEAR_FIGURES)


@st.composite
def postings(draw: st.DrawFn) -> Posting[int]:
    """What a bill may add, a latest stay included or not."""
    year = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        width = YEAR_FIGURES[name]
        year.append((name, draw(st.integers(0, width - 1)) if width > 1 else None, draw(st.integers(0, 10**9))))
    stay = draw(st.one_of(st.just({}), st.fixed_dictionaries(dict.fromkeys(STAY_FIGURES, st.integers(0, 30_000)))))
    return Posting(tuple(year), stay)


@st.composite
def totals(draw: st.DrawFn) -> Totals:
    """Totals that some bills have made."""
    made = Totals("P1")
    for posting in draw(st.lists(postings(), max_size=4)):
        made = made.posted(draw(st.sampled_from(SCHEMES)), draw(st.sampled_from((2024, 2025))), posting)
    return made


def test_every_figure_has_its_cells() -> None:
    for stream in STREAMS:
        for what in ("fund", "cost", "deductible"):
            assert YEAR_FIGURES[f"{what}.{stream}"] == 1
        assert YEAR_FIGURES[f"deductible_level.{stream}"] == len(LEVEL.members) == 5
    assert YEAR_FIGURES["quota_month.special"] == YEAR_FIGURES["quota_month.two_disease"] == 12
    assert {name for name in YEAR_FIGURES if name.startswith("quota_month")} == {
        "quota_month.special",
        "quota_month.two_disease",
    }
    assert STAY_FIGURES == ("end", "level", "paid", "ordinal", "open", "counted")


def test_what_was_never_used_is_nothing() -> None:
    empty = Totals("P1")
    assert empty.figure("employee", 2025, "deductible_level.general") == (0, 0, 0, 0, 0)
    used = empty.used("employee", 2025)
    assert used.year("stays") == used.cell("deductible_level.inpatient", 3) == used.stay("end") == 0
    assert used.span("quota_month.special", 0, 11) == 0
    assert empty.to_dict() == {"psn_no": "P1", "years": [], "stay": {}}


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(InputError, match=r"no total is called 'fund\.dental'; totals: fund\.general"):
        Totals("P1").figure("employee", 2025, "fund.dental")


def test_a_bill_adds_to_its_cell_of_its_year_and_scheme() -> None:
    posting = Posting((("deductible_level.general", 2, 30), ("fund.general", None, 500)))
    after = Totals("P1").posted("employee", 2025, posting).posted("employee", 2025, posting)
    assert after.figure("employee", 2025, "deductible_level.general") == (0, 0, 60, 0, 0)
    assert after.used("employee", 2025).cell("deductible_level.general", 2) == 60
    assert after.used("employee", 2025).cell("deductible_level.general", 1) == 0
    assert after.used("employee", 2025).year("fund.general") == 1000
    assert after.used("employee", 2024).year("fund.general") == 0
    assert after.used("resident", 2025).year("fund.general") == 0


def test_a_span_takes_both_ends_in() -> None:
    after = Totals("P1")
    for month in range(12):
        after = after.posted("resident", 2025, Posting((("quota_month.two_disease", month, 10**month),)))
    used = after.used("resident", 2025)
    assert used.span("quota_month.two_disease", 3, 5) == 111_000
    assert used.span("quota_month.two_disease", 4, 4) == 10_000
    assert used.span("quota_month.two_disease", 0, 11) == 111_111_111_111
    assert used.span("quota_month.two_disease", 5, 4) == 0


def test_the_latest_stay_is_replaced_not_added_to() -> None:
    first = dict.fromkeys(STAY_FIGURES, 1)
    second = {"end": 20_000, "level": 3, "paid": 0, "ordinal": 2, "open": 0, "counted": 1}
    after = Totals("P1").posted("employee", 2025, Posting((), first)).posted("employee", 2025, Posting((), second))
    assert after.stay == second
    assert after.used("resident", 1999).stay("level") == 3


@given(totals(), st.sampled_from(SCHEMES), st.sampled_from((2024, 2025)), postings())
def test_posting_leaves_the_totals_before_as_they_were(before: Totals, scheme: str, year: int, posting: Any) -> None:
    plain = before.to_dict()
    before.posted(scheme, year, posting)
    assert before.to_dict() == plain


@given(totals(), st.sampled_from(SCHEMES), st.sampled_from((2024, 2025)), postings())
def test_taking_back_gives_the_years_before_and_leaves_the_stay(
    before: Totals, scheme: str, year: int, posting: Any
) -> None:
    after = before.posted(scheme, year, posting)
    back = after.posted(scheme, year, posting, sign=-1)
    assert back.years == before.years
    assert back.stay == after.stay


@given(totals(), postings(), postings())
def test_order_does_not_matter_to_the_year(before: Totals, one: Any, other: Any) -> None:
    there = before.posted("employee", 2025, one).posted("employee", 2025, other)
    back = before.posted("employee", 2025, other).posted("employee", 2025, one)
    assert there.years == back.years


@given(totals())
def test_json_and_back(made: Totals) -> None:
    text = json.dumps(made.to_dict())
    again = Totals.from_dict(json.loads(text))
    assert again == made
    assert json.dumps(again.to_dict()) == text


def test_the_record_is_in_the_order_of_scheme_and_year_and_holds_no_zeros() -> None:
    posting = Posting((("fund.general", None, 7), ("cost.general", None, 0)))
    made = Totals("P1").posted("resident", 2024, posting)
    made = made.posted("employee", 2025, posting).posted("employee", 2024, posting)
    assert made.to_dict() == {
        "psn_no": "P1",
        "years": [
            {"scheme": "employee", "year": 2024, "figures": {"fund.general": [7]}},
            {"scheme": "employee", "year": 2025, "figures": {"fund.general": [7]}},
            {"scheme": "resident", "year": 2024, "figures": {"fund.general": [7]}},
        ],
        "stay": {},
    }


GOOD: dict[str, Any] = {
    "psn_no": "P1",
    "years": [{"scheme": "employee", "year": 2025, "figures": {"fund.general": [5]}}],
    "stay": {"end": 20_000, "level": 1, "paid": 0, "ordinal": 0, "open": 0, "counted": 1},
}


def year_with(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "years": [{**GOOD["years"][0], **changes}]}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (year_with(figures={"fund.dental": [1]}), "fund.dental with 1 cells is not known here"),
        (year_with(figures={"fund.general": [1, 2]}), "fund.general with 2 cells"),
        (year_with(figures={"quota_month.special": [0] * 11}), "quota_month.special with 11 cells"),
        (year_with(figures={"fund.general": [1.0]}), "fund.general with 1 cells"),
        (year_with(figures={"fund.general": [True]}), "fund.general with 1 cells"),
        (year_with(figures={"fund.general": ["1"]}), "fund.general with 1 cells"),
        (year_with(figures={"fund.general": 5}), "as to_dict gives it"),
        (year_with(scheme="employe"), "employe 2025 is no scheme and year"),
        (year_with(year="2025"), "employee 2025 is no scheme and year"),
        (year_with(year=True), "employee True is no scheme and year"),
        ({**GOOD, "years": GOOD["years"] * 2}, "stands twice"),
        ({**GOOD, "stay": {"end": 1.5}}, "the latest stay has no end 1.5"),
        ({**GOOD, "stay": {"ends": 1}}, "the latest stay has no ends"),
        ({"psn_no": "P1", "years": []}, "KeyError 'stay'"),
        ({"years": [], "stay": {}}, "KeyError 'psn_no'"),
        ({**GOOD, "years": None}, "as to_dict gives it"),
        ([], "as to_dict gives it"),
    ],
)
def test_a_record_that_is_not_totals_is_refused(record: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        Totals.from_dict(record)
    assert says in str(caught.value)


def test_a_good_record_is_taken() -> None:
    made = Totals.from_dict(GOOD)
    assert made.figure("employee", 2025, "fund.general") == (5,)
    assert made.stay["level"] == 1
    assert made.to_dict() == GOOD
