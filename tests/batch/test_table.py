"""A table settles as its bills do one by one: any order, blocks, threads; lines, splits, reversals, replays, totals."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy import Coded, InputError, TableError, TableResult, Totals
from mipolicy.batch import Difference, settlement_of
from mipolicy.batch.result import OUTPUTS
from tests.batch import (
    FIELDS,
    LINE_FIELDS,
    PARTS,
    Record,
    assert_same,
    line,
    one_by_one,
    overlay,
    random_lines,
    random_records,
    random_years,
    reversal,
    row_of,
    stay,
    table,
    totals_of,
    visit,
)
from tests.oracles import year as oracle

POLICY = mipolicy.load("assumed")
UNSTATED: dict[str, Any] = dict.fromkeys(PARTS, "")


def settle(records: Sequence[Record], lines: Sequence[Record] = (), **options: Any) -> TableResult:
    of = table(lines, LINE_FIELDS) if lines else None
    return mipolicy.settle(options.pop("policy", POLICY), table(records), lines=of, **options)


def check(
    records: Sequence[Record],
    lines: Sequence[Record] = (),
    totals: Mapping[str, Totals] | None = None,
    policy: mipolicy.Policy = POLICY,
    **options: Any,
) -> TableResult:
    """Settle a table of sound bills; every figure and everybody's totals are those of settling them one by one."""
    result = settle(records, lines, totals=totals, policy=policy, **options)
    assert result.rejects.message == ()
    assert result.row.tolist() == list(range(len(records)))
    assert_same(result, *one_by_one(policy, records, lines, totals))
    return result


def why(result: TableResult) -> dict[str, tuple[str, str]]:
    return dict(
        zip(result.rejects.setl_id, zip(result.rejects.reason, result.rejects.message, strict=True), strict=True)
    )


# --------------------------------------------------------------------------------------------------------- one by one


def conduct(year_by: str, on_split: str) -> mipolicy.Policy:
    """The assumed pack, with another year of a stay in both versions."""
    return overlay(
        "".join(
            f"""
        [[sections.settlement]]
        version = "{version}"
        source = {{ document = "change", clause = "year" }}
        year_by = "{year_by}"
        deductible_on_split = "{on_split}"
        """
            for version in ("2024", "2025")
        )
    )


def quotas(period: str, carry: bool) -> str:
    """Other quotas of the streams that have them."""
    return "".join(
        f"""
        [[sections.outpatient.{section}]]
        version = "{version}"
        source = {{ document = "change", clause = "quota" }}
        diseases = [
            {{ dise_codg = "MT0001", quota = "600" }},
            {{ dise_codg = "MT0002", quota = "900" }},
            {{ dise_codg = "LB0001", quota = "700" }},
            {{ dise_codg = "LB0002", quota = "none" }},
        ]
        quota_period = "{period}"
        quota_carry_over = {str(carry).lower()}
        second_disease_addition = "150"
        designated_only = false
        """
        for section, version in (
            ("employee.special", "2024"),
            ("employee.special", "2025"),
            ("resident.special", "2024"),
            ("employee.two_disease", "2024"),
            ("resident.two_disease", "2024"),
        )
    )


SCOPES = """
    [[sections.outpatient.employee.general]]
    version = "2025"
    source = { document = "change", clause = "scope" }
    deductible_scope = "year_and_level"
    deductible_streams = ["general", "special"]
    ceiling_basis = "eligible_cost"
    ceiling_streams = ["general", "inpatient"]
    [[sections.inpatient.employee]]
    version = "2025"
    source = { document = "change", clause = "scope" }
    deductible_scope = "year_and_level"
    deductible_yearly_maximum = "700"
    band_scope = "year"
    ceiling_basis = "eligible_cost"
    transfer_days = 40
    [[sections.inpatient.resident]]
    version = "2025"
    source = { document = "change", clause = "scope" }
    deductible_scope = "stay"
    band_scope = "stay"
    """
POLICIES = [
    POLICY,
    overlay(quotas("month", False)),
    overlay(quotas("quarter", True)),
    overlay(quotas("year", True)),
    overlay(SCOPES),
    conduct("admission", "once"),
    conduct("discharge", "once"),
    conduct("settlement", "once"),
]
SPLITS = [conduct("split_at_year_end", "once"), conduct("split_at_year_end", "again")]


@given(st.randoms(use_true_random=False), st.integers(1, 16), st.integers(1, 3), st.sampled_from(POLICIES))
def test_any_table_settles_as_its_bills_do(random: Random, rows: int, persons: int, policy: Any) -> None:
    records = random_records(random, rows, persons)
    check(records, random_lines(random, records, 0.3), policy=policy)


@given(st.randoms(use_true_random=False), st.integers(1, 12), st.sampled_from(SPLITS))
def test_any_table_with_split_stays_settles_as_its_bills_do(random: Random, rows: int, policy: Any) -> None:
    records = random_records(random, rows, 2)
    check(records, random_lines(random, records, 1.0), policy=policy)


