"""Referral out of the area: steps of a transfer (B08, B09), filings (O12), the place class that follows (B10)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mipolicy import packs
from mipolicy.benefits.axes import FILING, PLACE, TIER
from mipolicy.benefits.referral import (
    FILING_KINDS,
    RANKS,
    STEPS,
    TRANSFER_REASONS,
    Filing,
    FilingOutcome,
    FilingTerms,
    MissingStep,
    Placement,
    ReferralTerms,
    Transfer,
    TransferOutcome,
    filing,
    placement,
    transfer,
)
from mipolicy.errors import InputError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, FigureKind
from tests.oracles import referral as oracle
from tests.strategies import days

TERMS = FilingTerms(lasting_kinds=("resident_elsewhere",), valid_days=180)
FIRST = datetime.date(2023, 1, 1)
LAST = datetime.date(2023, 6, 29)  # 31 + 28 + 31 + 30 + 31 + 29 = 180 days, the first included
DAY = datetime.timedelta(days=1)


# ----------------------------------------------------------------------------------------------- transfers: B08, B09

# 上虞 2013 二(二)3; which steps a patient's own request needs is made up.
SHANGYU = ReferralTerms(
    lowest_rank="associate_chief",
    steps=("proposal", "department_review", "office_approval"),
    non_contracted_steps=("filing",),
    patient_request_steps=("department_review", "office_approval"),
    patient_request_tier="non_contracted",
)
APPROVED = Transfer(
    reason="medical",
    contracted=True,
    proposer_rank="associate_chief",
    department_review=True,
    office_approval=True,
    filed=False,
)
LACKS = {
    "department_review": "not reviewed by the head of the department",
    "office_approval": "not approved by the hospital's insurance office",
    "filing": "not filed with the agency",
}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"proposer_rank": "chief"}, ()),
        ({"proposer_rank": "attending"}, (MissingStep("proposal", "proposed by attending, below associate_chief"),)),
        ({"proposer_rank": "assistant"}, (MissingStep("proposal", "proposed by assistant, below associate_chief"),)),
        ({"proposer_rank": None}, (MissingStep("proposal", "no doctor proposed it"),)),
        ({"department_review": False}, ("department_review",)),
        ({"office_approval": False}, ("office_approval",)),
        # a filing is asked for only where the hospital is not contracted
        ({"contracted": False}, ("filing",)),
        ({"contracted": False, "filed": True}, ()),
        # every step that is missing, in the order of the procedure
        (
            {
                "contracted": False,
                "proposer_rank": "resident_doctor",
                "department_review": False,
                "office_approval": False,
            },
            (
                MissingStep("proposal", "proposed by resident_doctor, below associate_chief"),
                "department_review",
                "office_approval",
                "filing",
            ),
        ),
    ],
)
def test_b08_three_steps_and_a_filing(changes: dict[str, Any], missing: tuple[MissingStep | str, ...]) -> None:
    """上虞 2013 二(二)3: 副主任以上, 科主任, 医保办公室; 非特约医院 with a filing."""
    found = transfer(SHANGYU, attrs.evolve(APPROVED, **changes))
    assert found.missing == tuple(MissingStep(step, LACKS[step]) if isinstance(step, str) else step for step in missing)
    assert found.valid is (not missing)


@pytest.mark.parametrize(
    ("reason", "contracted", "tier"),
    [
        ("medical", True, "contracted"),
        ("medical", False, "non_contracted"),
        ("patient_request", True, "non_contracted"),
        ("patient_request", False, "non_contracted"),
    ],
)
def test_b09_a_patient_s_own_request_is_paid_as_at_a_hospital_not_contracted(
    reason: str, contracted: bool, tier: str
) -> None:
    """上虞 2013 二(二)3; the tier is the same whether the transfer passed its steps or not."""
    asked = attrs.evolve(APPROVED, reason=reason, contracted=contracted, filed=True)
    assert transfer(SHANGYU, asked).tier == tier
    assert transfer(SHANGYU, attrs.evolve(asked, office_approval=False)).tier == tier
    assert transfer(SHANGYU, asked).valid


def test_b09_a_request_has_steps_of_its_own_and_never_makes_a_hospital_contracted() -> None:
    asked = attrs.evolve(APPROVED, reason="patient_request", proposer_rank=None)
    assert transfer(SHANGYU, asked) == TransferOutcome(True, (), "non_contracted")
    mild = attrs.evolve(SHANGYU, patient_request_tier="contracted")
    assert transfer(mild, asked).tier == "contracted"
    assert transfer(mild, attrs.evolve(asked, contracted=False, filed=True)).tier == "non_contracted"


def test_b08_the_steps_of_the_pack_are_those_of_the_clause() -> None:
    (version,) = packs.load("shangyu-2013").versions["referral"]
    stated = {path: leaf.value for path, leaf in version.leaves.items()}
    assert stated == {
        name: getattr(SHANGYU, name)
        for name in ("lowest_rank", "steps", "non_contracted_steps", "patient_request_tier")
    }


steps = st.lists(st.sampled_from(STEPS), unique=True).map(tuple)


@given(
    st.builds(
        ReferralTerms, st.sampled_from(RANKS), steps, steps, steps, st.sampled_from(("contracted", "non_contracted"))
    )
)
def test_every_transfer_as_the_oracle_reads_it(terms: ReferralTerms) -> None:
    """All of them: reasons x contracted x ranks x agreed or not."""
    yes_no = (True, False)
    for each in product(TRANSFER_REASONS, yes_no, (None, *RANKS), yes_no, yes_no, yes_no):
        asked = Transfer(*each)
        found = transfer(terms, asked)
        expected = oracle.transfer(attrs.asdict(terms), attrs.asdict(asked))
        assert (found.valid, [lack.step for lack in found.missing], found.tier) == expected
        assert all(lack.reason for lack in found.missing)


@given(st.builds(ReferralTerms, st.sampled_from(RANKS), steps, steps, steps, st.just("non_contracted")), st.data())
def test_one_more_agreement_never_makes_a_transfer_invalid(terms: ReferralTerms, data: st.DataObject) -> None:
    asked = Transfer(
        data.draw(st.sampled_from(TRANSFER_REASONS)),
        data.draw(st.booleans()),
        data.draw(st.sampled_from((None, *RANKS))),
        *(data.draw(st.booleans()) for _ in range(3)),
    )
    before = {lack.step for lack in transfer(terms, asked).missing}
    more: dict[str, Any] = {"department_review": True, "office_approval": True, "filed": True, "proposer_rank": "chief"}
    for name, value in more.items():
        after = {lack.step for lack in transfer(terms, attrs.evolve(asked, **{name: value})).missing}
        assert after <= before


# --------------------------------------------------------------------------------------------------------- filings: O12


@pytest.mark.parametrize(
    ("filed", "on", "valid", "last", "place_class"),
    [
        (Filing("referred", FIRST), FIRST - DAY, False, LAST, "unreferred"),
        (Filing("referred", FIRST), FIRST, True, LAST, "referred"),
        (Filing("referred", FIRST), LAST, True, LAST, "referred"),
        (Filing("referred", FIRST), LAST + DAY, False, LAST, "unreferred"),
        (Filing("emergency", FIRST), LAST, True, LAST, "emergency"),
        (Filing("emergency", FIRST), LAST + DAY, False, LAST, "unreferred"),
        # it holds until it is cancelled
        (Filing("resident_elsewhere", FIRST), FIRST - DAY, False, None, "unreferred"),
        (Filing("resident_elsewhere", FIRST), FIRST, True, None, "resident_elsewhere"),
        (Filing("resident_elsewhere", FIRST), datetime.date(2099, 1, 1), True, None, "resident_elsewhere"),
        # an end that the filing states goes before the terms, shorter or longer
        (Filing("resident_elsewhere", FIRST, LAST), LAST, True, LAST, "resident_elsewhere"),
        (Filing("resident_elsewhere", FIRST, LAST), LAST + DAY, False, LAST, "unreferred"),
        (Filing("referred", FIRST, FIRST + DAY), FIRST + DAY, True, FIRST + DAY, "referred"),
        (Filing("referred", FIRST, FIRST + DAY), FIRST + 2 * DAY, False, FIRST + DAY, "unreferred"),
        (Filing("referred", FIRST, LAST + DAY), LAST + DAY, True, LAST + DAY, "referred"),
        (Filing("referred", FIRST, FIRST), FIRST, True, FIRST, "referred"),
    ],
)
def test_o12_a_filing_on_a_date(
    filed: Filing, on: datetime.date, valid: bool, last: datetime.date | None, place_class: str
) -> None:
    """天津 2021 三(七) 「規范轉診程序流程」; the 180 days are made up."""
    assert filing(TERMS, filed, on) == FilingOutcome(valid, last, place_class)


def test_a_filing_of_one_day() -> None:
    one_day = FilingTerms(lasting_kinds=(), valid_days=1)
    assert filing(one_day, Filing("resident_elsewhere", FIRST), FIRST) == FilingOutcome(
        True, FIRST, "resident_elsewhere"
    )
    assert filing(one_day, Filing("resident_elsewhere", FIRST), FIRST + DAY).place_class == "unreferred"


@given(st.sampled_from(FILING_KINDS), days, st.integers(1, 800), st.sets(st.sampled_from(FILING_KINDS)), st.data())
def test_a_filing_holds_on_exactly_its_days(
    kind: str, start: datetime.date, length: int, lasting: set[str], data: st.DataObject
) -> None:
    """Counted day by day: so many days from the first on, or every day from the first on."""
    terms = FilingTerms(lasting_kinds=tuple(sorted(lasting)), valid_days=length)
    on = start + datetime.timedelta(days=data.draw(st.one_of(st.integers(-2, 2), st.integers(length - 2, length + 2))))
    holds = on >= start if kind in lasting else on in {start + datetime.timedelta(days=n) for n in range(length)}
    found = filing(terms, Filing(kind, start), on)
    assert found.valid is holds
    assert found.place_class == (kind if holds else "unreferred")


# ----------------------------------------------------------------------------------------------------- place of care

VALID = TransferOutcome(True, (), "contracted")
INVALID = TransferOutcome(False, (MissingStep("proposal", "x"), MissingStep("filing", "y")), "non_contracted")
AWAY: dict[str, Any] = {"outside": True, "contracted": False, "sudden_illness": False}


def on_file(kind: str) -> FilingOutcome:
    return FilingOutcome(kind != "unreferred", None, kind)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"outside": False}, Placement("local", "contracted", "care in the area")),
        (
            {"filed": on_file("resident_elsewhere")},
            Placement("resident_elsewhere", "non_contracted", "a filing of residence elsewhere holds"),
        ),
        ({"transferred": VALID}, Placement("referred", "contracted", "the transfer passed its steps")),
        ({"filed": on_file("referred")}, Placement("referred", "non_contracted", "a filing of a referral holds")),
        # a filing does not mend a transfer that lacks steps
        (
            {"filed": on_file("referred"), "transferred": INVALID},
            Placement("unreferred", "non_contracted", "the transfer lacks proposal, filing"),
        ),
        ({"sudden_illness": True}, Placement("emergency", "non_contracted", "sudden illness while away")),
        ({"filed": on_file("emergency")}, Placement("emergency", "non_contracted", "sudden illness while away")),
        (
            {"sudden_illness": True, "transferred": INVALID},
            Placement("emergency", "non_contracted", "sudden illness while away"),
        ),
        ({}, Placement("unreferred", "non_contracted", "neither a transfer nor a filing that holds")),
        (
            {"filed": on_file("unreferred")},
            Placement("unreferred", "non_contracted", "neither a transfer nor a filing that holds"),
        ),
    ],
)
def test_b10_the_place_class_of_care(facts: dict[str, Any], expected: Placement) -> None:
    """上虞 2013 二(二)3: transferred, gone of one's own accord, or fallen ill while away."""
    assert placement(**{**AWAY, **facts}) == expected


