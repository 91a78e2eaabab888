"""The small closed lists along which benefit figures differ, coded as small integers inside rules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mipolicy.axes import SCHEMES
from mipolicy.tables import Axis

__all__ = [
    "EMPLOYEE_STATUS",
    "FILING",
    "HARDSHIP",
    "INSTITUTION",
    "LAYERS",
    "ORDINAL",
    "OWNERSHIP",
    "PLACE",
    "RESIDENT_STATUS",
    "SERVICE",
    "STREAMS",
    "TIER",
]

STREAMS: Final = ("general", "emergency", "special", "two_disease", "dual_channel", "inpatient")
"""普通门诊, 急诊, 门诊慢特病 (门特), 两病, 双通道, 住院: what `med_type` means; totals are kept for each."""

EMPLOYEE_STATUS: Final = Axis("status", ("in_service", "retired"), ("在职", "退休"), ("in service", "retired"))
RESIDENT_STATUS: Final = Axis(
    "status", ("minor", "adult", "elderly"), ("未成年", "成年", "老年"), ("minor", "adult", "elderly")
)

INSTITUTION: Final = Axis(
    "institution",
    (
        "hospital",
        "community_center",
        "community_station",
        "township_center",
        "village_clinic",
        "clinic",
        "pharmacy",
    ),
    ("医院", "社区卫生服务中心", "社区卫生服务站", "乡镇卫生院", "村卫生室", "诊所", "零售药店"),
    ("hospital", "community centre", "community station", "township centre", "village clinic", "clinic", "pharmacy"),
)
OWNERSHIP: Final = Axis("ownership", ("public", "private"), ("公立", "社会办"), ("public", "private"))

SERVICE: Final = Axis(
    "service",
    ("general", "examination", "surgery", "treatment"),
    ("一般", "检查", "手术", "治疗"),
    ("general", "examination", "surgery", "treatment"),
)
ORDINAL: Final = Axis(
    "ordinal",
    ("first", "second", "third_on"),
    ("首次", "第二次", "第三次及以后"),
    ("first", "second", "third and later"),
)

HARDSHIP: Final = Axis(
    "hardship",
    ("none", "monitored", "expenditure_poor", "marginal", "minimum_living", "extremely_poor"),
    ("无", "防止返贫监测对象", "因病支出型困难", "低保边缘", "低保对象", "特困人员"),
    (
        "none",
        "monitored against return to poverty",
        "poor by medical spending",
        "marginal",
        "minimum living",
        "destitute",
    ),
)
"""Classes of people in hardship, the poorest last, as 国办发〔2021〕42号 names those who receive medical assistance."""

LAYERS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = MappingProxyType(
    {
        "major_illness": ("大病保险", "major illness", SCHEMES),
        "large_cost": ("职工大额医疗费用补助", "employees' large cost", ("employee",)),
        "civil_servant": ("公务员医疗补助", "civil-servant supplement", ("employee",)),
        "enterprise": ("企业补充医疗保险", "enterprise supplement", ("employee",)),
        "assistance": ("医疗救助", "medical assistance", SCHEMES),
        "tilted_assistance": ("倾斜救助", "tilted assistance", SCHEMES),
        "rare_disease": ("罕见病用药保障", "rare-disease cover", SCHEMES),
        "mutual_aid": ("职工医疗互助", "mutual aid", ("employee",)),
        "commercial": ("商业健康保险", "commercial cover", SCHEMES),
    }
)
"""Layers above the basic benefit that a ladder may hold, with labels and schemes; totals are kept for each."""

PLACE: Final = Axis(
    "place",
    ("local", "resident_elsewhere", "referred", "emergency", "unreferred"),
    ("统筹区内", "异地长期居住", "转诊转院", "异地急诊", "自行外出就医"),
    ("in the area", "resident elsewhere", "referred", "sudden illness while away", "self-arranged"),
)
"""Place class of care: in the area, or why it was sought outside; each has an effect of its own on what is paid."""

FILING: Final = Axis("filing", PLACE.members[1:4], PLACE.zh[1:4], PLACE.en[1:4])
"""The place classes that a filing can give."""

TIER: Final = Axis(
    "tier", ("contracted", "non_contracted"), ("特约医院", "非特约医院"), ("contracted", "not contracted")
)
"""Whether the institution outside the area is contracted there (特约) or is paid as if it were not (rules B08, B09)."""