def big_table(seed: int, rows: int, share: float) -> tuple[list[Record], list[Record]]:
    random = Random(seed)
    records = random_records(random, rows, rows // 12)
    return records, random_lines(random, records, share)


@pytest.mark.parametrize("seed", [1, 2])
def test_thousands_of_rows_settle_as_their_bills_do(seed: int) -> None:
    records, lines = big_table(seed, 2_500, 0.3)
    result = check(records, lines)
    settled = result.columns
    sections = dict(zip(*np.unique(settled["section"], return_counts=True), strict=True))
    assert len(sections) == 12
    assert min(sections.values()) > 15
    assert set(settled["version"].texts().tolist()) == {"2024", "2025"}
    assert (settled["hifp_pay"] < 0).sum() > 20
    assert (settled["hosp_part_amt"] != 0).sum() > 20
    assert result.total("medfee_sumamt") == int(settled["medfee_sumamt"].sum())


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_other_figures_settle_as_their_bills_do(policy: Any) -> None:
    records, lines = big_table(21, 400, 0.2)
    check(records, lines, policy=policy)


def test_the_years_of_many_persons_are_what_the_oracle_says() -> None:
    random = Random(17)
    records: list[Record] = []
    expected: dict[str, Any] = {}
    for person in range(60):
        mine, bills = random_years(random, 40, f"P{person:02d}")
        records += mine
        expected |= oracle.years(bills)
    random.shuffle(records)
    columns = settle(records).columns
    ids = np.asarray(columns["setl_id"]).tolist()
    assert len(ids) == 2_400
    for name in ("act_pay_dedc", "hifp_pay", "year"):
        assert columns[name].tolist() == [expected[setl_id][name] for setl_id in ids]


@pytest.mark.parametrize("policy", SPLITS)
def test_thousands_of_rows_with_split_stays_settle_as_their_bills_do(policy: Any) -> None:
    records, lines = big_table(3, 600, 1.0)
    check(records, lines, policy=policy)


def test_the_records_split_into_every_kind_of_stay() -> None:
    """What the tables above hold: splits over two and three years, referrals, interim bills, ties of time."""
    records, _ = big_table(3, 600, 1.0)
    stays = [record for record in records if record.get("adm_time")]
    spans = {int(record["dscg_time"][:4]) - int(record["adm_time"][:4]) for record in stays}
    assert spans >= {0, 1, 2}
    assert {(record["referral_flag"], record["mid_setl_flag"]) for record in stays} == {
        *(("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")),
    }
    times = [(record["psn_no"], record["setl_time"]) for record in records]
    assert len(set(times)) < len(times)


@pytest.mark.parametrize("med_type", ["11", "13", "14", "9901", "18", "21"])
def test_a_table_of_one_kind_of_care(med_type: str) -> None:
    records = [
        record for record in random_records(Random(4), 300, 10, reversals=False) if record["med_type"] == med_type
    ]
    assert len(records) > 15
    check(records)
    check([{**records[0], "setl_id": f"S{at}"} for at in range(3)])


# --------------------------------------------------------------------------------------------------- same bits always


def figures(result: TableResult) -> tuple[Any, ...]:
    """Everything a result holds, as plain values by setl_id."""
    ids = np.asarray(result.columns["setl_id"]).tolist()
    columns = {
        name: dict(zip(ids, np.asarray(column).tolist(), strict=True)) for name, column in result.columns.items()
    }
    return columns, totals_of(result.totals), sorted(zip(result.rejects.setl_id, result.rejects.message, strict=True))


@pytest.fixture(scope="module")
def mixed() -> tuple[list[Record], list[Record]]:
    """A table with lines, reversals, split stays, ties and some rejects."""
    records, lines = big_table(7, 400, 0.8)
    for at in range(0, 400, 37):
        records[at] = {**records[at], "hosp_lv": "99"}
    return records, lines


@pytest.fixture(scope="module")
def expected(mixed: tuple[list[Record], list[Record]]) -> tuple[Any, ...]:
    return figures(settle(*mixed, policy=SPLITS[0], threads=1))


@pytest.mark.parametrize("block_rows", [1, 7, 64, 65_536])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_blocks_and_threads_do_not_matter(mixed: Any, expected: Any, block_rows: int, threads: int) -> None:
    assert figures(settle(*mixed, policy=SPLITS[0], block_rows=block_rows, threads=threads)) == expected


@pytest.mark.parametrize("seed", range(4))
def test_order_does_not_matter(mixed: Any, expected: Any, seed: int) -> None:
    records, lines = list(mixed[0]), list(mixed[1])
    Random(seed).shuffle(records)
    Random(seed).shuffle(lines)
    if seed == 3:
        records.sort(key=lambda record: record["setl_time"], reverse=True)
    assert figures(settle(records, lines, policy=SPLITS[0], threads=1 + seed, block_rows=50)) == expected


def test_the_rows_come_out_in_the_order_of_the_table(mixed: Any) -> None:
    records, lines = mixed
    result = settle(records, lines, policy=SPLITS[0])
    ids = [record["setl_id"] for record in records]
    assert np.asarray(result.columns["setl_id"]).tolist() == [ids[row] for row in result.row.tolist()]
    assert result.row.tolist() == sorted(result.row.tolist())


def test_at_one_time_the_ids_decide() -> None:
    records = [visit("B", 20_000), visit("C", 20_000), visit("A", 20_000), visit("A0", 20_000)]
    for order in (records, records[::-1], [records[2], records[0], records[3], records[1]]):
        result = check(order)
        taken = dict(
            zip(np.asarray(result.columns["setl_id"]).tolist(), result.columns["act_pay_dedc"].tolist(), strict=True)
        )
        assert taken == {"A": 20_000, "A0": 10_000, "B": 0, "C": 0}
    coded = {**table(records), "setl_id": Coded.of([record["setl_id"] for record in records])}
    assert mipolicy.settle(POLICY, coded).columns["act_pay_dedc"].tolist() == [0, 0, 20_000, 10_000]


def test_a_second_decides_before_the_ids() -> None:
    records = [visit("B", 20_000, setl_time="2025-03-01 09:30:00"), visit("A", 20_000, setl_time="2025-03-01 09:30:01")]
    assert check(records).columns["act_pay_dedc"].tolist() == [20_000, 10_000]


def test_every_form_of_column_settles_alike() -> None:
    records = [visit("S1", 123_456), stay("S2", 2_000_000), visit("S3", 100_000, psn_no="P2")]
    text = table(records)
    plain = figures(mipolicy.settle(POLICY, text))

    def fen(name: str) -> list[int | None]:
        return [int(Decimal(cell) * 100) if cell else None for cell in text[name].tolist()]

    def day(name: str) -> Any:
        return np.array([cell or "NaT" for cell in text[name].tolist()], "datetime64[D]")

    money = [name for name in FIELDS if name == "medfee_sumamt" or name in PARTS]
    days = ("adm_time", "dscg_time", "opsp_begndate", "opsp_enddate")
    typed = {
        **{name: np.array(fen(name), np.int64) for name in money},
        **{name: day(name) for name in days},
        "setl_time": np.array(text["setl_time"].tolist(), "datetime64[s]"),
    }
    coded = {name: Coded.of(column) for name, column in text.items()}
    lists = {name: column.tolist() for name, column in text.items()}
    for columns in ({**text, **typed}, coded, lists, {**coded, **typed}):
        assert figures(mipolicy.settle(POLICY, columns)) == plain


# -------------------------------------------------------------------------------------------------------------- lines

LINES = [
    line("M-S1", "L1", "XZ0102", "50", "10"),
    line("M-S1", "L2", "XZ0901", "20", "1"),
    line("M-S1", "L3", "H0101", "1000", "1"),
]
SUMS: dict[str, Any] = {
    "medfee_sumamt": "1520.00",
    "fulamt_ownpay_amt": "20.00",
    "overlmt_selfpay": "345.00",
    "preselfpay_amt": "115.50",
    "inscp_scp_amt": "1039.50",
}


def test_from_the_catalogue_to_the_record() -> None:
    for stated in (SUMS, {**SUMS, **UNSTATED}):
        columns = check([visit("S0", psn_no="P2"), visit(**stated)], LINES).columns
        assert {name: int(columns[name][1]) for name in SUMS} == {
            name: int(Decimal(text) * 100) for name, text in SUMS.items()
        }
        assert (int(columns["hifp_pay"][1]), int(columns["hosp_part_amt"][1])) == (48_068, 23_000)


@pytest.mark.parametrize("name", list(SUMS))
def test_a_header_that_is_not_the_sum_of_its_lines(name: str) -> None:
    stated = {each: int(Decimal(text) * 100) for each, text in SUMS.items()}
    other = "preselfpay_amt" if name != "preselfpay_amt" else "overlmt_selfpay"
    stated[name] += 1
    if name != "medfee_sumamt":
        stated[other] -= 1
    record: dict[str, Any] = {each: f"{fen // 100}.{fen % 100:02d}" for each, fen in stated.items()}
    if name == "medfee_sumamt":
        record |= UNSTATED
    result = settle([visit(**record), visit("S2")], LINES)
    first = name if name == "medfee_sumamt" else min((name, other), key=list(SUMS).index)
    assert why(result) == {"S1": ("lines", f"{first} is {record[first]}, its lines sum to {SUMS[first]}")}
    assert len(result.line_rejects) == 0


@pytest.mark.parametrize(
    ("bad", "reason", "message"),
    [
        (
            line("M-S1", "L9", "ZZ", "1", "1"),
            "lines",
            "line L9 has an item that the catalogue does not list, and states",
        ),
        (line("M-S1", "L9", "XZ0001", "1", "1", pric="x"), "amount", "line L9: pric: unit price takes a plain decimal"),
        (line("M-S1", "L9", "XZ0001", "1", "1", fee_ocur_time="x"), "date", "line L9: fee_ocur_time: a date such as"),
        (line("M-S1", "", "XZ0001", "1", "1", cnt="x"), "amount", "line in row 3: cnt: count takes a plain decimal"),
        (
            line("M-S1", "L9", "XZ0001", "1", "1", det_item_fee_sumamt=""),
            "amount",
            "line L9: det_item_fee_sumamt is empty",
        ),
        (
            line("M-S1", "L9", "XZ0001", "1", "2", pric="3"),
            "amount",
            "line L9: 2.00 is not pric x cnt, half up to the fen",
        ),
        (
            line("M-S1", "L9", "XZ0001", "1", "1", selfpay_prop="110%"),
            "amount",
            "line L9: selfpay_prop: rate 110% is out",
        ),
        (line("M-S1", "L9", "XZ0001", "1", "-1"), "refund", "line L9 is negative and names no original line"),
        (
            line("M-S1", "L9", "XZ0001", "1", "-1", init_feedetl_sn="L8"),
            "refund",
            "line L9 refunds L8, which its bill lacks",
        ),
        (line("M-S1", "L9", "XZ0102", "50", "-11", init_feedetl_sn="L1"), "refund", "line L1 is net negative"),
        (
            line("M-S1", "L9", "XZ0102", "49", "-1", init_feedetl_sn="L1"),
            "refund",
            "line L9 refunds L1 but has another",
        ),
        (line("M-S1", "L1", "XZ0001", "1", "1"), "lines", "line L1 stands twice in its bill"),
        (line("M-S1", "L9", "XZ0001", "1", "1", lmt_used_flag="?"), "code", "line L9: lmt_used_flag has no code '?'"),
        (line("M-S1", "L9", "XZ0001", "1", "1", chrgitm_lv="9"), "code", "line L9: chrgitm_lv has no code '9'"),
    ],
)
def test_a_faulty_line_rejects_its_bill_and_names_itself(bad: Record, reason: str, message: str) -> None:
    result = settle([visit(**{**SUMS, **UNSTATED}), visit("S2", psn_no="P2")], [*LINES, bad])
    assert list(why(result)) == ["S1"]
    found_reason, found = why(result)["S1"]
    assert found_reason == reason
    assert found.startswith(message)
    assert result.line_rejects.message == (found,)
    assert result.line_rejects.reason == (reason,)
    assert result.line_rejects.setl_id == ("L1" if "net negative" in message else bad["feedetl_sn"],)
    assert len(result) == 1


def test_lines_without_a_bill_are_set_apart() -> None:
    orphans = [line("M-S9", "L1", "XZ0001", "1", "1"), line("", "L2", "XZ0001", "1", "1")]
    result = settle([visit(**SUMS), visit("S2")], [orphans[0], *LINES, orphans[1]])
    assert (len(result), len(result.rejects)) == (2, 0)
    assert result.line_rejects.row.tolist() == [0, 4]
    assert result.line_rejects.setl_id == ("L1", "L2")
    assert result.line_rejects.reason == ("orphan", "orphan")
    assert result.line_rejects.message == ("no bill has mdtrt_id M-S9", "no bill has mdtrt_id ")


def test_lines_and_no_bills_and_bills_and_no_lines() -> None:
    result = settle([], LINES)
    assert (result.rows_in, len(result), result.line_rejects.counts()) == (0, 0, {"orphan": 3})
    none = mipolicy.settle(POLICY, table([visit()]), lines=table([], LINE_FIELDS))
    assert (len(none), len(none.line_rejects)) == (1, 0)


def test_lines_of_a_rejected_bill_are_no_orphans() -> None:
    result = settle([visit(**SUMS, hosp_lv="99"), visit("S2")], LINES)
    assert result.rejects.counts() == {"code": 1}
    assert len(result.line_rejects) == 0


def test_two_bills_that_share_an_encounter_cannot_share_its_lines() -> None:
    says = ("lines", "two bills share this mdtrt_id, so its lines cannot be told apart")
    records = [visit(**SUMS), visit("S2", mdtrt_id="M-S1"), visit("S3", psn_no="P2")]
    assert why(settle(records, LINES)) == {"S1": says, "S2": says}
    # without lines of theirs they may
    check(records)
    other = line("M-S3", "L1", "XZ0001", "1000", "1")
    result = settle([*records[:2], visit("S3", **UNSTATED, psn_no="P2")], [other])
    assert len(result) == 3
    # and a reversal has the encounter of its bill, but no lines
    back = reversal(records[0], "R1", "2025-04-01")
    check([records[0], back], LINES)


def test_each_bill_asks_for_what_its_own_lines_need() -> None:
    text = mipolicy.dumps(POLICY)
    start, end = text.index("[[sections.catalogue_items]]"), text.index("[[sections.outpatient")
    bare = mipolicy.loads(text[:start] + text[end:])
    own = {"chrgitm_lv": "02", "selfpay_prop": "10%", "item_kind": "western_drug"}
    lines = [line("M-S1", "L1", "ZZ1", "100", "10", **own), line("M-S2", "L1", "XZ0001", "100", "10")]
    records = [visit("S1", **UNSTATED), visit("S2", **UNSTATED)]
    result = settle(records, lines, policy=bare, gaps="reject")
    assert why(result) == {
        "S2": ("gap", "assumed: section catalogue_items leaves 3 figure(s) open: effective, items, excluded")
    }
    assert result.columns["inscp_scp_amt"].tolist() == [90_000]
    assert len(settle(records[:1], lines[:1], policy=bare)) == 1


# ----------------------------------------------------------------------------------------------------- year of a stay

OVER = stay("S1", 600_000, "2024-12-20", "2025-01-10", setl_time="2025-01-12 09:00:00")


def over_lines(*days: tuple[str, int], of: str = "M-S1") -> list[Record]:
    return [line(of, f"L{at}", "F0001", str(yuan), "1", fee_ocur_time=day) for at, (day, yuan) in enumerate(days)]


SPLIT = over_lines(("2024-12-20", 1_000), ("2024-12-31", 200), ("2025-01-01", 3_000), ("2025-01-10", 800))
SPLIT_BILL = {**OVER, **UNSTATED, "medfee_sumamt": "5000.00"}


def test_a_split_stay_is_one_row_of_the_result() -> None:
    once = check([visit("S0"), SPLIT_BILL, visit("S2")], SPLIT, policy=SPLITS[0])
    assert once.columns["act_pay_dedc"].tolist()[1] == 50_000
    assert once.columns["hifp_pay"].tolist()[1] == 61_600 + 334_400
    assert once.columns["payable"].tolist()[1] == 450_000
    # what describes is the last part's: 400,000 a year, nothing of 2025's used before
    assert once.columns["ceiling_left"].tolist()[1] == 40_000_000
    assert once.columns["ceiling_used_after"].tolist()[1] == 334_400
    assert once.columns["deductible_due"].tolist()[1] == 0
    assert once.columns["year"].tolist()[1] == 2025
    again = check([SPLIT_BILL], SPLIT, policy=SPLITS[1])
    assert again.columns["act_pay_dedc"].tolist() == [100_000]
    assert again.columns["deductible_due"].tolist() == [50_000]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "a stay over the year's end is split by its lines, and it has none"),
        (over_lines(("2025-01-01", 5), of="M-S2"), "a stay over the year's end is split by its lines, and it has none"),
        (over_lines(("2024-12-19", 6_000)), "every line needs a fee_ocur_time within the stay to split it"),
        (over_lines(("2025-01-11", 6_000)), "every line needs a fee_ocur_time within the stay to split it"),
        (over_lines(("", 6_000)), "every line needs a fee_ocur_time within the stay to split it"),
    ],
)
def test_a_stay_that_cannot_be_split_is_a_reject(lines: list[Record], message: str) -> None:
    records = [OVER, visit("S2", **UNSTATED, medfee_sumamt="5.00"), stay("S3", 100_000, "2025-02-01", "2025-02-05")]
    records[1] = visit("S2", 500) if not any(each["mdtrt_id"] == "M-S2" for each in lines) else records[1] | UNSTATED
    records[1]["medfee_sumamt"] = "5.00"
    for policy in SPLITS:
        result = settle(records, lines, policy=policy)
        assert why(result) == {"S1": ("lines", message)}
        assert len(result) == 2
    # the reversal of such a bill has nothing to take back
    result = settle([*records, reversal(OVER, "R1", "2025-02-01")], lines, policy=SPLITS[0])
    assert why(result)["R1"] == ("reversal", "bill S1 was rejected itself")
    assert len(result) == 2


