"""Which method pays a case under the policy in force on its discharge date, and why.

Rules P06, P15; formulas.md sections 3 and 4.  Every case is paid by exactly one method; what leaves a method goes to
the original one, which is the one by which the institution's stays are paid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.errors import PolicyError
from mipolicy.money import NO_LIMIT, A
from mipolicy.payment.axes import METHOD, REVIEW
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, RecordsKind, TextKind, choice_table, terms_field
from mipolicy.tables import Axis, Table
from mipolicy.traced import labelled
from mipolicy.vocabulary import all_of, any_of, is_over, is_same, lookup, none_of, pick

__all__ = ["REASON", "STAY_METHODS", "InstitutionMethod", "RouteCase", "Routed", "RouterTerms", "route"]

STAY_METHODS: Final = ("dip", "drg_points", "drg_weight", "bed_day_points", "per_diem", "by_item")
"""Methods by which an institution's stays can be paid, before any list."""

REASON: Final = Axis(
    "reason",
    (
        "level",
        "institution",
        "single_disease",
        "day_surgery",
        "per_diem",
        "capitation",
        "pathway_exit",
        "review",
        "short_stay",
        "long_stay",
        "no_group",
        "outsider",
        "outpatient",
        "by_method",
    ),
    (
        "按机构等级",
        "按机构名单",
        "单病种目录",
        "日间手术目录",
        "按床日目录",
        "按人头签约",
        "退出临床路径",
        "特例单议",
        "短住院",
        "长住院",
        "未入组",
        "外地参保",
        "门诊",
        "按该方式规定",
    ),
    (
        "level of the institution",
        "list of institutions",
        "listed single disease",
        "listed day surgery",
        "listed for per diem",
        "enrolled under capitation",
        "left the clinical pathway",
        "special review",
        "short stay",
        "long stay",
        "no group",
        "insured elsewhere",
        "outpatient",
        "as the method says",
    ),
)
"""Why a case is paid by its method."""


@frozen
class InstitutionMethod:
    """An institution whose stays are paid by a method of its own (rule P15)."""

    fixmedins_code: str = terms_field(TextKind(), "定点医药机构编号", "institution")
    method: str = terms_field(ChoiceKind(STAY_METHODS), "付费方式", "method")


@frozen
class RouterTerms:
    """What a document fixes of who is paid how."""

    by_level: Table = terms_field(
        choice_table(METHOD.members, LEVEL, zh=METHOD.zh),
        "住院付费方式",
        "how stays are paid, by level",
    )
    institutions: tuple[InstitutionMethod, ...] = terms_field(
        RecordsKind(InstitutionMethod, "fixmedins_code"), "机构付费方式名单", "institutions with a method of their own"
    )
    beside: tuple[str, ...] = terms_field(
        CodesKind(("single_disease", "day_surgery", "per_diem", "capitation")),
        "并行付费方式",
        "ways of paying with a list of their own, each a section",
    )
    two_lists: str = terms_field(
        ChoiceKind(("reject", "single_disease", "day_surgery", "per_diem")),
        "同时符合两个目录时",
        "what a case on two lists is paid by",
    )
    short_days: int = terms_field(FigureKind("days"), "短住院天数", "a stay of so many days or fewer leaves the group")
    long_days: int = terms_field(
        FigureKind("days"), "长住院天数", "a stay of so many days or more leaves the group; 0 where none does"
    )
    stay_method: str = terms_field(
        ChoiceKind(("bed_day_points", "per_diem", "by_item")), "短长住院付费方式", "what pays short and long stays"
    )
    leaving: str = terms_field(
        ChoiceKind(("drg", "dip_and_drg")), "适用短长住院的方式", "which methods short and long stays leave"
    )
    granted_item: str = terms_field(
        ChoiceKind(("by_item", "in_method")),
        "特例单议按项目",
        "a review granted by item: by item, or as its method says",
    )
    ungrouped: str = terms_field(
        ChoiceKind(("by_item", "in_method")), "未入组病例", "a case of no group: by item, or as its method says"
    )

    def __attrs_post_init__(self) -> None:
        for at in self.by_level.values:
            if METHOD.members[at] not in STAY_METHODS:
                raise PolicyError(
                    f"by_level: {METHOD.members[at]} pays cases of a list; stays: {', '.join(STAY_METHODS)}"
                )
        if self.long_days and self.long_days <= self.short_days:
            raise PolicyError(f"long_days: {self.long_days} is not above short_days {self.short_days}")


