"""Indicators as data: named quantities, rates of them, targets with dates, and how far a plan has come."""
