"""A small room made for these tests: one field of every kind, four sections, and documents that state them."""

from __future__ import annotations

import datetime

from attrs import frozen

from mipolicy.errors import InputError
from mipolicy.policy import Policy, Section, loads
from mipolicy.policy.authorised import AuthorisedListTerms
from mipolicy.policy.kinds import (
    STATUS,
    BandsKind,
    ChoiceKind,
    CodesKind,
    DateKind,
    FigureKind,
    FlagKind,
    RecordsKind,
    TableKind,
    TextKind,
    choice_table,
    terms_field,
)
from mipolicy.tables import Axis, Bands, Table

LEVEL = Axis("level", ("tertiary", "primary"), ("三级", "基层"), ("level 3", "primary care"))
EMPLOYEE = Axis("status", ("in_service", "retired"), ("在职", "退休"), ("in service", "retired"))
RESIDENT = Axis("status", ("minor", "adult"), ("未成年", "成年"), ("minor", "adult"))


@frozen
class Quota:
    code: str = terms_field(TextKind(), "编码", "code")
    quota: int = terms_field(FigureKind("fen"), "定额", "quota", needs='an amount in yuan, as text, or "none"')
    rate: int = terms_field(FigureKind("rate"), "比例", "rate", default=500_000)


@frozen
class CareTerms:
    ceiling: int = terms_field(FigureKind("fen"), "限额", "ceiling", needs='an amount in yuan, as text, or "none"')
    rate: Table = terms_field(TableKind("rate", (LEVEL, STATUS)), "比例", "rate")
    bands: Bands = terms_field(BandsKind((LEVEL,)), "分段", "bands")
    scope: str = terms_field(ChoiceKind(("stay", "year")), "口径", "scope")
    codes: tuple[str, ...] = terms_field(CodesKind(), "编码", "codes")
    emergency: int = terms_field(FlagKind(), "急诊", "emergency")
    since: datetime.date = terms_field(DateKind(), "起", "since")
    quotas: tuple[Quota, ...] = terms_field(RecordsKind(Quota, "code"), "定额", "quotas")
    admission: Table = terms_field(choice_table(("never", "listed", "always"), LEVEL), "定点", "admission")
    weight: int = terms_field(FigureKind("factor"), "系数", "weight")
    days: int = terms_field(FigureKind("days"), "天数", "days")
    label: str = terms_field(TextKind(), "名称", "label")

    def __attrs_post_init__(self) -> None:
        if self.days > 366:
            raise InputError(f"days are at most 366, got {self.days}")


@frozen
class SmallTerms:
    ceiling: int = terms_field(FigureKind("fen"), "限额", "ceiling")
    rate: Table = terms_field(TableKind("rate", (LEVEL,)), "比例", "rate")


SECTIONS = {
    section.name: section
    for section in (
        Section("care.employee", CareTerms, EMPLOYEE, {}, "职工"),
        Section("care.resident", CareTerms, RESIDENT, {"days": 0, "label": ""}, "居民"),
        Section("small", SmallTerms),
        Section("authorised_list", AuthorisedListTerms),
    )
}

HEAD = """format = 1
id = "city"
title = "某市"
region = "430700"
schemes = ["310", "390"]

[documents.notice]
title = "通知"
issuer = "某市医疗保障局"
status = "in_force"
number = "某医保发〔2023〕1号"
published = 2023-01-05
verified_on = 2024-12-31

[documents.change]
title = "调整通知"
issuer = "某市医疗保障局"
status = "in_force"
"""

EMPLOYEE_2023 = """
[[sections.care.employee]]
version = "2023"
effective = 2023-03-01
until = 2023-12-31
source = { document = "notice", clause = "一(一)" }
until_source = { document = "change", clause = "二" }
sources.ceiling = { document = "change", clause = "一" }
sources."rate.tertiary.retired" = { document = "change", clause = "三" }
ceiling = "7500"
rate = { tertiary = { in_service = "50%", retired = "55%" }, primary = "0.7" }
bands = [
    { from = "0", rate = { tertiary = "0.8", primary = "0.9" } },
    { from = "20000", rate = "85%" },
]
scope = "year"
codes = ["01", "0002"]
emergency = false
since = 2020-02-29
quotas = [
    { code = "M1", quota = "300" },
    { code = "M2", quota = "none", rate = "60%" },
]
admission = { tertiary = "listed", primary = "always" }
weight = "1.03"
days = 15
label = '甲 "乙" \\'
"""

EMPLOYEE_2024 = """
[[sections.care.employee]]
version = "2024"
effective = 2024-02-01
source = { document = "notice", clause = "一(二)" }
ceiling = "none"
open.scope = "stay or year; the clause does not say"
"""

RESIDENT_OPEN = """
[[sections.care.resident]]
version = "some day"
source = { document = "notice", clause = "二" }
sources.ceiling = { document = "change", clause = "九" }
sources."rate.primary" = { document = "change", clause = "十" }
sources.effective = { document = "change", clause = "末" }
rate.tertiary = "0.5"
rate.primary.adult = "0.6"
open.rate = "a rate that the clause calls 适当"
open."rate.primary.minor" = "a rate for children"
open.effective = "a day in 2023"
"""

SMALL = """
[[sections.small]]
version = "first"
effective = 2023-01-01
source = { document = "notice", clause = "三" }
ceiling = "100"
rate = "0.1"
"""

UNRESOLVED = """
[[unresolved]]
title = "实施细则"
holds = "the deductible"
cited_in = { document = "notice", clause = "四" }
published = "2022-06-01"
"""

FULL = HEAD + UNRESOLVED + EMPLOYEE_2023 + EMPLOYEE_2024 + RESIDENT_OPEN + SMALL


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def read(text: str, base: Policy | None = None) -> Policy:
    return loads(text, SECTIONS, base=base)


def overlay(body: str, extends: str = "city") -> str:
    """The text of a policy that extends another."""
    return f"""format = 1
id = "reform"
title = "改革"
region = "430700"
schemes = ["310", "390"]
extends = "{extends}"
reform = "改革方案 2025"

[documents.reform]
title = "改革方案"
issuer = "某市医疗保障局"
status = "plan"
verified_on = 2025-12-31
{body}"""
