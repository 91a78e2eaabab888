"""Random complete terms of the layers above the basic benefit, their cases, and both in words for the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from mipolicy.benefits.assistance import AssistanceTerms
from mipolicy.benefits.axes import HARDSHIP
from mipolicy.benefits.ladder import PARTS, LayerTerms, Left
from mipolicy.benefits.layer import LayerCase, LayerState
from mipolicy.benefits.major_illness import MajorIllnessTerms
from mipolicy.benefits.supplement import SupplementTerms
from mipolicy.money import NO_LIMIT
from mipolicy.tables import Bands, Table
from tests.strategies import MILLION, amounts, dearest, in_words, limit_or_none, limits, rates, shares, taken

CLASSES = len(HARDSHIP.members)
sizes: SearchStrategy[int] = st.one_of(st.integers(0, 300), amounts)
"""Amounts of a few fen, where every figure is near a boundary, or of any size."""


def by_class(*values: int) -> Table:
    """A table by hardship class; the last figure holds for all that follow."""
    return Table((HARDSHIP,), (*values, *[values[-1]] * (CLASSES - len(values))))


def _by_class(draw: DrawFn, figures: SearchStrategy[int], monotone: bool, *, falling: bool = False) -> Table:
    values = draw(st.lists(figures, min_size=CLASSES, max_size=CLASSES))
    return Table((HARDSHIP,), tuple(sorted(values, reverse=falling) if monotone else values))


@st.composite
def major_illness_terms(draw: DrawFn, *, monotone: bool = False) -> MajorIllnessTerms:
    """Random terms; monotone: a later class has a deductible no higher, rates and a ceiling no lower."""
    edges = (0, *sorted(draw(st.sets(sizes, max_size=3)) - {0}))
    return MajorIllnessTerms(
        deductible=_by_class(draw, sizes, monotone, falling=True),
        band_basis=draw(st.sampled_from(("gross", "excess"))),
        bands=Bands(edges, tuple(_by_class(draw, rates, monotone) for _ in edges)),
        ceiling=_by_class(draw, limits, monotone),
    )


@st.composite
def assistance_terms(draw: DrawFn, *, monotone: bool = False) -> AssistanceTerms:
    """Random terms; monotone: as for major illness."""
    return AssistanceTerms(
        deductible=_by_class(draw, sizes, monotone, falling=True),
        rate=_by_class(draw, rates, monotone),
        ceiling=_by_class(draw, limits, monotone),
    )


@st.composite
def supplement_terms(draw: DrawFn) -> SupplementTerms:
    """Random terms of a product that takes every disease and drug."""
    return SupplementTerms(
        deductible=draw(sizes),
        deductible_scope=draw(st.sampled_from(("bill", "year"))),
        rate=draw(rates),
        ceiling=draw(limits),
        diseases=(),
        drugs=(),
    )


def layer_terms(*, monotone: bool = False) -> SearchStrategy[LayerTerms]:
    """Terms of any room that settles a layer."""
    return st.one_of(major_illness_terms(monotone=monotone), assistance_terms(monotone=monotone), supplement_terms())


@st.composite
def cases(draw: DrawFn, terms: LayerTerms) -> LayerCase[int]:
    """A case whose amounts lie near the deductible, the ceiling and the edges of bands."""
    hardship = draw(st.integers(0, CLASSES - 1))
    near: list[int] = []
    if isinstance(terms, MajorIllnessTerms):
        deductible, rate = terms.deductible.values[hardship], terms.bands.rates[0].values[hardship]
        near += [deductible, *terms.bands.edges, *(deductible + edge for edge in terms.bands.edges)]
        ceiling = terms.ceiling.values[hardship]
    elif isinstance(terms, AssistanceTerms):
        deductible, rate = terms.deductible.values[hardship], terms.rate.values[hardship]
        ceiling = terms.ceiling.values[hardship]
    else:
        deductible, rate, ceiling = terms.deductible, terms.rate, terms.ceiling
    near += [0, deductible, deductible + dearest(ceiling, rate)]
    some = st.one_of(st.sampled_from(taken(near)), sizes)
    return LayerCase(
        base=draw(some),
        base_before=draw(st.one_of(st.just(0), some)),
        paid_before=draw(st.one_of(st.just(0), st.sampled_from(taken([ceiling, 0])), sizes)),
        hardship=hardship,
    )


lefts: SearchStrategy[Left[int]] = st.builds(Left, *[sizes] * len(PARTS))
states: SearchStrategy[LayerState[int]] = st.builds(
    LayerState,
    applies=st.sampled_from((1, 1, 1, 0)),
    base_before=st.one_of(st.just(0), sizes),
    paid_before=st.one_of(st.just(0), sizes),
    hardship=st.integers(0, CLASSES - 1),
)


def same_for_all(rate: int) -> Bands:
    """One band of one rate for every class."""
    return Bands((0,), (Table.same(rate, HARDSHIP),))


NONE = int(NO_LIMIT)


# ----------------------------------------------------------------------------------------------- in words, for oracles


def room_of(terms: LayerTerms) -> str:
    """The name of the room that settles the terms."""
    return {
        MajorIllnessTerms: "major_illness",
        AssistanceTerms: "assistance",
        SupplementTerms: "supplement",
    }[type(terms)]


def layer_terms_in_words(terms: LayerTerms) -> dict[str, Any]:
    """Terms of a layer as the oracle takes them."""
    if isinstance(terms, SupplementTerms):
        return {
            "deductible": terms.deductible,
            "deductible_scope": terms.deductible_scope,
            "rate": Fraction(terms.rate, MILLION),
            "ceiling": limit_or_none(terms.ceiling),
        }
    words: dict[str, Any] = {
        "deductible": in_words(terms.deductible),
        "ceiling": {each: limit_or_none(figure) for each, figure in in_words(terms.ceiling).items()},
    }
    if isinstance(terms, AssistanceTerms):
        return {**words, "rate": shares(terms.rate)}
    return {
        **words,
        "band_basis": terms.band_basis,
        "band_edges": terms.bands.edges,
        "band_rates": [
            shares(table) if table.axes else dict.fromkeys(HARDSHIP.members, Fraction(table.values[0], MILLION))
            for table in terms.bands.rates
        ],
    }


def case_in_words(case: LayerCase[int] | LayerState[int]) -> dict[str, Any]:
    """A case or a state as the oracle takes it."""
    return {**attrs.asdict(case), "hardship": HARDSHIP.members[case.hardship]}


def rows_of(columns: Any, rows: int) -> list[dict[str, int]]:
    """An outcome of columns as one dict per row; a figure that is the same in every row may be a plain int."""
    found: Mapping[str, Any] = {each.name: getattr(columns, each.name) for each in attrs.fields(type(columns))}
    assert all(type(value) is int or value.dtype == np.int64 for value in found.values())
    spread = {name: np.broadcast_to(value, rows).tolist() for name, value in found.items()}
    return [{name: values[at] for name, values in spread.items()} for at in range(rows)]
