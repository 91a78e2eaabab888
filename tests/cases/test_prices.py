"""Prices out of a table of discharges: against the oracle; bad rows and tables."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

import mipolicy
from mipolicy.cases.prices import evaluate_prices
from mipolicy.errors import InputError, MipolicyError, TableError
from tests.cases.made_history import Row, rows, table
from tests.oracles import disease_price as oracle

POLICY = mipolicy.load("assumed")
DISEASES = ("C34.900", "K35.800", "H25.900")
EVALUATION = {
    "method": "trimmed_mean",
    "low_percentile": Fraction(25, 1000),
    "high_percentile": Fraction(975, 1000),
    "rank_rule": "nearest_rank",
    "limits_kept": 1,
    "trim_cases": 25,
    "least_cases": 15,
    "cv_divisor": "cases",
    "price_index": Fraction(102, 100),
    "round_to": 1000,
}
REVISION = {
    "up_limit": Fraction(10, 100),
    "down_limit": Fraction(15, 100),
    "limits_side": "above",
    "least_cases": 30,
    "part_of_gap": Fraction(50, 100),
    "most_change": Fraction(20, 100),
    "rises_capped": 1,
    "round_to": 1000,
}
"""Sections `price_evaluation` and `price_revision` of the pack in the words of the oracle."""
PRICE = {"C34.900": 100_000, "K35.800": 520_000, "H25.900": 4_000_000, "G51.000": 300_000}
PRICES = {"dise_codg": list(PRICE), "price": list(PRICE.values())}


def listed(count: int, seed: int) -> list[Row]:
    """Stays of listed diseases; the last disease has few."""
    history = rows(count, seed)
    for at, row in enumerate(history):
        del row["diag_code"], row["oprn_oprt_codes"]
        row["dise_codg"] = DISEASES[2] if at < 12 else DISEASES[at % 2]
    return history


def costs_of(history: list[Row], code: str) -> list[int]:
    return [row["medfee_sumamt"] - row["carve_out_amt"] for row in history if row["dise_codg"] == code]


@pytest.mark.parametrize("seed", [1, 2])
def test_suggestions_and_revisions_are_the_oracle_s(seed: int) -> None:
    history = listed(120, seed)
    found = evaluate_prices(POLICY, table(history), prices=PRICES)
    assert (found.year, found.rows_in, found.used, len(found.rejects)) == (2025, 120, 120, 0)
    assert [each.dise_codg for each in found.suggested] == sorted(DISEASES)
    for each in found.suggested:
        expected = oracle.suggest(EVALUATION, costs_of(history, each.dise_codg))
        if expected is None:
            assert (each.dise_codg, each.suggested) == ("H25.900", None)
        else:
            assert {name: getattr(each, name) for name in expected} == expected
    assert [each.dise_codg for each in found.revised] == sorted(PRICE)
    for line in found.revised:
        costs = costs_of(history, line.dise_codg)
        if costs:
            wanted = oracle.revise(REVISION, PRICE[line.dise_codg], costs)
            assert {name: getattr(line, name) for name in wanted} == wanted
        else:
            assert (line.dise_codg, line.deviation) == ("G51.000", None)


def test_without_prices_nothing_is_revised() -> None:
    found = evaluate_prices(POLICY, table(listed(120, 1)))
    assert found.revised == ()
    assert len(found.suggested) == 3


def test_a_case_without_a_disease_is_rejected() -> None:
    history = listed(120, 1)
    history[3]["dise_codg"] = ""
    found = evaluate_prices(POLICY, table(history))
    assert [(row["row"], row["reason"], row["message"]) for row in found.rejects.records()] == [
        ("3", "dise_codg", "dise_codg is empty")
    ]
    assert found.suggested == evaluate_prices(POLICY, table([*history[:3], *history[4:]])).suggested


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: evaluate_prices(POLICY, table(rows(5, 1))),
            TableError,
            "history: missing dise_codg (prices are those of listed diseases)",
        ),
        (
            lambda: evaluate_prices(POLICY, table(listed(120, 1)), prices={"dise_codg": ["A", "A"], "price": [1, 2]}),
            TableError,
            "prices: A stands twice; keep one price of it",
        ),
        (
            lambda: evaluate_prices(POLICY, table(listed(120, 1)), prices={"dise_codg": ["C34.900"], "price": [1]}),
            InputError,
            "no price for disease H25.900, K35.800; leave out cases that are not paid by disease",
        ),
    ],
)
def test_bad_tables(act: Callable[[], object], error: type[MipolicyError], message: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert str(caught.value) == message
