"""Random complete terms and coded inputs, rich in ties and in amounts that sit on a boundary or one fen beside it.

Beside each strategy stands the reading of its values in plain words, which the oracles take, and a table of the same
kind made with numpy, for many rows at once.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any, TypeVar

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from mipolicy.axes import LEVEL
from mipolicy.benefits.axes import EMPLOYEE_STATUS, INSTITUTION, ORDINAL, OWNERSHIP, RESIDENT_STATUS, SERVICE
from mipolicy.benefits.catalogue import CLASS, GROUP, CatalogueTerms, FeeLine
from mipolicy.benefits.inpatient import InpatientTerms, Stay
from mipolicy.benefits.outpatient import OutpatientTerms, Visit
from mipolicy.money import MAX_FEN, NO_LIMIT, Column
from mipolicy.tables import Axis, Bands, Table
from mipolicy.traced import Leaf, Traced

LARGEST = MAX_FEN // 10
MILLION = 1_000_000
T = TypeVar("T")

# ---------------------------------------------------------------------------------------------------------- figures

COMMON_RATES = (0, 1, 50_000, 125_000, 333_333, 500_000, 550_000, 600_000, 850_000, 950_000, 999_999, MILLION)
COMMON_AMOUNTS = (0, 1, 5, 10, 99, 100, 1_999, 50_000, 80_000, 99_999, 100_000, 750_000, 45_000_000, LARGEST)

amounts: SearchStrategy[int] = st.one_of(
    st.sampled_from(COMMON_AMOUNTS),
    st.integers(0, 10**6),
    st.builds(lambda k, unit: (2 * k + 1) * unit, st.integers(0, 10**5), st.sampled_from((1, 4, 10, 100))),
    st.integers(0, LARGEST),
)
rates: SearchStrategy[int] = st.one_of(st.sampled_from(COMMON_RATES), st.integers(0, MILLION))
additions: SearchStrategy[int] = st.sampled_from((0, 0, 0, 1, 50_000, 100_000, 333_333, MILLION))
flags: SearchStrategy[int] = st.sampled_from((0, 1))
mostly: SearchStrategy[int] = st.sampled_from((1, 1, 1, 1, 0))
limits: SearchStrategy[int] = st.one_of(st.just(int(NO_LIMIT)), amounts)
statuses: SearchStrategy[Axis] = st.sampled_from((EMPLOYEE_STATUS, RESIDENT_STATUS))


def taken(values: Iterable[int]) -> list[int]:
    """The amounts themselves and one fen either side, without what no amount can be."""
    return sorted({value + step for value in values for step in (-1, 0, 1) if 0 <= value + step <= LARGEST})


def ties(rate: int) -> tuple[int, int] | None:
    """The least amount whose share ends on half a fen, and the step to the next; None where no share does."""
    common = math.gcd(rate, MILLION)
    if (MILLION // 2) % common:
        return None
    step = MILLION // common
    return (MILLION // 2 // common) * pow(rate // common, -1, step) % step, step


def dearest(pay: int, rate: int) -> int:
    """The cost at which the share first reaches the payment, or nearly so."""
    return -(-pay * MILLION // rate) if rate else 0


def _any_of_these(draw: DrawFn, found: Sequence[int]) -> int:
    return draw(st.one_of(st.sampled_from(found), amounts)) if found else draw(amounts)


def tables(axes: tuple[Axis, ...], figures: SearchStrategy[int]) -> SearchStrategy[Table]:
    """Tables of figures; now and then one figure for all."""
    size = math.prod(len(axis.members) for axis in axes)
    return st.one_of(
        st.lists(figures, min_size=size, max_size=size).map(lambda values: Table(axes, tuple(values))),
        figures.map(lambda value: Table.same(value, *axes)),
    )


def raised(table: Table, points: int) -> Table:
    """The table with every rate so much higher."""
    return Table(table.axes, tuple(value + points for value in table.values))


# ----------------------------------------------------------------------------------------------- in words, for oracles


def in_words(table: Table) -> dict[Any, int]:
    """A table keyed by the words of its axes: a word, or a tuple of words; the last axis varies fastest."""
    keys = product(*(axis.members for axis in table.axes))
    return {key[0] if len(key) == 1 else key: int(value) for key, value in zip(keys, table.values, strict=True)}


def shares(table: Table) -> dict[Any, Fraction]:
    """A table of rates as shares of one."""
    return {key: Fraction(value, MILLION) for key, value in in_words(table).items()}


def limit_or_none(figure: int) -> int | None:
    """A limit, or None where the document says that there is none."""
    return None if figure == NO_LIMIT else int(figure)


def _words_of(table: Table, words: tuple[str, ...]) -> dict[Any, str]:
    return {key: words[value] for key, value in in_words(table).items()}


def status_of(terms: OutpatientTerms | InpatientTerms) -> Axis:
    """The person classes of the terms' scheme."""
    return terms.ceiling.axes[0]


