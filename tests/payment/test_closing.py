"""A pool's year closed: payments and named residues sum to the budget to the fen, whatever the terms."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mipolicy.errors import IdentityError, InputError
from mipolicy.payment.closing import InstitutionClosing, InstitutionPoints, PoolClosing, close
from mipolicy.payment.points import Distributable, PointTotals, PointValueTerms, no_points, pay, point_value
from tests.oracles import points as oracle
from tests.payment.test_points import BY_ACTUAL, BY_SHARE, ONE, PLAIN, case_of, cases, totals_of, value_terms, words_of

many = settings(max_examples=100, deadline=None)
CODES = ("H0001", "H0002", "H0003")


def fund_of(amount: int) -> Distributable:
    return Distributable(amount + 600, 100, 200, 250, 50, amount)


def sums_of(
    terms: PointValueTerms, value: Any, rows: list[dict[str, Any]], merged: bool
) -> list[tuple[str, InstitutionPoints]]:
    """Case by case, then added up, as a table would."""
    found: dict[str, InstitutionPoints] = {}
    for row in rows:
        done = pay(terms, value, case_of(row))
        outside = done.payment if row["outside"] else 0
        one = InstitutionPoints(1, int(row["points"] * ONE), done.standard, done.before_floor, done.raised, outside)
        before = found.get(row["fixmedins_code"], InstitutionPoints())
        found[row["fixmedins_code"]] = before + one if merged else one + before
    return list(found.items())


@many
@given(st.data(), value_terms(), st.integers(0, 10**10))
def test_the_statement_is_the_oracles_and_sums_to_the_budget(
    data: st.DataObject, terms: PointValueTerms, amount: int
) -> None:
    rows = data.draw(st.lists(cases(), min_size=1, max_size=8))
    for row in rows:
        row["fixmedins_code"] = data.draw(st.sampled_from(CODES))
        row["outside"] = data.draw(st.booleans())
    try:
        value = point_value(terms, amount, totals_of(rows), 10**7)
    except InputError as error:
        assume("a point value that no pool has" not in str(error))
        raise
    given_sums = sums_of(terms, value, rows, True)
    found = close(terms, "employee", fund_of(amount), value, given_sums)
    lines = dict(found.lines())
    assert lines.pop("budget") == sum(lines.values()) == amount + 600

    words = words_of(terms)
    of = oracle.value(words, amount, rows, Fraction(10))
    paid = [{**row, **oracle.case_payment(words, of, row)} for row in rows]
    budget = {"budget": amount + 600, "reserve_share": Fraction(100, amount + 600)}
    wanted = oracle.close(words, {**budget, "out_of_area": 200, "manual_claims": 50}, 250, of, paid)
    assert {name: wanted[name] for name in lines} == lines
    assert {each.fixmedins_code: (each.total, each.by_fund, each.by_other_funds) for each in found.institutions} == (
        wanted["institutions"]
    )
    if terms.payment_from == "points":
        assert found.residue_rounding == 0
    again = close(terms, "employee", fund_of(amount), value, sums_of(terms, value, rows[::-1], False)[::-1])
    by_code = sorted(again.institutions, key=lambda each: each.fixmedins_code)
    assert by_code == sorted(found.institutions, key=lambda each: each.fixmedins_code)
    assert attrs.evolve(again, institutions=()) == attrs.evolve(found, institutions=())


@many
@given(st.data(), st.sampled_from((PLAIN, BY_ACTUAL)), st.integers(0, 10**10))
def test_what_is_apportioned_by_points_closes_to_the_fen(
    data: st.DataObject, terms: PointValueTerms, amount: int
) -> None:
    terms = attrs.evolve(terms, payment_from="points")
    rows = data.draw(st.lists(cases(), min_size=1, max_size=8))
    for row in rows:
        row.update(fixmedins_code=data.draw(st.sampled_from(CODES)), outside=False)
    value = point_value(terms, amount, totals_of(rows))
    found = close(terms, "employee", fund_of(amount), value, sums_of(terms, value, rows, True))
    assert found.by_fund == amount
    assert (found.residue_basis, found.residue_value, found.residue_rounding) == (0, 0, 0)
    for each in found.institutions:  # a remainder is rounding case by case and of the whole: half a fen each, and one
        assert abs(each.remainder) <= each.cases // 2 + 1


# ---- by eye ----------------------------------------------------------------------------------------------------------


def test_a_fen_that_is_left_goes_to_the_first_code() -> None:
    """1.00 yuan over three institutions of a point each: 34, 33 and 33 fen."""
    terms = attrs.evolve(PLAIN, payment_from="points")
    value = point_value(terms, 100, PointTotals(cases=3, points=30_000))
    each = InstitutionPoints(1, 10_000, 33, 33, 0, 0)
    found = close(terms, "employee", fund_of(100), value, [("B", each), ("C", each), ("A", each)])
    assert [(line.fixmedins_code, line.remainder, line.by_fund) for line in found.institutions] == [
        ("B", 0, 33),
        ("C", 0, 33),
        ("A", 1, 34),
    ]
    assert found.by_fund == 100


def test_the_share_basis_leaves_a_residue_that_may_be_negative() -> None:
    """8,000.00 / 0.7 grossed up, less 3,000.00 that others paid: 8,428.60 of 8,000.00, 428.60 too much."""
    totals = PointTotals(cases=1, points=10_000_000, medfee_sumamt=1_000_000, hifp_pay=700_000, psn_part_amt=300_000)
    value = point_value(BY_SHARE, 800_000, totals)
    sums = InstitutionPoints(1, 10_000_000, 1_142_860, 842_860, 0, 0)
    found = close(BY_SHARE, "resident", fund_of(800_000), value, [("A", sums)])
    assert (found.by_fund, found.residue_basis, found.residue_value) == (842_860, -42_857, -3)


@pytest.mark.parametrize(
    ("bearer", "total", "raised_here", "from_reserve"), [("reserve", 80, 0, 100), ("institution", -20, 100, 0)]
)
def test_the_terms_say_who_bears_what_raising_costs(
    bearer: str, total: int, raised_here: int, from_reserve: int
) -> None:
    terms = attrs.evolve(BY_SHARE, share_source="cited", cited_share=1_000_000, floor_at_zero=1, raised_borne_by=bearer)
    value = point_value(terms, 80, PointTotals(cases=2, points=10_000))
    sums = InstitutionPoints(2, 10_000, 80, -20, 100, 0)
    found = close(terms, "resident", fund_of(80), value, [("A", sums)])
    line = found.institutions[0]
    assert (line.total, line.raised, line.raised_here) == (total, 100, raised_here)
    assert (found.raised_from_reserve, found.by_fund, found.residue_basis) == (from_reserve, total, 100)


def test_a_pool_without_points_shows_its_whole_fund() -> None:
    found = close(PLAIN, "employee", fund_of(70), no_points(70), [])
    assert (found.by_fund, found.residue_basis, found.residue_value, found.residue_rounding) == (0, 0, 70, 0)


# ---- refused ---------------------------------------------------------------------------------------------------------


def test_an_institution_stands_once() -> None:
    with pytest.raises(InputError) as told:
        close(PLAIN, "employee", fund_of(0), no_points(0), [("A", InstitutionPoints()), ("A", InstitutionPoints())])
    assert str(told.value) == "an institution stands twice: its sums are added before the pool is closed"


def test_parts_that_do_not_belong_together_are_a_defect() -> None:
    value = point_value(BY_ACTUAL, 80, PointTotals(cases=1, points=10_000, psn_part_amt=20))
    with pytest.raises(IdentityError) as told:  # 19 fen are netted off where 20 were added
        close(BY_ACTUAL, "employee", fund_of(80), value, [("A", InstitutionPoints(1, 10_000, 100, 81, 0, 0))])
    assert str(told.value) == "pool employee: basis total_by_actual closes on the fund, but leaves -1 fen"


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    line = InstitutionClosing("A", 1, 1, 1, 0, 0, 0, 0, 1, 0, 1)
    with pytest.raises(IdentityError) as told:
        PoolClosing("employee", 10, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, (line,))
    assert str(told.value) == "pool employee: payments and residues do not sum to the budget of 10"
    assert PoolClosing("employee", 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, (line,)).lines()[7] == ("raised_from_reserve", -1)
