"""An area's year of budgets: the sample by eye, everything against the oracles, laws, and what is refused."""

from __future__ import annotations

import datetime
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy.annual.result import CLEARED_OUTPUTS, PAYERS, ClearedYear
from mipolicy.budget.axes import STATE
from mipolicy.budget.ledgers import Refused
from mipolicy.demo.budget import SAMPLE_POLICY, SAMPLE_YEAR, BudgetYear, budget_year
from mipolicy.errors import InputError, TableError
from tests.budget.test_sharing import words_of
from tests.oracles import advance as advance_oracle
from tests.oracles import budget_clearing as clearing_oracle
from tests.oracles import budget_sharing as sharing_oracle
from tests.payment.shared import check_refused

SAMPLE = mipolicy.loads(SAMPLE_POLICY, name="policy.toml", allow_repealed=True)
ASSUMED = mipolicy.load("assumed")
LAST = {2013: datetime.date(2013, 12, 31), 2025: datetime.date(2025, 12, 31)}
ALL, SOME, NONE = range(3)
YUAN = 100


def sharing_of(policy: mipolicy.Policy, year: int) -> Any:
    return policy.build("budget_sharing", policy.version("budget_sharing", LAST[year]))


INDICATORS = sharing_of(SAMPLE, 2013).indicators
APPROVALS = SAMPLE.build("quota", SAMPLE.version("quota", LAST[2013])).approvals


def made() -> BudgetYear:
    return budget_year(INDICATORS, APPROVALS)


def sample(**changed: Any) -> ClearedYear:
    year = made()
    return mipolicy.clear(
        SAMPLE, **{"institutions": year.institutions, "year": SAMPLE_YEAR, **year.tables(), **changed}
    )


def one(**figures: Any) -> dict[str, list[Any]]:
    """A table of one institution, in fen."""
    plain = {"fixmedins_code": "H1", "quota_local": 100_00, "actual_local": 90_00, "state": "some_met", "advanced": 0}
    return {name: [value] for name, value in {**plain, **figures}.items() if value is not None}


def cleared_one(**figures: Any) -> dict[str, int]:
    found = mipolicy.clear(SAMPLE, one(**figures), year=2013)
    assert len(found.rejects) == 0, found.rejects.message
    return {name: int(found.columns[name][0]) for name, unit in CLEARED_OUTPUTS.items() if unit == "fen"}


def reject(policy: mipolicy.Policy = SAMPLE, year: int = 2013, **figures: Any) -> tuple[str, str]:
    """Reason and message of the one row, which is no result."""
    found = mipolicy.clear(policy, one(**figures), year=year)
    assert (found.rows_in, len(found), len(found.rejects)) == (1, 0, 1)
    return found.rejects.reason[0], found.rejects.message[0]


# ---- the sample ------------------------------------------------------------------------------------------------------

BY_EYE = {
    # what the institution bears of an overrun, what the treasury pays, what the fund owes: yuan, and fen beside it
    "Y01": ("S13", "0.00", "36000.00", "1380000.00"),  # 30% of a saving of 120,000
    "Y02": ("S13", "0.00", "36000.00", "1380000.00"),  # whatever the assessment
    "Y03": ("at the cap", "0.00", "0.00", "1500000.00"),
    "Y04": ("S14", "0.00", "0.00", "1500000.01"),
    "Y05": ("S15", "0.00", "0.00", "1500000.01"),  # 30% of a fen is none
    "Y06": ("S17", "0.01", "0.00", "1500000.00"),
    "Y07": ("S14", "0.00", "0.00", "1630000.00"),
    "Y08": ("S15", "30000.00", "0.00", "1570000.00"),  # 30% of 100,000
    "Y09": ("S16", "3000.00", "0.00", "1527000.00"),  # 10% of 30,000
    "Y10": ("S15 and S16", "33000.00", "0.00", "1597000.00"),
    "Y11": ("S15, netted", "18000.00", "0.00", "1542000.00"),  # 100,000 - 40,000 all of care in the city
    "Y12": ("S16, netted", "3000.00", "0.00", "1527000.00"),  # 50,000 - 20,000 all of care out of the city
    "Y13": ("S13, netted", "0.00", "6000.00", "1480000.00"),  # 30,000 over in the city, 50,000 under out of it
    "Y14": ("S17", "130000.00", "0.00", "1500000.00"),
    "Y15": ("S13", "0.00", "3000.00", "1550000.00"),  # with 60,000 more approved
    "Y16": ("S15", "15000.00", "0.00", "1535000.00"),  # 60,000 not approved in time
}


