"""National code tables as data, by region and date; codes are strings and keep their leading zeros.

The codes are the national interface code tables as seen in public implementations, with the local codes that those
show; the tables of plain English words (`medins_kind`, `medins_ownership`, `service_kind`, `hardship_class`,
`place_class`, `place_tier`, `item_kind`) are the library's own.  A table is read when it is first asked for.
"""

from __future__ import annotations

from mipolicy.codes._tables import CodeTable, names, table

__all__ = ["CodeTable", "names", "table"]
