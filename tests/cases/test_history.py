"""The catalogue out of a table of discharges: against the oracle, to payment; parts that merge; bad rows and tables."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import mipolicy
from mipolicy.cases.grouping import group_cases
from mipolicy.cases.history import HistorySummary, MadeCatalogue, make_catalogue
from mipolicy.cases.pay import pay_table
from mipolicy.errors import CodeError, InputError, MipolicyError, PolicyGap, TableError
from tests.cases.made_history import AUXILIARY, CATALOGUE, LEVELS, Row, assumed_but, in_words, kinds_table, rows, table
from tests.oracles import dip as score_oracle
from tests.oracles import dip_auxiliary as auxiliary_oracle
from tests.oracles import dip_catalogue as oracle
from tests.oracles import dip_grouping as match_oracle
from tests.oracles import half_up

POLICY = mipolicy.load("assumed")
SEEDS = (1, 2, 3)
DIMENSIONS = {"cci": "cci_class", "age": "age_class", "intensive_care": "icu_class"}


def made(history: list[Row], **options: Any) -> MadeCatalogue:
    return make_catalogue(POLICY, table(history), kinds=kinds_table(), year=2025, **options)


def by_group(history: list[Row]) -> dict[str, list[Row]]:
    """The rows that the percentiles leave, by the group they end in; cases of one group and cost stand for another."""
    words = in_words(history)
    rest: dict[oracle.Case, list[Row]] = {}
    for word, row in zip(words, history, strict=True):
        rest.setdefault(word, []).append(row)
    return {
        code: [rest[word].pop() for word in oracle.trimmed(held, CATALOGUE)]
        for code, held in oracle.grouped(words, CATALOGUE).items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_groups_are_the_oracle_s(seed: int) -> None:
    history = rows(700, seed)
    found = made(history)
    assert (found.year, found.rows_in, found.used, len(found.rejects)) == (2025, 700, 700, 0)
    wanted = oracle.catalogue(in_words(history), CATALOGUE)
    del wanted[""]
    assert found.groups["group_code"] == sorted(wanted)
    assert {"core", "basic", "comprehensive"} == set(found.groups["kind"])
    left = by_group(history)
    variation = found.variation()
    for at, code in enumerate(found.groups["group_code"]):
        expected, days = wanted[code], [row["act_ipt_days"] for row in left[code] if row["act_ipt_days"] is not None]
        line = {name: column[at] for name, column in found.groups.items()}
        assert line == {
            "group_code": code,
            "kind": "comprehensive" if "." not in code[:5] else "basic" if code == "J06.9" else "core",
            "base_points": expected["base_points"],
            "weight": expected["weight"],
            "group_mean": expected["group_mean"],
            "mean_tertiary": expected["level_means"][0],
            "mean_secondary": expected["level_means"][1],
            "mean_level_1": expected["level_means"][2],
            "mean_primary": expected["level_means"][3],
            "mean_days": half_up(Fraction(sum(days), len(days)) * 10_000) if days else 0,
            "basic_flag": str(int(code == "J06.9")),
            "tcm_flag": "0",
        }
        cv = {name: column[at] for name, column in variation.items()}
        assert cv == {
            "group_code": code,
            "cases": sum(expected["cases"]),
            "kept_cases": sum(expected["kept_cases"]),
            "cv": expected["cv"],
            "stable": int(expected["cv"] <= 6_500),
        }


def cost_of(row: Row) -> int:
    return int(row["medfee_sumamt"] - row["carve_out_amt"])


def auxiliary_lines(history: list[Row]) -> dict[tuple[str, str, str], int]:
    """Group, dimension and class -> factor; severity is told apart for tumours and for other groups."""
    lines = {}
    for code, held in by_group(history).items():
        severity = "tumour_severity" if "C00" <= code[:3] <= "D48" else "severity"
        for dimension, field in {**DIMENSIONS, severity: "severity_class"}.items():
            classes: dict[str, list[int]] = {}
            for row in held:
                classes.setdefault(row[field], []).append(cost_of(row))
            for name, factor in auxiliary_oracle.lines(AUXILIARY, classes).items():
                if name:
                    lines[code, dimension, name] = factor
    return lines


def factor_of(lines: Mapping[tuple[str, str, str], int], code: str, row: Row, several: str = "highest") -> int:
    fields = {"cci": "cci_class", "severity": "severity_class", "tumour_severity": "severity_class"}
    fields |= {"age": "age_class", "intensive_care": "icu_class"}
    met = [lines.get((code, dimension, row[field]), 0) for dimension, field in fields.items()]
    return auxiliary_oracle.case_factor(several, met)


@pytest.mark.parametrize("seed", SEEDS)
def test_auxiliary_factors_and_what_they_explain_are_the_oracle_s(seed: int) -> None:
    history = rows(700, seed)
    found = made(history)
    lines = auxiliary_lines(history)
    assert {dimension for _, dimension, _ in lines} >= {"severity", "tumour_severity"}
    columns = (found.auxiliaries[name] for name in ("group_code", "dimension", "aux_class", "auxiliary_factor"))
    assert {(code, dimension, name): factor for code, dimension, name, factor in zip(*columns, strict=True)} == lines

    means = dict(zip(found.groups["group_code"], found.groups["group_mean"], strict=True))
    cases = [(code, row) for code, held in by_group(history).items() for row in held]
    costs = [cost_of(row) for _, row in cases]
    plain = [means[code] for code, _ in cases]
    told_apart = [half_up(Fraction(means[code] * factor_of(lines, code, row), 10_000)) for code, row in cases]
    assert found.fit.before.share() == auxiliary_oracle.explained(costs, plain)
    assert found.fit.after.share() == auxiliary_oracle.explained(costs, told_apart)
    assert found.fit.after.share() > found.fit.before.share()
    pooled = {code: Fraction(sum(map(cost_of, held)), len(held)) for code, held in by_group(history).items()}
    mean = Fraction(sum(costs), len(costs))
    within = sum((cost - pooled[code]) ** 2 for cost, (code, _) in zip(costs, cases, strict=True))
    assert found.explained() == 1 - within / sum((cost - mean) ** 2 for cost in costs)


# ---- to payment ------------------------------------------------------------------------------------------------------

DIP: Mapping[str, Any] = {
    "reference_mean": "level",
    "institution_factor_cap": Fraction(15, 10),
    "basic_groups": "factor_off",
    "tcm_groups": "as_others",
    "tcm_factor": Fraction(103, 100),
    "tcm_factor_at": "all_institutions",
    "auxiliary": 1,
    "low_limit": Fraction(1, 2),
    "low_side": "below",
    "factor_in_low": 1,
    "high_limit": Fraction(2),
    "high_side": "above",
    "high_offset": "one",
    "factor_in_high": 1,
    "extreme_limit": Fraction(5),
    "extreme_side": "above",
    "extreme_points": "at_limit",
    "ungrouped": "factor",
    "ungrouped_factor": Fraction(9, 10),
    "factor_in_ungrouped": 0,
    "mean_points": Fraction(1000),
    "round_at": "before_tcm",
    "decimals": 4,
}
"""Section `dip` of the pack in the words of the oracle."""


def cases_of_the_year(count: int) -> list[Row]:
    """Cases of 2025 with diagnoses, one of them of no group."""
    made_rows = []
    for at, row in enumerate(rows(count, 17, "N")):
        day = datetime.date(2025, 1, 15) + datetime.timedelta(days=at % 300)
        cost = row["medfee_sumamt"]
        made_rows.append(
            {
                **{name: row[name] for name in row if name not in ("level", "act_ipt_days")},
                "fixmedins_code": f"H{at % 5}",
                "psn_no": f"P{at}",
                "insutype": "310",
                "med_type": "21",
                "adm_time": day - datetime.timedelta(days=7),
                "dscg_time": day,
                "inscp_scp_amt": cost,
                "hifp_pay": cost // 2,
                "psn_part_amt": cost - cost // 2,
                "diag_code": "Z99.900" if at == 3 else row["diag_code"],
            }
        )
    return made_rows


def test_a_catalogue_made_from_history_groups_and_pays_the_cases_of_its_year() -> None:
    history, year = rows(700, 5), cases_of_the_year(160)
    found = made(history)
    grouped = group_cases(POLICY, found.groups, table(year), kinds_table(), year=found.year)
    means = {
        code: {"code": code, "kind": kind, "mean": mean}
        for code, kind, mean in zip(*(found.groups[name] for name in ("group_code", "kind", "group_mean")), strict=True)
    }
    kinds = dict(zip(*kinds_table().values(), strict=True))
    order = ("combined", "matched", "cost", "kind")
    codes = [
        match_oracle.match(
            order, list(means.values()), kinds, row["diag_code"], row["oprn_oprt_codes"].split("+"), cost_of(row)
        )
        for row in year
    ]
    assert grouped.group_code.texts().tolist() == [code or "" for code in codes]
    assert codes.count(None) == grouped.without_group == 1
    assert (grouped.rows_in, grouped.grouped, len(grouped.rejects)) == (160, 159, 0)

    institutions = {
        "fixmedins_code": [f"H{at}" for at in range(5)],
        "level": list(LEVELS),
        "method": ["dip"] * 5,
        "institution_factor": ["1.2", "1", "0.9", "0.85", "0.8"],
    }
    paid = pay_table(
        POLICY,
        grouped.filled(table(year)),
        institutions=institutions,
        groups=found.groups,
        auxiliaries=found.auxiliaries,
        year=2025,
    )
    assert len(paid.rejects) == 0
    lines = auxiliary_lines(history)
    expected = [points_of(found, lines, code, row) for code, row in zip(codes, year, strict=True)]
    assert [Fraction(points, 10_000) for points in paid.columns["points"].tolist()] == expected
    closing = paid.pools["employee"].closing
    assert sum(each.points for each in closing.institutions) == sum(expected) * 10_000
    assert {factor_of(lines, code, row) > 10_000 for code, row in zip(codes, year, strict=True) if code} == {
        True,
        False,
    }


def points_of(found: MadeCatalogue, lines: Mapping[tuple[str, str, str], int], code: str | None, row: Row) -> Fraction:
    place = int(row["fixmedins_code"][1:])
    group: dict[str, Any] = {}
    if code is not None:
        at = found.groups["group_code"].index(code)
        group = {name: column[at] for name, column in found.groups.items()}
    own = group.get(f"mean_{LEVELS[place]}")
    return Fraction(
        score_oracle.score(
            DIP,
            {
                "medfee_sumamt": row["medfee_sumamt"],
                "carve_out_amt": row["carve_out_amt"],
                "institution_factor": Fraction(("1.2", "1", "0.9", "0.85", "0.8")[place]),
                "auxiliary_factor": Fraction(factor_of(lines, code or "", row), 10_000),
                "basic_group": group.get("basic_flag") == "1",
                "tcm_group": False,
                "grouped": code is not None,
                "pilot_tcm": False,
                "mean_of_all": 900_000,
                "level_mean": group.get("group_mean") if own is None else own,
                "group_mean": group.get("group_mean"),
                "base_points": Fraction(group.get("base_points", 0), 10_000),
                "review": "none",
                "review_points": Fraction(0),
            },
        )["points"]
    )


def test_the_history_itself_is_matched_as_a_case_of_the_year_would_be() -> None:
    history = rows(300, 8)
    found = made(history)
    assert found.matched is not None
    again = group_cases(POLICY, found.groups, table(history), kinds_table(), year=2025)
    assert found.matched.group_code.texts().tolist() == again.group_code.texts().tolist()
    assert found.matched.grouped == 300


def test_what_changes_against_the_year_before() -> None:
    history = rows(700, 1)
    found = made(history)
    assert found.group_changes(found.groups) == ()
    assert found.factor_changes(found.auxiliaries) == ()
    before = {name: list(column) for name, column in found.groups.items()}
    before["group_mean"][0] *= 2
    before["group_code"][1] = "Z99.9"
    changed = {each.group_code: each.change for each in found.group_changes(before)}
    assert changed == {
        found.groups["group_code"][0]: "changed",
        found.groups["group_code"][1]: "added",
        "Z99.9": "removed",
    }
    lines = {name: list(column)[1:] for name, column in found.auxiliaries.items()}
    assert [each.change for each in found.factor_changes(lines)] == ["added"]


# ---- parts -----------------------------------------------------------------------------------------------------------


def summary(history: list[Row], **options: Any) -> HistorySummary:
    return HistorySummary.of(POLICY, table(history), **{"kinds": kinds_table(), "year": 2025, **options})


@pytest.mark.parametrize(("seed", "cut"), [(1, 1), (2, 333), (3, 590)])
def test_parts_add_up_to_what_one_pass_gives(seed: int, cut: int) -> None:
    history = rows(600, seed)
    history[5]["medfee_sumamt"] = 0
    history[-1]["diag_code"] = "A0"
    whole, one, two = summary(history), summary(history[:cut]), summary(history[cut:])
    for joined in (one + two, two + one):
        assert joined.counted == whole.counted
        assert (joined.rows_in, joined.used, len(joined.rejects)) == (600, 598, 2)
        assert make_catalogue(POLICY, joined).groups == made(history).groups
        assert make_catalogue(POLICY, joined).auxiliaries == made(history).auxiliaries
    both = one + two
    assert list(both.rejects.records()) == list(whole.rejects.records())
    assert make_catalogue(POLICY, both).catalogue == made(history).catalogue
    assert make_catalogue(POLICY, both).matched is None


def test_parts_add_up_in_any_grouping() -> None:
    history = rows(90, 4)
    one, two, three = (summary(history[at : at + 30]) for at in (0, 30, 60))
    assert ((one + two) + three).counted == (one + (two + three)).counted
    assert ((one + two) + three).counted != (one + two).counted


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            lambda: summary(rows(9, 1, "D"), year=2024),
            "parts of a history with other year do not add up; summarise both with the same",
        ),
        (
            lambda: summary(rows(9, 1, "D"), kinds={"oprn_oprt_code": [], "treatment": []}),
            "parts of a history with other kinds do not add up; summarise both with the same",
        ),
        (
            lambda: summary(rows(3, 9)),
            "3 case(s) stand in two parts of the history, such as C00000; keep one",
        ),
    ],
)
def test_parts_that_do_not_add_up(other: Callable[[], HistorySummary], message: str) -> None:
    with pytest.raises(InputError) as caught:
        summary(rows(9, 1)) + other()
    assert str(caught.value) == message


# ---- bad rows and tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"setl_id": ""}, "id", "setl_id is empty"),
        ({"fixmedins_code": ""}, "id", "fixmedins_code is empty"),
        ({"setl_id": "C00001"}, "duplicate", "setl_id C00001 stands twice"),
        (
            {"level": "三级"},
            "level",
            "level '三级' is none of tertiary, secondary, level_1, primary, ungraded",
        ),
        ({"diag_code": ""}, "diag_code", "diag_code is empty"),
        (
            {"diag_code": "A001"},
            "diagnosis",
            "diag_code: diagnosis 'A001' is no code of insurance ICD-10; write it with its dot and at least five "
            "characters, such as 'A00.000' or 'I10.x00'",
        ),
        (
            {"oprn_oprt_codes": "45.2302+"},
            "procedure",
            "oprn_oprt_codes: '' is no procedure code such as 45.2302; + joins several",
        ),
        (
            {"medfee_sumamt": 0},
            "amount",
            "medfee_sumamt is not above 0; leave reversals out, with the cases that they take back",
        ),
        ({"carve_out_amt": -1}, "amount", "carve_out_amt is negative"),
        (
            {"medfee_sumamt": 9, "carve_out_amt": 9},
            "amount",
            "carve_out_amt leaves nothing of medfee_sumamt",
        ),
        ({"act_ipt_days": -1}, "days", "act_ipt_days is negative"),
        ({"dscg_time": None}, "date", "dscg_time is empty"),
        (
            {"dscg_time": datetime.date(2021, 12, 31)},
            "year",
            "discharged on 2021-12-31, outside of the base years 2022 to 2024",
        ),
        (
            {"dscg_time": datetime.date(2025, 1, 1)},
            "year",
            "discharged on 2025-01-01, outside of the base years 2022 to 2024",
        ),
    ],
)
def test_bad_rows_are_rejected_with_the_reason(changes: Row, reason: str, message: str) -> None:
    history = rows(200, 6)
    history[7] |= changes
    found = made(history)
    of_row = {row["row"]: (row["reason"], row["message"]) for row in found.rejects.records()}
    assert of_row["7"] == (reason, message)
    bad = {1, 7} if reason == "duplicate" else {7}  # of a case that stands twice, neither is used
    assert set(of_row) == {str(row) for row in bad}
    assert found.used == 200 - len(bad)
    good = [row for at, row in enumerate(history) if at not in bad]
    assert found.groups == made(good).groups


def test_the_last_days_of_the_base_years_are_used() -> None:
    history = rows(200, 6)
    history[0]["dscg_time"], history[1]["dscg_time"] = datetime.date(2022, 1, 1), datetime.date(2024, 12, 31)
    assert made(history).used == 200


def test_an_unlisted_procedure_is_refused_where_the_policy_says_so() -> None:
    policy = assumed_but('unlisted_procedures = "ignored"', 'unlisted_procedures = "refused"')
    history = rows(200, 6)
    found = make_catalogue(policy, table(history), kinds=kinds_table(), year=2025)
    unlisted = [str(at) for at, row in enumerate(history) if "99.1500" in row["oprn_oprt_codes"]]
    assert [row["row"] for row in found.rejects.records()] == unlisted
    assert {(row["reason"], row["message"]) for row in found.rejects.records()} == {
        ("procedure", "oprn_oprt_codes: 99.1500 has no treatment kind in the table of kinds")
    }
    assert found.groups == made([row for row in history if "99.1500" not in row["oprn_oprt_codes"]]).groups


def test_factors_of_several_dimensions_are_multiplied_where_the_policy_says_so() -> None:
    history = rows(700, 2)
    for row in history:
        row["icu_class"] = "icu" if row["age_class"] and row["severity_class"] else ""
        row["medfee_sumamt"] *= 4 if row["icu_class"] else 1
    policy = assumed_but('several = "highest"', 'several = "product"')
    product = make_catalogue(policy, table(history), kinds=kinds_table(), year=2025)
    highest = made(history)
    lines = auxiliary_lines(history)
    means = dict(zip(product.groups["group_code"], product.groups["group_mean"], strict=True))
    cases = [(code, row) for code, held in by_group(history).items() for row in held]
    costs = [cost_of(row) for _, row in cases]
    for found, several in ((product, "product"), (highest, "highest")):
        told_apart = [
            half_up(Fraction(means[code] * factor_of(lines, code, row, several), 10_000)) for code, row in cases
        ]
        assert found.fit.after.share() == auxiliary_oracle.explained(costs, told_apart)
    assert product.fit.after != highest.fit.after


def test_the_year_is_the_one_after_the_last_discharge() -> None:
    assert make_catalogue(POLICY, table(rows(200, 6)), kinds=kinds_table()).year == 2025


def no_procedures(history: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "oprn_oprt_codes"} for row in history]


def test_without_procedures_no_kinds_are_needed() -> None:
    history = no_procedures(rows(200, 6))
    found = make_catalogue(POLICY, table(history))
    assert all(":" not in code or code.endswith(":conservative") for code in found.groups["group_code"])


def spread() -> list[Row]:
    history = rows(20, 1)
    history[0]["dscg_time"] = datetime.date(2019, 5, 1)
    history[1]["dscg_time"] = datetime.date(2024, 5, 1)
    return history


def without(name: str) -> dict[str, list[Any]]:
    return {column: cells for column, cells in table(rows(20, 1)).items() if column != name}


def kinds_with(code: str, treatment: str) -> dict[str, list[str]]:
    return {name: [*cells, cell] for (name, cells), cell in zip(kinds_table().items(), (code, treatment), strict=True)}


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: make_catalogue(POLICY, without("diag_code"), kinds=kinds_table()),
            TableError,
            "history: missing diag_code (the groups are made of diagnoses)",
        ),
        (lambda: make_catalogue(POLICY, without("level"), kinds=kinds_table()), TableError, "history: missing level"),
        (
            lambda: make_catalogue(POLICY, table(spread()), kinds=kinds_table()),
            TableError,
            "history: discharges from 2019 to 2024 are more than 3 years; say the year that they serve, year=",
        ),
        (
            lambda: make_catalogue(POLICY, table([{**rows(1, 1)[0], "medfee_sumamt": 0}]), kinds=kinds_table()),
            TableError,
            "history: no row is good, so that the year it serves cannot be told; say it, year=",
        ),
        (
            lambda: made([{**rows(1, 1)[0], "medfee_sumamt": 0}]),
            InputError,
            "a catalogue is made from at least one case; the history is empty",
        ),
        (
            lambda: make_catalogue(POLICY, table(rows(20, 1))),
            TableError,
            "kinds: the table has procedures, and nothing says how they treat; give kinds, a table of oprn_oprt_code "
            "and treatment",
        ),
        (
            lambda: make_catalogue(POLICY, table(rows(20, 1)), kinds=kinds_with("452302", "therapeutic")),
            TableError,
            "kinds: row 3: '452302' is no procedure code such as 45.2302",
        ),
        (
            lambda: make_catalogue(POLICY, table(rows(20, 1)), kinds=kinds_with("45.2303", "surgery")),
            TableError,
            "kinds: row 3: treatment 'surgery' of 45.2303 is none of conservative, diagnostic, therapeutic, "
            "related_operation",
        ),
        (
            lambda: make_catalogue(POLICY, table(rows(20, 1)), kinds=kinds_with("45.2302", "diagnostic")),
            TableError,
            "kinds: row 3: 45.2302 stands twice, as therapeutic and as diagnostic",
        ),
        (
            lambda: make_catalogue(POLICY, summary(rows(20, 1)), kinds=kinds_table()),
            TableError,
            "a summary has its kinds and its year; say them where it is made",
        ),
        (
            lambda: make_catalogue(POLICY, summary(rows(20, 1)), year=2024),
            TableError,
            "a summary has its kinds and its year; say them where it is made",
        ),
        (
            lambda: made(rows(200, 1)).group_changes({"group_code": ["A"], "group_mean": ["x"]}),
            TableError,
            "groups: row 0: group_mean: yuan takes a plain decimal figure such as '12.30', not 'x'",
        ),
    ],
)
def test_bad_tables(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message


def test_what_the_documents_leave_open_is_told() -> None:
    with pytest.raises(PolicyGap):
        make_catalogue(mipolicy.load("changde-2023"), table(rows(20, 1)), kinds=kinds_table(), year=2025)


# ---- grouping --------------------------------------------------------------------------------------------------------

GROUPS = {
    "group_code": ["A00.0", "A00.0:45.2302", "A01:therapeutic", "Z1"],
    "kind": ["core", "core", "comprehensive", "drg"],
    "group_mean": [100_00, 200_00, 300_00, 400_00],
}
CASES: dict[str, Any] = {
    "setl_id": ["1", "2", "3", "4", "5", "6"],
    "medfee_sumamt": [100_00, 100_00, 100_00, -100_00, 100_00, 100_00],
    "diag_code": ["A00.000", "A00.000", "A01.000", "A00.000", "Q", ""],
    "oprn_oprt_codes": ["", "45.2302", "45.2302", "", "", ""],
    "group_code": ["", "", "", "", "", "Z1"],
    "psn_no": list("abcdef"),
}


def test_cases_with_a_group_keep_it_and_the_rest_is_grouped_or_rejected() -> None:
    found = group_cases(POLICY, GROUPS, CASES, kinds_table(), year=2025)
    assert found.group_code.texts().tolist() == ["A00.0", "A00.0:45.2302", "A01:therapeutic", "A00.0", "", "Z1"]
    assert found.treatment.tolist() == [0, 2, 2, 0, -1, -1]
    assert (found.rows_in, found.grouped, found.without_group, len(found.rejects)) == (6, 5, 0, 1)
    assert [(row["row"], row["reason"]) for row in found.rejects.records()] == [("4", "diagnosis")]
    filled = found.filled(CASES)
    assert np.asarray(filled["group_code"]).tolist() == found.group_code.texts().tolist()
    assert filled["psn_no"] == CASES["psn_no"]


def test_a_table_of_another_length_is_not_filled() -> None:
    found = group_cases(POLICY, GROUPS, CASES, kinds_table(), year=2025)
    with pytest.raises(TableError) as caught:
        found.filled({name: column[:2] for name, column in CASES.items()})
    assert str(caught.value) == "cases: 6 rows were grouped, this table has [2]"


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (
            {"group_code": ["A"], "kind": ["core"], "group_mean": ["x"]},
            TableError,
            "groups: row 0: group_mean: yuan takes a plain decimal figure such as '12.30', not 'x'",
        ),
        (
            {"group_code": ["DIP1"], "kind": ["core"], "group_mean": [1]},
            CodeError,
            "group of 'DIP1': a subcategory such as A00.0, a category such as A00 or a range such as A00-B99 is due",
        ),
    ],
)
def test_groups_that_cannot_be_matched(groups: dict[str, Any], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        group_cases(POLICY, groups, CASES, kinds_table(), year=2025)
    assert str(caught.value) == message