def branch(row: dict[str, int]) -> str:
    """The rule that a cleared row went through, from its figures alone."""
    if row["saving"]:
        inside = row["quota_local"] + row["increments"] >= row["actual_local"]
        return "S13" if inside and row["quota_out"] >= row["actual_out"] else "S13, netted"
    if not row["overrun"]:
        return "at the cap"
    if row["state"] != SOME:
        return "S14" if row["state"] == ALL else "S17"
    parts = [rule for rule, part in (("S15", "overrun_local"), ("S16", "overrun_out")) if row[part]]
    other = row["actual_out"] < row["quota_out"] if parts == ["S15"] else row["actual_local"] < row["quota_local"]
    return parts[0] + (", netted" if other else "") if len(parts) == 1 else " and ".join(parts)


def test_the_sample_by_eye() -> None:
    texts = sample().texts()
    columns = [texts[name] for name in ("fixmedins_code", "institution", "treasury", "fund")]
    found = {code: figures for code, *figures in zip(*columns, strict=True)}
    assert found == {code: list(figures) for code, (_, *figures) in BY_EYE.items()}


def test_the_sample_takes_every_branch_of_s13_to_s17() -> None:
    cleared, year = sample(), made().institutions
    names = ("state", "saving", "overrun", "overrun_local", "overrun_out", "quota_local", "quota_out", "increments")
    taken = {}
    for at, row in enumerate(cleared.row.tolist()):
        figures = {name: int(cleared.columns[name][at]) for name in names}
        spent = {name: year[name][row] for name in ("actual_local", "actual_out")}
        taken[year["fixmedins_code"][row]] = branch({**figures, **spent})
    assert taken == {code: rule for code, (rule, *_) in BY_EYE.items()}
    assert Counter(taken.values()) == {
        "S13": 3,
        "S13, netted": 1,
        "at the cap": 1,
        "S14": 2,
        "S15": 3,
        "S15, netted": 1,
        "S16": 1,
        "S16, netted": 1,
        "S15 and S16": 1,
        "S17": 2,
    }
    one_over = [row for row in BY_EYE if int(cleared.columns["overrun"][list(BY_EYE).index(row)]) == 1]
    assert one_over == ["Y04", "Y05", "Y06"]  # one fen over, in each state


def test_the_sample_loses_no_row_and_no_fen() -> None:
    cleared = sample()
    assert (cleared.rows_in, len(cleared), len(cleared.rejects)) == (17, 16, 1)
    (lost,) = cleared.rejects.records()
    assert (lost["row"], lost["reason"]) == ("16", "result")
    assert lost["message"] == f"institution Y17 has no result of {INDICATORS[-1]}; a missing result is not a failed one"
    sums = cleared.totals()
    assert sums["cleared_amount"] == sum(sums[name] for name in PAYERS)
    assert sums["by_institution"] == sums["institution"] + sums["refused_amt"] == 232_000_01 + 51_234_56
    assert sums["by_treasury"] == 81_000_00
    assert {line.name: line.amount for line in cleared.city()} == sums
    assert cleared.forfeited_to_fund == 0


def test_s40_the_sample_s_balances_by_eye() -> None:
    """Y10: 1,597,000 owed, 125,000 advanced a month but 97,800 in February, 5,000 carried in."""
    cleared = sample()
    texts = cleared.texts()
    at = texts["fixmedins_code"].index("Y10")
    assert texts["advanced"][at] == "1472800.00"
    assert (texts["clearing"][at], texts["paid"][at], texts["recovered"][at]) == ("119200.00", "119200.00", "0.00")
    at = texts["fixmedins_code"].index("Y14")
    assert (texts["refused_amt"][at], texts["recovered"][at]) == ("50000.00", "22800.00")
    assert texts["clearing"][at] == "-22800.00"


def test_s12_a_late_approval_is_pending_until_a_later_settlement() -> None:
    early, late = sample(), sample(settled_on=datetime.date(2014, 12, 31))
    assert [(each.fixmedins_code, each.amount) for each in early.pending] == [("Y16", 60_000_00)]
    assert late.pending == ()
    assert early.totals()["increments"] == 60_000_00
    assert late.totals()["increments"] == 120_000_00


