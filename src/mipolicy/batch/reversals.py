"""Reversal rows of a table, each matched to the bill that it takes back."""

from __future__ import annotations

import numpy as np

from mipolicy.batch.prepare import Prepared
from mipolicy.benefits.bill import AMOUNTS
from mipolicy.errors import Fault
from mipolicy.money import Column
from mipolicy.records import NO_AMOUNT
from mipolicy.texts import Coded

__all__ = ["match_reversals"]


def match_reversals(prepared: Prepared) -> Column:
    """The row that each reversal takes back; one without its bill, or not its mirror, is a fault."""
    figures, faults, read = prepared.figures, prepared.faults, prepared.read
    original = np.full(read.rows, -1, np.int64)
    taking_back = np.flatnonzero((figures.reversal == 1) & ~faults.bad)
    if not taking_back.size:
        return original
    ids, names = Coded.of(read.columns["setl_id"]), read.columns["init_setl_id"]
    wanted = {names.values[code] for code in names.codes[taking_back]}
    candidates = np.flatnonzero((ids.figures(lambda text: int(text in wanted)) == 1) & (figures.reversal == 0))
    bills = {ids.values[ids.codes[row]]: row for row in candidates.tolist()}
    when = read.columns["setl_time"].astype(np.int64)
    taken: set[int] = set()
    prepared.year = np.array(prepared.year)
    for row in sorted(taking_back.tolist(), key=lambda row: (when[row], ids.values[ids.codes[row]])):
        name = names.values[names.codes[row]]
        at = bills.get(name)
        late = at is None or (when[row], ids.values[ids.codes[row]]) > (when[at], name)
        why = _mismatch(prepared, row, at, name, taken, late)
        if why:
            faults.mark(np.array([row]), Fault("reversal", why))
        elif at is not None:
            taken.add(at)
            original[row] = at
            prepared.run[row], prepared.year[row] = prepared.run[at], prepared.year[at]
    return original


def _mismatch(prepared: Prepared, row: int, at: int | None, name: str, taken: set[int], late: bool) -> str:
    if at is None:
        return f"no bill {name} to reverse in this table"
    if prepared.faults.bad[at]:
        return f"bill {name} was rejected itself"
    if at in taken:
        return f"bill {name} is reversed already"
    if prepared.person.codes[at] != prepared.person.codes[row]:
        return f"bill {name} is another person's"
    if not late:
        return f"the reversal comes before bill {name}"
    for amount in AMOUNTS:
        stated = int(getattr(prepared.figures, amount)[row])
        if stated not in (NO_AMOUNT, -int(getattr(prepared.parts, amount)[at])):
            return f"{amount} is not that of bill {name} with the opposite sign"
    return ""