def test_every_placement_as_the_oracle_reads_it() -> None:
    yes_no = (True, False)
    transfers = (None, VALID, INVALID, attrs.evolve(VALID, tier="non_contracted"))
    for outside, contracted, sudden, transferred, kind in product(
        yes_no, yes_no, yes_no, transfers, (None, *PLACE.members[1:])
    ):
        found = placement(
            outside=outside,
            contracted=contracted,
            sudden_illness=sudden,
            transferred=transferred,
            filed=None if kind is None else on_file(kind),
        )
        facts = {
            "outside": outside,
            "contracted": contracted,
            "sudden_illness": sudden,
            "transferred": None if transferred is None else (transferred.valid, transferred.tier),
            "filed": kind,
        }
        assert (found.place_class, found.tier) == oracle.placement(facts)
        assert found.place_class in PLACE.members
        assert found.tier in TIER.members


# ------------------------------------------------------------------------------------------------ messages and the room


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: Filing("resident", FIRST),
            "filing kind 'resident' is unknown; allowed: resident_elsewhere, referred, emergency",
        ),
        (
            lambda: Filing("referred", FIRST, FIRST - DAY),
            "the filing ends on 2022-12-31, before it starts on 2023-01-01",
        ),
        (
            lambda: FilingTerms(lasting_kinds=("resident_elsewhere",), valid_days=0),
            "valid_days counts the first day, so it is at least 1, not 0",
        ),
        (
            lambda: attrs.evolve(APPROVED, reason="wish"),
            "transfer reason 'wish' is unknown; allowed: medical, patient_request",
        ),
        (
            lambda: attrs.evolve(APPROVED, proposer_rank="professor"),
            "proposer rank 'professor' is unknown; allowed: assistant, resident_doctor, attending, associate_chief, "
            "chief, or None where no doctor proposed it",
        ),
    ],
)
def test_messages(act: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        act()
    assert str(caught.value) == message


def test_where_every_kind_lasts_no_length_is_needed() -> None:
    terms = FilingTerms(lasting_kinds=FILING_KINDS, valid_days=0)
    assert filing(terms, Filing("emergency", FIRST), FIRST) == FilingOutcome(True, None, "emergency")


def test_kinds_and_labels() -> None:
    assert FILING_KINDS == FILING.members == ("resident_elsewhere", "referred", "emergency")
    assert PLACE.members == ("local", *FILING_KINDS, "unreferred")
    assert list(RANKS) == oracle.TITLES
    assert list(STEPS) == oracle.ORDER
    kinds = [field.metadata["kind"] for field in attrs.fields(FilingTerms)]
    assert kinds == [CodesKind(FILING_KINDS), FigureKind("days")]
    assert {field.name: field.metadata["kind"] for field in attrs.fields(ReferralTerms)} == {
        "lowest_rank": ChoiceKind(RANKS),
        "steps": CodesKind(STEPS),
        "non_contracted_steps": CodesKind(STEPS),
        "patient_request_steps": CodesKind(STEPS),
        "patient_request_tier": ChoiceKind(TIER.members),
    }
    for each in (FilingTerms, ReferralTerms):
        for field in attrs.fields(each):
            assert field.metadata["zh"]
            assert field.metadata["en"]
            assert field.default is attrs.NOTHING
