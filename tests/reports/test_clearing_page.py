"""The page of each institution and pool, against a region worked by hand, and its identities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from mipolicy.axes import LEVEL
from mipolicy.errors import IdentityError, InputError
from mipolicy.payment.axes import METHOD, POOL, REVIEW
from mipolicy.reports.clearing_page import ClearingPage, clearing_grid, clearing_pages, page_sheet
from mipolicy.reports.gather import CaseSums, MethodLine, PayerLine, ReviewLine

from .region import COSTS, HERE, POINT, POINTS, YUAN, made_up, pay, payment, points_amt, rows, small, standard, totals

DIP, BY_ITEM = METHOD.position("dip"), METHOD.position("by_item")


def one(code: str, pool: str = "employee") -> ClearingPage:
    (found,) = [
        page for page in clearing_pages(small()) if (page.fixmedins_code, page.pool) == (code, POOL.position(pool))
    ]
    return found


def test_pages_stand_by_code_and_pool() -> None:
    assert [(page.fixmedins_code, page.pool) for page in clearing_pages(small())] == [("H0001", 0), ("H0002", 0)]


def test_who_the_page_is_of() -> None:
    page = one("H0002")
    assert (page.medins_name, LEVEL.members[page.level], page.year) == ("乙医院", "tertiary", 2025)


@pytest.mark.parametrize("code", ["H0001", "H0002"])
def test_the_cases_of_the_page(code: str) -> None:
    page, cost = one(code), sum(COSTS[name] for name in HERE[code]) * YUAN
    assert page.cases == len(HERE[code])
    assert (page.medfee_sumamt, page.hifp_pay) == (cost, cost * 60 // 100)
    assert (page.psn_part_amt, page.other_pay, page.hosp_part_amt) == (cost * 35 // 100, cost * 5 // 100, 0)
    assert page.points == sum(POINTS[name] for name in HERE[code]) * POINT
    assert page.points_amt == points_amt(code)


def test_a_page_worked_by_hand() -> None:
    """66,700 yuan over 6,150 points; H0001 has 3,750 of them: 40,670.73 yuan."""
    page = one("H0001")
    assert totals() == {"H0001": 4_067_073, "H0002": 2_602_927}
    assert (page.point_value, page.points_amt) == (10_845_500, 1_828_520)
    assert (page.other_methods, page.carved_out, page.capitation) == (270_000, 0, None)
    assert (page.entitlement, page.elsewhere, page.sharing) == (2_098_520, 764_553, 0)
    assert (page.refused, page.months_paid, page.prepayment_left, page.carried_in) == (0, 1_500_000, 10_000, 0)
    assert (page.assessment, page.deposit, page.returned_rate) == (850_000, 75_000, 800_000)
    assert (page.forfeited, page.redistributed) == (15_000, 0)
    assert page.clearing == 2_098_520 - 1_500_000 - 10_000 - 15_000
    assert (page.paid, page.recovered, page.carried_forward) == (573_520, 0, 0)


def test_a_page_with_what_is_refused_carved_out_and_shared() -> None:
    page = one("H0002")
    assert (page.other_methods, page.carved_out, page.elsewhere) == (None, 90_000, None)
    assert page.entitlement == points_amt("H0002") + 90_000
    spent = (6000 + 5400 + 10000 - 900) * 60  # R, without what is carved out
    assert page.sharing == spent - points_amt("H0002")  # R is below 0.85 of Q: R is paid
    assert (page.refused, page.carried_in, page.redistributed) == (12_050, 2_000, 15_000)
    assert page.clearing == page.entitlement + page.sharing - 12_050 - 1_200_000 - 2_000 + 15_000


def test_cases_by_method() -> None:
    held = ("C01", "C02", "C03", "C04", "C06")
    assert one("H0001").methods == (
        MethodLine(
            method=DIP,
            cases=5,
            elsewhere_cases=1,
            medfee_sumamt=3_685_000,
            points=3_750 * POINT,
            standard=sum(standard(name) for name in held),
            payment=sum(payment(name) for name in held if name != "C06"),
            carved_out=0,
            elsewhere=payment("C06"),
        ),
        MethodLine(BY_ITEM, 1, 0, 450_000, None, 450_000, 270_000, None, None),
    )


def test_special_cases_by_the_state_of_their_review() -> None:
    item, points, refused = (REVIEW.position(name) for name in ("granted_item", "granted_points", "refused"))
    assert one("H0001").reviews == (
        ReviewLine(item, 1, 450_000, None, 270_000),
        ReviewLine(points, 1, 500_000, 600 * POINT, payment("C04")),
    )
    assert one("H0002").reviews == (ReviewLine(refused, 1, 600_000, 600 * POINT, payment("C09")),)


def test_funds_elsewhere_by_place() -> None:
    assert one("H0001").payers == (PayerLine("990100", 1, 1_000 * POINT, payment("C06")),)
    assert one("H0002").payers == ()


def test_points_without_cases_are_none_and_not_nothing() -> None:
    given = [row for row in rows() if row["fixmedins_code"] == "H0001"]
    page = clearing_pages(pay(given))[1]
    assert (page.cases, page.points, page.point_value, page.points_amt) == (0, None, None, None)
    assert (page.other_methods, page.carved_out, page.capitation, page.sharing) == (None,) * 4
    assert (page.closing, page.shared, page.entitlement) == (None, None, 0)


def test_every_page_of_the_made_up_region_ties_out() -> None:
    """Pages refuse what does not tie out when they are made; their sums are those of the clearing."""
    paid = made_up()
    assert paid.clearing is not None
    pages = clearing_pages(paid)
    assert len(pages) == len(paid.clearing.lines) == 80
    for name in ("entitlement", "sharing", "refused", "months_paid", "clearing", "paid", "carried_forward"):
        assert sum(getattr(page, name) or 0 for page in pages) == paid.clearing.totals[name]
    assert {each.method for page in pages for each in page.methods} == set(range(len(METHOD.members)))
    assert any(page.contracts for page in pages)
    reversals = int((paid.prepared.original >= 0).sum())
    assert sum(page.cases for page in pages) == len(paid) - 2 * reversals


def test_institutions_are_those_of_their_own_cases() -> None:
    """D0001 is paid by DRG points, J0001 by the day: their pages hold no case by DIP."""
    methods = {
        page.fixmedins_code: {METHOD.members[each.method] for each in page.methods}
        for page in clearing_pages(made_up())
        if page.fixmedins_code in ("D0001", "J0001")
    }
    assert "drg_points" in methods["D0001"]
    assert "per_diem" in methods["J0001"]
    assert not any("dip" in each for each in methods.values())


BROKEN: list[tuple[str, Callable[[ClearingPage], ClearingPage]]] = [
    ("who pays the cost", lambda page: attrs.evolve(page, hifp_pay=page.hifp_pay + 1)),
    ("cases by method", lambda page: attrs.evolve(page, cases=page.cases + 1)),
    ("cost by method", lambda page: _more(page, "medfee_sumamt", "hifp_pay")),
    ("contracts by the head", lambda page: _more(page, "capitation")),
    ("funds elsewhere", lambda page: _more(page, "elsewhere")),
    ("entitlement of its parts", lambda page: _more(page, "entitlement", "clearing", "paid")),
    ("cases paid otherwise", lambda page: _more(page, "other_methods", "entitlement", "clearing", "paid")),
    ("carved out by method", lambda page: _more(page, "carved_out", "entitlement", "clearing", "paid")),
    ("points of its cases", lambda page: _more(page, "points_amt", "entitlement", "clearing", "paid")),
    ("points of the closing", lambda page: _closing(page, by_fund=1)),
    ("what points come to", lambda page: _closing(page, total=1)),
    ("who pays for points", lambda page: _closing(page, by_other_funds=1)),
    ("points without a closing", lambda page: attrs.evolve(page, closing=None)),
    ("points amount that is shared", lambda page: _shared(page, points_amt=1)),
    ("parts of the points amount", lambda page: _shared(page, from_points=1)),
    ("sharing", lambda page: _more(page, "sharing", "clearing", "paid")),
    ("clearing of its parts", lambda page: _more(page, "clearing", "paid")),
    ("what is done with it", lambda page: _more(page, "recovered")),
]


def _more(page: ClearingPage, *names: str) -> ClearingPage:
    changes: dict[str, Any] = {name: (getattr(page, name) or 0) + 1 for name in names}
    return attrs.evolve(page, **changes)


def _closing(page: ClearingPage, **more: int) -> ClearingPage:
    assert page.closing is not None
    changes: dict[str, Any] = {name: getattr(page.closing, name) + by for name, by in more.items()}
    return attrs.evolve(page, closing=attrs.evolve(page.closing, **changes))


def _shared(page: ClearingPage, **more: int) -> ClearingPage:
    assert page.shared is not None
    changes: dict[str, Any] = {name: getattr(page.shared, name) + by for name, by in more.items()}
    return attrs.evolve(page, shared=attrs.evolve(page.shared, **changes))


@pytest.mark.parametrize(("what", "broken"), BROKEN, ids=lambda each: each if isinstance(each, str) else "")
def test_what_does_not_tie_out_is_refused(what: str, broken: Callable[[ClearingPage], ClearingPage]) -> None:
    with pytest.raises(IdentityError, match=f"^H0001, employee: {what}"):
        broken(one("H0001"))


def test_refused_amounts_have_to_be_those_of_the_cases() -> None:
    paid = pay()
    assert paid.clearing is not None
    first, second = paid.clearing.lines
    wrong = attrs.evolve(second, refused=second.refused + 1, clearing=second.clearing - 1, paid=second.paid - 1)
    clearing = attrs.evolve(paid.clearing, lines=(first, wrong))
    with pytest.raises(IdentityError, match="H0002, employee: refused of the cases: 12050 is not 12051"):
        clearing_pages(attrs.evolve(paid, clearing=clearing))


@pytest.mark.parametrize(
    ("name", "what"),
    [("cases", "cases that share the points"), ("points", "points of these cases"), ("standard", "standards of these")],
)
def test_a_closing_is_of_the_cases_of_the_table(name: str, what: str) -> None:
    paid = pay()
    of = paid.pools["employee"]
    first, second = of.closing.institutions
    changes: dict[str, Any] = {name: getattr(first, name) + 1}
    closing = attrs.evolve(of.closing, institutions=(attrs.evolve(first, **changes), second))
    pools = {"employee": attrs.evolve(of, closing=closing)}
    with pytest.raises(IdentityError, match=f"H0001, employee: {what}"):
        clearing_pages(attrs.evolve(paid, pools=pools))


def test_a_table_without_a_clearing_has_no_pages() -> None:
    with pytest.raises(InputError, match=r"without a clearing; pay it with accounts="):
        clearing_pages(pay(cleared=False))
    with pytest.raises(InputError, match="without a clearing"):
        clearing_pages(small("budget"))


def test_sums_of_cases_merge() -> None:
    one_case = CaseSums(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    assert one_case + one_case == CaseSums(2, 4, 6, 8, 10, 12, 14, 16, 18, 20)
    assert one_case.owed == 19


def test_the_page_as_blocks_in_the_order_read() -> None:
    sheet = page_sheet(one("H0001"))
    assert (sheet.name, sheet.zh) == ("H0001-employee", "2025年度清算 甲医院(H0001) 职工")
    assert sheet.title("en") == "clearing of 2025: 甲医院(H0001), employees"
    assert [block.en for block in sheet.blocks] == [
        "clearing",
        "owed for points",
        "sharing at the end of the year",
        "cases by method",
        "special cases",
        "owed by funds elsewhere",
    ]


def test_blocks_that_do_not_apply_are_left_out() -> None:
    given = [row for row in rows() if row["fixmedins_code"] == "H0001"]
    assert [block.en for block in page_sheet(clearing_pages(pay(given))[1]).blocks] == ["clearing", "cases by method"]
    of_heads = next(page for page in clearing_pages(made_up()) if page.contracts)
    assert "paid by the head" in [block.en for block in page_sheet(of_heads).blocks]


def test_all_pages_as_one_table() -> None:
    grid = clearing_grid(clearing_pages(small()))
    heads, (first, second) = grid.heads("zh"), grid.rows("zh")
    assert len(grid) == 2
    assert (first[heads.index("基金")], first[heads.index("清算金额")]) == ("职工", "5735.20")
    assert (second[heads.index("其他付费方式应付")], second[heads.index("最终分值(点数)")]) == ("", "2400")