# ---- one institution by eye ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, (0, 3_00, 90_00)),
        ({"actual_local": 100_00}, (0, 0, 100_00)),
        ({"actual_local": 99_99}, (0, 0, 99_99)),  # 30% of a fen
        ({"actual_local": 100_02}, (1, 0, 100_01)),
        ({"actual_local": 110_00, "state": "all_met"}, (0, 0, 110_00)),
        ({"actual_local": 110_00, "state": "none_met"}, (10_00, 0, 100_00)),
        ({"actual_local": 110_00}, (3_00, 0, 107_00)),
        ({"quota_out": 20_00, "actual_out": 40_00}, (1_00, 0, 129_00)),
        ({"quota_out": 20_00, "actual_local": 105_00, "actual_out": 40_00}, (3_50, 0, 141_50)),
        ({"quota_out": 20_00, "actual_local": 105_00, "actual_out": 14_00}, (0, 30, 119_00)),
    ],
)
def test_s13_to_s17_one_institution(figures: dict[str, Any], expected: tuple[int, int, int]) -> None:
    found = cleared_one(**figures)
    assert tuple(found[name] for name in ("institution", "treasury", "fund")) == expected


def test_s39_refused_cost_is_borne_by_the_institution() -> None:
    found = cleared_one(refused_amt=5_00, advanced=80_00, prepayment_left=1_00, carried_in=2_00)
    assert (found["by_institution"], found["by_treasury"], found["by_fund"]) == (5_00, 3_00, 85_00)
    assert found["clearing"] == 90_00 + 3_00 - 5_00 - 80_00 - 1_00 - 2_00


def test_s39_refused_cost_by_reason_is_that_of_the_institutions_cleared() -> None:
    cleared = sample()
    found = cleared.refused_by_reason()
    assert found is not None
    assert found.by_reason == {"超标准收费": 31_000_00, "重复收费": 234_56, "不合理检查": 20_000_00}
    assert found.total == cleared.totals()["refused_amt"] == 51_234_56
    assert {code: amount for code, amount in found.by_institution.items() if amount} == {
        "Y08": 1_234_56,
        "Y14": 50_000_00,
    }
    rows = refusals(("Y17", "x", 5), ("Y01", "x", 7))
    again = sample(refused=rows)
    assert again.refused_by_reason() == Refused(
        7, {code: 7 if code == "Y01" else 0 for code in BY_EYE}, {"x": 7}, {("Y01", "x"): 7}
    )
    assert mipolicy.clear(SAMPLE, one(), year=2013).refused_by_reason() is None


def refusals(*rows: tuple[str, str, int]) -> dict[str, list[Any]]:
    return dict(zip(("fixmedins_code", "reason", "refused_amt"), map(list, zip(*rows, strict=True)), strict=True))


def test_s39_refused_cost_is_stated_once() -> None:
    stated = mipolicy.clear(SAMPLE, one(refused_amt=1), year=2013, refused=refusals(("H1", "x", 1)))
    assert stated.rejects.message == ("refused_amt is stated beside a table of refused cost; give one of the two",)
    most = 10**12
    large = mipolicy.clear(SAMPLE, one(), year=2013, refused=refusals(("H1", "x", most), ("H1", "x", 1)))
    assert large.rejects.message == ("refused cost sums to 10000000000.01, more than any amount may be",)


# ---- deposits and marks ----------------------------------------------------------------------------------------------

MARKED = {"quality_mark": "90", "internal_mark": "80"}


def test_forfeited_deposits_go_to_those_at_full_assessment() -> None:
    table = {
        "fixmedins_code": ["H1", "H2", "H3"],
        "quota_local": ["1000.00"] * 3,
        "actual_local": ["1000.00"] * 3,
        "state": ["all_met"] * 3,
        "advanced": ["900.00", "900.00", "300.00"],
        "assessment": ["70", "95", "90"],
        **{name: [mark] * 3 for name, mark in MARKED.items()},
    }
    cleared = mipolicy.clear(ASSUMED, table, year=2025)
    texts = cleared.texts()
    assert texts["forfeited"] == ["22.50", "0.00", "0.00"]  # half of 5% of 900
    assert texts["redistributed"] == [
        "0.00",
        "16.88",
        "5.62",
    ]  # 45 to 15; the odd fen by largest remainder, ties by code
    assert texts["by_fund"] == ["977.50", "1016.88", "1005.62"]
    assert cleared.forfeited_to_fund == 0
    nobody = mipolicy.clear(ASSUMED, {**table, "assessment": ["70"] * 3}, year=2025)
    assert nobody.totals()["redistributed"] == 0
    assert nobody.forfeited_to_fund == nobody.totals()["forfeited"] == 52_50