def test_a_stay_over_three_years_and_its_reversal() -> None:
    record = {**stay("S1", 0, "2023-11-01", "2025-02-01"), **UNSTATED, "medfee_sumamt": "5400.00"}
    lines = over_lines(("2023-12-31", 100), ("2024-01-01", 100), ("2024-12-31", 200), ("2025-01-01", 5_000))
    later = stay("S2", 300_000, "2025-02-03", "2025-02-09", referral_flag="1")
    back = {**reversal({**record, **UNSTATED}, "R1", "2025-03-01")}
    for policy, taken in ((SPLITS[0], 50_000), (SPLITS[1], 90_000)):
        assert check([record], lines, policy=policy).columns["act_pay_dedc"].tolist() == [taken]
        gone = check([record, back], lines, policy=policy)
        assert gone.columns["act_pay_dedc"].tolist() == [taken, -taken]
        assert totals_of(gone.totals) == {}
        check([record, later, back], lines, policy=policy)


def test_interim_bills_of_a_stay_in_a_table() -> None:
    records = [
        stay("S1", 30_000, "2025-01-01", "2025-01-31", mid_setl_flag="1"),
        stay("S2", 30_000, "2025-01-31", "2025-02-28", mid_setl_flag="1"),
        stay("S3", 30_000, "2025-02-28", "2025-03-08"),
        stay("S4", 30_000, "2025-03-09", "2025-03-10"),
    ]
    assert check(records).columns["act_pay_dedc"].tolist() == [30_000, 20_000, 0, 25_000]


