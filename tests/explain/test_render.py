"""Explanations of whole tables: every step is the settled one, every figure is the pack's, every form says the same."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mipolicy
from mipolicy import Bill, IdentityError, Line, Policy, Settlement, Totals
from mipolicy.benefits import inpatient, outpatient
from mipolicy.benefits.catalogue import LineSplit, split_line
from mipolicy.benefits.inpatient import Inpatient
from mipolicy.benefits.outpatient import Outpatient
from mipolicy.benefits.statement import Setlinfo
from mipolicy.explain import Explanation, Figure, Step, StepGroup, explain_settlement
from mipolicy.explain import trace as module
from mipolicy.money import rate_text
from tests.batch import Record, line, overlay, random_lines, random_records, stay, visit

POLICY = mipolicy.load("assumed")
SPLIT = overlay(
    "".join(
        f"""
    [[sections.settlement]]
    version = "{version}"
    source = {{ document = "change", clause = "year" }}
    year_by = "split_at_year_end"
    """
        for version in ("2024", "2025")
    )
)


class Page(HTMLParser):
    """Checks that every tag is closed, and keeps the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def settled(record: Record, lines: list[Record], totals: Totals, policy: Policy) -> Settlement:
    mine = [Line.from_record(each) for each in lines if each["mdtrt_id"] == record["mdtrt_id"]]
    return mipolicy.settle(policy, Bill.from_record(record), lines=mine, totals=totals)


def assert_steps(steps: tuple[Step, ...], of: Any, left_out: tuple[str, ...] = ()) -> None:
    """The steps are the fields of an outcome, in order, each with its value and labels; those of 0 may be left out."""
    names = [each.name for each in attrs.fields(type(of))]
    assert [step.name for step in steps] == [name for name in names if name in {step.name for step in steps}]
    for name in names:
        found = [step for step in steps if step.name == name]
        if not found:
            assert name in left_out
            assert getattr(of, name) == 0
            continue
        (step,) = found
        assert step.value == getattr(of, name)
        labels = attrs.fields_dict(type(of))[name].metadata
        assert (step.zh, step.en) == (labels["zh"], labels["en"])


def assert_figures(policy: Policy, step: Step) -> None:
    """Every figure of the terms that a step used is the pack's own, with its clause."""
    for figure in step.figures:
        section = max((name for name in policy.sections if figure.path.startswith(f"{name}.")), key=len)
        version = next(each for each in policy.versions[section] if each.name == figure.version)
        path = figure.path[len(section) + 1 :]
        leaf = path.split("[", 1)[0]
        assert figure.clause == str(version.cited(path if path in version.leaves else leaf))
        assert figure.value_zh
        assert figure.value_en
        if path in version.leaves and isinstance(version.leaves[path].value, int) and figure.value_en.endswith("%"):
            assert figure.value_en == rate_text(version.leaves[path].value)


def assert_explained(policy: Policy, done: Settlement) -> Explanation:
    found = explain_settlement(done)
    groups = list(found.groups)
    if done.lines is not None:
        for row in range(len(done.lines.bill)):
            group = groups.pop(0)
            values = {
                each.name: int(getattr(done.lines.split, each.name)[row])
                for each in attrs.fields(type(done.lines.split))
            }
            assert {step.name: step.value for step in group.steps} == values
            assert group.en == f"fee line {done.lines.ids[row]} {done.lines.items[row]}"
    for part in done.parts:
        paid = part.settled.paid
        if paid.effect is not None:
            assert_steps(groups.pop(0).steps, paid.effect)
        room = groups.pop(0)
        assert room.en == f"{part.section} {part.year}"
        assert_steps(room.steps, paid.outcome)
        if paid.climb is not None:
            assert_steps(groups.pop(0).steps, paid.climb.before)
            for rung in paid.climb.rungs:
                if rung.case.base:
                    group = groups.pop(0)
                    assert group.en == f"{rung.layer.layer}.{part.scheme} {part.year}"
                    assert_steps(group.steps[4:], rung.outcome)
        if paid.account is not None:
            assert_steps(groups.pop(0).steps, paid.account)
        record = groups.pop(0)
        beside = 2 if paid.apart.outside_pay else 0
        of_record = record.steps[: len(record.steps) - beside]
        assert_steps(of_record, part.settled.setlinfo, tuple(each.name for each in attrs.fields(Setlinfo)))
        if beside:
            assert_steps(record.steps[-beside:], paid.apart)
    assert groups == []
    for group in found.groups:
        assert group.zh
        for step in group.steps:
            assert_figures(policy, step)
            assert step.value_zh
            assert step.value_en
    assert_forms(found)
    return found


