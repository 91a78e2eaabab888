"""The table form of `mipolicy.settle`: the same bodies on columns, blocks, threads, rejects, totals by person."""

from mipolicy.batch.blocks import BlockResult, by_part, gather, in_blocks
from mipolicy.batch.dated import BatchGap, Gaps
from mipolicy.batch.one import settlement_of
from mipolicy.batch.result import OUTPUTS, Rejects, TableResult, TotalsTable
from mipolicy.batch.table import Difference, resettle, settle_table
from mipolicy.batch.tally import CodeSums

__all__ = [
    "OUTPUTS",
    "BatchGap",
    "BlockResult",
    "CodeSums",
    "Difference",
    "Gaps",
    "Rejects",
    "TableResult",
    "TotalsTable",
    "by_part",
    "gather",
    "in_blocks",
    "resettle",
    "settle_table",
    "settlement_of",
]
