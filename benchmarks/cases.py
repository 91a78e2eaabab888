"""The benchmark's inputs: synthetic, seeded, of the made-up city of the assumed pack."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np

import mipolicy
from mipolicy.benefits import outpatient
from mipolicy.benefits.outpatient import OutpatientTerms, Visit
from mipolicy.money import NO_LIMIT


def room_once(policy: mipolicy.Policy) -> Callable[[], object]:
    """One visit: the input built and validated, the rule applied."""
    section = "outpatient.employee.general"
    terms = policy.terms(OutpatientTerms, on=datetime.date(2025, 3, 1), section=section)

    def once() -> object:
        visit = Visit(
            inscp_scp_amt=123_456,
            hosp_lv=1,
            psn_type=0,
            medins_kind=0,
            medins_ownership=0,
            listed=0,
            designated=0,
            recognised=0,
            online=0,
            follow_up=0,
            service_kind=0,
            deductible_used=1_000,
            ceiling_used=2_000,
            quota_left=int(NO_LIMIT),
        )
        return outpatient.settle(terms, visit)

    return once


def bill_one_by_one(policy: mipolicy.Policy) -> Callable[[], object]:
    """One bill from record to settlement record."""
    bill = mipolicy.Bill(
        setl_id="S1",
        mdtrt_id="M1",
        psn_no="P1",
        insutype="310",
        psn_type="11",
        med_type="11",
        hosp_lv="05",
        medins_kind="hospital",
        medins_ownership="public",
        fixmedins_code="H1",
        setl_time=datetime.datetime(2025, 3, 1, 9, 30),
        medfee_sumamt=123_456,
        fulamt_ownpay_amt=0,
        overlmt_selfpay=0,
        preselfpay_amt=0,
        inscp_scp_amt=123_456,
    )
    return lambda: mipolicy.settle(policy, bill)


def outpatient_table(bills: int, persons: int = 0, seed: int = 20250101) -> dict[str, object]:
    """General and emergency visits of a year in order of time, about ten a person, one in a hundred with a bad code.

    Text comes dictionary-coded, as an Arrow or a pandas categorical column has it; amounts are fen.
    """
    rng = np.random.default_rng(seed)
    persons = persons or max(1, bills // 10)

    def coded(values: list[str], share: list[float] | None = None) -> mipolicy.Coded:
        return mipolicy.Coded(rng.choice(len(values), bills, p=share).astype(np.int32), tuple(values))

    amount = rng.integers(1_000, 200_000, bills)
    own = amount // 10
    start = np.datetime64("2025-01-01T00:00:00")
    return {
        "setl_id": (ids := (np.arange(bills) + 10**8).astype("U9")),
        "mdtrt_id": ids,
        "psn_no": mipolicy.Coded(
            rng.integers(0, persons, bills).astype(np.int32), tuple(f"P{person:08d}" for person in range(persons))
        ),
        "insutype": coded(["310"]),
        "psn_type": coded(["11", "12"]),
        "med_type": coded(["11", "13"]),
        "hosp_lv": coded(["02", "05", "08", "99"], [0.4, 0.3, 0.29, 0.01]),
        "medins_kind": coded(["hospital", "community_center"]),
        "medins_ownership": coded(["public"]),
        "fixmedins_code": coded([f"H{number:03d}" for number in range(300)]),
        "setl_time": start + np.sort(rng.integers(0, 365 * 86_400, bills)).astype("timedelta64[s]"),
        "medfee_sumamt": amount,
        "fulamt_ownpay_amt": own,
        "overlmt_selfpay": np.zeros(bills, np.int64),
        "preselfpay_amt": np.zeros(bills, np.int64),
        "inscp_scp_amt": amount - own,
    }
