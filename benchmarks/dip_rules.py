"""The DIP job and the fuller one as a user writes them: ordinary rooms on a block of columns, through `in_blocks`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import mipolicy
from benchmarks.dip_data import CHANGE_DAY, DIP, MAJOR_ILLNESS, POINT_VALUE, VALUE_TERMS, Lists, inpatient_terms
from mipolicy.batch import by_part, gather
from mipolicy.benefits import account, inpatient, major_illness
from mipolicy.benefits.account import AccountTerms, AccountUse
from mipolicy.benefits.inpatient import InpatientTerms, Stay
from mipolicy.benefits.layer import LayerCase
from mipolicy.benefits.statement import Parts, statement
from mipolicy.money import Column
from mipolicy.payment import dip, points
from mipolicy.payment.dip import DipCase, DipScore
from mipolicy.payment.points import PointCase

__all__ = ["KEPT", "KEPT_FULLER", "fuller", "plain"]

KEPT: Final = ("points", "payment", "hifp_pay", "personal")
KEPT_FULLER: Final = (
    "points",
    "payment",
    "act_pay_dedc",
    "before_limits",
    "hifp_pay",
    "ceiling_used_after",
    "hifmi_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "psn_cash_pay",
    "balance_after",
)
_SUMS: Final = {"institution": ("points", "payment")}
_ACCOUNT: Final = AccountTerms("in_scope_selfpay")
Block = Mapping[str, Column]


def _score(lists: Lists, of: Block) -> DipScore[Any]:
    base, mean, tcm = gather((lists.base, lists.mean, lists.tcm), of["group"], "group")
    case: DipCase[Any] = DipCase(
        medfee_sumamt=of["medfee_sumamt"],
        carve_out_amt=0,
        grouped=1,
        base_points=base,
        group_mean=mean,
        level_mean=0,
        mean_of_all=0,
        institution_factor=gather(lists.factor, of["institution"], "institution"),
        auxiliary_factor=10_000,
        basic_group=0,
        tcm_group=tcm,
        pilot_tcm=0,
        review=0,
        review_points=0,
    )
    return dip.score(DIP, case)


def _pay(scored: DipScore[Any]) -> Any:
    case: PointCase[Any] = PointCase(scored.points, psn_part_amt=0, other_pay=0, fund_rate=0)
    return points.pay(VALUE_TERMS, POINT_VALUE, case).payment


def _settle(terms: InpatientTerms, lists: Lists, of: Block) -> inpatient.Inpatient[Any]:
    stay: Stay[Any] = Stay(
        inscp_scp_amt=of["inscp_scp_amt"],
        hosp_lv=gather(lists.level, of["institution"], "institution"),
        psn_type=of["retired"],
        ordinal=0,
        continuing=0,
        earlier_level=0,
        earlier_paid=0,
        deductible_used=of["deductible_used"],
        year_deductible=0,
        once_a_year=0,
        once_a_year_paid=0,
        tcm_disease=0,
        band_start=0,
        ceiling_used=of["pool_used"],
    )
    return inpatient.settle(terms, stay)


def plain(cases: Block, lists: Lists, threads: int, **options: Any) -> mipolicy.BlockResult:
    """Score, payment and the inpatient split under one version of the terms; points and payment by institution."""
    terms = inpatient_terms()

    def rule(of: Block) -> dict[str, Any]:
        scored, settled = _score(lists, of), _settle(terms, lists, of)
        return {
            "points": scored.points,
            "payment": _pay(scored),
            "hifp_pay": settled.hifp_pay,
            "personal": of["medfee_sumamt"] - settled.hifp_pay,
        }

    names = ("medfee_sumamt", "inscp_scp_amt", "group", "institution", "retired", "deductible_used", "pool_used")
    columns = {name: cases[name] for name in names}
    return mipolicy.in_blocks(rule, columns, keep=KEPT, sums=_SUMS, threads=threads, **options)


def fuller(cases: Block, lists: Lists, threads: int, **options: Any) -> mipolicy.BlockResult:
    """The same with three bands, major illness, the account and the record's identities, under two versions by day."""
    versions = [partial(_benefits, inpatient_terms(version, bands=3), lists) for version in (0, 1)]

    def rule(of: Block) -> dict[str, Any]:
        scored = _score(lists, of)
        later = (of["day"] >= CHANGE_DAY).astype("int64")
        paid = by_part(later, versions, of, KEPT_FULLER[2:])
        return {"points": scored.points, "payment": _pay(scored), **paid}

    return mipolicy.in_blocks(rule, cases, keep=KEPT_FULLER, sums=_SUMS, threads=threads, **options)


def _benefits(terms: InpatientTerms, lists: Lists, of: Block) -> dict[str, Any]:
    stay = _settle(terms, lists, of)
    in_scope_left = of["inscp_scp_amt"] - stay.hifp_pay
    layer: LayerCase[Any] = LayerCase(in_scope_left, of["year_before"], 0, 0)
    illness = major_illness.settle(MAJOR_ILLNESS, layer)
    own = of["medfee_sumamt"] - of["inscp_scp_amt"]
    left = in_scope_left - illness.pay
    used: AccountUse[Any] = AccountUse(left, left + own, 1, of["account_balance"])
    paid = account.pay(_ACCOUNT, used)
    parts: Parts[Any] = Parts(of["medfee_sumamt"], own, 0, 0, of["inscp_scp_amt"], 0)
    funds = {"hifp_pay": stay.hifp_pay, "hifmi_pay": illness.pay}
    record = statement(parts, stay.act_pay_dedc, funds, paid.acct_pay)
    return {
        "act_pay_dedc": record.act_pay_dedc,
        "before_limits": stay.before_limits,
        "hifp_pay": record.hifp_pay,
        "ceiling_used_after": stay.ceiling_used_after,
        "hifmi_pay": record.hifmi_pay,
        "fund_pay_sumamt": record.fund_pay_sumamt,
        "psn_part_amt": record.psn_part_amt,
        "acct_pay": record.acct_pay,
        "psn_cash_pay": record.psn_cash_pay,
        "balance_after": paid.balance_after,
    }
