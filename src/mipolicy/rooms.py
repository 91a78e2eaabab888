"""The list of sections: name -> Terms class, and what being that section settles by definition."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from mipolicy.benefits.axes import EMPLOYEE_STATUS, RESIDENT_STATUS
from mipolicy.benefits.catalogue import AdmissionTerms, CatalogueItemsTerms, CatalogueTerms, RemovalTerms
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.epidemic import EpidemicTerms
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.out_of_area import DirectSettlementTerms, OutOfAreaTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.referral import FilingTerms, ReferralTerms
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


SECTIONS: Final = MappingProxyType({section.name: section for section in _sections()})
"""Every section that a policy file may hold, by its dotted name."""
