"""Groups of both systems in one table, change logs and prices as text."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mipolicy import TableError
from mipolicy.interop import catalogue, write
from mipolicy.payment.catalogue_changes import FactorChange, GroupChange
from mipolicy.payment.disease_price import PriceRevision, SuggestedPrice


def test_changes_as_text() -> None:
    change = GroupChange("A", "changed", 10_000, 12_500, 2_500, None, 0, None, 100, 99, -100, ("kind", "tcm_flag"))
    texts = catalogue.group_change_texts([change])
    assert [column.tolist() for column in texts.values()] == [
        *(["A"], ["changed"], ["1"], ["1.25"], ["25%"], [""], ["0"], [""], ["1.00"], ["0.99"], ["-1%"]),
        ["kind+tcm_flag"],
    ]
    factors = catalogue.factor_change_texts(
        [FactorChange(("H1", ""), "removed", 9_871, None, None)], ("place", "group")
    )
    assert {name: column.tolist() for name, column in factors.items()} == {
        "place": ["H1"],
        "group": [""],
        "change": ["removed"],
        "old_factor": ["0.9871"],
        "new_factor": [""],
        "factor_change": [""],
    }
    assert [len(column) for column in catalogue.group_change_texts([]).values()] == [0] * 12


def test_prices_as_text() -> None:
    few = SuggestedPrice("A", 1, None, None, 1, 100, None, None, None)
    many = SuggestedPrice("B", 3, Fraction(1, 2), Fraction(200, 3), 2, 5, Fraction(1, 2), Fraction(5, 2), 100)
    assert [column.tolist() for column in catalogue.suggestion_texts([few, many]).values()] == [
        *(["A", "B"], ["1", "3"], ["", "0.01"], ["", "0.67"], ["1", "2"], ["1.00", "0.05"], ["", "0.7071"]),
        *(["", "0.03"], ["", "1.00"]),
    ]
    revised = PriceRevision("A", 300, 1, 200, Fraction(-1, 3), -1, 1, Fraction(-101, 2), 250)
    assert [column[0] for column in catalogue.revision_texts([revised]).values()] == [
        *("A", "3.00", "1", "2.00", "-33.3333%", "-1", "1", "-0.51", "2.50")
    ]


def test_groups_of_the_other_system_stay(tmp_path: Path) -> None:
    assert catalogue.groups_with_others(tmp_path, {"group_code": ["D"], "kind": ["drg"]}, True).keys() == {
        "group_code",
        "kind",
    }
    write(tmp_path / "groups.csv", {"group_code": ["A", "D"], "kind": ["core", "drg"], "group_name": ["甲", "丁"]})
    new = {"group_code": ["E", "F"], "kind": ["drg", "drg"], "group_mean": [100, 250]}
    both = catalogue.groups_with_others(tmp_path, new, True)
    assert {name: column.tolist() for name, column in both.items()} == {
        "group_code": ["A", "E", "F"],
        "group_name": ["甲", "", ""],
        "kind": ["core", "drg", "drg"],
        "group_mean": ["", "1.00", "2.50"],
    }
    write(tmp_path / "groups.csv", {"group_code": ["A"], "colour": ["red"]})
    with pytest.raises(TableError) as error:
        catalogue.groups_with_others(tmp_path, new, True)
    assert str(error.value) == f"{tmp_path / 'groups.csv'}: unknown column colour"
