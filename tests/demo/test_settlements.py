"""The made-up settlements: the same seed gives the same table, and every fault in it is told."""

from __future__ import annotations

import numpy as np
import pytest

import mipolicy
from mipolicy import demo
from mipolicy.errors import InputError


def test_the_same_seed_makes_the_same_table() -> None:
    one, other, third = demo.settlements(500), demo.settlements(500), demo.settlements(500, seed=1)
    assert all((np.asarray(one[name]) == np.asarray(other[name])).all() for name in one)
    assert (one["medfee_sumamt"] != third["medfee_sumamt"]).any()


def test_it_fits_the_pack_and_holds_every_fault() -> None:
    policy = mipolicy.load(demo.PACK)
    found = mipolicy.rates(policy, demo.settlements(5_000), totals=demo.area_totals(), targets=True)
    assert set(found.rejects.counts()) == {"code", "amount"}
    assert {"med_type is empty", "medfee_sumamt is below 0, and refd_setl_flag does not say a reversal"} <= set(
        found.rejects.message
    )
    assert {rate.state for rate in found.whole_rates} == {"value"}
    sound = mipolicy.rates(policy, demo.settlements(5_000, sound=True))
    assert len(sound.rejects) == 0


@pytest.mark.parametrize(("count", "institutions"), [(0, 40), (5, 3)])
def test_too_few(count: int, institutions: int) -> None:
    with pytest.raises(InputError, match="a row and four institutions at least are due"):
        demo.settlements(count, institutions=institutions)