# --------------------------------------------------------------------------------------------------------- reversals


def test_settle_then_reverse_restores_the_totals() -> None:
    before, _ = big_table(9, 120, 0.0)
    plain = [record for record in before if "init_setl_id" not in record]
    reversed_ = {record["init_setl_id"] for record in before if "init_setl_id" in record}
    kept = settle(plain).totals
    for bill in (visit("X", 500_000), stay("X", 500_000), visit("X", 500_000, med_type="13")):
        own = {
            **bill,
            "psn_no": plain[0]["psn_no"],
            "setl_time": "2025-12-31 23:00:00",
            "dscg_time": "",
            "adm_time": "",
        }
        if bill["med_type"] == "21":
            own |= {"adm_time": "2025-12-01", "dscg_time": "2025-12-31"}
        own |= {"insutype": "310", "psn_type": "12"}
        result = check([*plain, own, reversal(own, "Y", "2025-12-31 23:59:59")])
        assert totals_of(result.totals) == totals_of(kept)
    assert reversed_


def test_later_bills_keep_theirs() -> None:
    first, second = visit("S1", 500_000), visit("S2", 500_000, setl_time="2025-03-02")
    result = check([first, second, reversal(first, "R1", "2025-03-03"), visit("S3", 100_000, setl_time="2025-03-04")])
    assert result.columns["hifp_pay"].tolist() == [305_500, 325_000, -305_500, 65_000]
    assert result.columns["psn_cash_pay"].tolist() == [194_500, 175_000, -194_500, 35_000]
    # steps that describe how the bill stood are repeated
    for name in ("ceiling_left", "deductible_due", "fund_rate", "eligible", "ceiling_used_after"):
        column = result.columns[name].tolist()
        assert column[2] == column[0]
    assert result.columns["before_limits"].tolist()[2] == -result.columns["before_limits"].tolist()[0]


