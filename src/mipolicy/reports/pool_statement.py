"""The closing statement of a pool: where every fen of its budget went, before and after sharing, and who paid.

Formulas.md section 2.  Amounts in fen.
"""

from __future__ import annotations

from typing import Final

from attrs import fields, frozen

from mipolicy.cases.result import PaidTable
from mipolicy.cases.year import PoolYear
from mipolicy.errors import InputError
from mipolicy.money import NO_PRICE_LIMIT
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.payment.clearing import Cleared
from mipolicy.payment.closing import PoolClosing
from mipolicy.payment.points import PointTotals, PointValue
from mipolicy.payment.year_end import YearEnd
from mipolicy.reports.gather import CaseSums, PayerLine, elsewhere_by_place, joined, sums_by_method, ties
from mipolicy.reports.sheet import Figures, Grid, Heading, Series, Sheet, headings
from mipolicy.traced import labelled

__all__ = ["PoolStatement", "pool_statement", "statement_sheet"]

_HELD: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_CLEARED: Final = headings(Cleared, without=("assessment", "returned_rate"))


@frozen(kw_only=True)
class PoolStatement:
    """Where a pool's budget went after sharing: the lines below the budget sum to it, to the fen.

    Out of the adjustment reserve come what negative payments were raised by and what sharing asked for; it is below 0
    where raising took more than there was.  Residues are what points do not pay out, negative where they pay more.
    closing: the same before sharing; payers: who owes the payments, the local fund first with an empty place; cleared:
    the pool's sums over the lines of the clearing, empty where the year was not cleared.
    """

    pool: int = labelled(POOL, "基金", "pool")
    year: int = labelled("count", "清算年度", "year")
    budget: int = labelled("fen", "年度预算", "budget of the year")
    out_of_area: int = labelled("fen", "异地就医", "care out of the area")
    manual_claims: int = labelled("fen", "零星报销", "reimbursed by hand")
    cases_otherwise: int = labelled("fen", "其他付费方式病例", "cases paid by other methods")
    carved_out: int = labelled("fen", "除外支付", "paid beside points")
    capitation: int = labelled("fen", "按人头付费", "paid by the head")
    from_points: int = labelled("fen", "点值内支付机构", "paid to institutions out of points amounts")
    raised_from_reserve: int = labelled("fen", "调节金补足负支付", "reserve: raised negative payments to 0")
    shared_from_reserve: int = labelled("fen", "调节金分担超支", "reserve: paid to institutions in sharing")
    reserve_left: int = labelled("fen", "调节金结余", "reserve: left; negative: overdrawn")
    left_in_fund: int = labelled("fen", "分担后留存基金", "left of points amounts in the fund by sharing")
    by_other_funds: int = labelled("fen", "参保地基金承担", "of points, owed by funds elsewhere")
    residue_basis: int = labelled("fen", "口径差额", "residue of the basis")
    residue_value: int = labelled("fen", "点值差额", "residue of bounds and decimals")
    residue_rounding: int = labelled("fen", "取整差额", "residue of rounding")
    closing: PoolClosing
    value: PointValue
    totals: PointTotals
    payers: tuple[PayerLine, ...]
    cleared: tuple[tuple[str, int], ...]

    def __attrs_post_init__(self) -> None:
        where = f"pool {POOL.members[self.pool]}"
        ties(where, "lines of the budget", sum(amount for _, amount in self.lines()[1:]), self.budget)
        ties(where, "budget before sharing", self.closing.budget, self.budget)
        reserve = self.raised_from_reserve + self.shared_from_reserve + self.reserve_left
        ties(where, "parts of the reserve", reserve, self.closing.adjustment_reserve)
        otherwise = self.cases_otherwise + self.carved_out + self.capitation
        ties(where, "other methods", otherwise, self.closing.other_methods)
        local = self.payers[0].payment if self.payers else 0
        ties(where, "owed by the local fund", local, self.closing.by_fund + self.closing.other_methods)
        of = dict(self.cleared)
        if of:
            ties(where, "entitlements of the institutions", of["entitlement"], local)
            paid = self.from_points + self.raised_from_reserve + self.shared_from_reserve + otherwise
            ties(where, "paid to institutions after sharing", of["entitlement"] + of["sharing"], paid)
            names = ("refused", "months_paid", "prepayment_left", "carried_in", "forfeited")
            rest = paid - sum(of[name] for name in names) + of["redistributed"]
            ties(where, "clearing of the institutions", rest, of["clearing"])

    def lines(self) -> tuple[tuple[str, int], ...]:
        """The budget, then every part of it with its sign, by field name."""
        names = [each.name for each in fields(PoolStatement) if each.metadata.get("unit") == "fen"]
        return tuple((name, int(getattr(self, name))) for name in names)


