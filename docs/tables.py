"""The tables of these pages that come from the code; `python docs/tables.py` writes them anew, a test compares them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from mipolicy import codes
from mipolicy.annual.records import INSTITUTION_TABLES, InstitutionYear
from mipolicy.batch import OUTPUTS
from mipolicy.benefits.account import AccountTerms, CreditTerms
from mipolicy.benefits.account_use import AccountUseTerms
from mipolicy.benefits.assistance import AssistanceTerms
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.catalogue import AdmissionTerms, CatalogueItemsTerms, CatalogueTerms, RemovalTerms
from mipolicy.benefits.conduct import SettlementTerms
from mipolicy.benefits.eligibility import BothSchemesTerms, EligibilityTerms
from mipolicy.benefits.epidemic import EpidemicTerms
from mipolicy.benefits.fee_lines import Line
from mipolicy.benefits.fixed_price import FixedPriceTerms
from mipolicy.benefits.household_relief import HouseholdReliefTerms
from mipolicy.benefits.incentive import IncentiveTerms
from mipolicy.benefits.inpatient import Inpatient, InpatientTerms
from mipolicy.benefits.ladder import LadderTerms, Layer
from mipolicy.benefits.long_term_care import LongTermCareTerms
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.benefits.maternity import EmployeeMaternityTerms
from mipolicy.benefits.out_of_area import DirectSettlementTerms, OutOfAreaTerms
from mipolicy.benefits.outpatient import Outpatient, OutpatientTerms
from mipolicy.benefits.referral import FilingTerms, ReferralTerms
from mipolicy.benefits.statement import Apart, Setlinfo
from mipolicy.benefits.supplement import SupplementTerms
from mipolicy.benefits.transfer import TransferTerms
from mipolicy.budget.advance import AdvanceTerms, DipAdvanceTerms, WorkingCapitalTerms
from mipolicy.budget.clearing import BudgetClearingTerms, FraudRecoveryTerms, ScoreBand
from mipolicy.budget.grid import Recognition, SettlementGridTerms
from mipolicy.budget.insurer import InsurerTerms, ScoreWeight
from mipolicy.budget.itemised import BudgetPlanTerms, View
from mipolicy.budget.quota import Block, QuotaTerms
from mipolicy.budget.sharing import BudgetSharingTerms
from mipolicy.payment.account import ContractRecord, YearAccount
from mipolicy.payment.bed_day import BedDayTerms, DayStandard
from mipolicy.payment.capitation import CapitationTerms
from mipolicy.payment.case import AuxiliaryFactor, Case, DifferenceFactor, Group, Institution
from mipolicy.payment.clearing import AssessmentBand, ClearingTerms
from mipolicy.payment.consortium import ConsortiumTerms
from mipolicy.payment.day_surgery import DaySurgeryTerms
from mipolicy.payment.dip import DipTerms
from mipolicy.payment.dip_auxiliary import DipAuxiliaryTerms
from mipolicy.payment.dip_catalogue_terms import DipCatalogueTerms
from mipolicy.payment.dip_grouping import DipGroupingTerms
from mipolicy.payment.disease_price import PriceEvaluationTerms, PriceRevisionTerms
from mipolicy.payment.drg_history import BasePointsTerms
from mipolicy.payment.drg_points import DrgPointsTerms
from mipolicy.payment.drg_weight import DrgWeightTerms
from mipolicy.payment.maternity import MaternityPaymentTerms
from mipolicy.payment.monthly import MonthlyTerms
from mipolicy.payment.outliers import OutlierBand
from mipolicy.payment.per_diem import PerDiemTerms
from mipolicy.payment.points import PaymentYearTerms, PointValueTerms, PoolBudgetTerms
from mipolicy.payment.readmission import ReadmissionTerms
from mipolicy.payment.router import RouterTerms
from mipolicy.payment.services_drugs import ServicesDrugsTerms
from mipolicy.payment.single_disease import PathwayExitTerms, SingleDiseaseTerms
from mipolicy.payment.special_case import SpecialCaseTerms
from mipolicy.payment.year_end import SharingTerms
from mipolicy.policy.authorised import AuthorisedListTerms
from mipolicy.rooms import SECTIONS
from mipolicy.tables import Axis

HERE = Path(__file__).parent
PAGES = ("columns.md", "payment.md", "budget.md", "policy-packs.md")
MARKED = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
KINDS = {
    "id": "text",
    "text": "text",
    "flag": '"0" or "1"',
    "fen": "amount",
    "date": "day",
    "time": "day and time",
    "rate": "rate",
    "price": "unit price",
    "quantity": "count",
    "factor": "factor",
    "points": "points",
    "count": "whole number",
}
TERMS = {
    "settlement": SettlementTerms,
    "catalogue": CatalogueTerms,
    "catalogue_items": CatalogueItemsTerms,
    "outpatient": OutpatientTerms,
    "inpatient": InpatientTerms,
    "referral": ReferralTerms,
    "filing": FilingTerms,
    "out_of_area": OutOfAreaTerms,
    "direct_settlement": DirectSettlementTerms,
    "epidemic": EpidemicTerms,
    "authorised_list": AuthorisedListTerms,
    "catalogue_removal": RemovalTerms,
    "tcm_admission": AdmissionTerms,
    "maternity": EmployeeMaternityTerms,
    "long_term_care": LongTermCareTerms,
    "fixed_price": FixedPriceTerms,
    "household_relief": HouseholdReliefTerms,
    "account": AccountTerms,
    "account_credit": CreditTerms,
    "account_use": AccountUseTerms,
    "insurance_transfer": TransferTerms,
    "eligibility": EligibilityTerms,
    "both_schemes": BothSchemesTerms,
    "incentive": IncentiveTerms,
    "payment_router": RouterTerms,
    "payment_year": PaymentYearTerms,
    "pool_budget": PoolBudgetTerms,
    "point_value": PointValueTerms,
    "dip_grouping": DipGroupingTerms,
    "dip_catalogue": DipCatalogueTerms,
    "dip_auxiliary": DipAuxiliaryTerms,
    "single_disease": SingleDiseaseTerms,
    "pathway_exit": PathwayExitTerms,
    "price_evaluation": PriceEvaluationTerms,
    "price_revision": PriceRevisionTerms,
    "day_surgery": DaySurgeryTerms,
    "per_diem": PerDiemTerms,
    "capitation": CapitationTerms,
    "consortium": ConsortiumTerms,
    "maternity_payment": MaternityPaymentTerms,
    "services_drugs": ServicesDrugsTerms,
    "special_case": SpecialCaseTerms,
    "ladder": LadderTerms,
    "layer": Layer,
    "major_illness": MajorIllnessTerms,
    "assistance": AssistanceTerms,
    "supplement": SupplementTerms,
    "drg_points": DrgPointsTerms,
    "outlier_band": OutlierBand,
    "drg_base_points": BasePointsTerms,
    "drg_weight": DrgWeightTerms,
    "bed_day": BedDayTerms,
    "day_standard": DayStandard,
    "readmission": ReadmissionTerms,
    "dip": DipTerms,
    "monthly_payment": MonthlyTerms,
    "year_end": SharingTerms,
    "payment_clearing": ClearingTerms,
    "assessment_band": AssessmentBand,
    "budget_plan": BudgetPlanTerms,
    "budget_view": View,
    "quota": QuotaTerms,
    "quota_block": Block,
    "monthly_advance": AdvanceTerms,
    "dip_advance": DipAdvanceTerms,
    "working_capital": WorkingCapitalTerms,
    "budget_sharing": BudgetSharingTerms,
    "budget_clearing": BudgetClearingTerms,
    "score_band": ScoreBand,
    "fraud_recovery": FraudRecoveryTerms,
    "insurer": InsurerTerms,
    "score_weight": ScoreWeight,
    "grid": SettlementGridTerms,
    "recognition": Recognition,
}


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table with one line a row."""
    lines = [list(head)]
    lines += [["---"] * len(lines[0])]
    lines += [list(row) for row in rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def record(shape: Any) -> str:
    """The columns of bills or of fee lines."""
    rows = []
    for each in attrs.fields(shape):
        labels = each.metadata
        takes = KINDS.get(labels["kind"], "code")
        if takes == "code" and each.name in codes.names():
            takes = f"code of table `{each.name}`"
        default = "yes" if each.default is attrs.NOTHING else "no"
        if labels["kind"] in ("code", "flag") and each.default not in (attrs.NOTHING, ""):
            default = f'no: "{each.default}"'
        rows.append((f"`{each.name}`", labels["zh"], labels["en"], takes, default))
    return markdown(("column", "中文", "what", "takes", "needed"), rows)


def outcome(shape: Any) -> str:
    """The figures that a record or a rule gives, in the order computed."""
    rows = []
    for each in attrs.fields(shape):
        unit = each.metadata["unit"]
        text = unit.name if isinstance(unit, Axis) else {"fen": "fen", "rate": "per million", "flag": "0 or 1"}[unit]
        assert each.name in OUTPUTS
        rows.append((f"`{each.name}`", each.metadata["zh"], each.metadata["en"], text))
    return markdown(("column", "中文", "what", "unit"), rows)


def terms(shape: Any) -> str:
    """What a section has to state, field by field."""
    rows = []
    for each in attrs.fields(shape):
        labels = each.metadata
        rows.append((f"`{each.name}`", labels["zh"], labels["en"], labels["needs"] or labels["kind"].needs()))
    return markdown(("field", "中文", "what", "takes"), rows)


def sections() -> str:
    """Every section, its Terms class, and what it does not have in any document."""
    rows = []
    for name, section in SECTIONS.items():
        fixed = ", ".join(f"`{field}`" for field in section.fixed)
        rows.append((f"`{name}`", section.zh, f"`{section.terms.__name__}`", fixed))
    return markdown(("section", "中文", "terms", "fields it does not have"), rows)


def tables() -> dict[str, str]:
    """Every table by its name."""
    found = {
        "bill": record(Bill),
        "line": record(Line),
        "case": record(Case),
        "institution": record(Institution),
        "group": record(Group),
        "difference": record(DifferenceFactor),
        "auxiliary": record(AuxiliaryFactor),
        "contract": record(ContractRecord),
        "year-account": record(YearAccount),
        "institution-year": record(InstitutionYear),
        **{f"year-{name}": record(shape) for name, shape in INSTITUTION_TABLES.items()},
        "setlinfo": outcome(Setlinfo),
        "apart": outcome(Apart),
        "outpatient-steps": outcome(Outpatient),
        "inpatient-steps": outcome(Inpatient),
        "sections": sections(),
    }
    return {**found, **{f"terms-{name}": terms(shape) for name, shape in TERMS.items()}}


def renewed(text: str) -> str:
    """A page with its marked tables as the code has them now."""
    found = tables()
    return MARKED.sub(lambda match: f"{match[1]}\n{found[match['name']]}\n\n{match[3]}", text)


def main() -> None:
    """Write the tables of the pages anew."""
    for name in PAGES:
        page = HERE / name
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
