"""The table form of indicators: an area's settlements and totals summed, its rates, its targets on a day."""
