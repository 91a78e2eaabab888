"""The region's own tables: factors looked up, and every mistake of them told together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mipolicy.cases.facts import Facts
from mipolicy.cases.region import read_region
from mipolicy.errors import InputError, TableError
from mipolicy.sums import sums_by, total
from mipolicy.texts import Coded
from tests.cases import GROUPS, INSTITUTIONS, POLICY, Row, case, figures, pay, policy, ways

DIFFERENCES: Row = {
    "fixmedins_code": ["D0001", "D0001", "T0001"],
    "group_code": ["", "R2", "R1"],
    "difference_factor": ["1.05", "1.2", "0.9"],
}
AUXILIARIES: Row = {
    "group_code": ["G2", "G2", "G2", "G1"],
    "dimension": ["cci", "age", "severity", "cci"],
    "aux_class": ["2", "over_65", "severe", "2"],
    "auxiliary_factor": ["1.08", "1.03", "0.95", "1.3"],
}


def column(*figures: int) -> Any:
    return np.array(figures, np.int64)


def test_codes_stand_in_the_order_of_their_table() -> None:
    region = read_region(INSTITUTIONS, GROUPS)
    assert list(region.institutions.items()) == [(code, at) for at, code in enumerate(INSTITUTIONS["fixmedins_code"])]
    assert list(region.groups) == GROUPS["group_code"]


def test_a_pair_has_its_own_factor_else_the_institutions_else_one() -> None:
    region = read_region(INSTITUTIONS, GROUPS, DIFFERENCES)
    r1, r2 = region.groups["R1"], region.groups["R2"]
    d1, t1, s1 = (region.institutions[code] for code in ("D0001", "T0001", "S0001"))
    found = region.difference(column(d1, d1, d1, t1, t1, s1), column(r1, r2, -1, r1, r2, r2))
    assert found.tolist() == [10_500, 12_000, 10_500, 9_000, 10_000, 10_000]
    assert read_region(INSTITUTIONS, GROUPS).difference(column(0), column(0)).tolist() == [10_000]


def test_the_highest_line_of_the_auxiliary_catalogue_counts() -> None:
    rows = [
        case("A", cci_class="2", age_class="over_65"),
        case("B", age_class="over_65"),
        case("C", severity_class="severe"),
        case("D", cci_class="1"),
        case("E", cci_class="2", group_code=""),
    ]
    usual = {"medfee_sumamt": 900_000, "inscp_scp_amt": 900_000, "psn_part_amt": 600_000}
    found = figures(pay([{**row, **usual} for row in rows], auxiliaries=AUXILIARIES), "points")
    assert [found[each] for each in "ABCD"] == [14_256_000, 13_596_000, 12_540_000, 13_200_000]
    assert found["E"] == 9_000_000  # a case of no group: its cost over the mean of all x 0.9


def test_lines_of_several_dimensions_are_multiplied_where_the_terms_say_so() -> None:
    """1.08 x 1.03 x 0.95 = 1.1124 x 0.95 = 1.05678, rounded to 1.0568, on 1,320 points."""
    text = """
        [[sections.dip_auxiliary]]
        version = "2024"
        source = { document = "change", clause = "product" }
        several = "product"
        """
    classes: Row = {"cci_class": "2", "age_class": "over_65", "severity_class": "severe"}
    usual = {"medfee_sumamt": 900_000, "inscp_scp_amt": 900_000, "psn_part_amt": 600_000}
    rows = [{**case("A", **classes), **usual}, {**case("B", severity_class="severe"), **usual}]
    found = figures(pay(rows, policy(text), auxiliaries=AUXILIARIES), "points")
    assert found == {"A": 13_949_760, "B": 12_540_000}
    assert figures(pay(rows, auxiliaries=AUXILIARIES), "points")["A"] == 14_256_000


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (
            {"institutions": {**INSTITUTIONS, "fixmedins_code": ["T0001"] * 2 + INSTITUTIONS["fixmedins_code"][2:]}},
            "institutions: row 1: fixmedins_code 'T0001' stands twice",
        ),
        (
            {"institutions": {**INSTITUTIONS, "fixmedins_code": ["", *INSTITUTIONS["fixmedins_code"][1:]]}},
            "institutions: row 0: fixmedins_code is empty",
        ),
        (
            {"institutions": {**INSTITUTIONS, "level": ["best", *INSTITUTIONS["level"][1:]]}},
            "institutions: row 0: level 'best' is none of tertiary, secondary, level_1, primary, ungraded",
        ),
        (
            {"institutions": {**INSTITUTIONS, "method": ["capitation"] * 6}},
            "institutions: row 0: method 'capitation' is none of (empty), dip, drg_points, drg_weight, bed_day_points, "
            "per_diem, by_item",
        ),
        (
            {"institutions": {**INSTITUTIONS, "pilot_tcm_flag": ["yes"] * 6}},
            "institutions: row 0: pilot_tcm_flag 'yes' is none of 0, 1",
        ),
        (
            {"institutions": {**INSTITUTIONS, "institution_factor": ["high"] * 6}},
            "institutions: row 0: institution_factor",
        ),
        (
            {"groups": {**GROUPS, "group_code": ["G1", "G1", "R1", "R2"]}},
            "groups: row 1: group_code 'G1' stands twice",
        ),
        ({"groups": {**GROUPS, "basic_flag": ["2"] * 4}}, "groups: row 0: basic_flag '2' is none of 0, 1"),
        (
            {"differences": {**DIFFERENCES, "group_code": ["", "X", "R1"]}},
            "differences: row 1: group_code 'X' is not in the region's tables",
        ),
        (
            {"differences": {**DIFFERENCES, "fixmedins_code": ["D0001", "X", "T0001"]}},
            "differences: row 1: fixmedins_code 'X' is not in the region's tables",
        ),
        (
            {"differences": {**DIFFERENCES, "fixmedins_code": ["D0001"] * 3, "group_code": ["R1", "R2", "R1"]}},
            "differences: row 2: the pair stands twice",
        ),
        (
            {"differences": {**DIFFERENCES, "difference_factor": ["1.05", "0", "0.9"]}},
            "differences: row 1: difference_factor is not above 0; leave the row out where there is no factor",
        ),
        (
            {"auxiliaries": {**AUXILIARIES, "auxiliary_factor": ["1.3", "1.2", "1.1", "0"]}},
            "auxiliaries: row 3: auxiliary_factor is not above 0; leave the row out where there is no factor",
        ),
        (
            {"auxiliaries": {**AUXILIARIES, "dimension": ["luck", "age", "severity", "cci"]}},
            "auxiliaries: row 0: dimension 'luck' is none of cci, severity, tumour_severity, age, intensive_care",
        ),
        (
            {"auxiliaries": {**AUXILIARIES, "group_code": ["G2"] * 4}},
            "auxiliaries: a class of cci stands twice for one group",
        ),
        (
            {"auxiliaries": {**AUXILIARIES, "group_code": ["X"] * 4}},
            "auxiliaries: row 0: group_code 'X' is not in the region's tables",
        ),
        (
            {
                "auxiliaries": {**AUXILIARIES, "group_code": ["G1"] * 4},
                "groups": {name: column[:0] for name, column in GROUPS.items()},
            },
            "auxiliaries: row 0: group_code 'G1' is not in the region's tables",
        ),
        ({"institutions": None}, "institutions: a mapping of columns is due, not NoneType"),
    ],
)
def test_a_mistake_of_the_region_stops_the_run(tables: dict[str, Any], says: str) -> None:
    with pytest.raises(TableError) as told:
        read_region(**{"institutions": INSTITUTIONS, "groups": GROUPS, **tables})
    assert str(told.value).startswith(says)


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(TableError) as told:
        read_region({**INSTITUTIONS, "level": ["best"] * 6}, {**GROUPS, "group_mean": ["0"] * 4})
    assert str(told.value).count(";") == 1
    with pytest.raises(TableError) as told:
        read_region({**INSTITUTIONS, "institution_factor": ["x"] * 6}, GROUPS)
    assert str(told.value).endswith("; and 1 more row(s)")


def test_the_policys_list_and_the_regions_table_must_not_contradict() -> None:
    of_table = {**INSTITUTIONS, "method": ["by_item", "", "dip", "drg_weight", "", ""]}
    with pytest.raises(TableError) as told:
        pay([case("A")], institutions=of_table)
    assert str(told.value) == (
        "institutions: D0001 is paid by dip, but by drg_points in the policy's list; leave method empty in the table "
        "where the policy names it"
    )
    agreed = {**of_table, "method": ["by_item", "", "drg_points", "", "", ""]}
    rows = [case("A"), case("B", fixmedins_code="D0001", group_code="R1"), case("C", fixmedins_code="S0001")]
    assert ways(pay(rows, institutions=agreed)) == {
        "A": ("by_item", "institution"),
        "B": ("drg_points", "institution"),
        "C": ("dip", "level"),
    }


def test_a_region_without_groups_pays_what_needs_none() -> None:
    none = {name: column[:0] for name, column in GROUPS.items()}
    rows = [case("A", group_code="", review_state="granted_item"), case("B", 9_000, group_code="")]
    paid = pay(rows, POLICY, groups=none)
    assert figures(paid, "points") == {"A": 0, "B": 9_000_000}


def test_what_no_table_states_is_an_error() -> None:
    facts = Facts(read_region(INSTITUTIONS, GROUPS), {}, {}, column(0), column(0))
    with pytest.raises(InputError, match=r"^no case, institution or group states luck$"):
        facts.of("luck", column(0))


def test_pairs_of_texts_are_numbered_once_each() -> None:
    asked: list[tuple[str, str]] = []

    def figure(one: str, other: str) -> int:
        asked.append((one, other))
        return len(one) * 10 + len(other)

    texts = {"one": Coded.of(["a", "bb", "a", "bb"]), "other": Coded.of(["x", "x", "x", "yyy"])}
    facts = Facts(read_region(INSTITUTIONS, GROUPS), {}, texts, column(0), column(0))
    assert facts.paired("one", "other", np.arange(4), figure).tolist() == [11, 21, 11, 23]
    assert sorted(asked) == [("a", "x"), ("bb", "x"), ("bb", "yyy")]


def test_sums_are_exact_whatever_their_size() -> None:
    big = column(2**53, 1, 2**53, -1)
    assert sums_by(column(0, 0, 1, 1), big, 3) == [2**53 + 1, 2**53 - 1, 0]
    assert total(column(2**62, 2**62, 2**62)) == 3 * 2**62
    assert (total(column()), total(column(-5, 3))) == (0, -2)
    assert sums_by(column(2, 0, 2), column(7, 1, -9), 3) == [1, 0, -2]


def test_versions_by_the_day_of_discharge_pay_one_year() -> None:
    """A limit that changes in July is held against discharges from then on."""
    text = """
        [[sections.dip]]
        version = "2024"
        until = 2025-06-30
        until_source = { document = "change", clause = "from July" }
        source = { document = "change", clause = "from July" }
        """
    lines = (
        'reference_mean = "level"',
        'institution_factor_cap = "1"',
        'basic_groups = "factor_off"',
        'tcm_groups = "as_others"',
        'tcm_factor = "1"',
        'tcm_factor_at = "all_institutions"',
        "auxiliary = true",
        'low_limit = "0"',
        'low_side = "below"',
        "factor_in_low = true",
        'high_limit = "none"',
        'high_side = "above"',
        'high_offset = "one"',
        "factor_in_high = true",
        'extreme_limit = "none"',
        'extreme_side = "above"',
        'extreme_points = "as_high"',
        'ungrouped = "factor"',
        'ungrouped_factor = "1"',
        "factor_in_ungrouped = false",
        'mean_points = "1000"',
        'round_at = "once"',
        "decimals = 4",
    )
    text += '[[sections.dip]]\nversion = "2025"\neffective = 2025-07-01\n'
    text += 'source = { document = "change", clause = "from July" }\n' + "\n".join(lines)
    late = {"adm_time": "2025-06-20", "dscg_time": "2025-07-01"}
    before = {"adm_time": "2025-06-20", "dscg_time": "2025-06-30"}
    found = figures(pay([case("A", 9_000, **before), case("B", 9_000, **late)], policy(text)), "points")
    assert found == {"A": 13_200_000, "B": 12_000_000}
