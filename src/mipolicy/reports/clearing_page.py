"""What a clearing officer looks at: one page for each institution and pool, whose figures tie out to the fen.

Formulas.md section 2, clearing.  Amounts in fen, points per ten thousand, point values in millionths of a yuan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.cases.result import PaidTable
from mipolicy.errors import InputError
from mipolicy.payment.axes import METHOD, POINT_METHODS, POOL
from mipolicy.payment.capitation import Capitation
from mipolicy.payment.clearing import Cleared, Clearing
from mipolicy.payment.closing import InstitutionClosing
from mipolicy.payment.points import PointValueTerms
from mipolicy.payment.year_end import YearLine
from mipolicy.reports.gather import (
    CaseSums,
    Key,
    MethodLine,
    PayerLine,
    ReviewLine,
    elsewhere_by_place,
    method_line,
    refused,
    reviewed,
    sums_by_method,
    ties,
)
from mipolicy.reports.sheet import Figures, Grid, Sheet
from mipolicy.traced import labelled

__all__ = ["ClearingPage", "ContractLine", "clearing_grid", "clearing_pages", "page_sheet", "the_clearing"]

_HELD: Final = tuple(METHOD.position(name) for name in POINT_METHODS)
_PRICED: Final = frozenset(range(len(METHOD.members))) - {*_HELD, METHOD.position("capitation")}


@frozen
class ContractLine:
    """A contract paid by the head, and what it comes to."""

    condition: str = labelled("text", "人头类别", "condition")
    standard: int = labelled("fen", "年度标准", "budget of its heads")
    outside_charged: int = labelled("fen", "外出就医扣减", "care elsewhere charged to it")
    surplus_institution: int = labelled("fen", "结余归机构", "surplus that the institution keeps")
    deficit_institution: int = labelled("fen", "超支由机构承担", "deficit that it bears")
    payment: int = labelled("fen", "应付", "owed")

    @classmethod
    def of(cls, condition: str, paid: Capitation[int]) -> ContractLine:
        """The line of one contract."""
        return cls(
            condition,
            paid.standard,
            paid.outside_charged,
            paid.surplus_institution,
            paid.deficit_institution,
            paid.payment,
        )


@frozen(kw_only=True)
class ClearingPage:
    """One institution and pool, cleared: its cases, points, money, months, deposit and balance.

    What does not apply is None: points where it has no case that points pay, what contracts owe where it has none.
    Whatever does not tie out raises IdentityError.
    """

    fixmedins_code: str = labelled("text", "定点医药机构编号", "institution")
    medins_name: str = labelled("text", "机构名称", "name")
    level: int = labelled(LEVEL, "医院等级", "institution level")
    pool: int = labelled(POOL, "基金", "pool")
    year: int = labelled("count", "清算年度", "year")
    cases: int = labelled("count", "病例数", "cases")
    medfee_sumamt: int = labelled("fen", "医疗费总额", "total cost")
    hifp_pay: int = labelled("fen", "统筹基金支付(按项目)", "the pooled fund's share, item by item")
    psn_part_amt: int = labelled("fen", "个人负担总金额", "the persons' part")
    other_pay: int = labelled("fen", "其他基金支付", "paid by other funds")
    hosp_part_amt: int = labelled("fen", "医院负担金额", "borne by the institution")
    points: int | None = labelled("points", "最终分值(点数)", "final points")
    point_value: int | None = labelled("price", "结算点值", "point value")
    points_amt: int | None = labelled("fen", "按分值应付(本地基金)", "owed for points by the local fund")
    other_methods: int | None = labelled("fen", "其他付费方式应付", "owed for cases paid otherwise")
    carved_out: int | None = labelled("fen", "除外支付", "owed beside points")
    capitation: int | None = labelled("fen", "按人头应付", "owed by the head")
    entitlement: int = labelled("fen", "全年应付", "entitlement of the year")
    elsewhere: int | None = labelled("fen", "参保地基金支付", "owed by funds elsewhere, apart from this clearing")
    sharing: int | None = labelled("fen", "分担调整", "surplus retained or overrun shared, signed")
    refused: int = labelled("fen", "审核扣款", "refused by review")
    months_paid: int = labelled("fen", "月度已付合计", "paid in months")
    prepayment_left: int = labelled("fen", "未收回预付金", "prepayment not yet recovered")
    carried_in: int = labelled("fen", "上年结转扣回", "carried forward from the year before")
    assessment: int = labelled("points", "考核得分", "result of the assessment")
    deposit: int = labelled("fen", "质量保证金", "deposit")
    returned_rate: int = labelled("rate", "返还比例", "share of the deposit given back")
    forfeited: int = labelled("fen", "扣减保证金", "forfeited")
    redistributed: int = labelled("fen", "再分配保证金", "given out of what others forfeited")
    clearing: int = labelled("fen", "清算金额", "still due; negative: paid too much")
    paid: int = labelled("fen", "清算拨付", "paid at clearing")
    recovered: int = labelled("fen", "清算收回", "recovered at clearing")
    carried_forward: int = labelled("fen", "结转下年扣回", "carried forward, to be taken off next year")
    methods: tuple[MethodLine, ...]
    reviews: tuple[ReviewLine, ...]
    contracts: tuple[ContractLine, ...]
    payers: tuple[PayerLine, ...]
    closing: InstitutionClosing | None
    shared: YearLine | None

    def __attrs_post_init__(self) -> None:
        where = f"{self.fixmedins_code}, {POOL.members[self.pool]}"
        borne = self.hifp_pay + self.psn_part_amt + self.other_pay + self.hosp_part_amt
        ties(where, "who pays the cost item by item", borne, self.medfee_sumamt)
        ties(where, "cases by method", sum(each.cases for each in self.methods), self.cases)
        ties(where, "cost by method", sum(each.medfee_sumamt for each in self.methods), self.medfee_sumamt)
        ties(where, "contracts by the head", sum(each.payment for each in self.contracts), self.capitation or 0)
        ties(where, "funds elsewhere", sum(each.payment for each in self.payers), self.elsewhere or 0)
        parts = (self.points_amt, self.other_methods, self.carved_out, self.capitation)
        ties(where, "entitlement of its parts", sum(part or 0 for part in parts), self.entitlement)
        self._check_points(where)
        taken = self.refused + self.months_paid + self.prepayment_left + self.carried_in + self.forfeited
        cleared = self.entitlement + (self.sharing or 0) - taken + self.redistributed
        ties(where, "clearing of its parts", cleared, self.clearing)
        ties(where, "what is done with it", self.paid - self.recovered - self.carried_forward, self.clearing)

    def _check_points(self, where: str) -> None:
        """What points come to here is what the pool's closing and its sharing say."""
        held = [each for each in self.methods if each.method in _HELD]
        of_methods = sum(each.payment or 0 for each in self.methods if each.method not in _HELD)
        ties(where, "cases paid otherwise", of_methods, self.other_methods or 0)
        ties(where, "carved out by method", sum(each.carved_out or 0 for each in held), self.carved_out or 0)
        if self.closing is not None:
            rest = self.closing.remainder - self.closing.raised_here
            ties(where, "points of its cases", sum(each.payment or 0 for each in held) + rest, self.points_amt or 0)
            ties(where, "points of the closing", self.closing.by_fund, self.points_amt or 0)
            off = self.closing.standard + self.closing.remainder - self.closing.netted_off
            raised = self.closing.raised - self.closing.raised_here
            ties(where, "what points come to", off + raised, self.closing.total)
            ties(where, "who pays for points", self.closing.by_fund + self.closing.by_other_funds, self.closing.total)
        else:
            ties(where, "points without a closing", self.points_amt or 0, 0)
        if self.shared is not None:
            ties(where, "points amount that is shared", self.shared.points_amt, self.points_amt or 0)
            ties(
                where,
                "parts of the points amount",
                self.shared.from_points + self.shared.left_in_fund,
                self.shared.points_amt,
            )
        ties(where, "sharing", self.shared.sharing if self.shared else 0, self.sharing or 0)