# ---- against the oracles ---------------------------------------------------------------------------------------------

FIRST = {
    "quality_mark": [(0, "0.97"), (60, "0.99"), (85, "1"), (95, "1.01")],
    "internal_mark": [(0, "0.995"), (70, "1")],
}
BACK = [(0, "0"), (60, "0.5"), (80, "0.8"), (90, "1")]


@st.composite
def institutions(draw: st.DrawFn) -> dict[str, Any]:
    size = draw(st.sampled_from((100, 10**6, 10**11)))
    quota = (draw(st.integers(1, size)), draw(st.one_of(st.just(0), st.integers(1, size))))
    whole = sum(quota)
    near = st.sampled_from([max(0, whole * part // 100 + step) for part in (90, 100, 105, 110) for step in (-1, 0, 1)])
    actual = draw(st.one_of(near, st.integers(0, 2 * whole)))
    cuts = [0, *sorted(draw(st.lists(st.integers(0, actual), min_size=11, max_size=11))), actual]
    mark = st.one_of(
        st.sampled_from([0, 599_999, 600_000, 850_000, 900_000, 950_000, 1_000_000]), st.integers(0, 10**6)
    )
    out = draw(st.integers(0, actual))
    return {
        "quota_local": quota[0],
        "quota_out": quota[1],
        "actual_local": actual - out,
        "actual_out": out,
        "refused_amt": draw(st.integers(0, min(actual, whole) // 4)),
        "prepayment_left": draw(st.integers(0, size)),
        "carried_in": draw(st.integers(0, size)),
        "state": draw(st.integers(0, 2)),
        "months": [later - earlier for earlier, later in pairwise(cuts)],
        "marks": [draw(mark) for _ in range(3)],
    }


def tables_of(rows: list[dict[str, Any]], indicators: tuple[str, ...], *, marks: bool) -> dict[str, Any]:
    """The tables as `mipolicy.clear` takes them; what is met: all, the last alone, or none."""
    codes = [f"H{at:03d}" for at in range(len(rows))]
    drop = ("state", "months", "marks")
    columns: dict[str, list[Any]] = {
        "fixmedins_code": codes,
        **{name: [row[name] for row in rows] for name in rows[0] if name not in drop},
    }
    if marks:
        for at, name in enumerate(("quality_mark", "internal_mark", "assessment")):
            columns[name] = [row["marks"][at] for row in rows]
    last = len(indicators) - 1
    met = [
        (code, name, row["state"] == ALL or (row["state"] == SOME and at == last))
        for code, row in zip(codes, rows, strict=True)
        for at, name in enumerate(indicators)
    ]
    return {
        "institutions": columns,
        "results": {
            "fixmedins_code": [code for code, _, _ in met],
            "indicator": [name for _, name, _ in met],
            "met_flag": [str(int(flag)) for _, _, flag in met],
        },
        "months": {
            "fixmedins_code": [code for code in codes for _ in range(12)],
            "month": list(range(1, 13)) * len(codes),
            "actual_amt": [amount for row in rows for amount in row["months"]],
        },
    }


def literal(policy: mipolicy.Policy, year: int, row: dict[str, Any], redistributed: int) -> dict[str, int]:
    """One institution in fractions: advances, sharing, clearing."""
    marked = policy is ASSUMED
    words = words_of(sharing_of(policy, year))
    quota, actual = (row["quota_local"], row["quota_out"]), (row["actual_local"], row["actual_out"])
    of_year = {
        "quota": quota,
        "actual": actual,
        "points": 0,
        "state": row["state"],
        "stated_out": 0,
        "factor": Fraction(1),
    }
    shared = sharing_oracle.share_budget(words, of_year)
    so_far = advanced = 0
    for at, cost in enumerate(row["months"], 1):
        so_far += cost
        rule = "cumulative_min" if marked else "min"
        advanced += advance_oracle.month(rule, Fraction(0), at, sum(quota), cost, so_far, advanced)
    marks = dict(zip((*FIRST, "assessment"), (Fraction(mark, 10_000) for mark in row["marks"]), strict=True))
    bands = {**FIRST, "assessment": BACK}
    exact = {name: [(Fraction(edge), Fraction(figure)) for edge, figure in each] for name, each in bands.items()}
    found = {name: clearing_oracle.of_mark(exact[name], "at_or_above", marks[name]) for name in exact}
    books = {**row, "refused": row["refused_amt"], "advanced": advanced, "redistributed": redistributed}
    cleared = clearing_oracle.clear(
        (shared["institution"], shared["treasury"], shared["fund"]),
        books,
        [found[name] for name in FIRST] if marked else [],
        (Fraction(5, 100), "months_paid", found["assessment"]) if marked else None,
        "carried_forward" if marked else "recovered",
    )
    return {**shared, "advanced": advanced, **cleared}


@pytest.mark.parametrize(("policy", "year"), [(SAMPLE, 2013), (ASSUMED, 2025)], ids=["sample", "assumed"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(institutions(), min_size=1, max_size=6))
def test_tables_agree_with_the_oracles(policy: mipolicy.Policy, year: int, rows: list[dict[str, Any]]) -> None:
    tables = tables_of(rows, sharing_of(policy, year).indicators, marks=policy is ASSUMED)
    cleared = mipolicy.clear(policy, **tables, year=year)
    assert len(cleared) + len(cleared.rejects) == cleared.rows_in == len(rows)
    assert set(cleared.rejects.reason) <= {"refused"}
    for at, row in enumerate(cleared.row.tolist()):
        wanted = literal(policy, year, rows[row], int(cleared.columns["redistributed"][at]))
        assert {name: int(cleared.columns[name][at]) for name in wanted} == wanted
    for at, row in enumerate(cleared.rejects.row.tolist()):
        wanted = literal(policy, year, rows[row], 0)
        assert rows[row]["refused_amt"] + wanted["forfeited"] > wanted["fund_due"], cleared.rejects.message[at]


@settings(max_examples=30, deadline=None)
@given(st.lists(institutions(), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_row_order_and_block_size_change_nothing(rows: list[dict[str, Any]], random: Any) -> None:
    tables = tables_of(rows, INDICATORS, marks=False)
    order = list(range(len(rows)))
    random.shuffle(order)
    whole = by_code(mipolicy.clear(SAMPLE, **tables, year=2013))
    shuffled: dict[str, Any] = {
        name: {
            column: [values[at] for at in (order if name == "institutions" else range(len(values)))]
            for column, values in table.items()
        }
        for name, table in tables.items()
    }
    for name in ("results", "months"):
        shuffled[name] = {column: values[::-1] for column, values in tables[name].items()}
    assert by_code(mipolicy.clear(SAMPLE, **shuffled, year=2013)) == whole
    parts: dict[str, Any] = {}
    for code in tables["institutions"]["fixmedins_code"]:
        block: dict[str, Any] = {}
        for name, table in tables.items():
            here = [at for at, each in enumerate(table["fixmedins_code"]) if each == code]
            block[name] = {column: [values[at] for at in here] for column, values in table.items()}
        parts.update(by_code(mipolicy.clear(SAMPLE, **block, year=2013)))
    assert parts == whole


def by_code(cleared: ClearedYear) -> dict[str, list[Any]]:
    texts = cleared.texts()
    found: dict[str, list[Any]] = {
        code: [texts[name][at] for name in texts] for at, code in enumerate(texts["fixmedins_code"])
    }
    found.update({each["setl_id"]: [each["reason"], each["message"]] for each in cleared.rejects.records()})
    return found


# ---- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "year"), [(SAMPLE, 2013), (ASSUMED, 2025)], ids=["sample", "assumed"])
@settings(max_examples=60, deadline=None)
@given(institution=institutions(), more=st.integers(1, 10**10))
def test_spending_more_never_leaves_an_institution_more(
    policy: mipolicy.Policy, year: int, institution: dict[str, Any], more: int
) -> None:
    """What it keeps beyond its spending: what treasury and fund pay, less what was spent."""
    dearer = {**institution, "actual_local": institution["actual_local"] + more}
    columns = both(policy, year, institution, dearer)
    kept = columns["treasury"] + columns["fund"] - columns["actual"]
    assert kept[1] <= kept[0]


@pytest.mark.parametrize(("policy", "year"), [(SAMPLE, 2013), (ASSUMED, 2025)], ids=["sample", "assumed"])
@settings(max_examples=60, deadline=None)
@given(institution=institutions(), met=st.lists(st.integers(0, 3), min_size=2, max_size=2))
def test_more_indicators_met_never_cost_an_institution(
    policy: mipolicy.Policy, year: int, institution: dict[str, Any], met: list[int]
) -> None:
    rows = [{**institution, "state": (NONE, SOME, SOME, ALL)[count]} for count in sorted(met)]
    columns = both(policy, year, *rows)
    assert columns["institution"][1] <= columns["institution"][0]
    assert columns["clearing"][1] >= columns["clearing"][0]


def both(policy: mipolicy.Policy, year: int, *rows: dict[str, Any]) -> dict[str, Any]:
    """Both rows cleared side by side, without refusals and months."""
    names = ("quota_local", "quota_out", "actual_local", "actual_out")
    table: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in names}
    table |= {
        "fixmedins_code": ["H1", "H2"],
        "state": [STATE.members[row["state"]] for row in rows],
        "advanced": [0, 0],
    }
    if policy is ASSUMED:
        table |= {"quality_mark": [900_000] * 2, "internal_mark": [900_000] * 2, "assessment": [900_000] * 2}
    cleared = mipolicy.clear(policy, table, year=year)
    assert len(cleared) == 2
    return dict(cleared.columns)


# ---- rejects: one row, one reason ------------------------------------------------------------------------------------

BLOCKS = (
    "quota_outpatient, quota_inpatient, quota_special sum to 99.99, quota_local is 100.00; correct whichever is wrong"
)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"quota_outpatient": 50_00, "quota_inpatient": 49_99}, ("blocks", BLOCKS)),
        ({"quota_local": -1}, ("amount", "quota_local is -0.01; an amount of 0 or more is due")),
        ({"actual_out": -5}, ("amount", "actual_out is -0.05; an amount of 0 or more is due")),
        ({"advanced": -5}, ("amount", "advanced is -0.05; an amount of 0 or more is due")),
        (
            {"quota_local": 0},
            ("budget", "quota_local and quota_out are 0; a saving or an overrun is measured against a budget"),
        ),
        ({"points_amt": 1}, ("budget", "points_amt is stated, but these terms use quotas; leave 0")),
        ({"stated_out": 1}, ("stated", "stated_out is given, but these terms do not take it")),
        ({"state": "met"}, ("state", "state 'met' is none of all_met, some_met, none_met")),
        (
            {"state": ""},
            ("state", "no result: give results by indicator, or a state of all_met, some_met, none_met"),
        ),
        ({"advanced": None}, ("advanced", "advanced is empty; state it, 0 for none, or give months")),
        (
            {"assessment_factor": 9_999},
            ("factor", "assessment_factor is not 1, but these terms use none; leave it out"),
        ),
        (
            {"assessment_factor": -1},
            ("factor", "assessment_factor is -1 per ten thousand; from 0 to 1000 is due"),
        ),
        (
            {"quality_mark": 1},
            ("mark", "quality_mark is stated, but these terms use no such mark; leave it empty"),
        ),
        (
            {"refused_amt": 90_01},
            ("refused", "90.01 are refused and forfeited, but the fund owes 90.00 only; correct refused_amt"),
        ),
        ({"fixmedins_code": ""}, ("id", "fixmedins_code is empty")),
        (
            {"quota_local": "1e3"},
            ("amount", "quota_local: yuan takes a plain decimal figure such as '12.30', not '1e3'"),
        ),
    ],
)
def test_a_row_that_cannot_be_cleared_has_its_reason(figures: dict[str, Any], expected: tuple[str, str]) -> None:
    assert reject(**figures) == expected


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({}, "quality_mark is empty; these terms need the mark"),
        ({"quality_mark": 10**6 + 1}, "quality_mark is 1000001 per ten thousand; marks are 0 to 100"),
        ({"quality_mark": 1, "internal_mark": 1}, "assessment is empty; these terms need the mark"),
    ],
)
def test_marks_that_the_terms_need(figures: dict[str, Any], message: str) -> None:
    assert reject(ASSUMED, 2025, **figures) == ("mark", message)


def test_rows_that_stand_twice_are_all_refused() -> None:
    table = {name: values * 2 for name, values in one().items()}
    cleared = mipolicy.clear(SAMPLE, table, year=2013)
    assert [*cleared.rejects.records()] == [
        {"row": str(row), "setl_id": "H1", "reason": "duplicate", "message": "fixmedins_code H1 stands twice"}
        for row in (0, 1)
    ]


def test_an_empty_table_is_a_year_of_nothing() -> None:
    cleared = mipolicy.clear(SAMPLE, {name: [] for name in one()}, year=2013)
    assert (cleared.rows_in, len(cleared), len(cleared.rejects)) == (0, 0, 0)
    assert set(cleared.totals().values()) == {0}


def months(**changed: Any) -> dict[str, list[Any]]:
    plain = {"fixmedins_code": ["H1"] * 12, "month": list(range(1, 13)), "actual_amt": [7_50] * 12}
    return {**plain, **changed}


def test_months_that_do_not_make_the_year() -> None:
    table = one(advanced=None)
    cleared = mipolicy.clear(SAMPLE, table, year=2013, months=months())
    assert cleared.texts()["advanced"] == ["90.00"]
    other = mipolicy.clear(SAMPLE, table, year=2013, months=months(actual_amt=[7_50] * 11 + [7_49]))
    message = "the months sum to 89.99, the year's actual cost is 90.00; correct whichever is wrong"
    assert [*other.rejects.reason, *other.rejects.message] == ["months", message]
    short = mipolicy.clear(SAMPLE, table, year=2013, months={name: each[:11] for name, each in months().items()})
    assert short.rejects.message == ("institution H1 has not all of its twelve months",)
    both_given = mipolicy.clear(SAMPLE, one(), year=2013, months=months())
    assert both_given.rejects.message == ("advanced is stated beside months; give one of the two",)


# ---- errors: the whole run stops -------------------------------------------------------------------------------------


def results(*rows: tuple[str, str, str]) -> dict[str, list[str]]:
    return dict(zip(("fixmedins_code", "indicator", "met_flag"), map(list, zip(*rows, strict=True)), strict=True))


def approvals(*rows: tuple[str, str, int, str, str]) -> dict[str, list[Any]]:
    names = ("increment_id", "fixmedins_code", "amount", "approval", "approved_on")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


NO_STATE = one(state=None)
A, B = INDICATORS[:2]
NAMES = ", ".join(INDICATORS)
YES, NO = APPROVALS


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        (
            NO_STATE,
            {"results": results(("H2", A, "1"))},
            "results: fixmedins_code 'H2' is not in the table of institutions",
        ),
        (
            NO_STATE,
            {"results": results(("H1", "x", "1"))},
            f"results: unknown indicator 'x'; the policy lists: {NAMES}",
        ),
        (
            NO_STATE,
            {"results": results(("H1", A, "yes"))},
            "results: met_flag takes '1' (met) or '0' (not met), not 'yes'",
        ),
        (NO_STATE, {"results": results(("H1", A, "1"), ("H1", A, "0"))}, f"results: H1, {A} stands twice"),
        (
            one(),
            {"results": results(("H1", A, "1"))},
            "institutions: state is stated beside a table of results; give one of the two",
        ),
        (one(), {"months": months(month=[0, *range(2, 13)])}, "months: row 0: month is 0; months are 1 to 12"),
        (one(), {"months": months(month=[2, *range(2, 13)])}, "months: H1, month 2 stands twice"),
        (
            one(),
            {"months": months(actual_amt=[-1] * 12)},
            "months: row 0: actual_amt is -0.01; 0 or more is due; row 1",
        ),
        (one(), {"refused": refusals(("H1", "", 5))}, "refused: row 0: reason is empty"),
        (
            one(),
            {"refused": refusals(("H2", "x", 5))},
            "refused: fixmedins_code 'H2' is not in the table of institutions",
        ),
        (one(), {"refused": refusals(("H1", "x", -5))}, "refused: row 0: refused_amt is -0.05; 0 or more is due"),
        (
            one(),
            {"increments": approvals(("Z1", "H1", 5, "x", "2013-05-01"))},
            f"increments: unknown approval 'x'; allowed: {YES}, {NO}",
        ),
        (
            one(),
            {"increments": approvals(("Z1", "H1", 5, YES, "2013-05-01"), ("Z1", "H1", 6, NO, "2013-05-01"))},
            "increments: row 1: increment 'Z1' has another institution or amount than above",
        ),
        (
            one(),
            {"increments": approvals(("Z1", "H1", 5, YES, ""), ("Z1", "H1", 5, YES, "2013-05-01"))},
            f"increments: row 1: increment 'Z1': the approval {YES} stands twice",
        ),
        (
            one(),
            {"increments": approvals(("Z1", "H1", -5, YES, ""))},
            "increments: row 0: amount is -0.05; an amount of 0 or more is due",
        ),
        (
            one(),
            {"total_quota": 99_99},
            "institutions: the quotas sum to 100.00, 0.01 more than the blocks of the total leave for them; lower a"
            " quota or raise the block",
        ),
    ],
)
def test_a_mistake_beside_the_institutions_stops_the_run(
    table: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(TableError) as caught:
        mipolicy.clear(SAMPLE, table, year=2013, **more)
    assert str(caught.value).startswith(message)


def test_quotas_that_fill_the_total_are_cleared() -> None:
    assert len(mipolicy.clear(SAMPLE, one(), year=2013, total_quota=100_00)) == 1


@pytest.mark.parametrize(
    ("given_year", "total", "message"),
    [
        ("2013", None, "year is '2013'; a year such as 2025 is due"),
        (True, None, "year is True; a year such as 2025 is due"),
        (1948, None, "year is 1948; a year such as 2025 is due"),
        (2013, -1, "total_quota is -1; an amount of 0 or more in fen is due"),
        (2013, 1.5, "total_quota is 1.5; an amount of 0 or more in fen is due"),
    ],
)
def test_a_year_or_total_that_is_none(given_year: Any, total: Any, message: str) -> None:
    check_refused(lambda: mipolicy.clear(SAMPLE, one(), year=given_year, total_quota=total), InputError, message)


def test_results_under_a_policy_without_indicators() -> None:
    bare = mipolicy.loads(
        SAMPLE_POLICY.replace("effective = 2013-01-01\n", "effective = 2013-01-01\nindicators = []\n", 1),
        name="bare.toml",
        allow_repealed=True,
    )
    with pytest.raises(TableError, match="results: the policy lists no indicator; give a state in the table"):
        mipolicy.clear(bare, NO_STATE, year=2013, results=results(("H1", A, "1")))


def test_a_policy_that_does_not_share_says_so() -> None:
    with pytest.raises(mipolicy.PolicyGap, match="budget_sharing leaves 1 figure"):
        mipolicy.clear(mipolicy.load("shangyu-2013", allow_repealed=True), one(), year=2013)


def test_floats_are_yuan_to_the_fen() -> None:
    """100.25 yuan are 10,025 fen; 100.255 yuan are no amount."""
    found = mipolicy.clear(SAMPLE, one(quota_local=100.25), year=2013)
    assert found.columns["quota_local"].tolist() == [10_025]
    (reject,) = mipolicy.clear(SAMPLE, one(quota_local=100.255), year=2013).rejects.records()
    assert "100.255" in str(reject["message"])


def test_a_column_that_is_none() -> None:
    with pytest.raises(TableError, match="unknown column quota_locl, did you mean quota_local"):
        mipolicy.clear(SAMPLE, {**one(), "quota_locl": [1]}, year=2013)


def test_results_are_counted_whatever_their_order() -> None:
    rows = [("H1", name, "1") for name in INDICATORS[:-1]] + [("H1", INDICATORS[-1], "0")]
    for each in (rows, rows[::-1]):
        assert mipolicy.clear(SAMPLE, NO_STATE, year=2013, results=results(*each)).texts()["state"] == ["some_met"]


def test_every_column_is_labelled_and_typed() -> None:
    cleared = sample()
    assert list(cleared.columns) == list(CLEARED_OUTPUTS)
    assert list(cleared.texts()) == list(CLEARED_OUTPUTS)
    assert all(np.asarray(column).shape == (16,) for column in cleared.columns.values())
