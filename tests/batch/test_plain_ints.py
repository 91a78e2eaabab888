"""Rooms take what is the same for every row as a plain int beside columns, and give the same figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import attrs
import numpy as np
import pytest

from mipolicy.benefits import account, inpatient, major_illness
from mipolicy.benefits.account import AccountTerms, AccountUse
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.layer import LayerCase
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.payment import dip, points
from mipolicy.payment.dip import DipCase
from mipolicy.payment.points import PointCase
from mipolicy.rounding import uniform
from mipolicy.tables import Bands, Table
from tests.batch.dip_job import DIP, INPATIENT, POINT_VALUE, VALUE_TERMS
from tests.strategies import stays_table

ROWS = 60
BY_CLASS = tuple(range(len(HARDSHIP.members)))
MAJOR_ILLNESS = MajorIllnessTerms(
    deductible=Table((HARDSHIP,), tuple(1_000_00 - 10_00 * at for at in BY_CLASS)),
    band_basis="gross",
    bands=Bands(
        (0, 5_000_00), tuple(Table((HARDSHIP,), tuple(rate + at for at in BY_CLASS)) for rate in (5_000, 9_999))
    ),
    ceiling=Table.same(400_00, HARDSHIP),
)
BANDED = attrs.evolve(
    INPATIENT,
    deductible_yearly_maximum=70_000,
    bands=Bands((0, 10_000, 90_000), tuple(INPATIENT.bands.rates) * 3),
    rate_increase=Table(INPATIENT.rate_increase.axes, (0, 10_000, 0, 50_000, 0)),
    tcm_addition=100_000,
)
NETTED = attrs.evolve(VALUE_TERMS, basis="total_by_actual", netting="parts", floor_at_zero=1)
EXTREME = attrs.evolve(
    DIP, extreme_limit=50_000, extreme_points="at_limit", factor_in_low=0, round_at="once", auxiliary=1
)


def dip_cases(seed: int) -> DipCase[Any]:
    rng = np.random.default_rng(seed)
    cost = rng.integers(1_000, 9_000_000, ROWS)
    return DipCase(
        medfee_sumamt=cost,
        carve_out_amt=cost // rng.integers(2, 9, ROWS),
        grouped=np.ones(ROWS, np.int64),
        base_points=rng.integers(1, 9_000_000, ROWS),
        group_mean=rng.integers(1, 3_000_000, ROWS) + 1_000,
        level_mean=rng.integers(1, 3_000_000, ROWS),
        mean_of_all=rng.integers(1, 3_000_000, ROWS),
        institution_factor=rng.integers(1, 30_000, ROWS),
        auxiliary_factor=rng.integers(1, 30_000, ROWS),
        basic_group=rng.integers(0, 2, ROWS),
        tcm_group=rng.integers(0, 2, ROWS),
        pilot_tcm=rng.integers(0, 2, ROWS),
        review=rng.integers(0, 5, ROWS),
        review_points=rng.integers(1, 9_000_000, ROWS),
    )


def made(kind: type[Any], seed: int, **most: int) -> Any:
    rng = np.random.default_rng(seed)
    return kind(**{name: rng.integers(0, limit + 1, ROWS) for name, limit in most.items()})


FORMS: list[tuple[Callable[[Any], Any], Callable[[int], Any]]] = [
    (partial(dip.score, DIP), dip_cases),
    (partial(dip.score, EXTREME), dip_cases),
    (partial(inpatient.settle, INPATIENT), lambda seed: stays_table(INPATIENT, ROWS, seed)),
    (partial(inpatient.settle, BANDED), lambda seed: stays_table(BANDED, ROWS, seed)),
    (
        partial(points.pay, VALUE_TERMS, POINT_VALUE),
        lambda seed: made(PointCase, seed, points=9_000_000, psn_part_amt=9_999, other_pay=9_999, fund_rate=1_000_000),
    ),
    (
        partial(points.pay, NETTED, POINT_VALUE),
        lambda seed: made(PointCase, seed, points=9_999, psn_part_amt=9_999, other_pay=9_999, fund_rate=1_000_000),
    ),
    (
        partial(major_illness.settle, MAJOR_ILLNESS),
        lambda seed: made(LayerCase, seed, base=900_000, base_before=300_000, paid_before=9_999, hardship=5),
    ),
    (
        partial(account.pay, AccountTerms("in_scope_selfpay")),
        lambda seed: made(AccountUse, seed, in_scope_left=9_999, personal_left=9_999, wanted=1, balc=9_999),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settle", "make"), FORMS)
@pytest.mark.parametrize("seed", range(25))
def test_ints_beside_columns(settle: Callable[[Any], Any], make: Callable[[int], Any], seed: int) -> None:
    random, whole = Random(seed), make(seed)
    names = [each.name for each in attrs.fields(type(whole)) if isinstance(getattr(whole, each.name), np.ndarray)]
    same = {name: int(getattr(whole, name)[0]) for name in names if random.random() < 0.5}
    if len(same) == len(names):
        same.pop(names[0])
    plain = attrs.evolve(whole, **{name: np.full(ROWS, figure) for name, figure in same.items()})
    expected = outcome(settle, plain)
    assert outcome(settle, attrs.evolve(whole, **same)) == expected
    assert (
        outcome(settle, attrs.evolve(whole, **{name: uniform(each, ROWS) for name, each in same.items()})) == expected
    )
    rows = [type(whole)(**{name: int(getattr(plain, name)[row]) for name in names}) for row in (0, ROWS // 2, ROWS - 1)]
    if not isinstance(expected, str):
        for row, of in zip((0, ROWS // 2, ROWS - 1), rows, strict=True):
            found = settle(of)
            assert {name: column[row] for name, column in expected.items()} == {
                name: int(getattr(found, name)) for name in expected
            }


def outcome(settle: Callable[[Any], Any], given: Any) -> Any:
    """The columns of the outcome, or why it is refused."""
    try:
        found = settle(given)
    except ValueError as error:
        return str(error).replace("row 0: ", "")
    return {each.name: np.broadcast_to(getattr(found, each.name), ROWS).tolist() for each in attrs.fields(type(found))}
