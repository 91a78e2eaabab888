"""The small closed lists along which benefit figures differ, coded as small integers inside rules."""

from __future__ import annotations

from typing import Final

from mipolicy.tables import Axis

__all__ = [
    "EMPLOYEE_STATUS",
    "FILING",
    "INSTITUTION",
    "LEVEL",
    "ORDINAL",
    "OWNERSHIP",
    "PLACE",
    "RESIDENT_STATUS",
    "SCHEMES",
    "SERVICE",
    "STREAMS",
    "TIER",
]

SCHEMES: Final = ("employee", "resident")
"""职工 and 居民: the two schemes, by the meaning of `insutype`."""

STREAMS: Final = ("general", "emergency", "special", "two_disease", "dual_channel", "inpatient")
"""普通门诊, 急诊, 门诊慢特病 (门特), 两病, 双通道, 住院: what `med_type` means; totals are kept for each."""

LEVEL: Final = Axis(
    "level",
    ("tertiary", "secondary", "level_1", "primary", "ungraded"),
    ("三级", "二级", "一级", "基层", "无等级"),
    ("level 3", "level 2", "level 1", "primary care", "ungraded"),
)
"""Institution level, highest first, so that a later position is a lower level; an ungraded institution ranks last.

Primary care is known by the kind of institution, the rest by `hosp_lv`.
"""

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
