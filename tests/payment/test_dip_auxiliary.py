"""The auxiliary catalogue: against the oracle; merging; worked examples; the limits; the fit; messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mipolicy.errors import AmountError, CodeError, InputError, MipolicyError, PolicyError, TableError
from mipolicy.payment.case import AuxiliaryFactor
from mipolicy.payment.dip_auxiliary import (
    DIMENSION,
    ClassSums,
    DipAuxiliaryTerms,
    FitSums,
    auxiliary_factors,
    case_factor,
    dimension_tests,
)
from mipolicy.payment.moments import Moments, explained
from mipolicy.payment.sides import ABOVE
from tests.oracles import dip_auxiliary as oracle
from tests.oracles import half_up
from tests.payment.shared import check_refused

many = settings(max_examples=100, deadline=None)
MILLION = 1_000_000
SIMPLE = DipAuxiliaryTerms(
    dimensions=DIMENSION.members,
    cv_minimum=7_000,
    cv_side="at_or_above",
    cv_divisor="cases",
    fall_minimum=200_000,
    fall_side="at_or_above",
    fall_of="pooled",
    class_minimum=1,
    several="highest",
)


def terms_with(**changes: Any) -> DipAuxiliaryTerms:
    return attrs.evolve(SIMPLE, **changes)


def sums_of(classes: Mapping[str, Sequence[int]], dimension: str = "cci", group: str = "A00.0") -> ClassSums:
    names = tuple(classes)
    rows = [(at, cost) for at, name in enumerate(names) for cost in classes[name]]
    columns = np.array(rows, np.int64).reshape(-1, 2)
    codes, costs = np.ascontiguousarray(columns[:, 0]), np.ascontiguousarray(columns[:, 1])
    return ClassSums.of(dimension, (group,), names, np.zeros(len(rows), np.int64), codes, costs)


def words_of(terms: DipAuxiliaryTerms) -> dict[str, Any]:
    return {
        **attrs.asdict(terms),
        "cv_minimum": Fraction(terms.cv_minimum, 10_000),
        "fall_minimum": Fraction(terms.fall_minimum, MILLION),
    }


costs: st.SearchStrategy[int] = st.one_of(st.sampled_from((1, 2, 3, 100, 300)), st.integers(1, 10**12))
classes_of_costs = st.fixed_dictionaries(
    {name: st.lists(costs, max_size=8) for name in ("cci_0", "cci_1_2", "cci_3_4")}
).filter(lambda classes: any(classes.values()))


@many
@given(
    classes_of_costs,
    st.sampled_from((0, 3_000, 5_000, 7_000)),
    st.sampled_from((0, 100_000, 200_000, 900_000, MILLION)),
    st.sampled_from(("cases", "cases_less_one")),
    st.sampled_from(("pooled", "every_class")),
    st.tuples(st.sampled_from((0, 1)), st.sampled_from((0, 1)), st.integers(1, 3)),
)
def test_lines_are_the_oracle_s(
    classes: dict[str, list[int]], cv: int, fall: int, divisor: str, fall_of: str, rest: tuple[int, int, int]
) -> None:
    terms = terms_with(
        cv_minimum=cv,
        fall_minimum=fall,
        cv_divisor=divisor,
        fall_of=fall_of,
        cv_side=ABOVE[rest[0]],
        fall_side=ABOVE[rest[1]],
        class_minimum=rest[2],
    )
    found = auxiliary_factors(terms, sums_of(classes))
    assert {each.aux_class: each.auxiliary_factor for each in found} == oracle.lines(words_of(terms), classes)


@many
@given(classes_of_costs, classes_of_costs, classes_of_costs)
def test_sums_merge_in_any_order(
    one: dict[str, list[int]], two: dict[str, list[int]], three: dict[str, list[int]]
) -> None:
    parts = [sums_of(each) for each in (one, two, three)]
    joined = sums_of({name: one[name] + two[name] + three[name] for name in one})
    assert parts[0] + parts[1] + parts[2] == joined == parts[2] + (parts[1] + parts[0])


@many
@given(
    st.sampled_from(("highest", "product")),
    st.lists(st.lists(st.integers(0, 50_000), min_size=2, max_size=2), min_size=1, max_size=4),
)
def test_factors_of_cases_in_a_column_and_one_by_one(several: str, factors: list[list[int]]) -> None:
    terms = terms_with(several=several)
    column = case_factor(terms, *(np.array(each, np.int64) for each in factors))
    for row in range(2):
        single = [each[row] for each in factors]
        assert case_factor(terms, *single) == column[row] == oracle.case_factor(several, single)


@pytest.mark.parametrize(
    ("several", "factors", "factor"),
    [
        ("highest", (12_000, 0, 9_000), 12_000),
        ("product", (12_000, 0, 9_000), 10_800),
        ("highest", (0, 9_000), 9_000),  # a single factor below 1 stays
        ("product", (0, 9_000), 9_000),
        ("highest", (0, 0), 10_000),
    ],
)
def test_several_factors(several: str, factors: tuple[int, ...], factor: int) -> None:
    assert case_factor(terms_with(several=several), *factors) == factor


def test_p03_factors_of_a_group_worked_by_hand() -> None:
    """Three cases of 1,000 and one of 5,000: mean 2,000, deviation 1,732.05, CV 0.866; classes vary by nothing."""
    sums = sums_of({"cci_0": [1_000_00] * 3, "cci_3_4": [5_000_00]})
    (test,) = dimension_tests(SIMPLE, sums)
    assert (test.cases, test.cv, test.cv_within, test.varies, test.falls, test.applies) == (4, 8_660, 0, 1, 1, 1)
    assert auxiliary_factors(SIMPLE, sums) == (
        AuxiliaryFactor(group_code="A00.0", dimension="cci", aux_class="cci_0", auxiliary_factor=5_000),
        AuxiliaryFactor(group_code="A00.0", dimension="cci", aux_class="cci_3_4", auxiliary_factor=25_000),
    )
    assert len(auxiliary_factors(terms_with(class_minimum=2), sums)) == 1
    assert auxiliary_factors(terms_with(dimensions=("age",)), sums) == ()


HALF = {"low": [100], "high": [300]}  # a CV of exactly 0.5


@pytest.mark.parametrize(("limit", "included", "lines"), [(5_000, 1, 2), (5_000, 0, 0), (5_001, 1, 0), (4_999, 0, 2)])
def test_a_group_has_to_vary_enough(limit: int, included: int, lines: int) -> None:
    terms = terms_with(cv_minimum=limit, cv_side=ABOVE[included])
    assert len(auxiliary_factors(terms, sums_of(HALF))) == lines


@pytest.mark.parametrize(
    ("fall", "included", "applies"), [(400_000, 1, 1), (400_000, 0, 0), (400_001, 1, 0), (399_999, 0, 1)]
)
def test_its_cv_has_to_fall_enough(fall: int, included: int, applies: int) -> None:
    """Costs 1, 7 and 9, 15 of mean 8: deviation 5 falls to 3 within the classes, by exactly 40%."""
    sums = sums_of({"low": [1, 7], "high": [9, 15]})
    (test,) = dimension_tests(terms_with(cv_minimum=0, fall_minimum=fall, fall_side=ABOVE[included]), sums)
    assert (test.cv, test.cv_within, test.applies) == (6_250, 3_750, applies)


@pytest.mark.parametrize(("fall_of", "applies"), [("pooled", 1), ("every_class", 0)])
def test_the_fall_of_all_classes_together_or_of_every_class(fall_of: str, applies: int) -> None:
    """The class of 1 and 7 alone has a CV of 0.75, above the group's."""
    (test,) = dimension_tests(terms_with(cv_minimum=0, fall_of=fall_of), sums_of({"low": [1, 7], "high": [9, 15]}))
    assert test.applies == applies


