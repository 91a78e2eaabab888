"""A made-up table of bills with their fee lines for the assumed pack: same seed, same table.

Persons, institutions and amounts are random and stand for nobody.  About one row in seventy is broken on purpose, in
every way that `BROKEN` lists, so that the rejects can be seen at work.
"""

from mipolicy.demo.broken import BROKEN
from mipolicy.demo.made import PACK, bills

__all__ = ["BROKEN", "PACK", "bills"]
