"""The list of sections: name -> Terms class, and what being that section settles by definition."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from mipolicy.benefits.account import AccountTerms, CreditTerms
from mipolicy.benefits.account_use import AccountUseTerms
from mipolicy.benefits.axes import EMPLOYEE_STATUS, LAYERS, RESIDENT_STATUS
from mipolicy.benefits.catalogue import AdmissionTerms, CatalogueItemsTerms, CatalogueTerms, RemovalTerms
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.eligibility import BothSchemesTerms, EligibilityTerms
from mipolicy.benefits.epidemic import EpidemicTerms
from mipolicy.benefits.fixed_price import FixedPriceTerms
from mipolicy.benefits.household_relief import HouseholdReliefTerms
from mipolicy.benefits.incentive import IncentiveTerms
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.ladder import LAYER_TERMS, LadderTerms
from mipolicy.benefits.long_term_care import LongTermCareTerms
from mipolicy.benefits.maternity import EmployeeMaternityTerms, ResidentMaternityTerms
from mipolicy.benefits.out_of_area import DirectSettlementTerms, OutOfAreaTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.referral import FilingTerms, ReferralTerms
from mipolicy.benefits.transfer import TransferTerms
from mipolicy.payment.dip_auxiliary import DipAuxiliaryTerms
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_grouping import DipGroupingTerms
from mipolicy.policy.authorised import AuthorisedListTerms
from mipolicy.policy.kinds import Section

__all__ = ["SECTIONS"]

_STATUS: Final = {"employee": (EMPLOYEE_STATUS, "职工"), "resident": (RESIDENT_STATUS, "居民")}
_NO_DISEASES: Final[dict[str, Any]] = {
    "diseases": (),
    "quota_period": "year",
    "quota_carry_over": 0,
    "second_disease_addition": 0,
}
_NO_RECOGNITION: Final[dict[str, Any]] = {
    "recognition_needed": 0,
    "designated_only": 0,
    "outside_designated": "nothing",
}
_NO_NEWBORNS: Final[dict[str, Any]] = {"newborn_days": 0, "newborn_begins": "enrolment"}
_STREAMS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "general": ("普通门诊", {**_NO_DISEASES, **_NO_RECOGNITION}),
    "emergency": ("急诊", {**_NO_DISEASES, **_NO_RECOGNITION}),
    "special": ("门诊慢特病", {}),
    "two_disease": ("两病用药", {}),
    "dual_channel": ("双通道药品", _NO_DISEASES),
}


def _sections() -> Iterable[Section]:
    yield Section("settlement", SettlementTerms, zh="结算口径")
    yield Section("catalogue", CatalogueTerms, zh="目录")
    yield Section("catalogue_items", CatalogueItemsTerms, zh="支付范围")
    for scheme, (status, name) in _STATUS.items():
        for stream, (zh, fixed) in _STREAMS.items():
            yield Section(f"outpatient.{scheme}.{stream}", OutpatientTerms, status, fixed, f"{name}{zh}")
    for scheme, (status, name) in _STATUS.items():
        yield Section(f"inpatient.{scheme}", InpatientTerms, status, {}, f"{name}住院")
    yield Section("referral", ReferralTerms, zh="转外就医")
    yield Section("filing", FilingTerms, zh="异地就医备案")
    for scheme, (status, name) in _STATUS.items():
        yield Section(f"out_of_area.{scheme}", OutOfAreaTerms, status, {}, f"{name}异地就医")
    yield Section("direct_settlement", DirectSettlementTerms, zh="异地就医直接结算")
    yield Section("epidemic", EpidemicTerms, zh="重大疫情")
    yield Section("authorised_list", AuthorisedListTerms, zh="待遇清单")
    yield Section("catalogue_removal", RemovalTerms, zh="目录外药品调出")
    yield Section("tcm_admission", AdmissionTerms, zh="中医项目准入")
    for scheme, (_, name) in _STATUS.items():
        yield Section(f"ladder.{scheme}", LadderTerms, zh=f"{name}保障层次")
    for layer, (zh, _, schemes) in LAYERS.items():
        for scheme in schemes:
            name = _STATUS[scheme][1]
            yield Section(f"{layer}.{scheme}", LAYER_TERMS[layer], zh=zh if name in zh else f"{name}{zh}")
    yield Section("maternity.employee", EmployeeMaternityTerms, zh="职工生育")
    yield Section("maternity.resident", ResidentMaternityTerms, zh="居民生育")
    yield Section("long_term_care", LongTermCareTerms, zh="长期护理保险")
    for scheme, (status, name) in _STATUS.items():
        yield Section(f"fixed_price.{scheme}", FixedPriceTerms, status, {}, f"{name}单病种")
    yield Section("household_relief", HouseholdReliefTerms, zh="因病支出型困难家庭救助")
    yield Section("account", AccountTerms, zh="个人账户支付")
    yield Section("account_credit", CreditTerms, zh="个人账户计入")
    yield Section("account_use", AccountUseTerms, zh="个人账户使用范围")
    yield Section("insurance_transfer", TransferTerms, zh="医保关系转移接续")
    for scheme, (_, name) in _STATUS.items():
        fixed = {"scheme": scheme, **(_NO_NEWBORNS if scheme == "employee" else {})}
        yield Section(f"eligibility.{scheme}", EligibilityTerms, fixed=fixed, zh=f"{name}待遇享受")
    yield Section("both_schemes", BothSchemesTerms, zh="重复参保")
    yield Section("incentive", IncentiveTerms, zh="居民参保激励")
    # payment
    yield Section("dip_grouping", DipGroupingTerms, zh="DIP病例入组")
    yield Section("dip_catalogue", DipCatalogueTerms, zh="DIP病种目录")
    yield Section("dip_auxiliary", DipAuxiliaryTerms, zh="DIP辅助目录")


SECTIONS: Final = MappingProxyType({section.name: section for section in _sections()})
"""Every section that a policy file may hold, by its dotted name."""