def test_a_reversal_of_a_middle_stay_leaves_the_latest() -> None:
    chain = [
        stay(
            f"S{at}",
            100_000,
            f"2025-03-{1 + 7 * at:02d}",
            f"2025-03-{7 + 7 * at:02d}",
            hosp_lv=level,
            referral_flag="1",
        )
        for at, level in enumerate(("09", "05", "01"))
    ]
    last_stay = settle(chain).totals["P1"].stay
    for at, expected in ((0, last_stay), (1, last_stay), (2, settle(chain[:2]).totals["P1"].stay)):
        result = check([*chain, reversal(chain[at], "R", "2025-03-30")])
        assert result.totals["P1"].stay == expected


def test_reversals_in_every_thread_and_block() -> None:
    records = []
    for person in range(40):
        bill = visit(f"S{person}", 400_000 + person, psn_no=f"P{person}")
        records += [
            bill,
            reversal(bill, f"R{person}", "2025-03-05"),
            {**bill, "setl_id": f"Z{person}", "setl_time": "2025-04-01"},
        ]
    for threads in (1, 3):
        for block_rows in (1, 16, 65_536):
            result = check(records, threads=threads, block_rows=block_rows)
            assert result.columns["act_pay_dedc"].tolist() == [30_000, -30_000, 30_000] * 40


def test_a_reversal_may_leave_the_parts_out_and_a_bill_of_nothing_may_be_reversed() -> None:
    bill, nothing = visit("S1", 500_000), visit("S2", 0, psn_no="P2")
    bare = {**reversal(bill, "R1", "2025-03-02"), **UNSTATED}
    result = check([bill, bare, nothing, reversal(nothing, "R2", "2025-03-02")])
    assert result.columns["inscp_scp_amt"].tolist() == [500_000, -500_000, 0, 0]
    assert totals_of(result.totals) == {}