def the_clearing(paid: PaidTable) -> Clearing:
    """The clearing of a paid table; raises InputError where the year was not cleared."""
    if paid.clearing is None:
        raise InputError(
            "the table was paid without a clearing; pay it with accounts=..., the agency's books, and at='settlement'"
        )
    return paid.clearing


def clearing_pages(paid: PaidTable) -> tuple[ClearingPage, ...]:
    """A page for each institution and pool that has an account, by code and pool, in the order of the clearing.

    Cases that a reversal takes back count nowhere; reversals count nowhere either.
    Raises InputError where the year was not cleared; IdentityError where a figure does not tie out, a defect.
    Source: formulas.md section 2, clearing.
    """
    lines = the_clearing(paid).lines
    sums, reviews, payers = sums_by_method(paid), reviewed(paid), elsewhere_by_place(paid)
    taken_off = refused(paid)
    pages = []
    for line in lines:
        key = line.fixmedins_code, line.pool
        page = _page(paid, line, sums.get(key, {}), reviews.get(key, ()), payers.get(key, ()))
        ties(f"{key[0]}, {key[1]}", "refused of the cases", taken_off.get(key, 0), page.refused)
        pages.append(page)
    return tuple(pages)


def _page(
    paid: PaidTable,
    line: Cleared,
    sums: dict[int, tuple[CaseSums, CaseSums]],
    reviews: tuple[ReviewLine, ...],
    payers: tuple[PayerLine, ...],
) -> ClearingPage:
    key, region = (line.fixmedins_code, line.pool), paid.prepared.region
    at = region.institutions[line.fixmedins_code]
    of_pool = paid.pools.get(line.pool)
    closing = _closing(paid, key)
    if closing is not None and of_pool is not None:
        _check_closing(key, of_pool.terms, sums, closing)
    shared = _shared(paid, key)
    contracts = _contracts(paid, key)
    here, both = _local_and_all(sums)
    return ClearingPage(
        fixmedins_code=line.fixmedins_code,
        medins_name=region.names[at],
        level=int(region.level[at]),
        pool=POOL.position(line.pool),
        year=paid.year,
        cases=both.cases,
        medfee_sumamt=both.medfee_sumamt,
        hifp_pay=both.hifp_pay,
        psn_part_amt=both.psn_part_amt,
        other_pay=both.other_pay,
        hosp_part_amt=both.hosp_part_amt,
        points=closing.points if closing else None,
        point_value=of_pool.value.value if closing and of_pool else None,
        points_amt=closing.by_fund if closing else None,
        other_methods=here.payment if _PRICED & set(sums) else None,
        carved_out=here.carved_out if set(_HELD) & set(sums) else None,
        capitation=sum(each.payment for each in contracts) if contracts else None,
        elsewhere=sum(each.payment for each in payers) if payers else None,
        sharing=line.sharing if shared or line.sharing else None,
        **{name: getattr(line, name) for name in _OF_LINE},
        methods=tuple(method_line(method, *sums[method]) for method in sorted(sums)),
        reviews=reviews,
        contracts=contracts,
        payers=payers,
        closing=closing,
        shared=shared,
    )


