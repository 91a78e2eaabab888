"""Budgets of the fund: quotas, advances, who bears what at the end of a year, who settles with whom."""
