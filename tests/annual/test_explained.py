"""One institution of a cleared year, step by step: the same figures as the table, with the clauses that set them."""

from __future__ import annotations

import numpy as np
import pytest

import mipolicy
from mipolicy.errors import InputError
from tests.annual.test_clear import ASSUMED, INDICATORS, MARKED, one, sample
from tests.payment.shared import check_refused


def test_every_row_of_the_sample_is_explained() -> None:
    cleared = sample()
    for row in cleared.row.tolist():
        explanation = mipolicy.explain_clearing(cleared, row)
        code = f"Y{row + 1:02d}"
        assert explanation.title("en") == f"institution {code}: budget-sample, 2013"
        assert explanation.title("zh").startswith(f"{code}: ")
        titles = [group.title("en") for group in explanation.groups]
        quota = ["the quota"] if code == "Y15" else []
        months = [f"advance of month {month}" for month in range(1, 13)]
        assert titles == [*quota, *months, "savings and overruns", "the year cleared"]


def test_s15_and_s16_are_explained_with_their_clause() -> None:
    text = mipolicy.explain_clearing(sample(), 9).text("en")
    assert "overrun borne by the institution = 33000.00\n" in text
    assert "overrun in the city 100000.00 × overrun borne" not in text
    assert "[opinion-2013 二(三)3 健全结算管理]" in text
    assert "carried forward from the year before 5000.00" in text
    zh = mipolicy.explain_clearing(sample(), 9).text("zh")
    assert "机构承担超支 = 33000.00\n" in zh
    assert "上年结转扣回 5000.00" in zh


def test_an_increment_stands_before_the_quota_it_raises() -> None:
    text = mipolicy.explain_clearing(sample(), 14).text("en")
    assert "quota of care in the city = 1260000.00\n" in text
    assert "increments approved 60000.00" in text


def test_scores_and_deposits_of_a_pack_are_explained() -> None:
    table = {**one(advanced=80_00), "assessment": ["70"], **{name: [mark] for name, mark in MARKED.items()}}
    cleared = mipolicy.clear(ASSUMED, table, year=2025)
    text = mipolicy.explain_clearing(cleared, 0).text("en")
    for line in ("deposit = 4.00\n", "forfeited = 2.00\n", "factor for care quality = 1\n"):
        assert line in text
    for clause in ("第八条 结余留用与超支分担", "第十条 年度清算", "第十四条 年度清算"):
        assert clause in text


def test_a_row_that_is_no_result_says_why() -> None:
    cleared = sample()
    check_refused(
        lambda: mipolicy.explain_clearing(cleared, 16),
        InputError,
        f"row 16 is rejected: institution Y17 has no result of {INDICATORS[-1]}; a missing result is not a failed one"
        " [result]",
    )
    for row in (-1, 17):
        check_refused(
            lambda row=row: mipolicy.explain_clearing(cleared, row),  # type: ignore[misc]
            InputError,
            f"row {row} is not in the table, which has rows 0 to 16",
        )


@pytest.mark.parametrize("name", ["advanced", "overrun_institution", "paid"])
def test_a_figure_that_the_rules_do_not_give_is_a_defect(name: str) -> None:
    cleared = sample()
    column = cleared.columns[name]
    wrong = {**cleared.columns, name: column + np.where(np.arange(len(column)) == 9, 1, 0)}
    object.__setattr__(cleared, "columns", wrong)
    with pytest.raises(mipolicy.IdentityError):
        mipolicy.explain_clearing(cleared, 9)
