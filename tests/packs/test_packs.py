"""The bundled packs: every figure against tables typed by hand from the documents, nothing more and nothing less.

The assumed pack is checked for being whole, and for what its sections share being the same in each of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from importlib.resources import files
from typing import Any

import attrs
import pytest

from mipolicy import packs
from mipolicy.axes import LEVEL
from mipolicy.benefits import major_illness
from mipolicy.benefits.assistance import AssistanceTerms
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.catalogue import ITEM_KINDS, CatalogueItemsTerms, Payable, RemovalTerms, payable
from mipolicy.benefits.inpatient import InpatientTerms
from mipolicy.benefits.layer import LayerCase
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.benefits.outpatient import ADMISSION, OutpatientTerms
from mipolicy.budget.axes import STATE
from mipolicy.errors import NotInForce, PolicyError, PolicyGap, RepealedPolicy
from mipolicy.policy import Citation, Policy, UnverifiedWarning, dumps, loads
from mipolicy.policy.authorised import AuthorisedListTerms, beyond_authorisation
from mipolicy.policy.changes import version_changes
from mipolicy.rooms import SECTIONS

INDICATOR_SECTIONS = ("indicators", "targets", "target_figures", "observations")
"""Their records are checked one by one in tests/indicators."""
REAL = ("changde-2023", "shangyu-2013", "taizhou-2024", "tianjin-2021")
ALL = ("assumed", *REAL)

MEASURES = "常德市医疗保障局关于印发《支持市域内医疗机构高质量发展的若干措施》的通知"
OPINION = "虞政发〔2013〕36号"
PLAN = "天津市医疗保障发展“十四五”规划"

TCM = "一(三) 加大中医药医保政策倾斜力度"
POOLING = "一(一) 推进职工医保门诊共济改革"
LEVEL_OF_BENEFITS = "一(一) 医疗保障水平稳步提升"
MATERNITY = "三(一) 完善生育保险政策措施"
LONG_TERM_CARE = "三(三) 推进长期护理保险试点"
ASSISTANCE = "三(一) 完善医疗救助政策"
OUTSIDE_CITY = "二(二)3 规范市外就医的审批及报销"
DIRECT = "二(六) 扩大异地就医直接结算"
LAYERED = "一(一) 医疗保障制度体系不断完善"
SUPPLEMENTARY = "三(一) 规范补充医疗保险"
INDICATOR = "二(三) 指标表 8"
DRUGS = "三(四) 严格医保药品目录管理"
MUTUAL_AID = "三(三) 支持医疗互助有序发展"
COMMERCIAL = "三(三) 积极发展商业医疗保险"
DIP = "三(八) 深化DIP支付方式改革"
EPIDEMIC = "一(一) 在重大疫情防治中发挥医保作为"
SINGLE_DISEASE = "三(九) 完善单病种付费管理"
PAYMENT_BEFORE = "一(一) 医疗保险重点领域改革不断深化"
PAYMENT_REFORM = "三(四) 深化医保支付方式改革"
QUOTAS = "二(一)2 合理科学分配"
TOTAL = "二(一)1 实行总量控制"
YEAR_END = "二(三)3 健全结算管理"
SUPERVISION = "二(三)1 完善监管机制"
GRID = "二(七) 探索网格化结算管理机制"
PREPAYMENT = "二(四) 建立基金预付机制"
NEGOTIATION = "三(四) 建立健全协商谈判机制"
EPIDEMIC_PLAN = "三(一) 健全重大疫情医疗救治费用保障机制"

SIXTY = str({"from": "0.00", "rate": dict.fromkeys(HARDSHIP.members, "60%")})
"""One band of 60% for every class, as provenance prints it."""

Stated = dict[tuple[str, str, str], tuple[str, str, str]]
"""(section, version, path) -> (value, document number or title, clause)."""


def stated(section: str, version: str, document: str, clause: str, figures: dict[str, str]) -> Stated:
    return {(section, version, path): (value, document, clause) for path, value in figures.items()}


# Typed from the documents, clause by clause.
EXPECTED: dict[str, Stated] = {
    "changde-2023": {
        # 一(三): 降低5%的自付比例, services of both medicines and Chinese medicines, without 中成药
        **stated(
            "catalogue",
            "2023",
            MEASURES,
            TCM,
            {"tcm_cut": "5%", "tcm_cut_kinds": "tcm_service, ethnic_service, herbal_piece"},
        ),
        # 一(一): no deductible at 基层 and 一级; public all, private and stations as needed
        **stated(
            "outpatient.employee.general",
            "2023",
            MEASURES,
            POOLING,
            {
                "deductible.level_1.in_service": "0.00",
                "deductible.level_1.retired": "0.00",
                "deductible.primary.in_service": "0.00",
                "deductible.primary.retired": "0.00",
                "institutions.hospital.public": "always",
                "institutions.hospital.private": "listed",
                "institutions.community_center.public": "always",
                "institutions.community_center.private": "listed",
                "institutions.community_station.public": "listed",
                "institutions.community_station.private": "listed",
                "institutions.township_center.public": "always",
                "institutions.township_center.private": "listed",
                "institutions.clinic.public": "always",
                "institutions.clinic.private": "listed",
            },
        ),
        # 一(三): 提高5个百分点
        **stated("inpatient.employee", "2023", MEASURES, TCM, {"tcm_addition": "5%"}),
        **stated("inpatient.resident", "2023", MEASURES, TCM, {"tcm_addition": "5%"}),
        **stated("fixed_price.employee", "2023", MEASURES, TCM, {"tcm_addition": "5%"}),
        **stated("fixed_price.resident", "2023", MEASURES, TCM, {"tcm_addition": "5%"}),
        # 二(六): 普通门诊统筹, 生育保险门诊住院, 意外伤害, 双通道药品
        **stated(
            "direct_settlement",
            "2023",
            MEASURES,
            DIRECT,
            {"counted": "general_outpatient, maternity, accidental_injury, dual_channel"},
        ),
        # 二(四): 前5个工作日, four conditions
        **stated(
            "dip_advance",
            "2023",
            MEASURES,
            PREPAYMENT,
            {
                "due_working_day": "5",
                "conditions": "管理规范, 经营正常, 具备债务偿还能力, 积极支持医保支付方式改革",
            },
        ),
        # 二(七): 市本级负责三级, 纳入平台的统一由市级清算
        **stated("grid", "2023", MEASURES, GRID, {"city_levels": "tertiary", "platform_cleared_by": "city"}),
    },
    "shangyu-2013": {
        **stated(
            "outpatient.resident.special", "2013", OPINION, "二(二)3 改革特殊病种门诊方式", {"designated_only": "true"}
        ),
        # 二(二)3: 副主任以上, 科主任, 医保办公室, 备案; 患者要求转院的按非特约医院
        **stated(
            "referral",
            "2013",
            OPINION,
            OUTSIDE_CITY,
            {
                "lowest_rank": "associate_chief",
                "steps": "proposal, department_review, office_approval",
                "non_contracted_steps": "filing",
                "patient_request_tier": "non_contracted",
            },
        ),
        # 二(二)3: 自行赴绍兴市外 not, 在外期间突发疾病 excepted
        **stated(
            "out_of_area.resident",
            "2013",
            OPINION,
            OUTSIDE_CITY,
            {
                "payable.emergency.contracted": "yes",
                "payable.emergency.non_contracted": "yes",
                "payable.unreferred.contracted": "no",
                "payable.unreferred.non_contracted": "no",
            },
        ),
        # 二(一)1: 不得超过上年度, 差额部分由市财政
        **stated("quota", "2013", OPINION, TOTAL, {"growth": "0%", "top_up_rate": "100%"}),
        # 二(一)2: six blocks, three of them 单独保障; 征询 of city hospitals only; 以业务收入为依据
        **stated(
            "quota",
            "2013",
            OPINION,
            QUOTAS,
            {
                "blocks": ", ".join(
                    str({"block": block, "ring_fenced": fenced, "basis": basis, "consulted": block == "市级公立医院"})
                    for block, fenced, basis in (
                        ("新增医疗定点单位", True, "set_by_agency"),
                        ("乡镇卫生院(站)", False, "last_year_actual"),
                        ("市级公立医院", False, "last_year_actual"),
                        ("绍兴市外医院", False, "revenue"),
                        ("上虞市外绍兴市内医院", True, "last_year_actual"),
                        ("参保人员在外地突发疾病就医", True, "last_year_actual"),
                    )
                ),
                "outside_block": "绍兴市外医院",
                "outside_way": "revenue",
            },
        ),
        # 二(三)3: 向市卫生局申请, 经同意并报市医改领导小组审核
        **stated("quota", "2013", OPINION, YEAR_END, {"approvals": "市卫生局同意, 市医改领导小组审核"}),
        **stated("budget_sharing", "2013", OPINION, "二(一) 总额控制", {"basis": "quota"}),
        **stated(
            "budget_sharing",
            "2013",
            OPINION,
            "二(二)3 控制市级就医人次和均次费用增长",
            {
                "indicators": "就医人次人头比, 就医(门诊、住院)人次增长率, 均次(门诊、住院)费用, 转市外住院率, "
                "药品收入占医药总收入的比例, 平均住院床日, 病床使用率, 非医保目录药品配备控制比例, "
                "非医保目录药品销售金额控制比例, 非医保目录医疗服务项目金额占医疗服务项目总额的控制比例, "
                "大型设备检查阳性率, 开展临床路径管理病种数"
            },
        ),
        # 二(三)3: 30% from the treasury; all met 0, some 30 and 10, none 100, the rest from the fund
        **stated(
            "budget_sharing",
            "2013",
            OPINION,
            YEAR_END,
            {
                "overrun_split": "by_quota",
                "saving_bands": str({"from": "0%", "rate": dict.fromkeys(STATE.members, "30%")}),
                "saving_way": "whole",
                "saving_limit": "none",
                "saving_payer": "treasury",
                "overrun_bands": str(
                    {
                        "from": "0%",
                        "rate": {
                            "all_met": {"local": "0%", "out": "0%"},
                            "some_met": {"local": "30%", "out": "10%"},
                            "none_met": {"local": "100%", "out": "100%"},
                        },
                    }
                ),
                "overrun_way": "whole",
                "overrun_limit": "none",
                "overrun_payer": "fund",
                "edge_side": "above",
                "factor_on": "nothing",
            },
        ),
        # 二(三)1: 追回发生的相关费用
        **stated("fraud_recovery", "2013", OPINION, SUPERVISION, {"rate": "100%"}),
    },
    "taizhou-2024": {},
    "tianjin-2021": {
        # 一(一): 职工 5500 to 7500, 居民 3000 to 4000
        **stated(
            "outpatient.employee.general",
            "before",
            PLAN,
            LEVEL_OF_BENEFITS,
            {"ceiling.in_service": "5500.00", "ceiling.retired": "5500.00"},
        ),
        **stated(
            "outpatient.employee.general",
            "after",
            PLAN,
            LEVEL_OF_BENEFITS,
            {"ceiling.in_service": "7500.00", "ceiling.retired": "7500.00"},
        ),
        **stated(
            "outpatient.resident.general",
            "before",
            PLAN,
            LEVEL_OF_BENEFITS,
            {"ceiling.minor": "3000.00", "ceiling.adult": "3000.00", "ceiling.elderly": "3000.00"},
        ),
        **stated(
            "outpatient.resident.general",
            "after",
            PLAN,
            LEVEL_OF_BENEFITS,
            {"ceiling.minor": "4000.00", "ceiling.adult": "4000.00", "ceiling.elderly": "4000.00"},
        ),
        # 一(一): 职工 inpatient with 门特, 350,000 to 450,000
        **{
            row: figure
            for section in ("outpatient.employee.special", "inpatient.employee")
            for version, ceiling in (("before", "350000.00"), ("after", "450000.00"))
            for row, figure in stated(
                section,
                version,
                PLAN,
                LEVEL_OF_BENEFITS,
                {
                    "ceiling.in_service": ceiling,
                    "ceiling.retired": ceiling,
                    "ceiling_streams": "inpatient, special",
                },
            ).items()
        },
        # 一(一): 居民 inpatient rates, level 3 +10 points, level 2 +5 points
        **stated(
            "inpatient.resident",
            "after",
            PLAN,
            LEVEL_OF_BENEFITS,
            {"rate_increase.tertiary": "10%", "rate_increase.secondary": "5%"},
        ),
        # 一(一): 住院, for 长期异地居住 and 转外就医
        **stated(
            "direct_settlement",
            "plan",
            PLAN,
            "一(一) 医保经办管理服务能力不断增强",
            {"enabled.inpatient.resident_elsewhere": "yes", "enabled.inpatient.referred": "yes"},
        ),
        # 一(一): 确诊和疑似患者, 全额, 由医保基金
        **stated(
            "epidemic",
            "2020",
            PLAN,
            EPIDEMIC,
            {
                "covered_patients": "confirmed, suspected",
                "override_rate": "100%",
                "override_base": "total",
                **{f"fund_share.override.{level}": "100%" for level in LEVEL.members},
            },
        ),
        # 三(一): 医保目录, 支付限额, 用药量, 疫苗接种
        **stated(
            "epidemic",
            "plan",
            PLAN,
            EPIDEMIC_PLAN,
            {"waivable": "catalogue, ceiling, drug_quantity, vaccination"},
        ),
        **stated("authorised_list", "plan", PLAN, "三(一) 严格落实医疗保障待遇清单制度", {"clear_by": "2023-12-31"}),
        **stated("authorised_list", "plan", PLAN, "引言", {"effective": "2021-01-01", "until": "2025-12-31"}),
        **stated("catalogue_removal", "plan", PLAN, "三(四) 严格医保药品目录管理", {"remove_by": "2022-12-31"}),
        **stated("catalogue_removal", "plan", PLAN, "引言", {"effective": "2021-01-01", "until": "2025-12-31"}),
        # 一(一): 大病保险, 60%, of neither scheme in particular
        **stated("major_illness.employee", "after", PLAN, LEVEL_OF_BENEFITS, {"bands": SIXTY}),
        **stated("major_illness.resident", "after", PLAN, LEVEL_OF_BENEFITS, {"bands": SIXTY}),
        # 三(三): the pilot starts from the employees' insured
        **stated("long_term_care", "plan", PLAN, LONG_TERM_CARE, {"covered.employee": "yes", "covered.resident": "no"}),
        # 三(一): 依申请
        **stated("household_relief", "plan", PLAN, ASSISTANCE, {"application_needed": "true"}),
    },
}

# Versions of each section: name, first and last day, and the clause that the version rests on.
VERSIONS: dict[str, dict[str, list[tuple[str, str, str, str]]]] = {
    "changde-2023": {
        "catalogue": [("2023", "open", "open", TCM)],
        "outpatient.employee.general": [("2023", "open", "open", POOLING)],
        "outpatient.employee.special": [("2023", "open", "open", "四(十三) 扩大医保信息平台应用")],
        "outpatient.employee.dual_channel": [("2023", "open", "open", "四(十三) 扩大医保信息平台应用")],
        "outpatient.resident.special": [("2023", "open", "open", "四(十三) 扩大医保信息平台应用")],
        "outpatient.resident.dual_channel": [("2023", "open", "open", "四(十三) 扩大医保信息平台应用")],
        "inpatient.employee": [("2023", "open", "open", TCM)],
        "inpatient.resident": [("2023", "open", "open", TCM)],
        "fixed_price.employee": [("2023", "open", "open", TCM)],
        "fixed_price.resident": [("2023", "open", "open", TCM)],
        "account_credit": [("2023", "open", "open", POOLING)],
        "account_use": [("2023", "open", "open", "二(六) 扩大异地就医直接结算")],
        "direct_settlement": [("2023", "open", "open", DIRECT)],
        "single_disease": [("2023", "open", "open", TCM)],
        "pathway_exit": [("2023", "open", "open", SINGLE_DISEASE)],
        "price_evaluation": [("2023", "open", "open", SINGLE_DISEASE)],
        "price_revision": [("2023", "open", "open", SINGLE_DISEASE)],
        "day_surgery": [("2023", "open", "open", "三(十) 支持日间手术开展")],
        "special_case": [("2023", "open", "open", "三(八) 深化DIP支付方式改革")],
        "dip_catalogue": [("2023", "open", "open", DIP)],
        "dip_auxiliary": [("2023", "open", "open", DIP)],
        "dip": [("2023", "open", "open", "三(八) 深化DIP支付方式改革")],
        "dip_advance": [("2023", "open", "open", PREPAYMENT)],
        "grid": [("2023", "open", "open", GRID)],
        "budget_plan": [("2023", "open", "open", DIP)],
        "indicators": [("2023", "2023-05-18", "open", DIRECT)],
        "targets": [("2023", "2023-05-18", "open", DIRECT)],
    },
    "shangyu-2013": {
        "outpatient.resident.general": [("2013", "open", "open", "二(二)3 控制市级就医人次和均次费用增长")],
        "outpatient.resident.special": [("2013", "open", "open", "二(二)3 改革特殊病种门诊方式")],
        "inpatient.resident": [("2013", "open", "open", "二(二)3 控制市级就医人次和均次费用增长")],
        "referral": [("2013", "open", "open", OUTSIDE_CITY)],
        "out_of_area.resident": [("2013", "open", "open", OUTSIDE_CITY)],
        "quota": [("2013", "open", "open", QUOTAS)],
        "monthly_advance": [("2013", "open", "open", "二(一)3 明确拨付方式")],
        "budget_sharing": [("2013", "open", "open", YEAR_END)],
        "fraud_recovery": [("2013", "open", "open", SUPERVISION)],
    },
    "taizhou-2024": {
        "special_case": [("2024", "open", "open", "二(三)(6)")],
        "drg_points": [("2024", "open", "open", "二(四) 问题反馈")],
        "drg_base_points": [("2024", "open", "open", "二(四) 问题反馈")],
        "indicators": [("2023", "2024-01-26", "open", "取得积极成效·二是")],
        "targets": [("2023", "2024-01-26", "open", "取得积极成效·二是")],
        "observations": [("2023", "2024-01-26", "open", "取得积极成效·二是")],
    },
    "tianjin-2021": {
        "catalogue": [("plan", "open", "open", "三(四) 建立管用高效的医保支付机制")],
        "catalogue_items": [("plan", "open", "open", "三(一) 严格落实医疗保障待遇清单制度")],
        "outpatient.employee.general": [
            ("before", "open", "open", LEVEL_OF_BENEFITS),
            ("after", "open", "open", LEVEL_OF_BENEFITS),
        ],
        "outpatient.employee.emergency": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "outpatient.employee.special": [
            ("before", "open", "open", LEVEL_OF_BENEFITS),
            ("after", "open", "open", LEVEL_OF_BENEFITS),
        ],
        "outpatient.employee.two_disease": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "outpatient.employee.dual_channel": [("plan", "open", "open", "三(九) 做好药品和医用耗材供应保障工作")],
        "outpatient.resident.general": [
            ("before", "open", "open", LEVEL_OF_BENEFITS),
            ("after", "open", "open", LEVEL_OF_BENEFITS),
        ],
        "outpatient.resident.emergency": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "outpatient.resident.special": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "outpatient.resident.two_disease": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "outpatient.resident.dual_channel": [("plan", "open", "open", "三(九) 做好药品和医用耗材供应保障工作")],
        "inpatient.employee": [
            ("before", "open", "open", LEVEL_OF_BENEFITS),
            ("after", "open", "open", LEVEL_OF_BENEFITS),
        ],
        "inpatient.resident": [("after", "open", "open", LEVEL_OF_BENEFITS)],
        "referral": [("plan", "open", "open", "三(七) 做好医保跨地区转移服务")],
        "filing": [("plan", "open", "open", "三(七) 做好医保跨地区转移服务")],
        "direct_settlement": [("plan", "open", "open", "一(一) 医保经办管理服务能力不断增强")],
        "epidemic": [("2020", "open", "open", EPIDEMIC), ("plan", "open", "open", EPIDEMIC_PLAN)],
        "authorised_list": [("plan", "2021-01-01", "2025-12-31", "三(一) 严格落实医疗保障待遇清单制度")],
        "catalogue_removal": [("plan", "2021-01-01", "2025-12-31", "三(四) 严格医保药品目录管理")],
        "tcm_admission": [("plan", "open", "open", "三(四) 完善医保医疗服务项目管理")],
        "ladder.employee": [("plan", "open", "open", LAYERED)],
        "ladder.resident": [("plan", "open", "open", LAYERED)],
        "major_illness.employee": [("after", "open", "open", LEVEL_OF_BENEFITS)],
        "major_illness.resident": [("after", "open", "open", LEVEL_OF_BENEFITS)],
        "large_cost.employee": [("plan", "open", "open", SUPPLEMENTARY)],
        "assistance.employee": [("plan", "open", "open", INDICATOR)],
        "assistance.resident": [("plan", "open", "open", INDICATOR)],
        "rare_disease.employee": [("plan", "open", "open", DRUGS)],
        "rare_disease.resident": [("plan", "open", "open", DRUGS)],
        "mutual_aid.employee": [("plan", "open", "open", MUTUAL_AID)],
        "commercial.employee": [("plan", "open", "open", COMMERCIAL)],
        "commercial.resident": [("plan", "open", "open", COMMERCIAL)],
        "maternity.employee": [("plan", "open", "open", MATERNITY)],
        "maternity.resident": [("plan", "open", "open", MATERNITY)],
        "long_term_care": [("plan", "open", "open", LONG_TERM_CARE)],
        "household_relief": [("plan", "open", "open", ASSISTANCE)],
        "account_use": [("plan", "open", "open", "三(一) 完善基本医疗保险政策")],
        "insurance_transfer": [("plan", "open", "open", "三(七) 做好医保跨地区转移服务")],
        "single_disease": [("2020", "open", "open", PAYMENT_BEFORE)],
        "per_diem": [("2020", "open", "open", PAYMENT_BEFORE), ("plan", "open", "open", PAYMENT_REFORM)],
        "capitation": [("2020", "open", "open", PAYMENT_BEFORE), ("plan", "open", "open", PAYMENT_REFORM)],
        "consortium": [("plan", "open", "open", PAYMENT_REFORM)],
        "maternity_payment": [("plan", "open", "open", MATERNITY)],
        "services_drugs": [("plan", "open", "open", PAYMENT_REFORM)],
        "dip_catalogue": [("plan", "open", "open", "三(四) 深化医保支付方式改革")],
        "dip": [("plan", "open", "open", "三(四) 建立管用高效的医保支付机制")],
        "payment_clearing": [("plan", "open", "open", "三(四) 建立管用高效的医保支付机制")],
        "working_capital": [("plan", "open", "open", PAYMENT_REFORM)],
        "budget_clearing": [("plan", "open", "open", "三(四) 建立管用高效的医保支付机制")],
        "insurer": [("plan", "open", "open", COMMERCIAL)],
        "budget_plan": [("plan", "open", "open", NEGOTIATION)],
        "indicators": [("plan", "2021-01-01", "2025-12-31", "二(三) 指标表")],
        "targets": [("plan", "2021-01-01", "2025-12-31", "二(三) 指标表")],
        "target_figures": [("plan", "2021-01-01", "2025-12-31", "二(三) 指标表")],
        "observations": [("plan", "2021-01-01", "2025-12-31", "二(三) 指标表")],
    },
}

# What each clause names without its figure: (section, version) -> the fields that carry a note.
GENERAL_BEFORE = {"effective", "ceiling_basis", "ceiling_streams"}
GENERAL_AFTER = {*GENERAL_BEFORE, "institutions", "service_uplift", "online_payable", "online_follow_up_only"}
NOTES: dict[str, dict[tuple[str, str], set[str]]] = {
    "changde-2023": {
        ("catalogue", "2023"): {"tcm_cut_mode"},
        ("outpatient.employee.general", "2023"): {
            "counts_toward_deductible",
            "rate_uplift",
            "listed_institutions",
            "institutions.village_clinic",
            "institutions.pharmacy",
        },
        ("outpatient.employee.special", "2023"): {"recognition_needed"},
        ("outpatient.employee.dual_channel", "2023"): {"recognition_needed"},
        ("outpatient.resident.special", "2023"): {"recognition_needed"},
        ("outpatient.resident.dual_channel", "2023"): {"recognition_needed"},
        ("inpatient.employee", "2023"): {"tcm_diseases"},
        ("inpatient.resident", "2023"): {"tcm_diseases"},
        ("fixed_price.employee", "2023"): {"tcm_diseases", "patient_rate"},
        ("fixed_price.resident", "2023"): {"tcm_diseases", "patient_rate"},
        ("account_credit", "2023"): {"basis", "own_rate", "allotted_rate", "allotted_amount"},
        ("account_use", "2023"): {"uses"},
        ("direct_settlement", "2023"): {"enabled", "starts"},
        ("single_disease", "2023"): {"diseases", "pilot_diseases"},
        ("pathway_exit", "2023"): {"ground", "variance_limit"},
        ("price_evaluation", "2023"): {"method"},
        ("price_revision", "2023"): {"up_limit", "down_limit", "part_of_gap"},
        ("day_surgery", "2023"): {"operations", "fund_rate", "documents"},
        ("special_case", "2023"): {"criteria", "quota"},
        ("dip_catalogue", "2023"): {"minimum_cases", "weight_method", "basic_groups"},
        ("dip_auxiliary", "2023"): {"dimensions", "cv_minimum", "fall_minimum"},
        ("dip", "2023"): {"basic_groups", "auxiliary", "extreme_limit"},
        ("dip_advance", "2023"): {"base", "rate"},
        ("grid", "2023"): {"recognition"},
        ("budget_plan", "2023"): {"growth", "accuracy"},
    },
    "shangyu-2013": {
        ("outpatient.resident.general", "2013"): {"deductible", "rate"},
        ("outpatient.resident.special", "2013"): {"outside_designated", "diseases"},
        ("inpatient.resident", "2013"): {"deductible", "bands"},
        ("referral", "2013"): {"patient_request_steps"},
        ("out_of_area.resident", "2013"): {"points_off", "factor", "preself_first"},
        ("quota", "2013"): set(),
        ("monthly_advance", "2013"): {"rule"},
        ("budget_sharing", "2013"): set(),
        ("fraud_recovery", "2013"): set(),
    },
    "taizhou-2024": {
        ("special_case", "2024"): {"criteria", "carve_out_rate"},
        ("drg_points", "2024"): {"scale", "bands"},
        ("drg_base_points", "2024"): {"scale", "institution_weight"},
    },
    "tianjin-2021": {
        ("target_figures", "plan"): {"figures"},
        ("catalogue", "plan"): {"excess_payer"},
        ("catalogue_items", "plan"): {"items", "excluded"},
        ("outpatient.employee.general", "before"): GENERAL_BEFORE,
        ("outpatient.employee.general", "after"): GENERAL_AFTER,
        ("outpatient.employee.emergency", "plan"): {"deductible", "rate", "ceiling"},
        ("outpatient.employee.special", "before"): {"effective", "ceiling_basis"},
        ("outpatient.employee.special", "after"): {"effective", "ceiling_basis", "deductible", "rate", "diseases"},
        ("outpatient.employee.two_disease", "plan"): {"rate", "ceiling", "diseases"},
        ("outpatient.employee.dual_channel", "plan"): {"rate", "institutions", "listed_institutions"},
        ("outpatient.resident.general", "before"): GENERAL_BEFORE,
        ("outpatient.resident.general", "after"): GENERAL_AFTER,
        ("outpatient.resident.emergency", "plan"): {"deductible", "rate", "ceiling"},
        ("outpatient.resident.special", "plan"): {"deductible", "rate", "diseases"},
        ("outpatient.resident.two_disease", "plan"): {"rate", "ceiling", "diseases"},
        ("outpatient.resident.dual_channel", "plan"): {"rate", "institutions", "listed_institutions"},
        ("inpatient.employee", "before"): {"effective", "ceiling_basis"},
        ("inpatient.employee", "after"): {"effective", "ceiling_basis"},
        ("inpatient.resident", "after"): {"effective", "rate_increase", "bands"},
        ("referral", "plan"): {"steps"},
        ("filing", "plan"): {"lasting_kinds", "valid_days"},
        ("direct_settlement", "plan"): {"effective", "enabled.general_outpatient", "enabled.online_care"},
        ("epidemic", "2020"): {"effective", "episodes", "treatment_drugs", "supply_days"},
        ("epidemic", "plan"): {"exemptions", "rate_uplift", "fund_share"},
        ("authorised_list", "plan"): {"authorised"},
        ("catalogue_removal", "plan"): set(),
        ("tcm_admission", "plan"): {"minimum_effect_ratio", "maximum_cost_ratio"},
        ("ladder.employee", "plan"): {"layers"},
        ("ladder.resident", "plan"): {"layers"},
        ("major_illness.employee", "after"): {"effective", "deductible", "band_basis", "ceiling"},
        ("major_illness.resident", "after"): {"effective", "deductible", "band_basis", "ceiling"},
        ("large_cost.employee", "plan"): {"deductible", "bands", "ceiling"},
        ("assistance.employee", "plan"): {"deductible", "rate", "ceiling"},
        ("assistance.resident", "plan"): {"deductible", "rate", "ceiling"},
        ("rare_disease.employee", "plan"): {"rate", "diseases", "drugs"},
        ("rare_disease.resident", "plan"): {"rate", "diseases", "drugs"},
        ("mutual_aid.employee", "plan"): {"deductible", "rate", "ceiling"},
        ("commercial.employee", "plan"): {"deductible", "rate", "ceiling"},
        ("commercial.resident", "plan"): {"deductible", "rate", "ceiling"},
        ("maternity.employee", "plan"): {"way", "rate", "limit", "base_days", "month_days"},
        ("maternity.resident", "plan"): {"way", "rate", "limit"},
        ("long_term_care", "plan"): {"least_grade", "standard", "rate"},
        ("household_relief", "plan"): {"spending_rate", "income_limit", "rate"},
        ("account_use", "plan"): {"uses"},
        ("insurance_transfer", "plan"): {"counted_schemes", "overlap_counts", "balance"},
        ("single_disease", "2020"): {"effective", "diseases"},
        ("per_diem", "2020"): {"effective", "conditions", "phases"},
        ("per_diem", "plan"): {"conditions", "phases"},
        ("capitation", "2020"): {"effective", "conditions"},
        ("capitation", "plan"): {"conditions"},
        ("consortium", "plan"): {"standard"},
        ("maternity_payment", "plan"): {"antenatal_standard", "delivery_price"},
        ("services_drugs", "plan"): {"way"},
        ("dip_catalogue", "plan"): {"weight_method"},
        ("dip", "plan"): {"tcm_groups", "tcm_factor"},
        ("payment_clearing", "plan"): {"deposit_rate", "assessment"},
        ("working_capital", "plan"): {"months_held"},
        ("budget_clearing", "plan"): {"quality_bands", "internal_bands"},
        ("insurer", "plan"): {"scores", "profit_limit"},
        ("budget_plan", "plan"): {"surplus_rate", "views"},
    },
}

HEADERS = {
    "assumed": ("990000", ("310", "390")),
    "changde-2023": ("430700", ("310", "390")),
    "shangyu-2013": ("330682", ("390",)),
    "taizhou-2024": ("321200", ("310", "390")),
    "tianjin-2021": ("120000", ("310", "390")),
}

# title, issuer, number, status, published, verified_on, effective, until
DOCUMENTS: dict[str, dict[str, tuple[str, str, str, str, date | None, date | None, date | None, date | None]]] = {
    "changde-2023": {
        "measures-2023": (
            MEASURES,
            "常德市医疗保障局",
            "",
            "in_force",
            date(2023, 5, 18),
            date(2023, 5, 18),
            None,
            None,
        ),
    },
    "shangyu-2013": {
        "opinion-2013": (
            "上虞市人民政府关于进一步加强城乡居民基本医疗保险管理工作的意见",
            "上虞市人民政府",
            "虞政发〔2013〕36号",
            "repealed",
            date(2014, 2, 27),
            date(2014, 2, 27),
            None,
            None,
        ),
    },
    "taizhou-2024": {
        "notice-2024": (
            "泰州市医疗保障局关于建立DRG支付方式改革沟通交流和信息反馈机制的通知",
            "泰州市医疗保障局",
            "泰医保函〔2024〕65号",
            "in_force",
            date(2024, 7, 10),
            date(2024, 7, 10),
            None,
            None,
        ),
        "article-2023": (
            "支付改革新征程,经办管理新作为",
            "中国医疗保险",
            "ZGYB-2023.12",
            "article",
            date(2024, 1, 26),
            date(2024, 1, 26),
            None,
            None,
        ),
    },
    "tianjin-2021": {
        "plan-2021": (
            "天津市医疗保障发展“十四五”规划",
            "天津市医疗保障局",
            "",
            "plan",
            date(2021, 6, 29),
            date(2021, 6, 29),
            date(2021, 1, 1),
            date(2025, 12, 31),
        ),
        "regulation-2020": (
            "天津市基本医疗保险条例",
            "天津市",
            "",
            "in_force",
            None,
            None,
            date(2020, 3, 1),
            None,
        ),
    },
}

# title, number, published, where it is named
UNRESOLVED: dict[str, list[tuple[str, str, str, Citation]]] = {
    "assumed": [],
    "changde-2023": [],
    "shangyu-2013": [
        (
            "上虞市人民政府关于印发上虞市城乡居民基本医疗保险实施细则(试行)的通知",
            "虞政发[2012]44号",
            "",
            Citation("opinion-2013", "引言"),
        ),
    ],
    "taizhou-2024": [
        (
            "按疾病诊断相关分组(DRG)付费医疗保障经办管理规程(试行)",
            "",
            "2021-04",
            Citation("article-2023", "取得积极成效·一是抓规程规范"),
        ),
        (
            "按病种分值付费(DIP)医疗保障经办管理规程(试行)",
            "",
            "2021-05",
            Citation("article-2023", "取得积极成效·一是抓规程规范"),
        ),
    ],
    "tianjin-2021": [
        (
            "天津市基本医疗保险付费总额管理办法",
            "",
            "",
            Citation("plan-2021", "一(一) 医疗保险重点领域改革不断深化"),
        ),
        (
            "“互联网+”医保支付管理办法",
            "",
            "",
            Citation("plan-2021", "一(一) 医保经办管理服务能力不断增强"),
        ),
    ],
}


# ---- every pack ------------------------------------------------------------------------------------------------------


def test_the_bundled_packs_are_these_and_an_unknown_name_says_so() -> None:
    assert packs.names() == ALL
    with pytest.raises(PolicyError) as error:
        packs.load("changde")
    assert str(error.value) == "no bundled pack 'changde'; packs: " + ", ".join(ALL)


@pytest.mark.parametrize("name", ALL)
def test_each_pack_loads_under_its_own_name_region_and_schemes(name: str) -> None:
    policy = packs.load(name)
    assert policy.id == name
    assert (policy.header.region, policy.header.schemes) == HEADERS[name]
    assert policy.header.note
    assert policy.header.extends == policy.header.reform == ""


@pytest.mark.parametrize("name", ALL)
def test_a_pack_written_out_and_read_again_is_equal(name: str) -> None:
    policy = packs.load(name)
    again = loads(dumps(policy), SECTIONS)
    assert again == policy
    assert list(again.provenance()) == list(policy.provenance())


@pytest.mark.parametrize("name", ALL)
def test_no_pack_states_an_address_nobody_can_check(name: str) -> None:
    assert all(document.url == "" for document in packs.load(name).documents.values())


@pytest.mark.parametrize("name", ALL)
def test_references_not_at_hand_are_listed_by_their_exact_titles(name: str) -> None:
    found = packs.load(name).unresolved
    assert [(each.title, each.number, each.published, each.cited_in) for each in found] == UNRESOLVED[name]
    assert all(each.holds for each in found)


# ---- the real packs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REAL)
def test_every_stated_figure_is_one_of_the_document_and_none_is_missing(name: str) -> None:
    stated_rows = (row for row in packs.load(name).provenance() if row.value != "open")
    rows = [row for row in stated_rows if row.section not in INDICATOR_SECTIONS]
    found = {(row.section, row.version, row.path): (row.value, row.document, row.clause) for row in rows}
    assert len(found) == len(rows)
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", REAL)
def test_every_version_rests_on_its_clause_and_has_only_the_days_that_are_stated(name: str) -> None:
    def day(value: date | None) -> str:
        return value.isoformat() if value else "open"

    found = {
        section: [(each.name, day(each.effective), day(each.until), each.source.clause) for each in versions]
        for section, versions in packs.load(name).versions.items()
    }
    assert found == VERSIONS[name]


@pytest.mark.parametrize("name", REAL)
def test_every_document_has_its_number_status_and_days(name: str) -> None:
    fields = ("title", "issuer", "number", "status", "published", "verified_on", "effective", "until")
    found = {
        short: tuple(getattr(document, field) for field in fields)
        for short, document in packs.load(name).documents.items()
    }
    assert found == DOCUMENTS[name]


@pytest.mark.parametrize("name", REAL)
def test_what_a_clause_names_without_its_figure_has_a_note_that_a_gap_shows(name: str) -> None:
    policy = packs.load(name)
    found = {}
    for section, versions in policy.versions.items():
        for version in versions:
            if version.open or section not in INDICATOR_SECTIONS:
                found[section, version.name] = set(version.open)
            shown = {gap.needs for gap in policy.gaps(section, version)}
            assert set(version.open.values()) <= shown, (section, version.name)
    assert found == NOTES[name]


# Open figures that another clause names than the one which sets the version.
ONLINE = "三(四) 推进“互联网+”医疗发展"
SERVICES = "三(九) 促进医疗服务能力提升"
OPEN_ELSEWHERE = {
    **{
        (f"outpatient.{scheme}.general", "after", path): clause
        for scheme in ("employee", "resident")
        for path, clause in (
            ("institutions", SERVICES),
            ("service_uplift", SERVICES),
            ("online_payable", ONLINE),
            ("online_follow_up_only", ONLINE),
        )
    },
    **{
        ("outpatient.employee.special", "after", path): "三(一) 完善基本医疗保险政策"
        for path in ("deductible", "rate", "diseases")
    },
    **{
        (f"{layer}.{scheme}", version, path): clause
        for layer, version, clause in (
            ("major_illness", "after", SUPPLEMENTARY),
            ("assistance", "plan", ASSISTANCE),
        )
        for scheme in ("employee", "resident")
        for path in ("deductible", "ceiling")
    },
    **{
        ("direct_settlement", "plan", f"enabled.{business}.{filing}"): clause
        for business, clause in (
            ("general_outpatient", "一(一) 京津冀医疗保障协同发展取得突破性进展"),
            ("online_care", ONLINE),
        )
        for filing in ("resident_elsewhere", "referred", "emergency")
    },
    ("budget_clearing", "plan", "internal_bands"): SERVICES,
}


@pytest.mark.parametrize("name", REAL)
def test_what_is_open_is_cited_to_the_clause_that_names_it(name: str) -> None:
    own = {(section, each[0]): each[3] for section, versions in VERSIONS[name].items() for each in versions}
    found = {
        (row.section, row.version, row.path): row.clause
        for row in packs.load(name).provenance()
        if row.value == "open" and row.clause != own[row.section, row.version]
    }
    assert found == (OPEN_ELSEWHERE if name == "tianjin-2021" else {})


def test_the_plan_period_is_cited_to_the_preamble() -> None:
    policy = packs.load("tianjin-2021")
    for section in ("authorised_list", "catalogue_removal"):
        (version,) = policy.versions[section]
        assert version.cited("effective") == version.until_source == Citation("plan-2021", "引言")


PROBES = (date(1990, 1, 1), date(2013, 6, 1), date(2016, 1, 1), date(2021, 6, 29), date(2024, 7, 10), date(2042, 1, 1))


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("allow_repealed", [False, True])
def test_a_real_section_is_complete_or_openly_gapped_on_every_change_date(name: str, allow_repealed: bool) -> None:
    policy = packs.load(name, allow_repealed=allow_repealed)
    day = datetime.timedelta(days=1)
    days = {on for change in policy.change_dates() for on in (change - day, change)} | set(PROBES)
    complete, empty_gaps = set(), []
    for on in sorted(days):
        for section, spec in SECTIONS.items():
            try:
                terms = policy.terms(spec.terms, on=on, section=section)
            except PolicyGap as gap:
                if not gap.fields or gap.section != section:
                    empty_gaps.append(gap)
            except NotInForce:
                pass
            except RepealedPolicy:  # O06: asked for permission before anything else
                assert (name, allow_repealed) == ("shangyu-2013", False)
            else:
                assert isinstance(terms, spec.terms)
                complete.add(section)
    assert empty_gaps == []
    # B37 and what documents list of indicators are the sections that are stated whole, their days included
    expected = {
        "changde-2023": {"indicators", "targets"},
        "shangyu-2013": set(),
        "taizhou-2024": {"indicators", "targets", "observations"},
        "tianjin-2021": {"catalogue_removal", "indicators", "targets", "observations"},
    }
    assert complete == expected[name]


def test_change_dates_are_the_plan_period_and_the_first_days_of_targets() -> None:
    assert {name: packs.load(name).change_dates() for name in REAL} == {
        "changde-2023": (date(2023, 5, 18),),
        "shangyu-2013": (),
        "taizhou-2024": (date(2024, 1, 26),),
        "tianjin-2021": (date(2021, 1, 1), date(2026, 1, 1)),
    }


def test_the_gap_of_changde_employee_general_in_full() -> None:
    with pytest.raises(PolicyGap) as gap:
        packs.load("changde-2023").terms(OutpatientTerms, on=date(2023, 6, 1), section="outpatient.employee.general")
    where = "  [measures-2023 一(一) 推进职工医保门诊共济改革]"
    streams = "a list out of general, emergency, special, two_disease, dual_channel, inpatient"
    share = "a rate from 0 to 1, as text, or a percentage"
    assert str(gap.value).split("\n") == [
        "changde-2023: section outpatient.employee.general leaves 23 figure(s) open:",
        f"  effective: needs the first day in force, a date{where}",
        f"  deductible.tertiary.in_service: needs an amount in yuan, as text{where}",
        f"  deductible.tertiary.retired: needs an amount in yuan, as text{where}",
        f"  deductible.secondary.in_service: needs an amount in yuan, as text{where}",
        f"  deductible.secondary.retired: needs an amount in yuan, as text{where}",
        f"  deductible.ungraded.in_service: needs an amount in yuan, as text{where}",
        f"  deductible.ungraded.retired: needs an amount in yuan, as text{where}",
        f"  deductible_scope: needs one of visit, year, year_and_level{where}",
        f"  deductible_streams: needs {streams}{where}",
        "  counts_toward_deductible: needs one of no, yes, by level; "
        f"the clause only waives the deductible of primary and level_1{where}",
        f"  rate: needs {share}, by level and status{where}",
        f"  rate_uplift: needs a rate by level; for primary and level_1 the clause says 适当, without a figure{where}",
        f"  service_uplift: needs {share}, by service{where}",
        f"  ceiling: needs an amount in yuan, as text, by status{where}",
        f"  ceiling_basis: needs one of fund_payment, eligible_cost{where}",
        f"  ceiling_streams: needs {streams}{where}",
        "  institutions.village_clinic.public: needs one of never, listed, always; "
        f"the clause does not say how 村卫生室 count{where}",
        "  institutions.village_clinic.private: needs one of never, listed, always; "
        f"the clause does not say how 村卫生室 count{where}",
        "  institutions.pharmacy.public: needs one of never, listed, always; "
        f"the clause speaks of 医疗机构 only{where}",
        "  institutions.pharmacy.private: needs one of never, listed, always; "
        f"the clause speaks of 医疗机构 only{where}",
        "  listed_institutions: needs a list of institution codes, as text; "
        f"the clause says 按需, without a list{where}",
        f"  online_payable: needs true or false{where}",
        f"  online_follow_up_only: needs true or false{where}",
        "fill them with an overlay (extends = ...) that cites the document which states them",
    ]


def test_a_section_that_no_clause_sets_is_wholly_open() -> None:
    with pytest.raises(PolicyGap) as gap:
        packs.load("taizhou-2024").terms(RemovalTerms, on=date(2024, 7, 10))
    assert [(field.path, field.clause) for field in gap.value.fields] == [
        ("effective", "no clause of taizhou-2024 sets this section"),
        ("remove_by", "no clause of taizhou-2024 sets this section"),
    ]


@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_b27_the_rate_of_key_recipients_waits_for_who_they_are(scheme: str) -> None:
    """70% stands in the note of what is open; no class holds it."""
    policy = packs.load("tianjin-2021")
    (version,) = policy.versions[f"assistance.{scheme}"]
    assert version.open["rate"] == (
        "a rate by hardship; the table gives 70% for 重点救助对象, without saying which classes they are, "
        "and nothing for others"
    )
    with pytest.raises(PolicyGap) as gap:
        policy.terms(AssistanceTerms, on=date(2021, 6, 1), section=f"assistance.{scheme}")
    assert [field.path for field in gap.value.fields] == ["effective", "deductible", "rate", "ceiling"]


FILLED_LAYER = """
format = 1
id = "tianjin-filled"
title = "天津市大病保险(示例补充)"
region = "120000"
schemes = ["390"]
extends = "tianjin-2021"
[documents.details]
title = "天津市居民大病保险细则(假设)"
issuer = "虚构"
status = "assumed"
verified_on = 2021-12-31
[[sections.major_illness.resident]]
version = "after"
source = { document = "details", clause = "一" }
effective = 2021-01-01
deductible = "20000"
band_basis = "excess"
[sections.major_illness.resident.ceiling]
none = "300000"
monitored = "none"
expenditure_poor = "none"
marginal = "none"
minimum_living = "none"
extremely_poor = "none"
"""


def test_b16_an_overlay_completes_the_60_percent_of_tianjin() -> None:
    filled = loads(FILLED_LAYER, SECTIONS, base=packs.load("tianjin-2021"))
    terms = filled.terms(MajorIllnessTerms, on=date(2021, 6, 1), section="major_illness.resident")
    # 60% of 100,000 above 20,000; a class without a limit: 60% of 980,000
    cases = [LayerCase(120_000_00, 0, 0, 0), LayerCase(1_000_000_00, 0, 0, 0), LayerCase(1_000_000_00, 0, 0, 4)]
    assert [major_illness.settle(terms, case).pay for case in cases] == [60_000_00, 300_000_00, 588_000_00]


@pytest.mark.parametrize(
    ("section", "paths", "percent", "text"),
    [
        # rules.md 11.6: 36.36 %, 33.33 %, 28.57 %
        (
            "outpatient.employee.general",
            ["ceiling.in_service", "ceiling.retired"],
            Fraction(400, 11),
            "+36.36%",
        ),
        (
            "outpatient.resident.general",
            ["ceiling.minor", "ceiling.adult", "ceiling.elderly"],
            Fraction(100, 3),
            "+33.33%",
        ),
        ("inpatient.employee", ["ceiling.in_service", "ceiling.retired"], Fraction(200, 7), "+28.57%"),
        ("outpatient.employee.special", ["ceiling.in_service", "ceiling.retired"], Fraction(200, 7), "+28.57%"),
    ],
)
def test_tianjin_ceilings_rise_by_the_exact_percentages(
    section: str, paths: list[str], percent: Fraction, text: str
) -> None:
    changes = version_changes(packs.load("tianjin-2021"), section)
    assert [change.path for change in changes] == paths
    assert {(change.kind, change.version, change.percent) for change in changes} == {("changed", "after", percent)}
    assert {change.percent_text() for change in changes} == {text}


def test_tianjin_deadline_of_the_removal_holds_for_the_plan_period_as_far_as_verified() -> None:
    policy = packs.load("tianjin-2021")
    assert policy.terms(RemovalTerms, on=date(2021, 1, 1)) == RemovalTerms(date(2022, 12, 31))
    assert policy.terms(RemovalTerms, on=date(2021, 6, 29)) == RemovalTerms(date(2022, 12, 31))
    with pytest.raises(NotInForce) as error:
        policy.terms(RemovalTerms, on=date(2021, 6, 30))
    assert str(error.value) == (
        "tianjin-2021: section catalogue_removal, version plan, was verified up to 2021-06-29 only; "
        "2021-06-30 is past it (modes warn and carry_forward use it all the same)"
    )
    with pytest.warns(UnverifiedWarning):
        assert policy.using(mode="warn").terms(RemovalTerms, on=date(2023, 1, 1)).remove_by == date(2022, 12, 31)
    with pytest.raises(NotInForce, match="first in force on 2021-01-01, not on 2020-12-31"):
        policy.terms(RemovalTerms, on=date(2020, 12, 31))


@pytest.mark.parametrize(
    ("pack", "document", "on", "expected"),
    [
        ("tianjin-2021", "regulation-2020", date(2020, 2, 29), False),
        ("tianjin-2021", "regulation-2020", date(2020, 3, 1), True),
        ("tianjin-2021", "plan-2021", date(2020, 12, 31), False),
        ("tianjin-2021", "plan-2021", date(2021, 1, 1), True),
        ("tianjin-2021", "plan-2021", date(2025, 12, 31), True),
        ("tianjin-2021", "plan-2021", date(2026, 1, 1), False),
        ("shangyu-2013", "opinion-2013", date(2014, 2, 27), False),
        ("taizhou-2024", "article-2023", date(2024, 1, 26), False),
    ],
)
def test_whether_a_document_is_in_force(pack: str, document: str, on: date, expected: bool) -> None:
    assert packs.load(pack).in_force(document, on) is expected


def test_a_document_without_a_first_day_is_in_force_nobody_knows_when() -> None:
    with pytest.raises(PolicyError) as error:
        packs.load("changde-2023").in_force("measures-2023", date(2023, 6, 1))
    assert str(error.value) == ("changde-2023: measures-2023 states no first day, so its force on 2023-06-01 is open")


# ---- overlays that fill what is open ---------------------------------------------------------------------------------

CHANGDE_FILLED = """
format = 1
id = "changde-filled"
title = "常德市门诊统筹(示例补充)"
region = "430700"
schemes = ["310"]
extends = "changde-2023"