def outpatient_in_words(terms: OutpatientTerms) -> dict[str, Any]:
    """Outpatient terms as the oracle takes them."""
    return {
        "deductible": in_words(terms.deductible),
        "counts_toward_deductible": _words_of(terms.counts_toward_deductible, ("no", "yes")),
        "rate": shares(terms.rate),
        "rate_uplift": shares(terms.rate_uplift),
        "service_uplift": shares(terms.service_uplift),
        "ceiling": {status: limit_or_none(figure) for status, figure in in_words(terms.ceiling).items()},
        "ceiling_basis": terms.ceiling_basis,
        "institutions": _words_of(terms.institutions, ("never", "listed", "always")),
        "designated_only": bool(terms.designated_only),
        "online_payable": bool(terms.online_payable),
        "online_follow_up_only": bool(terms.online_follow_up_only),
        "recognition_needed": bool(terms.recognition_needed),
    }


def visit_in_words(terms: OutpatientTerms, visit: Visit[int]) -> dict[str, Any]:
    """A visit as the oracle takes it."""
    return {
        **attrs.asdict(visit),
        "hosp_lv": LEVEL.members[visit.hosp_lv],
        "psn_type": status_of(terms).members[visit.psn_type],
        "medins_kind": INSTITUTION.members[visit.medins_kind],
        "medins_ownership": OWNERSHIP.members[visit.medins_ownership],
        "service_kind": SERVICE.members[visit.service_kind],
        "quota_left": limit_or_none(visit.quota_left),
    }


def inpatient_in_words(terms: InpatientTerms) -> dict[str, Any]:
    """Inpatient terms as the oracle takes them."""
    everywhere = list(product(LEVEL.members, status_of(terms).members))
    return {
        "deductible": in_words(terms.deductible),
        "deductible_yearly_maximum": limit_or_none(terms.deductible_yearly_maximum),
        "band_edges": terms.bands.edges,
        "band_rates": [
            shares(table) if table.axes else dict.fromkeys(everywhere, Fraction(table.values[0], MILLION))
            for table in terms.bands.rates
        ],
        "rate_increase": shares(terms.rate_increase),
        "tcm_addition": Fraction(terms.tcm_addition, MILLION),
        "ceiling": {status: limit_or_none(figure) for status, figure in in_words(terms.ceiling).items()},
        "ceiling_basis": terms.ceiling_basis,
    }


def stay_in_words(terms: InpatientTerms, stay: Stay[int]) -> dict[str, Any]:
    """A stay as the oracle takes it."""
    return {
        **attrs.asdict(stay),
        "hosp_lv": LEVEL.members[stay.hosp_lv],
        "psn_type": status_of(terms).members[stay.psn_type],
        "ordinal": ORDINAL.members[stay.ordinal],
        "earlier_level": LEVEL.members[stay.earlier_level],
    }


def catalogue_in_words(terms: CatalogueTerms) -> dict[str, Any]:
    """Catalogue terms as the oracle takes them."""
    return {
        "order": terms.order,
        "excess_payer": _words_of(terms.excess_payer, ("patient", "institution")),
        "tcm_cut": Fraction(terms.tcm_cut, MILLION),
        "tcm_cut_mode": terms.tcm_cut_mode,
    }


