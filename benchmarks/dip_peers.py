"""The DIP job as other tools do it: numpy, polars, pandas, Decimal, numba, in its best plain formulation.

Unchecked.  Each gives the four columns in the order of `dip_rules.KEPT`, and points and payment by institution; a tool
that is not installed (extra bench) is left out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import numpy as np

from benchmarks.dip_data import CEILING, INSTITUTIONS, VALUE, Lists, inpatient_terms
from mipolicy.money import Column

__all__ = ["by_decimal", "installed", "peers"]

Block = Mapping[str, Column]
Result = tuple[list[Any], list[Any]]
POINT_FEN = 100_000_000


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def peers(cases: Block, lists: Lists) -> dict[str, Callable[[], Result]]:
    """The peers that are installed, each ready to run: what it needs is in its own form, and compiled."""
    at = {name: _of_place(lists)[index] for index, name in enumerate(("deductible", "rate"))}
    jobs: dict[str, Callable[[], Result]] = {"numpy int64, whole arrays": partial(_numpy, cases, lists, at)}
    if installed("polars"):
        jobs["polars, gathers"] = _polars(cases, lists, at)
    if installed("pandas"):
        jobs["pandas, take"] = _pandas(cases, lists, at)
    if installed("numba"):
        jobs.update({f"numba, {threads} thread(s)": _numba(cases, lists, at, threads) for threads in (1, 2)})
    return jobs


def _of_place(lists: Lists) -> tuple[Column, Column]:
    """Deductible and rate by institution and status, folded into one list each."""
    terms = inpatient_terms()
    rows = [terms.deductible.values[level * 2 + status] for level in lists.level.tolist() for status in (0, 1)]
    rates = [terms.bands.rates[0].values[level * 2 + status] for level in lists.level.tolist() for status in (0, 1)]
    return np.array(rows, np.int64), np.array(rates, np.int64)


def _numpy(of: Block, lists: Lists, at: Block) -> Result:
    cost, in_scope = of["medfee_sumamt"], of["inscp_scp_amt"]
    mean = lists.mean.take(of["group"])
    low, high = cost * 2 < mean, cost > mean * 2
    numerator = np.where(low, cost, np.where(high, cost - mean, 1))
    denominator = np.where(low | high, mean, 1) * 10_000
    product = lists.base.take(of["group"]) * lists.factor.take(of["institution"]) * numerator
    points = (product + denominator // 2) // denominator
    points = np.where(lists.tcm.take(of["group"]) == 1, (points * 103 + 50) // 100, points)
    payment = (points * VALUE + POINT_FEN // 2) // POINT_FEN
    place = of["institution"] * 2 + of["retired"]
    due = np.maximum(at["deductible"].take(place) - of["deductible_used"], 0)
    payable = in_scope - np.minimum(due, in_scope)
    share = (payable * at["rate"].take(place) + 500_000) // 1_000_000
    pool = np.minimum(share, np.maximum(CEILING - of["pool_used"], 0))
    sums = [np.bincount(of["institution"], column, INSTITUTIONS).astype(np.int64) for column in (points, payment)]
    return [points, payment, pool, cost - pool], sums


def _polars(of: Block, lists: Lists, at: Block) -> Callable[[], Result]:
    import polars as pl  # type: ignore[import-not-found,unused-ignore]

    col, lit = pl.col, pl.lit
    frame = pl.DataFrame(dict(of))
    by_group = {name: pl.Series(getattr(lists, name)) for name in ("mean", "base", "tcm")}
    factor = pl.Series(lists.factor)
    deductible, rate = pl.Series(at["deductible"]), pl.Series(at["rate"])

    def run() -> Result:
        cost = col("medfee_sumamt")
        low, high = cost * 2 < col("mean"), cost > col("mean") * 2
        done = (
            frame.lazy()
            .with_columns(
                **{name: lit(each).gather(col("group")) for name, each in by_group.items()},
                factor=lit(factor).gather(col("institution")),
                place=col("institution") * 2 + col("retired"),
            )
            .with_columns(
                numerator=pl.when(low).then(cost).when(high).then(cost - col("mean")).otherwise(1),
                denominator=pl.when(low | high).then(col("mean")).otherwise(1) * 10_000,
                deductible=lit(deductible).gather(col("place")),
                rate=lit(rate).gather(col("place")),
            )
            .with_columns(
                points=(col("base") * col("factor") * col("numerator") + col("denominator") // 2) // col("denominator"),
                due=pl.max_horizontal(col("deductible") - col("deductible_used"), 0),
            )
            .with_columns(
                points=pl.when(col("tcm") == 1).then((col("points") * 103 + 50) // 100).otherwise(col("points")),
                payable=col("inscp_scp_amt") - pl.min_horizontal("due", "inscp_scp_amt"),
            )
            .with_columns(
                payment=(col("points") * VALUE + POINT_FEN // 2) // POINT_FEN,
                hifp_pay=pl.min_horizontal(
                    (col("payable") * col("rate") + 500_000) // 1_000_000,
                    pl.max_horizontal(CEILING - col("pool_used"), 0),
                ),
            )
            .select("institution", "points", "payment", "hifp_pay", personal=cost - col("hifp_pay"))
            .collect()
        )
        sums = done.group_by("institution").agg(col("points").sum(), col("payment").sum()).sort("institution")
        names = ("points", "payment", "hifp_pay", "personal")
        return [done[name] for name in names], [sums[name] for name in names[:2]]

    return run


def _pandas(of: Block, lists: Lists, at: Block) -> Callable[[], Result]:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    frame = pd.DataFrame(dict(of), copy=False)
    groups = pd.DataFrame({"mean": lists.mean, "base": lists.base, "tcm": lists.tcm})
    places = pd.DataFrame(dict(at))
    factor = pd.Series(lists.factor)

    def taken(series: Any, codes: Any) -> Any:
        return pd.Series(series.array.take(codes.array), index=frame.index)

    def run() -> Result:
        cost, in_scope, group = frame["medfee_sumamt"], frame["inscp_scp_amt"], frame["group"]
        mean = taken(groups["mean"], group)
        low, high = cost * 2 < mean, cost > mean * 2
        numerator = cost.where(low, (cost - mean).where(high, 1))
        denominator = mean.where(low | high, 1) * 10_000
        product = taken(groups["base"], group) * taken(factor, frame["institution"]) * numerator
        points = (product + denominator // 2) // denominator
        points = ((points * 103 + 50) // 100).where(taken(groups["tcm"], group) == 1, points)
        payment = (points * VALUE + POINT_FEN // 2) // POINT_FEN
        place = frame["institution"] * 2 + frame["retired"]
        due = (taken(places["deductible"], place) - frame["deductible_used"]).clip(lower=0)
        payable = in_scope - due.where(due < in_scope, in_scope)
        share = (payable * taken(places["rate"], place) + 500_000) // 1_000_000
        left = (CEILING - frame["pool_used"]).clip(lower=0)
        pool = share.where(share < left, left)
        done = pd.DataFrame({"points": points, "payment": payment})
        sums = done.groupby(frame["institution"]).sum()
        return [points, payment, pool, cost - pool], [sums["points"], sums["payment"]]

    return run


def _numba(of: Block, lists: Lists, at: Block, threads: int) -> Callable[[], Result]:
    import numba  # type: ignore[import-not-found,import-untyped,unused-ignore]

    @numba.njit(parallel=True, cache=False)  # type: ignore[untyped-decorator,unused-ignore]
    def kernel(cost, scope, group, place, retired, used, pool_used, mean, base, tcm, factor, deductible, rate, parts):  # type: ignore[no-untyped-def]
        rows = cost.size
        out = np.empty((4, rows), np.int64)
        sums = np.zeros((parts, 2, INSTITUTIONS), np.int64)
        for part in numba.prange(parts):
            for row in range(rows * part // parts, rows * (part + 1) // parts):
                full, ref, total = base[group[row]] * factor[place[row]], mean[group[row]], cost[row]
                if total * 2 < ref:
                    points = (full * total + ref * 5_000) // (ref * 10_000)
                elif total > ref * 2:
                    points = (full * (total - ref) + ref * 5_000) // (ref * 10_000)
                else:
                    points = (full + 5_000) // 10_000
                if tcm[group[row]]:
                    points = (points * 103 + 50) // 100
                payment = (points * VALUE + POINT_FEN // 2) // POINT_FEN
                at = place[row] * 2 + retired[row]
                payable = scope[row] - min(max(deductible[at] - used[row], 0), scope[row])
                pool = min((payable * rate[at] + 500_000) // 1_000_000, max(CEILING - pool_used[row], 0))
                out[0, row], out[1, row], out[2, row], out[3, row] = points, payment, pool, total - pool
                sums[part, 0, place[row]] += points
                sums[part, 1, place[row]] += payment
        return out, sums

    names = ("medfee_sumamt", "inscp_scp_amt", "group", "institution", "retired", "deductible_used", "pool_used")
    given = [of[name] for name in names]
    given += [lists.mean, lists.base, lists.tcm, lists.factor, at["deductible"], at["rate"]]

    def run() -> Result:
        numba.set_num_threads(threads)
        out, sums = kernel(*given, threads)
        return list(out), list(sums.sum(axis=0))

    kernel(*[each[:10] for each in given[:7]], *given[7:], threads)
    return run


def by_decimal(of: Block, lists: Lists, rows: int) -> list[list[int]]:
    """The first rows one by one in Decimal yuan and points, as they are written by hand: the way of a small office."""
    deductible, rate = _of_place(lists)
    fen, whole = Decimal("0.01"), Decimal("0.0001")
    tables = [each.tolist() for each in (lists.base, lists.factor, lists.mean, lists.tcm, deductible, rate)]
    bases, factors, means, tcms, deductibles, rates = tables
    value = Decimal(VALUE) / 1_000_000
    names = ("medfee_sumamt", "inscp_scp_amt", "group", "institution", "retired", "deductible_used", "pool_used")
    found: list[list[int]] = [[], [], [], []]
    for fee, scope, group, place, retired, used, pool_used in zip(
        *(of[name][:rows].tolist() for name in names), strict=True
    ):
        cost, in_scope, mean = Decimal(fee) / 100, Decimal(scope) / 100, Decimal(means[group]) / 100
        points = Decimal(bases[group]) / 10_000 * (Decimal(factors[place]) / 10_000)
        if cost * 2 < mean:
            points = points * cost / mean
        elif cost > mean * 2:
            points = points * (cost - mean) / mean
        points = points.quantize(whole, ROUND_HALF_UP)
        if tcms[group]:
            points = (points * Decimal("1.03")).quantize(whole, ROUND_HALF_UP)
        payment = (points * value).quantize(fen, ROUND_HALF_UP)
        at = place * 2 + retired
        due = max(Decimal(deductibles[at] - used) / 100, Decimal(0))
        share = ((in_scope - min(due, in_scope)) * Decimal(rates[at]) / 1_000_000).quantize(fen, ROUND_HALF_UP)
        pool = min(share, max(Decimal(CEILING - pool_used) / 100, Decimal(0)))
        for column, figure, units in zip(
            found, (points, payment, pool, cost - pool), (10_000, 100, 100, 100), strict=True
        ):
            column.append(int(figure * units))
    return found