[documents.details]
title = "常德市职工医保门诊统筹细则(假设)"
issuer = "虚构"
number = "假设1号"
status = "assumed"
verified_on = 2024-12-31

# whoever fills the pack also says up to when the text was checked
[documents.measures-2023]
title = "常德市医疗保障局关于印发《支持市域内医疗机构高质量发展的若干措施》的通知"
issuer = "常德市医疗保障局"
status = "in_force"
published = 2023-05-18
verified_on = 2024-06-30

[[sections.outpatient.employee.general]]
version = "2023"
source = { document = "details", clause = "第二条" }
sources.rate_uplift = { document = "details", clause = "第三条" }
effective = 2023-07-01
deductible = { tertiary = "300", secondary = "200", ungraded = "200" }
deductible_scope = "year"
deductible_streams = ["general"]
counts_toward_deductible = "no"
rate = { tertiary = "60%", secondary = "65%", level_1 = "70%", primary = "70%", ungraded = "60%" }
rate_uplift = { tertiary = "0", secondary = "0", level_1 = "5%", primary = "5%", ungraded = "0" }
service_uplift = "0"
ceiling = { in_service = "1500", retired = "2000" }
ceiling_basis = "fund_payment"
ceiling_streams = ["general"]
institutions.village_clinic = "listed"
institutions.pharmacy = "never"
listed_institutions = ["H43070000001"]
online_payable = false
online_follow_up_only = true
"""


def fen_by_level(terms: OutpatientTerms) -> dict[str, tuple[int, ...]]:
    values = terms.deductible.values
    return {level: values[2 * at : 2 * at + 2] for at, level in enumerate(LEVEL.members)}


def test_an_overlay_fills_changde_employee_general_and_leaves_the_base_alone() -> None:
    base = packs.load("changde-2023")
    filled = loads(CHANGDE_FILLED, SECTIONS, base=base)
    terms = filled.terms(OutpatientTerms, on=date(2023, 7, 1), section="outpatient.employee.general")
    # the document's zeros and the overlay's amounts, in fen
    assert fen_by_level(terms) == {
        "tertiary": (30000, 30000),
        "secondary": (20000, 20000),
        "level_1": (0, 0),
        "primary": (0, 0),
        "ungraded": (20000, 20000),
    }
    assert terms.rate_uplift.values == (0, 0, 50000, 50000, 0)
    assert [ADMISSION[word] for word in terms.institutions.values] == [
        *("always", "listed"),  # hospital
        *("always", "listed"),  # community centre
        *("listed", "listed"),  # community station
        *("always", "listed"),  # township centre
        *("listed", "listed"),  # village clinic, from the overlay
        *("always", "listed"),  # clinic
        *("never", "never"),  # pharmacy, from the overlay
    ]
    assert terms.recognition_needed == terms.designated_only == 0

    (version,) = filled.versions["outpatient.employee.general"]
    cited = {path: str(figure.source) for path, figure in version.leaves.items()}
    assert cited["deductible.primary.retired"] == "measures-2023 一(一) 推进职工医保门诊共济改革"
    assert cited["deductible.tertiary.retired"] == "details 第二条"
    assert cited["rate_uplift.primary"] == "details 第三条"
    assert filled.terms(OutpatientTerms, on=date(2024, 6, 30), section="outpatient.employee.general") is terms
    with pytest.raises(NotInForce, match="verified up to 2024-06-30 only"):
        filled.terms(OutpatientTerms, on=date(2024, 7, 1), section="outpatient.employee.general")
    with pytest.raises(NotInForce, match="first in force on 2023-07-01"):
        filled.terms(OutpatientTerms, on=date(2023, 6, 30), section="outpatient.employee.general")

    assert base == packs.load("changde-2023")
    with pytest.raises(PolicyGap):
        base.terms(OutpatientTerms, on=date(2023, 7, 1), section="outpatient.employee.general")
    assert filled.versions["inpatient.employee"] == base.versions["inpatient.employee"]
    assert loads(dumps(filled), SECTIONS) == filled


def test_without_a_later_check_of_the_base_document_filled_figures_end_with_its_publication() -> None:
    start = CHANGDE_FILLED.index("# whoever fills")
    end = CHANGDE_FILLED.index("[[sections")
    filled = loads(CHANGDE_FILLED[:start] + CHANGDE_FILLED[end:], SECTIONS, base=packs.load("changde-2023"))
    with pytest.raises(NotInForce, match="verified up to 2023-05-18 only"):
        filled.terms(OutpatientTerms, on=date(2023, 7, 1), section="outpatient.employee.general")


SHANGYU_FILLED = """
format = 1
id = "shangyu-filled"
title = "上虞市特殊病种门诊(示例补充)"
region = "330682"
schemes = ["390"]
extends = "shangyu-2013"

