"""What settling a table gives: outputs with their units, rejects, totals by person, text for files."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

import mipolicy
from mipolicy import Totals
from mipolicy.batch.result import MOVED, OUTPUTS, Rejects
from mipolicy.benefits.inpatient import Inpatient
from mipolicy.benefits.outpatient import Outpatient
from mipolicy.benefits.statement import Apart, Setlinfo
from tests.batch import SUMMED, stay, table, visit

POLICY = mipolicy.load("assumed")


def settle(*records: dict[str, str], **options: Any) -> mipolicy.TableResult:
    return mipolicy.settle(POLICY, table(records), **options)


def test_every_step_can_be_kept_with_its_unit() -> None:
    names = [each.name for shape in (Setlinfo, Apart, Outpatient, Inpatient) for each in attrs.fields(shape)]
    assert list(OUTPUTS) == list(dict.fromkeys(names))
    assert set(OUTPUTS.values()) == {"fen", "rate", "flag"}
    assert [OUTPUTS[name] for name in ("hifp_pay", "eligible", "fund_rate", "rate_addition", "ceiling_left")] == [
        *("fen", "flag", "rate", "rate", "fen"),
    ]


def test_what_moves_is_the_record_and_the_amounts_it_comes_from() -> None:
    assert MOVED == SUMMED
    assert set(OUTPUTS) > MOVED
    assert all(OUTPUTS[name] == "fen" for name in MOVED)


def test_steps_of_another_room_are_nothing() -> None:
    columns = settle(visit("A"), stay("B")).columns
    assert columns["fund_rate"].tolist() == [650_000, 0]
    assert columns["deductible_standard"].tolist() == [0, 50_000]
    assert columns["before_limits"].tolist() == [45_500, 836_000]


def test_rows_in_are_rows_settled_and_rejected() -> None:
    result = settle(visit("A"), visit("B", hosp_lv="99"), visit("C"))
    assert (result.rows_in, len(result), len(result.rejects)) == (3, 2, 1)
    assert result.row.tolist() == [0, 2]


def test_rejects_as_records() -> None:
    rejects = settle(visit("A", hosp_lv="99"), visit("B"), visit("C", psn_no=""), visit("D", hosp_lv="98")).rejects
    assert rejects.counts() == {"code": 2, "id": 1}
    records = list(rejects.records())
    assert [record["row"] for record in records] == ["0", "2", "3"]
    assert records[1] == {"row": "2", "setl_id": "C", "reason": "id", "message": "psn_no is empty"}
    assert rejects.row.tolist() == [0, 2, 3]
    assert len(rejects) == 3
    assert list(Rejects(np.empty(0, np.int64), (), (), ()).records()) == []


def test_columns_as_text_for_files() -> None:
    result = settle(visit("A", 123_456), stay("B"), visit("C", hosp_lv="99"), columns=None)
    texts = result.texts()
    assert all(isinstance(text, str) for column in texts.values() for text in column)
    assert list(texts) == list(result.columns)
    assert texts["setl_id"] == ["A", "B"]
    assert texts["section"] == ["outpatient.employee.general", "inpatient.employee"]
    assert texts["version"] == ["2025", "2025"]
    assert texts["medfee_sumamt"] == ["1234.56", "10000.00"]
    assert texts["hifp_pay"] == ["607.46", "8360.00"]
    assert texts["fund_rate"] == ["65%", "0%"]
    assert texts["eligible"] == ["1", "0"]
    assert (texts["year"], texts["after_reject"]) == (["2025", "2025"], ["0", "1"])


def test_a_total_is_a_python_int() -> None:
    result = settle(visit("A", 123_456), visit("B", 123_456, psn_no="P2"))
    assert result.total("medfee_sumamt") == 246_912
    assert type(result.total("medfee_sumamt")) is int
    assert settle().total("medfee_sumamt") == 0
    large = [visit(f"S{at}", 10**12, psn_no=f"P{at}") for at in range(3)]
    assert settle(*large).total("medfee_sumamt") == 3 * 10**12
    with pytest.raises(KeyError):
        result.total("age")


def test_totals_are_a_mapping_of_persons() -> None:
    totals = settle(visit("A"), visit("B", psn_no="P2"), visit("C", psn_no="P3", hosp_lv="99")).totals
    assert sorted(totals) == ["P1", "P2", "P3"]
    assert len(totals) == 3
    assert "P1" in totals
    assert "P9" not in totals
    assert totals["P1"].figure("employee", 2025, "fund.general") == (45_500,)
    assert totals["P3"] == Totals("P3")
    assert totals.get("P9") is None
    with pytest.raises(KeyError):
        totals["P9"]
    assert dict(totals.items())["P2"].psn_no == "P2"
    assert totals == dict(totals)


def test_totals_of_two_results_can_be_compared() -> None:
    assert settle(visit("A")).totals == settle(visit("A")).totals
    assert settle(visit("A")).totals != settle(visit("A", 1)).totals


def test_a_person_without_a_number_has_no_totals() -> None:
    totals = settle(visit("A"), visit("B", psn_no="")).totals
    assert (list(totals), len(totals)) == (["P1"], 1)