def assert_forms(found: Explanation) -> None:
    """Text, table, JSON and HTML say the same, in both languages."""
    plain = json.loads(found.json())
    assert plain == found.to_dict()
    steps = [step for group in found.groups for step in group.steps]
    flat = [step for group in plain["groups"] for step in group["steps"]]
    assert [(each["name"], each["value"]) for each in flat] == [(step.name, step.value) for step in steps]
    assert [len(each["figures"]) for each in flat] == [len(step.figures) for step in steps]
    for language in ("zh", "en"):
        rows = found.rows(language)
        text = found.text(language)
        page = Page()
        page.feed(found.html(language))
        page.close()
        assert page.open == []
        assert page.cells == [cell for row in rows for cell in row[1:]]
        assert text.split("\n")[0] == plain["title"][language]
        lines = iter(text.split("\n"))
        for row in rows:  # the same steps, in the same order
            assert f"  {row[1]} = {row[2]}" in lines
        assert found.table(language).count("\n") == len(rows)


@given(st.randoms(use_true_random=False), st.integers(1, 4), st.sampled_from((POLICY, SPLIT)))
@settings(max_examples=60)
def test_every_bill_of_a_table_is_explained_step_by_step(random: Random, rows: int, policy: Policy) -> None:
    records = random_records(random, rows, 1, reversals=False)
    lines = random_lines(random, records, 1.0 if policy is SPLIT else 0.5)
    totals = Totals(records[0]["psn_no"])
    for record in sorted(records, key=lambda record: record["setl_time"]):
        done = settled(record, lines, totals, policy)
        assert_explained(policy, done)
        totals = done.totals


@pytest.mark.parametrize("seed", [1, 2])
def test_bills_of_every_stream_are_explained(seed: int) -> None:
    random = Random(seed)
    records = random_records(random, 60, 3, reversals=False)
    lines = random_lines(random, records, 0.4)
    sections = set()
    totals: dict[str, Totals] = {}
    for record in sorted(records, key=lambda record: (record["setl_time"], record["setl_id"])):
        done = settled(record, lines, totals.get(record["psn_no"], Totals(record["psn_no"])), POLICY)
        assert_explained(POLICY, done)
        totals[record["psn_no"]] = done.totals
        sections.add(done.parts[0].section)
    assert len(sections) >= 10


def figures(found: Explanation) -> dict[str, list[str]]:
    """Step -> paths of the figures of the terms that it used itself."""
    return {step.name: [figure.path for figure in step.figures] for group in found.groups for step in group.steps}


def test_the_figures_that_a_visit_uses() -> None:
    found = figures(assert_explained(POLICY, mipolicy.settle(POLICY, Bill.from_record(visit()))))
    where = "outpatient.employee.general"
    assert found["ceiling_left"] == [f"{where}.ceiling.in_service"]
    assert found["deductible_due"] == [f"{where}.deductible.secondary.in_service"]
    assert found["fund_rate"] == [
        f"{where}.rate.secondary.in_service",
        f"{where}.rate_uplift.secondary",
        f"{where}.service_uplift.general",
    ]
    assert found["deductible_used_after"] == [f"{where}.counts_toward_deductible.secondary"]
    assert found["act_pay_dedc"] == found["payable"] == found["before_limits"] == found["psn_cash_pay"] == []


