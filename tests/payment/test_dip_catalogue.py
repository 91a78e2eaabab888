"""The DIP catalogue: against the oracle; laws of merging, order and scale; worked examples; boundaries; messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mipolicy.axes import LEVEL
from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyError
from mipolicy.money import MAX_FEN, NO_LIMIT
from mipolicy.payment.case import Group
from mipolicy.payment.case_runs import YEAR, CaseRuns
from mipolicy.payment.dip_catalogue import Catalogue, CatalogueGroup, catalogue, folded
from mipolicy.payment.dip_catalogue_terms import RANK_RULES, WEIGHT_METHODS, DipCatalogueTerms
from mipolicy.payment.dip_grouping import TREATMENT, GroupKey
from mipolicy.tables import Table
from tests.oracles import dip_catalogue as oracle
from tests.oracles import half_up
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)
MILLION = 1_000_000

KEYS = (
    GroupKey("A00.0", (), "conservative"),
    GroupKey("A00.1", (), "conservative"),
    GroupKey("A00.1", (("45.2302",),), "therapeutic"),
    GroupKey("C34.9", (("32.4100", "32.4200"), ("40.3x00",)), "related_operation"),
    GroupKey("I10.x", (), "conservative"),
    GroupKey("I11.0", (("88.4100",),), "diagnostic"),
)
TEXTS = tuple(key.text for key in KEYS)
CHAPTERS = ("A00-B99", "C00-D48", "I00-I99")

SIMPLE = DipCatalogueTerms(
    minimum_cases=15,
    cases_counted="all_years",
    fold_level="three_characters",
    fold_ranges=(),
    year_weights=Table((YEAR,), (1, 2, 7)),
    weight_on="means",
    absent_years="renormalise",
    trim_low=25_000,
    trim_high=975_000,
    trim_minimum=25,
    trim_by="year",
    rank_rule="nearest_rank",
    limits_kept=1,
    overall_mean="trimmed",
    weight_method="mean_ratio",
    scale=1_000_0000,
    benchmark_group="",
    benchmark_points=0,
    amount_per_point=0,
    point_decimals=4,
    cv_limit=7_000,
    cv_side="at_or_below",
    cv_divisor="cases",
    level_means="latest_year",
    basic_groups=(),
    tcm_groups=(),
)


def terms_with(**changes: Any) -> DipCatalogueTerms:
    return attrs.evolve(SIMPLE, **changes)


METHODS: dict[str, dict[str, Any]] = {
    "mean_ratio": {"weight_method": "mean_ratio", "scale": 1_000_0000},
    "benchmark_disease": {
        "weight_method": "benchmark_disease",
        "scale": 0,
        "benchmark_group": "A00.0",
        "benchmark_points": 500_0000,
    },
    "fixed_quota": {"weight_method": "fixed_quota", "scale": 0, "amount_per_point": 100_00},
}

Row = tuple[int, int, int, int]
"""Group code, year, cost, level."""


def runs_of(rows: Sequence[Row], levelled: bool = True) -> CaseRuns:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    group, year, cost, level = (np.ascontiguousarray(columns[:, at]) for at in range(4))
    return CaseRuns.of(group, year, cost, level if levelled else None)


def made(terms: DipCatalogueTerms, rows: Sequence[Row]) -> dict[str, CatalogueGroup]:
    return {each.group_code: each for each in catalogue(terms, runs_of(rows), KEYS).groups}


def words_of(terms: DipCatalogueTerms) -> dict[str, Any]:
    one = {name: Fraction(getattr(terms, name), MILLION) for name in ("trim_low", "trim_high")}
    points = {name: Fraction(getattr(terms, name), 10_000) for name in ("scale", "benchmark_points")}
    return {**attrs.asdict(terms, recurse=False), **one, **points, "year_weights": terms.year_weights.values}


def in_words(rows: Sequence[Row]) -> list[oracle.Case]:
    return [(TEXTS[code], KEYS[code].treatment, year, cost, level) for code, year, cost, level in rows]


@st.composite
def catalogue_terms(draw: DrawFn) -> DipCatalogueTerms:
    weights = draw(st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any))
    low, high = sorted(
        draw(
            st.lists(
                st.sampled_from((0, 25_000, 100_000, 333_333, 500_000, 900_000, MILLION)),
                min_size=2,
                max_size=2,
                unique=True,
            )
        )
    )
    chapters = draw(st.booleans())
    return terms_with(
        minimum_cases=draw(st.integers(1, 6)),
        cases_counted=draw(st.sampled_from(("all_years", "latest_year"))),
        fold_level="chapter_range" if chapters else "three_characters",
        fold_ranges=CHAPTERS if chapters else (),
        year_weights=Table((YEAR,), tuple(weights)),
        weight_on=draw(st.sampled_from(("means", "totals"))),
        trim_low=low,
        trim_high=high,
        trim_minimum=draw(st.sampled_from((1, 3, 5, 8, 100))),
        trim_by=draw(st.sampled_from(("year", "group"))),
        rank_rule=draw(st.sampled_from(RANK_RULES)),
        limits_kept=draw(st.sampled_from((1, 1, 1, 0))),
        overall_mean=draw(st.sampled_from(("trimmed", "all_cases"))),
        point_decimals=draw(st.integers(0, 4)),
        cv_limit=draw(st.sampled_from((0, 5_000, 7_000))),
        cv_side=draw(st.sampled_from(("below", "at_or_below"))),
        cv_divisor=draw(st.sampled_from(("cases", "cases_less_one"))),
        level_means=draw(st.sampled_from(("latest_year", "weighted"))),
        **METHODS[draw(st.sampled_from(("mean_ratio", "fixed_quota")))],
    )


costs: st.SearchStrategy[int] = st.one_of(
    st.sampled_from((1, 2, 100, 5_000_00, 5_000_01)),
    st.integers(1, 50_000_00),
    st.integers(1, int(MAX_FEN)),
)
rows_of_cases: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(st.integers(0, len(KEYS) - 1), st.integers(0, 2), costs, st.integers(0, len(LEVEL.members) - 1)),
    min_size=1,
    max_size=60,
)


def made_or_none(terms: DipCatalogueTerms, rows: Sequence[Row]) -> Catalogue | None:
    """The catalogue; None where the terms leave a group without cases that count, which is an error."""
    try:
        return catalogue(terms, runs_of(rows), KEYS)
    except InputError as error:
        if "trimming leaves nothing" not in str(error) and "whose weight is 0" not in str(error):
            raise
        return None


# ---- the oracle ------------------------------------------------------------------------------------------------------


@many
@given(catalogue_terms(), rows_of_cases)
def test_every_figure_is_the_oracle_s(terms: DipCatalogueTerms, rows: list[Row]) -> None:
    found = made_or_none(terms, rows)
    assume(found is not None)
    assert found is not None
    wanted = oracle.catalogue(in_words(rows), words_of(terms))
    overall = wanted.pop("")["mean"]
    assert Fraction(found.overall_numerator, found.overall_denominator) == overall
    assert found.overall_mean == half_up(overall)
    assert [each.group_code for each in found.groups] == sorted(wanted)
    for each in found.groups:
        expected = wanted[each.group_code]
        assert Fraction(each.mean_numerator, each.mean_denominator) == expected.pop("mean")
        assert {name: getattr(each, name) for name in expected} == expected


@many
@given(rows_of_cases)
def test_the_benchmark_disease_method_is_the_oracle_s(rows: list[Row]) -> None:
    terms = terms_with(minimum_cases=1, **METHODS["benchmark_disease"])
    rows = [*rows, (0, 2, 7_777_77, 0)]
    wanted = oracle.catalogue(in_words(rows), words_of(terms))
    found = made(terms, rows)
    assert {code: each.base_points for code, each in found.items()} == {
        code: each["base_points"] for code, each in wanted.items() if code
    }
    assert found["A00.0"].base_points == 500_0000


@many
@given(catalogue_terms(), rows_of_cases)
def test_what_groups_explain_lies_between_nothing_and_all(terms: DipCatalogueTerms, rows: list[Row]) -> None:
    found = made_or_none(terms, rows)
    assume(found is not None and sum(each.variance_numerator for each in found.groups) > 0)
    assert found is not None
    share = found.explained()
    assert 0 <= share < 1
    assert found.explained_rate() == half_up(share * MILLION)


def test_more_groups_explain_more() -> None:
    rows = [(code, 2, 100_00 * (1 + code) + cost, 0) for code in range(3) for cost in range(5)]
    fine = catalogue(terms_with(minimum_cases=1), runs_of(rows), KEYS)
    assert made(terms_with(minimum_cases=1), rows).keys() == {"A00.0", "A00.1", "A00.1:45.2302"}
    one = (GroupKey("A00.0", (), "conservative"),)
    with_one = catalogue(terms_with(minimum_cases=1), runs_of(rows).recoded(np.zeros(6, np.int64)), one)
    assert with_one.explained() == 0 < fine.explained()


# ---- laws ------------------------------------------------------------------------------------------------------------


@many
@given(rows_of_cases, st.randoms(use_true_random=False), st.booleans(), st.integers(1, 5))
def test_any_split_in_any_order_merges_to_one_pass(rows: list[Row], random: Any, levelled: bool, parts: int) -> None:
    whole = runs_of(rows, levelled)
    shuffled = random.sample(rows, len(rows))
    assert runs_of(shuffled, levelled) == whole
    pieces = [runs_of(shuffled[at::parts], levelled) for at in range(parts)]
    random.shuffle(pieces)
    merged = pieces[0]
    for piece in pieces[1:]:
        merged = merged + piece
    assert merged == whole
    terms = terms_with(minimum_cases=3, trim_minimum=4)
    assert catalogue(terms, merged, KEYS) == catalogue(terms, whole, KEYS)
    assert int(whole.cases.sum()) == len(rows)


@many
@given(rows_of_cases)
def test_codes_in_another_order_give_the_same_catalogue(rows: list[Row]) -> None:
    order = np.array([3, 0, 5, 1, 4, 2])
    keys = [KEYS[code] for code in np.argsort(order).tolist()]
    terms = terms_with(minimum_cases=2, trim_minimum=3)
    assert catalogue(terms, runs_of(rows).recoded(order), keys) == catalogue(terms, runs_of(rows), KEYS)


@many
@given(rows_of_cases, st.integers(2, 1_000))
def test_costs_in_another_unit_leave_weights_and_cv_alone(rows: list[Row], unit: int) -> None:
    """The exact ratio of means does not change, so neither does any figure that is rounded from it."""
    rows = [(code, year, cost % 10**9 + 1, level) for code, year, cost, level in rows]
    terms = terms_with(minimum_cases=2, trim_minimum=3)
    one = catalogue(terms, runs_of(rows), KEYS)
    other = catalogue(terms, runs_of([(code, year, cost * unit, level) for code, year, cost, level in rows]), KEYS)
    for left, right in zip(one.groups, other.groups, strict=True):
        assert (left.weight, left.base_points, left.cv, left.stable) == (
            right.weight,
            right.base_points,
            right.cv,
            right.stable,
        )
        assert Fraction(left.mean_numerator * unit, left.mean_denominator) == Fraction(
            right.mean_numerator, right.mean_denominator
        )


@many
@given(
    st.lists(
        st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2), st.integers(0, int(MAX_FEN)), st.integers(0, 4)),
        max_size=30,
    )
)
def test_runs_that_do_not_fit_one_word_are_sorted_all_the_same(rows: list[Row]) -> None:
    """Group codes of 31 bits beside costs of 40: the four figures need more than 63 bits."""
    rows = [*rows, (2**31 - 1, 2, int(MAX_FEN), 4), (2**31 - 1, 2, int(MAX_FEN), 4)]
    runs = runs_of(rows)
    found = list(zip(runs.group.tolist(), runs.year.tolist(), runs.cost.tolist(), runs.level.tolist(), strict=True))
    assert found == sorted(set(rows))
    assert runs.cases.tolist() == [rows.count(row) for row in found]
    assert runs_of(rows[::2]) + runs_of(rows[1::2]) == runs


# ---- worked examples -------------------------------------------------------------------------------------------------

BY_HAND: list[Row] = [
    *[(0, 0, 1_000_00, 0)] * 4,
    *[(0, 1, 2_000_00, 0)] * 4,
    *[(0, 2, 3_000_00, 1)] * 8,
    *[(2, 2, 9_000_00, 0)] * 10,
    *[(2, 2, 6_000_00, 1)] * 5,
    (4, 2, 1_000_00, 0),
]


def test_p01_a_catalogue_worked_by_hand() -> None:
    """A00.0: (1 x 1,000 + 2 x 2,000 + 7 x 3,000) / 10 = 2,600; A00.1 with its procedure: 8,000; I10 folds.

    All: oldest 1,000; middle 2,000; latest (8 x 3,000 + 10 x 9,000 + 5 x 6,000 + 1,000) / 24 = 145,000 / 24;
    so 0.1 x 1,000 + 0.2 x 2,000 + 0.7 x 6,041.67 = 4,729.17.
    """
    found = catalogue(SIMPLE, runs_of(BY_HAND), KEYS)
    assert [(each.group_code, each.kind, each.cases, each.group_mean) for each in found.groups] == [
        ("A00.0", "core", (4, 4, 8), 2_600_00),
        ("A00.1:45.2302", "core", (0, 0, 15), 8_000_00),
        ("I10:conservative", "comprehensive", (0, 0, 1), 1_000_00),
    ]
    assert found.overall_mean == 4_729_17
    first, second, third = found.groups
    assert (first.weight, second.weight, third.weight) == (5_498, 16_916, 2_115)
    assert (first.base_points, third.base_points) == (549_7797, 211_4537)  # 1000 x 2600 / 4729.1666
    assert second.level_means == (9_000_00, 6_000_00, None, None, None)
    assert (second.cv, second.stable) == (1_768, 1)  # deviation 1,414.21 of 8,000
    assert third.cv == 0
    assert first.group() == Group(
        group_code="A00.0",
        kind="core",
        base_points=549_7797,
        weight=5_498,
        group_mean=2_600_00,
        mean_secondary=3_000_00,
    )
    assert found.records()[0] == first.group()
    assert first.variance_numerator == 16 * (4 * 10**10 + 16 * 10**10 + 72 * 10**10) - (36 * 10**5) ** 2


def test_weights_on_totals_are_not_weights_on_means() -> None:
    """(4 x 1,000 + 8 x 2,000 + 56 x 3,000) / (4 + 8 + 56) = 188,000 / 68 = 2,764.71, not 2,600."""
    assert made(terms_with(weight_on="totals"), BY_HAND)["A00.0"].group_mean == 2_764_71


@pytest.mark.parametrize(
    ("method", "points"),
    [("mean_ratio", 549_7797), ("benchmark_disease", 500_0000), ("fixed_quota", 26_0000)],
)
def test_points_by_each_method(method: str, points: int) -> None:
    assert method in WEIGHT_METHODS
    assert made(terms_with(**METHODS[method]), BY_HAND)["A00.0"].base_points == points


@pytest.mark.parametrize(
    ("scale", "decimals", "points"), [(1_000_0000, 2, 549_7800), (100_0000, 4, 54_9780), (100_0000, 0, 55_0000)]
)
def test_points_by_scale_and_decimals(scale: int, decimals: int, points: int) -> None:
    assert made(terms_with(scale=scale, point_decimals=decimals), BY_HAND)["A00.0"].base_points == points


@pytest.mark.parametrize(("cases", "code"), [(14, "A00:therapeutic"), (15, "A00.1:45.2302"), (16, "A00.1:45.2302")])
def test_fifteen_cases_make_a_core_group(cases: int, code: str) -> None:
    rows: list[Row] = [(2, at % 3, 1_000_00 + at, 0) for at in range(cases)]
    assert list(made(SIMPLE, rows)) == [code]


@pytest.mark.parametrize(("counted", "code"), [("all_years", "A00.1:45.2302"), ("latest_year", "A00:therapeutic")])
def test_cases_of_which_years_make_a_core_group(counted: str, code: str) -> None:
    rows: list[Row] = [(2, at % 3, 1_000_00, 0) for at in range(15)]
    assert list(made(terms_with(cases_counted=counted), rows)) == [code]


@pytest.mark.parametrize(
    ("level", "codes"),
    [
        (
            {"fold_level": "three_characters"},
            ["A00:conservative", "A00:therapeutic", "C34:related_operation", "I10:conservative", "I11:diagnostic"],
        ),
        (
            {"fold_level": "chapter_range", "fold_ranges": CHAPTERS},
            [
                "A00-B99:conservative",
                "A00-B99:therapeutic",
                "C00-D48:related_operation",
                "I00-I99:conservative",
                "I00-I99:diagnostic",
            ],
        ),
    ],
)
def test_what_is_too_small_folds_by_category_or_chapter_and_treatment(level: dict[str, Any], codes: list[str]) -> None:
    rows: list[Row] = [(code, 2, 1_000_00 * (code + 1), 0) for code in range(6)]
    found = made(terms_with(**level), rows)
    assert list(found) == codes
    assert {each.kind for each in found.values()} == {"comprehensive"}
    assert found[codes[0]].cases == (0, 0, 2)
    assert found[codes[0]].group_mean == 1_500_00


def test_folded_cases_and_a_comprehensive_key_of_the_history_become_one_group() -> None:
    keys = (GroupKey("A00.0", (), "conservative"), GroupKey("A00", (), "conservative"))
    rows: list[Row] = [(0, 2, 100, 0), (1, 2, 300, 0), *[(1, 2, 300, 0)] * 20]
    (only,) = catalogue(terms_with(trim_minimum=100), runs_of(rows), keys).groups
    assert (only.group_code, only.cases) == ("A00:conservative", (0, 0, 22))


def test_p01_p28_basic_and_tcm_groups_are_flagged() -> None:
    terms = terms_with(basic_groups=("A00.0", "J06.9"), tcm_groups=("A00.1:45.2302",))
    found = catalogue(terms, runs_of(BY_HAND), KEYS)
    flags = [(each.kind, each.basic_group, each.tcm_group) for each in found.groups]
    assert flags == [("basic", 1, 0), ("core", 0, 1), ("comprehensive", 0, 0)]
    assert [(each.kind, each.basic_flag, each.tcm_flag) for each in found.records()][:2] == [
        ("basic", "1", "0"),
        ("core", "0", "1"),
    ]
    assert found.listed_without_group == ("J06.9",)


# ---- trimming --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "kept"),
    [
        (24, 24),  # too few to trim
        (25, 25),  # ceil(0.625) = 1st, ceil(24.375) = 25th: nothing lies outside
        (40, 39),  # 1st and 39th
        (41, 39),  # ceil(1.025) = 2nd, ceil(39.975) = 40th
        (80, 77),  # 2nd and 78th
    ],
)
def test_cases_left_by_2_5_and_97_5_percent(cases: int, kept: int) -> None:
    rows: list[Row] = [(0, 2, 1_000_00 + at, 0) for at in range(cases)]
    assert made(SIMPLE, rows)["A00.0"].kept_cases == (0, 0, kept)


@pytest.mark.parametrize(
    ("rule", "limits_kept", "left"),
    [
        ("nearest_rank", 1, range(11, 92)),  # 101 costs, 10% and 90%: ceil(10.1) = 11th, ceil(90.9) = 91st
        ("lower_rank", 1, range(10, 91)),  # 10th and 90th
        ("interpolated", 1, range(11, 92)),  # positions 10 and 90 from 0: 11th and 91st
        ("nearest_rank", 0, range(12, 91)),
        ("lower_rank", 0, range(11, 90)),
        ("interpolated", 0, range(12, 91)),
    ],
)
def test_each_rank_rule_and_its_limits(rule: str, limits_kept: int, left: range) -> None:
    terms = terms_with(rank_rule=rule, limits_kept=limits_kept, trim_low=100_000, trim_high=900_000)
    rows: list[Row] = [(0, 2, 1_000_00 + rank, 0) for rank in range(1, 102)]
    found = made(terms, rows)["A00.0"]
    assert (found.kept_cases[2], found.kept_total) == (len(left), sum(1_000_00 + rank for rank in left))


@pytest.mark.parametrize(("limits_kept", "left"), [(1, range(12, 92)), (0, range(12, 92))])
def test_an_interpolated_limit_between_two_costs_is_nobody_s_cost(limits_kept: int, left: range) -> None:
    """102 costs: positions 10.1 and 90.9 from 0, so the 12th to the 91st lie inside."""
    terms = terms_with(rank_rule="interpolated", limits_kept=limits_kept, trim_low=100_000, trim_high=900_000)
    found = made(terms, [(0, 2, 1_000_00 + rank, 0) for rank in range(1, 103)])["A00.0"]
    assert found.kept_total == sum(1_000_00 + rank for rank in left)


def test_equal_costs_stay_or_go_together() -> None:
    """Of 40 cases the 39th is the limit; the 39th and 40th cost the same, so both stay."""
    rows: list[Row] = [*[(0, 2, 1_000_00 + at, 0) for at in range(38)], *[(0, 2, 9_000_00, 0)] * 2]
    assert made(SIMPLE, rows)["A00.0"].kept_cases == (0, 0, 40)


@pytest.mark.parametrize(("trim_by", "kept"), [("year", (30, 30, 30)), ("group", (30, 30, 28))])
def test_percentiles_of_a_year_or_of_all_years(trim_by: str, kept: tuple[int, ...]) -> None:
    """90 costs: 2.5% is the 3rd, 97.5% the 88th; the two dearest are of the latest year.  Thirty alone lose none."""
    rows: list[Row] = [
        (0, year, 1_000_00 * (year + 1) + max(at, 2 * (year == 0)), 0) for year in range(3) for at in range(30)
    ]
    assert made(terms_with(trim_by=trim_by), rows)["A00.0"].kept_cases == kept


@pytest.mark.parametrize(("overall", "mean"), [("trimmed", 1_019_00), ("all_cases", 1_224_50)])
def test_the_mean_of_all_before_or_after_trimming(overall: str, mean: int) -> None:
    """39 cases of 1,000 to 1,038 and one of 9,239: the last goes; 40,780 + 8,200 more over 40 for all."""
    rows: list[Row] = [*[(0, 2, 1_000_00 + 100 * at, 0) for at in range(39)], (0, 2, 9_239_00, 0)]
    assert catalogue(terms_with(overall_mean=overall), runs_of(rows), KEYS).overall_mean == mean


# ---- years, CV, levels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("years", "mean"),
    [((0,), 1_000_00), ((1,), 2_000_00), ((2,), 3_000_00), ((0, 1), 1_666_67), ((0, 2), 2_750_00), ((1, 2), 2_777_78)],
)
def test_years_without_cases_are_left_out(years: tuple[int, ...], mean: int) -> None:
    """1 : 2 is 5,000 / 3; 1 : 7 is 22,000 / 8; 2 : 7 is 25,000 / 9."""
    rows: list[Row] = [(0, year, 1_000_00 * (year + 1), 0) for year in years for _ in range(15)]
    assert made(SIMPLE, rows)["A00.0"].group_mean == mean


@pytest.mark.parametrize(
    ("limit", "side", "stable"),
    [(5_000, "at_or_below", 1), (5_000, "below", 0), (4_999, "at_or_below", 0), (5_001, "below", 1)],
)
def test_the_cv_against_its_limit(limit: int, side: str, stable: int) -> None:
    """Half of the cases cost 1, half 3: deviation 1 of 2, a CV of exactly 0.5."""
    rows: list[Row] = [(0, 2, 100 + 200 * (at % 2), 0) for at in range(20)]
    found = made(terms_with(cv_limit=limit, cv_side=side), rows)["A00.0"]
    assert (found.cv, found.stable) == (5_000, stable)


def test_the_cv_of_a_sample_and_of_one_case() -> None:
    """Two cases of 1 and 3: the root of 2 / 1 over 2; one case deviates by nothing."""
    found = made(terms_with(minimum_cases=1, cv_divisor="cases_less_one"), [(0, 2, 1, 0), (0, 2, 3, 0), (4, 2, 5, 0)])
    assert (found["A00.0"].cv, found["I10.x"].cv) == (7_071, 0)


def test_means_by_level_of_the_latest_year_or_weighted() -> None:
    rows: list[Row] = [(0, year, 1_000_00 * (year + 1), 3) for year in (1, 2) for _ in range(10)]
    assert made(SIMPLE, rows)["A00.0"].level_means == (None, None, None, 3_000_00, None)
    assert made(terms_with(level_means="weighted"), rows)["A00.0"].level_means[3] == 2_777_78
    plain = catalogue(SIMPLE, runs_of(rows, levelled=False), KEYS)
    assert plain.groups[0].level_means == (None,) * 5


@pytest.mark.parametrize("rows", [20, 3_000])
def test_the_dearest_costs_there_are_stay_exact(rows: int) -> None:
    """Squares of 10^24 fen and sums beyond int64, one run of them or each alone."""
    dearest = int(MAX_FEN)
    history: list[Row] = [(0, 2, dearest - at, 0) for at in range(rows)]
    found = made(terms_with(trim_low=0, trim_high=MILLION), history)["A00.0"]
    assert found.kept_squares == sum((dearest - at) ** 2 for at in range(rows))
    assert found.kept_total == sum(dearest - at for at in range(rows))
    same: list[Row] = [(0, 2, dearest, 0)] * rows
    assert made(SIMPLE, same)["A00.0"].kept_squares == rows * dearest**2


# ---- messages --------------------------------------------------------------------------------------------------------

ONE: list[Row] = [(0, 2, 100, 0)]


def column(*figures: int) -> Any:
    return np.array(figures, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: CaseRuns.of(column(0, 0), column(0, 3), column(1, 1)),
            CodeError,
            "case runs: row 1: year is 3, allowed is 0 to 2; codes of catalogue year: oldest, middle, latest, "
            "in this order from 0",
        ),
        (
            lambda: CaseRuns.of(column(0), column(0), column(-5)),
            InputError,
            "case runs: row 0: cost is -5, allowed is 0 to 1000000000000; correct it, and leave reversals out "
            "with their cases",
        ),
        (
            lambda: CaseRuns.of(column(0), column(0, 1), column(5)),
            AmountError,
            "columns must be of one length, got 1 and 2 rows",
        ),
        (
            lambda: runs_of(ONE) + runs_of(ONE, levelled=False),
            InputError,
            "case runs with levels and without cannot be merged; give levels for every part or for none",
        ),
        (
            lambda: runs_of([(3, 2, 1, 0)]).recoded(column(0, 1)),
            InputError,
            "case runs: group 3 has no code among 2; give one for each group",
        ),
        (
            lambda: catalogue(SIMPLE, runs_of([]), KEYS),
            InputError,
            "a catalogue is made from at least one case; the history is empty",
        ),
        (
            lambda: catalogue(SIMPLE, runs_of([(7, 2, 1, 0)]), KEYS),
            InputError,
            "the runs use group code 7, but there are 6 keys; give one for each",
        ),
        (
            lambda: catalogue(SIMPLE, runs_of([(at % 2, 2, 1, 0) for at in range(16)]), (KEYS[0], KEYS[0])),
            CodeError,
            "group A00.0 stands under two codes; put them together with CaseRuns.recoded",
        ),
        (
            lambda: catalogue(SIMPLE, runs_of([(0, 2, 0, 0)]), KEYS),
            InputError,
            "group A00:conservative: the cases that count cost 0 fen; a mean above 0 is due, so check their costs",
        ),
        (
            lambda: catalogue(terms_with(absent_years="error"), runs_of([*ONE, (0, 0, 5, 0)]), KEYS),
            InputError,
            'the history has no cases in the middle year; add them, or state absent_years = "renormalise"',
        ),
        (
            lambda: catalogue(terms_with(year_weights=Table((YEAR,), (0, 0, 1))), runs_of([*ONE, (4, 0, 5, 0)]), KEYS),
            InputError,
            "group I10:conservative has cases only in years whose weight is 0; weigh such a year, or leave the cases "
            "out",
        ),
        (
            lambda: catalogue(
                terms_with(**{**METHODS["benchmark_disease"], "benchmark_group": "K35.8"}), runs_of(ONE), KEYS
            ),
            InputError,
            "benchmark group K35.8 is no group of this history; name one that is, such as A00:conservative",
        ),
        (
            lambda: catalogue(terms_with(limits_kept=0, trim_minimum=1), runs_of([(0, 2, 5, 0)] * 30), KEYS),
            InputError,
            "trimming leaves nothing of group number 0 (30 cases); keep the limits, widen the percentiles or raise "
            "trim_minimum",
        ),
        (
            lambda: folded(SIMPLE, GroupKey.parse("A00.0:45.2302")),
            CodeError,
            "group A00.0:45.2302: its treatment kind is needed to fold it; give it with the key",
        ),
        (
            lambda: folded(terms_with(fold_level="chapter_range", fold_ranges=("A00-B99",)), KEYS[4]),
            CodeError,
            "group I10.x: no range of fold_ranges holds I10; add the range of its chapter",
        ),
        (
            lambda: catalogue(terms_with(minimum_cases=1), runs_of(ONE), KEYS).explained(),
            InputError,
            "1 cases without any variance of cost: no share of it can be explained",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimum_cases": 0}, "minimum_cases is 0: a group is made of at least one case"),
        (
            {"trim_low": 975_000},
            "trim_low (975000 per million) must lie below trim_high (975000); nothing is trimmed from 0% to 100%",
        ),
        ({"year_weights": Table((YEAR,), (0, 0, 0))}, "year_weights are all 0: at least one year has to count"),
        ({"point_decimals": 5}, "point_decimals is 5; points are kept with 4 decimals at most"),
        ({"scale": 0}, "weight_method mean_ratio needs scale; state it"),
        (
            {"amount_per_point": int(NO_LIMIT)},
            'weight_method mean_ratio does not use amount_per_point; state "0", or "" for a group',
        ),
        (
            {**METHODS["benchmark_disease"], "benchmark_group": ""},
            "weight_method benchmark_disease needs benchmark_group; state it",
        ),
        (
            {"fold_level": "chapter_range"},
            "fold_ranges are stated where fold_level is chapter_range, and only there",
        ),
        ({"fold_ranges": CHAPTERS}, "fold_ranges are stated where fold_level is chapter_range, and only there"),
        (
            {"fold_level": "chapter_range", "fold_ranges": ("B99-A00",)},
            "fold_ranges: 'B99-A00' is no range of categories such as A00-B99",
        ),
        (
            {"fold_level": "chapter_range", "fold_ranges": ("A00-B99", "B99-C50")},
            "fold_ranges: B99-C50 begins before the range above it has ended; put them in order",
        ),
    ],
)
def test_terms_that_no_document_can_mean(changes: dict[str, Any], message: str) -> None:
    check_refused(lambda: terms_with(**changes), PolicyError, message)


def test_labels() -> None:
    for field in attrs.fields(DipCatalogueTerms):
        assert field.metadata["zh"]
        assert field.metadata["en"]
        assert field.default is attrs.NOTHING
    assert len(TREATMENT.members) == 4
