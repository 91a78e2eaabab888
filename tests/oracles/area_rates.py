"""Oracle for an area's rates: each row read alone and judged in words, in fractions; a reversal takes one away."""

from __future__ import annotations

from fractions import Fraction

Row = dict[str, object]
STAYS = ("21", "2101", "2102")


def counted(rows: list[Row], **wanted: tuple[str, ...]) -> int:
    """How many rows have one of the codes in every field; a reversal counts as one less."""
    total = 0
    for row in rows:
        if all(row[name] in codes for name, codes in wanted.items()):
            total = total - 1 if row["refd_setl_flag"] == "1" else total + 1
    return total


def summed(rows: list[Row], field: str, **wanted: tuple[str, ...]) -> int:
    """What the rows with one of the codes in every field come to."""
    total = 0
    for row in rows:
        if all(row[name] in codes for name, codes in wanted.items()):
            amount = row[field]
            assert isinstance(amount, int)
            total += amount
    return total


def rates_of(rows: list[Row]) -> dict[str, Fraction | None]:
    """Some indicators of the assumed pack, in the words of their names; None where nothing stands below the line."""
    cross = {"med_type": STAYS, "care_place": ("cross_province",)}
    direct = counted(rows, **cross, direct_flag=("1",))
    by_hand = counted(rows, **cross, direct_flag=("0",))
    employees = {"med_type": STAYS, "insutype": ("310",)}
    return {
        "cross_province_inpatient_direct_rate": divided(direct, direct + by_hand),
        "e_certificate_rate": divided(
            counted(rows, mdtrt_cert_type=("01",)),
            counted(rows) - counted(rows, med_type=("99",)),
        ),
        "primary_fund_share": divided(
            summed(rows, "fund_pay_sumamt", hosp_lv=("10", "11")), summed(rows, "fund_pay_sumamt")
        ),
        "employee_self_paid_share": divided(
            summed(rows, "fulamt_ownpay_amt", **employees), summed(rows, "medfee_sumamt", **employees)
        ),
    }


def divided(one: int, other: int) -> Fraction | None:
    """The quotient, None where nothing is divided by."""
    return Fraction(one, other) if other else None
