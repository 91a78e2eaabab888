"""A small region's year end to end against the oracle: methods, points, the point value, payments, the closing."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.cases import GROUPS, INSTITUTIONS, Row, case, figures, pay, policy, ways
from tests.oracles import region as oracle

some = settings(max_examples=60, deadline=None)
ONE = 10_000
LEVELS = dict(zip(INSTITUTIONS["fixmedins_code"], INSTITUTIONS["level"], strict=True))
FACTORS = {
    code: Fraction(factor)
    for code, factor in zip(INSTITUTIONS["fixmedins_code"], INSTITUTIONS["institution_factor"], strict=True)
    if factor
}
ROUTER = {
    "by_level": dict.fromkeys(("tertiary", "secondary", "level_1", "primary"), "dip") | {"ungraded": "by_item"},
    "two_lists": "reject",
    "short_days": 0,
    "long_days": 61,
    "stay_method": "bed_day_points",
    "leaving": "drg",
    "granted_item": "by_item",
    "ungrouped": "in_method",
}
DIP = {
    "reference_mean": "level",
    "institution_factor_cap": Fraction("1.5"),
    "basic_groups": "factor_off",
    "tcm_groups": "as_others",
    "tcm_factor": Fraction("1.03"),
    "tcm_factor_at": "all_institutions",
    "auxiliary": True,
    "low_limit": Fraction("0.5"),
    "low_side": "below",
    "factor_in_low": True,
    "high_limit": Fraction(2),
    "high_side": "above",
    "high_offset": "one",
    "factor_in_high": True,
    "extreme_limit": Fraction(5),
    "extreme_side": "above",
    "extreme_points": "at_limit",
    "ungrouped": "factor",
    "ungrouped_factor": Fraction("0.9"),
    "factor_in_ungrouped": False,
    "mean_points": Fraction(1000),
    "round_at": "before_tcm",
    "decimals": 4,
}
DRG = {
    "scale": Fraction(1000),
    "decimals": 4,
    "low": Fraction("0.4"),
    "high": Fraction(2),
    "ungrouped_factor": Fraction("0.8"),
}
TERMS: dict[str, Any] = {
    "router": ROUTER,
    "dip": DIP,
    "drg_points": DRG,
    "bed_day": {"scale": Fraction(1000), "phase_scope": "each_day", "standards": ()},
    "prices": {"K35.800": 700_000},
}
OVERLAY = """
    [[sections.drg_points]]
    version = "2024"
    source = { document = "change", clause = "one band" }
    bands = [
        { name = "all", edge = "0", levels = ["tertiary", "secondary", "level_1", "primary", "ungraded"],
          low = "0.4", high = "2" },
    ]
    incomplete_as_low = false
    [[sections.single_disease]]
    version = "2024"
    source = { document = "change", clause = "one price" }
    diseases = [{ dise_codg = "K35.800", price = "7000" }]
    pilot_diseases = []
    [[sections.special_case]]
    version = "2024"
    source = { document = "change", clause = "quota" }
    quota = { dip = "20%", drg_points = "40%", drg_weight = "40%" }
    quota_rounding = "down"
    """.replace('"ungraded"],\n          low', '"ungraded"], low')
BUDGETS: dict[str, dict[str, Any]] = {
    "employee": {
        "budget": 100_000_000,
        "reserve_share": Fraction(3, 100),
        "out_of_area": 2_000_000,
        "manual_claims": 100_000,
        "budget_value": Fraction(12),
    },
    "resident": {
        "budget": 60_000_000,
        "reserve_share": Fraction(3, 100),
        "out_of_area": 1_000_000,
        "manual_claims": 100_000,
        "budget_value": Fraction("9.5"),
    },
}
BY_ACTUAL: dict[str, Any] = {
    "basis": "total_by_actual",
    "netting": "parts",
    "rate_of": "not_used",
    "cited_share": None,
    "decimals": 4,
    "payment_from": "points",
    "bounds": None,
    "floor_at_zero": False,
    "raised_borne_by": "institution",
    "outsiders": "in_point_pool",
}
BY_SHARE = {
    **BY_ACTUAL,
    "basis": "total_by_share",
    "payment_from": "value",
    "floor_at_zero": True,
    "raised_borne_by": "reserve",
    "outsiders": "value_only",
}
BY_FUND = {
    **BY_ACTUAL,
    "basis": "fund",
    "netting": "none",
    "outsiders": "by_item",
    "decimals": 2,
    "payment_from": "value",
}
BY_RATE = {
    **BY_SHARE,
    "netting": "fund_rate",
    "rate_of": "institution",
    "bounds": (Fraction("0.9"), Fraction("1.1")),
    "floor_at_zero": False,
    "raised_borne_by": "institution",
}


def written(pool: str, terms: Mapping[str, Any]) -> str:
    """The oracle's terms of a point value as a policy file writes them."""
    low, high = terms["bounds"] or (Fraction(0), Fraction(0))
    return f"""
    [[sections.point_value.{pool}]]
    version = "2024"
    source = {{ document = "change", clause = "value" }}
    basis = "{terms["basis"]}"
    share_source = "{"computed" if terms["basis"] == "total_by_share" else "not_used"}"
    netting = "{terms["netting"]}"
    rate_of = "{terms["rate_of"]}"
    decimals = {terms["decimals"]}
    payment_from = "{terms["payment_from"]}"
    bounds = "{"around_budget_value" if terms["bounds"] else "none"}"
    floor_factor = "{float(low)}"
    ceiling_factor = "{float(high)}"
    floor_at_zero = {str(terms["floor_at_zero"]).lower()}
    raised_borne_by = "{terms["raised_borne_by"]}"
    outsiders = "{terms["outsiders"]}"
    """


PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "actual and share": (BY_ACTUAL, BY_SHARE),
    "fund and rate": (BY_FUND, BY_RATE),
    "rate and fund": (BY_RATE, BY_FUND),
    "share and actual": (BY_SHARE, BY_ACTUAL),
}
POLICIES = {
    name: policy(OVERLAY + written("employee", first) + written("resident", second))
    for name, (first, second) in PAIRS.items()
}


@st.composite
def rows(draw: DrawFn, at: int) -> Row:
    code = draw(st.sampled_from(("T0001", "S0001", "D0001", "D0001", "P0001")))
    drg = code == "D0001"
    group = draw(st.sampled_from(("R1", "R2", "") if drg else ("G1", "G2", "")))
    mean = {"R1": 8_000, "R2": 24_000, "G1": 5_000, "G2": 12_000, "": 9_000}[group]
    near = [mean * limit // 10 * 100 + step for limit in (4, 5, 20, 50) for step in (-1, 0, 1)]
    cost = draw(st.one_of(st.sampled_from(near), st.integers(100, mean * 700)))
    fund = draw(st.integers(0, cost))
    other = draw(st.sampled_from((0, (cost - fund) // 4)))
    listed = draw(st.integers(0, 9)) == 0
    review = draw(st.sampled_from(("none",) * 8 + ("applied", "granted_item", "granted_points", "refused")))
    return case(
        f"C{at:03d}",
        fixmedins_code=code,
        insutype=draw(st.sampled_from(("310", "390"))),
        group_code=group,
        medfee_sumamt=cost,
        inscp_scp_amt=cost,
        hifp_pay=fund,
        other_pay=other,
        psn_part_amt=cost - fund - other,
        carve_out_amt=draw(st.sampled_from((0, 0, 0, cost // 10))),
        dise_codg="K35.800" if listed else "",
        pathway_exit_flag=draw(st.sampled_from("001")),
        insuplc_admdvs=draw(st.sampled_from(("", "", "", "990100", "990200"))),
        review_state=review,
        review_points=5_000_000 if review == "granted_points" else 0,
    )


def known(row: Row, outsiders: str) -> dict[str, Any]:
    """Everything the oracle is told of a case."""
    code, group = row["fixmedins_code"], row["group_code"]
    at = GROUPS["group_code"].index(group) if group else 0
    mean = int(GROUPS["group_mean"][at]) * 100
    level_mean = 600_000 if group == "G1" and LEVELS[code] == "tertiary" else mean
    return {
        **row,
        "level": LEVELS[code],
        "inpatient": True,
        "own_method": "drg_points" if code == "D0001" else None,
        "lists": ["single_disease"] if row["dise_codg"] else [],
        "pathway_exit": row["pathway_exit_flag"] == "1",
        "review": row["review_state"],
        "review_points": Fraction(row["review_points"], ONE),
        "grouped": bool(group),
        "days": 7,
        "on_capitation": False,
        "outside": row["insuplc_admdvs"],
        "by_item_outsider": bool(row["insuplc_admdvs"]) and outsiders == "by_item",
        "base_points": Fraction(GROUPS["base_points"][at]),
        "group_mean": mean,
        "level_mean": level_mean,
        "mean_of_all": 900_000,
        "institution_factor": FACTORS[code],
        "auxiliary_factor": Fraction(1),
        "difference_factor": Fraction("1.05") if group != "R2" else Fraction("1.2"),
        "basic_group": group == "G1",
        "tcm_group": False,
        "pilot_tcm": False,
    }


QUOTAS = {"dip": Fraction(1, 5), "drg_points": Fraction(2, 5)}


def beyond_quota(table: list[Row], outsiders: Mapping[str, str]) -> set[str]:
    """Granted cases for which their institution has no place left: those that cost least beyond their group's mean."""
    discharges: dict[tuple[str, str], int] = {}
    granted: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in table:
        told = known(row, outsiders[row["insutype"]])
        is_granted = row["review_state"].startswith("granted")
        method, _, original = oracle.route(ROUTER, told)
        if is_granted and method == "by_item":
            method = original
        key = row["fixmedins_code"], method
        discharges[key] = discharges.get(key, 0) + 1
        if is_granted and method in QUOTAS:
            mean = told["group_mean"] if told["grouped"] else told["mean_of_all"]
            excess = row["medfee_sumamt"] - row.get("carve_out_amt", 0) - mean
            granted.setdefault(key, []).append((-excess, row["setl_id"]))
    return {
        setl_id
        for key, ranked in granted.items()
        for _, setl_id in sorted(ranked)[int(discharges[key] * QUOTAS[key[1]]) :]
    }


USUAL: Row = {
    "carve_out_amt": 0,
    "dise_codg": "",
    "pathway_exit_flag": "0",
    "insuplc_admdvs": "",
    "review_state": "none",
    "review_points": 0,
}
DIFFERENCES = {"fixmedins_code": ["D0001"] * 2, "group_code": ["", "R2"], "difference_factor": ["1.05", "1.2"]}


@pytest.mark.parametrize("name", PAIRS)
@some
@given(data=st.data())
def test_a_year_is_what_the_oracle_says(name: str, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 10))
    table = [data.draw(rows(at)) for at in range(count)]
    table += [case(f"Z{code}", 11_000, insutype=code, **USUAL) for code in ("310", "390")]  # a pool has points
    paid = pay(table, POLICIES[name], differences=DIFFERENCES)
    assert not len(paid.rejects)
    found = {each: figures(paid, each) for each in ("points", "standard", "payment", "carved_out")}
    beyond = beyond_quota(table, {"310": PAIRS[name][0]["outsiders"], "390": PAIRS[name][1]["outsiders"]})
    paid_as = [{**row, "review_state": "beyond_quota"} if row["setl_id"] in beyond else row for row in table]
    for pool, code, of_value in zip(("employee", "resident"), ("310", "390"), PAIRS[name], strict=True):
        terms = {**TERMS, "point_value": of_value, "pool_budget": BUDGETS[pool]}
        year = oracle.pay_year(terms, [known(row, of_value["outsiders"]) for row in paid_as if row["insutype"] == code])
        for row in year["cases"]:
            setl_id = row["setl_id"]
            assert ways(paid)[setl_id] == (row["method"], row["reason"]), setl_id
            assert found["points"][setl_id] == row["points"] * ONE, setl_id
            assert (found["standard"][setl_id], found["payment"][setl_id]) == (row["standard"], row["payment"])
            assert found["carved_out"][setl_id] == row.get("beside", 0)
        of = paid.pools[pool]
        assert of.value.value == year["value"]["value"] * 1_000_000
        wanted = dict(year["closing"])
        institutions = wanted.pop("institutions")
        assert dict(of.closing.lines()) == wanted
        closed = of.closing.institutions
        lines = {each.fixmedins_code: (each.total, each.by_fund, each.by_other_funds) for each in closed}
        assert lines == institutions
        assert of.elsewhere == {place: owed for place, owed in sorted(year["elsewhere"].items()) if owed}
