"""The list of sections: name -> Terms class, and what being that section settles by definition."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from mipolicy.benefits.account import AccountTerms, CreditTerms
from mipolicy.benefits.axes import EMPLOYEE_STATUS, LAYERS, RESIDENT_STATUS
from mipolicy.benefits.catalogue import AdmissionTerms, CatalogueItemsTerms, CatalogueTerms, RemovalTerms
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.ladder import LAYER_TERMS, LadderTerms
from mipolicy.benefits.out_of_area import DirectSettlementTerms, OutOfAreaTerms
from mipolicy.benefits.outpatient import OutpatientTerms
from mipolicy.benefits.referral import FilingTerms, ReferralTerms
from mipolicy.payment.axes import POOL
from mipolicy.policy.authorised import AuthorisedListTerms
from mipolicy.policy.kinds import Section

__all__ = ["SECTIONS"]

_BENEFITS, _PAYMENT = "mipolicy.benefits.", "mipolicy.payment."
_BUDGET, _INDICATORS = "mipolicy.budget.", "mipolicy.indicators."
"""Rooms that no bill passes through are imported when a policy that has their sections is read."""

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


def _benefit_sections() -> Iterable[Section]:
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
    yield Section("epidemic", _BENEFITS + "epidemic:EpidemicTerms", zh="重大疫情")
    yield Section("authorised_list", AuthorisedListTerms, zh="待遇清单")
    yield Section("catalogue_removal", RemovalTerms, zh="目录外药品调出")
    yield Section("tcm_admission", AdmissionTerms, zh="中医项目准入")
    for scheme, (_, name) in _STATUS.items():
        yield Section(f"ladder.{scheme}", LadderTerms, zh=f"{name}保障层次")
    for layer, (zh, _, schemes) in LAYERS.items():
        for scheme in schemes:
            name = _STATUS[scheme][1]
            yield Section(f"{layer}.{scheme}", LAYER_TERMS[layer], zh=zh if name in zh else f"{name}{zh}")
    yield Section("maternity.employee", _BENEFITS + "maternity:EmployeeMaternityTerms", zh="职工生育")
    yield Section("maternity.resident", _BENEFITS + "maternity:ResidentMaternityTerms", zh="居民生育")
    yield Section("long_term_care", _BENEFITS + "long_term_care:LongTermCareTerms", zh="长期护理保险")
    for scheme, (status, name) in _STATUS.items():
        yield Section(f"fixed_price.{scheme}", _BENEFITS + "fixed_price:FixedPriceTerms", status, {}, f"{name}单病种")
    yield Section("household_relief", _BENEFITS + "household_relief:HouseholdReliefTerms", zh="因病支出型困难家庭救助")
    yield Section("account", AccountTerms, zh="个人账户支付")
    yield Section("account_credit", CreditTerms, zh="个人账户计入")
    yield Section("account_use", _BENEFITS + "account_use:AccountUseTerms", zh="个人账户使用范围")
    yield Section("insurance_transfer", _BENEFITS + "transfer:TransferTerms", zh="医保关系转移接续")
    for scheme, (_, name) in _STATUS.items():
        fixed = {"scheme": scheme, **(_NO_NEWBORNS if scheme == "employee" else {})}
        terms = _BENEFITS + "eligibility:EligibilityTerms"
        yield Section(f"eligibility.{scheme}", terms, fixed=fixed, zh=f"{name}待遇享受")
    yield Section("both_schemes", _BENEFITS + "eligibility:BothSchemesTerms", zh="重复参保")
    yield Section("incentive", _BENEFITS + "incentive:IncentiveTerms", zh="居民参保激励")


def _payment_sections() -> Iterable[Section]:
    yield Section("payment_router", _PAYMENT + "router:RouterTerms", zh="付费方式")
    yield Section("payment_year", _PAYMENT + "points:PaymentYearTerms", zh="付费年度参数")
    for pool, name in zip(POOL.members, POOL.zh, strict=True):
        yield Section(f"pool_budget.{pool}", _PAYMENT + "points:PoolBudgetTerms", zh=f"{name}基金预算")
        yield Section(f"point_value.{pool}", _PAYMENT + "points:PointValueTerms", zh=f"{name}点值")
    yield Section("dip", _PAYMENT + "dip:DipTerms", zh="DIP病例分值")
    yield Section("dip_grouping", _PAYMENT + "dip_grouping:DipGroupingTerms", zh="DIP病例入组")
    yield Section("dip_catalogue", _PAYMENT + "dip_catalogue_terms:DipCatalogueTerms", zh="DIP病种目录")
    yield Section("dip_auxiliary", _PAYMENT + "dip_auxiliary:DipAuxiliaryTerms", zh="DIP辅助目录")
    yield Section("drg_points", _PAYMENT + "drg_points:DrgPointsTerms", zh="DRG点数")
    yield Section("drg_base_points", _PAYMENT + "drg_history:BasePointsTerms", zh="DRG基准点数与差异系数测算")
    for pool, name in zip(POOL.members, POOL.zh, strict=True):
        yield Section(f"drg_weight.{pool}", _PAYMENT + "drg_weight:DrgWeightTerms", zh=f"{name}DRG权重费率")
    yield Section("bed_day", _PAYMENT + "bed_day:BedDayTerms", zh="床日点数")
    yield Section("readmission", _PAYMENT + "readmission:ReadmissionTerms", zh="同病组再入院")
    yield Section("single_disease", _PAYMENT + "single_disease:SingleDiseaseTerms", zh="单病种付费")
    yield Section("pathway_exit", _PAYMENT + "single_disease:PathwayExitTerms", zh="单病种退出")
    yield Section("price_evaluation", _PAYMENT + "disease_price:PriceEvaluationTerms", zh="单病种付费标准测算")
    yield Section("price_revision", _PAYMENT + "disease_price:PriceRevisionTerms", zh="单病种付费标准调整")
    yield Section("day_surgery", _PAYMENT + "day_surgery:DaySurgeryTerms", zh="日间手术付费")
    yield Section("per_diem", _PAYMENT + "per_diem:PerDiemTerms", zh="按床日付费")
    yield Section("capitation", _PAYMENT + "capitation:CapitationTerms", zh="按人头付费")
    yield Section("consortium", _PAYMENT + "consortium:ConsortiumTerms", zh="医联体按人头付费")
    yield Section("maternity_payment", _PAYMENT + "maternity:MaternityPaymentTerms", zh="生育医疗费用付费")
    yield Section("services_drugs", _PAYMENT + "services_drugs:ServicesDrugsTerms", zh="医疗服务与药品分开支付")
    yield Section("special_case", _PAYMENT + "special_case:SpecialCaseTerms", zh="特例单议与除外支付")
    for pool, name in zip(POOL.members, POOL.zh, strict=True):
        yield Section(f"monthly_payment.{pool}", _PAYMENT + "monthly:MonthlyTerms", zh=f"{name}月度结算")
    for pool, name in zip(POOL.members, POOL.zh, strict=True):
        yield Section(f"year_end.{pool}", _PAYMENT + "year_end:SharingTerms", zh=f"{name}年终分担")
    yield Section("payment_clearing", _PAYMENT + "clearing:ClearingTerms", zh="年度清算")


def _budget_sections() -> Iterable[Section]:
    yield Section("budget_plan", _BUDGET + "itemised:BudgetPlanTerms", zh="总额预算编制")
    yield Section("quota", _BUDGET + "quota:QuotaTerms", zh="总额控制")
    yield Section("monthly_advance", _BUDGET + "advance:AdvanceTerms", zh="月度预付")
    yield Section("dip_advance", _BUDGET + "advance:DipAdvanceTerms", zh="DIP医疗费用预拨")
    yield Section("working_capital", _BUDGET + "advance:WorkingCapitalTerms", zh="医保周转金")
    yield Section("budget_sharing", _BUDGET + "sharing:BudgetSharingTerms", zh="结余留用与超支分担")
    yield Section("budget_clearing", _BUDGET + "clearing:BudgetClearingTerms", zh="总额预算年度清算")
    yield Section("fraud_recovery", _BUDGET + "clearing:FraudRecoveryTerms", zh="骗保费用追回")
    yield Section("insurer", _BUDGET + "insurer:InsurerTerms", zh="商业保险机构承办")
    yield Section("grid", _BUDGET + "grid:SettlementGridTerms", zh="网格化结算")


def _indicator_sections() -> Iterable[Section]:
    yield Section("quantities", _INDICATORS + "quantity:QuantityTerms", zh="指标量")
    yield Section("indicators", _INDICATORS + "rates:IndicatorTerms", zh="指标")
    yield Section("targets", _INDICATORS + "targets:TargetTerms", zh="目标")
    yield Section("target_figures", _INDICATORS + "targets:TargetFigureTerms", zh="目标补充数值")
    yield Section("observations", _INDICATORS + "targets:ObservationTerms", zh="指标观测值")


SECTIONS: Final = MappingProxyType(
    {
        section.name: section
        for sections in (_benefit_sections(), _payment_sections(), _budget_sections(), _indicator_sections())
        for section in sections
    }
)
"""Every section that a policy file may hold, by its dotted name."""