[documents.parent]
title = "上虞市城乡居民基本医疗保险实施细则(假设内容)"
issuer = "虚构"
status = "assumed"
verified_on = 2014-12-31

[[sections.outpatient.resident.special]]
version = "2013"
source = { document = "parent", clause = "假设" }
effective = 2013-07-01
deductible = "300"
deductible_scope = "year"
deductible_streams = ["special"]
counts_toward_deductible = "no"
rate = "50%"
rate_uplift = "0"
service_uplift = "0"
ceiling = "50000"
ceiling_basis = "fund_payment"
ceiling_streams = ["special"]
institutions = "always"
listed_institutions = []
outside_designated = "nothing"
online_payable = false
online_follow_up_only = false
recognition_needed = true
diseases = [{ dise_codg = "MT0001", quota = "none" }]
quota_period = "year"
quota_carry_over = false
second_disease_addition = "0"
"""


def test_a_repealed_document_gives_terms_only_with_permission() -> None:
    filled = loads(SHANGYU_FILLED, SECTIONS, base=packs.load("shangyu-2013"))
    with pytest.raises(RepealedPolicy) as error:
        filled.terms(OutpatientTerms, on=date(2013, 7, 1), section="outpatient.resident.special")
    assert str(error.value) == (
        "shangyu-filled: 虞政发〔2013〕36号 is repealed; to use it as history, say allow_repealed=True"
    )
    allowed = filled.using(allow_repealed=True)
    terms = allowed.terms(OutpatientTerms, on=date(2013, 7, 1), section="outpatient.resident.special")
    assert (terms.designated_only, terms.outside_designated) == (1, "nothing")


def test_the_repealed_pack_asks_for_permission_first_and_is_gapped_with_it() -> None:
    """O06: whether a repealed document may be used comes before what it leaves open."""
    on, section = date(2013, 7, 1), "inpatient.resident"
    with pytest.raises(RepealedPolicy):
        packs.load("shangyu-2013").terms(InpatientTerms, on=on, section=section)
    with pytest.raises(PolicyGap) as gap:
        packs.load("shangyu-2013", allow_repealed=True).terms(InpatientTerms, on=on, section=section)
    needs = {field.path: field.needs for field in gap.value.fields}
    parent = "to be supplied from the parent document 虞政发[2012]44号"
    assert needs["deductible"] == f"an amount in yuan, as text, by ordinal, level and status; {parent}"
    assert needs["bands"] == f"bands, each with its lower edge in yuan and its rates; {parent}"


# ---- the assumed pack ------------------------------------------------------------------------------------------------

CHANGED_IN_2025 = (
    "settlement",
    "outpatient.employee.general",
    "outpatient.employee.emergency",
    "outpatient.employee.special",
    "outpatient.resident.general",
    "outpatient.resident.special",
    "inpatient.employee",
    "inpatient.resident",
    "account_credit",
    "payment_year",
    "pool_budget.employee",
    "pool_budget.resident",
)


def assumed_terms(section: str, on: date) -> Any:
    return packs.load("assumed").terms(SECTIONS[section].terms, on=on, section=section)


def test_the_assumed_pack_is_plainly_marked() -> None:
    policy = packs.load("assumed")
    assert policy.header.title == "假想市医疗保险待遇政策(示例,全部数字为假设)"
    assert {document.status for document in policy.documents.values()} == {"assumed"}
    assert {document.verified_on for document in policy.documents.values()} == {date(2026, 12, 31)}
    assert all("示例" in document.title and "虚构" in document.issuer for document in policy.documents.values())


def test_the_assumed_pack_has_no_gap_in_any_section_on_any_change_date() -> None:
    policy = packs.load("assumed")
    assert tuple(policy.versions) == tuple(SECTIONS)
    assert policy.change_dates() == (date(2024, 1, 1), date(2025, 1, 1))
    for on in (*policy.change_dates(), date(2024, 12, 31), date(2026, 12, 31)):
        for section, spec in SECTIONS.items():
            assert isinstance(policy.terms(spec.terms, on=on, section=section), spec.terms)
    assert [row for row in policy.provenance() if row.value == "open"] == []
    assert all(version.open == {} for versions in policy.versions.values() for version in versions)


def test_the_assumed_pack_is_written_in_the_order_of_the_sections() -> None:
    text = (files(packs) / "assumed.toml").read_text(encoding="utf-8")
    written = [line[11:-2] for line in text.splitlines() if line.startswith("[[sections.")]
    assert list(dict.fromkeys(name for name in written if name in SECTIONS)) == list(SECTIONS)


def test_the_assumed_pack_ends_where_it_was_verified() -> None:
    policy = packs.load("assumed")
    for section, spec in SECTIONS.items():
        for on in (date(2023, 12, 31), date(2027, 1, 1)):
            with pytest.raises(NotInForce):
                policy.terms(spec.terms, on=on, section=section)


def test_the_assumed_versions_and_what_differs_between_them() -> None:
    policy = packs.load("assumed")
    names = {section: [version.name for version in versions] for section, versions in policy.versions.items()}
    assert names == {section: ["2024", "2025"] if section in CHANGED_IN_2025 else ["2024"] for section in SECTIONS}
    for section in CHANGED_IN_2025:
        assert version_changes(policy, section), section
    before, after = (assumed_terms("outpatient.employee.general", on) for on in (date(2024, 12, 31), date(2025, 1, 1)))
    assert (before.ceiling.values, after.ceiling.values) == ((550000, 650000), (750000, 850000))
    before, after = (assumed_terms("outpatient.resident.general", on) for on in (date(2024, 12, 31), date(2025, 1, 1)))
    assert (before.deductible_scope, after.deductible_scope) == ("visit", "year_and_level")


@pytest.mark.parametrize("on", [date(2024, 1, 1), date(2025, 1, 1)])
@pytest.mark.parametrize("scheme", ["employee", "resident"])
def test_streams_that_share_a_ceiling_or_a_deductible_agree_on_it(scheme: str, on: date) -> None:
    terms = {
        section.rpartition(".")[2] if section.startswith("outpatient") else "inpatient": assumed_terms(section, on)
        for section in SECTIONS
        if section.startswith((f"outpatient.{scheme}.", f"inpatient.{scheme}"))
    }
    assert len(terms) == 6
    for stream, own in terms.items():
        assert stream in own.ceiling_streams
        for other in own.ceiling_streams:
            shared = terms[other]
            assert shared.ceiling_streams == own.ceiling_streams
            assert (shared.ceiling, shared.ceiling_basis) == (own.ceiling, own.ceiling_basis)
        for other in getattr(own, "deductible_streams", ()):
            assert terms[other].deductible_streams == own.deductible_streams
            assert (terms[other].deductible, terms[other].deductible_scope) == (own.deductible, own.deductible_scope)


def _choices(section: str, field: str) -> Iterator[Any]:
    policy = packs.load("assumed")
    for version in policy.versions[section]:
        yield getattr(policy.build(section, version), field)


def _all(prefix: str, field: str) -> set[Any]:
    return {value for section in SECTIONS if section.startswith(prefix) for value in _choices(section, field)}


@pytest.mark.parametrize(
    ("prefix", "field", "expected"),
    [
        ("outpatient.", "deductible_scope", {"visit", "year", "year_and_level"}),
        ("outpatient.", "ceiling_basis", {"fund_payment", "eligible_cost"}),
        ("outpatient.", "outside_designated", {"nothing", "general"}),
        ("outpatient.", "quota_period", {"month", "quarter", "year"}),
        ("outpatient.", "quota_carry_over", {0, 1}),
        ("outpatient.", "online_payable", {0, 1}),
        ("outpatient.", "designated_only", {0, 1}),
        ("outpatient.", "recognition_needed", {0, 1}),
        ("inpatient.", "deductible_scope", {"stay", "year", "year_and_level"}),
        ("inpatient.", "band_scope", {"stay", "year"}),
        ("fixed_price.", "patient_basis", {"price", "actual_cost"}),
        ("fixed_price.", "split_counts", {0, 1}),
        ("fixed_price.", "deductible_taken", {0, 1}),
        ("settlement", "year_by", {"settlement", "discharge"}),
    ],
)
def test_the_assumed_pack_varies_what_places_vary(prefix: str, field: str, expected: set[Any]) -> None:
    assert _all(prefix, field) == expected


def test_the_assumed_inpatient_deductible_is_halved_for_the_second_stay_and_none_after() -> None:
    for terms in (assumed_terms("inpatient.employee", on) for on in (date(2024, 1, 1), date(2025, 1, 1))):
        first, second, third = (terms.deductible.values[10 * at : 10 * at + 10] for at in range(3))
        assert [2 * amount for amount in second] == list(first)
        assert set(third) == {0}
        assert len(terms.bands.edges) == 3


def test_additions_reach_past_the_whole_somewhere_so_that_their_cap_is_met() -> None:
    terms = assumed_terms("outpatient.employee.special", date(2025, 1, 1))
    assert max(terms.rate.values) + max(terms.service_uplift.values) == 1_020_000
    terms = assumed_terms("inpatient.employee", date(2025, 1, 1))
    assert max(terms.bands.rates[-1].values) + terms.tcm_addition == 1_030_000


def test_the_assumed_list_holds_every_kind_of_item_with_well_formed_figures() -> None:
    terms = assumed_terms("catalogue_items", date(2025, 1, 1))
    assert len(terms.items) == 41
    assert {item.item_kind for item in terms.items} == set(ITEM_KINDS)
    for item in terms.items:
        assert item.name.startswith("示例")
        assert (item.selfpay_prop > 0) == (item.chrgitm_lv == "02"), item.med_list_codg
        if item.pric_uplmt_amt:
            assert 0 < Fraction(item.pric_uplmt_amt) * 1_000_000 == int(Fraction(item.pric_uplmt_amt) * 1_000_000)
    listed = {item.med_list_codg for item in terms.items}
    assert not listed & {entry.med_list_codg for entry in terms.excluded}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("XZ0001", Payable(True, "on the payable list")),
        ("ZJ0001", Payable(True, "on the payable list")),
        ("ZJ0002", Payable(False, "hospital_preparation not admitted to payment")),
        ("T0004", Payable(False, "herbal_piece not admitted to payment")),
        ("H0901", Payable(False, "class C: wholly self-paid")),
        ("N0001", Payable(False, "excluded: 美容整形")),
        ("XZ9999", Payable(False, "not on the payable list")),
    ],
)
def test_assumed_items_are_payable_or_not_with_a_reason(code: str, expected: Payable) -> None:
    policy = packs.load("assumed")
    assert payable(policy.terms(CatalogueItemsTerms, on=date(2024, 1, 1)), code) == expected


def test_what_the_assumed_city_does_outside_its_authorised_list() -> None:
    policy = packs.load("assumed")

    def found(on: date) -> list[tuple[str, str, str, str, bool]]:
        terms = policy.terms(AuthorisedListTerms, on=on)
        findings = beyond_authorisation(terms, policy, on)
        return [(each.section, each.path, each.value, each.reason, each.overdue) for each in findings]

    unlisted = [
        ("tcm_admission", "minimum_effect_ratio", "1", "not on the authorised list", False),
        ("tcm_admission", "maximum_cost_ratio", "0.9", "not on the authorised list", False),
    ]
    too_high = ("inpatient.resident", "rate_increase.tertiary", "10%", "above the authorised 5%", False)
    assert found(date(2024, 12, 31)) == unlisted
    assert found(date(2025, 12, 31)) == [too_high, *unlisted]
    assert found(date(2026, 1, 1)) == [(*row[:4], True) for row in (too_high, *unlisted)]


# ---- the reader, where the packs lean on it --------------------------------------------------------------------------


def test_versions_without_a_first_day_keep_the_order_in_which_they_stand() -> None:
    """By name, "after" would come before "before", and every rise would show as a fall."""
    for section in ("outpatient.employee.general", "outpatient.resident.general", "inpatient.employee"):
        versions = packs.load("tianjin-2021").versions[section]
        assert [version.name for version in versions] == ["before", "after"]


SMALL = """
format = 1
id = "small"
title = "示例"
region = "990000"
schemes = ["310"]
documents.notice = { title = "示例通知", issuer = "虚构", status = "assumed" }
documents.annex = { title = "示例附件", issuer = "虚构", status = "assumed" }

