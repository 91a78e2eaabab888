"""The quota of special cases by institution and method, who stands within it, and what the year's reviews came to.

Rules P02, P12; formulas.md sections 2 and 3.  Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from mipolicy.checked import check_columns
from mipolicy.errors import InputError, TableError
from mipolicy.money import RATE_ONE, Column
from mipolicy.payment.axes import REVIEW
from mipolicy.payment.special_case import GROUPED, SpecialCaseTerms
from mipolicy.payment.tally import Tally, tally
from mipolicy.rounding import half_up_int

__all__ = ["Discharges", "Quota", "Ranked", "quota_of", "rank", "review_counts"]


@frozen(eq=False)
class Discharges:
    """All discharges of a year as columns, one row a case.

    setl_id: of each case, as text, which breaks ties; fixmedins_code: codes; method: codes of `GROUPED`; review: codes
    of `axes.REVIEW`; may_apply: 1 where the case is eligible; medfee_sumamt, standard: fen.
    """

    setl_id: Sequence[str]
    fixmedins_code: Column
    method: Column
    review: Column
    may_apply: Column
    medfee_sumamt: Column
    standard: Column


@frozen
class Quota:
    """One institution's reviews under one method: discharges, the quota of them, applications, and those within it."""

    fixmedins_code: str
    method: str
    discharges: int
    quota: int
    applied: int
    admitted: int


@frozen(eq=False)
class Ranked:
    """By case: its rank among the applications of its institution and method, 0 without one; 1 within the quota."""

    rank: Column
    admitted: Column
    quotas: tuple[Quota, ...]


def quota_of(terms: SpecialCaseTerms, method: str, discharges: int) -> int:
    """How many special cases an institution has: the quota of its discharges, made whole as the terms say.

    Raises CodeError for a method that does not pay by group, InputError for a count below 0.
    """
    rate = terms.quota.values[GROUPED.position(method)]
    if discharges < 0:
        raise InputError(f"discharges is {discharges}; a count is not negative")
    if terms.quota_rounding == "down":
        return int(discharges * rate // int(RATE_ONE))
    return half_up_int(discharges * int(rate), int(RATE_ONE))


def rank(terms: SpecialCaseTerms, cases: Discharges, names: Sequence[str]) -> Ranked:
    """Rank the applications of each institution and method by cost less standard, descending, ties by id (rule P02).

    names: the institutions that `fixmedins_code` numbers.  A case has applied where it may and its review is not
    "none"; refused cases keep no place in the quota.
    Raises AmountError for what is no int64 column, CodeError for codes outside their lists, TableError where ids repeat
    or columns differ in length, InputError for an application of a case that may not apply.
    Sources: 常德 2023 三(八); formulas.md section 2, special cases, and section 3, high outliers.
    """
    ids = _checked(cases, names)
    applied = cases.review != REVIEW.position("none")
    bad = np.flatnonzero(applied & (cases.may_apply == 0))
    if bad.size:
        raise InputError(f"row {bad[0]}: case {ids[bad[0]]} has applied but meets no criterion; set its review to none")
    standing = applied & (cases.review != REVIEW.position("refused"))
    many = len(GROUPED.members)
    pair = cases.fixmedins_code * many + cases.method
    order = np.lexsort((ids, cases.standard - cases.medfee_sumamt, pair))
    order = order[standing[order]]
    begins = np.searchsorted(pair[order], pair[order], side="left")
    place = np.zeros(pair.size, np.int64)
    place[order] = np.arange(order.size) - begins + 1
    discharges = np.bincount(pair, minlength=len(names) * many)
    applications = np.bincount(pair[applied], minlength=len(names) * many)
    quotas = [
        quota_of(terms, GROUPED.members[at % many], int(discharges[at])) if discharges[at] else 0
        for at in range(len(names) * many)
    ]
    admitted = ((place > 0) & (place <= np.array(quotas, np.int64)[pair])).astype(np.int64)
    within = np.bincount(pair[admitted == 1], minlength=len(names) * many)
    records = sorted((names[at // many], at % many, at) for at in range(len(names) * many) if int(discharges[at]))
    found = tuple(
        Quota(name, GROUPED.members[method], int(discharges[at]), quotas[at], int(applications[at]), int(within[at]))
        for name, method, at in records
    )
    return Ranked(place, admitted, found)


def _checked(cases: Discharges, names: Sequence[str]) -> Any:
    """The ids as an array, once every column is what it has to be."""
    check_columns(
        "discharges",
        fixmedins_code=(cases.fixmedins_code, names),
        method=(cases.method, GROUPED),
        review=(cases.review, REVIEW),
        may_apply=(cases.may_apply, 1),
        medfee_sumamt=(cases.medfee_sumamt, None),
        standard=(cases.standard, None),
    )
    ids = np.asarray(cases.setl_id, np.str_)
    if ids.shape != cases.method.shape:
        raise TableError(f"columns must be of one length, got {ids.size} ids and {cases.method.size} rows")
    values, counts = np.unique(ids, return_counts=True)
    if values.size != ids.size:
        raise TableError(f"case {values[counts > 1][0]} stands twice; ids break ties, so each is there once")
    return ids


def review_counts(
    institution: Column, review: Column, review_payment: Column, carve_out_payment: Column, names: Sequence[str]
) -> Tally:
    """What the reviews and carve-outs of each institution came to (rule P12): counts and amounts, mergeable.

    review: codes of `axes.REVIEW`; review_payment: what is paid of granted cases; carve_out_payment: what is paid of
    carve-outs; fen.  The approval rate is `ratio(code, "approved", "applied")`, None without an application.
    Raises AmountError or CodeError for what is no column of codes.
    Source: 泰州 2024 二(三)(6).

    >>> one = np.array([0]); review_counts(one, one + 2, one + 500, one, ("H1",)).of("H1", "approved")
    1
    """
    check_columns(
        "review counts",
        institution=(institution, names),
        review=(review, REVIEW),
        review_payment=(review_payment, None),
        carve_out_payment=(carve_out_payment, None),
    )
    granted = (review == REVIEW.position("granted_item")) | (review == REVIEW.position("granted_points"))
    figures = {
        "cases": np.ones(review.size, np.int64),
        "applied": (review != REVIEW.position("none")).astype(np.int64),
        "approved": granted.astype(np.int64),
        "refused": (review == REVIEW.position("refused")).astype(np.int64),
        "carved_out": (carve_out_payment != 0).astype(np.int64),
        "review_payment": np.where(granted, review_payment, 0),
        "carve_out_payment": carve_out_payment,
        "outside_payment": np.where(granted, review_payment, 0) + carve_out_payment,
    }
    return tally(institution, names, figures)
