"""Traced ints: the same figures as plain ints, with the expression that made them."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy.errors import AmountError
from mipolicy.tables import Axis
from mipolicy.traced import Leaf, Traced, labelled, recorded

LEAF = Leaf("terms", "general.ceiling", "最高支付限额", "ceiling", "fen", "2023", "notice 一(一)")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def leaf(value: int) -> Traced:
    return Traced(value, leaf=LEAF)


def test_a_leaf_carries_where_it_comes_from() -> None:
    figure = leaf(750_000)
    assert figure == 750_000
    assert isinstance(figure, int)
    assert (figure.word, figure.args, figure.parts, figure.leaf) == ("", (), (), LEAF)
    assert (LEAF.version, LEAF.clause) == ("2023", "notice 一(一)")


@pytest.mark.parametrize("sign", OPERATORS)
@given(a=st.integers(), b=st.integers())
def test_plain_arithmetic_is_recorded_on_either_side(sign: str, a: int, b: int) -> None:
    apply = OPERATORS[sign]
    for left, right in ((leaf(a), b), (a, leaf(b)), (leaf(a), leaf(b))):
        found = apply(left, right)
        assert type(found) is Traced
        assert int(found) == apply(a, b)
        if found is left or found is right:  # a plain 0 adds nothing
            assert 0 in (left, right)
            continue
        assert (found.word, found.leaf) == (sign, None)
        assert found.args[0] is left
        assert found.args[1] is right


@given(st.integers())
def test_negation_is_recorded(a: int) -> None:
    figure = leaf(a)
    found = -figure
    assert isinstance(found, Traced)
    assert (int(found), found.word) == (-a, "neg")
    assert found.args[0] is figure


def test_expressions_nest() -> None:
    total: Any = leaf(7) - 2 * leaf(3) + 1
    assert total == 2
    assert total.word == "+"
    assert total.args[0].word == "-"
    assert total.args[0].args[1].word == "*"
    assert total.args[0].args[1].args[0] == 2


@given(st.integers(), st.integers())
def test_comparisons_and_hashes_are_those_of_the_int(a: int, b: int) -> None:
    for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert compare(leaf(a), b) is compare(a, b)
        assert compare(leaf(a), leaf(b)) is compare(a, b)
    assert hash(leaf(a)) == hash(a)
    assert bool(leaf(a)) is bool(a)
    assert f"{leaf(a)}" == f"{a}"


@pytest.mark.parametrize("divide", [operator.floordiv, operator.mod, divmod])
@pytest.mark.parametrize("pair", [(leaf(7), 2), (7, leaf(2)), (leaf(7), leaf(2))])
def test_a_division_that_does_not_say_how_it_rounds_is_refused(divide: Any, pair: tuple[int, int]) -> None:
    with pytest.raises(AmountError) as caught:
        divide(*pair)
    assert str(caught.value) == "a rule divides through half_up or mul_div, which say how they round; // does not"


@pytest.mark.parametrize("pair", [(leaf(7), 2), (7, leaf(2)), (leaf(7), leaf(2))])
def test_a_division_into_a_float_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(AmountError) as caught:
        operator.truediv(*pair)
    assert str(caught.value) == "a rule divides through half_up or mul_div; / makes a float"


@pytest.mark.parametrize("apply", OPERATORS.values())
def test_with_floats_and_columns_it_does_what_a_plain_int_does(apply: Callable[[Any, Any], Any]) -> None:
    """A float is not cut off to an int: the words refuse it afterwards, as they refuse the plain one."""
    for other in (0.5, np.float64(0.5), np.int64(3)):
        for found, plain in ((apply(leaf(5), other), apply(5, other)), (apply(other, leaf(5)), apply(other, 5))):
            assert found == plain
            assert type(found) is type(plain)
    column = np.array([1, 2])
    for found, plain in ((apply(leaf(5), column), apply(5, column)), (apply(column, leaf(5)), apply(column, 5))):
        assert found.dtype == np.int64
        assert found.tolist() == plain.tolist()


@pytest.mark.parametrize("apply", [operator.add, operator.sub])
@pytest.mark.parametrize("pair", [(leaf(5), "1"), ("1", leaf(5)), (leaf(5), None), (None, leaf(5))])
def test_text_is_no_operand(apply: Callable[[Any, Any], Any], pair: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError):
        apply(*pair)


@pytest.mark.parametrize("pair", [(leaf(2), "ab"), ("ab", leaf(2))])
def test_a_text_times_a_traced_int_is_what_it_is_for_an_int(pair: tuple[Any, Any]) -> None:
    assert operator.mul(*pair) == "abab"


def test_recorded_keeps_the_word_only_where_something_is_traced() -> None:
    figure = leaf(5)
    assert type(recorded("capped", 5, 5, 9)) is int
    found = recorded("capped", 5, figure, 9, parts=(1, 2))
    assert isinstance(found, Traced)
    assert (found, found.word, found.args, found.parts) == (5, "capped", (figure, 9), (1, 2))


def test_traced_figures_can_be_copied_and_sent_to_other_processes() -> None:
    figure: Any = leaf(5) + 1
    for again in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
        assert type(again) is Traced
        assert again == 6
        assert (again.word, again.args[0].leaf) == ("+", LEAF)


def test_labelled_fields_hold_unit_and_labels() -> None:
    level = Axis("level", ("a",), ("甲",), ("a",))

    @attrs.frozen
    class Step:
        hifp_pay: int = labelled("fen", "统筹基金支付", "paid by the pooled fund")
        hosp_lv: int = labelled(level, "医院等级", "institution level")

    assert dict(attrs.fields(Step).hifp_pay.metadata) == {
        "unit": "fen",
        "zh": "统筹基金支付",
        "en": "paid by the pooled fund",
    }
    assert attrs.fields(Step).hosp_lv.metadata["unit"] is level
    assert repr(attrs.fields(Step).hifp_pay.default) == "NOTHING"