def test_the_figures_that_a_stay_uses() -> None:
    record = stay(fen=3_000_000, dise_codg="G51.000")
    whole = assert_explained(POLICY, mipolicy.settle(POLICY, Bill.from_record(record)))
    found = {step.name: [figure.path for figure in step.figures] for step in whole.groups[0].steps}
    where = "inpatient.employee"
    assert found["deductible_standard"] == [f"{where}.deductible.first.secondary.in_service"]
    assert found["rate_addition"] == [f"{where}.rate_increase.secondary", f"{where}.tcm_addition"]
    assert found["ceiling_left"] == [f"{where}.ceiling.in_service"]
    assert found["before_limits"] == [f"{where}.bands[{at}].rate.secondary.in_service" for at in (0, 1)]


def test_the_figures_that_a_line_uses() -> None:
    lines = [line("M-S1", "L1", "H0101", "1000", "1")]
    record = visit(fen=100_000)
    record |= dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"), "")
    found = assert_explained(POLICY, settled(record, lines, Totals("P1"), POLICY))
    of_line = {step.name: [figure.path for figure in step.figures] for step in found.groups[0].steps}
    assert of_line["hosp_part_amt"] == ["catalogue.excess_payer.consumable"]
    assert found.groups[0].steps[-1].figures[0].clause == "scope-2024 第四条 费用分割"


def test_titles_say_which_bill_and_which_terms() -> None:
    found = explain_settlement(mipolicy.settle(POLICY, Bill.from_record(visit())))
    assert found.title("en") == "settlement S1: assumed, 2025-03-01, outpatient.employee.general (2025)"
    assert found.title("zh").startswith("结算 S1: 假想市")
    split = settled(
        {
            **stay("S1", 0, "2024-12-30", "2025-01-02"),
            "medfee_sumamt": "20.00",
            "fulamt_ownpay_amt": "",
            "overlmt_selfpay": "",
            "preselfpay_amt": "",
            "inscp_scp_amt": "",
        },
        [
            line("M-S1", f"L{at}", "F0001", "10", "1", fee_ocur_time=day)
            for at, day in enumerate(("2024-12-31", "2025-01-01"))
        ],
        Totals("P1"),
        SPLIT,
    )
    found = explain_settlement(split)
    rooms = [group.en for group in found.groups if group.en.startswith("inpatient")]
    assert rooms == ["inpatient.employee 2024", "inpatient.employee 2025"]


def test_what_people_write_is_escaped() -> None:
    odd = "<b>&\"'"
    lines = [line("M-S1", odd, "XZ0001", "1000", "1")]
    record = {
        **visit(odd),
        "mdtrt_id": "M-S1",
        "fulamt_ownpay_amt": "",
        "overlmt_selfpay": "",
        "preselfpay_amt": "",
        "inscp_scp_amt": "",
    }
    found = explain_settlement(settled(record, lines, Totals("P1"), POLICY))
    for language in ("zh", "en"):
        page = found.html(language)
        assert "<b>" not in page
        assert page.count("&lt;b&gt;&amp;&quot;&#x27;") == 2  # the title, and the line's own stage
    assert json.loads(found.json())["setl_id"] == odd
    assert odd in found.text()


def made(**changes: Any) -> Explanation:
    """A small explanation made by hand."""
    figure = Figure("a.b", "五", "five", "2025", "doc 1")
    steps = (
        Step("one", "一", "one", 5, "5", "5", "", "", ()),
        Step("two", "二", "two", 7, "7", "seven", "七式", "5 + 2", (figure, attrs.evolve(figure, path="a.c"))),
        Step("three", "三", "three", 9, "9", "9", "9", "9", (figure, attrs.evolve(figure, clause="doc 2"))),
    )
    return attrs.evolve(Explanation("S1", "标题", "title", (StepGroup("甲", "A", steps),)), **changes)


def test_the_text_of_a_small_explanation() -> None:
    assert made().text("en") == "\n".join(
        [
            "title",
            "",
            "A",
            "  one = 5",
            "  two = seven",
            "      = 5 + 2",
            "      [doc 1]",
            "  three = 9",
            "      [doc 1; doc 2]",
        ]
    )
    assert made().text("zh").split("\n")[4:6] == ["  二 = 7", "      = 七式"]
    assert str(made()) == made().text("en")