BILL = visit("S1", 500_000, fulamt_ownpay_amt="1.00", medfee_sumamt="5001.00")
NOT_MIRRORED = [
    {"medfee_sumamt": "-5000.00", "fulamt_ownpay_amt": "0.00"},
    {"fulamt_ownpay_amt": "0.00", "overlmt_selfpay": "-1.00"},
    {"preselfpay_amt": "-1.00", "inscp_scp_amt": "-4999.00"},
]


@pytest.mark.parametrize(
    ("rows", "rejects"),
    [
        ([reversal(BILL, "R1", "2025-03-02", init_setl_id="S9")], {"R1": "no bill S9 to reverse in this table"}),
        ([visit("S2", hosp_lv="99"), reversal(visit("S2"), "R1", "2025-03-02")], {"R1": "bill S2 was rejected itself"}),
        ([reversal(BILL, "R1", "2025-03-02", psn_no="P2")], {"R1": "bill S1 is another person's"}),
        ([reversal(BILL, "R1", "2025-02-28")], {"R1": "the reversal comes before bill S1"}),
        ([reversal(BILL, "R1", "2025-03-01 09:30:00")], {"R1": "the reversal comes before bill S1"}),
        (
            [reversal(BILL, "R1", "2025-03-02"), reversal(BILL, "R2", "2025-03-03")],
            {"R2": "bill S1 is reversed already"},
        ),
        (
            [reversal(BILL, "R2", "2025-03-02"), reversal(BILL, "R1", "2025-03-02")],
            {"R2": "bill S1 is reversed already"},
        ),
        (
            [reversal(BILL, "R1", "2025-03-02"), reversal(BILL, "R2", "2025-03-03", init_setl_id="R1")],
            {"R2": "no bill R1 to reverse in this table"},
        ),
        ([reversal(BILL, "S1", "2025-03-02")], None),
        *(
            (
                [reversal(BILL, "R1", "2025-03-02", **changes)],
                {"R1": f"{next(iter(changes))} is not that of bill S1 with the opposite sign"},
            )
            for changes in NOT_MIRRORED
        ),
    ],
)
def test_a_reversal_that_cannot_be_matched_is_a_reject(rows: list[Record], rejects: dict[str, str] | None) -> None:
    result = settle([BILL, *rows])
    found = {setl_id: message for setl_id, (reason, message) in why(result).items() if reason == "reversal"}
    if rejects is None:
        assert result.rejects.counts() == {"duplicate": 2}
        return
    assert found == rejects
    assert len(result) + len(result.rejects) == 1 + len(rows)


def test_a_reversal_at_the_time_of_its_bill_goes_by_the_ids() -> None:
    bill = visit("S1", 500_000)
    result = check([reversal(bill, "S2", bill["setl_time"]), bill])
    assert result.columns["hifp_pay"].tolist() == [-305_500, 305_500]


def test_a_bad_reversal_leaves_its_bill_and_flags_what_follows() -> None:
    result = settle(
        [BILL, reversal(BILL, "R1", "2025-03-02", psn_no="P2"), visit("S3", setl_time="2025-03-03", psn_no="P2")]
    )
    assert np.asarray(result.columns["setl_id"]).tolist() == ["S1", "S3"]
    assert result.columns["after_reject"].tolist() == [0, 1]


def test_a_partial_refund_is_a_reversal_and_the_remaining_lines() -> None:
    whole = visit("S1", **{**SUMS, **UNSTATED})
    fewer = visit("S2", **{**UNSTATED, "medfee_sumamt": "520.00"}, setl_time="2025-03-03")
    back = reversal({**whole, **SUMS}, "R1", "2025-03-02")
    lines = [*LINES, *({**each, "mdtrt_id": "M-S2"} for each in LINES[:2])]
    result = check([whole, back, fewer], lines)
    alone = settle([fewer], lines[3:])
    assert result.columns["hifp_pay"].tolist()[2] == alone.columns["hifp_pay"].tolist()[0]
    assert totals_of(result.totals) == totals_of(alone.totals)


# ------------------------------------------------------------------------------------------------------------ replays


@given(st.randoms(use_true_random=False), st.integers(2, 14))
@settings(max_examples=50)
def test_a_replay_is_settling_without_the_bill(random: Random, rows: int) -> None:
    records = random_records(random, rows, 1, reversals=False)
    lines = random_lines(random, records, 0.3)
    bill = random.choice(records)
    back = {**reversal(bill, "zz", "2025-12-31 23:59:59"), **UNSTATED}
    result = settle([*records, back], lines)
    without = [record for record in records if record is not bill]
    expected, _ = one_by_one(POLICY, without, [each for each in lines if each["mdtrt_id"] != bill["mdtrt_id"]])
    ids = np.asarray(result.columns["setl_id"]).tolist()
    differences = {
        (setl_id, name, int(result.columns[name][row]), expected[setl_id][name])
        for row, setl_id in enumerate(ids)
        if setl_id in expected
        for name, unit in OUTPUTS.items()
        if unit == "fen" and int(result.columns[name][row]) != expected[setl_id][name]
    }
    found = mipolicy.resettle(POLICY, table([*records, back]), from_=bill["setl_id"], lines=table(lines, LINE_FIELDS))
    assert {(each.setl_id, each.field, each.recorded, each.replayed) for each in found} == differences
    assert [ids.index(each.setl_id) for each in found] == sorted(ids.index(each.setl_id) for each in found)


def replay_table() -> list[Record]:
    first = visit("S1", 500_000)
    second = visit("S2", 100_000, setl_time="2025-03-02")
    return [first, second, reversal(first, "R1", "2025-03-03"), visit("S3", 9_000, psn_no="P2")]


