"""Points in money: fund, point value by three bases, bounds, netting, the budget value; all against the oracle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.errors import InputError, PolicyError
from mipolicy.money import NO_PRICE_LIMIT
from mipolicy.payment.points import (
    HistoryWeight,
    PaymentYearTerms,
    PointCase,
    PointTotals,
    PointValueTerms,
    PoolBudgetTerms,
    PoolYear,
    budget_value,
    distributable,
    no_points,
    pay,
    point_value,
    published_value,
)
from tests.oracles import points as oracle
from tests.strategies import MILLION, as_columns, as_rows, as_traced

many = settings(max_examples=100, deadline=None)
ONE = 10_000
PLAIN = PointValueTerms(
    basis="fund",
    share_source="not_used",
    cited_share=0,
    netting="none",
    rate_of="not_used",
    decimals=4,
    payment_from="value",
    bounds="none",
    floor_factor=0,
    ceiling_factor=0,
    floor_at_zero=0,
    raised_borne_by="institution",
    outsiders="in_point_pool",
    history=(),
)
BY_ACTUAL = attrs.evolve(PLAIN, basis="total_by_actual", netting="parts", payment_from="points")
BY_SHARE = attrs.evolve(PLAIN, basis="total_by_share", share_source="computed", netting="parts")
BUDGET = PoolBudgetTerms(
    budget=100_000_000, reserve_share=30_000, out_of_area=5_000_000, manual_claims=1_000_000, budget_value=12_000_000
)


@st.composite
def value_terms(draw: DrawFn) -> PointValueTerms:
    basis = draw(st.sampled_from(("fund", "total_by_share", "total_by_actual")))
    cited = draw(st.sampled_from((0, 333_333, 700_000, MILLION))) if basis == "total_by_share" else 0
    netting = "none" if basis == "fund" else draw(st.sampled_from(("parts", "fund_rate")))
    around = draw(st.booleans())
    return PointValueTerms(
        basis=basis,
        share_source="not_used" if basis != "total_by_share" else "cited" if cited else "computed",
        cited_share=cited,
        netting=netting,
        rate_of="case" if netting == "fund_rate" else "not_used",
        decimals=draw(st.integers(0, 6)),
        payment_from="value" if netting == "fund_rate" else draw(st.sampled_from(("value", "points"))),
        bounds="around_budget_value" if around else "none",
        floor_factor=draw(st.sampled_from((0, 9_000, 10_000))) if around else 0,
        ceiling_factor=draw(st.sampled_from((10_000, 10_500))) if around else 0,
        floor_at_zero=draw(st.integers(0, 1)),
        raised_borne_by=draw(st.sampled_from(("reserve", "institution"))),
        outsiders="in_point_pool",
        history=(),
    )


@st.composite
def cases(draw: DrawFn) -> dict[str, Any]:
    cost = draw(st.integers(1, 10**8))
    fund = draw(st.integers(1, cost))
    other = draw(st.integers(0, cost - fund))
    return {
        "points": Fraction(draw(st.one_of(st.integers(100, 150), st.integers(100, 10**7))), ONE),
        "medfee_sumamt": cost,
        "hifp_pay": fund,
        "other_pay": other,
        "psn_part_amt": cost - fund - other,
        "fund_rate": Fraction(draw(st.sampled_from((0, 1, 333_333, 720_000, MILLION))), MILLION),
    }


def words_of(terms: PointValueTerms) -> dict[str, Any]:
    return {
        "basis": terms.basis,
        "cited_share": Fraction(terms.cited_share, MILLION) if terms.share_source == "cited" else None,
        "netting": terms.netting,
        "decimals": terms.decimals,
        "payment_from": terms.payment_from,
        "bounds": None
        if terms.bounds == "none"
        else (Fraction(terms.floor_factor, ONE), Fraction(terms.ceiling_factor, ONE)),
        "floor_at_zero": bool(terms.floor_at_zero),
        "raised_borne_by": terms.raised_borne_by,
    }


def totals_of(rows: list[dict[str, Any]]) -> PointTotals:
    summed = {
        name: sum(row[name] for row in rows) for name in ("medfee_sumamt", "hifp_pay", "psn_part_amt", "other_pay")
    }
    return PointTotals(cases=len(rows), points=int(sum(row["points"] for row in rows) * ONE), **summed)


def case_of(row: dict[str, Any]) -> PointCase[int]:
    return PointCase(int(row["points"] * ONE), row["psn_part_amt"], row["other_pay"], int(row["fund_rate"] * MILLION))


def price(value: Fraction) -> Fraction:
    return value * MILLION


@many
@given(value_terms(), st.lists(cases(), min_size=1, max_size=6), st.integers(0, 10**11), st.integers(1, 10**8))
def test_the_value_is_what_the_oracle_says(
    terms: PointValueTerms, rows: list[dict[str, Any]], fund: int, budget: int
) -> None:
    wanted = oracle.value(words_of(terms), fund, rows, Fraction(budget, MILLION))
    if price(wanted["unbounded"]) > NO_PRICE_LIMIT:
        with pytest.raises(InputError, match="a point value that no pool has"):
            point_value(terms, fund, totals_of(rows), budget)
        return
    found = point_value(terms, fund, totals_of(rows), budget)
    assert Fraction(found.value) == price(wanted["value"])
    assert Fraction(found.unbounded) == price(wanted["unbounded"])
    assert (found.whole, found.whole_at_value) == (wanted["whole"], wanted["held"])
    assert found.fund == fund


@many
@given(value_terms(), st.lists(cases(), min_size=1, max_size=6), st.integers(0, 10**11))
def test_ints_columns_traces_and_the_oracle_pay_alike(
    terms: PointValueTerms, rows: list[dict[str, Any]], fund: int
) -> None:
    wanted = oracle.value(words_of(terms), fund, rows, Fraction(10))
    assume(price(wanted["unbounded"]) <= NO_PRICE_LIMIT)
    value = point_value(terms, fund, totals_of(rows), 10**7)
    given_rows = [case_of(row) for row in rows]
    for row, one, found in zip(rows, given_rows, as_rows(pay(terms, value, as_columns(given_rows))), strict=True):
        scalar = pay(terms, value, one)
        assert attrs.asdict(scalar) == found
        assert pay(terms, value, as_traced(one)) == scalar
        due = oracle.case_payment(words_of(terms), wanted, row)
        assert (scalar.standard, scalar.before_floor, scalar.payment) == (due["standard"], due["left"], due["payment"])
        assert scalar.raised == due["payment"] - due["left"]


@many
@given(st.lists(cases(), min_size=1, max_size=6), st.integers(0, 10**10), st.integers(2, 50))
def test_scaling_all_scores_changes_nothing_where_points_apportion(
    rows: list[dict[str, Any]], fund: int, factor: int
) -> None:
    terms = attrs.evolve(PLAIN, payment_from="points")
    more = [{**row, "points": row["points"] * factor} for row in rows]
    before, after = point_value(terms, fund, totals_of(rows)), point_value(terms, fund, totals_of(more))
    assert [pay(terms, before, case_of(row)).payment for row in rows] == [
        pay(terms, after, case_of(row)).payment for row in more
    ]


@many
@given(value_terms(), st.lists(cases(), min_size=2, max_size=6), st.integers(0, 10**10))
def test_totals_merge_in_any_grouping(terms: PointValueTerms, rows: list[dict[str, Any]], fund: int) -> None:
    first, rest = totals_of(rows[:1]), totals_of(rows[1:])
    assert first + rest == rest + first == totals_of(rows)
    assert point_value(terms, fund, first + rest, 10**7) == point_value(terms, fund, totals_of(rows), 10**7)


# ---- by eye ----------------------------------------------------------------------------------------------------------

# Two cases of 600 and 400 points; 10,000.00 yuan cost: 7,000.00 the fund's, 2,500.00 the persons', 500.00 others'.
TWO = PointTotals(
    cases=2, points=10_000_000, medfee_sumamt=1_000_000, hifp_pay=700_000, psn_part_amt=250_000, other_pay=50_000
)
FIRST = PointCase(points=6_000_000, psn_part_amt=150_000, other_pay=30_000, fund_rate=700_000)


@pytest.mark.parametrize(
    ("terms", "value", "standard", "payment"),
    [
        (PLAIN, 8_000_000, 480_000, 480_000),  # 8,000.00 over 1,000 points: 8 yuan
        (BY_ACTUAL, 11_000_000, 660_000, 480_000),  # (8,000.00 + 2,500.00 + 500.00) over 1,000
        (BY_SHARE, 11_428_600, 685_716, 505_716),  # 8,000.00 / 0.7 over 1,000 points: 11.4286
        (attrs.evolve(BY_SHARE, netting="fund_rate", rate_of="case"), 11_428_600, 685_716, 480_001),
        (attrs.evolve(BY_SHARE, share_source="cited", cited_share=800_000), 10_000_000, 600_000, 420_000),
    ],
)
def test_eight_thousand_yuan_over_a_thousand_points(
    terms: PointValueTerms, value: int, standard: int, payment: int
) -> None:
    found = point_value(terms, 800_000, TWO)
    paid = pay(terms, found, FIRST)
    assert (found.value, paid.standard, paid.payment) == (value, standard, payment)


def test_the_fund_is_what_is_not_set_aside() -> None:
    found = distributable(BUDGET, 10_000_000)
    assert found.adjustment_reserve == 3_000_000
    assert found.fund == 100_000_000 - 3_000_000 - 5_000_000 - 10_000_000 - 1_000_000


@pytest.mark.parametrize("over", [0, 1])
def test_a_budget_can_be_set_aside_whole_and_not_a_fen_more(over: int) -> None:
    others = 91_000_000 + over
    if not over:
        assert distributable(BUDGET, others).fund == 0
        return
    with pytest.raises(InputError) as told:
        distributable(BUDGET, others)
    assert str(told.value) == (
        "the budget of 1000000.00 yuan is below what is set aside: reserve 30000.00, out of area 50000.00, other "
        "methods 910000.01, manual claims 10000.00; raise the budget or mend what is set aside"
    )


@pytest.mark.parametrize(
    ("fund", "value"),
    [
        (799_999, 8_000_000),  # 7.99999 rounds to 8.0000, the floor of 0.8 x 10
        (799_900, 8_000_000),  # 7.999 is raised to the floor
        (800_010, 8_000_100),  # above the floor it stands
        (1_199_990, 11_999_900),
        (1_200_000, 12_000_000),
        (1_200_010, 12_000_000),  # 12.0001 is cut to the ceiling of 1.2 x 10
    ],
)
def test_a_value_is_kept_between_its_bounds(fund: int, value: int) -> None:
    terms = attrs.evolve(PLAIN, bounds="around_budget_value", floor_factor=8_000, ceiling_factor=12_000)
    found = point_value(terms, fund, TWO, 10_000_000)
    assert (found.floor, found.ceiling, found.value) == (8_000_000, 12_000_000, value)


@pytest.mark.parametrize(("part", "raised"), [(480_001, 1), (480_000, 0), (479_999, 0)])
def test_a_payment_below_zero_is_raised_where_the_terms_say_so(part: int, raised: int) -> None:
    case = PointCase(6_000_000, part, 0, 0)
    terms = attrs.evolve(BY_SHARE, share_source="cited", cited_share=MILLION, floor_at_zero=1)
    value = point_value(terms, 800_000, TWO)
    found = pay(terms, value, case)
    assert (found.before_floor, found.raised, found.payment) == (480_000 - part, raised, 480_000 - part + raised)
    assert pay(attrs.evolve(terms, floor_at_zero=0), value, case).payment == 480_000 - part


def test_a_given_value_pays_without_points_of_a_pool() -> None:
    assert pay(BY_ACTUAL, no_points(0, 12_000_000), FIRST).standard == 720_000
    assert no_points(5).whole == 5
    assert no_points(5).whole_at_value == 0


# ---- budget value ----------------------------------------------------------------------------------------------------


def test_the_budget_value_weighs_past_years() -> None:
    """1,000 points last year and 2,000 the year before, 0.75 : 0.25, are 1,250 points: 10,000.00 make 8 yuan."""
    terms = attrs.evolve(PLAIN, history=(HistoryWeight(1, 7_500), HistoryWeight(2, 2_500)))
    years = [
        PoolYear(2, 0, PointTotals(cases=1, points=20_000_000)),
        PoolYear(1, 0, PointTotals(cases=1, points=10_000_000)),
    ]
    found = budget_value(terms, 1_000_000, years)
    assert (found.points, found.value) == (12_500_000, 8_000_000)
    assert budget_value(terms, 1_000_000, years[::-1]) == found
    around = attrs.evolve(terms, bounds="around_budget_value", floor_factor=9_000, ceiling_factor=11_000)
    assert budget_value(around, 1_000_000, years) == found


@pytest.mark.parametrize(
    ("years", "says"),
    [
        ((1,), "the history of the budget value lacks the year(s) 2 ago; the terms weigh each of its years once"),
        ((1, 2, 2), "the history of the budget value names a year twice; the terms weigh each of its years once"),
    ],
)
def test_a_history_has_each_year_once(years: tuple[int, ...], says: str) -> None:
    terms = attrs.evolve(PLAIN, history=(HistoryWeight(1, 7_500), HistoryWeight(2, 2_500)))
    with pytest.raises(InputError) as told:
        budget_value(terms, 1, [PoolYear(year, 0, TWO) for year in years])
    assert str(told.value) == says


def test_a_budget_value_needs_history() -> None:
    with pytest.raises(InputError, match=r"^the terms weigh no past year: a budget value needs history$"):
        budget_value(PLAIN, 1, [])


def test_a_published_value_has_the_decimals_of_the_point_value() -> None:
    assert published_value(PLAIN, BUDGET) == 12_000_000
    with pytest.raises(PolicyError) as told:
        published_value(PLAIN, attrs.evolve(BUDGET, budget_value=12_000_010))
    assert str(told.value) == "budget_value 12.00001 has more than the 4 decimals of the point value"


# ---- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "fund", "totals", "says"),
    [
        (PLAIN, 1, PointTotals(cases=3), "the points of 3 case(s) sum to 0: a point value needs points above 0"),
        (PLAIN, -1, TWO, "a fund of -0.01 yuan cannot be divided: it is below 0"),
        (
            PLAIN,
            10**11,
            PointTotals(cases=1, points=1),
            "a fund of 1000000000.00 yuan over 0.0001 points makes a point value that no pool has: "
            "check the points of its cases",
        ),
        (
            BY_SHARE,
            1,
            attrs.evolve(TWO, hifp_pay=0),
            "the fund's share of all cost cannot be computed from 0.00 of 10000.00 yuan: both must be above 0",
        ),
        (
            attrs.evolve(PLAIN, bounds="around_budget_value", floor_factor=9_000, ceiling_factor=11_000),
            1,
            TWO,
            "the terms bound the point value by the budget value: give that of the start of the year",
        ),
    ],
)
def test_no_value_without_what_it_is_made_of(terms: PointValueTerms, fund: int, totals: PointTotals, says: str) -> None:
    with pytest.raises(InputError) as told:
        point_value(terms, fund, totals)
    assert str(told.value) == says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"decimals": 7}, "decimals: a point value has at most 6, got 7"),
        (
            {"share_source": "computed"},
            "share_source: computed or cited with basis total_by_share, not_used with any other",
        ),
        (
            {"basis": "total_by_share", "netting": "parts"},
            "share_source: computed or cited with basis total_by_share, not_used with any other",
        ),
        ({"cited_share": 1}, "cited_share: above 0 where share_source is cited, 0 where it is not"),
        ({"netting": "parts"}, "netting: none with basis fund, parts or fund_rate with a total"),
        ({"basis": "total_by_actual"}, "netting: none with basis fund, parts or fund_rate with a total"),
        (
            {"rate_of": "case"},
            "rate_of: institution, group or case with netting fund_rate, not_used with any other",
        ),
        (
            {"basis": "total_by_actual", "netting": "fund_rate", "rate_of": "case", "payment_from": "points"},
            "payment_from: fund rates differ by case, so only the value can be paid with them",
        ),
        (
            {"floor_factor": 1},
            "floor_factor and ceiling_factor are stated with bounds around_budget_value, else both 0",
        ),
        (
            {"bounds": "around_budget_value"},
            "floor_factor and ceiling_factor are stated with bounds around_budget_value, else both 0",
        ),
        (
            {"bounds": "around_budget_value", "floor_factor": 10_001, "ceiling_factor": 10_001},
            "floor_factor is at most 1 and ceiling_factor at least 1, so that they bound the value",
        ),
        (
            {"bounds": "around_budget_value", "floor_factor": 9_000, "ceiling_factor": 9_999},
            "floor_factor is at most 1 and ceiling_factor at least 1, so that they bound the value",
        ),
    ],
)
def test_terms_that_no_document_can_mean(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PolicyError) as told:
        attrs.evolve(PLAIN, **changes)
    assert str(told.value) == says


def test_a_mean_of_all_and_a_weight_of_a_year_are_above_zero() -> None:
    with pytest.raises(PolicyError, match=r"^mean_of_all: the mean cost of all cases is above 0$"):
        PaymentYearTerms(mean_of_all=0)
    for years_ago, weight in ((0, 1), (1, 0)):
        with pytest.raises(PolicyError) as told:
            HistoryWeight(years_ago, weight)
        assert str(told.value) == "history: years_ago is 1 for last year and more before, weight is above 0"
