"""A made-up table of bills with their fee lines, a made-up region's year of cases, and an area's
settlements, for the assumed pack.

Persons, institutions and amounts are random and stand for nobody.  About one row in seventy is broken on purpose, in
every way that `BROKEN` lists, so that the rejects can be seen at work.
"""

from mipolicy.demo.broken import BROKEN
from mipolicy.demo.made import PACK, bills
from mipolicy.demo.region import RegionYear, region_year
from mipolicy.demo.settlements import area_observed, area_totals, settlements

__all__ = ["BROKEN", "PACK", "RegionYear", "area_observed", "area_totals", "bills", "region_year", "settlements"]
