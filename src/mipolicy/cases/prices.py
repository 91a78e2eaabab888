"""From a table of discharges to suggested and revised prices of single diseases (rules P04, P05)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import frozen

from mipolicy.batch.columns import Table
from mipolicy.batch.result import Rejects
from mipolicy.cases.counted import Counted
from mipolicy.cases.discharges import first_day, read_discharges
from mipolicy.cases.history import records_of
from mipolicy.errors import TableError
from mipolicy.payment.case import PricedDisease
from mipolicy.payment.disease_price import (
    PriceEvaluationTerms,
    PriceRevision,
    PriceRevisionTerms,
    SuggestedPrice,
    revise,
    suggest,
)
from mipolicy.payment.price_history import CostHistory, DiseaseCosts
from mipolicy.policy import Policy

__all__ = ["EvaluatedPrices", "evaluate_prices"]

_NEEDED = {"dise_codg": "prices are those of listed diseases"}


@frozen(eq=False)
class EvaluatedPrices:
    """Prices against the costs of a history: rows in = used + rejected.

    suggested: a price for each disease of the history; revised: the check of each price that was given, none without.
    """

    year: int
    rows_in: int
    used: int
    rejects: Rejects
    suggested: tuple[SuggestedPrice, ...]
    revised: tuple[PriceRevision, ...]


def evaluate_prices(
    policy: Policy,
    history: Table,
    *,
    prices: Table | None = None,
    year: int | None = None,
    threads: int | None = None,
) -> EvaluatedPrices:
    """Suggest a price for each disease of a history, and check the prices in force against it (rules P04, P05).

    policy: its sections `price_evaluation` and, where prices are given, `price_revision` on the first day of the year;
    history: columns named as the fields of `HistoryCase`, dise_codg among them, from up to three years before the
    year; prices: named as `PricedDisease`, one for each disease of the history at least; year: the one after the last
    discharge by default.
    Raises TableError, PolicyGap, InputError.  Bad rows go to the rejects with their reason.
    """
    read = read_discharges(history, year, _NEEDED, threads or 1)
    day = first_day(read.year)
    rows = read.faults.good()
    costs = _costs(
        Counted.of(
            {"disease": read.text("dise_codg").take(rows), "cost": read.cost.take(rows)},
            {"cases": np.ones(rows.size, np.int64)},
        )
    )
    revised: tuple[PriceRevision, ...] = ()
    if prices is not None:
        listed = records_of(prices, PricedDisease, "prices")
        by_code = {each.dise_codg: each.price for each in listed}
        if len(by_code) < len(listed):
            codes = [each.dise_codg for each in listed]
            twice = next(code for at, code in enumerate(codes) if code in codes[:at])
            raise TableError(f"prices: {twice} stands twice; keep one price of it")
        revised = revise(policy.terms(PriceRevisionTerms, on=day), by_code, costs)
    suggested = suggest(policy.terms(PriceEvaluationTerms, on=day), costs)
    return EvaluatedPrices(read.year, read.read.rows, rows.size, read.rejects(), suggested, revised)


def _costs(counted: Counted) -> CostHistory:
    """The runs of each disease."""
    names = counted.values["disease"]
    edges = np.searchsorted(counted.keys["disease"], np.arange(len(names) + 1)).tolist()
    costs, cases = counted.keys["cost"].tolist(), counted.sums["cases"].tolist()
    return CostHistory(
        tuple(
            DiseaseCosts(name, tuple(costs[low:high]), tuple(cases[low:high]))
            for name, (low, high) in zip(names, pairwise(edges), strict=True)
        )
    )
