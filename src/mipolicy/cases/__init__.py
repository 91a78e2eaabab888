"""A table of cases: routed, scored, turned into money and closed for the year of a region."""