def pool_statement(paid: PaidTable, pool: str) -> PoolStatement:
    """The closing statement of a pool, before and after sharing at the end of the year, and by who pays.

    pool: one of "employee", "resident", closed in the table.
    Raises InputError for a pool that the table did not close; CodeError for one that is none; IdentityError where a
    figure does not tie out, a defect.
    Source: formulas.md section 2: every case closes on the fund or leaves a named residue.
    """
    position = POOL.position(pool)
    if pool not in paid.pools:
        closed = ", ".join(paid.pools) or "none: cases were paid at the budget value"
        raise InputError(f"the table closed no year of the pool {pool}; pools closed: {closed}")
    of, end = paid.pools[pool], paid.shared[pool]
    by_method = _by_method(paid, pool)
    held = [here for method, (here, _) in by_method.items() if method in _HELD]
    closing = of.closing
    from_points = _from_points(of, end) - closing.raised_from_reserve
    shared = sum(line.from_reserve for line in end.lines)
    payers = _payers(paid, pool, of, by_method)
    return PoolStatement(
        pool=position,
        year=paid.year,
        budget=closing.budget,
        out_of_area=closing.out_of_area,
        manual_claims=closing.manual_claims,
        cases_otherwise=sum(here.payment for method, (here, _) in by_method.items() if method not in _HELD),
        carved_out=sum(here.carved_out for here in held),
        capitation=sum(each.paid.payment for each in paid.contracts if each.pool == pool),
        from_points=from_points,
        raised_from_reserve=closing.raised_from_reserve,
        shared_from_reserve=shared,
        reserve_left=closing.adjustment_reserve - closing.raised_from_reserve - shared,
        left_in_fund=sum(line.left_in_fund for line in end.lines),
        by_other_funds=closing.by_other_funds,
        residue_basis=closing.residue_basis,
        residue_value=closing.residue_value,
        residue_rounding=closing.residue_rounding,
        closing=closing,
        value=of.value,
        totals=of.totals,
        payers=payers,
        cleared=_cleared(paid, pool),
    )


def _by_method(paid: PaidTable, pool: str) -> dict[int, tuple[CaseSums, CaseSums]]:
    """The cases of the pool by method, of all institutions: insured here, and elsewhere."""
    found: dict[int, tuple[CaseSums, CaseSums]] = {}
    for (_, of_pool), methods in sums_by_method(paid).items():
        for method, (here, elsewhere) in methods.items() if of_pool == pool else ():
            had = found.get(method, (CaseSums(), CaseSums()))
            found[method] = (had[0] + here, had[1] + elsewhere)
    return found


def _from_points(of: PoolYear, end: YearEnd) -> int:
    """What institutions get out of their points amounts; those that sharing leaves as they are get the whole."""
    shared = {line.fixmedins_code: line.from_points for line in end.lines}
    return sum(shared.get(each.fixmedins_code, each.by_fund) for each in of.closing.institutions)


def _payers(
    paid: PaidTable, pool: str, of: PoolYear, by_method: dict[int, tuple[CaseSums, CaseSums]]
) -> tuple[PayerLine, ...]:
    """The local fund, with an empty place, then the funds of other places."""
    here, elsewhere = CaseSums(), CaseSums()
    for local, outside in by_method.values():
        here, elsewhere = here + local, elsewhere + outside
    fund = PayerLine("", here.cases, here.points, of.closing.by_fund + of.closing.other_methods)
    lines = joined(line for (_, of_pool), each in elsewhere_by_place(paid).items() for line in each if of_pool == pool)
    where = f"pool {pool}"
    ties(where, "funds elsewhere by place", sum(line.payment for line in lines), elsewhere.owed)
    for line in lines:
        ties(where, f"owed by {line.insuplc_admdvs}", line.payment, of.elsewhere.get(line.insuplc_admdvs, 0))
    return (fund, *lines)


def _cleared(paid: PaidTable, pool: str) -> tuple[tuple[str, int], ...]:
    if paid.clearing is None:
        return ()
    lines = [line for line in paid.clearing.lines if line.pool == pool]
    return tuple((head.name, sum(getattr(line, head.name) for line in lines)) for head in _CLEARED)


# ---- as a page -------------------------------------------------------------------------------------------------------


def statement_sheet(statement: PoolStatement) -> Sheet:
    """The statement as blocks: after sharing, before it, the point value, who pays, and the sums of the clearing."""
    pool = statement.pool
    before = headings(PoolClosing)
    signed = dict(statement.closing.lines())
    blocks: list[Figures | Grid] = [
        Figures.of("分担后去向(合计等于预算)", "after sharing: the lines sum to the budget", statement),
        Figures(
            "分担前去向(合计等于预算)",
            "before sharing: the lines sum to the budget",
            before,
            tuple(signed[head.name] for head in before),
        ),
        _value_figures(statement.value),
    ]
    if statement.cleared:
        values = tuple(amount for _, amount in statement.cleared)
        blocks.append(Figures("机构清算合计", "sums over the institutions' clearing", _CLEARED, values))
    blocks.append(_payer_grid(statement.payers))
    return Sheet(
        f"statement-{POOL.members[pool]}",
        f"{statement.year}年度{POOL.zh[pool]}基金清算报表",
        f"closing statement of {statement.year}: {POOL.en[pool]}",
        tuple(blocks),
    )


def _value_figures(value: PointValue) -> Figures:
    """How the value came about; bounds that the terms do not set are empty."""
    bounded = value.floor > 0 or 0 < value.ceiling < NO_PRICE_LIMIT
    of_bounds = () if bounded else ("floor", "ceiling")
    heads = headings(PointValue)
    values = tuple(None if head.name in of_bounds else int(getattr(value, head.name)) for head in heads)
    return Figures("点值", "point value", heads, values)


def _payer_grid(payers: tuple[PayerLine, ...]) -> Grid:
    places = [line.insuplc_admdvs for line in payers]
    local = Series(Heading("local", "flag", "本地", "here"), [int(not place) for place in places])
    return Grid("按支付方", "by who pays", (local, *Grid.of("", "", PayerLine, payers).columns))