[[unresolved]]
title = "示例细则"
published = "2023-05-18"
holds = "rates"
cited_in = { document = "notice", clause = "一" }

[[sections.outpatient.employee.general]]
version = "2024"
source = { document = "notice", clause = "一" }
sources."deductible.tertiary" = { document = "annex", clause = "表1" }
deductible = { tertiary = "300", secondary = "200" }
open.effective = "a date; the notice says 近期"
open."deductible.primary" = "an amount in yuan, as text; the notice says 适当降低"
"""


@pytest.fixture
def small() -> Policy:
    return loads(SMALL, SECTIONS)


def test_a_source_or_a_note_on_part_of_a_table_holds_for_all_below_it(small: Policy) -> None:
    (version,) = small.versions["outpatient.employee.general"]
    assert {path: str(figure.source) for path, figure in version.leaves.items()} == {
        "deductible.tertiary.in_service": "annex 表1",
        "deductible.tertiary.retired": "annex 表1",
        "deductible.secondary.in_service": "notice 一",
        "deductible.secondary.retired": "notice 一",
    }
    needs = {gap.path: gap.needs for gap in small.gaps("outpatient.employee.general", version)}
    assert needs["effective"] == "a date; the notice says 近期"
    assert needs["deductible.primary.retired"] == "an amount in yuan, as text; the notice says 适当降低"
    assert needs["deductible.ungraded.retired"] == "an amount in yuan, as text"


def test_a_day_in_words_of_a_reference_stays_words_when_written_out(small: Policy) -> None:
    assert small.unresolved[0].published == "2023-05-18"
    assert loads(dumps(small), SECTIONS) == small


def test_a_document_record_is_replaced_whole_by_an_overlay() -> None:
    old = packs.load("changde-2023").documents["measures-2023"]
    new = loads(CHANGDE_FILLED, SECTIONS, base=packs.load("changde-2023")).documents["measures-2023"]
    assert new == attrs.evolve(old, verified_on=date(2024, 6, 30), note="")
