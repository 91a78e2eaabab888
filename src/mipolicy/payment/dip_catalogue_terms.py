"""What a document fixes about making the DIP catalogue: thresholds, years, trimming, weights, folding, lists.

Rules P01, P28; formulas.md section 2, first four bullets.  Points and factors per ten thousand, rates per million.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from mipolicy.errors import PolicyError
from mipolicy.payment.case_runs import YEAR
from mipolicy.payment.moments import DIVISORS
from mipolicy.payment.sides import BELOW
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind, FlagKind, TableKind, TextKind, terms_field
from mipolicy.tables import Table

__all__ = ["RANK_RULES", "WEIGHT_METHODS", "DipCatalogueTerms"]

WEIGHT_METHODS: Final = ("mean_ratio", "benchmark_disease", "fixed_quota")
"""Points from the mean of all cases; from a benchmark group with points of its own; from an amount per point."""

RANK_RULES: Final = ("nearest_rank", "lower_rank", "interpolated")
"""Which of n ordered costs the percentile p is: the ceil(p n)-th; the floor(p n)-th, at least the first; between the
two around position (n - 1) p, as spreadsheets reckon it."""

_RANGE = re.compile(r"[A-Z][0-9]{2}-[A-Z][0-9]{2}")


@frozen
class DipCatalogueTerms:
    """What a document fixes about the catalogue.  What a method does not use is stated as 0, "" or an empty list."""

    minimum_cases: int = terms_field(FigureKind("count"), "核心病种最低例数", "cases that make a core group")
    cases_counted: str = terms_field(
        ChoiceKind(("all_years", "latest_year")), "例数统计年度", "years whose cases count towards the minimum"
    )
    fold_level: str = terms_field(
        ChoiceKind(("three_characters", "chapter_range")), "综合病种层级", "diagnoses that fold into one group"
    )
    fold_ranges: tuple[str, ...] = terms_field(
        CodesKind(),
        "综合病种诊断范围",
        "ranges of categories, where groups fold by chapter",
        needs="ranges like A00-B99",
    )
    year_weights: Table = terms_field(TableKind("count", (YEAR,)), "年度权重", "weights of the three years")
    weight_on: str = terms_field(
        ChoiceKind(("means", "totals")), "年度加权对象", "the years' means are weighted, or their totals and cases"
    )
    absent_years: str = terms_field(
        ChoiceKind(("renormalise", "error")), "缺失年度", "a year without cases is left out, or an error"
    )
    trim_low: int = terms_field(FigureKind("rate"), "裁剪下限百分位", "percentile below which costs are left out")
    trim_high: int = terms_field(FigureKind("rate"), "裁剪上限百分位", "percentile above which costs are left out")
    trim_minimum: int = terms_field(FigureKind("count"), "裁剪最低例数", "cases from which on costs are left out")
    trim_by: str = terms_field(
        ChoiceKind(("year", "group")), "裁剪范围", "percentiles of each year of a group, or of its years together"
    )
    rank_rule: str = terms_field(ChoiceKind(RANK_RULES), "百分位取值方法", "which cost is the percentile")
    limits_kept: int = terms_field(FlagKind(), "是否保留界值", "whether a cost on the percentile stays")
    overall_mean: str = terms_field(
        ChoiceKind(("trimmed", "all_cases")), "全部病例均值口径", "the mean of all is of what trimming left, or of all"
    )
    weight_method: str = terms_field(ChoiceKind(WEIGHT_METHODS), "分值测算方法", "how points are reckoned")
    scale: int = terms_field(FigureKind("points"), "分值基数", "points of the mean of all cases")
    benchmark_group: str = terms_field(TextKind(), "基准病种", "the benchmark group")
    benchmark_points: int = terms_field(FigureKind("points"), "基准病种分值", "points of the benchmark group")
    amount_per_point: int = terms_field(FigureKind("fen"), "每分值定额", "amount that one point stands for")
    point_decimals: int = terms_field(FigureKind("count"), "分值小数位", "decimals that points are rounded to, 0 to 4")
    cv_limit: int = terms_field(FigureKind("factor"), "变异系数上限", "CV up to which a group is stable")
    cv_side: str = terms_field(ChoiceKind(BELOW), "变异系数边界", "side of the limit on which a group is stable")
    cv_divisor: str = terms_field(ChoiceKind(DIVISORS), "方差除数", "what squared deviations are divided by")
    level_means: str = terms_field(
        ChoiceKind(("latest_year", "weighted")), "同级次均费用口径", "means by level: of the latest year, or weighted"
    )
    basic_groups: tuple[str, ...] = terms_field(CodesKind(), "基层病种", "groups with the same score at every level")
    tcm_groups: tuple[str, ...] = terms_field(CodesKind(), "中医优势病种", "TCM-advantage groups")

    def __attrs_post_init__(self) -> None:
        if self.minimum_cases < 1:
            raise PolicyError("minimum_cases is 0: a group is made of at least one case")
        if self.trim_low >= self.trim_high:
            raise PolicyError(
                f"trim_low ({self.trim_low} per million) must lie below trim_high ({self.trim_high}); nothing is "
                "trimmed from 0% to 100%"
            )
        if not any(self.year_weights.values):
            raise PolicyError("year_weights are all 0: at least one year has to count")
        if self.point_decimals > 4:
            raise PolicyError(f"point_decimals is {self.point_decimals}; points are kept with 4 decimals at most")
        self._check_method()
        self._check_ranges()

    def _check_method(self) -> None:
        for name, method in (
            ("scale", "mean_ratio"),
            ("benchmark_group", "benchmark_disease"),
            ("benchmark_points", "benchmark_disease"),
            ("amount_per_point", "fixed_quota"),
        ):
            used = self.weight_method == method
            if bool(getattr(self, name)) != used:
                what = "needs" if used else "does not use"
                mend = "state it" if used else 'state "0", or "" for a group'
                raise PolicyError(f"weight_method {self.weight_method} {what} {name}; {mend}")

    def _check_ranges(self) -> None:
        if (self.fold_level == "chapter_range") != bool(self.fold_ranges):
            raise PolicyError("fold_ranges are stated where fold_level is chapter_range, and only there")
        last = ""
        for each in self.fold_ranges:
            if not _RANGE.fullmatch(each) or each[:3] > each[4:]:
                raise PolicyError(f"fold_ranges: {each!r} is no range of categories such as A00-B99")
            if each[:3] <= last:
                raise PolicyError(f"fold_ranges: {each} begins before the range above it has ended; put them in order")
            last = each[4:]