# ---- the fit ---------------------------------------------------------------------------------------------------------


@many
@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), min_size=2, max_size=20))
def test_the_fit_is_the_oracle_s_and_merges(pairs: list[tuple[int, int]]) -> None:
    cost, paid = (np.array(each, np.int64) for each in zip(*pairs, strict=True))
    assume(len(set(cost.tolist())) > 1)
    whole = FitSums.of(cost, paid)
    assert FitSums.of(cost[::2], paid[::2]) + FitSums.of(cost[1::2], paid[1::2]) == whole
    expected = oracle.explained(cost.tolist(), paid.tolist())
    assert (whole.share(), whole.rate()) == (expected, half_up(expected * MILLION))


def test_p03_the_fit_before_and_after() -> None:
    """Two groups of means 2,000 and 8,000; with the factors of the first its cases are met exactly."""
    cost = np.array([1_000_00] * 3 + [5_000_00, 7_000_00, 9_000_00], np.int64)
    before = FitSums.of(cost, np.array([2_000_00] * 4 + [8_000_00] * 2, np.int64))
    after = FitSums.of(cost, np.array([1_000_00] * 3 + [5_000_00] + [8_000_00] * 2, np.int64))
    assert before.share() == explained([Moments.of(cost.tolist()[:4]), Moments.of(cost.tolist()[4:])])
    assert (before.rate(), after.rate()) == (774_194, 967_742)  # 14 and 2 of 62 (in squared thousands) are left


