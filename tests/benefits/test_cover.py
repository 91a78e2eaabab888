"""One bill through its whole cover: place of care, basic benefit, ladder, account; worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill, InputError
from mipolicy.benefits.settlement import Settlement
from tests.batch import overlay, stay, table, visit

POLICY = mipolicy.load("assumed")
FIRST = overlay("""
    [[sections.out_of_area.employee]]
    version = "2024"
    source = { document = "change", clause = "first" }
    preself_first = { local = "0%", resident_elsewhere = "0%", referred = "10%", emergency = "10%", unreferred = "20%" }
    preself_base.unreferred = "total"
    payable.unreferred = { contracted = "yes", non_contracted = "no" }
    [[sections.account]]
    version = "2024"
    source = { document = "change", clause = "scope" }
    scope = "in_scope_selfpay"
    """)


def wallet(balc: str) -> dict[str, str]:
    return {"acct_used_flag": "1", "balc": balc}


def settle(record: dict[str, str], policy: mipolicy.Policy = POLICY) -> Settlement:
    return mipolicy.settle(policy, Bill.from_record(record))


# ----------------------------------------------------------------------------------------------------------- account


@pytest.mark.parametrize(
    ("balc", "acct_pay", "cash", "after"),
    [("200", 20_000, 34_500, 0), ("2000", 54_500, 0, 145_500), ("0", 0, 54_500, 0)],
)
def test_the_account_pays_what_the_visit_leaves(balc: str, acct_pay: int, cash: int, after: int) -> None:
    """1,000 at a secondary hospital: 300 deductible, 65% of 700 is 455; 545 is left to the person."""
    done = settle(visit(acct_used_flag="1", balc=balc))
    info, account = done.setlinfo, done.parts[0].settled.paid.account
    assert account is not None
    assert (info.hifp_pay, info.psn_part_amt) == (45_500, 54_500)
    assert (info.acct_pay, info.psn_cash_pay, account.balance_after) == (acct_pay, cash, after)


def test_an_account_that_is_not_asked_pays_nothing() -> None:
    done = settle(visit(balc="2000"))
    assert (done.setlinfo.acct_pay, done.parts[0].settled.paid.account) == (0, None)


def test_the_account_pays_in_scope_money_only_where_its_scope_says_so() -> None:
    """1,000, of it 100 self-paid and 50 first-pay: of 850 in scope 300 deductible, 65% of 550 is 357.50."""
    parts = {"fulamt_ownpay_amt": "100", "preselfpay_amt": "50", "inscp_scp_amt": "850"}
    record = {**visit(acct_used_flag="1", balc="5000"), **parts}
    everything, in_scope = settle(record).setlinfo, settle(record, FIRST).setlinfo
    assert everything.hifp_pay == in_scope.hifp_pay == 35_750
    assert (everything.acct_pay, everything.psn_cash_pay) == (64_250, 0)
    assert (in_scope.acct_pay, in_scope.psn_cash_pay) == (49_250, 15_000)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (wallet(""), "bill S1: acct_used_flag 1 needs balc, the balance of the account"),
        ({"balc": "-0.01"}, "bill S1: balc is below 0: an account is never overdrawn"),
    ],
)
def test_an_account_that_cannot_be(changes: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=f"^{says}$"):
        settle(visit() | changes)
    rejects = mipolicy.settle(POLICY, table([visit() | changes])).rejects
    assert (rejects.reason, rejects.message) == (("account",), (says.removeprefix("bill S1: "),))


# ------------------------------------------------------------------------------------------------------------- place


@pytest.mark.parametrize(
    ("place", "tier", "rate"),
    [
        ("local", "contracted", "0.88"),
        ("resident_elsewhere", "contracted", "0.88"),
        ("referred", "contracted", "0.83"),
        ("referred", "non_contracted", "0.78"),
        ("emergency", "contracted", "0.83"),
        ("unreferred", "contracted", "0.544"),  # 20 points off 88%, then 80% of the rest
    ],
)
def test_the_place_of_care_takes_off_the_rate(place: str, tier: str, rate: str) -> None:
    """10,000 in a secondary hospital: 500 deductible; 88% of 9,500 in the area."""
    done = settle(stay(fen=1_000_000, place_class=place, place_tier=tier))
    assert done.setlinfo.act_pay_dedc == 50_000
    assert Fraction(rate) * 950_000 == done.setlinfo.hifp_pay
    assert (done.parts[0].settled.paid.effect is None) == (place == "local")


@pytest.mark.parametrize(("place", "moved"), [("referred", 80_000), ("emergency", 80_000), ("unreferred", 200_000)])
def test_a_share_to_be_paid_first_moves_out_of_scope(place: str, moved: int) -> None:
    """10,000 of which 2,000 is self-paid: 10% of the 8,000 in scope, or 20% of the total."""
    record = stay(fen=1_000_000, place_class=place, fulamt_ownpay_amt="2000", inscp_scp_amt="8000")
    info = settle(record, FIRST).setlinfo
    assert (info.preselfpay_amt, info.inscp_scp_amt) == (moved, 800_000 - moved)
    assert info.medfee_sumamt == 1_000_000
    points, factor = (
        (Fraction(20, 100), Fraction(80, 100)) if place == "unreferred" else (Fraction(5, 100), Fraction(1))
    )
    rate = (Fraction(88, 100) - points) * factor
    assert info.hifp_pay == rate * (info.inscp_scp_amt - 50_000)


def test_what_is_not_payable_there_uses_up_nothing() -> None:
    done = settle(stay(fen=1_000_000, place_class="unreferred", place_tier="non_contracted"), FIRST)
    info, paid = done.setlinfo, done.parts[0].settled.paid
    assert (info.act_pay_dedc, info.hifp_pay, info.psn_cash_pay) == (0, 0, 1_000_000)
    assert paid.climb is not None
    assert (paid.climb.before.not_covered, paid.climb.before.copayment) == (1_000_000, 0)
    assert done.totals.figure("employee", 2025, "stays") == (0,)


# --------------------------------------------------------------------------------------------------------- one record


def test_every_payer_in_one_record() -> None:
    """620,000: the fund pays up to its ceiling of 400,000, then five more payers, the account and cash."""
    record = stay(
        fen=62_000_000,
        hosp_lv="02",
        hardship_class="minimum_living",
        cvlserv_flag="1",
        plans="commercial;mutual_aid",
        acct_used_flag="1",
        balc="1000",
        fulamt_ownpay_amt="6000",
        preselfpay_amt="4000",
        inscp_scp_amt="610000",
    )
    done = settle(record)
    info, paid = done.setlinfo, done.parts[0].settled.paid
    assert paid.climb is not None
    before = paid.climb.before
    # 609,100 above the deductible of 900: 85% of 20,000, 88% of 60,000, 92% of the rest reach 400,000 at 438,913.04
    reached = 8_000_000 + ceil((40_000_000 - Fraction(1, 2) - 1_700_000 - 5_280_000) / Fraction(92, 100))
    assert before.over_ceiling == 60_910_000 - reached
    assert before.copayment == 61_000_000 - 90_000 - before.over_ceiling - 40_000_000
    assert (info.hifp_pay, info.act_pay_dedc) == (40_000_000, 90_000)
    # major illness: 55% of what is over 10,000 of the deductible and the person's share
    assert info.oth_pay == round((before.copayment + 90_000 - 1_000_000) * Fraction(55, 100))
    # large cost: 85% up to 100,000, 90% beyond, of the cost above the ceiling
    assert info.hifob_pay == 8_500_000 + round((before.over_ceiling - 10_000_000) * Fraction(90, 100))
    payers = (info.hifp_pay, info.oth_pay, info.hifob_pay, info.cvlserv_pay, info.maf_pay, info.acct_pay)
    assert min(payers) > 0
    assert sum(payers) + info.psn_cash_pay == info.medfee_sumamt
    assert done.outside["mutual_aid"] > 0
    assert done.psn_net_pay == info.psn_part_amt - sum(done.outside.values())


@given(
    st.integers(0, 2 * 10**7),
    st.sampled_from(("local", "resident_elsewhere", "referred", "emergency", "unreferred")),
    st.sampled_from(("none", "marginal", "minimum_living", "extremely_poor")),
    st.integers(0, 10**6),
)
def test_the_payers_sum_to_the_bill(fen: int, place: str, hardship: str, balc: int) -> None:
    card = wallet(f"{balc // 100}.{balc % 100:02d}")
    info = settle(stay(fen=fen, place_class=place, hardship_class=hardship) | card, FIRST).setlinfo
    assert info.medfee_sumamt == info.fund_pay_sumamt + info.acct_pay + info.psn_cash_pay == fen
    assert info.medfee_sumamt == info.preselfpay_amt + info.inscp_scp_amt
    assert 0 <= info.acct_pay <= balc
    here = settle(stay(fen=fen, hardship_class=hardship) | card, FIRST).setlinfo
    assert info.hifp_pay <= here.hifp_pay


def test_a_reversal_takes_back_the_account_and_the_layers() -> None:
    record = stay(fen=9_000_000, hardship_class="marginal", acct_used_flag="1", balc="100")
    done = settle(record)
    back = mipolicy.reverse(done, totals=done.totals)
    assert back.setlinfo.acct_pay == -done.setlinfo.acct_pay == -10_000
    assert back.setlinfo.maf_pay == -done.setlinfo.maf_pay < 0
    assert back.totals == done.totals_before