def line_in_words(line: FeeLine[int]) -> dict[str, Any]:
    """A fee line as people write it: yuan, pieces, words."""
    return {
        "amount": Decimal(line.det_item_fee_sumamt).scaleb(-2),
        "price": Decimal(line.pric).scaleb(-6),
        "count": Decimal(line.cnt).scaleb(-4),
        "limit": Decimal(line.pric_uplmt_amt).scaleb(-6) if line.limited else None,
        "covered": bool(line.covered),
        "chrgitm_lv": CLASS.members[line.chrgitm_lv],
        "selfpay_prop": Fraction(line.selfpay_prop, MILLION),
        "tcm": bool(line.tcm),
        "group": GROUP.members[line.group],
    }


# ------------------------------------------------------------------------------------- one body: columns, rows, traces


def as_columns(rows: Sequence[Any]) -> Any:
    """Rows of one class as one instance whose fields are columns."""
    return type(rows[0])(
        **{
            field.name: np.array([getattr(row, field.name) for row in rows], np.int64)
            for field in attrs.fields(type(rows[0]))
        }
    )


def as_rows(columns: Any) -> list[dict[str, int]]:
    """Columns as one dict of plain ints per row; every field must be an int64 column of the same length."""
    names = [field.name for field in attrs.fields(type(columns))]
    found = [getattr(columns, name) for name in names]
    rows = found[0].shape  # what is as in an ordinary case may stand as one int
    assert all(isinstance(column, int) or (column.dtype == np.int64 and column.shape == rows) for column in found)
    found = [np.broadcast_to(column, rows) for column in found]
    return [dict(zip(names, row, strict=True)) for row in zip(*(column.tolist() for column in found), strict=True)]


def as_traced(row: T) -> T:
    """The row with every figure traced, as `explain` gives it to a rule."""
    fields = attrs.fields(type(row))  # type: ignore[arg-type]  # every input is an attrs class
    figures = {
        field.name: Traced(getattr(row, field.name), leaf=Leaf("input", field.name, "", "", field.metadata["unit"]))
        for field in fields
    }
    return type(row)(**figures)


# -------------------------------------------------------------------------------------------------------- outpatient


@st.composite
def outpatient_terms(draw: DrawFn) -> OutpatientTerms:
    """Random complete terms of an outpatient stream."""
    status = draw(statuses)
    return OutpatientTerms(
        deductible=draw(tables((LEVEL, status), amounts)),
        deductible_scope=draw(st.sampled_from(("visit", "year", "year_and_level"))),
        deductible_streams=("general",),
        counts_toward_deductible=draw(tables((LEVEL,), flags)),
        rate=draw(tables((LEVEL, status), rates)),
        rate_uplift=draw(tables((LEVEL,), additions)),
        service_uplift=draw(tables((SERVICE,), additions)),
        ceiling=draw(tables((status,), limits)),
        ceiling_basis=draw(st.sampled_from(("fund_payment", "eligible_cost"))),
        ceiling_streams=("general",),
        institutions=draw(tables((INSTITUTION, OWNERSHIP), st.sampled_from((2, 2, 2, 1, 0)))),
        listed_institutions=("H00000000001",),
        designated_only=draw(flags),
        outside_designated=draw(st.sampled_from(("nothing", "general"))),
        online_payable=draw(mostly),
        online_follow_up_only=draw(flags),
        recognition_needed=draw(flags),
        diseases=(),
        quota_period=draw(st.sampled_from(("year", "quarter", "month"))),
        quota_carry_over=draw(flags),
        second_disease_addition=draw(amounts),
    )