def test_a_replay_by_hand_in_every_form() -> None:
    # with the first visit the second owes no deductible: 650 against 455
    expected = [
        Difference("S2", "act_pay_dedc", 0, 30_000),
        Difference("S2", "hifp_pay", 65_000, 45_500),
        Difference("S2", "fund_pay_sumamt", 65_000, 45_500),
        Difference("S2", "psn_part_amt", 35_000, 54_500),
        Difference("S2", "psn_cash_pay", 35_000, 54_500),
        Difference("S2", "psn_net_pay", 35_000, 54_500),
        Difference("S2", "ceiling_left", 444_500, 750_000),
        Difference("S2", "deductible_due", 0, 30_000),
        Difference("S2", "payable", 100_000, 70_000),
        Difference("S2", "before_limits", 65_000, 45_500),
        Difference("S2", "deductible_used_after", 600_000, 100_000),
        Difference("S2", "ceiling_used_after", 370_500, 45_500),
    ]
    text = table(replay_table())
    forms: list[dict[str, Any]] = [
        text,
        {name: column.tolist() for name, column in text.items()},
        {name: Coded.of(column) for name, column in text.items()},
    ]
    for columns in forms:
        assert mipolicy.resettle(POLICY, columns, from_="S1") == expected
        assert mipolicy.resettle(POLICY, columns, from_="S1", threads=3, block_rows=1) == expected
    assert mipolicy.resettle(POLICY, text, from_="S1", columns=["hifp_pay", "year"]) == expected[1:2]