# ---- messages --------------------------------------------------------------------------------------------------------


def column(*figures: int) -> Any:
    return np.array(figures, np.int64)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: terms_with(class_minimum=0),
            PolicyError,
            "class_minimum is 0: a factor is the mean of at least one case",
        ),
        (
            lambda: sums_of(HALF, dimension="weight"),
            CodeError,
            "unknown dimension 'weight'; allowed: cci, severity, tumour_severity, age, intensive_care",
        ),
        (
            lambda: ClassSums.of("cci", ("A00.0",), ("a",), column(0, 0), column(0, 1), column(5, 5)),
            CodeError,
            "cci: row 1: aux_class is 1, allowed is 0 to 0; it numbers the names given",
        ),
        (
            lambda: ClassSums.of("cci", ("A00.0", "A00.0"), ("a",), column(0, 1), column(0, 0), column(5, 5)),
            TableError,
            "cci: a name stands twice in A00.0, A00.0",
        ),
        (
            lambda: ClassSums.of("cci", ("A00.0",), ("a",), column(0), column(0), column(-5)),
            InputError,
            "cci: row 0: cost is -5, allowed is 0 to 1000000000000; correct it, "
            "and leave reversals out with their cases",
        ),
        (
            lambda: dimension_tests(SIMPLE, sums_of({"low": [0, 0]})),
            InputError,
            "2 cases that cost 0 fen in all have no coefficient of variation",
        ),
        (
            lambda: case_factor(SIMPLE),
            AmountError,
            "case_factor: at least one dimension's factor is due, 0 where there is no line",
        ),
        (
            lambda: case_factor(SIMPLE, 5, -1),
            AmountError,
            "case_factor: a factor is not negative; 0 says that there is no line",
        ),
        (
            lambda: FitSums.of(column(5), column(-1)),
            InputError,
            "fit: row 0: paid is -1, allowed is 0 to 1000000000000; correct it, and leave reversals out with their "
            "cases",
        ),
        (
            lambda: FitSums.of(column(5, 5), column(1, 2)).share(),
            InputError,
            "2 cases without any variance of cost: payment cannot follow it",
        ),
        (
            lambda: FitSums.of(column(), column()).rate(),
            InputError,
            "0 cases without any variance of cost: payment cannot follow it",
        ),
    ],
)
def test_messages(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    check_refused(act, error, message)


def test_labels() -> None:
    for field in attrs.fields(DipAuxiliaryTerms):
        assert field.metadata["zh"]
        assert field.metadata["en"]
        assert field.default is attrs.NOTHING