@st.composite
def visits(draw: DrawFn, terms: OutpatientTerms) -> Visit[int]:
    """A visit whose amounts lie near the deductible, the ceiling, the quota, or on a tie of its rate."""
    status = status_of(terms)
    level = draw(st.integers(0, len(LEVEL.members) - 1))
    person = draw(st.integers(0, len(status.members) - 1))
    service = draw(st.integers(0, len(SERVICE.members) - 1))
    deductible = in_words(terms.deductible)[LEVEL.members[level], status.members[person]]
    ceiling = terms.ceiling.values[person]
    rate = in_words(terms.rate)[LEVEL.members[level], status.members[person]]
    rate = min(rate + terms.rate_uplift.values[level] + terms.service_uplift.values[service], MILLION)

    deductible_used = _any_of_these(draw, [0, 0, *taken([deductible])])
    ceiling_used = _any_of_these(draw, [0, 0, *taken([ceiling])])
    due, left = max(deductible - deductible_used, 0), max(ceiling - ceiling_used, 0)
    quota_left = draw(st.one_of(st.just(int(NO_LIMIT)), st.just(int(NO_LIMIT)), amounts))
    near = [due, left, due + dearest(left, rate), due + dearest(quota_left, rate)]
    tie = ties(rate)
    if tie is not None:
        near += [due + tie[0] + draw(st.integers(0, 10**4)) * tie[1]] * 2
    return Visit(
        inscp_scp_amt=_any_of_these(draw, taken(near)),
        hosp_lv=level,
        psn_type=person,
        medins_kind=draw(st.integers(0, len(INSTITUTION.members) - 1)),
        medins_ownership=draw(flags),
        listed=draw(mostly),
        designated=draw(mostly),
        recognised=draw(mostly),
        online=draw(flags),
        follow_up=draw(mostly),
        service_kind=service,
        deductible_used=deductible_used,
        ceiling_used=ceiling_used,
        quota_left=quota_left,
    )


def visits_table(terms: OutpatientTerms, rows: int, seed: int) -> Visit[Column]:
    """Very many visits: a quarter on ties, a quarter near the deductible, a quarter near the ceiling, the rest any."""
    random = np.random.default_rng(seed)
    status = status_of(terms)
    level = random.integers(0, len(LEVEL.members), rows)
    person = random.integers(0, len(status.members), rows)
    service = random.integers(0, len(SERVICE.members), rows)
    deductible = np.array(terms.deductible.values).reshape(-1, len(status.members))[level, person]
    ceiling = np.array(terms.ceiling.values)[person]
    rate = np.array(terms.rate.values).reshape(-1, len(status.members))[level, person]
    rate = rate + np.array(terms.rate_uplift.values)[level] + np.array(terms.service_uplift.values)[service]
    rate = np.minimum(rate, MILLION)

    deductible_used = _mixed(
        random, rows, np.zeros(rows, np.int64), deductible + _beside(random, rows), _any(random, rows)
    )
    ceiling_used = _mixed(random, rows, np.zeros(rows, np.int64), ceiling + _beside(random, rows), _any(random, rows))
    due, left = np.maximum(deductible - deductible_used, 0), np.maximum(ceiling - ceiling_used, 0)
    quota_left = _mixed(random, rows, np.full(rows, NO_LIMIT), np.full(rows, NO_LIMIT), _any(random, rows))
    reach = due + left * MILLION // np.maximum(rate, 1)
    amount = _mixed(
        random,
        rows,
        due + _on_ties(random, rate),
        due + _beside(random, rows),
        reach + _beside(random, rows),
        _any(random, rows),
    )

    def mostly_set() -> Column:
        return (random.integers(0, 10, rows) > 0).astype(np.int64)

    return Visit(
        inscp_scp_amt=amount,
        hosp_lv=level,
        psn_type=person,
        medins_kind=random.integers(0, len(INSTITUTION.members), rows),
        medins_ownership=random.integers(0, 2, rows),
        listed=mostly_set(),
        designated=mostly_set(),
        recognised=mostly_set(),
        online=1 - mostly_set(),
        follow_up=mostly_set(),
        service_kind=service,
        deductible_used=deductible_used,
        ceiling_used=ceiling_used,
        quota_left=quota_left,
    )


def _any(random: np.random.Generator, rows: int) -> Column:
    return (10 ** random.uniform(0, 11, rows)).astype(np.int64) % (LARGEST + 1)