_OF_LINE: Final = (
    "entitlement",
    "refused",
    "months_paid",
    "prepayment_left",
    "carried_in",
    "assessment",
    "deposit",
    "returned_rate",
    "forfeited",
    "redistributed",
    "clearing",
    "paid",
    "recovered",
    "carried_forward",
)


def _contracts(paid: PaidTable, key: Key) -> tuple[ContractLine, ...]:
    of_key = [each for each in paid.contracts if (each.fixmedins_code, each.pool) == key]
    return tuple(ContractLine.of(each.condition, each.paid) for each in of_key)


def _local_and_all(sums: dict[int, tuple[CaseSums, CaseSums]]) -> tuple[CaseSums, CaseSums]:
    """What the local fund owes for cases apart from points, and the sums of all cases."""
    here, both = CaseSums(), CaseSums()
    for method, (local, outside) in sums.items():
        both = both + local + outside
        here = here + (CaseSums(carved_out=local.carved_out) if method in _HELD else CaseSums(payment=local.payment))
    return here, both


def _closing(paid: PaidTable, key: Key) -> InstitutionClosing | None:
    of_pool = paid.pools.get(key[1])
    lines = of_pool.closing.institutions if of_pool else ()
    return next((each for each in lines if each.fixmedins_code == key[0]), None)


def _shared(paid: PaidTable, key: Key) -> YearLine | None:
    year_end = paid.shared.get(key[1])
    return next((each for each in year_end.lines if each.fixmedins_code == key[0]), None) if year_end else None


def _check_closing(
    key: Key, terms: PointValueTerms, sums: dict[int, tuple[CaseSums, CaseSums]], closing: InstitutionClosing
) -> None:
    """The cases that share the pool's points are those that the closing summed."""
    shares = CaseSums()
    for method, (here, elsewhere) in sums.items():
        if method in _HELD:
            shares = shares + here + (elsewhere if terms.outsiders == "in_point_pool" else CaseSums())
    where = f"{key[0]}, {key[1]}"
    ties(where, "cases that share the points", shares.cases, closing.cases)
    ties(where, "points of these cases", shares.points, closing.points)
    ties(where, "standards of these cases", shares.standard, closing.standard)


# ---- as a page -------------------------------------------------------------------------------------------------------


def page_sheet(page: ClearingPage) -> Sheet:
    """The page as blocks: the figures in the order in which they are read, then what they are made of."""
    pool = POOL.members[page.pool]
    named = f"{page.medins_name}({page.fixmedins_code})" if page.medins_name else page.fixmedins_code
    blocks: list[Figures | Grid] = [Figures.of("清算", "clearing", page)]
    if page.closing is not None:
        blocks.append(Figures.of("按分值应付", "owed for points", page.closing))
    if page.shared is not None:
        blocks.append(Figures.of("年终分担", "sharing at the end of the year", page.shared))
    blocks.append(Grid.of("按付费方式", "cases by method", MethodLine, page.methods))
    if page.contracts:
        blocks.append(Grid.of("按人头付费", "paid by the head", ContractLine, page.contracts))
    if page.reviews:
        blocks.append(Grid.of("特例单议", "special cases", ReviewLine, page.reviews))
    if page.payers:
        blocks.append(Grid.of("参保地基金支付", "owed by funds elsewhere", PayerLine, page.payers))
    return Sheet(
        f"{page.fixmedins_code}-{pool}",
        f"{page.year}年度清算 {named} {POOL.zh[page.pool]}",
        f"clearing of {page.year}: {named}, {POOL.en[page.pool]}",
        tuple(blocks),
    )


def clearing_grid(pages: Iterable[ClearingPage]) -> Grid:
    """All pages as one table, a row for each institution and pool."""
    return Grid.of("年度清算", "clearing of the year", ClearingPage, tuple(pages))