@pytest.mark.parametrize(
    ("records", "from_", "says"),
    [
        (replay_table(), "S2", "the table holds no bill S2 together with its reversal"),
        (replay_table(), "S9", "the table holds no bill S9 together with its reversal"),
        (replay_table(), "R1", "the table holds no bill R1 together with its reversal"),
        (replay_table()[1:], "S1", "the table holds no bill S1 together with its reversal"),
        (
            [BILL, reversal(BILL, "R1", "2025-02-01")],
            "S1",
            "bill S1 or its reversal is rejected: the reversal comes before bill S1",
        ),
        (
            [{**BILL, "hosp_lv": "99"}, reversal(BILL, "R1", "2025-03-02")],
            "S1",
            "bill S1 or its reversal is rejected: hosp_lv has no code '99'",
        ),
    ],
)
def test_a_replay_needs_the_bill_and_its_reversal(records: list[Record], from_: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        mipolicy.resettle(POLICY, table(records), from_=from_)
    assert str(caught.value).startswith(says)


def test_a_replay_of_a_table_of_the_wrong_shape() -> None:
    with pytest.raises(TableError, match="missing setl_id"):
        mipolicy.resettle(POLICY, {"psn_no": ["P1"]}, from_="S1")
    without = {name: column for name, column in table([visit()]).items() if name != "init_setl_id"}
    with pytest.raises(InputError, match="holds no bill"):
        mipolicy.resettle(POLICY, without, from_="S1")


def test_a_replay_leaves_a_second_reversal_out() -> None:
    records = [*replay_table(), reversal(visit("S1", 500_000), "R2", "2025-03-09")]
    found = mipolicy.resettle(POLICY, table(records), from_="S1")
    assert {each.setl_id for each in found} == {"S2"}


# ------------------------------------------------------------------------------------------------------------- totals


@given(st.randoms(use_true_random=False), st.integers(1, 14), st.integers(1, 4))
def test_half_a_table_and_then_the_rest_is_the_whole(random: Random, rows: int, persons: int) -> None:
    records = random_records(random, rows, persons, reversals=False)
    records.sort(key=lambda record: (record["setl_time"], record["setl_id"]))
    lines = random_lines(random, records, 0.3)
    whole = check(records, lines)
    at = random.randrange(rows + 1)
    first = settle(records[:at], lines)
    text = json.dumps({psn_no: totals.to_dict() for psn_no, totals in first.totals.items()})
    read = {psn_no: Totals.from_dict(record) for psn_no, record in json.loads(text).items()}
    for carried in (first.totals, read):
        second = check(
            records[at:], [each for each in lines if each["mdtrt_id"] in {r["mdtrt_id"] for r in records[at:]}], carried
        )
        assert totals_of(second.totals) == totals_of(whole.totals)
        for name in OUTPUTS:
            both = [*first.columns[name].tolist(), *second.columns[name].tolist()]
            assert both == whole.columns[name].tolist()


def test_months_one_after_the_other_with_persons_who_come_and_go() -> None:
    records, _ = big_table(11, 500, 0.0)
    records = [record for record in records if record.get("refd_setl_flag") != "1"]
    whole = settle(records)
    totals: Mapping[str, Totals] = {}
    months = sorted({record["setl_time"][:7] for record in records})
    assert len(months) == 24
    for month in months:
        totals = settle([record for record in records if record["setl_time"][:7] == month], totals=totals).totals
    assert totals_of(totals) == totals_of(whole.totals)


def test_totals_of_persons_without_a_bill_pass_through() -> None:
    first = settle([visit("S1"), visit("S2", psn_no="P2")])
    second = settle([visit("S3", psn_no="P3")], totals=first.totals)
    assert set(second.totals) == {"P1", "P2", "P3"}
    assert len(second.totals) == 3
    assert second.totals["P1"] == first.totals["P1"]
    assert settle([], totals=first.totals).totals == first.totals


def test_other_years_of_the_totals_pass_through() -> None:
    early = settle([visit("S1", setl_time="2024-05-01")])
    late = settle([visit("S2")], totals=early.totals)
    assert late.totals["P1"].years["employee", 2024] == early.totals["P1"].years["employee", 2024]
    assert set(late.totals["P1"].years) == {("employee", 2024), ("employee", 2025)}


def test_totals_of_another_person_are_refused() -> None:
    with pytest.raises(InputError, match="the totals given for P1 are those of P2"):
        settle([visit()], totals={"P1": Totals("P2")})


def test_rejects_leave_the_totals_alone() -> None:
    result = settle([visit("S1"), visit("S2", 900_000, hosp_lv="99", psn_no="P2"), visit("S3", psn_no="")])
    assert set(totals_of(result.totals)) == {"P1"}
    assert "" not in list(result.totals)
    assert totals_of(result.totals) == totals_of(settle([visit("S1")]).totals)


# -------------------------------------------------------------------------------------------------------------- options


def test_only_the_columns_that_are_kept() -> None:
    result = settle([visit()], columns=["hifp_pay", "year", "fund_rate", "psn_no"])
    assert list(result.columns) == ["hifp_pay", "year", "fund_rate", "psn_no"]
    assert {name: np.asarray(column).tolist() for name, column in result.columns.items()} == {
        "hifp_pay": [45_500],
        "year": [2025],
        "fund_rate": [650_000],
        "psn_no": ["P1"],
    }
    whole = settle([visit()])
    assert list(whole.columns) == [
        *("setl_id", "mdtrt_id", "psn_no", "section", "version", "year", "after_reject"),
        *OUTPUTS,
    ]
    assert settle([visit()], columns=[]).columns == {}
    assert settle([visit()], columns=[]).totals == whole.totals


def test_a_column_that_cannot_be_kept() -> None:
    with pytest.raises(TableError, match=r"columns: hifp, age cannot be kept; what can: setl_id, .*medfee_sumamt"):
        settle([visit()], columns=["hifp", "psn_no", "age"])
    with pytest.raises(TableError, match=r"; did you mean hifp_pay, maf_pay\?$"):
        settle([visit()], columns=["hifp_pai", "zzz", "maff_pay"])
    with pytest.raises(TableError, match=r"columns: zzz cannot be kept; what can: setl_id, .*, rate_addition$"):
        settle([visit()], columns=["zzz"])


@pytest.mark.parametrize("options", [{"threads": 0}, {"block_rows": 0}, {"threads": -1}, {"block_rows": -5}])
def test_threads_and_blocks_are_at_least_one(options: dict[str, Any]) -> None:
    with pytest.raises(TableError, match="block_rows and threads must be at least 1"):
        settle([visit()], **options)


def test_nothing_in_nothing_out() -> None:
    for threads in (1, 2, None):
        result = settle([], threads=threads)
        assert (result.rows_in, len(result), len(result.rejects), len(result.totals)) == (0, 0, 0, 0)
        assert all(len(column) == 0 for column in result.columns.values())
        assert result.total("hifp_pay") == 0


def test_more_threads_than_persons() -> None:
    check([visit("S1"), visit("S2")], threads=16)


def test_the_table_given_is_left_as_it_was() -> None:
    records, lines = big_table(5, 60, 0.5)
    columns, of_lines = table(records), table(lines, LINE_FIELDS)
    before = {name: column.tolist() for name, column in {**columns, **of_lines}.items()}
    fen = np.array([100_000], np.int64)
    mipolicy.settle(SPLITS[0], columns, lines=of_lines)
    mipolicy.settle(POLICY, {**table([visit()]), "medfee_sumamt": fen, "inscp_scp_amt": fen})
    assert {name: column.tolist() for name, column in {**columns, **of_lines}.items()} == before
    assert fen.tolist() == [100_000]


def test_columns_that_cannot_be_written_are_only_read() -> None:
    columns = table(
        [visit("S1"), stay("S2"), visit("S3", med_type="14", opsp_fixmedins_code="H9", opsp_begndate="2025-01-01")]
    )
    for column in columns.values():
        column.flags.writeable = False
    assert len(mipolicy.settle(POLICY, columns)) == 3


# ----------------------------------------------------------------------------------------------------- one row of many


@pytest.mark.parametrize("policy", [POLICY, *SPLITS])
def test_one_row_of_a_table_is_settled_as_the_table_settles_it(policy: Any) -> None:
    records, lines = big_table(13, 60, 0.7 if policy is POLICY else 1.0)
    records[5] = {**records[5], "hosp_lv": "99"}
    result = settle(records, lines, policy=policy)
    rows = {int(row): {name: int(result.columns[name][at]) for name in OUTPUTS} for at, row in enumerate(result.row)}
    columns, of_lines = table(records), table(lines, LINE_FIELDS)
    for row, expected in rows.items():
        assert row_of(settlement_of(policy, columns, row, lines=of_lines)) == expected
    with pytest.raises(InputError, match=r"row 5 is rejected: hosp_lv has no code '99' .*\[code\]"):
        settlement_of(policy, columns, 5, lines=of_lines)


@pytest.mark.parametrize("row", [-1, 2, 99])
def test_a_row_that_is_not_there(row: int) -> None:
    with pytest.raises(InputError, match=f"row {row} is not in the table, which has rows 0 to 1"):
        settlement_of(POLICY, table([visit("S1"), visit("S2")]), row)


def test_a_row_after_one_that_cannot_be_split() -> None:
    records = [OVER, stay("S2", 100_000, "2025-02-01", "2025-02-05")]
    assert settlement_of(SPLITS[0], table(records), 1).setlinfo.act_pay_dedc == 50_000
    with pytest.raises(InputError, match="row 0 is rejected: a stay over the year's end is split by its lines"):
        settlement_of(SPLITS[0], table(records), 0)


def test_one_row_takes_the_totals_given() -> None:
    before = settle([visit("S0", 500_000)]).totals
    done = settlement_of(POLICY, table([visit("S1", setl_time="2025-04-01")]), 0, totals=before)
    assert done.setlinfo.hifp_pay == 65_000
    assert done.bill.setl_time == datetime.datetime(2025, 4, 1)