@frozen
class RouteCase(Generic[A]):
    """What routing looks at in one case, or a column of cases; flags 0 or 1."""

    level: A = labelled(LEVEL, "医院等级", "institution level")
    inpatient: A = labelled("flag", "住院", "inpatient")
    own_method: A = labelled(METHOD, "机构付费方式", "method of the institution's own")
    has_own_method: A = labelled("flag", "机构有单独付费方式", "the institution has a method of its own")
    on_single_disease: A = labelled("flag", "在单病种目录", "on the list of single diseases")
    on_day_surgery: A = labelled("flag", "在日间手术目录", "on the list of day surgery")
    on_per_diem: A = labelled("flag", "在按床日目录", "on the list for per diem")
    on_capitation: A = labelled("flag", "按人头签约", "enrolled under capitation")
    pathway_exit: A = labelled("flag", "退出临床路径", "left the clinical pathway")
    review: A = labelled(REVIEW, "特例单议", "special review")
    grouped: A = labelled("flag", "已入组", "belongs to a group")
    days: A = labelled("days", "住院天数", "days of the stay")
    by_item_outsider: A = labelled("flag", "外地参保且按项目", "insured elsewhere and paid by item")


@frozen
class Routed(Generic[A]):
    """Which method pays, step by step."""

    original: A = labelled(METHOD, "原付费方式", "original method")
    on_lists: A = labelled("count", "所在目录数", "lists that the case is on")
    listed: A = labelled("flag", "按目录付费", "paid by a list")
    leaves: A = labelled("flag", "退出病组付费", "leaves the group by its length")
    method: A = labelled(METHOD, "付费方式", "method")
    reason: A = labelled(REASON, "原因", "reason")


def _at(word: str) -> int:
    return METHOD.members.index(word)


def _why(word: str) -> int:
    return REASON.members.index(word)


def route(terms: RouterTerms, case: RouteCase[A]) -> Routed[A]:
    """Route one case, or a column of cases.

    People insured elsewhere where they are paid by item, then a granted review, then a list (unless the case left its
    pathway), then the length of the stay, then the original method.  A case on two lists is for the caller to refuse
    where the terms say `reject` (`on_lists` above 1).
    Source: 常德 2023 三(九); 天津 2021 一(一); formulas.md section 3, bed-day, and section 4.
    """
    original = pick(case.has_own_method, case.own_method, lookup(terms.by_level, case.level))
    original = pick(case.inpatient, original, _at("by_item"))
    on_lists = case.on_single_disease + case.on_day_surgery + case.on_per_diem
    is_listed = is_over(on_lists, 0)
    by_list = all_of(is_listed, none_of(case.pathway_exit))

    in_drg = any_of(is_same(original, _at("drg_points")), is_same(original, _at("drg_weight")))
    in_groups = any_of(in_drg, is_same(original, _at("dip")))
    may_leave = in_groups if terms.leaving == "dip_and_drg" else in_drg
    is_short = all_of(may_leave, none_of(is_over(case.days, terms.short_days)), int(terms.short_days > 0))
    is_long = all_of(may_leave, is_over(case.days, terms.long_days - 1 if terms.long_days else int(NO_LIMIT)))
    leaves = any_of(is_short, is_long)

    choices: list[tuple[A, Any, Any]] = [
        (none_of(case.inpatient), _at("by_item"), _why("outpatient")),
        (all_of(case.pathway_exit, is_listed), original, _why("pathway_exit")),
        (leaves, _at(terms.stay_method), pick(is_short, _why("short_stay"), _why("long_stay"))),
        (by_list, _of_list(terms, case, _at), _of_list(terms, case, _why)),
        (case.on_capitation, _at("capitation"), _why("capitation")),
        (case.by_item_outsider, _at("by_item"), _why("outsider")),
    ]
    if terms.granted_item == "by_item":
        granted = is_same(case.review, REVIEW.position("granted_item"))
        choices.insert(-1, (granted, _at("by_item"), _why("review")))
    if terms.ungrouped == "by_item":
        choices.insert(0, (all_of(in_groups, none_of(case.grouped)), _at("by_item"), _why("no_group")))
    method, reason = original, pick(case.has_own_method, _why("institution"), _why("level"))
    for condition, to, why in choices:
        method, reason = pick(condition, to, method), pick(condition, why, reason)
    return Routed(original, on_lists, by_list, leaves, method, reason)


def _of_list(terms: RouterTerms, case: RouteCase[A], code: Callable[[str], int]) -> A:
    """The code of the list that pays: the one that the terms prefer where the case is on two."""
    flags = {
        "single_disease": case.on_single_disease,
        "day_surgery": case.on_day_surgery,
        "per_diem": case.on_per_diem,
    }
    first, second, third = sorted(flags, key=lambda word: word != terms.two_lists)
    return pick(flags[first], code(first), pick(flags[second], code(second), code(third)))