def test_the_table_of_a_small_explanation() -> None:
    assert made().table("en").split("\n") == [
        "\tstep\tvalue\thow\tclause",
        "A\tone\t5\t\t",
        "A\ttwo\tseven\t5 + 2\tdoc 1",
        "A\tthree\t9\t9\tdoc 1; doc 2",
    ]
    assert made().table("zh").split("\n")[0] == "\t项目\t金额或值\t计算\t依据"


def test_the_json_of_a_small_explanation() -> None:
    assert json.loads(made().json(indent=None))["groups"][0]["steps"][1] == {
        "name": "two",
        "label": {"zh": "二", "en": "two"},
        "value": 7,
        "text": {"zh": "7", "en": "seven"},
        "formula": {"zh": "七式", "en": "5 + 2"},
        "figures": [
            {"path": "a.b", "text": {"zh": "五", "en": "five"}, "version": "2025", "clause": "doc 1"},
            {"path": "a.c", "text": {"zh": "五", "en": "five"}, "version": "2025", "clause": "doc 1"},
        ],
    }
    assert "标题" in made().json()


def test_an_explanation_of_nothing() -> None:
    empty = made(groups=())
    assert empty.text() == "title"
    assert empty.rows() == []
    assert empty.table().count("\n") == 0
    assert empty.html().startswith("<div><strong>title</strong></div>")


@pytest.mark.parametrize(
    ("record", "room", "name", "section"),
    [
        (visit(), outpatient, "hifp_pay", "outpatient.employee.general"),
        (visit(), outpatient, "ceiling_left", "outpatient.employee.general"),
        (stay(), inpatient, "act_pay_dedc", "inpatient.employee"),
    ],
)
def test_a_rerun_that_differs_by_a_fen_is_a_defect(
    record: Record, room: Any, name: str, section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = mipolicy.settle(POLICY, Bill.from_record(record))
    rule = room.settle

    def wrong(terms: Any, of: Any) -> Outpatient[int] | Inpatient[int]:
        outcome: Outpatient[int] | Inpatient[int] = rule(terms, of)
        return attrs.evolve(outcome, **{name: getattr(outcome, name) - 1})

    monkeypatch.setattr(room, "settle", wrong)
    right = getattr(done.parts[0].settled.outcome, name)
    with pytest.raises(IdentityError, match=f"{section}: the traced {name} {right - 1} is not the settled {right}"):
        explain_settlement(done)


def test_terms_that_are_not_those_of_the_settlement_are_a_defect() -> None:
    done = mipolicy.settle(POLICY, Bill.from_record(visit()))
    other = overlay("""
        [[sections.outpatient.employee.general]]
        version = "2025"
        source = { document = "change", clause = "rate" }
        rate.secondary.in_service = "66%"
        """)
    with pytest.raises(IdentityError, match="the traced fund_rate 660000 is not the settled 650000"):
        explain_settlement(attrs.evolve(done, policy=other, parts=moved(done, other)))


def moved(done: Settlement, policy: Policy) -> tuple[Any, ...]:
    """The parts of a settlement, said to be settled under another policy's version."""
    part = done.parts[0]
    version = policy.version(part.section, done.terms_on)
    return (attrs.evolve(part, version=version),)


def test_a_line_that_is_split_otherwise_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line("M-S1", "L1", "XZ0101", "1000", "1")]
    record = {**visit(), "fulamt_ownpay_amt": "", "overlmt_selfpay": "", "preselfpay_amt": "", "inscp_scp_amt": ""}
    done = settled(record, lines, Totals("P1"), POLICY)

    def wrong(terms: Any, of: Any) -> Any:
        found: LineSplit[int] = split_line(terms, of)
        return attrs.evolve(found, preselfpay_amt=found.preselfpay_amt + 1)

    monkeypatch.setattr(module, "split_line", wrong)
    with pytest.raises(IdentityError, match="catalogue: the traced preselfpay_amt 10001 is not the settled 10000"):
        explain_settlement(done)