def _beside(random: np.random.Generator, rows: int) -> Column:
    return random.integers(-1, 2, rows)


def _mixed(random: np.random.Generator, rows: int, *choices: Column) -> Column:
    return np.clip(np.choose(random.integers(0, len(choices), rows), choices), 0, LARGEST).astype(np.int64)


def _on_ties(random: np.random.Generator, rate: Column) -> Column:
    """An amount on a tie of each row's rate; rates without ties get a plain one."""
    found = {int(each): ties(int(each)) or (0, 1) for each in np.unique(rate)}
    least = np.array([found[each][0] for each in rate.tolist()])
    step = np.array([found[each][1] for each in rate.tolist()])
    return least + step * random.integers(0, 1_000, rate.size)


# --------------------------------------------------------------------------------------------------------- inpatient


@st.composite
def bands(draw: DrawFn, status: Axis) -> Bands:
    """One to four bands, the same for all or by level and person class."""
    upper = draw(st.lists(amounts.filter(bool), max_size=3, unique=True))
    edges = (0, *sorted(upper))
    if draw(flags):
        return Bands(edges, tuple(draw(tables((LEVEL, status), rates)) for _ in edges))
    return Bands.flat([(edge, draw(rates)) for edge in edges])


@st.composite
def inpatient_terms(draw: DrawFn) -> InpatientTerms:
    """Random complete terms of inpatient care."""
    status = draw(statuses)
    return InpatientTerms(
        deductible=draw(tables((ORDINAL, LEVEL, status), amounts)),
        deductible_scope=draw(st.sampled_from(("stay", "year", "year_and_level"))),
        deductible_yearly_maximum=draw(limits),
        transfer_days=draw(st.integers(0, 30)),
        once_a_year_diseases=("Z49.1",),
        bands=draw(bands(status)),
        band_scope=draw(st.sampled_from(("stay", "year"))),
        rate_increase=draw(tables((LEVEL,), additions)),
        tcm_diseases=("C34.9",),
        tcm_addition=draw(additions),
        ceiling=draw(tables((status,), limits)),
        ceiling_basis=draw(st.sampled_from(("fund_payment", "eligible_cost"))),
        ceiling_streams=("inpatient",),
    )


@st.composite
def stays(draw: DrawFn, terms: InpatientTerms) -> Stay[int]:
    """A stay whose amounts lie near the deductible, the ceiling, the edges of bands, or on a tie of its rate."""
    status = status_of(terms)
    level = draw(st.integers(0, len(LEVEL.members) - 1))
    person = draw(st.integers(0, len(status.members) - 1))
    ordinal = draw(st.integers(0, len(ORDINAL.members) - 1))
    standard = in_words(terms.deductible)[ORDINAL.members[ordinal], LEVEL.members[level], status.members[person]]
    ceiling = terms.ceiling.values[person]
    band_start = _any_of_these(draw, [0, 0, 0, *taken(terms.bands.edges)])
    deductible_used = _any_of_these(draw, [0, 0, 0, *taken([standard])])
    ceiling_used = _any_of_these(draw, [0, 0, *taken([ceiling])])
    due, left = max(standard - deductible_used, 0), max(ceiling - ceiling_used, 0)

    first = in_words(terms.bands.rates[0]) if terms.bands.rates[0].axes else {}
    rate = first.get((LEVEL.members[level], status.members[person]), terms.bands.rates[0].values[0])
    tcm = draw(flags)
    rate = min(rate + terms.rate_increase.values[level] + tcm * terms.tcm_addition, MILLION)
    near = [due, left, due + dearest(left, rate), *(due + edge for edge in terms.bands.edges)]
    tie = ties(rate)
    if tie is not None:
        near += [due + tie[0] + draw(st.integers(0, 10**4)) * tie[1]] * 2
    return Stay(
        inscp_scp_amt=_any_of_these(draw, taken(near)),
        hosp_lv=level,
        psn_type=person,
        ordinal=ordinal,
        continuing=draw(flags),
        earlier_level=draw(st.integers(0, len(LEVEL.members) - 1)),
        earlier_paid=_any_of_these(draw, [0, *taken([standard])]),
        deductible_used=deductible_used,
        year_deductible=_any_of_these(draw, [0, 0, *taken([terms.deductible_yearly_maximum])]),
        once_a_year=draw(flags),
        once_a_year_paid=_any_of_these(draw, [0, *taken([standard])]),
        tcm_disease=tcm,
        band_start=band_start,
        ceiling_used=ceiling_used,
    )


def stays_table(terms: InpatientTerms, rows: int, seed: int) -> Stay[Column]:
    """Very many stays: on ties, near the deductible, near the edges of bands and the ceiling, and any."""
    random = np.random.default_rng(seed)
    status = status_of(terms)
    level = random.integers(0, len(LEVEL.members), rows)
    person = random.integers(0, len(status.members), rows)
    ordinal = random.integers(0, len(ORDINAL.members), rows)
    shape = (len(ORDINAL.members), len(LEVEL.members), len(status.members))
    standard = np.array(terms.deductible.values).reshape(shape)[ordinal, level, person]
    ceiling = np.array(terms.ceiling.values)[person]
    tcm = random.integers(0, 2, rows)
    first = terms.bands.rates[0]
    rate = np.broadcast_to(np.array(first.values).reshape(-1, len(first.values) // len(LEVEL.members) or 1), shape[1:])
    at_rate = rate[level, person] + np.array(terms.rate_increase.values)[level] + tcm * terms.tcm_addition
    at_rate = np.minimum(at_rate, MILLION)

    zero, beside = np.zeros(rows, np.int64), _beside(random, rows)
    edges = np.array(terms.bands.edges)[random.integers(0, len(terms.bands.edges), rows)]
    deductible_used = _mixed(random, rows, zero, zero, standard + beside, _any(random, rows))
    ceiling_used = _mixed(random, rows, zero, ceiling + beside, _any(random, rows))
    band_start = _mixed(random, rows, zero, zero, edges + beside, _any(random, rows))
    due, left = np.maximum(standard - deductible_used, 0), np.maximum(ceiling - ceiling_used, 0)
    reach = due + left * MILLION // np.maximum(at_rate, 1)
    return Stay(
        inscp_scp_amt=_mixed(
            random,
            rows,
            due + _on_ties(random, at_rate),
            due + _beside(random, rows),
            due + edges + _beside(random, rows),
            reach + _beside(random, rows),
            _any(random, rows),
        ),
        hosp_lv=level,
        psn_type=person,
        ordinal=ordinal,
        continuing=random.integers(0, 2, rows),
        earlier_level=random.integers(0, len(LEVEL.members), rows),
        earlier_paid=_mixed(random, rows, zero, standard + _beside(random, rows), _any(random, rows)),
        deductible_used=deductible_used,
        year_deductible=_mixed(random, rows, zero, zero, _any(random, rows)),
        once_a_year=(random.integers(0, 4, rows) == 0).astype(np.int64),
        once_a_year_paid=_mixed(random, rows, zero, standard + _beside(random, rows), _any(random, rows)),
        tcm_disease=tcm,
        band_start=band_start,
        ceiling_used=ceiling_used,
    )


# --------------------------------------------------------------------------------------------------------- catalogue


@st.composite
def catalogue_terms(draw: DrawFn) -> CatalogueTerms:
    """Random complete terms of the split."""
    return CatalogueTerms(
        order=draw(st.sampled_from(("over_limit_first", "first_pay_first"))),
        excess_payer=draw(tables((GROUP,), flags)),
        tcm_cut=draw(rates),
        tcm_cut_mode=draw(st.sampled_from(("points", "relative"))),
        tcm_cut_kinds=("tcm_service", "ethnic_service", "herbal_piece"),
    )


MOST_COUNT = 10**12
MOST_PRICE = 10**13


@st.composite
def fee_lines(draw: DrawFn, terms: CatalogueTerms) -> FeeLine[int]:
    """A line whose price lies near its ceiling, and whose excess and first-pay share fall on ties."""
    price = draw(
        st.one_of(
            st.integers(0, 10**6).map(lambda cents: cents * 10_000),
            st.integers(0, 10**9),
            st.integers(0, MOST_PRICE),
        )
    )
    room = min(MOST_COUNT, LARGEST * 10**8 // max(price, 1))  # price x count stays an amount
    count = min(
        room,
        draw(st.one_of(st.integers(0, 40).map(lambda halves: halves * 5_000), st.integers(0, 10**7), st.just(room))),
    )
    cents = 10_000 * draw(st.integers(0, 100))
    limit = draw(st.sampled_from([max(0, price + step) for step in (-cents, -cents, -1, 0, 1, cents, -price)]))
    prop = draw(rates)
    whole = price * count // 10**8
    tie = ties(prop)
    near = [whole, whole, whole + 1, max(0, price - limit) * count // 10**8]
    if tie is not None:
        near += [tie[0] + draw(st.integers(0, 10**4)) * tie[1]]
    return FeeLine(
        det_item_fee_sumamt=_any_of_these(draw, taken(near)),
        pric=price,
        cnt=count,
        pric_uplmt_amt=limit,
        limited=draw(mostly),
        covered=draw(mostly),
        chrgitm_lv=draw(st.sampled_from((0, 1, 1, 1, 2))),
        selfpay_prop=prop,
        tcm=draw(flags),
        group=draw(st.integers(0, len(GROUP.members) - 1)),
    )


def fee_lines_table(rows: int, seed: int) -> FeeLine[Column]:
    """Very many lines: prices with two and with six decimals, counts with none, one and four."""
    random = np.random.default_rng(seed)
    fine = random.integers(0, 2, rows) == 1
    price = np.where(fine, random.integers(0, 10**9, rows), random.integers(0, 10**5, rows) * 10_000)
    count = np.choose(
        random.integers(0, 3, rows),
        [
            random.integers(0, 500, rows) * 10_000,
            random.integers(0, 500, rows) * 5_000,
            random.integers(0, 10**6, rows),
        ],
    )
    limit = np.choose(
        random.integers(0, 3, rows),
        [
            price + _beside(random, rows),
            price - random.integers(0, 100, rows) * 10_000,
            random.integers(0, 10**9, rows),
        ],
    )
    limit = np.maximum(limit, 0)
    whole = (price * count + 50_000_000) // 10**8
    excess = (np.maximum(price - limit, 0) * count + 50_000_000) // 10**8
    prop = np.array(COMMON_RATES)[random.integers(0, len(COMMON_RATES), rows)]
    amount = _mixed(
        random,
        rows,
        whole,
        whole + _beside(random, rows),
        excess + _beside(random, rows),
        excess + _on_ties(random, prop),
        _any(random, rows),
    )
    return FeeLine(
        det_item_fee_sumamt=amount,
        pric=price,
        cnt=count,
        pric_uplmt_amt=limit,
        limited=(random.integers(0, 5, rows) > 0).astype(np.int64),
        covered=(random.integers(0, 10, rows) > 0).astype(np.int64),
        chrgitm_lv=np.array([0, 1, 1, 1, 2])[random.integers(0, 5, rows)],
        selfpay_prop=prop,
        tcm=random.integers(0, 2, rows),
        group=random.integers(0, len(GROUP.members), rows),
    )


# --------------------------------------------------------------------------------------------------- what agrees


def agrees(found: Mapping[str, int], expected: Mapping[str, Any], rates_of: Iterable[str] = ()) -> None:
    """The outcome is the oracle's, step by step and in its order; rates are shares of one there, None is no limit."""
    wanted = dict(expected)
    for name in rates_of:
        wanted[name] = wanted[name] * MILLION
    seen = {name: None if wanted.get(name, 0) is None else int(value) for name, value in found.items()}
    assert list(seen.items()) == list(wanted.items())


days: SearchStrategy[datetime.date] = st.dates(datetime.date(2015, 1, 1), datetime.date(2030, 12, 31))
